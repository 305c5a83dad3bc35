"""Who stays: retention and churn, and tables of cohorts.

Two settings are kept apart, since what can be seen in them differs.

*Subscriptions* have an end that is seen: a cancellation. `durations` turns their dates into how
long each was watched and whether its end was seen, `kaplan_meier` turns that into a survival
curve, `cohort_table` into the share of each cohort that is still there.

*Single purchases* have none: a customer who stays silent has left, or will come back. For these
`purchase_cohorts` shows which share of a cohort bought in each later period, and `retention` which
share of the users of a log came back; no function here says who has left; lesson 09 does, with a
model.

The functions of `funnelkit.survival` and `funnelkit.surveys` that lessons use can be called from
here as well. Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs, metrics, surveys, survival
from funnelkit.contract import Example, Metric
from funnelkit.surveys import csat, nps, nps_group
from funnelkit.survival import (
    ShiftedBetaGeometric,
    durations,
    kaplan_meier,
    mean_lifetime,
    survival_at,
)

__all__ = [
    "METRICS",
    "ShiftedBetaGeometric",
    "churn_rate",
    "cohort_table",
    "csat",
    "durations",
    "expected_lifetime",
    "kaplan_meier",
    "mean_lifetime",
    "nps",
    "nps_group",
    "purchase_cohorts",
    "retention",
    "retention_rate",
    "survival_at",
]


def __dir__():
    return __all__


# ---------------------------------------------------------------- one period

NOBODY = "a rate of nobody is not a number; leave it out"
OF_THOSE_THERE = "count only customers who were there at the start, not those who joined since"


def retention_rate(kept, at_start):
    r"""Share of the customers at the start of a period who are still customers at its end.

    Parameters
    ----------
    kept : int, array or Series of int
        How many of *those at the start* are still customers at the end. Customers who joined
        during the period do not count, or the rate could exceed 1.
    at_start : int, array or Series of int
        How many customers there were at the start; at least 1.

    Returns
    -------
    float, array or Series of float
        A fraction in [0, 1]; a Series, with its index, when a Series came in.

    Notes
    -----
    .. math:: r = \frac{\text{kept}}{\text{at start}}

    It is a share of people, so `metrics.wilson_interval` takes the same two counts.

    Examples
    --------
    Of 200 subscribers on 1 March, 170 still subscribe on 1 April; 60 new ones have come:

    >>> retention_rate(170, 200)
    0.85
    """
    kept, at_start, like_input = _inputs.part_of(
        NOBODY, OF_THOSE_THERE, kept=kept, at_start=at_start
    )
    return like_input(kept / at_start)


def churn_rate(lost, at_start):
    r"""Share of the customers at the start of a period who have left by its end.

    Parameters
    ----------
    lost : int, array or Series of int
        How many of *those at the start* have left by the end.
    at_start : int, array or Series of int
        How many customers there were at the start; at least 1.

    Returns
    -------
    float, array or Series of float
        A fraction in [0, 1]: one minus the retention rate of the same period.

    Examples
    --------
    >>> churn_rate(30, 200)
    0.15
    """
    lost, at_start, like_input = _inputs.part_of(
        NOBODY, OF_THOSE_THERE, lost=lost, at_start=at_start
    )
    return like_input(lost / at_start)


def expected_lifetime(retention):
    r"""Mean number of periods a customer stays, if every customer has the same constant rate.

    Both halves of that "if" matter. Where customers differ, those who leave easily leave first,
    the rate of those who remain rises with age, and the formula, fed with the rate of the first
    period, is far too low. `mean_lifetime` of a survival curve needs no such assumption.

    Parameters
    ----------
    retention : float, array or Series of float
        Retention rate of a period; at least 0 and below 1.

    Returns
    -------
    float, array or Series of float
        Periods of the same length as that of the rate, the first one included: 1 when nobody
        stays for a second.

    Notes
    -----
    A customer is there in period :math:`t = 0, 1, 2, \dots` with probability :math:`r^t`, so

    .. math:: E[T] = \sum_{t=0}^{\infty} r^t = \frac{1}{1 - r}

    Examples
    --------
    >>> print(f"{expected_lifetime(0.8):.1f}")
    5.0
    """
    rate, index = _inputs.numbers("retention", retention), _inputs.index_of(retention)
    _inputs.refuse(rate < 0, "retention is below 0", "give a fraction from 0", rate, index=index)
    remedy = "give a fraction below 1, such as 0.8 for 80 %; at 1 nobody ever leaves"
    _inputs.refuse(rate >= 1, "retention is 1 or more", remedy, rate, index=index)
    return _inputs.dress(index)(1 / (1 - rate))


# ---------------------------------------------------------------- cohort tables


def cohort_table(table, *, observed_until, start="started", end="ended", freq="M"):
    """Return the share of each cohort that is still there at each age: contracts, with an end.

    Parameters
    ----------
    table : DataFrame
        One row per contract.
    observed_until : str or Timestamp
        The last day that the data cover, to its end.
    start, end : str
        Columns with the day on which a contract began, and ended (missing while it runs).
    freq : {"M", "Q", "Y"}
        Length of the period in which a cohort starts.

    Returns
    -------
    DataFrame
        One row per cohort (`cohort`, a period), one column per age (`age`, complete months since
        each customer's own start): the share still there after that many months. 1 at age 0.
        Missing where not everybody of the cohort has been watched for so long: that future is
        not seen, which is not zero. ``attrs["customers"]`` holds the size of each cohort.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "started": pd.to_datetime(["2026-01-05", "2026-01-20", "2026-02-11"]),
    ...     "ended": pd.to_datetime(["2026-02-05", None, None]),
    ... })
    >>> cohort_table(table, observed_until="2026-04-15")
    age        0    1    2
    cohort
    2026-01  1.0  0.5  0.5
    2026-02  1.0  1.0  NaN
    """
    _inputs.need_columns(table, [start, end], "the table")
    _inputs.one_of("freq", freq, ("M", "Q", "Y"))
    _inputs.need_rows(table, "the table", "there are no customers to follow")
    length = durations(table[start], table[end], observed_until=observed_until)
    last_moment = _inputs.end_of_data("observed_until", observed_until)
    cohort = _inputs.times(table[start], start).dt.to_period(freq).rename("cohort")
    last_start = cohort.dt.end_time.dt.floor("D")
    whole = last_start <= last_moment  # else the cohort is still growing
    youngest = last_start.where(whole, last_moment.floor("D"))
    running = pd.Series(pd.NaT, index=youngest.index)
    ages = durations(youngest, running, observed_until=observed_until)["duration"]
    stays = length["duration"].where(length["observed"], np.inf)
    return _triangle(cohort, ages.where(whole, 0), lambda age: stays > age)


def purchase_cohorts(orders, *, observed_until, customer="customer_id", date="date", freq="M"):
    """Return the share of each cohort that bought in each later period: purchases, without an end.

    A customer who did not buy in a period has not left: the share may rise again. So this is not
    a retention rate, and no survival curve can be made of it.

    Parameters
    ----------
    orders : DataFrame
        One row per purchase. Several by one customer in a period count once.
    observed_until : str or Timestamp
        The last day that the data cover, to its end.
    customer, date : str
        Columns with the customer and the day of the purchase.
    freq : {"M", "Q", "Y", "W"}
        Length of the periods, for cohorts and for ages.

    Returns
    -------
    DataFrame
        One row per cohort (`cohort`, the calendar period of the first purchase), one column per
        age (`age`, periods since then): the share of the cohort that bought in that period. 1 at
        age 0. Missing where the period was not over by `observed_until`. ``attrs["customers"]``
        holds the size of each cohort.

    Examples
    --------
    >>> orders = pd.DataFrame({
    ...     "customer_id": ["a", "a", "b", "c", "c"],
    ...     "date": pd.to_datetime(
    ...         ["2026-01-05", "2026-03-01", "2026-01-09", "2026-02-11", "2026-03-20"]
    ...     ),
    ... })
    >>> purchase_cohorts(orders, observed_until="2026-03-31")
    age        0    1    2
    cohort
    2026-01  1.0  0.0  0.5
    2026-02  1.0  1.0  NaN
    """
    _inputs.need_columns(orders, [customer, date], "orders")
    _inputs.one_of("freq", freq, ("M", "Q", "Y", "W"))
    _inputs.need_rows(orders, "orders", "there are no customers to follow")
    end = _inputs.end_of_data("observed_until", observed_until)
    who = _inputs.ids(orders[customer], customer)
    number = _period_numbers(orders[date], date, end, freq)
    first = number.groupby(who).transform("min")
    last_over = _last_period_over(end, freq)
    once = pd.DataFrame({"customer": who, "age": number - first, "first": first})
    people = once.drop_duplicates("customer").set_index("customer")["first"]
    cohort = pd.PeriodIndex.from_ordinals(people, freq=freq).to_series(people.index)
    bought = once.drop_duplicates(["customer", "age"]).groupby("age")["customer"].agg(set)
    return _triangle(
        cohort.rename("cohort"),
        (last_over - people).clip(lower=0),
        lambda age: people.index.isin(list(bought.get(age, ()))),
    )


def _period_numbers(column, name, end, freq):
    """Return the period of each time, counted from a fixed one; none may lie in the future."""
    times = _inputs.times(column, name)
    remedy = "correct these rows, leave later ones out, or say how far the data reach"
    _inputs.not_after(name, times, end, remedy)
    return times.dt.to_period(freq).astype("int64")


def _last_period_over(end, freq):
    """Return the number of the last period that was over by the end of the data."""
    return (end + _inputs.LAST_MOMENT).to_period(freq).ordinal - 1


def _triangle(cohort, ages, active):
    """Return the share active by cohort and age, missing beyond each cohort's last seen age."""
    sizes = cohort.groupby(cohort).size()
    seen = ages.groupby(cohort).min()
    columns = {}
    for age in range(int(seen.max()) + 1):
        share = pd.Series(active(age), index=cohort.index).groupby(cohort).mean()
        columns[age] = share.where(seen >= age)
    table = pd.DataFrame(columns).rename_axis(index="cohort", columns="age")
    table[0] = 1.0
    table.attrs["customers"] = {str(name): int(size) for name, size in sizes.items()}
    return table


