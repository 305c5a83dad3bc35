"""Before the test: how many users it needs, what it can find, and who gets which variant.

Input is checked as `funnelkit._inputs` says.
"""

import hashlib
from collections.abc import Mapping
from statistics import NormalDist

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = [
    "CONVENTIONS",
    "assign",
    "planned_shares",
    "power",
    "sample_size",
    "sample_size_of_mean",
]

CONVENTIONS = ("pooled", "unpooled", "baseline", "arcsine")


def __dir__():
    return __all__


# ---------------------------------------------------------------- how many users


def sample_size(
    baseline, alternative, *, method="pooled", alpha=0.05, power=0.8, ratio=1.0, exact=False
):
    r"""Return the users per variant that a test of two rates needs.

    Parameters
    ----------
    baseline : float
        The rate of the control, a fraction.
    alternative : float
        The rate of the other variant that the test should be able to find.
    method : {"pooled", "unpooled", "baseline", "arcsine"}, default "pooled"
        The convention, since calculators differ; see Notes.
    alpha : float, default 0.05
        How often the test may find a difference where there is none; two-sided.
    power : float, default 0.8
        How often it should find the difference where there is that one.
    ratio : float, default 1.0
        Users of the other variant for each user of the control: 1 / 9 where one in ten gets it.
    exact : bool, default False
        Return the number before rounding up.

    Returns
    -------
    int, or float if `exact`
        Users of the control; the other variant needs `ratio` times as many.

    See Also
    --------
    power : the other way round.
    sample_size_of_mean : for revenue and the like.

    Notes
    -----
    With rates :math:`p_1, p_2`, difference :math:`d = p_2 - p_1`, variances
    :math:`v_i = p_i (1 - p_i)`, `ratio` :math:`k` and normal quantiles :math:`z_\alpha =
    z_{1-\alpha/2}`, :math:`z_\beta = z_{\text{power}}`, the control needs

    .. math:: n = \left( \frac{z_\alpha \sqrt{v_0} + z_\beta \sqrt{v_1 + v_2 / k}}{d} \right)^2

    where :math:`v_0`, the variance of a difference where there is none, is

    - "pooled": :math:`1 + 1/k` times that of the mean rate of all users (R's ``power.prop.test``
      for :math:`k = 1`; fits the pooled z test),
    - "unpooled": :math:`v_1 + v_2 / k`,
    - "baseline": :math:`(1 + 1/k) v_1` (Evan Miller's calculator, which rounds to the nearest
      number).

    "arcsine" takes :math:`n = (1 + 1/k) ((z_\alpha + z_\beta) / h)^2` with Cohen's
    :math:`h = 2 \arcsin\sqrt{p_2} - 2 \arcsin\sqrt{p_1}`. None of them counts the other tail: that
    the test comes out significant in the wrong direction.

    Examples
    --------
    >>> {method: sample_size(0.20, 0.25, method=method) for method in CONVENTIONS}
    {'pooled': 1094, 'unpooled': 1091, 'baseline': 1031, 'arcsine': 1092}

    A careful start, with one user in ten on the new page, needs more users in all:

    >>> control = sample_size(0.20, 0.25, ratio=1 / 9)
    >>> control, round(control / 9)
    (5318, 591)
    """
    z_alpha, z_beta = _quantiles(alpha, power)
    _need_power_above_alpha(alpha, power)
    p1, p2 = _two_rates(baseline, alternative)
    _inputs.one_of("method", method, CONVENTIONS)
    (ratio,) = _inputs.positive(ratio=ratio)
    _inputs.switch("exact", exact)
    if method == "arcsine":
        root = (1 + 1 / ratio) ** 0.5 * (z_alpha + z_beta) / _cohens_h(p1, p2)
    else:
        null, other = _deviations(p1, p2, method, ratio)
        root = (z_alpha * null + z_beta * other) / (p2 - p1)
    return _users(root, exact)


