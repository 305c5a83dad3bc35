"""The page with a table for each lesson: what the trainer shows, what they run, what is discussed.

A row is read off its section: its formula, diagram and first chart are shown, its
cells are run, its predictions are discussed.
"""

import re
from pathlib import Path

from tools.exercise_rules import Exercise
from tools.kit.sections import ARTICLE, HOME, MEMO, OPENING, RECAP, Part, parts_of
from tools.kit.units import DEBATE
from tools.notebook_model import Course, Notebook

__all__ = ["lesson_tables", "minutes_table"]

MANY = 6  # so many cells are better shown than typed when time is short
HEAD = Path(__file__).with_name("lessons_head.md")


def lesson_tables(course: Course, exercises: list[Exercise]) -> str:
    """Return the whole page: the minutes of all lessons, then a table for each."""
    head = HEAD.read_text(encoding="utf-8").rstrip()
    tables = [lesson_table(nb, course) for nb in course.lessons]
    every = minutes_table(course, exercises)
    return "\n\n".join([head, "## All minutes", every, *tables, ""])


def lesson_table(nb: Notebook, course: Course) -> str:
    """Return a lesson's heading and its table."""
    low, high = nb.info["minutes"]
    parts = parts_of(nb, course.glossary)
    short = sum(part.high for part in parts if part.needed)
    rows = [
        "| Section | Minutes | I show | They run | Discuss | When behind |",
        "|---|---|---|---|---|---|",
    ]
    rows += [row(part) for part in parts]
    return "\n".join(
        [
            f"## {nb.number} · {nb.title}",
            "",
            f"[The lesson](../../notebooks/{nb.path.name}), {low}–{high} minutes; only what is "
            f"kept when behind: {short} minutes.",
            "",
            *rows,
        ]
    )


def row(part: Part) -> str:
    """Return the line of a section."""
    minutes = f"{part.low}–{part.high}" if part.low < part.high else f"{part.high}"
    cells = [part.title, minutes, shown(part), run(part), discussed(part), behind(part)]
    return f"| {' | '.join(cells)} |"


def shown(part: Part) -> str:
    """Return what the trainer shows in a section."""
    if part.title in (RECAP, MEMO, ARTICLE):
        return {RECAP: "the recap", MEMO: "the question", ARTICLE: "the table"}[part.title]
    if part.title == OPENING:
        return "the question, what they will be able to do"
    found = []
    if "```mermaid" in part.text:
        found.append("the diagram")
    if part.formula:
        found.append("the formula, by hand")
    when = "after the guess, " if part.predictions else ""
    found += [f"{when}the chart *{title}*" for title in charts(part)[:1]]
    return "; ".join(found) or ("the first output" if part.code else "the text, in a sentence")


def charts(part: Part) -> list[str]:
    """Return the titles of the charts in a section: the first sentence of what tells them."""
    told = [cell.metadata.get("funnelkit", {}).get("alt", "") for cell in part.code]
    titles = (re.split(r"[.;:] (?=[A-Z]|$)", text)[0].rstrip(".") for text in told if text)
    return [re.sub(r"^[A-Z][a-z ]* titled: ", "", title).replace("|", "/") for title in titles]


def run(part: Part) -> str:
    """Return what learners run in a section."""
    count = len(part.code)
    return f"{count} cell{'s' if count > 1 else ''}" if count else ""


def discussed(part: Part) -> str:
    """Return what is discussed in a section."""
    if part.title == MEMO:
        return f"the memo: {DEBATE} minutes more, half of the room for it and half against"
    if part.title == RECAP:
        return "the three questions; why a wrong answer is wrong"
    if part.title == ARTICLE and not part.predictions:
        return "have they been told the same, and by whom"
    return " ".join(f"🔮 {question}" for question in part.predictions).replace("|", "\\|")


def behind(part: Part) -> str:
    """Return what to do with a section when time is short."""
    if part.title in HOME and not part.needed:
        return "for home"
    if part.title in (OPENING, MEMO):
        return "keep"
    if not part.needed:
        return "leave out; say its last sentence"
    spare = [title for title in part.below if not _asks(part, title)]
    if spare:
        return "keep; leave out " + ", ".join(f"*{title}*" for title in spare)
    if len(part.code) >= MANY or (part.code and not part.predictions and not part.formula):
        return "you run it, they watch"
    return "keep"


def _asks(part: Part, title: str) -> bool:
    """Whether something is predicted, derived or named below a heading of the third level."""
    text = part.text.split(f"### {title}", 1)[-1].split("\n### ", 1)[0]
    return any(sign in text for sign in ("🔮", "$$", "**"))


def minutes_table(course: Course, exercises: list[Exercise]) -> str:
    """Return the table of minutes of lessons and exercises, with their sums."""
    rows = ["| | Lesson | Minutes | Exercise, minutes | Tasks |", "|---|---|---|---|---|"]
    sums = [0, 0, 0, 0]
    for nb in course.lessons:
        low, high = nb.info["minutes"]
        sums[0], sums[1] = sums[0] + low, sums[1] + high
        minutes, ids = "", ""
        for exercise in (e for e in exercises if e.stem == nb.path.stem):
            ids = "–".join(dict.fromkeys([*exercise.tasks][:1] + [*exercise.tasks][-1:]))
            if exercise.in_lesson:
                minutes = "in the lesson"
            else:
                least, most = exercise.solution.info["minutes"]
                sums[2], sums[3] = sums[2] + least, sums[3] + most
                minutes = f"{least}–{most}"
        rows.append(f"| {nb.number} | {nb.title} | {low}–{high} | {minutes} | {ids} |")
    rows.append(f"| | all | {sums[0]}–{sums[1]} | {sums[2]}–{sums[3]} | |")
    return "\n".join(rows)
