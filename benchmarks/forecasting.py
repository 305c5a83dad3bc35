"""How fast funnelkit tests forecasts on the past, beside what one would use instead.

    python start.py bench forecasting --statsforecast PYTHON

Every program takes the same series of daily visits in memory and forecasts the 28 days after each
of 30 origins, by methods of lesson 16: the last week again, simple exponential smoothing with a
given weight, and exponential smoothing with a week's season, fitted anew at each origin. It prints
a table and writes it into `benchmarks/README.md`. Programs that are compared must find the same
numbers, or nothing is written. How it is measured: `benchmarks/turns.py`.

What is compared with statsforecast are the two methods without anything to fit, since its search
for the weights of the third ends elsewhere than that of statsmodels. With statsmodels, on which the
third method of funnelkit rests, it is that method: what funnelkit adds around it is what the ratio
shows. `python start.py bench forecasting` has what is needed but statsforecast, which needs an
environment of its own, outside of this folder; its Python is named in the call:

    uv venv forecast-env
    uv pip install --python forecast-env/bin/python "statsforecast>=2.0.3"
    python start.py bench forecasting --statsforecast forecast-env/bin/python

Without `--statsforecast` it is left out of the table.
"""

import argparse
import sys

import turns

HORIZON, ORIGINS, STEP, PERIOD, ALPHA = 28, 30, 14, 7, 0.3
DAYS = [1_096, 3_653]  # three years, as in the lesson, and ten
SIMPLE = ["seasonal naive: sum", "simple smoothing: sum"]
FITTED = ["exponential smoothing with a season: sum"]


def make_series(days):
    """Return daily visits with a week, a trend and noise, the same in every process."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(16)
    week = np.resize([120.0, 130, 128, 119, 96, 60, 66], days)
    values = (week * (1 + np.arange(days) / 10_000) + rng.normal(0, 9, days)).round(1)
    return pd.Series(values, index=pd.date_range("2016-01-01", periods=days), name="visits")


# ---------------------------------------------------------------- the programs
#
# Each takes the series and returns its version and a function that gives the numbers.


def _tested(series, forecasters):
    """Return the sum of all forecasts of each method, tested at the origins by funnelkit."""
    import funnelkit
    from funnelkit import forecasting

    first = len(series) - HORIZON - (ORIGINS - 1) * STEP

    def read():
        tests = (
            forecasting.backtest(series, each, horizon=HORIZON, first=first, step=STEP)
            for each in forecasters
        )
        return [test["forecast"].sum() for test in tests]

    return funnelkit.__version__, read


def simple_with_funnelkit(series):
    from funnelkit import forecasting

    def smoothed(history, horizon):
        return forecasting.simple_smoothing(history, horizon, alpha=ALPHA)

    return _tested(series, [forecasting.seasonal_naive, smoothed])


def simple_with_statsforecast(series):
    import statsforecast
    from statsforecast import StatsForecast, models

    table = series.rename("y").rename_axis("ds").reset_index().assign(unique_id="visits")
    names = ["SeasonalNaive", "SES"]

    def read():
        chosen = [
            models.SeasonalNaive(season_length=PERIOD),
            models.SimpleExponentialSmoothing(alpha=ALPHA),
        ]
        test = StatsForecast(chosen, freq="D").cross_validation(
            df=table, h=HORIZON, step_size=STEP, n_windows=ORIGINS
        )
        return [test[name].sum() for name in names]

    return statsforecast.__version__, read


def fitted_with_funnelkit(series):
    from funnelkit import forecasting

    return _tested(series, [forecasting.ets])


def fitted_with_statsmodels(series):
    import statsmodels
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    first = len(series) - HORIZON - (ORIGINS - 1) * STEP

    def read():
        total = 0.0
        for k in range(ORIGINS):
            history = series.iloc[: first + k * STEP].asfreq("D")
            fit = ETSModel(history, seasonal="add", seasonal_periods=PERIOD).fit(disp=False)
            total += fit.forecast(HORIZON).sum()
        return [total]

    return statsmodels.__version__, read


PROGRAMS = {
    ("simple", "funnelkit"): simple_with_funnelkit,
    ("simple", "statsforecast"): simple_with_statsforecast,
    ("fitted", "funnelkit"): fitted_with_funnelkit,
    ("fitted", "statsmodels"): fitted_with_statsmodels,
}
QUESTIONS = {
    "simple": ("the last week again, and simple smoothing", SIMPLE),
    "fitted": ("exponential smoothing with a season, fitted at each origin", FITTED),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--statsforecast", metavar="PYTHON", help="a Python that has it")
    parser.add_argument("--rounds", type=int, default=9, help="timed calls of each (default 9)")
    parser.add_argument("--print-only", action="store_true", help="leave README.md as it is")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        question, program, days = options.serve
        return turns.serve(lambda: PROGRAMS[question, program](make_series(int(days))))
    pythons = {"statsforecast": options.statsforecast}
    all_versions, parts = {}, []
    for days in DAYS:
        for question, (words, numbers) in QUESTIONS.items():
            commands = {
                program: [python, __file__, "--serve", question, program, str(days)]
                for asked, program in PROGRAMS
                if asked == question and (python := pythons.get(program, sys.executable))
            }
            seconds, found, versions = turns.measure(commands, options.rounds)
            turns.need_same_numbers(numbers, found)
            all_versions |= versions
            parts += ["", f"{days:,} days: {words}", *turns.lines_of(seconds)]
    text = "\n".join(
        [
            f"{ORIGINS} origins, {HORIZON} days ahead. Median of {options.rounds} warm calls, "
            "taking turns.",
            "Ratio: how many times as long as funnelkit.",
            *turns.machine(all_versions),
            *parts,
        ]
    )
    print(text)
    if not options.print_only:
        turns.put_into_readme("forecasting", text)


if __name__ == "__main__":
    main()
