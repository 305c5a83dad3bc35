"""Scores: a card of points, log-odds, logistic regression step by step, reasons.

Input is checked as `funnelkit._inputs` says.
"""

import ast
import re
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["from_log_odds", "log_odds", "logistic_by_steps", "points_card", "reason_codes"]

_QUOTED = re.compile(r"""('[^']*'|"[^"]*")|`([^`]+)`""")  # a text, or a name in backticks
_KINDS = {"string": "text"} | dict.fromkeys(
    ["boolean", "integer", "floating", "mixed-integer-float", "decimal"], "number"
)


def __dir__():
    return __all__


# ---------------------------------------------------------------- a card of points


def points_card(table, card):
    """Score leads by a card that gives fixed points for each thing that is true of a lead.

    Parameters
    ----------
    table : DataFrame
        One row per lead.
    card : mapping of str to number
        Each rule, as `DataFrame.eval` reads it, and its points:
        ``{"visit_count >= 4": 10, "device == 'mobile'": -5}``. Put names with spaces in
        backticks: ``"`Lead Source` == 'web'"``.

    Returns
    -------
    DataFrame
        The points that each rule gave, one column per rule, and last their sum, `score`. Where a
        column that a rule names is missing, the rule gives no points, whatever it says.

    Raises
    ------
    ValueError
        If a rule cannot be read, is not a condition, compares text with numbers, or asks whether
        a value is missing.

    Examples
    --------
    >>> leads = pd.DataFrame({"visits": [5, 1, None], "webinars": [1, 0, 2]})
    >>> points_card(leads, {"visits >= 4": 10, "webinars >= 1": 20})["score"].tolist()
    [30, 0, 20]
    """
    _inputs.need_table(table)
    if not isinstance(card, Mapping):
        kind = _inputs.name_of_type(card)
        raise TypeError(f"card is {kind}: give a mapping of rules to points, {{'pages >= 5': 10}}")
    if not card:
        raise ValueError("the card has no rules: give at least one, such as {'pages >= 5': 10}")
    points = {}
    for rule, worth in card.items():
        if not isinstance(rule, str):
            raise TypeError(f"the rule {rule!r} is not text: write it as in 'pages >= 5'")
        _inputs.number(f"the worth of {rule!r}", worth, remedy="give points, a number")
        points[rule] = _is_true(table, rule) * worth
    points = pd.DataFrame(points, index=table.index)
    return points.assign(score=points.sum(axis=1))


def _is_true(table, rule):
    """Return for each row whether a rule is true; it is not where a column it names is missing."""
    tree, written, columns = _read(table, rule)
    values = table[list(columns.values())].set_axis(list(columns), axis=1)
    known = values.notna().all(axis=1).to_numpy()
    values = values[known].infer_objects()
    for compared in (node for node in ast.walk(tree) if isinstance(node, ast.Compare)):
        for sides in pairwise([compared.left, *compared.comparators]):
            if {_kind(side, values) for side in sides} == {"text", "number"}:
                raise ValueError(
                    f"the rule {rule!r} compares text with numbers, which are never equal: put "
                    "texts in quotes, and make numbers of a column with pd.to_numeric(...)"
                )
    true = np.zeros(len(table), dtype=bool)
    if known.any():
        true[known] = _evaluated(values, written, rule)
    return true


def _evaluated(values, written, rule):
    try:
        held = values.eval(written, engine="python")
    except Exception:  # whatever pandas makes of what somebody wrote
        raise ValueError(
            f"the rule {rule!r} cannot be computed: compare columns with values of their own kind, "
            "as in 'pages >= 5'"
        ) from None
    is_column = isinstance(held, pd.Series) and len(held) == len(values)
    if not is_column or not pd.api.types.is_bool_dtype(held):
        raise ValueError(f"the rule {rule!r} is not a condition: compare, as in 'pages >= 5'")
    return held.to_numpy(dtype=bool)


