"""The tables of a store, in a form in which SQLite, MariaDB, MySQL and PostgreSQL count alike.

Times are whole microseconds since 1970 and amounts whole cents, so that no date arithmetic and no
rounding is left to a server. Text by which rows are found is compared byte by byte: to MariaDB and
MySQL "Ann", "ann" and "ánn " would otherwise be one.
"""

from functools import cache
from types import SimpleNamespace

import pandas as pd
from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text, TypeDecorator
from sqlalchemy.dialects import mysql

__all__ = ["KEY_LENGTH", "Key", "chunks", "make_tables", "micros", "moments"]

KEY_LENGTH = 190  # of which two fit into an index of MySQL


class Key(TypeDecorator):
    """Text that is compared byte by byte, on every server."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect):
        """Return the type for one server; SQLAlchemy asks once it has met it."""
        if dialect.name not in ("mysql", "mariadb"):
            return dialect.type_descriptor(String(KEY_LENGTH))
        collation = "utf8mb4_nopad_bin" if dialect.is_mariadb else "utf8mb4_0900_bin"
        kind = mysql.VARCHAR(KEY_LENGTH, charset="utf8mb4", collation=collation)
        return dialect.type_descriptor(kind)


@cache
def make_tables(name):
    """Return the tables of a store by that name, and their `metadata`, as one object."""
    metadata = MetaData()

    def table(title, *columns):
        return Table(f"{name}_{title}", metadata, *columns, mysql_charset="utf8mb4")

    def key(title, **options):
        return Column(title, Key, **options)

    def whole(title):
        return Column(title, BigInteger)

    return SimpleNamespace(
        metadata=metadata,
        contacts=table(
            "contacts",
            key("contact", primary_key=True),
            whole("created_at"),
            whole("changed_at"),  # by this store's own clock
            key("merged_into", index=True),
        ),
        fields=table(
            "fields",
            key("contact", primary_key=True),
            key("field", primary_key=True),
            Column("value", Text),
            whole("at"),
            key("by"),
        ),
        deals=table(
            "deals",
            key("deal", primary_key=True),
            key("contact", index=True),
            key("stage"),
            whole("cents"),
            whole("created_at"),
            whole("entered_at"),
            whole("expected_close"),
            Column("moves", Integer),
        ),
        history=table(
            "history",
            key("deal", primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            key("move_from"),
            key("stage"),
            whole("at"),
        ),
        # What has been written here already, by the key of the event.
        seen=table("seen", key("key", primary_key=True), key("digest")),
        # What the other system has to be told.
        outbox=table(
            "outbox",
            Column("number", Integer, primary_key=True),
            key("key", unique=True),
            key("kind"),
            key("contact", index=True),
            Column("body", Text),
            key("state"),
            Column("tries", Integer),
            Column("due", BigInteger, index=True),
        ),
        mails=table(
            "mails",
            key("key", primary_key=True),
            key("contact", index=True),
            key("mail"),
            whole("at"),
            key("outcome"),
        ),
    )


def micros(times):
    """Return times, one or a column, as whole microseconds since 1970; missing ones as None."""
    if isinstance(times, pd.Timestamp):
        return times.value // 1000  # it counts nanoseconds
    whole = times.astype("datetime64[us]")
    return [None if gap else int(t) for t, gap in zip(whole.astype("int64"), whole.isna())]  # noqa: B905


def moments(whole):
    """Return whole microseconds since 1970 as a column of times."""
    return pd.to_datetime(pd.Series(whole, dtype="Int64"), unit="us").astype("datetime64[us]")


def chunks(values, size=400):
    """Yield a list in pieces that fit into one query."""
    values = list(values)
    for start in range(0, len(values), size):
        yield values[start : start + size]
