"""How good one list is: precision, recall, average precision, nDCG; how far estimates are off.

Conventions differ between libraries, and so do the numbers; here each is an option with a name.
Input is checked as `funnelkit._inputs` says.
"""

import numpy as np

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = [
    "DIVISORS",
    "FORMS",
    "METRICS",
    "average_precision_at",
    "dcg",
    "divided",
    "gained",
    "ndcg",
    "precision_at",
    "recall_at",
    "rmse",
]

DIVISORS = ("min", "all", "k", "hits")
FORMS = ("linear", "exponential")


def __dir__():
    return __all__


def rmse(estimate, rating):
    r"""Root mean squared error of estimated ratings.

    Parameters
    ----------
    estimate, rating : Series or array of numbers
        One per rating.

    Returns
    -------
    float
        :math:`\sqrt{\frac{1}{n} \sum (\hat r - r)^2}`, in stars. It says how far the numbers are
        off, and nothing about what is shown first.

    Examples
    --------
    The first has the smaller error and puts the wrong item first; the second has the right order:

    >>> round(rmse([3.9, 4.1, 3.1, 2.1], [5, 4, 3, 2]), 4), rmse([4, 3, 2, 1], [5, 4, 3, 2])
    (0.5568, 1.0)
    """
    _inputs.aligned(estimate=estimate, rating=rating)
    given = {"estimate": estimate, "rating": rating}
    e, r = (_inputs.finite(k, _inputs.as_series(v, k)) for k, v in given.items())
    _inputs.need_same_length("ratings", estimate=e, rating=r)
    _inputs.need_rows(e, "estimate", "give at least one rating")
    return float(_inputs.computable("the error", np.sqrt(np.mean((e - r) ** 2))))


def precision_at(recommended, relevant, *, k=10):
    """Share of the first k places that hold something relevant.

    Parameters
    ----------
    recommended : sequence
        The items of one list, the first place first.
    relevant : sequence
        The items that the user took in the end.
    k : int, default 10
        How many places are looked at.

    Returns
    -------
    float
        Hits divided by k. In a list of fewer than k the empty places count as misses.

    Examples
    --------
    >>> precision_at(["x", "a", "y", "b"], ["a", "b"], k=4)
    0.5
    """
    hit, _, k = _hits(recommended, relevant, k)
    return float(hit.sum() / k)


def recall_at(recommended, relevant, *, k=10):
    """Share of what is relevant that is among the first k places.

    Parameters
    ----------
    recommended, relevant, k
        As for `precision_at`.

    Returns
    -------
    float
        Hits divided by the number of relevant items, however many there are: with more than k of
        them it cannot reach 1.

    Examples
    --------
    >>> recall_at(["x", "a", "y", "b"], ["a", "b"], k=3)
    0.5
    """
    hit, n, _ = _hits(recommended, relevant, k)
    return float(hit.sum() / n)


def average_precision_at(recommended, relevant, *, k=10, divisor="min"):
    r"""Precision at each hit among the first k, summed and divided.

    Parameters
    ----------
    recommended, relevant, k
        As for `precision_at`.
    divisor : {"min", "all", "k", "hits"}
        By what the sum is divided: the lesser of k and the number of relevant items (the most hits
        there can be, so a perfect list has 1); all relevant items; k; or the hits, which makes a
        list with one hit in the first place perfect.

    Returns
    -------
    float
        :math:`\frac{1}{d} \sum_{j=1}^{k} P_j h_j`, with the precision :math:`P_j` of the first j
        places and :math:`h_j = 1` for a hit. Its mean over users is MAP.

    Examples
    --------
    >>> [round(average_precision_at(["x", "a", "y", "b"], ["a", "b"], k=3, divisor=by), 4)
    ...  for by in ("min", "all", "k", "hits")]
    [0.25, 0.25, 0.1667, 0.5]
    """
    by = _inputs.one_of("divisor", divisor, DIVISORS)
    hit, n, k = _hits(recommended, relevant, k)
    total = (hit.cumsum() / np.arange(1, len(hit) + 1) * hit).sum()
    return float(total / divided(by, k, n, hit.sum()))


def divided(divisor, k, relevant, hits):
    """Return by what a sum of precisions is divided; 1 where that would be 0."""
    by = {"min": np.minimum(k, relevant), "all": relevant, "k": k, "hits": np.maximum(hits, 1)}
    return by[divisor]


def _hits(recommended, relevant, k):
    """Return which of the first k places are hits, how many items are relevant, and k."""
    k = _inputs.whole("k", k)
    shown, wanted = _items("recommended", recommended), _items("relevant", relevant)
    if not len(wanted):
        raise ValueError(
            "relevant is empty: a list cannot be judged by a user who took nothing; leave the user "
            "out, and say so"
        )
    return shown[:k].isin(wanted).to_numpy(float), len(wanted), k


