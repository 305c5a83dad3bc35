"""One sitting: length, minutes, headings, text alternatives, tracks; each rule with its faults."""

from pathlib import Path

import nbformat
import pytest

from tools import rules_sitting as rules
from tools.notebook_model import Course, parse, written
from tools.rules_lesson import check_spelled_out

TERMS = {"funnel": "funnel", "odds": "odds"}


def lesson(*cells, name="02_rates", **about):
    node = nbformat.v4.new_notebook()
    about = {"tracks": ["everything"], "teaches": [], "needs": [], "minutes": [5, 10], **about}
    node.metadata["funnelkit"] = {key: value for key, value in about.items() if value is not None}
    for number, cell in enumerate(cells):
        if isinstance(cell, str):
            cell = nbformat.v4.new_markdown_cell(cell)
        cell["id"] = f"cell-{number}"
        node.cells.append(cell)
    return parse(written(node), Path(f"notebooks/{name}.ipynb"))


def course_of(*lessons):
    return Course(Path("."), list(lessons), TERMS, {}, set())


def chart(**about):
    cell = nbformat.v4.new_code_cell("plot()", metadata={"funnelkit": about} if about else {})
    picture = {"image/png": "iVBORw0KGgo=", "text/plain": "<Axes>"}
    cell["outputs"] = [nbformat.v4.new_output("display_data", data=picture)]
    return cell


def found(rule, nb, *others):
    return [str(problem) for problem in rule(nb, course_of(*others, nb))]


@pytest.mark.parametrize(
    ("words", "cells", "said"),
    [(3_000, 60, []), (3_001, 60, ["3,001 words"]), (3_000, 61, ["61 cells"])],
)
def test_a_lesson_is_one_sitting(words, cells, said):
    texts = [" ".join(["word"] * (words - cells + 1))] + ["word"] * (cells - 1)
    problems = found(rules.check_length, lesson(*texts))
    assert len(problems) == len(said)
    assert all(part in problem for part, problem in zip(said, problems, strict=True))


def test_minutes_grow_with_the_page():
    short = rules.minutes_of(lesson(" ".join(["word"] * 500)))
    long = rules.minutes_of(lesson(" ".join(["word"] * 2_500), *[chart() for _ in range(6)]))
    assert short == [5, 10] and long == [40, 55]


def test_minutes_are_those_of_the_page():
    page = " ".join(["word"] * 3_000)
    assert found(rules.check_minutes, lesson(page, minutes=[35, 50])) == []
    [problem] = found(rules.check_minutes, lesson(page, minutes=[10, 20]))
    assert "by the page [35, 50]" in problem


def test_headings_do_not_skip_a_level():
    assert found(rules.check_headings, lesson("# 02 · Rates", "## A", "### B", "## C")) == []
    [problem] = found(rules.check_headings, lesson("# 02 · Rates", "### B"))
    assert "skips from level 1 to 3" in problem


def test_every_chart_is_told_in_words():
    told = "Users per step: 7 visits, 6 leads, 4 opportunities, 3 customers, as falling bars."
    assert found(rules.check_alternatives, lesson(chart(alt=told))) == []
    [problem] = found(rules.check_alternatives, lesson(chart()))
    assert "no text alternative" in problem
    [problem] = found(rules.check_alternatives, lesson(chart(alt="A chart.")))
    assert "too short" in problem
    plain = nbformat.v4.new_code_cell("1", metadata={"funnelkit": {"alt": told}})
    assert "without a chart" in found(rules.check_alternatives, lesson(plain))[0]


FIRST = lesson("# 01 · Funnel", name="01_funnel", teaches=["funnel"])


def test_a_track_teaches_what_its_lessons_need():
    assert found(rules.check_tracks, lesson("# 02", needs=["funnel"]), FIRST) == []
    skips = lesson("# 02", needs=["funnel"], tracks=["everything", "sales"])
    [problem] = found(rules.check_tracks, skips, FIRST)
    assert "in the track 'sales' no lesson before this one teaches 'funnel'" in problem


def test_lessons_that_have_no_tracks_yet_are_in_every_track():
    old = lesson("# 01 · Funnel", name="01_funnel", teaches=["funnel"], tracks=None)
    sales = lesson("# 02", needs=["funnel"], tracks=["everything", "sales"])
    assert found(rules.check_tracks, sales, old) == []


def test_or_the_lesson_says_it_again():
    opening = "# 02 · Rates\n\nA **funnel** counts how many people reach each step."
    tracks = ["everything", "sales"]
    said = lesson(opening, needs=["funnel"], recalls=["funnel"], tracks=tracks)
    assert found(rules.check_tracks, said, FIRST) == []
    silent = lesson("# 02 · Rates", needs=["funnel"], recalls=["funnel"], tracks=tracks)
    [problem] = found(rules.check_tracks, silent, FIRST)
    assert "the opening does not say what 'funnel' is" in problem
    odd = lesson(opening, recalls=["funnel"])
    assert "recalled and not needed" in found(rules.check_tracks, odd, FIRST)[0]


def test_tracks_have_names_and_everything_is_everything():
    problems = found(rules.check_tracks, lesson("# 02", tracks=["boss"]))
    assert "no track 'boss'" in problems[0] and "not in `everything`" in problems[1]


def test_a_lesson_of_the_old_cut_is_left_alone():
    old = lesson("### Deep", chart(), tracks=None)
    for rule in (rules.check_headings, rules.check_alternatives, rules.check_tracks):
        assert found(rule, old) == []


def told(code, question="Who stays longer?"):
    """Return what the rule says of code right after a prediction."""
    nb = lesson(f"> 🔮 **Predict first.** {question}", nbformat.v4.new_code_cell(code))
    return [problem.what for problem in check_spelled_out(nb, course_of(nb))]


def test_words_that_say_which_way_it_went_give_a_prediction_away():
    assert told('t = f"plus keeps {gap} points more than basic"') == [
        "'more than b' gives the answer to the prediction away"
    ]
    assert told('t = "it stays short of the cost"') != []


@pytest.mark.parametrize(
    "code",
    [
        't = f"{first} keeps {gap} points more than {second}"',  # the name is computed
        't = "short of the cost" if gap > 0 else "above the cost"',
        'def f():\n    """Return what is more than that."""',
        "not code",
    ],
)
def test_what_the_data_decide_gives_nothing_away(code):
    assert told(code) == []


def test_words_of_the_question_tell_nothing():
    assert told('t = "more than in July"', "How many more come in September?") == []
