"""Experiments: planning a test, giving out the variants, reading the test out, and what misleads.

`design` says how many users a test needs and who gets which variant; `comparing` has the tests one
by one, of rates, means and the split of the users; `readout` puts them together into one call.
Looking before the end is in `sequential`, many questions in `multiple`, what was known before
(CUPED), ratios and clusters in `variance`, effects by week in `novelty`, exaggeration in `winners`.

In every table a row is a user, who is in one variant. Differences are B less A, and lifts are
relative to A. Input is checked as `funnelkit._inputs` says.
"""

from funnelkit.experiments.comparing import METRICS as _COMPARING
from funnelkit.experiments.comparing import (
    lift,
    lift_of_means,
    permutation_test,
    sample_ratio_test,
    two_proportion_test,
    welch_from_sums,
    welch_test,
)
from funnelkit.experiments.design import (
    assign,
    power,
    sample_size,
    sample_size_of_mean,
)
from funnelkit.experiments.multiple import adjusted_p_values, false_positive_risk
from funnelkit.experiments.novelty import effect_by
from funnelkit.experiments.readout import Readout, readout
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
    "Readout",
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
    "lift",
    "lift_of_means",
    "look_table",
    "permutation_test",
    "power",
    "ratio_metric",
    "readout",
    "sample_ratio_test",
    "sample_size",
    "sample_size_of_mean",
    "two_proportion_test",
    "welch_from_sums",
    "welch_test",
]


def __dir__():
    return __all__


METRICS = (*_COMPARING,)
