"""How fast funnelkit fits the BG/NBD model, beside what one would use instead.

    python start.py bench lifetime --pymc PYTHON

Every program fits the model to the same 2,357 customers of CDNOW (the summary is made before the
clock starts), from its own usual starting point, with its own usual settings. It prints a table
and writes it into `benchmarks/README.md`.

Each program runs in a process of its own. The processes take turns, run by run, so that whatever
else the machine does hits all alike; ratios are of medians within one such series of runs. The
first fits of each are not timed: all are timed warm, with what they compile once already done and
kept, and a pymc-marketing model is built before the clock starts. What it prepares anew in each
call of `fit` belongs to the fit.

`python start.py bench lifetime` has what is needed but pymc-marketing. That is large and wants
packages of its own choice, so it needs an environment of its own, outside of this folder; its
Python is named in the call:

    uv venv pymc-env
    uv pip install --python pymc-env/bin/python pymc-marketing
    python start.py bench lifetime --pymc pymc-env/bin/python

Without `--pymc` it is left out of the table.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import warnings
from pathlib import Path

import turns

NAMES = ["r", "alpha", "a", "b"]

# ---------------------------------------------------------------- the programs
#
# Each takes the summary and returns its version and a function that fits and gives the parameters.


def with_funnelkit(summary):
    import funnelkit
    from funnelkit import lifetime

    return funnelkit.__version__, lambda: list(lifetime.BetaGeo().fit(summary).parameters_.values())


def with_lifetimes(summary):
    import lifetimes

    columns = [summary[name] for name in ("frequency", "t_x", "T")]

    def fit():
        return lifetimes.BetaGeoFitter().fit(*columns).params_[NAMES].tolist()

    return lifetimes.__version__, fit


def with_pymc(summary):
    """The maximum a posteriori, under the default priors: its nearest to maximum likelihood."""
    import logging

    import pymc_marketing
    from pymc_marketing import clv

    logging.disable(logging.WARNING)
    data = summary.rename(columns={"t_x": "recency"})
    data["customer_id"] = range(len(data))
    model = clv.BetaGeoModel(data[["customer_id", "frequency", "recency", "T"]])
    model.build_model()

    def fit():
        model.fit(method="map", progressbar=False)
        found = model.fit_result
        return [float(found[name].mean()) for name in NAMES]

    return pymc_marketing.__version__, fit


PROGRAMS = {
    "funnelkit": with_funnelkit,
    "lifetimes": with_lifetimes,
    "pymc-marketing, MAP": with_pymc,
}

# ---------------------------------------------------------------- measuring


def serve(program, path):
    """In a process of its own: read the summary, then fit at each line that comes in."""
    import pandas as pd

    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what programs print is not an answer
    version, fit = PROGRAMS[program](pd.read_csv(path))
    fit()
    fit()
    print(json.dumps(version), file=answers, flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        found = fit()
        print(json.dumps([time.perf_counter() - start, found]), file=answers, flush=True)


def make_summary():
    """Return the 2,357 customers as on 30 September 1997, as the published estimates have them."""
    import funnelkit
    from funnelkit import lifetime

    purchases = funnelkit.load("cdnow")
    purchases = purchases[purchases["date"] <= "1997-09-30"]
    return lifetime.rfm_summary(purchases, observed_until="1997-09-30")


def measure(pythons, rounds):
    """Let the programs take turns; return seconds, parameters and version of each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "summary.csv"
        make_summary().to_csv(path, index=False)
        commands = {
            program: [python, __file__, "--serve", program, str(path)]
            for program, python in pythons.items()
        }
        return turns.measure(commands, rounds)


def report(seconds, found, versions, rounds):
    """Write the table as text."""
    packages = ", ".join(f"{p.split(',')[0]} {version}" for p, version in versions.items())
    lines = [
        f"BG/NBD on 2,357 customers of CDNOW; median of {rounds} warm fits each, taking turns.",
        "Ratio: how many times as long as funnelkit.",
        f"{os.cpu_count()} CPUs ({platform.machine()}, {platform.system()}), "
        f"Python {platform.python_version()}",
        packages,
        "",
        f"  {'program':<22}{'milliseconds':>13}{'ratio':>8}{'r':>8}{'alpha':>8}{'a':>8}{'b':>8}",
    ]
    for program, second in seconds.items():
        numbers = "".join(f"{value:>8.3f}" for value in found[program])
        ratio = second / seconds["funnelkit"]
        lines.append(f"  {program:<22}{1000 * second:>13.1f}{ratio:>8.1f}{numbers}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pymc", metavar="PYTHON", help="a Python that has pymc-marketing")
    parser.add_argument("--rounds", type=int, default=15, help="timed fits of each (default 15)")
    parser.add_argument("--print-only", action="store_true", help="leave README.md as it is")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(*options.serve)
    pythons = {"funnelkit": sys.executable, "lifetimes": sys.executable}
    if options.pymc:
        pythons["pymc-marketing, MAP"] = options.pymc
    seconds, found, versions = measure(pythons, options.rounds)
    for name, ours, theirs in zip(NAMES, found["funnelkit"], found["lifetimes"], strict=True):
        if abs(ours / theirs - 1) > 0.005:
            raise AssertionError(f"{name}: funnelkit finds {ours}, lifetimes {theirs}")
    text = report(seconds, found, versions, options.rounds)
    print(text)
    if not options.print_only:
        turns.put_into_readme("lifetime", text)


if __name__ == "__main__":
    main()
