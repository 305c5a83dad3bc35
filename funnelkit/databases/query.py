"""The funnel as one query in standard SQL: common table expressions and window functions.

All events of the steps are numbered once, user by user, in one order; everything after that goes by
these numbers. Then each step adds one column: the entry from which a chain reached this event.
"""

from funnelkit import _inputs
from funnelkit.funnels.log import Question

__all__ = ["DIALECTS", "asked_of", "funnel_query", "quoted"]

DIALECTS = {
    "sqlite": "sqlite",
    "duckdb": "duckdb",
    "mysql": "mysql",
    "mariadb": "mysql",
    "postgresql": "postgres",
    "clickhouse": "clickhouse",
    "spark": "spark",
}
"""The databases for which queries are written, with the names that SQLGlot has for them."""

PLACES = {"loose": "UNBOUNDED PRECEDING", "strict": "1 PRECEDING"}
"""How far back a chain may have reached the step before, up to the event just before."""


def funnel_query(
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
    dialect="sqlite",
):
    """Write the funnel as one SQL query.

    Parameters
    ----------
    steps : list of str
        Names of events, first step first.
    window, entry, by, observed_until : optional
        As in `funnels.funnel`.
    order : {"loose", "strict"}, default "loose"
        As in `funnels.funnel`.
    table, user, event, time : str, optional
        Names of the table and of its columns. The column of times holds whole microseconds since
        1970, as `load` writes them.
    dialect : {"sqlite", "duckdb", "mysql", "mariadb", "postgresql", "clickhouse", "spark"}
        Whose SQL to write.

    Returns
    -------
    str
        A query with one row: how many users reached each step, in columns ``step_1``, ``step_2``,
        ... With `by`, one row per group, and the columns of `by` come first.

    See Also
    --------
    funnel : Runs the query, and makes the table of the funnel.

    Notes
    -----
    Names of steps, tables and columns are quoted, so that a quotation mark in them does no harm.

    Rows are numbered by user in order of time and step (`pos`), so that no two events of a user
    have the same place: with an order that is not unique a database may sort ties one way here and
    another way there. ``start_1`` is the time of an event that is an entry. For each further step
    ``start_k`` is, at an event of step k, the latest entry whose chain had reached step k - 1
    before, if that lies within the window: the running maximum of ``start_{k-1}`` over the rows
    before. With ``order="strict"`` the rows before are only the one just before.

    Texts have to be compared byte by byte: in MySQL and MariaDB by the collation that `load` gives
    to the columns, or ``"Visit"`` would count as ``"visit"``.

    Examples
    --------
    >>> print(funnel_query(["visit", "lead"], window="7D"))  # doctest: +NORMALIZE_WHITESPACE
    WITH placed AS (
      SELECT
        "user_id" AS user_id,
        "time_us" AS t,
        CASE "event" WHEN 'visit' THEN 1 WHEN 'lead' THEN 2 ELSE 0 END AS step
      FROM "events"
      WHERE
        "event" IN ('visit', 'lead')
    ), numbered AS (
      SELECT
        user_id,
        t,
        step,
        ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY t, step) AS pos
      FROM placed
    ), reached_1 AS (
      SELECT
        user_id,
        t,
        step,
        pos,
        CASE WHEN pos = first_pos THEN t END AS start_1
      FROM (
        SELECT
          user_id,
          t,
          step,
          pos,
          MIN(CASE WHEN step = 1 THEN pos END) OVER (PARTITION BY user_id) AS first_pos
        FROM numbered
      ) AS w
    ), reached_2 AS (
      SELECT
        user_id,
        t,
        step,
        pos,
        start_1,
        CASE WHEN step = 2 AND t - since <= 604800000000 THEN since END AS start_2
      FROM (
        SELECT
          user_id,
          t,
          step,
          pos,
          start_1,
          MAX(start_1) OVER (PARTITION BY user_id ORDER BY pos
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS since
        FROM reached_1
      ) AS w
    ), best AS (
      SELECT
        user_id,
        MAX(CASE WHEN NOT start_2 IS NULL THEN 2 WHEN NOT start_1 IS NULL THEN 1 END) AS level
      FROM reached_2
      GROUP BY
        user_id
    )
    SELECT
      COUNT(CASE WHEN level >= 1 THEN 1 END) AS step_1,
      COUNT(CASE WHEN level >= 2 THEN 1 END) AS step_2
    FROM best
    """
    asked = asked_of(steps, window, entry, order, by, observed_until, user, event, time)
    _inputs.need_texts(table=table)
    _inputs.one_of("dialect", dialect, tuple(DIALECTS))
    return _translated(_written(asked, table), dialect)


