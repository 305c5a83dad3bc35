"""Renumbering: files, titles, tasks and every text that names a lesson move together."""

import nbformat
import pytest

from tools import renumber
from tools.notebook_model import written

STEMS = {"03_roi": "04_roi", "04_retention": "05_retention"}
MOVES = {"03": "04", "04": "05", "11": "18"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("As lesson 03 showed", "As lesson 04 showed"),
        ("lessons 01, 03 and 04", "lessons 01, 04 and 05"),
        ("Lessons 03–04", "Lessons 04–05"),
        ("lesson 11 returns to that", "lesson 18 returns to that"),
        ("exercise 03 is easy", "exercise 04 is easy"),
        ("see [ROI](03_roi.ipynb) or `exercises/solutions/03_roi.ipynb`",
         "see [ROI](04_roi.ipynb) or `exercises/solutions/04_roi.ipynb`"),
        ("`ex03_roi.py` and 03_roi_and_more", "`ex04_roi.py` and 03_roi_and_more"),
        ('check("3.1")\nhint("4.2")', 'check("4.1")\nhint("5.2")'),
        ('Task(\n        "3.1",', 'Task(\n        "4.1",'),
        ("### 3.2 · What it costs", "### 4.2 · What it costs"),
        ("as in task 3.2", "as in task 4.2"),
        # What only looks like a number of a lesson stays.
        ("0.03, 3.1 % and 03/04/2026 at 11:03", "0.03, 3.1 % and 03/04/2026 at 11:03"),
        ("lesson 2026 and 1103_roi", "lesson 2026 and 1103_roi"),
    ],
)  # fmt: skip
def test_texts_follow_their_lessons(text, expected):
    assert renumber.renumbered(text, MOVES, STEMS) == expected


def test_a_title_changes_in_its_own_lesson_only():
    assert renumber.renumbered("# 03 · ROI", MOVES, STEMS, own="03") == "# 04 · ROI"
    assert renumber.renumbered("# 03 · ROI", MOVES, STEMS) == "# 03 · ROI"


def test_numbers_may_be_swapped():
    stems = {"03_roi": "04_roi", "04_more": "03_more"}
    text = "lesson 03 ([a](03_roi.ipynb)), lesson 04 ([b](04_more.ipynb))"
    swapped = renumber.renumbered(text, {"03": "04", "04": "03"}, stems)
    assert swapped == "lesson 04 ([a](04_roi.ipynb)), lesson 03 ([b](03_more.ipynb))"
    back = {new: old for old, new in stems.items()}
    assert renumber.renumbered(swapped, {"03": "04", "04": "03"}, back) == text


def test_there_and_back_leaves_every_text_as_it_was():
    text = "lessons 03 and 04, exercise 03, task 3.2, [a](03_roi.ipynb)"
    there = renumber.renumbered(text, {"03": "13", "04": "14"}, {"03_roi": "13_roi"})
    assert there != text
    assert renumber.renumbered(there, {"13": "03", "14": "04"}, {"13_roi": "03_roi"}) == text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["3:4"], "'3:4' is not a move: write old:new"),
        (["03:04", "03:05"], "lesson 03 cannot move twice"),
        (["03:05", "04:05"], "two lessons cannot become lesson 05"),
    ],
)
def test_moves_that_make_no_sense_are_refused(words, said):
    with pytest.raises(ValueError, match=said):
        renumber.read_moves(words)


@pytest.fixture
def course(tmp_path):
    def notebook(path, *sources, **about):
        node = nbformat.v4.new_notebook(metadata={"funnelkit": about})
        node.cells = [nbformat.v4.new_markdown_cell(source) for source in sources]
        for number, cell in enumerate(node.cells):
            cell["id"] = f"cell-{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(node), encoding="utf-8")

    notebook(tmp_path / "notebooks/02_rates.ipynb", "# 02 · Rates", "Lesson 03 prices them.")
    notebook(tmp_path / "notebooks/03_roi.ipynb", "# 03 · ROI", "After lesson 02.")
    notebook(tmp_path / "exercises/solutions/03_roi.ipynb", "### 3.1 · Cost", lesson="03")
    checks = tmp_path / "funnelkit/exercises/checks"
    checks.mkdir(parents=True)
    (checks / "ex03_roi.py").write_text('TASKS = [Task("3.1", "Cost")]\n')
    (tmp_path / "README.md").write_text("[ROI](notebooks/03_roi.ipynb)\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_x.py").write_text("# as in lesson 03\n")
    return tmp_path


def test_a_lesson_moves_with_everything_that_is_its_own(course):
    said = renumber.renumber(course, {"03": "04"})
    assert not list(course.rglob("*03_roi*"))
    assert "# 04 · ROI" in (course / "notebooks/04_roi.ipynb").read_text()
    assert "Lesson 04 prices" in (course / "notebooks/02_rates.ipynb").read_text()
    solution = (course / "exercises/solutions/04_roi.ipynb").read_text()
    assert "### 4.1 · Cost" in solution and '"lesson": "04"' in solution
    checks = course / "funnelkit/exercises/checks/ex04_roi.py"
    assert checks.read_text() == 'TASKS = [Task("4.1", "Cost")]\n'
    assert (course / "README.md").read_text() == "[ROI](notebooks/04_roi.ipynb)\n"
    # Tests speak of numbers for reasons of their own: they are named, not changed.
    assert "look at tests/test_x.py:1: # as in lesson 03" in said
    assert (course / "tests/test_x.py").read_text() == "# as in lesson 03\n"


def test_looking_changes_nothing(course):
    before = {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}
    assert renumber.renumber(course, {"03": "04"}, look=True)
    assert before == {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}


def test_a_lesson_may_not_come_to_lie_on_another(course):
    with pytest.raises(ValueError, match="lesson 02 stays where it is"):
        renumber.renumber(course, {"03": "02"})
    assert (course / "notebooks/03_roi.ipynb").is_file()
