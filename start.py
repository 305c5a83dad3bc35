# ruff: noqa: UP031
"""Start the course: make what it needs, then run it.

    python start.py lab               open the lessons in JupyterLab
    python start.py lab 02            the same, at lesson 02
    python start.py doctor            say what is wrong with this machine, and how to mend it
    python start.py reset 02          bring back a lesson as it was; yours is kept beside it
    python start.py progress          show which tasks you have solved
    python start.py grade FOLDER      make a table of a folder of submitted notebooks
    python start.py test              run every test (what follows is passed on to pytest)
    python start.py bench             measure the speed against other tools (or: bench lifetime)
    python start.py run COMMAND ...   run a command with the tools of the tests

It needs nothing but Python. The first time it makes an environment beside this file and
installs the pinned packages into it; after that it starts at once.

Without a network: fill a folder where there is one, with the same Python on the same system,
    python -m pip download --only-binary :all: -d wheels -r requirements.lock uv setuptools
and set PIP_FIND_LINKS and UV_FIND_LINKS to that folder, and PIP_NO_INDEX=1 and UV_OFFLINE=1.
"""
# This file keeps to syntax that Python 2 can read, so that a Python that is too old for the
# course can still say so, instead of stopping at a SyntaxError.

import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
WINDOWS = os.name == "nt"
OLDEST = (3, 11)
NEWEST = (3, 14)

# What each environment is made from. The learner's is `.venv`; the others carry the version of
# Python in their name, so that the tests can run on several.
LAB, TEST, BENCH = "lab", "test", "bench"
INSTALLS = {
    LAB: ["-r", "requirements.lock"],
    TEST: ["-r", "requirements-dev.lock"],
    BENCH: ["-r", "requirements.lock", "--group", "pyproject.toml:bench"],
}
VERBS = dict.fromkeys(["lab", "doctor", "reset", "progress", "grade"], LAB)
VERBS.update(test=TEST, run=TEST, bench=BENCH)


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


def folder(kind):
    """Return the folder of the environment of that kind."""
    if kind == LAB:
        return os.path.join(HERE, ".venv")
    return os.path.join(HERE, ".venv-%s-%s" % (kind, dotted(sys.version_info[:2])))


def programs(env):
    """Return the folder in which an environment keeps its programs."""
    return os.path.join(env, "Scripts" if WINDOWS else "bin")


def interpreter(env):
    """Return the path of an environment's Python."""
    return os.path.join(programs(env), "python.exe" if WINDOWS else "python")


def wanted_stamp(kind):
    """Return what an environment of that kind has to be made from, to be up to date.

    An environment holds the paths of its folder and of the Python that made it, so it does not
    survive a move of either: `base` says so. `packages` changes with the pins.
    """
    digest = hashlib.sha256(" ".join(INSTALLS[kind]).encode("utf-8"))
    for name in ("pyproject.toml",) + tuple(n for n in INSTALLS[kind] if n.endswith(".lock")):
        with open(os.path.join(HERE, name), "rb") as file:
            digest.update(file.read())
    base = [dotted(sys.version_info[:2]), platform.machine(), sys.base_prefix, folder(kind)]
    return {"base": base, "packages": digest.hexdigest()}


def read_stamp(env):
    """Return what an environment says it was made from; None if it was never finished."""
    try:
        with open(os.path.join(env, "funnelkit-stamp.json")) as file:
            stamp = json.load(file)
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) and os.path.exists(interpreter(env)) else None


def write_stamp(env, stamp):
    """Note what an environment was made from, or, with None, that it is being changed."""
    path = os.path.join(env, "funnelkit-stamp.json")
    if stamp is None:
        if os.path.exists(path):
            os.remove(path)
        return
    with open(path + ".new", "w") as file:
        json.dump(stamp, file, indent=1)
    os.replace(path + ".new", path)


def environment(env):
    """Return the variables for a program that runs in an environment."""
    variables = dict(os.environ)
    # Another Python's settings would put its packages before the pinned ones.
    for name in ("PYTHONHOME", "PYTHONPATH"):
        variables.pop(name, None)
    variables["PATH"] = programs(env) + os.pathsep + variables.get("PATH", os.defpath)
    variables["VIRTUAL_ENV"] = env
    return variables


