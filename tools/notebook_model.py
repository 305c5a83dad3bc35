"""Notebooks and the course as objects: read, normalise, write; and what a problem is."""

import base64
import csv
import hashlib
import html
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

__all__ = [
    "CELL_KEYS",
    "Cell",
    "Course",
    "LESSON_KEYS",
    "MORE_LESSON_KEYS",
    "MAX_BYTES",
    "Notebook",
    "OWN_KEYS",
    "Problem",
    "ROOT",
    "bare_png",
    "normalised",
    "output_texts",
    "parse",
    "place",
    "problem_in",
    "read",
    "read_course",
    "read_glossary",
    "read_references",
    "written",
]

ROOT = Path(__file__).resolve().parent.parent


MAX_BYTES = 600_000


CELL_KEYS = {"tags", "given", "funnelkit", "slideshow"}


OWN_KEYS = {"role", "core", "solution", "alt"}


LESSON_KEYS = {"title", "minutes", "teaches", "needs", "core", "data"}
MORE_LESSON_KEYS = {"tracks", "recalls"}


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
    """A notebook as it is on disk (`raw`) and parsed."""

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


def read_extras(root: Path = ROOT) -> list[Notebook]:
    """Read the notebooks that need more than the course installs."""
    return [read(path) for path in sorted((root / "notebooks" / "extras").glob("*.ipynb"))]


def read_glossary(path: Path) -> dict[str, str]:
    """Read the glossary's ids and terms."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["term"] for row in csv.DictReader(file)}


def read_references(path: Path) -> dict[str, str]:
    """Read the list of references: the bold key and what follows it."""
    items = re.findall(r"^- \*\*(.+?)\*\* (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(items)


def place(nb: Notebook) -> str:
    """Return where a notebook is in the repository."""
    above = 2 if nb.path.parent.name in ("solutions", "extras") else 1
    return "/".join(nb.path.parts[-1 - above :])


def problem_in(nb: Notebook, cell: Cell | None, what: str, do: str) -> Problem:
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
        if "metadata" in output:  # only in what size a picture is shown stays
            size = output["metadata"].get("image/png")
            output["metadata"] = {"image/png": size} if size else {}
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
