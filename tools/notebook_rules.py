"""What a lesson must be: the rules that `tools/notebooks.py check` and the tests hold it to.

Each rule is a function that takes a parsed notebook and the course it belongs to and yields
problems. A problem names the notebook, the cell (its number, counted from 1, and its id), what
is wrong and what to do. The list `RULES` at the end holds them all; a new rule is one more
function there.

The form of a lesson
--------------------
Navigation cells stand first and last; `notebooks.py navigation` writes them. Between them:

1. A cell that opens with `# NN · Title`, ending with the title in the metadata. Before the first
   code cell there are also: a bold phrase with the word "question" and a question mark; the
   minutes as in the metadata (`45–75 minutes`); a bold phrase that opens "You need" or "What you
   need"; and 🎯 (a block quote or a heading), followed by 3 to 5 list items that each open with a
   bold phrase, the objectives.
2. For each id in the metadata's `core`, a section whose heading cell has the cell metadata
   `{"funnelkit": {"core": id}}`. In it, in this order: words; the formula in `$$…$$` with a table
   `| Symbol | Meaning | Unit |` below it (or, for an algorithm, a numbered list of its steps); an
   example "by hand"; a short code cell; a code cell that asserts that funnelkit returns the same
   number; the data; words that read them; a block quote that opens with ⚠️.
3. At least one block quote that opens with 🔮, and code in the cell after it.
4. The headings `## Recap` (the same bold phrases as the objectives, one for one), `## Quiz` (three
   `<details>`), one with 🧭 (the decision memo) and `## Further reading` (items that open with a
   bold key from docs/references.md), in this order.

Lesson 00 greets the learner before there is anything to analyse, so it is exempt from the question,
"you need", the core sections, 🔮, the quiz, the decision memo and the further reading. It keeps
title, minutes, objectives and recap, and holds the table of contents.

Exercises share the rules about form, outputs, code and prose; those of their own stand in
`exercise_rules.py`.
"""

import ast
import base64
import csv
import hashlib
import html
import json
import re
import struct
import subprocess
import sys
import tempfile
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat.validator import iter_validate

ROOT = Path(__file__).resolve().parent.parent
MAX_BYTES = 600_000
SIGNS = ("🎯", "🔮", "⚠️", "🧭", "📝")
OUTPUT_SIGNS = ("✓", "✗")
KNOWN_TAGS = {"nbval-ignore-output"}
CELL_KEYS = {"tags", "given", "funnelkit"}
OWN_KEYS = {"role", "core", "solution"}
LESSON_KEYS = {"title", "minutes", "teaches", "needs", "core", "data"}
ARTICLE_BOX = "What the article says, and what to do instead"
RERENDER = "Run `python tools/notebooks.py render {}`"


# ---------------------------------------------------------------------------------------------
# Notebooks, courses, problems
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One cell of a parsed notebook; `number` counts all cells from 1."""

    number: int
    id: str
    kind: str
    source: str
    metadata: dict
    outputs: list = field(default_factory=list)
    execution_count: int | None = None

    @property
    def role(self) -> str:
        """`navigation-top`, `navigation-bottom` or nothing."""
        return self.metadata.get("funnelkit", {}).get("role", "")

    @property
    def text(self) -> str:
        """All that the outputs say in text; tables without their HTML tags."""
        return "\n".join(output_texts(self))

    @property
    def draws(self) -> bool:
        """Whether an output is a picture."""
        return any("image/png" in output.get("data", {}) for output in self.outputs)


@dataclass(frozen=True)
class Notebook:
    """A notebook as it stands on disk (`raw`) and parsed."""

    path: Path
    raw: str
    node: nbformat.NotebookNode
    cells: list[Cell]

    @property
    def info(self) -> dict:
        """The metadata that is the one place for title, minutes, teaches, needs, core, data."""
        return self.node.metadata.get("funnelkit", {})

    @property
    def number(self) -> str:
        """The two digits that the file's name opens with."""
        return self.path.stem[:2]

    @property
    def title(self) -> str:
        return str(self.info.get("title", ""))

    @property
    def is_start(self) -> bool:
        """Whether this is lesson 00, which is exempt from some rules."""
        return self.number == "00"

    @property
    def markdown(self) -> list[Cell]:
        return [c for c in self.cells if c.kind == "markdown" and not c.role]

    @property
    def code(self) -> list[Cell]:
        return [c for c in self.cells if c.kind == "code"]


@dataclass(frozen=True)
class Course:
    """The lessons in order, and what they are held against."""

    root: Path
    lessons: list[Notebook]
    glossary: dict[str, str]
    references: dict[str, str]
    tables: set[str]

    def before(self, nb: Notebook) -> list[Notebook]:
        """The lessons before this one."""
        return [other for other in self.lessons if other.path.stem < nb.path.stem]


@dataclass(frozen=True)
class Problem:
    """Something wrong: where, what, and what to do about it."""

    where: str
    what: str
    do: str
    cell: Cell | None = None

    def __str__(self) -> str:
        place = self.where
        if self.cell is not None:
            place += f", cell {self.cell.number} ({self.cell.id})"
        return f"{place}: {self.what}. {self.do}."


Rule = Callable[[Notebook, Course], Iterator[Problem]]


def parse(raw: str, path: Path) -> Notebook:
    """Parse a notebook's text; the path need not exist."""
    node = nbformat.v4.reads(raw)
    cells = [
        Cell(
            number,
            cell.get("id", ""),
            cell.cell_type,
            cell.source,
            cell.get("metadata", {}),
            cell.get("outputs", []),
            cell.get("execution_count"),
        )
        for number, cell in enumerate(node.cells, start=1)
    ]
    return Notebook(path, raw, node, cells)


def read(path: Path) -> Notebook:
    """Read and parse a notebook file."""
    return parse(path.read_text(encoding="utf-8"), path)


def read_course(root: Path = ROOT) -> Course:
    """Read all lessons and what they are held against."""
    paths = sorted((root / "notebooks").glob("*.ipynb"))
    return Course(
        root,
        [read(path) for path in paths],
        read_glossary(root / "datasets" / "glossary.csv"),
        read_references(root / "docs" / "references.md"),
        {path.name.split(".")[0] for path in (root / "datasets").glob("*.csv*")},
    )


