"""The package as others install it: a wheel, without a clone beside it."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy, so that nothing is left behind in this folder."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    for name in ("funnelkit", "datasets"):
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=leave)
    made = tmp_path_factory.mktemp("made")
    # As `pip install FOLDER` does, but with the setuptools of the tests instead of the newest.
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    built = subprocess.run([*command, "-w", made, source], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (file,) = made.glob("*.whl")
    return file


def test_the_wheel_holds_the_tables_and_the_settings_of_jupyterlab(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    files = [path for path in (ROOT / "datasets").rglob("*") if path.is_file()]
    tables = {f"funnelkit/_{path.relative_to(ROOT).as_posix()}" for path in files}
    assert tables <= names
    settings = (ROOT / "funnelkit/app/lab_config").rglob("*.[jc]s*")
    assert {path.relative_to(ROOT).as_posix() for path in settings} <= names
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "funnelkit").rglob("*.py")}
    assert modules <= names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"funnelkit"}


def test_tables_load_from_an_installed_wheel_anywhere(wheel, tmp_path):
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # A package of Hugging Face's has this name, too, and would be beside it.
    (site / "datasets").mkdir()
    code = (
        "import funnelkit as fk; print(fk.__file__); print(fk.load('cdnow').shape); "
        "print(fk.truth()['facts']['outage_day']); print(fk.data.verify_checksums())"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    file, *rest = ran.stdout.splitlines()
    assert Path(file).is_relative_to(site), ran.stderr
    assert rest == ["(6919, 5)", "2026-03-18", "[]"]
