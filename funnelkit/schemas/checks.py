"""Tables checked against their schemas: what is wrong, and what to do about it."""

import pandas as pd

from funnelkit import _inputs
from funnelkit.schemas.columns import KINDS, Column, Schema, allowed_values
from funnelkit.schemas.tables import SCHEMAS

__all__ = ["check_column", "check_table", "schema_of"]


def check_table(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Check a table against the data dictionary and return it unchanged.

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
    >>> from funnelkit.data import load
    >>> check_table(load("cdnow").assign(quantity=-1), "cdnow")
    Traceback (most recent call last):
    ValueError: table 'cdnow', column 'quantity': 6919 of 6919 rows hold a value outside 1 to 100 (first: -1). Correct these rows, or leave them out.
    """  # noqa: E501
    schema = schema_of(name)
    _inputs.need_table(table)
    if list(table.columns) != schema.names:
        raise ValueError(
            f"table {name!r} should have the columns {schema.names}; it has "
            f"{list(table.columns)}. Rename or select the columns."
        )
    for column in schema.columns:
        check_column(table[column.name], column, f"table {name!r}, column {column.name!r}")
    return table


def check_column(values: pd.Series, column: Column, where: str) -> None:
    """Raise if a column breaks its own entry in the dictionary."""
    problem = _type_problem(values, column)
    if problem:
        raise ValueError(f"{where}: {problem}")
    missing = values.isna()
    if missing.any() and not column.missing:
        raise ValueError(
            f"{where}: {missing.sum()} of {len(values)} rows are missing, and none may be. "
            "Ask for the values, or leave these rows out."
        )
    repeated = values[values.duplicated() & ~missing]
    if column.unique and len(repeated):
        raise ValueError(
            f"{where}: {len(repeated)} of {len(values)} rows repeat an earlier value "
            f"(first: {repeated.iloc[0]}), and each may occur once. Look at them with "
            "quality.duplicates, and keep one of each."
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
            f"{allowed_values(column)} (first: {values[bad].iloc[0]}). Correct these rows, "
            "or leave them out."
        )


def _type_problem(values: pd.Series, column: Column) -> str:
    """Say what is wrong with a column's type and how it becomes right, or return "".

    A bare ``.astype(...)`` is advised only where it cannot change what a value means: of texts,
    ``.astype(bool)`` would make every "No" a yes.
    """
    wanted, found = KINDS[column.kind], values.dtype
    holds = pd.api.types.infer_dtype(values, skipna=True)
    if str(found) == wanted or (wanted.startswith("datetime") and found.kind == "M"):
        zoned = isinstance(found, pd.DatetimeTZDtype)
        remedy = ".dt.tz_convert('UTC').dt.tz_localize(None)"
        return f"it has a time zone ({values.dt.tz}). Make it naive UTC, {remedy}." if zoned else ""
    if column.kind == "flag" and holds == "boolean" and values.isna().any():
        return ""  # True, False and gaps: whether a gap is allowed is looked at next
    advice = _how_to_convert(values, column.kind, holds)
    return f"the type is {found}, not {wanted}. {advice}."


def _how_to_convert(values: pd.Series, kind: str, holds: str) -> str:
    """Return the remedy for a column of a wrong type: a sentence without its full stop."""
    plain = f"Convert it with .astype({KINDS[kind]!r})"
    is_number = holds in ("integer", "floating", "mixed-integer-float", "decimal")
    if kind == "flag":
        words = "{1: True, 0: False}" if is_number else "{'Yes': True, 'No': False}"
        remedy = f"Map each value, .map({words}), decide on every other one, leave gaps missing"
        return plain if holds == "boolean" else remedy
    if kind in ("time", "date"):
        if is_number:
            return "Say what the numbers count, for instance pd.to_datetime(..., unit='s')"
        return (
            "Say how it is written, for instance pd.to_datetime(..., format='%d/%m/%Y') for day, "
            "month, year"
        )
    if kind == "text":
        return (
            plain
            if holds == "string"
            else (
                "Read it as text, pd.read_csv(..., dtype=str): as another type it has lost leading "
                "zeros and the like"
            )
        )
    if not is_number:
        if holds != "string":
            return "Ask for the numbers"
        return (
            "Remove currency signs and thousands separators, write the decimal sign as a point, "
            "then pd.to_numeric"
        )
    if kind == "whole" and not (pd.to_numeric(values) % 1 == 0).all():
        return "Some values are missing or are not whole: ask what they count, or agree on 'number'"
    return plain


def schema_of(name: str) -> Schema:
    """Return the schema of a table, or say which name was probably meant."""
    if not isinstance(name, str):
        raise TypeError(
            f"name is {_inputs.name_of_type(name)}: give the name of a table as text, such as "
            "'events'"
        )
    _inputs.need_known(name, SCHEMAS, "table")
    return SCHEMAS[name]
