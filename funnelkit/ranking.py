"""The order that a score gives: AUC, precision and recall, lift and gains.

On a low floor, since quality, scoring, recommenders and uplift all rank.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = [
    "METRICS",
    "auc",
    "average_precision",
    "from_the_top",
    "gains_table",
    "outcome_of",
    "score_column",
    "threshold_table",
]

# ---------------------------------------------------------------- judged by what happened


def threshold_table(score, outcome):
    """Count, for every threshold, who is named and who of them buys.

    Parameters
    ----------
    score : Series or array of numbers
        Of each lead; higher is better.
    outcome : Series or array of bool
        Whether each lead bought.

    Returns
    -------
    DataFrame
        One row for each score that occurs, the highest first, which stands in the index as
        `threshold`: leads at or above it are `named`; `buyers` of them buy; `precision` is buyers
        by named; `recall` is buyers by all who buy; `false_alarm` is the share of those who do
        not buy who are named all the same. Recall against false alarms is the ROC curve,
        precision against recall the precision–recall curve.

    Raises
    ------
    TypeError, ValueError
        If a score is no number or missing, the outcome is not boolean or has another length, or
        all leads bought or none.

    Examples
    --------
    >>> threshold_table([0.9, 0.6, 0.6, 0.1], [True, True, False, False]).round(2)
    ... # doctest: +NORMALIZE_WHITESPACE
               named  buyers  precision  recall  false_alarm
    threshold
    0.9            1       1       1.00     0.5          0.0
    0.6            3       2       0.67     1.0          0.5
    0.1            4       2       0.50     1.0          1.0
    """
    s, y = _score_and_outcome(score, outcome)
    threshold, named, buyers = from_the_top(s, y)
    return pd.DataFrame(
        {
            "named": named,
            "buyers": buyers,
            "precision": buyers / named,
            "recall": buyers / y.sum(),
            "false_alarm": (named - buyers) / (~y).sum(),
        },
        index=pd.Index(threshold, name="threshold"),
    )


def from_the_top(score, outcome):
    """Return each score, the highest first, and how many leads and buyers are at or above it."""
    threshold, level = np.unique(-score, return_inverse=True)
    return (
        0.0 - threshold,
        np.bincount(level).cumsum(),
        np.bincount(level, outcome).astype(int).cumsum(),
    )


def auc(score, outcome):
    """Area under the ROC curve: how often a buyer has a higher score than one who does not buy.

    Parameters
    ----------
    score : Series or array of numbers
        Of each lead; higher is better.
    outcome : Series or array of bool
        Whether each lead bought.

    Returns
    -------
    float
        The share of all pairs of a buyer and a non-buyer in which the buyer's score is higher;
        equal scores count one half. 0.5 is drawing lots, 1 is perfect order.

    Raises
    ------
    TypeError, ValueError
        As `threshold_table`.

    Examples
    --------
    Of the four pairs, three are in order and one is a tie:

    >>> auc([0.9, 0.6, 0.6, 0.1], [True, True, False, False])
    0.875
    """
    s, y = _score_and_outcome(score, outcome)
    _, named, buyers = from_the_top(s, y)
    others = np.diff(named - buyers, prepend=0)  # the non-buyers at each score
    higher = buyers - np.diff(buyers, prepend=0) / 2  # buyers above it, and half of those at it
    return float(np.sum(others * higher) / (y.sum() * (~y).sum()))


def average_precision(score, outcome):
    r"""Precision averaged over the buyers, from the first named to the last.

    Parameters
    ----------
    score : Series or array of numbers
        Of each lead; higher is better.
    outcome : Series or array of bool
        Whether each lead bought.

    Returns
    -------
    float
        :math:`\sum_k (R_k - R_{k-1}) P_k` over the thresholds, of recall :math:`R` and precision
        :math:`P`. Drawing lots gives about the share of buyers.

    Raises
    ------
    TypeError, ValueError
        As `threshold_table`.

    Examples
    --------
    >>> round(average_precision([0.9, 0.6, 0.6, 0.1], [True, True, False, False]), 3)
    0.833
    """
    table = threshold_table(score, outcome)
    return float((table["recall"].diff().fillna(table["recall"]) * table["precision"]).sum())


def gains_table(score, outcome, *, depths=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)):
    """Lift and cumulative gains: what the best-scored share of the leads holds.

    Parameters
    ----------
    score : Series or array of numbers
        Of each lead; higher is better.
    outcome : Series or array of bool
        Whether each lead bought.
    depths : sequence of float
        Shares of the leads, above 0 and at most 1.

    Returns
    -------
    DataFrame
        One row a depth, in the index: `leads` so many (depth times all), `buyers` among them,
        `rate` (buyers by leads), `lift` (that rate by the rate of all leads) and `gains` (buyers
        by all buyers). Leads with equal scores are taken in no order: each counts as the mean of
        those it is tied with, so the table does not depend on the order of the rows.

    Raises
    ------
    TypeError, ValueError
        As `threshold_table`, or if a depth is not above 0 and at most 1.

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
    share = np.atleast_1d(_inputs.numbers("depths", list(np.ravel(depths))))
    remedy = "a depth is a share of the leads: give 0.1 for the best tenth"
    _inputs.refuse((share <= 0) | (share > 1), "depths is not above 0 and at most 1", remedy, share)
    s, y = _score_and_outcome(score, outcome)
    _, named, buyers = from_the_top(s, y)
    leads = share * len(s)
    found = np.interp(leads, [0, *named], [0, *buyers])
    return pd.DataFrame(
        {
            "leads": leads,
            "buyers": found,
            "rate": found / leads,
            "lift": found / y.sum() / share,
            "gains": found / y.sum(),
        },
        index=pd.Index(share, name="depth"),
    )


