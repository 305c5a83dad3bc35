"""What can go wrong between two systems, and how long to wait before the next try."""

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["FAILURES", "failure_schedule", "waits"]

# What may become of one request.
FAILURES = (
    "lost request",  # it never arrives
    "lost answer",  # it is carried out, and the sender does not hear of it
    "duplicate",  # it arrives twice
    "late",  # the sender gives it up, and it arrives after later ones
    "receiver crashes",  # between two of its writes
    "sender crashes",  # when it has the answer, before it has noted it
)


def waits(*, retries=8, first="1s", cap="60s"):
    """Return how long to wait before each retry: doubled each time, up to a cap.

    Parameters
    ----------
    retries : int, default 8
        How often to try again after the first try.
    first : duration, default "1s"
        The wait before the first retry.
    cap : duration, default "60s"
        The longest wait.

    Returns
    -------
    Series of Timedelta
        One wait per retry.

    Examples
    --------
    >>> waits().dt.total_seconds().astype(int).tolist()
    [1, 2, 4, 8, 16, 32, 60, 60]
    >>> waits().sum().total_seconds()
    183.0
    """
    retries = _inputs.whole("retries", retries, at_most=1000)
    shortest = _inputs.duration("first", first, at_least=pd.Timedelta("1us"))
    longest = _inputs.duration("cap", cap, at_least=shortest)
    seconds, most = shortest.total_seconds(), longest.total_seconds()
    each = [min(seconds * 2.0 ** min(n, 60), most) for n in range(retries)]
    return pd.Series(pd.to_timedelta(each, unit="s"), name="wait")


def failure_schedule(requests, *, rate, seed=0):
    """Return what becomes of each of many requests, drawn at random.

    Parameters
    ----------
    requests : int
        How many.
    rate : float
        The share that fails, in one of the ways of `FAILURES`, all alike.
    seed : int or Generator, default 0
        Where chance comes from.

    Returns
    -------
    list of str
        "ok" or one of `FAILURES` for each request.

    Examples
    --------
    >>> failure_schedule(6, rate=0.5, seed=3)
    ['late', 'duplicate', 'ok', 'ok', 'receiver crashes', 'receiver crashes']
    """
    requests = _inputs.whole("requests", requests)
    rate = _inputs.number("rate", rate, at_least=0, at_most=1)
    rng = _inputs.random_generator(seed)
    fails = rng.random(requests) < rate
    kinds = rng.integers(len(FAILURES), size=requests)
    return np.where(fails, np.array(FAILURES)[kinds], "ok").tolist()
