"""The first step: the tables as they come, in the types agreed, cut to what was known by then.

Input is checked as `funnelkit._inputs` says.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from funnelkit import _inputs, data, schemas
from funnelkit.ingest import read as read_export

__all__ = ["ID", "TABLES", "TIME", "as_agreed", "ingest", "looked_up", "need_parts", "need_tables"]

# Each table, the time in whose order its rows came, and the column that names a row.
TIME = {
    "events": "timestamp",
    "visitors": "first_seen",
    "leads": "created_at",
    "deals": "created_at",
    "stages": "entered_at",
    "customers": "acquired",
    "orders": "date",
    "subscriptions": "started",
    "surveys": "sent",
    "courses": "added",
    "ratings": "rated_at",
    "spend": "date",
}
TABLES = tuple(TIME)
ID = {
    "visitors": "user_id",
    "leads": "lead_id",
    "deals": "deal_id",
    "customers": "customer_id",
    "orders": "order_id",
    "subscriptions": "subscription_id",
    "surveys": "survey_id",
    "courses": "course_id",
}
# What happened later than the row itself, and what else nobody could have known before it.
LATER = {
    "leads": {"converted_at": {"converted": False}},
    "deals": {"closed_at": {"outcome": None}},
    "subscriptions": {"ended": {}},
    "surveys": {"answered": {"csat": None, "nps": None}},
}
FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


def need_parts(tables, names, maker):
    """Refuse what is not a dictionary that has these tables; `maker` makes one that has."""
    remedy = f"give the dictionary of tables that {maker} returns"
    if not isinstance(tables, Mapping):
        raise TypeError(f"tables is {_inputs.name_of_type(tables)}: {remedy}")
    for name in names:
        if name not in tables:
            raise ValueError(f"tables lacks {name!r}: {remedy}")
        _inputs.need_table(tables[name], name)
    return tables


def as_agreed(table, name, columns, *, what=None):
    """Return some columns of a table in the types that its schema names, or say what is wrong."""
    what = what or name
    _inputs.need_columns(table, columns, what)
    agreed = {column.name: column for column in schemas.schema_of(name).columns}
    read = {}
    for each in columns:
        column, values = agreed[each], table[each]
        _inputs.need_hashable(values, each)
        if column.kind in ("time", "date"):
            times = _inputs.times(values, each, missing="keep" if column.missing else "refuse")
            read[each] = times.astype("datetime64[s]")
        elif column.kind == "flag":
            read[each] = _inputs.booleans(values, each)
        elif column.kind == "text":
            if not column.missing:
                _inputs.ids(values, each)
            _inputs.need_one_type(values, each)
            read[each] = values.astype("str").where(values.notna())
        else:
            numbers = _inputs.numbers(each, values, missing="keep" if column.missing else "refuse")
            remedy = "leave these rows out"
            _inputs.refuse(np.isinf(numbers), f"{each} is infinite", remedy, index=table.index)
            read[each] = pd.Series(numbers, table.index).astype(schemas.KINDS[column.kind])
    return pd.DataFrame(read, index=table.index)


def looked_up(keys, table, key, value):
    """Return for each key the value in the row of a table that has it; also of an empty table."""
    found = table.set_index(key)[value].reindex(keys)
    return found.set_axis(keys.index)


def need_tables(tables):
    """Return the tables of a company as they are: the school's, or those given, or of a folder."""
    if tables is None:
        return {name: data.load(name) for name in TABLES}
    if isinstance(tables, str | Path):
        return _read_folder(Path(tables))
    if not isinstance(tables, Mapping):
        raise TypeError(
            f"tables is {_inputs.name_of_type(tables)}: give a dictionary of tables by name, or "
            "the folder in which they are as CSV files"
        )
    missing = [name for name in TABLES if name not in tables]
    if missing:
        raise ValueError(
            f"tables lacks {', '.join(map(repr, missing))}: add them, without rows where the "
            "company has none"
        )
    return {name: _inputs.need_table(tables[name], name) for name in TABLES}


