"""Grading: a folder of submitted notebooks becomes a table.

``funnelkit grade submissions/ --to grades.csv`` on the command line, or

>>> from funnelkit import grading
>>> graded = grading.grade("submissions")                                # doctest: +SKIP
>>> grading.write(graded, "grades.csv")                                  # doctest: +SKIP

Each notebook is run from top to bottom in a process of its own that is shut off from the machine
(see `funnelkit.grading.sandbox`). Only the values of the variables that the tasks ask for come
back, as text, and they are judged here, by the same `judging.judge` that `check` uses. So it
changes nothing if a notebook tampers with the checks, or lies about what they said.

What it is good for: self-study and marks in a workshop. What it is not: an exam. A copied answer,
or one typed in without the work, is not told from an honest one. Bubblewrap and a filter of system
calls keep out what a participant is likely to try; code from people you do not know at all belongs
in a virtual machine as well.
"""

import csv
import io
import json
import os
import re
import stat
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from funnelkit import workspace
from funnelkit.exercises import judging, registry
from funnelkit.exercises.answers import Absent, decode
from funnelkit.exercises.tasks import NOT_ATTEMPTED, RIGHT, WRONG
from funnelkit.exercises.tasks import request as asked_of
from funnelkit.grading.sandbox import Limits, NoSandbox, Sandbox, run

__all__ = ["Limits", "Mark", "NoSandbox", "Submission", "grade", "summary", "table", "write"]

NOTEBOOK_BYTES = 20_000_000
ATTEMPTS = 5  # at running a notebook of which a cell ends the process
REASON = 300  # characters
_SKIPPED = (".ipynb_checkpoints", "__MACOSX")


@dataclass(frozen=True)
class Mark:
    """What one task of one submission is worth.

    Attributes
    ----------
    task, title : str
    status : {"right", "wrong", "not attempted"}
    reason : str
        Why it is not right; "" if it is.
    mistake : str
        The id of the known mistake, or "".
    """

    task: str
    title: str
    status: str
    reason: str = ""
    mistake: str = ""


@dataclass(frozen=True)
class Submission:
    """One file that was handed in.

    Attributes
    ----------
    file : str
        Its path inside of the folder.
    learner : str
        The first folder on that path; for a file that lies in none, its name without that of
        the exercise.
    exercise : str
        Such as ``"02_conversion_rates"``, or "" if it is none.
    marks : tuple of Mark
        In the order of the tasks; empty if the notebook could not be read.
    seconds : float
        The time it took to run, from start to end.
    problem : str
        What kept it from being run or graded as a whole, or "".
    """

    file: str
    learner: str
    exercise: str = ""
    marks: tuple = ()
    seconds: float = 0.0
    problem: str = ""

    @property
    def total(self):
        """The number of tasks that are right."""
        return sum(mark.status == RIGHT for mark in self.marks)


# ---------------------------------------------------------------- grading a folder


def grade(folder, *, jobs=None, unsafe=False, limits=None, progress=False, leave=()):
    """Grade all notebooks in a folder and the folders in it.

    Parameters
    ----------
    folder : path
        Any tree of notebooks; also a single notebook. Which exercise a notebook is follows from
        the tasks in it, not from its name.
    jobs : int, optional
        How many are run at the same time. By default as many as there are processors, and as
        memory allows.
    unsafe : bool
        Run notebooks without shutting them off: they can do all that you can do.
    limits : Limits, optional
        What each notebook may use.
    progress : bool
        Show a progress bar on standard error.
    leave : sequence of path
        Files in the folder that are not submissions, such as the table of an earlier run.

    Returns
    -------
    list of Submission
        One for each file that looks like a submission, sorted by path, whatever is wrong with
        it. Files of other types are passed over, unless a learner handed in nothing else.

    Raises
    ------
    NoSandbox
        If there is no working sandbox and `unsafe` is not given.
    FileNotFoundError
        If there is no such folder, or nothing in it to grade.
    ValueError
        If `jobs` or a limit is not above zero.

    Notes
    -----
    A cell that fails does not stop those after it, and answers are taken after the last. A cell
    that takes its process down (``os._exit``, too much memory, a loop that cannot be interrupted)
    is left out, and the notebook is run once more without it, up to five times.
    """
    limits = limits or Limits()
    if jobs is None:
        jobs = _default_jobs(limits)
    if jobs < 1 or min(vars(limits).values()) <= 0:
        raise ValueError("jobs and limits have to be above zero")
    root, found = _find(Path(folder), leave)
    if not found:
        raise FileNotFoundError(f"there is nothing to grade in {folder}: no file ends in .ipynb")
    exercises = {stem: registry.tasks(stem) for stem in registry.exercises()}
    if not exercises:
        raise ValueError("the course has no exercises")
    graded = []
    with (
        Sandbox(hidden=[root], unsafe=unsafe) as sandbox,
        _bar(progress, len(found)) as bar,
        ThreadPoolExecutor(jobs) as pool,
    ):
        waiting = [pool.submit(_run, root, item, exercises, sandbox, limits) for item in found]
        try:
            for done in as_completed(waiting):
                graded.append(_judge(done.result()))
                bar.update()
        except BaseException:
            sandbox.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return sorted(graded, key=lambda submission: submission.file)


