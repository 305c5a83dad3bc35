"""Standard errors that are smaller, or right: CUPED, ratio metrics, clusters.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.experiments.arms import Moments, moments_of, two_arms, welch

__all__ = ["cuped", "design_effect", "ratio_metric"]

UNBALANCED = 1e-5  # as a p-value: of 100,000 honest tests one has a covariate like this


def __dir__():
    return __all__


def cuped(
    users,
    metric,
    covariate,
    *,
    control="A",
    theta="all",
    variant="variant",
    user="user_id",
    measured=None,
    exposed=None,
    confidence=0.95,
):
    r"""Difference of two means, plain and with what was known before the test taken out (CUPED).

    Parameters
    ----------
    users : DataFrame
        One row per user.
    metric : str
        Column of the metric: numbers or booleans.
    covariate : str
        Column of something known of each user *before* the exposure, such as the same metric in
        the weeks before.
    control : str, default "A"
        The variant that the other is compared with.
    theta : {"all", "within"}
        From whom the slope θ is taken: from all users together, or from the deviations from the
        mean of each user's own variant (which is what a regression of the metric on variant and
        covariate does). With many users they hardly differ.
    variant : str, default "variant"
        Column of the two variants.
    user : str, default "user_id"
        Column of the ids: nobody may be in the table twice. A table without a column "user_id" is
        taken as it is, and so is any with ``user=None``.
    measured, exposed : str, optional
        Columns of times: when the covariate was complete, and when the user was exposed. Given
        both, no covariate may be later than the exposure.
    confidence : float, default 0.95
        Confidence of the intervals.

    Returns
    -------
    DataFrame
        Rows "plain" and "cuped"; `control` and `other` (means), `difference` (the other less the
        control), `ci_low`, `ci_high`, `p_value` (Welch), `standard_error`, `df`.
        ``attrs["theta"]`` is the slope, ``attrs["theta_from"]`` the convention.

    Raises
    ------
    ValueError
        Also where the covariate differs between the variants as no covariate from before the
        exposure would (p below 0.00001), unless `measured` and `exposed` show that it is one.
        What the variant has changed by little passes, so give the columns of times if there are
        any.

    Notes
    -----
    Each user's metric :math:`y` becomes :math:`y - \theta (x - \bar x)`, with :math:`\theta =
    \operatorname{cov}(x, y) / \operatorname{var}(x)` and :math:`\bar x` the mean of all users. The
    variance falls to :math:`1 - r^2` of what it was, :math:`r` being the correlation.

    References
    ----------
    A. Deng, Y. Xu, R. Kohavi & T. Walker (2013), *WSDM*, 123–132.

    Examples
    --------
    >>> users = pd.DataFrame({"variant": list("AAAABBBB"), "before": [2, 4, 6, 8, 3, 5, 8, 12],
    ...                       "spend": [5, 6, 9, 10, 6, 9, 11, 16]})
    >>> table = cuped(users, "spend", "before")
    >>> table[["difference", "standard_error"]].round(3)  # doctest: +NORMALIZE_WHITESPACE
           difference  standard_error
    plain       3.000           2.415
    cuped       0.865           0.425
    """
    _inputs.one_of("theta", theta, ["all", "within"])
    arms = two_arms(users, [metric, covariate], control=control, variant=variant, user=user)
    _need_known_before(users, covariate, measured, exposed)
    plain = welch(*(arm.moments(metric) for arm in arms), confidence=confidence)
    before = [arm.moments(covariate) for arm in arms]
    if not any(each.variance for each in before):
        raise ValueError(
            f"column {covariate!r} is the same for all users, so it says nothing about them: take "
            "another covariate, or compare without one"
        )
    if measured is None:
        _need_balance(covariate, welch(*before))
    slope = _slope(*arms, metric, covariate, theta)
    middle = np.average([m.mean for m in before], weights=[m.n for m in before])
    adjusted = [_adjusted(arm, metric, covariate, slope, middle) for arm in arms]
    table = pd.DataFrame([plain, welch(*adjusted, confidence=confidence)], index=["plain", "cuped"])
    table.attrs = {"theta": slope, "theta_from": theta}
    return table


def _adjusted(arm, metric, covariate, slope, middle):
    values = arm.values[metric] - slope * (arm.values[covariate] - middle)
    return moments_of(values, arm.name, metric)


def _slope(control, other, metric, covariate, theta):
    """Return θ, from all users or from the deviations within the variants."""
    pairs = [(arm.values[covariate], arm.values[metric]) for arm in (control, other)]
    if theta == "all":
        pairs = [tuple(np.concatenate(each) for each in zip(*pairs, strict=True))]
    sides = [(x - x.mean(), y) for x, y in pairs]
    return float(sum(x @ y for x, y in sides) / sum(x @ x for x, _ in sides))


def _need_known_before(users, covariate, measured, exposed):
    """Refuse a covariate measured after the exposure, where the table says when it was."""
    if (measured is None) != (exposed is None):
        raise ValueError("measured and exposed go together: give both columns of times, or neither")
    if measured is None:
        return
    _inputs.need_columns(users, [measured, exposed], "users")
    late = _inputs.times(users[measured], measured) > _inputs.times(users[exposed], exposed)
    what = f"column {covariate!r} was measured after the exposure"
    remedy = (
        "the variant may have changed it, and with it the effect would be taken out: give what was "
        "known before"
    )
    _inputs.refuse(late, what, remedy, users[measured].to_numpy(object), index=users.index)


def _need_balance(covariate, result):
    if result["p_value"] < UNBALANCED:
        raise ValueError(
            f"column {covariate!r} differs between the variants ({result['control']:.4g} and "
            f"{result['other']:.4g}, p {result['p_value']:.1g}), as nothing known before the "
            "exposure would: it was measured too late, or the users were not assigned at random. "
            "Give what was known before, with its columns of times, measured= and exposed="
        )


# ---------------------------------------------------------------- ratios, clusters


def ratio_metric(
    users, top, bottom, *, control="A", variant="variant", user="user_id", confidence=0.95
):
    r"""Compare two variants by a ratio of sums, such as orders per session: by the delta method.

    The users were assigned at random, so it is users that are independent; a user's sessions are
    not. Also for clusters: give one row per cluster.

    Parameters
    ----------
    users : DataFrame
        One row per user (or per cluster): whatever was assigned.
    top, bottom : str
        Columns whose sums are divided, such as orders and sessions. `bottom` is not negative.
    control : str, default "A"
        The variant that the other is compared with.
    variant : str, default "variant"
        Column of the two variants.
    user : str, default "user_id"
        Column of the ids: nobody may be in the table twice. A table without a column "user_id" is
        taken as it is, and so is any with ``user=None``.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    Series
        `control` and `other` (the ratios), `difference` (the other less the control), `ci_low`,
        `ci_high`, `p_value` (Welch), `standard_error`, `df`.

    Notes
    -----
    With the means :math:`\bar y` and :math:`\bar x` of :math:`n` users and :math:`R = \bar y /
    \bar x`, the variance of :math:`R` is nearly that of the mean of :math:`(y - R x) / \bar x`:

    .. math:: \operatorname{var}(R) \approx
              \frac{s_y^2 - 2 R\,s_{xy} + R^2 s_x^2}{n\,\bar x^2}

    References
    ----------
    A. Deng, U. Knoblich & J. Lu (2018), *KDD*, 233–242.

    Examples
    --------
    >>> users = pd.DataFrame({"variant": list("AAABBB"), "orders": [0, 1, 2, 1, 2, 2],
    ...                       "sessions": [2, 4, 4, 3, 3, 4]})
    >>> ratio_metric(users, "orders", "sessions").round(3).drop("df").to_dict()
    ... # doctest: +NORMALIZE_WHITESPACE
    {'control': 0.3, 'other': 0.5, 'difference': 0.2, 'ci_low': -0.243, 'ci_high': 0.643,
     'p_value': 0.266, 'standard_error': 0.152}
    """
    arms = two_arms(users, [top, bottom], control=control, variant=variant, user=user)
    sizes = _inputs.finite(bottom, users[bottom])
    remedy = "the bottom of a ratio is a number of sessions, visits or the like"
    _inputs.refuse(sizes < 0, f"column {bottom!r} is negative", remedy, sizes, index=users.index)
    result = welch(*(_ratio(arm, top, bottom) for arm in arms), confidence=confidence)
    return pd.Series(result)


def _ratio(arm, top, bottom):
    """Return the ratio of a variant, and the variance of what each user adds to it."""
    y, x = arm.values[top], arm.values[bottom]
    mean = arm.moments(bottom).mean
    if not mean > 0:
        raise ValueError(
            f"column {bottom!r} is 0 for all users of variant {arm.name!r}: there is nothing to "
            "divide by"
        )
    ratio = y.mean() / mean
    return Moments(float(ratio), float(((y - ratio * x) / mean).var(ddof=1)), len(y))


def design_effect(cluster_size, correlation):
    r"""Factor by which clusters raise the variance of a mean.

    Parameters
    ----------
    cluster_size : number, array or Series
        Members of each cluster, all equally many; 1 or more.
    correlation : float
        Between two members of one cluster, from 0 to 1.

    Returns
    -------
    float, array or Series
        :math:`1 + (m - 1)\,\rho`. A z value falls by its root.

    References
    ----------
    L. Kish (1965), *Survey Sampling*, chapter 5.

    Examples
    --------
    Sessions come in fives, and two sessions of a user correlate by 0.2.

    >>> effect = design_effect(5, 0.2)
    >>> print(f"{effect:.1f}; z falls from 2.68 to {2.68 / effect ** 0.5:.3f}")
    1.8; z falls from 2.68 to 1.998
    """
    size = _inputs.finite("cluster_size", cluster_size)
    index = _inputs.index_of(cluster_size)
    remedy = "a cluster has one member or more"
    _inputs.refuse(size < 1, "cluster_size is below 1", remedy, size, index=index)
    rho = _inputs.number("correlation", correlation, at_least=0, at_most=1)
    return _inputs.dress(index)(1 + (size - 1) * rho)
