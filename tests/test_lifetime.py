"""What a customer is worth: from retention, and predicted.

Oracles: published numbers and estimates on the CDNOW sample, exact sums in fractions, the package
lifetimes, brute-force quadrature over the customers' hidden rates and probabilities, the
hypergeometric series summed term by term, and simulated customers whose truth is known.
"""

import math
import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

import funnelkit
from funnelkit import cohorts, lifetime, metrics
from funnelkit._fitting import curvature
from funnelkit.lifetime import purchases as fitting
from funnelkit.lifetime import spending

# ---- lifetime value from retention

hundredths = st.integers(0, 100).map(lambda n: n / 100)
rates = st.floats(0, 1)
margins = st.floats(0.01, 1e6)
spans = st.integers(1, 60)
firsts = st.sampled_from(["start", "end"])


def falling(at_least=1, at_most=40):
    """Survival curves: 1, and then shares that never rise."""
    stays = st.lists(st.floats(0, 1), min_size=at_least - 1, max_size=at_most - 1)
    return stays.map(lambda r: np.cumprod([1.0, *r]))


def exact(margin, retention, discount, periods, first, cost=0):
    """Return the lifetime value as a sum of fractions, period by period."""
    margin, retention, discount = (Fraction(str(x)) for x in (margin, retention, discount))
    value, there, worth = -Fraction(cost), Fraction(1), Fraction(1)
    for _ in range(periods):
        if first == "end":
            there, worth = there * retention, worth / (1 + discount)
        value += margin * there * worth
        if first == "start":
            there, worth = there * retention, worth / (1 + discount)
    return value


def test_the_article_s_value_and_what_becomes_of_it():
    """The article's 0.6 × 1000 × 0.8, then over five years, discounted, and without end."""
    bought = 0.6 * 1000
    assert lifetime.clv(bought, 0.8, periods=1) == pytest.approx(480)
    assert round(lifetime.clv(bought, 0.8, periods=5), 3) == 1613.568
    assert round(lifetime.clv(bought, 0.8, periods=5, discount=0.10), 3) == 1274.458
    assert lifetime.clv(bought, 0.8, discount=0.10) == pytest.approx(1600)


@pytest.mark.parametrize(
    ("retention", "multiple"), [(0.6, 1.20), (0.7, 1.75), (0.8, 2.67), (0.9, 4.50)]
)
def test_margin_multiples_are_those_of_gupta_and_lehmann(retention, multiple):
    """Gupta and Lehmann 2003, at a discount rate of 10 %."""
    assert round(lifetime.margin_multiple(retention, 0.10), 2) == multiple


@settings(deadline=None)
@given(st.integers(-10_000, 10_000), hundredths, hundredths, spans, firsts, st.integers(0, 10_000))
def test_clv_is_the_exact_sum(margin, retention, discount, periods, first, cost):
    ours = lifetime.clv(
        margin,
        retention,
        discount=discount,
        periods=periods,
        first=first,
        acquisition_cost=cost,
    )
    theirs = float(exact(margin, retention, discount, periods, first, cost))
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-6)


@settings(deadline=None)
@given(st.floats(0, 0.9), rates, firsts)
def test_without_end_is_the_limit_of_many_periods(retention, discount, first):
    endless = lifetime.clv(100, retention, discount=discount, first=first)
    begin = 0 if first == "start" else 1
    ratio = retention / (1 + discount)
    assert endless == pytest.approx(math.fsum(100 * ratio**t for t in range(begin, 300)))
    multiple = lifetime.margin_multiple(retention, discount, first=first)
    assert endless == pytest.approx(100 * multiple)


@settings(deadline=None)
@given(st.floats(0, 0.99), rates)
def test_a_first_margin_at_once_adds_one(retention, discount):
    late = lifetime.margin_multiple(retention, discount)
    at_once = lifetime.margin_multiple(retention, discount, first="start")
    assert at_once == pytest.approx(late + 1)
    # Undiscounted, it is the expected lifetime of lesson 05.
    undiscounted = lifetime.margin_multiple(retention, 0, first="start")
    assert undiscounted == pytest.approx(1 / (1 - retention))


@settings(deadline=None)
@given(
    margins,
    st.floats(0.01, 0.98),
    st.floats(0.001, 0.9),
    st.one_of(st.none(), st.integers(2, 60)),
    firsts,
)
def test_clv_grows_with_retention_and_margin_and_falls_with_the_discount_rate(
    margin, retention, discount, periods, first
):
    def value(margin=margin, retention=retention, discount=discount, cost=0.0):
        return lifetime.clv(
            margin,
            retention,
            discount=discount,
            periods=periods,
            first=first,
            acquisition_cost=cost,
        )

    assert value(retention=retention + 0.01) > value()
    assert value(margin=1.01 * margin) > value()
    assert value(discount=discount + 0.01) < value()
    assert value(cost=1.0) == pytest.approx(value() - 1)


def test_clv_is_what_simulated_customers_bring():
    """A hundred thousand customers, each tossing a coin before each margin."""
    rng = np.random.default_rng(5)
    # How many margins a customer brings: stays before the first toss that says leave.
    brought = rng.geometric(0.2, size=100_000) - 1
    worth = np.cumsum(1.1 ** -np.arange(1.0, brought.max() + 1))
    values = 600 * np.append(0, worth)[brought]
    error = values.std() / math.sqrt(len(values))
    assert abs(values.mean() - lifetime.clv(600, 0.8, discount=0.1)) < 4 * error


def test_what_comes_in_decides_what_comes_out():
    table = pd.DataFrame({"margin": [600, -5], "r": [0.8, 0.5]}, index=["a", "b"])
    values = lifetime.clv(table["margin"], table["r"], periods=1)
    assert isinstance(values, pd.Series)
    assert values.to_dict() == {"a": 480.0, "b": -2.5}
    grid = lifetime.clv(100, np.array([0.5, 0.9]), discount=0.1, periods=3)
    assert isinstance(grid, np.ndarray)
    assert grid[1] == pytest.approx(float(exact(100, 0.9, 0.1, 3, "end")))
    assert isinstance(lifetime.clv(100, 0.5), float)


@settings(deadline=None)
@given(st.floats(0, 1), st.integers(1, 365))
def test_the_rate_of_a_period_compounds_to_that_of_a_year(yearly, periods):
    rate = lifetime.periodic_rate(yearly, periods)
    assert (1 + rate) ** periods == pytest.approx(1 + yearly)
    assert rate <= yearly / periods * (1 + 1e-12)


# ---- from a survival curve


@settings(deadline=None)
@given(st.floats(0.01, 1), rates, spans, firsts)
def test_a_curve_of_constant_retention_gives_the_formula(retention, discount, periods, first):
    curve = retention ** np.arange(periods + 1.0)
    ours = lifetime.clv_from_survival(curve, 50, discount=discount, periods=periods, first=first)
    theirs = lifetime.clv(50, retention, discount=discount, periods=periods, first=first)
    assert ours == pytest.approx(theirs)


@settings(deadline=None)
@given(falling(2), rates, firsts)
def test_value_from_a_curve_is_a_sum_over_customers(curve, discount, first):
    """Each of a crowd pays while the curve has them; the mean is the value."""
    crowd = 1000
    leaves_at = [(curve > (k + 0.5) / crowd).sum() for k in range(crowd)]
    counted = np.array([sum(at > age for at in leaves_at) for age in range(len(curve))]) / crowd
    begin = 0 if first == "start" else 1
    brought = [sum(20 / (1 + discount) ** age for age in range(begin, at)) for at in leaves_at]
    ours = lifetime.clv_from_survival(counted, 20, discount=discount, first=first)
    assert ours == pytest.approx(sum(brought) / crowd)


