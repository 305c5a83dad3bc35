"""Valid calls of ingest: every parameter has a value."""

import tempfile
from pathlib import Path

import pandas as pd

from funnelkit import ingest

FILE = Path(tempfile.mkdtemp(), "mylog.csv")
FILE.write_text("who;what;at\na;visit;2026-03-02\n", encoding="utf-8")

TABLE = pd.DataFrame(
    {
        "who": ["a", "a", "b"],
        "what": ["visit", "signup", "visit"],
        "at": ["2026-03-02", "2026-03-03", "2026-03-05"],
        "paid": ["1,50", "2,25", "3,75"],
    }
)
ROLES = {"user": "who", "event": "what", "time": "at"}

CALLS = [
    (ingest.read, {"path": str(FILE), "encoding": "utf-8", "separator": ";"}),
    (ingest.sample, {"name": "shopify_orders"}),
    (ingest.sample_names, {}),
    (ingest.inspect, {"table": TABLE}),
    (ingest.find_column, {"table": TABLE, "role": "time", "mapping": ROLES}),
    (ingest.times, {"column": TABLE["at"], "dates": "ymd", "zone": "UTC"}),
    (ingest.amounts, {"column": TABLE["paid"], "decimal": ","}),
    (
        ingest.to_log,
        {
            "table": TABLE,
            "steps": ["visit", "signup"],
            "mapping": ROLES,
            "dates": "ymd",
            "zone": "UTC",
            "until": "2026-03-09",
        },
    ),
    (
        ingest.orders,
        {
            "table": TABLE,
            "mapping": {"user": "who", "time": "at", "amount": "paid"},
            "dates": "ymd",
            "zone": "UTC",
            "decimal": ",",
        },
    ),
    (ingest.personal_columns, {"table": TABLE}),
    (ingest.recognise, {"table": TABLE}),
    (ingest.without_emails, {"text": "of ann@x.org"}),
]

ACCEPTED = {(ingest.without_emails, "text"): ("a name that is not there",)}
