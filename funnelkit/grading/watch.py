"""What the processes of a sandbox use, watched from outside.

A machine that is busy with other things takes no marks: time is counted without what a notebook
waits for a processor, and beside it processor time, over all processes of the sandbox together.
Memory is theirs together with what they make the kernel hold.
"""

import contextlib
import os
import time
from pathlib import Path

from funnelkit.grading.mounts import FOLDERS

__all__ = ["Watch"]

NODE_BYTES = 1_100  # of the kernel's memory for a file, however small
SOCKET_BYTES = 212_992  # what may wait in a socket to be read


class Watch:
    """Looks at a sandbox's processes; outside of a sandbox it has only the clock.

    Parameters
    ----------
    child : int or None
        The number of the first process inside.
    """

    def __init__(self, child):
        self.inside, self.folders = None, []
        self._waited, self._waits = 0.0, {}
        self._used, self._seen = 0.0, {}
        if child is None:
            return
        with contextlib.suppress(OSError):  # it has just ended
            self.inside = _open(child, "proc")
            self.folders = [_open(child, name.lstrip("/")) for name in FOLDERS]

    def close(self):
        """Give back what it holds open."""
        for folder in [self.inside, *self.folders]:
            if folder is not None:
                os.close(folder)

    def time(self):
        """Return a clock that stands still while the notebook waits for a processor.

        The second number of ``schedstat`` is how long a process was ready to run and did not
        run, in nanoseconds, see ``Documentation/scheduler/sched-stats.rst`` of Linux. With
        several processes it is, at any time, the wait of whichever waits longest.
        """
        longest = 0.0
        for number in self._numbers():
            told = (self._peek(number, "schedstat") or "").split()
            if len(told) > 1:
                before = self._waits.get(number, 0)
                self._waits[number] = int(told[1])
                longest = max(longest, (self._waits[number] - before) / 1e9)
        self._waited += longest
        return time.monotonic() - self._waited

    def processor_time(self):
        """Return the seconds of processor time of all processes so far, ended ones included."""
        living = 0.0
        for number in self._numbers():
            fields = (self._peek(number, "stat") or "").rpartition(")")[2].split()
            if len(fields) > 19:  # user and system, its own and of children that it waited for
                ticks = [int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:15]]
                self._seen[number, fields[19]] = ticks[0] + ticks[1]
                living += sum(ticks)
        # Nobody need wait for a child, and a short one need not be seen: whichever is more.
        self._used = max(self._used, living, sum(self._seen.values()))
        return self._used

    def excess(self, limits):
        """Return ``"memory"`` or ``"processes"`` if there is more of it than allowed, or None."""
        if self.inside is None:
            return None
        numbers = self._numbers()
        if len(numbers) > limits.processes + 2:  # bubblewrap and Python
            return "processes"
        left = limits.memory - self._kernel(numbers)
        page = os.sysconf("SC_PAGE_SIZE")
        held = [int((self._peek(n, "statm") or "0 0").split()[1]) * page for n in numbers]
        # What processes share is counted in each: only if that comes to too much, look closer.
        if sum(held) > left:
            held = [self._share(number, rough) for number, rough in zip(numbers, held, strict=True)]
        return "memory" if sum(held) > left else None

    def _numbers(self):
        if self.inside is None:
            return []
        return [name for name in os.listdir(self.inside) if name.isdigit()]

    def _kernel(self, numbers):
        """Return the bytes that files in memory and sockets hold, which are no process's own."""
        held = 0
        for folder in self.folders:
            stat = os.fstatvfs(folder)
            held += (stat.f_blocks - stat.f_bfree) * stat.f_frsize
            held += (stat.f_files - stat.f_ffree) * NODE_BYTES
        for number in numbers:  # they share a network, so the first that answers tells of all
            told = (self._peek(number, "net/sockstat") or "").split()
            if told[:2] == ["sockets:", "used"]:
                return held + int(told[2]) * SOCKET_BYTES
        return held

    def _share(self, number, rough):
        """Return the bytes that a process holds, with its share of what it has in common."""
        for line in (self._peek(number, "smaps_rollup") or "").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
        return rough

    def _peek(self, number, name):
        if self.inside is None:
            return None

        def opener(path, flags):
            return os.open(path, flags, dir_fd=self.inside)

        try:
            with open(f"{number}/{name}", opener=opener) as file:
                return file.read(10_000)
        except OSError:  # it has ended, or does not let itself be read
            return None


def _open(child, name):
    """Open a folder of a sandbox; its ``/proc`` lists its own processes and no others."""
    return os.open(Path(f"/proc/{child}/root") / name, os.O_RDONLY | os.O_DIRECTORY)
