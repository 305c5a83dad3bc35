"""How good the lists of all users are, and what they show of the catalogue.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric
from funnelkit.recommenders.lists import checked_lists
from funnelkit.recommenders.matrices import checked_matrix, checked_pairs
from funnelkit.recommenders.measures import DIVISORS, FORMS, divided, gained

__all__ = ["METRICS", "coverage", "diversity", "exposure", "gini", "judge", "mean_popularity"]


def __dir__():
    return __all__


def judge(
    lists,
    test,
    *,
    k=10,
    divisor="min",
    gain=None,
    form="linear",
    ideal="catalogue",
    without_list="zero",
    user="customer_id",
    item="course_id",
):
    """Judge the list of each user by what the user took afterwards.

    Parameters
    ----------
    lists : DataFrame
        Recommendations, as `top_n` makes them.
    test : DataFrame
        One row per user and item taken later: what is relevant.
    k : int, default 10
        How many places are looked at.
    divisor : {"min", "all", "k", "hits"}
        For the average precision; as for `average_precision_at`.
    gain : str, optional
        The column of `test` that says how much an item is worth to the user, 0 or more; where it is
        0 the item is not relevant. By default every item taken counts 1.
    form : {"linear", "exponential"}
        For nDCG; as for `dcg`.
    ideal : {"catalogue", "list"}
        For nDCG: the best list that could have been made of all that the user took, or of what was
        shown. The latter is 0 where nothing relevant was shown.
    without_list : {"zero", "drop"}
        Whether a user of `test` who got no list counts as 0 or is left out. Leaving them out
        flatters a method that serves few.
    user, item : str
        The columns of both tables.

    Returns
    -------
    DataFrame
        One row per user of `test`, who is in the index: `hits`, `relevant`, `precision`, `recall`,
        `average_precision`, `ndcg`. The mean of a column is what is usually reported, the mean of
        `average_precision` as MAP. In ``attrs`` are the conventions, and `users_without_list` and
        `users_without_test`: these got a list and took nothing, and are not judged.

    Raises
    ------
    ValueError
        If no user of `lists` is in `test`.

    Examples
    --------
    >>> lists = pd.DataFrame({"customer_id": ["Ann"] * 4, "rank": [1, 2, 3, 4],
    ...                       "course_id": ["x", "a", "y", "b"]})
    >>> later = pd.DataFrame({"customer_id": ["Ann", "Ann", "Bob"], "course_id": ["a", "b", "x"]})
    >>> judged = judge(lists, later, k=3)
    >>> judged[["hits", "recall", "average_precision", "ndcg"]].round(4)
                 hits  recall  average_precision    ndcg
    customer_id
    Ann             1     0.5               0.25  0.3869
    Bob             0     0.0               0.00  0.0000
    >>> judged.attrs["users_without_list"]
    1
    """
    k = _inputs.whole("k", k)
    _inputs.one_of("divisor", divisor, DIVISORS)
    _inputs.one_of("form", form, FORMS)
    _inputs.one_of("ideal", ideal, ("catalogue", "list"))
    _inputs.one_of("without_list", without_list, ("zero", "drop"))
    ordered = checked_lists(lists, user, item)
    taken = _relevant(test, user, item, gain)
    users = pd.Index(taken[user].unique(), name=user).sort_values()
    served = pd.Index(ordered[user].unique())
    lacking = int((~users.isin(served)).sum())
    if lacking == len(users):
        raise ValueError(
            f"no {user} of lists is in test (first of lists: "
            f"{served[0] if len(served) else None!r}, of test: {users[0]!r}): make the lists for "
            "the users who are judged, with ids of the same type"
        )
    shown = _gains_by_place(ordered[ordered["rank"] <= k], taken, users, k, user, item)
    table = _scores(shown, taken, users, (k, divisor, form, ideal), user)
    if without_list == "drop":
        table = table[users.isin(served)]
    conventions = {"k": k, "divisor": divisor, "form": form, "ideal": ideal}
    table.attrs.update(conventions, without_list=without_list, users_without_list=lacking)
    table.attrs["users_without_test"] = int((~served.isin(users)).sum())
    return table


def _relevant(test, user, item, gain):
    """Return what each user took later, with what it is worth."""
    checked_pairs(test, user, item, "test", more=[] if gain is None else [gain])
    remedy = "keep one row for each, such as test.drop_duplicates([user, item])"
    again = test.duplicated([user, item])
    what = f"a pair of {user} and {item} comes again"
    _inputs.refuse(again, what, remedy, index=test.index)
    worth = np.ones(len(test)) if gain is None else _inputs.finite(gain, test[gain])
    _inputs.refuse(worth < 0, f"{gain} is negative", "a gain is 0 or more", worth, index=test.index)
    taken = test[[user, item]].assign(_worth=worth)[worth > 0]
    return _inputs.need_rows(taken, "test", "nothing in it is relevant")


def _gains_by_place(ordered, taken, users, k, user, item):
    """Return what each user finds in each place of the list, 0 where it is nothing of interest."""
    found = ordered[[user, item, "rank"]].merge(taken, on=[user, item], how="inner")
    gains = np.zeros((len(users), k))
    gains[users.get_indexer(found[user]), found["rank"].to_numpy() - 1] = found["_worth"]
    return gains


def _scores(gains, taken, users, options, user):
    """Return the metrics of each user."""
    k, divisor, form, ideal = options
    hit = gains > 0
    hits = hit.sum(axis=1)
    n = taken.groupby(user)["_worth"].size().reindex(users).to_numpy()
    places = np.arange(1, k + 1)
    total = (hit.cumsum(axis=1) / places * hit).sum(axis=1)
    worth = gained(gains, form)
    discount = 1 / np.log2(places + 1)
    if ideal == "list":
        best = np.sort(worth, axis=1)[:, ::-1]
    else:
        best = np.zeros_like(worth)
        by_worth = taken.sort_values("_worth", ascending=False, kind="stable")
        place = by_worth.groupby(user).cumcount().to_numpy()
        kept = by_worth[place < k]
        best[users.get_indexer(kept[user]), place[place < k]] = gained(
            kept["_worth"].to_numpy(), form
        )
    whole = best @ discount
    return pd.DataFrame(
        {
            "hits": hits,
            "relevant": n,
            "precision": hits / k,
            "recall": hits / n,
            "average_precision": total / divided(divisor, k, n, hits),
            "ndcg": np.divide(worth @ discount, whole, out=np.zeros(len(n)), where=whole > 0),
        },
        index=users,
    )


def exposure(lists, items, *, k=None, user="customer_id", item="course_id"):
    """Count in how many lists each item of the catalogue is.

    Parameters
    ----------
    lists : DataFrame
        Recommendations, as `top_n` makes them.
    items : sequence
        All items that might be recommended, those never shown included.
    k : int, optional
        How many places of each list count; all by default.
    user, item : str
        The columns of `lists`.

    Returns
    -------
    Series
        Counts, by the item, in the order of `items`.

    Examples
    --------
    >>> lists = pd.DataFrame({"customer_id": ["Ann", "Bob"], "rank": 1, "course_id": ["x", "x"]})
    >>> exposure(lists, ["x", "y"]).to_dict()
    {'x': 2, 'y': 0}
    """
    ordered = checked_lists(lists, user, item)
    if k is not None:
        ordered = ordered[ordered["rank"] <= _inputs.whole("k", k)]
    catalogue = _inputs.ids(_inputs.as_series(items, "items"), "items")
    again, remedy = catalogue.duplicated(), "name each item once, such as courses['course_id']"
    _inputs.refuse(again, "items holds an item again", remedy, index=catalogue.index)
    for each in ordered.loc[~ordered[item].isin(catalogue), item][:1]:
        _inputs.need_known(each, catalogue, "item of the catalogue")
    counts = ordered[item].value_counts()
    index = pd.Index(catalogue.to_numpy(), name=item)
    return counts.reindex(index, fill_value=0).rename("lists")


def coverage(lists, items, *, k=None, user="customer_id", item="course_id"):
    """Share of the catalogue that is in at least one list.

    Parameters
    ----------
    lists, items, k, user, item
        As for `exposure`.

    Returns
    -------
    float

    Examples
    --------
    >>> lists = pd.DataFrame({"customer_id": ["Ann", "Bob"], "rank": 1, "course_id": ["x", "x"]})
    >>> coverage(lists, ["x", "y"])
    0.5
    """
    counts = exposure(lists, items, k=k, user=user, item=item)
    _inputs.need_rows(counts, "items", "there is nothing to recommend")
    return float((counts > 0).mean())


def gini(exposures):
    r"""How unequally the places are divided among the items: 0 equally, near 1 all to one.

    Parameters
    ----------
    exposures : Series or sequence of numbers
        How often each item is shown, such as `exposure` gives it. Over *all* items: without those
        never shown, it looks more equal than it is.

    Returns
    -------
    float
        :math:`\sum_i (2i - n - 1)\,x_i / (n \sum x)`, with :math:`x_1 \le \dots \le x_n`.

    Raises
    ------
    ValueError
        If nothing is shown.

    Examples
    --------
    >>> round(gini([3, 2, 1, 0, 0]), 4), round(gini([3, 2, 1]), 4)
    (0.5333, 0.2222)
    """
    x = _inputs.finite("exposures", _inputs.as_series(exposures, "exposures"))
    _inputs.refuse(x < 0, "exposures is negative", "a count is 0 or more", x)
    if not x.sum() > 0:
        raise ValueError("exposures are all 0: there is nothing to divide; give lists with items")
    n, ordered = len(x), np.sort(x)
    value = (2 * np.arange(1, n + 1) - n - 1) @ (ordered / ordered.max())
    return float(value / (n * (ordered / ordered.max()).sum()))


def diversity(lists, similarities, *, k=None, user="customer_id", item="course_id"):
    """How unlike each other the items of each list are.

    Parameters
    ----------
    lists : DataFrame
        Recommendations, as `top_n` makes them.
    similarities : DataFrame
        Of the items, as `similarity` makes it.
    k, user, item
        As for `exposure`.

    Returns
    -------
    Series
        By the user: the mean of 1 less the similarity over all pairs of items in the list. Missing
        for lists of one item.

    Examples
    --------
    >>> alike = pd.DataFrame([[1, 0.2], [0.2, 1]], ["x", "y"], ["x", "y"])
    >>> lists = pd.DataFrame({"customer_id": ["Ann"] * 2, "rank": [1, 2], "course_id": ["x", "y"]})
    >>> diversity(lists, alike).to_dict()
    {'Ann': 0.8}
    """
    ordered = checked_lists(lists, user, item)
    alike = checked_matrix(similarities, "similarities")
    if not similarities.index.equals(similarities.columns):
        raise ValueError("similarities is not square: give similarity(matrix, of='items')")
    if k is not None:
        ordered = ordered[ordered["rank"] <= _inputs.whole("k", k)]
    for each in ordered.loc[~ordered[item].isin(similarities.index), item][:1]:
        _inputs.need_known(each, similarities.index, "item in similarities")
    values = {}
    for who, rows in ordered.groupby(user)[item]:
        place = similarities.index.get_indexer(rows)
        n, pairs = len(place), alike[np.ix_(place, place)]
        total = pairs.sum() - np.trace(pairs)
        values[who] = 1 - total / (n * (n - 1)) if n > 1 else np.nan
    index = pd.Index(list(values), name=user)
    return pd.Series(list(values.values()), index=index, name="diversity", dtype=float)


def mean_popularity(lists, popular, *, k=None, user="customer_id", item="course_id"):
    """How popular the items of each list are on average.

    Parameters
    ----------
    lists : DataFrame
        Recommendations, as `top_n` makes them.
    popular : Series
        How many users each item has, by the item, as `popularity` gives it.
    k, user, item
        As for `exposure`.

    Returns
    -------
    Series
        By the user, in the unit of `popular`.

    Examples
    --------
    >>> lists = pd.DataFrame({"customer_id": ["Ann"] * 2, "rank": [1, 2], "course_id": ["x", "y"]})
    >>> mean_popularity(lists, pd.Series({"x": 30, "y": 10})).to_dict()
    {'Ann': 20.0}
    """
    ordered = checked_lists(lists, user, item)
    if not isinstance(popular, pd.Series):
        raise TypeError(
            f"popular is {_inputs.name_of_type(popular)}: give a Series by item, as popularity does"
        )
    values = pd.Series(_inputs.finite("popular", popular), index=popular.index)
    if values.index.has_duplicates:
        raise ValueError("popular has an item twice: give each item one number, as popularity does")
    if k is not None:
        ordered = ordered[ordered["rank"] <= _inputs.whole("k", k)]
    for each in ordered.loc[~ordered[item].isin(values.index), item][:1]:
        _inputs.need_known(each, values.index, "item in popular")
    by_user = ordered[item].map(values).groupby(ordered[user]).mean()
    return by_user.rename("popularity")


METRICS = (
    Metric(
        name="catalogue_coverage",
        formula=r"\frac{n_{\mathrm{shown}}}{n}",
        numerator="items in at least one list",
        denominator="all items of the catalogue",
        unit="share of the catalogue",
        window="the lists of one moment",
        function="funnelkit.recommenders.coverage",
        example=Example(
            {
                "lists": pd.DataFrame(
                    {
                        "customer_id": ["a", "a", "b", "b", "c", "c"],
                        "rank": [1, 2, 1, 2, 1, 2],
                        "course_id": ["u", "v", "u", "v", "u", "w"],
                    }
                ),
                "items": ["u", "v", "w", "x", "y"],
            },
            3,
            5,
        ),
    ),
)
