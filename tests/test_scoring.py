"""Scores and what they are worth.

Oracles: scikit-learn for the Brier score, calibration and the weights of a logistic regression;
the hazard counted by hand; loops in plain Python for profit and thresholds; repeated rows for
whole-number weights.
"""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from strategies import scored, weighted

from funnelkit import metrics, scoring

unhurried = settings(deadline=None, max_examples=60)


# ---------------------------------------------------------------- labels

START = pd.Series(pd.to_datetime(["2026-03-01", "2026-04-01", "2026-05-01", "2026-06-01"]))
CONVERTED = pd.Series(pd.to_datetime(["2026-04-30", "2026-06-15", None, "2026-06-02"]))


def test_outcomes_within_a_window_are_counted_by_hand():
    # To the 60th day exactly; too late; not at all (60 days end on 30 June); too young.
    label = scoring.outcome_within(START, CONVERTED, "60D", observed_until="2026-06-30")
    assert label.tolist()[:3] == [True, False, False]
    assert label.isna().tolist() == [False, False, False, True]
    assert label.dtype == "boolean" and label.name == "outcome"


def test_a_young_lead_that_has_converted_has_no_label_either():
    label = scoring.outcome_within(START, CONVERTED, "60D", observed_until="2026-06-29")
    assert label.isna().tolist() == [False, False, True, True]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_labels_do_not_depend_on_the_unit_of_the_times(unit):
    times = [column.astype(f"datetime64[{unit}]") for column in (START, CONVERTED)]
    label = scoring.outcome_within(*times, pd.Timedelta("60D"), observed_until="2026-07-01")
    expected = scoring.outcome_within(START, CONVERTED, "60D", observed_until="2026-07-01")
    pd.testing.assert_series_equal(label, expected)


@unhurried
@given(st.lists(st.tuples(st.integers(0, 400), st.one_of(st.none(), st.integers(0, 90)))))
def test_a_later_end_only_adds_labels(days):
    zero = pd.Timestamp("2025-01-01")
    start = pd.Series([zero + pd.Timedelta(days=a) for a, _ in days], dtype="datetime64[s]")
    took = [pd.NaT if b is None else pd.Timedelta(days=b) for _, b in days]
    converted = pd.Series(start + pd.Series(took, dtype="timedelta64[s]"))
    early, late = (
        scoring.outcome_within(start, converted, "30D", observed_until=zero + pd.Timedelta(days=d))
        for d in (500, 600)
    )
    pd.testing.assert_series_equal(early[early.notna()], late[early.notna()])
    ends = [pd.NA if a + 30 > 500 else b is not None and b <= 30 for a, b in days]
    assert [x is y or x == y for x, y in zip(early, ends, strict=True)] == [True] * len(days)


def test_the_last_day_of_the_data_counts_to_its_end():
    start, bought = pd.Series(["2026-05-01 15:00"]), pd.Series(["2026-06-30 14:00"])
    label = scoring.outcome_within(start, bought, "60D", observed_until="2026-06-30")
    assert label.tolist() == [True]  # the 60 days end on 30 June at 15:00
    noon = scoring.outcome_within(start, bought, "60D", observed_until="2026-06-30 14:30")
    assert noon.isna().all()


