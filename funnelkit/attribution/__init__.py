"""Attribution: which channel gets the credit for a conversion, by rule, Markov chain or Shapley.

`cut_journeys` makes journeys of a table of touches: it cuts at each conversion and keeps those that
did not convert. `rule_credit` shares each conversion over its own touches. `count_paths` counts
equal journeys, and on these counts work `markov_credit` (what would be lost if a channel led
nowhere; the chain itself: `transitions`) and `shapley_credit`. `channel_returns` sets the credit
beside the cost.

All of them share out the journeys that were *seen*. None knows what would have happened without a
channel: that takes an experiment. Input is checked as `funnelkit._inputs` says.
"""

from funnelkit.attribution.journeys import count_paths, cut_journeys
from funnelkit.attribution.markov import METRICS as _MARKOV
from funnelkit.attribution.markov import markov_credit, transitions
from funnelkit.attribution.rules import METRICS as _RULES
from funnelkit.attribution.rules import RULES, channel_returns, rule_credit
from funnelkit.attribution.shapley import METRICS as _SHAPLEY
from funnelkit.attribution.shapley import shapley_credit, shapley_values

__all__ = [
    "METRICS",
    "RULES",
    "channel_returns",
    "count_paths",
    "cut_journeys",
    "markov_credit",
    "rule_credit",
    "shapley_credit",
    "shapley_values",
    "transitions",
]


def __dir__():
    return __all__


METRICS = (*_RULES, *_MARKOV, *_SHAPLEY)
