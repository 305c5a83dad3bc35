"""A process shut off from the machine, in which the grader runs a stranger's notebook.

Bubblewrap makes it: a file system with nothing in it but Python, the system's libraries and a
copy of the course without its answers, all read-only; no network; a process table of its own, all
of which dies together. A filter of system calls and the limits that `_run_submission` sets on
itself come on top. Time and memory are watched from outside, see `funnelkit.grading.watch`.

What comes back is text over one pipe, and no more of it than was agreed. `run` believes none of
it: it only sorts it.
"""

import contextlib
import importlib.util
import json
import os
import platform
import queue
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from funnelkit.exercises.answers import MAX_BYTES
from funnelkit.grading.mounts import COURSE, mounts, private_folders, site_folders
from funnelkit.grading.watch import Watch

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parent
HOME = "/tmp/home"
LIBRARIES = ("pandas", "IPython.core.interactiveshell", "matplotlib.pyplot")

FILE_BYTES = 64 * 2**20  # the largest file
OPEN_FILES = 256
THREADS = 64  # of all processes together, beside their first ones
START_SECONDS = 300.0  # to start Python and import pandas, on a very busy machine
GRACE_SECONDS = 3.0  # for a cell to be stopped from inside, before the process is ended
PATIENCE = 10  # how many times longer than its time a notebook may take by the clock on the wall
WATCH_SECONDS = 0.1
CALL_PATIENCE = 4  # how many times longer a call may take by the clock on the wall

# What can tell the truth of the tables: the generator that made them, and the tasks.
SECRET = ("ex[0-9]*", "simulate*", "draws*", "world")
GENERATOR = """
raise ImportError(
    "the generator of the tables is not there while a notebook is graded: take answers from the "
    "tables themselves"
)
"""

_numbers = count()


class NoSandbox(OSError):
    """Bubblewrap is missing or does not work here; the text says what to do."""


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


# ---------------------------------------------------------------- the course without its answers


def copy_course(target, root=None):
    """Copy what a notebook may see of the course: the package and the tables.

    Left out are the tasks, the truth of the simulated tables and the generator that could make it
    again, and whatever else lies in the folder: solutions, the history of the repository, a
    trainer's own work.

    Parameters
    ----------
    target : path
        A folder that is not there yet.
    root : path, optional
        The folder of the course.
    """
    root, target = Path(root or ROOT), Path(target)
    package = target / "funnelkit"
    shutil.copytree(root / "funnelkit", package, ignore=shutil.ignore_patterns(*SECRET))
    (package / "simulate.py").write_text(GENERATOR)
    shutil.copytree(
        root / "datasets", target / "datasets", ignore=shutil.ignore_patterns("truth.json")
    )
    (target / "work").mkdir()
    for path in [target, *target.rglob("*")]:  # readable by the sandbox's user
        path.chmod(0o755 if path.is_dir() else 0o644)


def compile_libraries():
    """Have Python keep the compiled forms of what most notebooks import.

    It does so when it first imports them, but a sandbox may not write them, and would compile
    them for each submission anew.
    """
    missing = []
    for name in LIBRARIES:
        package, *parts = name.split(".")
        source = Path(importlib.util.find_spec(package).origin)
        if parts:
            source = source.parent.joinpath(*parts).with_suffix(".py")
        if not os.path.exists(importlib.util.cache_from_source(source)):
            missing.append(name)
    if missing:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        line = f"import {', '.join(missing)}"
        subprocess.run(
            [sys.executable, "-c", line], env=kept, check=False, stderr=subprocess.DEVNULL
        )


# ---------------------------------------------------------------- the filter of system calls

# By processor: its number in the kernel's audit, and the numbers of calls that no lesson needs.
# clone3 is said not to exist, since a filter cannot read its arguments; libraries then use clone.
_MACHINES = {
    "x86_64": (0xC000003E, {"clone": 56, "socket": 41, "clone3": 435}),
    "aarch64": (0xC00000B7, {"clone": 220, "socket": 198, "clone3": 435}),
}
_REFUSED = {  # x86_64, aarch64
    # memory that no limit counts
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    # new namespaces and mounts, in which a process would have rights again
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "fsopen": (430, 430),
    "open_tree": (428, 428),
    # corners of the kernel
    "ptrace": (101, 117),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
}
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEW…, all of them
_SOCKETS = (1, 16)  # unix, the list of networks
_INTERNET = (2, 10)  # the kernel would keep what nobody reads
_EPERM, _ENOSYS, _EAFNOSUPPORT, _ENETUNREACH = 1, 38, 97, 101


