"""What trials share: a small course, a mirror of packages, and a JupyterLab that is started."""

import functools
import http.server
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.request
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRIALS = {}
ONCE = threading.RLock()  # two trials run at a time, and share what takes long to make
DEAD = "http://127.0.0.1:9"  # nothing listens at this port


class Skip(Exception):
    """Why a trial cannot be made on this machine."""


def trial(function):
    """Register a trial: a function of an empty folder that raises AssertionError if it fails."""
    TRIALS[function.__name__] = function
    return function


def needs(what, there):
    if not there:
        raise Skip(f"needs {what}")


def is_root():
    return getattr(os, "geteuid", lambda: 1)() == 0


def expect(condition, *told):
    """Raise AssertionError with what was printed unless a condition holds."""
    if not condition:
        raise AssertionError("\n".join(str(one) for one in told))


# A course that takes seconds to install


def once(function):
    """Have a function without arguments run once, also if two trials call it in one moment."""
    kept = functools.cache(function)

    @functools.wraps(function)
    def locked():
        with ONCE:
            return kept()

    return locked


@once
def wheels():
    """Return a folder with the few wheels that the small course is made from."""
    keep = tempfile.TemporaryDirectory(prefix="funnelkit-wheels-")
    wheels.keep = keep  # until this program ends
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", keep.name]
    command += ["--only-binary", ":all:", "uv>=0.8", "setuptools>=77", pin("tqdm")]
    done = subprocess.run(command, capture_output=True, text=True)
    needs(f"an index of packages ({done.stderr.strip()[-200:]})", done.returncode == 0)
    return Path(keep.name)


