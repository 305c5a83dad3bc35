"""Uplift: published cases, scikit-uplift on the same scores, and what bad input is told."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit import metrics, uplift

SCORE = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]
ENROLLED = [1, 0, 1, 0, 1, 0, 0, 1]
TREATED = [1, 1, 0, 1, 0, 0, 1, 0]


def sklift(name):
    """Return a function of scikit-uplift; what it takes from scikit-learn will go in 1.10."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sklift import metrics as others
    function = getattr(others, name)

    def quiet(*arguments, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*map(np.asarray, arguments), **options)

    return quiet


def trial(seed, n=3000, holdout=0.2, levels=None):
    """Return score, treated and enrolled of people whom the action moves by their score."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n)
    if levels:
        score = np.round(score * levels) / levels
    treated = rng.random(n) > holdout
    chance = np.clip(0.2 + 0.1 * score * treated, 0, 1)
    return score, treated, rng.random(n) < chance


# ---------------------------------------------------------------- cases with known values


def test_the_qini_curve_of_eight_people():
    got = uplift.qini_curve(SCORE, TREATED, ENROLLED)
    np.testing.assert_allclose(got["qini"], [0, 1, 1, -1, -2, -2, -1, -5 / 3, -2])
    assert got["people"].tolist() == list(range(9))


def test_the_qini_coefficient_of_eight_people_is_scikit_uplifts_and_not_causalmls():
    got = uplift.qini_coefficient(SCORE, TREATED, ENROLLED)
    assert round(got, 4) == 0.1212
    assert got == pytest.approx(sklift("qini_auc_score")(ENROLLED, SCORE, TREATED))


def test_causalmls_score_of_the_same_people_has_the_opposite_sign():
    # It interpolates where nobody is held out yet, and takes the mean height above random.
    height = uplift.qini_curve(SCORE, TREATED, ENROLLED)["qini"].to_numpy().copy()
    height[1:3] = height[3] * np.array([1, 2]) / 3
    np.testing.assert_allclose(height[:4], [0, -1 / 3, -2 / 3, -1])
    score = (height - np.linspace(0, height[-1], 9)).mean()
    assert round(score, 4) == -0.1852


def test_class_transformation_needs_weights_where_the_groups_are_not_equal():
    people = pd.DataFrame({"one": np.zeros(4000)})
    treated = np.arange(4000) < 3000
    enrolled = np.r_[np.arange(3000) < 900, np.arange(1000) < 200]
    unweighted = uplift.ClassTransformation(weighted=False).fit(people, treated, enrolled)
    assert unweighted.predict(people).to_numpy() == pytest.approx(-0.15, abs=1e-6)
    for propensity in (None, 0.75, pd.Series(0.75, people.index)):
        model = uplift.ClassTransformation(propensity=propensity).fit(people, treated, enrolled)
        assert model.predict(people).to_numpy() == pytest.approx(0.10, abs=1e-6)


def test_the_average_effect_of_a_small_hold_out_group_with_newcombes_interval():
    treated = np.arange(1000) < 900
    enrolled = np.r_[np.arange(900) < 90, np.arange(100) < 8]
    got = uplift.average_effect(treated, enrolled)
    assert got[["treated", "holdout"]].tolist() == [900, 100]
    assert got[["effect", "ci_low", "ci_high"]].round(4).tolist() == [0.02, -0.0522, 0.0644]
    by_rates = metrics.difference(90, 900, 8, 100)
    assert got[["effect", "ci_low", "ci_high"]].tolist() == pytest.approx(by_rates.tolist())


def test_the_auuc_of_eight_people_by_hand():
    # Under 0 1 1 -3/2 -8/3 -10/3 -2 -35/12 -4, its straight line and the best: -149/12, -16, 11/4.
    assert uplift.auuc(SCORE, TREATED, ENROLLED) == pytest.approx(43 / 225)


# ---------------------------------------------------------------- against scikit-uplift


@pytest.mark.parametrize(("seed", "levels"), list(itertools.product(range(4), (None, 2))))
def test_curves_and_coefficients_equal_those_of_scikit_uplift(seed, levels):
    score, treated, enrolled = trial(seed, levels=levels)
    given_to = (enrolled.astype(int), score, treated.astype(int))
    for ours, theirs, column in (
        (uplift.qini_curve, "qini_curve", "qini"),
        (uplift.uplift_curve, "uplift_curve", "gain"),
    ):
        x, y = sklift(theirs)(*given_to)
        got = ours(score, treated, enrolled)
        np.testing.assert_array_equal(got["people"], x)
        np.testing.assert_allclose(got[column], y, atol=1e-9)
    for ours, theirs in (
        (uplift.qini_coefficient, "qini_auc_score"),
        (uplift.auuc, "uplift_auc_score"),
    ):
        assert ours(score, treated, enrolled) == pytest.approx(sklift(theirs)(*given_to))


@pytest.mark.parametrize("levels", (None, 2))
def test_deciles_equal_those_of_scikit_uplift(levels):
    score, treated, enrolled = trial(5, levels=levels)
    theirs = sklift("uplift_by_percentile")(
        enrolled.astype(int), score, treated.astype(int), strategy="overall", bins=10
    )
    ours = uplift.uplift_by_decile(score, treated, enrolled)
    np.testing.assert_allclose(ours["uplift"], theirs["uplift"])
    np.testing.assert_array_equal(ours["treated"], theirs["n_treatment"])
    np.testing.assert_allclose(ours["rate_holdout"], theirs["response_rate_control"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-3, 3), st.booleans(), st.booleans()), min_size=2, max_size=30
    ).filter(lambda rows: len({t for _, t, _ in rows}) == 2)
)
def test_the_curves_do_not_depend_on_the_order_of_rows(rows):
    score, treated, enrolled = map(np.array, zip(*rows, strict=True))
    one = uplift.qini_curve(score, treated, enrolled)
    other = uplift.qini_curve(score[::-1], treated[::-1], enrolled[::-1])
    pd.testing.assert_frame_equal(one, other)
    all_of_them = one["qini"].iloc[-1]
    n_t, n_c = treated.sum(), (~treated).sum()
    expected = enrolled[treated].sum() - enrolled[~treated].sum() * n_t / n_c
    assert all_of_them == pytest.approx(expected)


# ---------------------------------------------------------------- intervals


def test_the_interval_of_the_qini_coefficient_holds_the_truth_as_often_as_it_says():
    score, treated, enrolled = trial(99, n=200_000)
    truth = uplift.qini_coefficient(score, treated, enrolled)
    held = 0
    for seed in range(40):
        s, t, y = trial(seed, n=1000)
        got = uplift.qini_table({"m": s}, t, y, n_resamples=100, seed=seed).iloc[0]
        held += got["qini_low"] <= truth <= got["qini_high"]
    assert held >= 33  # of 40 at 95 %: fewer come about once in 300 times


def test_the_bootstrap_draws_people_and_gives_the_estimate_of_each_draw():
    score, treated, enrolled = trial(3, n=300)
    got = uplift.qini_table({"m": score}, treated, enrolled, n_resamples=100, seed=11).iloc[0]
    rng, replicates = np.random.default_rng(11), []
    for _ in range(100):
        drawn = np.repeat(np.arange(300), np.bincount(rng.integers(300, size=300), minlength=300))
        sample = score[drawn], treated[drawn], enrolled[drawn]
        replicates.append([uplift.qini_coefficient(*sample), uplift.auuc(*sample)])
    low, high = np.quantile(replicates, [0.025, 0.975], axis=0)
    assert got[["qini_low", "auuc_low"]].tolist() == pytest.approx(low.tolist())
    assert got[["qini_high", "auuc_high"]].tolist() == pytest.approx(high.tolist())


def test_a_model_compared_with_itself_differs_by_nothing():
    score, treated, enrolled = trial(3, n=800)
    scores = pd.DataFrame({"one": score, "twin": 2 * score + 1, "noise": -score})
    got = uplift.qini_table(scores, treated, enrolled, compare_with="one", n_resamples=100, seed=1)
    ends = ["difference", "difference_low", "difference_high"]
    assert (got.loc[["one", "twin"], ends].abs().to_numpy() < 1e-12).all()
    assert got.loc["noise", "difference_high"] < 0


def test_the_band_goes_through_the_curve():
    score, treated, enrolled = trial(4, n=1000)
    band = uplift.qini_band(score, treated, enrolled, points=10, n_resamples=200, seed=2)
    curve = uplift.qini_curve(score, treated, enrolled).set_index("people")["qini"]
    np.testing.assert_allclose(band["qini"], curve.loc[np.arange(0, 1001, 100)])
    assert (band["ci_low"] <= band["qini"]).all() and (band["qini"] <= band["ci_high"]).all()


# ---------------------------------------------------------------- models


@pytest.mark.parametrize(
    "model", [uplift.TwoModels, uplift.InteractionModel, uplift.ClassTransformation]
)
def test_each_model_finds_an_effect_that_depends_on_a_feature(model):
    rng = np.random.default_rng(4)
    people = pd.DataFrame({"webinar": rng.random(40_000) < 0.4})
    treated = rng.random(40_000) < 0.9
    chance = 0.2 + np.where(people["webinar"], 0.2, -0.1) * treated
    got = model().fit(people, treated, rng.random(40_000) < chance)
    by_hand = got.predict(pd.DataFrame({"webinar": [True, False]}))
    assert by_hand.tolist() == pytest.approx([0.2, -0.1], abs=0.03)


def test_without_a_penalty_the_interaction_model_is_two_models():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(6)
    people = pd.DataFrame({"visits": rng.poisson(2, 3000), "webinar": rng.random(3000) < 0.3})
    treated, plain = rng.random(3000) < 0.8, LogisticRegression(C=np.inf, max_iter=5000, tol=1e-9)
    enrolled = rng.random(3000) < 0.1 + 0.05 * people["visits"].clip(upper=3) * treated
    one = uplift.TwoModels(plain).fit(people, treated, enrolled).predict_rates(people)
    other = uplift.InteractionModel(plain).fit(people, treated, enrolled).predict_rates(people)
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_the_class_transformation_is_what_scikit_uplift_computes_at_equal_groups():
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sklift.models import ClassTransformation, SoloModel, TwoModels
    rng = np.random.default_rng(8)
    people = pd.DataFrame({"visits": rng.poisson(2, 2000)})
    treated = pd.Series(np.arange(2000) % 2)
    enrolled = pd.Series((rng.random(2000) < 0.2 + 0.1 * treated).astype(int))
    make = lambda: LogisticRegression(max_iter=2000, tol=1e-8)  # noqa: E731
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ClassTransformation(make()).fit(people, enrolled, treated).predict(people)
        two = TwoModels(make(), make()).fit(people, enrolled, treated).predict(people)
        solo = SoloModel(make(), method="treatment_interaction")
        both = solo.fit(people, enrolled, treated).predict(people)
    ours = uplift.ClassTransformation(weighted=False).fit(people, treated, enrolled)
    np.testing.assert_allclose(ours.predict(people), theirs, atol=1e-6)
    ours = uplift.TwoModels().fit(people, treated, enrolled)
    np.testing.assert_allclose(ours.predict(people), two, atol=1e-6)
    ours = uplift.InteractionModel().fit(people, treated, enrolled)
    np.testing.assert_allclose(ours.predict(people), both, atol=1e-5)


# ---------------------------------------------------------------- money


def test_a_discount_is_paid_to_those_who_would_have_bought():
    gain = uplift.expected_gain(0.12, 0.08, margin=200, discount=80, cost=0.3)
    assert gain == pytest.approx(0.12 * 120 - 0.08 * 200 - 0.3)
    wrong = (0.12 - 0.08) * (200 - 80) - 0.3  # forgets the voucher of the sure buyers
    assert wrong - gain == pytest.approx(0.08 * 80)
    assert gain < 0 < wrong


def test_under_a_budget_people_are_chosen_by_gain_per_euro():
    rng = np.random.default_rng(2)
    for _ in range(50):
        gains = pd.DataFrame({"mail": rng.normal(size=9)})
        spend = pd.DataFrame({"mail": np.ones(9)})
        got = uplift.next_best_action(gains, spend=spend, budget=3)
        best = max(
            gains["mail"].iloc[list(some)].sum()
            for size in range(4)
            for some in itertools.combinations(range(9), size)
        )
        assert gains["mail"][got == "mail"].sum() == pytest.approx(best)


def test_doing_nothing_is_an_action():
    gains = pd.DataFrame({4: [1.0, -1.0, 0.0], 8: [2.0, -2.0, 0.0]})
    assert uplift.next_best_action(gains).tolist() == [8, 0, 0]


def test_the_value_of_a_policy_is_that_of_running_it():
    rng, runs = np.random.default_rng(5), []
    for _ in range(200):
        x, treated = rng.random(500), rng.random(500) < 0.8
        reward = 10 * x * treated - 4 * treated + rng.normal(size=500)
        people = pd.DataFrame(
            {"treated": treated, "profit": reward, "propensity": np.where(treated, 0.8, 0.2)}
        )
        policies = pd.DataFrame({"none": np.zeros(500, bool), "some": x > 0.5})
        runs.append(uplift.policy_value(people, policies, compare_with="none").loc["some"])
    runs = pd.DataFrame(runs)
    truth = 0.5 * (7.5 - 4)
    assert runs["value"].mean() == pytest.approx(truth, abs=0.1)
    assert ((runs["ci_low"] < truth) & (truth < runs["ci_high"])).mean() > 0.9
    held = (runs["difference_low"] < truth) & (truth < runs["difference_high"])
    assert held.mean() > 0.9
    assert runs["mean_weight"].mean() == pytest.approx(1, abs=0.03)


def test_policies_that_choose_alike_differ_by_nothing():
    score, treated, enrolled = trial(7, n=200)
    people = pd.DataFrame(
        {"treated": treated, "profit": 10.0 * enrolled, "propensity": np.where(treated, 0.8, 0.2)}
    )
    policies = pd.DataFrame({"a": score > 0, "b": score > 0})
    got = uplift.policy_value(people, policies, compare_with="a")
    assert (got[["difference", "difference_low", "difference_high"]] == 0).all(axis=None)


# ---------------------------------------------------------------- bad input

PEOPLE = pd.DataFrame(
    {
        "consent": [True, True, True, False],
        "treated": [True, False, True, False],
        "profit": [1.0, 2.0, 3.0, 4.0],
        "propensity": [0.8, 0.2, 0.8, 0.2],
    }
)
ALL = pd.DataFrame({"all": [True] * 4})

REFUSED = [
    (
        lambda: uplift.recipients(PEOPLE.assign(consent=[True, None, True, False])),
        "consent is missing in 1 of 4 rows .*who was not asked has not agreed",
    ),
    (
        lambda: uplift.recipients(PEOPLE.assign(treated=True)),
        "treated is true without consent in 1 of 4 rows .*stop these mails",
    ),
    (lambda: uplift.recipients(PEOPLE.iloc[[0, 2]]), "there is no hold-out group"),
    (lambda: uplift.average_effect([1, 1], [0, 1]), "there is no hold-out group"),
    (lambda: uplift.average_effect([0, 0], [0, 1]), "true for none of the 2 people"),
    (lambda: uplift.average_effect([1, 2], [0, 1]), "treated is neither 0 nor 1 in 1 of 2"),
    (lambda: uplift.average_effect(["a", "b"], [0, 1]), "map its values to True and False"),
    (lambda: uplift.average_effect([1, 0, 1], [0, 1]), "3 of treated and 2 of outcome"),
    (lambda: uplift.qini_curve([0.1, np.nan], [1, 0], [0, 1]), "score is missing in 1 of 2"),
    (lambda: uplift.qini_coefficient([0.1, 0.2], [1, 0], [0, 0]), "too few of them enrolled"),
    (
        lambda: uplift.uplift_by_decile(SCORE, TREATED, ENROLLED, bins=8),
        "of the hold-out group nobody is in part 1 of 8",
    ),
    (
        lambda: uplift.qini_table({"m": SCORE[:7]}, TREATED, ENROLLED),
        "8 of treated and 7 of m",
    ),
    (
        lambda: uplift.TwoModels().fit(pd.DataFrame({"x": [1, 2, 3]}), [1, 1, 0], [1, 0, 0]),
        "of the hold-out group none of 1 enrolled",
    ),
    (
        lambda: uplift.TwoModels().fit(pd.DataFrame({"x": [1, np.nan]}), [1, 0], [1, 0]),
        "x is missing in 1 of 2",
    ),
    (lambda: uplift.TwoModels().predict(pd.DataFrame({"x": [1]})), "has not learned yet"),
    (
        lambda: uplift.policy_value(PEOPLE.assign(propensity=[0.8, 0.0, 0.8, 0.2]), ALL),
        "propensity is 0 in 1 of 4 rows",
    ),
    (
        lambda: uplift.policy_value(PEOPLE.assign(propensity=[1.0, 0.2, 0.8, 0.2]), ALL),
        "propensity is 1 in 1 of 4 rows",
    ),
    (
        lambda: uplift.policy_value(PEOPLE, ALL.assign(all=["call"] * 4)),
        "all chooses an action that nobody got",
    ),
    (lambda: uplift.expected_gain(12, 8, margin=200), "give a fraction"),
    (
        lambda: uplift.next_best_action(pd.DataFrame({"mail": [1.0]}), budget=5),
        "give spend and budget together",
    ),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_bad_input_is_told_what_is_wrong(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_a_classifier_that_takes_no_weights_is_refused_for_the_weighted_class_transformation():
    from sklearn.neighbors import KNeighborsClassifier

    model = uplift.ClassTransformation(KNeighborsClassifier(1))
    with pytest.raises(TypeError, match="takes no sample_weight"):
        model.fit(pd.DataFrame({"x": [1, 2, 3, 4]}), [1, 1, 0, 0], [1, 0, 1, 0])


def test_columns_are_taken_by_name():
    score, treated, enrolled = trial(1, n=400)
    people = pd.DataFrame({"a": score, "b": np.arange(400) % 3})
    model = uplift.TwoModels().fit(people, treated, enrolled)
    pd.testing.assert_series_equal(model.predict(people), model.predict(people[["b", "a"]]))
    with pytest.raises(ValueError, match="no column in features is called 'b'"):
        model.predict(people[["a"]])
