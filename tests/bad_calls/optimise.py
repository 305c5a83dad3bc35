"""Valid calls of optimise: every parameter has a value."""

import pandas as pd

from funnelkit import optimise

X, Y = pd.Series([0.0, 0.4, 1.0]), pd.Series([0.2, 1.0, -0.5])
PROCESS = {"x": X, "y": Y, "kernel": "matern", "length_scale": 0.5, "amplitude": 1.2, "noise": 0.1}
SURROGATE = {"mean": pd.Series([0.5, -1.0]), "sd": pd.Series([1.0, 0.5])}


def peak(x, days):
    """Return a value that is largest at 0.3 and day 4."""
    return 1 - (x - 0.3) ** 2 - (days - 4) ** 2 / 100


BOX = {"bounds": {"x": (0.0, 1.0), "days": (0, 10)}, "whole": ["days"], "seed": 1}
SEARCH = {"objective": peak, **BOX, "evaluations": 4, "progress": False}
TRIES = pd.DataFrame({"x": [0.1, 0.5, 0.9], "days": [2, 5, 9], "value": [0.8, 1.0, 0.1]})

CALLS = [
    (optimise.rbf, {"a": X, "b": Y, "length_scale": 0.5}),
    (optimise.matern, {"a": X, "b": Y, "length_scale": 0.5, "smoothness": 1.5}),
    (optimise.gaussian_process, PROCESS | {"at": [0.2, 0.6]}),
    (optimise.log_likelihood, PROCESS),
    (optimise.expected_improvement, SURROGATE | {"best": 0.3, "xi": 0.1}),
    (optimise.upper_confidence_bound, SURROGATE | {"kappa": 2.0}),
    (optimise.random_search, SEARCH),
    (optimise.grid_search, SEARCH),
    (optimise.one_at_a_time, SEARCH | {"start": {"x": 0.5, "days": 5}}),
    (
        optimise.bayesian_search,
        SEARCH | {"initial": 3, "noise": 0.1, "acquisition": "ei", "kappa": 1.0},
    ),
    (optimise.recommend, {"tries": TRIES, "noise": 0.1, **BOX}),
]

# What looks odd and is right all the same: the two columns of places need not be of one table.
ODD = {"another order of rows", "another index"}
ACCEPTED = {
    (optimise.rbf, "a"): ODD,
    (optimise.rbf, "b"): ODD,
    (optimise.matern, "a"): ODD,
    (optimise.matern, "b"): ODD,
}
