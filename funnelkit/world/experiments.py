"""The tests of the school's pages: the current ones user by user, the past ones as counts.

A reader's variant is what `funnelkit.experiments.assign` gives to the id and the test's name, so
that a lesson can draw the lots again. What a reader would do under either variant is settled by the
same draws, so that B changes what it is planted to change and nothing else.
"""

import numpy as np
import pandas as pd

from funnelkit.experiments import assign
from funnelkit.world.draws import Draws
from funnelkit.world.keys import DAY, READERS, as_moments, seconds_of
from funnelkit.world.model import EXPERIMENTS, MODEL, PAST_TESTS

__all__ = ["draw_experiments", "draw_past_tests", "draw_test", "lead_rate"]


def draw_experiments(seed: int) -> pd.DataFrame:
    """Return the table ``experiments``: each test's readers, in the order of their exposure."""
    tests = [draw_test(seed, name, law) for name, law in EXPERIMENTS["tests"].items()]
    return pd.concat(tests, ignore_index=True)


def draw_test(seed: int, name: str, law: dict) -> pd.DataFrame:
    """Return one test's rows."""
    draws = Draws(seed, f"experiments/{name}/{law['stream']}")
    readers = READERS + np.arange(EXPERIMENTS["readers"], dtype=np.uint64)
    ids = readers[draws.chance("in the test", readers, law["share"])]
    who = Draws(seed, "readers")
    user, engaged = who.code("user", ids, "r"), who.normal("engagement", ids)
    in_b = np.asarray(assign(user, salt=name)) == "B"
    day, exposed = _exposure(draws, ids, law)
    bounces = _low(engaged, law["B"].get("bounces", 0.0))
    lead, customer = _outcome(draws, ids, law, in_b, day, bounces)
    sessions, clicks = _sessions(draws, ids)
    before, after = _minutes(draws, ids, engaged, np.where(in_b, law["B"].get("minutes", 1.0), 1.0))
    delay = EXPERIMENTS["lead_delay_minutes"]
    wait = np.round(60 * draws.lognormal("lead delay", ids, delay["median"], delay["sigma"]))
    wait = np.clip(wait, 20, EXPERIMENTS["follow_days"]["lead"] * DAY - 1).astype(np.int64)
    paid = draws.lognormal(
        "revenue", ids, EXPERIMENTS["revenue"]["median"], EXPERIMENTS["revenue"]["sigma"]
    )
    usual = EXPERIMENTS["opted_out"]
    share = np.where(in_b, law["B"].get("opted_out", usual), usual)
    table = pd.DataFrame(
        {
            "test": name,
            "user_id": user,
            "variant": np.where(in_b, "B", "A"),
            "exposed_at": as_moments(exposed),
            "minutes_before": before,
            "minutes": after,
            "sessions": np.where(bounces, 1, sessions),
            "clicks": np.where(bounces, 0, clicks),
            "lead_at": pd.Series(as_moments(exposed + wait)).where(lead),
            "customer": customer,
            "revenue": np.where(customer, np.round(paid, 2), 0.0),
            "opted_out": draws.chance("opted out", ids, share),
        }
    ).astype({"test": "str", "user_id": "str", "variant": "str"})
    counted = table[~(in_b & bounces)]  # who left before the page had loaded was not counted
    return counted.sort_values(["exposed_at", "user_id"], ignore_index=True)


def _exposure(draws, ids, law):
    """Return the day of the test on which each reader is first exposed, and the second."""
    weekday = np.resize(MODEL["traffic"]["weekday"], EXPERIMENTS["days"])  # they begin on Mondays
    day = draws.choice("day", ids, np.arange(EXPERIMENTS["days"]), weekday)
    clock = np.floor((7 + 16 * draws.uniform("clock", ids)) * 3600).astype(np.int64)
    return day, seconds_of(law["starts"]) + day * DAY + clock


