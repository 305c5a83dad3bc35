"""Checks of exercises: what a learner's answer is worth, and what to do next.

In a notebook:

>>> from funnelkit.checking import check, hint, progress

``check("2.3")`` looks at the variable that task 2.3 asks for and says whether it is right; if
not, what is wrong and why, and one next step. ``hint("2.3")`` gives one hint after another.
``progress()`` shows what has been solved.

For authors: a `Task` says what the answer is and which mistakes are known; its kinds (`Number`,
`Text`, `Table` …) are in `funnelkit.kinds`; `funnelkit.checks` shows a whole module.
`judge` is the one place where an answer meets its truth; the grader calls it too. `prove` holds a
task to its promises.

The truth of a task is computed from the data when it is first needed, and kept for the life of
the process: only the first check that needs a table waits for it to be read.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from funnelkit import checks, workspace
from funnelkit.answers import Absent, Called, Unsupported, collect, decode, encode
from funnelkit.checks import UnknownTask
from funnelkit.kinds import (
    Boolean,
    Call,
    Duration,
    Function,
    Kind,
    List,
    Mapping,
    Number,
    Table,
    Text,
    Time,
    Wrong,
    described,
    shown,
)

__all__ = [
    "Boolean",
    "Call",
    "Duration",
    "Function",
    "List",
    "Mapping",
    "Mistake",
    "Number",
    "Result",
    "Table",
    "Task",
    "Text",
    "Time",
    "check",
    "fraction_for_percent",
    "hint",
    "judge",
    "percent_for_fraction",
    "progress",
    "prove",
    "request",
    "upside_down",
]

NOT_ATTEMPTED, RIGHT, WRONG = "not attempted", "right", "wrong"


# ---------------------------------------------------------------- tasks


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners really give, and the message that names it.

    Parameters
    ----------
    id : str
        Kebab-case, such as ``"events-for-users"``; the same in all tasks where it is the same.
    wrong : callable, optional
        Computes the wrong answer. For a function task it *is* the wrong function.
    message : str
        One sentence: what was done, and why that is not what is asked for. ``{value}`` stands
        for what the learner gave.
    next : str
        The next step, one sentence; by default the learner is pointed to `hint`.
    change : callable, optional
        Instead of `wrong`: turns the right answer into the wrong one. For a function task it
        turns each right result into a wrong one.
    kind : Kind, optional
        What the wrong answer is, where it is not of the kind that the task asks for.
    within : float
        Numbers within this share of the wrong one count as this mistake as well, since a wrong
        answer is not always given to all decimals. By default the task's own tolerance.
    """

    id: str
    wrong: Callable | None = None
    message: str = ""
    next: str = ""
    _: KW_ONLY
    change: Callable | None = None
    kind: Kind | None = None
    within: float = 0.0

    def __post_init__(self):
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id):
            raise ValueError(f"the id of a mistake is written like-this, not {self.id!r}")
        if (self.wrong is None) == (self.change is None):
            raise ValueError(f"mistake {self.id!r} takes either wrong or change, and one of them")
        if not self.message.strip():
            raise ValueError(f"mistake {self.id!r} has no message that names it")


