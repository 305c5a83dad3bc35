"""A log in a database: loading it, and counting the funnel there."""

import numpy as np
import pandas as pd

from funnelkit import _inputs, metrics
from funnelkit.databases.engines import (
    add_rows,
    columns_of,
    create,
    dialect_of,
    has_table,
    name_in,
    run,
    settle,
)
from funnelkit.databases.query import asked_of, funnel_query

__all__ = ["funnel", "funnel_table", "load"]


def load(
    connection,
    events,
    *,
    keep=None,
    table="events",
    replace=False,
    user="user_id",
    event="event",
    time="timestamp",
):
    """Write a log to a table of a database.

    Parameters
    ----------
    connection : open connection
        Of ``sqlite3``, DuckDB, or SQLAlchemy (MySQL, MariaDB, PostgreSQL, SQLite).
    events : DataFrame
        The log, one row per event. Times are naive UTC.
    keep : str or list of str, optional
        Further columns to write, such as those to break down by.
    table : str, default "events"
        What to call the table.
    replace : bool, default False
        Whether a table of this name that is there already is dropped first.
    user, event, time : str, optional
        Names of the three columns of the log.

    Returns
    -------
    int
        How many rows were written.

    Notes
    -----
    The columns are ``row_id`` (from 0, in the order of the log), those of users and events under
    their own names, ``time_us``, and those of `keep`. ``time_us`` is the time in whole
    microseconds since 1970: databases differ in how they compute with dates, not with whole
    numbers. Texts are compared byte by byte, in MySQL and MariaDB by a collation given to the
    columns. What is missing is NULL, never NaN, which some databases take for a value.

    In a database that stores rows an index of user and time is added, and ``ANALYZE`` is run:
    without it PostgreSQL plans for an empty table.

    Examples
    --------
    >>> import sqlite3
    >>> log = pd.DataFrame({"user_id": [1, 1, 2], "event": ["visit", "lead", "visit"],
    ...                     "timestamp": pd.date_range("2025-03-01", periods=3)})
    >>> connection = sqlite3.connect(":memory:")
    >>> load(connection, log)
    3
    >>> connection.execute("SELECT * FROM events").fetchall()[0]
    (0, 1, 'visit', 1740787200000000)
    """
    dialect_of(connection)
    _inputs.need_texts(table=table, user=user, event=event, time=time)
    keep = _inputs.names("keep", keep)
    _inputs.need_columns(events, (user, event, time, *keep), "the log")
    _inputs.need_rows(events, "the log")
    _inputs.switch("replace", replace)
    _need_different(user, event, keep)
    rows = pd.DataFrame({"row_id": np.arange(len(events))}, index=events.index)
    rows[user] = _inputs.ids(events[user], user)
    _inputs.need_one_type(events[event], event)
    rows[event] = events[event]
    rows["time_us"] = _microseconds(events[time], time)
    for column in keep:
        _inputs.need_one_type(events[column], column)
        rows[column] = events[column]
    if not replace and has_table(connection, table):
        raise ValueError(
            f"there is a table {table!r} in the database already: give another name, or "
            "replace=True to drop it"
        )
    rows, kinds = _plain(rows)
    create(connection, table, kinds, replace=replace)
    add_rows(connection, table, rows)
    settle(connection, table, [user, "time_us"])
    return len(rows)


def _need_different(user, event, keep):
    """Refuse two columns of one name; to a database capital letters make no difference there."""
    taken = set()
    for name in ("row_id", "time_us", user, event, *keep):
        if not isinstance(name, str):
            raise TypeError(f"keep names {name!r}, {_inputs.name_of_type(name)}: rename the column")
        if name.casefold() in taken:
            raise ValueError(
                f"column {name!r} has a name that the table has already (load adds row_id and "
                "time_us, and capital letters make no difference): rename it in the log"
            )
        taken.add(name.casefold())


def _microseconds(column, name):
    """Return times as whole microseconds since 1970; finer ones are refused."""
    times = _inputs.times(column, name)
    whole = times.astype("datetime64[us]")
    finer = (whole != times).to_numpy()
    remedy = "round them, with .dt.floor('us'), and count the rounded log everywhere"
    what = f"column {name!r} is finer than a microsecond"
    _inputs.refuse(finer, what, remedy, times.to_numpy(), index=column.index)
    return whole.astype("int64")


def _plain(rows):
    """Turn each column into plain values, and say which kind it has."""
    plain, kinds = {}, {}
    for name, column in rows.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(column.cat.categories.dtype)
        if pd.api.types.is_bool_dtype(column.dtype):
            kinds[name] = "boolean"
        elif pd.api.types.is_integer_dtype(column.dtype):
            kinds[name] = "whole"
            if column.max() > np.iinfo(np.int64).max:
                raise ValueError(
                    f"column {name!r} has {column.max()}, more than 2^63 - 1, the largest whole "
                    f"number of a database: make the column text, table[{name!r}].astype(str)"
                )
        elif pd.api.types.is_float_dtype(column.dtype):
            kinds[name] = "number"
            column = column.astype(object).where(column.notna(), None)  # NULL, not NaN
        else:
            kinds[name] = "text"
            column = column.astype(object).where(column.isna(), column.astype(str))
            column = column.where(column.notna(), None)
        plain[name] = column
    return pd.DataFrame(plain), kinds


