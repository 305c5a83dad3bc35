"""Decisions: which leads a call pays for, how many can be called, errors by group, and when.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric
from funnelkit.metrics.rates import wilson_interval
from funnelkit.scoring.calibration import probabilities, weighted_wilson

__all__ = [
    "METRICS",
    "capacity_threshold",
    "errors_by_group",
    "hazard_table",
    "profit_curve",
    "profit_threshold",
]


def __dir__():
    return __all__


# ---------------------------------------------------------------- errors by group


def errors_by_group(selected, outcome, group, *, weights=None, confidence=0.95):
    """Compare groups of leads: which buyers a score finds and which it misses.

    Parameters
    ----------
    selected : Series or array of bool
        Whether each lead is on the list, its score being at or above the threshold.
    outcome : Series or array of bool
        Whether each lead bought.
    group : Series or array
        The group of each lead, such as an age band; a missing value is a group of its own.
    weights : Series or array of numbers, optional
        How many leads each row stands for; one by default.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    DataFrame
        One row per group: `leads`, `buyers`, `rate` (buyers divided by leads), `selected` (how
        many), `precision` (of the selected leads, the share that buys), `recall` (of the leads
        given, those that buy, the share that is selected) with its Wilson interval `recall_low`
        and `recall_high`, with weights as `scoring.calibration.weighted_wilson` computes it.
        Missing where there are no leads to divide by.

    Notes
    -----
    Recall is over the leads given, as in `threshold_table`. A group that the score keeps from
    being called looks better among the called leads than it is: weight them by the inverse of
    their probability of being called.

    Examples
    --------
    >>> selected = [True, True, False, False, False, True]
    >>> bought = [True, False, True, True, True, True]
    >>> table = errors_by_group(selected, bought, ["a", "a", "a", "b", "b", "b"])
    >>> table[["leads", "buyers", "selected", "recall"]].round(2)
       leads  buyers  selected  recall
    a      3       2         2    0.50
    b      3       3         1    0.33
    """
    _inputs.aligned(selected=selected, outcome=outcome, group=group, weights=weights)
    listed, y = _inputs.outcomes("selected", selected), _inputs.outcomes("outcome", outcome)
    groups = _inputs.as_series(group, "group")
    _inputs.need_hashable(groups, "group")
    _inputs.need_same_length("leads", selected=listed, outcome=y, group=groups)
    _inputs.need_rows(y, "outcome", "give at least one lead")
    w = _inputs.weights_of(weights, len(y))
    w = np.ones(len(y), dtype=int) if w is None else w
    rows = {"leads": w, "buyers": w * y, "selected": w * listed, "found": w * (y & listed)}
    rows["squares"] = w**2 * y
    groups = groups.set_axis(range(len(y)))
    table = pd.DataFrame(rows).groupby(groups, dropna=False, observed=True).sum()
    buyers, found = table["buyers"], table["found"]
    low, high = weighted_wilson(found, buyers, table["squares"], confidence=confidence)
    return pd.DataFrame(
        {
            "leads": table["leads"],
            "buyers": buyers,
            "rate": buyers / table["leads"],
            "selected": table["selected"],
            "precision": found / table["selected"].where(table["selected"] > 0),
            "recall": found / buyers.where(buyers > 0),
            "recall_low": low,
            "recall_high": high,
        }
    )


# ---------------------------------------------------------------- decisions


def profit_threshold(margin, cost):
    """Probability from which on a call pays: cost of a call divided by margin of a sale.

    A call costs the same whether or not the lead buys, and brings the margin with the lead's
    probability: it pays on average where probability times margin exceeds the cost.

    Parameters
    ----------
    margin : number or Series
        What a lead that buys is worth, EUR; above 0.
    cost : number or Series
        What a call costs, EUR.

    Returns
    -------
    float, array or Series of float
        Above 1 no lead is worth a call.

    Raises
    ------
    ValueError
        If the margin is 0.

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
    (margin, cost), like_input = _inputs.amounts(margin=margin, cost=cost)
    _inputs.refuse(margin == 0, "margin is 0", "a sale that brings nothing is worth no call")
    return like_input(cost / margin)