@dataclass(eq=False)
class Task:
    """One task of an exercise.

    Parameters
    ----------
    id : str
        Such as ``"2.3"``.
    title : str
        A few words, shown in `progress`.
    name : str
        The variable or function in which the answer is given; unique in its notebook.
    kind : Kind
        What the answer is, with unit, rounding and tolerance.
    truth : callable
        Computes the right answer from the data. For a `Function` it is the right function.
    section : str
        The heading in the lesson under which the matter is explained. The last hint names it
        and the solution; it is written for you.
    hints : sequence of str
        Up to two hints that come before.
    mistakes : sequence of Mistake
        The first that fits is named, so the more special come first.
    after : str
        What a right answer means, one sentence, said when it is given.

    Raises
    ------
    ValueError
        If a part is missing or not as described.

    Examples
    --------
    >>> task = Task(
    ...     "2.1",
    ...     "How many visitors become leads",
    ...     name="lead_rate",
    ...     kind=Number(unit="fraction", decimals=3),
    ...     truth=lambda: 200 / 1000,
    ...     section="Rates",
    ...     mistakes=[percent_for_fraction()],
    ... )
    >>> judge(task, encode(0.2)).status
    'right'
    >>> judge(task, encode(20))
    ✗ 2.1 · How many visitors become leads · not right yet
    You gave 20, which looks like a percentage: the task asks for a fraction, between 0 and 1.
    Next: Divide by 100.
    """

    id: str
    title: str
    _: KW_ONLY
    name: str
    kind: Kind
    truth: Callable
    section: str
    hints: Sequence[str] = ()
    mistakes: Sequence[Mistake] = ()
    after: str = ""
    stem: str = field(default="", init=False)

    def __post_init__(self):
        if not re.fullmatch(r"\d{1,2}\.\d{1,2}", self.id):
            raise ValueError(f"the id of a task is written like 2.3, not {self.id!r}")
        where = f"task {self.id}"
        if not self.name.isidentifier():
            raise ValueError(f"{where}: {self.name!r} is no name of a variable")
        if not isinstance(self.kind, Kind):
            raise ValueError(f"{where}: the kind is an object such as Number(), not {self.kind!r}")
        if not callable(self.truth):
            raise ValueError(f"{where}: the truth is a function that computes it, not a value")
        if isinstance(self.hints, str) or len(self.hints) > 2:
            raise ValueError(f"{where}: up to two hints in a list; the third is written for you")
        if not all(text.strip() for text in (self.title, self.section, *self.hints)):
            raise ValueError(f"{where}: title, section and hints may not be empty")
        ids = [mistake.id for mistake in self.mistakes]
        if len(set(ids)) < len(ids):
            raise ValueError(f"{where}: two mistakes share an id")

    @cached_property
    def right(self):
        """The right answer, as `kind.read` gives it."""
        value = self.kind.evaluate(self.truth)
        if isinstance(value, Unsupported):
            raise ValueError(f"task {self.id}: the truth is {described(value)}")
        try:
            return self.kind.read(value, "the truth")
        except Wrong as wrong:
            raise ValueError(f"task {self.id}: {wrong.sentence}") from None

    @cached_property
    def _wrong(self):
        return {}

    def wrong(self, mistake):
        """Return the answer of a known mistake, as its kind reads it."""
        if mistake.id not in self._wrong:
            kind = mistake.kind or self.kind
            source = mistake.wrong or self.truth
            value = kind.evaluate(source, mistake.change)
            try:
                self._wrong[mistake.id] = kind.read(value, "the known mistake")
            except Wrong as wrong:
                raise ValueError(
                    f"task {self.id}, mistake {mistake.id}: {wrong.sentence} If that is meant, "
                    "say its kind= in the Mistake."
                ) from None
        return self._wrong[mistake.id]

    def all_hints(self):
        """Return the hints in order, with the one about lesson and solution at the end."""
        last = f"Read “{self.section}” in lesson {self.stem[:2] or self.id.split('.')[0]} again."
        if self.stem:
            last += (
                f" The worked solution is in the folder of the course, in "
                f"`exercises/solutions/{self.stem}.ipynb`, under {self.id}."
            )
        return [*self.hints, last]


def request(task):
    """Return what `funnelkit.answers.collect` has to know to take an answer: nothing secret.

    Parameters
    ----------
    task : Task

    Returns
    -------
    dict
        ``name`` and ``calls``, made of text; ``collect(namespace, **request(task))``.

    Examples
    --------
    >>> kind = Function(Number(), calls=[(200, 1000)])
    >>> task = Task("2.3", "A rate", name="f", kind=kind, truth=min, section="Rates")
    >>> request(task)["calls"]
    ['{"tuple":[{"tuple":[200,1000]},{"dict":[]}]}']
    """
    return {"name": task.name, "calls": task.kind.requests()}


# ---------------------------------------------------------------- known mistakes, ready made


def percent_for_fraction(columns=()):
    """Return the mistake of giving 20 for 0.2.

    Parameters
    ----------
    columns : sequence of str
        For a table: the columns in which it is made.

    Returns
    -------
    Mistake
    """
    message = (
        "You gave {value}, which looks like a percentage: the task asks for a fraction, between "
        "0 and 1."
    )
    if columns:
        names = " and ".join(f"`{name}`" for name in columns)
        message = f"The numbers in {names} look like percentages: the task asks for fractions."
    return Mistake(
        "percent-for-fraction",
        message=message,
        next="Divide by 100.",
        change=lambda right: _each(right, lambda number: 100 * number, columns),
        within=0.05,
    )


def fraction_for_percent(columns=()):
    """Return the mistake of giving 0.2 for 20 %; `columns` as in `percent_for_fraction`."""
    message = "You gave {value}, which looks like a fraction: the task asks for a percentage."
    if columns:
        names = " and ".join(f"`{name}`" for name in columns)
        message = f"The numbers in {names} look like fractions: the task asks for percentages."
    return Mistake(
        "fraction-for-percent",
        message=message,
        next="Multiply by 100.",
        change=lambda right: _each(right, lambda number: number / 100, columns),
        within=0.05,
    )


