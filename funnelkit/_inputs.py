"""The guards at the doors of the package: what comes in is checked here, and nowhere else.

Every public function of a subject hands its arguments to a function of this module, which returns
them in the one form that the subject computes with, or raises an error in one pattern: *what is
wrong, where (how many rows, the first of them): what to do*. Following the remedy gives a right
result; a test follows them all.

The rules that hold everywhere, so that no docstring has to repeat them:

- Numbers are finite and not missing; counts are whole and not negative; a boolean is not a number.
- Fractions are fractions: 0.8 for 80 %.
- Two Series given together have the same index, in the same order.
- Times are naive UTC. A date given as text is written as ISO 8601 has it: ``"2026-06-30"``.
- The last day of the data, `observed_until`, is seen to its end.
- A duration has a unit: ``"7D"``. A period is one day, week, month, quarter or year.
- A table has one column of each name, and a column of ids holds ids of one type.
"""

import datetime
import difflib
import re
from collections.abc import Mapping, Set
from statistics import NormalDist

import numpy as np
import pandas as pd

__all__ = [
    "aligned",
    "amount",
    "amounts",
    "as_series",
    "blank",
    "booleans",
    "close_to",
    "computable",
    "confidence_quantile",
    "count",
    "counts",
    "dress",
    "duration",
    "end_of_data",
    "finite",
    "frequency",
    "group_labels",
    "ids",
    "index_of",
    "moment",
    "name_of_type",
    "names",
    "need_callable",
    "need_columns",
    "need_flags",
    "need_fractions",
    "need_hashable",
    "need_known",
    "need_one_type",
    "need_rows",
    "need_same_length",
    "need_table",
    "need_texts",
    "not_after",
    "number",
    "numbers",
    "one_of",
    "outcomes",
    "part_of",
    "positive",
    "random_generator",
    "refuse",
    "scored",
    "scores",
    "shares",
    "switch",
    "times",
    "weights_of",
    "whole",
]

NUMBERS = ("integer", "floating", "mixed-integer", "mixed-integer-float", "boolean", "decimal")
FREQUENCIES = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}
NO_TIME = pd.Timedelta(0)
WHOLE_DAY = pd.Timedelta("1D")
LAST_MOMENT = pd.Timedelta("1ns")  # of a day, before the next begins
TO_NAIVE_UTC = "pd.to_datetime({of}, utc=True).dt.tz_localize(None)"
LARGEST = 2**63 - 1  # that a column of whole numbers can hold
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?)?")


# ---------------------------------------------------------------- the sentence


def refuse(wrong, what, remedy, *values, index=None, unit="rows"):
    """Raise ValueError if any is wrong, with how many, the first of them, and the remedy."""
    wrong = np.asarray(wrong)
    if not wrong.any():
        return
    first = int(np.flatnonzero(wrong)[0])
    details = " of ".join(_written(np.ravel(value)[first]) for value in values)
    if wrong.ndim:
        named = index is not None and wrong.shape == (len(index),)
        label = index[first] if named else first
        row = f"first: row {label!r}" if isinstance(label, str) else f"first: row {label}"
        what += f" in {wrong.sum():,} of {wrong.size:,} {unit}"
        details = f"{row}, {details}" if details else row
    raise ValueError(f"{what}{f' ({details})' if details else ''}: {remedy}")


def _written(value):
    if isinstance(value, str):
        return repr(value)
    return f"{value:.10g}" if isinstance(value, (int, float, np.number)) else str(value)


def close_to(name, known):
    """Return "did you mean …?" for a name that is not known, or say which there are."""
    known = list(dict.fromkeys(known))
    folded = {str(each).lower(): each for each in reversed(known)}
    near = difflib.get_close_matches(str(name).lower(), folded, n=1)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    return (
        f"there are {', '.join(map(str, known[:20]))}{', …' if len(known) > 20 else ''}"
        if known
        else ("there are none")
    )


def need_known(name, known, what):
    """Raise ValueError if there is no such thing, with the name that looks most like it."""
    known = list(known)
    if not any(_same(name, each) for each in known):
        raise ValueError(f"no {what} is called {name!r}: {close_to(name, known)}")


