"""Forecasts: published tables, values worked by hand, and libraries as oracles."""

import numpy as np
import pandas as pd
import pytest

from funnelkit import forecasting

# Quarterly beer production of Australia, megalitres, from the first quarter of 1992: the data of
# Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 2nd ed., section 3.4.
BEER = [
    443, 410, 420, 532, 433, 421, 410, 512, 449, 381, 423, 531, 426, 408, 416, 520, 409, 398, 398,
    507, 432, 398, 406, 526, 428, 397, 403, 517, 435, 383, 424, 521, 421, 402, 414, 500, 451, 380,
    416, 492, 428, 408, 406, 506, 435, 380, 421, 490, 435, 390, 412, 454, 416, 403, 408, 482, 438,
    386, 405, 491, 427, 383, 394, 473, 420, 390, 410, 488, 415, 398, 419, 488, 414, 374,
]  # fmt: skip

# Oil production of Saudi Arabia, millions of tonnes, 1996 to 2007: the same book, section 7.1.
OIL = [
    446.6565, 454.4733, 455.663, 423.6322, 456.2713, 440.5881, 425.3325, 485.1494, 506.0482,
    526.792, 514.2689, 494.211,
]  # fmt: skip

WORKED = [12, 15, 11, 20, 14, 16, 13, 22, 15, 18, 12, 24]


def quarters(values, start="1992-01-01"):
    return pd.Series(values, pd.date_range(start, periods=len(values), freq="QS"), dtype=float)


def days(values, start="2026-01-05"):
    return pd.Series(values, pd.date_range(start, periods=len(values)), dtype=float)


def noisy_weeks(seed=1, n=140):
    rng = np.random.default_rng(seed)
    week = np.array([30, 33, 31, 29, 24, 10, 12])
    return days(np.resize(week, n) + np.cumsum(rng.normal(0, 0.5, n)) + rng.normal(0, 2, n) + 20)


# ---------------------------------------------------------------- baselines and accuracy


@pytest.mark.parametrize(
    ("method", "rmse", "mase"),
    [("mean", 38.45, 2.44), ("naive", 62.69, 4.01), ("seasonal naive", 14.31, 0.94),
     ("drift", 64.90, 4.12)],
)  # fmt: skip
def test_baselines_have_the_accuracy_that_the_book_prints_for_beer(method, rmse, mase):
    beer = quarters(BEER)
    train, test = beer.iloc[:64], beer.iloc[64:]
    forecast = forecasting.baseline_interval(train, 10, method=method, period=4)["forecast"]
    assert forecasting.rmse(test, forecast) == pytest.approx(rmse, abs=0.005)
    found = forecasting.mase(test, forecast, history=train, period=4)
    assert found == pytest.approx(mase, abs=0.005)


def test_the_forecasters_are_those_of_the_intervals():
    y = quarters(WORKED)
    calls = {
        "mean": forecasting.mean_forecast(y, 5),
        "naive": forecasting.naive(y, 5),
        "seasonal naive": forecasting.seasonal_naive(y, 5, period=4),
        "drift": forecasting.drift(y, 5),
    }
    for method, forecast in calls.items():
        table = forecasting.baseline_interval(y, 5, method=method, period=4)
        pd.testing.assert_series_equal(table["forecast"], forecast, check_names=False)
        assert table.index[0] == pd.Timestamp("1995-01-01")


@pytest.mark.parametrize(
    ("method", "ahead", "sd"),
    [("naive", 1, 6.5644), ("naive", 4, 2 * 6.5644), ("seasonal naive", 4, 1.6956),
     ("seasonal naive", 5, 2.3979), ("seasonal naive", 8, 2.3979), ("drift", 1, 7.0909)],
)  # fmt: skip
def test_spread_of_the_baselines_worked_by_hand(method, ahead, sd):
    table = forecasting.baseline_interval(quarters(WORKED), 8, method=method, period=4)
    assert table["sd"].iloc[ahead - 1] == pytest.approx(sd, abs=1e-4)


def test_spread_of_the_mean_is_that_of_one_more_value():
    sd = forecasting.baseline_interval(quarters(WORKED), 1, method="mean")["sd"].iloc[0]
    assert sd == pytest.approx(4.3485, abs=1e-4)


