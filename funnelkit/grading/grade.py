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

import os
import re
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

from funnelkit.exercises import judging, registry
from funnelkit.exercises.answers import Absent, Called, TimedOut, decode
from funnelkit.exercises.kinds import Function
from funnelkit.exercises.tasks import NOT_ATTEMPTED, RIGHT, WRONG
from funnelkit.exercises.tasks import request as asked_of
from funnelkit.grading.bwrap import NoSandbox
from funnelkit.grading.journal import Journal, version
from funnelkit.grading.marks import Mark, Submission, report, summary, table, write
from funnelkit.grading.runs import Limits, run
from funnelkit.grading.sandbox import Sandbox
from funnelkit.grading.submissions import (
    Unreadable,
    cells_of,
    content_of,
    find,
    fingerprint,
    which_exercises,
)

__all__ = [
    "Journal",
    "Limits",
    "Mark",
    "NoSandbox",
    "Submission",
    "grade",
    "report",
    "summary",
    "table",
    "version",
    "write",
]

ATTEMPTS = 5  # at running a notebook of which a cell ends the process
REASON = 300  # characters


# ---------------------------------------------------------------- grading a folder


def grade(folder, *, jobs=None, unsafe=False, limits=None, progress=False, leave=(), journal=None):
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
    journal : Journal, optional
        Takes each result as it comes, and gives those of a run that was stopped.

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

    Time that a notebook waits for a processor is not counted, so a busy machine takes no marks.
    A notebook that has hit a limit of time is run once more at the end, when it is alone, and the
    better of its results counts.
    """
    limits = limits or Limits()
    jobs = _default_jobs(limits) if jobs is None else jobs
    if jobs < 1:
        raise ValueError(f"jobs={jobs}: at least one has to run at a time")
    root, found = find(Path(folder), leave)
    if not found:
        raise FileNotFoundError(f"there is nothing to grade in {folder}: no file ends in .ipynb")
    exercises = {stem: registry.tasks(stem) for stem in registry.exercises()}
    if not exercises:
        raise ValueError("the course has no exercises")
    with (
        Sandbox(hidden=[root], unsafe=unsafe) as sandbox,
        _bar(progress, len(found)) as bar,
        ThreadPoolExecutor(jobs) as pool,
    ):
        grader = _Grader(exercises, sandbox, limits, journal, bar)
        try:
            graded = grader.all(found, pool)
        except BaseException:
            sandbox.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            grader.save_the_last()
            raise
    return _with_notes(sorted(graded, key=lambda submission: submission.file))


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


@dataclass
class _Grader:
    """Runs and judges what was handed in, each in its turn."""

    exercises: dict
    sandbox: Sandbox
    limits: Limits
    journal: Journal | None
    bar: object
    waiting: dict = field(default_factory=dict)

    def all(self, found, pool):
        """Return what each is worth."""
        graded, late = {}, []
        self.waiting = {pool.submit(self.one, one): one for one in found}
        while self.waiting:
            # With a pause, since a signal that comes just before a wait without end is not heard.
            ready, _ = wait(self.waiting, timeout=0.5, return_when=FIRST_COMPLETED)
            for done in ready:
                result = done.result()
                one = self.waiting.pop(done)
                graded[one] = self.keep(result)
                if result.late:
                    late.append(one)
                self.bar.update()
        for number, one in enumerate(late, 1):
            self.bar.set_description_str(f"once more, alone: {number} of {len(late)}")
            again = replace(self.one(one, again=True), late=False)
            graded[one] = self.keep(_better(again, graded[one]))
        return [result.row for result in graded.values()]

    def one(self, one, again=False):
        """Return what one is worth; whatever goes wrong, the others go on."""
        row = Submission(one.file, one.learner, problem=one.problem)
        if one.problem:
            return _Result(row)
        content = ""
        try:
            notebook = content_of(one.path)
            content = fingerprint(notebook)
            known = self.journal.find(one.file, content) if self.journal and not again else None
            if known:
                return _known(known)
            ran = _run(row, notebook, self.exercises, self.sandbox, self.limits)
            return _Result(_judge(ran), content, _is_late(ran))
        except Unreadable as why:
            stem = next((stem for stem in self.exercises if stem in one.file), "")
            return _Result(replace(row, problem=str(why), exercise=stem), content)
        except Exception as error:
            why = f"It could not be run: {type(error).__name__}: {error}"
            return _Result(replace(row, problem=_line(why)))

    def keep(self, result):
        """Write a result down, and return it."""
        if self.journal:
            self.journal.add(result.row, result.content, result.late)
        return result

    def save_the_last(self):
        """Write down what was ready when the run was stopped."""
        for done in self.waiting:
            if done.done() and not done.cancelled() and not done.exception():
                self.keep(done.result())


@dataclass(frozen=True)
class _Result:
    """What one submission is worth, with the fingerprint of its file.

    If it is late, it has hit a limit of time and is to be run once more.
    """

    row: Submission
    content: str = ""
    late: bool = False


def _known(entry):
    """Return a result from the journal."""
    names = ("file", "learner", "exercise", "seconds", "problem")
    marks = tuple(Mark(**mark) for mark in entry["marks"])
    row = Submission(**{name: entry[name] for name in names}, marks=marks)
    return _Result(row, entry["content"], entry["late"])


def _better(one, other):
    """Return the result with more tasks right, the first if there are as many."""
    return one if one.row.total >= other.row.total else replace(other, late=False)


def _with_notes(graded):
    """Say of each that a learner has handed in more than once which others there are."""
    times = Counter((s.learner, s.exercise) for s in graded if s.exercise)
    made = []
    for submission in graded:
        own = submission.learner, submission.exercise
        if times[own] > 1:
            others = [s.file for s in graded if (s.learner, s.exercise) == own]
            others.remove(submission.file)
            note = f"There are {times[own]} of this exercise by this learner, see also {others[0]}."
            problem = _line(f"{note} {submission.problem}")
            submission = replace(submission, problem=problem)
        made.append(submission)
    return made


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
    timed_out: bool = False


def _run(row, notebook, exercises, sandbox, limits):
    """Run a notebook, without the cells that end its process."""
    sources, metadata = cells_of(notebook)
    stem, *others = which_exercises(sources, metadata, Path(row.file).name, exercises) or [""]
    if not stem:
        return _Ran(replace(row, problem="It holds none of the tasks of an exercise."))
    tasks = exercises[stem]
    began, left = time.monotonic(), limits.notebook
    request = {"cells": sources, "tasks": [asked_of(task) for task in tasks.values()]}
    without, problem, timed_out = {}, "", False
    for attempt in range(ATTEMPTS):
        outcome = run(sandbox, {**request, "without": [*map(list, without)]}, limits, left)
        left -= outcome.seconds
        timed_out = timed_out or "time" in outcome.ended.split() or outcome.ended == "not started"
        if outcome.ended == "done":
            break
        why = _in_words(outcome, limits)
        if outcome.ended in ("not started", "notebook time") or outcome.place is None:
            problem = why if why[0].isupper() else f"It could not be run: {why}."
            break
        if attempt == ATTEMPTS - 1 or outcome.place in without or outcome.place[1] < 0:
            problem = f"It ended its process {attempt + 1} times; the last time, {why}."
            break
        without[outcome.place] = why
    failed = {number: outcome.failed[number] for number in outcome.failed if number >= 0}
    failed |= {number: why for (kind, number), why in without.items() if kind == "cell"}
    stuck = {number: why for (kind, number), why in without.items() if kind == "task"}
    if others:
        problem = f"It also holds tasks of {', '.join(others)}, which need a file of their own, \
and are not graded. {problem}".rstrip()
    row = replace(row, exercise=stem, seconds=time.monotonic() - began, problem=problem)
    return _Ran(row, tasks, sources, outcome.answers, failed, stuck, timed_out)


def _is_late(ran):
    """Return whether a submission has hit a limit of time; a stranger says some of it."""
    return (
        ran.timed_out
        or any("it took longer than" in why for why in ran.failed.values())
        or any(_is_timed_out(answer) for answer in ran.answers.values())
    )


def _is_timed_out(answer):
    try:
        called = decode(answer)
    except ValueError:
        return False
    return isinstance(called, Called) and any(isinstance(r, TimedOut) for r in called.results)


def _in_words(outcome, limits):
    """Return why a process ended that was not done."""
    return {
        "time": "it took too long and could not be interrupted",
        "processor time": f"it took more than {limits.cell:g} seconds of processor time, with all "
        "its processes",
        "notebook time": f"The notebook took longer than {limits.notebook:g} seconds.",
        "memory": f"it took more than {limits.memory / 2**30:.3g} GiB of memory",
        "processes": f"it started more than {limits.processes} processes",
        "output": "it wrote to the grader something that is not an answer",
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
            did = "called" if isinstance(task.kind, Function) else "read"
            why = f"When `{task.name}` was {did}, {ran.stuck[number]}."
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
