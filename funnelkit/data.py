"""The course's tables: what is in them, and how to load them.

One schema (``SCHEMAS``) says what every column means. ``load`` checks each table against it,
``describe`` shows it, and ``datasets/README.md`` is made from it, so the three cannot disagree.
"""

from __future__ import annotations

import difflib
import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

__all__ = [
    "SCHEMAS",
    "Column",
    "Schema",
    "check_table",
    "data_folder",
    "describe",
    "load",
    "tables",
    "truth",
    "verify_checksums",
]

KINDS = {
    "text": "str",
    "whole": "int64",
    "number": "float64",
    "time": "datetime64[s]",
    "date": "datetime64[s]",
    "flag": "bool",
}


@dataclass(frozen=True)
class Column:
    """What one column holds.

    Parameters
    ----------
    name : str
        The column's name, the same in every table that has it.
    kind : {"text", "whole", "number", "time", "date", "flag"}
        How `load` types it: text, whole number, decimal number, moment (naive UTC), day, yes or no.
    meaning : str
        One sentence for the data dictionary.
    unit : str, optional
        The unit of measure, such as "EUR".
    allowed : tuple, optional
        The values that may occur; for numbers and times ``(lowest, highest)``.
    missing : str, optional
        What a missing value means. Without it no value may be missing.
    unique : bool, optional
        Whether each value occurs once.
    """

    name: str
    kind: str
    meaning: str
    unit: str = ""
    allowed: tuple = ()
    missing: str = ""
    unique: bool = False


@dataclass(frozen=True)
class Schema:
    """What one table holds: the meaning of a row, its columns, and where it comes from."""

    file: str
    row: str
    origin: str
    columns: tuple[Column, ...]
    notes: str = ""

    @property
    def names(self) -> list[str]:
        """The column names, in order."""
        return [column.name for column in self.columns]


CHANNELS = (
    "social_ads",
    "seo",
    "brand_search",
    "content",
    "social",
    "partner",
    "offline",
    "direct",
)
REGIONS = ("Alder", "Birch", "Cedar", "Elm", "Hazel", "Linden", "Maple", "Rowan")
EVENTS = ("visit", "page_view", "click", "lead", "opportunity", "customer")
PAGES = (
    "home",
    "blog",
    "lesson",
    "catalogue",
    "course",
    "pricing",
    "form",
    "form_error",
    "booking",
    "checkout",
)
SIMULATED = "simulated by `funnelkit.simulate`"

