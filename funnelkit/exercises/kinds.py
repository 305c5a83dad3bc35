"""Kinds of answers: how each is read, compared and spoken about.

A kind reads an answer in whatever honest form it comes (a NumPy number for a number, a Series for
a list), and says in one sentence how it differs from the right one without giving that away.
Kinds are put together: ``List(Text())``, ``Table({"step": Text(), "users": Number(whole=True)})``,
``Function(Number(decimals=4), calls=[(200, 1000)])``.

Lesson authors import them from `funnelkit.checking`.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from funnelkit.exercises.answers import (
    MAX_KEYS,
    Called,
    Raised,
    TimedOut,
    Unsupported,
    decode,
    encode,
)


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
        return _cut(f"{value:,}")
    if isinstance(value, float):
        return f"{value:,.6g}" if 1e-5 < abs(value) < 1e9 else f"{value:g}"
    if isinstance(value, (list, tuple, set, frozenset)):
        entries = [shown(entry) for entry in list(value)[:20]]
        return _cut("[" + ", ".join(entries) + "]")
    if isinstance(value, dict):
        entries = [f"{shown(key)}: {shown(entry)}" for key, entry in list(value.items())[:20]]
        return _cut("{" + ", ".join(entries) + "}")
    if isinstance(value, (dt.date, dt.timedelta)):
        return str(value)
    return _cut(repr(value))


def _cut(text):
    return text if len(text) <= 60 else text[:57] + "…"


def count(number, noun):
    """Return ``"1 entry"``, ``"3 entries"``."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"


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


# ---------------------------------------------------------------- kinds


class Kind:
    """What all kinds share; see `Number` and the others."""

    @property
    def wanted(self):
        """What an answer of this kind is, after "should be"."""
        raise NotImplementedError

    def read(self, value, what):
        """Return the answer in the form in which it is compared.

        Parameters
        ----------
        value : object
            From `funnelkit.exercises.answers.decode`.
        what : str
            How a message names the answer, such as "`n_leads`" or "entry 2 of `rates`".

        Raises
        ------
        Wrong
            If it is not of this kind.
        """
        raise NotImplementedError

    def difference(self, given, truth, what, *, within=0.0):
        """Return how an answer differs from another, both from `read`.

        Parameters
        ----------
        given, truth : object
        what : str
        within : float
            Numbers also count as equal if they are within this share of `truth`.

        Returns
        -------
        Wrong or None
            None if they are the same.
        """
        raise NotImplementedError

    def forms(self, truth) -> Iterator[tuple[str, object]]:
        """Yield other honest forms of a right answer from `read`, each with its name."""
        raise NotImplementedError

    def entry(self, value, what):
        """Read one entry of a list or table, which may be missing (then None)."""
        value = plain(value)
        return None if is_missing(value) else self.read(value, what)

    def entry_difference(self, given, truth, what, *, within=0.0):
        """Compare two entries of a list or table."""
        if given is None and truth is None:
            return None
        if given is None:
            return Wrong(f"{what} is missing.")
        if truth is None:
            return Wrong(f"{what} should be missing (NaN), since there is nothing to compute.")
        return self.difference(given, truth, what, within=within)

    def key(self, value):
        """Return a value from `read` such that equal ones are equal in Python, and sort."""
        return value

    def requests(self):
        """Return the calls to make, as `answers.collect` takes them; None if none."""
        return None

    def evaluate(self, source, change=None):
        """Return the value that a truth or a mistake stands for, as `decode` would give it."""
        value = source()
        return decode(encode(change(value) if change else value))

    def _refuse(self, value, what, wanted):
        raise Wrong(
            f"{what} should be {self.wanted}, and it is {described(value)}.", advice(value, wanted)
        )


