"""How long the scoring service takes for a lead, with fifty clients asking at once.

    python start.py bench service

The service runs in a process of its own on the school's model, fifty clients ask it over
connections that they keep, each for one lead at a time. What is measured is the time *inside* the
service: from when the application gets the request until its answer is ready, as the answer's
header `Server-Timing` says, and how much of it on the processor. The network, and the time that a
request waits for its turn, are only in `at the client`. Beside it, the same leads without a
service: by the model read from its file, and by the pipeline of scikit-learn that it came from.

It prints a table and writes it into `benchmarks/README.md`.
"""

import argparse
import http.client
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import turns

CLIENTS = 50
BATCH = 500
COLUMNS = ("leads", "median", "p95", "p99", "largest")


def records(model):
    """Return the school's leads as a client would send them."""
    from funnelkit import school

    leads = school.form_leads()[["lead_id", *model.inputs_]]
    return leads.astype(object).where(leads.notna(), None).to_dict("records")


def ask(port, key, bodies):
    """Send bodies over one connection; return the milliseconds of each, inside and outside."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers, found = {"X-API-Key": key, "Content-Type": "application/json"}, []
    for body in bodies:
        start = time.perf_counter()
        connection.request("POST", "/score", body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        outside = 1000 * (time.perf_counter() - start)
        if response.status != 200:
            raise SystemExit(f"the service refused: {answer}")
        inside, worked = re.findall(r"dur=([\d.]+)", response.headers["Server-Timing"])
        found.append((float(inside), float(worked), outside, answer))
    connection.close()
    return found


def at_once(port, key, bodies):
    """Let all clients begin together; return what each answer took, and the answers."""
    ready = threading.Barrier(CLIENTS)

    def client(number):
        ready.wait()
        return ask(port, key, bodies[number::CLIENTS])

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [each for found in pool.map(client, range(CLIENTS)) for each in found]


def timed(function, given):
    """Return the milliseconds of each call."""
    took = []
    for each in given:
        start = time.perf_counter()
        function(each)
        took.append(1000 * (time.perf_counter() - start))
    return took


def table(number):
    """Return the lines of the table."""
    import flask  # noqa: F401  so that its version can be named
    import numpy as np
    import pandas as pd

    import funnelkit
    from funnelkit import school, scoring

    fitted, key = school.score_model(), secrets.token_urlsafe(32)
    with tempfile.TemporaryDirectory(prefix="funnelkit-bench-") as folder:
        file = fitted.save(Path(folder, "lead_model.json"))
        model = scoring.load_model(file)
        leads = (records(model) * (1 + number // 3000))[:number]
        command = [sys.executable, "-m", "funnelkit.app.cli", "serve", str(file), "--port", "0"]
        service = subprocess.Popen(
            command,
            env=os.environ | {"FUNNELKIT_KEY": key},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            port = int(re.search(r":(\d+)/score", service.stdout.readline()).group(1))
            ask(port, key, [json.dumps(lead) for lead in leads[:100]])  # not timed
            singles = at_once(port, key, [json.dumps(lead) for lead in leads])
            batches = [leads[i : i + BATCH] for i in range(0, min(number, 3000), BATCH)]
            several = ask(port, key, [json.dumps({"leads": batch}) for batch in batches])
        finally:
            service.terminate()
            service.wait()
    scores = {answer["lead_id"]: answer["score"] for *_, answer in singles}
    right = {answer["lead_id"]: answer["score"] for answer in model.answers(leads)}
    if scores != right or len(singles) != number:
        raise SystemExit("the service's scores are not those of the model")
    alone = timed(lambda lead: model.answers([lead]), leads)
    rows = pd.DataFrame(leads[:500])
    rows["intent"] = 0.3
    numbers = ["visit_count", "pages", "downloads", "webinars"]
    rows[numbers] = rows[numbers].astype(float)
    spelt = ["source", "company_size", "device", "offer"]
    rows[spelt] = rows[spelt].astype("str")
    one_row = [rows.iloc[[place]] for place in range(len(rows))]
    pipeline = timed(lambda row: fitted.pipeline_.predict_proba(row), one_row)
    measured = {
        f"service, {CLIENTS} clients": [each[0] for each in singles],
        "  of it on the processor": [each[1] for each in singles],
        "  at the client": [each[2] for each in singles],
        f"service, {BATCH} at once, per lead": [
            each[0] / len(batch) for each, batch in zip(several, batches, strict=True)
        ],
        "the model alone, by records": alone,
        "scikit-learn, a table of one": pipeline,
    }
    versions = {"funnelkit": funnelkit.__version__}
    load = round(os.getloadavg()[0]) if hasattr(os, "getloadavg") else "unknown"
    lines = [
        "Milliseconds per lead; p95: 95 of 100 took at most that.",
        turns.machine(versions)[0].replace(", Python", f", load {load}, Python"),
        turns.machine(versions)[1],
        "",
        f"  {'':<34}" + "".join(f"{name:>10}" for name in COLUMNS),
    ]
    for name, took in measured.items():
        figures = [*np.percentile(took, [50, 95, 99]), max(took)]
        count = len(took) * (BATCH if "per lead" in name else 1)
        lines.append(f"  {name:<34}{count:>10,}" + "".join(f"{each:>10.2f}" for each in figures))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--leads", type=int, default=5000, help="asked for one by one")
    parser.add_argument("--no-write", action="store_true", help="only print")
    given = parser.parse_args()
    text = table(given.leads)
    print(text)
    if not given.no_write:
        turns.put_into_readme("service", text)


if __name__ == "__main__":
    main()
