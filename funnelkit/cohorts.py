"""Who stays: retention and churn, cohort tables, survival curves, and what customers say.

Two settings are kept apart, since what can be seen in them differs.

*Subscriptions* have an end that is seen: a cancellation. `durations` turns their dates into how
long each was watched and whether its end was seen, `kaplan_meier` turns that into a survival
curve, `cohort_table` into the share of each cohort that is still there.

*Single purchases* have none: a customer who stays silent has left, or will come back. For these
`purchase_cohorts` shows which share of a cohort bought in each later period, and no function here
says who has left; lesson 09 does, with a model.

`csat` and `nps` summarise a survey of customers, and say how many of those asked did not answer.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs, surveys, survival
from funnelkit.contract import Example, Metric
from funnelkit.surveys import csat, nps, nps_group
from funnelkit.survival import (
    durations,
    kaplan_meier,
    mean_lifetime,
    need_no_future,
    need_times,
    survival_at,
    whole_months,
)

__all__ = [
    "METRICS",
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
    "retention_rate",
    "survival_at",
]

# ---------------------------------------------------------------- one period


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

    Raises
    ------
    TypeError
        If a count is not a number (text, booleans).
    ValueError
        If a count is missing, negative or not whole, if there were no customers, or if more
        were kept than there were.

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
    kept, at_start, like_input = _parts("kept", kept, at_start)
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

    Raises
    ------
    TypeError
        If a count is not a number (text, booleans).
    ValueError
        If a count is missing, negative or not whole, if there were no customers, or if more
        left than there were.

    Examples
    --------
    >>> churn_rate(30, 200)
    0.15
    """
    lost, at_start, like_input = _parts("lost", lost, at_start)
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

    Raises
    ------
    TypeError
        If a rate is not a number.
    ValueError
        If a rate is missing, below 0, or 1 or more: if nobody ever left there would be no end,
        and a percentage (80) is not a fraction (0.8).

    Notes
    -----
    A customer is there in period :math:`t = 0, 1, 2, \dots` with probability :math:`r^t`, so

    .. math:: E[T] = \sum_{t=0}^{\infty} r^t = \frac{1}{1 - r}

    Examples
    --------
    >>> print(f"{expected_lifetime(0.8):.1f}")
    5.0
    """
    rate = _inputs.numbers("retention", retention)
    index = retention.index if isinstance(retention, pd.Series) else None
    _inputs.refuse(rate < 0, "retention is below 0", "give a fraction", rate, index=index)
    remedy = "give a fraction below 1, such as 0.8 for 80 %; at 1 nobody ever leaves"
    _inputs.refuse(rate >= 1, "retention is 1 or more", remedy, rate, index=index)
    return _inputs.dress(index)(1 / (1 - rate))


# ---------------------------------------------------------------- cohort tables


def cohort_table(table, *, until, start="started", end="ended", freq="M"):
    """Share of each cohort that is still there at each age: contracts, whose end is seen.

    Parameters
    ----------
    table : DataFrame
        One row a contract.
    until : str or Timestamp
        The last day that the data cover.
    start, end : str
        Columns with the day on which a contract began, and ended (missing while it runs).
    freq : {"M", "Q", "Y"}
        Length of the period in which a cohort starts.

    Returns
    -------
    DataFrame
        One row a cohort (`cohort`, a period), one column an age (`age`, complete months since
        each customer's own start): the share still there after that many months. 1 at age 0.
        Missing where not everybody of the cohort has been watched for so long: that future is
        not seen, which is not zero. ``attrs["customers"]`` holds the size of each cohort.

    Raises
    ------
    TypeError
        If `table` is no DataFrame or a column holds no times.
    ValueError
        If columns are missing, there are no rows, or dates do not fit (see `durations`).

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "started": pd.to_datetime(["2026-01-05", "2026-01-20", "2026-02-11"]),
    ...     "ended": pd.to_datetime(["2026-02-05", None, None]),
    ... })
    >>> cohort_table(table, until="2026-04-15")
    age        0    1    2
    cohort
    2026-01  1.0  0.5  0.5
    2026-02  1.0  1.0  NaN
    """
    _inputs.need_columns(table, [start, end], "the table")
    _inputs.need_known(freq, ("M", "Q", "Y"), "freq")
    _need_rows(table)
    until = pd.Timestamp(until)
    length = durations(table[start], table[end], until=until)
    cohort = table[start].dt.to_period(freq).rename("cohort")
    last_start = cohort.dt.end_time.dt.floor("D")
    ages = whole_months(last_start.where(last_start <= until, until), until)
    stays = length["duration"].where(length["observed"], np.inf)
    return _triangle(cohort, ages.where(last_start <= until, 0), lambda age: stays > age)


def purchase_cohorts(log, *, until, customer="customer_id", date="date", freq="M"):
    """Share of each cohort that bought in each later period: purchases, whose end is not seen.

    A customer who did not buy in a period has not left: the share may rise again. So this is no
    retention rate, and no survival curve can be made of it.

    Parameters
    ----------
    log : DataFrame
        One row a purchase. Several by one customer in a period count once.
    until : str or Timestamp
        The last day that the data cover.
    customer, date : str
        Columns with the customer and the day of the purchase.
    freq : {"M", "Q", "Y", "W"}
        Length of the periods, for cohorts and for ages.

    Returns
    -------
    DataFrame
        One row a cohort (`cohort`, the calendar period of the first purchase), one column an
        age (`age`, periods since then): the share of the cohort that bought in that period. 1 at
        age 0. Missing where the period was not over by `until`. ``attrs["customers"]`` holds the
        size of each cohort.

    Raises
    ------
    TypeError
        If `log` is no DataFrame or the dates are no times.
    ValueError
        If columns are missing, there are no rows, a customer or a date is missing, or a date
        lies after `until`.

    Examples
    --------
    >>> log = pd.DataFrame({
    ...     "customer_id": ["a", "a", "b", "c", "c"],
    ...     "date": pd.to_datetime(
    ...         ["2026-01-05", "2026-03-01", "2026-01-09", "2026-02-11", "2026-03-20"]
    ...     ),
    ... })
    >>> purchase_cohorts(log, until="2026-03-31")
    age        0    1    2
    cohort
    2026-01  1.0  0.0  0.5
    2026-02  1.0  1.0  NaN
    """
    _inputs.need_columns(log, [customer, date], "the log")
    _inputs.need_known(freq, ("M", "Q", "Y", "W"), "freq")
    _need_rows(log)
    until = pd.Timestamp(until)
    need_times(log[date], date)
    for column in (customer, date):
        _inputs.refuse(log[column].isna(), f"column {column!r} is missing", "leave the row out")
    need_no_future(log[date], until, date)
    period = log[date].dt.to_period(freq)
    number = period.astype("int64")
    first = number.groupby(log[customer]).transform("min")
    last_over = (until + pd.Timedelta("1D")).to_period(freq).ordinal - 1
    once = pd.DataFrame({"customer": log[customer], "age": number - first, "first": first})
    people = once.drop_duplicates("customer").set_index("customer")["first"]
    cohort = pd.PeriodIndex.from_ordinals(people, freq=freq).to_series(people.index)
    bought = once.drop_duplicates(["customer", "age"]).groupby("age")["customer"].agg(set)
    return _triangle(
        cohort.rename("cohort"),
        (last_over - people).clip(lower=0),
        lambda age: people.index.isin(list(bought.get(age, ()))),
    )


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


# ---------------------------------------------------------------- checks of what comes in


def _parts(name, part, at_start):
    """Check a part of the customers at the start; return both, and how to dress the result."""
    series = [v.index for v in (part, at_start) if isinstance(v, pd.Series)]
    if len(series) == 2 and not series[0].equals(series[1]):
        raise ValueError(
            f"{name} and at_start are Series with different indexes: take both from one table, "
            "or align them first"
        )
    index = series[0] if series else None
    part, start = _inputs.count(name, part), _inputs.count("at_start", at_start)
    if part.shape != start.shape and part.size != 1 and start.size != 1:
        raise ValueError(
            f"there are {part.size:,} values of {name} and {start.size:,} of at_start: give as "
            "many of the one as of the other"
        )
    part, start = np.broadcast_arrays(part, start)
    remedy = "a rate of nobody is not a number; leave it out"
    _inputs.refuse(start == 0, "at_start is 0", remedy, index=index)
    remedy = "count only customers who were there at the start, not those who joined since"
    _inputs.refuse(
        part > start, f"{name} is greater than at_start", remedy, part, start, index=index
    )
    return part, start, _inputs.dress(index)


def _need_rows(table):
    if table.empty:
        raise ValueError("the table has no rows: there are no customers to follow")


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
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
    *survival.METRICS,
    *surveys.METRICS,
)
