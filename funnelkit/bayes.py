r"""Bayes: what the data say about a rate, about two variants, and about one test among many.

The model throughout is the Beta–Binomial: a rate is believed to be distributed as a beta
distribution with the parameters :math:`\alpha` and :math:`\beta`, the *prior*; visitors convert
independently of one another with this rate; after :math:`k` of :math:`n` have converted, the
*posterior* is the beta distribution with :math:`\alpha + k` and :math:`\beta + n - k`. A prior is
given as a pair ``(alpha, beta)``; ``(1, 1)``, the default, is flat: all rates from 0 to 1 alike.
:math:`\alpha + \beta` is its weight, in visitors.

What is said of two variants is computed, not simulated: by the trapezoidal rule on the logarithm
of the odds, where the densities are so smooth that the error is below 1e-10.

In A and B a row is a pair of variants of independent visitors. Differences are B less A, lifts are
relative to A. Input is checked as `funnelkit._inputs` says.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = [
    "METRICS",
    "expected_loss",
    "fit_normal_prior",
    "fit_prior",
    "lift_posterior",
    "peeking",
    "posterior",
    "prob_best",
    "prob_better",
    "shrink",
]


def __dir__():
    return __all__


FLAT = (1, 1)
CELLS = 2_000_000  # of a grid that is held in memory at a time
NOBODY = "a rate needs visitors; leave the row out"
COUNT_USERS = "count users, not events, and the converted among the same users"


# ---------------------------------------------------------------- one rate


def posterior(converted, visitors, *, prior=FLAT, confidence=0.95):
    r"""Posterior of a conversion rate, from a beta prior and counts.

    Parameters
    ----------
    converted : int, array or Series of int
        How many converted.
    visitors : int, array or Series of int
        How many there were; at least 1, and never fewer than `converted`.
    prior : pair of float, default (1, 1)
        :math:`\alpha` and :math:`\beta`, both above 0; the result of `fit_prior` will do.
    confidence : float, default 0.95
        Probability that the rate lies in the interval, given the prior and the data.

    Returns
    -------
    Series or DataFrame
        `alpha` and `beta` of the posterior, its `mean`, and the ends `ci_low` and `ci_high` of the
        credible interval, outside of which equal probability remains on both sides; a table with
        one row per rate for arrays or Series.

    Notes
    -----
    The mean is a weighted average of the prior's and the data's:

    .. math:: \frac{\alpha + k}{\alpha + \beta + n}
              = \frac{\alpha + \beta}{\alpha + \beta + n} \cdot \frac{\alpha}{\alpha + \beta}
              + \frac{n}{\alpha + \beta + n} \cdot \frac{k}{n}

    Examples
    --------
    Eight of 40, where earlier pages had 10 %, with the weight of 160 visitors:

    >>> posterior(8, 40, prior=(16, 144)).round(3)
    alpha       24.000
    beta       176.000
    mean         0.120
    ci_low       0.079
    ci_high      0.168
    dtype: float64
    """
    from scipy.special import betaincinv

    tail = _tail(confidence)
    k, n, _ = _inputs.part_of(NOBODY, COUNT_USERS, converted=converted, visitors=visitors)
    index = _inputs.aligned(converted=converted, visitors=visitors)
    alpha, beta = _prior(prior)
    a, b = alpha + k, beta + n - k
    low, high = betaincinv(a, b, tail), 1 - betaincinv(b, a, tail)
    columns = {"alpha": a, "beta": b, "mean": a / (a + b), "ci_low": low, "ci_high": high}
    return _as_table(columns, index)


def fit_prior(converted, visitors):
    r"""Find the beta prior under which the counts of many groups are most probable.

    Parameters
    ----------
    converted : array or Series of int
        How many converted in each group: each earlier page, each channel.
    visitors : array or Series of int
        How many there were; at least two groups, and more than thirty for a prior to trust.

    Returns
    -------
    Series
        `alpha` and `beta`, to be given as ``prior=``.

    Raises
    ------
    ValueError
        When the rates differ no more than chance makes rates differ that are all the same. Then no
        weight is too large for the prior, and the data cannot say which one is right.

    Notes
    -----
    Each group's rate is drawn from the prior, and never seen. Averaged over it, the counts have
    the beta-binomial distribution, whose likelihood is maximised:

    .. math:: \log L(\alpha, \beta) = \sum_i \log \frac{B(\alpha + k_i, \beta + n_i - k_i)}
              {B(\alpha, \beta)} + \text{const.}

    The prior is then used as if it were known ("empirical Bayes"), so that with few groups the
    posterior's interval is somewhat too narrow. That a finite prior exists is seen by Tarone's
    criterion.

    References
    ----------
    R. E. Tarone (1979), "Testing the goodness of fit of the binomial distribution",
    *Biometrika* 66.

    Examples
    --------
    >>> fit_prior([12, 30, 22, 9, 41, 18], [200, 250, 210, 190, 260, 205]).round(3)
    alpha     8.417
    beta     78.013
    dtype: float64
    """
    k, n, _ = _inputs.part_of(NOBODY, COUNT_USERS, converted=converted, visitors=visitors)
    _need_several(k, "groups")
    _inputs.refuse(
        ((k == 0) | (k == n)).all(),
        "every rate is 0 or 1",
        "no prior with a finite weight fits best; take groups with more visitors",
    )
    p = k.sum() / n.sum()
    surplus = (k * (k - 1) / p + (n - k) * (n - k - 1) / (1 - p) - n * (n - 1)).sum()
    _inputs.refuse(
        surplus <= 1e-9 * (n * (n - 1)).sum(),
        "the rates differ no more than chance makes equal rates differ",
        "no finite prior fits best; pool the groups, or give a prior whose weight you can defend",
    )
    return pd.Series(_most_likely_beta(k, n, p), index=["alpha", "beta"])


def _most_likely_beta(k, n, p):
    """Return alpha and beta of the greatest likelihood, searched over their logarithms."""
    from scipy.optimize import minimize
    from scipy.special import betaln, digamma

    def cost(logs):
        a, b = np.exp(logs)
        value = (betaln(a + k, b + n - k) - betaln(a, b)).sum()
        both = (digamma(a + b + n) - digamma(a + b)).sum()
        slope_a = (digamma(a + k) - digamma(a)).sum() - both
        slope_b = (digamma(b + n - k) - digamma(b)).sum() - both
        return -value, -np.array([a * slope_a, b * slope_b])

    spread = np.var(k / n) if np.var(k / n) > 0 else p * (1 - p) / n.mean()
    weight = np.clip(p * (1 - p) / spread, 0.5, n.sum())
    start = np.log([p * weight, (1 - p) * weight])
    with np.errstate(all="ignore"):
        found = minimize(cost, start, jac=True, method="BFGS", options={"gtol": 1e-7})
        alpha, beta = np.exp(found.x)
    _inputs.refuse(
        not (np.isfinite(alpha + beta) and alpha + beta < 1e4 * n.sum()),
        "the rates hardly differ more than chance makes equal rates differ",
        "no finite prior fits best; pool the groups, or give a prior whose weight you can defend",
    )
    return alpha, beta


# ---------------------------------------------------------------- two variants, or several


def prob_better(converted_a, n_a, converted_b, n_b, *, prior=FLAT):
    r"""Probability that the rate of B is greater than that of A, given the prior and the data.

    Parameters
    ----------
    converted_a, n_a : int, array or Series of int
        How many converted in A, and how many users A had.
    converted_b, n_b : int, array or Series of int
        The same for B.
    prior : pair of float, default (1, 1)
        :math:`\alpha` and :math:`\beta` of the prior of both rates, each by itself.

    Returns
    -------
    float, array or Series of float
        A probability in [0, 1]. It is no p-value, and it answers neither "by how much" nor "what
        if we are wrong": see `lift_posterior` and `expected_loss`.

    Notes
    -----
    .. math:: P(p_B > p_A) = \int_0^1 f_B(x) \, F_A(x) \, dx

    with the density :math:`f` and the distribution function :math:`F` of each posterior.

    Examples
    --------
    >>> round(prob_better(200, 1000, 250, 1000), 5)
    0.99628
    """
    a, b, like_input, _ = _two_posteriors(converted_a, n_a, converted_b, n_b, prior)
    return like_input(_better(*a, *b))


def prob_best(converted, visitors, *, prior=FLAT):
    r"""Probability of each of several variants to have the greatest rate.

    Parameters
    ----------
    converted, visitors : array or Series of int
        One value per variant; two variants at least.
    prior : pair of float, default (1, 1)
        :math:`\alpha` and :math:`\beta` of the prior of each rate.

    Returns
    -------
    array or Series of float
        One probability per variant; they sum to 1.

    Notes
    -----
    .. math:: P(k \text{ is best}) = \int_0^1 f_k(x) \prod_{j \ne k} F_j(x) \, dx

    Examples
    --------
    >>> prob_best([20, 25, 30], [100, 100, 100]).round(6)
    array([0.031282, 0.206258, 0.76246 ])
    """
    k, n, like_input = _inputs.part_of(NOBODY, COUNT_USERS, converted=converted, visitors=visitors)
    _need_several(k, "variants")
    alpha, beta = _prior(prior)
    a, b = alpha + k, beta + n - k
    narrowest, best = _width(a, b).min(), np.empty(len(k))
    for one in range(len(k)):
        z, weight = _grid(a[[one]], b[[one]], narrowest)
        others = [_below(a[j], b[j], z) for j in range(len(k)) if j != one]
        best[one] = (weight * np.prod(others, axis=0)).sum()
    return like_input(best)


def expected_loss(converted_a, n_a, converted_b, n_b, *, prior=FLAT, method="closed"):
    r"""Conversion rate given up on average by choosing A, and by choosing B.

    Parameters
    ----------
    converted_a, n_a, converted_b, n_b, prior
        As in `prob_better`.
    method : {"closed", "quadrature"}, default "closed"
        How it is computed. The results are the same; losses below about 1e-12 have more correct
        digits by "quadrature", which takes longer.

    Returns
    -------
    Series or DataFrame
        `if_a` and `if_b`: what is lost if that variant is chosen, as a difference of rates (0.001
        is a tenth of a percentage point); a table for arrays or Series.

    Notes
    -----
    Choosing A loses :math:`p_B - p_A` where B is better, and nothing where A is. With the posterior
    means :math:`m` and, marked by :math:`+`, rates whose :math:`\alpha` is greater by 1,

    .. math:: \mathrm{E}\max(p_B - p_A, 0) = m_B \, P(p_B^+ > p_A) - m_A \, P(p_B > p_A^+)
              = \int_0^1 F_A(x) \, (1 - F_B(x)) \, dx

    The two losses differ by the difference of the posterior means.

    Examples
    --------
    Choosing B on two of ten against five of ten risks less than a point:

    >>> expected_loss(2, 10, 5, 10).round(6)
    if_a    0.258262
    if_b    0.008262
    dtype: float64
    """
    _inputs.one_of("method", method, ("closed", "quadrature"))
    a, b, _, index = _two_posteriors(converted_a, n_a, converted_b, n_b, prior)
    loss = _loss_closed if method == "closed" else _loss_quadrature
    return _as_table({"if_a": loss(a, b), "if_b": loss(b, a)}, index)


def lift_posterior(converted_a, n_a, converted_b, n_b, *, prior=FLAT, confidence=0.95):
    r"""Posterior of the relative lift, the rate of B over that of A, less 1.

    Parameters
    ----------
    converted_a, n_a, converted_b, n_b, prior
        As in `prob_better`.
    confidence : float, default 0.95
        Probability that the lift lies in the interval, given the prior and the data.

    Returns
    -------
    Series or DataFrame
        `lift`, the posterior's median, `ci_low` and `ci_high`, and `prob_better`, the probability
        that the lift is positive; a table for arrays or Series.

    Notes
    -----
    .. math:: P\left(\frac{p_B}{p_A} - 1 \le r\right) = \int_0^1 f_A(x) \, F_B((1 + r) x) \, dx

    is solved for :math:`r`, so that the probabilities are right to 1e-5. The median is given, since
    the mean of a ratio is infinite where the rate of A may be close to 0. The two rates are
    believed to be unrelated before the data. Where most changes are known to move a rate by a few
    percent, that is a poor belief: see `shrink`.

    Examples
    --------
    >>> lift_posterior(200, 1000, 250, 1000).round(3)
    lift           0.249
    ci_low         0.061
    ci_high        0.473
    prob_better    0.996
    dtype: float64
    """
    tail = _tail(confidence)
    a, b, _, index = _two_posteriors(converted_a, n_a, converted_b, n_b, prior)
    pairs = zip(*(np.ravel(each) for each in (*a, *b)), strict=True)
    found = np.array([_log_ratios(*pair, (0.5, tail, 1 - tail)) for pair in pairs])
    lifts = np.expm1(found.reshape(*np.shape(a[0]), 3))
    columns = {name: lifts[..., i] for i, name in enumerate(("lift", "ci_low", "ci_high"))}
    return _as_table(columns | {"prob_better": _better(*a, *b)}, index)


# ---------------------------------------------------------------- one test among many


def fit_normal_prior(estimates, errors):
    r"""Find the normal distribution from which the true effects behind many estimates come.

    Parameters
    ----------
    estimates : array or Series of float
        Estimated effects, such as the logarithm of the ratio of two rates, one per test.
    errors : array or Series of float
        Their standard errors, above 0.

    Returns
    -------
    Series
        `mean` and `sd` of the true effects, to be given to `shrink`.

    Raises
    ------
    ValueError
        When the estimates differ no more than their errors explain: then nothing says that the
        true effects differ at all.

    Notes
    -----
    An estimate varies by its error, and by what the true effects differ. Their variances add, and
    the likelihood is maximised:

    .. math:: \hat\theta_i \sim N(\mu, \; \tau^2 + s_i^2)

    Give *all* tests that were run. Those that were written down because they won have a mean that
    is too high and an `sd` that is wrong.

    Examples
    --------
    >>> fit_normal_prior([0.10, 0.02, -0.06, 0.20], [0.05, 0.05, 0.05, 0.05]).round(3)
    mean    0.065
    sd      0.082
    dtype: float64
    """
    y, s = _estimates(estimates, errors)
    _need_several(y, "estimates")
    from scipy.optimize import minimize_scalar

    def mean(sd):
        return np.average(y, weights=1 / (sd**2 + s**2))

    def cost(sd):
        variance = sd**2 + s**2
        return (np.log(variance) + (y - mean(sd)) ** 2 / variance).sum() / 2

    sds = np.linspace(0, 2 * max(np.ptp(y), s.max()), 400)
    costs = [cost(sd) for sd in sds]
    best = int(np.argmin(costs))
    _inputs.refuse(
        best == 0,
        "the estimates differ no more than their errors explain",
        "nothing says that the true effects differ; pool the tests, or give shrink a prior whose "
        "sd you can defend",
    )
    around = sds[best - 1], sds[min(best + 1, len(sds) - 1)]
    options = {"xatol": 1e-12 * sds[-1]}
    sd = minimize_scalar(cost, bounds=around, method="bounded", options=options).x
    return pd.Series({"mean": mean(sd), "sd": sd})


def shrink(estimates, errors, *, prior, confidence=0.95):
    r"""Draw each estimated effect towards the mean of all, the more so the less data it has.

    Parameters
    ----------
    estimates, errors : float, array or Series of float
        Estimated effects and their standard errors, as in `fit_normal_prior`.
    prior : pair of float
        Mean and standard deviation (above 0) of the true effects, such as `fit_normal_prior` gives.
    confidence : float, default 0.95
        Probability that the effect lies in the interval, given the prior and the data.

    Returns
    -------
    Series or DataFrame
        `weight` of the estimate, 1 less that of the prior; the posterior's mean, `shrunk`, and
        `ci_low` and `ci_high`; `prob_positive`, the probability that the effect is above 0.

    Notes
    -----
    .. math:: w_i = \frac{\tau^2}{\tau^2 + s_i^2}, \qquad
              \theta_i \mid \hat\theta_i \sim
              N\left(w_i \hat\theta_i + (1 - w_i) \mu, \; w_i s_i^2\right)

    Choosing the greatest of many does not bias it, as long as the true effects do come from the
    prior.

    Examples
    --------
    >>> shrink(0.20, 0.05, prior=(0.02, 0.05)).round(3)
    weight           0.500
    shrunk           0.110
    ci_low           0.041
    ci_high          0.179
    prob_positive    0.999
    dtype: float64
    """
    from scipy.special import ndtr

    z = _inputs.confidence_quantile(confidence)
    y, s = _estimates(estimates, errors)
    index = _inputs.aligned(estimates=estimates, errors=errors)
    mean, sd = _pair(prior, "prior", ("mean", "sd"))
    _inputs.number("mean of the prior", mean)
    sd = _inputs.number("sd of the prior", sd, above=0)
    weight = 1 / (1 + (s / sd) ** 2)
    shrunk, error = weight * y + (1 - weight) * mean, np.sqrt(weight) * s
    columns = {"weight": weight, "shrunk": shrunk}
    columns |= {"ci_low": shrunk - z * error, "ci_high": shrunk + z * error}
    return _as_table(columns | {"prob_positive": ndtr(shrunk / error)}, index)


# ---------------------------------------------------------------- looking before the end


def peeking(rates_a, rates_b, visitors, *, looks=1, threshold=0.95, prior=FLAT, seed=None):
    """Simulate tests that stop at the first look at which one variant is probably better.

    Parameters
    ----------
    rates_a, rates_b : float, array or Series of float
        The true rates, one per simulated test. Draw them from a prior to see what a stopping rule
        promises on average over that prior; repeat one value to see what it does at that value.
    visitors : int
        Visitors of each variant at the end.
    looks : int, default 1
        How many looks, the last of them at the end, with equally many visitors between them.
    threshold : float, default 0.95
        A test stops when the probability of one variant to be better is above it; more than 0.5.
    prior : pair of float, default (1, 1)
        The prior by which the probability is computed, which need not be the true one.
    seed : int or Generator, optional
        For results that can be repeated.

    Returns
    -------
    DataFrame
        One row per test: `look`, the number of the look at which it stopped (missing: it did not);
        `declared`, "A" or "B" (missing: neither); `stated`, the probability stated then of that
        variant to be better; `right`, whether its true rate is the greater.

    Examples
    --------
    Two pages that are the same, looked at once, and at ten times:

    >>> same = np.full(500, 0.10)
    >>> for looks in (1, 10):
    ...     tests = peeking(same, same, 2000, looks=looks, seed=1)
    ...     print(f"{tests['declared'].notna().mean():.2f}")
    0.08
    0.32
    """
    a, b = _rates("rates_a", rates_a), _rates("rates_b", rates_b)
    _inputs.aligned(rates_a=rates_a, rates_b=rates_b)
    _inputs.need_same_length("tests", rates_a=a, rates_b=b)
    visitors = _inputs.whole("visitors", visitors, at_most=10**9)
    looks = _inputs.whole("looks", looks, at_most=visitors)
    remedy = "give a probability above 0.5 and below 1, such as 0.95"
    threshold = _inputs.number("threshold", threshold, above=0.5, remedy=remedy)
    _inputs.refuse(threshold >= 1, f"threshold is {threshold:g}", remedy)
    prior, rng = _prior(prior), _inputs.random_generator(seed)
    _inputs.need_rows(a, "rates_a", "there are no tests to simulate")
    look, stated = np.zeros(len(a), int), np.full(len(a), np.nan)
    totals, before = np.zeros((2, len(a))), 0
    for number in range(1, looks + 1):
        n = visitors * number // looks
        totals += rng.binomial(n - before, [a, b])  # of all tests: stopping changes no later draw
        before, running = n, np.flatnonzero(look == 0)
        (xa, xb), (alpha, beta) = totals[:, running], prior
        pairs = np.array([alpha + xa, beta + n - xa, alpha + xb, beta + n - xb])
        close = _may_be_above(threshold, pairs)
        running, p = running[close], _better(*pairs[:, close])
        stops = np.maximum(p, 1 - p) > threshold
        look[running[stops]], stated[running[stops]] = number, p[stops]
    return _stopped_tests(look, stated, a, b, _inputs.index_of(rates_a))


def _may_be_above(threshold, pairs):
    """Leave out pairs that are surely not decided, to save time: by a rough normal test."""
    from scipy.special import ndtri

    a, b, c, d = pairs
    z = np.log(c / d * b / a) / np.hypot(_width(a, b), _width(c, d))
    return (abs(z) > ndtri(threshold) - 0.5) | (pairs.min(axis=0) < 10)


def _stopped_tests(look, stated, a, b, index):
    """Return the table of what each test declared, and whether that is right."""
    says_b, ended = stated > 0.5, look > 0
    right = np.where(says_b, b > a, a > b)
    table = pd.DataFrame(
        {
            "look": pd.array(look, dtype="Int64"),
            "declared": pd.Series(np.where(says_b, "B", "A"), dtype="str"),
            "stated": np.where(says_b, stated, 1 - stated),
            "right": pd.array(right, dtype="boolean"),
        }
    )
    table.loc[~ended, ["look", "declared", "right"]] = pd.NA
    return table if index is None else table.set_axis(index)


# ---------------------------------------------------------------- input


def _pair(value, name, parts):
    """Return the two numbers of a prior, by their names if they have them."""
    remedy = f"give a pair, ({', '.join(parts)})"
    if isinstance(value, str | Mapping | set) or not np.iterable(value):
        raise TypeError(f"{name} is {_inputs.name_of_type(value)}: {remedy}")
    if isinstance(value, pd.Series) and set(parts) <= set(value.index):
        value = value[list(parts)]
    values = list(value)
    if len(values) != 2:
        raise ValueError(f"{name} has {len(values)} values: {remedy}")
    return values


def _prior(value):
    """Return alpha and beta of a prior; both are above 0."""
    remedy = "give a number above 0 and at most 1e9; (1, 1) is the flat prior"
    parts = zip(("alpha", "beta"), _pair(value, "prior", ("alpha", "beta")), strict=True)
    return [
        _inputs.number(f"{name} of the prior", each, above=0, at_most=1e9, remedy=remedy)
        for name, each in parts
    ]


def _rates(name, value):
    return np.atleast_1d(_inputs.shares(name, value))


def _tail(confidence):
    """Return the probability that remains on each side of an interval."""
    _inputs.confidence_quantile(confidence)
    return (1 - float(confidence)) / 2


def _need_several(values, what):
    if np.ndim(values) != 1 or len(values) < 2:
        raise ValueError(
            f"there are {np.size(values)} {what} in {np.ndim(values)} dimensions: give one row "
            f"for each of two or more {what}"
        )


def _estimates(estimates, errors):
    """Return estimates and their standard errors as arrays of one length."""
    _inputs.aligned(estimates=estimates, errors=errors)
    y, s = _inputs.finite("estimates", estimates), _inputs.finite("errors", errors)
    index = _inputs.index_of(errors)
    remedy = "a standard error is above 0; leave out the tests that have none"
    _inputs.refuse(s <= 0, "errors is not above 0", remedy, s, index=index)
    if y.ndim > 1 or s.shape != y.shape:
        raise ValueError(
            f"there are {y.size:,} estimates and {s.size:,} errors: give one column of each, as "
            "many of one as of the other"
        )
    return y, s


def _two_posteriors(converted_a, n_a, converted_b, n_b, prior):
    """Return alpha and beta of A's posterior and of B's, and how to dress the result."""
    given = {"converted_a": converted_a, "n_a": n_a, "converted_b": converted_b, "n_b": n_b}
    alpha, beta = _prior(prior)
    index, (counts, like_input) = _inputs.aligned(**given), _inputs.counts(**given)
    for arm in ("a", "b"):
        names = (f"converted_{arm}", f"n_{arm}")
        _inputs.part_of(NOBODY, COUNT_USERS, **{name: given[name] for name in names})
    xa, na, xb, nb = counts
    if xa.ndim > 1:
        raise TypeError("the counts are tables: give one column of each")
    return (alpha + xa, beta + na - xa), (alpha + xb, beta + nb - xb), like_input, index


def _as_table(columns, index):
    """Return a Series of single numbers, or a table of columns."""
    if all(np.ndim(values) == 0 for values in columns.values()):
        return pd.Series({name: float(values) for name, values in columns.items()})
    return pd.DataFrame(columns, index=index)


# ---------------------------------------------------------------- integrals
# Over z, the logarithm of the odds of a rate x: x = 1 / (1 + exp(-z)). There a beta density is
# smooth and falls off at least exponentially, so that the trapezoidal rule is exact to the last
# digits once its step is 0.6 of the density's standard deviation. Of two densities the
# narrower is integrated.


def _width(a, b):
    """Return the standard deviation of z, nearly, for a beta distribution."""
    return np.sqrt(1 / a + 1 / b)


def _range(a, b):
    """Return the ends of z, beyond which less than 1e-17 of the probability remains."""
    middle, reach = np.log(a / b), 9 * _width(a, b)
    return middle - reach - 40 / a, middle + reach + 40 / b


def _grid(a, b, width=None):
    """Return points z, a row for each distribution, and the probability of each point."""
    low, high = _range(a, b)
    step = np.minimum(0.25, 0.6 * (_width(a, b) if width is None else width))
    points = int(np.ceil(((high - low) / step).max())) + 1
    z = np.linspace(low, high, points, axis=-1)
    a, b = np.expand_dims(a, -1), np.expand_dims(b, -1)
    middle = np.log(a / b)
    near = np.clip(z - middle, -1, 1)  # close to the middle without loss of digits
    log_density = np.where(
        abs(z - middle) < 1,
        -a * np.log1p(b / (a + b) * np.expm1(-near)) - b * np.log1p(a / (a + b) * np.expm1(near)),
        -a * (np.logaddexp(0, -z) - np.logaddexp(0, -middle))
        - b * (np.logaddexp(0, z) - np.logaddexp(0, middle)),
    )
    weight = np.exp(log_density)
    return z, weight / weight.sum(axis=-1, keepdims=True)


def _below(a, b, z):
    """Return the probability of a rate below that of z, with all digits at both ends."""
    from scipy.special import betainc, betaincc, expit

    return np.where(z < 0, betainc(a, b, expit(z)), betaincc(b, a, expit(-z)))


def _better(a_a, b_a, a_b, b_b):
    """Return P(B > A) of pairs of beta distributions."""
    shape = np.shape(a_a)
    a_a, b_a, a_b, b_b = (np.ravel(each) for each in (a_a, b_a, a_b, b_b))
    by_b = _width(a_b, b_b) < _width(a_a, b_a)  # by the narrower density
    narrow = np.where(by_b, a_b, a_a), np.where(by_b, b_b, b_a)
    # P(A < z), or P(B > z), which is that of a beta distribution the other way round
    wide, sign = (np.where(by_b, a_a, b_b), np.where(by_b, b_a, a_b)), np.where(by_b, 1, -1)
    result = np.empty(len(a_a))
    for rows in _chunks(*narrow):
        z, weight = _grid(narrow[0][rows], narrow[1][rows])
        beyond = _below(wide[0][rows, None], wide[1][rows, None], sign[rows, None] * z)
        result[rows] = (weight * beyond).sum(axis=-1)
    return np.minimum(result, 1).reshape(shape)


def _chunks(a, b):
    """Return slices of the rows, so few at a time that their grids fit into memory."""
    if not len(a):
        return []
    low, high = _range(a, b)
    points = ((high - low) / np.minimum(0.25, 0.6 * _width(a, b))).max() + 2
    rows = max(1, int(CELLS / points))
    return [slice(start, start + rows) for start in range(0, len(a), rows)]


def _loss_closed(chosen, other):
    """Return E max(other - chosen, 0)."""
    (a, b), (c, d) = chosen, other
    gained = c / (c + d) * _better(a, b, c + 1, d)
    kept = a / (a + b) * _better(a + 1, b, c, d)
    return np.maximum(gained - kept, 0)


def _loss_quadrature(chosen, other):
    """Return E max(other - chosen, 0), by the integral of F (1 - G)."""
    from scipy.special import expit

    arrays = [np.ravel(each) for each in (*chosen, *other)]
    losses = []
    for a, b, c, d in zip(*arrays, strict=True):
        ends = np.array([_range(a, b), _range(c, d)])
        step = min(0.25, _width(a, b) / 2, _width(c, d) / 2)
        z = np.arange(ends.min(), ends.max(), step)
        integrand = _below(a, b, z) * _below(d, c, -z) * expit(z) * expit(-z)
        losses.append(step * integrand.sum())
    return np.reshape(losses, np.shape(chosen[0]))


def _log_ratios(a, b, c, d, probabilities):
    """Return quantiles of log(B / A), A being Beta(a, b) and B Beta(c, d)."""
    from scipy.optimize import brentq
    from scipy.special import betainc

    width = min(_width(a, b), _width(c, d)) / 6  # finer, since a rate ends at 1 in mid-range
    z, weight = _grid(np.float64(a), np.float64(b), width)
    rate_a = -np.logaddexp(0, -z)  # its logarithm

    def distance(log_ratio, probability):
        return weight @ betainc(c, d, np.exp(np.minimum(rate_a + log_ratio, 0))) - probability

    middle = np.log(c / (c + d)) - np.log(a / (a + b))
    reach = 8 * (_width(a, b) + _width(c, d)) + 40 * (1 / a + 1 / c)
    low, high = middle - reach, middle + reach
    return [brentq(distance, low, high, args=(p,), xtol=1e-12) for p in probabilities]


METRICS = ()  # nothing here is counted that `metrics` and `experiments` do not name already
