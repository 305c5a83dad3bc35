"""Scores and what they are worth.

Oracles: scikit-learn for AUC, average precision, Brier score, ROC and precision–recall points,
and the weights of a logistic regression; the hazard counted by hand; loops in
plain Python for gains, profit and thresholds.
"""

import itertools
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

from funnelkit import metrics, scoring

unhurried = settings(deadline=None, max_examples=60)


@st.composite
def scored(draw):
    """Scores, many of them tied, and outcomes of which some are True and some are not."""
    n = draw(st.integers(2, 60))
    levels = draw(st.sampled_from([None, 1, 2, 5]))
    elements = st.integers(0, 1000).map(lambda x: x / 1000)
    score = np.array(draw(st.lists(elements, min_size=n, max_size=n)))
    score = score if levels is None else np.round(score * levels) / levels
    outcome = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    outcome[:2] = [True, False]
    return score, outcome


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
@given(scored())
def test_areas_and_brier_equal_scikit_learn_s(data):
    score, outcome = data
    assert scoring.auc(score, outcome) == pytest.approx(sk.roc_auc_score(outcome, score))
    expected = sk.average_precision_score(outcome, score)
    assert scoring.average_precision(score, outcome) == pytest.approx(expected)
    assert scoring.brier_score(score, outcome) == pytest.approx(sk.brier_score_loss(outcome, score))


@unhurried
@given(scored())
def test_thresholds_equal_scikit_learn_s_curves(data):
    score, outcome = data
    table = scoring.threshold_table(score, outcome)
    false_alarm, recall, thresholds = sk.roc_curve(outcome, score, drop_intermediate=False)
    np.testing.assert_array_equal(table.index, thresholds[1:])
    assert not np.signbit(table.index).any(), "no threshold prints as -0.0"
    np.testing.assert_allclose(table["recall"], recall[1:])
    np.testing.assert_allclose(table["false_alarm"], false_alarm[1:])
    precision, recall, _ = sk.precision_recall_curve(outcome, score)
    np.testing.assert_allclose(table["precision"][::-1], precision[:-1])
    np.testing.assert_allclose(table["recall"][::-1], recall[:-1])


@unhurried
@given(scored())
def test_auc_is_the_share_of_pairs_in_order(data):
    score, outcome = data
    pairs = list(itertools.product(score[outcome], score[~outcome]))
    share = sum((a > b) + 0.5 * (a == b) for a, b in pairs) / len(pairs)
    assert scoring.auc(score, outcome) == pytest.approx(share)
    assert scoring.auc(-score, outcome) == pytest.approx(1 - share)


@unhurried
@given(scored(), st.integers(0, 2**32 - 1))
def test_gains_end_at_1_and_do_not_depend_on_the_order_of_rows(data, seed):
    score, outcome = data
    depths = [0.05, 0.1, 0.33, 0.5, 1.0]
    table = scoring.gains_table(score, outcome, depths=depths)
    assert table.loc[1.0, ["lift", "gains"]].tolist() == [1, 1]
    assert (table["gains"].diff().dropna() >= -1e-12).all()
    np.testing.assert_allclose(table["gains"], table["lift"] * table.index)
    np.testing.assert_allclose(table["rate"], table["lift"] * outcome.mean())
    order = np.random.default_rng(seed).permutation(len(score))
    shuffled = scoring.gains_table(score[order], outcome[order], depths=depths)
    pd.testing.assert_frame_equal(table, shuffled)
    pd.testing.assert_frame_equal(table, scoring.gains_table(score * 3 - 7, outcome, depths=depths))


def test_gains_with_ties_are_the_mean_over_all_orders():
    score, outcome = np.array([2, 1, 1, 1, 0]), np.array([False, True, False, True, False])
    tied = [1, 2, 3]
    found = []
    for order in itertools.permutations(tied):
        first_two = [0, order[0]]
        found.append(outcome[first_two].sum())
    table = scoring.gains_table(score, outcome, depths=[0.4])
    assert table.loc[0.4, "buyers"] == pytest.approx(np.mean(found))


def test_a_depth_between_two_leads_takes_a_part_of_the_next():
    table = scoring.gains_table([3, 2, 1, 0], [True, True, False, False], depths=[0.375])
    assert table.loc[0.375, ["leads", "buyers", "rate", "lift"]].tolist() == [1.5, 1.5, 1, 2]


