"""``funnelkit doctor``: what is wrong with this machine, and how to fix it.

Only the standard library is imported at the top, so that a broken installation can be diagnosed.
"""

import contextlib
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import tomllib
from importlib import metadata
from pathlib import Path

from funnelkit import workspace
from funnelkit.app import install, lab, machine

__all__ = ["CHECKS", "Advice", "Fault", "diagnose"]

AGAIN = "delete the folder .venv and type: python start.py lab"
UNPACK = (
    "download and unpack the course again, and copy it over this folder; your work stays as it is"
)
MB = 1e6

# The versions that a trainer asks for first.
TELLING = ["jupyterlab", "ipykernel", "numpy", "pandas", "scipy", "scikit-learn", "matplotlib"]


class Fault(Exception):
    """What is wrong, and how to fix it."""

    def __init__(self, wrong, remedy):
        super().__init__(wrong)
        self.remedy = remedy


class Advice(Fault):
    """What works, but might be better."""


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
    try:
        data.truth()
    except ValueError as error:
        wrong.append(str(error))
    if wrong:
        raise Fault(
            "data: " + " ".join(wrong),
            UNPACK,
        )
    return "data: all tables are there and undamaged"


def check_notebooks(root):
    """Return a sentence about the course's notebooks; Fault if one is missing or damaged."""
    try:
        notebooks = workspace.course_notebooks(root)
    except FileNotFoundError as error:
        raise Fault("notebooks: there are none beside the package", UNPACK) from error
    damaged = []
    for name, path in notebooks.items():
        try:
            whole = workspace.fingerprint(path.read_bytes()) is not None
        except OSError:
            whole = False
        if not whole:
            damaged.append(name)
    if damaged:
        raise Fault(f"notebooks: damaged are {', '.join(damaged)}", UNPACK)
    return f"notebooks: all {len(notebooks)} can be read"


@contextlib.contextmanager
def as_in_the_lab():
    """Have the variables that `funnelkit lab` sets, with an empty folder as its ``work/``."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="funnelkit-doctor-") as elsewhere:
        try:
            lab.prepare_lab(Path(elsewhere))
            yield Path(elsewhere)
        finally:
            os.environ.clear()
            os.environ.update(before)


# The chart is drawn in the way of a notebook; a wrong MPLBACKEND would show none, without an error.
PROBE = """
import sys; print(1 + 1, sys.prefix, sep="\\n")
import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()
"""


def check_kernel(root, seconds=120):
    """Return a sentence about the kernel; Fault if it does not compute and draw in time."""
    try:
        from jupyter_client.manager import start_new_kernel

        with as_in_the_lab() as elsewhere:
            manager, client = start_new_kernel(
                kernel_name="python3",
                startup_timeout=seconds,
                cwd=str(elsewhere),
                stderr=subprocess.DEVNULL,
            )
            try:
                outputs = []
                client.execute_interactive(
                    PROBE,
                    timeout=seconds,
                    allow_stdin=False,
                    output_hook=lambda message: outputs.append(message["content"]),
                )
            finally:
                client.stop_channels()
                manager.shutdown_kernel(now=True)
    except Exception as error:  # whatever goes wrong in there, the learner has no kernel
        raise Fault(f"kernel: does not start ({type(error).__name__}: {error})", AGAIN) from error
    printed = "".join(output.get("text", "") for output in outputs)
    result, _, prefix = printed.strip().partition("\n")
    if result != "2":
        raise Fault(f"kernel: 1 + 1 gave {result or 'nothing'}", AGAIN)
    if Path(prefix).resolve() != Path(sys.prefix).resolve():
        raise Fault(
            "kernel: it is started from another Python than this one",
            "type 'jupyter kernelspec list', and remove the python3 that is not in .venv",
        )
    if not any("image/png" in output.get("data", {}) for output in outputs):
        raise Fault(
            "kernel: a chart is not shown",
            "look for a matplotlibrc or a start-up file of IPython that sets another backend",
        )
    return "kernel: starts, computes 1 + 1 and shows a chart"


def check_lab(root, seconds=180):
    """Return a sentence about JupyterLab; Fault if it does not answer at its address in time."""
    module = lab.__name__
    code = f"import sys, pathlib; from {module} import open_lab; "
    code += "open_lab('x.ipynb', pathlib.Path(sys.argv[1]), browser=False)"
    # Its work/ is a folder that stays until it has ended.
    with (
        tempfile.TemporaryDirectory(
            prefix="funnelkit-doctor-", ignore_cleanup_errors=True
        ) as elsewhere,
        subprocess.Popen(
            [sys.executable, "-P", "-c", code, elsewhere],
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as server,
    ):
        limit = threading.Timer(seconds, server.kill)
        limit.start()
        printed = []
        for line in server.stdout:
            printed.append(line.strip())
            if re.match("https?://127", line.strip()):
                break
        late = not limit.is_alive()
        limit.cancel()
        opened = bool(printed and re.match("https?://127", printed[-1]))
        server.send_signal(signal.SIGTERM)
        with contextlib.suppress(ValueError):
            server.stdout.close()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
    told = " ".join(line for line in printed if line and "Traceback" not in line)[-400:]
    if late:
        raise Fault(
            f"JupyterLab: does not open within {seconds} s",
            "close other programs, or let a virus scanner finish, and try again",
        )
    if not opened:
        raise Fault(f"JupyterLab: does not open ({told or 'it says nothing'})", AGAIN)
    if "without them" in told:
        raise Advice(
            f"JupyterLab: does not open with your own settings of Jupyter ({told})",
            "'funnelkit lab' starts without them; to have them, repair what is named there",
        )
    return "JupyterLab: answers at its address"


def check_work(root):
    """Return a sentence about ``work/``; Fault if files cannot be written there."""
    for folder in (workspace.work_folder(root), workspace.state_path(root).parent):
        try:
            workspace.make_folder(folder)
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"funnelkit")
        except FileExistsError as error:
            raise Fault(
                f"your copies: {folder} is not a folder, but a file or a link that leads nowhere",
                "give it another name, and start again",
            ) from error
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


def check_home(root):
    """Return a sentence about the folders that Jupyter, IPython and matplotlib keep at home."""
    moved = lab.unwritable_homes()
    if moved:
        return (
            f"home: {', '.join(moved)} cannot be written to, so 'funnelkit lab' uses work/.jupyter"
        )
    return "home: the folders of Jupyter and matplotlib can be written to"


def check_disk(root):
    """Return a sentence about the disk; Fault if it is nearly full, Advice if that is near."""
    free = machine.free_disk(workspace.work_folder(root))
    told = f"disk: {free / MB:,.0f} MB are free"
    if free < 100 * MB:
        raise Fault(told, "make room: what you write may not be kept otherwise")
    if free < 1000 * MB:
        raise Advice(told, "make room before the course brings new packages (about 1,000 MB)")
    return told


def check_memory(root, memory=machine.memory):
    """Return a sentence about the memory; Advice if there is little."""
    size = memory()
    if size is None:
        return "memory: this machine does not say how much it has"
    told = f"memory: {size / 2**30:.1f} GiB"
    if size < 3.5 * 2**30:
        raise Advice(told, "close other programs, and notebooks when you have finished them")
    return told


def check_place(root):
    """Return a sentence about where the course is; Advice on a network or synchronized drive."""
    root = Path(root)
    excess = machine.path_limit(root / ".venv")
    if excess:
        raise Fault(
            f"place: the path of this folder is {excess} characters too long for Windows",
            "move it to a short one, such as C:\\funnelkit, and type there: python start.py lab",
        )
    if install.programs_forbidden(root):
        raise Fault(
            "place: this drive lets no program run from it (noexec)",
            "move the course to another one, such as your home, and start again",
        )
    work = workspace.work_folder(root)
    kind = machine.drive_kind(work) or machine.synchronized(work)
    if kind:
        raise Advice(
            f"place: work is on a drive that others see, too ({kind})",
            "if notebooks are slow or cannot be saved, move the course to this machine's own disk",
        )
    return "place: on this machine's own disk"


def check_names(root):
    """Return a sentence about the learner's own files; Fault if one hides a package."""
    hidden = lab.shadows(workspace.work_folder(root))
    if hidden:
        raise Fault(
            f"names: {', '.join(hidden)} in work hide packages of the same name",
            "give these files other names, and restart the kernel",
        )
    return "names: none of your files hides a package"


