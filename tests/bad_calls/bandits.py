"""Valid calls of bandits: every parameter has a value."""

import pandas as pd

from funnelkit import bandits

RATES = pd.Series({"A": 0.20, "B": 0.25})
SHOWN = pd.Series([100, 120], index=["A", "B"])
CONVERTED = pd.Series([20, 30], index=["A", "B"])
LOG = pd.DataFrame(
    {
        "item": [0, 0, 1, 1, 2, 0],
        "click": [True, False, False, True, True, False],
        "propensity": [0.5, 0.5, 0.2, 0.2, 0.1, 0.5],
        "new": [0.4, 0.4, 0.4, 0.4, 0.2, 0.4],
    }
)
POLICY = pd.Series({0: 0.4, 1: 0.4, 2: 0.2})
PLAYED = bandits.play(RATES, bandits.Thompson(), users=200, batch=100, worlds=3, every=100)
OTHER = bandits.play(RATES, bandits.ABTest(users=100), users=200, batch=100, worlds=3, every=100)
NAMES = {"action": "item", "propensity": "propensity"}

CALLS = [
    (bandits.thompson_shares, {"shown": SHOWN, "converted": CONVERTED, "prior": (2, 8)}),
    (
        bandits.play,
        {
            "rates": RATES,
            "policy": bandits.Thompson(),
            "users": 200,
            "worlds": 4,
            "batch": 50,
            "delay": 50,
            "pending": "wait",
            "half_life": 500,
            "every": 100,
            "seed": 1,
        },
    ),
    (bandits.regret_table, {"played": PLAYED, "confidence": 0.9}),
    (bandits.regret_difference, {"one": PLAYED, "other": OTHER, "confidence": 0.9}),
    (bandits.importance_weights, {"log": LOG, "policy": POLICY, "clip": 3.0, **NAMES}),
    (
        bandits.importance_weights,
        {"log": LOG, "policy": "new", "clip": 3.0, "propensity": "propensity"},
    ),
    (
        bandits.off_policy_value,
        {"log": LOG, "policy": POLICY, "clip": 3.0, "confidence": 0.9, "reward": "click", **NAMES},
    ),
    (bandits.effective_sample_size, {"weights": pd.Series([1.0, 1.0, 2.0, 0.5])}),
]
