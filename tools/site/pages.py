"""The pages that are made from the course's own files: map, glossary, references, API, landing."""

import csv
import importlib
import re
from pathlib import Path
from string import Template

from tools.doors import Home, links
from tools.notebook_model import Course, Notebook
from tools.notebooks import lesson_table, track_table
from tools.rules_sitting import TRACKS, in_track
from tools.site.links import anchor
from tools.site.notebook import door_buttons

__all__ = [
    "api_index",
    "api_page",
    "course_map",
    "exercises_index",
    "glossary",
    "landing",
    "modules",
    "references",
    "toctree",
]

IN_A_BROWSER = """**In your browser, without installing.** A notebook opened in one of these
services can be run and changed; what you write is lost when the service closes it, so download what
you want to keep.

{}

"""


def toctree(entries: list[str], *, caption: str = "") -> str:
    """Return the directive that puts pages into the side bar."""
    options = [":hidden:", *([f":caption: {caption}"] if caption else [])]
    return "\n".join(["```{toctree}", *options, "", *entries, "```"])


def hours(notebooks: list[Notebook]) -> str:
    """Return how long notebooks take in all, by the minutes in their metadata."""
    low, high = (sum(nb.info["minutes"][end] for nb in notebooks) / 60 for end in (0, 1))
    return f"{low:.0f}–{high:.0f}"


def landing(template: str, course: Course, exercises: list[Notebook], home: Home | None) -> str:
    """Return the first page: docs/site/landing.template, its numbers and buttons filled in.

    The chart is the first one of lesson 01, with its text alternative; `build` writes its file.
    """
    alt = next(
        cell.metadata["funnelkit"]["alt"] for cell in chart_lesson(course).code if cell.draws
    )
    first = course.lessons[0].path
    buttons = door_buttons(links(home, f"notebooks/{first.name}"))
    clone = f"git clone {home.repository}\ncd {home.name}\n" if home else ""
    return Template(template).substitute(
        lessons=len(course.lessons),
        hours=hours(course.lessons),
        exercise_hours=hours(exercises),
        shortest=min((hours(in_track(course, track)) for track in TRACKS), key=low_end),
        in_a_browser=IN_A_BROWSER.format(buttons) if buttons else "",
        first=f"notebooks/{first.stem}.html",
        alt=alt.replace('"', "&quot;"),
        clone=clone,
    )


def low_end(span: str) -> int:
    """Return the lower number of a span such as 12–16."""
    return int(span.split("–")[0])


def chart_lesson(course: Course) -> Notebook:
    """Return the lesson whose first chart is on the landing page."""
    return next(nb for nb in course.lessons if any(cell.draws for cell in nb.code))


def course_map(course: Course) -> str:
    """Return the page with the table of the lessons and the table of the tracks."""
    return "\n\n".join(
        [
            "# Course map",
            "The lessons build on each other. The minutes are for reading and running; each lesson "
            "from 01 on has an [exercise](exercises/index.md) besides.",
            lesson_table(course, "notebooks/"),
            "## Tracks",
            "Not everybody needs everything. A track names the lessons that one reader needs, and "
            "the hours that they take without exercises.",
            track_table(course),
            "",
        ]
    )


def exercises_index(exercises: list[Notebook]) -> str:
    """Return the page that lists the exercises."""
    rows = ["| | Exercise | Minutes |", "|---|---|---|"]
    for nb in exercises:
        minutes = "–".join(str(m) for m in nb.info["minutes"])
        rows.append(f"| {nb.number} | [{nb.info['title']}]({nb.path.name}) | {minutes} |")
    return "\n\n".join(
        [
            "# Exercises",
            "Here you can read the tasks. To solve them, [start the course](../index.md): replace "
            'the three dots by your answer and run the cell; `check("2.1")` says whether it is '
            "right and, if not, what probably happened.",
            "\n".join(rows),
            toctree([nb.path.name for nb in exercises]),
            "",
        ]
    )


def glossary(rows: list[dict[str, str]], course: Course) -> str:
    """Return the glossary, A to Z: English, Chinese, meaning, and the lesson that teaches it."""
    taught = {name: nb for nb in reversed(course.lessons) for name in nb.info.get("teaches", [])}
    lines = [
        "# Glossary",
        "",
        "One meaning for each term, throughout the course, in English and in Chinese. In a "
        'notebook: `funnelkit.load("glossary")`.',
        "",
        "```{table}",
        ":class: stacked",
        "",
        "| Term | Chinese | Meaning | Lesson |",
        "|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: row["term"].casefold()):
        term = f'<span id="{row["id"]}"></span>**{cell(row["term"])}**'
        nb = taught.get(row["id"])
        lesson = f"[{nb.number}](notebooks/{nb.path.name})" if nb else ""
        chinese = f'<span lang="zh">{cell(row["chinese"])}</span>'
        lines.append(f"| {term} | {chinese} | {cell(row['meaning'])} | {lesson} |")
    return "\n".join([*lines, "```", ""])


def cell(text: str) -> str:
    """Return a text so that Markdown shows it as it is, in a cell of a table."""
    return re.sub(r"([\\|*_<>$`\[\]])", r"\\\1", text)


def read_glossary(path: Path) -> list[dict[str, str]]:
    """Read the rows of the glossary."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def references(text: str) -> str:
    """Return docs/references.md with a place to link to at each work."""

    def one(match: re.Match) -> str:
        return f'- <span id="{anchor(match[1])}"></span>**{match[1]}**'

    return re.sub(r"^- \*\*(.+?)\*\*", one, text, flags=re.MULTILINE)


# ---------------------------------------------------------------------------------------------
# The package
# ---------------------------------------------------------------------------------------------


def modules(docstring: str) -> dict[str, str]:
    """Return the modules that funnelkit's own docstring lists, and what each of them holds."""
    table = docstring.split("\n============== ")[2]
    rows = re.findall(r"^([a-z]+) +(\S.*)$", table, re.MULTILINE)
    return {name: holds.replace("``", "`") for name, holds in rows}


def api_index(listed: dict[str, str]) -> str:
    """Return the page that lists the modules of the package."""
    rows = ["| Module | Holds |", "|---|---|"]
    rows += [f"| [funnelkit.{name}]({name}.rst) | {holds} |" for name, holds in listed.items()]
    return "\n\n".join(
        [
            "# The package funnelkit",
            "Tables in, tables out. Rates are fractions, times are naive UTC, money is in EUR. "
            "Every function checks what it is given and says what is wrong with it, and is short "
            "enough to be read: `??funnelkit.funnels.funnel` in a notebook shows its source.",
            "\n".join(rows),
            toctree([f"{name}.rst" for name in listed]),
            "",
        ]
    )


def api_page(name: str) -> str:
    """Return the page of one module: its docstring, and those of all that it offers.

    It is not Markdown, since footnotes of docstrings would be lost inside of that.
    """
    module = importlib.import_module(f"funnelkit.{name}")
    options = [":members:", ":imported-members:" if hasattr(module, "__path__") else ""]
    title = f"funnelkit.{name}"
    lines = [f".. automodule:: {title}", *(f"   {one}" for one in options if one)]
    return "\n".join([title, "=" * len(title), "", *lines, ""])
