"""Two variants compared: the difference and its test, the relative lift, the split of the users.

Differences are B less A, lifts are B relative to A. Input is checked as `funnelkit._inputs` says.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric
from funnelkit.experiments.arms import Moments, welch
from funnelkit.experiments.design import planned_shares

__all__ = [
    "METRICS",
    "lift",
    "lift_of_means",
    "permutation_test",
    "sample_ratio_test",
    "two_proportion_test",
    "welch_from_sums",
    "welch_test",
]


def __dir__():
    return __all__


# ---------------------------------------------------------------- rates


def two_proportion_test(converted_a, n_a, converted_b, n_b, *, variance="pooled"):
    r"""Test whether two conversion rates differ: the two-proportion z test.

    Parameters
    ----------
    converted_a, n_a : int, array or Series of int
        How many converted in A, and how many users A had.
    converted_b, n_b : int, array or Series of int
        The same for B.
    variance : {"pooled", "unpooled"}, default "pooled"
        "pooled": of one common rate, as is right if the two do not differ; "unpooled": of each
        rate by itself.

    Returns
    -------
    Series or DataFrame
        `difference` (B less A), `z` and the two-sided `p_value`; a table with one row per pair
        for arrays or Series.

    See Also
    --------
    funnelkit.metrics.difference : the interval of the difference, by Newcombe.

    Notes
    -----
    .. math:: z = \frac{\hat p_B - \hat p_A}{\sqrt{\hat p (1 - \hat p) (1/n_A + 1/n_B)}},
              \qquad \hat p = \frac{x_A + x_B}{n_A + n_B}

    and with :math:`\hat p_A (1 - \hat p_A) / n_A + \hat p_B (1 - \hat p_B) / n_B` under the root
    for "unpooled". With fewer than about five conversions in an arm the normal distribution is
    too rough: use Fisher's exact test, ``scipy.stats.fisher_exact``.

    Examples
    --------
    >>> two_proportion_test(200, 1000, 250, 1000).round(4)
    difference    0.0500
    z             2.6774
    p_value       0.0074
    dtype: float64
    """
    from scipy.special import ndtr

    _inputs.one_of("variance", variance, ("pooled", "unpooled"))
    xa, na, xb, nb, index = _two_arms(converted_a, n_a, converted_b, n_b)
    pa, pb, p = xa / na, xb / nb, (xa + xb) / (na + nb)
    what = "nobody converted in A or B, or everybody did"
    remedy = "without variance there is nothing to test; wait, or choose another metric"
    _inputs.refuse((p == 0) | (p == 1), what, remedy, index=index)
    square = p * (1 - p) * (1 / na + 1 / nb)
    if variance == "unpooled":
        square = pa * (1 - pa) / na + pb * (1 - pb) / nb
    with np.errstate(divide="ignore"):  # unpooled, nobody against everybody: infinitely far apart
        z = (pb - pa) / np.sqrt(square)
    return _as_table({"difference": pb - pa, "z": z, "p_value": 2 * ndtr(-np.abs(z))}, index)


def lift(converted_a, n_a, converted_b, n_b, *, method="log", confidence=0.95):
    r"""Relative lift of a conversion rate, B over A, with an interval of its own.

    Parameters
    ----------
    converted_a, n_a, converted_b, n_b : int, array or Series of int
        As in `two_proportion_test`; at least one converted in each arm.
    method : {"log", "linear"}, default "log"
        How the interval is made; see `lift_of_means`.
    confidence : float, default 0.95
        How often, in the long run, intervals made in this way hold the true lift.

    Returns
    -------
    Series or DataFrame
        `lift` (0.25 for 25 % more), `ci_low`, `ci_high`; a table for arrays or Series.

    Notes
    -----
    Test the difference, and say how large the effect is with this. The interval of the lift may
    hold 0 where that of the difference does not, and the other way round: the rate of A, by which
    it divides, is uncertain too.

    Examples
    --------
    >>> lift(200, 1000, 250, 1000).round(3)
    lift       0.250
    ci_low     0.061
    ci_high    0.473
    dtype: float64
    """
    xa, na, xb, nb, index = _two_arms(converted_a, n_a, converted_b, n_b)
    remedy = "a lift needs a conversion in each arm; give the difference"
    _inputs.refuse((xa == 0) | (xb == 0), "nobody converted in A or in B", remedy, index=index)
    remedy = "without variance there is no interval; choose another metric"
    _inputs.refuse((xa == na) & (xb == nb), "everybody converted", remedy, index=index)
    pa, pb = xa / na, xb / nb
    errors = np.sqrt(pa * (1 - pa) / na), np.sqrt(pb * (1 - pb) / nb)
    z = _inputs.confidence_quantile(confidence)
    return _as_table(_lift(pa, errors[0], pb, errors[1], method, z), index)


def lift_of_means(mean_a, se_a, mean_b, se_b, *, method="log", confidence=0.95, df=None):
    r"""Relative lift of a mean, B over A, with an interval of its own.

    Parameters
    ----------
    mean_a, mean_b : float
        The two means, above 0.
    se_a, se_b : float
        Their standard errors.
    method : {"log", "linear"}, default "log"
        "log": the delta method on the logarithm of the ratio; the interval never falls below
        −100 %. "linear": the delta method on the ratio itself, symmetric around the lift.
    confidence : float, default 0.95
        Confidence of the interval.
    df : float, optional
        Degrees of freedom of a t distribution, such as `welch_test` gives; without them the
        normal distribution is used, which is the same for more than a few hundred users.

    Returns
    -------
    Series
        `lift`, `ci_low`, `ci_high`.

    Notes
    -----
    With the ratio :math:`r = \bar y_B / \bar y_A` and relative errors
    :math:`c_i = s_i / \bar y_i`, the interval is

    .. math:: r \, e^{\pm z \sqrt{c_A^2 + c_B^2}} - 1 \quad\text{(log)},\qquad
              r \pm z \, r \sqrt{c_A^2 + c_B^2} - 1 \quad\text{(linear)}

    Examples
    --------
    >>> lift_of_means(20.0, 1.0, 22.0, 1.1).round(3)
    lift       0.100
    ci_low    -0.042
    ci_high    0.264
    dtype: float64
    """
    ma, mb = _inputs.positive(mean_a=mean_a, mean_b=mean_b)
    ea = _inputs.number("se_a", se_a, at_least=0)
    eb = _inputs.number("se_b", se_b, at_least=0)
    z = _inputs.confidence_quantile(confidence)
    if df is not None:
        from scipy.special import stdtrit

        z = float(stdtrit(_inputs.number("df", df, at_least=1), (1 + confidence) / 2))
    return _as_table(_lift(ma, ea, mb, eb, method, z), None)


def _lift(mean_a, se_a, mean_b, se_b, method, z):
    """Return the lift and the ends of its interval."""
    _inputs.one_of("method", method, ("log", "linear"))
    ratio = mean_b / mean_a
    reach = z * np.hypot(se_a / mean_a, se_b / mean_b)
    low, high = (
        (ratio * np.exp(-reach), ratio * np.exp(reach))
        if method == "log"
        else (ratio * (1 - reach), ratio * (1 + reach))
    )
    return {"lift": ratio - 1, "ci_low": low - 1, "ci_high": high - 1}


def _two_arms(converted_a, n_a, converted_b, n_b):
    """Return the counts of both arms as arrays, and the index that they share."""
    (xa, na, xb, nb), _ = _inputs.counts(
        converted_a=converted_a, n_a=n_a, converted_b=converted_b, n_b=n_b
    )
    index = _inputs.aligned(converted_a=converted_a, n_a=n_a, converted_b=converted_b, n_b=n_b)
    for arm, x, n in (("a", xa, na), ("b", xb, nb)):
        empty = "this arm has no users, so there is nothing to compare; leave the pair out"
        _inputs.refuse(n == 0, f"n_{arm} is 0", empty, index=index)
        remedy = "count users, not events, and the converted among the same users"
        what = f"converted_{arm} is greater than n_{arm}"
        _inputs.refuse(x > n, what, remedy, x, n, index=index)
    if xa.ndim > 1:
        raise TypeError("the counts are tables: give one column of each")
    return xa, na, xb, nb, index


def _as_table(columns, index):
    """Return a Series of single numbers, or a table of columns."""
    if all(np.ndim(values) == 0 for values in columns.values()):
        return pd.Series({name: float(value) for name, value in columns.items()})
    return pd.DataFrame(columns, index=index)


# ---------------------------------------------------------------- means


def welch_test(a, b, *, confidence=0.95):
    r"""Compare the means of two variants: Welch's test, and the interval of the difference.

    Parameters
    ----------
    a, b : list, array or Series of numbers
        One value per user of A, and of B; at least two of each.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    Series
        `mean_a`, `mean_b`, `difference` (B less A), `ci_low`, `ci_high`, `t`, `df` and the
        two-sided `p_value`.

    Notes
    -----
    The standard error is :math:`\sqrt{s_A^2 / n_A + s_B^2 / n_B}`; the variances may differ. The
    t distribution has the degrees of freedom of Welch and Satterthwaite.

    References
    ----------
    B. L. Welch (1947), "The generalization of 'Student's' problem when several different
    population variances are involved", *Biometrika* 34.

    Examples
    --------
    >>> welch_test([1, 2, 3, 4], [3, 4, 5, 8])[["difference", "p_value"]].round(3)
    difference    2.500
    p_value       0.105
    dtype: float64
    """
    values = _two_columns(a, b, at_least=2)
    return _welch(*(_moments(array) for array in values), confidence)


def _moments(values):
    """Return n, mean and variance, which is exactly 0 if all are the same."""
    apart = values - values[0]
    square = float(np.square(apart - apart.mean()).sum())
    return len(values), values[0] + apart.mean(), square / (len(values) - 1)


def welch_from_sums(n_a, total_a, squares_a, n_b, total_b, squares_b, *, confidence=0.95):
    """Compare two means from their sums, as a database gives them.

    Parameters
    ----------
    n_a, n_b : int
        Users of each variant; at least two.
    total_a, total_b : float
        Sum of the metric over these users.
    squares_a, squares_b : float
        Sum of its squares.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    Series
        As `welch_test`.

    Examples
    --------
    >>> welch_from_sums(4, 10, 30, 4, 20, 114)[["difference", "p_value"]].round(3)
    difference    2.500
    p_value       0.105
    dtype: float64
    """
    sums = []
    for arm, n, total, squares in (
        ("a", n_a, total_a, squares_a),
        ("b", n_b, total_b, squares_b),
    ):
        n = _inputs.whole(f"n_{arm}", n, at_least=2)
        total = _inputs.number(f"total_{arm}", total)
        squares = _inputs.number(f"squares_{arm}", squares, at_least=0)
        spread = squares - total**2 / n
        if spread < -1e-9 * squares:
            raise ValueError(
                f"squares_{arm} is {squares:g}, less than total² / n, {total**2 / n:g}, which "
                "cannot be: give the sum of the squares, not the square of the sum"
            )
        sums.append((n, total / n, max(spread, 0.0) / (n - 1)))
    return _welch(*sums, confidence)


def _welch(a, b, confidence):
    """Return Welch's test of two (n, mean, variance)."""
    arms = [Moments(mean, variance, n) for n, mean, variance in (a, b)]
    row = welch(*arms, confidence=confidence)
    return pd.Series(
        {
            "mean_a": row["control"],
            "mean_b": row["other"],
            **{name: row[name] for name in ("difference", "ci_low", "ci_high")},
            "t": row["difference"] / row["standard_error"],
            **{name: row[name] for name in ("df", "p_value")},
        }
    )


