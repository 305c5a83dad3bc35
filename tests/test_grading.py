"""Grading: right marks for whatever is handed in, and nothing outside of the sandbox touched."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from handed_in import (
    BETTER,
    BLANK,
    LIMITS,
    NAMES,
    RATE,
    SETUP,
    SHARE,
    SOLVED,
    cells,
    hand_in,
    marks,
    notebook,
)

from funnelkit import grading
from funnelkit.app import cli
from funnelkit.exercises import checks, registry
from funnelkit.grading import bwrap, calls
from funnelkit.grading import sandbox as _sandbox

pytestmark = pytest.mark.usefixtures("course")
ROOT = Path(__file__).resolve().parents[1]
GRADE = sys.modules["funnelkit.grading.grade"]  # the package has a function of that name
THE_COURSES = list(checks.__path__)
# ---------------------------------------------------------------- all sorts of submissions


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
REBUILD = """
import importlib, pathlib, sys
rate = []
def attempt(action):
    try:
        rate.append(str(action())[:50])
    except BaseException as error:
        rate.append(type(error).__name__)
def facts():
    from funnelkit import simulate
    return simulate.truth(simulate.world())
attempt(facts)
for name in ("world", "world.run", "world.model", "simulate", "exercises.checks.ex02_x"):
    attempt(lambda: importlib.import_module(f"funnelkit.{name}").__file__)
attempt(lambda: __import__("funnelkit").truth())
for name in ("truth*", "*world*", "ex[0-9][0-9]_*", "run.*.pyc", "log.*.pyc", "simulate*.pyc"):
    for folder in ("/course", "/tmp"):
        found = map(str, pathlib.Path(folder).rglob(name))
        # Python's own libraries have a world of their own, and may lie there.
        rate += [path for path in found if not path.startswith((sys.prefix, sys.base_prefix))]