def outcome_of(outcome, n, other, *, name="outcome"):
    """Return an outcome as an array of plain booleans, as long as what it belongs to."""
    column = outcome if isinstance(outcome, pd.Series) else pd.Series(np.asarray(outcome))
    if len(column) != n:
        raise ValueError(f"{name} has {len(column):,} rows and {other} {n:,}: take both from one")
    return _inputs.booleans(column, name).to_numpy()


def score_column(name, values):
    """Return one number a lead, as a score is; not what `predict` or all of `predict_proba` is."""
    array = np.asarray(values)
    remedy = "give one number a lead, such as model.predict_proba(leads)[:, 1]"
    if array.dtype == bool:
        raise TypeError(f"{name} is a yes or no for each lead, which puts none in order: {remedy}")
    if array.ndim > 1:
        raise ValueError(f"{name} has {array.shape[1]} columns: {remedy}")
    return np.atleast_1d(_inputs.numbers(name, values))


def _score_and_outcome(score, outcome):
    """Check a score and what happened; both kinds of leads must be there."""
    s = score_column("score", score)
    y = outcome_of(outcome, len(s), "score")
    if not 0 < y.sum() < len(y):
        raise ValueError(
            f"{y.sum():,} of {len(y):,} leads bought: an order of leads can be judged only "
            "where some did and some did not"
        )
    return s, y


# ---------------------------------------------------------------- what the metrics mean

_SCORED = {
    "score": [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0],
    "outcome": [True, False, True, True, False, False, False, True, False, False],
}

METRICS = (
    Metric(
        name="precision",
        formula=r"\frac{b_t}{n_t}",
        numerator="leads named by the threshold who buy",
        denominator="leads named by the threshold",
        unit="share of the named leads",
        window="the outcome window, the same for all leads",
        function="funnelkit.scoring.threshold_table",
        example=Example(_SCORED, 3, 5, (0.5, "precision")),
    ),
    Metric(
        name="recall",
        formula=r"\frac{b_t}{b}",
        numerator="leads named by the threshold who buy",
        denominator="all leads who buy",
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
        denominator="all leads who buy",
        unit="share of the buyers",
        window="the outcome window, the same for all leads",
        function="funnelkit.scoring.gains_table",
        example=Example({**_SCORED, "depths": [0.5]}, 3, 4, (0.5, "gains")),
    ),
)
