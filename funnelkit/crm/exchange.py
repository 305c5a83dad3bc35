"""Files that HubSpot and Salesforce import, written and read again."""

import csv
import io
from pathlib import Path

import pandas as pd

from funnelkit import _inputs
from funnelkit.crm import inputs
from funnelkit.crm.registers import CONSENT, LIFECYCLE
from funnelkit.crm.vendors import HEADERS, KINDS, LIMITS, NEEDS, SYSTEMS, WORDS

__all__ = ["from_csv", "to_csv"]

PIPELINE = {"Pipeline": "School"}  # every deal that HubSpot imports needs the name of one
LEFT_OUT = ("open", "entered_at")  # of `Store.deals`: the other system works them out itself
TIMES = {"created_at": "%Y-%m-%dT%H:%M:%SZ", "expected_close": "%Y-%m-%d"}
LISTED = {"consent": CONSENT, "lifecycle": LIFECYCLE}


def to_csv(table, path, *, system, kind):
    """Write contacts or deals as a file that a CRM imports.

    Parameters
    ----------
    table : DataFrame
        As `Store.contacts` or `Store.deals` returns it.
    path : str or Path
        Where to write; encoded as UTF-8, without a byte-order mark.
    system : {"hubspot", "salesforce"}
        Who is to import it: their headers, their names of stages.
    kind : {"contacts", "deals"}
        What it holds.

    Returns
    -------
    DataFrame
        What was written: texts, under the CRM's headers.

    Raises
    ------
    ValueError
        If a row lacks what the CRM needs: a name or an e-mail (HubSpot) or a last name
        (Salesforce) of a contact, the close date of a deal (Salesforce). If two contacts share an
        e-mail, by which HubSpot would take them for one. If the file would be too large.

    Notes
    -----
    Times are UTC in whole seconds, such as ``2026-03-01T09:30:00Z``; days are year first; amounts
    have a point and no currency. A field that is missing is left empty.

    Examples
    --------
    >>> import tempfile
    >>> contacts = pd.DataFrame({"lead_id": ["C-1"], "email": ["ann@example.org"]})
    >>> contacts = contacts.assign(lifecycle="MQL", consent="given")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = to_csv(contacts, f"{folder}/a.csv", system="hubspot", kind="contacts")
    >>> written.loc[0].to_dict()  # doctest: +NORMALIZE_WHITESPACE
    {'Lead ID': 'C-1', 'Email': 'ann@example.org',
     'Lifecycle Stage': 'marketingqualifiedlead', 'Mail Consent': 'given'}
    """
    headers, path = _headers(system, kind), _path(path)
    _inputs.need_table(table)
    columns = [each for each in table.columns if each not in LEFT_OUT]
    for column in columns:
        _inputs.need_known(column, headers, f"field of {kind}")
    _inputs.need_columns(table, columns)
    _inputs.need_rows(table, why="there is nothing to write")
    _need_complete(table, system, kind)
    written = pd.DataFrame(index=table.index)
    for column in [each for each in headers if each in columns]:
        words = WORDS.get((system, column), {})
        texts = _as_texts(table[column], column)
        written[headers[column]] = [words.get(each, each) for each in texts]
    if (system, kind) == ("hubspot", "deals"):
        written = written.assign(**PIPELINE)
    data = _as_bytes(written)
    rows, size = LIMITS[system]
    if len(written) >= rows or len(data) >= size:
        raise ValueError(
            f"the file would have {len(written):,} rows and {len(data):,} bytes, and {system} "
            f"imports fewer than {rows:,} and {size:,}: write several files, such as "
            "table.iloc[:100_000]"
        )
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {str(path.parent)!r}: make it first")
    path.write_bytes(data)
    return written


def from_csv(path, *, system, kind):
    """Read a file that `to_csv` has written, or the CRM under the same headers.

    Parameters
    ----------
    path : str or Path
        Where it is.
    system : {"hubspot", "salesforce"}
        Whose headers and words it has.
    kind : {"contacts", "deals"}
        What it holds.

    Returns
    -------
    DataFrame
        The table as it was written, with our names and types.

    Raises
    ------
    ValueError
        If the file is not UTF-8, has a header that is not known, an id twice, a word that is not
        one of its column's, or no consent for a contact.
    """
    headers = _headers(system, kind)
    names, rows = _read(_path(path))
    extra = PIPELINE if (system, kind) == ("hubspot", "deals") else {}
    for name in names:
        _inputs.need_known(name, [*headers.values(), *extra], f"field of {kind} in {system}")
    raw = pd.DataFrame(rows, columns=names, dtype=object)
    ours = {theirs: column for column, theirs in headers.items()}
    table = raw.drop(columns=list(extra), errors="ignore").rename(columns=ours)
    _inputs.need_columns(table, [next(iter(headers)), *table.columns], "the file")
    for column in table.columns:
        words = {theirs: word for word, theirs in WORDS.get((system, column), {}).items()}
        table[column] = _typed(table[column].map(lambda text, w=words: w.get(text, text)), column)
    inputs.need_once(_inputs.ids(table.iloc[:, 0], table.columns[0]), table.columns[0])
    if kind == "contacts" and "consent" in table.columns:
        missing = table["consent"].isna()
        remedy = (
            "write 'given', 'none' or 'withdrawn'; somebody who was not asked has not agreed, so "
            "'none'"
        )
        _inputs.refuse(missing, "consent is missing", remedy, index=table.index)
    return table


