"""Where each way of counting a funnel stops: time and memory against the size of the log.

    python start.py run python benchmarks/databases.py
    python start.py run python benchmarks/databases.py --sizes 100000 1000000 10000000

With `--programs` only some are measured; the other rows of the stored table stay as they are.

It counts the same funnel (four steps, seven days, first entry) in the same log by `funnels` in
memory, in SQLite, in DuckDB and from a Parquet file in eight parts, and writes
`datasets/scaling.csv`, which lesson 30 reads. All have to find the same numbers.

Each program runs in a process of its own. The log comes from a Parquet file; bringing it in is
timed apart from counting. Times are *processor* seconds, all threads added up, since those do not
depend on what else the machine does. Memory is the most that the process held at any moment,
Python and libraries included.
"""

import argparse
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pandas as pd

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from funnelkit import databases, funnels  # noqa: E402

STEPS = ["visit", "lead", "opportunity", "customer"]
WINDOW = "7D"


def read(parquet):
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT * FROM '{parquet}'").df()


def in_memory(parquet, folder):
    log = read(parquet)
    yield
    yield funnels.counts(log, STEPS, window=WINDOW)


def in_sqlite(parquet, folder):
    connection = sqlite3.connect(folder / "log.db")
    databases.load(connection, read(parquet))
    yield
    yield databases.funnel(connection, STEPS, window=WINDOW)["users"]


def in_duckdb(parquet, folder):
    connection = duckdb.connect(folder / "log.duckdb")
    connection.execute(
        "CREATE TABLE events AS SELECT user_id, event, epoch_us(timestamp) AS time_us "
        f"FROM '{parquet}'"
    )
    yield
    yield databases.funnel(connection, STEPS, window=WINDOW)["users"]


def in_parts(parquet, folder):
    yield
    yield databases.funnel_file(parquet, STEPS, window=WINDOW)["users"]


PROGRAMS = {
    "funnels": in_memory,
    "SQLite": in_sqlite,
    "DuckDB": in_duckdb,
    "file in 8 parts": in_parts,
}


def run_one(program, parquet):
    """Print how long one program takes and what it finds: in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        run = PROGRAMS[program](parquet, Path(folder))
        start = time.process_time()
        next(run)
        loaded = time.process_time()
        found = next(run)
        counted = time.process_time()
    print(json.dumps([loaded - start, counted - loaded, peak_memory(), found.tolist()]))


def peak_memory():
    """The most memory that this process has held, in MiB: Linux keeps the mark."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def write_log(events, path):
    """Write the benchmark log "website" of benchmarks/funnels.py."""
    from funnels import website

    log = website(events).frame()
    with duckdb.connect() as connection:
        connection.register("log", log.assign(event=log["event"].astype(str)))
        connection.execute(f"COPY log TO '{path}' (FORMAT parquet)")


def measure(events, programs):
    """Let the programs count a log of that size one after the other; return their rows."""
    rows, answers = [], set()
    with tempfile.TemporaryDirectory() as folder:
        parquet = str(Path(folder) / "log.parquet")
        # In a process of its own too, so that its memory is given back.
        subprocess.run([sys.executable, __file__, "--write", str(events), parquet], check=True)
        for program in programs:
            command = [sys.executable, __file__, "--one", program, parquet]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            load, count, mib, found = json.loads(done.stdout)
            answers.add(tuple(found))
            rows.append((program, events, round(load, 2), round(count, 2), round(mib)))
            print(*rows[-1], found, flush=True)
    if len(answers) > 1:
        raise SystemExit(f"the programs do not agree: {answers}")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--programs", nargs="+", default=list(PROGRAMS), choices=PROGRAMS)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--write", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        run_one(asked.one[0], Path(asked.one[1]))
    elif asked.write:
        write_log(int(asked.write[0]), asked.write[1])
    else:
        rows = [row for events in asked.sizes for row in measure(events, asked.programs)]
        columns = ["program", "events", "load_seconds", "count_seconds", "memory"]
        path = HERE.parent / "datasets" / "scaling.csv"
        # What was measured replaces what is stored; the rest stays.
        stored = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=columns)
        table = pd.concat([stored, pd.DataFrame(rows, columns=columns)])
        table = table.drop_duplicates(["program", "events"], keep="last")
        table = table.sort_values(["events", "program"])
        table.to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
