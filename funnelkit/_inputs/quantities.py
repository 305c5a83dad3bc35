"""Numbers: counts, shares, amounts, scores, and several that are given together."""

from collections.abc import Mapping, Set

import numpy as np
import pandas as pd

from funnelkit._inputs.columns import as_series, need_rows, outcomes
from funnelkit._inputs.words import kind_in_words, refuse, short_form

__all__ = [
    "aligned",
    "amount",
    "amounts",
    "computable",
    "count",
    "counts",
    "dress",
    "finite",
    "index_of",
    "need_fractions",
    "need_same_length",
    "numbers",
    "part_of",
    "scored",
    "scores",
    "shares",
    "weights_of",
]

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
        raise TypeError(f"{name} is {short_form(value)}: give numbers")
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
        raise TypeError(f"{name} holds {kind_in_words(kind)}: give numbers")
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
