"""Geo tests, carry-over, saturation and budgets, against published values and other libraries."""

from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit import incrementality as inc

WEEKS = pd.date_range("2026-01-05", periods=12, freq="7D")


def table_of(rows, weeks=WEEKS):
    """Return a table with one row per region and week, of a dict of lists."""
    frames = [
        pd.DataFrame({"region": name, "week": weeks[: len(values)], "sales": values})
        for name, values in rows.items()
    ]
    return pd.concat(frames, ignore_index=True)


TWO_WEEKS = table_of({"A": [45, 52], "B": [55, 68], "C": [30, 35], "D": [50, 55]})
TEST = dict(treated=["A", "B"], start=WEEKS[1])


def random_table(seed=1, regions=12, weeks=12, mean=90):
    rng = np.random.default_rng(seed)
    level = rng.lognormal(0, 0.3, (regions, 1)) * mean
    return table_of(
        {f"r{i:02d}": row for i, row in enumerate(rng.poisson(level, (regions, weeks)))}
    )


TREATED = ["r00", "r03", "r05", "r06", "r10"]
LATER = dict(treated=TREATED, start=WEEKS[7])


# ---------------------------------------------------------------- difference-in-differences


def test_a_hundred_to_120_against_80_to_90_is_ten_more_or_seven_and_a_half():
    """The case of the lesson: the scale is a choice, and it changes the answer."""
    relative = inc.difference_in_differences(TWO_WEEKS, "sales", **TEST)
    absolute = inc.difference_in_differences(TWO_WEEKS, "sales", **TEST, scale="absolute")
    assert relative["estimate"] == pytest.approx(7.5 / 112.5)
    assert absolute["estimate"] * 2 == pytest.approx(10)  # per region, of two


def test_absolute_is_the_two_way_regression_and_its_clustered_error():
    sm = pytest.importorskip("statsmodels.formula.api")
    table = random_table()
    table["post"] = table["week"] >= WEEKS[7]
    table["on"] = table["post"] & table["region"].isin(TREATED)
    ours = inc.difference_in_differences(table, "sales", **LATER, scale="absolute")
    fit = sm.ols("sales ~ on + C(region) + C(week)", table).fit(
        cov_type="cluster", cov_kwds={"groups": table["region"].astype("category").cat.codes}
    )
    assert ours["estimate"] == pytest.approx(fit.params["on[T.True]"])
    # statsmodels counts the dummies of the regions among its parameters, which widens its error.
    k, n, g = len(fit.params), len(table), 12
    plain = fit.bse["on[T.True]"] / np.sqrt(g / (g - 1) * (n - 1) / (n - k))
    t, c = 5, 7
    means = table.groupby(["region", "post"])["sales"].mean().unstack()
    change = means[True] - means[False]
    group = change.index.isin(TREATED)
    by_hand = np.sqrt(
        change[group].var(ddof=0) / t + change[~group].var(ddof=0) / c
    )  # without the correction for small samples
    assert plain == pytest.approx(by_hand, rel=1e-6)
    ours_by_hand = np.sqrt(change[group].var() / t + change[~group].var() / c)
    assert ours["standard_error"] == pytest.approx(ours_by_hand)


def test_absolute_has_the_interval_of_welch_on_the_regions_changes():
    from scipy import stats

    table = random_table(seed=3)
    post = table["week"] >= WEEKS[7]
    means = table.groupby(["region", post])["sales"].mean().unstack()
    change = means[True] - means[False]
    group = change.index.isin(TREATED)
    welch = stats.ttest_ind(change[group], change[~group], equal_var=False)
    ours = inc.difference_in_differences(table, "sales", **LATER, scale="absolute")
    assert ours["p_value"] == pytest.approx(welch.pvalue)
    low, high = welch.confidence_interval(0.95)
    assert ours[["ci_low", "ci_high"]].tolist() == pytest.approx([low, high])


def test_relative_is_the_poisson_regression_and_nearly_its_clustered_error():
    smf = pytest.importorskip("statsmodels.formula.api")
    families = pytest.importorskip("statsmodels.api").families
    table = random_table(seed=2)
    table["post"] = (table["week"] >= WEEKS[7]).astype(int)
    table["group"] = table["region"].isin(TREATED).astype(int)
    fit = smf.glm("sales ~ group * post", table, family=families.Poisson()).fit(
        cov_type="cluster", cov_kwds={"groups": table["region"].astype("category").cat.codes}
    )
    ours = inc.difference_in_differences(table, "sales", **LATER)
    assert np.log1p(ours["estimate"]) == pytest.approx(fit.params["group:post"])
    assert ours["standard_error"] == pytest.approx(fit.bse["group:post"], rel=0.12)


