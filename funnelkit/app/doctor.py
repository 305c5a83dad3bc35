"""``funnelkit doctor``: what is wrong with this machine, and how to mend it.

Only the standard library is imported at the top, so that a broken installation can be diagnosed.
"""

import platform
import socket
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

from funnelkit import workspace

AGAIN = "delete the folder .venv and type: python start.py lab"

# The versions that a trainer asks for first.
TELLING = ["jupyterlab", "ipykernel", "numpy", "pandas", "scipy", "scikit-learn", "matplotlib"]


class Fault(Exception):
    """What is wrong, and how to mend it."""

    def __init__(self, wrong, mend):
        super().__init__(wrong)
        self.mend = mend


def check_python(root, version=None):
    """Return a sentence about the version of Python; Fault if it does not suit the course."""
    from packaging.specifiers import SpecifierSet

    version = version or platform.python_version()
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["requires-python"]
    if not SpecifierSet(wanted).contains(version, prereleases=True):
        raise Fault(
            f"Python {version} is outside {wanted}",
            "install a Python in that range and type with it: python start.py lab",
        )
    return f"Python {version}"


def read_lock(path):
    """Return the pins that hold on this machine, as name to version.

    Parameters
    ----------
    path : pathlib.Path
        A lock such as requirements.lock.

    Returns
    -------
    dict
    """
    from packaging.requirements import Requirement

    pins = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        line = line.split("#")[0].strip()
        if line:
            pin = Requirement(line)
            if pin.marker is None or pin.marker.evaluate():
                pins[pin.name] = next(iter(pin.specifier)).version
    return pins


def check_packages(root):
    """Return a sentence about the packages; Fault if they are not those of the lock."""
    try:
        pins = read_lock(root / "requirements.lock")
    except ImportError as error:
        raise Fault("packages: packaging is missing", AGAIN) from error
    wrong = []
    for name, version in pins.items():
        try:
            there = metadata.version(name)
        except metadata.PackageNotFoundError:
            there = "missing"
        if there != version:
            wrong.append(f"{name} is {there}, the course is written for {version}")
    if wrong:
        more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise Fault("packages: " + "; ".join(wrong[:5]) + more, AGAIN)
    return f"packages: all {len(pins)} as pinned"


def check_data(root):
    """Return a sentence about the tables; Fault if one is missing or damaged."""
    from funnelkit import data

    wrong = data.verify_checksums()
    if wrong:
        raise Fault(
            "data: " + " ".join(wrong),
            "copy the folder datasets of a fresh download over this one; your work stays as it is",
        )
    return "data: all tables are there and undamaged"


def check_kernel(root, seconds=60):
    """Return a sentence about the kernel; Fault if it does not compute 1 + 1 in time."""
    try:
        from jupyter_client.manager import start_new_kernel

        with tempfile.TemporaryDirectory() as elsewhere:
            manager, client = start_new_kernel(
                kernel_name="python3",
                startup_timeout=seconds,
                cwd=elsewhere,
                stderr=subprocess.DEVNULL,
            )
            try:
                outputs = []
                client.execute_interactive(
                    "import sys; print(1 + 1, sys.prefix, sep='\\n')",
                    timeout=seconds,
                    allow_stdin=False,
                    output_hook=lambda message: outputs.append(message["content"].get("text", "")),
                )
            finally:
                client.stop_channels()
                manager.shutdown_kernel(now=True)
        result, _, prefix = "".join(outputs).strip().partition("\n")
    except Exception as error:  # whatever goes wrong in there, the learner has no kernel
        raise Fault(f"kernel: does not start ({type(error).__name__}: {error})", AGAIN) from error
    if result != "2":
        raise Fault(f"kernel: 1 + 1 gave {result or 'nothing'}", AGAIN)
    if Path(prefix).resolve() != Path(sys.prefix).resolve():
        raise Fault(
            "kernel: it is started from another Python than this one",
            "type 'jupyter kernelspec list', and remove the python3 that is not in .venv",
        )
    return "kernel: starts and computes 1 + 1"


def check_work(root):
    """Return a sentence about ``work/``; Fault if files cannot be written there."""
    for folder in (workspace.work_folder(root), workspace.state_path(root).parent):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"funnelkit")
        except OSError as error:
            raise Fault(
                f"your copies: cannot write to {folder} ({error.strerror or error})",
                "move the course to a folder of your own, such as your documents, and start again",
            ) from error
    return "your copies: work can be written to"


def check_port(root):
    """Return a sentence about the network of this machine with itself; Fault without one."""
    try:
        with socket.socket() as server, socket.socket() as browser:
            server.bind(("127.0.0.1", 0))
            server.listen(1)
            browser.settimeout(5)
            browser.connect(server.getsockname())
    except OSError as error:
        raise Fault(
            f"port: nothing can be reached on 127.0.0.1 ({error.strerror or error})",
            "allow Python to use 127.0.0.1 in the firewall or security program of this machine",
        ) from error
    return "port: one is free on 127.0.0.1"


CHECKS = [check_python, check_packages, check_data, check_kernel, check_work, check_port]


def private(text, root):
    """Return a text without the paths that say who uses the machine."""
    for path, name in ((str(root), "the course's folder"), (str(Path.home()), "~")):
        if len(path) > 1:
            text = text.replace(path, name)
    return text


def versions():
    """Return one line on system and versions, for a trainer."""
    parts = [f"Python {platform.python_version()} ({platform.architecture()[0]})"]
    parts += [f"{platform.system()} {platform.release()} {platform.machine()}"]
    for name in TELLING:
        try:
            parts.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            parts.append(f"{name} missing")
    return ", ".join(parts)


def diagnose(root=None, *, checks=None, encoding=None):
    """Run every check and return the report.

    Parameters
    ----------
    root : path, optional
        The folder of the course; by default that of this package.
    checks : list of callable, optional
        Each takes `root` and returns a sentence or raises `Fault`.
    encoding : str, optional
        What the terminal can show; by default that of standard output. Where it has no ✓ and ✗
        the report says "ok" and "WRONG".

    Returns
    -------
    report : list of str
        Lines to print. They name no user and no folder, so they can be sent to a trainer.
    faults : int
        How many checks failed.
    """
    root = Path(root or workspace.ROOT)
    encoding = encoding or sys.stdout.encoding or "ascii"
    good, bad = "✓", "✗"
    try:
        (good + bad).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        good, bad = "ok   ", "WRONG"
    lines, faults = [], 0
    for check in checks or CHECKS:
        try:
            lines.append(f"{good} {check(root)}")
        except Exception as error:  # a check that breaks is a finding, too
            if not isinstance(error, Fault):
                name = check.__name__.removeprefix("check_")
                error = Fault(f"{name}: {type(error).__name__}: {error}", AGAIN)
            faults += 1
            lines.append(f"{bad} {private(str(error), root)}")
            lines.append(f"  to mend it: {private(error.mend, root)}")
    lines.append("")
    if faults:
        lines.append("If that does not help, copy all of this to your trainer.")
    else:
        lines.append("Nothing is wrong with this machine.")
    lines.append(versions())
    return [line.encode(encoding, "replace").decode(encoding) for line in lines], faults
