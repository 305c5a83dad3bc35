"""The three verbs of a notebook: `check`, `hint`, `progress`, and the state that they keep."""

import html
import sys
from dataclasses import dataclass
from functools import cached_property

from funnelkit import workspace
from funnelkit.exercises import registry
from funnelkit.exercises.answers import collect
from funnelkit.exercises.judging import Card, Note, judge
from funnelkit.exercises.registry import UnknownTask
from funnelkit.exercises.showing import say, seen
from funnelkit.exercises.tasks import NOT_ATTEMPTED, RIGHT, request

__all__ = ["Hint", "Progress", "check", "entries_of", "hint", "progress", "title_of"]

# How words of the files' names are written.
CAPITALS = {"ab": "A/B", "bayes": "Bayes", "bayesian": "Bayesian", "clv": "CLV", "crm": "CRM"}
CAPITALS |= {"rfm": "RFM", "roi": "ROI"}

# ---------------------------------------------------------------- in a notebook


def check(task_id=None):
    """Check your answer to a task.

    Parameters
    ----------
    task_id : str
        Such as ``"2.3"``.

    Returns
    -------
    Result or Note
        Whether it is right; if not, what is wrong and why, and a next step. A notebook shows it
        below the cell, wherever in the cell it is called. There is never an error, whatever the
        answer is. A function of yours is called with arguments of the check's own; it has five
        seconds.
    """
    return _guarded(_check, task_id, sys._getframe(1).f_globals)


def hint(task_id=None):
    """Give the next hint to a task; after the last, all of them again.

    Parameters
    ----------
    task_id : str
        Such as ``"2.3"``.

    Returns
    -------
    Hint or Note
        Which hint it is is settled when it is shown: one that is not shown is not spent.
    """
    return _guarded(_hint, task_id)


def progress(exercise=None):
    """Show what you have solved.

    Parameters
    ----------
    exercise : str or int, optional
        The number of one exercise, to see its tasks; by default a line for each.

    Returns
    -------
    Progress or Note
    """
    return _guarded(_progress, exercise)


def _guarded(answer, *arguments):
    """Call a function, turn whatever goes wrong into a sentence, and have it shown."""
    return say(_in_words(answer, *arguments))


def _in_words(answer, *arguments):
    try:
        return answer(*arguments)
    except UnknownTask as unknown:
        return Note(str(unknown))
    except KeyboardInterrupt:
        return Note("Stopped. Nothing was checked.")
    except Exception as error:
        name = type(error).__name__
        return Note(
            "The check itself failed; this is no fault of your answer.",
            (
                f"It said: {name}: {str(error)[:300]}",
                "Next: Run `funnelkit doctor` in a terminal; it finds what is wrong with a "
                "machine or with the course's files.",
            ),
        )


def _find(task_id):
    text = "" if task_id is None else str(task_id).strip()
    if not text:
        raise UnknownTask('Say which task, with its number in quotation marks: check("2.3").')
    return registry.find(text)


def _check(task_id, namespace):
    task = _find(task_id)
    result = judge(task, collect(namespace, **request(task)))
    if result.status != NOT_ATTEMPTED:

        def note(entry):
            entry["tries"] = entry.get("tries", 0) + 1
            entry["right"] = bool(entry.get("right")) or result.status == RIGHT

        _note(task.id, note)
    return result


def _hint(task_id):
    return Hint(_find(task_id))


class Hint(Card):
    """The next hint to a task, taken when it is first shown.

    Parameters
    ----------
    task : funnelkit.exercises.tasks.Task
    """

    def __init__(self, task):
        self.task, self.hints = task, task.all_hints()

    @cached_property
    def _taken(self):
        task, hints, before = self.task, self.hints, 0

        def note(entry):
            nonlocal before
            before = entry.get("hints", 0)
            entry["hints"] = min(before + 1, len(hints))

        _note(task.id, note)
        if before < len(hints):
            heading = f"Hint {before + 1} of {len(hints)} · {task.id} · {task.title}"
            return Note(heading, (hints[before],))
        numbered = [f"{number}. {text}" for number, text in enumerate(hints, 1)]
        return Note(f"All {len(hints)} hints · {task.id} · {task.title}", tuple(numbered))

    def _heading(self):
        return self._taken.heading

    def _lines(self):
        return self._taken.lines

    def _colour(self):
        return self._taken._colour()


