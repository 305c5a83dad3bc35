"""Valid calls of experiments: every parameter has a value."""

import numpy as np
import pandas as pd

from funnelkit import experiments

A = pd.Series([3.0, 0.0, 5.5, 2.0, 1.0, 4.0])
B = pd.Series([4.0, 6.5, 2.0, 7.0, 3.0])
CONVERTED = pd.Series([20, 12])
USERS = pd.Series([100, 80])
EXPOSED = pd.date_range("2026-03-02", periods=40, freq="h")
TABLE = pd.DataFrame(
    {
        "user_id": [f"u{i:02d}" for i in range(40)],
        "variant": ["A", "B"] * 20,
        "lead": [i % 3 == 0 for i in range(40)],
        "opted_out": [i % 7 == 0 for i in range(40)],
        "revenue": [float(i % 5) for i in range(40)],
        "exposed_at": EXPOSED,
        "lead_at": EXPOSED.where(np.arange(40) % 3 == 0) + pd.Timedelta("1h"),
    }
)
PLAN = {"A": 0.5, "B": 0.5}
ARMS = {"converted_a": CONVERTED, "n_a": USERS, "converted_b": CONVERTED + 5, "n_b": USERS}
RATES = {"baseline": 0.2, "alternative": 0.25, "method": "pooled", "alpha": 0.05}
MEANS = {"mean_a": 20.0, "se_a": 1.0, "mean_b": 22.0, "se_b": 1.1}

CALLS = [
    (experiments.sample_size, RATES | {"power": 0.8, "exact": False}),
    (
        experiments.sample_size_of_mean,
        {"sd": 100.0, "difference": 2.0, "alpha": 0.05, "power": 0.8, "exact": False},
    ),
    (experiments.power, RATES | {"n": 1000}),
    (experiments.assign, {"ids": TABLE["user_id"], "salt": "a test", "shares": PLAN}),
    (experiments.two_proportion_test, ARMS | {"variance": "pooled"}),
    (experiments.lift, ARMS | {"method": "log", "confidence": 0.9}),
    (experiments.lift_of_means, MEANS | {"method": "log", "confidence": 0.9, "df": 100.0}),
    (experiments.welch_test, {"a": A, "b": B, "confidence": 0.9}),
    (
        experiments.welch_from_sums,
        {
            "n_a": 4,
            "total_a": 10.0,
            "squares_a": 30.0,
            "n_b": 4,
            "total_b": 20.0,
            "squares_b": 114.0,
            "confidence": 0.9,
        },
    ),
    (experiments.permutation_test, {"a": A, "b": B, "draws": 50, "seed": 1}),
    (
        experiments.sample_ratio_test,
        {"users": {"A": 100, "B": 90}, "shares": PLAN, "correction": False},
    ),
    (
        experiments.readout,
        {
            "table": TABLE,
            "metric": "lead",
            "guardrails": {"opted_out": "lower", "revenue": "higher"},
            "better": "higher",
            "control": "A",
            "shares": PLAN,
            "lift_method": "log",
            "confidence": 0.9,
            "variant": "variant",
            "user": "user_id",
            "exposed": "exposed_at",
            "converted": "lead_at",
        },
    ),
]

# What looks odd and is right all the same.
ACCEPTED = {
    # Two groups of different users, each with an index of its own.
    (function, arm): {"another order of rows", "another index"}
    for function in (experiments.welch_test, experiments.permutation_test)
    for arm in ("a", "b")
} | {(experiments.assign, "salt"): {"a name that is not there"}}  # any name is one of a test