SCHEMAS: dict[str, Schema] = {
    "events": Schema(
        file="events.csv.gz",
        row="one thing one browser did on the school's site, as the tracker received it",
        origin=SIMULATED,
        notes=(
            "The raw log, with what raw logs have: rows sent twice, rows that arrived late and so "
            "stand out of order, robots, a day on which the tracker was down, and no rows of "
            "people who refused tracking. It begins on 1 January 2026, when the tracker was "
            "installed, and holds people whose first visit was on or after that day."
        ),
        columns=(
            Column("user_id", "text", "the tracker's id for a browser: one person may have two"),
            Column(
                "event",
                "text",
                "what happened; `visit` opens a session, `lead`, `opportunity` and `customer` "
                "are the later steps of the funnel",
                allowed=EVENTS,
            ),
            Column(
                "timestamp",
                "time",
                "when it happened",
                unit="UTC, whole seconds",
                allowed=("2026-01-01", "2026-06-30 23:59:59"),
            ),
            Column("session_id", "text", "the id of the session in which it happened"),
            Column(
                "channel",
                "text",
                "where the session came from; `email` is the school's own mail to its leads",
                allowed=(*CHANNELS, "email"),
            ),
            Column("device", "text", "the device used", allowed=("mobile", "desktop")),
            Column("page", "text", "the page on which it happened", allowed=PAGES),
        ),
    ),
    "visitors": Schema(
        file="visitors.csv.gz",
        row="one user_id of the log, with what is known about it",
        origin=SIMULATED,
        columns=(
            Column("user_id", "text", "the tracker's id for a browser", unique=True),
            Column(
                "person_id",
                "text",
                "the person behind it, known once an e-mail address was left",
                missing="never recognised: no e-mail address was left under this id",
            ),
            Column(
                "first_seen",
                "time",
                "the first event in the log",
                unit="UTC, whole seconds",
                allowed=("2026-01-01", "2026-06-30 23:59:59"),
            ),
            Column(
                "channel",
                "text",
                "the channel of the first session in the log",
                allowed=(*CHANNELS, "email"),
            ),
            Column(
                "device", "text", "the device of the first session", allowed=("mobile", "desktop")
            ),
            Column("region", "text", "the region the visitor comes from", allowed=REGIONS),
        ),
    ),
    "spend": Schema(
        file="spend.csv.gz",
        row="one channel on one day, over three years",
        origin=SIMULATED,
        notes=(
            "`direct` has no row: nobody is paid for it. Each week each channel's budget is "
            "multiplied by a `pulse` drawn by lot, not set by demand, so that what more money "
            "brings can be told from what a good week brings."
        ),
        columns=(
            Column("date", "date", "the day", unit="UTC day", allowed=("2023-07-01", "2026-06-30")),
            Column(
                "channel",
                "text",
                "the channel",
                allowed=tuple(c for c in CHANNELS if c != "direct"),
            ),
            Column("pulse", "number", "the week's budget multiplier, drawn by lot", allowed=(0, 3)),
            Column("spend", "number", "money spent that day", unit="EUR", allowed=(0, 1000)),
            Column(
                "clicks",
                "whole",
                "first visits that the channel's own report claims; it counts people who refused "
                "the school's tracker as well",
                unit="visits",
                allowed=(0, 1000),
            ),
        ),
    ),
    "customers": Schema(
        file="customers.csv.gz",
        row="one customer of the last three years, from the school's books",
        origin=SIMULATED,
        columns=(
            Column("customer_id", "text", "the school's number for the customer", unique=True),
            Column(
                "user_id",
                "text",
                "the tracker's id of the first visit",
                missing=(
                    "the person refused tracking, or came before the tracker was installed, or "
                    "enrolled without a visit (at a fair, or through a partner's contract)"
                ),
            ),
            Column(
                "acquired",
                "date",
                "the day of enrolment",
                unit="UTC day",
                allowed=("2023-07-01", "2026-06-30"),
            ),
            Column("channel", "text", "the channel of the first contact", allowed=CHANNELS),
            Column("region", "text", "the region the customer lives in", allowed=REGIONS),
            Column(
                "product",
                "text",
                "how the customer buys: single courses (table `orders`) or a subscription "
                "(table `subscriptions`)",
                allowed=("course", "subscription"),
            ),
        ),
    ),
    "orders": Schema(
        file="orders.csv.gz",
        row="one order of single courses",
        origin=SIMULATED,
        notes="The first order of each customer is on the day of enrolment.",
        columns=(
            Column("order_id", "text", "the order's number", unique=True),
            Column("customer_id", "text", "the customer who ordered"),
            Column(
                "date",
                "date",
                "the day of the order",
                unit="UTC day",
                allowed=("2023-07-01", "2026-06-30"),
            ),
            Column(
                "amount", "number", "what the customer paid", unit="EUR", allowed=(0.01, 100_000)
            ),
            Column(
                "cost",
                "number",
                "what delivering the order cost the school (teaching, licences, payment fees)",
                unit="EUR",
                allowed=(0, 100_000),
            ),
        ),
    ),
    "subscriptions": Schema(
        file="subscriptions.csv.gz",
        row="one subscription",
        origin=SIMULATED,
        columns=(
            Column("subscription_id", "text", "the subscription's number", unique=True),
            Column("customer_id", "text", "the customer who subscribed", unique=True),
            Column("plan", "text", "the plan", allowed=("basic", "plus")),
            Column("price", "number", "the monthly price", unit="EUR a month", allowed=(1, 100)),
            Column(
                "started",
                "date",
                "the first day",
                unit="UTC day",
                allowed=("2024-01-01", "2026-06-30"),
            ),
            Column(
                "ended",
                "date",
                "the day from which it is no longer paid; always a whole number of months after "
                "`started`",
                unit="UTC day",
                allowed=("2024-01-01", "2026-06-30"),
                missing="still running on 30 June 2026",
            ),
        ),
    ),
    "surveys": Schema(
        file="surveys.csv.gz",
        row="one satisfaction survey sent to one subscriber",
        origin=SIMULATED,
        notes=(
            "Sent four times a year, on the first of March, June, September and December, to "
            "everybody whose subscription then was at least 14 days old and running. Most do not "
            "answer."
        ),
        columns=(
            Column("survey_id", "text", "the number of the survey sent", unique=True),
            Column("customer_id", "text", "the subscriber who was asked"),
            Column(
                "sent",
                "date",
                "the day on which it was sent",
                unit="UTC day",
                allowed=("2024-03-01", "2026-06-30"),
            ),
            Column(
                "answered",
                "date",
                "the day of the answer",
                unit="UTC day",
                allowed=("2024-03-01", "2026-06-30"),
                missing="no answer",
            ),
            Column(
                "csat",
                "number",
                "how satisfied are you with the school? 1 very dissatisfied, 2 dissatisfied, "
                "3 neither, 4 satisfied, 5 very satisfied",
                unit="points, whole",
                allowed=(1, 5),
                missing="no answer",
            ),
            Column(
                "nps",
                "number",
                "how likely are you to recommend the school to a friend? 0 not at all, "
                "10 extremely",
                unit="points, whole",
                allowed=(0, 10),
                missing="no answer",
            ),
        ),
    ),
    "leads": Schema(
        file="leads.csv.gz",
        row="one lead as the CRM exported it on 30 June 2026",
        origin=SIMULATED,
        notes=(
            "Leads made since January 2025. The table has what such exports have: rows that stand "
            "twice, people who stand under two addresses, values that are missing for a reason, "
            "impossible or out of date. The counts of what a lead did are as they were known 48 "
            "hours after `created_at`; the CRM counts visits itself and need not agree with the "
            "log."
        ),
        columns=(
            Column("lead_id", "text", "the CRM's number for the record"),
            Column(
                "user_id",
                "text",
                "the tracker's id of the first visit",
                missing=(
                    "the person refused tracking, came before the tracker was installed, or "
                    "never came to the site"
                ),
            ),
            Column(
                "created_at",
                "time",
                "when the record was made",
                unit="UTC, whole seconds",
                allowed=("2025-01-01", "2026-06-30 23:59:59"),
            ),
            Column(
                "entry",
                "text",
                "how the lead came into the CRM: the form on the site, a card left at a fair, a "
                "partner's list",
                allowed=("form", "card", "list"),
            ),
            Column("source", "text", "the channel of the first contact", allowed=CHANNELS),
            Column("owner", "text", "the adviser who has the lead", missing="nobody has it"),
            Column(
                "birth_year",
                "number",
                "the year of birth",
                unit="year",
                allowed=(1900, 2015),
                missing="not said",
            ),
            Column(
                "age", "number", "the age as typed or imported", unit="years", missing="not said"
            ),
            Column(
                "gender",
                "text",
                "the gender",
                allowed=("female", "male", "other"),
                missing="not said",
            ),
            Column(
                "postcode",
                "text",
                "the postcode; its first digit is the region",
                missing="not said",
            ),
            Column(
                "income",
                "number",
                "the income as typed or imported",
                unit="EUR a year",
                allowed=(0, 10_000_000),
                missing="not said",
            ),
            Column(
                "company_size",
                "text",
                "how many work where the lead works",
                allowed=("1", "2-9", "10-49", "50-249", "250+"),
                missing="not said, or no work",
            ),
            Column(
                "device",
                "text",
                "the device of the first visit",
                allowed=("mobile", "desktop"),
                missing="never on the site",
            ),
            Column("email_key", "text", "a keyed hash of the e-mail address"),
            Column(
                "phone_key",
                "text",
                "a keyed hash of the telephone number",
                missing="no number left",
            ),
            Column("consent", "flag", "whether the lead agreed to be written to"),
            Column(
                "visit_count",
                "number",
                "visits to the site",
                unit="visits",
                allowed=(0, 50),
                missing="refused tracking, or never on the site",
            ),
            Column(
                "pages",
                "number",
                "pages seen",
                unit="pages",
                allowed=(0, 200),
                missing="refused tracking, or never on the site",
            ),
            Column("downloads", "whole", "brochures downloaded", unit="downloads", allowed=(0, 20)),
            Column("webinars", "whole", "webinars attended", unit="webinars", allowed=(0, 20)),
            Column(
                "email_opens",
                "number",
                "openings of the school's mails",
                unit="openings",
                allowed=(0, 50),
                missing="no consent, so no mail was sent",
            ),
            Column(
                "offer",
                "text",
                "what the confirmation of the registration offered, drawn by lot: nothing, "
                "payment in instalments, a certificate",
                allowed=("none", "instalments", "certificate"),
            ),
            Column("message", "text", "what the lead wrote in the form", missing="wrote nothing"),
            Column("called", "flag", "whether an adviser has spoken with the lead"),
            Column(
                "called_by_lot",
                "flag",
                "whether the lead was called because the lot fell on it, whatever its points",
            ),
            Column(
                "portal_logins",
                "whole",
                "log-ins to the students' portal, counted on the day of the export",
                unit="log-ins",
                allowed=(0, 200),
            ),
            Column("converted", "flag", "whether the lead has enrolled by the day of the export"),
            Column(
                "converted_at",
                "time",
                "when the lead enrolled",
                unit="UTC, whole seconds",
                allowed=("2025-01-01", "2026-06-30 23:59:59"),
                missing="has not enrolled",
            ),
        ),
    ),
    "cdnow": Schema(
        file="cdnow.csv.gz",
        row="one purchase at the online music shop CDNOW, a real company, in 1997 and 1998",
        origin="published by Bruce Hardie and Peter Fader; see SOURCES.md",
        notes=(
            "A tenth of the 23,570 people whose first purchase was in the first quarter of 1997, "
            "all rows as published, in the published order, 21 exact repeats among them."
        ),
        columns=(
            Column("master_id", "text", "the customer's number in the full data set"),
            Column("customer_id", "text", "the customer's number in this sample"),
            Column("date", "date", "the day of the purchase", allowed=("1997-01-01", "1998-06-30")),
            Column("quantity", "whole", "CDs bought", unit="CDs", allowed=(1, 100)),
            Column("amount", "number", "what was paid", unit="USD", allowed=(0, 1000)),
        ),
    ),
    "glossary": Schema(
        file="glossary.csv",
        row="one term of the course",
        origin="written for this course",
        columns=(
            Column("id", "text", "the name by which lessons refer to the term", unique=True),
            Column("term", "text", "the term in English"),
            Column("chinese", "text", "the term in Chinese"),
            Column("meaning", "text", "what it means, in a sentence"),
        ),
    ),
}


