"""How long two systems take to come into step, over a network in which one request in twenty fails.

    python start.py bench crm

100,000 contacts with five fields each are in one store, none in the other; both are SQLite files.
`crm.sync` tells them in batches, and goes on until all have arrived; then both have to be equal.
Beside it, on fewer contacts, the same with one event per request and per transaction, as a sync
does that answers each change with a call of the other system's interface.

It prints a table and writes it into `benchmarks/README.md`.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import turns

from funnelkit import crm

FAILING = 0.05
COLUMNS = ("contacts", "requests", "failed", "seconds", "cpu", "ratio")


def contacts(number):
    """Return a table of contacts."""
    import pandas as pd

    ids = pd.Series(range(number)).astype(str).str.zfill(6)
    return pd.DataFrame(
        {
            "lead_id": "C-" + ids,
            "created_at": pd.Timestamp("2026-03-01"),
            "email": "someone." + ids + "@example.org",
            "first_name": "Ann",
            "last_name": "Ames " + ids,
            "phone": "0700 " + ids,
            "consent": [n % 3 > 0 for n in range(number)],
        }
    )


def come_into_step(number, batch):
    """Return the seconds of the sync, those of the processor, and the log of its requests."""
    with tempfile.TemporaryDirectory(prefix="funnelkit-bench-") as folder:
        sales, marketing = (
            crm.Store(f"sqlite:///{Path(folder, name)}.db", name=name)
            for name in ("sales", "marketing")
        )
        sales.add_contacts(contacts(number))
        start, worked = time.perf_counter(), time.process_time()
        requests = 2 * number // batch + 10
        failures = crm.failure_schedule(requests, rate=FAILING, seed=28)
        log = crm.sync(sales, marketing, failures=failures, batch=batch)
        took = time.perf_counter() - start, time.process_time() - worked
        if len(marketing.contacts()) != number or len(crm.differences(sales, marketing)):
            raise AssertionError("the two stores differ")
        for store in (sales, marketing):
            store.engine.dispose()
    return *took, log


def table(number, naive, batch):
    """Return the lines of the table."""
    import sqlalchemy

    import funnelkit

    versions = {"funnelkit": funnelkit.__version__, "sqlalchemy": sqlalchemy.__version__}
    load = round(os.getloadavg()[0]) if hasattr(os, "getloadavg") else "unknown"
    lines = [
        f"Seconds until both stores are equal; {FAILING:.0%} of the requests fail.",
        "cpu: seconds of processor time. Ratio: that per contact; in batches it is 1.",
        turns.machine(versions)[0].replace(", Python", f", load {load}, Python"),
        turns.machine(versions)[1],
        "",
        f"  {'':<12}" + "".join(f"{name:>10}" for name in COLUMNS),
    ]
    first = None
    for name, count, size in (("in batches", number, batch), ("one by one", naive, 1)):
        seconds, cpu, log = come_into_step(count, size)
        first = first or cpu / count
        failed = (log["outcome"] != "ok").sum()
        lines.append(
            f"  {name:<12}{count:>10,}{len(log):>10,}{failed:>10,}"
            f"{seconds:>10.1f}{cpu:>10.1f}{cpu / count / first:>10.1f}"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--naive", type=int, default=500, help="contacts told one by one")
    parser.add_argument("--batch", type=int, default=500, help="events per request")
    parser.add_argument("--no-write", action="store_true", help="only print")
    given = parser.parse_args()
    text = table(given.contacts, given.naive, given.batch)
    print(text)
    if not given.no_write:
        turns.put_into_readme("crm", text)


if __name__ == "__main__":
    main()
