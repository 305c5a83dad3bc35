"""The trainer's kit: run sheets that can be held, minutes that sum, answers that are right."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from funnelkit import workspace
from funnelkit.app import cli
from funnelkit.exercises import certificates, registry, room
from funnelkit.exercises.answers import encode
from funnelkit.exercises.judging import judge
from funnelkit.exercises.kinds import Number
from funnelkit.grading import bwrap
from tools import handout
from tools.exercise_rules import read_exercises
from tools.kit import answers, days, lessons, pages, sections, sheets, term
from tools.kit.units import Piece, Unit
from tools.notebook_model import Course, read_course
from tools.rules_sitting import TRACKS, in_track

ROOT = Path(__file__).resolve().parents[1]
COURSE = read_course(ROOT)
EXERCISES = read_exercises(COURSE)
with (ROOT / "datasets/glossary.csv").open(encoding="utf-8", newline="") as file:
    MEANINGS = {row["id"]: row["meaning"] for row in csv.DictReader(file)}
SHEETS = [pytest.param(one, t, id=f"{t}, {one.title}") for t in TRACKS for one in sheets.SHEETS]


# ---------------------------------------------------------------------------------------------
# Sections
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nb", COURSE.lessons, ids=lambda nb: nb.number)
def test_the_minutes_of_its_sections_sum_to_those_of_the_lesson(nb):
    parts = sections.parts_of(nb, COURSE.glossary)
    assert [sum(part.low for part in parts), sum(part.high for part in parts)] == nb.info["minutes"]
    assert all(1 <= part.low <= part.high <= 35 for part in parts)
    assert sum(len(part.code) for part in parts) == len(nb.code)
    assert [part.title for part in parts if part.title in sections.HOME or "🧭" in part.title][-1]


def test_what_is_predicted_is_never_left_out():
    for nb in COURSE.lessons:
        for part in sections.parts_of(nb, COURSE.glossary):
            assert part.needed or not part.predictions, (nb.number, part.title)


def test_every_prediction_is_in_the_table_of_its_lesson():
    page = lessons.lesson_tables(COURSE, EXERCISES)
    asked = sum(
        cell.source.count("> 🔮 **Predict") for nb in COURSE.lessons for cell in nb.markdown
    )
    assert page.count("🔮 ") == asked + 1  # and the one in the head


def test_headings_in_code_cut_nothing():
    assert sections.pieces("a\n\n## B\n\n```\n## no\n```\n\n## C") == [
        "a\n",
        "## B\n\n```\n## no\n```\n",
        "## C",
    ]


# ---------------------------------------------------------------------------------------------
# Days
# ---------------------------------------------------------------------------------------------


def unit(name, *minutes):
    return Unit(name, tuple(Piece(f"{name}.{n}", m) for n, m in enumerate(minutes)))


def held(rows, frame):
    """Assert what must hold of any day, however it was filled."""
    assert rows[0].start == frame.start
    assert rows[-1].end <= frame.end
    assert rows[-1].name == frame.closing.name
    assert rows[-1].end - rows[-1].start == frame.closing.minutes
    assert all(a.end == b.start for a, b in zip(rows, rows[1:], strict=False))
    assert all(row.end > row.start for row in rows)
    sat = 0
    for row in rows:
        sat = 0 if row.name in (days.BREAK, days.LUNCH) else sat + row.end - row.start
        assert sat <= 100, row
    lunches = [row.start for row in rows if row.name == days.LUNCH]
    if frame.lunch and rows[-1].end > 13 * 60:
        assert len(lunches) == 1 and 11 * 60 + 30 <= lunches[0] <= 12 * 60 + 30
    own = [row.end - row.start for row in rows if row.name == days.OWN]
    assert len(own) == bool(frame.own[1])
    assert all(frame.own[0] <= minutes <= frame.own[1] for minutes in own)


@pytest.mark.parametrize("own", [(0, 0), (60, 75)])
@pytest.mark.parametrize("size", [5, 8, 13, 21, 30])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_day_can_be_held_whatever_is_in_it(size, count, own):
    frame = days.Day(540, 1020, (unit("hello", 30),), unit("end", 15), own=own)
    done = [unit(f"u{n}", *[size] * count) for n in range(100 // count)]
    while done and days.lay_out([frame], done) is None:
        done.pop()
    (rows,) = days.lay_out([frame], done)
    held(rows, frame)
    # Not by leaving the day empty: with two breaks, one unit more would not have fitted.
    assert frame.end - rows[-1].end < count * size + 2 * days.PAUSE + own[0]
    said = {row.name.split(":")[0] for row in rows}
    assert {one.name for one in done} <= said


def test_a_break_within_a_lesson_comes_between_sections_that_are_named():
    frame = days.Day(540, 780, (unit("hello", 10),), unit("end", 10), lunch=False)
    ((_, first, pause, second, _),) = days.lay_out([frame], [unit("x", 30, 30, 25, 20)])
    assert (first.name, pause.name, second.name) == ("x: up to *x.2*", "*Break*", "x: *x.3*")


def test_what_does_not_fit_is_refused_and_not_squeezed_in():
    frame = days.Day(540, 660, (unit("hello", 30),), unit("end", 15), lunch=False)
    assert days.lay_out([frame], [unit("x", 25, 25)]) is not None
    assert days.lay_out([frame], [unit("x", 25, 25), unit("y", 30)]) is None


# ---------------------------------------------------------------------------------------------
# Run sheets
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("which", "track"), SHEETS)
def test_a_run_sheet_can_be_held(which, track):
    blocks, rows = sheets.choose(which, track, COURSE, EXERCISES)
    for frame, of_day in zip(which.days, rows, strict=True):
        held(of_day, frame)
    numbers = [one.nb.number for one in blocks]
    assert numbers == sorted(numbers)
    assert set(numbers) <= {nb.number for nb in in_track(COURSE, track)}
    # The last day is full: less than half an hour is left before its end.
    assert which.days[-1].end - rows[-1][-1].end < 30
    # What is done is as long as it takes, in steps of five minutes.
    names = " ".join(row.name for of_day in rows for row in of_day)
    for one in blocks:
        taken = sum(row.end - row.start for d in rows for row in d if one.units[0].name in row.name)
        assert one.units[0].minutes <= taken < one.units[0].minutes + 15
        assert f"exercises/{one.nb.path.name}" in names or which.title == "Ninety minutes"


@pytest.mark.parametrize(("which", "track"), SHEETS)
def test_what_a_lesson_needs_was_taught_or_is_said(which, track):
    blocks, _ = sheets.choose(which, track, COURSE, EXERCISES)
    page = sheets.sheet(which, track, COURSE, EXERCISES, MEANINGS)
    taught = set(COURSE.lessons[0].info["teaches"])
    for one in blocks:
        for name in set(one.nb.info["needs"]) - taught:
            term_ = COURSE.glossary[name]
            assert f"**{term_}**" in page or term_ in page.split("says itself what it needs", 1)[1]
        taught |= set(one.nb.info["teaches"])
    assert all(
        one.say == len(say)
        for one, (say, _) in zip(blocks, sheets.said_first(blocks, COURSE), strict=True)
    )


def test_each_reader_gets_what_matters_to_him():
    def of(track, title):
        which = next(one for one in sheets.SHEETS if one.title == title)
        return {one.nb.number for one in sheets.choose(which, track, COURSE, EXERCISES)[0]}

    assert "17" in of("sales", "One day") and {"17", "28"} <= of("sales", "Two days")
    assert {"02", "25"} <= of("marketer", "One day")
    assert "04" in of("founder", "One day")
    assert "03" in of("analyst", "One day")


def test_a_track_names_lessons_of_its_own_and_all_of_them_have_a_place():
    assert set(sheets.FIRST) == set(TRACKS)
    for track, first in sheets.FIRST.items():
        listed = first.split()
        assert len(set(listed)) == len(listed)
        there = {nb.number for nb in in_track(COURSE, track)}
        assert set(listed) <= there
        named = {nb.number for nb in sheets.ordered(COURSE, track)}
        assert named == there - {"00", "31", "32"}


# ---------------------------------------------------------------------------------------------
# A term
# ---------------------------------------------------------------------------------------------


def weeks(track, course=COURSE):
    text = term.term(track, course, EXERCISES, MEANINGS)
    return [
        row.split(" | ")
        for row in text.splitlines()
        if row.startswith(("| 1", "| 2")) or row[:3] in {f"| {n}" for n in range(3, 10)}
    ]


@pytest.mark.parametrize("track", TRACKS)
def test_a_term_has_twelve_weeks_of_one_or_two_lessons_and_ends_with_their_own_data(track):
    rows = weeks(track)
    assert [int(row[0].strip("| ")) for row in rows] == list(range(1, 13))
    counts = [row[1].count("../../notebooks/") for row in rows]
    assert 2 <= counts[0] <= 3  # with lesson 00
    assert all(1 <= count <= 2 for count in counts[1:])
    assert "32_your_own_funnel" in rows[-1][1]
    assert all(60 <= int(row[2]) <= 240 for row in rows)


def test_the_project_has_a_week_of_its_own_once_it_is_written():
    others = [nb for nb in COURSE.lessons if nb.number != "31"]
    last = next(nb for nb in others if nb.number == "32")
    project = replace(last, path=last.path.with_name("31_the_whole_system.ipynb"))
    course = replace(COURSE, lessons=[*others[:-1], project, last])
    rows = weeks("analyst", course)
    assert len(rows) == 12
    assert "31_the_whole_system" in rows[10][1] and "32_your_own_funnel" in rows[11][1]
    assert "the project begins" in rows[8][3]


def test_lessons_are_put_together_so_that_no_week_is_much_longer():
    groups = term.grouped(COURSE.lessons[:8], 4)
    assert [len(group) for group in groups] == [2, 2, 2, 2]
    assert term.session_minutes(COURSE.lessons[1:2]) == 90  # 15 and 75, no break
    assert term.session_minutes(COURSE.lessons[4:5]) == 125  # 15, 95 and a break


# ---------------------------------------------------------------------------------------------
# Pages
# ---------------------------------------------------------------------------------------------


def test_a_course_without_a_kit_has_none(tmp_path):
    assert pages.pages(Course(tmp_path, [], {}, {}, set()), []) == {}


def test_the_answers_are_up_to_date_and_notice_when_they_are_not(monkeypatch):
    assert answers.stale(COURSE, EXERCISES) == []
    changed = [one for one in EXERCISES if one.stem != "05_retention"]
    assert answers.stale(COURSE, changed) == ["05"]
    monkeypatch.setattr(answers, "made_of", lambda exercise, root: "0")
    assert len(answers.stale(COURSE, EXERCISES)) == len([e for e in EXERCISES if e.tasks])


def test_the_key_has_every_task_and_its_numbers_are_judged_right():
    page = (ROOT / answers.PAGE).read_text(encoding="utf-8")
    every = [t for stem in registry.exercises() for t in registry.tasks(stem).values()]
    assert all(f"<tr><td>{task.id}</td>" in page for task in every)
    quick = [t for t in every if t.id.split(".")[0] in ("1", "2", "4", "6", "8", "26", "29")]
    tried = 0
    for task in quick:
        rounded = isinstance(task.kind, Number) and (task.kind.whole or task.kind.decimals)
        if rounded:
            row = page.split(f"<tr><td>{task.id}</td>")[1].split("</tr>")[0]
            value = float(row.split("<b>")[1].split("</b>")[0].replace(",", ""))
            assert judge(task, encode(value)).status == "right", task.id
            tried += 1
    assert tried > 10


def test_answers_of_all_kinds_are_written_so_that_a_person_reads_them():
    import pandas as pd

    table = pd.DataFrame({"step": ["visit", "lead"], "users": [1000, 200]})
    assert answers.answer(table, Number()) == "step visit, users 1,000; step lead, users 200"
    assert answers.answer([0.0127357, -0.0243095], Number()) == "0.0127, -0.0243"
    assert answers.answer({"May": ["a", "b"]}, Number()) == "May [a, b]"
    assert answers.answer(True, Number()) == "True"


def test_the_key_goes_neither_to_learners_nor_onto_the_site(tmp_path):
    from tools.site import build

    assert not [p for p in handout.packed(ROOT) if "kit" in p.relative_to(ROOT).parts[:2]]
    build.lay_out(ROOT, tmp_path, None)
    there = {path.name for path in (tmp_path / "docs/kit").iterdir()}
    assert "feedback.html" in there and "answers.html" not in there
    assert "answers.html" not in (tmp_path / "docs/trainers.md").read_text(encoding="utf-8")


def test_the_profile_for_ubuntu_is_the_one_that_the_grader_prints(monkeypatch):
    monkeypatch.setattr(bwrap.shutil, "which", lambda name: "/usr/bin/bwrap")
    told = bwrap.why_not("bwrap: setting up uid map: Permission denied")
    page = (ROOT / "docs/kit/grading.md").read_text(encoding="utf-8")
    lines = [line.strip() for line in told.splitlines() if line.startswith("    ")]
    assert len(lines) == 2
    assert all(line in page for line in lines)


# ---------------------------------------------------------------------------------------------
# Certificates
# ---------------------------------------------------------------------------------------------


@pytest.fixture
def share(tmp_path, monkeypatch):
    """Return a folder in which Anna solved two tasks of exercise 01, and nobody else any."""
    share = tmp_path / "the share"
    share.mkdir()

    def export(machine, to, tasks):
        path = tmp_path / machine / ".progress.json"
        path.parent.mkdir()
        monkeypatch.setenv("FUNNELKIT_STATE", str(path))
        state, _ = workspace.read_state(path)
        state["tasks"] = tasks
        workspace.write_state(path, state)
        room.export(to)

    solved = {"right": True, "tries": 1, "hints": 0}
    export("a", share / "Anna <b>.json", {"1.1": solved, "1.2": {**solved, "hints": 2}})
    export("b", share / "Ben.json", {"1.1": {"right": False, "tries": 4, "hints": 0}})
    export("c", share, {"2.1": solved})
    return share


def test_a_certificate_says_who_solved_what_and_what_it_proves(share):
    text, count = certificates.page(share, day="2026-11-28")
    assert count == 2
    assert "Anna &lt;b&gt;" in text and "Anna <b>" not in text
    assert "solved 2 tasks, 1 of them with a hint" in text
    assert "<div>01 The funnel and its stages: 2 of 6</div>" in text
    assert "Ben" not in text
    assert '<p class="name"></p>' in text  # of the file without a name
    assert text.count("Nobody watched") == 2
    assert "://" not in text


def test_two_who_share_a_machine_have_a_certificate_each(share, tmp_path, monkeypatch):
    monkeypatch.setenv("FUNNELKIT_STATE", str(tmp_path / "a" / ".progress.json"))
    room.export(share / "Carla.json")
    room.export(share)  # and once more without a name, for the state of the room
    text, count = certificates.page(share)
    assert count == 3
    assert [text.count(f'"name">{name}</p>') for name in ("Anna &lt;b&gt;", "Carla", "")] == [
        1,
        1,
        1,
    ]
    assert room.read_room(share).machines == 3


def test_a_certificate_has_the_titles_of_the_lessons():
    for nb in COURSE.lessons:
        assert certificates.lesson_title(nb.path.stem) == nb.title
    assert certificates.lesson_title("99_no_such_thing") == "No such thing"


def test_no_file_of_another_kind_is_overwritten(share, tmp_path, capsys):
    page = tmp_path / "certificates.html"
    for _ in range(2):
        assert cli.main(["room", str(share), "--certificates", str(page)]) == 0
        assert "2 certificates, to print" in capsys.readouterr().out
    (tmp_path / "mine.html").write_text("mine", encoding="utf-8")
    assert cli.main(["room", str(share), "--certificates", str(tmp_path / "mine.html")]) == 1
    assert "choose another name" in capsys.readouterr().err
    assert (tmp_path / "mine.html").read_text(encoding="utf-8") == "mine"
    assert cli.main(["room", str(share), "--certificates", str(tmp_path / "mine.txt")]) == 1
    assert "does not end in .html" in capsys.readouterr().err


def test_where_nobody_solved_anything_there_is_no_certificate(tmp_path):
    with pytest.raises(ValueError, match="no file of progress with a solved task"):
        certificates.page(tmp_path)