def test_times_with_a_zone_are_refused_and_the_remedy_gives_the_right_labels():
    zoned = pd.to_datetime(pd.Series(["2026-03-01T09:30:00Z", "2026-06-01T09:30:00Z"]))
    with pytest.raises(ValueError) as error:
        scoring.outcome_within(zoned, CONVERTED[:2], "60D", observed_until="2026-06-30")
    remedy = "pd.to_datetime(table['start'], utc=True).dt.tz_localize(None)"
    assert remedy in str(error.value)
    start = pd.to_datetime(zoned, utc=True).dt.tz_localize(None)
    bought = pd.Series(pd.to_datetime(["2026-04-30", None]))
    label = scoring.outcome_within(start, bought, "60D", observed_until="2026-06-30")
    assert label[0] and pd.isna(label[1])


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (None, "observed_until is missing: give a date such as '2026-06-30'"),
        (pd.NaT, "observed_until is missing"),
        ("30/06/2026", "observed_until is '30/06/2026', not written as ISO 8601 has it"),
        (pd.Timestamp("2026-06-30", tz="UTC"), "times here are naive UTC: give pd.Timestamp"),
    ],
)
def test_an_end_of_the_data_that_is_none_is_refused(end, words):
    with pytest.raises(ValueError, match=words):
        scoring.outcome_within(START, CONVERTED, "60D", observed_until=end)


@pytest.mark.parametrize("window", ["60", 60, 60.0])
def test_a_window_without_a_unit_is_refused(window):
    with pytest.raises(TypeError, match="window is .*60.*, without a unit: give a number with its"):
        scoring.outcome_within(START, CONVERTED, window, observed_until="2026-07-01")


# ---------------------------------------------------------------- points and log-odds

LEADS = pd.DataFrame(
    {
        "visit_count": pd.array([5, 1, None], dtype="Int64"),
        "webinars": [1, 0, 2],
        "source": pd.array(["seo", "partner", None], dtype="str"),
    },
    index=["L1", "L2", "L3"],
)


def test_a_points_card_is_added_up_by_hand():
    card = {"visit_count >= 4": 10, "webinars >= 1": 20, "source == 'partner'": 2.5}
    points = scoring.points_card(LEADS, card)
    assert list(points.columns) == [*card, "score"] and list(points.index) == list(LEADS.index)
    assert points.to_numpy().tolist() == [[10, 20, 0, 30], [0, 0, 2.5, 2.5], [0, 20, 0, 20]]


def test_a_missing_value_gives_no_points_in_either_direction():
    points = scoring.points_card(LEADS, {"visit_count >= 3": 1, "visit_count < 3": 1})
    assert points["score"].tolist() == [1, 1, 0]


NOTHING_KNOWN = {  # of a lead with nothing known, each way to write such a column
    "float64": pd.DataFrame({"visits": [5.0, np.nan], "device": ["mobile", None]}),
    "Int64": pd.DataFrame({"visits": pd.array([5, None], "Int64"), "device": ["mobile", pd.NA]}),
    "object": pd.DataFrame({"visits": [5, None], "device": ["mobile", None]}, dtype=object),
    "str": pd.DataFrame(
        {"visits": [5.0, np.nan], "device": pd.array(["mobile", None], dtype="string")}
    ),
}


@pytest.mark.parametrize("leads", NOTHING_KNOWN.values(), ids=NOTHING_KNOWN)
@pytest.mark.parametrize(
    "rule",
    [
        "device != 'mobile'",
        "not (visits >= 4)",
        "visits != 5",
        "~(visits >= 4)",
        "device not in ['mobile']",
        "visits < 4 or device != 'mobile'",
        "visits != visits",
    ],
)
def test_what_is_missing_gives_no_points_whatever_the_rule_and_the_dtype(leads, rule):
    assert scoring.points_card(leads, {rule: 10})["score"].tolist() == [0, 0]
    told = pd.concat([leads, pd.DataFrame({"visits": [1], "device": ["tablet"]})])
    expected = 0 if rule == "visits != visits" else 10
    assert scoring.points_card(told, {rule: 10})["score"].tolist() == [0, 0, expected]


def test_a_flag_with_gaps_gives_points_where_it_is_set():
    leads = pd.DataFrame({"consent": [True, None, False]}, dtype=object)
    points = scoring.points_card(leads, {"consent": 1, "not consent": 2})
    assert points["score"].tolist() == [1, 0, 2]


