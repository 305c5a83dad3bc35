"""One good call of each public function about customers, from which bad ones are made."""

import numpy as np
import pandas as pd

from funnelkit import cohorts, lifetime, surveys, survival

CONTRACTS = pd.DataFrame(
    {
        "started": pd.to_datetime(["2026-01-10", "2026-01-31", "2026-02-20", "2026-02-25"]),
        "ended": pd.to_datetime(["2026-04-10", None, "2026-03-30", None]),
        "plan": ["basic", "plus", "basic", "plus"],
    }
)
ORDERS = pd.DataFrame(
    {
        "customer_id": ["a", "a", "b", "b", "c"],
        "date": pd.to_datetime(
            ["2026-01-05", "2026-03-01", "2026-01-09", "2026-02-11", "2026-03-20"]
        ),
        "amount": [50.0, 20.0, 30.0, 80.0, 10.0],
    }
)
EVENTS = pd.DataFrame(
    {
        "user_id": [1, 1, 2, 3, 3],
        "event": ["visit", "lead", "visit", "visit", "lead"],
        "timestamp": pd.to_datetime(
            ["2026-03-01", "2026-03-02", "2026-03-01", "2026-03-03", "2026-03-05"]
        ),
    }
)
SUMMARY = pd.DataFrame(
    {
        "frequency": [2, 0, 1],
        "t_x": [10.0, 0.0, 5.0],
        "T": [20.0, 20.0, 30.0],
        "mean_amount": [40.0, np.nan, 60.0],
    },
    index=["a", "b", "c"],
)
CURVE = survival.kaplan_meier([1, 2, 2, 5], [True, True, False, False])
SHARES = pd.Series([1.0, 0.8, 0.6], index=pd.RangeIndex(3, name="age"))
ANSWERS = pd.Series([5, 4, 2, 5, 1], index=list("abcde"))
PLANS = pd.Series(["basic", "plus", "basic", "plus", "plus"], index=list("abcde"), name="plan")
BUYS = dict(r=0.243, alpha=4.414, a=0.793, b=2.426)
SPENDS = dict(p=6.25, q=3.74, gamma=15.44)
HISTORY = {name: SUMMARY[name] for name in ("frequency", "t_x", "T")}
LIVES = dict(
    duration=pd.Series([1, 2, 2, 5, 3, 1, 4, 6]),
    observed=pd.Series([True, True, False, True, True, True, False, True]),
)
_rng = np.random.default_rng(1)
_leaves = _rng.beta(0.9, 3.0, 600)
MANY = dict(duration=pd.Series(np.minimum(_rng.geometric(_leaves), 12)))
MANY["observed"] = MANY["duration"] < 12


def fit_shifted_beta_geometric(duration, observed):
    return survival.ShiftedBetaGeometric().fit(duration, observed).alpha_


def fit_survivors(survivors):
    return survival.ShiftedBetaGeometric().fit_survivors(survivors).alpha_


def likelihood_of_lifetimes(duration, observed):
    model = survival.ShiftedBetaGeometric.with_parameters(alpha=1, beta=3)
    return model.log_likelihood(duration, observed)


def survival_by_model(age):
    return survival.ShiftedBetaGeometric.with_parameters(alpha=1, beta=3).survival(age)


def retention_by_model(age):
    return survival.ShiftedBetaGeometric.with_parameters(alpha=1, beta=3).retention(age)


def lifetime_by_model(alpha, beta, age, discount):
    model = survival.ShiftedBetaGeometric.with_parameters(alpha=alpha, beta=beta)
    return model.expected_lifetime(age=age, discount=discount)


def alive_by_model(summary):
    return lifetime.BetaGeo.with_parameters(**BUYS).probability_alive(summary)


def purchases_by_model(horizon, summary):
    return lifetime.BetaGeo.with_parameters(**BUYS).expected_purchases(horizon, summary)


def discounted_purchases_by_model(horizon, summary, discount):
    model = lifetime.BetaGeo.with_parameters(**BUYS)
    return model.discounted_purchases(horizon, summary, discount=discount)


def likelihood_of_purchases(summary):
    return lifetime.BetaGeo.with_parameters(**BUYS).log_likelihood(summary)


def spend_by_model(summary):
    return lifetime.GammaGamma.with_parameters(**SPENDS).expected_spend(summary)


def likelihood_of_spending(summary):
    return lifetime.GammaGamma.with_parameters(**SPENDS).log_likelihood(summary)


