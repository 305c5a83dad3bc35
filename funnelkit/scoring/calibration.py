"""Probabilities held against what happened. Input is checked as `funnelkit._inputs` says."""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "brier_score", "calibration_table", "probabilities", "weighted_wilson"]


def __dir__():
    return __all__


def brier_score(probability, outcome, *, weights=None):
    r"""Mean squared difference between probability and outcome, the outcome counted as 0 or 1.

    Parameters
    ----------
    probability : Series or array of float
        One per lead, from 0 to 1.
    outcome : Series or array of bool
        Whether each lead bought.
    weights : Series or array of numbers, optional
        How many leads each row stands for; one by default.

    Returns
    -------
    float
        :math:`\sum_i w_i (p_i - y_i)^2 / \sum_i w_i`: 0 is perfect. Giving every lead the share
        :math:`\bar y` of buyers scores :math:`\bar y (1 - \bar y)`.

    Examples
    --------
    >>> round(brier_score([0.8, 0.3], [True, False]), 3)
    0.065
    """
    p, y, w = probabilities(probability, outcome, weights)
    return float(np.average((p - y) ** 2, weights=w))


def calibration_table(probability, outcome, *, bins=10, weights=None, confidence=0.95):
    """Compare what was predicted with what happened, from the least likely leads to the most.

    Parameters
    ----------
    probability : Series or array of float
        One per lead, from 0 to 1.
    outcome : Series or array of bool
        Whether each lead bought.
    bins : int, default 10
        How many groups of about equally many leads, at most the number of rows. Leads with equal
        probabilities stay together, so there may be fewer.
    weights : Series or array of numbers, optional
        How many leads each row stands for; one by default.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    DataFrame
        One row per group, the least likely first: `leads`, `predicted` (the mean probability),
        `converted`, `rate` (converted divided by leads), and its Wilson interval, `ci_low` and
        `ci_high`; with weights as `weighted_wilson` computes it.

    Examples
    --------
    >>> p = [0.1, 0.1, 0.1, 0.1, 0.6, 0.6, 0.6, 0.6]
    >>> bought = [False, False, False, True, True, True, False, False]
    >>> calibration_table(p, bought, bins=2)[["leads", "predicted", "rate"]].round(2)
    ... # doctest: +NORMALIZE_WHITESPACE
         leads  predicted  rate
    bin
    1        4        0.1  0.25
    2        4        0.6  0.50
    """
    p, y, w = probabilities(probability, outcome, weights)
    bins = _inputs.whole("bins", bins, at_most=len(p))
    w = np.ones(len(p), dtype=int) if w is None else w
    rows = pd.DataFrame({"leads": w, "p": w * p, "converted": w * y, "squares": w**2})
    sums = rows.groupby(_bin_of(p, w, bins)).sum()
    sums.index = pd.RangeIndex(1, len(sums) + 1, name="bin")
    leads, converted = sums["leads"], sums["converted"]
    low, high = weighted_wilson(converted, leads, sums["squares"], confidence=confidence)
    return pd.DataFrame(
        {
            "leads": leads,
            "predicted": sums["p"] / leads,
            "converted": converted,
            "rate": converted / leads,
            "ci_low": low,
            "ci_high": high,
        }
    )


def _bin_of(p, w, bins):
    """Return the bin of each lead: that of the last one with its probability, so ties share it."""
    _, level = np.unique(p, return_inverse=True)
    place = np.bincount(level, w).cumsum()
    share = place / place[-1]
    return np.ceil(share * bins - 1e-9)[level].astype(int)  # less what rounding may have added


def weighted_wilson(converted, leads, squares, *, confidence=0.95):
    r"""Wilson interval of rates of weighted leads, at their effective number.

    Parameters
    ----------
    converted, leads : Series of numbers
        Sums of the weights of the leads that converted, and of all.
    squares : Series of numbers
        Sums of the squared weights.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    tuple of two Series
        Lower and upper ends; missing where there are no leads.

    Notes
    -----
    Leads that stand for unequally many others say less than as many equal ones: as much as
    :math:`n = (\sum w)^2 / \sum w^2` of them, if the weights have nothing to do with the outcome.
    Without weights this is the plain Wilson interval. Whole-number weights do not give that of
    repeated rows, since a row that stands for three leads is still one observation. That weights
    are estimated themselves is not in the interval: for that, resample the leads and estimate
    the weights anew each time.

    References
    ----------
    L. Kish (1992), "Weighting for unequal P_i", *Journal of Official Statistics* 8(2), 183–200.

    Examples
    --------
    Two leads stand for three each and four for one: 10 in all, worth as much as 4.5 equal ones.

    >>> low, high = weighted_wilson(pd.Series([5]), pd.Series([10]), pd.Series([22]))
    >>> print(f"{low[0]:.2f} to {high[0]:.2f}")
    0.16 to 0.84
    """
    z = _inputs.confidence_quantile(confidence)
    per_lead = leads / squares.where(leads > 0)
    n, x = leads * per_lead, converted * per_lead
    centre = (x + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(x * (n - x) / n + z**2 / 4) / (n + z**2)
    # At the two extremes the algebra gives 0 and 1 exactly; rounding need not.
    return (centre - half).mask(x == 0, 0.0), (centre + half).mask(x == n, 1.0)


def probabilities(probability, outcome, weights=None):
    """Check probabilities and what happened, and return them with the weights as arrays.

    Parameters
    ----------
    probability, outcome, weights : Series or array
        One per lead, as for `brier_score`.

    Returns
    -------
    tuple of three arrays
        The last is None without weights.

    Examples
    --------
    >>> p, y, w = probabilities([0.8, 0.3], [True, False])
    >>> p.tolist(), y.tolist(), w
    ([0.8, 0.3], [True, False], None)
    """
    p, y, w = _inputs.scored("probability", probability, outcome, weights)
    return _inputs.shares("probability", probability), y, w


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="brier_score",
        formula=r"\frac{1}{n} \sum_i (p_i - y_i)^2",
        numerator="squared differences, added up",
        denominator="leads",
        unit="squared probability; 0 is perfect",
        window="the outcome window, the same for all leads",
        function="funnelkit.scoring.brier_score",
        example=Example({"probability": [0.75, 0.25], "outcome": [True, False]}, 0.125, 2),
    ),
)