@settings(deadline=None)
@given(falling(3), rates, firsts, st.integers(1, 30))
def test_bounds_beyond_the_end_of_a_curve(curve, discount, first, more):
    seen = lifetime.value_curve(curve, 10, discount=discount, first=first)
    options = dict(discount=discount, first=first, periods=len(seen) + more)
    low = lifetime.value_curve(curve, 10, beyond="leave", **options)
    high = lifetime.value_curve(curve, 10, beyond="stay", **options)
    pd.testing.assert_series_equal(low.iloc[: len(seen)], seen, check_freq=False)
    assert low.iloc[-1] == pytest.approx(seen.iloc[-1])
    later = np.arange(1, more + 1) + len(seen) - (first == "start")
    rest = (10 * curve[-1] / (1 + discount) ** later).sum()
    assert high.iloc[-1] == pytest.approx(low.iloc[-1] + rest)


def test_a_curve_that_has_come_down_to_nobody_needs_no_bounds():
    assert lifetime.clv_from_survival([1, 0.5, 0], 20, periods=10) == 30


def test_a_curve_is_a_step_between_its_ages():
    """As Kaplan and Meier's table, which has a row only where something happened."""
    table = pd.DataFrame({"survival": [1.0, 0.8, 0.5]}, index=pd.Index([0, 2, 5], name="time"))
    every = [1, 1, 0.8, 0.8, 0.8, 0.5]
    for survival in (table, table["survival"]):
        ours = lifetime.value_curve(survival, 10, discount=0.01)
        pd.testing.assert_series_equal(ours, lifetime.value_curve(every, 10, discount=0.01))
    fine = pd.Series([1.0, 0.7, 0.6], index=[0.0, 0.5, 1.9])
    assert list(lifetime.value_curve(fine, 10)) == [10, 17]
    assert lifetime.value_curve(fine, 10).attrs == {"first": "start", "beyond": "refuse"}


def test_margins_may_differ_from_period_to_period():
    assert list(lifetime.value_curve([1, 0.5, 0.5], [10, 20, -4])) == [10, 20, 18]


@settings(deadline=None)
@given(falling(2), st.floats(0, 300))
def test_payback_is_the_first_period_that_covers_the_cost(curve, cost):
    value = lifetime.value_curve(curve, 20)
    period = lifetime.payback_with_churn(value, cost)
    if math.isnan(period):
        assert value.iloc[-1] < cost
    else:
        assert value[period] >= cost - 1e-6
        assert period == 1 or value[period - 1] < cost
        # Leaving can only delay it.
        assert period >= metrics.payback_months(cost, 20) - 1e-6


def test_payback_in_a_period_that_just_covers_the_cost():
    """Ten times 0.1 is a little less than 1 in floating point, and 1 in money."""
    value = pd.Series(np.cumsum([0.1] * 10), index=range(1, 11))
    assert lifetime.payback_with_churn(value, 1) == 10


@pytest.mark.parametrize("plan", ["basic", "plus"])
def test_the_value_of_a_subscriber_is_what_was_planted(plan):
    """Each leaves with an own monthly chance from Beta(a, b), so S(t) is a ratio of gammas."""
    customers, subs = funnelkit.load("customers"), funnelkit.load("subscriptions")
    subs = subs.merge(customers[["customer_id", "channel"]])
    law = funnelkit.truth()["model"]["subscriptions"]
    subs = subs[(subs["plan"] == plan) & ~subs["channel"].isin(law["churn_b_factor"])]
    a, b = law["churn_a"], law["churn_b"][plan]
    stay = np.cumprod([1.0, *((b + t) / (a + b + t) for t in range(23))])
    discount = lifetime.periodic_rate(0.10)
    planted = lifetime.clv_from_survival(stay, law["price"][plan], discount=discount)

    def value(table):
        curve = cohorts.kaplan_meier(table["duration"], table["observed"])
        return lifetime.clv_from_survival(
            curve, law["price"][plan], discount=discount, periods=24, beyond="stay"
        )

    watched = cohorts.durations(subs["started"], subs["ended"], observed_until="2026-06-30")
    found = metrics.bootstrap(
        watched.assign(user_id=subs["customer_id"]), value, n_resamples=100, seed=1
    )
    assert abs(found.estimate - planted) < 3 * found.standard_error
    # The formula with the first month's retention is far from it.
    formula = lifetime.clv(
        law["price"][plan], stay[1], discount=discount, periods=24, first="start"
    )
    assert formula < planted - 3 * found.standard_error


# ---- who brings it


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60).filter(lambda v: sum(v) > 1e-3))
def test_lorenz_curves_are_convex_and_below_equality(values):
    curve = lifetime.lorenz(values)
    assert list(curve.iloc[0]) == [0, 0]
    assert list(curve.iloc[-1]) == [1, 1]
    assert len(curve) == len(values) + 1
    assert (curve["value"] <= curve["customers"] + 1e-9).all()
    steps = np.diff(curve["value"])
    assert (np.diff(steps) >= -1e-9).all()
    pd.testing.assert_frame_equal(curve, lifetime.lorenz(values[::-1]))


@settings(max_examples=50)
@given(st.lists(st.integers(0, 1000), min_size=2, max_size=30).filter(any))
def test_the_area_under_a_lorenz_curve_is_that_of_the_mean_difference(values):
    """Oracle: Gini's index from all pairs, half the relative mean absolute difference."""
    pairs = sum(abs(a - b) for a in values for b in values)
    gini = pairs / (2 * len(values) * sum(values))
    curve = lifetime.lorenz(values)
    area = np.trapezoid(curve["value"], curve["customers"])
    assert 1 - 2 * area == pytest.approx(gini, abs=1e-9)


def test_a_lorenz_curve_may_dip_below_zero():
    assert list(lifetime.lorenz([30, -10, 0])["value"]) == [0, -0.5, -0.5, 1]


# ---- what is refused