def _same(one, other):
    try:
        return bool(one == other)
    except (TypeError, ValueError):  # arrays, missing values
        return False


def one_of(name, value, allowed):
    """Return an option if it is one of those allowed, or name them."""
    if not isinstance(value, str) or value not in allowed:
        choices = ", ".join(map(repr, allowed))
        near = difflib.get_close_matches(value, allowed, n=1) if isinstance(value, str) else []
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        error = ValueError if isinstance(value, str) else TypeError
        raise error(f"{name} is {_short(value)}: give one of {choices}{hint}")
    return value


def name_of_type(value):
    """Write a type with its article: "a list", "an int"."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _short(value):
    text = repr(value)
    return text if len(text) <= 60 and "\n" not in text else name_of_type(value)


# ---------------------------------------------------------------- one value


def number(name, value, *, above=None, at_least=None, at_most=None, remedy=None):
    """Return a single finite number as a float, within limits if there are any."""
    limits = [
        f"above {above:g}" if above is not None else "",
        f"of {at_least:g} or more" if at_least is not None else "",
        f"of {at_most:g} or less" if at_most is not None else "",
    ]
    remedy = remedy or f"give a number {' and '.join(filter(None, limits))}".rstrip()
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not _is_real(value):
        raise TypeError(f"{name} is {_short(value)}: {remedy}")
    try:
        value = float(value)
    except OverflowError:
        raise ValueError(f"{name} is {_short(value)}: {remedy}") from None
    inside = (
        np.isfinite(value)
        and (above is None or value > above)
        and (at_least is None or value >= at_least)
        and (at_most is None or value <= at_most)
    )
    if not inside:
        raise ValueError(f"{name} is {value:g}: {remedy}")
    return value


def _is_real(value):
    """Say whether a value is a real number; NumPy counts durations among its integers."""
    real = isinstance(value, int | float | np.integer | np.floating)
    return real and not isinstance(value, bool | np.timedelta64)


def whole(name, value, *, at_least=1, at_most=None):
    """Return a whole number, which a boolean is not, within its limits."""
    most = f" and at most {at_most:,}" if at_most is not None else ""
    remedy = f"give a whole number of at least {at_least}{most}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} is {_short(value)}: {remedy}")
    if value < at_least or value > (LARGEST if at_most is None else at_most):
        raise ValueError(f"{name} is {_short(value)}: {remedy}")
    return int(value)


def switch(name, value):
    """Return an option that is on or off; any text, "no" included, would count as on."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {_short(value)}: give True or False")
    return bool(value)


def random_generator(seed):
    """Return a generator of random numbers: made of a seed, or the one that is given."""
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(None if seed is None else whole("seed", seed, at_least=0))


def need_callable(name, value, what="a function"):
    """Refuse what cannot be called."""
    if not callable(value):
        raise TypeError(f"{name} is {_short(value)}: give {what}")
    return value


def need_texts(**given):
    """Refuse words that are not text."""
    for name, words in given.items():
        if words is not None and not isinstance(words, str):
            raise TypeError(f"{name} is {name_of_type(words)}: give text")


def need_flags(**given):
    """Refuse a switch that is neither True nor False: the text "no" would be true."""
    for name, value in given.items():
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{name} is {name_of_type(value)}: give True or False")


def positive(**parameters):
    """Return the parameters of a model as floats, each above 0."""
    return [number(name, value, above=0) for name, value in parameters.items()]


def confidence_quantile(confidence):
    """Return z such that a standard normal lies within ±z with the given probability."""
    remedy = "give a fraction between 0 and 1, such as 0.95"
    confidence = number("confidence", confidence, above=0, remedy=remedy)
    if not (1 + confidence) / 2 < 1:
        raise ValueError(f"confidence is {confidence:g}: {remedy}")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def duration(name, value, *, at_least=NO_TIME):
    """Return a length of time as a Timedelta; a number without a unit is not one."""
    advice = "give a number with its unit, such as '7D' or '12h'"
    bare = isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+(\.\d*)?\s*", value)
    if bare or isinstance(value, bool) or _is_real(value):
        raise TypeError(f"{name} is {value!r}, without a unit: {advice}")
    try:
        length = pd.Timedelta(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} is {_short(value)}, not a length of time: {advice}") from None
    if length is pd.NaT:
        raise ValueError(f"{name} is missing: {advice}")
    if length < at_least:
        runs = "it runs forward in time" if length < NO_TIME else "it is too short"
        raise ValueError(f"{name} is {_short(value)}: {runs}, so {advice}")
    return length


