"""Probabilities held against what happened."""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric
from funnelkit.metrics.rates import wilson_interval
from funnelkit.ranking import outcome_of, score_column

__all__ = ["METRICS", "brier_score", "calibration_table", "probabilities"]


def brier_score(probability, outcome):
    r"""Mean squared difference between probability and outcome, the outcome counted as 0 or 1.

    Parameters
    ----------
    probability : Series or array of float
        Of each lead, from 0 to 1.
    outcome : Series or array of bool
        Whether each lead bought.

    Returns
    -------
    float
        :math:`\frac{1}{n} \sum_i (p_i - y_i)^2`: 0 is perfect. Giving everybody the share
        :math:`\bar y` of buyers scores :math:`\bar y (1 - \bar y)`.

    Raises
    ------
    TypeError, ValueError
        If a probability is no number, missing or not from 0 to 1, or the outcome is not boolean
        or has another length.

    Examples
    --------
    >>> round(brier_score([0.8, 0.3], [True, False]), 3)
    0.065
    """
    p, y = _probability_and_outcome(probability, outcome)
    return float(np.mean((p - y) ** 2))


def calibration_table(probability, outcome, *, bins=10, confidence=0.95):
    """Compare what was predicted with what happened, from the least likely leads to the most.

    Parameters
    ----------
    probability : Series or array of float
        Of each lead, from 0 to 1.
    outcome : Series or array of bool
        Whether each lead bought.
    bins : int, default 10
        How many groups of about equally many leads. Leads with equal probabilities stay
        together, so there may be fewer.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    DataFrame
        One row a group, the least likely first: `leads`, `predicted` (the mean probability),
        `converted`, `rate` (converted by leads), and its Wilson interval, `ci_low` and `ci_high`.

    Raises
    ------
    TypeError, ValueError
        As `brier_score`, or if `bins` is not a whole number from 1 to the number of leads.

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
    p, y = _probability_and_outcome(probability, outcome)
    if not isinstance(bins, (int, np.integer)) or not 1 <= bins <= len(p):
        raise ValueError(f"bins is {bins!r}: give a whole number from 1 to {len(p)}, the leads")
    # The place of a lead is that of the last one with its probability: ties share a bin.
    place = pd.Series(p).rank(method="max").to_numpy()
    bin_ = np.ceil(place * bins / len(p)).astype(int)
    groups = pd.DataFrame({"bin": bin_, "p": p, "y": y}).groupby("bin")
    table = pd.DataFrame(
        {
            "leads": groups.size(),
            "predicted": groups["p"].mean(),
            "converted": groups["y"].sum().astype("int64"),
        }
    )
    table.index = pd.RangeIndex(1, len(table) + 1, name="bin")
    low, high = wilson_interval(table["converted"], table["leads"], confidence=confidence)
    rate = table["converted"] / table["leads"]
    return table.assign(rate=rate, ci_low=low, ci_high=high)


def probabilities(probability):
    """Return probabilities as an array, each from 0 to 1."""
    p = score_column("probability", probability)
    _inputs.refuse(
        (p < 0) | (p > 1), "probability is not from 0 to 1", "divide percentages by 100", p
    )
    return p


def _probability_and_outcome(probability, outcome):
    p = probabilities(probability)
    return p, outcome_of(outcome, len(p), "probability")


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
