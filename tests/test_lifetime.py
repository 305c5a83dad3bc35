"""Lifetime value: published numbers, exact sums in fractions, and customers who are simulated."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit import lifetime, metrics

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


@given(st.floats(0, 0.9), rates, firsts)
def test_without_end_is_the_limit_of_many_periods(retention, discount, first):
    endless = lifetime.clv(100, retention, discount=discount, first=first)
    begin = 0 if first == "start" else 1
    ratio = retention / (1 + discount)
    assert endless == pytest.approx(math.fsum(100 * ratio**t for t in range(begin, 300)))
    multiple = lifetime.margin_multiple(retention, discount, first=first)
    assert endless == pytest.approx(100 * multiple)


@given(st.floats(0, 0.99), rates)
def test_a_first_margin_at_once_adds_one(retention, discount):
    late = lifetime.margin_multiple(retention, discount)
    at_once = lifetime.margin_multiple(retention, discount, first="start")
    assert at_once == pytest.approx(late + 1)
    # Undiscounted, it is the expected lifetime of lesson 04.
    undiscounted = lifetime.margin_multiple(retention, 0, first="start")
    assert undiscounted == pytest.approx(1 / (1 - retention))


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


@given(st.floats(0, 2), st.integers(1, 365))
def test_the_rate_of_a_period_compounds_to_that_of_a_year(yearly, periods):
    rate = lifetime.periodic_rate(yearly, periods)
    assert (1 + rate) ** periods == pytest.approx(1 + yearly)
    assert rate <= yearly / periods * (1 + 1e-12)


# ---- from a survival curve


@given(st.floats(0.01, 1), rates, spans, firsts)
def test_a_curve_of_constant_retention_gives_the_formula(retention, discount, periods, first):
    curve = retention ** np.arange(periods + 1.0)
    ours = lifetime.clv_from_survival(curve, 50, discount=discount, periods=periods, first=first)
    theirs = lifetime.clv(50, retention, discount=discount, periods=periods, first=first)
    assert ours == pytest.approx(theirs)


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


# ---- who brings it


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
        (lambda: lifetime.clv(600, "0.8"), TypeError, "retention holds string"),
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
        (lambda: lifetime.clv(600, 0.8, periods=2.5), ValueError, "periods is 2.5"),
        (lambda: lifetime.clv(600, 0.8, periods=True), ValueError, "periods is True"),
        (lambda: lifetime.clv(600, 0.8, first="now"), ValueError, "'start' or 'end'"),
        (lambda: lifetime.clv([1, 2], [0.1, 0.2, 0.3]), ValueError, "2 of margin, 3 of ret"),
        (
            lambda: lifetime.clv(pd.Series([1.0], ["a"]), pd.Series([0.5], ["b"])),
            ValueError,
            "different indexes",
        ),
        (lambda: lifetime.clv(6, pd.Series([0.5, 1.5])), ValueError, "in 1 of 2 rows.*row 1, 1.5"),
        (lambda: lifetime.margin_multiple(1, 0), ValueError, "no finite sum"),
        (lambda: lifetime.margin_multiple(1.01, 0.1), ValueError, "retention is above 1"),
        (lambda: lifetime.margin_multiple(0.8, -0.1), ValueError, "discount is negative"),
        (lambda: lifetime.margin_multiple(0.8, 0.1, first=0), ValueError, "'start' or 'end'"),
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
            "no column 'survival'.*kaplan_meier",
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
