"""The sentence in which everything is refused, and names that were nearly right."""

import difflib

import numpy as np

__all__ = [
    "close_to",
    "kind_in_words",
    "name_of_type",
    "need_known",
    "one_of",
    "refuse",
    "short_form",
]

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
        raise error(f"{name} is {short_form(value)}: give one of {choices}{hint}")
    return value


def name_of_type(value):
    """Write a type with its article: "a list", "an int"."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def short_form(value):
    text = repr(value)
    return text if len(text) <= 60 and "\n" not in text else name_of_type(value)


def kind_in_words(kind):
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
