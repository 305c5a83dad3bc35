"""A trial with a hold-out group: who was drawn, and the average effect.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric
from funnelkit.metrics import difference

__all__ = [
    "METRICS",
    "average_effect",
    "checked_trial",
    "need_both",
    "propensities",
    "ranked_trial",
    "recipients",
    "yes_or_no",
]


def __dir__():
    return __all__


def recipients(campaigns, *, consent="consent", treated="treated"):
    """Keep the people who were drawn: those who have consented.

    Parameters
    ----------
    campaigns : DataFrame
        One row per person.
    consent, treated : str
        Columns: whether the person has agreed to such mails, and whether the person was drawn to
        get them.

    Returns
    -------
    DataFrame
        The rows with consent. The others were not drawn, so they are no hold-out group.

    Raises
    ------
    ValueError
        If it is not known whether somebody has consented, or if somebody without consent was
        treated: that is no matter of statistics.

    Examples
    --------
    >>> people = pd.DataFrame(
    ...     {"consent": [True, True, False], "treated": [True, False, False]}, index=list("abc")
    ... )
    >>> recipients(people).index.tolist()
    ['a', 'b']
    """
    _inputs.need_columns(campaigns, [consent, treated], "campaigns")
    _inputs.need_rows(campaigns, "campaigns", "there is nobody to send mails to")
    remedy = "who was not asked has not agreed: set False there, campaigns[...].fillna(False)"
    agreed = _inputs.booleans(campaigns[consent], consent, missing=remedy).to_numpy()
    drawn = yes_or_no(treated, campaigns[treated])
    remedy = "stop these mails, and find out how they came to be sent"
    what = f"{treated} is true without consent"
    _inputs.refuse(drawn & ~agreed, what, remedy, index=campaigns.index)
    kept = campaigns[agreed]
    need_both(drawn[agreed], treated)
    return kept


def yes_or_no(name, values):
    """Return a column of True and False, or of 1 and 0, as an array of booleans.

    Parameters
    ----------
    name : str
        What the column is called, for the message.
    values : Series or array
        One value per person.

    Returns
    -------
    array of bool

    Examples
    --------
    >>> yes_or_no("treated", [1, 0, 1]).tolist()
    [True, False, True]
    """
    column = _inputs.as_series(values, name)
    _inputs.need_hashable(column, name)
    if pd.api.types.infer_dtype(column.dropna().astype(object), skipna=True) == "boolean":
        return _inputs.booleans(column, name).to_numpy()
    remedy = "map its values to True and False, such as table['group'] == 'series'"
    array = _inputs.numbers(name, column, remedy=remedy)
    wrong = (array != 0) & (array != 1)
    _inputs.refuse(wrong, f"{name} is neither 0 nor 1", remedy, array, index=column.index)
    return array == 1


def need_both(treated, name="treated"):
    """Refuse a trial without a hold-out group, or with nothing else.

    Parameters
    ----------
    treated : array of bool
        Who was treated.
    name : str
        What the column is called, for the message.

    Examples
    --------
    >>> need_both(np.array([True, False]))
    """
    if treated.all():
        raise ValueError(
            f"{name} is true for all {len(treated):,} people: there is no hold-out group, so "
            "nothing says what would have happened anyway; hold some people out at random"
        )
    if not treated.any():
        raise ValueError(
            f"{name} is true for none of the {len(treated):,} people: give the rows of both "
            "groups of the trial"
        )


def checked_trial(treated, outcome):
    """Return who was treated and who enrolled, as arrays of booleans.

    Parameters
    ----------
    treated, outcome : Series or array
        True and False, or 1 and 0.

    Returns
    -------
    list of array
        Treated and outcome.

    Examples
    --------
    >>> [each.tolist() for each in checked_trial([1, 0], [0, 0])]
    [[True, False], [False, False]]
    """
    given = {"treated": treated, "outcome": outcome}
    _inputs.aligned(**given)
    arrays = {name: yes_or_no(name, value) for name, value in given.items()}
    _inputs.need_same_length("people", **arrays)
    _inputs.need_rows(arrays["treated"], "treated", "give the people of a trial")
    need_both(arrays["treated"])
    return list(arrays.values())


def ranked_trial(score, treated, outcome):
    """Return who was treated, who enrolled, and the score of each person.

    Parameters
    ----------
    score : Series or array of numbers
        One per person.
    treated, outcome : Series or array
        True and False, or 1 and 0.

    Returns
    -------
    list of array
        Treated, outcome and score.

    Examples
    --------
    >>> ranked_trial([0.5, 0.1], [1, 0], [0, 0])[2].tolist()
    [0.5, 0.1]
    """
    _inputs.aligned(score=score, treated=treated, outcome=outcome)
    ranks = _inputs.scores("score", score)
    t, y = checked_trial(treated, outcome)
    _inputs.need_same_length("people", score=ranks, treated=t)
    return [t, y, ranks]


def propensities(name, value, n):
    """Return probabilities strictly between 0 and 1, one per person.

    Parameters
    ----------
    name : str
        What they are called, for the message.
    value : float, Series or array
        One for all people, or one for each.
    n : int
        How many people there are.

    Returns
    -------
    array of float

    Examples
    --------
    >>> propensities("propensity", 0.8, 2).tolist()
    [0.8, 0.8]
    """
    array, index = _inputs.shares(name, value), _inputs.index_of(value)
    remedy = (
        "leave these people out of the trial: whoever could be in one group only cannot be "
        "compared with the other"
    )
    for end in (0, 1):
        _inputs.refuse(array == end, f"{name} is {end}", remedy, index=index)
    if array.shape not in ((), (n,)):
        raise ValueError(
            f"there are {array.size:,} of {name} and {n:,} people: give one per person"
        )
    return np.broadcast_to(array, n)


def average_effect(treated, outcome, *, confidence=0.95):
    r"""Compare the treated with the hold-out group: what the treatment does on average.

    Parameters
    ----------
    treated : Series or array
        Whether each person was drawn to be treated, by assignment: whatever was opened or
        clicked later. True and False, or 1 and 0.
    outcome : Series or array
        Whether each person enrolled (or opted out).
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    Series
        `treated` and `holdout` (people), `rate_treated`, `rate_holdout`, `effect` (their
        difference) and Newcombe's interval `ci_low`, `ci_high`.

    Notes
    -----
    Drawing at random is what makes the difference of the two groups an effect:
    :math:`\hat\tau = y_T / n_T - y_C / n_C`.

    References
    ----------
    R. G. Newcombe (1998), "Interval estimation for the difference between independent
    proportions: comparison of eleven methods", *Statistics in Medicine* 17.

    Examples
    --------
    90 of 900 people enrolled with the mails, and 8 of the 100 held out:

    >>> treated, enrolled = np.arange(1000) < 900, np.r_[np.arange(900) < 90, np.arange(100) < 8]
    >>> average_effect(treated, enrolled)[["effect", "ci_low", "ci_high"]].round(4).tolist()
    [0.02, -0.0522, 0.0644]
    """
    t, y = checked_trial(treated, outcome)
    counts = [int(each) for each in (y[t].sum(), t.sum(), y[~t].sum(), (~t).sum())]
    between = difference(*counts, confidence=confidence)
    return pd.Series(
        {
            "treated": counts[1],
            "holdout": counts[3],
            "rate_treated": counts[0] / counts[1],
            "rate_holdout": counts[2] / counts[3],
            "effect": between["difference"],
            "ci_low": between["ci_low"],
            "ci_high": between["ci_high"],
        }
    )


_TREATED = np.arange(1000) < 900
_ENROLLED = np.r_[np.arange(900) < 90, np.arange(100) < 8]

METRICS = (
    Metric(
        name="average_effect",
        formula=r"\frac{y_T}{n_T} - \frac{y_C}{n_C}",
        numerator="buyers of one × people of the other, less reverse",
        denominator="treated × people held out",
        unit="fraction",
        window="that of the outcome",
        function="funnelkit.uplift.average_effect",
        example=Example(
            {"treated": _TREATED, "outcome": _ENROLLED}, 90 * 100 - 8 * 900, 90_000, ("effect",)
        ),
    ),
)
