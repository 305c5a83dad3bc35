"""English as the field writes it: each turn is found where it is wrong, and only there."""

from pathlib import Path

import pytest

from tools import rules_idiom as rules


@pytest.mark.parametrize(
    "text",
    [
        "One row a step, in order.",
        "a value a customer",
        "It earns EUR 50.0 a lead.",
        "what is no DataFrame",
        "The column holds no numbers.",
        "At the top stands one with 0.71, which stood in the list.",
        "192 leads were called by lot",
        "a line for the lot",
        "Mended, it says 0.21; mend the form.",
        "It ends. Who says 9 or 10 is called a promoter.",
        "buyers by leads, and cost by margin",
        "all of them, also the young ones",
        "The dearer plan keeps more.",
        "We shall see.",
        "give as many of the one as of the other",
    ],
)
def test_a_turn_that_no_english_author_writes_is_found(text):
    assert list(rules.turns_in(text))


@pytest.mark.parametrize(
    "text",
    [
        "One row per step; 29 a month; twice a day; one value at a time.",
        "EUR 20, a customer brings EUR 282.",
        "There is no number for this, and there are no dates.",
        "CTR stands for click-through rate.",
        "A lot of leads, many of the lots sold at random.",
        "We recommend it. An amendment. A recommended way.",
        "Who buys, and when?",
        "customers who say 9 or 10",
        "cost by channel, and leads by month; margin by customer segment",
        "an endearing plan",
    ],
)
def test_good_english_is_left_alone(text):
    assert list(rules.turns_in(text)) == []


def test_comments_and_strings_are_read_and_code_is_not():
    source = 'mended = 1  # one row\n# a step\nprint(f"shall {mended} stay")\n%matplotlib inline\n'
    assert rules.python_texts(source) == ["one row a step", "shall ", " stay"]
    assert rules.python_texts("def broken(") == []


def test_pages_and_code_are_searched(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "guide.md").write_text("We shall see `what shall be`.\n")
    (tmp_path / "funnelkit").mkdir()
    (tmp_path / "funnelkit" / "x.py").write_text('"""One row a step."""\nBY_LOT = "by lot"\n')
    found = [str(problem) for problem in rules.check_texts(tmp_path)]
    assert len(found) == 2  # code in a page is not read, nor is the name of a draw
    assert found[0].startswith("docs/guide.md") and found[1].startswith("funnelkit/x.py")
    assert list(rules.check_texts(Path(tmp_path / "nothing"))) == []