def test_drift_is_the_line_through_both_ends():
    slope = forecasting.drift(quarters(WORKED), 2).diff().iloc[1]
    assert slope == pytest.approx(1.0909, abs=1e-4)


@pytest.mark.parametrize(
    ("actual", "quantile", "loss"),
    [(10, 0.1, 1.8), (14, 0.1, 0.2), (10, 0.9, 0.2), (14, 0.9, 1.8)],
)
def test_pinball_loss_is_that_of_scikit_learn(actual, quantile, loss):
    from sklearn.metrics import mean_pinball_loss

    assert forecasting.pinball_loss([actual], [12], quantile) == pytest.approx(loss)
    rng = np.random.default_rng(4)
    y, f = rng.normal(size=50), rng.normal(size=50)
    assert forecasting.pinball_loss(y, f, quantile) == pytest.approx(
        mean_pinball_loss(y, f, alpha=quantile)
    )


def test_pinball_loss_is_least_for_the_true_quantile():
    y = np.random.default_rng(5).normal(size=20_001)
    losses = {
        q: forecasting.pinball_loss(y, np.full(len(y), np.quantile(y, q)), 0.8)
        for q in (0.7, 0.8, 0.9)
    }
    assert min(losses, key=losses.get) == 0.8


def test_accuracy_table_puts_the_best_first():
    results = pd.DataFrame(
        {"method": ["far", "near"] * 3, "actual": 10.0, "forecast": [13, 9, 13, 11, 13, 10]}
    )
    table = forecasting.accuracy_table(results, history=days([8, 10, 9, 11]), period=1)
    assert table.index.tolist() == ["near", "far"]
    assert table.loc["far", "bias"] == -3
    assert table.loc["far", "mase"] == pytest.approx(3 / (5 / 3))
    assert table.loc["far", "rmsse"] == pytest.approx(3 / 3**0.5)


# ---------------------------------------------------------------- smoothing


def test_simple_smoothing_of_oil_as_published():
    oil = pd.Series(OIL, pd.date_range("1996-01-01", periods=12, freq="YS"))
    steps = forecasting.smoothing_steps(oil, alpha=0.2)
    assert (steps["error"] ** 2).sum() == pytest.approx(12391.7549, abs=1e-3)
    assert forecasting.simple_smoothing(oil, 1, alpha=0.2).iloc[0] == pytest.approx(484.802465)


def test_simple_smoothing_is_that_of_statsmodels():
    from statsmodels.tsa.holtwinters import SimpleExpSmoothing

    y = noisy_weeks(2)
    theirs = SimpleExpSmoothing(y, initialization_method="known", initial_level=y.iloc[0])
    theirs = theirs.fit(smoothing_level=0.3, optimized=False).forecast(3)
    ours = forecasting.simple_smoothing(y, 3, alpha=0.3)
    np.testing.assert_allclose(ours, theirs)


def test_every_place_of_the_season_is_forecast_where_a_library_loses_the_last():
    # statsmodels 0.15.0 throws away the last seasonal factor (its issue 9538), so that its
    # ExponentialSmoothing is wrong one season ahead, and after that at every season.
    start = dict(level=0.0, season=[1.1, 3.1, 2.1])
    y = days([1, 3, 2])
    ours = forecasting.holt_winters(y, 6, alpha=0.5, gamma=0.5, **start)
    np.testing.assert_allclose(ours, [0.9625, 2.9875, 2.0] * 2)


@pytest.mark.parametrize("trend", [False, True])
def test_holt_winters_by_hand_is_ets_of_statsmodels(trend):
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    y, season = noisy_weeks(3), [5.0, 8, 6, 4, -1, -15, -7]
    form = dict(trend="add" if trend else None, seasonal="add", seasonal_periods=7)
    known = dict(initial_level=50.0, initial_seasonal=season)
    known |= {"initial_trend": 0.1} if trend else {}
    model = ETSModel(y, **form, initialization_method="known", **known)
    shares = {"smoothing_level": 0.3, "smoothing_trend": 0.05, "smoothing_seasonal": 0.2}
    given = [shares[name] for name in model.param_names if name in shares]
    theirs = model.smooth(given).forecast(16)
    start = dict(level=50.0, season=season, trend=0.1 if trend else 0.0)
    beta = 0.05 if trend else 0.0
    ours = forecasting.holt_winters(y, 16, alpha=0.3, beta=beta, gamma=0.2, **start)
    np.testing.assert_allclose(ours, theirs)


