"""Charts of customers: who stays, and what they bring.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.plots.style import (
    BLUE,
    DASHES,
    INK,
    PALETTE,
    QUIET,
    SKY,
    SMALL,
    VERMILION,
    WIDTH,
    clean_axes,
    count,
    group_name,
    label_axis,
    label_ends,
    need_table_of,
    not_too_many,
    note,
    numbers_of,
    percent,
    percent_tick,
    scale_axis,
    set_title,
    split_funnels,
)
from funnelkit.plots.values import line_chart

__all__ = ["cohort_heatmap", "lorenz_chart", "survival_chart", "value_curve_chart"]


def __dir__():
    return __all__


# ---------------------------------------------------------------- who stays


def cohort_heatmap(table, *, ax=None, title=None, xlabel="age in months", ylabel="cohort"):
    """Draw a cohort table: darker where more are active, the share written in each cell.

    Cells without a value, the future that has not been seen, stay blank.

    Parameters
    ----------
    table : DataFrame
        What `cohorts.cohort_table` or `cohorts.purchase_cohorts` returns, or some of its
        columns: up to 20, so that the numbers can be read.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel, ylabel : str, optional
        What columns and rows are, with the unit.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame({0: [1.0, 1.0], 1: [0.8, None]}, index=["2026-01", "2026-02"])
    >>> ax = cohort_heatmap(table, title="One in five leaves in the first month")
    >>> [text.get_text() for text in ax.texts]
    ['100', '80', '100']
    """
    import seaborn as sns
    from matplotlib.colors import LinearSegmentedColormap

    _inputs.need_texts(title=title, xlabel=xlabel, ylabel=ylabel)
    shares = _cohort_shares(table)
    sizes = table.attrs.get("customers", {})
    names = [f"{n}  (n = {count(sizes[n])})" if n in sizes else n for n in map(str, table.index)]
    ramp = [(0, "#E9F2F9"), (0.45, "#7DB5DC"), (0.7, BLUE), (1, "#003A5D")]
    rows, columns = shares.shape
    ax = clean_axes(ax, height=max(2.6, 1.6 + 0.42 * rows), width=max(WIDTH, 3 + 0.5 * columns))
    sns.heatmap(
        shares,
        vmin=0,
        vmax=1,
        cmap=LinearSegmentedColormap.from_list("shares", ramp),
        annot=np.vectorize("{:.0f}".format)(100 * shares),
        fmt="",
        annot_kws={"size": SMALL, "va": "center_baseline"},
        linewidths=2,
        linecolor="white",
        cbar=False,
        xticklabels=False,
        yticklabels=False,
        ax=ax,
    )
    # seaborn's own choice of white or dark words would be hard to read on the blue in the middle.
    known = shares[~np.isnan(shares)]
    for text, share in zip(ax.texts[-len(known) :], known, strict=True):
        text.set_color("white" if share > 0.625 else INK)
    ax.set_yticks(np.arange(rows) + 0.5, names, size=SMALL, parse_math=False)
    ages = [group_name(age) for age in table.columns]
    ax.set_xticks(np.arange(columns) + 0.5, ages, size=SMALL, parse_math=False)
    ax.set_ylim(rows, 0)
    label_axis(ax, "x", f"{xlabel}; cells: % of the cohort")
    label_axis(ax, "y", ylabel)
    return set_title(ax, title)


def _cohort_shares(table):
    """Return the shares of a cohort table as an array, few enough to be read."""
    columns = list(table.columns) if isinstance(table, pd.DataFrame) else []
    need_table_of(table, columns, "cohorts.cohort_table(...)")
    if not 1 <= len(columns) <= 20:
        raise ValueError(
            f"table has {len(columns)} columns and at most 20 can be read: pick some ages, "
            "like table[[0, 1, 3, 6, 12]]"
        )
    shares = np.column_stack([numbers_of(table, name) for name in columns])
    outside = (shares < 0) | (shares > 1)
    if outside.any():
        raise ValueError(
            f"table holds {outside.sum()} values outside 0 to 1 (first: {shares[outside][0]:g}): "
            "give shares"
        )
    if np.isnan(shares).all():
        raise ValueError("table holds no number: there is nothing to draw")
    return shares


def survival_chart(
    curve, *, ax=None, title=None, xlabel="months since the start", until=None, interval=True
):
    """Draw survival curves as steps, each with its band and its name at the end.

    Parameters
    ----------
    curve : DataFrame
        What `cohorts.kaplan_meier` returns, with or without groups.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel : str, optional
        The time axis, with its unit.
    until : number, optional
        Where the time axis ends; at the last time when not given.
    interval : bool, default True
        Shade from `ci_low` to `ci_high`.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from funnelkit import cohorts
    >>> curve = cohorts.kaplan_meier([1, 2, 2, 5], [True, True, False, False])
    >>> ax = survival_chart(curve, title="Half are still there after five months")
    >>> [text.get_text() for text in ax.texts]
    ['50.0 %']
    """
    _inputs.need_texts(title=title, xlabel=xlabel)
    _inputs.need_flags(interval=interval)
    need_table_of(curve, ["survival", "ci_low", "ci_high"], "cohorts.kaplan_meier(...)")
    grouped = curve.index.nlevels > 1
    curves = split_funnels(curve) if grouped else {"": curve}
    not_too_many(len(curves))
    curves = {name: _in_order_of_time(rows) for name, rows in curves.items()}
    last = max(rows.index.max() for rows in curves.values())
    if until is not None:
        begin = max(0, *(rows.index.min() for rows in curves.values()))
        last = _inputs.number("until", until, above=begin)
    ax = clean_axes(ax)
    ends = []
    for style, (name, rows) in enumerate(curves.items()):
        # A step runs on to the end of the chart, or to where its customers were last seen.
        end = min(last, rows.index.max())
        rows = rows[rows.index <= end]
        x = np.append(rows.index.to_numpy(float), end)
        survival, low, high = (
            numbers_of(rows, column)[[*range(len(rows)), -1]]
            for column in ("survival", "ci_low", "ci_high")
        )
        colour = PALETTE[style]
        if interval:
            ax.fill_between(x, low, high, step="post", color=colour, alpha=0.18, lw=0)
        ax.step(x, survival, where="post", color=colour, lw=2.4, ls=DASHES[style], zorder=3)
        words = percent(survival[-1])
        words = f"{group_name(name)}: {words}" if grouped else words
        ends.append((survival[-1], words, colour, x[-1]))
    ax.set_xlim(0, last)
    ax.set_ylim(0, 1.02)
    scale_axis(ax, "x", "{:,g}".format, xlabel)
    scale_axis(ax, "y", percent_tick, "share still there")
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    label_ends(ax, ends)
    return set_title(ax, title)


def _in_order_of_time(curve):
    """Return a survival curve in the order of time, from which it can only fall."""
    made_by = "give the table of cohorts.kaplan_meier(...)"
    times = _inputs.finite("the index", curve.index)
    _inputs.refuse(times < 0, "the index is negative", made_by, times)
    repeated = curve.index.duplicated()
    remedy = "give the groups in an outer level of the index"
    _inputs.refuse(repeated, "the index repeats a time", remedy, times)
    curve = curve.sort_index()
    survival = numbers_of(curve, "survival", missing="refuse")
    outside = (survival < 0) | (survival > 1)
    _inputs.refuse(outside, "survival is not a share", made_by, survival, index=curve.index)
    rises = np.diff(survival, prepend=1.0) > 1e-9
    _inputs.refuse(rises, "survival rises", made_by, survival, index=curve.index)
    return curve


def value_curve_chart(table, *, cost, ax=None, title=None, xlabel=None, ylabel=None):
    """Draw what an average customer has brought by each age, against what winning them cost.

    Parameters
    ----------
    table : DataFrame or Series
        Value by period, cumulative, as `lifetime.value_curve` returns it; columns are the lines.
        The index holds the periods.
    cost : number
        Acquisition cost of a customer, in the unit of the values.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel, ylabel : str, optional
        What the axes show, with units.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from funnelkit import lifetime
    >>> value = lifetime.value_curve([1, 0.8, 0.6], 20)
    >>> ax = value_curve_chart(value, cost=40, xlabel="months", ylabel="EUR per customer")
    >>> [text.get_text() for text in ax.texts]
    ['value', 'cost 40', '3']
    """
    _inputs.need_texts(title=title, xlabel=xlabel, ylabel=ylabel)
    table = table.to_frame() if isinstance(table, pd.Series) else table
    columns = list(table.columns) if isinstance(table, pd.DataFrame) else []
    need_table_of(table, columns, "lifetime.value_curve(...), one column per line")
    cost = _inputs.number("cost", cost, at_least=0)
    if not pd.api.types.is_numeric_dtype(table.index):
        raise TypeError(
            f"the index of table holds {table.index.dtype}: the periods belong there, numbers"
        )
    not_too_many(len(columns))
    values = {name: numbers_of(table, name) for name in columns}
    ax = clean_axes(ax)
    ax.axhline(cost, color=INK, lw=1.6, ls=(0, (4, 3)), zorder=2)
    ax.update_datalim([(0, 1.12 * cost)], updatex=False)  # room for the words
    line_chart(table, ax=ax, xlabel=xlabel, ylabel=ylabel or "EUR per customer")
    across = ax.get_yaxis_transform()
    note(ax, f"cost {count(cost)}", (0, cost), (6, 5), va="bottom", coords=across)
    for style, value in enumerate(values.values()):
        enough = table.index[value >= cost]
        if len(enough):
            at = float(enough[0])
            ax.plot([at, at], [0, cost], color=PALETTE[style], lw=1.6, ls=DASHES[style], zorder=2)
            note(ax, f"{at:g}", (at, 0), (5, 5), va="bottom")
    return set_title(ax, title)


def lorenz_chart(table, *, top=0.2, ax=None, title=None, what="value"):
    r"""Draw a Lorenz curve beside the line of equal customers, and what the best of them bring.

    Parameters
    ----------
    table : DataFrame
        What `lifetime.lorenz` returns.
    top : float, default 0.2
        Which share of the customers, the most valuable, to point out.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    what : str, default "value"
        What is shared out.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from funnelkit import lifetime
    >>> ax = lorenz_chart(lifetime.lorenz([10, 60, 0, 20, 10]), what="margin")
    >>> [text.get_text() for text in ax.texts]
    ['if all brought the same', 'the best 20 %\nbring 60.0 %']
    """
    _inputs.need_texts(title=title, what=what)
    top = _inputs.number("top", top, above=0, remedy="give a fraction between 0 and 1, such as 0.2")
    if not top < 1:
        raise ValueError(f"top is {top:g}: give a fraction between 0 and 1, such as 0.2")
    share, value = _lorenz_curve(table)
    ax = clean_axes(ax, height=5.6)
    ax.plot([0, 1], [0, 1], color=QUIET, lw=1.6, ls=(0, (4, 3)), zorder=2)
    ax.fill_between(share, value, share, color=SKY, alpha=0.25, lw=0, zorder=1)
    ax.plot(share, value, color=BLUE, lw=2.8, zorder=3)
    note(ax, "if all brought the same", (0.47, 0.53), ha="right", va="bottom")
    below = float(np.interp(1 - top, share, value))
    ax.plot([1 - top] * 2, [below, 1], color=VERMILION, lw=1.6, zorder=2)
    ax.plot([1 - top, 1], [1, 1], color=VERMILION, lw=1.6, zorder=2, clip_on=False)
    ax.plot(1 - top, below, "o", color=VERMILION, ms=9, mec="white", zorder=4)
    words = f"the best {100 * top:g} %\nbring {percent(1 - below)}"
    note(ax, words, (1 - top, below), (8, -10), va="top")
    ax.set_xlim(0, 1)
    ax.set_ylim(min(0.0, value.min()), 1.02)
    scale_axis(ax, "x", percent_tick, "share of the customers, the least valuable first")
    scale_axis(ax, "y", percent_tick, f"share of the {what}")
    ax.tick_params(axis="x", pad=12)  # else the two zeros touch
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    return set_title(ax, title)


def _lorenz_curve(table):
    """Return both shares of a Lorenz curve, which runs from 0 to 1 and rises ever faster."""
    made_by = "lifetime.lorenz(...)"
    need_table_of(table, ["customers", "value"], made_by)
    share, value = (numbers_of(table, name, missing="refuse") for name in ("customers", "value"))
    order = np.lexsort([value, share])
    share, value = share[order], value[order]
    advice = f"give shares from 0 to 1, the least valuable customers first, as {made_by} does"
    ends = np.array([[share[0], value[0]], [share[-1], value[-1]]])
    if not np.allclose(ends, [[0, 0], [1, 1]]):
        (a, b), (c, d) = ends
        raise ValueError(
            f"the curve runs from ({a:g}, {b:g}) to ({c:g}, {d:g}), not from (0, 0) to (1, 1): "
            f"{advice}"
        )
    steps = np.diff(share) > 0
    slopes = np.diff(value)[steps] / np.diff(share)[steps]
    # A curve of the most valuable first would name the worst customers the best.
    flatter = np.diff(slopes) < -1e-6 * np.abs(slopes).max()
    _inputs.refuse(flatter, "the curve becomes flatter", advice, unit="places")
    return share, value