def upside_down(columns=()):
    """Return the mistake of giving b/a for a/b; `columns` as in `percent_for_fraction`."""
    return Mistake(
        "upside-down",
        message="The ratio is upside down: what belongs below the line stands above it.",
        next="Ask of whom it is a share, and divide by them.",
        change=lambda right: _each(right, lambda number: 1 / number, columns),
        within=0.001,
    )


def _each(value, change, columns=()):
    """Return a value with `change` applied to each of its numbers."""
    if isinstance(value, pd.DataFrame):
        columns = columns or list(value.select_dtypes("float"))
        return value.assign(**{name: change(value[name]) for name in columns})
    if isinstance(value, (list, tuple)):
        return [_each(entry, change) for entry in value]
    if isinstance(value, dict):
        return {key: _each(entry, change) for key, entry in value.items()}
    return change(value)


# ---------------------------------------------------------------- judging


class _Card:
    """Something said to the learner, in colours where there are any, and in words everywhere."""

    def __repr__(self):
        lines = [self._heading(), *self._lines()]
        return "\n".join(line for line in lines if line)

    def _repr_html_(self):
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
class Result(_Card):
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
class Note(_Card):
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
        From `funnelkit.answers.collect`, possibly by way of a stranger's machine.

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


# ---------------------------------------------------------------- in a notebook


def check(task_id=None):
    """Check your answer to a task.

    Parameters
    ----------
    task_id : str
        Such as ``"2.3"``.

    Returns
    -------
    Result or Note
        Whether it is right; if not, what is wrong and why, and a next step. A notebook shows it
        below the cell. There is never an error, whatever the answer is. A function of yours is
        called with arguments of the check's own; it has five seconds.
    """
    return _guarded(_check, task_id, sys._getframe(1).f_globals)


def hint(task_id=None):
    """Give the next hint to a task; after the last, all of them again.

    Parameters
    ----------
    task_id : str
        Such as ``"2.3"``.

    Returns
    -------
    Note
    """
    return _guarded(_hint, task_id)


def progress(exercise=None):
    """Show what you have solved.

    Parameters
    ----------
    exercise : str or int, optional
        The number of one exercise, to see its tasks; by default a line for each.

    Returns
    -------
    Progress or Note
    """
    return _guarded(_progress, exercise)


def _guarded(answer, *arguments):
    """Call a function and turn whatever goes wrong into a sentence."""
    try:
        return answer(*arguments)
    except UnknownTask as unknown:
        return Note(str(unknown))
    except KeyboardInterrupt:
        return Note("Stopped. Nothing was checked.")
    except Exception as error:
        name = type(error).__name__
        return Note(
            "The check itself failed; this is no fault of your answer.",
            (
                f"It said: {name}: {str(error)[:300]}",
                "Next: Run `funnelkit doctor` in a terminal; it finds what is wrong with a "
                "machine or with the course's files.",
            ),
        )


def _find(task_id):
    text = "" if task_id is None else str(task_id).strip()
    if not text:
        raise UnknownTask('Say which task, with its number in quotation marks: check("2.3").')
    return checks.find(text)


def _check(task_id, namespace):
    task = _find(task_id)
    result = judge(task, collect(namespace, **request(task)))
    if result.status != NOT_ATTEMPTED:

        def note(entry):
            entry["tries"] = entry.get("tries", 0) + 1
            entry["right"] = bool(entry.get("right")) or result.status == RIGHT

        _note(task.id, note)
    return result


def _hint(task_id):
    task = _find(task_id)
    hints, shown_before = task.all_hints(), 0

    def note(entry):
        nonlocal shown_before
        shown_before = entry.get("hints", 0)
        entry["hints"] = min(shown_before + 1, len(hints))

    _note(task.id, note)
    heading = f"Hint {min(shown_before + 1, len(hints))} of {len(hints)} · {task.id} · {task.title}"
    if shown_before < len(hints):
        return Note(heading, (hints[shown_before],))
    numbered = [f"{number}. {text}" for number, text in enumerate(hints, 1)]
    return Note(f"All {len(hints)} hints · {task.id} · {task.title}", tuple(numbered))


# ---------------------------------------------------------------- progress


_session = {}


