# ruff: noqa: UP031, B904
"""Start the course: make what it needs, then run it.

    python start.py lab               open the lessons in JupyterLab
    python start.py lab 02            the same, at lesson 02
    python start.py doctor            say what is wrong with this machine, and how to fix it
    python start.py reset 02          bring back a lesson as it was; yours is kept beside it
    python start.py reset 02 --exercise    the same for its exercise
    python start.py progress          show which tasks you have solved
    python start.py room FOLDER       show in which task a room is stuck
    python start.py workspace         lay out the notebooks in work/, without JupyterLab
    python start.py report mylog.csv --steps visit,signup,purchase --window 14d
                                      the weekly report on a file of your own, as one page
    python start.py pipeline FOLDER   run the whole system, from the tables to the report
    python start.py serve MODEL.json  answer "score this lead" over HTTP, by a saved model
    python start.py grade FOLDER      make a table of a folder of submitted notebooks
    python start.py test              run every test (what follows is passed on to pytest)
    python start.py trials            try the course in awkward places (or: trials mirror)
    python start.py bench             measure the speed against other tools (or: bench lifetime)
    python start.py site              make web pages of the course, in build/site/html
    python start.py slides            make slides of the lessons for a trainer, in build/slides
    python start.py extras            test what needs more than the course installs (or: extras
                                      databases, extras spark, extras tensorflow)
    python start.py run COMMAND ...   run a command with the tools of the tests

It needs nothing but Python. The first time it makes an environment beside this file and
installs the pinned packages into it; after that it starts at once.

Where pip has settings of its own (a mirror, a certificate, a proxy), they are used here too.
Without a network: fill the folder wheels beside this file where there is one, for example with
    python start.py run python -m tools.wheels --for windows --python 3.13 --to wheels
and it is used without being asked.
"""
# This file keeps to syntax that Python 2 can read, so that a Python that is too old for the
# course can still say so, instead of stopping at a SyntaxError.

import os
import sys

# By its real path: called by a link, it would otherwise make the environment anew each time.
HERE = os.path.dirname(os.path.realpath(__file__))
# A random.py that a learner keeps in this folder must not come before Python's own.
sys.path[:] = [path for path in sys.path if os.path.realpath(path) != HERE]

import platform  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402

WINDOWS = os.name == "nt"
OLDEST = (3, 11)
NEWEST = (3, 14)

# The environment that each command runs in.
VERBS = ["lab", "doctor", "reset", "progress", "room", "workspace", "grade", "report"]
VERBS += ["pipeline", "serve"]
VERBS = dict.fromkeys(VERBS, "lab")
VERBS.update(test="test", run="test", trials="test", bench="bench", site="site", slides="lab")
VERBS.update(extras=None)  # each extra has one of its own


class Stop(Exception):
    """The one sentence to print before giving up."""


def dotted(version):
    """Return a version such as (3, 11) as text: 3.11."""
    return ".".join(str(part) for part in version)


def newer_python():
    """Return the command of a Python on this machine that will do, or None."""
    if not hasattr(shutil, "which"):
        return None
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        name = "3.%d" % minor
        candidates = [["py", "-" + name]] if WINDOWS else [["python" + name]]
        for command in candidates:
            if not shutil.which(command[0]):
                continue
            # It is run, since a name on PATH may be a stand-in for a Python that is not there.
            try:
                probe = command + ["-c", "import ensurepip, venv"]
                with open(os.devnull, "w") as nowhere:
                    works = subprocess.call(probe, stdout=nowhere, stderr=nowhere) == 0
            except OSError:
                works = False
            if works:
                return " ".join(command)
    return None


def check_python(version=None, system=None, machine=None, has_module=None, newer=newer_python):
    """Raise Stop if the course cannot run on this Python; the arguments are for the tests."""
    version = tuple(version or sys.version_info[:3])
    system = system or sys.platform
    machine = machine or platform.machine()
    if not OLDEST <= version[:2] <= NEWEST:
        found = newer()
        if found:
            way = "this machine has one that fits, so type: %s start.py lab" % found
        else:
            way = "install Python %s from https://www.python.org/downloads/ and start again" % (
                dotted((3, NEWEST[1] - 1))
            )
        raise Stop(
            "Funnelkit needs Python %s to %s, and this is Python %s: %s."
            % (dotted(OLDEST), dotted(NEWEST), dotted(version), way)
        )
    if system == "darwin" and machine == "x86_64":
        raise Stop(
            "This Python is made for Intel Macs, for which the packages of the course are no "
            "longer published: on a Mac with an Apple chip install the universal Python from "
            "https://www.python.org/downloads/, on an Intel Mac use the course online or on "
            "another computer."
        )
    if has_module is None:
        from importlib.util import find_spec

        def has_module(name):
            return find_spec(name) is not None

    missing = [name for name in ("venv", "ensurepip") if not has_module(name)]
    if missing:
        raise Stop(
            "This Python lacks its %s module, which makes environments: on Debian or Ubuntu type "
            "'sudo apt install python%s-venv', elsewhere install Python from "
            "https://www.python.org/downloads/, and start again."
            % (" and ".join(missing), dotted(version[:2]))
        )