def test_the_clustered_interval_covers_where_weeks_of_a_region_are_alike():
    """Regions drift, so weeks are not independent: counted by region 95 % is about 95 %."""
    rng = np.random.default_rng(8)
    hits = []
    for _ in range(200):
        drift = rng.normal(0, 0.02, (10, 12)).cumsum(axis=1)
        table = table_of({f"r{i}": row for i, row in enumerate(rng.poisson(200 * np.exp(drift)))})
        got = inc.difference_in_differences(
            table, "sales", treated=["r0", "r1", "r2", "r3", "r4"], start=WEEKS[6]
        )
        hits.append(got["ci_low"] <= 0 <= got["ci_high"])
    assert 0.91 <= np.mean(hits) <= 0.99


def test_the_first_weeks_and_earlier_weeks_may_be_left_out():
    rows = {"A": [50] * 8 + [50, 50, 100, 100], "B": [50] * 8 + [50, 50, 100, 100]}
    rows |= {"C": [9, 9] + [50] * 10, "D": [91, 91] + [50] * 10}
    table = table_of(rows)
    options = dict(treated=["A", "B"], start=WEEKS[8])
    all_weeks = inc.difference_in_differences(table, "sales", **options)["estimate"]
    settled = inc.difference_in_differences(table, "sales", **options, settle=2)["estimate"]
    two = inc.difference_in_differences(table, "sales", **options, settle=2, before=4, weeks=3)
    assert all_weeks == pytest.approx(0.5)
    assert settled == pytest.approx(1.0)
    assert two["estimate"] == pytest.approx(1.0)
    assert two["p_value"] < 1e-9


def test_an_effect_is_found_to_the_last_digit_where_nothing_else_moves():
    table = table_of({"A": [40, 30], "B": [80, 60], "C": [10, 20], "D": [30, 60]})
    got = inc.difference_in_differences(table, "sales", **TEST)
    assert got[["estimate", "ci_low", "ci_high"]].tolist() == pytest.approx([-0.625] * 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(treated=["A"]), "treated has 1 region: give at least 2"),
        (dict(treated=[]), "treated has 0 regions"),
        (dict(treated=["A", "B", "C"]), "treated leaves 1 of 4 regions to compare with"),
        (dict(treated=["A", "E"]), "no region is called 'E'"),
        (dict(start=WEEKS[0]), "no week lies before start, 2026-01-05"),
        (dict(start="2026-01-14"), "start is 2026-01-14, and no row has that week"),
        (dict(weeks=2), "weeks is 2, and the table ends after 1"),
        (dict(before=2), "before is 2, and 1 weeks lie before start"),
        (dict(settle=1), "settle is 1 and weeks is 1"),
        (dict(scale="percent"), "scale is 'percent'"),
    ],
)
def test_a_test_that_cannot_be_read_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        inc.difference_in_differences(TWO_WEEKS, "sales", **{**TEST, **change})


def test_a_broken_panel_is_refused():
    with pytest.raises(ValueError, match="region and week repeat an earlier row in 1 of 9"):
        inc.difference_in_differences(pd.concat([TWO_WEEKS, TWO_WEEKS[:1]]), "sales", **TEST)
    with pytest.raises(ValueError, match="1 pairs of region and week have no row .first: 'D'"):
        inc.difference_in_differences(TWO_WEEKS.iloc[:-1], "sales", **TEST)
    below = TWO_WEEKS.assign(sales=-1)
    with pytest.raises(ValueError, match="sales is negative in 8 of 8 rows"):
        inc.difference_in_differences(below, "sales", **TEST)
    nothing = table_of({"A": [0, 5], "B": [0, 4], "C": [1, 2], "D": [3, 4]})
    with pytest.raises(ValueError, match="is 0 in all weeks before the test.*scale='absolute'"):
        inc.difference_in_differences(nothing, "sales", **TEST)
    got = inc.difference_in_differences(nothing, "sales", **TEST, scale="absolute")
    assert got["estimate"] == 4.5 - 1


# ---------------------------------------------------------------- permutation