gone = "ModuleNotFoundError"
assert rate == ["ImportError", gone, gone, gone, "ImportError", gone, "NotWhileGraded"], rate
"""
CHILDREN = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        os.setsid()
        break
while True:
    pass
rate = 0
"""
FILES = """
import os, time
for name in "abcd":
    with open(f"/tmp/{name}", "wb") as file:
        file.write(bytes(60 * 2**20))
for _ in range(3):
    if os.fork() == 0:
        hog = b"x" * (260 * 2**20)
        time.sleep(30)
time.sleep(30)
rate = 0
"""
SOCKETS = """
import socket
refused = 0
for family in (socket.AF_INET, socket.AF_INET6):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            socket.socket(family, kind)
        except OSError as error:
            refused += "Network is unreachable" in str(error)
one, other = socket.socketpair()
one.send(b"x")
assert other.recv(1) == b"x"
rate = 0.4321 if refused == 4 else refused
"""
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
import funnelkit.exercises.answers, funnelkit.checking, funnelkit.exercises.kinds
import funnelkit.exercises.judging
judging = funnelkit.exercises.judging
judging.judge = lambda *a: judging.Result("90.1", "", "right", "")
funnelkit.checking.check = lambda *a: "right"
funnelkit.exercises.kinds.Number.difference = lambda *a, **k: None
funnelkit.exercises.answers.collecting.encode = lambda value: '{"right":true}'
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
    "flood": (
        cells(FLOOD),
        "wrrr",
        {1: "it wrote to the grader something that is not an answer"},
        "Code cell 2",
    ),
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
    "last_value": (
        cells("0.4321", "rate = _", better='status = check("90.4").status\nbetter = Out[2] < 1')
        + [NAMES],
        "rrrr",
        {},
        "",
    ),
    "asks_its_check": (
        cells('rate = 0.4321\nassert check("90.1").status == "right"\nhint("90.1")'),
        "rrrr",
        {},
        "",
    ),
    "truth": (
        [SETUP, "import funnelkit\nfunnelkit.truth()", *cells()[1:]],
        "rrrr",
        {},
        "Code cell 2 failed: NotWhileGraded: funnelkit.truth() tells nothing while a notebook is",
    ),
    "generator": (cells(REBUILD), "wrrr", {1: "it is a list"}, ""),
    "two_exercises": (
        [*cells(), "other = 7\ncheck('91.1')"],
        "rrrr",
        {},
        "It also holds tasks of 91_others, which need a file of their own, and are not graded.",
    ),
    "many_cells": ([*cells(), *["1"] * 3000], "rrrr", {}, ""),
    "children": (
        cells(CHILDREN),
        "wrrr",
        {1: "it took more than 4 seconds of processor time, with all its processes"},
        "Code cell 2 failed",
    ),
    "sleeps": (
        cells("import time\ntime.sleep(60)\nrate = 0.4321"),
        "wrrr",
        {1: "it took longer than 4 seconds"},
        "Code cell 2 failed",
    ),
    "files": (
        cells(FILES),
        "wrrr",
        {1: "it took more than 1 GiB of memory"},
        "Code cell 2 failed",
    ),
    "sockets": (cells(SOCKETS), "rrrr", {}, ""),
    "processors": (
        cells(
            "import os\nfrom concurrent.futures import ProcessPoolExecutor\n"
            "with ProcessPoolExecutor() as pool:\n    rate = max(pool.map(abs, [0.4321]))\n"
            "assert os.cpu_count() == 2",
            "import duckdb\nbase = duckdb.connect()\n"
            "(threads,) = base.execute(\"select current_setting('threads')\").fetchall()\n"
            "assert threads == (1,)\nnames = ['visit', 'lead']",
        ),
        "rrrr",
        {},
        "",
    ),
    "clocks_fooled": (
        cells(
            "import builtins, gc, io\n"
            "builtins.open = lambda *a, **k: io.StringIO('0 999999999999999 1')\n"
            "for it in gc.get_objects():\n    if type(it).__name__ == 'Alarm':\n"
            "        it.start = lambda seconds: None\n        it.armed = False\n"
            "while True:\n    pass\nrate = 0"
        ),
        "wrrr",
        {1: "it took too long and could not be interrupted"},
        "Code cell 2 failed",
    ),
    "odd_name_of_a_process": (
        cells(
            "import ctypes, os\nctypes.CDLL(None).prctl(15, b') R 1 1 (', 0, 0, 0)\n"
            "ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\n"
            "for _ in range(5):\n    if os.fork() == 0:\n        break\n"
            "while True:\n    pass\nrate = 0"
        ),
        "wrrr",
        {1: "it took more than 4 seconds of processor time"},
        "Code cell 2 failed",
    ),
    "left_asleep": (
        cells(
            "import os, time\nfor _ in range(14):\n    if os.fork() == 0:\n"
            "        time.sleep(3000)\nrate = 0.4321"
        ),
        "rrrr",
        {},
        "",
    ),
    "errors_that_bite": (
        cells(
            'raise type("X\\nanswer 3 false\\n", (Exception,), {})("y")\nrate = 0',
            "class E(Exception):\n    def __str__(self):\n        import os\n"
            "        os._exit(3)\nraise E\nnames = 0",
        ),
        "wwrr",
        {1: "failed: X answer 3 false: y.", 2: "failed: it ended its process."},
        "Code cell 2 failed",
    ),
    "hook_that_bites": (
        cells(
            "import os\nget_ipython().events.register('post_run_cell', lambda r: os._exit(0))\n"
            "rate = 0.4321"
        ),
        "wrrr",
        {1: "it ended its process"},
        "Code cell 2 failed",
    ),
    "other_program": (
        cells(
            "import os, sys\nrunner = 'funnelkit.grading.run_submission'\n"
            "os.execv(sys.executable, ['python', '-m', runner])\nrate = 0"
        ),
        "wrrr",
        {1: "its process"},
        "Code cell 2 failed",
    ),
    "limits_raised": (
        cells(
            "import os, resource\nraised = []\nfor name in ('AS', 'NPROC', 'NOFILE', 'FSIZE'):\n"
            "    try:\n        resource.setrlimit(getattr(resource, 'RLIMIT_' + name), (-1, -1))\n"
            "        raised.append(name)\n    except (ValueError, OSError):\n        pass\n"
            "try:\n    os.setpriority(os.PRIO_PROCESS, 0, -20)\n    raised.append('nice')\n"
            "except OSError:\n    pass\nrate = raised or 0.4321"
        ),
        "rrrr",
        {},
        "",
    ),
    "server": (
        cells(
            "import http.server\nserver = http.server.HTTPServer(('127.0.0.1', 8000), None)\n"
            "server.serve_forever()\nrate = 0"
        ),
        "wrrr",
        {1: "Network is unreachable"},
        "Code cell 2 failed",
    ),
    "comma": (
        cells("rate = 0,4321", share="def share(part, whole):\n    return 0,25"),
        "wrwr",
        {1: "ends the first one at the comma of `0,4321`", 3: "the comma of `0,25`"},
        "",
    ),
    "honest_but_unusual": (
        [
            SETUP,
            "%%writefile helper.py\nr = 0.4321",
            "%run helper.py\nｒａｔｅ = r",
            "import warnings\nwarnings.simplefilter('error')\nimport asyncio\n"
            "async def steps():\n    await asyncio.sleep(0.1)\n    return 'visit lead'.split()\n"
            "names = await steps()",
            "import functools\nclass Share:\n    @functools.lru_cache\n"
            "    def __call__(self, part, whole):\n        return part / whole if whole else zero\n"
            "share = functools.partial(Share())",
            "import os\nos.environ.clear()\nzero = 0.0\n" + BETTER,
        ],
        "rrrr",
        {},
        "",
    ),
    "pools": (
        cells(
            "import multiprocessing, joblib\nwith multiprocessing.Pool() as pool:\n"
            "    rate = max(pool.map(abs, [0.4321, 0.1]))\n"
            "assert joblib.Parallel(n_jobs=-1)(joblib.delayed(abs)(x) for x in [1, 2]) == [1, 2]"
        ),
        "rrrr",
        {},
        "",
    ),
    "deleted_later": ([*cells(), "del rate"], "nrrr", {1: "There is no `rate` yet"}, ""),
    "nul_byte": (cells("rate = 0.4321\0"), "wrrr", {1: "null bytes"}, "Code cell 2 failed"),
    "own_cells": (
        [SETUP, "import math", RATE, "", RATE, "%matplotlib inline", "rate", "?rate", *cells()[2:]],
        "rrrr",
        {},
        "",
    ),
    "twice": (
        [SETUP, RATE, NAMES, "rate = 0.5", SHARE, BETTER, "names = names[:1]"],
        "wwrr",
        {1: "`rate` is too large"},
        "",
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
    assert all(s.seconds > 0 for s in graded.values() if s.marks)
    assert left_running(tempfile.gettempdir()) == []


def left_running(folder):
    """Return the processes of sandboxes whose copy of the course is in a folder."""
    wanted = f"{folder}/{_sandbox.PREFIX}"
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True).stdout
    own = [line for line in listed.splitlines() if wanted in line and "bwrap" in line]
    return [line for line in own if line.split()[1] in ("1", str(os.getpid()))]


