"""What was handed in: the files of a folder, whose they are, and what is in them.

Whatever is wrong with one entry of a folder, the others are found; and for each that cannot be
graded there is a sentence that says why.
"""

import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from funnelkit.exercises import registry

__all__ = [
    "Found",
    "Unreadable",
    "as_text",
    "cells_of",
    "content_of",
    "find",
    "fingerprint",
    "learner_of",
    "which_exercises",
]

NOTEBOOK_BYTES = 20_000_000
# Copies and settings that programs keep beside a notebook, which nobody hands in.
SKIPPED = (
    ".ipynb_checkpoints",
    "__MACOSX",
    ".git",
    ".venv",
    ".jupyter",
    ".cache",
    ".config",
    ".local",
    ".Trash",
    "Thumbs.db",
    "desktop.ini",
)
LINK = "It is a symbolic link, which is not followed: hand in the file itself."


class Unreadable(Exception):
    """The file is not a notebook; the text says why."""


@dataclass(frozen=True)
class Found:
    """One thing that was handed in.

    Attributes
    ----------
    file : str
        Its path inside of the folder, as text.
    learner : str
    path : pathlib.Path
        Where it is.
    problem : str
        Why it cannot be graded, or "".
    """

    file: str
    learner: str
    path: Path
    problem: str = ""


# ---------------------------------------------------------------- finding


def find(folder, leave=()):
    """Find all that was handed in.

    Parameters
    ----------
    folder : pathlib.Path
        Any tree of files, or one notebook.
    leave : sequence of path
        Files in it that nobody handed in.

    Returns
    -------
    root : pathlib.Path
        The folder that paths are told from.
    found : list of Found
        One for each notebook, for each entry that cannot be looked at, and for each learner
        without any; sorted by path.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    """
    if not folder.exists():
        raise FileNotFoundError(f"there is no folder {folder}")
    root = folder.resolve()
    if root.is_file():
        name = as_text(root.name)
        return root.parent, [Found(name, learner_of(Path(name)), root)]
    leave = {Path(path).resolve() for path in leave}
    found, others = [], {}
    waiting = [Path()]
    while waiting:
        inside = waiting.pop()
        try:
            with os.scandir(root / inside) as entries:
                names = sorted((entry.name, _kind(entry)) for entry in entries)
        except OSError as error:
            if not inside.parts:
                raise
            why = f"The folder cannot be read ({error.strerror}): what is in it is not graded."
            found.append(_found(root, inside, why))
            continue
        for name, kind in names:
            place = inside / name
            others.setdefault(place.parts[0], [])
            if name in SKIPPED or name.startswith(("._", ".~")) or root / place in leave:
                continue
            notebook = name.lower().endswith(".ipynb")
            if kind == "link" and (notebook or (root / place).is_dir()):
                found.append(_found(root, place, LINK))
            elif kind == "folder":
                waiting.append(place)
            elif notebook:
                found.append(_found(root, place))
            elif not name.startswith("."):
                others[place.parts[0]].append(as_text(place.as_posix()))
    found += _empty_handed(root, found, others)
    return root, sorted(found, key=lambda one: one.file)


def _kind(entry):
    try:
        if entry.is_symlink():
            return "link"
        return "folder" if entry.is_dir(follow_symlinks=False) else "file"
    except OSError:
        return "file"  # reading it will say why it cannot be


def _found(root, inside, problem=""):
    text = as_text(inside.as_posix())
    return Found(text, learner_of(Path(text)), root / inside, problem)


def _empty_handed(root, found, others):
    """Yield who handed in something, but no notebook."""
    seen = {one.path.relative_to(root).parts[0] for one in found}
    learners = {one.learner for one in found}  # platforms may put each file beside the others
    for first, files in others.items():
        path = root / first
        if first in seen or first.startswith(".") or first in SKIPPED or path.is_symlink():
            continue
        if files or path.is_dir():
            there = f"There is only {', '.join(files[:3])}" if files else "The folder is empty"
            one = _found(root, Path(first), f"{there}: no notebook (a file that ends in .ipynb).")
            if one.learner not in learners:
                yield one


