"""A lesson in sections, with the minutes of each: they sum to the lesson's own.

The minutes follow the rule by which the lesson's are made (`tools.rules_sitting`), so that a
section with formulas to read, cells to run and a prediction gets its share.
"""

import re
from dataclasses import dataclass

from tools.notebook_model import Cell, Notebook
from tools.notebook_text import bold_phrases, terms, without_code
from tools.rules_sitting import expected_minutes

__all__ = ["BRIEF", "HOME", "MEMO", "OPENING", "RECAP", "Part", "parts_of", "shares"]

OPENING, RECAP, MEMO, READING = "Opening", "Recap and quiz", "🧭 Decision memo", "Further reading"
ARTICLE = "What the article says, and what to do instead"
DATA, BRIEF = "The data", 4  # minutes
HOME = (ARTICLE, RECAP)  # what a group reads at home when there is no time


@dataclass
class Part:
    """A section of a lesson: its texts and cells, and how long it takes at least and at most."""

    title: str
    texts: list[str]
    code: list[Cell]
    low: int = 0
    high: int = 0
    needed: bool = False  # whether it has to stay when time is short

    @property
    def text(self) -> str:
        return "\n\n".join(self.texts)

    @property
    def predictions(self) -> list[str]:
        """What learners are asked to predict, each as one line."""
        found = re.findall(r"^> 🔮 \*\*Predict first\.?\*\*\s*((?:.*(?:\n>.*)*))", self.text, re.M)
        return [" ".join(re.sub(r"\n>", " ", question).split()) for question in found]

    @property
    def below(self) -> list[str]:
        """The headings of a lower level in it."""
        return re.findall(r"^### (.+)$", without_code(self.text), re.MULTILINE)

    @property
    def formula(self) -> bool:
        """Whether it has a formula on a line of its own."""
        return "$$" in without_code(self.text)


def parts_of(nb: Notebook, glossary: dict[str, str]) -> list[Part]:
    """Return a lesson's sections in order; recap and quiz are one, and so are memo and reading."""
    found = [Part(OPENING, [], [])]
    for cell in nb.cells:
        if cell.role.startswith("navigation"):
            continue
        if cell.kind == "code":
            found[-1].code.append(cell)
            continue
        for text in pieces(cell.source):
            match = re.match(r"## (.+)", text)
            title = merged(match[1].strip()) if match else found[-1].title
            if title != found[-1].title:
                found.append(Part(title, [], []))
            found[-1].texts.append(text)
    found = [part for part in found if part.code or part.text.strip()]
    weights = [expected_minutes(part.texts, part.code) for part in found]
    low, high = (shares(weights, total) for total in nb.info["minutes"])
    for part, least, most in zip(found, low, high, strict=True):
        part.low, part.high = least, max(most, least)
    mark(found, [terms(glossary.get(name, name)) for name in nb.info.get("teaches", [])])
    return found


def mark(parts: list[Part], taught: list[set[str]]) -> None:
    """Mark the sections that have to stay when time is short.

    They are those in which something is predicted, derived or named (two terms at least), what
    comes before the first of them, and what is so short that nothing is won without it.
    """
    begun = False
    for part in parts:
        bold = set(bold_phrases(part.text))
        named = sum(bool(forms & bold) for forms in taught)
        strong = bool(part.predictions) or part.formula or named >= 2
        part.needed = strong or not begun or part.high <= BRIEF or part.title == MEMO
        begun = begun or (strong and part.title not in (OPENING, DATA))
    for part in parts:
        part.needed = part.needed and (part.title not in HOME or bool(part.predictions))


def pieces(source: str) -> list[str]:
    """Return a text cut before each heading of the second level; headings in code do not count."""
    plain, lines = without_code(source).splitlines(), source.splitlines()
    cuts = [n for n, line in enumerate(plain) if line.startswith("## ") and n]
    ends = [*cuts, len(lines)]
    return ["\n".join(lines[a:b]) for a, b in zip([0, *cuts], ends, strict=True)]


def merged(title: str) -> str:
    """Return the name of the section that a heading belongs to."""
    if title.startswith("🎯"):
        return OPENING
    if title in ("Recap", "Quiz"):
        return RECAP
    return MEMO if title == READING else title


def shares(weights: list[float], total: int) -> list[int]:
    """Return whole numbers, none below 1, that sum to `total`, in proportion to the weights.

    >>> shares([1.0, 1.0, 4.0], 10), shares([0.0, 5.0], 4)
    ([2, 2, 6], [1, 3])
    """
    rest = total - len(weights)
    exact = [weight / sum(weights) * rest for weight in weights]
    whole = [int(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda n: (whole[n] - exact[n], n))
    for place in order[: rest - sum(whole)]:
        whole[place] += 1
    return [share + 1 for share in whole]
