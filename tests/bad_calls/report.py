"""Valid calls of report: every parameter has a value."""

import tempfile
from pathlib import Path

import pandas as pd

from funnelkit import report
from funnelkit.contract import example_events

STEPS = ["visit", "lead", "customer"]
FOUND = report.weekly(example_events(), STEPS, window="7D")
ORDERS = pd.DataFrame(
    {
        "order": [0, 1, 2],
        "user_id": ["a", "b", "a"],
        "gross": [10.0, 20.0, 5.5],
        "refunded": [0.0, 1.5, 0.0],
        "net": [10.0, 18.5, 5.5],
    }
)
BOUGHT = report.purchases(ORDERS)
PAGE = Path(tempfile.mkdtemp(), "report.html")

CALLS = [
    (
        report.weekly,
        {
            "log": example_events(),
            "steps": STEPS,
            "window": "7D",
            "observed_until": "2026-03-29",
        },
    ),
    (report.purchases, {"orders": ORDERS, "seed": 3}),
    (
        report.page,
        {
            "found": FOUND,
            "name": "mylog.csv",
            "made": "2026-03-30",
            "bought": BOUGHT,
            "personal": ["user_id"],
        },
    ),
    (report.save, {"text": "<!DOCTYPE html>", "path": str(PAGE), "overwrite": True}),
    (report.change, {"before": 0.2, "now": 0.25}),
    (report.iso_week, {"day": "2026-03-30"}),
]

ACCEPTED = {
    (report.page, "name"): ("a name that is not there",),
    (report.page, "personal"): ("a name that is not there", "in reverse order"),
    (report.save, "text"): ("a name that is not there",),
}
