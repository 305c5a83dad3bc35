"""Which lead to call first: points cards, and what a score is worth.

A *score* puts leads in order: higher is better. A *probability* also says how likely each is to
buy. This module makes labels out of dates (`outcome_within`), adds up points (`points_card`),
shows how a logistic regression learns (`logistic_by_steps`), judges scores against what happened
(`threshold_table`, `gains_table`, `calibration_table`, `errors_by_group`), turns them into a
decision (`profit_threshold`, `profit_curve`, `capacity_threshold`), explains them (`reason_codes`)
and says when leads buy (`hazard_table`). Models to use come from scikit-learn.

Throughout, an outcome is boolean: the lead bought, or did not. A lead that a score puts at or
above a threshold is *named*: the sales team is told to call it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit.metrics import (
    _amounts,
    _boolean,
    _count,
    _duration,
    _need_columns,
    _numbers_of,
    _refuse,
    wilson_interval,
)

# ---------------------------------------------------------------- labels


def outcome_within(start, converted, window, *, observed_until):
    """Label each lead by whether it converted within the window after its start.

    Every lead gets the same time. A lead whose window is not over when the data end has no label
    yet, *also when it has converted already*: to keep the quick ones and drop the others of the
    same age would make young leads look better than they are.

    Parameters
    ----------
    start : Series of datetime
        When the clock of each lead starts: the time at which it was scored.
    converted : Series of datetime
        When it converted; missing for those who have not.
    window : str or Timedelta
        How long after the start a conversion still counts, inclusive: "60D".
    observed_until : str or Timestamp
        When the data end.

    Returns
    -------
    Series of boolean
        True, False, or missing for a lead too young to tell, with the index of `start`.

    Raises
    ------
    TypeError
        If a column is no Series of times, or the window has no unit.
    ValueError
        If starts are missing or lie after the end of the data, the two indexes differ, or a lead
        converted before its start or after the end.

    Examples
    --------
    Data to the end of June; the third lead is too young for 60 days, though it has converted:

    >>> start = pd.Series(pd.to_datetime(["2026-03-01", "2026-04-01", "2026-06-01"]))
    >>> converted = pd.Series(pd.to_datetime(["2026-03-20", None, "2026-06-09"]))
    >>> outcome_within(start, converted, "60D", observed_until="2026-07-01").tolist()
    [True, False, <NA>]
    """
    for name, times in (("start", start), ("converted", converted)):
        if not isinstance(times, pd.Series) or not pd.api.types.is_datetime64_dtype(times):
            held = getattr(times, "dtype", type(times).__name__)
            raise TypeError(f"{name} holds {held}: give a column of times, as pd.to_datetime makes")
    if not start.index.equals(converted.index):
        raise ValueError("start and converted have different indexes: take both from one table")
    window, end = _duration("window", window), pd.Timestamp(observed_until)
    index = start.index
    _refuse(start.isna(), "start is missing", "leave these leads out", index=index)
    _refuse(start > end, f"start is after {end}", "check observed_until", index=index)
    _refuse(converted > end, f"converted is after {end}", "check observed_until", index=index)
    _refuse(
        converted < start,
        "converted is before the start",
        "a lead that has bought needs no score: leave it out",
        index=index,
    )
    label = (converted <= start + window).astype("boolean")
    return label.mask(start + window > end).rename("outcome")


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
    _need_columns(table, [], "table")
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
    (p,), like_input = _amounts(probability=probability)
    remedy = "give a fraction between them; a certainty has no log-odds"
    _refuse((p <= 0) | (p >= 1), "probability is not between 0 and 1", remedy, p)
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
    x = _numbers_of("value", value)
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
    _need_columns(features, [], "features")
    x = np.column_stack([np.ones(len(features)), *(_feature(features, c) for c in features)])
    y = _outcome(outcome, len(features), "features").astype(float)
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
    _need_columns(features, names, "features")
    lacking = [name for name in names if name not in reference.index]
    if lacking:
        raise ValueError(f"reference has no {lacking[0]!r}: give a value for each coefficient")
    values = np.column_stack([_feature(features, name) for name in names])
    usual = _numbers_of("reference", reference[names])
    moved = (values - usual) * _numbers_of("coefficients", coefficients)
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
    threshold, named, buyers = _from_the_top(s, y)
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


def _from_the_top(score, outcome):
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
    _, named, buyers = _from_the_top(s, y)
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
    share = np.atleast_1d(_numbers_of("depths", list(np.ravel(depths))))
    remedy = "a depth is a share of the leads: give 0.1 for the best tenth"
    _refuse((share <= 0) | (share > 1), "depths is not above 0 and at most 1", remedy, share)
    s, y = _score_and_outcome(score, outcome)
    _, named, buyers = _from_the_top(s, y)
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


def errors_by_group(named, outcome, group, *, confidence=0.95):
    """Compare groups of leads in whom a score finds and whom it misses.

    Parameters
    ----------
    named : Series or array of bool
        Whether each lead is on the list, its score being at or above the threshold.
    outcome : Series or array of bool
        Whether each lead bought.
    group : Series or array
        The group of each lead, such as an age band; a missing value is a group of its own.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    DataFrame
        One row a group: `leads`, `buyers`, `rate` (buyers by leads), `named` (how many),
        `precision` (of the named, the share that buys), `recall` (of the buyers, the share that
        was named) with its Wilson interval `recall_low` and `recall_high`. Missing where there
        is nobody to divide by.

    Raises
    ------
    TypeError, ValueError
        If `named` or `outcome` is not boolean, or the lengths differ.

    Examples
    --------
    >>> named = [True, True, False, False, False, True]
    >>> bought = [True, False, True, True, True, True]
    >>> table = errors_by_group(named, bought, ["a", "a", "a", "b", "b", "b"])
    >>> table[["leads", "buyers", "named", "recall"]].round(2)
       leads  buyers  named  recall
    a      3       2      2    0.50
    b      3       3      1    0.33
    """
    listed = _outcome(named, len(np.asarray(group)), "group", name="named")
    y = _outcome(outcome, len(listed), "group")
    table = pd.DataFrame({"leads": 1, "buyers": y, "named": listed, "found": y & listed})
    keys = group.array if isinstance(group, pd.Series) else np.asarray(group)
    table = table.groupby(keys, dropna=False, observed=True).sum().astype("int64")
    table.index.name = group.name if isinstance(group, pd.Series) else None
    low, high = pd.Series(np.nan, table.index), pd.Series(np.nan, table.index)
    some = table["buyers"] > 0
    if some.any():
        counts = table.loc[some, "found"], table.loc[some, "buyers"]
        low[some], high[some] = wilson_interval(*counts, confidence=confidence)
    return pd.DataFrame(
        {
            "leads": table["leads"],
            "buyers": table["buyers"],
            "rate": table["buyers"] / table["leads"],
            "named": table["named"],
            "precision": table["found"] / table["named"].where(table["named"] > 0),
            "recall": table["found"] / table["buyers"].where(some),
            "recall_low": low,
            "recall_high": high,
        }
    )


# ---------------------------------------------------------------- decisions


def profit_threshold(margin, cost):
    """Probability from which on a call pays: cost of a call by margin of a sale.

    A call costs the same whether or not the lead buys, and brings the margin with the lead's
    probability: it pays on average where probability times margin exceeds the cost.

    Parameters
    ----------
    margin : number or Series
        What a lead who buys is worth, EUR; above 0.
    cost : number or Series
        What a call costs, EUR.

    Returns
    -------
    float, array or Series of float
        Above 1 no lead is worth a call.

    Raises
    ------
    TypeError, ValueError
        If an amount is no number, missing or negative, or the margin is 0.

    Notes
    -----
    It supposes that without the call the lead does not buy, and that probabilities are
    calibrated.

    References
    ----------
    C. Elkan (2001), "The foundations of cost-sensitive learning", *IJCAI*.

    Examples
    --------
    >>> profit_threshold(200, 10)
    0.05
    """
    (margin, cost), like_input = _amounts(margin=margin, cost=cost)
    _refuse(margin == 0, "margin is 0", "a sale that brings nothing is worth no call")
    return like_input(cost / margin)


def profit_curve(probability, outcome=None, *, margin, cost):
    """Profit of calling the best leads, for every number of calls.

    Parameters
    ----------
    probability : Series or array of float
        Of each lead, from 0 to 1.
    outcome : Series or array of bool, optional
        Whether each lead bought, if that is known by now.
    margin, cost : number
        What a sale brings and what a call costs, EUR.

    Returns
    -------
    DataFrame
        One row for each number of calls, from 0 to all leads, the most likely first:
        `threshold` (the probability of the last one called; missing for 0), `expected` (the
        profit that the probabilities promise, EUR) and, with `outcome`, `earned` (the profit it
        would have been, EUR; leads with equal probabilities are taken in no order, as in
        `gains_table`). ``attrs["calls"]`` is how many calls promise most.

    Raises
    ------
    TypeError, ValueError
        As `brier_score` and `profit_threshold`.

    Examples
    --------
    >>> profit_curve([0.30, 0.02, 0.10], [True, False, False], margin=200, cost=10)
    ... # doctest: +NORMALIZE_WHITESPACE
           threshold  expected  earned
    calls
    0            NaN       0.0     0.0
    1           0.30      50.0   190.0
    2           0.10      60.0   180.0
    3           0.02      54.0   170.0
    """
    profit_threshold(margin, cost)  # refuses what is no amount
    p = _probabilities(probability)
    ordered = np.sort(p)[::-1]
    calls = np.arange(len(p) + 1)
    table = pd.DataFrame(
        {
            "threshold": np.concatenate([[np.nan], ordered]),
            "expected": np.concatenate([[0.0], np.cumsum(ordered)]) * margin - calls * cost,
        },
        index=pd.Index(calls, name="calls"),
    )
    if outcome is not None:
        y = _outcome(outcome, len(p), "probability")
        _, named, found = _from_the_top(p, y)
        buyers = np.interp(calls, [0, *named], [0, *found])
        table["earned"] = buyers * margin - calls * cost
    table.attrs["calls"] = int((ordered * margin > cost).sum())
    return table


def capacity_threshold(score, capacity):
    """Lowest threshold that names no more leads than can be called.

    Parameters
    ----------
    score : Series or array of numbers
        Of each lead; higher is better.
    capacity : int
        How many leads can be called.

    Returns
    -------
    float
        A score that occurs: leads at or above it are at most `capacity`. Where several leads
        share the last place, none of them is named, rather than too many.

    Raises
    ------
    TypeError, ValueError
        If a score is no number or missing, there is none, the capacity is not a whole number of
        at least 1, or more leads than that share the highest score.

    Examples
    --------
    >>> capacity_threshold([0.9, 0.7, 0.5, 0.5, 0.2], 2)
    0.7
    >>> capacity_threshold([0.9, 0.7, 0.5, 0.5, 0.2], 3)
    0.7
    >>> capacity_threshold([0.9, 0.7, 0.5, 0.5, 0.2], 4)
    0.5
    """
    s = _one_column("score", score)
    room = float(_count("capacity", capacity))
    if s.size == 0:
        raise ValueError("there is no score: give at least one lead")
    if room < 1:
        raise ValueError("capacity is 0: with no call to make there is no threshold")
    levels, size = np.unique(s, return_counts=True)
    named = size[::-1].cumsum()[::-1]  # how many are at or above each level
    fits = levels[named <= room]
    if not len(fits):
        raise ValueError(
            f"{size[-1]:,} leads share the highest score and {room:.0f} can be called: break "
            "the tie by a finer score, or by lot"
        )
    return float(fits[0])


# ---------------------------------------------------------------- when


def hazard_table(weeks, observed, *, confidence=0.95):
    r"""Hazard by week: of those who have not bought before, the share that buys in the week.

    Parameters
    ----------
    weeks : Series or array of int
        For a lead that bought, the week in which it did, the first being 1. For another, how
        many weeks it has been watched to their end.
    observed : Series or array of bool
        Whether the lead bought.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    DataFrame
        One row a week, from 1 to the last in which anybody was watched: `at_risk` (leads watched
        in that week who had not bought before), `converted` in it, `hazard`, its Wilson interval
        `ci_low` and `ci_high`, and `bought`, the share that has bought by the end of the week,
        :math:`1 - \prod_{j \le k} (1 - h_j)`.

    Raises
    ------
    TypeError, ValueError
        If weeks are no whole numbers or negative, a lead bought in week 0, the outcome is not
        boolean or has another length, or nobody was watched for a week.

    Notes
    -----
    A week that the data cut short does not count, neither those who bought in it nor those who
    did not: cut both back to the last whole week.

    Examples
    --------
    Four leads: one buys in week 1, one in week 2, one is watched for 2 weeks and one for 1:

    >>> hazard_table([1, 2, 2, 1], [True, True, False, False])[["at_risk", "hazard", "bought"]]
    ... # doctest: +NORMALIZE_WHITESPACE
          at_risk  hazard  bought
    week
    1           4    0.25   0.250
    2           2    0.50   0.625
    """
    w = np.atleast_1d(_count("weeks", weeks)).astype(int)
    y = _outcome(observed, len(w), "weeks", name="observed")
    _refuse(y & (w == 0), "a lead bought in week 0", "the first week is 1: round up")
    if w.max(initial=0) == 0:
        raise ValueError("nobody was watched for a whole week: there is no hazard to count")
    numbers = np.arange(1, w.max() + 1)
    at_risk = np.bincount(w)[::-1].cumsum()[::-1][1:]
    converted = np.bincount(w[y], minlength=w.max() + 1)[1:]
    low, high = wilson_interval(converted, at_risk, confidence=confidence)
    hazard = converted / at_risk
    return pd.DataFrame(
        {
            "at_risk": at_risk,
            "converted": converted,
            "hazard": hazard,
            "ci_low": low,
            "ci_high": high,
            "bought": 1 - np.cumprod(1 - hazard),
        },
        index=pd.Index(numbers, name="week"),
    )


# ---------------------------------------------------------------- checks of what comes in


def _feature(table, name):
    """Return a column as numbers, a flag as 0 and 1."""
    column = table[name]
    if pd.api.types.is_bool_dtype(column) and not column.isna().any():
        column = column.astype(int)
    return _numbers_of(f"column {name!r}", column)


def _outcome(outcome, n, other, *, name="outcome"):
    """Return an outcome as an array of plain booleans, as long as what it belongs to."""
    column = outcome if isinstance(outcome, pd.Series) else pd.Series(np.asarray(outcome))
    if len(column) != n:
        raise ValueError(f"{name} has {len(column):,} rows and {other} {n:,}: take both from one")
    return _boolean(column, name).to_numpy()


def _one_column(name, values):
    """Return one number a lead, as a score is; not what `predict` or all of `predict_proba` is."""
    array = np.asarray(values)
    remedy = "give one number a lead, such as model.predict_proba(leads)[:, 1]"
    if array.dtype == bool:
        raise TypeError(f"{name} is a yes or no for each lead, which puts none in order: {remedy}")
    if array.ndim > 1:
        raise ValueError(f"{name} has {array.shape[1]} columns: {remedy}")
    return np.atleast_1d(_numbers_of(name, values))


def _score_and_outcome(score, outcome):
    """Check a score and what happened; both kinds of leads must be there."""
    s = _one_column("score", score)
    y = _outcome(outcome, len(s), "score")
    if not 0 < y.sum() < len(y):
        raise ValueError(
            f"{y.sum():,} of {len(y):,} leads bought: an order of leads can be judged only "
            "where some did and some did not"
        )
    return s, y


def _probabilities(probability):
    p = _one_column("probability", probability)
    _refuse((p < 0) | (p > 1), "probability is not from 0 to 1", "divide percentages by 100", p)
    return p


def _probability_and_outcome(probability, outcome):
    p = _probabilities(probability)
    return p, _outcome(outcome, len(p), "probability")
