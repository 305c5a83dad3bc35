"""An export as other people's CRMs make it, read without guessing."""

import re

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.crm import inputs
from funnelkit.crm.registers import CONSENT, FIELDS, LIFECYCLE

__all__ = ["read_export"]

COLUMNS = ("lead_id", "deal_id", "stage", "amount", "created_at", "expected_close", "consent")
ROUNDED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
AMOUNTS = {
    ",": re.compile(r"(?:EUR|€)?\s*(\d+|\d{1,3}(?:\.\d{3})+)(?:,(\d+))?\s*(?:EUR|€)?"),
    ".": re.compile(r"(?:EUR|€)?\s*(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?\s*(?:EUR|€)?"),
}


def read_export(table, columns, *, dates="%Y-%m-%d", decimal=".", words=None):
    """Return the table of a CRM's export with our names and types; what is not clear is refused.

    Parameters
    ----------
    table : DataFrame
        The export, all of it texts: as `pd.read_csv(path, dtype=str, keep_default_na=False)`
        reads it.
    columns : dict
        For each of its columns ours: `lead_id`, `deal_id`, `stage`, `amount`, `created_at`,
        `expected_close`, `consent`, or one of `crm.FIELDS`; None leaves one out.
    dates : str, default "%Y-%m-%d"
        How it writes days: "03/04/2026" is the third of April as "%d/%m/%Y", and March the fourth
        as "%m/%d/%Y".
    decimal : {".", ","}
        What stands before its cents.
    words : dict, optional
        By our column, what its words mean: ``{"consent": {"Yes": True, "No": False}}``.

    Returns
    -------
    DataFrame
        One row per row of the export, under our names, with times in UTC.

    Raises
    ------
    ValueError
        If a column is not named in `columns`; if a consent is missing; if a telephone number has
        been through a spreadsheet and lost digits; if anything cannot be read as it should be.

    Examples
    --------
    >>> export = pd.DataFrame({"id": ["C-1"], "ok": ["Yes"], "worth": ["EUR 12.300,00"]})
    >>> columns = {"id": "lead_id", "ok": "consent", "worth": "amount"}
    >>> read_export(export, columns, decimal=",", words={"consent": {"Yes": True}})
      lead_id  consent   amount
    0     C-1     True  12300.0
    """
    columns, words = _read_options(table, columns, dates, decimal, words)
    result = {}
    for theirs, column in columns.items():
        values = _inputs.as_series(table[theirs], theirs)
        meaning = {"": None, **words.get(column, {})}
        texts = pd.Series(
            [meaning.get(text, text) for text in _plain(values, theirs)], table.index, dtype=object
        )
        result[column] = _read_column(texts, column, dates, decimal)
    return pd.DataFrame(result, index=table.index)


def _read_options(table, columns, dates, decimal, words):
    """Return which columns are read, and what words mean; refuse what is unknown."""
    if not isinstance(columns, dict):
        advice = 'give a dictionary such as {"contact": "lead_id"}'
        raise TypeError(f"columns is {_inputs.name_of_type(columns)}: {advice}")
    _inputs.need_columns(table, columns, "the export")
    _inputs.need_rows(table, "the export", "there is nothing to read")
    for theirs in table.columns:
        if theirs not in columns:
            raise ValueError(
                f"unknown field {theirs!r} in the export: say in columns what it is, or leave it "
                f"out with {{{theirs!r}: None}}"
            )
    known = (*COLUMNS, *FIELDS)
    columns = {theirs: column for theirs, column in columns.items() if column is not None}
    for column in columns.values():
        _inputs.one_of("field in columns", column, known)
    twice = [each for each in columns.values() if list(columns.values()).count(each) > 1]
    if twice:
        raise ValueError(f"columns names {twice[0]!r} twice: leave one of the two out")
    _inputs.one_of("decimal", decimal, tuple(AMOUNTS))
    if not isinstance(dates, str) or "%d" not in dates or "%m" not in dates:
        raise ValueError(
            f"dates is {_inputs.short_form(dates)}: say where day and month stand, such as "
            "'%d/%m/%Y'"
        )
    words = {} if words is None else words
    if not isinstance(words, dict) or not all(isinstance(w, dict) for w in words.values()):
        advice = 'give a dictionary per column, {"consent": {"Yes": True, "No": False}}'
        raise TypeError(f"words is {_inputs.short_form(words)}: {advice}")
    for column in words:
        _inputs.need_known(column, columns.values(), "field in columns")
    return columns, words


