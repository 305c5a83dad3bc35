"""Where each way of counting a funnel stops: time and memory against the size of the log.

    python start.py run python benchmarks/databases.py
    python start.py run python benchmarks/databases.py --sizes 100000 1000000 10000000
    .venv-spark-3.x/bin/python benchmarks/databases.py --programs Spark --sizes 100000000

With `--programs` only some are measured; the other rows of the stored table stay as they are.

It counts the same funnel (four steps, seven days, first entry) in the same log by `funnels` in
memory, in SQLite, in DuckDB, from Parquet in eight parts and, in the environment that
`start.py extras spark` makes, in Spark, and writes `datasets/scaling.csv`, which lesson 30 reads.
All have to find the same numbers.

Each program runs in a process of its own. The log comes from Parquet, one file for every ten
million events; bringing it in is timed apart from counting. Times are *processor* seconds, all
threads and Spark's Java added up, since those hardly depend on what else the machine does; the
seconds on the clock are printed beside them. Memory is the most that the process and its Java held
at any moment, Python and libraries included.
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
import psutil

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from funnelkit import databases, funnels  # noqa: E402

STEPS = ["visit", "lead", "opportunity", "customer"]
WINDOW = "7D"
PIECE = 10_000_000  # events in one file


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


def in_spark(parquet, folder):
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "4g")
        .config("spark.local.dir", str(folder))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    spark.read.parquet(str(Path(parquet).parent)).createOrReplaceTempView("log")
    spark.sql(
        "SELECT user_id, event, unix_micros(CAST(timestamp AS TIMESTAMP)) AS time_us FROM log"
    ).createOrReplaceTempView("events")
    yield
    query = databases.funnel_query(STEPS, window=WINDOW, dialect="spark")
    yield pd.Series(list(spark.sql(query).collect()[0]))


PROGRAMS = {
    "funnels": in_memory,
    "SQLite": in_sqlite,
    "DuckDB": in_duckdb,
    "file in 8 parts": in_parts,
    "Spark": in_spark,
}
EMBEDDED = [program for program in PROGRAMS if program != "Spark"]


def run_one(program, parquet):
    """Print how long one program takes and what it finds: in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        run = PROGRAMS[program](parquet, Path(folder))
        times, clock = [processor_time()], time.perf_counter()
        next(run)
        times.append(processor_time())
        found = next(run)
        times.append(processor_time())
        clock = time.perf_counter() - clock
        memory = peak_memory()
    load, count = (after - before for before, after in zip(times, times[1:], strict=False))
    print(json.dumps([load, count, clock, memory, found.tolist()]))


def family():
    """Return this process and those that it started, such as Spark's Java."""
    process = psutil.Process()
    return [process, *process.children(recursive=True)]


def processor_time():
    """The processor seconds of this process and of those that it started, ended ones too."""
    return sum(sum(process.cpu_times()[:4]) for process in family())


def peak_memory():
    """The most memory that these processes have held, in MiB: Linux keeps the mark."""
    status = " ".join(Path(f"/proc/{each.pid}/status").read_text() for each in family())
    return sum(map(int, re.findall(r"VmHWM:\s+(\d+) kB", status))) / 1024


def write_log(events, number, path):
    """Write one piece of the benchmark log "website" of benchmarks/funnels.py."""
    from funnels import website

    log = website(events, seed=number).frame()
    log["user_id"] += number * (PIECE // 8)  # the users of each piece are others
    with duckdb.connect() as connection:
        connection.register("log", log.assign(event=log["event"].astype(str)))
        connection.execute(f"COPY log TO '{path}' (FORMAT parquet)")


def measure(events, programs):
    """Let the programs count a log of that size one after the other; return their rows."""
    rows, answers = [], set()
    with tempfile.TemporaryDirectory() as folder:
        for number, start in enumerate(range(0, events, PIECE)):
            path = str(Path(folder) / f"log{number}.parquet")
            piece = [str(min(PIECE, events - start)), str(number), path]
            # In a process of its own too, so that its memory is given back.
            subprocess.run([sys.executable, __file__, "--write", *piece], check=True)
        parquet = str(Path(folder) / "log*.parquet")
        for program in programs:
            command = [sys.executable, __file__, "--one", program, parquet]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            load, count, clock, mib, found = json.loads(done.stdout)
            answers.add(tuple(found))
            rows.append((program, events, round(load, 2), round(count, 2), round(mib)))
            print(*rows[-1], f"{clock:.1f} s on the clock", found, flush=True)
    if len(answers) > 1:
        raise SystemExit(f"the programs do not agree: {answers}")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--programs", nargs="+", default=EMBEDDED, choices=PROGRAMS)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--write", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        run_one(*asked.one)
    elif asked.write:
        write_log(int(asked.write[0]), int(asked.write[1]), asked.write[2])
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
