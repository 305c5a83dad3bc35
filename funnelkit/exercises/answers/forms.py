"""What an answer may be beside ordinary values, and the limits of all."""

import re
from dataclasses import dataclass

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
    "NUMERIC",
    "PANDAS",
    "Raised",
    "SECONDS",
    "TIMES",
    "TimedOut",
    "Unsupported",
]

MAX_BYTES = 1_000_000


MAX_DEPTH = 20


MAX_WIDTH = 16  # of a NumPy array of text in memory, in characters a byte of JSON


MAX_KEYS = 10_000  # of a dict or set: keys can be made that all hash alike


MAX_COLUMNS = 1_000  # of a table


MAX_BITS = 10_000  # of a whole number


NO_ZONE = "times in this course carry no time zone"


SECONDS = 5.0  # for all calls of a function together


NUMERIC = re.compile(r"bool|u?int(8|16|32|64)|float(16|32|64)")


TIMES = re.compile(r"(datetime64|timedelta64)\[(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\]")


PANDAS = re.compile(r"str|string|boolean|U?Int(8|16|32|64)|Float(32|64)")


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