# ---------------------------------------------------------------- what a file needs


def _headers(system, kind):
    _inputs.one_of("system", system, SYSTEMS)
    return HEADERS[system, _inputs.one_of("kind", kind, KINDS)]


def _path(path):
    if not isinstance(path, str | Path):
        raise TypeError(f"path is {_inputs.short_form(path)}: give that of a file, as text")
    return Path(path)


def _need_complete(table, system, kind):
    """Refuse rows that the other system would refuse, or take for one."""
    key = next(iter(HEADERS[system, kind]))
    _inputs.need_columns(table, [key])
    inputs.need_once(_inputs.ids(table[key], key), key)
    for group in NEEDS[system, kind]:
        there = [column for column in group if column in table.columns]
        lacks = ~table[there].notna().any(axis="columns")
        what = f"{system} needs {' or '.join(HEADERS[system, kind][each] for each in group)}"
        remedy = f"fill in {' or '.join(group)}, or leave these rows out"
        _inputs.refuse(lacks, f"{what}, which is missing", remedy, index=table.index)
    if "email" in table.columns and system == "hubspot":
        _inputs.need_one_type(table["email"], "email")
        known = table["email"].dropna()
        lower = pd.Series([str(each).lower() for each in known], dtype=object)
        twice = lower.duplicated().to_numpy()
        if twice.any():
            raise ValueError(
                f"duplicate email in {twice.sum():,} of {len(table):,} rows (first: row "
                f"{known.index[twice][0]}, {known[twice].iloc[0]!r}): HubSpot would take these "
                "contacts for one, so merge them first"
            )


# ---------------------------------------------------------------- values as texts, and back


def _as_texts(values, column):
    """Return a column as texts, empty where it is missing."""
    if column in TIMES:
        times = _inputs.times(values, column, missing="keep")
        return times.dt.strftime(TIMES[column]).fillna("").tolist()
    if column == "amount":
        known = _inputs.numbers(column, values, missing="keep")
        return ["" if each != each else f"{inputs.cents(float(each)) / 100:.2f}" for each in known]
    texts = ["" if each is None else each for each in inputs.texts(values, column)]
    return [_listed(text, column) for text in texts]


def _typed(texts, column):
    """Return a column of texts in the type that our tables have."""
    known = pd.Series([text or None for text in texts], texts.index, dtype=object)
    if column in TIMES:
        read = pd.to_datetime(known, format=TIMES[column], errors="coerce")
        wrong = (read.isna() & known.notna()).to_numpy()
        remedy = "write it year first, a time in UTC such as 2026-03-01T09:30:00Z"
        what = f"{column} is not a time as it should be written"
        _inputs.refuse(wrong, what, remedy, known.to_numpy(object), index=known.index)
        return read.dt.tz_localize(None).astype("datetime64[us]")
    if column == "amount":
        read = pd.to_numeric(known, errors="coerce")
        wrong = (read.isna() & known.notna()).to_numpy()
        remedy = "write it with a point and without a currency, such as 12300.00"
        values = known.to_numpy(object)
        _inputs.refuse(wrong, "amount is not a number", remedy, values, index=known.index)
        return read.astype(float)
    for text in known.dropna().unique():
        _listed(text, column)
    return known.astype("str")


def _listed(text, column):
    """Refuse a word that is not one of those that a column has."""
    if text and column in LISTED:
        _inputs.one_of(column, text, LISTED[column])
    return text


def _as_bytes(table):
    """Return a table of texts as a CSV file; every text is quoted that has to be."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.itertuples(index=False))
    return file.getvalue().encode("utf-8")


def _read(path):
    """Return the headers and rows of a CSV file; refuse one that is not UTF-8, or not a table."""
    if not path.is_file():
        raise ValueError(f"there is no file {str(path)!r}: look at its name and folder")
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{path} is not UTF-8 (first: line {line}): save it again as 'CSV UTF-8'"
        ) from None
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    if not rows:
        raise ValueError(f"{path} is empty: there is no row of headers")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise ValueError(
                f"{path} has {len(row)} fields in row {number} and {len(rows[0])} headers: put "
                "quotes around texts with commas or line breaks in them"
            )
    return rows[0], rows[1:]
