"""The site and the doors in a browser: what is written, from what, before Sphinx sees it."""

import csv
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import funnelkit
from tools import colab, doors
from tools.notebook_model import read_course, read_references
from tools.site import build, links, notebook, pages

ROOT = Path(__file__).resolve().parents[1]
COURSE = read_course(ROOT)
HOME = doors.Home("https://github.com/someone/funnel-course", "main", "https://hub.example.org/")
LESSON = "notebooks/02_conversion_rates.ipynb"


def lesson_page(path=LESSON, home=None):
    """Return a notebook of the course as the site shows it."""
    node = json.loads((ROOT / path).read_text(encoding="utf-8"))
    return notebook.page(
        node,
        path,
        pages={LESSON},
        references=read_references(ROOT / "docs/references.md"),
        home=home,
    )


def text_page(source, **options):
    """Return the text of a page that has one text cell."""
    cell = {"cell_type": "markdown", "id": "one", "metadata": {}, "source": source}
    settings = {"pages": set(), "references": [], "home": None, **options}
    return notebook.page({"cells": [cell]}, "notebooks/99_x.ipynb", **settings)["cells"][0][
        "source"
    ]


# ---------------------------------------------------------------------------------------------
# Notebooks as pages
# ---------------------------------------------------------------------------------------------


def test_a_picture_has_the_alternative_of_its_cell_and_the_size_it_is_stored_for():
    found = 0
    for nb in COURSE.lessons:
        path = nb.path.relative_to(ROOT).as_posix()
        shown = {cell["id"]: cell for cell in lesson_page(path)["cells"]}
        for cell in nb.code:
            if cell.draws:
                image = shown[cell.id]["metadata"]["mystnb"]["image"]
                assert image["alt"] == cell.metadata["funnelkit"]["alt"]
                assert re.fullmatch(r"\d+px", image["width"])
                found += 1
    assert found > 20


def test_the_output_below_a_prediction_is_folded_and_no_other():
    for nb in COURSE.lessons:
        asked = False
        for cell in lesson_page(nb.path.relative_to(ROOT).as_posix())["cells"]:
            if cell["cell_type"] == "markdown":
                asked = "\n> 🔮" in f"\n{cell['source']}"
            else:
                folded = "hide-output" in cell["metadata"].get("tags", [])
                assert folded == (asked and bool(cell["outputs"])), (nb.path.name, cell["id"])
    folded = [c for c in lesson_page()["cells"] if "hide-output" in c["metadata"].get("tags", [])]
    assert len(folded) >= 3
    assert all("prediction" in c["metadata"]["mystnb"]["code_prompt_show"] for c in folded)


def test_pages_leave_the_stored_notebook_as_it_is():
    node = json.loads((ROOT / LESSON).read_text(encoding="utf-8"))
    before = json.dumps(node)
    notebook.page(node, LESSON, pages=set(), references=["Wilson 1927"], home=HOME)
    notebook.for_colab(node, HOME)
    assert json.dumps(node) == before


def test_every_work_under_further_reading_leads_to_its_line_in_the_list():
    listed = pages.references((ROOT / "docs/references.md").read_text(encoding="utf-8"))
    places = set(re.findall(r'<span id="([^"]+)">', listed))
    assert len(places) == len(read_references(ROOT / "docs/references.md"))
    linked = 0
    for nb in COURSE.lessons[1:]:
        text = "\n".join(c["source"] for c in lesson_page(f"notebooks/{nb.path.name}")["cells"])
        reading = text.split("## Further reading")[-1]
        targets = re.findall(r'href="\.\./docs/references\.html#([^"]+)"', reading)
        assert targets, nb.path.name
        assert set(targets) <= places
        linked += len(targets)
    assert linked > 60


def test_a_diagram_is_left_to_the_browser_with_its_text_whole():
    shown = text_page(
        'Before.\n\n```mermaid\nflowchart LR\n    A["a < b"] --> B\n```\n\nIn words: so.'
    )
    assert "```" not in shown
    assert '<pre class="mermaid"' in shown
    assert 'A["a &lt; b"] --&gt; B' in shown
    assert shown.endswith("In words: so.")


def test_a_link_to_what_is_not_on_the_site_leads_to_the_repository_or_is_plain_text():
    source = "See [the rules](../tools/rules.py) and [a lesson](02_x.ipynb)."
    here = {"notebooks/02_x.ipynb"}
    assert text_page(source, pages=here) == "See the rules and [a lesson](02_x.ipynb)."
    known = text_page(source, pages=here, home=HOME).split("\n\n")[0]
    assert "[the rules](https://github.com/someone/funnel-course/blob/main/tools/rules.py)" in known


