"""What a notebook sees of the course: a copy without its answers, and without their makers."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from funnelkit.data import data_folder

__all__ = ["PACKAGE", "ROOT", "compile_libraries", "copy_course"]

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parent
LIBRARIES = ("pandas", "IPython.core.interactiveshell", "matplotlib.pyplot")

# What can tell the truth of the tables: the generator that made them, and the tasks.
SECRET = ("ex[0-9]*", "simulate*", "draws*", "world", "_datasets")
GENERATOR = """
raise ImportError(
    "the generator of the tables is not there while a notebook is graded: take answers from the "
    "tables themselves"
)
"""


def copy_course(target, root=None):
    """Copy what a notebook may see of the course: the package and the tables.

    Left out are the tasks, the truth of the simulated tables and the generator that could make it
    again, and whatever else lies in the folder: solutions, the history of the repository, a
    trainer's own work.

    Parameters
    ----------
    target : path
        A folder that is not there yet.
    root : path, optional
        The folder of the course.
    """
    root, target = Path(root or ROOT), Path(target)
    package = target / "funnelkit"
    shutil.copytree(root / "funnelkit", package, ignore=shutil.ignore_patterns(*SECRET))
    (package / "simulate.py").write_text(GENERATOR)
    tables = root / "datasets" if root != ROOT else data_folder()
    shutil.copytree(tables, target / "datasets", ignore=shutil.ignore_patterns("truth.json"))
    (target / "work").mkdir()
    for path in [target, *target.rglob("*")]:  # readable by the sandbox's user
        path.chmod(0o755 if path.is_dir() else 0o644)


def compile_libraries():
    """Have Python keep the compiled forms of what most notebooks import.

    It does so when it first imports them, but a sandbox may not write them, and would compile
    them for each submission anew.
    """
    missing = []
    for name in LIBRARIES:
        package, *parts = name.split(".")
        source = Path(importlib.util.find_spec(package).origin)
        if parts:
            source = source.parent.joinpath(*parts).with_suffix(".py")
        if not os.path.exists(importlib.util.cache_from_source(source)):
            missing.append(name)
    if missing:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        line = f"import {', '.join(missing)}"
        subprocess.run(
            [sys.executable, "-c", line], env=kept, check=False, stderr=subprocess.DEVNULL
        )
