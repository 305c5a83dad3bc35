"""Rules about code cells and figures."""

import ast
import re
import tokenize
from collections.abc import Iterator
from io import StringIO

from tools.notebook_model import Course, Notebook, Problem, problem_in
from tools.notebook_text import python_tree, words_below
from tools.rules_prose import is_given, numbers

__all__ = [
    "CODE_FAULTS",
    "LABEL_CALLS",
    "LABEL_KEYWORDS",
    "check_code",
    "check_figures",
    "check_typed_numbers",
]

# ---------------------------------------------------------------------------------------------
# Rules: code cells
# ---------------------------------------------------------------------------------------------

CODE_FAULTS = [
    (r"\bread_(?:csv|parquet|excel|json|table|pickle)\b", "reads a file"),
    (r"https?://|\burllib\b|\brequests\.", "goes to the network"),
    (r"[%!]\s*(?:pip|conda|mamba|uv|apt)\b|\bmicropip\b", "installs something"),
    (r"[\"'](?:\.{1,2}/|~/|(?:\.\./)*datasets/)", "holds a path"),
    (r"[\"'][^\"'\n]*\.(?:csv|gz|json|parquet|xlsx|pkl)[\"']", "names a data file"),
    (r"\bopen\(|\bPath\(", "opens a file"),
]

# A lesson about files may write some itself, into a folder that goes when the kernel does.
OWN_FOLDER = re.compile(r"\btempfile\.TemporaryDirectory\(")
OWN_FILES = {"names a data file", "opens a file"}


def check_code(nb: Notebook, course: Course) -> Iterator[Problem]:
    """No paths, downloads, installs; no hidden outputs; randomness comes from a generator."""
    has_own = any(OWN_FOLDER.search(cell.source) for cell in nb.code)
    for cell in nb.code:
        for pattern, what in CODE_FAULTS:
            match = re.search(pattern, cell.source)
            if match and not (has_own and what in OWN_FILES):
                do = 'Load tables with funnelkit.load("events"); lessons need nothing else'
                yield problem_in(nb, cell, f"the code {what}: {match[0]!r}", do)
        for row, line in enumerate(_python_lines(cell.source), start=1):
            if line.rstrip().endswith(";"):
                what = f"line {row} ends with a semicolon"
                yield problem_in(nb, cell, what, "Remove it; end a plot cell with `ax = …`")
        drawn = re.search(r"\bnp\.random\.(?!default_rng|Generator|SeedSequence)\w+", cell.source)
        if drawn:
            what = f"the code draws from the global generator, {drawn[0]}"
            yield problem_in(nb, cell, what, "Use rng = np.random.default_rng(seed)")
        for call in _unstable_sorts(python_tree(cell.source)):
            what = f"{call} leaves rows that tie in an order that differs between processors"
            yield problem_in(nb, cell, what, 'Add kind="stable", or sort by several columns')
        if re.search(r"#\s*(?:NBVAL|PYTEST_VALIDATE)_\w+", cell.source):
            what = "a comment changes how the cell is tested"
            yield problem_in(nb, cell, what, "Remove it; see the rule for nbval-ignore-output")


def _unstable_sorts(tree: ast.AST | None) -> Iterator[str]:
    """Yield the names of the calls that sort by one key with NumPy's default, quicksort."""
    for call in ast.walk(tree) if tree else ():
        name = getattr(getattr(call, "func", None), "attr", "")
        if name not in {"sort_values", "argsort"}:
            continue
        given = {k.arg: k.value for k in call.keywords}
        kind = getattr(given.get("kind"), "value", None)
        by = given.get("by", call.args[0] if call.args else None)
        several = isinstance(by, ast.List | ast.Tuple) and len(by.elts) > 1
        if kind != "stable" and not several:
            yield f"{name}()"


def _python_lines(source: str) -> list[str]:
    """Return the lines of the code without their comments."""
    lines = source.splitlines()
    try:
        for token in tokenize.generate_tokens(StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column]
    except (tokenize.TokenError, SyntaxError):
        pass
    return lines


LABEL_CALLS = {
    *("set_title", "title", "suptitle", "set_xlabel", "set_ylabel", "xlabel", "ylabel"),
    *("set_label", "text", "annotate", "figtext", "set_xticklabels", "set_yticklabels"),
}


LABEL_KEYWORDS = {"title", "xlabel", "ylabel", "label", "labels", "suptitle"}


def check_typed_numbers(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Numbers in figure titles and labels are computed, never typed."""
    for cell in nb.code:
        tree = python_tree(cell.source)
        for call in ast.walk(tree) if tree else ():
            if not isinstance(call, ast.Call):
                continue
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            shown = [k.value for k in call.keywords if k.arg in LABEL_KEYWORDS]
            shown += call.args if name in LABEL_CALLS else []
            for typed in (t for part in shown for t in _typed(part)):
                missing = [n for n in numbers(typed) if not is_given(n, cell)]
                for number in missing:
                    what = f"the number {number.text} in a figure's title or label is typed"
                    do = "Compute it in an f-string, or give its reason in the metadata `given`"
                    yield problem_in(nb, cell, what, do)


def _typed(node: ast.AST) -> Iterator[str]:
    """Yield the texts a reader would see that are in the code as they are."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        pieces = ""
        for part in node.values:
            if isinstance(part, ast.Constant):
                pieces += str(part.value)
            elif isinstance(part.value, ast.Constant):
                pieces += f" {part.value.value} "
            else:
                pieces += " … "
        yield pieces
    elif isinstance(node, ast.BinOp | ast.List | ast.Tuple):
        for child in ast.iter_child_nodes(node):
            yield from _typed(child)


def check_figures(nb: Notebook, course: Course) -> Iterator[Problem]:
    """A figure is followed by words that say what it shows."""
    for cell in nb.code:
        if cell.draws and not words_below(nb, cell):
            what = "the figure is not followed by words"
            yield problem_in(nb, cell, what, "Say in the next cell what the figure shows")
