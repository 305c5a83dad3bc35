"""Tables as files: written whole or not at all, and read back exactly as they were.

Input is checked as `funnelkit._inputs` says.
"""

import csv
import hashlib
import io
import re
import sqlite3
from contextlib import contextmanager

import pandas as pd

from funnelkit import _inputs

__all__ = ["alone", "digest_of_bytes", "digest_of_table", "from_csv", "to_csv"]

_SURROGATES = re.compile("[\ud800-\udfff]")


def to_csv(table):
    """Return a table as the bytes of a CSV file, and what its types are.

    Numbers are written so that they are read back to the last bit. An index that is more than the
    numbers of the rows becomes the first columns.
    """
    names = []
    if not table.index.equals(pd.RangeIndex(len(table))) or table.index.names != [None]:
        names = [name or "row" for name in table.index.names]
        table = table.rename_axis(names).reset_index()
    types = {column: str(table[column].dtype) for column in table.columns}
    text = table.to_csv(index=False, lineterminator="\n")
    if "\r" in text:  # unquoted, it would be read as the end of a line
        text = table.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    content = text.encode()
    return content, {"index": names, "types": types}


def from_csv(content, form):
    """Return the table that `to_csv` wrote."""
    types = form["types"]
    later = [name for name, kind in types.items() if kind.startswith(("datetime", "float"))]
    kinds = {name: "str" if name in later else kind for name, kind in types.items()}
    # An id that looks like a number stays text, and a text "NA" is not missing.
    table = pd.read_csv(io.BytesIO(content), dtype=kinds, keep_default_na=False, na_values=[""])
    for name in later:
        if types[name].startswith("datetime"):
            table[name] = pd.to_datetime(table[name], format="ISO8601").astype(types[name])
        else:  # Python's own reading is right to the last bit
            table[name] = table[name].astype(types[name])
    return table.set_index(form["index"]) if form["index"] else table


def digest_of_bytes(content):
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def digest_of_table(table):
    """Return a text that differs if anything in a table differs, quicker than writing it."""
    for name, column in table.items():
        if column.dtype.kind == "O":
            _inputs.refuse(
                column.map(_is_half_a_sign).to_numpy(),
                f"column {name!r} has half of a sign, a lone surrogate,",
                "write the text anew, text.encode('utf-8', 'replace').decode()",
                index=table.index,
            )
    heads = repr([(str(name), str(kind)) for name, kind in table.dtypes.items()]).encode()
    table = table.astype({name: "str" for name, kind in table.dtypes.items() if kind.kind == "O"})
    rows = pd.util.hash_pandas_object(table, index=False).to_numpy()
    return hashlib.sha256(heads + rows.tobytes()).hexdigest()


def _is_half_a_sign(value):
    return isinstance(value, str) and not value.isascii() and _SURROGATES.search(value) is not None


@contextmanager
def alone(folder):
    """Hold a run folder for one process; the system lets go of it when the process ends.

    SQLite's lock is used since it is the same on Linux, macOS and Windows, and is gone when its
    holder was killed.
    """
    try:
        connection = sqlite3.connect(folder / "lock.db", timeout=0, isolation_level=None)
    except sqlite3.Error as error:
        raise _no_lock(folder, error) from None
    try:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if "locked" not in str(error):
                raise _no_lock(folder, error) from None
            raise ValueError(
                f"another run is at work in {folder.name}: wait until it has ended, or give "
                "another folder"
            ) from None
        yield
    finally:
        connection.close()


def _no_lock(folder, error):
    return ValueError(
        f"{folder.name} cannot be held for one run, its file lock.db is of no use ({error}): give "
        "a folder in which you may write, or remove that file if no run is at work"
    )
