"""The environments in which the course runs: made, brought up to date, and kept apart.

Only the standard library is imported, since `start.py` uses this before anything is installed.
"""

import ast
import contextlib
import errno
import hashlib
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[2])
WINDOWS = os.name == "nt"
PYTHON = ".".join(str(part) for part in sys.version_info[:2])
__all__ = [
    "ROOT",
    "SITE",
    "Stop",
    "call",
    "environment",
    "interpreter",
    "prepare",
    "programs_forbidden",
]

# What each environment is made from. The learner's is `.venv`; the others carry the version of
# Python in their name, so that the tests can run on several.
LAB, TEST, BENCH, SITE = "lab", "test", "bench", "site"
INSTALLS = {
    LAB: ["-r", "requirements.lock"],
    TEST: ["-r", "requirements-dev.lock"],
    BENCH: ["-r", "requirements.lock", "--group", "pyproject.toml:bench"],
    SITE: ["-r", "requirements.lock", "--editable", ".[site]"],
}
# The extras of pyproject.toml: what the tests have, and what the tests in tests/extras/<extra>/ and
# the notebooks notebooks/extras/*_<ending>.ipynb need besides, with those endings.
EXTRAS = {
    "databases": ["mysql", "postgresql"],
    "spark": ["spark"],
    "tensorflow": ["tensorflow"],
}
INSTALLS.update(
    (extra, ["-r", "requirements-dev.lock", "--editable", f".[{extra}]"]) for extra in EXTRAS
)

# Variables by which a user changes how another Python runs.
OTHER_PYTHONS = ["HOME", "PATH", "PLATLIBDIR", "EXECUTABLE", "STARTUP", "INSPECT", "OPTIMIZE"]
OTHER_PYTHONS += ["WARNINGS", "USERBASE", "CASEOK", "PROFILEIMPORTTIME"]

# Of the settings of pip and uv those that say where packages come from; others (a folder to
# install into, hashes, constraints, "build everything") are meant for other environments.
PIP_KEEPS = ["index-url", "extra-index-url", "find-links", "no-index", "cert", "client-cert"]
PIP_KEEPS += ["proxy", "trusted-host", "timeout", "default-timeout", "retries", "use-feature"]
PIP_KEEPS += ["keyring-provider", "cache-dir", "no-cache-dir"]
UV_KEEPS = "INDEX|DEFAULT_INDEX|EXTRA_INDEX|FIND_LINKS|NO_INDEX|OFFLINE|CACHE_DIR|NO_CACHE|HTTP"
UV_KEEPS += "|SYSTEM_CERTS|NATIVE_TLS|INSECURE_HOST|KEYRING|CONFIG_FILE|CONCURRENT|LINK_MODE"

TRUE = ("1", "true", "yes", "on")

# What stops an installation.
FULL = "the disk is full: the course needs about 1 GB, so make room"
OFFLINE = (
    "the network is switched off by UV_OFFLINE or PIP_NO_INDEX, and the folder of packages does "
    "not hold one that fits this Python and this system: fill it with the same Python on the same "
    "system, and give its path from the course's folder, such as PIP_FIND_LINKS=wheels"
)
WHEELS = (
    f"the folder wheels beside start.py does not hold all that Python {PYTHON} needs on this "
    "system (who made the folder can fill it for this one, too), and "
)
ABSENT = (
    "the place that packages come from does not have one that fits this Python and this system: "
    "look at PIP_INDEX_URL and PIP_FIND_LINKS, or take another Python"
)
LOCKED = (
    "a file could not be written: close a JupyterLab that runs from this folder, let a virus "
    "scanner finish, and look whether you may write here"
)
# What the installers print, and what it means; the first that fits is told.
CAUSES = [
    (
        r"No space left|os error (28|112|122)\b|Errno (28|122)\b|not enough space|quota exceeded",
        FULL,
    ),
    (
        r"UnknownIssuer|invalid peer certificate|CERTIFICATE_VERIFY_FAILED|certificate verify",
        "a certificate was refused: something between this machine and the internet (a company's "
        "proxy, a virus scanner) signs with a certificate of its own, so set PIP_CERT to the file "
        "in which your IT department gives it out; or the clock of this machine is wrong",
    ),
    (
        r"\b407\b|Proxy Authentication",
        "the proxy asks for a name and a password: set HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT",
    ),
    (
        r"\b40[13]\b.{0,20}(Unauthorized|Forbidden|Client Error)|HTTP status client error \(40[13]",
        "the place that packages come from asks for a name and a password: ask who runs it",
    ),
    (
        r"network (was|is) disabled|network connectivity is disabled|--offline",
        OFFLINE,
    ),
    (
        r"Failed to fetch|error sending request|NewConnectionError|ConnectTimeout|ReadTimeout"
        r"|Connection (refused|reset|broken|aborted|timed out)|timed out|dns error|Cannot connect"
        r"|name resolution|getaddrinfo|unreachable|RemoteDisconnected|ProtocolError|tunnel",
        "this machine does not reach the place that packages come from: look at the network, at "
        "HTTPS_PROXY and, in a company, ask for its mirror and set PIP_INDEX_URL to it",
    ),
    (
        r"No matching distribution|No solution found|not found in the (package )?registry"
        r"|no wheels? with a matching|unsatisfiable|ResolutionImpossible",
        ABSENT,
    ),
    (
        r"Permission denied|os error (5|13|30|32)\b|Errno (13|30)\b|WinError (5|32)"
        r"|Access is denied|Read-only file system|Operation not permitted",
        LOCKED,
    ),
]