def frequency(name, value):
    """Return the code of a period: D, W, M, Q or Y, or one with an anchor such as W-SUN.

    A multiple is refused: pandas would begin a period of seven days on *every* day.
    """
    advice = "give 'D', 'W', 'M', 'Q' or 'Y', for one day, week, month, quarter or year"
    if not isinstance(value, str):
        raise TypeError(f"{name} is {_short(value)}: {advice}")
    multiple = re.match(r"\s*\d", value)
    try:
        code = "" if multiple or value != value.upper() else pd.Period("2026-01-01", freq=value).freqstr
    except (ValueError, KeyError, TypeError):
        code = ""
    if code.partition("-")[0] not in FREQUENCIES:
        why = ", a multiple of a period" if multiple else ", which is not a period"
        raise ValueError(f"{name} is {value!r}{why}: {advice}")
    return code


def moment(name, value):
    """Return a point in time as a naive Timestamp; text only as ISO 8601 has it."""
    return _moment(name, value)[0]


def end_of_data(name, value):
    """Return the last moment that the data cover: of a day without a time, its end."""
    stamp, is_day = _moment(name, value)
    return stamp + WHOLE_DAY - LAST_MOMENT if is_day else stamp


def _moment(name, value):
    advice = "give a date such as '2026-06-30', year first"
    not_a_time = isinstance(value, np.datetime64) and np.isnat(value)
    if value is None or value is pd.NaT or value is pd.NA or not_a_time:
        raise ValueError(f"{name} is missing: {advice}")
    known = str | datetime.date | np.datetime64 | pd.Period
    if not isinstance(value, known) or (isinstance(value, str) and not value.strip()):
        raise TypeError(f"{name} is {_short(value)}, not a date: {advice}")
    if isinstance(value, str):
        value = value.strip()
        zoned = re.fullmatch(r"(.*\d)\s*(Z|[+-]\d{2}:?\d{2})", value)
        if zoned and len(value) > 11:
            _refuse_zone(name, value)
        if not _ISO.fullmatch(value):
            raise ValueError(f"{name} is {value!r}, not written as ISO 8601 has it: {advice}")
    if isinstance(value, pd.Period):
        value = value.end_time.normalize()
    try:
        stamp = pd.Timestamp(value)
        if stamp is pd.NaT:
            raise ValueError(f"{name} is missing: {advice}")
        (stamp + WHOLE_DAY).as_unit("ns")
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{name} is {_short(value)}, not a day that can be: {advice}") from None
    if stamp.tz is not None:
        _refuse_zone(name, value)
    return stamp, stamp == stamp.normalize()


def _refuse_zone(name, value):
    raise ValueError(
        f"{name} is {str(value)!r}, with a time zone, and times here are naive UTC: "
        "give pd.Timestamp(...).tz_convert('UTC').tz_localize(None)"
    )


# ---------------------------------------------------------------- a table and its columns


def need_table(table, what="table"):
    """Refuse what is not a DataFrame."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"{what} is {name_of_type(table)}: give a DataFrame")
    return table


def need_columns(table, columns, what="table"):
    """Refuse a table that lacks a column, with the nearest name, or has two of one name."""
    need_table(table, what)
    for column in columns:
        if not isinstance(column, str | int | float | tuple):
            raise TypeError(f"{_short(column)} is not the name of a column: give one as text")
        need_known(column, list(table.columns), f"column in {what}")
        twice = int((table.columns == column).sum())
        if twice > 1:
            raise ValueError(
                f"{what} has {twice} columns called {column!r}: rename or drop all but one, for "
                "instance by table.loc[:, ~table.columns.duplicated()]"
            )
    return table


def need_rows(table, what="table", why="there is nothing to count"):
    """Refuse a table without rows."""
    if not len(table):
        raise ValueError(f"{what} has no rows: {why}")
    return table


def names(option, value):
    """Return the names of columns as a list: of None, one name, or several."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, Set | Mapping) or not pd.api.types.is_list_like(value):
        raise TypeError(f"{option} is {_short(value)}: give the name of a column or a list of them")
    return list(value)


