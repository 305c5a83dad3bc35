"""Planning tests and reading them out.

Oracles: statsmodels for the tests of rates and means and the sample sizes, SciPy's permutation
test, R's and Evan Miller's published sample sizes, GrowthBook's published cases, simulation.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import power as sm_power
from statsmodels.stats import proportion as sm_proportion
from statsmodels.stats import weightstats

import funnelkit as fk
from funnelkit import experiments, metrics

unhurried = settings(deadline=None, max_examples=60)

fractions = st.integers(1, 99).map(lambda percent: percent / 100)
pairs = st.tuples(fractions, fractions).filter(lambda pair: pair[0] != pair[1])


# ---------------------------------------------------------------- sample size and power


@pytest.mark.parametrize(
    ("method", "before_rounding", "rounded"),
    [
        ("baseline", 1030.2, 1031),  # Evan Miller's calculator prints 1,030
        ("pooled", 1093.7, 1094),  # R, power.prop.test
        ("unpooled", 1091.0, 1091),
        ("arcsine", 1091.9, 1092),  # Cohen's h
    ],
)
def test_the_four_conventions_of_the_sample_size(method, before_rounding, rounded):
    exact = experiments.sample_size(0.20, 0.25, method=method, exact=True)
    assert exact == pytest.approx(before_rounding, abs=0.06)
    assert experiments.sample_size(0.20, 0.25, method=method) == rounded


def test_the_sample_size_of_evan_millers_example():
    exact = experiments.sample_size(0.05, 0.06, method="baseline", exact=True)
    assert exact == pytest.approx(7663.0003, abs=5e-4)
    assert experiments.sample_size(0.05, 0.06, method="baseline") == 7664


def test_the_true_power_of_what_millers_calculator_asks_for():
    # Of the test that is then made, the pooled one: simulated, and by the formula.
    rng, n, runs = np.random.default_rng(1), 1031, 100_000
    a, b = rng.binomial(n, 0.20, runs), rng.binomial(n, 0.25, runs)
    found = (experiments.two_proportion_test(a, n, b, n)["z"] > 1.959964).mean()
    assert experiments.power(0.20, 0.25, n) == pytest.approx(0.776, abs=5e-4)
    assert found == pytest.approx(0.776, abs=0.005)


@unhurried
@given(pairs)
def test_cohens_h_as_statsmodels_has_it(pair):
    h = sm_proportion.proportion_effectsize(pair[1], pair[0])
    theirs = sm_power.NormalIndPower().solve_power(abs(h), alpha=0.05, power=0.8)
    ours = experiments.sample_size(*pair, method="arcsine", exact=True)
    # statsmodels counts the other tail, which matters for a handful of users only.
    assert ours == pytest.approx(theirs, rel=1e-4)


@unhurried
@given(pairs, st.sampled_from(["pooled", "unpooled", "baseline", "arcsine"]))
def test_power_is_the_inverse_of_the_sample_size(pair, method):
    n = experiments.sample_size(*pair, method=method, power=0.9)
    assert experiments.power(*pair, n, method=method) >= 0.9 - 1e-9
    if n > 2:
        assert experiments.power(*pair, n - 1, method=method) < 0.9


@pytest.mark.parametrize("ratio", [1 / 9, 0.5, 3.0])
def test_the_sample_size_of_unequal_arms_is_that_of_statsmodels(ratio):
    # Theirs counts the users of the first arm, and `ratio` of the second for each of them.
    theirs = sm_proportion.samplesize_proportions_2indep_onetail(
        0.05, 0.20, 0.8, ratio=1 / ratio, alpha=0.05
    )
    ours = experiments.sample_size(0.20, 0.25, ratio=ratio, exact=True)
    assert ours == pytest.approx(theirs / ratio, rel=1e-6)
    h = sm_proportion.proportion_effectsize(0.25, 0.20)
    theirs = sm_power.NormalIndPower().solve_power(h, alpha=0.05, power=0.8, ratio=ratio)
    arcsine = experiments.sample_size(0.20, 0.25, method="arcsine", ratio=ratio, exact=True)
    assert arcsine == pytest.approx(theirs, rel=1e-4)
    n = experiments.sample_size(0.20, 0.25, ratio=ratio)
    assert experiments.power(0.20, 0.25, n, ratio=ratio) == pytest.approx(0.8, abs=1e-3)


def test_the_sample_size_of_a_mean():
    theirs = sm_power.NormalIndPower().solve_power(2.0 / 100.0, alpha=0.05, power=0.8)
    found = experiments.sample_size_of_mean(100.0, 2.0, exact=True)
    assert found == pytest.approx(theirs, rel=1e-5)  # which is how exactly statsmodels solves it
    assert experiments.sample_size_of_mean(100.0, -2.0) == 39245


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: experiments.sample_size(20, 25), r"baseline is above 1 \(20\): give a fraction"),
        (lambda: experiments.sample_size(0.2, 25), r"alternative is above 1 .*0.8 for 80 %"),
        (lambda: experiments.sample_size(0.2, 0.2), "are both 0.2: no number of users finds"),
        (lambda: experiments.sample_size(0.2, 0.25, power=80), "power is 80: give a fraction"),
        (lambda: experiments.sample_size(0.2, 0.25, alpha=5), "alpha is 5: give a fraction"),
        (lambda: experiments.power(0.2, 0.25, 1e3), "n is 1000.0: give a whole number"),
        (lambda: experiments.sample_size_of_mean(0, 2), "sd is 0: give a number above 0"),
        (lambda: experiments.sample_size_of_mean(9, 0), "difference is 0: give the smallest"),
    ],
)
def test_percents_and_other_wrong_plans_are_refused(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


# ---------------------------------------------------------------- assignment


def test_the_same_user_gets_the_same_variant_and_another_test_shuffles_anew():
    ids = pd.Series([f"u{i}" for i in range(4000)])
    one, again, other = (experiments.assign(ids, salt=salt) for salt in ("x", "x", "y"))
    assert (one == again).all()
    table = pd.crosstab(one, other)
    assert stats.chi2_contingency(table, correction=False).pvalue > 0.01
    assert (experiments.assign(ids[::-1], salt="x").sort_index() == one).all()


def test_variants_have_their_planned_shares_and_places_are_uniform():
    ids = np.arange(20_000)
    plan = {"A": 0.8, "B": 0.15, "C": 0.05}
    counts = pd.Series(experiments.assign(ids, salt="shares", shares=plan)).value_counts()
    expected = [20_000 * plan[name] for name in counts.index]
    assert stats.chisquare(counts, expected).pvalue > 0.01


def test_a_variant_is_that_of_the_hash_written_out():
    import hashlib

    digest = hashlib.sha256(b"short_form/r1").hexdigest()
    place = int(digest[:16], 16) / 2**64
    assert experiments.assign(["r1"], salt="short_form")[0] == ("A" if place < 0.5 else "B")
    assert experiments.assign([8887], salt="t")[0] == experiments.assign(["8887"], salt="t")[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"salt": ""}, "salt is blank: give the name of the test"),
        ({"salt": 7}, "salt is an int: give the name of the test as text"),
        ({"salt": "t", "shares": {"A": 50, "B": 50}}, "shares sum to 100: give fractions that sum"),
        ({"salt": "t", "shares": {"A": 1.0}}, "shares has one variant"),
        ({"salt": "t", "shares": {"A": 1.2, "B": -0.2}}, "shares is not above 0 in 1 of 2"),
        ({"salt": "t", "shares": [0.5, 0.5]}, "shares is a list: give fractions"),
    ],
)
def test_bad_assignments_are_refused(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        experiments.assign(["a", "b"], **arguments)


# ---------------------------------------------------------------- rates


def test_the_two_proportion_test_as_published():
    pooled = experiments.two_proportion_test(200, 1000, 250, 1000)
    assert pooled["z"] == pytest.approx(2.677398, abs=1e-6)
    assert pooled["p_value"] == pytest.approx(0.0074196, abs=1e-7)
    unpooled = experiments.two_proportion_test(200, 1000, 250, 1000, variance="unpooled")
    assert unpooled["z"] == pytest.approx(2.682209, abs=1e-6)
    assert unpooled["p_value"] == pytest.approx(0.0073138, abs=1e-7)
    interval = metrics.difference(250, 1000, 200, 1000)
    assert interval[["ci_low", "ci_high"]].tolist() == pytest.approx([0.013396, 0.086451], abs=1e-6)


def test_few_conversions_where_the_normal_test_and_fishers_part():
    found = experiments.two_proportion_test(0, 50, 3, 50)
    assert found["z"] == pytest.approx(1.7586, abs=5e-5)
    assert found["p_value"] == pytest.approx(0.0786, abs=5e-5)
    assert stats.fisher_exact([[0, 50], [3, 47]]).pvalue == pytest.approx(0.2424, abs=5e-5)
    interval = metrics.difference(3, 50, 0, 50)
    assert interval[["ci_low", "ci_high"]].tolist() == pytest.approx([-0.0215, 0.1622], abs=5e-5)


arms = st.tuples(st.integers(0, 60), st.integers(60, 200), st.integers(0, 60), st.integers(60, 200))


@unhurried
@given(arms.filter(lambda arm: 0 < arm[0] + arm[2] < arm[1] + arm[3]))
def test_two_proportions_as_statsmodels_has_them(arm):
    xa, na, xb, nb = arm
    z, p = sm_proportion.proportions_ztest([xb, xa], [nb, na])
    found = experiments.two_proportion_test(xa, na, xb, nb)
    assert found["z"] == pytest.approx(z, abs=1e-9)
    assert found["p_value"] == pytest.approx(p, abs=1e-9)


def test_many_pairs_at_once_are_as_each_by_itself():
    xa, n = pd.Series([20, 30], index=["x", "y"]), pd.Series([100, 90], index=["x", "y"])
    table = experiments.two_proportion_test(xa, n, xa + 9, n)
    lifts = experiments.lift(xa, n, xa + 9, n)
    for name in ("x", "y"):
        one = experiments.two_proportion_test(int(xa[name]), n[name], int(xa[name]) + 9, n[name])
        pd.testing.assert_series_equal(table.loc[name], one, check_names=False)
        one = experiments.lift(int(xa[name]), n[name], int(xa[name]) + 9, n[name])
        pd.testing.assert_series_equal(lifts.loc[name], one, check_names=False)


def test_the_lift_of_a_rate_has_two_intervals():
    log = experiments.lift(200, 1000, 250, 1000)
    assert log.tolist() == pytest.approx([0.25, 0.060946, 0.472742], abs=1e-6)
    se = [(p * (1 - p) / 1000) ** 0.5 for p in (0.20, 0.25)]
    df = sum(s**2 for s in se) ** 2 / sum(s**4 / 999 for s in se)
    linear = experiments.lift_of_means(0.20, se[0], 0.25, se[1], method="linear", df=df)
    assert linear.tolist() == pytest.approx([0.25, 0.044897, 0.455103], abs=1e-6)


def test_the_lift_covers_the_true_one_as_often_as_it_says():
    rng, runs, n = np.random.default_rng(3), 20_000, 2000
    a, b = rng.binomial(n, 0.10, runs), rng.binomial(n, 0.12, runs)
    for method in ("log", "linear"):
        found = experiments.lift(a, n, b, n, method=method)
        covered = found["ci_low"].le(0.2) & found["ci_high"].ge(0.2)
        assert covered.mean() == pytest.approx(0.95, abs=0.006), method


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: experiments.two_proportion_test(0, 0, 1, 9), "n_a is 0: this arm has no users"),
        (lambda: experiments.two_proportion_test(3, 9, 1, 0), "n_b is 0: this arm has no users"),
        (lambda: experiments.two_proportion_test(11, 9, 1, 9), "converted_a is greater than n_a"),
        (lambda: experiments.two_proportion_test(0, 9, 0, 9), "nobody converted in A or B"),
        (lambda: experiments.two_proportion_test(9, 9, 9, 9), "or everybody did.*nothing to test"),
        (lambda: experiments.two_proportion_test(0.2, 9, 1, 9), "give counts, not rates"),
        (lambda: experiments.lift(0, 9, 1, 9), "nobody converted in A or in B"),
        (lambda: experiments.lift(1, 9, 2, 9, confidence=95), "confidence is 95: give a fraction"),
        (lambda: experiments.lift(1, 9, 2, 9, method="fieller"), "give one of 'log', 'linear'"),
        (lambda: experiments.lift_of_means(0, 1, 1, 1), "mean_a is 0: give a number above 0"),
    ],
)
def test_rates_that_cannot_be_compared_are_refused(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


# ---------------------------------------------------------------- means

GROWTHBOOK = (3407, 1396.87, 52377.9767, 3461, 2422.7, 134698.29)


def test_means_and_their_lift_as_growthbook_has_them():
    found = experiments.welch_from_sums(*GROWTHBOOK)
    expected = [0.29, 0.04538, 0.53462, 0.02016]
    assert found[["difference", "ci_low", "ci_high", "p_value"]].tolist() == pytest.approx(
        expected, abs=5e-6
    )
    se = [
        ((squares - total**2 / n) / (n - 1) / n) ** 0.5
        for n, total, squares in (GROWTHBOOK[:3], GROWTHBOOK[3:])
    ]
    relative = experiments.lift_of_means(
        found["mean_a"], se[0], found["mean_b"], se[1], method="linear", df=found["df"]
    )
    assert relative.tolist() == pytest.approx([0.70732, -0.03526, 1.44989], abs=5e-6)
    # The difference is clear and the lift is not: the test is that of the difference.
    assert found["p_value"] < 0.05 and relative["ci_low"] < 0


numbers = st.lists(st.floats(-100, 100).map(lambda x: round(x, 2)), min_size=2, max_size=30)


@unhurried
@given(numbers, numbers)
def test_welch_as_statsmodels_has_it(a, b):
    if np.ptp(a) + np.ptp(b) == 0:
        return
    found = experiments.welch_test(a, b)
    theirs = weightstats.CompareMeans.from_data(b, a)
    t, p, df = theirs.ttest_ind(usevar="unequal")
    low, high = theirs.tconfint_diff(usevar="unequal")
    expected = pytest.approx([t, df, p, low, high], rel=1e-6, abs=1e-6)
    assert found[["t", "df", "p_value", "ci_low", "ci_high"]].tolist() == expected
    sums = [value for arm in (a, b) for value in (len(arm), sum(arm), float(np.square(arm).sum()))]
    again = experiments.welch_from_sums(*sums)
    assert again["difference"] == pytest.approx(found["difference"], abs=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: experiments.welch_test([1], [2, 3]),
            "a has one user: give at least 2 in each arm",
        ),
        (lambda: experiments.welch_test([1, 2], []), "b is empty: give at least 2 in each arm"),
        (lambda: experiments.welch_test([5, 5], [5, 5]), "no variance: it is 5 for all of A"),
        (lambda: experiments.welch_test([1, None], [2, 3]), "a is missing in 1 of 2 rows"),
        (
            lambda: experiments.welch_from_sums(3, 10, 20, 3, 10, 40),
            "squares_a is 20, less than total² / n, 33.3",
        ),
        (lambda: experiments.permutation_test([], [1]), "a is empty"),
        (lambda: experiments.permutation_test([1, 1], [1]), "no variance: it is 1 for every user"),
    ],
)
def test_means_that_cannot_be_compared_are_refused(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


# ---------------------------------------------------------------- permutation


def test_the_permutation_test_as_scipy_has_it():
    rng = np.random.default_rng(5)
    a, b = rng.exponential(1.0, 40), rng.exponential(1.6, 35)
    found = experiments.permutation_test(a, b, draws=20_000, seed=1)
    theirs = stats.permutation_test(
        (b, a), lambda x, y, axis: x.mean(axis) - y.mean(axis), vectorized=True,
        n_resamples=20_000, rng=np.random.default_rng(2),
    )  # fmt: skip
    assert found["difference"] == pytest.approx(theirs.statistic)
    # Two samples of the same distribution; SciPy doubles the smaller tail.
    assert found["p_value"] == pytest.approx(theirs.pvalue, abs=0.01)
    ends = np.quantile(found.attrs["shuffled"], [0.05, 0.5, 0.95])
    assert ends == pytest.approx(np.quantile(theirs.null_distribution, [0.05, 0.5, 0.95]), abs=0.02)


def test_the_permutation_test_of_a_small_table_counted_out():
    from itertools import combinations

    a, b = [0, 1, 2, 5], [3, 4, 9]
    pool = np.array(a + b)
    every = [
        pool[list(chosen)].mean() - np.delete(pool, list(chosen)).mean()
        for chosen in combinations(range(7), 3)
    ]
    found = np.mean(b) - np.mean(a)
    exact = np.mean(np.abs(every) >= abs(found) - 1e-12)
    result = experiments.permutation_test(a, b, draws=20_000, seed=4)
    assert result["p_value"] == pytest.approx(exact, abs=0.01)


def test_rates_by_permutation_are_close_to_the_z_test():
    a, b = np.repeat([True, False], [200, 800]), np.repeat([True, False], [250, 750])
    found = experiments.permutation_test(a, b, draws=5000, seed=1)
    assert found["p_value"] == pytest.approx(0.0085, abs=0.003)  # a little above: it is discrete


# ---------------------------------------------------------------- the split


@pytest.mark.parametrize(
    ("users", "shares", "correction", "p"),
    [
        ({"A": 821_588, "B": 815_482}, None, False, 1.8e-6),  # Fabijan et al. 2019
        ({"A": 9020, "B": 980}, {"A": 0.9, "B": 0.1}, False, 0.504985),
        ({"A": 5000, "B": 5150}, None, False, 0.13652),
        ({"A": 5000, "B": 5150}, None, True, 0.13915),  # tea-tasting's default
    ],
)
def test_published_splits(users, shares, correction, p):
    found = experiments.sample_ratio_test(users, shares=shares, correction=correction)
    assert found["p_value"] == pytest.approx(p, rel=0.02 if p < 1e-3 else 1e-4)


@unhurried
@given(st.lists(st.integers(1, 500), min_size=2, max_size=5))
def test_splits_as_scipy_has_them(counts):
    theirs = stats.chisquare(counts)
    found = experiments.sample_ratio_test(dict(enumerate(counts)))
    assert found.tolist() == pytest.approx([theirs.statistic, theirs.pvalue], abs=1e-9)


@pytest.mark.parametrize(
    ("users", "shares", "message"),
    [
        ({"A": 5}, None, "users has one variant"),
        ({"A": 0, "B": 0}, None, "users are 0 in every variant"),
        ({"A": 5, "B": 6}, {"A": 90, "B": 10}, "shares sum to 100"),
        ({"A": 5, "B": 6}, {"A": 0.5, "C": 0.5}, "no variant in users is called 'C'"),
        (pd.Series([1, 0, 1], index=[0, 0, 1]), None, "users has a row per user"),
        ([5, 6], None, "users is a list: give the count of each variant by its name"),
    ],
)
def test_splits_that_cannot_be_tested_are_refused(users, shares, message):
    with pytest.raises((ValueError, TypeError), match=message):
        experiments.sample_ratio_test(users, shares=shares)


# ---------------------------------------------------------------- the readout


@pytest.fixture(scope="module")
def shipped():
    table = fk.load("experiments")
    return table.assign(lead=table["lead_at"].notna())


def test_the_readout_says_what_its_parts_say(shipped):
    rows = shipped[shipped["test"] == "booking_page"]
    result = experiments.readout(rows, "lead", guardrails={"minutes": "higher"})
    a, b = (rows[rows["variant"] == name] for name in "AB")
    xa, xb = int(a["lead"].sum()), int(b["lead"].sum())
    row = result.table.loc[("lead", "B")]
    between = metrics.difference(xb, len(b), xa, len(a))
    assert row[["difference", "ci_low", "ci_high"]].tolist() == pytest.approx(between.tolist())
    test = experiments.two_proportion_test(xa, len(a), xb, len(b))
    assert row["p_value"] == pytest.approx(test["p_value"])
    lift = experiments.lift(xa, len(a), xb, len(b))
    assert row[["lift", "lift_low", "lift_high"]].tolist() == pytest.approx(lift.tolist())
    row = result.table.loc[("minutes", "B")]
    welch = experiments.welch_test(a["minutes"], b["minutes"])
    names = ["difference", "ci_low", "ci_high", "p_value"]
    assert row[names].astype(float).tolist() == pytest.approx(welch[names].tolist())
    assert result.users["users"].tolist() == [len(a), len(b)]
    assert result.ratio["p_value"] > 0.001
    assert str(result).startswith("lead is better in B: 22.5 % against 19.0 % in A")


def test_planted_tests_are_read_out_as_planted(shipped):
    guardrails = {"opted_out": "lower"}
    said = {
        test: experiments.readout(rows, "lead", guardrails=guardrails).sentence
        for test, rows in shipped.groupby("test")
    }
    assert said["aa_check"].startswith("lead shows no clear difference in B")
    assert said["booking_page"].startswith("lead is better in B")
    assert said["video_page"].startswith("Not to be read: the users are split A 2,159, B 1,809")
    assert "Guardrail opted_out is worse in B" in said["pop_up"]
    form = shipped[shipped["test"] == "short_form"]
    result = experiments.readout(form, "revenue", guardrails={"customer": "higher"})
    assert result.sentence.startswith("revenue shows no clear difference in B")
    assert "Guardrail customer shows no clear difference" in result.sentence


def test_three_variants_are_each_compared_with_the_control():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {"variant": np.resize(["new", "old", "other"], 3000), "spent": rng.gamma(2, 10, 3000)}
    )
    result = experiments.readout(table, "spent", control="old", user=None, better="lower")
    assert list(result.users.index) == ["old", "new", "other"]
    assert list(result.table.index) == [("spent", "new"), ("spent", "other")]
    arms = {name: part["spent"] for name, part in table.groupby("variant")}
    expected = experiments.welch_test(arms["old"], arms["other"])
    found = result.table.loc[("spent", "other"), "difference"]
    assert found == pytest.approx(expected["difference"])


def test_large_numbers_lose_no_digits():
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"variant": ["A", "B"] * 500, "spent": 1e9 + rng.normal(0, 1, 1000)})
    found = experiments.readout(table, "spent", user=None).table.iloc[0]
    arms = [table.loc[table["variant"] == name, "spent"] - 1e9 for name in "AB"]
    expected = experiments.welch_test(*arms)
    assert found["p_value"] == pytest.approx(expected["p_value"], rel=1e-4)


def test_an_arm_without_conversions_has_no_lift():
    table = pd.DataFrame(
        {"variant": ["A", "B"] * 50, "lead": [False, False] * 47 + [False, True] * 3}
    )
    row = experiments.readout(table, "lead", user=None).table.iloc[0]
    assert row[["lift", "lift_low", "lift_high"]].isna().all()
    assert row["p_value"] == pytest.approx(0.0786, abs=5e-5)


def users(**columns):
    table = pd.DataFrame(
        {
            "user_id": ["u1", "u2", "u3", "u4", "u5", "u6"],
            "variant": ["A", "B", "A", "B", "A", "B"],
            "lead": [True, False, False, True, False, True],
            "exposed_at": pd.Timestamp("2026-03-02"),
            "lead_at": pd.to_datetime(["2026-03-03", None, None, "2026-03-02", None, "2026-03-09"]),
        }
    )
    return table.assign(**columns)


def test_a_user_in_two_variants_is_refused_and_the_remedy_gives_the_others():
    table = users(user_id=["u1", "u1", "u3", "u4", "u5", "u6"])
    table = pd.concat([table, users(user_id=[f"v{i}" for i in range(6)])], ignore_index=True)
    message = (
        r"the user in column 'user_id' is in two variants in 2 of 12 rows \(first: row 0, 'u1'\): "
        r"take the rows of one test; if they are, find out why, and leave these users out of every "
        r"arm, table\[table.groupby\('user_id'\)"
    )
    with pytest.raises(ValueError, match=message):
        experiments.readout(table, "lead")
    kept = table[table.groupby("user_id")["variant"].transform("nunique") == 1]
    assert experiments.readout(kept, "lead").users["users"].tolist() == [5, 5]


def test_a_user_with_several_rows_is_refused():
    table = users(user_id=["u1", "u2", "u1", "u4", "u5", "u6"])
    with pytest.raises(ValueError, match="has an earlier row in 1 of 6 rows .*'u1'.* drop copies"):
        experiments.readout(table, "lead")


def test_a_conversion_before_the_exposure_is_refused():
    early = users(exposed_at=pd.Timestamp("2026-03-02 12:00"))
    early["lead_at"] += pd.Timedelta("9h")
    message = r"lead_at lies before exposed_at in 1 of 6 rows \(first: row 3\): the variant cannot"
    with pytest.raises(ValueError, match=message):
        experiments.readout(early, "lead", exposed="exposed_at", converted="lead_at")
    kept = early[~(early["lead_at"] < early["exposed_at"])]
    times = {"exposed": "exposed_at", "converted": "lead_at"}
    assert experiments.readout(kept, "lead", **times).users["users"].tolist() == [3, 2]
    experiments.readout(users(), "lead", **times)


def test_a_variant_that_was_not_in_the_test_is_left_out_of_categories_and_shares():
    three = pd.Categorical(list("ABABAB"), categories=["A", "B", "C"])
    with pytest.raises(ValueError, match="or leave out of shares and categories what was not in"):
        experiments.readout(users(variant=three), "lead")
    two = users(variant=three.remove_unused_categories())
    plan = {"A": 0.5, "B": 0.5}
    assert len(experiments.readout(two, "lead", shares=plan).users) == 2


def test_whole_numbers_as_ids_are_looked_at_as_any_others():
    table = users(user_id=[7, 1, 2, 3, 4, 5])
    assert experiments.readout(table, "lead").users["users"].sum() == 6
    with pytest.raises(ValueError, match="is in two variants in 2 of 6 rows"):
        experiments.readout(users(user_id=[1, 1, 2, 3, 4, 5]), "lead")
    far = users(user_id=[10**18, 1, 1, 3, 4, 5])
    with pytest.raises(ValueError, match="is in two variants in 2 of 6 rows"):
        experiments.readout(far, "lead")


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({"variant": "A"}, {}, "column 'variant' has only 'A': an arm is empty"),
        (
            {"variant": pd.Categorical(["A"] * 6, categories=["A", "B"])},
            {},
            "column 'variant' has nobody with B: an arm is empty",
        ),
        ({}, {"shares": {"A": 0.4, "B": 0.4, "C": 0.2}}, "has nobody with C: an arm is empty"),
        ({"variant": ["A", "B", None, "B", "A", "B"]}, {}, "'variant' is missing in 1 of 6 rows"),
        ({"variant": ["A", "B", "A", "A", "A", "A"]}, {}, "a variant has one user"),
        ({"lead": 4.0}, {}, "column 'lead': the metric has no variance: it is 4 for every user"),
        ({"lead": 0.1}, {}, "the metric has no variance: it is 0.1 for every user"),
        ({"lead": False}, {}, "column 'lead': nobody converted in A or B"),
        ({"lead": [1.0, None, 2, 3, 4, 5]}, {}, "'lead' is missing in 1 of 6 rows .*has 0; fill"),
        ({"lead": ["yes"] * 6}, {}, "lead holds text"),
        ({}, {"shares": {"A": 50, "B": 50}}, "shares sum to 100: give fractions that sum to 1"),
        ({}, {"confidence": 95}, "confidence is 95: give a fraction"),
        ({}, {"control": "a"}, "no variant in column 'variant' is called 'a': did you mean 'A'"),
        ({}, {"guardrails": ["lead_at"]}, "guardrails is a list: say which direction is better"),
        ({}, {"guardrails": {"lead": "lower"}}, "'lead' is the metric and a guardrail"),
        ({}, {"exposed": "exposed_at"}, "of exposed and converted one is given"),
        ({}, {"metric": "leads"}, "no column in table is called 'leads': did you mean 'lead'"),
    ],
)
def test_tests_that_cannot_be_read_out_are_refused(change, arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        experiments.readout(users(**change), **{"metric": "lead", **arguments})


def test_a_simpsons_paradox_of_a_split_that_was_changed():
    # Crook et al. 2009: Friday 1 % in B, Saturday 50 %; B wins on each day and loses in all.
    fridays = experiments.lift(20_000, 990_000, 230, 10_000)
    saturdays = experiments.lift(5_000, 500_000, 6_000, 500_000)
    both = experiments.lift(25_000, 1_490_000, 6_230, 510_000)
    assert fridays["lift"] > 0 and saturdays["lift"] > 0 and both["lift"] < 0
    assert round(100 * 25_000 / 1_490_000, 3) == 1.678
    assert round(100 * 6_230 / 510_000, 3) == 1.222


def test_statsmodels_sees_the_readout_of_a_test_as_a_regression(shipped):
    rows = shipped[shipped["test"] == "reading_list"]
    design = sm.add_constant((rows["variant"] == "B").astype(float))
    fit = sm.OLS(rows["minutes"], design).fit(cov_type="HC3")
    found = experiments.readout(rows, "minutes").table.iloc[0]
    assert found["difference"] == pytest.approx(fit.params["variant"])
    assert found["p_value"] == pytest.approx(fit.pvalues["variant"], rel=0.01)


# ---------------------------------------------------------------- remedies, followed


def test_a_missing_value_of_a_metric_is_filled_with_0_not_left_out():
    paid = pd.Series([10.0, None, 30.0])
    for test in (experiments.welch_test, experiments.permutation_test):
        with pytest.raises(ValueError, match="a is missing in 1 of 3 rows .* did nothing has 0"):
            test(paid, [1, 2, 3])


def test_visits_are_made_one_row_per_user_as_the_message_says():
    table = pd.concat([users(), users().iloc[:2]], ignore_index=True)
    with pytest.raises(ValueError, match="drop copies of a row, and of visits take the sum"):
        experiments.readout(table, "lead")
    each = table.groupby(["user_id", "variant"], as_index=False).agg({"lead": "max"})
    found, plain = (experiments.readout(given, "lead") for given in (each, users()))
    pd.testing.assert_frame_equal(found.table, plain.table)


def test_conversions_known_by_date_alone_lose_nobody():
    table = users(exposed_at=pd.Timestamp("2026-03-01 23:00"))
    table["lead_at"] = table["lead_at"].dt.normalize().where(table["lead"])
    table.loc[table["lead"], "exposed_at"] = table["lead_at"] + pd.Timedelta("9h")
    times = {"exposed": "exposed_at", "converted": "lead_at"}
    with pytest.raises(ValueError, match="holds dates, which lie before times of the same day"):
        experiments.readout(table, "lead", **times)
    table["exposed_at"] = table["exposed_at"].dt.normalize()
    assert experiments.readout(table, "lead", **times).users["users"].sum() == len(table)


def test_a_column_of_times_is_no_metric_and_its_presence_is():
    table = users()
    with pytest.raises(TypeError, match=r"holds times: for a rate give table\['lead_at'\].notna()"):
        experiments.readout(table, "lead_at")


def test_nobody_paid_in_the_control_has_no_lift():
    table = users(revenue=[0.0, 3.1, 0.0, 7.7, 0.0, 0.0])
    row = experiments.readout(table, "revenue").table.iloc[0]
    assert np.isnan(row[["lift", "lift_low", "lift_high"]].astype(float)).all()


def test_shares_may_be_a_series_and_may_not_be_empty():
    count, plan = pd.Series({"A": 50, "B": 60}), pd.Series({"A": 0.5, "B": 0.5})
    assert experiments.sample_ratio_test(count, shares=plan)["chi2"] == pytest.approx(10 / 11)
    assert experiments.readout(users(), "lead", shares=plan).ratio["p_value"] == 1
    with pytest.raises(ValueError, match="shares has no variants"):
        experiments.sample_ratio_test(count, shares={})


def test_a_column_of_variants_is_to_be_counted_first():
    with pytest.raises(ValueError, match="users has a row per user: give one count per variant"):
        experiments.sample_ratio_test(users()["variant"])


@pytest.mark.parametrize("call", [experiments.sample_size, experiments.sample_size_of_mean])
@pytest.mark.parametrize("options", [{"alpha": 0.95}, {"alpha": 0.8, "power": 0.05}])
def test_a_power_not_above_alpha_is_refused(call, options):
    with pytest.raises(ValueError, match="give a power above alpha, such as 0.8 with an alpha of"):
        call(0.2, 0.25, **options)


def test_a_sample_size_beyond_numbers_is_refused():
    with pytest.raises(ValueError, match="the sample size is not a finite number"):
        experiments.sample_size_of_mean(100.0, 1e-200)
    with pytest.raises(ValueError, match="the sample size is not a finite number"):
        experiments.sample_size(1e-310, 2e-310)


def test_a_constant_metric_has_no_variance_though_0_1_is_not_exact():
    with pytest.raises(ValueError, match="the metric has no variance"):
        experiments.welch_test([0.1] * 3, [0.1] * 3)


def test_everybody_converted_has_no_interval():
    with pytest.raises(ValueError, match="everybody converted"):
        experiments.lift(50, 50, 40, 40)
