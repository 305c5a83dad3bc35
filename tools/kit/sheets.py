"""Run sheets by track: which lessons a group does in the time that it has, and when.

`FIRST` says what matters most to each reader, the most important lesson first. As many lessons as
fit are taken in this order, each with its core, two tasks and the debate of its memo; what time is
left then goes to more tasks and to whole lessons, in the same order.
"""

from dataclasses import dataclass, replace

from tools.exercise_rules import Exercise
from tools.kit.days import Day, Row, lay_out, span
from tools.kit.units import SHORT, WHOLE, Block, Piece, Unit, block, opening_of
from tools.notebook_model import Course, Notebook
from tools.notebook_text import terms
from tools.rules_sitting import in_track

__all__ = ["FIRST", "SHEETS", "Sheet", "choose", "left_over", "ordered", "said_first", "sheet"]

FIRST = {
    "marketer": "02 25 04 18 03 27 01 15 07 29 28 08 05 06 00",
    "sales": "17 01 28 15 02 11 18 03 29 04 05 08 07 06 00",
    "analyst": "02 03 18 26 19 12 14 16 15 01 20 25 09 10 11 13 24 23 27 21 04 05 17 07 00",
    "founder": "04 02 18 25 29 07 26 01 03 28 05 08 11 06 00",
    "everything": "02 18 04 03 25 17 01 15 26 12 16 07 20 19 05 09 13 23 27 28 10 11 24 00",
}
NINE, HALF_PAST_TWELVE, FIVE = 9 * 60, 12 * 60 + 30, 17 * 60


def _unit(name: str, minutes: int) -> Unit:
    return Unit(name, (Piece(name, minutes),))


FIRST_CHECK = "lesson [00](../../notebooks/00_start_here.ipynb), its first cells and check"
ARRIVAL = _unit("Arrival: wifi and seats; every machine opens the course, `doctor` where not", 20)
GREETING = _unit("Introductions: each says a name, a trade, and a number that is reported", 15)
MORNING = _unit("Questions of yesterday", 15)
END = "Closing: one thing that each will do differently; [feedback](feedback.html)"
EVENING = _unit("Closing: one thing that each takes home, and one question for tomorrow", 10)


@dataclass(frozen=True)
class Sheet:
    """A length of time: its frames, and whether lesson 00 has a place of its own in it."""

    title: str
    days: tuple[Day, ...]
    start: bool = True


SHEETS = (
    Sheet(
        "Ninety minutes",
        (
            Day(
                0,
                90,
                (_unit(f"Arrival: names round the room; {FIRST_CHECK}", 10),),
                _unit(END, 5),
                lunch=False,
                own=(10, 15),
            ),
        ),
        start=False,
    ),
    Sheet(
        "Half a day",
        (
            Day(
                NINE,
                HALF_PAST_TWELVE,
                (_unit(f"{ARRIVAL.name}; {FIRST_CHECK}", 20), _unit(GREETING.name, 10)),
                _unit(END, 10),
                lunch=False,
                own=(25, 40),
            ),
        ),
        start=False,
    ),
    Sheet("One day", (Day(NINE, FIVE, (ARRIVAL, GREETING), _unit(END, 15), own=(60, 75)),)),
    Sheet(
        "Two days",
        (
            Day(NINE, FIVE, (ARRIVAL, GREETING), EVENING),
            Day(NINE, FIVE, (MORNING,), _unit(END, 15), own=(60, 90)),
        ),
    ),
)


def ordered(course: Course, track: str) -> list[Notebook]:
    """Return a track's lessons, what matters most first; those not named in `FIRST` last.

    The project and the reader's own data are left out: a workshop has *Your own funnel* instead,
    and a term has a week for each.
    """
    places = {number: place for place, number in enumerate(FIRST[track].split())}
    lessons = [nb for nb in in_track(course, track) if nb.number not in ("00", "31", "32")]
    return sorted(lessons, key=lambda nb: (places.get(nb.number, len(places)), nb.number))


def choose(
    sheet: Sheet, track: str, course: Course, exercises: list[Exercise]
) -> tuple[list[Block], list[list[Row]]]:
    """Return the lessons of a run sheet in their order, and its rows.

    Raises
    ------
    ValueError
        If not a single lesson fits.
    """
    start = [opening_of(course)] if sheet.start else []

    def rows(blocks: list[Block]) -> list[list[Row]] | None:
        inside = with_terms(sorted(blocks, key=lambda one: one.nb.number), course)
        return lay_out(list(sheet.days), [*start, *(u for one in inside for u in one.units)])

    chosen: list[Block] = []
    for nb in ordered(course, track):
        one = next(
            (one for one in _smaller(block(nb, exercises, course)) if rows([*chosen, one])), None
        )
        if one is None and not chosen:
            continue  # too long for so short a time: the next one
        if one is None or (chosen and not one.debate):
            break
        chosen.append(one)
    if not chosen:
        raise ValueError(f"no lesson of the track {track!r} fits into {sheet.title.lower()}")
    for better in _upgrades(chosen):
        place = next(n for n, one in enumerate(chosen) if one.nb is better.nb)
        for step in _larger(chosen[place], better):
            tried = [*chosen[:place], step, *chosen[place + 1 :]]
            if rows(tried):
                chosen = tried
                break
    return with_terms(sorted(chosen, key=lambda one: one.nb.number), course), rows(chosen)


