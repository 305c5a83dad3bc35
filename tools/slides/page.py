"""Slides as a page for reveal.js, and the list of all of them."""

import html
import re
from string import Template

from tools.notebook_model import Notebook
from tools.slides import outputs
from tools.slides.blocks import rendered, word_count
from tools.slides.deck import Slide
from tools.slides.formulas import FORMULA, laid_out, letters, room_below, spoken

__all__ = ["index", "page"]


def _notes(slide: Slide) -> str:
    """Return what only the speaker sees."""
    parts = []
    notes = [note for one in (slide, *slide.more) for note in one.notes]
    for label, text in notes:
        text = FORMULA.sub(lambda m: spoken(m[1]), text)
        text = re.sub(r"(?<![\\$])\$([^$\n]+?)\$", lambda m: spoken(m[1]), text)
        shown = rendered(text)
        if label:
            label = f"<b>{html.escape(label)}</b>"
            inside = shown.removeprefix("<p>")
            shown = f"<p>{label} {inside}" if inside != shown else f"<p>{label}</p>\n{shown}"
        parts.append(shown)
    return "\n".join(parts)


def _body(slide: Slide) -> str:
    """Return what is below the title."""
    text = slide.body
    if slide.kind == "diagram":
        return f'<pre class="mermaid">\n{html.escape(text, quote=False)}</pre>'
    text = FORMULA.sub(lambda m: f"$$\n{laid_out(m[1])}\n$$", text)
    shown = rendered(text)
    if formulas := FORMULA.findall(slide.body):
        size = letters(formulas[0], alone=bool(FORMULA.fullmatch(slide.body.strip())))
        shown = shown.replace(
            '<div class="math">', f'<div class="math" style="font-size: {size}px">'
        )
    table = re.search(r"^\|.*(?:\n\|.*)*", text, re.MULTILINE)
    if table:
        size = outputs.markdown_table(table[0], height=room_below(slide.body))
        shown = shown.replace("<table>", f'<table class="words" style="font-size: {size or 22}px">')
        shown = re.sub(r"<td>(.*?)</td>", _whole, shown)
    return shown


def _whole(match: re.Match) -> str:
    """Return a cell of a table, so that a short one is not broken into lines."""
    seen = re.sub(r"<[^>]+>", "", match[1])
    return f'<td class="whole">{match[1]}</td>' if len(seen) <= outputs.WHOLE else match[0]


def _size(slide: Slide) -> str:
    """Return which size of letters the body has."""
    count = word_count(re.sub(r"\$\$.*?\$\$", "", slide.body, flags=re.DOTALL))
    return next((name for most, name in ((18, "xl"), (34, "l"), (62, "m")) if count <= most), "s")


def _inside(slide: Slide) -> str:
    return "\n".join(part for part in (_body(slide) if slide.body else "", slide.shown) if part)


def _section(slide: Slide, lesson: str, link: str) -> str:
    """Return one slide."""
    above = "" if slide.section and slide.section in slide.title else slide.section
    above = f"Funnelkit · lesson {lesson[:2]}" if slide.kind == "title" else above
    parts = [f'<section class="{slide.kind} {_size(slide)}" data-cell="{html.escape(slide.cell)}">']
    parts.append(f'<div class="page"><p class="above">{rendered(above, inline=True)}</p>')
    if slide.title:
        level = "h1" if slide.kind == "title" else "h2"
        parts.append(f"<{level}>{rendered(slide.title, inline=True)}</{level}>")
    line = f'<p class="line">{rendered(slide.line, inline=True)}</p>' if slide.line else ""
    inside = _inside(slide)
    for part in slide.more:
        inside += f'\n<div class="fragment">{_inside(part)}</div>'
    before = line if slide.kind == "question" else ""
    parts.append(f'<div class="body">{before}{inside}</div>{"" if before else line}')
    if slide.kind == "title":
        keys = "→ next · S notes · F full screen · Esc overview · ? all keys"
        parts.append(f'<p class="keys">{keys}</p>')
    parts.append(f'<footer><a href="{html.escape(link)}">{html.escape(lesson)}</a></footer></div>')
    parts.append(f'<aside class="notes">{_notes(slide)}</aside>\n</section>')
    return "\n".join(parts)


def page(template: str, nb: Notebook, slides: list[Slide], link: str) -> str:
    """Return the slides of a lesson as a page.

    Parameters
    ----------
    template : str
        The page's frame, `slides.template`.
    nb : Notebook
        The lesson.
    slides : list of Slide
        Its slides.
    link : str
        The address of the lesson.
    """
    lesson = f"{nb.number} · {nb.title}"
    columns: list[list[str]] = []
    for slide in slides:
        if slide.new or not columns:
            columns.append([])
        columns[-1].append(_section(slide, lesson, link))
    inside = "\n".join(
        column[0] if len(column) == 1 else "<section>\n" + "\n".join(column) + "\n</section>"
        for column in columns
    )
    diagram = any(slide.kind == "diagram" for slide in slides)
    return Template(template).substitute(
        title=html.escape(lesson),
        slides=inside,
        mermaid='<script src="lib/mermaid.min.js"></script>' if diagram else "",
    )


def index(template: str, rows: list[tuple[Notebook, int]]) -> str:
    """Return the page that lists the slides of all lessons, with how many there are of each."""
    lines = []
    for nb, count in rows:
        low, high = nb.info.get("minutes", [0, 0])
        name = f'<a href="{nb.path.stem}.html">{html.escape(nb.title)}</a>'
        cells = [nb.number, name, f"{count} slides", f"{low}–{high} minutes"]
        lines.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return Template(template).substitute(rows="\n".join(lines))
