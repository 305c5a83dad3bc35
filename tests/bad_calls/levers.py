"""Valid calls of levers: every parameter has a value."""

import pandas as pd

from funnelkit import levers

RATES = pd.Series({"lead": 0.2, "call": 0.5, "customer": 0.25})
USERS = pd.Series({"visit": 9000, "lead": 1800, "booking": 900, "call": 640, "sale": 160})
PILOTS = pd.DataFrame(
    {
        "lever": ["form", "training", "adviser"],
        "step": ["lead", "sale", "call"],
        "n_without": [4000, 900, None],
        "converted_without": [800, 225, None],
        "n_with": [4000, 900, None],
        "converted_with": [1000, 270, None],
        "adds": [None, None, 20],
        "cost": [100, 400, 1000],
    }
)

CALLS = [
    (levers.overall_slopes, {"rates": RATES, "points": 0.01, "share": 0.1}),
    (levers.flow, {"visitors": 1000, "rates": RATES, "limits": pd.Series({"call": 80})}),
    (levers.open_at_once, {"arriving": 30, "duration": 3}),
    (
        levers.attainable_lift,
        {
            "users": USERS,
            "pilots": PILOTS,
            "visitors": 1000,
            "limits": pd.Series({"call": 80}),
            "draws": 200,
            "confidence": 0.9,
            "seed": 1,
        },
    ),
]

# Rates and limits go by their names; the order of the rates is that of the steps.
ACCEPTED = {
    (levers.flow, "rates"): ("another order of rows",),
    (levers.flow, "limits"): ("another order of rows",),
    (levers.attainable_lift, "limits"): ("another order of rows",),
}