@dataclass(frozen=True, kw_only=True)
class Number(Kind):
    """A number.

    Parameters
    ----------
    unit : str
        Said where a message asks for the number: ``"EUR"``, ``"days"``, ``"fraction"``.
    whole : bool
        A count: compared exactly; 1000.0 is as good as 1000.
    decimals : int, optional
        To how many decimals the task asks for it. More are welcome: an answer is right within
        half a unit of the last.
    tolerance : float, optional
        The largest difference allowed, where neither of the above fits. With none of the three,
        numbers have to agree to nine digits.

    Examples
    --------
    >>> kind = Number(decimals=2)
    >>> print(kind.difference(0.2049, 0.2, "`rate`"))
    None
    >>> print(kind.difference(0.2051, 0.2, "`rate`"))
    `rate` is too large.
    """

    unit: str = ""
    whole: bool = False
    decimals: int | None = None
    tolerance: float | None = None

    def __post_init__(self):
        if self.whole + (self.decimals is not None) + (self.tolerance is not None) > 1:
            raise ValueError("a Number takes one of whole, decimals and tolerance")

    @property
    def wanted(self):  # noqa: D102
        unit = f" ({self.unit})" if self.unit else ""
        return f"a whole number{unit}" if self.whole else f"a number{unit}"

    def allowed(self, truth):
        """Return the largest difference from `truth` that is still right."""
        if self.whole:
            return 1e-6
        if self.tolerance is not None:
            return self.tolerance
        if self.decimals is not None:
            return 0.5 * 10.0**-self.decimals
        return 1e-9 * abs(truth)

    def read(self, value, what):  # noqa: D102
        value = plain(value)
        if isinstance(value, float) and not math.isfinite(value):
            kind = "not a number (NaN)" if math.isnan(value) else "infinite"
            why = "a missing value" if math.isnan(value) else "a division by zero"
            raise Wrong(f"{what} is {kind}.", f"Look for {why} on the way to it.")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            _refuse_comma(value, what, self.wanted)
            self._refuse(value, what, "number")
        if isinstance(value, int) and abs(value) > 10**300:
            raise Wrong(f"{what} is far too large: more than ten times what it should be.")
        return value

    def difference(self, given, truth, what, *, within=0.0):  # noqa: D102
        gap, allowed = abs(given - truth), self.allowed(truth)
        if gap <= max(allowed * (1 + 1e-6) + 1e-12 * abs(truth), within * abs(truth)):
            return None
        if self.whole and given != round(given):
            return Wrong(f"{what} should be {self.wanted}, and it is {shown(given)}.")
        decimals = self.decimals or 0
        for fewer in range(1, decimals):
            if given != 0 and abs(given - round(truth, fewer)) < 1e-12 * max(1.0, abs(truth)):
                return Wrong(
                    f"{what} is rounded too far.",
                    f"Give at least {decimals} decimals; there is no need to round at all.",
                )
        if given * truth < 0:
            return Wrong(f"{what} has the wrong sign.")
        if truth and abs(given) > 10 * abs(truth):
            return Wrong(f"{what} is far too large: more than ten times what it should be.")
        if abs(given) * 10 < abs(truth):
            return Wrong(f"{what} is far too small: less than a tenth of what it should be.")
        return Wrong(f"{what} is too {'large' if given > truth else 'small'}.")

    def forms(self, truth):  # noqa: D102
        yield "a NumPy float", np.float64(truth)
        yield "a NumPy array without dimensions", np.array(truth)
        if truth == round(truth) and abs(truth) < 2**53:
            yield "a whole number", int(truth)
            yield "a float", float(truth)
            yield "a NumPy integer", np.int64(truth)
        if self.decimals is not None:
            yield f"rounded to {self.decimals} decimals", round(truth, self.decimals)


_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")


def _refuse_comma(value, what, wanted):
    """Refuse a number that is written with a comma, as much of Europe does."""
    if isinstance(value, str) and _COMMA.fullmatch(value):
        raise Wrong(
            f"{what} should be {wanted}, and it is the text {shown(value)}.",
            f"Leave out the quotation marks, and write a point for the decimal comma: "
            f"`{value.strip().replace(',', '.')}`.",
        )
    if isinstance(value, tuple) and len(value) == 2:
        whole, part = map(plain, value)
        if type(whole) is int and type(part) is int and 0 <= part < 10**15:
            raise Wrong(
                f"{what} should be {wanted}, and it is two: Python ends the first one at the "
                f"comma of `{whole},{part}`.",
                f"Write a point for a decimal comma, `{whole}.{part}`, and nothing between "
                "thousands.",
            )


