"""A panel: one number per region and week, and the weeks before and during a test."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["Panel", "Windows", "chosen_regions", "panel_of", "windows_of"]


@dataclass(frozen=True)
class Panel:
    """The outcome of every region in every week.

    Attributes
    ----------
    weeks : DatetimeIndex
        In order, without a gap.
    regions : Index
        The names.
    values : array, shape (weeks, regions)
    """

    weeks: pd.DatetimeIndex
    regions: pd.Index
    values: np.ndarray


@dataclass(frozen=True)
class Windows:
    """Which rows of a panel lie before a test, and which in it."""

    before: slice
    during: slice


def panel_of(table, outcome, region, week):
    """Return a table with one row per region and week as a `Panel`, or say where it is broken."""
    _inputs.need_columns(table, [outcome, region, week])
    _inputs.need_rows(table)
    labels = _inputs.ids(table[region], region)
    dates = _inputs.times(table[week], week)
    twice = pd.DataFrame({"region": labels, "week": dates}).duplicated().to_numpy()
    remedy = "add the rows of a region and week up, or keep one of them"
    _inputs.refuse(twice, "region and week repeat an earlier row", remedy, index=table.index)
    amounts = _inputs.finite(outcome, table[outcome])
    _inputs.refuse(
        amounts < 0, f"{outcome} is negative", "give counts or amounts", amounts, index=table.index
    )
    wide = pd.DataFrame({"region": labels, "week": dates, "value": amounts})
    wide = wide.pivot(index="week", columns="region", values="value")
    gaps = wide.isna()
    if gaps.to_numpy().any():
        name = gaps.any().idxmax()
        raise ValueError(
            f"{int(gaps.to_numpy().sum()):,} pairs of region and week have no row (first: {name!r} "
            f"in the week of {gaps[name].idxmax():%Y-%m-%d}): add them, with 0 where nothing "
            "happened, or leave the region out"
        )
    _inputs.need_evenly_spaced("table", wide.index)
    return Panel(wide.index, wide.columns, wide.to_numpy(float))


def chosen_regions(panel, treated):
    """Return for each region whether it is treated: at least two are, and at least two are not."""
    names = _inputs.names("treated", treated)
    for name in names:
        _inputs.need_known(name, panel.regions, "region")
    chosen = panel.regions.isin(names)
    k, n = int(chosen.sum()), len(chosen)
    if k < 2:
        raise ValueError(
            f"treated has {k} region{'s' * (k != 1)}: give at least 2, since what happened in a "
            "single one cannot be told from the channel's effect"
        )
    if n - k < 2:
        raise ValueError(
            f"treated leaves {n - k} of {n} regions to compare with: leave at least 2 as they were"
        )
    return chosen


def windows_of(panel, start, weeks, before, settle):
    """Return which rows of the panel lie before the test and which in it."""
    moment = _inputs.moment("start", start)
    settle = _inputs.whole("settle", settle, at_least=0)
    first = int(panel.weeks.searchsorted(moment))
    if moment not in panel.weeks:
        raise ValueError(
            f"start is {moment:%Y-%m-%d}, and no row has that week: give a week of the table, from "
            f"{panel.weeks[0]:%Y-%m-%d} to {panel.weeks[-1]:%Y-%m-%d}"
        )
    if first == 0:
        raise ValueError(
            f"no week lies before start, {moment:%Y-%m-%d}: the change is measured against the "
            "weeks before the test, so give a table that begins earlier"
        )
    left = len(panel.weeks) - first
    weeks = left if weeks is None else _inputs.whole("weeks", weeks)
    before = first if before is None else _inputs.whole("before", before)
    if weeks > left:
        raise ValueError(f"weeks is {weeks}, and the table ends after {left}: give {left} or fewer")
    if before > first:
        raise ValueError(
            f"before is {before}, and {first} weeks lie before start: give {first} or fewer"
        )
    if settle >= weeks:
        raise ValueError(
            f"settle is {settle} and weeks is {weeks}: leave at least one week of the test"
        )
    return Windows(slice(first - before, first), slice(first + settle, first + weeks))