def with_terms(blocks: list[Block], course: Course) -> list[Block]:
    """Return the lessons with the time that it takes to say what was left out before them."""
    counts = [len(say) for say, _ in said_first(blocks, course)]
    return [replace(one, say=count) for one, count in zip(blocks, counts, strict=True)]


def _smaller(one: Block) -> list[Block]:
    """Return a block and, where even that is too long, it with less."""
    least = replace(one, tasks=1, debate=False)
    return [one, replace(one, debate=False), least, replace(least, tasks=0)]


def _upgrades(chosen: list[Block]) -> list[Block]:
    """Return what each block could grow to, in the order in which time is given to them."""
    most = {one.nb.number: len(one.exercise.tasks) if one.exercise else 0 for one in chosen}
    found = [replace(one, tasks=3) for one in chosen]
    found += [replace(one, form=SHORT) for one in chosen]
    found += [replace(one, tasks=tasks) for tasks in (4, 5, 6, 7) for one in chosen]
    found += [replace(one, form=WHOLE) for one in chosen]
    return [replace(one, tasks=min(one.tasks, most[one.nb.number])) for one in found]


def _larger(now: Block, wished: Block) -> list[Block]:
    """Return the block as it is now with what is wished for, if that is more."""
    grown = replace(now, form=max(now.form, wished.form), tasks=max(now.tasks, wished.tasks))
    return [grown] if grown != now else []


def said_first(blocks: list[Block], course: Course) -> list[tuple[list[str], list[str]]]:
    """Return for each lesson the terms that it needs and nobody has met: those that the trainer
    has to say, and those that the lesson itself says in its opening.
    """
    known = set(course.lessons[0].info.get("teaches", []))
    found = []
    for one in blocks:
        missing = [name for name in one.nb.info.get("needs", []) if name not in known]
        recalled = [name for name in missing if name in one.nb.info.get("recalls", [])]
        found.append(([name for name in missing if name not in recalled], recalled))
        known |= {*missing, *_taught(one, course)}
    return found


def _taught(one: Block, course: Course) -> set[str]:
    """Return the terms that a lesson teaches in the sections that are done in the room."""
    text = " ".join(" ".join(part.text.split()) for part in one.parts).replace("*", "").casefold()
    return {
        name
        for name in one.nb.info.get("teaches", [])
        if any(form in text for form in terms(course.glossary.get(name, name)))
    }


def left_over(blocks: list[Block], track: str, course: Course) -> list[Notebook]:
    """Return the lessons of the track that are not on the sheet."""
    done = {one.nb.number for one in blocks} | {"00"}
    return [nb for nb in in_track(course, track) if nb.number not in done]


def sheet(
    which: Sheet, track: str, course: Course, exercises: list[Exercise], meanings: dict[str, str]
) -> str:
    """Return one run sheet: what it holds, a table for each day, and what to say first."""
    blocks, days = choose(which, track, course, exercises)
    lines = [f"## {which.title}", "", _holds(blocks), ""]
    for number, rows in enumerate(days, start=1):
        if len(days) > 1:
            lines += [f"**Day {number}**", ""]
        lines += ["| | |", "|---|---|"]
        lines += [f"| {span(row)} | {row.name} |" for row in rows]
        lines.append("")
    lines += recalls(blocks, course, meanings)
    for one in blocks:
        if one.left_out:
            titles = ", ".join(f"*{title}*" for title in one.left_out)
            lines.append(f"- Of lesson {one.nb.number}, left for home: {titles}.")
    if any(one.form != WHOLE for one in blocks):
        lines.append("- What the article says, the recaps and the quizzes are for home.")
    rest = ", ".join(nb.number for nb in left_over(blocks, track, course))
    lines.append(f"- Not in this time, of the track: {rest}." if rest else "- The whole track.")
    return "\n".join(lines)


def _holds(blocks: list[Block]) -> str:
    names = [f"**{one.nb.number} {one.nb.title}**" for one in blocks]
    said = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{said}, and your own funnel."


def recalls(blocks: list[Block], course: Course, meanings: dict[str, str]) -> list[str]:
    """Return what has to be said before each lesson, since what teaches it was left out."""
    lines = []
    for one, (say, recalled) in zip(blocks, said_first(blocks, course), strict=True):
        said = [f"**{course.glossary[name]}**: {meanings[name].rstrip('.')}." for name in say]
        if said:
            lines.append(f"- Say before lesson {one.nb.number}, a sentence each:")
            lines += [f"  - {sentence}" for sentence in said]
        if recalled:
            names = ", ".join(course.glossary[name] for name in recalled)
            lines.append(f"- Lesson {one.nb.number} says itself what it needs of: {names}.")
    return lines