CURVE = [1, 0.8, 0.6]
VALUE = pd.Series([20.0, 36.0], index=[1, 2])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lifetime.clv(600, 1.2), ValueError, "retention is above 1.*0.8 for 80 %"),
        (lambda: lifetime.clv(600, 80), ValueError, r"retention is above 1 \(80\)"),
        (lambda: lifetime.clv(600, -0.1), ValueError, "retention is negative"),
        (lambda: lifetime.clv(600, "0.8"), TypeError, "retention holds text"),
        (lambda: lifetime.clv(None, 0.8), (TypeError, ValueError), "margin"),
        (lambda: lifetime.clv(float("nan"), 0.8), ValueError, "margin is missing"),
        (lambda: lifetime.clv(float("inf"), 0.8), ValueError, "margin is infinite"),
        (lambda: lifetime.clv(True, 0.8), TypeError, "margin is boolean"),
        (lambda: lifetime.clv(600, 0.8, discount=-0.1), ValueError, "discount is negative"),
        (
            lambda: lifetime.clv(600, 0.8, acquisition_cost=-5),
            ValueError,
            "acquisition_cost is negative",
        ),
        (lambda: lifetime.clv(600, 1), ValueError, "never ends.*periods="),
        (lambda: lifetime.clv(600, 0.8, periods=0), ValueError, "periods is 0: give a whole"),
        (lambda: lifetime.clv(600, 0.8, periods=2.5), TypeError, "periods is 2.5"),
        (lambda: lifetime.clv(600, 0.8, periods=True), TypeError, "periods is True"),
        (lambda: lifetime.clv(600, 0.8, first="now"), ValueError, "give one of 'start', 'end'"),
        (
            lambda: lifetime.clv([1, 2], [0.1, 0.2, 0.3]),
            ValueError,
            "2 of margin and 3 of retention",
        ),
        (
            lambda: lifetime.clv(pd.Series([1.0], ["a"]), pd.Series([0.5], ["b"])),
            ValueError,
            "different indexes",
        ),
        (lambda: lifetime.clv(6, pd.Series([0.5, 1.5])), ValueError, "in 1 of 2 rows.*row 1, 1.5"),
        (lambda: lifetime.margin_multiple(1, 0), ValueError, "no finite sum"),
        (lambda: lifetime.margin_multiple(1.01, 0.1), ValueError, "retention is above 1"),
        (lambda: lifetime.margin_multiple(0.8, -0.1), ValueError, "discount is negative"),
        (lambda: lifetime.margin_multiple(0.8, 0.1, first=0), TypeError, "first is 0: give one of"),
        (lambda: lifetime.periodic_rate(-0.1), ValueError, "yearly is negative"),
        (lambda: lifetime.periodic_rate(0.1, 0), ValueError, "periods is 0"),
        (lambda: lifetime.value_curve([], 20), ValueError, "survival is empty"),
        (lambda: lifetime.value_curve([0.8, 0.6], 20), ValueError, "begins at age 0 with 0.8"),
        (
            lambda: lifetime.value_curve(pd.Series([1.0, 0.5], index=[1, 2]), 20),
            ValueError,
            "begins at age 1 with 1",
        ),
        (lambda: lifetime.value_curve([1, 0.6, 0.7], 20), ValueError, "survival rises.*row 2"),
        (lambda: lifetime.value_curve([1, -0.1], 20), ValueError, "survival is negative"),
        (lambda: lifetime.value_curve([1, float("nan")], 20), ValueError, "survival is missing"),
        (lambda: lifetime.value_curve([100, 80], 20), ValueError, "survival is above 1"),
        (
            lambda: lifetime.value_curve(pd.Series([1.0, 0.5, 0.4], index=[0, 2, 1]), 20),
            ValueError,
            "ages of survival do not rise",
        ),
        (
            lambda: lifetime.value_curve(pd.Series([1.0, 0.5], index=["a", "b"]), 20),
            TypeError,
            "age in periods belongs there",
        ),
        (
            lambda: lifetime.value_curve(pd.DataFrame({"S": CURVE}), 20),
            ValueError,
            "no column in the table of kaplan_meier.* is called 'survival'",
        ),
        (
            lambda: lifetime.value_curve(
                pd.concat({"a": pd.Series([1.0, 0.5]), "b": pd.Series([1.0, 0.5])}), 20
            ),
            ValueError,
            "several curves",
        ),
        (
            lambda: lifetime.value_curve(CURVE, 20, periods=5),
            ValueError,
            "ends at age 2, where 60.0% are still there, and 5 periods.*at most 3.*beyond='leave'",
        ),
        (
            lambda: lifetime.value_curve(CURVE, 20, periods=3, first="end"),
            ValueError,
            "up to age 3: count at most 2",
        ),
        (lambda: lifetime.value_curve([1], 20, first="end"), ValueError, "before the first mar"),
        (lambda: lifetime.value_curve(CURVE, 20, beyond="half"), ValueError, "beyond is 'half'"),
        (lambda: lifetime.value_curve(CURVE, [20, 20]), ValueError, "2 margins and 3 periods"),
        (lambda: lifetime.value_curve(CURVE, 20, discount=[0.1, 0.2]), TypeError, "one number"),
        (
            lambda: lifetime.clv_from_survival(CURVE, 20, acquisition_cost=-1),
            ValueError,
            "acquisition_cost is negative",
        ),
        (lambda: lifetime.payback_with_churn([20, 36], 30), TypeError, "value is a list"),
        (lambda: lifetime.payback_with_churn(VALUE, -1), ValueError, "acquisition_cost is neg"),
        (lambda: lifetime.payback_with_churn(VALUE[:0], 30), ValueError, "no periods"),
        (lambda: lifetime.payback_with_churn(VALUE[::-1], 30), ValueError, "does not rise"),
        (
            lambda: lifetime.payback_with_churn(pd.Series([20.0, 36.0], ["a", "b"]), 30),
            TypeError,
            "the periods belong there, numbers",
        ),
        (
            lambda: lifetime.payback_with_churn(pd.Series([1, np.nan]), 30),
            ValueError,
            "value is missing in 1 of 2 rows",
        ),
        (lambda: lifetime.lorenz([]), ValueError, "at least one customer"),
        (lambda: lifetime.lorenz([0, 0]), ValueError, "sum to 0"),
        (lambda: lifetime.lorenz([5, -9]), ValueError, "sum to -4"),
        (lambda: lifetime.lorenz([5, None]), ValueError, "values is missing"),
        (lambda: lifetime.lorenz(pd.DataFrame({"v": [5]})), TypeError, "values is a table"),
    ],
)
def test_what_cannot_be_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_negative_margin_is_allowed_and_other_amounts_stay_as_they_were():
    assert lifetime.clv(-10, 0.5, periods=1, acquisition_cost=5) == -10
    with pytest.raises(ValueError, match="revenue is negative"):
        metrics.roas(-1, 1)


# ---- predicting purchases

CDNOW = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
SPLIT = pd.Timestamp("1997-09-30")

parameter = st.floats(0.05, 6)
parameters = st.fixed_dictionaries(
    {"r": parameter, "alpha": st.floats(0.3, 40), "a": parameter, "b": parameter}
)


@st.composite
def histories(draw):
    x = draw(st.integers(0, 30))
    age = draw(st.floats(0.5, 150))
    return x, age * draw(st.floats(0.01, 1)) if x else 0.0, age


@pytest.fixture(scope="module")
def cdnow():
    return funnelkit.load("cdnow")


@pytest.fixture(scope="module")
def summary(cdnow):
    return lifetime.rfm_summary(cdnow[cdnow["date"] <= SPLIT], observed_until=SPLIT)


@pytest.fixture(scope="module")
def model(summary):
    return lifetime.BetaGeo().fit(summary)


@pytest.fixture(scope="module")
def orders():
    return funnelkit.load("orders")


def customers(seed, n, *, r, alpha, a, b, p=6.0, q=4.0, gamma=80.0):
    """Draw customers as the model's story tells it; return a summary, and what comes of them."""
    rng = np.random.default_rng(seed)
    rate, leaves = rng.gamma(r, size=n) / alpha, rng.beta(a, b, n)
    age = 100 - 60 * rng.random(n)
    at, going = rng.exponential(1 / rate), np.full(n, True)
    x, last, more, active = np.zeros(n, int), np.zeros(n), np.zeros(n, int), np.full(n, True)
    while going.any():
        buys = going & (at <= age + 52)
        seen, ahead = buys & (at <= age), buys & (at > age)
        x[seen] += 1
        last[seen] = at[seen]
        more[ahead] += 1
        left = buys & (rng.random(n) < leaves)
        active[left & seen] = False
        going = buys & ~left
        at = at + rng.exponential(1 / rate)
    spent = gamma / rng.gamma(q, size=n) * rng.gamma(p * np.maximum(x, 1)) / np.maximum(x, 1)
    columns = {"frequency": x, "t_x": last, "T": age, "active": active, "more": more}
    return pd.DataFrame({**columns, "mean_amount": np.where(x > 0, spent, np.nan)})


# ---------------------------------------------------------------- the summary


def test_summary_of_the_raw_cdnow_log_has_the_published_counts(summary):
    """Fader, Hardie & Lee 2005: 2,357 customers; days / 7, the rows of one day merged."""
    assert len(summary) == 2357
    assert summary["frequency"].sum() == 2457
    assert (summary["frequency"] > 0).sum() == 946
    assert summary["T"].between(27, 39).all()
    assert summary.attrs["unit"] == "7D"


purchase_logs = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.integers(0, 500)),
    min_size=1,
    max_size=25,
)


