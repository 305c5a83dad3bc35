"""A process shut off from the machine, in which the grader runs a stranger's notebook.

Bubblewrap makes it: a file system with nothing in it but Python, the system's libraries and a
copy of the course without its answers, all read-only; no network; a process table of its own, all
of which dies together. A filter of system calls and the limits that `_run_submission` sets on
itself come on top. Memory is watched from outside, over all processes of a sandbox together.

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
import site
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

ROOT = Path(__file__).resolve().parents[2]
COURSE = "/course"  # where a sandbox sees the copy
HOME = "/tmp/home"
FOLDERS = {"/tmp": 256, "/dev/shm": 64, f"{COURSE}/work": 64}  # writable, in memory, in MB
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/nix/store")
SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
FONTS = "/usr/share/fonts"  # matplotlib has its own, and would list these for each submission
LIBRARIES = ("pandas", "IPython.core.interactiveshell", "matplotlib.pyplot")

FILE_BYTES = 64 * 2**20  # the largest file
OPEN_FILES = 512
START_SECONDS = 90.0  # to start Python and import pandas, on a busy machine
GRACE_SECONDS = 3.0  # for a cell to be stopped from inside, before the process is ended
WATCH_SECONDS = 0.1
MAX_LINES = 20_000

_numbers = count()


class NoSandbox(OSError):
    """Bubblewrap is missing or does not work here; the text says what to do."""


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Parameters
    ----------
    cell, notebook : float
        Seconds that a cell, and the whole notebook, may take.
    call : float
        Seconds that all calls of one function by the grader may take.
    memory : int
        Bytes, over all processes that a notebook starts.
    output : int
        Characters that a cell may print.
    processes : int
        Processes at the same time; with their threads they may be twice as many.
    """

    cell: float = 60.0
    notebook: float = 300.0
    call: float = 5.0
    memory: int = 2 * 2**30
    output: int = 1_000_000
    processes: int = 64


@dataclass
class Outcome:
    """What came back from one process.

    Attributes
    ----------
    ended : str
        ``"done"``, or why it is not: ``"time"``, ``"notebook time"``, ``"memory"``,
        ``"processes"``, ``"output"``, ``"killed"``, ``"crashed"``, ``"left"``, ``"not started"``.
    place : (str, int) or None
        What was being run last: ``("cell", 3)`` or ``("task", 1)``, counted from 0.
    answers : dict of int to str
        By the number of the task; nobody has looked at them yet.
    failed : dict of int to str
        By the number of the cell: the error in words, from a stranger.
    detail : str
        What bubblewrap or Python said, if the process was not started.
    """

    ended: str = "done"
    place: tuple | None = None
    answers: dict = field(default_factory=dict)
    failed: dict = field(default_factory=dict)
    detail: str = ""


# ---------------------------------------------------------------- the course without its answers


def copy_course(target, root=None):
    """Copy what a notebook may see of the course: the package and the tables.

    Left out are the tasks, the truth of the simulated tables, and whatever else lies in the
    folder: solutions, the history of the repository, a trainer's own work.

    Parameters
    ----------
    target : path
        A folder that is not there yet.
    root : path, optional
        The folder of the course.
    """
    root, target = Path(root or ROOT), Path(target)
    shutil.copytree(
        root / "funnelkit", target / "funnelkit", ignore=shutil.ignore_patterns("ex[0-9]*")
    )
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
_SOCKETS = (1, 2, 10, 16)  # unix, internet (there is no network to reach), the list of networks
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97


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
        (equal, 0, 2 + len(_SOCKETS), calls["socket"]),
        (load, 0, 0, 16),
        *[(equal, len(_SOCKETS) - place, 0, kind) for place, kind in enumerate(_SOCKETS)],
        refuse(_EAFNOSUPPORT),
        (end, 0, 0, allow),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in program)


# ---------------------------------------------------------------- what a sandbox holds


def _python_folders():
    """Return the folders of this Python, and of each that it was made from.

    A virtual environment's program is a link, perhaps to another link; each of them is looked up
    from where it lies.
    """
    prefixes = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.exec_prefix)}
    program = Path(sys.executable)
    for _ in range(10):
        prefixes.add(program.parent.parent)
        if not program.is_symlink():
            break
        program = program.parent / os.readlink(program)
    prefixes |= {prefix.resolve() for prefix in prefixes}
    found = [
        prefix / part
        for prefix in prefixes
        if prefix != Path("/")
        for part in ("bin", "lib", "lib64", "share", "etc", "ssl", "pyvenv.cfg")
    ]
    return [path for path in [*found, *_site_folders()] if path.exists()]


def _site_folders():
    """Return folders of installed packages outside of this Python's own, as after pip --user."""
    known = set(map(os.path.realpath, site.getsitepackages()))
    return [
        Path(entry)
        for entry in sys.path
        if Path(entry).name in ("site-packages", "dist-packages")
        and os.path.realpath(entry) not in known
    ]


