"""How searches fare, run many times over: the table ``tuning_runs``.

One run takes seconds and many are needed, so they are computed once, by
``python -m funnelkit.world.tuning``, and stored; a lesson draws them. A test runs a few again.

How bold the Bayesian search is (``kappa=2``) was set after a look at four trial runs of the
campaign, whose seeds are among the stored ones, and was not tuned further.
"""

import argparse
import gzip
import io

import numpy as np
import pandas as pd

from funnelkit import _inputs, data, optimise, schemas
from funnelkit.world.campaigns import CAMPAIGN_BOUNDS, campaign_profit
from funnelkit.world.model import MODEL

__all__ = ["CHECKPOINTS", "PROBLEMS", "branin", "hartmann6", "main", "tuning_runs"]

CHECKPOINTS = (5, 10, 15, 20, 25)  # tries after which it is asked what to keep
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


_NOISE = MODEL["campaign"]["noise"]
_CAMPAIGN = {"truth": campaign_profit, "bounds": CAMPAIGN_BOUNDS, "whole": ["mails"]}
_CAMPAIGN |= {"best": BEST_PROFIT}
_ALL = ("bayes", "random", "grid", "one_at_a_time")

PROBLEMS = {
    "campaign": {**_CAMPAIGN, "noise": _NOISE, "methods": _ALL},
    "campaign_quiet": {**_CAMPAIGN, "noise": 0.0, "methods": ("bayes", "random")},
    "campaign_loud": {**_CAMPAIGN, "noise": 4 * _NOISE, "methods": ("bayes", "random")},
    "branin": {
        "truth": branin,
        "bounds": {"x": (-5.0, 10.0), "y": (0.0, 15.0)},
        "whole": [],
        "best": -0.397887,
        "noise": 0.0,
        "methods": ("bayes", "random"),
    },
}


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

    shared = {"evaluations": max(CHECKPOINTS), "whole": given["whole"], "seed": run}
    match method:
        case "bayes":
            noise = given["noise"]
            return optimise.bayesian_search(objective, given["bounds"], noise=noise, **shared)
        case "random":
            return optimise.random_search(objective, given["bounds"], **shared)
        case "grid":
            return optimise.grid_search(objective, given["bounds"], **shared)
    return optimise.one_at_a_time(objective, given["bounds"], start=START, **shared)


def _kept(tries, given):
    """Yield the two ways of choosing what to keep, the settings, and what is said of them."""
    names = list(given["bounds"])
    best = tries.loc[tries["value"].idxmax()]
    yield "best_seen", {name: float(best[name]) for name in names}, float(best["value"])
    options = {"noise": given["noise"], "whole": given["whole"]}
    kept = optimise.recommend(tries, given["bounds"], **options)
    yield "surrogate", kept["settings"], kept["mean"]


def main(arguments=None):
    """Compute the table and write it; about ten minutes of one processor."""
    parser = argparse.ArgumentParser(prog="python -m funnelkit.world.tuning", description=__doc__)
    parser.add_argument("--runs", type=int, default=None, help="runs of each search")
    runs = parser.parse_args(arguments).runs
    parts = [
        tuning_runs(problem, method, range(runs or RUNS[problem]))
        for problem, given in PROBLEMS.items()
        for method in given["methods"]
    ]
    write(pd.concat(parts, ignore_index=True))
    print("datasets/tuning_runs.csv.gz written: now run `python -m funnelkit.simulate`")
    return 0


def write(table):
    """Write the table into the folder of the tables."""
    buffer = io.StringIO()
    schemas.check_table(table, "tuning_runs").to_csv(buffer, index=False, lineterminator="\n")
    content = gzip.compress(buffer.getvalue().encode(), 9, mtime=0)
    (data.data_folder() / schemas.SCHEMAS["tuning_runs"].file).write_bytes(content)


RUNS = {"campaign": 20, "campaign_quiet": 20, "campaign_loud": 20, "branin": 20}

if __name__ == "__main__":
    raise SystemExit(main())
