"""Put the pages together and call Sphinx.

    python start.py site                    into build/site/html
    python start.py site --to FOLDER        the pages into another folder

What the pages load in the reader's browser (Mermaid for diagrams, MathJax for formulas) is copied
from npm's packages, so that no page asks another host for anything. It needs Node's npm.
"""

import argparse
import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import funnelkit
from tools.doors import Home, read_home
from tools.notebook_model import Course, Notebook, read, read_course
from tools.site import notebook, pages
from tools.site.links import kept_alive

__all__ = ["fetch", "lay_out", "main"]

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "docs" / "site"  # what is written by hand
NPM = Path(__file__).resolve().parent  # where npm's list is
BUILD = ROOT / "build" / "site"

# Pages as they are in the repository, in this order; docs/ may have more.
TEXTS = [
    "docs/trainers.md",
    "docs/kit/*.md",
    "docs/*.md",
    "datasets/README.md",
    "datasets/SOURCES.md",
]
TEXTS += ["CODE_OF_CONDUCT.md"]

GUIDE, KIT = "docs/trainers.md", "docs/kit/"  # in the side bar they are below it

# Files beside the pages, to download. The trainers' answer key is not among them.
PRINTED = ["docs/kit/feedback.html"]

# Of npm's packages what a page may load: MathJax, its fonts, and the parts it asks for by name.
MATHJAX = ["tex-mml-chtml.js", "output/chtml/fonts", "input/tex/extensions"]
MERMAID = "mermaid/dist/mermaid.min.js"


def write(place: Path, text: str) -> None:
    """Write a page, unless it is there already: Sphinx reads again what is new."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.is_file() or place.read_text(encoding="utf-8") != text:
        place.write_text(text, encoding="utf-8", newline="\n")


def notebooks(root: Path) -> tuple[Course, list[Notebook], list[Notebook]]:
    """Return the course, its exercises as learners get them, and its extras."""
    exercises = [read(path) for path in sorted((root / "exercises").glob("*.ipynb"))]
    extras = [read(path) for path in sorted((root / "notebooks" / "extras").glob("*.ipynb"))]
    return read_course(root), exercises, extras


def lay_out(root: Path, to: Path, home: Home | None) -> set[str]:
    """Write all pages as Sphinx reads them; return their paths."""
    course, exercises, extras = notebooks(root)
    found = {nb.path.relative_to(root).as_posix(): nb for nb in course.lessons + exercises + extras}
    places = [path for pattern in TEXTS for path in sorted(root.glob(pattern))]
    texts = list(dict.fromkeys(path.relative_to(root).as_posix() for path in places))
    printed = [name for name in PRINTED if (root / name).is_file()]
    known = {*found, *texts, *printed}
    for path, nb in found.items():
        node = notebook.page(
            json.loads(nb.raw), path, pages=known, references=course.references, home=home
        )
        write(to / path, json.dumps(node, ensure_ascii=False, indent=1))
    for name in texts:
        text = kept_alive((root / name).read_text(encoding="utf-8"), name, known, home)
        if name == "docs/references.md":
            text = pages.references(text)
        if name == GUIDE:
            kit = [other for other in texts if other.startswith(KIT)]
            text += "\n" + pages.toctree([other.removeprefix("docs/") for other in kit]) + "\n"
        write(to / name, text)
    for name in printed:
        write(to / name, (root / name).read_text(encoding="utf-8"))
    listed = pages.modules(funnelkit.__doc__)
    made = {
        "course.md": pages.course_map(course),
        "exercises/index.md": pages.exercises_index(exercises),
        "glossary.md": pages.glossary(
            pages.read_glossary(root / "datasets" / "glossary.csv"), course
        ),
        "api/index.md": pages.api_index(listed),
        **{f"api/{name}.rst": pages.api_page(name) for name in listed},
        "index.md": pages.landing(
            (root / "docs" / "site" / "landing.template").read_text(encoding="utf-8"),
            course,
            exercises,
            home,
        )
        + side_bar(course, extras, texts),
    }
    for name, text in made.items():
        write(to / name, text)
    draw_chart(course, to)
    return {*known, *made}


def side_bar(course: Course, extras: list[Notebook], texts: list[str]) -> str:
    """Return the directives that order the side bar."""
    lessons = [f"notebooks/{nb.path.name}" for nb in course.lessons]
    lessons += [f"notebooks/extras/{nb.path.name}" for nb in extras]
    look_up = ["glossary.md", "datasets/README.md", "datasets/SOURCES.md", "docs/references.md"]
    rest = [name for name in texts if name not in look_up and not name.startswith(KIT)]
    parts = {
        "Lessons": ["course.md", *lessons],
        "Practise": ["exercises/index.md"],
        "Look up": [*(n for n in look_up if n in texts or n == "glossary.md"), "api/index.md"],
        "Teach and run": rest,
    }
    trees = [pages.toctree(names, caption=title) for title, names in parts.items()]
    return "\n\n".join(["", *trees, ""])


def draw_chart(course: Course, to: Path) -> None:
    """Write the landing page's chart, as its lesson stores it."""
    lesson = pages.chart_lesson(course)
    data = next(
        output["data"]["image/png"]
        for cell in lesson.code
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    )
    place = to / "_static" / "chart.png"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(base64.b64decode(data))


def fetch(to: Path) -> None:
    """Copy what the pages load from npm's packages, which are fetched if they are not there."""
    packages = NPM / "node_modules"
    if not (packages / MERMAID).is_file():
        npm = shutil.which("npm")
        if not npm:
            sys.exit("The site needs npm, which comes with Node: install it from nodejs.org.")
        command = [npm, "ci", "--ignore-scripts", "--silent", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=NPM, check=True)
    (to / "mathjax").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(packages / MERMAID, to / "mermaid.min.js")
    for name in MATHJAX:
        source, target = packages / "mathjax" / "es5" / name, to / "mathjax" / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, target)


def write_colab(root: Path, html: Path, home: Home | None) -> None:
    """Write the notebooks that Colab opens, if it is known where they will be."""
    if home is None:
        return
    course, exercises, _ = notebooks(root)
    for nb in course.lessons + exercises:
        node = notebook.for_colab(json.loads(nb.raw), home)
        place = html / "colab" / nb.path.relative_to(root)
        write(place, json.dumps(node, ensure_ascii=False, indent=1) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", type=Path, default=BUILD / "html", metavar="FOLDER")
    options = parser.parse_args(arguments)
    home = read_home(ROOT)
    source = BUILD / "source"
    shutil.rmtree(source / "_static", ignore_errors=True)
    pages_now = lay_out(ROOT, source, home)
    for path in [*source.rglob("*.md"), *source.rglob("*.rst"), *source.rglob("*.ipynb")]:
        if path.relative_to(source).as_posix() not in pages_now:
            path.unlink()  # a page that was
    fetch(source / "_static")
    for name in ("course.css", "course.js"):
        shutil.copyfile(OWN / name, source / "_static" / name)
    if options.to == BUILD / "html":
        shutil.rmtree(options.to, ignore_errors=True)  # with pages that are no more
    # -a: a change of the settings does not make Sphinx write the other pages anew.
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-a", "-q", "-W", "--keep-going"]
    command += ["-c", str(OWN), "-d", str(BUILD / "doctrees"), str(source), str(options.to)]
    code = subprocess.call(command, cwd=ROOT)
    write_colab(ROOT, options.to, home)
    (options.to / ".nojekyll").touch()  # GitHub would leave out folders that open with _
    print(f"The site is in {options.to}: open index.html.")
    return code
