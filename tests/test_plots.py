"""The charts: what is drawn is what the table says, and it can be read.

Every chart is held to the same rules (type size, nothing overlapping or cut off, white ground,
nothing set globally, the same picture each time); then each to its own numbers.
"""

import itertools
import subprocess
import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from funnelkit import cohorts, lifetime, metrics, plots, scoring
from funnelkit.plots import style
from funnelkit.plots.values import bin_edges
from tests.bad_calls.plots import parts_of
from tools.overlaps import cut_off, on_marks, overlapping, texts_of

STEPS = ["visit", "lead", "opportunity", "customer"]


def with_interval(table):
    """Return a table of counts with the rates and intervals that metrics.rates adds."""
    low, high = metrics.wilson_interval(table["converted"], table["n"])
    table = table.assign(rate=table["converted"] / table["n"], ci_low=low, ci_high=high)
    table.attrs["confidence"] = 0.95
    return table


def funnel_of(*users):
    """Return a table as funnels.funnel makes it, from users per step."""
    users = pd.Series(users, pd.Index(STEPS[: len(users)], name="step"), dtype="int64")
    before = users.shift(1)
    return pd.DataFrame(
        {
            "users": users,
            "step_rate": users / before,
            "overall_rate": users / users.iloc[0],
            "dropped": (before - users).astype("Int64"),
        }
    ).assign(
        ci_low=metrics.wilson_interval(users.iloc[1:], before.iloc[1:])[0],
        ci_high=metrics.wilson_interval(users.iloc[1:], before.iloc[1:])[1],
    )


FUNNEL = funnel_of(10234, 1894, 612, 148)
SEGMENTS = pd.concat(
    {
        "search": funnel_of(4200, 900, 300, 81),
        "social": funnel_of(3100, 310, 70, 9),
        "partner": funnel_of(950, 320, 140, 44),
        np.nan: funnel_of(410, 80, 31, 0),
    },
    names=["channel", "step"],
)
DEFINITIONS = pd.concat(
    {
        "any order": funnel_of(10234, 2300, 900, 210),
        "in order": FUNNEL,
        "in order, within 30 days": funnel_of(10234, 1850, 500, 101),
        "in one session": funnel_of(10234, 700, 40, 3),
    },
    names=["definition", "step"],
)
BY_CHANNEL = pd.DataFrame(
    {"n": [970, 984, 983, 1055, 60], "converted": [90, 101, 223, 106, 0]},
    pd.Index(["mail", "offline", "partner", "search", None], name="channel"),
)
BY_CHANNEL = with_interval(BY_CHANNEL)
SIMPSON = with_interval(
    pd.DataFrame(
        {
            "n": [5000, 5000, 4000, 1000, 1000, 4000],
            "converted": [520, 610, 320, 50, 200, 560],
        },
        pd.MultiIndex.from_product([["all", "mobile", "desktop"], ["A", "B"]]),
    )
)
WEEKS = pd.period_range("2025-12-15", periods=14, freq="W", name="period")
PERIOD = pd.DataFrame(
    {"rate": [np.nan, 0.04, 0.1, 0.12, 0.1, 0.09, 0.11, 0.05, 0.04, 0.09, 0.1, 0.1, 0.12, 0.11]},
    WEEKS,
)
COHORT = with_interval(
    pd.DataFrame({"n": 400, "converted": np.arange(40, 62, 2)}, WEEKS[:11])
).drop(WEEKS[4])


def reached(n=600, seed=1):
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2026-01-05") + pd.to_timedelta(rng.integers(0, 90 * 24, n), unit="h")
    took = pd.to_timedelta((24 * np.exp(rng.normal(2, 0.9, n))).astype(int), unit="h")
    converts = rng.random(n) < 0.3
    return pd.DataFrame(
        {
            "level": np.where(converts, 2, 1),
            "visit": start,
            "customer": (start + took).where(converts),
            "channel": rng.choice(["search", "social", None], n),
        },
        index=pd.Index([f"u{i}" for i in range(n)], name="user_id"),
    )


REACHED = reached()
TOOK = REACHED["customer"] - REACHED["visit"]
LATE = REACHED.assign(customer=REACHED["visit"] + (TOOK.max() - TOOK))  # most take long
USERS = pd.DataFrame({"user_id": range(1000), "converted": np.arange(1000) < 200})
BOOTSTRAP = metrics.bootstrap(
    USERS, lambda table: table["converted"].mean(), n_resamples=300, seed=1
)

LINES = pd.DataFrame(
    {"counted": np.arange(78.0) ** 0.9, "expected": np.arange(78.0) ** 0.88, "nothing": 0.0},
    index=pd.Index(np.arange(78.0), name="weeks"),
)
GROUPS = pd.DataFrame(
    {"counted": [0.2, 0.7, 1.4, np.nan], "model": [0.2, 0.6, 1.5, 3.0]}, ["0", "1", "2", "3+"]
)

SHARES = pd.DataFrame(
    {
        "share": [
            0.03,
            0.05,
            0.02,
            0.04,
            0.3,
            0.03,
            0.04,
            0.05,
            0.04,
            0.03,
            0.26,
            0.31,
            0.04,
            0.05,
        ],
        "low": 0.0,
        "high": 0.11,
        "learnt": np.arange(14) < 4,
    },
    WEEKS,
).assign(alarm=lambda t: t["share"] > t["high"])
TORNADO = metrics.sensitivity(
    lambda visits, rate, margin, cost: visits * (rate * margin - cost),
    {"visits": 800, "rate": 0.02, "margin": 280, "cost": 3.1},
    {"rate": (0.018, 0.031), "margin": (270, 300), "cost": (2.9, 3.3), "visits": (800, 800)},
)
VALUES = pd.DataFrame(
    {
        "basic": lifetime.value_curve(0.8 ** np.arange(24), 18),
        "plus": lifetime.value_curve(0.9 ** np.arange(24), 30),
    }
)
LORENZ = lifetime.lorenz(np.arange(200.0) ** 2)
WORTH = pd.DataFrame({"clv": [431, 323], "low": [346, 228], "high": [529, 416], "cac": [25, 587]})
WORTH.index = ["partner", "content"]
MARKED = BY_CHANNEL.assign(needed=BY_CHANNEL["rate"] * 0.6)


def cases(n=900, seed=2):
    rng = np.random.default_rng(seed)
    old, rich = rng.integers(0, 2, (2, n))
    names = np.array(["students", "young professionals", "returners", "managers"])
    return pd.DataFrame(
        {
            "age": (26 + 22 * old + rng.normal(0, 5, n)).round(),
            "income": np.exp(9.5 + rich + rng.normal(0, 0.3, n)).round(),
            "segment": names[2 * old + rich],
            "band": np.array(["high", "low", "middle"])[rng.integers(0, 3, n)],
        }
    )


CASES = cases()
EFFECTS = pd.DataFrame(
    {"estimate": [0.02, -0.01, 0.0], "ci_low": [0.01, -0.03, -0.02], "ci_high": [0.03, 0.01, 0.02]},
    index=["green button", "short form", "new price"],
)
CRITERIA = pd.DataFrame(
    {
        "inertia": [6000.0, 3565.2, 2143.3, 1160.4, 1024.4],
        "silhouette": [np.nan, 0.397, 0.43, 0.506, 0.449],
        "stability": [np.nan, 0.98, 0.757, 0.978, 0.837],
    },
    index=pd.RangeIndex(1, 6, name="k"),
)

WITH_GAP = CRITERIA.assign(
    gap=[0.1, 0.35, 0.4, 0.8, 0.79],
    gap_se=[0.02, 0.02, 0.02, 0.02, 0.02],
    silhouette_reference=[np.nan, 0.3, 0.31, 0.3, 0.29],
    stability_reference=[np.nan, 0.5, 0.4, 0.3, -0.02],
)
CURVES = cohorts.kaplan_meier(
    np.random.default_rng(1).integers(1, 20, 200), np.arange(200) % 3 > 0, by=["a", "b"] * 100
)


def heat():
    return pd.DataFrame(
        [[1.0, 0.81, 0.0], [1.0, 0.9, None]], index=["2026-01", "2026-02"], columns=[0, 1, 2]
    )


