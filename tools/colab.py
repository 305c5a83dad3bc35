"""Install into Colab what the lessons import, as requirements.lock pins it, and the package.

It is run by the first cell of a notebook opened in Colab, and needs nothing but Python 3.11.
JupyterLab and what belongs to it are left out: Colab's page talks to the kernel that Colab has.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

__all__ = ["commands", "main"]

ROOT = Path(__file__).resolve().parent.parent
COLABS_OWN = {"jupyterlab"}


def commands(root: Path = ROOT) -> list[list[str]]:
    """Return the two commands: the packages, and the course's own."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.match(r"[\w.-]+", text)[0] for text in project["dependencies"]]
    wanted = [name for name in names if name not in COLABS_OWN]
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    return [
        [*pip, "--constraint", str(root / "requirements.lock"), *wanted],
        [*pip, "--no-deps", "--editable", str(root)],
    ]


def main() -> int:
    """Run the command; return its exit status."""
    for command in commands():
        code = subprocess.call(command)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