def _mounts(course, hidden):
    """Return bubblewrap's arguments for the file system, outer folders before inner ones."""
    mounts = {}
    for name in SYSTEM:
        if os.path.islink(name):
            mounts[name] = ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            mounts[name] = ["--ro-bind", name, name]
    for name in SETTINGS:
        mounts[name] = ["--ro-bind-try", name, name]
    for path in map(str, _python_folders()):
        mounts.setdefault(path, ["--ro-bind", path, path])
    # A course or submissions inside of one of these folders would be seen with it.
    for path in map(Path, [*hidden, FONTS]):
        if path.is_dir() and any(path.is_relative_to(seen) for seen in mounts):
            mounts[str(path)] = ["--perms", "0555", "--size", "4096", "--tmpfs", str(path)]
    mounts["/proc"] = ["--proc", "/proc"]
    mounts["/dev"] = ["--dev", "/dev"]
    mounts[COURSE] = ["--ro-bind", str(course), COURSE]
    for name, megabytes in FOLDERS.items():
        mounts[name] = ["--perms", "1777", "--size", str(megabytes * 2**20), "--tmpfs", name]
    # Bubblewrap would make missing folders on the way for its own user only.
    for parent in {parent for name in mounts for parent in Path(name).parents} - {Path("/")}:
        mounts.setdefault(str(parent), ["--perms", "0755", "--dir", str(parent)])
    ordered = sorted(mounts, key=lambda name: len(Path(name).parts))
    arguments = [argument for name in ordered for argument in mounts[name]]
    # The root and /dev are file systems in memory as well, of any size: not to be written to.
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/"]


def _environment(course, home):
    """Return the variables that a notebook is run with; nothing of the grader's own."""
    one = ("OPENBLAS", "OMP", "MKL", "NUMEXPR")
    return {
        "HOME": home,
        "USER": "learner",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), "/usr/bin", "/bin"]),
        "PYTHONPATH": os.pathsep.join([str(course), *map(str, _site_folders())]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "FUNNELKIT_STATE": os.path.join(home, "progress.json"),
        "IPYTHONDIR": os.path.join(home, "ipython"),
        "MPLCONFIGDIR": os.path.join(home, "matplotlib"),
        "MPLBACKEND": "agg",
        # A process for each submission uses the machine; threads in each would only queue.
        **{f"{library}_NUM_THREADS": "1" for library in one},
        "MALLOC_ARENA_MAX": "2",
    }


