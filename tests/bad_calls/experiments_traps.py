"""Valid calls of what shows how tests mislead: every parameter has a value."""

import pandas as pd

from funnelkit import experiments

USERS = pd.DataFrame(
    {
        "user_id": [f"r{number}" for number in range(12)],
        "variant": ["A", "B"] * 6,
        "week": [1] * 6 + [2] * 6,
        "known_at": pd.to_datetime(["2026-05-01", "2026-05-02", "2026-05-03"]).repeat(4),
        "measured_until": pd.Timestamp("2026-04-28"),
        "minutes_before": [4.0, 5, 6, 3, 7, 8, 2, 4, 5, 6, 9, 3],
        "minutes": [5.0, 7, 6, 4, 9, 9, 4, 6, 5, 7, 10, 6],
        "sessions": [2, 3, 1, 4, 2, 2, 5, 1, 3, 2, 2, 1],
        "clicks": [1, 1, 0, 2, 0, 1, 3, 0, 1, 1, 0, 1],
    }
)
LOOK_DAYS = pd.Series(pd.to_datetime(["2026-05-01", "2026-05-02", "2026-05-03"]))
SO_FAR = pd.Series([200, 400, 700])
GAP = pd.Series([0.02, 0.04, 0.03])
ERROR = pd.Series([0.03, 0.02, 0.015])
OF_TWO = {"control": "A", "variant": "variant", "confidence": 0.9}
TUNED = {"tuned_for": 700, "confidence": 0.9}

CALLS = [
    (experiments.always_valid_quantile, {"users": SO_FAR} | TUNED),
    (
        experiments.always_valid_interval,
        {"difference": GAP, "standard_error": ERROR, "users": SO_FAR} | TUNED,
    ),
    (
        experiments.look_table,
        {"users": USERS, "metric": "minutes", "at": LOOK_DAYS, "time": "known_at"} | OF_TWO | TUNED,
    ),
    (
        experiments.false_alarm_rate,
        {"looks": 3, "method": "fixed", "users": 100, "tests": 50, "confidence": 0.9, "seed": 1},
    ),
    (
        experiments.adjusted_p_values,
        {"p_values": pd.Series([0.01, 0.04, 0.2]), "method": "holm"},
    ),
    (
        experiments.false_positive_risk,
        {"share_good": 0.1, "power": 0.8, "alpha": 0.05, "findings": "all"},
    ),
    (experiments.exaggeration, {"effect": 0.1, "standard_error": 0.2, "confidence": 0.9}),
    (
        experiments.cuped,
        {
            "users": USERS,
            "metric": "minutes",
            "covariate": "minutes_before",
            "theta": "all",
            "measured": "measured_until",
            "exposed": "known_at",
        }
        | OF_TWO,
    ),
    (experiments.ratio_metric, {"users": USERS, "top": "clicks", "bottom": "sessions"} | OF_TWO),
    (experiments.design_effect, {"cluster_size": 5.0, "correlation": 0.2}),
    (experiments.effect_by, {"users": USERS, "metric": "minutes", "by": "week"} | OF_TWO),
]

ACCEPTED = {}
