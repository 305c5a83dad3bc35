"""Certificates for a room: one page of HTML to print, a sheet for each name.

They say what the files of `progress --export` say, and no more: nobody has watched.
"""

import html
import json
import re
import time
from functools import cache
from pathlib import Path

from funnelkit import workspace
from funnelkit.exercises import registry, room
from funnelkit.exercises.notebook import title_of

__all__ = ["page", "write"]

MARK = '<meta name="generator" content="funnelkit certificates">'
STYLE = """
@page { size: A4 landscape; margin: 14mm; }
body { font: 12pt/1.4 Georgia, serif; color: #111; background: #fff; margin: 0 auto; \
max-width: 260mm; }
article { break-after: page; break-inside: avoid; min-height: 175mm; display: flex; \
flex-direction: column; justify-content: center; }
article:last-child { break-after: auto; }
h1 { font-size: 26pt; font-weight: normal; margin: 0; }
.name { font-size: 20pt; border-bottom: 1px solid #111; min-height: 1.4em; margin: 4mm 0; }
.exercises { columns: 2; column-gap: 10mm; }
.exercises div { break-inside: avoid; font-size: 10.5pt; }
.honest { font-size: 9.5pt; color: #333; border-top: 1px solid #999; padding-top: 2mm; }
.sign { display: flex; gap: 10mm; margin-top: 12mm; font-size: 10pt; }
.sign span { flex: 1; border-top: 1px solid #111; padding-top: 1mm; }
"""
HONEST = (
    "What this says: on the machine that this file comes from, the course's own checks accepted "
    "these answers. What it does not say: that nobody helped. Nobody watched, hints are allowed, a "
    "copied answer is not detected, and the file can be edited. It is not an exam, and there is no "
    "mark."
)


def name_of(path):
    """Return the name on a certificate: the file's, if somebody gave it one.

    >>> name_of("share/Anna Example.json"), name_of("share/progress-0a1b2c3d.json")
    ('Anna Example', '')
    """
    stem = Path(path).stem
    return "" if re.fullmatch(r"progress-[0-9a-f]{8}", stem) else stem.replace("_", " ").strip()


@cache
def lesson_title(stem):
    """Return the title of the lesson that an exercise belongs to, as its notebook says it."""
    path = workspace.ROOT / "notebooks" / f"{stem}.ipynb"
    try:
        return json.loads(path.read_text(encoding="utf-8"))["metadata"]["funnelkit"]["title"]
    except (OSError, ValueError, KeyError):  # an installed package has no notebooks
        return title_of(stem)


def solved_in(entries):
    """Return exercise, title, tasks solved, all tasks, tasks with a hint; those with any solved."""
    rows = []
    for stem in registry.exercises():
        tasks = registry.tasks(stem)
        right = [task for task in tasks if entries.get(task, {}).get("right")]
        if right:
            hinted = sum(entries[task]["hints"] > 0 for task in right)
            rows.append((stem[:2], lesson_title(stem), len(right), len(tasks), hinted))
    return rows


def sheet(name, entries, day):
    """Return the certificate of one machine."""
    rows = solved_in(entries)
    solved = sum(row[2] for row in rows)
    hinted = sum(row[4] for row in rows)
    listed = "\n".join(
        f"<div>{number} {html.escape(title)}: {right} of {every}</div>"
        for number, title, right, every, _ in rows
    )
    tasks = f"{solved} task{'' if solved == 1 else 's'}"
    some = f", {hinted} of them with a hint" if hinted else ""
    return f"""<article>
<h1>Funnelkit: a course on sales funnels</h1>
<p class="name">{html.escape(name)}</p>
<p>took part, and had solved {tasks}{some}:</p>
<div class="exercises">
{listed}
</div>
<p class="honest">{html.escape(HONEST)}</p>
<p class="sign"><span>Workshop and place</span><span>Date: {day}</span><span>Trainer</span></p>
</article>"""


def page(folder, *, day=None):
    """Return the certificates of a room as one page, and how many there are.

    Parameters
    ----------
    folder : path
        Into which each machine exported its progress. The name on a sheet is that of the file, as
        in ``progress --export "Anna Example.json"``. Two names of one machine, of two who shared
        it, are two sheets. A machine without a name has a line to write on.
    day : str, optional
        The date on the sheets, today when not given.

    Raises
    ------
    ValueError
        If nobody has solved anything.
    """
    day = day or time.strftime("%Y-%m-%d")
    files, _ = room.read_all(folder)
    named = {machine for path, machine, _ in files if name_of(path)}
    last = {(name_of(path), machine): entries for path, machine, entries in files}
    sheets = [
        sheet(name, entries, day)
        for (name, machine), entries in sorted(last.items(), key=lambda one: one[0])
        if solved_in(entries) and (name or machine not in named)
    ]
    if not sheets:
        raise ValueError(f"in {folder} is no file of progress with a solved task")
    text = "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            MARK,
            f"<title>Certificates</title><style>{STYLE}</style></head><body>",
            *sheets,
            "</body></html>",
            "",
        ]
    )
    return text, len(sheets)


def write(folder, to):
    """Write the certificates of a room to a file ending in ``.html``; return how many there are.

    Raises
    ------
    ValueError
        If the file is there and holds something else: it is not overwritten.
    """
    to = Path(to)
    if to.suffix.lower() != ".html":
        raise ValueError(f"{to} does not end in .html: name the page to write")
    if to.exists() and MARK.encode() not in to.read_bytes()[:500]:
        raise ValueError(f"{to} is there and holds something else: choose another name")
    text, count = page(folder)
    to.write_text(text, encoding="utf-8")
    return count