def power(baseline, alternative, n, *, method="pooled", alpha=0.05, ratio=1.0):
    """Return how often a test with so many users finds a difference that is there.

    Parameters
    ----------
    baseline, alternative : float
        The true rates of the control and of the other variant, fractions.
    n : int
        Users of the control.
    method : {"pooled", "unpooled", "baseline", "arcsine"}, default "pooled"
        The convention of `sample_size`. "pooled" is the power of `two_proportion_test` as it is.
    alpha : float, default 0.05
        How often the test may find a difference where there is none; two-sided.
    ratio : float, default 1.0
        Users of the other variant for each user of the control.

    Returns
    -------
    float
        A fraction in [0, 1]; the chance to come out significant in the right direction.

    Examples
    --------
    What Evan Miller's calculator asks for has a power a little below 80 %:

    >>> round(power(0.20, 0.25, 1031), 3)
    0.776
    """
    z_alpha, _ = _quantiles(alpha, 0.5)
    p1, p2 = _two_rates(baseline, alternative)
    n = _inputs.whole("n", n)
    _inputs.one_of("method", method, CONVENTIONS)
    (ratio,) = _inputs.positive(ratio=ratio)
    if method == "arcsine":
        return NormalDist().cdf(abs(_cohens_h(p1, p2)) * (n / (1 + 1 / ratio)) ** 0.5 - z_alpha)
    null, other = _deviations(p1, p2, method, ratio)
    if other == 0:  # nobody against everybody: no chance is left in it
        return 1.0
    return NormalDist().cdf((abs(p2 - p1) * n**0.5 - z_alpha * null) / other)


def sample_size_of_mean(sd, difference, *, alpha=0.05, power=0.8, exact=False):
    r"""Return the users per variant that a test of two means needs.

    Parameters
    ----------
    sd : float
        Standard deviation of the metric between users, in its unit.
    difference : float
        The difference of the means that the test should be able to find, in the same unit.
    alpha, power, exact
        As in `sample_size`.

    Returns
    -------
    int, or float if `exact`
        Users in each of two variants of equal size.

    Notes
    -----
    .. math:: n = 2 \left( \frac{(z_\alpha + z_\beta) \, \sigma}{d} \right)^2

    It is the *standard deviation* that the difference is divided by, not the variance.

    Examples
    --------
    Revenue of EUR 20 per visitor with a standard deviation of 100, to be raised by 2:

    >>> sample_size_of_mean(100.0, 2.0)
    39245
    """
    z_alpha, z_beta = _quantiles(alpha, power)
    _need_power_above_alpha(alpha, power)
    (sd,) = _inputs.positive(sd=sd)
    d = _inputs.number("difference", difference, remedy="give a number other than 0")
    if d == 0:
        raise ValueError("difference is 0: give the smallest one that would matter")
    _inputs.switch("exact", exact)
    return _users(2**0.5 * (z_alpha + z_beta) * sd / d, exact)


def _two_rates(baseline, alternative):
    """Return the two rates as floats, or say which is not a fraction."""
    rates = []
    for name, value in (("baseline", baseline), ("alternative", alternative)):
        value = _inputs.number(name, value, remedy="give a fraction: 0.2 for 20 %")
        _inputs.shares(name, value)
        rates.append(value)
    p1, p2 = rates
    if p1 == p2:
        raise ValueError(
            f"baseline and alternative are both {p1:g}: no number of users finds a difference of "
            "0; give the rate that would be worth having"
        )
    return p1, p2


def _quantiles(alpha, power):
    """Return the normal quantiles of the two-sided alpha and of the power."""
    found = []
    for name, value, such_as in (("alpha", alpha, 0.05), ("power", power, 0.8)):
        remedy = f"give a fraction between 0 and 1, such as {such_as}"
        value = _inputs.number(name, value, above=0, remedy=remedy)
        if not 1e-12 <= value <= 1 - 1e-12:
            raise ValueError(f"{name} is {value:g}: {remedy}")
        found.append(value)
    return NormalDist().inv_cdf(1 - found[0] / 2), NormalDist().inv_cdf(found[1])


def _need_power_above_alpha(alpha, power):
    if power <= alpha:
        raise ValueError(
            f"power is {power:g} and alpha {alpha:g}: give a power above alpha, such as 0.8 with "
            "an alpha of 0.05"
        )


