"""The packages for a room of mixed machines, and the folder that is carried there."""

import subprocess

import pytest

from tools import wheels

LOCK = wheels.ROOT / "requirements.lock"
ALL = [wheels.Target(s, p) for s in wheels.SYSTEMS for p in ("3.11", "3.12", "3.13")]


def names(target, lock=LOCK):
    return {line.split("==")[0].split(">=")[0] for line in wheels.needed(lock, target)}


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_each_system_gets_the_terminal_that_it_has(python):
    windows, macos, linux = (
        names(wheels.Target(system, python)) for system in ("windows", "macos", "linux")
    )
    assert "pywinpty" in windows
    assert "pexpect" not in windows
    for other in (macos, linux):
        assert "pexpect" in other
        assert "pywinpty" not in other


def test_an_older_python_gets_what_a_newer_one_has_built_in(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("overrides==7.7.0 ; python_full_version < '3.12'\n", encoding="utf-8")
    assert "overrides" in names(wheels.Target("linux", "3.11"), lock)
    assert "overrides" not in names(wheels.Target("linux", "3.12"), lock)


@pytest.mark.parametrize("target", ALL, ids=str)
def test_every_machine_gets_the_installers_and_pins_without_markers(target):
    lines = wheels.needed(LOCK, target)
    assert lines[-2:] == list(wheels.INSTALLERS)
    assert all(";" not in line for line in lines)
    assert all("==" in line for line in lines[:-2])
    assert {"pandas", "jupyterlab", "scikit-surprise"} <= names(target)


def test_no_marker_of_the_lock_asks_for_what_a_target_does_not_say():
    for pin in wheels.pins(LOCK):
        for target in ALL:
            if pin.marker is not None:
                assert pin.marker.evaluate(target.markers) in (True, False)


def test_what_has_no_wheel_for_a_machine_is_named(tmp_path, monkeypatch, capsys):
    def run(command, **kwargs):
        code = int("win_amd64" in command)
        return subprocess.CompletedProcess(command, code, "", "No matching distribution: odd==1")

    monkeypatch.setattr(wheels.subprocess, "run", run)
    code = wheels.main(
        ["--for", "windows", "linux", "--python", "3.13", "--to", str(tmp_path / "a folder")]
    )
    told = capsys.readouterr()
    assert code == 1
    assert "not all is there for windows, Python 3.13" in told.err
    assert "odd==1" in told.err
    assert "linux, Python 3.13: " in told.out
