"""Labels: which leads converted within a window, and which are too young to tell.

Input is checked as `funnelkit._inputs` says.
"""

from funnelkit import _inputs

__all__ = ["outcome_within"]


def __dir__():
    return __all__


def outcome_within(start, converted, window, *, observed_until):
    """Label each lead by whether it converted within the window after its start.

    Every lead gets the same time. A lead whose window is not over when the data end has no label
    yet, *even when it has converted already*: to keep the quick ones and drop the others of the
    same age would make young leads look better than they are.

    Parameters
    ----------
    start : Series of datetime
        When the clock of each lead starts: the time at which it was scored.
    converted : Series of datetime
        When it converted; missing for those that have not.
    window : str or Timedelta
        How long after the start a conversion still counts, inclusive: "60D".
    observed_until : str or Timestamp
        Last day of the data, which is seen to its end, or their last moment.

    Returns
    -------
    Series of boolean
        True, False, or missing for a lead too young to tell, with the index of `start`.

    Raises
    ------
    ValueError
        If a lead starts or converts after the end of the data, or converts before its start.

    Examples
    --------
    Data to the end of June; the third lead is too young for 60 days, though it has converted:

    >>> import pandas as pd
    >>> start = pd.Series(pd.to_datetime(["2026-03-01", "2026-04-01", "2026-06-01"]))
    >>> converted = pd.Series(pd.to_datetime(["2026-03-20", None, "2026-06-09"]))
    >>> outcome_within(start, converted, "60D", observed_until="2026-06-30").tolist()
    [True, False, <NA>]
    """
    _inputs.aligned(start=start, converted=converted)
    start = _inputs.times(start, "start")
    converted = _inputs.times(converted, "converted", missing="keep")
    _inputs.need_same_length("leads", start=start, converted=converted)
    converted = converted.set_axis(start.index)  # a list has no index of its own
    window = _inputs.duration("window", window)
    end = _inputs.end_of_data("observed_until", observed_until)
    remedy = "give the last day of the data as observed_until, or leave these leads out"
    for name, column in (("start", start), ("converted", converted)):
        what = f"{name} is after the end of the data, {end:%Y-%m-%d %H:%M:%S},"
        _inputs.refuse(column > end, what, remedy, column, index=start.index)
    _inputs.refuse(
        converted < start,
        "converted is before the start",
        "a lead that has bought needs no score: leave it out",
        index=start.index,
    )
    label = (converted - start <= window).astype("boolean")
    return label.mask(end - start < window).rename("outcome")
