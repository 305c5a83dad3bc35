"""Run, link and check the lessons and the exercises.

    python -m tools.notebooks render [NN | path …]   run lessons and solutions, store their outputs
    python -m tools.notebooks navigation             write navigation cells, contents, course map,
                                                     and the trainers' kit, docs/kit
    python -m tools.notebooks exercises              make the learner's notebooks of the solutions
    python -m tools.notebooks check [NN | path …]    say what is not as it must be
    python -m tools.notebooks prove [NN | path …]    run exercises, hold each task to its promises
    python -m tools.notebooks mutants [NN | path …]  try wrong ways of working on each task

NN means the lesson and the solution of that number. Without names, all are taken. A notebook of
notebooks/extras is rendered by its path, in the environment that has what it needs; `check` always
looks at these, too. What a lesson
must be is in `rules.py`, what an exercise must be in `exercise_rules.py`; `render` is
the only way outputs are written.
"""

import argparse
import base64
import contextlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path

import nbformat
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from PIL import Image
from traitlets import default

# The tools beside this file, and this checkout's funnelkit.
from tools import exercise_rules, mutants, overlaps, readme
from tools.doors import read_home
from tools.exercise_rules import Exercise, learners_notebook, read_exercises
from tools.kit import answers
from tools.kit import pages as kit
from tools.notebook_model import (
    Course,
    Notebook,
    Problem,
    normalised,
    place,
    read_course,
    read_extras,
    written,
)
from tools.notebook_text import replaced
from tools.rules import RULES, SHARED_RULES
from tools.rules_course import check_complete, check_pages
from tools.rules_idiom import check_texts
from tools.rules_lesson import guidance
from tools.rules_sitting import TRACKS, in_track

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
    of the user's IPython profile and matplotlib settings. Like the kernels of `funnelkit lab` it
    lets scikit-learn use one thread, unless the user has said how many.
    """
    env = {k: v for k, v in os.environ.items() if k not in ("MPLBACKEND", "MATPLOTLIBRC")}
    paths = [str(ROOT), *filter(None, [env.get("PYTHONPATH")])]
    env["PYTHONPATH"] = os.pathsep.join(paths)
    env["FUNNELKIT_STATE"] = str(Path(folder) / "progress.json")
    env["IPYTHONDIR"] = folder
    overlaps.watched_profile(folder)
    env.setdefault("OMP_NUM_THREADS", "1")
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
    for cell in node.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output["data"]["image/png"] = small_png(output["data"]["image/png"])
    return normalised(node)


def small_png(text: str) -> str:
    """Return a figure with a palette of 255 colours: a third of the size, to the eye the same."""
    picture = Image.open(BytesIO(base64.b64decode(text))).convert("RGB")
    file = BytesIO()
    picture.quantize(255, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")


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
    if (course.root / "exercises" / "solutions" / nb.path.name).exists():
        links.append(f"[📝 Exercise](../exercises/{nb.path.name})")
    return " · ".join(links) or _name(nb)


def exercise_line(exercise: Exercise, course: Course) -> str:
    """Return a solution's links: back to the lesson · contents · on to the next lesson."""
    lessons = course.lessons
    own = [nb for nb in lessons if nb.path.stem == exercise.stem]
    later = [nb for nb in lessons if nb.path.stem > exercise.stem]
    links = [f"[← {_name(nb)}](../../notebooks/{nb.path.name})" for nb in own]
    if lessons and lessons[0].is_start:
        links.append(f"[Contents](../../notebooks/{lessons[0].path.name})")
    links += [f"[{_name(nb)} →](../../notebooks/{nb.path.name})" for nb in later[:1]]
    return " · ".join(links) or exercise.solution.title


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


def track_table(course: Course) -> str:
    """Return the table of the tracks: for whom, which lessons, how long they take in all."""
    rows = ["| Track | For | Lessons | Hours |", "|---|---|---|---|"]
    for track, reader in TRACKS.items():
        chosen = in_track(course, track)
        numbers = ", ".join(nb.number for nb in chosen) or "none yet"
        low, high = (sum(nb.info["minutes"][end] for nb in chosen) / 60 for end in (0, 1))
        rows.append(f"| *{track}* | {reader} | {numbers} | {low:.0f}–{high:.0f} |")
    return "\n".join(rows)


def linked(nb: Notebook, course: Course) -> nbformat.NotebookNode:
    """Return the notebook with its navigation cells, and in lesson 00 its contents and tracks.

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
        for cell in (c for c in cells if "<!-- tracks:start -->" in c.source):
            cell["source"] = replaced(cell["source"], "tracks", track_table(course))
    top = _navigation_cell("navigation-top", line)
    node.cells = [top, *cells, _navigation_cell("navigation-bottom", f"---\n\n{line}")]
    return node


def linked_solution(exercise: Exercise, course: Course) -> nbformat.NotebookNode:
    """Return the solution with its navigation cells; the learner's notebook gets the same."""
    node = normalised(exercise.solution.node)
    line = exercise_line(exercise, course)
    cells = [c for c in node.cells if not _role(c).startswith("navigation")]
    top = _navigation_cell("navigation-top", line)
    node.cells = [top, *cells, _navigation_cell("navigation-bottom", f"---\n\n{line}")]
    return node