RNG = np.random.default_rng(5)
LIKELY = RNG.beta(1, 6, 400)
BOUGHT = RNG.random(400) < LIKELY
THRESHOLDS = {
    "logistic regression": scoring.threshold_table(LIKELY, BOUGHT),
    "points card": scoring.threshold_table((10 * LIKELY).round(), BOUGHT),
}
GAINS = {"logistic regression": scoring.gains_table(LIKELY, BOUGHT)}
CALIBRATION = {
    "as it came": scoring.calibration_table(LIKELY**0.5, BOUGHT),
    "calibrated": scoring.calibration_table(LIKELY, BOUGHT),
}

BANDS = pd.DataFrame({"mean": [1.0, 3.0, 2.0]}, index=[0.0, 0.5, 1.0])
BANDS = BANDS.assign(low=BANDS["mean"] - 1, high=BANDS["mean"] + 1)

CHARTS = {
    "bands": lambda **o: plots.band_chart(
        {"surrogate": BANDS, "truth": BANDS[["mean"]] + 1},
        points=pd.Series([2.0, 1.0], index=[0.25, 0.75]),
        mark=0.6,
        marked="next try",
        **o,
    ),
    "funnel": lambda **o: plots.funnel_chart(FUNNEL, **o),
    "funnel, share": lambda **o: plots.funnel_chart(FUNNEL, value="overall_rate", **o),
    "funnel, bars only": lambda **o: plots.funnel_chart(FUNNEL, step_rates=False, **o),
    "compare": lambda **o: plots.compare_chart(DEFINITIONS, **o),
    "compare, share": lambda **o: plots.compare_chart(SEGMENTS, value="overall_rate", **o),
    "rate": lambda **o: plots.rate_chart(BY_CHANNEL, **o),
    "rate, blocks": lambda **o: plots.rate_chart(SIMPSON, **o),
    "rate, steps": lambda **o: plots.rate_chart(FUNNEL, rate="step_rate", xlabel="step rate", **o),
    "rate, marks": lambda **o: plots.rate_chart(MARKED, mark="needed", marked="break-even", **o),
    "rate, one mark": lambda **o: plots.rate_chart(MARKED, mark=0.5, marked="break-even", **o),
    "rate, money": lambda **o: plots.rate_chart(
        WORTH, rate="clv", low="low", high="high", mark="cac", write="EUR {:,.0f}".format, **o
    ),
    "values": lambda **o: plots.value_curve_chart(VALUES, cost=165, xlabel="months", **o),
    "values, never": lambda **o: plots.value_curve_chart(VALUES["basic"], cost=900, **o),
    "lorenz": lambda **o: plots.lorenz_chart(LORENZ, what="margin", **o),
    "tornado": lambda **o: plots.tornado_chart(TORNADO, inputs={"rate": plots.percent}, **o),
    "time": lambda **o: plots.time_to_convert_curve(REACHED, until="60D", **o),
    "time, late": lambda **o: plots.time_to_convert_curve(LATE, **o),
    "time, by": lambda **o: plots.time_to_convert_curve(REACHED, by="channel", until="60D", **o),
    "over time": lambda **o: plots.rate_over_time({"period": PERIOD, "cohort": COHORT}, **o),
    "over time, one": lambda **o: plots.rate_over_time(COHORT, **o),
    "control": lambda **o: plots.control_chart(SHARES, **o),
    "lines": lambda **o: plots.line_chart(LINES, mark=40, marked="the model saw this", **o),
    "lines, groups": lambda **o: plots.line_chart(GROUPS, xlabel="repeat purchases", **o),
    "roc": lambda **o: plots.score_curves(
        THRESHOLDS, x="false_positive_rate", y="recall", baseline="diagonal", **o
    ),
    "precision": lambda **o: plots.score_curves(
        THRESHOLDS, x="recall", y="precision", baseline=BOUGHT.mean(), **o
    ),
    "gains": lambda **o: plots.score_curves(GAINS, x="depth", y="gains", baseline="diagonal", **o),
    "calibration": lambda **o: plots.calibration_chart(CALIBRATION, **o),
    "intervals": lambda **o: plots.interval_chart(EFFECTS, write=plots.percent, **o),
    "distribution": lambda **o: plots.distribution_chart(CASES, "income", by="segment", **o),
    "distribution, bins": lambda **o: plots.distribution_chart(
        CASES, "income", by="band", kind="hist", log=True, **o
    ),
    "survival": lambda **o: plots.survival_chart(CURVES, **o),
    "heat": lambda **o: plots.cohort_heatmap(heat(), **o),
    "histogram": lambda **o: plots.histogram_of_replicates(BOOTSTRAP, **o),
    "segments": lambda **o: plots.segment_chart(CASES, "age", "income", "segment", log=True, **o),
    "segments, stacked": lambda **o: plots.segment_chart(CASES, "age", "income", "band", **o),
}
PANELS = {
    f"panels, {n}, {value}": lambda n=n, value=value, **o: plots.small_multiples(
        SEGMENTS.iloc[: 4 * n], value=value, **o
    )
    for n, value in [(1, "users"), (2, "overall_rate"), (3, "users"), (4, "overall_rate")]
}
PANELS["criteria, gap"] = lambda **o: plots.k_chart(WITH_GAP, chosen=4, **o)
PANELS["criteria"] = lambda **o: plots.k_chart(CRITERIA, chosen=4, **o)
ALL = {**CHARTS, **PANELS}
LONG = (
    "Four of five visitors leave before they leave an address, and that is where to begin to look"
)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def figure_of(result):
    return np.ravel(result)[0].figure


# ---------------------------------------------------------------- what holds for every chart


@pytest.mark.parametrize("name", ALL)
def test_all_words_can_be_read(name):
    figure = figure_of(ALL[name](title=LONG))
    texts = texts_of(figure)
    assert len(texts) >= 5
    assert min(text.get_fontsize() for text, _ in texts) >= 12
    assert [str(pair) for pair in overlapping(figure)] == []
    assert [str(pair) for pair in on_marks(figure)] == []
    assert cut_off(figure) == []
    bars = [bar.get_window_extent() for ax in figure.axes for bar in ax.patches]
    for text, box in texts:
        on_a_bar = any(box.shrunk(1, 0.9).overlaps(bar) for bar in bars if bar.width > 1)
        assert not on_a_bar, f"{text.get_text()!r} lies on a bar"
    assert LONG in [" ".join(text.get_text().split()) for text, _ in texts]
    if name.startswith(("funnel", "compare", "panels")):
        for ax in figure.axes:
            right = ax.get_window_extent().x1
            end = max(label.get_window_extent().x1 for label in ax.texts)
            assert end <= right, "labels of bars stay within the axes"
            assert end > right - 250, "and get no more room than they need"


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_draws_on_the_axes_it_is_given_and_returns_it(name):
    figure, (left, right) = plt.subplots(1, 2, figsize=(18, 7))
    assert CHARTS[name](ax=right, title="A finding") is right
    assert plt.get_fignums() == [figure.number]
    assert not left.has_data() and right.has_data()
    assert right.get_title(loc="left") == "A finding"


@pytest.mark.parametrize("name", ALL)
def test_a_chart_brings_its_own_style_and_changes_nothing_else(name):
    tables = [FUNNEL, SEGMENTS, DEFINITIONS, BY_CHANNEL, SIMPSON, PERIOD, COHORT, REACHED]
    copies = [table.copy(deep=True) for table in tables]
    with plt.style.context("dark_background"):
        settings = dict(matplotlib.rcParams)
        axes = np.ravel(ALL[name]())
        assert dict(matplotlib.rcParams) == settings
        texts = texts_of(axes[0].figure)
    for table, copy in zip(tables, copies, strict=True):
        pd.testing.assert_frame_equal(table, copy)
    assert to_rgb(axes[0].figure.get_facecolor()) == (1, 1, 1)
    for text, _ in texts if name != "heat" else []:  # its words are in dark cells
        assert max(to_rgb(text.get_color())) < 0.4, f"{text.get_text()!r} is pale"
    for ax in axes:
        assert isinstance(ax, matplotlib.axes.Axes)
        assert to_rgb(ax.get_facecolor()) == (1, 1, 1)
        assert ax.get_ylabel() or all(label.get_text() for label in ax.get_yticklabels())
    assert axes[-1].get_xlabel()


@pytest.mark.parametrize("name", ["funnel", "time, by", "over time"])
def test_the_same_table_gives_the_same_picture(name):
    pictures = []
    for _ in range(2):
        figure = figure_of(ALL[name](title="A finding"))
        figure.canvas.draw()
        pictures.append(np.asarray(figure.canvas.buffer_rgba()).copy())
    np.testing.assert_array_equal(*pictures)


