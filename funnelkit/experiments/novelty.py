"""An effect by the week in which users came, or by any other group.

Input is checked as `funnelkit._inputs` says.
"""

import pandas as pd

from funnelkit import _inputs
from funnelkit.experiments.arms import two_arms, welch

__all__ = ["effect_by"]


def __dir__():
    return __all__


def effect_by(
    users, metric, by, *, control="A", variant="variant", user="user_id", confidence=0.95
):
    """Difference of two variants within each group, such as the week of the test.

    Parameters
    ----------
    users : DataFrame
        One row per user; or per user and day since the exposure, with `by` that day.
    metric : str
        Column of numbers or booleans.
    by : str
        Column of the groups: something that the variant cannot have changed.
    control : str, default "A"
        The variant that the other is compared with.
    variant : str, default "variant"
        Column of the two variants.
    user : str, default "user_id"
        Column of the ids: nobody may be in one group twice. A table without a column "user_id" is
        taken as it is, and so is any with ``user=None``.
    confidence : float, default 0.95
        Confidence of each group's interval, *not* of all together.

    Returns
    -------
    DataFrame
        One row per group, in their order: `users` (of both variants), `control` and `other`
        (means), `difference` (the other less the control), `ci_low`, `ci_high`, `p_value` (Welch),
        `standard_error`, `df`.

    Examples
    --------
    >>> users = pd.DataFrame({"variant": ["A", "B"] * 4, "week": [1] * 4 + [2] * 4,
    ...                       "spend": [10, 15, 12, 17, 11, 12, 13, 14]})
    >>> effect_by(users, "spend", "week")["difference"].to_dict()
    {1: 5.0, 2: 1.0}
    """
    control_arm, other_arm = two_arms(
        users, [metric], control=control, variant=variant, user=user, within=by, more=[by]
    )
    groups = _inputs.group_labels(users[by], by)
    codes, names = pd.factorize(groups, sort=True)
    rows = []
    for code, name in enumerate(names):
        arms = [arm.take(codes[arm.rows] == code) for arm in (control_arm, other_arm)]
        for arm in arms:
            if len(arm.rows) < 2:
                raise ValueError(
                    f"group {name!r} of {by!r} has {len(arm.rows)} users of variant {arm.name!r}: "
                    "leave it out, or make larger groups"
                )
        result = welch(*(arm.moments(metric) for arm in arms), confidence=confidence)
        rows.append({"users": sum(len(arm.rows) for arm in arms), **result})
    return pd.DataFrame(rows, index=pd.Index(names, name=by))
