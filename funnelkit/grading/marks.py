"""What grading found, as a table: for spreadsheets, for a trainer's eye, and what fails most."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from funnelkit import workspace
from funnelkit.exercises.tasks import NOT_ATTEMPTED, RIGHT, WRONG

__all__ = [
    "FIRST",
    "Mark",
    "Submission",
    "as_csv",
    "previous",
    "report",
    "safe",
    "summary",
    "table",
    "write",
]

FIRST = ("file", "learner", "exercise", "total", "of", "seconds", "problem")


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
        Who handed it in, as `funnelkit.grading.submissions.learner_of` takes it from the path.
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


# ---------------------------------------------------------------- the table


def table(graded):
    """Return what `grade` found as a table.

    Parameters
    ----------
    graded : list of Submission

    Returns
    -------
    pandas.DataFrame
        One row per submission: ``file``, ``learner``, ``exercise``, ``total`` and ``of`` (tasks
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
    made = pd.DataFrame(rows, columns=[*FIRST, *(c for t in tasks for c in (t, f"{t} reason"))])
    return made.astype(dict.fromkeys(tasks, "Int64"))


def _reason(mark):
    if mark.status == NOT_ATTEMPTED:
        return f"not attempted: {mark.reason}"
    return f"{mark.mistake}: {mark.reason}" if mark.mistake else mark.reason


def _order(task_id):
    return [int(part) for part in task_id.split(".")]


def write(graded, path):
    """Write what `grade` found as CSV, which spreadsheets open without running anything in it.

    Columns of your own in a table that is there already are kept, in the rows of the same file.
    So is that table, under a name with the date.

    Parameters
    ----------
    graded : list of Submission
    path : path
        Written in one go.

    Returns
    -------
    pathlib.Path or None
        Where the table that was there is kept.

    Raises
    ------
    OSError
        If it cannot be written.
    ValueError
        If there is a file of that name which is not such a table.
    """
    path = Path(path)
    before = previous(path)
    content = as_csv(graded, before)
    kept = None
    if before is not None and path.read_bytes() != content:
        kept = workspace.free_name(path.parent, f"{path.stem}-until-{date.today()}", path.suffix)
        workspace.write(kept, path.read_bytes())
    workspace.write(path, content)
    return kept


def as_csv(graded, before=None):
    """Return the table as the bytes of a CSV file.

    Parameters
    ----------
    graded : list of Submission
    before : list of list of str, optional
        An earlier table, from `previous`, of which foreign columns are kept.

    Returns
    -------
    bytes
    """
    made = table(graded)
    foreign, notes = _foreign(before or [])
    lines = io.StringIO(newline="")
    # All in quotes, since some spreadsheets split at semicolons.
    writer = csv.writer(lines, quoting=csv.QUOTE_ALL)
    writer.writerow([*made.columns, *map(safe, foreign)])
    for row in made.itertuples(index=False):
        own = ["" if pd.isna(cell) else safe(cell) for cell in row]
        others = notes.get(safe(row[0]), [""] * len(foreign))
        writer.writerow([*own, *(c if _NUMBER.fullmatch(c) else safe(c) for c in others)])
    # With the mark by which Excel knows UTF-8; names that are not valid text are written out.
    return b"\xef\xbb\xbf" + lines.getvalue().encode("utf-8", "backslashreplace")


def previous(path):
    """Return the rows of a table that `write` wrote, perhaps saved again by a spreadsheet.

    Parameters
    ----------
    path : path

    Returns
    -------
    list of list of str or None
        None if there is no file.

    Raises
    ------
    ValueError
        If it is something else.
    """
    path = Path(path)
    if not path.exists() or path.stat().st_size == 0:
        return None
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    csv.field_size_limit(10**9)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    if not {"file", "learner", "total"} <= set(rows[0]):
        raise ValueError(
            f"{path} is there already and is not a table that `grade` wrote: name another file"
        )
    return rows


def _foreign(rows):
    """Return the names of a trainer's own columns, and what is in them by file."""
    if not rows:
        return [], {}
    head, at = rows[0], rows[0].index("file")
    ours = re.compile(rf"{'|'.join(FIRST)}|\d+\.\d+( reason)?")
    places = [n for n, name in enumerate(head) if name.strip() and not ours.fullmatch(name)]
    notes = {}
    for row in rows[1:]:
        if len(row) > at:
            notes[row[at]] = [row[n] if n < len(row) else "" for n in places]
    return [head[n] for n in places], notes


_NUMBER = re.compile(r"[-+]?[\d.,]+ ?%?")
_FORMULA = re.compile(r"(^|[;\t\r\n|])(\s*)(?=[=+\-@＝＋－＠])")


def safe(cell):
    """Return a cell in which no spreadsheet finds a formula, wherever it splits lines.

    Examples
    --------
    >>> safe("=1+1"), safe("-1"), safe(-1), safe("0.2"), safe("x;=1+1;y")
    ("'=1+1", "'-1", -1, '0.2', "x;'=1+1;y")
    """
    return _FORMULA.sub(r"\1\2'", cell) if isinstance(cell, str) else cell


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