@dataclass(frozen=True)
class Text(Kind):
    """A text; capitals and space around it do not matter.

    Parameters
    ----------
    choices : tuple of str
        The texts among which the task asks to choose; a message names them.
    exact : bool
        Capitals and space matter.
    """

    choices: tuple[str, ...] = ()
    _: KW_ONLY
    exact: bool = False

    def __post_init__(self):
        if isinstance(self.choices, str):
            raise TypeError("choices is a tuple of texts, not one text")
        object.__setattr__(self, "choices", tuple(self.choices))

    @property
    def wanted(self):  # noqa: D102
        if not self.choices:
            return "a text"
        *most, last = [f"'{choice}'" for choice in self.choices]
        return f"{', '.join(most)} or {last}" if most else last

    def read(self, value, what):  # noqa: D102
        value = plain(value)
        if isinstance(value, (pd.Interval, pd.Period)):
            return str(value)
        if not isinstance(value, str):
            self._refuse(value, what, "scalar")
        return value

    def difference(self, given, truth, what, *, within=0.0):  # noqa: D102
        if self.key(given) == self.key(truth):
            return None
        if self.choices and self.key(given) not in map(self.key, self.choices):
            return Wrong(f"{what} should be {self.wanted}, and it is {shown(given)}.")
        return Wrong(f"{what} is {shown(given)}, which is not right.")

    def key(self, value):  # noqa: D102
        return value if self.exact or value is None else " ".join(value.split()).casefold()

    def forms(self, truth):  # noqa: D102
        yield "a NumPy text", np.str_(truth)
        if not self.exact:
            yield "with space around it", f" {truth}\n"
            yield "in capitals", truth.upper()


@dataclass(frozen=True)
class Boolean(Kind):
    """True or False."""

    wanted = "True or False"

    def read(self, value, what):  # noqa: D102
        value = plain(value)
        if not isinstance(value, bool):
            self._refuse(value, what, "boolean")
        return value

    def difference(self, given, truth, what, *, within=0.0):  # noqa: D102
        if given == truth:
            return None
        step = "Say in one sentence why it should be so, before you turn it round."
        return Wrong(f"{what} is {given}, which is not right.", step)

    def forms(self, truth):  # noqa: D102
        yield "a NumPy boolean", np.bool_(truth)


@dataclass(frozen=True, kw_only=True)
class Time(Kind):
    """A point in time, naive UTC.

    Parameters
    ----------
    tolerance : str
        The largest difference allowed, as `pandas.Timedelta` takes it.
    """

    tolerance: str = "0s"
    wanted = "a time, such as `pd.Timestamp('2026-01-31')`"

    def read(self, value, what):  # noqa: D102
        value = plain(value)
        if not isinstance(value, dt.date) or value is pd.NaT:
            self._refuse(value, what, "scalar")
        return pd.Timestamp(value)

    def difference(self, given, truth, what, *, within=0.0):  # noqa: D102
        if abs(given - truth) <= pd.Timedelta(self.tolerance):
            return None
        return Wrong(f"{what} is too {'late' if given > truth else 'early'}.")

    def forms(self, truth):  # noqa: D102
        yield "a Python time", truth.to_pydatetime()
        yield "a NumPy time", truth.to_datetime64()
        if truth == truth.normalize():
            yield "a date", truth.date()


@dataclass(frozen=True, kw_only=True)
class Duration(Kind):
    """A length of time.

    Parameters
    ----------
    tolerance : str
        The largest difference allowed, as `pandas.Timedelta` takes it.
    """

    tolerance: str = "1s"
    wanted = "a duration, such as `pd.Timedelta('3D')`"

    def read(self, value, what):  # noqa: D102
        value = plain(value)
        if not isinstance(value, dt.timedelta) or value is pd.NaT:
            self._refuse(value, what, "scalar")
        return pd.Timedelta(value)

    def difference(self, given, truth, what, *, within=0.0):  # noqa: D102
        if abs(given - truth) <= max(pd.Timedelta(self.tolerance), within * abs(truth)):
            return None
        return Wrong(f"{what} is too {'long' if given > truth else 'short'}.")

    def forms(self, truth):  # noqa: D102
        yield "a Python duration", truth.to_pytimedelta()
        yield "a NumPy duration", truth.to_timedelta64()


