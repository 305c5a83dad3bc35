"""How good a forecast was: errors, scaled errors, the pinball loss, coverage.

The scaled errors are those of Hyndman & Koehler 2006, *International Journal of Forecasting* 22(4):
1 is the average error that the seasonal naive forecast makes, one season ahead, *within* the
history. So a value below 1 is not the same as having beaten that forecast on the dates judged.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric
from funnelkit.forecasting.baselines import need_season

__all__ = [
    "METRICS",
    "accuracy_table",
    "coverage",
    "mae",
    "mase",
    "pinball_loss",
    "rmse",
    "rmsse",
]


def __dir__():
    return __all__


def mae(actual, forecast):
    """Return the mean absolute error.

    Parameters
    ----------
    actual, forecast : array of shape (n,)
        What came, and what was forecast, in one unit.

    Returns
    -------
    float
        In that unit.

    Examples
    --------
    >>> mae([10, 20], [12, 16])
    3.0
    """
    return float(np.abs(_errors(actual, forecast)).mean())


def rmse(actual, forecast):
    """Return the root of the mean squared error, in which large errors weigh more.

    Parameters
    ----------
    actual, forecast : array of shape (n,)
        What came, and what was forecast, in one unit.

    Returns
    -------
    float
        In that unit.

    Examples
    --------
    >>> round(rmse([10, 20], [12, 16]), 4)
    3.1623
    """
    return float(np.sqrt((_errors(actual, forecast) ** 2).mean()))


def mase(actual, forecast, *, history, period):
    """Return the mean absolute scaled error.

    Parameters
    ----------
    actual, forecast : array of shape (n,)
        What came, and what was forecast, in one unit.
    history : Series
        What was known before, on a calendar without gaps: it gives the scale.
    period : int
        Dates in a season: the scale is the mean absolute change from one season to the next within
        the history. Say which period was used: with 1 and with 7 the number is another.

    Returns
    -------
    float
        Without a unit.

    Raises
    ------
    ValueError
        If the history repeats itself exactly, so that there is nothing to divide by.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=4)
    >>> mase([10, 20], [12, 16], history=pd.Series([10, 12, 8, 12], index=days), period=2)
    3.0
    """
    return mae(actual, forecast) / float(np.abs(_changes(history, period)).mean())


def rmsse(actual, forecast, *, history, period):
    """Return the root mean squared scaled error.

    Parameters
    ----------
    actual, forecast : array of shape (n,)
        What came, and what was forecast, in one unit.
    history : Series
        What was known before, on a calendar without gaps: it gives the scale.
    period : int
        Dates in a season: the scale is the root of the mean squared change from one season to the
        next within the history.

    Returns
    -------
    float
        Without a unit.

    Raises
    ------
    ValueError
        If the history repeats itself exactly, so that there is nothing to divide by.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=4)
    >>> y = pd.Series([10, 12, 8, 12], index=days)
    >>> round(rmsse([10, 20], [12, 16], history=y, period=2), 4)
    2.2361
    """
    return rmse(actual, forecast) / float(np.sqrt((_changes(history, period) ** 2).mean()))


def accuracy_table(results, *, history, period, by="method"):
    """Return the errors of several backtests, one row per method.

    Parameters
    ----------
    results : DataFrame
        With `actual`, `forecast` and the column `by`, as `pd.concat` makes it of backtests.
    history : Series
        What was known before the first origin: it gives the scale.
    period : int
        Dates in a season, for the scale.
    by : str
        The column that tells the methods apart.

    Returns
    -------
    DataFrame
        `bias` (mean of actual less forecast), `mae`, `rmse` in the unit of the series; `mase`,
        `rmsse`, without a unit. In order of `mae`.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=3)
    >>> results = pd.DataFrame({"method": ["a", "b"], "actual": [5, 5], "forecast": [4, 8]})
    >>> accuracy_table(results, history=pd.Series([1, 2, 4], index=days), period=1)["mase"].tolist()
    [0.6666666666666666, 2.0]
    """
    _inputs.need_columns(results, [by, "actual", "forecast"], "results")
    _inputs.need_rows(results, "results", "there is nothing to judge")
    _inputs.group_labels(results[by], by, len(results))
    rows = {}
    for name, part in results.groupby(by, sort=False):
        pair = part["actual"], part["forecast"]
        rows[name] = {
            "bias": float(_errors(*pair).mean()),
            "mae": mae(*pair),
            "rmse": rmse(*pair),
            "mase": mase(*pair, history=history, period=period),
            "rmsse": rmsse(*pair, history=history, period=period),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(by).sort_values("mae")


def pinball_loss(actual, forecast, quantile):
    """Return the mean pinball loss of a forecast of one quantile.

    Parameters
    ----------
    actual, forecast : array of shape (n,)
        What came, and the quantile that was forecast, in one unit.
    quantile : float
        Which quantile, from 0 to 1: 0.9 is to be exceeded once in ten times.

    Returns
    -------
    float
        In that unit: `quantile` times what came above the forecast, and 1 − `quantile` times what
        came below it. Least, on average, for the true quantile. Some books double it.

    Examples
    --------
    >>> round(pinball_loss([10], [12], 0.1), 4), round(pinball_loss([14], [12], 0.1), 4)
    (1.8, 0.2)
    """
    quantile = _inputs.number("quantile", quantile, at_least=0, at_most=1)
    error = _errors(actual, forecast)
    return float(np.where(error >= 0, quantile * error, (quantile - 1) * error).mean())


def coverage(actual, low, high):
    """Return how often what came was within its interval.

    Parameters
    ----------
    actual, low, high : array of shape (n,)
        What came, and the two ends that were forecast, in one unit; the ends belong to the
        interval.

    Returns
    -------
    float
        A share from 0 to 1. Over few or overlapping forecasts it is itself uncertain.

    Examples
    --------
    >>> coverage([10, 20, 30], [8, 21, 25], [12, 25, 30])
    0.6666666666666666
    """
    given = {"actual": actual, "low": low, "high": high}
    (actual, low, high), index = _same_length(**given)
    _inputs.refuse(low > high, "low is above high", "swap them", low, high, index=index)
    return float(((low <= actual) & (actual <= high)).mean())


def _errors(actual, forecast):
    (actual, forecast), _ = _same_length(actual=actual, forecast=forecast)
    return actual - forecast


def _same_length(**given):
    index = _inputs.aligned(**given)
    arrays = {
        name: _inputs.finite(name, _inputs.as_series(value, name)) for name, value in given.items()
    }
    _inputs.need_same_length("dates", **arrays)
    first = next(iter(arrays))
    _inputs.need_rows(arrays[first], first, "there is nothing to judge")
    return list(arrays.values()), index


def _changes(history, period):
    """Return the changes from one season to the next within the history."""
    history = _inputs.on_calendar("history", history)
    period = need_season(history, period)
    changes = history.diff(period).dropna().to_numpy()
    if not len(changes):
        raise ValueError(
            f"history has {len(history):,} rows and a season {period:,}: a scale needs more than "
            "one season"
        )
    if not changes.any():
        raise ValueError(
            f"history repeats itself after {period:,} dates without any change, so the error "
            "cannot be divided by its changes: give mae or rmse"
        )
    return changes


# ---------------------------------------------------------------- what the metrics mean


def _days(*values):
    return pd.Series(values, index=pd.date_range("2026-06-01", periods=len(values)))


METRICS = (
    Metric(
        name="mase",
        formula=r"\frac{\sum|e_t|/n}{\sum|y_t-y_{t-m}|/(T-m)}",
        numerator="mean absolute error of the forecast",
        denominator="mean absolute change over m dates of the history",
        unit="1 for an average error as large as that change",
        window="the dates forecast; the scale: the history",
        function="funnelkit.forecasting.mase",
        example=Example(
            {
                "actual": [10, 20],
                "forecast": [12, 16],
                "history": _days(10, 12, 8, 12),
                "period": 2,
            },
            3,
            1,
        ),
    ),
    Metric(
        name="pinball_loss",
        formula=r"\frac{1}{n}\sum \max(q e_t, (q-1) e_t)",
        numerator="errors above it times q, below it times 1 − q",
        denominator="dates forecast",
        unit="that of the series",
        window="the dates forecast",
        function="funnelkit.forecasting.pinball_loss",
        example=Example({"actual": [10, 14], "forecast": [12, 12], "quantile": 0.1}, 2, 2),
    ),
    Metric(
        name="coverage",
        formula=r"\frac{1}{n}\sum 1[l_t\leq y_t\leq u_t]",
        numerator="dates whose value was within the interval",
        denominator="dates forecast",
        unit="share of dates",
        window="the dates forecast",
        function="funnelkit.forecasting.coverage",
        example=Example({"actual": [10, 20], "low": [8, 21], "high": [12, 25]}, 1, 2),
    ),
)
