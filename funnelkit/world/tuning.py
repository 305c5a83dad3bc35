"""How searches fare, run many times over: the table ``tuning_runs``.

One run takes seconds and many are needed, so they are computed once, by
``python -m funnelkit.world.tuning``, and stored; a lesson draws them. A test runs a few again.
What is done is written after each run of all searches, so that the command can be stopped and
started again.

``bayes_default`` is the package ``bayesian-optimization`` as it comes: raw bounds, its own kernel
with one length scale for all settings, no noise named. It begins with the same six tries as
``bayes``, which is `funnelkit.optimise.bayesian_search`.

How bold the Bayesian search is (``kappa=2``) was set after a look at four trial runs of the
campaign, whose seeds are among the stored ones, and was not tuned further.
"""

import argparse
import contextlib
import gzip
import io
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from funnelkit import _inputs, data, optimise, schemas
from funnelkit.optimise.searches import Box, Tries, drawn
from funnelkit.world.campaigns import CAMPAIGN_BOUNDS, campaign_profit
from funnelkit.world.model import MODEL

__all__ = [
    "CHECKPOINTS",
    "METHODS",
    "PROBLEMS",
    "RUNS",
    "branin",
    "hartmann6",
    "how_many",
    "main",
    "tuning_runs",
]

CHECKPOINTS = (5, 10, 15, 20, 25)  # tries after which it is asked what to keep
INITIAL = 6  # tries at random before a surrogate chooses
START = {"mails": 1, "discount": 0.0, "social": 0.5}  # the campaign of today

# The optimum of the campaign over whole mails, on a grid of 0.0005 in discount and 0.001 in share.
BEST_PROFIT = 3921.69


def branin(x, y):
    r"""Return minus the Branin function, whose three optima are −0.397887.

    Parameters
    ----------
    x, y : float
        From −5 to 10, and from 0 to 15.

    Returns
    -------
    float

    Examples
    --------
    >>> round(branin(np.pi, 2.275), 6)
    -0.397887
    """
    bend = y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6
    return float(-(bend**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10))


_ALPHA = np.array([1.0, 1.2, 3.0, 3.2])
_WIDTH = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_CENTRE = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann6(a, b, c, d, e, f):
    """Return minus the Hartmann function of six inputs, whose optimum is 3.322368.

    Parameters
    ----------
    a, b, c, d, e, f : float
        Each from 0 to 1.

    Returns
    -------
    float

    Examples
    --------
    >>> round(hartmann6(0.5, 0.5, 0.5, 0.5, 0.5, 0.5), 6)
    0.505315
    """
    x = np.array([a, b, c, d, e, f])
    return float(_ALPHA @ np.exp(-(_WIDTH * (x - _CENTRE) ** 2).sum(axis=1)))


METHODS = ("bayes", "bayes_default", "random", "grid", "one_at_a_time")

_CAMPAIGN = {"truth": campaign_profit, "bounds": CAMPAIGN_BOUNDS, "whole": ["mails"]}
_CAMPAIGN |= {"best": BEST_PROFIT, "start": START}
_NOISE = MODEL["campaign"]["noise"]
_OTHER_NOISE = tuple(method for method in METHODS if method != "bayes_default")  # it takes longest

PROBLEMS = {
    "campaign": {**_CAMPAIGN, "noise": _NOISE, "methods": METHODS},
    "campaign_quiet": {**_CAMPAIGN, "noise": 0.0, "methods": _OTHER_NOISE},
    "campaign_double": {**_CAMPAIGN, "noise": 2 * _NOISE, "methods": _OTHER_NOISE},
    "campaign_loud": {**_CAMPAIGN, "noise": 4 * _NOISE, "methods": _OTHER_NOISE},
    "branin": {
        "truth": branin,
        "bounds": {"x": (-5.0, 10.0), "y": (0.0, 15.0)},
        "whole": [],
        "best": -0.397887,
        "noise": 0.0,
        "methods": METHODS,
    },
    "hartmann6": {
        "truth": hartmann6,
        "bounds": dict.fromkeys("abcdef", (0.0, 1.0)),
        "whole": [],
        "best": 3.322368,
        "noise": 0.0,
        "methods": METHODS,
    },
}


RUNS = {"campaign": 60, "campaign_quiet": 30, "campaign_double": 30, "campaign_loud": 30}
RUNS |= {"branin": 60, "hartmann6": 60}
DEFAULT_RUNS = 30  # of "bayes_default", which takes longest


def how_many(problem, method):
    """Return how many runs of a search are stored.

    Parameters
    ----------
    problem, method : str
        As for `tuning_runs`.

    Returns
    -------
    int

    Examples
    --------
    >>> how_many("branin", "random")
    60
    """
    return min(RUNS[problem], DEFAULT_RUNS) if method == "bayes_default" else RUNS[problem]


