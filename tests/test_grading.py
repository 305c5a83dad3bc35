"""Grading: right marks for whatever is handed in, and nothing outside of the sandbox touched."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from funnelkit import _sandbox, checks, grading

ROOT = Path(__file__).resolve().parents[1]
LIMITS = grading.Limits(cell=4, notebook=60, call=1, memory=2**30, output=100_000, processes=40)

# An exercise of this file's own, so that it does not depend on what the course asks.
TASKS = """
from funnelkit.checking import (
    Boolean, Function, List, Mistake, Number, Task, Text, percent_for_fraction,
)

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
from funnelkit.checking import Number, Task

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


def without_rate(cell):
    """Return the cells of a solved exercise with another one in place of the first answer."""
    return [SETUP, cell, NAMES, SHARE, BETTER]


def notebook(cells, **changes):
    """Return a notebook as text."""
    made = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": []}
        for n, source in enumerate(cells)
    ]
    text = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": ["# An exercise"]}
    content = {"cells": [text, *made], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content | changes)


@pytest.fixture(scope="module", autouse=True)
def course(tmp_path_factory):
    """Give the course two exercises of this file's own, and no others."""
    folder = tmp_path_factory.mktemp("checks")
    (folder / "ex90_things.py").write_text(TASKS)
    (folder / "ex91_others.py").write_text(OTHER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "__path__", [str(folder)])
        yield folder


@pytest.fixture(scope="module")
def sandbox():
    """Skip where there is no sandbox, but never where every change is checked."""
    try:
        with _sandbox.Sandbox():
            pass
    except grading.NoSandbox as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))


def hand_in(folder, **files):
    """Write submissions, `anna__rate` as anna/rate.ipynb, and return the folder."""
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes):
            content = (content if isinstance(content, str) else notebook(content)).encode()
        path.write_bytes(content)
    return folder


def by_name(graded):
    return {Path(submission.file).stem: submission for submission in graded}


def marks(submission):
    """Return marks as letters: right, wrong, not attempted."""
    return "".join(mark.status[0] for mark in submission.marks)


# ---------------------------------------------------------------- all sorts of submissions


def cells(rate=RATE, names=NAMES, share=SHARE, better=BETTER):
    """Return the cells of a solved exercise, with some of the answers changed."""
    return [SETUP, rate, names, share, better]


MESSY = json.dumps(
    {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [
            {"cells": [{"cell_type": "code", "input": c.splitlines(True)} for c in cells()]}
        ],
    }
)
DEAF = (
    "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True:\n    pass\nrate = 1"
)
MANY = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        hog = b"x" * (300 * 2**20)
        time.sleep(30)
time.sleep(30)
names = []
"""
FORK_BOMB = """
import os
rate = 0.4321
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
CHANNELS = """
import os
channels = [int(number) for number in os.listdir("/proc/self/fd") if int(number) > 2]
def tell(text):
    for channel in channels:
        try:
            os.write(channel, text)
        except OSError:
            pass
"""
FLOOD = CHANNELS + 'rate = 1\nfor _ in range(100_000):\n    tell(b"answer 0 0.4321 " * 1000)'
FORGERY = """
tell(b"ready\\nmark 90.1 right\\nanswer 1 right\\nanswer -1 1\\nanswer 99 1\\ncell 999999\\n")
tell(b'answer 0 {"status":"right"}\\n\\xff\\x00\\nanswer 2 {"called":{"results":"all"}}\\ndone\\n')
os._exit(0)
"""
PATCHES = """
import funnelkit.answers, funnelkit.checking, funnelkit.kinds
funnelkit.checking.judge = lambda *a: funnelkit.checking.Result("90.1", "", "right", "")
funnelkit.checking.check = lambda *a: "right"
funnelkit.kinds.Number.difference = lambda *a, **k: None
funnelkit.answers.encode = lambda value: '{"right":true}'
rate = 0
"""
LIES = """
class Yes(float):
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = lambda self, *other: 0.0
    __class__ = property(lambda self: bool)
    __hash__ = float.__hash__
rate = Yes(0.9)
"""

