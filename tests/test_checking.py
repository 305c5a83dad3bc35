"""Checks: what is said to a learner, and the proofs to which every task is held."""

import importlib
import json
import re
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from funnelkit import workspace
from funnelkit.checking import check, hint, progress
from funnelkit.exercises import answers, checks, judging, kinds, notebook, registry
from funnelkit.exercises.answers import collect, collecting, encode
from funnelkit.exercises.judging import judge
from funnelkit.exercises.kinds import (
    Boolean,
    Call,
    Duration,
    Function,
    List,
    Mapping,
    Number,
    Table,
    Text,
    Time,
)
from funnelkit.exercises.proofs import prove
from funnelkit.exercises.tasks import (
    Mistake,
    Task,
    fraction_for_percent,
    percent_for_fraction,
    request,
    upside_down,
)

ROOT = Path(__file__).resolve().parents[1]
STEPS = ["visit", "lead", "opportunity", "customer"]


def make(kind, truth, **more):
    """Return a task whose answer goes into `x`."""
    source = truth if callable(truth) else lambda: truth
    return Task("9.1", "A task", name="x", kind=kind, truth=source, section="Rates", **more)


def judged(task, value):
    """Return what a check of the value says, by the way that the grader goes too."""
    return judge(task, collect({task.name: value}, **request(task)))


def rate(converted, visitors):
    return converted / visitors if visitors else 0.0


def steps(**changes):
    table = pd.DataFrame(
        {"step": STEPS, "users": [1000, 200, 100, 50], "rate": [np.nan, 0.2, 0.5, 0.5]}
    )
    return table.assign(**changes)


FUNNEL = Table(
    {"step": Text(), "users": Number(whole=True), "rate": Number(decimals=3)}, key="step"
)
UNSORTED = Table({"a": Number(), "b": Text()}, ordered=False)
DAYS = pd.to_datetime(["2026-01-31", "2026-02-01"])

# A sound task of every kind, each with mistakes.
SOUND = {
    "number": make(
        Number(unit="fraction", decimals=4),
        0.20314,
        mistakes=[
            percent_for_fraction(),
            upside_down(),
            Mistake("events-for-users", lambda: 0.31, "You counted events.", "Count users."),
            Mistake("as-text", lambda: "20 %", "Text cannot be compared.", kind=Text()),
        ],
    ),
    "count": make(
        Number(whole=True),
        1111,
        mistakes=[Mistake("rate", lambda: 0.111, "That is the share, not the number.")],
    ),
    "percentage": make(Number(tolerance=0.01), 20.3, mistakes=[fraction_for_percent()]),
    "exact": make(Number(), 1 / 3),
    "text": make(
        Text(STEPS), "lead", mistakes=[Mistake("last", lambda: "customer", "That is the end.")]
    ),
    "exact text": make(Text(exact=True), "CPA"),
    "boolean": make(Boolean(), True),
    "time": make(Time(), pd.Timestamp("2026-01-31")),
    "duration": make(Duration(), pd.Timedelta("3D")),
    "list": make(
        List(Number(decimals=3)),
        [0.2, 0.5],
        mistakes=[percent_for_fraction(), Mistake("reversed", lambda: [0.5, 0.2], "Turned.")],
    ),
    "list with gaps": make(List(Number(decimals=3)), [None, 0.2]),
    "list in any order": make(
        List(Text(), ordered=False),
        STEPS,
        mistakes=[Mistake("no-entry", lambda: STEPS[1:], "The entry is a step too.")],
    ),
    "times": make(List(Time()), list(DAYS)),
    "mapping": make(
        Mapping(Number(decimals=3)),
        {"lead": 0.2, "customer": 0.5},
        mistakes=[percent_for_fraction()],
    ),
    "mapping with numbers": make(Mapping(Number(whole=True)), pd.Series({1: 10, 2: 20})),
    "table": make(
        FUNNEL,
        steps,
        mistakes=[
            percent_for_fraction(["rate"]),
            Mistake("events", lambda: steps(users=[3000, 210, 100, 50]), "You counted events."),
        ],
    ),
    "table in order": make(Table({"step": Text(), "users": Number(whole=True)}), steps),
    "table in any order": make(UNSORTED, pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})),
    "table with two keys": make(
        Table({"c": Text(), "t": Time(), "n": Number(whole=True)}, key=("c", "t")),
        pd.DataFrame({"c": ["a", "a"], "t": DAYS, "n": [1, 2]}),
    ),
    "function": make(
        Function(Number(decimals=3), calls=[(200, 1000), (0, 1000), Call(0, visitors=0)]),
        rate,
        mistakes=[
            percent_for_fraction(),
            Mistake("no-visitors", lambda converted, visitors: converted / visitors, "By zero."),
        ],
    ),
    "function of a table": make(
        Function(Mapping(Number()), calls=lambda: [(steps(),), Call(steps()[:0], says="of none")]),
        lambda table: table.set_index("step")["users"].iloc[:1],
    ),
    "function that refuses": make(
        Function(Number(), calls=[(1, 0), (1, 2)]),
        lambda a, b: 1 / 0 if not b else a / b,
        mistakes=[Mistake("hides", lambda a, b: a / b if b else 0, "It hides the zero.")],
    ),
}


