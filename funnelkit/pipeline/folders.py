"""The run folder: what may be one, what is written in it, and its manifest.

Input is checked as `funnelkit._inputs` says.
"""

import contextlib
import json
import os
from pathlib import Path

from funnelkit import _inputs
from funnelkit.workspace import write

__all__ = [
    "KIND",
    "make_folder",
    "need_folder",
    "need_path",
    "read_manifest",
    "real_path",
    "remove_torn",
    "write_manifest",
    "write_result",
]

MANIFEST = "manifest.json"
KIND = "a run of funnelkit.pipeline"


def need_path(folder):
    """Return the path of a folder that was named."""
    if not isinstance(folder, str | os.PathLike):
        raise TypeError(f"folder is {_inputs.name_of_type(folder)}: give a path as text")
    if not str(folder).strip():
        raise ValueError("folder is an empty text: give the path of a folder")
    if "\0" in str(folder):
        raise ValueError("folder has a character 0, which no path has: give a path as text")
    return Path(folder)


def need_folder(folder):
    """Return the path of a run folder, there or not; refuse one that holds something else."""
    folder = need_path(folder)
    with _told(folder):
        _need_ours(folder)
    return folder


def real_path(folder):
    """Return a path without links in it; unlike Path.resolve also where links go in a circle."""
    return Path(os.path.realpath(folder))


def make_folder(folder):
    """Make the run folder if it is not there."""
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def _told(folder):
    try:
        yield
    except OSError as error:
        raise ValueError(
            f"{folder.name[:60]} cannot be made a run folder ({_why(error)}): give the path of a "
            "folder in which you may write"
        ) from None


def _why(error):
    return (error.strerror or type(error).__name__).lower()


def _need_ours(folder):
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder.name} is a file: give a folder for the run")
    if folder.is_dir() and not (folder / MANIFEST).exists():
        others = sorted(each.name for each in folder.iterdir() if not _is_ours(each.name))
        if others:
            raise ValueError(
                f"{folder.name} is not a run folder: it holds {others[0]!r}"
                f"{f' and {len(others) - 1:,} more' if len(others) > 1 else ''} and no {MANIFEST}; "
                "give a new or empty folder"
            )


def _is_ours(name):
    """Say whether a run that was killed at its very beginning may have left a file."""
    return name.startswith("lock.db") or (
        name.startswith(f".{MANIFEST}.") and name.endswith(".new")
    )


def remove_torn(folder):
    """Remove what a run that was killed while writing left unfinished."""
    for torn in [*folder.glob(".*.new"), *folder.glob("*/.*.new")]:
        if torn.is_file():
            torn.unlink(missing_ok=True)


def write_result(folder, name, content):
    """Write a file of the run whole, or say what is in its way."""
    try:
        write(folder / name, content)
    except OSError as error:
        raise ValueError(
            f"{name} of the run cannot be written ({_why(error)}): make room for it, and run again "
            "to go on from here"
        ) from None


def read_manifest(folder):
    """Return the manifest of a run folder; None if there is none."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError, OSError):
        manifest = None
    if not _is_manifest(manifest):
        raise ValueError(
            f"{folder.name} is not a run folder: its {MANIFEST} is damaged or of something else; "
            "give a new or empty folder"
        )
    return manifest


def _is_manifest(manifest):
    """Say whether a manifest has the parts that every run writes."""
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        return False
    kinds = {"version": str, "inputs": dict, "options": dict, "steps": list}
    if not all(isinstance(manifest.get(part), kind) for part, kind in kinds.items()):
        return False
    try:
        return all(
            isinstance(step[count], int)
            for step in manifest["steps"]
            for count in ("rows_in", "rows_out")
        ) and all(
            isinstance(each[part], str) and step["step"]
            for step in manifest["steps"]
            for each in step["files"]
            for part in ("name", "file", "sha256")
        )
    except (KeyError, TypeError):
        return False


def write_manifest(folder, manifest):
    """Write the manifest at one stroke."""
    write_result(folder, MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
