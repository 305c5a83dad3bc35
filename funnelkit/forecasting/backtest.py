"""The rolling-origin backtest: each forecast is made from what was known on its own day."""

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["backtest", "origins"]


def __dir__():
    return __all__


def origins(rows, *, first, horizon, step=1):
    """Return how many rows are known at each origin of a backtest.

    Parameters
    ----------
    rows : int
        Rows of the series.
    first : int
        Rows known at the first origin.
    horizon : int
        How many rows are forecast; all of them must be in the series.
    step : int
        Rows from one origin to the next.

    Returns
    -------
    list of int

    Examples
    --------
    >>> origins(20, first=10, horizon=3, step=2)
    [10, 12, 14, 16]
    """
    whole = {"rows": rows, "first": first, "horizon": horizon, "step": step}
    rows, first, horizon, step = (_inputs.whole(k, v, at_least=1) for k, v in whole.items())
    if first + horizon > rows:
        raise ValueError(
            f"first is {first:,} and horizon {horizon:,}, and the series has {rows:,} rows: the "
            "first forecast would end after the data. Give a shorter horizon, or begin earlier"
        )
    return list(range(first, rows - horizon + 1, step))


def backtest(series, forecaster, *, horizon, first, step=1, window=None):
    """Forecast again and again, each time from the history up to an origin that moves on.

    Parameters
    ----------
    series : Series
        One number per date, in order and without gaps.
    forecaster : callable
        A function of the history (a Series) and the horizon (int) that returns one number per date
        ahead: a Series with those dates, or a plain array. It is given a copy of the past alone.
    horizon : int
        How many dates are forecast from each origin.
    first : int
        Rows known at the first origin.
    step : int
        Rows from one origin to the next. With `step` equal to `horizon` no date is forecast twice.
    window : int, optional
        Of the history, only the last so many rows are given. Without it, all.

    Returns
    -------
    DataFrame
        One row per origin and date: `origin` (last date known), `ahead` (1 for the next date),
        `date`, `actual`, `forecast`, and `error`, actual less forecast.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=6)
    >>> y = pd.Series([3, 5, 4, 6, 5, 7], index=days)
    >>> def last_value(history, horizon):
    ...     return [history.iloc[-1]] * horizon
    >>> backtest(y, last_value, horizon=2, first=3)[["ahead", "actual", "forecast"]].head(2)
       ahead  actual  forecast
    0      1     6.0       4.0
    1      2     5.0       4.0
    """
    series = _inputs.on_calendar("series", series)
    _inputs.need_callable("forecaster", forecaster, "a function of the history and the horizon")
    window = len(series) if window is None else _inputs.whole("window", window, at_least=1)
    parts = []
    for known in origins(len(series), first=first, horizon=horizon, step=step):
        history = series.iloc[max(0, known - window) : known].copy()
        ahead = series.iloc[known : known + horizon]
        forecast = _checked(forecaster(history, horizon), ahead.index, history.index[-1])
        parts.append(
            pd.DataFrame(
                {
                    "origin": history.index[-1],
                    "ahead": np.arange(1, len(ahead) + 1),
                    "date": ahead.index,
                    "actual": ahead.to_numpy(),
                    "forecast": forecast,
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    return table.assign(error=table["actual"] - table["forecast"])


def _checked(forecast, dates, origin):
    """Return a forecast as an array, if it is one number for each of the dates."""
    where = f"the forecast made on {origin:%Y-%m-%d}"
    forecast = _inputs.as_series(forecast, where)
    if len(forecast) != len(dates):
        raise ValueError(
            f"{where} has {len(forecast):,} values and the horizon is {len(dates):,}: let the "
            "forecaster return one value per date ahead"
        )
    dated = isinstance(forecast.index, pd.DatetimeIndex)
    if dated and not (forecast.index == dates).all():
        raise ValueError(
            f"{where} is for {forecast.index[0]:%Y-%m-%d} to {forecast.index[-1]:%Y-%m-%d}, not "
            f"for {dates[0]:%Y-%m-%d} to {dates[-1]:%Y-%m-%d}: let the forecaster return the "
            "dates that follow its history"
        )
    return _inputs.finite(where, forecast)
