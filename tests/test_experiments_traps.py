"""What makes a test mislead: looking early, many questions, noise, clusters, winners.

Oracles: the printed tables of Armitage, McPherson & Rowe; GrowthBook's own case; statsmodels for
adjusted p-values and regression; tea-tasting's values, computed in an environment of its own; the
bootstrap by user; simulation.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from funnelkit import experiments
from funnelkit.experiments.arms import Moments, welch
from tests.bad_calls.experiments_traps import USERS as VALID

unhurried = settings(deadline=None, max_examples=25)

# What tea-tasting 1.14.0 returns for `people(300, seed=4)` and `sessions(seed=1)`, by
# Mean("spend", "before") and RatioOfMeans("clicks", "sessions"): control, treatment, effect size,
# its interval, p-value. `tools/trials/try_tea_tasting.py` compares on the school's own table.
TEA_CUPED = [
    *(0.014454887564391401, 0.47850139291137134, 0.46404650534697994),
    *(0.2807874428557514, 0.6473055678382085, 1.0822798307985527e-06),
]
TEA_RATIO = [
    *(0.13084378563283924, 0.13119450014322545, 0.0003507145103862075),
    *(-0.020365040837618743, 0.021066469858391158, 0.9735167514219447),
]

# ---------------------------------------------------------------- looking early


@pytest.mark.parametrize(("looks", "printed"), [(2, 0.083), (5, 0.142), (10, 0.193)])
def test_looking_k_times_gives_the_false_alarms_that_armitage_computed(looks, printed):
    found = experiments.false_alarm_rate(looks, tests=100_000, seed=looks)
    assert found == pytest.approx(printed, abs=3 * (printed * (1 - printed) / 100_000) ** 0.5)


def test_one_look_has_the_false_alarms_it_promises():
    found = experiments.false_alarm_rate(1, tests=100_000, confidence=0.9, seed=1)
    assert found == pytest.approx(0.1, abs=0.003)


def test_the_always_valid_interval_keeps_its_promise_at_any_number_of_looks():
    rates = [
        experiments.false_alarm_rate(looks, method="always-valid", tests=20_000, seed=1)
        for looks in (1, 10, 500)
    ]
    assert rates == sorted(rates) and rates[-1] < 0.05


def test_the_always_valid_interval_is_that_of_growthbook():
    a, b, n_a, n_b = 1396 / 3000, 2422 / 3461, 3000, 3461
    error = (b * (1 - b) / n_b / a**2 + a * (1 - a) * b**2 / n_a / a**4) ** 0.5
    low, high = experiments.always_valid_interval(b / a - 1, error, n_a + n_b, tuned_for=5000)
    assert (round(low, 5), round(high, 5)) == (0.40098, 0.60675)


def test_the_always_valid_interval_costs_half_as_much_again_where_it_is_tuned():
    wider = experiments.always_valid_quantile(5000, tuned_for=5000) / stats.norm.ppf(0.975)
    assert wider == pytest.approx(1.55, abs=0.005)


def test_the_quantile_is_the_published_formula_written_another_way():
    n, alpha, target = np.array([200.0, 3000, 40_000]), 0.1, 3000
    rho2 = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / target
    inner = 2 * (n * rho2 + 1) / (n**2 * rho2) * np.log(np.sqrt(n * rho2 + 1) / alpha)
    found = experiments.always_valid_quantile(n, tuned_for=target, confidence=0.9)
    assert np.allclose(found, np.sqrt(inner) * np.sqrt(n))


def test_the_quantile_is_where_the_mixture_of_likelihoods_reaches_one_over_alpha():
    # Robbins: the likelihood ratio of normal data against N(0, rho^2), averaged by quadrature.
    n, alpha, target = 700, 0.05, 1000
    z = experiments.always_valid_quantile(n, tuned_for=target)
    rho = np.sqrt((-2 * np.log(alpha) + np.log(1 - 2 * np.log(alpha))) / target)
    mean = np.linspace(-12 * rho, 12 * rho, 200_001)
    ratio = np.exp(mean * np.sqrt(n) * z - n * mean**2 / 2) * stats.norm.pdf(mean, scale=rho)
    assert np.trapezoid(ratio, mean) == pytest.approx(1 / alpha, rel=1e-6)


def test_at_all_looks_together_the_interval_holds_the_true_difference():
    # 2,000 tests of a metric that is far from normal, looked at after each user from 100 an arm.
    rng = np.random.default_rng(7)
    n = np.arange(1, 2001)
    missed, misled = 0, 0
    for _ in range(2000):
        a, b = rng.exponential(1.0, 2000), rng.exponential(1.2, 2000)
        means = [np.cumsum(x) / n for x in (a, b)]
        with np.errstate(invalid="ignore", divide="ignore"):
            var = [
                (np.cumsum(x**2) - n * m**2) / (n - 1) for x, m in zip((a, b), means, strict=True)
            ]
        late = n >= 100
        gap = (means[1] - means[0])[late]
        error = np.sqrt((var[0] + var[1]) / n)[late]
        low, high = experiments.always_valid_interval(gap, error, 2 * n[late], tuned_for=4000)
        missed += bool(((low > 0.2) | (high < 0.2)).any())
        misled += bool((np.abs(gap - 0.2) > 1.96 * error).any())
    assert missed / 2000 <= 0.05  # planted 95 %; found about 98.6 %
    assert misled / 2000 > 0.3  # the plain interval, looked at as often


TOY = pd.DataFrame(
    {
        "variant": ["A", "B"] * 6,
        "known_at": pd.to_datetime(["2026-05-01", "2026-05-02", "2026-05-03"]).repeat(4),
        "spend": [5.0, 7, 6, 9, 4, 6, 8, 9, 5, 7, 6, 10],
    }
)
DAYS = ["2026-05-01", "2026-05-02", "2026-05-03"]


def test_a_table_of_looks_compares_those_whose_result_is_known():
    table = experiments.look_table(TOY, "spend", DAYS, control="A", tuned_for=12)
    assert table["users"].tolist() == [4, 8, 12]
    for day, row in table.iterrows():
        seen = TOY[TOY["known_at"] < day + pd.Timedelta("1D")].groupby("variant")["spend"]
        a, b = seen.get_group("A"), seen.get_group("B")
        plain = stats.ttest_ind(b, a, equal_var=False).confidence_interval()
        assert np.allclose([row["ci_low"], row["ci_high"]], plain)
        error = (a.var() / len(a) + b.var() / len(b)) ** 0.5
        low, high = experiments.always_valid_interval(
            b.mean() - a.mean(), error, len(a) + len(b), tuned_for=12
        )
        assert np.allclose([row["always_low"], row["always_high"]], [low, high])


# ---------------------------------------------------------------- many questions

CASE = [0.01, 0.04, 0.03, 0.005]
METHODS = {"holm": "holm", "benjamini-hochberg": "fdr_bh", "bonferroni": "bonferroni"}
P1995 = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459),
    *(0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.000),
]


def test_four_p_values_by_hand():
    holm = experiments.adjusted_p_values(CASE)
    false_share = experiments.adjusted_p_values(CASE, method="benjamini-hochberg")
    assert np.allclose(holm, [0.03, 0.06, 0.06, 0.02])
    assert np.allclose(false_share, [0.02, 0.04, 0.04, 0.02])


def test_benjamini_and_hochberg_find_four_where_bonferroni_finds_three():
    found = {m: (experiments.adjusted_p_values(P1995, method=m) <= 0.05).sum() for m in METHODS}
    assert found == {"holm": 3, "benjamini-hochberg": 4, "bonferroni": 3}


@unhurried
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusted_p_values_are_those_of_statsmodels(p):
    for ours, theirs in METHODS.items():
        expected = multipletests(p, method=theirs)[1]
        assert np.allclose(experiments.adjusted_p_values(p, method=ours), expected)


def test_adjusted_p_values_keep_the_index():
    p = pd.Series([0.04, 0.01], index=["minutes", "leads"])
    assert experiments.adjusted_p_values(p).round(3).to_dict() == {"minutes": 0.04, "leads": 0.02}


def test_with_one_good_idea_in_ten_a_third_of_the_findings_is_false():
    assert experiments.false_positive_risk(0.1) == pytest.approx(0.36)
    positive = experiments.false_positive_risk(0.1, findings="positive")
    assert positive == pytest.approx(0.2195, abs=1e-4)
    assert experiments.false_positive_risk(np.array([0.0, 1.0])).tolist() == [1.0, 0.0]


# ---------------------------------------------------------------- winners


@pytest.mark.parametrize(("effect", "error"), [(0.1, 3.28), (1.0, 1.0), (-2.0, 0.8)])
def test_exaggeration_is_what_simulation_finds(effect, error):
    found = np.random.default_rng(3).normal(effect, error, 1_000_000)
    kept = found[np.abs(found) > stats.norm.ppf(0.975) * error]
    simulated = [
        len(kept) / len(found),
        (np.sign(kept) != np.sign(effect)).mean(),
        np.abs(kept).mean() / abs(effect),
    ]
    result = experiments.exaggeration(effect, error)
    assert np.allclose(result, simulated, rtol=0.02, atol=0.002)


def test_the_example_of_gelman_and_carlin():
    result = experiments.exaggeration(0.1, 3.28)
    assert result.round(2)[:2].to_dict() == {"power": 0.05, "wrong_sign": 0.46}
    assert round(result["exaggeration"]) == 77


# ---------------------------------------------------------------- CUPED

EIGHT = pd.DataFrame(
    {
        "variant": list("AAAABBBB"),
        "before": [2, 4, 6, 8, 3, 5, 8, 12],
        "spend": [5, 6, 9, 10, 6, 9, 11, 16],
    }
)


def people(n=4000, *, seed=0, lift=0.5, r=0.6):
    """Return users with a covariate that correlates with the metric."""
    rng = np.random.default_rng(seed)
    x, noise = rng.standard_normal((2, n))
    variant = rng.choice(["A", "B"], n)
    spend = r * x + (1 - r**2) ** 0.5 * noise + lift * (variant == "B")
    return pd.DataFrame({"variant": variant, "before": x, "spend": spend})


def test_cuped_of_eight_users_by_both_conventions():
    everybody = experiments.cuped(EIGHT, "spend", "before", control="A")
    assert everybody.attrs["theta"] == pytest.approx(1.067568, abs=1e-6)
    assert np.allclose(everybody["difference"], [3, 0.864865])
    within = experiments.cuped(EIGHT, "spend", "before", control="A", theta="within")
    assert within.attrs["theta"] == pytest.approx(1.015152, abs=1e-6)
    assert np.allclose(within["difference"], [3, 0.969697])


def test_cuped_within_the_variants_is_a_regression_on_variant_and_covariate():
    users = people(300, seed=4)
    design = sm.add_constant(
        pd.DataFrame({"b": (users["variant"] == "B").astype(float), "x": users["before"]})
    )
    fit = sm.OLS(users["spend"], design).fit()
    table = experiments.cuped(users, "spend", "before", control="A", theta="within")
    assert table.loc["cuped", "difference"] == pytest.approx(fit.params["b"])
    assert table.attrs["theta"] == pytest.approx(fit.params["x"])


def test_cuped_is_that_of_tea_tasting():
    row = experiments.cuped(people(300, seed=4), "spend", "before", control="A").loc["cuped"]
    found = row[["control", "other", "difference", "ci_low", "ci_high", "p_value"]]
    assert np.allclose(found, TEA_CUPED, rtol=1e-9)


def test_cuped_takes_out_the_square_of_the_correlation_and_no_effect():
    errors = []
    for seed in range(200):
        table = experiments.cuped(people(seed=seed), "spend", "before", control="A")
        plain, less = table["standard_error"]
        assert (less / plain) ** 2 == pytest.approx(1 - 0.6**2, abs=0.05)
        errors.append((table.loc["cuped", "difference"] - 0.5) / less)
    assert abs(np.mean(errors)) < 3 / 200**0.5
    assert np.std(errors) == pytest.approx(1, abs=0.15)


# ---------------------------------------------------------------- ratios, clusters


def sessions(n=2000, *, seed=0, lift=0.0):
    """Return users with unequally many sessions, each user with a rate of their own."""
    rng = np.random.default_rng(seed)
    count = 1 + rng.geometric(0.4, n)
    variant = rng.choice(["A", "B"], n)
    rate = rng.beta(0.5, 3.5, n) * (1 + lift * (variant == "B"))
    return pd.DataFrame(
        {"variant": variant, "sessions": count, "clicks": rng.binomial(count, np.minimum(rate, 1))}
    )


def test_a_ratio_metric_is_that_of_tea_tasting():
    found = experiments.ratio_metric(sessions(seed=1), "clicks", "sessions", control="A")
    found = found[["control", "other", "difference", "ci_low", "ci_high", "p_value"]]
    assert np.allclose(found, TEA_RATIO, rtol=1e-9)


def test_the_delta_method_agrees_with_resampling_users():
    users = sessions(1500, seed=2, lift=0.3)
    result = experiments.ratio_metric(users, "clicks", "sessions", control="A")
    rng, gaps = np.random.default_rng(1), []
    for _ in range(800):
        drawn = users.take(rng.integers(0, len(users), len(users)))
        total = drawn.groupby("variant")[["clicks", "sessions"]].sum()
        rate = total["clicks"] / total["sessions"]
        gaps.append(rate["B"] - rate["A"])
    assert result["standard_error"] == pytest.approx(np.std(gaps), rel=0.08)


def test_sessions_taken_for_independent_give_false_alarms_and_users_do_not():
    alarms = {"sessions": 0, "users": 0}
    for seed in range(400):
        users = sessions(600, seed=seed)
        total = users.groupby("variant")[["clicks", "sessions"]].sum()
        rate = total["clicks"] / total["sessions"]
        naive = (rate * (1 - rate) / total["sessions"]).sum() ** 0.5
        alarms["sessions"] += abs(rate["B"] - rate["A"]) > 1.96 * naive
        p = experiments.ratio_metric(users, "clicks", "sessions", control="A")["p_value"]
        alarms["users"] += p < 0.05
    assert alarms["sessions"] / 400 > 0.08
    assert alarms["users"] / 400 == pytest.approx(0.05, abs=3 * (0.05 * 0.95 / 400) ** 0.5)


def test_clusters_of_five_shrink_z_by_the_root_of_the_design_effect():
    effect = experiments.design_effect(5, 0.2)
    assert effect == pytest.approx(1.8)
    assert round(2.68 / effect**0.5, 3) == 1.998


# ---------------------------------------------------------------- arms


def test_the_difference_of_two_means_is_growthbooks():
    control = Moments(1396.87 / 3407, (52377.9767 - 1396.87**2 / 3407) / 3406, 3407)
    other = Moments(2422.7 / 3461, (134698.29 - 2422.7**2 / 3461) / 3460, 3461)
    result = welch(control, other)
    found = [result[name] for name in ("difference", "ci_low", "ci_high", "p_value")]
    assert np.allclose(found, [0.29, 0.04538, 0.53462, 0.02016], atol=5e-6)


def test_an_effect_by_group_is_that_of_each_group_alone():
    users = people(600, seed=1).assign(week=np.repeat([1, 2, 3], 200))
    table = experiments.effect_by(users, "spend", "week", control="A")
    for week, part in users.groupby("week"):
        a, b = (part.loc[part["variant"] == name, "spend"] for name in "AB")
        test = stats.ttest_ind(b, a, equal_var=False)
        assert table.loc[week, "p_value"] == pytest.approx(test.pvalue)
        assert np.allclose(table.loc[week, ["ci_low", "ci_high"]], test.confidence_interval())


# ---------------------------------------------------------------- what is refused

TIMES = EIGHT.assign(complete=pd.Timestamp("2026-05-01"), seen=pd.Timestamp("2026-05-02"))
REFUSED = [
    (
        "p-values outside 0 to 1",
        lambda: experiments.adjusted_p_values([0.2, 1.2]),
        r"p_values is outside 0 to 1 in 1 of 2 rows \(first: row 1, 1.2\): a p-value lies from 0",
    ),
    (
        "p-values in percent, in a Series",
        lambda: experiments.adjusted_p_values(pd.Series([4.0, 0.2], index=["leads", "clicks"])),
        r"in 1 of 2 rows \(first: row 'leads', 4\)",
    ),
    (
        "no p-value",
        lambda: experiments.adjusted_p_values([]),
        "p_values has no rows: give one p-value per question asked",
    ),
    (
        "users so far that become fewer",
        lambda: experiments.always_valid_quantile([100, 300, 200], tuned_for=500),
        r"users falls in 1 of 3 looks \(first: row 2, 200\): looks come in the order of time",
    ),
    (
        "looks out of order",
        lambda: experiments.look_table(TOY, "spend", DAYS[::-1], control="A", tuned_for=12),
        "at is not after the look before it in 2 of 3 looks",
    ),
    (
        "the same look twice",
        lambda: experiments.look_table(TOY, "spend", DAYS[:1] * 2, control="A", tuned_for=12),
        "give each look once, in the order of time",
    ),
    (
        "a look before anybody is known",
        lambda: experiments.look_table(TOY, "spend", ["2026-04-01"], control="A", tuned_for=12),
        "variant 'A' has 0 users with 'spend': an interval needs two or more in each variant",
    ),
    (
        "a metric without variance",
        lambda: experiments.cuped(EIGHT.assign(spend=3), "spend", "before", control="A"),
        "the metric has no variance: it is 3 for all of A and 3 for all of B",
    ),
    (
        "a covariate without variance",
        lambda: experiments.cuped(EIGHT.assign(before=3), "spend", "before", control="A"),
        "column 'before' is the same for all users, so it says nothing about them",
    ),
    (
        "a covariate that the variant has changed",
        lambda: experiments.cuped(people(lift=0.8), "before", "spend", control="A"),
        r"column 'spend' differs between the variants .* it was measured too late",
    ),
    (
        "a covariate measured after the exposure, by its dates",
        lambda: experiments.cuped(
            TIMES, "spend", "before", control="A", measured="seen", exposed="complete"
        ),
        "column 'before' was measured after the exposure in 8 of 8 rows",
    ),
    (
        "one of two columns of times",
        lambda: experiments.cuped(TIMES, "spend", "before", control="A", measured="complete"),
        "measured and exposed go together",
    ),
    (
        "a control that is not there",
        lambda: experiments.cuped(EIGHT, "spend", "before", control="control"),
        "control 'control' is not a variant: 'variant' has 'A', 'B'",
    ),
    (
        "three variants",
        lambda: experiments.cuped(
            EIGHT.assign(variant=list("AAABBBCC")), "spend", "before", control="A"
        ),
        "column 'variant' has 3 variants: compare two at a time",
    ),
    (
        "one arm empty",
        lambda: experiments.ratio_metric(EIGHT.head(4), "spend", "before", control="A"),
        "column 'variant' has 1 variants",
    ),
    (
        "nothing to divide by",
        lambda: experiments.ratio_metric(EIGHT.assign(before=0), "spend", "before", control="A"),
        "column 'before' is 0 for all users of variant 'A'",
    ),
    (
        "a negative number of sessions",
        lambda: experiments.ratio_metric(
            EIGHT.assign(before=[-1, *EIGHT["before"][1:]]), "spend", "before", control="A"
        ),
        r"column 'before' is negative in 1 of 8 rows \(first: row 0, -1\)",
    ),
    (
        "percent for a fraction",
        lambda: experiments.false_positive_risk(10),
        r"share_good is above 1 \(10\): give a fraction",
    ),
    (
        "an effect of nothing",
        lambda: experiments.exaggeration(0, 1),
        "effect is 0, which cannot be exaggerated",
    ),
    (
        "a group with one variant only",
        lambda: experiments.effect_by(
            EIGHT.assign(week=[1] * 4 + [2] * 4), "spend", "week", control="A"
        ),
        "group 1 of 'week' has 0 users of variant 'B': leave it out, or make larger groups",
    ),
    (
        "an error of nothing",
        lambda: experiments.always_valid_interval(0.1, 0.0, 100, tuned_for=100),
        "standard_error is not above 0",
    ),
    (
        "fewer errors than looks",
        lambda: experiments.always_valid_interval([0.1, 0.2], [0.1], [10, 20], tuned_for=100),
        "there are 2 of difference and 1 of standard_error and 2 of users",
    ),
]


@pytest.mark.parametrize(("call", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_bad_input_is_refused_in_words(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "compare",
    [
        lambda users: experiments.cuped(users, "minutes", "minutes_before"),
        lambda users: experiments.ratio_metric(users, "clicks", "sessions"),
        lambda users: experiments.effect_by(users, "minutes", "week"),
        lambda users: experiments.look_table(users, "minutes", ["2026-05-03"], tuned_for=12),
    ],
)
def test_nobody_is_counted_twice(compare):
    users = VALID.copy()
    compare(users)
    twice = pd.concat([users, users.iloc[[3]]], ignore_index=True)
    with pytest.raises(ValueError, match=r"the user in column 'user_id' has an earlier row"):
        compare(twice)
    elsewhere = twice.assign(variant=[*users["variant"], "A"], week=[*users["week"], 2])
    with pytest.raises(ValueError, match=r"the user in column 'user_id' is in two variants"):
        compare(elsewhere)


def test_an_effect_by_day_takes_a_user_once_per_day():
    days = pd.concat([VALID.assign(day=day) for day in (1, 2)], ignore_index=True)
    assert list(experiments.effect_by(days, "minutes", "day").index) == [1, 2]
    with pytest.raises(ValueError, match=r"has an earlier row with the same 'day'"):
        experiments.effect_by(pd.concat([days, days.iloc[:1]]), "minutes", "day")
