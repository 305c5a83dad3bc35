"""What is planted in the table of the mail series is found, on the stored seed and five others."""

import functools

import numpy as np
import pandas as pd
import pytest

import funnelkit
from funnelkit import uplift
from funnelkit.simulate import MODEL, SEED
from funnelkit.world import nurturing

SEEDS = [SEED, 31, 32, 33, 34, 35]
PLANTED = MODEL["nurturing"]
KNOWN = ["visits", "pricing_views", "webinar", "newsletters", "orders"]
LATER = "2025-12-08"


@functools.cache
def drawn(seed):
    table, facts = nurturing.draw_campaigns(seed)
    letters = pd.Series(list(facts["kinds_in_the_order_of_the_table"]))
    table = table.assign(kind=letters.map(facts["letters"]))
    return uplift.recipients(table), table, facts


@functools.cache
def judged(seed):
    """Return the later people with the uplift that two models predict."""
    people = drawn(seed)[0]
    early, late = people[people["entered"] < LATER], people[people["entered"] >= LATER]
    model = uplift.TwoModels().fit(early[KNOWN], early["treated"], early["enrolled"])
    return late.assign(predicted=model.predict(late[KNOWN]))


@pytest.fixture(params=SEEDS, ids=lambda seed: f"seed{seed}")
def seed(request):
    return request.param


def near(got, planted, n):
    """Say whether a share is within three standard errors of the planted one."""
    return abs(got - planted) < 3 * np.sqrt(planted * (1 - planted) / n)


def within(effect, truth):
    """Say whether an effect is within three standard errors of the truth."""
    return abs(effect["effect"] - truth) < 3 * (effect["ci_high"] - effect["ci_low"]) / 3.92


def true_uplift(people):
    return (people["kind"] == "persuadable").mean() - (people["kind"] == "sleeping dog").mean()


def test_the_average_effect_is_that_of_the_kinds(seed):
    people, _, facts = drawn(seed)
    assert true_uplift(people) == pytest.approx(facts["average_effect"], abs=1e-4)
    assert within(uplift.average_effect(people["treated"], people["enrolled"]), true_uplift(people))


def test_one_in_five_is_held_out_and_half_of_the_others_get_eight_mails(seed):
    people, table, _ = drawn(seed)
    assert near(table["consent"].mean(), PLANTED["consent"], len(table))
    assert near((~people["treated"]).mean(), PLANTED["holdout"], len(people))
    treated = people[people["treated"]]
    assert near((treated["mails"] == 8).mean(), PLANTED["many"], len(treated))
    assert set(treated["mails"]) == {4, 8}
    assert not people.loc[~people["treated"], ["mails", "opens", "voucher"]].any(axis=None)


def test_nobody_without_consent_was_drawn_and_they_buy_less(seed):
    people, table, _ = drawn(seed)
    others = table[~table["consent"]]
    assert not others["treated"].any() and not others["mails"].any()
    held_out = people[~people["treated"]]
    assert others["enrolled"].mean() < held_out["enrolled"].mean() - 0.02


def test_the_number_of_mails_changes_who_opts_out_and_nothing_else(seed):
    people = drawn(seed)[0]
    for mails, share in PLANTED["opted_out"].items():
        group = people.loc[people["mails"] == int(mails), "opted_out"]
        assert near(group.mean(), share, len(group))
    treated = people[people["treated"]]
    between = uplift.average_effect(treated["mails"] == 8, treated["enrolled"])
    assert within(between, 0.0)


def test_people_of_each_kind_do_what_the_kind_says(seed):
    people = drawn(seed)[0]
    does = people.groupby(["kind", "treated"])["enrolled"].agg(["min", "max"])
    for kind, (left_alone, with_series) in {
        "persuadable": (False, True),
        "sure": (True, True),
        "sleeping dog": (True, False),
        "lost": (False, False),
    }.items():
        assert (does.loc[(kind, False)] == left_alone).all()
        assert (does.loc[(kind, True)] == with_series).all()


def test_the_kinds_follow_the_planted_log_odds(seed):
    from sklearn.linear_model import LogisticRegression

    people = drawn(seed)[0]
    for kind in ("persuadable", "sure", "sleeping dog"):
        pair = people[people["kind"].isin([kind, "lost"])]
        x, y = pair[KNOWN].astype(float), pair["kind"] == kind
        plain = LogisticRegression(C=np.inf, max_iter=5000, tol=1e-8).fit(x, y)
        p = plain.predict_proba(x)[:, 1]
        design = np.column_stack([np.ones(len(x)), x])
        errors = np.sqrt(np.diag(np.linalg.inv(design.T * (p * (1 - p)) @ design)))
        law = PLANTED["kinds"][kind]
        planted = [law["base"], *(law.get(name, 0.0) for name in KNOWN)]
        got = [plain.intercept_[0], *plain.coef_[0]]
        assert (np.abs(np.subtract(got, planted)) < 4 * errors).all(), (kind, got, planted)


def test_models_rank_later_people_better_than_chance(seed):
    late = judged(seed)
    got = uplift.qini_table(
        late[["predicted"]], late["treated"], late["enrolled"], n_resamples=100, seed=1
    ).iloc[0]
    assert got["qini_low"] > 0 and got["auuc_low"] > 0


def test_the_sleeping_dogs_are_at_the_end_of_the_ranking(seed):
    late = judged(seed).sort_values("predicted")
    last = late.head(len(late) // 20)
    effect = uplift.average_effect(last["treated"], last["enrolled"])
    assert within(effect, true_uplift(last))
    assert effect["ci_high"] < 0
    dogs = late["kind"] == "sleeping dog"
    assert dogs.head(len(last)).mean() > 4 * dogs.mean()


def test_openers_seem_to_be_moved_more_than_anybody_is(seed):
    people = drawn(seed)[0]
    opened = people[people["opens"] > 0]
    held_out = people[~people["treated"]]
    seeming = opened["enrolled"].mean() - held_out["enrolled"].mean()
    assert seeming > true_uplift(people) + 0.01


def test_the_stored_truth_is_that_of_the_stored_table():
    facts = funnelkit.truth()["facts"]["campaigns"]
    assert facts == drawn(SEED)[2]
    stored = funnelkit.load("campaigns")
    assert stored["contact_id"].tolist() == drawn(SEED)[1]["contact_id"].tolist()
