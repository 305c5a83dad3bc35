"""The state of a room without a server: each machine writes a file, a shared folder collects them.

A file holds what was solved and how often it was tried; no name, no answer.
"""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from funnelkit import workspace
from funnelkit.exercises import registry
from funnelkit.exercises.notebook import entries_of

__all__ = ["Room", "export", "read_all", "read_files", "read_room"]

KIND = "funnelkit progress"
NUMBER = "number of this work folder"


def export(to):
    """Write what has been solved in `work/`, for `read_room`; return the path of the file.

    Parameters
    ----------
    to : path
        A file ending in ``.json``, or a folder that is there: the file in it is then called by a
        random number that stays with this `work/`, so that the next time it is replaced.

    Raises
    ------
    ValueError
        If the file is there and is not of this kind: it is not overwritten.
    OSError
        If it cannot be written, or `work/` holds no state that could be kept.
    """
    path = workspace.state_path()
    with workspace.locked(path):
        state, _ = workspace.read_state(path)
        if not _is_number(state.get("room")):
            state["room"] = secrets.token_hex(4)
            workspace.write_state(path, state)
    to = Path(to)
    if to.is_dir():
        to = to / f"progress-{state['room']}.json"
    elif to.suffix != ".json":
        raise ValueError(f"{to} is no folder: name one that is there, or a file ending in .json")
    elif to.exists() and _read(to) is None:
        raise ValueError(f"{to} is there and is no file of progress: choose another name")
    content = {"kind": KIND, NUMBER: state["room"], "tasks": entries_of(state)}
    beside = to.with_name(f".{to.name}.new")  # a reader never sees half a file
    try:
        beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        beside.replace(to)
    finally:
        beside.unlink(missing_ok=True)
    return to


@dataclass(frozen=True)
class Room:
    """What a room has solved: a row for each task that anybody tried, and the files left out.

    Attributes
    ----------
    machines : int
        How many different `work/` folders the files are of.
    rows : tuple of tuple
        Task, its title, and of how many machines: solved, tried and not solved, took a hint. The
        task that most are stuck in comes first.
    odd : tuple of str
        Names of files that are not of this kind.
    """

    machines: int
    rows: tuple
    odd: tuple

    def __str__(self):
        lines = [f"{self.machines} machine{'' if self.machines == 1 else 's'}"]
        if self.rows:
            width = max(len(row[1]) for row in self.rows)
            lines.append(f"{'task':6}{'':{width}}  solved  stuck  hints")
            for task, title, right, stuck, hints in self.rows:
                lines.append(f"{task:6}{title:{width}}  {right:6}  {stuck:5}  {hints:5}")
        else:
            lines.append("nobody has tried a task yet")
        lines += [f"not a file of progress: {name}" for name in self.odd]
        return "\n".join(lines)


def read_all(folder):
    """Return what the files in a folder say, the one written last at the end, and the odd ones.

    Returns
    -------
    files : list of tuple
        The path of the file, the number of its machine, and the state of each task.
    odd : list of str
        Names of files that are not of this kind.

    Raises
    ------
    ValueError
        If there is no such folder.
    """
    if not Path(folder).is_dir():
        raise ValueError(f"{folder} is no folder: name the one into which progress is exported")
    files, odd = [], []
    for path in sorted(Path(folder).glob("*.json"), key=lambda path: (_written(path), path.name)):
        read = _read(path)
        if read is None:
            odd.append(path.name)
        else:
            files.append((path, *read))
    return files, odd


def read_files(folder):
    """Return what the files in a folder say, by the number of the machine, and the odd ones.

    Of two files of one machine the one written last counts.

    Returns
    -------
    latest : dict of str to tuple
        The path of the file, and the state of each task.
    odd : list of str
        Names of files that are not of this kind.

    Raises
    ------
    ValueError
        If there is no such folder.
    """
    files, odd = read_all(folder)
    return {machine: (path, tasks) for path, machine, tasks in files}, odd


def read_room(folder):
    """Return the state of a room from the files that `export` wrote into a folder.

    Of two files of one machine the one written last counts.

    Raises
    ------
    ValueError
        If there is no such folder.
    """
    latest, odd = read_files(folder)
    titles = {
        task: one.title
        for stem in registry.exercises()
        for task, one in registry.tasks(stem).items()
    }
    rows = []
    for place, (task, title) in enumerate(titles.items()):
        states = [entries[task] for _, entries in latest.values() if task in entries]
        right = sum(one["right"] for one in states)
        stuck = sum(one["tries"] > 0 and not one["right"] for one in states)
        hints = sum(one["hints"] > 0 for one in states)
        if right or stuck or hints:
            rows.append((-stuck, place, (task, title, right, stuck, hints)))
    return Room(len(latest), tuple(row for _, _, row in sorted(rows)), tuple(odd))


def _is_number(value):
    return isinstance(value, str) and len(value) == 8 and set(value) <= set("0123456789abcdef")


def _written(path):
    try:
        return path.stat().st_mtime
    except OSError:  # taken away meanwhile
        return 0.0


def _read(path):
    """Return the number of the machine and the state of its tasks; None if a file is another's."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("kind") != KIND:
        return None
    return (content[NUMBER], entries_of(content)) if _is_number(content.get(NUMBER)) else None