# ---------------------------------------------------------------- proofs


@pytest.mark.parametrize("task", SOUND.values(), ids=SOUND)
def test_a_sound_task_is_proven(task):
    assert prove(task) == []


def test_the_solution_may_be_given_as_value_or_function():
    assert prove(SOUND["number"], 0.2031, stub=...) == []

    def blank(converted, visitors): ...

    assert prove(SOUND["function"], rate, stub=blank) == []
    assert prove(SOUND["function"], rate, stub=lambda converted, visitors: ...) == []
    assert prove(SOUND["list"], [0.2, 0.5], stub=[..., ...]) == []
    assert prove(SOUND["table"], steps(), stub=steps(rate=...)) == []


def mistake(wrong, message="You counted events.", **more):
    return Mistake("planted", wrong, message, **more)


UNSOUND = {
    "a stub that passes": (make(Number(), 0.2), {"stub": 0.2}, "the stub is right"),
    "a stub that is wrong": (make(Number(), 0.2), {"stub": 0}, "the stub is wrong"),
    "a function that is no stub": (SOUND["function"], {"stub": rate}, "the stub is right"),
    "a broken solution": (make(Number(), 0.2), {"solution": 0.3}, "the solution is wrong"),
    "a solution of another type": (make(Number(), 0.2), {"solution": "0.2"}, "solution is wrong"),
    "a solution left blank": (make(Number(), 0.2), {"solution": ...}, "solution is not attempted"),
    "a mistake that is the truth": (
        make(Number(), 0.2, mistakes=[mistake(lambda: 0.2)]),
        {},
        "the mistake planted passes as right",
    ),
    "a mistake within tolerance": (
        make(Number(tolerance=0.01), 0.5, mistakes=[mistake(lambda: 0.505)]),
        {},
        "the mistake planted passes as right",
    ),
    "a mistake that rounds to the truth": (
        make(Number(decimals=2), 0.2034, mistakes=[mistake(lambda: 0.1951)]),
        {},
        "the mistake planted as rounded to 2 decimals passes as right",
    ),
    "two mistakes that are one": (
        make(Number(), 0.2, mistakes=[percent_for_fraction(), mistake(lambda: 20)]),
        {},
        "the mistake planted is not named; it is taken for: the mistake percent-for-fraction",
    ),
    "two mistakes with one message": (
        make(
            Number(),
            0.2,
            mistakes=[mistake(lambda: 3), Mistake("b", lambda: 4, "You counted events.")],
        ),
        {},
        "the mistakes planted and b share a message",
    ),
    "a mistake of another type": (
        make(Number(), 0.2, mistakes=[mistake(lambda: "20 %")]),
        {},
        "say its kind=",
    ),
    "a function mistake that no call shows": (
        make(Function(Number(), calls=[(200, 1000)]), rate, mistakes=[mistake(lambda c, v: c / v)]),
        {},
        "the mistake planted passes as right",
    ),
    "a wide tolerance": (make(Number(tolerance=0.05), 0.2), {}, "is 25 % of the answer"),
    "a rounding that is too coarse": (
        make(FUNNEL, lambda: steps(rate=[np.nan, 0.2, 0.5, 0.004])),
        {},
        "the tolerance 0.0005 is 12 % of the answer",
    ),
    "a wide tolerance inside a function": (
        make(Function(List(Number(decimals=0)), calls=[(2,)]), lambda n: [n, n]),
        {},
        "the tolerance 0.5 is 25 % of the answer",
    ),
    "a hint that tells": (
        make(Number(decimals=3), 0.203, hints=["It comes to 0.203, or so."]),
        {},
        "hint 1 holds the answer",
    ),
    "a message that tells": (
        make(Number(whole=True), 1111, mistakes=[mistake(lambda: 3, "Not 3 but 1,111.")]),
        {},
        "the message of planted holds the answer",
    ),
    "a truth that fails": (make(Number(), lambda: 1 / 0), {}, "ZeroDivisionError"),
    "a truth of another type": (make(Number(), "0.2"), {}, "The truth should be a number"),
    "a truth too large": (make(List(Number()), range(10**6)), {}, "far too many"),
    "a truth that is nothing": (make(List(Number()), []), {}, "a list passes as right"),
    "calls that cannot be written": (
        make(Function(Number(), calls=[(print,)]), lambda f: 1),
        {},
        "cannot be written out",
    ),
}


