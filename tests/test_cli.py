"""The command `funnelkit`: copies that are never overwritten, the doctor, and JupyterLab."""

import errno
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import date
from importlib import metadata
from pathlib import Path

import pytest

from funnelkit import data, workspace
from funnelkit.app import cli, doctor
from funnelkit.app import lab as jupyterlab

ROOT = Path(__file__).resolve().parents[1]
DAY = date(2026, 11, 22)
LESSON = "notebooks/02_conversion_rates.ipynb"
EXERCISE = "exercises/02_conversion_rates.ipynb"


def notebook(*sources, **changes):
    """Return a small notebook as bytes: code cells, with changes to each of them."""
    cells = [
        {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], **changes}
        for source in sources
    ]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1).encode("utf-8")


def handed_out(path):
    """Return the course's notebook as learners get it."""
    return workspace.handed_out(path.read_bytes())


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Return the folder of a small course that `funnelkit` takes for its own."""
    root = tmp_path / "the course"
    for name in (
        "notebooks/00_start_here.ipynb",
        LESSON,
        EXERCISE,
        "exercises/solutions/02_conversion_rates.ipynb",
        "notebooks/draft.ipynb",
    ):
        workspace.write(root / name, notebook(f"# {name}", "1 + 1"))
    monkeypatch.setattr(workspace, "ROOT", root)
    monkeypatch.delenv("FUNNELKIT_STATE", raising=False)
    return root


@pytest.fixture
def lab(course, monkeypatch, tmp_path):
    """Run `funnelkit lab` without JupyterLab; return a function that gives its arguments."""
    calls = []
    monkeypatch.setattr(
        jupyterlab, "run_jupyterlab", lambda arguments: calls.append(arguments) or 0
    )
    monkeypatch.setattr(jupyterlab, "announce", lambda page, opened: calls.append(page))
    names = ["JUPYTER_CONFIG_PATH", "JUPYTERLAB_WORKSPACES_DIR", "JUPYTER_TOKEN", "MPLBACKEND"]
    for name in [*names, jupyterlab.STARTS, *jupyterlab.OTHERS, *jupyterlab.unwritable_homes()]:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    def run(*arguments):
        calls.clear()
        code = cli.main(["lab", *arguments])
        announced = [call for call in calls if isinstance(call, str)]
        started = [call for call in calls if isinstance(call, list)]
        return code, started[0] if started else None, announced[0] if announced else None

    return run


# The learner's copies


def test_the_first_start_copies_lessons_and_exercises_only(course):
    done = workspace.update()
    assert done.added == ["notebooks/00_start_here.ipynb", LESSON, EXERCISE]
    copies = sorted(path.name for path in (course / "work").rglob("*.ipynb"))
    assert copies == sorted(Path(name).name for name in done.added)
    assert (course / "work" / LESSON).read_bytes() == handed_out(course / LESSON)
    assert not list((course / "work").rglob("*.new"))


def test_a_second_start_changes_nothing(course):
    workspace.update()
    before = {path: path.read_bytes() for path in (course / "work").rglob("*") if path.is_file()}
    assert workspace.update() == workspace.Update()
    after = {path: path.read_bytes() for path in (course / "work").rglob("*") if path.is_file()}
    assert after == before


def test_a_new_lesson_is_added_and_a_deleted_copy_comes_back(course):
    workspace.update()
    workspace.write(course / "notebooks/03_roi.ipynb", notebook("3"))
    (course / "work" / LESSON).unlink()
    assert workspace.update().added == [LESSON, "notebooks/03_roi.ipynb"]


def test_a_copy_that_was_only_run_is_refreshed(course):
    workspace.update()
    # As JupyterLab saves it: outputs, counts, lists of lines, other metadata, an empty cell.
    run = json.loads((course / "work" / LESSON).read_bytes())
    for cell in run["cells"]:
        cell.update(source=[cell["source"]], outputs=[{"output_type": "stream"}], execution_count=4)
    run["cells"].append({"cell_type": "code", "source": [], "outputs": [], "metadata": {}})
    run["metadata"] = {"kernelspec": {"name": "python3"}}
    text = json.dumps(run).replace("\n", "\r\n")
    (course / "work" / LESSON).write_text(text, encoding="utf-8")
    assert workspace.update() == workspace.Update()
    newer = notebook("# newer", "2 + 2")
    (course / LESSON).write_bytes(newer)
    assert workspace.update() == workspace.Update(refreshed=[LESSON])
    assert (course / "work" / LESSON).read_bytes() == workspace.handed_out(newer)


@pytest.mark.parametrize(
    "mine",
    [
        notebook("# changed", "1 + 1"),
        notebook(f"# {LESSON}", "1 + 1", "one more cell"),
        notebook(f"# {LESSON}"),
        notebook("1 + 1", f"# {LESSON}"),
        notebook(f"# {LESSON}", "1 + 1", cell_type="markdown"),
    ],
    ids=["edited", "added", "removed", "moved", "turned into text"],
)
def test_an_edited_copy_is_never_overwritten(course, mine):
    workspace.update()
    (course / "work" / LESSON).write_bytes(mine)
    assert workspace.update() == workspace.Update()
    (course / LESSON).write_bytes(notebook("# newer", "2 + 2"))
    for _ in range(2):  # it is said until it is settled
        assert workspace.update() == workspace.Update(kept=[LESSON])
        assert (course / "work" / LESSON).read_bytes() == mine


def test_an_edit_taken_back_counts_as_untouched(course):
    workspace.update()
    copy = course / "work" / LESSON
    copy.write_bytes(notebook("# changed"))
    workspace.update()
    copy.write_bytes((course / LESSON).read_bytes())
    (course / LESSON).write_bytes(notebook("# newer"))
    assert workspace.update() == workspace.Update(refreshed=[LESSON])


def test_copies_come_without_outputs_so_that_a_prediction_is_one(course):
    stored = notebook("1 + 1", outputs=[{"data": {"text/plain": "2"}}], execution_count=1)
    (course / LESSON).write_bytes(stored)
    workspace.update()
    [cell] = json.loads((course / "work" / LESSON).read_bytes())["cells"]
    assert (cell["source"], cell["outputs"], cell["execution_count"]) == ("1 + 1", [], None)
    assert (course / LESSON).read_bytes() == stored
    # Other outputs of the same cells are no news.
    (course / LESSON).write_bytes(notebook("1 + 1", outputs=[{}]))
    assert workspace.update() == workspace.Update()
    assert workspace.handed_out(b"not a notebook") == b"not a notebook"


def test_without_the_state_nothing_of_the_learner_is_lost(course):
    workspace.update()
    (course / "work" / LESSON).write_bytes(notebook("# mine"))
    workspace.state_path().unlink()
    # Nobody knows whether the course has a newer one, so that is not said.
    assert workspace.update() == workspace.Update(unknown=[LESSON])
    (course / EXERCISE).write_bytes(notebook("# newer"))
    assert workspace.update() == workspace.Update(refreshed=[EXERCISE])
    assert (course / "work" / LESSON).read_bytes() == notebook("# mine")
    (course / LESSON).write_bytes(notebook("# newer"))
    assert workspace.update() == workspace.Update(kept=[LESSON])


def test_a_picture_that_the_learner_pasted_is_never_overwritten(course):
    workspace.update()
    mine = json.loads((course / "work" / LESSON).read_bytes())
    mine["cells"][0]["attachments"] = {"image.png": {"image/png": "AAAA"}}
    mine = json.dumps(mine).encode()
    (course / "work" / LESSON).write_bytes(mine)
    (course / LESSON).write_bytes(notebook("# newer"))
    assert workspace.update() == workspace.Update(kept=[LESSON])
    workspace.reset("02", today=DAY)
    kept = course / "work/notebooks/02_conversion_rates.mine-2026-11-22.ipynb"
    assert kept.read_bytes() == mine


def test_a_copy_that_is_no_notebook_is_left_and_named(course):
    workspace.update()
    (course / "work" / LESSON).write_bytes(b"")
    assert workspace.update() == workspace.Update(unreadable=[LESSON])
    assert (course / "work" / LESSON).read_bytes() == b""


@pytest.mark.parametrize("harm", ["a folder", "too deep", "not a table of cells", "odd cells"])
def test_one_damaged_copy_does_not_keep_the_others_from_being_renewed(course, harm):
    workspace.update()
    copy = course / "work" / LESSON
    if harm == "a folder":
        copy.unlink()
        copy.mkdir()
    if harm == "too deep":
        copy.write_bytes(b'{"cells": ' + b"[" * 100_000)
    if harm == "not a table of cells":
        copy.write_bytes(b'{"cells": [1, 2]}')
    if harm == "odd cells":
        copy.write_bytes(b'{"cells": [{"source": "1", "cell_type": "raw", "attachments": 3}, []]}')
    (course / EXERCISE).write_bytes(notebook("# newer"))
    done = workspace.update()
    assert done == workspace.Update(unreadable=[LESSON], refreshed=[EXERCISE])
    restored, _ = workspace.reset("02", today=DAY)
    kept = "notebooks/02_conversion_rates.mine-2026-11-22.ipynb"
    assert restored == [(LESSON, kept)]
    assert (course / "work" / kept).exists()
    assert copy.read_bytes() == handed_out(course / LESSON)


def test_a_file_where_a_folder_of_copies_should_be_is_named(course, capsys):
    (course / "work").mkdir()
    (course / "work/notebooks").write_text("mine")
    assert cli.main(["workspace"]) == 1
    assert f"cannot use {course / 'work/notebooks'} (not a folder" in capsys.readouterr().err
    assert (course / "work/notebooks").read_text() == "mine"


def test_a_copy_that_cannot_be_written_is_named_and_the_others_are_renewed(course, monkeypatch):
    whole = workspace.write

    def full(path, content):
        if path.name.startswith("02"):
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(path, content)

    monkeypatch.setattr(workspace, "write", full)
    done = workspace.update()
    assert done.added == ["notebooks/00_start_here.ipynb"]
    assert done.notes == [
        f"work/{name} cannot be written (No space left on device)." for name in (LESSON, EXERCISE)
    ]
    monkeypatch.setattr(workspace, "write", whole)
    assert workspace.update().added == [LESSON, EXERCISE]


def test_a_full_disk_does_not_keep_the_lab_from_opening(course, lab, monkeypatch, capsys):
    lab()

    def full(path, state):
        raise OSError(errno.ENOSPC, "No space left on device")

    (course / LESSON).write_bytes(notebook("# newer"))
    monkeypatch.setattr(workspace, "write_state", full)
    assert lab()[0] == 0
    assert "The disk is full: until there is room, nothing" in capsys.readouterr().out


def test_a_folder_without_lessons_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="has no lessons.*python start.py lab"):
        workspace.update(tmp_path)


# The state


def test_a_task_solved_while_a_slow_update_runs_is_not_forgotten(course, monkeypatch):
    workspace.update()
    path, whole = workspace.state_path(), workspace.write

    def slow(target, content):
        # A notebook's check() on a disk so slow that it did not wait for the update.
        state = json.loads(path.read_bytes())
        whole(path, json.dumps({**state, "tasks": {"2.1": "solved"}}).encode())
        whole(target, content)

    (course / LESSON).write_bytes(notebook("# newer"))
    monkeypatch.setattr(workspace, "write", slow)
    monkeypatch.setattr(
        workspace, "write_state", lambda path, state: whole(path, json.dumps(state).encode())
    )
    assert workspace.update().refreshed == [LESSON]
    state = json.loads(path.read_bytes())
    assert state["tasks"] == {"2.1": "solved"}
    assert state["copies"][LESSON]["cells"] == workspace.fingerprint(notebook("# newer"))
    workspace.reset("02")
    assert json.loads(path.read_bytes())["tasks"] == {"2.1": "solved"}


def test_an_update_does_not_keep_a_notebook_from_noting_a_solved_task(course, monkeypatch):
    workspace.update()
    path, whole, waited = workspace.state_path(), workspace.write, []

    def slow(target, content):
        before = time.monotonic()
        with workspace.locked(path, seconds=60):  # as check() does
            waited.append(time.monotonic() - before)
        whole(target, content)

    (course / LESSON).write_bytes(notebook("# newer"))
    monkeypatch.setattr(workspace, "write", slow)
    monkeypatch.setattr(workspace, "write_state", lambda path, state: None)
    workspace.update()
    assert waited and max(waited) < 30


@pytest.mark.parametrize("content", [b"", b'{"copies": ', b"[1]", b'{"copies": 3}', b"\xff\xfe"])
def test_a_damaged_state_is_put_aside(course, content):
    workspace.update()
    path = workspace.state_path()
    path.write_bytes(content)
    done = workspace.update(today=DAY)
    assert "damaged" in done.notes[0]
    assert ".progress.json.broken-2026-11-22" in done.notes[0]
    assert path.with_name(".progress.json.broken-2026-11-22").read_bytes() == content
    assert json.loads(path.read_bytes())["copies"].keys() == workspace.course_notebooks().keys()
    path.write_bytes(b"again")
    workspace.update(today=DAY)
    aside = [path for path in path.parent.glob(".progress.json.broken-*") if path.is_file()]
    assert sorted(path.read_bytes() for path in aside) == sorted([content, b"again"])


def test_the_state_keeps_what_others_wrote_into_it(course):
    workspace.update()
    path = workspace.state_path()
    state = json.loads(path.read_bytes())
    workspace.write_state(path, {**state, "tasks": {"2.1": "done – gut"}})
    workspace.write(course / "notebooks/03_roi.ipynb", notebook("3"))
    workspace.update()
    assert json.loads(path.read_text(encoding="utf-8"))["tasks"] == {"2.1": "done – gut"}


def test_the_state_can_be_elsewhere(course, monkeypatch, tmp_path):
    monkeypatch.setenv("FUNNELKIT_STATE", str(tmp_path / "away" / "state.json"))
    workspace.update()
    assert (tmp_path / "away" / "state.json").is_file()
    assert not (course / "work" / ".progress.json").exists()


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "state.json"
    workspace.write_state(path, {"a": 1})

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        workspace.write_state(path, {"a": 2})
    assert json.loads(path.read_bytes()) == {"a": 1}
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


# reset


def test_reset_keeps_what_the_learner_wrote(course):
    workspace.update()
    copy = course / "work" / LESSON
    for number, mine in enumerate([notebook("# mine"), notebook("# mine, too"), b"broken"], 1):
        copy.write_bytes(mine)
        restored, notes = workspace.reset("02", kinds=["lesson"], today=DAY)
        name = f"notebooks/02_conversion_rates.mine-2026-11-22{'' if number == 1 else -number}"
        assert restored == [(LESSON, f"{name}.ipynb")]
        assert notes == []
        assert (course / "work" / f"{name}.ipynb").read_bytes() == mine
        assert copy.read_bytes() == handed_out(course / LESSON)
    assert len(list(copy.parent.glob("*.mine-*"))) == 3
    assert workspace.update() == workspace.Update()


def test_reset_brings_back_the_lesson_unless_told_otherwise(course, capsys):
    workspace.update()
    for name in (LESSON, EXERCISE):
        (course / "work" / name).write_bytes(notebook("# mine"))
    assert cli.main(["reset", "2", "--exercise"]) == 0
    assert (course / "work" / LESSON).read_bytes() == notebook("# mine")
    assert (course / "work" / EXERCISE).read_bytes() == handed_out(course / EXERCISE)
    (course / "work" / EXERCISE).write_bytes(notebook("# hours of work"))
    assert cli.main(["reset", "02_conversion_rates"]) == 0
    assert (course / "work" / LESSON).read_bytes() == handed_out(course / LESSON)
    assert (course / "work" / EXERCISE).read_bytes() == notebook("# hours of work")
    said = capsys.readouterr().out
    assert f"work/{LESSON} is as the course has it. Yours is kept as work/notebooks/02_" in said
    assert "Reload Notebook from Disk" in said
    (course / "work" / LESSON).write_bytes(notebook("# mine"))
    assert cli.main(["reset", "02", "--lesson", "--exercise"]) == 0
    for name in (LESSON, EXERCISE):
        assert (course / "work" / name).read_bytes() == handed_out(course / name)


def test_reset_of_an_untouched_copy_keeps_no_second_one(course):
    workspace.update()
    both = ["lesson", "exercise"]
    assert workspace.reset(2, kinds=both)[0] == [(LESSON, None), (EXERCISE, None)]
    (course / LESSON).write_bytes(notebook("# newer"))
    (course / "work" / EXERCISE).unlink()
    assert workspace.reset(2, kinds=both)[0] == [(LESSON, None), (EXERCISE, None)]
    assert not list((course / "work").rglob("*.mine-*"))


def test_reset_settles_a_newer_version(course):
    workspace.update()
    (course / "work" / LESSON).write_bytes(notebook("# mine"))
    (course / LESSON).write_bytes(notebook("# newer"))
    assert workspace.update().kept == [LESSON]
    workspace.reset("02")
    assert workspace.update() == workspace.Update()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["42"], "there is no lesson '42'; choose one of 00, 02"),
        (
            ["42", "--lesson", "--exercise"],
            "there is no lesson and no exercise '42'; choose one of 00, 02",
        ),
        (["00", "--exercise"], "there is no exercise '00'; choose one of 02"),
        (["../02"], "there is no lesson '../02'"),
    ],
)
def test_reset_of_what_is_not_there(course, capsys, arguments, message):
    assert cli.main(["reset", *arguments]) == 1
    assert message in capsys.readouterr().err


def test_names_are_safe_on_windows(course):
    workspace.update()
    (course / "work" / LESSON).write_bytes(notebook("# mine"))
    workspace.state_path().write_bytes(b"broken")
    workspace.reset("02")
    for path in (course / "work").rglob("*"):
        assert not re.search(r'[<>:"|?*\\]', path.name), path.name


# lab


def test_lab_opens_the_first_lesson_from_any_folder(course, lab, capsys):
    code, arguments, announced = lab("--no-browser")
    assert code == 0
    page = "/lab/tree/notebooks/00_start_here.ipynb"
    assert announced == page
    (port,) = (one for one in arguments if one.startswith("--ServerApp.port="))
    port = port.partition("=")[2]
    assert len(os.environ["JUPYTER_TOKEN"]) > 20
    assert f"--ServerApp.root_dir={course / 'work'}" in arguments
    assert f"--ServerApp.port={port}" in arguments
    assert f"--LabApp.default_url={page}" in arguments
    assert "--no-browser" in arguments
    assert os.environ["JUPYTER_TOKEN"] not in " ".join(arguments)
    assert Path.cwd() == course / "work"
    said = capsys.readouterr().out
    assert "Copied into work: notebooks/00_start_here, " in said
    assert "Starting JupyterLab, which takes a few seconds." in said


def test_lab_opens_the_lesson_asked_for(lab, capsys):
    _, arguments, _ = lab("2")
    assert f"--LabApp.default_url=/lab/tree/{LESSON}" in arguments
    assert "--no-browser" not in arguments
    code, arguments, _ = lab("77")
    assert (code, arguments) == (1, None)
    assert "there is no lesson 77; choose one of 00, 02" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        lab("intro")


def test_lab_takes_away_what_would_show_other_kernels_or_no_charts(lab, monkeypatch):
    others = {"MPLBACKEND": "Agg", "JUPYTER_PREFER_ENV_PATH": "0", "JUPYTER_NO_CONFIG": "1"}
    for name, value in {**others, "JUPYTERLAB_DIR": "/elsewhere", "JUPYTER_TOKEN": ""}.items():
        monkeypatch.setenv(name, value)
    lab()
    assert not {*others, "JUPYTERLAB_DIR"} & set(os.environ)
    assert len(os.environ["JUPYTER_TOKEN"]) > 20
    monkeypatch.setenv("JUPYTER_TOKEN", "of the user")
    lab()
    assert os.environ["JUPYTER_TOKEN"] == "of the user"


def test_lab_encrypts_what_goes_to_kernels_where_it_can(lab, monkeypatch):
    import zmq

    option = "--KernelManager.transport_encryption=auto"
    monkeypatch.setattr(zmq, "has", lambda what: True)
    assert option in lab()[1]
    monkeypatch.setattr(zmq, "has", lambda what: False)
    assert option not in lab()[1]


def test_lab_keeps_in_work_what_home_cannot_take(course, lab, monkeypatch, tmp_path):
    file = tmp_path / "a file"
    file.write_bytes(b"")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    names += ("MPLCONFIGDIR",)
    for name in names:
        monkeypatch.setenv(name, str(file / name))
    lab()
    for name in names:
        assert os.environ[name] == str(course / "work" / ".jupyter" / name.lower())
        monkeypatch.setenv(name, str(tmp_path / "mine"))
    lab()
    assert {os.environ[name] for name in names} == {str(tmp_path / "mine")}
    assert not (tmp_path / "mine").exists(), "it is asked, not made"


def test_a_file_that_hides_a_package_is_named(course, lab, capsys):
    lab()
    copies = course / "work" / "notebooks"
    for name in ("pandas.py", "helpers.py", "numpy.txt"):
        (copies / name).write_text("x = 1\n", encoding="utf-8")
    workspace.write(course / "work" / "exercises" / "matplotlib" / "__init__.py", b"")
    capsys.readouterr()
    lab()
    said = capsys.readouterr().out
    assert "work/notebooks/pandas.py hides the package of that name" in said
    assert "work/exercises/matplotlib hides the package" in said
    assert "helpers" not in said and "numpy" not in said
    said, remedy = fault(doctor.check_names, course)
    assert "notebooks/pandas.py, exercises/matplotlib in work hide packages" in said
    assert "other names" in remedy


class Started(Exception):
    """Stands for the new program that takes this one's place."""