def _outcome(draws, ids, law, in_b, day, bounces):
    """Return who becomes a lead and who a customer."""
    days = _factor_of_day(day)
    engaged = np.where(bounces, 0.0, 1 / (1 - law["B"].get("bounces", 0.0)))
    chance = draws.uniform("lead", ids)
    as_in_a = chance < lead_rate("A", law, day) * days * engaged
    lead = np.where(in_b, chance < lead_rate("B", law, day) * days * engaged, as_in_a)
    buys = draws.chance("customer", ids, EXPERIMENTS["customers_of_leads"])
    return lead, buys & (lead if law["B"].get("new_leads_buy", True) else as_in_a)


def lead_rate(variant: str, law: dict, day) -> np.ndarray:
    """Return the planted share of leads in a variant of a test, by day of the test.

    It is the mean over a week: at weekends it is lower, on other days higher.
    """
    usual, effect = EXPERIMENTS["lead"], law["B"] if variant == "B" else {}
    novelty = effect.get("first_week_lift", 0.0) * 0.5 ** (np.asarray(day) // 7)
    return effect.get("lead", usual) * (1 + novelty)


def _factor_of_day(day):
    """Return how far the lead rate of a day is from the week's mean, weighted by readers."""
    share = np.array(MODEL["traffic"]["weekday"]) / sum(MODEL["traffic"]["weekday"])
    factor = np.where(np.arange(7) >= 5, EXPERIMENTS["weekend"], 1.0)
    return (factor / (factor @ share))[day % 7]


def _low(engaged, share):
    """Return who is among the least engaged, of the given share."""
    from scipy.special import ndtri

    return engaged < ndtri(share) if share else np.zeros(len(engaged), bool)


def _minutes(draws, ids, engaged, factor):
    """Return the minutes before and after: what a reader's engagement gives, and chance."""
    law = EXPERIMENTS["minutes"]
    kept, rest = law["kept"] ** 0.5, (1 - law["kept"]) ** 0.5
    before, after = (
        law["median"] * np.exp(law["sigma"] * (kept * engaged + rest * draws.normal(when, ids)))
        for when in ("minutes before", "minutes")
    )
    return np.round(before), np.round(after * factor)


def _sessions(draws, ids):
    """Return each reader's sessions, and how many have a click: each has a rate of their own."""
    law = EXPERIMENTS["clicks"]
    sessions = 1 + draws.geometric("sessions", ids, EXPERIMENTS["more_sessions"])
    weight = 1 / law["within_user"] - 1  # of Beta(a, b): the correlation is 1 / (a + b + 1)
    rate = draws.beta("click rate", ids, weight * law["rate"], weight * (1 - law["rate"]))
    return sessions, draws.binomial("clicks", ids, sessions, rate)


def draw_past_tests(seed: int) -> tuple[pd.DataFrame, dict]:
    """Return the table ``past_tests``, and each test's true rate and relative lift."""
    draws, law = Draws(seed, f"past_tests/{PAST_TESTS['stream']}"), PAST_TESTS
    ids = np.arange(law["count"], dtype=np.uint64)
    rate = draws.lognormal("rate", ids, law["rate"]["median"], law["rate"]["sigma"])
    lift = law["lift"]["mean"] + law["lift"]["sd"] * draws.normal("lift", ids)
    rate, lift = np.round(rate, 4), np.round(lift, 4)
    users = np.round(draws.lognormal("users", ids, law["users"]["median"], law["users"]["sigma"]))
    ended = seconds_of(law["first_ended"]) + DAY * law["days_between"] * np.arange(law["count"])
    table = pd.DataFrame(
        {
            "test": [f"t{number + 1:02d}" for number in range(law["count"])],
            "ended": as_moments(ended),
            "place": draws.choice("place", ids, ("page", "form", "mail"), (0.5, 0.2, 0.3)),
        }
    ).astype({"test": "str", "place": "str"})
    for run, times in (("", 1), ("rerun_", law["rerun"])):
        for arm, chance in (("a", rate), ("b", rate * (1 + lift))):
            n = draws.binomial(f"{run}users {arm}", ids, 2 * times * users, 0.5)
            table[f"{run}users_{arm}"] = n
            table[f"{run}leads_{arm}"] = draws.binomial(f"{run}leads {arm}", ids, n, chance)
    true = {
        test: {"rate": float(r), "lift": float(x)}
        for test, r, x in zip(table["test"], rate, lift, strict=True)
    }
    return table, true