def _items(name, items):
    """Return the items of a list, each once."""
    column = _inputs.ids(_inputs.as_series(items, name), name)
    again = column.duplicated()
    remedy = "name each item once, in its better place"
    _inputs.refuse(again, f"{name} holds an item again", remedy, index=column.index)
    return column.reset_index(drop=True)


def dcg(gains, *, k=None, form="linear"):
    r"""Discounted cumulative gain: what is in a list, later places counting less.

    Parameters
    ----------
    gains : sequence of numbers
        What each place of the list is worth, the first place first; 0 or more.
    k : int, optional
        How many places count; all by default.
    form : {"linear", "exponential"}
        Whether a gain g counts g, or :math:`2^g - 1`, which makes the best stand out more.

    Returns
    -------
    float
        :math:`\sum_j g_j / \log_2(j + 1)`.

    Examples
    --------
    >>> round(dcg([3, 2, 3, 0, 1, 2]), 3)
    6.861
    """
    return _dcg(_gains("gains", gains, form), k)


def ndcg(gains, *, ideal=None, k=None, form="linear"):
    r"""Normalised discounted cumulative gain: a list's gain divided by that of an ideal list.

    Parameters
    ----------
    gains : sequence of numbers
        What each place of the list is worth, the first place first.
    ideal : sequence of numbers, optional
        The gains of all items that might have been shown, in any order. By default the items of
        the list itself in their best order, as scikit-learn's `ndcg_score` has it: then nothing is
        lost by leaving out a better item.
    k, form
        As for `dcg`.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If the ideal gain is 0: nothing was relevant.

    Examples
    --------
    >>> shown = [3, 2, 3, 0, 1, 2]
    >>> round(ndcg(shown), 3), round(ndcg(shown, ideal=[3, 3, 3, 2, 2, 2, 1, 0]), 3)
    (0.961, 0.785)
    """
    found = _gains("gains", gains, form)
    best = found if ideal is None else _gains("ideal", ideal, form)
    k = len(found) if k is None else k
    whole = _dcg(np.sort(best)[::-1], k)
    if whole == 0:
        raise ValueError(
            "nothing has a gain: a list cannot be judged by a user who took nothing; leave the "
            "user out, and say so"
        )
    value = _dcg(found, k) / whole
    if value > 1 + 1e-9:
        raise ValueError(
            "the list gains more than the ideal one: give in ideal the gains of all items, those "
            "of the list included"
        )
    return value


def _dcg(worth, k):
    k = len(worth) if k is None else _inputs.whole("k", k)
    worth = worth[:k]
    value = float((worth / np.log2(np.arange(2, len(worth) + 2))).sum())
    return float(_inputs.computable("the gain", np.array(value)))


def _gains(name, gains, form):
    """Return what gains count."""
    values = _inputs.finite(name, _inputs.as_series(gains, name))
    _inputs.refuse(values < 0, f"{name} is negative", "a gain is 0 or more", values)
    _inputs.need_rows(values, name, "give at least one place")
    return gained(values, form)


def gained(values, form):
    """Return what gains count: themselves, or 2 to their power, less 1."""
    if _inputs.one_of("form", form, FORMS) == "linear":
        return values
    with np.errstate(over="ignore"):
        return _inputs.computable("a gain", 2.0**values - 1)


# ---------------------------------------------------------------- what the metrics mean

_LIST = {"recommended": ["x", "a", "y", "b"], "relevant": ["a", "b", "c"]}
_LAST = "from the end of the training data on"

METRICS = (
    Metric(
        name="precision_at_k",
        formula=r"\frac{h_k}{k}",
        numerator="relevant items in the first k places",
        denominator="k",
        unit="share of the places",
        window=_LAST,
        function="funnelkit.recommenders.precision_at",
        example=Example({**_LIST, "k": 4}, 2, 4),
    ),
    Metric(
        name="recall_at_k",
        formula=r"\frac{h_k}{n}",
        numerator="relevant items in the first k places",
        denominator="all relevant items of the user",
        unit="share of the relevant items",
        window=_LAST,
        function="funnelkit.recommenders.recall_at",
        example=Example({**_LIST, "k": 4}, 2, 3),
    ),
    Metric(
        name="average_precision_at_k",
        formula=r"\frac{\sum_{j=1}^{k} P_j h_j}{\min(k, n)}",
        numerator="precision at each hit, added up",
        denominator="lesser of k and the relevant items",
        unit="mean precision at a hit",
        window=_LAST,
        function="funnelkit.recommenders.average_precision_at",
        example=Example({**_LIST, "k": 4}, 1 / 2 + 2 / 4, 3),
    ),
    Metric(
        name="ndcg",
        formula=r"\frac{D_k}{D_k^{*}}",
        numerator="discounted gains of the list",
        denominator="discounted gains of the ideal list",
        unit="share of the ideal gain",
        window=_LAST,
        function="funnelkit.recommenders.ndcg",
        example=Example({"gains": [0, 0, 1], "ideal": [1, 0, 0, 0]}, 1 / 2, 1),
    ),
)