def _deviations(p1, p2, method, ratio):
    """Return the standard deviations, times root n, of the difference under both hypotheses."""
    mean, both = (p1 + ratio * p2) / (1 + ratio), p1 * (1 - p1) + p2 * (1 - p2) / ratio
    null = {
        "pooled": (1 + 1 / ratio) * mean * (1 - mean),
        "unpooled": both,
        "baseline": (1 + 1 / ratio) * p1 * (1 - p1),
    }[method]
    return null**0.5, both**0.5


def _cohens_h(p1, p2):
    return 2 * np.arcsin(p2**0.5) - 2 * np.arcsin(p1**0.5)


def _users(root, exact):
    """Return the users, given their root; what is above a whole number by rounding is that one."""
    with np.errstate(over="ignore"):
        n = np.square(np.float64(root))
    _inputs.computable("the sample size", n)
    return float(n) if exact else max(1, int(np.ceil(n - 1e-9)))


# ---------------------------------------------------------------- who gets which variant


def assign(ids, *, salt, shares=None):
    r"""Give each user a variant by a hash of the user's id and the name of the test.

    The same user gets the same variant at every visit, without a list of who has which. With
    another salt they are shuffled anew, so that the arms of two tests have nothing to do with each
    other.

    Parameters
    ----------
    ids : list, array or Series
        The ids of the users. A number and the text of it are the same user.
    salt : str
        The name of the test; each test has its own.
    shares : mapping, optional
        The planned share of each variant, fractions that sum to 1. The order matters: it says
        which part of the range belongs to which variant. By default ``{"A": 0.5, "B": 0.5}``.

    Returns
    -------
    array or Series of str
        The variant of each user; a Series, with its index, when a Series came in.

    Notes
    -----
    The first eight bytes of SHA-256 of ``salt/id``, read as a whole number and divided by
    :math:`2^{64}`, are as good as a number drawn at random between 0 and 1. The variant is the one
    in whose part of that range it falls.

    Examples
    --------
    >>> assign(["r1", "r2", "r3", "r4", "r5", "r6"], salt="short_form").tolist()
    ['B', 'A', 'A', 'B', 'A', 'A']
    """
    shares = planned_shares(shares)
    if not isinstance(salt, str):
        raise TypeError(f"salt is {_inputs.name_of_type(salt)}: give the name of the test as text")
    if not salt.strip():
        raise ValueError("salt is blank: give the name of the test, another for each test")
    column = _inputs.ids(_inputs.as_series(ids, "ids"), "ids")
    if pd.api.types.is_float_dtype(column.dtype):
        raise TypeError("ids holds decimal numbers: read ids as text, so that 7 is not 7.0")
    place = [_place(f"{salt}/{each}") for each in column.tolist()]
    edges = np.cumsum(list(shares.values()))[:-1]
    variant = np.array(list(shares), dtype=object)[np.searchsorted(edges, place, side="right")]
    return pd.Series(variant, index=ids.index) if isinstance(ids, pd.Series) else variant


def _place(text):
    """Return a number from 0 to 1, as good as drawn at random, that belongs to a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2.0**64


def planned_shares(shares):
    """Return the planned share of each variant, checked; without a plan, halves for A and B.

    Examples
    --------
    >>> planned_shares({"control": 0.9, "new": 0.1})
    {'control': 0.9, 'new': 0.1}
    """
    if shares is None:
        return {"A": 0.5, "B": 0.5}
    remedy = "give fractions that sum to 1, such as {'A': 0.9, 'B': 0.1}"
    if not isinstance(shares, Mapping | pd.Series):
        raise TypeError(f"shares is {_inputs.name_of_type(shares)}: {remedy}")
    given = dict(shares)
    if len(given) < 2:
        raise ValueError(f"shares has {'one variant' if given else 'no variants'}: {remedy}")
    values = _inputs.finite("shares", list(given.values()))
    if abs(values.sum() - 1) > 1e-6:
        raise ValueError(f"shares sum to {values.sum():g}: {remedy}")
    _inputs.refuse(values <= 0, "shares is not above 0", remedy, values, unit="variants")
    return dict(zip(given, values.tolist(), strict=True))
