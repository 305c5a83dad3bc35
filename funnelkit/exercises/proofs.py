"""Proofs: what a task promises, tried."""

import re

from funnelkit.exercises.answers import collect, decode, encode
from funnelkit.exercises.judging import judge
from funnelkit.exercises.kinds import Function, List, Mapping, Number, Table, described
from funnelkit.exercises.tasks import NOT_ATTEMPTED, RIGHT, WRONG, request

__all__ = ["prove"]

# ---------------------------------------------------------------- proofs


# Answers that are right for no task; what a check says to each may not be an error of its own.
_NEVER = (None, float("nan"), float("inf"), {}, [], "", (), 1j, print, object(), [[]], {"": None})


_WIDEST = 0.05  # of the answer: a tolerance beyond this proves nothing


def prove(task, solution=None, stub=...):
    """Hold a task to its promises.

    Parameters
    ----------
    task : Task
    solution : object, optional
        What the solution gives: the value of the task's variable after its notebook was run. By
        default the truth itself.
    stub : object
        What the learner's untouched notebook gives.

    Returns
    -------
    list of str
        What is not as it should be; empty if all of this holds:

        - the stub is not attempted, and so is a missing variable;
        - the solution and the truth are right, and right again in every other honest form;
        - each known mistake is refused with its own message, also when rounded as the task asks
          and in other forms; so no two of them, and none and the truth, are one;
        - the tolerance is no wider than 5 % of the answer;
        - odd values are refused, with a message and without an error;
        - no hint or message holds the answer.

    Examples
    --------
    >>> from funnelkit.exercises.kinds import Number
    >>> from funnelkit.exercises.tasks import Mistake, Task
    >>> task = Task("2.1", "A rate", name="rate", kind=Number(tolerance=0.05),
    ...             truth=lambda: 0.2, section="Rates",
    ...             mistakes=[Mistake("b-for-a", lambda: 0.24, "That is the rate of B.")])
    >>> for problem in prove(task):
    ...     print(problem)
    2.1: the mistake b-for-a passes as right
    2.1: the tolerance 0.05 is 25 % of the answer
    """
    try:
        return [f"{task.id}: {problem}" for problem in _problems(task, solution, stub)]
    except Exception as error:
        return [f"{task.id}: {type(error).__name__}: {error}"]


def _problems(task, solution, stub):
    def judged(value):
        return judge(task, collect({task.name: value}, **request(task)))

    for what, result in (
        ("the stub", judged(stub)),
        ("a missing variable", judge(task, collect({}, **request(task)))),
    ):
        if result.status != NOT_ATTEMPTED:
            yield f"{what} is {result.status}: {result.message}"
    if solution is not None:
        result = judged(solution)
        if result.status != RIGHT:
            yield f"the solution is {result.status}: {result.message}"
    for form, value in _right_forms(task):
        result = judged(value)
        if result.status != RIGHT:
            yield f"the right answer as {form} is {result.status}: {result.message}"
    yield from _mistake_problems(task, judged)
    yield from _tolerance_problems(task)
    for value in _NEVER:
        if judged(value).status == RIGHT:
            yield f"{described(decode(encode(value)))} passes as right"
    yield from _telltales(task)


def _right_forms(task):
    yield "the truth", _as_given(task.kind, task.truth, None)
    yield from task.kind.forms(task.right)


def _as_given(kind, source, change):
    """Return an answer as a learner would have it: a value, or a function."""
    if not isinstance(kind, Function):
        return change(source()) if change else source()
    if change is None:
        return source
    return lambda *args, **kwargs: change(source(*args, **kwargs))


def _mistake_problems(task, judged):
    messages = {}
    for mistake in task.mistakes:
        kind = mistake.kind or task.kind
        given = _as_given(kind, mistake.wrong or task.truth, mistake.change)
        for form, value in [("", given), *kind.forms(task.wrong(mistake))]:
            result = judged(value)
            name = f"the mistake {mistake.id}" + (f" as {form}" if form else "")
            if result.status != WRONG:
                yield f"{name} passes as {result.status}"
            elif result.mistake != mistake.id:
                found = f"the mistake {result.mistake}" if result.mistake else result.message
                yield f"{name} is not named; it is taken for: {found}"
            else:
                continue
            break
        if mistake.message in messages:
            yield f"the mistakes {messages[mistake.message]} and {mistake.id} share a message"
        messages[mistake.message] = mistake.id


def _numbers(kind, right):
    """Yield the kind and value of each number in an answer."""
    if isinstance(kind, Number) and right is not None:
        yield kind, right
    elif isinstance(kind, (List, Mapping)):
        for entry in right.values() if isinstance(kind, Mapping) else right:
            yield from _numbers(kind.of, entry)
    elif isinstance(kind, Table):
        for name, of in kind.columns.items():
            for entry in right[name]:
                yield from _numbers(of, entry)
    elif isinstance(kind, Function):
        for result in right:
            if hasattr(result, "value"):
                yield from _numbers(kind.of, kind.of.read(result.value, "the truth"))


def _tolerance_problems(task):
    for kind, number in _numbers(task.kind, task.right):
        allowed = kind.allowed(number)
        if number and not kind.whole and allowed > _WIDEST * abs(number):
            share = allowed / abs(number)
            yield f"the tolerance {allowed:g} is {share:.0%} of the answer".replace("%", " %")
            return


def _telltales(task):
    """Find hints and messages that hold the answer."""
    if not isinstance(task.kind, Number) or abs(task.right) < 20 and task.right == int(task.right):
        return
    texts = {f"hint {number}": text for number, text in enumerate(task.hints, 1)}
    texts |= {f"the message of {mistake.id}": mistake.message for mistake in task.mistakes}
    texts |= {f"the next step of {mistake.id}": mistake.next for mistake in task.mistakes}
    for name, text in texts.items():
        for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text):
            value = float(number.replace(",", ""))
            if task.kind.difference(value, task.right, "") is None:
                yield f"{name} holds the answer"
