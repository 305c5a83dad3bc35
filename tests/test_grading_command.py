"""The command that grades: its table, what stops it, and what a table keeps."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from handed_in import BLANK, SOLVED, cells, hand_in, notebook

from funnelkit import grading
from funnelkit.app import cli
from funnelkit.grading import journal

pytestmark = pytest.mark.usefixtures("course")
ROOT = Path(__file__).resolve().parents[1]

# ---------------------------------------------------------------- the command and its table


def test_grade_writes_the_table_and_prints_how_it_went(sandbox, tmp_path, capsys):
    formula = cells('rate = int("=HYPERLINK(0)")', names='names = ["visit"]')
    folder = hand_in(
        tmp_path / "in", anna__90=SOLVED, ben__90=cells("rate = 43.21"), carl__90=formula
    )
    (folder / "=1+1.ipynb").write_text("")
    to = tmp_path / "grades.csv"
    assert cli.main(["grade", str(folder), "--to", str(to), "--memory", "1"]) == 0
    said = capsys.readouterr().out
    assert "Graded 4 files of 4 learners" in said
    assert "2 of them had a problem" in said
    assert "90.1       1      2      0  percent-for-fraction (1)" in said
    assert str(to) in said
    with open(to, encoding="utf-8-sig", newline="") as file:
        rows = {row["learner"]: row for row in csv.DictReader(file)}
    assert rows["anna"]["total"] == rows["anna"]["of"] == "4"
    assert rows["ben"]["90.1"] == "0"
    assert rows["ben"]["90.1 reason"].startswith("percent-for-fraction: You gave 43.21")
    assert rows["carl"]["total"] == "2"
    assert rows["'=1+1"]["file"] == "'=1+1.ipynb"
    assert rows["'=1+1"]["problem"] == "The file is empty."
    # Once more: the table of the first time is no submission, and is replaced.
    shutil.rmtree(folder / "ben")
    inside = folder / "grades.csv"
    assert cli.main(["grade", str(folder), "--to", str(inside), "--jobs", "1"]) == 0
    assert cli.main(["grade", str(folder), "--to", str(inside), "--jobs", "1"]) == 0
    with open(inside, encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 3


def test_a_table_that_cannot_be_written_goes_elsewhere(sandbox, tmp_path, monkeypatch, capsys):
    folder, to = hand_in(tmp_path / "in", anna__90=SOLVED), tmp_path / "there/grades.csv"
    to.parent.mkdir()
    write, refused = grading.write, []

    def refuse(graded, path):
        if path.parent == to.parent or len(refused) < 2:
            refused.append(path)
            raise OSError(28, "No space left on device", str(path))
        return write(graded, path)

    monkeypatch.setattr(grading, "write", refuse)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    assert cli.main(["grade", str(folder), "--to", str(to)]) == 0
    assert refused == [to, tmp_path / "grades.csv"]
    assert (tmp_path / "home/grades.csv").exists()
    said = capsys.readouterr()
    assert said.err.count("cannot be written to (No space left on device)") == 2
    assert f"The table is in {tmp_path / 'home/grades.csv'}" in said.out
    # Where nothing can be written at all, it is printed.
    monkeypatch.setattr(grading, "write", lambda graded, path: refuse([], to))
    assert cli.main(["grade", str(folder), "--to", str(to)]) == 0
    assert '"anna/90.ipynb","anna","90_things","4","4"' in capsys.readouterr().out


def test_the_table_is_written_where_there_is_no_home(tmp_path, homeless, monkeypatch):
    folder, to = hand_in(tmp_path / "in", anna__90=SOLVED), tmp_path / "g.csv"
    row = grading.Submission("anna/90.ipynb", "anna")
    monkeypatch.setattr(grading, "grade", lambda *a, **k: [row])
    assert cli.main(["grade", str(folder), "--to", str(to)]) == 0
    assert list(read(to)) == ["anna"]


def test_a_place_for_the_table_that_is_none_is_refused_first(tmp_path, capsys, monkeypatch):
    folder = hand_in(tmp_path / "in", anna__90=SOLVED)
    (tmp_path / "notes.txt").write_text("mine")
    grade = monkeypatch.setattr(grading, "grade", lambda *a, **k: pytest.fail("it was run"))
    for to, why in {
        tmp_path: "name a file in a folder that is there",
        tmp_path / "nowhere/grades.csv": "name a file in a folder that is there",
        folder / "anna/90.ipynb": "that is the name of a notebook",
        tmp_path / "notes.txt": "is not a table that `grade` wrote",
    }.items():
        assert cli.main(["grade", str(folder), "--to", str(to)]) == 1
        assert why in capsys.readouterr().err
    assert grade is None
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (folder / "anna/90.ipynb").read_text() == notebook(SOLVED)


def test_a_read_only_folder_and_a_full_disk_are_found_before_the_work(
    tmp_path, capsys, monkeypatch
):
    folder = hand_in(tmp_path / "in", anna__90=SOLVED)
    monkeypatch.setattr(grading, "grade", lambda *a, **k: pytest.fail("it was run"))

    def full(self, text):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal.Journal, "_write", full)
    assert cli.main(["grade", str(folder), "--to", str(tmp_path / "g.csv")]) == 1
    assert "it cannot be written there (No space left on device)" in capsys.readouterr().err


def test_a_run_goes_on_only_with_the_same_tables(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "data_folder", lambda: tmp_path)
    (tmp_path / "heating").mkdir()
    (tmp_path / "heating/orders.csv").write_text("a")
    before = grading.version(grading.Limits())
    assert grading.version(grading.Limits()) == before
    (tmp_path / "heating/orders.csv").write_text("a,b")
    assert grading.version(grading.Limits()) != before


def test_two_runs_do_not_write_to_one_table(tmp_path, capsys):
    folder = hand_in(tmp_path / "in", anna__90=SOLVED)
    known = grading.version((grading.Limits(), False))
    other = grading.Journal(tmp_path / ".g.csv.journal", known)
    assert cli.main(["grade", str(folder), "--to", str(tmp_path / "g.csv")]) == 1
    assert "another run writes to the same table" in capsys.readouterr().err
    other.remove()


# Grades in a process of its own, with the exercise of this file; says how often it ran a notebook.
RUN = """
import os, signal, sys
from funnelkit.app import cli
from funnelkit.exercises import checks
import funnelkit.grading