def asked_of(steps, window, entry, order, by, observed_until, user, event, time):
    """Check what is asked of a database: names have to be text there."""
    _inputs.one_of("order", order, tuple(PLACES))
    _inputs.need_texts(user=user, event=event, time=time)
    asked = Question(
        steps,
        window=window,
        entry=entry,
        order=order,
        by=by,
        observed_until=observed_until,
        user=user,
        event=event,
        time=time,
    )
    for what, names in (("step", asked.steps), ("column of by", asked.by)):
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"{what} {name!r} is {_inputs.name_of_type(name)}: give text")
    for name in (*asked.steps, *asked.by, user, event, time):
        if "\0" in name:
            raise ValueError(f"{name!r} has a zero byte in it, which SQL cannot hold: rename it")
    return asked


def quoted(name):
    """Write the name of a table or column as standard SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def _text(value):
    return "'" + value.replace("'", "''") + "'"


def _translated(query, dialect):
    """Turn the query, written as SQLite reads it, into the SQL of a database."""
    import sqlglot

    tree = sqlglot.parse_one(query, read="sqlite")
    # No column that we sort by has NULLs that matter, so each database may put them where it does.
    nulls = sqlglot.Dialect.get_or_raise(DIALECTS[dialect]).NULL_ORDERING
    for key in tree.find_all(sqlglot.exp.Ordered):
        first = bool(key.args.get("desc")) == (nulls != "nulls_are_small")
        key.set("nulls_first", first and nulls != "nulls_are_last")
    # What a database has no word for is an error here, never a query that counts differently.
    raising = sqlglot.ErrorLevel.RAISE
    return tree.sql(DIALECTS[dialect], pretty=True, unsupported_level=raising)


# ---------------------------------------------------------------- the parts of the query


def _written(asked, table):
    """Write the query as SQLite reads it."""
    ctes = {"placed": _placed(asked, table), "numbered": _numbered(asked)}
    kept = ["user_id", "t", "step", *_by(asked), "pos"]
    ctes["reached_1"] = _entries(asked, kept)
    kept += _chain_columns(asked, 1)
    for k in range(2, len(asked.steps) + 1):
        ctes[f"reached_{k}"] = _next_step(asked, k, kept)
        kept += _chain_columns(asked, k)
    ctes["best"] = _best_by_group(asked) if asked.by else _best(asked)
    named = ", ".join(f"{name} AS ({query})" for name, query in ctes.items())
    return f"WITH {named} {_counted(asked)}"


def _chain_columns(asked, k):
    return [f"start_{k}", f"entry_{k}"] if asked.by else [f"start_{k}"]


def _by(asked):
    """Names of the columns of `by` inside the query."""
    return [f"by_{i}" for i in range(1, len(asked.by) + 1)]


def _ranks(asked):
    """Return the number of each step: where its name first comes."""
    names = list(dict.fromkeys(asked.steps))
    return {name: asked.steps.index(name) + 1 for name in names}


def _placed(asked, table):
    """Take the events of the steps; with strict order, all events."""
    cases = " ".join(f"WHEN {_text(name)} THEN {k}" for name, k in _ranks(asked).items())
    columns = [
        f"{quoted(asked.user)} AS user_id",
        f"{quoted(asked.time)} AS t",
        f"CASE {quoted(asked.event)} {cases} ELSE 0 END AS step",
        *(f"{quoted(b)} AS {name}" for b, name in zip(asked.by, _by(asked), strict=True)),
    ]
    query = f"SELECT {', '.join(columns)} FROM {quoted(table)}"
    if asked.order == "loose":
        names = ", ".join(_text(name) for name in _ranks(asked))
        query += f" WHERE {quoted(asked.event)} IN ({names})"
    return query


def _numbered(asked):
    """Give each user's events their numbers, in an order that is the same everywhere."""
    order = ["t", "step"]
    for name in _by(asked):
        order += [f"CASE WHEN {name} IS NULL THEN 1 ELSE 0 END", name]  # missing comes last
    columns = ", ".join(["user_id", "t", "step", *_by(asked)])
    place = f"ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY {', '.join(order)}) AS pos"
    return f"SELECT {columns}, {place} FROM placed"