def test_four_of_eight_regions_can_give_no_p_value_below_a_thirty_fifth():
    rows = {f"r{i}": [50 + i, (50 + i) * (2 if i < 4 else 1)] for i in range(8)}
    got = inc.permutation_test(
        table_of(rows), "sales", treated=["r0", "r1", "r2", "r3"], start=WEEKS[1]
    )
    assert got["assignments"] == comb(8, 4)
    assert got["smallest_p"] == got["p_value"] == pytest.approx(2 / 70)


def test_a_permutation_interval_that_these_regions_cannot_give_is_refused():
    with pytest.raises(ValueError, match="6 assignments can give no p-value below 0.333"):
        inc.permutation_test(TWO_WEEKS, "sales", **TEST)
    got = inc.permutation_test(TWO_WEEKS, "sales", **TEST, confidence=0.6)
    assert got["ci_low"] < got["estimate"] < got["ci_high"]


def test_absolute_permutation_is_that_of_scipy():
    from scipy import stats

    table = random_table(seed=5, regions=9)
    treated = ["r01", "r02", "r07"]
    post = table["week"] >= WEEKS[7]
    means = table.groupby(["region", post])["sales"].mean().unstack()
    change = means[True] - means[False]
    group = change.index.isin(treated)
    theirs = stats.permutation_test(
        (change[group], change[~group]),
        lambda x, y, axis: x.mean(axis) - y.mean(axis),
        vectorized=True,
        n_resamples=np.inf,
    )
    ours = inc.permutation_test(
        table, "sales", treated=treated, start=WEEKS[7], scale="absolute", confidence=0.9
    )
    # scipy doubles the smaller tail, ours counts both: equal where the tails are.
    null = np.abs(theirs.null_distribution)
    share = (null >= abs(theirs.statistic) * (1 - 1e-9)).mean()
    assert ours["p_value"] == pytest.approx(share)
    assert ours["estimate"] == pytest.approx(theirs.statistic)


def test_the_ends_of_the_permutation_interval_are_just_not_rejected():
    table = random_table(seed=6)
    options = dict(**LATER, seed=4, assignments=400)
    got = inc.permutation_test(table, "sales", **options)
    for end in (got["ci_low"], got["ci_high"]):
        for shift, rejected in ((-0.004, end < got["estimate"]), (0.004, end > got["estimate"])):
            moved = table["sales"] / np.where(
                table["region"].isin(TREATED) & (table["week"] >= WEEKS[7]), 1 + end + shift, 1
            )
            p = inc.permutation_test(table.assign(sales=moved), "sales", **options)["p_value"]
            assert (p <= 0.05) == rejected


def test_permutation_and_clustered_interval_agree_where_regions_are_many():
    table = random_table(seed=7, regions=30)
    options = dict(treated=[f"r{i:02d}" for i in range(15)], start=WEEKS[7])
    one = inc.difference_in_differences(table, "sales", **options)
    other = inc.permutation_test(table, "sales", **options, assignments=4000)
    assert other[["ci_low", "ci_high"]].tolist() == pytest.approx(
        one[["ci_low", "ci_high"]].tolist(), abs=0.01
    )


# ---------------------------------------------------------------- before and around a test


def test_placebos_lie_before_the_test_and_do_not_overlap():
    got = inc.placebo_in_time(random_table(), "sales", **LATER, weeks=2, before=2)
    assert got.index.tolist() == [WEEKS[3], WEEKS[5]]
    pretended = dict(LATER, start=WEEKS[3])
    first = inc.difference_in_differences(random_table(), "sales", **pretended, weeks=2, before=2)
    assert got.iloc[0]["estimate"] == pytest.approx(first["estimate"])


def test_a_trend_that_was_there_before_shows_in_the_placebos():
    growing = {f"r{i}": np.round(100 * 1.05 ** np.arange(12)) for i in range(4)}
    level = {f"s{i}": [100] * 12 for i in range(4)}
    table = table_of(growing | level)
    options = dict(treated=list(growing), start=WEEKS[8])
    got = inc.placebo_in_time(table, "sales", **options, weeks=3, before=3)
    assert (got["estimate"] > 0.1).all()
    gaps = inc.weekly_gaps(table, "sales", **options)["estimate"]
    assert gaps.is_monotonic_increasing


def test_no_room_for_a_placebo_is_refused():
    with pytest.raises(ValueError, match="7 weeks lie before start.*give 7 or fewer"):
        inc.placebo_in_time(random_table(), "sales", **LATER, weeks=4, before=4)
    assert len(inc.placebo_in_time(random_table(), "sales", **LATER, weeks=3, before=4)) == 1