@given(purchase_logs, st.randoms(use_true_random=False), st.sampled_from([1, 7]))
@settings(max_examples=60, deadline=None)
def test_summary_is_that_of_plain_loops_whatever_the_order(rows, random, unit):
    start = pd.Timestamp("2026-01-01")
    expected = {}
    for who in sorted({who for who, _, _ in rows}):
        days = {}
        for other, day, cents in rows:
            if other == who:
                days[day] = days.get(day, 0) + cents / 100
        first, last = min(days), max(days)
        repeats = [paid for day, paid in days.items() if day != first]
        mean = sum(repeats) / len(repeats) if repeats else math.nan
        expected[who] = (len(repeats), (last - first) / unit, (40 - first) / unit, mean)
    random.shuffle(rows)
    table = pd.DataFrame(rows, columns=["customer_id", "day", "amount"])
    hour = pd.to_timedelta(np.arange(len(table)) % 24, unit="h")
    table["date"] = start + pd.to_timedelta(table["day"], unit="D") + hour
    table["amount"] = table["amount"] / 100
    end = start + pd.Timedelta(40, unit="D")
    result = lifetime.rfm_summary(table, observed_until=end, unit=f"{unit}D")
    assert list(result.index) == list(expected)
    np.testing.assert_allclose(result.to_numpy(float), list(expected.values()), atol=1e-12)


def test_summary_without_money_and_with_other_names():
    table = pd.DataFrame({"who": ["b", "a"], "day": pd.to_datetime(["2026-01-01", "2026-01-08"])})
    result = lifetime.rfm_summary(
        table, observed_until="2026-01-15", customer="who", date="day", amount=None
    )
    assert list(result.columns) == ["frequency", "t_x", "T"]
    assert result["T"].to_dict() == {"a": 1.0, "b": 2.0}


PURCHASES = pd.DataFrame(
    {
        "customer_id": ["a", "a", "b"],
        "date": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"]),
        "amount": [10.0, 20.0, 30.0],
    }
)


@pytest.mark.parametrize(
    ("purchases", "options", "error", "words"),
    [
        (
            PURCHASES,
            {"observed_until": "2026-02-10"},
            ValueError,
            r"'date' lies after observed_until, 2026-02-10, in 1 of 3 rows \(first: row 2, 2026-03",
        ),
        (
            PURCHASES.assign(date=PURCHASES["date"].where(PURCHASES["customer_id"] == "a")),
            {},
            ValueError,
            r"'date' is missing in 1 of 3 rows \(first: row 2\): drop these rows",
        ),
        (
            PURCHASES.assign(amount=[10.0, -20.0, 30.0]),
            {},
            ValueError,
            r"'amount' is negative in 1 of 3 rows \(first: row 1, -20\): take what was paid back",
        ),
        (
            PURCHASES.assign(amount=[10.0, 20.0, math.inf]),
            {},
            ValueError,
            r"'amount' is infinite in 1 of 3 rows \(first: row 2\): leave it out",
        ),
        (
            PURCHASES.assign(amount=["10", "20", "30"]),
            {},
            TypeError,
            "'amount' holds text: remove currency signs",
        ),
        (PURCHASES.assign(amount=[10, None, 30]), {}, ValueError, "'amount' is missing in 1 of 3"),
        (
            PURCHASES.assign(customer_id=["a", None, "b"]),
            {},
            ValueError,
            "'customer_id' is missing in 1 of 3 rows .*: drop these rows, or give each its own id",
        ),
        (
            PURCHASES.assign(date=["13.01.2026"] * 3),
            {},
            ValueError,
            "'date' is not a time as ISO 8601 writes it in 3 of 3",
        ),
        (
            PURCHASES.assign(date=PURCHASES["date"].dt.tz_localize("UTC")),
            {},
            ValueError,
            "'date' has a time zone",
        ),
        (PURCHASES.iloc[:0], {}, ValueError, "no rows"),
        (
            PURCHASES.drop(columns="amount"),
            {},
            ValueError,
            "no column in orders is called 'amount'",
        ),
        (PURCHASES, {"observed_until": None}, ValueError, "observed_until is missing"),
        (
            PURCHASES,
            {"observed_until": pd.Timestamp("2026-06-30", tz="UTC")},
            ValueError,
            "observed_until is '2026-06-30 .*, with a time zone, and times here are naive UTC",
        ),
        (PURCHASES, {"unit": "0D"}, ValueError, "unit is '0D': it is too short"),
        (PURCHASES, {"unit": "7"}, TypeError, "unit is '7', without a unit"),
        (PURCHASES, {"observed_until": "12/03/2026"}, ValueError, "not written as ISO 8601"),
        (
            pd.concat([PURCHASES, PURCHASES["amount"]], axis=1),
            {},
            ValueError,
            "orders has 2 columns called 'amount'",
        ),
        (
            PURCHASES.assign(customer_id=[[1], [1], [2]]),
            {},
            ValueError,
            "'customer_id' holds lists",
        ),
        (
            PURCHASES.assign(customer_id=pd.Series([1, "1", 2], dtype=object)),
            {},
            TypeError,
            "'customer_id' holds ids of several types",
        ),
        (PURCHASES, {"unit": 7}, TypeError, "unit is 7, without a unit"),
        ([1], {}, TypeError, "orders is a list"),
    ],
)
def test_summary_refuses_what_is_no_history(purchases, options, error, words):
    with pytest.raises(error, match=words):
        lifetime.rfm_summary(purchases, **{"observed_until": "2026-06-30", **options})


# ---------------------------------------------------------------- BG/NBD: published numbers


def test_bg_nbd_recovers_the_published_estimates(model):
    """Fader, Hardie & Lee 2005, table 2."""
    assert {name: round(value, 3) for name, value in model.parameters_.items()} == CDNOW
    assert round(model.loglik_, 1) == -9582.4
    assert model.n_customers_ == 2357


def test_expected_purchases_of_the_published_customer(model):
    """Fader & Hardie, note on the BG/NBD model in a spreadsheet."""
    assert round(lifetime.expected_purchases(39, 2, 30.43, 38.86, **CDNOW), 3) == 1.226


def test_holdout_of_39_weeks(cdnow, summary, model):
    days = cdnow.drop_duplicates(["customer_id", "date"])
    after = days[days["date"] > SPLIT].groupby("customer_id").size()
    after = after.reindex(summary.index, fill_value=0)
    expected = model.expected_purchases(39, summary)

    def scores(predicted):
        error = predicted - after
        return round(math.sqrt((error**2).mean()), 3), round(error.abs().mean(), 3)

    assert after.sum() == 1882
    assert round(expected.sum()) == 1653
    assert scores(expected) == (1.608, 0.785)
    assert scores(0.0 * expected) == (2.206, 0.798)
    assert scores(summary["frequency"]) == (1.971, 0.897)