def data_folder() -> Path:
    """Return the folder ``datasets/`` of the checkout that this package belongs to.

    Returns
    -------
    pathlib.Path
        The folder, wherever the current directory is.

    Raises
    ------
    FileNotFoundError
        If the package was installed without its checkout.

    Examples
    --------
    >>> data_folder().name
    'datasets'
    """
    folder = Path(__file__).resolve().parent.parent / "datasets"
    if not folder.is_dir():
        raise FileNotFoundError(
            "funnelkit found no folder 'datasets' beside its code. The tables belong to the "
            "course's folder: download or clone the whole course, go into it, and run "
            "`python start.py lab`, which installs the package in place."
        )
    return folder


def tables() -> list[str]:
    """Return the names of the tables that `load` knows.

    Returns
    -------
    list of str
        The names, in the order of the data dictionary.

    Examples
    --------
    >>> "events" in tables()
    True
    """
    return list(SCHEMAS)


def load(name: str) -> pd.DataFrame:
    """Load one of the course's tables, typed and checked.

    Parameters
    ----------
    name : str
        One of `tables`.

    Returns
    -------
    pandas.DataFrame
        One row as `describe` says. Text is ``str``, times are ``datetime64[s]`` in naive UTC.

    Raises
    ------
    ValueError
        If there is no table of that name; if the file is not the one that the course ships
        (its checksum differs); if a column is missing or holds what its dictionary excludes.
    FileNotFoundError
        If the file is not there.

    Examples
    --------
    >>> load("cdnow").shape
    (6919, 5)
    """
    schema = _schema(name)
    path = data_folder() / schema.file
    if not path.is_file():
        raise FileNotFoundError(
            f"table {name!r} should be in datasets/{schema.file}, and there is no such file. "
            "Download or clone the course again, or run `funnelkit doctor`."
        )
    stat = path.stat()
    # A shallow copy is enough: pandas copies on write, so nobody can change the kept table.
    return _load(name, path, stat.st_mtime_ns, stat.st_size).copy(deep=False)


