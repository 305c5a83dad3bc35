"""How fast funnelkit counts a funnel, beside what one would use instead.

    python benchmarks/funnels.py            (or `make bench`, which makes the environment too)

Every program counts the same funnel on the same logs, under both entry rules, and must find the
same numbers. It prints a table, writes it into `benchmarks/README.md` and draws
`benchmarks/funnels.png`.

There are two kinds of log. "website": many visitors, few events each, one event in three is a step
of the funnel. "app": half a million users with 20 events each, of eight names, five of them steps.

Each program runs in a process of its own, and has the log in its own form before the clock starts:
loading is not timed. The processes take turns, run by run, so that whatever else the machine does
hits all alike, and each run is compared with funnelkit's in the same round: "ratio" is the median
of these. The first round is not timed. funnelkit and ClickHouse, which are close, run in each
round, the others in every third. Memory is the most that any run took above what its process held
just before (Linux counts it itself: the high-water mark is reset, and read after the run).
"""

import argparse
import contextlib
import gc
import importlib
import multiprocessing
import os
import pickle
import platform
import re
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # so that it runs from a clone, installed or not

DAYS = 7
SECONDS = DAYS * 86_400
RULES = ["first", "any"]
START = 1_735_689_600  # 2025-01-01

# ---------------------------------------------------------------- the logs


@dataclass
class Log:
    """User and time as whole numbers, the event as a code; rows in order of time."""

    names: list
    steps: list
    user: np.ndarray
    code: np.ndarray
    when: np.ndarray

    def frame(self):
        """The log as pandas has it: int64, categorical, datetime64[s]."""
        return pd.DataFrame(
            {
                "user_id": self.user,
                "event": pd.Categorical.from_codes(self.code, self.names),
                "timestamp": self.when.view("datetime64[s]"),
            }
        )


def website(n_events, seed=0):
    """Half a year of a website.

    An eighth as many users as events. They come 2.5 times on average, look at pages, click, and
    30 % leave their address; 45 % of those talk to us, 40 % of those buy, each after a while.
    """
    names = ["visit", "page_view", "click", "lead", "opportunity", "customer"]
    steps = ["visit", "lead", "opportunity", "customer"]
    rng = np.random.default_rng(seed)
    n_users, span, day = n_events // 8, 180 * 86_400, 86_400
    arrival = rng.integers(0, span, n_users)
    visitor = np.repeat(np.arange(n_users), rng.geometric(1 / 2.5, n_users))
    again = np.diff(visitor, prepend=-1) == 0
    visit = arrival[visitor] + again * rng.exponential(14 * day, len(visitor)).astype(np.int64)
    parts = [(visitor, visit, 0)]
    for code, mean in [(1, 1.6), (2, 0.7)]:  # page views and clicks, within half an hour
        of_visit = np.repeat(np.arange(len(visit)), rng.poisson(mean, len(visit)))
        later = rng.integers(5, 1800, len(of_visit))
        parts.append((visitor[of_visit], visit[of_visit] + later, code))
    user, when = np.arange(n_users), arrival
    for code, share, days in [(3, 0.30, 1), (4, 0.45, 3), (5, 0.40, 9)]:
        keep = rng.random(len(user)) < share
        delay = rng.lognormal(np.log(days * day), 1.0, keep.sum()).astype(np.int64)
        user, when = user[keep], when[keep] + delay
        parts.append((user, when, code))
    user, when = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    code = np.concatenate([np.full(len(part[0]), part[2], dtype=np.int8) for part in parts])
    order = np.argsort(when, kind="stable")[:n_events]
    if len(order) < n_events:
        raise AssertionError(f"the recipe made {len(order)} events, not {n_events}")
    return Log(names, steps, user[order], code[order], when[order] + START)