@pytest.mark.parametrize("task, given, expected", UNSOUND.values(), ids=UNSOUND)
def test_proofs_fail_when_they_should(task, given, expected):
    problems = prove(task, **given)
    assert any(expected in problem for problem in problems), problems
    assert all(problem.startswith("9.1: ") for problem in problems)


DECLARATIONS = {
    "the id of a task": lambda: Task(
        "nine", "T", name="x", kind=Number(), truth=int, section="Rates"
    ),
    "no name of a variable": lambda: Task(
        "9.1", "T", name="my rate", kind=Number(), truth=int, section="Rates"
    ),
    "the kind is an object": lambda: make(Number, 1),
    "not a value": lambda: Task("9.1", "T", name="x", kind=Number(), truth=3, section="Rates"),
    "up to two hints": lambda: make(Number(), 1, hints=["a", "b", "c"]),
    "may not be empty": lambda: make(Number(), 1, hints=[" "]),
    "two mistakes share an id": lambda: make(Number(), 1, mistakes=[mistake(int)] * 2),
    "no message that names it": lambda: mistake(int, message=" "),
    "either wrong or change": lambda: Mistake("a", message="b"),
    "written like-this": lambda: Mistake("A b", int, "c"),
    "takes one of": lambda: Number(whole=True, decimals=2),
    "one text": lambda: Text("visit"),
    "none of the columns": lambda: Table({"a": Number()}, key="b"),
}


@pytest.mark.parametrize("declare", DECLARATIONS.values(), ids=DECLARATIONS)
def test_a_task_that_is_declared_wrongly_says_so(declare, request):
    expected = request.node.callspec.id
    with pytest.raises((ValueError, TypeError), match=re.escape(expected)):
        declare()


# ---------------------------------------------------------------- what is said