def _read_folder(folder):
    """Read each table from its file; all values stay text, for `ingest` to read."""
    found = {}
    for name in TABLES:
        paths = [folder / f"{name}{ending}" for ending in (".csv", ".csv.gz")]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            raise ValueError(
                f"there is no {name}.csv in {folder.name or folder}: export it there, with its "
                "first line alone where the company has none"
            )
        found[name] = pd.DataFrame(read_export(path))
    return found


def ingest(tables=None, *, observed_until):
    """Take the tables as they come, and return what was known at a moment.

    Parameters
    ----------
    tables : dict of DataFrame, str or Path, optional
        The tables `TABLES` by name, with the columns that `funnelkit.describe` lists (others are
        left out); or a folder that has them as CSV files. The school's tables when not given.
    observed_until : date
        The last moment: later rows are left out, and what happened later to a row that stays is
        blanked: when a lead enrolled, a deal closed, a subscription ended, a survey was answered.

    Returns
    -------
    dict of DataFrame
        The tables, typed, their rows numbered as they came (from 0), and two more. `unreadable`
        has one row per value that is there and cannot be read: `table`, `row`, `column`. `known`
        has one row per table: `rows` as they came, and `later` ones left out.

    Examples
    --------
    >>> tables = ingest(observed_until="2026-03-31")
    >>> tables["known"].loc["orders"].to_dict()
    {'rows': 7577, 'later': 879}
    """
    end = _inputs.end_of_data("observed_until", observed_until)
    tables = need_tables(tables)
    typed, unreadable, known = {}, [], {}
    for name, table in tables.items():
        columns = schemas.schema_of(name).columns
        _inputs.need_columns(table, [column.name for column in columns], name)
        table = table.reset_index(drop=True)
        read = pd.DataFrame(index=table.index)
        for column in columns:
            read[column.name], bad = _typed(table[column.name], column)
            unreadable += [(name, row, column.name) for row in table.index[bad]]
        later = (read[TIME[name]] > end).to_numpy()
        typed[name] = _as_known(read[~later], LATER.get(name, {}), end)
        known[name] = {"rows": len(table), "later": int(later.sum())}
    typed["unreadable"] = pd.DataFrame(unreadable, columns=["table", "row", "column"])
    typed["known"] = pd.DataFrame.from_dict(known, orient="index").rename_axis("table")
    return typed


def _typed(values, column):
    """Return a column in the type agreed, and which of its values are there but unreadable."""
    _inputs.need_hashable(values, column.name)
    if column.kind == "text":
        return values.astype("str").where(values.notna()), [False] * len(values)
    if column.kind in ("time", "date"):
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            values = values.dt.tz_convert("UTC").dt.tz_localize(None)
        if values.dtype.kind != "M":
            read = pd.to_datetime(values.astype("str"), format="ISO8601", errors="coerce", utc=True)
            read = read.dt.tz_localize(None)
        else:
            read = values
        read = read.astype("datetime64[s]")
    elif column.kind == "flag":
        as_flag = values.astype(object).map({True: True, False: False})  # 1 and 1.0 as well
        read = as_flag.fillna(values.astype("str").str.strip().str.lower().map(FLAGS))
        read = read.astype("boolean")
    else:
        try:
            read = pd.to_numeric(values, errors="coerce").astype("float64")
        except OverflowError:  # Python's whole numbers have no end
            read = pd.to_numeric(values.astype("str"), errors="coerce").astype("float64")
        read = read.where(read.abs() != float("inf"))
        if column.kind == "whole":
            read = read.where(read % 1 == 0)
    return read, (values.notna() & read.isna()).to_numpy()


def _as_known(table, later, end):
    """Blank what happened after the end to rows that came before it."""
    for column, others in later.items():
        late = table[column] > end
        table = table.assign(**{column: table[column].mask(late)})
        for other, value in others.items():
            table[other] = table[other].mask(late, value)
    return table
