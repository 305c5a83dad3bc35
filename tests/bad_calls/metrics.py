"""A valid call of each public function of `funnelkit.metrics` and `funnelkit.contract`."""

import pandas as pd

from funnelkit import contract, metrics

USERS = pd.DataFrame(
    {
        "user_id": ["ann", "ben", "cat", "dan", "eve", "fay"],
        "channel": ["search", "search", "mail", "mail", "mail", "search"],
        "converted": [True, False, True, True, False, False],
    }
)
PAIRS = ["mail", "search"]
COST, WON = pd.Series([300.0, 100.0], PAIRS), pd.Series([20, 10], PAIRS)
CONVERTED, ALL = pd.Series([56, 9], PAIRS), pd.Series([70, 10], PAIRS)


def rate(table):
    return metrics.rates(table).loc["all", "rate"]


def profit(visitors, rate, margin):
    return visitors * rate * margin - 500


def ask_the_contract(name):
    return metrics.contract(name)


ask_the_contract.stands_for = metrics.contract


OVER_TIME = {"start": "visit", "end": "customer", "freq": "W"}
COLUMNS = {"user": "user_id", "event": "event", "time": "timestamp"}

CALLS = [
    (metrics.conversion_rate, {"converted": 200, "visitors": 1000}),
    (metrics.conversion_rate, {"converted": CONVERTED, "visitors": ALL}),
    (metrics.wilson_interval, {"converted": CONVERTED, "visitors": ALL, "confidence": 0.95}),
    (metrics.wald_interval, {"converted": CONVERTED, "visitors": ALL, "confidence": 0.95}),
    (
        metrics.difference,
        {"converted_1": 56, "n_1": 70, "converted_2": 48, "n_2": 80, "confidence": 0.95},
    ),
    (
        metrics.difference,
        {"converted_1": CONVERTED, "n_1": ALL, "converted_2": WON, "n_2": 2 * WON},
    ),
    (
        metrics.rates,
        {"table": USERS, "converted": "converted", "by": "channel", "confidence": 0.95},
    ),
    (metrics.period_rate, {"events": metrics.example_events(), **OVER_TIME, **COLUMNS}),
    (
        metrics.cohort_rate,
        {
            "events": metrics.example_events(),
            **OVER_TIME,
            **COLUMNS,
            "window": "7D",
            "observed_until": "2026-03-31",
            "confidence": 0.95,
        },
    ),
    (
        metrics.bootstrap,
        {
            "table": USERS,
            "statistic": rate,
            "user": "user_id",
            "n_resamples": 20,
            "confidence": 0.9,
            "seed": 1,
        },
    ),
    (metrics.roi_on_revenue, {"revenue": COST, "cost": COST}),
    (metrics.roi_on_margin, {"revenue": 30_000, "delivery": 11_400, "cost": 10_000}),
    (metrics.roi_on_margin, {"revenue": COST, "delivery": COST, "cost": COST}),
    (metrics.roas, {"revenue": COST, "cost": COST}),
    (metrics.cost_per, {"cost": COST, "reached": WON}),
    (metrics.cac, {"cost": COST, "customers": WON, "basis": "paid"}),
    (metrics.payback_months, {"acquisition_cost": COST, "monthly_margin": COST}),
    (metrics.break_even_rate, {"cost_per_visitor": COST, "margin_per_customer": COST}),
    (
        metrics.marginal_returns,
        {"cost": pd.Series([100, 300], PAIRS), "returned": pd.Series([5, 8], PAIRS)},
    ),
    (
        metrics.sensitivity,
        {
            "result": profit,
            "base": {"visitors": 1000, "rate": 0.02, "margin": 50},
            "changes": {"rate": (0.01, 0.03), "margin": (45, 52)},
        },
    ),
    (ask_the_contract, {"name": "conversion_rate"}),
    (contract.gathered, {}),
    (metrics.example_events, {}),
]

ONE_FOR_ALL = ("a number for a column",)  # the same amount in each row
ACCEPTED = {
    **{
        (function, name): ONE_FOR_ALL
        for function, names in (
            (metrics.roi_on_revenue, ("revenue", "cost")),
            (metrics.roi_on_margin, ("revenue", "delivery", "cost")),
            (metrics.roas, ("revenue", "cost")),
            (metrics.cost_per, ("cost",)),
            (metrics.payback_months, ("acquisition_cost", "monthly_margin")),
            (metrics.break_even_rate, ("cost_per_visitor", "margin_per_customer")),
        )
        for name in names
    },
    # Channels are matched by their names, whatever their order.
    (metrics.cac, "cost"): ("another order of rows",),
    (metrics.cac, "customers"): ("another order of rows",),
}
