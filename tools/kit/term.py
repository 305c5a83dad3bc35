"""A term of twelve weeks by track: one or two lessons a week, exercises at home, two last weeks.

The project (lesson 31) and the participants' own data (32) have a week each, if the track has
them. Lessons are put together so that no week is much longer than another.
"""

import math
from dataclasses import replace

from tools.exercise_rules import Exercise
from tools.kit.days import PAUSE, STEP, STRETCH
from tools.kit.sheets import ordered, recalls
from tools.kit.units import WHOLE, block, exercise_of
from tools.notebook_model import Course, Notebook
from tools.rules_sitting import in_track

__all__ = ["WEEKS", "grouped", "session_minutes", "term"]

WEEKS = 12
HOMEWORK = 15  # to go through what was done at home
PROJECT, OWN_DATA = LAST = ("31", "32")
PROJECT_BEGINS = 9  # the week after which the project is worked on at home


def session_minutes(lessons: list[Notebook]) -> int:
    """Return how long a week's session takes, with homework and breaks, in steps of five."""
    sitting = HOMEWORK + sum(nb.info["minutes"][1] for nb in lessons)
    breaks = (sitting - 1) // STRETCH * PAUSE
    return STEP * math.ceil((sitting + breaks) / STEP)


def grouped(lessons: list[Notebook], weeks: int) -> list[list[Notebook]]:
    """Return the lessons in order, one or two a week, so that the longest week is short.

    Lesson 00 goes with the one after it and does not count as a lesson. There have to be at least
    as many others as weeks, and at most twice as many.
    """
    first = 2 if lessons[0].is_start else 1
    best: dict[tuple[int, int], tuple[int, int, list[int]]] = {(0, 0): (0, 0, [])}
    for week in range(1, weeks + 1):
        for end in range(1, len(lessons) + 1):
            sizes = (first, first + 1) if week == 1 else (1, 2)
            options = []
            for size in sizes:
                before = best.get((week - 1, end - size))
                if before is not None:
                    minutes = session_minutes(lessons[end - size : end])
                    longest, squares, cuts = before
                    options.append((max(longest, minutes), squares + minutes**2, [*cuts, end]))
            if options:
                best[week, end] = min(options)
    cuts = best[weeks, len(lessons)][2]
    return [lessons[a:b] for a, b in zip([0, *cuts], cuts, strict=False)]


def term(track: str, course: Course, exercises: list[Exercise], meanings: dict[str, str]) -> str:
    """Return the twelve weeks of a track."""
    last = [nb for nb in in_track(course, track) if nb.number in LAST]
    weeks = WEEKS - len(last)
    chosen = ordered(course, track)
    fits = sorted(chosen[: 2 * weeks], key=lambda nb: nb.number)
    groups = grouped([course.lessons[0], *fits], min(weeks, len(fits)))
    groups += [[nb] for nb in last]
    rows = ["| Week | In the room | Minutes | At home |", "|---|---|---|---|"]
    project = next((nb for nb in last if nb.number == PROJECT), None)
    for week, group in enumerate(groups, start=1):
        names = "; ".join(f"[{nb.number} {nb.title}]({_to(nb)})" for nb in group)
        if group[0].number == PROJECT:
            names += ": groups present, the others ask"
        if group[0].number == OWN_DATA:
            names += ", with their own exports; closing and [feedback](feedback.html)"
        rows.append(
            f"| {week} | {names} | {session_minutes(group)} | "
            f"{_home(group, exercises, week, len(groups), project)} |"
        )
    whole = [replace(block(nb, [], course), form=WHOLE) for nb in fits]
    said = recalls(whole, course, meanings)
    rest = ", ".join(nb.number for nb in chosen[2 * weeks :])
    lines = [
        "## A term of twelve weeks",
        "",
        f"One session a week. It opens with {HOMEWORK} minutes on what was done at home and has a "
        f"break of {PAUSE} minutes in every {STRETCH} minutes; both are in the minutes below. The "
        "first session opens with introductions and everybody's machine (lesson 00). Lessons are "
        "whole; the memo is debated where time is left, and written at home otherwise.",
        "",
        *rows,
        "",
        *said,
    ]
    if rest:
        lines.append(f"- Not in this term, of the track: {', '.join(sorted(rest.split(', ')))}.")
    return "\n".join(lines).rstrip()


def _to(nb: Notebook) -> str:
    return f"../../notebooks/{nb.path.name}"


def _home(
    group: list[Notebook],
    exercises: list[Exercise],
    week: int,
    weeks: int,
    project: Notebook | None,
) -> str:
    """Return what is done after a session."""
    found = [_exercise(nb, exercises) for nb in group if nb is not project]
    if project and week == PROJECT_BEGINS:
        found.append(f"the project begins: groups of two or three read lesson {project.number}")
        found.append(_exercise(project, exercises))
    if week == weeks - 1:
        found.append("bring an export of your own, without names and addresses")
    if week == weeks:
        found.append("the report on your own data; one number to look at again in a month")
    return "; ".join(filter(None, found)) or "the memo, on half a page"


def _exercise(nb: Notebook, exercises: list[Exercise]) -> str:
    """Return the link to a lesson's exercise with its minutes; nothing if it has none."""
    own = exercise_of(nb, exercises)
    if own is None:
        return ""
    low, high = own.solution.info["minutes"]
    return f"[exercise {nb.number}](../../exercises/{nb.path.name}) ({low}–{high} min)"
