"""Bayes: posteriors, what they say of two variants, priors from earlier tests, peeking.

Oracles: SciPy's adaptive quadrature, exact sums over fractions, published numbers, simulation.
"""

from fractions import Fraction
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

import funnelkit
from funnelkit import bayes
from funnelkit.world.experiments import draw_past_tests

unhurried = settings(max_examples=15, deadline=None)
ALL_TESTS = [12, 30, 22, 9, 41, 18], [200, 250, 210, 190, 260, 205]

arms = st.tuples(st.integers(0, 60), st.integers(60, 200), st.integers(0, 60), st.integers(60, 200))
priors = st.tuples(st.floats(1, 40), st.floats(1, 400))  # below 1 SciPy's quadrature is off


def posteriors(xa, na, xb, nb, prior):
    return (
        stats.beta(prior[0] + xa, prior[1] + na - xa),
        stats.beta(prior[0] + xb, prior[1] + nb - xb),
    )


def by_quad(function, *distributions):
    """Integrate over the quantiles of the distributions, piece by piece."""
    marks = [d.ppf([1e-9, 0.01, 0.25, 0.5, 0.75, 0.99, 1 - 1e-9]) for d in distributions]
    marks = np.unique(np.concatenate([[0.0], *marks, [1.0]]))
    return sum(
        integrate.quad(function, low, high, epsabs=1e-13, epsrel=1e-11, limit=200)[0]
        for low, high in zip(marks[:-1], marks[1:], strict=True)
    )


# ---------------------------------------------------------------- one rate


def test_a_posterior_is_made_by_adding():
    found = bayes.posterior(8, 40, prior=(16, 144))
    assert found[["alpha", "beta", "mean"]].tolist() == [24, 176, 0.12]
    ends = stats.beta(24, 176).ppf([0.025, 0.975])
    assert found[["ci_low", "ci_high"]].tolist() == pytest.approx(ends, abs=1e-12)


def test_a_posterior_is_prior_times_likelihood_as_a_grid_has_it():
    rate = (np.arange(100_000) + 0.5) / 100_000
    mass = stats.beta.pdf(rate, 2.5, 20) * stats.binom.pmf(7, 50, rate)
    found = bayes.posterior(7, 50, prior=(2.5, 20))
    assert found["mean"] == pytest.approx((mass * rate).sum() / mass.sum(), abs=1e-9)


def test_the_mean_is_an_average_weighted_by_visitors():
    found, weight = bayes.posterior(30, 100, prior=(10, 90)), 100 / 200
    assert found["mean"] == pytest.approx(weight * 0.10 + (1 - weight) * 0.30)


def test_two_batches_one_after_the_other_are_as_both_at_once():
    first = bayes.posterior(3, 20, prior=(1, 9))
    then = bayes.posterior(5, 30, prior=first[["alpha", "beta"]])
    pd.testing.assert_series_equal(then, bayes.posterior(8, 50, prior=(1, 9)))


def test_nobody_and_everybody_have_posteriors_too():
    none, all_ = bayes.posterior(0, 20), bayes.posterior(20, 20)
    assert none["ci_high"] == pytest.approx(stats.beta(1, 21).ppf(0.975))
    assert 0 < none["ci_low"] < all_["ci_low"] < all_["ci_high"] < 1


def test_credible_intervals_hold_the_rate_as_often_as_they_say_if_it_comes_from_the_prior():
    rng, runs = np.random.default_rng(5), 20_000
    rate = rng.beta(4, 30, runs)
    found = bayes.posterior(rng.binomial(25, rate), np.full(runs, 25), prior=(4, 30))
    covered = found["ci_low"].le(rate) & found["ci_high"].ge(rate)
    assert covered.mean() == pytest.approx(0.95, abs=3 * (0.95 * 0.05 / runs) ** 0.5)


# ---------------------------------------------------------------- two variants


