"""How charts look: palette, sizes, numbers and words as they are written, axes, labels, titles.

The rooms beside this one draw with what is here. Input is checked as `funnelkit._inputs` says; the
guards at the end are those that only charts need.
"""

import textwrap
from collections.abc import Hashable

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = [
    "BLACK",
    "BLUE",
    "DASHES",
    "GREEN",
    "GRID",
    "HEIGHT",
    "INK",
    "LARGE",
    "MARKERS",
    "ORANGE",
    "PALETTE",
    "PURPLE",
    "QUIET",
    "SIZE",
    "SKY",
    "SMALL",
    "VERMILION",
    "WIDTH",
    "clean_axes",
    "column_of_counts",
    "count",
    "date_axis",
    "figure_title",
    "group_name",
    "grouped_rows",
    "label_axis",
    "label_ends",
    "legend_at",
    "listed",
    "log_ticks",
    "name_columns",
    "name_rows",
    "need_periods",
    "need_table_of",
    "not_too_many",
    "note",
    "numbers_of",
    "panel_title",
    "panels",
    "percent",
    "percent_tick",
    "period_starts",
    "rounded",
    "scale_axis",
    "set_title",
    "split_funnels",
    "spread_apart",
    "tick_locator",
    "write_beside",
    "write_outside",
    "writer",
]

# Okabe and Ito's palette, in an order in which neighbours differ in lightness as well. Each colour
# goes with a marker and a dash, so that it is never the only sign.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
PURPLE, SKY, ORANGE, BLACK = "#CC79A7", "#56B4E9", "#E69F00", "#000000"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), "-", (0, (5, 1.5)), "-")

INK, QUIET, GRID = "#222222", "#595959", "#E3E3E3"  # text, lesser text, grid lines
LARGE, SIZE, SMALL = 16, 13, 12  # points: titles, text and labels, the least used
WIDTH, HEIGHT = 9, 4.5  # inches

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def __dir__():
    return __all__


# ---------------------------------------------------------------- numbers as they are written


def percent(share, *, digits=1):
    """Write a fraction as a percentage, as all charts do.

    Parameters
    ----------
    share : float
        A fraction; a missing one becomes a dash.
    digits : int, default 1
        Decimals. Exactly 0 and 1 have none; what would be rounded to 0 or to 100 % has more.

    Returns
    -------
    str

    Examples
    --------
    >>> percent(0.1123), percent(1), percent(0.0003), percent(-0.031)
    ('11.2 %', '100 %', '0.03 %', '−3.1 %')
    """
    digits = _inputs.whole("digits", digits, at_least=0, at_most=12)
    if _is_missing(share):
        return "–"
    share = _inputs.number("share", share, remedy="give a fraction, such as 0.112")
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    while digits < 6 and round(100 * share, digits) in (0, 100):
        digits += 1
    return f"{100 * share:,.{digits}f} %".replace("-", "−")


def count(number):
    """Write a count with thousands separators, as all charts do.

    Parameters
    ----------
    number : int
        A count; a missing one becomes a dash.

    Returns
    -------
    str

    Examples
    --------
    >>> count(12345)
    '12,345'
    """
    return "–" if _is_missing(number) else f"{_inputs.number('number', number):,.0f}"


def percent_tick(share):
    """Write a fraction as a tick of a percentage axis."""
    return f"{round(100 * share, 6):,g} %".replace("-", "−")


def rounded(value):
    """Write a value of any size to about four digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def writer(name, write, default):
    """Return how numbers are written: a function of the caller's, or the default."""
    if write is None:
        return default
    advice = "give a function that writes a number, such as 'EUR {:,.0f}'.format"
    if not callable(write):
        raise TypeError(f"{name} is {write!r}: {advice}")
    if not isinstance(write(1.0), str):
        raise TypeError(f"{name} returns {_inputs.name_of_type(write(1.0))}: {advice}")
    return write


def _is_missing(value):
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


# ---------------------------------------------------------------- words
# What comes from data is never read as a formula: "costs $5 and $6" would be one to matplotlib.
# Words are written with `parse_math=False`; ticks, which it writes later itself, are escaped.


