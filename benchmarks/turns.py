"""Programs that take turns, each in a process of its own: what the benchmarks have in common.

Whatever else the machine does then hits all alike, and ratios are of medians within one such series
of runs. The first call of each program is not timed. All have to find the same numbers.
"""

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # so that it runs from a clone, installed or not


def serve(prepare, clock=time.perf_counter):
    """In a process of its own: make ready, then answer each line that comes in.

    `prepare` returns the version of a program and a function that gives its numbers. `clock` is
    `time.process_time` where it is processor time that is compared.
    """
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what programs print is not an answer
    version, read = prepare()
    read()
    print(json.dumps(version), file=answers, flush=True)
    for _ in sys.stdin:
        start = clock()
        found = read()
        seconds = clock() - start
        print(json.dumps([seconds, [float(number) for number in found]]), file=answers, flush=True)


def take_turns(commands, rounds):
    """Let the programs take turns; return what each run of each answered, and the versions.

    `commands` names the programs and how each is started. What is started says its version, and
    then answers each line that it gets, as `serve` does.
    """
    with contextlib.ExitStack() as open_processes:
        workers, versions = {}, {}
        for program, command in commands.items():
            worker = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                bufsize=1,
            )
            workers[program] = open_processes.enter_context(worker)
        for program, worker in workers.items():
            line = worker.stdout.readline()
            if not line:
                raise SystemExit(f"{program} did not start: {' '.join(commands[program])}")
            versions[program] = json.loads(line)
        runs = {program: [] for program in workers}
        for _ in range(rounds):
            for program, worker in workers.items():
                worker.stdin.write("read\n")
                worker.stdin.flush()
                runs[program].append(json.loads(worker.stdout.readline()))
        for worker in workers.values():
            worker.stdin.close()
    return runs, versions


def measure(commands, rounds):
    """Let programs that call `serve` take turns; return median seconds, numbers and versions."""
    runs, versions = take_turns(commands, rounds)
    seconds = {p: statistics.median(s for s, _ in results) for p, results in runs.items()}
    return seconds, {p: results[-1][1] for p, results in runs.items()}, versions


def need_same_numbers(names, found, within=1e-6):
    """Stop if a program finds other numbers than funnelkit."""
    for program, numbers in found.items():
        for name, ours, theirs in zip(names, found["funnelkit"], numbers, strict=True):
            if abs(ours - theirs) > within * abs(ours):
                raise AssertionError(f"{name}: funnelkit finds {ours}, {program} {theirs}")


def machine(versions):
    """Return the lines that say where, and by what, it was measured."""
    return [
        f"{os.cpu_count()} CPUs ({platform.machine()}, {platform.system()}), "
        f"Python {platform.python_version()}",
        ", ".join(f"{program} {version}" for program, version in versions.items()),
    ]


def lines_of(seconds):
    """Return the lines of a table: seconds of each program, and how many times funnelkit's."""
    lines = [f"  {'program':<16}{'seconds':>9}{'ratio':>8}"]
    for program, second in seconds.items():
        lines.append(f"  {program:<16}{second:>9.3f}{second / seconds['funnelkit']:>8.2f}")
    return lines


def put_into_readme(name, text):
    """Replace the table of that name in the README beside this file."""
    path = HERE / "README.md"
    page = path.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, tail = page.split(begin)[0], page.split(end)[1]
    page = f"{head}{begin}\n```text\n{text}\n```\n{end}{tail}"
    path.write_text(page, encoding="utf-8", newline="\n")