def _note(task_id, change):
    """Change what the state says of a task; where it cannot be kept, only for this session."""
    path = workspace.state_path()
    try:
        with workspace.locked(path):
            state, _ = workspace.read_state(path)
            entries = _entries(state)
            change(entries.setdefault(task_id, {}))
            state["tasks"] = entries
            workspace.write_state(path, state)
    except OSError:
        change(_session.setdefault(task_id, {}))


def _entries(state):
    """Return what the state says of tasks, without what is damaged."""
    entries = state.get("tasks")
    entries = entries if isinstance(entries, dict) else {}
    return {
        task_id: {
            "tries": _count(entry.get("tries")),
            "hints": _count(entry.get("hints")),
            "right": entry.get("right") is True,
        }
        for task_id, entry in entries.items()
        if isinstance(entry, dict)
    }


def _count(value):
    return value if type(value) is int and value >= 0 else 0


@dataclass(frozen=True, repr=False)
class Progress(_Card):
    """What has been solved: a heading, and rows of equal length, the first with the names."""

    heading: str
    rows: tuple
    legend: str = "✓ right   ✗ not right yet   ○ not attempted yet"

    def _heading(self):
        return self.heading

    def _lines(self):
        widths = [max(len(row[place]) for row in self.rows) for place in range(len(self.rows[0]))]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in self.rows
        ]
        return ["", *lines, "", self.legend]

    def __repr__(self):
        return "\n".join([self.heading, *self._lines()])

    def _repr_html_(self):
        names, *rows = self.rows
        style = ' style="text-align: left"'

        def line(cells, tag):
            return "".join(f"<{tag}{style}>{html.escape(cell)}</{tag}>" for cell in cells)

        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
        return (
            f"<div><strong>{html.escape(self.heading)}</strong>"
            f"<table><thead><tr>{line(names, 'th')}</tr></thead><tbody>{body}</tbody></table>"
            f"{html.escape(self.legend)}</div>"
        )


def _progress(exercise=None):
    path = workspace.state_path()
    state, _ = workspace.read_state(path)
    entries = {**_entries(state), **_entries({"tasks": _session})}
    stems = checks.exercises()
    if exercise is not None:
        wanted = str(exercise).strip()
        stems = [s for s in stems if wanted.isdecimal() and int(s[:2]) == int(wanted)]
        if not stems:
            there = ", ".join(stem[:2] for stem in checks.exercises()) or "none yet"
            raise UnknownTask(f"There is no exercise {wanted}; choose one of {there}.")
    every = {stem: checks.tasks(stem) for stem in stems}
    signs = {
        task_id: "✓" if entry["right"] else "✗" if entry["tries"] else "○"
        for task_id, entry in entries.items()
    }
    total = [signs.get(task_id, "○") for tasks in every.values() for task_id in tasks]
    solved = f"{total.count('✓')} of {len(total)} tasks solved"
    if exercise is None:
        rows = [("exercise", "", "solved", "tasks")]
        for stem, tasks in every.items():
            row = [signs.get(task_id, "○") for task_id in tasks]
            rows.append((stem[:2], _title(stem), f"{row.count('✓')} of {len(row)}", " ".join(row)))
        return Progress(f"Your progress: {solved}", tuple(rows))
    rows = [("task", "", "", "tries", "hints")]
    [(stem, tasks)] = every.items()
    for task_id, task in tasks.items():
        entry = entries.get(task_id, {"tries": 0, "hints": 0})
        counts = str(entry["tries"]), str(entry["hints"])
        rows.append((task_id, signs.get(task_id, "○"), task.title, *counts))
    return Progress(f"Exercise {stem[:2]}, {_title(stem)}: {solved}", tuple(rows))


def _title(stem):
    """Return ``"Conversion rates"`` for ``"02_conversion_rates"``."""
    return stem[3:].replace("_", " ").capitalize()


# ---------------------------------------------------------------- proofs


# Answers that are right for no task; what a check says to each may not be an error of its own.
_NEVER = (None, float("nan"), float("inf"), {}, [], "", (), 1j, print, object(), [[]], {"": None})
_WIDEST = 0.05  # of the answer: a tolerance beyond this proves nothing


