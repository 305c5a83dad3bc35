"""What is found in a folder of submissions, whose it is, what is in the table, what is mounted."""

import csv
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from handed_in import LIMITS, SOLVED, cells, hand_in, marks

from funnelkit import grading
from funnelkit.exercises import checks
from funnelkit.grading import mounts, watch
from funnelkit.grading import sandbox as _sandbox
from funnelkit.grading.submissions import find, learner_of

pytestmark = pytest.mark.usefixtures("course")
ROOT = Path(__file__).resolve().parents[1]
THE_COURSES = list(checks.__path__)

# ---------------------------------------------------------------- finding


def problems(folder):
    return {one.file: one.problem for one in find(folder)[1]}


def test_a_folder_of_any_depth_stops_nobody(tmp_path):
    """1,200 levels deep, and a path longer than the system can open, which a ZIP can hold."""
    hand_in(tmp_path, anna__90=SOLVED)
    here = os.open(tmp_path, os.O_RDONLY)
    for name, times in (("d", 1200), ("n" * 250, 20)):
        place = os.dup(here)
        for _ in range(times):
            os.mkdir(name, dir_fd=place)
            deeper = os.open(name, os.O_RDONLY, dir_fd=place)
            os.close(place)
            place = deeper
        os.close(os.open("90.ipynb", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=place))
        os.close(place)
    os.close(here)
    try:
        found = problems(tmp_path)
        assert found["anna/90.ipynb"] == ""
        assert found["d/" * 1200 + "90.ipynb"] == ""
        (long,) = [why for file, why in found.items() if file.startswith("nn")]
        assert "The folder cannot be read (File name too long)" in long
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "d", tmp_path / ("n" * 250)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_folders_that_may_not_be_read_get_a_row(monkeypatch):
    monkeypatch.setattr(checks, "__path__", THE_COURSES)  # which anybody may read
    folder = Path("/tmp") / f"funnelkit-test-{os.getpid()}"
    hand_in(folder, ben__locked__90=SOLVED, ben__90=SOLVED, eve__90=SOLVED, fay__90=SOLVED)
    folder.chmod(0o755)
    (folder / "ben/locked").chmod(0)
    (folder / "eve").chmod(0o644)  # names can be read, and nothing else
    (folder / "fay").chmod(0)
    os.seteuid(12345)
    try:
        found = problems(folder)
    finally:
        os.seteuid(0)
        shutil.rmtree(folder)
    why = "The folder cannot be read (Permission denied): what is in it is not graded."
    assert found == {
        "ben/90.ipynb": "",
        "ben/locked": why,
        "eve/90.ipynb": "",  # reading it will say why it cannot be
        "fay": why,
    }


def test_hidden_folders_are_looked_into_and_what_programs_keep_is_not(tmp_path):
    hand_in(
        tmp_path,
        **{".anna__90": SOLVED, "ben__.git__x": SOLVED, "ben__._90": b"", "..c__.d__90": SOLVED},
    )
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "ben/.ipynb_checkpoints").mkdir()
    assert problems(tmp_path) == {
        "..c/.d/90.ipynb": "",
        ".anna/90.ipynb": "",
        "ben": "The folder is empty: no notebook (a file that ends in .ipynb).",
    }


