"""Whom an action changes: the effect of a mail series, and whom to send it to.

`recipients` keeps those who have consented, who alone were drawn; `average_effect` says what the
series does on average. `TwoModels`, `ClassTransformation` and `InteractionModel` predict what it
does to a person. `uplift_by_decile`, `qini_curve` and `uplift_curve` hold predictions against
people who entered later and were drawn as well; `qini_table` gives `qini_coefficient` and `auuc`
of several models with bootstrap intervals.

`expected_gain` turns rates into money, `next_best_action` chooses under a budget, and
`policy_value` says what such a choice would have brought. Input is checked as
`funnelkit._inputs` says; who was treated and who enrolled may be True and False or 1 and 0.
"""

from funnelkit.uplift.curves import METRICS as _CURVES
from funnelkit.uplift.curves import (
    auuc,
    qini_band,
    qini_coefficient,
    qini_curve,
    qini_table,
    uplift_by_decile,
    uplift_curve,
)
from funnelkit.uplift.models import ClassTransformation, InteractionModel, TwoModels
from funnelkit.uplift.policies import expected_gain, next_best_action, policy_value
from funnelkit.uplift.trial import METRICS as _TRIAL
from funnelkit.uplift.trial import average_effect, recipients

__all__ = [
    "ClassTransformation",
    "InteractionModel",
    "METRICS",
    "TwoModels",
    "auuc",
    "average_effect",
    "expected_gain",
    "next_best_action",
    "policy_value",
    "qini_band",
    "qini_coefficient",
    "qini_curve",
    "qini_table",
    "recipients",
    "uplift_by_decile",
    "uplift_curve",
]


def __dir__():
    return __all__


METRICS = (*_TRIAL, *_CURVES)
"""What the metrics of this subject mean, for the metric contract."""
