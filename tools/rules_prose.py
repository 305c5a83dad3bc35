"""Rules about prose: signs, diagrams, maths, and numbers that have to be in an output."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import nbformat

from tools.notebook_model import Cell, Course, Notebook, Problem, problem_in
from tools.notebook_text import (
    OUTPUT_SIGNS,
    SIGNS,
    maths_spans,
    without_code,
    without_maths,
    words,
    words_below,
)

__all__ = [
    "ABOUT",
    "CLOCK",
    "COUNTER",
    "JOINED",
    "LABEL",
    "LATEX",
    "MOMENT",
    "NUMBER",
    "Number",
    "PERCENT",
    "SIGN",
    "TASK_HEADING",
    "check_given",
    "check_maths",
    "check_mermaid",
    "check_numbers",
    "check_signs",
    "is_given",
    "numbers",
    "occurs",
    "only_in_solution",
    "output_numbers",
    "prose_numbers",
]

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
            yield problem_in(nb, cell, what, f"Use words, or one of {' '.join(SIGNS)}")
        for sign in {s for s in SIGN.findall(cell.text) if s not in SIGNS + OUTPUT_SIGNS}:
            what = f"the output holds the sign {sign!r}"
            yield problem_in(nb, cell, what, f"Use words, or one of {' '.join(OUTPUT_SIGNS)}")
    alternatives = "|".join(SIGNS)
    for cell in nb.markdown:
        previous = ""
        for line in without_code(cell.source).splitlines():
            quoted = line.startswith(">")
            if quoted and not previous.startswith(">"):
                if not re.match(rf">\s*(?:{alternatives}) \*\*\S", line):
                    what = f"a block quote opens without sign and bold word: {line[:40]!r}"
                    yield problem_in(nb, cell, what, "Open it like `> ⚠️ **Trap.** …`")
            elif not quoted and re.match(rf"\s*(?:{alternatives})", line):
                what = f"a sign opens a paragraph: {line[:40]!r}"
                yield problem_in(nb, cell, what, "Make it a block quote or a heading")
            previous = line


def check_mermaid(nb: Notebook, course: Course) -> Iterator[Problem]:
    """A diagram is followed by the same in words."""
    for cell in nb.markdown:
        parts = re.split(r"^```mermaid\n.*?^```\s*$", cell.source, flags=re.DOTALL | re.MULTILINE)
        for number, part in enumerate(parts[1:], start=1):
            last = number == len(parts) - 1
            if len(words(part)) < 5 and not (last and words_below(nb, cell)):
                what = "a Mermaid diagram is not followed by words"
                yield problem_in(nb, cell, what, "Say the same in words right below it")


LATEX = re.compile(r"\\(?:text|mathrm|operatorname|mathit)\*?\{[^}]*\}|\\[a-zA-Z]+")


def check_maths(nb: Notebook, course: Course) -> Iterator[Problem]:
    """`$` is for maths only; money is written EUR 30,000; no bar in the maths of a table."""
    for cell in nb.markdown:
        text = without_code(cell.source)
        if r"\$" in text:
            yield problem_in(nb, cell, r"an escaped dollar sign, \$", "Write money as EUR 30,000")
        for paragraph in re.split(r"\n\s*\n", re.sub(r"\$\$.+?\$\$", "", text, flags=re.DOTALL)):
            if len(re.findall(r"(?<!\\)\$", paragraph)) % 2:
                what = f"a dollar sign without its partner near {paragraph.strip()[:40]!r}"
                yield problem_in(nb, cell, what, "`$` is for maths; write money as EUR 30,000")
        for span in maths_spans(cell.source):
            word = re.search(r"[a-z]{3,}", LATEX.sub("", span))
            if word:
                what = f"the word {word[0]!r} between dollar signs"
                do = r"Put words in maths into \text{…}; write money as EUR 30,000"
                yield problem_in(nb, cell, what, do)
        for symbol in set(re.findall(r"[€£¥]|\bUS\$", text)):
            yield problem_in(nb, cell, f"the money sign {symbol}", "Write money as EUR 30,000")
        after = re.search(r"\d\s*EUR\b", text)
        if after:
            what = f"the currency stands after the amount: {after[0]!r}"
            yield problem_in(nb, cell, what, "Write money as EUR 30,000")
        for line in text.splitlines():
            if line.lstrip(" >").startswith("|") and any(
                "|" in span.replace(r"\|", "|") for span in re.split(r"(?<!\\)\$", line)[1::2]
            ):
                what = f"a bar in the maths of a table: {line.strip()[:50]!r}"
                yield problem_in(nb, cell, what, r"Write \mid")


@dataclass(frozen=True)
class Number:
    """A number as it is written in prose."""

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
    """Return the numbers of a Markdown text, and its dates and times as they are written.

    Left out: code, links' targets, tags, the counters of lists and headings, "lesson 2" and its
    like, ordinals; and in maths 0, 1 and 2 and what is in sub- and superscripts.
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


def is_given(number: Number, cell: Cell) -> bool:
    keys = {re.sub(r"[,\s%]", "", str(key)) for key in cell.metadata.get("given", {})}
    return number.text.replace(",", "") in keys


def check_numbers(nb: Notebook, course: Course) -> Iterator[Problem]:
    """A number in the words below a code cell is in its output, or is given with a reason.

    The text of a task begins something new; `exercise_rules.py` looks at its numbers.
    """
    for before, cell in zip(nb.cells, nb.cells[1:], strict=False):
        if before.kind != "code" or cell.kind != "markdown" or cell.role:
            continue
        if TASK_HEADING.match(cell.source) or only_in_solution(cell):
            continue
        known = output_numbers(before.text)
        found, moments = prose_numbers(cell.source)
        missing = [n.text for n in found if not occurs(n, known) and not is_given(n, cell)]
        given = cell.metadata.get("given", {})
        missing += [m for m in moments if m not in before.text and m not in given]
        for text in dict.fromkeys(missing):
            what = f"the number {text} is not in the output of the cell above"
            do = (
                "Print it there, correct it, or say where it is from in the cell's metadata: "
                f'"given": {{"{text}": "reason"}}'
            )
            yield problem_in(nb, cell, what, do)


def check_given(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Each `given` number is in its cell and has a reason."""
    for cell in nb.cells:
        given = cell.metadata.get("given", {})
        if not isinstance(given, dict):
            yield problem_in(nb, cell, "`given` is not a mapping", 'Write {"number": "reason"}')
            continue
        text = cell.source.replace(",", "").replace("{}", "")
        for number, reason in given.items():
            if not isinstance(reason, str) or len(reason.split()) < 2:
                what = f"`given` has no reason for {number}"
                yield problem_in(nb, cell, what, "Say in a few words where it is from")
            bare = re.sub(r"[,\s%]", "", number)
            if not re.search(rf"(?<![\d.]){re.escape(bare)}(?!\d)", text) and number not in text:
                what = f"`given` names {number}, which the cell does not say"
                yield problem_in(nb, cell, what, "Remove it from the metadata")
