"""Judging: the one place where an answer meets its truth. The grader calls it too."""

import html
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnelkit.exercises.answers import Absent, Called, decode
from funnelkit.exercises.kinds import (
    Wrong,
    shown,
)
from funnelkit.exercises.showing import seen
from funnelkit.exercises.tasks import NOT_ATTEMPTED, RIGHT, WRONG

__all__ = ["Card", "Note", "Result", "judge"]

# ---------------------------------------------------------------- judging


class Card:
    """Something said to the learner, in colours where there are any, and in words everywhere."""

    def __repr__(self):
        seen(self)
        lines = [self._heading(), *self._lines()]
        return "\n".join(line for line in lines if line)

    def _repr_html_(self):
        seen(self)
        lines = "".join(f"<div>{_html(line)}</div>" for line in self._lines() if line)
        return (
            f'<div style="border-left: 5px solid {self._colour()}; padding: 0.3em 0.9em; '
            f'margin: 0.2em 0; line-height: 1.5">'
            f"<div><strong>{_html(self._heading())}</strong></div>{lines}</div>"
        )


_GREEN = "var(--jp-success-color1, #2e8540)"


_RED = "var(--jp-error-color1, #d33f2f)"


_BLUE = "var(--jp-info-color1, #2a7ab8)"


_GREY = "var(--jp-border-color1, #999999)"


def _html(text):
    """Return text as HTML, with `words` in backticks as code and *words* in stars stressed."""
    parts = re.split(r"`([^`\n]+)`", html.escape(text))  # every second one is code
    parts[::2] = [
        re.sub(r"(?<![\w*])\*(\w+(?: \w+)*)\*(?![\w*])", r"<em>\1</em>", p) for p in parts[::2]
    ]
    parts[1::2] = [f"<code>{code}</code>" for code in parts[1::2]]
    return "".join(parts)


@dataclass(frozen=True, repr=False)
class Result(Card):
    """What a check says.

    Attributes
    ----------
    id, title : str
        Of the task.
    status : {"right", "wrong", "not attempted"}
    message : str
        What is wrong and why, or what a right answer means.
    next : str
        The next step, or "".
    mistake : str or None
        The id of the known mistake.
    """

    id: str
    title: str
    status: str
    message: str
    next: str = ""
    mistake: str | None = None

    def _heading(self):
        sign, words = {
            RIGHT: ("✓", "right"),
            WRONG: ("✗", "not right yet"),
            NOT_ATTEMPTED: ("○", "not attempted yet"),
        }[self.status]
        return f"{sign} {self.id} · {self.title} · {words}"

    def _lines(self):
        return [self.message, self.next and f"Next: {self.next}"]

    def _colour(self):
        return {RIGHT: _GREEN, WRONG: _RED, NOT_ATTEMPTED: _GREY}[self.status]


@dataclass(frozen=True, repr=False)
class Note(Card):
    """Something else said to the learner: a hint, or why there was nothing to check."""

    heading: str
    lines: tuple = ()

    def _heading(self):
        return self.heading

    def _lines(self):
        return self.lines

    def _colour(self):
        return _BLUE


def judge(task, encoded):
    """Say what an answer is worth.

    Parameters
    ----------
    task : Task
    encoded : str
        From `funnelkit.exercises.answers.collect`, possibly by way of a stranger's machine.

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        If the task itself is at fault: its truth or a known mistake is not of its kind. Nothing
        in the answer raises an error.

    Examples
    --------
    >>> from funnelkit.exercises.answers import encode
    >>> from funnelkit.exercises.kinds import Number
    >>> from funnelkit.exercises.tasks import Task
    >>> task = Task("1.1", "Leads", name="n_leads", kind=Number(whole=True),
    ...             truth=lambda: 1111, section="Steps")
    >>> judge(task, encode([1111]))
    ✗ 1.1 · Leads · not right yet
    `n_leads` should be a whole number, and it is a list.
    Next: Leave out the brackets around the value.
    """
    what = f"`{task.name}`"
    ask = f'Look at it once more, or ask `hint("{task.id}")`.'

    def result(status, message, next_step="", mistake=None):
        return Result(task.id, task.title, status, message, next_step, mistake)

    right = task.right
    try:
        answer = decode(encoded)
    except ValueError:
        return result(WRONG, f"{what} could not be read.", ask)
    untouched = _untouched(task, answer)
    if untouched:
        return result(NOT_ATTEMPTED, *untouched)
    try:
        problem = _difference(task.kind, answer, right, what)
    except Exception:  # odd values make pandas raise errors of many types
        problem = Wrong(f"{what} could not be compared with the answer.")
    if problem is None:
        return result(RIGHT, task.after or f"{what} is what was asked for.")
    for mistake in task.mistakes:
        kind, wrong = mistake.kind or task.kind, task.wrong(mistake)
        try:
            other = _difference(kind, answer, wrong, what, within=mistake.within)
        except Exception:
            continue
        if other is None:
            message = mistake.message.replace("{value}", _value_shown(answer))
            return result(WRONG, message, mistake.next or ask, mistake.id)
    return result(WRONG, problem.sentence, problem.next_step or ask)


def _difference(kind, answer, truth, what, within=0.0):
    try:
        given = kind.read(answer, what)
    except Wrong as wrong:
        return wrong
    return kind.difference(given, truth, what, within=within)


def _untouched(task, answer):
    """Return message and next step if the task was not attempted, else None."""
    what = f"`{task.name}`"
    if isinstance(answer, Absent):
        if answer.similar:
            return (
                f"There is no {what} yet, but there is `{answer.similar}`.",
                f"If that is your answer, name it {what}, run the cell and check again.",
            )
        return f"There is no {what} yet.", "Run the cell in which you give it, then check again."
    if isinstance(answer, Called) and answer.empty:
        return f"The function {what} is still empty.", "Write its body in place of the `...`."
    if answer is Ellipsis:
        return f"{what} is still `...`.", "Put your answer in its place, and run the cell."
    if _has_blank(answer):
        return (
            f"There is still a `...` in {what}.",
            "Put your answer in its place, and run the cell.",
        )
    return None


def _has_blank(value, depth=0):
    """Return whether there is a ``...`` anywhere inside an answer."""
    if value is Ellipsis:
        return True
    if isinstance(value, Called):
        value = value.results
    if isinstance(value, pd.DataFrame):
        value = [column for _, column in value.items()]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (pd.Series, pd.Index, np.ndarray)):
        value = list(np.asarray(value).ravel()) if value.dtype == object else []
    if isinstance(value, (list, tuple, set, frozenset)) and depth < 30:
        return any(_has_blank(entry, depth + 1) for entry in value)
    return False


def _value_shown(answer):
    return shown(answer.results[0]) if isinstance(answer, Called) else shown(answer)
