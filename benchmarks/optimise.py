"""How well and how fast searches find the settings of a week's campaign, beside their rivals.

    python start.py bench optimise --rivals PYTHON

The objective is lesson 22's simulator, `try_campaign`: mails, discount and ad split of a week, with
the noise of a week (`--noise 0` for none). Each program has the same budget, 25 evaluations in each
of 60 runs, the first six of them at random where the program lets one say so, and otherwise its own
defaults: what a user gets who reads its first page. Mails are whole numbers for all.

Printed for each program: in how many runs it *tried*, within the budget, settings whose true profit
is at least 95 % of the optimum, and after how many evaluations (the median over all runs; a run
that never did counts as later than the last); the mean true profit of the settings whose value
seen was best, and of what funnelkit's `recommend` would keep of the same tries, as a share of the
optimum; and the seconds of one run beside the objective. Seconds are of processor time, in one
thread, so that what else the machine does disturbs them little; the first run of each program,
which imports it, is not timed. The table goes into `benchmarks/README.md`.

`python start.py bench optimise` has funnelkit and `bayesian-optimization`. Optuna, whose Gaussian
process also needs torch, and scikit-optimize are looked for in the environment that runs this file,
and left out where they are not installed. For them make one of its own, outside of this folder:

    uv venv rivals-env
    uv pip install --python rivals-env/bin/python -r requirements.lock optuna scikit-optimize torch
    rivals-env/bin/python benchmarks/optimise.py
"""

import argparse
import contextlib
import importlib.metadata
import io
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

import turns

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"

BUDGET, INITIAL = 25, 6
GOOD = 0.95  # of the optimum

# ---------------------------------------------------------------- the programs
#
# Each takes the objective, the seed and the noise, and makes BUDGET evaluations.


def with_funnelkit(objective, seed, noise):
    from funnelkit import optimise

    bounds, options = _bounds(), {"whole": ["mails"], "seed": seed, "initial": INITIAL}
    optimise.bayesian_search(objective, bounds, evaluations=BUDGET, noise=noise, **options)


def at_random(objective, seed, noise):
    from funnelkit import optimise

    optimise.random_search(objective, _bounds(), evaluations=BUDGET, whole=["mails"], seed=seed)


def with_bayes_opt(objective, seed, noise):
    from bayes_opt import BayesianOptimization

    def rounded(mails, discount, social):
        return objective(round(float(mails)), float(discount), float(social))

    options = {"random_state": seed, "verbose": 0, "allow_duplicate_points": True}
    search = BayesianOptimization(rounded, _bounds(), **options)
    search.maximize(init_points=INITIAL, n_iter=BUDGET - INITIAL)


def with_optuna(objective, seed, sampler):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    (_, mails), (_, discount), (_, social) = _bounds().values()

    def one(trial):
        return objective(
            trial.suggest_int("mails", 0, mails),
            trial.suggest_float("discount", 0.0, discount),
            trial.suggest_float("social", 0.0, social),
        )

    options = {"seed": seed, "n_startup_trials": INITIAL}
    study = optuna.create_study(
        direction="maximize", sampler=getattr(optuna.samplers, sampler)(**options)
    )
    study.optimize(one, n_trials=BUDGET)


def with_tpe(objective, seed, noise):
    with_optuna(objective, seed, "TPESampler")


def with_optuna_gp(objective, seed, noise):
    import torch

    torch.set_num_threads(1)
    with_optuna(objective, seed, "GPSampler")


def with_skopt(objective, seed, noise):
    from skopt import gp_minimize

    (_, mails), (_, discount), (_, social) = _bounds().values()
    gp_minimize(
        lambda settings: -objective(*settings),
        [(0, mails), (0.0, discount), (0.0, social)],
        n_calls=BUDGET,
        n_initial_points=INITIAL,
        random_state=seed,
    )


PROGRAMS = {  # name in the table: function, packages
    "funnelkit": (with_funnelkit, ["funnelkit", "bayesian-optimization"]),
    "bayesian-optimization": (with_bayes_opt, ["bayesian-optimization"]),
    "scikit-optimize": (with_skopt, ["scikit-optimize"]),
    "Optuna, TPE": (with_tpe, ["optuna"]),
    "Optuna, GP": (with_optuna_gp, ["optuna", "torch"]),
    "random": (at_random, []),
}

# ---------------------------------------------------------------- measuring


def _bounds():
    from funnelkit.simulate import CAMPAIGN_BOUNDS

    return CAMPAIGN_BOUNDS


def installed(packages):
    """Return whether the packages of a program are there; funnelkit itself is in this clone."""
    for package in packages:
        if package != "funnelkit":
            try:
                importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError:
                return False
    return True


