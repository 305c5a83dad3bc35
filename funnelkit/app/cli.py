"""The command ``funnelkit``: its verbs, from lab to doctor."""

import argparse
import codecs
import os
import re
import sys
import time
import unicodedata
from pathlib import Path

from funnelkit import workspace
from funnelkit.app import doctor, system
from funnelkit.app import lab as jupyterlab
from funnelkit.app import report as weekly_report
from funnelkit.app import serve as scoring_service

__all__ = ["adapt_outputs", "first_page", "main", "parser", "tell_update"]

# Characters of the course's messages that some terminals lack, in ones that all have.
PLAIN = {"✓": "+", "✗": "x", "○": "-", "●": "*", "–": "-", "—": "-", "…": "...", "→": "->"}
PLAIN |= {"≥": ">=", "≤": "<=", "×": "x", "€": "EUR", "“": '"', "”": '"', "‘": "'", "’": "'"}
NUMBER = re.compile(r"\d{1,2}")


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
        print("You have changed yours, so it was kept.")
    if done.unknown:
        print(f"Not as the course has it: {stems(done.unknown)}. Yours was kept.")
    if done.unreadable:
        print(f"No longer a notebook: {stems(done.unreadable)}.")
    other = done.kept + done.unknown + done.unreadable
    if other:
        folder, _, name = other[0].partition("/")
        command = f"reset {name[:2]}" + (" --exercise" if folder == "exercises" else "")
        print(
            f"'funnelkit {command}' (or 'python start.py {command}') brings the course's and "
            "keeps yours beside it."
        )
    for path in jupyterlab.shadows(workspace.work_folder()):
        print(
            f"work/{path} hides the package of that name from the notebooks beside it: "
            "give the file another name."
        )


def lab(options, others):
    """Copy what is new into ``work/`` and run JupyterLab there until it is stopped."""
    page = first_page(workspace.course_notebooks(), options.lesson)
    jupyterlab.free_port(options.port)  # a wrong one is named before anything is done
    tell_update(workspace.update())
    print("Starting JupyterLab, which takes a few seconds.", flush=True)
    return jupyterlab.open_lab(
        page,
        workspace.work_folder(),
        port=options.port,
        browser=not options.no_browser,
        others=others,
    )


def lay_out(options, others):
    """Copy what is new into ``work/``, for those who open it in a JupyterLab of their own."""
    tell_update(workspace.update())
    print(f"The notebooks are in {workspace.work_folder()}: open that folder.")
    print(f"Their kernel is the Python of this environment, {sys.executable}.")
    return 0


def reset(options, others):
    """Bring back the notebooks of lessons; the learner's are kept beside them."""
    kinds = [kind for kind in workspace.FOLDERS if getattr(options, kind)] or ["lesson"]
    for lesson in options.lessons:
        restored, notes = workspace.reset(lesson, kinds=kinds)
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
    """Print what the learner has solved, or write it to a file for the trainer."""
    from funnelkit.exercises import notebook, room

    if options.export:
        print(f"Written to {room.export(options.export)}: tasks solved, tries and hints, no name.")
    else:
        print(notebook.progress(options.exercise))
    return 0


def show_room(options, others):
    """Print the state of a room, once or every so many seconds until Ctrl+C."""
    from funnelkit.exercises import certificates, room

    if options.certificates:
        count = certificates.write(options.folder, options.certificates)
        print(f"{options.certificates}: {count} certificate{'' if count == 1 else 's'}, to print.")
        return 0
    print(room.read_room(options.folder))
    while options.every:
        time.sleep(max(options.every, 1))
        print(f"\n{time.strftime('%H:%M:%S')}  {room.read_room(options.folder)}", flush=True)
    return 0


def grade(options, others):
    """Grade a folder of notebooks into a table, and print how each task went."""
    from funnelkit import grading
    from funnelkit.grading import command

    limits = grading.Limits(
        cell=options.cell_timeout,
        notebook=options.notebook_timeout,
        memory=options.memory * 2**30,
    )
    return command.grade(
        options.folder, options.to, jobs=options.jobs, unsafe=options.unsafe, limits=limits
    )


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
    verb.add_argument(
        "--export",
        metavar="PLACE",
        help="write it to a file, or into a folder that all machines share, for 'funnelkit room'",
    )
    verb.set_defaults(run=progress)

    verb = verbs.add_parser("room", help="show in which task a room is stuck")
    verb.add_argument("folder", help="the folder into which each machine exports its progress")
    verb.add_argument(
        "--every", type=float, metavar="SECONDS", help="again and again, until Ctrl+C"
    )
    verb.add_argument(
        "--certificates",
        metavar="PAGE",
        help="write a certificate for each name instead, to a page such as certificates.html",
    )
    verb.set_defaults(run=show_room)

    verb = verbs.add_parser("reset", help="bring back a lesson; yours is kept beside it")
    verb.add_argument("lessons", nargs="+", metavar="LESSON", help="a number, such as 02")
    verb.add_argument("--exercise", action="store_true", help="its exercise, not the lesson itself")
    verb.add_argument("--lesson", action="store_true", help="with --exercise: the lesson, too")
    verb.epilog = "Without options the lesson alone comes back, and its exercise stays as it is."
    verb.set_defaults(run=reset)

    verb = verbs.add_parser("workspace", help="lay out the notebooks in work/, without JupyterLab")
    verb.set_defaults(run=lay_out)

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
        "Marks are for self-study and workshops; this is not an exam: a copied answer is not "
        "detected."
    )
    verb.set_defaults(run=grade)

    verb = verbs.add_parser("report", help="write the weekly report on a file of your own")
    weekly_report.add_options(verb)
    verb.set_defaults(run=weekly_report.report)

    verb = verbs.add_parser("pipeline", help="run the whole system, from the tables to the report")
    system.add_options(verb)
    verb.set_defaults(run=system.run_system)

    verb = verbs.add_parser("serve", help='answer "score this lead" over HTTP, by a saved model')
    scoring_service.add_options(verb)
    verb.set_defaults(run=scoring_service.serve)

    verb = verbs.add_parser("doctor", help="say what is wrong with this machine")
    verb.set_defaults(run=examine)
    return top


def write_plainly(error):
    """Return what replaces characters that an output lacks; an error handler of `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = ""
    for sign in error.object[error.start : error.end]:
        # Without accents, if that leaves a letter: é becomes e.
        letters = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode("ascii")
        text += PLAIN.get(sign) or letters or "?"
    return text, error.end


def adapt_outputs():
    """Let print() write to outputs of any encoding, such as cp437 or ASCII."""
    codecs.register_error("funnelkit", write_plainly)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="funnelkit")


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
    adapt_outputs()
    try:
        code = options.run(options, others)
        if sys.stdout:  # a program started without a terminal may have none
            sys.stdout.flush()
    except BrokenPipeError:  # what reads the output has ended, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except ImportError as error:
        what = f"a package cannot be loaded ({error}); try 'funnelkit doctor'"
        print(f"funnelkit: {what}", file=sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        what = str(error)
        if isinstance(error, OSError) and error.strerror:
            place = error.filename if error.filename is not None else "a file"
            what = f"cannot use {place} ({error.strerror}); try 'funnelkit doctor'"
        print(f"funnelkit: {what}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