def test_the_weekly_gaps_average_to_about_the_estimate():
    table = random_table(seed=9)
    gaps = inc.weekly_gaps(table, "sales", **LATER)
    lift = inc.difference_in_differences(table, "sales", **LATER)["estimate"]
    assert gaps.loc[gaps["in_test"], "estimate"].mean() == pytest.approx(lift, abs=0.005)
    assert gaps["in_test"].sum() == 5
    assert abs(gaps.loc[~gaps["in_test"], "estimate"].mean()) < 0.005


def test_the_detectable_lift_is_found_four_times_in_five():
    rng = np.random.default_rng(11)
    level = rng.lognormal(0, 0.3, (10, 1)) * 90
    weeks = pd.date_range("2024-01-01", periods=150, freq="7D")
    rows = rng.poisson(level, (10, 150))
    history = table_of({f"r{i}": row for i, row in enumerate(rows)}, weeks)
    plan = dict(weeks=4, before=5)
    lift = inc.detectable_lift(history, "sales", treated=5, **plan, draws=400)
    found = []
    for _ in range(200):
        new = rng.poisson(level, (10, 9)).astype(float)
        new[:5, 5:] *= 1 + lift.loc[5, "detectable_lift"]
        table = table_of({f"r{i}": row for i, row in enumerate(new)})
        got = inc.difference_in_differences(
            table, "sales", treated=[f"r{i}" for i in range(5)], start=WEEKS[5]
        )
        found.append(got["ci_low"] > 0)
    assert np.mean(found) == pytest.approx(0.8, abs=0.085)


def test_more_regions_detect_more_and_weeks_less_so():
    rng = np.random.default_rng(4)
    drift = rng.normal(0, 0.03, (20, 60)).cumsum(axis=1)
    weeks = pd.date_range("2024-01-01", periods=60, freq="7D")
    rows = rng.poisson(400 * np.exp(drift))
    table = table_of({f"r{i}": row for i, row in enumerate(rows)}, weeks)
    few = inc.detectable_lift(table, "sales", treated=[2, 10], weeks=4, before=8)
    long = inc.detectable_lift(table, "sales", treated=[2, 10], weeks=16, before=8)
    assert few.loc[10, "detectable_lift"] < 0.65 * few.loc[2, "detectable_lift"]
    assert (long["detectable_lift"] > few["detectable_lift"]).all()
    assert few["smallest_p"].tolist() == pytest.approx([1 / comb(20, 2), 2 / comb(20, 10)])


# ---------------------------------------------------------------- carry-over and saturation


def test_adstock_of_the_worked_example():
    """pymc-marketing normalises over the weeks it keeps; here that has to be asked for."""
    spend = [100, 0, 0, 50]
    assert inc.geometric_adstock(spend, 0.5).tolist() == [100, 50, 25, 62.5]
    normalised = inc.geometric_adstock(spend, 0.5, normalise=True)
    assert normalised.tolist() == [50, 25, 12.5, 31.25]
    two = inc.geometric_adstock(spend, 0.5, normalise=True, weeks=2)
    assert two == pytest.approx([66.667, 33.333, 0, 33.333], abs=1e-3)


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=30),
    st.floats(0, 0.95),
    st.one_of(st.none(), st.integers(1, 40)),
)
def test_adstock_is_the_sum_over_what_was_spent_before(spend, decay, weeks):
    got = inc.geometric_adstock(spend, decay, weeks=weeks)
    for t in range(len(spend)):
        lags = range(min(t + 1, weeks or t + 1))
        assert got[t] == pytest.approx(sum(decay**lag * spend[t - lag] for lag in lags))


def test_adstock_keeps_the_index_and_refuses_what_it_cannot_carry():
    spend = pd.Series([100.0, 0.0], index=WEEKS[:2])
    assert inc.geometric_adstock(spend, 0.5).index.equals(spend.index)
    with pytest.raises(ValueError, match="decay is 1: give a fraction from 0 to below 1"):
        inc.geometric_adstock(spend, 1.0)
    with pytest.raises(ValueError, match="spend is negative in 1 of 2 rows"):
        inc.geometric_adstock([100, -1], 0.5)