def read_glossary(path: Path) -> dict[str, str]:
    """Read the glossary's ids and terms."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["term"] for row in csv.DictReader(file)}


def read_references(path: Path) -> dict[str, str]:
    """Read the list of references: the bold key and what follows it."""
    items = re.findall(r"^- \*\*(.+?)\*\* (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(items)


def replaced(text: str, name: str, body: str) -> str:
    """Return the text with `body` between its markers `<!-- name:start -->` and `:end`.

    Raises
    ------
    ValueError
        If the text does not hold the two markers once, in order.
    """
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    if text.count(start) != 1 or text.count(end) != 1 or text.index(end) < text.index(start):
        raise ValueError(f"the markers {start} and {end} must stand once, in this order")
    head, tail = text.split(start)[0], text.split(end)[1]
    return f"{head}{start}\n\n{body}\n\n{end}{tail}"


def place(nb: Notebook) -> str:
    """Return where a notebook stands in the repository."""
    above = 2 if nb.path.parent.name == "solutions" else 1
    return "/".join(nb.path.parts[-1 - above :])


def _problem(nb: Notebook, cell: Cell | None, what: str, do: str) -> Problem:
    return Problem(place(nb), what, do, cell)


# ---------------------------------------------------------------------------------------------
# The form on disk
# ---------------------------------------------------------------------------------------------


def normalised(node: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the notebook with all that is not its own left out, and every cell with an id.

    Kept: sources, outputs, the course's own metadata. Left out: times, collapsed or scrolled
    states, the kernel's version, text inside pictures. An existing id stays; a missing or doubled
    one is made from the cell's content, so that the same notebook gets the same ids.
    """
    cells, taken = [], set()
    for cell in node.cells:
        new = {
            "cell_type": cell.cell_type,
            "id": _cell_id(cell, taken),
            "metadata": {k: v for k, v in cell.metadata.items() if k in CELL_KEYS and v},
            "source": cell.source.rstrip(),
        }
        if cell.cell_type == "code":
            new["execution_count"] = cell.execution_count
            new["outputs"] = _normalised_outputs(cell.outputs)
        cells.append(new)
    info = node.metadata.get("funnelkit")
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return nbformat.from_dict(
        {
            "cells": cells,
            "metadata": {
                **({"funnelkit": info} if info else {}),
                "kernelspec": kernel,
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def written(node: nbformat.NotebookNode) -> str:
    """Return the notebook's text exactly as JupyterLab saves it."""
    return nbformat.v4.writes(node) + "\n"


def _cell_id(cell: nbformat.NotebookNode, taken: set[str]) -> str:
    name, salt = cell.get("id", ""), 0
    while not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) or name in taken:
        content = f"{cell.cell_type}\n{cell.source}\n{salt}"
        name, salt = hashlib.sha256(content.encode()).hexdigest()[:8], salt + 1
    taken.add(name)
    return name


def _normalised_outputs(outputs: list) -> list[dict]:
    kept: list[dict] = []
    for output in outputs:
        output = dict(output)
        if "metadata" in output:
            output["metadata"] = {}
        if "image/png" in output.get("data", {}):
            png = bare_png(base64.b64decode(output["data"]["image/png"]))
            output["data"] = {**output["data"], "image/png": base64.b64encode(png).decode("ascii")}
        last = kept[-1] if kept else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            kept.append(output)
    return kept


def bare_png(png: bytes) -> bytes:
    """Return the picture without its text and time chunks (matplotlib writes its version there)."""
    parts, at = [png[:8]], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        end = at + 12 + length
        if png[at + 4 : at + 8] not in (b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"):
            parts.append(png[at:end])
        at = end
    return b"".join(parts)


# ---------------------------------------------------------------------------------------------
# Reading Markdown and outputs
# ---------------------------------------------------------------------------------------------


def output_texts(cell: Cell) -> list[str]:
    """Return the text of each output; of a table in HTML its cells."""
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        texts.append(str(output.get("text", "")))
        if "image/png" not in data:  # a figure says only "<Figure size 640x480 with 1 Axes>"
            texts.append(str(data.get("text/plain", "")))
        style_free = re.sub(r"<style.*?</style>", " ", data.get("text/html", ""), flags=re.DOTALL)
        texts.append(html.unescape(re.sub(r"<[^>]+>", " ", style_free)))
    return [text for text in texts if text.strip()]


def without_code(source: str) -> str:
    """Blank out code blocks, `code` and HTML comments, keeping the line structure."""
    blank = lambda match: re.sub(r"[^\n]", " ", match[0])  # noqa: E731
    source = re.sub(r"^(\s*>?\s*)(```|~~~).*?^\1\2[^\n]*$", blank, source, flags=re.S | re.M)
    source = re.sub(r"<!--.*?-->", blank, source, flags=re.DOTALL)
    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", blank, source)


def maths_spans(source: str) -> list[str]:
    """Return the contents of `$$…$$` and `$…$`."""
    text = without_code(source)
    display = re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL)
    rest = re.sub(r"\$\$.+?\$\$", " ", text, flags=re.DOTALL)
    return display + re.findall(r"(?<![\\$])\$([^$\n]+?)(?<!\\)\$", rest)


def without_maths(source: str) -> str:
    """Blank out maths."""
    blank = lambda match: re.sub(r"[^\n]", " ", match[0])  # noqa: E731
    source = re.sub(r"\$\$.+?\$\$", blank, source, flags=re.DOTALL)
    return re.sub(r"(?<![\\$])\$[^$\n]+?(?<!\\)\$", blank, source)


def plain_phrase(text: str) -> str:
    """Return a phrase as it is compared: one space between words, no end mark, lower case."""
    return " ".join(re.sub(r"[`*_]", "", text).split()).strip(" .:!?,;").casefold()


def bold_phrases(source: str) -> list[str]:
    """Return the bold phrases of a Markdown text, in order."""
    return [plain_phrase(p) for p in re.findall(r"\*\*(.+?)\*\*", without_code(source), re.DOTALL)]


def words(source: str) -> list[str]:
    """Return the words of a Markdown text, without code, maths, tags and headings."""
    text = re.sub(r"^\s*#.*$", " ", without_maths(without_code(source)), flags=re.MULTILINE)
    return re.findall(r"[^\W\d_][\w'’-]*", re.sub(r"</?[a-zA-Z][^>]*>|\]\([^)]*\)", " ", text))


def list_items(lines: list[str]) -> list[str]:
    """Return the items of the first list in the lines, each with its continuation lines."""
    items: list[str] = []
    gap = False
    for line in lines:
        line = re.sub(r"^\s{0,3}> ?", "", line)
        bullet = re.match(r"(?:[-*+]|\d+[.)])\s+(.*)", line)
        if bullet:
            items.append(bullet[1])
        elif items and not line.strip():
            gap = True
            continue
        elif items and (line.startswith((" ", "\t")) or not gap):
            items[-1] += " " + line.strip()
        elif items:
            break
        gap = False
    return items


@dataclass(frozen=True)
class Section:
    """A heading, and what stands below it up to the next heading of its level or above."""

    level: int
    title: str
    cell: Cell
    order: tuple[int, int]
    text: str


def headings(nb: Notebook) -> list[tuple[int, str, Cell, int]]:
    """Return level, title, cell and line number of each heading."""
    found = []
    for cell in nb.markdown:
        for number, line in enumerate(without_code(cell.source).splitlines()):
            match = re.match(r"(#{1,6})\s+\S", line)
            if match:
                title = cell.source.splitlines()[number].lstrip("#").strip()
                found.append((len(match[1]), title, cell, number))
    return found


def section(nb: Notebook, pattern: str) -> Section | None:
    """Return the first section whose title matches the pattern as a whole."""
    marks = headings(nb)
    for at, (level, title, cell, line) in enumerate(marks):
        if not re.fullmatch(pattern, title, re.IGNORECASE):
            continue
        later = (m for m in marks[at + 1 :] if m[0] <= level)
        stop = next(((m[2].number, m[3]) for m in later), (len(nb.cells) + 1, 0))
        lines = []
        for other in nb.markdown:
            for number, text in enumerate(other.source.splitlines()):
                if (cell.number, line) < (other.number, number) < stop:
                    lines.append(text)
            lines.append("")
        return Section(level, title, cell, (cell.number, line), "\n".join(lines))
    return None


def sign_places(nb: Notebook, sign: str) -> list[tuple[Cell, int]]:
    """Return cell and line of each block quote or heading that opens with the sign."""
    places = []
    for cell in nb.markdown:
        for number, line in enumerate(cell.source.splitlines()):
            if re.match(rf"(?:>\s*|#+\s+){sign}", line):
                places.append((cell, number))
    return places


def opening(nb: Notebook) -> list[Cell]:
    """Return the Markdown cells before the first code cell."""
    first = nb.code[0].number if nb.code else len(nb.cells) + 1
    return [cell for cell in nb.markdown if cell.number < first]


def objectives(nb: Notebook) -> list[str]:
    """Return the list items that follow 🎯."""
    places = sign_places(nb, "🎯")
    if not places:
        return []
    cell, line = places[0]
    lines = cell.source.splitlines()[line + 1 :]
    following = [c for c in nb.markdown if c.number == cell.number + 1]
    return list_items(lines) or [i for c in following for i in list_items(c.source.splitlines())]


def recap(nb: Notebook) -> list[str]:
    """Return the list items under the heading "Recap"."""
    found = section(nb, "Recap")
    return list_items(found.text.splitlines()) if found else []


def terms(term: str) -> set[str]:
    """Return the forms of a glossary term: "return on investment (ROI)" has two."""
    match = re.fullmatch(r"(.+) \((.+)\)", term)
    return {plain_phrase(part) for part in (match.groups() if match else (term,))}


def with_plurals(forms: set[str]) -> set[str]:
    """Return the forms and their plurals."""
    return forms | {f"{form}s" for form in forms} | {re.sub("y$", "ies", form) for form in forms}


# ---------------------------------------------------------------------------------------------
# Rules: form, execution, outputs
# ---------------------------------------------------------------------------------------------


def check_form(nb: Notebook, course: Course) -> Iterator[Problem]:
    """The text on disk is the normalised notebook, as JupyterLab saves it, and small."""
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", nb.path.stem):
        yield _problem(nb, None, "the file's name is not NN_slug.ipynb", "Rename it")
    invalid = [error.message.splitlines()[0] for error in iter_validate(nb.node)]
    if invalid:
        yield _problem(nb, None, f"not a valid notebook: {invalid[0]}", "Save it from JupyterLab")
        return
    clean = normalised(nb.node)
    rerender = RERENDER.format(nb.number)
    for cell, old, new in zip(nb.cells, nb.node.cells, clean.cells, strict=True):
        if cell.kind == "raw":
            yield _problem(nb, cell, "a raw cell", "Make it Markdown or remove it")
        if not cell.source.strip():
            yield _problem(nb, cell, "the cell is empty", "Remove it")
        if cell.metadata.keys() - CELL_KEYS:
            extra = ", ".join(sorted(cell.metadata.keys() - CELL_KEYS))
            yield _problem(nb, cell, f"metadata not of the course: {extra}", rerender)
        elif old != new:
            yield _problem(nb, cell, "the cell is not normalised", rerender)
    if nb.node.metadata != clean.metadata:
        yield _problem(nb, None, "the notebook's metadata is not normalised", rerender)
    if nb.raw != written(nb.node):
        yield _problem(nb, None, "the file is not in the form JupyterLab saves", rerender)
    size = len(nb.raw.encode())
    if size >= MAX_BYTES:
        what = f"the file has {size:,} bytes, the limit is {MAX_BYTES:,}"
        yield _problem(nb, None, what, "Draw fewer or smaller figures, or print shorter tables")


def check_executed(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Executed once from top to bottom, without errors, and with its outputs stored."""
    rerender = RERENDER.format(nb.number)
    for count, cell in enumerate(nb.code, start=1):
        if cell.execution_count != count:
            what = f"execution count {cell.execution_count}, not {count}"
            yield _problem(nb, cell, what, rerender)
        if not cell.outputs and _must_print(cell.source):
            yield _problem(nb, cell, "the cell prints, and no output is stored", rerender)
        for output in cell.outputs:
            if output.output_type == "error":
                what = f"the stored output is an error, {output.ename}: {output.evalue}"
                yield _problem(nb, cell, what, "Mend the code; show an expected error with try")
            if output.get("name") == "stderr":
                line = output.text.strip().splitlines()[-1]
                what = f"the stored output holds stderr, {line!r}"
                yield _problem(nb, cell, what, "Mend the cause of the warning")
            if output.get("execution_count", count) != count:
                yield _problem(nb, cell, "an output of another run", rerender)


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


def python_tree(source: str) -> ast.Module | None:
    """Parse a code cell; lines of shell or magic commands are left out."""
    python = re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE)
    try:
        return ast.parse(python)
    except SyntaxError:
        return None


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
                    yield _problem(nb, cell, f"the output holds {what}: {near!r}", do)
            for path in here:
                if len(path) > 1 and re.search(re.escape(path) + r"(?:[/\\]|\s|$)", text):
                    what = f"the output holds a path of one machine: {path!r}"
                    yield _problem(nb, cell, what, "Print the name only")
        for output in cell.outputs:
            data = output.get("data", {})
            page = data.get("text/html", "")
            if re.search(r"<style type|id=\"T_|#T_", page):
                yield _problem(nb, cell, "the output is a Styler", "Show the plain table, rounded")
            if "<script" in page:
                yield _problem(nb, cell, "the output holds a script", "Show a table or a figure")
            for kind in data.keys() - MIME_TYPES:
                what = f"the output is of type {kind}"
                yield _problem(nb, cell, what, "Show text, a table or a PNG figure")


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
        yield _problem(nb, cell, what, f"Mend it, or run `ruff check --fix {place(nb)}`")
    style = _ruff(["format", "--diff", *name[-3:]], nb)
    if style.returncode:
        cells = [int(n) for n in re.findall(r"^\+\+\+ .*:cell (\d+)$", style.stdout, re.MULTILINE)]
        for number in cells:
            cell = nb.cells[number - 1]
            yield _problem(nb, cell, "ruff would format the code", f"Run `ruff format {place(nb)}`")
        if not cells:
            message = style.stderr.strip().splitlines()[-1:] or ["ruff format failed"]
            yield _problem(nb, None, f"ruff: {message[0]}", "Mend the code")


def _ruff(arguments: list[str], nb: Notebook) -> subprocess.CompletedProcess:
    config = ["--config", str(ROOT / "pyproject.toml")]
    command = [sys.executable, "-m", "ruff", arguments[0], *config, *arguments[1:]]
    return subprocess.run(command, input=nb.raw, capture_output=True, encoding="utf-8")


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


def check_code(nb: Notebook, course: Course) -> Iterator[Problem]:
    """No paths, downloads, installs; no hidden outputs; randomness comes from a generator."""
    for cell in nb.code:
        for pattern, what in CODE_FAULTS:
            match = re.search(pattern, cell.source)
            if match:
                do = 'Load tables with funnelkit.load("events"); lessons need nothing else'
                yield _problem(nb, cell, f"the code {what}: {match[0]!r}", do)
        for row, line in enumerate(_python_lines(cell.source), start=1):
            if line.rstrip().endswith(";"):
                what = f"line {row} ends with a semicolon"
                yield _problem(nb, cell, what, "Remove it; end a plot cell with `ax = …`")
        drawn = re.search(r"\bnp\.random\.(?!default_rng|Generator|SeedSequence)\w+", cell.source)
        if drawn:
            what = f"the code draws from the global generator, {drawn[0]}"
            yield _problem(nb, cell, what, "Use rng = np.random.default_rng(seed)")
        for call in _unstable_sorts(python_tree(cell.source)):
            what = f"{call} leaves rows that tie in an order that differs between processors"
            yield _problem(nb, cell, what, 'Add kind="stable", or sort by several columns')
        if re.search(r"#\s*(?:NBVAL|PYTEST_VALIDATE)_\w+", cell.source):
            what = "a comment changes how the cell is tested"
            yield _problem(nb, cell, what, "Remove it; see the rule for nbval-ignore-output")


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
            yield _problem(nb, cell, what, do)
        for tag in set(cell.metadata.get("tags", [])) - KNOWN_TAGS:
            known = ", ".join(sorted(KNOWN_TAGS))
            yield _problem(nb, cell, f"unknown tag {tag!r}", f"Remove it; known is {known}")
        for key in cell.metadata.get("funnelkit", {}).keys() - OWN_KEYS:
            what = f"unknown key {key!r} in the cell's funnelkit metadata"
            known = ", ".join(sorted(OWN_KEYS))
            yield _problem(nb, cell, what, f"Remove it; known are {known}")


def ignored_outputs(nb: Notebook) -> set[tuple[str, str]]:
    """Return (notebook's stem, cell's id) of each cell whose output is not compared."""
    tag = "nbval-ignore-output"
    return {(nb.path.stem, c.id) for c in nb.cells if tag in c.metadata.get("tags", [])}


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
                missing = [n for n in numbers(typed) if not _is_given(n, cell)]
                for number in missing:
                    what = f"the number {number.text} in a figure's title or label is typed"
                    do = "Compute it in an f-string, or give its reason in the metadata `given`"
                    yield _problem(nb, cell, what, do)


def _typed(node: ast.AST) -> Iterator[str]:
    """Yield the texts a reader would see that stand in the code as they are."""
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
        if cell.draws and not _words_below(nb, cell):
            what = "the figure is not followed by words"
            yield _problem(nb, cell, what, "Say in the next cell what the figure shows")


def _words_below(nb: Notebook, cell: Cell) -> bool:
    """Whether the next cell is Markdown and opens with words, not with a heading."""
    after = nb.cells[cell.number : cell.number + 1]
    if not after or after[0].kind != "markdown" or after[0].source.startswith("#"):
        return False
    return len(words(after[0].source)) >= 5


# ---------------------------------------------------------------------------------------------
# Rules: prose
# ---------------------------------------------------------------------------------------------

SIGN = re.compile(
    "[\u231a-\u231b\u23e9-\u23fa\u25b6\u25c0\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]\ufe0f?"
)


def check_signs(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Five signs, each with its meaning; a block quote opens with one and a bold word."""
    for cell in nb.cells:
        if cell.role:
            continue
        for sign in {s for s in SIGN.findall(cell.source) if s not in SIGNS}:
            what = f"the sign {sign!r} is not one of the course's"
            yield _problem(nb, cell, what, f"Use words, or one of {' '.join(SIGNS)}")
        for sign in {s for s in SIGN.findall(cell.text) if s not in SIGNS + OUTPUT_SIGNS}:
            what = f"the output holds the sign {sign!r}"
            yield _problem(nb, cell, what, f"Use words, or one of {' '.join(OUTPUT_SIGNS)}")
    alternatives = "|".join(SIGNS)
    for cell in nb.markdown:
        previous = ""
        for line in without_code(cell.source).splitlines():
            quoted = line.startswith(">")
            if quoted and not previous.startswith(">"):
                if not re.match(rf">\s*(?:{alternatives}) \*\*\S", line):
                    what = f"a block quote opens without sign and bold word: {line[:40]!r}"
                    yield _problem(nb, cell, what, "Open it like `> ⚠️ **Trap.** …`")
            elif not quoted and re.match(rf"\s*(?:{alternatives})", line):
                what = f"a sign opens a paragraph: {line[:40]!r}"
                yield _problem(nb, cell, what, "Make it a block quote or a heading")
            previous = line


def check_mermaid(nb: Notebook, course: Course) -> Iterator[Problem]:
    """A diagram is followed by the same in words."""
    for cell in nb.markdown:
        parts = re.split(r"^```mermaid\n.*?^```\s*$", cell.source, flags=re.DOTALL | re.MULTILINE)
        for number, part in enumerate(parts[1:], start=1):
            last = number == len(parts) - 1
            if len(words(part)) < 5 and not (last and _words_below(nb, cell)):
                what = "a Mermaid diagram is not followed by words"
                yield _problem(nb, cell, what, "Say the same in words right below it")


LATEX = re.compile(r"\\(?:text|mathrm|operatorname|mathit)\*?\{[^}]*\}|\\[a-zA-Z]+")


def check_maths(nb: Notebook, course: Course) -> Iterator[Problem]:
    """`$` is for maths only; money is written EUR 30,000; no bar in the maths of a table."""
    for cell in nb.markdown:
        text = without_code(cell.source)
        if r"\$" in text:
            yield _problem(nb, cell, r"an escaped dollar sign, \$", "Write money as EUR 30,000")
        for paragraph in re.split(r"\n\s*\n", re.sub(r"\$\$.+?\$\$", "", text, flags=re.DOTALL)):
            if len(re.findall(r"(?<!\\)\$", paragraph)) % 2:
                what = f"a dollar sign without its partner near {paragraph.strip()[:40]!r}"
                yield _problem(nb, cell, what, "`$` is for maths; write money as EUR 30,000")
        for span in maths_spans(cell.source):
            word = re.search(r"[a-z]{3,}", LATEX.sub("", span))
            if word:
                what = f"the word {word[0]!r} between dollar signs"
                do = r"Put words in maths into \text{…}; write money as EUR 30,000"
                yield _problem(nb, cell, what, do)
        for symbol in set(re.findall(r"[€£¥]|\bUS\$", text)):
            yield _problem(nb, cell, f"the money sign {symbol}", "Write money as EUR 30,000")
        after = re.search(r"\d\s*EUR\b", text)
        if after:
            what = f"the currency stands after the amount: {after[0]!r}"
            yield _problem(nb, cell, what, "Write money as EUR 30,000")
        for line in text.splitlines():
            if line.lstrip(" >").startswith("|") and any(
                "|" in span.replace(r"\|", "|") for span in re.split(r"(?<!\\)\$", line)[1::2]
            ):
                what = f"a bar in the maths of a table: {line.strip()[:50]!r}"
                yield _problem(nb, cell, what, r"Write \mid")


@dataclass(frozen=True)
class Number:
    """A number as it stands in prose."""

    text: str
    value: float
    decimals: int
    percent: bool
    about: bool


NUMBER = re.compile(r"(?<![A-Za-z_\d.,])(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(?![A-Za-z_\d])")
PERCENT = re.compile(r"\s*(?:\\?%|per ?cent\b|percentage points?\b)")
JOINED = re.compile(r"\s*\\?%?\s*(?:–|-|−|to|and|or|against|,|…|/|→)\s*[−-]?$")
ABOUT = re.compile(
    r"(?:about|around|roughly|nearly|almost|some|over|under|below|above|than|at least|at most|up to"
    r"|≈|~)\s*(?:EUR\s*)?[−-]?$"
)
LABEL = re.compile(
    r"\b(?:lessons?|parts?|sections?|questions?|steps?|tables?|figures?)\s+\d+"
    r"(?:\s*(?:,|and|to|or|–|-)\s*\d+)*",
    re.IGNORECASE,
)
CLOCK = r"\d\d?:\d\d(?::\d\d)?"
MOMENT = re.compile(rf"\b\d{{4}}-\d\d(?:-\d\d)?(?:[ T]{CLOCK})?\b|\b{CLOCK}\b")
TASK_HEADING = re.compile(r"#{2,6} (\d+\.\d+) · (.+)")
COUNTER = re.compile(r"^(\s*>?\s*)(?:#+\s*)?\d+(?:\.\d+)*[.)·]?(?=\s+\S)", re.MULTILINE)


def numbers(text: str) -> list[Number]:
    """Return the numbers in a plain text."""
    found = list(NUMBER.finditer(text))
    result: list[Number] = []
    percent = False
    for at in range(len(found) - 1, -1, -1):
        match = found[at]
        tail = text[match.end() : found[at + 1].start()] if at + 1 < len(found) else ""
        percent = bool(PERCENT.match(text, match.end())) or (percent and bool(JOINED.match(tail)))
        fraction = match[2] or ""
        value = float(match[1].replace(",", "") + "." + (fraction or "0"))
        about = bool(ABOUT.search(text[max(match.start() - 20, 0) : match.start()]))
        result.append(Number(match[0], value, len(fraction), percent, about))
    return result[::-1]


def prose_numbers(source: str) -> tuple[list[Number], list[str]]:
    """Return the numbers of a Markdown text, and its dates and times as they stand there.

    Left out: code, links' targets, tags, the counters of lists and headings, "lesson 2" and its
    like, ordinals; and in maths 0, 1 and 2 and what stands in sub- and superscripts.
    """
    text = re.sub(r"\]\([^)]*\)|</?[a-zA-Z][^>]*>", " ", without_code(source))
    maths = " ; ".join(maths_spans(source))
    maths = re.sub(r"[_^](?:\{[^{}]*\}|\\?\w)", " ", maths.replace("{,}", ",").replace(r"\,", ""))
    structural = [n for n in numbers(maths) if n.value not in (0, 1, 2)]
    text = without_maths(text)
    text = COUNTER.sub(_no_counter, text)
    text = LABEL.sub(" ", text)
    moments = MOMENT.findall(text)
    return numbers(MOMENT.sub(" ", text)) + structural, moments


def _no_counter(match: re.Match) -> str:
    """Blank the number that opens a heading or a list item; keep one that opens a sentence."""
    counter = match[0].lstrip(" >")
    return match[1] if counter.startswith("#") or counter[-1] in ".)" else match[0]


def output_numbers(text: str) -> set[float]:
    """Return the numbers in an output; a span of time also in days, hours and minutes."""
    found = set()
    for whole in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][+-]?\d+)?", text):
        found.add(float(whole.replace(",", "")))
        found.update(float(part) for part in whole.split(","))
    for days, hours, minutes, seconds in re.findall(r"(\d+) days?,? (\d+):(\d\d):(\d\d)", text):
        total = int(days) + int(hours) / 24 + int(minutes) / 1440 + int(seconds) / 86400
        found.update((total, total * 24, total * 1440))
    return found


def occurs(number: Number, known: set[float]) -> bool:
    """Whether the number is one of the known ones, rounded as it is written.

    A percentage may stand for a fraction and the other way round. After "about", "nearly",
    "over" and their like a round number may be rounded to its last digit that is not zero.
    """
    scales = [1.0, 100.0] if number.percent else [1.0]
    if not number.percent and number.decimals and number.value <= 1:
        scales.append(0.01)
    step = 10.0**-number.decimals
    if number.about and not number.decimals:
        digits = str(int(number.value))
        step = 10.0 ** (len(digits) - len(digits.rstrip("0")))
    return any(
        abs(value * scale - number.value) <= step / 2 + 1e-9 for value in known for scale in scales
    )


def only_in_solution(cell: Cell | nbformat.NotebookNode) -> bool:
    """Whether a cell of an exercise is left out of the learner's notebook."""
    return bool(cell.metadata.get("funnelkit", {}).get("solution"))


def _is_given(number: Number, cell: Cell) -> bool:
    keys = {re.sub(r"[,\s%]", "", str(key)) for key in cell.metadata.get("given", {})}
    return number.text.replace(",", "") in keys


def check_numbers(nb: Notebook, course: Course) -> Iterator[Problem]:
    """A number in the words below a code cell stands in its output, or is given with a reason.

    The text of a task begins something new; `exercise_rules.py` looks at its numbers.
    """
    for before, cell in zip(nb.cells, nb.cells[1:], strict=False):
        if before.kind != "code" or cell.kind != "markdown" or cell.role:
            continue
        if TASK_HEADING.match(cell.source) or only_in_solution(cell):
            continue
        known = output_numbers(before.text)
        found, moments = prose_numbers(cell.source)
        missing = [n.text for n in found if not occurs(n, known) and not _is_given(n, cell)]
        given = cell.metadata.get("given", {})
        missing += [m for m in moments if m not in before.text and m not in given]
        for text in dict.fromkeys(missing):
            what = f"the number {text} is not in the output of the cell above"
            do = (
                "Print it there, correct it, or say where it is from in the cell's metadata: "
                f'"given": {{"{text}": "reason"}}'
            )
            yield _problem(nb, cell, what, do)


def check_given(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Each `given` number stands in its cell and has a reason."""
    for cell in nb.cells:
        given = cell.metadata.get("given", {})
        if not isinstance(given, dict):
            yield _problem(nb, cell, "`given` is not a mapping", 'Write {"number": "reason"}')
            continue
        text = cell.source.replace(",", "").replace("{}", "")
        for number, reason in given.items():
            if not isinstance(reason, str) or len(reason.split()) < 2:
                what = f"`given` has no reason for {number}"
                yield _problem(nb, cell, what, "Say in a few words where it is from")
            bare = re.sub(r"[,\s%]", "", number)
            if not re.search(rf"(?<![\d.]){re.escape(bare)}(?!\d)", text) and number not in text:
                what = f"`given` names {number}, which the cell does not say"
                yield _problem(nb, cell, what, "Remove it from the metadata")


# ---------------------------------------------------------------------------------------------
# Rules: the parts of a lesson
# ---------------------------------------------------------------------------------------------


def check_metadata(nb: Notebook, course: Course) -> Iterator[Problem]:
    """The notebook's metadata says all that it must, and nothing else."""
    info = nb.info
    for key in sorted(LESSON_KEYS - info.keys()):
        yield _problem(nb, None, f"the metadata has no {key!r}", "Add it under `funnelkit`")
    for key in sorted(info.keys() - LESSON_KEYS):
        yield _problem(nb, None, f"the metadata has an unknown key {key!r}", "Remove it")
    if not isinstance(info.get("title", ""), str) or not info.get("title", "x").strip():
        yield _problem(nb, None, "the metadata's title is empty", "Give the lesson a title")
    minutes = info.get("minutes", [1, 2])
    numbers_only = isinstance(minutes, list) and all(type(m) is int for m in minutes)
    if not (numbers_only and len(minutes) == 2 and 0 < minutes[0] < minutes[1]):
        what = f"the metadata's minutes are {minutes!r}"
        yield _problem(nb, None, what, "Write [low, high] in whole minutes, low first")
    for key in ("teaches", "needs", "core", "data"):
        values = info.get(key, [])
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            yield _problem(nb, None, f"the metadata's {key} is not a list of names", "Make it one")
            continue
        for value in sorted({v for v in values if values.count(v) > 1}):
            yield _problem(nb, None, f"the metadata's {key} names {value!r} twice", "Remove one")
        known = course.tables if key == "data" else course.glossary
        place = "a table in datasets/" if key == "data" else "an id in datasets/glossary.csv"
        for value in (v for v in values if v not in known):
            what = f"the metadata's {key} names {value!r}, which is not {place}"
            yield _problem(nb, None, what, "Correct the name, or add it there")
    if len(info.get("core", [])) > 3:
        yield _problem(nb, None, "more than three core formulas", "Treat the others briefly")
    for value in set(info.get("core", [])) - set(info.get("teaches", [])):
        what = f"{value!r} is core and not taught"
        yield _problem(nb, None, what, "Add it to `teaches`")


def check_opening(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Title, business question, objectives, minutes and what one needs come before any code."""
    cells = opening(nb)
    if not cells or not re.match(r"# \S", cells[0].source):
        what = "the lesson does not open with its title"
        yield _problem(nb, cells[0] if cells else None, what, "Open with `# NN · Title`")
        return
    first = cells[0]
    heading = first.source.splitlines()[0].removeprefix("# ").strip()
    if not heading.endswith(nb.title):
        what = f"the heading {heading!r} does not end with the metadata's title {nb.title!r}"
        yield _problem(nb, first, what, "Make them the same")
    for level, title, cell, _ in headings(nb):
        if level == 1 and cell is not first:
            yield _problem(nb, cell, f"a second title, {title!r}", "Use ## for a section")
    text = "\n\n".join(cell.source for cell in cells)
    minutes = nb.info.get("minutes", [])
    if len(minutes) == 2 and f"{minutes[0]}–{minutes[1]} minutes" not in text:
        what = f"the opening does not say {minutes[0]}–{minutes[1]} minutes"
        yield _problem(nb, first, what, "Say it as in the metadata, with an en dash")
    phrases = bold_phrases(text)
    if not nb.is_start:
        if not any("question" in phrase for phrase in phrases) or "?" not in text:
            what = "the opening asks no business question"
            yield _problem(nb, first, what, "Write `**The business question.** …?`")
        if not any(re.match(r"(?:what )?you need", phrase) for phrase in phrases):
            what = "the opening does not say what the learner needs"
            yield _problem(nb, first, what, "Write `**You need** …`")
    items = objectives(nb)
    place = sign_places(nb, "🎯")
    if not place or place[0][0] not in cells:
        what = "the opening has no objectives"
        yield _problem(nb, first, what, "Write `> 🎯 **Objectives**` and a list below")
        return
    if not 3 <= len(items) <= 5:
        what = f"{len(items)} objectives"
        yield _problem(nb, place[0][0], what, "Give three to five, as one list after 🎯")
    for item in items:
        if not re.match(r"\*\*\S", item):
            what = f"the objective {item[:40]!r} does not open with a bold phrase"
            yield _problem(nb, place[0][0], what, "Open it with `**…**`")


def check_predict(nb: Notebook, course: Course) -> Iterator[Problem]:
    """A lesson asks the learner to predict, and the next cell gives the answer."""
    places = sign_places(nb, "🔮")
    if not places and not nb.is_start:
        what = "the lesson never asks to predict first"
        yield _problem(nb, None, what, "Put `> 🔮 **Predict first.** …` before a surprising output")
    for cell, _ in places:
        after = nb.cells[cell.number : cell.number + 1]
        if not nb.is_start and (not after or after[0].kind != "code"):
            what = "the prediction is not followed by code"
            yield _problem(nb, cell, what, "Put it right before the cell that answers it")


PACKAGE_CALL = re.compile(
    r"\b(?:funnelkit|data|funnels|metrics|cohorts|lifetime|quality|segments|scoring|forecasting"
    r"|experiments|bayes|recommenders|attribution|crm|automation)\.\w+"
)


def check_core(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Each core formula or algorithm has its section, with the eight beats in order."""
    marked = {c.metadata["funnelkit"]["core"]: c for c in nb.markdown if _core(c)}
    wanted = list(nb.info.get("core", []))
    for name in marked.keys() - set(wanted):
        what = f"the cell opens the section of {name!r}, which is not core"
        yield _problem(nb, marked[name], what, "Add it to the metadata's `core`, or unmark it")
    for name in wanted:
        cell = marked.get(name)
        if cell is None:
            what = f"no section for the core {name!r}"
            do = f'Give its heading cell the metadata {{"funnelkit": {{"core": "{name}"}}}}'
            yield _problem(nb, None, what, do)
            continue
        if not re.match(r"#{2,6} ", cell.source):
            yield _problem(nb, cell, "a core section opens without a heading", "Give it one")
            continue
        for beat in _missing_beats(_section_cells(nb, cell)):
            what = f"the core section {name!r} lacks {beat}"
            yield _problem(nb, cell, what, "Add it in its place (see tools/notebook_rules.py)")


def _core(cell: Cell) -> str:
    return cell.metadata.get("funnelkit", {}).get("core", "")


def _section_cells(nb: Notebook, first: Cell) -> list[Cell]:
    level = len(first.source) - len(first.source.lstrip("#"))
    cells = [first]
    for cell in nb.cells[first.number :]:
        match = re.match(r"(#{1,6}) ", cell.source) if cell.kind == "markdown" else None
        if cell.role or (match and len(match[1]) <= level):
            break
        cells.append(cell)
    return cells


def _missing_beats(cells: list[Cell]) -> list[str]:
    """Return which of the beats is missing, or is not in its place."""
    text = "".join(f"\n{c.source}\n" if c.kind == "markdown" else "\n\x00\n" for c in cells)
    formula = re.search(r"\$\$", text)
    steps = re.search(r"^\s*1[.)] .*?^\s*2[.)] ", text, re.DOTALL | re.MULTILINE)
    start = formula or steps
    if start is None:
        return ["a formula in $$…$$ or the numbered steps of the algorithm"]
    missing = []
    if len(words(text[: start.start()])) < 5:
        missing.append("words before the formula")
    symbols = re.compile(r"\|\s*Symbol\s*\|\s*Meaning\s*\|\s*Unit\s*\|")
    if formula and not symbols.search(text, formula.end()):
        missing.append("a table | Symbol | Meaning | Unit | below the formula")
    hand = re.search(r"\bby hand\b", text[start.end() :], re.IGNORECASE)
    if hand is None:
        missing.append('a small example "by hand" after the formula')
    code = [c for c in cells if c.kind == "code"]
    calls = [c for c in code if "assert" in c.source and PACKAGE_CALL.search(c.source)]
    if not calls:
        return [*missing, "a code cell that asserts that funnelkit returns the same number"]
    call = calls[0]
    if not any(c.number < call.number and len(c.source.splitlines()) <= 10 for c in code):
        missing.append("the same in a few lines of code, in a cell before the funnelkit call")
    data = [c for c in code if c.number > call.number]
    if not data:
        return [*missing, "a code cell with the data after the funnelkit call"]
    after = [c for c in cells if c.kind == "markdown" and c.number > data[0].number]
    if not any(len(words(c.source)) >= 5 for c in after):
        missing.append("words that read the result on the data")
    if not any(re.search(r"^>\s*⚠️", c.source, re.MULTILINE) for c in after):
        missing.append("a trap, `> ⚠️ **Trap.** …`, at its end")
    return missing


def check_article_box(nb: Notebook, course: Course) -> Iterator[Problem]:
    """The box that sets the article right bears its one title."""
    for cell in nb.markdown:
        for line in cell.source.splitlines():
            said = re.match(r"(?:>|#).*what the article says", line, re.IGNORECASE)
            if said and ARTICLE_BOX not in line:
                yield _problem(nb, cell, f"the box is titled {line[:60]!r}", f"Write {ARTICLE_BOX}")


def check_ending(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Recap, quiz, decision and further reading close the lesson, in this order."""
    found = {"Recap": section(nb, "Recap")}
    if not nb.is_start:
        found["Quiz"] = section(nb, "Quiz")
        found["Further reading"] = section(nb, "Further reading")
    for name, part in found.items():
        if part is None or part.level != 2:
            yield _problem(nb, None, f"no section `## {name}`", "Add it")
    order = {name: part.order for name, part in found.items() if part}
    if not nb.is_start:
        memo = [(c.number, line) for c, line in sign_places(nb, "🧭")]
        if memo:
            order["🧭 decision memo"] = memo[-1]
        else:
            yield _problem(nb, None, "no decision memo", "Open it `## 🧭 Decision memo`")
    names = ["Recap", "Quiz", "🧭 decision memo", "Further reading"]
    present = [name for name in names if name in order]
    if present != sorted(present, key=order.__getitem__):
        is_now = ", ".join(sorted(present, key=order.__getitem__))
        yield _problem(nb, None, f"the lesson ends {is_now}", f"Order it {', '.join(present)}")
    yield from _check_recap(nb, found["Recap"])
    if found.get("Quiz"):
        yield from _check_quiz(nb, found["Quiz"])


def _check_recap(nb: Notebook, part: Section | None) -> Iterator[Problem]:
    if part is None:
        return
    aims = [(bold_phrases(item) or [""])[0] for item in objectives(nb)]
    kept = [(bold_phrases(item) or [""])[0] for item in recap(nb)]
    if aims != kept:
        lost = [f"{phrase!r}" for phrase in aims if phrase not in kept]
        new = [f"{phrase!r}" for phrase in kept if phrase not in aims]
        detail = f"missing {', '.join(lost) or 'none'}, extra {', '.join(new) or 'none'}"
        what = f"the recap's bold phrases are not the objectives', one for one ({detail})"
        yield _problem(nb, part.cell, what, "Repeat them in the same words and order")


def _check_quiz(nb: Notebook, part: Section) -> Iterator[Problem]:
    answers = re.findall(r"<details>(.*?)</details>", part.text, re.DOTALL)
    if len(answers) != 3:
        what = f"the quiz has {len(answers)} answers that fold open"
        yield _problem(nb, part.cell, what, "Give three questions, each with one <details>")
    for answer in answers:
        if not re.search(r"<summary>.+?</summary>", answer, re.DOTALL):
            yield _problem(nb, part.cell, "an answer has no <summary>", "Add <summary>…</summary>")
        body = re.sub(r"<summary>.*?</summary>", "", answer, flags=re.DOTALL)
        if len(words(body)) < 10:
            what = f"the answer {' '.join(body.split())[:40]!r} gives no reasons"
            yield _problem(nb, part.cell, what, "Say why it is right and why each other is wrong")
        if not body.startswith("\n\n") and re.search(r"\*\*|`|^[-*] |\$", body, re.MULTILINE):
            what = "no empty line after </summary>, so the answer's Markdown is not drawn"
            yield _problem(nb, part.cell, what, "Leave a line empty after </summary>")


def check_reading(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Further reading names works from the checked list, by their keys."""
    part = section(nb, "Further reading")
    if part is None:
        return
    items = list_items(part.text.splitlines())
    if not items:
        yield _problem(nb, part.cell, "no further reading", "List works from docs/references.md")
    for item in items:
        key = re.match(r"\*\*(.+?)\*\*", item)
        entry = course.references.get(key[1].strip(" .:,") if key else "")
        if entry is None:
            what = f"{item[:50]!r} does not open with a bold key of docs/references.md"
            yield _problem(nb, part.cell, what, "Write `- **Wilson 1927** …`, or enter it there")
            continue
        for title in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", item[key.end() :]):
            if plain_phrase(title) not in plain_phrase(entry):
                what = f"{key[1]} is not called {title!r} in docs/references.md"
                yield _problem(nb, part.cell, what, "Quote the title as it stands there")


# ---------------------------------------------------------------------------------------------
# Rules: the lesson among the others
# ---------------------------------------------------------------------------------------------


def check_concepts(nb: Notebook, course: Course) -> Iterator[Problem]:
    """A concept is taught once, before it is needed or stressed, and where it is said to be."""
    teacher: dict[str, str] = {}
    for other in course.before(nb):
        for name in other.info.get("teaches", []):
            teacher.setdefault(name, other.number)
    own = nb.info.get("teaches", [])
    for name in own:
        if name in teacher:
            what = f"{name!r} is taught in lesson {teacher[name]} already"
            yield _problem(nb, None, what, "Move it to `needs`")
    for name in nb.info.get("needs", []):
        if name in own:
            what = f"the lesson needs {name!r}, which it teaches"
            yield _problem(nb, None, what, "Remove it from `needs`")
        elif name in course.glossary and name not in teacher:
            what = f"the lesson needs {name!r}, which no lesson before it teaches"
            yield _problem(nb, None, what, "Teach it first, or do without it")
    for cell, phrase, name in untaught_terms(nb, course, {*teacher, *own}):
        what = f"the term {phrase!r} is bold, and no lesson up to here teaches it"
        do = f"Teach it here, with {name!r} in `teaches`, or use no bold"
        yield _problem(nb, cell, what, do)
    said = " ".join(" ".join(c.source for c in nb.markdown).replace("*", "").split()).casefold()
    for name in own:
        term = course.glossary.get(name, "")
        if not any(form in said for form in terms(term)):
            what = f"the lesson teaches {name!r} and never says {term!r}"
            yield _problem(nb, None, what, "Say the term in the text, or remove it from `teaches`")


def untaught_terms(nb: Notebook, course: Course, taught: set[str]) -> Iterator[tuple]:
    """Yield cell, phrase and glossary id of each bold term that is not among those taught."""
    every = {name: with_plurals(terms(term)) for name, term in course.glossary.items()}
    known = {form for name in taught for form in every.get(name, ())}
    later = {form: name for name, forms in every.items() for form in forms}
    for cell in nb.markdown:
        for phrase in dict.fromkeys(bold_phrases(cell.source)):
            if phrase in later and phrase not in known:
                yield cell, phrase, later[phrase]


def loaded_tables(cell: Cell) -> list[str]:
    """Return the names of the tables that a code cell loads or describes."""
    tree = python_tree(cell.source)
    names = []
    for call in ast.walk(tree) if tree else ():
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name in ("load", "describe") and isinstance(call.args[0].value, str):
                names.append(call.args[0].value)
    return names


def check_tables(nb: Notebook, course: Course) -> Iterator[Problem]:
    """A table is introduced (named in the metadata's `data`) before or where it is loaded."""
    earlier = {name for other in course.before(nb) for name in other.info.get("data", [])}
    own = nb.info.get("data", [])
    used = set()
    for cell in nb.code:
        for name in loaded_tables(cell):
            used.add(name)
            if name not in earlier and name not in own:
                what = f"the table {name!r} is loaded before a lesson introduces it"
                yield _problem(nb, cell, what, "Introduce it, and name it in the metadata's `data`")
    shown = " ".join(f"{cell.source} {cell.text}" for cell in nb.cells)
    for name in own:
        if name not in used and not re.search(rf"\b{re.escape(name)}\b", shown):
            what = f"the metadata's data names {name!r}, which the lesson never shows"
            yield _problem(nb, None, what, "Load it or speak of it, or remove it there")


def check_links(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Links lead to lessons, exercises and their headings; outside, only to listed references.

    Learners read copies of lessons and exercises, and only of these, so a link to another file of
    the repository would break there.
    """
    for cell in nb.cells:
        if cell.kind != "markdown":
            continue
        for target in link_targets(cell.source):
            if re.match(r"[a-z]+:", target):
                if not any(target in entry for entry in course.references.values()):
                    what = f"the link {target} is not in docs/references.md"
                    yield _problem(nb, cell, what, "Enter it there, or remove it")
                continue
            name, _, anchor = target.partition("#")
            path = (nb.path.parent / unquote(name)).resolve() if name else nb.path.resolve()
            folders = [(course.root / f).resolve() for f in ("notebooks", "exercises")]
            if path.parent not in folders or path.suffix != ".ipynb":
                what = f"the link {target} leads out of notebooks/ and exercises/"
                yield _problem(nb, cell, what, "Name the file instead; learners have copies only")
                continue
            fault = _dead_link(path, anchor, nb)
            if fault:
                yield _problem(nb, cell, f"the link {target}: {fault}", "Correct the link")


def link_targets(source: str) -> list[str]:
    """Return the targets of a Markdown text's links and pictures."""
    text = without_code(source)
    found = re.findall(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)", text)
    return found + re.findall(r"(?:href|src)=[\"']([^\"']+)[\"']", text)


def _dead_link(path: Path, anchor: str, nb: Notebook | None = None) -> str:
    """Say what is wrong with a link to a file and a heading in it; nothing if it is right."""
    own = nb is not None and path == nb.path.resolve()
    if not own and not path.exists():
        return "there is no such file"
    if not anchor:
        return ""
    if path.suffix == ".ipynb":
        target = nb if own else read(path)
        known = {jupyter_anchor(title) for _, title, _, _ in headings(target)}
    else:
        known = github_anchors(path.read_text(encoding="utf-8"))
    return "" if unquote(anchor) in known else "there is no such heading"


def jupyter_anchor(title: str) -> str:
    """Return the anchor that JupyterLab gives a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
    return re.sub(r"[`*]", "", plain).replace(" ", "-")


def github_anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a Markdown text."""
    anchors: set[str] = set()
    for title in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", without_code(text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        slug = base = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = 0
        while slug in anchors:
            count += 1
            slug = f"{base}-{count}"
        anchors.add(slug)
    return anchors


def check_pages(root: Path) -> Iterator[Problem]:
    """Local links in the repository's Markdown pages lead to files and headings that exist."""
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "datasets").glob("*.md")]
    for page in sorted(pages):
        for target in link_targets(page.read_text(encoding="utf-8")):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            path = (page.parent / unquote(name)).resolve() if name else page.resolve()
            fault = _dead_link(path, anchor)
            if fault:
                where = page.relative_to(root).as_posix()
                yield Problem(where, f"the link {target}: {fault}", "Correct the link")


def check_complete(course: Course) -> Iterator[Problem]:
    """Lesson numbers differ; once lessons 00 to 19 are there, each glossary entry is taught."""
    numbers_seen = [nb.number for nb in course.lessons]
    for nb in course.lessons:
        if numbers_seen.count(nb.number) > 1:
            yield _problem(nb, None, f"a second lesson {nb.number}", "Rename one")
    if len(course.lessons) == 20:
        taught = {name for nb in course.lessons for name in nb.info.get("teaches", [])}
        for name in course.glossary.keys() - taught:
            what = f"no lesson teaches {name!r}"
            yield Problem("datasets/glossary.csv", what, "Teach it, or remove it")


# What lessons and solutions have in common.
SHARED_RULES: list[Rule] = [
    check_form,
    check_executed,
    check_outputs,
    check_ruff,
    check_code,
    check_tags,
    check_typed_numbers,
    check_figures,
    check_signs,
    check_mermaid,
    check_maths,
    check_numbers,
    check_given,
    check_links,
]

RULES: list[Rule] = [
    *SHARED_RULES,
    check_metadata,
    check_opening,
    check_predict,
    check_core,
    check_article_box,
    check_ending,
    check_reading,
    check_concepts,
    check_tables,
]


def guidance(nb: Notebook) -> list[str]:
    """Return what the lesson does against the guidance, which is reported and not enforced."""
    notes = []
    cells = [cell for cell in nb.cells if not cell.role]
    count = sum(len(words(cell.source)) for cell in nb.markdown)
    if not nb.is_start and not 25 <= len(cells) <= 60:
        notes.append(f"{len(cells)} cells (25 to 60 read best)")
    if not nb.is_start and not 1_000 <= count <= 2_500:
        notes.append(f"{count:,} words (1,000 to 2,500 read best)")
    for cell in nb.code:
        length = len(cell.source.splitlines())
        if length > 8:
            notes.append(f"cell {cell.number} ({cell.id}) has {length} lines (three to eight)")
        if len(output_texts(cell)) and cell.number < len(nb.cells):
            after = nb.cells[cell.number]
            if after.kind != "markdown" or after.role:
                notes.append(f"no words read the output of cell {cell.number} ({cell.id})")
    return notes