@pytest.mark.parametrize(("period", "trend"), [(7, False), (7, True), (1, False), (1, True)])
def test_a_fit_kept_gives_the_forecast_of_the_library(period, trend):
    y = noisy_weeks(7)
    kept = forecasting.fit_smoothing(y, period=period, trend=trend)
    theirs = forecasting.ets(y, 10, period=period, trend=trend)
    np.testing.assert_allclose(forecasting.holt_winters(y, 10, **kept), theirs, rtol=1e-6)


def test_ets_paths_spread_around_the_forecast():
    y = noisy_weeks(4)
    forecast = forecasting.ets(y, 14)
    paths = forecasting.ets_paths(y, 14, paths=2000, seed=3)
    assert (paths.index == forecast.index).all()
    error = paths.std(axis=1) / 2000**0.5
    assert ((paths.mean(axis=1) - forecast).abs() < 4 * error).all()
    again = forecasting.ets_paths(y, 14, paths=2000, seed=3)
    pd.testing.assert_frame_equal(paths, again)


# ---------------------------------------------------------------- backtest


def test_origins_are_those_of_sktime():
    assert forecasting.origins(20, first=10, horizon=3, step=2) == [10, 12, 14, 16]
    assert forecasting.origins(10, first=7, horizon=3) == [7]


def test_a_backtest_shows_the_forecaster_the_past_alone():
    seen = []

    def spy(history, horizon):
        seen.append((len(history), history.index[-1], horizon))
        history.iloc[:] = -1.0  # a forecaster that spoils what it was given
        return np.zeros(horizon)

    y = noisy_weeks(5, n=30)
    table = forecasting.backtest(y, spy, horizon=5, first=20, step=5)
    assert seen == [(20, y.index[19], 5), (25, y.index[24], 5)]
    assert table["actual"].tolist() == y.iloc[20:].tolist()
    assert (table["date"] > table["origin"]).all()
    assert table["ahead"].tolist() == [1, 2, 3, 4, 5] * 2
    assert (table["error"] == table["actual"]).all()


def test_a_window_forgets_what_is_older():
    lengths = []

    def spy(history, horizon):
        lengths.append(len(history))
        return [0.0] * horizon

    forecasting.backtest(noisy_weeks(5, n=30), spy, horizon=5, first=10, step=5, window=12)
    assert lengths == [10, 12, 12, 12]


def test_the_seasonal_naive_backtest_is_a_difference_of_seasons():
    y = noisy_weeks(6)
    table = forecasting.backtest(y, forecasting.seasonal_naive, horizon=7, first=70, step=7)
    np.testing.assert_allclose(table["error"], y.diff(7).iloc[70:])


# ---------------------------------------------------------------- regression


X10 = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
Y10 = [2, 3.5, 3.8, 5.6, 6.1, 5.2, 6.4, 8.9, 9.7, 9.1]


@pytest.mark.parametrize(
    ("lags", "small", "se"),
    [(1, False, 0.056004), (2, False, 0.045896), (1, True, 0.062615), (2, True, 0.051314)],
)
def test_newey_west_worked_twice(lags, small, se):
    table = forecasting.newey_west(Y10, X10, lags=lags, small_sample=small)
    assert table.loc["x_1", "coefficient"] == pytest.approx(0.813939, abs=1e-6)
    assert table.loc["x_1", "se_ols"] == pytest.approx(0.087948, abs=1e-6)
    assert table.loc["x_1", "se"] == pytest.approx(se, abs=1e-6)