def permutation_test(a, b, *, draws=2_000, seed=None):
    r"""Test whether two variants differ by shuffling who was in which.

    If the variant made no difference, each user would have done the same in the other arm. So the
    arms are shuffled many times, and the p-value is the share of shuffles in which the means lie
    at least as far apart as they really did.

    Parameters
    ----------
    a, b : list, array or Series of numbers or booleans
        One value per user of A, and of B.
    draws : int, default 2000
        How many shuffles.
    seed : int or numpy.random.Generator, optional
        For the same result every time.

    Returns
    -------
    Series
        `difference` (mean of B less mean of A) and the two-sided `p_value`, with the differences
        of the shuffles in ``attrs["shuffled"]``.

    Notes
    -----
    :math:`p = (k + 1) / (m + 1)` where k of m shuffles are at least as far from 0: the real
    arrangement counts among them, so the p-value is never 0.

    Examples
    --------
    >>> result = permutation_test([0, 0, 0, 1, 0, 0], [1, 1, 0, 1, 1, 1], draws=999, seed=1)
    >>> print(round(result["difference"], 2), round(result["p_value"], 2))
    0.67 0.09
    """
    draws = _inputs.whole("draws", draws, at_least=10)
    rng = _inputs.random_generator(seed)
    one, other = _two_columns(a, b, at_least=1)
    together, n_b = np.concatenate([one, other]), len(other)
    if np.ptp(together) == 0:
        raise ValueError(
            f"the metric has no variance: it is {together[0]:g} for every user of A and B: there "
            "is nothing to test; choose another metric"
        )
    total = together.sum()
    shuffled = np.empty(draws)
    for number in range(draws):
        of_b = rng.permutation(together)[:n_b].sum()
        shuffled[number] = of_b / n_b - (total - of_b) / len(one)
    found = other.mean() - one.mean()
    as_far = np.abs(shuffled) >= abs(found) * (1 - 1e-12)
    result = pd.Series({"difference": found, "p_value": (as_far.sum() + 1) / (draws + 1)})
    result.attrs["shuffled"] = shuffled
    return result


