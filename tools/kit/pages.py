"""Which pages of docs/kit/ are made, and how."""

import csv
from collections.abc import Callable
from pathlib import Path

from tools.exercise_rules import Exercise
from tools.kit.lessons import lesson_tables
from tools.kit.mistakes import mistakes
from tools.kit.sheets import SHEETS, sheet
from tools.kit.term import term
from tools.notebook_model import Course
from tools.rules_sitting import TRACKS

__all__ = ["pages", "track_page"]

FOLDER = "docs/kit"


def pages(course: Course, exercises: list[Exercise]) -> dict[Path, Callable[[], str]]:
    """Return the pages that are made from the course, and how each is made.

    There are none if the course has no kit.
    """
    folder = course.root / FOLDER
    if not folder.is_dir():
        return {}
    found: dict[Path, Callable[[], str]] = {
        folder / "lessons.md": lambda: lesson_tables(course, exercises),
        folder / "mistakes.md": lambda: mistakes(exercises),
    }
    if len(course.lessons) > 1:
        for track in TRACKS:
            found[folder / f"run_{track}.md"] = lambda track=track: track_page(
                track, course, exercises
            )
    return found


def track_page(track: str, course: Course, exercises: list[Exercise]) -> str:
    """Return the run sheets of a track, from ninety minutes to a term."""
    with (course.root / "datasets" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        meanings = {row["id"]: row["meaning"] for row in csv.DictReader(file)}
    head = (
        f"# Run sheets: {track}\n\n"
        f"For {TRACKS[track]}. Which lessons a group does in the time that it has, and when; what "
        "each lesson consists of is in [Lesson by lesson](lessons.md). The times are the upper "
        "ones of each section, in steps of five minutes; nobody sits for more than 100 minutes, "
        "and lunch begins by half past twelve. *Say before* names what a lesson needs from lessons "
        "that were left out, with a sentence for each; the time for it is in the table. This page "
        "is made from the notebooks."
    )
    sheets = [sheet(which, track, course, exercises, meanings) for which in SHEETS]
    return "\n\n".join([head, *sheets, term(track, course, exercises, meanings), ""])