def exact_probability(xa, na, xb, nb, alpha=1, beta=1):
    """P(B > A) for whole parameters, as an exact sum of fractions.

    With a = alpha, of independent beta variables, P(B > A) is the sum over i below B's alpha of
    B(a_A + i, b_A + b_B) / ((b_B + i) B(1 + i, b_B) B(a_A, b_A)).
    """
    a, b, c, d = alpha + xa, beta + na - xa, alpha + xb, beta + nb - xb

    def beta_function(p, q):
        return Fraction(1, p * comb(p + q - 1, p))

    total = sum(beta_function(a + i, b + d) / ((d + i) * beta_function(1 + i, d)) for i in range(c))
    return float(total / beta_function(a, b))


def test_the_probability_that_b_is_better_as_published():
    assert bayes.prob_better(200, 1000, 250, 1000) == pytest.approx(0.99628, abs=5e-6)
    assert bayes.prob_better(2, 10, 5, 10) == pytest.approx(0.9086687, abs=5e-8)
    assert bayes.prob_better(6, 40, 12, 40) == pytest.approx(0.942522, abs=5e-7)
    tight = bayes.prob_better(6, 40, 12, 40, prior=(20, 80))
    assert tight == pytest.approx(0.813571, abs=5e-7)


@unhurried
@given(arms)
def test_the_probability_that_b_is_better_as_an_exact_sum(arm):
    assert bayes.prob_better(*arm) == pytest.approx(exact_probability(*arm), rel=1e-9, abs=1e-15)


@unhurried
@given(arms, priors)
def test_the_probability_and_the_losses_as_scipys_quadrature_has_them(arm, prior):
    a, b = posteriors(*arm, prior)
    by_scipy = by_quad(lambda x: b.pdf(x) * a.cdf(x), a, b)
    assert bayes.prob_better(*arm, prior=prior) == pytest.approx(by_scipy, abs=1e-7)
    losses = {
        "if_a": by_quad(lambda x: a.cdf(x) * b.sf(x), a, b),
        "if_b": by_quad(lambda x: b.cdf(x) * a.sf(x), a, b),
    }
    for method in ("closed", "quadrature"):
        found = bayes.expected_loss(*arm, prior=prior, method=method)
        assert found.to_dict() == pytest.approx(losses, abs=1e-9), method


def test_a_narrow_and_a_wide_posterior():
    for arm in [(1, 3, 100_000, 1_000_000), (100_000, 1_000_000, 1, 3)]:
        a, b = posteriors(*arm, (1, 1))
        wide, point, sign = (a, b, 1) if arm[0] == 1 else (b, a, -1)
        expected = wide.expect(lambda x, p=point, s=sign: p.cdf(x) if s < 0 else p.sf(x))
        assert bayes.prob_better(*arm) == pytest.approx(expected, abs=1e-6)
        one, other = (bayes.expected_loss(*arm, method=m) for m in ("closed", "quadrature"))
        assert one.tolist() == pytest.approx(other.tolist(), abs=1e-11)


def test_a_small_probability_keeps_its_digits():
    small = bayes.prob_better(300, 1000, 100, 1000)
    assert small == pytest.approx(exact_probability(300, 1000, 100, 1000), rel=1e-9)
    assert 0 < small < 1e-25


@pytest.mark.parametrize("prior", [(0.125, 1.0), (0.05, 0.05), (0.5, 300.0)])
def test_a_prior_with_nearly_all_at_zero(prior):
    assert bayes.prob_better(0, 60, 0, 60, prior=prior) == pytest.approx(0.5, abs=1e-10)
    rng = np.random.default_rng(1)
    a, b = rng.beta(prior[0], prior[1] + 60, 10**6), rng.beta(prior[0] + 1, prior[1] + 59, 10**6)
    found = bayes.prob_better(0, 60, 1, 60, prior=prior)
    assert found == pytest.approx((b > a).mean(), abs=0.003)
    assert bayes.lift_posterior(0, 60, 0, 60, prior=prior)["lift"] == pytest.approx(0, abs=1e-9)


