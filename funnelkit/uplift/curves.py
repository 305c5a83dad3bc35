r"""Predictions of uplift held against people who were drawn: deciles, Qini, AUUC.

People are taken in order of their score, the highest first. Equal scores are taken together in
the curves; in the deciles they keep the order that scikit-uplift gives them.

**Two libraries, two Qinis.** Here, as in Radcliffe (2007) and in scikit-uplift, the curve counts
further buyers among the treated of the first k people: :math:`q(k) = y_T(k) - y_C(k)\,n_T(k) /
n_C(k)`, and where nobody has been held out yet, nothing is subtracted. causalml draws a straight
line there, and its score is the mean height above a random order, divided by nothing: on the same
eight people it has the opposite sign. Compare scores of one library and one set of people only.

Input is checked as `funnelkit._inputs` says.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric
from funnelkit.metrics import difference
from funnelkit.uplift.trial import checked_trial, ranked_trial

__all__ = [
    "METRICS",
    "auuc",
    "qini_band",
    "qini_coefficient",
    "qini_curve",
    "qini_table",
    "uplift_by_decile",
    "uplift_curve",
]


def __dir__():
    return __all__


def uplift_by_decile(score, treated, outcome, *, bins=10, confidence=0.95):
    """Compare treated and held-out people within tenths of the score.

    Parameters
    ----------
    score : Series or array of numbers
        Predicted uplift, one per person.
    treated, outcome : Series or array
        Who was drawn to be treated, and who enrolled.
    bins : int, default 10
        Groups of equal size.
    confidence : float, default 0.95
        Confidence of Newcombe's interval.

    Returns
    -------
    DataFrame
        One row per group, the highest scores first: `people`, `score` (their mean), `treated`,
        `holdout`, `rate_treated`, `rate_holdout`, `uplift` (the difference) and its interval
        `ci_low`, `ci_high`.

    Notes
    -----
    The same as scikit-uplift's `uplift_by_percentile` with `strategy="overall"`. Each interval is
    for one group; of ten, one in two tables has an interval that misses.

    Examples
    --------
    >>> score, treated = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2], [1, 1, 0, 1, 0, 0, 1, 0]
    >>> enrolled = [1, 0, 1, 0, 1, 0, 0, 1]
    >>> uplift_by_decile(score, treated, enrolled, bins=2)["uplift"].round(3).tolist()
    [-0.667, -0.667]
    """
    t, y, s = ranked_trial(score, treated, outcome)
    bins = _inputs.whole("bins", bins, at_least=1, at_most=len(s))
    order = np.argsort(s, kind="mergesort")[::-1]
    rows = []
    for number, part in enumerate(np.array_split(order, bins), start=1):
        in_t, in_y = t[part], y[part]
        if in_t.all() or not in_t.any():
            group = "hold-out group" if in_t.all() else "treated"
            raise ValueError(
                f"of the {group} nobody is in part {number} of {bins}: give fewer bins, or more "
                "people"
            )
        counts = [in_y[in_t].sum(), in_t.sum(), in_y[~in_t].sum(), (~in_t).sum()]
        rows.append([len(part), s[part].mean(), *counts])
    x = np.array(rows, dtype=float)
    between = difference(x[:, 2], x[:, 3], x[:, 4], x[:, 5], confidence=confidence)
    table = pd.DataFrame(
        {
            "people": x[:, 0].astype(int),
            "score": x[:, 1],
            "treated": x[:, 3].astype(int),
            "holdout": x[:, 5].astype(int),
            "rate_treated": x[:, 2] / x[:, 3],
            "rate_holdout": x[:, 4] / x[:, 5],
            "uplift": between["difference"].to_numpy(),
            "ci_low": between["ci_low"].to_numpy(),
            "ci_high": between["ci_high"].to_numpy(),
        }
    )
    return table.set_axis(pd.RangeIndex(1, bins + 1, name="part"))


# ---------------------------------------------------------------- the curves


class _Order:
    """People in the order of a score: sums up to the end of each level, with any weights."""

    def __init__(self, score, treated, outcome):
        levels, level = np.unique(-score, return_inverse=True)
        self.levels = len(levels)
        self.cell = 4 * level + 2 * treated + outcome  # level, group and outcome in one number

    def sums(self, weights=None):
        """Return treated, held out, and how many of either enrolled, from 0 people on."""
        counted = np.bincount(self.cell, weights, minlength=4 * self.levels)
        sums = counted.reshape(-1, 4).cumsum(axis=0, dtype=float)
        stays, buys, stays_treated, buys_treated = np.vstack([np.zeros(4), sums]).T
        return np.array([stays_treated + buys_treated, stays + buys, buys_treated, buys])


def _qini(sums):
    """Return people and further buyers among the treated, at each level."""
    n_t, n_c, y_t, y_c = sums
    return n_t + n_c, y_t - y_c * np.divide(n_t, n_c, out=np.zeros_like(n_t), where=n_c > 0)


def _uplift(sums):
    """Return people, and further buyers if all of them had been treated, at each level."""
    n_t, n_c, y_t, y_c = sums
    rate_t = np.divide(y_t, n_t, out=np.zeros_like(y_t), where=n_t > 0)
    rate_c = np.divide(y_c, n_c, out=np.zeros_like(y_c), where=n_c > 0)
    return n_t + n_c, (rate_t - rate_c) * (n_t + n_c)


def _best_qini(t, y):
    """Return the order that makes the Qini curve highest: buyers of one group, of the other."""
    return _Order(np.where(y, np.where(t, 1.0, -1.0), 0.0), t, y)


def _best_uplift(t, y):
    """Return the order that scikit-uplift calls perfect for the uplift curve."""
    then = y if (y & ~t).sum() > (~y & t).sum() else t
    return _Order(2.0 * (y == t) + then, t, y)


def _areas(curve, order, weights=None):
    """Return the area under a curve, and that under the straight line to its end."""
    x, height = curve(order.sums(weights))
    return np.trapezoid(height, x), x[-1] * height[-1] / 2


def _coefficients(curve, orders, best, weights=None):
    """Return the area of each order above the straight line, divided by that of the best order."""
    most, straight = _areas(curve, best, weights)
    if not most > straight:
        return np.full(len(orders), np.nan)
    areas = np.array([_areas(curve, order, weights)[0] for order in orders])
    return (areas - straight) / (most - straight)


def _curve(curve, score, treated, outcome, name):
    t, y, s = ranked_trial(score, treated, outcome)
    order = _Order(s, t, y)
    people, height = curve(order.sums())
    table = pd.DataFrame({"people": people.astype(int), "share": people / len(s), name: height})
    return table.assign(random=table["share"] * height[-1])


def qini_curve(score, treated, outcome):
    r"""Count the further buyers among the treated, if people are taken by their score.

    Parameters
    ----------
    score : Series or array of numbers
        Predicted uplift, one per person.
    treated, outcome : Series or array
        Who was drawn to be treated, and who enrolled.

    Returns
    -------
    DataFrame
        One row per score that occurs, the highest first, after one for nobody: `people` and their
        `share`, `qini`, and what a `random` order gives.

    Notes
    -----
    :math:`q(k) = y_T(k) - y_C(k)\,\frac{n_T(k)}{n_C(k)}` of the first k people, as in
    scikit-uplift. Where the curve falls, the people taken last would have bought if left alone.
    causalml's curve differs where nobody has been held out yet, and its score everywhere.

    References
    ----------
    N. J. Radcliffe (2007), "Using control groups to target on predicted lift: building and
    assessing uplift models", *Direct Marketing Analytics Journal*.

    Examples
    --------
    >>> score, treated = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2], [1, 1, 0, 1, 0, 0, 1, 0]
    >>> enrolled = [1, 0, 1, 0, 1, 0, 0, 1]
    >>> qini_curve(score, treated, enrolled)["qini"].round(3).tolist()
    [0.0, 1.0, 1.0, -1.0, -2.0, -2.0, -1.0, -1.667, -2.0]
    """
    return _curve(_qini, score, treated, outcome, "qini")


def uplift_curve(score, treated, outcome):
    r"""Count the further buyers if everybody taken had been treated, in the order of the score.

    Parameters
    ----------
    score : Series or array of numbers
        Predicted uplift, one per person.
    treated, outcome : Series or array
        Who was drawn to be treated, and who enrolled.

    Returns
    -------
    DataFrame
        As `qini_curve` returns, with `gain` in place of `qini`.

    Notes
    -----
    :math:`g(k) = k\,(y_T(k) / n_T(k) - y_C(k) / n_C(k))`, as in scikit-uplift.

    Examples
    --------
    >>> score, treated = [0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0]
    >>> uplift_curve(score, treated, [1, 0, 0, 0])["gain"].tolist()
    [0.0, 1.0, 2.0, 1.5, 2.0]
    """
    return _curve(_uplift, score, treated, outcome, "gain")


def qini_coefficient(score, treated, outcome):
    r"""Return the area between the Qini curve and a random order, as a part of the most possible.

    Parameters
    ----------
    score : Series or array of numbers
        Predicted uplift, one per person.
    treated, outcome : Series or array
        Who was drawn to be treated, and who enrolled.

    Returns
    -------
    float
        1 for the order that knows what everybody did, 0 for a random one; it may be negative.

    Notes
    -----
    :math:`(A - A_0) / (A^* - A_0)`, with the areas A under the curve, :math:`A_0` under the
    straight line to its end, and :math:`A^*` of the best order: treated buyers first, buyers of
    the hold-out group last. It is scikit-uplift's `qini_auc_score`. The best order knows the
    outcomes, so that even a perfect model of chances stays far below 1. Its scale depends on the
    data: compare models on the same people.

    Examples
    --------
    >>> score, treated = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2], [1, 1, 0, 1, 0, 0, 1, 0]
    >>> round(qini_coefficient(score, treated, [1, 0, 1, 0, 1, 0, 0, 1]), 4)
    0.1212
    """
    t, y, s = ranked_trial(score, treated, outcome)
    return _need_number(_coefficients(_qini, [_Order(s, t, y)], _best_qini(t, y))[0])


def auuc(score, treated, outcome):
    r"""Return the area between the uplift curve and a random order, of the most possible.

    Parameters
    ----------
    score : Series or array of numbers
        Predicted uplift, one per person.
    treated, outcome : Series or array
        Who was drawn to be treated, and who enrolled.

    Returns
    -------
    float
        0 for a random order.

    Notes
    -----
    As `qini_coefficient`, of `uplift_curve`; it is scikit-uplift's `uplift_auc_score`. Other
    libraries divide by other things: an AUUC says nothing without its formula.

    Examples
    --------
    >>> round(auuc([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0], [1, 0, 0, 1]), 3)
    1.0
    """
    t, y, s = ranked_trial(score, treated, outcome)
    return _need_number(_coefficients(_uplift, [_Order(s, t, y)], _best_uplift(t, y))[0])


def _need_number(value):
    if not np.isfinite(value):
        raise ValueError(
            "no order of these people is better than another, since too few of them enrolled: "
            "give more people, or a longer window"
        )
    return float(value)


# ---------------------------------------------------------------- with intervals


def _named(scores):
    """Return several scores as arrays, by name."""
    if not isinstance(scores, pd.DataFrame | Mapping):
        raise TypeError(
            f"scores is {_inputs.name_of_type(scores)}: give a table with one column per model, or "
            "a dict of one Series each"
        )
    if not len(list(scores)):
        raise ValueError("scores has no columns: give the predictions of one model or more")
    if isinstance(scores, pd.DataFrame):
        _inputs.need_columns(scores, list(scores.columns), "scores")
    return {name: _inputs.scores(str(name), scores[name]) for name in scores}


def _resamples(t, n_resamples, seed):
    """Yield weights: how often each person is drawn, with replacement."""
    rng, n = _inputs.random_generator(seed), len(t)
    for _ in range(n_resamples):
        yield np.bincount(rng.integers(n, size=n), minlength=n).astype(float)


def _checked_scores(scores, treated, outcome):
    """Return treated, outcome, and the orders of several scores."""
    named = _named(scores)
    each = {str(name): scores[name] for name in named}
    _inputs.aligned(treated=treated, outcome=outcome, **each)
    t, y = checked_trial(treated, outcome)
    for name, score in named.items():
        _inputs.need_same_length("people", treated=t, **{str(name): score})
    return t, y, {name: _Order(score, t, y) for name, score in named.items()}


def qini_table(
    scores, treated, outcome, *, compare_with=None, n_resamples=500, confidence=0.95, seed=None
):
    """Judge models by Qini and AUUC, with bootstrap intervals, on the same people.

    Parameters
    ----------
    scores : DataFrame or dict of Series
        Predicted uplift, one column per model, one row per person.
    treated, outcome : Series or array
        Who was drawn to be treated, and who enrolled.
    compare_with : str, optional
        The model from which the others' Qini coefficients are to be told apart.
    n_resamples : int, default 500
        How often the people are drawn anew, with replacement.
    confidence : float, default 0.95
        Confidence of the percentile intervals.
    seed : int or numpy.random.Generator, optional
        The same seed gives the same intervals.

    Returns
    -------
    DataFrame
        One row per model: `qini`, `qini_low`, `qini_high`, `auuc`, `auuc_low`, `auuc_high`; with
        `compare_with` also `difference` of the Qini coefficients and its interval
        `difference_low`, `difference_high`, from the same resamples.

    Notes
    -----
    The models stay as they are: the interval says what other people to judge on would change,
    not what other people to learn from would.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x, treated = rng.random(4000), rng.random(4000) < 0.7
    >>> enrolled = rng.random(4000) < 0.1 + 0.4 * x * treated
    >>> scores = pd.DataFrame({"model": x, "noise": rng.random(4000)})
    >>> qini_table(scores, treated, enrolled, seed=1)[["qini", "qini_low", "qini_high"]].round(2)
           qini  qini_low  qini_high
    model  0.19      0.14       0.23
    noise -0.03     -0.07       0.01
    """
    t, y, orders = _checked_scores(scores, treated, outcome)
    n_resamples = _inputs.whole("n_resamples", n_resamples, at_least=100)
    _inputs.confidence_quantile(confidence)
    if compare_with is not None:
        _inputs.need_known(compare_with, list(orders), "model")
    kinds = {"qini": (_qini, _best_qini(t, y)), "auuc": (_uplift, _best_uplift(t, y))}
    of_models = list(orders.values())
    drawn = [
        [_coefficients(curve, of_models, best, weights) for curve, best in kinds.values()]
        for weights in _resamples(t, n_resamples, seed)
    ]
    drawn = np.array(drawn)  # resamples, kinds, models
    if not np.isfinite(drawn).all():
        raise ValueError(
            "in some resamples nobody enrolled, so that no order is better than another: give "
            "more people, or a longer window"
        )
    table = pd.DataFrame(index=pd.Index(list(orders)))
    for place, (name, (curve, best)) in enumerate(kinds.items()):
        table[name] = [_need_number(each) for each in _coefficients(curve, of_models, best)]
        table[f"{name}_low"], table[f"{name}_high"] = _ends(drawn[:, place], confidence)
    if compare_with is not None:
        other = list(orders).index(compare_with)
        table["difference"] = table["qini"] - table["qini"].iloc[other]
        apart = drawn[:, 0] - drawn[:, 0, [other]]
        table["difference_low"], table["difference_high"] = _ends(apart, confidence)
    return table


def _ends(replicates, confidence):
    """Return the percentile interval of each column."""
    return np.quantile(replicates, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)


def qini_band(score, treated, outcome, *, points=20, n_resamples=300, confidence=0.95, seed=None):
    """Return the Qini curve at evenly spaced shares of the people, with a bootstrap band.

    Parameters
    ----------
    score : Series or array of numbers
        Predicted uplift, one per person.
    treated, outcome : Series or array
        Who was drawn to be treated, and who enrolled.
    points : int, default 20
        Into how many parts the people are cut.
    n_resamples : int, default 300
        How often the people are drawn anew, with replacement.
    confidence : float, default 0.95
        Confidence of the percentile intervals, at each point by itself.
    seed : int or numpy.random.Generator, optional
        The same seed gives the same band.

    Returns
    -------
    DataFrame
        By `share` of the people: `qini`, `ci_low`, `ci_high`, and what a `random` order gives.

    Examples
    --------
    >>> score, treated = np.arange(400) / 400, np.arange(400) % 2
    >>> enrolled = (treated == 1) & (score > 0.5)
    >>> qini_band(score, treated, enrolled, points=2, seed=1)["qini"].tolist()
    [0.0, 100.0, 100.0]
    """
    t, y, s = ranked_trial(score, treated, outcome)
    points = _inputs.whole("points", points, at_least=1, at_most=len(s))
    n_resamples = _inputs.whole("n_resamples", n_resamples, at_least=100)
    _inputs.confidence_quantile(confidence)
    order, share = _Order(s, t, y), np.linspace(0, 1, points + 1)

    def at_shares(weights=None):
        people, height = _qini(order.sums(weights))
        return np.interp(share * people[-1], people, height)

    replicates = np.array([at_shares(w) for w in _resamples(t, n_resamples, seed)])
    table = pd.DataFrame({"qini": at_shares()}, index=pd.Index(share, name="share"))
    table["ci_low"], table["ci_high"] = _ends(replicates, confidence)
    return table.assign(random=share * table["qini"].iloc[-1])


# ---------------------------------------------------------------- what the metrics mean

_SCORE = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]
_TRIAL = {"treated": [1, 1, 0, 1, 0, 0, 1, 0], "outcome": [1, 0, 1, 0, 1, 0, 0, 1]}

METRICS = (
    Metric(
        name="qini_coefficient",
        formula=r"\frac{A - A_0}{A^* - A_0}",
        numerator="area under the Qini curve, above a random order",
        denominator="the same of the best order",
        unit="fraction",
        window="that of the outcome",
        function="funnelkit.uplift.qini_coefficient",
        example=Example({"score": _SCORE, **_TRIAL}, 4, 33),
    ),
)