SAID = [
    ("number", 20.314, "You gave 20.314, which looks like a percentage", "Divide by 100."),
    ("number", 20, "You gave 20, which looks like a percentage", "Divide by 100."),
    ("number", 1 / 0.20314, "The ratio is upside down", "divide by them"),
    ("number", 0.31, "You counted events.", "Count users."),
    ("number", "20 %", "Text cannot be compared.", 'hint("9.1")'),
    ("number", 0.3, "`x` is too large.", 'hint("9.1")'),
    ("number", 0.1, "`x` is too small.", 'hint("9.1")'),
    ("number", 0.2, "`x` is rounded too far.", "at least 4 decimals"),
    ("number", 5000, "far too large: more than ten times", "hint"),
    ("number", 10**2000, "far too large: more than ten times", "hint"),
    ("number", 0.001, "far too small: less than a tenth", "hint"),
    ("number", -0.2, "`x` has the wrong sign.", "hint"),
    ("number", float("nan"), "`x` is not a number (NaN).", "missing value"),
    ("number", float("-inf"), "`x` is infinite.", "division by zero"),
    ("number", "0.2", "should be a number (fraction), and it is the text '0.2'.", "quotation"),
    (
        "number",
        (0, 1144),
        "it is two: Python ends the first one at the comma of `0,1144`",
        "0.1144",
    ),
    ("number", (1, 234), "it is two", "`1.234`, and nothing between thousands"),
    ("number", "0,1144", "it is the text '0,1144'", "a point for the decimal comma: `0.1144`"),
    ("number", (1, 2, 3), "it is a tuple", "Pick the one value"),
    ("number", True, "should be a number (fraction), and it is True.", "hint"),
    ("number", None, "and it is None, which is nothing.", "Assign the value itself"),
    ("number", [0.2], "and it is a list.", "Leave out the brackets"),
    ("number", pd.Series([0.2]), "and it is a Series of 1 entry.", ".item()"),
    ("number", pd.Series([1, 2]), "and it is a Series of 2 entries.", "Pick the one value"),
    ("number", pd.Series([1]).nunique, "and it is a method.", "brackets are missing"),
    ("number", lambda: 1, "and it is a function.", "brackets are missing"),
    ("number", pd.NA, "and it is missing.", "hint"),
    ("count", [1, 2], "`x` should be a whole number, and it is a list.", "Pick the one value"),
    ("count", 1110.5, "`x` should be a whole number, and it is 1,110.5.", "hint"),
    ("count", 0.111, "That is the share", "hint"),
    ("count", 1112, "`x` is too large.", "hint"),
    ("percentage", 0.203, "which looks like a fraction", "Multiply by 100."),
    ("text", "customer", "That is the end.", "hint"),
    ("text", "visit", "`x` is 'visit', which is not right.", "hint"),
    ("text", "mail", "should be 'visit', 'lead', 'opportunity' or 'customer'", "hint"),
    ("text", "y" * 99, "and it is 'yyyyyyyy", "hint"),
    ("text", 3, "and it is the number 3.", "hint"),
    ("exact text", "cpa", "`x` is 'cpa', which is not right.", "hint"),
    ("boolean", False, "`x` is False, which is not right.", "in one sentence why"),
    ("boolean", "True", "should be True or False, and it is the text 'True'.", "without"),
    ("boolean", 1, "and it is the number 1.", "hint"),
    ("time", pd.Timestamp("2026-02-01"), "`x` is too late.", "hint"),
    ("time", "2026-01-31", "should be a time", "hint"),
    ("time", pd.Timestamp("2026-01-31", tz="UTC"), "no time zone", ".tz_localize(None)"),
    ("duration", pd.Timedelta("2D"), "`x` is too short.", "hint"),
    ("duration", 3, "should be a duration", "hint"),
    ("list", [0.2], "`x` has 1 entry; 2 are expected.", "hint"),
    ("list", [0.2, 0.6], "Entry 2 of `x` is too large.", "hint"),
    ("list", [0.1, 0.6], "`x` is too small, and 1 other entry is not right either.", "hint"),
    ("list", [0.2, "a"], "Entry 2 of `x` should be a number, and it is the text 'a'.", "Leave"),
    ("list", [0.2, None], "Entry 2 of `x` is missing.", "hint"),
    ("list", {0.2, 0.5}, "it is a set, which has no order.", "square brackets"),
    ("list", 0.2, "should be a list, and it is the number 0.2.", "hint"),
    ("list", {"a": 1}.values(), "should be a list, and it is a dict_values.", "list(...)"),
    ("list", np.array([[0.2, 0.5]]), "an array with 2 dimensions.", "hint"),
    ("list", range(10**15), "far too many entries", "hint"),
    ("list", [20, 50], "You gave [20, 50], which looks like a percentage", "Divide"),
    ("list with gaps", [0.1, 0.2], "Entry 1 of `x` should be missing (NaN)", "hint"),
    ("list in any order", [*STEPS[:3], "mail"], "'mail' does not belong in `x`.", "hint"),
    ("list in any order", ["lead"] * 4, "and 2 other entries are not right either.", "hint"),
    ("list in any order", STEPS[1:], "The entry is a step too.", "hint"),
    ("mapping", {"lead": 0.2}, "`x` has no entry for 'customer'.", "hint"),
    ("mapping", {"lead": 0.2, "custom": 1}, "(it has one for 'custom')", "hint"),
    (
        "mapping",
        {"lead": 0.2, "customer": 0.5, "visit": 1},
        "has an entry for 'visit', which is not asked for.",
        "hint",
    ),
    ("mapping", {"lead": 0.2, "customer": 0.6}, "The entry of `x` for 'customer' is too", "hint"),
    ("mapping", pd.Series([1, 2], index=["a", "a"]), "`x` has two entries for 'a'.", "hint"),
    ("mapping", [0.2], "should be a mapping (dict), and it is a list.", "hint"),
    ("table", steps(users=0), "`users` in the row of `x` where `step` is 'visit' is far", "hint"),
    ("table", steps()[1:], "`x` has 3 rows; 4 are expected.", "hint"),
    ("table", steps().drop(columns="rate"), "`x` has no column `rate`.", "reset_index"),
    ("table", steps().rename(columns={"users": "user"}), "it has `user`.", "name"),
    ("table", steps(step="lead"), "two rows where `step` is 'lead'", "hint"),
    ("table", steps(step=["a", *STEPS[1:]]), "no row where `step` is 'visit'", "hint"),
    ("table", steps(rate="a"), "`rate` in row 1 of `x` should be a number", "quotation"),
    ("table", steps(rate=[0.1, 0.2, 0.5, 0.5]), "should be missing (NaN)", "hint"),
    ("table", steps(rate=[np.nan, 20, 50, 50]), "in `rate` look like percentages", "Divide"),
    ("table", {"step": STEPS}, "should be a table (DataFrame), and it is a map", "pd.DataFrame"),
    ("table", steps()["users"], "it is a Series of 4 entries.", "reset_index"),
    ("table", pd.concat([steps()] * 50_000), "too large: more than 1 MB", "Only the result"),
    (
        "table",
        pd.concat([steps(), steps()["users"]], axis=1),
        "`x` has the column `users` twice.",
        "hint",
    ),
    ("table in order", steps()[::-1], "`step` in row 1 of `x` is 'customer', which", "hint"),
    (
        "table in any order",
        pd.DataFrame({"a": [1.0, 3.0], "b": ["x", "y"]}),
        "Row 2 of `x` is not among the right ones.",
        "hint",
    ),
    ("function", lambda c, visitors: c / visitors, "By zero.", "hint"),
    ("function", lambda c, visitors: 100 * rate(c, visitors), "You gave 20, which", "Divide"),
    ("function", lambda c, visitors: 0.3, "What `x(200, 1000)` returns is too large.", "hint"),
    ("function", lambda c: c, "`x(200, 1000)` ended in an error, TypeError", "cell of your"),
    (
        "function",
        lambda c, visitors: c / [] if not visitors else rate(c, visitors),
        "`x(0, visitors=0)` ended in an error, TypeError: unsupported operand",
        "Run that call",
    ),
    ("function", lambda c, visitors: print(c), "gave nothing back (None).", "printing is not"),
    ("function", lambda c, visitors: [1], "What `x(200, 1000)` returns should be a num", "Leave"),
    ("function", 0.2, "`x` should be a function, and it is the number 0.2.", "hint"),
    ("function of a table", lambda table: {}, "What `x(table of 4 rows)` returns has no", "hint"),
    (
        "function of a table",
        lambda table: {"visit": 1000},
        "What `x` of none returns has an entry for 'visit'",
        "hint",
    ),
    ("function that refuses", lambda a, b: a / b if b else 0, "It hides the zero.", "hint"),
    ("function that refuses", lambda a, b: 7, "should raise ZeroDivisionError, and it r", "hint"),
]