def as_series(values, name):
    """Return values as a Series of one dimension."""
    if isinstance(values, pd.Series):
        return values
    if isinstance(values, pd.DataFrame):
        raise TypeError(f"{name} is a table: give one of its columns")
    if isinstance(values, Set | Mapping):
        raise TypeError(f"{name} is {name_of_type(values)}, which has no order: give a list")
    if values is None or isinstance(values, str) or not pd.api.types.is_list_like(values):
        raise TypeError(f"{name} is {_short(values)}: give a column, one value per row")
    try:
        return pd.Series(values if isinstance(values, pd.Index | np.ndarray) else list(values))
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {name_of_type(values)}: give a column of a table") from None


def need_hashable(column, name):
    """Refuse a column in which lists, sets or dictionaries stand for single values."""
    if column.dtype != object:
        return
    nested = np.fromiter((isinstance(v, list | set | dict | np.ndarray) for v in column), bool)
    remedy = "one value per row: table.explode(...) makes rows of them"
    refuse(nested, f"column {name!r} holds lists", remedy, index=column.index)


def ids(column, name):
    """Return a column of ids, all of one type, none missing and none blank.

    8887 and "8887" would be two people, an id left blank would be one.
    """
    need_one_type(column, name)
    remedy = "drop these rows, or give each its own id"
    refuse(column.isna(), f"column {name!r} is missing", remedy, index=column.index)
    refuse(blank(column), f"column {name!r} is blank", remedy, index=column.index)
    return column


def need_one_type(column, name):
    """Refuse a column whose values are of several types; they may be missing."""
    need_hashable(column, name)
    if column.dtype == object:
        kind = pd.api.types.infer_dtype(column, skipna=True)
        if kind.startswith("mixed"):
            raise TypeError(
                f"column {name!r} holds ids of several types, such as 8887 and '8887': make them "
                f"one, for instance with table[{name!r}].astype(str)"
            )


def blank(column):
    """Return for each value of a column whether it is a text without a visible character."""
    if pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind in "mM":
        return np.zeros(len(column), bool)
    blanks = [
        each for each in column.dropna().unique() if isinstance(each, str) and not each.strip()
    ]
    return column.isin(blanks).to_numpy(bool)


def times(column, name, *, missing="refuse"):
    """Return a column of times as naive datetimes; texts only as ISO 8601 has them.

    `missing` is "refuse" or "keep".
    """
    if not isinstance(column, pd.Series):
        column = as_series(column, name)
    zone = f"make it naive UTC, {TO_NAIVE_UTC.format(of=f'table[{name!r}]')}"
    if isinstance(column.dtype, pd.ArrowDtype):
        column = _from_arrow(column, name)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        raise ValueError(f"column {name!r} has a time zone ({column.dt.tz}): {zone}")
    if column.dtype.kind != "M":
        column = _read_times(column, name, zone)
    if missing == "refuse":
        remedy = f"drop these rows, table.dropna(subset=[{name!r}])"
        refuse(column.isna(), f"column {name!r} is missing", remedy, index=column.index)
    return column


def _from_arrow(column, name):
    kind = str(column.dtype)
    if not kind.startswith(("timestamp", "date")):
        return column.astype(object)
    if "tz=" in kind:
        return column.astype(pd.DatetimeTZDtype("us", "UTC"))
    return pd.Series(pd.to_datetime(column.astype(object)), index=column.index, name=column.name)