def test_two_variants_change_places():
    there, back = bayes.prob_better(30, 200, 45, 260), bayes.prob_better(45, 260, 30, 200)
    assert there + back == pytest.approx(1, abs=1e-10)
    assert bayes.prob_better(7, 50, 7, 50) == pytest.approx(0.5, abs=1e-10)


def test_the_expected_loss_as_published():
    found = bayes.expected_loss(2, 10, 5, 10)
    assert found["if_b"] == pytest.approx(0.00826154, abs=5e-9)
    assert found["if_a"] == pytest.approx(0.25826154, abs=5e-9)


@pytest.mark.parametrize("method", ["closed", "quadrature"])
def test_the_losses_differ_by_the_difference_of_the_means(method):
    found = bayes.expected_loss(200, 1000, 250, 1000, method=method)
    assert found["if_a"] - found["if_b"] == pytest.approx(251 / 1002 - 201 / 1002, abs=1e-12)
    rng = np.random.default_rng(2)
    drawn = rng.beta(251, 751, 10**6) - rng.beta(201, 801, 10**6)
    assert found["if_b"] == pytest.approx(np.maximum(-drawn, 0).mean(), rel=0.05)


def test_which_of_three_is_best_as_published():
    found = bayes.prob_best([20, 25, 30], [100, 100, 100])
    assert found == pytest.approx([0.031282, 0.206258, 0.762460], abs=5e-7)


@unhurried
@given(arms, priors)
def test_the_best_of_two_is_the_better(arm, prior):
    xa, na, xb, nb = arm
    best = bayes.prob_best([xa, xb], [na, nb], prior=prior)
    assert best.sum() == pytest.approx(1, abs=1e-9)
    assert best[1] == pytest.approx(bayes.prob_better(*arm, prior=prior), abs=1e-9)


def test_many_pairs_at_once_are_as_each_by_itself():
    xa, n = pd.Series([20, 30, 0], index=list("xyz")), pd.Series([100, 90, 50], index=list("xyz"))
    for function in (bayes.prob_better, bayes.expected_loss, bayes.lift_posterior):
        table = function(xa, n, xa + 9, n)
        for name in "xyz":
            one = function(int(xa[name]), n[name], int(xa[name]) + 9, n[name])
            if function is bayes.prob_better:
                assert table[name] == pytest.approx(one, abs=1e-12)
            else:
                pd.testing.assert_series_equal(table.loc[name], one, check_names=False)


# ---------------------------------------------------------------- the lift


@unhurried
@given(arms, priors)
def test_the_quantiles_of_the_lift_as_scipys_quadrature_has_them(arm, prior):
    found = bayes.lift_posterior(*arm, prior=prior, confidence=0.9)
    a, b = posteriors(*arm, prior)
    for name, probability in (("lift", 0.5), ("ci_low", 0.05), ("ci_high", 0.95)):
        ratio = 1 + found[name]
        reached = by_quad(lambda x, r=ratio: b.pdf(x) * a.sf(min(x / r, 1)), a, b)
        assert reached == pytest.approx(probability, abs=1e-5), name
    assert found["prob_better"] == pytest.approx(bayes.prob_better(*arm, prior=prior))


def test_with_many_visitors_the_lift_is_that_of_the_log_interval():
    from funnelkit import experiments

    found = bayes.lift_posterior(20_000, 100_000, 21_000, 100_000)
    theirs = experiments.lift(20_000, 100_000, 21_000, 100_000)
    assert found[["lift", "ci_low", "ci_high"]].tolist() == pytest.approx(theirs, abs=2e-4)


def test_the_probability_of_a_positive_lift_is_that_of_b_being_better():
    rng = np.random.default_rng(9)
    ratio = rng.beta(13, 29, 400_000) / rng.beta(7, 35, 400_000) - 1
    found = bayes.lift_posterior(6, 40, 12, 40)
    assert found["lift"] == pytest.approx(np.median(ratio), abs=0.01)
    assert found["ci_low"] == pytest.approx(np.quantile(ratio, 0.025), abs=0.01)
    assert found["ci_high"] == pytest.approx(np.quantile(ratio, 0.975), abs=0.06)


