"""The answer key: one page to print, docs/kit/answers.html, with the answer to every task.

The values are those that the checks compute; of a function there is the solution's code. Since
that takes a while, each exercise carries a digest of what its answers are made of, by which
`check` sees that they are not up to date.

The page is for trainers: it is neither in the learners' hand-out nor on the site.
"""

import hashlib
import html
import re
import textwrap
from pathlib import Path

import pandas as pd

from funnelkit.exercises import checks
from funnelkit.exercises.kinds import Function, Kind, plain
from tools.exercise_rules import BLOCK, Exercise, parts
from tools.notebook_model import Course

__all__ = ["PAGE", "answer", "key", "made_of", "stale"]

PAGE = "docs/kit/answers.html"
TEMPLATE = Path(__file__).with_name("answers_template.html")
DIGITS = 4  # after the point, where a task does not say how many


def made_of(exercise: Exercise, root: Path) -> str:
    """Return a digest of what an exercise's answers depend on: notebook, checks, data."""
    digest = hashlib.sha256()
    for cell in exercise.solution.code:
        digest.update(cell.source.encode())
    for folder in checks.__path__:
        module = Path(folder) / f"ex{exercise.stem}.py"
        if module.is_file():
            digest.update(module.read_bytes())
    sums = root / "datasets" / "checksums.json"
    digest.update(sums.read_bytes() if sums.is_file() else b"")
    return digest.hexdigest()[:16]


def stale(course: Course, exercises: list[Exercise]) -> list[str]:
    """Return the numbers of the exercises whose answers on the page are not up to date."""
    page = course.root / PAGE
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    found = dict(re.findall(r'<section id="ex(\w+)" data-made-of="(\w+)">', text))
    now = {e.solution.number: made_of(e, course.root) for e in exercises if e.tasks}
    return sorted(number for number in {*found, *now} if found.get(number) != now.get(number))


def key(course: Course, exercises: list[Exercise]) -> str:
    """Return the page; each answer is computed."""
    sections = [section(exercise, course) for exercise in exercises if exercise.tasks]
    text = TEMPLATE.read_text(encoding="utf-8")
    return text.replace("<!-- answers -->", "\n".join(sections))


def section(exercise: Exercise, course: Course) -> str:
    """Return the answers to one exercise."""
    nb = exercise.solution
    code = solutions(exercise)
    rows = []
    for task in exercise.tasks.values():
        given = "" if isinstance(task.kind, Function) else answer(task.truth(), task.kind)
        shown = f"<b>{html.escape(given)}</b>" if given else code.get(task.id, "")
        unit = getattr(task.kind, "unit", "")
        rows.append(
            f"<tr><td>{task.id}</td><td>{html.escape(task.title)} "
            f"<code>{task.name}</code></td><td>{shown} {html.escape(unit)}</td></tr>"
        )
    return "\n".join(
        [
            f'<section id="ex{nb.number}" data-made-of="{made_of(exercise, course.root)}">',
            f"<h2>{nb.number} · {html.escape(nb.title)}</h2>",
            "<table>",
            *rows,
            "</table>",
            "</section>",
        ]
    )


def solutions(exercise: Exercise) -> dict[str, str]:
    """Return the code between the marks of each task's solution."""
    found = {}
    for part in parts(exercise.solution):
        for cell in part.cells:
            match = BLOCK.search(cell.source) if cell.kind == "code" else None
            if match:
                code = textwrap.dedent(match[2]).rstrip()
                found[part.id] = f"<pre>{html.escape(code)}</pre>"
    return found


def answer(value: object, kind: Kind) -> str:
    """Return an answer as a person reads it, to as many decimals as the task asks for.

    >>> from funnelkit.exercises.kinds import Number
    >>> answer(0.04727918, Number(decimals=4)), answer(1470.0, Number(whole=True))
    ('0.0473', '1,470')
    >>> answer({"low": 5282.9, "high": 6585.3}, Number()), answer(["A", "C"], Number())
    ('low 5,282.9, high 6,585.3', 'A, C')
    """
    if isinstance(value, pd.DataFrame):
        return "; ".join(
            answer({str(name): cell for name, cell in row.items()}, kind)
            for row in value.reset_index(drop=value.index.name is None).to_dict("records")
        )
    if isinstance(value, pd.Series):
        value = value.to_dict()
    if isinstance(value, dict):
        return ", ".join(f"{name} {_entry(entry, kind)}" for name, entry in value.items())
    value = plain(value)
    if isinstance(value, list | tuple | set | frozenset) or hasattr(value, "tolist"):
        return ", ".join(_entry(entry, kind) for entry in value)
    return _number(value, kind) if isinstance(value, int | float) else str(value)


def _entry(value: object, kind: Kind) -> str:
    """Return an entry of a list or mapping; a list inside is put into brackets."""
    text = answer(value, getattr(kind, "of", kind))
    return f"[{text}]" if isinstance(value, list | tuple | set) else text


def _number(value: float, kind: Kind) -> str:
    if isinstance(value, bool):
        return str(value)
    if getattr(kind, "whole", False) or isinstance(value, int):
        return f"{value:,.0f}"
    decimals = getattr(kind, "decimals", None)
    if decimals is not None:
        return f"{value:,.{decimals}f}"
    text = f"{value:,.{DIGITS}f}" if abs(value) >= 0.01 or not value else f"{value:.3g}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
