"""Bad input, in every dialect in which it comes, tried on every public function.

`tests/bad_calls` has a valid call of each function. Here one argument of it at a time is replaced:
by the same thing in another honest form, which must give the same result or be refused in the
house's words; or by something that cannot be right, which must be refused in the house's words. An
error that pandas, NumPy or Python raised is a failure, and so is a number made of nonsense.

    python -m tests.test_dialects        prints how many calls there were and what came of them
"""

import ast
import datetime as dt
import importlib
import importlib.util
import inspect
import linecache
import pkgutil
import re
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import funnelkit
from tests import bad_calls

PACKAGE = str(Path(funnelkit.__file__).parent)
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
DURATION = re.compile(r"\d+ ?(D|W|h|min|s|days?|hours?)")
PERIODS = {"D", "W", "M", "Q", "Y"}

ARROW = importlib.util.find_spec("pyarrow") is not None  # not in the lessons' environment

OTHERS = (
    "ranking",
    "survival",
    "surveys",
    "plots",
    "contract",
    "databases",
    "ingest",
    "service",
)  # no METRICS of theirs
RIGHT, REFUSED, BARE, SILENT = "right result", "clear message", "bare error", "silent number"


# ---------------------------------------------------------------- the calls


def subjects():
    return sorted(module.name for module in pkgutil.iter_modules(bad_calls.__path__))


def calls(subject):
    """Return the valid calls of a subject, and which odd arguments its functions do take."""
    module = importlib.import_module(f"tests.bad_calls.{subject}")
    return module.CALLS, getattr(module, "ACCEPTED", {})


def title(function):
    return f"{function.__module__.removeprefix('funnelkit.')}.{function.__qualname__}"


# ---------------------------------------------------------------- the dialects


def variants(name, value, others, default):
    """Yield (what it is, the value, whether it must be refused)."""
    if isinstance(value, pd.DataFrame):
        yield from of_table(value)
    elif isinstance(value, pd.Series):
        yield from of_series(value, several=any(isinstance(o, pd.Series) for o in others))
    elif isinstance(value, bool):
        yield "a word for a flag", "no", True
        yield "a set for a flag", {True}, True
    elif isinstance(value, (int, float, np.number)):
        yield from of_number(value)
    elif isinstance(value, (pd.Timestamp, dt.date)) or (
        isinstance(value, str) and ISO_DAY.fullmatch(value)
    ):
        yield from of_date()
    elif isinstance(value, str) and DURATION.fullmatch(value):
        yield from of_duration()
    elif isinstance(value, str) and value in PERIODS:
        yield from of_period()
    elif isinstance(value, str):
        yield "a name that is not there", "Qx7", True
        yield "a number for a name", 5.5, True
        yield "a set for a name", {value}, True
    elif isinstance(value, (list, tuple)) and value:
        yield from of_list(value)
    elif callable(value):
        yield "a number for a function", 5, True
        yield "text for a function", "mean", True
    if default is inspect.Parameter.empty:
        yield "nothing", None, True


def of_number(value):
    yield (
        "a NumPy scalar",
        np.float64(value) if isinstance(value, float) else np.int64(value),
        False,
    )
    yield "an array without dimensions", np.array(value), False
    yield "text for a number", "5 %", True
    yield "a number as text", str(value), True
    yield "a boolean for a number", True, True
    yield "not a number", float("nan"), True
    yield "infinite", float("inf"), True
    yield "a complex number", 1j, True
    yield "a set", {value}, True
    yield "a dictionary", {"a": value}, True
    yield "too large to compute with", 10**400, True
    yield "missing", pd.NA, True


def of_duration():
    for what, value in (
        ("a duration without unit", "7"),
        ("a number for a duration", 7),
        ("a negative duration", "-7D"),
        ("no duration", "soon"),
        ("a missing duration", pd.NaT),
        ("a list of durations", ["7D"]),
    ):
        yield what, value, True


def of_period():
    for what, value in (
        ("a multiple of a period", "7D"),
        ("a multiple of a period", "2W"),
        ("a period in words", "week"),
        ("a number for a period", 7),
        ("no period", None),
    ):
        yield what, value, True


