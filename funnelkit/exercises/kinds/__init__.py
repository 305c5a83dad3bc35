"""Kinds of answers: how each is read, compared and spoken about.

A kind reads an answer in whatever honest form it comes (a NumPy number for a number, a Series for
a list), and says in one sentence how it differs from the right one without giving that away.
Kinds are put together: ``List(Text())``, ``Table({"step": Text(), "users": Number(whole=True)})``,
``Function(Number(decimals=4), calls=[(200, 1000)])``.

Lesson authors import them from `funnelkit.checking`.
"""

from funnelkit.exercises.kinds.functions import Call, Function, shown_argument
from funnelkit.exercises.kinds.several import List, Mapping, Table
from funnelkit.exercises.kinds.values import Boolean, Duration, Kind, Number, Text, Time
from funnelkit.exercises.kinds.words import (
    Wrong,
    advice,
    count,
    described,
    is_missing,
    plain,
    shown,
)

__all__ = [
    "Boolean",
    "Call",
    "Duration",
    "Function",
    "Kind",
    "List",
    "Mapping",
    "Number",
    "Table",
    "Text",
    "Time",
    "Wrong",
    "advice",
    "count",
    "described",
    "is_missing",
    "plain",
    "shown",
    "shown_argument",
]