def _role(cell: nbformat.NotebookNode) -> str:
    return cell.metadata.get("funnelkit", {}).get("role", "")


def _navigation_cell(role: str, source: str) -> nbformat.NotebookNode:
    cell = {"cell_type": "markdown", "id": role, "source": source}
    return nbformat.from_dict({**cell, "metadata": {"funnelkit": {"role": role}}})


def course_map(course: Course, exercises: list[Exercise]) -> str:
    """Return README's text with what is made from the course in its places.

    Raises
    ------
    ValueError
        If README.md has no markers for the course map.
    """
    text = (course.root / "README.md").read_text(encoding="utf-8")
    project = (course.root / "pyproject.toml").is_file()
    tables = f"{lesson_table(course, 'notebooks/')}\n\n{track_table(course)}"
    home = read_home(course.root) if project else None
    return readme.filled(text, course, exercises, home, tables)


def navigation(course: Course, exercises: list[Exercise]) -> int:
    """Write what is made from the notebooks' metadata."""
    problems = list(navigation_problems(course, exercises, only_markers=True))
    for problem in problems:
        print(problem)
    if problems:
        return 1
    written_texts = {nb.path: written(linked(nb, course)) for nb in course.lessons}
    solutions = [exercise for exercise in exercises if not exercise.in_lesson]
    for exercise in solutions:
        written_texts[exercise.solution.path] = written(linked_solution(exercise, course))
    written_texts |= {path: make() for path, make in pages(course, exercises).items()}
    changed = [path for path, text in written_texts.items() if _write(path, text)]
    for path in changed:
        print(f"{path.relative_to(course.root).as_posix()}: written")
    counts = f"{len(course.lessons)} lessons, {len(solutions)} exercises"
    print(f"{counts}, {len(changed)} files changed")
    return 0


def pages(course: Course, exercises: list[Exercise]) -> dict[Path, Callable[[], str]]:
    """Return the pages of which a part is made from the notebooks, and how each is made."""
    found = (
        {course.root / "README.md": lambda: course_map(course, exercises)} if course.lessons else {}
    )
    return found | kit.pages(course, exercises)


def navigation_problems(
    course: Course, exercises: list[Exercise], *, only_markers: bool = False
) -> Iterator[Problem]:
    """Yield where the generated parts are not what the metadata would make them."""
    run = "Run `python -m tools.notebooks navigation`"
    stale = "navigation or contents are not up to date"
    for nb in course.lessons:
        try:
            if linked(nb, course) != normalised(nb.node) and not only_markers:
                yield Problem(place(nb), stale, run)
        except ValueError as error:
            yield Problem(place(nb), str(error), "Put them into a Markdown cell")
    for exercise in exercises:
        if exercise.in_lesson or only_markers:
            continue
        if linked_solution(exercise, course) != normalised(exercise.solution.node):
            yield Problem(place(exercise.solution), stale, run)
    for path, make in pages(course, exercises).items():
        where = path.relative_to(course.root).as_posix()
        if path.parent.name == "kit" and (only_markers or not path.is_file()):
            if not only_markers:
                yield Problem(where, "there is no such page", run)
            continue
        try:
            if make() != path.read_text(encoding="utf-8") and not only_markers:
                yield Problem(where, "what is made from the notebooks is not up to date", run)
        except (OSError, ValueError) as error:
            yield Problem(where, str(error), "Put them where the text should be")


def answers_problems(course: Course, exercises: list[Exercise]) -> Iterator[Problem]:
    """Yield whether the trainers' answer key is not up to date, if the course has a kit."""
    stale = answers.stale(course, exercises) if kit.pages(course, exercises) else []
    if stale:
        what = f"the answers of exercise {', '.join(stale)} are not up to date"
        yield Problem(answers.PAGE, what, "Run `python -m tools.kit`")


# ---------------------------------------------------------------------------------------------
# exercises
# ---------------------------------------------------------------------------------------------


def exercises_written(course: Course, exercises: list[Exercise]) -> int:
    """Write the learner's notebook of each solution."""
    failed = changed = count = 0
    for exercise in exercises:
        if exercise.in_lesson:
            continue
        count += 1
        try:
            text = written(learners_notebook(exercise))
        except ValueError as error:
            print(f"{place(exercise.solution)}: {error}")
            failed += 1
            continue
        path = course.root / "exercises" / exercise.solution.path.name
        if _write(path, text):
            print(f"exercises/{path.name}: written")
            changed += 1
    print(f"{count} exercises, {changed} files changed, {failed} failed")
    return 1 if failed else 0


