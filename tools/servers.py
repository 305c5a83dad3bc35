"""MariaDB and PostgreSQL, started for a test and stopped after it; and the Java that Spark needs.

    with servers.postgresql() as url:
        engine = sqlalchemy.create_engine(url)

Each runs on a free port of this machine alone and keeps its data in a folder of its own in /tmp,
which is removed afterwards. Where a program is not installed, `Unavailable` says what to do; where
the variable CI is set and the user is root, it is installed from Debian's packages.
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["SERVERS", "Unavailable", "java", "mariadb", "postgresql"]

DATABASE = "funnelkit"
POSTGRES = "postgres"  # the user of Debian's package, who owns the data if root starts the server
OLDEST_JAVA = 17  # for Spark 4
POLICY = Path("/usr/sbin/policy-rc.d")
PATIENCE = 60  # seconds, on a machine that does much else


class Unavailable(Exception):
    """The one sentence that says why there is no server here, and what to do."""


@contextlib.contextmanager
def mariadb() -> Iterator[str]:
    """Start MariaDB; yield the URL by which SQLAlchemy reaches its empty database."""
    install = program("mariadb-install-db", package="mariadb-server")
    daemon = program("mariadbd", package="mariadb-server")
    # Both refuse root unless it is named; another user need not name itself.
    user = ["--user=root"] if is_root() else []
    with data_folder() as folder:
        data = folder / "data"
        settings = ["--no-defaults", f"--datadir={data}", *user]
        run([install, *settings, "--auth-root-authentication-method=normal", "--skip-test-db"])
        first = folder / "first.sql"
        # The collation is the server's, as it would be for a database that somebody else made.
        first.write_text(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4;\n", encoding="utf-8")
        port = free_port()
        command = [daemon, *settings, f"--port={port}", "--bind-address=127.0.0.1"]
        command += [f"--socket={folder / 'socket'}", f"--init-file={first}"]
        with running(command, folder) as process:
            wait_until(lambda: listens(port), process, folder)
            yield f"mysql+pymysql://root@127.0.0.1:{port}/{DATABASE}?charset=utf8mb4"


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Start PostgreSQL; yield the URL by which SQLAlchemy reaches its empty database."""
    initdb = program("initdb", package="postgresql")
    daemon = program("postgres", package="postgresql")
    ready = program("pg_isready", package="postgresql")
    user = POSTGRES if is_root() else None  # it refuses root
    with data_folder(owner=user) as folder:
        data = folder / "data"
        settings = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        run([initdb, *settings, "--no-sync", f"--pgdata={data}"], user=user)
        port = free_port()
        command = [daemon, "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder)]
        with running([*command, "-F"], folder, user=user) as process:
            asked = [ready, "--quiet", "--host=127.0.0.1", f"--port={port}"]
            wait_until(lambda: subprocess.run(asked).returncode == 0, process, folder)
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"


SERVERS = {"mariadb": mariadb, "postgresql": postgresql}


def java() -> str:
    """Return the path of the Java that Spark will take; Unavailable if it is missing or old."""
    home = os.environ.get("JAVA_HOME")
    if home:
        found = os.path.join(home, "bin", "java")
    else:
        found = program("java", package="default-jre-headless")
    try:
        told = subprocess.run([found, "-version"], capture_output=True, text=True).stderr
    except OSError:
        told = ""
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < OLDEST_JAVA:
        # macOS has a stand-in called java that only says where to get it.
        what = f"is Java {version[1]}" if version else "does not say its version"
        raise Unavailable(
            f"Spark needs Java {OLDEST_JAVA} or later, and {found} {what}: install one, on Debian "
            "or Ubuntu by 'sudo apt-get install default-jre-headless', elsewhere from "
            "https://adoptium.net, and set JAVA_HOME to its folder."
        )
    return found


# ---------------------------------------------------------------------------------------------
# The programs
# ---------------------------------------------------------------------------------------------


def is_root() -> bool:
    """Return whether root runs this."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def find(name: str) -> str | None:
    """Return the path of a server's program; PostgreSQL's are in the folder of its version."""
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(versions, key=lambda path: (len(path.parts[4]), path), reverse=True)
    folders = [*map(str, newest_first), "/usr/sbin", os.environ.get("PATH", os.defpath)]
    return shutil.which(name, path=os.pathsep.join(folders))


def program(name: str, *, package: str) -> str:
    """Return the path of a server's program, installed if that is allowed; else Unavailable."""
    if find(name) is None and os.environ.get("CI") and is_root() and shutil.which("apt-get"):
        install_package(package)
    found = find(name)
    if found is None:
        raise Unavailable(
            f"There is no {name} on this machine: on Debian or Ubuntu type 'sudo apt-get install "
            f"{package}', or set the variable CI and run this as root, which installs it."
        )
    return found


def install_package(package: str) -> None:
    """Install one of Debian's packages; the server in it is kept from starting by itself."""
    get = ["apt-get", "install", "--yes", "--no-install-recommends", package]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with starting_forbidden():
        if subprocess.run(get, env=quiet).returncode != 0:
            subprocess.run(["apt-get", "update"], env=quiet, check=False)
            subprocess.run(get, env=quiet, check=False)


@contextlib.contextmanager
def starting_forbidden() -> Iterator[None]:
    """Tell Debian's packages meanwhile not to start what they install."""
    if POLICY.exists():  # somebody has decided that already
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


# ---------------------------------------------------------------------------------------------
# Start and stop
# ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def data_folder(owner: str | None = None) -> Iterator[Path]:
    """Make a folder for a server's data, and remove it afterwards.

    It is made in /tmp itself, since another user has to get through all the folders above it.
    """
    folder = Path(tempfile.mkdtemp(prefix="funnelkit-server-", dir="/tmp"))
    try:
        if owner:
            shutil.chown(folder, owner, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(command: list[str], *, user: str | None = None) -> None:
    """Run a program to its end; if it fails, say what it printed."""
    done = subprocess.run(command, **as_user(user), capture_output=True, text=True, cwd="/")
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def as_user(user: str | None) -> dict[str, object]:
    """Return how a program is told to run as another user."""
    return {"user": user, "group": user, "extra_groups": []} if user else {}


@contextlib.contextmanager
def running(command: list[str], folder: Path, *, user: str | None = None) -> Iterator:
    """Run a server; stop it on leaving, and if something fails."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, **as_user(user), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
        )
        try:
            yield process
        finally:
            # Both end at once and in good order, without waiting for whoever is still connected:
            # PostgreSQL at an interrupt, MariaDB at a termination.
            process.send_signal(2 if "postgres" in command[0] else 15)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until(is_ready, process: subprocess.Popen, folder: Path) -> None:
    """Wait until a server answers; if it ends or is silent, say what it printed."""
    until = time.monotonic() + PATIENCE
    while not is_ready():
        if process.poll() is not None or time.monotonic() > until:
            printed = (folder / "log").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"{process.args[0]} did not start:\n{printed[-3000:]}")
        time.sleep(0.05)


def free_port() -> int:
    """Return the number of a port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    """Return whether somebody listens at a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
