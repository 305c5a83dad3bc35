"""What the tracker saw: budgets, visits, sessions, events, and the faults of a log."""

import numpy as np
import pandas as pd

from funnelkit import schemas
from funnelkit.world.draws import Draws
from funnelkit.world.keys import BOTS, DAY, as_moments, seconds_of
from funnelkit.world.model import (
    CHANNELS,
    FIRST_PAGE,
    LATER_CHANNEL,
    LATER_SHARE,
    MODEL,
    NEXT_PAGE,
    REGION_SHARE,
    STEP_PAGE,
    last_second,
)

__all__ = [
    "draw_events",
    "draw_people",
    "draw_sessions",
    "draw_spend",
    "draw_visitors",
    "finish_events",
    "finish_people",
    "finish_spend",
    "how_busy",
]


def how_busy(seed: int, days: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each day's season, trend and shock: the first two are factors, the shock a log."""
    traffic = MODEL["traffic"]
    day = days.to_numpy().astype("datetime64[D]").astype(np.int64)
    season = (
        np.array(traffic["weekday"])[days.day_of_week] * np.array(traffic["month"])[days.month - 1]
    )
    trend = (1 + traffic["growth_per_year"]) ** ((day - day[-1]) / 365.25)
    shocks = traffic["noise_sd"] * Draws(seed, "spend").normal("noise", day)
    noise = np.zeros(len(day))
    for i in range(1, len(day)):  # an AR(1) series: each day remembers the day before
        noise[i] = traffic["ar1"] * noise[i - 1] + shocks[i]
    return season, trend, noise


def draw_spend(seed: int, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Return each channel's budget and its expected visits, day by day."""
    draws = Draws(seed, "spend")
    traffic = MODEL["traffic"]
    day = days.to_numpy().astype("datetime64[D]").astype(np.int64)
    weeks = (day - 4) // 7  # weeks since 1970 that begin on a Monday
    season, trend, noise = how_busy(seed, days)
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


def draw_people(seed: int, days, spend: pd.DataFrame, without) -> pd.DataFrame:
    """Return one row per person: when and how they came, and what became of them."""
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
    people["region"] = draws.choice("region", ids, schemas.REGIONS, REGION_SHARE)
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
    # Those who saw the form but left it: so many that the form is completed as often as planted.
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


def draw_sessions(seed: int, people: pd.DataFrame, without) -> pd.DataFrame:
    """Return one row per session of the people in the log."""
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
    return sessions[sessions["start"] <= last_second()].reset_index(drop=True)


def _session(people, number, start, step, keep) -> pd.DataFrame:
    """Return one session for each person to keep."""
    columns = ["key", "channel", "device", "lead_at", "two_devices"]
    table = people[columns].assign(number=number, start=start, step=step)
    for flag in ("gave_up", "stalled"):
        table[flag] = people[flag] & (number == 0)
    for flag in ("call_at_once", "enrols_at_once"):
        table[flag] = people[flag] & (table["step"] == "lead")
    return table[keep]


def draw_events(seed: int, sessions: pd.DataFrame) -> pd.DataFrame:
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
    events = events[events["seconds"] <= last_second()]

    row, k = events["session_key"].to_numpy(), events["k"].to_numpy()
    twice = draws.chance("twice", row, MODEL["tracking"]["duplicates"], k)
    late = draws.chance("late", row, MODEL["tracking"]["late_rows"], k)
    wait = np.where(late, np.floor(6 * 3600 * draws.uniform("late by", row, k)), 0)
    events = events.assign(received=events["seconds"] + wait.astype(np.int64), copy=0)
    again = events[twice].assign(copy=1)
    events = pd.concat([events, again], ignore_index=True)
    outage = seconds_of(MODEL["tracking"]["outage"])
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
    first, last = seconds_of(MODEL["span"]["log"]), seconds_of(MODEL["span"]["end"])
    start = first + np.floor((last - first) * draws.uniform("start", bots)).astype(np.int64)
    pages = 160 + np.floor(160 * draws.uniform("pages", bots)).astype(np.int64)
    parts = []
    for bot in range(len(bots)):
        k = np.arange(pages[bot])
        key = np.full(len(k), BOTS + np.uint64(bot))
        gaps = 2 + np.floor(3 * draws.uniform("gap", key, k)).astype(np.int64)
        crawl = np.array(["lesson", "course", "catalogue", "pricing", "blog"])[k % 5]
        parts.append(
            pd.DataFrame(
                {
                    "browser": BOTS + np.uint64(bot),
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


def draw_visitors(seed: int, events, sessions, people) -> pd.DataFrame:
    """Return one row per browser in the log, with the person behind it where one was recognised."""
    first = events.sort_values(["seconds", "k"], kind="stable").drop_duplicates("user_id")
    table = first[["user_id", "browser", "seconds", "channel", "device"]].sort_values(
        ["seconds", "user_id"]
    )
    person = (table["browser"].to_numpy() // np.uint64(2)).astype(np.uint64)
    at = people.set_index("key")
    known = at["lead_at"].reindex(person).to_numpy()
    recognised = (known >= 0) & (known <= last_second())
    codes = np.full(len(table), None, dtype=object)
    one_each, place = np.unique(person[recognised], return_inverse=True)
    codes[recognised] = Draws(seed, "visitors").code("person", one_each, "p")[place]
    region = at["region"].reindex(person).to_numpy(dtype=object)
    robot = pd.isna(region)
    region[robot] = schemas.REGIONS[0]
    return pd.DataFrame(
        {
            "user_id": table["user_id"].to_numpy(),
            "person_id": codes,
            "first_seen": as_moments(table["seconds"]),
            "channel": table["channel"].to_numpy(),
            "device": table["device"].to_numpy(),
            "region": region,
        }
    ).astype({"user_id": "str", "person_id": "str", "region": "str"})


def finish_events(events: pd.DataFrame) -> pd.DataFrame:
    """Return the log as the tracker wrote it."""
    table = events.assign(timestamp=as_moments(events["seconds"]))
    table = table[["user_id", "event", "timestamp", "session_id", "channel", "device", "page"]]
    text = [column for column in table.columns if column != "timestamp"]
    return table.astype(dict.fromkeys(text, "str")).reset_index(drop=True)


def finish_spend(spend: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Return the spend table: budgets, and the visits each channel claims."""
    table = spend[spend["channel"] != "direct"].sort_values(["day", "number"], ignore_index=True)
    return pd.DataFrame(
        {
            "date": as_moments(table["day"] * DAY),
            "channel": table["channel"].astype("str"),
            "pulse": table["pulse"],
            "spend": table["spend"],
            "clicks": table["visits"],
        }
    )


def finish_people(seed: int, people: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return the truth about each person since the log began, times as moments."""
    table = people.drop(columns="lead_chance").reset_index(drop=True)
    browsers = pd.Series(events["browser"].unique() // np.uint64(2)).value_counts()
    table["user_ids"] = table["key"].map(browsers).fillna(0).astype("int64")
    first_id = Draws(seed, "browsers").code("user", table["key"].to_numpy() * np.uint64(2), "u")
    table["user_id"] = pd.Series(first_id).where(~table["refused"])
    for name in ["first_visit", "lead_at", "opportunity_at", "customer_at", "lead_again_at"]:
        table[name] = pd.Series(as_moments(table[name])).where(table[name] >= 0)
    return table