@pytest.fixture
def gives_up(course, lab, monkeypatch):
    """Have JupyterLab give up at its start; return what stands for the next start."""
    starts = []

    def run(arguments):
        raise SystemExit(1)

    def again(program, command):
        starts.append((program, command, os.environ.get("JUPYTER_CONFIG_DIR", "")))
        raise Started

    monkeypatch.setattr(jupyterlab, "run_jupyterlab", run)
    monkeypatch.setattr(os, "execv", again)
    monkeypatch.setattr(jupyterlab.subprocess, "call", lambda command: again("", command))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", "of the user")
    return starts


def test_a_lab_whose_port_was_taken_in_the_same_moment_starts_again(gives_up, monkeypatch, capsys):
    free = jupyterlab.free_port
    monkeypatch.setattr(jupyterlab, "FIRST_PORT", free())
    wanted = []

    def port(one=None):
        wanted.append(one)
        if one:
            raise ValueError(f"port {one} is in use: leave out --port to take one that is free")
        return free()

    monkeypatch.setattr(jupyterlab, "free_port", port)
    for _ in range(5):
        with pytest.raises(Started):
            cli.main(["lab"])
    said = capsys.readouterr().out
    assert said.count("taken port") == 5
    assert gives_up[0][1] == [sys.executable, *sys.orig_argv[1:]]
    assert {settings for _, _, settings in gives_up} == {"of the user"}
    assert cli.main(["lab"]) == 1, "it does not go on for ever"
    assert "is in use" in capsys.readouterr().err