# ---------------------------------------------------------------- priors from many tests


def test_the_prior_of_six_tests_as_published():
    prior = bayes.fit_prior(*ALL_TESTS)
    assert prior.tolist() == pytest.approx([8.4171, 78.0126], abs=5e-4)
    shrunk = bayes.posterior(*(np.array(each) for each in ALL_TESTS), prior=prior)["mean"]
    published = [0.07128, 0.11419, 0.10261, 0.06301, 0.14265, 0.09065]
    assert shrunk.tolist() == pytest.approx(published, abs=5e-6)


def test_no_other_prior_is_more_likely():
    def log_likelihood(alpha, beta):
        return stats.betabinom.logpmf(*ALL_TESTS, alpha, beta).sum()

    prior = bayes.fit_prior(*ALL_TESTS)
    best = optimize.minimize(
        lambda logs: -log_likelihood(*np.exp(logs)), [1, 3], method="Nelder-Mead", tol=1e-10
    )
    assert log_likelihood(*prior) >= -best.fun - 1e-9


def test_a_planted_prior_is_found():
    rng, n = np.random.default_rng(4), 400
    visitors = rng.integers(50, 1000, 2000)
    fits = []
    for _ in range(5):
        rate = rng.beta(8, 72, len(visitors))
        fits.append(bayes.fit_prior(rng.binomial(visitors, rate), visitors))
    weight = pd.DataFrame(fits).sum(axis=1)
    assert weight.mean() == pytest.approx(80, abs=3 * 80 * (2 / n / 5) ** 0.5 / 2)
    means = pd.DataFrame(fits)["alpha"] / weight
    assert means.mean() == pytest.approx(0.10, abs=0.001)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (([10, 20, 30], [100, 200, 300]), "differ no more than chance .* pool the groups"),
        (([0, 0], [10, 20]), "every rate is 0 or 1"),
        (([0, 5], [5, 5]), "every rate is 0 or 1"),
        (([5], [50]), "two or more"),
        (([1, 2], [0, 9]), "visitors is 0 in 1 of 2"),
        (([11, 2], [10, 9]), "converted is greater than visitors in 1 of 2"),
    ],
)
def test_data_without_a_prior_are_refused(counts, message):
    with pytest.raises(ValueError, match=message):
        bayes.fit_prior(*counts)


def test_equal_errors_have_a_prior_in_closed_form():
    y = np.array([0.10, 0.02, -0.06, 0.20])
    found = bayes.fit_normal_prior(y, np.full(4, 0.05))
    assert found.tolist() == pytest.approx([y.mean(), (y.var() - 0.05**2) ** 0.5], abs=1e-7)


def test_shrinking_is_the_product_of_two_normal_densities():
    effect = np.linspace(-1, 1, 200_001)
    mass = stats.norm.pdf(effect, 0.02, 0.05) * stats.norm.pdf(0.2, effect, 0.08)
    found = bayes.shrink(0.2, 0.08, prior=(0.02, 0.05))
    mean = (mass * effect).sum() / mass.sum()
    sd = ((mass * (effect - mean) ** 2).sum() / mass.sum()) ** 0.5
    assert found["shrunk"] == pytest.approx(mean, abs=1e-9)
    assert found["ci_high"] - found["ci_low"] == pytest.approx(2 * 1.959964 * sd, abs=1e-6)
    assert found["prob_positive"] == pytest.approx(mass[effect > 0].sum() / mass.sum(), abs=1e-4)


def test_estimates_that_differ_only_by_chance_have_no_prior():
    with pytest.raises(ValueError, match="no more than their errors explain"):
        bayes.fit_normal_prior([0.01, 0.02, 0.03], [0.1, 0.1, 0.1])


def log_lifts(tests):
    """Return the logarithms of the ratios of the rates, and their standard errors."""
    a, b = tests["leads_a"] / tests["users_a"], tests["leads_b"] / tests["users_b"]
    square = (1 - a) / tests["leads_a"] + (1 - b) / tests["leads_b"]
    return np.log(b / a), square**0.5


