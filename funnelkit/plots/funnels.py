"""Charts of funnels: users per step, side by side, and the time they take.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.plots.style import (
    BLUE,
    DASHES,
    HEIGHT,
    PALETTE,
    QUIET,
    SIZE,
    SMALL,
    clean_axes,
    count,
    figure_title,
    group_name,
    grouped_rows,
    label_ends,
    listed,
    name_rows,
    need_table_of,
    not_too_many,
    note,
    numbers_of,
    panel_title,
    panels,
    percent,
    percent_tick,
    scale_axis,
    set_title,
    split_funnels,
    tick_locator,
    write_beside,
)

__all__ = ["compare_chart", "funnel_chart", "small_multiples", "time_to_convert_curve"]


def __dir__():
    return __all__


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
    _inputs.need_texts(title=title)
    _inputs.need_flags(step_rates=step_rates)
    table = _steps(table, value, "funnels.funnel(...)", "step_rate")
    if table.index.nlevels > 1:
        raise ValueError(
            "table holds several funnels: draw them with small_multiples or compare_chart, "
            "or take one of them with .loc"
        )
    lost = -table["users"].diff()
    if step_rates:
        remedy = "put the steps in the order of the funnel, or give step_rates=False"
        _inputs.refuse(lost < 0, "users rise from the step before", remedy, index=table.index)
    ax = clean_axes(ax, height=max(HEIGHT, 1.2 + 0.8 * len(table)))
    labels = _funnel_bars(ax, table, value, thickness=0.5 if step_rates else 0.7)
    if step_rates:
        for row in range(1, len(table)):
            words = f"↓ {percent(table['step_rate'].iloc[row])} go on, {count(lost.iloc[row])} stop"
            write_beside(ax, 0, row - 0.5, words, size=SMALL, color=QUIET)
    _room_for([ax], labels, value)
    return set_title(ax, title)


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
        How many panels are side by side; chosen by their number when not given.

    Returns
    -------
    array of Axes
        One per segment, in the order of the table.

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
    _inputs.need_texts(title=title)
    table = _steps(table, value, "funnels.funnel(..., by=...)", "step_rate")
    funnels = split_funnels(table)
    n, steps = len(funnels), max(map(len, funnels.values()))
    if columns is None:
        columns = n if n <= 2 else 2
    columns = min(_inputs.whole("columns", columns), n)
    height = max(3.2, 1.0 + -(-n // columns) * (0.5 + 0.42 * steps))
    axes, labels = panels(n, columns, height), []
    for place, (ax, (name, funnel)) in enumerate(zip(axes, funnels.items(), strict=True)):
        labels += _funnel_bars(ax, funnel, value, thickness=0.7, size=SMALL)
        panel_title(ax, name)
        if place % columns:
            ax.tick_params(labelleft=False)
        if place + columns < n:
            ax.tick_params(labelbottom=False)
            ax.set_xlabel("")
    figure_title(axes[0].figure, title)
    _room_for(axes, labels, value)
    return axes


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

    Examples
    --------
    >>> one = pd.DataFrame({"users": [100, 20], "overall_rate": [1, 0.2]}, ["visit", "lead"])
    >>> two = pd.DataFrame({"users": [100, 15], "overall_rate": [1, 0.15]}, ["visit", "lead"])
    >>> ax = compare_chart(pd.concat({"any order": one, "in order": two}))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['visit', 'any order', 'in order', 'lead', 'any order', 'in order']
    """
    _inputs.need_texts(title=title)
    table = _steps(table, value, "funnels.funnel(..., by=...)")
    funnels = split_funnels(table)
    not_too_many(len(funnels))
    known = list(next(iter(funnels.values())).index)
    for name, funnel in funnels.items():
        if list(funnel.index) != known:
            raise ValueError(
                f"the steps of {group_name(name)} are {listed(funnel.index)}, not {listed(known)}: "
                "compare funnels with the same steps"
            )
    steps = None if steps is None else _inputs.names("steps", steps)
    for step in steps or []:
        _inputs.one_of("step", step, known)
    steps = [step for step in known if steps is None or step in steps]
    if not steps:
        raise ValueError(f"steps is empty: name some of {listed(known)}")
    rows = [(step, name) for step in steps for name in funnels]
    ax = clean_axes(ax, height=max(HEIGHT, 1.2 + 0.27 * len(rows) + 0.36 * len(steps)))
    places = iter(grouped_rows(ax, rows))
    labels = []
    for step in steps:
        for colour, funnel in zip(PALETTE, funnels.values(), strict=False):
            place, row = next(places), funnel.loc[step]
            ax.barh(place, row[value], height=0.76, color=colour, zorder=2)
            labels.append(write_beside(ax, row[value], place, _users(row)))
    _value_axis(ax, table, value, known[0])
    _room_for([ax], labels, value)
    return set_title(ax, title)


# ---------------------------------------------------------------- times