_session = {}


def _note(task_id, change):
    """Change what the state says of a task; where it cannot be kept, only for this session."""
    path = workspace.state_path()
    try:
        with workspace.locked(path):
            state, _ = workspace.read_state(path)
            entries = entries_of(state)
            change(entries.setdefault(task_id, {}))
            state["tasks"] = entries
            workspace.write_state(path, state)
    except OSError:
        change(_session.setdefault(task_id, {}))


def entries_of(state):
    """Return what the state says of tasks, by their ids, without what is damaged.

    Parameters
    ----------
    state : dict
        As `workspace.read_state` returns it.

    Returns
    -------
    dict of dict
        `tries` and `hints`, numbers; `right`, True or False.
    """
    entries = state.get("tasks")
    entries = entries if isinstance(entries, dict) else {}
    return {
        task_id: {
            "tries": _count(entry.get("tries")),
            "hints": _count(entry.get("hints")),
            "right": entry.get("right") is True,
        }
        for task_id, entry in entries.items()
        if isinstance(entry, dict)
    }


def _count(value):
    return value if type(value) is int and value >= 0 else 0


@dataclass(frozen=True, repr=False)
class Progress(Card):
    """What has been solved: a heading, and rows of equal length, the first with the names."""

    heading: str
    rows: tuple
    legend: str = "✓ right   ✗ not right yet   ○ not attempted yet"

    def _heading(self):
        return self.heading

    def _lines(self):
        widths = [max(len(row[place]) for row in self.rows) for place in range(len(self.rows[0]))]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in self.rows
        ]
        return ["", *lines, "", self.legend]

    def __repr__(self):
        seen(self)
        return "\n".join([self.heading, *self._lines()])

    def _repr_html_(self):
        seen(self)
        names, *rows = self.rows
        style = ' style="text-align: left"'

        def line(cells, tag):
            return "".join(f"<{tag}{style}>{html.escape(cell)}</{tag}>" for cell in cells)

        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
        return (
            f"<div><strong>{html.escape(self.heading)}</strong>"
            f"<table><thead><tr>{line(names, 'th')}</tr></thead><tbody>{body}</tbody></table>"
            f"{html.escape(self.legend)}</div>"
        )


def _progress(exercise=None):
    path = workspace.state_path()
    state, _ = workspace.read_state(path)
    entries = {**entries_of(state), **entries_of({"tasks": _session})}
    stems = registry.exercises()
    if exercise is not None:
        wanted = str(exercise).strip()
        stems = [s for s in stems if wanted.isdecimal() and int(s[:2]) == int(wanted)]
        if not stems:
            there = ", ".join(stem[:2] for stem in registry.exercises()) or "none yet"
            raise UnknownTask(f"There is no exercise {wanted}; choose one of {there}.")
    every = {stem: registry.tasks(stem) for stem in stems}
    signs = {
        task_id: "✓" if entry["right"] else "✗" if entry["tries"] else "○"
        for task_id, entry in entries.items()
    }
    total = [signs.get(task_id, "○") for tasks in every.values() for task_id in tasks]
    solved = f"{total.count('✓')} of {len(total)} tasks solved"
    if exercise is None:
        rows = [("exercise", "", "solved", "tasks")]
        for stem, tasks in every.items():
            row = [signs.get(task_id, "○") for task_id in tasks]
            rows.append(
                (stem[:2], title_of(stem), f"{row.count('✓')} of {len(row)}", " ".join(row))
            )
        return Progress(f"Your progress: {solved}", tuple(rows))
    rows = [("task", "", "", "tries", "hints")]
    [(stem, tasks)] = every.items()
    for task_id, task in tasks.items():
        entry = entries.get(task_id, {"tries": 0, "hints": 0})
        counts = str(entry["tries"]), str(entry["hints"])
        rows.append((task_id, signs.get(task_id, "○"), task.title, *counts))
    return Progress(f"Exercise {stem[:2]}, {title_of(stem)}: {solved}", tuple(rows))


def title_of(stem):
    """Return what an exercise is called, from the name of its file.

    >>> title_of("02_conversion_rates"), title_of("04_roi_and_unit_economics")
    ('Conversion rates', 'ROI and unit economics')
    """
    words = [CAPITALS.get(word, word) for word in stem[3:].split("_")]
    title = " ".join(words)
    return title[:1].upper() + title[1:]
