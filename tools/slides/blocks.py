"""A text cell taken apart: headings, paragraphs, lists, tables, formulas, call-outs, diagrams."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

import mistune

__all__ = ["Block", "blocks", "first_words", "plain", "rendered", "sentences", "word_count"]

FENCE = re.compile(r"(```+|~~~+)\s*(\w*)")
CALL_OUT = re.compile(r"^(🎯|🔮|⚠️|🧭|📝)\s*")
NO_END = r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bEUR)(?<!\bNo)(?<!\bet al)(?<!\bDr)"
# Where a sentence ends: not inside a formula, nor after a number that opens an item of a list.
END = re.compile(NO_END + r"(?<=[.!?])(?:[*_\"”)]{0,3})\s+(?=[*_\"“(`$]{0,3}[A-Z0-9`$ε])")


@dataclass(frozen=True)
class Block:
    """A part of a text cell.

    `kind` is `heading`, `text`, `list`, `table`, `formula`, `diagram`, `fold`, `code`, `rule`,
    `comment`, or, for a block quote, `call-out`; `text` is its Markdown, without the marks of a
    block quote.
    """

    kind: str
    text: str
    level: int = 0

    @property
    def sign(self) -> str:
        """The sign that opens a call-out or a heading."""
        match = CALL_OUT.match(self.text)
        return match[1] if match else ""

    @property
    def title(self) -> str:
        """The bold words that open a call-out, or the words of a heading."""
        text = CALL_OUT.sub("", self.text)
        match = re.match(r"\*\*(.+?)\*\*", text, re.DOTALL)
        return match[1].strip().rstrip(".") if self.kind == "call-out" and match else text

    @property
    def body(self) -> str:
        """What a call-out says after its title."""
        return re.sub(r"^\*\*.+?\*\*\s*", "", CALL_OUT.sub("", self.text), flags=re.DOTALL).strip()


def blocks(source: str) -> list[Block]:
    """Take the Markdown of a cell apart."""
    return list(_blocks(source.splitlines()))


def _blocks(lines: list[str]) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
            continue
        end = at + 1
        fence = FENCE.match(line)
        if fence:
            while end < len(lines) and not lines[end].startswith(fence[1]):
                end += 1
            kind = "diagram" if fence[2] == "mermaid" else "code"
            yield Block(kind, "\n".join(lines[at + 1 : end]))
            at = end + 1
            continue
        if line.startswith("<details"):
            while end < len(lines) and "</details>" not in lines[end - 1]:
                end += 1
            yield Block("fold", "\n".join(lines[at:end]))
        elif heading := re.match(r"(#{1,6})\s+(.*)", line):
            yield Block("heading", heading[2].strip(), len(heading[1]))
        elif line.startswith("$$"):
            while end < len(lines) and not lines[end - 1].rstrip().endswith("$$"):
                end += 1
            yield Block("formula", "\n".join(lines[at:end]))
        elif line.startswith(">"):
            end = _while(lines, end, lambda other: other.startswith(">"))
            text = "\n".join(re.sub(r"^> ?", "", one) for one in lines[at:end])
            yield Block("call-out", text)
        elif line.startswith("|"):
            end = _while(lines, end, lambda other: other.startswith("|"))
            yield Block("table", "\n".join(lines[at:end]))
        elif re.match(r"(?:[-*+]|\d+[.)])\s", line):
            end = _end_of_list(lines, end)
            yield Block("list", "\n".join(lines[at:end]).rstrip())
        elif re.fullmatch(r"(?:-{3,}|<br>|<!--.*-->)\s*", line):
            yield Block("comment", line)
        else:
            end = _while(lines, end, _goes_on)
            yield Block("text", "\n".join(lines[at:end]))
        at = end


def _while(lines: list[str], at: int, holds) -> int:
    while at < len(lines) and holds(lines[at]):
        at += 1
    return at


def _goes_on(line: str) -> bool:
    """Return whether a line belongs to the paragraph above it."""
    opens = r"#{1,6}\s|>|\||```|\$\$|<details|(?:[-*+]|\d+[.)])\s"
    return bool(line.strip()) and not re.match(opens, line)


def _end_of_list(lines: list[str], at: int) -> int:
    """Return where a list ends: at a line that is neither an item nor indented nor goes on."""
    while at < len(lines):
        line = lines[at]
        item = re.match(r"\s*(?:[-*+]|\d+[.)])\s|\s{2,}\S", line)
        if not line.strip():
            after = lines[at + 1] if at + 1 < len(lines) else ""
            if not re.match(r"\s*(?:[-*+]|\d+[.)])\s|\s{2,}\S", after):
                return at
        elif not item and not _goes_on(line):
            return at
        at += 1
    return at


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph.

    >>> sentences("A **rate** is a share. It has $p = 0.5$, e.g. here. (So it is.) Good!")
    ['A **rate** is a share.', 'It has $p = 0.5$, e.g. here.', '(So it is.)', 'Good!']
    """
    text = " ".join(text.split())
    found, start = [], 0
    for match in END.finditer(text):
        end = match.start() + len(match[0].rstrip())
        part = text[start:end]
        # A formula or bold words may hold a full stop: they are not cut in two.
        if part.count("$") % 2 or part.count("**") % 2 or part.count("`") % 2:
            continue
        found.append(part.strip())
        start = match.end()
    return [*found, text[start:].strip()] if text[start:].strip() else found


def first_words(parts: list[str], most: int) -> str:
    """Return the first sentence, and the next ones as long as they have `most` words in all."""
    taken = parts[:1]
    for part in parts[1:]:
        if word_count(" ".join([*taken, part])) > most:
            break
        taken.append(part)
    return " ".join(taken)


def word_count(text: str) -> int:
    """Return how many words a text has on the screen; a formula counts as one."""
    return len(re.sub(r"\$[^$]+\$", "x", plain(text)).split())


def plain(text: str) -> str:
    """Return Markdown without links, bold and italics."""
    text = re.sub(r"(?<!!)\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\*\*|(?<!\w)[*_]|[*_](?!\w)|`|<[^>]+>", "", text)


MARKDOWN = mistune.create_markdown(escape=False, plugins=["table", "math", "strikethrough"])


def rendered(text: str, *, inline: bool = False) -> str:
    r"""Return Markdown as HTML; formulas are left to MathJax; links lose their address.

    >>> rendered("the *rate* $p$ of [lesson 02](02_x.ipynb)", inline=True)
    'the <em>rate</em> <span class="math">\\(p\\)</span> of lesson 02'
    """
    text = re.sub(r"(?<!!)\[([^\]]*)\]\([^)\s]*\)", r"\1", text)
    shown = str(MARKDOWN(text)).strip()
    shown = re.sub(r"(?<=\d) (?=%)|(?<=EUR) (?=\d)", "\u00a0", shown)
    # mistune takes formulas for HTML that is ready; `<` in them would be taken for a tag.
    shown = re.sub(
        r'(<(span|div) class="math">)(.*?)(</\2>)',
        lambda m: m[1] + html.escape(html.unescape(m[3]), quote=False) + m[4],
        shown,
        flags=re.DOTALL,
    )
    if inline:
        shown = re.sub(r"^<p>(.*)</p>$", r"\1", shown, flags=re.DOTALL)
    return shown
