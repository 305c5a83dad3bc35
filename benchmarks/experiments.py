"""How fast funnelkit reads out an A/B test, beside what one would use instead.

    python start.py bench experiments --tea PYTHON

Every program takes the same table of users in memory (id, variant, whether they became a lead,
revenue) and compares the two variants: the split of the users, the difference of the rates with
its p-value, the difference of the means with interval and p-value. It prints a table and writes it
into `benchmarks/README.md`. All programs must find the same numbers, or nothing is written.

Each program runs in a process of its own. The processes take turns, run by run, so that whatever
else the machine does hits all alike; ratios are of medians within one such series of runs. The
first call of each is not timed.

`python start.py bench experiments` has what is needed but tea-tasting, which brings pyarrow and so
needs an environment of its own, outside of this folder; its Python is named in the call:

    uv venv tea-env
    uv pip install --python tea-env/bin/python "tea-tasting<2" "pandas>=3"
    python start.py bench experiments --tea tea-env/bin/python

Without `--tea` it is left out of the table.
"""

import argparse
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
SIZES = [1_000_000, 10_000_000]
NUMBERS = ["users of B", "lead: difference", "lead: p", "revenue: difference", "revenue: p"]

# ---------------------------------------------------------------- the programs
#
# Each takes the table and returns its version and a function that gives the numbers.


def with_funnelkit(table):
    import funnelkit
    from funnelkit import experiments

    def read():
        found = experiments.readout(table, "lead", guardrails={"revenue": "higher"})
        rows = found.table[["difference", "p_value"]].astype(float)
        return [int(found.users.loc["B", "users"]), *rows.to_numpy().ravel().tolist()]

    return funnelkit.__version__, read


def with_statsmodels(table):
    import statsmodels
    from statsmodels.stats.proportion import proportions_ztest
    from statsmodels.stats.weightstats import CompareMeans

    def read():
        in_b = (table["variant"] == "B").to_numpy()
        b, a = table[in_b], table[~in_b]
        _, p = proportions_ztest([b["lead"].sum(), a["lead"].sum()], [len(b), len(a)])
        means = CompareMeans.from_data(b["revenue"].to_numpy(), a["revenue"].to_numpy())
        means.tconfint_diff(usevar="unequal")
        rate = b["lead"].mean() - a["lead"].mean()
        mean = b["revenue"].mean() - a["revenue"].mean()
        return [len(b), rate, p, mean, means.ttest_ind(usevar="unequal")[1]]

    return statsmodels.__version__, read


def with_tea_tasting(table):
    import tea_tasting as tt

    # Its proportions want 0 and 1, its control the smaller label: made before the clock starts.
    table = table.assign(lead=table["lead"].astype(int), variant=table["variant"].cat.codes)
    experiment = tt.Experiment(
        {
            "split": tt.SampleRatio(method="norm", correction=False),
            "lead": tt.Proportion("lead", correction=False, equal_var=True),
            "revenue": tt.Mean("revenue"),
        },
        variant="variant",
    )

    def read():
        found = experiment.analyze(table)
        lead, revenue = found["lead"], found["revenue"]
        pairs = [lead.effect_size, lead.pvalue, revenue.effect_size, revenue.pvalue]
        return [int(found["split"].treatment), *pairs]

    return tt.__version__, read


PROGRAMS = {
    "funnelkit": with_funnelkit,
    "tea-tasting": with_tea_tasting,
    "statsmodels": with_statsmodels,
}

# ---------------------------------------------------------------- measuring


