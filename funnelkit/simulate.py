"""Lumen Academy: the world behind the simulated tables.

The school, its visitors and its customers do not exist. They follow the model below, whose true
parameters are in ``MODEL`` and, with what came of them, in ``datasets/truth.json``. So a lesson
can compare what it finds in the data with what was planted there.

Every random number is *looked up*, not drawn in turn: it is a hash of the seed, the name of the
table, the name of the draw and the id of the person (see `Draws`). So a new table, or the same
world run again without one of its channels, leaves every other draw as it was, and the difference
between two runs is what the channel did and nothing else.

``python -m funnelkit.simulate`` writes the tables, ``--check`` compares them with a fresh run.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import sys

import numpy as np
import pandas as pd

from funnelkit import data, simulate_leads
from funnelkit.draws import Draws

__all__ = ["MODEL", "SEED", "Draws", "files", "truth", "world"]

SEED = 7

DAY = 86_400
WEEK = 7 * DAY

# How many visits a channel brings a day, at its usual budget; how large that budget is (EUR a
# day) and at which budget it would bring half of the most it ever can; how many of its visitors
# come on a phone; and how they fare. `anyway` is the share who would have come without it.
CHANNELS = {
    "social_ads": dict(
        visits=29.5, budget=95.0, half=38.0, mobile=0.80, anyway=0.10,
        lead=dict(mobile=0.08, desktop=0.20), opportunity=0.52, customer=0.44,
    ),
    "seo": dict(
        visits=24.2, budget=60.0, half=100.0, mobile=0.20, anyway=0.30,
        lead=dict(mobile=0.05, desktop=0.14), opportunity=0.62, customer=0.52,
    ),
    "brand_search": dict(
        visits=2.0, budget=7.0, half=2.0, mobile=0.50, anyway=0.95,
        lead=dict(mobile=0.12, desktop=0.24), opportunity=0.70, customer=0.58,
    ),
    "content": dict(
        visits=2.6, budget=14.0, half=20.0, mobile=0.50, anyway=0.05,
        lead=dict(mobile=0.06, desktop=0.10), opportunity=0.52, customer=0.50,
    ),
    "social": dict(
        visits=2.2, budget=5.0, half=4.0, mobile=0.80, anyway=0.25,
        lead=dict(mobile=0.05, desktop=0.12), opportunity=0.50, customer=0.45,
    ),
    "partner": dict(
        visits=1.8, budget=16.0, half=20.0, mobile=0.40, anyway=0.10,
        lead=dict(mobile=0.10, desktop=0.18), opportunity=0.70, customer=0.60,
    ),
    "offline": dict(
        visits=1.5, budget=20.0, half=12.0, mobile=0.80, anyway=0.10,
        lead=dict(mobile=0.07, desktop=0.12), opportunity=0.60, customer=0.50,
    ),
    "direct": dict(
        visits=1.8, budget=0.0, half=0.0, mobile=0.50, anyway=1.00,
        lead=dict(mobile=0.09, desktop=0.16), opportunity=0.60, customer=0.50,
    ),
}  # fmt: skip

MODEL = {
    "span": {"history": "2023-07-01", "log": "2026-01-01", "end": "2026-06-30"},
    "channels": CHANNELS,
    "traffic": {
        "pulses": [0.4, 0.7, 1.0, 1.0, 1.4, 2.0],
        "weekday": [1.08, 1.10, 1.08, 1.04, 0.96, 0.82, 0.92],
        "month": [1.15, 1.02, 1.0, 0.97, 0.93, 0.85, 0.80, 0.90, 1.22, 1.12, 1.05, 0.99],
        "growth_per_year": 0.06,
        "ar1": 0.6,
        "noise_sd": 0.10,
        "press": {
            "from": "2026-05-11",
            "to": "2026-05-31",
            "factor": 2.6,
            "channels": ["seo", "brand_search", "content", "direct"],
        },
    },
    "tracking": {
        "refused": 0.12,
        "second_device": {"lead": 0.25, "other": 0.05},
        "duplicates": 0.02,
        "late_rows": 0.03,
        "outage": "2026-03-18",
        "bots": 12,
    },
    "steps": {
        "lead_in_first_session": 0.55,
        "form_completed": {"mobile": 0.40, "desktop": 0.65},
        "delay_days": {
            "visit to lead, later session": {"median": 4.0, "sigma": 1.1},
            "lead to opportunity": {"median": 6.5, "sigma": 0.9},
            "opportunity to customer": {"median": 9.0, "sigma": 0.8},
        },
        "click_without_form": {"mobile": 0.03, "desktop": 0.012},
        "calls_at_once": 0.08,
        "enrols_in_that_session": 0.20,
        "call_before_form": 0.05,
        "enrols_without_call": 0.04,
        "comes_back_as_lead": {"customer": 0.08, "other": 0.10},
        "more_sessions": {"lead": 1.4, "other": 0.6},
    },
    "walk_ins": {"per_day": 0.80, "partner": 0.60},
    "products": {"subscriptions_from": "2024-01-01", "subscription": 0.39},
    "orders": {
        "bgnbd": {"r": 0.8, "alpha_weeks": 9.0, "a": 0.9, "b": 2.5},
        "gamma_gamma": {"p": 6.0, "q": 4.0, "gamma": 80.0},
        "partner_spend_power": 0.35,
        "cost_share": {"mean": 0.38, "sd": 0.04},
        "split_same_day": 0.03,
    },
    "leads": simulate_leads.LEADS,
    "subscriptions": {
        "plus": 0.40,
        "price": {"basic": 29.0, "plus": 49.0},
        "churn_a": 0.7,
        "churn_b": {"basic": 2.75, "plus": 3.7},
        "churn_b_factor": {"social_ads": 0.70, "partner": 1.40},
    },
    # Who is unhappy leaves sooner. Who is in between does not trouble to answer, and of those at
    # the two ends the happy ones answer most: so the answers look better than the customers feel.
    "surveys": {
        "first": "2024-03-01",
        "every_months": 3,
        "after_days": 14,
        "satisfaction": {"churn_a": 0.7, "churn_b": 3.0, "churn_weight": 0.8, "mood_sd": 0.4},
        "csat_at_least": {"2": -0.8, "3": -0.1, "4": 0.5, "5": 1.4},
        "nps": {"mean": 6.4, "slope": 1.7, "sd": 0.8},
        "answers": {"1": 0.40, "2": 0.22, "3": 0.18, "4": 0.36, "5": 0.60},
        "answer_delay_days": {"median": 2.0, "sigma": 0.9, "within": 14},
    },
}
REGION_SHARE = [0.24, 0.18, 0.14, 0.12, 0.10, 0.09, 0.07, 0.06]
FIRST_PAGE = {
    "social_ads": "lesson",
    "seo": "lesson",
    "brand_search": "home",
    "content": "blog",
    "social": "blog",
    "partner": "course",
    "offline": "home",
    "direct": "home",
    "email": "course",
}
# The next page, given this one: the pages, and how often each is chosen.
NEXT_PAGE = {
    "home": (["lesson", "catalogue", "course"], [0.40, 0.40, 0.20]),
    "blog": (["lesson", "home", "catalogue"], [0.55, 0.25, 0.20]),
    "lesson": (["lesson", "course", "catalogue"], [0.45, 0.30, 0.25]),
    "catalogue": (["course", "lesson"], [0.75, 0.25]),
    "course": (["pricing", "lesson", "catalogue"], [0.45, 0.30, 0.25]),
    "pricing": (["course", "catalogue", "home"], [0.50, 0.30, 0.20]),
}
STEP_PAGE = {"lead": "form", "opportunity": "booking", "customer": "checkout"}
LATER_CHANNEL = ["direct", "brand_search", "seo", "social"]
LATER_SHARE = {"early": [0.60, 0.15, 0.17, 0.08], "late": [0.42, 0.48, 0.07, 0.03]}


def world(seed: int = SEED, *, without: tuple[str, ...] = ()) -> dict[str, pd.DataFrame]:
    """Run the world once and return its tables.

    Parameters
    ----------
    seed : int
        The seed. The shipped tables use ``SEED``.
    without : tuple of str, optional
        Channels to run the world without. Their visitors stay away, but for the share who would
        have come anyway, directly; nothing else changes.

    Returns
    -------
    dict of pandas.DataFrame
        The simulated tables by name, as `funnelkit.data.SCHEMAS` describes them, and under
        ``"people"`` what no company ever sees: one row a person who visited since the log began,
        with the truth about them. Likewise ``"opinions"``: one row for each row of ``surveys``,
        with what the customer thinks, whether they answered or not; and ``"lead_truth"``, a dict:
        what the table ``leads`` hides.

    Raises
    ------
    ValueError
        If ``without`` names a channel that there is not.

    Examples
    --------
    >>> {"events", "customers", "leads"} <= set(world(1))
    True
    """
    unknown = set(without) - (set(CHANNELS) - {"direct"})
    if unknown:
        raise ValueError(
            f"without={tuple(without)}: there is no paid channel {sorted(unknown)}. Choose from "
            f"{[c for c in CHANNELS if c != 'direct']}."
        )
    days = pd.date_range(MODEL["span"]["history"], MODEL["span"]["end"])
    spend = _spend(seed, days)
    people = _people(seed, days, spend, without)
    log_start = _seconds(MODEL["span"]["log"])
    logged = people[(people["first_visit"] >= log_start) & ~people["refused"]]
    sessions = _sessions(seed, logged, without)
    events = _events(seed, sessions)
    visitors = _visitors(seed, events, sessions, logged)
    customers, purchases = _customers(seed, people, days, without)
    orders = _orders(seed, purchases[purchases["product"] == "course"])
    subscriptions = _subscriptions(seed, purchases[purchases["product"] == "subscription"])
    surveys, opinions = _surveys(
        seed, purchases[purchases["product"] == "subscription"], subscriptions
    )
    forms = events[events["event"] == "lead"]
    sent = forms.groupby(forms["browser"] // np.uint64(2))["seconds"].min()
    leads, lead_truth = simulate_leads.leads(seed, people, purchases, sent, without=without)
    return {
        "events": _finish_events(events),
        "visitors": visitors,
        "spend": _finish_spend(spend[~spend["channel"].isin(without)], people),
        "customers": customers,
        "orders": orders,
        "subscriptions": subscriptions,
        "surveys": surveys,
        "opinions": opinions,
        "leads": leads,
        "lead_truth": lead_truth,
        "people": _finish_people(seed, people[people["first_visit"] >= log_start], events),
    }


def _seconds(moment: str) -> int:
    """Return a date as whole seconds since 1970."""
    return int(pd.Timestamp(moment).value // 10**9)


def _end() -> int:
    """Return the last second of the world."""
    return _seconds(MODEL["span"]["end"]) + DAY - 1


def _moments(seconds) -> np.ndarray:
    """Return whole seconds as datetime64[s]."""
    return np.asarray(seconds).astype("int64").astype("datetime64[s]")


def _spend(seed: int, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Return each channel's budget and its expected visits, day by day."""
    draws = Draws(seed, "spend")
    traffic = MODEL["traffic"]
    day = days.to_numpy().astype("datetime64[D]").astype(np.int64)
    weeks = (day - 4) // 7  # weeks since 1970 that begin on a Monday
    season = (
        np.array(traffic["weekday"])[days.day_of_week] * np.array(traffic["month"])[days.month - 1]
    )
    trend = (1 + traffic["growth_per_year"]) ** ((day - day[-1]) / 365.25)
    shocks = traffic["noise_sd"] * draws.normal("noise", day)
    noise = np.zeros(len(day))
    for i in range(1, len(day)):  # an AR(1) series: each day remembers the day before
        noise[i] = traffic["ar1"] * noise[i - 1] + shocks[i]
    press = (days >= traffic["press"]["from"]) & (days <= traffic["press"]["to"])
    tables = []
    for number, (name, channel) in enumerate(CHANNELS.items()):
        pulse = draws.choice(f"pulse {name}", weeks, traffic["pulses"], [1] * 6)
        budget = np.round(channel["budget"] * pulse, 2)
        if name == "direct":
            pulse, response = np.ones(len(day)), np.ones(len(day))
        else:  # a saturating response: the first euro brings most
            usual = channel["budget"] / (channel["budget"] + channel["half"])
            response = budget / (budget + channel["half"]) / usual
        pressed = press & (name in traffic["press"]["channels"])
        mean = channel["visits"] * response * season * trend * np.exp(noise)
        mean = mean * np.where(pressed, traffic["press"]["factor"], 1.0)
        tables.append(
            pd.DataFrame(
                {
                    "day": day,
                    "channel": name,
                    "number": number,
                    "pulse": pulse,
                    "spend": budget,
                    "visits": draws.poisson(f"visits {name}", day, mean),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _people(seed: int, days, spend: pd.DataFrame, without) -> pd.DataFrame:
    """Return one row a person: when and how they came, and what became of them."""
    draws = Draws(seed, "people")
    steps = MODEL["steps"]
    rows = spend.loc[spend.index.repeat(spend["visits"])]
    place = rows.groupby(level=0).cumcount().to_numpy()
    with np.errstate(over="ignore"):
        key = rows["number"].to_numpy(np.uint64) * np.uint64(10**9)
        key += rows["day"].to_numpy(np.uint64) * np.uint64(10**4) + place.astype(np.uint64)
    channel = rows["channel"].to_numpy()
    people = pd.DataFrame({"key": key, "channel": channel, "origin": channel.copy()})
    ids = people["key"].to_numpy()
    traits = pd.DataFrame(CHANNELS).T.loc[people["channel"]]
    mobile = draws.chance("device", ids, traits["mobile"].to_numpy(float))
    people["device"] = np.where(mobile, "mobile", "desktop")
    people["region"] = draws.choice("region", ids, data.REGIONS, REGION_SHARE)
    people["refused"] = draws.chance("refused", ids, MODEL["tracking"]["refused"])
    # Half of the day's visits before about 15:00 UTC, few at night.
    clock = draws.beta("clock", ids, 3.2, 2.2)
    people["first_visit"] = rows["day"].to_numpy() * DAY + np.floor(clock * DAY).astype(np.int64)

    chance = np.array(
        [CHANNELS[c]["lead"][d] for c, d in zip(people["channel"], people["device"], strict=True)]
    )
    people["lead_chance"] = chance
    lead = draws.chance("lead", ids, chance)
    opportunity = lead & draws.chance("opportunity", ids, traits["opportunity"].to_numpy(float))
    customer = opportunity & draws.chance("customer", ids, traits["customer"].to_numpy(float))
    people["at_once"] = lead & draws.chance("at once", ids, steps["lead_in_first_session"])
    delay = {
        name: np.maximum(
            1800,
            np.floor(DAY * draws.lognormal(name, ids, law["median"], law["sigma"])),
        ).astype(np.int64)
        for name, law in steps["delay_days"].items()
    }
    minutes = 90 + np.floor(600 * draws.uniform("minutes", ids)).astype(np.int64)
    first = people["first_visit"].to_numpy()
    wait = np.where(people["at_once"], minutes, delay["visit to lead, later session"])
    lead_at = first + wait
    opportunity_at = lead_at + delay["lead to opportunity"]
    customer_at = opportunity_at + delay["opportunity to customer"]
    # A few do two or three steps in one sitting.
    sitting = opportunity & draws.chance("call at once", ids, steps["calls_at_once"])
    enrols = customer & sitting & draws.chance("enrol", ids, steps["enrols_in_that_session"])
    opportunity_at = np.where(sitting, lead_at, opportunity_at)
    customer_at = np.where(enrols, lead_at, customer_at)
    people["call_at_once"], people["enrols_at_once"] = sitting, enrols
    # Some telephone first and fill in the form when the adviser asks for it.
    phone = opportunity & ~sitting & draws.chance("call first", ids, steps["call_before_form"])
    lead_at, opportunity_at = (
        np.where(phone, opportunity_at, lead_at),
        np.where(phone, lead_at, opportunity_at),
    )
    people["at_once"] &= ~phone
    no_call = customer & ~sitting & draws.chance("no call", ids, steps["enrols_without_call"])
    people["lead_at"] = np.where(lead, lead_at, -1)
    people["opportunity_at"] = np.where(opportunity & ~no_call, opportunity_at, -1)
    people["customer_at"] = np.where(customer, customer_at, -1)
    again = np.where(
        customer, steps["comes_back_as_lead"]["customer"], steps["comes_back_as_lead"]["other"]
    )
    comes_back = lead & draws.chance("comes back", ids, again)
    back = draws.lognormal("back after", ids, 30.0, 0.5) * DAY
    last = np.maximum.reduce([people["lead_at"], people["opportunity_at"], people["customer_at"]])
    people["lead_again_at"] = np.where(comes_back, last + np.floor(back).astype(np.int64), -1)

    second = MODEL["tracking"]["second_device"]
    people["two_devices"] = draws.chance(
        "second device", ids, np.where(lead, second["lead"], second["other"])
    )
    # Who saw the form but left it: so many that the form is completed as often as planted.
    done = people["device"].map(steps["form_completed"]).to_numpy()
    gave_up = (chance / done - chance) / (1 - chance)
    people["gave_up"] = ~lead & draws.chance("gave up", ids, gave_up)
    stalls = people["device"].map(steps["click_without_form"]).to_numpy()
    people["stalled"] = ~lead & ~people["gave_up"] & draws.chance("stalled", ids, stalls)

    for name in without:  # the same people with the same draws; most of this channel's stay away
        came = people["channel"] == name
        anyway = draws.chance("anyway", ids, CHANNELS[name]["anyway"])
        people.loc[came & anyway, "channel"] = "direct"
        people, ids = people[~came | anyway], ids[(~came | anyway).to_numpy()]
    return people.sort_values("key", ignore_index=True)


def _sessions(seed: int, people: pd.DataFrame, without) -> pd.DataFrame:
    """Return one row a session of the people in the log."""
    draws = Draws(seed, "sessions")
    ids = people["key"].to_numpy()
    first = people["first_visit"].to_numpy()
    is_lead = people["lead_at"].to_numpy() >= 0
    two = people["two_devices"].to_numpy()
    mean = np.where(
        is_lead, MODEL["steps"]["more_sessions"]["lead"], MODEL["steps"]["more_sessions"]["other"]
    )
    more = draws.geometric("more", ids, mean)
    more = np.clip(np.where(two & ~is_lead, np.maximum(more, 1), more), 0, 8)

    at_once = people["at_once"].to_numpy()
    parts = [_session(people, 0, first, np.where(at_once, "lead", ""), people.index >= 0)]
    # Each later step has a session of its own, which ends with it.
    same_sitting = dict(lead="at_once", opportunity="call_at_once", customer="enrols_at_once")
    for number, step in enumerate(["lead", "opportunity", "customer", "lead_again"], start=1):
        when = people[f"{step}_at"].to_numpy()
        taken = when >= 0
        if step in same_sitting:
            taken &= ~people[same_sitting[step]].to_numpy()
        parts.append(_session(people, number, when, step, taken))
    start = first.copy()
    for k in range(8):
        gap = draws.lognormal("gap", ids, 3.0, 1.2, k)
        start = start + np.maximum(2400, np.floor(gap * DAY)).astype(np.int64)
        parts.append(_session(people, 5 + k, start, "", more > k))
    sessions = pd.concat(parts, ignore_index=True)

    ids, number = sessions["key"].to_numpy(), sessions["number"].to_numpy()
    return_visit = number > 0
    lead_at = sessions["lead_at"].to_numpy()
    after_lead = return_visit & (lead_at >= 0) & (sessions["start"].to_numpy() > lead_at)
    second = sessions["two_devices"].to_numpy() & np.where(
        lead_at >= 0,
        after_lead & draws.chance("second", ids, 0.7, number),
        return_visit,
    )
    sessions["second"] = second
    other = np.where(sessions["device"] == "mobile", "desktop", "mobile")
    sessions["device"] = np.where(second, other, sessions["device"])
    late = sessions["step"].isin(["opportunity", "customer"]).to_numpy()
    later = np.where(
        late,
        draws.choice("later", ids, LATER_CHANNEL, LATER_SHARE["late"], number),
        draws.choice("later", ids, LATER_CHANNEL, LATER_SHARE["early"], number),
    )
    later = np.where(np.isin(later, list(without)), "direct", later)
    mail = after_lead & (second | draws.chance("mail", ids, 0.25, number))
    later = np.where(mail, "email", np.where(second, "direct", later))
    sessions["channel"] = np.where(return_visit, later, sessions["channel"])
    return sessions[sessions["start"] <= _end()].reset_index(drop=True)


def _session(people, number, start, step, keep) -> pd.DataFrame:
    """Return one session for each person to keep."""
    columns = ["key", "channel", "device", "lead_at", "two_devices"]
    table = people[columns].assign(number=number, start=start, step=step)
    for flag in ("gave_up", "stalled"):
        table[flag] = people[flag] & (number == 0)
    for flag in ("call_at_once", "enrols_at_once"):
        table[flag] = people[flag] & (table["step"] == "lead")
    return table[keep]


def _events(seed: int, sessions: pd.DataFrame) -> pd.DataFrame:
    """Return the log's rows: what happened in each session, and the robots."""
    draws = Draws(seed, "events")
    browser, session = Draws(seed, "browsers"), Draws(seed, "session ids")
    ids, number = sessions["key"].to_numpy(), sessions["number"].to_numpy()
    with np.errstate(over="ignore"):
        session_key = ids * np.uint64(16) + number.astype(np.uint64)
        browser_key = ids * np.uint64(2) + sessions["second"].to_numpy().astype(np.uint64)
    one_each, place = np.unique(browser_key, return_inverse=True)
    frame = pd.DataFrame(
        {
            "browser": browser_key,
            "user_id": browser.code("user", one_each, "u")[place],
            "session_id": session.code("session", session_key, "s"),
            "session_key": session_key,
            "channel": sessions["channel"],
            "device": sessions["device"],
        }
    )
    now = sessions["start"].to_numpy().copy()
    page = np.array([FIRST_PAGE[c] for c in sessions["channel"]], dtype=object)
    parts = [frame.assign(event="visit", page=page, seconds=now, k=0)]
    more = np.minimum(draws.geometric("pages", session_key, 1.6), 6)
    k = 0

    def add(event, new_page, rows):
        """Let one more thing happen in the sessions `rows`, a little later."""
        nonlocal k
        k += 1
        wait = draws.lognormal("wait", session_key[rows], 35.0, 0.8, k)
        now[rows] += 1 + np.minimum(np.floor(wait).astype(np.int64), 900)
        page[rows] = new_page
        parts.append(frame[rows].assign(event=event, page=page[rows], seconds=now[rows], k=k))

    for step in range(6):
        rows = more > step
        chosen = page[rows].copy()
        for here, (options, share) in NEXT_PAGE.items():
            at = page[rows] == here
            chosen[at] = draws.choice("page", session_key[rows][at], options, share, k)
        add("page_view", chosen, rows)
    step = sessions["step"].to_numpy()
    form = np.isin(step, ["lead", "lead_again"]) | sessions["gave_up"].to_numpy()
    clicked = form | sessions["stalled"].to_numpy()
    add("click", page[clicked], clicked)
    add("page_view", "form", form)
    phone = (sessions["device"] == "mobile").to_numpy() & sessions["gave_up"].to_numpy()
    broken = phone & draws.chance("form error", session_key, 0.5)
    add("page_view", "form_error", broken)
    at_once = {"opportunity": "call_at_once", "customer": "enrols_at_once"}
    for name, where in STEP_PAGE.items():
        rows = np.isin(step, [name, f"{name}_again"])
        if name in at_once:
            rows |= sessions[at_once[name]].to_numpy()
        if name != "lead":
            add("page_view", where, rows)
        add(name, where, rows)
    events = pd.concat(parts)
    # A session that ends with a later step opens so long before that the step falls due in time.
    ends_with_step = (step != "") & (number > 0)
    early = np.where(ends_with_step, now - sessions["start"].to_numpy(), 0)
    events["seconds"] -= early[events.index]
    events = pd.concat([events, _bots(seed)], ignore_index=True)
    events = events[events["seconds"] <= _end()]

    row, k = events["session_key"].to_numpy(), events["k"].to_numpy()
    twice = draws.chance("twice", row, MODEL["tracking"]["duplicates"], k)
    late = draws.chance("late", row, MODEL["tracking"]["late_rows"], k)
    wait = np.where(late, np.floor(6 * 3600 * draws.uniform("late by", row, k)), 0)
    events = events.assign(received=events["seconds"] + wait.astype(np.int64), copy=0)
    again = events[twice].assign(copy=1)
    events = pd.concat([events, again], ignore_index=True)
    outage = _seconds(MODEL["tracking"]["outage"])
    down = (events["seconds"] >= outage) & (events["seconds"] < outage + DAY)
    return events[~down].sort_values(
        ["received", "seconds", "session_key", "k", "copy"], ignore_index=True
    )


def _bots(seed: int) -> pd.DataFrame:
    """Return the rows of the robots: a page every few seconds, the whole catalogue, no step."""
    draws = Draws(seed, "bots")
    bots = np.arange(MODEL["tracking"]["bots"], dtype=np.uint64)
    codes = draws.code("user", bots, "u")
    session_codes = draws.code("session", bots, "s")
    first, last = _seconds(MODEL["span"]["log"]), _seconds(MODEL["span"]["end"])
    start = first + np.floor((last - first) * draws.uniform("start", bots)).astype(np.int64)
    pages = 160 + np.floor(160 * draws.uniform("pages", bots)).astype(np.int64)
    parts = []
    for bot in range(len(bots)):
        k = np.arange(pages[bot])
        key = np.full(len(k), (1 << 62) + bot, dtype=np.uint64)
        gaps = 2 + np.floor(3 * draws.uniform("gap", key, k)).astype(np.int64)
        crawl = np.array(["lesson", "course", "catalogue", "pricing", "blog"])[k % 5]
        parts.append(
            pd.DataFrame(
                {
                    "browser": np.uint64((1 << 62) + bot),
                    "user_id": codes[bot],
                    "session_id": session_codes[bot],
                    "session_key": key,
                    "channel": "direct",
                    "device": "desktop",
                    "event": np.where(k == 0, "visit", "page_view"),
                    "page": np.where(k == 0, "home", crawl),
                    "seconds": start[bot] + np.cumsum(gaps) - gaps[0],
                    "k": k,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _visitors(seed: int, events, sessions, people) -> pd.DataFrame:
    """Return one row a browser in the log, with the person behind it where one was recognised."""
    first = events.sort_values(["seconds", "k"], kind="stable").drop_duplicates("user_id")
    table = first[["user_id", "browser", "seconds", "channel", "device"]].sort_values(
        ["seconds", "user_id"]
    )
    person = (table["browser"].to_numpy() // np.uint64(2)).astype(np.uint64)
    at = people.set_index("key")
    known = at["lead_at"].reindex(person).to_numpy()
    recognised = (known >= 0) & (known <= _end())
    codes = np.full(len(table), None, dtype=object)
    one_each, place = np.unique(person[recognised], return_inverse=True)
    codes[recognised] = Draws(seed, "visitors").code("person", one_each, "p")[place]
    region = at["region"].reindex(person).to_numpy(dtype=object)
    robot = pd.isna(region)
    region[robot] = data.REGIONS[0]
    return pd.DataFrame(
        {
            "user_id": table["user_id"].to_numpy(),
            "person_id": codes,
            "first_seen": _moments(table["seconds"]),
            "channel": table["channel"].to_numpy(),
            "device": table["device"].to_numpy(),
            "region": region,
        }
    ).astype({"user_id": "str", "person_id": "str", "region": "str"})


def _customers(seed: int, people, days, without) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the school's book of customers, and the same with their keys."""
    draws = Draws(seed, "customers")
    came = people[(people["customer_at"] >= 0) & (people["customer_at"] <= _end())]
    online = pd.DataFrame(
        {
            "key": came["key"],
            "acquired": came["customer_at"] // DAY,
            "channel": came["channel"],
            "origin": came["origin"],
            "region": came["region"],
            "logged": (came["first_visit"] >= _seconds(MODEL["span"]["log"])) & ~came["refused"],
        }
    )
    day = days.to_numpy().astype("datetime64[D]").astype(np.int64)
    count = draws.poisson("walk-ins", day, MODEL["walk_ins"]["per_day"])
    of_day = [np.uint64(d) * np.uint64(100) + np.arange(c, dtype=np.uint64)
              for d, c in zip(day, count, strict=True)]  # fmt: skip
    key = np.concatenate(of_day) + np.uint64(1 << 61)
    by_contract = draws.chance("partner", key, MODEL["walk_ins"]["partner"])
    walk_ins = pd.DataFrame(
        {
            "key": key,
            "acquired": np.repeat(day, count),
            "channel": np.where(by_contract, "partner", "offline"),
            "origin": np.where(by_contract, "partner", "offline"),
            "region": draws.choice("region", key, data.REGIONS, REGION_SHARE),
            "logged": False,
        }
    )
    walk_ins = walk_ins[~walk_ins["channel"].isin(without)]
    table = pd.concat([online, walk_ins], ignore_index=True)
    table = table.sort_values(["acquired", "key"], ignore_index=True)
    ids = table["key"].to_numpy()
    sells = table["acquired"] * DAY >= _seconds(MODEL["products"]["subscriptions_from"])
    subscribes = draws.chance("product", ids, MODEL["products"]["subscription"]) & sells
    table["product"] = np.where(subscribes, "subscription", "course")
    table["customer_id"] = draws.code("customer", ids, "c")
    user = Draws(seed, "browsers").code("user", ids * np.uint64(2), "u")
    table["user_id"] = np.where(table["logged"], user, None)
    public = pd.DataFrame(
        {
            "customer_id": table["customer_id"],
            "user_id": table["user_id"],
            "acquired": _moments(table["acquired"] * DAY),
            "channel": table["channel"],
            "region": table["region"],
            "product": table["product"],
        }
    )
    return public.astype({"customer_id": "str", "user_id": "str"}), table


def _orders(seed: int, customers: pd.DataFrame) -> pd.DataFrame:
    """Return the orders of single courses: BG/NBD in time, Gamma-Gamma in money."""
    draws = Draws(seed, "orders")
    law, money = MODEL["orders"]["bgnbd"], MODEL["orders"]["gamma_gamma"]
    ids = customers["key"].to_numpy()
    rate = draws.gamma("rate", ids, law["r"]) / law["alpha_weeks"]  # purchases a week
    leaves = draws.beta("leaves", ids, law["a"], law["b"])  # after each repeat purchase
    level = money["gamma"] / draws.gamma("level", ids, money["q"])  # 1 / nu of Gamma-Gamma
    power = MODEL["orders"]["partner_spend_power"]
    typical = law["r"] / law["alpha_weeks"]
    keen = np.maximum(rate / typical, 0.05) ** power
    level = np.where(customers["origin"] == "partner", level * keen, level)
    start = customers["acquired"].to_numpy() * float(DAY)
    end = _end()
    alive, at, k = np.full(len(ids), True), start.copy(), 0
    parts = []
    while alive.any():
        amount = level[alive] * draws.gamma("amount", ids[alive], money["p"], k)
        parts.append(
            pd.DataFrame(
                {
                    "key": ids[alive],
                    "k": k,
                    "customer_id": customers["customer_id"].to_numpy()[alive],
                    "day": np.floor(at[alive] / DAY).astype(np.int64),
                    "amount": np.maximum(np.round(amount, 2), 1.0),
                }
            )
        )
        if k > 0:
            alive &= ~draws.chance("left", ids, leaves, k)
        k += 1
        at = at + draws.exponential("wait", ids, k) / rate * WEEK
        alive &= at <= end
    orders = pd.concat(parts, ignore_index=True)
    with np.errstate(over="ignore"):
        key = orders["key"].to_numpy() * np.uint64(4096) + orders["k"].to_numpy(np.uint64)
    orders["order_key"] = key
    # A few orders are paid in two parts on the same day.
    split = draws.chance("split", key, MODEL["orders"]["split_same_day"])
    part = np.where(split, np.round(orders["amount"] * 0.3, 2), 0.0)
    second = orders[split].assign(amount=part[split], part=1)
    orders = orders.assign(amount=np.round(orders["amount"] - part, 2), part=0)
    orders = pd.concat([orders, second], ignore_index=True)
    with np.errstate(over="ignore"):
        key = orders["order_key"].to_numpy() * np.uint64(2) + orders["part"].to_numpy(np.uint64)
    share = MODEL["orders"]["cost_share"]
    cost = orders["amount"] * (share["mean"] + share["sd"] * draws.normal("cost", key))
    orders = orders.assign(
        order_id=draws.code("order", key, "o"),
        date=_moments(orders["day"] * DAY),
        cost=np.round(np.maximum(cost, 0), 2),
    ).sort_values(["day", "key", "k", "part"], ignore_index=True)
    return orders[["order_id", "customer_id", "date", "amount", "cost"]].astype(
        {"order_id": "str", "customer_id": "str"}
    )


def _subscriptions(seed: int, customers: pd.DataFrame) -> pd.DataFrame:
    """Return the subscriptions: each customer has their own monthly chance to leave."""
    draws = Draws(seed, "subscriptions")
    law = MODEL["subscriptions"]
    ids = customers["key"].to_numpy()
    plan, churn = _plan_and_churn(seed, customers)
    months = 1 + np.floor(
        np.log(draws.uniform("months", ids)) / np.log1p(-churn)
    ).clip(0, 600).astype(np.int64)  # fmt: skip
    start = pd.to_datetime(_moments(customers["acquired"].to_numpy() * DAY))
    ended = _add_months(start, months)
    ended = ended.where(ended <= pd.Timestamp(MODEL["span"]["end"]))
    return pd.DataFrame(
        {
            "subscription_id": draws.code("subscription", ids, "a"),
            "customer_id": customers["customer_id"].to_numpy(),
            "plan": plan,
            "price": pd.Series(plan).map(law["price"]).to_numpy(float),
            "started": start,
            "ended": ended,
        }
    ).astype({"subscription_id": "str", "customer_id": "str", "plan": "str"})


def _plan_and_churn(seed: int, customers: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return each subscriber's plan and own chance to leave after each month."""
    draws = Draws(seed, "subscriptions")
    law = MODEL["subscriptions"]
    ids = customers["key"].to_numpy()
    plan = np.where(draws.chance("plan", ids, law["plus"]), "plus", "basic")
    b = pd.Series(plan).map(law["churn_b"]).to_numpy(float)
    b = b * customers["origin"].map(law["churn_b_factor"]).fillna(1.0).to_numpy(float)
    return plan, np.clip(draws.beta("churn", ids, law["churn_a"], b), 1e-9, 1 - 1e-12)


def _surveys(seed: int, customers, subscriptions) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the quarterly survey of subscribers, and what each of those asked thinks."""
    from scipy.special import betainc, ndtri

    draws = Draws(seed, "surveys")
    law = MODEL["surveys"]
    feel = law["satisfaction"]
    _, churn = _plan_and_churn(seed, customers)
    place = np.clip(betainc(feel["churn_a"], feel["churn_b"], churn), 1e-12, 1 - 1e-12)
    ids = customers["key"].to_numpy()
    taste = np.sqrt(1 - feel["churn_weight"] ** 2) * draws.normal("taste", ids)
    satisfaction = taste - feel["churn_weight"] * ndtri(place)
    waves = pd.date_range(
        law["first"], MODEL["span"]["end"], freq=pd.DateOffset(months=law["every_months"])
    )
    started, ended = subscriptions["started"].to_numpy(), subscriptions["ended"].to_numpy()
    parts = []
    for number, sent in enumerate(waves.to_numpy()):
        asked = started <= sent - np.timedelta64(law["after_days"], "D")
        asked &= np.isnat(ended) | (ended > sent)
        parts.append(
            pd.DataFrame(
                {
                    "key": ids[asked],
                    "customer_id": customers["customer_id"].to_numpy()[asked],
                    "sent": sent,
                    "wave": number,
                    "churn": churn[asked],
                    "satisfaction": satisfaction[asked],
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    ids, k = table["key"].to_numpy(), table["wave"].to_numpy(np.uint64)
    mood = table["satisfaction"] + feel["mood_sd"] * draws.normal("mood", ids, k)
    cuts = [law["csat_at_least"][level] for level in ("2", "3", "4", "5")]
    csat = 1 + np.searchsorted(cuts, mood, side="right")
    ask = law["nps"]
    nps = ask["mean"] + ask["slope"] * mood + ask["sd"] * draws.normal("nps", ids, k)
    nps = np.clip(np.round(nps), 0, 10).to_numpy().astype(np.int64)
    chance = pd.Series(csat.astype(str)).map(law["answers"]).to_numpy()
    answered = draws.chance("answers", ids, chance, k)
    late = law["answer_delay_days"]
    delay = np.floor(draws.lognormal("delay", ids, late["median"], late["sigma"], k))
    delay = np.minimum(delay, late["within"]).astype(np.int64).astype("timedelta64[D]")
    table["survey_id"] = draws.code("survey", draws.bits("id", ids, k), "s")
    public = pd.DataFrame(
        {
            "survey_id": table["survey_id"],
            "customer_id": table["customer_id"],
            "sent": table["sent"].astype("datetime64[s]"),
            "answered": (table["sent"] + delay).where(answered).astype("datetime64[s]"),
            "csat": pd.Series(csat, dtype="float64").where(answered),
            "nps": pd.Series(nps, dtype="float64").where(answered),
        }
    ).astype({"survey_id": "str", "customer_id": "str"})
    hidden = table.drop(columns="wave").assign(csat=csat, nps=nps, answered=answered)
    return public, hidden


def _add_months(start: pd.DatetimeIndex, months: np.ndarray) -> pd.DatetimeIndex:
    """Add whole months; the 31st becomes the last day of a shorter month."""
    month = start.to_numpy().astype("datetime64[M]") + months.astype("timedelta64[M]")
    last = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int)
    day = np.minimum(start.day.to_numpy(), last) - 1
    return pd.DatetimeIndex((month.astype("datetime64[D]") + day).astype("datetime64[s]"))


def _finish_events(events: pd.DataFrame) -> pd.DataFrame:
    """Return the log as the tracker wrote it."""
    table = events.assign(timestamp=_moments(events["seconds"]))
    table = table[["user_id", "event", "timestamp", "session_id", "channel", "device", "page"]]
    text = [column for column in table.columns if column != "timestamp"]
    return table.astype(dict.fromkeys(text, "str")).reset_index(drop=True)


def _finish_spend(spend: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Return the spend table: budgets, and the visits each channel claims."""
    table = spend[spend["channel"] != "direct"].sort_values(["day", "number"], ignore_index=True)
    return pd.DataFrame(
        {
            "date": _moments(table["day"] * DAY),
            "channel": table["channel"].astype("str"),
            "pulse": table["pulse"],
            "spend": table["spend"],
            "clicks": table["visits"],
        }
    )


def _finish_people(seed: int, people: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return the truth about each person since the log began, times as moments."""
    table = people.drop(columns="lead_chance").reset_index(drop=True)
    browsers = pd.Series(events["browser"].unique() // np.uint64(2)).value_counts()
    table["user_ids"] = table["key"].map(browsers).fillna(0).astype("int64")
    first_id = Draws(seed, "browsers").code("user", table["key"].to_numpy() * np.uint64(2), "u")
    table["user_id"] = pd.Series(first_id).where(~table["refused"])
    for name in ["first_visit", "lead_at", "opportunity_at", "customer_at", "lead_again_at"]:
        table[name] = pd.Series(_moments(table[name])).where(table[name] >= 0)
    return table


def truth(tables: dict[str, pd.DataFrame], seed: int = SEED) -> dict:
    """Return what was planted, and what came of it in one run of the world.

    Parameters
    ----------
    tables : dict of pandas.DataFrame
        What `world` returned.
    seed : int
        The seed it was given.

    Returns
    -------
    dict
        ``model``: the parameters; ``facts``: counts that no table shows directly; ``leads``: the
        lead_ids of each hidden segment, each intent and each planted fault.
    """
    people, events = tables["people"], tables["events"]
    outage = MODEL["tracking"]["outage"]
    bots = Draws(seed, "bots").code(
        "user", np.arange(MODEL["tracking"]["bots"], dtype=np.uint64), "u"
    )
    facts = {
        "people_who_visited_since_the_log_began": len(people),
        "of_them_refused_tracking": int(people["refused"].sum()),
        "of_them_in_the_log": int((people["user_ids"] > 0).sum()),
        "of_them_in_the_log_under_two_ids": int((people["user_ids"] == 2).sum()),
        "exact_duplicate_rows": int(events.duplicated().sum()),
        "rows_out_of_order": int((events["timestamp"].diff() < pd.Timedelta(0)).sum()),
        "outage_day": outage,
        "bot_user_ids": sorted(bots.tolist()),
        "leads_since_the_log_began": int(people["lead_at"].le(_last_moment()).sum()),
        "customers_since_the_log_began": int(people["customer_at"].le(_last_moment()).sum()),
        "surveys": {
            "all": _opinion(tables["opinions"]),
            **{
                f"{sent:%Y-%m-%d}": _opinion(wave)
                for sent, wave in tables["opinions"].groupby("sent")
            },
        },
    }
    return {"seed": seed, "model": MODEL, "facts": facts, "leads": tables["lead_truth"]}


def _opinion(asked: pd.DataFrame) -> dict:
    """Return what all who were asked think, and what those who answered say."""

    def said(rows):
        return {
            "customers": len(rows),
            "csat": round(float((rows["csat"] >= 4).mean()), 4),
            "mean_csat": round(float(rows["csat"].mean()), 4),
            "nps": round(float(100 * ((rows["nps"] >= 9).mean() - (rows["nps"] <= 6).mean())), 2),
        }

    return {"asked": said(asked), "answered": said(asked[asked["answered"]])}


def _last_moment() -> pd.Timestamp:
    """Return the last second of the world as a timestamp."""
    return pd.Timestamp(_end(), unit="s")


def files(seed: int = SEED) -> dict[str, bytes]:
    """Return the content of every file that the generator makes, by file name.

    Parameters
    ----------
    seed : int
        The seed.

    Returns
    -------
    dict of bytes
        Decompressed content: the tables as CSV, ``truth.json``, ``README.md`` and
        ``checksums.json`` (which covers the tables that are not simulated, too).
    """
    tables = world(seed)
    made = {
        data.SCHEMAS[name].file: _csv(data.check_table(table, name), name)
        for name, table in tables.items()
        if name in data.SCHEMAS
    }
    folder = data.data_folder()
    sums = {
        schema.file: data.checksum(made.get(schema.file) or data.read_content(folder / schema.file))
        for schema in data.SCHEMAS.values()
    }
    made["truth.json"] = _json(truth(tables, seed))
    made["checksums.json"] = _json(sums)
    made["README.md"] = data.dictionary().encode()
    return made


def _csv(table: pd.DataFrame, name: str) -> bytes:
    """Return a table as CSV text: whole seconds, days, cents."""
    days = [c.name for c in data.SCHEMAS[name].columns if c.kind == "date"]
    table = table.assign(**{day: table[day].dt.strftime("%Y-%m-%d") for day in days})
    buffer = io.StringIO()
    table.to_csv(buffer, index=False, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%S")
    return buffer.getvalue().encode()


def _json(value) -> bytes:
    """Return a value as indented JSON text."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def main(arguments: list[str] | None = None) -> int:
    """Write the generated files, or compare them with a fresh run."""
    parser = argparse.ArgumentParser(
        prog="python -m funnelkit.simulate",
        description="Write the simulated tables, their dictionary and their truth.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing: compare the files with a fresh run"
    )
    check = parser.parse_args(arguments).check
    folder = data.data_folder()
    different = []
    for name, content in files().items():
        path = folder / name
        same = path.is_file() and data.read_content(path) == content
        if same:
            continue
        different.append(name)
        if not check:
            packed = path.suffix == ".gz"
            path.write_bytes(gzip.compress(content, 9, mtime=0) if packed else content)
    for name in different:
        print(f"datasets/{name}: {'differs from a fresh run' if check else 'written'}")
    if not different:
        print("datasets/: every generated file is as a fresh run makes it")
    elif check:
        print("Run `python -m funnelkit.simulate` to write them anew.")
    return int(check and bool(different))


if __name__ == "__main__":
    sys.exit(main())
