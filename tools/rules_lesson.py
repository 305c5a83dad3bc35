"""Rules about the parts of a lesson."""

import ast
import re
from collections.abc import Iterator

from tools.notebook_model import (
    LESSON_KEYS,
    MORE_LESSON_KEYS,
    Cell,
    Course,
    Notebook,
    Problem,
    output_texts,
    problem_in,
)
from tools.notebook_text import (
    Section,
    bold_phrases,
    headings,
    list_items,
    objectives,
    opening,
    plain_phrase,
    recap,
    section,
    sign_places,
    words,
)
from tools.rules_sitting import length_of

__all__ = [
    "ARTICLE_BOX",
    "PACKAGE_CALL",
    "check_article_box",
    "check_core",
    "check_ending",
    "check_metadata",
    "check_opening",
    "check_predict",
    "check_spelled_out",
    "check_reading",
    "guidance",
]

ARTICLE_BOX = "What the article says, and what to do instead"


# ---------------------------------------------------------------------------------------------
# Rules: the parts of a lesson
# ---------------------------------------------------------------------------------------------


def check_metadata(nb: Notebook, course: Course) -> Iterator[Problem]:
    """The notebook's metadata says all that it must, and nothing else."""
    info = nb.info
    for key in sorted(LESSON_KEYS - info.keys()):
        yield problem_in(nb, None, f"the metadata has no {key!r}", "Add it under `funnelkit`")
    for key in sorted(info.keys() - LESSON_KEYS - MORE_LESSON_KEYS):
        yield problem_in(nb, None, f"the metadata has an unknown key {key!r}", "Remove it")
    if not isinstance(info.get("title", ""), str) or not info.get("title", "x").strip():
        yield problem_in(nb, None, "the metadata's title is empty", "Give the lesson a title")
    minutes = info.get("minutes", [1, 2])
    numbers_only = isinstance(minutes, list) and all(type(m) is int for m in minutes)
    if not (numbers_only and len(minutes) == 2 and 0 < minutes[0] < minutes[1]):
        what = f"the metadata's minutes are {minutes!r}"
        yield problem_in(nb, None, what, "Write [low, high] in whole minutes, low first")
    for key in ("teaches", "needs", "core", "data"):
        values = info.get(key, [])
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            yield problem_in(
                nb, None, f"the metadata's {key} is not a list of names", "Make it one"
            )
            continue
        for value in sorted({v for v in values if values.count(v) > 1}):
            yield problem_in(nb, None, f"the metadata's {key} names {value!r} twice", "Remove one")
        known = course.tables if key == "data" else course.glossary
        place = "a table in datasets/" if key == "data" else "an id in datasets/glossary.csv"
        for value in (v for v in values if v not in known):
            what = f"the metadata's {key} names {value!r}, which is not {place}"
            yield problem_in(nb, None, what, "Correct the name, or add it there")
    if len(info.get("core", [])) > 3:
        yield problem_in(nb, None, "more than three core formulas", "Treat the others briefly")
    for value in set(info.get("core", [])) - set(info.get("teaches", [])):
        what = f"{value!r} is core and not taught"
        yield problem_in(nb, None, what, "Add it to `teaches`")


