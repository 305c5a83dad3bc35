"""Recommending by content: items whose descriptions resemble those that a user liked.

Input is checked as `funnelkit._inputs` says.
"""

import re
from collections import Counter

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.recommenders.matrices import checked_matrix, holds_flags

__all__ = ["content_scores", "tfidf"]

WORD = re.compile(r"\w\w+")


def __dir__():
    return __all__


def tfidf(texts, *, leave_out=()):
    r"""Turn texts into numbers: how often a word occurs, and how few other texts have it.

    Parameters
    ----------
    texts : Series of str
        One text per item, by the item.
    leave_out : sequence of str, optional
        Words that are not counted, in lower case.

    Returns
    -------
    DataFrame
        Items by words (of two or more letters, in lower case, sorted). Each row has length 1, so
        that the sum of products of two rows is the cosine between them.

    Raises
    ------
    ValueError
        If a text has no word that is counted: nothing is known of that item.

    Notes
    -----
    With :math:`n_{wd}` the occurrences of word w in text d, :math:`n_w` the texts that have it and
    N texts, the weight is :math:`n_{wd}\,(\ln\frac{1 + N}{1 + n_w} + 1)`, divided by the length of
    its row: the default of scikit-learn's `TfidfVectorizer`.

    Examples
    --------
    >>> texts = pd.Series({"x": "charts and data", "y": "data and scripts", "z": "small talk"})
    >>> tfidf(texts, leave_out=["and"]).loc["x"].round(2).to_dict()
    {'charts': 0.8, 'data': 0.61, 'scripts': 0.0, 'small': 0.0, 'talk': 0.0}
    """
    column = _inputs.as_series(texts, "texts")
    _inputs.need_rows(column, "texts", "there is nothing to read")
    _need_text(column)
    if column.index.has_duplicates:
        again = column.index[column.index.duplicated()][0]
        raise ValueError(f"texts has two texts of {again!r}: join them, or keep one")
    skipped = _inputs.names("leave_out", leave_out)
    for word in skipped:
        _inputs.need_texts(leave_out=word)
    skipped = set(skipped)
    counts = [Counter(w for w in WORD.findall(text.lower()) if w not in skipped) for text in column]
    empty = np.array([not each for each in counts])
    remedy = "leave this item out; nothing is known of it"
    _inputs.refuse(empty, "texts has no word that is counted", remedy, index=column.index)
    words = sorted(set().union(*counts))
    place = {word: number for number, word in enumerate(words)}
    table = np.zeros((len(counts), len(words)))
    for row, counted in enumerate(counts):
        table[row, [place[word] for word in counted]] = list(counted.values())
    table *= np.log((1 + len(counts)) / (1 + (table > 0).sum(axis=0))) + 1
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    return pd.DataFrame(table, index=column.index, columns=words)


def _need_text(column):
    """Refuse what is not text, or is missing."""
    _inputs.need_one_type(column, "texts")
    remedy = "leave these items out, or describe them"
    _inputs.refuse(column.isna(), "texts is missing", remedy, index=column.index)
    if not all(isinstance(each, str) for each in column):
        raise TypeError("texts holds values that are not text: give one description per item")


def content_scores(matrix, features):
    r"""Score items by how much they resemble what a user liked.

    Parameters
    ----------
    matrix : DataFrame
        Users by items: ratings, as `rating_matrix` makes it, or booleans, as `taken_matrix` does.
    features : DataFrame
        Items by features, such as `tfidf` makes it. It may hold items that nobody has rated; they
        are scored as well.

    Returns
    -------
    DataFrame
        Users by the items of `features`: the cosine between the item and the user's profile, from
        -1 to 1. It is missing for users without a profile: no ratings, or all the same.

    Notes
    -----
    The profile of user u is :math:`\sum_i (r_{ui} - \bar r_u)\,x_i`, with :math:`x_i` the features
    of item i: what was rated above one's own mean counts for, what was rated below it against. For
    booleans it is the sum of what was taken.

    Examples
    --------
    >>> about = tfidf(pd.Series({"x": "charts and data", "y": "scripts", "z": "data and scripts"}))
    >>> given = pd.DataFrame({"x": [5.0, 2.0], "y": [2.0, 4.0]}, index=["Ann", "Bob"])
    >>> content_scores(given, about).round(2)
            x     y     z
    Ann  0.71 -0.71  0.01
    Bob -0.71  0.71 -0.01
    """
    ratings = checked_matrix(matrix)
    array = checked_matrix(features, "features")
    _inputs.refuse(
        np.isnan(array).any(axis=1),
        "features is missing",
        "fill or leave out",
        index=features.index,
    )
    unknown = matrix.columns.difference(features.index, sort=False)
    if len(unknown):
        raise ValueError(
            f"features lacks {len(unknown):,} of the items of the matrix (first: {unknown[0]!r}): "
            "describe them, or leave them out of the matrix"
        )
    if holds_flags(matrix):
        weight = np.nan_to_num(ratings)
    else:
        n = np.maximum((~np.isnan(ratings)).sum(axis=1), 1)
        weight = np.nan_to_num(ratings - (np.nansum(ratings, axis=1) / n)[:, None])
    profile = weight @ array[features.index.get_indexer(matrix.columns)]
    length = np.outer(np.linalg.norm(profile, axis=1), np.linalg.norm(array, axis=1))
    product = profile @ array.T
    scores = np.divide(product, length, out=np.full_like(product, np.nan), where=length > 1e-12)
    return pd.DataFrame(scores, index=matrix.index, columns=features.index)