def test_names_with_spaces_are_read_in_backticks():
    leads = pd.DataFrame({"Lead Source": ["web", "ad", None], "class": [1, 2, 3]})
    card = {"`Lead Source` == 'web'": 10, "`Lead Source` != 'web'": 3, "`class` > 2": 5}
    assert scoring.points_card(leads, card)["score"].tolist() == [10, 3, 5]


def test_a_card_keeps_the_index_even_if_labels_repeat():
    leads = pd.DataFrame({"visits": [5, 1, None]}, index=["a", "a", "b"])
    points = scoring.points_card(leads, {"visits >= 4": 10})
    assert list(points.index) == ["a", "a", "b"] and points["score"].tolist() == [10, 0, 0]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("Lead Source == 'web'", "cannot be read: put such names in backticks, `Lead Source`"),
        ("t.agee > 3", "cannot be read: no column is called 't'"),
        ("webinars.agee > 3", "cannot be computed: compare columns with values of their own kind"),
        ("webinars >=", "cannot be read: write a comparison, as in 'pages >= 5'"),
        ("webinars = 1", "cannot be read: write a comparison"),
        ("@limit > 1", "cannot be read: write a comparison"),
        ("webinar >= 1", "cannot be read: no column is called 'webinar': did you mean 'webinars'"),
        ("source >= 4", "compares text with numbers, which are never equal"),
        ("source == 4", "compares text with numbers"),
        ("webinars == '4'", "compares text with numbers"),
        ("webinars in ['4']", "compares text with numbers"),
        ("source == webinars", "compares text with numbers"),
        ("source.isna()", "asks what is missing, for which a rule gives no points: make a column"),
        ("webinars", "is not a condition: compare, as in 'pages >= 5'"),
        ("1 == 1", "is not a condition"),
    ],
)
def test_a_rule_that_says_nothing_is_refused_in_the_house_s_words(rule, words):
    leads = LEADS.assign(**{"Lead Source": "web"})
    with pytest.raises(ValueError) as error:
        scoring.points_card(leads, {rule: 10})
    assert str(error.value).startswith(f"the rule {rule!r} {words}")


def test_what_is_missing_can_be_made_a_column_and_given_points():
    leads = LEADS.assign(unknown=LEADS["source"].isna())  # as the message says
    assert scoring.points_card(leads, {"unknown": 4})["score"].tolist() == [0, 0, 4]


@unhurried
@given(st.floats(1e-9, 1 - 1e-9))
def test_log_odds_and_back(p):
    assert scoring.from_log_odds(scoring.log_odds(p)) == pytest.approx(p, rel=1e-6)


def test_log_odds_keep_the_form_of_what_came_in():
    p = pd.Series([0.2, 0.5], index=["a", "b"])
    odds = scoring.log_odds(p)
    assert list(odds.index) == ["a", "b"] and odds["a"] == pytest.approx(np.log(0.25))
    pd.testing.assert_series_equal(scoring.from_log_odds(odds), p)
    assert scoring.from_log_odds(-800.0) == pytest.approx(0, abs=1e-300)
    assert scoring.from_log_odds(np.array([800.0])).tolist() == [1.0]


def some_leads(n=400, seed=1):
    rng = np.random.default_rng(seed)
    features = pd.DataFrame({"a": rng.normal(size=n), "b": rng.integers(0, 2, n)})
    p = scoring.from_log_odds(-1 + 0.8 * features["a"] - 0.5 * features["b"])
    return features, rng.random(n) < p


@pytest.mark.parametrize("seed", range(3))
def test_gradient_steps_arrive_where_scikit_learn_does(seed):
    features, outcome = some_leads(seed=seed)
    weights = scoring.logistic_by_steps(features, outcome, steps=3000)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(features, outcome)
    assert list(weights.index) == ["intercept", "a", "b"]
    np.testing.assert_allclose(weights, [*model.intercept_, *model.coef_[0]], atol=1e-5)


