"""What an exercise must be, how the learner's notebook is made of it, and how its tasks are proven.

An exercise is written once, with its answers, in `exercises/solutions/NN_slug.ipynb`. The
learner's notebook, `exercises/NN_slug.ipynb`, is made of it by `notebooks.py exercises`.

The form of a solution
----------------------
The notebook's metadata says `funnelkit: {title, minutes, lesson}`, title and number being those of
its lesson. `notebooks.py navigation` writes the first cell. Then:

1. A cell that opens with `# 📝 Exercise NN · Title` and says the minutes (`20–30 minutes`), and the
   given cells, of which one holds `from funnelkit.checking import check, hint`.
2. For each task of `funnelkit/checks/exNN_slug.py`, in its order, a section: a Markdown cell that
   opens with `## N.k · Title` and names the variable in backticks; given cells, if need be; one
   answer cell.
3. Other sections may follow, with headings that have no task's number.

An answer cell ends with `check("N.k")` and holds one block of whole lines:

    ### BEGIN SOLUTION
    rate = 200 / 1000
    ### END SOLUTION

At the left margin the block assigns the task's variable, and the learner gets `rate = ...` in
its place. Indented, it is the body of the task's function below its docstring, and the learner gets
`...`. All outside the block is kept. A cell with the metadata `{"funnelkit": {"solution": true}}`
is the solution's only; the numbers in its words are in the task or in an output of its section.

Links are written as they are right in the solution's folder, `../../notebooks/…`.

Task 0.1 is in lesson 00 itself, which is stored solved.
"""

import ast
import contextlib
import io
import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from funnelkit.exercises import checks, registry
from funnelkit.exercises.kinds import Number
from funnelkit.exercises.proofs import prove
from funnelkit.exercises.tasks import Task
from tools.notebook_model import (
    Cell,
    Course,
    Notebook,
    Problem,
    normalised,
    parse,
    place,
    read,
    written,
)
from tools.notebook_text import headings, opening, python_tree
from tools.rules import SHARED_RULES
from tools.rules_course import check_links, loaded_tables, untaught_terms
from tools.rules_form import check_ruff
from tools.rules_prose import TASK_HEADING, occurs, only_in_solution, output_numbers, prose_numbers

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BLOCK = re.compile(rf"^([ \t]*){BEGIN}[ \t]*\n(.*?)^[ \t]*{END}[ \t]*$", re.DOTALL | re.MULTILINE)
EXERCISE_KEYS = {"title", "minutes", "lesson"}
SETUP = "from funnelkit.checking import check, hint"
GENERATE = "Run `python -m tools.notebooks exercises`"
NEVER_CALLED = ("hint", "progress")


# ---------------------------------------------------------------------------------------------
# Exercises
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exercise:
    """A notebook with solved tasks, its tasks by their ids, and the learner's notebook.

    `learners` is None where it is missing, and always for tasks that are in a lesson.
    """

    solution: Notebook
    tasks: dict[str, Task]
    learners: Notebook | None = None

    @property
    def stem(self) -> str:
        return self.solution.path.stem

    @property
    def in_lesson(self) -> bool:
        """Whether the tasks are in a lesson, as task 0.1 does."""
        return self.solution.path.parent.name != "solutions"


@dataclass(frozen=True)
class Part:
    """The section of one task."""

    id: str
    title: str
    cell: Cell
    cells: list[Cell] = field(default_factory=list)


def read_exercises(course: Course) -> list[Exercise]:
    """Read all exercises of a course, and the lessons that hold tasks themselves."""
    folder = course.root / "exercises"
    found = []
    for path in sorted((folder / "solutions").glob("*.ipynb")):
        other = folder / path.name
        there = read(other) if other.exists() else None
        found.append(Exercise(read(path), tasks_of(path.stem), there))
    solved = {exercise.stem for exercise in found}
    for nb in course.lessons:
        if nb.path.stem not in solved and any(checked(cell) for cell in nb.code):
            found.append(Exercise(nb, tasks_of(nb.path.stem)))
    return sorted(found, key=lambda exercise: exercise.stem)


def tasks_of(stem: str) -> dict[str, Task]:
    """Return the tasks of an exercise; none if there is no module for it."""
    return registry.tasks(stem) if stem in registry.exercises() else {}


