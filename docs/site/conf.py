"""Settings of the site. `python start.py site` lays out the pages and then calls Sphinx with them.

Nothing is run: notebooks are shown with their stored outputs. Nothing is fetched by a reader's
browser from another host: MathJax and Mermaid lie beside the pages.
"""

import funnelkit

project = "Funnelkit"
author = "the authors of Funnelkit"
copyright = "the authors of Funnelkit. Text and figures: CC BY 4.0, code: BSD-3-Clause"
release = version = funnelkit.__version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]

# Notebooks and Markdown
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

# Docstrings
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_rtype = False
add_module_names = False

# Formulas. MathJax 3: version 4 fetches its fonts from another host.
mathjax_path = "mathjax/tex-mml-chtml.js"
mathjax3_config = {"options": {"enableMenu": False}}

# Looks
html_theme = "furo"
html_title = "Funnelkit"
html_favicon = "funnel.svg"
pygments_dark_style = "a11y-high-contrast-dark"
html_static_path = ["../../build/site/source/_static"]
html_css_files = ["course.css"]
html_js_files = [("course.js", {"defer": "defer"})]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#00588c",
        "color-brand-content": "#00588c",
        "color-brand-visited": "#5b3a8c",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7cc4f4",
        "color-brand-content": "#7cc4f4",
        "color-brand-visited": "#c8aef0",
    },
}
exclude_patterns = ["_static"]
# A piece of SQL with "…" in it is shown all the same.
suppress_warnings = ["misc.highlighting_failure"]


def accessible(app, page, template, context, doctree):
    """Say what programs that read pages aloud need, where theme and extension do not."""
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )
    # What the fold says of itself is better than this.
    context["body"] = context.get("body", "").replace(' aria-label="Toggle hidden content"', "")


def setup(app):
    """Have pages changed after the theme has made its part of them."""
    app.connect("html-page-context", accessible, priority=900)