def _entries(asked, kept):
    """Mark the events that are entries: each user's first one, or any."""
    columns = ", ".join(kept)
    source, entry = "numbered", "step = 1"
    if asked.entry == "first":
        first = "MIN(CASE WHEN step = 1 THEN pos END) OVER (PARTITION BY user_id) AS first_pos"
        source = f"(SELECT {columns}, {first} FROM numbered) AS w"
        entry = "pos = first_pos"
    if asked.observed_until is not None:
        entry += f" AND t <= {_last_entry(asked)}"
    marks = f"CASE WHEN {entry} THEN t END AS start_1"
    if asked.by:
        marks += f", CASE WHEN {entry} THEN pos END AS entry_1"
    return f"SELECT {columns}, {marks} FROM {source}"


def _microseconds(length):
    return length.as_unit("ns").value // 1000


def _last_entry(asked):
    """Return the last moment at which an entry's window is over when observation ends."""
    until, window = asked.observed_until.as_unit("ns").value, asked.window.as_unit("ns").value
    return (until - window) // 1000


def _next_step(asked, k, kept):
    """Add to each event the latest entry whose chain reaches step k there."""
    columns = ", ".join(kept)
    before = (
        "OVER (PARTITION BY user_id ORDER BY pos "
        f"ROWS BETWEEN {PLACES[asked.order]} AND 1 PRECEDING)"
    )
    looks = f"MAX(start_{k - 1}) {before} AS since"
    fits = f"step = {_ranks(asked)[asked.steps[k - 1]]}"
    if asked.window is not None:
        fits += f" AND t - since <= {_microseconds(asked.window)}"
    marks = f"CASE WHEN {fits} THEN since END AS start_{k}"
    if asked.by:
        looks += f", MAX(entry_{k - 1}) {before} AS entry"
        marks += f", CASE WHEN {fits} THEN entry END AS entry_{k}"
    return f"SELECT {columns}, {marks} FROM (SELECT {columns}, {looks} FROM reached_{k - 1}) AS w"


def _highest(asked, result, otherwise=""):
    """Write the CASE that finds the highest step reached at an event."""
    steps = range(len(asked.steps), 0, -1)
    cases = " ".join(f"WHEN start_{k} IS NOT NULL THEN {result.format(k=k)}" for k in steps)
    return f"CASE {cases}{otherwise} END"


def _best(asked):
    level = f"MAX({_highest(asked, '{k}')}) AS level"
    return f"SELECT user_id, {level} FROM reached_{len(asked.steps)} GROUP BY user_id"


def _best_by_group(asked):
    """Pick each user's chain: it goes furthest, gets there first, enters last; keep its entry."""
    groups = ", ".join(_by(asked))
    level, entry = _highest(asked, "{k}", " ELSE 0"), _highest(asked, "entry_{k}")
    columns = f"user_id, t, pos, {groups}, {level} AS level, {entry} AS entry"
    ends = f"SELECT {columns} FROM reached_{len(asked.steps)}"
    first = "OVER (PARTITION BY user_id ORDER BY level DESC, t, entry DESC)"
    chain = f"FIRST_VALUE(level) {first} AS best_level, FIRST_VALUE(entry) {first} AS best_entry"
    rows = f"SELECT pos, {groups}, {chain} FROM ({ends}) AS w"
    return f"SELECT {groups}, best_level AS level FROM ({rows}) AS v WHERE pos = best_entry"


def _counted(asked):
    counts = ", ".join(
        f"COUNT(CASE WHEN level >= {k} THEN 1 END) AS step_{k}"
        for k in range(1, len(asked.steps) + 1)
    )
    if not asked.by:
        return f"SELECT {counts} FROM best"
    groups = ", ".join(_by(asked))
    return f"SELECT {groups}, {counts} FROM best GROUP BY {groups}"