def make_table(users):
    """Return users in two variants that differ a little, the same in every process."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(7)
    in_b = rng.random(users) < 0.5
    return pd.DataFrame(
        {
            "user_id": rng.permutation(users),
            "variant": pd.Categorical.from_codes(in_b.astype(np.int8), ["A", "B"]),
            "lead": rng.random(users) < np.where(in_b, 0.2003, 0.2),
            "revenue": rng.exponential(20.0, users) * np.where(in_b, 1.0006, 1.0),
        }
    )


def serve(program, users):
    """In a process of its own: make the table, then read it out at each line that comes in."""
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what programs print is not an answer
    version, read = PROGRAMS[program](make_table(int(users)))
    read()
    print(json.dumps(version), file=answers, flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        found = read()
        seconds = time.perf_counter() - start
        print(json.dumps([seconds, [float(number) for number in found]]), file=answers, flush=True)


def measure(pythons, users, rounds):
    """Let the programs take turns; return seconds, numbers and version of each."""
    with contextlib.ExitStack() as open_processes:
        workers, versions = {}, {}
        for program, python in pythons.items():
            worker = subprocess.Popen(
                [python, __file__, "--serve", program, str(users)],
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
                raise SystemExit(f"{program} did not start with {pythons[program]}")
            versions[program] = json.loads(line)
        runs = {program: [] for program in workers}
        for _ in range(rounds):
            for program, worker in workers.items():
                worker.stdin.write("read\n")
                worker.stdin.flush()
                runs[program].append(json.loads(worker.stdout.readline()))
        for worker in workers.values():
            worker.stdin.close()
    seconds = {p: statistics.median(s for s, _ in results) for p, results in runs.items()}
    return seconds, {p: results[-1][1] for p, results in runs.items()}, versions


def need_same_numbers(found):
    """Stop if a program finds other numbers than funnelkit."""
    for program, numbers in found.items():
        for name, ours, theirs in zip(NUMBERS, found["funnelkit"], numbers, strict=True):
            if abs(ours - theirs) > 1e-6 * abs(ours):
                raise AssertionError(f"{name}: funnelkit finds {ours}, {program} {theirs}")


def report(results, versions, rounds):
    """Write the table as text."""
    lines = [
        f"Two variants compared: split, rate, mean. Median of {rounds} warm calls, taking turns.",
        "Ratio: how many times as long as funnelkit.",
        f"{os.cpu_count()} CPUs ({platform.machine()}, {platform.system()}), "
        f"Python {platform.python_version()}",
        ", ".join(f"{program} {version}" for program, version in versions.items()),
    ]
    for users, (seconds, found) in results.items():
        ours = dict(zip(NUMBERS, found["funnelkit"], strict=True))
        lines += [
            "",
            f"{users:,} users: p = {ours['lead: p']:.6f} for the rate, "
            f"{ours['revenue: p']:.6f} for the mean",
            f"  {'program':<16}{'seconds':>9}{'ratio':>8}",
        ]
        for program, second in seconds.items():
            lines.append(f"  {program:<16}{second:>9.3f}{second / seconds['funnelkit']:>8.2f}")
    return "\n".join(lines)


def put_into_readme(text):
    """Replace the table in the README beside this file."""
    path = HERE / "README.md"
    page = path.read_text(encoding="utf-8")
    begin, end = "<!-- experiments: begin -->", "<!-- experiments: end -->"
    head, tail = page.split(begin)[0], page.split(end)[1]
    page = f"{head}{begin}\n```text\n{text}\n```\n{end}{tail}"
    path.write_text(page, encoding="utf-8", newline="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tea", metavar="PYTHON", help="a Python that has tea-tasting")
    parser.add_argument("--rounds", type=int, default=9, help="timed calls of each (default 9)")
    parser.add_argument("--print-only", action="store_true", help="leave README.md as it is")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(*options.serve)
    pythons = {"funnelkit": sys.executable}
    if options.tea:
        pythons["tea-tasting"] = options.tea
    pythons["statsmodels"] = sys.executable
    results = {}
    for users in SIZES:
        seconds, found, versions = measure(pythons, users, options.rounds)
        need_same_numbers(found)
        results[users] = seconds, found
    text = report(results, versions, options.rounds)
    print(text)
    if not options.print_only:
        put_into_readme(text)


if __name__ == "__main__":
    main()
