"""What a cell drew or printed, as a slide shows it, if it can be read from the last row."""

import html
import math
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from tools.notebook_model import Cell

__all__ = ["HEIGHT", "WHOLE", "code", "figure", "markdown_table", "printed"]

# A slide is 1280 × 720; what is left of it for outputs, below a title and above one sentence.
WIDTH, HEIGHT = 1160, 380
LARGEST, SMALLEST = 36, 20
MOST_ROWS, MOST_COLUMNS = 8, 7  # columns with that of the names
DIGIT, LETTER, MONO = 0.64, 0.56, 0.605  # how wide these are, of their height
MONO_LARGEST, MONO_SMALLEST = 30, 18
MOST_LINES = 12
WHOLE = 18  # letters of a cell that is never broken


# ---------------------------------------------------------------------------------------------
# Tables
# ---------------------------------------------------------------------------------------------


@dataclass
class _Cell:
    head: bool
    text: str = ""
    across: int = 1
    down: int = 1


@dataclass
class _Table:
    head: list[list[_Cell]] = field(default_factory=list)
    body: list[list[_Cell]] = field(default_factory=list)

    @property
    def columns(self) -> int:
        """How many columns there are, with those of the names of the rows."""
        rows = self.head or self.body
        return max((sum(cell.across for cell in row) for row in rows), default=0)


