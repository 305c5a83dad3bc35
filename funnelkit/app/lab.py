"""JupyterLab for the course: its settings, its port, its address, and its end."""

import contextlib
import errno
import json
import os
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from funnelkit import workspace

__all__ = ["CONFIG", "free_port", "open_lab", "prepare_lab", "shadows", "unwritable_homes"]

CONFIG = Path(__file__).with_name("lab_config")
FIRST_PORT = 8888
PATIENCE = 60.0  # seconds without an answer until something is said

# Variables of a user that would bring another Python's kernels or another JupyterLab, leave out
# the course's settings, or (MPLBACKEND) take the charts away: an empty one counts as well.
OTHERS = ["JUPYTER_NO_CONFIG", "JUPYTER_PREFER_ENV_PATH", "JUPYTERLAB_DIR", "MPLBACKEND"]

# Counts the starts of one `funnelkit lab`: another follows where a start was in vain.
STARTS = "FUNNELKIT_LAB_STARTS"


def free_port(wanted=None):
    """Return a port of 127.0.0.1 that nobody uses.

    Parameters
    ----------
    wanted : int, optional
        The only one to try; by default 8888 to 8937, and then whichever the system gives.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the port `wanted` is in use, or not allowed.
    """
    for port in [wanted] if wanted else [*range(FIRST_PORT, FIRST_PORT + 50), 0]:
        with socket.socket() as probe:
            # As JupyterLab binds: on Linux and macOS a port just given up counts as free, on
            # Windows two programs must not share one.
            if os.name == "nt":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError) as error:
                reason = error
            else:
                return probe.getsockname()[1]
    why = "is in use" if getattr(reason, "errno", None) == errno.EADDRINUSE else "cannot be used"
    raise ValueError(f"port {wanted} {why}: leave out --port to take one that is free")


def prepare_lab(work):
    """Set the variables that JupyterLab reads, and lay out its window for the first time.

    The settings come from a folder of the course and the layout is kept in ``work/``, so that
    those in the user's home are not touched; what the user has set there still counts.

    Parameters
    ----------
    work : pathlib.Path
        The folder ``work/``.
    """
    for name in OTHERS:
        os.environ.pop(name, None)
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(CONFIG), *filter(None, [others])])
    # The programs of this environment, for `!funnelkit` in a notebook and for the terminal.
    os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")
    # On tables as small as the course's, scikit-learn's threads would mostly wait for one another.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for name in unwritable_homes():
        os.environ[name] = str(work / ".jupyter" / name.lower())
    layouts = work / ".jupyter" / "workspaces"
    os.environ["JUPYTERLAB_WORKSPACES_DIR"] = str(layouts)
    if not any(layouts.glob("default-*")):
        from jupyterlab_server.workspaces_handler import WorkspacesManager

        layouts.mkdir(parents=True, exist_ok=True)
        first = (CONFIG / "workspace.json").read_text(encoding="utf-8")
        WorkspacesManager(str(layouts)).save("default", first)


def unwritable_homes():
    """Return the variables of Jupyter's, IPython's and matplotlib's folders that cannot be used.

    Returns
    -------
    list of str
        Such as ``["JUPYTER_RUNTIME_DIR"]``; empty if files can be written in all of them.
    """
    from jupyter_core import paths

    home = Path(os.path.expanduser("~"))
    places = {
        "JUPYTER_CONFIG_DIR": paths.jupyter_config_dir,
        "JUPYTER_DATA_DIR": paths.jupyter_data_dir,
        "JUPYTER_RUNTIME_DIR": paths.jupyter_runtime_dir,
        "IPYTHONDIR": lambda: os.environ.get("IPYTHONDIR") or home / ".ipython",
        "MPLCONFIGDIR": lambda: os.environ.get("MPLCONFIGDIR") or home / ".config" / "matplotlib",
    }
    unwritable = []
    for name, place in places.items():
        try:
            usable = can_be_written(Path(place()))
        except (OSError, RuntimeError):  # there is no home
            usable = False
        if not usable:
            unwritable.append(name)
    return unwritable


def can_be_written(folder):
    """Return whether files can be written in a folder, or the folder be made, without making it."""
    existing = folder.expanduser().absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return False
    try:
        with tempfile.TemporaryDirectory(dir=existing, prefix=".funnelkit-"):
            return True
    except OSError:
        return False


def shadows(work):
    """Return the learner's files that hide a package from the notebooks beside them.

    A notebook finds ``pandas.py`` in its own folder before the package of that name.

    Parameters
    ----------
    work : pathlib.Path
        The folder ``work/``.

    Returns
    -------
    list of str
        Paths inside of ``work/``, such as ``"notebooks/pandas.py"``.
    """
    from importlib.metadata import packages_distributions

    installed = packages_distributions()
    found = []
    for folder in ("", *workspace.FOLDERS.values()):
        for path in sorted((work / folder).glob("*")):
            module = path.suffix == ".py" or (path / "__init__.py").is_file()
            if module and path.stem in installed:
                found.append(path.relative_to(work).as_posix())
    return found