def call_filter(machine=None):
    """Return the filter of system calls as the bytes of a classic BPF program.

    Parameters
    ----------
    machine : str, optional
        As `platform.machine` names the processor.

    Raises
    ------
    NoSandbox
        If this is a processor whose system calls are not known here.

    Notes
    -----
    The form is ``struct sock_filter`` of Linux: a 16-bit operation, two jumps of 8 bits, and a
    32-bit value, see ``Documentation/userspace-api/seccomp_filter.rst`` in its sources.
    """
    machine = machine or platform.machine()
    if machine not in _MACHINES:
        raise NoSandbox(f"the sandbox knows the processors x86_64 and aarch64, not {machine}")
    audit, calls = _MACHINES[machine]
    number = list(_MACHINES).index(machine)
    load, equal, at_least, any_bit, end = 0x20, 0x15, 0x35, 0x45, 0x06
    kill, allow = 0x80000000, 0x7FFF0000

    def refuse(error):
        return end, 0, 0, 0x00050000 | error

    program = [
        (load, 0, 0, 4),  # the processor that the call is for
        (equal, 1, 0, audit),
        (end, 0, 0, kill),
        (load, 0, 0, 0),  # the call
        (at_least, 0, 1, 0x40000000),  # a second set of numbers on x86_64
        (end, 0, 0, kill),
        (equal, 0, 1, calls["clone3"]),
        refuse(_ENOSYS),
    ]
    for numbers in _REFUSED.values():
        program += [(equal, 0, 1, numbers[number]), refuse(_EPERM)]
    program += [
        (equal, 0, 4, calls["clone"]),
        (load, 0, 0, 16),  # the lower half of its first argument
        (any_bit, 0, 1, _NEW_NAMESPACES),
        refuse(_EPERM),
        (end, 0, 0, allow),
        (equal, 0, 5 + len(_SOCKETS), calls["socket"]),
        (load, 0, 0, 16),
        *[(equal, 3 + len(_SOCKETS) - place, 0, kind) for place, kind in enumerate(_SOCKETS)],
        (equal, 1, 0, _INTERNET[0]),
        (equal, 0, 1, _INTERNET[1]),
        refuse(_ENETUNREACH),
        refuse(_EAFNOSUPPORT),
        (end, 0, 0, allow),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in program)


# ---------------------------------------------------------------- a sandbox


def _environment(course, home):
    """Return the variables that a notebook is run with; nothing of the grader's own."""
    one = ("OPENBLAS", "OMP", "MKL", "NUMEXPR")
    return {
        "HOME": home,
        "USER": "learner",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), "/usr/bin", "/bin"]),
        "PYTHONPATH": os.pathsep.join([str(course), *map(str, site_folders())]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "FUNNELKIT_STATE": os.path.join(home, "progress.json"),
        "IPYTHONDIR": os.path.join(home, "ipython"),
        "MPLCONFIGDIR": os.path.join(home, "matplotlib"),
        "MPLBACKEND": "agg",
        # A process for each submission uses the machine; threads in each would only queue.
        **{f"{library}_NUM_THREADS": "1" for library in one},
        "LOKY_MAX_CPU_COUNT": "2",
        "MALLOC_ARENA_MAX": "2",
    }


def _runner():
    return [sys.executable, "-m", "funnelkit.grading.run_submission"]


