"""Rates, their intervals, money, and the contract that says what each metric means.

A rate is a fraction in [0, 1]: so many *converted* out of so many *visitors*. This module
computes it, puts an interval around it, and sets what came in against what was spent. It also
writes down for each metric of the course what is counted, over whom, in which unit and within
which window (`CONTRACT`).
"""

from __future__ import annotations

import difflib
import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
import pandas as pd

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
    x, n, like_input = _counts(converted, visitors)
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
    x, n, like_input = _counts(converted, visitors)
    z = _normal_quantile(confidence)
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
    x, n, like_input = _counts(converted, visitors)
    rate = x / n
    half = _normal_quantile(confidence) * np.sqrt(rate * (1 - rate) / n)
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
    _need_columns(table, [converted, *keys], "table")
    if table.empty:
        raise ValueError("the table has no rows: a rate of nobody is not a number")
    happened = _boolean(table[converted], converted)
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
    >>> table = cohort_rate(example_events(), "visit", "customer", window="7D")
    >>> table.round(2)  # doctest: +NORMALIZE_WHITESPACE
                           visitors  converted  rate  ci_low  ci_high
    period
    2026-03-02/2026-03-08         5          1   0.2    0.04     0.62
    2026-03-09/2026-03-15         2          1   0.5    0.09     0.91
    """
    window = _duration("window", window)
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
    _need_columns(events, [user, event, time], "events")
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
        _refuse(
            events[column].isna(), f"column {column!r} is missing", "fill or leave out these rows"
        )
    for name in (start, end):
        _need_one_of(name, events[event].dropna().unique(), f"event in column {event!r}")
    starts = events[events[event] == start].groupby(user)[time].min()
    return starts, events.loc[events[event] == end, [user, time]]


# ---------------------------------------------------------------- bootstrap by user


@dataclass(frozen=True)
class Bootstrap:
    """A statistic, its bootstrap interval, and the replicates behind it.

    Attributes
    ----------
    estimate : float
        The statistic of the table itself.
    low, high : float
        Ends of the interval.
    replicates : array of float, read-only
        The statistic of each resample.
    confidence : float
        Confidence of the interval.
    users : int
        How many users were drawn for each resample.
    method : str
        How the ends were found; "percentile": quantiles of the replicates.
    """

    estimate: float
    low: float
    high: float
    replicates: np.ndarray = field(repr=False, compare=False)
    confidence: float = 0.95
    users: int = 0
    method: str = "percentile"

    @property
    def standard_error(self):
        """Standard deviation of the replicates."""
        return float(np.std(self.replicates, ddof=1))

    def __repr__(self):
        return (
            f"Bootstrap(estimate={self.estimate:.4g}, low={self.low:.4g}, high={self.high:.4g}, "
            f"confidence={self.confidence:g}, method={self.method!r}, "
            f"n_resamples={len(self.replicates)}, users={self.users})"
        )


def bootstrap(table, statistic, *, user="user_id", n_resamples=1000, confidence=0.95, seed=None):
    """Interval of any statistic of a table, by resampling its users.

    Rows of one user are not independent: who came back five times is one person, not five.
    So users are drawn, with replacement and as many as there are, and each brings all of their
    rows along. Drawing single rows instead gives intervals that are too narrow.

    Parameters
    ----------
    table : DataFrame
        One or several rows a user.
    statistic : callable
        Takes a table such as `table` and returns a number.
    user : str, default "user_id"
        Column, or name of the index, that says whose row it is.
    n_resamples : int, default 1000
        How many times to draw.
    confidence : float, default 0.95
        Confidence of the interval.
    seed : int or numpy.random.Generator, optional
        The same seed and table give the same replicates, in whatever order the users stand.

    Returns
    -------
    Bootstrap
        With `estimate`, `low`, `high`, `replicates` and `standard_error`.

    Raises
    ------
    TypeError
        If `table` is no DataFrame, or `statistic` does not return a number.
    ValueError
        If the user column is not there or has missing values, the table has no rows, there
        are fewer than 2 resamples, or the statistic is missing or infinite for the table or
        for some resamples.

    Notes
    -----
    In a resample the users are numbered 0, 1, 2 … in the place of their ids, and the rows too:
    a user drawn twice is two users there, also for a statistic that groups by user.

    The interval is the percentile interval: with 95 %, from the 2.5 % to the 97.5 % quantile
    of the replicates. It needs a few dozen users at the least; for a plain rate of few users,
    `wilson_interval` is better.

    References
    ----------
    B. Efron (1979), "Bootstrap methods: another look at the jackknife", *The Annals of
    Statistics* 7(1).

    Examples
    --------
    >>> users = pd.DataFrame({"user_id": range(1000), "converted": np.arange(1000) < 200})
    >>> rate = bootstrap(users, lambda table: table["converted"].mean(), seed=1)
    >>> rate  # doctest: +NORMALIZE_WHITESPACE
    Bootstrap(estimate=0.2, low=0.177, high=0.225, confidence=0.95, method='percentile',
              n_resamples=1000, users=1000)
    """
    _normal_quantile(confidence)  # refuses what is no confidence
    if not isinstance(n_resamples, (int, np.integer)) or n_resamples < 2:
        raise ValueError(f"n_resamples is {n_resamples!r}: give a whole number of at least 2")
    draw, n_users = _user_sampler(table, user)
    estimate = _number(statistic(table))
    if not np.isfinite(estimate):
        raise ValueError(f"the statistic of the table is {estimate}: it must be a finite number")
    rng = np.random.default_rng(seed)
    replicates = np.array([_number(statistic(draw(rng))) for _ in range(n_resamples)])
    _refuse(
        ~np.isfinite(replicates),
        "the statistic is missing or infinite",
        "a small group may be absent from a resample; leave it out, or return a number then",
        unit="resamples",
    )
    replicates.setflags(write=False)
    tail = (1 - confidence) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return Bootstrap(estimate, float(low), float(high), replicates, float(confidence), n_users)


def _user_sampler(table, user):
    """Return a function that draws a table of as many users, and the number of users."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"table is a {type(table).__name__}: give a DataFrame")
    in_index = user not in table.columns and user == table.index.name
    if not in_index:
        _need_columns(table, [user], "table")
    if len(table) == 0:
        raise ValueError("the table has no rows: there is nobody to resample")
    ids = table.index if in_index else table[user]
    _refuse(ids.isna(), f"column {user!r} is missing", "fill or leave out these rows")
    codes, unique = pd.factorize(ids, sort=True)
    n = len(unique)
    rows = np.argsort(codes, kind="stable")  # the rows, user by user
    size = np.bincount(codes)
    first = np.cumsum(size) - size
    place = 0 if in_index else table.columns.get_loc(user)
    rest = table if in_index else table.drop(columns=user)

    def draw(rng):
        # floor(random * n), rather than rng.integers, whose stream may change between versions.
        drawn = np.floor(rng.random(n) * n).astype(np.intp)
        brings = size[drawn]
        number = np.repeat(np.arange(n), brings)
        nth_row = np.arange(len(number)) - np.repeat(np.cumsum(brings) - brings, brings)
        sample = rest.take(rows[first[drawn][number] + nth_row])
        if in_index:
            sample.index = pd.Index(number, name=user)
        else:
            sample.index = pd.RangeIndex(len(number))
            sample.insert(place, user, number)
        return sample

    return draw, n


