"""How long customers stay: durations, the Kaplan–Meier estimate and what is read off it."""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = [
    "METRICS",
    "durations",
    "kaplan_meier",
    "mean_lifetime",
    "need_no_future",
    "need_times",
    "survival_at",
    "whole_months",
]

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
    _inputs.need_known(unit, ("month", "week", "day"), "unit")
    until = pd.Timestamp(until)
    need_times(started, "started")
    need_times(ended, "ended")
    if not started.index.equals(ended.index):
        raise ValueError(
            "started and ended have different indexes: take both from one table, or align them"
        )
    _inputs.refuse(started.isna(), "started is missing", "fill or leave it out")
    for name, dates in (("started", started), ("ended", ended)):
        need_no_future(dates, until, name)
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
        length = whole_months(started, last)
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
    z = _inputs.confidence_quantile(confidence)
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
    _inputs.need_columns(curve, columns, "the curve")
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
    _inputs.need_columns(curve, ["survival"], "the curve")
    _need_seen(curve, "until", until, lowest=1e-12)
    if curve.index.nlevels > 1:
        groups = curve.groupby(level=0, dropna=False, sort=False)
        return groups.apply(lambda rows: mean_lifetime(rows.droplevel(0), until=until))
    inside = curve.index[curve.index < until].to_numpy(float)
    heights = curve["survival"].to_numpy()[: len(inside)]
    return float((heights * np.diff(np.append(inside, until))).sum())


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
    time = _inputs.numbers("duration", duration)
    remedy = "a duration is 0 or more; check that no end lies before its start"
    _inputs.refuse(time < 0, "duration is negative", remedy, time, index=index)
    _inputs.refuse(np.isinf(time), "duration is infinite", "censor it at the last day", index=index)
    left = _inputs.booleans(pd.Series(observed), "observed").to_numpy()
    remedy = "who left at once never was a customer: leave them out, or count the first unit as 1"
    _inputs.refuse(left & (time == 0), "an end was seen at duration 0", remedy, index=index)
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


def need_times(column, name):
    """Refuse a column that does not hold naive times."""
    if not isinstance(column, pd.Series) or not pd.api.types.is_datetime64_any_dtype(column):
        held = column.dtype if isinstance(column, pd.Series) else type(column).__name__
        raise TypeError(f"{name} holds {held}, not times: convert it with pd.to_datetime")
    if column.dt.tz is not None:
        raise ValueError(f"{name} has a time zone: make it naive UTC with .dt.tz_convert(None)")


def need_no_future(dates, until, name):
    """Raise if a day lies after the last one that the data cover."""
    future = (dates.dt.floor("D") > until).to_numpy()
    if future.any():
        first = dates.iloc[future.argmax()]
        raise ValueError(
            f"{name} lies after until ({until:%Y-%m-%d}) in {future.sum():,} of {len(dates):,} "
            f"rows (first: row {dates.index[future.argmax()]}, {first:%Y-%m-%d}), in the future: "
            "mend these rows, or say until when the data run"
        )


def whole_months(start, stop):
    """Return the complete calendar months from one day to another, row by row."""
    stop = pd.Series(stop, index=start.index)
    months = stop.dt.to_period("M").astype("int64") - start.dt.to_period("M").astype("int64")
    # From the 31st, a month is complete on the last day of a shorter one.
    due = np.minimum(start.dt.day, stop.dt.days_in_month)
    return months - (stop.dt.day < due).astype("int64")


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
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
)
