"""Tasks: what an answer is, how its truth is computed, and which mistakes are known."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property

import pandas as pd

from funnelkit import workspace
from funnelkit.exercises.answers import Unsupported
from funnelkit.exercises.kinds import Kind, Wrong, described

__all__ = [
    "Mistake",
    "NOT_ATTEMPTED",
    "RIGHT",
    "Task",
    "WRONG",
    "fraction_for_percent",
    "percent_for_fraction",
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
    equivalent : mapping of str to str
        Other ways of working whose answer is right as well, as `tools.mutants` names them, each
        with the reason.

    Raises
    ------
    ValueError
        If a part is missing or not as described.

    Examples
    --------
    >>> from funnelkit.exercises.answers import encode
    >>> from funnelkit.exercises.judging import judge
    >>> from funnelkit.exercises.kinds import Number
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
    equivalent: Mapping[str, str] = field(default_factory=dict)
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
        if self.stem and (workspace.ROOT / "exercises" / "solutions").is_dir():
            last += (
                f" The worked solution is in the folder of the course, in "
                f"`exercises/solutions/{self.stem}.ipynb`, under {self.id}."
            )
        elif self.stem:  # what is handed out to learners has none
            last += " The worked solution is not in this copy of the course: ask your trainer."
        return [*self.hints, last]


def request(task):
    """Return what `answers.collect` has to know to take an answer: nothing secret.

    Parameters
    ----------
    task : Task

    Returns
    -------
    dict
        ``name`` and ``calls``, made of text; ``collect(namespace, **request(task))``.

    Examples
    --------
    >>> from funnelkit.exercises.kinds import Function, Number
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
        message="The ratio is upside down: what belongs below the line is above it.",
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
