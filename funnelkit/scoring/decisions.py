"""Decisions: whom a call pays for, whom capacity allows, how errors differ by group, and when."""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric
from funnelkit.metrics.rates import wilson_interval
from funnelkit.ranking import from_the_top, outcome_of, score_column
from funnelkit.scoring.calibration import probabilities

__all__ = [
    "METRICS",
    "capacity_threshold",
    "errors_by_group",
    "hazard_table",
    "profit_curve",
    "profit_threshold",
]


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
    listed = outcome_of(named, len(np.asarray(group)), "group", name="named")
    y = outcome_of(outcome, len(listed), "group")
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
    (margin, cost), like_input = _inputs.amounts(margin=margin, cost=cost)
    _inputs.refuse(margin == 0, "margin is 0", "a sale that brings nothing is worth no call")
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
    p = probabilities(probability)
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
        y = outcome_of(outcome, len(p), "probability")
        _, named, found = from_the_top(p, y)
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
    s = score_column("score", score)
    room = float(_inputs.count("capacity", capacity))
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
    w = np.atleast_1d(_inputs.count("weeks", weeks)).astype(int)
    y = outcome_of(observed, len(w), "weeks", name="observed")
    _inputs.refuse(y & (w == 0), "a lead bought in week 0", "the first week is 1: round up")
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


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="hazard",
        formula=r"h_k = \frac{b_k}{n_k}",
        numerator="leads who buy in week k",
        denominator="leads watched in week k, not bought before",
        unit="share of those at risk, a week",
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
