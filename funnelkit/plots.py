"""One function a chart: each takes a table, draws it on an axes and returns the axes.

The style is the same throughout: type that can be read from the back of a room; colours that
colour-blind readers can tell apart (Okabe and Ito's), each doubled by a shape, a dash or a label;
steps in the order of the funnel; numbers written where the eye looks for them, as
"1,234 (11.2 %)". Titles come from the caller, who knows what the chart found. Nothing is set
globally: figures made elsewhere keep their own style.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd

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


# ---------------------------------------------------------------- funnels


def funnel_chart(table, *, ax=None, title=None, value="users", step_rates=True):
    """Draw the users at each step as bars, with the rate of each step between them.

    Parameters
    ----------
    table : DataFrame
        What `funnels.funnel` returns without `by`.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    value : {"users", "overall_rate"}
        Length of the bars: users, or their share of those who entered.
    step_rates : bool, default True
        Write between the bars how many go on and how many do not.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If columns are missing, the table has no rows, or it holds several funnels.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {
    ...         "users": [1000, 200, 50],
    ...         "step_rate": [None, 0.2, 0.25],
    ...         "overall_rate": [1, 0.2, 0.05],
    ...     },
    ...     index=["visit", "lead", "customer"],
    ... )
    >>> ax = funnel_chart(table, title="One visitor in twenty becomes a customer")
    >>> [text.get_text() for text in ax.texts if "(" in text.get_text()]
    ['1,000 (100 %)', '200 (20.0 %)', '50 (5.0 %)']
    """
    _check(table, ["users", "step_rate", "overall_rate"], "funnels.funnel(...)")
    _one_of("value", value, ("users", "overall_rate"))
    if table.index.nlevels > 1:
        raise ValueError(
            "table holds several funnels: draw them with small_multiples or compare_chart, "
            "or take one of them with .loc"
        )
    ax = _axes(ax, height=max(HEIGHT, 1.2 + 0.8 * len(table)))
    labels = _funnel_bars(ax, table, value, thickness=0.5 if step_rates else 0.7)
    if step_rates:
        lost = table["users"].shift(1) - table["users"]
        for row in range(1, len(table)):
            words = f"↓ {percent(table['step_rate'].iloc[row])} go on, {count(lost.iloc[row])} stop"
            _beside(ax, 0, row - 0.5, words, size=SMALL, color=QUIET)
    _room_for([ax], labels, value)
    return _title(ax, title)


def small_multiples(table, *, title=None, value="overall_rate", columns=None):
    """Draw the funnel of each segment in a panel of its own, all to one scale.

    Parameters
    ----------
    table : DataFrame
        What `funnels.funnel` returns with `by`: the segments in the outer level of the index.
    title : str, optional
        What the chart found.
    value : {"overall_rate", "users"}
        Length of the bars: the share of those who entered, which compares segments of
        different size, or users.
    columns : int, optional
        How many panels stand side by side; chosen by their number when not given.

    Returns
    -------
    array of Axes
        One a segment, in the order of the table.

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If columns are missing, the table has no rows, or it holds one funnel only.

    Examples
    --------
    >>> one = pd.DataFrame(
    ...     {"users": [1000, 200], "step_rate": [None, 0.2], "overall_rate": [1, 0.2]},
    ...     index=["visit", "lead"],
    ... )
    >>> table = pd.concat({"desktop": one, "mobile": one}, names=["device", "step"])
    >>> [ax.get_title(loc="left") for ax in small_multiples(table)]
    ['desktop', 'mobile']
    """
    import matplotlib.pyplot as plt

    _check(table, ["users", "step_rate", "overall_rate"], "funnels.funnel(..., by=...)")
    _one_of("value", value, ("users", "overall_rate"))
    funnels = _funnels(table)
    n, steps = len(funnels), max(map(len, funnels.values()))
    columns = columns or (n if n <= 2 else 2)
    rows = -(-n // columns)
    height = max(3.2, 1.0 + rows * (0.5 + 0.42 * steps))
    figure, grid = plt.subplots(
        rows, columns, figsize=(WIDTH, height), dpi=100, layout="constrained", squeeze=False
    )
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    panels, spare = grid.ravel()[:n], grid.ravel()[n:]
    labels = []
    for place, (name, funnel) in enumerate(funnels.items()):
        ax = _axes(panels[place])
        labels += _funnel_bars(ax, funnel, value, thickness=0.7, size=SMALL)
        ax.set_title(_name(name), loc="left", size=SIZE, weight="bold", color=INK)
        if place % columns:
            ax.tick_params(labelleft=False)
        if place + columns < n:
            ax.tick_params(labelbottom=False)
            ax.set_xlabel("")
    for ax in spare:
        ax.remove()
    if title:
        words = textwrap.fill(title, 68)
        figure.suptitle(words, x=0.01, ha="left", size=LARGE, weight="bold", color=INK)
    _room_for(panels, labels, value)
    return panels


def compare_chart(table, *, steps=None, ax=None, title=None, value="users"):
    """Draw several funnels step by step, so that each step can be compared.

    For the same log counted under several definitions, or for segments.

    Parameters
    ----------
    table : DataFrame
        Several funnels, one below the other, their names in the outer level of the index: what
        `funnels.funnel` returns with `by`, or ``pd.concat({"any order": one, "in order": two})``.
    steps : list of str, optional
        Which steps to draw; all when not given. Without the first step, which is often the
        longest and the same for all, the others can be told apart.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    value : {"users", "overall_rate"}
        Length of the bars: users, or their share of those who entered.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If columns are missing, the table has no rows, it holds one funnel only or more than
        seven, or their steps differ.

    Examples
    --------
    >>> one = pd.DataFrame({"users": [100, 20], "overall_rate": [1, 0.2]}, ["visit", "lead"])
    >>> two = pd.DataFrame({"users": [100, 15], "overall_rate": [1, 0.15]}, ["visit", "lead"])
    >>> ax = compare_chart(pd.concat({"any order": one, "in order": two}))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['visit', 'any order', 'in order', 'lead', 'any order', 'in order']
    """
    _check(table, ["users", "overall_rate"], "funnels.funnel(..., by=...)")
    _one_of("value", value, ("users", "overall_rate"))
    funnels = _funnels(table)
    _not_too_many(len(funnels))
    known = list(next(iter(funnels.values())).index)
    for name, funnel in funnels.items():
        if list(funnel.index) != known:
            raise ValueError(
                f"the steps of {_name(name)} are {_list(funnel.index)}, not {_list(known)}: "
                "compare funnels with the same steps"
            )
    for step in steps or []:
        _one_of("step", step, known)
    steps = [step for step in known if steps is None or step in steps]
    if not steps:
        raise ValueError(f"steps is empty: name some of {_list(known)}")
    rows = [(step, name) for step in steps for name in funnels]
    ax = _axes(ax, height=max(HEIGHT, 1.2 + 0.27 * len(rows) + 0.36 * len(steps)))
    places = iter(_grouped_rows(ax, rows))
    labels = []
    for step in steps:
        for colour, funnel in zip(PALETTE, funnels.values(), strict=False):
            place, row = next(places), funnel.loc[step]
            ax.barh(place, row[value], height=0.76, color=colour, zorder=2)
            labels.append(_beside(ax, row[value], place, _users(row)))
    _value_axis(ax, table, value, known[0])
    _room_for([ax], labels, value)
    return _title(ax, title)


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
    _check(table, [rate, low, high], "metrics.rates(...)")
    confidence = table.attrs.get("confidence")
    table = table[table[rate].notna()]
    if table.empty:
        raise ValueError(f"no row has a {rate}: there is nothing to draw")
    levels = table.index.nlevels
    if levels > 2:
        raise ValueError(f"the index has {levels} levels: group by one or two columns")

    blocks = levels == 2
    extra = 0.36 * table.index.get_level_values(0).nunique() if blocks else 0
    ax = _axes(ax, height=max(2.6, 1.5 + extra + (0.34 if blocks else 0.46) * len(table)))
    if blocks:
        styles, kinds = pd.factorize(table.index.get_level_values(1), use_na_sentinel=False)
        _not_too_many(len(kinds))
        places = _grouped_rows(ax, list(table.index))
    else:
        styles = [0] * len(table)
        places = _rows(ax, table.index)
    for place, style, (_, row) in zip(places, styles, table.iterrows(), strict=True):
        colour, marker = PALETTE[style], MARKERS[style]
        ax.plot([row[low], row[high]], [place] * 2, color=colour, lw=3, solid_capstyle="butt")
        ax.plot(row[rate], place, marker, color=colour, ms=10, mec="white", mew=1.2)
        _outside(ax, place, write(row[rate]) if write else _numbers(row, row[rate]))
    left, right = table[low].min(), table[high].max()
    if mark is not None:
        left, right = _marks(ax, table, places, mark, marked, left, right)
    margin = 0.05 * (right - left)
    ax.set_xlim(max(left - margin, -margin), right + margin)
    with_interval = f"{100 * confidence:g} % interval" if confidence else "interval"
    _axis(ax, "x", write or _percent_tick, f"{xlabel} (with {with_interval})")
    return _title(ax, title)


def _marks(ax, table, places, mark, words, left, right):
    """Draw what rates are compared with; return how far the axis has to reach."""
    if isinstance(mark, str):
        _check(table, [mark], "metrics.rates(...), with a column to compare with")
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
    _not_too_many(len(named))
    for table in named.values():
        _check(table, [rate], "metrics.period_rate(...) or metrics.cohort_rate(...)")
        if not isinstance(table.index, (pd.PeriodIndex, pd.DatetimeIndex)):
            raise TypeError(
                f"the index holds {table.index.dtype}: it must hold periods or times, "
                "as metrics.period_rate(...) returns them"
            )
    named = {name: _without_gaps(table) for name, table in named.items()}
    ax = _axes(ax)
    ends = []
    for style, (name, table) in enumerate(named.items()):
        colour = PALETTE[style]
        dates, shares = _starts(table.index), table[rate].to_numpy(float)
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
    _date_axis(ax, list(named.values()))
    _axis(ax, "y", _percent_tick, ylabel or "conversion rate")
    _label_ends(ax, ends)
    return _title(ax, title)


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

    _check(table, ["share", "low", "high", "learnt", "alarm"], "quality.monitor(...).loc[check]")
    if not isinstance(table.index, pd.PeriodIndex):
        raise TypeError(
            f"the index holds {table.index.dtype}: take one check out of quality.monitor(...) "
            'with .loc["name of the check"]'
        )
    ax = _axes(ax)
    dates = _starts(table.index)
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
    _date_axis(ax, [table])
    _axis(ax, "y", _percent_tick, ylabel or "share of rows at fault")
    return _title(ax, title)


def _runs(places, gap):
    """Yield first and last of each run of places that are next to each other, or `gap` apart."""
    for run in np.split(places, np.flatnonzero(np.diff(places) > max(gap, 1)) + 1):
        if len(run):
            yield int(run[0]), int(run[-1])


# ---------------------------------------------------------------- times


def time_to_convert_curve(
    table, *, start=None, end=None, by=None, unit="days", until=None, ax=None, title=None
):
    """Draw how the share of converted users grows with the time since they entered.

    The share is of all who entered, so the curve levels off at the conversion rate, not at 1.

    Parameters
    ----------
    table : DataFrame
        What `funnels.reach` returns: one row a user, a column of times for each step. Use
        `observed_until` there, so that all users were watched for the whole window; else the
        curve is too low.
    start, end : str, optional
        Steps from which and to which time runs; the first and the last when not given.
    by : str, optional
        Column that names each user's group; one line a group.
    unit : {"days", "hours", "minutes"}
        Unit of the time axis.
    until : str or Timedelta, optional
        Where the time axis ends; at the slowest conversion when not given.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If columns are missing, there are fewer than two steps, nobody converted, or there are
        more than seven groups.

    Examples
    --------
    >>> reached = pd.DataFrame({
    ...     "visit": pd.to_datetime(["2026-03-02"] * 4),
    ...     "customer": pd.to_datetime(["2026-03-05", "2026-03-09", None, None]),
    ... })
    >>> ax = time_to_convert_curve(reached)
    >>> [text.get_text() for text in ax.texts]
    ['half of them within 5.0 days', '2 (50.0 %)']
    """
    _check(table, [by] if by else [], "funnels.reach(...)")
    _one_of("unit", unit, ("days", "hours", "minutes"))
    steps = [name for name in table if pd.api.types.is_datetime64_any_dtype(table[name])]
    if len(steps) < 2:
        raise ValueError(
            f"table has {len(steps)} columns of times and needs two: "
            "give what funnels.reach(...) returns"
        )
    start, end = start or steps[0], end or steps[-1]
    for step in (start, end):
        _one_of("step", step, steps)
    entered = table[table[start].notna()]
    took = (entered[end] - entered[start]) / pd.Timedelta(1, unit=unit)
    if took.notna().sum() == 0:
        raise ValueError(f"nobody went from {start!r} to {end!r}: there is nothing to draw")
    limit = took.max() if until is None else pd.Timedelta(until) / pd.Timedelta(1, unit=unit)
    if not limit > 0:
        raise ValueError(f"the time axis would end at {limit:g} {unit}: give until, like '30D'")
    groups = entered[by] if by else np.full(len(entered), "")
    lines = dict(list(took.groupby(groups, dropna=False, observed=True)))
    _not_too_many(len(lines))

    ax = _axes(ax)
    ends = []
    for style, (name, times) in enumerate(lines.items()):
        done = np.sort(times[times <= limit].to_numpy())
        share = np.arange(len(done) + 1) / len(times)
        x, y = np.append(np.insert(done, 0, 0), limit), np.append(share, share[-1])
        ax.step(x, y, where="post", color=PALETTE[style], lw=2.6, ls=DASHES[style], zorder=3)
        words = f"{count(len(done))} ({percent(share[-1])})"
        ends.append((share[-1], f"{_name(name)}: {words}" if by else words, PALETTE[style], limit))
        if not by and len(done):
            half = np.median(done)
            early = half < limit / 2  # then there is room on the right, below the curve
            ax.plot(half, share[-1] / 2, "o", color=BLUE, ms=9, mec="white", zorder=4)
            ax.annotate(
                f"half of them within {half:.{1 if half >= 1 else 2}f} {unit}",
                (half, share[-1] / 2),
                xytext=(10, -4) if early else (-10, 4),
                textcoords="offset points",
                ha="left" if early else "right",
                va="top" if early else "bottom",
                size=SIZE,
                color=INK,
            )
    ax.set_xlim(0, limit)
    ax.set_ylim(0, 1.12 * max(y for y, *_ in ends) or 1)
    _axis(ax, "x", count if limit > 5 else "{:g}".format, f"{unit} since {start}")
    _axis(ax, "y", _percent_tick, f"share that reached {end}")
    _label_ends(ax, ends)
    return _title(ax, title)


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
    ['17.7 %', '20.0 %', '22.5 %']
    """
    for name in ("estimate", "low", "high", "replicates", "confidence"):
        if not hasattr(result, name):
            raise TypeError(
                f"result is a {type(result).__name__}: give what metrics.bootstrap(...) returns"
            )
    write = percent if as_percent else "{:,.4g}".format
    ax = _axes(ax)
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
    _axis(ax, "x", _percent_tick if as_percent else "{:,g}".format, f"{xlabel} ({within})")
    _axis(ax, "y", count, "resamples")
    return _title(ax, title)


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
    _check(table, [], "numbers, a column a line")
    _not_too_many(len(table.columns))
    for name in table.columns:
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise TypeError(f"column {name!r} holds {table[name].dtype}, not numbers")
    named = not pd.api.types.is_numeric_dtype(table.index)
    if not named and not table.index.is_monotonic_increasing:
        raise ValueError("the index does not rise: sort the table with .sort_index()")
    places = np.arange(len(table)) if named else table.index.to_numpy(float)
    ax = _axes(ax)
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
        ax.set_xticks(places, [_name(name) for name in table.index], size=SMALL)
        ax.set_xlabel(xlabel or table.index.name or "group", size=SIZE, color=INK)
        ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    else:
        ax.set_xlim(places[0], places[-1] if len(places) > 1 else places[0] + 1)
        _axis(ax, "x", "{:,g}".format, xlabel or table.index.name or "index")
        ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    fallback = table.columns.name or (str(table.columns[0]) if len(table.columns) == 1 else "value")
    _axis(ax, "y", _percent_tick if as_percent else "{:,g}".format, ylabel or fallback)
    _label_ends(ax, ends)
    return _title(ax, title)


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

    _check(table, [], "cohorts.cohort_table(...)")
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
    ax = _axes(ax, height=max(2.6, 1.6 + 0.42 * len(table)))
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
    return _title(ax, title)


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
    _check(curve, ["survival", "ci_low", "ci_high"], "cohorts.kaplan_meier(...)")
    curves = _funnels(curve) if curve.index.nlevels > 1 else {"": curve}
    _not_too_many(len(curves))
    last = max(rows.index.max() for rows in curves.values()) if until is None else until
    ax = _axes(ax)
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
        words = f"{_name(name)}: {words}" if curve.index.nlevels > 1 else words
        ends.append((survival[-1], words, colour, x[-1]))
    ax.set_xlim(0, last)
    ax.set_ylim(0, 1.02)
    _axis(ax, "x", "{:,g}".format, xlabel)
    _axis(ax, "y", _percent_tick, "share still there")
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    _label_ends(ax, ends)
    return _title(ax, title)


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
    _check(table, ["low", "high", "result_low", "result_high"], "metrics.sensitivity(...)")
    base = table.attrs.get("base")
    if base is None:
        raise ValueError(
            "table does not say what the result is now (attrs['base']): give the table of "
            "metrics.sensitivity(...) as it came"
        )
    write, inputs = write or count, inputs or {}
    ax = _axes(ax, height=max(2.6, 1.7 + 0.55 * len(table)))
    places = _rows(ax, table.index)
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
    _axis(ax, "x", write, xlabel or "result")
    return _title(ax, title)


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

    _check(table, [x, y, segment], "cases, with the columns that the call names")
    for name in (x, y):
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise TypeError(f"column {name!r} holds {table[name].dtype}, not numbers")
    table = table[[x, y, segment]].dropna()
    if table.empty:
        raise ValueError(f"no row has {x}, {y} and {segment}: there is nothing to draw")
    if log and (table[y] <= 0).any():
        raise ValueError(f"column {y!r} has values of 0 or below: draw it with log=False")
    names = sorted(table[segment].unique())
    _not_too_many(len(names))
    ax = _axes(ax, height=5.4)
    ax.set_yscale("log" if log else "linear")
    shown = table.iloc[:: -(-len(table) // at_most)]
    for colour, marker, name in zip(PALETTE, MARKERS, names, strict=False):
        dots = shown[shown[segment] == name]
        ax.plot(dots[x], dots[y], marker, color=colour, ms=5, mew=0, alpha=0.5, ls="", zorder=2)
    _axis(ax, "x", "{:,g}".format, xlabel or x)
    _axis(ax, "y", "{:,.0f}".format if log else "{:,g}".format, ylabel or y)
    if log:
        ax.yaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.tick_params(which="minor", length=0)
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    _name_middles(ax, table, x, y, segment, names, log)
    return _title(ax, title)


def _name_middles(ax, table, x, y, segment, names, log):
    """Write each segment's name over its middle, names that would touch moved apart."""
    middles = table.groupby(segment)[[x, y]].median().loc[names]
    ax.figure.draw_without_rendering()
    to_pixels, to_data = ax.transData.transform, ax.transData.inverted().transform
    places = to_pixels(middles.to_numpy(float))
    gap = 1.9 * SIZE * ax.figure.dpi / 72  # pixels
    near = np.ptp(places[:, 0]) < 0.3 * ax.get_window_extent().width if len(names) > 1 else False
    if near:
        places[:, 1] = _apart(places[:, 1], gap)
    else:
        for one in range(len(names)):
            for other in range(one):
                across, up = np.abs(places[one] - places[other])
                if across < 170 and up < gap:  # move the higher one up
                    higher = max(one, other, key=lambda place: places[place, 1])
                    places[higher, 1] += gap - up
    for colour, name, (across, up) in zip(PALETTE, names, to_data(places), strict=False):
        ax.annotate(
            _name(name),
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
    _check(table, names, "segments.choose_k(...)")
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH, 3.6), dpi=100, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    for ax, name, colour in zip(axes, names, PALETTE, strict=False):
        _axes(ax)
        values = table[name].astype(float)
        ax.plot(values.index, values, "o-", color=colour, lw=2.4, ms=6, zorder=3)
        top = values.max()
        _axis(ax, "y", "{:,g}".format, "")
        ax.set_ylim(0, 1.3 * top)
        if name != "inertia":
            ax.set_yticks([tick for tick in ax.get_yticks() if tick <= min(1, 1.3 * top)])
            best = values.idxmax()
            ax.plot(best, top, "o", ms=13, mfc="none", mec=INK, mew=1.6, zorder=4)
            label = _beside(ax, best, top, f"best: {best}")
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

    For the ROC curve (``x="false_alarm", y="recall", lot="diagonal"``), precision against recall
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
    >>> ax = score_curves({"points": table}, x="false_alarm", y="recall", lot="diagonal")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['points', 'by lot']
    """
    tables = dict(tables) if isinstance(tables, Mapping) else {"score": tables}
    _some_scores(tables)
    curves = {}
    for name, table in tables.items():
        table = table.reset_index() if isinstance(table, pd.DataFrame) else table
        _check(table, [x, y], "scoring.threshold_table(...) or scoring.gains_table(...)")
        curves[name] = table[[x, y]].to_numpy(float)
        if y in ("recall", "gains"):  # nobody named, nobody found
            curves[name] = np.vstack([[0.0, 0.0], curves[name]])
    ax = _axes(ax, height=HEIGHT + 0.5)
    for style, (name, curve) in enumerate(curves.items()):
        ax.plot(*curve.T, color=PALETTE[style], ls=DASHES[style], lw=2.4, label=name, zorder=3)
    if lot is not None:
        heights = [0, 1] if isinstance(lot, str) else [lot, lot]
        ax.plot([0, 1], heights, color=QUIET, ls=(0, (1.2, 1.2)), lw=1.6, label="by lot")
    late = np.concatenate([curve[curve[:, 0] > 0.6, 1] for curve in curves.values()])
    _legend(ax, "lower right" if late.mean() > 0.5 else "upper right")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    _axis(ax, "x", _percent_tick, xlabel or x)
    _axis(ax, "y", _percent_tick, ylabel or y)
    return _title(ax, title)


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
        _check(table, columns, "scoring.calibration_table(...)")
    ax = _axes(ax, height=HEIGHT + 0.5)
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
    _legend(ax, "upper left")
    ax.set_xlim(0, end)
    ax.set_ylim(0, end)
    _axis(ax, "x", _percent_tick, xlabel)
    _axis(ax, "y", _percent_tick, "share that bought (with interval)")
    return _title(ax, title)


def _some_scores(tables):
    if not 1 <= len(tables) < len(PALETTE):
        raise ValueError(f"there are {len(tables)} tables: give one to {len(PALETTE) - 1}")


def _legend(ax, place):
    """Name the lines in a corner that they leave free; keep the two zeros apart."""
    ax.tick_params(axis="x", pad=12)
    ax.legend(loc=place, frameon=False, fontsize=SIZE, labelcolor=INK, handlelength=3.2)


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
        _check(table, [], "lifetime.value_curve(...), a column a line")
    if not 0 <= cost < np.inf:
        raise ValueError(f"cost is {cost!r}: give what winning a customer cost, 0 or more")
    if not pd.api.types.is_numeric_dtype(table.index):
        raise TypeError(
            f"the index of table holds {table.index.dtype}: the periods belong there, numbers"
        )
    ax = _axes(ax)
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
    return _title(ax, title)


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
    _check(table, ["customers", "value"], "lifetime.lorenz(...)")
    if not 0 < top < 1:
        raise ValueError(f"top is {top!r}: give a fraction between 0 and 1, such as 0.2")
    ax = _axes(ax, height=5.6)
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
    _axis(ax, "x", _percent_tick, "share of the customers, the least valuable first")
    _axis(ax, "y", _percent_tick, f"share of the {what}")
    ax.tick_params(axis="x", pad=12)  # else the two zeros touch
    ax.spines["bottom"].set(visible=True, color=QUIET, linewidth=1)
    return _title(ax, title)


# ---------------------------------------------------------------- the style


def _axes(ax, height=HEIGHT):
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


def _axis(ax, which, write, label):
    """Give an axis of values its light grid, its label and the way its ticks are written."""
    from matplotlib.ticker import FuncFormatter

    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(_locator(6, write is count))
    axis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))
    axis.set_label_text(label, size=SIZE, color=INK)
    ax.grid(axis=which, color=GRID, lw=1)
    side = "left" if which == "x" else "bottom"
    ax.spines[side].set(visible=True, color=QUIET, linewidth=1)


def _locator(at_most, whole):
    """Place at most so many ticks, at round values."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(int(at_most), steps=[1, 2, 2.5, 5, 10], integer=whole)


def _percent_tick(share):
    return f"{round(100 * share, 6):,g} %".replace("-", "−")


def _value_axis(ax, table, value, first):
    """Label the axis of the bars of a funnel."""
    who = "entries" if table.attrs.get("count") == "totals" else "users"
    if value == "users":
        _axis(ax, "x", count, who)
    else:
        _axis(ax, "x", _percent_tick, f"share of the {who} at {first}")


def _rows(ax, names):
    """Name rows from top to bottom; return their places."""
    places = list(range(len(names)))
    ax.set_yticks(places, [_name(name) for name in names], size=SIZE)
    ax.set_ylim(len(names) - 0.4, -0.6)
    return places


def _grouped_rows(ax, rows):
    """Name rows in blocks, each under the bold name of its block; return their places."""
    places, ticks, names, heads, here, block = [], [], [], [], 0.0, object()
    for outer, inner in rows:
        if not _same(outer, block):
            here += 0.35 if ticks else 0
            block = outer
            heads.append(len(ticks))
            ticks.append(here)
            names.append(_name(outer))
            here += 1
        places.append(here)
        ticks.append(here)
        names.append(_name(inner))
        here += 1
    ax.set_yticks(ticks, names, size=SMALL)
    for head in heads:
        ax.get_yticklabels()[head].set(fontweight="bold", fontsize=SIZE)
    ax.set_ylim(here - 0.4, -0.6)
    return places


def _funnel_bars(ax, table, value, *, thickness, size=SIZE):
    """Draw one funnel; return the labels at the ends of its bars."""
    places = _rows(ax, table.index)
    ax.barh(places, table[value].astype(float), height=thickness, color=BLUE, zorder=2)
    _value_axis(ax, table, value, table.index[0])
    return [
        _beside(ax, row[value], place, _users(row), size=size)
        for place, (_, row) in zip(places, table.iterrows(), strict=True)
    ]


def _users(row):
    """Write how many users reached a step, and which share of all that is."""
    return f"{count(row['users'])} ({percent(row['overall_rate'])})"


def _beside(ax, x, y, words, *, size=SIZE, color=INK):
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


def _outside(ax, y, words):
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


def _numbers(row, share):
    """Write the numbers behind a rate, as far as the table has them."""
    if {"converted", "visitors"} <= set(row.index):
        return f"{count(row['converted'])} of {count(row['visitors'])} ({percent(share)})"
    return f"{count(row['users'])} ({percent(share)})" if "users" in row.index else percent(share)


def _room_for(axes, labels, value):
    """Scale the bars, alike in all axes, so that the labels fit beside them; then set ticks."""
    longest = max(label.xy[0] for label in labels)
    for _ in range(2):  # the ticks set in the first round change the room there is in the second
        axes[0].figure.draw_without_rendering()
        end = longest or 1
        for label in labels:
            width = label.axes.get_window_extent().width
            for_bar = max(width - label.get_window_extent().width - 14, 0.2 * width)
            end = max(end, label.xy[0] * width / for_bar)
        bars = axes[0].get_window_extent().width * longest / end / axes[0].figure.dpi  # inches
        ticks = _locator(np.clip(bars / 0.9, 1, 6), value == "users").tick_values(0, longest)
        for ax in axes:
            ax.set_xticks(ticks[ticks <= longest * (1 + 1e-9)])
            ax.set_xlim(0, end)


def _label_ends(ax, ends):
    """Write the names of lines at their ends, moved apart where they would touch."""
    if not ends:
        return
    ax.figure.draw_without_rendering()
    bottom, top = ax.get_ylim()
    height = ax.get_window_extent().height * 72 / ax.figure.dpi  # points
    gap = (top - bottom) * 1.35 * SIZE / height
    ys = _apart([y for y, *_ in ends], gap)
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


def _apart(values, gap):
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


def _without_gaps(table):
    """Add the periods that a table leaves out, so that no line runs across them."""
    if not isinstance(table.index, pd.PeriodIndex):
        return table.sort_index()
    return table.reindex(pd.period_range(table.index.min(), table.index.max()))


def _starts(index):
    """Return the first moment of each period."""
    return index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index


def _date_axis(ax, tables):
    """Write some of the dates below, the year once, and what they are."""
    dates = pd.DatetimeIndex(np.unique(np.concatenate([_starts(t.index) for t in tables])))
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


def _title(ax, title):
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


def _check(table, columns, made_by):
    """Say which columns a table lacks and which function makes such a table."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"table is a {type(table).__name__}: give the table of {made_by}")
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise ValueError(
            f"table has no column {_list(missing)}: give the table of {made_by}, "
            "or name your column in the call"
        )
    if table.empty:
        raise ValueError("table has no rows: there is nothing to draw")


def _funnels(table):
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


def _not_too_many(n):
    if n > len(PALETTE):
        raise ValueError(
            f"there are {n} groups and at most {len(PALETTE)} can be told apart: pick some"
        )


def _one_of(what, value, known):
    if value not in known:
        raise ValueError(f"{what} is {value!r}: give one of {_list(known)}")


def _list(names):
    return ", ".join(repr(name) for name in names)


def _name(value):
    """Write a group, also one whose value is missing."""
    return "(missing)" if pd.isna(value) else str(value)


def _same(one, other):
    return pd.isna(other) if pd.isna(one) else not pd.isna(other) and one == other