def test_colours_are_okabe_and_ito_s_and_never_the_only_sign():
    assert set(plots.PALETTE) == {
        "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000",
    }  # fmt: skip
    assert len(set(style.MARKERS)) == len(plots.PALETTE) <= len(style.DASHES)
    for ax in (CHARTS["time, by"](), CHARTS["over time"]()):
        lines = [line for line in ax.lines if len(line.get_xdata()) > 2]
        signs = {
            (line.get_linestyle(), line.get_marker(), repr(line._dash_pattern)) for line in lines
        }
        assert len(signs) == len(lines)


def test_matplotlib_is_loaded_only_to_draw():
    code = (
        "import sys, funnelkit.plots, funnelkit.metrics\n"
        "heavy = {'matplotlib', 'scipy', 'sklearn', 'statsmodels', 'seaborn', 'IPython'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "[]\n", result.stderr


# ---------------------------------------------------------------- numbers as they are written


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.1123, "11.2 %"),
        (0, "0 %"),
        (1, "100 %"),
        (0.0003, "0.03 %"),
        (0.99996, "99.996 %"),
        (-0.031, "−3.1 %"),
        (1.5, "150.0 %"),
        (12.345, "1,234.5 %"),
        (np.float64("nan"), "–"),
        (pd.NA, "–"),
    ],
)
def test_percentages_are_written_alike(share, words):
    assert plots.percent(share) == words


def test_counts_are_written_alike():
    assert [plots.count(n) for n in (0, 999, 1234, 1234567.0, pd.NA)] == [
        "0", "999", "1,234", "1,234,567", "–",
    ]  # fmt: skip


# ---------------------------------------------------------------- funnels


def test_funnel_chart_has_the_steps_in_order_and_their_numbers():
    ax = plots.funnel_chart(FUNNEL)
    assert [label.get_text() for label in ax.get_yticklabels()] == STEPS
    assert ax.yaxis_inverted(), "the first step is at the top"
    assert [bar.get_width() for bar in ax.patches] == list(FUNNEL["users"])
    words = [text.get_text() for text in ax.texts]
    assert words == [
        "10,234 (100 %)",
        "1,894 (18.5 %)",
        "612 (6.0 %)",
        "148 (1.4 %)",
        "↓ 18.5 % go on, 8,340 stop",
        "↓ 32.3 % go on, 1,282 stop",
        "↓ 24.2 % go on, 464 stop",
    ]
    assert ax.get_xlabel() == "users" and ax.get_xlim()[0] == 0
    assert max(ax.get_xticks()) <= FUNNEL["users"].max()


def test_funnel_chart_of_shares():
    ax = plots.funnel_chart(FUNNEL, value="overall_rate")
    assert [bar.get_width() for bar in ax.patches] == list(FUNNEL["overall_rate"])
    assert ax.get_xlabel() == "share of the users at visit"
    ax.figure.draw_without_rendering()
    assert [label.get_text() for label in ax.get_xticklabels()][-1] == "100 %"


def test_a_funnel_of_chains_does_not_call_them_users():
    table = FUNNEL.copy()
    table.attrs["count"] = "totals"
    assert plots.funnel_chart(table).get_xlabel() == "entries"


def test_funnel_chart_of_nobody_and_of_one_step():
    none = funnel_of(5).assign(users=0, overall_rate=np.nan)
    assert [text.get_text() for text in plots.funnel_chart(none).texts] == ["0 (–)"]
    assert len(plots.funnel_chart(funnel_of(5)).patches) == 1


def test_funnel_chart_of_nullable_numbers():
    table = FUNNEL.convert_dtypes()
    assert [text.get_text() for text in plots.funnel_chart(table).texts] == [
        text.get_text() for text in plots.funnel_chart(FUNNEL).texts
    ]


def test_small_multiples_share_a_scale_and_keep_the_order():
    axes = plots.small_multiples(SEGMENTS, title="A finding")
    assert [ax.get_title(loc="left") for ax in axes] == ["search", "social", "partner", "(missing)"]
    assert len({ax.get_xlim() for ax in axes}) == 1
    for ax, users in zip(axes, SEGMENTS["overall_rate"].to_numpy().reshape(4, 4), strict=True):
        assert [bar.get_width() for bar in ax.patches] == list(users)
    assert axes[0].figure.get_suptitle() == "A finding"


def test_compare_chart_puts_each_step_s_numbers_together():
    ax = plots.compare_chart(DEFINITIONS)
    names = list(DEFINITIONS.index.unique(0))
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert rows == list(itertools.chain.from_iterable([step, *names] for step in STEPS))
    by_step = DEFINITIONS["users"].unstack("definition").loc[STEPS, names]
    assert [bar.get_width() for bar in ax.patches] == list(by_step.to_numpy().ravel())
    assert [text.get_text() for text in ax.texts][-4:] == [
        "210 (2.1 %)",
        "148 (1.4 %)",
        "101 (1.0 %)",
        "3 (0.03 %)",
    ]
    bold = [label.get_text() for label in ax.get_yticklabels() if label.get_weight() == "bold"]
    assert bold == STEPS


def test_compare_chart_of_some_steps():
    ax = plots.compare_chart(DEFINITIONS, steps=["customer", "opportunity"], value="overall_rate")
    bold = [label.get_text() for label in ax.get_yticklabels() if label.get_weight() == "bold"]
    assert bold == ["opportunity", "customer"], "in the order of the funnel"
    assert ax.get_xlabel() == "share of the users at visit"
    assert len(ax.patches) == 8


# ---------------------------------------------------------------- rates


def dots_and_intervals(ax):
    dots = [line for line in ax.lines if line.get_marker() not in ("None", "", None)]
    bars = [line for line in ax.lines if line not in dots]
    return (
        [float(dot.get_xdata()[0]) for dot in dots],
        [tuple(map(float, bar.get_xdata())) for bar in bars],
    )


@pytest.mark.parametrize("table", [BY_CHANNEL, SIMPSON], ids=["one level", "two levels"])
def test_rate_chart_draws_each_rate_with_its_interval(table):
    dots, bars = dots_and_intervals(plots.rate_chart(table))
    assert dots == list(table["rate"])
    assert bars == list(zip(table["ci_low"], table["ci_high"], strict=True))


def test_rate_chart_writes_the_counts_and_names_the_missing_group():
    ax = plots.rate_chart(BY_CHANNEL)
    rows = ["mail", "offline", "partner", "search", "(missing)"]
    assert [label.get_text() for label in ax.get_yticklabels()] == rows
    assert [text.get_text() for text in ax.texts][-2:] == ["106 of 1,055 (10.0 %)", "0 of 60 (0 %)"]
    assert ax.get_xlabel() == "conversion rate (with 95 % interval)"


def test_rate_chart_of_two_levels_stands_in_blocks():
    ax = plots.rate_chart(SIMPSON)
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert rows == ["all", "A", "B", "mobile", "A", "B", "desktop", "A", "B"]
    markers = [line.get_marker() for line in ax.lines if line.get_marker() != "None"]
    assert markers == ["o", "s"] * 3


def test_rate_chart_of_a_funnel_leaves_out_the_step_without_a_rate():
    ax = plots.rate_chart(FUNNEL, rate="step_rate")
    assert [label.get_text() for label in ax.get_yticklabels()] == STEPS[1:]
    assert ax.texts[0].get_text() == "1,894 (18.5 %)"


def test_rate_over_time_draws_the_rates_and_leaves_gaps():
    ax = plots.rate_over_time({"period": PERIOD, "cohort": COHORT})
    lines = [line for line in ax.lines if line.get_marker() in ("None", None)]
    np.testing.assert_array_equal(lines[0].get_ydata(), PERIOD["rate"])
    cohort = lines[1].get_ydata()
    assert len(cohort) == 11 and np.isnan(cohort[4])
    np.testing.assert_array_equal(np.delete(cohort, 4), COHORT["rate"])
    assert [text.get_text() for text in ax.texts] == ["period", "cohort"]
    assert ax.get_ylim()[0] == 0
    assert len(ax.collections) == 1, "only the cohort rate has an interval"
    assert len(plots.rate_over_time(COHORT, interval=False).collections) == 0