def address(server, page):
    """Return where a running server shows a page, or None as long as it does not answer.

    Whatever answers at the port, only this server has its token and the moment of its start.

    Parameters
    ----------
    server : jupyter_server.serverapp.ServerApp
    page : str
        Such as ``"/lab/tree/notebooks/00_start_here.ipynb"``.
    """
    scheme = "https" if server.certfile else "http"
    base = f"{scheme}://127.0.0.1:{server.port}{server.base_url.rstrip('/')}"
    token = server.identity_provider.token
    request = urllib.request.Request(f"{base}/api/status")
    request.add_header("Authorization", f"token {token}")
    unchecked = ssl.create_default_context()  # a certificate for another name, on this machine
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    # No proxy stands between this machine and itself, whatever the variables say.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=unchecked)
    )
    try:
        with opener.open(request, timeout=5) as answer:
            started = json.loads(answer.read())["started"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    own = server.web_app.settings["started"].strftime("%Y-%m-%dT%H:%M:%S")
    if not started.startswith(own):
        return None
    return f"{base}{page}" + (f"?token={token}" if token else "")


def announce(page, opened):
    """Print the address as soon as JupyterLab answers, however slow the machine is.

    Parameters
    ----------
    page : str
        Such as ``"/lab/tree/notebooks/00_start_here.ipynb"``.
    opened : threading.Event
        Set when that is done.
    """
    from jupyter_server.serverapp import ServerApp

    found, tell = None, time.monotonic() + PATIENCE
    while not found:
        time.sleep(0.1)
        if time.monotonic() > tell:
            tell = float("inf")
            print(
                "It does not answer yet. If nothing comes, press Ctrl+C and type 'funnelkit doctor'"
                " (or 'python start.py doctor').",
                flush=True,
            )
        # While it starts it has no web_app yet, and asks the next port if one is taken.
        if ServerApp.initialized() and hasattr(ServerApp.instance(), "web_app"):
            found = address(ServerApp.instance(), page)
    opened.set()
    print(f"\nThe course is open at\n\n    {found}\n")
    print("Leave this window open while you learn; Ctrl+C here ends it.")
    print("Whatever appears below is for JupyterLab's developers.\n", flush=True)


def encryption():
    """Return the option that encrypts what goes to the kernels, where this machine can do that.

    Without it each kernel warns that others on this machine might listen.
    """
    import zmq

    return ["--KernelManager.transport_encryption=auto"] if zmq.has("curve") else []


def open_lab(page, work, *, port=None, browser=True, others=()):
    """Run JupyterLab in a folder until it is stopped.

    Parameters
    ----------
    page : str
        The notebook to show, such as ``"notebooks/00_start_here.ipynb"``.
    work : pathlib.Path
        The folder ``work/``.
    port : int, optional
        The only port to use; by default one that is free.
    browser : bool, optional
        Whether to open the web browser.
    others : sequence of str, optional
        Options for JupyterLab.

    Raises
    ------
    ValueError
        If the port is in use, or not allowed.
    """
    chosen = free_port(port)
    # It takes a third of the start to read a grammar, for a kind of address (with letters beyond
    # ASCII) that nothing of JupyterLab asks to be checked.
    sys.modules.setdefault("rfc3987_syntax", None)
    prepare_lab(work)
    if not os.environ.get("JUPYTER_TOKEN"):
        os.environ["JUPYTER_TOKEN"] = secrets.token_urlsafe(24)
    before = os.getcwd()
    os.chdir(work)
    page = f"/lab/tree/{page}"
    arguments = [
        f"--ServerApp.root_dir={work}",
        f"--ServerApp.port={chosen}",
        "--ServerApp.port_retries=0",
        f"--LabApp.default_url={page}",
        # What custom.css does to charts in a dark theme.
        "--LabApp.custom_css=True",
        *encryption(),
        *([] if browser else ["--no-browser"]),
        # A container's only user is often root; the server listens on this machine alone.
        *(["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []),
        *others,
    ]
    # A shell that starts this in the background may have it ignore Ctrl+C: then nothing but a
    # kill would end it.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    opened = threading.Event()
    threading.Thread(target=announce, args=(page, opened), daemon=True).start()
    try:
        return run_jupyterlab(arguments)
    except SystemExit as ended:
        if not ended.code or opened.is_set():
            raise
    os.chdir(before)  # where the command line is meant from
    return start_again(chosen, port, work)


def start_again(chosen, wanted, work):
    """Start the same command anew after JupyterLab gave up before it was open; return its code."""
    starts = int(os.environ.get(STARTS, "0")) + 1
    os.environ[STARTS] = str(starts)
    try:
        free_port(chosen)
    except ValueError:  # two labs chose it in one moment
        if wanted or starts > 5:
            raise
        print(f"Another program has taken port {chosen} just now: trying the next.", flush=True)
    else:
        if starts > 1:
            raise ValueError(
                "JupyterLab does not start (the reason is above); try 'funnelkit doctor'"
            )
        print(
            "JupyterLab does not start with your own settings of Jupyter (the reason is above): "
            "starting without them.",
            flush=True,
        )
        os.environ["JUPYTER_CONFIG_DIR"] = str(work / ".jupyter" / "jupyter_config_dir")
    command = [sys.executable, *sys.orig_argv[1:]]
    if os.name == "nt":
        return subprocess.call(command)
    os.execv(sys.executable, command)


def run_jupyterlab(arguments):
    """Run JupyterLab in this process until it is stopped, and end the process."""
    from jupyter_server.serverapp import ServerApp
    from jupyterlab.labapp import LabApp
    from traitlets import default

    class CourseServer(ServerApp):
        def migrate_config(self):
            """Do nothing: it would copy IPython's settings of 2014 into the user's own."""

        @default("static_custom_path")
        def folder_of_custom_css(self):
            return [str(CONFIG / "custom")]

    LabApp.serverapp_class = CourseServer
    LabApp.launch_instance(arguments)
    # On Windows, and without a terminal, Ctrl+C ends JupyterLab before it has stopped its
    # kernels. Everywhere it may leave threads that wait for work for ever: Python would wait for
    # them, and Ctrl+C would no longer end anything.
    try:
        server = ServerApp.instance()
        with contextlib.suppress(OSError):
            server.remove_server_info_file()
            server.remove_browser_open_files()
        server.io_loop.run_sync(server.cleanup_kernels)
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(0)
