"""The two variants of a test: their users, and the difference of their means.

Input is checked as `funnelkit._inputs` says.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = [
    "Arm",
    "Moments",
    "moments_of",
    "need_two",
    "need_users_once",
    "two_arms",
    "welch",
]


def __dir__():
    return __all__


class Moments(NamedTuple):
    """Mean, variance (divided by n − 1) and number of users of a variant."""

    mean: float
    variance: float
    n: int


class Arm(NamedTuple):
    """The users of one variant: its name, their places in the table, and their values."""

    name: str
    rows: np.ndarray
    values: dict

    def take(self, chosen):
        """Return the arm with those of its users for whom `chosen` is True."""
        return Arm(self.name, self.rows[chosen], {k: v[chosen] for k, v in self.values.items()})

    def moments(self, column):
        """Return mean, variance and number of the values of a column."""
        return moments_of(self.values[column], self.name, column)


def moments_of(values, name, column):
    """Return mean, variance and number of values; a variance needs two.

    Parameters
    ----------
    values : array of float
        The values of a variant.
    name, column : str
        Variant and column, for the message.

    Returns
    -------
    Moments

    Examples
    --------
    >>> moments_of(np.array([1.0, 3.0]), "A", "spend")
    Moments(mean=2.0, variance=2.0, n=2)
    """
    need_two(len(values), name, column)
    return Moments(float(values.mean()), float(values.var(ddof=1)), len(values))


def need_two(n, name, column):
    """Refuse a variant with too few users for a variance.

    Parameters
    ----------
    n : int
        Its users.
    name, column : str
        Variant and column, for the message.

    Examples
    --------
    >>> need_two(2, "A", "spend")
    """
    if n < 2:
        raise ValueError(
            f"variant {name!r} has {n} users with {column!r}: an interval needs two or more in "
            "each variant"
        )


def need_users_once(ids, name, codes, variant):
    """Refuse a user in two variants, and one with several rows.

    Parameters
    ----------
    ids : Series
        The user of each row.
    name, variant : str
        Columns of the users and of the variants, for the message.
    codes : array of int
        The variant of each row, as a number.

    Examples
    --------
    >>> need_users_once(pd.Series(["u1", "u2"]), "user_id", [0, 1], "variant")
    """
    if _surely_once_each(ids):
        return
    _inputs.ids(ids, name)
    if ids.is_unique:
        return
    by_user = pd.Series(codes).groupby(pd.factorize(ids)[0])
    first, last = (by_user.transform(which).to_numpy() for which in ("min", "max"))
    remedy = (
        "take the rows of one test; if they are, find out why, and leave these users out of every "
        "arm, "
        f"table[table.groupby({name!r})[{variant!r}].transform('nunique') == 1]"
    )
    what = f"the user in column {name!r} is in two variants"
    _inputs.refuse(first != last, what, remedy, ids.to_numpy(object), index=ids.index)
    remedy = (
        "the test counts users; drop copies of a row, and of visits take the sum of the numbers "
        f"and the max of the booleans, table.groupby([{name!r}, {variant!r}], as_index=False)"
        ".agg(...)"
    )
    what = f"the user in column {name!r} has an earlier row"
    again = ids.duplicated().to_numpy()
    _inputs.refuse(again, what, remedy, ids.to_numpy(object), index=ids.index)


def _surely_once_each(ids):
    """Say whether whole numbers are seen at a glance to be different; False is not a no."""
    if ids.dtype.kind not in "iu" or not isinstance(ids.dtype, np.dtype) or not len(ids):
        return False
    numbers = ids.to_numpy()
    low, high = int(numbers.min()), int(numbers.max())
    if high - low >= 4 * len(numbers):
        return False
    return np.bincount((numbers - low).astype(np.int64, copy=False)).max() == 1


def two_arms(users, columns, *, control="A", variant="variant", user=None, more=(), within=None):
    """Return the control and the other variant, with columns of numbers or booleans.

    Parameters
    ----------
    users : DataFrame
        One row per user.
    columns : list of str
        What is to be compared.
    control : str, default "A"
        The variant that the other is compared with.
    variant : str
        Column of the variants, of which there have to be two.
    user : str, optional
        Column of the ids, of which none may occur twice; "user_id" only where there is one.
    more : list of str
        Columns that have to be there besides.
    within : str, optional
        Column of groups: then each id may occur once in each group, in one variant.

    Returns
    -------
    tuple of two Arm
        The control first.

    Examples
    --------
    >>> users = pd.DataFrame({"variant": ["A", "B", "A"], "spend": [5, 9, 7]})
    >>> control, other = two_arms(users, ["spend"])
    >>> other.name, control.values["spend"].tolist()
    ('B', [5.0, 7.0])
    """
    if user == "user_id" and user not in getattr(users, "columns", [user]):
        user = None
    more = [*(each for each in (user, within) if each is not None), *more]
    _inputs.need_columns(users, [variant, *columns, *more], "users")
    _inputs.need_rows(users, "users", "there is nobody to compare")
    labels = _inputs.group_labels(users[variant], variant)
    names = list(labels.unique())
    if control not in names:
        found = ", ".join(repr(each) for each in names[:5])
        raise ValueError(f"control {control!r} is not a variant: {variant!r} has {found}")
    if len(names) != 2:
        raise ValueError(
            f"column {variant!r} has {len(names)} variants: compare two at a time, "
            f"users[users[{variant!r}].isin([control, other])]"
        )
    (other,) = (each for each in names if each != control)
    values = {column: _numbers(users[column], column) for column in columns}
    is_control = (labels == control).to_numpy(bool)
    if user is not None:
        _need_users_once_within(users, user, is_control, variant, within)
    return _arm(control, is_control, values), _arm(other, ~is_control, values)


def _need_users_once_within(users, user, codes, variant, within):
    """Refuse a user in two variants, and one with several rows in one group."""
    if within is None:
        return need_users_once(users[user], user, codes, variant)
    ids = _inputs.ids(users[user], user)
    groups = _inputs.group_labels(users[within], within)
    again = pd.DataFrame({"id": ids, "group": groups}).duplicated().to_numpy()
    what = f"the user in column {user!r} has an earlier row with the same {within!r}"
    remedy = f"give one row per user and {within!r}"
    _inputs.refuse(again, what, remedy, ids.to_numpy(object), index=users.index)
    first = ~ids.duplicated().to_numpy()
    elsewhere = pd.Series(codes).groupby(pd.factorize(ids)[0]).transform("nunique").to_numpy() > 1
    what = f"the user in column {user!r} is in two variants"
    remedy = "take the rows of one test, and leave out of every arm who is in two"
    _inputs.refuse(elsewhere & first, what, remedy, ids.to_numpy(object), index=users.index)
    return None


def _arm(name, chosen, values):
    rows = np.flatnonzero(chosen)
    return Arm(name, rows, {column: array[rows] for column, array in values.items()})


def _numbers(column, name):
    """Return a column as numbers: yes and no count as 1 and 0."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return _inputs.booleans(column, name).to_numpy(float)
    return _inputs.finite(name, column)


