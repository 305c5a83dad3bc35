"""What each column of a file looks like, and which of them is which."""

import re
from collections.abc import Mapping

import pandas as pd

from funnelkit import _inputs
from funnelkit.ingest.amounts import amounts, looks_numeric
from funnelkit.ingest.personal import personal_columns
from funnelkit.ingest.times import looks_like_times, times

__all__ = ["ROLES", "find_column", "inspect", "is_code", "need_mapping", "need_read"]

# How the columns of a log are called, by what they hold; compared without case and signs.
ROLES = {
    "user": (
        "user_id", "user", "visitor_id", "visitor", "customer_id", "customer", "contact_id",
        "client_id", "user_pseudo_id", "distinct_id", "anonymous_id", "person", "person_id",
        "lead_id", "email", "e-mail", "kunde", "kundennummer",
    ),
    "event": (
        "event", "event_name", "action", "step", "stage", "activity", "schritt", "ereignis",
    ),
    "time": (
        "timestamp", "time", "event_timestamp", "event_time", "date", "datetime", "created_at",
        "occurred_at", "datum", "zeit", "zeitpunkt",
    ),
    "amount": ("amount", "value", "revenue", "price", "total", "betrag", "umsatz", "summe"),
}  # fmt: skip
WORDS = {"user": "who", "event": "what happened", "time": "when", "amount": "how much"}
_CODES = re.compile(
    r"\b(id|no|nr|number|nummer|zip|plz|post ?(al )?code|phone|mobile|telefon|sku|barcode|iban)\b|#"
)


def inspect(table):
    """Say of each column what it looks like, and what cannot be known from it.

    Parameters
    ----------
    table : DataFrame
        What `read` returns.

    Returns
    -------
    DataFrame
        One row per column: `kind` ("text", "number", "time", or "empty"), `filled` (rows that
        are not empty), `different` (values), `decided` (how its values are read, and which line
        says so), `question` (what has to be said first). Codes of people and places, such as
        ids, postcodes and telephone numbers, are text, as is what has zeros in front.

    Examples
    --------
    >>> table = pd.DataFrame({"PLZ": ["01067", "70173"], "sent": ["03/04/2026", "05/06/2026"]})
    >>> inspect(table)[["kind", "filled", "different"]]
            kind  filled  different
    column
    PLZ     text       2          2
    sent    time       2          2
    """
    need_read(table)
    rows = {}
    personal = personal_columns(table)
    for name in table.columns:
        values = table[name].dropna().str.strip()
        kind, decided, question = _kind(values, name)
        if name in personal.index:
            decided = f"personal data: {personal[name]}" + (f"; {decided}" if decided else "")
        rows[name] = [kind, len(values), values.nunique(), decided, question]
    columns = ["kind", "filled", "different", "decided", "question"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("column")


def _kind(values, name):
    if not len(values):
        return "empty", "", ""
    if is_code(values, name):
        return "text", "", ""
    for kind, looks, read in (
        ("time", looks_like_times, times),
        ("number", looks_numeric, amounts),
    ):
        if looks(values):
            try:
                return kind, read(values.rename(name)).attrs["decided"], ""
            except ValueError as error:
                return kind, "", str(error).partition(": ")[2] or str(error)
    return "text", "", ""


def is_code(values, name):
    """Say whether a column holds codes, which stay text: ids, postcodes, telephone numbers."""
    if _CODES.search(
        re.sub(r"[_\W]+", " ", str(name).lower()).strip() + ("#" * ("#" in str(name)))
    ):
        return True
    return bool(values.str.fullmatch(r"0\d+|\+\d[\d ()/-]*|\d{17,}").any())


def find_column(table, role, *, mapping=None):
    """Find the column that says who, what happened, when, or how much.

    Parameters
    ----------
    table : DataFrame
        What `read` returns.
    role : {"user", "event", "time", "amount"}
        What the column is for.
    mapping : mapping of str to str, optional
        The column by its role, such as ``{"time": "Created at"}``, which is then taken.

    Returns
    -------
    str
        The name of the column.

    Raises
    ------
    ValueError
        If no column is called like that, or several are.

    Examples
    --------
    >>> find_column(pd.DataFrame({"Visitor ID": ["a"], "Event name": ["visit"]}), "event")
    'Event name'
    """
    _inputs.need_columns(table, _inputs.need_table(table).columns)
    _inputs.one_of("role", role, tuple(ROLES))
    mapping = need_mapping(mapping)
    if role in mapping:
        _inputs.need_known(mapping[role], list(table.columns), "column in the file")
        return mapping[role]
    wanted = [_folded(each) for each in ROLES[role]]
    # Of two columns with one name, `read` calls the second "time (2)".
    bare = {name: re.sub(r" \(\d+\)$", "", str(name)) for name in table.columns}
    found = [name for name, short in bare.items() if _folded(short) in wanted]
    columns = ", ".join(map(repr, table.columns[:20])) + (", …" * (len(table.columns) > 20))
    if not found:
        raise ValueError(
            f"no column says {WORDS[role]} (there are {columns}): name it, "
            f"mapping={{{role!r}: ...}} (--map {role}=COLUMN)"
        )
    if len(found) > 1:
        named = " or ".join(map(repr, found))
        raise ValueError(
            f"{WORDS[role]} may be in column {named}: say which, mapping={{{role!r}: "
            f"{found[0]!r}}} (--map {role}={found[0]!r})"
        )
    return found[0]


def _folded(name):
    return re.sub(r"[\W_]+", "", str(name).lower())


def need_mapping(mapping):
    """Return a mapping of roles or steps to columns; empty if there is none."""
    if mapping is None:
        return {}
    if not isinstance(mapping, Mapping) or not all(
        isinstance(each, str) for pair in mapping.items() for each in pair
    ):
        raise TypeError(
            f"mapping is {_inputs.name_of_type(mapping)}: give columns by role or step, such as "
            "{'user': 'Email', 'time': 'Created at'}"
        )
    return dict(mapping)


def need_read(table):
    """Refuse a table that is not as `read` makes it: text in all columns."""
    _inputs.need_columns(table, _inputs.need_table(table).columns)
    _inputs.need_rows(table)
    for name in table.columns:
        _inputs.need_hashable(table[name], name)
        kind = pd.api.types.infer_dtype(table[name], skipna=True)
        if kind not in ("string", "empty"):
            raise TypeError(
                f"column {name!r} holds {table[name].dtype} values, not text: read the file with "
                "ingest.read, which keeps each value as it is written"
            )
    return table