def of_date():
    for what, value in (
        ("day and month by strokes", "12/03/2026"),
        ("day and month by points", "12.03.2026"),
        ("a date with a time zone", pd.Timestamp("2026-03-12", tz="UTC")),
        ("a missing date", pd.NaT),
        ("a year as a number", 2026),
        ("no date", "soon"),
        ("a date that cannot be", "2026-02-31"),
        ("a list of dates", ["2026-03-12"]),
        ("a boolean for a date", True),
    ):
        yield what, value, True


def of_list(value):
    yield "a tuple for a list", tuple(value), False
    yield "an array for a list", np.array(value, dtype=None), False
    if len(value) > 1 and all(isinstance(v, str) for v in value):
        yield "a set, which has no order", set(value), True
    yield "a number for a list", 5.5, True
    yield "a list of lists", [[v] for v in value], True


def of_series(values, several):
    yield "an array", values.to_numpy(), False
    yield "a list", values.tolist(), False
    yield "a table for a column", pd.DataFrame({"a": values, "b": values}), True
    yield "a set for a column", set(range(3)), True
    yield "a number for a column", 5.5, True
    yield "text for a column", "column", True
    if several:
        yield "another order of rows", values.iloc[::-1], True
        yield "another index", values.set_axis([f"row {i}" for i in range(len(values))]), True
    nested = pd.Series([[1, 2]] * len(values), index=values.index)
    yield "lists inside a column", nested, True
    yield from of_column(values)


def of_column(values):
    """Yield a column in other forms."""
    if pd.api.types.is_bool_dtype(values):
        yield "nullable booleans", values.astype("boolean"), False
        if ARROW:
            yield "Arrow booleans", values.astype("bool[pyarrow]"), False
        yield "booleans as objects", values.astype(object), False
        yield "Yes and No", values.map({True: "Yes", False: "No"}), True
    elif pd.api.types.is_datetime64_any_dtype(values):
        if ARROW:
            yield "Arrow times", values.astype("timestamp[us][pyarrow]"), False
        yield "times with a zone", values.dt.tz_localize("UTC"), True
        yield "times as day/month/year", values.dt.strftime("%d/%m/%Y"), True
        yield "times as numbers", values.astype("int64"), True
    elif pd.api.types.is_integer_dtype(values):
        yield "nullable whole numbers", values.astype("Int64"), False
        if ARROW:
            yield "Arrow numbers", values.astype("int64[pyarrow]"), False
        yield "numbers as text", values.astype(str) + " pieces", True
    elif pd.api.types.is_float_dtype(values):
        yield "nullable numbers", values.astype("Float64"), False
        if ARROW:
            yield "Arrow numbers", values.astype("double[pyarrow]"), False
        yield "numbers as text", "EUR " + values.astype(str), True
        spoilt = values.astype(float).copy()
        spoilt.iloc[-1] = np.inf
        yield "an infinite number", spoilt, True


def of_table(table):
    yield "a list for a table", table.to_dict("records"), True
    yield "a column for a table", table.iloc[:, 0], True
    yield "nothing but columns", table.iloc[:0], None
    yield "text for a table", "table", True
    for column in table.columns:
        values = table[column]
        # Whether the column is used is the function's affair: then it is refused, else unharmed.
        twice = pd.concat([table, values.rename(column)], axis="columns")
        yield f"two columns called {column}", twice, False
        nested = pd.Series([[1, 2]] * len(table), index=table.index, dtype=object)
        yield f"lists inside {column}", table.assign(**{str(column): nested}), False
        for what, spoilt, _ in of_column(values):
            yield f"{column}: {what}", table.assign(**{str(column): spoilt}), False
        if pd.api.types.is_string_dtype(values.dtype) or values.dtype == object:
            mixed = values.astype(object).copy()
            mixed.iloc[0] = 8887
            yield f"{column}: of two types", table.assign(**{str(column): mixed}), None


# ---------------------------------------------------------------- what comes of it


