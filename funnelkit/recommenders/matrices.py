"""From rows to a matrix of users by items, and how alike two of its rows are.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = [
    "checked_matrix",
    "checked_pairs",
    "holds_flags",
    "rating_matrix",
    "similarity",
    "taken_matrix",
]


def __dir__():
    return __all__


def rating_matrix(ratings, *, scale=(1, 5), user="customer_id", item="course_id", rating="rating"):
    """Put ratings into a matrix: one row per user, one column per item.

    Parameters
    ----------
    ratings : DataFrame
        One row per rating; a user rates an item once.
    scale : pair of numbers, default (1, 5)
        The lowest and the highest rating that can be given.
    user, item, rating : str
        The columns of `ratings`.

    Returns
    -------
    DataFrame
        Users in the index and items in the columns, both sorted; missing where a user has not
        rated an item.

    Raises
    ------
    ValueError
        If a user has rated an item twice, or a rating is off the scale.

    Examples
    --------
    >>> given = pd.DataFrame({"customer_id": ["a", "a", "b"], "course_id": ["x", "y", "x"],
    ...                       "rating": [5, 2, 4]})
    >>> rating_matrix(given)
    course_id      x    y
    customer_id
    a            5.0  2.0
    b            4.0  NaN
    """
    checked_pairs(ratings, user, item, "ratings", more=[rating])
    stars = _inputs.finite(rating, ratings[rating])
    low, high = _scale(scale)
    remedy = "give the scale that was used, scale=(lowest, highest), or correct these rows"
    outside = (stars < low) | (stars > high)
    what = f"{rating} is outside the scale {low:g} to {high:g}"
    _inputs.refuse(outside, what, remedy, stars, index=ratings.index)
    columns = [user, item]
    again = ratings.duplicated(columns)
    remedy = (
        f"keep the one that counts, such as the latest: sort by time, then "
        f"ratings.drop_duplicates({columns}, keep='last')"
    )
    what = f"a pair of {user} and {item} is rated again"
    _inputs.refuse(again, what, remedy, index=ratings.index)
    table = ratings[columns].assign(**{rating: stars})
    return table.pivot(index=user, columns=item, values=rating)


def _scale(scale):
    """Return the ends of a scale."""
    remedy = "give the lowest and the highest rating, such as (1, 5)"
    if not isinstance(scale, list | tuple | np.ndarray) or len(scale) != 2:
        raise TypeError(f"scale is {scale!r:.60}: {remedy}")
    low, high = (_inputs.number("scale", end, remedy=remedy) for end in scale)
    if low >= high:
        raise ValueError(f"scale is {low:g} to {high:g}: {remedy}")
    return low, high


def checked_pairs(table, user, item, what, more=()):
    """Return a table of users and items, or say what is wrong with its ids."""
    _inputs.need_columns(table, [user, item, *more], what)
    _inputs.need_rows(table, what, "there is nobody to learn from")
    _inputs.ids(table[user], user)
    _inputs.ids(table[item], item)
    return table


def taken_matrix(table, *, user="customer_id", item="course_id"):
    """Say for each user and item whether the table has a row for them: seen, taken, rated.

    Parameters
    ----------
    table : DataFrame
        One row or more per user and item, such as views or orders.
    user, item : str
        The columns of `table`.

    Returns
    -------
    DataFrame
        Booleans; users in the index and items in the columns, both sorted. False means that there
        is no row, not that the user dislikes the item.

    Examples
    --------
    >>> seen = pd.DataFrame({"customer_id": ["a", "a", "b"], "course_id": ["x", "y", "x"]})
    >>> taken_matrix(seen)
    course_id       x      y
    customer_id
    a            True   True
    b            True  False
    """
    checked_pairs(table, user, item, "table")
    row, users = pd.factorize(table[user], sort=True)
    column, items = pd.factorize(table[item], sort=True)
    taken = np.zeros((len(users), len(items)), bool)
    taken[row, column] = True
    return pd.DataFrame(taken, pd.Index(users, name=user), pd.Index(items, name=item))


def checked_matrix(matrix, what="matrix"):
    """Return the numbers of a matrix as a float array, or say what is wrong with it.

    Missing values stay missing; booleans become 0 and 1.
    """
    _inputs.need_table(matrix, what)
    _inputs.need_rows(matrix, what, "there is nobody to learn from")
    for axis, labels in (("rows", matrix.index), ("columns", matrix.columns)):
        if labels.has_duplicates:
            raise ValueError(
                f"{what} has two {axis} called {labels[labels.duplicated()][0]!r}: keep one, or "
                "make the matrix anew with rating_matrix or taken_matrix"
            )
    if not len(matrix.columns):
        raise ValueError(f"{what} has no columns: there is nothing to recommend")
    if all(str(dtype) in ("float64", "bool") for dtype in matrix.dtypes):
        array = matrix.to_numpy(float)
    else:
        array = np.column_stack([_column(matrix.iloc[:, j], what) for j in range(matrix.shape[1])])
    remedy = "leave it missing where there is no rating"
    _inputs.refuse(np.isinf(array).any(axis=1), f"{what} is infinite", remedy, index=matrix.index)
    return array


def holds_flags(matrix):
    """Return whether a matrix holds True and False, in whatever form."""
    return all(
        str(dtype) in ("bool", "boolean", "bool[pyarrow]")
        or pd.api.types.infer_dtype(matrix.iloc[:, place], skipna=True) == "boolean"
        for place, dtype in enumerate(matrix.dtypes)
    )


def _column(values, what):
    """Return one column of a matrix as floats."""
    _inputs.need_hashable(values, values.name)
    if pd.api.types.infer_dtype(values, skipna=True) == "boolean":
        return values.astype("boolean").astype("Float64").to_numpy(float, na_value=np.nan)
    return _inputs.numbers(f"column {values.name!r} of {what}", values, missing="keep")


def similarity(matrix, *, of="users", measure="pearson", over="common", at_least=1):
    r"""Say how alike any two users (or items) are, by their ratings.

    Parameters
    ----------
    matrix : DataFrame
        Users by items, as `rating_matrix` or `taken_matrix` makes it.
    of : {"users", "items"}
        Whether to compare the rows or the columns.
    measure : {"pearson", "cosine"}
        Pearson's correlation, which leaves out that some give more stars than others, or the
        cosine of the angle.
    over : {"common", "all"}
        Over what two of them have both rated, or over everything: then what is missing counts as
        0 for the cosine and as one's own mean for the correlation.
    at_least : int, default 1
        With fewer ratings in common the similarity is 0.

    Returns
    -------
    DataFrame
        Square, from -1 to 1, with 1 for each with itself. It is 0 where it is not defined: nothing
        in common, or ratings in common that do not vary.

    Notes
    -----
    Over the common items :math:`I_{uv}`, with means :math:`\bar r` over these,

    .. math:: s_{uv} = \frac{\sum (r_{ui} - \bar r_u)(r_{vi} - \bar r_v)}
              {\sqrt{\sum (r_{ui} - \bar r_u)^2}\sqrt{\sum (r_{vi} - \bar r_v)^2}}.

    The cosine is the same without the means. `surprise` computes both so.

    Examples
    --------
    On one item in common any two users are alike, and over all items they are not:

    >>> two = pd.DataFrame({"x": [5.0, 1.0], "y": [np.nan, 5.0]}, index=["a", "b"])
    >>> float(similarity(two, measure="cosine").loc["a", "b"])
    1.0
    >>> round(float(similarity(two, measure="cosine", over="all").loc["a", "b"]), 6)
    0.196116
    """
    _inputs.one_of("of", of, ("users", "items"))
    _inputs.one_of("measure", measure, ("pearson", "cosine"))
    _inputs.one_of("over", over, ("common", "all"))
    least = _inputs.whole("at_least", at_least)
    array = checked_matrix(matrix)
    array, labels = (array, matrix.index) if of == "users" else (array.T, matrix.columns)
    known = ~np.isnan(array)
    together = known.astype(float) @ known.T
    if over == "all":
        if measure == "pearson":
            array = array - (np.nansum(array, axis=1) / np.maximum(known.sum(axis=1), 1))[:, None]
        filled = np.where(known, array, 0.0)
        product, square = filled @ filled.T, (filled**2).sum(axis=1)
        scale = np.sqrt(np.outer(square, square))
    else:
        product, scale = _over_common(np.where(known, array, 0.0), known.astype(float), measure)
    defined = (scale > 1e-9) & (together >= least)
    values = np.divide(product, scale, out=np.zeros_like(product), where=defined)
    np.fill_diagonal(values, 1.0)
    names = labels.rename(None)
    return pd.DataFrame(np.clip(values, -1.0, 1.0), index=names, columns=names)


def _over_common(filled, known, measure):
    """Return numerator and denominator of the similarity over what two rows have in common."""
    product = filled @ filled.T
    square = filled**2 @ known.T  # of row u, over what v has rated too
    if measure == "pearson":
        n, total = known @ known.T, filled @ known.T
        product = n * product - total * total.T
        square = n * square - total**2
    return product, np.sqrt(np.clip(square * square.T, 0.0, None))
