"""Charts of leads: segments and scores.

Input is checked as `funnelkit._inputs` says.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.plots.style import (
    DASHES,
    HEIGHT,
    INK,
    MARKERS,
    PALETTE,
    QUIET,
    SIZE,
    SMALL,
    clean_axes,
    figure_title,
    group_name,
    label_axis,
    legend_at,
    log_ticks,
    need_table_of,
    not_too_many,
    note,
    numbers_of,
    panel_title,
    panels,
    percent_tick,
    scale_axis,
    set_title,
    spread_apart,
    write_beside,
)
from funnelkit.plots.values import in_order

__all__ = ["calibration_chart", "k_chart", "score_curves", "segment_chart"]


def __dir__():
    return __all__


# ---------------------------------------------------------------- segments


def segment_chart(
    table, x, y, segment, *, ax=None, title=None, xlabel=None, ylabel=None, log=False, at_most=2000
):
    """Draw cases as dots, each segment with its colour, its shape and its name in its middle.

    Parameters
    ----------
    table : DataFrame
        One row per case.
    x, y : str
        Columns of numbers. Cases in which one is missing are not drawn.
    segment : str
        Column with the segment of each case; at most seven segments.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel, ylabel : str, optional
        What the axes show, with units; the names of the columns when not given.
    log : bool, default False
        Draw `y` on a logarithmic scale, on which equal ratios are equal distances.
    at_most : int, default 2000
        With more cases than this, every n-th is drawn, so that single dots can be seen; the
        names are still in the middle (the median) of all cases.

    Returns
    -------
    Axes

    Examples
    --------
    >>> people = pd.DataFrame({
    ...     "age": [21, 24, 55, 60], "income": [9e3, 12e3, 40e3, 55e3], "who": list("aabb")
    ... })
    >>> ax = segment_chart(people, "age", "income", "who", ylabel="income, EUR per year", log=True)
    >>> [text.get_text() for text in ax.texts]
    ['a', 'b']
    """
    _inputs.need_texts(title=title, xlabel=xlabel, ylabel=ylabel)
    _inputs.need_flags(log=log)
    at_most = _inputs.whole("at_most", at_most)
    table = _complete_cases(table, x, y, segment, log)
    names = in_order(table[segment].unique())
    not_too_many(len(names))
    ax = clean_axes(ax, height=5.4)
    ax.set_yscale("log" if log else "linear")
    shown = table.iloc[:: -(-len(table) // at_most)]
    for colour, marker, name in zip(PALETTE, MARKERS, names, strict=False):
        dots = shown[shown[segment] == name]
        ax.plot(dots[x], dots[y], marker, color=colour, ms=5, mew=0, alpha=0.5, ls="", zorder=2)
    scale_axis(ax, "x", "{:,g}".format, xlabel or x)
    scale_axis(ax, "y", "{:,g}".format, ylabel or y)
    if log:
        log_ticks(ax, "y")
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    _name_middles(ax, table, x, y, segment, names)
    return set_title(ax, title)


def _complete_cases(table, x, y, segment, log):
    """Return the three columns of the cases that have them all, numbers as floats."""
    need_table_of(table, [x, y, segment], "cases, with the columns that the call names")
    numbers = {name: numbers_of(table, name) for name in (x, y)}
    _inputs.need_hashable(table[segment], segment)
    table = table[list(dict.fromkeys([x, y, segment]))].copy()
    for name, values in numbers.items():
        table[name] = values
    table = table.dropna()
    if table.empty:
        raise ValueError(f"no row has {x}, {y} and {segment}: there is nothing to draw")
    if log:
        remedy = "draw it with log=False"
        below = table[y].to_numpy() <= 0
        _inputs.refuse(below, f"column {y!r} is not above 0", remedy, table[y], index=table.index)
    return table


def _name_middles(ax, table, x, y, segment, names):
    """Write each segment's name over its middle, names that would touch moved apart."""
    middles = table.groupby(segment)[[x, y]].median().loc[names]
    ax.figure.draw_without_rendering()
    to_pixels, to_data = ax.transData.transform, ax.transData.inverted().transform
    places = to_pixels(middles.to_numpy(float))
    gap = 1.9 * SIZE * ax.figure.dpi / 72  # pixels
    near = np.ptp(places[:, 0]) < 0.3 * ax.get_window_extent().width if len(names) > 1 else False
    if near:
        places[:, 1] = spread_apart(places[:, 1], gap)
    else:
        for one in range(len(names)):
            for other in range(one):
                across, up = np.abs(places[one] - places[other])
                if across < 170 and up < gap:  # move the higher one up
                    higher = max(one, other, key=lambda place: places[place, 1])
                    places[higher, 1] += gap - up
    for colour, name, place in zip(PALETTE, names, to_data(places), strict=False):
        label = note(ax, group_name(name), place, ha="center", va="center")
        label.set_weight("bold")
        label.set_bbox(
            {"facecolor": "white", "edgecolor": colour, "lw": 2, "boxstyle": "round,pad=0.3"}
        )


