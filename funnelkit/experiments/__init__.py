"""Experiments: how many users a test needs, who gets which variant, and what came of it.

And what misleads: looking early, many questions, noise, clusters, novelty, winners.
"""

from funnelkit.experiments.design import assign
from funnelkit.experiments.multiple import METRICS as _MULTIPLE
from funnelkit.experiments.multiple import adjusted_p_values, false_positive_risk
from funnelkit.experiments.novelty import effect_by
from funnelkit.experiments.sequential import (
    always_valid_interval,
    always_valid_quantile,
    false_alarm_rate,
    look_table,
)
from funnelkit.experiments.variance import cuped, design_effect, ratio_metric
from funnelkit.experiments.winners import exaggeration

__all__ = [
    "METRICS",
    "adjusted_p_values",
    "always_valid_interval",
    "always_valid_quantile",
    "assign",
    "cuped",
    "design_effect",
    "effect_by",
    "exaggeration",
    "false_alarm_rate",
    "false_positive_risk",
    "look_table",
    "ratio_metric",
]


def __dir__():
    return __all__


METRICS = (*_MULTIPLE,)