def profit_curve(probability, outcome=None, *, margin, cost, weights=None):
    """Profit of calling the best leads, for every number of calls.

    Parameters
    ----------
    probability : Series or array of float
        One per lead, from 0 to 1.
    outcome : Series or array of bool, optional
        Whether each lead bought, if that is known by now.
    margin, cost : number
        What a sale brings and what a call costs, EUR.
    weights : Series or array of numbers, optional
        How many leads each row stands for; one by default.

    Returns
    -------
    DataFrame
        One row per number of calls, from 0 to all leads, the most likely first (with weights,
        one row per lead and the sum of the weights so far as `calls`). `threshold`: the
        probability of the last lead called, missing for 0; `expected`: the profit that the
        probabilities promise, EUR; and, with `outcome`, `earned`: the profit it would have been,
        EUR, leads with equal probabilities being in random order as in `gains_table`.
        ``attrs["calls"]`` is how many calls promise most.

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
    margin, cost = _inputs.amount("margin", margin), _inputs.amount("cost", cost)
    profit_threshold(margin, cost)  # refuses a margin of 0
    happened = np.zeros(len(_inputs.scores("probability", probability)), dtype=bool)
    p, y, w = probabilities(probability, happened if outcome is None else outcome, weights)
    each = np.ones(len(p), dtype=int) if w is None else w
    order = np.lexsort((each, -p))
    ordered, each = p[order], each[order]
    calls = np.concatenate([[0], np.cumsum(each)])
    promised = np.concatenate([[0.0], np.cumsum(each * ordered)])
    table = pd.DataFrame(
        {
            "threshold": np.concatenate([[np.nan], ordered]),
            "expected": promised * margin - calls * cost,
        },
        index=pd.Index(calls, name="calls"),
    )
    if outcome is not None:
        # Each lead buys as often as those that it is tied with do on average.
        tied = pd.DataFrame({"bought": each * y[order], "leads": each}).groupby(ordered)
        tied = tied.transform("sum")
        bought = np.cumsum(each * (tied["bought"] / tied["leads"]))
        table["earned"] = np.concatenate([[0.0], bought]) * margin - calls * cost
    table.attrs["calls"] = each[ordered * margin > cost].sum().item()
    return table


def capacity_threshold(score, capacity):
    """Lowest threshold that selects no more leads than can be called.

    Parameters
    ----------
    score : Series or array of numbers
        One per lead; higher is better.
    capacity : int
        How many leads can be called.

    Returns
    -------
    float
        A score that occurs: leads at or above it are at most `capacity`. Where several leads
        share the last place, none of them is selected, rather than too many.

    Raises
    ------
    ValueError
        If more leads than can be called share the highest score.

    Examples
    --------
    >>> capacity_threshold([0.9, 0.7, 0.5, 0.5, 0.2], 2)
    0.7
    >>> capacity_threshold([0.9, 0.7, 0.5, 0.5, 0.2], 3)
    0.7
    >>> capacity_threshold([0.9, 0.7, 0.5, 0.5, 0.2], 4)
    0.5
    """
    s = _inputs.need_rows(_inputs.scores("score", score), "score", "give at least one lead")
    capacity = _inputs.whole("capacity", capacity)
    levels, size = np.unique(s, return_counts=True)
    selected = size[::-1].cumsum()[::-1]  # how many are at or above each level
    fits = levels[selected <= capacity]
    if not len(fits):
        raise ValueError(
            f"{size[-1]:,} leads share the highest score and {capacity:,} can be called: break "
            "the tie by a finer score, or at random"
        )
    return float(fits[0])


# ---------------------------------------------------------------- when


def hazard_table(weeks, observed, *, confidence=0.95):
    r"""Hazard by week: of the leads that have not bought before, the share that buys in the week.

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
        One row per week, from 1 to the last in which any lead was watched: `at_risk` (leads
        watched in that week that had not bought before), `converted` in it, `hazard`, its Wilson
        interval `ci_low` and `ci_high`, and `bought`, the share that has bought by the end of the
        week, :math:`1 - \prod_{j \le k} (1 - h_j)`.

    Raises
    ------
    ValueError
        If a lead bought in week 0, or no lead was watched for a week.

    Notes
    -----
    A week that the data cut short does not count, neither the leads that bought in it nor those
    that did not: cut both back to the last whole week.

    A hazard is no advice on calls: it says when leads buy as things are, and falls by itself as
    the keen ones leave; what a call in a certain week adds shows only where calls are made at
    random.

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
    index = _inputs.aligned(weeks=weeks, observed=observed)
    w = _inputs.count("weeks", _inputs.as_series(weeks, "weeks")).astype(int)
    y = _inputs.outcomes("observed", observed)
    _inputs.need_same_length("leads", weeks=w, observed=y)
    remedy = "the first week is 1: round up"
    _inputs.refuse(y & (w == 0), "a lead bought in week 0", remedy, index=index)
    if w.max(initial=0) == 0:
        raise ValueError("no lead was watched for a whole week: wait until one has been")
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


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="hazard",
        formula=r"h_k = \frac{b_k}{n_k}",
        numerator="leads that buy in week k",
        denominator="leads watched in week k, not bought before",
        unit="share of the leads at risk, per week",
        window="the week",
        function="funnelkit.scoring.hazard_table",
        example=Example(
            {"weeks": [1, 2, 2, 1], "observed": [True, True, False, False]},
            1,
            2,
            (2, "hazard"),
        ),
    ),
)