def test_bg_nbd_agrees_with_lifetimes(summary, model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lifetimes

        theirs = lifetimes.BetaGeoFitter().fit(summary["frequency"], summary["t_x"], summary["T"])
        ahead = theirs.conditional_expected_number_of_purchases_up_to_time(
            39, summary["frequency"], summary["t_x"], summary["T"]
        )
        alive = theirs.conditional_probability_alive(
            summary["frequency"], summary["t_x"], summary["T"]
        )
    for name, value in model.parameters_.items():
        assert value == pytest.approx(theirs.params_[name], rel=2e-3)
    np.testing.assert_allclose(model.expected_purchases(39, summary), ahead, rtol=2e-3, atol=1e-9)
    np.testing.assert_allclose(model.probability_alive(summary), alive, rtol=2e-3, atol=1e-6)


def test_gamma_gamma_agrees_with_lifetimes(summary):
    ours = lifetime.GammaGamma().fit(summary)
    again = summary[summary["frequency"] > 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lifetimes

        theirs = lifetimes.GammaGammaFitter().fit(again["frequency"], again["mean_amount"])
    for name, value in zip("pqv", ours.parameters_.values(), strict=True):
        assert value == pytest.approx(theirs.params_[name], rel=2e-3)


# ---------------------------------------------------------------- BG/NBD: by brute force


def brute_likelihood(x, t_x, age, *, r, alpha, a, b, part="both"):
    """Integrate over all rates and all probabilities to leave, on a fine grid of Gauss's."""
    nodes, weights = np.polynomial.legendre.leggauss(300)
    leaves, of_leaves = (nodes + 1) / 2, weights / 2
    top = stats.gamma.ppf(1 - 1e-13, r + x, scale=1 / (alpha + t_x))
    rate, of_rate = top * leaves[:, np.newaxis], top * of_leaves
    stays = (1 - leaves) ** x * rate**x * np.exp(-rate * age)
    left = leaves * (1 - leaves) ** (x - 1) * rate**x * np.exp(-rate * t_x) if x else 0
    density = stats.gamma.pdf(rate, r, scale=1 / alpha) * stats.beta.pdf(leaves, a, b)
    return of_rate @ (density * (stays + left if part == "both" else stays)) @ of_leaves


BRUTE = [
    (0, 0.0, 20.0, {"r": 2.0, "alpha": 8.0, "a": 2.0, "b": 3.0}),
    (1, 3.0, 20.0, {"r": 2.0, "alpha": 8.0, "a": 2.0, "b": 3.0}),
    (4, 19.0, 20.0, {"r": 3.0, "alpha": 3.0, "a": 2.0, "b": 4.0}),
]


@pytest.mark.parametrize(("x", "t_x", "age", "law"), BRUTE)
def test_likelihood_and_alive_are_integrals_over_what_is_hidden(x, t_x, age, law):
    table = pd.DataFrame({"frequency": [x], "t_x": [t_x], "T": [age]})
    whole = brute_likelihood(x, t_x, age, **law)
    alive = brute_likelihood(x, t_x, age, **law, part="alive") / whole
    model = lifetime.BetaGeo.with_parameters(**law)
    assert math.exp(model.log_likelihood(table)) == pytest.approx(whole, rel=1e-5)
    assert model.probability_alive(table).item() == pytest.approx(alive, rel=1e-5)


def brute_purchases(horizon, x, t_x, age, *, r, alpha, a, b):
    """Integrate over the probability to leave; for the rest there is a closed form."""
    rate, shape, own = alpha + age, r + x, b + x

    def of(leaves):
        bought = -math.expm1(-shape * math.log1p(leaves * horizon / rate)) / leaves
        return bought * stats.beta.pdf(leaves, a, own)

    if_alive = integrate.quad(of, 0, 0.01, epsabs=1e-13, epsrel=1e-11, limit=400)[0]
    if_alive += integrate.quad(of, 0.01, 1, epsabs=1e-13, epsrel=1e-11, limit=400)[0]
    return if_alive * lifetime.probability_alive(x, t_x, age, r=r, alpha=alpha, a=a, b=b)


@given(parameters, histories(), st.floats(0.1, 200))
@settings(max_examples=40, deadline=None)
def test_expected_purchases_are_an_integral(law, history, horizon):
    law = {**law, "a": max(law["a"], 0.3), "b": max(law["b"], 0.3)}  # the oracle's own limit
    brute = brute_purchases(horizon, *history, **law)
    ours = lifetime.expected_purchases(horizon, *history, **law)
    assert ours == pytest.approx(brute, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("a", [1.0, 1 - 1e-9, 1 + 1e-7, 1 + 3e-5, 0.5, 0.4999999, 0.6])
@pytest.mark.parametrize("history", [(0, 0.0, 20.0), (3, 12.0, 20.0)])
def test_expected_purchases_where_the_formula_is_nought_by_nought(a, history):
    law = {"r": 0.8, "alpha": 9.0, "a": a, "b": 0.5}
    brute = brute_purchases(30, *history, **law)
    assert lifetime.expected_purchases(30, *history, **law) == pytest.approx(brute, rel=1e-6)


@pytest.mark.parametrize("history", [(2, 30.43, 38.86), (0, 0.0, 27.0), (9, 35.0, 38.0)])
def test_expected_purchases_by_the_published_series(history):
    """Equation 10 as printed, with the hypergeometric series summed term by term."""
    x, _, age = history
    r, alpha, a, b = CDNOW.values()
    z = 39 / (alpha + age + 39)
    series, term = 0.0, 1.0
    for j in range(4000):
        series += term
        term *= (r + x + j) * (b + x + j) / (a + b + x - 1 + j) * z / (j + 1)
    rest = ((alpha + age) / (alpha + age + 39)) ** (r + x)
    if_alive = (a + b + x - 1) / (a - 1) * (1 - rest * series)
    alive = lifetime.probability_alive(*history, **CDNOW)
    ours = lifetime.expected_purchases(39, *history, **CDNOW)
    assert ours == pytest.approx(if_alive * alive, rel=1e-10)


@given(parameters, st.lists(histories(), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_gradient_of_the_likelihood_is_that_of_finite_differences(law, rows):
    columns = [np.array(column, float) for column in zip(*rows, strict=True)]
    cost = fitting._bg_nbd_cost(*fitting._distinct(*columns)[0], np.ones(len(set(rows))))
    check_gradient(cost, np.log(list(law.values())))


def check_gradient(cost, theta):
    step = 1e-5
    for k, one in enumerate(np.eye(len(theta))):
        slope = (cost(theta + step * one)[0] - cost(theta - step * one)[0]) / (2 * step)
        assert cost(theta)[1][k] == pytest.approx(slope, rel=1e-4, abs=1e-6)


@given(parameters, histories(), st.floats(0.1, 100))
@settings(max_examples=80, deadline=None)
def test_probabilities_and_expectations_behave(law, history, more):
    x, t_x, age = history
    alive = lifetime.probability_alive(*history, **law)
    assert 0 <= alive <= 1
    assert (alive == 1) == (x == 0) or alive > 1 - 1e-12
    assert lifetime.probability_alive(x, t_x, age + more, **law) <= alive
    assert lifetime.expected_purchases(0, *history, **law) == 0
    near, far = (lifetime.expected_purchases(t, *history, **law) for t in (more, 2 * more))
    assert 0 <= near <= far * (1 + 1e-9)
    assert near <= (law["r"] + x) / (law["alpha"] + age) * more * (1 + 1e-9)  # if sure to be alive


# ---------------------------------------------------------------- BG/NBD: fitting


def test_the_unit_of_time_changes_nothing_but_alpha_and_the_constant(summary, model):
    in_days = summary.assign(t_x=summary["t_x"] * 7, T=summary["T"] * 7)
    other = lifetime.BetaGeo().fit(in_days)
    for name, factor in {"r": 1, "alpha": 7, "a": 1, "b": 1}.items():
        mine = model.parameters_[name] * factor
        assert other.parameters_[name] == pytest.approx(mine, rel=1e-6)
    shift = summary["frequency"].sum() * math.log(7)
    assert other.loglik_ == pytest.approx(model.loglik_ - shift, abs=1e-6)


def test_the_fit_is_a_maximum_and_the_order_of_customers_does_not_matter(summary, model):
    for name in model.parameters_:
        for factor in (0.98, 1.02):
            moved = {**model.parameters_, name: model.parameters_[name] * factor}
            other = lifetime.BetaGeo.with_parameters(**moved)
            assert other.log_likelihood(summary) < model.loglik_
    shuffled = lifetime.BetaGeo().fit(summary.sample(frac=1, random_state=1))
    assert shuffled.parameters_ == pytest.approx(model.parameters_, rel=1e-7)


def identified(model, summary):
    """Return estimate and standard error of what the data identify, by the delta method."""
    columns = fitting._distinct(*fitting._columns_of(summary))
    cost = fitting._bg_nbd_cost(*columns[0], columns[1])
    theta = np.log(list(model.parameters_.values()))
    covariance = np.linalg.inv(curvature(cost, theta) * len(summary))
    r, alpha, a, b = model.parameters_.values()
    slope = {"rate": np.array([1, -1, 0, 0]) * r / alpha}
    slope["leaves"] = np.array([0, 0, 1, -1]) * a * b / (a + b) ** 2
    value = {"rate": r / alpha, "leaves": a / (a + b)}
    return {key: (value[key], math.sqrt(s @ covariance @ s)) for key, s in slope.items()}


PLANTED = {"r": 0.8, "alpha": 9.0, "a": 0.9, "b": 2.5}
TRUE = {"rate": 0.8 / 9, "leaves": 0.9 / 3.4}


def test_planted_rate_and_leaving_are_recovered_in_orders(orders):
    law = funnelkit.truth()["model"]["orders"]["bgnbd"]
    assert list(law.values()) == list(PLANTED.values())
    table = lifetime.rfm_summary(orders, observed_until="2026-06-30")
    for key, (value, error) in identified(lifetime.BetaGeo().fit(table), table).items():
        assert abs(value - TRUE[key]) < 3 * error, key


@pytest.mark.parametrize("seed", range(5))
def test_planted_rate_and_leaving_are_recovered_from_other_seeds(seed):
    table = customers(seed, 2000, **PLANTED)
    for key, (value, error) in identified(lifetime.BetaGeo().fit(table), table).items():
        assert abs(value - TRUE[key]) < 3 * error, key
        assert error < 0.1 * TRUE[key], "precise enough for this to mean something"


def test_predictions_come_true_on_average():
    table = customers(11, 20_000, **PLANTED)
    model = lifetime.BetaGeo.with_parameters(**PLANTED)
    alive, ahead = model.probability_alive(table), model.expected_purchases(52, table)
    for low, high in [(0, 0), (1, 1), (2, 4), (5, 100)]:
        group = table["frequency"].between(low, high)
        error = 3 / math.sqrt(group.sum())
        assert abs((alive - table["active"])[group].mean()) < error * 0.5
        assert abs((ahead - table["more"])[group].mean()) < error * table["more"][group].std()


def test_a_table_without_repeat_purchases_is_refused():
    table = pd.DataFrame({"frequency": [0, 0], "t_x": [0.0, 0.0], "T": [5.0, 6.0]})
    with pytest.raises(ValueError, match="none of the 2 customers bought again"):
        lifetime.BetaGeo().fit(table)


def test_data_that_cannot_identify_the_model_are_refused():
    rng = np.random.default_rng(2)
    never_leave = pd.DataFrame({"frequency": rng.poisson(rng.gamma(2, 2, 400)), "T": 52.0})
    never_leave["t_x"] = [52 * rng.random(x).max() if x else 0.0 for x in never_leave["frequency"]]
    alike = pd.DataFrame({"frequency": [3] * 50, "t_x": [30.0] * 50, "T": [40.0] * 50})
    for table in (never_leave, alike, alike.head(2)):
        with pytest.raises(ValueError, match="customers cannot identify the model: .*Take more"):
            lifetime.BetaGeo().fit(table)


HISTORY = pd.DataFrame({"frequency": [2, 0], "t_x": [10.0, 0.0], "T": [20.0, 20.0]}, ["a", "b"])


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"t_x": [30.0, 0.0]}, ValueError, r"t_x is above T in 1 of 2 customers .*'a', 30 of 20\)"),
        ({"t_x": [0.0, 0.0]}, ValueError, r"frequency is above 0 and t_x is 0 in 1 of 2 customers"),
        ({"t_x": [None, 0.0]}, ValueError, r"t_x is missing in 1 of 2 rows \(first: row 'a'\)"),
        ({"t_x": [10.0, 3.0]}, ValueError, r"frequency is 0 and t_x is above 0 .*'b', 3\)"),
        ({"frequency": [-1, 0]}, ValueError, "frequency is negative"),
        ({"frequency": [1.5, 0]}, ValueError, "frequency is not a whole number .*1.5"),
        ({"T": [-5.0, 20.0]}, ValueError, "T is negative"),
        ({"T": ["20", "20"]}, TypeError, "T holds text"),
    ],
)
def test_impossible_histories_are_refused(change, error, words):
    table = HISTORY.assign(**change)
    with pytest.raises(error, match=words):
        lifetime.BetaGeo().fit(table)
    with pytest.raises(error, match=words):
        lifetime.BetaGeo.with_parameters(**CDNOW).expected_purchases(10, table)


def test_models_say_what_they_lack():
    with pytest.raises(ValueError, match="no column in summary is called 't_x'"):
        lifetime.BetaGeo().fit(HISTORY.drop(columns="t_x"))
    with pytest.raises(TypeError, match="summary is a list"):
        lifetime.BetaGeo().fit([1])
    with pytest.raises(ValueError, match="summary has no rows"):
        lifetime.BetaGeo().fit(HISTORY.iloc[:0])
    for unfitted, call in [
        (lifetime.BetaGeo(), lambda m: m.probability_alive(HISTORY)),
        (lifetime.GammaGamma(), lambda m: m.expected_spend(SPENT)),
    ]:
        assert "not fitted" in repr(unfitted)
        with pytest.raises(ValueError, match=r"no parameters yet: call .fit\(summary\) first"):
            call(unfitted)
    with pytest.raises(ValueError, match="alpha is 0: give a number above 0"):
        lifetime.BetaGeo.with_parameters(**{**CDNOW, "alpha": 0})
    with pytest.raises(TypeError, match="r is '1': give a number above 0"):
        lifetime.BetaGeo.with_parameters(**{**CDNOW, "r": "1"})
    with pytest.raises(ValueError, match="horizon is negative"):
        lifetime.expected_purchases(-1, 2, 3, 4, **CDNOW)
    with pytest.raises(ValueError, match="there are 3 horizons and 2 customers"):
        lifetime.BetaGeo.with_parameters(**CDNOW).expected_purchases([1, 2, 3], HISTORY)


def test_a_prediction_has_the_form_of_what_came_in():
    model = lifetime.BetaGeo.with_parameters(**CDNOW)
    assert type(lifetime.expected_purchases(39, 2, 30.43, 38.86, **CDNOW)) is float
    assert type(model.expected_purchases(39)) is float
    weeks = model.expected_purchases(np.array([0.0, 10.0]))
    assert isinstance(weeks, np.ndarray) and weeks[0] == 0
    series = model.expected_purchases(pd.Series([1.0, 2.0], ["x", "y"]))
    assert list(series.index) == ["x", "y"]
    table = model.expected_purchases(39, HISTORY)
    assert list(table.index) == ["a", "b"] and table.name == "purchases"
    assert model.probability_alive(HISTORY)["b"] == 1
    assert "r=0.243" in repr(model)


# ---------------------------------------------------------------- Gamma-Gamma

SPENT = pd.DataFrame({"frequency": [2, 0], "mean_amount": [40.0, None]}, ["a", "b"])
MONEY = {"p": 6.25, "q": 3.74, "gamma": 15.44}


def test_gamma_gamma_recovers_the_published_estimates(summary):
    """Fader & Hardie 2013: 946 repeat buyers, first purchase left out."""
    model = lifetime.GammaGamma().fit(summary)
    assert {name: round(value, 2) for name, value in model.parameters_.items()} == MONEY
    assert model.n_customers_ == 946


def test_with_the_first_purchase_the_estimate_is_another(cdnow, summary):
    """The list of reference values: p is then 14.34."""
    days = cdnow[cdnow["date"] <= SPLIT].groupby(["customer_id", "date"])["amount"].sum()
    mean = days.groupby("customer_id").mean()
    again = summary["frequency"] > 0
    table = summary.assign(mean_amount=mean)[again]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = lifetime.GammaGamma().fit(table)
    assert round(model.p_, 2) == 14.34


@pytest.mark.parametrize(("x", "mean"), [(1, 30.0), (3, 55.0), (12, 20.0)])
def test_likelihood_of_spend_is_an_integral_over_the_hidden_mean(x, mean):
    p, q, gamma = MONEY.values()

    def density(level):  # level: the customer's own rate parameter
        return stats.gamma.pdf(mean, p * x, scale=1 / (level * x)) * stats.gamma.pdf(
            level, q, scale=1 / gamma
        )

    def mean_times_density(level):
        return p / level * density(level)

    whole = integrate.quad(density, 0, 5, epsabs=1e-14, points=[0.1, 0.3, 1])[0]
    table = pd.DataFrame({"frequency": [x], "mean_amount": [mean]})
    model = lifetime.GammaGamma.with_parameters(**MONEY)
    assert math.exp(model.log_likelihood(table)) == pytest.approx(whole, rel=1e-6)
    expected = integrate.quad(mean_times_density, 0, 5, epsabs=1e-14, points=[0.1, 0.3, 1])[0]
    assert model.expected_spend(table).item() == pytest.approx(expected / whole, rel=1e-6)


@settings(deadline=None)
@given(
    st.floats(0.3, 20),
    st.floats(1.05, 10),
    st.floats(1, 200),
    st.integers(0, 50),
    st.floats(0.5, 500),
)
def test_expected_spend_lies_between_the_own_mean_and_that_of_all(p, q, gamma, x, own):
    everybody = p * gamma / (q - 1)
    ours = lifetime.expected_spend(x, own if x else math.nan, p=p, q=q, gamma=gamma)
    weighted = (p * x * own + (q - 1) * everybody) / (p * x + q - 1)
    assert ours == pytest.approx(weighted, rel=1e-9)
    if x == 0:
        assert ours == pytest.approx(everybody)


@given(st.floats(0.3, 20), st.floats(0.3, 10), st.floats(0.2, 20))
@settings(max_examples=40, deadline=None)
def test_gradient_of_the_spend_is_that_of_finite_differences(p, q, gamma):
    x, z = np.array([1.0, 2, 7, 30]), np.array([0.3, 2.0, 1.1, 0.8])
    check_gradient(spending._gamma_gamma_cost(x, z), np.log([p, q, gamma]))


@pytest.mark.parametrize("seed", range(3))
def test_planted_spend_is_recovered(seed):
    table = customers(seed + 20, 2500, **PLANTED)
    model = lifetime.GammaGamma().fit(table)
    mean = model.p_ * model.gamma_ / (model.q_ - 1)
    assert mean == pytest.approx(6 * 80 / 3, rel=0.08)
    assert model.p_ == pytest.approx(6, rel=0.2)
    assert model.q_ == pytest.approx(4, rel=0.3)


def test_the_unit_of_money_changes_gamma_alone(summary):
    one = lifetime.GammaGamma().fit(summary)
    cents = lifetime.GammaGamma().fit(summary.assign(mean_amount=summary["mean_amount"] * 100))
    assert cents.p_ == pytest.approx(one.p_, rel=1e-6)
    assert cents.gamma_ == pytest.approx(100 * one.gamma_, rel=1e-6)
    assert cents.loglik_ == pytest.approx(one.loglik_ - 946 * math.log(100), abs=1e-5)


def test_it_warns_where_spend_depends_on_frequency_and_only_there(orders, summary):
    """Planted in the channel `partner`; on CDNOW the correlation is 0.11, which passes."""
    table = lifetime.rfm_summary(orders, observed_until="2026-06-30")
    channel = funnelkit.load("customers").set_index("customer_id")["channel"]
    partner = table.index.map(channel) == "partner"
    with pytest.warns(UserWarning, match=r"correlated \(0.19 over 369 customers\): .*spend more"):
        lifetime.GammaGamma().fit(table[partner])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert round(lifetime.GammaGamma().fit(summary).correlation_, 2) == 0.11
        lifetime.GammaGamma().fit(table[~partner])
        lifetime.GammaGamma().fit(customers(5, 1500, **PLANTED))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"mean_amount": [-40.0, None]}, ValueError, r"mean_amount is 0 or negative .*'a', -40\)"),
        ({"mean_amount": [0.0, None]}, ValueError, "mean_amount is 0 or negative"),
        ({"mean_amount": [None, None]}, ValueError, "frequency is above 0 and mean_amount is miss"),
        ({"mean_amount": [40.0, 30.0]}, ValueError, "frequency is 0 and there is a mean_amount"),
        ({"mean_amount": ["40", None]}, TypeError, "mean_amount holds"),
        ({"frequency": [1.5, 0]}, ValueError, "frequency is not a whole number"),
        ({"frequency": [-2, 0]}, ValueError, "frequency is negative"),
    ],
)
def test_impossible_spending_is_refused(change, error, words):
    table = SPENT.assign(**change)
    for call in (
        lifetime.GammaGamma().fit,
        lifetime.GammaGamma.with_parameters(**MONEY).expected_spend,
    ):
        with pytest.raises(error, match=words):
            call(table)


