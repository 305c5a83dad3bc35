"""Rules about form, execution and outputs."""

import ast
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nbformat.validator import iter_validate

from tools.notebook_model import (
    CELL_KEYS,
    MAX_BYTES,
    OWN_KEYS,
    ROOT,
    Course,
    Notebook,
    Problem,
    normalised,
    output_texts,
    place,
    problem_in,
    written,
)
from tools.notebook_text import python_tree

__all__ = [
    "KNOWN_TAGS",
    "MACHINE_FACTS",
    "MIME_TYPES",
    "OUTPUT_FAULTS",
    "RERENDER",
    "check_executed",
    "check_form",
    "check_outputs",
    "check_ruff",
    "check_tags",
    "ignored_outputs",
]

KNOWN_TAGS = {"nbval-ignore-output"}


RERENDER = "Run `python -m tools.notebooks render {}`"


# ---------------------------------------------------------------------------------------------
# Rules: form, execution, outputs
# ---------------------------------------------------------------------------------------------


def check_form(nb: Notebook, course: Course) -> Iterator[Problem]:
    """The text on disk is the normalised notebook, as JupyterLab saves it, and small."""
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", nb.path.stem):
        yield problem_in(nb, None, "the file's name is not NN_slug.ipynb", "Rename it")
    invalid = [error.message.splitlines()[0] for error in iter_validate(nb.node)]
    if invalid:
        yield problem_in(nb, None, f"not a valid notebook: {invalid[0]}", "Save it from JupyterLab")
        return
    clean = normalised(nb.node)
    rerender = RERENDER.format(nb.number)
    for cell, old, new in zip(nb.cells, nb.node.cells, clean.cells, strict=True):
        if cell.kind == "raw":
            yield problem_in(nb, cell, "a raw cell", "Make it Markdown or remove it")
        if not cell.source.strip():
            yield problem_in(nb, cell, "the cell is empty", "Remove it")
        if cell.metadata.keys() - CELL_KEYS:
            extra = ", ".join(sorted(cell.metadata.keys() - CELL_KEYS))
            yield problem_in(nb, cell, f"metadata not of the course: {extra}", rerender)
        elif old != new:
            yield problem_in(nb, cell, "the cell is not normalised", rerender)
    if nb.node.metadata != clean.metadata:
        yield problem_in(nb, None, "the notebook's metadata is not normalised", rerender)
    if nb.raw != written(nb.node):
        yield problem_in(nb, None, "the file is not in the form JupyterLab saves", rerender)
    size = len(nb.raw.encode())
    if size >= MAX_BYTES:
        what = f"the file has {size:,} bytes, the limit is {MAX_BYTES:,}"
        yield problem_in(nb, None, what, "Draw fewer or smaller figures, or print shorter tables")