def _read(table, rule):
    """Parse a rule; return it, as pandas takes it, and the columns by the names used there."""
    columns = {}

    def without_backticks(match):
        text, column = match.groups()
        if text:
            return text
        name = f"in_backticks_{len(columns)}"
        columns[name] = column
        return name

    written = _QUOTED.sub(without_backticks, rule).strip()
    try:
        tree = ast.parse(written, mode="eval")
    except (SyntaxError, ValueError):
        spaced = [c for c in table if isinstance(c, str) and not c.isidentifier() and c in rule]
        advice = (
            f"put such names in backticks, `{spaced[0]}`"
            if spaced
            else "write a comparison, as in 'pages >= 5', with texts in quotes"
        )
        raise ValueError(f"the rule {rule!r} cannot be read: {advice}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            columns.setdefault(node.id, node.id)
        if isinstance(node, ast.Attribute) and node.attr in ("isna", "isnull"):
            raise ValueError(
                f"the rule {rule!r} asks what is missing, for which a rule gives no points: make "
                "a column of that, table.assign(unknown=table[...].isna()), and name it"
            )
    for column in columns.values():
        if column not in table.columns:
            near = _inputs.close_to(column, table.columns)
            what = f"the rule {rule!r} cannot be read: no column is called {column!r}"
            raise ValueError(f"{what}: {near}")
    _inputs.need_columns(table, list(columns.values()))
    for column in columns.values():
        _inputs.need_hashable(table[column], column)
    return tree, written, columns


def _kind(node, values):
    """Return whether a side of a comparison is "text" or a "number"; None if it is neither."""
    if isinstance(node, ast.Name):
        column = values[node.id]
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.cat.categories
        return _KINDS.get(pd.api.types.infer_dtype(column, skipna=True))
    try:
        given = ast.literal_eval(node)
    except (ValueError, TypeError):
        return None
    given = given if isinstance(given, list | tuple | set) else [given]
    return _KINDS.get(pd.api.types.infer_dtype(list(given)))


# ---------------------------------------------------------------- log-odds


def log_odds(probability):
    r"""Log-odds of a probability: :math:`\ln(p / (1 - p))`.

    Parameters
    ----------
    probability : float, array or Series of float
        Between 0 and 1, both excluded.

    Returns
    -------
    float, array or Series of float

    Examples
    --------
    >>> log_odds(0.5), round(log_odds(0.2), 3)
    (0.0, -1.386)
    """
    p, index = _inputs.finite("probability", probability), _inputs.index_of(probability)
    remedy = "give a fraction between them, 0.8 for 80 %; a certainty has no log-odds"
    outside = (p <= 0) | (p >= 1)
    _inputs.refuse(outside, "probability is not between 0 and 1", remedy, p, index=index)
    return _inputs.dress(index)(np.log(p / (1 - p)))


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

    Examples
    --------
    >>> from_log_odds(0.0), round(from_log_odds(-1.386), 3)
    (0.5, 0.2)
    """
    x = _inputs.finite("value", value)
    half = np.exp(-np.abs(x))  # never overflows
    p = np.where(x >= 0, 1, half) / (1 + half)
    return _inputs.dress(_inputs.index_of(value))(p)


def logistic_by_steps(features, outcome, *, steps=1000, rate=1.0):
    r"""Fit a logistic regression by gradient steps, to show how it learns.

    It begins with all weights at 0. In each step every weight moves a little in the direction in
    which the predictions were wrong, on average: up, if the leads with more of the feature bought
    more often than predicted. For real work use `sklearn.linear_model.LogisticRegression`, which
    arrives in far fewer steps.

    Parameters
    ----------
    features : DataFrame
        One row per lead, numbers only. Bring columns to a like scale first, or the steps are too
        long for one and too short for another.
    outcome : Series or array of bool
        Whether each lead bought.
    steps : int, default 1000
        How many steps, at most a million.
    rate : float, default 1.0
        How far a step goes; above 0.

    Returns
    -------
    Series
        The weights, in log-odds: "intercept", then one per feature.

    Raises
    ------
    ValueError
        If the steps are so long that the weights run away, or swing and predict worse than none.

    Notes
    -----
    .. math:: w \leftarrow w + \frac{\eta}{n} \sum_i (y_i - p_i)\, x_i

    is the gradient of the mean log-likelihood.

    A weight is what one more of its feature adds while the others stay as they are. Columns that
    each stand for one category cannot do that: leave one category out, and read the weights of
    the others as differences from it.

    Examples
    --------
    One feature, which half of the leads have: 8 of 10 buy with it, 2 of 10 without.

    >>> leads = pd.DataFrame({"webinar": [1] * 10 + [0] * 10})
    >>> bought = np.array(([True] * 8 + [False] * 2) + ([True] * 2 + [False] * 8))
    >>> logistic_by_steps(leads, bought, steps=2000).round(3).tolist()
    [-1.386, 2.773]
    """
    _inputs.need_table(features, "features")
    _inputs.need_columns(features, list(features.columns), "features")
    _inputs.aligned(features=features, outcome=outcome)
    y = _inputs.outcomes("outcome", outcome).astype(float)
    _inputs.need_same_length("leads", features=features, outcome=y)
    _inputs.need_rows(features, "features", "give at least one lead")
    steps = _inputs.whole("steps", steps, at_most=1_000_000)
    rate = _inputs.number("rate", rate, above=0)
    x = np.column_stack([np.ones(len(features)), *(_feature(features, c) for c in features)])
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        weights += rate * x.T @ (y - from_log_odds(x @ weights)) / len(y)
    score = x @ weights
    loss = np.mean(np.logaddexp(0, score) - y * score)  # less the mean log-likelihood
    worse = not loss <= np.log(2) + 1e-9  # what weights of 0 have
    if worse or np.abs(weights).max() > 1e6:
        raise ValueError(
            f"the weights ran away: a rate of {rate:g} is too long a step here, so give a smaller "
            "one, or bring the features to a like scale"
        )
    return pd.Series(weights, index=["intercept", *features.columns])


def reason_codes(coefficients, features, *, reference, n=3):
    """Say for each lead which features moved its score most, and which way.

    The score of a logistic regression is a sum, so the difference between a lead's log-odds and
    those of a reference lead is a sum too, of coefficient times difference of the feature. The
    largest of these terms are the reasons.

    Parameters
    ----------
    coefficients : Series
        In log-odds per unit of each feature, by its name; no intercept is needed.
    features : DataFrame
        One row per lead; all features of `coefficients`.
    reference : Series
        With what each feature is compared, by its name: usually its mean among the leads learnt
        from.
    n : int, default 3
        How many reasons per lead, at most; features equal to the reference are none.

    Returns
    -------
    DataFrame
        One row per reason, in the order of the leads, the strongest reason of each first: `lead`
        (its label in the index), `rank`, `feature`, `value`, `reference` and `log_odds` (what it
        adds to the lead's score, or takes away).

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
    n = _inputs.whole("n", n)
    weights, usual = _by_feature("coefficients", coefficients), _by_feature("reference", reference)
    names = list(weights.index)
    _inputs.need_rows(weights, "coefficients", "give one per feature")
    _inputs.need_columns(features, names, "features")
    for name in names:
        _inputs.need_known(name, usual.index, "value in reference")
    values = np.column_stack([_feature(features, name) for name in names])
    usual = usual[names].to_numpy()
    moved = (values - usual) * weights.to_numpy()
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


def _by_feature(name, values):
    """Return one number per feature, by the feature's name."""
    if not isinstance(values, pd.Series):
        raise TypeError(
            f"{name} is {_inputs.name_of_type(values)}: give a Series with the names of the "
            "features as its index, pd.Series(numbers, index=names)"
        )
    twice = values.index.duplicated()
    _inputs.refuse(twice, f"{name} has a feature twice", "give each once", index=values.index)
    return pd.Series(_inputs.finite(name, values), index=values.index)


def _feature(table, name):
    """Return a column as numbers, a flag as 0 and 1."""
    column = table[name]
    if pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        column = column.map({True: 1, False: 0})
    return _inputs.finite(f"column {name!r}", column)
