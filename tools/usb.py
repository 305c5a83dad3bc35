"""Make the folder that is carried into a room without network, on a USB stick.

    python -m tools.usb --to stick --for windows macos linux --python 3.12 3.13

It holds the learners' course with the packages for each kind of machine in it (see
`tools.wheels`), a page that says how to set up a laptop, and checksums with a program that
compares them. An installer of Python is not in it: put those you need into its folder `python`.
"""

import argparse
import hashlib
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from tools import handout, wheels

HERE = Path(__file__).resolve().parent
NAMES = {
    "windows": "Windows (Intel or AMD)",
    "macos": "macOS 13 and newer on Apple's processors",
    "linux": "Linux (Intel or AMD)",
}


def page(systems: list[str], pythons: list[str], size: int) -> str:
    """Return the page that says how to set up a laptop, for a course of so many bytes."""
    listed = " and ".join([", ".join(pythons[:-1]), pythons[-1]] if pythons[1:] else pythons)
    return (
        (HERE / "usb_readme.md")
        .read_text(encoding="utf-8")
        .format(
            pythons=f"Python {listed}",
            systems=", ".join(NAMES[system] for system in systems),
            megabytes=round(size / 1e6),
        )
    )


def sums(stick: Path) -> str:
    """Return a line with the checksum of each file, by name."""
    lines = []
    for path in sorted(path for path in stick.rglob("*") if path.is_file()):
        name = path.relative_to(stick).as_posix()
        if name != "SHA256SUMS":
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n")
    return "".join(lines)


def make(stick: Path, systems: list[str], pythons: list[str]) -> Path:
    """Make the folder; return the course in it.

    Raises
    ------
    OSError
        If the folder has something in it already, or a package cannot be had.
    """
    if stick.exists() and any(stick.iterdir()):
        raise OSError(f"{stick} is not empty: name a new folder, or empty this one")
    stick.mkdir(parents=True, exist_ok=True)
    try:
        return fill(stick, systems, pythons)
    except BaseException:  # half a stick would be taken for a whole one
        shutil.rmtree(stick)
        raise


def fill(stick: Path, systems: list[str], pythons: list[str]) -> Path:
    """Put everything into an empty folder; return the course in it."""
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "course.zip"
        handout.pack(handout.ROOT, packed)
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(stick)
    course = stick / handout.FOLDER
    (course / "wheels").mkdir()
    for python in pythons:
        for system in systems:
            target = wheels.Target(system, python)
            wheels.download(course / "requirements.lock", target, course / "wheels")
    size = sum(path.stat().st_size for path in course.rglob("*") if path.is_file())
    (stick / "README.md").write_text(page(systems, pythons, size), encoding="utf-8")
    (stick / "check.py").write_bytes((HERE / "usb_check.py").read_bytes())
    (stick / "SHA256SUMS").write_text(sums(stick), encoding="utf-8", newline="\n")
    return course


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    wheels.add_targets(parser)
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    try:
        course = make(options.to, options.systems, options.python)
    except (OSError, ValueError) as error:
        print(f"usb.py: {error}", file=sys.stderr)
        return 1
    files = list((course / "wheels").iterdir())
    print(f"{options.to}: {handout.FOLDER} with {len(files)} packages; README.md; SHA256SUMS")
    return 0


if __name__ == "__main__":
    sys.exit(main())
