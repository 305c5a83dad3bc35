"""Valid calls of what forecasts the sales pipeline: every parameter has a value."""

import pandas as pd

from funnelkit import forecasting

DAYS = pd.to_datetime(["2026-01-05", "2026-01-20", "2026-02-03"])
DEALS = pd.DataFrame(
    {
        "deal_id": ["a", "b", "c"],
        "created_at": DAYS,
        "list_price": [200.0, 100.0, 348.0],
        "discount": [0.1, 0.0, 0.2],
    }
)
STAGES = pd.DataFrame(
    {
        "deal_id": ["a", "b", "a", "c", "a", "c"],
        "stage": ["MQL", "MQL", "negotiation", "MQL", "won", "lost"],
        "entered_at": pd.to_datetime(
            ["2026-01-05", "2026-01-20", "2026-01-30", "2026-02-03", "2026-02-12", "2026-02-20"]
        ),
    }
)
CLOSE_DATES = pd.DataFrame(
    {
        "deal_id": ["a", "b", "c"],
        "edited_at": DAYS,
        "expected_close": pd.to_datetime(["2026-01-25", "2026-02-20", "2026-02-28"]),
    }
)
WATCHED = pd.Series([10.0, 20.0, 30.0, 40.0])
OUTCOME = pd.Series(["won", "lost", None, "won"])
CURVE = forecasting.competing_risks(WATCHED, OUTCOME)
AMOUNT = pd.Series([10_000.0, 5_000.0, 2_000.0])
PROBABILITY = pd.Series([0.2, 0.5, 0.8])
MONTHS = pd.Series([80.0, 40.0, 62.0])

CALLS = [
    (
        forecasting.snapshot,
        {"deals": DEALS, "stages": STAGES, "close_dates": CLOSE_DATES, "at": "2026-02-10"},
    ),
    (forecasting.stage_spells, {"stages": STAGES, "observed_until": "2026-06-30"}),
    (forecasting.competing_risks, {"days": WATCHED, "outcome": OUTCOME}),
    (forecasting.after_age, {"curve": CURVE, "age": 15.0, "within": 10.0}),
    (forecasting.weighted_pipeline, {"amount": AMOUNT, "probability": PROBABILITY}),
    (
        forecasting.velocity,
        {"opportunities": 150.0, "win_rate": 0.33, "value": 250.0, "cycle_days": 18.0},
    ),
    (
        forecasting.month_shock,
        {"actual": MONTHS, "expected": MONTHS - 5, "variance": MONTHS / 2},
    ),
    (
        forecasting.simulate_month,
        {
            "probability": PROBABILITY,
            "amount": AMOUNT,
            "new_wins": 3.0,
            "new_amounts": AMOUNT,
            "shock": 0.2,
            "draws": 50,
            "seed": 1,
        },
    ),
    (forecasting.erlang_c, {"calls": 200.0, "minutes": 3.0, "advisers": 14, "target": 0.5}),
    (
        forecasting.queue_waits,
        {
            "arrived": pd.Series([0.0, 1.0, 2.0, 3.0]),
            "minutes": pd.Series([10.0, 12.0, 9.0, 8.0]),
            "advisers": 2,
        },
    ),
]

# Amounts of deals won before: other deals than the open ones, in any order.
ACCEPTED = {
    (forecasting.simulate_month, "new_amounts"): {"another order of rows", "another index"},
}
