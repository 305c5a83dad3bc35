"""The general road to the chains: every option.

The log is sorted once; then the chains of all entries are found together, one step at a time,
and those that count are picked out.
"""

import numpy as np
import pandas as pd

from funnelkit.funnels import chains
from funnelkit.funnels.chains import NEVER, Chains, first_of_each
from funnelkit.funnels.log import from_low, groups, number
from funnelkit.funnels.window_funnel import window_funnel_chains

__all__ = ["general_chains"]


class _Line:
    """The log in order of user, time and step, and where to find what in it.

    Positions count from 0; the last one, `nowhere`, means that there is no such event.
    A block is what a chain stays in: the events of one user with the same held values.
    """

    def __init__(self, log):
        user, low, self.users = number(log.user)
        user = from_low(user, low)
        self.start = log.start
        time = log.time - log.start
        # 0 for other events; then what is excluded; then the steps, in order.
        codes = [code for code, _, _ in log.exclude if code not in log.steps] + log.steps
        codes = list(dict.fromkeys(codes))
        rank = np.zeros(max(log.name.max(), *codes) + 2, dtype=np.int64)  # the last is for -1
        rank[codes] = np.arange(1, len(codes) + 1)
        self.step = [int(rank[code]) for code in log.steps]
        self.exclude = [(int(rank[code]), i, j) for code, i, j in log.exclude]
        rank = rank[log.name]
        held, _ = groups(log.events, log.asked.hold)
        by, _ = groups(log.events, log.asked.by)

        self.row = _order([user, time // log.tick, rank, held, by])
        self.nowhere = n = len(user)
        self.user = np.append(user[self.row], -1)
        self.time = np.append(time[self.row], NEVER)
        self.rank = np.append(rank[self.row], -1)
        block = pd.factorize(user * (held.max() + 1) + held)[0] if log.asked.hold else user
        self.block = np.append(block[self.row], -1)
        # Blocks end to end, as users in `_climb`: one number says which block, and where in it.
        self._place = self.block * n + np.arange(n + 1)
        self._found = {}

    def _find(self, rank):
        """Positions of all events of that rank, block by block, and their places."""
        if rank not in self._found:
            at = np.flatnonzero(self.rank == rank)
            at = at[np.argsort(self._place[at], kind="stable")]
            self._found[rank] = np.append(at, self.nowhere), self._place[at]
        return self._found[rank]

    def following(self, rank, position):
        """Position of the next such event in the same block."""
        at, place = self._find(rank)
        found = at[np.searchsorted(place, self._place[position], side="right")]
        return np.where(self.block[found] == self.block[position], found, self.nowhere)

    def preceding(self, rank, position):
        """Position of the last such event before, in the same block."""
        at, place = self._find(rank)
        found = at[np.searchsorted(place, self._place[position], side="left") - 1]
        return np.where(self.block[found] == self.block[position], found, self.nowhere)


def _order(columns):
    """Order of the rows by several columns of whole numbers from 0, the first one foremost."""
    bits = [int(column.max()).bit_length() for column in columns]
    if sum(bits) > chains.BITS:
        return np.lexsort(columns[::-1])
    packed = np.zeros(len(columns[0]), dtype=np.int64)
    for column, n in zip(columns, bits, strict=True):
        packed = packed << n | column
    return np.argsort(packed)


def general_chains(log):
    """Find the chains that count, whatever the options."""
    line = _Line(log)
    entries = np.flatnonzero(line.rank == line.step[0])
    if log.asked.count == "users":
        if log.asked.entry == "first":
            entries = entries[first_of_each(line.user[entries])]
        entries = entries[_in_time(entries, line, log)]

    if log.asked.modes:
        who, entry, times = window_funnel_chains(line, entries, log)
        return _made(line, who, entry, times)
    if log.asked.order == "any":
        times = _unordered(line, entries, log.window)
    else:
        positions = (_loose if log.asked.order == "loose" else _strict)(line, entries, log.window)
        times = [line.time[at] for at in positions]

    if log.asked.entry == "any":
        keep = _best(line.user[entries], entries, times)
    elif log.asked.count == "totals":
        keep = _one_after_another(line, entries, positions[-1], log.window)
        keep = keep[_in_time(entries[keep], line, log)]
    else:
        keep = np.arange(len(entries))
    entries = entries[keep]
    return _made(line, line.user[entries], entries, [at[keep] for at in times])


def _made(line, user, entries, times):
    """Put users, entries and times into the terms of the log."""
    return Chains(
        line.users[np.bincount(line.user[:-1], minlength=len(line.users)) > 0],
        line.users[user],
        line.row[entries],
        [np.where(at == NEVER, NEVER, at + line.start) for at in times],
    )


def _in_time(entries, line, log):
    """Tell which entries' windows are over when observation ends; note how many are not."""
    if log.cutoff == NEVER:
        return np.ones(len(entries), dtype=bool)
    over = line.time[entries] <= log.cutoff - line.start
    log.left_out = int((~over).sum())
    return over


def _loose(line, entries, window):
    """Take for each step the next event of its name; return the positions, step by step."""
    positions = [entries]
    for k, rank in enumerate(line.step[1:], start=1):  # k steps are reached
        here = positions[-1]
        there = line.following(rank, here)
        ended = line.time[there] - line.time[entries] > window
        for excluded, i, j in line.exclude:
            if i <= k < j:
                ended |= line.following(excluded, here) < there
        positions.append(np.where(ended, line.nowhere, there))
    return positions


def _strict(line, entries, window):
    """Take for each step the user's very next event, if it has the name; return the positions."""
    positions = [entries]
    for rank in line.step[1:]:
        here = positions[-1]
        there = np.minimum(here + 1, line.nowhere)
        ended = line.time[there] - line.time[entries] > window
        ended |= (line.rank[there] != rank) | (line.block[there] != line.block[here])
        positions.append(np.where(ended, line.nowhere, there))
    return positions


def _unordered(line, entries, window):
    """Take the steps in whatever order; return when the last of the first k happened, by k.

    A chain consists of the entry and, for each further step, either the last such event before
    it or the first one after. Whichever event is the first of them, those before it are no
    use: so we try each event before the entry as the first.
    """
    entered = line.time[entries]
    before, after = [], []
    for rank in line.step[1:]:
        at = line.preceding(rank, entries)
        before.append(np.where(at == line.nowhere, -1, line.time[at]))
        after.append(line.time[line.following(rank, entries)])
    times = [entered]
    for k in range(1, len(line.step)):
        reached = np.full(len(entries), NEVER)
        for first in [entered, *before[:k]]:
            last = entered
            for b, a in zip(before[:k], after[:k], strict=True):
                last = np.maximum(last, np.where((first <= b) & (first >= 0), entered, a))
            fits = (first >= 0) & (last - first <= window)
            reached = np.where(fits, np.minimum(reached, last), reached)
        times.append(reached)
    return times


def _best(user, entries, times):
    """Pick each user's best chain: it goes furthest, gets there first, enters last."""
    level = sum((at != NEVER).astype(np.int64) for at in times)
    end = np.max([np.where(at == NEVER, -1, at) for at in times], axis=0)
    order = np.lexsort([-entries, end, -level, user])
    return order[first_of_each(user[order])]


def _one_after_another(line, entries, last, window):
    """Pick the chains of users who enter anew after converting or when the window is over."""
    user, time = line.user[entries], line.time[entries]
    converted = last != line.nowhere
    window = min(window, int(line.time[:-1].max()))
    # A user is free to enter after this position, and after this time.
    free_position = np.full(len(line.users), -1)
    free_time = np.full(len(line.users), -1)
    keep = []
    # All users' first entries, then all users' second ones, ...
    nth = pd.Series(user).groupby(user).cumcount().to_numpy()
    ends = np.cumsum(np.bincount(nth))
    for turn in np.split(np.argsort(nth, kind="stable"), ends[:-1]):
        who = user[turn]
        turn = turn[(entries[turn] > free_position[who]) & (time[turn] > free_time[who])]
        who, done = user[turn], converted[turn]
        free_position[who] = np.where(done, last[turn], -1)
        over = np.minimum(time[turn], NEVER - window) + window  # never too large a number
        free_time[who] = np.where(done, -1, over)
        keep.append(turn)
    return np.sort(np.concatenate(keep))