@lru_cache(maxsize=len(SCHEMAS))
def _load(name: str, path: Path, changed: int, size: int) -> pd.DataFrame:
    """Read and check a table, once for each state of its file."""
    schema = SCHEMAS[name]
    content = read_content(path)
    problem = _checksum_problem(schema.file, content)
    if problem:
        raise ValueError(problem)
    return check_table(_parse(content, schema), name)


def describe(name: str) -> pd.DataFrame:
    """Return the dictionary of a table: one row a column.

    Parameters
    ----------
    name : str
        One of `tables`.

    Returns
    -------
    pandas.DataFrame
        Index ``column``; columns ``type``, ``unit``, ``allowed``, ``missing``, ``meaning``.
        ``attrs["row"]`` says what a row of the table is.

    Raises
    ------
    ValueError
        If there is no table of that name.

    Examples
    --------
    >>> describe("events").loc["device", "allowed"]
    'mobile, desktop'
    """
    schema = _schema(name)
    table = pd.DataFrame(
        {
            "column": schema.names,
            "type": [column.kind for column in schema.columns],
            "unit": [column.unit or "–" for column in schema.columns],
            "allowed": [_allowed(column) for column in schema.columns],
            "missing": [column.missing or "never" for column in schema.columns],
            "meaning": [column.meaning for column in schema.columns],
        }
    ).set_index("column")
    table.attrs["row"] = schema.row
    return table


