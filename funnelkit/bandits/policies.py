"""Rules that choose a variant for each user: Thompson sampling, ε-greedy, a test that commits.

A policy sees how often each variant was shown and how often it converted, and says which variant
the next users get. It knows many *worlds* at once, so that they are simulated side by side: its
arrays have one row per world and one column per variant.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["ABTest", "EpsilonGreedy", "Known", "Thompson", "thompson_shares"]


@dataclass
class Known:
    """What a policy knows when it chooses.

    Attributes
    ----------
    shown, converted : array of shape (worlds, variants)
        How often each variant was shown, and converted, as far as the outcomes are known.
    users : int
        How many outcomes are known in each world; nothing is forgotten here.
    committed : array of shape (worlds,), optional
        The variant that everybody gets from now on, once a test has decided.
    """

    shown: np.ndarray
    converted: np.ndarray
    users: int = 0
    committed: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Thompson:
    """Thompson sampling: draw a rate from each variant's posterior, show the highest.

    Parameters
    ----------
    prior : pair of numbers, default (1, 1)
        The parameters α and β of the prior that all variants share: as if α conversions among
        α + β users had been seen. (1, 1) is flat.

    References
    ----------
    W. R. Thompson (1933), "On the likelihood that one unknown probability exceeds another in view
    of the evidence of two samples", *Biometrika* 25.

    Examples
    --------
    >>> known = Known(shown=np.array([[100, 100]]), converted=np.array([[5, 15]]))
    >>> Thompson().choose(known, 1000, np.random.default_rng(1))
    array([[ 12, 988]])
    """

    prior: Sequence = (1.0, 1.0)

    def __post_init__(self):
        _checked_prior(self.prior)

    def choose(self, known, users, rng):
        """Return how many of the next users get each variant, array of shape (worlds, variants)."""
        alpha, beta = self.prior
        missed = np.maximum(known.shown - known.converted, 0)
        shape = (users, *known.shown.shape)
        rates = rng.beta(alpha + known.converted, beta + missed, size=shape)
        return counted(rates.argmax(axis=2), known.shown.shape[1])


@dataclass(frozen=True)
class EpsilonGreedy:
    """ε-greedy: a share ε of the users get a variant at random, the others the best so far.

    Parameters
    ----------
    epsilon : float, default 0.1
        The share that explores, from 0 to 1. The best so far is that with the highest share of
        conversions, one imaginary conversion among two imaginary users added to each, so that
        nothing is divided by 0; ties are broken at random.
    """

    epsilon: float = 0.1

    def __post_init__(self):
        remedy = "give a fraction from 0 to 1, such as 0.1"
        _inputs.number("epsilon", self.epsilon, at_least=0, at_most=1, remedy=remedy)

    def choose(self, known, users, rng):
        """Return how many of the next users get each variant, array of shape (worlds, variants)."""
        worlds, variants = known.shown.shape
        best = leading((known.converted + 1) / (known.shown + 2), rng)
        chosen = np.broadcast_to(best, (users, worlds)).copy()
        explores = rng.random((users, worlds)) < self.epsilon
        chosen[explores] = rng.integers(variants, size=int(explores.sum()))
        return counted(chosen, variants)


@dataclass(frozen=True)
class ABTest:
    """A test of fixed size that commits: equal shares, then the winner for everybody.

    Parameters
    ----------
    users : int
        How many users the test has, over all variants. When the outcomes of that many are known,
        the variant with the highest share of conversions is shown for good; until then, equal
        shares go on.
    """

    users: int = 1000

    def __post_init__(self):
        _inputs.whole("users", self.users)

    def choose(self, known, users, rng):
        """Return how many of the next users get each variant, array of shape (worlds, variants)."""
        worlds, variants = known.shown.shape
        if known.users >= self.users and known.committed is None:
            known.committed = leading(known.converted / np.maximum(known.shown, 1), rng)
        if known.committed is None:
            return rng.multinomial(users, np.full(variants, 1 / variants), size=worlds)
        return users * (known.committed[:, None] == np.arange(variants))


def leading(rates, rng):
    """Return the variant with the highest rate in each world, ties broken at random."""
    highest = rates == rates.max(axis=1, keepdims=True)
    return (highest * rng.random(rates.shape)).argmax(axis=1)


def counted(chosen, variants):
    """Count how often each variant was chosen: from (users, worlds) to (worlds, variants)."""
    return (chosen[:, :, None] == np.arange(variants)).sum(axis=0)


def _checked_prior(prior):
    if isinstance(prior, str) or not isinstance(prior, Sequence | np.ndarray) or len(prior) != 2:
        raise TypeError(f"prior is {prior!r}: give the two numbers α and β, such as (1, 1)")
    return _inputs.positive(**{"prior's α": prior[0], "prior's β": prior[1]})


# ---------------------------------------------------------------- what a batch gets


def thompson_shares(shown, converted, *, prior=(1, 1)):
    r"""Return the share of users that Thompson sampling would give to each variant.

    That is the probability that the variant is the best one, by its posterior: what a mail tool
    needs that sends to a whole batch at once, and what a log has to keep as the propensity.

    Parameters
    ----------
    shown, converted : Series of counts
        Users who were shown each variant, and how many of them converted.
    prior : pair of numbers, default (1, 1)
        The parameters α and β of the prior that all variants share.

    Returns
    -------
    Series
        One fraction per variant; they sum to 1.

    Notes
    -----
    With :math:`f_k` and :math:`F_k` the density and the distribution function of variant
    :math:`k`'s posterior :math:`\mathrm{Beta}(\alpha + c_k,\ \beta + n_k - c_k)`,

    .. math:: P(k \text{ is best}) = \int_0^1 f_k(x) \prod_{j \ne k} F_j(x)\, dx

    It is integrated piece by piece between quantiles of all posteriors, by Gauss–Legendre points.

    Examples
    --------
    One user each, and only the first converted: 5 in 6.

    >>> thompson_shares(pd.Series([1, 1]), pd.Series([1, 0])).round(4).tolist()
    [0.8333, 0.1667]
    """
    from scipy import stats

    index = _inputs.aligned(shown=shown, converted=converted)
    remedy = "leave out the variant, or count again"
    columns = {
        name: _inputs.as_series(column, name)
        for name, column in {"converted": converted, "shown": shown}.items()
    }
    c, n = (_inputs.count(name, column) for name, column in columns.items())
    _inputs.need_same_length("variants", shown=n, converted=c)
    _inputs.need_rows(n, "shown", "give at least one variant")
    _inputs.refuse(c > n, "converted is greater than shown", remedy, c, n, index=index)
    alpha, beta = _checked_prior(prior)
    posterior = stats.beta(alpha + c[:, None], beta + (n - c)[:, None])
    rates, weights = _points(posterior)
    below = posterior.cdf(rates)
    others = np.stack([np.delete(below, k, axis=0).prod(axis=0) for k in range(len(n))])
    shares = (posterior.pdf(rates) * others) @ weights
    _inputs.computable("a share", shares, index=index)
    return pd.Series(shares / shares.sum(), index=index, name="share")


LEVELS = np.array([1e-12, 1e-9, 1e-6, 1e-4, 0.005, 0.05, 0.2, 0.5])


def _points(posterior):
    """Return rates and weights for an integral over them, dense where a posterior is steep."""
    levels = np.concatenate([LEVELS, 1 - LEVELS[:-1]])
    cuts = np.unique(np.concatenate([[0, 1], posterior.ppf(levels).ravel()]))
    places, weights = np.polynomial.legendre.leggauss(16)
    half = np.diff(cuts)[:, None] / 2
    return (cuts[:-1, None] + half * (1 + places)).ravel(), (half * weights).ravel()
