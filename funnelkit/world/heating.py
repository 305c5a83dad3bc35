"""Tern Heating: the firm of the project in lesson 31, ``datasets/heating``.

An invented firm replaces old boilers by heat pumps. People ask for an offer, an engineer visits
them, an offer is made, some order; afterwards most have the pump serviced by contract. The numbers
are made up, and are no benchmark of any industry. `funnelkit.school.heating_firm` reads the tables.

``python -m funnelkit.world.heating`` writes them, ``--check`` compares them with a fresh run.
"""

import sys

import numpy as np
import pandas as pd

from funnelkit.world.draws import Draws
from funnelkit.world.keys import DAY, WEEK, add_months, as_moments, seconds_of
from funnelkit.world.written import write_or_compare_folder

__all__ = ["draw_firm", "main"]

FIRST, WEEKS = "2025-06-30", 52
TRIAL = "2026-01-05"
CHANNELS = {"search": 0.45, "fair": 0.20, "partner": 0.20, "neighbours": 0.15}
WARMTH = {"search": -0.5, "fair": -0.2, "partner": 0.2, "neighbours": 0.7}
SPEND = {"search": 13000.0, "fair": 6000.0, "partner": 4700.0, "neighbours": 750.0}
BAD_WEEKS = {17: 0.30, 44: 0.12}  # in these the form lost the channel of so many


def draw_firm(seed: int = 31) -> dict[str, pd.DataFrame]:
    """Return the records of the firm: a year of enquiries, and what came of them.

    Parameters
    ----------
    seed : int
        The seed.

    Returns
    -------
    dict of DataFrame
        As `funnelkit.school.heating_firm` says.

    Examples
    --------
    >>> sorted(draw_firm(1)) == sorted(draw_firm(2))
    True
    """
    draws = Draws(seed, "heating")
    clean = _enquiries(draws)
    steps = _steps(draws, clean)
    orders = _orders(draws, steps, clean)
    known = clean.drop(columns=["key", "warmth"])
    return {
        "enquiries": _as_received(draws, known, clean["key"].to_numpy()),
        "steps": steps,
        "consents": _consents(draws, clean),
        "orders": orders,
        "spend": _spend(draws),
        "contracts": _contracts(draws),
        "surveys": _surveys(draws),
    }


def _end():
    return seconds_of(FIRST) + WEEKS * WEEK