def truth() -> dict:
    """Return what was planted in the simulated tables, and what came of it.

    A company never has this. Here it lets a lesson ask whether an analysis found what is there.

    Returns
    -------
    dict
        ``seed``; ``model``, the parameters; ``facts``, counts that no table shows directly;
        ``leads``, the lead_ids of each hidden segment, each intent and each planted fault.

    Examples
    --------
    >>> truth()["facts"]["outage_day"]
    '2026-03-18'
    """
    return json.loads((data_folder() / "truth.json").read_text(encoding="utf-8"))


def check_table(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Check a table against the dictionary and return it unchanged.

    Parameters
    ----------
    table : pandas.DataFrame
        The table to check.
    name : str
        The name of the schema, one of `tables`.

    Returns
    -------
    pandas.DataFrame
        The same table.

    Raises
    ------
    ValueError
        If columns are missing or too many, a type differs, a value is missing where none may be,
        lies outside what is allowed, or occurs twice where it must be unique.

    Examples
    --------
    >>> check_table(load("cdnow").assign(quantity=-1), "cdnow")
    Traceback (most recent call last):
    ValueError: table 'cdnow', column 'quantity': 6919 of 6919 rows hold a value outside 1 to 100 (first: -1). Mend these rows, or leave them out.
    """  # noqa: E501
    schema = _schema(name)
    if list(table.columns) != schema.names:
        raise ValueError(
            f"table {name!r} should have the columns {schema.names}; it has "
            f"{list(table.columns)}. Rename or select the columns."
        )
    for column in schema.columns:
        _check_column(table[column.name], column, f"table {name!r}, column {column.name!r}")
    return table


def _check_column(values: pd.Series, column: Column, where: str) -> None:
    """Raise if a column breaks its own entry in the dictionary."""
    if str(values.dtype) != KINDS[column.kind]:
        raise ValueError(
            f"{where}: the type is {values.dtype}, not {KINDS[column.kind]}. Convert it with "
            f".astype({KINDS[column.kind]!r})."
        )
    missing = values.isna()
    if missing.any() and not column.missing:
        raise ValueError(
            f"{where}: {missing.sum()} of {len(values)} rows are missing, and none may be. "
            "Fill them or leave them out."
        )
    if column.unique and values.duplicated().any():
        raise ValueError(
            f"{where}: {values.duplicated().sum()} of {len(values)} rows repeat an earlier value "
            f"(first: {values[values.duplicated()].iloc[0]}), and each may occur once. "
            "Leave the repeats out."
        )
    if not column.allowed:
        return
    if column.kind == "text":
        bad = ~values.isin(column.allowed) & ~missing
    else:
        low, high = column.allowed
        if column.kind in ("time", "date"):
            low, high = pd.Timestamp(low), pd.Timestamp(high)
        bad = ~values.between(low, high) & ~missing
    if bad.any():
        raise ValueError(
            f"{where}: {bad.sum()} of {len(values)} rows hold a value outside "
            f"{_allowed(column)} (first: {values[bad].iloc[0]}). Mend these rows, or leave them "
            "out."
        )


def verify_checksums() -> list[str]:
    """Compare every data file with the checksum that the course ships.

    Returns
    -------
    list of str
        One sentence a problem; empty if all is well.

    Examples
    --------
    >>> verify_checksums()
    []
    """
    problems = []
    for schema in SCHEMAS.values():
        path = data_folder() / schema.file
        if not path.is_file():
            problems.append(
                f"datasets/{schema.file} is not there. Download or clone the course again."
            )
            continue
        try:
            problem = _checksum_problem(schema.file, read_content(path))
        except OSError as error:
            problem = (
                f"datasets/{schema.file} cannot be read ({error}). Download or clone the course "
                "again."
            )
        if problem:
            problems.append(problem)
    return problems


def checksum(content: bytes) -> str:
    """Return the SHA-256 of a file's decompressed content, as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read_content(path: Path) -> bytes:
    """Return a file's content, decompressed if its name ends in ``.gz``."""
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def _checksum_problem(file: str, content: bytes) -> str:
    """Return a sentence if the content is not what the course ships, else an empty string."""
    path = data_folder() / "checksums.json"
    if not path.is_file():
        return "datasets/checksums.json is not there. Download or clone the course again."
    expected = json.loads(path.read_text(encoding="utf-8"))
    if checksum(content) == expected.get(file):
        return ""
    return (
        f"datasets/{file} is not the file that the course ships: its checksum differs. Undo the "
        f"change (`git checkout datasets/{file}`) or download the course again; keep data of "
        "your own elsewhere and read them with pandas."
    )


def _schema(name: str) -> Schema:
    """Return the schema of a table, or say which name was probably meant."""
    if name in SCHEMAS:
        return SCHEMAS[name]
    near = difflib.get_close_matches(str(name), SCHEMAS, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"there is no table {name!r}. {hint}The tables are {', '.join(SCHEMAS)}.")


def _parse(content: bytes, schema: Schema) -> pd.DataFrame:
    """Read CSV text into the types that the schema names."""
    from io import BytesIO

    moments = [c.name for c in schema.columns if c.kind in ("time", "date")]
    kinds = {c.name: "str" if c.name in moments else KINDS[c.kind] for c in schema.columns}
    table = pd.read_csv(BytesIO(content), dtype=kinds, keep_default_na=False, na_values=[""])
    for name in moments:
        table[name] = pd.to_datetime(table[name], format="ISO8601").astype("datetime64[s]")
    return table


def _allowed(column: Column) -> str:
    """Return what a column allows, in words."""
    if not column.allowed:
        return "any, each once" if column.unique else "any"
    if column.kind == "text":
        return ", ".join(column.allowed)
    low, high = column.allowed
    return f"{low} to {high}"


def dictionary() -> str:
    """Return the text of ``datasets/README.md``, made from the schemas.

    Returns
    -------
    str
        Markdown: a section a table, a row a column.

    Examples
    --------
    >>> dictionary().splitlines()[0]
    '# Data dictionary'
    """
    lines = [
        "# Data dictionary",
        "",
        "Made from the schemas in `funnelkit/data.py` by `python -m funnelkit.simulate`; change it "
        "there. `funnelkit.load(name)` reads a table and checks it against this page, "
        "`funnelkit.describe(name)` shows its section in a notebook. The simulated tables describe "
        "Lumen Academy, a school that does not exist; the parameters behind them are in "
        "`truth.json`. Where each file comes from, and under which licence, is in "
        "[SOURCES.md](SOURCES.md). `checksums.json` holds the SHA-256 of each file's decompressed "
        "content.",
        "",
        "Times are UTC, without a time zone in the file. Money is in EUR unless the unit says "
        "otherwise. An empty field is a missing value.",
    ]
    for name, schema in SCHEMAS.items():
        lines += [
            "",
            f"## {name}",
            "",
            f"A row is {schema.row}. File: `{schema.file}`, {schema.origin}.",
        ]
        if schema.notes:
            lines += ["", schema.notes]
        lines += [
            "",
            "| column | type | unit | allowed | missing | meaning |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| `{column}` | " + " | ".join(row) + " |"
            for column, row in zip(
                schema.names, describe(name).itertuples(index=False), strict=True
            )
        ]
    return "\n".join(lines) + "\n"