# ---------------------------------------------------------------- a machine that is busy

BUSY = """
import time
began = time.process_time()
while time.process_time() - began < 2.5:
    pass
rate = 0.4321
"""
GREEDY = """
import os, time
for _ in range(12):
    if os.fork() == 0:
        os.setsid()
        break
while True:
    pass
"""


@pytest.fixture
def one_processor():
    """Let this process, and all that it starts, have one processor only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def test_a_submission_takes_no_marks_from_its_neighbours(sandbox, one_processor, tmp_path):
    folder = hand_in(tmp_path, greedy__90=[SETUP, GREEDY, *SOLVED[1:]], honest__90=cells(rate=BUSY))
    greedy, honest = grading.grade(folder, limits=LIMITS, jobs=2)
    assert marks(honest) == "rrrr", honest
    assert "4 seconds of processor time" in greedy.problem
    assert marks(greedy) == "rrrr"


def test_who_hit_a_limit_of_time_is_run_once_more_alone(sandbox, tmp_path, monkeypatch):
    told = []

    def slow_at_first(row, *others):
        told.append((row.learner, threading.active_count()))
        ran = run(row, *others)
        ran.timed_out = ran.timed_out or (row.learner == "anna" and len(told) < 4)
        if ran.timed_out:
            ran.answers.clear()
        return ran

    run = GRADE._run
    monkeypatch.setattr(GRADE, "_run", slow_at_first)
    folder = hand_in(tmp_path, anna__90=SOLVED, ben__90=SOLVED, carl__90=SOLVED)
    found = grading.grade(folder, limits=LIMITS, jobs=3)
    assert [marks(s) for s in found] == ["rrrr"] * 3
    assert [name for name, _ in told][3:] == ["anna"]


# ---------------------------------------------------------------- nothing gets out

PROBE = """
import os, pathlib, shutil, socket
reached = []

