r"""Answers as text: the one form in which `check` and the grader take what a learner made.

`encode` turns a value into JSON, `decode` turns it back. What comes back is equal to what went in
and of the same type, floats to the last bit, or it is an `Unsupported` that says what the value
was and why it was not taken. Nothing is ever pickled, and `decode` builds nothing but the plain
types listed below, so that text from a stranger may be read safely.

=========================================== ================================================
value                                       JSON
=========================================== ================================================
``None``, ``True``, ``7``, ``0.2``, text    as they are (a float always with a point or an e)
``nan``, ``inf``, ``-inf``                  ``{"float": "nan"}``
``...``                                     ``{"blank": true}``
list                                        ``["visit", 3]``
tuple, set, frozenset, dict                 ``{"dict": [["visit", 1000]]}``
date, datetime, timedelta                   ``{"date": "2026-01-31"}``
``NaT``, ``NA``                             ``{"missing": "NaT"}``
Timestamp, Timedelta, Period, Interval      ``{"Timestamp": [1767225600, "s"]}``
NumPy scalar, array, pandas' own array      ``{"scalar": ["int64", 7]}``
Index, Series, DataFrame, MultiIndex        ``{"Series": {"name": …, "index": …, "values": …}}``
anything else                               ``{"unsupported": ["generator", "…"]}``
=========================================== ================================================

A column or an array is ``{"dtype": …, "values": […]}``; times in it are whole numbers of their
unit. An answer is at most `MAX_BYTES` long, and nested at most `MAX_DEPTH` deep.

`collect` takes an answer out of a notebook's variables, calling it first where a function is
asked for. It knows nothing of tasks and their truths, so it can run where these are hidden.
"""

from __future__ import annotations

import builtins
import contextlib
import contextvars
import ctypes
import datetime as dt
import difflib
import dis
import json
import math
import re
import threading
import time
import traceback
import types
from dataclasses import dataclass

import numpy as np
import pandas as pd

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_WIDTH = 16  # of a NumPy array of text in memory, in characters a byte of JSON
MAX_KEYS = 10_000  # of a dict or set: keys can be made that all hash alike
MAX_COLUMNS = 1_000  # of a table
MAX_BITS = 10_000  # of a whole number
NO_ZONE = "times in this course carry no time zone"
SECONDS = 5.0  # for all calls of a function together

_NUMERIC = re.compile(r"bool|u?int(8|16|32|64)|float(16|32|64)")
_TIMES = re.compile(r"(datetime64|timedelta64)\[(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\]")
_PANDAS = re.compile(r"str|string|boolean|U?Int(8|16|32|64)|Float(32|64)")


# ---------------------------------------------------------------- what is no ordinary value


@dataclass(frozen=True)
class Unsupported:
    """A value that is not taken as an answer: the name of its type, and why, or ``""``."""

    type: str
    why: str = ""


@dataclass(frozen=True)
class Absent:
    """No variable of that name; `similar` is one whose name is close, or ``""``."""

    similar: str = ""


@dataclass(frozen=True)
class Raised:
    """A call ended in an error: the name of its type, its text, and the learner's line."""

    error: str
    text: str = ""
    line: str = ""


@dataclass(frozen=True)
class TimedOut:
    """A call did not end in time; `stopped` is False if it could not be interrupted either."""

    seconds: float
    stopped: bool = True


@dataclass(frozen=True)
class Called:
    """A function was called: what came back each time, and whether it has no body yet.

    `results` is shorter than the list of calls where one of them did not end.
    """

    results: list
    empty: bool = False


# ---------------------------------------------------------------- encode


class _Refused(Exception):
    """The whole value cannot be taken; its text says why."""


def encode(value):
    """Return a value as text.

    It never raises and never runs the value's own code beyond reading its data: objects that lie
    about their class, length or equality are taken for what they are, or not at all.

    Parameters
    ----------
    value : object

    Returns
    -------
    str
        ASCII, at most `MAX_BYTES` long. An answer that cannot be taken (too long, too deep, a
        type that is not in the list) is text all the same, and decodes to `Unsupported`.

    Examples
    --------
    >>> encode(0.1 + 0.2)
    '0.30000000000000004'
    >>> encode({"visit": 1000, "lead": float("nan")})
    '{"dict":[["visit",1000],["lead",{"float":"nan"}]]}'
    >>> decode(encode(open))
    Unsupported(type='function', why='')
    >>> decode(encode("a" * 2_000_000)).why
    'it is too large: more than 1 MB when written out'
    """
    return _dump(_Encoder().whole(value))


