"""The bootstrap by user: how far an estimate would wander in another sample."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["Bootstrap", "bootstrap", "one_number"]

# ---------------------------------------------------------------- bootstrap by user


@dataclass(frozen=True)
class Bootstrap:
    """A statistic, its bootstrap interval, and the replicates behind it.

    Attributes
    ----------
    estimate : float
        The statistic of the table itself.
    low, high : float
        Ends of the interval.
    replicates : array of float, read-only
        The statistic of each resample.
    confidence : float
        Confidence of the interval.
    users : int
        How many users were drawn for each resample.
    method : str
        How the ends were found; "percentile": quantiles of the replicates.
    """

    estimate: float
    low: float
    high: float
    replicates: np.ndarray = field(repr=False, compare=False)
    confidence: float = 0.95
    users: int = 0
    method: str = "percentile"

    @property
    def standard_error(self):
        """Standard deviation of the replicates."""
        return float(np.std(self.replicates, ddof=1))

    def __repr__(self):
        return (
            f"Bootstrap(estimate={self.estimate:.4g}, low={self.low:.4g}, high={self.high:.4g}, "
            f"confidence={self.confidence:g}, method={self.method!r}, "
            f"n_resamples={len(self.replicates)}, users={self.users})"
        )


def bootstrap(table, statistic, *, user="user_id", n_resamples=1000, confidence=0.95, seed=None):
    """Interval of any statistic of a table, by resampling its users.

    Rows of one user are not independent: who came back five times is one person, not five.
    So users are drawn, with replacement and as many as there are, and each brings all of their
    rows along. Drawing single rows instead gives intervals that are too narrow.

    Parameters
    ----------
    table : DataFrame
        One or several rows a user.
    statistic : callable
        Takes a table such as `table` and returns a number.
    user : str, default "user_id"
        Column, or name of the index, that says whose row it is.
    n_resamples : int, default 1000
        How many times to draw.
    confidence : float, default 0.95
        Confidence of the interval.
    seed : int or numpy.random.Generator, optional
        The same seed and table give the same replicates, in whatever order the users stand.

    Returns
    -------
    Bootstrap
        With `estimate`, `low`, `high`, `replicates` and `standard_error`.

    Raises
    ------
    TypeError
        If `table` is no DataFrame, or `statistic` does not return a number.
    ValueError
        If the user column is not there or has missing values, the table has no rows, there
        are fewer than 2 resamples, or the statistic is missing or infinite for the table or
        for some resamples.

    Notes
    -----
    In a resample the users are numbered 0, 1, 2 … in the place of their ids, and the rows too:
    a user drawn twice is two users there, also for a statistic that groups by user.

    The interval is the percentile interval: with 95 %, from the 2.5 % to the 97.5 % quantile
    of the replicates. It needs a few dozen users at the least; for a plain rate of few users,
    `wilson_interval` is better.

    References
    ----------
    B. Efron (1979), "Bootstrap methods: another look at the jackknife", *The Annals of
    Statistics* 7(1).

    Examples
    --------
    >>> users = pd.DataFrame({"user_id": range(1000), "converted": np.arange(1000) < 200})
    >>> rate = bootstrap(users, lambda table: table["converted"].mean(), seed=1)
    >>> rate  # doctest: +NORMALIZE_WHITESPACE
    Bootstrap(estimate=0.2, low=0.177, high=0.225, confidence=0.95, method='percentile',
              n_resamples=1000, users=1000)
    """
    _inputs.confidence_quantile(confidence)  # refuses what is no confidence
    if not isinstance(n_resamples, (int, np.integer)) or n_resamples < 2:
        raise ValueError(f"n_resamples is {n_resamples!r}: give a whole number of at least 2")
    draw, n_users = _user_sampler(table, user)
    estimate = one_number(statistic(table))
    if not np.isfinite(estimate):
        raise ValueError(f"the statistic of the table is {estimate}: it must be a finite number")
    rng = np.random.default_rng(seed)
    replicates = np.array([one_number(statistic(draw(rng))) for _ in range(n_resamples)])
    _inputs.refuse(
        ~np.isfinite(replicates),
        "the statistic is missing or infinite",
        "a small group may be absent from a resample; leave it out, or return a number then",
        unit="resamples",
    )
    replicates.setflags(write=False)
    tail = (1 - confidence) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return Bootstrap(estimate, float(low), float(high), replicates, float(confidence), n_users)


def _user_sampler(table, user):
    """Return a function that draws a table of as many users, and the number of users."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"table is a {type(table).__name__}: give a DataFrame")
    in_index = user not in table.columns and user == table.index.name
    if not in_index:
        _inputs.need_columns(table, [user], "table")
    if len(table) == 0:
        raise ValueError("the table has no rows: there is nobody to resample")
    ids = table.index if in_index else table[user]
    _inputs.refuse(ids.isna(), f"column {user!r} is missing", "fill or leave out these rows")
    codes, unique = pd.factorize(ids, sort=True)
    n = len(unique)
    rows = np.argsort(codes, kind="stable")  # the rows, user by user
    size = np.bincount(codes)
    first = np.cumsum(size) - size
    place = 0 if in_index else table.columns.get_loc(user)
    rest = table if in_index else table.drop(columns=user)

    def draw(rng):
        # floor(random * n), rather than rng.integers, whose stream may change between versions.
        drawn = np.floor(rng.random(n) * n).astype(np.intp)
        brings = size[drawn]
        number = np.repeat(np.arange(n), brings)
        nth_row = np.arange(len(number)) - np.repeat(np.cumsum(brings) - brings, brings)
        sample = rest.take(rows[first[drawn][number] + nth_row])
        if in_index:
            sample.index = pd.Index(number, name=user)
        else:
            sample.index = pd.RangeIndex(len(number))
            sample.insert(place, user, number)
        return sample

    return draw, n


def one_number(value):
    """Return what a statistic returned as a float."""
    if isinstance(value, (pd.Timedelta, np.timedelta64)):
        raise TypeError("the statistic is a duration: divide it by pd.Timedelta('1D'), say")
    if not isinstance(value, (bool, int, float, np.number, np.bool_)):
        raise TypeError(f"the statistic returned a {type(value).__name__}: it must be one number")
    return float(value)
