"""Rules about a lesson among the others: concepts, tables, links, the whole course."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from tools.notebook_model import Cell, Course, Notebook, Problem, problem_in, read
from tools.notebook_text import (
    bold_phrases,
    headings,
    python_tree,
    terms,
    with_plurals,
    without_code,
)

__all__ = [
    "check_complete",
    "check_concepts",
    "check_links",
    "check_pages",
    "check_tables",
    "github_anchors",
    "jupyter_anchor",
    "link_targets",
    "loaded_tables",
    "untaught_terms",
]

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
            yield problem_in(nb, None, what, "Move it to `needs`")
    for name in nb.info.get("needs", []):
        if name in own:
            what = f"the lesson needs {name!r}, which it teaches"
            yield problem_in(nb, None, what, "Remove it from `needs`")
        elif name in course.glossary and name not in teacher:
            what = f"the lesson needs {name!r}, which no lesson before it teaches"
            yield problem_in(nb, None, what, "Teach it first, or do without it")
    for cell, phrase, name in untaught_terms(nb, course, {*teacher, *own}):
        what = f"the term {phrase!r} is bold, and no lesson up to here teaches it"
        do = f"Teach it here, with {name!r} in `teaches`, or use no bold"
        yield problem_in(nb, cell, what, do)
    said = " ".join(" ".join(c.source for c in nb.markdown).replace("*", "").split()).casefold()
    for name in own:
        term = course.glossary.get(name, "")
        if not any(form in said for form in terms(term)):
            what = f"the lesson teaches {name!r} and never says {term!r}"
            yield problem_in(
                nb, None, what, "Say the term in the text, or remove it from `teaches`"
            )


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
                yield problem_in(
                    nb, cell, what, "Introduce it, and name it in the metadata's `data`"
                )
    shown = " ".join(f"{cell.source} {cell.text}" for cell in nb.cells)
    for name in own:
        if name not in used and not re.search(rf"\b{re.escape(name)}\b", shown):
            what = f"the metadata's data names {name!r}, which the lesson never shows"
            yield problem_in(nb, None, what, "Load it or speak of it, or remove it there")


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
                    yield problem_in(nb, cell, what, "Enter it there, or remove it")
                continue
            name, _, anchor = target.partition("#")
            path = (nb.path.parent / unquote(name)).resolve() if name else nb.path.resolve()
            folders = [(course.root / f).resolve() for f in ("notebooks", "exercises")]
            if path.parent not in folders or path.suffix != ".ipynb":
                what = f"the link {target} leads out of notebooks/ and exercises/"
                yield problem_in(nb, cell, what, "Name the file instead; learners have copies only")
                continue
            fault = _dead_link(path, anchor, nb)
            if fault:
                yield problem_in(nb, cell, f"the link {target}: {fault}", "Correct the link")


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
    """Lesson numbers differ; once lessons 00 to 32 are there, each glossary entry is said."""
    numbers_seen = [nb.number for nb in course.lessons]
    for nb in course.lessons:
        if numbers_seen.count(nb.number) > 1:
            yield problem_in(nb, None, f"a second lesson {nb.number}", "Rename one")
    if len(course.lessons) == 33:
        taught = {name for nb in course.lessons for name in nb.info.get("teaches", [])}
        pages = " ".join(cell.source for nb in course.lessons for cell in nb.markdown)
        said = " ".join(pages.replace("*", "").split()).casefold()
        for name in sorted(course.glossary.keys() - taught):
            if any(form in said for form in with_plurals(terms(course.glossary[name]))):
                continue  # a lesser word, explained where it comes and not to be learnt
            what = f"no lesson says {name!r}"
            yield Problem("datasets/glossary.csv", what, "Teach it, or remove it")