def test_spending_that_cannot_identify_the_model_is_refused():
    with pytest.raises(ValueError, match="1 customers bought again, and three parameters"):
        lifetime.GammaGamma().fit(SPENT)
    alike = pd.DataFrame({"frequency": [2] * 40, "mean_amount": [50.0] * 40})
    with pytest.raises(ValueError, match="40 customers cannot identify the model"):
        lifetime.GammaGamma().fit(alike)
    with pytest.raises(ValueError, match=r"not above 1 \(p = 2, q = 0.9\), so the mean is inf"):
        lifetime.expected_spend(0, None, p=2, q=0.9, gamma=10)


# ---------------------------------------------------------------- value


def test_predicted_value_is_the_discounted_sum_unit_by_unit():
    table = HISTORY.assign(mean_amount=[40.0, np.nan])
    bought = lifetime.BetaGeo.with_parameters(**CDNOW)
    spent = lifetime.GammaGamma.with_parameters(**MONEY)
    result = lifetime.predict_clv(table, bought, spent, horizon=30, discount=0.01, margin=0.6)
    for name, row in table.iterrows():
        worth, before = 0.0, 0.0
        for k in range(1, 31):
            so_far = lifetime.expected_purchases(k, row["frequency"], row["t_x"], row["T"], **CDNOW)
            worth += (so_far - before) / 1.01**k
            before = so_far
        assert result.loc[name, "clv"] == pytest.approx(worth * 0.6 * result.loc[name, "spend"])
    assert list(result.columns) == ["probability_alive", "purchases", "spend", "clv"]
    plain = lifetime.predict_clv(table, bought, spent, horizon=30)
    np.testing.assert_allclose(plain["clv"], plain["purchases"] * plain["spend"])