def note(
    ax,
    words,
    at,
    offset=(0, 0),
    *,
    ha="left",
    va="center_baseline",
    size=SIZE,
    color=INK,
    coords="data",
    clip=None,
):
    """Write words at a place, moved by an offset in points, as they stand."""
    return ax.annotate(
        words,
        at,
        offset,
        xycoords=coords,
        textcoords="offset points",
        ha=ha,
        va=va,
        size=size,
        color=color,
        zorder=5,
        annotation_clip=clip,
        parse_math=False,
    )


def write_beside(ax, x, y, words, *, size=SIZE, color=INK):
    """Write to the right of a point, on white, so that no grid line runs through the words."""
    text = note(ax, words, (x, y), (6, 0), size=size, color=color)
    text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
    return text


def write_outside(ax, y, words):
    """Write to the right of the axes, at a height of the data."""
    return note(ax, words, (1, y), (8, 0), coords=ax.get_yaxis_transform(), clip=False)


def group_name(value):
    """Write the name of a group, including one whose value is missing."""
    if isinstance(value, tuple):
        return ", ".join(map(group_name, value))
    return "(missing)" if _is_missing(value) else str(value)


def listed(names):
    """Write names one after another, in quotes."""
    return ", ".join(repr(name) for name in names)


# ---------------------------------------------------------------- axes


def clean_axes(ax, height=HEIGHT, width=WIDTH):
    """Return a clean axes: the one given, or that of a new figure."""
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

    if ax is None:
        figure, ax = plt.subplots(figsize=(width, height), dpi=100, layout="constrained")
        figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    elif not isinstance(ax, Axes):
        raise TypeError(
            f"ax is {_inputs.name_of_type(ax)}: give one Axes, as figure, ax = plt.subplots() "
            "makes it"
        )
    ax.figure.set_facecolor("white")  # also where the page around it is dark
    ax.set_facecolor("white")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelsize=SMALL, labelcolor=INK, pad=6)
    ax.set_axisbelow(True)
    return ax


