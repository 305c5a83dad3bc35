"""The learner's own copies of the notebooks, in ``work/``, and the state kept beside them.

Learners never edit the course's own notebooks: they work on copies, which the course renews as
long as the learner has not changed them.
"""

import contextlib
import errno
import hashlib
import json
import os
import sys
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

__all__ = [
    "FOLDERS",
    "ROOT",
    "Update",
    "course_notebooks",
    "fingerprint",
    "free_name",
    "locked",
    "make_folder",
    "read_state",
    "reset",
    "state_path",
    "update",
    "work_folder",
    "write",
    "write_state",
]

ROOT = Path(__file__).resolve().parents[1]

# What is copied: the notebooks that lie in these folders themselves, so that the answers in
# exercises/solutions/ stay where they are.
FOLDERS = {"lesson": "notebooks", "exercise": "exercises"}

# How long to wait for another notebook that writes the state, which takes milliseconds where the
# disk is not slow, and for another start that renews the copies.
LOCK_SECONDS = 10.0
COPYING_SECONDS = 60.0

FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}  # the disk, or this user's share


@dataclass
class Update:
    """What `update` did, each a list of paths such as ``notebooks/02_conversion_rates.ipynb``.

    Attributes
    ----------
    added : list of str
        Copies that were not there before.
    refreshed : list of str
        Copies that the learner had not changed, replaced by a newer version.
    kept : list of str
        Copies that the learner has changed, of which the course has a newer version.
    unknown : list of str
        Copies that differ from the course's, where the record of who changed what was lost.
        They are left as they are, and named once.
    unreadable : list of str
        Copies that are no longer notebooks; they are left as they are.
    notes : list of str
        Sentences to print.
    """

    added: list = field(default_factory=list)
    refreshed: list = field(default_factory=list)
    kept: list = field(default_factory=list)
    unknown: list = field(default_factory=list)
    unreadable: list = field(default_factory=list)
    notes: list = field(default_factory=list)


def work_folder(root=None):
    """Return the folder of the learner's copies, ``work/``; it need not exist yet."""
    return Path(root or ROOT) / "work"


def state_path(root=None):
    """Return the file that keeps the state; the variable FUNNELKIT_STATE names another.

    Parameters
    ----------
    root : path, optional
        The folder of the course.

    Returns
    -------
    pathlib.Path
    """
    other = os.environ.get("FUNNELKIT_STATE")
    return Path(other) if other else work_folder(root) / ".progress.json"


def make_folder(folder):
    """Make a folder if it is not there yet.

    Parameters
    ----------
    folder : pathlib.Path

    Raises
    ------
    FileExistsError
        If something else has its name; the message says so.
    OSError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        error.strerror = "not a folder, but a file or a link that leads nowhere: rename it"
        raise


def free_name(folder, stem, suffix=""):
    """Return the path of the first of ``stem``, ``stem-2``, ``stem-3`` … that is not taken.

    Parameters
    ----------
    folder : pathlib.Path
    stem, suffix : str
        The name before and after the number.

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> free_name(Path("no-such-folder"), "mine", ".ipynb").name
    'mine.ipynb'
    """
    candidate, number = folder / f"{stem}{suffix}", 1
    while candidate.exists():
        number += 1
        candidate = folder / f"{stem}-{number}{suffix}"
    return candidate


def write(path, content):
    """Write bytes to a file so that it is never seen half-written, even after a power cut.

    Parameters
    ----------
    path : pathlib.Path
        Its folder is made if need be.
    content : bytes

    Raises
    ------
    OSError
        If the folder cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def read_state(path, *, today=None):
    """Read the state; a damaged file is put aside, never thrown away.

    Parameters
    ----------
    path : pathlib.Path
    today : datetime.date, optional
        The date in the name of a damaged file.

    Returns
    -------
    state : dict
        Empty if there is none yet.
    notes : list of str
        What to tell the learner: empty, or one sentence about a damaged file.
    """
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(state, dict) or not isinstance(state.get("copies", {}), dict):
            raise ValueError("not a table of names and values")
    except FileNotFoundError:
        return {}, []
    except ValueError:  # not JSON, or not text
        aside = free_name(path.parent, f"{path.name}.broken-{today or date.today()}")
        os.replace(path, aside)
        return {}, [
            f"The file that keeps your progress was damaged, so a new one was begun; the "
            f"damaged one is kept as {aside.name}. Your notebooks are untouched."
        ]
    return state, []