def test_rate_over_time_writes_each_year_once():
    ax = plots.rate_over_time(PERIOD)
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert ticks[:3] == ["15 Dec\n2025", "29 Dec", "12 Jan\n2026"]
    assert ax.get_xlabel() == "week beginning"
    months = COHORT.head(3).set_axis(pd.period_range("2026-01", periods=3, freq="M"))
    ax = plots.rate_over_time(months)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["Jan\n2026", "Feb", "Mar"]
    assert ax.get_xlabel() == "month"


def test_names_at_the_ends_of_lines_do_not_touch():
    same = {name: COHORT for name in "abcdefg"}
    boxes = [
        box for text, box in texts_of(plots.rate_over_time(same).figure) if text.get_text() in same
    ]
    boxes.sort(key=lambda box: box.y0)
    assert len(boxes) == 7
    assert all(one.y1 <= two.y0 + 1 for one, two in itertools.pairwise(boxes))


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=12), st.floats(0.01, 20))
def test_moving_apart(values, gap):
    moved = style.spread_apart(values, gap)
    ordered = np.argsort(values, kind="stable")
    assert (np.diff(moved[ordered]) >= gap * (1 - 1e-9) - 1e-9).all()
    assert np.mean(moved) == pytest.approx(np.mean(values), abs=1e-6)
    np.testing.assert_allclose(style.spread_apart(moved, gap * (1 - 1e-6)), moved, atol=1e-4)


def test_control_chart_marks_each_alarm_and_labels_each_run_once():
    ax = plots.control_chart(SHARES)
    squares = [line for line in ax.lines if line.get_marker() == "s"]
    assert list(squares[0].get_ydata()) == [0.3, 0.26, 0.31]
    words = [text.get_text() for text in ax.texts]
    assert words == ["30.0 %", "31.0 %", "limits learnt before"]
    quiet = plots.control_chart(SHARES.assign(alarm=False, learnt=True))
    assert not list(quiet.texts), "nothing to say where nothing happened"


def test_control_chart_says_what_it_needs():
    with pytest.raises(ValueError, match="'alarm'.*quality.monitor"):
        plots.control_chart(SHARES.drop(columns="alarm"))
    with pytest.raises(TypeError, match="take one check out of quality.monitor"):
        plots.control_chart(SHARES.reset_index(drop=True))


# ---------------------------------------------------------------- times and uncertainty


def test_time_to_convert_curve_rises_to_the_conversion_rate():
    ax = plots.time_to_convert_curve(REACHED)
    x, y = ax.lines[0].get_data()
    took = (REACHED["customer"] - REACHED["visit"]).dropna() / pd.Timedelta("1D")
    assert (np.diff(x) >= 0).all() and (np.diff(y) >= 0).all()
    assert y[-1] == len(took) / len(REACHED) and x[-1] == took.max()
    for days in (1, 7, 20):
        by_then = y[np.searchsorted(x, days, side="right") - 1]
        assert by_then == (took <= days).sum() / len(REACHED)
    half = took.median()
    assert ax.lines[1].get_xdata()[0] == half
    assert [text.get_text() for text in ax.texts] == [
        f"half of them within {half:.1f} days",
        f"{len(took)} ({plots.percent(len(took) / len(REACHED))})",
    ]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("days since visit", "share that reached customer")


def test_time_to_convert_curve_in_hours_until_a_limit():
    ax = plots.time_to_convert_curve(REACHED, unit="hours", until="5D")
    took = (REACHED["customer"] - REACHED["visit"]).dropna()
    x, y = ax.lines[0].get_data()
    assert x[-1] == 120 and y[-1] == (took <= "5D").sum() / len(REACHED)
    assert ax.get_xlabel() == "hours since visit"


def test_time_to_convert_curve_by_group_counts_each_group_s_own_starters():
    ax = plots.time_to_convert_curve(REACHED, by="channel")
    words = []
    for name, users in REACHED.groupby("channel", dropna=False):
        n = users["customer"].notna().sum()
        name = "(missing)" if pd.isna(name) else name
        words.append(f"{name}: {n} ({plots.percent(n / len(users))})")
    assert [text.get_text() for text in ax.texts] == words


def test_time_to_convert_curve_counts_those_who_started():
    table = REACHED.copy()
    table.loc[table.index[:100], ["visit", "customer"]] = pd.NaT
    ax = plots.time_to_convert_curve(table)
    assert ax.lines[0].get_ydata()[-1] == table["customer"].notna().sum() / 500


def test_histogram_holds_all_replicates_and_marks_the_interval():
    ax = plots.histogram_of_replicates(BOOTSTRAP, title="A finding")
    assert sum(bar.get_height() for bar in ax.patches) == 300
    marks = [float(line.get_xdata()[0]) for line in ax.lines]
    assert marks == [BOOTSTRAP.low, BOOTSTRAP.estimate, BOOTSTRAP.high]
    assert [text.get_text() for text in ax.texts] == [plots.percent(mark) for mark in marks]
    assert ax.get_xlabel() == "rate in each resample (dashed: the 95 % interval)"


def test_histogram_has_no_teeth_of_its_own():
    """Each bin holds equally many of the values that a rate of 1,000 users can take."""
    edges = bin_edges(np.arange(150, 261) / 1000)
    assert len(edges) <= 42
    assert set(np.histogram(np.arange(150, 261) / 1000, edges)[0][:-1]) == {3}
    assert np.histogram([0.5] * 4, bin_edges(np.array([0.5] * 4)))[0].sum() == 4


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_histogram_bins_lose_no_value(values):
    values = np.array(values)
    edges = bin_edges(values)
    assert np.histogram(values, edges)[0].sum() == len(values)
    assert len(edges) <= 44


def test_histogram_of_a_statistic_that_is_no_share():
    result = metrics.bootstrap(USERS, lambda t: 37.5 * t["converted"].sum(), n_resamples=50, seed=1)
    ax = plots.histogram_of_replicates(result, as_percent=False, xlabel="revenue, EUR")
    assert ax.texts[1].get_text() == "7,500"


# ---------------------------------------------------------------- wrong tables


@pytest.mark.parametrize(
    ("draw", "error", "words"),
    [
        (lambda: plots.funnel_chart([1]), TypeError, r"a list: give the table of funnels.funnel"),
        (
            lambda: plots.funnel_chart(FUNNEL.drop(columns=["users", "step_rate"])),
            ValueError,
            r"no column 'users', 'step_rate': give the table of funnels.funnel\(...\)",
        ),
        (lambda: plots.funnel_chart(FUNNEL.iloc[:0]), ValueError, "no rows: there is nothing to"),
        (lambda: plots.funnel_chart(SEGMENTS), ValueError, "several funnels: .* small_multiples"),
        (lambda: plots.funnel_chart(FUNNEL, value="x"), ValueError, "value is 'x': .*'users'"),
        (lambda: plots.small_multiples(FUNNEL), ValueError, "one funnel: give several"),
        (lambda: plots.compare_chart(FUNNEL), ValueError, "one funnel: give several"),
        (
            lambda: plots.compare_chart(DEFINITIONS, steps=["sale"]),
            ValueError,
            "step is 'sale': give one of 'visit', 'lead'",
        ),
        (lambda: plots.compare_chart(DEFINITIONS, steps=[]), ValueError, "steps is empty"),
        (
            lambda: plots.compare_chart(pd.concat({i: FUNNEL for i in range(8)})),
            ValueError,
            "there are 8 groups and at most 7 can be told apart",
        ),
        (
            lambda: plots.compare_chart(pd.concat({"a": FUNNEL, "b": FUNNEL.iloc[:2]})),
            ValueError,
            "the steps of b are 'visit', 'lead', not 'visit', 'lead', 'opportunity', 'customer'",
        ),
        (
            lambda: plots.rate_chart(BY_CHANNEL.drop(columns="ci_low")),
            ValueError,
            r"no column 'ci_low': give the table of metrics.rates\(...\)",
        ),
        (
            lambda: plots.rate_chart(BY_CHANNEL.assign(rate=np.nan)),
            ValueError,
            "no row has a rate",
        ),
        (
            lambda: plots.rate_chart(pd.concat({"x": SIMPSON})),
            ValueError,
            "the index has 3 levels",
        ),
        (
            lambda: plots.rate_over_time(BY_CHANNEL),
            TypeError,
            "the index holds .*: it must hold periods or times",
        ),
        (
            lambda: plots.rate_over_time({str(i): COHORT for i in range(8)}),
            ValueError,
            "there are 8 groups",
        ),
        (lambda: plots.rate_over_time({}), ValueError, "no table is given"),
        (
            lambda: plots.time_to_convert_curve(REACHED[["level", "visit"]]),
            ValueError,
            r"table has 1 columns of times and needs two: give what funnels.reach\(...\) returns",
        ),
        (
            lambda: plots.time_to_convert_curve(REACHED, end="lead"),
            ValueError,
            "step is 'lead': give one of 'visit', 'customer'",
        ),
        (
            lambda: plots.time_to_convert_curve(REACHED, unit="weeks"),
            ValueError,
            "unit is 'weeks': give one of 'days'",
        ),
        (
            lambda: plots.time_to_convert_curve(REACHED, by="device"),
            ValueError,
            "no column 'device'",
        ),
        (
            lambda: plots.time_to_convert_curve(REACHED[REACHED["level"] == 1]),
            ValueError,
            "nobody went from 'visit' to 'customer'",
        ),
        (
            lambda: plots.time_to_convert_curve(REACHED, until="-1D"),
            ValueError,
            "until is '-1D': it runs forward in time",
        ),
        (
            lambda: plots.histogram_of_replicates([0.1, 0.2]),
            TypeError,
            r"result is a list: give what metrics.bootstrap\(...\) returns",
        ),
    ],
)
def test_wrong_tables_are_refused_with_the_remedy(draw, error, words):
    with pytest.raises(error, match=words):
        draw()
    assert not plt.get_fignums(), "no empty figure is left behind"