def _two_columns(a, b, *, at_least):
    """Return the metric of the users of both arms as float arrays."""
    arrays = []
    for name, values in (("a", a), ("b", b)):
        column = _inputs.as_series(values, name)
        if pd.api.types.infer_dtype(column, skipna=True) == "boolean":
            column = _inputs.booleans(column, name).astype(float)
        remedy = "a user who did nothing has 0; fill that in, and leave out who was not measured"
        _inputs.refuse(column.isna(), f"{name} is missing", remedy, index=column.index)
        array = _inputs.finite(name, column)
        if len(array) < at_least:
            few = f"{name} has one user" if len(array) else f"{name} is empty"
            raise ValueError(f"{few}: give at least {at_least} in each arm")
        arrays.append(array)
    return arrays


# ---------------------------------------------------------------- the split of the users


def sample_ratio_test(users, *, shares=None, correction=False):
    r"""Test whether the users were split between the variants as planned.

    A split that chance does not explain says that users were lost, or counted twice, in one arm
    and not in the other; then the arms are not alike, and nothing else of the test may be read.

    Parameters
    ----------
    users : mapping or Series
        How many users each variant has.
    shares : mapping, optional
        The planned share of each, fractions that sum to 1; equal shares by default.
    correction : bool, default False
        Yates's correction for continuity, for two variants, as some tools apply it.

    Returns
    -------
    Series
        `chi2` and `p_value`. A threshold of 0.001 is usual, so that there are few false alarms.

    Notes
    -----
    :math:`\chi^2 = \sum_i (n_i - e_i)^2 / e_i` with the expected counts :math:`e_i`.

    References
    ----------
    A. Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online controlled experiments",
    *KDD*.

    Examples
    --------
    >>> bool(sample_ratio_test({"A": 821_588, "B": 815_482})["p_value"] < 1e-5)
    True
    >>> round(float(sample_ratio_test({"A": 9020, "B": 980}, shares={"A": 0.9, "B": 0.1})
    ...             ["p_value"]), 3)
    0.505
    """
    from scipy.special import gammaincc

    _inputs.switch("correction", correction)
    given = _users_by_variant(users)
    plan = planned_shares(dict.fromkeys(given, 1 / len(given)) if shares is None else shares)
    for name in plan:
        _inputs.need_known(name, list(given), "variant in users")
    for name in given:
        _inputs.need_known(name, list(plan), "variant in shares")
    found = np.array([given[name] for name in plan])
    if found.sum() == 0:
        raise ValueError("users are 0 in every variant: there is nothing to test yet")
    if correction and len(found) > 2:
        raise ValueError(f"correction is for two variants, and there are {len(found)}: leave it")
    expected = found.sum() * np.array(list(plan.values()))
    off = np.abs(found - expected)
    if correction:
        off = np.maximum(off - 0.5, 0)
    chi2 = float((off**2 / expected).sum())
    return pd.Series({"chi2": chi2, "p_value": float(gammaincc((len(found) - 1) / 2, chi2 / 2))})


