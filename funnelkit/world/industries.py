"""Four firms in four industries: one simulator, and a preset for each of them.

A visitor goes from step to step with the firm's rates and after its delays. Where advisers speak
with each customer, those who booked wait in line: in each week only so many calls are held, the
first to come first; people who have waited too long leave, and those who waited buy less often. So
a step before the call may bring more people and no more customers. The presets are in
`funnelkit.world.presets`: illustrative, not benchmarks.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.world.draws import Draws
from funnelkit.world.keys import DAY, WEEK, as_moments, seconds_of
from funnelkit.world.model import MODEL, SEED

__all__ = ["draw_firms", "draw_industries", "draw_pilots", "run_industry"]

PLAN = MODEL["industries"]
FIRMS = PLAN["firms"]
MOST = 10_000  # visitors in a week: their numbers have four digits


def run_industry(name, *, visits=None, rates=None, calls_per_week=None, seed=SEED):
    """Run the year of one of the four firms, as it was or with something changed.

    Parameters
    ----------
    name : {"retail", "finance", "education", "technology"}
        The firm. Its numbers are illustrative, not benchmarks of the industry.
    visits : float, optional
        Visitors in a week of a usual month.
    rates : dict of str to float, optional
        The rates to change, each by the event that it leads to, such as ``{"booking": 0.5}``;
        that of the last event is the closing rate of a call without a wait.
    calls_per_week : int, optional
        How many calls the advisers hold in a week.
    seed : int, optional
        The seed of the world. With the same seed all people are the same, and have the same
        luck: two runs differ by what was changed and by nothing else.

    Returns
    -------
    DataFrame
        As the table ``industries``: `industry`, `user_id`, `event`, `timestamp`, `value`.

    Examples
    --------
    >>> as_it_was = run_industry("education")
    >>> int((as_it_was["event"] == "enrolment").sum())
    226
    """
    firm = FIRMS[_inputs.one_of("name", name, tuple(FIRMS))]
    visits = firm["visits"] if visits is None else visits
    visits = _inputs.number("visits", visits, at_least=0, at_most=MOST / 2)
    rates = _changed(firm, rates)
    advisers = firm["advisers"]
    if calls_per_week is not None:
        if advisers is None:
            raise ValueError(f"{name} sells without calls: leave calls_per_week out")
        advisers = advisers | {"calls_per_week": _inputs.whole("calls_per_week", calls_per_week)}
    draws = Draws(_inputs.whole("seed", seed, at_least=0), f"industries/{name}")
    key, moment = _visits(draws, firm, visits)
    rows = [_rows(name, firm["steps"][0], key, moment)]
    for event in firm["steps"][1:]:
        if event in rates:
            stays = draws.chance(f"{event} rate", key, rates[event])
            key, moment = key[stays], moment[stays]
        delay = draws.lognormal(event, key, **firm["delay_days"][event])
        moment = moment + np.round(delay * DAY).astype(np.int64)
        if event not in rates:
            key, moment, left = _wait_in_line(draws, key, moment, advisers)
            rates[firm["steps"][-1]] = rates[firm["steps"][-1]] * left
        rows.append(_rows(name, event, key, moment))
    value = draws.lognormal("value", key, **firm["value"])
    rows[-1]["value"] = np.round(value, 2)
    table = pd.concat(rows)
    table = table[table["timestamp"] < as_moments(_end())]
    return table.sort_values("timestamp", kind="stable", ignore_index=True)


def _changed(firm, rates):
    """Return the rates of a firm, some of them changed."""
    if rates is None:
        return dict(firm["rates"])
    if not isinstance(rates, Mapping):
        raise TypeError(f"rates is {_inputs.name_of_type(rates)}: give a dictionary by event")
    for event, rate in rates.items():
        _inputs.need_known(event, firm["rates"], "rate of this firm")
        _inputs.number(
            f"the rate of {event!r}", rate, at_least=0, at_most=1,
            remedy="give a fraction: 0.8 for 80 %",
        )  # fmt: skip
    return firm["rates"] | dict(rates)


def _end():
    """Return the second after the last week."""
    return seconds_of(PLAN["from"]) + PLAN["weeks"] * WEEK


def _visits(draws, firm, usual):
    """Return key and second of each visit, in order of week and number."""
    week = np.arange(PLAN["weeks"])
    monday = seconds_of(PLAN["from"]) + WEEK * week
    month = pd.DatetimeIndex(as_moments(monday + 3 * DAY)).month.to_numpy()
    how_many = draws.poisson("visits", week, usual * np.array(firm["month"])[month - 1])
    if how_many.max(initial=0) >= MOST:
        raise ValueError(f"a week has {how_many.max():,} visits: give fewer")
    number = np.concatenate([np.arange(n) for n in how_many])
    key = (np.repeat(week, how_many) * MOST + number).astype(np.uint64)
    day = np.floor(7 * draws.uniform("day", key)).astype(np.int64)
    hour = 8 + 14 * draws.uniform("hour", key)
    second = np.repeat(monday, how_many) + DAY * day + np.floor(3600 * hour).astype(np.int64)
    return key, second


def _wait_in_line(draws, key, ready, advisers):
    """Return who gets a call, when, and which part of the closing rate the wait has left.

    Who is ready in a week in which a call is free has it then and there; the others wait.
    """
    order = np.lexsort((key, ready))
    key, ready = key[order], ready[order]
    first = (ready - seconds_of(PLAN["from"])) // WEEK
    patience = advisers["patience_weeks"] * draws.exponential("patience", key)
    held, line = np.full(len(key), -1), []
    for week in range(PLAN["weeks"]):
        line += np.flatnonzero(first == week).tolist()
        line = [place for place in line if week - first[place] <= patience[place]]
        held[line[: advisers["calls_per_week"]]] = week
        line = line[advisers["calls_per_week"] :]
    served = held >= 0
    key, ready, waited = key[served], ready[served], (held - first)[served]
    working = DAY * np.floor(5 * draws.uniform("call day", key)) + np.floor(
        3600 * (9 + 8 * draws.uniform("call hour", key))
    )
    later = seconds_of(PLAN["from"]) + WEEK * held[served] + working.astype(np.int64)
    return key, np.where(waited > 0, later, ready), advisers["kept_per_week"] ** waited


def _rows(name, event, key, moment):
    """Return the rows of one event."""
    number = pd.Series(key.astype(np.int64), dtype="int64").astype(str).str.zfill(6)
    return pd.DataFrame(
        {
            "industry": name,
            "user_id": name[0] + number,
            "event": event,
            "timestamp": as_moments(moment),
            "value": np.nan,
        }
    ).astype({"industry": "str", "event": "str"})


def draw_industries(seed: int) -> pd.DataFrame:
    """Return the table ``industries``: the year of each firm as it was."""
    return pd.concat([run_industry(name, seed=seed) for name in FIRMS], ignore_index=True)


def draw_firms() -> pd.DataFrame:
    """Return the table ``firms``: what each firm knows about itself."""
    return pd.DataFrame(
        {
            "industry": list(FIRMS),
            "calls_per_week": [
                (firm["advisers"] or {}).get("calls_per_week") for firm in FIRMS.values()
            ],
            "margin": [firm["margin"] for firm in FIRMS.values()],
        }
    ).astype({"industry": "str", "calls_per_week": "float64"})


def draw_pilots(seed: int) -> pd.DataFrame:
    """Return the table ``pilots``: what came of each lever when it was tried."""
    draws, rows = Draws(seed, "pilots"), []
    for industry, firm in FIRMS.items():
        for lever, law in firm["levers"].items():
            row = {"industry": industry, "lever": lever, "step": law["step"]}
            for arm in ("without", "with") if "n" in law else ():
                place = np.array([len(rows)])
                row[f"n_{arm}"] = law["n"]
                row[f"converted_{arm}"] = draws.binomial(arm, place, law["n"], law[arm])[0]
            rows.append(row | {"adds": law.get("adds"), "cost": law["cost"]})
    numbers = ["n_without", "converted_without", "n_with", "converted_with", "adds", "cost"]
    table = pd.DataFrame(rows, columns=["industry", "lever", "step", *numbers])
    return table.astype(
        {**dict.fromkeys(["industry", "lever", "step"], "str"), **dict.fromkeys(numbers, "float64")}
    )
