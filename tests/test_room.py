"""The state of a room, from files that the machines write into a shared folder."""

import json
import os

import pytest

from funnelkit import workspace
from funnelkit.app import cli
from funnelkit.exercises import room


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function that exports what one machine of several has solved."""

    def export(name, to, **tasks):
        path = tmp_path / name / "work" / ".progress.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv("FUNNELKIT_STATE", str(path))
        state, _ = workspace.read_state(path)
        state["tasks"] = {
            task.replace("_", ".")[1:]: dict(zip(("right", "tries", "hints"), entry, strict=True))
            for task, entry in tasks.items()
        }
        workspace.write_state(path, state)
        return room.export(to)

    return export


@pytest.fixture
def share(tmp_path):
    folder = tmp_path / "the share"
    folder.mkdir()
    return folder


def test_the_task_in_which_most_are_stuck_comes_first(machine, share):
    machine("a", share, t1_1=(True, 1, 0), t1_2=(False, 3, 1))
    machine("b", share, t1_1=(True, 2, 0), t1_2=(False, 1, 0), t2_1=(False, 1, 0))
    machine("c", share, t1_1=(False, 1, 2), t1_2=(True, 1, 0))
    state = room.read_room(share)
    assert state.machines == 3
    assert [row[0] for row in state.rows] == ["1.2", "1.1", "2.1"]
    assert [row[2:] for row in state.rows] == [(1, 2, 1), (2, 1, 1), (0, 1, 0)]
    assert state.odd == ()
    assert "Count the people who read in April" in str(state)


def test_a_machine_that_exports_again_is_counted_once(machine, share):
    first = machine("a", share, t1_1=(False, 1, 0))
    assert machine("a", share, t1_1=(True, 2, 0)) == first
    machine("b", share)
    state = room.read_room(share)
    assert state.machines == 2
    assert [row[2:4] for row in state.rows] == [(1, 0)]


def test_of_two_files_of_one_machine_the_later_counts(machine, share):
    old = machine("a", share / "z.json", t1_1=(False, 1, 0))
    machine("a", share / "b.json", t1_1=(True, 2, 0))
    os.utime(old, (0, 0))
    assert [row[2:4] for row in room.read_room(share).rows] == [(1, 0)]


def test_nothing_personal_is_written(machine, share):
    path = machine("a", share, t1_1=(True, 1, 0))
    content = json.loads(path.read_text(encoding="utf-8"))
    assert set(content) == {"kind", room.NUMBER, "tasks"}
    assert content["tasks"] == {"1.1": {"tries": 1, "hints": 0, "right": True}}
    assert str(share.parent / "a") not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "content", [b"", b"[" * 100_000, b"\xff", b"[1]", b'{"kind": "another"}', b'{"kind": 1}']
)
def test_what_is_no_file_of_progress_is_named_and_never_overwritten(machine, share, content):
    (share / "mine.json").write_bytes(content)
    with pytest.raises(ValueError, match="choose another name"):
        machine("a", share / "mine.json")
    assert (share / "mine.json").read_bytes() == content
    machine("a", share, t1_1=(True, 1, 0))
    state = room.read_room(share)
    assert state.machines == 1
    assert state.odd == ("mine.json",)
    assert str(state).endswith("not a file of progress: mine.json")


def test_states_that_somebody_typed_do_not_stop_the_room(machine, share):
    path = machine("a", share, t1_1=(True, 1, 0))
    content = json.loads(path.read_text(encoding="utf-8"))
    content["tasks"] = {"1.1": {"tries": -3, "hints": "many"}, "99.9": {}, "1.2": 7, "1.3": None}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert room.read_room(share).rows == ()
    assert "nobody has tried a task yet" in str(room.read_room(share))


def test_a_place_that_is_not_there_is_named(machine, share):
    with pytest.raises(ValueError, match="is no folder: name the one"):
        room.read_room(share / "nowhere")
    with pytest.raises(ValueError, match="is no folder: name one that is there, or a file"):
        machine("a", share / "nowhere")
    with pytest.raises(OSError):
        machine("a", share / "nowhere" / "a.json")
    assert list(share.iterdir()) == []


def test_the_two_commands(machine, share, capsys):
    machine("a", share / "a.json", t1_2=(False, 2, 0))
    assert cli.main(["progress", "--export", str(share / "a.json")]) == 0
    assert "no name" in capsys.readouterr().out
    assert cli.main(["room", str(share)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("1 machine\n")
    assert "1.2" in said
