"""Wrong ways of working, tried on every task: a right verdict has to mean right work.

A *mutant* is a task's solution with one thing wrong: a filter dropped, a keyword argument left to
its default, `<` for `<=`, another column of the same kind, another group, the uncleaned table for
the clean one, the mean for the median, all rows for each group, a ratio upside down. Its answer
must not pass. Where one passes (a *survivor*), the task cannot tell right work from wrong: give it
other data or other numbers, or ask for the table instead of the winner. A mutant whose answer is
right because the two ways are the same is named in the task's `equivalent`, with the reason.

Mutants are made from the syntax tree of what is between `### BEGIN SOLUTION` and `### END
SOLUTION`, and run in a fork of the process as it is before that cell, so that a task costs
seconds. (Windows cannot fork: there the other proofs run, and this one says so.)
"""

import ast
import contextlib
import copy
import hashlib
import io
import json
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from funnelkit.exercises.answers import collect
from funnelkit.exercises.judging import judge
from funnelkit.exercises.tasks import RIGHT, Task, request
from tools.exercise_rules import BLOCK, Exercise, checked, read_exercises
from tools.notebook_model import ROOT, Cell, read_course

__all__ = [
    "Mutant",
    "Verdict",
    "depends_on",
    "mutants",
    "report",
    "stale",
    "stored",
    "summary",
    "try_exercise",
]

TABLE = ROOT / "tests" / "mutants.json"  # what the last run found
CHECKS = ROOT / "funnelkit" / "exercises" / "checks"
SECONDS = 20  # for one mutant
MOST_OTHERS = 3  # columns, groups or tables tried in place of one

SWAPS = {
    "mean": ["median"],
    "median": ["mean"],
    "sum": ["mean"],
    "max": ["min"],
    "min": ["max"],
    "idxmax": ["idxmin"],
    "idxmin": ["idxmax"],
    "nunique": ["size"],
    "first": ["last"],
    "last": ["first"],
}
BOUNDS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
STEPS_LEFT_OUT = ("dropna", "drop_duplicates", "fillna", "clip", "query", "abs")


@dataclass(frozen=True)
class Mutant:
    """A solution with one thing wrong: what it is, and the source of the whole cell."""

    what: str
    source: str


@dataclass
class Verdict:
    """What became of the mutants of a task."""

    task: str
    tried: int = 0
    survivors: list[str] = field(default_factory=list)
    equivalent: dict[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> int:
        """How many did not pass."""
        return self.tried - len(self.survivors) - len(self.equivalent)


# ---------------------------------------------------------------- making them


def mutants(source: str, names: dict[str, object]) -> Iterator[Mutant]:
    """Yield the mutants of a cell; `names` is what the notebook knows before it."""
    block = BLOCK.search(source)
    first = source[: block.start()].count("\n") + 1
    last = first + block.group(0).count("\n")
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}
    places = [node for node in ast.walk(tree) if first <= getattr(node, "lineno", 0) <= last]
    for number, node in enumerate(places):
        for what, change in _changes(node, names):
            mutated = copy.deepcopy(tree)
            there = [n for n in ast.walk(mutated) if first <= getattr(n, "lineno", 0) <= last]
            changed = [there[number]]
            if isinstance(node, ast.Name):  # a table is another one throughout
                same = (n for n in there if isinstance(n, ast.Name) and n.id == node.id)
                changed = [n for n in same if isinstance(n.ctx, ast.Load)]
            for each in changed:
                new = change(each)
                if new is not None:
                    mutated = _Put(each, new).visit(mutated)
            text = ast.unparse(ast.fix_missing_locations(mutated))
            if text not in seen:
                seen.add(text)
                yield Mutant(what, text)


class _Put(ast.NodeTransformer):
    """Put a new node in the place of an old one."""

    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return self.new if node is self.old else self.generic_visit(node)


def _changes(node, names):
    """Yield (what, function that changes the node in place or returns another) for a node."""
    if isinstance(node, ast.Subscript):
        yield from _dropped_filters(node)
    elif isinstance(node, ast.Call):
        yield from _changed_calls(node)
    elif isinstance(node, ast.Compare):
        yield from _moved_bounds(node)
    elif isinstance(node, ast.BinOp):
        yield from _changed_arithmetic(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        for other in _others(node.value, names):
            yield f"{other!r} for {node.value!r}", lambda n, o=other: ast.Constant(o)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for other in _other_tables(node.id, names):
            yield f"{other} for {node.id}", lambda n, o=other: ast.Name(o, ast.Load())


def _is_condition(node):
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("between", "isin", "isna", "notna", "duplicated", "ge", "le")
    both = isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr)
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert)
    return isinstance(node, ast.Compare) or both or negated


