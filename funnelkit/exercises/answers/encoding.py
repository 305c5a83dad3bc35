"""`encode`: a value becomes text."""

import datetime as dt
import json
import math
import types

import numpy as np
import pandas as pd

from funnelkit.exercises.answers.forms import (
    MAX_BITS,
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_DEPTH,
    MAX_KEYS,
    MAX_WIDTH,
    NO_ZONE,
    NUMERIC,
    PANDAS,
    TIMES,
)

__all__ = ["Encoder", "dump", "encode", "type_name"]

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
    >>> from funnelkit.exercises.answers import decode
    >>> encode(0.1 + 0.2)
    '0.30000000000000004'
    >>> encode({"visit": 1000, "lead": float("nan")})
    '{"dict":[["visit",1000],["lead",{"float":"nan"}]]}'
    >>> decode(encode(open))
    Unsupported(type='function', why='')
    >>> decode(encode("a" * 2_000_000)).why
    'it is too large: more than 1 MB when written out'
    """
    return dump(Encoder().whole(value))


def dump(node):
    """Write a node as JSON: plain characters, no blanks."""
    return json.dumps(node, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


class Encoder:
    """Turns one answer into nodes, and counts what they will take when written."""

    def __init__(self):
        self.left = MAX_BYTES + 1

    def whole(self, value):
        """Return the node of an answer; that of an `Unsupported` where it cannot be taken."""
        try:
            node = self.node(value, 0)
            if len(dump(node)) > MAX_BYTES:
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
        return {plain.__name__: sorted(self.many(plain.__iter__(value), depth), key=dump)}

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
        if TIMES.fullmatch(name):
            return {"dtype": name, "values": array.astype("int64").tolist()}
        if not NUMERIC.fullmatch(name):
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
        if PANDAS.fullmatch(name):
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
    return {"unsupported": [type_name(value), why]}


def type_name(value):
    """Return what a learner would call the type of a value."""
    kind = type(value)
    if kind is types.FunctionType:
        return "function"
    if kind is types.BuiltinFunctionType:
        return "function" if type(value.__self__) is types.ModuleType else "method"
    if kind is types.MethodType:
        return "method"
    return str(type.__dict__["__name__"].__get__(kind))[:60]