# ---------------------------------------------------------------- values along an axis


def test_line_chart_draws_each_column():
    ax = plots.line_chart(LINES, mark=40, marked="until here")
    assert len(ax.lines) == 4, "three lines and the mark, and no markers with so many rows"
    for line, name in zip(ax.lines, LINES, strict=False):
        np.testing.assert_array_equal(line.get_xydata()[:, 1], LINES[name])
    assert {text.get_text() for text in ax.texts} == {*LINES, "until here"}
    assert ax.get_ylim()[0] == 0 and ax.get_xlim() == (0, 77)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("weeks", "value")


def test_line_chart_sets_groups_side_by_side():
    ax = plots.line_chart(GROUPS, xlabel="repeat purchases", ylabel="mean")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1", "2", "3+"]
    assert len(ax.lines) == 4, "a line and its markers for each column"
    one = plots.line_chart(GROUPS["model"], as_percent=True)
    assert one.get_ylabel() == "model" and one.get_xlabel() == "group"
    one.figure.draw_without_rendering()
    assert one.get_yticklabels()[-1].get_text().endswith(" %")


@pytest.mark.parametrize(
    ("table", "error", "words"),
    [
        ([1, 2], TypeError, "table is a list"),
        (GROUPS[:0], ValueError, "no rows"),
        (GROUPS[[]], ValueError, "no columns"),
        (GROUPS.assign(model="x"), TypeError, "column 'model' holds text: remove"),
        (LINES[::-1], ValueError, "sort the table"),
        (pd.DataFrame(np.eye(8)), ValueError, "8 groups and at most 7"),
    ],
)
def test_line_chart_refuses_what_it_cannot_draw(table, error, words):
    with pytest.raises(error, match=words):
        plots.line_chart(table)


# ---------------------------------------------------------------- what rates and results move by


def test_marks_stand_at_each_rate_s_own_value():
    ax = plots.rate_chart(MARKED, mark="needed", marked="break-even")
    upright = [line for line in ax.lines if len(set(line.get_xdata())) == 1 < len(line.get_xdata())]
    assert [line.get_xdata()[0] for line in upright] == list(MARKED["needed"])
    assert "break-even" in [text.get_text() for text in ax.texts]
    left, right = ax.get_xlim()
    assert left < MARKED["needed"].min() and MARKED["ci_high"].max() < right


def test_tornado_chart_begins_at_the_base_and_ends_at_the_results():
    ax = plots.tornado_chart(TORNADO, inputs={"rate": plots.percent}, xlabel="profit, EUR")
    assert [label.get_text() for label in ax.get_yticklabels()] == list(TORNADO.index)
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    expected = TORNADO[["result_low", "result_high"]].to_numpy().ravel()
    assert ends == pytest.approx(list(expected))
    assert {bar.get_x() for bar in ax.patches} == {TORNADO.attrs["base"]}
    words = [text.get_text() for text in ax.texts]
    assert words[:2] == ["1.8 %", "3.1 %"]
    assert words[-1] == f"now {TORNADO.attrs['base']:,.0f}"


def test_a_tornado_needs_the_result_of_the_base():
    with pytest.raises(ValueError, match="as it came"):
        plots.tornado_chart(pd.DataFrame(TORNADO.to_dict()))
    with pytest.raises(ValueError, match="metrics.sensitivity"):
        plots.tornado_chart(FUNNEL)
    with pytest.raises(ValueError, match="'need'"):
        plots.rate_chart(MARKED, mark="need")


# ---------------------------------------------------------------- who stays


