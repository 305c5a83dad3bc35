"""A notebook as a page of the site. It is never run: the stored outputs are shown."""

import copy
import html
import re
from collections.abc import Container, Iterable

from tools.doors import Home, links
from tools.site.links import anchor, kept_alive

__all__ = ["for_colab", "page"]

MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ASKED = "🔮 Show what comes out, once you have written down your prediction"
UNASKED = "Hide what comes out"


def page(
    node: dict, path: str, *, pages: Container[str], references: Iterable[str], home: Home | None
) -> dict:
    """Return a notebook as the site shows it.

    Pictures get their text alternative, outputs below a prediction wait for a click, works under
    "Further reading" lead to the list of references, and diagrams are left to the reader's browser.

    Parameters
    ----------
    node : dict
        The notebook, as JSON is read.
    path : str
        Where it is in the repository.
    pages, home
        As in `links.kept_alive`.
    references : iterable of str
        The bold keys of docs/references.md.
    """
    node = copy.deepcopy(node)
    up = "../" * path.count("/")
    predicting = False
    for cell in node["cells"]:
        cell["source"] = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            predicting = asks(cell["source"])
            text = kept_alive(cell["source"], path, pages, home)
            text = MERMAID.sub(drawn, text)
            if re.search(r"^#+ Further reading", text, re.MULTILINE):
                text = with_references(text, references, f"{up}docs/references.html")
            cell["source"] = text
        elif cell["cell_type"] == "code":
            dress(cell)
            if predicting and cell["outputs"]:
                hide(cell)
    buttons = door_buttons(links(home, path))
    if buttons and "/extras/" not in path:  # these need more than the services install
        node["cells"][0]["source"] += f"\n\n{buttons}"
    return node


def asks(source: str) -> bool:
    """Return whether a text asks for a prediction, which the next output answers."""
    return bool(re.search(r"^>\s*🔮", source, re.MULTILINE))


def dress(cell: dict) -> None:
    """Give the pictures of a cell their text alternative and their size."""
    image = {}
    alt = cell["metadata"].get("funnelkit", {}).get("alt")
    if alt:
        image["alt"] = alt
    for output in cell["outputs"]:
        width = output.get("metadata", {}).get("image/png", {}).get("width")
        if width:  # stored with twice the pixels
            image["width"] = f"{width}px"
    if image:
        cell["metadata"]["mystnb"] = {"image": image}


def hide(cell: dict) -> None:
    """Fold the outputs of a cell."""
    cell["metadata"].setdefault("tags", []).append("hide-output")
    prompts = {"code_prompt_show": ASKED, "code_prompt_hide": UNASKED}
    cell["metadata"].setdefault("mystnb", {}).update(prompts)


def drawn(match: re.Match) -> str:
    """Return a Mermaid diagram as the reader's browser wants it; "In words" follows in the text."""
    text = html.escape(match[1], quote=False)
    return f'<pre class="mermaid">\n{text}</pre>\n'


def with_references(text: str, references: Iterable[str], address: str) -> str:
    """Return "Further reading" with each bold key linked to its line in the list of references."""
    for key in references:
        link = f'<a class="reference internal" href="{address}#{anchor(key)}"><b>{key}</b></a>'
        text = text.replace(f"**{key}**", link)
    return text


def door_buttons(doors: dict[str, str]) -> str:
    """Return buttons that open the notebook in a browser; nothing if there are no links."""
    if not doors:
        return ""
    buttons = [
        f'<a class="door" href="{html.escape(link)}">Open in {service}</a>'
        for service, link in doors.items()
    ]
    return f'<p class="doors">{" ".join(buttons)}</p>'


def for_colab(node: dict, home: Home) -> dict:
    """Return a notebook for Colab: without outputs, and with a first cell that gets the course."""
    node = copy.deepcopy(node)
    for cell in node["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    first = {
        "cell_type": "code",
        "execution_count": None,
        "id": "for-colab",
        "metadata": {},
        "outputs": [],
        "source": COLAB.format(repository=home.repository, branch=home.branch, name=home.name),
    }
    node["cells"].insert(0, first)
    return node


COLAB = """\
# For Google Colab only. Run this cell first: it gets the course and the versions it was written
# with, which takes two or three minutes, and restarts the session (Colab says that it "crashed":
# that is meant). Run it again, and go on with the cells below.
import os
import subprocess
import sys
from importlib.util import find_spec

course = "/content/{name}"
if find_spec("funnelkit") is None:
    if not os.path.exists(course):
        clone = ["git", "clone", "--quiet", "--depth", "1", "--branch", "{branch}"]
        subprocess.run([*clone, "{repository}", course], check=True)
    subprocess.run([sys.executable, course + "/tools/colab.py"], check=True)
    os.kill(os.getpid(), 9)
print("The course is ready.")"""
