"""A file that takes each result of a run as it comes, so that nothing is graded twice.

Whatever ends a run, what it has found so far is in its journal, and the next run goes on from
there. A result counts again only if the path and the content of the submission, the exercises and
the limits are the same.
"""

import contextlib
import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

from funnelkit.data import data_folder
from funnelkit.exercises import checks

__all__ = ["Journal", "version"]

SAME = "another run writes to the same table: wait for it, or name another file with --to"
PACKAGE = Path(__file__).resolve().parents[1]


def version(limits):
    """Return a short text that changes when marks might: with the package, the tables, the limits.

    Parameters
    ----------
    limits : Limits

    Returns
    -------
    str
    """
    digest = hashlib.sha256(repr(limits).encode())
    folders = [*map(Path, checks.__path__), PACKAGE]
    for file in sorted({file for folder in folders for file in folder.rglob("*.py")}):
        digest.update(file.name.encode() + file.read_bytes())
    for file in sorted(data_folder().rglob("*")):
        digest.update(f"{file.name} {file.stat().st_size}".encode())
    return digest.hexdigest()


class Journal:
    """Keeps results, and knows those of a run that was stopped.

    Parameters
    ----------
    path : path
        The file; that of an earlier run is read and gone on with.
    known : str
        From `version`.

    Attributes
    ----------
    kept : dict
        What is in it, as text, by the path and the fingerprint of a submission.
    problem : OSError or None
        Why it could not be written on.

    Raises
    ------
    OSError
        If it cannot be written: its folder is missing or read-only, or the disk is full.
    """

    def __init__(self, path, known):
        self.path, self.problem, self.kept = Path(path), None, {}
        head = json.dumps({"journal": known}) + "\n"
        self.file = open(self.path, "a+", encoding="utf-8", errors="replace")  # noqa: SIM115
        try:
            _lock(self.file)
            self.file.seek(0)
            before = self.file.read()
            if before.startswith(head):
                self._keep(before.split("\n")[1:])
                self._write("" if before.endswith("\n") else "\n")
            else:
                self.file.truncate(0)
                self._write(head)
            self._try_space()
        except BaseException:
            self.file.close()
            raise

    def _keep(self, lines):
        for line in lines:
            with contextlib.suppress(ValueError, TypeError, KeyError):  # cut off as it was written
                entry = json.loads(line)
                self.kept[entry["file"], entry["content"]] = line

    def _try_space(self):
        """Write as much as a table may need, and take it back."""
        size = self.file.seek(0, os.SEEK_END)
        try:
            self._write(" " * 200_000)
        finally:
            self.file.truncate(size)

    def find(self, file, content):
        """Return what is known of a submission, as `add` was given it, or None."""
        line = self.kept.get((file, content))
        return None if line is None else json.loads(line)

    def add(self, submission, content, late):
        """Write down a result.

        Parameters
        ----------
        submission : Submission
        content : str
            The fingerprint of its file.
        late : bool
            Whether it has to be run once more.
        """
        if self.problem or not content:
            return
        entry = {"file": submission.file, "content": content, "late": late, **asdict(submission)}
        line, key = json.dumps(entry), (submission.file, content)
        if self.kept.get(key) == line:
            return
        self.kept[key] = line
        try:
            self._write(line + "\n")
        except OSError as error:  # the disk is full, perhaps: the run goes on, and its results
            self.problem = error

    def _write(self, text):
        self.file.write(text)
        self.file.flush()
        os.fsync(self.file.fileno())

    def close(self):
        """Close the file and leave it where it is."""
        with contextlib.suppress(OSError):
            self.file.close()

    def remove(self):
        """Remove the file, since all is in the table."""
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink()


def _lock(file):
    """Keep a second run from writing to the same file; given back when the process ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ValueError(SAME) from None
    except OSError:  # no locks on this file system
        return