def test_hill_of_the_worked_examples():
    assert inc.hill(100, 100, slope=2) == 0.5
    assert inc.HillCurve(1, 100, 2).marginal_return(100.0) == pytest.approx(0.005)  # s / 4K
    curve = inc.HillCurve(90_000, 100)
    assert (curve.average_return(200), curve.marginal_return(200)) == (300, pytest.approx(100))


CURVES = [inc.HillCurve(80, 30), inc.HillCurve(80, 30, 0.7), inc.HillCurve(80, 30, 2.5)]
CURVES.append(inc.ExponentialCurve(80, 30))


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("spend", [0.5, 10.0, 30.0, 400.0])
def test_marginal_return_is_the_slope_and_spend_at_its_inverse(curve, spend):
    slope = (curve.response(spend + 1e-4) - curve.response(spend - 1e-4)) / 2e-4
    assert curve.marginal_return(spend) == pytest.approx(slope, rel=1e-5)
    back = curve.spend_at(curve.marginal_return(spend))
    assert curve.marginal_return(back) == pytest.approx(curve.marginal_return(spend), rel=1e-6)
    if not curve.s_shaped:
        assert back == pytest.approx(spend, rel=1e-6)


def test_the_ends_of_a_curve():
    assert inc.HillCurve(80, 40).marginal_return(0) == 2
    assert inc.HillCurve(80, 40, 2).marginal_return(0) == 0
    assert inc.HillCurve(80, 40).spend_at(3) == inc.ExponentialCurve(80, 40).spend_at(3) == 0
    with pytest.raises(ValueError, match="spend is 0: nothing spent has no return per euro"):
        inc.HillCurve(80, 40).average_return(0)


# ---------------------------------------------------------------- budgets

EXPONENTIAL = {"x": inc.ExponentialCurve(100, 50), "y": inc.ExponentialCurve(60, 20)}


@pytest.mark.parametrize("method", ["marginal", "scipy"])
def test_two_exponential_channels_share_a_hundred(method):
    got = inc.allocate(EXPONENTIAL, 100, method=method)
    assert got.loc["x", "spend"] == pytest.approx(65.6362, abs=0.02)
    assert got["response"].sum() == pytest.approx(122.32796, abs=1e-5)
    assert got["marginal"].tolist() == pytest.approx([0.538172] * 2, abs=2e-4)


def test_the_equal_marginal_rule_is_exact():
    got = inc.allocate(EXPONENTIAL, 100)
    assert got["spend"].sum() == pytest.approx(100, abs=1e-9)
    assert np.ptp(got["marginal"]) < 1e-9


@given(
    st.lists(st.tuples(st.floats(1, 500), st.floats(5, 300)), min_size=2, max_size=5),
    st.floats(20, 800),
    st.integers(0, 100),
)
def test_no_move_of_money_within_the_bounds_helps(parameters, limit, seed):
    curves = {f"c{i}": inc.HillCurve(*each) for i, each in enumerate(parameters)}
    rng = np.random.default_rng(seed)
    low = pd.Series(rng.uniform(0, limit / len(curves) / 2, len(curves)), index=list(curves))
    high = low + rng.uniform(0, limit, len(curves))
    got = inc.allocate(curves, limit, lowest=low, highest=high)
    assert got["spend"].sum() <= limit * (1 + 1e-9)
    assert got["spend"].sum() == pytest.approx(min(limit, high.clip(upper=limit).sum()))
    assert ((got["spend"] >= low - 1e-9) & (got["spend"] <= high + 1e-9)).all()
    step = 1e-3
    for giver in curves:
        for taker in curves:
            room = got.loc[giver, "spend"] - step >= low[giver]
            if giver != taker and room and got.loc[taker, "spend"] + step <= high[taker]:
                gain = curves[taker].response(got.loc[taker, "spend"] + step)
                gain -= curves[taker].response(got.loc[taker, "spend"])
                loss = curves[giver].response(got.loc[giver, "spend"])
                loss -= curves[giver].response(got.loc[giver, "spend"] - step)
                assert gain - loss <= 1e-6


def test_equal_marginals_may_be_the_worst_of_s_shaped_curves():
    """Two equal S-shaped channels: half and half has equal marginals, one alone brings more."""
    curves = {name: inc.HillCurve(100, 80, 4) for name in "xy"}
    with pytest.raises(ValueError, match="'x' is S-shaped.*use method='scipy'"):
        inc.allocate(curves, 100)
    best = inc.allocate(curves, 100, method="scipy")
    assert sorted(best["spend"].round(1)) == [0, 100]
    half = sum(curve.response(50.0) for curve in curves.values())
    assert best["response"].sum() > 2 * half