def module(path):
    """Return a module of the course, by its path from here; it need not be for old Pythons."""
    from importlib import util

    # By its path, since the package of that name may be another, or not be there.
    name = "funnelkit_" + os.path.basename(path).partition(".")[0]
    spec = util.spec_from_file_location(name, os.path.join(HERE, path))
    loaded = util.module_from_spec(spec)
    try:
        spec.loader.exec_module(loaded)
    except (OSError, SyntaxError) as error:
        raise Stop("The folder %s is not whole: download the course again (%s)." % (HERE, error))
    return loaded


def installer():
    """Return the module that makes environments."""
    return module(os.path.join("funnelkit", "app", "install.py"))


def lacking(kind):
    """Return the sentence that says what an extra needs and pip does not install, or None."""
    if kind != "spark":
        return None
    servers = module(os.path.join("tools", "servers.py"))
    try:
        servers.java()
    except servers.Unavailable as missing:
        return str(missing)


def extra_tests(extra, endings):
    """Return what needs an extra: the paths of notebooks, and the folder of tests if there is one.

    Notebooks are found by how their names end. The paths count from the course's folder.
    """
    folder = os.path.join("notebooks", "extras")
    names = sorted(os.listdir(os.path.join(HERE, folder)))
    ends = tuple("_%s.ipynb" % ending for ending in endings)
    found = [os.path.join(folder, name) for name in names if name.endswith(ends)]
    tests = os.path.join("tests", "extras", extra)
    return found + [tests] * os.path.isdir(os.path.join(HERE, tests))


def commands(verb, arguments, env, install):
    """Return the commands that carry out a verb, in order; `install` is the `installer`.

    The first argument of `extras` is the name of one.
    """
    python = install.interpreter(env)
    if verb == "test":
        return [
            [python, "-m", "ruff", "check"],
            [python, "-m", "ruff", "format", "--check"],
            [python, "-m", "pytest", "-n", "auto", "--dist", "loadfile"] + arguments,
        ]
    if verb == "trials":
        return [[python, os.path.join("tools", "trials")] + arguments]
    if verb in ("site", "slides"):
        return [[python, "-m", "tools." + verb] + arguments]
    if verb == "bench":
        # The first argument may name one of the benchmarks; without it, it is that of funnels.
        chosen, rest = (arguments or [""])[0], arguments[1:]
        if not os.path.isfile(os.path.join(HERE, "benchmarks", chosen + ".py")):
            chosen, rest = "funnels", arguments
        return [[python, os.path.join("benchmarks", chosen + ".py")] + rest]
    if verb == "extras":
        extra, rest = arguments[0], arguments[1:]
        return [[python, "-m", "pytest"] + extra_tests(extra, install.EXTRAS[extra]) + rest]
    if verb == "run":
        found = shutil.which(arguments[0], path=install.environment(env)["PATH"])
        if not found:
            raise Stop("There is no command %s in this environment." % arguments[0])
        return [[found] + arguments[1:]]
    # -P: a file of the learner's that is called like a package must not come before it.
    return [[python, "-P", "-m", "funnelkit.app.cli", verb] + arguments]


def main(arguments):
    """Carry out the command line; return the exit code: the first that is not 0."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        # With -OO there is no __doc__.
        print((__doc__ or "The README says what start.py can do.").strip())
        return 0 if arguments else 2
    verb, rest = arguments[0], arguments[1:]
    if verb not in VERBS:
        raise Stop("There is no command '%s': choose one of %s." % (verb, ", ".join(VERBS)))
    if verb == "run" and not rest:
        raise Stop("Say what to run, for example: start.py run python -m tools.notebooks check")
    if verb in ("site", "slides") and not os.path.isdir(os.path.join(HERE, "tools", verb)):
        what = {"site": "the site", "slides": "slides"}[verb]
        raise Stop("What is handed out to learners cannot make %s: get the whole course." % what)
    if verb == "bench" and not os.path.isdir(os.path.join(HERE, "benchmarks")):
        raise Stop("What is handed out to learners cannot measure speed: get the whole course.")
    check_python()
    install = installer()
    # These are told files, which are meant from where their user stands.
    told = ("grade", "progress", "report", "room", "pipeline", "serve")
    place = {"cwd": os.getcwd()} if verb in told else {}
    kinds, codes = [VERBS[verb]], []
    if verb == "extras":
        # The first argument may name one of them.
        named = rest[:1] if rest and rest[0] in install.EXTRAS else []
        kinds, rest = named or list(install.EXTRAS), rest[len(named) :]
    for kind in kinds:
        missing = lacking(kind)
        if missing:
            sys.stderr.write("start.py: the extra %s was left out: %s\n" % (kind, missing))
            codes.append(1)
            continue
        try:
            env = install.prepare(kind)
        except install.Stop as stop:
            raise Stop(str(stop))
        arguments = [kind] + rest if verb == "extras" else rest
        for command in commands(verb, arguments, env, install):
            codes.append(install.call(command, env, **place))
    return next((code for code in codes if code != 0), 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        sys.exit("start.py: %s" % stop)
    except OSError as error:
        sys.exit("start.py: cannot use %s (%s)." % (error.filename or HERE, error.strerror))
    except KeyboardInterrupt:
        sys.exit(130)