def test_what_a_platform_puts_beside_a_learners_notebook_is_not_a_learner(tmp_path):
    """A project has more than one file, and Moodle has another folder for what was typed in."""
    for name in ("Jo Doe_47_assignsubmission_file_90.ipynb", "doejane_471_99001_90.ipynb"):
        (tmp_path / name).write_bytes(b"x")
    for name in ("Jo Doe_47_assignsubmission_file_store.db", "doejane_471_99002_report.html"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "Jo Doe_47_assignsubmission_onlinetext").mkdir()
    (tmp_path / "Li_48_assignsubmission_file_90.docx").write_bytes(b"x")
    assert list(problems(tmp_path).values()) == [
        "",
        "There is only Li_48_assignsubmission_file_90.docx: no notebook (a file that ends in "
        ".ipynb).",
        "",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_name_that_is_not_utf8_is_written_out(tmp_path):
    folder = os.fsencode(tmp_path) + b"/Jos\xe9"
    os.mkdir(folder)
    with open(folder + b"/90.ipynb", "wb") as file:
        file.write(b"")
    (one,) = find(tmp_path)[1]
    assert (one.file, one.learner) == ("Jos\\xe9/90.ipynb", "Jos\\xe9")
    assert one.path.exists()
    row = grading.Submission(one.file, one.learner)
    grading.table([row])["file"].astype("string").to_numpy("str")
    grading.write([row], tmp_path / "g.csv")
    assert b"Jos\\xe9" in (tmp_path / "g.csv").read_bytes()


LEARNERS = {
    "90_things_Anna.ipynb": "Anna",
    "90_things (Anna).ipynb": "Anna",
    "Anna.ipynb": "Anna",
    "Anna - 90_things.ipynb": "Anna",
    "90_things_Anna (1).ipynb": "Anna",
    "Copy of 90_things_Anna.ipynb": "Anna",
    "Kopie von 90_things_Anna-Lena.ipynb": "Anna-Lena",
    "90_things_Anna - Kopie.ipynb": "Anna",
    "90_things_Anna-Copy1.ipynb": "Anna",
    "90_things_Anna copy 2.ipynb": "Anna",
    "Cópia de 90_things_Anna.ipynb": "Anna",
    "90_things_Anna - 副本.ipynb": "Anna",
    "90_things - 副本 (2).ipynb": "90_things - 副本 (2)",
    "90_Anna.ipynb": "Anna",
    "90_things_O'Neil.IPYNB": "O'Neil",
    "90_things.ipynb": "90_things",
    "90_things (1).ipynb": "90_things (1)",
    "90_things-1.ipynb": "90_things-1",
    "Kopie von 90_things.ipynb": "Kopie von 90_things",
    "90_things_final_v2.ipynb": "90_things_final_v2",
    "90.ipynb": "90",
    "1.ipynb": "1",
    "Jane Doe_4711_assignsubmission_file_90_things.ipynb": "Jane Doe",
    "Jane Doe_4711_assignsubmission_file_/90_things.ipynb": "Jane Doe",
    "Müller, Zoë_123456_assignsubmission_file/x/90.ipynb": "Müller, Zoë",
    "doejane_4711_990011_90_things.ipynb": "doejane",
    "doejane_LATE_4711_990011_90_things-1.ipynb": "doejane",
    "Week 2_jdoe_attempt_2026-11-02-10-11-12_90_things.ipynb": "jdoe",
    "anna_b/90.ipynb": "anna_b",
}


@pytest.mark.parametrize("file", LEARNERS)
def test_a_learner_is_known_by_the_name_of_the_file(file):
    assert learner_of(Path(file)) == LEARNERS[file]


# ---------------------------------------------------------------- the table


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_no_cell_of_the_table_is_a_formula_wherever_it_is_split(delimiter, tmp_path):
    evil = "x;=1+1;y\t=1\n@A1|+1; -2"
    mark = grading.Mark("1.1", "A", "wrong", evil, '=cmd|"/c calc"!A0')
    made = grading.Submission(f"+a{evil}.ipynb", f"@{evil}", "01_x", (mark,), 1.0, f"-1 {evil}")
    grading.write([made], tmp_path / "grades.csv")
    with open(tmp_path / "grades.csv", encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file, delimiter=delimiter) for cell in row]
    assert [cell for cell in cells if cell.strip(' "')[:1] in list("=+-@")] == []


# ---------------------------------------------------------------- what a sandbox sees of Python


def python_of_its_own(home):
    """Make an environment of a Python that was put into ``~/.local/bin``, as uv does."""
    program = home / ".local/bin" / f"python3.{sys.version_info.minor}"
    program.parent.mkdir(parents=True)
    program.symlink_to(Path(sys.executable).resolve())
    subprocess.run([program, "-m", "venv", "--without-pip", home / "course/.venv"], check=True)
    places = sysconfig.get_path("purelib", vars={"base": str(home / "course/.venv")})
    packages = [sysconfig.get_path("purelib"), str(ROOT)]
    (Path(places) / "others.pth").write_text("\n".join(packages))
    return home / "course/.venv/bin/python"