def test_a_single_step_by_hand():
    # All predictions are 0.5: the intercept moves by the mean of y - 0.5, the weight by that of
    # (y - 0.5) x.
    features = pd.DataFrame({"x": [1.0, 3.0]})
    weights = scoring.logistic_by_steps(features, [True, False], steps=1, rate=0.5)
    assert weights.tolist() == [0.0, 0.5 * (0.5 * 1 - 0.5 * 3) / 2]


def test_reasons_are_the_largest_terms_and_all_of_them_add_up():
    weights = pd.Series({"a": 2.0, "b": -1.0, "c": 0.1})
    leads = pd.DataFrame({"c": [0.0, 9.0], "a": [1.0, 0.5], "b": [3.0, 0.0]}, index=["x", "y"])
    usual = pd.Series({"a": 0.5, "b": 1.0, "c": 0.0})
    table = scoring.reason_codes(weights, leads, reference=usual, n=3)
    assert table[["lead", "rank", "feature"]].to_numpy().tolist() == [
        ["x", 1, "b"], ["x", 2, "a"], ["y", 1, "b"], ["y", 2, "c"],
    ]  # fmt: skip
    total = table.groupby("lead")["log_odds"].sum()
    expected = ((leads[weights.index] - usual) * weights).sum(axis=1)
    np.testing.assert_allclose(total, expected)
    first = scoring.reason_codes(weights, leads, reference=usual, n=1)
    assert first["log_odds"].tolist() == [-2.0, 1.0]


# ---------------------------------------------------------------- judged by what happened


@unhurried
@given(weighted())
def test_brier_scores_equal_scikit_learn_s(data):
    p, outcome, w = data
    assert scoring.brier_score(p, outcome) == pytest.approx(sk.brier_score_loss(outcome, p))
    expected = sk.brier_score_loss(outcome, p, sample_weight=w)
    assert scoring.brier_score(p, outcome, weights=w) == pytest.approx(expected)


@unhurried
@given(weighted(whole=True), st.integers(1, 12))
def test_a_whole_number_weight_counts_like_a_row_repeated(data, bins):
    p, outcome, w = data
    bins = min(bins, len(p))
    rows = np.repeat(p, w), np.repeat(outcome, w)
    expected = scoring.brier_score(*rows)
    assert scoring.brier_score(p, outcome, weights=w) == pytest.approx(expected)
    table = scoring.calibration_table(p, outcome, bins=bins, weights=w)
    expected = scoring.calibration_table(*rows, bins=bins)
    rates = ["leads", "predicted", "converted", "rate"]
    pd.testing.assert_frame_equal(table[rates], expected[rates], check_dtype=False)
    selected, group = p >= 0.5, np.where(np.arange(len(p)) % 3, "a", "b")
    table = scoring.errors_by_group(selected, outcome, group, weights=w)
    expected = scoring.errors_by_group(rows[0] >= 0.5, rows[1], np.repeat(group, w))
    counted = ["leads", "buyers", "rate", "selected", "precision", "recall"]
    pd.testing.assert_frame_equal(table[counted], expected[counted], check_dtype=False)
    curve = scoring.profit_curve(p, outcome, margin=200, cost=30, weights=w)
    expected = scoring.profit_curve(*rows, margin=200, cost=30)
    pd.testing.assert_frame_equal(curve, expected.loc[curve.index], check_index_type=False)
    assert curve.attrs["calls"] == expected.attrs["calls"]


@unhurried
@given(weighted())
def test_intervals_of_weighted_rates_go_by_the_effective_number_of_leads(data):
    p, outcome, w = data
    equal = scoring.calibration_table(p, outcome, bins=2, weights=np.full(len(p), 7.0))
    plain = scoring.calibration_table(p, outcome, bins=2)
    for end in ("ci_low", "ci_high"):  # equal weights change nothing
        np.testing.assert_allclose(equal[end], plain[end], atol=1e-12)
    table = scoring.calibration_table(p, outcome, bins=1, weights=w).loc[1]
    z, n = 1.959963984540054, w.sum() ** 2 / (w**2).sum()
    rate = np.average(outcome, weights=w)
    centre = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    assert table["ci_low"] == pytest.approx(centre - half, abs=1e-9)
    assert table["ci_high"] == pytest.approx(centre + half, abs=1e-9)