def _number(value):
    """Return what a statistic returned as a float."""
    if isinstance(value, (pd.Timedelta, np.timedelta64)):
        raise TypeError("the statistic is a duration: divide it by pd.Timedelta('1D'), say")
    if not isinstance(value, (bool, int, float, np.number, np.bool_)):
        raise TypeError(f"the statistic returned a {type(value).__name__}: it must be one number")
    return float(value)


# ---------------------------------------------------------------- money


def roi_on_revenue(revenue, cost):
    r"""Return on investment, counted on revenue: the textbook's formula.

    It treats every euro that comes in as gained, although delivering what was sold costs money
    too. `roi_on_margin` counts what stays.

    Parameters
    ----------
    revenue : float, array or Series of float
        What customers paid, in EUR.
    cost : float, array or Series of float
        What was spent to win them, in EUR; above 0.

    Returns
    -------
    float, array or Series of float
        EUR gained for each EUR spent: 0 is break-even, 2 is 200 %, −1 is all lost.

    Raises
    ------
    TypeError
        If an amount is not a number.
    ValueError
        If an amount is missing, infinite or negative, the cost is 0, or two Series have
        different indexes.

    Notes
    -----
    .. math:: \mathrm{ROI} = \frac{R - C}{C}

    Examples
    --------
    >>> roi_on_revenue(30_000, 10_000)
    2.0
    """
    (revenue, cost), like_input = _amounts(revenue=revenue, cost=cost)
    _need_spending(cost)
    return like_input((revenue - cost) / cost)


def roi_on_margin(revenue, delivery, cost):
    r"""Return on investment, counted on gross margin: revenue less what delivering it cost.

    Parameters
    ----------
    revenue : float, array or Series of float
        What customers paid, in EUR.
    delivery : float, array or Series of float
        What delivering it cost, in EUR: teaching, goods, licences, payment fees.
    cost : float, array or Series of float
        What was spent to win the customers, in EUR; above 0.

    Returns
    -------
    float, array or Series of float
        EUR gained for each EUR spent: 0 is break-even, −1 is all lost, and below −1 is possible
        where delivery costs more than it brings.

    Raises
    ------
    TypeError
        If an amount is not a number.
    ValueError
        If an amount is missing, infinite or negative, the cost is 0, or Series have different
        indexes.

    Notes
    -----
    .. math:: \mathrm{ROI}_m = \frac{(R - D) - C}{C}

    Examples
    --------
    Of 30,000 earned, 11,400 went into the courses themselves:

    >>> roi_on_margin(30_000, 11_400, 10_000)
    0.86
    """
    (revenue, delivery, cost), like_input = _amounts(revenue=revenue, delivery=delivery, cost=cost)
    _need_spending(cost)
    return like_input((revenue - delivery - cost) / cost)


def roas(revenue, cost):
    r"""Return on advertising spend: revenue for each EUR of advertising.

    Parameters
    ----------
    revenue : float, array or Series of float
        What customers paid, in EUR.
    cost : float, array or Series of float
        What was spent on advertising, in EUR; above 0.

    Returns
    -------
    float, array or Series of float
        EUR of revenue for each EUR spent: always `roi_on_revenue` plus 1.

    Raises
    ------
    TypeError
        If an amount is not a number.
    ValueError
        If an amount is missing, infinite or negative, the cost is 0, or two Series have
        different indexes.

    Examples
    --------
    >>> roas(30_000, 10_000)
    3.0
    """
    (revenue, cost), like_input = _amounts(revenue=revenue, cost=cost)
    _need_spending(cost)
    return like_input(revenue / cost)


def cost_per(cost, reached):
    """Cost of each person who reached a stage: per visitor, per lead, per customer.

    Parameters
    ----------
    cost : float, array or Series of float
        What was spent, in EUR.
    reached : int, array or Series of int
        How many people it brought to the stage; at least 1.

    Returns
    -------
    float, array or Series of float
        EUR a person.

    Raises
    ------
    TypeError
        If a value is not a number.
    ValueError
        If an amount is missing, infinite or negative, a count is not whole, nobody reached the
        stage, or two Series have different indexes.

    Examples
    --------
    A thousand euros brought 400 visitors, of whom 40 became leads:

    >>> cost_per(1000, 400), cost_per(1000, 40)
    (2.5, 25.0)
    """
    (cost, reached), like_input = _amounts(cost=cost, reached=reached)
    _count("reached", reached)
    _refuse(
        reached == 0,
        "nobody reached the stage",
        "a cost per person of nobody is not a number; leave it out, and report the cost",
    )
    return like_input(cost / reached)


