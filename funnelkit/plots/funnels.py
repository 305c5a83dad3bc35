"""Charts of funnels: users per step, side by side, and the time they take."""

import textwrap

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.plots.style import (
    BLUE,
    DASHES,
    HEIGHT,
    INK,
    LARGE,
    PALETTE,
    QUIET,
    SIZE,
    SMALL,
    WIDTH,
    clean_axes,
    count,
    group_name,
    grouped_rows,
    label_ends,
    listed,
    name_rows,
    need_table_of,
    not_too_many,
    percent,
    percent_tick,
    scale_axis,
    set_title,
    split_funnels,
    tick_locator,
    write_beside,
)

__all__ = [
    "compare_chart",
    "funnel_bars",
    "funnel_chart",
    "small_multiples",
    "time_to_convert_curve",
]

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
    need_table_of(table, ["users", "step_rate", "overall_rate"], "funnels.funnel(...)")
    _inputs.one_of("value", value, ("users", "overall_rate"))
    if table.index.nlevels > 1:
        raise ValueError(
            "table holds several funnels: draw them with small_multiples or compare_chart, "
            "or take one of them with .loc"
        )
    ax = clean_axes(ax, height=max(HEIGHT, 1.2 + 0.8 * len(table)))
    labels = funnel_bars(ax, table, value, thickness=0.5 if step_rates else 0.7)
    if step_rates:
        lost = table["users"].shift(1) - table["users"]
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

    need_table_of(table, ["users", "step_rate", "overall_rate"], "funnels.funnel(..., by=...)")
    _inputs.one_of("value", value, ("users", "overall_rate"))
    funnels = split_funnels(table)
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
        ax = clean_axes(panels[place])
        labels += funnel_bars(ax, funnel, value, thickness=0.7, size=SMALL)
        ax.set_title(group_name(name), loc="left", size=SIZE, weight="bold", color=INK)
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
    need_table_of(table, ["users", "overall_rate"], "funnels.funnel(..., by=...)")
    _inputs.one_of("value", value, ("users", "overall_rate"))
    funnels = split_funnels(table)
    not_too_many(len(funnels))
    known = list(next(iter(funnels.values())).index)
    for name, funnel in funnels.items():
        if list(funnel.index) != known:
            raise ValueError(
                f"the steps of {group_name(name)} are {listed(funnel.index)}, not {listed(known)}: "
                "compare funnels with the same steps"
            )
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
    need_table_of(table, [by] if by else [], "funnels.reach(...)")
    _inputs.one_of("unit", unit, ("days", "hours", "minutes"))
    steps = [name for name in table if pd.api.types.is_datetime64_any_dtype(table[name])]
    if len(steps) < 2:
        raise ValueError(
            f"table has {len(steps)} columns of times and needs two: "
            "give what funnels.reach(...) returns"
        )
    start, end = start or steps[0], end or steps[-1]
    for step in (start, end):
        _inputs.one_of("step", step, steps)
    entered = table[table[start].notna()]
    took = (entered[end] - entered[start]) / pd.Timedelta(1, unit=unit)
    if took.notna().sum() == 0:
        raise ValueError(f"nobody went from {start!r} to {end!r}: there is nothing to draw")
    limit = took.max() if until is None else pd.Timedelta(until) / pd.Timedelta(1, unit=unit)
    if not limit > 0:
        raise ValueError(f"the time axis would end at {limit:g} {unit}: give until, like '30D'")
    groups = entered[by] if by else np.full(len(entered), "")
    lines = dict(list(took.groupby(groups, dropna=False, observed=True)))
    not_too_many(len(lines))

    ax = clean_axes(ax)
    ends = []
    for style, (name, times) in enumerate(lines.items()):
        done = np.sort(times[times <= limit].to_numpy())
        share = np.arange(len(done) + 1) / len(times)
        x, y = np.append(np.insert(done, 0, 0), limit), np.append(share, share[-1])
        ax.step(x, y, where="post", color=PALETTE[style], lw=2.6, ls=DASHES[style], zorder=3)
        words = f"{count(len(done))} ({percent(share[-1])})"
        ends.append(
            (share[-1], f"{group_name(name)}: {words}" if by else words, PALETTE[style], limit)
        )
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
    scale_axis(ax, "x", count if limit > 5 else "{:g}".format, f"{unit} since {start}")
    scale_axis(ax, "y", percent_tick, f"share that reached {end}")
    label_ends(ax, ends)
    return set_title(ax, title)


def _value_axis(ax, table, value, first):
    """Label the axis of the bars of a funnel."""
    who = "entries" if table.attrs.get("count") == "totals" else "users"
    if value == "users":
        scale_axis(ax, "x", count, who)
    else:
        scale_axis(ax, "x", percent_tick, f"share of the {who} at {first}")


def funnel_bars(ax, table, value, *, thickness, size=SIZE):
    """Draw one funnel; return the labels at the ends of its bars."""
    places = name_rows(ax, table.index)
    ax.barh(places, table[value].astype(float), height=thickness, color=BLUE, zorder=2)
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
