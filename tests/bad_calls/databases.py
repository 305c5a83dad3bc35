"""A valid call of each function of `databases`: every parameter has a value."""

import json
import sqlite3
import tempfile
from pathlib import Path

import pandas as pd

from funnelkit import databases

LOG = pd.DataFrame(
    {
        "user_id": ["u", "u", "v", "v", "w"],
        "event": ["a", "b", "a", "b", "a"],
        "timestamp": pd.Timestamp("2025-03-01") + pd.to_timedelta([0, 1, 0, 5, 3], unit="h"),
        "channel": ["mail", "mail", "ads", "ads", "mail"],
    }
)
CONNECTION = sqlite3.connect(":memory:")
databases.load(CONNECTION, LOG, keep="channel", table="log")

FOLDER = tempfile.TemporaryDirectory()  # gone when the tests are over
FILE = Path(FOLDER.name) / "log.csv"
LOG.to_csv(FILE, index=False)
GA4 = Path(FOLDER.name) / "events_20250101.json"
GA4.write_text(
    json.dumps(
        {
            "event_date": "20250101",
            "event_timestamp": "1735686000123456",
            "event_name": "page_view",
            "user_pseudo_id": "7.8",
            "event_params": [{"key": "ga_session_id", "value": {"int_value": "173"}}],
        }
    )
)
MIXPANEL = Path(FOLDER.name) / "mixpanel.json"
MIXPANEL.write_text(
    json.dumps({"event": "Signup", "properties": {"time": 1618716477, "distinct_id": "u"}})
)

ASKED = {
    "steps": ["a", "b"],
    "window": "2D",
    "entry": "any",
    "order": "loose",
    "by": ["channel"],
    "observed_until": "2025-06-30",
    "user": "user_id",
    "event": "event",
}
NAMES = {"page_view": "visit", "Signup": "lead"}

CALLS = [
    (
        databases.load,
        {
            "connection": CONNECTION,
            "events": LOG,
            "keep": ["channel"],
            "table": "log again",
            "replace": True,
            "user": "user_id",
            "event": "event",
            "time": "timestamp",
        },
    ),
    (databases.funnel_query, ASKED | {"table": "log", "time": "time_us", "dialect": "mysql"}),
    (
        databases.funnel,
        {"connection": CONNECTION} | ASKED | {"table": "log", "time": "time_us"},
    ),
    (databases.funnel_file, {"path": str(FILE)} | ASKED | {"time": "timestamp", "parts": 2}),
    (databases.read_ga4, {"paths": [str(GA4)], "names": NAMES}),
    (
        databases.read_mixpanel,
        {"paths": [str(MIXPANEL)], "names": NAMES, "project_timezone": "Europe/Berlin"},
    ),
]

# A query may be written for a table that is not there yet, and a table be called anything.
ANY_NAME = ("a name that is not there",)
ACCEPTED = {
    (databases.load, "table"): ANY_NAME,
    **{
        (databases.funnel_query, name): ANY_NAME
        for name in ("table", "user", "event", "time", "by")
    },
}
