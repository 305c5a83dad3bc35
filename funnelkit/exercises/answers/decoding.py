"""`decode`: text becomes a value again, and nothing but the plain types."""

import datetime as dt
import json
import math

import numpy as np
import pandas as pd

from funnelkit.exercises.answers.forms import (
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_DEPTH,
    MAX_KEYS,
    MAX_WIDTH,
    NUMERIC,
    PANDAS,
    TIMES,
    Absent,
    Called,
    Raised,
    TimedOut,
    Unsupported,
)

__all__ = ["decode"]

# ---------------------------------------------------------------- decode


def decode(text):
    """Return the value that `encode` was given.

    Parameters
    ----------
    text : str
        From `encode`, or from a stranger who pretends so.

    Returns
    -------
    object
        Of one of the plain types, or `Unsupported`, `Absent`, `Called`.

    Raises
    ------
    ValueError
        If the text is anything that `encode` does not write.

    Examples
    --------
    >>> decode('{"tuple":[1,2.0]}')
    (1, 2.0)
    >>> decode('{"pickle":"gASVBQ…"}')
    Traceback (most recent call last):
    ValueError: not an encoded answer: unknown form 'pickle'
    """
    try:
        if not isinstance(text, str) or len(text) > MAX_BYTES:
            raise ValueError("no text, or too long")
        return _value(json.loads(text, parse_constant=_no_constant, parse_float=_finite), 0)
    except Exception as error:  # pandas and NumPy have errors of many types for odd input
        why = "nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
        raise ValueError(f"not an encoded answer: {why}") from None


def _no_constant(name):
    raise ValueError(f"the bare constant {name}")


def _finite(text):
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number out of range")
    return number


def _value(node, depth):
    if depth > MAX_DEPTH + 2:
        raise ValueError("nested too deep")
    if node is None or type(node) in (bool, int, float, str):
        return node
    if type(node) is list:
        return _values(node, depth)
    if len(node) != 1:
        raise ValueError("an object that does not have one key")
    [(form, content)] = node.items()
    read = _FORMS.get(form)
    if read is None:
        raise ValueError(f"unknown form {form[:40]!r}")
    return read(content, depth)


def _values(nodes, depth):
    if type(nodes) is not list:
        raise ValueError("a list is missing")
    return [_value(node, depth + 1) for node in nodes]


def _float(content, depth):
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[content]


def _dict(content, depth):
    _at_most_keys(content)
    pairs = [_values(pair, depth) for pair in content]
    made = {key: value for key, value in pairs}
    if len(made) != len(pairs):
        raise ValueError("a key that comes twice")
    return made


def _bag(plain):
    def read(content, depth):
        _at_most_keys(content)
        return plain(_values(content, depth))

    return read


def _at_most_keys(content):
    if len(content) > MAX_KEYS:
        raise ValueError("too many keys")


def _range(content, depth):
    start, stop, step = map(_whole, content)
    return range(start, stop, step)


def _whole(number):
    if type(number) is not int:
        raise ValueError("a whole number is missing")
    return number


def _text(text):
    if type(text) is not str:
        raise ValueError("a text is missing")
    return text


def _timestamp(content, depth):
    number, unit = content
    return pd.Timestamp(np.datetime64(_whole(number), _unit(unit)))


def _timedelta(content, depth):
    number, unit = content
    return pd.Timedelta(np.timedelta64(_whole(number), _unit(unit)))


def _unit(unit):
    if unit not in ("s", "ms", "us", "ns"):
        raise ValueError("an unknown unit of time")
    return unit


def _period(content, depth):
    ordinal, freq = content
    return pd.Period(ordinal=_whole(ordinal), freq=_text(freq))


def _interval(content, depth):
    left, right, closed = content
    return pd.Interval(_value(left, depth + 1), _value(right, depth + 1), _text(closed))


def _scalar(content, depth):
    dtype, value = content
    return _column({"dtype": dtype, "values": [value]}, depth)[0]


def _array(content, depth):
    shape = content.pop("shape")
    if type(shape) is not list or len(shape) > 32 or any(_whole(side) < 0 for side in shape):
        raise ValueError("no shape of an array")
    return _column(content, depth).reshape(shape)


def _pandas_array(content, depth):
    return pd.Series(_column(content, depth)).array


