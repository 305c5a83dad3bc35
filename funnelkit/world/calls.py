"""The advisers' shifts, and how they try to reach the leads by telephone.

Which leads enrol was settled before. So whether an adviser worked a short week, and how long a lead
waited, is drawn *given* what became of the leads: by Bayes' rule, from the shares and the effect
that `funnelkit.world.model.PIPELINE` plants. A lead that waits a day longer has log-odds of
enrolling that are lower by the planted amount; the hot leads are tried first, so that waiting and
winning go together for a second reason, too.
"""

import numpy as np
import pandas as pd

from funnelkit.world.draws import Draws
from funnelkit.world.keys import DAY, as_moments
from funnelkit.world.model import OWNERS, PIPELINE, lead_span

__all__ = ["draw_calls", "draw_shifts"]

TRIES = 16  # candidates for a lead's waiting time, from which one is chosen given the outcome


def draw_shifts(
    seed: int, crm: pd.DataFrame, booked: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the days that each adviser worked in each week, and the leads handed to advisers.

    Parameters
    ----------
    seed : int
        The world's seed.
    crm : pandas.DataFrame
        The leads as the world knows them, as `funnelkit.world.leads.draw_leads` returns them.
    booked : pandas.Series
        When the log saw a person's first booking, by the person's key (seconds since 1970).

    Returns
    -------
    pandas.DataFrame
        The table ``shifts``.
    pandas.DataFrame
        The leads that an adviser tries to reach, with ``adviser`` and ``wait`` in seconds.
    """
    draws = Draws(seed, "shifts")
    law = PIPELINE["shifts"]
    first, last = lead_span()
    monday = np.arange(_monday(first), last // DAY + 1, 7)
    grid = pd.MultiIndex.from_product([monday, OWNERS], names=["monday", "adviser"]).to_frame(
        index=False
    )
    ids = grid["monday"].to_numpy().astype(np.uint64) * np.uint64(100)
    ids = ids + np.tile(np.arange(len(OWNERS), dtype=np.uint64), len(monday))
    handed = _handed_over(seed, crm)
    # As the log saw it, where it saw it.
    seen = handed["key"].map(booked)
    seen = seen.where((seen - handed["books_at"]).abs() < DAY)
    handed["books_at"] = seen.fillna(handed["books_at"]).astype("int64")
    waits = {short: _waits(seed, handed, short) for short in (False, True)}
    chance = {short: _chance(handed, waits, short) for short in waits}
    won = (handed["enrols_at"] >= 0).to_numpy()
    # How much likelier a short week makes what became of the leads who were spoken with in it.
    wins = {short: chance[short].mean(axis=1) for short in chance}
    ratio = np.where(won, wins[True] / wins[False], (1 - wins[True]) / (1 - wins[False]))
    weight = np.log(ratio) * handed["called"].to_numpy()
    block = [_monday(handed["created"].to_numpy()), handed["adviser"]]
    total = pd.Series(weight, handed.index).groupby(block).sum()
    odds = np.log(law["short_share"] / (1 - law["short_share"]))
    odds = odds + total.reindex(pd.MultiIndex.from_frame(grid)).fillna(0.0).to_numpy()
    short = draws.chance("short", ids, 1 / (1 + np.exp(-odds)))
    lead = pd.Series(short, pd.MultiIndex.from_frame(grid)).reindex(
        pd.MultiIndex.from_arrays(block)
    )
    handed = handed.assign(short=lead.to_numpy(bool))
    handed["wait"] = _chosen(seed, handed, waits, chance)
    table = pd.DataFrame(
        {
            "week": as_moments(grid["monday"].to_numpy() * DAY),
            "adviser": grid["adviser"].astype("str"),
            "days": np.where(short, law["short_days"], law["days"]).astype(np.int64),
        }
    )
    return table, handed


def _monday(value):
    """Return the day of the Monday before: of a day's first second, or of seconds."""
    day = np.asarray(value) // DAY
    return day - (day + 3) % 7


def _handed_over(seed: int, crm: pd.DataFrame) -> pd.DataFrame:
    """Return the leads whom an adviser speaks with, or tries to."""
    draws = Draws(seed, "calls")
    crm = crm[~crm["second"].astype(bool)]
    ids = crm["key"].to_numpy()
    points = (
        1 * (crm["seen_visits"] >= 3) + 1 * (crm["downloads"] >= 1) + 1 * (crm["webinars"] >= 1)
    )
    in_vain = draws.chance("in vain", ids, PIPELINE["in_vain"]["share"])
    in_vain &= (~crm["called"] & (crm["entry"] == "form")).to_numpy()
    in_vain &= ((points >= 1) & (crm["enrols_at"] < 0) & (crm["books_at"] < 0)).to_numpy()
    table = crm.assign(points=points, in_vain=in_vain)
    table = table[table["called"] | in_vain].reset_index(drop=True)
    # The adviser is the owner of the table `leads`, where it names one.
    owner = Draws(seed, "leads").choice("owner", table["key"].to_numpy(), OWNERS, np.ones(5))
    columns = ["key", "lead_id", "created", "entry", "source", "called", "called_now", "in_vain",
               "points", "log_odds", "books_at", "enrols_at"]  # fmt: skip
    return table[columns].assign(adviser=owner)


def _open(seconds: np.ndarray) -> np.ndarray:
    """Return when the advisers do what is due at these moments: at once, or in the morning."""
    law = PIPELINE["opening"]
    start, end = law["from_hour"] * 3600, law["to_hour"] * 3600
    day, clock = seconds // DAY, seconds % DAY
    sunday = (day + 3) % 7 == 6
    saturday_evening = ((day + 3) % 7 == 5) & (clock >= end)
    late, early = clock >= end, clock < start
    day = day + np.where(saturday_evening, 2, np.where(sunday | late, 1, 0))
    # What has gathered while they were closed is done in the first two hours.
    morning = np.select(
        [sunday, late, early],
        [clock / DAY, (clock - end) / (DAY - end), clock / start],
        default=0.0,
    )
    waiting = sunday | late | early
    clock = np.where(waiting, start + np.floor(2 * 3600 * morning), clock)
    return (day * DAY + clock).astype(np.int64)


def _waits(seed: int, handed: pd.DataFrame, short: bool) -> np.ndarray:
    """Return candidates for the seconds until the first attempt: one row per lead."""
    draws = Draws(seed, "calls")
    law = PIPELINE["first_attempt"]
    ids, created = handed["key"].to_numpy()[:, None], handed["created"].to_numpy()[:, None]
    median = law["median_days"]["short" if short else "full"]
    hot = np.where(handed["points"] >= 2, law["two_points_or_more"], 1.0)[:, None]
    number = np.arange(TRIES, dtype=np.uint64)[None, :]
    days = draws.lognormal("wait", ids, median * hot, law["sigma"], number)
    return _open(np.floor(created + DAY * days).astype(np.int64)) - created


def _chance(handed: pd.DataFrame, waits: dict, short: bool) -> np.ndarray:
    """Return the chance that each lead enrols after each of the candidate waits."""
    slope = PIPELINE["first_attempt"]["log_odds_of_winning_per_day"]
    share = PIPELINE["shifts"]["short_share"]
    usual = ((1 - share) * waits[False] + share * waits[True]).mean() / DAY
    log_odds = handed["log_odds"].to_numpy()[:, None] + slope * (waits[short] / DAY - usual)
    return 1 / (1 + np.exp(-log_odds))


def _chosen(seed: int, handed: pd.DataFrame, waits: dict, chance: dict) -> np.ndarray:
    """Return one of the candidate waits for each lead, given what became of it."""
    draws = Draws(seed, "calls")
    short = handed["short"].to_numpy()[:, None]
    wait = np.where(short, waits[True], waits[False])
    wins = np.where(short, chance[True], chance[False])
    spoken, won = handed["called"].to_numpy(), (handed["enrols_at"] >= 0).to_numpy()
    weight = np.where(won[:, None], wins, 1 - wins)
    weight = np.where(spoken[:, None], weight, 1.0)
    # Nobody is tried for the first time after the end: later than that is not yet.
    weight = np.where(wait <= _latest(handed)[:, None], weight, 1e-9)
    edges = weight.cumsum(axis=1)
    place = draws.uniform("which wait", handed["key"].to_numpy()) * edges[:, -1]
    return wait[np.arange(len(wait)), (edges < place[:, None]).sum(axis=1)]


def _latest(handed: pd.DataFrame) -> np.ndarray:
    """Return how many seconds after its creation a lead was spoken with at the latest."""
    _, last = lead_span()
    created, enrols = handed["created"].to_numpy(), handed["enrols_at"].to_numpy()
    # Those who enrol within a day of the form are called afterwards.
    late = (enrols >= 0) & (enrols - created > DAY)
    end = np.where(late, np.minimum(enrols, last), last)
    return np.where(handed["called_now"], end - created, 10**9)


def draw_calls(seed: int, handed: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every attempt to reach a lead, and the leads with ``reached_at``.

    Parameters
    ----------
    seed : int
        The world's seed.
    handed : pandas.DataFrame
        The leads that an adviser tries to reach, as `draw_shifts` returns them.

    Returns
    -------
    pandas.DataFrame
        The table ``calls``.
    pandas.DataFrame
        ``handed`` with the second of the first conversation, ``reached_at`` (-1: none yet), and of
        the last attempt, ``tried_at``.
    """
    draws = Draws(seed, "calls")
    law = PIPELINE["attempts"]
    _, last = lead_span()
    ids, created = handed["key"].to_numpy(), handed["created"].to_numpy()
    latest = created + _latest(handed)
    soon = created + np.floor((latest - created) * draws.uniform("soon", ids)).astype(np.int64)
    at = [np.where(created + handed["wait"] <= latest, created + handed["wait"], soon)]
    gap = law["gap_days"]
    for k in range(1, law["most"]):
        days = draws.lognormal("gap", ids, gap["median"], gap["sigma"], k)
        at.append(_open(np.floor(at[-1] + DAY * days).astype(np.int64)))
    at = np.stack(at, axis=1)
    miss = 1 - law["reached_at_each"]
    wanted = 1 + draws.geometric("attempts", ids, miss / (1 - miss))
    wanted = np.minimum(np.minimum(wanted, law["most"]), (at <= latest[:, None]).sum(axis=1))
    in_vain = PIPELINE["in_vain"]["attempts"]
    tries = draws.choice("vain attempts", ids, in_vain, np.ones(len(in_vain)))
    spoken = handed["called_now"].to_numpy(bool)
    number = np.where(spoken, np.maximum(wanted, 1), tries)
    row, attempt = np.nonzero(np.arange(law["most"])[None, :] < number[:, None])
    moment = at[row, attempt]
    reached = spoken[row] & (attempt + 1 == number[row])
    minutes = draws.lognormal("minutes", ids[row], **PIPELINE["minutes"], k=attempt)
    table = pd.DataFrame(
        {
            "lead_id": handed["lead_id"].to_numpy()[row],
            "attempt": attempt + 1,
            "called_at": as_moments(moment),
            "adviser": handed["adviser"].to_numpy()[row],
            "reached": reached,
            "minutes": pd.Series(np.round(np.maximum(minutes, 1.0), 1)).where(reached),
        }
    ).astype({"lead_id": "str", "adviser": "str", "attempt": "int64"})
    table = table[moment <= last]
    table = table.sort_values(["called_at", "lead_id"], ignore_index=True)
    end = at[np.arange(len(at)), number - 1]
    return table, handed.assign(reached_at=np.where(spoken, end, -1), tried_at=end)
