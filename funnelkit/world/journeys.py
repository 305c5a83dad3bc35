"""The touches of prospects with the school's channels, and what the channels really bring.

A prospect may see what an *opener* shows (social ads, content, social, partner, offline) and so
becomes aware of the school; some become aware on their own. Whoever is aware looks in again a few
times, through brand search, search (seo) or directly. On each touch a prospect may enrol; the
channels that persuade raise the odds from then on.

Money buys presence: a share of the possible touches that saturates with the spend of a channel in
a region, of which a part carries over into later weeks. A touch that a channel did not carry
happens directly with the chance ``anyway``: nearly always for brand search, rarely for an opener.
So brand search ends many journeys and changes nearly nothing, and social ads the
opposite.

Every draw is keyed by the prospect. `run_journeys` with other levels of spend (none at all for a
channel, or none in some regions for some weeks) is the same world with that change and no other;
with more ``people`` it has the same prospects and others besides.
"""

import numpy as np
import pandas as pd

from funnelkit.world.draws import Draws
from funnelkit.world.keys import DAY, WEEK, as_moments, seconds_of
from funnelkit.world.model import JOURNEYS

__all__ = [
    "TOUCH_CHANNELS",
    "TOUCH_REGIONS",
    "draw_journeys",
    "enrolments_without",
    "presence",
    "run_journeys",
    "spend_levels",
]

TOUCH_CHANNELS = tuple(JOURNEYS["channels"])  # in this order; "direct" is the last
TOUCH_REGIONS = tuple(f"r{number:02d}" for number in range(1, len(JOURNEYS["regions"]) + 1))
_DIRECT = len(TOUCH_CHANNELS) - 1
_OPENERS = [name for name, law in JOURNEYS["channels"].items() if "possible" in law]
_OWN = len(TOUCH_CHANNELS)  # who became aware on their own