def parts(nb: Notebook) -> list[Part]:
    """Return the sections of a notebook that belong to tasks."""
    found: list[Part] = []
    current = None
    for cell in nb.cells:
        heading = TASK_HEADING.match(cell.source) if cell.kind == "markdown" else None
        if heading:
            current = Part(heading[1], heading[2].strip(), cell)
            found.append(current)
        elif cell.kind == "markdown" and (cell.role or re.match(r"#{1,2} ", cell.source)):
            current = None
        elif current:
            current.cells.append(cell)
    return found


def checked(cell: Cell) -> list[str]:
    """Return the ids of the tasks that a code cell checks."""
    tree = python_tree(cell.source)
    return [
        str(call.args[0].value)
        for call in (ast.walk(tree) if tree else ())
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", getattr(call.func, "id", "")) == "check"
        and len(call.args) == 1
        and isinstance(call.args[0], ast.Constant)
    ]


def assigned(source: str) -> dict[str, list[ast.expr]]:
    """Return what is assigned to names by `name = …`, outside of functions."""
    tree = python_tree(source)
    found: dict[str, list[ast.expr]] = {}
    waiting: list[ast.AST] = list(tree.body) if tree else []
    while waiting:
        statement = waiting.pop(0)
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            continue
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(statement.value)
        waiting += [c for c in ast.iter_child_nodes(statement) if isinstance(c, ast.stmt)]
    return found


# ---------------------------------------------------------------------------------------------
# The learner's notebook
# ---------------------------------------------------------------------------------------------


def blanked(source: str, name: str) -> str:
    """Return the code of an answer cell with the blank in place of the solution.

    Raises
    ------
    ValueError
        If there is not exactly one block, or it does not answer in `name`.
    """
    found = list(BLOCK.finditer(source))
    marks = re.findall(r"^.*### ?(?:BEGIN|END) ?SOLUTION.*$", source, re.MULTILINE | re.IGNORECASE)
    if len(found) != 1 or len(marks) != 2:
        raise ValueError(f"the answer does not stand between one {BEGIN} and one {END}")
    indent, body = found[0].groups()
    if not indent:
        if name not in assigned(body):
            raise ValueError(f"the solution does not assign `{name} = …`")
        return BLOCK.sub(lambda match: f"{name} = ...", source)
    result = BLOCK.sub(lambda match: f"{indent}...", source)
    tree = python_tree(result)
    functions = [
        statement
        for statement in (tree.body if tree else ())
        if isinstance(statement, ast.FunctionDef) and statement.name == name
    ]
    if len(functions) != 1:
        raise ValueError(f"the indented solution is not the body of a function `{name}`")
    if ast.get_docstring(functions[0]) is None or len(functions[0].body) != 2:
        raise ValueError(f"`{name}` has more, or less, than a docstring outside of the solution")
    return result


def learners_notebook(exercise: Exercise) -> nbformat.NotebookNode:
    """Return the notebook that the learner gets.

    Raises
    ------
    ValueError
        If a solution cannot be taken out; the text names the cell.
    """
    node = normalised(exercise.solution.node)
    names = {}
    for part in parts(exercise.solution):
        for cell in part.cells:
            if part.id in checked(cell) and part.id in exercise.tasks:
                names[cell.id] = exercise.tasks[part.id].name
    cells = []
    for cell in node.cells:
        if only_in_solution(cell):
            continue
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if cell.id in names or "SOLUTION" in cell.source:
                try:
                    cell.source = blanked(cell.source, names.get(cell.id, ""))
                except ValueError as error:
                    raise ValueError(f"cell {cell.id}: {error}") from None
        else:
            cell.source = re.sub(r"(\]\(\s*<?|(?:href|src)=[\"'])\.\./", r"\1", cell.source)
        # The reasons for given numbers are the author's, and may tell the answer.
        cell.metadata.pop("given", None)
        cells.append(cell)
    node.cells = cells
    return normalised(node)


# ---------------------------------------------------------------------------------------------
# Rules
# ---------------------------------------------------------------------------------------------

Rule = Callable[[Exercise, Course], Iterator[Problem]]


def _problem(nb: Notebook, cell: Cell | None, what: str, do: str) -> Problem:
    return Problem(place(nb), what, do, cell)


def lesson_of(exercise: Exercise, course: Course) -> Notebook | None:
    """Return the lesson of the same name."""
    return next((nb for nb in course.lessons if nb.path.stem == exercise.stem), None)


