"""The frame of a day, and how units are laid into it: breaks, lunch, own funnel, closing.

Nobody sits for more than `STRETCH` minutes, and lunch begins by half past twelve. A break comes
between two units if that is soon, else between two sections of a lesson.
"""

import math
from dataclasses import dataclass

from tools.kit.units import Piece, Unit

__all__ = ["BREAK", "LUNCH", "STRETCH", "Day", "Row", "lay_out", "span"]

STRETCH = 100  # the longest time without a break, in minutes
SOON = 50  # after so long a break may come before a unit that would be interrupted
PAUSE, MEAL = 15, 60
STEP = 5  # schedules are in steps of so many minutes
NOON = (11 * 60 + 30, 12 * 60 + 30)  # lunch begins between these
BREAK, LUNCH = "*Break*", "*Lunch*"
OWN = "[Your own funnel](../trainers.md#your-own-funnel)"


@dataclass(frozen=True)
class Row:
    """A line of a schedule; times in minutes after midnight."""

    start: int
    end: int
    name: str


@dataclass(frozen=True)
class Day:
    """What a day has besides lessons; times in minutes after midnight.

    `own` are the least and the most minutes for the participants' own funnel; (0, 0) is none.
    """

    start: int
    end: int
    opening: tuple[Unit, ...]
    closing: Unit
    lunch: bool = True
    own: tuple[int, int] = (0, 0)


class _Layout:
    """A day that is being filled."""

    def __init__(self, frame: Day):
        self.frame, self.clock, self.since = frame, frame.start, 0
        self.eaten = not frame.lunch
        self.rows: list[Row] = []
        self.last = frame.end - frame.closing.minutes - frame.own[0]

    def add(self, name: str, minutes: int) -> None:
        self.rows.append(Row(self.clock, self.clock + minutes, name))
        self.clock += minutes
        self.since = 0 if name in (BREAK, LUNCH) else self.since + minutes

    def pause(self, minutes: int, whole: int) -> str:
        """Return the pause before something of so many minutes, part of a unit of `whole`."""
        noon = not self.eaten and self.clock >= NOON[0]
        if noon and self.clock + max(minutes, min(whole, 30)) > NOON[1]:
            return LUNCH
        tired = self.since + minutes > STRETCH
        better_now = self.since >= SOON and self.since + whole > STRETCH
        soon_lunch = not self.eaten and self.clock + PAUSE >= NOON[0]
        if better_now and soon_lunch and self.clock >= NOON[0]:
            return LUNCH
        return BREAK if tired or (better_now and not soon_lunch) else ""

    def take(self, pause: str) -> None:
        if pause:
            self.add(pause, MEAL if pause == LUNCH else PAUSE)
            self.eaten = self.eaten or pause == LUNCH


def fill(frame: Day, waiting: list[Unit]) -> tuple[list[Row], list[Unit]]:
    """Return the rows of a day, and the units that no longer fit into it."""
    day = _Layout(frame)
    for unit in frame.opening:
        day.add(unit.name, unit.minutes)
    left = list(waiting)
    while left and _place(day, left[0]):
        left.pop(0)
    if frame.own[1]:
        if not day.eaten and day.clock >= NOON[0]:
            day.take(LUNCH)
        elif day.since + frame.own[0] + frame.closing.minutes > STRETCH:
            day.take(BREAK)
        room = frame.end - frame.closing.minutes - day.clock
        day.add(OWN, min(frame.own[1], room, STRETCH - day.since - frame.closing.minutes))
    elif day.since + frame.closing.minutes > STRETCH:
        day.take(BREAK)
    day.add(frame.closing.name, frame.closing.minutes)
    return day.rows, left


def _place(day: _Layout, unit: Unit) -> bool:
    """Lay a unit into a day with the pauses that it takes; False if it does not fit."""
    before = (day.clock, day.since, day.eaten, list(day.rows))
    group: list[Piece] = []
    rest = unit.minutes

    def close() -> None:
        if group:
            minutes = sum(piece.minutes for piece in group)
            day.add(_name(unit, group), STEP * math.ceil(minutes / STEP))
            group.clear()

    for piece in unit.pieces:
        # As if what is gathered had been laid down, and the piece made up a whole step.
        spent = sum(one.minutes for one in group)
        more = STEP * math.ceil((spent + piece.minutes) / STEP) - spent
        day.clock += spent
        day.since += spent
        pause = day.pause(more, more if group else rest)
        day.clock -= spent
        day.since -= spent
        if pause:
            close()
            day.take(pause)
        group.append(piece)
        rest -= piece.minutes
    close()
    # A break before one's own funnel may be needed as well.
    tired = day.since + day.frame.own[0] + day.frame.closing.minutes > STRETCH
    if day.clock + (PAUSE if tired else 0) <= day.last:
        return True
    day.clock, day.since, day.eaten, day.rows = before
    return False


def _name(unit: Unit, group: list[Piece]) -> str:
    """Return what a row is called that holds a unit, or some of its pieces."""
    if len(group) == len(unit.pieces):
        return unit.name
    first, last = (f"*{piece.name}*" for piece in (group[0], group[-1]))
    if group[0] is unit.pieces[0]:
        return f"{unit.name}: up to {last}"
    return f"{unit.name}: {first}" + ("" if first == last else f" to {last}")


def lay_out(frames: list[Day], units: list[Unit]) -> list[list[Row]] | None:
    """Return the rows of each day, or None if the units do not fit into the days."""
    days, left = [], units
    for frame in frames:
        rows, left = fill(frame, left)
        days.append(rows)
    return None if left or not all(_fed(f, r) for f, r in zip(frames, days, strict=True)) else days


def _fed(frame: Day, rows: list[Row]) -> bool:
    """Whether a day has its lunch in time, nobody sits too long, and it ends when it should."""
    lunches = [row.start for row in rows if row.name == LUNCH]
    sat = longest = 0
    for row in rows:
        sat = 0 if row.name in (BREAK, LUNCH) else sat + row.end - row.start
        longest = max(longest, sat)
    if rows[-1].end > frame.end or longest > STRETCH:
        return False
    if not lunches:  # a day that is over before lunch needs none
        return not frame.lunch or rows[-1].end <= NOON[1] + 30
    return all(NOON[0] <= at <= NOON[1] for at in lunches)


def clock(minutes: int) -> str:
    """Return minutes after midnight as 9:05."""
    return f"{minutes // 60}:{minutes % 60:02d}"


def span(row: Row) -> str:
    """Return from when to when a row goes, so that no line is broken within it."""
    return f"{clock(row.start)}\u2060–\u2060{clock(row.end)}"