class _Reader(HTMLParser):
    """Reads the one table that pandas writes."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.part, self.cell = _Table(), [], None

    def handle_starttag(self, tag: str, attributes: list) -> None:
        options = dict(attributes)
        if tag == "thead":
            self.part = self.table.head
        elif tag in ("tbody", "tfoot"):
            self.part = self.table.body
        elif tag == "tr":
            self.part.append([])
        elif tag in ("td", "th"):
            across, down = (int(options.get(name, 1)) for name in ("colspan", "rowspan"))
            self.cell = _Cell(tag == "th", "", across, down)
            self.part[-1].append(self.cell)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.cell = None

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.text += data


def _read_table(text: str) -> _Table | None:
    """Return the table in an output, or None if there is none or more than one."""
    if text.count("<table") != 1:
        return None
    reader = _Reader()
    reader.feed(re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL))
    table = reader.table
    if len(table.head) == 2 and len(table.head[0]) == len(table.head[1]):
        pairs = list(zip(*table.head, strict=True))
        if all(not (a.text.strip() and b.text.strip()) and a.across == 1 for a, b in pairs):
            for above, below in pairs:  # the names of rows are below those of columns
                above.text = above.text.strip() or below.text.strip()
            table.head.pop()
    return table


def _full_rows(rows: list[list[_Cell]], columns: int) -> list[list[str]]:
    """Return the texts by row and column; what reaches down is in its first row."""
    texts, taken = [], {}
    for at, row in enumerate(rows):
        line, cells, column = [""] * columns, iter(row), 0
        while column < columns:
            if (at, column) in taken:
                column += 1
                continue
            cell = next(cells, None)
            if cell is None:
                break
            line[column] = cell.text.strip() if cell.across == 1 else ""
            for down in range(1, cell.down):
                for across in range(cell.across):
                    taken[at + down, column + across] = True
            column += cell.across
        texts.append(line)
    return texts


def _size(
    rows: list[list[str]], columns: int, height: int, smallest: int = SMALLEST
) -> tuple[int, int] | None:
    """Return the height of the letters, and how many of them a column may have; None if too small.

    Long texts are broken into lines of at least 18 letters.
    """
    for size in range(LARGEST, smallest - 1, -2):
        for most in (60, 44, 34, 26, 18):
            widths = [
                max((max(min(most, len(row[c])), _unbroken(row[c])) for row in rows), default=0)
                for c in range(columns)
            ]
            each = [wide * (DIGIT if wide < 16 else LETTER) for wide in widths]
            width = (sum(each) + columns * 1.35) * size
            lines = [
                max(
                    math.ceil(len(text) / max(1, wide))
                    for text, wide in zip(row, widths, strict=True)
                )
                for row in rows
            ]
            tall = sum(1.25 * max(1, count) * size + 0.5 * size + 2 for count in lines)
            if width <= WIDTH and tall <= height:
                return size, most
    return None


def _unbroken(text: str) -> int:
    """Return how many letters of a text fit on one line in any case."""
    return len(text) if len(text) <= WHOLE else max(map(len, text.split()), default=0)


def _table(text: str, height: int, *, anyhow: bool = False) -> str:
    """Return a table of pandas for a slide, or nothing if it would be too small to read."""
    table = _read_table(text)
    large = table and (len(table.body) > MOST_ROWS or table.columns > MOST_COLUMNS)
    if table is None or large and not anyhow:
        return ""
    rows = _full_rows(table.head, table.columns) + _full_rows(table.body, table.columns)
    fit = _size(rows, table.columns, height) or ((SMALLEST, WHOLE) if anyhow else None)
    if fit is None:
        return ""
    size, most = fit
    words = _columns_of_words(_full_rows(table.body, table.columns), table.columns)
    lines = [f'<table class="output" style="font-size: {size}px; --most: {most}ch">']
    for tag, part in (("thead", table.head), ("tbody", table.body)):
        lines.append(f"<{tag}>{''.join(_row(row, table.columns, words) for row in part)}</{tag}>")
    return "\n".join([*lines, "</table>"])


def _columns_of_words(rows: list[list[str]], columns: int) -> set[int]:
    """Return the columns that hold words: they are set at the left, numbers at the right."""
    number = re.compile(r"[-−+]?[\d,.]+(?:e[-+]?\d+)?\s*%?|NaN|<NA>|None|nan|")
    return {
        column
        for column in range(columns)
        if not all(number.fullmatch(row[column]) for row in rows)
    }


def _row(row: list[_Cell], columns: int, words: set[int]) -> str:
    """Return one row; the column of a cell is counted from the right, where no cell is missing."""
    at, cells = columns - sum(cell.across for cell in row), []
    for cell in row:
        tag = "th" if cell.head else "td"
        spans = f' colspan="{cell.across}"' * (cell.across > 1)
        spans += f' rowspan="{cell.down}"' * (cell.down > 1)
        names = ["words"] * (at in words and cell.across == 1)
        names += ["whole"] * (len(cell.text.strip()) <= WHOLE)
        side = f' class="{" ".join(names)}"' if names else ""
        text = "–" if cell.text.strip() in ("NaN", "<NA>", "NaT", "None") else cell.text.strip()
        cells.append(f"<{tag}{spans}{side}>{html.escape(text)}</{tag}>")
        at += cell.across
    return f"<tr>{''.join(cells)}</tr>"


def markdown_table(text: str, *, height: int = HEIGHT) -> int | None:
    """Return how high the letters of a table in the text can be; None if it is too large."""
    rows = [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in text.splitlines()]
    rows = [
        [_seen(cell) for cell in row] for row in rows if not re.fullmatch(r"[-:\s|]*", "".join(row))
    ]
    columns = max(len(row) for row in rows)
    if len(rows) - 1 > MOST_ROWS or columns > MOST_COLUMNS:
        return None
    full = [row + [""] * (columns - len(row)) for row in rows]
    # Formulas have letters that are smaller than the others.
    fit = _size(full, columns, height, 22 if "$" in text else SMALLEST)
    return fit and min(fit[0], 30)


def _seen(cell: str) -> str:
    """Return about as many letters as one sees of a cell."""
    cell = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell)
    cell = re.sub(r"\\[a-zA-Z]+|[{}$\\^_]", "", cell)
    return re.sub(r"[*`]", "", cell).strip()


# ---------------------------------------------------------------------------------------------
# Text, figures, code
# ---------------------------------------------------------------------------------------------


def _pre(text: str, height: int, *, most: int = MOST_LINES) -> tuple[str, int]:
    """Return printed text for a slide and how high it is; nothing if it is too long."""
    text = text.strip("\n").rstrip()
    lines = text.splitlines()
    if not lines:
        return "", 0
    longest = max(len(line) for line in lines)
    prose = longest > 92
    if prose and any("   " in line.strip() for line in lines):
        return "", 0  # a table that would be broken
    size = 24 if prose else max(MONO_SMALLEST, min(MONO_LARGEST, int(WIDTH / MONO / longest)))
    across = int(WIDTH / MONO / size)
    count = sum(max(1, math.ceil(len(line) / (across - 4))) for line in lines)
    while count * 1.35 * size > height and size > MONO_SMALLEST and not prose:
        size -= 1
    tall = int(count * 1.35 * size) + 24
    if count > most or tall > height + 24:
        return "", 0
    kind = "printed prose" if prose else "printed"
    return f'<pre class="{kind}" style="font-size: {size}px">{html.escape(text)}</pre>', tall


def printed(cell: Cell, *, height: int = HEIGHT, anyhow: bool = False) -> str:
    """Return what a cell printed, tables and text, as HTML; nothing if a slide cannot hold it.

    Of a table and lines of text that do not fit together, the table is shown.

    Parameters
    ----------
    cell : Cell
        A code cell with its outputs.
    height : int
        How many pixels there are.
    anyhow : bool
        Show what is too large as well, since somebody wants it.
    """
    room = 10_000 if anyhow else height
    texts, tables = [], []
    for output in cell.outputs:
        data = output.get("data", {})
        if "<table" in data.get("text/html", ""):
            tables.append(data["text/html"])
        else:
            texts.append(str(output.get("text") or data.get("text/plain", "")))
    text = "\n".join(part.strip("\n") for part in texts if part.strip())
    above, taken = _pre(text, room, most=99 if anyhow else MOST_LINES) if text else ("", 0)
    if not tables:
        return above
    shown = [_table(one, room - taken, anyhow=anyhow) for one in tables]
    if not all(shown):
        above, shown = "", [_table(one, room) for one in tables[-1:]]
    return "\n".join([above, *shown]).strip() if all(shown) else ""


def figure(cell: Cell) -> str:
    """Return the last picture that a cell drew, as HTML; nothing if it drew none."""
    pictures = [o["data"]["image/png"] for o in cell.outputs if "image/png" in o.get("data", {})]
    if not pictures:
        return ""
    alt = html.escape(cell.metadata.get("funnelkit", {}).get("alt", ""))
    source = "".join(pictures[-1]).replace("\n", "")
    return f'<img class="figure" alt="{alt}" src="data:image/png;base64,{source}">'


def code(source: str, *, height: int = 330) -> tuple[str, int]:
    """Return Python code for a slide and how high it is; nothing if it is too long or too wide."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    lines = source.strip("\n").splitlines()
    longest = max((len(line) for line in lines), default=0)
    if not lines or longest > 100:
        return "", 0
    size = min(26, int((WIDTH - 50) / MONO / longest), int(height / 1.35 / len(lines)))
    if size < MONO_SMALLEST:
        return "", 0
    inside = highlight(source.strip("\n"), PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n")
    shown = f'<pre class="code" style="font-size: {size}px"><code>{inside}</code></pre>'
    return shown, int(len(lines) * 1.35 * size) + 24
