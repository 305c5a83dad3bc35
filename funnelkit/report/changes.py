"""What changed from one week to the next: counts and rates, each with its interval.

Input is checked as `funnelkit._inputs` says.
"""

import pandas as pd

from funnelkit import _inputs, metrics

__all__ = ["change", "count_changes", "iso_week", "rate_change"]


def iso_week(day):
    """Name the week of a day as ISO 8601 does: its year is that of its Thursday.

    Parameters
    ----------
    day : str, date or Timestamp
        Any moment.

    Returns
    -------
    str

    Examples
    --------
    >>> iso_week("2024-12-30")
    '2025-W01'
    """
    year, week, _ = _inputs.moment("day", day).isocalendar()
    return f"{year}-W{week:02d}"


def change(before, now):
    """Return a change in both of its units: as a difference, and relative to before.

    Parameters
    ----------
    before, now : float
        Two values, such as two rates.

    Returns
    -------
    Series
        `difference` (of rates: 0.05 are 5 percentage points) and `relative`, which is missing
        where there was nothing before.

    Examples
    --------
    From 20 % to 25 % it is five points, and a quarter more:

    >>> change(0.20, 0.25).round(2).to_dict()
    {'difference': 0.05, 'relative': 0.25}
    >>> change(0, 3).to_dict()
    {'difference': 3.0, 'relative': nan}
    """
    before = _inputs.number("before", before)
    now = _inputs.number("now", now)
    relative = (now - before) / abs(before) if before else float("nan")
    return pd.Series({"difference": now - before, "relative": relative})


def count_changes(before, now):
    """Compare counts of two weeks; the interval is that of the relative change.

    If people come independently of each other, then of all who came in the two weeks the share
    of the second is a rate, with Wilson's interval; share / (1 - share) is the ratio of the two.
    """
    table = pd.DataFrame({"before": before, "now": now}).astype("int64")
    table["difference"] = table["now"] - table["before"]
    table["relative"] = (table["difference"] / table["before"]).where(table["before"] > 0)
    table["ci_low"] = table["ci_high"] = float("nan")
    known = table.index[table["before"] > 0]
    if len(known):
        now, both = table.loc[known, "now"], table.loc[known, ["before", "now"]].sum(axis="columns")
        low, high = metrics.wilson_interval(now, both)
        table.loc[known, "ci_low"] = low / (1 - low) - 1
        table.loc[known, "ci_high"] = high / (1 - high) - 1
    return table


def rate_change(before, now):
    """Compare the rates of two weeks, rows with `users` and `converted`, with Newcombe's interval.

    The interval is that of the difference in points.
    """
    interval = metrics.difference(
        int(now["converted"]), int(now["users"]), int(before["converted"]), int(before["users"])
    )
    both = change(before["rate"], now["rate"])
    return pd.Series({"before": before["rate"], "now": now["rate"], **both, **interval[1:]})
