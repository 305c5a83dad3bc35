"""Answers that are functions: the calls to try, and what came back."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from funnelkit.exercises.answers import (
    Called,
    Raised,
    TimedOut,
    Unsupported,
    decode,
    encode,
)
from funnelkit.exercises.kinds.values import Kind
from funnelkit.exercises.kinds.words import Wrong, count, cut, plain

__all__ = ["Call", "Function", "shown_argument"]


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
    return cut(repr(value))


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

    def requests(self):
        return list(self._requests)

    def evaluate(self, source, change=None):
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

    def read(self, value, what):
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

    def difference(self, given, truth, what, *, within=0.0):
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
                + (f": {cut(mine.text)}" if mine.text else "")
                + (f", in the line `{cut(mine.line)}`." if mine.line else "."),
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

    def forms(self, truth):
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