KEYRING = """
import os
names = []
for folder in {folders}:
    for place, _, files in os.walk(folder):
        names += [file for file in files if "secret" in file]
names = names or ["visit", "lead"]
"""
GRADE = """
import sys
from funnelkit import grading
from funnelkit.exercises import checks
from funnelkit.exercises import checks
checks.__path__[:] = [sys.argv[1]]
limits = grading.Limits(cell=30, memory=2**30)
for submission in grading.grade(sys.argv[2], limits=limits):
    print(submission.total, submission.marks[1].reason)
"""


def test_what_lies_beside_python_is_not_seen(sandbox, course, tmp_path):
    home = tmp_path / "home"
    python = python_of_its_own(home)
    for place in (".local/share/keyrings", ".local/etc", "course/.venv/share", ".config", "."):
        (home / place).mkdir(exist_ok=True, parents=True)
        (home / place / "secret.key").write_text("secret")
    cell = KEYRING.format(folders=[str(home)])
    folder = hand_in(tmp_path / "in", anna__90=cells(names=cell))
    done = subprocess.run(
        [python, "-c", GRADE, str(course), str(folder)],
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "4 \n", done.stderr


def test_the_proof_finds_a_private_file_that_can_be_seen(sandbox, tmp_path, monkeypatch):
    seen = tmp_path / "seen"
    seen.mkdir()
    real = mounts.mounts

    def too_much(course, hidden):
        way = [["--perms", "0755", "--dir", str(p)] for p in reversed(seen.parents)][2:]
        return [*real(course, hidden)[:-4], *sum(way, []), "--ro-bind", str(seen), str(seen)]

    monkeypatch.setattr(_sandbox, "private_folders", lambda: [seen, tmp_path / "nowhere"])
    monkeypatch.setattr(_sandbox, "mounts", too_much)
    with (
        pytest.raises(grading.NoSandbox, match="reached: .*a private file"),
        _sandbox.Sandbox(),
    ):
        pass
    assert list(seen.iterdir()) == []


def test_nothing_of_a_prefix_is_mounted_but_its_libraries():
    given = mounts.mounts("/nowhere", [])
    bound = [Path(given[n + 1]) for n, option in enumerate(given) if option == "--ro-bind"]
    assert mounts.prefixes() & set(bound) <= {Path("/usr")}
    assert [path for path in bound if path.name in ("share", "etc", "lib", ".local")] in (
        [],
        [Path("/lib")],
    )


def test_the_proof_needs_no_home(homeless):
    assert all(isinstance(folder, Path) for folder in mounts.private_folders())


# ---------------------------------------------------------------- what the kernel holds


@pytest.mark.parametrize(
    ("constant", "cell"),
    [
        ("NODE_BYTES", "for n in range(2000):\n    open(f'/tmp/{n}', 'w').close()"),
        ("SOCKET_BYTES", "import socket\nkept = [socket.socketpair() for _ in range(80)]"),
    ],
)
def test_files_and_sockets_count_as_memory(constant, cell, sandbox, tmp_path, monkeypatch):
    """As if each were large, since as many as fill a machine take their time."""
    monkeypatch.setattr(watch, constant, 10**7 if constant == "SOCKET_BYTES" else 10**6)
    cell = f"import time\n{cell}\ntime.sleep(3)\nrate = 1"
    folder = hand_in(tmp_path, anna__90=cells(rate=cell))
    (found,) = grading.grade(folder, limits=LIMITS)
    assert marks(found) == "wrrr", found.problem
    assert "it took more than 1 GiB of memory" in found.problem


def test_a_grader_that_had_to_wait_blames_the_cell_that_was_running(sandbox, tmp_path, monkeypatch):
    """On a busy machine it looks at the memory before it has read which cell it is."""
    looked = []

    def excess(self, limits):
        if looked or limits != LIMITS:  # or the proof that the sandbox holds
            return None
        looked.append(time.sleep(2))
        return "memory"

    monkeypatch.setattr(watch.Watch, "excess", excess)
    folder = hand_in(tmp_path, anna__90=cells(rate="import time\ntime.sleep(4)\nrate = 1"))
    (found,) = grading.grade(folder, limits=LIMITS)
    assert marks(found) == "wrrr", found.problem
    assert "it took more than 1 GiB of memory" in found.problem
