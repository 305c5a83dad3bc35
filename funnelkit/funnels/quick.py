"""The quick road to the chains: loose order, one chain per user, nothing held or excluded.

It needs no sorted log. From given entries, the time of the next step is the earliest of that
step's events that is late enough: one pass over the log (`_walk`). Under entry="first" we know
the entries at once; under entry="any" we look for the best ones first (`_climb`).

A pass goes over the log piece by piece, so that a piece stays in the processor's cache, and
several pieces at a time.
"""

import numpy as np
import pandas as pd

from funnelkit.funnels import chains
from funnelkit.funnels.chains import NEVER, Chains, first_of_each, in_threads
from funnelkit.funnels.log import from_low, groups, number

__all__ = ["quick_chains", "quick_counts"]

PIECE = 1 << 19
"""How many rows a piece has."""


class _Events:
    """The events of the steps: which user, when, and in which row."""

    def __init__(self, log, *, all_users):
        self.log = log
        self.user, self.low, self.users = _numbered(log, all_users)
        self.n_users = len(self.users)
        self.spans = [slice(a, a + PIECE) for a in range(0, len(log.name), PIECE)]

    def of_step(self, k, work):
        """Give `work` the rows, users and times of step k, piece by piece; yield its results."""
        log, code, late = self.log, self.log.steps[k], k == 0 and self.log.cutoff != NEVER

        def look(span):
            at = np.flatnonzero(log.name[span] == code)
            if late:  # entries whose window is not over
                at = at[log.time[span][at] <= log.cutoff]
            user = from_low(self.user[span][at], self.low)
            return work(at + span.start, user, log.time[span][at])

        return in_threads(look, self.spans)

    def count_left_out(self):
        """Count the entries, or users with an entry, that `observed_until` leaves out."""
        log = self.log
        if log.cutoff == NEVER:
            return 0
        entries = log.name == log.steps[0]
        late = entries & (log.time > log.cutoff)
        if log.asked.entry == "any":
            return int(np.count_nonzero(late))
        # Here only a user's first entry is one.
        entered, in_time = self.user[entries], self.user[entries & ~late]
        return len(pd.unique(entered)) - len(pd.unique(in_time))


def _numbered(log, all_users):
    """Return what `number` does; where it needs a table of ids, only of those who do a step."""
    user, low, users = number(log.user, cheaply=True)
    if users is not None:
        return user, low, users
    if all_users:
        return number(log.user)
    rows = np.flatnonzero(np.isin(log.name, log.steps))
    user = np.zeros(len(log.name), dtype=np.int64)
    user[rows], low, users = number(log.user[rows])
    return user, low, users


def quick_counts(log):
    """Count the users at each step, or return None if 64 bits do not suffice."""
    events = _Events(log, all_users=False)
    log.left_out = events.count_left_out()
    if log.asked.entry == "first":
        return [np.count_nonzero(at != NEVER) for at in _walk(events, _earliest(events))]
    climbed = _climb(events)
    if climbed is None:
        return None
    entered, steps = climbed
    return [np.count_nonzero(entered)] + [len(who) for who, _ in steps]


def quick_chains(log):
    """Find the chain of each user, or return None if 64 bits do not suffice."""
    events = _Events(log, all_users=True)
    log.left_out = events.count_left_out()
    entry = _earliest(events)
    if log.asked.entry == "any":
        climbed = _climb(events)
        if climbed is None:
            return None
        for who, since in climbed[1]:  # a higher step outdoes a lower one
            entry[who] = since
    entry_row = _rows_of(entry, events)
    entered = np.flatnonzero(entry != NEVER)
    present = np.zeros(events.n_users, dtype=bool)
    present[from_low(events.user, events.low)] = True
    return Chains(
        events.users[present],
        events.users[entered],
        entry_row[entered],
        [at[entered] for at in _walk(events, entry)],
    )


