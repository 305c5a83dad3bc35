"""What money brings: advertising that works on, and that brings less and less.

Input is checked as `funnelkit._inputs` says.
"""

from dataclasses import dataclass

import numpy as np

from funnelkit import _inputs

__all__ = ["ExponentialCurve", "HillCurve", "geometric_adstock", "hill"]


def __dir__():
    return __all__


def geometric_adstock(spend, decay, *, normalise=False, weeks=None):
    r"""Return the advertising that works in each week: this week's, and what is left of earlier.

    Parameters
    ----------
    spend : Series or array
        What was spent in each week, in the order of time, without a gap.
    decay : float
        The share that is carried over to the next week, from 0 to below 1.
    normalise : bool, default False
        Divide by the sum of the weights, so that constant spending :math:`x` gives :math:`x` in
        the long run; the unit stays that of the spending.
    weeks : int, optional
        Over how many weeks an amount works, that in which it was spent included; for ever when not
        given. Where earlier weeks are not in the data they count as 0.

    Returns
    -------
    Series or array
        In the form of `spend`.

    Notes
    -----
    .. math:: a_t = x_t + \lambda\, a_{t-1}, \qquad a_t = \sum_{l \ge 0} \lambda^l x_{t-l}

    times :math:`1 - \lambda` if it is normalised.

    Examples
    --------
    >>> geometric_adstock([100, 0, 0, 50], 0.5).tolist()
    [100.0, 50.0, 25.0, 62.5]
    >>> geometric_adstock([100, 0, 0, 50], 0.5, normalise=True).tolist()
    [50.0, 25.0, 12.5, 31.25]
    """
    values = _amounts("spend", spend)
    decay = _decay(decay)
    normalise = _inputs.switch("normalise", normalise)
    if weeks is not None:
        weeks = _inputs.whole("weeks", weeks)
    carried = carry_over(values, decay, weeks)
    if normalise:
        carried = carried / (decay ** np.arange(weeks)).sum() if weeks else carried * (1 - decay)
    return _inputs.dress(_inputs.index_of(spend))(carried)


def carry_over(values, decay, weeks=None):
    """Return the adstock of an array along its first axis."""
    if weeks is not None:
        lags = min(weeks, len(values))
        padded = np.concatenate([np.zeros((lags - 1, *values.shape[1:])), values])
        parts = [decay**lag * padded[lags - 1 - lag : len(padded) - lag] for lag in range(lags)]
        return np.sum(parts, axis=0)
    carried = np.array(values, float)
    for row in range(1, len(carried)):
        carried[row] += decay * carried[row - 1]
    return carried


def _amounts(name, value):
    values = _inputs.finite(name, _inputs.as_series(value, name))
    _inputs.need_rows(values, name)
    remedy = "money spent is 0 or more"
    _inputs.refuse(values < 0, f"{name} is negative", remedy, values, index=_inputs.index_of(value))
    return values


def _decay(decay):
    remedy = "give a fraction from 0 to below 1, the share that is carried over to the next week"
    decay = _inputs.number("decay", decay, at_least=0, remedy=remedy)
    if decay >= 1:
        raise ValueError(f"decay is {decay:g}: {remedy}")
    return decay


# ---------------------------------------------------------------- saturation


def hill(spend, half, *, slope=1.0):
    r"""Return which share of a channel's most is reached at some spending: the Hill function.

    Parameters
    ----------
    spend : float, Series or array
        What is spent (or its adstock); 0 or more.
    half : float
        The spending at which half of the most is reached.
    slope : float, default 1
        Above 1 the curve is S-shaped: the first euros bring less than those that follow.

    Returns
    -------
    float, Series or array
        A fraction from 0 to below 1, in the form of `spend`.

    Notes
    -----
    .. math:: h(x) = \frac{x^s}{x^s + K^s}, \qquad h(K) = \frac{1}{2}, \qquad h'(K) = \frac{s}{4K}

    Examples
    --------
    >>> hill([0, 100, 300], 100).tolist()
    [0.0, 0.5, 0.75]
    """
    values, _ = _spend(spend)
    half, slope = _inputs.positive(half=half, slope=slope)
    return _inputs.dress(_inputs.index_of(spend))(hill_share(values, half, slope))


def hill_share(values, half, slope):
    """Return the Hill function of an array, without overflow."""
    with np.errstate(divide="ignore", over="ignore"):
        return 1 / (1 + np.exp(-slope * np.log(values / half)))


