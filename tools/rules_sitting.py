"""Rules about one sitting: length, minutes, tracks, headings, and words for every chart.

They hold for lessons of the new cut, which name their `tracks` in the metadata.
"""

import re
from collections.abc import Iterable, Iterator

from tools.notebook_model import Cell, Course, Notebook, Problem, output_texts, problem_in
from tools.notebook_text import headings, opening, terms, words

__all__ = [
    "MOST_CELLS",
    "MOST_WORDS",
    "TRACKS",
    "check_alternatives",
    "check_headings",
    "check_length",
    "check_minutes",
    "check_tracks",
    "expected_minutes",
    "figures",
    "in_track",
    "length_of",
    "minutes_of",
]

MOST_WORDS, MOST_CELLS = 3_000, 60
TRACKS = {
    "marketer": "a marketer, who builds no models",
    "sales": "sales operations",
    "analyst": "an analyst",
    "founder": "the founder of a small firm",
    "everything": "anyone with the time for all of it",
}
# Minutes for a word, a line of code, an output, a figure, a prediction. Fitted to how long two
# readers took for ten lessons; the median lesson is missed by a tenth.
PACE = (1 / 75, 0.22, 0.4, 2.0, 2.0)
LEAST_ALTERNATIVE = 60  # characters: a title, what the axes are, and the values that matter


def figures(cell: Cell) -> int:
    """Return how many pictures a cell shows."""
    return sum("image/png" in output.get("data", {}) for output in cell.outputs)


def expected_minutes(texts: Iterable[str], code: Iterable[Cell]) -> float:
    """Return how long texts and code cells take one reader, before rounding."""
    texts, code = list(texts), list(code)
    shown = [cell for cell in code if cell.outputs]
    counted = (
        sum(len(words(text)) for text in texts),
        sum(bool(line.strip()) for cell in code for line in cell.source.splitlines()),
        sum(bool(output_texts(cell)) for cell in shown),
        sum(figures(cell) for cell in shown),
        sum(text.count("🔮") for text in texts),
    )
    return sum(count * pace for count, pace in zip(counted, PACE, strict=True))


def minutes_of(nb: Notebook) -> list[int]:
    """Return how long a lesson takes, from its page: [low, high], in steps of five minutes."""
    expected = expected_minutes((cell.source for cell in nb.markdown), nb.code)
    low, high = (5 * round(expected * factor / 5) for factor in (0.85, 1.2))
    return [max(low, 5), max(high, low + 5, 10)]


def _new_cut(nb: Notebook) -> bool:
    return "tracks" in nb.info


def length_of(nb: Notebook) -> tuple[int, int]:
    """Return words and cells of a lesson, counted plainly: all that stands between spaces."""
    return sum(len(cell.source.split()) for cell in nb.markdown), len(nb.cells)


def check_length(nb: Notebook, course: Course) -> Iterator[Problem]:
    """A lesson is one sitting."""
    if not _new_cut(nb):
        return
    count, cells = length_of(nb)
    if count > MOST_WORDS:
        what = f"the lesson has {count:,} words, more than {MOST_WORDS:,}"
        yield problem_in(nb, None, what, "Leave out what reads tables out, repeats or digresses")
    if cells > MOST_CELLS:
        what = f"the lesson has {cells} cells, more than {MOST_CELLS}"
        yield problem_in(nb, None, what, "Join what is one idea, or leave a side track out")


def check_minutes(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Minutes are computed from the page, so that they are honest."""
    if _new_cut(nb) and nb.info.get("minutes") != minutes_of(nb):
        low, high = minutes_of(nb)
        what = f"the minutes are {nb.info.get('minutes')}, by the page {[low, high]}"
        do = f"Write {low} and {high} in the metadata and `{low}–{high} minutes` in the opening"
        yield problem_in(nb, None, what, do)


def check_headings(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Headings do not skip a level: somebody who listens to the page finds the way by them."""
    if not _new_cut(nb):
        return
    last = 0
    for level, title, cell, _ in headings(nb):
        if level > last + 1:
            what = f"the heading {title!r} skips from level {last} to {level}"
            yield problem_in(nb, cell, what, f"Make it level {last + 1}")
        last = level


def check_alternatives(nb: Notebook, course: Course) -> Iterator[Problem]:
    """Every chart is told in words: in the cell's metadata, for those who cannot see it."""
    if not _new_cut(nb):
        return
    for cell in nb.code:
        told = cell.metadata.get("funnelkit", {}).get("alt", "")
        if figures(cell) and len(told) < LEAST_ALTERNATIVE:
            what = "the chart has no text alternative" if not told else "its text is too short"
            do = 'Add {"funnelkit": {"alt": "Title; axes; the values that matter"}} to the cell'
            yield problem_in(nb, cell, what, do)
        if told and not figures(cell):
            yield problem_in(nb, cell, "a text alternative without a chart", "Remove `alt`")


# ---------------------------------------------------------------- tracks


def in_track(course: Course, track: str) -> list[Notebook]:
    """Return the lessons of a track, in order."""
    return [nb for nb in course.lessons if track in nb.info.get("tracks", ())]


def check_tracks(nb: Notebook, course: Course) -> Iterator[Problem]:
    """A track teaches what its lessons need, or the lesson says it again in its opening."""
    if not _new_cut(nb):
        return
    tracks, recalled = nb.info["tracks"], nb.info.get("recalls", [])
    for track in tracks if isinstance(tracks, list) else [tracks]:
        if track not in TRACKS:
            what = f"there is no track {track!r}"
            yield problem_in(nb, None, what, f"Choose from {', '.join(TRACKS)}")
    if "everything" not in tracks:
        yield problem_in(nb, None, "the lesson is not in `everything`", "Add it to `tracks`")
    for track in tracks:
        everybody = [other for other in course.lessons if not _new_cut(other)]  # not cut yet
        before = [
            other
            for other in [*everybody, *in_track(course, track)]
            if other.path.stem < nb.path.stem
        ]
        taught = {name for other in before for name in other.info.get("teaches", [])}
        for name in sorted(set(nb.info.get("needs", [])) - taught - set(recalled)):
            what = f"in the track {track!r} no lesson before this one teaches {name!r}"
            do = "Say it in the opening and name it in `recalls`, or change the tracks"
            yield problem_in(nb, None, what, do)
    said = " ".join(cell.source for cell in opening(nb)).replace("*", "").casefold()
    said = re.sub(r"\s+", " ", said)
    for name in recalled:
        if name not in nb.info.get("needs", []):
            yield problem_in(nb, None, f"{name!r} is recalled and not needed", "Remove it")
        elif not any(form in said for form in terms(course.glossary.get(name, name))):
            what = f"the opening does not say what {name!r} is"
            yield problem_in(nb, None, what, "Say it there in a sentence")
