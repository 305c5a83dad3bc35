"""The command ``funnelkit grade``: from a folder of notebooks to a table, whatever comes between.

The table's place is tried before the first notebook is run. Each result goes into a journal beside
it, so that a run which is stopped, or ends in a power cut, goes on where it was.
"""

import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from funnelkit import grading, workspace
from funnelkit.grading.marks import as_csv, previous

__all__ = ["Stopped", "grade"]


class Stopped(KeyboardInterrupt):
    """A signal asked the program to end."""


@contextlib.contextmanager
def _stoppable():
    """Have signals that end a program end it in order, and a second one not disturb that."""

    def stop(number, frame):
        for name in before:
            signal.signal(name, signal.SIG_IGN)
        raise Stopped(number)

    before = {}
    if threading.current_thread() is threading.main_thread():  # only there can signals be caught
        names = [getattr(signal, n, None) for n in ("SIGINT", "SIGTERM", "SIGHUP")]
        # One that is ignored, as after nohup, stays so.
        ignored = (None, signal.SIG_IGN)
        before = {n: signal.getsignal(n) for n in names if n and signal.getsignal(n) not in ignored}
    try:
        for name in before:
            signal.signal(name, stop)
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def grade(folder, to, *, jobs=None, unsafe=False, limits=None):
    """Grade a folder of notebooks into a table, and print how each task went.

    Parameters
    ----------
    folder, to : path
    jobs, unsafe, limits
        As for `funnelkit.grading.grade`.

    Returns
    -------
    int
        The exit code: 0, or 128 and the number of the signal that stopped it.

    Raises
    ------
    ValueError
        If the table cannot be written to `to`.
    """
    folder, to = Path(folder), Path(to)
    limits = limits or grading.Limits()
    journal = _prepare(folder, to, grading.version((limits, unsafe)))
    if unsafe:
        print("Without a sandbox: these notebooks can do all that you can do.", file=sys.stderr)
    if journal.kept:
        print(f"A run was stopped here: {len(journal.kept)} results are taken from it.")
    began = time.monotonic()
    try:
        with _stoppable():
            graded = grading.grade(
                folder,
                jobs=jobs,
                unsafe=unsafe,
                limits=limits,
                progress=True,
                leave=[to, journal.path],
                journal=journal,
            )
    except KeyboardInterrupt as stopped:
        _tell_stopped(journal)
        return 128 + (stopped.args[0] if stopped.args else signal.SIGINT)
    except BaseException:
        _put_away(journal)
        raise
    seconds = time.monotonic() - began
    if journal.problem:
        print(f"The journal could not be written ({journal.problem.strerror}).", file=sys.stderr)
    said = _write(graded, to)
    journal.remove()
    print("\n".join(grading.report(graded, seconds)))
    print(f"\n{said}")
    return 0


def _prepare(folder, to, version):
    """Return the journal; find out before the work whether the table can be written."""
    if to.suffix.lower() == ".ipynb":
        raise ValueError(f"--to {to}: that is the name of a notebook; name a table, such as x.csv")
    if to.is_dir() or not to.absolute().parent.is_dir():
        raise ValueError(f"--to {to}: name a file in a folder that is there")
    try:
        previous(to)
        beside = to.absolute().parent
        # What is among the submissions may be from a stranger, and so could a journal be.
        inside = folder.is_dir() and beside.resolve().is_relative_to(folder.resolve())
        place = folder.resolve().parent if inside else beside
        if inside:
            tempfile.TemporaryFile(dir=beside).close()
        return grading.Journal(place / f".{to.name}.journal", version)
    except OSError as error:
        why = error.strerror or str(error)
        raise ValueError(f"--to {to}: it cannot be written there ({why}): name another") from None


def _put_away(journal):
    """Leave the journal if there is anything in it."""
    if journal.kept:
        journal.close()
    else:
        journal.remove()


def _tell_stopped(journal):
    number = len(journal.kept)
    _put_away(journal)
    many = "1 result is" if number == 1 else f"{number} results are"
    print(f"Stopped; no table was written. {many} kept in {journal.path}.", file=sys.stderr)
    print("The same command goes on from there.", file=sys.stderr)


def _write(graded, to):
    """Write the table, somewhere; return the sentence that says where."""
    places = [to, workspace.free_name(to.parent, to.stem, to.suffix)]
    # Where there is no home it stays "~", a folder that is not there.
    for folder in map(Path, (".", os.path.expanduser("~"), tempfile.gettempdir())):
        places.append(workspace.free_name(folder.absolute(), to.stem, to.suffix or ".csv"))
    for place in dict.fromkeys(places):
        try:
            kept = grading.write(graded, place)
        except (OSError, ValueError) as error:  # open in a spreadsheet, or the disk is full
            why = getattr(error, "strerror", None) or str(error)
            print(f"{place} cannot be written to ({why}).", file=sys.stderr)
        else:
            before = f" The one that was there is kept as {kept}." if kept else ""
            return f"The table is in {place}.{before}"
    print(as_csv(graded).decode("utf-8-sig"))
    return "The table could not be written anywhere, so it is above."