def attempt(function, arguments):
    """Run a call; return its result and its error, one of them None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(**arguments), None
        except Exception as error:
            return None, error


def is_the_houses(error):
    """Return whether an error was raised on purpose, by a `raise` of this package."""
    if not isinstance(error, (ValueError, TypeError)):
        return False
    last = traceback.extract_tb(error.__traceback__)[-1]
    if not last.filename.startswith(PACKAGE):
        return False
    lines = linecache.getlines(last.filename)
    tree = ast.parse("".join(lines))
    raised = (node for node in ast.walk(tree) if isinstance(node, ast.Raise))
    return any(node.lineno <= last.lineno <= node.end_lineno for node in raised)


def same(one, other):
    """Return whether two results are the same, whatever form they are in."""
    if isinstance(one, pd.DataFrame) and isinstance(other, pd.DataFrame):
        return list(map(str, one.columns)) == list(map(str, other.columns)) and all(
            same(one.iloc[:, i].tolist(), other.iloc[:, i].tolist()) for i in range(one.shape[1])
        )
    if isinstance(one, pd.Series | pd.Index):
        one = one.tolist()
    if isinstance(other, pd.Series | pd.Index):
        other = other.tolist()
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple, np.ndarray)) and isinstance(other, (list, tuple, np.ndarray)):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__dict__") and type(one) is type(other):
        return same(vars(one), vars(other))
    if pd.api.types.is_scalar(one) and pd.api.types.is_scalar(other):
        if pd.isna(one) or pd.isna(other):
            return bool(pd.isna(one) and pd.isna(other))
        if isinstance(one, (int, float, np.number)) and isinstance(other, (int, float, np.number)):
            return bool(np.isclose(float(one), float(other), rtol=1e-9, atol=1e-12))
    return one == other or str(one) == str(other)


def bad_calls_of(function, arguments, accepted):
    """Run every bad call that comes of a valid one; yield what it was and what came of it."""
    parameters = inspect.signature(function).parameters
    right, error = attempt(function, arguments)
    assert error is None, f"the valid call itself fails: {error!r}"
    for name, value in arguments.items():
        others = [other for key, other in arguments.items() if key != name]
        default = parameters[name].default if name in parameters else None
        for what, spoilt, must_be_refused in variants(name, value, others, default):
            takes = accepted.get((function, name), ())
            if what in takes or what.partition(": ")[2] in takes:
                continue
            result, error = attempt(function, {**arguments, name: spoilt})
            case = f"{title(function)}({name}= {what})"
            if error is not None:
                said = f"{type(error).__name__}: {error}"
                yield case, REFUSED if is_the_houses(error) else BARE, said
            elif must_be_refused is None or (not must_be_refused and same(result, right)):
                yield case, RIGHT, ""
            else:
                yield case, SILENT, f"{result!r}"[:120]


CASES = [
    pytest.param(function, arguments, accepted, id=f"{title(function)}-{number}")
    for subject in subjects()
    for listed, accepted in [calls(subject)]
    for number, (function, arguments) in enumerate(listed)
]


@pytest.mark.parametrize(("function", "arguments", "accepted"), CASES)
def test_bad_input_is_right_or_refused_in_words(function, arguments, accepted):
    outcomes = bad_calls_of(function, arguments, accepted)
    wrong = [f"{case}: {what}: {said}" for case, what, said in outcomes if what in (BARE, SILENT)]
    assert wrong == [], "\n" + "\n".join(wrong)


def public_functions():
    for name in (*funnelkit.SUBJECTS, *OTHERS):
        module = getattr(funnelkit, name)
        for each in module.__all__:
            value = getattr(module, each)
            if inspect.isfunction(value):
                yield value


def test_every_public_function_has_a_valid_call_to_spoil():
    called = [function for subject in subjects() for function, _ in calls(subject)[0]]
    tried = {title(getattr(function, "stands_for", function)) for function in called}
    missing = sorted({title(function) for function in public_functions()} - tried)
    assert missing == []


def main():
    counted = Counter()
    for subject in subjects():
        listed, accepted = calls(subject)
        for function, arguments in listed:
            for case, what, said in bad_calls_of(function, arguments, accepted):
                counted[what] += 1
                if what in (BARE, SILENT):
                    print(f"{case}: {what}: {said[:160]}")
    print(f"{counted.total():,} bad calls: " + ", ".join(
        f"{counted[what]:,} × {what}" for what in (REFUSED, RIGHT, BARE, SILENT)
    ))  # fmt: skip


if __name__ == "__main__":
    main()
