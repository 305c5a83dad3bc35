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

from funnelkit.exercises.answers.collecting import collect
from funnelkit.exercises.answers.decoding import decode
from funnelkit.exercises.answers.encoding import encode
from funnelkit.exercises.answers.forms import (
    MAX_BITS,
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_DEPTH,
    MAX_KEYS,
    MAX_WIDTH,
    NO_ZONE,
    SECONDS,
    Absent,
    Called,
    Raised,
    TimedOut,
    Unsupported,
)

__all__ = [
    "Absent",
    "Called",
    "MAX_BITS",
    "MAX_BYTES",
    "MAX_COLUMNS",
    "MAX_DEPTH",
    "MAX_KEYS",
    "MAX_WIDTH",
    "NO_ZONE",
    "Raised",
    "SECONDS",
    "TimedOut",
    "Unsupported",
    "collect",
    "decode",
    "encode",
]