class Stop(Exception):
    """The one sentence to print before giving up."""


def folder(kind):
    """Return the folder of the environment of that kind."""
    if kind == LAB:
        return os.path.join(ROOT, ".venv")
    return os.path.join(ROOT, f".venv-{kind}-{PYTHON}")


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
        if not os.path.exists(os.path.join(ROOT, name)):
            raise Stop(
                f"There is no {name} beside start.py. What is handed out to learners has only what "
                "lab, doctor, reset and progress need: for the rest, download the whole course."
            )
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    base = [PYTHON, platform.machine(), sys.base_prefix, folder(kind)]
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
    for name in OTHER_PYTHONS:
        variables.pop("PYTHON" + name, None)
    variables["PATH"] = programs(env) + os.pathsep + variables.get("PATH", os.defpath)
    variables["VIRTUAL_ENV"] = env
    return variables


def pip_settings(env):
    """Return what pip's files and variables say about where packages come from, by option."""
    command = [interpreter(env), "-m", "pip", "config", "list"]
    # A user who says "install for me alone" would otherwise be shown one of the files only.
    variables = {**environment(env), "PIP_USER": "0", "PIP_GLOBAL": "0", "PIP_SITE": "0"}
    try:
        told = subprocess.run(
            command, cwd=ROOT, env=variables, check=True, capture_output=True
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.CalledProcessError):  # a damaged file: then without it
        told = ""
        for name, value in sorted(os.environ.items()):
            if name.startswith("PIP_"):
                told += f":env:.{name[4:].lower().replace('_', '-')}={value!r}\n"
    found = {}
    for section in ("global", "install", ":env:"):  # the later ones win
        for line in told.splitlines():
            place, _, value = line.partition("=")
            if place.rpartition(".")[0] != section or not value:
                continue
            with contextlib.suppress(SyntaxError, ValueError):
                found[place.rpartition(".")[2]] = " ".join(str(ast.literal_eval(value)).split())
    return {name: found[name] for name in PIP_KEEPS if found.get(name)}


def install_environment(env, settings):
    """Return the variables for pip and uv: pip's settings, handed on to uv where it has none."""
    keeps = re.compile(f"(?!PIP_|UV_)|UV_({UV_KEEPS})")
    variables = {n: v for n, v in environment(env).items() if keeps.match(n.upper())}
    for name, value in settings.items():
        variables["PIP_" + name.upper().replace("-", "_")] = value
    if variables.get("PIP_RETRIES") == "0":
        del variables["PIP_RETRIES"]  # pip does not say that it reaches nothing, if it tries once
    variables.update(PIP_CONFIG_FILE=os.devnull, PIP_NO_INPUT="1", PIP_USER="0")
    variables.update(PIP_DISABLE_PIP_VERSION_CHECK="1")

    def hand_on(name, value, others=()):
        if value and not any(variables.get(one) for one in (name,) + tuple(others)):
            variables[name] = value

    get = settings.get
    hand_on("UV_DEFAULT_INDEX", get("index-url"), ["UV_INDEX_URL"])
    if get("extra-index-url"):
        hand_on("UV_INDEX", get("extra-index-url"), ["UV_EXTRA_INDEX_URL"])
        # As pip does: the one pinned version, wherever it is.
        hand_on("UV_INDEX_STRATEGY", "unsafe-best-match")
    hand_on("UV_FIND_LINKS", get("find-links", "").replace(" ", ","))
    hand_on("UV_NO_INDEX", "1" if get("no-index", "").lower() in TRUE else "")
    hand_on("UV_INSECURE_HOST", get("trusted-host"))
    hand_on("UV_HTTP_TIMEOUT", get("timeout", get("default-timeout")))
    hand_on("UV_KEYRING_PROVIDER", "subprocess" if get("keyring-provider") == "subprocess" else "")
    for name in ("HTTPS_PROXY", "HTTP_PROXY"):
        hand_on(name, get("proxy"), [name.lower(), "ALL_PROXY", "all_proxy"])
    hand_on("SSL_CLIENT_CERT", get("client-cert"))
    cert = get("cert", os.environ.get("REQUESTS_CA_BUNDLE", os.environ.get("CURL_CA_BUNDLE", "")))
    hand_on("SSL_CERT_DIR" if os.path.isdir(cert) else "SSL_CERT_FILE", cert)
    hand_on("UV_SYSTEM_CERTS", "1", ["UV_NATIVE_TLS"])
    # What was told to uv alone.
    hand_on("PIP_INDEX_URL", variables.get("UV_DEFAULT_INDEX", variables.get("UV_INDEX_URL")))
    hand_on("PIP_FIND_LINKS", variables.get("UV_FIND_LINKS", "").replace(",", " "))
    return variables