@contextlib.contextmanager
def state_of_its_own() -> Iterator[None]:
    """Run exercises without a window for charts, and keep what they note out of a learner's."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"FUNNELKIT_STATE": str(Path(folder) / "progress.json"), "MPLBACKEND": "Agg"}
        yield


def prove(exercises: list[Exercise]) -> int:
    """Print what the proofs of the tasks find."""
    failed = 0
    with state_of_its_own():
        for exercise in exercises:
            start = time.perf_counter()
            found = list(exercise_rules.proofs(exercise))
            failed += len(found)
            for problem in found:
                print(problem)
            seconds = time.perf_counter() - start
            count = len(exercise.tasks)
            print(f"{exercise.stem}: {count} tasks, {len(found)} problems, {seconds:.1f} s")
    print(mutants.summary(mutants.stored()))
    return 1 if failed else 0


# ---------------------------------------------------------------------------------------------
# check
# ---------------------------------------------------------------------------------------------


def problems(nb: Notebook, course: Course) -> list[Problem]:
    """Return all that is wrong with one lesson."""
    return [problem for rule in RULES for problem in rule(nb, course)]


def course_problems(course: Course, exercises: list[Exercise]) -> list[Problem]:
    """Return what is wrong between the notebooks and in the pages around them."""
    return [
        *navigation_problems(course, exercises),
        *check_complete(course),
        *exercise_rules.check_exercises_complete(course, exercises),
        *answers_problems(course, exercises),
        *check_pages(course.root),
        *check_texts(course.root),
    ]


def check(course: Course, exercises: list[Exercise], paths: list[Path]) -> int:
    """Print what is wrong, and what is against the guidance."""
    found = []
    chosen = [nb for nb in course.lessons if nb.path in paths]
    chosen_exercises = [e for e in exercises if e.solution.path in paths]
    for nb in chosen:
        found += problems(nb, course)
    for nb in read_extras(course.root):
        found += [problem for rule in SHARED_RULES for problem in rule(nb, course)]
    for exercise in chosen_exercises:
        found += exercise_rules.problems(exercise, course)
    found += course_problems(course, exercises)
    notes = [(nb, guidance(nb)) for nb in chosen]
    notes += [(e.solution, exercise_rules.guidance(e)) for e in chosen_exercises]
    for nb, of_notebook in notes:
        for note in of_notebook:
            print(f"{place(nb)}: guidance: {note}")
    for problem in found:
        print(problem)
    count = sum(not exercise.in_lesson for exercise in chosen_exercises)
    print(f"{len(chosen)} lessons and {count} exercises checked, {len(found)} problems")
    return 1 if found else 0


# ---------------------------------------------------------------------------------------------
# The command
# ---------------------------------------------------------------------------------------------


def chosen_paths(names: list[str], root: Path = ROOT) -> list[Path]:
    """Return the notebooks that the names mean: two digits or a path each; all if there is none.

    Digits mean a lesson and its solution.

    Raises
    ------
    ValueError
        If a name means no notebook.
    """
    every = sorted((root / "notebooks").glob("*.ipynb"))
    every += sorted((root / "exercises" / "solutions").glob("*.ipynb"))
    paths = []
    for name in names:
        if re.fullmatch(r"\d\d?", name):
            hits = [path for path in every if path.name.startswith(f"{int(name):02d}_")]
        else:
            hits = [Path(name).resolve()] if Path(name).is_file() else []
        if not hits:
            raise ValueError(f"{name!r} is neither a lesson's number nor a notebook's path")
        paths += hits
    return paths if names else every


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in [
        ("render", "run lessons and solutions and store their outputs"),
        ("navigation", "write what is made from the notebooks' metadata"),
        ("exercises", "make the learner's notebooks of the solutions"),
        ("check", "say what is not as it must be"),
        ("prove", "run exercises and hold each task to its promises"),
        ("mutants", "try wrong ways of working on each task, and say which pass"),
    ]:
        command = commands.add_parser(name, help=text, description=text)
        if name not in ("navigation", "exercises"):
            command.add_argument("notebooks", nargs="*", help="two digits or a path; default all")
    options = parser.parse_args(arguments)
    try:
        paths = chosen_paths(getattr(options, "notebooks", []))
    except ValueError as error:
        parser.error(str(error))
    if options.command == "render":
        return render(paths)
    course = read_course(ROOT)
    exercises = read_exercises(course)
    if options.command == "navigation":
        return navigation(course, exercises)
    if options.command == "exercises":
        return exercises_written(course, exercises)
    if options.command == "prove":
        return prove([exercise for exercise in exercises if exercise.solution.path in paths])
    if options.command == "mutants":
        chosen = [exercise for exercise in exercises if exercise.solution.path in paths]
        with state_of_its_own():
            return 1 if mutants.report(chosen, mutants.TABLE) else 0
    return check(course, exercises, paths)


if __name__ == "__main__":
    sys.exit(main())
