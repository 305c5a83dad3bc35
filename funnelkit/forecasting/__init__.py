"""Forecasts: of demand, day by day, and of the sales pipeline, with what each is worth.

A forecaster is a function of a history (a Series on a calendar without gaps) and a horizon (how
many dates ahead); it returns the forecast, dated. `backtest` takes any.
"""

from funnelkit.forecasting import accuracy, pipeline
from funnelkit.forecasting.accuracy import (
    accuracy_table,
    coverage,
    mae,
    mase,
    pinball_loss,
    rmse,
    rmsse,
)
from funnelkit.forecasting.backtest import backtest, origins
from funnelkit.forecasting.baselines import (
    baseline_interval,
    dates_ahead,
    drift,
    mean_forecast,
    naive,
    seasonal_naive,
)
from funnelkit.forecasting.intervals import path_intervals, path_total
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
from funnelkit.forecasting.regression import (
    CalendarRegression,
    calendar_table,
    lag_table,
    newey_west,
)
from funnelkit.forecasting.smoothing import (
    ets,
    ets_paths,
    fit_smoothing,
    holt_winters,
    simple_smoothing,
    smoothing_steps,
)

__all__ = [
    "CalendarRegression",
    "METRICS",
    "accuracy_table",
    "after_age",
    "backtest",
    "baseline_interval",
    "calendar_table",
    "competing_risks",
    "coverage",
    "dates_ahead",
    "drift",
    "erlang_c",
    "ets",
    "ets_paths",
    "fit_smoothing",
    "holt_winters",
    "lag_table",
    "mae",
    "mase",
    "mean_forecast",
    "month_shock",
    "naive",
    "newey_west",
    "origins",
    "path_intervals",
    "path_total",
    "pinball_loss",
    "queue_waits",
    "rmse",
    "rmsse",
    "seasonal_naive",
    "simple_smoothing",
    "simulate_month",
    "smoothing_steps",
    "snapshot",
    "stage_spells",
    "velocity",
    "weighted_pipeline",
]

METRICS = (*accuracy.METRICS, *pipeline.METRICS)


def __dir__():
    return __all__
