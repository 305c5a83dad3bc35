"""Past and future: what a recommender may learn from, and what it is judged by.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.recommenders.matrices import checked_pairs

__all__ = ["leave_last_out", "rows_from_the_future", "time_cut"]


def __dir__():
    return __all__


def leave_last_out(ratings, *, user="customer_id", item="course_id", time="rated_at"):
    """Keep the last row of each user for the test, and train on all others.

    Parameters
    ----------
    ratings : DataFrame
        One row per user and item, with its time.
    user, item, time : str
        The columns of `ratings`.

    Returns
    -------
    train, test : DataFrame
        The rows, in their order. A user with a single row is in `train` only; how many there are
        is in ``test.attrs["users_left_out"]``. At equal times the item that comes last by its id
        is the last.

    Notes
    -----
    This split leaks: of what *other* users did after a user's last row, most is in `train`
    (`rows_from_the_future` counts it). `time_cut` does not leak (Ji, Sun, Zhang & Li 2023).

    Examples
    --------
    >>> given = pd.DataFrame({"customer_id": ["a", "a", "b"], "course_id": ["x", "y", "x"],
    ...                       "rated_at": ["2026-01-05", "2026-02-01", "2026-03-01"]})
    >>> train, test = leave_last_out(given)
    >>> test["course_id"].tolist(), len(train), test.attrs["users_left_out"]
    (['y'], 2, 1)
    """
    moments = _timed(ratings, user, item, time)
    order = pd.DataFrame(
        {
            "user": ratings[user].to_numpy(),
            "time": moments.to_numpy(),
            "item": ratings[item].to_numpy(),
        }
    )
    order = order.sort_values(["time", "item"], kind="stable")
    last = np.zeros(len(ratings), bool)
    last[order.index[~order.duplicated("user", keep="last")]] = True
    rows = ratings[user].map(ratings[user].value_counts()).to_numpy()
    chosen = last & (rows > 1)
    test = ratings[chosen].copy()
    test.attrs["users_left_out"] = int((last & (rows == 1)).sum())
    return ratings[~chosen].copy(), test


def time_cut(ratings, at, *, user="customer_id", item="course_id", time="rated_at"):
    """Train on what happened before one moment, and test on what happened from then on.

    Parameters
    ----------
    ratings : DataFrame
        One row per user and item, with its time.
    at : str, date or Timestamp
        The moment; a row at this moment belongs to the test.
    user, item, time : str
        The columns of `ratings`.

    Returns
    -------
    train, test : DataFrame
        The rows, in their order. In ``test.attrs``: `users_without_past`, the users of the test who
        are not in `train`, and `items_without_past`.

    Raises
    ------
    ValueError
        If all rows are before the moment, or none is.

    Examples
    --------
    >>> given = pd.DataFrame({"customer_id": ["a", "a", "b"], "course_id": ["x", "y", "x"],
    ...                       "rated_at": ["2026-01-05", "2026-02-01", "2026-03-01"]})
    >>> train, test = time_cut(given, "2026-02-01")
    >>> len(train), len(test), test.attrs["users_without_past"]
    (1, 2, 1)
    """
    moments = _timed(ratings, user, item, time)
    at = _inputs.moment("at", at)
    before = np.asarray(moments < at)
    if before.all() or not before.any():
        raise ValueError(
            f"at is {at:%Y-%m-%d}, and {before.sum():,} of {len(before):,} rows are before it: "
            f"choose a moment between {moments.min():%Y-%m-%d} and {moments.max():%Y-%m-%d}"
        )
    train, test = ratings[before].copy(), ratings[~before].copy()
    for column, name in ((user, "users_without_past"), (item, "items_without_past")):
        test.attrs[name] = int((~pd.Series(test[column].unique()).isin(train[column])).sum())
    return train, test


def rows_from_the_future(train, test, *, user="customer_id", item="course_id", time="rated_at"):
    """Say for each row of a test which share of the training rows was not yet there.

    Parameters
    ----------
    train, test : DataFrame
        As `leave_last_out` or `time_cut` splits them.
    user, item, time : str
        The columns of both.

    Returns
    -------
    Series
        One number per row of `test`, with its index: the share of the rows of `train` that are
        later. 0 everywhere after a `time_cut`.

    Examples
    --------
    >>> given = pd.DataFrame({"customer_id": ["a", "a", "b"], "course_id": ["x", "y", "x"],
    ...                       "rated_at": ["2026-01-05", "2026-02-01", "2026-03-01"]})
    >>> rows_from_the_future(*leave_last_out(given)).tolist()
    [0.5]
    """
    past = np.sort(_timed(train, user, item, time, "train").to_numpy("datetime64[ns]"))
    asked = _timed(test, user, item, time, "test").to_numpy("datetime64[ns]")
    later = len(past) - np.searchsorted(past, asked, side="right")
    return pd.Series(later / len(past), index=test.index, name="later")


def _timed(table, user, item, time, what="ratings"):
    """Return the times of a table of users and items."""
    checked_pairs(table, user, item, what, more=[time])
    return _inputs.times(table[time], time)