def _column(content, depth):
    """Return a flat NumPy or pandas array."""
    dtype, values = _text(content["dtype"]), content["values"]
    if set(content) - {"dtype", "values", "name", "categories", "ordered", "closed"}:
        raise ValueError("an unknown part of a column")
    if dtype == "interval":
        left, right = (_column(values[end], depth + 1) for end in ("left", "right"))
        return pd.arrays.IntervalArray.from_arrays(left, right, closed=content["closed"])
    if type(values) is not list:
        raise ValueError("a list is missing")
    if dtype == "category":
        categories = pd.Index(_column(content["categories"], depth + 1), copy=False)
        codes = np.array([_whole(code) for code in values], dtype="int64")
        ordered = content["ordered"] is True
        return pd.Categorical.from_codes(codes, categories=categories, ordered=ordered)
    if dtype.startswith("period["):
        ordinals = np.array([_whole(ordinal) for ordinal in values], dtype="int64")
        return pd.PeriodIndex.from_ordinals(ordinals, freq=dtype[7:-1]).array
    if TIMES.fullmatch(dtype):
        return np.array([_whole(value) for value in values], dtype="int64").view(
            dtype.replace("datetime64", "M8").replace("timedelta64", "m8")
        )
    values = _values(values, depth)
    if dtype == "object":
        made = np.empty(len(values), dtype=object)
        made[:] = values
        return made
    if dtype == "text":
        if max(map(len, values), default=0) * len(values) > MAX_WIDTH * MAX_BYTES:
            raise ValueError("an array of text that would fill the memory")
        return np.array([_text(value) for value in values], dtype=np.str_)
    if NUMERIC.fullmatch(dtype):
        if not all(type(value) in (bool, int, float) for value in values):
            raise ValueError("a number is missing")
        return np.array(values, dtype=dtype)
    if PANDAS.fullmatch(dtype):
        return pd.array(values, dtype=dtype)
    raise ValueError(f"unknown type {dtype[:40]!r}")


def _index(content, depth):
    return pd.Index(_column(content, depth), name=_value(content["name"], depth + 1), copy=False)


def _multi_index(content, depth):
    levels = [_index(level["Index"], depth + 1) for level in content]
    return pd.MultiIndex.from_arrays(levels)


def _any_index(node, depth):
    index = _value(node, depth)
    if not isinstance(index, pd.Index):
        raise ValueError("an index is missing")
    return index


def _series(content, depth):
    index, values = _any_index(content["index"], depth), _column(content["values"], depth)
    name = _value(content["name"], depth + 1)
    return pd.Series(values, index=index, name=name, copy=False)


def _frame(content, depth):
    if len(content["values"]) > MAX_COLUMNS:
        raise ValueError("too many columns")
    columns, index = (_any_index(content[part], depth) for part in ("columns", "index"))
    values = [_column(column, depth) for column in content["values"]]
    if len(values) != len(columns) or columns.nlevels > 1:
        raise ValueError("columns and their names differ in number")
    made = {place: pd.Series(values[place], index=index) for place in range(len(values))}
    table = pd.DataFrame(made, index=index, columns=pd.RangeIndex(len(columns)))
    table.columns = columns
    return table


def _unsupported_value(content, depth):
    kind, why = content
    return Unsupported(_text(kind)[:100], _text(why)[:200])


def _called(content, depth):
    results = [_outcome_value(node, depth + 1) for node in content["results"]]
    return Called(results, content["empty"] is True)


def _outcome_value(node, depth):
    if type(node) is dict and "raised" in node:
        return Raised(*(_text(part)[:300] for part in node["raised"]))
    if type(node) is dict and "timed out" in node:
        seconds, stopped = node["timed out"]
        return TimedOut(float(seconds), stopped is True)
    return _value(node, depth)


_FORMS = {
    "blank": lambda content, depth: Ellipsis,
    "float": _float,
    "missing": lambda content, depth: {"NaT": pd.NaT, "NA": pd.NA}[content],
    "tuple": lambda content, depth: tuple(_values(content, depth)),
    "set": _bag(set),
    "frozenset": _bag(frozenset),
    "dict": _dict,
    "range": _range,
    "date": lambda content, depth: dt.date.fromisoformat(content),
    "datetime": lambda content, depth: dt.datetime.fromisoformat(content),
    "timedelta": lambda content, depth: dt.timedelta(*map(_whole, content)),
    "Timestamp": _timestamp,
    "Timedelta": _timedelta,
    "Period": _period,
    "Interval": _interval,
    "scalar": _scalar,
    "array": _array,
    "column": _pandas_array,
    "Index": _index,
    "MultiIndex": _multi_index,
    "Series": _series,
    "DataFrame": _frame,
    "unsupported": _unsupported_value,
    "absent": lambda content, depth: Absent(_text(content)[:100]),
    "called": _called,
}
