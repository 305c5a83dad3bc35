"""Charts of rates and other estimates: each with its interval, by group and over time.

Intervals are drawn as they come in the table. seaborn's categorical plots would compute their own
from the rows, by another method than the one that the lesson has explained.

Input is checked as `funnelkit._inputs` says.
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
    SMALL,
    VERMILION,
    clean_axes,
    column_of_counts,
    count,
    date_axis,
    grouped_rows,
    label_ends,
    name_rows,
    need_periods,
    need_table_of,
    not_too_many,
    note,
    numbers_of,
    percent,
    percent_tick,
    period_starts,
    rounded,
    scale_axis,
    set_title,
    write_outside,
    writer,
)

__all__ = ["control_chart", "interval_chart", "rate_chart", "rate_over_time"]


def __dir__():
    return __all__


# ---------------------------------------------------------------- by group


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
        What `metrics.rates` returns: one row per group, the group in the index. With two levels
        (``by=["device", "channel"]``) the rows are in blocks, one for each outer value. The
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
        How a value is written where it is not a rate, such as ``"EUR {:,.0f}".format``; as a
        percentage when not given.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from funnelkit import metrics
    >>> users = pd.DataFrame({"channel": list("AABB") * 50, "converted": [True, False] * 100})
    >>> ax = rate_chart(metrics.rates(users, by="channel"))
    >>> [text.get_text() for text in ax.texts]
    ['50 of 100 (50.0 %)', '50 of 100 (50.0 %)']
    """
    _inputs.need_texts(title=title, marked=marked, xlabel=xlabel)
    need_table_of(table, [rate, low, high], "metrics.rates(...)")
    written = writer("write", write, None)
    words = _numbers(table, rate) if written is None else None
    columns = [rate, low, high]
    ax, confidence = _dots(
        table, columns, mark, marked, ax, words, written or percent_tick, "metrics.rates(...)"
    )
    with_interval = f"{100 * confidence:g} % interval" if confidence else "interval"
    scale_axis(ax, "x", written or percent_tick, f"{xlabel} (with {with_interval})")
    return set_title(ax, title)


def interval_chart(
    table,
    *,
    estimate="estimate",
    low="ci_low",
    high="ci_high",
    reference=0,
    ax=None,
    title=None,
    xlabel="estimate",
    write=None,
):
    """Draw estimates with their intervals against a reference, such as differences against 0.

    Parameters
    ----------
    table : DataFrame
        One row per estimate, named in the index; with two levels the rows are in blocks.
    estimate, low, high : str
        Columns with the estimate and the ends of its interval. Rows without an estimate are left
        out.
    reference : float or None, default 0
        Where to draw a dashed line from top to bottom: the value of no effect.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel : str, default "estimate"
        What is estimated, with its unit.
    write : callable, optional
        How a value is written, such as `plots.percent`; to about four digits when not given.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"estimate": [0.02, -0.01], "ci_low": [0.01, -0.03], "ci_high": [0.03, 0.01]},
    ...     index=["green button", "short form"],
    ... )
    >>> ax = interval_chart(table, xlabel="difference in the rate of enrolment", write=percent)
    >>> [text.get_text() for text in ax.texts]
    ['2.0 % (1.0 % to 3.0 %)', '−1.0 % (−3.0 % to 1.0 %)']
    """
    _inputs.need_texts(title=title, xlabel=xlabel)
    made_by = "estimates with their intervals"
    need_table_of(table, [estimate, low, high], made_by)
    write = writer("write", write, rounded)
    columns = [estimate, low, high]
    value, bottom, top = (numbers_of(table, name) for name in columns)
    words = [
        f"{write(v)} ({write(a)} to {write(b)})" for v, a, b in zip(value, bottom, top, strict=True)
    ]
    if reference is not None:
        reference = _inputs.number("reference", reference)
    ax, confidence = _dots(table, columns, reference, "", ax, words, write, made_by)
    with_interval = f"{100 * confidence:g} % interval" if confidence else "interval"
    scale_axis(ax, "x", write, f"{xlabel} (with {with_interval})")
    return set_title(ax, title)