def test_a_weighted_profit_curve_does_not_depend_on_the_order_of_rows():
    p, bought, w = np.array([0.5, 0.5, 0.1]), np.array([True, False, True]), np.array([3, 1, 2.5])
    curve = scoring.profit_curve(p, bought, margin=100, cost=10, weights=w)
    assert list(curve.index) == [0, 1, 4, 6.5] and curve.attrs["calls"] == 4
    assert curve["earned"].tolist() == [0, 75 - 10, 300 - 40, 550 - 65]
    turned = scoring.profit_curve(p[::-1], bought[::-1], margin=100, cost=10, weights=w[::-1])
    pd.testing.assert_frame_equal(curve, turned)


@unhurried
@given(scored(), st.integers(1, 12))
def test_a_calibration_table_counts_every_lead_once(data, bins):
    p, outcome = data
    bins = min(bins, len(p))
    table = scoring.calibration_table(p, outcome, bins=bins)
    assert table["leads"].sum() == len(p) and table["converted"].sum() == outcome.sum()
    assert 1 <= len(table) <= bins and list(table.index) == list(range(1, len(table) + 1))
    assert (table["predicted"].diff().dropna() > 0).all(), "ties stay together"
    np.testing.assert_allclose((table["predicted"] * table["leads"]).sum(), p.sum())
    low, high = metrics.wilson_interval(table["converted"], table["leads"])
    pd.testing.assert_series_equal(table["ci_low"], low, check_names=False)
    pd.testing.assert_series_equal(table["ci_high"], high, check_names=False)


def test_calibration_equals_scikit_learn_s_where_nothing_is_tied():
    rng = np.random.default_rng(3)
    p = rng.permutation(1000) / 1000 + 0.0005
    outcome = rng.random(1000) < p
    table = scoring.calibration_table(p, outcome, bins=10)
    rate, predicted = calibration_curve(outcome, p, n_bins=10, strategy="quantile")
    assert (table["leads"] == 100).all()
    np.testing.assert_allclose(table["rate"], rate)
    np.testing.assert_allclose(table["predicted"], predicted)


def test_errors_by_group_are_counted_by_hand():
    selected = [True, True, False, False, True, False]
    bought = [True, False, True, False, True, False]
    group = pd.Series(["old", "old", "old", None, "young", None], name="age")
    table = scoring.errors_by_group(selected, bought, group)
    assert table.index.name == "age" and table["leads"].sum() == 6
    assert table.loc["old", ["leads", "buyers", "selected"]].tolist() == [3, 2, 2]
    assert table.loc["old", ["rate", "precision", "recall"]].tolist() == [2 / 3, 0.5, 0.5]
    low, high = metrics.wilson_interval(1, 2)
    assert table.loc["old", ["recall_low", "recall_high"]].tolist() == [low, high]
    nobody = table[table.index.isna()].iloc[0]
    assert nobody["leads"] == 2
    assert np.isnan(nobody[["precision", "recall", "recall_low"]].astype(float)).all()


# ---------------------------------------------------------------- decisions


