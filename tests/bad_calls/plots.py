"""A valid call of every chart. What is compared is what it has drawn, not the axes."""

import functools

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from funnelkit import cohorts, lifetime, metrics, plots, scoring


def drawn(chart):
    """Return a function that draws a chart and returns its words and its numbers."""

    @functools.wraps(chart)
    def words_and_numbers(*args, **kwargs):
        try:
            axes = np.ravel(chart(*args, **kwargs))
            return [part for ax in axes for part in parts_of(ax)]
        finally:
            plt.close("all")

    return words_and_numbers


def parts_of(ax):
    yield [text.get_text() for text in ax.texts]
    yield [ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")]
    yield [label.get_text() for label in ax.get_yticklabels()]
    yield [np.asarray(line.get_xydata(), float) for line in ax.lines]
    yield [[*bar.get_xy(), bar.get_width(), bar.get_height()] for bar in ax.patches]
    yield [
        np.ma.filled(np.ma.asarray(part.get_array(), float), np.nan).ravel()
        for part in ax.collections
        if part.get_array() is not None
    ]


FUNNEL = pd.DataFrame(
    {"users": [1000, 200, 50], "step_rate": [np.nan, 0.2, 0.25], "overall_rate": [1.0, 0.2, 0.05]},
    index=pd.Index(["visit", "lead", "customer"], name="step"),
)
SEGMENTS = pd.concat({"search": FUNNEL, "social": FUNNEL}, names=["channel", "step"])
REACHED = pd.DataFrame(
    {
        "visit": pd.to_datetime(["2026-03-02"] * 4),
        "customer": pd.to_datetime(["2026-03-05", "2026-03-09", None, None]),
        "device": ["mobile", "desktop", "mobile", "desktop"],
    }
)
RATES = pd.DataFrame(
    {
        "converted": [90, 101],
        "users": [970, 984],
        "rate": [0.093, 0.103],
        "ci_low": [0.08, 0.09],
        "ci_high": [0.11, 0.12],
    },
    index=pd.Index(["mail", "search"], name="channel"),
)
ESTIMATES = pd.DataFrame(
    {"estimate": [0.02, -0.01], "ci_low": [0.01, -0.03], "ci_high": [0.03, 0.01]},
    index=["button", "form"],
)
WEEKS = pd.period_range("2026-03-02", periods=3, freq="W")
PERIODS = RATES[["rate", "ci_low", "ci_high"]].iloc[[0, 1, 0]].set_axis(WEEKS)
MONITOR = pd.DataFrame(
    {
        "share": [0.1, 0.12, 0.4],
        "low": [0.02, 0.02, 0.02],
        "high": [0.2, 0.2, 0.2],
        "learnt": [True, True, False],
        "alarm": [False, False, True],
    },
    index=WEEKS,
)
USERS = pd.DataFrame({"user_id": range(100), "converted": np.arange(100) < 20})
BOOTSTRAP = metrics.bootstrap(USERS, lambda t: t["converted"].mean(), n_resamples=50, seed=1)
LINES = pd.DataFrame({"counted": [0, 5, 9], "expected": [0.5, 4.2, 8.1]})
LEADS = pd.DataFrame(
    {"days": [1.0, 2, 2, 9], "pages": [3, 4, 8, 1], "source": ["mail", "mail", "ads", "ads"]}
)
SENSITIVITY = metrics.sensitivity(
    lambda rate, margin: 1000 * rate * margin,
    {"rate": 0.02, "margin": 50},
    {"rate": (0.018, 0.03), "margin": (45, 52)},
)
COHORTS = pd.DataFrame({"0": [1.0, 1.0], "1": [0.8, np.nan]}, index=["2026-01", "2026-02"])
CURVE = cohorts.kaplan_meier([1, 2, 2, 5], [True, True, False, False])
VALUE = pd.DataFrame({"value": [20.0, 36.0, 48.0]})
LORENZ = lifetime.lorenz([10, 60, 0, 20, 10])
CRITERIA = pd.DataFrame(
    {
        "inertia": [9.0, 3.0, 2.5],
        "silhouette": [np.nan, 0.6, 0.5],
        "stability": [np.nan, 0.8, 0.9],
        "gap": [0.1, 0.4, 0.3],
        "gap_se": [0.02, 0.02, 0.02],
    },
    index=[1, 2, 3],
)
BANDS = pd.DataFrame({"mean": [1.0, 2.0], "low": [0.5, 1.0], "high": [1.5, 3.0]}, index=[0.0, 1.0])
SCORE, BOUGHT = [0.9, 0.6, 0.4, 0.1], [True, False, True, False]
GAINS = scoring.gains_table(SCORE, BOUGHT)
CALIBRATION = scoring.calibration_table(SCORE, BOUGHT, bins=2)

CALLS = [
    (plots.percent, {"share": 0.1123, "digits": 1}),
    (plots.count, {"number": 12345}),
    (
        drawn(plots.funnel_chart),
        {"table": FUNNEL, "title": "Title", "value": "users", "step_rates": True},
    ),
    (
        drawn(plots.small_multiples),
        {"table": SEGMENTS, "title": "Title", "value": "users", "columns": 2},
    ),
    (
        drawn(plots.compare_chart),
        {"table": SEGMENTS, "steps": ["visit", "lead"], "title": "Title", "value": "users"},
    ),
    (
        drawn(plots.time_to_convert_curve),
        {
            "table": REACHED,
            "start": "visit",
            "end": "customer",
            "by": "device",
            "unit": "days",
            "until": "30D",
        },
    ),
    (
        drawn(plots.rate_chart),
        {
            "table": RATES,
            "rate": "rate",
            "low": "ci_low",
            "high": "ci_high",
            "mark": 0.1,
            "write": "{:.3f}".format,
        },
    ),
    (
        drawn(plots.interval_chart),
        {
            "table": ESTIMATES,
            "estimate": "estimate",
            "low": "ci_low",
            "high": "ci_high",
            "reference": 0.0,
            "write": plots.percent,
        },
    ),
    (drawn(plots.rate_over_time), {"tables": PERIODS, "rate": "rate", "interval": True}),
    (drawn(plots.control_chart), {"table": MONITOR, "title": "Title"}),
    (
        drawn(plots.histogram_of_replicates),
        {"result": BOOTSTRAP, "xlabel": "rate", "as_percent": True},
    ),
    (drawn(plots.line_chart), {"table": LINES, "as_percent": False, "mark": 1.0, "marked": "here"}),
    (
        drawn(plots.distribution_chart),
        {"table": LEADS, "value": "days", "by": "source", "kind": "ecdf", "log": False},
    ),
    (
        drawn(plots.tornado_chart),
        {"table": SENSITIVITY, "write": plots.count, "inputs": {"rate": plots.percent}},
    ),
    (drawn(plots.cohort_heatmap), {"table": COHORTS, "title": "Title"}),
    (drawn(plots.survival_chart), {"curve": CURVE, "until": 4, "interval": True}),
    (drawn(plots.value_curve_chart), {"table": VALUE, "cost": 40.0}),
    (drawn(plots.lorenz_chart), {"table": LORENZ, "top": 0.2, "what": "margin"}),
    (
        drawn(plots.segment_chart),
        {"table": LEADS, "x": "days", "y": "pages", "segment": "source", "at_most": 100},
    ),
    (drawn(plots.k_chart), {"table": CRITERIA, "chosen": 2}),
    (
        drawn(plots.score_curves),
        {"tables": {"points": GAINS}, "x": "depth", "y": "gains", "baseline": 0.5},
    ),
    (drawn(plots.calibration_chart), {"tables": CALIBRATION, "xlabel": "predicted"}),
    (
        drawn(plots.band_chart),
        {
            "tables": BANDS,
            "middle": "mean",
            "low": "low",
            "high": "high",
            "points": pd.Series([1.0, 2.5], index=[0.2, 0.7]),
            "mark": 0.4,
            "marked": "next",
            "ylabel": "profit",
        },
    ),
]

DRAWN = {function.__name__: function for function, _ in CALLS}

ACCEPTED = {
    # Words that are only written may be any text.
    **{
        (function, name): ("a name that is not there",)
        for function, arguments in CALLS
        for name in ("title", "xlabel", "ylabel", "marked", "what")
        if name in arguments
    },
    # What is missing is written as a dash.
    (plots.percent, "share"): ("not a number", "missing", "nothing"),
    (plots.count, "number"): ("not a number", "missing", "nothing"),
    # One line is drawn of a column.
    (DRAWN["line_chart"], "table"): ("a column for a table",),
    (DRAWN["value_curve_chart"], "table"): ("a column for a table",),
    # There are no more cases to draw, and no more panels, than the table has.
    (DRAWN["segment_chart"], "at_most"): ("too large to compute with",),
    (DRAWN["small_multiples"], "columns"): ("too large to compute with",),
}
