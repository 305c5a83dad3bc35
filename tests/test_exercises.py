"""Exercises: the learner's notebooks, and proofs that each task keeps its promises.

First the course's own. Then a small exercise that breaks no rule; faults are planted in it, and
each must be refused.
"""

import copy
import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from funnelkit.exercises import checks, registry
from tools import exercise_rules as rules
from tools import notebook_model, rules_course, rules_form
from tools import notebooks as tool

ROOT = Path(__file__).resolve().parent.parent


COURSE = notebook_model.read_course(ROOT)
EVERY = rules.read_exercises(COURSE)
EXERCISES = [pytest.param(exercise, id=exercise.stem) for exercise in EVERY]
LEARNERS = [pytest.param(e, id=e.stem) for e in EVERY if not e.in_lesson]


# ---------------------------------------------------------------------------------------------
# The course's own exercises
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", EXERCISES)
def test_exercise_keeps_the_rules(exercise):
    assert [str(problem) for problem in rules.problems(exercise, COURSE)] == []


def test_every_task_has_its_notebook():
    assert [str(p) for p in rules.check_exercises_complete(COURSE, EVERY)] == []
    assert {exercise.stem for exercise in EVERY} == set(registry.exercises())


def test_every_task_keeps_its_promises():
    """In a process of its own, since a notebook may change settings of pandas and matplotlib."""
    command = [sys.executable, "-m", "tools.notebooks", "prove"]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT)
    assert (run.returncode, run.stderr) == (0, ""), run.stdout + run.stderr
    for stem in registry.exercises():
        assert f"{stem}: {len(registry.tasks(stem))} tasks, 0 problems" in run.stdout


@pytest.mark.parametrize("exercise", LEARNERS)
def test_untouched_notebook_runs_and_nothing_is_attempted(exercise):
    node = tool.executed(copy.deepcopy(exercise.learners.node), exercise.learners.path.parent)
    assert cards(node) == [f"○ {id_} · {t.title}" for id_, t in exercise.tasks.items()]


def cards(node):
    """Return sign, number and title of each check in the outputs of a notebook."""
    texts = [
        output.data["text/plain"]
        for cell in node.cells
        for output in cell.get("outputs", [])
        if "text/plain" in output.get("data", {})
    ]
    heads = [re.match(r"[✓✗○] \d+\.\d+ · .+(?= · )", text) for text in texts]
    return [head[0] for head in heads if head]


# ---------------------------------------------------------------------------------------------
# A small exercise that breaks no rule
# ---------------------------------------------------------------------------------------------

STEM = "91_trying_out"
INFO = {"title": "Trying out", "minutes": [5, 10], "lesson": "91"}

MODULE = '''
"""Tasks of exercise 91: trying out."""

from funnelkit.exercises.kinds import Function, Number, Text
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

TASKS = [
    Task(
        "91.1",
        "A rate",
        name="lead_rate",
        kind=Number(unit="fraction", decimals=4),
        truth=lambda: 203 / 1000,
        section="Rates",
        hints=["Divide."],
        mistakes=[
            percent_for_fraction(),
            Mistake("events-for-users", lambda: 0.31, "You counted events; {value} is too much."),
        ],
    ),
    Task(
        "91.2",
        "A rate that may be empty",
        name="rate",
        kind=Function(Number(decimals=4), calls=[(1, 4), (0, 0)]),
        truth=lambda converted, visitors: converted / visitors if visitors else 0.0,
        section="Rates",
        mistakes=[Mistake("no-visitors", lambda a, b: a / b, "It divides by zero.")],
    ),
    Task(
        "91.3",
        "The step to work on",
        name="weakest",
        kind=Text(choices=["lead", "customer"]),
        truth=lambda: "lead",
        section="Rates",
    ),
]
'''

OPENING = """# 📝 Exercise 91 · Trying out

These three tasks take 5–10 minutes. See [the lesson](../../notebooks/91_trying_out.ipynb#Rates)."""

SETUP = """import funnelkit
from funnelkit.checking import check, hint

visitors = 1000
visitors"""

RATE = """# Use the count of leads.
### BEGIN SOLUTION
leads = 203
lead_rate = leads / visitors
### END SOLUTION

check("91.1")"""

DOCSTRING = '"""Return the share who converted, 0 where there is nobody."""'

