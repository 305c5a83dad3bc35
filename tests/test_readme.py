"""What of README.md is made: hours that are those of the notebooks, addresses that are set."""

from pathlib import Path

import pytest

from tools import readme
from tools.doors import Home, read_home
from tools.exercise_rules import read_exercises
from tools.notebook_model import read_course

ROOT = Path(__file__).resolve().parents[1]
COURSE = read_course(ROOT)
EXERCISES = read_exercises(COURSE)


def test_the_hours_are_those_of_the_notebooks():
    low, high = (sum(nb.info["minutes"][end] for nb in COURSE.lessons) / 60 for end in (0, 1))
    said = readme.length(COURSE, EXERCISES)
    assert f"{len(COURSE.lessons)} lessons" in said
    assert f"{low:.0f} to {high:.0f} hours of reading" in said


def test_the_commands_have_an_address_to_clone_once_it_is_set():
    said = readme.ways_in(Home("https://github.com/someone/funnel-course"))
    assert "git clone https://github.com/someone/funnel-course\ncd funnel-course\n" in said
    assert "https://someone.github.io/funnel-course/" in said
    assert "mybinder.org" in said and "colab.research.google.com" in said


def test_without_an_address_none_is_made_up():
    said = readme.ways_in(None)
    assert "://" not in said and "git clone" not in said
    assert "python start.py lab " in said and "python start.py doctor " in said


def test_the_readme_is_as_the_setting_says():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.ways_in(read_home(ROOT)) in text
    assert readme.length(COURSE, EXERCISES) in text


def test_markers_that_are_not_whole_are_refused():
    text = "<!-- length:start -->\n<!-- course-map:start --><!-- course-map:end -->"
    with pytest.raises(ValueError, match="length:start"):
        readme.filled(text, COURSE, EXERCISES, None, "| map |")
