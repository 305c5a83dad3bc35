"""What another policy would have brought, estimated from the log of the one that ran."""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "effective_sample_size", "importance_weights", "off_policy_value"]


def importance_weights(log, policy, *, clip=None, action="item", propensity="propensity"):
    r"""Return how many rows of the new policy each row of the log stands for.

    Parameters
    ----------
    log : DataFrame
        One row per choice, with the action chosen and the probability with which the policy
        that ran chose it.
    policy : Series or str
        The new policy: the probability of each action, by the action, summing to 1. Or, where the
        probabilities differ from row to row, the column of `log` that holds the probability with
        which the new policy would have chosen the action of that row.
    clip : number, optional
        The largest weight; larger ones are cut down to it.
    action, propensity : str
        The columns of `log`.

    Returns
    -------
    Series
        One weight per row. Their mean should be near 1.

    Raises
    ------
    ValueError
        If the policy may choose an action that the log never shows: no weighting can tell what
        it would have brought. Where `policy` is a column this cannot be seen; look at the mean.

    Notes
    -----
    With :math:`p_i` the propensity of row i and :math:`\pi_i` its probability under the new
    policy, the weight is :math:`w_i = \pi_i / p_i`.

    Examples
    --------
    >>> log = pd.DataFrame({"item": ["a", "a", "b"], "propensity": [0.8, 0.8, 0.2]})
    >>> importance_weights(log, pd.Series({"a": 0.5, "b": 0.5})).tolist()
    [0.625, 0.625, 2.5]
    """
    columns = [propensity] if isinstance(policy, str) else [action, propensity]
    _inputs.need_rows(_inputs.need_columns(log, columns, "log"), "log", "there is no choice in it")
    chance = _inputs.shares(propensity, log[propensity])
    remedy = (
        "what was shown had a chance above 0; take the probabilities from the policy that ran, "
        "since leaving these rows out makes the others stand for too much"
    )
    _inputs.refuse(chance == 0, f"{propensity} is 0", remedy, index=log.index)
    if isinstance(policy, str):
        _inputs.need_columns(log, [policy], "log")
        wanted = _inputs.shares(policy, log[policy])
    else:
        wanted = _of_actions(log, policy, action)
    weights = wanted / chance
    _inputs.computable("a weight", weights, index=log.index)
    if clip is not None:
        weights = np.minimum(weights, _inputs.number("clip", clip, above=0))
    return pd.Series(weights, index=log.index, name="weight")


def _of_actions(log, policy, action):
    """Return the new policy's probability of each row's action."""
    if not isinstance(policy, pd.Series):
        raise TypeError(
            f"policy is {_inputs.name_of_type(policy)}: give a Series with the probability of "
            "each action, by the action, or the name of a column of the log"
        )
    _inputs.need_hashable(log[action], action)
    actions = _inputs.ids(log[action], action)
    if not policy.index.is_unique:
        raise ValueError("policy has two probabilities for one action: add them up, or drop one")
    shares = pd.Series(_inputs.shares("policy", policy), index=policy.index)
    if abs(shares.sum() - 1) > 1e-6:
        raise ValueError(
            f"the probabilities of policy sum to {shares.sum():.6g}: divide them by their sum"
        )
    known = actions.isin(policy.index)
    remedy = "give it the probability 0 if the new policy never chooses it"
    what = "policy has no probability for an action of the log"
    _inputs.refuse(~known, what, remedy, actions.to_numpy(object), index=log.index)
    never = shares[(shares > 0) & ~shares.index.isin(actions)]
    if len(never):
        raise ValueError(
            f"the policy gives {never.sum():.4g} to {len(never):,} actions that the log never "
            f"shows (first: {never.index.tolist()[0]!r}): what they bring cannot be known from "
            "this log; judge a policy without them, or let the next log show them"
        )
    return actions.map(shares).to_numpy(float)