def _rows_of(entry, events):
    """Find the row of each user's entry.

    Of several at one time it is the one whose `by` comes first, or last when the latest entry is
    asked for.
    """
    found = events.of_step(0, lambda row, user, time: row[time == entry[user]])
    row = np.concatenate(list(found))
    user = from_low(events.user[row], events.low)
    log = events.log
    if log.asked.by:
        group, _ = groups(log.events.iloc[row], log.asked.by)
        by = np.argsort(group if log.asked.entry == "any" else -group, kind="stable")
        row, user = row[by], user[by]
    entry_row = np.zeros(events.n_users, dtype=np.int64)
    entry_row[user] = row  # when a place is assigned twice, the last one stays
    return entry_row


def _earliest(events, k=0, fits=None):
    """Find the earliest time at which each user does step k, of those times that fit."""
    earliest = np.full(events.n_users, NEVER)

    def look(row, user, time):
        if fits is None:
            return user, time
        keep = np.flatnonzero(fits(user, time))
        return user[keep], time[keep]

    for user, time in events.of_step(k, look):
        np.minimum.at(earliest, user, time)
    return earliest


def _walk(events, entry):
    """Go from given entries through the steps; yield when each user reached each step."""
    # Nothing is later than the log's last event, so this sum is never too large.
    window = min(events.log.window, events.log.span)
    deadline = np.where(entry == NEVER, NEVER, np.minimum(entry, NEVER - window) + window)
    reached = entry
    yield reached
    for k in range(1, len(events.log.steps)):

        def fits(user, time, reached=reached):
            return (time >= reached[user]) & (time <= deadline[user])

        reached = _earliest(events, k, fits)
        yield reached


def _climb(events):
    """Find, step by step, who gets there under entry="any", and from which entry.

    Returns for the first step who has entered, as an array of truth values; for each further one
    a pair of arrays: the users who reach it, and of the chains that bring them there first the
    latest entry. None if the line below is too long for 64 bits.
    """
    # We lay the users end to end on one long line of time, further apart than the window, so
    # that an event is one number, sorting is quick, and no chain can run into the next user.
    log, n_users = events.log, events.n_users
    window, tick = min(log.window, log.span), 1
    if n_users * (log.span + window + 1) >= 2**chains.BITS:
        tick = log.tick
    gap = (log.span + window) // tick + 1
    if n_users * gap >= 2**chains.BITS:
        return None

    def line_of(k, candidate, seen):
        """Place the candidates' events for step k on the line, in order; note who has any."""

        def place(row, user, time):
            seen[user] = True
            keep = np.flatnonzero(candidate[user])
            time = time[keep] - log.start
            return user[keep] * gap + (time // tick if tick > 1 else time)

        line = np.concatenate(list(events.of_step(k, place)))
        line.sort()
        return line

    def nobody():
        return np.zeros(n_users, dtype=bool)

    # Only users who ever do the second step can pass it; the entries of all others can go.
    entered, seconds = nobody(), nobody()
    second = line_of(1, ~nobody(), seconds) if len(log.steps) > 1 else None
    line = entry = line_of(0, seconds, entered)
    candidate, steps = seconds, []
    for k in range(1, len(log.steps)):
        here = second if k == 1 else line_of(k, candidate, nobody())
        # For each event of a step we look up the latest event of the step before it: that one's
        # chain has the latest entry, so if any chain can still go on to here, this one can.
        since = np.append(-gap, entry)[_how_many_before(line, here)]  # -gap: nobody, out of reach
        fits = np.flatnonzero(here - since <= window // tick)
        line, entry = here[fits], since[fits]
        who = line // gap
        first = first_of_each(who)  # each user's first event there
        who = who[first]
        steps.append((who, (entry[first] - who * gap) * tick + log.start))
        candidate = nobody()
        candidate[who] = True
    return entered, steps


def _how_many_before(line, here):
    """Count for each event here those of a line that do not come after it; both in order."""
    parts = np.array_split(here, chains.THREADS) if len(here) > PIECE else [here]
    counted = in_threads(lambda part: np.searchsorted(line, part, side="right"), parts)
    return np.concatenate(list(counted))
