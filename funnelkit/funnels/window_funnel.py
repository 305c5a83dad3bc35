"""The search for chains as ClickHouse's `windowFunnel` makes it, in its strict modes.

Written from the function's source code (AggregateFunctionWindowFunnel.cpp, getEventLevel), whose
loop over a user's events keeps for each step the latest event that reached it, with the entry
that it came from. An event reaches its step if that of the step before is there and its entry is
within the window; with `strict_increase`, if it is earlier as well. The two other modes end the
loop: `strict_order` at an event that is not a step, or a step too early; `strict_deduplication`
at a further event of a step (not the first) that is reached already.

Here all users' events of one step are looked at together, as if no loop ever ended; then whatever
comes after the end of a user's loop is left out.
"""

import numpy as np

from funnelkit.funnels.chains import NEVER, first_of_each

__all__ = ["window_funnel_chains"]


def window_funnel_chains(line, entries, log):
    """Find each user's chain among the entries, which are positions on the line."""
    n_users, asked = len(line.users), log.asked
    entered = _first_position(entries, line, n_users)
    end = np.full(n_users, line.nowhere)  # where each user's loop ends
    if asked.strict_order:
        _end_at(end, np.flatnonzero(line.rank == 0), entered, line)

    reached = [(entries, np.zeros(len(entries), dtype=np.int64))]
    since = entries  # the entry from which each event reached its step
    for rank in line.step[1:]:
        here = np.flatnonzero(line.rank == rank)
        earlier, _ = reached[-1]
        before = np.searchsorted(earlier, here) - 1  # -1: nobody at all
        earlier, since = np.append(earlier, line.nowhere), np.append(since, line.nowhere)
        follows = line.user[earlier[before]] == line.user[here]
        if asked.strict_order:
            _end_at(end, here[~follows], entered, line)
        fits = follows & (line.time[here] - line.time[since[before]] <= log.window)
        if asked.strict_increase:
            fits &= line.time[earlier[before]] < line.time[here]
        if asked.strict_deduplication:
            _end_at(end, here, _first_position(here[fits], line, n_users), line)
        reached.append((here[fits], before[fits]))
        since = since[before[fits]]
    return _chains(reached, end, entered, line)


def _first_position(positions, line, n_users):
    """Find each user's first of the positions, which are in order."""
    first = np.full(n_users, line.nowhere)
    positions = positions[first_of_each(line.user[positions])]
    first[line.user[positions]] = positions
    return first


def _end_at(end, positions, after, line):
    """End each user's loop at the first of the positions, if after that given for the user."""
    user = line.user[positions]
    later = positions > after[user]
    np.minimum.at(end, user[later], positions[later])


def _chains(reached, end, entered, line):
    """Go back from the event that first reached each user's highest step."""
    n_users, n_steps = len(end), len(reached)
    link = np.full((n_steps, n_users), -1)  # for each step and user: which of its events
    for k in range(n_steps - 1, -1, -1):
        positions, _ = reached[k]
        first = first_of_each(line.user[positions])
        first = first[positions[first] < end[line.user[positions[first]]]]
        who = line.user[positions[first]]
        highest = link[k + 1, who] < 0 if k + 1 < n_steps else np.ones(len(who), dtype=bool)
        link[k, who[highest]] = first[highest]
        if k + 1 < n_steps:
            further = np.flatnonzero(link[k + 1] >= 0)
            link[k, further] = reached[k + 1][1][link[k + 1, further]]
    users = np.flatnonzero(entered != line.nowhere)
    times = []
    for (positions, _), which in zip(reached, link[:, users], strict=True):
        at = np.append(positions, line.nowhere)[which]
        times.append(np.where(which < 0, NEVER, line.time[at]))
    return users, np.append(reached[0][0], line.nowhere)[link[0, users]], times