def check_exercise_metadata(exercise: Exercise, course: Course) -> Iterator[Problem]:
    """The metadata says title, minutes and lesson, and nothing else."""
    nb, lesson = exercise.solution, lesson_of(exercise, course)
    info = nb.info
    if set(info) != EXERCISE_KEYS:
        names = ", ".join(sorted(info)) or "nothing"
        do = "Write title, minutes and lesson under `funnelkit`"
        yield _problem(nb, None, f"the metadata says {names}", do)
    minutes = info.get("minutes", [1, 2])
    whole = isinstance(minutes, list) and all(type(number) is int for number in minutes)
    if not (whole and len(minutes) == 2 and 0 < minutes[0] < minutes[1]):
        what = f"the metadata's minutes are {minutes!r}"
        yield _problem(nb, None, what, "Write [low, high] in whole minutes, low first")
    if info.get("lesson") != nb.number:
        what = f"the metadata's lesson is {info.get('lesson')!r}, the file's is {nb.number!r}"
        yield _problem(nb, None, what, "Make them the same")
    if lesson is None:
        yield _problem(nb, None, "there is no lesson of this name", "Rename the exercise")
    elif nb.title != lesson.title:
        what = f"the title {nb.title!r} is not the lesson's, {lesson.title!r}"
        yield _problem(nb, None, what, "Make them the same")


def check_exercise_opening(exercise: Exercise, course: Course) -> Iterator[Problem]:
    """Heading, minutes, and the functions that the learner needs come first."""
    nb = exercise.solution
    cells = opening(nb)
    heading = f"# 📝 Exercise {nb.number} · {nb.title}"
    if not cells or cells[0].source.splitlines()[0] != heading:
        cell = cells[0] if cells else None
        yield _problem(nb, cell, "the exercise does not open with its title", f"Write `{heading}`")
    for level, title, cell, _ in headings(nb):
        if level == 1 and cells and cell is not cells[0]:
            yield _problem(nb, cell, f"a second title, {title!r}", "Use ## for a section")
    minutes = nb.info.get("minutes", [])
    said = "\n".join(cell.source for cell in cells)
    if len(minutes) == 2 and f"{minutes[0]}–{minutes[1]} minutes" not in said:
        what = f"the opening does not say {minutes[0]}–{minutes[1]} minutes"
        yield _problem(nb, None, what, "Say it as in the metadata, with an en dash")
    tasks = parts(nb)
    last = tasks[0].cell.number if tasks else len(nb.cells) + 1
    given = {name for cell in nb.code if cell.number < last for name in imports(cell)}
    if not {"funnelkit.checking.check", "funnelkit.checking.hint"} <= given:
        what = "the learner is not given check and hint before the first task"
        yield _problem(nb, None, what, f"Write `{SETUP}` into a cell")


def check_task_sections(exercise: Exercise, course: Course) -> Iterator[Problem]:
    """Each task of the checks has its section, in order, with one answer cell."""
    nb, tasks = exercise.solution, exercise.tasks
    module = f"funnelkit/checks/ex{exercise.stem}.py"
    if not tasks:
        yield _problem(nb, None, "the exercise has no tasks", f"Declare them in {module}")
        return
    sections = parts(nb)
    if [part.id for part in sections] != list(tasks):
        there = ", ".join(part.id for part in sections) or "none"
        what = f"the tasks are {there}; in {module} they are {', '.join(tasks)}"
        yield _problem(nb, None, what, "Make them the same, in the same order")
    answers = set()
    for part in sections:
        task = tasks.get(part.id)
        if task is None:
            continue
        if part.title != task.title:
            what = f"the heading says {part.title!r}, the check {task.title!r}"
            yield _problem(nb, part.cell, what, "Make them the same")
        text = [part.cell.source, *(c.source for c in part.cells if c.kind == "markdown")]
        if f"`{task.name}" not in "\n".join(text):
            what = f"the task does not name its answer, `{task.name}`"
            yield _problem(nb, part.cell, what, "Name it in backticks, as what to assign or write")
        own = [cell for cell in part.cells if cell.kind == "code" and checked(cell)]
        if len(own) != 1 or checked(own[0]) != [part.id]:
            what = f"{len(own)} cells check the task"
            yield _problem(nb, part.cell, what, f'Give it one cell, with one check("{part.id}")')
            continue
        answers.add(own[0].id)
        yield from _answer_problems(exercise, task, own[0])
    for cell in nb.code:
        if cell.id in answers:
            continue
        if checked(cell):
            what = f"check({checked(cell)[0]!r}) is called outside of its task"
            yield _problem(nb, cell, what, "Move it below the task's heading")
        if re.search(r"(?:BEGIN|END) ?SOLUTION", cell.source):
            what = "a solution outside of an answer cell"
            yield _problem(nb, cell, what, "Move it into the cell that checks the task")