@pytest.mark.parametrize("seed", [None, 1, 2, 3, 4, 5])
def test_the_planted_lifts_are_recovered_from_thirty_past_tests(seed):
    if seed is None:
        tests = funnelkit.load("past_tests")
        truth = funnelkit.truth()["facts"]["past_tests"]
        planted = funnelkit.truth()["model"]["past_tests"]["lift"]
    else:
        tests, truth = draw_past_tests(seed)
        planted = funnelkit.truth()["model"]["past_tests"]["lift"]
    estimates, errors = log_lifts(tests)
    prior = bayes.fit_normal_prior(estimates, errors)
    spread = (planted["sd"] ** 2 + (errors**2).mean()) ** 0.5
    assert prior["mean"] == pytest.approx(planted["mean"], abs=3 * spread / 30**0.5)
    error_of_sd = spread**2 / planted["sd"] / (2 * 30) ** 0.5
    assert prior["sd"] == pytest.approx(planted["sd"], abs=3 * error_of_sd)
    true = np.log1p(np.array([truth[test]["lift"] for test in tests["test"]]))
    shrunk = bayes.shrink(estimates, errors, prior=prior)
    wins = estimates / errors > 1.96
    # the lifts of the winners, whose plain estimates are too high
    standard = (shrunk["weight"] ** 0.5 * errors)[wins].mean() / wins.sum() ** 0.5
    assert abs((shrunk["shrunk"] - true)[wins].mean()) < 3 * standard


def test_over_many_worlds_shrunk_lifts_are_closer_to_the_truth():
    worlds = []
    for seed in range(1, 21):
        tests, truth = draw_past_tests(seed)
        estimates, errors = log_lifts(tests)
        true = np.log1p(np.array([truth[test]["lift"] for test in tests["test"]]))
        prior = bayes.fit_normal_prior(estimates, errors)
        shrunk = bayes.shrink(estimates, errors, prior=prior)["shrunk"]
        worlds.append([((each - true) ** 2).mean() for each in (estimates, shrunk)])
    plain, shrunk = np.mean(worlds, axis=0)
    assert shrunk < 0.85 * plain


def test_intervals_of_shrunk_effects_cover_also_for_the_winners():
    rng, runs, error = np.random.default_rng(7), 100_000, 0.06
    true = rng.normal(0.02, 0.08, runs)
    seen = rng.normal(true, error)
    found = bayes.shrink(seen, np.full(runs, error), prior=(0.02, 0.08))
    wins = seen / error > 1.96
    covered = (found["ci_low"].le(true) & found["ci_high"].ge(true))[wins].mean()
    plain = (abs(seen - true) < 1.96 * error)[wins].mean()
    assert covered == pytest.approx(0.95, abs=0.005)
    assert plain < 0.945


# ---------------------------------------------------------------- peeking


@pytest.mark.parametrize(
    ("looks", "b", "either"), [(1, 0.05, 0.10), (10, 0.16, 0.33), (50, 0.25, 0.51)]
)
def test_equal_rates_and_many_looks(looks, b, either):
    same = np.full(6000, 0.10)
    found = bayes.peeking(same, same, 5000, looks=looks, seed=3)
    assert found["declared"].eq("B").mean() == pytest.approx(b, abs=0.02)
    assert found["declared"].notna().mean() == pytest.approx(either, abs=0.025)
    assert not found["right"].any()


def test_what_is_stated_comes_true_if_the_rates_come_from_the_prior_used():
    rng = np.random.default_rng(6)
    a, b = rng.beta(20, 180, (2, 2000))
    found = bayes.peeking(a, b, 2000, looks=20, prior=(20, 180), seed=4).dropna()
    error = (found["stated"] * (1 - found["stated"])).mean() ** 0.5 / len(found) ** 0.5
    assert found["right"].mean() == pytest.approx(found["stated"].mean(), abs=3 * error)


