"""Make the slides of the lessons, or mark in the lessons what each cell is on them.

    python start.py slides                  slides of all lessons, in build/slides
    python start.py slides 02 05            of two
    python start.py slides --to FOLDER      into another folder, which can be carried on a USB stick
    python start.py slides --site ADDRESS   where the pages of the lessons are, to which slides link

    python start.py slides mark [NN …]      write each cell's slide type into the lessons
    python start.py slides check [NN …]     say where these are missing or not up to date
    python start.py slides set NN CELL TYPE     set one by hand: slide, subslide, fragment, skip,
                                            notes; or rules, to give it back to the rules

Nothing is run: slides show the outputs that are stored. What they load in the browser (reveal.js,
MathJax, Mermaid) is copied from npm's packages beside them, so they work without a network. It
needs Node's npm.

What a slide shows. One idea: a heading with the one sentence in which the lesson prints something
bold; a formula with its symbols; a question to predict, and what came out on the next slide; a
figure; a table of at most 8 rows and 7 columns; code where it shows how a core formula works; a
trap; a question of the quiz. Everything else that the lesson says there is in the speaker's notes,
with what to ask and the answers (key S). A lesson has at most 35 slides: outputs that answer no
question are left out first.

How to change one. The types are Jupyter's own (`slideshow` in a cell's metadata; in JupyterLab
*Property Inspector → Slide Type*). `mark` writes them by the rules and keeps those that are marked
as set by hand (`"by_hand": true` beside `slide_type`, which `set` writes).
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.doors import read_home
from tools.notebook_model import Notebook, place, read
from tools.site.build import fetch
from tools.slides import marks
from tools.slides.deck import deck
from tools.slides.page import index, page

__all__ = ["main", "slides_of", "write_all"]

ROOT = Path(__file__).resolve().parents[2]
OWN = Path(__file__).resolve().parent
BUILD = ROOT / "build" / "slides"
SITE = ROOT / "build" / "site" / "html"
REVEAL = ["reveal.js", "reveal.css", "plugin/notes.js"]


def lessons(root: Path, numbers: list[str]) -> list[Notebook]:
    """Return the lessons of these numbers, or all.

    Raises
    ------
    ValueError
        If there is no lesson of a number.
    """
    every = [read(path) for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))]
    wanted = [number.zfill(2) for number in numbers]
    for number in wanted:
        if number not in {nb.number for nb in every}:
            raise ValueError(f"there is no lesson {number}")
    return [nb for nb in every if not wanted or nb.number in wanted]


def slides_of(nb: Notebook, root: Path):
    """Return the slides of a lesson, with its exercise if there is one."""
    path = root / "exercises" / nb.path.name
    exercise = read(path) if path.is_file() else None
    return deck(nb, marks.types_of(nb), by_hand=marks.by_hand(nb), exercise=exercise)


def link_to(nb: Notebook, to: Path, site: str) -> str:
    """Return the address of a lesson: its page on the site, or, if there is none, its notebook."""
    if not site:
        home = read_home(ROOT)
        if (SITE / "notebooks").is_dir():
            site = Path(os.path.relpath(SITE, to)).as_posix()
        elif home:
            site = home.site
    if site:
        return f"{site.rstrip('/')}/notebooks/{nb.path.stem}.html"
    return Path(os.path.relpath(nb.path, to)).as_posix()


def write_all(root: Path, to: Path, chosen: list[Notebook], *, site: str = "") -> list[int]:
    """Write the slides of these lessons and the list of all; return how many each has."""
    frame = (OWN / "slides.template").read_text(encoding="utf-8")
    to.mkdir(parents=True, exist_ok=True)
    counts = []
    for nb in chosen:
        slides = slides_of(nb, root)
        text = page(frame, nb, slides, link_to(nb, to, site))
        (to / f"{nb.path.stem}.html").write_text(text, encoding="utf-8", newline="\n")
        counts.append(len(slides))
    rows = [(nb, n) for nb in lessons(root, []) if (n := _count(to / f"{nb.path.stem}.html"))]
    listed = index((OWN / "index.template").read_text(encoding="utf-8"), rows)
    (to / "index.html").write_text(listed, encoding="utf-8", newline="\n")
    return counts


def _count(path: Path) -> int:
    """Return how many slides a page has; 0 if it is not there."""
    return path.read_text(encoding="utf-8").count("data-cell=") if path.is_file() else 0


def fetch_all(to: Path) -> None:
    """Copy beside the slides what they load, which npm fetches if it is not there."""
    packages = OWN / "node_modules" / "reveal.js" / "dist"
    if not packages.is_dir():
        npm = shutil.which("npm")
        if not npm:
            sys.exit("Slides need npm, which comes with Node: install it from nodejs.org.")
        command = [npm, "ci", "--ignore-scripts", "--silent", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=OWN, check=True)
    library = to / "lib"
    fetch(library)
    for name in REVEAL:
        shutil.copyfile(packages / name, library / Path(name).name)
    for name in ("slides.css", "slides.js"):
        shutil.copyfile(OWN / name, library / name)


def mark(chosen: list[Notebook]) -> int:
    """Write the slide types into the lessons."""
    for nb in chosen:
        text = marks.marked(nb)
        if text != nb.raw:
            nb.path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{place(nb)}: written")
    return 0


def check(chosen: list[Notebook]) -> int:
    """Print where slide types are missing or stale."""
    found = [problem for nb in chosen for problem in marks.problems(nb)]
    for problem in found:
        print(problem)
    print(f"{len(chosen)} lessons, {len(found)} problems")
    return 1 if found else 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="slides", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", metavar="NN | mark | check | set")
    parser.add_argument("--to", type=Path, default=BUILD, metavar="FOLDER")
    parser.add_argument("--site", default="", metavar="ADDRESS")
    options = parser.parse_args(arguments)
    verb, rest = (options.what or [""])[0], options.what[1:]
    try:
        if verb == "set":
            if len(rest) != 3:
                raise ValueError("set takes a lesson's number, a cell's id and a type")
            (nb,) = lessons(ROOT, rest[:1])
            text = marks.set_by_hand(nb, rest[1], rest[2])
            nb.path.write_text(text, encoding="utf-8", newline="\n")
            return mark(lessons(ROOT, rest[:1]))
        if verb in ("mark", "check"):
            return (mark if verb == "mark" else check)(lessons(ROOT, rest))
        if bad := [name for name in options.what if not re.fullmatch(r"\d\d?", name)]:
            raise ValueError(f"{bad[0]!r} is neither a lesson's number nor mark, check, set")
        chosen = lessons(ROOT, options.what)
    except ValueError as error:
        parser.error(str(error))
    to = options.to.resolve()
    counts = write_all(ROOT, to, chosen, site=options.site)
    fetch_all(to)
    print(f"{sum(counts)} slides of {len(chosen)} lessons are in {to}: open index.html.")
    return 0