@unhurried
@given(
    scored(),
    st.floats(1, 1000).map(lambda x: round(x, 2)),
    st.floats(0, 50).map(lambda x: round(x, 2)),
)
def test_calling_from_the_threshold_on_promises_most(data, margin, cost):
    p, outcome = data
    curve = scoring.profit_curve(p, outcome, margin=margin, cost=cost)
    assert len(curve) == len(p) + 1 and curve.loc[0, ["expected", "earned"]].tolist() == [0, 0]
    best = curve.attrs["calls"]
    assert curve.loc[best, "expected"] == pytest.approx(curve["expected"].max())
    assert (
        best == (p > scoring.profit_threshold(margin, cost)).sum()
        or np.isclose(p * margin, cost).any()
    )
    for calls in (1, len(p) // 2, len(p)):
        promised = sum(sorted(p, reverse=True)[:calls]) * margin - calls * cost
        assert curve.loc[calls, "expected"] == pytest.approx(promised)
    everybody = outcome.sum() * margin - len(p) * cost
    assert curve["earned"].iloc[-1] == pytest.approx(everybody)


def test_profit_of_ties_is_spread_evenly():
    curve = scoring.profit_curve([0.5, 0.5], [True, False], margin=100, cost=10)
    assert curve["earned"].tolist() == [0, 40, 80]
    assert "earned" not in scoring.profit_curve([0.5], margin=100, cost=10)


@unhurried
@given(scored(), st.integers(1, 70))
def test_a_capacity_threshold_selects_as_many_as_fit(data, capacity):
    score, _ = data
    top = (score == score.max()).sum()
    if top > capacity:
        with pytest.raises(ValueError, match="share the highest score"):
            scoring.capacity_threshold(score, capacity)
        return
    threshold = scoring.capacity_threshold(score, capacity)
    assert threshold in score and (score >= threshold).sum() <= capacity
    below = score[score < threshold]
    if len(below):
        assert (score >= below.max()).sum() > capacity, "the next level would be too many"


# ---------------------------------------------------------------- when


def test_a_hazard_is_counted_by_hand():
    weeks = [1, 1, 2, 3, 3, 3, 2, 0]
    bought = [True, False, True, True, False, False, False, False]
    table = scoring.hazard_table(weeks, bought)
    assert table["at_risk"].tolist() == [7, 5, 3]
    assert table["converted"].tolist() == [1, 1, 1]
    assert table["hazard"].tolist() == [1 / 7, 1 / 5, 1 / 3]
    np.testing.assert_allclose(table["bought"], 1 - np.cumprod([6 / 7, 4 / 5, 2 / 3]))


@unhurried
@given(st.lists(st.integers(1, 9), min_size=1, max_size=50), st.integers(9, 12))
def test_where_all_are_watched_to_the_end_the_share_bought_is_a_plain_share(weeks, end):
    bought = np.array([week < 9 for week in weeks])
    table = scoring.hazard_table(np.where(bought, weeks, end), bought)
    counted = [(bought & (np.array(weeks) <= k)).sum() / len(weeks) for k in table.index]
    np.testing.assert_allclose(table["bought"], counted, atol=1e-12)


def test_a_constant_hazard_is_recovered_from_cut_off_leads():
    rng = np.random.default_rng(8)
    week, watched = rng.geometric(0.1, 20_000), rng.integers(0, 13, 20_000)
    bought = week <= watched
    table = scoring.hazard_table(np.where(bought, week, watched), bought)
    inside = (table["ci_low"] <= 0.1) & (table["ci_high"] >= 0.1)
    assert inside.sum() >= 10, "a 95 % interval misses about one week in twenty"
    assert abs(table["bought"].loc[12] - (1 - 0.9**12)) < 0.02


# ---------------------------------------------------------------- what cannot be

YES = pd.Series([True, False])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: scoring.outcome_within(START, CONVERTED, "60D", observed_until="2026-06-10"),
            ValueError,
            r"converted is after the end of the data, .* 23:59:59, in 1 of 4 rows \(first: row 1",
        ),
        (
            lambda: scoring.outcome_within(CONVERTED, START, "60D", observed_until="2026-07-01"),
            ValueError,
            "column 'start' is missing in 1 of 4 rows",
        ),
        (
            lambda: scoring.outcome_within(
                START + pd.Timedelta("70D"), CONVERTED, "60D", observed_until="2027-01-01"
            ),
            ValueError,
            "converted is before the start in 2 of 4 rows .*: a lead that has bought needs no",
        ),
        (
            lambda: scoring.outcome_within(
                START, CONVERTED[:2], "60D", observed_until="2026-07-01"
            ),
            ValueError,
            "different indexes",
        ),
        (
            lambda: scoring.outcome_within([1], CONVERTED, "60D", observed_until="2026-07-01"),
            TypeError,
            "column 'start' holds numbers, not times",
        ),
        (lambda: scoring.points_card(LEADS, {}), ValueError, "the card has no rules"),
        (lambda: scoring.points_card(LEADS, [1]), TypeError, "card is a list"),
        (
            lambda: scoring.points_card(LEADS, {"webinars >= 1": "10"}),
            TypeError,
            "the worth of 'webinars >= 1' is '10': give points, a number",
        ),
        (
            lambda: scoring.points_card(LEADS, {"webinars >= 1": np.nan}),
            ValueError,
            "the worth of 'webinars >= 1' is nan: give points",
        ),
        (lambda: scoring.points_card([1], {"a > 1": 1}), TypeError, "table is a list: give a Data"),
        (
            lambda: scoring.points_card(pd.concat([LEADS, LEADS], axis=1), {"webinars > 1": 1}),
            ValueError,
            "table has 2 columns called 'webinars'",
        ),
        (lambda: scoring.log_odds(1.0), ValueError, "a certainty has no log-odds"),
        (
            lambda: scoring.logistic_by_steps(LEADS[["visit_count"]], [True, False, True]),
            ValueError,
            "column 'visit_count' is missing in 1 of 3 rows",
        ),
        (
            lambda: scoring.logistic_by_steps(LEADS[["source"]], [True, False, True]),
            TypeError,
            "column 'source' holds text: remove",
        ),
        (
            lambda: scoring.logistic_by_steps(LEADS[["webinars"]], [True, False, True], rate=1e9),
            ValueError,
            "the weights ran away",
        ),
        (  # They swing between two places and stay finite.
            lambda: scoring.logistic_by_steps(
                pd.DataFrame({"webinar": [1] * 10 + [0] * 10}), np.arange(20) % 10 < 3, rate=20
            ),
            ValueError,
            "the weights ran away: a rate of 20 is too long a step",
        ),
        (
            lambda: scoring.logistic_by_steps(LEADS[["webinars"]], [True, False, True], steps=0),
            ValueError,
            "steps is 0: give a whole number",
        ),
        (
            lambda: scoring.brier_score([[0.2, 0.8], [0.9, 0.1]], [True, False]),
            ValueError,
            "probability has 2 columns: give one number per lead",
        ),
        (
            lambda: scoring.reason_codes(
                pd.Series({"webinar": 1.0}), LEADS, reference=pd.Series({"webinar": 0.0})
            ),
            ValueError,
            "no column in features is called 'webinar': did you mean 'webinars'",
        ),
        (
            lambda: scoring.reason_codes(
                pd.Series({"webinars": 1.0}), LEADS, reference=pd.Series()
            ),
            ValueError,
            "no value in reference is called 'webinars'",
        ),
        (
            lambda: scoring.reason_codes(
                pd.Series({"webinars": 1.0}), LEADS, reference=pd.Series({"webinars": 1.0}), n=0
            ),
            ValueError,
            "n is 0",
        ),
        (
            lambda: scoring.brier_score([12, 30], [True, False]),
            ValueError,
            "probability is above 1 in 2 of 2 rows .*: give a fraction: 0.8 for 80 %",
        ),
        (
            lambda: scoring.calibration_table([0.1, 0.2], [True, False], bins=3),
            ValueError,
            "bins is 3: give a whole number of at least 1 and at most 2",
        ),
        (
            lambda: scoring.errors_by_group([True], [True], ["a", "b"]),
            ValueError,
            "there are 1 of selected and 1 of outcome and 2 of group",
        ),
        (lambda: scoring.profit_threshold(0, 10), ValueError, "margin is 0"),
        (lambda: scoring.profit_threshold(200, -1), ValueError, "cost is negative"),
        (lambda: scoring.capacity_threshold([], 3), ValueError, "score has no rows"),
        (lambda: scoring.capacity_threshold([1.0], 0), ValueError, "capacity is 0"),
        (
            lambda: scoring.capacity_threshold([1.0], 2.5),
            TypeError,
            "capacity is 2.5: give a whole number of at least 1",
        ),
        (
            lambda: scoring.capacity_threshold([1.0], np.array([2])),
            TypeError,
            r"capacity is array\(\[2\]\): give a whole number",
        ),
        (
            lambda: scoring.calibration_table([0.1, 0.2], [True, False], bins=True),
            TypeError,
            "bins is True: give a whole number",
        ),
        (
            lambda: scoring.logistic_by_steps(LEADS[["webinars"]], [True, False, True], steps=True),
            TypeError,
            "steps is True: give a whole number",
        ),
        (
            lambda: scoring.logistic_by_steps(LEADS[["webinars"]], [True, False, True], rate="1"),
            TypeError,
            "rate is '1': give a number above 0",
        ),
        (
            lambda: scoring.logistic_by_steps(
                LEADS[["webinars"]], pd.Series([True, False, True]), rate=0.1
            ),
            ValueError,
            "features and outcome have different indexes",
        ),
        (
            lambda: scoring.reason_codes({"webinars": 1.0}, LEADS, reference={"webinars": 1.0}),
            TypeError,
            "coefficients is a dict: give a Series with the names of the features as its index",
        ),
        (
            lambda: scoring.reason_codes(
                pd.Series({"webinars": 1.0}), LEADS, reference=np.array([1.0])
            ),
            TypeError,
            "reference is an? ndarray: give a Series",
        ),
        (
            lambda: scoring.reason_codes(
                pd.Series({"webinars": 1.0}), LEADS, reference=pd.Series({"webinars": 1.0}), n=True
            ),
            TypeError,
            "n is True: give a whole number",
        ),
        (
            lambda: scoring.profit_curve([0.5], margin=pd.Series([200, 300]), cost=10),
            TypeError,
            "margin holds 2 values: give one number",
        ),
        (
            lambda: scoring.errors_by_group([True, False], [True, False], "a"),
            TypeError,
            "group is 'a': give a column, one value per row",
        ),
        (lambda: scoring.brier_score([], []), ValueError, "probability has no rows"),
        (
            lambda: scoring.errors_by_group(YES, YES[::-1], ["a", "b"]),
            ValueError,
            "selected and outcome have different indexes",
        ),
        (
            lambda: scoring.errors_by_group(YES, YES, pd.Series(["a", "b"])[::-1]),
            ValueError,
            "selected and group have different indexes",
        ),
        (
            lambda: scoring.profit_curve(YES / 2, YES[::-1], margin=200, cost=10),
            ValueError,
            "probability and outcome have different indexes",
        ),
        (
            lambda: scoring.hazard_table(pd.Series([1, 2]), YES[::-1]),
            ValueError,
            "weeks and observed have different indexes",
        ),
        (
            lambda: scoring.outcome_within(
                START, CONVERTED[::-1], "60D", observed_until="2026-07-01"
            ),
            ValueError,
            "start and converted have different indexes",
        ),
        (lambda: scoring.hazard_table([0], [True]), ValueError, "a lead bought in week 0"),
        (lambda: scoring.hazard_table([0], [False]), ValueError, "no lead was watched"),
    ],
)
def test_what_cannot_be_is_refused_with_the_remedy(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_the_module_loads_nothing_heavy():
    code = (
        "import sys, funnelkit.scoring\n"
        "heavy = {'matplotlib', 'scipy', 'sklearn', 'statsmodels', 'seaborn', 'IPython'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "[]\n", result.stderr
