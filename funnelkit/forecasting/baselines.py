"""The simplest forecasts, which every other has to beat: mean, naive, seasonal naive, drift.

Each is a *forecaster*: a function of the history (a Series on a calendar without gaps) and of the
horizon (how many dates ahead) that returns the forecast, dated. Formulas, also of the spread:
Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, 3rd ed., chapter 5.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = [
    "baseline_interval",
    "dates_ahead",
    "drift",
    "mean_forecast",
    "naive",
    "seasonal_naive",
]


def __dir__():
    return __all__


def mean_forecast(history, horizon):
    """Forecast every date by the mean of the history.

    Parameters
    ----------
    history : Series
        One number per date, in order and without gaps.
    horizon : int
        How many dates to forecast.

    Returns
    -------
    Series
        The forecast, in the unit of the history, on the dates that follow it.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=4)
    >>> mean_forecast(pd.Series([10, 20, 30, 40], index=days), 2).tolist()
    [25.0, 25.0]
    """
    history, dates = given(history, horizon)
    return pd.Series(history.mean(), index=dates)


def naive(history, horizon):
    """Forecast every date by the last value.

    Parameters
    ----------
    history : Series
        One number per date, in order and without gaps.
    horizon : int
        How many dates to forecast.

    Returns
    -------
    Series
        The forecast, in the unit of the history, on the dates that follow it.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=4)
    >>> naive(pd.Series([10, 20, 30, 40], index=days), 2).tolist()
    [40.0, 40.0]
    """
    history, dates = given(history, horizon)
    return pd.Series(history.iloc[-1], index=dates)


def seasonal_naive(history, horizon, *, period=None):
    """Forecast each date by the last value seen in the same place of the season.

    Parameters
    ----------
    history : Series
        One number per date, in order and without gaps.
    horizon : int
        How many dates to forecast.
    period : int, optional
        Dates in a season. By default 7 for daily data, 24 for hourly, and the year for monthly
        (12) and quarterly (4) data.

    Returns
    -------
    Series
        The forecast, in the unit of the history, on the dates that follow it.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=4)
    >>> seasonal_naive(pd.Series([10, 20, 30, 40], index=days), 3, period=2).tolist()
    [30.0, 40.0, 30.0]
    """
    history, dates = given(history, horizon)
    period = season_of(history, period)
    last = history.to_numpy()[-period:]
    return pd.Series(np.resize(last, len(dates)), index=dates)


def drift(history, horizon):
    """Forecast by the straight line through the first and the last value.

    Parameters
    ----------
    history : Series
        One number per date, in order and without gaps.
    horizon : int
        How many dates to forecast.

    Returns
    -------
    Series
        The forecast, in the unit of the history, on the dates that follow it.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=4)
    >>> drift(pd.Series([10, 20, 20, 40], index=days), 2).tolist()
    [50.0, 60.0]
    """
    history, dates = given(history, horizon)
    return pd.Series(history.iloc[-1] + _slope(history) * _ahead(dates), index=dates)


BASELINES = {"mean": mean_forecast, "naive": naive, "seasonal naive": seasonal_naive}


def baseline_interval(history, horizon, *, method="seasonal naive", period=None, confidence=0.8):
    """Return a baseline with the interval that its residuals give, if they are normal.

    Parameters
    ----------
    history : Series
        One number per date, in order and without gaps.
    horizon : int
        How many dates to forecast.
    method : {"mean", "naive", "seasonal naive", "drift"}
        The baseline.
    period : int, optional
        Dates in a season, as in `seasonal_naive`; read by "seasonal naive".
    confidence : float
        How much of what comes the interval is to hold.

    Returns
    -------
    DataFrame
        One row per date: `forecast`, `sd` (standard deviation of the error), `low`, `high`. The
        spread grows with the horizon as the method says: with the root of it for the naive
        forecast, once per season for the seasonal one.

    Notes
    -----
    The variance of the residuals is divided by their number, less one for the mean and less one
    more for the slope of the drift, as in the book. Programs differ here for the drift.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=5)
    >>> y = pd.Series([10, 14, 10, 14, 10], index=days)
    >>> baseline_interval(y, 4, method="naive")["sd"].tolist()
    [4.0, 5.656854249492381, 6.928203230275509, 8.0]
    """
    _inputs.one_of("method", method, (*BASELINES, "drift"))
    z = _inputs.confidence_quantile(confidence)
    history, dates = given(history, horizon)
    n, ahead = len(history), _ahead(dates)
    period = season_of(history, period) if method == "seasonal naive" else 1
    _need_residuals(n, period, method)
    if method == "mean":
        forecast = mean_forecast(history, horizon)
        sd = np.full(len(dates), history.std() * np.sqrt(1 + 1 / n))
    elif method == "drift":
        forecast = drift(history, horizon)
        residuals = history.diff().dropna() - _slope(history)
        variance = (residuals**2).sum() / (n - 2)
        sd = np.sqrt(variance * ahead * (1 + ahead / (n - 1)))
    else:
        forecast = seasonal_naive(history, horizon, period=period)
        residuals = history.diff(period).dropna()
        sd = np.sqrt((residuals**2).mean() * np.ceil(ahead / period))
    return pd.DataFrame(
        {"forecast": forecast, "sd": sd, "low": forecast - z * sd, "high": forecast + z * sd}
    )


def _need_residuals(n, period, method):
    least = {"drift": 3, "mean": 2}.get(method, period + 1)
    if n < least:
        raise ValueError(
            f"history has {n:,} rows, too few for a residual of the method {method!r}: give at "
            f"least {least:,}"
        )


def _ahead(dates):
    return np.arange(1, len(dates) + 1)


def _slope(history):
    return (history.iloc[-1] - history.iloc[0]) / (len(history) - 1)


# ---------------------------------------------------------------- for all forecasters


def given(history, horizon, *, at_least=2):
    """Return what every forecaster is given: a checked history, and the dates to forecast."""
    history = _inputs.on_calendar("history", history, at_least=at_least)
    return history, dates_ahead(history, horizon)


def dates_ahead(history, horizon):
    """Return the dates that follow a series.

    Parameters
    ----------
    history : Series
        One number per date, in order and without gaps.
    horizon : int
        How many dates.

    Returns
    -------
    DatetimeIndex

    Examples
    --------
    >>> days = pd.date_range("2026-06-29", periods=2)
    >>> dates_ahead(pd.Series([1, 2], index=days), 2).strftime("%d %B").tolist()
    ['01 July', '02 July']
    """
    horizon = _inputs.whole("horizon", horizon, at_least=1)
    index = _inputs.on_calendar("history", history).index
    try:
        return pd.date_range(index[-1], periods=horizon + 1, freq=index.freq)[1:]
    except (pd.errors.OutOfBoundsDatetime, OverflowError, MemoryError, ValueError):
        raise ValueError(f"horizon is {horizon:,}: the calendar does not reach so far") from None


# Dates in the usual season of a calendar.
SEASONS = {"D": 7, "h": 24, "MS": 12, "ME": 12, "3MS": 4, "3ME": 4}


def season_of(history, period):
    """Return the number of dates in a season, by default the usual one of the calendar.

    Parameters
    ----------
    history : Series
        One number per date, on a calendar with a frequency; at least one season.
    period : int or None
        The dates in a season, or None for the usual one.

    Returns
    -------
    int

    Examples
    --------
    >>> months = pd.date_range("2025-01-01", periods=24, freq="MS")
    >>> season_of(pd.Series(range(24), index=months), None)
    12
    """
    if period is None:
        every = history.index.freqstr
        if every not in SEASONS:
            raise ValueError(
                f"history has a date every {every!r}, which has no usual season: give period=, the "
                "number of dates in one"
            )
        period = SEASONS[every]
    return need_season(history, period)


def need_season(history, period):
    """Return the number of dates in a season, of which the history must hold one."""
    period = _inputs.whole("period", period, at_least=1)
    if len(history) < period:
        raise ValueError(
            f"history has {len(history):,} rows and a season {period:,}: give at least one whole "
            "season, or a shorter period"
        )
    return period