@dataclass(frozen=True)
class List(Kind):
    """A list; a tuple, an array, an Index and a Series are as good.

    Parameters
    ----------
    of : Kind
        What each entry is.
    ordered : bool
        Whether the order counts. If not, a set is as good too.
    """

    of: Kind
    _: KW_ONLY
    ordered: bool = True

    @property
    def wanted(self):  # noqa: D102
        return "a list"

    def read(self, value, what):  # noqa: D102
        if isinstance(value, (set, frozenset)) and self.ordered:
            raise Wrong(
                f"{what} should be a list, and it is a set, which has no order.",
                "Write it with square brackets, in the order asked for.",
            )
        flat = isinstance(value, (pd.Series, pd.Index)) and not isinstance(value, pd.MultiIndex)
        if isinstance(value, (np.ndarray, pd.api.extensions.ExtensionArray)):
            flat = value.ndim == 1
        if isinstance(value, range) and len(value) > MAX_KEYS:
            raise Wrong(f"{what} has far too many entries.")
        if not flat and not isinstance(value, (list, tuple, set, frozenset, range)):
            self._refuse(value, what, "list")
        return [
            self.of.entry(entry, f"entry {number} of {what}")
            for number, entry in enumerate(value, 1)
        ]

    def difference(self, given, truth, what, *, within=0.0):  # noqa: D102
        if len(given) != len(truth):
            have = count(len(given), "entry")
            return Wrong(f"{what} has {have}; {len(truth):,} are expected.")
        if not self.ordered:
            return self._difference_free(given, truth, what, within)
        wrong = [
            difference
            for number, pair in enumerate(zip(given, truth, strict=True), 1)
            if (
                difference := self.of.entry_difference(
                    *pair, f"entry {number} of {what}", within=within
                )
            )
        ]
        return _first(wrong, "entry")

    def _difference_free(self, given, truth, what, within):
        def sort(values):
            return sorted(values, key=lambda v: (v is None, 0 if v is None else self.of.key(v)))

        left, strange = sort(truth), []
        for entry in sort(given):
            for place, other in enumerate(left):
                if not self.of.entry_difference(entry, other, what, within=within):
                    del left[place]
                    break
            else:
                strange.append(entry)
        if not strange:
            return None
        named = f"{shown(strange[0])} does not belong in {what}"
        return Wrong(f"{named}{_others(len(strange) - 1, 'entry')}.")

    def forms(self, truth):  # noqa: D102
        yield "a tuple", tuple(truth)
        yield "a NumPy array", np.array(truth, dtype=object if None in truth else None)
        yield "a Series with another index", pd.Series(truth, index=range(5, 5 + len(truth)))
        yield "an Index", pd.Index(truth)
        if truth and None not in truth:
            for name, _form in self.of.forms(truth[0]):
                yield (
                    f"each entry {name}",
                    [dict(self.of.forms(entry)).get(name, entry) for entry in truth],
                )
        if not self.ordered:
            yield "in another order", list(reversed(truth))
            if len(set(truth)) == len(truth):
                yield "a set", set(truth)


@dataclass(frozen=True)
class Mapping(Kind):
    """A mapping from names to values; a Series with the names as its index is as good.

    Parameters
    ----------
    of : Kind
        What each value is.
    """

    of: Kind

    @property
    def wanted(self):  # noqa: D102
        return "a mapping (dict)"

    def read(self, value, what):  # noqa: D102
        if not isinstance(value, (dict, pd.Series)):
            self._refuse(value, what, "mapping")
        if len(value) > MAX_KEYS:
            raise Wrong(f"{what} has {len(value):,} entries, far too many.")
        read = {}
        for name, entry in value.items():
            key = _name(name)
            if key in read:
                raise Wrong(f"{what} has two entries for {shown(key)}.")
            read[key] = self.of.entry(entry, f"the entry of {what} for {shown(key)}")
        return read

    def difference(self, given, truth, what, *, within=0.0):  # noqa: D102
        lacking = [name for name in truth if name not in given]
        strange = [name for name in given if name not in truth]
        if lacking:
            slip = f" (it has one for {shown(strange[0])})" if strange else ""
            return Wrong(f"{what} has no entry for {shown(lacking[0])}{slip}.")
        if strange:
            return Wrong(f"{what} has an entry for {shown(strange[0])}, which is not asked for.")
        wrong = []
        for name in truth:
            entry = f"the entry of {what} for {shown(name)}"
            found = self.of.entry_difference(given[name], truth[name], entry, within=within)
            wrong += [found] if found else []
        return _first(wrong, "entry")

    def forms(self, truth):  # noqa: D102
        yield "in another order", dict(reversed(truth.items()))
        yield "a Series", pd.Series(truth)
        if truth and None not in truth.values():
            for name, _form in self.of.forms(next(iter(truth.values()))):
                yield (
                    f"each entry {name}",
                    {
                        key: dict(self.of.forms(entry)).get(name, entry)
                        for key, entry in truth.items()
                    },
                )