def panels(n, columns, height):
    """Return n clean axes of a new figure, side by side in so many columns."""
    import matplotlib.pyplot as plt

    figure, grid = plt.subplots(
        -(-n // columns),
        columns,
        figsize=(WIDTH, height),
        dpi=100,
        layout="constrained",
        squeeze=False,
    )
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    for ax in grid.ravel()[n:]:
        ax.remove()
    used = grid.ravel()[:n]
    for ax in used:
        clean_axes(ax)
    return used


def scale_axis(ax, which, write, label):
    """Give an axis of values its light grid, its label and the way its ticks are written."""
    from matplotlib.ticker import FuncFormatter

    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(tick_locator(6, write is count))
    axis.set_major_formatter(FuncFormatter(lambda value, _: write(value).replace("$", r"\$")))
    label_axis(ax, which, label)
    ax.grid(axis=which, color=GRID, lw=1)
    side = "left" if which == "x" else "bottom"
    ax.spines[side].set(visible=True, color=QUIET, linewidth=1)


def label_axis(ax, which, label):
    """Write what an axis shows."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_label_text(str(label), size=SIZE, color=INK, parse_math=False)


def tick_locator(at_most, whole):
    """Place at most so many ticks, at round values."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(int(at_most), steps=[1, 2, 2.5, 5, 10], integer=whole)


def log_ticks(ax, which):
    """Write the values on a logarithmic axis as numbers, not as powers."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axis = ax.xaxis if which == "x" else ax.yaxis
    low, high = sorted(axis.get_view_interval())
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 300 * low else (1,)))
    axis.set_minor_formatter(NullFormatter())
    ax.tick_params(which="minor", length=0)


def name_rows(ax, names):
    """Name rows from top to bottom; return their places."""
    places = list(range(len(names)))
    ax.set_yticks(places, [group_name(name) for name in names], size=SIZE, parse_math=False)
    ax.set_ylim(len(names) - 0.4, -0.6)
    return places


def grouped_rows(ax, rows):
    """Name rows in blocks, each under the bold name of its block; return their places."""
    places, ticks, names, heads, here, block = [], [], [], [], 0.0, object()
    for outer, inner in rows:
        if not _same(outer, block):
            here += 0.35 if ticks else 0
            block = outer
            heads.append(len(ticks))
            ticks.append(here)
            names.append(group_name(outer))
            here += 1
        places.append(here)
        ticks.append(here)
        names.append(group_name(inner))
        here += 1
    ax.set_yticks(ticks, names, size=SMALL, parse_math=False)
    for head in heads:
        ax.get_yticklabels()[head].set(fontweight="bold", fontsize=SIZE)
    ax.set_ylim(here - 0.4, -0.6)
    return places


def _same(one, other):
    return pd.isna(other) if pd.isna(one) else not pd.isna(other) and one == other


def name_columns(ax, names):
    """Name groups side by side below the axes, broken into lines or upright where they are long."""
    names, places = [group_name(name) for name in names], range(len(names))
    ax.set_xlim(-0.5, len(names) - 0.5)  # each name has as much room as its neighbours
    for width in (None, 16, 12, 9, 7):
        words = names
        if width:
            words = [textwrap.fill(name, width, break_long_words=False) for name in names]
        labels = ax.set_xticks(places, words, size=SMALL, parse_math=False)
        ax.figure.draw_without_rendering()
        boxes = [tick.label1.get_window_extent() for tick in labels]
        if all(one.x1 + 4 <= two.x0 for one, two in zip(boxes, boxes[1:], strict=False)):
            return
    ax.set_xticks(places, names, size=SMALL, parse_math=False, rotation=90)


def period_starts(index):
    """Return the first moment of each period."""
    return index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index


def date_axis(ax, tables):
    """Write some of the dates below, the year once, and what they are."""
    dates = pd.DatetimeIndex(np.unique(np.concatenate([period_starts(t.index) for t in tables])))
    shown = dates[:: -(-len(dates) // 8)]
    new_year = np.diff(shown.year, prepend=0) != 0
    monthly = (dates.day == 1).all()
    words = [
        (_MONTHS[d.month - 1] if monthly else f"{d.day} {_MONTHS[d.month - 1]}")
        + (f"\n{d.year}" if new else "")
        for d, new in zip(shown, new_year, strict=True)
    ]
    ax.set_xticks(shown, words)
    freq = getattr(tables[0].index, "freqstr", None) or ""
    names = {"W": "week beginning", "M": "month", "D": "day", "Q": "quarter beginning"}
    label_axis(ax, "x", names.get(freq[:1], "date"))
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)


# ---------------------------------------------------------------- names of lines


def legend_at(ax, place, lines):
    """Name lines, pairs of artist and name, in a corner left free; keep the two zeros apart."""
    ax.tick_params(axis="x", pad=12)
    artists = [artist for artist, _ in lines]
    # A name that begins with an underscore would be left out by matplotlib: set them afterwards.
    blank = ["name"] * len(lines)
    legend = ax.legend(
        artists, blank, loc=place, frameon=False, fontsize=SIZE, labelcolor=INK, handlelength=3.2
    )
    for text, (_, name) in zip(legend.get_texts(), lines, strict=True):
        text.set(text=group_name(name), parse_math=False)


def label_ends(ax, ends):
    """Write the names of lines at their ends, moved apart where they would touch.

    Each end is a height, words, a colour and a place along the axis.
    """
    if not ends:
        return
    ax.figure.draw_without_rendering()
    bottom, top = ax.get_ylim()
    height = ax.get_window_extent().height * 72 / ax.figure.dpi  # points
    gap = (top - bottom) * 1.5 * SIZE / height
    ys = spread_apart([y for y, *_ in ends], gap, at_least=bottom + gap / 2)
    for y, (end, words, colour, x) in zip(ys, ends, strict=True):
        ax.annotate(
            words,
            (x, end),
            (1.03, y),
            textcoords=ax.get_yaxis_transform(),
            va="center",
            size=SIZE,
            color=INK,
            annotation_clip=False,
            parse_math=False,
            # From the left of the words, so that a steep line does not run through its neighbours.
            arrowprops=dict(
                arrowstyle="-", color=colour, lw=1, shrinkA=2, shrinkB=3, relpos=(0, 0.5)
            ),
        )


def spread_apart(values, gap, at_least=None):
    """Move values as little as possible so that neighbours are at least a gap apart.

    With `at_least`, none is below it.
    """
    order = np.argsort(values, kind="stable")
    blocks = []  # mean of what each value would be if all were in one place, and how many
    for place, value in enumerate(np.asarray(values, float)[order]):
        blocks.append([value - place * gap, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (mean, n), (mean2, n2) = blocks[-2:]
            blocks[-2:] = [[(mean * n + mean2 * n2) / (n + n2), n + n2]]
    moved = np.repeat([mean for mean, _ in blocks], [n for _, n in blocks])
    if at_least is not None:
        moved = np.maximum(moved, at_least)
    result = np.empty(len(values))
    result[order] = moved + gap * np.arange(len(values))
    return result


# ---------------------------------------------------------------- titles


def set_title(ax, title):
    """Set the title flush with the left edge of all that is drawn, broken to fit."""
    if not title:
        return ax
    figure = ax.figure
    figure.draw_without_rendering()
    whole, box = ax.get_tightbbox(), ax.get_window_extent()
    right = figure.bbox.x1 - 8 if len(figure.axes) == 1 else whole.x1
    text = ax.set_title(
        title,
        loc="left",
        x=(whole.x0 - box.x0) / box.width,
        size=LARGE,
        weight="bold",
        color=INK,
        pad=12,
        parse_math=False,
    )
    for width in range(90, 10, -2):
        text.set_text(textwrap.fill(title, width))
        if text.get_window_extent().width <= right - whole.x0:
            break
    return ax


def panel_title(ax, name):
    """Write the name of a panel above it."""
    ax.set_title(
        group_name(name), loc="left", size=SIZE, weight="bold", color=INK, parse_math=False
    )


def figure_title(figure, title):
    """Set the title of a figure of several panels."""
    if title:
        words = textwrap.fill(title, 68)
        figure.suptitle(
            words, x=0.01, ha="left", size=LARGE, weight="bold", color=INK, parse_math=False
        )


# ---------------------------------------------------------------- checks of what comes in


def need_table_of(table, columns, made_by):
    """Say which columns a table lacks and which function makes such a table."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"table is {_inputs.name_of_type(table)}: give the table of {made_by}")
    missing = [c for c in columns if isinstance(c, Hashable) and c not in table.columns]
    if missing:
        raise ValueError(
            f"table has no column {listed(missing)}: give the table of {made_by}, "
            "or name your column in the call"
        )
    _inputs.need_columns(table, columns)
    _inputs.need_rows(table, why="there is nothing to draw")


def numbers_of(table, column, *, missing="keep"):
    """Return a column as floats, none of them infinite."""
    name = f"column {column!r}"
    values = _inputs.numbers(name, table[column], missing=missing)
    _inputs.refuse(np.isinf(values), f"{name} is infinite", "leave it out", index=table.index)
    return values


def column_of_counts(table):
    """Return the column that says how many a rate is of, None if there is none."""
    known = (name for name in ("users", "n") if name in table.columns)
    return next(known, None)


def need_periods(table, made_by):
    """Return the rows in the order of time; the index holds periods or times, each once."""
    index = table.index
    if not isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        raise TypeError(f"the index holds {index.dtype}: it must hold periods or times, {made_by}")
    _inputs.refuse(index.isna(), "the index is missing", "drop these rows")
    remedy = "give one row per period; several lines are given as a dictionary of tables"
    _inputs.refuse(index.duplicated(), "the index repeats a period", remedy, index)
    return table.sort_index()


def split_funnels(table):
    """Split several funnels into a dictionary of tables, in their order."""
    if table.index.nlevels != 2:
        raise ValueError(
            "table holds one funnel: give several, the names in an outer index level, as "
            "funnels.funnel(..., by=...) and pd.concat({'one': ..., 'two': ...}) make them"
        )
    names = table.index.get_level_values(0)
    return {
        name: table[names.isna() if pd.isna(name) else names == name].droplevel(0)
        for name in names.unique()
    }


def not_too_many(n):
    """Refuse more groups than the palette can tell apart."""
    if n > len(PALETTE):
        raise ValueError(
            f"there are {n} groups and at most {len(PALETTE)} can be told apart: pick some"
        )
