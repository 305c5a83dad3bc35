"""A log in a file that is larger than memory: counted one part of the users at a time."""

from pathlib import Path

import pandas as pd

from funnelkit import _inputs, funnels
from funnelkit.databases.query import asked_of, quoted
from funnelkit.databases.tables import funnel_table

__all__ = ["funnel_file"]


def funnel_file(
    path,
    steps,
    *,
    parts=8,
    window=None,
    entry="first",
    order="loose",
    by=None,
    observed_until=None,
    user="user_id",
    event="event",
    time="timestamp",
):
    """Count the funnel of a log in a CSV or Parquet file, one part of the users at a time.

    Parameters
    ----------
    path : str or path
        The file: ``.csv`` (also compressed, ``.csv.gz``) or ``.parquet``. With ``*`` in its name,
        all files that match.
    steps, window, entry, order, by, observed_until, user, event, time : optional
        As in `funnels.funnel`.
    parts : int, default 8
        How many parts the users are divided into. The memory needed is that of one part.

    Returns
    -------
    DataFrame
        As of `funnels.funnel`, without ``median_time``. ``attrs["largest_part"]`` is how many
        rows were in memory at once at most.

    Notes
    -----
    A chain never leaves its user. So a user's events have to be together, and users need not be:
    each part holds all events of the users whose hashed id leaves one remainder when divided by
    the number of parts, and the counts of the parts add up. Cutting the file by rows or by days
    would cut chains in two.

    DuckDB reads the file once per part, and only the columns that are asked for. All columns of
    a CSV file are read as text, since an id such as ``007`` is not the number 7.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> log = pd.DataFrame({"user_id": [1, 1, 2], "event": ["visit", "lead", "visit"],
    ...                     "timestamp": pd.date_range("2025-03-01", periods=3)})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "log.csv"
    ...     log.to_csv(path, index=False)
    ...     table = funnel_file(path, ["visit", "lead"], parts=2)
    >>> table["users"].tolist()
    [2, 1]
    """
    import duckdb

    parts = _inputs.whole("parts", parts, at_most=10_000)
    asked = asked_of(steps, window, entry, order, by, observed_until, user, event, time)
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        source = _source(path)
        _need_columns(connection, source, (user, event, time, *asked.by))
        _need_events(connection, source, asked)
        counted, largest = [], 0
        for part in range(parts):
            rows = connection.execute(_part_of(source, asked, part, parts)).df()
            largest = max(largest, len(rows))
            if len(rows):
                counted.append(_counts(rows, asked))
    total = pd.concat(counted) if counted else pd.DataFrame(columns=[*asked.by, *asked.labels])
    if asked.by:
        total = total.groupby(asked.by, as_index=False, dropna=False, sort=True).sum()
    table = funnel_table(total, asked)
    table.attrs["largest_part"] = largest
    return table


def _source(path):
    """Write the file as DuckDB's SQL has it."""
    if not isinstance(path, str | Path):
        raise TypeError(f"path is {_inputs.name_of_type(path)}: give the path of a file")
    path = Path(path)
    if "*" not in path.name and not path.is_file():
        raise ValueError(f"there is no file {str(path)!r}: give the path of a CSV or Parquet file")
    text = "'" + str(path).replace("'", "''") + "'"
    if ".csv" in path.suffixes:
        return f"read_csv({text}, all_varchar = true, header = true)"
    if path.suffix == ".parquet":
        return f"read_parquet({text})"
    raise ValueError(f"{path.name!r} is neither .csv nor .parquet: write the log as one of them")


def _need_columns(connection, source, columns):
    import duckdb

    try:
        known = [
            row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        ]
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"the file cannot be read as a table ({reason}): open it in an editor, and see "
            "whether it has a line of column names and one line per event"
        ) from None
    for column in columns:
        _inputs.need_known(column, known, "column in the file")


def _need_events(connection, source, asked):
    event = quoted(asked.event)
    query = f"SELECT DISTINCT {event} FROM {source} WHERE {event} IS NOT NULL"
    known = [name for (name,) in connection.execute(query).fetchall()]
    if not known:
        raise ValueError("the file has no events: there is nothing to count")
    for step in asked.steps:
        _inputs.need_known(step, known, "event in the file")


def _part_of(source, asked, part, parts):
    """Write the query for one part of the users, with the columns that are needed."""
    columns = ", ".join(
        quoted(name) for name in dict.fromkeys((asked.user, asked.event, asked.time, *asked.by))
    )
    # A missing user has no hash of its own; it goes to part 0, where `funnels` refuses it.
    mine = f"coalesce(hash({quoted(asked.user)}) % {parts}, 0) = {part}"
    query = f"SELECT {columns} FROM {source} WHERE {mine}"
    if asked.order == "loose":  # other events cannot matter
        names = ", ".join("'" + name.replace("'", "''") + "'" for name in set(asked.steps))
        query += f" AND {quoted(asked.event)} IN ({names})"
    return query


def _counts(rows, asked):
    """Count one part: one row per group."""
    # Declared, since a step may be absent from a part.
    known = dict.fromkeys([*asked.steps, *rows[asked.event].dropna().unique()])
    rows[asked.event] = pd.Categorical(rows[asked.event], categories=list(known))
    options = {
        "window": asked.window,
        "entry": asked.entry,
        "order": asked.order,
        "observed_until": asked.observed_until,
        "user": asked.user,
        "event": asked.event,
        "time": asked.time,
    }
    if not asked.by:
        return funnels.counts(rows, asked.steps, **options).to_frame().T
    users = funnels.funnel(rows, asked.steps, by=asked.by, **options)["users"]
    return users.unstack("step")[asked.labels].reset_index()