def check_grading(root):
    """Return a sentence about what trainers need to grade submissions; never a Fault."""
    bwrap = shutil.which("bwrap")
    if not bwrap:
        return "grading (for trainers): bubblewrap is not here; learners do not need it"
    command = [bwrap, "--ro-bind", "/", "/", "--unshare-pid", "--unshare-net"]
    command += ["--unshare-user"] * (os.geteuid() != 0)  # as the grader does
    try:
        works = subprocess.run([*command, "true"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        works = False
    if works:
        return "grading (for trainers): bubblewrap is here"
    return (
        "grading (for trainers): bubblewrap is here and does not work; 'funnelkit grade' says what "
        "to do, and learners do not need it"
    )


CHECKS = [check_python, check_packages, check_data, check_notebooks, check_work, check_home]
CHECKS += [check_disk, check_memory, check_place, check_names, check_port, check_kernel]
CHECKS += [check_lab, check_grading]


def private(text, root):
    """Return a text without the paths that say who uses the machine."""
    # Without HOME a user whom the machine does not know has no home: then it stays "~".
    for path, name in ((str(root), "the course's folder"), (os.path.expanduser("~"), "~")):
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


def surprise(error, check, root):
    """Return the Fault that an error is which a check did not expect."""
    name = check.__name__.removeprefix("check_")
    file = getattr(error, "filename", None)
    # What is not in .venv came with the course.
    ours = isinstance(file, str) and Path(root) in Path(file).parents and ".venv" not in file
    remedy = UNPACK if ours else AGAIN
    return Fault(f"{name}: {type(error).__name__}: {error}", remedy)


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
    good, bad, so = "✓", "✗", "!"
    try:
        (good + bad).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        good, bad, so = "ok   ", "WRONG", "!    "
    lines, faults = [], 0
    for check in checks or CHECKS:
        try:
            lines.append(f"{good} {check(root)}")
        except Exception as error:  # a check that breaks is a finding, too
            fault = error if isinstance(error, Fault) else surprise(error, check, root)
            advice = isinstance(fault, Advice)
            faults += not advice
            lines.append(f"{so if advice else bad} {private(str(fault), root)}")
            remedy = private(fault.remedy, root)
            lines.append(f"  {'better' if advice else 'to fix it'}: {remedy}")
    lines.append("")
    if faults:
        lines.append("If that does not help, copy all of this to your trainer.")
    else:
        lines.append("Nothing is wrong with this machine.")
    lines.append(versions())
    return [line.encode(encoding, "replace").decode(encoding) for line in lines], faults
