"""Labels: who converted within a window, and who is too young to tell."""

import pandas as pd

from funnelkit import _inputs

__all__ = ["outcome_within"]

# ---------------------------------------------------------------- labels


def outcome_within(start, converted, window, *, observed_until):
    """Label each lead by whether it converted within the window after its start.

    Every lead gets the same time. A lead whose window is not over when the data end has no label
    yet, *also when it has converted already*: to keep the quick ones and drop the others of the
    same age would make young leads look better than they are.

    Parameters
    ----------
    start : Series of datetime
        When the clock of each lead starts: the time at which it was scored.
    converted : Series of datetime
        When it converted; missing for those who have not.
    window : str or Timedelta
        How long after the start a conversion still counts, inclusive: "60D".
    observed_until : str or Timestamp
        When the data end.

    Returns
    -------
    Series of boolean
        True, False, or missing for a lead too young to tell, with the index of `start`.

    Raises
    ------
    TypeError
        If a column is no Series of times, or the window has no unit.
    ValueError
        If starts are missing or lie after the end of the data, the two indexes differ, or a lead
        converted before its start or after the end.

    Examples
    --------
    Data to the end of June; the third lead is too young for 60 days, though it has converted:

    >>> start = pd.Series(pd.to_datetime(["2026-03-01", "2026-04-01", "2026-06-01"]))
    >>> converted = pd.Series(pd.to_datetime(["2026-03-20", None, "2026-06-09"]))
    >>> outcome_within(start, converted, "60D", observed_until="2026-07-01").tolist()
    [True, False, <NA>]
    """
    for name, times in (("start", start), ("converted", converted)):
        if not isinstance(times, pd.Series) or not pd.api.types.is_datetime64_dtype(times):
            held = getattr(times, "dtype", type(times).__name__)
            raise TypeError(f"{name} holds {held}: give a column of times, as pd.to_datetime makes")
    if not start.index.equals(converted.index):
        raise ValueError("start and converted have different indexes: take both from one table")
    window, end = _inputs.duration("window", window), pd.Timestamp(observed_until)
    index = start.index
    _inputs.refuse(start.isna(), "start is missing", "leave these leads out", index=index)
    _inputs.refuse(start > end, f"start is after {end}", "check observed_until", index=index)
    _inputs.refuse(
        converted > end, f"converted is after {end}", "check observed_until", index=index
    )
    _inputs.refuse(
        converted < start,
        "converted is before the start",
        "a lead that has bought needs no score: leave it out",
        index=index,
    )
    label = (converted <= start + window).astype("boolean")
    return label.mask(start + window > end).rename("outcome")
