"""The pieces that a page is made of: text, lists, tables, figures; every name is escaped.

Input is checked as `funnelkit._inputs` says.
"""

import html
import re
from dataclasses import dataclass, field

import pandas as pd

from funnelkit import _inputs, plots
from funnelkit.ingest import without_emails

__all__ = [
    "Section",
    "day_of",
    "figure",
    "interval",
    "listed",
    "paragraph",
    "points",
    "safe",
    "signed",
    "table",
    "written",
]

_SAID = ' class="said"'
SHORT = 24  # signs; what is longer is a sentence
PERCENT = re.compile(r"(?<=\d) %")
WEEK = re.compile(r"\d{4}-W\d\d")


@dataclass
class Section:
    """A section that is added to the report.

    Parameters
    ----------
    title : str
        Its heading.
    texts : list of str
        Paragraphs; e-mail addresses in them are not printed, and signs of HTML are shown as such.
    tables : list of (str, DataFrame)
        Tables, each with its caption. The values are texts, as they are to be read; the index is
        the first column.
    figures : list of (str, str, str)
        Pictures, each as a data address, with a text in its place and a caption.

    Examples
    --------
    >>> Section("Calls", ["36 leads are to be called."]).title
    'Calls'
    """

    title: str
    texts: list = field(default_factory=list)
    tables: list = field(default_factory=list)
    figures: list = field(default_factory=list)

    def __post_init__(self):
        _inputs.need_texts(title=self.title)
        for text in self.texts:
            _inputs.need_texts(text=text)


def written(section):
    """Return a section as HTML."""
    lines = [f"<section><h2>{safe(section.title)}</h2>"]
    lines += map(paragraph, section.texts)
    lines += [figure(*each) for each in section.figures]
    for caption, values in section.tables:
        heads = [values.index.name or "", *values.columns]
        rows = [
            [first, *others] for first, others in zip(values.index, values.to_numpy(), strict=True)
        ]
        lines.append(table(heads, rows, caption))
    return "".join(lines) + "</section>"


def safe(text):
    """Return text for HTML: signs escaped, e-mail addresses not printed."""
    text = html.escape(without_emails(str(text)), quote=True)
    return PERCENT.sub("\u00a0%", text)  # in one piece with its number


def table(heads, rows, caption):
    """Return a table in a box that scrolls sideways, also by the keyboard, where it is narrow."""
    lines = [f"<caption>{safe(caption)}</caption>", "<thead><tr>"]
    rows = list(rows)
    told = {place for row in rows for place, cell in enumerate(row) if place and _long(cell)}
    lines += [
        f'<th scope="col"{_SAID if place in told else _kind(head)}>{safe(head)}</th>'
        for place, head in enumerate(heads)
    ]
    lines.append("</tr></thead><tbody>")
    for first, *others in rows:
        cells = "".join(f"<td{_long(cell)}>{safe(cell)}</td>" for cell in others)
        lines.append(f'<tr><th scope="row"{_kind(first)}>{safe(first)}</th>{cells}</tr>')
    box = f'<div class="wide" tabindex="0" role="region" aria-label="{safe(caption)}">'
    return f"{box}<table>" + "".join(lines) + "</tbody></table></div>"


def _kind(name):
    """Keep the name of a week in one piece."""
    return ' class="week"' if WEEK.fullmatch(str(name)) else ""


def _long(cell):
    """Let a text run over several lines; numbers stay in one piece."""
    return _SAID if len(str(cell)) > SHORT else ""


def figure(picture, text, caption):
    """Return a picture, with a text in its place and a caption."""
    return (
        f'<figure><img src="{html.escape(picture)}" alt="{safe(text)}">'
        f"<figcaption>{safe(caption)}</figcaption></figure>"
    )


def paragraph(text):
    """Return a paragraph."""
    return f"<p>{safe(text)}</p>"


def listed(items):
    """Return a list."""
    return "<ul>" + "".join(f"<li>{safe(item)}</li>" for item in items) + "</ul>"


def interval(low, high, write=plots.percent):
    """Write an interval; a dash where it is missing."""
    return "–" if pd.isna(low) else f"{write(low).removesuffix(' %')} to {write(high)}"


def day_of(moment):
    """Write a day."""
    return f"{moment.day} {moment:%B %Y}"


def signed(share, write=plots.percent):
    """Write a change with its sign."""
    text = write(share)
    return text if text.startswith(("−", "–")) or share == 0 else f"+{text}"


def points(share):
    """Write a difference of rates in percentage points."""
    text = f"{abs(100 * share):.1f} points"
    return f"{'−' if share < 0 else '+'}{text}" if round(100 * share, 1) else "0 points"
