"""Run, link and check the lessons.

    python tools/notebooks.py render [NN | path …]   run lessons and store their outputs
    python tools/notebooks.py navigation             write navigation cells, contents and course map
    python tools/notebooks.py check [NN | path …]    say what is not as a lesson must be

Without names, `render` and `check` take all lessons. What a lesson must be stands in
`notebook_rules.py`; `render` is the only way outputs are written.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets import default

sys.path.insert(0, str(Path(__file__).resolve().parent))

from notebook_rules import (  # noqa: E402
    RULES,
    Course,
    Notebook,
    Problem,
    check_complete,
    check_pages,
    guidance,
    normalised,
    read_course,
    written,
)

ROOT = Path(__file__).resolve().parent.parent
CELL_TIMEOUT = 120
SLOW = 20


# ---------------------------------------------------------------------------------------------
# render
# ---------------------------------------------------------------------------------------------


class _OneKernelSpec(KernelSpecManager):
    """Knows one kernel, the Python that runs this tool, whatever else the machine has."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


class _ThisPython(AsyncKernelManager):
    @default("kernel_spec_manager")
    def _one_kernel_spec(self) -> KernelSpecManager:
        return _OneKernelSpec()


def kernel_environment(folder: str) -> dict[str, str]:
    """Return the environment of a clean kernel.

    It imports this checkout's funnelkit, keeps progress in a throw-away file, and knows nothing
    of the user's IPython profile and matplotlib settings.
    """
    env = {k: v for k, v in os.environ.items() if k not in ("MPLBACKEND", "MATPLOTLIBRC")}
    paths = [str(ROOT), *filter(None, [env.get("PYTHONPATH")])]
    env["PYTHONPATH"] = os.pathsep.join(paths)
    env["FUNNELKIT_STATE"] = str(Path(folder) / "progress.json")
    env["IPYTHONDIR"] = folder
    return env


def executed(node: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom in a clean kernel, in place; return it normalised.

    Raises
    ------
    CellExecutionError, CellTimeoutError, DeadKernelError
        If a cell fails, takes too long, or takes the kernel down.
    """
    client = NotebookClient(
        node,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        kernel_manager_class=_ThisPython,
        extra_arguments=["--log-level=ERROR"],
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    with tempfile.TemporaryDirectory() as state:
        client.execute(env=kernel_environment(state))
    return normalised(node)


def failure(node: nbformat.NotebookNode, error: Exception) -> str:
    """Say in which cell a run ended, and why."""
    place = "before the first cell"
    for number, cell in enumerate(node.cells, start=1):
        if cell.cell_type == "code" and cell.execution_count is not None:
            place = f"cell {number} ({cell.id})"
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return f"cell {number} ({cell.id}) failed: {output.ename}: {output.evalue}"
    return f"{place} failed: {str(error).strip().splitlines()[-1]}"


def render(paths: Iterable[Path]) -> int:
    """Run notebooks and store their outputs; a failing one is left as it was."""
    failed = 0
    for path in paths:
        node = nbformat.v4.reads(path.read_text(encoding="utf-8"))
        for cell in node.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        node = normalised(node)
        start = time.perf_counter()
        try:
            result = executed(node, path.parent)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"{path.name}: {failure(node, error)}\n  The file is left as it was.")
            failed += 1
            continue
        seconds = time.perf_counter() - start
        _write(path, written(result))
        note = f"  over {SLOW} s: make it quicker" if seconds > SLOW else ""
        print(f"{path.name}: {seconds:.1f} s{note}")
    return 1 if failed else 0


def _write(path: Path, text: str) -> bool:
    """Write a text if it is not there already; say whether it was written."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8", newline="\n")
    return True


# ---------------------------------------------------------------------------------------------
# navigation
# ---------------------------------------------------------------------------------------------


def navigation_line(nb: Notebook, course: Course) -> str:
    """Return the links previous · contents · next · exercise, of those that exist."""
    lessons = course.lessons
    at = [other.path for other in lessons].index(nb.path)
    links = []
    if at > 0:
        links.append(f"[← {_name(lessons[at - 1])}]({lessons[at - 1].path.name})")
    if lessons[0].is_start:
        links.append(f"[Contents]({lessons[0].path.name})")
    if at + 1 < len(lessons):
        links.append(f"[{_name(lessons[at + 1])} →]({lessons[at + 1].path.name})")
    if (course.root / "exercises" / nb.path.name).exists():
        links.append(f"[📝 Exercise](../exercises/{nb.path.name})")
    return " · ".join(links) or _name(nb)


def _name(nb: Notebook) -> str:
    return f"{nb.number} {nb.title}"


def lesson_table(course: Course, folder: str = "") -> str:
    """Return the table of the lessons that exist: number, link, what one learns, minutes."""
    rows = ["| | Lesson | What you learn | Minutes |", "|---|---|---|---|"]
    for nb in course.lessons:
        core, teaches = nb.info.get("core", []), nb.info.get("teaches", [])
        names = [*core, *(name for name in teaches if name not in core)][:6]
        learned = ", ".join(course.glossary.get(name, name) for name in names)
        minutes = "–".join(str(m) for m in nb.info.get("minutes", []))
        link = f"[{nb.title}]({folder}{nb.path.name})"
        rows.append(f"| {nb.number} | {link} | {learned} | {minutes} |")
    return "\n".join(rows)


def replaced(text: str, name: str, body: str) -> str:
    """Return the text with `body` between its markers `<!-- name:start -->` and `:end`.

    Raises
    ------
    ValueError
        If the text does not hold the two markers once, in order.
    """
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    if text.count(start) != 1 or text.count(end) != 1 or text.index(end) < text.index(start):
        raise ValueError(f"the markers {start} and {end} must stand once, in this order")
    head, tail = text.split(start)[0], text.split(end)[1]
    return f"{head}{start}\n\n{body}\n\n{end}{tail}"