class Sandbox:
    """Starts processes that are shut off from the machine; use it with ``with``.

    Parameters
    ----------
    hidden : sequence of path
        Folders that no process may see, whatever they lie in.
    unsafe : bool
        Shut nothing off: a process does what it likes, within a limit of memory on Linux.

    Raises
    ------
    NoSandbox
        On entering, if there is no bubblewrap that works. One process is run to find out.
    """

    def __init__(self, *, hidden=(), unsafe=False):
        self.hidden = [PACKAGE, *hidden]
        if (ROOT / "exercises").is_dir():  # not where packages are installed
            self.hidden.append(ROOT)
        self.unsafe = unsafe
        self.stopped = False
        self._running = {}
        self._starting = threading.Lock()

    def __enter__(self):
        self.bwrap = None if self.unsafe else _find_bwrap()
        self.filter = None if self.unsafe else call_filter()
        _remove_stale()
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        folder = Path(os.path.realpath(self._folder.name))
        self.course = folder / "course"
        try:
            self._lock = _locked(folder)
            copy_course(self.course)
            compile_libraries()
            if not self.unsafe:
                self._prove()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        if getattr(self, "_lock", None) is not None:
            os.close(self._lock)
            self._lock = None
        self._folder.cleanup()

    def _prove(self):
        """Run a process that tries to get out, and at what lies beside Python."""
        with _planted(private_folders()) as planted:
            request = {
                "cells": [_ATTEMPT.format(package=str(PACKAGE), planted=planted)],
                "tasks": [{"name": "seen", "calls": None}],
            }
            outcome = run(self, request, Limits(), START_SECONDS)
        seen = outcome.answers.get(0)
        if outcome.ended != "done" or seen != "[]":
            why = outcome.detail or f"{outcome.ended}; reached: {seen}"
            raise NoSandbox(_why_not(why))

    def start(self, limits):
        """Start one process.

        Returns
        -------
        process : subprocess.Popen
        own : dict
            What is to be added to its request.
        child : int or None
            The number of the first process inside.
        """
        if self.unsafe:
            return (*self._start_openly(limits), None)
        rlimits = {
            "AS": int(limits.memory),
            "FSIZE": FILE_BYTES,
            "NOFILE": OPEN_FILES,
            "CORE": 0,
            "NPROC": limits.processes + THREADS,
            "SIGPENDING": 1_000,
        }
        own = {"rlimits": rlimits, "folder": f"{COURSE}/work/exercises", "user": None}
        arguments = [
            self.bwrap,
            "--die-with-parent",
            "--new-session",
            *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
            "--unshare-cgroup-try",
        ]
        if os.geteuid() == 0:
            # Root is exempt from the limit of processes, so each sandbox gets a user of its own.
            own["user"] = 60_000 + next(_numbers) % 1_000
            arguments += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            arguments += ["--unshare-user"]
            if _kernel() < (5, 14):  # it would count all of this user's processes
                del rlimits["NPROC"]
        arguments += [*mounts(self.course, self.hidden), "--chdir", f"{COURSE}/work", "--clearenv"]
        for name, value in _environment(COURSE, HOME).items():
            arguments += ["--setenv", name, value]
        filter_fd, info_read, info_write = _readable(self.filter), *os.pipe()
        try:
            process = _popen(
                [
                    *arguments,
                    *("--seccomp", str(filter_fd), "--info-fd", str(info_write), "--"),
                    *_runner(),
                ],
                pass_fds=(filter_fd, info_write),
            )
        except BaseException:
            os.close(info_read)
            raise
        finally:
            os.close(filter_fd)
            os.close(info_write)
        with open(info_read, "rb") as info:
            told = info.read(10_000)
        return process, own, json.loads(told)["child-pid"] if told else None

    @contextlib.contextmanager
    def running(self, limits):
        """Start one process, as `start` does, and end it and all that it started afterwards."""
        with self._starting:  # none may be half started when all are stopped
            if self.stopped:
                raise KeyboardInterrupt
            process, own, child = self.start(limits)
            self._running[process] = _handle(child)
        try:
            yield process, own, child
        finally:
            self._end(process)

    def stop(self):
        """End all processes, and start no others."""
        self.stopped = True
        with self._starting:
            for process in list(self._running):
                self._end(process)

    def _end(self, process):
        """End bubblewrap and, by itself, the first process inside, with which all others end.

        That one ends with bubblewrap as well, but not yet in its first moments.
        """
        handle = self._running.pop(process, None)
        if handle is not None:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            os.close(handle)
        if self.unsafe and hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()

    def _start_openly(self, limits):
        folder = tempfile.mkdtemp(dir=self.course / "work")
        limit = {"AS": int(limits.memory)} if sys.platform == "linux" else {}
        path = os.environ.get("PATH", "")
        process = _popen(
            _runner(),
            env={**os.environ, **_environment(self.course, folder), "PATH": path},
            cwd=folder,
            start_new_session=True,
        )
        return process, {"rlimits": limit, "folder": folder, "user": None}


# Nothing of this may succeed. Written for a machine on which each would.
_ATTEMPT = """
import os, socket
seen = []
if os.path.exists({package!r} + "/__init__.py"):
    seen.append("the course")
if any(map(os.path.exists, {planted!r})):
    seen.append("a private file")
if os.path.exists("/course/datasets/truth.json"):
    seen.append("the truth")
if len([name for name in os.listdir("/proc") if name.isdigit()]) > 10:
    seen.append("other processes")
if len(socket.if_nameindex()) > 1:
    seen.append("a network")
if os.getuid() == 0:
    seen.append("root")
for folder in ("/", "/dev", "/usr", "/course", "/course/funnelkit", os.path.dirname(os.__file__)):
    try:
        open(os.path.join(folder, "written"), "w").close()
        seen.append("writing to " + folder)
    except OSError:
        pass
try:
    os.memfd_create("x")
    seen.append("calls that are not needed")
except OSError:
    pass
"""

