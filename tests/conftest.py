"""Fixtures of the tests of grading."""

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


@pytest.fixture(scope="module")
def sandbox():
    """Skip where there is no sandbox, but never where every change is checked."""
    try:
        with Sandbox():
            pass
    except grading.NoSandbox as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))