def k_chart(table, *, title=None, chosen=None):
    """Draw the criteria for the number of clusters, one panel each, with the best of each marked.

    Where the table says what a criterion is for data without clusters (`silhouette_reference`,
    `stability_reference`), that is a dotted line. Where it has the gap statistic, that gets a
    panel of its own, with bars of one standard error (`gap_se`).

    Parameters
    ----------
    table : DataFrame
        What `segments.choose_k` returns: the numbers of clusters in the index, at least two.
    title : str, optional
        What the chart found.
    chosen : int, optional
        The number of clusters to mark by a dashed line in all panels.

    Returns
    -------
    array of Axes
        Inertia, silhouette, stability, and the gap where there is one.

    Notes
    -----
    The best by the gap is the smallest number whose gap is at least that of the next, less one
    standard error of the latter (Tibshirani, Walther and Hastie 2001, section 4).

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"inertia": [9.0, 3.0, 2.5], "silhouette": [None, 0.6, 0.5],
    ...      "stability": [None, 0.8, 0.9]},
    ...     index=[1, 2, 3],
    ... )
    >>> [ax.get_title(loc="left") for ax in k_chart(table)]
    ['inertia', 'silhouette', 'stability']
    """
    _inputs.need_texts(title=title)
    table = _numbers_of_clusters(table)
    if chosen is not None and _inputs.whole("chosen", chosen) not in table.index:
        raise ValueError(f"chosen is {chosen}: give one of {', '.join(map(str, table.index))}")
    names = [name for name in ("inertia", "silhouette", "stability", "gap") if name in table]
    columns, height = (3, 3.6) if len(names) == 3 else (2, 6.4)
    axes = panels(len(names), columns, height)
    for ax, name, colour in zip(axes, names, PALETTE, strict=False):
        _criterion(ax, table, name, colour)
        if chosen is not None:
            ax.axvline(chosen, color=QUIET, lw=1.4, ls=(0, (4, 3)), zorder=1)
        panel_title(ax, name)
    figure_title(axes[0].figure, title)
    return axes


def _numbers_of_clusters(table):
    """Return the criteria as floats, by rising number of clusters."""
    names, made_by = ["inertia", "silhouette", "stability"], "segments.choose_k(...)"
    need_table_of(table, names, made_by)
    optional = ["silhouette_reference", "stability_reference", "gap", "gap_se"]
    names += [name for name in optional if name in table.columns]
    _inputs.need_columns(table, names)
    ks = _inputs.count("the index", table.index)
    _inputs.refuse(table.index.duplicated(), "the index repeats a number", "give one row each", ks)
    if len(ks) < 2:
        raise ValueError("table has one row: compare at least two numbers of clusters")
    columns = {name: numbers_of(table, name) for name in names}
    for name, values in columns.items():
        if np.isnan(values).all():
            raise ValueError(f"column {name!r} is missing in all rows: there is nothing to draw")
    return pd.DataFrame(columns, index=ks.astype(int)).sort_index()


