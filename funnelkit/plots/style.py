"""How charts look: palette, sizes, numbers as they are written, axes, labels, titles."""

import textwrap

import numpy as np
import pandas as pd

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
    "count",
    "date_axis",
    "group_name",
    "grouped_rows",
    "label_ends",
    "legend_at",
    "listed",
    "name_rows",
    "need_table_of",
    "not_too_many",
    "percent",
    "percent_tick",
    "period_starts",
    "scale_axis",
    "set_title",
    "split_funnels",
    "spread_apart",
    "tick_locator",
    "write_beside",
    "write_outside",
]

# Okabe and Ito's palette, in an order in which neighbours differ in lightness as well.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"


PURPLE, SKY, ORANGE, BLACK = "#CC79A7", "#56B4E9", "#E69F00", "#000000"


PALETTE = (BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE, BLACK)


MARKERS = ("o", "s", "^", "D", "v", "P", "X")


DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), "-", (0, (5, 1.5)), "-")


INK, QUIET, GRID = "#222222", "#595959", "#E3E3E3"  # text, lesser text, grid lines


LARGE, SIZE, SMALL = 16, 13, 12  # points: titles, text and labels, the least used


WIDTH, HEIGHT = 9, 4.5  # inches


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
    if pd.isna(share):
        return "–"
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
    return "–" if pd.isna(number) else f"{number:,.0f}"


def legend_at(ax, place):
    """Name the lines in a corner that they leave free; keep the two zeros apart."""
    ax.tick_params(axis="x", pad=12)
    ax.legend(loc=place, frameon=False, fontsize=SIZE, labelcolor=INK, handlelength=3.2)


# ---------------------------------------------------------------- the style


def clean_axes(ax, height=HEIGHT):
    """Return a clean axes: the one given, or that of a new figure."""
    import matplotlib.pyplot as plt

    if ax is None:
        figure, ax = plt.subplots(figsize=(WIDTH, height), dpi=100, layout="constrained")
        figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    ax.figure.set_facecolor("white")  # also where the page around it is dark
    ax.set_facecolor("white")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelsize=SMALL, labelcolor=INK, pad=6)
    ax.set_axisbelow(True)
    return ax


def scale_axis(ax, which, write, label):
    """Give an axis of values its light grid, its label and the way its ticks are written."""
    from matplotlib.ticker import FuncFormatter

    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(tick_locator(6, write is count))
    axis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))
    axis.set_label_text(label, size=SIZE, color=INK)
    ax.grid(axis=which, color=GRID, lw=1)
    side = "left" if which == "x" else "bottom"
    ax.spines[side].set(visible=True, color=QUIET, linewidth=1)


def tick_locator(at_most, whole):
    """Place at most so many ticks, at round values."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(int(at_most), steps=[1, 2, 2.5, 5, 10], integer=whole)


def percent_tick(share):
    """Write a fraction as a tick of a percentage axis."""
    return f"{round(100 * share, 6):,g} %".replace("-", "−")


def name_rows(ax, names):
    """Name rows from top to bottom; return their places."""
    places = list(range(len(names)))
    ax.set_yticks(places, [group_name(name) for name in names], size=SIZE)
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
    ax.set_yticks(ticks, names, size=SMALL)
    for head in heads:
        ax.get_yticklabels()[head].set(fontweight="bold", fontsize=SIZE)
    ax.set_ylim(here - 0.4, -0.6)
    return places


def write_beside(ax, x, y, words, *, size=SIZE, color=INK):
    """Write to the right of a point, on white, so that no grid line runs through the words."""
    return ax.annotate(
        words,
        (x, y),
        (6, 0),
        textcoords="offset points",
        va="center_baseline",
        size=size,
        color=color,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
    )


def write_outside(ax, y, words):
    """Write to the right of the axes, at a height of the data."""
    return ax.annotate(
        words,
        (1, y),
        (8, 0),
        xycoords=ax.get_yaxis_transform(),
        textcoords="offset points",
        va="center_baseline",
        size=SIZE,
        color=INK,
        annotation_clip=False,
    )


def label_ends(ax, ends):
    """Write the names of lines at their ends, moved apart where they would touch."""
    if not ends:
        return
    ax.figure.draw_without_rendering()
    bottom, top = ax.get_ylim()
    height = ax.get_window_extent().height * 72 / ax.figure.dpi  # points
    gap = (top - bottom) * 1.35 * SIZE / height
    ys = spread_apart([y for y, *_ in ends], gap)
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
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 1, "shrinkA": 2, "shrinkB": 3},
        )


def spread_apart(values, gap):
    """Move values as little as possible so that neighbours are at least a gap apart."""
    order = np.argsort(values, kind="stable")
    blocks = []  # mean of what each value would be if all stood in one place, and how many
    for place, value in enumerate(np.asarray(values, float)[order]):
        blocks.append([value - place * gap, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (mean, n), (mean2, n2) = blocks[-2:]
            blocks[-2:] = [[(mean * n + mean2 * n2) / (n + n2), n + n2]]
    moved = np.repeat([mean for mean, _ in blocks], [n for _, n in blocks])
    result = np.empty(len(values))
    result[order] = moved + gap * np.arange(len(values))
    return result


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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
    ax.set_xlabel(names.get(freq[:1], "date"), size=SIZE, color=INK)
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)


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
    )
    for width in range(90, 10, -2):
        text.set_text(textwrap.fill(title, width))
        if text.get_window_extent().width <= right - whole.x0:
            break
    return ax


# ---------------------------------------------------------------- checks of what comes in


def need_table_of(table, columns, made_by):
    """Say which columns a table lacks and which function makes such a table."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"table is a {type(table).__name__}: give the table of {made_by}")
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise ValueError(
            f"table has no column {listed(missing)}: give the table of {made_by}, "
            "or name your column in the call"
        )
    if table.empty:
        raise ValueError("table has no rows: there is nothing to draw")


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


def listed(names):
    """Write names one after another, in quotes."""
    return ", ".join(repr(name) for name in names)


def group_name(value):
    """Write a group, also one whose value is missing."""
    return "(missing)" if pd.isna(value) else str(value)


def _same(one, other):
    return pd.isna(other) if pd.isna(one) else not pd.isna(other) and one == other
