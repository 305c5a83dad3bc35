"""Valid calls of uplift: every parameter has a value."""

import numpy as np
import pandas as pd

from funnelkit import uplift

RNG = np.random.default_rng(1)
N = 80
LABELS = [f"n{number}" for number in range(N)]
SCORE = pd.Series(RNG.normal(size=N).round(3), LABELS)
TREATED = pd.Series(np.arange(N) % 3 > 0, LABELS)
ENROLLED = pd.Series(RNG.random(N) < 0.3 + 0.3 * TREATED, LABELS)
PEOPLE = pd.DataFrame(
    {
        "consent": TREATED | (np.arange(N) % 2 > 0),
        "treated": TREATED,
        "profit": RNG.normal(20, 5, N).round(2),
        "propensity": np.where(TREATED, 2 / 3, 1 / 3),
    }
)
DRAWN = PEOPLE[["consent", "treated"]]
SCORES = pd.DataFrame({"one": SCORE, "other": -SCORE})
POLICIES = pd.DataFrame({"all": [True] * N, "some": SCORE > 0}, index=LABELS)
GAINS = pd.DataFrame({"mail": SCORE, "call": SCORE[::-1].to_numpy()})
SPEND = pd.DataFrame({"mail": SCORE.abs(), "call": [2.0] * N})
RATES = pd.Series([0.2, 0.1, 0.3], list("abc"))
JUDGED = {"score": SCORE, "treated": TREATED, "outcome": ENROLLED}

CALLS = [
    (
        uplift.recipients,
        {"campaigns": DRAWN, "consent": "consent", "treated": "treated"},
    ),
    (uplift.average_effect, {"treated": TREATED, "outcome": ENROLLED, "confidence": 0.9}),
    (uplift.uplift_by_decile, {**JUDGED, "bins": 4, "confidence": 0.9}),
    (uplift.qini_curve, JUDGED),
    (uplift.uplift_curve, JUDGED),
    (uplift.qini_coefficient, JUDGED),
    (uplift.auuc, JUDGED),
    (
        uplift.qini_band,
        {**JUDGED, "points": 4, "n_resamples": 100, "confidence": 0.9, "seed": 1},
    ),
    (
        uplift.qini_table,
        {
            "scores": SCORES,
            "treated": TREATED,
            "outcome": ENROLLED,
            "compare_with": "one",
            "n_resamples": 100,
            "confidence": 0.9,
            "seed": 1,
        },
    ),
    (
        uplift.expected_gain,
        {
            "rate_with": RATES,
            "rate_without": pd.Series([0.1, 0.1, 0.2], list("abc")),
            "margin": 200.0,
            "discount": 80.0,
            "cost": 0.5,
        },
    ),
    (
        uplift.next_best_action,
        {"gains": GAINS, "nothing": "nothing", "spend": SPEND, "budget": 20.0},
    ),
    (
        uplift.policy_value,
        {
            "people": PEOPLE,
            "policies": POLICIES,
            "action": "treated",
            "reward": "profit",
            "propensity": "propensity",
            "compare_with": "all",
            "confidence": 0.9,
        },
    ),
]

# What doing nothing is called is the caller's choice.
ACCEPTED = {
    (uplift.next_best_action, "nothing"): ("a name that is not there", "a number for a name")
}