def can_write(path):
    """Return whether files can be written in a folder, which is made if need be."""
    try:
        if not os.path.isdir(path):
            os.makedirs(path)
        with tempfile.TemporaryFile(dir=path):
            return True
    except OSError:
        return False


def give_uv_a_cache(env, variables):
    """Put uv's cache into the environment where its own place cannot be written to."""
    try:
        command = [interpreter(env), "-m", "uv", "cache", "dir"]
        told = subprocess.run(command, cwd=ROOT, env=variables, check=True, capture_output=True)
        usable = can_write(os.fsdecode(told.stdout).strip())
    except (OSError, subprocess.CalledProcessError):
        usable = False
    if not usable:
        variables["UV_CACHE_DIR"] = os.path.join(env, "uv-cache")


def say(text):
    """Print a text, whatever characters the terminal can show."""
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def call(command, env, cwd=None):
    """Run a command from a folder, by default that of the course; return its exit code."""
    return wait(subprocess.Popen(command, cwd=cwd or ROOT, env=environment(env)))


def wait(process):
    """Wait until a program has ended; return its exit code.

    Ctrl+C reaches the program as well as this one: it is left the time to end in good order
    (JupyterLab stops its kernels), and this one waits for it.
    """
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


def follow(command, variables, patience=20):
    """Run a step of the installation, and show what it prints; return its exit code and that.

    After so many seconds of silence it is said that the step is still at work.
    """
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    process.stdin.close()
    began, printed, ended = time.time(), [], threading.Event()
    heard = [began]

    def show():
        for line in iter(process.stdout.readline, b""):
            printed.append(line.decode("utf-8", "replace"))
            say("    " + printed[-1])
            heard[0] = time.time()

    def reassure():
        while not ended.wait(1):
            if time.time() - heard[0] >= patience:
                heard[0] = time.time()
                say(f"    still at work, for {heard[0] - began:.0f} s now\n")

    threads = [threading.Thread(target=one) for one in (show, reassure)]
    for thread in threads:
        thread.daemon = True
        thread.start()
    try:
        code = wait(process)
    finally:
        ended.set()
        threads[0].join(10)
    return code, "".join(printed)


def cause(printed):
    """Return what stopped an installer, by what it printed."""
    for pattern, meaning in CAUSES:
        if re.search(pattern, printed, re.IGNORECASE):
            offline = os.environ.get("PIP_NO_INDEX") or os.environ.get("UV_OFFLINE")
            return OFFLINE if meaning == ABSENT and offline else meaning
    return "the reason is above; show it to your trainer if it does not tell you what to do"


@contextlib.contextmanager
def alone(env):
    """Let one start.py at a time make an environment; another one waits for it here."""
    try:
        file = open(env + ".lock", "a+b")  # noqa: SIM115
    except OSError:  # nothing can be written here, as will be said
        yield
        return
    with file:
        told = False
        while not take(file):
            if not told:
                name = os.path.basename(env)
                say(f"Another start.py is making the environment {name}: waiting for it.\n")
                told = True
            time.sleep(0.2)
        yield


def take(file):
    """Return whether a file could be locked for this program; the system frees it at its end."""
    try:
        if WINDOWS:
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Others have it; on a drive that knows no locks, go on without.
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def prepare(kind):
    """Make the environment of that kind, or bring it up to date; return its folder."""
    env, wanted = folder(kind), wanted_stamp(kind)
    if read_stamp(env) == wanted:
        return env
    check_folder()
    with alone(env):
        have = read_stamp(env)
        if have == wanted:  # another start.py has made it meanwhile
            return env
        new = have is None or have.get("base") != wanted["base"]
        name = os.path.basename(env)
        if new:
            say(f"Making the environment {name}. The first time, this takes a minute or two.\n")
        else:
            say(f"Bringing the environment {name} up to date.\n")
        # Before anything else, so that a half-emptied folder is never taken for a finished one.
        write_stamp(env, None)
        if new:
            make(env)
        fill(kind, env, new)
        write_stamp(env, wanted)
    return env


