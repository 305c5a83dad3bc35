"""What pyproject.toml cannot say: the tables travel in the wheel, as funnelkit/_datasets."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithTables(build_py):
    """Copies datasets/ into the package, so that it works without a clone beside it."""

    def run(self):
        """Build the package; in a clone (``pip install -e``) the tables stay where they are."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib, "funnelkit", "_datasets")
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree("datasets", target)


setup(cmdclass={"build_py": BuildWithTables})
