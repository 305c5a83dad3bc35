"""Charts of customers: who stays, and what they bring."""

import numpy as np
import pandas as pd

from funnelkit.plots.rates import line_chart
from funnelkit.plots.style import (
    BLUE,
    DASHES,
    INK,
    PALETTE,
    QUIET,
    SIZE,
    SKY,
    SMALL,
    VERMILION,
    clean_axes,
    count,
    group_name,
    label_ends,
    need_table_of,
    not_too_many,
    percent,
    percent_tick,
    scale_axis,
    set_title,
    split_funnels,
)

__all__ = ["cohort_heatmap", "lorenz_chart", "survival_chart", "value_curve_chart"]

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

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If it has no rows, more than 20 columns, or a value outside 0 to 1.

    Examples
    --------
    >>> table = pd.DataFrame({0: [1.0, 1.0], 1: [0.8, None]}, index=["2026-01", "2026-02"])
    >>> ax = cohort_heatmap(table, title="One in five leaves in the first month")
    >>> [text.get_text() for text in ax.texts]
    ['100', '80', '100']
    """
    from matplotlib.colors import LinearSegmentedColormap

    need_table_of(table, [], "cohorts.cohort_table(...)")
    if table.shape[1] > 20:
        raise ValueError(
            f"table has {table.shape[1]} columns and at most 20 can be read: pick some ages, "
            "like table[[0, 1, 3, 6, 12]]"
        )
    shares = table.to_numpy(float, na_value=np.nan)
    outside = (shares < 0) | (shares > 1)
    if outside.any():
        raise ValueError(
            f"table holds {outside.sum()} values outside 0 to 1 (first: {shares[outside][0]:g}): "
            "give shares"
        )
    ax = clean_axes(ax, height=max(2.6, 1.6 + 0.42 * len(table)))
    ramp = [(0, "#E9F2F9"), (0.45, "#7DB5DC"), (0.7, BLUE), (1, "#003A5D")]
    colours = LinearSegmentedColormap.from_list("shares", ramp)
    across, down = np.arange(shares.shape[1] + 1) - 0.5, np.arange(len(table) + 1) - 0.5
    ax.pcolormesh(
        across, down, np.ma.masked_invalid(shares), cmap=colours, vmin=0, vmax=1, ec="white", lw=2
    )
    for (row, column), share in np.ndenumerate(shares):
        if not np.isnan(share):
            ax.text(
                column,
                row,
                f"{100 * share:.0f}",
                ha="center",
                va="center_baseline",
                size=SMALL,
                color="white" if share > 0.55 else INK,
            )
    sizes = table.attrs.get("customers", {})
    names = [f"{n}  (n = {count(sizes[n])})" if n in sizes else n for n in map(str, table.index)]
    ax.set_yticks(range(len(table)), names, size=SMALL)
    ax.set_xticks(range(shares.shape[1]), [str(age) for age in table.columns], size=SMALL)
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.set_xlabel(f"{xlabel}; cells: % of the cohort", size=SIZE, color=INK)
    ax.set_ylabel(ylabel, size=SIZE, color=INK)
    return set_title(ax, title)


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

    Raises
    ------
    TypeError
        If `curve` is no DataFrame.
    ValueError
        If columns or rows are missing, or there are more than seven groups.

    Examples
    --------
    >>> from funnelkit import cohorts
    >>> curve = cohorts.kaplan_meier([1, 2, 2, 5], [True, True, False, False])
    >>> ax = survival_chart(curve, title="Half are still there after five months")
    >>> [text.get_text() for text in ax.texts]
    ['50.0 %']
    """
    need_table_of(curve, ["survival", "ci_low", "ci_high"], "cohorts.kaplan_meier(...)")
    curves = split_funnels(curve) if curve.index.nlevels > 1 else {"": curve}
    not_too_many(len(curves))
    last = max(rows.index.max() for rows in curves.values()) if until is None else until
    ax = clean_axes(ax)
    ends = []
    for style, (name, rows) in enumerate(curves.items()):
        # A step runs on to the end of the chart, or to where its customers were last seen.
        end = min(last, rows.index.max())
        rows = rows[rows.index <= end]
        x = np.append(rows.index.to_numpy(float), end)
        survival, low, high = (
            rows[column].to_numpy(float)[[*range(len(rows)), -1]]
            for column in ("survival", "ci_low", "ci_high")
        )
        colour = PALETTE[style]
        if interval:
            ax.fill_between(x, low, high, step="post", color=colour, alpha=0.18, lw=0)
        ax.step(x, survival, where="post", color=colour, lw=2.4, ls=DASHES[style], zorder=3)
        words = percent(survival[-1])
        words = f"{group_name(name)}: {words}" if curve.index.nlevels > 1 else words
        ends.append((survival[-1], words, colour, x[-1]))
    ax.set_xlim(0, last)
    ax.set_ylim(0, 1.02)
    scale_axis(ax, "x", "{:,g}".format, xlabel)
    scale_axis(ax, "y", percent_tick, "share still there")
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    label_ends(ax, ends)
    return set_title(ax, title)


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

    Raises
    ------
    TypeError
        If `table` is neither table nor Series, or a column or the index holds no numbers.
    ValueError
        If it has no rows or columns, more than seven columns, an index that falls, or the cost
        is missing, infinite or negative.

    Examples
    --------
    >>> from funnelkit import lifetime
    >>> value = lifetime.value_curve([1, 0.8, 0.6], 20)
    >>> ax = value_curve_chart(value, cost=40, xlabel="months", ylabel="EUR a customer")
    >>> [text.get_text() for text in ax.texts]
    ['cost 40', 'value', '3']
    """
    if not isinstance(table, (pd.DataFrame, pd.Series)):
        need_table_of(table, [], "lifetime.value_curve(...), a column a line")
    if not 0 <= cost < np.inf:
        raise ValueError(f"cost is {cost!r}: give what winning a customer cost, 0 or more")
    if not pd.api.types.is_numeric_dtype(table.index):
        raise TypeError(
            f"the index of table holds {table.index.dtype}: the periods belong there, numbers"
        )
    ax = clean_axes(ax)
    ax.axhline(cost, color=INK, lw=1.6, ls=(0, (4, 3)), zorder=2)
    ax.update_datalim([(0, 1.12 * cost)], updatex=False)  # room for the words
    ax.annotate(
        f"cost {count(cost)}",
        (0, cost),
        (6, 5),
        xycoords=ax.get_yaxis_transform(),
        textcoords="offset points",
        va="bottom",
        size=SIZE,
        color=INK,
        zorder=5,
    )
    line_chart(table, ax=ax, xlabel=xlabel, ylabel=ylabel or "EUR a customer")
    table = table.to_frame() if isinstance(table, pd.Series) else table
    for style, name in enumerate(table.columns):
        enough = table.index[table[name] >= cost]
        if len(enough):
            at = float(enough[0])
            ax.plot([at, at], [0, cost], color=PALETTE[style], lw=1.6, ls=DASHES[style], zorder=2)
            ax.annotate(
                f"{at:g}",
                (at, 0),
                (5, 5),
                textcoords="offset points",
                size=SIZE,
                color=INK,
            )
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

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If columns or rows are missing, or `top` is not between 0 and 1.

    Examples
    --------
    >>> from funnelkit import lifetime
    >>> ax = lorenz_chart(lifetime.lorenz([10, 60, 0, 20, 10]), what="margin")
    >>> [text.get_text() for text in ax.texts]
    ['if all brought the same', 'the best 20 %\nbring 60.0 %']
    """
    need_table_of(table, ["customers", "value"], "lifetime.lorenz(...)")
    if not 0 < top < 1:
        raise ValueError(f"top is {top!r}: give a fraction between 0 and 1, such as 0.2")
    ax = clean_axes(ax, height=5.6)
    share = table["customers"].to_numpy(float)
    value = table["value"].to_numpy(float)
    ax.plot([0, 1], [0, 1], color=QUIET, lw=1.6, ls=(0, (4, 3)), zorder=2)
    ax.fill_between(share, value, share, color=SKY, alpha=0.25, lw=0, zorder=1)
    ax.plot(share, value, color=BLUE, lw=2.8, zorder=3)
    ax.text(0.47, 0.53, "if all brought the same", size=SIZE, color=INK, ha="right", va="bottom")
    below = float(np.interp(1 - top, share, value))
    ax.plot([1 - top] * 2, [below, 1], color=VERMILION, lw=1.6, zorder=2)
    ax.plot([1 - top, 1], [1, 1], color=VERMILION, lw=1.6, zorder=2, clip_on=False)
    ax.plot(1 - top, below, "o", color=VERMILION, ms=9, mec="white", zorder=4)
    words = f"the best {100 * top:g} %\nbring {percent(1 - below)}"
    ax.annotate(
        words,
        (1 - top, below),
        (8, -10),
        textcoords="offset points",
        ha="left",
        va="top",
        size=SIZE,
        color=INK,
    )
    ax.set_xlim(0, 1)
    ax.set_ylim(min(0.0, value.min()), 1.02)
    scale_axis(ax, "x", percent_tick, "share of the customers, the least valuable first")
    scale_axis(ax, "y", percent_tick, f"share of the {what}")
    ax.tick_params(axis="x", pad=12)  # else the two zeros touch
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    return set_title(ax, title)
