"""Runs the cells of one submission and hands out its answers; the grader starts it.

It runs inside of the sandbox, together with the learner's code, which can do with it as it likes.
So it knows nothing worth having: no truth, no task, only the names of variables and the calls of
functions. The grader believes nothing that it says. What it writes to its output, line by line:

    ready
    cell 3               the cell with that number begins
    failed 3 NameError   it ended in an error
    task 1               that answer is being taken
    answer 1 0.25        that answer, as `funnelkit.exercises.answers.encode` writes it
    done
"""

import contextlib
import io
import json
import os
import sys
import time

__all__ = ["main"]

CHANNEL = None  # the way out; only the process that was started has it, no fork of it


def say(*words):
    """Write a line to the grader."""
    if CHANNEL is None:
        os._exit(1)  # a fork that has run on to here
    CHANNEL.write(" ".join(map(str, words)).encode("utf-8", "replace") + b"\n")
    CHANNEL.flush()


class TooMuchOutput(Exception):
    """A cell has printed more than is allowed."""


class TimeIsUp(BaseException):
    """A cell has taken longer than is allowed; raised in it from outside."""


class Output(io.TextIOWrapper):
    """Takes what is printed, throws it away, and counts it."""

    def __init__(self, limit):
        super().__init__(open(os.devnull, "wb"), encoding="utf-8", errors="replace")  # noqa: SIM115
        self.limit = self.left = limit

    def write(self, text):
        """Count some text; raises `TooMuchOutput` if it is more than a cell may print."""
        self.left -= len(text)
        if self.left < 0:
            raise TooMuchOutput(f"more than {self.limit:,} characters were printed")
        return len(text)


class Clock:
    """Tells the time without what a notebook waits for a processor, where Linux tells that.

    With several processes it is, at any time, the wait of whichever waits longest.
    """

    def __init__(self):
        self.waited, self.seen = 0.0, {}
        self()

    def __call__(self):
        """Return the time in seconds."""
        waits = [self.wait(number) for number in self.processes()]
        self.waited += max(waits, default=0.0)
        return time.monotonic() - self.waited

    def processes(self):
        """Return the numbers of the notebook's processes; in a sandbox there are no others."""
        own = os.getpid()
        return filter(str.isdigit, os.listdir("/proc")) if own == 2 else [str(own)]

    def wait(self, number):
        """Return how long a process has waited since this was last asked."""
        try:
            with open(f"/proc/{number}/schedstat") as file:
                total = int(file.read().split()[1]) / 1e9
        except (OSError, ValueError, IndexError):  # it has ended, or this is not Linux
            return 0.0
        before, self.seen[number] = self.seen.get(number, 0.0), total
        return max(total - before, 0.0)


CALL_PATIENCE = 4  # how many times longer a call may take by the clock on the wall


def call_clock():
    """Return a clock for the calls of a function, which is run in another thread."""
    began = time.process_time(), time.monotonic()

    def clock():
        return max(time.process_time() - began[0], (time.monotonic() - began[1]) / CALL_PATIENCE)

    return clock


class Alarm:
    """Raises `TimeIsUp` in the main thread when the time is over, again and again.

    Again, since a learner's bare ``except:`` may catch it.
    """

    def __init__(self):
        self.armed = self.rang = False
        self.clock = Clock()

    def ring(self, *signal_and_frame):
        """Raise `TimeIsUp`, unless the cell has ended in the meantime, or has only waited."""
        if not self.armed:
            return
        left = self.until - self.clock()
        if left > 0.01:
            self.set(left)
            return
        self.rang = True
        raise TimeIsUp

    def set(self, seconds):
        """Ring in some seconds."""
        import signal

        signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)

    def start(self, seconds):
        """Begin to count."""
        import signal

        self.rang, self.armed = False, True
        self.until = self.clock() + seconds
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self.ring)
            self.set(seconds)
        else:
            self.watch(seconds)

    def watch(self, seconds):
        """Do the same where there is no such clock, on Windows."""
        import _thread
        import signal
        import threading

        this = object()
        self.watched = this
        signal.signal(signal.SIGINT, self.ring)

        def work():
            pause.wait(seconds)
            while self.armed and self.watched is this:
                _thread.interrupt_main()
                pause.wait(0.1)

        pause = threading.Event()
        threading.Thread(target=work, daemon=True).start()


def limit(request):
    """Give up the rights that this process does not need; they cannot be taken back."""
    if request["user"] is not None:
        os.setgroups([])
        os.setresgid(*[request["user"]] * 3)
        os.setresuid(*[request["user"]] * 3)
    if request["rlimits"]:
        import resource

        for name, value in request["rlimits"].items():
            kind = getattr(resource, f"RLIMIT_{name}")
            most = resource.getrlimit(kind)[1]
            value = value if most == resource.RLIM_INFINITY else min(value, most)
            resource.setrlimit(kind, (value, value))


