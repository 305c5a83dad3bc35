"""Where to try next: acquisition functions. Input is checked as `funnelkit._inputs` says."""

import numpy as np

from funnelkit import _inputs

__all__ = ["expected_improvement", "upper_confidence_bound"]


def __dir__():
    return __all__


def expected_improvement(mean, sd, *, best, xi=0.0):
    r"""By how much a try is expected to beat the best value so far, counting a miss as 0.

    Parameters
    ----------
    mean, sd : Series or array of float
        What the surrogate says of each place: mean and standard deviation, in the unit of the
        objective.
    best : float
        The best value so far, in the same unit.
    xi : float, default 0
        By how much a try has to be better before it counts; more makes the search bolder.

    Returns
    -------
    Series or array
        With :math:`\Delta = \mu - f^* - \xi` and :math:`z = \Delta / \sigma`, it is
        :math:`\Delta\,\Phi(z) + \sigma\,\varphi(z)`, in the unit of the objective; where
        :math:`\sigma = 0`, the larger of :math:`\Delta` and 0.

    References
    ----------
    D. R. Jones, M. Schonlau & W. J. Welch (1998), "Efficient global optimization of expensive
    black-box functions", *Journal of Global Optimization* 13, 455–492, eq. 15.

    Examples
    --------
    >>> expected_improvement([0.5, -1.0, 0.0], [1.0, 0.5, 2.0], best=0).round(6)
    array([0.697797, 0.004245, 0.797885])
    """
    from scipy.stats import norm

    mean, sd, dressed = _surrogate(mean, sd)
    best = _inputs.number("best", best)
    gain = mean - best - _inputs.number("xi", xi, at_least=0)
    sure = sd == 0
    z = gain / np.where(sure, 1.0, sd)
    expected = gain * norm.cdf(z) + sd * norm.pdf(z)
    # Far below the best the two terms nearly cancel; rounding must not make the sum negative.
    return dressed(np.where(sure, np.maximum(gain, 0.0), np.maximum(expected, 0.0)))


def upper_confidence_bound(mean, sd, *, kappa=2.0):
    r"""Say what a place may be worth with some luck: mean plus some standard deviations.

    Parameters
    ----------
    mean, sd : Series or array of float
        As for `expected_improvement`.
    kappa : float, default 2
        How many standard deviations; more makes the search bolder.

    Returns
    -------
    Series or array
        :math:`\mu + \kappa \sigma`, in the unit of the objective. It needs no best value so far,
        so that a lucky noisy one cannot mislead it.

    Examples
    --------
    >>> upper_confidence_bound([1.0, 0.0], [0.0, 2.0])
    array([1., 4.])
    """
    mean, sd, dressed = _surrogate(mean, sd)
    return dressed(mean + _inputs.number("kappa", kappa, at_least=0) * sd)


def _surrogate(mean, sd):
    """Return mean and sd as arrays, and how to dress the result."""
    index = _inputs.aligned(mean=mean, sd=sd)
    mean, sd = _inputs.finite("mean", mean), _inputs.finite("sd", sd)
    if mean.shape != sd.shape:
        raise ValueError(f"mean and sd have shapes {mean.shape} and {sd.shape}: give one of each")
    _inputs.refuse(sd < 0, "sd is negative", "a standard deviation is 0 or more", sd, index=index)
    return mean, sd, _inputs.dress(index)