def _criterion(ax, table, name, colour):
    """Draw one criterion, what it is without clusters, and which number is the best by it."""
    values = table[name]
    ax.plot(values.index, values, "o-", color=colour, lw=2.4, ms=6, zorder=3)
    drawn = [values]
    if name == "gap" and "gap_se" in table:
        low, high = values - table["gap_se"], values + table["gap_se"]
        ax.vlines(values.index, low, high, color=colour, lw=1.4)
        drawn += [low, high]
    if f"{name}_reference" in table:
        drawn.append(table[f"{name}_reference"])
        ax.plot(values.index, drawn[-1], color=QUIET, lw=1.6, ls=(0, (1.2, 1.2)), zorder=2)
        last = drawn[-1].last_valid_index()
        at = (last, max(drawn[-1][last], 0.3 * np.nanmax(values)))  # above the numbers of the axis
        note(ax, "no clusters", at, (0, -6), ha="right", va="top", size=SMALL)
    low, top = np.nanmin(np.concatenate(drawn)), np.nanmax(np.concatenate(drawn))
    scale_axis(ax, "y", "{:,g}".format, "")
    low, high = min(0.0, low), max(top + 0.3 * (top - min(0.0, low)), 0.0)
    ax.set_ylim(1.1 * low, high if high > low else low + 1)
    if name in ("silhouette", "stability"):  # neither can be more than 1
        ax.set_yticks([tick for tick in ax.get_yticks() if 1.1 * low <= tick <= min(1, high)])
    best = _best(table, name)
    if best is not None:
        ax.plot(best, values[best], "o", ms=13, mfc="none", mec=INK, mew=1.6, zorder=4)
        label = write_beside(ax, best, values[best], f"best: {best}")
        label.set(ha="center", va="bottom", position=(0, 10), zorder=5)
    ks = list(table.index)
    ax.set_xticks(ks[:: -(-len(ks) // 8)])
    ax.set_xlim(min(ks) - 0.6, max(ks) + 0.6)
    label_axis(ax, "x", "clusters")
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)


def _best(table, name):
    """Return the best number of clusters by a criterion; None where it does not tell."""
    if name == "inertia":  # always falls
        return None
    if name != "gap":
        return table[name].idxmax()
    if "gap_se" not in table:
        return None
    gap, error = table["gap"].to_numpy(), table["gap_se"].to_numpy()
    enough = np.flatnonzero(gap[:-1] >= gap[1:] - error[1:])
    return table.index[enough[0]] if len(enough) else None


# ---------------------------------------------------------------- scores


def score_curves(tables, *, x, y, ax=None, title=None, xlabel=None, ylabel=None, baseline=None):
    """Draw what scores find, one curve per score, both axes being shares.

    For the ROC curve (false-positive rate against recall, ``baseline="diagonal"``), precision
    against recall and cumulative gains.

    Parameters
    ----------
    tables : DataFrame or mapping of str to DataFrame
        What `scoring.threshold_table` or `scoring.gains_table` returns, by the name of the score.
        The order of the rows does not matter.
    x, y : str
        The columns, or the name of the index, to draw along the axes; both hold shares.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel, ylabel : str, optional
        What the axes show; the names of the columns when not given.
    baseline : "diagonal" or float, optional
        What a random order would give: the diagonal, or the same share everywhere.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from funnelkit import scoring
    >>> table = scoring.gains_table([0.9, 0.6, 0.4, 0.1], [True, True, False, False])
    >>> ax = score_curves({"points": table}, x="depth", y="gains", baseline="diagonal")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['points', 'random order']
    """
    _inputs.need_texts(title=title, xlabel=xlabel, ylabel=ylabel)
    tables = dict(tables) if isinstance(tables, Mapping) else {"score": tables}
    _some_scores(tables)
    heights = _baseline(baseline)
    curves = {name: _curve(table, x, y) for name, table in tables.items()}
    ax = clean_axes(ax, height=HEIGHT + 0.5)
    lines = []
    for style, (name, curve) in enumerate(curves.items()):
        look = {"color": PALETTE[style], "ls": DASHES[style], "lw": 2.4, "zorder": 3}
        lines += [(line, name) for line in ax.plot(*curve.T, **look)]
    if heights is not None:
        dotted = ax.plot([0, 1], heights, color=QUIET, ls=(0, (1.2, 1.2)), lw=1.6)
        lines.append((dotted[0], "random order"))
    late = np.concatenate([curve[curve[:, 0] > 0.6, 1] for curve in curves.values()])
    high = len(late) and np.nanmean(late) > 0.5
    legend_at(ax, "lower right" if high else "upper right", lines)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    scale_axis(ax, "x", percent_tick, xlabel or x)
    scale_axis(ax, "y", percent_tick, ylabel or y)
    return set_title(ax, title)


def _baseline(baseline):
    """Return the heights of the baseline at 0 and at 1, None if there is none."""
    if baseline is None:
        return None
    if isinstance(baseline, str):
        _inputs.one_of("baseline", baseline, ("diagonal",))
        return [0.0, 1.0]
    remedy = "give 'diagonal' or a fraction from 0 to 1"
    return [_inputs.number("baseline", baseline, at_least=0, at_most=1, remedy=remedy)] * 2


def _curve(table, x, y):
    """Return the points of a curve in the order of the index, x rising on the whole."""
    made_by = "scoring.threshold_table(...) or scoring.gains_table(...)"
    if isinstance(table, pd.DataFrame):
        table = table.sort_index().reset_index()
    need_table_of(table, [x, y], made_by)
    points = np.column_stack([numbers_of(table, name) for name in (x, y)])
    for name, values in zip((x, y), points.T, strict=True):
        outside = (values < 0) | (values > 1)
        remedy = "give columns of shares, not of counts"
        _inputs.refuse(outside, f"column {name!r} is outside 0 to 1", remedy, values)
    points = points[~np.isnan(points).any(axis=1)]
    if not len(points):
        raise ValueError(f"no row has {x} and {y}: there is nothing to draw")
    if points[0, 0] > points[-1, 0]:
        points = points[::-1]
    # Where nobody is selected nobody is found; precision has no value there.
    return np.vstack([[0.0, 0.0], points]) if y in ("recall", "gains") else points


def calibration_chart(tables, *, ax=None, title=None, xlabel="predicted probability"):
    """Draw what happened against what was predicted, with the line on which both are equal.

    Parameters
    ----------
    tables : DataFrame or mapping of str to DataFrame
        What `scoring.calibration_table` returns, by the name of the model.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel : str
        What was predicted.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from funnelkit import scoring
    >>> table = scoring.calibration_table([0.1, 0.2, 0.6, 0.7], [False, False, True, True], bins=2)
    >>> ax = calibration_chart(table)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['as predicted', 'model']
    """
    _inputs.need_texts(title=title, xlabel=xlabel)
    tables = dict(tables) if isinstance(tables, Mapping) else {"model": tables}
    _some_scores(tables)
    bins = {name: _bins_of_probability(table) for name, table in tables.items()}
    ax = clean_axes(ax, height=HEIGHT + 0.5)
    end = 1.05 * max(table.max(axis=None) for table in bins.values()) or 1
    equal = ax.plot([0, end], [0, end], color=QUIET, lw=1.6, ls=(0, (4, 3)))
    lines = [(equal[0], "as predicted")]
    for style, (name, table) in enumerate(bins.items()):
        colour = PALETTE[style]
        ax.vlines(table["predicted"], table["ci_low"], table["ci_high"], color=colour, lw=1.4)
        look = {"color": colour, "ls": DASHES[style], "lw": 1.6, "ms": 8, "mec": "white"}
        drawn = ax.plot(table["predicted"], table["rate"], MARKERS[style], zorder=3, **look)
        lines.append((drawn[0], name))
    legend_at(ax, "upper left", lines)
    ax.set_xlim(0, end)
    ax.set_ylim(0, end)
    scale_axis(ax, "x", percent_tick, xlabel)
    scale_axis(ax, "y", percent_tick, "share that bought (with interval)")
    return set_title(ax, title)


def _bins_of_probability(table):
    """Return the bins by rising probability, all of them shares."""
    columns = ["predicted", "rate", "ci_low", "ci_high"]
    need_table_of(table, columns, "scoring.calibration_table(...)")
    bins = {}
    for name in columns:
        bins[name] = numbers_of(table, name, missing="refuse")
        outside = (bins[name] < 0) | (bins[name] > 1)
        remedy = "give fractions from 0 to 1"
        _inputs.refuse(outside, f"column {name!r} is outside 0 to 1", remedy, bins[name])
    return pd.DataFrame(bins).sort_values("predicted", kind="stable")


def _some_scores(tables):
    if not 1 <= len(tables) < len(PALETTE):
        raise ValueError(f"there are {len(tables)} tables: give one to {len(PALETTE) - 1}")