def test_scipy_finds_the_best_of_a_grid_with_s_shaped_curves():
    curves = {
        "a": inc.HillCurve(100, 60, 3),
        "b": inc.HillCurve(80, 30, 1),
        "c": inc.HillCurve(90, 90, 2),
    }
    grid = np.linspace(0, 150, 301)
    a, b = np.meshgrid(grid, grid)
    c = 150 - a - b
    total = curves["a"].response(a.ravel()) + curves["b"].response(b.ravel())
    total = np.where(c.ravel() >= 0, total + curves["c"].response(np.maximum(c, 0).ravel()), 0)
    got = inc.allocate(curves, 150, method="scipy")
    assert got["response"].sum() >= total.max() - 1e-3


def test_bounds_that_leave_nothing_to_choose_are_refused_or_kept():
    with pytest.raises(ValueError, match="lowest makes 120 in all and limit is 100"):
        inc.allocate(EXPONENTIAL, 100, lowest={"x": 60, "y": 60})
    with pytest.raises(ValueError, match="lowest is above highest in 1 of 2 rows .first: row 'x'"):
        inc.allocate(EXPONENTIAL, 100, lowest={"x": 60, "y": 0}, highest={"x": 50, "y": 50})
    with pytest.raises(ValueError, match="no channel in highest is called 'y'"):
        inc.allocate(EXPONENTIAL, 100, highest={"x": 50})
    got = inc.allocate(EXPONENTIAL, 100, highest={"x": 30, "y": 20})
    assert got["spend"].tolist() == [30, 20]


def test_returns_read_off_the_curves():
    got = inc.returns(EXPONENTIAL, {"y": 20, "x": 50})
    assert got.loc["x", "response"] == pytest.approx(100 * (1 - np.exp(-1)))
    assert got.loc["y", "cost_per_further"] == pytest.approx(np.e / 3)
    with pytest.raises(ValueError, match="spend is negative in 1 of 2 rows .first: row 'x'"):
        inc.returns(EXPONENTIAL, {"x": -1, "y": 20})
    with pytest.raises(ValueError, match="no channel in spend is called 'y'"):
        inc.returns(EXPONENTIAL, {"x": 1, "z": 20})


def test_advice_over_draws_keeps_to_the_limit_and_says_how_sure_it_is():
    drawn = [{"x": inc.HillCurve(50 + d, 50), "y": inc.HillCurve(60, 20)} for d in range(60)]
    drawn.append({"y": inc.HillCurve(60, 20)})  # a draw in which x brings nothing
    got = inc.budget_advice(drawn, {"x": 5, "y": 95}, 100)
    assert got["advice"].sum() == pytest.approx(100)
    assert (got["low"] <= got["advice"]).all() and (got["advice"] <= got["high"]).all()
    gain = got.attrs["gain"]
    assert gain["better"] == pytest.approx(60 / 61)
    assert gain["ci_low"] < gain["estimate"] < gain["ci_high"]


# ---------------------------------------------------------------- fitting


def simulated(seed, *, share=0.3, half=1.0, decay=0.4, regions=20, weeks=60):
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2025-01-06", periods=weeks, freq="7D")
    level = rng.choice([0.25, 0.5, 1, 1.5, 2.0], (regions, weeks))
    stock = np.stack([inc.geometric_adstock(np.r_[1.0, row], decay) for row in level])[:, 1:]
    stock = (1 - decay) * stock + decay ** np.arange(2, weeks + 2) * 1.0
    reached = stock / (stock + half) * (1 + half)
    season = np.exp(rng.normal(0, 0.2, weeks))
    size = rng.lognormal(0, 0.4, (regions, 1))
    mean = 300 * size * season * (1 - share + share * reached)
    index = pd.MultiIndex.from_product([[f"r{i}" for i in range(regions)], dates])
    table = pd.DataFrame({"sales": rng.poisson(mean).ravel(), "ads": (100 * size * level).ravel()})
    return table.assign(
        region=index.get_level_values(0), week=index.get_level_values(1)
    ), pd.DataFrame({"ads": 100 * size[:, 0]}, index=[f"r{i}" for i in range(regions)])