def time_to_convert_curve(
    table, *, start=None, end=None, by=None, unit="days", until=None, ax=None, title=None
):
    """Draw how the share of converted users grows with the time since they entered.

    The share is of all who entered, so the curve levels off at the conversion rate, not at 1.

    Parameters
    ----------
    table : DataFrame
        What `funnels.reach` returns: one row per user, a column of times for each step. Use
        `observed_until` there, so that all users were watched for the whole window; else the
        curve is too low.
    start, end : str, optional
        Steps from which and to which time runs; the first and the last when not given.
    by : str, optional
        Column that names each user's group; one line per group.
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
    _inputs.need_texts(title=title)
    need_table_of(table, [] if by is None else [by], "funnels.reach(...)")
    _inputs.one_of("unit", unit, ("days", "hours", "minutes"))
    took, groups, start, end = _times_between(table, start, end, by)
    took /= pd.Timedelta(1, unit=unit)
    limit = took.max() if until is None else _limit(until, unit)
    if not limit > 0:
        raise ValueError(f"the time axis would end at {limit:g} {unit}: give until, like '30D'")
    lines = dict(list(took.groupby(groups, dropna=False, observed=True, sort=True)))
    not_too_many(len(lines))

    ax = clean_axes(ax)
    ends = []
    for style, (name, times) in enumerate(lines.items()):
        # Not seaborn's ecdfplot: it would divide by those who converted, not by all who entered.
        done = np.sort(times[times <= limit].to_numpy())
        share = np.arange(len(done) + 1) / len(times)
        x, y = np.append(np.insert(done, 0, 0), limit), np.append(share, share[-1])
        ax.step(x, y, where="post", color=PALETTE[style], lw=2.6, ls=DASHES[style], zorder=3)
        words = f"{count(len(done))} ({percent(share[-1])})"
        words = words if by is None else f"{group_name(name)}: {words}"
        ends.append((share[-1], words, PALETTE[style], limit))
        if by is None and len(done):
            _mark_half(ax, float(np.median(done)), share[-1] / 2, limit, unit)
    ax.set_xlim(0, limit)
    ax.set_ylim(0, 1.12 * max(y for y, *_ in ends) or 1)
    scale_axis(ax, "x", count if limit > 5 else "{:g}".format, f"{unit} since {start}")
    scale_axis(ax, "y", percent_tick, f"share that reached {end}")
    label_ends(ax, ends)
    return set_title(ax, title)


def _times_between(table, start, end, by):
    """Return how long those who entered took, their groups, and the names of the two steps."""
    is_time = pd.api.types.is_datetime64_any_dtype
    steps = list(dict.fromkeys(name for name, kind in table.dtypes.items() if is_time(kind)))
    _inputs.need_columns(table, steps)
    if len(steps) < 2:
        raise ValueError(
            f"table has {len(steps)} columns of times and needs two: "
            "give what funnels.reach(...) returns"
        )
    start, end = steps[0] if start is None else start, steps[-1] if end is None else end
    for step in (start, end):
        _inputs.one_of("step", step, steps)
    began, ended = (_inputs.times(table[step], step, missing="keep") for step in (start, end))
    entered = began.notna()
    took = (ended - began)[entered]
    if took.notna().sum() == 0:
        raise ValueError(f"nobody went from {start!r} to {end!r}: there is nothing to draw")
    remedy = f"swap them, or drop these rows if {end} cannot come first"
    what = f"{end!r} comes before {start!r}"
    _inputs.refuse(took < _inputs.NO_TIME, what, remedy, index=took.index)
    if by is None:
        return took, np.full(len(took), ""), start, end
    groups = table.loc[entered, by]
    _inputs.need_hashable(groups, by)
    return took, groups, start, end


def _limit(until, unit):
    """Return where the time axis ends, in its unit."""
    return _inputs.duration("until", until) / pd.Timedelta(1, unit=unit)


def _mark_half(ax, half, height, limit, unit):
    """Mark by when half of those who convert have done so."""
    early = half < limit / 2  # then there is room on the right, below the curve
    ax.plot(half, height, "o", color=BLUE, ms=9, mec="white", zorder=4)
    note(
        ax,
        f"half of them within {half:.{1 if half >= 1 else 2}f} {unit}",
        (half, height),
        (10, -4) if early else (-10, 4),
        ha="left" if early else "right",
        va="top" if early else "bottom",
    )


# ---------------------------------------------------------------- bars


def _steps(table, value, made_by, *columns):
    """Return the table with its numbers as floats, none of the users missing."""
    need_table_of(table, ["users", "overall_rate", *columns], made_by)
    _inputs.one_of("value", value, ("users", "overall_rate"))
    numbers = {name: numbers_of(table, name) for name in ("overall_rate", *columns)}
    return table.assign(users=_inputs.count("column 'users'", table["users"]), **numbers)


def _value_axis(ax, table, value, first):
    """Label the axis of the bars of a funnel."""
    who = "entries" if table.attrs.get("count") == "totals" else "users"
    if value == "users":
        scale_axis(ax, "x", count, who)
    else:
        scale_axis(ax, "x", percent_tick, f"share of the {who} at {first}")


def _funnel_bars(ax, table, value, *, thickness, size=SIZE):
    """Draw one funnel; return the labels at the ends of its bars."""
    places = name_rows(ax, table.index)
    ax.barh(places, table[value], height=thickness, color=BLUE, zorder=2)
    _value_axis(ax, table, value, table.index[0])
    return [
        write_beside(ax, row[value], place, _users(row), size=size)
        for place, (_, row) in zip(places, table.iterrows(), strict=True)
    ]


def _users(row):
    """Write how many users reached a step, and which share of all that is."""
    return f"{count(row['users'])} ({percent(row['overall_rate'])})"


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
        ticks = tick_locator(np.clip(bars / 0.9, 1, 6), value == "users").tick_values(0, longest)
        for ax in axes:
            ax.set_xticks(ticks[ticks <= longest * (1 + 1e-9)])
            ax.set_xlim(0, end)
