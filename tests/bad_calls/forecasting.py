"""Valid calls of forecasting: every parameter has a value."""

import numpy as np
import pandas as pd

from funnelkit import forecasting

DAYS = pd.date_range("2026-01-05", periods=70)
VISITS = pd.Series([20.0, 22, 21, 20, 18, 10, 9] * 10 + np.arange(70) % 3, index=DAYS)
KNOWN = pd.DataFrame(
    {"holiday": DAYS.day == 1, "spend": 10.0 + np.arange(70) % 4}, index=DAYS
).reindex(pd.date_range("2026-01-05", periods=77))
KNOWN = KNOWN.assign(holiday=KNOWN["holiday"] == 1, spend=KNOWN["spend"].fillna(10.0))
ACTUAL, FORECAST = VISITS.iloc[-7:], VISITS.iloc[-14:-7].set_axis(DAYS[-7:])
RESULTS = pd.DataFrame(
    {"method": ["a", "b"] * 3, "actual": [3.0, 3, 5, 5, 4, 4], "forecast": [2.0, 3, 4, 5, 6, 4]}
)
PATHS = pd.DataFrame(np.arange(33.0).reshape(3, 11), DAYS[:3], [f"path {i}" for i in range(11)])
GIVEN = {"history": VISITS, "horizon": 7}
FITTED = {"period": 7, "trend": True}


def last_week(history, horizon):
    return np.resize(history.iloc[-7:], horizon)


MODEL = forecasting.CalendarRegression(lags=2, harmonics=0, log=True)
FITTED_MODEL = forecasting.CalendarRegression(lags=2, harmonics=0).fit(VISITS, KNOWN)


CALLS = [
    (forecasting.mean_forecast, GIVEN),
    (forecasting.naive, GIVEN),
    (forecasting.drift, GIVEN),
    (forecasting.dates_ahead, GIVEN),
    (forecasting.seasonal_naive, GIVEN | {"period": 7}),
    (
        forecasting.baseline_interval,
        GIVEN | {"method": "seasonal naive", "period": 7, "confidence": 0.8},
    ),
    (forecasting.smoothing_steps, {"history": VISITS, "alpha": 0.2, "level": 20.0}),
    (forecasting.simple_smoothing, GIVEN | {"alpha": 0.2, "level": 20.0}),
    (
        forecasting.holt_winters,
        GIVEN
        | {"alpha": 0.3, "beta": 0.1, "gamma": 0.1, "level": 18.0, "trend": 0.1}
        | {"season": [2.0, 4, 3, 2, 0, -6, -5]},
    ),
    (forecasting.fit_smoothing, {"history": VISITS} | FITTED),
    (forecasting.ets, GIVEN | FITTED),
    (forecasting.ets_paths, GIVEN | FITTED | {"paths": 20, "seed": 1}),
    (forecasting.origins, {"rows": 20, "first": 10, "horizon": 3, "step": 2}),
    (
        forecasting.backtest,
        {"series": VISITS, "forecaster": last_week, "horizon": 7, "first": 35}
        | {"step": 7, "window": 28},
    ),
    (forecasting.mae, {"actual": ACTUAL, "forecast": FORECAST}),
    (forecasting.rmse, {"actual": ACTUAL, "forecast": FORECAST}),
    (
        forecasting.mase,
        {"actual": ACTUAL, "forecast": FORECAST, "history": VISITS.iloc[:-7], "period": 7},
    ),
    (
        forecasting.rmsse,
        {"actual": ACTUAL, "forecast": FORECAST, "history": VISITS.iloc[:-7], "period": 7},
    ),
    (
        forecasting.accuracy_table,
        {"results": RESULTS, "history": VISITS, "period": 7, "by": "method"},
    ),
    (forecasting.pinball_loss, {"actual": ACTUAL, "forecast": FORECAST, "quantile": 0.9}),
    (forecasting.coverage, {"actual": ACTUAL, "low": FORECAST - 3, "high": FORECAST + 3}),
    (forecasting.path_intervals, {"paths": PATHS, "confidence": 0.8}),
    (forecasting.path_total, {"paths": PATHS, "confidence": 0.8}),
    (forecasting.calendar_table, {"dates": DAYS, "harmonics": 2}),
    (forecasting.lag_table, {"series": VISITS, "lags": [1, 7]}),
    (
        forecasting.newey_west,
        {"outcome": VISITS, "columns": KNOWN[["spend"]].iloc[:70], "lags": 3}
        | {"small_sample": True},
    ),
    (MODEL.fit, {"history": VISITS, "known": KNOWN}),
    (FITTED_MODEL.predict, {"horizon": 7}),
    (FITTED_MODEL.paths, {"horizon": 7, "paths": 20, "seed": 1}),
]

# One column may be given as it is.
ACCEPTED = {(forecasting.newey_west, "columns"): ("a column for a table",)}