def pin(name):
    """Return the line of the lock that pins a package."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{name}=="))


def small_course(folder, lock=("tqdm",)):
    """Make a course of two notebooks whose lock holds a small package; return its folder."""
    folder.mkdir(parents=True)
    for name in ("start.py", "pyproject.toml", "setup.py", "README.md", "LICENSE"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, folder / name)
    pins = "".join(f"{pin(name)}\n" for name in lock)
    (folder / "requirements.lock").write_text(pins, encoding="utf-8")
    leave = shutil.ignore_patterns("__pycache__", "solutions")
    shutil.copytree(ROOT / "funnelkit", folder / "funnelkit", ignore=leave)
    for name in ("notebooks", "exercises"):
        (folder / name).mkdir()
        shutil.copy(min((ROOT / name).glob("[0-9]*.ipynb")), folder / name)
    (folder / "datasets").mkdir()
    return folder


@once
def template():
    """Return the environment of a small course in which the lock is to be installed."""
    keep = tempfile.TemporaryDirectory(prefix="funnelkit-template-", ignore_cleanup_errors=True)
    template.keep = keep  # until this program ends
    folder = Path(keep.name).resolve()
    env = environment(folder, PIP_FIND_LINKS=wheels(), PIP_NO_INDEX=1)
    course = small_course(folder / "course")
    said, code = start(course, "workspace", env=env)
    expect(code == 0, said)
    return course / ".venv"


def prepared_course(folder, **options):
    """Return a small course whose environment has pip and uv, and only lacks its packages."""
    course = small_course(folder, **options)
    shutil.copytree(template(), course / ".venv", symlinks=True)
    stamp = course / ".venv" / "funnelkit-stamp.json"
    told = json.loads(stamp.read_text(encoding="utf-8"))
    told["base"][-1] = str(course / ".venv")
    stamp.write_text(json.dumps({**told, "packages": "none"}), encoding="utf-8")
    uv = [course / ".venv/bin/python", "-m", "uv", "pip", "uninstall", "--quiet", "tqdm"]
    subprocess.run(uv, check=True)
    return course


def environment(home, **variables):
    """Return the variables of a user with a home of its own and no settings, nor the internet."""
    variables = {name: str(value) for name, value in variables.items()}
    starts = ("PIP_", "UV_", "JUPYTER", "IPYTHON", "FUNNELKIT", "XDG_", "SSL_", "MPL", "VIRTUAL")
    mine = {n: v for n, v in os.environ.items() if not n.startswith(starts)}
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PYTHONPATH"):
        mine.pop(name, None)
    for name in ("https_proxy", "http_proxy", "all_proxy", "no_proxy", "ALL_PROXY"):
        mine.pop(name, None)
    mine.update(HTTPS_PROXY=DEAD, HTTP_PROXY=DEAD, NO_PROXY="127.0.0.1,localhost")
    mine.update({"PIP_CONFIG_FILE": os.devnull, "HOME": str(home), **variables})
    return mine


def base_python():
    """Return the Python behind this environment."""
    return sys._base_executable


def start(course, *arguments, env, flags=(), **options):
    """Run start.py of a course to its end; return what it printed and its exit code."""
    command = [base_python(), *flags, str(course / "start.py"), *arguments]
    done = subprocess.run(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=540,
        **options,
    )
    return done.stdout.decode("utf-8", "replace"), done.returncode


class Mirror:
    """A company's mirror of packages on this machine; used with `with`, it is the address."""

    def __init__(self, folder, only=None, certificate=None):
        self.folder = folder / "mirror"
        self.certificate = certificate
        for wheel in wheels().glob("*.whl"):
            name = wheel.name.split("-")[0].replace("_", "-").lower()
            if only is None or name in only:
                place = self.folder / "simple" / name
                place.mkdir(parents=True)
                shutil.copy(wheel, place)

    def __enter__(self):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

        handler = functools.partial(Handler, directory=str(self.folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        scheme = "http"
        if self.certificate:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"{scheme}://127.0.0.1:{self.server.server_port}/simple/"

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()


# JupyterLab

RUN = """
import sys
from pathlib import Path
from funnelkit import workspace
from funnelkit.app.cli import main
workspace.ROOT = Path(sys.argv[1])
sys.exit(main(sys.argv[2:]))
"""


class Lab:
    """`funnelkit lab` of a course, in the packages of the tests; used with `with`."""

    def __init__(self, course, env, *arguments, ignore_ctrl_c=False, **options):
        self.command = [sys.executable, "-P", "-c", RUN, str(course), "lab", "--no-browser"]
        self.command += arguments
        if ignore_ctrl_c:  # as a script's jobs in the background do
            self.command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *self.command]
        self.env = {**env, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self.options = options
        self.printed = []
        self.address = None

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            **self.options,
        )
        self.limit = threading.Timer(400, self.process.kill)
        self.limit.start()
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.stop()
        self.limit.cancel()

    def open(self):
        """Wait until the address is printed; return it."""
        for line in self.process.stdout:
            self.printed.append(line)
            if re.match(r"https?://127\.0\.0\.1:", line.strip()):
                self.address = line.strip()
                # So that it never waits for a reader.
                rest = threading.Thread(target=self.printed.extend, args=(self.process.stdout,))
                rest.start()
                return self.address
        raise AssertionError("no address was printed:\n" + "".join(self.printed))

    def ask(self, path, data=None):
        """Return what the server answers at a path, as its token lets one."""
        base, token = re.fullmatch(r"(.*?)/lab/tree/\S+\?token=(\S+)", self.address).groups()
        request = urllib.request.Request(base + path, data=data)
        request.add_header("Authorization", f"token {token}")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=30) as answer:
            return answer.read().decode("utf-8")

    def run(self, code):
        """Run code in a new kernel; return the text and the kinds of what it showed."""
        import websocket

        kernel = json.loads(self.ask("/api/kernels", data=b'{"name": "python3"}'))["id"]
        port, token = re.search(r":(\d+)/.*token=(\S+)", self.address).groups()
        header = {"msg_id": uuid.uuid4().hex, "session": uuid.uuid4().hex, "username": "trial"}
        header.update(msg_type="execute_request", version="5.3")
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        channel = websocket.create_connection(
            f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels?token={token}",
            timeout=120,
            http_no_proxy=["127.0.0.1"],
        )
        channel.send(json.dumps({**message, "channel": "shell", "buffers": []}))
        text, kinds = "", set()
        while True:
            told = json.loads(channel.recv())
            if told.get("parent_header", {}).get("msg_id") != header["msg_id"]:
                continue
            content = told["content"]
            text += content.get("text", "") + content.get("evalue", "")
            kinds |= set(content.get("data", {}))
            if told["msg_type"] == "status" and content["execution_state"] == "idle":
                channel.close()
                return text, kinds

    def stop(self):
        """Send Ctrl+C and wait for the end; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("Ctrl+C did not end it:\n" + "".join(self.printed)) from None
