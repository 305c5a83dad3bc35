"""Enrolments by region and week: geo tests first, then budgets that were varied at random.

The channels act as in the journeys: a week's spending carries over, and a Hill curve saturates.
Here are all enrolments of the market, of which the journeys show a panel. What is lost without a
channel is planted, to be what the journeys lose when they are run again without it; the spending
of the weeks before and of the journeys is that of the journeys.
"""

import numpy as np
import pandas as pd

from funnelkit.world.draws import Draws
from funnelkit.world.journeys import TOUCH_CHANNELS, TOUCH_REGIONS, presence, spend_levels
from funnelkit.world.keys import WEEK, as_moments, seconds_of
from funnelkit.world.model import GEO, JOURNEYS, MODEL

__all__ = ["draw_regions", "geo_levels", "regions_off"]


def geo_weeks() -> np.ndarray:
    """Return the Mondays of the table."""
    return as_moments(seconds_of(GEO["from"]) + WEEK * np.arange(GEO["weeks"]))


def regions_off(seed: int, channel: str) -> np.ndarray:
    """Return for each region whether its test of a channel switched it off: half of them."""
    place = np.arange(len(TOUCH_REGIONS))
    stream = GEO["tests"][channel]["stream"]
    order = Draws(seed, f"regions/{stream}").uniform(f"off {channel}", place).argsort()
    return np.isin(place, order[: len(place) // 2])


def geo_levels(seed: int, without: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Return the spending of each channel, as a multiple of its usual, by region and week."""
    pulsed = spend_levels(seed)
    weeks = geo_weeks()
    first = len(weeks) - JOURNEYS["warm_up"] - JOURNEYS["weeks"]
    levels = {}
    for name in TOUCH_CHANNELS[:-1]:
        table = np.ones((len(TOUCH_REGIONS), len(weeks)))
        table[:, first:] = pulsed[name]
        if name in GEO["tests"]:
            table[np.ix_(regions_off(seed, name), tested(name))] = 0.0
        levels[name] = table * (name not in without)
    return levels


def tested(channel: str) -> np.ndarray:
    """Return for each week whether a channel was under test."""
    law, weeks = GEO["tests"][channel], geo_weeks()
    start = np.datetime64(law["starts"])
    return (weeks >= start) & (weeks < start + np.timedelta64(7 * law["weeks"], "D"))


def draw_regions(seed: int, without: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the table ``regions``: one row per region and week."""
    weeks, levels = geo_weeks(), geo_levels(seed, without)
    size = np.array(JOURNEYS["regions"]) / np.mean(JOURNEYS["regions"])
    done = 1.0 - sum(GEO["lost_without"].values())
    for name, level in levels.items():
        law = JOURNEYS["channels"][name]
        usual = 1 / (1 + law["half"] ** law["slope"])
        done = done + GEO["lost_without"][name] * presence(name, level) / usual
    mean = GEO["enrolments"] * size[:, None] * _season(weeks) * done * np.exp(_luck(seed, weeks))
    region, week = np.divmod(np.arange(mean.size), len(weeks))
    table = pd.DataFrame(
        {
            "region": np.array(TOUCH_REGIONS)[region],
            "week": weeks[week],
            "enrolments": Draws(seed, "regions").poisson(
                "enrolments", region * 1000 + week, mean.ravel()
            ),
            "test": None,
            "off": False,
        }
    )
    for name, level in levels.items():
        spent = GEO["usual"][name] * size[:, None] * level
        table[f"spend_{name}"] = np.round(spent, 2).ravel()
    for name in GEO["tests"]:
        under = tested(name)[week]
        table.loc[under, "test"] = name
        table.loc[under & regions_off(seed, name)[region], "off"] = True
    return table.astype({"region": "str", "test": "str"})


def _season(weeks: np.ndarray) -> np.ndarray:
    """Return each week's factor: the month's season, and the trend."""
    middle = pd.DatetimeIndex(weeks) + pd.Timedelta("3D")
    month = np.array(MODEL["traffic"]["month"])[middle.month - 1]
    years = (np.arange(len(weeks)) - len(weeks)) / 52.18
    return month * (1 + MODEL["traffic"]["growth_per_year"]) ** years


def _luck(seed: int, weeks: np.ndarray) -> np.ndarray:
    """Return each region's own ups and downs, a logarithm: they last for weeks."""
    draws, law = Draws(seed, "regions"), GEO["luck"]
    region, week = np.divmod(np.arange(len(TOUCH_REGIONS) * len(weeks)), len(weeks))
    shocks = draws.normal("luck", region * 1000 + week).reshape(-1, len(weeks))
    luck = law["sd"] * shocks
    for place in range(1, len(weeks)):
        kept = law["ar1"] * luck[:, place - 1]
        luck[:, place] = kept + law["sd"] * (1 - law["ar1"] ** 2) ** 0.5 * shocks[:, place]
    return luck
