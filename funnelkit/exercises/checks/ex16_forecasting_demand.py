"""Tasks of exercise 16: forecasting demand."""

from functools import cache

import numpy as np

from funnelkit.data import load
from funnelkit.exercises.kinds import Function, List, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task

WEEKS = 52  # origins of tasks 4 and 5, a week apart
T = 2.008  # 97.5 % point of the t distribution for 52 values

# The sum of June by the paths of task 6, which the notebook draws; a check has no time to.
JUNE = {"low": 5282.9, "high": 6585.3}
JUNE_80 = {"low": 5432.9, "high": 6369.1}
JUNE_DAYS = {"low": 4481.3, "high": 7655.6}


@cache
def column(name):
    """Return a column of the daily figures as floats, and the dates."""
    daily = load("daily").set_index("date")
    return daily[name].astype(float)


def fortnight(way="seasonal naive"):
    """Return a forecast of the visits of 1 to 14 March 2026, or a wrong idea of it."""
    visits = column("visits")
    past = visits[:"2026-02-28"]
    return {
        "seasonal naive": 2 * past.iloc[-7:].sum(),
        "naive": 14 * past.iloc[-1],
        "mean": 14 * past.mean(),
        "two weeks": past.iloc[-14:].sum(),
        "one week": past.iloc[-7:].sum(),
        "what came": visits["2026-03-01":"2026-03-14"].sum(),
    }[way]


def mase(actual, forecast, history, period):
    """Return the mean absolute scaled error."""
    return mean_size(actual, forecast) / scale(history, period)


def mean_size(actual, forecast):
    """Return the mean absolute error."""
    return float(np.mean(np.abs(np.subtract(actual, forecast))))


def scale(history, period):
    """Return the mean absolute change from one season to the next."""
    return float(np.mean(np.abs(np.subtract(history[period:], history[:-period]))))


def rmsse(actual, forecast, history, period):
    """Return the root mean squared scaled error."""
    change = np.subtract(history[period:], history[:-period])
    error = np.subtract(actual, forecast)
    return float(np.sqrt(np.mean(error**2) / np.mean(change**2)))


def smooth(values, alpha, level):
    """Return the forecast before each value and after the last."""
    forecasts = [level]
    for value in values:
        forecasts.append(forecasts[-1] + alpha * (value - forecasts[-1]))
    return [float(each) for each in forecasts]


def blocks(name):
    """Return the last 52 weeks of a column, one row per week, and how many days came before."""
    values = column(name).to_numpy()
    first = len(values) - 7 * WEEKS
    return values[first:].reshape(WEEKS, 7), first


def errors(way, days=28):
    """Return the absolute errors of a forecast of the leads, one row per week."""
    came, first = blocks("leads")
    values = column("leads").to_numpy()
    if way == "seasonal naive":
        forecast = values[first - 7 : -7].reshape(WEEKS, 7)
    else:
        starts = first + 7 * np.arange(WEEKS)
        forecast = np.array([values[max(0, s - days) : s].mean() for s in starts])[:, None]
    return np.abs(came - forecast)


def gap(days=28, *, by="week", other="seasonal naive", paired=True):
    """Return the difference of two mean absolute errors, with an interval."""
    one, two = errors("mean", days), errors(other)
    if by == "week":
        one, two = one.mean(axis=1), two.mean(axis=1)
    one, two = one.ravel(), two.ravel()
    variance = (one - two).var(ddof=1) if paired else one.var(ddof=1) + two.var(ddof=1)
    margin = T * np.sqrt(variance / len(one))
    middle = float((one - two).mean())
    return {"difference": middle, "low": middle - margin, "high": middle + margin}


def turned(answer):
    """Return the difference the other way round."""
    return {
        "difference": -answer["difference"],
        "low": -answer["high"],
        "high": -answer["low"],
    }


def regression(*, whole=False, through=False):
    """Return the errors of the leads by the visits: with the visits known, and forecast."""
    came, first = blocks("leads")
    leads, visits = column("leads").to_numpy(), column("visits").to_numpy()
    until = None if whole else first
    if through:
        slope = (leads[:until] @ visits[:until]) / (visits[:until] @ visits[:until])
        intercept = 0.0
    else:
        slope, intercept = np.polyfit(visits[:until], leads[:until], 1)
    known, ahead = visits[first:], visits[first - 7 : -7]
    return {
        "known": mean_size(came.ravel(), intercept + slope * known),
        "forecast": mean_size(came.ravel(), intercept + slope * ahead),
    }


