"""Satisfaction: CSAT and the net promoter score, with their intervals and response rates.

Both summarise a survey of customers, and say how many of those asked did not answer. Input is
checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs, metrics
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "csat", "nps", "nps_group"]


def __dir__():
    return __all__


# ---------------------------------------------------------------- what customers say


def csat(points, *, by=None, satisfied=4, confidence=0.95):
    """Return the share of satisfied customers among those who answered: the satisfaction score.

    Parameters
    ----------
    points : Series of numbers
        Answers from 1 (very dissatisfied) to 5 (very satisfied), one for each customer asked;
        missing where there was no answer.
    by : Series, optional
        A group for each customer.
    satisfied : int, default 4
        The lowest answer that counts as satisfied, from 2 to 5.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    DataFrame
        One row per group, or "all": `asked`, `answered`, `response_rate`, `satisfied` (how many),
        `csat` (a fraction), and its Wilson interval `ci_low`, `ci_high`.

    Notes
    -----
    The interval says how far chance may have moved the score of *those who answer*. It knows
    nothing of those who do not: see `response_rate`.

    Examples
    --------
    >>> csat(pd.Series([5, 4, 2, None, None])).round(2)
         asked  answered  response_rate  satisfied  csat  ci_low  ci_high
    all      5         3            0.6          2  0.67    0.21     0.94
    """
    satisfied = _inputs.whole("satisfied", satisfied, at_least=2, at_most=5)
    answers, groups = _answers("csat", points, 1, 5, by)
    table = _asked(answers, groups)
    table["satisfied"] = (answers >= satisfied).groupby(groups, dropna=False).sum()
    table["csat"] = table["satisfied"] / table["answered"]
    low, high = metrics.wilson_interval(
        table["satisfied"], table["answered"], confidence=confidence
    )
    return table.assign(ci_low=low, ci_high=high)


def nps(points, *, by=None, confidence=0.95):
    r"""Return the net promoter score: the percentage of answers 9 and 10 less that of 0 to 6.

    Parameters
    ----------
    points : Series of numbers
        Answers from 0 to 10 on how likely one is to recommend, one for each customer asked;
        missing where there was no answer.
    by : Series, optional
        A group for each customer.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    DataFrame
        One row per group, or "all": `asked`, `answered`, `response_rate`, `promoters`,
        `passives`, `detractors` (how many), `nps` and its interval `ci_low`, `ci_high`, in
        points from −100 to 100.

    Notes
    -----
    With shares :math:`p` of promoters and :math:`q` of detractors among :math:`n` answers,

    .. math:: \mathrm{NPS} = 100\,(p - q), \qquad
              \mathrm{se} = 100 \sqrt{\frac{p + q - (p - q)^2}{n}}

    The interval is the adjusted Wald one: that of the same data with three imaginary answers
    added, ¾ of a promoter, 1½ passive and ¾ of a detractor, cut off at ±100 and stretched to hold
    the score itself. Without these it is too short for few answers, and has no width when all
    agree. It takes each answer to come from a different customer; where customers answer several
    times, resample customers with `metrics.bootstrap`.

    References
    ----------
    F. F. Reichheld (2003), "The one number you need to grow", *Harvard Business Review* 81(12).
    B. Rocks (2016), "Interval estimation for the 'Net Promoter Score'", *The American
    Statistician* 70(4), finds this interval among the best.

    Examples
    --------
    Ten answers: five promoters, three passives, two detractors. 50 % less 20 % is 30:

    >>> answers = pd.Series([10, 10, 9, 9, 9, 8, 7, 7, 6, 2])
    >>> nps(answers)[["promoters", "detractors", "nps", "ci_low", "ci_high"]].round(1)
         promoters  detractors   nps  ci_low  ci_high
    all          5           2  30.0   -19.1     65.2
    """
    answers, groups = _answers("nps", points, 0, 10, by)
    table = _asked(answers, groups)
    kinds = nps_group(answers)
    for name, kind in (
        ("promoters", "promoter"),
        ("passives", "passive"),
        ("detractors", "detractor"),
    ):
        table[name] = (kinds == kind).groupby(groups, dropna=False).sum()
    n, up, down = table["answered"], table["promoters"], table["detractors"]
    more = 3  # imaginary answers: a quarter up, a quarter down, half between
    p, q = (up + more / 4) / (n + more), (down + more / 4) / (n + more)
    half = _inputs.confidence_quantile(confidence) * np.sqrt((p + q - (p - q) ** 2) / (n + more))
    score, low, high = 100 * (up - down) / n, 100 * (p - q - half), 100 * (p - q + half)
    return table.assign(
        nps=score,
        ci_low=np.minimum(low.clip(lower=-100), score),
        ci_high=np.maximum(high.clip(upper=100), score),
    )


def nps_group(points):
    """Name the group of each answer: promoter (9, 10), passive (7, 8), detractor (0 to 6).

    Parameters
    ----------
    points : Series of numbers
        Answers from 0 to 10; missing where there was no answer.

    Returns
    -------
    Series of str
        "promoter", "passive", "detractor" or "no answer".

    Examples
    --------
    >>> nps_group(pd.Series([9, 7, None, 0])).tolist()
    ['promoter', 'passive', 'no answer', 'detractor']
    """
    answers, _ = _answers("nps", points, 0, 10, None)
    names = np.select(
        [answers.isna(), answers >= 9, answers >= 7],
        ["no answer", "promoter", "passive"],
        "detractor",
    )
    return pd.Series(names, index=answers.index, name="group", dtype="str")


def _asked(answers, groups):
    """Return how many were asked and how many answered, by group."""
    counts = answers.groupby(groups, dropna=False).agg(asked="size", answered="count")
    silent = counts.index[counts["answered"] == 0]
    if len(silent):
        raise ValueError(
            f"nobody answered in the group {silent[0]!r}: a score of no answers is not a number; "
            "leave the group out"
        )
    return counts.assign(response_rate=counts["answered"] / counts["asked"])


def _answers(what, points, lowest, highest, by):
    """Check the answers to a survey; return them as floats, and their groups."""
    given = {"points": points} if by is None else {"points": points, "by": by}
    index = _inputs.aligned(**given)
    points = _inputs.as_series(points, "points")
    _inputs.need_rows(points, f"the table of {what} answers", "nobody was asked")
    _inputs.need_hashable(points, "points")
    remedy = f"give the answers as numbers from {lowest} to {highest}, and missing for no answer"
    array = _inputs.numbers("points", points, missing="keep", remedy=remedy)
    if by is not None:
        by = _inputs.group_labels(by, "by", len(points), unit="answers", missing="keep")
        _inputs.ids(by.dropna(), "by")
    answers = pd.Series(array, index=points.index if index is None else index)
    wrong = answers.notna() & ~(answers.between(lowest, highest) & (answers == answers.round()))
    remedy = f"answers are whole numbers from {lowest} to {highest}; no answer is missing, not 0"
    _inputs.refuse(wrong, f"a {what} answer is out of range", remedy, answers, index=answers.index)
    if by is None:
        return answers, pd.Series("all", index=answers.index)
    return answers, by.set_axis(answers.index)


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="csat",
        formula=r"\frac{n_{4,5}}{n}",
        numerator="answers of 4 or 5",
        denominator="all answers, from 1 to 5",
        unit="share of those who answered",
        window="the survey",
        function="funnelkit.cohorts.csat",
        example=Example({"points": [5, 4, 4, 2, None]}, 3, 4, ("all", "csat")),
    ),
    Metric(
        name="nps",
        formula=r"100 \cdot \frac{n_{9,10} - n_{0 \ldots 6}}{n}",
        numerator="100 times: answers of 9 and 10 less 0 to 6",
        denominator="all answers, from 0 to 10",
        unit="points from −100 to 100",
        window="the survey",
        function="funnelkit.cohorts.nps",
        example=Example({"points": [10, 9, 9, 8, 3, None]}, 200, 5, ("all", "nps")),
    ),
)
