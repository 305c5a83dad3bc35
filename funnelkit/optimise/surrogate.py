"""A Gaussian process of one input, by hand. Input is checked as `funnelkit._inputs` says."""

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["gaussian_process", "log_likelihood", "matern", "rbf"]

KERNELS = ("rbf", "matern")
SMOOTHNESS = (0.5, 1.5, 2.5)


def __dir__():
    return __all__


def rbf(a, b, *, length_scale=1.0):
    r"""Correlation of a smooth random function at two sets of places: the squared exponential.

    Parameters
    ----------
    a, b : array of float
        Places, in the same unit.
    length_scale : float, default 1
        The distance :math:`\ell` at which the correlation has fallen to 0.61, in that unit.

    Returns
    -------
    array
        One row per place in `a`, one column per place in `b`:
        :math:`k(a, b) = \exp(-(a - b)^2 / (2 \ell^2))`, without unit.

    References
    ----------
    C. E. Rasmussen & C. K. I. Williams (2006), *Gaussian Processes for Machine Learning*, eq. 4.9.

    Examples
    --------
    >>> rbf([0, 1], [0, 1]).round(3)
    array([[1.   , 0.607],
           [0.607, 1.   ]])
    """
    return np.exp(-(_distance(a, b, length_scale) ** 2) / 2)


def matern(a, b, *, length_scale=1.0, smoothness=2.5):
    r"""Correlation of a rougher random function at two sets of places: Matérn's.

    Parameters
    ----------
    a, b : array of float
        Places, in the same unit.
    length_scale : float, default 1
        The length scale :math:`\ell`, in that unit.
    smoothness : {0.5, 1.5, 2.5}
        The smoothness :math:`\nu`: functions have no slope, one derivative, or two.

    Returns
    -------
    array
        One row per place in `a`, one column per place in `b`. With
        :math:`s = \sqrt{2\nu}\, |a - b| / \ell` it is :math:`e^{-s}` times 1,
        :math:`1 + s`, or :math:`1 + s + s^2 / 3`.

    References
    ----------
    C. E. Rasmussen & C. K. I. Williams (2006), *Gaussian Processes for Machine Learning*, eq. 4.17.

    Examples
    --------
    >>> matern([0], [0, 1]).round(3)
    array([[1.   , 0.524]])
    """
    nu = _inputs.number("smoothness", smoothness, remedy="give 0.5, 1.5 or 2.5")
    if nu not in SMOOTHNESS:
        raise ValueError(f"smoothness is {nu:g}: give 0.5, 1.5 or 2.5")
    s = np.sqrt(2 * nu) * _distance(a, b, length_scale)
    factor = {0.5: 1.0, 1.5: 1 + s, 2.5: 1 + s + s**2 / 3}[nu]
    return factor * np.exp(-s)


def gaussian_process(x, y, at, *, kernel="rbf", length_scale=1.0, amplitude=1.0, noise=0.0):
    r"""Infer a function from tries at some places: its mean elsewhere, and how sure that is.

    Parameters
    ----------
    x, y : Series or array of float
        Where something was tried, and what came of it. The process has mean 0: subtract the mean
        of `y` first, and add it to the result, unless 0 is what you expect where nothing is known.
    at : array of float
        Places to know about, in the unit of `x`.
    kernel : {"rbf", "matern"}
        How the function at two places is related; ``"matern"`` has smoothness 2.5.
    length_scale : float, default 1
        How far one has to go for another value, in the unit of `x`.
    amplitude : float, default 1
        Standard deviation of the function around 0, in the unit of `y`.
    noise : float, default 0
        Standard deviation of the noise of one try, in the unit of `y`. Without noise the mean
        goes through every try.

    Returns
    -------
    DataFrame
        Index `at`; `mean` and `sd` of the function there (not of another noisy try), in the unit
        of `y`.

    Notes
    -----
    With :math:`K` the covariances of the tries (noise added on the diagonal) and :math:`k` those
    with a new place, the mean is :math:`k^\top K^{-1} y` and the variance
    :math:`\sigma_f^2 - k^\top K^{-1} k`.

    References
    ----------
    C. E. Rasmussen & C. K. I. Williams (2006), *Gaussian Processes for Machine Learning*,
    algorithm 2.1.

    Examples
    --------
    >>> gaussian_process([0, 1], [0, 1], [0.5, 1.0]).round(3)
          mean     sd
    at
    0.5  0.549  0.175
    1.0  1.000  0.000
    """
    x, y, root, scaled, cov = _fit(x, y, kernel, length_scale, amplitude, noise)
    at = _places("at", at)
    across = cov(x, at)
    mean = across.T @ scaled
    left = np.linalg.solve(root, across)
    variance = float(amplitude) ** 2 - (left**2).sum(axis=0)
    sd = np.sqrt(np.clip(variance, 0.0, None))
    return pd.DataFrame({"mean": mean, "sd": sd}, index=pd.Index(at, name="at"))


def log_likelihood(x, y, *, kernel="rbf", length_scale=1.0, amplitude=1.0, noise=0.0):
    r"""How well a length scale, amplitude and noise explain the tries: the larger, the better.

    Parameters
    ----------
    x, y, kernel, length_scale, amplitude, noise
        As for `gaussian_process`.

    Returns
    -------
    float
        :math:`-\tfrac12 y^\top K^{-1} y - \tfrac12 \ln |K| - \tfrac n2 \ln 2\pi`, the logarithm
        of a density.

    Examples
    --------
    >>> round(log_likelihood([0, 1], [0, 1]), 6)
    -2.399528
    """
    _, y, root, scaled, _ = _fit(x, y, kernel, length_scale, amplitude, noise)
    return float(-y @ scaled / 2 - np.log(np.diag(root)).sum() - len(y) * np.log(2 * np.pi) / 2)


def _fit(x, y, kernel, length_scale, amplitude, noise):
    """Return places, values, the root of their covariance, what they weigh, the covariance."""
    _inputs.aligned(x=x, y=y)
    x, y = _places("x", x), _places("y", y)
    _inputs.need_same_length("tries", x=x, y=y)
    kernel = _inputs.one_of("kernel", kernel, KERNELS)
    length_scale, amplitude = _inputs.positive(length_scale=length_scale, amplitude=amplitude)
    noise = _inputs.number("noise", noise, at_least=0)
    like = rbf if kernel == "rbf" else matern

    def cov(a, b):
        return amplitude**2 * like(a, b, length_scale=length_scale)

    try:
        root = np.linalg.cholesky(cov(x, x) + noise**2 * np.eye(len(x)))
    except np.linalg.LinAlgError:
        root = None
    if root is None:
        raise ValueError(
            "two tries are at the same place, or so near that they say the same: without noise the "
            "function cannot pass through both. Give the noise of a try, or leave one of them out"
        )
    scaled = np.linalg.solve(root.T, np.linalg.solve(root, y))
    return x, y, root, scaled, cov


def _distance(a, b, length_scale):
    length_scale = _inputs.number("length_scale", length_scale, above=0)
    a, b = _places("a", a), _places("b", b)
    return np.abs(a[:, None] - b[None, :]) / length_scale


def _places(name, values):
    """Return numbers of one dimension, at least one."""
    array = _inputs.finite(name, values)
    if array.ndim != 1:
        raise TypeError(f"{name} has {array.ndim} dimensions: give a list of numbers")
    if not len(array):
        raise ValueError(f"{name} is empty: give at least one number")
    return array
