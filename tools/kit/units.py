"""What a group does together: a lesson in one of three forms, tasks, the debate of a memo."""

import math
from dataclasses import dataclass

from tools.exercise_rules import Exercise
from tools.kit.sections import BRIEF, HOME, MEMO, Part, parts_of
from tools.notebook_model import Course, Notebook

__all__ = ["Block", "Piece", "Unit", "block", "opening_of", "task_minutes"]

CORE, SHORT, WHOLE = range(3)
DEBATE = 20  # to discuss a lesson's decision memo in the room
LEAST_TASKS = 2
TERM = 0.5  # minutes to say a term in a sentence
# What lesson 00 is in the room, where everybody has installed the course: the rest is for home.
FIRST = (
    "How a notebook works",
    "Is your machine ready?",
    "How a lesson is made",
    "Your first task",
)


@dataclass(frozen=True)
class Piece:
    """What is not interrupted by a break."""

    name: str
    minutes: int


@dataclass(frozen=True)
class Unit:
    """A line of a schedule, if there is no break in it."""

    name: str
    pieces: tuple[Piece, ...]

    @property
    def minutes(self) -> int:
        return sum(piece.minutes for piece in self.pieces)


@dataclass(frozen=True)
class Block:
    """A lesson with what follows it, and how much of it there is time for.

    `say` is how many terms have to be said first, since the lessons that teach them are left out.
    """

    nb: Notebook
    exercise: Exercise | None
    every: tuple[Part, ...]
    say: int = 0
    form: int = CORE
    tasks: int = LEAST_TASKS
    debate: bool = True

    @property
    def parts(self) -> list[Part]:
        """The sections of the lesson that are done in the room."""
        if self.form == WHOLE:
            return list(self.every)
        short = self.form == SHORT
        return [p for p in self.every if p.needed or (short and p.title not in HOME)]

    @property
    def left_out(self) -> list[str]:
        """The titles of the sections that are not, but those that are always for home."""
        kept = {*(part.title for part in self.parts), *HOME}
        return [part.title for part in self.every if part.title not in kept]

    @property
    def units(self) -> list[Unit]:
        number, name = self.nb.number, self.nb.path.name
        lesson = f"Lesson [{number} {self.nb.title}](../../notebooks/{name})"
        pieces = _pieces(self.parts)
        if self.say:
            pieces = (Piece("what was left out", math.ceil(self.say * TERM)), *pieces)
        found = [Unit(lesson, pieces)]
        if self.exercise and self.tasks:
            ids = list(self.exercise.tasks)[: self.tasks]
            each = task_minutes(self.exercise)
            joined = " and " if len(ids) == 2 else " to "
            said = f"tasks {ids[0]}{joined}{ids[-1]}" if len(ids) > 1 else f"task {ids[0]}"
            link = f"[Exercise {number}](../../exercises/{name})"
            chosen = tuple(Piece(id_, each) for id_ in ids)
            if len(ids) == len(self.exercise.tasks):
                said = "all tasks"
            found.append(Unit(f"{link}, {said}, in pairs", chosen))
        if self.debate:
            found.append(
                Unit(f"The decision memo of lesson {number}, debated", (Piece(MEMO, DEBATE),))
            )
        return found


def task_minutes(exercise: Exercise) -> int:
    """Return how long one task takes a group that asks many questions."""
    return math.ceil(exercise.solution.info["minutes"][1] / len(exercise.tasks))


def exercise_of(nb: Notebook, exercises: list[Exercise]) -> Exercise | None:
    """Return a lesson's own exercise; none if its tasks are in the lesson."""
    own = (e for e in exercises if e.stem == nb.path.stem and e.tasks and not e.in_lesson)
    return next(own, None)


def _pieces(parts: list[Part]) -> tuple[Piece, ...]:
    """Return what a break may come between; nobody comes back for the last minutes of a lesson."""
    found: list[Piece] = []
    for part in parts:
        if found and part.high <= BRIEF:
            found[-1] = Piece(found[-1].name, found[-1].minutes + part.high)
        else:
            found.append(Piece(part.title, part.high))
    return tuple(found)


def block(nb: Notebook, exercises: list[Exercise], course: Course) -> Block:
    """Return a lesson with as little as makes sense: its core, two tasks, its memo."""
    return Block(nb, exercise_of(nb, exercises), tuple(parts_of(nb, course.glossary)))


def opening_of(course: Course) -> Unit:
    """Return what lesson 00 is in the room."""
    start = course.lessons[0]
    every = parts_of(start, course.glossary)
    chosen = [part for part in every if part.title in FIRST] or every
    name = f"Lesson [{start.number} {start.title}](../../notebooks/{start.path.name})"
    pieces = tuple(Piece(part.title, part.high) for part in chosen)
    return Unit(f"{name}, up to its first check", pieces)