def _dropped_filters(node):
    text = ast.unparse(node.slice)
    if _is_condition(node.slice):
        yield f"without the filter {text}", lambda n: n.value
        if isinstance(node.slice, ast.BinOp):
            for side in ("left", "right"):
                kept = ast.unparse(getattr(node.slice, side))
                yield f"filtered by {kept} alone", lambda n, s=side: _with_slice(n, s)
    elif (
        isinstance(node.slice, ast.Tuple) and node.slice.elts and _is_condition(node.slice.elts[0])
    ):
        condition = ast.unparse(node.slice.elts[0])
        yield f"without the filter {condition}", _all_rows


def _with_slice(node, side):
    node.slice = getattr(node.slice, side)


def _all_rows(node):
    node.slice.elts[0] = ast.Slice()


def _changed_calls(node):
    for number, keyword in enumerate(node.keywords):
        if keyword.arg:
            yield f"without {ast.unparse(keyword)}", lambda n, i=number: n.keywords.pop(i) and None
        else:
            text = ast.unparse(keyword.value)
            yield f"without **{text}", lambda n, i=number: n.keywords.pop(i) and None
    if not isinstance(node.func, ast.Attribute):
        return
    name = node.func.attr
    for other in SWAPS.get(name, ()):
        yield f"{other} for {name}", lambda n, o=other: setattr(n.func, "attr", o)
    if name in STEPS_LEFT_OUT:
        yield f"without {name}", lambda n: n.func.value
    if name == "groupby":
        yield "all rows for each group", lambda n: n.func.value


def _moved_bounds(node):
    for number, operator in enumerate(node.ops):
        other = BOUNDS.get(type(operator))
        if other:
            text = ast.unparse(node)
            yield (
                f"the bound of {text} moved",
                lambda n, i=number, o=other: n.ops.__setitem__(i, o()),
            )


def _changed_arithmetic(node):
    text = ast.unparse(node)
    if isinstance(node.op, ast.Div):
        yield f"{text} upside down", lambda n: ast.BinOp(n.right, ast.Div(), n.left)
        yield f"{text} not divided", lambda n: n.left
    elif isinstance(node.op, ast.Sub):
        yield f"{text} without the second", lambda n: n.left
    elif isinstance(node.op, ast.Mult | ast.Add):
        yield f"{text} without the second", lambda n: n.left
        yield f"{text} without the first", lambda n: n.right
    elif isinstance(node.op, ast.Pow):
        yield f"{text} without the power", lambda n: n.left


def _others(text, names):
    """Return what else of the same kind might replace the name of a column or group."""
    others = []
    for value in names.values():
        if isinstance(value, pd.Series):
            labels = value.index
        elif isinstance(value, pd.DataFrame):
            labels = value.columns
            if text in labels and value.columns.is_unique:
                kind = value[text].dtype.kind
                others += [c for c in labels if c != text and value[c].dtype.kind == kind]
            labels = value.index
        else:
            continue
        for level in range(labels.nlevels):
            group = labels.get_level_values(level)
            if group.dtype.kind != "M" and len(group) < 100_000 and (group == text).any():
                others += [label for label in group.unique() if label != text][:MOST_OTHERS]
    for value in names.values():
        if others or not isinstance(value, pd.DataFrame):
            continue
        for column in value.columns:
            if isinstance(value[column].dtype, pd.StringDtype | pd.CategoricalDtype):
                known = value[column].unique() if value[column].nunique() <= 30 else []
                if text in list(known):
                    others += [each for each in known if each != text and not pd.isna(each)]
    return list(dict.fromkeys(others))[:MOST_OTHERS]


def _other_tables(name, names):
    """Return the other tables that have the columns of one, and more or fewer rows."""
    table = names.get(name)
    if not isinstance(table, pd.DataFrame) or name.startswith("_"):
        return []
    others = [
        other
        for other, value in names.items()
        if isinstance(value, pd.DataFrame) and other != name and not other.startswith("_")
        if value is not table and len({*value.columns} & {*table.columns}) >= 2
    ]
    return others[:MOST_OTHERS]


# ---------------------------------------------------------------- running them


def try_exercise(exercise: Exercise) -> list[Verdict]:
    """Run the mutants of every task of an exercise, each in a fork of its own."""
    names: dict[str, object] = {"__name__": "__main__", "display": lambda *shown: None}
    verdicts = []
    for cell in exercise.solution.code:
        own = [exercise.tasks[i] for i in checked(cell) if i in exercise.tasks]
        if own and BLOCK.search(cell.source):
            verdicts.append(_try_task(own[0], cell, names))
        _run(cell.source, names)
    return verdicts