def _dots(table, columns, mark, marked, ax, words, write, made_by):
    """Draw dots with intervals, the numbers beside them; return axes and confidence."""
    marks = _values_of_mark(table, mark, made_by)
    values = pd.DataFrame({i: numbers_of(table, name) for i, name in enumerate(columns)})
    known = values[0].notna().to_numpy()
    if not known.any():
        raise ValueError(f"no row has a {columns[0]}: there is nothing to draw")
    if table.index.nlevels > 2:
        raise ValueError(f"the index has {table.index.nlevels} levels: group by one or two columns")
    words = [write(value) for value in values[0]] if words is None else words
    confidence = table.attrs.get("confidence")
    values, index, marks = values.to_numpy()[known], table.index[known], marks[known]
    _inputs.refuse(
        values[:, 1] > values[:, 2],
        f"{columns[1]} is above {columns[2]}",
        "swap the columns with the ends of the interval",
        values[:, 1],
        index=index,
    )
    ax, places, styles = _rows(ax, index)
    for place, style, (value, low, high), text in zip(
        places, styles, values, np.array(words, object)[known], strict=True
    ):
        colour, marker = PALETTE[style], MARKERS[style]
        ax.plot([low, high], [place] * 2, color=colour, lw=3, solid_capstyle="butt")
        ax.plot(value, place, marker, color=colour, ms=10, mec="white", mew=1.2)
        write_outside(ax, place, text)
    _marks(ax, places, marks, mark, marked)
    ends = np.append(values, marks)
    left, right = np.nanmin(ends), np.nanmax(ends)
    margin = 0.05 * ((right - left) or abs(left) or 1)
    ax.set_xlim(left - margin if left < 0 else max(left - margin, -margin), right + margin)
    return ax, confidence


def _rows(ax, index):
    """Return the axes, where each row is, and which of the styles it has."""
    blocks = index.nlevels == 2
    if blocks:
        styles, kinds = pd.factorize(index.get_level_values(1), use_na_sentinel=False)
        not_too_many(len(kinds))
    extra = 0.36 * index.get_level_values(0).nunique() if blocks else 0
    ax = clean_axes(ax, height=max(2.6, 1.5 + extra + (0.34 if blocks else 0.46) * len(index)))
    if blocks:
        return ax, grouped_rows(ax, list(index)), styles
    return ax, name_rows(ax, index), [0] * len(index)


def _values_of_mark(table, mark, made_by):
    """Return what each row is compared with; missing where it is not."""
    if mark is None:
        return np.full(len(table), np.nan)
    if isinstance(mark, str):
        need_table_of(table, [mark], f"{made_by}, with a column to compare with")
        return numbers_of(table, mark)
    remedy = "give the name of a column or one number"
    return np.full(len(table), _inputs.number("mark", mark, remedy=remedy))


def _marks(ax, places, values, mark, words):
    """Draw what the rows are compared with, and what that is."""
    if mark is None or np.isnan(values).all():
        return
    if isinstance(mark, str):
        for place, value in zip(places, values, strict=True):
            ax.plot([value] * 2, [place - 0.32, place + 0.32], color=INK, lw=2.6, zorder=4)
    else:
        ax.axvline(mark, color=INK, lw=1.6, ls=(0, (4, 3)), zorder=1)
    if words:
        first = int(np.flatnonzero(~np.isnan(values))[0])
        left, right = ax.get_xlim()
        start = values[first] < (left + right) / 2  # then there is room on the right
        ax.set_ylim(top=ax.get_ylim()[1] - 0.3)
        note(
            ax,
            words,
            (values[first], places[first] - 0.36),
            (-2 if start else 2, 3),
            ha="left" if start else "right",
            va="bottom",
            size=SMALL,
            clip=False,
        )


def _numbers(table, rate):
    """Write the numbers behind each rate, as far as the table has them."""
    shares = [percent(share) for share in numbers_of(table, rate)]
    of = column_of_counts(table)
    if of is None:
        return shares
    n = [count(value) for value in numbers_of(table, of)]
    if "converted" not in table.columns:
        return [f"{of} ({share})" for of, share in zip(n, shares, strict=True)]
    part = [count(value) for value in numbers_of(table, "converted")]
    return [f"{k} of {n} ({share})" for k, n, share in zip(part, n, shares, strict=True)]


# ---------------------------------------------------------------- over time