def check_opening(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Title, business question, objectives, minutes and what one needs come before any code."""
    cells = opening(nb)
    if not cells or not re.match(r"# \S", cells[0].source):
        what = "the lesson does not open with its title"
        yield problem_in(nb, cells[0] if cells else None, what, "Open with `# NN · Title`")
        return
    first = cells[0]
    heading = first.source.splitlines()[0].removeprefix("# ").strip()
    if not heading.endswith(nb.title):
        what = f"the heading {heading!r} does not end with the metadata's title {nb.title!r}"
        yield problem_in(nb, first, what, "Make them the same")
    for level, title, cell, _ in headings(nb):
        if level == 1 and cell is not first:
            yield problem_in(nb, cell, f"a second title, {title!r}", "Use ## for a section")
    text = "\n\n".join(cell.source for cell in cells)
    minutes = nb.info.get("minutes", [])
    if len(minutes) == 2 and f"{minutes[0]}–{minutes[1]} minutes" not in text:
        what = f"the opening does not say {minutes[0]}–{minutes[1]} minutes"
        yield problem_in(nb, first, what, "Say it as in the metadata, with an en dash")
    phrases = bold_phrases(text)
    if not nb.is_start:
        if not any("question" in phrase for phrase in phrases) or "?" not in text:
            what = "the opening asks no business question"
            yield problem_in(nb, first, what, "Write `**The business question.** …?`")
        if not any(re.match(r"(?:what )?you need", phrase) for phrase in phrases):
            what = "the opening does not say what the learner needs"
            yield problem_in(nb, first, what, "Write `**You need** …`")
    items = objectives(nb)
    place = sign_places(nb, "🎯")
    if not place or place[0][0] not in cells:
        what = "the opening has no objectives"
        yield problem_in(nb, first, what, "Write `> 🎯 **Objectives**` and a list below")
        return
    if not 3 <= len(items) <= 5:
        what = f"{len(items)} objectives"
        yield problem_in(nb, place[0][0], what, "Give three to five, as one list after 🎯")
    for item in items:
        if not re.match(r"\*\*\S", item):
            what = f"the objective {item[:40]!r} does not open with a bold phrase"
            yield problem_in(nb, place[0][0], what, "Open it with `**…**`")


def check_predict(nb: Notebook, course: Course) -> Iterator[Problem]:
    """A lesson asks the learner to predict, and the next cell gives the answer."""
    places = sign_places(nb, "🔮")
    if not places and not nb.is_start:
        what = "the lesson never asks to predict first"
        yield problem_in(
            nb, None, what, "Put `> 🔮 **Predict first.** …` before a surprising output"
        )
    for cell, _ in places:
        after = nb.cells[cell.number : cell.number + 1]
        if not nb.is_start and (not after or after[0].kind != "code"):
            what = "the prediction is not followed by code"
            yield problem_in(nb, cell, what, "Put it right before the cell that answers it")


# "more than basic", "short of the cost": which way it went, and of whom.
SPELLED_OUT = re.compile(
    r"\b(more|less|fewer|higher|lower|better|worse|larger|smaller|longer|shorter|ahead|behind|short)"
    r"\b( [\w ]+)? (than|of|in) \w"
)


def check_spelled_out(nb: Notebook, course: Course) -> Iterator[Problem]:
    """The code that answers a prediction does not spell the answer out before it is run.

    A learner's copy has no outputs, but its code can be read: a title that says "more than basic"
    tells who is ahead. Words that the question itself has tell nothing.
    """
    for cell, _ in sign_places(nb, "🔮"):
        for answer in nb.cells[cell.number : cell.number + 1]:
            if answer.kind != "code":
                continue
            for text in _texts_of(answer.source):
                found = SPELLED_OUT.search(text)
                if found and found[1] not in cell.source:
                    what = f"{found[0]!r} gives the answer to the prediction away"
                    do = "Compute that word, or the name after it, from the data"
                    yield problem_in(nb, answer, what, do)


def _texts_of(source: str) -> Iterator[str]:
    """Yield the texts in code, without docstrings and those that depend on a condition."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    left_out: set[int] = set()
    for node in ast.walk(tree):
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or isinstance(node, ast.IfExp):
            left_out |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in left_out:
            yield str(node.value)


PACKAGE_CALL = re.compile(
    r"\b(?:funnelkit|data|funnels|metrics|cohorts|lifetime|quality|segments|scoring|forecasting"
    r"|experiments|bayes|bandits|optimise|recommenders|attribution|incrementality|uplift|levers"
    r"|crm|automation|databases|pipeline|service)\.\w+"
)


def check_core(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Each core formula or algorithm has its section, with the eight beats in order."""
    marked = {c.metadata["funnelkit"]["core"]: c for c in nb.markdown if _core(c)}
    wanted = list(nb.info.get("core", []))
    for name in marked.keys() - set(wanted):
        what = f"the cell opens the section of {name!r}, which is not core"
        yield problem_in(nb, marked[name], what, "Add it to the metadata's `core`, or unmark it")
    for name in wanted:
        cell = marked.get(name)
        if cell is None:
            what = f"no section for the core {name!r}"
            do = f'Give its heading cell the metadata {{"funnelkit": {{"core": "{name}"}}}}'
            yield problem_in(nb, None, what, do)
            continue
        if not re.match(r"#{2,6} ", cell.source):
            yield problem_in(nb, cell, "a core section opens without a heading", "Give it one")
            continue
        for beat in _missing_beats(_section_cells(nb, cell)):
            what = f"the core section {name!r} lacks {beat}"
            yield problem_in(nb, cell, what, "Add it in its place (see tools/rules.py)")


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
                yield problem_in(
                    nb, cell, f"the box is titled {line[:60]!r}", f"Write {ARTICLE_BOX}"
                )


def check_ending(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Recap, quiz, decision and further reading close the lesson, in this order."""
    found = {"Recap": section(nb, "Recap")}
    if not nb.is_start:
        found["Quiz"] = section(nb, "Quiz")
        found["Further reading"] = section(nb, "Further reading")
    for name, part in found.items():
        if part is None or part.level != 2:
            yield problem_in(nb, None, f"no section `## {name}`", "Add it")
    order = {name: part.order for name, part in found.items() if part}
    if not nb.is_start:
        memo = [(c.number, line) for c, line in sign_places(nb, "🧭")]
        if memo:
            order["🧭 decision memo"] = memo[-1]
        else:
            yield problem_in(nb, None, "no decision memo", "Open it `## 🧭 Decision memo`")
    names = ["Recap", "Quiz", "🧭 decision memo", "Further reading"]
    present = [name for name in names if name in order]
    if present != sorted(present, key=order.__getitem__):
        is_now = ", ".join(sorted(present, key=order.__getitem__))
        yield problem_in(nb, None, f"the lesson ends {is_now}", f"Order it {', '.join(present)}")
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
        yield problem_in(nb, part.cell, what, "Repeat them in the same words and order")


def _check_quiz(nb: Notebook, part: Section) -> Iterator[Problem]:
    answers = re.findall(r"<details>(.*?)</details>", part.text, re.DOTALL)
    if len(answers) != 3:
        what = f"the quiz has {len(answers)} answers that fold open"
        yield problem_in(nb, part.cell, what, "Give three questions, each with one <details>")
    for answer in answers:
        if not re.search(r"<summary>.+?</summary>", answer, re.DOTALL):
            yield problem_in(
                nb, part.cell, "an answer has no <summary>", "Add <summary>…</summary>"
            )
        body = re.sub(r"<summary>.*?</summary>", "", answer, flags=re.DOTALL)
        if len(words(body)) < 10:
            what = f"the answer {' '.join(body.split())[:40]!r} gives no reasons"
            yield problem_in(nb, part.cell, what, "Say why it is right and why each other is wrong")
        if not body.startswith("\n\n") and re.search(r"\*\*|`|^[-*] |\$", body, re.MULTILINE):
            what = "no empty line after </summary>, so the answer's Markdown is not drawn"
            yield problem_in(nb, part.cell, what, "Leave a line empty after </summary>")


def check_reading(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Further reading names works from the checked list, by their keys."""
    part = section(nb, "Further reading")
    if part is None:
        return
    items = list_items(part.text.splitlines())
    if not items:
        yield problem_in(nb, part.cell, "no further reading", "List works from docs/references.md")
    for item in items:
        key = re.match(r"\*\*(.+?)\*\*", item)
        entry = course.references.get(key[1].strip(" .:,") if key else "")
        if entry is None:
            what = f"{item[:50]!r} does not open with a bold key of docs/references.md"
            yield problem_in(nb, part.cell, what, "Write `- **Wilson 1927** …`, or enter it there")
            continue
        for title in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", item[key.end() :]):
            if plain_phrase(title) not in plain_phrase(entry):
                what = f"{key[1]} is not called {title!r} in docs/references.md"
                yield problem_in(nb, part.cell, what, "Quote the title as it is there")


def guidance(nb: Notebook) -> list[str]:
    """Return what the lesson does against the guidance, which is reported and not enforced."""
    notes = []
    count, cells = length_of(nb)
    if not nb.is_start and not 30 <= cells <= 50:
        notes.append(f"{cells} cells (30 to 50 read best)")
    if not nb.is_start and not 1_500 <= count <= 2_500:
        notes.append(f"{count:,} words (1,500 to 2,500 read best)")
    for cell in nb.code:
        length = len(cell.source.splitlines())
        if length > 8:
            notes.append(f"cell {cell.number} ({cell.id}) has {length} lines (three to eight)")
        if len(output_texts(cell)) and cell.number < len(nb.cells):
            after = nb.cells[cell.number]
            if after.kind != "markdown" or after.role:
                notes.append(f"no words read the output of cell {cell.number} ({cell.id})")
    return notes
