"""Forecasts: of demand, day by day, with what each is worth.

A forecaster is a function of a history (a Series on a calendar without gaps) and a horizon (how
many dates ahead); it returns the forecast, dated. `backtest` takes any.
"""

from funnelkit.forecasting import accuracy
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
    "backtest",
    "baseline_interval",
    "calendar_table",
    "coverage",
    "dates_ahead",
    "drift",
    "ets",
    "ets_paths",
    "fit_smoothing",
    "holt_winters",
    "lag_table",
    "mae",
    "mase",
    "mean_forecast",
    "naive",
    "newey_west",
    "origins",
    "path_intervals",
    "path_total",
    "pinball_loss",
    "rmse",
    "rmsse",
    "seasonal_naive",
    "simple_smoothing",
    "smoothing_steps",
]

METRICS = accuracy.METRICS


def __dir__():
    return __all__