def _plain(values, theirs):
    """Return a column of texts, as an export has it, missing ones empty."""
    _inputs.need_hashable(values, theirs)
    values = values.astype(object).where(values.notna(), "")
    wrong = [not isinstance(each, str) for each in values]
    remedy = "read the file with pd.read_csv(path, dtype=str, keep_default_na=False)"
    what = f"column {theirs!r} holds something else than text"
    _inputs.refuse(wrong, what, remedy, values.to_numpy(object), index=values.index)
    return values.map(str.strip).astype(object)


def _read_column(texts, column, dates, decimal):
    """Return a column in its type."""
    if column == "consent":
        if texts.dropna().isin(CONSENT).all() and texts.notna().all():
            return texts.astype("str")
        return _inputs.booleans(texts, "consent", missing=inputs.NOT_ASKED)
    if column == "created_at":
        return _read_times(texts, column)
    if column == "expected_close":
        read = pd.to_datetime(texts, format=dates, errors="coerce")
        return _need_read(texts, read, column, f"say how it is written: dates is {dates!r}")
    if column == "amount":
        return _read_amounts(texts, decimal)
    if column in ("lead_id", "deal_id", "stage"):
        return _inputs.ids(texts.astype("str"), column)
    if column == "phone":
        rounded = [bool(each) and bool(ROUNDED.fullmatch(each)) for each in texts]
        remedy = (
            "a spreadsheet has taken the number for a quantity and its digits are lost: ask for "
            "the file as it was, or clear it with words={'phone': {...: None}}"
        )
        what = "phone is written like a quantity"
        _inputs.refuse(rounded, what, remedy, texts.to_numpy(object), index=texts.index)
    if column == "lifecycle":
        for text in texts.dropna().unique():
            _inputs.one_of("lifecycle", text, LIFECYCLE)
    return texts.astype("str")


def _need_read(texts, read, column, remedy):
    """Refuse texts that could not be read; return the others as times."""
    wrong = (read.isna() & texts.notna()).to_numpy()
    _inputs.refuse(
        wrong, f"{column} cannot be read", remedy, texts.to_numpy(object), index=texts.index
    )
    return read.astype("datetime64[us]")


def _read_times(texts, column):
    """Return times as naive UTC; one that names no zone is taken for UTC."""
    read = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    shape = texts.dropna().map(lambda text: bool(re.match(r"\d{4}-\d{2}-\d{2}", text)))
    read = read.where(shape.reindex(texts.index, fill_value=True))
    remedy = "write it year first, such as 2026-03-01T09:30:00Z"
    return _need_read(texts, read.dt.tz_localize(None), column, remedy)


def _read_amounts(texts, decimal):
    """Return amounts in EUR as numbers."""
    found = [None if text is None else AMOUNTS[decimal].fullmatch(text) for text in texts]
    wrong = [match is None and text is not None for match, text in zip(found, texts, strict=True)]
    remedy = f"give amounts in EUR, and say what stands before the cents: decimal is {decimal!r}"
    values = texts.to_numpy(object)
    _inputs.refuse(wrong, "amount cannot be read", remedy, values, index=texts.index)
    read = [
        np.nan if match is None else float(re.sub(r"\D", "", match[1]) + "." + (match[2] or "0"))
        for match in found
    ]
    return pd.Series(read, index=texts.index, dtype=float)
