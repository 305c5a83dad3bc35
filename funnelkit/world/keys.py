"""Time and ids in the world: whole seconds since 1970, the calendar, and who has which key.

A person who visited has a key below all of those named here. Whoever came another way has one in a
range of its own, so that no two people share their draws.
"""

import numpy as np
import pandas as pd

__all__ = [
    "BOTS",
    "CARDS",
    "CONTACTS",
    "DAY",
    "LISTS",
    "READERS",
    "STALE",
    "WALK_INS",
    "WEEK",
    "add_months",
    "as_moments",
    "seconds_of",
]

DAY = 86_400
WEEK = 7 * DAY

CARDS = np.uint64(1 << 58)  # a card left at a fair
LISTS = np.uint64(2 << 58)  # a name on a partner's list
STALE = np.uint64(3 << 58)  # a row of the old list that was imported as if it were new
READERS = np.uint64(4 << 58)  # readers of the free lessons, as the testing tool knows them
CONTACTS = np.uint64(5 << 58)  # people on the list of the mailing tool
WALK_INS = np.uint64(1 << 61)  # customers who enrolled without a visit
BOTS = np.uint64(1 << 62)  # no people at all


def seconds_of(moment: str) -> int:
    """Return a moment as whole seconds since 1970."""
    return int(pd.Timestamp(moment).value // 10**9)


def as_moments(seconds) -> np.ndarray:
    """Return whole seconds as datetime64[s]."""
    return np.asarray(seconds).astype("int64").astype("datetime64[s]")


def add_months(start: pd.DatetimeIndex, months: np.ndarray) -> pd.DatetimeIndex:
    """Add whole months; the 31st becomes the last day of a shorter month."""
    month = start.to_numpy().astype("datetime64[M]") + months.astype("timedelta64[M]")
    last = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int)
    day = np.minimum(start.day.to_numpy(), last) - 1
    return pd.DatetimeIndex((month.astype("datetime64[D]") + day).astype("datetime64[s]"))
