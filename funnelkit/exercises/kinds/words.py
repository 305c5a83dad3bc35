"""Values in words: what an answer is, and what to do about it."""

import datetime as dt
import math

import numpy as np
import pandas as pd

from funnelkit.exercises.answers import (
    Called,
    Unsupported,
)

__all__ = [
    "Wrong",
    "advice",
    "count",
    "cut",
    "described",
    "first_of",
    "is_missing",
    "name_of",
    "and_others",
    "plain",
    "shown",
    "so_many",
]


class Wrong(Exception):
    """What is wrong with an answer: one sentence, and the next step if there is a special one."""

    def __init__(self, sentence, next_step=""):
        super().__init__(sentence)
        self.sentence = sentence[:1].upper() + sentence[1:]
        self.next_step = next_step


# ---------------------------------------------------------------- values in words


def shown(value):
    """Return a value as it is quoted in a message: short, and never its whole contents.

    Examples
    --------
    >>> shown(11.123456789), shown(12345), shown("visit"), shown([0.2, 0.5])
    ('11.1235', '12,345', "'visit'", '[0.2, 0.5]')
    """
    value = plain(value)
    if isinstance(value, pd.DataFrame):
        return f"a table of {count(len(value), 'row')}"
    if isinstance(value, (pd.Series, pd.Index, np.ndarray, pd.api.extensions.ExtensionArray)):
        value = list(value[:20]) if value.ndim == 1 else value.tolist()
    if isinstance(value, Unsupported):
        return described(value)
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return cut(f"{value:,}")
    if isinstance(value, float):
        return f"{value:,.6g}" if 1e-5 < abs(value) < 1e9 else f"{value:g}"
    if isinstance(value, (list, tuple, set, frozenset)):
        entries = [shown(entry) for entry in list(value)[:20]]
        return cut("[" + ", ".join(entries) + "]")
    if isinstance(value, dict):
        entries = [f"{shown(key)}: {shown(entry)}" for key, entry in list(value.items())[:20]]
        return cut("{" + ", ".join(entries) + "}")
    if isinstance(value, (dt.date, dt.timedelta)):
        return str(value)
    return cut(repr(value))


def cut(text):
    """Shorten a text that is long."""
    return text if len(text) <= 60 else text[:57] + "…"


def count(number, noun):
    """Return ``"1 entry"``, ``"3 entries"``."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"


def so_many(number):
    """Return ``"1 is"``, ``"3 are"``."""
    return f"{number:,} {'is' if number == 1 else 'are'}"


def described(value):
    """Return what a value is, for the second half of "… should be a number, and it is …".

    Examples
    --------
    >>> described([1, 2]), described("0.2"), described(True)
    ('a list', "the text '0.2'", 'True')
    """
    value = plain(value)
    if isinstance(value, Unsupported):
        name = f"{'an' if value.type[:1] in 'AEIOUaeiou' else 'a'} {value.type}"
        return f"{name} that cannot be read ({value.why})" if value.why else name
    if value is None:
        return "None, which is nothing"
    if is_missing(value):
        return "missing"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return f"the number {shown(value)}"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if isinstance(value, pd.DataFrame):
        return "a table"
    if isinstance(value, pd.Series):
        return f"a Series of {count(len(value), 'entry')}"
    if isinstance(value, pd.Index):
        return "an Index"
    if isinstance(value, (np.ndarray, pd.api.extensions.ExtensionArray)):
        return "an array" if value.ndim == 1 else f"an array with {value.ndim} dimensions"
    names = {
        list: "a list",
        tuple: "a tuple",
        dict: "a mapping (dict)",
        set: "a set",
        frozenset: "a set",
        range: "a range",
        Called: "a function",
        pd.Timedelta: "a duration",
        dt.timedelta: "a duration",
        pd.Timestamp: "a time",
        dt.datetime: "a time",
        dt.date: "a date",
    }
    return names.get(type(value)) or f"of the type {type(value).__name__}"


def advice(value, wanted="scalar"):
    """Return a next step that fits what was given, or "" if there is no special one."""
    value = plain(value)
    if value is None:
        return "Assign the value itself: `print(...)` and methods that work in place give None."
    if isinstance(value, Unsupported):
        if value.type in ("method", "function") and not value.why:
            return "Perhaps the brackets are missing: a function is called with `()`."
        if "time zone" in value.why:
            return "Take the time zone off, with `.dt.tz_localize(None)` or `.tz_localize(None)`."
        if "too large" in value.why:
            return "Only the result is asked for, not the rows it was made from."
        if value.type in ("Decimal", "Fraction"):
            return "Put `float(...)` around it."
        if wanted == "list" and not value.why:
            return "Put `list(...)` around it."
        return ""
    if wanted == "number" and isinstance(value, str):
        return "Leave out the quotation marks and any sign such as % or EUR."
    if wanted == "boolean" and isinstance(value, str):
        return "Write `True` or `False` without quotation marks."
    if wanted == "table" and isinstance(value, (dict, list)):
        return "Put `pd.DataFrame(...)` around it."
    if wanted == "table" and isinstance(value, pd.Series):
        return "`.reset_index()` makes a table of it; then name its columns as the task does."
    if wanted in ("scalar", "number", "boolean"):
        if isinstance(value, (pd.Series, pd.Index, np.ndarray)) and value.size == 1:
            return "Take the one value out of it, with `.item()`."
        if isinstance(value, (list, tuple)) and len(value) == 1:
            return "Leave out the brackets around the value."
        if isinstance(value, (list, tuple, dict, set, pd.Series, pd.DataFrame, np.ndarray)):
            return "Pick the one value that is asked for."
    return ""


def plain(value):
    """Return Python's or pandas' own scalar for a NumPy one, and anything else as it is."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value)
    if isinstance(value, np.timedelta64):
        return pd.Timedelta(value)
    return value.item() if isinstance(value, np.generic) else value


def is_missing(value):
    """Return whether a scalar is None, NaN, NaT or NA."""
    return (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and math.isnan(value))
    )


def name_of(name):
    """Return a key of a mapping such that equal names are equal in Python."""
    name = plain(name)
    if is_missing(name):
        return None
    if isinstance(name, float) and name.is_integer():
        return int(name)
    if isinstance(name, (pd.Interval, pd.Period)):
        return str(name)
    if isinstance(name, dt.date):
        return pd.Timestamp(name)
    return tuple(map(name_of, name)) if isinstance(name, tuple) else name


def first_of(wrong, noun):
    """Return the first of several differences, with a word on how many others there are."""
    if not wrong:
        return None
    first, more = wrong[0], and_others(len(wrong) - 1, noun)
    return Wrong(f"{first.sentence.removesuffix('.')}{more}.", first.next_step)


def and_others(number, noun):
    """Return the words for the others that are wrong as well."""
    if not number:
        return ""
    verb = "is" if number == 1 else "are"
    return f", and {count(number, f'other {noun}')} {verb} not right either"