def write_state(path, state):
    """Write the state in one go; raises OSError if its folder cannot be written to."""
    text = json.dumps(state, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    write(path, text.encode("utf-8"))


@contextlib.contextmanager
def locked(path, *, seconds=None):
    """Keep other programs from changing a file meanwhile.

    The operating system gives the lock back when a process ends, however it ends. Where there is
    no locking (some network drives), or it takes longer than `seconds`, go on without.

    Parameters
    ----------
    path : pathlib.Path
        The file. The lock is a file beside it.
    seconds : float, optional
        How long to wait for others; by default `LOCK_SECONDS`.

    Raises
    ------
    OSError
        If the folder cannot be written to for another reason than a full disk.
    """
    until = time.monotonic() + (LOCK_SECONDS if seconds is None else seconds)
    try:
        make_folder(path.parent)
        file = open(path.with_name(f"{path.name}.lock"), "a+b")  # noqa: SIM115
    except OSError as error:
        if error.errno not in FULL:
            raise
        yield
        return
    with file:
        while not _lock(file) and time.monotonic() < until:
            time.sleep(0.01)
        yield


def _lock(file):
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # another notebook has it
        return False
    except OSError:
        return True
    return True


def fingerprint(content):
    r"""Return a number that two notebooks share when the same is in their cells.

    Running a notebook, saving it in another program or on another system, and the empty cell
    that JupyterLab adds below the last one change outputs, metadata and line ends, but not the
    fingerprint. Text and pasted pictures do.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    str or None
        None if this is not a notebook.

    Examples
    --------
    >>> run = b'{"cells": [{"cell_type": "code", "source": ["1 +\\n", "1"], "outputs": [2]}]}'
    >>> new = b'{"cells": [{"cell_type": "code", "source": "1 +\\n1", "outputs": []}]}'
    >>> fingerprint(run) == fingerprint(new)
    True
    """
    try:
        cells = []
        for cell in json.loads(content)["cells"]:
            source = cell["source"]
            source = source if isinstance(source, str) else "".join(source)
            source = source.replace("\r\n", "\n").rstrip()
            if source:
                pictures = [cell["attachments"]] if cell.get("attachments") else []
                cells.append([cell["cell_type"], source, *pictures])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode("utf-8")).hexdigest()


def handed_out(content):
    r"""Return a notebook as a learner gets it: without what its cells once printed.

    So a *predict first* is a prediction. What is not a notebook is handed out as it is.

    Parameters
    ----------
    content : bytes
        The file, as the course stores it.

    Returns
    -------
    bytes

    Examples
    --------
    >>> stored = b'{"cells": [{"cell_type": "code", "source": "1", "outputs": [1]}]}'
    >>> json.loads(handed_out(stored))["cells"][0]["outputs"]
    []
    """
    try:
        notebook = json.loads(content)
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
    except (ValueError, TypeError, KeyError, RecursionError):
        return content
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def course_notebooks(root=None):
    """Return the course's own notebooks by the path that a copy has inside ``work/``.

    Returns
    -------
    dict
        Path such as ``"notebooks/02_conversion_rates.ipynb"`` to the file.

    Raises
    ------
    FileNotFoundError
        If `root` is not the folder of the course.
    """
    root = Path(root or ROOT)
    found = {}
    for folder in FOLDERS.values():
        for file in sorted((root / folder).glob("[0-9][0-9]_*.ipynb")):
            found[f"{folder}/{file.name}"] = file
    if not found:
        raise FileNotFoundError(
            f"{root} has no lessons: run funnelkit from the course's own folder, installed "
            "there by `python start.py lab`"
        )
    return found


def _record(content):
    """Return what the state notes of a notebook of the course when it is copied."""
    return {"cells": fingerprint(content), "file": hashlib.sha256(content).hexdigest()}


def _renew(copy, content, old):
    """Bring one copy up to date, and return what happened, in the words of `Update`.

    `old` is what was noted when the course's notebook was last copied; empty if nothing was.
    """
    new = _record(content)
    try:
        cells = fingerprint(copy.read_bytes())
    except FileNotFoundError:
        write(copy, content)
        return "added"
    except OSError:  # a folder of that name, or a file that may not be read
        return "unreadable"
    if cells is None:
        return "unreadable"
    if cells in (new["cells"], old.get("cells")):
        # Untouched. Where the text is the same the course's outputs may have changed.
        if cells == new["cells"] and old in ({}, new):
            return "same"
        write(copy, content)
        return "refreshed"
    if not old:
        return "unknown"
    # The note of a changed copy stays, so that a newer version is named until that is settled.
    return "untold" if old.get("cells") == new["cells"] else "kept"


def _copies(path, today):
    """Return what the state notes of the copies, and sentences to print."""
    with locked(path):
        state, notes = read_state(path, today=today)
    return state.get("copies", {}), notes


def _note_copies(path, changes, today):
    """Note what was copied, in a state that others may have written to since it was read."""
    with locked(path):
        state, _ = read_state(path, today=today)
        if changes or "copies" not in state:
            state["copies"] = {**state.get("copies", {}), **changes}
            write_state(path, state)