def as_text(name):
    r"""Return the name of a file such that it can be written; Linux takes any bytes for one.

    Examples
    --------
    >>> as_text("José"), as_text("Jos\udce9")
    ('José', 'Jos\\xe9')
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


# ---------------------------------------------------------------- whose it is

# How learning platforms name what they export, with the learner in it.
_PLATFORMS = (
    re.compile(r"(?P<who>.+?)_\d+_assignsubmission_(?:file|onlinetext)(?:_.*)?"),  # Moodle
    re.compile(r"(?P<who>[^_]+)(?:_LATE)?_\d{3,}_\d{3,}_.*"),  # Canvas
    re.compile(r".*?_(?P<who>[^_]+)_attempt_[\d-]{10,}.*"),  # Blackboard
)
_COPIES = "copy|kopie|copie|c[oó]pia|副本"
_COPY = re.compile(
    r"^(?:(?:copy(?: \d+)? of|kopie von|copie de|c[oó]pia de|kopia) )+"
    rf"|(?:[ _-]+(?:{_COPIES})(?: ?\d+)?|[ _-]*\(\d+\)|-copy\d*|-\d{{1,2}})+$",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"(?:\d+|v\d*|final|new|neu|my|solved|solution|exercise|submission|work|notebook"
    rf"|{_COPIES}|of|von|de)(?:[ _.-]*(?:\d+|v\d*|final|new))*",
    re.IGNORECASE,
)


def learner_of(path):
    """Return who handed in a file, by its path inside of the folder.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str
        The first folder on the path, or what the file's name has besides that of the exercise;
        without what learning platforms and copying add. If nothing is left, the name itself.

    Examples
    --------
    >>> learner_of(Path("Anna/work/exercises/02_conversion_rates.ipynb"))
    'Anna'
    >>> learner_of(Path("02_conversion_rates_Anna (1).ipynb"))
    'Anna'
    >>> learner_of(Path("Jane Doe_4711_assignsubmission_file_/02.ipynb"))
    'Jane Doe'
    >>> learner_of(Path("doejane_LATE_4711_990011_02_conversion_rates-1.ipynb"))
    'doejane'
    >>> learner_of(Path("02_conversion_rates (1).ipynb"))
    '02_conversion_rates (1)'
    """
    first = path.parts[0]
    stem = first
    if len(path.parts) == 1:
        stem = re.sub(r"\.ipynb$", "", first, flags=re.IGNORECASE)
    for pattern in _PLATFORMS:
        fits = pattern.fullmatch(stem)
        if fits:
            return fits["who"].strip()
    if len(path.parts) > 1:
        return first
    bare = _COPY.sub("", _COPY.sub("", stem))
    for exercise in registry.exercises():
        bare = bare.replace(exercise, " ")
    bare = re.sub(r"^\s*\d{1,2}[ _.-]+(?=\D)", "", bare)
    bare = _COPY.sub("", bare.strip(" _-.")).strip(" _-.()")
    return stem if not bare or _NO_NAME.fullmatch(bare) else bare


# ---------------------------------------------------------------- reading


def content_of(path):
    """Return a file's bytes; raises `Unreadable` with the reason if it is not to be read."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unreadable("It is not a file.")
            content = file.read(NOTEBOOK_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"It cannot be read ({error.strerror}).") from None
    if not content.strip():
        raise Unreadable("The file is empty.")
    if len(content) > NOTEBOOK_BYTES:
        megabytes = NOTEBOOK_BYTES / 1e6
        raise Unreadable(f"It is larger than {megabytes:.0f} MB: clear its outputs and save it.")
    return content


def fingerprint(content):
    """Return a short text that only the same content has."""
    return hashlib.sha256(content).hexdigest()


def cells_of(content):
    """Return the code cells of a notebook of any version, and its metadata.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    sources : list of str
    metadata : object
        From a stranger.

    Raises
    ------
    Unreadable
        If it is not a notebook.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("It is not a notebook: not text in UTF-8.") from None
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"It is not a notebook, or was cut off: no valid JSON{where}.") from None
    try:
        return _code(notebook), notebook.get("metadata")
    except (TypeError, KeyError, AttributeError):
        raise Unreadable("It is not a notebook: JSON, but without cells.") from None


def _code(notebook):
    """Return the code cells, which were in worksheets, as their input, before version 4."""
    if "cells" in notebook:
        cells = notebook["cells"]
    else:
        cells = [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    sources = []
    for cell in cells:
        if cell.get("cell_type") == "code":
            source = cell["source"] if "source" in cell else cell["input"]
            source = source if isinstance(source, str) else "".join(source)
            sources.append(source.replace("\r\n", "\n").replace("\r", "\n"))
    return sources


_CALL = re.compile(r"""\b(?:check|hint)\s*\(\s*["'](\d{1,2}\.\d{1,2})["']""")


def which_exercises(sources, metadata, name, exercises):
    """Return which exercises a notebook holds, the one it is graded as first.

    Parameters
    ----------
    sources : list of str
        Its code cells.
    metadata : object
        Of the notebook, from a stranger.
    name : str
        Of the file; it only counts where nothing else decides.
    exercises : dict of str to dict
        The tasks of each exercise.

    Returns
    -------
    list of str
        Empty if it is none.

    Notes
    -----
    What counts first is how many of its tasks are checked, then how many of its variables are
    there (one alone may be chance), then what the notebook's metadata say, then the file's name.
    Beside the first, an exercise counts only if tasks of its own are checked.
    """
    text = "\n".join(sources)
    checked, words = set(_CALL.findall(text)), set(re.findall(r"[^\W\d]\w*", text))
    own = metadata.get("funnelkit") if isinstance(metadata, dict) else None
    own = own if isinstance(own, dict) else {}
    lesson = str(own.get("lesson", ""))
    number = re.match(r"0*(\d{1,2})(?!\d)", name)

    def evidence(stem):
        tasks = exercises[stem]
        names = len(words & {task.name for task in tasks.values()})
        same = number is not None and int(number[1]) == int(stem[:2])
        return (
            len(checked & set(tasks)),
            names if names > 1 else 0,
            lesson[:2] == stem[:2],
            (stem in name) + same,
        )

    best = max(exercises, key=evidence)
    if "teaches" in own and not evidence(best)[0]:  # a lesson without tasks
        return []
    if not any(evidence(best)):
        return []
    return [best, *(stem for stem in exercises if stem != best and evidence(stem)[0])]