@dataclass(frozen=True)
class Table(Kind):
    """A table. The order of its columns, further columns and the numbering of rows do not matter.

    Parameters
    ----------
    columns : dict
        The name of each column that is asked for, and the kind of its entries.
    key : str or tuple of str
        The columns that name a row. Rows may then come in any order, messages name the row, and
        the key may as well be in the index.
    ordered : bool, optional
        Whether the order of rows counts; by default it does where there is no `key`.
    """

    columns: dict[str, Kind]
    _: KW_ONLY
    key: str | tuple[str, ...] = ()
    ordered: bool | None = None
    wanted = "a table (DataFrame)"

    def __post_init__(self):
        keys = (self.key,) if isinstance(self.key, str) else tuple(self.key)
        unknown = [name for name in keys if name not in self.columns]
        if unknown:
            raise ValueError(f"the key {unknown[0]!r} is none of the columns")
        object.__setattr__(self, "keys", keys)
        if self.ordered is None:
            object.__setattr__(self, "ordered", not keys)

    def read(self, value, what):  # noqa: D102
        if isinstance(value, pd.Series):
            index = [name for name in value.index.names if name in self.columns]
            rest = [name for name in self.columns if name not in index]
            if index and len(rest) == 1:
                value = value.to_frame(value.name if value.name is not None else rest[0])
        if not isinstance(value, pd.DataFrame):
            self._refuse(value, what, "table")
        lacking = [name for name in self.columns if name not in value.columns]
        named = [level for level, name in enumerate(value.index.names) if name in lacking]
        if named:
            value = value.reset_index(level=named)
            lacking = [name for name in self.columns if name not in value.columns]
        if lacking:
            names = [name for name in value.columns if isinstance(name, str)]
            close = difflib.get_close_matches(lacking[0], names, n=1)
            if close:
                raise Wrong(
                    f"{what} has no column `{lacking[0]}`; it has `{close[0]}`.",
                    "Give the column the name that the task asks for.",
                )
            raise Wrong(
                f"{what} has no column `{lacking[0]}`.",
                "If it is in the index, `.reset_index()` makes it a column.",
            )
        read = {}
        for name, kind in self.columns.items():
            column = value[name]
            if isinstance(column, pd.DataFrame):
                raise Wrong(f"{what} has the column `{name}` twice.")
            read[name] = [
                kind.entry(entry, f"`{name}` in row {number} of {what}")
                for number, entry in enumerate(column, 1)
            ]
        return read

    def difference(self, given, truth, what, *, within=0.0):  # noqa: D102
        names = list(self.columns)
        have, need = len(given[names[0]]), len(truth[names[0]])
        if have != need:
            return Wrong(f"{what} has {count(have, 'row')}; {need:,} are expected.")
        if self.keys:
            return self._difference_keyed(given, truth, what, within)
        rows = [(number, number, f"in row {number + 1} of {what}") for number in range(need)]
        if self.ordered:
            return self._compare(given, truth, rows, within)
        left = list(range(need))
        strange = []
        for row in range(have):
            for place, other in enumerate(left):
                if not self._compare(given, truth, [(row, other, "")], within):
                    del left[place]
                    break
            else:
                strange.append(row)
        if not strange:
            return None
        return Wrong(
            f"row {strange[0] + 1} of {what} is not among the right ones"
            f"{_others(len(strange) - 1, 'row')}."
        )

    def _difference_keyed(self, given, truth, what, within):
        def rows(table):
            columns = [[self.columns[k].key(v) for v in table[k]] for k in self.keys]
            return list(zip(*columns, strict=True))

        def named(table, row):
            names = [f"`{k}` is {shown(table[k][row])}" for k in self.keys]
            return " and ".join(names)

        have, need = rows(given), rows(truth)
        place = {key: row for row, key in enumerate(have)}
        if len(place) < len(have):
            twice = next(row for row, key in enumerate(have) if place[key] != row)
            return Wrong(f"{what} has two rows where {named(given, twice)}.")
        for row, key in enumerate(need):
            if key not in place:
                return Wrong(f"{what} has no row where {named(truth, row)}.")
        if self.ordered and have != need:
            return Wrong(f"the rows of {what} are not in the order asked for.", "Sort them.")
        pairs = [
            (place[key], row, f"in the row of {what} where {named(truth, row)}")
            for row, key in enumerate(need)
        ]
        return self._compare(given, truth, pairs, within)

    def _compare(self, given, truth, rows, within):
        wrong = []
        for name, kind in self.columns.items():
            for row, other, where in rows:
                found = kind.entry_difference(
                    given[name][row], truth[name][other], f"`{name}` {where}", within=within
                )
                wrong += [found] if found else []
        return _first(wrong, "value")

    def forms(self, truth):  # noqa: D102
        table = pd.DataFrame(truth)
        yield "columns in another order", table[list(reversed(table.columns))]
        yield "with another column", table.assign(another=1)
        yield "with another index", table.set_axis(range(7, 7 + len(table)))
        for kind, name, types in (
            (Text, "text", ("category", "object")),
            (Number, "numbers", ("Float64", "object")),
        ):
            names = [column for column, of in self.columns.items() if isinstance(of, kind)]
            for dtype in types if names else ():
                yield f"{name} as {dtype}", table.astype(dict.fromkeys(names, dtype))
        if self.keys:
            yield "the key in the index", table.set_index(list(self.keys))
        if not self.ordered:
            yield "rows in another order", table.iloc[::-1]


