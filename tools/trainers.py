"""What in docs/trainers.md is made from the notebooks and the tasks: `notebooks.py navigation`.

The schedules take the upper minutes of each lesson and exercise, so that a group that asks many
questions gets through. A day begins with everybody's machine, has lunch at midday, keeps time for
the participants' own funnel, and closes with a round; one that is not filled ends early and says
so.
"""

from dataclasses import dataclass, replace

from tools.exercise_rules import Exercise
from tools.notebook_model import Course
from tools.notebook_text import replaced

STRETCH = 100  # the longest time without a break, in minutes
BREAK = 15
LUNCH = 60
NOON = (11 * 60, 12 * 60 + 30)  # lunch begins between these; see `_is_noon`
LATEST = 12 * 60 + 45
MEMO = 20  # to discuss a lesson's decision memo in the room
OWN_MINUTES = (45, 90)  # the participants' own funnel: at least, and at most
FIRST_HALF = ", the first half"
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


@dataclass(frozen=True)
class Day:
    """The frame of a day, in minutes after midnight: what it has besides lessons."""

    start: int
    end: int
    opening: Unit
    closing: Unit
    lunch: bool = True
    own: bool = False


ARRIVAL = Unit("Arrival: every machine opens the course; who is here, and with which question", 30)
SHORT_ARRIVAL = replace(ARRIVAL, minutes=20)
MORNING = Unit("Questions of yesterday", 15)
CLOSING = Unit("Closing: one thing that each will do differently; what to change next time", 15)
EVENING = Unit("Closing: one thing that each takes home", 10)
OWN = "[Your own funnel](#your-own-funnel)"

# ---------------------------------------------------------------------------------------------
# Schedules
# ---------------------------------------------------------------------------------------------


def units(course: Course, exercises: list[Exercise], *, memos: bool) -> list[Unit]:
    """Return what the lessons hold: each itself, its exercise, its memo's discussion."""
    found = []
    for nb in course.lessons:
        link = f"[{nb.number} {nb.title}](../notebooks/{nb.path.name})"
        found.append(Unit(f"Lesson {link}", nb.info["minutes"][1]))
        for exercise in exercises:
            if exercise.stem == nb.path.stem and not exercise.in_lesson:
                own = f"[{nb.number}](../exercises/{nb.path.name})"
                found.append(Unit(f"Exercise {own}", exercise.solution.info["minutes"][1]))
        if memos and not nb.is_start:
            found.append(Unit(f"The decision memo of lesson {nb.number}, discussed", MEMO))
    return found


def day(frame: Day, waiting: list[Unit]) -> tuple[list[Row], list[Unit]]:
    """Return the rows of a day, and the units that no longer fit into it."""
    rows = [Row(frame.start, frame.start + frame.opening.minutes, frame.opening.name)]
    since, eaten = frame.opening.minutes, not frame.lunch
    close = frame.end - frame.closing.minutes
    # Before the participants' own funnel is a break.
    last = close - (OWN_MINUTES[0] + BREAK if frame.own else 0)
    parts = [part for unit in waiting for part in _parts(unit)]
    while parts:
        pause = _pause(rows[-1].end, since, parts[0].minutes, eaten)
        begin = pause.end if pause else rows[-1].end
        needed = parts[0].minutes
        if parts[0].name.endswith(FIRST_HALF):  # which nobody leaves at that
            needed += BREAK + parts[1].minutes
        if begin + needed > last:
            break
        if pause:
            rows.append(pause)
            since, eaten = 0, eaten or pause.name == "*Lunch*"
        part = parts.pop(0)
        rows.append(Row(begin, begin + part.minutes, part.name))
        since += part.minutes
    if frame.own:
        at = rows[-1].end
        at_noon = not eaten and at >= NOON[0] and at + LUNCH + OWN_MINUTES[0] <= close
        pause = Row(at, at + LUNCH, "*Lunch*") if at_noon else Row(at, at + BREAK, "*Break*")
        minutes = min(OWN_MINUTES[1], close - pause.end)
        rows += [pause, Row(pause.end, pause.end + minutes, OWN)]
    at = rows[-1].end
    rows.append(Row(at, at + frame.closing.minutes, frame.closing.name))
    return rows, parts


def _parts(unit: Unit) -> list[Unit]:
    """Return the unit, or its two halves if nobody should sit through it without a break."""
    if unit.minutes <= STRETCH:
        return [unit]
    first = round(unit.minutes / 10) * 5
    return [
        Unit(unit.name + FIRST_HALF, first),
        Unit(f"{unit.name}, the second half", unit.minutes - first),
    ]


def _pause(clock: int, since: int, minutes: int, eaten: bool) -> Row | None:
    """Return the lunch or the break that comes before something of so many minutes, if any."""
    tired = since + minutes > STRETCH
    if not eaten:
        end = clock + minutes + (BREAK if tired else 0)
        if (clock >= NOON[0] and end > NOON[1]) or (end > LATEST and clock >= NOON[0] - BREAK):
            return Row(clock, clock + LUNCH, "*Lunch*")
    return Row(clock, clock + BREAK, "*Break*") if tired else None


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


def schedule(waiting: list[Unit], title: str, days: list[Day]) -> str:
    """Return one schedule: what it holds, in words, and a table for each day."""
    total = sum(unit.minutes for unit in waiting)
    tables: list[str] = []
    spare = []
    left = waiting
    for number, frame in enumerate(days, start=1):
        rows, left = day(frame, left)
        if len(days) > 1:
            tables += [f"**Day {number}**", ""]
        tables += [*_table(rows), ""]
        if not left and rows[-1].end <= frame.end - OWN_MINUTES[0]:
            which = f"day {number}" if len(days) > 1 else title.lower()
            spare.append(f"{which} ends at {clock_time(rows[-1].end)}")
    said = [f"Lessons, exercises and memos take {duration(total)} in all, without breaks."]
    if left:  # always the end of the course: a day stops at the first unit that does not fit
        names = ", ".join(unit.name for unit in left)
        if len(left) > NAMED:
            names = f"{left[0].name} and all that follows"
        said.append(f"For home, or for another day: {names}.")
    if spare:
        said.append(f"It does not fill the time: {' and '.join(spare)}.")
    return "\n".join([f"### {title}", "", " ".join(said), "", *tables]).rstrip()


def schedules(course: Course, exercises: list[Exercise]) -> str:
    """Return the schedules of half a day, a day and two days."""
    nine, one, five = 9 * 60, 13 * 60, 17 * 60
    half = Day(nine, one, SHORT_ARRIVAL, EVENING, lunch=False)
    whole = Day(nine, five, ARRIVAL, CLOSING, own=True)
    first = Day(nine, five, ARRIVAL, EVENING)
    second = Day(nine, five, MORNING, CLOSING, own=True)
    full = units(course, exercises, memos=True)
    return "\n\n".join(
        [
            schedule(full, "Half a day", [half]),
            schedule(full, "One day", [whole]),
            schedule(full, "Two days", [first, second]),
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
