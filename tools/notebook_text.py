"""Reading a lesson's Markdown: words, headings, lists, maths, the parts of a lesson."""

import ast
import re
from dataclasses import dataclass

from tools.notebook_model import Cell, Notebook

__all__ = [
    "OUTPUT_SIGNS",
    "SIGNS",
    "Section",
    "bold_phrases",
    "headings",
    "list_items",
    "maths_spans",
    "objectives",
    "opening",
    "plain_phrase",
    "python_tree",
    "recap",
    "replaced",
    "section",
    "sign_places",
    "terms",
    "with_plurals",
    "without_code",
    "without_maths",
    "words",
    "words_below",
]

SIGNS = ("🎯", "🔮", "⚠️", "🧭", "📝")


OUTPUT_SIGNS = ("✓", "✗")


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


def without_code(source: str) -> str:
    """Blank out code blocks, `code` and HTML comments, keeping the line structure."""
    blank = lambda match: re.sub(r"[^\n]", " ", match[0])  # noqa: E731
    source = re.sub(r"^([ \t]*>?[ \t]*)(```|~~~).*?^\1\2[^\n]*$", blank, source, flags=re.S | re.M)
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
    """A heading, and what is below it up to the next heading of its level or above."""

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


def python_tree(source: str) -> ast.Module | None:
    """Parse a code cell; lines of shell or magic commands are left out."""
    python = re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE)
    try:
        return ast.parse(python)
    except SyntaxError:
        return None


def words_below(nb: Notebook, cell: Cell) -> bool:
    """Whether the next cell is Markdown and opens with words, not with a heading."""
    after = nb.cells[cell.number : cell.number + 1]
    if not after or after[0].kind != "markdown" or after[0].source.startswith("#"):
        return False
    return len(words(after[0].source)) >= 5
