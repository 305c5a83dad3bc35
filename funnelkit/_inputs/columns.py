"""A table and its columns: ids, times, booleans, groups."""

from collections.abc import Mapping, Set

import numpy as np
import pandas as pd

from funnelkit._inputs.values import NUMBERS, TO_NAIVE_UTC
from funnelkit._inputs.words import kind_in_words, name_of_type, need_known, refuse, short_form

__all__ = [
    "as_series",
    "blank",
    "booleans",
    "group_labels",
    "ids",
    "names",
    "need_columns",
    "need_hashable",
    "need_one_type",
    "need_rows",
    "need_table",
    "not_after",
    "outcomes",
    "times",
]

# ---------------------------------------------------------------- a table and its columns


def need_table(table, what="table"):
    """Refuse what is not a DataFrame."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"{what} is {name_of_type(table)}: give a DataFrame")
    return table


def need_columns(table, columns, what="table"):
    """Refuse a table that lacks a column, with the nearest name, or has two of one name."""
    need_table(table, what)
    for column in columns:
        if not isinstance(column, str | int | float | tuple):
            raise TypeError(f"{short_form(column)} is not the name of a column: give one as text")
        need_known(column, list(table.columns), f"column in {what}")
        twice = int((table.columns == column).sum())
        if twice > 1:
            raise ValueError(
                f"{what} has {twice} columns called {column!r}: rename or drop all but one, for "
                "instance by table.loc[:, ~table.columns.duplicated()]"
            )
    return table


def need_rows(table, what="table", why="there is nothing to count"):
    """Refuse a table without rows."""
    if not len(table):
        raise ValueError(f"{what} has no rows: {why}")
    return table


def names(option, value):
    """Return the names of columns as a list: of None, one name, or several."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, Set | Mapping) or not pd.api.types.is_list_like(value):
        raise TypeError(
            f"{option} is {short_form(value)}: give the name of a column or a list of them"
        )
    return list(value)


def as_series(values, name):
    """Return values as a Series of one dimension."""
    if isinstance(values, pd.Series):
        return values
    if isinstance(values, pd.DataFrame):
        raise TypeError(f"{name} is a table: give one of its columns")
    if isinstance(values, Set | Mapping):
        raise TypeError(f"{name} is {name_of_type(values)}, which has no order: give a list")
    if values is None or isinstance(values, str) or not pd.api.types.is_list_like(values):
        raise TypeError(f"{name} is {short_form(values)}: give a column, one value per row")
    try:
        return pd.Series(values if isinstance(values, pd.Index | np.ndarray) else list(values))
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {name_of_type(values)}: give a column of a table") from None


def need_hashable(column, name):
    """Refuse a column in which lists, sets or dictionaries stand for single values."""
    if column.dtype != object:
        return
    nested = np.fromiter((isinstance(v, list | set | dict | np.ndarray) for v in column), bool)
    remedy = "one value per row: table.explode(...) makes rows of them"
    refuse(nested, f"column {name!r} holds lists", remedy, index=column.index)


def ids(column, name):
    """Return a column of ids, all of one type, none missing and none blank.

    8887 and "8887" would be two people, an id left blank would be one.
    """
    need_one_type(column, name)
    remedy = "drop these rows, or give each its own id"
    refuse(column.isna(), f"column {name!r} is missing", remedy, index=column.index)
    refuse(blank(column), f"column {name!r} is blank", remedy, index=column.index)
    return column


def need_one_type(column, name):
    """Refuse a column whose values are of several types; they may be missing."""
    need_hashable(column, name)
    if column.dtype == object:
        kind = pd.api.types.infer_dtype(column, skipna=True)
        if kind.startswith("mixed"):
            raise TypeError(
                f"column {name!r} holds ids of several types, such as 8887 and '8887': make them "
                f"one, for instance with table[{name!r}].astype(str)"
            )


def blank(column):
    """Return for each value of a column whether it is a text without a visible character."""
    if pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind in "mM":
        return np.zeros(len(column), bool)
    blanks = [
        each for each in column.dropna().unique() if isinstance(each, str) and not each.strip()
    ]
    return column.isin(blanks).to_numpy(bool)


def times(column, name, *, missing="refuse"):
    """Return a column of times as naive datetimes; texts only as ISO 8601 has them.

    `missing` is "refuse" or "keep".
    """
    if not isinstance(column, pd.Series):
        column = as_series(column, name)
    zone = f"make it naive UTC, {TO_NAIVE_UTC.format(of=f'table[{name!r}]')}"
    if isinstance(column.dtype, pd.ArrowDtype):
        column = _from_arrow(column, name)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        raise ValueError(f"column {name!r} has a time zone ({column.dt.tz}): {zone}")
    if column.dtype.kind != "M":
        column = _read_times(column, name, zone)
    if missing == "refuse":
        remedy = f"drop these rows, table.dropna(subset=[{name!r}])"
        refuse(column.isna(), f"column {name!r} is missing", remedy, index=column.index)
    return column


