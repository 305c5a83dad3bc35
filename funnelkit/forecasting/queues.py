r"""Queues: how long callers wait when several advisers take them in turn.

`erlang_c` is the formula for calls that come at random to advisers who are all alike;
`queue_waits` plays a queue through, call by call. Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["erlang_c", "queue_waits"]


def __dir__():
    return __all__


def erlang_c(calls, minutes, advisers, *, target=0.0):
    r"""Return how often and how long callers wait, by Erlang's formula for a queue.

    Parameters
    ----------
    calls : number
        Calls per hour, above 0.
    minutes : number
        How long a call keeps an adviser busy, on average (minutes), above 0.
    advisers : int
        Advisers who take calls; more than the calls keep busy, or the queue grows without end.
    target : number, default 0
        A wait in minutes: `answered` says how many calls wait no longer.

    Returns
    -------
    Series
        `load`, the advisers that the calls keep busy on average; `occupancy`, the share of the
        time in which an adviser talks; `waits`, the share of calls that wait; `wait`, the mean
        wait of all calls (minutes); `answered`, the share of calls that wait at most `target`
        minutes.

    Notes
    -----
    With :math:`a = \lambda m` the load and :math:`c` advisers,

    .. math:: P(\text{wait}) = \frac{\frac{a^c}{c!} \frac{c}{c - a}}
              {\sum_{k=0}^{c-1} \frac{a^k}{k!} + \frac{a^c}{c!} \frac{c}{c - a}}, \qquad
              \text{mean wait} = P(\text{wait}) \frac{m}{c - a}

    It takes calls to come at random (Poisson), talking times to be exponential, nobody to hang up,
    and the queue to have run for long.

    References
    ----------
    A. K. Erlang (1917), "Solution of some problems in the theory of probabilities of significance
    in automatic telephone exchanges", *Elektroteknikeren* 13.

    Examples
    --------
    200 calls an hour of 3 minutes each, 14 advisers, answered within 20 seconds:

    >>> erlang_c(200, 3, 14, target=1 / 3).round(4).to_dict()
    {'load': 10.0, 'occupancy': 0.7143, 'waits': 0.1741, 'wait': 0.1306, 'answered': 0.8884}
    """
    rate = _inputs.number("calls", calls, above=0) / 60
    length = _inputs.number("minutes", minutes, above=0)
    number = _inputs.whole("advisers", advisers, at_least=1, at_most=10_000)
    limit = _inputs.number("target", target, at_least=0)
    load = rate * length
    if not load < number:
        raise ValueError(
            f"{load:g} advisers are kept busy and there are {number}: the queue grows without "
            f"end; give at least {np.floor(load) + 1:.0f} advisers, or fewer calls"
        )
    # Erlang's loss formula, adviser by adviser: a quotient of factorials would overflow.
    blocked = 1.0
    for k in range(1, number + 1):
        blocked = load * blocked / (k + load * blocked)
    waits = blocked / (1 - load / number * (1 - blocked))
    free = number - load
    return pd.Series(
        {
            "load": load,
            "occupancy": load / number,
            "waits": waits,
            "wait": waits * length / free,
            "answered": 1 - waits * np.exp(-free * limit / length),
        }
    )


def queue_waits(arrived, minutes, advisers):
    """Return how long each call waits when advisers take calls in the order in which they come.

    Parameters
    ----------
    arrived : Series or array of numbers
        When each call comes, in minutes from any start, in order.
    minutes : Series or array of numbers
        How long each call keeps an adviser busy (minutes).
    advisers : int
        How many advisers take calls; all are free at the start.

    Returns
    -------
    Series or array
        The wait of each call (minutes).

    Examples
    --------
    Two advisers; the third call waits for the first to be over, the fourth for the second:

    >>> queue_waits([0, 1, 2, 3], [10, 10, 10, 10], 2).tolist()
    [0.0, 0.0, 8.0, 8.0]
    """
    index = _inputs.aligned(arrived=arrived, minutes=minutes)
    start = _inputs.finite("arrived", _inputs.as_series(arrived, "arrived"))
    (length,), _ = _inputs.amounts(minutes=_inputs.as_series(minutes, "minutes"))
    _inputs.need_same_length("calls", arrived=start, minutes=length)
    number = _inputs.whole("advisers", advisers, at_least=1, at_most=10_000)
    back = np.append(False, np.diff(start) < 0)
    remedy = "put the calls in the order in which they come"
    _inputs.refuse(back, "arrived is earlier than in the row before", remedy, start, index=index)
    free_at = np.full(number, -np.inf)
    waits = np.zeros(len(start))
    for call, (came, lasts) in enumerate(zip(start, length, strict=True)):
        first = free_at.argmin()
        begins = max(came, free_at[first])
        free_at[first] = begins + lasts
        waits[call] = begins - came
    return waits if index is None else pd.Series(waits, index=index)
