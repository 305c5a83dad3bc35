"""Regression on the calendar and on what is planned, with residuals that remember.

A regression forecasts only what its columns are known for: the calendar always is, a budget is as
far as it is planned, the visits of next week are not. What the columns leave over is carried on by
its own lags. Source: Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, 3rd ed.,
chapters 7 and 10; Newey & West 1987, *Econometrica* 55(3).
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.forecasting.baselines import given

__all__ = ["CalendarRegression", "calendar_table", "lag_table", "newey_west"]

YEAR = 365.25  # days


def __dir__():
    return __all__


def calendar_table(dates, *, harmonics=3):
    """Return what the calendar says about each day: trend, weekday, time of the year.

    Parameters
    ----------
    dates : DatetimeIndex
        The days.
    harmonics : int
        Pairs of waves (Fourier terms) that describe the year: the first has one wave a year, the
        next two. Without any (0), the year has no season.

    Returns
    -------
    DataFrame
        One row per day: `years` since 1 January 2026; `tuesday` to `sunday`, 1 on that weekday,
        compared with Monday; `sin_1`, `cos_1` and so on.

    Examples
    --------
    >>> table = calendar_table(pd.date_range("2026-06-29", periods=2), harmonics=1).round(2)
    >>> table[["years", "tuesday", "sunday", "sin_1", "cos_1"]]
                years  tuesday  sunday  sin_1  cos_1
    2026-06-29   0.49      0.0     0.0   0.06   -1.0
    2026-06-30   0.49      1.0     0.0   0.05   -1.0
    """
    harmonics = _inputs.whole("harmonics", harmonics, at_least=0, at_most=100)
    if not isinstance(dates, pd.DatetimeIndex):
        raise TypeError(
            f"dates is {_inputs.name_of_type(dates)}: give the index of a series, or "
            "pd.date_range(...)"
        )
    _inputs.times(pd.Series(dates), "dates")
    years = (dates - pd.Timestamp("2026-01-01")) / pd.Timedelta(YEAR, "D")
    table = pd.DataFrame({"years": years}, index=dates)
    names = ("tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for number, name in enumerate(names, start=1):
        table[name] = (dates.day_of_week == number).astype(float)
    for k in range(1, harmonics + 1):
        table[f"sin_{k}"] = np.sin(2 * np.pi * k * years)
        table[f"cos_{k}"] = np.cos(2 * np.pi * k * years)
    return table


def lag_table(series, lags):
    """Return, for each date, the values of earlier dates.

    Parameters
    ----------
    series : Series
        One number per date, in order and without gaps.
    lags : sequence of int
        How many dates before. A model that is to forecast h dates ahead from what is known may use
        lags of h and more; a shorter lag is itself a forecast then.

    Returns
    -------
    DataFrame
        One row per date, one column per lag (`lag_1`, …); missing where the series had not begun.

    Examples
    --------
    >>> days = pd.date_range("2026-06-01", periods=3)
    >>> lag_table(pd.Series([5, 7, 6], index=days), [1])["lag_1"].tolist()
    [nan, 5.0, 7.0]
    """
    series = _inputs.on_calendar("series", series)
    lags = _inputs.as_series(lags, "lags")
    _inputs.need_rows(lags, "lags", "give at least one, such as [1, 7]")
    lags = [_inputs.whole("each of lags", lag, at_least=1) for lag in lags]
    if len(set(lags)) < len(lags):
        raise ValueError(f"lags names one twice ({sorted(lags)}): give each once")
    return pd.DataFrame({f"lag_{lag}": series.shift(lag) for lag in lags})


class CalendarRegression:
    """Least squares on the calendar and on known columns, with lags of what is left over.

    The series (or its logarithm) is trend + weekday + time of the year + known columns + residual,
    and each residual is a weighted sum of those before it, plus a new shock.

    Parameters
    ----------
    lags : int
        By how many of the last residuals the next one is explained. With 0 they are forgotten.
    harmonics : int
        Pairs of waves that describe the year; see `calendar_table`.
    log : bool
        Whether the logarithm is modelled, so that effects multiply. The series must be above 0.

    Attributes
    ----------
    coefficients_ : Series
        Of each column, in logarithms if `log`.
    lag_weights_ : array of shape (lags,)
        Of the residual one date before, two dates before and so on.
    residuals_ : Series
        What the columns leave over.
    shocks_ : Series
        What the lags leave over, in turn.

    Notes
    -----
    Two steps: least squares for the columns, then for the residuals on their own lags. The forecast
    is the median where `log` is True, a little less than the mean.

    Examples
    --------
    >>> days = pd.date_range("2026-01-05", periods=56)
    >>> visits = pd.Series([20, 22, 21, 20, 18, 10, 9] * 8, index=days)
    >>> model = CalendarRegression(lags=0, harmonics=0).fit(visits)
    >>> model.predict(7).round().astype(int).tolist()
    [20, 22, 21, 20, 18, 10, 9]
    """

    def __init__(self, *, lags=7, harmonics=3, log=True):
        self.lags = lags
        self.harmonics = harmonics
        self.log = log

    def fit(self, history, known=None):
        """Learn the coefficients from a history of days.

        Parameters
        ----------
        history : Series
            One number per day, in order and without gaps.
        known : DataFrame, optional
            Columns of numbers that are known ahead, by date: holidays, planned budgets. It must
            hold the days of the history, and may reach as far beyond as the plan does; only rows
            of days to forecast are looked at there.

        Returns
        -------
        CalendarRegression
            Itself.
        """
        lags = _inputs.whole("lags", self.lags, at_least=0)
        log = _inputs.switch("log", self.log)
        history = _inputs.on_calendar("history", history)
        if history.index.freq != pd.offsets.Day():
            raise ValueError(
                f"history has one number per {history.index.freqstr}, and a calendar regression "
                "reads days: give one per day, or use another method"
            )
        if log:
            remedy = "logarithms need numbers above 0; take log=False"
            _inputs.refuse(
                history <= 0,
                "history is not above 0",
                remedy,
                history,
                index=history.index,
            )
        self.known_ = _known(known)
        X = self._design(history.index)
        if len(history) < 2 * (X.shape[1] + lags):
            raise ValueError(
                f"history has {len(history):,} days for {X.shape[1]} columns and {lags} lags: give "
                "at least twice as many days, or fewer harmonics or lags"
            )
        y = np.log(history) if log else history
        beta = np.linalg.lstsq(X.to_numpy(), y.to_numpy(), rcond=None)[0]
        self.coefficients_ = pd.Series(beta, index=X.columns)
        self.residuals_ = y - X @ beta
        self.lag_weights_ = np.zeros(lags)
        self.shocks_ = self.residuals_
        if lags:
            before = lag_table(self.residuals_, range(1, lags + 1)).iloc[lags:]
            now = self.residuals_.iloc[lags:]
            self.lag_weights_ = np.linalg.lstsq(before.to_numpy(), now.to_numpy(), rcond=None)[0]
            self.shocks_ = now - before.to_numpy() @ self.lag_weights_
        return self

    def predict(self, horizon):
        """Forecast the days that follow the history.

        Parameters
        ----------
        horizon : int
            How many days. The known columns must reach as far.

        Returns
        -------
        Series
            In the unit of the history.
        """
        dates, level = self._ahead(horizon)
        return pd.Series(self._back(level + self._carried(np.zeros((len(dates), 1)))[:, 0]), dates)

    def paths(self, horizon, *, paths=1000, seed=None):
        """Simulate how the days ahead might go, with shocks drawn from those of the history.

        Parameters
        ----------
        horizon : int
            How many days. The known columns must reach as far.
        paths : int
            How many.
        seed : int or numpy.random.Generator, optional
            For the same paths again.

        Returns
        -------
        DataFrame
            One row per day, one column per path, in the unit of the history. The uncertainty of the
            coefficients is not in them.
        """
        paths = _inputs.whole("paths", paths, at_least=1)
        rng = _inputs.random_generator(seed)
        dates, level = self._ahead(horizon)
        shocks = rng.choice(self.shocks_.to_numpy(), size=(len(dates), paths))
        return pd.DataFrame(self._back(level[:, None] + self._carried(shocks)), index=dates)

    def _ahead(self, horizon):
        """Return the days ahead and what the columns say about them."""
        if not hasattr(self, "residuals_"):
            raise ValueError("the regression has not learnt anything yet: call .fit(history) first")
        _, dates = given(self.residuals_, horizon)
        return dates, self._design(dates).to_numpy() @ self.coefficients_.to_numpy()

    def _carried(self, shocks):
        """Return how the residuals go on, given the shocks to come."""
        lags = len(self.lag_weights_)
        last = self.residuals_.to_numpy()[len(self.residuals_) - lags :]
        path = np.vstack([np.tile(last[:, None], shocks.shape[1]), shocks])
        for t in range(lags, len(path)):
            path[t] += self.lag_weights_ @ path[t - lags : t][::-1]
        return path[lags:]

    def _back(self, values):
        with np.errstate(over="ignore"):
            values = np.exp(values) if self.log else values
        return _inputs.computable("the forecast", values)

    def _design(self, dates):
        calendar = calendar_table(dates, harmonics=self.harmonics)
        calendar.insert(0, "level", 1.0)
        if self.known_ is None:
            return calendar
        lacking = dates.difference(self.known_.index)
        if len(lacking):
            raise ValueError(
                f"known has no row for {len(lacking):,} of {len(dates):,} days (first: "
                f"{lacking[0]:%Y-%m-%d}): give what is planned for them, or leave known out"
            )
        columns = self.known_.loc[dates]
        for name, column in columns.items():
            what, remedy = f"column {name!r} of known is missing", "give what is planned"
            _inputs.refuse(column.isna(), what, remedy, index=dates)
        return calendar.join(columns)


def _known(known):
    """Return the known columns as floats by date, or None."""
    if known is None:
        return None
    _inputs.need_table(known, "known")
    _inputs.need_rows(known, "known", "give the days of the history")
    index = _inputs.need_evenly_spaced("known", known.index, sums=False)
    _inputs.need_columns(known, list(known.columns), "known")
    columns = {}
    for name in known.columns:
        column = known[name]
        if pd.api.types.is_bool_dtype(column.dtype):
            column = column.astype(float)
        if pd.api.types.infer_dtype(column, skipna=True) == "string":
            raise TypeError(
                f"column {name!r} of known holds text: give numbers, or whether a day has it, such "
                f"as known[{name!r}].notna()"
            )
        values = _inputs.numbers(f"column {name!r} of known", column, missing="keep")
        _inputs.refuse(np.isinf(values), f"column {name!r} of known is infinite", "leave it out")
        columns[name] = values
    return pd.DataFrame(columns, index=index)


def newey_west(outcome, columns, *, lags, small_sample=False):
    """Return least squares with standard errors that allow for autocorrelated residuals.

    Parameters
    ----------
    outcome : array of shape (n,)
        What is explained, in order of time.
    columns : DataFrame or array of shape (n,) or (n, k)
        What explains it, without the constant, which is added.
    lags : int
        Up to which distance in time residuals may be correlated (L). With 0 only their spread may
        differ.
    small_sample : bool
        Whether the variance is multiplied by n / (n − k), k counting the constant.

    Returns
    -------
    DataFrame
        One row per coefficient, the constant first: `coefficient`; `se_ols`, the usual standard
        error; `se`, that of Newey & West 1987, with weights 1 − l / (L + 1). The latter is not
        always the larger one, and with strong autocorrelation it is still too small.

    Examples
    --------
    >>> newey_west([2, 3.5, 3.8, 5.6, 6.1], [1, 2, 3, 4, 5], lags=1).round(3)
              coefficient  se_ols     se
    constant         1.11   0.407  0.143
    x_1              1.03   0.123  0.046
    """
    lags = _inputs.whole("lags", lags, at_least=0)
    small_sample = _inputs.switch("small_sample", small_sample)
    y = _inputs.finite("outcome", _inputs.as_series(outcome, "outcome"))
    X, names = _with_constant(columns)
    _inputs.need_same_length("rows", outcome=y, columns=X)
    n, k = X.shape
    if n <= k or np.linalg.matrix_rank(X) < k:
        raise ValueError(
            f"{n:,} rows cannot tell {k} coefficients apart: give more rows, or leave out columns "
            "that are constant or sums of others"
        )
    if lags >= n:
        raise ValueError(f"lags is {lags:,} and there are {n:,} rows: give fewer lags")
    inverse = np.linalg.inv(X.T @ X)
    beta = inverse @ X.T @ y
    residuals = y - X @ beta
    score = X * residuals[:, None]
    middle = score.T @ score
    for lag in range(1, lags + 1):
        both = score[lag:].T @ score[:-lag]
        middle += (1 - lag / (lags + 1)) * (both + both.T)
    robust = inverse @ middle @ inverse * (n / (n - k) if small_sample else 1.0)
    usual = inverse * (residuals @ residuals) / (n - k)
    table = {"coefficient": beta, "se_ols": np.sqrt(np.diag(usual)), "se": np.sqrt(np.diag(robust))}
    return pd.DataFrame(table, index=names)


def _with_constant(columns):
    """Return the columns as an array that begins with a constant, and their names."""
    if isinstance(columns, pd.DataFrame):
        _inputs.need_columns(columns, list(columns.columns), "columns")
        named = {str(name): columns[name] for name in columns.columns}
    elif isinstance(columns, np.ndarray) and columns.ndim == 2:
        named = {f"x_{i + 1}": column for i, column in enumerate(columns.T)}
    else:
        named = {"x_1": _inputs.as_series(columns, "columns")}
    arrays = [_inputs.finite(f"column {name!r}", column) for name, column in named.items()]
    _inputs.need_rows(arrays, "columns", "give at least one column")
    return np.column_stack([np.ones(len(arrays[0])), *arrays]), ["constant", *named]