def _dump(node):
    return json.dumps(node, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


class _Encoder:
    """Turns one answer into nodes, and counts what they will take when written."""

    def __init__(self):
        self.left = MAX_BYTES + 1

    def whole(self, value):
        """Return the node of an answer; that of an `Unsupported` where it cannot be taken."""
        try:
            node = self.node(value, 0)
            if len(_dump(node)) > MAX_BYTES:
                self.spend(MAX_BYTES + 1)
            return node
        except _Refused as refusal:
            return _unsupported(value, str(refusal))
        except Exception:
            return _unsupported(value, "it cannot be read")

    def spend(self, characters):
        self.left -= characters
        if self.left < 0:
            raise _Refused(f"it is too large: more than {MAX_BYTES / 1e6:.0f} MB when written out")

    def node(self, value, depth):
        if depth > MAX_DEPTH:
            raise _Refused(f"it contains itself, or is nested more than {MAX_DEPTH} deep")
        self.spend(2)  # the least that it takes, with a comma
        if value is None or value is True or value is False:
            return value
        if value is Ellipsis:
            return {"blank": True}
        if value is pd.NaT or value is pd.NA:
            return {"missing": "NaT" if value is pd.NaT else "NA"}
        # The type is asked, not the value, which may say what it likes.
        kind = type(value)
        write = self.WRITERS.get(kind)
        if write is None:
            parents = (parent for parent in self.WRITERS if issubclass(kind, parent))
            write = self.WRITERS.get(next(parents, None))
        return write(self, value, depth) if write else _unsupported(value, "")

    # ---- Python's own

    def integer(self, value, depth):
        value = int.__int__(value)
        if value.bit_length() > MAX_BITS:
            raise _Refused("it holds a number of thousands of digits")
        self.spend(value.bit_length() // 4)
        return value

    def real(self, value, depth):
        value = float.__float__(value)
        return value if math.isfinite(value) else {"float": repr(value)}

    def text(self, value, depth):
        value = str.__str__(value)
        self.spend(len(value))
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:  # half of a surrogate pair: JSON might join two of them
            raise _Refused("it holds text that is not valid Unicode") from None
        return value

    def many(self, values, depth):
        return [self.node(value, depth + 1) for value in values]

    def listed(self, value, depth):
        return self.many(list.__iter__(value), depth)

    def tupled(self, value, depth):
        return {"tuple": self.many(tuple.__iter__(value), depth)}

    def keyed(self, value, depth):
        _limit_keys(dict.__len__(value))
        pairs = [self.many(pair, depth) for pair in dict.items(value)]
        return {"dict": pairs}

    def bag(self, value, depth):
        plain = set if issubclass(type(value), set) else frozenset
        _limit_keys(plain.__len__(value))
        return {plain.__name__: sorted(self.many(plain.__iter__(value), depth), key=_dump)}

    def ranged(self, value, depth):
        ends = value.start, value.stop, value.step
        return {"range": [self.integer(end, depth) for end in ends]}

    def moment(self, value, depth):
        if dt.datetime.utcoffset(value) is not None:
            return _unsupported(value, NO_ZONE)
        return {"datetime": dt.datetime.isoformat(value)}

    def day(self, value, depth):
        return {"date": dt.date.isoformat(value)}

    def span(self, value, depth):
        return {"timedelta": [value.days, value.seconds, value.microseconds]}

    # ---- NumPy

    def numpy(self, value, depth):
        if issubclass(type(value), np.ndarray):
            array = np.ndarray.view(value, np.ndarray)
            return {"array": {"shape": list(array.shape), **self.column(array.ravel(), depth)}}
        column = self.column(np.array([value], dtype=np.generic.dtype.__get__(value)), depth)
        return {"scalar": [column["dtype"], column["values"][0]]}

    def column(self, values, depth):
        """Return the node of a flat NumPy array, an Index, or the values of a Series."""
        dtype = values.dtype
        if isinstance(dtype, pd.api.extensions.ExtensionDtype):
            return self.extension(values.array, depth)
        array = np.asarray(values)
        if dtype.kind == "U":
            self.spend(array.nbytes // (4 * MAX_WIDTH))
            return {"dtype": "text", "values": self.many(array.tolist(), depth)}
        if dtype.kind == "O":
            return {"dtype": "object", "values": self.many(array.tolist(), depth)}
        self.spend(2 * len(values))
        name = dtype.newbyteorder("=").name
        if _TIMES.fullmatch(name):
            return {"dtype": name, "values": array.astype("int64").tolist()}
        if not _NUMERIC.fullmatch(name):
            raise _Refused(f"it holds values of the type {name}")
        values = array.tolist()
        if dtype.kind == "f" and not np.isfinite(array).all():
            values = [self.real(value, depth) for value in values]
        return {"dtype": name, "values": values}

    # ---- pandas

    def timestamp(self, value, depth):
        if value.tzinfo is not None:
            return _unsupported(value, NO_ZONE)
        return {"Timestamp": [int(value.asm8.astype("int64")), value.unit]}

    def timedelta(self, value, depth):
        return {"Timedelta": [int(value.asm8.astype("int64")), value.unit]}

    def period(self, value, depth):
        return {"Period": [value.ordinal, value.freqstr]}

    def interval(self, value, depth):
        return {"Interval": [*self.many((value.left, value.right), depth), value.closed]}

    def pandas_array(self, value, depth):
        return {"column": self.column(pd.Series(value), depth)}

    def extension(self, array, depth):
        name = str(array.dtype)
        if isinstance(array.dtype, pd.CategoricalDtype):
            self.spend(2 * len(array))
            return {
                "dtype": "category",
                "ordered": bool(array.ordered),
                "categories": self.column(array.categories, depth + 1),
                "values": array.codes.tolist(),
            }
        if isinstance(array.dtype, pd.PeriodDtype):
            self.spend(2 * len(array))
            return {"dtype": name, "values": array.asi8.tolist()}
        if isinstance(array.dtype, pd.IntervalDtype):
            ends = {
                "left": self.column(array.left, depth + 1),
                "right": self.column(array.right, depth + 1),
            }
            return {"dtype": "interval", "closed": array.closed, "values": ends}
        if _PANDAS.fullmatch(name):
            return {"dtype": name, "values": self.many(array.tolist(), depth)}
        if isinstance(array.dtype, pd.DatetimeTZDtype):
            raise _Refused(NO_ZONE)
        raise _Refused(f"it holds a column of the type {name}")

    def index(self, value, depth):
        if isinstance(value, pd.MultiIndex):
            levels = [value.get_level_values(level) for level in range(value.nlevels)]
            return {"MultiIndex": [self.index(pd.Index(level), depth + 1) for level in levels]}
        return {"Index": {"name": self.node(value.name, depth), **self.column(value, depth)}}

    def series(self, value, depth):
        return {
            "Series": {
                "name": self.node(value.name, depth),
                "index": self.index(value.index, depth),
                "values": self.column(value, depth),
            }
        }

    def frame(self, value, depth):
        if value.columns.nlevels > 1:
            raise _Refused("its columns have several levels")
        if value.shape[1] > MAX_COLUMNS:
            raise _Refused(f"it has more than {MAX_COLUMNS:,} columns")
        if 2 * value.shape[0] * value.shape[1] > self.left:
            self.spend(MAX_BYTES)
        columns = [value.iloc[:, place] for place in range(value.shape[1])]
        return {
            "DataFrame": {
                "columns": self.index(value.columns, depth),
                "index": self.index(value.index, depth),
                "values": [self.column(column, depth) for column in columns],
            }
        }

    # In this order, since NumPy and pandas have subclasses of Python's own types.
    WRITERS = {
        np.generic: numpy,
        np.ndarray: numpy,
        pd.Timestamp: timestamp,
        pd.Timedelta: timedelta,
        pd.Period: period,
        pd.Interval: interval,
        pd.DataFrame: frame,
        pd.Series: series,
        pd.Index: index,
        pd.api.extensions.ExtensionArray: pandas_array,
        int: integer,
        float: real,
        str: text,
        list: listed,
        tuple: tupled,
        dict: keyed,
        set: bag,
        frozenset: bag,
        range: ranged,
        dt.datetime: moment,
        dt.date: day,
        dt.timedelta: span,
    }


def _limit_keys(count):
    if count > MAX_KEYS:
        raise _Refused(f"it has more than {MAX_KEYS:,} entries")


def _unsupported(value, why):
    return {"unsupported": [_type_name(value), why]}


def _type_name(value):
    """Return what a learner would call the type of a value."""
    kind = type(value)
    if kind is types.FunctionType:
        return "function"
    if kind is types.BuiltinFunctionType:
        return "function" if type(value.__self__) is types.ModuleType else "method"
    if kind is types.MethodType:
        return "method"
    return str(type.__dict__["__name__"].__get__(kind))[:60]


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
    if _TIMES.fullmatch(dtype):
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
    if _NUMERIC.fullmatch(dtype):
        if not all(type(value) in (bool, int, float) for value in values):
            raise ValueError("a number is missing")
        return np.array(values, dtype=dtype)
    if _PANDAS.fullmatch(dtype):
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


# ---------------------------------------------------------------- collect


def collect(namespace, name, calls=None, *, seconds=None, clock=time.monotonic):
    """Take an answer out of a notebook's variables and return it as text.

    Parameters
    ----------
    namespace : dict
        The variables of the notebook.
    name : str
        The variable that holds the answer.
    calls : list of str, optional
        For a function: the arguments of each call, as `encode` writes ``(args, kwargs)``. Each
        call gets arguments of its own, so that a function which changes them harms no other.
    seconds : float, optional
        The time for all calls together, by default `SECONDS`. The function runs in a thread;
        when the time is up, it is interrupted, also in an endless loop, on every system. What
        cannot be interrupted is left behind (a long sleep) or cannot be left at all (a single
        endless operation inside a library): the grader has limits from outside for that.
    clock : callable
        What `seconds` are told by; the grader takes one that a busy machine does not hurry.

    Returns
    -------
    str
        Decodes to the value, or to `Absent` if there is no such variable, or to `Called` if
        `calls` are given and the answer is a function.

    Examples
    --------
    >>> decode(collect({"n_lead": 200}, "n_leads"))
    Absent(similar='n_lead')
    >>> calls = [encode(((200, 1000), {})), encode(((0, 0), {}))]
    >>> called = decode(collect({"rate": lambda leads, visits: leads / visits}, "rate", calls))
    >>> called.results[0], called.results[1].error
    (0.2, 'ZeroDivisionError')
    """
    if name not in namespace:
        return _dump({"absent": _similar(namespace, name)})
    value = namespace[name]
    if calls is None or value is Ellipsis or not callable(value):
        return encode(value)
    results = _call_all(value, calls, SECONDS if seconds is None else seconds, clock)
    text = _dump({"called": {"results": results, "empty": _is_empty(value)}})
    return (
        text
        if len(text) <= MAX_BYTES
        else _dump({"unsupported": ["function", "what it returns is too large"]})
    )


def _similar(namespace, name):
    """Return the variable whose name is closest to `name`, if that looks like a slip."""
    names = [
        other
        for other, value in list(namespace.items())
        if type(other) is str and not other.startswith("_")
        if type(value) is not types.ModuleType and not hasattr(builtins, other)
    ]
    return "".join(difflib.get_close_matches(name, names, n=1, cutoff=0.8))[:100]


class _TimeIsUp(BaseException):
    """Raised inside a learner's function from outside."""


class _Silence:
    """Takes what a function prints while it is tried out."""

    def write(self, text):
        return len(text)

    def flush(self):
        pass


def _call_all(function, calls, seconds, clock):
    """Return the node of what came back from each call."""
    results, ended = [], []

    def work():
        try:
            for call in calls:
                results.append(_outcome(function, call))
        except _TimeIsUp:
            pass
        ended.append(True)

    thread = threading.Thread(target=contextvars.copy_context().run, args=[work], daemon=True)
    silence = _Silence()
    with contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
        thread.start()
        until = clock() + seconds
        try:
            while thread.is_alive() and (left := until - clock()) > 0:
                thread.join(min(left, 0.1))
        finally:  # also when the learner presses stop
            stopped = _stop(thread, ended)
    results = results[: len(calls)]
    if len(results) < len(calls):
        results.append({"timed out": [float(seconds), stopped]})
    return results


def _stop(thread, ended):
    """Interrupt a thread until it ends; return False if it does not within three seconds."""
    until = time.monotonic() + 3
    while thread.is_alive() and not ended and time.monotonic() < until:
        # Takes effect before the next step of Python code in that thread. A learner's bare
        # `except:` may catch it, so it is sent again and again, to arrive outside of it.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(_TimeIsUp)
        )
        thread.join(0.001)
    if ended:
        thread.join(1)
    return not thread.is_alive()


def _outcome(function, call):
    """Return the node of what one call gave."""
    args, kwargs = decode(call)
    try:
        return _Encoder().whole(function(*args, **kwargs))
    except _TimeIsUp:
        raise
    except BaseException as error:  # also SystemExit: nothing that a learner writes may end us
        return _raised(error, function)


def _raised(error, function):
    try:
        text = str(error)
    except _TimeIsUp:
        raise
    except BaseException:
        text = ""
    where = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.line for frame in frames if frame.filename == where]
    line = (lines[-1] or "") if lines else ""
    parts = [_type_name(error), text, line]
    return {"raised": [part.encode("utf-8", "replace").decode()[:300] for part in parts]}


def _is_empty(function):
    """Return whether a function's body is only ``...``, a docstring or ``pass``."""
    code = getattr(function, "__code__", None)
    if type(code) is not types.CodeType:
        return False
    steps = [step for step in dis.get_instructions(code) if step.opname not in ("RESUME", "NOP")]
    leaves = {"LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
    return all(step.opname in leaves and step.argval is None for step in steps)