def _from_arrow(column, name):
    kind = str(column.dtype)
    if not kind.startswith(("timestamp", "date")):
        return column.astype(object)
    if "tz=" in kind:
        return column.astype(pd.DatetimeTZDtype("us", "UTC"))
    return pd.Series(pd.to_datetime(column.astype(object)), index=column.index, name=column.name)


def _read_times(column, name, zone):
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in NUMBERS and column.notna().any():
        raise TypeError(
            f"column {name!r} holds numbers, not times: say what they count, for instance "
            f"pd.to_datetime(table[{name!r}], unit='s')"
        )
    need_hashable(column, name)
    if column.dtype == object:
        counted = np.fromiter((isinstance(v, int | float) and v == v for v in column), bool)
        remedy = "say what they count, pd.to_datetime(..., unit='s')"
        refuse(counted, f"column {name!r} is a number, not a time,", remedy, index=column.index)
    try:
        parsed = pd.to_datetime(column, format="ISO8601", errors="coerce")
    except (ValueError, TypeError):  # the one thing that "coerce" does not turn into NaT
        raise ValueError(f"column {name!r} has times in several time zones: {zone}") from None
    if isinstance(parsed.dtype, pd.DatetimeTZDtype):
        raise ValueError(f"column {name!r} has a time zone: {zone}")
    unreadable = (parsed.isna() & column.notna()).to_numpy()
    if unreadable.any():
        first = column.iloc[int(unreadable.argmax())]
        if getattr(first, "tzinfo", None) is not None:
            raise ValueError(f"column {name!r} has times in several time zones: {zone}")
        remedy = (
            "say how they are written, pd.to_datetime(..., format='%d/%m/%Y') for day, month, year"
        )
        what = f"column {name!r} is not a time as ISO 8601 writes it"
        refuse(unreadable, what, remedy, column.to_numpy(object), index=column.index)
    return parsed


def not_after(name, dates, end, remedy):
    """Refuse times after the last moment that the data cover; missing ones pass."""
    late = (dates > end).to_numpy()
    if late.any():
        what = f"{name} lies after observed_until, {end:%Y-%m-%d},"
        days = dates.to_numpy(dtype="datetime64[D]")
        refuse(late, what, remedy, days, index=dates.index)


def booleans(column, name, *, missing=None):
    """Return a column as plain booleans; words have to be mapped by whoever knows them.

    `missing` is the remedy where a value is missing.
    """
    if not isinstance(column, pd.Series):
        column = as_series(column, name)
    need_hashable(column, name)
    gaps = column.isna()
    kind = pd.api.types.infer_dtype(column.dropna().astype(object), skipna=True)
    if kind != "boolean" and not (kind == "empty" and len(column) == 0):
        raise TypeError(
            f"{name} holds {kind_in_words(kind)}, not True and False: {_to_booleans(kind)}"
        )
    remedy = missing or (
        "leave these rows out where it is not known; fill with False only what did not happen"
    )
    refuse(gaps, f"{name} is missing", remedy, index=column.index)
    return column.astype(bool)


def _to_booleans(kind):
    if kind in ("integer", "floating", "mixed-integer-float"):
        return "say what makes it true, for instance column > 0"
    if kind == "empty":
        return "it is missing in all rows"
    return "map each word, column.map({'Yes': True, 'No': False}), and decide on every other word"


def group_labels(values, name, n=None, *, unit="rows", missing="refuse"):
    """Return the groups as a Series, as many as there are rows.

    `missing` is "refuse" or "keep": then it is a group of its own.
    """
    labels = as_series(values, name)
    if n is not None and len(labels) != n:
        raise ValueError(f"there are {len(labels):,} of {name} and {n:,} {unit}: give one per row")
    need_hashable(labels, name)
    if missing == "refuse":
        remedy = "give every row its group, or leave it out"
        refuse(labels.isna(), f"{name} is missing", remedy, index=labels.index, unit=unit)
    return labels


# ---------------------------------------------------------------- leads: scores and outcomes


def outcomes(name, value):
    """Return whether each lead bought, as an array of booleans."""
    column = value if isinstance(value, pd.Series) else as_series(value, name)
    remedy = "too young to tell, or not known: leave these rows out"
    return booleans(column, name, missing=remedy).to_numpy()
