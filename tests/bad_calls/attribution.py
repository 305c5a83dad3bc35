"""Valid calls of attribution: every parameter has a value."""

import pandas as pd

from funnelkit import attribution

TOUCHES = pd.DataFrame(
    {
        "user_id": ["u", "u", "u", "v", "w", "w"],
        "timestamp": pd.to_datetime(
            ["2026-03-01", "2026-03-05", "2026-03-09", "2026-03-02", "2026-03-03", "2026-03-08"]
        ),
        "channel": ["ads", "mail", "mail", "ads", "seo", "ads"],
        "cost": [1.5, 0.0, 0.5, 2.0, 0.25, 1.0],
        "converted_at": pd.to_datetime([None, "2026-03-05", None, None, None, "2026-03-09"]),
        "value": [None, 300.0, None, None, None, 200.0],
    }
)
JOURNEYS = attribution.cut_journeys(TOUCHES)
PATHS = attribution.count_paths(JOURNEYS)
CREDIT = attribution.rule_credit(JOURNEYS, "linear")
GAME = {"A": 6, "B": 12, ("A", "B"): 20}

CALLS = [
    (
        attribution.cut_journeys,
        {
            "touches": TOUCHES,
            "lookback": "5D",
            "observed_until": "2026-03-12",
            "channels": ["ads", "mail", "seo"],
            "user": "user_id",
            "channel": "channel",
            "time": "timestamp",
            "converted_at": "converted_at",
            "value": "value",
        },
    ),
    (attribution.count_paths, {"journeys": JOURNEYS}),
    (
        attribution.rule_credit,
        {"journeys": JOURNEYS, "rule": "time_decay", "half_life": "3D", "ends": 0.3},
    ),
    (attribution.rule_credit, {"journeys": JOURNEYS, "rule": "position", "ends": 0.3}),
    (attribution.markov_credit, {"paths": PATHS, "order": 2}),
    (attribution.transitions, {"paths": PATHS, "order": 2}),
    (
        attribution.shapley_credit,
        {"paths": PATHS, "worth": "rate", "samples": 100, "seed": 1},
    ),
    (attribution.shapley_values, {"worth": GAME}),
    (
        attribution.channel_returns,
        {"credit": CREDIT, "touches": TOUCHES, "channel": "channel", "cost": "cost"},
    ),
]
