"""What the generators share at their end: files are written, or compared with those there."""

import argparse
import gzip
import json
from collections.abc import Callable
from pathlib import Path

from funnelkit import data

__all__ = ["write_or_compare", "write_or_compare_folder"]


def write_or_compare(
    folder: Path,
    make: Callable[[], dict[str, bytes]],
    arguments: list[str] | None,
    *,
    command: str,
    what: str,
) -> tuple[list[str], bool]:
    """Carry out a generator's command line, and print which files differed.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files belong: the folder of the data, or one in it.
    make : callable
        Returns content by file name, unpacked: what ends in ``.gz`` is packed when written.
    arguments : list of str or None
        ``["--check"]`` compares and writes nothing; by default those of the program.
    command, what : str
        The command and what it writes, for its help.

    Returns
    -------
    different : list of str
        The files that differed from what was made.
    check : bool
        Whether they were only compared.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {command}", description=what)
    parser.add_argument(
        "--check", action="store_true", help="write nothing: compare the files with a fresh run"
    )
    check = parser.parse_args(arguments).check
    shown = "/".join(["datasets", *folder.relative_to(data.data_folder()).parts])
    different = []
    for name, content in make().items():
        path = folder / name
        if path.is_file() and data.read_content(path) == content:
            continue
        different.append(name)
        print(f"{shown}/{name}: {'differs from a fresh run' if check else 'written'}")
        if not check:
            path.parent.mkdir(exist_ok=True)
            packed = path.suffix == ".gz"
            path.write_bytes(gzip.compress(content, 9, mtime=0) if packed else content)
    return different, check


def write_or_compare_folder(
    name: str,
    make: Callable[[], dict[str, bytes]],
    arguments: list[str] | None,
    *,
    command: str,
    what: str,
) -> int:
    """Do so for a folder of the data that keeps checksums of its own; return the exit status."""

    def make_all():
        made = make()
        sums = {file: data.checksum(content) for file, content in made.items()}
        return made | {"checksums.json": (json.dumps(sums, indent=1) + "\n").encode()}

    folder = data.data_folder() / name
    different, check = write_or_compare(folder, make_all, arguments, command=command, what=what)
    return int(check and bool(different))