TASKS = [
    Task(
        "16.1",
        "As last week",
        name="fortnight_visits",
        kind=Number(unit="visits", whole=True),
        truth=fortnight,
        section="Begin with the baselines",
        hints=[
            "On 28 February 2026, which week is the newest that is known whole?",
            "The forecast repeats the last seven days: the first week of March, and the second.",
        ],
        mistakes=[
            Mistake(
                "naive",
                lambda: fortnight("naive"),
                "You repeated the last day fourteen times: the naive forecast without a season.",
                "Take the value of the same weekday in the last known week.",
            ),
            Mistake(
                "mean",
                lambda: fortnight("mean"),
                "That is the mean of all days, fourteen times.",
                "Take the value of the same weekday in the last known week.",
            ),
            Mistake(
                "two-weeks-copied",
                lambda: fortnight("two weeks"),
                "You took the last two weeks. A seasonal naive forecast repeats the last season, "
                "and the season here is one week.",
                "Use the last seven days for both weeks.",
            ),
            Mistake(
                "one-week",
                lambda: fortnight("one week"),
                "That is one week; the task asks for both.",
                "Add the second week, which repeats the same seven days.",
            ),
            Mistake(
                "what-came",
                lambda: fortnight("what came"),
                "That is what came in March. On 28 February nobody knew it.",
                "Forecast from the days up to 28 February.",
            ),
        ],
        after="Seven days are all it uses, so an odd week is forecast twice.",
        equivalent={"without period=7": "a week is the default"},
    ),
    Task(
        "16.2",
        "MASE in a few lines",
        name="mase",
        kind=Function(
            Number(decimals=6),
            calls=[
                ([10.0, 20.0], [12.0, 16.0], [10.0, 12.0, 8.0, 12.0, 9.0], 2),
                ([5.0, 8.0, 6.0], [5.0, 6.0, 9.0], [4.0, 7.0, 5.0, 9.0, 6.0, 6.0, 3.0, 8.0], 3),
                ([3.0, 3.0], [2.0, 5.0], [1.0, 4.0, 2.0, 2.0, 7.0], 1),
            ],
        ),
        truth=mase,
        section="The backtest",
        hints=[
            "Above the line: the mean of the absolute errors. Below it: of which series, over what "
            "distance?",
            "Below the line is the mean of `abs(history[t] - history[t - period])` over all t for "
            "which both are there.",
        ],
        mistakes=[
            Mistake(
                "lag-of-one",
                lambda actual, forecast, history, period: mase(actual, forecast, history, 1),
                "You divided by the changes from one day to the next, whatever the period.",
                "Take the changes over `period` days.",
            ),
            Mistake(
                "scale-of-the-future",
                lambda actual, forecast, history, period: (
                    mean_size(actual, forecast) / max(float(np.mean(np.abs(np.diff(actual)))), 0.1)
                ),
                "You took the scale from what came. It belongs to the history, which was known.",
                "Divide by the changes within `history`.",
            ),
            Mistake(
                "not-divided",
                lambda actual, forecast, history, period: mean_size(actual, forecast),
                "That is the mean absolute error, in the unit of the series.",
                "Divide it by the mean absolute change within `history`.",
            ),
            Mistake(
                "upside-down",
                lambda actual, forecast, history, period: (
                    1 / mase(actual, forecast, history, period)
                ),
                "You divided the change by the error.",
                "Divide the error by the change.",
            ),
            Mistake(
                "squared",
                rmsse,
                "You squared the errors and took the root: that is the RMSSE.",
                "Take the absolute values.",
            ),
        ],
        after="Beside every MASE write its period: 1 and 7 are two measures.",
    ),
    Task(
        "16.3",
        "Smoothing in a few lines",
        name="smooth",
        kind=Function(
            List(Number(decimals=6)),
            calls=[
                ([100.0, 120.0, 110.0], 0.5, 100.0),
                ([3.0, 9.0, 6.0, 1.0], 0.2, 5.0),
                ([7.0, 2.0], 1.0, 4.0),
            ],
        ),
        truth=smooth,
        section="Smoothing: follow the errors",
        hints=[
            "The forecast of the first value is the level at the start. What happens to the level "
            "when the value comes?",
            "`level = level + alpha * (value - level)`, and each level is the next forecast. So "
            "there is one forecast more than there are values.",
        ],
        mistakes=[
            Mistake(
                "levels-after",
                lambda values, alpha, level: smooth(values, alpha, level)[1:],
                "These are the levels after each value. The forecast of the first value, the level "
                "at the start, is missing.",
                "Begin the list with the level at the start.",
            ),
            Mistake(
                "last-one-missing",
                lambda values, alpha, level: smooth(values, alpha, level)[:-1],
                "The forecast after the last value is missing: the only one that is about the "
                "future.",
                "Return one forecast more than there are values.",
            ),
            Mistake(
                "shares-exchanged",
                lambda values, alpha, level: smooth(values, 1 - alpha, level),
                "You gave `alpha` to the old level and the rest to the value; it is the other way "
                "round.",
                "Move the level by `alpha` times the error.",
            ),
            Mistake(
                "wrong-direction",
                lambda values, alpha, level: smooth(values, -alpha, level),
                "Your level moves away from the values: the error is the value less the forecast.",
                "Take `value - level`.",
            ),
        ],
        after="With alpha = 1 it is the naive forecast.",
    ),
    Task(
        "16.4",
        "Four weeks or one?",
        name="gap",
        kind=Mapping(Number(unit="leads per day", decimals=2)),
        truth=gap,
        section="The backtest",
        hints=[
            "Write a function of `history` and `horizon` that returns the mean of the last 28 days "
            "for every day, and give it to `forecasting.backtest`.",
            "For each method take the mean absolute error of each origin, then the difference at "
            "each origin: 52 numbers. The margin is `2.008 * differences.std() / 52**0.5`.",
        ],
        mistakes=[
            Mistake(
                "other-way-round",
                lambda: turned(gap()),
                "You took the seasonal naive forecast less the four weeks.",
                "Take the error of the mean of four weeks less that of the seasonal naive one.",
            ),
            Mistake(
                "each-day-for-itself",
                lambda: gap(by="day"),
                "You took all 364 days as independent. Days forecast from one origin share what "
                "happens in that week.",
                "Take the mean of each origin first; then there are 52 differences.",
            ),
            Mistake(
                "not-paired",
                lambda: gap(paired=False),
                "You added the variances of the two methods. Both met the same weeks, so what a "
                "hard week adds to both falls out of the difference.",
                "Take the difference at each origin, and its standard deviation.",
            ),
            Mistake(
                "mean-of-everything",
                lambda: gap(10_000),
                "Your forecast is the mean of the whole history.",
                "Take the last 28 days: `history.iloc[-28:].mean()`.",
            ),
            Mistake(
                "one-week",
                lambda: gap(7),
                "Your forecast is the mean of the last 7 days.",
                "Take the last 28 days: `history.iloc[-28:].mean()`.",
            ),
        ],
        after="Leads are few and scatter by chance; copying one week copies its accidents.",
    ),
    Task(
        "16.5",
        "If only we knew the visits",
        name="off_by",
        kind=Mapping(Number(unit="leads per day", decimals=2)),
        truth=regression,
        section="What must be known ahead",
        hints=[
            "Fit the line on the days before the first origin. What stands for X on the days after "
            "it, once if the visits are known, and once if they are forecast?",
            "`forecasting.backtest(visits, forecasting.seasonal_naive, **origins)` has the "
            "forecast of X for all 364 days, in order.",
        ],
        mistakes=[
            Mistake(
                "fitted-on-all",
                lambda: regression(whole=True),
                "You fitted the line on all days, those to be forecast among them.",
                "Fit it on `visits[:first]` and `leads[:first]`.",
            ),
            Mistake(
                "exchanged",
                lambda: dict(zip(("forecast", "known"), regression().values(), strict=True)),
                "You exchanged the two.",
                "`known` is the error with the visits of the day itself.",
            ),
            Mistake(
                "no-intercept",
                lambda: regression(through=True),
                "Your line has no intercept: it passes through 0.",
                "Use intercept and slope, as `np.polyfit(x, y, 1)` gives them.",
            ),
        ],
        after="Here it costs little, since most of the error is chance in the leads themselves.",
    ),
    Task(
        "16.6",
        "How many in June?",
        name="june",
        kind=Mapping(Number(unit="visits", decimals=0)),
        truth=lambda: JUNE,
        section="How far off?",
        hints=[
            "What is to be summed first: the bounds of the days, or the days of each path?",
            "`forecasting.path_total(paths, confidence=0.9)` sums each path and gives the bounds.",
        ],
        mistakes=[
            Mistake(
                "sum-of-bounds",
                lambda: JUNE_DAYS,
                "You added the bounds of the days. All days would have to be low, or high, at "
                "once.",
                "Sum each path over the days first.",
            ),
            Mistake(
                "eighty-percent",
                lambda: JUNE_80,
                "That is the 80 % interval.",
                "The task asks for 90 %: from the 5 % to the 95 % quantile of the sums.",
            ),
        ],
        after="5,399 came.",
    ),
]
