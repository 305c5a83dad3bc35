"""The command ``funnelkit``: lab, progress, reset, grade, doctor."""

import argparse
import errno
import os
import re
import secrets
import socket
import sys
import threading
import time
from pathlib import Path

from funnelkit import workspace
from funnelkit.app import doctor

CONFIG = Path(__file__).with_name("lab_config")
FIRST_PORT = 8888
NUMBER = re.compile(r"\d{1,2}")


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


def first_page(names, lesson=None):
    """Return the path in ``work/`` of the notebook to open: that lesson, or the first of all.

    Parameters
    ----------
    names : iterable of str
        Such as ``"notebooks/02_conversion_rates.ipynb"``.
    lesson : str, optional
        A number such as ``"02"``.

    Raises
    ------
    ValueError
        If there is no such lesson.
    """
    lessons = sorted(name for name in names if name.startswith("notebooks/"))
    if lesson is None:
        return lessons[0]
    for name in lessons:
        if Path(name).name[:2] == f"{int(lesson):02d}":
            return name
    there = ", ".join(Path(name).name[:2] for name in lessons)
    raise ValueError(f"there is no lesson {lesson}; choose one of {there}")


def prepare_lab(work):
    """Set the variables that JupyterLab reads, and lay out its window for the first time.

    The settings come from a folder of the course and the layout is kept in ``work/``, so that
    those in the user's home are not touched; what the user has set there still counts.
    """
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(CONFIG), *filter(None, [others])])
    # The programs of this environment, for `!funnelkit` in a notebook and for the terminal.
    os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")
    # On tables as small as the course's, scikit-learn's threads would mostly wait for one another.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    layouts = work / ".jupyter" / "workspaces"
    os.environ["JUPYTERLAB_WORKSPACES_DIR"] = str(layouts)
    if not any(layouts.glob("default-*")):
        from jupyterlab_server.workspaces_handler import WorkspacesManager

        layouts.mkdir(parents=True, exist_ok=True)
        first = (CONFIG / "workspace.json").read_text(encoding="utf-8")
        WorkspacesManager(str(layouts)).save("default", first)


def announce(port, address):
    """Print the address as soon as JupyterLab answers, however slow the machine is."""
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    print(f"\nThe course is open at\n\n    {address}\n")
    print("Leave this window open while you learn; Ctrl+C here ends it.")
    print("Whatever appears below is for JupyterLab's developers.\n", flush=True)


def tell_update(done):
    """Print what happened to the learner's copies."""

    def stems(names):
        return ", ".join(name.removesuffix(".ipynb") for name in names)

    for note in done.notes:
        print(note)
    if done.added:
        print(f"Copied into work: {stems(done.added)}.")
    if done.refreshed:
        print(f"Brought up to date: {stems(done.refreshed)}.")
    if done.kept:
        print(f"The course has a newer version of {stems(done.kept)}.")
        print("You have changed yours, so it was kept.", end=" ")
    if done.unreadable:
        print(f"No longer a notebook: {stems(done.unreadable)}.", end=" ")
    if done.kept or done.unreadable:
        number = Path((done.kept + done.unreadable)[0]).name[:2]
        print(
            f"'funnelkit reset {number}' (or 'python start.py reset {number}') brings the "
            "course's and keeps yours beside it."
        )