FUNCTION = f"""def rate(converted, visitors):
    {DOCSTRING}
    ### BEGIN SOLUTION
    if visitors == 0:
        return 0.0
    return converted / visitors
    ### END SOLUTION


check("91.2")"""

WEAKEST = """### BEGIN SOLUTION
weakest = min({"lead": 0.2, "customer": 0.5}, key=len)
### END SOLUTION

check("91.3")"""


def markdown(name, source, **metadata):
    return {"cell_type": "markdown", "id": name, "metadata": metadata, "source": source}


def code(name, source, *outputs, **metadata):
    cell = {"cell_type": "code", "id": name, "metadata": metadata, "source": source}
    return {**cell, "execution_count": None, "outputs": list(outputs)}


def shown(text):
    data = {"text/plain": text}
    return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": None}


def card(id_, title):
    return shown(f"✓ {id_} · {title} · right\n`x` is what was asked for.")


TASK_1 = """## 91.1 · A rate

Of 1,000 visitors 203 left an address. Assign their share to `lead_rate`, as a fraction."""

TASK_2 = """## 91.2 · A rate that may be empty

Write `rate(converted, visitors)`."""

TASK_3 = """## 91.3 · The step to work on

Assign its name to `weakest`."""


def small_solution():
    """Return the solution of a small exercise, as a list of cells."""
    only_here = {"funnelkit": {"solution": True}}
    return [
        markdown("title", OPENING),
        code("setup", SETUP, shown("1000")),
        markdown("task-1", TASK_1),
        code("answer-1", RATE, card("91.1", "A rate")),
        markdown("why", "Those who left none belong below the line.", **only_here),
        markdown("task-2", TASK_2),
        code("answer-2", FUNCTION, card("91.2", "A rate that may be empty")),
        markdown("task-3", TASK_3),
        code("answer-3", WEAKEST, card("91.3", "The step to work on")),
        markdown("end", "## 🧭 What now\n\nFix the form."),
    ]


LESSON = [
    markdown("a", "# 91 · Trying out\n\n## Rates\n\nA **visitor** visits."),
    code("b", "import funnelkit"),
]


def written(cells, info):
    """Return a notebook's text, as if it had been rendered."""
    cells, count = copy.deepcopy(cells), 0
    for cell in cells:
        if cell["cell_type"] == "code":
            count += 1
            cell["execution_count"] = count
            for output in cell["outputs"]:
                output["execution_count"] = count
    notebook = {"cells": cells, "metadata": {"funnelkit": info}, "nbformat": 4, "nbformat_minor": 5}
    return notebook_model.written(notebook_model.normalised(nbformat.from_dict(notebook)))


class Small:
    """A course of one lesson and one exercise in a folder of its own."""

    def __init__(self, root):
        self.root, self.modules = root, root / "funnelkit"
        for folder in ("notebooks", "exercises/solutions", "docs", "datasets", "funnelkit"):
            (root / folder).mkdir(parents=True)
        self.put("README.md", "# Funnelkit\n\n<!-- course-map:start --><!-- course-map:end -->\n")
        self.put("docs/references.md", "# References\n")
        self.put(
            "datasets/glossary.csv",
            "id,term,chinese,meaning\nvisitor,visitor,访客,One.\nlead,lead,线索,Two.\n",
        )
        self.put("datasets/events.csv", "")
        lesson = {"title": "Trying out", "minutes": [20, 30], "teaches": ["visitor"], "core": []}
        self.put(f"notebooks/{STEM}.ipynb", written(LESSON, {**lesson, "needs": [], "data": []}))
        self.put_module(MODULE)
        self.put_solution(small_solution())

    def put(self, name, text):
        (self.root / name).write_text(text, encoding="utf-8")

    def put_module(self, text):
        """Write the tasks anew; Python must not take the old ones from its memory."""
        folder = self.modules / f"checks{len(list(self.modules.iterdir()))}"
        folder.mkdir()
        (folder / f"ex{STEM}.py").write_text(text, encoding="utf-8")
        checks.__path__[:] = [str(folder)]
        sys.modules.pop(f"funnelkit.exercises.checks.ex{STEM}", None)
        importlib.invalidate_caches()

    def put_solution(self, cells, info=INFO):
        self.put(f"exercises/solutions/{STEM}.ipynb", written(cells, info))

    def make(self):
        """Write what is generated, as an author does; return the command's exit status."""
        course = self.course
        tool.navigation(course, rules.read_exercises(course))
        return tool.exercises_written(course, rules.read_exercises(course))

    @property
    def course(self):
        return notebook_model.read_course(self.root)

    @property
    def exercises(self):
        return rules.read_exercises(self.course)

    @property
    def learners(self):
        return self.root / "exercises" / f"{STEM}.ipynb"

    def problems(self):
        """Return what `notebooks.py check` would find."""
        course, [exercise] = self.course, self.exercises
        found = [*rules.problems(exercise, course), *tool.course_problems(course, [exercise])]
        return [str(problem) for problem in found]

    def proofs(self):
        [exercise] = self.exercises
        return [str(problem) for problem in rules.proofs(exercise)]