def _users_by_variant(users):
    """Return the count of each variant by its name."""
    if not isinstance(users, Mapping | pd.Series):
        raise TypeError(
            f"users is {_inputs.name_of_type(users)}: give the count of each variant by its name, "
            "such as table['variant'].value_counts()"
        )
    text = isinstance(users, pd.Series) and pd.api.types.infer_dtype(users) != "integer"
    text = text and not pd.api.types.is_numeric_dtype(users)
    if text or (isinstance(users, pd.Series) and not users.index.is_unique):
        raise ValueError(
            "users has a row per user: give one count per variant, its .value_counts()"
        )
    given = dict(users)
    if len(given) < 2:
        few = "one variant" if given else "no variants"
        raise ValueError(f"users has {few}: give the count of at least two")
    counts = _inputs.count("users", list(given.values()))
    return dict(zip(given, counts.tolist(), strict=True))


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="relative_lift",
        formula=r"\frac{x_B / n_B}{x_A / n_A} - 1",
        numerator="rate of B less rate of A",
        denominator="rate of A",
        unit="share of the rate of A",
        window="the same for both variants",
        function="funnelkit.experiments.lift",
        example=Example(
            {"converted_a": [200], "n_a": [1000], "converted_b": [250], "n_b": [1000]},
            250 * 1000 - 200 * 1000,
            200 * 1000,
            (0, "lift"),
        ),
    ),
)
