"""A process shut off from the machine, in which the grader runs a stranger's notebook.

Bubblewrap makes it: a file system with nothing in it but Python, the system's libraries and a
copy of the course without its answers, all read-only; no network; a process table of its own, all
of which dies together. A filter of system calls and the limits that `run_submission` sets on
itself come on top. Time and memory are watched from outside, see `funnelkit.grading.watch`.
"""

import contextlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from itertools import count
from pathlib import Path

from funnelkit.grading.bwrap import NoSandbox, find_bwrap, why_not
from funnelkit.grading.calls import call_filter
from funnelkit.grading.course_copy import PACKAGE, ROOT, compile_libraries, copy_course
from funnelkit.grading.mounts import COURSE, mounts, private_folders, site_folders
from funnelkit.grading.runs import START_SECONDS, Limits, run

__all__ = ["PREFIX", "Sandbox"]

HOME = "/tmp/home"
PREFIX = "funnelkit-grade-"
FILE_BYTES = 64 * 2**20  # the largest file
OPEN_FILES = 256
THREADS = 64  # of all processes together, beside their first ones

_numbers = count()


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
        # DuckDB has no variable of its own, and takes a thread for each processor of the machine,
        # which on a large one are more than a submission may have; this one it asks first.
        "SLURM_CPUS_ON_NODE": "1",
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
        self.bwrap = None if self.unsafe else find_bwrap()
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
            raise NoSandbox(why_not(why))

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