def _try_task(task: Task, cell: Cell, names: dict) -> Verdict:
    verdict, known = Verdict(task.id), dict(task.equivalent)
    _ = task.right  # computed once, before the forks
    for mutant in mutants(cell.source, names):
        verdict.tried += 1
        if not _passes(task, mutant, names):
            continue
        if mutant.what in known:
            verdict.equivalent[mutant.what] = known.pop(mutant.what)
        else:
            verdict.survivors.append(mutant.what)
    verdict.survivors += [f"{what} (named as equivalent, and there is none)" for what in known]
    return verdict


def _passes(task: Task, mutant: Mutant, names: dict) -> bool:
    """Run a mutant in a fork; return whether its answer is taken for right."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(SECONDS)
            _run(mutant.source, names)
            result = judge(task, collect(names, **request(task)))
            code = 0 if result.status == RIGHT else 1
        except BaseException:
            pass
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _run(source: str, names: dict) -> None:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        exec(compile(source, "cell", "exec"), names)


# ---------------------------------------------------------------- the stored table


def depends_on(exercise: Exercise) -> str:
    """Return a hash of what the verdicts on an exercise's tasks depend on.

    These are the solution, its checks, the tables (words are not among them) and this file.
    """
    digest = hashlib.sha256()
    for cell in exercise.solution.code:
        digest.update(cell.source.encode())
    for path in (CHECKS / f"ex{exercise.stem}.py", Path(__file__)):
        if path.is_file():
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    tables = json.loads((ROOT / "datasets" / "checksums.json").read_text(encoding="utf-8"))
    tables = {name: sum_ for name, sum_ in tables.items() if not name.startswith("glossary")}
    digest.update(json.dumps(tables, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def stored(path: Path = TABLE) -> dict:
    """Return the table of the last run, by exercise."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def stale(exercises: list[Exercise], table: dict) -> list[str]:
    """Return what is wrong with the stored table, each in a sentence with the remedy."""
    again = "run `python -m tools.notebooks mutants`"
    wanted = {e.stem: e for e in exercises if not e.in_lesson}
    found = [f"{stem}: there is no such exercise: {again}" for stem in sorted({*table} - {*wanted})]
    for stem, exercise in wanted.items():
        if table.get(stem, {}).get("of") != depends_on(exercise):
            found.append(f"{stem}: the mutants were not tried since it changed: {again} {stem[:2]}")
        for task, verdict in table.get(stem, {}).get("tasks", {}).items():
            found += [f"{task}: a wrong way passes: {what}" for what in verdict["survivors"]]
    return found


def summary(table: dict) -> str:
    """Return the stored table's sums in one sentence."""
    tasks = [verdict for exercise in table.values() for verdict in exercise["tasks"].values()]
    tried = sum(verdict["mutants"] for verdict in tasks)
    same = sum(len(verdict["equivalent"]) for verdict in tasks)
    passed = sum(len(verdict["survivors"]) for verdict in tasks)
    return (
        f"{tried} mutants of {len(tasks)} tasks, as last tried: {tried - same - passed} refused, "
        f"{same} the same as the solution (with the reason), {passed} pass."
    )


def report(exercises: list[Exercise], path: Path | None = None) -> int:
    """Run the mutants of these exercises and print the table; return how many passed.

    With a path the table is stored there, beside a hash of what it depends on.
    """
    if not hasattr(os, "fork"):
        print("Mutants run in forks, which this system does not have: run them on Linux or macOS.")
        return 0
    kept = {exercise.stem for exercise in read_exercises(read_course(ROOT))} if path else set()
    table = {stem: told for stem, told in stored(path).items() if stem in kept} if path else {}
    passed = 0
    print(f"{'task':6}{'mutants':>9}{'refused':>9}{'equivalent':>12}{'survivors':>11}")
    for exercise in exercises:
        if exercise.in_lesson:
            continue
        verdicts = try_exercise(exercise)
        for one in verdicts:
            passed += len(one.survivors)
            counted = (one.tried, one.refused, len(one.equivalent), len(one.survivors))
            print(f"{one.task:6}{counted[0]:9}{counted[1]:9}{counted[2]:12}{counted[3]:11}")
            for what in one.survivors:
                print(f"      passes: {what}")
            for what, why in one.equivalent.items():
                print(f"      the same: {what}: {why}")
            sys.stdout.flush()
        table[exercise.stem] = {
            "of": depends_on(exercise),
            "tasks": {
                one.task: {
                    "mutants": one.tried,
                    "refused": one.refused,
                    "equivalent": one.equivalent,
                    "survivors": one.survivors,
                }
                for one in verdicts
            },
        }
    if path:
        text = json.dumps(dict(sorted(table.items())), indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")
    return passed
