"""What a channel really brings: geo tests, carry-over and saturation, budgets.

A channel is switched off in some regions: `difference_in_differences` says what that changed, with
an interval clustered by region, `permutation_test` the same without a formula. Before a test
`detectable_lift` says what it could show; before it is believed, `weekly_gaps` and
`placebo_in_time` look at the weeks in which nothing was changed.

Where budgets were varied at random, `ResponseModel` fits carry-over (`geometric_adstock`) and
saturation (`hill`) of all channels together. `returns` reads average and marginal returns off the
curves, `allocate` shares a budget out, and `budget_advice` says how much of that is certain. Input
is checked as `funnelkit._inputs` says.
"""

from funnelkit.incrementality.budgets import METRICS as _BUDGETS
from funnelkit.incrementality.budgets import allocate, budget_advice, returns
from funnelkit.incrementality.curves import (
    ExponentialCurve,
    HillCurve,
    geometric_adstock,
    hill,
)
from funnelkit.incrementality.fitting import ResponseModel
from funnelkit.incrementality.geo import METRICS as _GEO
from funnelkit.incrementality.geo import (
    detectable_lift,
    difference_in_differences,
    permutation_test,
    placebo_in_time,
    weekly_gaps,
)

__all__ = [
    "ExponentialCurve",
    "HillCurve",
    "METRICS",
    "ResponseModel",
    "allocate",
    "budget_advice",
    "detectable_lift",
    "difference_in_differences",
    "geometric_adstock",
    "hill",
    "permutation_test",
    "placebo_in_time",
    "returns",
    "weekly_gaps",
]


def __dir__():
    return __all__


METRICS = (*_GEO, *_BUDGETS)