# ---------------------------------------------------------------- who came back to a log


def retention(
    events,
    *,
    observed_until,
    periods=7,
    freq="D",
    start=None,
    back=None,
    confidence=0.95,
    user="user_id",
    event="event",
    time="timestamp",
):
    r"""Return which share of the users of a log came back, by periods since their first.

    Parameters
    ----------
    events : DataFrame
        One row per event.
    observed_until : str or Timestamp
        The last day that the log covers, to its end.
    periods : int, default 7
        Up to how many periods later.
    freq : {"D", "W", "M", "Q", "Y"}
        Length of a period, of the calendar.
    start : str, optional
        Event with which a user begins; any event when not given.
    back : str, optional
        Event that counts as coming back; any event when not given.
    confidence : float, default 0.95
        Confidence of the intervals.
    user, event, time : str
        Names of the columns.

    Returns
    -------
    DataFrame
        Index `age`: 0, 1, …, `periods`, calendar periods since the one in which the user began.
        Columns: `users`, those whose period at that age was over by `observed_until`;
        `returned`, how many of them came back in it; `rate`, and its Wilson interval `ci_low`,
        `ci_high`. A user who came back at age 3 need not have come back at age 2, so the rate may
        rise.

    See Also
    --------
    purchase_cohorts : the same by cohort, for purchases.

    Notes
    -----
    ClickHouse's ``retention(cond1, cond2, …)`` returns an array for each user: the first value is
    1 if some event meets the first condition, value :math:`i` is 1 if some event meets the first
    condition *and* some event meets condition :math:`i`. Which of the two came first is not looked
    at. For users who began on one day,

    .. code-block:: sql

        SELECT sum(r[1]), sum(r[2]), sum(r[3]) FROM (
            SELECT retention(day = first, day = first + 1, day = first + 2) AS r
            FROM … GROUP BY user_id)

    gives `returned` at the ages 0, 1 and 2, as this function does; the function adds those who
    began on other days, each from their own first day, and leaves out whoever has not been
    watched until the end of that period.

    Examples
    --------
    >>> table = retention(metrics.example_events(), observed_until="2026-03-18", periods=3)
    >>> table[["users", "returned"]].T
    age       0  1  2  3
    users     7  7  7  7
    returned  7  3  2  1
    """
    _inputs.need_columns(events, [user, event, time], "events")
    _inputs.one_of("freq", freq, tuple(_inputs.FREQUENCIES))
    _inputs.need_rows(events, "events", "there are no users to follow")
    periods = _inputs.whole("periods", periods, at_most=10_000)
    end = _inputs.end_of_data("observed_until", observed_until)
    who, what = _inputs.ids(events[user], user), _inputs.ids(events[event], event)
    number = _period_numbers(events[time], time, end, freq)
    for name in (start, back):
        if name is not None:
            _inputs.need_known(name, what.unique(), "event")
    begins = slice(None) if start is None else (what == start).to_numpy(bool)
    first = number[begins].groupby(who[begins]).min()
    age = number - who.map(first)  # missing for users who never began
    counts_as = age >= 0 if back is None else (age >= 0) & (what == back).to_numpy(bool)
    seen = pd.DataFrame({"user": who[counts_as], "age": age[counts_as]}).drop_duplicates()
    ages = pd.RangeIndex(periods + 1, name="age")
    last = _last_period_over(end, freq) - first  # the greatest age that each is watched for
    watched = len(last) - np.searchsorted(np.sort(last.to_numpy()), ages.to_numpy())
    over = (seen["age"] <= seen["user"].map(last)).to_numpy(bool)
    returned = seen["age"][over].value_counts().reindex(ages, fill_value=0)
    table = pd.DataFrame({"users": watched, "returned": returned}, index=ages)
    return _with_rates(table, confidence)


def _with_rates(table, confidence):
    """Add rates and intervals; both are missing where nobody has been watched for so long."""
    some = table[table["users"] > 0]
    low, high = metrics.wilson_interval(some["returned"], some["users"], confidence=confidence)
    return table.assign(rate=some["returned"] / some["users"], ci_low=low, ci_high=high)


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="retention_rate",
        formula=r"\frac{\mathrm{kept}}{\mathrm{at\ start}}",
        numerator="customers at the start who are still customers",
        denominator="customers at the start of the period",
        unit="share of customers",
        window="the period",
        function="funnelkit.cohorts.retention_rate",
        example=Example({"kept": 170, "at_start": 200}, 170, 200),
    ),
    Metric(
        name="churn",
        formula=r"\frac{\mathrm{lost}}{\mathrm{at\ start}} = 1 - r",
        numerator="customers at the start who have left",
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
    *survival.METRICS,
    *surveys.METRICS,
)
