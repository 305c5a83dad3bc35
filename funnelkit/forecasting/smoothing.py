"""Exponential smoothing: a level, a trend and a season that follow the errors of the forecast.

In the form of the errors, with the error $e_t$ of the forecast that was made one date before:

    level  l = l + b + alpha * e      trend  b = b + beta * e      season  s = s + gamma * e

Source: Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, 3rd ed., chapter 8.
"""

import warnings

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.forecasting.baselines import given, season_of

__all__ = [
    "ets",
    "ets_paths",
    "fit_smoothing",
    "holt_winters",
    "simple_smoothing",
    "smoothing_steps",
]


def __dir__():
    return __all__


def smoothing_steps(history, *, alpha, level=None):
    """Return simple exponential smoothing step by step.

    Parameters
    ----------
    history : Series
        One number per date, in order and without gaps.
    alpha : float
        Share of each error by which the level follows it, from 0 to 1.
    level : float, optional
        The level before the first date. Without it, the first value.

    Returns
    -------
    DataFrame
        One row per date: `forecast`, made one date before; `error`, actual less forecast;
        `level`, after the date.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=3)
    >>> smoothing_steps(pd.Series([10, 20, 10], index=days), alpha=0.5)["level"].tolist()
    [10.0, 15.0, 12.5]
    """
    history = _inputs.on_calendar("history", history)
    alpha = _inputs.number("alpha", alpha, at_least=0, at_most=1)
    level = history.iloc[0] if level is None else _inputs.number("level", level)
    rows = []
    for actual in history:
        error = actual - level
        rows.append((level, error, level + alpha * error))
        level = rows[-1][-1]
    return pd.DataFrame(rows, index=history.index, columns=["forecast", "error", "level"])


def simple_smoothing(history, horizon, *, alpha, level=None):
    """Forecast every date by the last level of simple exponential smoothing.

    Parameters
    ----------
    history : Series
        One number per date, in order and without gaps.
    horizon : int
        How many dates to forecast.
    alpha : float
        Share of each error by which the level follows it, from 0 to 1.
    level : float, optional
        The level before the first date. Without it, the first value.

    Returns
    -------
    Series
        The forecast, in the unit of the history, on the dates that follow it.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=3)
    >>> simple_smoothing(pd.Series([10, 20, 10], index=days), 2, alpha=0.5).tolist()
    [12.5, 12.5]
    """
    history, dates = given(history, horizon)
    last = smoothing_steps(history, alpha=alpha, level=level)["level"].iloc[-1]
    return pd.Series(last, index=dates)


def holt_winters(history, horizon, *, alpha, beta=0.0, gamma=0.0, level, trend=0.0, season):
    """Forecast by level, trend and an additive season whose start is given.

    Parameters
    ----------
    history : Series
        One number per date, in order and without gaps.
    horizon : int
        How many dates to forecast.
    alpha, beta, gamma : float
        Shares of each error by which level, trend and season follow it, from 0 to 1.
    level, trend : float
        Level and trend per date before the first date.
    season : sequence of float
        What each place of the season adds, that of the first date first.

    Returns
    -------
    Series
        The forecast, in the unit of the history, on the dates that follow it.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=3)
    >>> y = pd.Series([1, 3, 2], index=days)
    >>> start = dict(level=0.0, season=[1.1, 3.1, 2.1])
    >>> holt_winters(y, 3, alpha=0.5, gamma=0.5, **start).round(4).tolist()
    [0.9625, 2.9875, 2.0]
    """
    history, dates = given(history, horizon)
    parts = {"alpha": alpha, "beta": beta, "gamma": gamma}
    alpha, beta, gamma = (
        _inputs.number(name, value, at_least=0, at_most=1) for name, value in parts.items()
    )
    level, trend = _inputs.number("level", level), _inputs.number("trend", trend)
    season = list(_inputs.finite("season", _inputs.as_series(season, "season")))
    _inputs.need_rows(season, "season", "give what each place of the season adds")
    for actual in history:
        error = actual - (level + trend + season[0])
        level, trend = level + trend + alpha * error, trend + beta * error
        season = [*season[1:], season[0] + gamma * error]
    ahead = np.arange(1, len(dates) + 1)
    return pd.Series(level + trend * ahead + np.resize(season, len(dates)), index=dates)


