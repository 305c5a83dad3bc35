"""Funnels: how many people go from step to step, and how long they take.

From a log with one row per event (who, what, when) the functions here find for each user the
*chain* of events that goes through the steps in order. An event that fills the first step is an
*entry*; from it, the chain takes for each further step the first later event that fits.

`funnel` counts the chains step by step, `reach` shows them user by user, `time_to_convert` tells
how long they take, and `counts` is the quick way to the numbers alone.

How the package is laid out: `tables` has these four functions and the tables they make; `log`
checks what comes in; then the search for the chains, by a quick road for the usual question
(`quick`), by a general one for all others (`general`), and as ClickHouse does it
(`window_funnel`); `chains` has what the three share.
"""

from funnelkit.funnels.tables import METRICS, STEPS, counts, funnel, reach, time_to_convert

__all__ = ["METRICS", "STEPS", "counts", "funnel", "reach", "time_to_convert"]


def __dir__():
    return __all__