@pytest.mark.parametrize("name, value, message, next_step", SAID, ids=range(len(SAID)))
def test_a_wrong_answer_is_told_what_is_wrong_and_what_is_next(name, value, message, next_step):
    result = judged(SOUND[name], value)
    assert result.status == "wrong"
    assert message in result.message
    assert next_step in result.next
    assert result.message[0].isupper() or result.message[0] in "`'"
    assert result.message.endswith((".", ")"))
    assert result.mistake in [None, *(known.id for known in SOUND[name].mistakes)]


NOT_ATTEMPTED = {
    "number": (..., np.array([...], dtype=object)),
    "list": ([..., 0.5], (...,), [[...]]),
    "mapping": ({"lead": ..., "customer": 1}, pd.Series([0.2, ...])),
    "table": (steps(rate=...), steps(users=[1, 2, 3, ...])),
    "function": (..., lambda c, v: ..., lambda c, v: [...]),
}


@pytest.mark.parametrize("name", NOT_ATTEMPTED)
def test_what_is_still_blank_is_not_wrong(name):
    for value in NOT_ATTEMPTED[name]:
        assert judged(SOUND[name], value).status == "not attempted"


def test_what_is_not_there_is_not_wrong():
    task = SOUND["number"]
    result = judge(task, collect({}, **request(task)))
    assert result.status == "not attempted"
    assert result.message == "There is no `x` yet."
    task = Task("9.2", "T", name="n_leads", kind=Number(), truth=lambda: 3, section="Rates")
    result = judge(task, collect({"n_lead": 3}, **request(task)))
    assert result.message == "There is no `n_leads` yet, but there is `n_lead`."


def test_an_endless_loop_is_told_and_cut_short(monkeypatch):
    monkeypatch.setattr(collecting, "SECONDS", 0.2)

    def endless(c, visitors):
        while visitors:
            c += 1

    result = judged(SOUND["function"], endless)
    assert result.message == "`x(200, 1000)` did not come to an end within 0.2 seconds."
    stop = threading.Event()
    result = judged(SOUND["function"], lambda c, visitors: stop.wait(20))
    assert "Restart Kernel" in result.next
    stop.set()


def test_a_stranger_who_writes_the_answer_by_hand_gains_nothing():
    task = SOUND["function"]
    forged = [
        "",
        "{",
        encode(answers.Called([0.2, 0.0, 0.0])),
        '{"called": {"results": [], "empty": false}}',
        '{"called": {"results": [0.2, 0, 0, 0], "empty": false}}',
        '{"called": {"results": [{"timed out": [1, true]}], "empty": false}}',
        '{"called": {"results": [{"raised": ["a", "b", "c"]}, 0, 0], "empty": false}}',
        '{"unsupported": ["<script>", "x"]}',
    ]
    for text in forged:
        result = judge(task, text)
        assert result.status == "wrong"
        assert "<script>" not in result._repr_html_()


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([name for name in SOUND if name not in ("boolean", "exact text")]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=3), inner, max_size=3)
            | st.lists(inner, max_size=3).map(pd.Series)
            | st.lists(inner, max_size=3).map(lambda v: pd.DataFrame({"step": v, "users": v}))
        ),
        max_leaves=6,
    ),
)
def test_any_answer_gets_a_sentence(name, value):
    result = judged(SOUND[name], value)
    assert result.status == "wrong"
    assert result.message and result.next
    assert len(result.message) < 400
    if name in ("number", "count"):
        assert not re.search(r"0\.2031|1,?111", result.message)


# ---------------------------------------------------------------- the course's own tasks


