"""What a log says, week by week: counted only where the data support it.

Input is checked as `funnelkit._inputs` says.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from funnelkit import _inputs, funnels, metrics, quality
from funnelkit.ingest.logs import local_times
from funnelkit.report.changes import count_changes, iso_week, rate_change

__all__ = ["Weekly", "purchases", "weekly"]

WEEK = pd.Timedelta("7D")
LONGEST = pd.Timedelta("3650D")  # a window of ten years; no log is as long
USUAL = 10  # events on a usual day, below which an empty day is no alarm
RECENT = 4  # weeks that are judged by the limits learnt before


@dataclass
class Weekly:
    """What `weekly` found; a part that the data do not support is None, and `absent` says why.

    Parameters
    ----------
    steps : list of str
        The steps of the funnel.
    window : Timedelta
        How long after the entry a step still counts.
    span : tuple of Timestamp
        The first event, and the last moment of the data.
    counts : dict
        Events, users, users who entered.
    funnel : DataFrame or None
        What `funnels.funnel` returns, of entries whose window is over.
    overall : Series or None
        Of the whole funnel: `users`, `converted`, `rate`, `ci_low`, `ci_high`.
    weeks : DataFrame
        One row per week, by its ISO name: `monday`, `entered`, `users`, `converted`, `rate`,
        `ci_low`, `ci_high`, `state`.
    changes, rate : DataFrame, Series, or None
        What changed from one whole week to the next: counts, and the conversion rate.
    alarms : DataFrame
        One row per alarm: `when`, `what`.
    absent : dict of str to str
        Why a part is not there.
    attrs : dict
        What `ingest.to_log` says of the log.
    """

    steps: list
    window: pd.Timedelta
    span: tuple
    counts: dict
    funnel: pd.DataFrame | None
    overall: pd.Series | None
    weeks: pd.DataFrame
    changes: pd.DataFrame | None
    rate: pd.Series | None
    alarms: pd.DataFrame
    absent: dict = field(default_factory=dict)
    attrs: dict = field(default_factory=dict)


def weekly(log, steps=None, *, window="14D", observed_until=None):
    """Count what a log supports: funnel, weeks, changes, alarms.

    Parameters
    ----------
    log : DataFrame
        What `ingest.to_log` returns, or any log with `user_id`, `event` and `timestamp`.
    steps : list of str, optional
        The steps, first step first; those of the log's ``attrs`` when not given.
    window : duration, default "14D"
        How long after the entry a step still counts.
    observed_until : date or time, optional
        The last moment of the data, by the clock of the log; the end of the day of the last event
        when not given.

    Returns
    -------
    Weekly

    Notes
    -----
    A week's conversion rate is that of the users who *entered* in it, and is given once all of
    their windows are over. A week that the data begin or end in is marked and compared with none.
    An alarm is a rate outside limits learnt on earlier weeks (`quality.monitor`), or a day without
    any event where there are usually ten or more on that weekday.

    Examples
    --------
    >>> from funnelkit.contract import example_events
    >>> found = weekly(example_events(), ["visit", "lead", "customer"], window="7D")
    >>> found.weeks["entered"].to_dict()
    {'2026-W10': 5, '2026-W11': 2, '2026-W12': 0}
    """
    _inputs.need_columns(log, ["user_id", "event", "timestamp"])
    steps = steps if steps is not None else log.attrs.get("steps")
    if steps is None:
        raise ValueError("steps is not given: name the events of the funnel, first step first")
    window = _inputs.duration("window", window, at_least=pd.Timedelta("1s"))
    if window > LONGEST:
        raise ValueError(f"window is {window.days:,} days: give at most {LONGEST.days:,}")
    people = funnels.reach(log, steps, window=window)
    steps, zone = people.attrs["steps"], log.attrs.get("zone")
    people = people[people["level"] > 0]
    if not len(people):
        raise ValueError(f"nobody entered at {steps[0]!r}: name a first step that occurs")
    stamps = pd.to_datetime(log["timestamp"], format="ISO8601")
    local = local_times(stamps, zone)
    end = _inputs.end_of_data("observed_until", observed_until or local.max().normalize())
    if end < local.min():
        raise ValueError(f"observed_until, {end:%Y-%m-%d}, is before all events: give a later day")
    end_utc = _in_utc(end, zone)
    people["local"] = local_times(people[steps[0]], zone)
    people["over"] = people[steps[0]] + window <= end_utc
    people["converted"] = people["level"] == len(steps)
    found = Weekly(
        steps=steps,
        window=window,
        span=(local.min(), end),
        counts={
            "events": len(log),
            "users": int(log["user_id"].nunique()),
            "entered": len(people),
        },
        funnel=None,
        overall=None,
        weeks=_weeks(people, local.min(), end, window),
        changes=None,
        rate=None,
        alarms=pd.DataFrame(columns=["when", "what"]),
        attrs=dict(log.attrs),
    )
    _add_funnel(found, log, people, end_utc)
    _add_changes(found, people, zone)
    found.alarms = _alarms(found, people, local)
    return found


def _in_utc(moment, zone):
    if zone in (None, "UTC"):
        return moment
    clock = moment.tz_localize(zone, ambiguous=False, nonexistent="shift_forward")
    return clock.tz_convert("UTC").tz_localize(None)


def _weeks(people, start, end, window):
    """Return one row per week from the first event to the end of the data."""
    monday = people["local"].dt.normalize()
    monday -= pd.to_timedelta(monday.dt.day_of_week, unit="D")
    first = start.normalize() - pd.Timedelta(days=start.day_of_week)
    mondays = pd.date_range(first, end, freq="7D")
    groups = people.groupby(monday)
    table = pd.DataFrame({"entered": groups.size(), "converted": groups["converted"].sum()})
    table = table.reindex(mondays, fill_value=0).astype("int64")
    over = mondays + WEEK + window <= end + _inputs.LAST_MOMENT
    table["users"] = table["entered"].where(over)
    known = over & (table["entered"] > 0)
    rate = table["converted"] / table["entered"]
    table["rate"] = rate.where(known)
    table["converted"] = table["converted"].where(over).astype("Int64")
    table["users"] = table["users"].astype("Int64")
    table["ci_low"] = table["ci_high"] = np.nan
    if known.any():
        low, high = metrics.wilson_interval(
            table.loc[known, "converted"].astype("int64"), table.loc[known, "entered"]
        )
        table.loc[known, "ci_low"], table.loc[known, "ci_high"] = low, high
    state = np.where(over, "", "windows not over yet")
    state = np.where(mondays + WEEK > end + _inputs.LAST_MOMENT, "unfinished week", state)
    begun = (mondays == first) & (start.normalize() > first)
    table["state"] = np.where(begun, "the data begin in it", state)
    names = pd.Index([iso_week(each) for each in mondays], name="week")
    table = table.rename_axis("monday").reset_index().set_index(names)
    return table[["monday", "entered", "users", "converted", "rate", "ci_low", "ci_high", "state"]]


def _add_funnel(found, log, people, end):
    """Add the funnel of the entries whose window is over."""
    over = people[people["over"]]
    if not len(over):
        days = found.window / pd.Timedelta("1D")
        found.absent["funnel"] = (
            f"no entry is {days:g} days old, so none has had its whole window: give a shorter "
            "window, or wait"
        )
        return
    found.funnel = funnels.funnel(log, found.steps, window=found.window, observed_until=end)
    n, x = len(over), int(over["converted"].sum())
    low, high = metrics.wilson_interval(x, n)
    found.overall = pd.Series(
        {"users": n, "converted": x, "rate": x / n, "ci_low": low, "ci_high": high}
    )


def _add_changes(found, people, zone):
    """Add what changed from the last whole week but one to the last."""
    whole = found.weeks[~found.weeks["state"].isin(["unfinished week", "the data begin in it"])]
    if len(whole) < 2 or whole["monday"].iloc[-1] - whole["monday"].iloc[-2] != WEEK:
        found.absent["changes"] = "there are no two whole weeks to compare"
    else:
        (before, now), counts = whole["monday"].iloc[-2:], {}
        for step in found.steps:
            at = local_times(people[step].dropna(), zone)
            counts[step] = [int(at.between(m, m + WEEK, "left").sum()) for m in (before, now)]
        table = pd.DataFrame(counts, index=["before", "now"]).T
        found.changes = count_changes(table["before"], table["now"]).rename_axis("step")
        found.changes.attrs = {"before": iso_week(before), "now": iso_week(now)}
    rated = whole[whole["rate"].notna()]
    if len(rated) < 2:
        found.absent["rate"] = "there are no two whole weeks all of whose windows are over"
    else:
        found.rate = rate_change(rated.iloc[-2], rated.iloc[-1])
        found.rate.attrs = {"before": rated.index[-2], "now": rated.index[-1]}


def _alarms(found, people, local):
    """Return alarms: rates outside their limits, and days without an event."""
    rows = []
    rated = found.weeks[found.weeks["rate"].notna()]
    rated = rated[rated["state"] != "the data begin in it"]
    if len(rated) < 8 + RECENT:
        found.absent["alarms"] = (
            f"an alarm on the conversion rate needs {8 + RECENT} whole weeks whose windows are "
            f"over, and there are {len(rated)}"
        )
    else:
        rows += _rate_alarms(found, people, rated)
    days = local.dt.normalize().value_counts().sort_index()
    every = pd.date_range(days.index[0], found.span[1].normalize())
    days = days.reindex(every, fill_value=0)
    usual = days.groupby(days.index.day_of_week).transform("median")
    for day in days.index[(days == 0) & (usual >= USUAL)]:
        rows.append([f"{day:%Y-%m-%d}", f"no event at all; {usual[day]:.0f} on a usual {day:%A}"])
    return pd.DataFrame(rows, columns=["when", "what"])


def _rate_alarms(found, people, rated):
    """Judge the last weeks by limits learnt on those before."""
    first, last = rated["monday"].iloc[0], rated["monday"].iloc[-1] + WEEK
    cohort = people[people["local"].between(first, last, "left")]
    lost = quality.Rule("not converted", "missing", _not_converted)
    until = rated["monday"].iloc[-RECENT]
    table = quality.monitor(
        cohort.reset_index(drop=True), [lost], time="local", learn_until=until
    ).droplevel("check")
    rows = []
    for period, week in table[table["alarm"] & (table.index.start_time >= until)].iterrows():
        side = "below" if week["share"] > week["high"] else "above"
        rows.append(
            [
                iso_week(period.start_time),
                f"conversion rate {100 * (1 - week['share']):.1f} %, {side} the limits of "
                f"{100 * (1 - week['high']):.1f} to {100 * (1 - week['low']):.1f} %",
            ]
        )
    return rows


def _not_converted(people):
    return ~people["converted"]


# ---------------------------------------------------------------- orders


def purchases(orders, *, seed=1):
    """Summarise orders: how many, for how much, and who came back.

    Parameters
    ----------
    orders : DataFrame
        What `ingest.orders` returns.
    seed : int, default 1
        Seed of the bootstrap.

    Returns
    -------
    DataFrame
        One row per figure: `value`, `ci_low`, `ci_high` (95 %; missing for totals, which are
        counted and not estimated).

    Examples
    --------
    >>> bought = pd.DataFrame({"order": range(60), "user_id": list(range(30)) * 2,
    ...                        "gross": 50.0, "refunded": 0.0, "net": 50.0})
    >>> purchases(bought).loc[["orders", "net per order"], "value"].to_dict()
    {'orders': 60.0, 'net per order': 50.0}
    """
    columns = ["order", "user_id", "gross", "refunded", "net"]
    _inputs.need_columns(orders, columns, "orders")
    _inputs.need_rows(orders, "orders")
    seed = _inputs.whole("seed", seed, at_least=0)
    who = _inputs.ids(orders["user_id"], "user_id")
    money = {c: _inputs.finite(f"column {c!r}", orders[c]) for c in columns[2:]}
    per_customer = who.value_counts()
    n, x = len(per_customer), int((per_customer > 1).sum())
    low, high = metrics.wilson_interval(x, n)
    nan = float("nan")
    rows = {
        "orders": [len(orders), nan, nan],
        "customers": [n, nan, nan],
        "gross": [money["gross"].sum(), nan, nan],
        "refunded": [money["refunded"].sum(), nan, nan],
        "net of refunds": [money["net"].sum(), nan, nan],
        "share of customers with two orders or more": [x / n, low, high],
    }
    if n >= 30:  # the bootstrap needs a few dozen customers
        net = pd.DataFrame({"user_id": who, "net": money["net"]})
        value = metrics.bootstrap(net, _mean_net, n_resamples=500, seed=seed)
        rows["net per order"] = [value.estimate, value.low, value.high]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "ci_low", "ci_high"])
    table.attrs = {"notes": list(orders.attrs.get("notes", []))}
    return table


def _mean_net(table):
    return table["net"].mean()
