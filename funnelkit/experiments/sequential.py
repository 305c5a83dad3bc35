"""Looking at a test before its end: what it costs, and intervals that allow it.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.experiments.arms import Moments, need_two, two_arms, welch

__all__ = ["always_valid_interval", "always_valid_quantile", "false_alarm_rate", "look_table"]


def __dir__():
    return __all__


def always_valid_quantile(users, *, tuned_for, confidence=0.95):
    r"""How many standard errors an always-valid interval reaches to either side.

    It takes the place of 1.96 where a test is looked at more than once: the interval holds the
    true difference at *all* looks together with the given probability, however many there are.

    Parameters
    ----------
    users : int, array or Series of int
        Users of both variants so far.
    tuned_for : int
        Users of both variants at which the interval is to be narrowest relative to the plain
        one. To be chosen before the first look, and kept.
    confidence : float, default 0.95
        Probability that no interval misses.

    Returns
    -------
    float, array or Series
        A multiple of the standard error. At ``users == tuned_for`` it is 3.04 for 95 %.

    Notes
    -----
    With :math:`\alpha` = 1 − confidence, :math:`n` users and :math:`n^*` = `tuned_for`:

    .. math:: c_n = \sqrt{\frac{n\rho^2 + 1}{n\rho^2} \ln\frac{n\rho^2 + 1}{\alpha^2}}, \qquad
              \rho^2 = \frac{-2\ln\alpha + \ln(1 - 2\ln\alpha)}{n^*}

    This is Robbins' normal mixture. It is exact for normal data whose variance is known. With an
    estimated variance it holds for large samples: begin to look at some hundred users, not at ten.

    References
    ----------
    S. R. Howard, A. Ramdas, J. McAuliffe & J. Sekhon (2021), *Annals of Statistics* 49(2),
    1055–1080. I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy & A. Ramdas (2024),
    *Annals of Statistics* 52(6), 2613–2640.

    Examples
    --------
    >>> always_valid_quantile(np.array([500, 5000, 50_000]), tuned_for=5000).round(2)
    array([3.86, 3.04, 3.24])
    """
    n, like_input = _users_so_far(users)
    return like_input(_quantile(n, tuned_for, confidence))


def always_valid_interval(difference, standard_error, users, *, tuned_for, confidence=0.95):
    """Interval of a difference that holds at all looks, so that a test may be stopped at any.

    Parameters
    ----------
    difference : number, array or Series
        Treatment less control at each look (or a lift: then its standard error).
    standard_error : number, array or Series
        Of the difference at each look; above 0.
    users, tuned_for, confidence
        As for `always_valid_quantile`. Looks come in the order of time.

    Returns
    -------
    tuple of two floats, arrays or Series
        Lower and upper ends: the difference, `always_valid_quantile` standard errors to either
        side.

    Examples
    --------
    Conversion is 20 % for 1,000 users of A and 25 % for 1,000 of B, in a test tuned for 4,000.

    >>> error = (0.2 * 0.8 / 1000 + 0.25 * 0.75 / 1000) ** 0.5
    >>> low, high = always_valid_interval(0.05, error, 2000, tuned_for=4000)
    >>> print(f"{low:.3f} to {high:.3f}")
    -0.007 to 0.107
    """
    _inputs.aligned(difference=difference, standard_error=standard_error, users=users)
    middle, error = _inputs.finite("difference", difference), _standard_errors(standard_error)
    n, like_users = _users_so_far(users)
    if not middle.shape == error.shape == n.shape:
        _inputs.need_same_length(
            "looks",
            difference=np.atleast_1d(middle),
            standard_error=np.atleast_1d(error),
            users=np.atleast_1d(n),
        )
        raise ValueError(
            "difference, standard_error and users are numbers and lists: give all "
            "three for one look, or all three for each of the looks"
        )
    index = next((g.index for g in (difference, standard_error) if isinstance(g, pd.Series)), None)
    like_input = like_users if index is None else _inputs.dress(index)
    half = _quantile(n, tuned_for, confidence) * error
    return like_input(middle - half), like_input(middle + half)


def _quantile(n, tuned_for, confidence):
    """Return the multiple of the standard error at n users."""
    target = _inputs.whole("tuned_for", tuned_for, at_least=2)
    _inputs.confidence_quantile(confidence)  # refuses what is not between 0 and 1
    log_alpha = np.log(1 - confidence)
    information = n * (-2 * log_alpha + np.log(1 - 2 * log_alpha)) / target  # n times rho squared
    return np.sqrt((1 + 1 / information) * (np.log(information + 1) - 2 * log_alpha))


def _users_so_far(users):
    """Return the users at each look, which can only become more, and how to dress a result."""
    (n,), like_input = _inputs.counts(users=users)
    index = _inputs.index_of(users)
    _inputs.refuse(n < 2, "users is below 2", "leave out looks at nobody", n, index=index)
    if n.ndim:
        back = np.concatenate([[False], np.diff(n) < 0])
        remedy = "looks come in the order of time, and users so far only grow: sort them"
        _inputs.refuse(back, "users falls", remedy, n, index=index, unit="looks")
    return n, like_input


def _standard_errors(value):
    error = _inputs.finite("standard_error", value)
    remedy = "a metric that does not vary has no interval; give errors above 0"
    index = _inputs.index_of(value)
    _inputs.refuse(error <= 0, "standard_error is not above 0", remedy, error, index=index)
    return error


# ---------------------------------------------------------------- a test, look by look


def look_table(
    users,
    metric,
    at,
    *,
    tuned_for,
    control="A",
    variant="variant",
    user="user_id",
    time="known_at",
    confidence=0.95,
):
    """Difference at each look at a test, with the plain and the always-valid interval.

    Parameters
    ----------
    users : DataFrame
        One row per user.
    metric : str
        Column of numbers or booleans.
    at : list of dates
        The looks, in order. A date without a time means the end of that day.
    control : str, default "A"
        The variant that the other is compared with.
    tuned_for : int
        As for `always_valid_quantile`.
    variant : str, default "variant"
        Column of the two variants.
    user : str, default "user_id"
        Column of the ids: nobody may be in the table twice. A table without a column "user_id" is
        taken as it is, and so is any with ``user=None``.
    time : str, default "known_at"
        Column of the moment from which on a user's metric is known: the exposure, plus the time
        that each user is given.
    confidence : float, default 0.95
        Confidence of the plain interval, and of all always-valid ones together.

    Returns
    -------
    DataFrame
        One row per look: `users` (of both variants), `difference` (of the means, the other variant
        less the control), `ci_low` and `ci_high` (Welch: right if this is the only look),
        `always_low` and `always_high` (right at all looks together).

    Raises
    ------
    ValueError
        Also where a look comes before each variant has two users, or before the metric varies.

    Examples
    --------
    >>> users = pd.DataFrame({"variant": ["A", "B"] * 4, "known_at": "2026-05-01",
    ...                       "spend": [10, 12, 14, 15, 9, 13, 11, 20]})
    >>> users.loc[4:, "known_at"] = "2026-05-02"
    >>> days = ["2026-05-01", "2026-05-02"]
    >>> look_table(users, "spend", days, tuned_for=8).round(1).iloc[:, :4]
    ... # doctest: +NORMALIZE_WHITESPACE
                users  difference  ci_low  ci_high
    look
    2026-05-01      4         1.5   -10.1     13.1
    2026-05-02      8         4.0    -1.4      9.4
    """
    arms = two_arms(users, [metric], control=control, variant=variant, user=user, more=[time])
    when = _inputs.times(users[time], time).to_numpy()
    looks = _looks(at)
    seen = [_moments_at(arm, metric, when[arm.rows], looks) for arm in arms]
    rows = []
    for a, b in zip(*seen, strict=True):
        result, n = welch(a, b, confidence=confidence), a.n + b.n
        half = _quantile(np.float64(n), tuned_for, confidence) * result["standard_error"]
        rows.append(
            {
                "users": n,
                "difference": result["difference"],
                "ci_low": result["ci_low"],
                "ci_high": result["ci_high"],
                "always_low": result["difference"] - half,
                "always_high": result["difference"] + half,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(pd.to_datetime(looks).normalize(), name="look"))


def _moments_at(arm, metric, when, looks):
    """Return the moments of an arm's users whose metric is known at each look."""
    order = np.argsort(when, kind="stable")
    middle = arm.values[metric].mean()  # sums of squares are exact enough only around it
    values = arm.values[metric][order] - middle
    sums = np.concatenate([[0.0], values.cumsum()])
    squares = np.concatenate([[0.0], (values**2).cumsum()])
    moments = []
    for n in np.searchsorted(when[order], np.array(looks, when.dtype), side="right"):
        need_two(n, arm.name, metric)
        mean = sums[n] / n
        moments.append(Moments(middle + mean, max(squares[n] / n - mean**2, 0) * n / (n - 1), n))
    return moments