def test_a_cohort_heatmap_leaves_the_unseen_blank_and_writes_each_share():
    table = heat()
    table.attrs["customers"] = {"2026-01": 1200, "2026-02": 7}
    ax = plots.cohort_heatmap(table, title="Title")
    assert [text.get_text() for text in ax.texts] == ["100", "81", "0", "100", "90"]
    (mesh,) = ax.collections
    values = mesh.get_array().reshape(2, 3)
    assert values.mask.tolist() == [[False, False, False], [False, False, True]]
    # What is zero is not drawn like what is not known.
    mesh.update_scalarmappable()
    assert mesh.get_facecolor()[2, 3] == 1
    assert mesh.get_facecolor()[5, 3] == 0
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["2026-01  (n = 1,200)", "2026-02  (n = 7)"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the oldest cohort on top


def luminance(colour):
    """Return the relative luminance of a colour, as WCAG 2.2 defines it."""
    channels = np.array(to_rgb(colour))
    low = channels <= 0.04045
    linear = np.where(low, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_the_words_in_a_cohort_heatmap_stand_out_from_every_cell():
    ax = plots.cohort_heatmap(pd.DataFrame(np.linspace(0, 1, 120).reshape(6, 20)))
    (mesh,) = ax.collections
    mesh.update_scalarmappable()
    for text, cell in zip(ax.texts, mesh.get_facecolors(), strict=True):
        dark, light = sorted([luminance(text.get_color()), luminance(cell[:3])])
        assert (light + 0.05) / (dark + 0.05) > 3.9, f"{text.get_text()} is hard to read"


def test_a_cohort_heatmap_refuses_what_it_cannot_show():
    with pytest.raises(ValueError, match=r"2 values outside 0 to 1 \(first: 81"):
        plots.cohort_heatmap(pd.DataFrame({0: [1, 1], 1: [81, 90]}))
    with pytest.raises(ValueError, match="21 columns and at most 20 can be read: pick some ages"):
        plots.cohort_heatmap(pd.DataFrame(0.5, index=[0], columns=range(21)))
    with pytest.raises(ValueError, match="no rows"):
        plots.cohort_heatmap(heat().iloc[:0])


def test_a_survival_chart_draws_each_curve_as_steps_with_its_band():
    curve = cohorts.kaplan_meier(
        [1, 2, 2, 5, 1, 3], [True, True, False, False, True, False], by=pd.Series(list("aaaabb"))
    )
    ax = plots.survival_chart(curve, title="Title")
    assert [line.get_drawstyle() for line in ax.lines] == ["steps-post"] * 2
    assert len(ax.collections) == 2
    assert [text.get_text() for text in ax.texts] == ["a: 50.0 %", "b: 50.0 %"]
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    cut = plots.survival_chart(curve, until=4, interval=False)
    assert cut.get_xlim() == (0, 4)
    assert not cut.collections
    # The first was watched until 5, so it is known until the end; the second until 3 only.
    assert [line.get_xdata()[-1] for line in cut.lines] == [4, 3]


def test_a_survival_chart_needs_a_curve():
    with pytest.raises(ValueError, match="no column 'survival', 'ci_low', 'ci_high'"):
        plots.survival_chart(heat())


# ---------------------------------------------------------------- segments


def test_segment_chart_draws_the_cases_and_names_each_segment_once():
    ax = plots.segment_chart(CASES, "age", "income", "segment", log=True, xlabel="age, years")
    names = sorted(CASES["segment"].unique())
    assert [text.get_text() for text in ax.texts] == names
    for line, name in zip(ax.lines, names, strict=True):
        here = CASES[CASES["segment"] == name]
        np.testing.assert_array_equal(line.get_xydata(), here[["age", "income"]])
    assert len({line.get_marker() for line in ax.lines}) == 4, "a shape for each segment"
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("age, years", "income", "log")
    x, y = ax.texts[0].xy
    middle = CASES[CASES["segment"] == names[0]].median(numeric_only=True)
    assert (x, y) == pytest.approx((middle["age"], middle["income"]), rel=1e-6)


def test_segment_chart_draws_fewer_dots_of_many_and_none_of_the_missing():
    some = plots.segment_chart(CASES, "age", "income", "segment", at_most=300)
    assert sum(len(line.get_xdata()) for line in some.lines) == 300
    gaps = CASES.assign(income=CASES["income"].where(CASES["age"] > 30))
    drawn = plots.segment_chart(gaps, "age", "income", "segment")
    assert sum(len(line.get_xdata()) for line in drawn.lines) == (CASES["age"] > 30).sum()


def test_k_chart_marks_the_best_of_each_criterion():
    axes = plots.k_chart(CRITERIA, chosen=4)
    words = [[text.get_text() for text in ax.texts] for ax in axes]
    assert words == [[], ["best: 4"], ["best: 2"]], "inertia always falls: it has no best"
    for ax, name in zip(axes, CRITERIA, strict=True):
        np.testing.assert_array_equal(ax.lines[0].get_ydata(), CRITERIA[name])
        assert ax.lines[-1].get_xdata()[0] == 4, "the chosen number"
        assert name == "inertia" or max(ax.get_yticks()) <= 1, "neither can be more than 1"


@pytest.mark.parametrize(
    ("draw", "error", "words"),
    [
        (
            lambda: plots.segment_chart(CASES, "age", "incme", "segment"),
            ValueError,
            "no column 'incme'",
        ),
        (
            lambda: plots.segment_chart(CASES, "age", "band", "segment"),
            TypeError,
            "column 'band' holds text: remove",
        ),
        (
            lambda: plots.segment_chart(CASES.assign(n=CASES["age"]), "income", "age", "n"),
            ValueError,
            "groups and at most 7",
        ),
        (
            lambda: plots.segment_chart(CASES.assign(age=-1), "income", "age", "band", log=True),
            ValueError,
            "log=False",
        ),
        (
            lambda: plots.segment_chart(CASES.assign(age=np.nan), "age", "income", "band"),
            ValueError,
            "no row has age, income and band",
        ),
        (lambda: plots.k_chart(CRITERIA[["inertia"]]), ValueError, "segments.choose_k"),
        (lambda: plots.k_chart([1, 2]), TypeError, "table is a list"),
    ],
)
def test_segments_that_cannot_be_drawn_are_refused(draw, error, words):
    with pytest.raises(error, match=words):
        draw()
    assert not plt.get_fignums(), "no empty figure is left behind"


# ---------------------------------------------------------------- scores


def test_score_curves_go_through_every_threshold():
    ax = CHARTS["roc"]()
    for line, table in zip(ax.lines, THRESHOLDS.values(), strict=False):
        x, y = line.get_xydata().T
        np.testing.assert_array_equal(x, [0, *table["false_positive_rate"]])
        np.testing.assert_array_equal(y, [0, *table["recall"]])
    assert list(ax.lines[-1].get_ydata()) == [0, 1], "a random order is the diagonal"
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == [*THRESHOLDS, "random order"]
    assert len({repr(line._dash_pattern) for line in ax.lines}) == len(ax.lines)
    level = CHARTS["precision"]().lines[-1]
    assert list(level.get_ydata()) == [BOUGHT.mean()] * 2
    assert list(CHARTS["gains"]().lines[0].get_xydata()[-1]) == [1, 1]


def test_calibration_chart_draws_each_bin_with_its_interval_against_the_equal_line():
    ax = CHARTS["calibration"]()
    line, *models = ax.lines
    assert list(line.get_xdata()) == list(line.get_ydata())
    for drawn, bars, table in zip(models, ax.collections, CALIBRATION.values(), strict=True):
        np.testing.assert_array_equal(drawn.get_xydata(), table[["predicted", "rate"]])
        ends = [segment[:, 1] for segment in bars.get_segments()]
        np.testing.assert_array_equal(ends, table[["ci_low", "ci_high"]])
    assert ax.get_xlim() == ax.get_ylim()


@pytest.mark.parametrize(
    ("draw", "error", "words"),
    [
        (lambda: plots.score_curves({}, x="recall", y="precision"), ValueError, "there are 0"),
        (lambda: plots.score_curves([1], x="recall", y="precision"), TypeError, "is a list"),
        (
            lambda: plots.score_curves(GAINS, x="recall", y="precision"),
            ValueError,
            r"no column 'recall', 'precision': give the table of scoring.threshold_table",
        ),
        (
            lambda: plots.calibration_chart(GAINS),
            ValueError,
            r"give the table of scoring.calibration_table",
        ),
    ],
)
def test_tables_that_are_no_scores_are_refused(draw, error, words):
    with pytest.raises(error, match=words):
        draw()
    assert not plt.get_fignums()


# ---------------------------------------------------------------- what a customer is worth


def test_value_curve_chart_marks_where_the_cost_is_paid_back():
    ax = plots.value_curve_chart(VALUES, cost=165, xlabel="months")
    words = [text.get_text() for text in ax.texts]
    months = lifetime.payback_with_churn(VALUES["plus"], 165)
    assert "cost 165" in words
    assert f"{months:g}" in words
    assert {"basic", "plus"} <= set(words)
    assert len(words) == 4  # the basic plan never gets there
    low, high = ax.get_ylim()
    assert low == 0
    assert high > VALUES.max(axis=None)
    far = plots.value_curve_chart(VALUES["basic"], cost=900)
    assert far.get_ylim()[1] > 900


def test_value_curve_chart_refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match="cost is -1"):
        plots.value_curve_chart(VALUES, cost=-1)
    with pytest.raises(ValueError, match="cost is nan"):
        plots.value_curve_chart(VALUES, cost=float("nan"))
    with pytest.raises(TypeError, match="periods belong there"):
        plots.value_curve_chart(GROUPS, cost=1)
    with pytest.raises(TypeError, match="lifetime.value_curve"):
        plots.value_curve_chart([1, 2], cost=1)


def test_lorenz_chart_draws_the_curve_and_reads_it_off():
    ax = plots.lorenz_chart(LORENZ, top=0.1, what="margin")
    curve = ax.lines[1].get_xydata()
    np.testing.assert_array_equal(curve, LORENZ[["customers", "value"]])
    best = 1 - LORENZ["value"].iloc[180]
    assert ax.texts[-1].get_text() == f"the best 10 %\nbring {plots.percent(best)}"
    with pytest.raises(ValueError, match="top is 20"):
        plots.lorenz_chart(LORENZ, top=20)
    with pytest.raises(ValueError, match="lifetime.lorenz"):
        plots.lorenz_chart(FUNNEL)


def test_rate_chart_writes_money():
    ax = plots.rate_chart(WORTH, rate="clv", low="low", high="high", write="EUR {:,.0f}".format)
    assert [text.get_text() for text in ax.texts] == ["EUR 431", "EUR 323"]
    assert all(label.get_text().startswith("EUR ") for label in ax.get_xticklabels())


# ---------------------------------------------------------------- words that come from data

ODD = ["costs $5 and $6", "$\\frac", "a_b^{2} $x$"]


def formulas(figure):
    """Return the texts that matplotlib would set as formulas."""
    return [
        text.get_text()
        for text in figure.findobj(Text)
        if text.get_parse_math() and matplotlib.cbook.is_math_text(text.get_text())
    ]


def odd_charts():
    funnel = FUNNEL.iloc[:3].set_axis(ODD)
    several = pd.concat({name: funnel for name in ODD})
    lines = LINES.iloc[:, :3].set_axis(ODD, axis="columns")
    leads = CASES.assign(segment=np.resize(ODD, len(CASES)))
    yield "funnel", lambda: plots.funnel_chart(funnel, title=ODD[0])
    yield "panels", lambda: plots.small_multiples(several, title=ODD[0])
    yield "compare", lambda: plots.compare_chart(several, title=ODD[0])
    yield "rate", lambda: plots.rate_chart(BY_CHANNEL.iloc[:3].set_axis(ODD), xlabel=ODD[0])
    yield "rate, ticks", lambda: plots.rate_chart(WORTH, rate="clv", low="low", high="high",
                                                  write="$ {:,.0f} $".format)  # fmt: skip
    yield "interval", lambda: plots.interval_chart(EFFECTS.set_axis(ODD), xlabel=ODD[0])
    yield "lines", lambda: plots.line_chart(lines, mark=9, marked=ODD[0], ylabel=ODD[0])
    yield "groups", lambda: plots.line_chart(GROUPS.iloc[:3].set_axis(ODD), xlabel=ODD[0])
    yield "over time", lambda: plots.rate_over_time(dict.fromkeys(ODD, COHORT), ylabel=ODD[0])
    yield "segments", lambda: plots.segment_chart(leads, "age", "income", "segment")
    yield "distribution", lambda: plots.distribution_chart(leads, "age", by="segment")
    yield "heat map", lambda: plots.cohort_heatmap(heat().set_axis(ODD[:2]), xlabel=ODD[0])
    scores = dict.fromkeys([*ODD, "_hidden"], GAINS["logistic regression"])
    yield "scores", lambda: plots.score_curves(scores, x="depth", y="gains")


ODD_CHARTS = dict(odd_charts())


@pytest.mark.parametrize("name", ODD_CHARTS)
def test_words_from_data_are_never_read_as_formulas(name):
    figure = figure_of(ODD_CHARTS[name]())
    figure.draw_without_rendering()
    assert formulas(figure) == []
    assert any("$" in text.get_text() for text in figure.findobj(Text))


def test_a_name_that_begins_with_an_underscore_is_in_the_legend():
    scores = {"_card": GAINS["logistic regression"]}
    ax = plots.score_curves(scores, x="depth", y="gains")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["_card"]


# ---------------------------------------------------------------- the order of the rows


def shuffled(table, seed=3):
    return table.iloc[np.random.default_rng(seed).permutation(len(table))]


@pytest.mark.parametrize(
    ("draw", "table"),
    [
        (plots.lorenz_chart, LORENZ),
        (plots.survival_chart, CURVES.loc["a"]),
        (plots.control_chart, SHARES),
        (plots.rate_over_time, PERIOD),
        (plots.calibration_chart, CALIBRATION["calibrated"]),
        (lambda t: plots.k_chart(t)[1], CRITERIA),
        (
            lambda t: plots.score_curves(t, x="false_positive_rate", y="recall"),
            THRESHOLDS["points card"],
        ),
        (lambda t: plots.score_curves(t, x="recall", y="precision"), THRESHOLDS["points card"]),
    ],
)
def test_the_order_of_the_rows_changes_nothing(draw, table):
    right = list(parts_of(draw(table)))
    for other in (table.iloc[::-1], shuffled(table)):
        drawn = list(parts_of(draw(other)))
        for one, two in zip(right, drawn, strict=True):
            assert repr(one) == repr(two)


def test_a_lorenz_curve_of_the_wrong_order_is_refused():
    """Sorted by falling value, the worst fifth would be named the best."""
    best_first = 1 - LORENZ.iloc[::-1]
    with pytest.raises(ValueError, match="the curve becomes flatter in .* least valuable"):
        plots.lorenz_chart(best_first)
    with pytest.raises(ValueError, match=r"runs from \(0, 0\) to \(100, 100\)"):
        plots.lorenz_chart(100 * LORENZ)
    with pytest.raises(ValueError, match="not from"):
        plots.lorenz_chart(LORENZ.iloc[5:])


def test_a_survival_curve_that_rises_is_refused():
    with pytest.raises(ValueError, match="survival rises in 1 of"):
        plots.survival_chart(CURVES.loc["a"].assign(survival=lambda t: t["survival"].shift(-1)
                                                    .fillna(1.0)))  # fmt: skip


# ---------------------------------------------------------------- estimates and distributions


def test_interval_chart_shows_the_whole_of_each_interval_and_the_reference():
    ax = plots.interval_chart(EFFECTS, write=plots.percent, xlabel="difference")
    dots, bars = dots_and_intervals(ax)
    assert dots == list(EFFECTS["estimate"])
    assert bars[:3] == list(zip(EFFECTS["ci_low"], EFFECTS["ci_high"], strict=True))
    assert bars[3] == (0, 0), "no difference"
    left, right = ax.get_xlim()
    assert left < EFFECTS["ci_low"].min() and EFFECTS["ci_high"].max() < right
    assert ax.texts[1].get_text() == "−1.0 % (−3.0 % to 1.0 %)"


@pytest.mark.parametrize("column", ["users", "n"])
def test_rate_chart_knows_the_count_by_each_of_its_names(column):
    ax = plots.rate_chart(BY_CHANNEL.rename(columns={"n": column}))
    assert ax.texts[0].get_text() == "90 of 970 (9.3 %)"


def test_an_ecdf_gives_the_share_with_at_most_each_value():
    ax = plots.distribution_chart(CASES, "income", by="band", log=True)
    for line, band in zip(ax.lines, ["high", "low", "middle"], strict=True):
        values = np.sort(CASES.loc[CASES["band"] == band, "income"])
        x, y = line.get_xydata()[1:].T
        np.testing.assert_allclose(x, values, rtol=1e-12)
        np.testing.assert_allclose(y, np.arange(1, len(values) + 1) / len(values))
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names[0].startswith("high: n = ") and ax.get_xscale() == "log"
    assert len({repr(line._dash_pattern) for line in ax.lines}) == 3


@pytest.mark.parametrize("log", [False, True])
def test_the_bins_of_a_histogram_are_shared_and_their_shares_add_up_to_1(log):
    ax = plots.distribution_chart(CASES, "income", by="band", kind="hist", log=log)
    assert len(ax.lines) == 3
    values = CASES["income"].to_numpy()
    edges = 10 ** bin_edges(np.log10(values)) if log else bin_edges(values)
    for line, band in zip(ax.lines, ["high", "low", "middle"], strict=True):
        here = CASES.loc[CASES["band"] == band, "income"]
        shares = np.histogram(here, edges)[0] / len(here)
        np.testing.assert_allclose(line.get_ydata()[:-1], shares, atol=1e-12)


def test_a_distribution_leaves_out_what_is_missing_and_says_of_how_many_it_is():
    table = pd.DataFrame({"days": [1, 2, 4, None], "source": ["a", "a", None, "b"]})
    ax = plots.distribution_chart(table, "days", by="source")
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["a: n = 2, median 1.5", "(missing): n = 1, median 4"]
    alone = plots.distribution_chart(table, "days", kind="hist")
    assert [text.get_text() for text in alone.get_legend().get_texts()] == ["n = 3, median 2"]


# ---------------------------------------------------------------- the gap statistic


def test_k_chart_draws_the_gap_with_its_error_and_what_no_clusters_would_give():
    axes = plots.k_chart(WITH_GAP, chosen=4)
    assert [ax.get_title(loc="left") for ax in axes] == [
        "inertia", "silhouette", "stability", "gap",
    ]  # fmt: skip
    np.testing.assert_array_equal(axes[1].lines[1].get_ydata(), WITH_GAP["silhouette_reference"])
    np.testing.assert_array_equal(axes[2].lines[1].get_ydata(), WITH_GAP["stability_reference"])
    assert axes[1].texts[0].get_text() == "no clusters"
    assert axes[2].get_ylim()[0] < -0.02, "a stability below 0 is in view"
    ends = [segment[:, 1] for segment in axes[3].collections[0].get_segments()]
    np.testing.assert_allclose(ends, np.c_[WITH_GAP["gap"] - 0.02, WITH_GAP["gap"] + 0.02])


def test_the_best_by_the_gap_is_the_first_that_the_next_does_not_beat_by_an_error():
    """Gaps .1, .35, .4, .8, .79 with errors of .02: 4 is the first, since .8 >= .79 - .02."""
    words = [text.get_text() for text in plots.k_chart(WITH_GAP)[3].texts]
    assert words == ["best: 4"]
    close = WITH_GAP.assign(gap=[0.1, 0.39, 0.4, 0.8, 0.79])
    assert plots.k_chart(close)[3].texts[0].get_text() == "best: 2"


def test_a_negative_stability_does_not_turn_the_axis_over():
    ax = plots.k_chart(CRITERIA.assign(stability=[np.nan, -0.1, -0.2, -0.05, -0.3]))[2]
    low, high = ax.get_ylim()
    assert low < -0.3 and high >= 0


# ---------------------------------------------------------------- names that would collide


def test_a_name_at_the_end_of_a_line_is_not_written_over_the_axis():
    low = pd.DataFrame({"before": [3.0, 0.3], "after 0": [7.0, 0.0]}, index=[0.0, 0.5])
    figure = plots.line_chart(low).figure
    bottom = figure.axes[0].get_window_extent().y0
    boxes = [box for text, box in texts_of(figure) if text.get_text() in low]
    assert all(box.y0 >= bottom - 2 for box in boxes)


def test_names_below_the_axis_are_broken_or_upright_where_they_are_long():
    names = ["students of the evening school", "young professionals", "returners to work"] * 2
    names = [f"{name} {number}" for number, name in enumerate(names)]
    figure = plots.line_chart(pd.Series(range(6), names)).figure
    assert overlapping(figure) == [] and cut_off(figure) == []
    days = [f"2026-03-{day:02d}" for day in range(1, 31)]
    figure = plots.line_chart(pd.Series(range(30), days)).figure
    assert overlapping(figure) == [] and cut_off(figure) == []


def test_a_hundred_per_cent_has_room_in_each_cell_of_a_wide_heat_map():
    table = pd.DataFrame(np.ones((7, 20)), index=[f"CDNOW 1997-0{i}" for i in range(1, 8)])
    table.attrs["customers"] = dict.fromkeys(table.index, 23570)
    figure = plots.cohort_heatmap(table).figure
    assert overlapping(figure) == [] and cut_off(figure) == []
    ax = figure.axes[0]
    cell = ax.get_window_extent().width / 20
    assert all(Text.get_window_extent(text).width < 0.85 * cell for text in ax.texts)


def test_words_that_cover_each_other_or_a_mark_are_found():
    figure, ax = plt.subplots()
    ax.plot([0, 1], [0, 1], "o", label="rates")
    ax.text(0.5, 0.2, "one")
    ax.text(0.51, 0.21, "other")
    ax.text(0.99, 0.99, "newspaper")
    ax.text(1.3, 0.5, "far out")
    assert [str(pair) for pair in overlapping(figure)] == ["'one' lies on 'other'"]
    assert [pair.one for pair in on_marks(figure)] == ["newspaper"]
    assert cut_off(figure) == ["far out"]


# ---------------------------------------------------------------- what cannot be drawn


@pytest.mark.parametrize(
    ("draw", "error", "words"),
    [
        (lambda: plots.percent("0.2"), TypeError, "share is '0.2': give a fraction"),
        (lambda: plots.count("5"), TypeError, "number is '5': give a number"),
        (lambda: plots.percent(0.2, digits=-1), ValueError, "digits is -1"),
        (lambda: plots.funnel_chart(FUNNEL, ax=5), TypeError, "ax is an int: give one Axes"),
        (lambda: plots.funnel_chart(FUNNEL, ax=[1]), TypeError, "ax is a list: give one Axes"),
        (lambda: plots.funnel_chart(FUNNEL, title=5), TypeError, "title is an int: give text"),
        (lambda: plots.funnel_chart(FUNNEL.astype(str)), TypeError, "holds text: remove currency"),
        (
            lambda: plots.funnel_chart(FUNNEL.iloc[::-1]),
            ValueError,
            "users rise from the step before in 3 of 4 rows .*order of the funnel",
        ),
        (
            lambda: plots.funnel_chart(pd.concat([FUNNEL, FUNNEL[["users"]]], axis=1)),
            ValueError,
            "table has 2 columns called 'users'",
        ),
        (
            lambda: plots.funnel_chart(FUNNEL.assign(overall_rate=np.inf)),
            ValueError,
            "column 'overall_rate' is infinite in 4 of 4 rows",
        ),
        (lambda: plots.small_multiples(SEGMENTS, columns=-1), ValueError, "columns is -1: give"),
        (lambda: plots.compare_chart(SEGMENTS, steps={"lead"}), TypeError, "steps is {'lead'}"),
        (lambda: plots.rate_chart(BY_CHANNEL, mark=[1]), TypeError, r"mark is \[1\]: give the"),
        (
            lambda: plots.rate_chart(BY_CHANNEL, write="EUR {}"),
            TypeError,
            r"write is 'EUR \{\}': give a function that writes a number",
        ),
        (
            lambda: plots.rate_chart(BY_CHANNEL, low="ci_high", high="ci_low"),
            ValueError,
            "ci_high is above ci_low .*: swap",
        ),
        (
            lambda: plots.rate_over_time(pd.concat([COHORT, COHORT.iloc[:1]])),
            ValueError,
            "the index repeats a period in 1 of 11 rows .*one row per period",
        ),
        (
            lambda: plots.rate_over_time(
                PERIOD.set_axis(WEEKS.to_timestamp().where(WEEKS[0] != WEEKS))
            ),
            ValueError,
            "the index is missing in 1 of 14 rows",
        ),
        (lambda: plots.rate_over_time(PERIOD * np.nan), ValueError, "no period has a rate"),
        (
            lambda: plots.control_chart(SHARES.assign(alarm="no")),
            TypeError,
            "column 'alarm' holds text, not True and False",
        ),
        (lambda: plots.time_to_convert_curve(REACHED, until="week"), ValueError, "until is 'week'"),
        (lambda: plots.time_to_convert_curve(REACHED, until="60"), TypeError, "without a unit"),
        (
            lambda: plots.time_to_convert_curve(REACHED, start="customer", end="visit"),
            ValueError,
            "'visit' comes before 'customer' in .*swap them",
        ),
        (lambda: plots.line_chart(LINES * np.nan), ValueError, "table holds no number"),
        (lambda: plots.line_chart(LINES * np.inf), ValueError, "'counted' is infinite"),
        (lambda: plots.line_chart(LINES, mark="40"), TypeError, "mark is '40'"),
        (lambda: plots.cohort_heatmap(heat() * np.nan), ValueError, "table holds no number"),
        (lambda: plots.survival_chart(CURVES, until="5"), TypeError, "until is '5'"),
        (lambda: plots.value_curve_chart(VALUES, cost="40"), TypeError, "cost is '40'"),
        (
            lambda: plots.value_curve_chart(VALUES, cost=pd.Series([40])),
            TypeError,
            "cost is a Series",
        ),
        (
            lambda: plots.segment_chart(CASES, "age", "income", "band", at_most=0),
            ValueError,
            "at_most is 0",
        ),
        (lambda: plots.k_chart(CRITERIA.iloc[:1]), ValueError, "table has one row: compare"),
        (
            lambda: plots.k_chart(CRITERIA.assign(stability=np.nan)),
            ValueError,
            "column 'stability' is missing in all rows",
        ),
        (
            lambda: plots.score_curves(GAINS, x="depth", y="gains", baseline="diag"),
            ValueError,
            "baseline is 'diag': give one of 'diagonal'",
        ),
        (
            lambda: plots.score_curves(GAINS, x="depth", y="gains", baseline=50),
            ValueError,
            "baseline is 50: give 'diagonal' or a fraction",
        ),
        (
            lambda: plots.score_curves(THRESHOLDS, x="buyers", y="recall"),
            ValueError,
            "column 'buyers' is outside 0 to 1 in .*give columns of shares",
        ),
        (
            lambda: plots.distribution_chart(CASES.assign(age=0), "age", log=True),
            ValueError,
            "column 'age' is not above 0 in 900 of 900 rows .*log=False",
        ),
        (lambda: plots.distribution_chart(CASES, "age", kind="kde"), ValueError, "kind is 'kde'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_remedy(draw, error, words):
    with pytest.raises(error, match=words):
        draw()
    assert not plt.get_fignums(), "no empty figure is left behind"


def test_groups_of_several_types_are_in_one_order():
    table = CASES.assign(band=np.resize(np.array([1, "b", 2.5], object), len(CASES)))
    ax = plots.segment_chart(table, "age", "income", "band")
    assert {text.get_text() for text in ax.texts} == {"1", "b", "2.5"}


def test_bands_are_drawn_where_the_table_has_them():
    ax = plots.band_chart({"one": BANDS, "plain": BANDS[["mean"]]}, points=BANDS["mean"])
    (band,) = ax.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0, 4)
    assert [text.get_text() for text in ax.texts] == ["one", "plain"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (BANDS.iloc[::-1], "the index does not rise"),
        (BANDS.rename(columns={"low": "high", "high": "low"}), "low is above high"),
        (BANDS.drop(columns="high"), "no column"),
    ],
)
def test_bands_that_cannot_be_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        plots.band_chart(table)