def linked(nb: Notebook, course: Course) -> nbformat.NotebookNode:
    """Return the notebook with its navigation cells, and in lesson 00 the table of contents.

    Raises
    ------
    ValueError
        If lesson 00 has no markers for the table of contents.
    """
    node = normalised(nb.node)
    line = navigation_line(nb, course)
    cells = [c for c in node.cells if not _role(c).startswith("navigation")]
    if nb.is_start:
        holders = [c for c in cells if "<!-- contents:start -->" in c.source]
        holder = holders[0] if holders else {"source": ""}
        holder["source"] = replaced(holder["source"], "contents", lesson_table(course))
    top = _navigation_cell("navigation-top", line)
    node.cells = [top, *cells, _navigation_cell("navigation-bottom", f"---\n\n{line}")]
    return node


def _role(cell: nbformat.NotebookNode) -> str:
    return cell.metadata.get("funnelkit", {}).get("role", "")


def _navigation_cell(role: str, source: str) -> nbformat.NotebookNode:
    cell = {"cell_type": "markdown", "id": role, "source": source}
    return nbformat.from_dict({**cell, "metadata": {"funnelkit": {"role": role}}})


def course_map(course: Course) -> str:
    """Return README's text with the table of lessons in its place.

    Raises
    ------
    ValueError
        If README.md has no markers for it.
    """
    readme = (course.root / "README.md").read_text(encoding="utf-8")
    return replaced(readme, "course-map", lesson_table(course, "notebooks/"))


def navigation(course: Course) -> int:
    """Write what is made from the notebooks' metadata."""
    problems = list(navigation_problems(course, only_markers=True))
    for problem in problems:
        print(problem)
    if problems:
        return 1
    changed = [nb.path for nb in course.lessons if _write(nb.path, written(linked(nb, course)))]
    if course.lessons and _write(course.root / "README.md", course_map(course)):
        changed.append(course.root / "README.md")
    for path in changed:
        print(f"{path.relative_to(course.root).as_posix()}: written")
    print(f"{len(course.lessons)} lessons, {len(changed)} files changed")
    return 0


def navigation_problems(course: Course, *, only_markers: bool = False) -> Iterator[Problem]:
    """Yield where the generated parts are not what the metadata would make them."""
    run = "Run `python tools/notebooks.py navigation`"
    for nb in course.lessons:
        where = f"{nb.path.parent.name}/{nb.path.name}"
        try:
            if linked(nb, course) != normalised(nb.node) and not only_markers:
                yield Problem(where, "navigation or contents are not up to date", run)
        except ValueError as error:
            yield Problem(where, str(error), "Put them into a Markdown cell")
    if course.lessons:
        try:
            readme = (course.root / "README.md").read_text(encoding="utf-8")
            if course_map(course) != readme and not only_markers:
                yield Problem("README.md", "the course map is not up to date", run)
        except (OSError, ValueError) as error:
            yield Problem("README.md", str(error), "Put them where the map shall stand")


# ---------------------------------------------------------------------------------------------
# check
# ---------------------------------------------------------------------------------------------


def problems(nb: Notebook, course: Course) -> list[Problem]:
    """Return all that is wrong with one lesson."""
    return [problem for rule in RULES for problem in rule(nb, course)]


def course_problems(course: Course) -> list[Problem]:
    """Return what is wrong between the lessons and in the pages around them."""
    return [*navigation_problems(course), *check_complete(course), *check_pages(course.root)]


def check(course: Course, paths: list[Path]) -> int:
    """Print what is wrong, and what is against the guidance."""
    found = []
    chosen = [nb for nb in course.lessons if nb.path in paths]
    for nb in chosen:
        found += problems(nb, course)
    found += course_problems(course)
    for nb in chosen:
        for note in guidance(nb):
            print(f"{nb.path.name}: guidance: {note}")
    for problem in found:
        print(problem)
    print(f"{len(chosen)} lessons checked, {len(found)} problems")
    return 1 if found else 0


# ---------------------------------------------------------------------------------------------
# The command
# ---------------------------------------------------------------------------------------------


def chosen_paths(names: list[str], root: Path = ROOT) -> list[Path]:
    """Return the notebooks that the names mean: two digits or a path each; all if there is none.

    Raises
    ------
    ValueError
        If a name means no notebook.
    """
    lessons = sorted((root / "notebooks").glob("*.ipynb"))
    paths = []
    for name in names:
        if re.fullmatch(r"\d\d?", name):
            hits = [path for path in lessons if path.name.startswith(f"{int(name):02d}_")]
        else:
            hits = [Path(name).resolve()] if Path(name).is_file() else []
        if not hits:
            raise ValueError(f"{name!r} is neither a lesson's number nor a notebook's path")
        paths += hits
    return paths if names else lessons


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in [
        ("render", "run lessons and store their outputs"),
        ("navigation", "write navigation cells, contents and course map"),
        ("check", "say what is not as a lesson must be"),
    ]:
        command = commands.add_parser(name, help=text, description=text)
        if name != "navigation":
            command.add_argument("notebooks", nargs="*", help="two digits or a path; default all")
    options = parser.parse_args(arguments)
    if options.command == "navigation":
        return navigation(read_course(ROOT))
    try:
        paths = chosen_paths(options.notebooks)
    except ValueError as error:
        parser.error(str(error))
    return render(paths) if options.command == "render" else check(read_course(ROOT), paths)


if __name__ == "__main__":
    sys.exit(main())