def prove(task, solution=None, stub=...):
    """Hold a task to its promises.

    Parameters
    ----------
    task : Task
    solution : object, optional
        What the solution gives: the value of the task's variable after its notebook was run. By
        default the truth itself.
    stub : object
        What the learner's untouched notebook gives.

    Returns
    -------
    list of str
        What is not as it should be; empty if all of this holds:

        - the stub is not attempted, and so is a missing variable;
        - the solution and the truth are right, and right again in every other honest form;
        - each known mistake is refused with its own message, also when rounded as the task asks
          and in other forms; so no two of them, and none and the truth, are one;
        - the tolerance is no wider than 5 % of the answer;
        - odd values are refused, with a message and without an error;
        - no hint or message holds the answer.

    Examples
    --------
    >>> task = Task("2.1", "A rate", name="rate", kind=Number(tolerance=0.05),
    ...             truth=lambda: 0.2, section="Rates",
    ...             mistakes=[Mistake("b-for-a", lambda: 0.24, "That is the rate of B.")])
    >>> for problem in prove(task):
    ...     print(problem)
    2.1: the mistake b-for-a passes as right
    2.1: the tolerance 0.05 is 25 % of the answer
    """
    try:
        return [f"{task.id}: {problem}" for problem in _problems(task, solution, stub)]
    except Exception as error:
        return [f"{task.id}: {type(error).__name__}: {error}"]


def _problems(task, solution, stub):
    def judged(value):
        return judge(task, collect({task.name: value}, **request(task)))

    for what, result in (
        ("the stub", judged(stub)),
        ("a missing variable", judge(task, collect({}, **request(task)))),
    ):
        if result.status != NOT_ATTEMPTED:
            yield f"{what} is {result.status}: {result.message}"
    if solution is not None:
        result = judged(solution)
        if result.status != RIGHT:
            yield f"the solution is {result.status}: {result.message}"
    for form, value in _right_forms(task):
        result = judged(value)
        if result.status != RIGHT:
            yield f"the right answer as {form} is {result.status}: {result.message}"
    yield from _mistake_problems(task, judged)
    yield from _tolerance_problems(task)
    for value in _NEVER:
        if judged(value).status == RIGHT:
            yield f"{described(decode(encode(value)))} passes as right"
    yield from _telltales(task)


def _right_forms(task):
    yield "the truth", _as_given(task.kind, task.truth, None)
    yield from task.kind.forms(task.right)


def _as_given(kind, source, change):
    """Return an answer as a learner would have it: a value, or a function."""
    if not isinstance(kind, Function):
        return change(source()) if change else source()
    if change is None:
        return source
    return lambda *args, **kwargs: change(source(*args, **kwargs))


def _mistake_problems(task, judged):
    messages = {}
    for mistake in task.mistakes:
        kind = mistake.kind or task.kind
        given = _as_given(kind, mistake.wrong or task.truth, mistake.change)
        for form, value in [("", given), *kind.forms(task.wrong(mistake))]:
            result = judged(value)
            name = f"the mistake {mistake.id}" + (f" as {form}" if form else "")
            if result.status != WRONG:
                yield f"{name} passes as {result.status}"
            elif result.mistake != mistake.id:
                found = f"the mistake {result.mistake}" if result.mistake else result.message
                yield f"{name} is not named; it is taken for: {found}"
            else:
                continue
            break
        if mistake.message in messages:
            yield f"the mistakes {messages[mistake.message]} and {mistake.id} share a message"
        messages[mistake.message] = mistake.id


def _numbers(kind, right):
    """Yield the kind and value of each number in an answer."""
    if isinstance(kind, Number) and right is not None:
        yield kind, right
    elif isinstance(kind, (List, Mapping)):
        for entry in right.values() if isinstance(kind, Mapping) else right:
            yield from _numbers(kind.of, entry)
    elif isinstance(kind, Table):
        for name, of in kind.columns.items():
            for entry in right[name]:
                yield from _numbers(of, entry)
    elif isinstance(kind, Function):
        for result in right:
            if hasattr(result, "value"):
                yield from _numbers(kind.of, kind.of.read(result.value, "the truth"))


def _tolerance_problems(task):
    for kind, number in _numbers(task.kind, task.right):
        allowed = kind.allowed(number)
        if number and not kind.whole and allowed > _WIDEST * abs(number):
            share = allowed / abs(number)
            yield f"the tolerance {allowed:g} is {share:.0%} of the answer".replace("%", " %")
            return


def _telltales(task):
    """Find hints and messages that hold the answer."""
    if not isinstance(task.kind, Number) or abs(task.right) < 20 and task.right == int(task.right):
        return
    texts = {f"hint {number}": text for number, text in enumerate(task.hints, 1)}
    texts |= {f"the message of {mistake.id}": mistake.message for mistake in task.mistakes}
    texts |= {f"the next step of {mistake.id}": mistake.next for mistake in task.mistakes}
    for name, text in texts.items():
        for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text):
            value = float(number.replace(",", ""))
            if task.kind.difference(value, task.right, "") is None:
                yield f"{name} holds the answer"
