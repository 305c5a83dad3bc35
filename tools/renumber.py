"""Give lessons other numbers: when one is inserted, moved or taken out.

    python -m tools.renumber 03:04 04:05          lesson 03 becomes 04, and 04 becomes 05
    python -m tools.renumber 03:04 --look         say what would change, and change nothing

All moves happen at once, so numbers may be swapped. What moves with a number: the lesson, its
exercise, the solution and the module of checks; the ids of the tasks; and wherever the course's
texts name a lesson, an exercise, a task or a file. A number without a lesson may be named as well:
the texts point to it, as to a lesson still to come. Afterwards the tool writes the navigation and
the learners' notebooks. What tests and benchmarks say of a moved lesson is listed, not changed.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat

from tools.notebook_model import ROOT, written

__all__ = ["Moves", "files_of", "main", "read_moves", "renumber", "renumbered"]

Moves = dict[str, str]

FOLDERS = ("notebooks", "notebooks/extras", "exercises", "exercises/solutions")
CHECKS = "funnelkit/exercises/checks"
TEXTS = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "datasets/*.csv",
    "funnelkit/**/*.py",
    "tests/browser/*.mjs",
)
LISTED = ("tests/*.py", "benchmarks/*")

_NUMBERS = r"\d{2}(?!\d)(?:(?:,? (?:and|or|to) |, |–|-)\d{2}(?!\d))*"
_NAMED = re.compile(rf"\b((?:[Ll]essons?|[Ee]xercises?|LESSONS?)\s+)({_NUMBERS})")
_TASK = re.compile(r"\b([Tt]asks?\s+)(\d{1,2})(\.\d{1,2}\b)")
_CALL = re.compile(r"""(\b(?:check|hint|Task)\(\s*["'])(\d{1,2})(\.\d{1,2}["'])""")
_HEADING = re.compile(r"^(#{2,6} )(\d{1,2})(\.\d{1,2} · )", re.MULTILINE)
_TITLE = re.compile(r"^(# )(\d{2})( · )", re.MULTILINE)


def read_moves(words: list[str]) -> Moves:
    """Return the moves as a dictionary of old and new numbers."""
    moves: Moves = {}
    for word in words:
        match = re.fullmatch(r"(\d{2}):(\d{2})", word)
        if not match:
            raise ValueError(f"{word!r} is not a move: write old:new, such as 03:04")
        old, new = match.groups()
        if old in moves:
            raise ValueError(f"lesson {old} cannot move twice: to {moves[old]} and to {new}")
        if new in moves.values():
            raise ValueError(f"two lessons cannot become lesson {new}")
        moves[old] = new
    return moves


def files_of(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file that belongs to a lesson, with its number."""
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("[0-9][0-9]_*.ipynb")):
            yield path, path.name[:2]
    for path in sorted((root / CHECKS).glob("ex[0-9][0-9]_*.py")):
        yield path, path.name[2:4]


def _moved_name(path: Path, number: str, new: str) -> Path:
    start = path.name.index(number)
    return path.with_name(path.name[:start] + new + path.name[start + 2 :])


def renumbered(text: str, moves: Moves, stems: dict[str, str], own: str = "") -> str:
    """Return a text with the numbers moved.

    Parameters
    ----------
    text : str
        Markdown, Python or a table.
    moves : dict
        Old and new numbers.
    stems : dict
        Old and new stems, such as ``03_roi`` and ``04_roi``.
    own : str
        The lesson to which the text belongs, whose title is in it; empty for a common page.
    """
    for old in sorted(stems, key=len, reverse=True):
        text = re.sub(rf"(?<![0-9A-Za-z_]){old}(?![0-9a-z_])", f"\0{stems[old]}\0", text)
        text = re.sub(rf"(?<![0-9A-Za-z_])ex{old}(?![0-9a-z_])", f"\0ex{stems[old]}\0", text)
    text = text.replace("\0", "")

    def two(match):
        return match[1] + re.sub(r"\d{2}", lambda n: moves.get(n[0], n[0]), match[2])

    def task(match):
        number = moves.get(match[2].zfill(2), match[2])
        return f"{match[1]}{int(number)}{match[3]}"

    text = _NAMED.sub(two, text)
    for pattern in (_TASK, _CALL, _HEADING):
        text = pattern.sub(task, text)
    if own:
        text = _TITLE.sub(lambda m: m[1] + moves.get(m[2], m[2]) + m[3], text)
    return text


def renumber(root: Path, moves: Moves, *, look: bool = False) -> list[str]:
    """Move lessons and change every text that names them; return what changed, a line each.

    Raises
    ------
    ValueError
        If a lesson would come to lie on one that stays.
    """
    files = list(files_of(root))
    stems = {}
    for path, number in files:
        slug = path.stem.split(number, 1)[1]
        if number in moves:
            stems[number + slug] = moves[number] + slug
    staying = {number for _, number in files} - set(moves)
    for old, new in moves.items():
        if new in staying and any(number == old for _, number in files):
            raise ValueError(f"lesson {new} stays where it is: move it as well, or choose another")
    said, changed = [], {}
    for path, number in files:
        target = _moved_name(path, number, moves[number]) if number in moves else path
        changed[path] = (target, _new_text(path, moves, stems, number))
    for pattern in TEXTS:
        for path in sorted(root.glob(pattern)):
            if path not in changed and path.is_file():
                changed[path] = (path, _new_text(path, moves, stems, ""))
    for path, (target, text) in changed.items():
        if target != path:
            said.append(f"{path.relative_to(root)} → {target.name}")
        elif text != path.read_text(encoding="utf-8"):
            said.append(f"{path.relative_to(root)}: changed")
    for pattern in LISTED:
        said += [f"look at {line}" for line in _left_alone(root, pattern, moves, stems)]
    if not look:
        moving = [path for path, (target, _) in changed.items() if target != path]
        for path in moving:
            path.unlink()
        for target, text in changed.values():
            target.write_text(text, encoding="utf-8", newline="\n")
    return said


def _new_text(path: Path, moves: Moves, stems: dict[str, str], own: str) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return renumbered(text, moves, stems, own)
    node = nbformat.reads(text, as_version=4)
    before = [cell["source"] for cell in node.cells]
    for cell in node.cells:
        cell["source"] = renumbered(cell["source"], moves, stems, own)
    about = node.metadata.get("funnelkit", {})
    lesson = about.get("lesson")  # that of an exercise
    if lesson in moves:
        about["lesson"] = moves[lesson]
    same = before == [cell["source"] for cell in node.cells]
    return text if same and about.get("lesson") == lesson else written(node)


def _left_alone(root: Path, pattern: str, moves: Moves, stems: dict[str, str]) -> Iterator[str]:
    for path in sorted(root.glob(pattern)):
        if path.suffix not in (".py", ".md"):
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            if renumbered(line, moves, stems) != line:
                yield f"{path.relative_to(root)}:{number}: {line.strip()[:80]}"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("moves", nargs="+", help="old:new, such as 03:04")
    parser.add_argument("--look", action="store_true", help="change nothing, say what would change")
    options = parser.parse_args(arguments)
    try:
        said = renumber(ROOT, read_moves(options.moves), look=options.look)
    except ValueError as error:
        parser.error(str(error))
    print("\n".join(said))
    if not options.look:
        print("Now: make navigation, make exercises, make check; then render what changed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