def test_code_and_other_addresses_are_left_alone():
    for source in (
        "`table[x](y.md)`",
        "```\n[a](b.md)\n```",
        "[a](https://example.org/b.md)",
        "[a](#place)",
        "![a picture](picture.png)",
    ):
        assert links.kept_alive(source, "docs/a.md", set(), None) == source


# ---------------------------------------------------------------------------------------------
# Pages that are made
# ---------------------------------------------------------------------------------------------


def test_everything_is_laid_out_and_in_the_side_bar(tmp_path):
    found = build.lay_out(ROOT, tmp_path, None)
    written = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert written == {*found, "_static/chart.png"}
    texts = [(tmp_path / name).read_text(encoding="utf-8") for name in found if "ipynb" not in name]
    trees = re.findall(r"```\{toctree\}\n(.*?)```", "\n".join(texts), re.DOTALL)
    listed = {line.split("/")[-1] for tree in trees for line in tree.split() if "." in line}
    of_pages = found - set(build.PRINTED)  # which pages link to, to be downloaded
    assert {name.split("/")[-1] for name in of_pages} <= {"index.md", *listed}
    for nb in COURSE.lessons:
        assert f"notebooks/{nb.path.name}" in found
    assert not [name for name in found if "solution" in name]
    for text in texts:
        assert "$" + "{" not in text


def test_laying_out_twice_changes_no_file(tmp_path):
    build.lay_out(ROOT, tmp_path, None)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.ipynb")}
    build.lay_out(ROOT, tmp_path, None)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_glossary_has_every_term_with_its_chinese_and_its_lesson():
    rows = pages.read_glossary(ROOT / "datasets" / "glossary.csv")
    text = pages.glossary(rows, COURSE)
    with (ROOT / "datasets" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(re.findall(r'<span id="', text))
    (line,) = [line for line in text.splitlines() if 'id="wilson-interval"' in line]
    assert "威尔逊" in line
    assert "[02](notebooks/02_conversion_rates.ipynb)" in line
    assert all(line.count(" | ") == 3 for line in text.splitlines() if line.startswith("| <span"))


def test_the_landing_page_has_the_three_managers_numbers_as_lesson_02_has_them():
    template = (ROOT / "docs" / "site" / "landing.template").read_text(encoding="utf-8")
    hook = template.split("\n\n")[2]
    stated = set(re.findall(r"\*\*(\d+) %\*\*", hook))
    question = COURSE.lessons[2].cells[1].source.split("\n\n")[1]
    assert stated == set(re.findall(r"(\d+) %", question)) == {"11", "23", "8"}


def test_the_landing_pages_hours_and_chart_come_from_the_lessons():
    _, exercises, _ = build.notebooks(ROOT)
    text = pages.landing("$lessons, $hours, $exercise_hours: $alt", COURSE, exercises, None)
    count, low, high = re.match(r"(\d+), (\d+)–(\d+),", text).groups()
    assert int(count) == len(COURSE.lessons)
    assert abs(int(low) * 60 - sum(nb.info["minutes"][0] for nb in COURSE.lessons)) <= 30
    assert abs(int(high) * 60 - sum(nb.info["minutes"][1] for nb in COURSE.lessons)) <= 30
    assert "Funnel chart" in text


def test_the_landing_page_speaks_of_services_only_if_there_are_some():
    _, exercises, _ = build.notebooks(ROOT)
    template = (ROOT / "docs" / "site" / "landing.template").read_text(encoding="utf-8")
    without, with_home = (pages.landing(template, COURSE, exercises, h) for h in (None, HOME))
    assert "without installing" not in without
    assert "git clone" not in without
    assert "Open in Binder" in with_home
    assert "\ngit clone https://github.com/someone/funnel-course\ncd funnel-course\n" in with_home


def test_there_is_an_api_page_for_each_module_that_the_package_lists():
    listed = pages.modules(funnelkit.__doc__)
    assert set(listed) == {name for name in dir(funnelkit) if name in funnelkit._MODULES} - {
        "schemas"
    }
    page = pages.api_page("metrics")
    assert ".. automodule:: funnelkit.metrics\n   :members:\n   :imported-members:" in page
    assert "imported" not in pages.api_page("cohorts")


# ---------------------------------------------------------------------------------------------
# Doors
# ---------------------------------------------------------------------------------------------


def test_without_an_address_there_are_no_links_and_no_buttons(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.funnelkit]\nrepository = ""\n')
    assert doors.read_home(tmp_path) is None
    assert doors.links(None) == {}
    assert all('class="doors"' not in cell["source"] for cell in lesson_page()["cells"])


def test_with_an_address_the_buttons_appear(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.funnelkit]\nrepository = "https://github.com/someone/funnel-course"\n'
    )
    home = doors.read_home(tmp_path)
    assert set(doors.links(home)) == {"Binder", "Colab"}
    first = lesson_page(home=home)["cells"][0]["source"]
    assert "Open in Binder" in first
    assert "Open in Colab" in first
    (extra,) = (ROOT / "notebooks" / "extras").glob("16_*.ipynb")
    assert (
        "Open in" not in lesson_page(f"notebooks/extras/{extra.name}", home)["cells"][0]["source"]
    )