@pytest.fixture
def unmade(tmp_path, monkeypatch, request):
    """Return the small course before anything is made from it.

    Ruff, which is slow to start, runs only where it has something to say.
    """
    if "ruff" not in request.node.name:
        silent = subprocess.CompletedProcess([], 0, stdout="", stderr="")
        monkeypatch.setattr(rules_form, "_ruff", lambda arguments, nb: silent)
    monkeypatch.setattr(checks, "__path__", list(checks.__path__))
    yield Small(tmp_path)
    sys.modules.pop(f"funnelkit.exercises.checks.ex{STEM}", None)


@pytest.fixture
def small(unmade):
    assert unmade.make() == 0
    return unmade


def cell_of(cells, name):
    return next(cell for cell in cells if cell["id"] == name)


def test_the_small_exercise_breaks_no_rule_not_even_of_ruff(small):
    assert small.problems() == []
    assert small.proofs() == []


def test_the_learners_notebook(small):
    node = nbformat.read(small.learners, as_version=4)
    sources = {cell.id: cell.source for cell in node.cells}
    line = f"[← 91 Trying out](../notebooks/{STEM}.ipynb)"
    assert list(sources) == [
        *("navigation-top", "title", "setup", "task-1", "answer-1", "task-2", "answer-2"),
        *("task-3", "answer-3", "end", "navigation-bottom"),
    ]
    assert sources["navigation-top"] == line
    assert sources["navigation-bottom"] == f"---\n\n{line}"
    assert "[the lesson](../notebooks/91_trying_out.ipynb#Rates)" in sources["title"]
    assert sources["answer-1"] == '# Use the count of leads.\nlead_rate = ...\n\ncheck("91.1")'
    assert sources["answer-2"] == (
        f'def rate(converted, visitors):\n    {DOCSTRING}\n    ...\n\n\ncheck("91.2")'
    )
    assert sources["answer-3"] == 'weakest = ...\n\ncheck("91.3")'
    assert all(c.outputs == [] and c.execution_count is None for c in node.cells if "outputs" in c)
    assert node.metadata.funnelkit == INFO


def test_the_same_solution_makes_the_same_bytes(small, capsys):
    first = small.learners.read_bytes()
    assert b"\r" not in first and first.endswith(b"}\n")
    assert small.make() == 0
    assert "1 exercises, 0 files changed, 0 failed" in capsys.readouterr().out
    small.learners.unlink()
    assert small.make() == 0
    assert small.learners.read_bytes() == first


def test_lesson_and_exercise_lead_to_each_other(small):
    [lesson] = small.course.lessons
    assert lesson.cells[0].source == f"[📝 Exercise](../exercises/{STEM}.ipynb)"
    assert list(rules_course.check_links(lesson, small.course)) == []
    solution = small.exercises[0].solution
    assert solution.cells[0].source == f"[← 91 Trying out](../../notebooks/{STEM}.ipynb)"


def test_tasks_may_stand_in_a_lesson_stored_solved(small):
    cells = [*LESSON, *copy.deepcopy(small_solution())[2:4]]
    cells.insert(2, code("c", "from funnelkit.checking import check, hint\n\nvisitors = 1000"))
    cell_of(cells, "answer-1")["source"] = 'lead_rate = 203 / visitors\n\ncheck("91.1")'
    for path in (small.root / "exercises").rglob("*.ipynb"):
        path.unlink()
    first_task_only = MODULE[: MODULE.index('    Task(\n        "91.2"')] + "]"
    small.put_module(first_task_only)
    lesson = {"title": "Trying out", "minutes": [20, 30], "teaches": ["visitor"], "core": []}
    info = {**lesson, "needs": [], "data": []}
    small.put(f"notebooks/{STEM}.ipynb", written(cells, info))
    small.make()
    [exercise] = small.exercises
    assert exercise.in_lesson and list(exercise.tasks) == ["91.1"]
    assert small.problems() == []
    assert small.proofs() == []
    cell_of(cells, "answer-1")["source"] = 'lead_rate = 303 / visitors\n\ncheck("91.1")'
    small.put(f"notebooks/{STEM}.ipynb", written(cells, info))
    assert any("91.1: the solution is wrong" in problem for problem in small.proofs())


