"""Charts of rates, of their uncertainty, and of values along an axis."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit.plots.style import (
    BLUE,
    DASHES,
    INK,
    MARKERS,
    PALETTE,
    QUIET,
    SIZE,
    SKY,
    SMALL,
    VERMILION,
    clean_axes,
    count,
    date_axis,
    group_name,
    grouped_rows,
    label_ends,
    name_rows,
    need_table_of,
    not_too_many,
    percent,
    percent_tick,
    period_starts,
    scale_axis,
    set_title,
    write_outside,
)

__all__ = [
    "control_chart",
    "histogram_of_replicates",
    "line_chart",
    "rate_chart",
    "rate_over_time",
    "tornado_chart",
]

# ---------------------------------------------------------------- rates


def rate_chart(
    table,
    *,
    ax=None,
    title=None,
    rate="rate",
    low="ci_low",
    high="ci_high",
    mark=None,
    marked="",
    xlabel="conversion rate",
    write=None,
):
    """Draw the rate of each group as a dot with its interval, and write out the numbers.

    Parameters
    ----------
    table : DataFrame
        What `metrics.rates` returns: one row a group, the group in the index. With two levels
        (``by=["device", "channel"]``) the rows stand in blocks, one for each outer value. The
        table of `funnels.funnel` will do too, with ``rate="step_rate"``.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    rate, low, high : str
        Columns with the rate and the ends of its interval. Rows without a rate are left out.
    mark : str or float, optional
        What the rates are to be compared with: a column with a value for each row, drawn as a
        short upright line, or one value for all, drawn from top to bottom.
    marked : str
        What the mark is, written at the uppermost.
    xlabel : str, default "conversion rate"
        Name of the rate.
    write : callable, optional
        How a value is written where it is no rate, such as ``"EUR {:,.0f}".format``; as a
        percentage when not given.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If columns are missing, no row has a rate, or the index has more than two levels.

    Examples
    --------
    >>> from funnelkit import metrics
    >>> users = pd.DataFrame({"channel": list("AABB") * 50, "converted": [True, False] * 100})
    >>> ax = rate_chart(metrics.rates(users, by="channel"))
    >>> [text.get_text() for text in ax.texts]
    ['50 of 100 (50.0 %)', '50 of 100 (50.0 %)']
    """
    need_table_of(table, [rate, low, high], "metrics.rates(...)")
    confidence = table.attrs.get("confidence")
    table = table[table[rate].notna()]
    if table.empty:
        raise ValueError(f"no row has a {rate}: there is nothing to draw")
    levels = table.index.nlevels
    if levels > 2:
        raise ValueError(f"the index has {levels} levels: group by one or two columns")

    blocks = levels == 2
    extra = 0.36 * table.index.get_level_values(0).nunique() if blocks else 0
    ax = clean_axes(ax, height=max(2.6, 1.5 + extra + (0.34 if blocks else 0.46) * len(table)))
    if blocks:
        styles, kinds = pd.factorize(table.index.get_level_values(1), use_na_sentinel=False)
        not_too_many(len(kinds))
        places = grouped_rows(ax, list(table.index))
    else:
        styles = [0] * len(table)
        places = name_rows(ax, table.index)
    for place, style, (_, row) in zip(places, styles, table.iterrows(), strict=True):
        colour, marker = PALETTE[style], MARKERS[style]
        ax.plot([row[low], row[high]], [place] * 2, color=colour, lw=3, solid_capstyle="butt")
        ax.plot(row[rate], place, marker, color=colour, ms=10, mec="white", mew=1.2)
        write_outside(ax, place, write(row[rate]) if write else _numbers(row, row[rate]))
    left, right = table[low].min(), table[high].max()
    if mark is not None:
        left, right = _marks(ax, table, places, mark, marked, left, right)
    margin = 0.05 * (right - left)
    ax.set_xlim(max(left - margin, -margin), right + margin)
    with_interval = f"{100 * confidence:g} % interval" if confidence else "interval"
    scale_axis(ax, "x", write or percent_tick, f"{xlabel} (with {with_interval})")
    return set_title(ax, title)


def _marks(ax, table, places, mark, words, left, right):
    """Draw what rates are compared with; return how far the axis has to reach."""
    if isinstance(mark, str):
        need_table_of(table, [mark], "metrics.rates(...), with a column to compare with")
        values = table[mark].to_numpy(float)
        for place, value in zip(places, values, strict=True):
            ax.plot([value] * 2, [place - 0.32, place + 0.32], color=INK, lw=2.6, zorder=4)
    else:
        values = np.array([float(mark)])
        ax.axvline(mark, color=INK, lw=1.6, ls=(0, (4, 3)), zorder=1)
    left, right = min(left, np.nanmin(values)), max(right, np.nanmax(values))
    if words:
        ax.set_ylim(top=ax.get_ylim()[1] - 0.3)
        start = values[0] < (left + right) / 2  # then there is room on the right
        ax.annotate(
            words,
            (values[0], places[0] - 0.36),
            (-2 if start else 2, 3),
            textcoords="offset points",
            ha="left" if start else "right",
            va="bottom",
            size=SMALL,
            color=INK,
            annotation_clip=False,
        )
    return left, right


def rate_over_time(tables, *, ax=None, title=None, rate="rate", interval=True, ylabel=None):
    """Draw rates period by period, as lines with their names at the end.

    Parameters
    ----------
    tables : DataFrame or dict of str to DataFrame
        What `metrics.period_rate` or `metrics.cohort_rate` returns: one row a period, in the
        index. Several, by name, are drawn together.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    rate : str, default "rate"
        Column with the rate. Periods without one leave a gap.
    interval : bool, default True
        Shade from `ci_low` to `ci_high` where a table has them.
    ylabel : str, optional
        Name of the rate; "conversion rate" when not given.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError
        If a table is no DataFrame, or its index does not hold periods or times.
    ValueError
        If the column is missing, a table has no rows, or there are more than seven.

    Examples
    --------
    >>> from funnelkit import metrics
    >>> weeks = metrics.period_rate(metrics.example_events(), "visit", "customer")
    >>> ax = rate_over_time({"period rate": weeks})
    >>> [text.get_text() for text in ax.texts]
    ['period rate']
    """
    named = tables if isinstance(tables, Mapping) else {"": tables}
    if not named:
        raise ValueError("no table is given: there is nothing to draw")
    not_too_many(len(named))
    for table in named.values():
        need_table_of(table, [rate], "metrics.period_rate(...) or metrics.cohort_rate(...)")
        if not isinstance(table.index, (pd.PeriodIndex, pd.DatetimeIndex)):
            raise TypeError(
                f"the index holds {table.index.dtype}: it must hold periods or times, "
                "as metrics.period_rate(...) returns them"
            )
    named = {name: _without_gaps(table) for name, table in named.items()}
    ax = clean_axes(ax)
    ends = []
    for style, (name, table) in enumerate(named.items()):
        colour = PALETTE[style]
        dates, shares = period_starts(table.index), table[rate].to_numpy(float)
        if interval and {"ci_low", "ci_high"} <= set(table.columns):
            ax.fill_between(
                dates, table["ci_low"], table["ci_high"], color=colour, alpha=0.18, lw=0
            )
        ax.plot(dates, shares, color=colour, lw=2.4, ls=DASHES[style], zorder=3)
        ax.plot(dates, shares, MARKERS[style], color=colour, ms=7, mec="white", zorder=4)
        known = np.flatnonzero(~np.isnan(shares))
        if name and len(known):
            ends.append((shares[known[-1]], name, colour, dates[known[-1]]))
    _, top = ax.get_ylim()
    ax.set_ylim(0, top)
    date_axis(ax, list(named.values()))
    scale_axis(ax, "y", percent_tick, ylabel or "conversion rate")
    label_ends(ax, ends)
    return set_title(ax, title)


def control_chart(table, *, ax=None, title=None, ylabel=None):
    """Draw a share period by period within its limits, with the alarms named.

    Parameters
    ----------
    table : DataFrame
        The rows of one check of what `quality.monitor` returns: ``weeks.loc["age impossible"]``.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    ylabel : str, optional
        Name of the share; "share of rows at fault" when not given.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError
        If `table` is no DataFrame, or its index does not hold periods.
    ValueError
        If columns are missing, or the table has no rows.

    Examples
    --------
    >>> weeks = pd.DataFrame(
    ...     {
    ...         "share": [0.1, 0.12, 0.4],
    ...         "low": 0.02,
    ...         "high": 0.2,
    ...         "learnt": [True, True, False],
    ...         "alarm": [False, False, True],
    ...     },
    ...     index=pd.period_range("2026-03-02", periods=3, freq="W"),
    ... )
    >>> ax = control_chart(weeks)
    >>> [text.get_text() for text in ax.texts]
    ['40.0 %', 'limits learnt before']
    """
    from matplotlib.dates import date2num

    need_table_of(
        table, ["share", "low", "high", "learnt", "alarm"], "quality.monitor(...).loc[check]"
    )
    if not isinstance(table.index, pd.PeriodIndex):
        raise TypeError(
            f"the index holds {table.index.dtype}: take one check out of quality.monitor(...) "
            'with .loc["name of the check"]'
        )
    ax = clean_axes(ax)
    dates = period_starts(table.index)
    share = table["share"].to_numpy(float)
    limits = table["low"].to_numpy(float), table["high"].to_numpy(float)
    ax.fill_between(dates, *limits, color=BLUE, alpha=0.15, lw=0, step="mid")
    ax.plot(dates, share, color=BLUE, lw=1.8, zorder=3)
    ax.plot(dates, share, "o", color=BLUE, ms=5, mec="white", zorder=4)
    alarm = np.flatnonzero(table["alarm"])
    ax.plot(dates[alarm], share[alarm], "s", color=VERMILION, ms=9, mec="white", zorder=5)
    top = max(np.nanmax(share), table["high"].max())
    ax.set_ylim(0, 1.25 * top if top > 0 else 1)
    for first, last in _runs(
        alarm, len(table) // 14
    ):  # one label for each run of alarms, at its highest
        worst = first + int(np.argmax(share[first : last + 1]))
        ax.annotate(
            percent(share[worst]),
            (dates[worst], share[worst]),
            (0, 8),
            textcoords="offset points",
            ha="center",
            size=SIZE,
            color=INK,
        )
    learnt = np.flatnonzero(table["learnt"])
    if len(learnt) and learnt[-1] + 1 < len(table):
        border = dates[learnt[-1] + 1]
        ax.axvline(border, color=QUIET, lw=1.4, ls=(0, (4, 3)), zorder=2)
        ax.annotate(
            "limits learnt before",
            (date2num(border), 1),
            (-6, -2),
            xycoords=ax.get_xaxis_transform(),
            textcoords="offset points",
            ha="right",
            va="top",
            size=SMALL,
            color=INK,
        )
    date_axis(ax, [table])
    scale_axis(ax, "y", percent_tick, ylabel or "share of rows at fault")
    return set_title(ax, title)


def _runs(places, gap):
    """Yield first and last of each run of places that are next to each other, or `gap` apart."""
    for run in np.split(places, np.flatnonzero(np.diff(places) > max(gap, 1)) + 1):
        if len(run):
            yield int(run[0]), int(run[-1])


# ---------------------------------------------------------------- uncertainty


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

    Raises
    ------
    TypeError
        If `result` does not come from `metrics.bootstrap`.

    Examples
    --------
    >>> from funnelkit import metrics
    >>> users = pd.DataFrame({"user_id": range(1000), "converted": np.arange(1000) < 200})
    >>> rate = metrics.bootstrap(users, lambda table: table["converted"].mean(), seed=1)
    >>> ax = histogram_of_replicates(rate)
    >>> [text.get_text() for text in ax.texts]
    ['17.6 %', '20.0 %', '22.6 %']
    """
    for name in ("estimate", "low", "high", "replicates", "confidence"):
        if not hasattr(result, name):
            raise TypeError(
                f"result is a {type(result).__name__}: give what metrics.bootstrap(...) returns"
            )
    write = percent if as_percent else "{:,.4g}".format
    ax = clean_axes(ax)
    heights, edges = np.histogram(result.replicates, _bins(result.replicates))
    middles = (edges[:-1] + edges[1:]) / 2
    inside = (middles >= result.low) & (middles <= result.high)
    colours = np.where(inside, BLUE, "#B9C7D3")
    ax.bar(middles, heights, width=np.diff(edges), color=colours, ec="white", lw=0.6, zorder=2)
    top = heights.max()
    marks = [
        (result.low, "right", 1.05, (0, (5, 1.5))),
        (result.estimate, "center", 1.17, "-"),
        (result.high, "left", 1.05, (0, (5, 1.5))),
    ]
    for value, side, height, dashes in marks:
        ax.plot([value, value], [0, height * top], color=INK, lw=1.6, ls=dashes, zorder=3)
        ax.annotate(
            write(value),
            (value, height * top),
            xytext=({"right": 4, "left": -4}.get(side, 0), 3),
            textcoords="offset points",
            ha=side,
            va="bottom",
            size=SIZE,
            color=INK,
        )
    ax.set_ylim(0, 1.32 * top)
    within = f"dashed: the {100 * result.confidence:g} % interval"
    scale_axis(ax, "x", percent_tick if as_percent else "{:,g}".format, f"{xlabel} ({within})")
    scale_axis(ax, "y", count, "resamples")
    return set_title(ax, title)


