"""How well and how fast searches find good settings, beside their rivals.

    python start.py bench optimise --rivals PYTHON

Two problems are those of lesson 22: its campaign of a week (mails, discount and ad split) with the
noise of a week, and the same without noise. A third is made when `--problems` names it: Hartmann's
function of six inputs, on which the lesson's search does not do well. Each program has the same
budget, 25 evaluations in each of 60 runs (`SLOW` says where there are fewer), the first six of them
at random (or spread evenly, with SMAC) where the program lets one say so, and otherwise its own
defaults: what a user gets who reads its first page. Mails are whole numbers for all.

Printed for each program: in how many runs it *tried*, within the budget, settings whose true value
is at least 95 % of the optimum, and after how many evaluations (the median over all runs; a run
that never did counts as later than the last); the mean true value of the settings whose value
seen was best, and of what funnelkit's `recommend` would keep of the same tries, as a share of the
optimum; and the seconds of one run beside the objective. Seconds are of processor time, in one
thread, so that what else the machine does disturbs them little; the first run of each program,
which imports it, is not timed. The table goes into `benchmarks/README.md`.

With `--journal FILE` each run is written down at once, and one that is in the file is not made
again: an hour's work may be stopped and continued, or done by several processes, of which each has
some of the `--problems` or `--programs`.

`python start.py bench optimise` has funnelkit and `bayesian-optimization`. Optuna, whose Gaussian
process also needs torch, scikit-optimize and SMAC are looked for in the environment that runs this
file, and left out where they are not installed. For them make one of its own, outside of this
folder:

    uv venv rivals-env
    uv pip install --python rivals-env/bin/python -r requirements.lock
    uv pip install --python rivals-env/bin/python optuna scikit-optimize torch smac
    rivals-env/bin/python benchmarks/optimise.py
"""

import argparse
import contextlib
import importlib.metadata
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import turns

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"

BUDGET, INITIAL = 25, 6
GOOD = 0.95  # of the optimum
SLOW = {"scikit-optimize": 20, "SMAC": 8}  # runs at most: each takes long
WORDS = {
    "campaign": "campaign, noise of a week EUR {noise:.0f}",
    "campaign_quiet": "campaign without noise",
    "hartmann6": "Hartmann's function of six inputs, without noise",
}

# ---------------------------------------------------------------- the programs
#
# Each takes the objective (settings by name), the problem and the seed, and makes BUDGET
# evaluations.


def with_funnelkit(objective, problem, seed):
    from funnelkit import optimise

    options = {"noise": problem["noise"], "whole": problem["whole"], "initial": INITIAL}
    bounds = problem["bounds"]
    optimise.bayesian_search(objective, bounds, evaluations=BUDGET, seed=seed, **options)


def at_random(objective, problem, seed):
    from funnelkit import optimise

    options = {"whole": problem["whole"], "evaluations": BUDGET, "seed": seed}
    optimise.random_search(objective, problem["bounds"], **options)


def with_bayes_opt(objective, problem, seed):
    from bayes_opt import BayesianOptimization

    def rounded(**settings):
        whole = problem["whole"]
        return objective(**{n: round(float(v)) if n in whole else v for n, v in settings.items()})

    options = {"random_state": seed, "verbose": 0, "allow_duplicate_points": True}
    search = BayesianOptimization(rounded, problem["bounds"], **options)
    search.maximize(init_points=INITIAL, n_iter=BUDGET - INITIAL)


def with_optuna(objective, problem, seed, sampler):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def one(trial):
        settings = {
            name: trial.suggest_int(name, low, high)
            if name in problem["whole"]
            else trial.suggest_float(name, low, high)
            for name, (low, high) in problem["bounds"].items()
        }
        return objective(**settings)

    options = {"seed": seed, "n_startup_trials": INITIAL}
    sampler = getattr(optuna.samplers, sampler)(**options)
    optuna.create_study(direction="maximize", sampler=sampler).optimize(one, n_trials=BUDGET)


def with_tpe(objective, problem, seed):
    with_optuna(objective, problem, seed, "TPESampler")


def with_optuna_gp(objective, problem, seed):
    import torch

    torch.set_num_threads(1)
    with_optuna(objective, problem, seed, "GPSampler")


def with_skopt(objective, problem, seed):
    from skopt import gp_minimize

    names = list(problem["bounds"])  # a range of whole numbers is one of integers
    gp_minimize(
        lambda values: -objective(**dict(zip(names, values, strict=True))),
        list(problem["bounds"].values()),
        n_calls=BUDGET,
        n_initial_points=INITIAL,
        random_state=seed,
    )


def with_smac(objective, problem, seed):
    """Search by SMAC's Gaussian process, which its pages name for numbers and small budgets."""
    from ConfigSpace import ConfigurationSpace
    from smac import BlackBoxFacade, Scenario

    with tempfile.TemporaryDirectory() as folder:
        space = ConfigurationSpace(dict(problem["bounds"]), seed=seed)  # integers as they are
        options = {"deterministic": True, "n_trials": BUDGET, "output_directory": Path(folder)}
        scenario = Scenario(space, seed=seed, **options)
        search = BlackBoxFacade(
            scenario,
            lambda config, seed: -objective(**dict(config)),
            initial_design=BlackBoxFacade.get_initial_design(scenario, n_configs=INITIAL),
            logging_level=False,
        )
        search.optimize()


PROGRAMS = {  # name in the table: function, packages
    "funnelkit": (with_funnelkit, ["funnelkit", "bayesian-optimization"]),
    "bayesian-optimization": (with_bayes_opt, ["bayesian-optimization"]),
    "scikit-optimize": (with_skopt, ["scikit-optimize"]),
    "Optuna, TPE": (with_tpe, ["optuna"]),
    "Optuna, GP": (with_optuna_gp, ["optuna", "torch"]),
    "SMAC": (with_smac, ["smac"]),
    "random": (at_random, []),
}