def _answer_problems(exercise: Exercise, task: Task, cell: Cell) -> Iterator[Problem]:
    """Yield what is wrong with an answer cell."""
    nb = exercise.solution
    last = cell.source.rstrip().splitlines()[-1]
    if last != f'check("{task.id}")':
        do = f'Write check("{task.id}") alone in its last line'
        yield _problem(nb, cell, "the cell does not end with its check", do)
    others = [c for c in nb.code if c.id != cell.id and task.name in assigned(c.source)]
    for other in others:
        what = f"`{task.name}` is assigned outside of the answer to {task.id}"
        yield _problem(nb, other, what, "Use another name there")
    if exercise.in_lesson:
        if BEGIN in cell.source:
            what = "a solution is marked, and lessons are stored solved"
            yield _problem(nb, cell, what, "Remove the markers")
        return
    try:
        blanked(cell.source, task.name)
    except ValueError as error:
        yield _problem(nb, cell, str(error), "See the form in tools/exercise_rules.py")


def check_solved(exercise: Exercise, course: Course) -> Iterator[Problem]:
    """The stored output of each check says that the answer is right."""
    nb = exercise.solution
    for part in parts(nb):
        for cell in part.cells:
            if part.id in checked(cell) and not cell.text.lstrip().startswith(f"✓ {part.id} ·"):
                cards = re.findall(r"^[✗○] .*$", cell.text, re.MULTILINE) or ["nothing"]
                what = f"the stored check does not say that {part.id} is right, but: {cards[0]}"
                yield _problem(nb, cell, what, f"Fix the answer, then render {nb.number}")


def check_calls(exercise: Exercise, course: Course) -> Iterator[Problem]:
    """Stored notebooks never call hint() or progress(), whose outputs differ from day to day."""
    nb = exercise.solution
    for cell in nb.code:
        tree = python_tree(cell.source)
        for call in ast.walk(tree) if tree else ():
            if isinstance(call, ast.Call):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                if name in NEVER_CALLED:
                    what = f"the code calls {name}()"
                    yield _problem(nb, cell, what, "Leave it to the learner; tell of it in words")


def check_told_numbers(exercise: Exercise, course: Course) -> Iterator[Problem]:
    """Numbers in the words of a task are true.

    A rate or another decimal number in a task's text is in an output of its section. What only
    the solution says, has its numbers from the task's text or from there. Either may be given.
    """
    nb = exercise.solution
    for part in parts(nb):
        known = {n for cell in part.cells for n in output_numbers(cell.text)}
        told, _ = prose_numbers(part.cell.source)
        claims = [(part.cell, known, [n for n in told if n.decimals or n.percent])]
        for cell in part.cells:
            if cell.kind == "markdown" and only_in_solution(cell):
                there = known | {number.value for number in told}
                claims.append((cell, there, prose_numbers(cell.source)[0]))
        for cell, there, numbers in claims:
            given = {re.sub(r"[,\s%]", "", key) for key in cell.metadata.get("given", {})}
            for number in numbers:
                if not occurs(number, there) and number.text.replace(",", "") not in given:
                    what = f"the number {number.text} is in no output of the task's section"
                    do = "Show it there, correct it, or give its reason in the cell's `given`"
                    yield _problem(nb, cell, what, do)


def imports(cell: Cell) -> dict[str, str]:
    """Return what a code cell imports, with dots, and the names that it gets."""
    tree = python_tree(cell.source)
    found = {}
    for statement in ast.walk(tree) if tree else ():
        if isinstance(statement, ast.Import | ast.ImportFrom):
            before = f"{statement.module}." if isinstance(statement, ast.ImportFrom) else ""
            for alias in statement.names:
                found[before + alias.name] = alias.asname or alias.name
    return found


