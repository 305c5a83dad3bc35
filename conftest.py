"""What all tests share: a fresh state, so that no test sees or changes the learner's own."""

import os
import tempfile
from pathlib import Path

from hypothesis import settings

# Notebooks run by nbval inherit this process's environment, so it is set here and not in a fixture.
_folder = tempfile.TemporaryDirectory(prefix="funnelkit-tests-")
os.environ["FUNNELKIT_STATE"] = str(Path(_folder.name) / "progress.json")

# What takes a while on a busy machine is not wrong for that.
settings.register_profile("course", deadline=None)
settings.load_profile("course")