# ---------------------------------------------------------------- measuring


def installed(packages):
    """Return whether the packages of a program are there; funnelkit itself is in this clone."""
    for package in packages:
        if package != "funnelkit":
            try:
                importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError:
                return False
    return True


def one_run(search, problem, seed):
    """Return the tries of a run, their true values, and the seconds beside the objective."""
    import numpy as np

    luck = np.random.default_rng([seed, 22]).normal(0.0, problem["noise"], BUDGET)
    tries, spent = [], 0.0

    def objective(**settings):
        nonlocal spent
        start = time.process_time()
        settings = {name: float(settings[name]) for name in problem["bounds"]}
        true = float(problem["truth"](**settings))
        value = true + float(luck[len(tries)])
        tries.append({**settings, "value": value, "true": true})
        spent += time.process_time() - start
        return value

    start = time.process_time()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        search(objective, problem, seed)
    seconds = time.process_time() - start - spent
    if len(tries) != BUDGET:
        raise AssertionError(f"{search.__name__} made {len(tries)} evaluations, not {BUDGET}")
    return tries, seconds


def judged(tries, problem):
    """Return after how many tries a run was good, and what the two ways of keeping are worth."""
    import pandas as pd

    from funnelkit import optimise

    table, best = pd.DataFrame(tries), problem["best"]
    good = table["true"] >= GOOD * best
    first = int(good.idxmax()) + 1 if good.any() else BUDGET + 1
    options = {"noise": problem["noise"], "whole": problem["whole"]}
    kept = optimise.recommend(table, problem["bounds"], **options)["settings"]
    seen = table.loc[table["value"].idxmax(), "true"]
    return first, float(seen / best), float(problem["truth"](**kept) / best)


def written_down(journal):
    """Return the runs of a journal: what `judged` says and the seconds, by its place."""
    if not journal or not journal.exists():
        return {}
    rows = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    return {tuple(key): tuple(values) for key, values in rows}


def measure(name, programs, most, journal):
    """Let the programs take turns, run by run; return a row of the table for each run."""
    from funnelkit.world.tuning import PROBLEMS

    problem, known = PROBLEMS[name], written_down(journal)
    found = {program: [] for program in programs}
    runs = {program: min(most, SLOW.get(program, most)) for program in programs}
    seeds = range(max(runs.values()))
    wanted = [(seed, program) for seed in seeds for program in found if seed < runs[program]]
    for program in {each for seed, each in wanted if (name, each, seed) not in known}:
        one_run(PROGRAMS[program][0], problem, len(seeds))  # imports, and is not counted
    for seed, program in wanted:
        key = (name, program, seed)
        if key not in known:
            tries, seconds = one_run(PROGRAMS[program][0], problem, seed)
            known[key] = (*judged(tries, problem), seconds)
            if journal:
                with journal.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([key, known[key]]) + "\n")
            done = f"{name}, run {seed + 1} of {len(seeds)}: {program:<24}"
            print(done, end="\r", file=sys.stderr)
        found[program].append(known[key])
    return found


# ---------------------------------------------------------------- the table


def written(evaluations):
    """Return a number of evaluations as text; beyond the budget it is not known."""
    return f"> {BUDGET}" if evaluations > BUDGET else f"{evaluations:.0f}"


def report(results):
    """Write the table as text."""
    from funnelkit.world.tuning import PROBLEMS

    packages = sorted({p for _, need in PROGRAMS.values() for p in need if installed(need)})
    versions = {p: importlib.metadata.version(p) for p in packages if p != "funnelkit"}
    lines = [
        f"{BUDGET} evaluations in each run.",
        f"Good: settings tried whose true value is {GOOD:.0%} of the optimum or more.",
        "Kept: true value, as a share of the optimum, of the best seen and of `recommend`.",
        *turns.machine(versions),
    ]
    for name, found in results.items():
        lines += [
            "",
            WORDS[name].format(**PROBLEMS[name]),
            f"  {'program':<23}{'good in':>9}{'after':>7}{'kept: seen':>12}{'recommend':>11}"
            f"{'seconds':>9}",
        ]
        for program, rows in found.items():
            first, seen, kept, seconds = zip(*rows, strict=True)
            reached = f"{sum(number <= BUDGET for number in first)} of {len(rows)}"
            lines.append(
                f"  {program:<23}{reached:>9}{written(statistics.median(first)):>7}"
                f"{statistics.mean(seen):>12.1%}{statistics.mean(kept):>11.1%}"
                f"{statistics.median(seconds):>9.2f}"
            )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=60, help="at most so many runs of each (60)")
    parser.add_argument("--problems", nargs="+", choices=WORDS, default=list(WORDS)[:2])
    parser.add_argument("--programs", nargs="+", choices=PROGRAMS, default=list(PROGRAMS))
    parser.add_argument("--journal", type=Path, help="file in which to write down each run")
    parser.add_argument("--rivals", help="a Python that has the rivals")
    parser.add_argument("--print-only", action="store_true", help="leave README.md as it is")
    given = parser.parse_args()
    if given.rivals and Path(given.rivals).absolute() != Path(sys.executable).absolute():
        rest = [each for each in sys.argv[1:] if not each.startswith("--rivals")]
        rest = [each for each in rest if each != given.rivals]
        raise SystemExit(subprocess.call([given.rivals, __file__, *rest]))
    programs = [program for program in given.programs if installed(PROGRAMS[program][1])]
    results = {name: measure(name, programs, given.runs, given.journal) for name in given.problems}
    text = report(results)
    print(text)
    if not given.print_only:
        turns.put_into_readme("optimise", text)


if __name__ == "__main__":
    main()