def off_policy_value(
    log,
    policy,
    *,
    clip=None,
    confidence=0.95,
    action="item",
    reward="click",
    propensity="propensity",
):
    r"""Estimate the mean reward under a new policy from the log of another.

    Parameters
    ----------
    log, policy, clip, action, propensity
        As for `importance_weights`.
    confidence : float, default 0.95
        Confidence of the intervals.
    reward : str
        The column of `log` with what each choice brought: True or False, or a number.

    Returns
    -------
    DataFrame
        Two rows, "ips" (inverse propensity) and "snips" (self-normalised): the `estimate` of the
        mean reward, its standard error `se`, the interval `ci_low`, `ci_high`; and beside them
        what says whether to believe it: `n` rows, `mean_weight` (should be near 1),
        `max_share` (the part of all weight that is on the heaviest row) and
        `effective_n` (see `effective_sample_size`).

    Notes
    -----
    With weights :math:`w_i` and rewards :math:`r_i` of :math:`n` rows,

    .. math:: \hat V_{\mathrm{IPS}} = \frac{1}{n} \sum_i w_i r_i, \qquad
              \hat V_{\mathrm{SNIPS}} = \frac{\sum_i w_i r_i}{\sum_i w_i}

    The standard error is that of a mean for IPS, and by the delta method for SNIPS:
    :math:`\sqrt{\sum w_i^2 (r_i - \hat V)^2} / \sum w_i`. The intervals are the normal ones: too
    short where few rows carry the weight, whatever they say. IPS is right on average if all
    propensities are; clipping makes it steadier and draws it towards 0.

    References
    ----------
    Y. Saito, S. Aihara, M. Matsutani & Y. Narita (2021), "Open Bandit Dataset and Pipeline:
    towards realistic and reproducible off-policy evaluation", *NeurIPS Datasets and Benchmarks*.

    Examples
    --------
    >>> log = pd.DataFrame(
    ...     {
    ...         "item": [0, 0, 1, 1, 2, 0],
    ...         "click": [1, 0, 0, 1, 1, 0],
    ...         "propensity": [0.5, 0.5, 0.2, 0.2, 0.1, 0.5],
    ...     }
    ... )
    >>> uniform = pd.Series(1 / 3, index=[0, 1, 2])
    >>> off_policy_value(log, uniform)[["estimate", "se", "mean_weight", "effective_n"]].round(4)
           estimate      se  mean_weight  effective_n
    ips      0.9444  0.5472       1.4444       4.1728
    snips    0.6538  0.2091       1.4444       4.1728
    """
    z = _inputs.confidence_quantile(confidence)
    _inputs.need_columns(log, [reward], "log")
    weights = importance_weights(
        log, policy, clip=clip, action=action, propensity=propensity
    ).to_numpy()
    rewards = _rewards(reward, log[reward])
    n, total = len(weights), weights.sum()
    if n < 2 or total == 0:
        raise ValueError(
            f"the log has {n:,} rows, and their weights sum to {total:g}: an estimate needs two "
            "rows or more, and at least one that the new policy would choose"
        )
    ips, snips = (weights * rewards).mean(), (weights * rewards).sum() / total
    errors = [
        (weights * rewards).std(ddof=1) / np.sqrt(n),
        np.sqrt((weights**2 * (rewards - snips) ** 2).sum()) / total,
    ]
    table = pd.DataFrame({"estimate": [ips, snips], "se": errors}, index=["ips", "snips"])
    table["ci_low"], table["ci_high"] = (
        table["estimate"] + side * z * table["se"] for side in (-1, 1)
    )
    return table.assign(
        n=n,
        mean_weight=total / n,
        max_share=weights.max() / total,
        effective_n=effective_sample_size(weights),
    )


def _rewards(name, column):
    if pd.api.types.infer_dtype(column.dropna().astype(object), skipna=True) == "boolean":
        return _inputs.booleans(column, name).to_numpy(float)
    return _inputs.finite(name, column)


def effective_sample_size(weights):
    r"""Return how many rows of equal weight would know as much as these.

    Parameters
    ----------
    weights : Series or array of numbers
        One weight per row, 0 or more.

    Returns
    -------
    float
        Between 1 and the number of rows.

    Notes
    -----
    Kish's formula, :math:`(\sum w_i)^2 / \sum w_i^2`.

    Examples
    --------
    >>> effective_sample_size([1, 1, 1, 1]), round(effective_sample_size([1, 1, 1, 97]), 2)
    (4.0, 1.06)
    """
    array = _inputs.finite("weights", _inputs.as_series(weights, "weights"))
    index = _inputs.index_of(weights)
    _inputs.refuse(array < 0, "weights is negative", "a weight is 0 or more", array, index=index)
    if not array.sum() > 0:
        raise ValueError("weights has nothing above 0: give the weights of at least one row")
    scaled = array / array.max()
    return float(scaled.sum() ** 2 / (scaled**2).sum())


# ---------------------------------------------------------------- what the metrics mean

_LOG = pd.DataFrame(
    {
        "item": ["a", "b", "b", "b"],
        "click": [True, True, False, False],
        "propensity": [0.5, 0.25, 0.25, 0.25],
    }
)

METRICS = (
    Metric(
        name="off_policy_value",
        formula=r"\frac{1}{n} \sum_i \frac{\pi_i}{p_i} r_i",
        numerator="rewards, each times its weight",
        denominator="rows of the log",
        unit="reward per choice",
        window="that of the log",
        function="funnelkit.bandits.off_policy_value",
        example=Example(
            {"log": _LOG, "policy": pd.Series({"a": 0.5, "b": 0.5})},
            3,
            4,
            ("ips", "estimate"),
        ),
    ),
    Metric(
        name="effective_sample_size",
        formula=r"\frac{(\sum_i w_i)^2}{\sum_i w_i^2}",
        numerator="the square of the summed weights",
        denominator="the sum of the squared weights",
        unit="rows of equal weight",
        window="that of the log",
        function="funnelkit.bandits.effective_sample_size",
        example=Example({"weights": [1, 1, 2]}, 16, 6),
    ),
)