def rate_over_time(tables, *, ax=None, title=None, rate="rate", interval=True, ylabel=None):
    """Draw rates period by period, as lines with their names at the end.

    Parameters
    ----------
    tables : DataFrame or dict of str to DataFrame
        What `metrics.period_rate` or `metrics.cohort_rate` returns: one row per period, in
        the index. Several, by name, are drawn together.
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

    Examples
    --------
    >>> from funnelkit import metrics
    >>> weeks = metrics.period_rate(metrics.example_events(), "visit", "customer")
    >>> ax = rate_over_time({"period rate": weeks})
    >>> [text.get_text() for text in ax.texts]
    ['period rate']
    """
    _inputs.need_texts(title=title, ylabel=ylabel)
    _inputs.need_flags(interval=interval)
    named = dict(tables) if isinstance(tables, Mapping) else {"": tables}
    if not named:
        raise ValueError("no table is given: there is nothing to draw")
    not_too_many(len(named))
    for name, table in named.items():
        need_table_of(table, [rate], "metrics.period_rate(...) or metrics.cohort_rate(...)")
        named[name] = _without_gaps(need_periods(table, "as metrics.period_rate(...) returns them"))
        if np.isnan(numbers_of(table, rate)).all():
            raise ValueError(f"no period has a {rate}: there is nothing to draw")
    bands = {
        name: [numbers_of(table, end) for end in ("ci_low", "ci_high")]
        for name, table in named.items()
        if interval and {"ci_low", "ci_high"} <= set(table.columns)
    }
    ax = clean_axes(ax)
    ends = []
    for style, (name, table) in enumerate(named.items()):
        colour = PALETTE[style]
        dates, shares = period_starts(table.index), numbers_of(table, rate)
        if name in bands:
            ax.fill_between(dates, *bands[name], color=colour, alpha=0.18, lw=0)
        ax.plot(dates, shares, color=colour, lw=2.4, ls=DASHES[style], zorder=3)
        ax.plot(dates, shares, MARKERS[style], color=colour, ms=7, mec="white", zorder=4)
        known = np.flatnonzero(~np.isnan(shares))
        if name != "":
            ends.append((shares[known[-1]], str(name), colour, dates[known[-1]]))
    _, top = ax.get_ylim()
    ax.set_ylim(0, top if top > 0 else 1)
    date_axis(ax, list(named.values()))
    scale_axis(ax, "y", percent_tick, ylabel or "conversion rate")
    label_ends(ax, ends)
    return set_title(ax, title)


def _without_gaps(table):
    """Add the periods that a table leaves out, so that no line runs across them."""
    if not isinstance(table.index, pd.PeriodIndex):
        return table
    return table.reindex(pd.period_range(table.index.min(), table.index.max()))


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
    _inputs.need_texts(title=title, ylabel=ylabel)
    made_by = "quality.monitor(...).loc[check]"
    need_table_of(table, ["share", "low", "high", "learnt", "alarm"], made_by)
    if not isinstance(table.index, pd.PeriodIndex):
        raise TypeError(
            f"the index holds {table.index.dtype}: take one check out of quality.monitor(...) "
            'with .loc["name of the check"]'
        )
    table = need_periods(table, "as quality.monitor(...) returns them")
    share, low, high = (numbers_of(table, name) for name in ("share", "low", "high"))
    alarm, learnt = (
        np.flatnonzero(_inputs.booleans(table[name], f"column {name!r}"))
        for name in ("alarm", "learnt")
    )
    if np.isnan(share).all():
        raise ValueError("no period has a share: there is nothing to draw")
    ax = clean_axes(ax)
    dates = period_starts(table.index)
    ax.fill_between(dates, low, high, color=BLUE, alpha=0.15, lw=0, step="mid")
    ax.plot(dates, share, color=BLUE, lw=1.8, zorder=3)
    ax.plot(dates, share, "o", color=BLUE, ms=5, mec="white", zorder=4)
    ax.plot(dates[alarm], share[alarm], "s", color=VERMILION, ms=9, mec="white", zorder=5)
    top = np.nanmax([*share, *high])
    ax.set_ylim(0, 1.25 * top if top > 0 else 1)
    for first, last in _runs(alarm, len(table) // 14):  # one label per run, at its highest alarm
        run = alarm[(alarm >= first) & (alarm <= last)]
        worst = run[int(np.argmax(np.nan_to_num(share[run])))]
        note(
            ax,
            percent(share[worst]),
            (dates[worst], share[worst]),
            (0, 8),
            ha="center",
            va="bottom",
        )
    _mark_end_of_learning(ax, dates, learnt)
    date_axis(ax, [table])
    scale_axis(ax, "y", percent_tick, ylabel or "share of rows at fault")
    return set_title(ax, title)


def _mark_end_of_learning(ax, dates, learnt):
    """Draw a line where the periods end from which the limits were learnt."""
    from matplotlib.dates import date2num

    if not len(learnt) or learnt[-1] + 1 == len(dates):
        return
    border = dates[learnt[-1] + 1]
    ax.axvline(border, color=QUIET, lw=1.4, ls=(0, (4, 3)), zorder=2)
    left, right = ax.get_xlim()
    early = date2num(border) < left + 0.3 * (right - left)  # then the words have no room before it
    note(
        ax,
        "limits learnt before",
        (date2num(border), 1),
        (6 if early else -6, -2),
        ha="left" if early else "right",
        va="top",
        size=SMALL,
        coords=ax.get_xaxis_transform(),
    )


def _runs(places, gap):
    """Yield first and last of each run of places that are next to each other, or `gap` apart."""
    for run in np.split(places, np.flatnonzero(np.diff(places) > max(gap, 1)) + 1):
        if len(run):
            yield int(run[0]), int(run[-1])