def _read_times(column, name, zone):
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in NUMBERS and column.notna().any():
        raise TypeError(
            f"column {name!r} holds numbers, not times: say what they count, for instance "
            f"pd.to_datetime(table[{name!r}], unit='s')"
        )
    need_hashable(column, name)
    if column.dtype == object:
        counted = np.fromiter((isinstance(v, int | float) and v == v for v in column), bool)
        remedy = "say what they count, pd.to_datetime(..., unit='s')"
        refuse(counted, f"column {name!r} is a number, not a time,", remedy, index=column.index)
    try:
        parsed = pd.to_datetime(column, format="ISO8601", errors="coerce")
    except (ValueError, TypeError):  # the one thing that "coerce" does not turn into NaT
        raise ValueError(f"column {name!r} has times in several time zones: {zone}") from None
    if isinstance(parsed.dtype, pd.DatetimeTZDtype):
        raise ValueError(f"column {name!r} has a time zone: {zone}")
    unreadable = (parsed.isna() & column.notna()).to_numpy()
    if unreadable.any():
        first = column.iloc[int(unreadable.argmax())]
        if getattr(first, "tzinfo", None) is not None:
            raise ValueError(f"column {name!r} has times in several time zones: {zone}")
        remedy = (
            "say how they are written, pd.to_datetime(..., format='%d/%m/%Y') for day, month, year"
        )
        what = f"column {name!r} is not a time as ISO 8601 writes it"
        refuse(unreadable, what, remedy, column.to_numpy(object), index=column.index)
    return parsed


def not_after(name, dates, end, remedy):
    """Refuse times after the last moment that the data cover; missing ones pass."""
    late = (dates > end).to_numpy()
    if late.any():
        what = f"{name} lies after observed_until, {end:%Y-%m-%d},"
        days = dates.to_numpy(dtype="datetime64[D]")
        refuse(late, what, remedy, days, index=dates.index)


def booleans(column, name, *, missing=None):
    """Return a column as plain booleans; words have to be mapped by whoever knows them.

    `missing` is the remedy where a value is missing.
    """
    if not isinstance(column, pd.Series):
        column = as_series(column, name)
    need_hashable(column, name)
    gaps = column.isna()
    kind = pd.api.types.infer_dtype(column.dropna().astype(object), skipna=True)
    if kind != "boolean" and not (kind == "empty" and len(column) == 0):
        raise TypeError(
            f"{name} holds {_kind_in_words(kind)}, not True and False: {_to_booleans(kind)}"
        )
    remedy = missing or (
        "leave these rows out where it is not known; fill with False only what did not happen"
    )
    refuse(gaps, f"{name} is missing", remedy, index=column.index)
    return column.astype(bool)


def _to_booleans(kind):
    if kind in ("integer", "floating", "mixed-integer-float"):
        return "say what makes it true, for instance column > 0"
    if kind == "empty":
        return "it is missing in all rows"
    return "map each word, column.map({'Yes': True, 'No': False}), and decide on every other word"


def _kind_in_words(kind):
    words = {
        "string": "text",
        "integer": "whole numbers",
        "floating": "numbers",
        "mixed-integer-float": "numbers",
        "empty": "nothing",
        "mixed": "values of several types",
        "mixed-integer": "values of several types",
        "boolean": "True and False",
        "categorical": "categories",
        "datetime64": "times",
        "datetime": "times",
        "timedelta64": "durations",
        "complex": "complex numbers",
        "decimal": "decimals",
    }
    return words.get(kind, f"{kind} values")


def group_labels(values, name, n=None, *, unit="rows", missing="refuse"):
    """Return the groups as a Series, as many as there are rows.

    `missing` is "refuse" or "keep": then it is a group of its own.
    """
    labels = as_series(values, name)
    if n is not None and len(labels) != n:
        raise ValueError(f"there are {len(labels):,} of {name} and {n:,} {unit}: give one per row")
    need_hashable(labels, name)
    if missing == "refuse":
        remedy = "give every row its group, or leave it out"
        refuse(labels.isna(), f"{name} is missing", remedy, index=labels.index, unit=unit)
    return labels


# ---------------------------------------------------------------- several given together


def index_of(value):
    """Return the index of a Series or DataFrame, None of anything else."""
    return value.index if isinstance(value, pd.Series | pd.DataFrame) else None