def spend_levels(seed: int, *, without: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Return the spend of each channel, as a multiple of its usual, by region and week.

    The first ``warm_up`` weeks are before the table begins. The levels were drawn at random.
    """
    weeks = JOURNEYS["warm_up"] + JOURNEYS["weeks"]
    region, week = np.divmod(np.arange(len(TOUCH_REGIONS) * weeks), weeks)
    pulses = np.array(JOURNEYS["pulses"])
    levels = {}
    for number, name in enumerate(TOUCH_CHANNELS[:-1]):
        drawn = Draws(seed, "journeys").choice(
            f"pulse {number}", region * 1000 + week, pulses, np.ones(len(pulses))
        )
        levels[name] = drawn.reshape(-1, weeks) * (name not in without)
    return levels


def presence(channel: str, levels: np.ndarray) -> np.ndarray:
    """Return the share of its possible touches that a channel reaches, by region and week.

    The level of spend carries over geometrically (from a usual level, or none if there is none at
    all, before the first week), then a Hill curve saturates.
    """
    law = JOURNEYS["channels"][channel]
    stock = np.ones(len(levels)) * levels.any()
    reached = np.empty(levels.shape)
    for week in range(levels.shape[1]):
        stock = law["carry"] * stock + (1 - law["carry"]) * levels[:, week]
        reached[:, week] = stock ** law["slope"]
    return reached / (reached + law["half"] ** law["slope"])


def run_journeys(seed: int, levels: dict[str, np.ndarray], *, people=None) -> pd.DataFrame:
    """Run the world of the journeys and return all touches, those before the table included.

    Parameters
    ----------
    seed : int
        The world's seed.
    levels : dict of arrays
        What `spend_levels` returned, or a changed copy.
    people : int, optional
        How many prospects there are; by default those of the table.

    Returns
    -------
    pandas.DataFrame
        One row per touch, by prospect and time: the numbers of the `prospect`, the `region` and the
        `channel`, the second `at`, the second `entered` from which the prospect may be reached at
        all, the `source` of awareness (a channel, or one more than the last: on their own), the
        `cost` in EUR, the second `enrolled` (-1: not after this touch), the `value` in
        EUR.
    """
    draws = Draws(seed, "journeys")
    who = np.arange(people or JOURNEYS["people"], dtype=np.uint64)
    region = draws.choice("region", who, np.arange(len(TOUCH_REGIONS)), JOURNEYS["regions"])
    reached = np.stack([presence(name, levels[name]) for name in TOUCH_CHANNELS[:-1]])
    first = _begin() - JOURNEYS["warm_up"] * WEEK
    entered = first + _part(draws, "start", who, _end() - first)
    openings, aware, source = _openings(draws, who, region, entered, reached)
    visits = _visits(draws, who, region, reached, aware, source)
    touches = pd.concat([openings, visits], ignore_index=True)
    touches = touches[touches["at"] < _end()]
    touches = touches.sort_values(["prospect", "at", "slot"], ignore_index=True)
    touches["region"] = region[touches["prospect"]]
    touches["entered"] = entered[touches["prospect"]]
    touches["source"] = source[touches["prospect"]]
    touches["cost"] = _cost(touches, levels, reached)
    touches["enrolled"] = _enrolled(draws, touches)
    value = JOURNEYS["value"]
    paid = draws.lognormal(
        "value", touches["prospect"], value["median"], value["sigma"], touches["slot"]
    )
    touches["value"] = np.where(touches["enrolled"] >= 0, np.round(paid, 2), np.nan)
    return touches.drop(columns="slot")


def _begin() -> int:
    """Return the second at which the table begins."""
    return seconds_of(JOURNEYS["from"])


def _end() -> int:
    """Return the first second after the table."""
    return _begin() + JOURNEYS["weeks"] * WEEK


def _reaches(draws, name, who, slot, region, at, reached, channel):
    """Return through which channel each possible touch happens; -1 where it does not happen.

    What the channel does not carry happens directly with the chance ``anyway``.
    """
    laws = list(JOURNEYS["channels"].values())
    week = np.clip((at - _begin()) // WEEK + JOURNEYS["warm_up"], 0, reached.shape[2] - 1)
    paid = channel != _DIRECT
    chance = np.where(paid, reached[np.minimum(channel, _DIRECT - 1), region, week], 1.0)
    anyway = np.array([law["anyway"] for law in laws])[channel]
    carried = draws.uniform(f"{name} carried", who, slot) < chance
    direct = draws.uniform(f"{name} anyway", who, slot) < anyway
    return np.where(carried, channel, np.where(direct, _DIRECT, -1))


def _table(who, at, channel, slot, kept):
    """Return the touches that happen."""
    columns = {"prospect": who.astype(np.int64), "at": at, "channel": channel, "slot": slot}
    return pd.DataFrame({name: values[kept] for name, values in columns.items()})


def _openings(draws, who, region, start, reached):
    """Return the openers' touches; when each prospect is first aware (-1 never), and whereby."""
    window = JOURNEYS["window_days"] * DAY
    own = draws.chance("own", who, JOURNEYS["own"]["share"])
    aware = np.where(own, start + _part(draws, "own at", who, window), _end())
    source, parts = np.where(own, _OWN, -1), []
    for name in _OPENERS:
        number = TOUCH_CHANNELS.index(name)
        possible = draws.geometric(name, who, JOURNEYS["channels"][name]["possible"])
        for slot in range(JOURNEYS["most_of_an_opener"]):
            at = start + _part(draws, f"{name} at", who, window, slot)
            asked = np.full(len(who), number)
            channel = _reaches(draws, name, who, slot, region, at, reached, asked)
            happens = (possible > slot) & (channel >= 0)
            earlier = happens & (at < aware)
            aware, source = np.where(earlier, at, aware), np.where(earlier, number, source)
            key = np.full(len(who), 10 * number + slot)
            parts.append(_table(who, at, channel, key, happens))
    return pd.concat(parts), np.where(source >= 0, aware, -1), source


def _part(draws, what, who, length, k=0):
    """Return a whole number of seconds, anywhere within a length of time."""
    return np.floor(draws.uniform(what, who, k) * length).astype(np.int64)


def _visits(draws, who, region, reached, aware, source):
    """Return the visits of those who are aware: through brand search, search, or directly."""
    law, at, parts = JOURNEYS["visits"], aware.copy(), []
    pull = [each.get("pull", 0.0) for each in JOURNEYS["channels"].values()]
    pull = np.array([*pull, JOURNEYS["own"]["pull"]])[source]
    wants = aware >= 0
    for k in range(law["most"]):
        soon = (source == _OWN) & (k == 0)
        gap = np.where(soon, law["own_first_days"], law["gap_days"])
        at = at + np.ceil(DAY * gap * draws.exponential("gap", who, k)).astype(np.int64)
        asked = _asked(draws, who, k, source)
        channel = _reaches(draws, "visit", who, k, region, at, reached, asked)
        wants = wants & (draws.uniform("visit", who, k) < pull)
        key = np.full(len(who), 100 + k)
        parts.append(_table(who, at, channel, key, wants & (channel >= 0)))
    return pd.concat(parts)


def _asked(draws, who, k, source):
    """Return through which channel each visit would go if all channels were present."""
    options = []
    for shares in (JOURNEYS["visits"]["of_own_first"], JOURNEYS["visits"]["of_others"]):
        numbers = [TOUCH_CHANNELS.index(name) for name in shares]
        options.append(draws.choice("asked", who, numbers, list(shares.values()), k))
    return np.where((source == _OWN) & (k == 0), *options)


def _cost(touches, levels, reached):
    """Return the cost of each touch: what its region and week cost, by what they brought."""
    channel, region = touches["channel"].to_numpy(), touches["region"].to_numpy()
    week = (touches["at"].to_numpy() - _begin()) // WEEK + JOURNEYS["warm_up"]
    cost = np.zeros(len(touches))
    for number, name in enumerate(TOUCH_CHANNELS[:-1]):
        law, here = JOURNEYS["channels"][name], channel == number
        usual = 1 / (1 + law["half"] ** law["slope"])
        place = region[here], week[here]
        cost[here] = law["price"] * levels[name][place] * usual / reached[number][place]
    return np.round(cost, 2)


def _enrolled(draws, touches):
    """Return the second of the enrolment that follows each touch, or -1."""
    prospect, channel = touches["prospect"].to_numpy(), touches["channel"].to_numpy()
    place = touches.groupby("prospect").cumcount().to_numpy()
    row = np.cumsum(place == 0) - 1
    grid = np.full((row[-1] + 1, place.max() + 1), -1)
    grid[row, place] = channel
    law = JOURNEYS["enrols"]
    own = touches["source"].to_numpy()[place == 0] == _OWN
    wish = law["base"] + law["own"] * own[:, None]
    wish = wish + law["opening"] * np.isin(grid, [TOUCH_CHANNELS.index(name) for name in _OPENERS])
    for number, each in enumerate(JOURNEYS["channels"].values()):
        wish = wish + each["persuades"] * np.logical_or.accumulate(grid == number, axis=1)
    chance = np.full(grid.shape, 2.0)
    chance[row, place] = draws.uniform("enrols", prospect, touches["slot"].to_numpy())
    customer, enrols = np.zeros(len(grid), bool), np.zeros(grid.shape, bool)
    for k in range(grid.shape[1]):
        odds = np.exp(wish[:, k] + law["customer"] * customer)
        enrols[:, k] = chance[:, k] < odds / (1 + odds)
        customer |= enrols[:, k]
    at = touches["at"].to_numpy()
    later = np.append(at[1:], _end())
    later = np.where(np.append(prospect[1:] != prospect[:-1], True), _end(), later)
    wait = 60 * (3 + _part(draws, "wait", prospect, 40, touches["slot"].to_numpy()))
    wait = np.minimum(wait, (later - at) // 2)
    return np.where(enrols[row, place], at + wait, -1)


def _shown(touches):
    """Return the touches of those who entered since the table begins: the same with any spend."""
    return touches[touches["entered"] >= _begin()]


def draw_journeys(seed: int, without: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the table ``journeys``: all touches of prospects who entered since it begins."""
    touches = _shown(run_journeys(seed, spend_levels(seed, without=without)))
    who = np.unique(touches["prospect"])
    code = pd.Series(Draws(seed, "journeys").code("user", who.astype(np.uint64), "p"), index=who)
    enrolled = touches["enrolled"].to_numpy()
    table = pd.DataFrame(
        {
            "user_id": touches["prospect"].map(code).to_numpy(),
            "timestamp": as_moments(touches["at"]),
            "channel": np.array(TOUCH_CHANNELS)[touches["channel"]],
            "region": np.array(TOUCH_REGIONS)[touches["region"]],
            "cost": touches["cost"].to_numpy(),
            "converted_at": pd.Series(as_moments(np.maximum(enrolled, 0))).where(enrolled >= 0),
            "value": touches["value"].to_numpy(),
        }
    ).astype({"user_id": "str", "channel": "str", "region": "str"})
    return table.sort_values(["user_id", "timestamp"], kind="stable", ignore_index=True)


def enrolments_without(seed: int, channels=TOUCH_CHANNELS[:-1]) -> dict:
    """Return how many enrol in the table, and how many fewer without each of the channels."""

    def count(levels):
        touches = _shown(run_journeys(seed, levels))
        enrolled = touches["enrolled"] >= 0
        return int(enrolled.sum()), float(touches["value"].sum())

    enrolments, value = count(spend_levels(seed))
    lost = {}
    for name in channels:
        left, worth = count(spend_levels(seed, without=(name,)))
        lost[name] = {"enrolments": enrolments - left, "value": round(value - worth, 2)}
    return {"enrolments": enrolments, "value": round(value, 2), "lost_without": lost}