def _default_jobs(limits):
    """Return the number of processors, or less if their memory would not fit into the machine."""
    jobs = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        jobs = len(os.sched_getaffinity(0))
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()):
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        jobs = min(jobs, int(memory // limits.memory))
    return max(jobs, 1)


def _bar(shown, total):
    from tqdm import tqdm

    return tqdm(total=total, unit="notebook", file=sys.stderr, disable=None if shown else True)


# ---------------------------------------------------------------- finding and reading


def _find(folder, leave):
    """Return the folder that paths are told from, and a row or a path for each submission."""
    if not folder.exists():
        raise FileNotFoundError(f"there is no folder {folder}")
    root = folder.resolve()
    if root.is_file():
        return root.parent, [Submission(root.name, _learner(Path(root.name)))]
    leave = {Path(path).resolve() for path in leave}
    found, others, seen = [], {}, set()
    for place, folders, files in os.walk(root):
        folders[:] = [n for n in folders if n not in _SKIPPED and not n.startswith(".")]
        for name in sorted([*folders, *files]):
            path = Path(place) / name
            inside = path.relative_to(root)
            row = Submission(inside.as_posix(), _learner(inside))
            if path.is_symlink() and (name in folders or name.lower().endswith(".ipynb")):
                why = "It is a symbolic link, which is not followed: hand in the file itself."
                found.append(replace(row, problem=why))
                seen.add(inside.parts[0])
            elif name in folders:
                others.setdefault(inside.parts[0], [])
            elif name.startswith(".") or path in leave:
                continue
            elif name.lower().endswith(".ipynb"):
                found.append(row)
                seen.add(inside.parts[0])
            else:
                others.setdefault(inside.parts[0], []).append(inside.as_posix())
    for first, files in others.items():  # handed in by somebody, but no notebook
        if first not in seen:
            there = f"There is only {', '.join(files[:3])}" if files else "The folder is empty"
            why = f"{there}: no notebook (a file that ends in .ipynb)."
            found.append(Submission(first, _learner(Path(first)), problem=why))
    return root, found


def _learner(path):
    """Return who handed in a file, by its path inside of the folder.

    Examples
    --------
    >>> _learner(Path("Anna/work/exercises/02_conversion_rates.ipynb"))
    'Anna'
    >>> _learner(Path("02_conversion_rates_Anna.ipynb"))
    'Anna'
    """
    if len(path.parts) > 1:
        return path.parts[0]
    stem = re.sub(r"\.ipynb$", "", path.name, flags=re.IGNORECASE)
    for exercise in registry.exercises():
        stem = stem.replace(exercise, "")
    return stem.strip(" _-.()") or path.stem


class _Unreadable(Exception):
    """The file is no notebook; the text says why."""


def _read(path):
    """Return the code cells of a notebook of any version, and its metadata."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _Unreadable("It is not a file.")
            content = file.read(NOTEBOOK_BYTES + 1)
    except OSError as error:
        raise _Unreadable(f"It cannot be read ({error.strerror}).") from None
    if not content.strip():
        raise _Unreadable("The file is empty.")
    if len(content) > NOTEBOOK_BYTES:
        megabytes = NOTEBOOK_BYTES / 1e6
        raise _Unreadable(f"It is larger than {megabytes:.0f} MB: clear its outputs and save it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _Unreadable("It is not a notebook: not text in UTF-8.") from None
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise _Unreadable(f"It is not a notebook, or was cut off: no valid JSON{where}.") from None
    try:
        return _code(notebook), notebook.get("metadata")
    except (TypeError, KeyError, AttributeError):
        raise _Unreadable("It is not a notebook: JSON, but without cells.") from None


def _code(notebook):
    """Return the code cells, which stood in worksheets, as their input, before version 4."""
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


def which_exercise(sources, metadata, name, exercises):
    """Return which exercise a notebook is, or "" if it is none.

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
    str

    Notes
    -----
    What counts first is how many of its tasks are checked, then how many of its variables are
    there (one alone may be chance), then what the notebook's metadata say, then the file's name.
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
        return ""
    return best if any(evidence(best)) else ""


# ---------------------------------------------------------------- running and judging


@dataclass
class _Ran:
    """What judging a submission needs; answers and errors are a stranger's."""

    row: Submission
    tasks: dict = field(default_factory=dict)
    sources: list = field(default_factory=list)
    answers: dict = field(default_factory=dict)
    failed: dict = field(default_factory=dict)
    stuck: dict = field(default_factory=dict)


def _run(root, row, exercises, sandbox, limits):
    """Run a submission, in a thread of its own; whatever goes wrong, the others go on."""
    try:
        return _run_one(root, row, exercises, sandbox, limits)
    except Exception as error:
        why = f"It could not be run: {type(error).__name__}: {error}"
        return _Ran(replace(row, problem=why))


def _run_one(root, row, exercises, sandbox, limits):
    if row.problem:
        return _Ran(row)
    name = Path(row.file).name
    try:
        sources, metadata = _read(root / row.file)
    except _Unreadable as why:
        stem = next((stem for stem in exercises if stem in name), "")
        return _Ran(replace(row, problem=str(why), exercise=stem))
    stem = which_exercise(sources, metadata, name, exercises)
    if not stem:
        why = "It holds none of the tasks of an exercise."
        return _Ran(replace(row, problem=why))
    tasks = exercises[stem]
    began = time.monotonic()
    until = began + limits.notebook
    request = {"cells": sources, "tasks": [asked_of(task) for task in tasks.values()]}
    without, problem = {}, ""
    for attempt in range(ATTEMPTS):
        outcome = run(sandbox, {**request, "without": [*map(list, without)]}, limits, until)
        if outcome.ended == "done":
            break
        why = _in_words(outcome, limits)
        if outcome.ended in ("not started", "notebook time") or outcome.place is None:
            problem = why
            break
        if attempt == ATTEMPTS - 1 or outcome.place in without or outcome.place[1] < 0:
            problem = f"It ended its process {attempt + 1} times; the last time, {why}"
            break
        without[outcome.place] = why
    failed = {number: outcome.failed[number] for number in outcome.failed if number >= 0}
    failed |= {number: why for (kind, number), why in without.items() if kind == "cell"}
    stuck = {number: why for (kind, number), why in without.items() if kind == "task"}
    row = replace(row, exercise=stem, seconds=time.monotonic() - began, problem=problem)
    return _Ran(row, tasks, sources, outcome.answers, failed, stuck)


def _in_words(outcome, limits):
    """Return why a process ended that was not done."""
    return {
        "time": "it took too long and could not be interrupted",
        "notebook time": f"The notebook took longer than {limits.notebook:g} seconds.",
        "memory": f"it took more than {limits.memory / 2**30:.3g} GiB of memory",
        "processes": f"it started more than {limits.processes} processes",
        "output": "it wrote to the grader what is no answer",
        "killed": "its process was killed, perhaps for want of memory",
        "crashed": "its process crashed",
        "left": "it ended its process",
        "not started": f"It could not be run: {outcome.detail or 'its process did not start'}",
    }[outcome.ended]


def _judge(ran):
    """Return a submission with its marks. What it is judged by never was in the sandbox."""
    failed = {n: why for n, why in ran.failed.items() if n < len(ran.sources)}
    marks = []
    for number, task in enumerate(ran.tasks.values()):
        if number in ran.stuck:
            why = f"When `{task.name}` was called, {ran.stuck[number]}."
            mark = Mark(task.id, task.title, WRONG, why)
        elif number not in ran.answers:
            why = "There is no answer, since the notebook did not come to its end."
            mark = Mark(task.id, task.title, WRONG, why)
        else:
            mark = _mark(task, ran.answers[number], ran.sources, failed)
        marks.append(replace(mark, reason=_line(mark.reason)))
    problems = [ran.row.problem] if ran.row.problem else []
    for number in sorted(failed)[:3]:
        problems.append(f"Code cell {number + 1} failed: {failed[number]}.")
    if len(failed) > 3:
        problems.append(f"So did {len(failed) - 3} others.")
    return replace(ran.row, marks=tuple(marks), problem=_line(" ".join(problems)))


def _mark(task, answer, sources, failed):
    try:
        result = judging.judge(task, answer)
    except Exception as error:  # others are judged all the same
        why = f"The task itself is at fault, so this was not judged: {error}"
        return Mark(task.id, task.title, WRONG, why)
    if result.status == RIGHT:
        return Mark(task.id, task.title, result.status)
    if result.status == NOT_ATTEMPTED and _is_absent(answer):
        # A cell that fails leaves no answer, which is not the same as leaving it blank.
        for number, why in sorted(failed.items()):
            if _gives(sources[number], task.name):
                reason = f"Code cell {number + 1}, which should give `{task.name}`, failed: {why}."
                return Mark(task.id, task.title, WRONG, reason)
    return Mark(task.id, task.title, result.status, result.message, result.mistake or "")


def _is_absent(answer):
    try:
        return isinstance(decode(answer), Absent)
    except ValueError:
        return False


def _gives(source, name):
    """Return whether a cell assigns to a name, or defines it.

    Examples
    --------
    >>> _gives("rate = leads / visits", "rate"), _gives("print(rate == 1)", "rate")
    (True, False)
    """
    gives = re.compile(rf"[^#=]*\b{name}\b[^#=]*=(?!=)|\s*def\s+{name}\b")
    # Long lines are no one's work, and could be written so that looking takes for ever.
    return any(len(line) < 500 and gives.match(line) for line in source.split("\n"))


def _line(text):
    """Return a stranger's text as one line of ordinary characters."""
    text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split())
    return text if len(text) <= REASON else text[: REASON - 1] + "…"


# ---------------------------------------------------------------- the table


def table(graded):
    """Return what `grade` found as a table.

    Parameters
    ----------
    graded : list of Submission

    Returns
    -------
    pandas.DataFrame
        One row a submission: ``file``, ``learner``, ``exercise``, ``total`` and ``of`` (tasks
        that are right, and all), ``seconds``, ``problem``; and for each task a column with its
        id that holds 1 or 0, and one with the reason, ``"2.3 reason"``. A reason begins with the
        id of the known mistake, where it is one. Tasks of other exercises are missing.

    Examples
    --------
    >>> marks = (Mark("2.1", "A rate", "wrong", "You gave 20.", "percent-for-fraction"),)
    >>> row = table([Submission("anna/02.ipynb", "anna", "02_conversion_rates", marks)]).iloc[0]
    >>> int(row["2.1"]), row["2.1 reason"]
    (0, 'percent-for-fraction: You gave 20.')
    """
    tasks = sorted({mark.task for s in graded for mark in s.marks}, key=_order)
    rows = []
    for submission in graded:
        row = {
            "file": submission.file,
            "learner": submission.learner,
            "exercise": submission.exercise,
            "total": submission.total,
            "of": len(submission.marks),
            "seconds": round(submission.seconds, 1),
            "problem": submission.problem,
        }
        for mark in submission.marks:
            row[mark.task] = int(mark.status == RIGHT)
            row[f"{mark.task} reason"] = _reason(mark)
        rows.append(row)
    first = ["file", "learner", "exercise", "total", "of", "seconds", "problem"]
    made = pd.DataFrame(rows, columns=[*first, *(c for t in tasks for c in (t, f"{t} reason"))])
    return made.astype(dict.fromkeys(tasks, "Int64"))


def _reason(mark):
    if mark.status == NOT_ATTEMPTED:
        return f"not attempted: {mark.reason}"
    return f"{mark.mistake}: {mark.reason}" if mark.mistake else mark.reason


def _order(task_id):
    return [int(part) for part in task_id.split(".")]


def write(graded, path):
    """Write what `grade` found as CSV, which spreadsheets open without running anything in it.

    Parameters
    ----------
    graded : list of Submission
    path : path
        Written in one go, over what is there.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    made = table(graded)
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(made.columns)
    for row in made.itertuples(index=False):
        writer.writerow(["" if pd.isna(cell) else safe(cell) for cell in row])
    # With the mark by which Excel knows UTF-8; names that are not valid text are written out.
    content = lines.getvalue().encode("utf-8", "backslashreplace")
    workspace.write(Path(path), b"\xef\xbb\xbf" + content)


def safe(cell):
    """Return a cell that no spreadsheet takes for a formula.

    Examples
    --------
    >>> safe("=1+1"), safe("-1"), safe(-1), safe("0.2")
    ("'=1+1", "'-1", -1, '0.2')
    """
    return f"'{cell}" if isinstance(cell, str) and re.match(r"\s*[=+\-@＝＋－＠]", cell) else cell


def summary(graded):
    """Return how each task went, the one that fails most first.

    Parameters
    ----------
    graded : list of Submission

    Returns
    -------
    pandas.DataFrame
        Index ``task``; columns ``title``; ``right``, ``wrong``, ``not_attempted`` (counts);
        ``mistake`` (the id of the known mistake made most often, or ""), ``times`` (how often),
        and ``says`` (its message, as one of them got it).

    Examples
    --------
    >>> wrong = Mark("2.1", "A rate", "wrong", "You gave 20.", "percent-for-fraction")
    >>> graded = [Submission("a.ipynb", "a", "02", (wrong,)), Submission("b.ipynb", "b", "02")]
    >>> summary(graded)[["wrong", "mistake", "times"]]
          wrong               mistake  times
    task
    2.1       1  percent-for-fraction      1
    """
    marks = [mark for submission in graded for mark in submission.marks]
    rows = []
    for task in sorted({mark.task for mark in marks}, key=_order):
        own = [mark for mark in marks if mark.task == task]
        mistakes = [mark.mistake for mark in own if mark.mistake]
        most = max(sorted(set(mistakes)), key=mistakes.count, default="")
        status = [mark.status for mark in own]
        rows.append(
            {
                "task": task,
                "title": own[0].title,
                "right": status.count(RIGHT),
                "wrong": status.count(WRONG),
                "not_attempted": status.count(NOT_ATTEMPTED),
                "mistake": most,
                "times": mistakes.count(most),
                "says": next((m.reason for m in own if most and m.mistake == most), ""),
            }
        )
    names = ["task", "title", "right", "wrong", "not_attempted", "mistake", "times", "says"]
    made = pd.DataFrame(rows, columns=names).set_index("task")
    share = made["right"] / (made["right"] + made["wrong"] + made["not_attempted"])
    return made.loc[share.sort_values(kind="stable").index]


def report(graded, seconds):
    """Return the lines that `funnelkit grade` prints at the end."""
    learners = len({submission.learner for submission in graded})
    ran = [submission.seconds for submission in graded if submission.seconds]
    mean = f", {sum(ran) / len(ran):.1f} s each" if ran else ""
    files = "1 file" if len(graded) == 1 else f"{len(graded)} files"
    who = "1 learner" if learners == 1 else f"{learners} learners"
    lines = [f"Graded {files} of {who} in {seconds:.0f} s{mean}."]
    troubled = sum(bool(submission.problem) for submission in graded)
    if troubled:
        lines.append(f"{troubled} of them had a problem; the column “problem” says which.")
    found = summary(graded)
    if len(found):
        lines += ["", "task   right  wrong  blank  most frequent mistake"]
    for task, row in found.iterrows():
        mistake = f"{row['mistake']} ({row['times']})" if row["mistake"] else ""
        counts = f"{row['right']:>7}{row['wrong']:>7}{row['not_attempted']:>7}"
        lines.append(f"{task:<5}{counts}  {mistake}".rstrip())
    return lines
