"""The four measures by which a system is judged: conversion, retention, return, satisfaction.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs, report, surveys, survival
from funnelkit.pipeline.sources import as_agreed, looked_up, need_parts

__all__ = ["FEWEST", "four_measures"]

FEWEST = 30  # cases, below which a measure is not said
PARTS = {
    "customers": ["customer_id", "acquired"],
    "orders": ["customer_id", "date", "amount", "cost"],
    "subscriptions": ["customer_id", "price", "started", "ended"],
    "spend": ["date", "spend"],
    "surveys": ["sent", "csat"],
}
YEAR = pd.Timedelta("365D")
QUARTER = pd.Timedelta("91D")
DRAWS = 1000
MONTHS = 6  # after which a subscription that still runs is retained


def four_measures(tables, found, *, observed_until):
    """Measure conversion, retention, return on investment and satisfaction, or say why not.

    Parameters
    ----------
    tables : dict of DataFrame
        With `customers`, `orders`, `subscriptions`, `spend` and `surveys`.
    found : report.Weekly or None
        The weekly counts, which have the conversion rate.
    observed_until : date
        The moment of the run.

    Returns
    -------
    DataFrame
        One row per measure: `value` with `ci_low` and `ci_high` (95 %), `n`, `of` (what it is a
        share of, or over what), and `cannot`, the reason where the data do not say it.

    Notes
    -----
    Conversion: of those who entered the funnel and whose window is over. Retention: the share of
    subscriptions that run after 6 months, by Kaplan–Meier. Return: the margin that the customers
    of a whole year brought in their first year, less the cost of all channels, divided by it; the
    interval takes the cost as fixed, and draws each customer a Poisson number of times, so that how
    many were won is chance as well as what each brought. Satisfaction: the share
    of 4 and 5 among the answers to surveys of the last quarter. A measure of fewer than 30 cases is
    not said.
    """
    end = _inputs.end_of_data("observed_until", observed_until)
    need_parts(tables, PARTS, "pipeline.quality_gate")
    tables = {name: as_agreed(tables[name], name, columns) for name, columns in PARTS.items()}
    if found is not None and not isinstance(found, report.Weekly):
        raise TypeError(
            f"found is {_inputs.name_of_type(found)}: give what report.weekly returns, or None"
        )
    rows = {
        "conversion": _conversion(found),
        "retention": _retention(tables["subscriptions"], end),
        "return on investment": _investment(tables, end),
        "satisfaction": _satisfaction(tables["surveys"], end),
    }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("measure")
    return table.astype({"n": "int64", "of": "str", "cannot": "str"})


def _said(value, low, high, n, of):
    return {"value": value, "ci_low": low, "ci_high": high, "n": int(n), "of": of, "cannot": "–"}


def _unsaid(n, why):
    return {"value": np.nan, "ci_low": np.nan, "ci_high": np.nan, "n": int(n), "of": "–"} | {
        "cannot": why
    }


def _conversion(found):
    overall = None if found is None else found.overall
    n = 0 if overall is None else overall["users"]
    if n < FEWEST:
        return _unsaid(n, f"{n:.0f} users have had their whole window, fewer than {FEWEST}")
    of = f"of {n:,.0f} users whose window is over: those who reached “{found.steps[-1]}”"
    return _said(overall["rate"], overall["ci_low"], overall["ci_high"], n, of)


def _retention(subscriptions, end):
    n = len(subscriptions)
    if n < FEWEST:
        return _unsaid(n, f"there are {n} subscriptions, fewer than {FEWEST}")
    lasted = survival.durations(
        subscriptions["started"], subscriptions["ended"], observed_until=end
    )
    curve = survival.kaplan_meier(lasted["duration"], lasted["observed"])
    if lasted["duration"].max() < MONTHS:
        return _unsaid(n, f"no subscription has been watched for {MONTHS} months")
    row = survival.survival_at(curve, MONTHS)
    of = f"of {n:,} subscriptions: those that run after {MONTHS} months"
    return _said(row["survival"], row["ci_low"], row["ci_high"], n, of)


def _investment(tables, end):
    """Return the return on what won the customers of the last year that was watched for a year."""
    customers, spend = tables["customers"], tables["spend"]
    until, start = end - YEAR, end - 2 * YEAR
    new = customers[(customers["acquired"] > start) & (customers["acquired"] <= until)]
    spent = spend[(spend["date"] > start) & (spend["date"] <= until)]
    cost = spent["spend"].sum()
    if len(new) < FEWEST:
        return _unsaid(len(new), f"{len(new)} customers have been watched for a year")
    if spend["date"].min() > start + pd.Timedelta("7D") or not cost > 0:
        return _unsaid(len(new), "what was spent on them is not in the data")
    margin = _margins(tables, new, end)
    # Each customer is drawn a random number of times: how many there are is chance as well.
    rng, values = np.random.default_rng(1), margin.to_numpy()
    drawn = np.array([rng.poisson(1.0, len(values)) @ values for _ in range(DRAWS)])
    low, high = np.quantile(drawn / cost - 1, [0.025, 0.975])
    of = f"of {len(new):,} customers: the first year's margin less the cost of EUR {cost:,.0f}, "
    of += "divided by that cost"
    return _said(values.sum() / cost - 1, low, high, len(new), of)


def _margins(tables, new, end):
    """Return the margin that each customer brought in the first year."""
    acquired = new.set_index("customer_id")["acquired"]
    orders, runs = tables["orders"], tables["subscriptions"]
    since = orders["date"] - looked_up(orders["customer_id"], new, "customer_id", "acquired")
    orders = orders[since < YEAR]
    bought = orders.groupby("customer_id")[["amount", "cost"]].sum()
    share = bought["cost"].sum() / bought["amount"].sum() if bought["amount"].sum() else 0.0
    runs = runs[runs["customer_id"].isin(acquired.index)]
    # The column counts in seconds, the end of the data in nanoseconds.
    ended = runs["ended"].astype("datetime64[ns]").fillna(end + _inputs.LAST_MOMENT)
    months = ((ended - runs["started"]) / pd.Timedelta("30.4D")).round().clip(upper=12)
    paid = (runs["price"] * months).groupby(runs["customer_id"]).sum() * (1 - share)
    margin = (bought["amount"] - bought["cost"]).add(paid, fill_value=0.0)
    return margin.reindex(acquired.index, fill_value=0.0)


def _satisfaction(asked, end):
    asked = asked[asked["sent"] > end - QUARTER]
    n = int(asked["csat"].notna().sum())
    if n < FEWEST:
        return _unsaid(n, f"{n} answers to the surveys of the last quarter, fewer than {FEWEST}")
    row = surveys.csat(asked["csat"].reset_index(drop=True)).iloc[0]
    share = f"{100 * row['response_rate']:.0f} % of those asked"
    of = f"of {n:,} answers of the last quarter, by {share}: 4 and 5 of 5"
    return _said(row["csat"], row["ci_low"], row["ci_high"], n, of)