def _enquiries(draws):
    """Return the enquiries as they were made, with what decides about their orders."""
    weeks = np.arange(WEEKS)
    made = draws.poisson("enquiries", weeks, 40 + 8 * np.cos(2 * np.pi * (weeks - 14) / 52))
    key = np.concatenate([1000 * w + np.arange(n) for w, n in zip(weeks, made, strict=True)])
    key = key.astype(np.uint64)
    second = seconds_of(FIRST) + WEEK * (key // np.uint64(1000)).astype(np.int64)
    second = second + np.floor(WEEK * draws.uniform("moment", key)).astype(np.int64)
    channel = draws.choice("channel", key, list(CHANNELS), list(CHANNELS.values()))
    pages = draws.poisson("pages", key, 2 + 6 * draws.beta("interest", key, 1.2, 2.0))
    downloads = draws.chance("downloads", key, 0.15 + 0.05 * np.minimum(pages, 8))
    trial = np.where(draws.chance("trial", key, 0.5), "same day", "usual")
    trial = np.where(second >= seconds_of(TRIAL), trial, "")
    warmth = np.array([WARMTH[name] for name in channel]) + 0.9 * downloads
    warmth = warmth + 0.10 * (np.minimum(pages, 8) - 4) + 0.45 * (trial == "same day")
    table = pd.DataFrame(
        {
            "key": key,
            "enquiry_id": draws.code("id", key, "e"),
            "received_at": as_moments(second),
            "channel": channel,
            "pages": np.where(draws.chance("untracked", key, 0.12), np.nan, pages),
            "downloads": downloads.astype(np.int64),
            "answer": trial,
            "warmth": warmth,
        }
    )
    table["answer"] = table["answer"].where(table["answer"] != "")
    return table.sort_values(["received_at", "key"], ignore_index=True)


def _steps(draws, table):
    """Return one row per step of each enquiry, up to the last day."""
    key, moment = table["key"].to_numpy(), table["received_at"].to_numpy().astype(np.int64)
    warmth, name = table["warmth"].to_numpy(), table["enquiry_id"].to_numpy()
    law = {"visit": (0.4, 8.0), "offer": (2.2, 4.0), "order": (-0.3, 12.0)}
    rows = [pd.DataFrame({"user_id": name, "event": "enquiry", "timestamp": moment})]
    for event, (level, days) in law.items():
        pull = warmth if event != "offer" else 0.0 * warmth
        stays = draws.chance(event, key, 1 / (1 + np.exp(-(level + pull))))
        delay = DAY * draws.lognormal(f"{event} delay", key, median=days, sigma=0.7)
        moment = moment + np.round(delay).astype(np.int64)
        key, moment, warmth, name = (each[stays] for each in (key, moment, warmth, name))
        rows.append(pd.DataFrame({"user_id": name, "event": event, "timestamp": moment}))
    log = pd.concat(rows, ignore_index=True)
    log = log[log["timestamp"] < _end()]
    log["timestamp"] = as_moments(log["timestamp"])
    return log.sort_values(["timestamp", "user_id"], ignore_index=True)


def _orders(draws, steps, enquiries):
    bought = steps[steps["event"] == "order"].drop(columns="event")
    bought = bought.set_axis(["enquiry_id", "ordered_at"], axis="columns")
    bought = bought.merge(enquiries[["enquiry_id", "key", "channel"]], on="enquiry_id")
    key = bought.pop("key").to_numpy()
    amount = np.round(draws.lognormal("amount", key, median=14_500, sigma=0.3), 2)
    share = 0.66 + 0.12 * draws.uniform("cost", key)
    return bought.assign(amount=amount, cost=np.round(amount * share, 2))


def _as_received(draws, table, key):
    """Return the enquiries with the faults of the form and of its transport."""
    week = (key // np.uint64(1000)).astype(np.int64)
    lost = np.select([week == w for w in BAD_WEEKS], list(BAD_WEEKS.values()), 0.004)
    channel = np.where(draws.chance("lost channel", key, lost), "", table["channel"])
    table = table.assign(channel=channel)
    table["channel"] = table["channel"].where(table["channel"] != "")
    wrong = draws.chance("wrong clock", key, 0.006)
    late = table["received_at"] + pd.Timedelta("365D")
    table["received_at"] = table["received_at"].where(~wrong, late)
    table["pages"] = table["pages"].where(~draws.chance("negative", key, 0.009), -1.0)
    twice = table[draws.chance("sent twice", key, 0.02)]
    table = pd.concat([table, twice]).sort_index(kind="stable").reset_index(drop=True)
    return table.astype({"enquiry_id": "str", "channel": "str", "answer": "str"})


def _consents(draws, table):
    key = table["key"].to_numpy()
    gives = draws.chance("consent", key, 0.8)
    first = table[["enquiry_id", "received_at"]].assign(consent=gives)
    gone = first[gives & draws.chance("withdraws", key, 0.06)]
    after = 40 * draws.uniform("withdrawn after", gone.index.to_numpy().astype(np.uint64))
    gone = gone.assign(consent=False)
    gone["received_at"] += pd.to_timedelta(np.round(DAY * after), unit="s").as_unit("s")
    both = pd.concat(
        [first, gone[gone["received_at"] < as_moments([_end()])[0]]], ignore_index=True
    )
    both = both.set_axis(["user_id", "timestamp", "consent"], axis="columns")
    return both.sort_values("timestamp", kind="stable", ignore_index=True)


def _spend(draws):
    week, channel = np.divmod(np.arange(WEEKS * len(SPEND)), len(SPEND))
    usual = np.array(list(SPEND.values()))[channel]
    amount = usual * (0.8 + 0.4 * draws.uniform("spend", 10 * week + channel))
    monday = as_moments(seconds_of(FIRST) + WEEK * week)
    names = np.array(list(SPEND))[channel]
    return pd.DataFrame({"week": monday, "channel": names, "spend": np.round(amount, 2)})


def _contracts(draws):
    number = np.arange(420)
    day = np.sort(np.floor(728 * draws.uniform("signed", number))).astype(np.int64)
    started = as_moments(seconds_of("2024-06-30") + DAY * day)
    leave = draws.beta("leave", number, 0.6, 14.0)
    months = 1 + draws.geometric("months", number, (1 - leave) / leave)
    ended = pd.Series(add_months(pd.DatetimeIndex(started), np.minimum(months, 60)))
    ended = ended.where(ended < as_moments([_end()])[0])
    names = draws.code("contract", number.astype(np.uint64), "c")
    return pd.DataFrame({"contract_id": names, "started": started, "ended": ended})


def _surveys(draws):
    number = np.arange(300)
    mood = 8.6 + 1.9 * draws.normal("mood", number)
    points = np.clip(np.round(mood), 0, 10)
    answered = draws.chance("answers", number, np.where(points >= 7, 0.5, 0.35))
    names = draws.code("asked", number.astype(np.uint64), "k")
    return pd.DataFrame({"customer_id": names, "points": np.where(answered, points, np.nan)})


def main(arguments: list[str] | None = None) -> int:
    """Write the firm's tables and their checksums, or compare them with a fresh run."""
    return write_or_compare_folder(
        "heating",
        _files,
        arguments,
        command="funnelkit.world.heating",
        what="Write the project's tables.",
    )


def _files():
    return {
        f"{name}.csv": table.to_csv(index=False, lineterminator="\n").encode()
        for name, table in draw_firm().items()
    }


if __name__ == "__main__":
    sys.exit(main())
