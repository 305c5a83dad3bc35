"""A course with two exercises of the tests' own, and what learners hand in for them."""

import json

from funnelkit import grading

LIMITS = grading.Limits(cell=4, notebook=60, call=1, memory=2**30, output=100_000, processes=40)

# An exercise of the tests' own, so that it does not depend on what the course asks.
TASKS = """
from funnelkit.exercises.kinds import Boolean, Function, List, Number, Text
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

TASKS = [
    Task("90.1", "A rate", name="rate", kind=Number(decimals=3), truth=lambda: 0.4321,
         section="Rates", mistakes=[percent_for_fraction()]),
    Task("90.2", "The steps", name="names", kind=List(Text()), truth=lambda: ["visit", "lead"],
         section="Steps"),
    Task("90.3", "A function", name="share", kind=Function(Number(), calls=[(1, 4), (0, 0)]),
         truth=lambda part, whole: part / whole if whole else 0.0, section="Shares",
         mistakes=[Mistake("nobody", lambda part, whole: part / whole, "Nobody came.")]),
    Task("90.4", "A decision", name="better", kind=Boolean(), truth=lambda: True, section="End"),
]
"""
OTHER = """
from funnelkit.exercises.kinds import Number
from funnelkit.exercises.tasks import Task

TASKS = [Task("91.1", "Another", name="rate", kind=Number(), truth=lambda: 7, section="Other")]
"""

SETUP = "import pandas as pd\nfrom funnelkit.checking import check, hint, progress"
RATE = 'rate = 0.4321\ncheck("90.1")'
NAMES = 'names = ["visit", "lead"]\ncheck("90.2")'
SHARE = 'def share(part, whole):\n    return part / whole if whole else 0.0\n\ncheck("90.3")'
BETTER = 'better = True\ncheck("90.4")'
SOLVED = [SETUP, RATE, NAMES, SHARE, BETTER]
BLANK = [
    SETUP,
    'rate = ...\ncheck("90.1")',
    'names = ...\ncheck("90.2")',
    'def share(part, whole):\n    """Return the share."""\n    ...\n\ncheck("90.3")',
    'better = ...\ncheck("90.4")',
]


def notebook(cells, **changes):
    """Return a notebook as text."""
    made = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": []}
        for n, source in enumerate(cells)
    ]
    text = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": ["# An exercise"]}
    content = {"cells": [text, *made], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content | changes)


def hand_in(folder, **files):
    """Write submissions, `anna__rate` as anna/rate.ipynb, and return the folder."""
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes):
            content = (content if isinstance(content, str) else notebook(content)).encode()
        path.write_bytes(content)
    return folder


def marks(submission):
    """Return marks as letters: right, wrong, not attempted."""
    return "".join(mark.status[0] for mark in submission.marks)


def cells(rate=RATE, names=NAMES, share=SHARE, better=BETTER):
    """Return the cells of a solved exercise, with some of the answers changed."""
    return [SETUP, rate, names, share, better]
