"""The bootstrap by user: how far an estimate would wander in another sample.

Input is checked as `funnelkit._inputs` says.
"""

import os
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["Bootstrap", "bootstrap", "one_number"]

ENOUGH_TO_TELL = 100  # resamples, all of which an honest statistic's estimate hardly ever leaves


def __dir__():
    return __all__


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

    @property
    def noise(self):
        r"""Monte-Carlo noise of `low` and `high`: how far each wobbles from seed to seed.

        More users make the interval narrower; more resamples make its ends steadier, and only
        that is what this says. Where a decision hangs on a distance of about this size, draw
        more: four times as many resamples halve it.

        Returns
        -------
        low, high : float
            Standard errors, in the unit of the statistic; missing where there are too few
            resamples to tell (fewer than 39 for a 95 % interval, 199 for 99 %).

        Notes
        -----
        Of :math:`B` replicates, the number below the true quantile :math:`q_p` is binomial with
        standard deviation :math:`\sqrt{B p (1 - p)}`. The standard error of an end is half the
        distance between the replicates that far below it and above it in their order.

        References
        ----------
        H. A. David and H. N. Nagaraja (2003), *Order Statistics*, 3rd edition, section 7.1, on
        intervals of a quantile from the binomial distribution.

        Examples
        --------
        >>> users = pd.DataFrame({"user_id": range(1000), "converted": np.arange(1000) < 200})
        >>> rate = bootstrap(users, lambda table: table["converted"].mean(), seed=1)
        >>> [round(end, 4) for end in rate.noise]
        [0.001, 0.001]
        """
        tail = (1 - self.confidence) / 2
        one_deviation = np.sqrt(tail * (1 - tail) / len(self.replicates))
        if one_deviation > tail:
            return float("nan"), float("nan")
        around = [tail - one_deviation, tail + one_deviation]
        below, above = np.quantile(self.replicates, around)
        lower, upper = np.quantile(self.replicates, [1 - around[1], 1 - around[0]])
        return float(above - below) / 2, float(upper - lower) / 2

    def __repr__(self):
        return (
            f"Bootstrap(estimate={self.estimate:.4g}, low={self.low:.4g}, high={self.high:.4g}, "
            f"confidence={self.confidence:g}, method={self.method!r}, "
            f"n_resamples={len(self.replicates)}, users={self.users})"
        )


def bootstrap(table, statistic, *, user="user_id", n_resamples=2000, confidence=0.95, seed=None):
    """Interval of any statistic of a table, by resampling its users.

    Rows of one user are not independent: someone who came back five times is one person, not
    five. So users are drawn, with replacement and as many as there are, and each brings all of
    their rows along. Drawing single rows instead gives intervals that are too narrow.

    Parameters
    ----------
    table : DataFrame
        One or several rows per user.
    statistic : callable
        Takes a table such as `table` and returns a number.
    user : str, default "user_id"
        Column, or name of the index, that says whose row it is.
    n_resamples : int, default 2000
        How many times to draw. `Bootstrap.noise` says what so many leave to chance.
    confidence : float, default 0.95
        Confidence of the interval.
    seed : int or numpy.random.Generator, optional
        The same seed and table give the same replicates, whatever the order of the rows.

    Returns
    -------
    Bootstrap
        With `estimate`, `low`, `high`, `replicates`, `standard_error` and `noise`.

    Raises
    ------
    ValueError
        If the statistic is missing or infinite for the table or for some resamples, or if the
        statistic of the table lies outside of all resamples: it is then not a statistic that
        drawing users anew can say anything about.

    Notes
    -----
    In a resample the users are numbered 0, 1, 2 … in the place of their ids, and so are the
    rows: a user drawn twice is two users there, also for a statistic that groups by user.

    The interval is the percentile interval: with 95 %, from the 2.5 % to the 97.5 % quantile
    of the replicates. It needs a few dozen users at the least; for a plain rate of few users,
    `wilson_interval` is better.

    Work that takes more than five seconds shows a progress bar, in a terminal and in JupyterLab.

    References
    ----------
    B. Efron (1979), "Bootstrap methods: another look at the jackknife", *The Annals of
    Statistics* 7(1).

    Examples
    --------
    >>> users = pd.DataFrame({"user_id": range(1000), "converted": np.arange(1000) < 200})
    >>> rate = bootstrap(users, lambda table: table["converted"].mean(), seed=1)
    >>> rate  # doctest: +NORMALIZE_WHITESPACE
    Bootstrap(estimate=0.2, low=0.176, high=0.226, confidence=0.95, method='percentile',
              n_resamples=2000, users=1000)
    """
    _inputs.confidence_quantile(confidence)  # refuses what is not a confidence
    _inputs.need_callable("statistic", statistic, "a function of a table that returns a number")
    n_resamples = _inputs.whole("n_resamples", n_resamples, at_least=2, at_most=10**7)
    rng = _inputs.random_generator(seed)
    draw, n_users = _user_sampler(table, user)
    estimate = one_number(statistic(table))
    if not np.isfinite(estimate):
        raise ValueError(f"the statistic of the table is {estimate}: let it return a finite number")
    replicates = np.array([one_number(statistic(draw(rng))) for _ in _progress(n_resamples)])
    _need_sound_replicates(replicates, estimate)
    replicates.setflags(write=False)
    tail = (1 - confidence) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return Bootstrap(estimate, float(low), float(high), replicates, float(confidence), n_users)


def _progress(times):
    """Count up, with a bar where somebody watches and it takes longer than five seconds.

    In a notebook a bar that is gone leaves an empty red strip, so most work is to be without.
    """
    from tqdm import tqdm

    # Jupyter's server tells a kernel its notebook; a kernel that a test or a program has started
    # does not have it, so that a stored notebook does not depend on how fast the machine was.
    in_notebook = "JPY_SESSION_NAME" in os.environ
    return tqdm(
        range(times), unit="resample", delay=5, leave=False, disable=False if in_notebook else None
    )


def _need_sound_replicates(replicates, estimate):
    _inputs.refuse(
        ~np.isfinite(replicates),
        "the statistic is missing or infinite",
        "a small group may be absent from a resample; leave it out, or return a number then",
        unit="resamples",
    )
    least, most = replicates.min(), replicates.max()
    rounding = 1e-9 * max(abs(least), abs(most))
    outside = estimate < least - rounding or estimate > most + rounding
    if outside and len(replicates) >= ENOUGH_TO_TELL:
        raise ValueError(
            f"the statistic of the table, {estimate:.4g}, is outside of all {len(replicates):,} "
            f"resamples ({least:.4g} to {most:.4g}): let it look neither at the ids of users, "
            "which are numbered anew in a resample, nor at how many values are distinct"
        )


def _user_sampler(table, user):
    """Return a function that draws a table of as many users, and the number of users."""
    _inputs.need_table(table)
    in_index = isinstance(user, str) and user == table.index.name and user not in table.columns
    if not in_index:
        _inputs.need_columns(table, [user])
    _inputs.need_rows(table, "table", "there is nobody to resample")
    ids = _inputs.ids(table.index.to_series() if in_index else table[user], user)
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


def one_number(value, what="the statistic"):
    """Return what a function returned as a float."""
    if isinstance(value, (pd.Timedelta, np.timedelta64)):
        raise TypeError(f"{what} is a duration: divide it by pd.Timedelta('1D'), say")
    if not isinstance(value, (bool, np.bool_, int, float, np.integer, np.floating)):
        returned = _inputs.name_of_type(value)
        raise TypeError(f"{what} returned {returned}: let it return one number")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{what} is too large a number: let it return less") from None