class Call:
    """One call of a learner's function.

    Parameters
    ----------
    *args, **kwargs
        The arguments.
    says : str, optional
        How messages name the call, such as ``"for a log without events"``; by default the
        call is written out.
    """

    def __init__(self, *args, says="", **kwargs):
        self.args, self.kwargs, self.says = args, kwargs, says

    def text(self, name):
        """Return how a message names what the call gives."""
        if self.says:
            return f"`{name}` {self.says}"
        written = [shown_argument(arg) for arg in self.args]
        written += [f"{key}={shown_argument(arg)}" for key, arg in self.kwargs.items()]
        return f"`{name}({', '.join(written)})`"


def shown_argument(value):
    """Return an argument as it is written in a call: ``1000``, not ``1,000``."""
    value = plain(value)
    if isinstance(value, pd.DataFrame):
        return f"table of {count(len(value), 'row')}"
    if isinstance(value, pd.Series):
        return f"Series of {count(len(value), 'entry')}"
    return _cut(repr(value))


@dataclass(frozen=True)
class Function(Kind):
    """A function that the learner writes.

    The truth of such a task is a function that is right; a known mistake is a function that is
    wrong. They are tried with the same calls.

    Parameters
    ----------
    of : Kind
        What it returns.
    calls : sequence of tuple or Call, or a function that returns such
        The arguments of each call; a tuple holds positional ones. Choose them so that the known
        mistakes give something else in at least one. A call for which the right function raises
        an error asks for an error of that type.
    """

    of: Kind
    calls: tuple | Callable
    wanted = "a function"

    @cached_property
    def made(self):
        """The calls, each a `Call`."""
        calls = self.calls() if callable(self.calls) else self.calls
        return [call if isinstance(call, Call) else Call(*call) for call in calls]

    @cached_property
    def _requests(self):
        requests = [encode((call.args, call.kwargs)) for call in self.made]
        for call, text in zip(self.made, requests, strict=True):
            if isinstance(decode(text), Unsupported) or '{"unsupported"' in text:
                raise ValueError(f"the arguments of {call.text('f')} cannot be written out")
        return requests

    def requests(self):  # noqa: D102
        return list(self._requests)

    def evaluate(self, source, change=None):  # noqa: D102
        results = []
        for text in self._requests:
            args, kwargs = decode(text)
            try:
                value = source(*args, **kwargs)
            except Exception as error:
                results.append(Raised(type(error).__name__, str(error)))
            else:
                results.append(decode(encode(change(value) if change else value)))
        return Called(results)

    def read(self, value, what):  # noqa: D102
        if not isinstance(value, Called):
            self._refuse(value, what, "function")
        name, read = what.strip("`"), []
        if len(value.results) > len(self.made):
            raise Wrong(f"{what} was called more often than asked.")
        for call, result in zip(self.made, value.results, strict=False):
            text = call.text(name)
            if isinstance(result, TimedOut):
                raise Wrong(
                    f"{text} did not come to an end within {result.seconds:g} seconds.",
                    "Look for a loop whose condition never becomes false."
                    if result.stopped
                    else "Choose “Restart Kernel” in the menu “Kernel”, since it cannot be stopped "
                    "from here, and look for what it waits for.",
                )
            if isinstance(result, Raised):
                read.append(result)
            else:
                read.append(_Returned(result, text))
        if len(read) < len(self.made):
            raise Wrong(f"{what} could not be called to the end.")
        return read

    def difference(self, given, truth, what, *, within=0.0):  # noqa: D102
        name = what.strip("`")
        for call, mine, right in zip(self.made, given, truth, strict=True):
            found = self._call_difference(mine, right, call.text(name), within)
            if found:
                return found
        return None

    def _call_difference(self, mine, right, text, within):
        if isinstance(right, Raised):
            if isinstance(mine, Raised) and mine.error == right.error:
                return None
            did = f"raised {mine.error}" if isinstance(mine, Raised) else "returned a value"
            return Wrong(f"{text} should raise {right.error}, and it {did}.")
        if isinstance(mine, Raised):
            return Wrong(
                f"{text} ended in an error, {mine.error}"
                + (f": {_cut(mine.text)}" if mine.text else "")
                + (f", in the line `{_cut(mine.line)}`." if mine.line else "."),
                "Run that call in a cell of your own to see where it fails.",
            )
        if mine.value is None:
            return Wrong(
                f"{text} gave nothing back (None).",
                "End the function with `return` and the value; printing is not returning.",
            )
        try:
            value = self.of.read(mine.value, f"what {text} returns")
            expected = self.of.read(right.value, "the truth")
        except Wrong as wrong:
            return wrong
        return self.of.difference(value, expected, f"what {text} returns", within=within)

    def forms(self, truth):  # noqa: D102
        answers = [
            r if isinstance(r, Raised) else self.of.read(r.value, "the truth") for r in truth
        ]
        first = next((answer for answer in answers if not isinstance(answer, Raised)), None)
        if first is None:
            return
        for name, _form in self.of.forms(first):
            yield f"returns {name}", self._like(answers, name)

    def _like(self, answers, form):
        """Return a function that gives the right answers in another form."""
        replies = dict(zip(self._requests, answers, strict=True))

        def function(*args, **kwargs):
            answer = replies[encode((args, kwargs))]
            if isinstance(answer, Raised):
                raise type(answer.error, (Exception,), {})
            return dict(self.of.forms(answer)).get(form, answer)

        return function


@dataclass(frozen=True)
class _Returned:
    """What a call returned, and how a message names it."""

    value: object
    text: str


def _name(name):
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
    return tuple(map(_name, name)) if isinstance(name, tuple) else name


def _first(wrong, noun):
    """Return the first of several differences, with a word on how many others there are."""
    if not wrong:
        return None
    first, others = wrong[0], _others(len(wrong) - 1, noun)
    return Wrong(f"{first.sentence.removesuffix('.')}{others}.", first.next_step)


def _others(number, noun):
    if not number:
        return ""
    verb = "is" if number == 1 else "are"
    return f", and {count(number, f'other {noun}')} {verb} not right either"