def check_known(exercise: Exercise, course: Course) -> Iterator[Problem]:
    """An exercise uses only imports, tables and terms that lessons up to its own have shown."""
    nb = exercise.solution
    lessons = [other for other in course.lessons if other.number <= nb.number]
    known = {name: own for other in lessons for c in other.code for name, own in imports(c).items()}
    tables = {name for other in lessons for name in other.info.get("data", [])}
    taught = {name for other in lessons for name in other.info.get("teaches", [])}
    for cell in nb.code:
        for name, own in imports(cell).items():
            if (
                name.startswith(("funnelkit.checking.", "funnelkit.exercises."))
                or known.get(name) == own
            ):
                continue
            what = f"no lesson up to here imports {name} as {own}"
            yield _problem(nb, cell, what, "Import what the lessons import, by the same name")
        for name in loaded_tables(cell):
            if name not in tables:
                what = f"the table {name!r} is loaded before a lesson introduces it"
                yield _problem(nb, cell, what, "Use a table that the lessons have shown")
    for cell, phrase, _ in untaught_terms(nb, course, taught):
        what = f"the term {phrase!r} is bold, and no lesson up to here teaches it"
        yield _problem(nb, cell, what, "Use no bold, or no such term")


def check_learners(exercise: Exercise, course: Course) -> Iterator[Problem]:
    """The learner's notebook is what the solution makes it; it is lint-clean and its links hold."""
    path = course.root / "exercises" / exercise.solution.path.name
    try:
        expected = learners_notebook(exercise)
    except ValueError as error:
        what = f"no learner's notebook can be made: {error}"
        yield _problem(exercise.solution, None, what, "Fix the cell")
        return
    made = parse(written(expected), path)
    there = exercise.learners
    if there is None:
        what = "the learner's notebook is missing"
        yield _problem(exercise.solution, None, what, GENERATE)
        return
    if there.raw != made.raw:
        differ = [
            old
            for old, new in zip(there.cells, made.cells, strict=False)
            if (old.source, old.outputs, old.metadata) != (new.source, new.outputs, new.metadata)
        ]
        what = "the learner's notebook is not what the solution makes it"
        yield _problem(there, differ[0] if differ else None, what, GENERATE)
    for rule in (check_ruff, check_links):
        yield from rule(there, course)


def check_leaks(exercise: Exercise, course: Course) -> Iterator[Problem]:
    """No code, output or leftover of a solution is in the learner's notebook."""
    nb = exercise.learners
    if nb is None:
        return
    secrets = dict(_secrets(exercise))
    for cell in nb.cells:
        if cell.outputs or cell.execution_count is not None:
            yield _problem(nb, cell, "an output is stored", GENERATE)
        if re.search(r"(?:BEGIN|END) ?SOLUTION", cell.source) or "given" in cell.metadata:
            yield _problem(nb, cell, "the author's marks are left", GENERATE)
        if only_in_solution(cell):
            yield _problem(nb, cell, "a cell that is the solution's only", GENERATE)
        told = _plain_code(cell.source) if cell.kind == "code" else cell.source
        for secret, task in secrets.items():
            if secret in told:
                what = f"the solution of {task} is told: {secret}"
                yield _problem(nb, cell, what, "Put it between the markers, or give something else")


def _secrets(exercise: Exercise) -> Iterator[tuple[str, str]]:
    """Yield the expressions that give the answers, as `ast` writes them, and their tasks."""
    for part in parts(exercise.solution):
        task = exercise.tasks.get(part.id)
        for cell in part.cells:
            if task is None or part.id not in checked(cell):
                continue
            for expression in assigned(cell.source).get(task.name, []):
                yield _worth(expression), part.id
            tree = python_tree(cell.source)
            for statement in ast.walk(tree) if tree else ():
                if isinstance(statement, ast.Return) and statement.value is not None:
                    yield _worth(statement.value), part.id


def _worth(expression: ast.expr) -> str:
    """Return an expression that tells something; of a bare name or constant, nothing a text has."""
    text = ast.unparse(expression)
    return text if len(text) > 8 and not isinstance(expression, ast.Name) else "\0"


def _plain_code(source: str) -> str:
    tree = python_tree(source)
    return ast.unparse(tree) if tree else source


TASK_RULES: list[Rule] = [check_task_sections, check_solved, check_calls]

EXERCISE_RULES: list[Rule] = [
    check_exercise_metadata,
    check_exercise_opening,
    *TASK_RULES,
    check_told_numbers,
    check_known,
    check_learners,
    check_leaks,
]