def close_doors():
    """Keep the way out to ourselves, and let all else that is written go nowhere."""
    global CHANNEL
    CHANNEL = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget)


def forget():
    """Take the way out from a fork."""
    global CHANNEL
    CHANNEL = None


def make_shell():
    """Return IPython as a notebook has it, without history, colours and tracebacks."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def enable_gui(self, gui=None):
            pass

        def ask_exit(self):
            raise SystemExit

        def showtraceback(self, *args, **kwargs):
            pass

        def showsyntaxerror(self, *args, **kwargs):
            pass

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "nocolor"
    settings.InteractiveShell.cache_size = 1000  # `_` and `Out`, as a notebook has them
    shell = Shell.instance(config=settings)
    shell.display_formatter.active_types = ["text/plain"]
    shell.set_hook("show_in_pager", lambda *args, **kwargs: None)
    return shell


def run_cell(shell, source, alarm, seconds):
    """Run a cell; return the error in words, or None."""
    problem = None
    try:
        try:
            alarm.start(seconds)
            result = shell.run_cell(source, store_history=True)
            error = result.error_before_exec or result.error_in_exec
            problem = in_words(error) if error else None
        finally:
            alarm.armed = False  # before any call, in which it might ring
    except BaseException as escaped:
        problem = type(escaped).__name__
    return f"it took longer than {seconds:g} seconds" if alarm.rang else problem


def in_words(error):
    """Return an error's name and text as one short line."""
    # The full text of a SyntaxError quotes the file and the line.
    text = str(error.msg if isinstance(error, SyntaxError) else error)
    name, text = (" ".join(part.split()) for part in (type(error).__name__, text))
    return (f"{name}: {text}" if text else name)[:200]


class NotWhileGraded(Exception):
    """Something that a lesson may ask for, and a submission may not."""


def withhold():
    """Put sentences in place of what a submission cannot have: checks, hints and the truth."""
    from funnelkit import data
    from funnelkit.exercises import judging, notebook, registry, tasks

    def later(task_id):
        raise registry.UnknownTask(LATER.format(task_id))

    def check(task_id=None):
        # Nobody believes it. A learner whose answer is right has seen this status, and code that
        # depends on it has to go on as it did in the notebook.
        return judging.Result(str(task_id), "", tasks.RIGHT, LATER.format(task_id))

    def truth():
        raise NotWhileGraded(
            "funnelkit.truth() tells nothing while a notebook is graded: give answers from the "
            "tables, and look at the truth in a cell of its own"
        )

    registry.find = later  # for `hint`
    notebook.check, data.truth = check, truth  # before `funnelkit.checking` takes it from there


LATER = "Task {} is looked at when the whole notebook has run."


def few_processors():
    """Say that there are two processors, so that nobody starts a process for each of many."""
    os.cpu_count = lambda: 2
    if hasattr(os, "process_cpu_count"):
        os.process_cpu_count = os.cpu_count


def main():
    """Run the submission that is described on the input."""
    request = json.load(sys.stdin)
    limit(request)
    os.makedirs(request["folder"], exist_ok=True)
    os.chdir(request["folder"])
    os.makedirs(os.environ["HOME"], exist_ok=True)

    from funnelkit.exercises.answers import collect

    withhold()
    few_processors()
    shell, alarm = make_shell(), Alarm()
    sys.path.insert(0, "")
    close_doors()
    sys.stdout = sys.stderr = output = Output(request["output"])
    variables, without = shell.user_ns, [tuple(place) for place in request["without"]]
    say("ready")

    for number, source in enumerate(request["cells"]):
        if ("cell", number) in without:
            shell.execution_count += bool(source.strip())  # so that `Out[3]` stays that
            continue
        say("cell", number)
        output.left = output.limit
        problem = run_cell(shell, source, alarm, request["cell_seconds"])
        if problem:
            say("failed", number, problem)
        if "matplotlib.pyplot" in sys.modules:  # as a notebook does after each cell
            with contextlib.suppress(Exception):
                sys.modules["matplotlib.pyplot"].close("all")

    for number, task in enumerate(request["tasks"]):
        if ("task", number) in without:
            continue
        say("task", number)
        try:
            answer = collect(variables, **task, seconds=request["call_seconds"], clock=call_clock())
        except BaseException:
            answer = '{"unsupported":["value","it cannot be read"]}'
        say("answer", number, answer)
    say("done")
    os._exit(0)  # whatever threads are still at work


if __name__ == "__main__":
    main()