def test_the_fit_covers_what_was_planted():
    held = []
    for seed in range(40):
        table, usual = simulated(seed)
        model = inc.ResponseModel().fit(table, "sales", ["ads"], usual=usual)
        fitted = model.table_.loc["ads"]
        truth = {"elasticity": 0.15, "share": 0.3, "half": usual["ads"].sum(), "decay": 0.4}
        held += [
            fitted.loc[name, "ci_low"] <= value <= fitted.loc[name, "ci_high"]
            for name, value in truth.items()
        ]
    assert 0.9 <= np.mean(held) <= 0.99


def test_a_fit_without_priors_is_that_of_least_squares():
    from scipy.optimize import curve_fit

    table, _ = simulated(3, regions=6, weeks=40)
    wide = inc.ResponseModel(half_prior=(1, 1e6), decay_prior=(0.3, 1e6))
    ours = wide.fit(table, "sales", ["ads"]).table_.loc["ads", "estimate"]
    log_y = np.log(table["sales"].to_numpy().reshape(6, 40))
    level = table["ads"].to_numpy().reshape(6, 40)
    level = level / level.mean(axis=1, keepdims=True)

    def both_ways(values):
        return values - values.mean(0) - values.mean(1, keepdims=True) + values.mean()

    def curve(_, share, half, decay):
        stock = np.ones((6, 41))
        for t in range(40):
            stock[:, t + 1] = (1 - decay) * level[:, t] + decay * stock[:, t]
        stock = stock[:, 1:]
        reached = stock / (stock + half) * (1 + half)
        return both_ways(np.log(1 + share * (reached - 1))).ravel()

    theirs, _ = curve_fit(curve, None, both_ways(log_y).ravel(), p0=[0.3, 1.0, 0.3])
    usual = table.groupby("region")["ads"].mean().sum()
    assert ours["share"] == pytest.approx(theirs[0], rel=5e-3)
    assert ours["half"] == pytest.approx(theirs[1] * usual, rel=5e-3)
    assert ours["decay"] == pytest.approx(theirs[2], rel=5e-3)


def test_curves_pass_through_the_share_at_the_usual_spending():
    table, _ = simulated(5)
    model = inc.ResponseModel().fit(table, "sales", ["ads"])
    share = model.table_.loc[("ads", "share"), "estimate"]
    at_usual = model.curves()["ads"].response(model.usual_["ads"])
    assert at_usual == pytest.approx(share * model.conversions_)
    drawn = model.draw_curves(200, seed=1)
    shares = [each["ads"].response(model.usual_["ads"]) / model.conversions_ for each in drawn]
    row = model.table_.loc[("ads", "share")]
    assert np.quantile(shares, [0.025, 0.975]) == pytest.approx(
        [row["ci_low"], row["ci_high"]], abs=0.02
    )


def test_spending_that_follows_demand_is_taken_for_an_effect():
    """Regions that sell more this week spend more this week: the model cannot know."""
    table, _ = simulated(6, share=0.0)
    follows = table.groupby("region")["sales"].transform(lambda each: each / each.mean())
    table = table.assign(ads=100 * follows + table["ads"] / 100)
    biased = inc.ResponseModel().fit(table, "sales", ["ads"]).table_.loc[("ads", "elasticity")]
    assert biased["ci_low"] > 0.3


def test_data_that_tell_nothing_are_refused():
    table, _ = simulated(7, weeks=12)
    same = table.assign(ads=100.0)
    with pytest.raises(ValueError, match="ads moves alike in all regions"):
        inc.ResponseModel().fit(same, "sales", ["ads"])
    with pytest.raises(ValueError, match="ads was never spent in 20 regions"):
        inc.ResponseModel().fit(table.assign(ads=0.0), "sales", ["ads"])
    with pytest.raises(ValueError, match="sales is 0 in 1 of 240 regions and weeks.*add up"):
        inc.ResponseModel().fit(
            table.assign(sales=table["sales"].where(table.index > 0, 0)), "sales", ["ads"]
        )
    with pytest.raises(ValueError, match="ads is negative in 1 of 240 rows"):
        inc.ResponseModel().fit(
            table.assign(ads=table["ads"].where(table.index > 0, -1.0)), "sales", ["ads"]
        )
    with pytest.raises(ValueError, match="no column in table is called 'adz'"):
        inc.ResponseModel().fit(table, "sales", ["adz"])
    with pytest.raises(ValueError, match="the model is not fitted"):
        inc.ResponseModel().curves()
