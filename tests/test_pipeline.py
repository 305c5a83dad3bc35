"""The pipeline: snapshots, competing ends, forecasts of a month, queues."""

import warnings
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import funnelkit as fk
from funnelkit import forecasting

END = "2026-06-30"


# ---------------------------------------------------------------- what was known on a day


@pytest.fixture(scope="module")
def tables():
    return fk.load("deals"), fk.load("stages"), fk.load("close_dates")


@pytest.mark.parametrize("at", ["2025-03-01", "2025-12-01", "2026-06-01"])
def test_a_snapshot_is_that_of_a_world_that_ended_then(tables, at):
    deals, stages, dates = tables
    moment = pd.Timestamp(at)
    whole = forecasting.snapshot(deals, stages, dates, at)
    # The same tables as they stood that day: what came later deleted, the deals' ends forgotten.
    known = deals[deals["created_at"] < moment].drop(columns=["outcome", "closed_at", "amount"])
    past = stages[stages["entered_at"] < moment], dates[dates["edited_at"] < moment]
    pd.testing.assert_frame_equal(whole, forecasting.snapshot(known, *past, at))
    # And by another way: open is what was made before and not closed before.
    closed = deals["closed_at"] < moment
    expected = deals.loc[(deals["created_at"] < moment) & ~closed, "deal_id"]
    assert whole["deal_id"].tolist() == expected.tolist()
    assert (whole["age"] >= 0).all()


def test_a_discount_is_known_only_once_the_negotiation_has_begun(tables):
    deals, stages, dates = tables
    now = forecasting.snapshot(deals, stages, dates, "2026-02-01").merge(deals, on="deal_id")
    at_table = now["stage"] == "negotiation"
    assert (now["amount_x"][~at_table] == now["list_price"][~at_table]).all()
    price = (now["list_price"] * (1 - now["discount"])).round(2)
    assert (now["amount_x"][at_table] == price[at_table]).all()
    assert (now["discount"][at_table] > 0).any()


def test_close_dates_in_a_snapshot_are_those_entered_by_then(tables):
    deals, stages, dates = tables
    early = forecasting.snapshot(deals, stages, dates, "2026-01-01").set_index("deal_id")
    for deal, row in early.sample(20, random_state=1).iterrows():
        mine = dates[(dates["deal_id"] == deal) & (dates["edited_at"] < "2026-01-01")]
        assert row["expected_close"] == mine["expected_close"].iloc[-1]
        assert row["moves"] == len(mine) - 1


def test_what_happens_on_the_first_of_the_month_is_not_yet_known():
    deals = pd.DataFrame({"deal_id": ["a"], "created_at": ["2026-01-05"], "list_price": [9.0],
                          "discount": [0.0]})  # fmt: skip
    stages = pd.DataFrame({"deal_id": ["a", "a"], "stage": ["MQL", "won"],
                           "entered_at": ["2026-01-05", "2026-02-01"]})  # fmt: skip
    dates = pd.DataFrame({"deal_id": ["a"], "edited_at": ["2026-01-05"],
                          "expected_close": ["2026-02-01"]})  # fmt: skip
    assert len(forecasting.snapshot(deals, stages, dates, "2026-02-01")) == 1
    assert len(forecasting.snapshot(deals, stages, dates, "2026-02-01 00:00:01")) == 0
    assert len(forecasting.snapshot(deals, stages, dates, "2026-01-05")) == 0


# ---------------------------------------------------------------- won and lost compete


def test_four_answers_to_one_question():
    # 10 won, 20 lost, 20 won, 30 lost, 40 open, 50 won, 60 open, 60 open: one deal each.
    days = [10, 20, 20, 30, 40, 50, 60, 60]
    ends = ["won", "lost", "won", "lost", None, "won", None, None]
    curve = forecasting.competing_risks(days, ends)
    assert curve.loc[60, "share_won"] == pytest.approx(0.416667, abs=1e-6)
    assert curve.loc[60, "share_lost"] == pytest.approx(0.25)
    won, closed = ends.count("won"), ends.count("won") + ends.count("lost")
    assert won / closed == pytest.approx(0.60)
    assert won / len(ends) == pytest.approx(0.375)
    censored = fk.survival.kaplan_meier(days, [end == "won" for end in ends])
    assert 1 - censored.loc[60, "survival"] == pytest.approx(0.50)


