"""The order that a score gives: AUC, precision and recall, lift and gains.

On a low floor, since quality, scoring, recommenders and uplift all rank. A lead whose score is at
or above a threshold is *selected*. Input is checked as `funnelkit._inputs` says.

All functions take `weights`: how many leads each row stands for. A count is then a sum of weights,
which is what scikit-learn's `sample_weight` computes. If only the leads that were called have an
outcome, the inverse of a lead's probability of being called makes them stand for all leads
(Horvitz and Thompson 1952, "A generalization of sampling without replacement from a finite
universe", *JASA* 47).
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = [
    "METRICS",
    "auc",
    "average_precision",
    "gains_table",
    "threshold_table",
]


def __dir__():
    return __all__


# ---------------------------------------------------------------- judged by what happened


def threshold_table(score, outcome, *, weights=None):
    """Count, for every threshold, which leads it selects and how many of them buy.

    Parameters
    ----------
    score : Series or array of numbers
        One per lead; higher is better.
    outcome : Series or array of bool
        Whether each lead bought.
    weights : Series or array of numbers, optional
        How many leads each row stands for; one by default.

    Returns
    -------
    DataFrame
        One row per score that occurs, the highest first, in the index as `threshold`. `selected`:
        leads at or above it; `buyers`: how many of them buy; `precision`: buyers divided by
        selected; `recall`: of the leads given, those that buy, the share that is selected;
        `false_positive_rate`: of those that do not buy, the share that is selected all the same.
        Recall against the false-positive rate is the ROC curve, precision against recall the
        precision–recall curve.

    Raises
    ------
    ValueError
        If all leads bought or none did: then no order is better than another.

    Notes
    -----
    Recall is over the leads given. If these are the leads that were called, and calls go by the
    score, buyers that the score kept from being called are not among them and recall comes out
    too high: give the inverse of the probability of being called as `weights`.

    Examples
    --------
    >>> threshold_table([0.9, 0.6, 0.6, 0.1], [True, True, False, False]).round(2)
    ... # doctest: +NORMALIZE_WHITESPACE
               selected  buyers  precision  recall  false_positive_rate
    threshold
    0.9               1       1       1.00     0.5                  0.0
    0.6               3       2       0.67     1.0                  0.5
    0.1               4       2       0.50     1.0                  1.0
    """
    threshold, buyers, others = _from_the_top(*_judged(score, outcome, weights))
    selected = buyers + others
    return pd.DataFrame(
        {
            "selected": selected,
            "buyers": buyers,
            "precision": buyers / selected,
            "recall": buyers / buyers[-1],
            "false_positive_rate": others / others[-1],
        },
        index=pd.Index(threshold, name="threshold"),
    )


def _from_the_top(score, outcome, weights=None):
    """Return each score, the highest first, and how many buyers and others are at or above it."""
    threshold, level = np.unique(-score, return_inverse=True)

    def up_to_each_level(which):
        counted = None if weights is None else weights[which]
        return np.bincount(level[which], counted, minlength=len(threshold)).cumsum()

    return 0.0 - threshold, up_to_each_level(outcome), up_to_each_level(~outcome)


def auc(score, outcome, *, weights=None):
    """Area under the ROC curve: how often a buyer scores higher than a lead that does not buy.

    Parameters
    ----------
    score : Series or array of numbers
        One per lead; higher is better.
    outcome : Series or array of bool
        Whether each lead bought.
    weights : Series or array of numbers, optional
        How many leads each row stands for; one by default.

    Returns
    -------
    float
        The share of all pairs of a buyer and a non-buyer in which the buyer's score is higher;
        equal scores count one half. 0.5 is a random order, 1 is a perfect one.

    Raises
    ------
    ValueError
        If all leads bought or none did.

    Examples
    --------
    Of the four pairs, three are in order and one is a tie:

    >>> auc([0.9, 0.6, 0.6, 0.1], [True, True, False, False])
    0.875
    """
    _, buyers, others = _from_the_top(*_judged(score, outcome, weights))
    at_level = np.diff(others, prepend=0)  # the non-buyers at each score
    higher = buyers - np.diff(buyers, prepend=0) / 2  # buyers above it, and half of those at it
    return float(np.sum(at_level * higher) / (buyers[-1] * others[-1]))


def average_precision(score, outcome, *, weights=None):
    r"""Precision averaged over the buyers, from the first selected to the last.

    Parameters
    ----------
    score : Series or array of numbers
        One per lead; higher is better.
    outcome : Series or array of bool
        Whether each lead bought.
    weights : Series or array of numbers, optional
        How many leads each row stands for; one by default.

    Returns
    -------
    float
        :math:`\sum_k (R_k - R_{k-1}) P_k` over the thresholds, of recall :math:`R` and precision
        :math:`P`. A random order gives about the share of buyers.

    Raises
    ------
    ValueError
        If all leads bought or none did.

    Examples
    --------
    >>> round(average_precision([0.9, 0.6, 0.6, 0.1], [True, True, False, False]), 3)
    0.833
    """
    table = threshold_table(score, outcome, weights=weights)
    return float((table["recall"].diff().fillna(table["recall"]) * table["precision"]).sum())


def gains_table(
    score,
    outcome,
    *,
    depths=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    weights=None,
):
    """Lift and cumulative gains: what the best-scored share of the leads holds.

    Parameters
    ----------
    score : Series or array of numbers
        One per lead; higher is better.
    outcome : Series or array of bool
        Whether each lead bought.
    depths : sequence of float
        Shares of the leads, above 0 and at most 1.
    weights : Series or array of numbers, optional
        How many leads each row stands for; one by default.

    Returns
    -------
    DataFrame
        One row per depth, in the index. `leads`: how many leads that is; `buyers`: how many of
        them bought; `rate`: buyers divided by leads; `lift`: that rate divided by the rate of all
        leads; `gains`: buyers divided by all buyers. Leads with equal scores are in random order:
        each counts as the mean of those it is tied with, so the table does not depend on the
        order of the rows.

    Raises
    ------
    ValueError
        If all leads bought or none did.

    Examples
    --------
    >>> bought = [True, False, True, False, False, False, False, False, False, True]
    >>> gains_table([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], bought, depths=[0.1, 0.3, 1]).round(2)
    ... # doctest: +NORMALIZE_WHITESPACE
           leads  buyers  rate  lift  gains
    depth
    0.1      1.0     1.0  1.00  3.33   0.33
    0.3      3.0     2.0  0.67  2.22   0.67
    1.0     10.0     3.0  0.30  1.00   1.00
    """
    share = np.atleast_1d(_inputs.finite("depths", depths))
    remedy = "a depth is a share of the leads: give 0.1 for the best tenth"
    if share.ndim > 1:
        raise ValueError(f"depths is a list of lists: {remedy}")
    _inputs.refuse((share <= 0) | (share > 1), "depths is not above 0 and at most 1", remedy, share)
    _, buyers, others = _from_the_top(*_judged(score, outcome, weights))
    selected = buyers + others
    leads = share * selected[-1]
    found = np.interp(leads, [0, *selected], [0, *buyers])
    return pd.DataFrame(
        {
            "leads": leads,
            "buyers": found,
            "rate": found / leads,
            "lift": found / buyers[-1] / share,
            "gains": found / buyers[-1],
        },
        index=pd.Index(share, name="depth"),
    )


def _judged(score, outcome, weights):
    """Check a score and what happened; there have to be both kinds of leads."""
    s, y, w = _inputs.scored("score", score, outcome, weights)
    if not 0 < y.sum() < len(y):
        raise ValueError(
            f"{y.sum():,} of {len(y):,} leads bought: an order of leads can be judged only "
            "where some did and some did not"
        )
    return s, y, w


# ---------------------------------------------------------------- what the metrics mean

_SCORED = {
    "score": [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0],
    "outcome": [True, False, True, True, False, False, False, True, False, False],
}

METRICS = (
    Metric(
        name="precision",
        formula=r"\frac{b_t}{n_t}",
        numerator="leads selected by the threshold that buy",
        denominator="leads selected by the threshold",
        unit="share of the selected leads",
        window="the outcome window, the same for all leads",
        function="funnelkit.scoring.threshold_table",
        example=Example(_SCORED, 3, 5, (0.5, "precision")),
    ),
    Metric(
        name="recall",
        formula=r"\frac{b_t}{b}",
        numerator="leads selected by the threshold that buy",
        denominator="all leads that buy",
        unit="share of the buyers",
        window="the outcome window, the same for all leads",
        function="funnelkit.scoring.threshold_table",
        example=Example(_SCORED, 3, 4, (0.5, "recall")),
    ),
    Metric(
        name="lift",
        formula=r"\frac{b_d / n_d}{b / n}",
        numerator="rate of the best-scored share of the leads",
        denominator="rate of all leads",
        unit="times the rate of all leads",
        window="the outcome window, the same for all leads",
        function="funnelkit.scoring.gains_table",
        example=Example({**_SCORED, "depths": [0.5]}, 3 / 5, 4 / 10, (0.5, "lift")),
    ),
    Metric(
        name="cumulative_gains",
        formula=r"\frac{b_d}{b}",
        numerator="buyers in the best-scored share of the leads",
        denominator="all leads that buy",
        unit="share of the buyers",
        window="the outcome window, the same for all leads",
        function="funnelkit.scoring.gains_table",
        example=Example({**_SCORED, "depths": [0.5]}, 3, 4, (0.5, "gains")),
    ),
)