checks.__path__[:] = [sys.argv[1]]
grade = sys.modules["funnelkit.grading.grade"]
run = grade._run

# In the background, and below nohup, they may be ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
for name in ("SIGTERM", "SIGHUP"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)

def counted(row, *others):
    os.write(1, f"ran {row.learner}\\n".encode())
    return run(row, *others)

grade._run = counted
sys.exit(cli.main(["grade", *sys.argv[2:]]))
"""


def start_grading(course, folder, to, *others):
    """Start the command; its copy of the course goes into a folder beside the table."""
    temporary = to.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(course), str(folder), "--to", str(to), *others],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        start_new_session=True,
    )


def wait_for(condition, seconds=300):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_run_that_is_stopped_loses_nothing_and_leaves_nothing(name, sandbox, tmp_path, course):
    signal_sent = getattr(signal, name)
    quick = {f"a{n}__90": SOLVED for n in range(3)}
    slow = cells("import time\ntime.sleep(3000)")
    folder = hand_in(tmp_path / "in", **quick, **{f"s{n}__90": slow for n in range(3)})
    to = tmp_path / "g.csv"
    kept = tmp_path / ".g.csv.journal"
    running = start_grading(course, folder, to, "--jobs", "2", "--cell-timeout", "3000")
    wait_for(lambda: kept.exists() and kept.read_text().count('"file"') == 3)
    running.send_signal(signal_sent)
    _, said = running.communicate(timeout=300)
    assert running.returncode == (-9 if name == "SIGKILL" else 128 + signal_sent), said
    assert not to.exists()
    wait_for(lambda: left_running_in(tmp_path) == [])
    left = list((tmp_path / "temporary").iterdir())
    if name == "SIGKILL":
        assert len(left) == 1  # until the next run
    else:
        assert left == []
        assert "no table was written. 3 results are kept in" in said
        assert "The same command goes on from there" in said
    for learner in ("s0", "s1"):
        (folder / learner / "90.ipynb").write_text(notebook(SOLVED))
    shutil.rmtree(folder / "s2")
    again = start_grading(course, folder, to, "--jobs", "2", "--cell-timeout", "3000")
    out, said = again.communicate(timeout=300)
    assert again.returncode == 0, said
    assert sorted(line for line in out.splitlines() if line.startswith("ran")) == [
        "ran s0",
        "ran s1",
    ]
    assert "A run was stopped here: 3 results are taken from it." in out
    assert [row["total"] for row in read(to).values()] == ["4"] * 5
    assert not kept.exists()
    assert list((tmp_path / "temporary").iterdir()) == []


def left_running_in(folder):
    """Return the processes that have a path in a folder among their arguments."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if f"{folder}/temporary" in line]


def read(path):
    """Return the rows of a table by learner."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return {row["learner"]: row for row in csv.DictReader(file)}


def test_a_trainers_own_columns_and_the_old_table_are_kept(sandbox, tmp_path, capsys):
    folder, to = hand_in(tmp_path / "in", anna__90=SOLVED, ben__90=BLANK), tmp_path / "g.csv"
    assert cli.main(["grade", str(folder), "--to", str(to)]) == 0
    assert [file.name for file in tmp_path.glob("g*")] == ["g.csv"]
    # As a German spreadsheet saves it.
    with open(to, encoding="utf-8-sig", newline="") as file:
        rows = [
            [*row, extra]
            for row, extra in zip(csv.reader(file), ["Bonus", "-1", "schön"], strict=True)
        ]
    with open(to, "w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    before = to.read_bytes()
    hand_in(folder, ben__90=SOLVED, carl__90=SOLVED)
    assert cli.main(["grade", str(folder), "--to", str(to)]) == 0
    found = read(to)
    assert [row["Bonus"] for row in found.values()] == ["-1", "schön", ""]
    assert found["ben"]["total"] == "4"
    (kept,) = tmp_path.glob("g-until-*.csv")
    assert kept.read_bytes() == before
    assert f"kept as {kept}" in capsys.readouterr().out


def test_without_a_sandbox_the_trainer_is_warned(tmp_path, capsys):
    folder = hand_in(tmp_path / "in", anna__90=cells(names="names = ..."))
    to = tmp_path / "grades.csv"
    assert cli.main(["grade", str(folder), "--to", str(to), "--unsafe"]) == 0
    said = capsys.readouterr()
    assert "these notebooks can do all that you can do" in said.err
    assert "90.2       0      0      1" in said.out
