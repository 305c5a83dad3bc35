"""How to speak to each database through an open connection."""

from itertools import islice

from funnelkit import _inputs
from funnelkit.databases.query import quoted

__all__ = [
    "add_rows",
    "columns_of",
    "create",
    "dialect_of",
    "has_table",
    "name_in",
    "run",
    "settle",
]

AT_ONCE = 10_000
"""How many rows are sent to a database at a time."""

TYPES = {"whole": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
"""Names of column types; those of text are below, since they need a collation."""

TEXT = {
    "sqlite": "TEXT",
    "duckdb": "VARCHAR",
    "postgresql": 'TEXT COLLATE "C"',
    # Compared byte by byte, and blanks at the end count.
    "mariadb": "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
    "mysql": "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin",
}


def dialect_of(connection):
    """Return the name of the database that a connection leads to."""
    kind = type(connection)
    if kind.__module__ == "sqlite3":
        return "sqlite"
    if kind.__name__ == "DuckDBPyConnection":
        return "duckdb"
    if hasattr(connection, "exec_driver_sql"):
        dialect = connection.dialect
        name = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
        return _inputs.one_of("the database of the connection", name, tuple(TEXT))
    raise TypeError(
        f"connection is {_inputs.name_of_type(connection)}: give an open connection, such as "
        "sqlite3.connect('log.db'), duckdb.connect() or SQLAlchemy's engine.connect()"
    )


def run(connection, query):
    """Run one statement, and return its rows if it has any."""
    if hasattr(connection, "exec_driver_sql"):
        # Without parameters, so that no % or : in a name is taken for one.
        done = connection.exec_driver_sql(query, execution_options={"no_parameters": True})
        return done.fetchall() if done.returns_rows else []
    return connection.execute(query).fetchall()


def name_in(dialect, name):
    """Write the name of a table or column as a database has it."""
    if dialect in ("mysql", "mariadb"):
        return "`" + name.replace("`", "``") + "`"
    return quoted(name)


def has_table(connection, name):
    """Tell whether a database has a table of that name."""
    text = "'" + name.replace("'", "''") + "'"
    dialect = dialect_of(connection)
    if dialect == "sqlite":
        where = f"sqlite_master WHERE lower(name) = lower({text})"
    elif dialect in ("mysql", "mariadb"):
        text = text.replace("\\", "\\\\")
        where = f"information_schema.tables WHERE table_schema = DATABASE() AND table_name = {text}"
    elif dialect == "duckdb":
        where = f"information_schema.tables WHERE lower(table_name) = lower({text})"
    else:
        where = f"information_schema.tables WHERE table_name = {text}"
    return run(connection, f"SELECT COUNT(*) FROM {where}")[0][0] > 0


def columns_of(connection, table):
    """Return the names of the columns of a table."""
    query = f"SELECT * FROM {name_in(dialect_of(connection), table)} WHERE 1 = 0"
    if hasattr(connection, "exec_driver_sql"):
        return list(connection.exec_driver_sql(query).keys())
    return [column[0] for column in connection.execute(query).description]


def create(connection, table, columns, *, replace):
    """Make an empty table; `columns` has the kind of each column by its name."""
    dialect = dialect_of(connection)
    kinds = TYPES | {"text": TEXT[dialect]}
    if dialect == "postgresql":
        kinds["number"] = "DOUBLE PRECISION"
    parts = [f"{name_in(dialect, name)} {kinds[kind]}" for name, kind in columns.items()]
    parts[0] += " PRIMARY KEY" if dialect != "duckdb" else ""  # there it would only cost memory
    if replace:
        run(connection, f"DROP TABLE IF EXISTS {name_in(dialect, table)}")
    run(connection, f"CREATE TABLE {name_in(dialect, table)} ({', '.join(parts)})")


def add_rows(connection, table, rows):
    """Write a table's rows into the database; `rows` is a DataFrame of plain values."""
    dialect = dialect_of(connection)
    if dialect == "duckdb":
        connection.register("funnelkit_rows", rows)
        run(connection, f"INSERT INTO {quoted(table)} SELECT * FROM funnelkit_rows")
        connection.unregister("funnelkit_rows")
        return
    plain = [column.astype(object).where(column.notna(), None) for _, column in rows.items()]
    lines = zip(*plain, strict=True)
    while some := list(islice(lines, AT_ONCE)):
        if dialect == "sqlite" and not hasattr(connection, "exec_driver_sql"):
            places = ", ".join("?" * rows.shape[1])
            connection.executemany(f"INSERT INTO {quoted(table)} VALUES ({places})", some)
        else:
            import sqlalchemy

            columns = [sqlalchemy.column(name) for name in rows]
            into = sqlalchemy.insert(sqlalchemy.table(table, *columns))
            named = [dict(zip(rows.columns, line, strict=True)) for line in some]
            connection.execute(into, named)


def settle(connection, table, index):
    """Add an index, let the database count what it needs to plan queries, and commit."""
    dialect = dialect_of(connection)
    if dialect == "duckdb":
        return  # it stores columns, and sorts faster than it reads an index
    name = name_in(dialect, table)
    on = ", ".join(name_in(dialect, column) for column in index)
    run(connection, f"CREATE INDEX {name_in(dialect, f'{table}_by_user')} ON {name} ({on})")
    run(connection, f"ANALYZE {'TABLE ' if dialect in ('mysql', 'mariadb') else ''}{name}")
    connection.commit()