def check_executed(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Executed once from top to bottom, without errors, and with its outputs stored."""
    rerender = RERENDER.format(nb.number)
    for count, cell in enumerate(nb.code, start=1):
        if cell.execution_count != count:
            what = f"execution count {cell.execution_count}, not {count}"
            yield problem_in(nb, cell, what, rerender)
        if not cell.outputs and _must_print(cell.source):
            yield problem_in(nb, cell, "the cell prints, and no output is stored", rerender)
        for output in cell.outputs:
            if output.output_type == "error":
                what = f"the stored output is an error, {output.ename}: {output.evalue}"
                yield problem_in(nb, cell, what, "Fix the code; show an expected error with try")
            if output.get("name") == "stderr":
                line = output.text.strip().splitlines()[-1]
                what = f"the stored output holds stderr, {line!r}"
                yield problem_in(nb, cell, what, "Fix the cause of the warning")
            if output.get("execution_count", count) != count:
                yield problem_in(nb, cell, "an output of another run", rerender)


def _must_print(source: str) -> bool:
    """Whether a cell certainly has an output: it prints at top level or ends in a value."""
    tree = python_tree(source)
    if tree is None or not tree.body:
        return False
    values = [statement.value for statement in tree.body if isinstance(statement, ast.Expr)]
    calls = [value.func for value in values if isinstance(value, ast.Call)]
    if any(getattr(function, "id", "") in ("print", "display") for function in calls):
        return True
    last = tree.body[-1]
    return isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call | ast.Constant)


OUTPUT_FAULTS = [
    (r"\b0x[0-9a-fA-F]{6,}", "a memory address", "End the cell with `ax = …`, or print the value"),
    (
        r"(?<![\d.])\d+\.\d{7,}",
        "a number with more than six decimals",
        "Round it for print, as in f'{rate:.1%}' or table.round(3)",
    ),
    (
        r"\bnp\.(?:float|int|bool|str)_?\d*\(",
        "the repr of a NumPy scalar",
        "Print it with a format, or convert it with float() or int()",
    ),
    (
        r"(?:^|[\s'\"(=])(?:/(?:home|Users|root|tmp|var|opt|usr|mnt)/|[A-Z]:\\)",
        "a path of one machine",
        "Print the name only",
    ),
    (r"\x1b\[", "terminal colour codes", "Print plain text"),
]


MIME_TYPES = {"text/plain", "text/html", "text/markdown", "text/latex", "image/png"}


def check_outputs(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Outputs are small and honest text, tables and PNG pictures, the same on every machine."""
    here = [str(course.root), str(Path.home()), tempfile.gettempdir()]
    for cell in nb.code:
        for text in output_texts(cell):
            for pattern, what, do in OUTPUT_FAULTS:
                match = re.search(pattern, text)
                if match:
                    near = text[max(match.start() - 20, 0) : match.end() + 20].strip()
                    yield problem_in(nb, cell, f"the output holds {what}: {near!r}", do)
            for path in here:
                if len(path) > 1 and re.search(re.escape(path) + r"(?:[/\\]|\s|$)", text):
                    what = f"the output holds a path of one machine: {path!r}"
                    yield problem_in(nb, cell, what, "Print the name only")
        for output in cell.outputs:
            data = output.get("data", {})
            page = data.get("text/html", "")
            if re.search(r"<style type|id=\"T_|#T_", page):
                yield problem_in(
                    nb, cell, "the output is a Styler", "Show the plain table, rounded"
                )
            if "<script" in page:
                yield problem_in(nb, cell, "the output holds a script", "Show a table or a figure")
            for kind in data.keys() - MIME_TYPES:
                what = f"the output is of type {kind}"
                yield problem_in(nb, cell, what, "Show text, a table or a PNG figure")


def check_ruff(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Ruff finds nothing to say about the code, nor to format.

    An exercise imports what the learner will use, so there an unused import is no fault.
    """
    name = ["--stdin-filename", str(nb.path), "-"]
    if "exercises" in nb.path.parts:
        name = ["--extend-per-file-ignores", "*.ipynb:F401", *name]
    lint = _ruff(["check", "--output-format", "json", "--force-exclude", *name], nb)
    for fault in json.loads(lint.stdout or "[]"):
        cell = nb.cells[fault["cell"] - 1] if fault.get("cell") else None
        what = f"ruff: {fault['code']} {fault['message']} (line {fault['location']['row']})"
        yield problem_in(nb, cell, what, f"Fix it, or run `ruff check --fix {place(nb)}`")
    style = _ruff(["format", "--diff", *name[-3:]], nb)
    if style.returncode:
        cells = [int(n) for n in re.findall(r"^\+\+\+ .*:cell (\d+)$", style.stdout, re.MULTILINE)]
        for number in cells:
            cell = nb.cells[number - 1]
            yield problem_in(
                nb, cell, "ruff would format the code", f"Run `ruff format {place(nb)}`"
            )
        if not cells:
            message = style.stderr.strip().splitlines()[-1:] or ["ruff format failed"]
            yield problem_in(nb, None, f"ruff: {message[0]}", "Fix the code")


def _ruff(arguments: list[str], nb: Notebook) -> subprocess.CompletedProcess:
    config = ["--config", str(ROOT / "pyproject.toml")]
    command = [sys.executable, "-m", "ruff", arguments[0], *config, *arguments[1:]]
    return subprocess.run(command, input=nb.raw, capture_output=True, encoding="utf-8")


MACHINE_FACTS = re.compile(
    r"\b(?:perf_counter|process_time|time\.time|timeit|platform\.\w+|sys\.version\w*|cpu_count"
    r"|__version__|datetime\.now|Timestamp\.now|show_versions)|^\s*%+time|^\s*!",
    re.MULTILINE,
)


def check_tags(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Only known tags; cells that print machine facts or times carry `nbval-ignore-output`.

    Which cells may carry it is listed in the tests.
    """
    for cell in nb.cells:
        fact = MACHINE_FACTS.search(cell.source) if cell.kind == "code" and cell.text else None
        if fact and "nbval-ignore-output" not in cell.metadata.get("tags", []):
            what = f"the output may tell of the machine or the time, {fact[0].strip()!r}"
            do = "Tag the cell nbval-ignore-output and list it in tests/test_notebooks.py"
            yield problem_in(nb, cell, what, do)
        for tag in set(cell.metadata.get("tags", [])) - KNOWN_TAGS:
            known = ", ".join(sorted(KNOWN_TAGS))
            yield problem_in(nb, cell, f"unknown tag {tag!r}", f"Remove it; known is {known}")
        for key in cell.metadata.get("funnelkit", {}).keys() - OWN_KEYS:
            what = f"unknown key {key!r} in the cell's funnelkit metadata"
            known = ", ".join(sorted(OWN_KEYS))
            yield problem_in(nb, cell, what, f"Remove it; known are {known}")


def ignored_outputs(nb: Notebook) -> set[tuple[str, str]]:
    """Return (notebook's stem, cell's id) of each cell whose output is not compared."""
    tag = "nbval-ignore-output"
    return {(nb.path.stem, c.id) for c in nb.cells if tag in c.metadata.get("tags", [])}
