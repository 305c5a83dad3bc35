"""Kinds of one value: number, text, boolean, time, duration."""

import datetime as dt
import math
import re
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

import numpy as np
import pandas as pd

from funnelkit.exercises.answers import (
    decode,
    encode,
)
from funnelkit.exercises.kinds.words import Wrong, advice, described, is_missing, plain, shown

__all__ = ["Boolean", "Duration", "Kind", "Number", "Text", "Time"]

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
    def wanted(self):
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

    def read(self, value, what):
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

    def difference(self, given, truth, what, *, within=0.0):
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

    def forms(self, truth):
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
    def wanted(self):
        if not self.choices:
            return "a text"
        *most, last = [f"'{choice}'" for choice in self.choices]
        return f"{', '.join(most)} or {last}" if most else last

    def read(self, value, what):
        value = plain(value)
        if isinstance(value, (pd.Interval, pd.Period)):
            return str(value)
        if not isinstance(value, str):
            self._refuse(value, what, "scalar")
        return value

    def difference(self, given, truth, what, *, within=0.0):
        if self.key(given) == self.key(truth):
            return None
        if self.choices and self.key(given) not in map(self.key, self.choices):
            return Wrong(f"{what} should be {self.wanted}, and it is {shown(given)}.")
        return Wrong(f"{what} is {shown(given)}, which is not right.")

    def key(self, value):
        return value if self.exact or value is None else " ".join(value.split()).casefold()

    def forms(self, truth):
        yield "a NumPy text", np.str_(truth)
        if not self.exact:
            yield "with space around it", f" {truth}\n"
            yield "in capitals", truth.upper()


@dataclass(frozen=True)
class Boolean(Kind):
    """True or False."""

    wanted = "True or False"

    def read(self, value, what):
        value = plain(value)
        if not isinstance(value, bool):
            self._refuse(value, what, "boolean")
        return value

    def difference(self, given, truth, what, *, within=0.0):
        if given == truth:
            return None
        step = "Say in one sentence why it should be so, before you turn it round."
        return Wrong(f"{what} is {given}, which is not right.", step)

    def forms(self, truth):
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

    def read(self, value, what):
        value = plain(value)
        if not isinstance(value, dt.date) or value is pd.NaT:
            self._refuse(value, what, "scalar")
        return pd.Timestamp(value)

    def difference(self, given, truth, what, *, within=0.0):
        if abs(given - truth) <= pd.Timedelta(self.tolerance):
            return None
        return Wrong(f"{what} is too {'late' if given > truth else 'early'}.")

    def forms(self, truth):
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

    def read(self, value, what):
        value = plain(value)
        if not isinstance(value, dt.timedelta) or value is pd.NaT:
            self._refuse(value, what, "scalar")
        return pd.Timedelta(value)

    def difference(self, given, truth, what, *, within=0.0):
        if abs(given - truth) <= max(pd.Timedelta(self.tolerance), within * abs(truth)):
            return None
        return Wrong(f"{what} is too {'long' if given > truth else 'short'}.")

    def forms(self, truth):
        yield "a Python duration", truth.to_pytimedelta()
        yield "a NumPy duration", truth.to_timedelta64()