def check_folder():
    """Raise Stop if no environment can work in this folder."""
    for sign, name in ((os.pathsep, f"a '{os.pathsep}'"), ("\n", "a line break")):
        if sign in ROOT:
            raise Stop(
                f"The path of this folder has {name} in it, with which Python cannot make an "
                "environment: rename the folder, and start again."
            )

    if programs_forbidden(ROOT):
        raise Stop(
            "The drive of this folder lets no program run from it (noexec): move the folder to "
            "another one, such as your home, and start again."
        )


def programs_forbidden(place):
    """Return whether a folder is on a drive that lets no program run, as far as it says so."""
    forbids = getattr(os, "ST_NOEXEC", 0)
    return bool(forbids and os.statvfs(place).f_flag & forbids)


def make(env):
    """Make an empty environment; Stop if that fails."""
    say("  Step 1 of 4: an empty environment\n")
    # A Python cannot rebuild the environment that it runs from: the one behind it does.
    python = getattr(sys, "_base_executable", None) or sys.executable
    code, printed = follow([python, "-m", "venv", "--clear", env], environment(env))
    if code == 0:
        return
    why = FULL if cause(printed) == FULL else LOCKED
    raise Stop(f"The folder {env} could not be made: {why}. Then start again.")


def fill(kind, env, new):
    """Install what an environment of that kind is made from; Stop if that fails.

    Packages come from the folder `wheels` beside start.py, if a learner's course has one; what
    that lacks, from where pip is told to look.
    """
    settings = pip_settings(env)
    beside = wheels_beside(kind, settings)
    if beside:
        say("  The packages are taken from the folder wheels beside start.py.\n")
        try:
            fill_from({**settings, **beside}, kind, env, new)
            return
        except Stop as stop:
            if FULL in str(stop) or LOCKED in str(stop):
                raise
            say("  The folder wheels does not hold all that is needed here. Now without it.\n")
    try:
        fill_from(settings, kind, env, new)
    except Stop as stop:
        if not beside:
            raise
        raise Stop(str(stop).replace(": ", f": {WHEELS}", 1)) from None


def wheels_beside(kind, settings):
    """Return pip's settings for the folder `wheels` of a learner's course, if that is to be used.

    Whoever has told pip or uv of a place of their own is served from there.
    """
    told = {"find-links", "no-index"} & set(settings)
    told |= {name for name in ("UV_FIND_LINKS", "UV_NO_INDEX", "UV_OFFLINE") if name in os.environ}
    if kind != LAB or told or not list(Path(ROOT, "wheels").glob("*.whl")):
        return {}
    return {"find-links": "wheels", "no-index": "true"}  # from the course's folder, see follow()


def fill_from(settings, kind, env, new):
    """Install what an environment of that kind is made from, by pip's settings.

    It is done by uv, which takes seconds; where that fails, pip may still find a way.
    """
    variables = install_environment(env, settings)
    pip = [interpreter(env), "-m", "pip", "install", "--progress-bar", "off"]
    uv = [interpreter(env), "-m", "uv", "pip", "install", "--python", interpreter(env)]
    # uv looks at no variable for this one.
    uv += ["--no-index"] if variables.get("UV_NO_INDEX", "").lower() in TRUE else []
    if new:
        say("  Step 2 of 4: the installer uv (about 25 MB)\n")
        code, printed = follow(pip + ["--quiet", "uv>=0.8"], variables)
        if code != 0:
            # Where there is no uv, pip can do all; what keeps pip from fetching would do so again.
            if cause(printed) not in (ABSENT, OFFLINE):
                raise Stop(failed(printed))
            uv = None
    if uv:
        give_uv_a_cache(env, variables)
    packages = INSTALLS[kind]
    say("  Step 3 of 4: the packages (about 200 MB; with a slow network, this takes longest)\n")
    uv = step(uv, pip, packages, variables)
    say("  Step 4 of 4: the course's own package\n")
    step(uv, pip, ["--quiet", "--no-deps", "--editable", ROOT], variables)


def step(uv, pip, packages, variables):
    """Install packages with uv, or else with pip; return the command of uv if it worked."""
    printed = ""
    if uv:
        code, printed = follow(uv + packages, variables)
        if code == 0:
            return uv
        # Both would stop at a full disk; and only uv knows groups of pyproject.toml for sure.
        if cause(printed) == FULL or "--group" in packages:
            raise Stop(failed(printed))
        say("  The installer uv did not manage (see above). Now with pip, which takes longer.\n")
    code, told = follow(pip + packages, {"PIP_RETRIES": "2", **variables})
    if code != 0:
        # Where pip found nothing at all, uv may have said why.
        raise Stop(failed(printed + told if "from versions: none" in told else told))
    return None


def failed(printed):
    """Return the closing sentence of an installation that failed."""
    return f"The installation did not finish: {cause(printed)}. Then start again."