def update(root=None, *, today=None):
    """Bring the learner's copies up to date without overwriting anything they wrote.

    A copy that is missing is added. A copy whose cells are as the course's notebook had them when
    it was copied is replaced when the course has a newer one; running a lesson does not change
    its cells. Outputs and metadata are then the course's again. A copy whose text or pictures the
    learner has changed is left alone, and so is one that cannot be read or written: it is named,
    and does not keep the others from being renewed.

    Parameters
    ----------
    root : path, optional
        The folder of the course; by default that of this package.
    today : datetime.date, optional
        The date in the name under which a damaged state is put aside.

    Returns
    -------
    Update

    Raises
    ------
    FileNotFoundError
        If there are no lessons to copy.
    OSError
        If ``work/`` cannot be written to for another reason than a full disk.
    """
    notebooks, work, path = course_notebooks(root), work_folder(root), state_path(root)
    with locked(work / ".copies", seconds=COPYING_SECONDS):
        for folder in FOLDERS.values():
            if os.path.lexists(work / folder):  # say so once if it is a file
                make_folder(work / folder)
        copies, notes = _copies(path, today)
        done, changes = Update(notes=notes), {}
        for name, original in notebooks.items():
            content, old = handed_out(original.read_bytes()), copies.get(name)
            try:
                what = _renew(work / name, content, old if isinstance(old, dict) else {})
            except OSError as error:
                done.notes.append(f"work/{name} cannot be written ({error.strerror or error}).")
                continue
            if hasattr(done, what):
                getattr(done, what).append(name)
            if what not in ("kept", "untold", "unreadable") and old != _record(content):
                changes[name] = _record(content)
        try:
            _note_copies(path, changes, today)
        except OSError as error:
            if error.errno not in FULL:
                raise
            done.notes.append(
                "The disk is full: until there is room, nothing that you write and solve is kept."
            )
    return done


def _put_aside(copy, pristine, today):
    """Keep what the learner wrote beside a copy; return the path, or None if there is nothing."""
    try:
        mine = copy.read_bytes()
    except FileNotFoundError:
        return None
    except OSError:  # a folder of that name, or a file that may not be read
        mine = None
    if mine is not None and fingerprint(mine) in pristine:
        return None
    beside = free_name(copy.parent, f"{copy.stem}.mine-{today or date.today()}", copy.suffix)
    if mine is None:
        os.replace(copy, beside)
    else:
        write(beside, mine)
    return beside


def reset(lesson, root=None, *, kinds=("lesson",), today=None):
    """Bring back a lesson's notebook as the course has it, or its exercise, or both.

    What the learner wrote is kept beside, as ``02_conversion_rates.mine-2026-11-22.ipynb``, and a
    second one on the same day as ``…-2.ipynb``.

    Parameters
    ----------
    lesson : str or int
        The number, or the name of the notebook, such as ``"02"`` or ``"02_conversion_rates"``.
    root : path, optional
        The folder of the course; by default that of this package.
    kinds : sequence of {"lesson", "exercise"}
        Which notebooks of that number; by default only the lesson, since an exercise holds hours
        of the learner's work.
    today : datetime.date, optional
        The date in the name of what is kept.

    Returns
    -------
    restored : list of (str, str or None)
        Each notebook brought back, and the name under which the learner's was kept; None if
        there was nothing of theirs in it.
    notes : list of str
        Sentences to print.

    Raises
    ------
    ValueError
        If there is no such lesson.
    OSError
        If ``work/`` cannot be written to.
    """
    notebooks, work, path = course_notebooks(root), work_folder(root), state_path(root)
    folders = [FOLDERS[kind] for kind in kinds]
    wanted = str(lesson).strip().removesuffix(".ipynb")
    number = f"{int(wanted):02d}" if wanted.isdecimal() else wanted
    names = [
        name
        for name in notebooks
        if Path(name).parent.name in folders and number in (Path(name).stem, Path(name).name[:2])
    ]
    if not names:
        there = sorted({Path(name).name[:2] for name in notebooks if name.split("/")[0] in folders})
        what = " and no ".join(kinds)
        raise ValueError(
            f"there is no {what} {wanted!r}; choose one of {', '.join(there) or 'none yet'}"
        )
    with locked(work / ".copies", seconds=COPYING_SECONDS):
        copies, notes = _copies(path, today)
        restored, changes = [], {}
        for name in names:
            content, copy, old = (
                handed_out(notebooks[name].read_bytes()),
                work / name,
                copies.get(name),
            )
            changes[name] = _record(content)
            pristine = [changes[name]["cells"]]
            pristine += [old["cells"]] if isinstance(old, dict) and old.get("cells") else []
            beside = _put_aside(copy, pristine, today)
            write(copy, content)
            kept = f"{Path(name).parent.as_posix()}/{beside.name}" if beside else None
            restored.append((name, kept))
        _note_copies(path, changes, today)
    return restored, notes