def app(n_events, seed=0):
    """Two months of an app: 20 events per user on average, of eight names, all equally often."""
    rng = np.random.default_rng(seed)
    names = ["open", "search", "view", "cart", "pay", "like", "share", "close"]
    user = rng.integers(0, n_events // 20, n_events)
    code = rng.integers(0, len(names), n_events).astype(np.int8)
    when = np.sort(rng.integers(0, 60 * 86_400, n_events)) + START
    return Log(names, names[:5], user, code, when)


KINDS = {"website": website, "app": app}

# ---------------------------------------------------------------- the programs
#
# Each takes the log, keeps it in its own form, and returns a function for each entry rule that
# gives the users at each step. Of several ways to ask that we tried, each has the quickest here.


def with_funnelkit(log):
    from funnelkit import funnels

    frame, steps, options = log.frame(), log.steps, {"window": f"{DAYS}D"}
    return {
        "first": lambda: funnels.counts(frame, steps, entry="first", **options),
        "any": lambda: funnels.counts(frame, steps, entry="any", **options),
        "first, full table": lambda: funnels.funnel(frame, steps, entry="first", **options).users,
        "any, full table": lambda: funnels.funnel(frame, steps, entry="any", **options).users,
    }


def with_clickhouse(log):
    from chdb.session import Session

    steps = log.steps
    names = ", ".join(f"'{name}' = {code}" for code, name in enumerate(log.names))
    session = Session()
    session.query("create database bench")
    session.query(
        f"create table bench.log (user_id Int64, event Enum8({names}), ts DateTime) engine = Memory"
    )
    when = log.when.astype(np.uint32)
    raw = pd.DataFrame({"user_id": log.user, "event": log.code, "ts": when})  # noqa: F841
    quoted = names.replace("'", "''")
    session.query(
        f"insert into bench.log select user_id, cast(event, 'Enum8({quoted})'), toDateTime(ts) "
        "from Python(raw)"
    )
    levels = ", ".join(f"countIf(level >= {k})" for k in range(1, len(steps) + 1))
    source = f"from bench.log where event in {tuple(steps)} group by user_id"
    conditions = ", ".join(f"event = '{step}'" for step in steps)
    best = f"select windowFunnel({SECONDS})(ts, {conditions}) as level {source}"
    # windowFunnel has no rule for the first entry: we take the times of each step as arrays.
    times, level = [f"minIf(ts, event = '{steps[0]}') as t1"], "t1 = 0, 0"
    for k, step in enumerate(steps[1:], start=2):
        fits = f"t -> t >= t{k - 1} and t <= t1 + {SECONDS}"
        times.append(f"arrayMin(arrayFilter({fits}, groupArrayIf(ts, event = '{step}'))) as t{k}")
        level += f", t{k} = 0, {k - 1}"
    first = f"select {', '.join(times)}, multiIf({level}, {len(steps)}) as level {source}"

    def ask(query):
        answer = session.query(f"select {levels} from ({query})", "CSV")
        return [int(n) for n in str(answer).split(",")]

    return {"first": lambda: ask(first), "any": lambda: ask(best)}


def with_duckdb(log):
    import duckdb

    connection = duckdb.connect()
    steps = log.steps
    names = ", ".join(f"'{name}'" for name in log.names)
    connection.execute(f"create table log (user_id bigint, event enum({names}), ts timestamp_s)")
    connection.register("frame", log.frame())
    connection.execute("insert into log select user_id, event, timestamp from frame")
    connection.unregister("frame")

    def ask(entry):
        # Step k: each event that a chain reaches (under "first" only a user's earliest), with
        # the entry of the chain (under "any" the latest one).
        if entry == "first":
            event, chain = "log.user_id", "min(s.entry) as entry, min(log.ts) as ts"
            tables = [
                "select user_id, min(ts) as entry, min(ts) as ts from log "
                f"where event = '{steps[0]}' group by user_id"
            ]
        else:
            event, chain = "log.user_id, log.ts", "max(s.entry) as entry, log.ts"
            tables = [f"select user_id, ts as entry, ts from log where event = '{steps[0]}'"]
        for k, step in enumerate(steps[1:], start=1):
            tables.append(
                f"select log.user_id, {chain} from log join s{k} as s on log.user_id = s.user_id "
                f"where log.event = '{step}' and log.ts >= s.ts "
                f"and log.ts <= s.entry + interval {DAYS} day group by {event}"
            )
        tables = ", ".join(f"s{k} as ({table})" for k, table in enumerate(tables, start=1))
        # Under "first" a user has one row.
        users = "count(*)" if entry == "first" else "count(distinct user_id)"
        counts = ", ".join(f"(select {users} from s{k})" for k in range(1, len(steps) + 1))
        return list(connection.execute(f"with {tables} select {counts}").fetchone())

    return {"first": lambda: ask("first"), "any": lambda: ask("any")}


def with_polars(log):
    import polars as pl

    steps, kind = log.steps, pl.Enum(log.names)
    frame = pl.DataFrame(
        {
            "user_id": log.user,
            "event": pl.Series(log.code).cast(pl.UInt8).cat.to(kind),
            "ts": (log.when * 1000).view("datetime64[ms]"),  # Polars has no seconds
        }
    )
    window = pl.duration(days=DAYS)

    def ask(entry):
        # As for DuckDB. For "first" the streaming engine is quicker, for "any" the other one.
        engine = "streaming" if entry == "first" else "in-memory"
        events = [frame.lazy().filter(event=step).select("user_id", now="ts") for step in steps]
        chains = events[0].select("user_id", entry="now", ts="now")
        if entry == "first":
            chains = chains.group_by("user_id").min()
        chains = chains.collect(engine=engine)
        users = [chains["user_id"].n_unique()]
        for step in events[1:]:
            fits = (pl.col("now") >= pl.col("ts")) & (pl.col("now") <= pl.col("entry") + window)
            reached = step.join(chains.lazy(), on="user_id").filter(fits)
            if entry == "first":
                grouped = reached.group_by("user_id").agg(pl.min("entry"), ts=pl.min("now"))
            else:
                grouped = reached.group_by("user_id", ts="now").agg(pl.max("entry"))
            chains = grouped.collect(engine=engine)
            users.append(chains["user_id"].n_unique())
        return users

    return {"first": lambda: ask("first"), "any": lambda: ask("any")}


def with_pandas(log):
    frame, steps = log.frame(), log.steps
    window = pd.Timedelta(days=DAYS)

    def ask(entry):
        events = [
            frame.loc[frame["event"] == step, ["user_id", "timestamp"]].rename(
                columns={"timestamp": "now"}
            )
            for step in steps
        ]
        chains = events[0].assign(entry=events[0]["now"]).rename(columns={"now": "ts"})
        if entry == "first":
            chains = chains.groupby("user_id", as_index=False).min()
        users = [chains["user_id"].nunique()]
        for step in events[1:]:
            pairs = step.merge(chains, on="user_id")
            fits = (pairs["now"] >= pairs["ts"]) & (pairs["now"] <= pairs["entry"] + window)
            pairs = pairs.loc[fits, ["user_id", "now", "entry"]].rename(columns={"now": "ts"})
            if entry == "first":
                chains = pairs.groupby("user_id", as_index=False).min()
            else:
                chains = pairs.groupby(["user_id", "ts"], as_index=False).max()
            users.append(chains["user_id"].nunique())
        return users

    return {"first": lambda: ask("first"), "any": lambda: ask("any")}


PROGRAMS = {
    "funnelkit": ("funnelkit", with_funnelkit),
    "ClickHouse (chdb)": ("chdb", with_clickhouse),
    "DuckDB": ("duckdb", with_duckdb),
    "Polars": ("polars", with_polars),
    "pandas": ("pandas", with_pandas),
}
OFTEN = ["funnelkit", "ClickHouse (chdb)"]  # in each round; the others in every third

# ---------------------------------------------------------------- measuring


def memory(field):
    """What the process holds (VmRSS) or has held at most (VmHWM) in MiB, where Linux tells."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return float("nan")
    return int(re.search(rf"{field}:\s+(\d+)", status)[1]) / 1024


def forget_peak():
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def serve(pipe, program, path):
    """In a process of its own: load the log, then run what is asked and tell how it went."""
    with path.open("rb") as stored:
        questions = PROGRAMS[program][1](pickle.load(stored))
    pipe.send(list(questions))
    while question := pipe.recv():
        gc.collect()
        forget_peak()
        before, start = memory("VmRSS"), time.perf_counter()
        users = questions[question]()
        seconds = time.perf_counter() - start
        pipe.send((seconds, memory("VmHWM") - before, [int(n) for n in users]))


def measure(kind, n_events, rounds):
    """Let the programs take turns; return a table of seconds, ratios and MiB, and the users."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.pickle"
        path.write_bytes(pickle.dumps(KINDS[kind](n_events)))
        workers, pipes, questions = [], {}, {}
        for program in PROGRAMS:
            pipes[program], theirs = context.Pipe()
            workers.append(context.Process(target=serve, args=(theirs, program, path), daemon=True))
            workers[-1].start()
            questions[program] = pipes[program].recv()

    runs = {}  # (question, program): {round: (seconds, MiB, users)}
    for number in range(rounds + 1):
        for question in RULES + [f"{rule}, full table" for rule in RULES]:
            for program in PROGRAMS:
                often = program in OFTEN and question in RULES
                if question in questions[program] and (often or number % 3 == 0):
                    pipes[program].send(question)
                    runs.setdefault((question, program), {})[number] = pipes[program].recv()
    for pipe, worker in zip(pipes.values(), workers, strict=True):
        pipe.send(None)
        worker.join()
    return tabulate(runs)


def tabulate(runs):
    """Make the table of the runs, if all found the same users; and tell which."""
    users, rows = {}, {}
    for (question, program), results in runs.items():
        rule = question.split(",")[0]
        ours = runs[rule, "funnelkit"]
        for _, _, counted in results.values():
            if counted != users.setdefault(rule, counted):
                raise AssertionError(f"{program}, {question}: {counted}, not {users[rule]}")
        timed = {number: run[0] for number, run in results.items() if number > 0}
        rows[question, program] = {
            "seconds": statistics.median(timed.values()),
            "ratio": statistics.median(timed[number] / ours[number][0] for number in timed),
            "MiB": max(run[1] for run in results.values()),
        }
    return pd.DataFrame(rows).T.rename_axis(["entry", "program"]), users


# ---------------------------------------------------------------- reporting


def machine():
    modules = sorted({module for module, _ in PROGRAMS.values()} | {"numpy"})
    versions = [f"{module} {importlib.import_module(module).__version__}" for module in modules]
    return [
        f"{os.cpu_count()} CPUs ({platform.machine()}, {platform.system()}), "
        f"Python {platform.python_version()}",
        ", ".join(versions),
    ]


def report(results, rounds):
    """Write the tables as text."""
    lines = [
        f"Users at each step within {DAYS} days. Median of {rounds} rounds (funnelkit, ClickHouse) "
        f"or {rounds // 3}.",
        "Ratio: how many times as long as funnelkit in the same round, median.",
        "MiB: peak memory above that before the call.",
        *machine(),
    ]
    for (kind, n_events), (table, users) in results.items():
        lines += ["", f"{kind}: {n_events:,} events"]
        lines += [
            f"  entry={rule!r}: " + ", ".join(f"{n:,}" for n in users[rule]) + " users"
            for rule in RULES
        ]
        lines += ["", f"  {'entry':<8}{'program':<20}{'seconds':>9}{'ratio':>8}{'MiB':>8}"]
        for rule in RULES:
            for program, row in table.loc[rule].iterrows():
                seconds, ratio, mib = row["seconds"], row["ratio"], row["MiB"]
                lines.append(f"  {rule:<8}{program:<20}{seconds:>9.3f}{ratio:>8.2f}{mib:>8.0f}")
        lines += ["", "  funnelkit's full table, with rates, intervals and times"]
        for rule in RULES:
            row = table.loc[(f"{rule}, full table", "funnelkit")]
            lines.append(
                f"  {rule:<28}{row['seconds']:>9.3f}{row['ratio']:>8.2f}{row['MiB']:>8.0f}"
            )
    return "\n".join(lines)


def put_into_readme(text):
    """Replace the table in the README beside this file."""
    path = HERE / "README.md"
    page = path.read_text(encoding="utf-8")
    begin, end = "<!-- table: begin -->", "<!-- table: end -->"
    head, tail = page.split(begin)[0], page.split(end)[1]
    page = f"{head}{begin}\n```text\n{text}\n```\n{end}{tail}"
    path.write_text(page, encoding="utf-8", newline="\n")


def draw(results):
    """Draw the counts-only times as bars, one panel for each size and entry rule."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, grid = plt.subplots(
        len(results), len(RULES), figsize=(12, 3.4 * len(results)), squeeze=False
    )
    for row, ((kind, n_events), (table, _)) in zip(grid, results.items(), strict=True):
        for ax, rule in zip(row, RULES, strict=True):
            part = table.loc[rule].iloc[::-1]
            colours = ["#0072B2" if name == "funnelkit" else "#B0B0B0" for name in part.index]
            ax.barh(part.index, part["seconds"], color=colours)
            for y, (seconds, ratio) in enumerate(zip(part["seconds"], part["ratio"], strict=True)):
                ax.text(seconds, y, f"  {seconds:.3f} s, {ratio:.1f}×", va="center", fontsize=11)
            ax.set_title(f"{kind}, {n_events:,} events, entry={rule!r}", loc="left", fontsize=13)
            ax.set_xlabel("seconds (shorter is better)")
            ax.set_xlim(0, 1.35 * part["seconds"].max())
            ax.spines[["top", "right"]].set_visible(False)
    rivals = [
        table.loc[rule]["ratio"].drop("funnelkit").min()
        for table, _ in results.values()
        for rule in RULES
    ]
    figure.suptitle(
        f"The next program takes {min(rivals):.1f} to {max(rivals):.1f} times as long as funnelkit",
        x=0.01,
        ha="left",
        fontsize=15,
    )
    figure.tight_layout()
    figure.savefig(HERE / "funnels.png", dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--logs",
        nargs="+",
        default=["website:1_000_000", "website:10_000_000", "app:10_000_000"],
        metavar="KIND:EVENTS",
        help=f"which logs, of the kinds {' and '.join(KINDS)}, and how long (default: %(default)s)",
    )
    parser.add_argument(
        "--rounds", type=int, default=9, help="timed rounds, a multiple of 3 (default 9)"
    )
    parser.add_argument(
        "--print-only", action="store_true", help="leave the picture and README.md as they are"
    )
    options = parser.parse_args()
    if options.rounds < 3 or options.rounds % 3:
        parser.error("--rounds is a multiple of 3, since some programs run in every third round")
    logs = [(kind, int(size)) for kind, _, size in (log.partition(":") for log in options.logs)]
    results = {log: measure(*log, options.rounds) for log in logs}
    text = report(results, options.rounds)
    print(text)
    if not options.print_only:
        put_into_readme(text)
        draw(results)


if __name__ == "__main__":
    main()