def cac(cost, customers, *, basis="blended"):
    """Return the customer acquisition cost over several channels: what winning a customer costs.

    Parameters
    ----------
    cost : Series of float, or mapping
        EUR spent in each channel; 0 for a channel that nobody pays for.
    customers : Series of int, or mapping
        Customers won in each channel, the same channels.
    basis : {"blended", "paid"}
        ``"blended"``: all cost over all customers. ``"paid"``: over the customers of the
        channels that cost money, which are fewer.

    Returns
    -------
    float
        EUR a customer.

    Raises
    ------
    TypeError
        If a value is not a number, or no channels are named.
    ValueError
        If the channels differ, a value is missing or negative, nothing was paid for although
        the basis is ``"paid"``, or there are no customers.

    See Also
    --------
    cost_per : channel by channel.

    Examples
    --------
    >>> cost, customers = {"ads": 3000, "direct": 0}, {"ads": 20, "direct": 10}
    >>> cac(cost, customers), cac(cost, customers, basis="paid")
    (100.0, 150.0)
    """
    if basis not in ("blended", "paid"):
        raise ValueError(f"basis is {basis!r}: give 'blended' or 'paid'")
    for name, values in (("cost", cost), ("customers", customers)):
        if not isinstance(values, (pd.Series, Mapping)):
            raise TypeError(
                f"{name} is a {type(values).__name__}: give a Series or dictionary by channel; "
                "for one channel, use cost_per(cost, customers)"
            )
    cost, customers = pd.Series(cost), pd.Series(customers)
    alone = sorted(set(map(str, cost.index.symmetric_difference(customers.index))))
    if alone:
        raise ValueError(
            f"only one of cost and customers has {', '.join(alone)}: give both for each channel, "
            "0 where there is none"
        )
    customers = customers.reindex(cost.index)
    (spent, won), _ = _amounts(cost=cost, customers=customers)
    _count("customers", customers)
    if basis == "paid":
        spent, won = spent[spent > 0], won[spent > 0]
        if not len(spent):
            raise ValueError("no channel costs anything: there is no paid acquisition cost")
    if won.sum() == 0:
        raise ValueError(
            "there are no customers: an acquisition cost of nobody is not a number; wait, or "
            "look at an earlier stage with cost_per"
        )
    return float(spent.sum() / won.sum())


def payback_months(acquisition_cost, monthly_margin):
    """Months until a customer has paid back what winning them cost.

    As if customers never left. Where some do, it takes longer, and the margin of those who stay
    has to pay for them as well.

    Parameters
    ----------
    acquisition_cost : float, array or Series of float
        EUR a customer.
    monthly_margin : float, array or Series of float
        Gross margin of a customer in a month, in EUR; above 0.

    Returns
    -------
    float, array or Series of float
        Months.

    Raises
    ------
    TypeError
        If an amount is not a number.
    ValueError
        If an amount is missing, infinite or negative, or the margin is 0, so that it is never
        paid back.

    Examples
    --------
    >>> payback_months(150, 25)
    6.0
    """
    (spent, margin), like_input = _amounts(
        acquisition_cost=acquisition_cost, monthly_margin=monthly_margin
    )
    _refuse(
        margin == 0,
        "monthly_margin is 0",
        "without a margin the cost is never paid back; leave it out",
    )
    return like_input(spent / margin)


def break_even_rate(cost_per_visitor, margin_per_customer):
    """Conversion rate at which the margin of the customers just pays for the visitors.

    Parameters
    ----------
    cost_per_visitor : float, array or Series of float
        EUR a visitor.
    margin_per_customer : float, array or Series of float
        Gross margin that a customer brings, in EUR, before the cost of winning them; above 0.

    Returns
    -------
    float, array or Series of float
        A fraction. Above 1 means that no rate is high enough: a visitor costs more than a
        customer brings.

    Raises
    ------
    TypeError
        If an amount is not a number.
    ValueError
        If an amount is missing, infinite or negative, or the margin is 0.

    Examples
    --------
    A visitor costs 3, a customer brings 150:

    >>> break_even_rate(3, 150)
    0.02
    """
    (spent, margin), like_input = _amounts(
        cost_per_visitor=cost_per_visitor, margin_per_customer=margin_per_customer
    )
    _refuse(
        margin == 0,
        "margin_per_customer is 0",
        "without a margin no rate breaks even; leave it out",
    )
    return like_input(spent / margin)


def marginal_returns(cost, returned):
    r"""Average and marginal return at rising levels of spending.

    The average says what all euros so far have brought, the marginal return what the last ones
    brought. Where a channel saturates the second is lower, and it alone says whether to spend
    more.

    Parameters
    ----------
    cost : Series of float, or array
        Levels of spending, in EUR for the same span of time, each higher than the one before.
    returned : Series of float, or array
        What came back at each level, in the same span: visitors, customers or EUR.

    Returns
    -------
    DataFrame
        One row a level: `cost`, `returned`; `average`, returned over cost; `marginal`, the
        rise in returned over the rise in cost since the level before, missing in the first row.

    Raises
    ------
    TypeError
        If a value is not a number.
    ValueError
        If there are fewer than two levels, a value is missing, infinite or negative, the first
        cost is 0, or the levels do not rise.

    Notes
    -----
    .. math:: \bar r_k = \frac{R_k}{C_k}, \qquad
              r_k = \frac{R_k - R_{k-1}}{C_k - C_{k-1}}

    It is a slope between two points, so it says something about the effect of money only where
    the levels were not chosen after demand; best by lot.

    Examples
    --------
    >>> marginal_returns([100, 200, 400], [50, 80, 100])
       cost  returned  average  marginal
    0   100        50     0.50       NaN
    1   200        80     0.40       0.3
    2   400       100     0.25       0.1
    """
    (spent, back), _ = _amounts(cost=cost, returned=returned)
    if spent.ndim != 1 or len(spent) < 2:
        raise ValueError("give at least two levels of spending: a slope needs two points")
    _need_spending(spent[0])
    fallen = np.flatnonzero(np.diff(spent) <= 0)
    if len(fallen):
        before, after = spent[fallen[0]], spent[fallen[0] + 1]
        raise ValueError(
            f"cost does not rise from {before:g} to {after:g}: sort the levels, and average "
            "those that are equal"
        )
    index = next((v.index for v in (cost, returned) if isinstance(v, pd.Series)), None)
    table = pd.DataFrame({"cost": cost, "returned": returned}, index=index)
    table["average"] = back / spent
    table["marginal"] = np.insert(np.diff(back) / np.diff(spent), 0, np.nan)
    return table


