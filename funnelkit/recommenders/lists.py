"""From scores to lists: what is popular, the first n for each user, and a reason for each.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.recommenders.matrices import checked_matrix, checked_pairs, holds_flags

__all__ = ["checked_lists", "damped_means", "popularity", "reasons", "top_n"]


def __dir__():
    return __all__


def popularity(table, *, user="customer_id", item="course_id"):
    """Count the users of each item: the list that everybody gets, and the one to beat.

    Parameters
    ----------
    table : DataFrame
        One row or more per user and item, such as ratings or views.
    user, item : str
        The columns of `table`.

    Returns
    -------
    Series
        How many different users each item has, by the item, sorted by its id.

    Examples
    --------
    >>> seen = pd.DataFrame({"customer_id": ["a", "b", "b"], "course_id": ["x", "x", "y"]})
    >>> popularity(seen).to_dict()
    {'x': 2, 'y': 1}
    """
    checked_pairs(table, user, item, "table")
    return table.groupby(item)[user].nunique().rename("users")


def damped_means(ratings, *, prior=10, item="course_id", rating="rating"):
    r"""Mean rating of each item, drawn towards the mean of all where there are few.

    Parameters
    ----------
    ratings : DataFrame
        One row per rating.
    prior : number, default 10
        How many ratings the mean of all counts for.
    item, rating : str
        The columns of `ratings`.

    Returns
    -------
    Series
        By the item, sorted by its id: :math:`(\sum r + m \bar r) / (n + m)`, with n ratings of the
        item, the mean :math:`\bar r` of all ratings and m the `prior`.

    Examples
    --------
    >>> given = pd.DataFrame({"course_id": ["x", "y", "y"], "rating": [5, 3, 4]})
    >>> damped_means(given, prior=2).round(2).to_dict()
    {'x': 4.33, 'y': 3.75}
    """
    _inputs.need_columns(ratings, [item, rating], "ratings")
    _inputs.need_rows(ratings, "ratings", "there is nobody to learn from")
    _inputs.ids(ratings[item], item)
    stars = pd.Series(_inputs.finite(rating, ratings[rating]), index=ratings.index)
    prior = _inputs.number("prior", prior, at_least=0)
    by_item = stars.groupby(ratings[item])
    values = (by_item.sum() + prior * stars.mean()) / (by_item.size() + prior)
    _inputs.computable("the mean", values.to_numpy(), index=values.index)
    return values.rename("mean")


def top_n(scores, seen=None, *, n=10, among=None, user="customer_id", item="course_id"):
    """List the n items with the highest scores for each user.

    Parameters
    ----------
    scores : DataFrame or Series
        Users by items; or one score per item, the same for all users of `seen`.
    seen : DataFrame, optional
        Users by items: what is not recommended to whom. Booleans, or ratings: then what is rated.
        An item that it does not have as a column nobody has seen.
    n : int, default 10
        How long a list is.
    among : sequence, optional
        The items that may be recommended, such as those on sale; all by default.
    user, item : str
        What to call these columns of the result.

    Returns
    -------
    DataFrame
        One row per user and place: the user, `rank` from 1, the item, `score`. In ``attrs`` are
        the rules: `n`, `seen` ("left out" or "kept"), `ties` ("in the order of the columns") and
        `short`, how many users have fewer than n: those who have seen nearly everything, or
        whose scores are missing. Such a list is not filled up.

    Examples
    --------
    >>> scores = pd.DataFrame({"x": [3.0, 1.0], "y": [3.0, 2.0], "z": [1.0, 3.0]},
    ...                       index=["Ann", "Bob"])
    >>> seen = pd.DataFrame({"x": [False, True], "y": [False, True]}, index=["Ann", "Bob"])
    >>> lists = top_n(scores, seen, n=2)
    >>> lists
      customer_id  rank course_id  score
    0         Ann     1         x    3.0
    1         Ann     2         y    3.0
    2         Bob     1         z    3.0
    >>> lists.attrs["short"]
    1
    """
    n = _inputs.whole("n", n)
    _inputs.need_texts(user=user, item=item)
    values, users, items = _scored(scores, seen)
    if seen is not None:
        values[_seen(seen, users, items)] = np.nan
    if among is not None:
        allowed = _inputs.as_series(among, "among")
        _inputs.need_hashable(allowed, "among")
        for each in allowed[~allowed.isin(items)]:
            _inputs.need_known(each, items, "item in scores")
        values[:, ~items.isin(allowed)] = np.nan
    missing = np.isnan(values)
    order = np.argsort(np.where(missing, np.inf, -values), axis=1, kind="stable")[:, :n]
    row, place = np.nonzero(~np.take_along_axis(missing, order, axis=1))
    chosen = order[row, place]
    table = pd.DataFrame(
        {user: users[row], "rank": place + 1, item: items[chosen], "score": values[row, chosen]}
    )
    short = len(users) - int((np.bincount(row, minlength=len(users)) == n).sum())
    rules = {"n": n, "seen": "kept" if seen is None else "left out", "short": short}
    table.attrs.update(rules, ties="in the order of the columns")
    return table


def _scored(scores, seen):
    """Return the scores as an array of users by items that may be written to."""
    if isinstance(scores, pd.Series):
        if seen is None:
            raise ValueError(
                "scores has one number per item and does not say for whom: give seen, users by "
                "items, whose users get the list"
            )
        users = _inputs.need_table(seen, "seen").index
        row = checked_matrix(scores.to_frame("score").T, "scores")
        return np.repeat(row, len(users), axis=0), users, scores.index
    values = checked_matrix(scores, "scores").copy()
    return values, scores.index, scores.columns


def _seen(seen, users, items):
    """Return which user has seen which item, in the order of the scores."""
    array = checked_matrix(seen, "seen")
    known = array == 1 if holds_flags(seen) else ~np.isnan(array)
    table = pd.DataFrame(known, index=seen.index, columns=seen.columns)
    lacking = users.difference(seen.index, sort=False)
    if len(lacking):
        raise ValueError(
            f"seen lacks {len(lacking):,} of the users of scores (first: {lacking[0]!r}): add them "
            "with False where they have seen nothing, seen.reindex(scores.index, fill_value=False)"
        )
    return table.reindex(index=users, columns=items, fill_value=False).to_numpy(bool)


def checked_lists(lists, user, item, *, more=()):
    """Return lists of recommendations in order of rank, or say what is wrong with them."""
    _inputs.need_columns(lists, [user, item, "rank", *more], "lists")
    _inputs.ids(lists[user], user)
    _inputs.ids(lists[item], item)
    rank = _inputs.count("rank", lists["rank"])
    remedy = "number the places of each list 1, 2, 3, as top_n does"
    _inputs.refuse(rank < 1, "rank is 0", remedy, index=lists.index)
    for column, what in ((item, f"an item of one {user}"), ("rank", f"a rank of one {user}")):
        again = lists.duplicated([user, column])
        remedy = "keep the better place" if column == item else remedy
        _inputs.refuse(again, f"{what} comes twice", remedy, index=lists.index)
    return lists.assign(rank=rank.astype(np.int64)).sort_values([user, "rank"], kind="stable")


def reasons(lists, liked, similarities, *, user="customer_id", item="course_id"):
    """Add a reason to each recommendation: "because you liked …".

    Parameters
    ----------
    lists : DataFrame
        Recommendations, as `top_n` makes them.
    liked : DataFrame
        Users by items, booleans: what each user liked, such as ``matrix >= 4``.
    similarities : DataFrame
        Of the items, as `similarity` makes it.
    user, item : str
        The columns of `lists`.

    Returns
    -------
    DataFrame
        The lists with `because`, that of the items which the user liked that is most similar to
        the one recommended (ties in the order of the columns), and `similarity`. Both are missing
        where none is similar at all. It is a reason that can be checked by eye, and not a cause.

    Examples
    --------
    >>> alike = pd.DataFrame([[1, 0.2, 0.7], [0.2, 1, 0], [0.7, 0, 1]], list("xyz"), list("xyz"))
    >>> liked = pd.DataFrame({"x": [True], "y": [True], "z": [False]}, index=["Ann"])
    >>> lists = pd.DataFrame({"customer_id": ["Ann"], "rank": [1], "course_id": ["z"]})
    >>> reasons(lists, liked, alike)
      customer_id  rank course_id because  similarity
    0         Ann     1         z       x         0.7
    """
    checked_lists(lists, user, item)
    values, alike = checked_matrix(liked, "liked"), checked_matrix(similarities, "similarities")
    if not holds_flags(liked):
        raise TypeError(
            "liked has values other than True and False: say what counts, such as matrix >= 4"
        )
    if not similarities.index.equals(similarities.columns):
        raise ValueError("similarities is not square: give similarity(matrix, of='items')")
    for labels, known, what in (
        (lists[user], liked.index, "user in liked"),
        (lists[item], similarities.columns, "item in similarities"),
        (liked.columns, similarities.index, "item in similarities"),
    ):
        for each in pd.unique(labels[~labels.isin(known)])[:1]:
            _inputs.need_known(each, known, what)
    own = values[liked.index.get_indexer(lists[user])] == 1
    near = alike[similarities.index.get_indexer(lists[item])]
    near = near[:, similarities.columns.get_indexer(liked.columns)]
    itself = lists[item].to_numpy()[:, None] == liked.columns.to_numpy()
    weight = np.where(own & ~itself & (near > 0), near, 0.0)
    best = weight.argmax(axis=1)
    value = weight[np.arange(len(weight)), best]
    because = pd.Series(liked.columns[best], index=lists.index).where(value > 0)
    return lists.assign(because=because, similarity=np.where(value > 0, value, np.nan))
