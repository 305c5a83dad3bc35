"""Conversion rates and their intervals: overall, by group, by period and by cohort.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = [
    "METRICS",
    "cohort_rate",
    "conversion_rate",
    "difference",
    "period_rate",
    "rates",
    "wald_interval",
    "wilson_interval",
]


def __dir__():
    return __all__


# ---------------------------------------------------------------- a rate and its interval


def conversion_rate(converted, visitors):
    """Share of the visitors who converted.

    Parameters
    ----------
    converted : int, array or Series of int
        How many converted.
    visitors : int, array or Series of int
        How many there were; at least 1, and never fewer than `converted`.

    Returns
    -------
    float, array or Series of float
        A fraction in [0, 1]; a Series, with its index, when a Series came in.

    Examples
    --------
    A thousand people saw the page, two hundred sent the form:

    >>> conversion_rate(200, 1000)
    0.2
    """
    x, n, like_input = _part_of(converted=converted, visitors=visitors)
    return like_input(x / n)


def wilson_interval(converted, visitors, *, confidence=0.95):
    r"""Wilson score interval of a conversion rate.

    It holds every true rate that a score test would not reject. It never leaves [0, 1], never
    has zero width, and stays close to its nominal coverage for few visitors and for rates near
    0 or 1, where the textbook interval fails (see `wald_interval`).

    Parameters
    ----------
    converted : int, array or Series of int
        How many converted.
    visitors : int, array or Series of int
        How many there were; at least 1, and never fewer than `converted`.
    confidence : float, default 0.95
        How often, in the long run, intervals made in this way hold the true rate.

    Returns
    -------
    low, high : float, array or Series of float
        The ends, as fractions. `low` is exactly 0 when nobody converted, `high` exactly 1
        when all did.

    See Also
    --------
    difference : the interval for the difference of two rates.

    Notes
    -----
    With :math:`\hat p = x / n` and :math:`z` the normal quantile of the confidence (1.96 for
    95 %),

    .. math:: \frac{1}{1 + z^2/n} \left( \hat p + \frac{z^2}{2n}
              \pm z \sqrt{\frac{\hat p (1 - \hat p)}{n} + \frac{z^2}{4n^2}} \right)

    Visitors are taken to be independent. Where they are not (several rows per person), resample
    people instead: `bootstrap`.

    References
    ----------
    E. B. Wilson (1927), "Probable inference, the law of succession, and statistical
    inference", *JASA* 22. L. D. Brown, T. T. Cai and A. DasGupta (2001), "Interval estimation
    for a binomial proportion", *Statistical Science* 16(2), recommend it.

    Examples
    --------
    >>> low, high = wilson_interval(200, 1000)
    >>> print(f"{low:.1%} to {high:.1%}")
    17.6% to 22.6%
    >>> low, high = wilson_interval(2, 20)
    >>> print(f"{low:.1%} to {high:.1%}")
    2.8% to 30.1%
    """
    x, n, like_input = _part_of(converted=converted, visitors=visitors)
    low, high = _wilson(x, n, _inputs.confidence_quantile(confidence))
    return like_input(low), like_input(high)


def wald_interval(converted, visitors, *, confidence=0.95):
    r"""Compute the textbook interval of a rate, kept here to show where it fails.

    Do not use it: use `wilson_interval`. With few visitors, or a rate near 0 or 1, it leaves
    [0, 1], and when nobody converted it has zero width, as though we were certain.

    Parameters
    ----------
    converted : int, array or Series of int
        How many converted.
    visitors : int, array or Series of int
        How many there were; at least 1, and never fewer than `converted`.
    confidence : float, default 0.95
        The confidence it claims, which is not the one it has.

    Returns
    -------
    low, high : float, array or Series of float
        The ends, not cut off at 0 and 1.

    Notes
    -----
    .. math:: \hat p \pm z \sqrt{\hat p (1 - \hat p) / n}

    References
    ----------
    L. D. Brown, T. T. Cai and A. DasGupta (2001), "Interval estimation for a binomial
    proportion", *Statistical Science* 16(2), on how its coverage fails.

    Examples
    --------
    Two of twenty, and an interval that reaches below zero:

    >>> low, high = wald_interval(2, 20)
    >>> print(f"{low:.1%} to {high:.1%}")
    -3.1% to 23.1%
    """
    x, n, like_input = _part_of(converted=converted, visitors=visitors)
    rate = x / n
    half = _inputs.confidence_quantile(confidence) * np.sqrt(rate * (1 - rate) / n)
    return like_input(rate - half), like_input(rate + half)


def difference(converted_1, n_1, converted_2, n_2, *, confidence=0.95):
    r"""Difference of two rates with Newcombe's interval: the first rate less the second.

    To call two rates different, look at this interval and not at the intervals of the two
    rates: those may overlap although the difference is clear.

    Parameters
    ----------
    converted_1, n_1 : int, array or Series of int
        How many converted in the first group, and how many there were in it.
    converted_2, n_2 : int, array or Series of int
        The same for the second group; other people than those of the first.
    confidence : float, default 0.95
        How often, in the long run, intervals made in this way hold the true difference.

    Returns
    -------
    Series or DataFrame
        `difference`, `ci_low` and `ci_high`, in [-1, 1]. For single counts a Series of the
        three; for arrays or Series a table with one row per pair of groups.

    See Also
    --------
    bootstrap : for groups in which the same people are, or with several rows per person.

    Notes
    -----
    With the Wilson intervals :math:`(l_i, u_i)` of the two rates, it runs from

    .. math:: \hat p_1 - \hat p_2 - \sqrt{(\hat p_1 - l_1)^2 + (u_2 - \hat p_2)^2}
              \quad\text{to}\quad
              \hat p_1 - \hat p_2 + \sqrt{(u_1 - \hat p_1)^2 + (\hat p_2 - l_2)^2}

    One interval is for one comparison that was chosen beforehand. Of twenty pairs that do not
    differ, one is expected to have a 95 % interval without 0.

    References
    ----------
    R. G. Newcombe (1998), "Interval estimation for the difference between independent
    proportions: comparison of eleven methods", *Statistics in Medicine* 17, method 10 (hybrid
    score).

    Examples
    --------
    56 of 70 converted in one group and 48 of 80 in the other, Newcombe's first example:

    >>> difference(56, 70, 48, 80).round(4)
    difference    0.2000
    ci_low        0.0524
    ci_high       0.3339
    dtype: float64
    """
    first = {"converted_1": converted_1, "n_1": n_1}
    second = {"converted_2": converted_2, "n_2": n_2}
    (x1, n1, x2, n2), _ = _inputs.counts(**first, **second)
    _part_of(**first)
    _part_of(**second)
    if x1.ndim > 1:
        raise TypeError("the counts are tables: give one column of each")
    z = _inputs.confidence_quantile(confidence)
    p1, p2 = x1 / n1, x2 / n2
    (low1, high1), (low2, high2) = _wilson(x1, n1, z), _wilson(x2, n2, z)
    between = {
        "difference": p1 - p2,
        "ci_low": p1 - p2 - np.hypot(p1 - low1, high2 - p2),
        "ci_high": p1 - p2 + np.hypot(high1 - p1, p2 - low2),
    }
    if x1.ndim == 0:
        return pd.Series(between, dtype=float)
    return pd.DataFrame(between, index=_inputs.aligned(**first, **second))


def rates(table, converted="converted", *, by=None, confidence=0.95):
    """Conversion rate with its Wilson interval, for each group of users.

    Parameters
    ----------
    table : DataFrame
        One row per user.
    converted : str, default "converted"
        The boolean column that says whether the user converted.
    by : str or list of str, optional
        Column or columns to group by. A missing value is a group of its own, so that the
        groups sum to the total. Without it there is one group, "all".
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    DataFrame
        One row per group, the group in the index: `n` (rows of the table) and `converted`
        (those of them that converted), `rate`, `ci_low` and `ci_high` (fractions).
        ``attrs["confidence"]`` repeats the confidence.

    Examples
    --------
    >>> users = pd.DataFrame({
    ...     "device": ["mobile", "mobile", "mobile", "desktop", "desktop"],
    ...     "converted": [False, True, False, True, True],
    ... })
    >>> rates(users, by="device").round(2)  # doctest: +NORMALIZE_WHITESPACE
             n  converted  rate  ci_low  ci_high
    device
    desktop  2          2  1.00    0.34     1.00
    mobile   3          1  0.33    0.06     0.79
    """
    keys = _inputs.names("by", by)
    _inputs.need_columns(table, [converted, *keys], "table")
    _inputs.need_rows(table, "table", "a rate of nobody is not a number")
    happened = _inputs.booleans(table[converted], converted)
    for key in keys:
        _inputs.need_hashable(table[key], key)
    groups = [table[key] for key in keys] or np.full(len(table), "all")
    counts = happened.groupby(groups, dropna=False, observed=True).agg(["size", "sum"])
    counts = counts.set_axis(["n", "converted"], axis=1).astype("int64")
    return _with_interval(counts, confidence)


def _with_interval(counts, confidence):
    """Add the rate and its interval to a table of `n` and `converted`."""
    low, high = wilson_interval(counts["converted"], counts["n"], confidence=confidence)
    table = counts.assign(rate=counts["converted"] / counts["n"], ci_low=low, ci_high=high)
    table.attrs["confidence"] = float(confidence)
    return table


def _wilson(x, n, z):
    centre = (x + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(x / n * (n - x) + z**2 / 4) / (n + z**2)
    # At the two extremes the algebra gives 0 and 1 exactly; rounding need not.
    return np.where(x == 0, 0.0, centre - half), np.where(x == n, 1.0, centre + half)


def _part_of(**given):
    """Check the two counts of a rate; return them as arrays, and how to dress the result."""
    return _inputs.part_of(
        "a rate of nobody is not a number; leave it out",
        "count users, not events, and the converted among the same users",
        **given,
    )


# ---------------------------------------------------------------- rates over time


def period_rate(events, start, end, *, freq="W", user="user_id", event="event", time="timestamp"):
    """Conversions of a period divided by the new users of the same period.

    It is quick and up to date, and it mixes people: those who convert this week mostly came in
    earlier weeks. When traffic jumps, the rate falls although nobody behaves differently; when
    traffic stops, it can exceed 1. `cohort_rate` follows the same people instead.

    Parameters
    ----------
    events : DataFrame
        The log, one row per event.
    start, end : str
        The event with which a user enters, and the one that counts as converted.
    freq : {"D", "W", "M", "Q", "Y"}, default "W"
        Length of a period: one day, week (Monday to Sunday), month, quarter or year.
    user, event, time : str
        Names of the columns.

    Returns
    -------
    DataFrame
        One row per period, in order, without gaps: `users` (whose first `start` falls into
        it), `converted` (users with an `end` in it) and `rate`, missing where nobody entered.
        There is no interval: the converted are not a part of the users who entered, so the
        rate is not a proportion and no binomial interval applies.

    Notes
    -----
    The first and the last period are often only partly covered by the log.

    Examples
    --------
    >>> from funnelkit.contract import example_events
    >>> period_rate(example_events(), "visit", "customer")  # doctest: +NORMALIZE_WHITESPACE
                           users  converted  rate
    period
    2026-03-02/2026-03-08      5          0   0.0
    2026-03-09/2026-03-15      2          2   1.0
    2026-03-16/2026-03-22      0          1   NaN
    """
    freq = _inputs.frequency("freq", freq)
    starts, ends = _entries_and_ends(events, start, end, user, event, time)
    entered = starts.dt.to_period(freq).value_counts()
    converted = ends["user"].groupby(ends["time"].dt.to_period(freq)).nunique()
    first = min(entered.index.min(), converted.index.min())
    last = max(entered.index.max(), converted.index.max())
    periods = pd.period_range(first, last, name="period")
    counts = pd.DataFrame({"users": entered, "converted": converted}).reindex(periods)
    counts = counts.fillna(0).astype("int64")
    return counts.assign(rate=counts["converted"] / counts["users"].where(counts["users"] > 0))


def cohort_rate(
    events,
    start,
    end,
    *,
    window,
    freq="W",
    observed_until=None,
    confidence=0.95,
    user="user_id",
    event="event",
    time="timestamp",
):
    """Of the users who entered in a period, the share that converted within the window.

    Parameters
    ----------
    events : DataFrame
        The log, one row per event.
    start, end : str
        The event with which a user enters (the first one counts), and the one that counts as
        converted, at or after the entry. Steps between them are not asked for.
    window : str or Timedelta
        How long after the entry a conversion still counts, inclusive: "30D".
    freq : {"D", "W", "M", "Q", "Y"}, default "W"
        Length of a period: one day, week (Monday to Sunday), month, quarter or year.
    observed_until : str or Timestamp, optional
        When the log ends; a date without a time means the end of that day. Users whose window
        is not over by then are left out: they may yet convert, and counting them makes recent
        cohorts look worse than they are. Without it nobody is left out.
    confidence : float, default 0.95
        Confidence of the interval.
    user, event, time : str
        Names of the columns.

    Returns
    -------
    DataFrame
        One row per period in which users entered, in order: `users`, `converted`, `rate`,
        `ci_low`, `ci_high`. ``attrs["left_out"]`` is the number of users left out.

    Raises
    ------
    ValueError
        If no user's window is over by the end of the log.

    See Also
    --------
    funnelkit.funnels.reach : the same for a funnel with steps between.

    Examples
    --------
    >>> from funnelkit.contract import example_events
    >>> table = cohort_rate(example_events(), "visit", "customer", window="7D")
    >>> table.round(2)  # doctest: +NORMALIZE_WHITESPACE
                           users  converted  rate  ci_low  ci_high
    period
    2026-03-02/2026-03-08      5          1   0.2    0.04     0.62
    2026-03-09/2026-03-15      2          1   0.5    0.09     0.91
    """
    window = _inputs.duration("window", window)
    freq = _inputs.frequency("freq", freq)
    starts, ends = _entries_and_ends(events, start, end, user, event, time)
    took = ends["time"] - starts.reindex(ends["user"]).to_numpy()
    converts = ends.loc[took.between(pd.Timedelta(0), window), "user"].unique()
    users = pd.DataFrame({"start": starts, "converted": starts.index.isin(converts)})
    left_out = 0
    if observed_until is not None:
        over = _window_is_over(users["start"], window, observed_until)
        left_out = int((~over).sum())
        users = users[over]
    cohorts = users.assign(period=users["start"].dt.to_period(freq))
    table = rates(cohorts, by="period", confidence=confidence).rename(columns={"n": "users"})
    table.attrs["left_out"] = left_out
    return table


def _window_is_over(entered, window, observed_until):
    """Return for each entry whether its whole window was watched."""
    end = _inputs.end_of_data("observed_until", observed_until)
    over = entered <= end - window
    if not over.any():
        length = str(window).removesuffix(" 00:00:00")
        raise ValueError(
            f"no user's window of {length} is over by observed_until, {observed_until}: give a "
            "shorter window, or wait"
        )
    return over


def _entries_and_ends(events, start, end, user, event, time):
    """Check a log; return each user's first `start`, and `user` and `time` of each `end`."""
    _inputs.need_columns(events, [user, event, time], "events")
    _inputs.need_hashable(events[event], event)
    for name in (start, end):
        _inputs.need_known(name, events[event].dropna().unique(), f"event in column {event!r}")
    if start == end:
        raise ValueError(f"start and end are both {start!r}: name two different events")
    log = pd.DataFrame(
        {
            "user": _inputs.ids(events[user], user),
            "time": _inputs.times(events[time], time),
            "event": events[event],
        }
    )
    starts = log[log["event"] == start].groupby("user", observed=True)["time"].min()
    return starts, log.loc[log["event"] == end, ["user", "time"]]


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="conversion_rate",
        formula=r"p = \frac{x}{n}",
        numerator="visitors who converted",
        denominator="all visitors",
        unit="share of visitors",
        window="as stated with the counts",
        function="funnelkit.metrics.conversion_rate",
        example=Example({"converted": 200, "visitors": 1000}, 200, 1000),
    ),
    Metric(
        name="rate_difference",
        formula=r"\frac{x_1}{n_1} - \frac{x_2}{n_2}",
        numerator="each group's converted times the other's size",
        denominator="the sizes of the two groups, multiplied",
        unit="difference of two shares of users",
        window="the same for both groups",
        function="funnelkit.metrics.difference",
        example=Example(
            {"converted_1": [56], "n_1": [70], "converted_2": [48], "n_2": [80]},
            56 * 80 - 48 * 70,
            70 * 80,
            (0, "difference"),
        ),
    ),
    Metric(
        name="period_rate",
        formula=r"\frac{x_t}{n_t}",
        numerator="users with the end event in period t",
        denominator="users whose first start is in period t",
        unit="conversions per new user; may exceed 1",
        window="the calendar period",
        function="funnelkit.metrics.period_rate",
        example=Example(
            {"events": "events", "start": "visit", "end": "customer", "freq": "W"},
            2,
            2,
            (pd.Period("2026-03-09", "W"), "rate"),
        ),
    ),
    Metric(
        name="cohort_rate",
        formula=r"\frac{x_c}{n_c}",
        numerator="those who convert within the window",
        denominator="users who entered in period c",
        unit="share of users who entered",
        window="from each user's entry",
        function="funnelkit.metrics.cohort_rate",
        example=Example(
            {"events": "events", "start": "visit", "end": "customer", "window": "7D"},
            1,
            5,
            (pd.Period("2026-03-02", "W"), "rate"),
        ),
    ),
)
