"""Intervals read off simulated paths: of each date, and of a sum over dates."""

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["path_intervals", "path_total"]


def __dir__():
    return __all__


def path_intervals(paths, *, confidence=0.8):
    """Return the middle and the interval of each date.

    Parameters
    ----------
    paths : DataFrame
        One row per date, one column per simulated path.
    confidence : float
        How much of what comes each interval is to hold.

    Returns
    -------
    DataFrame
        One row per date: `median`, `low`, `high`.

    Examples
    --------
    >>> path_intervals(pd.DataFrame([range(11), range(10, 21)]), confidence=0.8)
       median  low  high
    0     5.0  1.0   9.0
    1    15.0 11.0  19.0
    """
    values, tail = _checked(paths, confidence)
    low, middle, high = np.quantile(values, [tail, 0.5, 1 - tail], axis=1)
    return pd.DataFrame({"median": middle, "low": low, "high": high}, index=paths.index)


def path_total(paths, *, confidence=0.8):
    """Return the middle and the interval of the sum over all dates: each path is summed first.

    The sum of the dates' own bounds would be another number, and a wrong one: all dates would have
    to be bad at once.

    Parameters
    ----------
    paths : DataFrame
        One row per date, one column per simulated path.
    confidence : float
        How much of what comes the interval is to hold.

    Returns
    -------
    Series
        `median`, `low`, `high` of the sum.

    Examples
    --------
    >>> path_total(pd.DataFrame([range(11), range(10, -1, -1)])).tolist()
    [10.0, 10.0, 10.0]
    """
    values, tail = _checked(paths, confidence)
    low, middle, high = np.quantile(values.sum(axis=0), [tail, 0.5, 1 - tail])
    return pd.Series({"median": middle, "low": low, "high": high})


def _checked(paths, confidence):
    _inputs.confidence_quantile(confidence)
    _inputs.need_table(paths, "paths")
    _inputs.need_rows(paths, "paths", "give one row per date")
    _inputs.need_rows(paths.columns, "paths", "give one column per path")
    _inputs.need_columns(paths, list(paths.columns[paths.columns.duplicated()]), "paths")
    values = paths.to_numpy()
    if values.dtype != float or not np.isfinite(values).all():
        columns = [_inputs.finite("paths", paths.iloc[:, i]) for i in range(paths.shape[1])]
        values = np.column_stack(columns)
    return values, (1 - float(confidence)) / 2