def aligned(**given):
    """Refuse Series with different indexes; return the index that they share, or None."""
    indexes = {name: index_of(value) for name, value in given.items()}
    indexes = {name: index for name, index in indexes.items() if index is not None}
    first = next(iter(indexes), None)
    for name, index in indexes.items():
        if not index.equals(indexes[first]):
            raise ValueError(
                f"{first} and {name} have different indexes: take both from one table, or put "
                f"one in the order of the other, {name}.reindex({first}.index)"
            )
    return indexes.get(first)


def need_same_length(unit="rows", **given):
    """Refuse columns of different lengths."""
    lengths = {name: len(values) for name, values in given.items()}
    if len(set(lengths.values())) > 1:
        words = " and ".join(f"{n:,} of {name}" for name, n in lengths.items())
        raise ValueError(f"there are {words}: give one of each for all {unit}")


def dress(index):
    """Return a function that gives an array the form of what came in."""

    def like_input(values):
        if index is not None:
            if np.shape(values) != (len(index),):
                raise ValueError(
                    f"there are {np.size(values):,} values and {len(index):,} labels in the index "
                    "of a Series: give as many of one as of the other"
                )
            return pd.Series(values, index=index)
        return float(values) if np.ndim(values) == 0 else np.asarray(values)

    return like_input


# ---------------------------------------------------------------- numbers


def numbers(name, value, *, missing="refuse", remedy=None):
    """Return numbers as a float array, or say which of them are none.

    `missing` is "refuse" or "keep"; `remedy` says what to give instead of text or booleans.
    """
    if isinstance(value, pd.DataFrame):
        raise TypeError(f"{name} is a table: give one of its columns")
    if value is None or isinstance(value, Set | Mapping):
        raise TypeError(f"{name} is {_short(value)}: give numbers")
    index = index_of(value)
    try:
        array = np.asarray(value)
    except ValueError:
        raise TypeError(f"{name} is a list of lists: give one number per row") from None
    kind = pd.api.types.infer_dtype(array.ravel(), skipna=True)
    if kind == "boolean":
        raise TypeError(f"{name} is boolean: {remedy or 'give the count, its .sum()'}")
    if kind == "string":
        clean = "remove currency signs and thousands separators, then pd.to_numeric(...)"
        raise TypeError(f"{name} holds text: {remedy or clean}")
    if kind not in ("integer", "floating", "mixed-integer-float", "decimal", "empty"):
        raise TypeError(f"{name} holds {_kind_in_words(kind)}: give numbers")
    try:
        array = np.where(pd.isna(array), np.nan, array).astype(float)
    except (OverflowError, TypeError, ValueError):
        raise ValueError(f"{name} holds a number too large to compute with: leave it out") from None
    if missing == "refuse":
        refuse(np.isnan(array), f"{name} is missing", "fill or leave it out", index=index)
    return array


def finite(name, value):
    """Return numbers, none of them missing or infinite."""
    array = numbers(name, value)
    refuse(np.isinf(array), f"{name} is infinite", "leave it out", index=index_of(value))
    return array


def shares(name, value, *, of="1"):
    """Return fractions from 0 to 1."""
    array, index = finite(name, value), index_of(value)
    refuse(array < 0, f"{name} is negative", "give a fraction from 0 to 1", array, index=index)
    remedy = "give a fraction: 0.8 for 80 %"
    refuse(array > 1, f"{name} is above {of}", remedy, array, index=index)
    return array


def count(name, value):
    """Return counts as a float array, or say which of them are not counts."""
    array, index = numbers(name, value), index_of(value)
    refuse(array < 0, f"{name} is negative", "a count is 0 or more", array, index=index)
    remedy = "give counts, not rates or averages"
    uneven = (array != np.floor(array)) | np.isinf(array)
    refuse(uneven, f"{name} is not a whole number", remedy, array, index=index)
    return array


def counts(**given):
    """Return several counts as arrays of one shape, and a function to dress the result."""
    index = aligned(**given)
    arrays = {name: count(name, value) for name, value in given.items()}
    return _one_shape(arrays, index), dress(index)


