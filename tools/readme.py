"""What of README.md is made from the course: its length, the ways in, the course map."""

from tools.doors import Home, links
from tools.exercise_rules import Exercise
from tools.notebook_model import Course, Notebook
from tools.notebook_text import replaced
from tools.rules_sitting import TRACKS, in_track

__all__ = ["filled", "length", "ways_in"]


def filled(
    text: str, course: Course, exercises: list[Exercise], home: Home | None, course_map: str
) -> str:
    """Return README's text with what is made in its places; only the course map has to be there.

    Raises
    ------
    ValueError
        If a pair of markers is not whole, or there are none for the course map.
    """
    made = {"length": length(course, exercises), "ways-in": ways_in(home)}
    for name, body in made.items():
        if f"<!-- {name}:" in text:
            text = replaced(text, name, body)
    return replaced(text, "course-map", course_map)


def hours(notebooks: list[Notebook]) -> tuple[int, int]:
    """Return how many hours notebooks take at least and at most, rounded."""
    low, high = (round(sum(nb.info["minutes"][end] for nb in notebooks) / 60) for end in (0, 1))
    return low, high


def length(course: Course, exercises: list[Exercise]) -> str:
    """Return how long the course takes."""
    low, high = hours(course.lessons)
    least, most = hours([one.solution for one in exercises if not one.in_lesson])
    tracks = (hours(in_track(course, track)) for track in TRACKS)
    shortest = min(tracks, default=(0, 0))
    return (
        f"**How long.** {len(course.lessons)} lessons, each one sitting: {low} to {high} hours of "
        f"reading and running, and {least} to {most} hours of exercises. You need not take all: "
        f"the shortest of the [tracks](#the-course) has {shortest[0]} to {shortest[1]} hours of "
        "lessons."
    )


def ways_in(home: Home | None) -> str:
    """Return how to read the course without installing it, and how to start it."""
    commands = [
        "python start.py lab       # opens the course",
        "python start.py doctor    # says whether your machine is fine, and if not, what to do",
    ]
    if home:
        read = f"**Read it** without installing anything: [{home.site}]({home.site})."
        doors = ", ".join(f"[{name}]({link})" for name, link in links(home).items())
        read += f" **Try it in a browser**: {doors}."
        run = "**Run it** on your own machine:"
        commands = [f"git clone {home.repository}", f"cd {home.name}", *commands]
    else:
        read = (
            "**Read it** without installing anything: open the [lessons](#the-course) here, with "
            "all tables and charts."
        )
        run = (
            "**Run it** on your own machine. Clone this repository, or download its ZIP file and "
            "unpack it (an address to copy will be here once it is set in `pyproject.toml`); go "
            "into its folder, and type"
        )
    return "\n".join([read, "", run, "", "```", *commands, "```"])
