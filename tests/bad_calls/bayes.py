"""Valid calls of bayes: every parameter has a value."""

import pandas as pd

from funnelkit import bayes

CONVERTED = pd.Series([12, 30, 22, 9])
USERS = pd.Series([200, 250, 210, 190])
ARMS = {"converted_a": CONVERTED, "n_a": USERS, "converted_b": CONVERTED + 5, "n_b": USERS}
PRIOR = (2.0, 20.0)
LIFTS = pd.Series([0.10, 0.02, -0.06, 0.20])
ERRORS = pd.Series([0.05, 0.04, 0.05, 0.06])

CALLS = [
    (
        bayes.posterior,
        {"converted": CONVERTED, "visitors": USERS, "prior": PRIOR, "confidence": 0.9},
    ),
    (bayes.fit_prior, {"converted": CONVERTED, "visitors": USERS}),
    (bayes.prob_better, ARMS | {"prior": PRIOR}),
    (bayes.prob_best, {"converted": CONVERTED, "visitors": USERS, "prior": PRIOR}),
    (bayes.expected_loss, ARMS | {"prior": PRIOR, "method": "closed"}),
    (bayes.lift_posterior, ARMS | {"prior": PRIOR, "confidence": 0.9}),
    (bayes.fit_normal_prior, {"estimates": LIFTS, "errors": ERRORS}),
    (
        bayes.shrink,
        {"estimates": LIFTS, "errors": ERRORS, "prior": (0.02, 0.05), "confidence": 0.9},
    ),
    (
        bayes.peeking,
        {
            "rates_a": pd.Series([0.1, 0.2]),
            "rates_b": pd.Series([0.1, 0.3]),
            "visitors": 100,
            "looks": 2,
            "threshold": 0.9,
            "prior": PRIOR,
            "seed": 1,
        },
    ),
]