def sensitivity(result, base, changes):
    """How far a result moves when one input at a time goes to the ends of its attainable range.

    Parameters
    ----------
    result : callable
        Takes the inputs by name and returns a number, such as a profit.
    base : mapping of str to float
        The inputs as they are now.
    changes : mapping of str to (float, float)
        For each input that can be moved, how low and how high it can be brought: what is
        attainable, not the same percentage for all, since ten percent are easy for one input and
        out of reach for another.

    Returns
    -------
    DataFrame
        One row an input, the widest swing first: `low`, `high` (the input's range),
        `result_low`, `result_high` (the result there), `swing` (the distance of the two).
        ``attrs["base"]`` is the result of the inputs as they are.

    Raises
    ------
    TypeError
        If the result is not a number.
    ValueError
        If an input to be moved is not in the base, its range is upside down or does not hold
        the base's value, or a result is missing or infinite.

    Examples
    --------
    >>> def profit(visitors, rate, margin):
    ...     return visitors * rate * margin - 500
    >>> base = {"visitors": 1000, "rate": 0.02, "margin": 50}
    >>> sensitivity(profit, base, {"rate": (0.018, 0.03), "margin": (45, 52)})
              low   high  result_low  result_high  swing
    rate    0.018   0.03       400.0       1000.0  600.0
    margin 45.000  52.00       400.0        540.0  140.0
    """
    if not changes:
        raise ValueError("changes is empty: name the inputs that can be moved, and how far")
    rows = {}
    for name, ends in changes.items():
        _need_one_of(name, base, "input in base")
        low, high = ends
        if not low <= base[name] <= high:
            raise ValueError(
                f"the range of {name!r} is {low:g} to {high:g}, and it is now {base[name]:g}: "
                "give the lowest value first, and a range that holds the present one"
            )
        at_low, at_high = (_number(result(**{**base, name: end})) for end in (low, high))
        rows[name] = [low, high, at_low, at_high, abs(at_high - at_low)]
    names = ["low", "high", "result_low", "result_high", "swing"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(float)
    _refuse(
        ~np.isfinite(table["swing"]),
        "the result is missing or infinite",
        "narrow the range",
        index=table.index,
    )
    table = table.sort_values("swing", ascending=False, kind="stable")
    table.attrs["base"] = _number(result(**base))
    return table


# ---------------------------------------------------------------- the metric contract


@dataclass(frozen=True)
class Example:
    """A metric worked by hand.

    Attributes
    ----------
    arguments : mapping
        What the metric's function is called with. ``"events"`` stands for `example_events()`.
    numerator, denominator : number, or a tuple of numbers
        For a rate, the two counts. For a median, the sorted values and how many they are.
    where : tuple
        Row and column of the function's result in which the metric stands; empty when the
        result is the metric.
    """

    arguments: Mapping
    numerator: float | tuple
    denominator: float
    where: tuple = ()


@dataclass(frozen=True)
class Metric:
    """What a metric means: what is counted, over whom, in which unit and window.

    Attributes
    ----------
    name : str
        Its name, as in `CONTRACT`.
    formula : str
        LaTeX, without the dollar signs.
    numerator, denominator : str
        What is counted (or, for a median, ranked), and over whom.
    unit : str
        Unit of the result.
    window : str
        The time within which things must happen to count.
    function : str
        Dotted name of the function that computes it.
    example : Example
        Worked by hand; a test holds the function to it.
    """

    name: str
    formula: str
    numerator: str
    denominator: str
    unit: str
    window: str
    function: str
    example: Example = field(repr=False)

    def compute(self):
        """Run the function on the metric's example and return the result.

        Returns
        -------
        float
            In the unit of the metric; durations in days.

        Examples
        --------
        >>> CONTRACT["conversion_rate"].compute()
        0.2
        """
        module, _, name = self.function.rpartition(".")
        function = getattr(importlib.import_module(module), name)
        arguments = dict(self.example.arguments)
        if "events" in arguments:
            arguments["events"] = example_events()
        result = function(**arguments)
        if self.example.where:
            row, column = self.example.where
            result = result.loc[row, column]
        return result / pd.Timedelta("1D") if self.unit == "days" else float(result)


EXAMPLE_EVENTS = (
    # Seven people, one calendar week and a half; the first week is 2 to 8 March.
    ("ann", "visit", "2026-03-02 09:00"),
    ("ann", "lead", "2026-03-03 09:00"),
    ("ann", "opportunity", "2026-03-05 09:00"),
    ("ann", "customer", "2026-03-09 09:00"),
    ("ben", "visit", "2026-03-03 12:00"),
    ("ben", "lead", "2026-03-04 12:00"),
    ("ben", "opportunity", "2026-03-10 12:00"),
    ("cat", "visit", "2026-03-04 10:00"),
    ("cat", "lead", "2026-03-04 10:30"),
    ("dan", "visit", "2026-03-05 18:00"),
    ("gus", "visit", "2026-03-07 08:00"),
    ("gus", "lead", "2026-03-08 08:00"),
    ("gus", "opportunity", "2026-03-09 08:00"),
    ("gus", "customer", "2026-03-18 08:00"),
    ("eve", "visit", "2026-03-09 15:00"),
    ("eve", "lead", "2026-03-09 16:00"),
    ("eve", "opportunity", "2026-03-11 15:00"),
    ("eve", "customer", "2026-03-13 15:00"),
    ("fay", "visit", "2026-03-10 20:00"),
)


def example_events():
    """Return the small log of seven people on which the contract's examples are worked.

    Returns
    -------
    DataFrame
        Columns `user_id`, `event`, `timestamp`.

    Examples
    --------
    >>> example_events().head(4)
      user_id        event           timestamp
    0     ann        visit 2026-03-02 09:00:00
    1     ann         lead 2026-03-03 09:00:00
    2     ann  opportunity 2026-03-05 09:00:00
    3     ann     customer 2026-03-09 09:00:00
    """
    events = pd.DataFrame(EXAMPLE_EVENTS, columns=["user_id", "event", "timestamp"])
    return events.assign(timestamp=events["timestamp"].astype("datetime64[s]"))


_STEPS = ("visit", "lead", "opportunity", "customer")
_CAC = {"cost": {"ads": 3000, "direct": 0}, "customers": {"ads": 20, "direct": 10}}
_PEOPLE = pd.DataFrame({"born": [1980, 1980, 1991, 1992, None], "town": list("AAABB")})
_FUNNEL = {"events": "events", "steps": list(_STEPS), "window": "30D"}
_SCORED = {
    "score": [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0],
    "outcome": [True, False, True, True, False, False, False, True, False, False],
}
_AGAIN = {"frequency": 1, "r": 1, "alpha": 1, "a": 2, "b": 1}  # bought once again

CONTRACT = {
    metric.name: metric
    for metric in [
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
            name="step_rate",
            formula=r"p_k = \frac{n_k}{n_{k-1}}",
            numerator="users who reached step k, in order",
            denominator="users who reached the step before",
            unit="share of users of the step before",
            window="from the entry, the same for all steps",
            function="funnelkit.funnels.funnel",
            example=Example(_FUNNEL, 4, 5, ("opportunity", "step_rate")),
        ),
        Metric(
            name="overall_rate",
            formula=r"\frac{n_k}{n_1} = p_2 \cdots p_k",
            numerator="users who reached step k, in order",
            denominator="users who reached the first step",
            unit="share of users who entered",
            window="from the entry, the same for all steps",
            function="funnelkit.funnels.funnel",
            example=Example(_FUNNEL, 3, 7, ("customer", "overall_rate")),
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
        Metric(
            name="time_to_convert",
            formula=r"\mathrm{median}(t_k - t_1)",
            numerator="time from the entry to step k",
            denominator="users who reached step k",
            unit="days",
            window="from the entry, the same for all steps",
            function="funnelkit.funnels.time_to_convert",
            example=Example(_FUNNEL, (4, 7, 11), 3, ("visit → customer", "q50")),
        ),
        Metric(
            name="dwell_time",
            formula=r"\mathrm{median}(t_k - t_{k-1})",
            numerator="time since the step before",
            denominator="users who reached step k",
            unit="days",
            window="from the entry, the same for all steps",
            function="funnelkit.funnels.funnel",
            example=Example(_FUNNEL, (2, 4, 9), 3, ("customer", "median_time")),
        ),
        Metric(
            name="roi_on_revenue",
            formula=r"\frac{R - C}{C}",
            numerator="revenue less what winning the customers cost",
            denominator="what winning the customers cost",
            unit="EUR gained per EUR spent",
            window="of the revenue, from each acquisition",
            function="funnelkit.metrics.roi_on_revenue",
            example=Example({"revenue": 30_000, "cost": 10_000}, 20_000, 10_000),
        ),
        Metric(
            name="roi_on_margin",
            formula=r"\frac{(R - D) - C}{C}",
            numerator="revenue less delivery less acquisition cost",
            denominator="what winning the customers cost",
            unit="EUR gained per EUR spent",
            window="of the revenue, from each acquisition",
            function="funnelkit.metrics.roi_on_margin",
            example=Example({"revenue": 30_000, "delivery": 11_400, "cost": 10_000}, 8_600, 10_000),
        ),
        Metric(
            name="roas",
            formula=r"\frac{R}{C}",
            numerator="revenue",
            denominator="what was spent on advertising",
            unit="EUR of revenue per EUR spent",
            window="of the revenue, from each acquisition",
            function="funnelkit.metrics.roas",
            example=Example({"revenue": 30_000, "cost": 10_000}, 30_000, 10_000),
        ),
        Metric(
            name="cost_per_lead",
            formula=r"\frac{C}{n_{\mathrm{lead}}}",
            numerator="what was spent in the channel",
            denominator="leads of the channel",
            unit="EUR per lead",
            window="that of the funnel, for cost and leads",
            function="funnelkit.metrics.cost_per",
            example=Example({"cost": 1000, "reached": 40}, 1000, 40),
        ),
        Metric(
            name="cac_blended",
            formula=r"\frac{\sum_c C_c}{\sum_c n_c}",
            numerator="what was spent in all channels",
            denominator="customers of all channels, paid for or not",
            unit="EUR per customer",
            window="the same period for cost and customers",
            function="funnelkit.metrics.cac",
            example=Example(_CAC, 3000, 30),
        ),
        Metric(
            name="cac_paid",
            formula=r"\frac{\sum_c C_c}{\sum_{c: C_c > 0} n_c}",
            numerator="what was spent in all channels",
            denominator="customers of the channels that cost money",
            unit="EUR per customer",
            window="the same period for cost and customers",
            function="funnelkit.metrics.cac",
            example=Example({**_CAC, "basis": "paid"}, 3000, 20),
        ),
        Metric(
            name="payback_period",
            formula=r"\frac{\mathrm{CAC}}{m}",
            numerator="acquisition cost of a customer",
            denominator="gross margin of a customer in a month",
            unit="months",
            window="none: as if nobody ever left",
            function="funnelkit.metrics.payback_months",
            example=Example({"acquisition_cost": 150, "monthly_margin": 25}, 150, 25),
        ),
        Metric(
            name="break_even_rate",
            formula=r"\frac{c}{M}",
            numerator="cost of a visitor",
            denominator="gross margin of a customer",
            unit="share of visitors",
            window="that of the margin",
            function="funnelkit.metrics.break_even_rate",
            example=Example({"cost_per_visitor": 3, "margin_per_customer": 150}, 3, 150),
        ),
        Metric(
            name="marginal_return",
            formula=r"\frac{R_k - R_{k-1}}{C_k - C_{k-1}}",
            numerator="what came back more than at the level before",
            denominator="what was spent more than at the level before",
            unit="unit of the return per EUR",
            window="the same span for each level",
            function="funnelkit.metrics.marginal_returns",
            example=Example(
                {"cost": [100, 200, 400], "returned": [50, 80, 100]}, 30, 100, (1, "marginal")
            ),
        ),
        Metric(
            name="retention_rate",
            formula=r"\frac{\mathrm{kept}}{\mathrm{at\ start}}",
            numerator="of those at the start, who is still a customer",
            denominator="customers at the start of the period",
            unit="share of customers",
            window="the period",
            function="funnelkit.cohorts.retention_rate",
            example=Example({"kept": 170, "at_start": 200}, 170, 200),
        ),
        Metric(
            name="churn",
            formula=r"\frac{\mathrm{lost}}{\mathrm{at\ start}} = 1 - r",
            numerator="of those at the start, who has left",
            denominator="customers at the start of the period",
            unit="share of customers",
            window="the period",
            function="funnelkit.cohorts.churn_rate",
            example=Example({"lost": 30, "at_start": 200}, 30, 200),
        ),
        Metric(
            name="expected_lifetime",
            formula=r"\frac{1}{1 - r}",
            numerator="one period",
            denominator="churn rate, the same for all and at every age",
            unit="periods",
            window="without end",
            function="funnelkit.cohorts.expected_lifetime",
            example=Example({"retention": 0.75}, 1, 0.25),
        ),
        Metric(
            name="kaplan_meier",
            formula=r"\prod_{t_i \leq t} (1 - \frac{d_i}{n_i})",
            numerator="at each age, who stays; multiplied up",
            denominator="at each age, who is watched; multiplied up",
            unit="share of customers",
            window="from each customer's start to the age",
            function="funnelkit.cohorts.kaplan_meier",
            example=Example(
                {"duration": [1, 2, 2, 5], "observed": [True, True, False, False]},
                3 * 2,
                4 * 3,
                (2, "survival"),
            ),
        ),
        Metric(
            name="csat",
            formula=r"\frac{n_{4,5}}{n}",
            numerator="answers of 4 or 5",
            denominator="all answers, from 1 to 5",
            unit="share of those who answered",
            window="the survey",
            function="funnelkit.cohorts.csat",
            example=Example({"points": [5, 4, 4, 2, None]}, 3, 4, ("all", "csat")),
        ),
        Metric(
            name="nps",
            formula=r"100 \cdot \frac{n_{9,10} - n_{0 \ldots 6}}{n}",
            numerator="100 times: answers of 9 and 10 less 0 to 6",
            denominator="all answers, from 0 to 10",
            unit="points from −100 to 100",
            window="the survey",
            function="funnelkit.cohorts.nps",
            example=Example({"points": [10, 9, 9, 8, 3, None]}, 200, 5, ("all", "nps")),
        ),
        Metric(
            name="fault_share",
            formula=r"\frac{x}{n}",
            numerator="rows at fault by the rule named",
            denominator="all rows of the table",
            unit="share of rows",
            window="the export, or the week in a monitor",
            function="funnelkit.quality.report",
            example=Example({"table": _PEOPLE}, 1, 5, ("born missing", "share")),
        ),
        Metric(
            name="separation",
            formula=r"\frac{n_{>} + n_{=}/2}{n_1 n_0}",
            numerator="pairs put in order, ties by half",
            denominator="pairs of one who converted and one not",
            unit="share of pairs, 0.5 to 1",
            window="that of the outcome",
            function="funnelkit.quality.separation",
            example=Example(
                {"values": [3, 2, 2, 1], "outcome": [True, True, False, False]}, 3.5, 4
            ),
        ),
        Metric(
            name="recognisable_share",
            formula=r"\frac{x_{<k}}{n}",
            numerator="people in groups smaller than k",
            denominator="all people in the table",
            unit="share of people",
            window="the table as it is handed on",
            function="funnelkit.quality.generalise",
            example=Example(
                {"versions": {"exact": _PEOPLE}, "k": 2}, 3, 5, ("exact", "share_below")
            ),
        ),
        Metric(
            name="silhouette",
            formula=r"\frac{b_i - a_i}{\max(a_i, b_i)}",
            numerator="distance to the nearest other cluster, less own",
            denominator="the larger of the two distances",
            unit="from −1 to 1; quoted as the mean over cases",
            window="none; in the scaling of the clusters",
            function="funnelkit.segments.silhouette",
            example=Example(
                {"features": pd.DataFrame({"x": [0, 2, 10, 12]}), "labels": [0, 0, 1, 1]},
                9,
                11,
                (0, "silhouette"),
            ),
        ),
        Metric(
            name="adjusted_rand_index",
            formula=r"\frac{S - E}{(A + B)/2 - E}",
            numerator="pairs together in both, less those by chance",
            denominator="pairs together on average, less by chance",
            unit="1 for the same groups, 0 for chance",
            window="none; the same cases in both groupings",
            function="funnelkit.segments.agreement",
            example=Example({"one": [0, 0, 1, 1], "other": [0, 0, 1, 2]}, 4, 7),
        ),
        Metric(
            name="plan_value",
            formula=r"\sum_s \frac{n_s}{n} \bar{y}_{s,a(s)}",
            numerator="conversions if each segment got its action",
            denominator="all leads",
            unit="share of leads",
            window="that of the outcome, from each lead",
            function="funnelkit.segments.plan_value",
            example=Example(
                {
                    "table": pd.DataFrame(
                        {
                            "segment": ["young"] * 4 + ["old"] * 4,
                            "offer": ["none", "none", "gift", "gift"] * 2,
                            "converted": [False, False, True, True, True, False, False, False],
                        }
                    ),
                    "plan": {"young": "gift", "old": "none"},
                },
                6,
                8,
            ),
        ),
        Metric(
            name="precision",
            formula=r"\frac{b_t}{n_t}",
            numerator="leads named by the threshold who buy",
            denominator="leads named by the threshold",
            unit="share of the named leads",
            window="the outcome window, the same for all leads",
            function="funnelkit.scoring.threshold_table",
            example=Example(_SCORED, 3, 5, (0.5, "precision")),
        ),
        Metric(
            name="recall",
            formula=r"\frac{b_t}{b}",
            numerator="leads named by the threshold who buy",
            denominator="all leads who buy",
            unit="share of the buyers",
            window="the outcome window, the same for all leads",
            function="funnelkit.scoring.threshold_table",
            example=Example(_SCORED, 3, 4, (0.5, "recall")),
        ),
        Metric(
            name="lift",
            formula=r"\frac{b_d / n_d}{b / n}",
            numerator="rate of the best-scored share of the leads",
            denominator="rate of all leads",
            unit="times the rate of all leads",
            window="the outcome window, the same for all leads",
            function="funnelkit.scoring.gains_table",
            example=Example({**_SCORED, "depths": [0.5]}, 3 / 5, 4 / 10, (0.5, "lift")),
        ),
        Metric(
            name="cumulative_gains",
            formula=r"\frac{b_d}{b}",
            numerator="buyers in the best-scored share of the leads",
            denominator="all leads who buy",
            unit="share of the buyers",
            window="the outcome window, the same for all leads",
            function="funnelkit.scoring.gains_table",
            example=Example({**_SCORED, "depths": [0.5]}, 3, 4, (0.5, "gains")),
        ),
        Metric(
            name="brier_score",
            formula=r"\frac{1}{n} \sum_i (p_i - y_i)^2",
            numerator="squared differences, added up",
            denominator="leads",
            unit="squared probability; 0 is perfect",
            window="the outcome window, the same for all leads",
            function="funnelkit.scoring.brier_score",
            example=Example({"probability": [0.75, 0.25], "outcome": [True, False]}, 0.125, 2),
        ),
        Metric(
            name="hazard",
            formula=r"h_k = \frac{b_k}{n_k}",
            numerator="leads who buy in week k",
            denominator="leads watched in week k, not bought before",
            unit="share of those at risk, a week",
            window="the week",
            function="funnelkit.scoring.hazard_table",
            example=Example(
                {"weeks": [1, 2, 2, 1], "observed": [True, True, False, False]},
                1,
                2,
                (2, "hazard"),
            ),
        ),
        Metric(
            name="clv",
            formula=r"\sum_{t=1}^{T} \frac{m r^t}{(1 + d)^t} - A",
            numerator="expected margin, discounted, less winning cost",
            denominator="customers won",
            unit="EUR per customer, of the day of winning",
            window="T periods, or without end: say which",
            function="funnelkit.lifetime.clv",
            example=Example(
                {"margin": 600, "retention": 0.8, "periods": 2, "acquisition_cost": 64},
                80 * 600 + 64 * 600 - 100 * 64,
                100,
            ),
        ),
        Metric(
            name="clv_from_survival",
            formula=r"\sum_{t=0}^{T-1} \frac{S(t) m}{(1 + d)^t} - A",
            numerator="margin of those still there, by age, discounted",
            denominator="customers won",
            unit="EUR per customer, of the day of winning",
            window="T periods that the curve covers",
            function="funnelkit.lifetime.clv_from_survival",
            example=Example(
                {"survival": [1.0, 0.8, 0.6], "margin": 20},
                (100 + 80 + 60) * 20,
                100,
            ),
        ),
        Metric(
            name="margin_multiple",
            formula=r"\frac{r}{1 + d - r}",
            numerator="retention rate",
            denominator="one, plus discount rate, less retention rate",
            unit="margins of a period",
            window="without end; the first at the end of period 1",
            function="funnelkit.lifetime.margin_multiple",
            example=Example({"retention": 0.75, "discount": 0.25}, 0.75, 0.5),
        ),
        Metric(
            name="payback_with_churn",
            formula=r"\min\{k : V_k \geq A\}",
            numerator="periods until the value reaches the cost",
            denominator="an average customer, those who left counted in",
            unit="periods",
            window="as many as the value curve has",
            function="funnelkit.lifetime.payback_with_churn",
            example=Example(
                {
                    "value": pd.Series([20.0, 36.0, 48.0], index=[1, 2, 3]),
                    "acquisition_cost": 40,
                },
                3,
                1,
            ),
        ),
        Metric(
            name="lorenz_curve",
            formula=r"\frac{v_{(1)} + \cdots + v_{(k)}}{V}",
            numerator="what the k least valuable customers brought",
            denominator="what all customers brought",
            unit="share of the total",
            window="the same for each customer",
            function="funnelkit.lifetime.lorenz",
            example=Example({"values": [10, 60, 0, 20, 10]}, 40, 100, (4, "value")),
        ),
        Metric(
            name="probability_alive",
            formula=r"\frac{1}{1 + \mathrm{odds\ of\ having\ left}}",
            numerator="weight of 'still active' (1)",
            denominator="weights of 'still active' and 'has left'",
            unit="probability, by the BG/NBD model",
            window="on the day up to which purchases are known",
            function="funnelkit.lifetime.probability_alive",
            example=Example({**_AGAIN, "t_x": 1, "T": 3}, 1, 9),
        ),
        Metric(
            name="expected_purchases",
            formula=r"E[X(t) \mid x, t_x, T]",
            numerator="purchases expected of an active customer",
            denominator="weights of 'still active' and 'has left'",
            unit="purchases per customer, by BG/NBD",
            window="the horizon, from that day on",
            function="funnelkit.lifetime.expected_purchases",
            # The integral over p of (1 - 1 / (1 + p)**2) * 6 * (1 - p), from 0 to 1.
            example=Example(
                {**_AGAIN, "t_x": 1, "T": 1, "horizon": 2}, 6 * (0.5 - (1 - math.log(2))), 3
            ),
        ),
        Metric(
            name="expected_spend",
            formula=r"\frac{p (\gamma + x \bar z)}{p x + q - 1}",
            numerator="spent so far, and the model's prior amount",
            denominator="purchases so far, and the model's prior weight",
            unit="EUR per purchase, by Gamma-Gamma",
            window="repeat purchases so far",
            function="funnelkit.lifetime.expected_spend",
            example=Example(
                {"frequency": 2, "mean_amount": 40, "p": 6, "q": 4, "gamma": 15}, 570, 15
            ),
        ),
        Metric(
            name="mae",
            formula=r"\frac{\sum_i |\hat y_i - y_i|}{n}",
            numerator="sum of the absolute errors",
            denominator="customers",
            unit="purchases per customer",
            window="the test period",
            function="sklearn.metrics.mean_absolute_error",
            example=Example({"y_true": [0, 0, 1, 6], "y_pred": [0, 0, 1, 2]}, 4, 4),
        ),
        Metric(
            name="rmse",
            formula=r"\sqrt{\frac{\sum_i (\hat y_i - y_i)^2}{n}}",
            numerator="root of the sum of the squared errors",
            denominator="root of the number of customers",
            unit="purchases per customer",
            window="the test period",
            function="sklearn.metrics.root_mean_squared_error",
            example=Example({"y_true": [0, 0, 1, 6], "y_pred": [0, 0, 1, 2]}, 4, 2),
        ),
    ]
}


def contract(*names):
    """Return the metric contract as a table, to be read.

    Parameters
    ----------
    *names : str
        Which metrics; all of them when none is named.

    Returns
    -------
    DataFrame
        One row a metric: `formula` (typeset by a notebook), `numerator`, `denominator`,
        `unit`, `window`, `computed_by`.

    Raises
    ------
    ValueError
        If there is no metric of that name; the nearest one is named.

    Examples
    --------
    >>> contract("step_rate", "overall_rate")["denominator"]
    metric
    step_rate           users who reached the step before
    overall_rate         users who reached the first step
    Name: denominator, dtype: str
    """
    for name in names:
        _need_one_of(name, CONTRACT, "metric in the contract")
    rows = []
    for metric in [CONTRACT[name] for name in names or CONTRACT]:
        row, column = metric.example.where or ("", "")
        computed_by = metric.function.removeprefix("funnelkit.")
        rows.append(
            {
                "metric": metric.name,
                "formula": f"${metric.formula}$",
                "numerator": metric.numerator,
                "denominator": metric.denominator,
                "unit": metric.unit,
                "window": metric.window,
                "computed_by": computed_by + (f" → {column}" if column else ""),
            }
        )
    return pd.DataFrame(rows).set_index("metric")


# ---------------------------------------------------------------- checks of what comes in


def _normal_quantile(confidence):
    """Return z such that a standard normal lies within ±z with the given probability."""
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float, np.number)):
        raise TypeError(f"confidence is {confidence!r}: give a fraction such as 0.95")
    if not 0 < confidence < 1:
        raise ValueError(
            f"confidence is {confidence!r}: give a fraction between 0 and 1, such as 0.95"
        )
    return NormalDist().inv_cdf((1 + float(confidence)) / 2)