def test_a_lab_that_stops_at_the_users_settings_starts_without_them(course, gives_up, capsys):
    with pytest.raises(Started):
        cli.main(["lab"])
    assert "does not start with your own settings of Jupyter" in capsys.readouterr().out
    ((_, _, settings),) = gives_up
    assert settings == str(course / "work" / ".jupyter" / "jupyter_config_dir")
    assert cli.main(["lab"]) == 1
    assert "JupyterLab does not start (the reason is above)" in capsys.readouterr().err


def test_a_lab_that_does_not_answer_is_not_waited_for_in_silence(monkeypatch, capsys):
    import jupyter_server.serverapp as serverapp

    class Server:
        web_app = None

        @staticmethod
        def initialized():
            return True

        @classmethod
        def instance(cls):
            return cls

    answers = iter([None, None, None, "http://127.0.0.1:1/lab"])
    monkeypatch.setattr(serverapp, "ServerApp", Server)
    monkeypatch.setattr(jupyterlab, "address", lambda server, page: next(answers))
    monkeypatch.setattr(jupyterlab, "PATIENCE", 0.0)
    opened = threading.Event()
    jupyterlab.announce("/lab/tree/x", opened)
    said = capsys.readouterr().out
    assert said.count("It does not answer yet") == 1
    assert "open at\n\n    http://127.0.0.1:1/lab\n" in said
    assert opened.is_set()