def funnel(
    connection,
    steps,
    *,
    window=None,
    entry="first",
    order="loose",
    by=None,
    observed_until=None,
    table="events",
    user="user_id",
    event="event",
    time="time_us",
):
    """Count the users who reach each step of a funnel, in a database.

    Parameters
    ----------
    connection : open connection
        Of ``sqlite3``, DuckDB, or SQLAlchemy (MySQL, MariaDB, PostgreSQL, SQLite).
    steps, window, entry, order, by, observed_until, table, user, event, time : optional
        As in `funnel_query`.

    Returns
    -------
    DataFrame
        As of `funnels.funnel`, without ``median_time``: a median is not in every SQL.

    Raises
    ------
    ValueError
        If a step does not occur in the table.

    Notes
    -----
    The counts are those of `funnels.funnel` on the log that was loaded. Values of `by` come as the
    database returns them: SQLite has 0 and 1 for False and True, and groups of a categorical
    column come in the order of their names. Where a user has two entries at the same moment with
    different values of `by`, the first in this order counts.

    Examples
    --------
    >>> import sqlite3
    >>> log = pd.DataFrame({"user_id": [1, 1, 2], "event": ["visit", "lead", "visit"],
    ...                     "timestamp": pd.date_range("2025-03-01", periods=3)})
    >>> connection = sqlite3.connect(":memory:")
    >>> load(connection, log)
    3
    >>> funnel(connection, ["visit", "lead"])["users"]
    step
    visit    2
    lead     1
    Name: users, dtype: int64
    """
    dialect = dialect_of(connection)
    asked = asked_of(steps, window, entry, order, by, observed_until, user, event, time)
    _inputs.need_texts(table=table)
    _need_table(connection, table, (user, event, time, *asked.by))
    query = funnel_query(
        steps,
        window=window,
        entry=entry,
        order=order,
        by=by,
        observed_until=observed_until,
        table=table,
        user=user,
        event=event,
        time=time,
        dialect=dialect,
    )
    counted = pd.DataFrame(
        [tuple(row) for row in run(connection, query)], columns=[*asked.by, *asked.labels]
    )
    if not (counted[asked.labels].sum() > 0).all():
        _need_events(connection, asked, table)
    return funnel_table(counted, asked)


def _need_table(connection, table, columns):
    """Refuse a table or columns that are not in the database."""
    if not has_table(connection, table):
        raise ValueError(
            f"there is no table {table!r} in the database: load(connection, log) first"
        )
    for column in columns:
        _inputs.need_known(column, columns_of(connection, table), f"column in table {table!r}")


def _need_events(connection, asked, table):
    """Refuse a step whose name does not occur in the table at all."""
    event, table = (name_in(dialect_of(connection), name) for name in (asked.event, table))
    known = [name for (name,) in run(connection, f"SELECT DISTINCT {event} FROM {table}")]
    for step in asked.steps:
        _inputs.need_known(step, [name for name in known if name is not None], "event in the table")


def funnel_table(counted, asked):
    """Make the table of the funnel from the number of users at each step, one row per group."""
    if not asked.by:
        table = _rates(counted[asked.labels].sum().astype("int64"))
        table.index.name = "step"
    else:
        counted = counted.sort_values(asked.by, na_position="last", kind="stable")
        groups = [_rates(row) for _, row in counted[asked.labels].iterrows()]
        table = pd.concat(groups) if groups else _rates(counted[asked.labels].sum()).iloc[:0]
        keys = counted[asked.by].iloc[np.repeat(np.arange(len(counted)), len(asked.labels))]
        steps = asked.labels * len(counted)
        table.index = pd.MultiIndex.from_frame(keys.assign(step=steps))
    names = ("window", "entry", "order", "by", "observed_until")
    table.attrs = {"steps": asked.labels} | {name: getattr(asked, name) for name in names}
    table.attrs |= {"interval": "wilson", "confidence": 0.95}
    return table


def _rates(users):
    """Make the rates of one group of its numbers of users."""
    users = users.rename("users").astype("int64")
    before = users.shift()
    table = pd.DataFrame(
        {
            "users": users,
            "step_rate": users / before,
            "overall_rate": users / users.iloc[0],
            "dropped": (before - users).astype("Int64"),
        }
    )
    known = before > 0
    low, high = metrics.wilson_interval(users[known], before[known])
    table["ci_low"], table["ci_high"] = low, high
    return table