def _counts(converted, visitors):
    """Check two counts; return them as float arrays, and a function to dress the result."""
    indexes = [count.index for count in (converted, visitors) if isinstance(count, pd.Series)]
    if len(indexes) == 2 and not indexes[0].equals(indexes[1]):
        raise ValueError(
            "converted and visitors are Series with different indexes: "
            "take both from one table, or align them first"
        )
    index = indexes[0] if indexes else None
    x, n = _count("converted", converted), _count("visitors", visitors)
    if x.shape != n.shape and x.size != 1 and n.size != 1:
        raise ValueError(
            f"there are {x.size:,} values of converted and {n.size:,} of visitors: "
            "give as many of the one as of the other"
        )
    x, n = np.broadcast_arrays(x, n)
    _refuse(n == 0, "visitors is 0", "a rate of nobody is not a number; leave it out", index=index)
    _refuse(
        x > n,
        "converted is greater than visitors",
        "count users, not events, and the converted among the same visitors",
        x,
        n,
        index=index,
    )
    return x, n, _dress(index)


def _amounts(*, signed=(), **amounts):
    """Check amounts of money and the like; return them as arrays, and how to dress the result.

    Those named in `signed` may be negative.
    """
    indexes = {name: v.index for name, v in amounts.items() if isinstance(v, pd.Series)}
    first = next(iter(indexes.values()), None)
    for name, index in indexes.items():
        if not index.equals(first):
            raise ValueError(
                f"{next(iter(indexes))} and {name} are Series with different indexes: take both "
                "from one table, or align them first"
            )
    arrays = []
    for name, value in amounts.items():
        array = _numbers_of(name, value)
        remedy = "an amount is 0 or more; a loss shows in the result"
        below = (array < 0) & (name not in signed)
        _refuse(below, f"{name} is negative", remedy, array, index=indexes.get(name))
        _refuse(np.isinf(array), f"{name} is infinite", "leave it out", index=indexes.get(name))
        arrays.append(array)
    try:
        arrays = np.broadcast_arrays(*arrays)
    except ValueError:
        sizes = ", ".join(f"{a.size:,} of {n}" for n, a in zip(amounts, arrays, strict=True))
        raise ValueError(
            f"there are {sizes} values: give as many of the one as of the other"
        ) from None

    return arrays, _dress(first)