def test_shares_equal_lifelines():
    from lifelines import AalenJohansenFitter

    rng = np.random.default_rng(5)
    days = rng.permutation(np.arange(1, 401)) / 8  # no ties: lifelines would jitter them
    ends = rng.choice(["won", "lost", None], 400, p=[0.35, 0.4, 0.25])
    curve = forecasting.competing_risks(days, ends)
    code = pd.Series(ends).map({"won": 1, "lost": 2}).fillna(0).astype(int)
    for event, share in ((1, "share_won"), (2, "share_lost")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = AalenJohansenFitter(calculate_variance=False).fit(days, code, event)
        expected = fit.cumulative_density_.iloc[:, 0]
        found = curve[share].reindex(expected.index)
        assert np.allclose(found, expected, atol=1e-12)


def test_open_is_the_kaplan_meier_curve_of_ending_either_way(tables):
    spells = forecasting.stage_spells(tables[1], observed_until=END)
    curve = forecasting.competing_risks(spells["days"], spells["outcome"])
    ended = fk.survival.kaplan_meier(spells["days"], spells["outcome"].notna())
    assert np.allclose(curve["share_open"], ended["survival"])
    total = curve[["share_won", "share_lost", "share_open"]].sum(axis=1)
    assert np.allclose(total, 1.0)


def test_without_open_deals_the_shares_are_plain_shares():
    curve = forecasting.competing_risks([3, 1, 2, 2], ["won", "lost", "won", "lost"])
    assert curve["share_won"].iloc[-1] == 0.5 and curve["share_open"].iloc[-1] == 0


def test_after_an_age_shares_are_those_of_the_deals_still_open():
    rng = np.random.default_rng(2)
    days = pd.Series(rng.integers(1, 60, 500).astype(float))
    ends = pd.Series(rng.choice(["won", "lost"], 500))
    curve = forecasting.competing_risks(days, ends)
    still = days > 20
    soon = still & (days <= 30)
    found = forecasting.after_age(curve, 20, within=10)
    assert found["won"] == pytest.approx((soon & (ends == "won")).sum() / still.sum())
    assert found["open"] == pytest.approx((days > 30).sum() / still.sum())
    assert found.sum() == pytest.approx(1)


def test_nobody_is_read_off_beyond_the_data():
    curve = forecasting.competing_risks([10, 20, 30], ["won", "lost", None])
    with pytest.raises(ValueError, match="the curve ends at 30 days, before 35"):
        forecasting.after_age(curve, 5, within=30)
    gone = forecasting.competing_risks([10, 20], ["won", "lost"])
    assert forecasting.after_age(gone, 5, within=100)["open"] == 0
    with pytest.raises(ValueError, match="no deal was open for so long"):
        forecasting.after_age(gone, 20)


def test_spells_are_watched_to_the_end_of_the_last_day(tables):
    deals, stages, _ = tables
    spells = forecasting.stage_spells(stages, observed_until=END)
    assert not set(spells["stage"]) & {"won", "lost"}
    first = spells[spells["stage"] == "MQL"].merge(deals, on="deal_id")
    assert (first["outcome_x"].fillna("open") == first["outcome_y"].fillna("open")).all()
    last = first["closed_at"].fillna(pd.Timestamp("2026-07-01"))
    days = (last - first["created_at"]) / pd.Timedelta("1D")
    assert np.allclose(first["days"], days, atol=1e-4)


# ---------------------------------------------------------------- forecasts


def every_outcome(amounts, chances):
    """Return each total that can come, how many deals it takes, and how likely it is."""
    rows = []
    for wins in product([0, 1], repeat=len(amounts)):
        p = np.prod([c if w else 1 - c for w, c in zip(wins, chances, strict=True)])
        rows.append((np.dot(wins, amounts), sum(wins), p))
    return pd.DataFrame(rows, columns=["total", "won", "p"])


AMOUNTS, CHANCES = [10_000, 5_000, 2_000], [0.2, 0.5, 0.8]


def test_three_deals_by_hand():
    expected = forecasting.weighted_pipeline(AMOUNTS, CHANCES)
    assert expected["expected"] == pytest.approx(6_100)
    assert expected["std"] == pytest.approx(4_784.35, abs=0.005)
    exact = every_outcome(AMOUNTS, CHANCES)
    assert (exact["total"] * exact["p"]).sum() == pytest.approx(expected["expected"])
    assert exact.groupby("won")["p"].sum().tolist() == pytest.approx([0.08, 0.42, 0.42, 0.08])
    assert 6_100 not in set(exact["total"])  # the mean itself cannot come


def test_simulated_months_are_distributed_as_the_enumeration_says():
    months = forecasting.simulate_month(
        CHANCES, AMOUNTS, new_wins=0, new_amounts=[1.0], draws=40_000, seed=2
    )
    for limit, p in ((0, 0.08), (7_000, 0.80), (12_000, 0.90)):
        error = np.sqrt(p * (1 - p) / 40_000)
        assert abs((months["amount"] <= limit).mean() - p) < 3 * error
    assert (months["new_wins"] == 0).all()
    shares = months["wins"].value_counts(normalize=True).sort_index()
    assert shares.tolist() == pytest.approx([0.08, 0.42, 0.42, 0.08], abs=0.01)


def test_new_deals_are_poisson_and_bring_what_deals_brought():
    months = forecasting.simulate_month(
        [0.0], [1.0], new_wins=20, new_amounts=[100.0, 300.0], draws=40_000, seed=4
    )
    assert months["wins"].mean() == pytest.approx(20, abs=3 * np.sqrt(20 / 40_000))
    assert months["wins"].var() == pytest.approx(20, rel=0.03)
    assert months["amount"].mean() == pytest.approx(20 * 200, rel=0.005)


def test_a_shared_shock_widens_and_leaves_the_mean():
    chances, amounts = np.full(150, 0.3), np.full(150, 250.0)
    given = dict(new_wins=20, new_amounts=[250.0], draws=40_000)
    alone = forecasting.simulate_month(chances, amounts, **given, seed=5)
    shared = forecasting.simulate_month(chances, amounts, **given, shock=0.2, seed=5)
    assert alone["wins"].std() == pytest.approx(np.sqrt(150 * 0.21 + 20), rel=0.02)
    assert shared["wins"].std() > 1.4 * alone["wins"].std()
    assert shared["wins"].mean() == pytest.approx(65, rel=0.02)
    shock = forecasting.month_shock(
        shared["wins"], np.full(40_000, 65.0), np.full(40_000, 150 * 0.21 + 20)
    )
    assert shock == pytest.approx(0.2, rel=0.05)


def test_the_shock_is_recovered_from_counts():
    rng = np.random.default_rng(1)
    factor = np.exp(0.25 * rng.standard_normal(50_000) - 0.25**2 / 2)
    actual = rng.poisson(60 * factor)
    found = forecasting.month_shock(actual, np.full(50_000, 60.0), np.full(50_000, 60.0))
    assert found == pytest.approx(np.sqrt(np.expm1(0.25**2)), rel=0.02)
    assert forecasting.month_shock([60, 61], [60, 60], [60, 60]) == 0


def test_a_history_in_which_no_deal_has_ended_is_read():
    stages = pd.DataFrame(
        {"deal_id": ["a", "b"], "stage": ["MQL", "SQL"], "entered_at": ["2026-06-01", "2026-06-10"]}
    )
    spells = forecasting.stage_spells(stages, observed_until="2026-06-29")
    assert spells["outcome"].isna().all()
    assert spells["days"].round().tolist() == [29, 20]


@pytest.mark.parametrize("end", ["Won", "LOST", " won"])
def test_an_end_written_in_another_way_is_not_an_open_deal(end):
    stages = pd.DataFrame(
        {"deal_id": ["a", "a"], "stage": ["MQL", end], "entered_at": ["2026-06-01", "2026-06-10"]}
    )
    with pytest.raises(ValueError, match="written in another way in 1 of 2 rows"):
        forecasting.stage_spells(stages, observed_until="2026-06-29")


def test_an_age_beyond_the_curve_is_named():
    curve = forecasting.competing_risks([10, 20], ["won", None])
    with pytest.raises(ValueError, match="ends at 20 days, before 100"):
        forecasting.after_age(curve, 100)


def test_months_of_different_number_are_counted():
    with pytest.raises(ValueError, match="2 of actual and 1 of expected"):
        forecasting.month_shock([1, 2], [1], [1, 1])


def test_twelve_months_do_not_tell_80_from_60_per_cent():
    assert stats.binom.cdf(7, 12, 0.8) == pytest.approx(0.0726, abs=5e-5)
    low, high = fk.metrics.wilson_interval(7, 12)
    assert (round(float(low), 2), round(float(high), 2)) == (0.32, 0.81)


def test_velocity_of_a_steady_pipeline_is_what_it_brings_per_day():
    # 10 deals a day, 30 % won at EUR 200 each; won ones take 12 days, lost ones 24.
    cycle = 0.3 * 12 + 0.7 * 24
    open_deals = 10 * cycle
    assert forecasting.velocity(open_deals, 0.3, 200, cycle) == pytest.approx(10 * 0.3 * 200)
    # With the cycle of the won deals alone it promises more than comes.
    assert forecasting.velocity(open_deals, 0.3, 200, 12) > 1.5 * 10 * 0.3 * 200


# ---------------------------------------------------------------- queues


def test_erlang_c_as_pyworkforce_and_r_print_it():
    # 100 calls in 30 minutes, 3 minutes each, 14 advisers, 20 seconds.
    found = forecasting.erlang_c(200, 3, 14, target=20 / 60)
    assert found["waits"] == pytest.approx(0.1741319, abs=5e-8)
    assert found["answered"] == pytest.approx(0.8883500, abs=5e-8)
    assert found["wait"] * 60 == pytest.approx(7.83594, abs=5e-6)
    assert found["occupancy"] == pytest.approx(0.7142857, abs=5e-8)


def test_one_adviser_is_the_queue_with_one_server():
    # M/M/1: a call waits with the probability that the adviser is busy.
    found = forecasting.erlang_c(6, 5, 1)
    assert found["waits"] == pytest.approx(0.5)
    assert found["wait"] == pytest.approx(0.5 * 5 / 0.5)


def test_many_advisers_do_not_overflow():
    found = forecasting.erlang_c(60 * 950, 1, 1000)
    assert 0 < found["waits"] < 0.2


def test_too_few_advisers_are_refused_with_how_many_it_takes():
    with pytest.raises(ValueError, match="give at least 11 advisers"):
        forecasting.erlang_c(200, 3, 10)
    assert forecasting.erlang_c(200, 3, 11)["occupancy"] < 1


def test_a_queue_played_through_waits_as_the_formula_says():
    # Waits of one run hang together for long, so several runs are taken.
    runs, n = [], 40_000
    for seed in range(10):
        rng = np.random.default_rng(seed)
        arrived = rng.exponential(0.5, n).cumsum()
        waits = forecasting.queue_waits(arrived, rng.exponential(3.0, n), 8)
        runs.append((np.mean(waits > 0), np.mean(waits)))
    expected = forecasting.erlang_c(120, 3, 8)
    error = np.std(runs, axis=0, ddof=1) / len(runs) ** 0.5
    found = np.mean(runs, axis=0)
    assert (abs(found - expected[["waits", "wait"]].to_numpy()) < 3 * error).all()


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: forecasting.competing_risks([1, 2], ["won", "Lost"]),
         r"outcome is neither won nor lost.*Lost.*leave an open deal missing"),
        (lambda: forecasting.competing_risks([1, -2], ["won", "lost"]), "days is negative"),
        (lambda: forecasting.weighted_pipeline([100.0], [30]), "give a fraction: 0.8 for 80 %"),
        (lambda: forecasting.weighted_pipeline([-1.0], [0.3]), "amount is negative"),
        (lambda: forecasting.velocity(10, 0.3, 200, 0), "cycle_days is 0"),
        (lambda: forecasting.velocity(10, 33, 200, 18), "give a fraction: 0.33 for 33 %"),
        (lambda: forecasting.queue_waits([1, 0], [1, 1], 1), "in the order in which they come"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def one(column, value):
    deals = pd.DataFrame({"deal_id": ["a", "b"], "created_at": ["2026-01-05"] * 2,
                          "list_price": [9.0] * 2, "discount": [0.0] * 2})  # fmt: skip
    stages = pd.DataFrame({"deal_id": ["a", "a", "b"], "stage": ["MQL", "won", "MQL"],
                           "entered_at": ["2026-01-05", "2026-02-01", "2026-01-05"]})  # fmt: skip
    dates = pd.DataFrame({"deal_id": ["a"], "edited_at": ["2026-01-05"],
                          "expected_close": ["2026-02-01"]})  # fmt: skip
    tables = {"deals": deals, "stages": stages, "close_dates": dates}
    for table in tables.values():
        if column in table and column != "deal_id":
            table[column] = value
    if column == "deal_id":
        stages.loc[0, "deal_id"] = value
    return lambda: forecasting.snapshot(**tables, at="2026-03-01")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (one("discount", 15.0), "give a fraction: 0.8 for 80 %"),
        (one("deal_id", "zz"), "a deal_id of stages is not in deals.*zz"),
        (one("entered_at", ["2026-02-05", "2026-02-01", "2026-01-05"]),
         "a stage is entered after the end"),
        (one("stage", ["won", "lost", "MQL"]), "a deal is won or lost more than once"),
        (one("edited_at", "soon"), "'edited_at' is not a time"),
    ],
)  # fmt: skip
def test_a_history_that_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