def one_run(search, seed, noise):
    """Return the tries of a run, their true profits, and the seconds beside the objective."""
    import numpy as np

    from funnelkit.simulate import campaign_profit

    luck = np.random.default_rng([seed, 22]).normal(0.0, noise, BUDGET)
    tries, spent = [], 0.0

    def objective(mails, discount, social):
        nonlocal spent
        start = time.process_time()
        true = campaign_profit(mails, discount, social)
        value = true + luck[len(tries)]
        tries.append((int(mails), float(discount), float(social), float(value), float(true)))
        spent += time.process_time() - start
        return value

    start = time.process_time()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        search(objective, seed, noise)
    seconds = time.process_time() - start - spent
    if len(tries) != BUDGET:
        raise AssertionError(f"{search.__name__} made {len(tries)} evaluations, not {BUDGET}")
    return tries, seconds


def judged(tries, noise, best):
    """Return after how many tries a run was good, and what the two ways of keeping are worth."""
    import pandas as pd

    from funnelkit import optimise
    from funnelkit.simulate import campaign_profit

    table = pd.DataFrame(tries, columns=["mails", "discount", "social", "value", "true"])
    good = table["true"] >= GOOD * best
    first = int(good.idxmax()) + 1 if good.any() else BUDGET + 1
    kept = optimise.recommend(table, _bounds(), noise=noise, whole=["mails"])["settings"]
    return first, table.loc[table["value"].idxmax(), "true"] / best, campaign_profit(**kept) / best


def measure(runs, noise):
    """Let the programs take turns, run by run; return a row of the table for each."""
    from funnelkit.world.tuning import PROBLEMS

    best = PROBLEMS["campaign"]["best"]
    programs = {name: search for name, (search, need) in PROGRAMS.items() if installed(need)}
    found = {name: [] for name in programs}
    for search in programs.values():
        one_run(search, runs, noise)  # imports, and is not counted
    for seed in range(runs):
        for name, search in programs.items():
            tries, seconds = one_run(search, seed, noise)
            found[name].append((*judged(tries, noise, best), seconds))
            print(f"run {seed + 1} of {runs}: {name:<24}", end="\r", file=sys.stderr)
    return found


def written(evaluations):
    """Return a number of evaluations as text; beyond the budget it is not known."""
    return f"> {BUDGET}" if evaluations > BUDGET else f"{evaluations:.0f}"


def report(results, runs):
    """Write the table as text."""
    packages = sorted({p for _, need in PROGRAMS.values() for p in need if installed(need)})
    versions = [f"{p} {importlib.metadata.version(p)}" for p in packages if p != "funnelkit"]
    lines = [
        f"{BUDGET} weeks of the campaign, {runs} runs of each program, taking turns.",
        f"Good: settings tried whose true profit is {GOOD:.0%} of the optimum or more.",
        "Kept: true profit, as a share of the optimum, of the best week seen and of `recommend`.",
        f"{os.cpu_count()} CPUs ({platform.machine()}, {platform.system()}), "
        f"Python {platform.python_version()}",
        ", ".join(versions),
    ]
    for noise, found in results.items():
        lines += [
            "",
            f"noise of a week: EUR {noise:.0f}",
            f"  {'program':<23}{'good in':>9}{'after':>7}{'kept: seen':>12}{'recommend':>11}"
            f"{'seconds':>9}",
        ]
        for name, rows in found.items():
            first, seen, kept, seconds = zip(*rows, strict=True)
            reached = sum(number <= BUDGET for number in first)
            lines.append(
                f"  {name:<23}{f'{reached} of {runs}':>9}{written(statistics.median(first)):>7}"
                f"{statistics.mean(seen):>12.1%}{statistics.mean(kept):>11.1%}"
                f"{statistics.median(seconds):>9.2f}"
            )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=60, help="runs of each program (60)")
    parser.add_argument("--noise", type=float, nargs="+", default=[320.0, 0.0], help="EUR")
    parser.add_argument("--rivals", help="a Python that has Optuna and scikit-optimize")
    given = parser.parse_args()
    if given.rivals and Path(given.rivals).resolve() != Path(sys.executable).resolve():
        rest = [str(noise) for noise in given.noise]
        command = [given.rivals, __file__, "--runs", str(given.runs), "--noise", *rest]
        raise SystemExit(subprocess.call(command))
    text = report({noise: measure(given.runs, noise) for noise in given.noise}, given.runs)
    print(text)
    turns.put_into_readme("optimise", text)


if __name__ == "__main__":
    main()
