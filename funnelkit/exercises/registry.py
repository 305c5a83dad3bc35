'''The tasks of the exercises, one module per exercise, found by their file names.

``ex02_conversion_rates.py`` holds the tasks 2.1, 2.2 … of ``exercises/02_conversion_rates.ipynb``.
Such a module reads like a table of tasks:

.. code-block:: python

    """Tasks of exercise 02: conversion rates."""

    from functools import cache

    import funnelkit
    from funnelkit.exercises.kinds import Function, Number, Table, Text
    from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction, upside_down
    from funnelkit.funnels import STEPS, funnel


    @cache
    def table():
        return funnel(funnelkit.load("events"), STEPS)


    TASKS = [
        Task(
            "2.1",
            "How many visitors become leads",
            name="lead_rate",
            kind=Number(unit="fraction", decimals=4),
            truth=lambda: table().loc["lead", "step_rate"],
            section="Step rate and overall rate",
            hints=["Of whom is it a share? Write down the two counts first."],
            mistakes=[
                percent_for_fraction(),
                upside_down(),
                Mistake(
                    "events-for-users",
                    lambda: funnelkit.load("events")["event"].eq("lead").mean(),
                    "You counted events, and one visitor makes many of them.",
                    "Count each `user_id` once.",
                ),
            ],
            after="One visitor in nine leaves an address.",
        ),
        Task(
            "2.2",
            "The step to work on",
            name="weakest_step",
            kind=Text(choices=STEPS[1:]),
            truth=lambda: table()["step_rate"].idxmin(),
            section="Step rate and overall rate",
        ),
        Task(
            "2.3",
            "A rate that knows about nobody",
            name="rate",
            kind=Function(Number(decimals=4), calls=[(200, 1000), (0, 1000), (0, 0)]),
            truth=lambda converted, visitors: converted / visitors if visitors else 0.0,
            section="Rates of small groups",
            mistakes=[
                Mistake(
                    "no-visitors",
                    lambda converted, visitors: converted / visitors,
                    "It divides by zero on a day without visitors.",
                ),
            ],
        ),
        Task(
            "2.4",
            "The whole funnel",
            name="steps",
            kind=Table({"step": Text(), "users": Number(whole=True)}, key="step"),
            truth=lambda: table().reset_index(),
            section="Step rate and overall rate",
        ),
    ]

What the arguments mean is told at `funnelkit.exercises.tasks.Task`. Truths and the values of known
mistakes are computed when they are first needed, from data that the module keeps with
`functools.cache`, never typed.
'''

import importlib
import re
from functools import cache
from pathlib import Path

from funnelkit.exercises import checks

__all__ = ["UnknownTask", "exercises", "find", "tasks"]

_FILE = re.compile(r"ex(\d\d)_[a-z0-9_]+")


class UnknownTask(LookupError):
    """There is no such task or exercise; the text says which there are."""


def exercises():
    """Return the stems of all exercises, such as ``"02_conversion_rates"``, in order."""
    files = [file.stem for folder in checks.__path__ for file in Path(folder).glob("ex*.py")]
    return sorted(stem.removeprefix("ex") for stem in files if _FILE.fullmatch(stem))


def tasks(stem):
    """Return the tasks of an exercise by their ids, in order.

    Parameters
    ----------
    stem : str
        One of `exercises`.

    Returns
    -------
    dict of str to funnelkit.exercises.tasks.Task

    Raises
    ------
    ValueError
        If two tasks share an id or a name, or an id does not begin with the number of the file.
    """
    return _tasks(stem, tuple(checks.__path__))


@cache
def _tasks(stem, folders):
    module = importlib.import_module(f"{checks.__name__}.ex{stem}")
    number, found, names = str(int(stem[:2])), {}, {}
    for task in module.TASKS:
        if task.id.split(".")[0] != number:
            raise ValueError(f"ex{stem}.py: the id {task.id} should begin with {number}.")
        if task.id in found:
            raise ValueError(f"ex{stem}.py: the id {task.id} comes twice")
        if task.name in names:
            other = names[task.name]
            raise ValueError(
                f"ex{stem}.py: tasks {other} and {task.id} both use the name {task.name}"
            )
        task.stem = stem
        found[task.id], names[task.name] = task, task.id
    return found


def find(task_id):
    """Return a task by its id.

    Parameters
    ----------
    task_id : str
        Such as ``"2.3"``.

    Returns
    -------
    funnelkit.exercises.tasks.Task

    Raises
    ------
    UnknownTask
        If there is none of that id.
    """
    number = task_id.split(".")[0]
    if number.isdecimal():
        for stem in exercises():
            if int(stem[:2]) == int(number):
                there = tasks(stem)
                if task_id in there:
                    return there[task_id]
                raise UnknownTask(
                    f'There is no task "{task_id}"; exercise {stem[:2]} has {", ".join(there)}.'
                )
        there = ", ".join(stem[:2] for stem in exercises())
        raise UnknownTask(f'There is no task "{task_id}"; there are exercises {there}.')
    raise UnknownTask(f'There is no task "{task_id}". An id is written like this: "2.3".')