def lab(options, others):
    """Copy what is new into ``work/`` and run JupyterLab there until it is stopped."""
    notebooks = workspace.course_notebooks()
    page = first_page(notebooks, options.lesson)
    port = free_port(options.port)
    tell_update(workspace.update())
    work = workspace.work_folder()
    prepare_lab(work)
    token = os.environ.setdefault("JUPYTER_TOKEN", secrets.token_urlsafe(24))
    address = f"http://127.0.0.1:{port}/lab/tree/{page}?token={token}"
    os.chdir(work)
    arguments = [
        f"--ServerApp.root_dir={work}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--LabApp.default_url=/lab/tree/{page}",
        *(["--no-browser"] if options.no_browser else []),
        # A container's only user is often root; the server listens on this machine alone.
        *(["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []),
        *others,
    ]
    threading.Thread(target=announce, args=(port, address), daemon=True).start()
    return run_jupyterlab(arguments)


def run_jupyterlab(arguments):
    """Run JupyterLab in this process until it is stopped, and end the process."""
    from jupyter_server.serverapp import ServerApp
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(arguments)
    # On Windows, and without a terminal, Ctrl+C ends JupyterLab before it has stopped its
    # kernels. Everywhere it may leave threads that wait for work for ever: Python would wait for
    # them, and Ctrl+C would no longer end anything.
    try:
        server = ServerApp.instance()
        server.remove_server_info_file()
        server.remove_browser_open_files()
        server.io_loop.run_sync(server.cleanup_kernels)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def reset(options, others):
    """Bring back the notebooks of lessons; the learner's are kept beside them."""
    kinds = [kind for kind in workspace.FOLDERS if getattr(options, kind)]
    for lesson in options.lessons:
        restored, notes = workspace.reset(lesson, kinds=kinds or list(workspace.FOLDERS))
        for note in notes:
            print(note)
        for name, kept in restored:
            yours = f" Yours is kept as work/{kept}." if kept else ""
            print(f"work/{name} is as the course has it.{yours}")
    print("If one of them is open in JupyterLab, choose File > Reload Notebook from Disk there.")
    return 0


def examine(options, others):
    """Print the report of the doctor; the exit code is 1 if anything is wrong."""
    lines, faults = doctor.diagnose()
    print("\n".join(lines))
    return 1 if faults else 0


def progress(options, others):
    """Print what the learner has solved."""
    from funnelkit.exercises import notebook

    print(notebook.progress(options.exercise))
    return 0


def grade(options, others):
    """Grade a folder of notebooks into a table, and print how each task went."""
    from funnelkit import grading

    to = Path(options.to)
    if to.is_dir() or not to.absolute().parent.is_dir():
        raise ValueError(f"--to {to}: name a file in a folder that is there")
    if options.unsafe:
        print("Without a sandbox: these notebooks can do all that you can do.", file=sys.stderr)
    limits = grading.Limits(
        cell=options.cell_timeout,
        notebook=options.notebook_timeout,
        memory=int(options.memory * 2**30),
    )
    began = time.monotonic()
    try:
        graded = grading.grade(
            options.folder,
            jobs=options.jobs,
            unsafe=options.unsafe,
            limits=limits,
            progress=True,
            leave=[to],
        )
    except KeyboardInterrupt:
        print("Stopped. Nothing was written.", file=sys.stderr)
        return 130
    seconds = time.monotonic() - began
    try:
        grading.write(graded, to)
    except PermissionError:  # open in a spreadsheet, perhaps
        print(f"{to} cannot be written to.", file=sys.stderr)
        to = workspace.free_name(to.parent, to.stem, to.suffix)
        grading.write(graded, to)
    print("\n".join(grading.report(graded, seconds)))
    print(f"\nThe table is in {to}.")
    return 0


def parser():
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="funnelkit", description="A Jupyter notebook course on sales funnels."
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    verb = verbs.add_parser("lab", help="open the lessons in JupyterLab")
    verb.add_argument("lesson", nargs="?", help="the number of a lesson to open, such as 02")
    verb.add_argument("--no-browser", action="store_true", help="only print the address")
    verb.add_argument("--port", type=int, help="the port to use; by default one that is free")
    verb.epilog = "Other options are passed on to JupyterLab."
    verb.set_defaults(run=lab)

    verb = verbs.add_parser("progress", help="show which tasks you have solved")
    verb.add_argument("exercise", nargs="?", help="the number of one exercise, such as 02")
    verb.set_defaults(run=progress)

    verb = verbs.add_parser("reset", help="bring back a lesson; yours is kept beside it")
    verb.add_argument("lessons", nargs="+", metavar="LESSON", help="a number, such as 02")
    verb.add_argument("--lesson", action="store_true", help="the lesson only")
    verb.add_argument("--exercise", action="store_true", help="its exercise only")
    verb.set_defaults(run=reset)

    verb = verbs.add_parser("grade", help="make a table of a folder of submitted notebooks")
    verb.add_argument("folder", help="any tree of notebooks")
    verb.add_argument("--to", default="grades.csv", metavar="FILE", help="default: %(default)s")
    verb.add_argument("--jobs", type=int, metavar="N", help="how many to run at the same time")
    for what, seconds in (("cell", 60.0), ("notebook", 300.0)):
        verb.add_argument(
            f"--{what}-timeout",
            type=float,
            default=seconds,
            metavar="SECONDS",
            help=f"how long a {what} may take (default: %(default)g)",
        )
    verb.add_argument(
        "--memory",
        type=float,
        default=2.0,
        metavar="GIB",
        help="how much memory each may take (default: %(default)g)",
    )
    verb.add_argument(
        "--unsafe",
        action="store_true",
        help="run them without a sandbox: they can do all that you can do",
    )
    verb.epilog = (
        "Each notebook runs shut off from the machine, without the network and the solutions. "
        "Marks are for self-study and workshops; this is no exam: a copied answer is not detected."
    )
    verb.set_defaults(run=grade)

    verb = verbs.add_parser("doctor", help="say what is wrong with this machine")
    verb.set_defaults(run=examine)
    return top


def main(arguments=None):
    """Carry out a command line; return the exit code.

    Parameters
    ----------
    arguments : list of str, optional
        By default those that the program was started with.

    Returns
    -------
    int
        0 if all went well, 1 if something is wrong; a misspelt command ends with 2.
    """
    top = parser()
    options, others = top.parse_known_args(arguments)
    if others and options.verb != "lab":
        top.error(f"unknown: {' '.join(others)}")
    if options.verb == "lab" and options.lesson and not NUMBER.fullmatch(options.lesson):
        top.error(f"{options.lesson!r} is not the number of a lesson, such as 02")
    try:
        return options.run(options, others)
    except (ValueError, OSError) as error:
        what = str(error)
        if isinstance(error, OSError) and error.filename:
            what = f"cannot use {error.filename} ({error.strerror}); try 'funnelkit doctor'"
        print(f"funnelkit: {what}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
