"""Rates, their intervals, the bootstrap, and money.

A rate is a fraction in [0, 1]: so many *converted* out of so many *visitors*. `rates` computes it
and puts an interval around it; `resampling` does so for any statistic, by user; `money` sets what
came in against what was spent. `contract` says for each metric of the course what is counted,
over whom, in which unit and within which window.

Input is checked as `funnelkit._inputs` says.
"""

from funnelkit.contract import contract, example_events
from funnelkit.metrics.money import METRICS as _MONEY
from funnelkit.metrics.money import (
    break_even_rate,
    cac,
    cost_per,
    marginal_returns,
    payback_months,
    roas,
    roi_on_margin,
    roi_on_revenue,
    sensitivity,
)
from funnelkit.metrics.rates import METRICS as _RATES
from funnelkit.metrics.rates import (
    cohort_rate,
    conversion_rate,
    difference,
    period_rate,
    rates,
    wald_interval,
    wilson_interval,
)
from funnelkit.metrics.resampling import Bootstrap, bootstrap

__all__ = [
    "Bootstrap",
    "METRICS",
    "bootstrap",
    "break_even_rate",
    "cac",
    "cohort_rate",
    "contract",
    "conversion_rate",
    "cost_per",
    "difference",
    "example_events",
    "marginal_returns",
    "payback_months",
    "period_rate",
    "rates",
    "roas",
    "roi_on_margin",
    "roi_on_revenue",
    "sensitivity",
    "wald_interval",
    "wilson_interval",
]

METRICS = (*_RATES, *_MONEY)


def __dir__():
    return __all__
