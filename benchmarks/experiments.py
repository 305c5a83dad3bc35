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
import sys

import turns

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


def report(results, versions, rounds):
    """Write the table as text."""
    lines = [
        f"Two variants compared: split, rate, mean. Median of {rounds} warm calls, taking turns.",
        "Ratio: how many times as long as funnelkit.",
        *turns.machine(versions),
    ]
    for users, (seconds, found) in results.items():
        ours = dict(zip(NUMBERS, found["funnelkit"], strict=True))
        lines += [
            "",
            f"{users:,} users: p = {ours['lead: p']:.6f} for the rate, "
            f"{ours['revenue: p']:.6f} for the mean",
            *turns.lines_of(seconds),
        ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tea", metavar="PYTHON", help="a Python that has tea-tasting")
    parser.add_argument("--rounds", type=int, default=9, help="timed calls of each (default 9)")
    parser.add_argument("--print-only", action="store_true", help="leave README.md as it is")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        program, users = options.serve
        return turns.serve(lambda: PROGRAMS[program](make_table(int(users))))
    pythons = {"funnelkit": sys.executable}
    if options.tea:
        pythons["tea-tasting"] = options.tea
    pythons["statsmodels"] = sys.executable
    results = {}
    for users in SIZES:
        commands = {
            program: [python, __file__, "--serve", program, str(users)]
            for program, python in pythons.items()
        }
        seconds, found, versions = turns.measure(commands, options.rounds)
        turns.need_same_numbers(NUMBERS, found)
        results[users] = seconds, found
    text = report(results, versions, options.rounds)
    print(text)
    if not options.print_only:
        turns.put_into_readme("experiments", text)


if __name__ == "__main__":
    main()
