"""Scores: a card of points, log-odds, logistic regression step by step, reasons."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.ranking import outcome_of

__all__ = ["from_log_odds", "log_odds", "logistic_by_steps", "points_card", "reason_codes"]

# ---------------------------------------------------------------- scores


def points_card(table, card):
    """Score leads by a card that gives fixed points for each thing that is true of a lead.

    Parameters
    ----------
    table : DataFrame
        One row a lead.
    card : mapping of str to number
        Each rule, as `DataFrame.eval` reads it, and its points:
        ``{"visit_count >= 4": 10, "device == 'mobile'": -5}``.

    Returns
    -------
    DataFrame
        The points that each rule gave, a column a rule, and last their sum, `score`. A rule about
        a missing value is not true, so it gives no points.

    Raises
    ------
    TypeError
        If `table` is no DataFrame, the card is no mapping, or points are no numbers.
    ValueError
        If the card is empty, or a rule cannot be read or is not a condition.

    Examples
    --------
    >>> leads = pd.DataFrame({"visits": [5, 1, None], "webinars": [1, 0, 2]})
    >>> points_card(leads, {"visits >= 4": 10, "webinars >= 1": 20})["score"].tolist()
    [30, 0, 20]
    """
    _inputs.need_columns(table, [], "table")
    if not isinstance(card, Mapping):
        raise TypeError(f"card is a {type(card).__name__}: give a mapping of rules to points")
    if not card:
        raise ValueError("the card has no rules: give at least one, such as {'pages >= 5': 10}")
    points = {}
    for rule, worth in card.items():
        if isinstance(worth, bool) or not isinstance(worth, (int, float, np.number)):
            raise TypeError(f"the points of {rule!r} are {worth!r}: give a number")
        try:
            true = table.eval(rule)
        except Exception as error:
            raise ValueError(
                f"the rule {rule!r} cannot be read ({error}): check its columns"
            ) from None
        if not isinstance(true, pd.Series) or not pd.api.types.is_bool_dtype(true):
            raise ValueError(f"the rule {rule!r} is not a condition: compare, as in 'pages >= 5'")
        points[rule] = true.fillna(False).astype(bool) * worth
    points = pd.DataFrame(points, index=table.index)
    return points.assign(score=points.sum(axis=1))


def log_odds(probability):
    r"""Log-odds of a probability: :math:`\ln(p / (1 - p))`.

    Parameters
    ----------
    probability : float, array or Series of float
        Between 0 and 1, both excluded.

    Returns
    -------
    float, array or Series of float

    Raises
    ------
    TypeError, ValueError
        If it is no number, missing, or not between 0 and 1.

    Examples
    --------
    >>> log_odds(0.5), round(log_odds(0.2), 3)
    (0.0, -1.386)
    """
    (p,), like_input = _inputs.amounts(probability=probability)
    remedy = "give a fraction between them; a certainty has no log-odds"
    _inputs.refuse((p <= 0) | (p >= 1), "probability is not between 0 and 1", remedy, p)
    return like_input(np.log(p / (1 - p)))


def from_log_odds(value):
    r"""Probability of given log-odds: :math:`1 / (1 + e^{-x})`.

    Parameters
    ----------
    value : float, array or Series of float
        Log-odds.

    Returns
    -------
    float, array or Series of float
        Between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        If it is no number or missing.

    Examples
    --------
    >>> from_log_odds(0.0), round(from_log_odds(-1.386), 3)
    (0.5, 0.2)
    """
    x = _inputs.numbers("value", value)
    half = np.exp(-np.abs(x))  # never overflows
    p = np.where(x >= 0, 1, half) / (1 + half)
    if isinstance(value, pd.Series):
        return pd.Series(p, index=value.index)
    return float(p) if p.ndim == 0 else p


def logistic_by_steps(features, outcome, *, steps=1000, rate=1.0):
    r"""Fit a logistic regression by gradient steps, to show how it learns.

    It begins with all weights at 0. In each step every weight moves a little in the direction in
    which the predictions were wrong, on average: up, if the leads with more of the feature bought
    more often than predicted. For real work use `sklearn.linear_model.LogisticRegression`, which
    arrives in far fewer steps.

    Parameters
    ----------
    features : DataFrame
        One row a lead, numbers only. Bring columns to a like scale first, or the steps are too
        long for one and too short for another.
    outcome : Series or array of bool
        Whether each lead bought.
    steps : int, default 1000
        How many steps.
    rate : float, default 1.0
        How far a step goes.

    Returns
    -------
    Series
        The weights, in log-odds: "intercept", then one a feature.

    Raises
    ------
    TypeError, ValueError
        If a feature is no number or missing, the outcome is not boolean or has another length,
        `steps` is less than 1, or the steps are so long that the weights run away, or swing and
        predict worse than none.

    Notes
    -----
    .. math:: w \leftarrow w + \frac{\eta}{n} \sum_i (y_i - p_i)\, x_i

    is the gradient of the mean log-likelihood.

    Examples
    --------
    One feature, which half of the leads have: 8 of 10 buy with it, 2 of 10 without.

    >>> leads = pd.DataFrame({"webinar": [1] * 10 + [0] * 10})
    >>> bought = np.array(([True] * 8 + [False] * 2) + ([True] * 2 + [False] * 8))
    >>> logistic_by_steps(leads, bought, steps=2000).round(3).tolist()
    [-1.386, 2.773]
    """
    _inputs.need_columns(features, [], "features")
    x = np.column_stack([np.ones(len(features)), *(_feature(features, c) for c in features)])
    y = outcome_of(outcome, len(features), "features").astype(float)
    if not isinstance(steps, (int, np.integer)) or steps < 1:
        raise ValueError(f"steps is {steps!r}: give a whole number of at least 1")
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        weights += rate * x.T @ (y - from_log_odds(x @ weights)) / len(y)
    score = x @ weights
    loss = np.mean(np.logaddexp(0, score) - y * score)  # less the mean log-likelihood
    worse = not loss <= np.log(2) + 1e-9  # what weights of 0 have
    if worse or np.abs(weights).max() > 1e6:
        raise ValueError(f"the weights ran away: a rate of {rate} is too long a step here")
    return pd.Series(weights, index=["intercept", *features.columns])


def reason_codes(coefficients, features, *, reference, n=3):
    """Say for each lead which features moved its score most, and which way.

    The score of a logistic regression is a sum, so the difference between a lead's log-odds and
    those of a reference lead is a sum too, of coefficient times difference of the feature. The
    largest of these terms are the reasons.

    Parameters
    ----------
    coefficients : Series
        In log-odds per unit of each feature; no intercept is needed.
    features : DataFrame
        One row a lead; all features of `coefficients`.
    reference : Series
        With what each feature is compared: usually its mean among the leads learnt from.
    n : int, default 3
        How many reasons a lead, at most; features equal to the reference are none.

    Returns
    -------
    DataFrame
        One row a reason, in the order of the leads, the strongest reason of each first: `lead`
        (its label in the index), `rank`, `feature`, `value`, `reference` and `log_odds` (what it
        adds to the lead's score, or takes away).

    Raises
    ------
    TypeError, ValueError
        If a feature is absent, no number or missing, or `n` is less than 1.

    Notes
    -----
    A reason says what moved the *score*. It is not why the person will buy.

    Examples
    --------
    >>> weights = pd.Series({"webinars": 0.8, "pages": 0.1})
    >>> lead = pd.DataFrame({"webinars": [2], "pages": [3]}, index=["L-1"])
    >>> usual = pd.Series({"webinars": 0.5, "pages": 8.0})
    >>> reason_codes(weights, lead, reference=usual)[["feature", "log_odds"]].round(2)
        feature  log_odds
    0  webinars       1.2
    1     pages      -0.5
    """
    if not isinstance(n, (int, np.integer)) or n < 1:
        raise ValueError(f"n is {n!r}: give a whole number of at least 1")
    names = list(coefficients.index)
    _inputs.need_columns(features, names, "features")
    lacking = [name for name in names if name not in reference.index]
    if lacking:
        raise ValueError(f"reference has no {lacking[0]!r}: give a value for each coefficient")
    values = np.column_stack([_feature(features, name) for name in names])
    usual = _inputs.numbers("reference", reference[names])
    moved = (values - usual) * _inputs.numbers("coefficients", coefficients)
    order = np.argsort(-np.abs(moved), axis=1, kind="stable")[:, :n]
    lead = np.repeat(np.arange(len(features)), order.shape[1])
    which = order.ravel()
    table = pd.DataFrame(
        {
            "lead": features.index.to_numpy()[lead],
            "rank": np.tile(np.arange(1, order.shape[1] + 1), len(features)),
            "feature": np.array(names, dtype=object)[which],
            "value": values[lead, which],
            "reference": usual[which],
            "log_odds": moved[lead, which],
        }
    ).astype({"feature": "str"})
    return table[table["log_odds"] != 0].reset_index(drop=True)


# ---------------------------------------------------------------- checks of what comes in


def _feature(table, name):
    """Return a column as numbers, a flag as 0 and 1."""
    column = table[name]
    if pd.api.types.is_bool_dtype(column) and not column.isna().any():
        column = column.astype(int)
    return _inputs.numbers(f"column {name!r}", column)