# Name of the file: what is in it; marks as letters (right, wrong, not attempted); what stands in
# the reasons, by the number of the task; what stands in the column `problem`.
CASES = {
    "right": (cells(), "rrrr", {}, ""),
    "untouched": (BLANK, "nnnn", {1: "still `...`", 3: "still empty"}, ""),
    "partly": (cells(names=BLANK[2], better="better = False"), "rnrw", {}, ""),
    "mistakes": (
        cells("rate = 43.21", 'names = ["visit"]', "def share(a, b):\n    return a / b"),
        "wwwr",
        {1: "percent-for-fraction: You gave 43.21", 3: "nobody: Nobody came."},
        "",
    ),
    "failing": (
        cells("rate = = 0.4321", 'names = int("visit")', better="import sys; sys.exit()\nbetter=1"),
        "wwrw",
        {1: "Code cell 2, which should give `rate`, failed: SyntaxError: invalid syntax"},
        "Code cell 3 failed: ValueError: invalid literal for int() with base 10: 'visit'. Code "
        "cell 5 failed: SystemExit.",
    ),
    "endless": (
        cells(
            "while True:\n    pass\nrate = 0.4321",
            "while True:\n    print('x' * 1000)\nnames = []",
            "def share(part, whole):\n    while True:\n        pass",
        ),
        "wwwr",
        {
            1: "failed: it took longer than 4 seconds",
            2: "failed: TooMuchOutput: more than 100,000 characters were printed",
            3: "did not come to an end within 1 second",
        },
        "Code cell 2 failed: it took longer than 4 seconds. Code cell 3 failed: TooMuchOutput",
    ),
    "deaf": (cells(DEAF), "wrrr", {1: "it took too long and could not be"}, "Code cell 2 failed"),
    "ends": (
        cells(
            "import os\nrate = 0.4321\nos._exit(0)",
            "import ctypes\nnames = []\nctypes.string_at(0)",
            "import os\ndef share(part, whole):\n    os._exit(7)",
        ),
        "wwwr",
        {
            1: "Code cell 2, which should give `rate`, failed: it ended its process.",
            2: "failed: its process crashed",
            3: "When `share` was called, it ended its process.",
        },
        "Code cell 2 failed: it ended its process. Code cell 3 failed: its process crashed.",
    ),
    "memory": (
        cells(
            "rate = 0.4321\nhog = bytearray(3 * 2**30)",
            MANY,
            "def share(part, whole):\n    return len(bytearray(3 * 2**30))",
        ),
        "rwwr",
        {2: "failed: it took more than 1 GiB of memory", 3: "MemoryError"},
        "Code cell 2 failed: MemoryError",
    ),
    "fork_bomb": (
        cells(FORK_BOMB),
        "wrrr",
        {1: "it started more than 40 processes"},
        "Code cell 2",
    ),
    "flood": (cells(FLOOD), "wrrr", {1: "it wrote to the grader what is no answer"}, "Code cell 2"),
    "forgery": (
        cells(CHANNELS + FORGERY),
        "wwww",
        {1: "could not be read", 2: "could not be read", 4: "There is no answer"},
        "",
    ),
    "patches": (cells(PATCHES), "wwrw", {1: "could not be read"}, ""),
    "odd": (
        cells(LIES, "names = []\nnames.append(names)", "share = (x for x in ())", "better = 1j"),
        "wwww",
        {1: "too large", 2: "contains itself", 3: "it is a generator", 4: "a complex"},
        "",
    ),
    "huge": (cells("rate = list(range(10**6))", "names = print"), "wwrr", {1: "too large"}, ""),
    "old_version": (MESSY, "rrrr", {}, ""),
    "windows": (notebook(cells()).replace("\\n", "\\r\\n"), "rrrr", {}, ""),
    "deleted": ([SETUP, SHARE], "nnrn", {1: "There is no `rate` yet"}, ""),
    "moved": (
        ["1 / 0", BETTER, SHARE, NAMES, RATE, RATE, "!ls\nx = _"],
        "rrrr",
        {},
        "ZeroDivision",
    ),
    "checks": (
        cells('r = check("90.1")\nrate = 0.4321 if "looked at" in repr(r) else 0'),
        "rrrr",
        {},
        "",
    ),
    "empty": (b"", "", {}, "The file is empty."),
    "not_json": (b"rate = 0.4321\n", "", {}, "no valid JSON in line 1."),
    "cut_off": (notebook(cells())[:-200].encode(), "", {}, "or was cut off"),
    "no_text": (b"\xff\xfe\x00", "", {}, "not text in UTF-8"),
    "no_cells": (b'[{"cells": 3}]', "", {}, "JSON, but without cells"),
    "deep": (b'{"cells":' + b"[" * 10**6, "", {}, "no valid JSON"),
    "nothing": (["1 + 1"], "", {}, "none of the tasks"),
}


@pytest.fixture(scope="module")
def graded(sandbox, tmp_path_factory):
    """Grade all of them together, each handed in by a learner of its name."""
    folder = tmp_path_factory.mktemp("submissions")
    hand_in(folder, **{f"{name}__work__{name}": case[0] for name, case in CASES.items()})
    found = grading.grade(folder, limits=LIMITS, jobs=4)
    return {submission.learner: submission for submission in found}


@pytest.mark.parametrize("name", CASES)
def test_submission_is_graded_as_it_deserves(name, graded):
    _, expected, reasons, problem = CASES[name]
    found = graded[name]
    assert "".join(mark.status[0] for mark in found.marks) == expected, found
    assert found.total == expected.count("r")
    assert found.exercise == ("90_things" if expected else "")
    row = grading.table([found]).iloc[0]
    for number, reason in reasons.items():
        assert reason in row[f"90.{number} reason"]
    assert problem in found.problem if problem else found.problem == ""


def test_none_is_lost_and_nothing_is_left_running(graded):
    assert set(graded) == set(CASES)
    assert all(0 < s.seconds < LIMITS.notebook for s in graded.values() if s.marks)
    running = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True).stdout
    assert [line for line in running.splitlines() if "_run_submission" in line] == []