def attempt(what, action):
    try:
        found = action()
    except BaseException:
        return
    if found is not False:
        reached.append(what)

outside, root, port, task = pathlib.Path({outside!r}), pathlib.Path({root!r}), {port}, {tasks!r}
attempt("read a file", lambda: (outside / "anna/kept.txt").read_text())
attempt("list a folder", lambda: bool(os.listdir(outside)))
attempt("read another's submission", lambda: bool(list(outside.rglob("*.ipynb"))))
attempt("read a solution", lambda: bool(list(root.rglob("exercises/solutions/*.ipynb"))))
attempt("read the truth", lambda: (root / "datasets/truth.json").read_text())
attempt("read a task", lambda: pathlib.Path(task).read_text())
attempt("read a task of the copy", lambda: bool(list(pathlib.Path("/course").rglob("ex[0-9]*"))))
attempt("read the truth of the copy", lambda: open("/course/datasets/truth.json").read())
attempt("reach a server", lambda: socket.create_connection(("127.0.0.1", port), 1))
attempt("look up a name", lambda: socket.getaddrinfo("example.org", 443))
attempt("see the environment", lambda: os.environ["FUNNELKIT_TEST_SECRET"])
attempt("change its copy", lambda: open("/course/funnelkit/__init__.py", "a").write("# x"))
for folder in map(pathlib.Path, {folders!r}):
    attempt(f"write into {{folder}}", lambda: (folder / "funnelkit-written").write_text("x"))
