"""What all tests share: a fresh state, so that no test sees or changes the learner's own."""

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

from hypothesis import settings

from funnelkit.app import install
from tools import overlaps

# Notebooks run by nbval inherit this process's environment, so it is set here and not in a fixture.
# Several tests run at once, and on the course's small tables scikit-learn's threads only wait for
# one another: boosted trees take four times as long with two threads as with one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
_folder = tempfile.TemporaryDirectory(prefix="funnelkit-tests-")
os.environ["FUNNELKIT_STATE"] = str(Path(_folder.name) / "progress.json")
os.environ["IPYTHONDIR"] = str(Path(_folder.name) / "ipython")
overlaps.watched_profile(os.environ["IPYTHONDIR"])

# What takes a while on a busy machine is not wrong for that.
settings.register_profile("course", deadline=None)
settings.load_profile("course")

# Notebooks and tests that need an extra run where it is installed: `start.py extras` does that.
# Each is known by a package that nothing else installs.
_known_by = {"databases": "pymysql", "spark": "pyspark", "tensorflow": "tensorflow"}
_absent = [extra for extra, package in _known_by.items() if find_spec(package) is None]
collect_ignore_glob = [
    f"notebooks/extras/*_{ending}.ipynb" for extra in _absent for ending in install.EXTRAS[extra]
]
collect_ignore_glob += [f"tests/extras/{extra}" for extra in _absent]
