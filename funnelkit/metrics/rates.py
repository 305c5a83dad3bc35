"""Conversion rates and their intervals: overall, by period and by cohort."""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = [
    "METRICS",
    "cohort_rate",
    "conversion_rate",
    "period_rate",
    "rates",
    "wald_interval",
    "wilson_interval",
]

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

    Raises
    ------
    TypeError
        If a count is not a number (text, booleans).
    ValueError
        If a count is missing, negative or not whole, if there are no visitors, or if more
        converted than visited.

    Examples
    --------
    A thousand people saw the page, two hundred sent the form:

    >>> conversion_rate(200, 1000)
    0.2
    """
    x, n, like_input = _converted_of(converted, visitors)
    return like_input(x / n)


def wilson_interval(converted, visitors, *, confidence=0.95):
    r"""Wilson score interval of a conversion rate.

    It holds every true rate that a score test would not reject. It never leaves [0, 1], never
    has no width, and stays close to its nominal coverage for few visitors and for rates near 0
    or 1, where the textbook interval fails (see `wald_interval`).

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

    Raises
    ------
    TypeError
        If a count is not a number (text, booleans).
    ValueError
        If a count is missing, negative or not whole, if there are no visitors, if more
        converted than visited, or if `confidence` is not between 0 and 1.

    Notes
    -----
    With :math:`\hat p = x / n` and :math:`z` the normal quantile of the confidence (1.96 for
    95 %),

    .. math:: \frac{1}{1 + z^2/n} \left( \hat p + \frac{z^2}{2n}
              \pm z \sqrt{\frac{\hat p (1 - \hat p)}{n} + \frac{z^2}{4n^2}} \right)

    Visitors are taken to be independent. Where they are not (several rows a person), resample
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
    x, n, like_input = _converted_of(converted, visitors)
    z = _inputs.confidence_quantile(confidence)
    centre = (x + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(x * (n - x) / n + z**2 / 4) / (n + z**2)
    # At the two extremes the algebra gives 0 and 1 exactly; rounding need not.
    low = np.where(x == 0, 0.0, centre - half)
    high = np.where(x == n, 1.0, centre + half)
    return like_input(low), like_input(high)


def wald_interval(converted, visitors, *, confidence=0.95):
    r"""Compute the textbook interval of a rate, kept here to show where it fails.

    Do not use it: use `wilson_interval`. With few visitors, or a rate near 0 or 1, it leaves
    [0, 1], and when nobody converted it has no width, as though we were certain.

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

    Raises
    ------
    TypeError
        If a count is not a number (text, booleans).
    ValueError
        If a count is missing, negative or not whole, if there are no visitors, if more
        converted than visited, or if `confidence` is not between 0 and 1.

    Notes
    -----
    .. math:: \hat p \pm z \sqrt{\hat p (1 - \hat p) / n}

    References
    ----------
    L. D. Brown, T. T. Cai and A. DasGupta (2001), "Interval estimation for a binomial
    proportion", *Statistical Science* 16(2), on how its coverage fails.

    Examples
    --------
    Two of twenty, and an interval that reaches below nothing:

    >>> low, high = wald_interval(2, 20)
    >>> print(f"{low:.1%} to {high:.1%}")
    -3.1% to 23.1%
    """
    x, n, like_input = _converted_of(converted, visitors)
    rate = x / n
    half = _inputs.confidence_quantile(confidence) * np.sqrt(rate * (1 - rate) / n)
    return like_input(rate - half), like_input(rate + half)


def rates(table, converted="converted", *, by=None, confidence=0.95):
    """Conversion rate with its Wilson interval, for each group of users.

    Parameters
    ----------
    table : DataFrame
        One row a user.
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
        One row a group, the group in the index: `visitors` and `converted` (users), `rate`,
        `ci_low` and `ci_high` (fractions). ``attrs["confidence"]`` repeats the confidence.

    Raises
    ------
    TypeError
        If `table` is no DataFrame, or the column is not boolean.
    ValueError
        If a column is not in the table, the table has no rows, or the boolean column has
        missing values.

    Examples
    --------
    >>> users = pd.DataFrame({
    ...     "device": ["mobile", "mobile", "mobile", "desktop", "desktop"],
    ...     "converted": [False, True, False, True, True],
    ... })
    >>> rates(users, by="device").round(2)  # doctest: +NORMALIZE_WHITESPACE
             visitors  converted  rate  ci_low  ci_high
    device
    desktop         2          2  1.00    0.34     1.00
    mobile          3          1  0.33    0.06     0.79
    """
    keys = [] if by is None else [by] if isinstance(by, str) else list(by)
    _inputs.need_columns(table, [converted, *keys], "table")
    if table.empty:
        raise ValueError("the table has no rows: a rate of nobody is not a number")
    happened = _inputs.booleans(table[converted], converted)
    groups = [table[key] for key in keys] or np.full(len(table), "all")
    counts = happened.groupby(groups, dropna=False, observed=True).agg(["size", "sum"])
    counts = counts.set_axis(["visitors", "converted"], axis=1).astype("int64")
    return _with_interval(counts, confidence)


def _with_interval(counts, confidence):
    """Add the rate and its interval to a table of visitors and converted."""
    low, high = wilson_interval(counts["converted"], counts["visitors"], confidence=confidence)
    rate = counts["converted"] / counts["visitors"]
    table = counts.assign(rate=rate, ci_low=low, ci_high=high)
    table.attrs["confidence"] = float(confidence)
    return table


# ---------------------------------------------------------------- rates over time


def period_rate(events, start, end, *, freq="W", user="user_id", event="event", time="timestamp"):
    """Conversions of a period over the new users of the same period.

    It is quick and up to date, and it mixes people: those who convert this week mostly came in
    earlier weeks. When traffic jumps, the rate falls although nobody behaves differently; when
    traffic stops, it can exceed 1. `cohort_rate` follows the same people instead.

    Parameters
    ----------
    events : DataFrame
        The log, one row an event.
    start, end : str
        The event with which a user enters, and the one that counts as converted.
    freq : str, default "W"
        Length of a period, as `Series.dt.to_period` takes it: "D", "W" (Monday to Sunday), "M".
    user, event, time : str
        Names of the columns.

    Returns
    -------
    DataFrame
        One row a period, in order, without gaps: `visitors` (users whose first `start` falls
        into it), `converted` (users with an `end` in it) and `rate`, missing where nobody
        entered. There is no interval: the converted are not a part of the visitors, so the
        rate is not a proportion and no binomial interval applies.

    Raises
    ------
    TypeError
        If `events` is no DataFrame or the times are not times.
    ValueError
        If a column, an event, a user id or a time is missing, times have a time zone, or
        `start` and `end` are equal.

    Notes
    -----
    The first and the last period are often only partly covered by the log.

    Examples
    --------
    >>> from funnelkit.contract import example_events
    >>> period_rate(example_events(), "visit", "customer")  # doctest: +NORMALIZE_WHITESPACE
                           visitors  converted  rate
    period
    2026-03-02/2026-03-08         5          0   0.0
    2026-03-09/2026-03-15         2          2   1.0
    2026-03-16/2026-03-22         0          1   NaN
    """
    starts, ends = _entries_and_ends(events, start, end, user, event, time)
    visitors = starts.dt.to_period(freq).value_counts()
    converted = ends[user].groupby(ends[time].dt.to_period(freq)).nunique()
    first = min(visitors.index.min(), converted.index.min())
    last = max(visitors.index.max(), converted.index.max())
    periods = pd.period_range(first, last, name="period")
    counts = pd.DataFrame({"visitors": visitors, "converted": converted}).reindex(periods)
    counts = counts.fillna(0).astype("int64")
    return counts.assign(
        rate=counts["converted"] / counts["visitors"].where(counts["visitors"] > 0)
    )


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
        The log, one row an event.
    start, end : str
        The event with which a user enters (the first one counts), and the one that counts as
        converted, at or after the entry. Steps between them are not asked for.
    window : str or Timedelta
        How long after the entry a conversion still counts, inclusive: "30D".
    freq : str, default "W"
        Length of a period, as `Series.dt.to_period` takes it: "D", "W" (Monday to Sunday), "M".
    observed_until : str or Timestamp, optional
        When the log ends. Users whose window is not over by then are left out: they may yet
        convert, and counting them makes recent cohorts look worse than they are. Without it
        nobody is left out.
    confidence : float, default 0.95
        Confidence of the interval.
    user, event, time : str
        Names of the columns.

    Returns
    -------
    DataFrame
        One row a period in which users entered, in order: `visitors`, `converted`, `rate`,
        `ci_low`, `ci_high`. ``attrs["left_out"]`` is the number of users left out.

    Raises
    ------
    TypeError
        If `events` is no DataFrame, the times are not times, or `window` has no unit.
    ValueError
        If a column, an event, a user id or a time is missing, `start` and `end` are equal,
        times have a time zone, `window` is negative or no duration, or no user's window is
        over.

    See Also
    --------
    funnelkit.funnels.reach : the same for a funnel with steps between.

    Examples
    --------
    >>> from funnelkit.contract import example_events
    >>> table = cohort_rate(example_events(), "visit", "customer", window="7D")
    >>> table.round(2)  # doctest: +NORMALIZE_WHITESPACE
                           visitors  converted  rate  ci_low  ci_high
    period
    2026-03-02/2026-03-08         5          1   0.2    0.04     0.62
    2026-03-09/2026-03-15         2          1   0.5    0.09     0.91
    """
    window = _inputs.duration("window", window)
    starts, ends = _entries_and_ends(events, start, end, user, event, time)
    took = ends[time] - starts.reindex(ends[user]).to_numpy()
    converts = ends.loc[took.between(pd.Timedelta(0), window), user].unique()
    users = pd.DataFrame({"start": starts, "converted": starts.index.isin(converts)})
    left_out = 0
    if observed_until is not None:
        over = users["start"] + window <= pd.Timestamp(observed_until)
        left_out = int((~over).sum())
        users = users[over]
        if users.empty:
            raise ValueError(
                f"no user's window of {window} is over by {observed_until}: "
                "shorten the window, or wait"
            )
    table = rates(
        users.assign(period=users["start"].dt.to_period(freq)), by="period", confidence=confidence
    )
    table.attrs["left_out"] = left_out
    return table


def _entries_and_ends(events, start, end, user, event, time):
    """Check a log; return each user's first `start`, and the rows with `end`."""
    _inputs.need_columns(events, [user, event, time], "events")
    if start == end:
        raise ValueError(f"start and end are both {start!r}: name two different events")
    if not pd.api.types.is_datetime64_any_dtype(events[time]):
        raise TypeError(
            f"column {time!r} holds {events[time].dtype}, not times: convert with pd.to_datetime"
        )
    if getattr(events[time].dt, "tz", None) is not None:
        raise ValueError(
            f"column {time!r} has a time zone: "
            f"convert with .dt.tz_convert('UTC').dt.tz_localize(None)"
        )
    for column in (user, time):
        _inputs.refuse(
            events[column].isna(), f"column {column!r} is missing", "fill or leave out these rows"
        )
    for name in (start, end):
        _inputs.need_known(name, events[event].dropna().unique(), f"event in column {event!r}")
    starts = events[events[event] == start].groupby(user)[time].min()
    return starts, events.loc[events[event] == end, [user, time]]


def _converted_of(converted, visitors):
    """Check the two counts of a rate; return them as arrays, and how to dress the result."""
    return _inputs.part_of(
        "a rate of nobody is not a number; leave it out",
        "count users, not events, and the converted among the same visitors",
        converted=converted,
        visitors=visitors,
    )


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
