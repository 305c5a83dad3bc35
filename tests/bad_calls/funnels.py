"""A valid call of each function of `funnels`, for each road that it may take."""

import pandas as pd

from funnelkit import funnels

LOG = pd.DataFrame(
    {
        "user_id": ["u", "u", "v", "v", "w"],
        "event": ["a", "b", "a", "b", "a"],
        "timestamp": pd.Timestamp("2025-03-01") + pd.to_timedelta([0, 1, 0, 5, 3], unit="h"),
        "channel": ["mail", "mail", "ads", "ads", "mail"],
        "session": [1, 1, 3, 4, 5],
    }
)
ASKED = {
    "events": LOG,
    "steps": ["a", "b"],
    "window": "2D",
    "observed_until": "2025-06-30",
    "user": "user_id",
    "event": "event",
    "time": "timestamp",
}
ROADS = [
    {"entry": "any", "order": "loose", "count": "users"},
    {"entry": "any", "hold": ["session"]},
    {"entry": "any", "strict_order": True, "strict_deduplication": True, "strict_increase": True},
    {"count": "totals", "exclude": [("a", 1, 2)]},
]
BREAKDOWN = {"by": ["channel"]}

CALLS = [
    *[(funnels.counts, ASKED | road) for road in ROADS],
    *[(funnels.reach, ASKED | road | BREAKDOWN) for road in ROADS],
    *[(funnels.funnel, ASKED | road | BREAKDOWN) for road in ROADS],
    *[
        (funnels.time_to_convert, ASKED | road | BREAKDOWN | {"quantiles": [0.25, 0.5]})
        for road in ROADS
    ],
]
