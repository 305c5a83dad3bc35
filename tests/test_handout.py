"""What is handed to learners: complete, without solutions, and every link of it leads somewhere."""

import hashlib
import re
import subprocess
import sys
import zipfile

import pytest

from tools import handout, usb, wheels


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a hand-out")
    handout.pack(handout.ROOT, folder / "handout.zip")
    with zipfile.ZipFile(folder / "handout.zip") as archive:
        archive.extractall(folder)
    return folder / handout.FOLDER


def test_the_same_course_makes_the_same_bytes(tmp_path):
    handout.pack(handout.ROOT, tmp_path / "a.zip")
    handout.pack(handout.ROOT, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_what_belongs_to_trainers_and_maintainers_is_left_out(course):
    names = {path.relative_to(course).as_posix() for path in course.rglob("*") if path.is_file()}
    assert not {name for name in names if "solutions" in name or name.startswith("tests/")}
    assert not {"docs/trainers.md", "CONTRIBUTING.md", "requirements-dev.lock"} & names
    assert {"README.md", "start.py", "requirements.lock", "docs/references.md"} <= names


def test_every_table_that_the_package_reads_is_in_it(course):
    whole = {path.name for path in (handout.ROOT / "datasets").rglob("*") if path.is_file()}
    assert {path.name for path in (course / "datasets").rglob("*") if path.is_file()} == whole


def test_its_readme_names_only_what_is_there(course):
    text = (course / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links
    assert [link for link in links if not (course / link).exists()] == []
    verbs = set(re.findall(r"start\.py (\w+)", text))
    assert verbs == {"lab", "doctor", "progress", "reset", "workspace"}


def test_links_of_its_lessons_lead_to_what_is_in_it(course):
    missing = []
    for notebook in sorted(course.glob("*/[0-9][0-9]_*.ipynb")):
        for link in re.findall(
            r"\]\((\.{0,2}[\w./-]+?)(?:#[\w-]+)?\)", notebook.read_text("utf-8")
        ):
            if "/extras/" not in link and not (notebook.parent / link).exists():
                missing.append(f"{notebook.name}: {link}")
    assert missing == []


@pytest.mark.parametrize("verb", ["test", "trials", "extras", "bench", "site"])
def test_a_command_of_the_whole_course_is_refused_with_a_sentence(course, verb):
    done = subprocess.run(
        [sys.executable, "start.py", verb], cwd=course, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "the whole course" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(course.glob(".venv*"))


@pytest.fixture
def stick(tmp_path, monkeypatch):
    def download(lock, target, to):
        (to / f"some-1-{target.system}-{target.python}.whl").write_bytes(b"packed")

    monkeypatch.setattr(wheels, "download", download)
    usb.make(tmp_path / "the stick", ["windows", "linux"], ["3.12", "3.13"])
    return tmp_path / "the stick"


def test_a_stick_says_for_whom_it_is(stick):
    text = (stick / "README.md").read_text(encoding="utf-8")
    assert "Python 3.12 and 3.13" in text
    assert "Windows (Intel or AMD), Linux (Intel or AMD)" in text
    assert len(list((stick / handout.FOLDER / "wheels").iterdir())) == 4
    assert "serves Python 3.13." in usb.page(["linux"], ["3.13"], 1)
    assert "serves Python 3.11, 3.12 and 3.13." in usb.page(["linux"], ["3.11", "3.12", "3.13"], 1)


def check(stick):
    done = subprocess.run([sys.executable, stick / "check.py"], capture_output=True, text=True)
    return done.returncode, done.stdout


def test_a_stick_that_lost_something_says_what(stick):
    names = [
        line.split("  ", 1)[1]
        for line in (stick / "SHA256SUMS").read_text("utf-8").split("\n")[:-1]
    ]
    digest = hashlib.sha256((stick / "README.md").read_bytes()).hexdigest()
    assert f"{digest}  README.md\n" in (stick / "SHA256SUMS").read_text("utf-8")
    assert check(stick) == (0, f"{len(names)} files, 0 of them damaged or missing.\n")
    (stick / handout.FOLDER / "start.py").write_bytes(b"cut")
    (stick / handout.FOLDER / "LICENSE").unlink()
    code, told = check(stick)
    assert code == 1
    assert f"{handout.FOLDER}/start.py: not as it was written" in told
    assert f"{handout.FOLDER}/LICENSE: No such file" in told


def test_a_folder_that_holds_something_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert usb.main(["--to", str(tmp_path)]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_half_a_stick_is_not_left(tmp_path, monkeypatch, capsys):
    def download(lock, target, to):
        raise OSError(f"not all is there for {target}")

    monkeypatch.setattr(wheels, "download", download)
    assert usb.main(["--to", str(tmp_path / "stick")]) == 1
    assert "not all is there for windows, Python 3.12" in capsys.readouterr().err
    assert not (tmp_path / "stick").exists()
