"""Bandits and off-policy estimates against closed forms and published estimators and data."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import funnelkit
from funnelkit import bandits

TWO = pd.Series({"A": 0.20, "B": 0.25})
SIX = pd.DataFrame(
    {
        "item": [0, 0, 1, 1, 2, 0],
        "click": [1, 0, 0, 1, 1, 0],
        "propensity": [0.5, 0.5, 0.2, 0.2, 0.1, 0.5],
    }
)
UNIFORM = pd.Series(1 / 3, index=[0, 1, 2])


def end(played):
    return bandits.regret_table(played).iloc[-1]


# ---------------------------------------------------------------- shares of Thompson sampling


def test_one_success_against_one_failure_is_chosen_five_times_in_six():
    assert np.isclose(bandits.thompson_shares([1, 1], [1, 0])[0], 5 / 6, atol=1e-12)


@pytest.mark.parametrize(
    ("shown", "converted", "shares"),
    [
        ([1000, 1000], [200, 250], [0.00372, 0.99628]),
        ([10, 10], [2, 5], [0.0913313, 0.9086687]),
        ([100, 100, 100], [20, 25, 30], [0.031282, 0.206258, 0.762460]),
    ],
)
def test_shares_are_the_probabilities_to_be_best(shown, converted, shares):
    assert np.allclose(bandits.thompson_shares(shown, converted), shares, atol=6e-6)


@pytest.mark.parametrize("prior", [(1, 1), (0.5, 0.5), (20, 80)])
@pytest.mark.parametrize(
    ("shown", "converted"),
    [([0, 0, 0], [0, 0, 0]), ([0, 10**6], [0, 123_000]), ([5, 500, 50_000], [0, 3, 400])],
)
def test_shares_are_those_of_many_draws(shown, converted, prior):
    shown, converted = np.array(shown), np.array(converted)
    rng = np.random.default_rng(3)
    posterior = stats.beta(prior[0] + converted, prior[1] + shown - converted)
    best = posterior.rvs((200_000, len(shown)), random_state=rng).argmax(axis=1)
    drawn = np.bincount(best, minlength=len(shown)) / len(best)
    assert np.allclose(bandits.thompson_shares(shown, converted, prior=prior), drawn, atol=0.006)


def test_thompson_sampling_chooses_in_these_shares():
    shown, converted = np.array([100, 100, 100]), np.array([20, 25, 30])
    known = bandits.Known(shown=shown[None], converted=converted[None])
    chosen = bandits.Thompson().choose(known, 100_000, np.random.default_rng(1))[0]
    assert np.allclose(chosen / 100_000, bandits.thompson_shares(shown, converted), atol=0.006)


# ---------------------------------------------------------------- regret


def test_thompson_sampling_loses_as_much_as_two_other_programs_found():
    alone = end(bandits.play(TWO, bandits.Thompson(), users=20_000, worlds=30, seed=1))
    assert alone["ci_low"] - 5 < 25 < alone["ci_high"] + 5
    hundred = bandits.play(TWO, bandits.Thompson(), users=20_000, batch=100, worlds=200, seed=1)
    assert abs(end(hundred)["regret"] - 26.7) < 2 * 1.9
    thousand = bandits.play(TWO, bandits.Thompson(), users=20_000, batch=1000, worlds=200, seed=1)
    assert abs(end(thousand)["regret"] - 36.7) < 3


def test_epsilon_greedy_pays_for_exploring_for_ever():
    much = bandits.play(TWO, bandits.EpsilonGreedy(0.2), users=20_000, batch=10, worlds=200, seed=1)
    assert abs(end(much)["regret"] - 110) < 6
    little = bandits.play(
        TWO, bandits.EpsilonGreedy(0.05), users=20_000, batch=10, worlds=300, seed=1
    )
    assert end(little)["ci_low"] - 5 < 53 < end(little)["ci_high"] + 5


def test_always_exploring_loses_the_mean_gap_and_never_less():
    played = bandits.play(TWO, bandits.EpsilonGreedy(1), users=10_000, batch=100, worlds=50, seed=2)
    assert abs(end(played)["regret"] - 10_000 * 0.025) < 1.5


def test_a_test_that_commits_loses_in_the_test_and_by_committing_to_the_wrong_one():
    played = bandits.play(
        TWO, bandits.ABTest(users=2000), users=20_000, batch=100, worlds=4000, seed=3
    )
    n, gap = 1000, 0.05
    spread = np.sqrt(0.2 * 0.8 / n + 0.25 * 0.75 / n)
    wrong = stats.norm.cdf(-gap / spread)
    expected = 2000 * gap / 2 + wrong * 18_000 * gap
    result = end(played)
    assert abs(result["regret"] - expected) < 3 * (result["ci_high"] - result["regret"]) / 1.96
    shown = played.pivot(index="world", columns="variant", values="shown")
    assert ((shown.min(axis="columns") > 850) & (shown.min(axis="columns") < 1150)).all()


def test_the_shown_variants_add_up_to_the_users_at_each_checkpoint():
    played = bandits.play(TWO, bandits.Thompson(), users=600, batch=50, worlds=3, every=200)
    assert (
        played.groupby(["world", "users"])["shown"].sum().reset_index()["shown"].tolist()
        == [
            200,
            400,
            600,
        ]
        * 3
    )
    assert (played["converted"] <= played["shown"]).all()
    gap = played["variant"].map({"A": 0.05, "B": 0.0})
    assert np.allclose(played["regret"], played["shown"] * gap)


def test_means_of_equal_variants_are_biased_low_after_a_bandit():
    equal = pd.Series({"A": 0.2, "B": 0.2})
    played = bandits.play(equal, bandits.Thompson(), users=1000, worlds=3000, batch=1, seed=4)
    played["mean"] = played["converted"] / played["shown"]
    assert abs(played["mean"].mean() - 0.189) < 0.003
    least = played.sort_values(["world", "shown"]).drop_duplicates("world")
    assert abs(least["mean"].mean() - 0.174) < 0.004


def test_outcomes_that_come_late_cost_something_and_counting_them_as_no_costs_more():
    late = pd.Series({"A": 0, "B": 4000})
    plain, wait, no = (
        bandits.play(
            TWO, bandits.Thompson(), users=20_000, batch=500, worlds=100, seed=5, **options
        )
        for options in ({}, {"delay": late}, {"delay": late, "pending": "no"})
    )
    assert bandits.regret_difference(wait, plain)["ci_low"] > 0
    assert bandits.regret_difference(no, wait)["ci_low"] > 0


def test_a_delay_of_less_than_a_batch_is_one_batch_and_none_is_none():
    first = pd.Series({"A": 0.0, "B": 1.0})
    shares = {}
    for delay in (0, 1, 100, 101):
        played = bandits.play(
            first, bandits.Thompson(), users=400, batch=100, worlds=50, delay=delay, every=100
        )
        b = played[played["variant"] == "B"].pivot(index="world", columns="users", values="shown")
        shares[delay] = b.diff(axis="columns").mean() / 100
    assert shares[0][200] > 0.9
    assert shares[1][200] < 0.6 < 0.9 < shares[1][300]
    assert shares[100][200] < 0.6 < 0.9 < shares[100][300]
    assert shares[101][300] < 0.6 < 0.9 < shares[101][400]


def test_a_test_waits_for_outcomes_before_it_commits():
    played = bandits.play(
        TWO, bandits.ABTest(users=1000), users=4000, batch=100, delay=1000, worlds=200, every=1000
    )
    a = played[played["variant"] == "A"].pivot(index="world", columns="users", values="shown")
    later = a.diff(axis="columns")
    assert later[2000].between(400, 600).all()
    assert set(later[3000]) == {0, 1000}


def test_forgetting_pays_when_the_world_turns_round_and_costs_when_it_does_not():
    turns = pd.DataFrame({"A": [0.25, 0.15], "B": [0.20, 0.20]}, index=[0, 10_000])
    options = {"users": 30_000, "batch": 500, "worlds": 60}
    keeps = bandits.play(turns, bandits.Thompson(), **options, seed=6)
    forgets = bandits.play(turns, bandits.Thompson(), **options, half_life=4000, seed=7)
    assert bandits.regret_difference(keeps, forgets)["ci_low"] > 0
    keeps = bandits.play(TWO, bandits.Thompson(), **options, seed=6)
    forgets = bandits.play(TWO, bandits.Thompson(), **options, half_life=4000, seed=7)
    assert bandits.regret_difference(forgets, keeps)["ci_low"] > 0


def test_regret_follows_the_best_variant_of_its_time():
    turns = pd.DataFrame({"A": [0.3, 0.1], "B": [0.2, 0.2]}, index=[0, 100])
    played = bandits.play(turns, bandits.EpsilonGreedy(1), users=200, worlds=400, every=100)
    table = bandits.regret_table(played)["regret"]
    assert abs(table[100] - 5) < 0.2
    assert abs(table[200] - 10) < 0.3


def test_a_harmful_variant_is_shown_less_by_a_bandit_than_by_a_test():
    rates = pd.Series({"now": 0.20, "new": 0.21, "harmful": 0.10})
    shown = {}
    for name, policy in (("bandit", bandits.Thompson()), ("test", bandits.ABTest(users=3000))):
        played = bandits.play(rates, policy, users=6000, batch=100, worlds=100, seed=8)
        shown[name] = played.groupby("variant")["shown"].mean()["harmful"]
    assert shown["bandit"] < 250
    assert abs(shown["test"] - 1000) < 20


def test_the_same_seed_gives_the_same_worlds():
    one, same, other = (
        bandits.play(TWO, bandits.Thompson(), users=500, worlds=5, batch=10, seed=seed)
        for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)


def test_regret_by_hand():
    played = pd.DataFrame(
        {"world": [0, 0, 1, 1], "users": [10] * 4, "variant": ["A", "B"] * 2,
         "regret": [2.0, 0.0, 4.0, 0.0]}
    )  # fmt: skip
    table = bandits.regret_table(played).loc[10]
    assert (table["worlds"], table["regret"]) == (2, 3)
    assert np.isclose(table["ci_high"], 3 + 1.959964 * np.sqrt(2) / np.sqrt(2))


# ---------------------------------------------------------------- off-policy estimates


def test_six_rows_by_hand():
    table = bandits.off_policy_value(SIX, UNIFORM)
    ips, snips = table.loc["ips"], table.loc["snips"]
    assert np.isclose(ips["estimate"], 0.944444, atol=1e-6)
    assert np.isclose(ips["se"], 0.547159, atol=1e-6)
    assert np.isclose(snips["estimate"], 0.653846, atol=1e-6)
    assert np.isclose(ips["effective_n"], 4.1728, atol=1e-4)
    clipped = bandits.off_policy_value(SIX, UNIFORM, clip=2)
    assert np.isclose(clipped.loc["ips", "estimate"], 0.722222, atol=1e-6)


def thompson_log(campaign):
    log = funnelkit.load("open_bandit").query("policy == 'thompson' and campaign == @campaign")
    items = sorted(log["item"].unique())
    return log, pd.Series(1 / len(items), index=items)


def test_open_bandit_all_as_obp_s_own_estimators():
    table = bandits.off_policy_value(*thompson_log("all"))
    assert np.isclose(table.loc["ips", "estimate"], 0.00235964, atol=1e-8)
    assert np.isclose(table.loc["ips", "se"], 0.000871, atol=1e-6)
    assert np.isclose(table.loc["snips", "estimate"], 0.00233371, atol=1e-8)
    assert np.isclose(table.loc["ips", "mean_weight"], 1.0111, atol=5e-5)
    assert np.isclose(table.loc["ips", "effective_n"], 340.4, atol=0.05)
    assert np.isclose(bandits.importance_weights(*thompson_log("all")).max(), 277.8, atol=0.05)


def test_open_bandit_women_as_obp_s_own_estimators():
    log, uniform = thompson_log("women")
    table = bandits.off_policy_value(log, uniform)
    assert np.isclose(table.loc["ips", "estimate"], 0.00743758, atol=1e-8)
    assert np.isclose(table.loc["snips", "estimate"], 0.00237305, atol=1e-8)
    assert np.isclose(table.loc["ips", "mean_weight"], 3.1342, atol=5e-5)
    assert np.isclose(table.loc["ips", "effective_n"], 2.1, atol=0.05)
    assert np.isclose(table.loc["ips", "max_share"], 0.69, atol=0.005)
    clipped = bandits.off_policy_value(log, uniform, clip=10)
    assert np.isclose(clipped.loc["ips", "estimate"], 0.004384, atol=5e-7)


def test_one_row_of_the_women_s_log_carries_most_of_the_weight():
    log, uniform = thompson_log("women")
    weights = bandits.importance_weights(log, uniform)
    heaviest = log.loc[weights.idxmax()]
    assert heaviest[["item", "position", "click", "propensity"]].tolist() == [19, 2, False, 1e-6]
    assert np.isclose(weights.max(), 21_739, atol=0.5)
    assert log.index.get_loc(weights.idxmax()) == 8409
    without = log.drop(index=weights.idxmax())
    table = bandits.off_policy_value(without, uniform)
    assert np.isclose(table.loc["snips", "estimate"], 0.00774524, atol=1e-8)
    assert np.isclose(table.loc["snips", "effective_n"], 536.8, atol=0.05)


def test_a_policy_judged_on_its_own_log_gets_the_mean_of_the_log():
    log = funnelkit.load("open_bandit").query("policy == 'random' and campaign == 'men'")
    items = sorted(log["item"].unique())
    table = bandits.off_policy_value(log, pd.Series(1 / len(items), index=items))
    assert np.allclose(table["estimate"], log["click"].mean())
    assert np.allclose(table["effective_n"], len(log))


def test_a_column_of_probabilities_does_as_well_as_a_policy_by_action():
    log = SIX.assign(new=SIX["item"].map({0: 0.2, 1: 0.3, 2: 0.5}))
    by_action = bandits.off_policy_value(SIX, pd.Series({0: 0.2, 1: 0.3, 2: 0.5}))
    pd.testing.assert_frame_equal(bandits.off_policy_value(log, "new"), by_action)


def test_ips_is_right_on_average_and_its_interval_nearly_holds():
    rng, inside, estimates = np.random.default_rng(9), 0, []
    chances, rates = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.2, 0.4])
    for _ in range(300):
        item = rng.choice(3, size=1000, p=chances)
        log = pd.DataFrame({"item": item, "propensity": chances[item]})
        log["click"] = rng.random(1000) < rates[item]
        row = bandits.off_policy_value(log, UNIFORM).loc["ips"]
        estimates.append(row["estimate"])
        inside += row["ci_low"] <= rates.mean() <= row["ci_high"]
    assert abs(np.mean(estimates) - rates.mean()) < 3 * np.std(estimates) / 300**0.5
    assert 0.91 < inside / 300 < 0.98


def test_effective_sample_size_of_equal_weights_is_their_number():
    assert np.isclose(bandits.effective_sample_size([1e200] * 7), 7)
    assert np.isclose(bandits.effective_sample_size([0, 0, 5]), 1)


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("change", "policy", "words"),
    [
        ({"propensity": [0.5, 0, 0.2, 0.2, 0.1, 0.5]}, UNIFORM, "propensity is 0 in 1 of 6 rows"),
        ({"propensity": 50}, UNIFORM, "propensity is above 1 in 6 of 6 rows"),
        ({}, pd.Series(0.25, index=[0, 1, 2, 3]), r"gives 0.25 to 1 actions .* \(first: 3\)"),
        ({}, pd.Series(0.5, index=[0, 1]), "no probability for an action of the log in 1 of 6"),
        ({}, pd.Series(0.5, index=[0, 1, 2]), "sum to 1.5: divide them by their sum"),
        ({}, pd.Series([0.5, 0.5], index=[0, 0]), "two probabilities for one action"),
    ],
)
def test_what_cannot_be_weighted_is_refused(change, policy, words):
    with pytest.raises(ValueError, match=words):
        bandits.off_policy_value(SIX.assign(**change), policy)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"users": 1050}, "users is 1,050, .* batch of 100: give 1,000 or 1,100"),
        ({"every": 250}, "every is 250, which is not a multiple of the batch"),
        ({"half_life": 500, "policy": bandits.ABTest()}, "half_life is given for an ABTest"),
        ({"delay": pd.Series({"A": 10})}, "delay has no one value for 'B'"),
        ({"rates": pd.Series({"A": 0.2})}, "one variant: give at least two"),
        ({"rates": pd.Series({"A": 20, "B": 25})}, "rate of 'A' is above 1"),
        (
            {"rates": pd.DataFrame({"A": [0.1, 0.2], "B": 0.3}, index=[100, 0])},
            r"index of rates is \[100, 0\]: give the numbers of the users",
        ),
        (
            {"rates": pd.DataFrame({"A": [0.1, 0.2], "B": 0.3}, index=[0, 150])},
            "index of rates is 150, which is not a multiple",
        ),
        ({"worlds": 10**7}, "numbers at once: give fewer worlds"),
    ],
)
def test_a_world_that_cannot_be_is_refused(options, words):
    arguments = {"rates": TWO, "policy": bandits.Thompson(), "users": 1000, "batch": 100}
    with pytest.raises(ValueError, match=words):
        bandits.play(**{**arguments, **options})


def test_policies_check_their_options():
    with pytest.raises(TypeError, match="give bandits.Thompson()"):
        bandits.play(TWO, "thompson", users=100)
    with pytest.raises(ValueError, match="prior's β is 0: give a number above 0"):
        bandits.Thompson(prior=(1, 0))
    with pytest.raises(TypeError, match="give the two numbers α and β"):
        bandits.Thompson(prior=1)
    with pytest.raises(ValueError, match="epsilon is 20: give a fraction from 0 to 1"):
        bandits.EpsilonGreedy(20)
    with pytest.raises(ValueError, match="users is 0: give a whole number"):
        bandits.ABTest(users=0)


def test_runs_of_different_length_are_not_compared():
    short, long = (bandits.play(TWO, bandits.ABTest(), users=n, worlds=2) for n in (100, 200))
    with pytest.raises(ValueError, match="one ends after 100 users and other after 200"):
        bandits.regret_difference(short, long)
