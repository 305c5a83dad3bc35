"""What comes into a store: names, moments, values of fields, tables of contacts and deals."""

import pandas as pd

from funnelkit import _inputs
from funnelkit.crm.registers import CONSENT, FIELDS, LIFECYCLE
from funnelkit.crm.tables import KEY_LENGTH, micros

__all__ = [
    "NOT_ASKED",
    "at_micros",
    "cents",
    "consents",
    "field_value",
    "fields_of",
    "name",
    "need_once",
    "texts",
]

NOT_ASKED = "give True or False; somebody who was not asked has not agreed, so False"


def name(what, value):
    """Return a name by which something is found: a text, neither empty nor padded nor too long."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is {_inputs.short_form(value)}: give its name as text")
    if not value or value != value.strip() or not value.isprintable() or len(value) > KEY_LENGTH:
        raise ValueError(
            f"{what} is {_inputs.short_form(value)}: give a text of 1 to {KEY_LENGTH} visible "
            "characters, without spaces around it"
        )
    return str(value)


def at_micros(at):
    """Return a moment as whole microseconds since 1970."""
    return micros(_inputs.moment("at", at))


def cents(amount):
    """Return an amount in EUR as whole cents."""
    return round(_inputs.number("amount", amount, at_least=0) * 100)


def field_value(field, value):
    """Return the value of a field as text, or None where it is missing."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if not isinstance(value, str):
        raise TypeError(f"{field} is {_inputs.short_form(value)}: give text, or None to clear it")
    if not value:
        return None  # a file cannot tell an empty text from none
    if "\0" in value:
        raise ValueError(f"{field} has a character that no text has, \\0: take it out")
    if field == "lifecycle":
        _inputs.one_of("lifecycle", value, LIFECYCLE)
    return str(value)


def fields_of(given):
    """Return the fields that are given by name, as texts; refuse unknown ones."""
    if not isinstance(given, dict):
        advice = 'give a dictionary such as {"phone": "0601"}'
        raise TypeError(f"changes is {_inputs.name_of_type(given)}: {advice}")
    if not given:
        raise ValueError("changes is empty: name at least one field")
    for field in given:
        if field == "consent":
            raise ValueError("consent is not changed like a field: use agree() or withdraw()")
        _inputs.need_known(field, FIELDS, "field of a contact")
    return {field: field_value(field, value) for field, value in given.items()}


def need_once(column, what, unit="rows"):
    """Refuse keys that are there twice."""
    remedy = "keep one row for each, after looking at what they differ in"
    twice = column.duplicated()
    values = column.to_numpy(object)
    _inputs.refuse(twice, f"duplicate {what}", remedy, values, index=column.index, unit=unit)


def texts(column, what):
    """Return a column of texts as a list, missing values as None."""
    _inputs.need_one_type(column, what)
    for value in column.dropna().unique():
        field_value(what, value)
    return [None if gap or v == "" else v for v, gap in zip(column, column.isna(), strict=True)]


def consents(column):
    """Return a column of consents, True and False or words of `CONSENT`, as a list of words."""
    _inputs.need_hashable(column, "consent")
    if len(column) and column.isin(CONSENT).all():
        return column.tolist()
    agreed = _inputs.booleans(column, "consent", missing=NOT_ASKED)
    return ["given" if each else "none" for each in agreed]