def welch(control, other, *, confidence=0.95):
    r"""Difference of two means with Welch's interval: the other variant less the control.

    Parameters
    ----------
    control, other : Moments
        Mean, variance and number of users of each variant.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    dict
        `control` and `other` (the means), `difference`, `ci_low`, `ci_high`, `p_value`
        (two-sided), `standard_error`, `df` (degrees of freedom).

    References
    ----------
    B. L. Welch (1947), *Biometrika* 34, 28–35; as `scipy.stats.ttest_ind(equal_var=False)`.

    Examples
    --------
    >>> result = welch(Moments(0.41, 15.21, 3407), Moments(0.7, 38.44, 3461))
    >>> print(f"{result['difference']:.2f}, {result['ci_low']:.3f} to {result['ci_high']:.3f}")
    0.29, 0.045 to 0.535
    """
    from scipy.special import stdtr, stdtrit

    _inputs.confidence_quantile(confidence)
    parts = np.array([each.variance / each.n for each in (control, other)])
    error = float(np.sqrt(parts.sum()))
    if not error > 0:
        raise ValueError(
            f"the metric has no variance: it is {control.mean:g} for all of A and {other.mean:g} "
            "for all of B: there is nothing to test; choose another metric"
        )
    df = float(parts.sum() ** 2 / (parts**2 / [control.n - 1, other.n - 1]).sum())
    gap, half = other.mean - control.mean, float(stdtrit(df, (1 + confidence) / 2)) * error
    return {
        "control": control.mean,
        "other": other.mean,
        "difference": gap,
        "ci_low": gap - half,
        "ci_high": gap + half,
        "p_value": 2 * float(stdtr(df, -abs(gap) / error)),
        "standard_error": error,
        "df": df,
    }