def test_the_links_say_what_each_service_wants_to_know():
    found = doors.links(HOME, "exercises/02_conversion_rates.ipynb")
    binder = urlparse(found["Binder"])
    assert (binder.netloc, binder.path) == ("mybinder.org", "/v2/gh/someone/funnel-course/main")
    place = "lab/tree/work/exercises/02_conversion_rates.ipynb"
    assert parse_qs(binder.query) == {"urlpath": [place]}
    assert found["Colab"].endswith(
        "/github/someone/funnel-course/blob/gh-pages/colab/exercises/02_conversion_rates.ipynb"
    )
    hub = urlparse(found["JupyterHub"])
    assert (hub.netloc, hub.path) == ("hub.example.org", "/hub/user-redirect/git-pull")
    assert parse_qs(hub.query) == {
        "repo": ["https://github.com/someone/funnel-course"],
        "branch": ["main"],
        "urlpath": ["lab/tree/funnel-course/work/exercises/02_conversion_rates.ipynb"],
    }


@pytest.mark.parametrize("address", ["funnel-course", "https://example.org/a/b", "git@x:a/b"])
def test_an_address_that_no_link_can_be_made_of_is_refused(address):
    with pytest.raises(ValueError, match="https://github.com/OWNER/NAME"):
        doors.Home(address)


def test_the_setting_in_pyproject_is_empty_or_right():
    doors.read_home(ROOT)  # would raise


def test_only_colab_gets_a_first_cell_and_it_is_right_python():
    node = json.loads((ROOT / LESSON).read_text(encoding="utf-8"))
    first, *rest = notebook.for_colab(node, HOME)["cells"]
    compile(first["source"], "first", "exec")
    assert HOME.repository in first["source"]
    assert [cell["id"] for cell in rest] == [cell["id"] for cell in node["cells"]]
    assert all(not cell["outputs"] for cell in rest if cell["cell_type"] == "code")
    assert "colab" not in json.dumps(node).lower()


def test_colab_gets_what_the_lessons_import_pinned_and_keeps_its_own_jupyter():
    packages, own = colab.commands(ROOT)
    names = packages[packages.index("--constraint") + 2 :]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    assert set(names) == listed - {"jupyterlab"}
    assert packages[packages.index("--constraint") + 1] == str(ROOT / "requirements.lock")
    assert own[-2:] == ["--editable", str(ROOT)]


def test_binder_lays_out_the_learners_copies():
    script = ROOT / "postBuild"
    assert "funnelkit workspace" in script.read_text(encoding="utf-8")
    assert script.read_text(encoding="utf-8").startswith("#!")
    if os.name != "nt":
        assert os.access(script, os.X_OK)


def test_the_command_prints_the_links_of_a_lesson_and_its_exercise():
    command = [sys.executable, "-m", "tools.doors", "02", "--hub", "https://hub.example.org"]
    command += ["--repository", HOME.repository]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split(":")[0] for line in told.splitlines()] == [
        "Binder",
        "Colab",
        "JupyterHub",
    ] * 2


# ---------------------------------------------------------------------------------------------
# What npm fetches, and what GitHub runs
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["tools/site", "tools/slides", "tests/browser"])
def test_the_lock_of_npm_pins_by_content_and_names_no_place(folder):
    lock = json.loads((ROOT / folder / "package-lock.json").read_text(encoding="utf-8"))
    asked = json.loads((ROOT / folder / "package.json").read_text(encoding="utf-8"))
    assert lock["packages"][""]["dependencies"] == asked["dependencies"]
    for name, package in lock["packages"].items():
        if name:
            assert package["integrity"].startswith("sha512-"), name
            assert "resolved" not in package, name


def test_the_workflows_call_what_is_there():
    texts = {
        path.name: path.read_text(encoding="utf-8")
        for path in (ROOT / ".github" / "workflows").glob("*.yml")
    }
    assert set(texts) == {"ci.yml", "site.yml"}
    assert "- run: .ci/run\n" in texts["ci.yml"]
    assert "python start.py site\n" in texts["site.yml"]
    assert (ROOT / "tests" / "browser" / "site.mjs").is_file()
    assert "node tests/browser/site.mjs" in texts["site.yml"]
    assert f"--initial-branch {doors.COLAB_BRANCH}" in texts["site.yml"]


def test_the_citation_agrees_with_the_package():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {funnelkit.__version__}\n" in text
    assert "cff-version: 1.2.0" in text
