"""What in docs/trainers.md is made from the notebooks and the tasks: `notebooks.py navigation`.

The schedules take the upper minutes of each lesson and exercise, so that a group that asks many
questions gets through; a day that is not filled ends early and says so.
"""

from dataclasses import dataclass

from tools.exercise_rules import Exercise
from tools.notebook_model import Course
from tools.notebook_text import replaced

STRETCH = 100  # the longest time without a break, in minutes
BREAK = 15
LUNCH = 60
NOON = (11 * 60 + 45, 13 * 60 + 15)  # lunch may begin from, and has to begin by
MEMO = 20  # to discuss a lesson's decision memo in the room
OWN = "[Your own funnel](#your-own-funnel)"
OWN_MINUTES = 90
NAMED = 4  # so many units left out are named one by one


@dataclass(frozen=True)
class Unit:
    """Something to do, and the minutes that it takes."""

    name: str
    minutes: int


@dataclass(frozen=True)
class Row:
    """A line of a schedule; times in minutes after midnight."""

    start: int
    end: int
    name: str


# ---------------------------------------------------------------------------------------------
# Schedules
# ---------------------------------------------------------------------------------------------


def units(course: Course, exercises: list[Exercise], *, memos: bool) -> list[list[Unit]]:
    """Return for each lesson what belongs to it: itself, its exercise, its memo's discussion."""
    found = []
    for nb in course.lessons:
        link = f"[{nb.number} {nb.title}](../notebooks/{nb.path.name})"
        group = [Unit(f"Lesson {link}", nb.info["minutes"][1])]
        for exercise in exercises:
            if exercise.stem == nb.path.stem and not exercise.in_lesson:
                own = f"[{nb.number}](../exercises/{nb.path.name})"
                group.append(Unit(f"Exercise {own}", exercise.solution.info["minutes"][1]))
        if memos and not nb.is_start:
            group.append(Unit(f"The decision memo of lesson {nb.number}, discussed", MEMO))
        found.append(group)
    return found


def day(waiting: list[Unit], start: int, end: int, *, lunch: bool) -> tuple[list[Row], list[Unit]]:
    """Return the rows of a day, and the units that no longer fit into it.

    Where all fit and time is left, the day closes with the participants' own funnel.
    """
    rows: list[Row] = []
    clock, since, eaten = start, 0, not lunch
    waiting = [*waiting, Unit(OWN, OWN_MINUTES)]
    while waiting:
        unit = waiting[0]
        pause = None
        if not eaten and rows and (clock >= NOON[0] or clock + unit.minutes > NOON[1]):
            pause = Row(clock, clock + LUNCH, "*Lunch*")
        elif since and since + unit.minutes > STRETCH:
            pause = Row(clock, clock + BREAK, "*Break*")
        begin = pause.end if pause else clock
        room = end - begin
        if unit.name == OWN and OWN_MINUTES / 2 <= room < OWN_MINUTES:
            unit = Unit(OWN, room)
        if unit.minutes > room:
            break
        if pause:
            rows.append(pause)
            eaten, since = eaten or pause.name == "*Lunch*", 0
        clock = begin + unit.minutes
        since += unit.minutes
        rows.append(Row(begin, clock, unit.name))
        waiting.pop(0)
    return rows, [unit for unit in waiting if unit.name != OWN]


def clock_time(minutes: int) -> str:
    """Return minutes after midnight as 9:05."""
    return f"{minutes // 60}:{minutes % 60:02d}"


