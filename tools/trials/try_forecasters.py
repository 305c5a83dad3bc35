"""Forecasts against statsforecast, which wants packages of its own choice: in its own environment.

The same random series go to both; baselines, smoothing, the origins of a backtest and the scaled
errors have to agree.
"""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
from harness import expect, needs, trial

from funnelkit import forecasting

HORIZON, PERIOD, ALPHA = 14, 7, 0.3
ORIGINS = {"horizon": HORIZON, "first": 76, "step": 10}

THEIRS = """
import json, sys
import numpy as np, pandas as pd
from statsforecast import StatsForecast, models
from utilsforecast.losses import mase, rmsse

horizon, period, alpha = {settings}
given = json.load(open(sys.argv[1]))
told = []
for y in given:
    y = np.array(y)
    made = {{
        "mean": models.HistoricAverage(),
        "naive": models.Naive(),
        "drift": models.RandomWalkWithDrift(),
        "seasonal naive": models.SeasonalNaive(season_length=period),
        "smoothing": models.SimpleExponentialSmoothing(alpha=alpha),
    }}
    at = {{name: each.forecast(y=y, h=horizon)["mean"].tolist() for name, each in made.items()}}
    days = pd.date_range("2026-01-01", periods=len(y))
    frame = pd.DataFrame({{"unique_id": "x", "ds": days, "y": y}})
    rolling = StatsForecast([models.SeasonalNaive(season_length=period)], freq="D")
    test = rolling.cross_validation(
        df=frame, h=horizon, step_size={step}, n_windows={windows}
    ).reset_index()
    errors = {{}}
    first = frame.iloc[:{first}]
    for loss in (mase, rmsse):
        found = loss(test[["unique_id", "ds", "y", "SeasonalNaive"]], ["SeasonalNaive"],
                     seasonality=period, train_df=first)
        errors[loss.__name__] = float(found["SeasonalNaive"].iloc[0])
    told.append({{"at": at, "forecast": test["SeasonalNaive"].tolist(),
                 "origins": sorted(set(test["cutoff"].dt.strftime("%Y-%m-%d"))), **errors}})
print(json.dumps(told))
"""


def series():
    """Return random series: steps, weeks, a short one that hardly moves."""
    rng = np.random.default_rng(16)
    week = np.resize([30.0, 33, 31, 29, 24, 10, 12], 130)
    return [
        np.cumsum(rng.normal(0, 2, 130)) + 100,
        week + rng.normal(0, 3, 130),
        rng.poisson(3, 130).astype(float),
        np.exp(rng.normal(3, 0.1, 130)),
    ]


def ours(values):
    """Return what funnelkit makes of a series, in the form of the other program."""
    y = pd.Series(values, pd.date_range("2026-01-01", periods=len(values)))
    at = {
        "mean": forecasting.mean_forecast(y, HORIZON),
        "naive": forecasting.naive(y, HORIZON),
        "drift": forecasting.drift(y, HORIZON),
        "seasonal naive": forecasting.seasonal_naive(y, HORIZON, period=PERIOD),
        "smoothing": forecasting.simple_smoothing(y, HORIZON, alpha=ALPHA),
    }
    test = forecasting.backtest(y, forecasting.seasonal_naive, **ORIGINS)
    scale = {"history": y.iloc[: ORIGINS["first"]], "period": PERIOD}
    pair = test["actual"], test["forecast"]
    return {
        "at": {name: forecast.tolist() for name, forecast in at.items()},
        "forecast": test["forecast"].tolist(),
        "origins": sorted(set(test["origin"].dt.strftime("%Y-%m-%d"))),
        "mase": forecasting.mase(*pair, **scale),
        "rmsse": forecasting.rmsse(*pair, **scale),
    }


@trial
def forecasts_are_those_of_statsforecast(tmp):
    python = tmp / "theirs" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    uv = [sys.executable, "-m", "uv"]
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(tmp / "theirs")],
        ["pip", "install", "--quiet", "--python", str(python), "statsforecast>=2.0.3"],
    ):
        done = subprocess.run([*uv, *command], capture_output=True, text=True, timeout=500)
        needs(f"an index of packages ({done.stderr.strip()[-200:]})", done.returncode == 0)
    given = series()
    windows = (len(given[0]) - ORIGINS["first"] - HORIZON) // ORIGINS["step"] + 1
    settings = {"step": ORIGINS["step"], "first": ORIGINS["first"], "windows": windows}
    program = THEIRS.format(settings=(HORIZON, PERIOD, ALPHA), **settings)
    (tmp / "given.json").write_text(json.dumps([each.tolist() for each in given]))
    command = [python, "-W", "ignore", "-c", program, tmp / "given.json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    expect(done.returncode == 0, done.stdout, done.stderr)
    for values, theirs in zip(given, json.loads(done.stdout.splitlines()[-1]), strict=True):
        own = ours(values)
        for name, forecast in own["at"].items():
            same = np.allclose(forecast, theirs["at"][name], rtol=1e-5)
            expect(same, name, forecast, theirs["at"][name])
        for name in ("forecast", "mase", "rmsse"):
            expect(np.allclose(own[name], theirs[name], rtol=1e-5), name, own[name], theirs[name])
        expect(own["origins"] == theirs["origins"], own["origins"], theirs["origins"])