def problems(exercise: Exercise, course: Course) -> list[Problem]:
    """Return all that is wrong with one exercise, short of running it."""
    if exercise.in_lesson:
        return [p for rule in TASK_RULES for p in rule(exercise, course)]
    shared = [p for rule in SHARED_RULES for p in rule(exercise.solution, course)]
    return [*shared, *(p for rule in EXERCISE_RULES for p in rule(exercise, course))]


def check_exercises_complete(course: Course, exercises: list[Exercise]) -> Iterator[Problem]:
    """Checks have their notebook, and each notebook in exercises/ has its solution."""
    known = {exercise.stem for exercise in exercises}
    own = any(course.root in Path(folder).parents for folder in checks.__path__)
    for stem in registry.exercises():
        if own and stem not in known:
            what = f"no notebook holds the tasks of ex{stem}.py"
            do = f"Write exercises/solutions/{stem}.ipynb, or check them in the lesson"
            yield Problem(f"funnelkit/checks/ex{stem}.py", what, do)
    for path in sorted((course.root / "exercises").glob("*.ipynb")):
        if not (path.parent / "solutions" / path.name).exists():
            what = "there is no solution from which it is made"
            yield Problem(f"exercises/{path.name}", what, "Remove it, or write the solution")


def guidance(exercise: Exercise) -> list[str]:
    """Return what is against the guidance, which is reported and not enforced."""
    count = len(exercise.tasks)
    if exercise.in_lesson or 3 <= count <= 6:
        return []
    return [f"{count} tasks (three to six are best)"]


# ---------------------------------------------------------------------------------------------
# Proofs
# ---------------------------------------------------------------------------------------------


class CellFailed(Exception):
    """A cell ended in an error; the text says which."""


def values(nb: Notebook) -> dict[str, object]:
    """Run a notebook's code from top to bottom in this process; return its names.

    Raises
    ------
    CellFailed
        If a cell ends in an error.
    """
    names: dict[str, object] = {"__name__": "__main__", "display": lambda *shown: None}
    for cell in nb.code:
        file = f"{nb.path.name}, cell {cell.number}"
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.source, file, "exec"), names)
        except Exception as error:
            reason = traceback.format_exception_only(error)[-1].strip()
            raise CellFailed(f"cell {cell.number} ({cell.id}) ended in {reason}") from error
    return names


def proofs(exercise: Exercise) -> Iterator[Problem]:
    """Run the solution and the learner's notebook, and hold each task to its promises."""
    notebooks = [exercise.solution, *filter(None, [exercise.learners])]
    ran = []
    for nb in notebooks:
        try:
            ran.append(values(nb))
        except CellFailed as error:
            yield _problem(nb, None, str(error), "It must run from top to bottom")
            return
    solved, blank = ran[0], ran[-1] if exercise.learners else {}
    nowhere = object()
    for task in exercise.tasks.values():
        value = solved.get(task.name, nowhere)
        if value is nowhere or value is None:
            what = f"{task.id}: after the run there is no {task.name}"
            yield _problem(exercise.solution, None, what, "Assign it")
            continue
        stub = blank.get(task.name, nowhere) if exercise.learners else ...
        if stub is nowhere:
            what = f"{task.id}: the learner's notebook has no {task.name}"
            yield _problem(exercise.learners, None, what, GENERATE)
            continue
        for what in prove(task, solution=value, stub=stub):
            module = f"funnelkit/checks/ex{exercise.stem}.py"
            yield Problem(module, what, "Fix the task, or the notebook")
        yield from _told_values(exercise, task)


def _told_values(exercise: Exercise, task: Task) -> Iterator[Problem]:
    """Yield where the words of the learner's notebook say the number that is asked for."""
    if exercise.learners is None or not isinstance(task.kind, Number):
        return
    right = task.right
    if abs(right) < 20 and right == int(right):  # a small whole number stands for many things
        return
    given = {
        cell.id: {key.replace(",", "") for key in cell.metadata.get("given", {})}
        for cell in exercise.solution.cells
    }
    for cell in exercise.learners.markdown:
        for number in prose_numbers(cell.source)[0]:
            if number.text.replace(",", "") in given.get(cell.id, ()):
                continue
            meant = [number.value, number.value / 100] if number.percent else [number.value]
            if any(task.kind.difference(value, right, "") is None for value in meant):
                what = f"the words say {number.text}, the answer to {task.id}"
                do = "Leave it out, or give its reason in the solution's cell, under `given`"
                yield _problem(exercise.learners, cell, what, do)