def duration(minutes: int) -> str:
    """Return minutes as they are said: 45 min, 2 h, 3 h 05 min."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02d} min" if rest else f"{hours} h"


def _table(rows: list[Row]) -> list[str]:
    lines = ["| | |", "|---|---|"]
    return lines + [f"| {clock_time(r.start)}–{clock_time(r.end)} | {r.name} |" for r in rows]


def schedule(groups: list[list[Unit]], title: str, days: list[tuple[int, int]], lunch: bool) -> str:
    """Return one schedule: what it holds, in words, and a table for each day."""
    total = sum(unit.minutes for group in groups for unit in group)
    tables: list[str] = []
    spare = []
    left: list[Unit] = []
    shares = _shared(groups, len(days))
    for number, ((start, end), share) in enumerate(zip(days, shares, strict=True), start=1):
        rows, left = day([*left, *share], start, end, lunch=lunch)
        if len(days) > 1:
            tables += [f"**Day {number}**", ""]
        tables += [*_table(rows), ""]
        if rows[-1].end <= end - OWN_MINUTES / 2:
            which = f"day {number}" if len(days) > 1 else title.lower()
            spare.append(f"{which} ends at {clock_time(rows[-1].end)}")
    said = [f"What there is takes {duration(total)} at the slower pace, without breaks."]
    if left:  # always the end of the course: a day stops at the first unit that does not fit
        names = ", ".join(unit.name for unit in left)
        if len(left) > NAMED:
            names = f"{left[0].name} and all that follows"
        said.append(f"For home, or for another day: {names}.")
    if spare:
        said.append(f"It does not fill the time: {' and '.join(spare)}.")
    return "\n".join([f"### {title}", "", " ".join(said), "", *tables]).rstrip()


def _shared(groups: list[list[Unit]], days: int) -> list[list[Unit]]:
    """Share lessons between days, each day about as much, and no lesson apart from its exercise."""
    total = sum(unit.minutes for group in groups for unit in group)
    shares: list[list[Unit]] = [[] for _ in range(days)]
    before = 0
    for group in groups:
        minutes = sum(unit.minutes for unit in group)
        middle = before + minutes / 2
        shares[min(days - 1, int(middle * days / total))] += group
        before += minutes
    return shares


def schedules(course: Course, exercises: list[Exercise]) -> str:
    """Return the schedules of half a day, a day and two days."""
    plain = units(course, exercises, memos=False)
    full = units(course, exercises, memos=True)
    nine, one, five = 9 * 60, 13 * 60, 17 * 60
    return "\n\n".join(
        [
            schedule(plain, "Half a day", [(nine, one)], lunch=False),
            schedule(full, "One day", [(nine, five)], lunch=True),
            schedule(full, "Two days", [(nine, five), (nine, five)], lunch=True),
        ]
    )


def minutes_table(course: Course, exercises: list[Exercise]) -> str:
    """Return the table of minutes of lessons and exercises, with their sums."""
    rows = ["| | Lesson | Minutes | Exercise, minutes | Tasks |", "|---|---|---|---|---|"]
    sums = [0, 0, 0, 0]
    for nb in course.lessons:
        low, high = nb.info["minutes"]
        sums[0], sums[1] = sums[0] + low, sums[1] + high
        theirs = [exercise for exercise in exercises if exercise.stem == nb.path.stem]
        minutes, ids = "", ""
        for exercise in theirs:
            ids = ", ".join(exercise.tasks)
            if exercise.in_lesson:
                minutes = "in the lesson"
            else:
                least, most = exercise.solution.info["minutes"]
                sums[2], sums[3] = sums[2] + least, sums[3] + most
                minutes = f"{least}–{most}"
        rows.append(f"| {nb.number} | {nb.title} | {low}–{high} | {minutes} | {ids} |")
    rows.append(f"| | all | {sums[0]}–{sums[1]} | {sums[2]}–{sums[3]} | |")
    return "\n".join(rows)


# ---------------------------------------------------------------------------------------------
# What to watch for
# ---------------------------------------------------------------------------------------------


def watch_list(exercises: list[Exercise]) -> str:
    """Return the known mistakes of each task, as the check names them to the learner."""
    blocks = []
    for exercise in exercises:
        lines = []
        for task in exercise.tasks.values():
            if not task.mistakes:
                continue
            lines += ["", f"**{task.id} · {task.title}**", ""]
            for mistake in task.mistakes:
                said = " ".join(mistake.message.replace("{value}", "…").split())
                lines.append(f"- {_id_in_words(mistake.id)}: “{said}”")
        if lines:
            nb = exercise.solution
            blocks.append("\n".join([f"### {nb.number} · {nb.title}", *lines]))
    return "\n\n".join(blocks) or "No task has a known mistake yet."


def _id_in_words(name: str) -> str:
    return f"*{name.replace('-', ' ')}*"


def guide(text: str, course: Course, exercises: list[Exercise]) -> str:
    """Return the trainers' guide with what is made from the notebooks in its places.

    Raises
    ------
    ValueError
        If its markers are missing.
    """
    text = replaced(text, "minutes", minutes_table(course, exercises))
    text = replaced(text, "schedules", schedules(course, exercises))
    return replaced(text, "watch", watch_list(exercises))