def _need_spending(cost):
    _refuse(cost == 0, "cost is 0", "a return on nothing is not a number; leave it out")


def _count(name, value):
    """Return counts as a float array, or say which of them are no counts."""
    index = value.index if isinstance(value, pd.Series) else None
    array = _numbers_of(name, value)
    _refuse(array < 0, f"{name} is negative", "a count is 0 or more", array, index=index)
    _refuse(
        (array != np.floor(array)) | np.isinf(array),
        f"{name} is not a whole number",
        "give counts, not rates or averages",
        array,
        index=index,
    )
    return array


def _numbers_of(name, value):
    """Return numbers as a float array, or say which of them are none."""
    if isinstance(value, pd.DataFrame):
        raise TypeError(f"{name} is a table: give one of its columns")
    array = np.asarray(value)
    kind = pd.api.types.infer_dtype(array.ravel(), skipna=True)
    if kind == "boolean":
        raise TypeError(f"{name} is boolean: give the count, its .sum()")
    if kind not in ("integer", "floating", "mixed-integer-float", "empty"):
        raise TypeError(f"{name} holds {kind} values: give numbers")
    array = np.where(pd.isna(array), np.nan, array).astype(float)
    index = value.index if isinstance(value, pd.Series) else None
    _refuse(np.isnan(array), f"{name} is missing", "fill or leave it out", index=index)
    return array