def tuning_runs(problem, method, runs):
    """Run a search several times and say what it would have kept after 5, 10, … 25 tries.

    Parameters
    ----------
    problem : str
        One of ``PROBLEMS``.
    method : str
        One of the problem's ``methods``.
    runs : iterable of int
        The number of each run, which is its seed. The noise of a run is the same for all methods:
        that of the first try, of the second, and so on.

    Returns
    -------
    DataFrame
        As ``funnelkit.schemas.SCHEMAS["tuning_runs"]`` describes it.

    Examples
    --------
    >>> table = tuning_runs("branin", "random", [0])
    >>> table[["tries", "keep"]].head(2).to_numpy().tolist()
    [[5, 'best_seen'], [5, 'surrogate']]
    """
    _inputs.need_known(problem, PROBLEMS, "problem")
    given = PROBLEMS[problem]
    _inputs.need_known(method, given["methods"], "method")
    rows = []
    for run in runs:
        tries = _search(method, given, run)
        for n in CHECKPOINTS:
            for keep, settings, seen in _kept(tries.iloc[:n], given):
                short = given["best"] - given["truth"](**settings)
                rows.append((problem, method, run, n, keep, seen, max(short, 0.0)))
    columns = ["problem", "method", "run", "tries", "keep", "seen", "shortfall"]
    return pd.DataFrame(rows, columns=columns).round({"seen": 4, "shortfall": 4})


def _search(method, given, run):
    """Return the tries of one run."""
    luck = np.random.default_rng([run, 22]).normal(0.0, given["noise"], max(CHECKPOINTS))
    luck = iter(luck)

    def objective(**settings):
        return given["truth"](**settings) + next(luck)

    bounds = given["bounds"]
    shared = {"evaluations": max(CHECKPOINTS), "whole": given["whole"], "seed": run}
    match method:
        case "bayes":
            noise = {"noise": given["noise"], "initial": INITIAL}
            return optimise.bayesian_search(objective, bounds, **noise, **shared)
        case "bayes_default":
            return _as_it_comes(objective, given, run)
        case "random":
            return optimise.random_search(objective, bounds, **shared)
        case "grid":
            return optimise.grid_search(objective, bounds, **shared)
    start = given.get("start") or _first(given, run)
    return optimise.one_at_a_time(objective, bounds, start=start, **shared)


def _first(given, run):
    """Return the settings that the other searches of this run try first."""
    box = Box(given["bounds"], given["whole"])
    return box.settings(drawn(np.random.default_rng(run), len(box.names)))


def _as_it_comes(objective, given, run):
    """Return the tries of ``bayesian-optimization`` with its defaults, in raw units."""
    from bayes_opt import BayesianOptimization

    box = Box(given["bounds"], given["whole"])
    tries = Tries(objective, box, max(CHECKPOINTS), False)
    rng = np.random.default_rng(run)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the fit of its kernel
        search = BayesianOptimization(
            None, given["bounds"], random_state=run, verbose=0, allow_duplicate_points=True
        )
        while tries.left:
            if len(tries.rows) < INITIAL:
                asked = box.settings(drawn(rng, len(box.names)))
            else:
                asked = search.suggest()
            tries.add(box.place(asked), "as the package comes")
            search.register(asked, tries.rows[-1]["value"])
    return tries.table()


def _kept(tries, given):
    """Yield the two ways of choosing what to keep, the settings, and what is said of them."""
    names = list(given["bounds"])
    best = tries.loc[tries["value"].idxmax()]
    yield "best_seen", {name: float(best[name]) for name in names}, float(best["value"])
    options = {"noise": given["noise"], "whole": given["whole"]}
    kept = optimise.recommend(tries, given["bounds"], **options)
    yield "surrogate", kept["settings"], kept["mean"]


def main(arguments=None):
    """Compute the runs that the table lacks: half an hour of one processor for all of them."""
    parser = argparse.ArgumentParser(prog="python -m funnelkit.world.tuning", description=__doc__)
    parser.add_argument("--runs", type=int, help="runs of each search, if not those stored")
    parser.add_argument("--afresh", action="store_true", help="compute the stored runs again too")
    stored = data.data_folder() / schemas.SCHEMAS["tuning_runs"].file
    parser.add_argument("--to", type=Path, default=stored, help="file of the table")
    given = parser.parse_args(arguments)
    start_again = given.afresh or not given.to.exists()
    table = None if start_again else pd.read_csv(given.to)
    searches = [(name, method) for name in PROBLEMS for method in PROBLEMS[name]["methods"]]
    total = given.runs or max(RUNS.values())
    for run in range(total):
        wanted = [search for search in searches if run < (given.runs or how_many(*search))]
        lacking = [search for search in wanted if not _holds(table, *search, run)]
        if lacking:
            parts = [tuning_runs(problem, method, [run]) for problem, method in lacking]
            table = pd.concat([table, *parts], ignore_index=True)
            write(table, given.to)
        print(f"run {run + 1} of {total} is done", flush=True)
    print(f"{given.to} written: now run `python -m funnelkit.simulate`")
    return 0


def _holds(table, problem, method, run):
    if table is None:
        return False
    same = (table["problem"] == problem) & (table["method"] == method) & (table["run"] == run)
    return bool(same.any())


def write(table, path):
    """Write the table, its rows in the order of searches and runs, whenever they were computed."""
    order = {"problem": pd.CategoricalDtype(PROBLEMS), "method": pd.CategoricalDtype(METHODS)}
    table = table.astype(order).sort_values(["problem", "method", "run", "tries", "keep"])
    table = table.astype(dict.fromkeys(order, "str"))
    buffer = io.StringIO()
    schemas.check_table(table, "tuning_runs").to_csv(buffer, index=False, lineterminator="\n")
    path.write_bytes(gzip.compress(buffer.getvalue().encode(), 9, mtime=0))


if __name__ == "__main__":
    raise SystemExit(main())