# ---------------------------------------------------------------------------------------------
# Faults, planted one by one
# ---------------------------------------------------------------------------------------------


def edit(name, old, new):
    def plant(cells, info):
        cell = cell_of(cells, name)
        assert old in cell["source"], (name, old)
        cell["source"] = cell["source"].replace(old, new, 1)

    return plant


def put(at, *new):
    def plant(cells, info):
        index = cells.index(cell_of(cells, at))
        cells[index:index] = new

    return plant


def remove(name):
    return lambda cells, info: cells.remove(cell_of(cells, name))


def says(**values):
    return lambda cells, info: info.update(values)


def output(name, text):
    def plant(cells, info):
        cell_of(cells, name)["outputs"] = [shown(text)]

    return plant


def after(name, text):
    def plant(cells, info):
        cell_of(cells, name)["source"] += text

    return plant


FAULTS = {
    # a solution that leaks
    "answer before its markers": (
        edit("answer-1", "# Use the count of leads.", "lead_rate = leads / visitors"),
        "the solution of 91.1 is told: leads / visitors",
    ),
    "answer in a given cell": (
        edit("setup", "visitors = 1000\n", "visitors, leads = 1000, 203\nleads / visitors\n"),
        "the solution of 91.1 is told: leads / visitors",
    ),
    "function in a given cell": (
        put("task-2", code("x", "def f(converted, visitors):\n    return converted / visitors")),
        "the solution of 91.2 is told: converted / visitors",
    ),
    "answer in the words": (
        after("task-1", " Type `leads / visitors`."),
        "the solution of 91.1 is told: leads / visitors",
    ),
    "markers that do not match": (
        edit("answer-1", "### END SOLUTION", "### END OF SOLUTION"),
        "does not stand between one ### BEGIN SOLUTION and one ### END SOLUTION",
    ),
    "two blocks": (
        edit("answer-1", "\ncheck", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n\ncheck"),
        "does not stand between one ### BEGIN SOLUTION and one",
    ),
    "a solution without a check": (
        put("end", code("x", "### BEGIN SOLUTION\ny = 1\n### END SOLUTION")),
        "a solution outside of an answer cell",
    ),
    # the form of an answer cell
    "an answer by another name": (
        edit("answer-1", "lead_rate =", "other ="),
        "the solution does not assign `lead_rate = …`",
    ),
    "no docstring": (
        edit("answer-2", f"    {DOCSTRING}\n", ""),
        "`rate` has more, or less, than a docstring outside of the solution",
    ),
    "half of a body": (
        edit(
            "answer-2",
            "    return converted / visitors\n    ### END SOLUTION",
            "    ### END SOLUTION\n    return converted / visitors",
        ),
        "`rate` has more, or less, than a docstring outside of the solution",
    ),
    "another function": (
        edit("answer-2", "def rate(", "def ratio("),
        "the indented solution is not the body of a function `rate`",
    ),
    "no check": (edit("answer-1", '\n\ncheck("91.1")', ""), "0 cells check the task"),
    "a check too early": (
        edit("answer-1", "# Use", 'check("91.1")\n# Use'),
        "1 cells check the task",
    ),
    "another task's check": (edit("answer-1", '("91.1")', '("91.2")'), "1 cells check the task"),
    "words after the check": (
        edit("answer-1", 'check("91.1")', 'check("91.1")\nprint("done")'),
        "the cell does not end with its check",
    ),
    "a check elsewhere": (
        put("end", markdown("x", "## More"), code("y", 'check("91.3")')),
        "check('91.3') is called outside of its task",
    ),
    "the name assigned again": (
        put("end", code("x", "weakest = None")),
        "`weakest` is assigned outside of the answer to 91.3",
    ),
    # tasks and checks
    "a task left out": (
        lambda cells, info: [remove(name)(cells, info) for name in ("task-3", "answer-3")],
        "the tasks are 91.1, 91.2; in funnelkit/checks/ex91_trying_out.py they are 91.1, 91.2, 9",
    ),
    "another title": (
        edit("task-1", "A rate", "The rate"),
        "the heading says 'The rate', the check 'A rate'",
    ),
    "an unnamed answer": (edit("task-1", "`lead_rate`", "it"), "does not name its answer"),
    "hint called": (put("end", code("x", 'hint("91.1")')), "the code calls hint()"),
    "progress called": (put("end", code("x", "progress()")), "the code calls progress()"),
    "not rendered right": (
        output("answer-1", "✗ 91.1 · A rate · not right yet\nIt is too small."),
        "does not say that 91.1 is right, but: ✗ 91.1 · A rate · not right yet",
    ),
    "not rendered": (lambda cells, info: cell_of(cells, "answer-1").update(outputs=[]), "nothing"),
    # the whole
    "another heading": (edit("title", "# 📝 Exercise", "# Exercise"), "not open with its title"),
    "a second title": (after("end", "\n\n# More"), "a second title, 'More'"),
    "other minutes": (edit("title", "5–10", "5-10"), "does not say 5–10 minutes"),
    "minutes reversed": (says(minutes=[10, 5]), "the metadata's minutes are [10, 5]"),
    "a key too many": (says(core=[]), "the metadata says core, lesson, minutes, title"),
    "another lesson": (says(lesson="02"), "the metadata's lesson is '02', the file's is '91'"),
    "not the lesson's title": (says(title="Rates"), "is not the lesson's, 'Trying out'"),
    "no hint to call": (
        edit("setup", "check, hint", "check"),
        "the learner is not given check and hint",
    ),
    "an unknown import": (
        edit("setup", "import funnelkit\n", "import math\n\nimport funnelkit\n"),
        "no lesson up to here imports math as math",
    ),
    "an import by another name": (
        edit("setup", "import funnelkit\n", "import funnelkit as fk\n"),
        "no lesson up to here imports funnelkit as fk",
    ),
    "an unknown table": (
        edit("setup", "visitors = 1000", 'events = funnelkit.load("events")\nvisitors = 1000'),
        "the table 'events' is loaded before a lesson introduces it",
    ),
    "an untaught term": (after("end", " **Lead** is a word."), "the term 'lead' is bold"),
    "unformatted code, ruff": (edit("answer-1", "lead_rate = ", "lead_rate="), "ruff would format"),
    "a typo, ruff": (edit("answer-1", "leads / visitors", "leads / visitor"), "ruff: F821"),
    "a dead link": (
        after("end", " [There](../../notebooks/92_x.ipynb)"),
        "there is no such file",
    ),
    "a number not in the output": (
        edit("why", "none", "none, 55 of them,"),
        "(why): the number 55 is in no output of the task's section",
    ),
    "a rate that no output shows": (
        edit("task-3", "Assign", "Of the leads 25 % buy. Assign"),
        "(task-3): the number 25 is in no output of the task's section",
    ),
    "not executed": (None, "execution count None, not 2"),
}


@pytest.mark.parametrize(("plant", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_planted_fault_is_found(unmade, plant, message):
    cells, info = small_solution(), dict(INFO)
    if plant:
        plant(cells, info)
    unmade.put_solution(cells, info)
    unmade.make()
    if plant is None:
        path = unmade.exercises[0].solution.path
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('count": 2', 'count": null'), encoding="utf-8")
    found = unmade.problems()
    assert any(message in problem for problem in found), found


PRINTED = {"name": "stdout", "output_type": "stream", "text": "0.2"}

STALE = {
    "a solution left in": lambda text: text.replace(
        '"lead_rate = ...\\n"', '"lead_rate = 203 / visitors\\n"'
    ),
    "an output left in": lambda text: text.replace(
        '"outputs": []', f'"outputs": [{json.dumps(PRINTED)}]', 1
    ),
    "a marker left in": lambda text: text.replace("# Use", "### BEGIN SOLUTION\\n# Use"),
    "another id": lambda text: text.replace('"task-1"', '"task-one"'),
    "Windows line ends": lambda text: text.replace("\\n", "\\r\\n"),
    "no last line end": str.rstrip,
}


@pytest.mark.parametrize("change", STALE.values(), ids=STALE.keys())
def test_learners_notebook_that_was_changed_by_hand_is_refused(small, change):
    text = small.learners.read_text(encoding="utf-8")
    assert change(text) != text
    small.put(f"exercises/{STEM}.ipynb", change(text))
    assert any("is not what the solution makes it" in problem for problem in small.problems())
    small.make()
    assert small.problems() == []


def test_missing_and_stray_notebooks_are_found(small):
    small.learners.rename(small.learners.with_name("92_stray.ipynb"))
    found = "\n".join(small.problems())
    assert "the learner's notebook is missing" in found
    assert "exercises/92_stray.ipynb: there is no solution from which it is made" in found
    small.exercises[0].solution.path.unlink()
    found = [str(p) for p in tool.course_problems(small.course, small.exercises)]
    assert any("no notebook holds the tasks of ex91_trying_out.py" in problem for problem in found)


PROOFS = {
    "a broken solution": (
        edit("answer-1", "leads / visitors", "leads / visitor"),
        None,
        "ended in NameError: name 'visitor' is not defined",
    ),
    "a wrong solution": (
        edit("answer-1", "leads = 203", "leads = 205"),
        None,
        "91.1: the solution is wrong",
    ),
    "a solution by a known mistake": (
        edit("answer-2", "if visitors == 0:\n        return 0.0\n    ", ""),
        None,
        "91.2: the solution is wrong: It divides by zero.",
    ),
    "a stub that passes": (
        put("end", code("x", "globals()['lead_rate'] = 203 / 1000")),
        None,
        "91.1: the stub is right",
    ),
    "a stub that is wrong": (
        put("end", code("x", "weakest = 'customer'")),
        None,
        "91.3: the stub is wrong",
    ),
    "a given cell that needs an answer": (
        put("task-2", code("x", "round(lead_rate, 2)")),
        None,
        "cell 6 (x) ended in TypeError",
    ),
    "a mistake that passes": (
        None,
        lambda text: text.replace("lambda: 0.31", "lambda: 0.203"),
        "91.1: the mistake events-for-users passes as right",
    ),
    "a mistake without its message": (
        None,
        lambda text: text.replace("lambda: 0.31", "lambda: 20.3"),
        "91.1: the mistake events-for-users is not named; it is taken for: the mistake percent-for",
    ),
    "a wide tolerance": (
        None,
        lambda text: text.replace("decimals=4)", "tolerance=0.1)", 1),
        "91.1: the tolerance",
    ),
    "the number in the words": (
        after("end", " The share is 20.3 %."),
        None,
        "the words say 20.3, the answer to 91.1",
    ),
}


@pytest.mark.parametrize(("plant", "change", "message"), PROOFS.values(), ids=PROOFS.keys())
def test_proof_that_must_fail_fails(unmade, plant, change, message):
    cells, info = small_solution(), dict(INFO)
    if plant:
        plant(cells, info)
    if change:
        assert change(MODULE) != MODULE
        unmade.put_module(change(MODULE))
    unmade.put_solution(cells, info)
    unmade.make()
    found = unmade.proofs()
    assert any(message in problem for problem in found), found


def test_the_number_in_the_words_may_be_given(small):
    cells = small_solution()
    cell = cell_of(cells, "end")
    cell["source"] += " Once it was 20.3 %."
    cell["metadata"]["given"] = {"20.3": "the figure of last year"}
    small.put_solution(cells)
    small.make()
    assert small.problems() == small.proofs() == []
    assert "last year" not in small.learners.read_text(encoding="utf-8")


def test_prove_prints_what_it_finds(small, capsys, monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert tool.prove(small.exercises) == 0
    assert re.search(r"91_trying_out: 3 tasks, 0 problems, \d+\.\d s", capsys.readouterr().out)
    small.put_module(MODULE.replace("lambda: 0.31", "lambda: 0.203"))
    assert tool.prove(small.exercises) == 1
    assert "ex91_trying_out.py: 91.1: the mistake events-for-users" in capsys.readouterr().out


def test_a_solution_that_cannot_be_blanked_leaves_the_others_alone(small, capsys):
    cells = small_solution()
    edit("answer-1", "lead_rate =", "other =")(cells, INFO)
    before = small.learners.read_bytes()
    small.put_solution(cells)
    assert small.make() == 1
    said = capsys.readouterr().out
    assert f"exercises/solutions/{STEM}.ipynb: cell answer-1: the solution does not assign" in said
    assert small.learners.read_bytes() == before
