"""The links by which the course opens in a browser, without an installation.

    python -m tools.doors                          the links of lesson 00
    python -m tools.doors 02 --hub https://hub.example.org     those of lesson 02, with a hub's

All of them are made from one setting, `repository` under `[tool.funnelkit]` in pyproject.toml.
As long as it is empty there are no links, and the site shows no buttons.
"""

import argparse
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

__all__ = ["COLAB_BRANCH", "Home", "links", "main", "read_home"]

ROOT = Path(__file__).resolve().parent.parent

# Where the built site is kept, and in it the notebooks that open with a cell for Colab.
COLAB_BRANCH = "gh-pages"
FIRST = "notebooks/00_start_here.ipynb"


@dataclass(frozen=True)
class Home:
    """Where the course is kept: its address on GitHub, the branch to open, and a hub, if any."""

    repository: str
    branch: str = "main"
    hub: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", self.repository):
            raise ValueError(
                f"pyproject.toml, [tool.funnelkit]: repository is {self.repository!r}; write it as "
                "https://github.com/OWNER/NAME, or leave it empty"
            )

    @property
    def owner(self) -> str:
        return self.repository.split("/")[-2]

    @property
    def name(self) -> str:
        return self.repository.split("/")[-1].removesuffix(".git")

    @property
    def site(self) -> str:
        """Where GitHub Pages shows the site."""
        return f"https://{self.owner.lower()}.github.io/{self.name}/"

    def file(self, path: str) -> str:
        """Where GitHub shows a file of the course."""
        return f"https://github.com/{self.owner}/{self.name}/blob/{self.branch}/{quote(path)}"


def read_home(root: Path = ROOT) -> Home | None:
    """Return where the course is kept, as pyproject.toml says; None as long as it does not."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    setting = project.get("tool", {}).get("funnelkit", {})
    if not setting.get("repository"):
        return None
    return Home(setting["repository"], setting.get("branch", "main"), setting.get("hub", ""))


def links(home: Home | None, path: str = FIRST) -> dict[str, str]:
    """Return the links that open a notebook of the course, by the name of the service.

    Parameters
    ----------
    home : Home or None
        None: there are no links.
    path : str
        The notebook in the repository, such as ``exercises/02_conversion_rates.ipynb``. Binder
        and hubs open the learner's copy of it in ``work/``, Colab a copy with a cell of its own.
    """
    if home is None:
        return {}
    owned = f"{home.owner}/{home.name}"
    place = urlencode({"urlpath": f"lab/tree/work/{path}"})
    found = {
        "Binder": f"https://mybinder.org/v2/gh/{owned}/{quote(home.branch, safe='')}?{place}",
        "Colab": f"https://colab.research.google.com/github/{owned}/blob/{COLAB_BRANCH}/colab/"
        f"{quote(path)}",
    }
    if home.hub:
        pull = {
            "repo": home.repository,
            "branch": home.branch,
            "urlpath": f"lab/tree/{home.name}/work/{path}",
        }
        address = f"{home.hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(pull)}"
        found["JupyterHub"] = address
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("number", nargs="?", default="00", metavar="NN", help="a lesson's number")
    parser.add_argument("--hub", default="", help="the address of a JupyterHub with nbgitpuller")
    parser.add_argument("--repository", default="", help="instead of what pyproject.toml says")
    options = parser.parse_args(arguments)
    home = Home(options.repository) if options.repository else read_home()
    if home is None:
        print("Set `repository` under [tool.funnelkit] in pyproject.toml, or give --repository.")
        return 1
    home = Home(home.repository, home.branch, options.hub or home.hub)
    for folder in ("notebooks", "exercises"):
        for file in sorted((ROOT / folder).glob(f"{options.number}_*.ipynb")):
            for service, link in links(home, f"{folder}/{file.name}").items():
                print(f"{service}: {link}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