RUNNER = [sys.executable, "-m", "funnelkit.grading.run_submission"]


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
        self.hidden = [ROOT, *hidden]
        self.unsafe = unsafe
        self.stopped = False
        self._running = set()

    def __enter__(self):
        self.bwrap = None if self.unsafe else _find_bwrap()
        self.filter = None if self.unsafe else call_filter()
        self._folder = tempfile.TemporaryDirectory(
            prefix="funnelkit-grade-", ignore_cleanup_errors=True
        )
        self.course = Path(os.path.realpath(self._folder.name)) / "course"
        try:
            copy_course(self.course)
            compile_libraries()
            if not self.unsafe:
                self._prove()
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(self, *error):
        self._folder.cleanup()

    def _prove(self):
        """Run a process that tries to get out."""
        request = {
            "cells": [_ATTEMPT.format(root=str(ROOT))],
            "tasks": [{"name": "seen", "calls": None}],
        }
        outcome = run(self, request, Limits(cell=60.0), time.monotonic() + START_SECONDS)
        seen = outcome.answers.get(0)
        if outcome.ended != "done" or seen != "[]":
            why = outcome.detail or f"{outcome.ended}; reached: {seen}"
            raise NoSandbox(f"bubblewrap is here but does not work ({why[-300:]}): {_WAY_OUT}")

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
            "AS": limits.memory,
            "FSIZE": FILE_BYTES,
            "NOFILE": OPEN_FILES,
            "CORE": 0,
            "NPROC": 2 * limits.processes,
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
        arguments += [*_mounts(self.course, self.hidden), "--chdir", f"{COURSE}/work", "--clearenv"]
        for name, value in _environment(COURSE, HOME).items():
            arguments += ["--setenv", name, value]
        filter_fd, info_read, info_write = _readable(self.filter), *os.pipe()
        try:
            process = _popen(
                [
                    *arguments,
                    *("--seccomp", str(filter_fd), "--info-fd", str(info_write), "--"),
                    *RUNNER,
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
        process, own, child = self.start(limits)
        self._running.add(process)
        try:
            if self.stopped:
                raise KeyboardInterrupt
            yield process, own, child
        finally:
            self._running.discard(process)
            self._end(process)

    def stop(self):
        """End all processes, and start no others."""
        self.stopped = True
        for process in list(self._running):
            self._end(process)

    def _end(self, process):
        if self.unsafe and hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()  # a sandbox dies with bubblewrap, all of it
        process.wait()

    def _start_openly(self, limits):
        folder = tempfile.mkdtemp(dir=self.course / "work")
        limit = {"AS": limits.memory} if sys.platform == "linux" else {}
        path = os.environ.get("PATH", "")
        process = _popen(
            RUNNER,
            env={**os.environ, **_environment(self.course, folder), "PATH": path},
            cwd=folder,
            start_new_session=True,
        )
        return process, {"rlimits": limit, "folder": folder, "user": None}


# Nothing of this may succeed. Written for a machine on which each would.
_ATTEMPT = """
import os, socket
seen = []
if os.path.exists({root!r} + "/funnelkit"):
    seen.append("the course")
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


def run(sandbox, request, limits, until):
    """Run a notebook's cells in a process of its own, and take its answers.

    Parameters
    ----------
    sandbox : Sandbox
    request : dict
        ``cells``, a list of text; ``tasks``, a list of ``{"name", "calls"}``; and, where some
        are to be left out, ``without``: a list of places such as ``["cell", 3]``.
    limits : Limits
    until : float
        When everything has to be over, by `time.monotonic`.

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
        reader = threading.Thread(
            target=_read, args=(process.stdout, lines, len(request["tasks"])), daemon=True
        )
        reader.start()
        with contextlib.suppress(OSError):  # it has ended already
            process.stdin.write(json.dumps(sent).encode())
            process.stdin.close()
        _follow(process, child, lines, outcome, limits, until)
    reader.join(GRACE_SECONDS)
    if outcome.ended == "not started":
        outcome.detail = " ".join(process.stderr.read()[-2_000:].decode("utf-8", "replace").split())
    process.stderr.close()
    if not reader.is_alive():
        process.stdout.close()
    if sandbox.unsafe:
        shutil.rmtree(own["folder"], ignore_errors=True)
    return outcome


def _read(stream, lines, tasks):
    """Put what a process says into a queue, line by line; b"" at its end, None if too much."""
    longest = MAX_BYTES + 100
    left = (tasks + 1) * longest
    for _ in range(MAX_LINES):
        line = stream.readline(longest)
        left -= len(line)
        if left < 0 or (line and not line.endswith(b"\n")):
            break
        lines.put(line)
        if not line:
            return
    lines.put(None)


def _follow(process, child, lines, outcome, limits, until):
    """Take down what a process says until it is done, or has to be ended."""
    started, inside = False, None
    now = time.monotonic()
    deadline, look = now + START_SECONDS, now
    allowed = {"cell": limits.cell, "task": limits.call + 1}
    try:
        while True:
            now = time.monotonic()
            if now >= until:
                outcome.ended = "notebook time"
                return
            if now >= deadline:
                outcome.ended = "time" if started else "not started"
                return
            if inside is not None and now >= look:
                too_much = _excess(inside, limits)
                if too_much:
                    outcome.ended = too_much
                    return
                look = time.monotonic() + WATCH_SECONDS
            try:
                line = lines.get(timeout=min(WATCH_SECONDS, until - now, deadline - now))
            except queue.Empty:
                continue
            if line is None:
                outcome.ended = "output"
                return
            if not line:
                outcome.ended = _cause(process) if started else "not started"
                return
            word, _, rest = line.rstrip(b"\n").partition(b" ")
            if word == b"ready" and not started:
                started, deadline = True, until
                # Only now is the process's /proc that of the sandbox.
                inside = _open_processes(child)
            elif word in (b"cell", b"task"):
                outcome.place = word.decode(), _number(rest)
                deadline = time.monotonic() + allowed[outcome.place[0]] + GRACE_SECONDS
            elif word in (b"failed", b"answer"):
                number, _, text = rest.partition(b" ")
                into = outcome.failed if word == b"failed" else outcome.answers
                into[_number(number)] = text.decode("utf-8", "replace")
            elif word == b"done":
                return
    finally:
        if inside is not None:
            os.close(inside)


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


# ---------------------------------------------------------------- memory, from outside


def _open_processes(child):
    """Return a folder that lists the processes of a sandbox, and no others."""
    if child is None:
        return None
    try:
        return os.open(f"/proc/{child}/root/proc", os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # it has just ended
        return None


def _excess(inside, limits):
    """Return ``"memory"`` or ``"processes"`` if a sandbox has more of it than allowed."""
    numbers = [name for name in os.listdir(inside) if name.isdigit()]
    if len(numbers) > limits.processes + 2:  # bubblewrap and Python
        return "processes"
    page = os.sysconf("SC_PAGE_SIZE")
    held = [int((_peek(inside, n, "statm") or "0 0").split()[1]) * page for n in numbers]
    # What processes share is counted in each: only if that comes to too much, look closer.
    if sum(held) > limits.memory:
        held = [_share(inside, number, rough) for number, rough in zip(numbers, held, strict=True)]
    return "memory" if sum(held) > limits.memory else None


def _share(inside, number, rough):
    """Return the bytes that a process holds, with its share of what it has in common."""
    for line in (_peek(inside, number, "smaps_rollup") or "").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return rough


def _peek(inside, number, name):
    def opener(path, flags):
        return os.open(path, flags, dir_fd=inside)

    try:
        with open(f"{number}/{name}", opener=opener) as file:
            return file.read(10_000)
    except OSError:  # it has ended, or does not let itself be read
        return None
