"""The learner's own copies of the notebooks, in ``work/``, and the state kept beside them.

Learners never edit the course's own notebooks: they work on copies, which the course renews as
long as the learner has not changed them.
"""

import contextlib
import hashlib
import json
import os
import sys
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# What is copied: the notebooks that lie in these folders themselves, so that the answers in
# exercises/solutions/ stay where they are.
FOLDERS = {"lesson": "notebooks", "exercise": "exercises"}

LOCK_SECONDS = 2.0  # how long to wait for another notebook that writes the state


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
    unreadable : list of str
        Copies that are no longer notebooks; they are left as they are.
    notes : list of str
        Sentences to print.
    """

    added: list = field(default_factory=list)
    refreshed: list = field(default_factory=list)
    kept: list = field(default_factory=list)
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
def locked(path):
    """Keep other notebooks from changing the state meanwhile.

    The operating system gives the lock back when a process ends, however it ends. Where there is
    no locking (some network drives), or it takes longer than `LOCK_SECONDS`, go on without.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(f"{path.name}.lock"), "a+b") as file:
        until = time.monotonic() + LOCK_SECONDS
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
    r"""Return a number that two notebooks share when the same is written in their cells.

    Running a notebook, saving it in another program or on another system, and the empty cell
    that JupyterLab adds below the last one change outputs, metadata and line ends, but not the
    fingerprint.

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
                cells.append([cell["cell_type"], source])
    except (ValueError, TypeError, KeyError):
        return None
    return hashlib.sha256(json.dumps(cells).encode("utf-8")).hexdigest()


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


def update(root=None, *, today=None):
    """Bring the learner's copies up to date without overwriting anything they wrote.

    A copy that is missing is added. A copy whose cells still say what the course's notebook said
    when it was copied is replaced when the course has a newer one; running a lesson does not
    change its cells. A copy that the learner has changed is left alone.

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
        If ``work/`` cannot be written to.
    """
    notebooks, work, path = course_notebooks(root), work_folder(root), state_path(root)
    with locked(path):
        state, notes = read_state(path, today=today)
        copies = state.setdefault("copies", {})
        done = Update(notes=notes)
        for name, original in notebooks.items():
            content = original.read_bytes()
            new, old, copy = _record(content), copies.get(name), work / name
            old = old if isinstance(old, dict) else {}
            if not copy.exists():
                write(copy, content)
                copies[name] = new
                done.added.append(name)
                continue
            cells = fingerprint(copy.read_bytes())
            if cells is None:
                done.unreadable.append(name)
            elif cells == new["cells"]:
                # The same text; perhaps the course's outputs have changed.
                if old and old != new:
                    write(copy, content)
                    done.refreshed.append(name)
                copies[name] = new
            elif cells == old.get("cells"):
                write(copy, content)
                copies[name] = new
                done.refreshed.append(name)
            elif old.get("cells") != new["cells"]:
                # Changed by the learner, and by the course since (or nobody knows when: the state
                # was lost). The old note stays, so that this is said until it is settled.
                done.kept.append(name)
        write_state(path, state)
    return done


def reset(lesson, root=None, *, kinds=("lesson", "exercise"), today=None):
    """Bring back a lesson's notebooks as the course has them.

    What the learner wrote is kept beside, as ``02_conversion_rates.mine-2026-11-22.ipynb``, and a
    second one on the same day as ``…-2.ipynb``.

    Parameters
    ----------
    lesson : str or int
        The number, or the name of the notebook, such as ``"02"`` or ``"02_conversion_rates"``.
    root : path, optional
        The folder of the course; by default that of this package.
    kinds : sequence of {"lesson", "exercise"}
        Which notebooks of that number.
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
    with locked(path):
        state, notes = read_state(path, today=today)
        copies = state.setdefault("copies", {})
        restored = []
        for name in names:
            content, copy, kept = notebooks[name].read_bytes(), work / name, None
            new, old = _record(content), copies.get(name)
            pristine = [new["cells"]] + ([old.get("cells")] if isinstance(old, dict) else [])
            if copy.exists():
                mine = copy.read_bytes()
                cells = fingerprint(mine)
                if cells is None or cells not in pristine:
                    stem = f"{copy.stem}.mine-{today or date.today()}"
                    beside = free_name(copy.parent, stem, copy.suffix)
                    write(beside, mine)
                    kept = f"{Path(name).parent}/{beside.name}"
            write(copy, content)
            copies[name] = new
            restored.append((name, kept))
        write_state(path, state)
    return restored, notes
