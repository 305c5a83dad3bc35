"""Valid calls of ranking and scoring: every parameter has a value."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from funnelkit import ranking, scoring

SCORE = pd.Series([0.9, 0.7, 0.7, 0.4, 0.2, 0.1])
BOUGHT = pd.Series([True, True, False, False, True, False])
WEIGHTS = pd.Series([1.0, 1.0, 2.0, 1.5, 4.0, 4.0])
GROUP = pd.Series(["old", "old", "young", "young", "old", "young"], name="age")
FEATURES = pd.DataFrame({"visits": [5, 4, 3, 3, 2, 1], "webinars": [1, 0, 1, 0, 0, 1]})
LEADS = FEATURES.assign(source=["seo", "ads", "seo", "ads", "seo", "ads"])
START = pd.Series(pd.to_datetime(["2026-03-01", "2026-03-02", "2026-04-01", "2026-06-01"]))
CONVERTED = pd.Series(pd.to_datetime(["2026-04-01", None, "2026-06-15", None]))
BY_FEATURE = pd.Series({"visits": 0.4, "webinars": 0.8})

MODEL = scoring.LeadModel(["visits"], {"source": "seo"}).fit(LEADS, BOUGHT)
FILE = MODEL.save(Path(tempfile.mkdtemp(), "model.json"))
TO_SCORE = LEADS[["visits", "source"]].assign(lead_id=[f"L-{i}" for i in range(6)])


def learn(leads, outcome, numbers, version):
    model = scoring.LeadModel(numbers, {"source": "seo"}, version=version)
    return model.fit(leads, outcome).parameters_


def score(leads, reasons):
    return MODEL.score(leads, reasons=reasons)


def reasons(leads, n):
    return MODEL.reasons(leads, n=n)


def probability(leads):
    return MODEL.probability(leads)


def load(path):
    return scoring.load_model(path).parameters_


load.stands_for = scoring.load_model

JUDGED = {"score": SCORE, "outcome": BOUGHT, "weights": WEIGHTS}
FORECAST = {"probability": SCORE, "outcome": BOUGHT, "weights": WEIGHTS}

CALLS = [
    (learn, {"leads": LEADS, "outcome": BOUGHT, "numbers": ["visits", "webinars"], "version": "7"}),
    (score, {"leads": TO_SCORE, "reasons": 2}),
    (reasons, {"leads": TO_SCORE, "n": 2}),
    (probability, {"leads": TO_SCORE}),
    (load, {"path": str(FILE)}),
    (ranking.auc, JUDGED),
    (ranking.average_precision, JUDGED),
    (ranking.threshold_table, JUDGED),
    (ranking.gains_table, JUDGED | {"depths": [0.5, 1.0]}),
    (scoring.brier_score, FORECAST),
    (scoring.calibration_table, FORECAST | {"bins": 3, "confidence": 0.9}),
    (scoring.profit_curve, FORECAST | {"margin": 200.0, "cost": 20.0}),
    (scoring.profit_threshold, {"margin": 200.0, "cost": 20.0}),
    (scoring.capacity_threshold, {"score": SCORE, "capacity": 3}),
    (
        scoring.errors_by_group,
        {
            "selected": SCORE >= 0.5,
            "outcome": BOUGHT,
            "group": GROUP,
            "weights": WEIGHTS,
            "confidence": 0.9,
        },
    ),
    (
        scoring.hazard_table,
        {"weeks": pd.Series([1, 2, 2, 3, 3, 1]), "observed": BOUGHT, "confidence": 0.9},
    ),
    (
        scoring.outcome_within,
        {
            "start": START,
            "converted": CONVERTED,
            "window": "60D",
            "observed_until": "2026-06-30",
        },
    ),
    (scoring.points_card, {"table": LEADS, "card": {"visits >= 3": 10, "source == 'seo'": 5}}),
    (scoring.log_odds, {"probability": SCORE}),
    (scoring.from_log_odds, {"value": pd.Series(np.linspace(-2, 2, 5))}),
    (
        scoring.logistic_by_steps,
        {"features": FEATURES, "outcome": BOUGHT, "steps": 50, "rate": 0.05},
    ),
    (
        scoring.reason_codes,
        {
            "coefficients": BY_FEATURE,
            "features": FEATURES,
            "reference": pd.Series({"visits": 3.0, "webinars": 0.5}),
            "n": 1,
        },
    ),
]

# What looks odd and is right all the same.
ACCEPTED = {
    (learn, "version"): {"a name that is not there"},  # any name will do
    (score, "reasons"): {"too large to compute with"},  # all reasons
    (reasons, "n"): {"too large to compute with"},
    (scoring.capacity_threshold, "capacity"): {"too large to compute with"},  # room for all leads
    (scoring.reason_codes, "n"): {"too large to compute with"},  # all reasons
    (scoring.reason_codes, "coefficients"): {"another order of rows"},  # found by their names
    (scoring.reason_codes, "reference"): {"another order of rows"},
    (scoring.from_log_odds, "value"): {"a number for a column"},  # takes one number as well
}