_WAY_OUT = (
    "grade where it does (a Linux machine, or a virtual one), or add --unsafe if you trust every "
    "notebook as much as a program that you start yourself"
)
_APPARMOR = """bubblewrap is here, but AppArmor keeps it from working ({why}), as on Ubuntu since \
23.10. Allow it, once, with these lines in a terminal, and grade again:

    printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap {path} flags=(unconfined) \
{{ userns, }}\\n' | sudo tee /etc/apparmor.d/bwrap
    sudo apparmor_parser -r /etc/apparmor.d/bwrap

(or grade as root, with sudo; what notebooks may do is the same)"""
_RESTRICTION = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")


def _why_not(why):
    """Return why bubblewrap does not work, and what to do."""
    why = why[-300:]
    refused = "uid map: Permission denied" in why or "RTM_NEWADDR" in why
    with contextlib.suppress(OSError):
        refused = refused or _RESTRICTION.read_text().strip() == "1" and "Permission denied" in why
    if refused:
        return _APPARMOR.format(why=why, path=shutil.which("bwrap"))
    return f"bubblewrap is here but does not work ({why}): {_WAY_OUT}"


@contextlib.contextmanager
def _planted(folders):
    """Put an empty file into each of some folders for a moment; yield their paths."""
    with contextlib.ExitStack() as files:
        planted = []
        for folder in folders:
            with contextlib.suppress(OSError):  # there is none, or it may not be written to
                file = files.enter_context(tempfile.NamedTemporaryFile(dir=folder))
                planted.append(file.name)
        yield planted


PREFIX = "funnelkit-grade-"


def _locked(folder):
    """Mark a folder as in use until this process ends, however it ends; return the mark."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    mark = os.open(folder / "in-use", os.O_CREAT | os.O_RDWR)
    fcntl.flock(mark, fcntl.LOCK_EX)
    return mark


def _remove_stale():
    """Remove the copies of the course that graders left behind which were killed."""
    with contextlib.suppress(ImportError):
        import fcntl

        for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):  # another user's, or still being made
                mark = os.open(folder / "in-use", os.O_RDWR | os.O_NOFOLLOW)
                try:
                    fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
                finally:
                    os.close(mark)


def _handle(child):
    """Return a handle of a process, so that no other with its number can be taken for it."""
    try:
        return None if child is None else os.pidfd_open(child)
    except (OSError, AttributeError):  # it has ended already, or Linux is old
        return None


def _find_bwrap():
    """Return the path of bubblewrap, or raise `NoSandbox` with what to do."""
    if sys.platform != "linux":
        raise NoSandbox(
            "notebooks of others are run by bubblewrap, which shuts them off from the rest of the "
            "machine and exists only on Linux: grade on Linux (on Windows in WSL, on a Mac in a "
            "virtual machine), or add --unsafe if you trust every notebook as much as a program "
            "that you start yourself"
        )
    found = shutil.which("bwrap")
    if found is None:
        raise NoSandbox(
            "notebooks of others are run by bubblewrap, which shuts them off from the rest of the "
            "machine, and it is missing: install it (Debian, Ubuntu: sudo apt-get install "
            "bubblewrap; Fedora: sudo dnf install bubblewrap), or add --unsafe if you trust every "
            "notebook as much as a program that you start yourself"
        )
    said = subprocess.run([found, "--help"], capture_output=True, text=True, check=False)
    if "--size" not in said.stdout + said.stderr:
        raise NoSandbox(f"the bubblewrap here is too old, 0.8 or newer is needed: {_WAY_OUT}")
    return found


def _kernel():
    """Return the version of Linux, such as ``(6, 1)``."""
    return tuple(int(number) for number in re.findall(r"\d+", platform.release())[:2])


def _readable(content):
    """Return a file descriptor from which some bytes can be read."""
    read, write = os.pipe()
    os.write(write, content)  # less than a pipe holds
    os.close(write)
    return read


def _popen(arguments, **options):
    pipe = subprocess.PIPE
    return subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=pipe, **options)


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
    if over:
        return over
    try:
        line = lines.get(timeout=WATCH_SECONDS)
    except queue.Empty:
        return None
    if line is None:
        return "output"
    if not line:
        return _cause(process)
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
