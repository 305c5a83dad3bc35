"""`collect`: an answer is taken out of a notebook's variables, and called if it is a function."""

import builtins
import contextlib
import contextvars
import ctypes
import difflib
import dis
import threading
import time
import traceback
import types

from funnelkit.exercises.answers.decoding import decode
from funnelkit.exercises.answers.encoding import Encoder, dump, encode, type_name
from funnelkit.exercises.answers.forms import MAX_BYTES, SECONDS

__all__ = ["collect"]

# ---------------------------------------------------------------- collect


def collect(namespace, name, calls=None, *, seconds=None, clock=time.monotonic):
    """Take an answer out of a notebook's variables and return it as text.

    Parameters
    ----------
    namespace : dict
        The variables of the notebook.
    name : str
        The variable that holds the answer.
    calls : list of str, optional
        For a function: the arguments of each call, as `encode` writes ``(args, kwargs)``. Each
        call gets arguments of its own, so that a function which changes them harms no other.
    seconds : float, optional
        The time for all calls together, by default `SECONDS`. The function runs in a thread;
        when the time is up, it is interrupted, also in an endless loop, on every system. What
        cannot be interrupted is left behind (a long sleep) or cannot be left at all (a single
        endless operation inside a library): the grader has limits from outside for that.
    clock : callable
        What `seconds` are told by; the grader takes one that a busy machine does not hurry.

    Returns
    -------
    str
        Decodes to the value, or to `Absent` if there is no such variable, or to `Called` if
        `calls` are given and the answer is a function.

    Examples
    --------
    >>> decode(collect({"n_lead": 200}, "n_leads"))
    Absent(similar='n_lead')
    >>> calls = [encode(((200, 1000), {})), encode(((0, 0), {}))]
    >>> called = decode(collect({"rate": lambda leads, visits: leads / visits}, "rate", calls))
    >>> called.results[0], called.results[1].error
    (0.2, 'ZeroDivisionError')
    """
    if name not in namespace:
        return dump({"absent": _similar(namespace, name)})
    value = namespace[name]
    if calls is None or value is Ellipsis or not callable(value):
        return encode(value)
    results = _call_all(value, calls, SECONDS if seconds is None else seconds, clock)
    text = dump({"called": {"results": results, "empty": _is_empty(value)}})
    return (
        text
        if len(text) <= MAX_BYTES
        else dump({"unsupported": ["function", "what it returns is too large"]})
    )


def _similar(namespace, name):
    """Return the variable whose name is closest to `name`, if that looks like a slip."""
    names = [
        other
        for other, value in list(namespace.items())
        if type(other) is str and not other.startswith("_")
        if type(value) is not types.ModuleType and not hasattr(builtins, other)
    ]
    return "".join(difflib.get_close_matches(name, names, n=1, cutoff=0.8))[:100]


class _TimeIsUp(BaseException):
    """Raised inside a learner's function from outside."""


class _Silence:
    """Takes what a function prints while it is tried out."""

    def write(self, text):
        return len(text)

    def flush(self):
        pass


def _call_all(function, calls, seconds, clock):
    """Return the node of what came back from each call."""
    results, ended = [], []

    def work():
        try:
            for call in calls:
                results.append(_outcome(function, call))
        except _TimeIsUp:
            pass
        ended.append(True)

    thread = threading.Thread(target=contextvars.copy_context().run, args=[work], daemon=True)
    silence = _Silence()
    with contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
        thread.start()
        until = clock() + seconds
        try:
            while thread.is_alive() and (left := until - clock()) > 0:
                thread.join(min(left, 0.1))
        finally:  # also when the learner presses stop
            stopped = _stop(thread, ended)
    results = results[: len(calls)]
    if len(results) < len(calls):
        results.append({"timed out": [float(seconds), stopped]})
    return results


def _stop(thread, ended):
    """Interrupt a thread until it ends; return False if it does not within three seconds."""
    until = time.monotonic() + 3
    while thread.is_alive() and not ended and time.monotonic() < until:
        # Takes effect before the next step of Python code in that thread. A learner's bare
        # `except:` may catch it, so it is sent again and again, to arrive outside of it.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(_TimeIsUp)
        )
        thread.join(0.001)
    if ended:
        thread.join(1)
    return not thread.is_alive()


def _outcome(function, call):
    """Return the node of what one call gave."""
    args, kwargs = decode(call)
    try:
        return Encoder().whole(function(*args, **kwargs))
    except _TimeIsUp:
        raise
    except BaseException as error:  # also SystemExit: nothing that a learner writes may end us
        return _raised(error, function)


def _raised(error, function):
    try:
        text = str(error)
    except _TimeIsUp:
        raise
    except BaseException:
        text = ""
    where = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.line for frame in frames if frame.filename == where]
    line = (lines[-1] or "") if lines else ""
    parts = [type_name(error), text, line]
    return {"raised": [part.encode("utf-8", "replace").decode()[:300] for part in parts]}


def _is_empty(function):
    """Return whether a function's body is only ``...``, a docstring or ``pass``."""
    code = getattr(function, "__code__", None)
    if type(code) is not types.CodeType:
        return False
    steps = [step for step in dis.get_instructions(code) if step.opname not in ("RESUME", "NOP")]
    leaves = {"LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
    return all(step.opname in leaves and step.argval is None for step in steps)
