"""Slopes, limits and attainable lift: worked cases, an independent interval, and refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit import levers

RATES = {"lead": 0.2, "call": 0.5, "customer": 0.25}
USERS = pd.Series({"visit": 9000, "lead": 1800, "booking": 900, "call": 640, "sale": 160})
NONE = [None, None]


def pilots(**changed):
    table = {
        "lever": ["form", "training", "adviser"],
        "step": ["lead", "sale", "call"],
        "n_without": [4000, 900, None],
        "converted_without": [800, 225, None],
        "n_with": [4000, 900, None],
        "converted_with": [1000, 270, None],
        "adds": [None, None, 20],
        "cost": [100.0, 400.0, 1000.0],
    }
    return pd.DataFrame(table | changed)


def lift(users=USERS, table=None, visitors=1000, limits=None, **options):
    limits = {"call": 80} if limits is None else limits
    table = pilots() if table is None else table
    return levers.attainable_lift(
        users, table, visitors=visitors, limits=limits, **({"seed": 1} | options)
    )


def customers(*, visitors=1000, calls=80, **rates):
    return levers.flow(visitors, RATES | rates, limits={"call": calls})["reached"].iloc[-1]


# ---------------------------------------------------------------- rates


def test_one_point_favours_the_lowest_rate_and_ten_percent_none():
    table = levers.overall_slopes(RATES)
    assert table.attrs["overall"] == pytest.approx(0.025)
    assert table["after_points"].tolist() == pytest.approx([0.02625, 0.0255, 0.026])
    assert table["after_share"].tolist() == pytest.approx([0.0275] * 3)
    assert table["slope"].idxmax() == table["rate"].idxmin() == "lead"


positive = st.lists(st.floats(0.01, 1), min_size=1, max_size=6)


@given(rates=positive)
@settings(max_examples=60, deadline=None)
def test_the_slope_is_the_overall_rate_divided_by_the_rate_and_a_numerical_derivative(rates):
    names = [f"s{place}" for place in range(len(rates))]
    table = levers.overall_slopes(dict(zip(names, rates, strict=True)))
    overall = np.prod(rates)
    assert np.allclose(table["slope"], overall / np.array(rates))
    for place in range(len(rates)):
        moved = np.array(rates)
        moved[place] -= 1e-6
        assert (overall - moved.prod()) / 1e-6 == pytest.approx(table["slope"].iloc[place], 1e-6)


def test_a_rate_of_nought_has_a_slope_and_a_rate_ends_at_one():
    table = levers.overall_slopes({"a": 0.0, "b": 0.5, "c": 1.0})
    assert table["slope"].tolist() == [0.5, 0.0, 0.0]
    table = levers.overall_slopes({"b": 0.5, "c": 0.995})
    assert table.loc["c", ["after_points", "after_share"]].tolist() == [0.5, 0.5]


# ---------------------------------------------------------------- limits


def test_past_a_full_queue_more_leads_bring_nothing():
    assert customers() == pytest.approx(20)
    assert customers(lead=0.25) == pytest.approx(20)
    assert customers(call=0.6) == pytest.approx(20)
    assert customers(customer=0.3) == pytest.approx(24)
    assert customers(calls=100) == pytest.approx(25)
    assert customers(calls=130) == pytest.approx(25)


@given(rates=positive, visitors=st.floats(0, 1e6))
@settings(max_examples=60, deadline=None)
def test_without_limits_the_flow_is_the_product_of_the_rates(rates, visitors):
    table = levers.flow(visitors, {f"s{place}": rate for place, rate in enumerate(rates)})
    assert table["reached"].iloc[-1] == pytest.approx(visitors * np.prod(rates))
    assert (table["turned_away"] == 0).all()


def test_whoever_is_turned_away_is_counted():
    table = levers.flow(1000, RATES, limits={"call": 80, "customer": 15})
    assert table["wanted"].tolist() == [200, 100, 20]
    assert table["reached"].tolist() == [200, 80, 15]
    assert table["turned_away"].tolist() == [0, 20, 5]


def test_thirty_a_month_for_three_months_are_ninety_open():
    assert levers.open_at_once(30, 3) == 90


def test_a_simulated_pipeline_has_as_many_open_as_littles_law_says():
    rng = np.random.default_rng(1)
    begin = np.sort(rng.uniform(0, 400, 12_000))  # thirty a month in 400 months
    end = begin + rng.lognormal(np.log(3) - 0.5 * 0.8**2, 0.8, len(begin))
    moments = rng.uniform(100, 390, 400)
    count = ((begin <= moments[:, None]) & (end > moments[:, None])).sum(axis=1)
    assert levers.open_at_once(30, (end - begin).mean()) == pytest.approx(count.mean(), rel=0.02)


# ---------------------------------------------------------------- attainable lift


def test_the_estimates_are_those_by_hand():
    table = lift()
    assert table.attrs["customers"] == pytest.approx(80 * 0.25)
    assert table.index.tolist() == ["training", "adviser", "form"]
    assert table["extra"].tolist() == pytest.approx([80 * 0.05, 20 * 0.25, 0])
    assert table["per_1000"].tolist() == pytest.approx([10, 5, 0])
    assert table["behind"].tolist() == pytest.approx([0, 5, 10])
    assert (table.loc["form", ["extra_low", "extra_high"]] == 0).all()
    assert (table.loc["training", ["behind_low", "behind_high"]] == 0).all()


def test_most_customers_and_most_per_euro_need_not_be_the_same_lever():
    table = lift()
    assert table["extra"].idxmax() == "adviser"
    assert table["per_1000"].idxmax() == "training"


def test_a_limit_that_is_not_reached_changes_nothing():
    table = lift(limits={"call": 1000})
    assert table.loc["adviser", ["extra", "extra_low", "extra_high"]].tolist() == [0, 0, 0]
    # Of 1,000 visitors 100 book and 25 buy; the form brings a quarter more of them.
    assert table.loc["form", "extra"] == pytest.approx(25 * 0.05 / 0.2)


def test_the_interval_without_limits_is_that_of_the_delta_method():
    users = pd.Series({"visit": 8000, "lead": 1600, "sale": 400})
    arms = dict(n_without=[3000], converted_without=[600], n_with=[3000], converted_with=[750])
    table = pilots().iloc[:1].assign(**arms)
    got = lift(users, table, limits={}, draws=40_000).loc["form"]

    def variance(x, n):
        return x / n * (1 - x / n) / n

    # extra = 1000 * (with - without) * closing rate
    seen, closing = 0.05, 0.25
    error = 1000 * np.sqrt(
        closing**2 * (variance(600, 3000) + variance(750, 3000)) + seen**2 * variance(400, 1600)
    )
    assert got["extra"] == pytest.approx(1000 * seen * closing)
    assert got["extra_high"] - got["extra_low"] == pytest.approx(2 * 1.96 * error, rel=0.03)
    assert got["per_1000_low"] == pytest.approx(10 * got["extra_low"])


def test_the_intervals_hold_the_true_lift_as_often_as_they_say():
    rng, held = np.random.default_rng(5), 0
    for _ in range(200):
        users = [5000]
        for rate in (0.2, 0.3):
            users.append(rng.binomial(users[-1], rate))
        users = pd.Series(users, index=["visit", "lead", "sale"])
        arms = dict(
            n_without=[800],
            converted_without=[rng.binomial(800, 0.2)],
            n_with=[800],
            converted_with=[rng.binomial(800, 0.26)],
        )
        table = pilots().iloc[:1].assign(**arms)
        got = lift(users, table, limits={}, draws=400, seed=rng).loc["form"]
        held += got["extra_low"] <= 1000 * 0.06 * 0.3 <= got["extra_high"]
    assert 180 <= held <= 198


def test_a_lower_confidence_makes_narrower_intervals_and_a_seed_the_same_ones():
    wide, narrow = lift(confidence=0.95), lift(confidence=0.5)
    assert (narrow["extra_high"] - narrow["extra_low"]).sum() < (
        wide["extra_high"] - wide["extra_low"]
    ).sum()
    pd.testing.assert_frame_equal(lift(), lift())


def test_a_pilot_in_which_nobody_converted_has_an_interval():
    table = pilots(converted_with=[1000, 0, None], converted_without=[800, 0, None])
    row = lift(table=table).loc["training"]
    assert row["extra"] == 0 and row["extra_low"] < 0 < row["extra_high"]


# ---------------------------------------------------------------- refusals

WRONG = [
    (dict(table=pilots(cost=[0, 400, 1000])), "cost is not above 0 in 1 of 3 rows.*leave the lev"),
    (dict(table=pilots(step=["lead", "sal", "call"])), "is called 'sal': did you mean 'sale'"),
    (dict(table=pilots(lever=["form", "form", "adviser"])), "a lever is named twice in 1 of 3"),
    (dict(table=pilots(adds=[None, None, None])), "a lever on a limit does not say how much"),
    (dict(limits={}), "a lever on a rate lacks counts of its pilot in 1 of 2|1 of 3"),
    (dict(table=pilots(converted_with=[5000, 270, None])), "converted_with is greater than n_with"),
    (dict(limits={"calls": 80}), "no step with a rate is called 'calls': did you mean 'call'"),
    (dict(users=USERS[::-1]), "users rises from one step to the next in 4 of 4 steps"),
    (dict(users=USERS[:1]), "users has 1 step: give the visitors"),
    (dict(users=USERS * [1, 0, 0, 0, 0]), "nobody reached the step before in 3 of 4 steps"),
    (dict(table=pilots().drop(columns="adds")), "no column in pilots is called 'adds'"),
    (dict(table=pilots()[:0]), "pilots has no rows: there is no lever to rank"),
    (dict(limits={"call": -1}), "limits is negative"),
]


@pytest.mark.parametrize("wrong, message", WRONG, ids=[message[:40] for _, message in WRONG])
def test_what_cannot_be_ranked_is_refused_in_words(wrong, message):
    with pytest.raises(ValueError, match=message):
        lift(**wrong)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: levers.overall_slopes({"lead": 20}), ValueError, "rates is above 1.*0.8 for 80 %"),
        (lambda: levers.overall_slopes({}), ValueError, "rates is empty"),
        (lambda: levers.overall_slopes([0.2, 0.5]), TypeError, "a number for each step"),
        (lambda: levers.flow(-1, RATES), ValueError, "visitors is -1"),
        (lambda: levers.open_at_once(30, -3), ValueError, "duration is -3"),
    ],
)
def test_rates_and_amounts_that_cannot_be_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
