"""Charts of values along an axis, of how values are distributed, and of what moves a result.

Distributions are drawn with seaborn. Input is checked as `funnelkit._inputs` says.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.plots.style import (
    BLUE,
    DASHES,
    INK,
    MARKERS,
    PALETTE,
    QUIET,
    SKY,
    SMALL,
    clean_axes,
    count,
    group_name,
    label_axis,
    label_ends,
    legend_at,
    log_ticks,
    name_columns,
    name_rows,
    need_table_of,
    not_too_many,
    note,
    numbers_of,
    percent,
    percent_tick,
    rounded,
    scale_axis,
    set_title,
    writer,
)

__all__ = [
    "bin_edges",
    "distribution_chart",
    "histogram_of_replicates",
    "line_chart",
    "tornado_chart",
]


def __dir__():
    return __all__


# ---------------------------------------------------------------- values along an axis


def line_chart(
    table, *, ax=None, title=None, xlabel=None, ylabel=None, as_percent=False, mark=None, marked=""
):
    """Draw each column of a table as a line along the index, with its name at the end.

    Parameters
    ----------
    table : DataFrame or Series
        Columns are the lines, in this order; the index holds numbers, in rising order, or the
        names of groups, which are then side by side in their order. A missing value leaves
        a gap. Up to 30 rows get a marker each.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel, ylabel : str, optional
        What the axes show, with units; the names of index and columns when not given.
    as_percent : bool, default False
        Write the values as percentages.
    mark : number, optional
        Where on the index to draw a dashed line from top to bottom.
    marked : str
        Words beside that line.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame({"counted": [0, 5, 9], "expected": [0.0, 4.2, 8.1]})
    >>> ax = line_chart(table, xlabel="weeks", ylabel="purchases")
    >>> [text.get_text() for text in ax.texts]
    ['counted', 'expected']
    """
    _inputs.need_texts(title=title, xlabel=xlabel, ylabel=ylabel, marked=marked)
    _inputs.need_flags(as_percent=as_percent)
    table = _lines(table)
    named = _has_names(table.index)
    places = np.arange(len(table)) if named else table.index.to_numpy(float)
    if mark is not None:
        mark = _inputs.number("mark", mark, remedy="give a number of the index")
    ax = clean_axes(ax)
    ends = []
    for style, name in enumerate(table.columns):
        values, colour = table[name].to_numpy(), PALETTE[style]
        ax.plot(places, values, color=colour, lw=2.4, ls=DASHES[style], zorder=3)
        if len(table) <= 30:
            look = {"color": colour, "ms": 7, "mec": "white", "zorder": 4, "clip_on": False}
            ax.plot(places, values, MARKERS[style], **look)
        known = np.flatnonzero(~np.isnan(values))
        if str(name) and len(known):
            ends.append((values[known[-1]], group_name(name), colour, places[known[-1]]))
    low, high = ax.get_ylim()
    ax.set_ylim(low if table.min(axis=None) < 0 else 0, high if high > 0 else 1)
    if named:
        name_columns(ax, table.index)
        label_axis(ax, "x", xlabel or table.index.name or "group")
    else:
        ax.set_xlim(places[0], places[-1] if places[-1] > places[0] else places[0] + 1)
        scale_axis(ax, "x", "{:,g}".format, xlabel or table.index.name or "index")
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    if mark is not None:
        _mark_place(ax, mark, marked)
    fallback = table.columns.name or (str(table.columns[0]) if len(table.columns) == 1 else "value")
    scale_axis(ax, "y", percent_tick if as_percent else "{:,g}".format, ylabel or fallback)
    label_ends(ax, ends)
    return set_title(ax, title)


def _lines(table):
    """Return the lines as a table of floats, along an index that rises or holds names."""
    if isinstance(table, pd.Series):
        table = table.to_frame(table.name if table.name is not None else "")
    if isinstance(table, pd.DataFrame) and not len(table.columns):
        raise ValueError("table has no columns: there is nothing to draw")
    columns = list(table.columns) if isinstance(table, pd.DataFrame) else []
    need_table_of(table, columns, "numbers, one column per line")
    not_too_many(len(columns))
    if not _has_names(table.index):
        _inputs.finite("the index", table.index)
        if not table.index.is_monotonic_increasing:
            raise ValueError("the index does not rise: sort the table with .sort_index()")
    lines = pd.DataFrame({name: numbers_of(table, name) for name in columns}, index=table.index)
    if lines.isna().all(axis=None):
        raise ValueError("table holds no number: there is nothing to draw")
    lines.columns.name = table.columns.name
    return lines


def _has_names(index):
    """Return whether an index holds names of groups, not numbers."""
    is_number = pd.api.types.is_numeric_dtype(index) and not pd.api.types.is_bool_dtype(index)
    return not is_number


def _mark_place(ax, mark, words):
    """Draw a line from top to bottom, its words on the side where there is room."""
    ax.axvline(mark, color=QUIET, lw=1.4, ls=(0, (4, 3)), zorder=2)
    left, right = ax.get_xlim()
    early = mark < left + 0.3 * (right - left)
    note(
        ax,
        words,
        (mark, 1),
        (6 if early else -6, -4),
        ha="left" if early else "right",
        va="top",
        coords=ax.get_xaxis_transform(),
    )


# ---------------------------------------------------------------- distributions


def distribution_chart(
    table,
    value,
    *,
    by=None,
    kind="ecdf",
    log=False,
    ax=None,
    title=None,
    xlabel=None,
    ylabel="share of the rows",
):
    """Draw how the values of a column are distributed, in all rows or by group.

    Parameters
    ----------
    table : DataFrame
        One row per case.
    value : str
        Column of numbers. Rows in which it is missing are not drawn, and not counted.
    by : str, optional
        Column with the group of each row; at most seven groups.
    kind : {"ecdf", "hist"}
        The share of the rows with at most each value, from which shares and quantiles can be read;
        or the share in each of equal bins, which shows the shape. In both the shares of each
        group add up to 1, so that groups of different size can be compared.
    log : bool, default False
        Draw the values on a logarithmic scale; with it the bins are of equal ratios.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel : str, optional
        What the values are, with their unit; the name of the column when not given.
    ylabel : str, default "share of the rows"
        What is counted.

    Returns
    -------
    Axes

    Examples
    --------
    >>> leads = pd.DataFrame({"days": [1, 2, 2, 9, 4, 6], "source": list("aaaabb")})
    >>> ax = distribution_chart(leads, "days", by="source", ylabel="share of the leads")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['a: n = 4, median 2', 'b: n = 2, median 5']
    """
    import seaborn as sns

    _inputs.need_texts(title=title, xlabel=xlabel, ylabel=ylabel)
    _inputs.need_flags(log=log)
    _inputs.one_of("kind", kind, ("ecdf", "hist"))
    groups = _groups_of_values(table, value, by, log)
    not_too_many(len(groups))
    ax = clean_axes(ax)
    if log:
        ax.set_xscale("log")
    everyone = np.concatenate(list(groups.values()))
    edges = bin_edges(np.log10(everyone) if log else everyone)  # seaborn wants them as exponents
    lines = []
    for style, (name, values) in enumerate(groups.items()):
        words = f"n = {count(len(values))}, median {rounded(np.median(values))}"
        label = words if by is None else f"{group_name(name)}: {words}"
        look = {"color": PALETTE[style], "ax": ax}
        if kind == "ecdf":
            sns.ecdfplot(x=values, ls=DASHES[style], lw=2.6, **look)
        else:
            outline = {"element": "step", "fill": by is None, "ls": DASHES[style], "lw": 2.4}
            sns.histplot(x=values, bins=edges, stat="proportion", **outline, **look)
        filled = kind == "hist" and by is None
        lines.append(((ax.collections if filled else ax.lines)[-1], label))
    scale_axis(ax, "x", "{:,g}".format, xlabel or value)
    if log:
        log_ticks(ax, "x")
    label = f"{ylabel} with at most this" if kind == "ecdf" else ylabel
    scale_axis(ax, "y", percent_tick, label)
    room = min(0.05 + 0.09 * len(groups), 0.5)  # for the names above the bins
    ax.set_ylim(0, 1.02 if kind == "ecdf" else ax.dataLim.y1 / (1 - room))
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    legend_at(ax, "lower right" if kind == "ecdf" else "upper right", lines)
    return set_title(ax, title)


def _groups_of_values(table, value, by, log):
    """Return the values of each group, in the order of its name, the missing group last."""
    need_table_of(table, [value] if by is None else [value, by], "numbers, one row per case")
    values = numbers_of(table, value)
    known = ~np.isnan(values)
    if not known.any():
        raise ValueError(f"no row has a {value}: there is nothing to draw")
    if log:
        below = known & (values <= 0)
        remedy = "draw it with log=False"
        _inputs.refuse(below, f"column {value!r} is not above 0", remedy, values, index=table.index)
    if by is None:
        return {"": values[known]}
    _inputs.need_hashable(table[by], by)
    names = table[by].to_numpy(object)[known]
    groups = pd.Series(values[known]).groupby(
        pd.Series([group_name(name) for name in names]), sort=False
    )
    found = {name: rows.to_numpy() for name, rows in groups}
    kinds = pd.unique(pd.Series(names, dtype=object))
    return {name: found[name] for name in map(group_name, in_order(kinds))}


def in_order(names):
    """Return names of groups sorted, those of several types by how they are written."""
    missing = [name for name in names if pd.isna(name)][:1]
    names = [name for name in names if not pd.isna(name)]
    try:
        return sorted(names) + missing
    except TypeError:
        return sorted(names, key=str) + missing


def histogram_of_replicates(
    result, *, ax=None, title=None, xlabel="rate in each resample", as_percent=True
):
    """Draw the replicates of a bootstrap, with the interval marked.

    Parameters
    ----------
    result : Bootstrap
        What `metrics.bootstrap` returns.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel : str
        Name, and unit, of the statistic.
    as_percent : bool, default True
        Write the values as percentages; else as they are.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from funnelkit import metrics
    >>> users = pd.DataFrame({"user_id": range(1000), "converted": np.arange(1000) < 200})
    >>> rate = metrics.bootstrap(users, lambda table: table["converted"].mean(), seed=1)
    >>> ax = histogram_of_replicates(rate)
    >>> [text.get_text() for text in ax.texts]
    ['17.6 %', '20.0 %', '22.6 %']
    """
    import seaborn as sns

    _inputs.need_texts(title=title, xlabel=xlabel)
    _inputs.need_flags(as_percent=as_percent)
    for name in ("estimate", "low", "high", "replicates", "confidence"):
        if not hasattr(result, name):
            raise TypeError(
                f"result is {_inputs.name_of_type(result)}: give what metrics.bootstrap(...) "
                "returns"
            )
    replicates = _inputs.finite("result.replicates", result.replicates)
    write = percent if as_percent else rounded
    ax, before = clean_axes(ax), len(ax.patches) if ax is not None else 0
    edges = bin_edges(replicates)
    look = {"color": BLUE, "alpha": 1, "edgecolor": "white", "linewidth": 0.6, "zorder": 2}
    sns.histplot(x=replicates, bins=edges, ax=ax, **look)
    bars = ax.patches[before:]
    for bar in bars:
        if not result.low <= bar.get_x() + bar.get_width() / 2 <= result.high:
            bar.set_facecolor("#B9C7D3")
    top = max(bar.get_height() for bar in bars)
    marks = [
        (result.low, "right", 1.05, (0, (5, 1.5))),
        (result.estimate, "center", 1.17, "-"),
        (result.high, "left", 1.05, (0, (5, 1.5))),
    ]
    for value, side, height, dashes in marks:
        ax.plot([value, value], [0, height * top], color=INK, lw=1.6, ls=dashes, zorder=3)
        away = {"right": 4, "left": -4}.get(side, 0)
        note(ax, write(value), (value, height * top), (away, 3), ha=side, va="bottom")
    ax.set_ylim(0, 1.32 * top)
    within = f"dashed: the {100 * result.confidence:g} % interval"
    scale_axis(ax, "x", percent_tick if as_percent else "{:,g}".format, f"{xlabel} ({within})")
    scale_axis(ax, "y", count, "resamples")
    return set_title(ax, title)


def bin_edges(values, at_most=40):
    """Return edges of equal bins, each as wide as a whole number of the steps between values.

    A rate of 1,000 users moves in steps of 0.1 %: bins of 1.5 steps would hold one value or two
    in turn, and show teeth that are not in the data.
    """
    low, span = values.min(), np.ptp(values)
    if span == 0:
        return np.array([low - 0.5, low + 0.5])
    steps = np.diff(np.unique(((values - low) / span).round(9)))  # in parts of the span
    step = steps.min()
    width = step * np.ceil(1 / step / at_most)
    edges = -step / 2 + width * np.arange(np.ceil((1 + step) / width) + 1)
    return low + span * edges


# ---------------------------------------------------------------- what moves a result


def tornado_chart(table, *, ax=None, title=None, xlabel=None, write=None, inputs=None):
    """Draw how far each input moves a result, the widest bar on top.

    Parameters
    ----------
    table : DataFrame
        What `metrics.sensitivity` returns.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel : str, optional
        What the result is, with its unit; "result" when not given.
    write : callable, optional
        How a result is written; rounded to whole numbers when not given.
    inputs : mapping of str to callable, optional
        How the ends of an input's range are written at its bar, by input, such as
        ``{"rate": plots.percent}``; as plain numbers when not given.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from funnelkit import metrics
    >>> table = metrics.sensitivity(
    ...     lambda rate, margin: 1000 * rate * margin - 500,
    ...     {"rate": 0.02, "margin": 50},
    ...     {"rate": (0.018, 0.03), "margin": (45, 52)},
    ... )
    >>> ax = tornado_chart(table, inputs={"rate": percent}, xlabel="profit, EUR")
    >>> [text.get_text() for text in ax.texts]
    ['1.8 %', '3.0 %', '45', '52', 'now 500']
    """
    _inputs.need_texts(title=title, xlabel=xlabel)
    need_table_of(table, ["low", "high", "result_low", "result_high"], "metrics.sensitivity(...)")
    base = table.attrs.get("base")
    if base is None:
        raise ValueError(
            "table does not say what the result is now (attrs['base']): give the table of "
            "metrics.sensitivity(...) as it came"
        )
    write, inputs = writer("write", write, count), _writers(inputs, table.index)
    ends = {
        end: (numbers_of(table, end), numbers_of(table, f"result_{end}", missing="refuse"))
        for end in ("low", "high")
    }
    ax = clean_axes(ax, height=max(2.6, 1.7 + 0.55 * len(table)))
    places = name_rows(ax, table.index)
    for place, name in enumerate(table.index):
        for (end, (inputs_there, results)), colour in zip(ends.items(), (SKY, BLUE), strict=True):
            result = results[place]
            ax.barh(place, result - base, left=base, height=0.6, color=colour, zorder=2)
            left = result < base or (result == base and end == "low")
            words = inputs.get(name, "{:,g}".format)(inputs_there[place])
            side = "right" if left else "left"
            at = (result, places[place])
            note(ax, words, at, (-5 if left else 5, 0), ha=side, size=SMALL)
    ax.axvline(base, color=INK, lw=1.6, zorder=3)
    ax.set_ylim(top=-1.0)
    note(ax, f"now {write(base)}", (base, -0.6), (5, 0))
    results = np.concatenate([[base], *(results for _, results in ends.values())])
    room = 0.16 * (np.ptp(results) or 1)
    ax.set_xlim(results.min() - room, results.max() + room)
    scale_axis(ax, "x", write, xlabel or "result")
    return set_title(ax, title)


def _writers(inputs, names):
    """Return how the inputs are written, by name."""
    if inputs is None:
        return {}
    if not isinstance(inputs, Mapping):
        raise TypeError(
            f"inputs is {_inputs.name_of_type(inputs)}: give a function per input, such as "
            "{'rate': plots.percent}"
        )
    for name in inputs:
        _inputs.need_known(name, names, "input in table")
    return {name: writer(f"inputs[{name!r}]", write, None) for name, write in inputs.items()}
