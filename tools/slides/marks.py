"""What each cell of a lesson is on the slides, as Jupyter's `slide_type` says it."""

import copy
import re
from collections.abc import Iterator

from tools.notebook_model import Cell, Notebook, Problem, problem_in, written
from tools.slides.deck import MOST, TYPES, Slide, deck, reading

__all__ = ["by_hand", "marked", "problems", "rule_types", "set_by_hand", "stored_types", "types_of"]

RUN = "Run `python -m tools.slides mark`"


def by_hand(nb: Notebook) -> dict[str, str]:
    """Return by cell id the types that somebody has set, and that the rules leave alone."""
    marks = {cell.id: cell.metadata.get("slideshow", {}) for cell in nb.cells}
    return {name: mark.get("slide_type", "") for name, mark in marks.items() if mark.get("by_hand")}


def stored_types(nb: Notebook) -> dict[str, str]:
    """Return by cell id the types that the notebook has."""
    marks = {cell.id: cell.metadata.get("slideshow", {}) for cell in nb.cells}
    return {name: mark["slide_type"] for name, mark in marks.items() if "slide_type" in mark}


def types_of(nb: Notebook) -> dict[str, str]:
    """Return the types to make slides by: those in the notebook, and the rules' for the rest."""
    stored = stored_types(nb)
    if stored.keys() >= {cell.id for cell in marked_cells(nb)}:
        return stored
    return {**rule_types(nb), **stored}


def marked_cells(nb: Notebook) -> list[Cell]:
    """Return the cells that have a type: all but navigation, which is made anew and never shown."""
    return [cell for cell in nb.cells if not cell.role]


def rule_types(nb: Notebook) -> dict[str, str]:
    """Return by cell id what the rules make of each cell, those set by hand as they are.

    A cell that puts something on the screen is a `slide` where a section begins, and else a
    `subslide`; text that does not is `notes`; code whose output is not shown and the reading list
    are `skip`. If there are more than `MOST` slides, outputs that answer no question
    are left out until there are not.
    """
    set_ = by_hand(nb)
    types = dict(set_)
    while True:
        slides = deck(nb, types, by_hand=set_)
        spare = sorted((s for s in slides if s.cell not in set_), key=lambda s: worth(nb, s))
        spare = [slide for slide in spare if worth(nb, slide)[0] < 9]
        over = len(slides) + 1 - MOST  # one more is about the exercise
        if over <= 0 or not spare:
            break
        for slide in spare[:over]:
            types[slide.cell] = "notes" if slide.kind in ("idea", "trap") else "skip"
    first: dict[str, Slide] = {}
    for slide in slides:
        first.setdefault(slide.cell, slide)
    for cell in marked_cells(nb):
        if cell.id in first:
            types.setdefault(cell.id, "slide" if first[cell.id].new else "subslide")
        elif cell.kind == "markdown" and "## Further reading" not in cell.source:
            types.setdefault(cell.id, "notes")
        else:
            types.setdefault(cell.id, "skip")
    return types


def worth(nb: Notebook, slide: Slide) -> tuple[int, int]:
    """Return how much a lesson would lose with a slide; 9 is what is never left out.

    Printed text goes first, then tables, code, figures, sentences below no heading of their own,
    and traps; among them that of which the lesson has least to say.
    """
    cell = next((cell for cell in nb.cells if cell.id == slide.cell), None)
    kinds = {"output": 0, "code": 2, "figure": 3, "idea": 4, "trap": 5}
    if cell is None or slide.kind not in kinds or slide.needed:
        return 9, 0
    if cell.kind == "markdown" and re.search(r"^#|^> 🔮|^\$\$|^\|", cell.source, re.MULTILINE):
        return 9, 0  # the cell is needed for something else
    kind = kinds[slide.kind] + (slide.kind == "output" and "<table" in slide.shown)
    after = nb.cells[cell.number] if cell.number < len(nb.cells) else None
    return kind, reading(after) if after else 0


def marked(nb: Notebook) -> str:
    """Return the notebook's text with the type of each cell in its metadata."""
    node, types, set_ = copy.deepcopy(nb.node), rule_types(nb), by_hand(nb)
    for cell in node.cells:
        if cell.id not in types:
            continue
        mark = {"slide_type": types[cell.id]}
        cell.metadata["slideshow"] = {**mark, "by_hand": True} if cell.id in set_ else mark
    return written(node)


def set_by_hand(nb: Notebook, name: str, kind: str) -> str:
    """Return the notebook's text with one cell's type set by hand, or given back to the rules.

    Parameters
    ----------
    nb : Notebook
        The lesson.
    name : str
        The id of the cell.
    kind : str
        One of `TYPES`, or ``rules``.

    Raises
    ------
    ValueError
        If there is no such cell or no such type.
    """
    if kind not in (*TYPES, "rules"):
        raise ValueError(f"{kind!r} is not one of {', '.join(TYPES)}, rules")
    node = copy.deepcopy(nb.node)
    cell = next((cell for cell in node.cells if cell.get("id") == name), None)
    if cell is None:
        raise ValueError(f"{nb.path.name} has no cell with the id {name!r}")
    cell.metadata.pop("slideshow", None)
    if kind != "rules":
        cell.metadata["slideshow"] = {"slide_type": kind, "by_hand": True}
    return written(node)


def problems(nb: Notebook) -> Iterator[Problem]:
    """Yield where a lesson's types are missing, unknown, or not what the rules make of it now."""
    for cell in nb.cells:
        mark = cell.metadata.get("slideshow", {})
        if mark.get("slide_type", "skip") not in TYPES or mark.keys() - {"slide_type", "by_hand"}:
            yield problem_in(nb, cell, f"the metadata's slideshow is {dict(mark)!r}", RUN)
            return
    stored, types = stored_types(nb), rule_types(nb)
    missing = [cell for cell in marked_cells(nb) if cell.id not in stored]
    if missing:
        what = f"{len(missing)} cells, the first of them this one, have no slide type"
        yield problem_in(nb, missing[0], what, RUN)
    for cell in nb.cells:
        if cell.id in stored and stored[cell.id] != types.get(cell.id):
            what = f"on the slides it is {stored[cell.id]!r}, by the rules {types.get(cell.id)!r}"
            keep = f"`python -m tools.slides set {nb.number} {cell.id} {stored[cell.id]}` keeps it"
            yield problem_in(nb, cell, what, f"{RUN}; {keep}")
