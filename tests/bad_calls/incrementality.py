"""Valid calls of incrementality: every parameter has a value."""

import numpy as np
import pandas as pd

from funnelkit import incrementality

WEEKS = pd.date_range("2026-01-05", periods=12, freq="7D")
RNG = np.random.default_rng(1)
TABLE = pd.DataFrame(
    {
        "region": np.repeat([f"r{i}" for i in range(8)], 12),
        "week": np.tile(WEEKS, 8),
        "sales": RNG.poisson(80, 96),
        "ads": RNG.choice([50.0, 100.0, 200.0], 96),
        "mail": RNG.choice([5.0, 10.0, 20.0], 96),
    }
)
COLUMNS = {"region": "region", "week": "week"}
TEST = {
    "table": TABLE,
    "outcome": "sales",
    "treated": ["r0", "r3", "r5", "r6"],
    "start": "2026-03-02",
    "weeks": 3,
    "before": 4,
    "scale": "relative",
    "confidence": 0.9,
    **COLUMNS,
}
CURVES = {
    "ads": incrementality.HillCurve(200, 400),
    "mail": incrementality.ExponentialCurve(60, 80),
}
NOW = pd.Series({"ads": 500.0, "mail": 60.0})
LOW, HIGH = NOW * 0.5, NOW * 2
USUAL = TABLE.groupby("region")[["ads", "mail"]].mean()
FIT = {
    "table": TABLE,
    "outcome": "sales",
    "channels": ["ads", "mail"],
    "since": "2026-01-12",
    "usual": USUAL,
}
MODEL = incrementality.ResponseModel()

CALLS = [
    (incrementality.difference_in_differences, {**TEST, "settle": 1}),
    (incrementality.permutation_test, {**TEST, "settle": 1, "assignments": 50, "seed": 1}),
    (incrementality.placebo_in_time, {**TEST, "settle": 1}),
    (incrementality.weekly_gaps, TEST),
    (
        incrementality.detectable_lift,
        {
            "table": TABLE,
            "outcome": "sales",
            "treated": 3,
            "weeks": 3,
            "before": 4,
            "settle": 1,
            "power": 0.8,
            "confidence": 0.9,
            "draws": 30,
            "seed": 1,
            **COLUMNS,
        },
    ),
    (
        incrementality.geometric_adstock,
        {"spend": TABLE["ads"], "decay": 0.5, "normalise": True, "weeks": 3},
    ),
    (incrementality.hill, {"spend": TABLE["ads"], "half": 100, "slope": 1.5}),
    (incrementality.HillCurve, {"ceiling": 100, "half": 50, "slope": 1.0}),
    (incrementality.ExponentialCurve, {"ceiling": 100, "scale": 50}),
    (MODEL.fit, {**FIT, "confidence": 0.9, **COLUMNS}),
    (incrementality.returns, {"curves": CURVES, "spend": NOW}),
    (
        incrementality.allocate,
        {"curves": CURVES, "limit": 600, "lowest": LOW, "highest": HIGH, "method": "marginal"},
    ),
    (
        incrementality.budget_advice,
        {
            "drawn": [CURVES, CURVES],
            "spend": NOW,
            "limit": 600,
            "lowest": LOW,
            "highest": HIGH,
            "confidence": 0.9,
        },
    ),
]

# A number is one amount; amounts by channel are taken by their names.
ACCEPTED = {
    (incrementality.hill, "spend"): ("a number for a column",),
    (incrementality.returns, "spend"): ("another order of rows",),
    **{
        (function, name): ("another order of rows",)
        for function in (incrementality.allocate, incrementality.budget_advice)
        for name in ("spend", "lowest", "highest")
    },
}
