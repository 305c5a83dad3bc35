"""Charts of leads: segments and scores."""

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit.plots.style import (
    DASHES,
    HEIGHT,
    INK,
    LARGE,
    MARKERS,
    PALETTE,
    QUIET,
    SIZE,
    WIDTH,
    clean_axes,
    group_name,
    legend_at,
    need_table_of,
    not_too_many,
    percent_tick,
    scale_axis,
    set_title,
    spread_apart,
    write_beside,
)

__all__ = ["calibration_chart", "k_chart", "score_curves", "segment_chart"]

# ---------------------------------------------------------------- segments


def segment_chart(
    table, x, y, segment, *, ax=None, title=None, xlabel=None, ylabel=None, log=False, at_most=2000
):
    """Draw cases as dots, each segment with its colour, its shape and its name in its middle.

    Parameters
    ----------
    table : DataFrame
        One row a case.
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
        names still stand in the middle (the median) of all cases.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError
        If `table` is no DataFrame, or a column holds no numbers.
    ValueError
        If columns are missing, no row is complete, there are more than seven segments, or a value
        is not above 0 although the scale is logarithmic.

    Examples
    --------
    >>> people = pd.DataFrame({
    ...     "age": [21, 24, 55, 60], "income": [9e3, 12e3, 40e3, 55e3], "who": list("aabb")
    ... })
    >>> ax = segment_chart(people, "age", "income", "who", ylabel="income, EUR a year", log=True)
    >>> [text.get_text() for text in ax.texts]
    ['a', 'b']
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    need_table_of(table, [x, y, segment], "cases, with the columns that the call names")
    for name in (x, y):
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise TypeError(f"column {name!r} holds {table[name].dtype}, not numbers")
    table = table[[x, y, segment]].dropna()
    if table.empty:
        raise ValueError(f"no row has {x}, {y} and {segment}: there is nothing to draw")
    if log and (table[y] <= 0).any():
        raise ValueError(f"column {y!r} has values of 0 or below: draw it with log=False")
    names = sorted(table[segment].unique())
    not_too_many(len(names))
    ax = clean_axes(ax, height=5.4)
    ax.set_yscale("log" if log else "linear")
    shown = table.iloc[:: -(-len(table) // at_most)]
    for colour, marker, name in zip(PALETTE, MARKERS, names, strict=False):
        dots = shown[shown[segment] == name]
        ax.plot(dots[x], dots[y], marker, color=colour, ms=5, mew=0, alpha=0.5, ls="", zorder=2)
    scale_axis(ax, "x", "{:,g}".format, xlabel or x)
    scale_axis(ax, "y", "{:,.0f}".format if log else "{:,g}".format, ylabel or y)
    if log:
        ax.yaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.tick_params(which="minor", length=0)
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    _name_middles(ax, table, x, y, segment, names, log)
    return set_title(ax, title)


def _name_middles(ax, table, x, y, segment, names, log):
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
    for colour, name, (across, up) in zip(PALETTE, names, to_data(places), strict=False):
        ax.annotate(
            group_name(name),
            (across, up),
            ha="center",
            va="center",
            size=SIZE,
            weight="bold",
            color=INK,
            zorder=5,
            bbox={"facecolor": "white", "edgecolor": colour, "lw": 2, "boxstyle": "round,pad=0.3"},
        )


def k_chart(table, *, title=None, chosen=None):
    """Draw the criteria for the number of clusters, a panel each, with the best of each marked.

    Parameters
    ----------
    table : DataFrame
        What `segments.choose_k` returns.
    title : str, optional
        What the chart found.
    chosen : int, optional
        The number of clusters to mark by a dashed line in all panels.

    Returns
    -------
    array of Axes
        Three: inertia, silhouette, stability.

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If columns are missing or the table has no rows.

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
    import matplotlib.pyplot as plt

    names = ["inertia", "silhouette", "stability"]
    need_table_of(table, names, "segments.choose_k(...)")
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH, 3.6), dpi=100, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    for ax, name, colour in zip(axes, names, PALETTE, strict=False):
        clean_axes(ax)
        values = table[name].astype(float)
        ax.plot(values.index, values, "o-", color=colour, lw=2.4, ms=6, zorder=3)
        top = values.max()
        scale_axis(ax, "y", "{:,g}".format, "")
        ax.set_ylim(0, 1.3 * top)
        if name != "inertia":
            ax.set_yticks([tick for tick in ax.get_yticks() if tick <= min(1, 1.3 * top)])
            best = values.idxmax()
            ax.plot(best, top, "o", ms=13, mfc="none", mec=INK, mew=1.6, zorder=4)
            label = write_beside(ax, best, top, f"best: {best}")
            label.set(ha="center", va="bottom", position=(0, 10), zorder=5)
        if chosen is not None:
            ax.axvline(chosen, color=QUIET, lw=1.4, ls=(0, (4, 3)), zorder=1)
        ks = list(table.index)
        ax.set_xticks(ks[:: -(-len(ks) // 8)])
        ax.set_xlim(min(ks) - 0.6, max(ks) + 0.6)
        ax.set_xlabel("clusters", size=SIZE, color=INK)
        ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
        ax.set_title(name, loc="left", size=SIZE, weight="bold", color=INK)
    if title:
        words = textwrap.fill(title, 68)
        figure.suptitle(words, x=0.01, ha="left", size=LARGE, weight="bold", color=INK)
    return axes


# ---------------------------------------------------------------- scores


def score_curves(tables, *, x, y, ax=None, title=None, xlabel=None, ylabel=None, lot=None):
    """Draw what scores find, one curve a score, both axes being shares.

    For the ROC curve (``x="false_positive_rate", y="recall", lot="diagonal"``), precision against
    recall
    and cumulative gains.

    Parameters
    ----------
    tables : DataFrame or mapping of str to DataFrame
        What `scoring.threshold_table` or `scoring.gains_table` returns, by the name of the score.
    x, y : str
        The columns, or the name of the index, to draw along the axes.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel, ylabel : str, optional
        What the axes show; the names of the columns when not given.
    lot : "diagonal" or float, optional
        What drawing lots would give: the diagonal, or the same share everywhere.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError
        If a table is no DataFrame.
    ValueError
        If a column or all rows are missing, or there are no tables or more than six.

    Examples
    --------
    >>> from funnelkit import scoring
    >>> table = scoring.threshold_table([0.9, 0.6, 0.4, 0.1], [True, True, False, False])
    >>> ax = score_curves({"points": table}, x="false_positive_rate", y="recall", lot="diagonal")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['points', 'by lot']
    """
    tables = dict(tables) if isinstance(tables, Mapping) else {"score": tables}
    _some_scores(tables)
    curves = {}
    for name, table in tables.items():
        table = table.reset_index() if isinstance(table, pd.DataFrame) else table
        need_table_of(table, [x, y], "scoring.threshold_table(...) or scoring.gains_table(...)")
        curves[name] = table[[x, y]].to_numpy(float)
        if y in ("recall", "gains"):  # nobody selected, nobody found
            curves[name] = np.vstack([[0.0, 0.0], curves[name]])
    ax = clean_axes(ax, height=HEIGHT + 0.5)
    for style, (name, curve) in enumerate(curves.items()):
        ax.plot(*curve.T, color=PALETTE[style], ls=DASHES[style], lw=2.4, label=name, zorder=3)
    if lot is not None:
        heights = [0, 1] if isinstance(lot, str) else [lot, lot]
        ax.plot([0, 1], heights, color=QUIET, ls=(0, (1.2, 1.2)), lw=1.6, label="by lot")
    late = np.concatenate([curve[curve[:, 0] > 0.6, 1] for curve in curves.values()])
    legend_at(ax, "lower right" if late.mean() > 0.5 else "upper right")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    scale_axis(ax, "x", percent_tick, xlabel or x)
    scale_axis(ax, "y", percent_tick, ylabel or y)
    return set_title(ax, title)


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

    Raises
    ------
    TypeError
        If a table is no DataFrame.
    ValueError
        If columns or all rows are missing, or there are no tables or more than six.

    Examples
    --------
    >>> from funnelkit import scoring
    >>> table = scoring.calibration_table([0.1, 0.2, 0.6, 0.7], [False, False, True, True], bins=2)
    >>> ax = calibration_chart(table)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['as predicted', 'model']
    """
    tables = dict(tables) if isinstance(tables, Mapping) else {"model": tables}
    _some_scores(tables)
    columns = ["predicted", "rate", "ci_low", "ci_high"]
    for table in tables.values():
        need_table_of(table, columns, "scoring.calibration_table(...)")
    ax = clean_axes(ax, height=HEIGHT + 0.5)
    end = 1.05 * max(table[columns].max(axis=None) for table in tables.values())
    ax.plot([0, end], [0, end], color=QUIET, lw=1.6, ls=(0, (4, 3)), label="as predicted")
    for style, (name, table) in enumerate(tables.items()):
        table, colour = table.sort_values("predicted", kind="stable"), PALETTE[style]
        ax.vlines(table["predicted"], table["ci_low"], table["ci_high"], color=colour, lw=1.4)
        ax.plot(
            table["predicted"],
            table["rate"],
            MARKERS[style],
            color=colour,
            ls=DASHES[style],
            lw=1.6,
            ms=8,
            mec="white",
            label=name,
            zorder=3,
        )
    legend_at(ax, "upper left")
    ax.set_xlim(0, end)
    ax.set_ylim(0, end)
    scale_axis(ax, "x", percent_tick, xlabel)
    scale_axis(ax, "y", percent_tick, "share that bought (with interval)")
    return set_title(ax, title)


def _some_scores(tables):
    if not 1 <= len(tables) < len(PALETTE):
        raise ValueError(f"there are {len(tables)} tables: give one to {len(PALETTE) - 1}")