def part_of(whole_remedy, part_remedy, **given):
    """Return a part and its whole as arrays, and how to dress the result: 0 <= part <= whole.

    The remedies say what to do where the whole is 0 and where the part is the greater.
    """
    (part_name, of_name), index = given, aligned(**given)
    (part, of), like_input = counts(**given)
    refuse(of == 0, f"{of_name} is 0", whole_remedy, index=index)
    what = f"{part_name} is greater than {of_name}"
    refuse(part > of, what, part_remedy, part, of, index=index)
    return part, of, like_input


def amounts(*, signed=(), **given):
    """Return amounts of money and the like as arrays of one shape, and how to dress the result.

    Those named in `signed` may be negative.
    """
    index, arrays = aligned(**given), {}
    for name, value in given.items():
        array = finite(name, value)
        remedy = "an amount is 0 or more; a loss shows in the result"
        below = (array < 0) & (name not in signed)
        refuse(below, f"{name} is negative", remedy, array, index=index_of(value))
        arrays[name] = array
    return _one_shape(arrays, index), dress(index)


def amount(name, value):
    """Return an amount that has to be a single number."""
    (array,), _ = amounts(**{name: value})
    if array.ndim:
        raise TypeError(f"{name} holds {array.size:,} values: give one number")
    return float(array)


def need_fractions(name, values, *, such_as="0.8 for 80 %", index=None):
    """Refuse shares above 1; negative ones are refused before."""
    refuse(values > 1, f"{name} is above 1", f"give a fraction: {such_as}", values, index=index)


def computable(what, values, *, index=None):
    """Return a result, or refuse it where floating-point numbers overflowed."""
    remedy = "the numbers given are too large or too small to compute with; check their units"
    refuse(~np.isfinite(values), f"{what} is not a finite number", remedy, index=index)
    return values


def _one_shape(arrays, index):
    """Return arrays of one shape, which is that of the index if a Series came in."""
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shape = None
    if shape is None or (index is not None and shape != (len(index),)):
        sizes = " and ".join(f"{array.size:,} of {name}" for name, array in arrays.items())
        raise ValueError(f"there are {sizes}: give as many of one as of the other")
    return np.broadcast_arrays(*arrays.values())


# ---------------------------------------------------------------- leads: scores and outcomes


def outcomes(name, value):
    """Return whether each lead bought, as an array of booleans."""
    column = value if isinstance(value, pd.Series) else as_series(value, name)
    remedy = "too young to tell, or not known: leave these rows out"
    return booleans(column, name, missing=remedy).to_numpy()


def scores(name, value):
    """Return one number per lead, as a score is; `predict` gives none, `predict_proba` several."""
    remedy = "give one number per lead, such as model.predict_proba(leads)[:, 1]"
    array = np.asarray(value, dtype=None if hasattr(value, "dtype") else object)
    if array.ndim == 0:
        as_series(value, name)  # says what is wrong
    if array.ndim > 1:
        raise ValueError(f"{name} has {array.shape[1]} columns: {remedy}")
    if pd.api.types.infer_dtype(array, skipna=True) == "boolean":
        raise TypeError(f"{name} is a yes or no for each lead, which puts none in order: {remedy}")
    return finite(name, value)


def weights_of(value, n):
    """Return how many leads each row stands for, or None where each stands for itself."""
    if value is None:
        return None
    array = finite("weights", as_series(value, "weights"))
    remedy = "leave out the rows that stand for nothing"
    refuse(array <= 0, "weights is not above 0", remedy, array, index=index_of(value))
    if len(array) != n:
        raise ValueError(f"there are {len(array):,} weights and {n:,} leads: give one per lead")
    return array


def scored(name, score, outcome, weights=None):
    """Return the score of each lead, whether it bought, and its weight (None: one each)."""
    aligned(**{name: score, "outcome": outcome, "weights": weights})
    s, y = scores(name, score), outcomes("outcome", outcome)
    need_same_length("leads", **{name: s, "outcome": y})
    need_rows(s, name, "give at least one lead")
    return s, y, weights_of(weights, len(s))