def call(command, env, cwd=None):
    """Run a command from a folder, by default that of the course; return its exit code.

    Ctrl+C reaches the command as well as this program: the command is left the time to end in
    good order (JupyterLab stops its kernels), and this program waits for it.
    """
    process = subprocess.Popen(command, cwd=cwd or HERE, env=environment(env))
    before = signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    interrupted = False
    try:
        while True:
            try:
                code = process.wait()
                break
            except KeyboardInterrupt:
                interrupted = True
    finally:
        signal.signal(signal.SIGTERM, before)
    if interrupted and code != 0:
        raise KeyboardInterrupt
    return code


def install(command, env):
    """Run one step of the installation; Stop if it fails."""
    if call(command, env) == 0:
        return
    if "venv" in command:
        raise Stop(
            "The folder %s could not be made (the reason stands above): close a JupyterLab that "
            "still runs from it, look whether you may write here, and start again." % env
        )
    raise Stop(
        "The installation did not finish (the reason stands above): look whether this machine "
        "reaches the internet and has 2 GB of free disk, then start again."
    )


def prepare(kind):
    """Make the environment of that kind, or bring it up to date; return its folder."""
    env, wanted = folder(kind), wanted_stamp(kind)
    have = read_stamp(env)
    if have == wanted:
        return env
    name = os.path.basename(env)
    # A Python cannot rebuild the environment that it runs from: the one behind it does.
    python = getattr(sys, "_base_executable", None) or sys.executable
    if have is None or have.get("base") != wanted["base"]:
        print("Making the environment %s. The first time, this takes a minute or two." % name)
        sys.stdout.flush()
        # Before anything else, so that a half-emptied folder is never taken for a finished one.
        write_stamp(env, None)
        install([python, "-m", "venv", "--clear", env], env)
        install([interpreter(env), "-m", "pip", "install", "--quiet", "uv>=0.8"], env)
    else:
        print("Bringing the environment %s up to date." % name)
        sys.stdout.flush()
        write_stamp(env, None)
    uv = [interpreter(env), "-m", "uv", "pip", "install", "--python", interpreter(env)]
    install(uv + INSTALLS[kind], env)
    install(uv + ["--quiet", "--no-deps", "--editable", HERE], env)
    write_stamp(env, wanted)
    return env


def commands(verb, arguments, env):
    """Return the commands that carry out a verb, in order."""
    python = interpreter(env)
    if verb == "test":
        return [
            [python, "-m", "ruff", "check"],
            [python, "-m", "ruff", "format", "--check"],
            [python, "-m", "pytest", "-n", "auto", "--dist", "loadfile"] + arguments,
        ]
    if verb == "bench":
        # The first argument may name one of the benchmarks; without it, it is that of funnels.
        chosen, rest = (arguments or [""])[0], arguments[1:]
        if not os.path.isfile(os.path.join(HERE, "benchmarks", chosen + ".py")):
            chosen, rest = "funnels", arguments
        return [[python, os.path.join("benchmarks", chosen + ".py")] + rest]
    if verb == "run":
        found = shutil.which(arguments[0], path=environment(env)["PATH"])
        if not found:
            raise Stop("There is no command %s in this environment." % arguments[0])
        return [[found] + arguments[1:]]
    # -P: a file of the learner's that is called like a package must not come before it.
    return [[python, "-P", "-m", "funnelkit.app.cli", verb] + arguments]


def main(arguments):
    """Carry out the command line; return the exit code: the first that is not 0."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__.strip())
        return 0 if arguments else 2
    verb, rest = arguments[0], arguments[1:]
    if verb not in VERBS:
        raise Stop("There is no command '%s': choose one of %s." % (verb, ", ".join(VERBS)))
    if verb == "run" and not rest:
        raise Stop("Say what to run, for example: start.py run python -m tools.notebooks check")
    check_python()
    env = prepare(VERBS[verb])
    # `grade` is told files, which are meant from where its user stands.
    place = {"cwd": os.getcwd()} if verb == "grade" else {}
    codes = [call(command, env, **place) for command in commands(verb, rest, env)]
    return next((code for code in codes if code != 0), 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        sys.exit("start.py: %s" % stop)
    except KeyboardInterrupt:
        sys.exit(130)
