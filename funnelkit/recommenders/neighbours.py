"""Recommending by neighbours: users who are alike, or items that the same users took.

The k neighbours of an estimate are the nearest *who rated that item*, not the nearest of all.
Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.recommenders.matrices import checked_matrix

__all__ = ["nearest", "neighbour_estimate", "neighbour_estimates", "neighbour_scores"]


def __dir__():
    return __all__


def nearest(matrix, similarities, user, item, *, k=40, of="users", negative="drop"):
    """List the neighbours from whom a rating is estimated.

    Parameters
    ----------
    matrix : DataFrame
        Ratings, users by items, as `rating_matrix` makes it.
    similarities : DataFrame
        Of the users, or of the items, as `similarity` makes it.
    user, item : label
        Whose rating of what is to be estimated.
    k : int, default 40
        How many neighbours at most.
    of : {"users", "items"}
        The nearest users who rated this item, or the nearest items which this user rated.
    negative : {"drop", "keep"}
        Whether a neighbour whose similarity is 0 or less is left out, as `surprise` does, or used.

    Returns
    -------
    DataFrame
        One row per neighbour, the most similar first (ties in the order of the matrix):
        `similarity`, `rating`, the neighbour's own `mean`, and `deviation`, rating less mean.

    Raises
    ------
    ValueError
        If the user has no ratings: then nobody is a neighbour.

    Examples
    --------
    >>> from funnelkit.recommenders import similarity
    >>> given = pd.DataFrame({"x": [5, 3, 1], "y": [3, 1, 5], "z": [np.nan, 3, 1]},
    ...                      index=["Ann", "Bob", "Cat"])
    >>> nearest(given, similarity(given), "Ann", "z")
         similarity  rating      mean  deviation
    Bob         1.0     3.0  2.333333   0.666667
    """
    ratings, alike = _pair(matrix, similarities, of)
    row, column = _place(matrix, user, item, of)
    chosen = _chosen(ratings[:, column], alike[row], row, _options(k, of, negative))
    labels = matrix.index if of == "users" else matrix.columns
    means = _means(ratings)
    table = pd.DataFrame(
        {
            "similarity": alike[row, chosen],
            "rating": ratings[chosen, column],
            "mean": means[chosen],
        },
        index=labels[chosen].rename(None),
    )
    return table.assign(deviation=table["rating"] - table["mean"])


def neighbour_estimate(
    matrix, similarities, user, item, *, k=40, of="users", negative="drop", centre=True
):
    r"""Estimate one rating from the neighbours.

    Parameters
    ----------
    matrix, similarities, user, item, k, of, negative
        As for `nearest`.
    centre : bool, default True
        Whether to average how far the neighbours' ratings are from each one's own mean, and to add
        that to the user's mean; or to average the ratings as they are.

    Returns
    -------
    float
        Not cut off at the ends of the scale. Without neighbours it is the user's mean (the item's,
        with ``of="items"``), and missing with ``centre=False``.

    Notes
    -----
    .. math:: \hat r_{ui} = \bar r_u +
              \frac{\sum_v s_{uv} (r_{vi} - \bar r_v)}{\sum_v \lvert s_{uv} \rvert}

    (Herlocker, Konstan, Borchers & Riedl 1999; `KNNWithMeans` of `surprise`, which cuts off).

    Examples
    --------
    >>> from funnelkit.recommenders import similarity
    >>> given = pd.DataFrame({"x": [5, 3, 1], "y": [3, 1, 5], "z": [np.nan, 3, 1]},
    ...                      index=["Ann", "Bob", "Cat"])
    >>> round(neighbour_estimate(given, similarity(given), "Ann", "z"), 4)
    4.6667
    """
    centre = _inputs.switch("centre", centre)
    near = nearest(matrix, similarities, user, item, k=k, of=of, negative=negative)
    own = matrix.loc[user] if of == "users" else matrix[item]
    weight = near["similarity"].abs().sum()
    if weight == 0:
        return float(own.astype(float).mean()) if centre else float("nan")
    value = (near["similarity"] * near["deviation" if centre else "rating"]).sum() / weight
    return float(value + own.astype(float).mean()) if centre else float(value)


def neighbour_estimates(matrix, similarities, *, k=40, of="users", negative="drop", centre=True):
    """Estimate all ratings, those that were given included, each from its own neighbours.

    Parameters
    ----------
    matrix, similarities, k, of, negative, centre
        As for `neighbour_estimate`.

    Returns
    -------
    DataFrame
        Users by items. A user's own rating of an item is not used to estimate it; where there is
        no rating to set out from (a user, or with ``of="items"`` an item, without any), the
        estimate is missing.

    Examples
    --------
    >>> from funnelkit.recommenders import similarity
    >>> given = pd.DataFrame({"x": [5, 3, 1], "y": [3, 1, 5], "z": [np.nan, 3, 1]},
    ...                      index=["Ann", "Bob", "Cat"])
    >>> neighbour_estimates(given, similarity(given)).loc["Ann"].round(2).tolist()
    [4.67, 2.67, 4.67]
    """
    centre = _inputs.switch("centre", centre)
    ratings, alike = _pair(matrix, similarities, of)
    k, of, negative = _options(k, of, negative)
    usable = np.where(alike > 0, alike, 0.0) if negative == "drop" else alike.copy()
    usable[np.isnan(usable)] = 0.0
    np.fill_diagonal(usable, 0.0)
    means = _means(ratings)
    values = ratings - means[:, None] if centre else ratings
    found = np.full(ratings.shape, np.nan)
    for column in range(ratings.shape[1]):
        raters = np.flatnonzero(~np.isnan(ratings[:, column]))
        weights = _k_largest(usable[:, raters], k)
        total = np.abs(weights).sum(axis=1)
        summed = weights @ values[raters, column]
        found[:, column] = np.divide(summed, total, out=np.full(len(total), np.nan),
                                     where=total > 0)  # fmt: skip
    if centre:
        found = np.where(np.isnan(found), 0.0, found) + means[:, None]
    found = found if of == "users" else found.T
    return pd.DataFrame(found, index=matrix.index, columns=matrix.columns)


def neighbour_scores(taken, *, k=20):
    r"""Score items by the items that a user has taken: the neighbours of what is not rated.

    Parameters
    ----------
    taken : DataFrame
        Users by items, as `taken_matrix` makes it: which user has taken which item.
    k : int, default 20
        Each item counts its k nearest items.

    Returns
    -------
    DataFrame
        Users by items: for each item the sum of its similarities to those of its k nearest items
        which the user has taken. A score is no rating and has no unit; it puts in order.

    Notes
    -----
    Items are alike if the same users took them: :math:`s_{ij} = n_{ij} / \sqrt{n_i n_j}`, with
    :math:`n_{ij}` the users who took both (the cosine of the columns; Sarwar et al. 2001).

    Examples
    --------
    >>> took = pd.DataFrame({"x": [True, True, False], "y": [True, True, True],
    ...                      "z": [False, True, False]}, index=["Ann", "Bob", "Cat"])
    >>> neighbour_scores(took).loc["Ann"].round(2).to_dict()
    {'x': 0.82, 'y': 0.82, 'z': 1.28}
    """
    k = _inputs.whole("k", k)
    array = np.nan_to_num(checked_matrix(taken, "taken"))
    remedy = "give who took what, as taken_matrix(ratings) or matrix.notna() makes it"
    uneven = ((array != 0) & (array != 1)).any(axis=1)
    _inputs.refuse(uneven, "taken is neither True nor False", remedy, index=taken.index)
    together = array.T @ array
    size = np.sqrt(np.outer(np.diag(together), np.diag(together)))
    alike = np.divide(together, size, out=np.zeros_like(together), where=size > 0)
    np.fill_diagonal(alike, 0.0)
    scores = array @ _k_largest(alike, k).T
    return pd.DataFrame(scores, index=taken.index, columns=taken.columns)


def _k_largest(values, k):
    """Return values with all but the k largest of each row set to 0; ties in their order."""
    if k >= values.shape[1]:
        return values
    place = np.argsort(-values, axis=1, kind="stable")[:, :k]
    kept = np.zeros_like(values)
    np.put_along_axis(kept, place, np.take_along_axis(values, place, axis=1), axis=1)
    return kept


def _options(k, of, negative):
    """Check how neighbours are chosen."""
    k, of = _inputs.whole("k", k), _inputs.one_of("of", of, ("users", "items"))
    return k, of, _inputs.one_of("negative", negative, ("drop", "keep"))


def _pair(matrix, similarities, of):
    """Return ratings and similarities as arrays, those whose neighbours are sought in the rows."""
    _inputs.one_of("of", of, ("users", "items"))
    ratings, alike = checked_matrix(matrix), checked_matrix(similarities, "similarities")
    labels = matrix.index if of == "users" else matrix.columns
    if not (labels.equals(similarities.index) and labels.equals(similarities.columns)):
        raise ValueError(
            f"matrix and similarities do not have the same {of}: give similarity(matrix, "
            f"of={of!r}), made from this matrix"
        )
    return (ratings if of == "users" else ratings.T), alike


def _place(matrix, user, item, of):
    """Return the row and the column of a user and an item, or say that they are not there."""
    _inputs.need_known(user, matrix.index, "user in the matrix")
    _inputs.need_known(item, matrix.columns, "item in the matrix")
    row, column = matrix.index.get_loc(user), matrix.columns.get_loc(item)
    if matrix.iloc[row].isna().all():
        raise ValueError(
            f"user {user!r} has no ratings, so nobody is a neighbour: recommend what is popular, "
            "or what resembles the items that the user looked at"
        )
    return (row, column) if of == "users" else (column, row)


def _chosen(rated, alike, own, options):
    """Return the places of the k nearest who rated, the nearest first."""
    k, _, negative = options
    usable = ~np.isnan(rated) & ~np.isnan(alike)
    usable[own] = False
    if negative == "drop":
        usable &= alike > 0
    places = np.flatnonzero(usable)
    return places[np.argsort(-alike[places], kind="stable")][:k]


def _means(ratings):
    """Return the mean of each row over what is there, missing where nothing is."""
    n = (~np.isnan(ratings)).sum(axis=1)
    return np.where(n > 0, np.nansum(ratings, axis=1) / np.maximum(n, 1), np.nan)
