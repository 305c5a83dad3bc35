"""From rates to money: whom to treat under a budget, and what such a choice would bring.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.uplift.trial import propensities

__all__ = ["expected_gain", "next_best_action", "policy_value"]


def __dir__():
    return __all__


def expected_gain(rate_with, rate_without, *, margin, discount=0.0, cost=0.0):
    r"""Return what treating each person is expected to add to the profit.

    Parameters
    ----------
    rate_with, rate_without : Series, array or float
        Chance to enrol with the action and without it.
    margin : float or Series
        Contribution of one enrolment at the full price, in EUR.
    discount : float or Series, default 0
        What the action takes off that price for everybody who enrols with it, in EUR.
    cost : float or Series, default 0
        What the action costs per person, in EUR.

    Returns
    -------
    Series, array or float
        In EUR per person, as the rates came in.

    Notes
    -----
    .. math:: g = (p_1 - p_0)\,m - p_1 d - c

    The discount is paid to all who buy with the action, the sure buyers among them, so that it is
    *not* :math:`(p_1 - p_0)(m - d) - c`: that forgets :math:`p_0 d`.

    Examples
    --------
    Twelve instead of eight in a hundred enrol, at a margin of EUR 200 and a voucher of EUR 80:

    >>> round(expected_gain(0.12, 0.08, margin=200, discount=80, cost=0.3), 2)
    -1.9
    """
    given = {"rate_with": rate_with, "rate_without": rate_without}
    money = {"margin": margin, "discount": discount, "cost": cost}
    for name, value in given.items():
        _inputs.shares(name, value)
    (p1, p0, m, d, c), like_input = _inputs.amounts(**given, **money)
    gain = (p1 - p0) * m - p1 * d - c
    return like_input(_inputs.computable("the gain", gain, index=_inputs.aligned(**given, **money)))


def next_best_action(gains, *, nothing=0, spend=None, budget=None):
    """Choose for each person the action with the highest gain, doing nothing included.

    Parameters
    ----------
    gains : DataFrame
        Expected gain of each action, one column per action, one row per person; that of doing
        nothing is 0.
    nothing : label, default 0
        What doing nothing is called in the result.
    spend : DataFrame, optional
        What each action is expected to cost for each person, in the same columns.
    budget : float, optional
        The most that may be spent in all.

    Returns
    -------
    Series
        One action per person: a column of `gains`, or `nothing`.

    Notes
    -----
    Under a budget, people get their best action in order of gain per euro spent, until the next
    would cost more than is left; those after who cost less are not looked for. With one action
    no other choice of that order brings more per euro; with several it is a good choice, not
    always the best.

    Examples
    --------
    >>> gains = pd.DataFrame({"mail": [2.0, -1.0, 3.0], "call": [1.0, 4.0, -2.0]})
    >>> next_best_action(gains, nothing="nothing").tolist()
    ['mail', 'call', 'mail']
    >>> spend = pd.DataFrame({"mail": [1.0, 1.0, 1.0], "call": [9.0, 9.0, 9.0]})
    >>> next_best_action(gains, nothing="nothing", spend=spend, budget=2).tolist()
    ['mail', 'nothing', 'mail']
    """
    values = _actions("gains", gains)
    if nothing is None or (isinstance(nothing, float) and np.isnan(nothing)):
        raise TypeError("nothing is missing: give the name of doing nothing, such as 0")
    if not isinstance(nothing, str | int | float | np.integer | np.bool_):
        raise TypeError(f"nothing is {_inputs.name_of_type(nothing)}: give a text or a number")
    best = values.argmax(axis=1)
    people = np.arange(len(values))
    worth = values[people, best]
    chosen = worth > 0
    if (spend is None) != (budget is None):
        raise ValueError("give spend and budget together: what actions cost, and what there is")
    if budget is not None:
        limit = _inputs.number("budget", budget, at_least=0)
        costs = _costs(spend, gains)[people, best]
        chosen &= _within(worth, costs, chosen, limit)
    labels = np.array([*gains.columns, nothing], dtype=object)
    picked = pd.Series(labels[np.where(chosen, best, len(gains.columns))], index=gains.index)
    return picked.infer_objects().rename("action")


def _actions(name, table):
    """Return a table of one number per person and action as an array."""
    _inputs.need_table(table, name)
    if not len(table.columns):
        raise ValueError(f"{name} has no columns: give one per action")
    _inputs.need_columns(table, list(table.columns), name)
    _inputs.need_rows(table, name, "there is nobody to choose for")
    return np.column_stack([_inputs.finite(str(each), table[each]) for each in table.columns])


def _costs(spend, gains):
    array = _actions("spend", spend)
    _inputs.aligned(gains=gains, spend=spend)
    if list(spend.columns) != list(gains.columns):
        raise ValueError(
            f"spend has the columns {list(spend.columns)} and gains {list(gains.columns)}: give "
            "one of each for every action, in the same order"
        )
    for place, name in enumerate(spend.columns):
        remedy = "what an action costs is 0 or more; what it brings belongs into gains"
        _inputs.refuse(array[:, place] < 0, f"{name} is negative", remedy, index=spend.index)
    return array


def _within(worth, costs, wanted, limit):
    """Return who is within the budget, by gain per euro; what costs nothing comes first."""
    ratio = np.divide(worth, costs, out=np.full(len(worth), np.inf), where=costs > 0)
    order = np.argsort(np.where(wanted, -ratio, np.inf), kind="stable")
    spent = np.where(wanted, costs, 0.0)[order].cumsum()
    inside = np.zeros(len(worth), bool)
    inside[order] = spent <= limit * (1 + 1e-12)
    return inside


def policy_value(
    people,
    policies,
    *,
    action="treated",
    reward="profit",
    propensity="propensity",
    compare_with=None,
    confidence=0.95,
):
    r"""Estimate what policies would have brought, from people who got an action at random.

    Parameters
    ----------
    people : DataFrame
        One row per person, none of whom a policy has learned from: the action that was drawn, the
        reward that followed, and the probability with which *that* action was drawn.
    policies : DataFrame
        One column per policy: the action that it would have chosen for each person.
    action, reward, propensity : str
        The columns of `people`.
    compare_with : str, optional
        The policy from which the others are to be told apart.
    confidence : float, default 0.95
        Confidence of the intervals.

    Returns
    -------
    DataFrame
        One row per policy: the `value` (mean reward per person), its standard error `se`, the
        interval `ci_low`, `ci_high`, and `mean_weight`, which should be near 1. With
        `compare_with` also the `difference`, `difference_low`, `difference_high`.

    Notes
    -----
    .. math:: \hat V(\pi) = \frac{1}{n} \sum_i \frac{1[a_i = \pi(x_i)]}{p_i} r_i

    Whoever got what the policy would have chosen stands for 1 / p people. The difference of two
    policies is that of their summands, person by person: where they choose alike it is 0, so that
    its interval is narrower than those of the values suggest.

    Examples
    --------
    >>> people = pd.DataFrame(
    ...     {
    ...         "treated": [True, True, False, False],
    ...         "profit": [100.0, 0.0, 0.0, 60.0],
    ...         "propensity": [0.5, 0.5, 0.5, 0.5],
    ...     }
    ... )
    >>> policies = pd.DataFrame({"all": [True] * 4, "some": [True, True, False, False]})
    >>> policy_value(people, policies, compare_with="all")[["value", "difference"]]
          value  difference
    all    50.0         0.0
    some   80.0        30.0
    """
    z = _inputs.confidence_quantile(confidence)
    _inputs.need_columns(people, [action, reward, propensity], "people")
    _inputs.need_table(policies, "policies")
    _inputs.aligned(people=people, policies=policies)
    if not len(policies.columns):
        raise ValueError("policies has no columns: give what one policy or more would choose")
    _inputs.need_columns(policies, list(policies.columns), "policies")
    if len(people) < 2:
        raise ValueError(f"people has {len(people)} rows: an interval needs two or more")
    rewards = _inputs.finite(reward, people[reward])
    chance = propensities(propensity, people[propensity], len(people))
    drawn = _labels(people[action], action)
    weights = {
        name: (_chosen(policies[name], name, drawn) == drawn.to_numpy()) / chance
        for name in policies.columns
    }
    parts = pd.DataFrame({name: weight * rewards for name, weight in weights.items()})
    table = _means(parts, z, ("value", "ci_low", "ci_high"), se="se")
    table["mean_weight"] = [weight.mean() for weight in weights.values()]
    if compare_with is None:
        return table
    _inputs.need_known(compare_with, list(policies.columns), "policy")
    apart = parts.sub(parts[compare_with], axis="index")
    names = ("difference", "difference_low", "difference_high")
    return table.join(_means(apart, z, names))


def _labels(column, name):
    """Return a column of actions, none missing, as objects; 1 and True are the same."""
    labels = _inputs.group_labels(column, str(name), unit="people")
    _inputs.need_one_type(labels, str(name))
    return labels.astype(object)


def _chosen(column, name, drawn):
    """Return what a policy chooses, each of which somebody got."""
    labels = _labels(column, name)
    never = ~labels.isin(drawn.unique()).to_numpy()
    remedy = "what nobody got cannot be judged; choose among the actions that were drawn"
    what = f"{name} chooses an action that nobody got"
    _inputs.refuse(never, what, remedy, labels.to_numpy(), index=labels.index, unit="people")
    return labels.to_numpy()


def _means(parts, z, names, se=None):
    """Return the mean of each column with its interval."""
    mean, error = parts.mean(), parts.std(ddof=1) / np.sqrt(len(parts))
    value, low, high = names
    table = pd.DataFrame({value: mean})
    if se:
        table[se] = error
    return table.assign(**{low: mean - z * error, high: mean + z * error})
