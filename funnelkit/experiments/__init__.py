"""Experiments: planning a test, giving out the variants, and reading the test out.

`design` says how many users a test needs and who gets which variant; `comparing` has the tests one
by one, of rates, means and the split of the users; `readout` puts them together into one call.

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
from funnelkit.experiments.readout import Readout, readout

__all__ = [
    "METRICS",
    "Readout",
    "assign",
    "lift",
    "lift_of_means",
    "permutation_test",
    "power",
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
