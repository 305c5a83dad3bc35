"""What the searches for chains share: their result, numbers for users, work in threads.

All of them work on whole columns at a time. A user is a number from 0; a time is a whole number,
`NEVER` where there is none.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["BITS", "NEVER", "NOT_A_TIME", "Chains", "common_tick", "first_of_each", "in_threads"]

NEVER = np.iinfo(np.int64).max
"""The time of what has not happened: later than any other."""

NOT_A_TIME = np.iinfo(np.int64).min
"""What pandas stores for a missing time (NaT)."""

BITS = 63
"""How many bits a whole number has for us (the 64th is its sign)."""

THREADS = min(4, os.cpu_count() or 1)


@dataclass
class Chains:
    """The chains that count, one per user (or several, with count="totals")."""

    everyone: pd.Index  # all users in the log
    users: pd.Index  # whose chain it is, one by one
    entry_row: np.ndarray  # the row of the log that holds the entry
    times: list  # for each step an array: when each chain reached it

    @property
    def level(self):
        """How many steps each chain reached."""
        return sum((at != NEVER).astype(np.int64) for at in self.times)


def first_of_each(user):
    """Find where the next user begins, in an array sorted by user."""
    return np.flatnonzero(np.diff(user, prepend=-1))


def common_tick(times):
    """Find the greatest number that divides all times, which count from 0."""
    # The divisor of the first few is nearly always that of all; what it leaves of the others
    # is quicker to compute than the divisor of so many numbers.
    tick = int(np.gcd.reduce(times[:1000]))
    if tick <= 1:
        return int(np.gcd.reduce(times)) or 1
    left = times % tick
    return int(np.gcd(tick, np.gcd.reduce(left[left > 0], initial=0)))


def in_threads(work, parts):
    """Do the work on each part, and yield the results in order.

    NumPy lets other threads run while it computes, so that the processor's cores share the parts.
    """
    if len(parts) < 2 or THREADS < 2:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(THREADS) as pool:
        yield from pool.map(work, parts)