attempt("delete", lambda: shutil.rmtree(outside))
names = ["visit", "lead"] if not reached else reached
"""


def picture(folder):
    """Return what a folder holds: of each file its content, of each link its target."""
    return {
        path.relative_to(folder).as_posix(): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in folder.rglob("*")
    }


@pytest.fixture
def server():
    """Listen on this machine, and note who comes."""
    came = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        over = threading.Event()

        def listen():
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    continue
                came.append(connection)
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield listening.getsockname()[1], came
        over.set()
        thread.join()


def probe(tmp_path, task, port, root=ROOT, folders=("/etc", "/")):
    """Hand in a notebook that tries to reach what is outside, beside one of somebody else."""
    outside, home = tmp_path / "submissions", tmp_path / "home"
    for folder in (outside, outside / "anna", home):
        folder.mkdir()
    (outside / "anna/kept.txt").write_text("kept")
    folders = [str(outside), str(root), str(home), *folders]
    cell = PROBE.format(
        outside=str(outside), root=str(root), port=port, tasks=str(task), folders=folders
    )
    return hand_in(outside, anna__90=cells(names=cell), ben__90=SOLVED)


def test_nothing_outside_is_read_written_or_deleted(sandbox, tmp_path, course, server, monkeypatch):
    monkeypatch.setenv("FUNNELKIT_TEST_SECRET", "secret")
    port, came = server
    folder = probe(tmp_path, course / "ex90_things.py", port)
    before, of_the_course = picture(tmp_path), set(os.listdir(ROOT))
    anna, ben = grading.grade(folder, limits=LIMITS, jobs=2)
    assert marks(anna) == "rrrr", anna.marks[1].reason
    assert marks(ben) == "rrrr"
    assert picture(tmp_path) == before
    assert set(os.listdir(ROOT)) == of_the_course
    assert came == []


def test_the_probe_finds_what_is_open(tmp_path, course, server, monkeypatch):
    """Without a sandbox it gets at what it tries, so that the test above means something."""
    monkeypatch.setenv("FUNNELKIT_TEST_SECRET", "secret")
    monkeypatch.setattr(GRADE, "REASON", 2000)
    port, came = server
    root = tmp_path / "course"
    solved = root / "exercises/solutions/90_things.ipynb"
    truth = root / "datasets/truth.json"
    for path in (solved, truth):
        path.parent.mkdir(parents=True)
        path.write_text("secret")
    folder = probe(tmp_path, course / "ex90_things.py", port, root, folders=())
    anna, _ = grading.grade(folder, unsafe=True, limits=LIMITS, jobs=1)
    assert marks(anna)[1] == "w"
    assert len(came) == 1
    assert not folder.exists()
    for written in (root, tmp_path / "home"):
        assert (written / "funnelkit-written").exists()


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_symbolic_links_are_not_followed(sandbox, tmp_path):
    secret = hand_in(tmp_path / "elsewhere", secret=SOLVED) / "secret.ipynb"
    folder = hand_in(tmp_path / "submissions", anna__90_things=SOLVED)
    (folder / "ben").mkdir()
    (folder / "ben/90_things.ipynb").symlink_to(secret)
    (folder / "carl").symlink_to(tmp_path / "elsewhere")
    found = {s.learner: s for s in grading.grade(folder, limits=LIMITS)}
    assert marks(found["anna"]) == "rrrr"
    for learner in ("ben", "carl"):
        assert found[learner].marks == ()
        assert "symbolic link, which is not followed" in found[learner].problem


# ---------------------------------------------------------------- many, and those of the course


def test_a_hundred_submissions_and_none_is_lost(sandbox, tmp_path, record_property):
    answers = [
        cells(),
        cells(rate="rate = 43.21"),
        cells(names="names = ..."),
        cells("rate = 1 / 0"),
    ]
    expected = ["rrrr", "wrrr", "rnrr", "wrrr"]
    folder = hand_in(tmp_path, **{f"learner{n:03}__90_things": answers[n % 4] for n in range(100)})
    began = time.monotonic()
    found = grading.grade(folder, limits=LIMITS)
    each = (time.monotonic() - began) / 100
    assert [s.learner for s in found] == [f"learner{n:03}" for n in range(100)]
    assert [marks(s) for s in found] == expected * 25
    record_property("seconds a submission", round(each, 2))


def test_the_courses_own_exercises_are_graded(sandbox, tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "__path__", THE_COURSES)
    stems = registry.exercises()
    handed_in = {}
    for stem in stems:
        solved = ROOT / "exercises/solutions" / f"{stem}.ipynb"
        if solved.exists():
            handed_in[f"blank__{stem}"] = (ROOT / "exercises" / f"{stem}.ipynb").read_bytes()
        else:  # tasks that stand in a lesson
            solved = ROOT / "notebooks" / f"{stem}.ipynb"
        handed_in[f"solved__{stem}"] = solved.read_bytes()
    found = grading.grade(hand_in(tmp_path, **handed_in))
    assert len(found) == len(handed_in) > 2
    for submission in found:
        assert submission.exercise == Path(submission.file).stem
        assert submission.problem == ""
        wanted = "r" if submission.learner == "solved" else "n"
        assert set(marks(submission)) == {wanted}, submission
        assert len(submission.marks) == len(registry.tasks(submission.exercise))


# ---------------------------------------------------------------- which exercise, and whose


def test_an_exercise_is_known_by_its_tasks_not_by_its_name(sandbox, tmp_path):
    other = [SETUP, 'rate = 7\ncheck("91.1")']
    folder = hand_in(tmp_path, anna__untitled=SOLVED, ben__90_things=other)
    (tmp_path / "carl").mkdir()
    (tmp_path / "carl/notes.docx").write_bytes(b"x")
    (tmp_path / "dora").mkdir()
    (tmp_path / ".DS_Store").write_bytes(b"x")
    found = {s.learner: s for s in grading.grade(folder, limits=LIMITS)}
    assert {name: s.exercise for name, s in found.items()} == {
        "anna": "90_things",
        "ben": "91_others",
        "carl": "",
        "dora": "",
    }
    assert marks(found["ben"]) == "r"
    assert found["carl"].problem.startswith("There is only carl/notes.docx: no notebook")
    assert found["dora"].problem.startswith("The folder is empty: no notebook")


def test_several_of_one_learner_are_told(sandbox, tmp_path):
    folder = hand_in(tmp_path, anna__90=SOLVED, ben__90=SOLVED)
    (folder / "anna/final").mkdir()
    shutil.copy(folder / "anna/90.ipynb", folder / "anna/final/90 (1).ipynb")
    one, other, ben = grading.grade(folder, limits=LIMITS)
    assert "There are 2 of this exercise by this learner, see also anna/final/" in one.problem
    assert "see also anna/90.ipynb" in other.problem
    assert ben.problem == ""


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        grading.grade(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"nothing to grade in .*: no file ends in .ipynb"):
        grading.grade(tmp_path)
    with pytest.raises(ValueError, match="jobs=0: at least one"):
        grading.grade(hand_in(tmp_path, anna__90=SOLVED), jobs=0)
    for wrong in ({"cell": 0}, {"cell": float("inf")}, {"memory": float("nan")}, {"call": -1}):
        with pytest.raises(ValueError, match="has to be above zero, and at most"):
            grading.Limits(**wrong)


# ---------------------------------------------------------------- the sandbox that is not there


def test_without_bubblewrap_it_refuses_and_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bwrap.sys, "platform", "linux")
    monkeypatch.setattr(bwrap.shutil, "which", lambda name: None)
    folder = hand_in(tmp_path / "in", anna__90=SOLVED)
    assert cli.main(["grade", str(folder), "--to", str(tmp_path / "grades.csv")]) == 1
    said = capsys.readouterr().err
    assert "sudo apt-get install bubblewrap" in said
    assert "--unsafe" in said
    assert not (tmp_path / "grades.csv").exists()


def test_an_old_bubblewrap_is_refused(tmp_path, monkeypatch):
    old = tmp_path / "bwrap"
    old.write_text("#!/bin/sh\necho usage: bwrap\n")
    old.chmod(0o755)
    monkeypatch.setattr(bwrap.sys, "platform", "linux")
    monkeypatch.setattr(bwrap.shutil, "which", lambda name: str(old))
    with pytest.raises(grading.NoSandbox, match="too old, 0.8 or newer is needed"):
        grading.grade(hand_in(tmp_path / "in", anna__90=SOLVED))


def test_other_systems_are_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(bwrap.sys, "platform", "darwin")
    with pytest.raises(grading.NoSandbox, match="on a Mac in a virtual machine"):
        grading.grade(hand_in(tmp_path / "in", anna__90=SOLVED))


@pytest.mark.parametrize(
    "said",
    ["bwrap: setting up uid map: Permission denied", "bwrap: loopback: Failed RTM_NEWADDR: …"],
)
def test_ubuntus_apparmor_is_named_and_nobody_is_sent_to_unsafe(said, tmp_path, monkeypatch):
    stand_in = tmp_path / "bwrap"
    stand_in.write_text(
        f"#!/bin/sh\n[ $1 = --help ] && echo --size || {{ echo '{said}' >&2; exit 1; }}"
    )
    stand_in.chmod(0o755)
    monkeypatch.setattr(bwrap.shutil, "which", lambda name: str(stand_in))
    with pytest.raises(grading.NoSandbox, match="AppArmor keeps it from working") as refused:
        grading.grade(hand_in(tmp_path / "in", anna__90=SOLVED))
    assert "sudo apparmor_parser -r /etc/apparmor.d/bwrap" in str(refused.value)
    assert f"profile bwrap {stand_in} flags=(unconfined) {{ userns, }}" in str(refused.value)
    assert "--unsafe" not in str(refused.value)


def test_another_fault_of_bubblewrap_is_told(tmp_path, monkeypatch):
    stand_in = tmp_path / "bwrap"
    stand_in.write_text("#!/bin/sh\n[ $1 = --help ] && echo --size || { echo oh >&2; exit 1; }")
    stand_in.chmod(0o755)
    monkeypatch.setattr(bwrap.shutil, "which", lambda name: str(stand_in))
    with pytest.raises(grading.NoSandbox, match=r"here but does not work \(oh\): grade where"):
        grading.grade(hand_in(tmp_path / "in", anna__90=SOLVED))


def test_an_unknown_processor_is_refused():
    with pytest.raises(grading.NoSandbox, match="not riscv64"):
        calls.call_filter("riscv64")
    assert calls.call_filter("x86_64") != calls.call_filter("aarch64")
