"""Finding words in a figure that cover one another, that are cut off, or lie on a mark.

Kernels load this before they load anything else, so it imports nothing by itself.
"""

import itertools
import sys
from pathlib import Path
from typing import NamedTuple

LETTERS = 0.8  # of a box's height, the letters take about so much
SLACK = 1  # pixels that two boxes may share: type never fills its box


class Overlap(NamedTuple):
    """Two things in a figure that cover each other, as words."""

    one: str
    other: str

    def __str__(self):
        return f"{self.one!r} lies on {self.other!r}"


def texts_of(figure):
    """Return all texts that are seen, with their boxes in pixels."""
    from matplotlib.text import Text

    figure.draw_without_rendering()
    unseen = {id(text) for ax in figure.axes for text in _tick_labels_not_drawn(ax)}
    texts = figure.findobj(Text)
    seen = [t for t in texts if t.get_visible() and t.get_text().strip() and id(t) not in unseen]
    # An annotation's own box would include its arrow.
    return [(text, Text.get_window_extent(text)) for text in seen]


def overlapping(figure):
    """Return the pairs of texts that cover each other."""
    # A box has room above and below for the tallest letters of the font, not just for its own.
    texts = [(text, box.shrunk(1, LETTERS)) for text, box in texts_of(figure)]
    return [
        Overlap(one.get_text(), other.get_text())
        for (one, box), (other, box2) in itertools.combinations(texts, 2)
        if _cover(box, box2)
    ]


def cut_off(figure):
    """Return the texts that reach beyond the figure."""
    return [
        text.get_text()
        for text, box in texts_of(figure)
        if min(box.x0, box.y0) < -SLACK
        or box.x1 > figure.bbox.width + SLACK
        or box.y1 > figure.bbox.height + SLACK
    ]


def on_marks(figure):
    """Return the texts of an axes that lie on one of its markers, and on which line of marks.

    Words on a white ground of their own are meant to cover what is below them.
    """
    import numpy as np

    boxes = {id(text): box for text, box in texts_of(figure)}
    found = []
    for ax in figure.axes:
        marks = [line for line in ax.lines if line.get_marker() not in (None, "None", "", " ")]
        for text in ax.texts:
            if id(text) not in boxes or text.get_bbox_patch() is not None:
                continue
            box = boxes[id(text)].shrunk(1, LETTERS)
            for line in marks:
                xy = line.get_transform().transform(
                    np.column_stack([line.get_xdata(orig=False), line.get_ydata(orig=False)])
                )
                reach = line.get_markersize() * figure.dpi / 72 / 2
                x, y = xy[np.isfinite(xy).all(axis=1)].T
                inside = (x > box.x0 - reach) & (x < box.x1 + reach)
                inside &= (y > box.y0 - reach) & (y < box.y1 + reach)
                if inside.any():
                    found.append(Overlap(text.get_text(), f"a mark of {line.get_label()}"))
    return found


def _cover(box, other):
    """Return whether two boxes share more than the slack in both directions."""
    across = min(box.x1, other.x1) - max(box.x0, other.x0)
    up = min(box.y1, other.y1) - max(box.y0, other.y0)
    return across > SLACK and up > SLACK


def _tick_labels_not_drawn(ax):
    """Yield the labels of ticks that are kept in store, or lie beyond the end of the axis."""
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        slack = 1e-6 * (high - low)
        for place, tick in enumerate(axis.majorTicks):
            yield tick.label2
            in_store = place >= len(axis.get_majorticklocs())
            if in_store or not low - slack <= tick.get_loc() <= high + slack:
                yield tick.label1


def faults(figure):
    """Return what is wrong with the words of a figure, each in a sentence."""
    return [str(pair) for pair in [*overlapping(figure), *on_marks(figure)]]


def watch():
    """Have a kernel say on stderr which words of a figure that it shows cover another.

    A startup file of the kernels in which notebooks are rendered and tested calls it: a stored
    notebook has no stderr, so such a figure is refused at both.
    """
    from IPython.core import pylabtools

    draw = pylabtools.print_figure

    def print_figure(figure, *arguments, **options):
        for fault in faults(figure):
            print(f"In a figure of this cell {fault}: move one of them.", file=sys.stderr)
        return draw(figure, *arguments, **options)

    pylabtools.print_figure = print_figure


STARTUP = f"""
import sys
sys.path.append({str(Path(__file__).resolve().parents[1])!r})
from tools import overlaps
overlaps.watch()
"""


def watched_profile(folder):
    """Write the startup file into an IPython folder, for the variable IPYTHONDIR."""
    startup = Path(folder) / "profile_default" / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    (startup / "00_figures.py").write_text(STARTUP, encoding="utf-8")