def test_predicted_value_belongs_to_the_right_customer(summary, model):
    spent = lifetime.GammaGamma().fit(summary)
    whole = lifetime.predict_clv(summary, model, spent, horizon=39, discount=0.002)
    some = summary.sample(50, random_state=3)
    part = lifetime.predict_clv(some, model, spent, horizon=39, discount=0.002)
    pd.testing.assert_frame_equal(part, whole.loc[some.index])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"horizon": 0}, "horizon is 0: give a whole number"),
        ({"horizon": 5.5}, "horizon is 5.5: give a whole number"),
        ({"horizon": True}, "horizon is True: give a whole number"),
        ({"horizon": 5, "discount": -0.1}, "discount is negative"),
        ({"horizon": 5, "discount": 10}, "discount is above 1 .*give a fraction: 0.1 for 10 %"),
        ({"horizon": 5, "margin": -1}, "margin is negative"),
        ({"horizon": 5, "margin": 60}, "margin is above 1.*give a fraction"),
    ],
)
def test_predicted_value_refuses(options, words):
    bought = lifetime.BetaGeo.with_parameters(**CDNOW)
    spent = lifetime.GammaGamma.with_parameters(**MONEY)
    with pytest.raises((TypeError, ValueError), match=words):
        lifetime.predict_clv(HISTORY.assign(mean_amount=[40, None]), bought, spent, **options)


