"""Pack the course for learners, without the worked solutions.

    python -m tools.handout --to handout.zip

In the ZIP file is what it takes to learn: lessons, exercises, data, the package, `start.py` and a
README of its own. Left out are the folder `exercises/solutions`, the pages for trainers, and what
only maintainers run. It needs nothing but Python.

The tasks' checks are part of the package, and a check has to know the answer: whoever reads
`funnelkit/checks` finds how it is computed. A hand-out keeps solutions out of sight, not out of
reach.
"""

import argparse
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "funnelkit-course"

# What goes in; nothing else does, whatever lies about in the folder.
PACKED = (
    *("LICENSE", "start.py", "pyproject.toml", "setup.py", "requirements.lock", "environment.yml"),
    *("docs/references.md", "datasets/**/*"),
    *("notebooks/[0-9][0-9]_*.ipynb", "exercises/[0-9][0-9]_*.ipynb"),
    *("funnelkit/**/*.py", "funnelkit/app/lab_config/**/*"),
)
README = Path(__file__).with_name("handout_readme.md")


def packed(root: Path) -> Iterator[Path]:
    """Yield the files that go in, in order."""
    found = {path for pattern in PACKED for path in root.glob(pattern) if path.is_file()}
    yield from sorted(path for path in found if not path.name.startswith("."))


def pack(root: Path, to: Path) -> list[str]:
    """Write the ZIP file, the same bytes for the same files; return the names of what is in it.

    Raises
    ------
    ValueError
        If an exercise holds a marked solution.
    """
    names = []
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, content: bytes) -> None:
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
            names.append(name)

        add("README.md", README.read_bytes())
        for path in packed(root):
            name, content = path.relative_to(root).as_posix(), path.read_bytes()
            if name.endswith(".ipynb") and b"BEGIN SOLUTION" in content:
                raise ValueError(
                    f"{name} holds a solution: run `python -m tools.notebooks exercises`"
                )
            add(name, content)
    return names


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", type=Path, default=Path("handout.zip"), metavar="FILE")
    to = parser.parse_args(arguments).to
    beside = to.with_name(f"{to.name}.new")
    try:
        names = pack(ROOT, beside)
        beside.replace(to)
    except (OSError, ValueError) as error:
        print(f"handout.py: {error}", file=sys.stderr)
        return 1
    finally:
        beside.unlink(missing_ok=True)
    exercises = sum(name.startswith("exercises/") for name in names)
    megabytes = to.stat().st_size / 1e6
    print(f"{to}: {len(names)} files, {exercises} exercises without solutions, {megabytes:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