@pytest.mark.parametrize("lags", [0, 3, 10])
def test_newey_west_is_that_of_statsmodels(lags):
    import statsmodels.api as sm

    rng = np.random.default_rng(8)
    columns = pd.DataFrame(rng.normal(size=(80, 2)), columns=["a", "b"])
    y = columns["a"] + np.cumsum(rng.normal(size=80)) * 0.3
    theirs = sm.OLS(y, sm.add_constant(columns)).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False}
    )
    ours = forecasting.newey_west(y, columns, lags=lags)
    np.testing.assert_allclose(ours["se"], theirs.bse)
    np.testing.assert_allclose(ours["coefficient"], theirs.params)


def calendar_world(seed, n=1096, phi=0.6, sd=0.1):
    """Return days whose logarithm is trend, week, year, holidays and an AR(1) series."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2023-07-01", periods=n)
    noise = np.zeros(n)
    for t in range(1, n):
        noise[t] = phi * noise[t - 1] + rng.normal(0, sd)
    holiday = pd.Series(rng.random(n) < 0.03, index=dates, name="holiday")
    table = forecasting.calendar_table(dates, harmonics=1)
    log = 5 + 0.06 * table["years"] - 0.2 * table["sunday"] + 0.1 * table["sin_1"]
    return np.exp(log - 0.5 * holiday + noise), holiday.to_frame(), noise


def test_calendar_regression_finds_what_was_planted():
    found = []
    for seed in range(8):
        y, known, _ = calendar_world(seed)
        model = forecasting.CalendarRegression(lags=1, harmonics=1).fit(y, known)
        found.append([*model.coefficients_[["years", "sunday", "sin_1", "holiday"]],
                      model.lag_weights_[0]])  # fmt: skip
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / 8**0.5
    planted = np.array([0.06, -0.2, 0.1, -0.5, 0.6])
    # Lags of residuals lie a little low in a finite series, by about (1 + 3 * 0.6) / n.
    assert (np.abs(mean - planted) < 3.5 * error + [0, 0, 0, 0, 0.02]).all()


def test_a_forecast_carries_the_last_residual_on_and_forgets_it():
    y, known, _ = calendar_world(11)
    model = forecasting.CalendarRegression(lags=1, harmonics=1).fit(y.iloc[:-30], known)
    plain = forecasting.CalendarRegression(lags=0, harmonics=1).fit(y.iloc[:-30], known)
    ratio = np.log(model.predict(30) / plain.predict(30))
    expected = model.residuals_.iloc[-1] * model.lag_weights_[0] ** np.arange(1, 31)
    np.testing.assert_allclose(ratio, expected, atol=1e-12)


def test_paths_hold_what_comes_as_often_as_they_say():
    inside = []
    for seed in range(12):
        y, known, _ = calendar_world(seed)
        model = forecasting.CalendarRegression(lags=1, harmonics=1).fit(y.iloc[:-14], known)
        bounds = forecasting.path_intervals(model.paths(14, paths=400, seed=seed), confidence=0.8)
        inside.append(forecasting.coverage(y.iloc[-14:], bounds["low"], bounds["high"]))
    assert np.mean(inside) == pytest.approx(0.8, abs=3 * np.std(inside, ddof=1) / 12**0.5)


def test_the_interval_of_a_sum_is_narrower_than_the_sum_of_the_bounds():
    y, known, _ = calendar_world(3)
    model = forecasting.CalendarRegression(lags=1, harmonics=1).fit(y.iloc[:-30], known)
    paths = model.paths(30, paths=1000, seed=1)
    total, each = forecasting.path_total(paths), forecasting.path_intervals(paths)
    width = total["high"] - total["low"]
    assert width < 0.6 * (each["high"] - each["low"]).sum()
    # Days remember each other, so it is wider than if they were independent.
    assert width > 1.2 * np.sqrt(((each["high"] - each["low"]) ** 2).sum())


def test_a_true_lag_sells_an_error_one_day_ahead_as_one_of_a_week():
    rng, n = np.random.default_rng(2), 20_000
    noise = np.zeros(n)
    for t in range(1, n):
        noise[t] = 0.6 * noise[t - 1] + rng.normal()
    fed, honest = noise[7:] - 0.6 * noise[6:-1], noise[7:] - 0.6**7 * noise[:-7]
    assert np.std(fed) == pytest.approx(1.00, abs=0.02)
    assert np.std(honest) == pytest.approx(1.25, abs=0.03)


def test_lags_are_the_values_before():
    y = days([5, 7, 6, 9])
    table = forecasting.lag_table(y, [1, 2])
    assert table.loc["2026-01-08"].tolist() == [6, 7]
    assert table["lag_2"].isna().sum() == 2


# ---------------------------------------------------------------- bad input, each with its message


def broken(change):
    return change(days(range(1, 41)))


BAD = {
    "a day is lacking": (
        lambda y: y.drop(y.index[[9, 10]]), ValueError,
        r"history lacks 2 dates .*first: 2026-01-14\): add them, history.asfreq\('D'\)",
    ),
    "a day twice": (
        lambda y: pd.concat([y, y.iloc[[3]]]).sort_index(), ValueError,
        r"the date of history repeats an earlier one in 1 of 41 rows .*groupby\(level=0\)",
    ),
    "a missing number": (
        lambda y: y.where(y != 4), ValueError,
        r"history is missing in 1 of 40 rows \(first: row 2026-01-08.*\): fill each",
    ),
    "out of order": (
        lambda y: y.iloc[::-1], ValueError, r"not in order of time: sort it, history.sort_index",
    ),
    "numbers for dates": (
        lambda y: y.reset_index(drop=True), TypeError, r"index of history holds whole numbers",
    ),
    "a time zone": (
        lambda y: y.tz_localize("UTC"), ValueError, r"has a time zone \(UTC\): make it naive",
    ),
    "a list": (lambda y: y.tolist(), TypeError, r"history is a list: give a Series"),
    "uneven steps": (
        lambda y: y.set_axis(y.index + pd.to_timedelta(np.arange(40) // 20, "h")), ValueError,
        r"history",
    ),
    "one row": (lambda y: y.iloc[:1], ValueError, r"history has 1 rows: give at least 2"),
    "infinite": (lambda y: y * np.inf, ValueError, r"history is infinite in 40 of 40 rows"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("forecaster", [forecasting.naive, forecasting.mean_forecast,
                                        forecasting.drift, forecasting.seasonal_naive,
                                        forecasting.ets])  # fmt: skip
def test_a_broken_calendar_is_refused_with_its_remedy(forecaster, case):
    change, error, words = BAD[case]
    with pytest.raises(error, match=words):
        forecaster(broken(change), 7)


def test_a_filled_calendar_is_taken():
    y = days(range(1, 41))
    filled = y.drop(y.index[9]).asfreq("D").fillna(0)
    assert forecasting.naive(filled, 1).iloc[0] == 40
    twice = pd.concat([y, y.iloc[[3]]]).sort_index()
    assert forecasting.naive(twice[~twice.index.duplicated()], 1).iloc[0] == 40


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda y: forecasting.origins(20, first=10, horizon=11), ValueError, "end after the data"),
        (lambda y: forecasting.backtest(y, forecasting.naive, horizon=30, first=20), ValueError,
         "horizon 30, and the series has 40 rows"),
        (lambda y: forecasting.backtest(y, lambda h, n: [1.0], horizon=3, first=20), ValueError,
         "has 1 values and the horizon is 3"),
        (lambda y: forecasting.backtest(y, lambda h, n: h.iloc[-n:], horizon=3, first=20),
         ValueError, "let the forecaster return the dates that follow"),
        (lambda y: forecasting.backtest(y, lambda h, n: [np.nan] * n, horizon=3, first=20),
         ValueError, "made on 2026-01-24 is missing in 3 of 3 rows"),
        (lambda y: forecasting.naive(y, 0), ValueError, "at least 1"),
        (lambda y: forecasting.naive(y, 7.0), TypeError, "whole number"),
        (lambda y: forecasting.seasonal_naive(y, 7, period=50), ValueError, "one whole season"),
        (lambda y: forecasting.ets(y.iloc[:10], 7), ValueError, "at least 14"),
        (lambda y: forecasting.CalendarRegression().fit(y - 1), ValueError,
         r"history is not above 0 in 1 of 40 rows \(first: row 2026-01-05.*, 0\).*log=False"),
        (lambda y: forecasting.CalendarRegression().fit(y), ValueError, "twice as many days"),
        (lambda y: forecasting.CalendarRegression().predict(3), ValueError, "call .fit"),
        (lambda y: forecasting.CalendarRegression(lags=1, harmonics=0).fit(
            y, y.rename("budget").to_frame()).predict(3), ValueError,
         "known has no row for 3 of 3 days .*give what is planned"),
        (lambda y: forecasting.CalendarRegression(lags=1, harmonics=0).fit(quarters(OIL)),
         ValueError, "reads days"),
        (lambda y: forecasting.mase([1], [2], history=y * 0 + 3, period=1), ValueError,
         "without any change"),
        (lambda y: forecasting.coverage([1], [3], [2]), ValueError, "low is above high"),
        (lambda y: forecasting.pinball_loss([1], [2], 90), ValueError, "1 or less"),
        (lambda y: forecasting.mae([1, 2], [1]), ValueError, "one of each for all dates"),
        (lambda y: forecasting.newey_west(Y10, [1] * 10, lags=1), ValueError, "constant"),
        (lambda y: forecasting.lag_table(y, [1, 1]), ValueError, "names one twice"),
    ],
)  # fmt: skip
def test_calls_that_cannot_be_right_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(days(range(1, 41)))


def test_the_interval_that_exercise_16_keeps_is_that_of_its_paths():
    from funnelkit import load
    from funnelkit.exercises.checks import ex16_forecasting_demand as exercise

    daily = load("daily").set_index("date")
    model = forecasting.CalendarRegression()
    model.fit(daily["visits"][:"2026-05-31"], known=daily[["holiday"]].notna())
    paths = model.paths(30, paths=400, seed=6)
    for kept, confidence in ((exercise.JUNE, 0.9), (exercise.JUNE_80, 0.8)):
        found = forecasting.path_total(paths, confidence=confidence)
        assert found[["low", "high"]].to_dict() == pytest.approx(kept, abs=0.1)
    bounds = forecasting.path_intervals(paths, confidence=0.9)[["low", "high"]].sum()
    assert bounds.to_dict() == pytest.approx(exercise.JUNE_DAYS, abs=0.1)


def test_the_remedies_for_a_plan_leave_it_right():
    days = pd.date_range("2026-01-05", periods=56)
    visits = pd.Series([20, 22, 21, 20, 18, 10, 9] * 8, index=days)
    names = pd.Series(None, index=days, dtype="str")
    names.iloc[4] = "New day"
    model = forecasting.CalendarRegression(lags=0, harmonics=0)
    with pytest.raises(TypeError, match=r"known\['holiday'\].notna"):
        model.fit(visits, known=names.to_frame("holiday"))
    plan = pd.DataFrame({"budget": np.arange(56.0)}, index=days)
    with pytest.raises(ValueError, match="keep one of each") as raised:
        model.fit(visits, known=pd.concat([plan, plan.iloc[[3]]]).sort_index())
    assert "add them up" not in str(raised.value)


@pytest.mark.parametrize(
    ("every", "season"), [("D", 7), ("h", 24), ("MS", 12), ("ME", 12), ("QS", 4), ("QE-NOV", 4)]
)
def test_the_season_is_that_of_the_calendar_unless_it_is_given(every, season):
    dates = pd.date_range("2024-01-01", periods=3 * season, freq=every)
    y = pd.Series(np.arange(3.0 * season) % season + np.arange(3 * season) / 100, index=dates)
    for forecast in (forecasting.seasonal_naive, forecasting.baseline_interval, forecasting.ets):
        left, right = forecast(y, 5), forecast(y, 5, period=season)
        assert np.array_equal(left.to_numpy(), right.to_numpy())
    assert len(forecasting.fit_smoothing(y)["season"]) == season


def test_a_calendar_without_a_usual_season_asks_for_one():
    y = pd.Series(np.arange(60.0), index=pd.date_range("2024-01-01", periods=60, freq="W"))
    with pytest.raises(ValueError, match=r"every '7D', which has no usual season: give period="):
        forecasting.seasonal_naive(y, 4)
    assert forecasting.seasonal_naive(y, 1, period=52).iloc[0] == 8
