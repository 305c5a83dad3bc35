"""Forecasts: of the sales pipeline, month by month, and of queues."""

from funnelkit.forecasting import pipeline
from funnelkit.forecasting.accuracy import coverage, pinball_loss
from funnelkit.forecasting.pipeline import (
    after_age,
    competing_risks,
    month_shock,
    simulate_month,
    snapshot,
    stage_spells,
    velocity,
    weighted_pipeline,
)
from funnelkit.forecasting.queues import erlang_c, queue_waits

__all__ = [
    "METRICS",
    "after_age",
    "competing_risks",
    "coverage",
    "erlang_c",
    "month_shock",
    "pinball_loss",
    "queue_waits",
    "simulate_month",
    "snapshot",
    "stage_spells",
    "velocity",
    "weighted_pipeline",
]

METRICS = pipeline.METRICS


def __dir__():
    return __all__
