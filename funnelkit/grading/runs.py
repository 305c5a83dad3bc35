"""One run of a notebook in a sandbox: what it may use, and what comes back.

What comes back is text over one pipe, and no more of it than was agreed. `run` believes none of
it: it only sorts it.
"""

import contextlib
import json
import queue
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field

from funnelkit.exercises.answers import MAX_BYTES
from funnelkit.grading.watch import Watch

__all__ = ["START_SECONDS", "Limits", "Outcome", "run"]

START_SECONDS = 300.0  # to start Python and import pandas, on a very busy machine
GRACE_SECONDS = 3.0  # for a cell to be stopped from inside, before the process is ended
PATIENCE = 10  # how many times longer than its time a notebook may take by the clock on the wall
WATCH_SECONDS = 0.1
CALL_PATIENCE = 4  # how many times longer a call may take by the clock on the wall
MOST = {"cell": 1e6, "notebook": 1e6, "call": 1e6, "memory": 2**50, "processes": 10_000}


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Parameters
    ----------
    cell, notebook : float
        Seconds that a cell, and the whole notebook, may take: without what it waits for a
        processor, but not more processor time than this, over all its processes together.
    call : float
        Seconds that all calls of one function by the grader may take.
    memory : int
        Bytes, over all processes that a notebook starts, with the files that they keep in memory.
    output : int
        Characters that a cell may print.
    processes : int
        Processes at the same time.

    Raises
    ------
    ValueError
        If one is not above zero, or not finite.
    """

    cell: float = 60.0
    notebook: float = 300.0
    call: float = 5.0
    memory: int = 2 * 2**30
    output: int = 1_000_000
    processes: int = 16

    def __post_init__(self):
        for name, value in vars(self).items():
            most = MOST.get(name, 1e9)
            if not 0 < value <= most:  # nor is NaN
                raise ValueError(
                    f"the limit {name}={value:g} has to be above zero, and at most {most:,.0f}: "
                    "nothing runs without a limit"
                )


@dataclass
class Outcome:
    """What came back from one process.

    Attributes
    ----------
    ended : str
        ``"done"``, or why it is not: ``"time"``, ``"processor time"``, ``"notebook time"``,
        ``"memory"``, ``"processes"``, ``"output"``, ``"killed"``, ``"crashed"``, ``"left"``,
        ``"not started"``.
    place : (str, int) or None
        What was being run last: ``("cell", 3)`` or ``("task", 1)``, counted from 0.
    answers : dict of int to str
        By the number of the task; nobody has looked at them yet.
    failed : dict of int to str
        By the number of the cell: the error in words, from a stranger.
    detail : str
        What bubblewrap or Python said, if the process was not started.
    seconds : float
        The time it took of what the notebook may take.
    """

    ended: str = "done"
    place: tuple | None = None
    answers: dict = field(default_factory=dict)
    failed: dict = field(default_factory=dict)
    detail: str = ""
    seconds: float = 0.0


# ---------------------------------------------------------------- running one


def run(sandbox, request, limits, left):
    """Run a notebook's cells in a process of its own, and take its answers.

    Parameters
    ----------
    sandbox : Sandbox
    request : dict
        ``cells``, a list of text; ``tasks``, a list of ``{"name", "calls"}``; and, where some
        are to be left out, ``without``: a list of places such as ``["cell", 3]``.
    limits : Limits
    left : float
        Seconds that are left of what the notebook may take.

    Returns
    -------
    Outcome
    """
    outcome, lines = Outcome(), queue.SimpleQueue()
    with sandbox.running(limits) as (process, own, child):
        sent = {
            "without": [],
            **request,
            **own,
            "cell_seconds": limits.cell,
            "call_seconds": limits.call,
            "output": limits.output,
        }
        most = 2 * (len(request["cells"]) + len(request["tasks"])) + 100
        reader = threading.Thread(
            target=_read, args=(process.stdout, lines, len(request["tasks"]), most), daemon=True
        )
        reader.start()
        with contextlib.suppress(OSError):  # it has ended already
            process.stdin.write(json.dumps(sent).encode())
            process.stdin.close()
        _follow(process, child, lines, outcome, limits, left)
    reader.join(GRACE_SECONDS)
    if outcome.ended == "not started":
        outcome.detail = " ".join(process.stderr.read()[-2_000:].decode("utf-8", "replace").split())
    process.stderr.close()
    if not reader.is_alive():
        process.stdout.close()
    if sandbox.unsafe:
        shutil.rmtree(own["folder"], ignore_errors=True)
    return outcome


def _read(stream, lines, tasks, most):
    """Put what a process says into a queue, line by line; b"" at its end, None if too much."""
    longest = MAX_BYTES + 100
    left = (tasks + 1) * longest
    for _ in range(most):
        line = stream.readline(longest)
        left -= len(line)
        if left < 0 or (line and not line.endswith(b"\n")):
            break
        lines.put(line)
        if not line:
            return
    lines.put(None)


def _follow(process, child, lines, outcome, limits, left):
    """Take down what a process says until it is done, or has to be ended."""
    began = time.monotonic()
    while time.monotonic() < began + START_SECONDS:  # it starts Python, and imports pandas
        with contextlib.suppress(queue.Empty):
            if lines.get(timeout=WATCH_SECONDS) == b"ready\n":
                break
            outcome.ended = "not started"
            return
    else:
        outcome.ended = "not started"
        return
    watch = Watch(child)  # only now is the process's /proc that of the sandbox
    try:
        timer = _Timer(watch, limits, left)
        while not outcome.seconds:
            timer.allow(outcome.place)
            word = _take(lines, outcome, timer, process)
            if word is not None:
                outcome.ended, outcome.seconds = word, max(timer.seconds(), 1e-3)
    finally:
        watch.close()


class _Timer:
    """Says when a notebook, a cell or a call has taken too long."""

    def __init__(self, watch, limits, left):
        self.watch, self.limits = watch, limits
        self.now = self.began = (watch.time(), watch.processor_time())
        self.left, self.until = left, time.monotonic() + PATIENCE * left
        self.place, self.looked, self.checked = None, 0.0, 0.0

    def allow(self, place):
        """Begin to count for a cell or a call."""
        if place != self.place:
            self.place, self.since = place, self.look()

    def look(self):
        """Read the clocks, at most every `WATCH_SECONDS`."""
        if time.monotonic() - self.looked > WATCH_SECONDS:
            self.now = (self.watch.time(), self.watch.processor_time())
            self.looked = time.monotonic()
        return self.now

    def seconds(self):
        """Return what counts of the time so far: the longer of the two clocks."""
        return max(now - before for now, before in zip(self.now, self.began, strict=True))

    def over(self):
        """Return why the process has to be ended, or None; it looks every `WATCH_SECONDS`."""
        if time.monotonic() - self.checked < WATCH_SECONDS:
            return None
        self.checked = time.monotonic()
        time_now, processor_now = self.look()
        if self.seconds() > self.left or time.monotonic() > self.until:
            return "notebook time"
        if self.place is not None:
            kind, since = self.place[0], self.since
            # In a call it is another thread that works, and its waiting is not told apart.
            allowed = self.limits.cell if kind == "cell" else CALL_PATIENCE * self.limits.call
            if time_now - since[0] > allowed + GRACE_SECONDS:
                return "time"
            if processor_now - since[1] > allowed + GRACE_SECONDS:
                return "processor time"
        return self.watch.excess(self.limits)


def _take(lines, outcome, timer, process):
    """Take one line, if there is one; return how the process ended if it did, else None."""
    over = timer.over()
    try:
        # Whoever is over a limit has said before where he is: a grader that had to wait for a
        # processor has not read it yet, and must not blame the wrong cell, or none.
        line = lines.get_nowait() if over else lines.get(timeout=WATCH_SECONDS)
    except queue.Empty:
        return over
    if line is None:
        return "output"
    if not line:
        return _cause(process)
    word = _note(line, outcome)
    if over and word is None:
        return _take_the_rest(lines, outcome) or over
    return word


def _take_the_rest(lines, outcome):
    """Take what was said until now; return "done" if that was said, else None."""
    for _ in range(lines.qsize()):
        line = lines.get_nowait()
        if not line:
            return None
        if _note(line, outcome):
            return "done"
    return None


def _note(line, outcome):
    """Take a line down; return "done" if it says so, else None."""
    word, _, rest = line.rstrip(b"\n").partition(b" ")
    if word in (b"cell", b"task"):
        outcome.place = word.decode(), _number(rest)
    elif word in (b"failed", b"answer"):
        number, _, text = rest.partition(b" ")
        into = outcome.failed if word == b"failed" else outcome.answers
        into[_number(number)] = text.decode("utf-8", "replace")
    return "done" if word == b"done" else None


def _number(text):
    return int(text) if text.isdigit() and len(text) < 7 else -1


def _cause(process):
    """Return how a process ended that was not done."""
    try:
        code = process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:  # it has closed the pipe and goes on
        return "left"
    number = -code if code < 0 else code - 128
    if number == signal.SIGTERM or code in (-9, 137):
        return "killed"
    return "crashed" if 0 < number < 65 else "left"