def _dress(index):
    """Return a function that gives an array the form of what came in."""

    def like_input(values):
        if index is not None:
            return pd.Series(values, index=index)
        return float(values) if np.ndim(values) == 0 else np.asarray(values)

    return like_input


def _boolean(column, name):
    """Return a column as plain booleans, or say why it is none."""
    missing = column.isna()
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind not in ("boolean", "empty") or missing.all():
        raise TypeError(
            f"column {name!r} holds {kind} values, not True and False: "
            f"say when a user has converted, e.g. table[{name!r}] > 0"
        )
    _refuse(missing, f"column {name!r} is missing", "decide for each: fill with False, or drop")
    return column.astype(bool)


def _duration(name, value):
    """Return a duration as a Timedelta, or say why it is none."""
    advice = "give a number with its unit, such as '7D'"
    if isinstance(value, (int, float, np.number)):
        raise TypeError(f"{name} is {value!r}, without a unit: {advice}")
    try:
        duration = pd.Timedelta(value)
    except (TypeError, ValueError):
        duration = pd.NaT
    if duration is pd.NaT:
        raise ValueError(f"{name} is {value!r}, not a duration: {advice}")
    if duration < pd.Timedelta(0):
        raise ValueError(f"{name} is {value!r}: it runs forward from the entry, so {advice}")
    return duration


def _need_columns(table, columns, what):
    """Say which columns a table lacks, and which it has that are named alike."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"{what} is a {type(table).__name__}: give a DataFrame")
    for column in columns:
        _need_one_of(column, list(table.columns), f"column in {what}")


def _need_one_of(name, known, what):
    """Raise ValueError if a name is not known, with the nearest one."""
    known = list(known)
    if name in known:
        return
    known = [str(each) for each in known]
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known) or 'none'}"
    raise ValueError(f"no {what} is called {name!r}: {hint}")


def _refuse(wrong, what, remedy, *values, index=None, unit="rows"):
    """Raise ValueError if any is wrong, with how many, the first of them, and the remedy."""
    wrong = np.asarray(wrong)
    if not wrong.any():
        return
    first = int(np.flatnonzero(wrong)[0])
    details = " of ".join(f"{np.ravel(value)[first]:.10g}" for value in values)
    if wrong.ndim:
        label = first if index is None else index[first]
        row = f"first: row {label!r}" if isinstance(label, str) else f"first: row {label}"
        what += f" in {wrong.sum():,} of {wrong.size:,} {unit}"
        details = f"{row}, {details}" if details else row
    raise ValueError(f"{what}{f' ({details})' if details else ''}: {remedy}")
