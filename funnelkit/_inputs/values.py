"""One value: numbers, options, durations, periods, days."""

import datetime
import re
from statistics import NormalDist

import numpy as np
import pandas as pd

from funnelkit._inputs.words import name_of_type, short_form

__all__ = [
    "FREQUENCIES",
    "LARGEST",
    "LAST_MOMENT",
    "NO_TIME",
    "NUMBERS",
    "TO_NAIVE_UTC",
    "WHOLE_DAY",
    "confidence_quantile",
    "duration",
    "end_of_data",
    "frequency",
    "moment",
    "need_callable",
    "need_flags",
    "need_texts",
    "number",
    "positive",
    "random_generator",
    "switch",
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
        raise TypeError(f"{name} is {short_form(value)}: {remedy}")
    try:
        value = float(value)
    except OverflowError:
        raise ValueError(f"{name} is {short_form(value)}: {remedy}") from None
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
        raise TypeError(f"{name} is {short_form(value)}: {remedy}")
    if value < at_least or value > (LARGEST if at_most is None else at_most):
        raise ValueError(f"{name} is {short_form(value)}: {remedy}")
    return int(value)


def switch(name, value):
    """Return an option that is on or off; any text, "no" included, would count as on."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {short_form(value)}: give True or False")
    return bool(value)


def random_generator(seed):
    """Return a generator of random numbers: made of a seed, or the one that is given."""
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(None if seed is None else whole("seed", seed, at_least=0))


def need_callable(name, value, what="a function"):
    """Refuse what cannot be called."""
    if not callable(value):
        raise TypeError(f"{name} is {short_form(value)}: give {what}")
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
        raise ValueError(f"{name} is {short_form(value)}, not a length of time: {advice}") from None
    if length is pd.NaT:
        raise ValueError(f"{name} is missing: {advice}")
    if length < at_least:
        runs = "it runs forward in time" if length < NO_TIME else "it is too short"
        raise ValueError(f"{name} is {short_form(value)}: {runs}, so {advice}")
    return length


def frequency(name, value):
    """Return the code of a period: D, W, M, Q or Y, or one with an anchor such as W-SUN.

    A multiple is refused: pandas would begin a period of seven days on *every* day.
    """
    advice = "give 'D', 'W', 'M', 'Q' or 'Y', for one day, week, month, quarter or year"
    if not isinstance(value, str):
        raise TypeError(f"{name} is {short_form(value)}: {advice}")
    multiple = re.match(r"\s*\d", value)
    try:
        code = (
            ""
            if multiple or value != value.upper()
            else pd.Period("2026-01-01", freq=value).freqstr
        )
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
        raise TypeError(f"{name} is {short_form(value)}, not a date: {advice}")
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
        raise ValueError(
            f"{name} is {short_form(value)}, not a day that can be: {advice}"
        ) from None
    if stamp.tz is not None:
        _refuse_zone(name, value)
    return stamp, stamp == stamp.normalize()


def _refuse_zone(name, value):
    raise ValueError(
        f"{name} is {str(value)!r}, with a time zone, and times here are naive UTC: "
        "give pd.Timestamp(...).tz_convert('UTC').tz_localize(None)"
    )