def test_the_tasks_of_the_course_keep_their_promises():
    names = {}
    for stem in registry.exercises():
        lesson = ROOT / "notebooks" / f"{stem}.ipynb"
        headings = re.findall(
            r"^#+ (.*)$",
            "\n".join(
                cell.source
                for cell in nbformat.read(lesson, as_version=4).cells
                if cell.cell_type == "markdown"
            ),
            flags=re.MULTILINE,
        )
        for task_id, task in registry.tasks(stem).items():
            assert prove(task) == []
            assert task.section in headings, f"{task_id}: no such heading in {lesson.name}"
            names[task_id] = task.name
    assert all(registry.find(task_id).name == name for task_id, name in names.items())


def test_the_example_for_authors_keeps_its_promises():
    example = registry.__doc__.split(".. code-block:: python")[1].split("What the arguments")[0]
    module = {}
    exec(textwrap.dedent(example), module)
    assert [problem for task in module["TASKS"] for problem in prove(task)] == []
    assert len(module["TASKS"]) == 4


# ---------------------------------------------------------------- in a notebook

MODULE = '''
"""Tasks of exercise 91: trying out."""

from functools import cache
from funnelkit.exercises.kinds import *
from funnelkit.exercises.tasks import *

@cache
def truth():
    return 0.2031

TASKS = [
    Task("91.1", "A rate", name="the_rate", kind=Number(decimals=4), truth=truth,
         section="Rates", hints=["First.", "Second, with `code` & more."],
         mistakes=[percent_for_fraction()], after="One in five."),
    Task("91.2", "A function", name="double", kind=Function(Number(), calls=[(1,), (2,)]),
         truth=lambda n: 2 * n, section="Rates"),
    Task("91.3", "Broken", name="broken", kind=Number(), truth=lambda: 1 / 0, section="Rates"),
]
'''


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Give checks a folder of their own, with one exercise, and a fresh state."""
    folder = tmp_path / "checks"
    folder.mkdir()
    (folder / "ex91_trying_out.py").write_text(MODULE)
    monkeypatch.setattr(checks, "__path__", [str(folder)])
    monkeypatch.setenv("FUNNELKIT_STATE", str(tmp_path / "work" / "state.json"))
    monkeypatch.setattr(notebook, "_session", {})
    importlib.invalidate_caches()
    yield folder
    for name in [name for name in sys.modules if name.startswith("funnelkit.exercises.checks.ex9")]:
        del sys.modules[name]


def state():
    return json.loads(workspace.state_path().read_text())


def test_check_looks_at_the_variables_of_whoever_calls_it(course):
    notebook = {"check": check, "the_rate": 0.2031}
    result = eval('check("91.1")', notebook)
    assert (result.status, result.message) == ("right", "One in five.")
    notebook["the_rate"] = 20.31
    assert eval("check(91.1)", notebook).mistake == "percent-for-fraction"
    assert eval('check(" 91.1 ")', {"check": check}).status == "not attempted"
    exec("def double(n): return n + n", notebook)
    assert eval('check("91.2")', notebook).status == "right"


def test_a_check_never_ends_in_an_error(course, monkeypatch):
    assert str(check("91.3")).startswith("The check itself failed; this is no fault of your")
    assert "doctor" in check("91.3")._repr_html_()
    assert str(check()) == 'Say which task, with its number in quotation marks: check("2.3").'
    assert str(check("91.7")) == ('There is no task "91.7"; exercise 91 has 91.1, 91.2, 91.3.')
    assert str(check("92.1")) == 'There is no task "92.1"; there are exercises 91.'
    assert str(check("two")).startswith('There is no task "two". An id is written')
    assert "no task" in str(hint("9"))
    assert str(progress(5)) == "There is no exercise 5; choose one of 91."

    def stop(*arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(notebook, "judge", stop)
    assert str(check("91.1")) == "Stopped. Nothing was checked."


def test_what_a_result_looks_like(course):
    notebook = {"check": check, "the_rate": "<b>&"}
    result = eval('check("91.1")', notebook)
    assert str(result) == (
        "✗ 91.1 · A rate · not right yet\n"
        "`the_rate` should be a number, and it is the text '<b>&'.\n"
        "Next: Leave out the quotation marks and any sign such as % or EUR."
    )
    html = result._repr_html_()
    assert "&lt;b&gt;&amp;" in html and "<b>" not in html
    assert "<code>the_rate</code>" in html
    assert "✗ 91.1 · A rate · not right yet" in html  # not by colour alone
    assert "var(--jp-error-color1, #" in html
    assert " id=" not in html and " at 0x" not in html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the time *since* it", "the time <em>since</em> it"),
        ("(*a* customer), *first came*.", "(<em>a</em> customer), <em>first came</em>."),
        ("`a *b* c` and *b*", "<code>a *b* c</code> and <em>b</em>"),
        ("2*3*4 and x * y * z and **kinds", "2*3*4 and x * y * z and **kinds"),
        ("*<i>*", "*&lt;i&gt;*"),
    ],
)
def test_words_in_stars_are_stressed_and_code_is_left_alone(text, shown):
    assert judging._html(text) == shown


def test_hints_come_one_by_one_and_end_with_the_solution(course):
    assert str(hint("91.1")) == "Hint 1 of 3 · 91.1 · A rate\nFirst."
    assert "Second, with <code>code</code> &amp; more." in hint("91.1")._repr_html_()
    last = str(hint("91.1"))
    assert last.startswith("Hint 3 of 3")
    assert "“Rates” in lesson 91" in last
    assert "`exercises/solutions/91_trying_out.ipynb`, under 91.1" in last
    every = str(hint("91.1"))
    assert every.startswith("All 3 hints") and "1. First." in every and "3. Read" in every
    assert state()["tasks"]["91.1"] == {"hints": 3, "right": False, "tries": 0}


def test_where_there_are_no_solutions_the_last_hint_names_none(course, tmp_path, monkeypatch):
    monkeypatch.setattr(workspace, "ROOT", tmp_path)
    last = registry.find("91.1").all_hints()[-1]
    assert last.endswith(
        "again. The worked solution is not in this copy of the course: ask your trainer."
    )


def test_a_hint_that_was_not_shown_is_not_spent(course):
    first, second = hint("91.1"), hint("91.1")
    assert "hints" not in str(workspace.read_state(workspace.state_path()))
    assert str(second).startswith("Hint 1 of 3")
    assert str(first).startswith("Hint 2 of 3")
    assert str(first) == repr(first)
    assert "Second" in first._repr_html_()


def test_progress_counts_tries_and_keeps_what_was_right(course):
    assert str(progress()).startswith("Your progress: 0 of 3 tasks solved")
    for value in (..., 1, 0.2031, 3):
        eval('check("91.1")', {"check": check, "the_rate": value})
    eval('check("91.2")', {"check": check, "double": abs})
    assert state()["tasks"]["91.1"] == {"hints": 0, "right": True, "tries": 3}
    assert str(progress()) == textwrap.dedent(
        """\
        Your progress: 1 of 3 tasks solved

        exercise              solved  tasks
        91        Trying out  1 of 3  ✓ ✗ ○

        ✓ right   ✗ not right yet   ○ not attempted yet"""
    )
    assert str(progress("91")).splitlines()[2:5] == [
        "task                 tries  hints",
        "91.1  ✓  A rate      3      0",
        "91.2  ✗  A function  1      0",
    ]
    assert "<td" in progress(91)._repr_html_()


def test_progress_leaves_alone_what_others_keep_and_survives_damage(course):
    path = workspace.state_path()
    path.parent.mkdir()
    path.write_text('{"copies": {"a": {}}, "tasks": {"91.1": 7, "91.2": {"tries": "x"}}}')
    assert "0 of 3" in str(progress())
    str(hint("91.1"))
    assert state()["copies"] == {"a": {}}
    assert state()["tasks"]["91.1"]["hints"] == 1
    path.write_text("{ broken")
    assert str(hint("91.1")).startswith("Hint 1 of 3")
    assert len(list(path.parent.glob("state.json.broken-*"))) == 1


def test_a_folder_that_cannot_be_written_to_does_not_stop_anybody(course, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FUNNELKIT_STATE", str(tmp_path / "file" / "state.json"))
    assert eval('check("91.1")', {"check": check, "the_rate": 0.2031}).status == "right"
    assert str(hint("91.1")).startswith("Hint 1")
    assert str(hint("91.1")).startswith("Hint 2")


def test_notebooks_at_the_same_time_lose_nothing(course):
    def many():
        for _ in range(10):
            notebook._note("91.1", lambda entry: entry.update(tries=entry.get("tries", 0) + 1))

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state()["tasks"]["91.1"]["tries"] == 40


def test_a_lock_that_is_never_given_back_holds_nobody_up(course, monkeypatch):
    monkeypatch.setattr(workspace, "LOCK_SECONDS", 0.1)
    with workspace.locked(workspace.state_path()):
        assert str(hint("91.1")).startswith("Hint 1")


def test_exercises_that_do_not_fit_together_are_refused(course):
    assert registry.exercises() == ["91_trying_out"]
    assert list(registry.tasks("91_trying_out")) == ["91.1", "91.2", "91.3"]
    imports = "from funnelkit.exercises.kinds import *\nfrom funnelkit.exercises.tasks import *\n"
    begin = imports + "TASKS = ["
    task = 'Task("{}", "T", name="{}", kind=Number(), truth=int, section="Rates"),'
    faults = [
        ("92", "should begin with 92", task.format("91.1", "a")),
        ("93", "comes twice", task.format("93.1", "a") + task.format("93.1", "b")),
        ("94", "both use the name a", task.format("94.1", "a") + task.format("94.2", "a")),
    ]
    for number, fault, text in faults:
        (course / f"ex{number}_x.py").write_text(begin + text + "]")
        importlib.invalidate_caches()
        with pytest.raises(ValueError, match=fault):
            registry.tasks(f"{number}_x")


def test_a_check_is_quick(course):
    notebook = {"check": check, "the_rate": 0.3}
    eval('check("91.1")', notebook)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        eval('check("91.1")', notebook)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.2


class ThisPython(KernelSpecManager):
    """Knows one kernel, the Python that runs the tests, whatever else the machine has."""

    def get_kernel_spec(self, kernel_name):
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


def run_in_a_kernel(course, cells):
    """Run cells in a kernel of their own; return the outputs of each."""
    start = (
        f"from funnelkit.exercises import answers, checks\nchecks.__path__[:] = [{str(course)!r}]\n"
        "from funnelkit.exercises.answers import collecting\ncollecting.SECONDS = 0.5\n"
        "from funnelkit.checking import check, hint, progress"
    )
    cells = [nbformat.v4.new_code_cell(cell) for cell in [start, *cells]]
    notebook = nbformat.v4.new_notebook(cells=cells)
    manager = AsyncKernelManager(kernel_spec_manager=ThisPython())
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=60,
        resources={"metadata": {"path": str(ROOT)}},
        allow_errors=True,
    )
    client.owns_km = True  # else it leaves the kernel running
    client.execute()
    return [cell.outputs for cell in notebook.cells[1:]]


def test_in_a_real_kernel(course):
    cells = [
        'check("91.1")',
        'the_rate = 20.31\ncheck("91.1")',
        "def double(n):\n    while True:\n        print(n)",
        'check("91.2")',
        "def double(n):\n    return n['a']",
        'check("91.2")',
        'hint("91.1")',
        "import sys\nsorted({'scipy', 'sklearn', 'matplotlib', 'statsmodels'} & set(sys.modules))",
    ]
    outputs = run_in_a_kernel(course, cells)
    assert [len(out) for out in outputs] == [1, 1, 0, 1, 0, 1, 1, 1]
    assert {out[0]["output_type"] for out in outputs if out} == {"execute_result"}
    said = [out[0]["data"]["text/plain"] for out in outputs if out]
    assert "There is no `the_rate` yet." in said[0]
    assert "You gave 20.31, which looks like a percentage" in said[1]
    assert "`double(1)` did not come to an end within 0.5 seconds." in said[2]
    assert "TypeError: 'int' object is not subscriptable, in the line `return n['a']`" in said[3]
    assert "Hint 1 of 3" in said[4]
    assert outputs[0][0]["data"]["text/html"].startswith("<div style=")
    assert said[5] == "[]"


# What a cell says, in order, wherever in it that is asked for.
ANYWHERE = {
    'check("91.1")\nx = 1': ["There is no `the_rate`"],
    'result = check("91.1")': ["There is no `the_rate`"],
    'check("91.1");': ["There is no `the_rate`"],
    'check("91.1")\ncheck("91.2")': ["There is no `the_rate`", "There is no `double`"],
    'check("91.1").status': ["not attempted", "There is no `the_rate`"],
    'if True:\n    hint("91.1")\n    hint("91.1")': ["Hint 1 of 3", "Hint 2 of 3"],
    'hint("91.1")\n1 / 0': ["ZeroDivisionError", "Hint 3 of 3"],
    'print(check("91.1"))': ["There is no `the_rate`"],
    'shown = repr(hint("91.1"))': [],
    "the_rate = 1": [],
}


def test_what_a_check_says_is_shown_wherever_in_a_cell_it_is_called(course):
    outputs = run_in_a_kernel(course, list(ANYWHERE))
    for (cell, expected), found in zip(ANYWHERE.items(), outputs, strict=True):
        said = [str(out.get("data", out)) for out in found]
        assert len(said) == len(expected), cell
        assert all(map(str.__contains__, said, expected)), (cell, said)


def test_importing_is_light():
    code = (
        "import sys, funnelkit.checking; "
        "print({'IPython', 'scipy', 'sklearn', 'matplotlib', 'statsmodels'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_values_in_words():
    assert kinds.shown(pd.Series(range(99))).endswith("…")
    assert kinds.shown(steps()) == "a table of 4 rows"
    assert kinds.shown(1e-7) == "1e-07"
    assert kinds.count(1, "row") == "1 row" and kinds.count(2, "entry") == "2 entries"


def test_one_entry_is_expected_and_two_are():
    one, two = List(Number()), [0.2, 0.6]
    assert str(one.difference(two, [0.2], "`x`")) == "`x` has 2 entries; 1 is expected."
    assert str(one.difference([0.2], two, "`x`")) == "`x` has 1 entry; 2 are expected."