def test_and_does_not_if_the_prior_is_flat_and_the_effects_are_small():
    rng = np.random.default_rng(6)
    a = np.full(2000, 0.10)
    b = a * (1 + rng.normal(0, 0.02, 2000))
    found = bayes.peeking(a, b, 5000, looks=20, seed=4).dropna()
    assert found["stated"].mean() > 0.95
    assert found["right"].mean() < 0.80


def test_a_look_more_does_not_change_the_draws_and_the_first_one_counts():
    a, b = np.full(300, 0.10), np.full(300, 0.13)
    once = bayes.peeking(a, b, 1000, seed=8)
    assert once["look"].dropna().eq(1).all()
    assert (once["stated"].dropna() > 0.95).all()
    strict = bayes.peeking(a, b, 1000, looks=5, threshold=0.99, seed=8)
    loose = bayes.peeking(a, b, 1000, looks=5, threshold=0.9, seed=8)
    both = strict["look"].notna()
    assert (loose.loc[both, "look"] <= strict.loc[both, "look"]).all()


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bayes.posterior(2, 9, prior=(0, 1)), "alpha of the prior is 0: give a number abo"),
        (lambda: bayes.posterior(2, 9, prior=(1, -3)), "beta of the prior is -3: .*flat prior"),
        (lambda: bayes.posterior(2, 9, prior=(1, np.nan)), "beta of the prior is nan"),
        (lambda: bayes.posterior(2, 9, prior=(1, np.inf)), "beta of the prior is inf"),
        (lambda: bayes.posterior(2, 9, prior=(1, 2, 3)), "prior has 3 values: give a pair"),
        (
            lambda: bayes.posterior(2, 9, prior=0.1),
            r"prior is a float: give a pair, \(alpha, beta\)",
        ),
        (lambda: bayes.posterior(2, 9, prior="flat"), "prior is a str: give a pair"),
        (lambda: bayes.posterior(10, 9), "converted is greater than visitors"),
        (lambda: bayes.posterior(0.2, 9), "converted is not a whole number"),
        (lambda: bayes.posterior(2, 0), "visitors is 0: a rate needs visitors"),
        (lambda: bayes.posterior(2, 9, confidence=95), "confidence is 95: give a fraction"),
        (lambda: bayes.prob_better(11, 9, 1, 9), "converted_a is greater than n_a"),
        (lambda: bayes.prob_better(1, 9, 1, 0), "n_b is 0: a rate needs visitors"),
        (lambda: bayes.prob_best([3], [9]), "there are 1 variants"),
        (lambda: bayes.expected_loss(1, 9, 2, 9, method="exact"), "method is 'exact': give one of"),
        (lambda: bayes.shrink(0.1, 0.0, prior=(0, 1)), "errors is not above 0"),
        (lambda: bayes.shrink(0.1, 0.1, prior=(0, 0)), "sd of the prior is 0: give a number above"),
        (lambda: bayes.shrink([0.1, 0.2], [0.1], prior=(0, 1)), "2 estimates and 1 errors"),
        (lambda: bayes.fit_normal_prior([0.1], [0.1]), "there are 1 estimates"),
        (lambda: bayes.peeking([0.1], [12], 100), "rates_b is above 1"),
        (lambda: bayes.peeking([0.1], [0.1, 0.2], 100), "1 of rates_a and 2 of rates_b"),
        (lambda: bayes.peeking([0.1], [0.1], 100, threshold=95), "threshold is 95: give a probab"),
        (lambda: bayes.peeking([0.1], [0.1], 100, threshold=0.5), "threshold is 0.5: give a prob"),
        (lambda: bayes.peeking([0.1], [0.1], 10, looks=20), "looks is 20: give a whole number"),
    ],
)
def test_wrong_input_is_refused(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_a_prior_goes_by_its_names():
    prior = pd.Series({"beta": 144.0, "alpha": 16.0})
    assert bayes.posterior(8, 40, prior=prior)["mean"] == pytest.approx(0.12)