def test_a_package_that_cannot_be_loaded_is_named(course, monkeypatch, capsys):
    def broken():
        raise ImportError("libzmq.so: failed to map segment")

    monkeypatch.setattr(workspace, "update", broken)
    assert cli.main(["workspace"]) == 1
    assert "libzmq.so: failed to map segment); try 'funnelkit doctor'" in capsys.readouterr().err


def test_workspace_lays_out_the_notebooks_without_a_server(course, monkeypatch, capsys):
    monkeypatch.setattr(jupyterlab, "open_lab", None)
    assert cli.main(["workspace"]) == 0
    said = capsys.readouterr().out
    assert "Copied into work: notebooks/00_start_here, " in said
    assert f"The notebooks are in {course / 'work'}" in said
    assert (course / "work" / EXERCISE).is_file()


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "gbk", "ascii", "latin-1", "koi8-r"])
@pytest.mark.parametrize("verb", ["progress", "doctor", "workspace", "reset"])
def test_every_terminal_can_show_what_is_said(course, monkeypatch, encoding, verb):
    def check_bad(root):
        raise doctor.Fault("œuvre é – 講 ○ ✓", "do as told →")

    monkeypatch.setattr(doctor, "CHECKS", [check_bad])
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    arguments = [verb, "77"] if verb == "reset" else [verb]
    assert cli.main(arguments) == (verb in ("doctor", "reset"))
    for stream in streams:
        stream.flush()
    said = streams[0].buffer.getvalue() + streams[1].buffer.getvalue()
    assert said.decode(encoding).strip()


