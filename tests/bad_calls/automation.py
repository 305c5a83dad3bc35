"""Valid calls of automation: every parameter has a value."""

import pandas as pd

from funnelkit import automation

LOG = pd.DataFrame(
    {
        "user_id": ["ann", "ben", "ann", "cem"],
        "event": ["lead", "lead", "customer", "lead"],
        "timestamp": pd.to_datetime(["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]),
        "points": [3, 1, 3, 5],
    }
)
RULES = pd.DataFrame(
    {
        "rule": ["hello", "nudge"],
        "trigger": ["lead", "mail:hello"],
        "entry_key": "user_id",
        "re_entry": ["once", "always"],
        "condition": ["points >= 2", "channel == 'seo'"],
        "wait": ["1h", "2D"],
        "action": ["mail", "mail"],
        "name": ["hello", "nudge"],
        "stop": ["", "customer"],
        "cap": [1, 2],
        "per": ["7D", "7D"],
        "consent": [True, True],
    }
)
CONTACTS = pd.DataFrame({"user_id": ["ann", "ben", "cem"], "channel": ["seo", "seo", "social"]})
CONSENTS = pd.DataFrame(
    {
        "user_id": ["ann", "ben", "cem"],
        "timestamp": pd.to_datetime(["2026-03-01", "2026-03-01", "2026-03-02"]),
        "consent": [True, True, False],
    }
)

CALLS = [
    (
        automation.check_rules,
        {
            "rules": RULES,
            "events": ["visit", "lead", "customer"],
            "fields": ["user_id", "points", "channel"],
        },
    ),
    (
        automation.run,
        {
            "log": LOG,
            "rules": RULES,
            "contacts": CONTACTS,
            "consents": CONSENTS,
            "observed_until": "2026-03-31",
        },
    ),
    (
        automation.outcome_table,
        {"ledger": pd.DataFrame({"rule": ["a", "a", "b"], "outcome": ["done", "capped", "done"]})},
    ),
]