def test_a_score_that_says_nothing_has_lift_1_everywhere():
    table = scoring.gains_table(np.zeros(50), np.arange(50) < 7)
    np.testing.assert_allclose(table["lift"], 1)


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
    named = [True, True, False, False, True, False]
    bought = [True, False, True, False, True, False]
    group = pd.Series(["old", "old", "old", None, "young", None], name="age")
    table = scoring.errors_by_group(named, bought, group)
    assert table.index.name == "age" and table["leads"].sum() == 6
    assert table.loc["old", ["leads", "buyers", "named"]].tolist() == [3, 2, 2]
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
def test_a_capacity_threshold_names_as_many_as_fit(data, capacity):
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


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: scoring.outcome_within(START, CONVERTED, 60, observed_until="2026-07-01"),
            TypeError,
            "without a unit: give a number with its unit",
        ),
        (
            lambda: scoring.outcome_within(START, CONVERTED, "60D", observed_until="2026-06-10"),
            ValueError,
            r"converted is after 2026-06-10 00:00:00 in 1 of 4 rows \(first: row 1\)",
        ),
        (
            lambda: scoring.outcome_within(CONVERTED, START, "60D", observed_until="2026-07-01"),
            ValueError,
            "start is missing in 1 of 4 rows",
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
            "start holds list: give a column of times",
        ),
        (lambda: scoring.points_card(LEADS, {}), ValueError, "the card has no rules"),
        (lambda: scoring.points_card(LEADS, [1]), TypeError, "card is a list"),
        (
            lambda: scoring.points_card(LEADS, {"webinar >= 1": 1}),
            ValueError,
            "the rule 'webinar >= 1' cannot be read .*not defined",
        ),
        (
            lambda: scoring.points_card(LEADS, {"webinars": 1}),
            ValueError,
            "the rule 'webinars' is not a condition: compare",
        ),
        (
            lambda: scoring.points_card(LEADS, {"webinars >= 1": "10"}),
            TypeError,
            "the points of 'webinars >= 1' are '10'",
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
            "column 'source' holds string values: give numbers",
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
            lambda: scoring.auc([True, False, True], [True, False, True]),
            TypeError,
            r"score is a yes or no for each lead.*predict_proba\(leads\)\[:, 1\]",
        ),
        (
            lambda: scoring.brier_score([[0.2, 0.8], [0.9, 0.1]], [True, False]),
            ValueError,
            "probability has 2 columns: give one number a lead",
        ),
        (
            lambda: scoring.gains_table([[0.2, 0.8], [0.9, 0.1]], [True, False]),
            ValueError,
            "score has 2 columns",
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
            "reference has no 'webinars'",
        ),
        (
            lambda: scoring.reason_codes(
                pd.Series({"webinars": 1.0}), LEADS, reference=pd.Series({"webinars": 1.0}), n=0
            ),
            ValueError,
            "n is 0",
        ),
        (
            lambda: scoring.auc([0.1, 0.2], [True, True]),
            ValueError,
            "2 of 2 leads bought: an order of leads can be judged only",
        ),
        (
            lambda: scoring.auc([0.1, np.nan], [True, False]),
            ValueError,
            "score is missing in 1 of 2 rows",
        ),
        (
            lambda: scoring.auc([0.1, 0.2], [1, 0]),
            TypeError,
            "column 'outcome' holds integer values, not True and False",
        ),
        (
            lambda: scoring.auc([0.1, 0.2, 0.3], [True, False]),
            ValueError,
            "outcome has 2 rows and score 3",
        ),
        (
            lambda: scoring.threshold_table([0.1, 0.2], pd.Series([True, None], dtype="boolean")),
            ValueError,
            "column 'outcome' is missing in 1 of 2 rows",
        ),
        (
            lambda: scoring.gains_table([1, 2], [True, False], depths=[10]),
            ValueError,
            "depths is not above 0 and at most 1 .*give 0.1 for the best tenth",
        ),
        (
            lambda: scoring.brier_score([12, 30], [True, False]),
            ValueError,
            "probability is not from 0 to 1 .*divide percentages by 100",
        ),
        (
            lambda: scoring.calibration_table([0.1, 0.2], [True, False], bins=3),
            ValueError,
            "bins is 3: give a whole number from 1 to 2",
        ),
        (
            lambda: scoring.errors_by_group([True], [True], ["a", "b"]),
            ValueError,
            "named has 1 rows and group 2",
        ),
        (lambda: scoring.profit_threshold(0, 10), ValueError, "margin is 0"),
        (lambda: scoring.profit_threshold(200, -1), ValueError, "cost is negative"),
        (lambda: scoring.capacity_threshold([], 3), ValueError, "there is no score"),
        (lambda: scoring.capacity_threshold([1.0], 0), ValueError, "capacity is 0"),
        (lambda: scoring.capacity_threshold([1.0], 2.5), ValueError, "not a whole number"),
        (lambda: scoring.hazard_table([0], [True]), ValueError, "a lead bought in week 0"),
        (lambda: scoring.hazard_table([0], [False]), ValueError, "nobody was watched"),
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