def test_characters_that_a_terminal_lacks_are_spelled():
    def shown(text, encoding):
        return text.encode(encoding, "funnelkit").decode(encoding)

    cli.adapt_outputs()
    assert shown("✓ ✗ ○ – … ≥ € é ﬁ 講", "ascii") == "+ x - - ... >= EUR e fi ?"
    assert shown("✓ – € é", "cp1252") == "+ – € é"
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", "funnelkit")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_reader_that_has_read_enough_is_not_an_error(course):
    script = (
        "import sys; from pathlib import Path; from funnelkit import workspace; "
        "from funnelkit.app import cli; "
        "workspace.ROOT = Path(sys.argv[1]); sys.exit(cli.main(['workspace']))"
    )
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-c", script, course], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (1, "")


def test_lab_passes_other_options_on(lab):
    _, arguments, _ = lab("--LabApp.custom_css=True", "--debug")
    assert arguments[-2:] == ["--LabApp.custom_css=True", "--debug"]


def test_lab_takes_a_free_port(lab, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        taken = other.getsockname()[1]
        code, arguments, _ = lab("--port", str(taken))
        assert (code, arguments) == (1, None)
        assert f"port {taken} is in use: leave out --port" in capsys.readouterr().err
    assert f"--ServerApp.port={taken}" in lab("--port", str(taken))[1]
    assert lab("--port", "99999")[0] == 1
    assert "port 99999 cannot be used" in capsys.readouterr().err


def test_a_taken_port_is_passed_over(monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        monkeypatch.setattr(jupyterlab, "FIRST_PORT", other.getsockname()[1])
        assert jupyterlab.free_port() != other.getsockname()[1]


def test_lab_sets_up_jupyterlab_without_touching_the_users_settings(course, lab, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/of/the/user")
    monkeypatch.delenv("OMP_NUM_THREADS")
    lab()
    ours, theirs = os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert (Path(ours), theirs) == (ROOT / "funnelkit" / "app" / "lab_config", "/of/the/user")
    layouts = Path(os.environ["JUPYTERLAB_WORKSPACES_DIR"])
    assert layouts == course / "work" / ".jupyter" / "workspaces"
    assert os.environ["PATH"].startswith(os.path.dirname(sys.executable) + os.pathsep)
    assert os.environ["OMP_NUM_THREADS"] == "1"
    (layout,) = layouts.iterdir()
    left = json.loads(layout.read_bytes())["data"]["layout-restorer:data"]["left"]
    assert left["current"] == "@jupyterlab/toc:plugin"
    # What the learner arranges after that stays.
    layout.write_bytes(b"{}")
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    lab()
    assert layout.read_bytes() == b"{}"
    assert os.environ["OMP_NUM_THREADS"] == "4"


def test_lab_says_what_changed(course, lab, capsys):
    lab()
    (course / "work" / LESSON).write_bytes(notebook("# mine"))
    for name in (LESSON, EXERCISE):
        (course / name).write_bytes(notebook("# newer"))
    capsys.readouterr()
    lab()
    said = capsys.readouterr().out
    assert "Brought up to date: exercises/02_conversion_rates." in said
    assert "newer version of notebooks/02_conversion_rates" in said
    assert "'funnelkit reset 02' (or 'python start.py reset 02') brings" in said
    (course / "work" / EXERCISE).write_bytes(b"")
    workspace.state_path().write_bytes(b"")
    lab()
    said = capsys.readouterr().out
    assert "was damaged" in said
    assert "No longer a notebook: exercises/02_conversion_rates" in said


def test_lab_without_a_place_to_write_says_so(course, lab, capsys):
    (course / "work").write_text("a file where the folder should be", encoding="utf-8")
    code, arguments, _ = lab()
    assert (code, arguments) == (1, None)
    said = capsys.readouterr().err
    assert said.startswith("funnelkit: cannot use ")
    assert "not a folder, but a file or a link that leads nowhere: rename it" in said
    assert "funnelkit doctor" in said


def test_misspelt_commands_are_refused(course, capsys):
    for arguments in ([], ["lba"], ["reset"], ["reset", "02", "--lessen"], ["doctor", "--fast"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert ended.value.code == 2
    assert "unknown: --lessen" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Ctrl+C cannot be sent to a program this way")
@pytest.mark.parametrize("before", ["default_int_handler", "SIG_IGN"])
def test_real_jupyterlab_answers_at_the_printed_address(course, tmp_path, before):
    home = tmp_path / "home"
    home.mkdir()
    # The thread stands for those that JupyterLab leaves behind: Ctrl+C must end it all the same.
    # A job that a script starts in the background ignores Ctrl+C at first.
    script = (
        "import signal, sys, threading; from pathlib import Path; "
        "from funnelkit import workspace; from funnelkit.app import cli; "
        f"signal.signal(signal.SIGINT, signal.{before}); "
        "threading.Thread(target=threading.Event().wait).start(); "
        "workspace.ROOT = Path(sys.argv[1]); sys.exit(cli.main(sys.argv[2:]))"
    )
    names = [name for name in os.environ if name.startswith(("JUPYTER", "FUNNELKIT", "IPYTHON"))]
    variables = {name: text for name, text in os.environ.items() if name not in names}
    variables.update(HOME=str(home), PYTHONPATH=str(ROOT))
    with subprocess.Popen(
        [sys.executable, "-c", script, course, "lab", "--no-browser"],
        cwd=tmp_path,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as server:
        # So that a JupyterLab that neither answers nor ends fails this test, not all that follow.
        limit = threading.Timer(120, server.kill)
        limit.start()
        try:
            address = next(line.strip() for line in server.stdout if "http://127.0.0.1:" in line)
            base, token = re.fullmatch(r"(.*?)/lab/tree/\S+\?token=(\S+)", address).groups()

            def ask(path):
                request = urllib.request.Request(base + path)
                request.add_header("Authorization", f"token {token}")
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return answer.read().decode("utf-8")

            listing = json.loads(ask("/api/contents/notebooks"))["content"]
            assert {one["name"] for one in listing} == {
                "00_start_here.ipynb",
                "02_conversion_rates.ipynb",
            }
            plugin = "@jupyterlab/apputils-extension:notification"
            news = json.loads(ask(f"/lab/api/settings/{plugin}"))["schema"]["properties"]
            assert news["fetchNews"]["default"] == "false"
            assert news["checkForUpdates"]["default"] is False
            assert '"news": {"disabled": true}' in ask("/lab")
            layout = json.loads(ask("/lab/api/workspaces/default"))["data"]
            assert layout["layout-restorer:data"]["left"]["current"] == "@jupyterlab/toc:plugin"
        finally:
            server.send_signal(signal.SIGINT)
            _, errors = server.communicate()
            limit.cancel()
    assert server.returncode == 0, errors
    assert not (home / ".jupyter").exists()


# doctor


@pytest.fixture
def machine(course):
    """Return the folder of a course with a lock that this machine fulfils."""
    shutil.copy(ROOT / "pyproject.toml", course / "pyproject.toml")
    pins = [f"{name}=={metadata.version(name)}" for name in ("numpy", "pandas")]
    pins.append("pywinpty==3.1.2 ; os_name == 'no such system'")
    (course / "requirements.lock").write_text(
        "\n    # via\n    #   funnelkit\n".join(pins) + "\n", encoding="utf-8"
    )
    return course


def fault(check, root):
    """Return what a check finds wrong, and the remedy."""
    with pytest.raises(doctor.Fault) as found:
        check(root)
    assert found.value.remedy
    return str(found.value), found.value.remedy


def test_doctor_finds_nothing_wrong_here(machine, monkeypatch, capsys):
    monkeypatch.setattr(data, "verify_checksums", lambda: [])
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "Nothing is wrong with this machine." in said
    assert said.count("✓") == len(doctor.CHECKS)
    assert "kernel: starts, computes 1 + 1 and shows a chart" in said
    assert "JupyterLab: answers at its address" in said
    assert "packages: all 2 as pinned" in said


def test_doctor_on_another_python(machine):
    for version in ("3.10.13", "3.15.0"):
        wrong, mend = fault(lambda root, v=version: doctor.check_python(root, v), machine)
        assert wrong == f"Python {version} is outside >=3.11,<3.15"
        assert "start.py lab" in mend


def test_doctor_on_other_packages(machine):
    lock = machine / "requirements.lock"
    lock.write_text("numpy==1.0\nno-such-package==2.0\n", encoding="utf-8")
    wrong, mend = fault(doctor.check_packages, machine)
    there = metadata.version("numpy")
    assert f"numpy is {there}, the course is written for 1.0" in wrong
    assert "no-such-package is missing, the course is written for 2.0" in wrong
    assert ".venv" in mend
    lock.write_text("".join(f"no-such-{n}==1\n" for n in range(8)), encoding="utf-8")
    assert fault(doctor.check_packages, machine)[0].endswith("; and 3 more")


def test_doctor_reads_the_real_lock():
    pins = doctor.read_lock(ROOT / "requirements.lock")
    assert {"numpy", "pandas", "jupyterlab"} <= set(pins)
    assert len(pins) > 80


def test_doctor_on_damaged_data(machine, monkeypatch):
    wrong = "datasets/events.csv.gz is not there."
    monkeypatch.setattr(data, "verify_checksums", lambda: [wrong])
    said, mend = fault(doctor.check_data, machine)
    assert wrong in said
    assert "unpack the course again" in mend
    assert ".venv" not in mend


def test_doctor_names_each_damaged_file_of_the_course(machine, monkeypatch, tmp_path):
    tables = tmp_path / "datasets"
    shutil.copytree(data.data_folder(), tables)
    for name in ("spend.csv.gz", "events.csv.gz"):  # as a USB stick that was pulled out leaves them
        (tables / name).write_bytes((tables / name).read_bytes()[:1000])
    monkeypatch.setattr(data, "data_folder", lambda: tables)
    said, remedy = fault(doctor.check_data, machine)
    assert "datasets/spend.csv.gz is damaged" in said
    assert "datasets/events.csv.gz is damaged" in said
    assert "unpack the course again" in remedy
    with pytest.raises(ValueError, match=r"datasets/spend.csv.gz is damaged .*again\."):
        data.load("spend")
    (tables / "truth.json").write_bytes(b'{"seed":')
    said, remedy = fault(doctor.check_data, machine)
    assert said.count("truth.json is damaged") == 1
    assert "unpack the course again" in remedy
    (machine / LESSON).write_bytes((machine / LESSON).read_bytes()[:-9])
    said, remedy = fault(doctor.check_notebooks, machine)
    assert said == f"notebooks: damaged are {LESSON}"
    assert "unpack the course again" in remedy
    shutil.rmtree(machine / "notebooks")
    shutil.rmtree(machine / "exercises")
    assert "there are none" in fault(doctor.check_notebooks, machine)[0]


def test_doctor_tells_the_courses_files_from_the_environments(machine):
    def check_lock(root):
        return doctor.read_lock(root / "no.lock")

    lines, faults = doctor.diagnose(machine, checks=[check_lock], encoding="utf-8")
    assert faults == 1
    assert "unpack the course again" in lines[1]


def test_doctor_on_a_kernel_that_does_not_start(machine, monkeypatch):
    import jupyter_client.manager

    def broken(**options):
        raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr(jupyter_client.manager, "start_new_kernel", broken)
    said, mend = fault(doctor.check_kernel, machine)
    assert "does not start (RuntimeError: Kernel died" in said
    assert ".venv" in mend


@pytest.mark.parametrize(
    ("printed", "wrong"),
    [
        ("2\n/somewhere/else", "it is started from another Python"),
        ("3\n/somewhere/else", "1 + 1 gave 3"),
        ("", "1 + 1 gave nothing"),
        (f"2\n{sys.prefix}", "a chart is not shown"),
    ],
)
def test_doctor_on_a_kernel_that_is_not_ours(machine, monkeypatch, printed, wrong):
    import jupyter_client.manager

    class Kernel:
        def execute_interactive(self, code, output_hook, **options):
            output_hook({"content": {"execution_state": "busy"}})
            output_hook({"content": {"text": printed}})
            output_hook({"content": {"data": {"text/plain": "a chart"}}})

        def stop_channels(self):
            pass

        def shutdown_kernel(self, now):
            pass

    monkeypatch.setattr(
        jupyter_client.manager, "start_new_kernel", lambda **options: (Kernel(), Kernel())
    )
    assert wrong in fault(doctor.check_kernel, machine)[0]


def test_doctor_where_nothing_can_be_written(machine, monkeypatch):
    (machine / "work").write_text("in the way", encoding="utf-8")
    said, mend = fault(doctor.check_work, machine)
    assert "not a folder" in said
    assert "another name" in mend
    (machine / "work").unlink()

    def refused(**options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refused)
    said, mend = fault(doctor.check_work, machine)
    assert "cannot write to" in said
    assert "move the course" in mend


def test_doctor_on_a_jupyterlab_that_does_not_open(machine, monkeypatch):
    whole = subprocess.Popen
    monkeypatch.setattr(
        doctor.subprocess,
        "Popen",
        lambda command, **options: whole([sys.executable, "-c", "print('no way')"], **options),
    )
    said, remedy = fault(doctor.check_lab, machine)
    assert said == "JupyterLab: does not open (no way)"
    assert ".venv" in remedy
    with monkeypatch.context() as slow:
        slow.setattr(
            doctor.subprocess,
            "Popen",
            lambda command, **options: whole(
                [sys.executable, "-c", "import time; time.sleep(600)"], **options
            ),
        )
        said, remedy = fault(lambda root: doctor.check_lab(root, seconds=0.5), machine)
        assert "does not open within 0.5 s" in said
        assert ".venv" not in remedy
    program = "print('Bad settings: starting without them.\\n\\n   http://127.0.0.1:1/lab')"
    monkeypatch.setattr(
        doctor.subprocess,
        "Popen",
        lambda command, **options: whole([sys.executable, "-c", program], **options),
    )
    with pytest.raises(doctor.Advice, match="with your own settings of Jupyter"):
        doctor.check_lab(machine)


def test_doctor_on_a_disk_and_memory_that_are_scarce(machine, monkeypatch):
    free = {"is": 50e9}
    monkeypatch.setattr(doctor.machine, "free_disk", lambda folder: free["is"])
    assert doctor.check_disk(machine) == "disk: 50,000 MB are free"
    free["is"] = 700e6
    with pytest.raises(doctor.Advice, match="700 MB"):
        doctor.check_disk(machine)
    free["is"] = 7e6
    said, remedy = fault(doctor.check_disk, machine)
    assert (said, remedy.split(":")[0]) == ("disk: 7 MB are free", "make room")
    assert doctor.check_memory(machine, lambda: 8 * 2**30) == "memory: 8.0 GiB"
    assert "does not say" in doctor.check_memory(machine, lambda: None)
    with pytest.raises(doctor.Advice, match="2.0 GiB"):
        doctor.check_memory(machine, lambda: 2 * 2**30)
    assert doctor.check_memory(machine).startswith("memory: ")


def test_doctor_on_drives_that_others_see(machine, monkeypatch):
    assert "own disk" in doctor.check_place(machine)
    place = os.path.realpath(machine).replace(" ", r"\040")  # as Linux writes it
    mounts = (
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        f"36 22 0:30 / {os.path.realpath(machine.parent)} rw - nfs4 server:/home rw\n"
        f"37 36 8:2 / {place}-other rw - ext4 /dev/sdb1 rw\n"
        "a line that is damaged\n"
    )
    if os.name != "nt":
        assert doctor.machine.drive_kind(machine / "work", mounts=mounts) == "nfs4"
        assert doctor.machine.drive_kind(f"{machine}-other/work", mounts=mounts) == ""
        assert doctor.machine.drive_kind("/elsewhere", mounts=mounts) == ""
    monkeypatch.setattr(doctor.machine, "drive_kind", lambda folder: "nfs4")
    with pytest.raises(doctor.Advice, match=r"on a drive that others see, too \(nfs4\)"):
        doctor.check_place(machine)
    monkeypatch.undo()
    synchronized = machine / "OneDrive - Company" / "funnelkit"
    synchronized.mkdir(parents=True)
    with pytest.raises(doctor.Advice, match="OneDrive"):
        doctor.check_place(synchronized)


def test_doctor_on_a_drive_that_lets_no_program_run(machine, monkeypatch):
    monkeypatch.setattr(doctor.install, "programs_forbidden", lambda place: True)
    said, remedy = fault(doctor.check_place, machine)
    assert "noexec" in said
    assert "move the course" in remedy


def test_doctor_on_a_path_too_long_for_windows(machine, monkeypatch):
    monkeypatch.setattr(doctor.machine, "path_limit", lambda env: 12)
    said, remedy = fault(doctor.check_place, machine)
    assert "12 characters too long for Windows" in said
    assert r"C:\funnelkit" in remedy


def test_doctor_on_a_home_that_cannot_be_written_to(machine, monkeypatch):
    assert "can be written to" in doctor.check_home(machine)
    monkeypatch.setattr(doctor.lab, "unwritable_homes", lambda: ["IPYTHONDIR"])
    assert "IPYTHONDIR cannot be written to" in doctor.check_home(machine)


@pytest.mark.skipif(os.name == "nt", reason="bubblewrap exists only on Linux")
def test_doctor_on_grading(machine, monkeypatch, tmp_path):
    bwrap = tmp_path / "bwrap"
    monkeypatch.setattr(shutil, "which", lambda name: str(bwrap))
    for code, told in ((0, "bubblewrap is here"), (1, "bubblewrap is here and does not work")):
        bwrap.write_text(f"#!/bin/sh\nexit {code}\n")
        bwrap.chmod(0o755)
        assert doctor.check_grading(machine).split(": ")[1].split(";")[0] == told
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "learners do not need it" in doctor.check_grading(machine)


def test_doctor_gives_advice_that_is_not_a_fault(machine):
    def check_slow(root):
        raise doctor.Advice("memory: little", "close programs")

    lines, faults = doctor.diagnose(machine, checks=[check_slow], encoding="utf-8")
    assert (lines[:2], faults) == (["! memory: little", "  better: close programs"], 0)
    assert "Nothing is wrong with this machine." in lines


def test_doctor_without_a_port(machine, monkeypatch):
    def refused(*arguments):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refused)
    said, mend = fault(doctor.check_port, machine)
    assert "127.0.0.1 (Permission denied)" in said
    assert "firewall" in mend


def test_doctor_goes_on_after_a_fault_and_names_the_remedy(machine, capsys, monkeypatch):
    def check_broken(root):
        raise KeyError("surprise")

    def check_private(root):
        raise doctor.Fault(f"cannot write to {root / 'work'} and {Path.home() / 'x'}", "mend it so")

    monkeypatch.setattr(doctor, "CHECKS", [check_broken, check_private, doctor.check_port])
    assert cli.main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "✗ broken: KeyError: 'surprise'"
    assert lines[1].startswith("  to fix it: delete the folder .venv")
    assert lines[2] == f"✗ cannot write to {Path('the course’s folder')} and ~/x".replace(
        "the course’s folder", f"the course's folder{os.sep}work"
    )
    assert lines[3] == "  to fix it: mend it so"
    assert lines[4] == "✓ port: one is free on 127.0.0.1"
    assert lines[6] == "If that does not help, copy all of this to your trainer."
    assert lines[7].startswith("Python 3.")
    assert "pandas " in lines[7]


def test_doctor_where_there_is_no_home(machine, homeless, monkeypatch):
    monkeypatch.delenv("IPYTHONDIR", raising=False)

    def check_bad(root):
        raise doctor.Fault(f"cannot write to {root / 'work'} and ~", "mend it so")

    lines, faults = doctor.diagnose(machine, checks=[check_bad, doctor.check_home])
    assert faults == 1
    assert "cannot write to the course's folder" in lines[0]
    assert lines[0].endswith("and ~")
    assert "IPYTHONDIR" in lines[2]
    assert "cannot be written to, so 'funnelkit lab' uses work/.jupyter" in lines[2]


def test_doctor_on_a_terminal_without_signs(machine):
    def check_bad(root):
        raise doctor.Fault("no ✓ here", "do as told")

    lines, faults = doctor.diagnose(checks=[doctor.check_port, check_bad], encoding="ascii")
    assert faults == 1
    assert lines[0].startswith("ok    port")
    assert lines[1] == "WRONG no ? here"
    assert all(line.isascii() for line in lines)
