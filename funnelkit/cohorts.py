"""Who stays: retention and churn, cohort tables, survival curves, and what customers say.

Two settings are kept apart, since what can be seen in them differs.

*Subscriptions* have an end that is seen: a cancellation. `durations` turns their dates into how
long each was watched and whether its end was seen, `kaplan_meier` turns that into a survival
curve, `cohort_table` into the share of each cohort that is still there.

*Single purchases* have none: a customer who stays silent has left, or will come back. For these
`purchase_cohorts` shows which share of a cohort bought in each later period, and no function here
says who has left; lesson 06 does, with a model.

`csat` and `nps` summarise a survey of customers, and say how many of those asked did not answer.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelkit import metrics

__all__ = [
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
    rate = metrics._numbers_of("retention", retention)
    index = retention.index if isinstance(retention, pd.Series) else None
    metrics._refuse(rate < 0, "retention is below 0", "give a fraction", rate, index=index)
    remedy = "give a fraction below 1, such as 0.8 for 80 %; at 1 nobody ever leaves"
    metrics._refuse(rate >= 1, "retention is 1 or more", remedy, rate, index=index)
    return metrics._dress(index)(1 / (1 - rate))


# ---------------------------------------------------------------- subscriptions: how long


def durations(started, ended, *, until, unit="month"):
    """How long each customer was watched, and whether the end was seen.

    Parameters
    ----------
    started : Series of datetime
        When each contract began.
    ended : Series of datetime
        When it ended; missing while it runs.
    until : str or Timestamp
        The last day that the data cover. What runs is watched until then; nothing may begin or
        end after it.
    unit : {"month", "week", "day"}
        Unit of the durations. Only complete units count: a contract of seven weeks that is
        looked at by the month has lasted one.

    Returns
    -------
    DataFrame
        One row a contract, with the index of `started`: `duration`, a whole number of units,
        and `observed`, True if the end was seen. Where it was not, the duration is *censored*:
        the contract lasted at least so long.

    Raises
    ------
    TypeError
        If `started` or `ended` is no Series of times.
    ValueError
        If the two have different indexes, a start is missing, an end lies before its start, a
        date lies after `until`, times have a time zone, or the unit is none of the three.

    Notes
    -----
    Months are calendar months: from 31 January, one month is complete on the last day of
    February.

    Examples
    --------
    >>> started = pd.Series(pd.to_datetime(["2026-01-10", "2026-01-31", "2026-06-20"]))
    >>> ended = pd.Series(pd.to_datetime(["2026-04-10", None, None]))
    >>> durations(started, ended, until="2026-06-30")
       duration  observed
    0         3      True
    1         5     False
    2         0     False
    """
    metrics._need_one_of(unit, ("month", "week", "day"), "unit")
    until = pd.Timestamp(until)
    _need_times(started, "started")
    _need_times(ended, "ended")
    if not started.index.equals(ended.index):
        raise ValueError(
            "started and ended have different indexes: take both from one table, or align them"
        )
    metrics._refuse(started.isna(), "started is missing", "fill or leave it out")
    for name, dates in (("started", started), ("ended", ended)):
        _need_no_future(dates, until, name)
    negative = ended < started
    if negative.any():
        place = negative.to_numpy().argmax()
        raise ValueError(
            f"ended is before started in {negative.sum():,} of {len(negative):,} rows (first: row "
            f"{started.index[place]}, {started.iloc[place]:%Y-%m-%d} to "
            f"{ended.iloc[place]:%Y-%m-%d}), a negative duration: mend or leave them out"
        )
    last = ended.fillna(until)
    if unit == "month":
        length = _whole_months(started, last)
    else:
        length = (last - started) // pd.Timedelta(1, unit={"week": "W", "day": "D"}[unit])
    return pd.DataFrame({"duration": length.astype("int64"), "observed": ended.notna()})


def kaplan_meier(duration, observed, *, by=None, confidence=0.95):
    r"""Survival curve from durations of which some are censored.

    At each time at which somebody left, the share of those who were still watched and did not
    leave; the shares are multiplied up. Who is censored counts among those watched until then
    and is not held to have left. It is right if being censored says nothing about leaving, as
    when it only comes from having started late.

    Parameters
    ----------
    duration : Series or array of numbers
        How long each customer was watched, in any unit; 0 or more. See `durations`.
    observed : Series or array of bool
        True if the customer was seen to leave at that time, False if censored.
    by : Series or array, optional
        A group for each customer: one curve a group. A missing value is a group of its own.
    confidence : float, default 0.95
        Confidence of the interval, at each time by itself.

    Returns
    -------
    DataFrame
        Index `time`: 0 and each duration that occurs, in order; with `by`, below an outer level
        with the group. Columns: `at_risk`, how many were watched just before; `events`, how many
        left then; `censored`, how many were last seen then; `survival`, the share still there
        after that time; `std_error`, Greenwood's; `ci_low`, `ci_high`. The first row is time 0
        with survival 1. ``attrs["interval"]`` says which interval it is.

    Raises
    ------
    TypeError
        If durations are no numbers or `observed` is not boolean.
    ValueError
        If there are no customers, lengths or indexes differ, a value is missing, a duration is
        negative or infinite, or an end was seen at duration 0.

    Notes
    -----
    With :math:`d_i` leaving of :math:`n_i` at risk at time :math:`t_i`,

    .. math:: \hat S(t) = \prod_{t_i \le t} \left( 1 - \frac{d_i}{n_i} \right), \qquad
              \widehat{\mathrm{var}}\, \hat S(t) = \hat S(t)^2
              \sum_{t_i \le t} \frac{d_i}{n_i (n_i - d_i)}

    The second is Greenwood's formula. The interval is the *log-log* one ("exponential
    Greenwood"): symmetric on the scale of :math:`\log(-\log S)`, so it never leaves [0, 1]. It
    is :math:`\hat S^{\exp(\pm z s)}` with :math:`s = \sqrt{\sum d_i / (n_i (n_i - d_i))} / |\log
    \hat S|`. Before the first event it has no width, and once nobody is left there is neither
    standard error nor interval. Who leaves and who is censored at the same time are both at
    risk at that time.

    References
    ----------
    E. L. Kaplan and P. Meier (1958), "Nonparametric estimation from incomplete observations",
    *JASA* 53. The log-log interval is the one of `lifelines.KaplanMeierFitter`.

    Examples
    --------
    Four customers: left after 1 month, left after 2, still there after 2, still there after 5.

    >>> curve = kaplan_meier([1, 2, 2, 5], [True, True, False, False])
    >>> curve[["at_risk", "events", "censored", "survival"]]
          at_risk  events  censored  survival
    time
    0           4       0         0      1.00
    1           4       1         0      0.75
    2           3       1         1      0.50
    5           1       0         1      0.50
    """
    z = metrics._normal_quantile(confidence)
    time, left, group = _lifetimes(duration, observed, by)
    if group is None:
        curve = _curve(time, left, z)
    else:
        names = group.drop_duplicates().sort_values(kind="stable", na_position="last")
        curves = {}
        for name in names:
            mine = (group.isna() if pd.isna(name) else group == name).to_numpy()
            curves[name] = _curve(time[mine], left[mine], z)
        outer = by.name if isinstance(by, pd.Series) and by.name is not None else "group"
        curve = pd.concat(curves, names=[outer])
    curve.attrs = {"confidence": float(confidence), "interval": "log-log (exponential Greenwood)"}
    return curve


def _curve(time, left, z):
    """Return the Kaplan–Meier table of one group."""
    times, place = np.unique(np.append(0, time), return_inverse=True)
    gone_at, silent_at = place[1:][left], place[1:][~left]
    events, censored = (np.bincount(at, minlength=len(times)) for at in (gone_at, silent_at))
    at_risk = len(time) - np.append(0, np.cumsum(events + censored)[:-1])
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events))))
        factor = np.where(survival == 1, 1.0, np.exp(z * spread / np.abs(np.log(survival))))
        low, high = survival**factor, survival ** (1 / factor)
    gone = survival == 0
    return pd.DataFrame(
        {
            "at_risk": at_risk,
            "events": events,
            "censored": censored,
            "survival": survival,
            "std_error": np.where(gone, np.nan, survival * np.where(gone, 0, spread)),
            "ci_low": np.where(gone, np.nan, low),
            "ci_high": np.where(gone, np.nan, high),
        },
        index=pd.Index(times, name="time"),
    )


def survival_at(curve, time):
    """Read a survival curve at a time: the row that holds there.

    Parameters
    ----------
    curve : DataFrame
        What `kaplan_meier` returns, with or without groups.
    time : number
        When, in the unit of the durations; not beyond the last time of a curve, unless nobody is
        left there.

    Returns
    -------
    Series, or DataFrame with one row a group
        `survival`, `std_error`, `ci_low`, `ci_high`.

    Raises
    ------
    TypeError
        If `curve` is no DataFrame or the time no number.
    ValueError
        If the time is negative, or lies where a curve has not been seen.

    Examples
    --------
    >>> curve = kaplan_meier([1, 2, 2, 5], [True, True, False, False])
    >>> float(survival_at(curve, 4)["survival"])
    0.5
    """
    columns = ["survival", "std_error", "ci_low", "ci_high"]
    metrics._need_columns(curve, columns, "the curve")
    _need_seen(curve, "time", time, lowest=0)
    if curve.index.nlevels > 1:
        groups = curve.groupby(level=0, dropna=False, sort=False)
        table = groups[columns].apply(lambda rows: survival_at(rows.droplevel(0), time))
        return table.rename_axis(columns=None)
    return curve.loc[curve.index <= time, columns].iloc[-1]


def mean_lifetime(curve, *, until):
    r"""Mean time that a customer stays within a horizon: the area under the survival curve.

    Without a horizon the mean depends on the tail of the curve, which nobody has seen; with one
    it needs no assumption about the shape of the curve.

    Parameters
    ----------
    curve : DataFrame
        What `kaplan_meier` returns, with or without groups.
    until : number
        The horizon, in the unit of the durations; not beyond the last time of the curve, unless
        nobody is left there.

    Returns
    -------
    float, or Series of float with the groups in its index
        Mean time within the horizon, in the unit of the durations. Time beyond it is not
        counted, so this is never more than `until`, and less than the whole mean.

    Raises
    ------
    TypeError
        If `curve` is no DataFrame or the horizon no number.
    ValueError
        If the horizon is not above 0, or lies where a curve has not been seen.

    Notes
    -----
    .. math:: \int_0^\tau \hat S(t)\, dt

    It is also called the restricted mean survival time.

    Examples
    --------
    >>> curve = kaplan_meier([1, 2, 2, 5], [True, True, False, False])
    >>> mean_lifetime(curve, until=4)
    2.75
    """
    metrics._need_columns(curve, ["survival"], "the curve")
    _need_seen(curve, "until", until, lowest=1e-12)
    if curve.index.nlevels > 1:
        groups = curve.groupby(level=0, dropna=False, sort=False)
        return groups.apply(lambda rows: mean_lifetime(rows.droplevel(0), until=until))
    inside = curve.index[curve.index < until].to_numpy(float)
    heights = curve["survival"].to_numpy()[: len(inside)]
    return float((heights * np.diff(np.append(inside, until))).sum())


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
    metrics._need_columns(table, [start, end], "the table")
    metrics._need_one_of(freq, ("M", "Q", "Y"), "freq")
    _need_rows(table)
    until = pd.Timestamp(until)
    length = durations(table[start], table[end], until=until)
    cohort = table[start].dt.to_period(freq).rename("cohort")
    last_start = cohort.dt.end_time.dt.floor("D")
    ages = _whole_months(last_start.where(last_start <= until, until), until)
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
    metrics._need_columns(log, [customer, date], "the log")
    metrics._need_one_of(freq, ("M", "Q", "Y", "W"), "freq")
    _need_rows(log)
    until = pd.Timestamp(until)
    _need_times(log[date], date)
    for column in (customer, date):
        metrics._refuse(log[column].isna(), f"column {column!r} is missing", "leave the row out")
    _need_no_future(log[date], until, date)
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


# ---------------------------------------------------------------- what customers say


def csat(points, *, by=None, satisfied=4, confidence=0.95):
    """Share of those who answered who are satisfied: the customer satisfaction score.

    Parameters
    ----------
    points : Series of numbers
        Answers from 1 (very dissatisfied) to 5 (very satisfied), one for each customer asked;
        missing where there was no answer.
    by : Series, optional
        A group for each customer.
    satisfied : int, default 4
        The lowest answer that counts as satisfied, from 2 to 5.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    DataFrame
        One row a group, or "all": `asked`, `answered`, `response_rate`, `satisfied` (how many),
        `csat` (a fraction), and its Wilson interval `ci_low`, `ci_high`.

    Raises
    ------
    TypeError
        If the answers are no numbers.
    ValueError
        If an answer is not a whole number from 1 to 5, a group has no answer at all, or
        `satisfied` is none of 2, 3, 4 and 5.

    Notes
    -----
    The interval says how far chance may have moved the score of *those who answer*. It knows
    nothing of those who do not: see `response_rate`.

    Examples
    --------
    >>> csat(pd.Series([5, 4, 2, None, None])).round(2)
         asked  answered  response_rate  satisfied  csat  ci_low  ci_high
    all      5         3            0.6          2  0.67    0.21     0.94
    """
    if satisfied not in (2, 3, 4, 5):
        raise ValueError(
            f"satisfied is {satisfied!r}: give the lowest answer that counts as satisfied, 2 to 5"
        )
    answers, groups = _answers("csat", points, 1, 5, by)
    table = _asked(answers, groups)
    table["satisfied"] = (answers >= satisfied).groupby(groups, dropna=False).sum()
    table["csat"] = table["satisfied"] / table["answered"]
    low, high = metrics.wilson_interval(
        table["satisfied"], table["answered"], confidence=confidence
    )
    return table.assign(ci_low=low, ci_high=high)


def nps(points, *, by=None, confidence=0.95):
    r"""Net promoter score: the percentage of answers 9 and 10 less the percentage of 0 to 6.

    Parameters
    ----------
    points : Series of numbers
        Answers from 0 to 10 on how likely one is to recommend, one for each customer asked;
        missing where there was no answer.
    by : Series, optional
        A group for each customer.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    DataFrame
        One row a group, or "all": `asked`, `answered`, `response_rate`, `promoters`,
        `passives`, `detractors` (how many), `nps` and its interval `ci_low`, `ci_high`, in
        points from −100 to 100.

    Raises
    ------
    TypeError
        If the answers are no numbers.
    ValueError
        If an answer is not a whole number from 0 to 10, or a group has no answer at all.

    Notes
    -----
    With shares :math:`p` of promoters and :math:`q` of detractors among :math:`n` answers,

    .. math:: \mathrm{NPS} = 100\,(p - q), \qquad
              \mathrm{se} = 100 \sqrt{\frac{p + q - (p - q)^2}{n}}

    The interval is the adjusted Wald one: that of the same data with three imaginary answers
    more, ¾ of a promoter, 1½ passive and ¾ of a detractor, cut off at ±100 and stretched to hold
    the score itself. Without these it is too short for few answers, and has no width when all
    agree. It takes each answer to be another customer's; where customers answer several times,
    resample customers with `metrics.bootstrap`.

    References
    ----------
    F. F. Reichheld (2003), "The one number you need to grow", *Harvard Business Review* 81(12).
    B. Rocks (2016), "Interval estimation for the 'Net Promoter Score'", *The American
    Statistician* 70(4), finds this interval among the best.

    Examples
    --------
    Ten answers: five promoters, three passives, two detractors. 50 % less 20 % is 30:

    >>> answers = pd.Series([10, 10, 9, 9, 9, 8, 7, 7, 6, 2])
    >>> nps(answers)[["promoters", "detractors", "nps", "ci_low", "ci_high"]].round(1)
         promoters  detractors   nps  ci_low  ci_high
    all          5           2  30.0   -19.1     65.2
    """
    answers, groups = _answers("nps", points, 0, 10, by)
    table = _asked(answers, groups)
    kinds = nps_group(answers)
    for name, kind in (
        ("promoters", "promoter"),
        ("passives", "passive"),
        ("detractors", "detractor"),
    ):
        table[name] = (kinds == kind).groupby(groups, dropna=False).sum()
    n, up, down = table["answered"], table["promoters"], table["detractors"]
    more = 3  # imaginary answers: a quarter up, a quarter down, half between
    p, q = (up + more / 4) / (n + more), (down + more / 4) / (n + more)
    half = metrics._normal_quantile(confidence) * np.sqrt((p + q - (p - q) ** 2) / (n + more))
    score, low, high = 100 * (up - down) / n, 100 * (p - q - half), 100 * (p - q + half)
    return table.assign(
        nps=score,
        ci_low=np.minimum(low.clip(lower=-100), score),
        ci_high=np.maximum(high.clip(upper=100), score),
    )


def nps_group(points):
    """Name the group of each answer: promoter (9, 10), passive (7, 8), detractor (0 to 6).

    Parameters
    ----------
    points : Series of numbers
        Answers from 0 to 10; missing where there was no answer.

    Returns
    -------
    Series of str
        "promoter", "passive", "detractor" or "no answer".

    Raises
    ------
    TypeError
        If the answers are no numbers.
    ValueError
        If an answer is not a whole number from 0 to 10.

    Examples
    --------
    >>> nps_group(pd.Series([9, 7, None, 0])).tolist()
    ['promoter', 'passive', 'no answer', 'detractor']
    """
    answers, _ = _answers("nps", points, 0, 10, None)
    names = np.select(
        [answers.isna(), answers >= 9, answers >= 7],
        ["no answer", "promoter", "passive"],
        "detractor",
    )
    return pd.Series(names, index=answers.index, name="group", dtype="str")


def _asked(answers, groups):
    """Return how many were asked and how many answered, by group."""
    counts = answers.groupby(groups, dropna=False).agg(asked="size", answered="count")
    silent = counts.index[counts["answered"] == 0]
    if len(silent):
        raise ValueError(
            f"nobody answered in the group {silent[0]!r}: a score of no answers is not a number; "
            "leave the group out"
        )
    return counts.assign(response_rate=counts["answered"] / counts["asked"])


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
    part, start = metrics._count(name, part), metrics._count("at_start", at_start)
    if part.shape != start.shape and part.size != 1 and start.size != 1:
        raise ValueError(
            f"there are {part.size:,} values of {name} and {start.size:,} of at_start: give as "
            "many of the one as of the other"
        )
    part, start = np.broadcast_arrays(part, start)
    remedy = "a rate of nobody is not a number; leave it out"
    metrics._refuse(start == 0, "at_start is 0", remedy, index=index)
    remedy = "count only customers who were there at the start, not those who joined since"
    metrics._refuse(
        part > start, f"{name} is greater than at_start", remedy, part, start, index=index
    )
    return part, start, metrics._dress(index)


def _lifetimes(duration, observed, by):
    """Check durations, ends and groups; return arrays, and the groups as a Series or None."""
    given = {"duration": duration, "observed": observed}
    if by is not None:
        given["by"] = by
    indexes = {name: v.index for name, v in given.items() if isinstance(v, pd.Series)}
    first = next(iter(indexes.values()), None)
    for name, index in indexes.items():
        if not index.equals(first):
            raise ValueError(
                f"{next(iter(indexes))} and {name} are Series with different indexes: take both "
                "from one table, or align them first"
            )
    lengths = {name: len(values) for name, values in given.items()}
    if len(set(lengths.values())) > 1:
        words = ", ".join(f"{n:,} of {name}" for name, n in lengths.items())
        raise ValueError(f"there are {words}: give one value of each for every customer")
    if not lengths["duration"]:
        raise ValueError("there are no customers: a survival curve needs at least one")
    index = indexes.get("duration")
    time = metrics._numbers_of("duration", duration)
    remedy = "a duration is 0 or more; check that no end lies before its start"
    metrics._refuse(time < 0, "duration is negative", remedy, time, index=index)
    metrics._refuse(
        np.isinf(time), "duration is infinite", "censor it at the last day", index=index
    )
    left = metrics._boolean(pd.Series(observed), "observed").to_numpy()
    remedy = "who left at once never was a customer: leave them out, or count the first unit as 1"
    metrics._refuse(left & (time == 0), "an end was seen at duration 0", remedy, index=index)
    if (time == time.astype("int64")).all():
        time = time.astype("int64")
    return time, left, None if by is None else pd.Series(by).reset_index(drop=True)


def _need_seen(curve, name, time, *, lowest):
    """Raise if a time is no number, or lies where a curve has not been seen."""
    if isinstance(time, bool) or not isinstance(time, (int, float, np.number)):
        raise TypeError(f"{name} is {time!r}: give a number, in the unit of the durations")
    last_rows, of = curve.iloc[[-1]], ""
    if curve.index.nlevels > 1:
        last_rows = curve.groupby(level=0, dropna=False, sort=False).tail(1)
    for place, survival in last_rows["survival"].items():
        if curve.index.nlevels > 1:
            of, last = f" of {place[0]!r}", place[1]
        else:
            last = place
        if not (time >= lowest and (time <= last or survival == 0)):
            raise ValueError(
                f"{name} is {time:g}: give one {'of 0 or more' if lowest == 0 else 'above 0'} and "
                f"not beyond {last:g}, where the curve{of} ends"
            )


def _answers(what, points, lowest, highest, by):
    """Check the answers to a survey; return them as floats, and their groups."""
    if not isinstance(points, pd.Series):
        points = pd.Series(points)
    if points.empty:
        raise ValueError(f"there are no {what} answers: nobody was asked")
    kind = pd.api.types.infer_dtype(points, skipna=True)
    if kind not in ("integer", "floating", "mixed-integer-float", "empty"):
        raise TypeError(f"{what} answers hold {kind} values: give numbers {lowest} to {highest}")
    answers = points.astype("float64")
    wrong = answers.notna() & ~(answers.between(lowest, highest) & (answers == answers.round()))
    remedy = f"answers are whole numbers from {lowest} to {highest}; no answer is missing, not 0"
    metrics._refuse(wrong, f"a {what} answer is out of range", remedy, answers, index=points.index)
    if by is None:
        return answers, pd.Series("all", index=answers.index)
    if not isinstance(by, pd.Series) or not by.index.equals(answers.index):
        raise ValueError("by has another index than the answers: take both from one table")
    return answers, by


def _need_times(column, name):
    if not isinstance(column, pd.Series) or not pd.api.types.is_datetime64_any_dtype(column):
        held = column.dtype if isinstance(column, pd.Series) else type(column).__name__
        raise TypeError(f"{name} holds {held}, not times: convert it with pd.to_datetime")
    if column.dt.tz is not None:
        raise ValueError(f"{name} has a time zone: make it naive UTC with .dt.tz_convert(None)")


def _need_no_future(dates, until, name):
    """Raise if a day lies after the last one that the data cover."""
    future = (dates.dt.floor("D") > until).to_numpy()
    if future.any():
        first = dates.iloc[future.argmax()]
        raise ValueError(
            f"{name} lies after until ({until:%Y-%m-%d}) in {future.sum():,} of {len(dates):,} "
            f"rows (first: row {dates.index[future.argmax()]}, {first:%Y-%m-%d}), in the future: "
            "mend these rows, or say until when the data run"
        )


def _need_rows(table):
    if table.empty:
        raise ValueError("the table has no rows: there are no customers to follow")


def _whole_months(start, stop):
    """Return the complete calendar months from one day to another, row by row."""
    stop = pd.Series(stop, index=start.index)
    months = stop.dt.to_period("M").astype("int64") - start.dt.to_period("M").astype("int64")
    # From the 31st, a month is complete on the last day of a shorter one.
    due = np.minimum(start.dt.day, stop.dt.days_in_month)
    return months - (stop.dt.day < due).astype("int64")
