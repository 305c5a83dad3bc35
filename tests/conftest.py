"""Fixtures of the tests of grading, and of a user without a home."""

import os

import handed_in
import pytest

from funnelkit import grading
from funnelkit.exercises import checks
from funnelkit.grading.sandbox import Sandbox


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Give the course these two exercises, and no others."""
    folder = tmp_path_factory.mktemp("checks")
    (folder / "ex90_things.py").write_text(handed_in.TASKS)
    (folder / "ex91_others.py").write_text(handed_in.OTHER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "__path__", [str(folder)])
        yield folder


@pytest.fixture
def homeless(monkeypatch):
    """Have a user whom the machine does not know, as in many containers: there is no home."""
    pwd = pytest.importorskip("pwd")

    def nobody(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)


@pytest.fixture(scope="module")
def sandbox():
    """Skip where there is no sandbox, but never where every change is checked."""
    try:
        with Sandbox():
            pass
    except grading.NoSandbox as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))