CALLS = [
    (cohorts.retention_rate, dict(kept=170, at_start=200)),
    (cohorts.churn_rate, dict(lost=pd.Series([30, 5]), at_start=pd.Series([200, 9]))),
    (cohorts.expected_lifetime, dict(retention=0.8)),
    (
        cohorts.cohort_table,
        dict(table=CONTRACTS, observed_until="2026-06-30", start="started", end="ended", freq="M"),
    ),
    (
        cohorts.purchase_cohorts,
        dict(
            orders=ORDERS,
            observed_until="2026-06-30",
            customer="customer_id",
            date="date",
            freq="M",
        ),
    ),
    (
        cohorts.retention,
        dict(
            events=EVENTS,
            observed_until="2026-03-31",
            periods=4,
            freq="D",
            start="visit",
            back="lead",
            confidence=0.95,
            user="user_id",
            event="event",
            time="timestamp",
        ),
    ),
    (
        survival.durations,
        dict(
            started=CONTRACTS["started"],
            ended=CONTRACTS["ended"],
            observed_until="2026-06-30",
            unit="month",
        ),
    ),
    (
        survival.kaplan_meier,
        dict(**LIVES, by=pd.Series(list("aabbaabb"), name="plan"), confidence=0.95),
    ),
    (survival.survival_at, dict(curve=CURVE, time=4)),
    (survival.mean_lifetime, dict(curve=CURVE, horizon=4)),
    (fit_shifted_beta_geometric, MANY),
    (fit_survivors, dict(survivors=[1000, 869, 743, 653, 593, 551, 517, 491])),
    (likelihood_of_lifetimes, LIVES),
    (survival_by_model, dict(age=pd.Series([0, 1, 2]))),
    (retention_by_model, dict(age=[1, 2, 3])),
    (lifetime_by_model, dict(alpha=1, beta=3, age=2, discount=0.1)),
    (surveys.csat, dict(points=ANSWERS, by=PLANS, satisfied=4, confidence=0.95)),
    (surveys.nps, dict(points=2 * ANSWERS, by=PLANS, confidence=0.95)),
    (surveys.nps_group, dict(points=2 * ANSWERS)),
    (lifetime.periodic_rate, dict(yearly=0.1, periods=12)),
    (lifetime.margin_multiple, dict(retention=0.8, discount=0.1, first="end")),
    (
        lifetime.clv,
        dict(
            margin=pd.Series([600.0, 500.0]),
            retention=pd.Series([0.8, 0.7]),
            discount=0.1,
            periods=5,
            first="end",
            acquisition_cost=100.0,
        ),
    ),
    (
        lifetime.value_curve,
        dict(
            survival=SHARES,
            margin=pd.Series([20.0, 20.0, 30.0]),
            discount=0.1,
            periods=3,
            first="start",
            beyond="refuse",
        ),
    ),
    (
        lifetime.clv_from_survival,
        dict(
            survival=CURVE,
            margin=20.0,
            discount=0.1,
            periods=5,
            first="start",
            beyond="leave",
            acquisition_cost=10.0,
        ),
    ),
    (
        lifetime.payback_with_churn,
        dict(value=pd.Series([20.0, 36.0, 48.0], index=[1, 2, 3]), acquisition_cost=40.0),
    ),
    (lifetime.lorenz, dict(values=pd.Series([10.0, 60.0, 0.0, 20.0]))),
    (
        lifetime.rfm_summary,
        dict(
            orders=ORDERS,
            observed_until="2026-06-30",
            unit="7D",
            customer="customer_id",
            date="date",
            amount="amount",
        ),
    ),
    (lifetime.probability_alive, dict(**HISTORY, **BUYS)),
    (lifetime.expected_purchases, dict(horizon=39.0, **HISTORY, **BUYS)),
    (
        lifetime.expected_spend,
        dict(frequency=SUMMARY["frequency"], mean_amount=SUMMARY["mean_amount"], **SPENDS),
    ),
    (alive_by_model, dict(summary=SUMMARY)),
    (purchases_by_model, dict(horizon=39.0, summary=SUMMARY)),
    (discounted_purchases_by_model, dict(horizon=10, summary=SUMMARY, discount=0.01)),
    (likelihood_of_purchases, dict(summary=SUMMARY)),
    (spend_by_model, dict(summary=SUMMARY)),
    (likelihood_of_spending, dict(summary=SUMMARY)),
    (
        lifetime.predict_clv,
        dict(
            summary=SUMMARY,
            purchases=lifetime.BetaGeo.with_parameters(**BUYS),
            spend=lifetime.GammaGamma.with_parameters(**SPENDS),
            horizon=12,
            discount=0.01,
            margin=0.6,
        ),
    ),
]

# Odd arguments that these functions do take: one margin for all, any shape of ages, no summary.
ACCEPTED = {
    (retention_by_model, "age"): ["a list of lists"],
    (lifetime.clv, "margin"): ["a number for a column"],
    (lifetime.value_curve, "margin"): ["a number for a column"],
    (purchases_by_model, "summary"): ["nothing"],
}
