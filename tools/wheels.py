"""Download the packages for a room of mixed machines, whatever machine this is.

    python -m tools.wheels --for windows macos linux --python 3.12 3.13 --to wheels

A folder `wheels` beside `start.py` is all that a machine without network needs: `start.py` looks
there first. The lock has lines that only some systems need (`; os_name == 'nt'`), which pip would
judge by the machine that downloads; here they are judged for each target.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent

# What start.py installs with, which is in no lock: it makes the environment.
INSTALLERS = ("uv>=0.8", "setuptools>=77")

# The oldest systems that are served. pip takes whatever suits them, and so all newer ones.
LINUX = [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)]
SYSTEMS = {
    "windows": (
        ["win_amd64"],
        {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"}
        | {"platform_machine": "AMD64"},
    ),
    "macos": (
        ["macosx_13_0_arm64"],
        {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"}
        | {"platform_machine": "arm64"},
    ),
    "linux": (
        [*LINUX, "manylinux2014_x86_64", "linux_x86_64"],
        {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
        | {"platform_machine": "x86_64"},
    ),
}


@dataclass(frozen=True)
class Target:
    """A kind of machine: its system, a key of `SYSTEMS`, and its Python, such as "3.12"."""

    system: str
    python: str

    def __str__(self) -> str:
        return f"{self.system}, Python {self.python}"

    @property
    def full(self) -> str:
        """A patch of that Python which is not of its first days: packages ask for 3.11.5."""
        return f"{self.python}.9"

    @property
    def markers(self) -> dict[str, str]:
        """What the markers of a requirement are judged by."""
        return {
            **SYSTEMS[self.system][1],
            "python_version": self.python,
            "python_full_version": self.full,
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "extra": "",
        }


def pins(lock: Path) -> list[Requirement]:
    """Return the lines of a lock as requirements."""
    lines = (line.split("#")[0].strip() for line in lock.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def needed(lock: Path, target: Target) -> list[str]:
    """Return what a kind of machine needs of a lock, and the installers, without markers."""
    wanted = []
    for pin in pins(lock):
        if pin.marker is None or pin.marker.evaluate(target.markers):
            wanted.append(f"{pin.name}{pin.specifier}")
    return [*wanted, *INSTALLERS]


def download(lock: Path, target: Target, to: Path) -> None:
    """Download what a kind of machine needs; what is there already is not fetched again.

    Raises
    ------
    OSError
        If one of the packages has no wheel for such a machine, or cannot be reached.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--only-binary", ":all:", "--dest", str(to)]
    command += ["--implementation", "cp", "--python-version", target.full]
    for platform in SYSTEMS[target.system][0]:
        command += ["--platform", platform]
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text("\n".join(needed(lock, target)) + "\n", encoding="utf-8")
        done = subprocess.run([*command, "-r", str(listed)], capture_output=True, text=True)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        told = "\n".join(errors) or done.stderr.strip()
        raise OSError(f"not all is there for {target}:\n{told}")


def add_targets(parser: argparse.ArgumentParser) -> None:
    """Give a command the options that name kinds of machines."""
    parser.add_argument("--for", dest="systems", nargs="+", choices=SYSTEMS, default=[*SYSTEMS])
    parser.add_argument("--python", nargs="+", default=["3.12", "3.13"], metavar="VERSION")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_targets(parser)
    parser.add_argument("--to", type=Path, default=Path("wheels"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    options.to.mkdir(parents=True, exist_ok=True)
    targets = [Target(system, python) for python in options.python for system in options.systems]
    failed = False
    for target in targets:
        try:
            download(ROOT / "requirements.lock", target, options.to)
        except OSError as error:
            print(f"wheels.py: {error}", file=sys.stderr)
            failed = True
        else:
            print(f"{target}: {len(needed(ROOT / 'requirements.lock', target))} packages")
    files = list(options.to.glob("*.whl"))
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    print(f"{options.to}: {len(files)} files, {megabytes:.0f} MB")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