def hill_slope(values, half, slope):
    """Return the derivative of the Hill function; at 0 that of the right-hand side."""
    with np.errstate(all="ignore"):
        share = hill_share(values, half, slope)
        inner = slope * share * (1 - share) / values
    first = 1 / half if slope == 1 else (0.0 if slope > 1 else np.inf)
    return np.where(values == 0, first, inner)


def _spend(spend):
    (values,), dress = _inputs.amounts(spend=spend)
    return values, dress


@dataclass(frozen=True)
class HillCurve:
    r"""A response that saturates: ceiling times the Hill function.

    Parameters
    ----------
    ceiling : float
        What the channel brings at most, above 0.
    half : float
        The spending at which it brings half of that.
    slope : float, default 1
        Above 1 the curve is S-shaped.

    Examples
    --------
    >>> curve = HillCurve(ceiling=90_000, half=100)
    >>> curve.average_return(200), curve.marginal_return(200)
    (300.0, 100.0)
    """

    ceiling: float
    half: float
    slope: float = 1.0

    def __post_init__(self):
        _inputs.positive(ceiling=self.ceiling, half=self.half, slope=self.slope)

    @property
    def s_shaped(self):
        """Whether the return first rises and then falls."""
        return self.slope > 1

    def response(self, spend):
        """Return what this much spending brings."""
        values, dress = _spend(spend)
        return dress(self.ceiling * hill_share(values, self.half, self.slope))

    def average_return(self, spend):
        """Return the response per euro, of all euros; not defined at 0."""
        return _average(self, spend)

    def marginal_return(self, spend):
        """Return what the next euro brings: the slope of the curve."""
        values, dress = _spend(spend)
        return dress(self.ceiling * hill_slope(values, self.half, self.slope))

    def spend_at(self, marginal):
        """Return the spending at which the marginal return is this; 0 if it never is so high.

        Of an S-shaped curve it is the higher of the two.
        """
        marginal = _inputs.number("marginal", marginal, above=0)
        if self.slope == 1:
            return max(0.0, float(np.sqrt(self.ceiling * self.half / marginal) - self.half))
        steepest = _steepest(self.slope)
        low, high = np.log(self.half * np.array([steepest or 1e-12, 1e12]))
        if self.ceiling * hill_slope(np.exp(low), self.half, self.slope) <= marginal:
            return 0.0
        for _ in range(80):
            middle = (low + high) / 2
            above = self.ceiling * hill_slope(np.exp(middle), self.half, self.slope) > marginal
            low, high = (middle, high) if above else (low, middle)
        return float(np.exp(low))


def _steepest(slope):
    """Return where the Hill function rises fastest, in units of `half`: 0 if at once."""
    return ((slope - 1) / (slope + 1)) ** (1 / slope) if slope > 1 else 0.0


@dataclass(frozen=True)
class ExponentialCurve:
    r"""A response that saturates exponentially, :math:`c\,(1 - e^{-x / k})`.

    Parameters
    ----------
    ceiling : float
        What the channel brings at most, above 0.
    scale : float
        The spending at which 63 % of it is reached.

    Examples
    --------
    >>> ExponentialCurve(ceiling=100, scale=50).response(50.0)
    63.212055882855765
    """

    ceiling: float
    scale: float

    def __post_init__(self):
        _inputs.positive(ceiling=self.ceiling, scale=self.scale)

    @property
    def s_shaped(self):
        """Whether the return first rises and then falls; here it always falls."""
        return False

    def response(self, spend):
        """Return what this much spending brings."""
        values, dress = _spend(spend)
        return dress(-self.ceiling * np.expm1(-values / self.scale))

    def average_return(self, spend):
        """Return the response per euro, of all euros; not defined at 0."""
        return _average(self, spend)

    def marginal_return(self, spend):
        """Return what the next euro brings: the slope of the curve."""
        values, dress = _spend(spend)
        return dress(self.ceiling / self.scale * np.exp(-values / self.scale))

    def spend_at(self, marginal):
        """Return the spending at which the marginal return is this; 0 if it never is so high."""
        marginal = _inputs.number("marginal", marginal, above=0)
        return max(0.0, -self.scale * float(np.log(marginal * self.scale / self.ceiling)))


def _average(curve, spend):
    values, dress = _spend(spend)
    remedy = "nothing spent has no return per euro: leave it out"
    _inputs.refuse(values == 0, "spend is 0", remedy, index=_inputs.index_of(spend))
    return dress(curve.response(values) / values)