def _looks(at):
    """Return the moments of the looks, which have to be in order."""
    column = _inputs.times(_inputs.as_series(at, "at"), "at")
    _inputs.need_rows(column, "at", "give at least one day on which to look")
    back = (column.diff() <= _inputs.NO_TIME).to_numpy()
    remedy = "give each look once, in the order of time: sorted(set(at))"
    _inputs.refuse(back, "at is not after the look before it", remedy, column, unit="looks")
    return [_inputs.end_of_data("at", each) for each in column]


# ---------------------------------------------------------------- what looking costs


def false_alarm_rate(
    looks, *, method="fixed", users=10_000, tests=20_000, confidence=0.95, seed=None
):
    """Share of tests without any effect in which some look finds one, by simulation.

    Parameters
    ----------
    looks : int
        How many looks, at equal distances; the last when all users are in.
    method : {"fixed", "always-valid"}
        Which interval is looked at: the plain one, made for a single look, or the always-valid
        one, tuned for `users`.
    users : int, default 10_000
        Users of both variants at the last look. Without effect on the plain interval's alarms.
    tests : int, default 20_000
        How many tests to simulate.
    confidence : float, default 0.95
        Confidence of the intervals.
    seed : int or Generator, optional
        For results that can be repeated.

    Returns
    -------
    float
        A fraction. With one look and "fixed" it is near 1 − confidence.

    References
    ----------
    P. Armitage, C. K. McPherson & B. C. Rowe (1969), *Journal of the Royal Statistical
    Society A* 132(2), 235–244, compute it exactly: 0.083 with 2 looks, 0.142 with 5, 0.193 with 10.

    Examples
    --------
    >>> round(false_alarm_rate(5, seed=1), 2)
    0.14
    """
    looks = _inputs.whole("looks", looks, at_most=1000)
    users = _inputs.whole("users", users, at_least=2 * looks)
    tests = _inputs.whole("tests", tests, at_most=1_000_000)
    _inputs.one_of("method", method, ["fixed", "always-valid"])
    n = users * np.arange(1, looks + 1) / looks
    limit = np.full(looks, _inputs.confidence_quantile(confidence))
    if method == "always-valid":
        limit = _quantile(n, users, confidence)
    rng = _inputs.random_generator(seed)
    sums, alarmed = np.zeros(tests), np.zeros(tests, dtype=bool)
    for k in range(looks):
        sums += rng.standard_normal(tests)
        alarmed |= np.abs(sums) / np.sqrt(k + 1) > limit[k]
    return float(alarmed.mean())