def test_predicted_value_says_what_it_was_given_instead():
    bought = lifetime.BetaGeo.with_parameters(**CDNOW)
    spent = lifetime.GammaGamma.with_parameters(**MONEY)
    table = HISTORY.assign(mean_amount=[40, None])
    with pytest.raises(TypeError, match="purchases is a GammaGamma: give a fitted BetaGeo"):
        lifetime.predict_clv(table, spent, bought, horizon=5)
    with pytest.raises(TypeError, match="spend is a float: give a fitted GammaGamma"):
        lifetime.predict_clv(table, bought, 40.0, horizon=5)
    for options in ({"discount": [0.1, 0.2]}, {"margin": pd.Series([0.5, 0.6])}):
        with pytest.raises(TypeError, match="holds 2 values: give one number"):
            lifetime.predict_clv(table, bought, spent, horizon=5, **options)


# ---------------------------------------------------------------- percentages, infinities, order


@pytest.mark.parametrize(
    "call",
    [
        lambda: lifetime.periodic_rate(10),
        lambda: lifetime.margin_multiple(0.8, 10),
        lambda: lifetime.clv(600, 0.8, discount=10),
        lambda: lifetime.clv(600, 0.8, discount=10, periods=3),
        lambda: lifetime.value_curve([1, 0.8], 20, discount=10),
        lambda: lifetime.clv_from_survival([1, 0.8], 20, discount=10),
        lambda: lifetime.BetaGeo.with_parameters(**CDNOW).discounted_purchases(
            5, HISTORY, discount=10
        ),
    ],
)
def test_a_discount_in_percent_is_refused(call):
    with pytest.raises(ValueError, match=r"is above 1 .*give a fraction: 0\.1 for 10 %"):
        call()


@pytest.mark.parametrize(
    ("x", "p", "q"), [(1, 0.3, 0.5), (1, 0.5, 0.5), (0, 2, 1), (0, 2, 0.9), (2, 0.1, 0.8)]
)
def test_where_amounts_have_no_mean_nothing_is_expected(x, p, q):
    mean = 100 if x else None
    with pytest.raises(ValueError, match="p . frequency . q is not above 1 .*mean is infinite"):
        lifetime.expected_spend(x, mean, p=p, q=q, gamma=10)
    table = pd.DataFrame({"frequency": [9, x], "mean_amount": [50.0, mean]}, index=["a", "b"])
    model = lifetime.GammaGamma.with_parameters(p=p, q=q, gamma=10)
    with pytest.raises(ValueError, match=r"in 1 of 2 customers \(first: row 'b'"):
        model.expected_spend(table)
    assert model.expected_spend(table.head(1))["a"] > 0  # as the message advises


def test_a_fit_whose_mean_is_infinite_says_so():
    rng = np.random.default_rng(3)
    p, q, gamma, n = 0.35, 0.55, 50.0, 4000
    x = rng.integers(1, 6, n)
    z = rng.gamma(p * x, size=n) * (gamma / rng.gamma(q, size=n)) / x
    table = pd.DataFrame({"frequency": x, "mean_amount": z})
    with pytest.warns(UserWarning, match="q is 0.5.*not above 1: .*mean of all customers is inf"):
        model = lifetime.GammaGamma().fit(table)
    assert model.q_ == pytest.approx(q, abs=0.06)
    with pytest.raises(ValueError, match="customers"):
        model.expected_spend(table)
    enough = model.expected_spend(table[model.p_ * x + model.q_ > 1])
    assert (enough > 0).all() and np.isfinite(enough).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda: lifetime.expected_purchases(39, 2, 30.0, 38.0, **{**CDNOW, "r": 1e300}),
        lambda: lifetime.expected_purchases(39, 2, 30.0, 38.0, **{**CDNOW, "b": 1e300}),
        lambda: lifetime.lorenz([1e308, 1e308]),
        lambda: lifetime.clv(1e308, 0.9),
        lambda: lifetime.value_curve([1, 1], 1e308),
        lambda: lifetime.expected_spend(1e300, 1e300, p=6, q=4, gamma=15),
    ],
)
def test_what_overflows_is_refused(call):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="is not a finite number.*check their units"):
            call()


def test_series_in_another_order_are_refused():
    one, other = pd.Series([2, 1], index=["a", "b"]), pd.Series([40.0, 300.0], index=["b", "a"])
    with pytest.raises(ValueError, match="frequency and mean_amount have different indexes"):
        lifetime.expected_spend(one, other, **MONEY)
    history = (HISTORY[name] for name in ("frequency", "t_x", "T"))
    with pytest.raises(ValueError, match="horizon and frequency have different indexes"):
        lifetime.expected_purchases(pd.Series([1.0, 2.0], index=["b", "a"]), *history, **CDNOW)
    with pytest.raises(ValueError, match="frequency and t_x have different indexes"):
        lifetime.probability_alive(HISTORY["frequency"], HISTORY["t_x"][::-1], 30, **CDNOW)


def test_one_horizon_for_each_customer_keeps_their_index():
    horizon = pd.Series([10.0, 20.0], index=["a", "b"])
    ahead = lifetime.BetaGeo.with_parameters(**CDNOW).expected_purchases(horizon, HISTORY)
    assert list(ahead.index) == ["a", "b"]
    for name in ("a", "b"):
        alone = lifetime.expected_purchases(horizon[name], *HISTORY.loc[name], **CDNOW)
        assert ahead[name] == pytest.approx(alone)


def test_margins_by_period_have_to_be_in_order():
    values = [10.0, 20.0, 30.0]
    for index in ([0, 1, 2], [1, 2, 3]):
        margins = pd.Series(values, index=index)
        ours = lifetime.value_curve([1, 0.8, 0.6], margins)
        assert list(ours) == list(lifetime.value_curve([1, 0.8, 0.6], values))
        with pytest.raises(ValueError, match="the index of margin does not count the periods"):
            lifetime.value_curve([1, 0.8, 0.6], margins[::-1])


def test_a_curve_without_an_age_or_with_ends_at_once_is_refused():
    with pytest.raises(ValueError, match="an age in the index of survival is missing in 1 of 2"):
        lifetime.value_curve(pd.Series([1.0, 0.5], index=[0, np.nan]), 20)
    left, seen = [0, 2, 5], [True, True, False]
    with pytest.raises(ValueError, match="begins at age 0 with 0.666.*count their duration as 1"):
        lifetime.value_curve(cohorts.kaplan_meier(left, seen), 20)
    paid = cohorts.kaplan_meier(np.maximum(left, 1), seen)  # as the message advises
    assert list(lifetime.value_curve(paid, 30, periods=3)) == pytest.approx([30, 50, 60])


def test_the_discounted_purchases_are_those_of_the_predicted_value():
    model = lifetime.BetaGeo.with_parameters(**CDNOW)
    plain = model.discounted_purchases(30, HISTORY)
    pd.testing.assert_series_equal(plain, model.expected_purchases(30, HISTORY))
    later = model.discounted_purchases(30, HISTORY, discount=0.01)
    assert (later < plain).all()
    assert (later > plain / 1.01**30).all()