def fit_smoothing(history, *, period=None, trend=False):
    """Find the shares and the start of exponential smoothing by maximum likelihood.

    Parameters
    ----------
    history : Series
        One number per date, in order and without gaps; at least two seasons and five dates.
    period : int, optional
        Dates in a season, 1 for none; by default as for `seasonal_naive`.
    trend : bool
        Whether the level has a trend of its own.

    Returns
    -------
    dict
        `alpha`, `beta`, `gamma`, `level`, `trend`, `season`: what `holt_winters` takes, for a
        history that begins on the same date. So the fit can be kept while the history grows.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=28)
    >>> visits = pd.Series([20, 22, 21, 20, 18, 9, 10] * 4, index=days)
    >>> found = fit_smoothing(visits)
    >>> holt_winters(visits, 7, **found).round().astype(int).tolist()
    [20, 22, 21, 20, 18, 9, 10]
    """
    history = _inputs.on_calendar("history", history)
    period = season_of(history, period)
    fit = _fit(history, period, trend)
    found = dict(zip(fit.model.param_names, np.asarray(fit.params), strict=True))
    # statsmodels counts its places backwards: the last is that of the first date.
    season = [found.get(f"initial_seasonal.{k}", 0.0) for k in reversed(range(period))]
    return {
        "alpha": float(found["smoothing_level"]),
        "beta": float(found.get("smoothing_trend", 0.0)),
        "gamma": float(found.get("smoothing_seasonal", 0.0)),
        "level": float(found["initial_level"]),
        "trend": float(found.get("initial_trend", 0.0)),
        "season": [float(each) for each in season],
    }


def ets(history, horizon, *, period=None, trend=False):
    """Forecast by exponential smoothing fitted by maximum likelihood, with an additive season.

    Parameters
    ----------
    history : Series
        One number per date, in order and without gaps; at least two seasons and five dates.
    horizon : int
        How many dates to forecast.
    period : int, optional
        Dates in a season, 1 for none; by default as for `seasonal_naive`.
    trend : bool
        Whether the level has a trend of its own.

    Returns
    -------
    Series
        The forecast, in the unit of the history, on the dates that follow it.

    Notes
    -----
    Fitted by statsmodels' `ETSModel`. Its older `ExponentialSmoothing` forecasts one place of each
    season wrongly in statsmodels 0.15.0.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=28)
    >>> visits = pd.Series([20, 22, 21, 20, 18, 9, 10] * 4, index=days)
    >>> ets(visits, 7).round().astype(int).tolist()
    [20, 22, 21, 20, 18, 9, 10]
    """
    history, dates = given(history, horizon)
    fit = _fit(history, period, trend)
    return pd.Series(np.asarray(fit.forecast(len(dates))), index=dates)


def ets_paths(history, horizon, *, period=None, trend=False, paths=1000, seed=None):
    """Simulate how the dates ahead might go, by exponential smoothing with normal errors.

    Parameters
    ----------
    history : Series
        One number per date, in order and without gaps; at least two seasons and five dates.
    horizon : int
        How many dates to simulate.
    period : int, optional
        Dates in a season, 1 for none; by default as for `seasonal_naive`.
    trend : bool
        Whether the level has a trend of its own.
    paths : int
        How many.
    seed : int or numpy.random.Generator, optional
        For the same paths again.

    Returns
    -------
    DataFrame
        One row per date, one column per path, in the unit of the history.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=28)
    >>> visits = pd.Series([20, 22, 21, 20, 18, 9, 10] * 4, index=days)
    >>> ets_paths(visits, 7, paths=50, seed=1).shape
    (7, 50)
    """
    history, dates = given(history, horizon)
    paths = _inputs.whole("paths", paths, at_least=1)
    rng = _inputs.random_generator(seed)
    fit = _fit(history, period, trend)
    drawn = fit.simulate(len(dates), anchor="end", repetitions=paths, rng=rng)
    return pd.DataFrame(np.asarray(drawn).reshape(len(dates), paths), index=dates)


def _fit(history, period, trend):
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    period = season_of(history, period)
    trend = _inputs.switch("trend", trend)
    least = max(2 * period, 5)
    if len(history) < least:
        raise ValueError(
            f"history has {len(history):,} rows: exponential smoothing with a season of {period:,} "
            f"is fitted to at least {least:,}"
        )
    form = {"trend": "add" if trend else None}
    if period > 1:
        form |= {"seasonal": "add", "seasonal_periods": period}
    with warnings.catch_warnings():  # a flat series: the search ends at once, which is right
        warnings.simplefilter("ignore")
        return ETSModel(history, **form).fit(disp=False)