def _bins(values, at_most=40):
    """Return edges of equal bins, each as wide as a whole number of the steps between values.

    A rate of 1,000 users moves in steps of 0.1 %: bins of 1.5 steps would hold one value or two
    by turns, and show teeth that are not in the data.
    """
    low, span = values.min(), np.ptp(values)
    if span == 0:
        return np.array([low - 0.5, low + 0.5])
    steps = np.diff(np.unique(((values - low) / span).round(9)))  # in parts of the span
    step = steps.min()
    width = step * np.ceil(1 / step / at_most)
    edges = -step / 2 + width * np.arange(np.ceil((1 + step) / width) + 1)
    return low + span * edges


# ---------------------------------------------------------------- values along an axis


def line_chart(
    table, *, ax=None, title=None, xlabel=None, ylabel=None, as_percent=False, mark=None, marked=""
):
    """Draw each column of a table as a line along the index, with its name at the end.

    Parameters
    ----------
    table : DataFrame or Series
        Columns are the lines, in this order; the index holds numbers, in rising order, or the
        names of groups, which are then set side by side in their order. A missing value leaves
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

    Raises
    ------
    TypeError
        If `table` is neither table nor Series, or a column holds no numbers.
    ValueError
        If it has no rows or columns, more than seven columns, or an index of numbers that falls.

    Examples
    --------
    >>> table = pd.DataFrame({"counted": [0, 5, 9], "expected": [0.0, 4.2, 8.1]})
    >>> ax = line_chart(table, xlabel="weeks", ylabel="purchases")
    >>> [text.get_text() for text in ax.texts]
    ['counted', 'expected']
    """
    if isinstance(table, pd.Series):
        table = table.to_frame(table.name if table.name is not None else "")
    if isinstance(table, pd.DataFrame) and not len(table.columns):
        raise ValueError("table has no columns: there is nothing to draw")
    need_table_of(table, [], "numbers, a column a line")
    not_too_many(len(table.columns))
    for name in table.columns:
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise TypeError(f"column {name!r} holds {table[name].dtype}, not numbers")
    named = not pd.api.types.is_numeric_dtype(table.index)
    if not named and not table.index.is_monotonic_increasing:
        raise ValueError("the index does not rise: sort the table with .sort_index()")
    places = np.arange(len(table)) if named else table.index.to_numpy(float)
    ax = clean_axes(ax)
    ends = []
    for style, name in enumerate(table.columns):
        values = table[name].to_numpy(float, na_value=np.nan)
        colour, marker = PALETTE[style], MARKERS[style] if len(table) <= 30 else None
        ax.plot(places, values, color=colour, lw=2.4, ls=DASHES[style], zorder=3)
        if marker:
            ax.plot(
                places, values, marker, color=colour, ms=7, mec="white", zorder=4, clip_on=False
            )
        known = np.flatnonzero(~np.isnan(values))
        if str(name) and len(known):
            ends.append((values[known[-1]], str(name), colour, places[known[-1]]))
    low, high = ax.get_ylim()
    ax.set_ylim(low if table.min(axis=None) < 0 else 0, high)
    if mark is not None:
        ax.axvline(mark, color=QUIET, lw=1.4, ls=(0, (4, 3)), zorder=2)
        ax.annotate(
            marked,
            (mark, 1),
            (-6, -4),
            xycoords=ax.get_xaxis_transform(),
            textcoords="offset points",
            ha="right",
            va="top",
            size=SIZE,
            color=INK,
        )
    if named:
        ax.set_xticks(places, [group_name(name) for name in table.index], size=SMALL)
        ax.set_xlabel(xlabel or table.index.name or "group", size=SIZE, color=INK)
        ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    else:
        ax.set_xlim(places[0], places[-1] if len(places) > 1 else places[0] + 1)
        scale_axis(ax, "x", "{:,g}".format, xlabel or table.index.name or "index")
        ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    fallback = table.columns.name or (str(table.columns[0]) if len(table.columns) == 1 else "value")
    scale_axis(ax, "y", percent_tick if as_percent else "{:,g}".format, ylabel or fallback)
    label_ends(ax, ends)
    return set_title(ax, title)


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

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If columns, rows or the result of the base are missing.

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
    need_table_of(table, ["low", "high", "result_low", "result_high"], "metrics.sensitivity(...)")
    base = table.attrs.get("base")
    if base is None:
        raise ValueError(
            "table does not say what the result is now (attrs['base']): give the table of "
            "metrics.sensitivity(...) as it came"
        )
    write, inputs = write or count, inputs or {}
    ax = clean_axes(ax, height=max(2.6, 1.7 + 0.55 * len(table)))
    places = name_rows(ax, table.index)
    for place, (name, row) in zip(places, table.iterrows(), strict=True):
        for end, colour in (("low", SKY), ("high", BLUE)):
            result = row[f"result_{end}"]
            ax.barh(place, result - base, left=base, height=0.6, color=colour, zorder=2)
            left = result < base or (result == base and end == "low")
            ax.annotate(
                inputs.get(name, "{:,g}".format)(row[end]),
                (result, place),
                (-5 if left else 5, 0),
                textcoords="offset points",
                ha="right" if left else "left",
                va="center_baseline",
                size=SMALL,
                color=INK,
            )
    ax.axvline(base, color=INK, lw=1.6, zorder=3)
    ax.set_ylim(top=-1.0)
    ax.annotate(
        f"now {write(base)}",
        (base, -0.6),
        (5, 0),
        textcoords="offset points",
        va="center_baseline",
        size=SIZE,
        color=INK,
    )
    ends = [base, *table["result_low"], *table["result_high"]]
    room = 0.16 * (max(ends) - min(ends) or 1)
    ax.set_xlim(min(ends) - room, max(ends) + room)
    scale_axis(ax, "x", write, xlabel or "result")
    return set_title(ax, title)


def _numbers(row, share):
    """Write the numbers behind a rate, as far as the table has them."""
    of = next((name for name in ("n", "users") if name in row.index), None)
    if of and "converted" in row.index:
        return f"{count(row['converted'])} of {count(row[of])} ({percent(share)})"
    return f"{count(row['users'])} ({percent(share)})" if "users" in row.index else percent(share)


def _without_gaps(table):
    """Add the periods that a table leaves out, so that no line runs across them."""
    if not isinstance(table.index, pd.PeriodIndex):
        return table.sort_index()
    return table.reindex(pd.period_range(table.index.min(), table.index.max()))
