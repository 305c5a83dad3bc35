"""Bandits: choosing among variants while learning which is best, and judging it from a log.

A *policy* says which variant the next users get: `Thompson`, `EpsilonGreedy`, or `ABTest`, which
tests and then commits. `play` lets it do so in many simulated worlds, with late outcomes, rates
that change, batches; `regret_table` says what it lost, `regret_difference` compares two.
`thompson_shares` gives the shares of the next batch.

`off_policy_value` turns to logs: what another policy would have brought, by weighting what the one
that ran has left (`importance_weights`), and how little the weights may leave
(`effective_sample_size`). Input is checked as `funnelkit._inputs` says.
"""

from funnelkit.bandits.off_policy import METRICS as _OFF_POLICY
from funnelkit.bandits.off_policy import (
    effective_sample_size,
    importance_weights,
    off_policy_value,
)
from funnelkit.bandits.play import METRICS as _PLAY
from funnelkit.bandits.play import play, regret_difference, regret_table
from funnelkit.bandits.policies import ABTest, EpsilonGreedy, Known, Thompson, thompson_shares

__all__ = [
    "ABTest",
    "EpsilonGreedy",
    "Known",
    "METRICS",
    "Thompson",
    "effective_sample_size",
    "importance_weights",
    "off_policy_value",
    "play",
    "regret_difference",
    "regret_table",
    "thompson_shares",
]


def __dir__():
    return __all__


METRICS = (*_PLAY, *_OFF_POLICY)
