"""Durations, survival curves and the shifted beta-geometric model.

Oracles: published numbers, lifelines, statsmodels, integrals over what is hidden, simulation.
"""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit import survival
from funnelkit.cohorts import cohort_table, purchase_cohorts
from funnelkit.survival import (
    ShiftedBetaGeometric,
    durations,
    kaplan_meier,
    mean_lifetime,
    survival_at,
)

# Weeks in remission on 6-mercaptopurine, 21 patients; a minus sign marks a censored one. Freireich
# et al. 1963, as in Gehan 1965, *Biometrika* 52, and in most textbooks since.
SIX_MP = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35]


def lives(signed):
    values = np.array(signed)
    return np.abs(values), values > 0


@pytest.fixture
def subscriptions():
    return fk.load("subscriptions")


@pytest.fixture
def watched(subscriptions):
    return durations(subscriptions["started"], subscriptions["ended"], observed_until="2026-06-30")


# ---------------------------------------------------------------- durations


@given(
    st.dates(datetime.date(2020, 1, 1), datetime.date(2026, 6, 30)),
    st.integers(0, 40),
    st.integers(0, 27),
)
@settings(deadline=None)
def test_months_are_what_date_offsets_say(day, months, further):
    start = pd.Timestamp(day)
    end = start + pd.DateOffset(months=months)
    next_due = start + pd.DateOffset(months=months + 1)
    stop = min(end + pd.Timedelta(days=further), next_due - pd.Timedelta(days=1))
    table = durations(pd.Series([start]), pd.Series([stop]), observed_until="2031-01-01")
    assert table.loc[0, "duration"] == months
    assert table.loc[0, "observed"]


def test_durations_of_the_school_are_whole_months(subscriptions, watched):
    ended = subscriptions["ended"].notna()
    assert (watched["observed"] == ended).all()
    assert watched.loc[ended, "duration"].min() == 1
    assert watched["duration"].max() <= 29  # since January 2024


def test_weeks_and_days_are_complete_ones():
    started = pd.Series(pd.to_datetime(["2026-01-01", "2026-01-01"]))
    ended = pd.Series(pd.to_datetime(["2026-01-20", None]))
    assert durations(started, ended, observed_until="2026-01-31", unit="week")[
        "duration"
    ].tolist() == [2, 4]
    assert durations(started, ended, observed_until="2026-01-31", unit="day")[
        "duration"
    ].tolist() == [
        19,
        30,
    ]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_durations_do_not_depend_on_the_resolution_of_times(subscriptions, watched, unit):
    started, ended = (subscriptions[c].astype(f"datetime64[{unit}]") for c in ("started", "ended"))
    pd.testing.assert_frame_equal(durations(started, ended, observed_until="2026-06-30"), watched)


@pytest.mark.parametrize(
    ("started", "ended", "error", "message"),
    [
        (
            "2026-03-01",
            "2026-02-01",
            ValueError,
            r"ended is before started in 1 of 1 rows \(first: row 0, '2026-03-01 00:00 to 2026",
        ),
        (
            "2026-08-01",
            None,
            ValueError,
            r"started lies after observed_until, 2026-06-30, in 1 of 1 rows \(first: row 0, 2026",
        ),
        (
            "2026-03-01",
            "2026-07-01",
            ValueError,
            "ended lies after observed_until, .*: correct these rows",
        ),
        (None, "2026-02-01", ValueError, "'started' is missing in 1 of 1 rows"),
    ],
)
def test_dates_that_cannot_be_are_refused(started, ended, error, message):
    dates = (pd.Series(pd.to_datetime([day])) for day in (started, ended))
    with pytest.raises(error, match=message):
        durations(*dates, observed_until="2026-06-30")


def test_other_bad_dates():
    day = pd.Series(pd.to_datetime(["2026-03-01"]))
    end = "2026-06-30"
    with pytest.raises(ValueError, match="'started' is not a time as ISO 8601 writes it in 1 of 1"):
        durations(pd.Series(["01.03.2026"]), day, observed_until=end)
    with pytest.raises(TypeError, match="'started' holds numbers, not times"):
        durations(pd.Series([20260301]), day, observed_until=end)
    with pytest.raises(ValueError, match="'ended' has a time zone"):
        durations(day, day.dt.tz_localize("UTC"), observed_until=end)
    with pytest.raises(ValueError, match="different indexes"):
        durations(day, day.set_axis([7]), observed_until=end)
    with pytest.raises(ValueError, match="unit is 'months': .*did you mean 'month'"):
        durations(day, day, observed_until=end, unit="months")


@pytest.mark.parametrize("missing", [None, pd.NaT, np.datetime64("NaT")])
def test_the_end_of_the_data_has_to_be_known(missing, subscriptions):
    orders = fk.load("cdnow").head()
    for call in (
        lambda: durations(subscriptions["started"], subscriptions["ended"], observed_until=missing),
        lambda: cohort_table(subscriptions, observed_until=missing),
        lambda: purchase_cohorts(orders, observed_until=missing),
    ):
        with pytest.raises(ValueError, match="observed_until is missing: give a date"):
            call()


@pytest.mark.parametrize("text", ["05.04.2026", "05/04/2026", "soon"])
def test_the_end_of_the_data_is_written_year_first(text, subscriptions):
    with pytest.raises(ValueError, match="observed_until is .*, not written as ISO 8601 has it"):
        cohort_table(subscriptions, observed_until=text)


def test_the_last_day_is_seen_to_its_end():
    noon = pd.Series(pd.to_datetime(["2026-06-30 12:00", "2026-06-29 12:00"]))
    table = durations(noon, pd.Series([None, None]), observed_until="2026-06-30", unit="day")
    assert table["duration"].tolist() == [0, 1]
    evening = pd.Series(pd.to_datetime(["2026-06-30 20:00", None]))
    assert durations(noon, evening, observed_until="2026-06-30")["observed"].tolist() == [
        True,
        False,
    ]
    with pytest.raises(ValueError, match="ended lies after observed_until"):
        durations(noon, evening, observed_until="2026-06-30 19:00")


def test_a_cancellation_within_the_first_month_has_duration_0():
    started = pd.Series(pd.to_datetime(["2026-01-10"]))
    ended = pd.Series(pd.to_datetime(["2026-01-30"]))
    table = durations(started, ended, observed_until="2026-06-30")
    assert table.loc[0].tolist() == [0, True]


@pytest.mark.parametrize(
    "kind", ["text", "object", "date", "timestamp[us][pyarrow]", "timestamp[s][pyarrow]", "date32"]
)
def test_durations_of_dates_in_any_form(subscriptions, watched, kind):
    if "pyarrow" in kind or kind == "date32":
        pytest.importorskip("pyarrow")

    def written(column):
        if kind == "text":
            return column.dt.strftime("%Y-%m-%d")
        if kind == "object":
            return column.astype(object)
        if kind == "date":
            return column.dt.date.astype(object)
        return column.astype("date32[pyarrow]" if kind == "date32" else kind)

    started, ended = (written(subscriptions[c]) for c in ("started", "ended"))
    table = durations(started, ended, observed_until="2026-06-30")
    pd.testing.assert_frame_equal(table, watched)
    both = subscriptions.assign(started=started, ended=ended)
    pd.testing.assert_frame_equal(
        cohort_table(both, observed_until="2026-06-30", freq="Q"),
        cohort_table(subscriptions, observed_until="2026-06-30", freq="Q"),
    )


def test_where_nobody_has_left_the_column_of_ends_may_be_empty_in_any_way():
    started = pd.Series(pd.to_datetime(["2026-01-10"]))
    for empty in ([None], [np.nan], [pd.NaT]):
        table = durations(started, pd.Series(empty), observed_until="2026-03-31")
        assert table.loc[0].tolist() == [2, False]


# ---------------------------------------------------------------- Kaplan–Meier


def test_kaplan_and_meier_1958():
    # The example of their paper: eight items, losses at 1.0, 2.7, 7.0 and 12.1.
    curve = kaplan_meier(*lives([0.8, -1.0, -2.7, 3.1, 5.4, -7.0, 9.2, -12.1]))
    assert curve.loc[[0.8, 3.1, 5.4, 9.2], "survival"].tolist() == pytest.approx(
        [0.875, 0.70, 0.525, 0.2625]
    )


def test_six_mercaptopurine():
    curve = kaplan_meier(*lives(SIX_MP)).loc[[6, 7, 10, 13, 16, 22, 23]]
    assert curve["survival"].round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    errors = [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert curve["std_error"].round(4).tolist() == errors
    assert curve["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]


customers = st.lists(
    st.tuples(st.integers(0, 24), st.booleans()),
    min_size=1,
    max_size=60,
)


@given(customers, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
@settings(deadline=None, max_examples=40)
def test_against_lifelines(rows, confidence):
    from lifelines import KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time

    time, left = (np.array(column) for column in zip(*rows, strict=True))
    curve = kaplan_meier(time, left, confidence=confidence)
    other = KaplanMeierFitter(alpha=1 - confidence).fit(time, left)
    other_events = other.event_table
    assert curve.index.tolist() == other_events.index.tolist()
    assert curve["events"].tolist() == other_events["observed"].tolist()
    assert curve["censored"].tolist() == other_events["censored"].tolist()
    assert curve["at_risk"].tolist() == other_events["at_risk"].tolist()
    survival = other.survival_function_.iloc[:, 0].to_numpy()
    np.testing.assert_allclose(curve["survival"], survival, atol=1e-12)
    # lifelines calls its log-log interval "exponential Greenwood". Where nobody is left, it
    # writes what the limit of the formula gives; we say that there is none.
    some = (curve["survival"] > 0).to_numpy()
    interval = other.confidence_interval_.to_numpy()[some]
    np.testing.assert_allclose(curve.loc[some, ["ci_low", "ci_high"]], interval, atol=1e-9)
    assert curve.loc[~some, ["std_error", "ci_low", "ci_high"]].isna().all(axis=None)
    horizon = float(time.max())
    if horizon > 0:
        theirs = restricted_mean_survival_time(other, t=horizon)
        assert mean_lifetime(curve, horizon=horizon) == pytest.approx(theirs, abs=1e-9)


@given(customers.filter(lambda rows: any(left for _, left in rows)))
@settings(deadline=None, max_examples=40)
def test_against_statsmodels(rows):
    from statsmodels.duration.survfunc import SurvfuncRight

    time, left = (np.array(column) for column in zip(*rows, strict=True))
    other = SurvfuncRight(time.astype(float), left.astype(int))
    curve = kaplan_meier(time, left).loc[lambda t: t["events"] > 0]
    assert curve.index.tolist() == other.surv_times.tolist()
    np.testing.assert_allclose(curve["survival"], other.surv_prob, atol=1e-12)
    some = (curve["survival"] > 0).to_numpy()
    np.testing.assert_allclose(
        curve.loc[some, "std_error"], other.surv_prob_se[some], rtol=1e-9, atol=1e-12
    )


@given(customers)
@settings(deadline=None)
def test_a_survival_curve_never_rises_and_stays_in_its_interval(rows):
    time, left = zip(*rows, strict=True)
    curve = kaplan_meier(time, left)
    at_once = sum(t == 0 and gone for t, gone in rows)
    assert curve["survival"].iloc[0] == pytest.approx(1 - at_once / len(rows))
    assert curve.index[0] == 0
    assert (curve["survival"].diff().dropna() <= 0).all()
    assert curve["survival"].between(0, 1).all()
    known = curve.dropna()
    assert (known["ci_low"] <= known["survival"] + 1e-12).all()
    assert (known["survival"] <= known["ci_high"] + 1e-12).all()
    assert known[["ci_low", "ci_high"]].stack().between(0, 1).all()
    assert curve["events"].sum() + curve["censored"].sum() == len(rows)


@given(customers, st.randoms())
@settings(deadline=None, max_examples=30)
def test_the_order_of_customers_does_not_matter(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, other = (kaplan_meier(*zip(*each, strict=True)) for each in (rows, shuffled))
    pd.testing.assert_frame_equal(one, other)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=50))
@settings(deadline=None, max_examples=50)
def test_without_censoring_it_is_the_share_that_is_left(time):
    curve = kaplan_meier(time, [True] * len(time))
    for t, share in curve["survival"].items():
        assert share == pytest.approx(np.mean(np.array(time) > t), abs=1e-12)
    assert mean_lifetime(curve, horizon=100) == pytest.approx(np.mean(time))


def test_groups_are_the_curves_of_their_customers(subscriptions, watched):
    both = kaplan_meier(watched["duration"], watched["observed"], by=subscriptions["plan"])
    assert both.index.names == ["plan", "time"]
    for plan in ("basic", "plus"):
        mine = subscriptions["plan"] == plan
        alone = kaplan_meier(watched.loc[mine, "duration"], watched.loc[mine, "observed"])
        pd.testing.assert_frame_equal(both.loc[plan], alone)
    means = mean_lifetime(both, horizon=12)
    assert means["basic"] == mean_lifetime(both.loc["basic"], horizon=12)


def test_a_missing_group_is_a_group():
    curve = kaplan_meier([1, 2, 3], [True, True, True], by=pd.Series(["a", None, "a"]))
    assert len(curve) == 5
    assert curve.index.get_level_values(0).isna().sum() == 2
    assert curve.index.names == ["group", "time"]


def test_the_interval_covers_as_often_as_it_says():
    # Geometric lifetimes, censored at random by the end of the watch: the true S(6) is 0.9 ** 6.
    rng = np.random.default_rng(4)
    hits = []
    for _ in range(2000):
        life, watch = rng.geometric(0.1, 80), rng.integers(0, 25, 80)
        curve = kaplan_meier(np.minimum(life, watch), life <= watch)
        row = curve.loc[curve.index <= 6].iloc[-1]
        hits.append(row["ci_low"] <= 0.9**6 <= row["ci_high"])
    assert 0.94 < np.mean(hits) < 0.965


def test_the_planted_survival_is_in_the_data(subscriptions, watched):
    model = fk.truth()["model"]["subscriptions"]
    channel = fk.load("customers").set_index("customer_id")["channel"]
    a, b = model["churn_a"], subscriptions["plan"].map(model["churn_b"])
    b = b * subscriptions["customer_id"].map(channel).map(model["churn_b_factor"]).fillna(1.0)
    curve = kaplan_meier(watched["duration"], watched["observed"])
    for month in (1, 3, 6, 12, 18):
        planted = np.prod([(b + j) / (a + b + j) for j in range(month)], axis=0).mean()
        row = curve.loc[month]
        assert abs(row["survival"] - planted) < 3 * row["std_error"], month


@pytest.mark.parametrize(
    ("time", "left", "error", "message"),
    [
        ([], [], ValueError, "there are no customers"),
        (
            [1, -2],
            [True, True],
            ValueError,
            r"duration is negative in 1 of 2 rows \(first: row 1, -2",
        ),
        ([1, np.nan], [True, True], ValueError, "duration is missing in 1 of 2"),
        ([1, np.inf], [True, True], ValueError, "duration is infinite"),
        ([1, 2], [True], ValueError, "2 of duration and 1 of observed"),
        ([1, 2], [True, None], ValueError, "observed is missing in 1 of 2"),
        ([1, 2], [1, 0], TypeError, "observed holds whole numbers, not True and False"),
        (["a", "b"], [True, True], TypeError, "duration holds text: give how long each was wat"),
        ([True, True], [True, True], TypeError, "duration is boolean: give how long"),
        (None, [True], TypeError, "duration is None: give a column"),
        (5, True, TypeError, "duration is 5: give a column"),
        ({3, 4}, [True, True], TypeError, "duration is a set, which has no order"),
        ([[1], [2]], [True, True], ValueError, "column 'duration' holds lists"),
        (np.ones((2, 2)), [True, True], TypeError, "duration is a ndarray"),
        (pd.DataFrame({"a": [1]}), [True], TypeError, "duration is a table"),
    ],
)
def test_lifetimes_that_cannot_be_are_refused(time, left, error, message):
    with pytest.raises(error, match=message):
        kaplan_meier(time, left)


def test_series_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="duration and by have different indexes"):
        kaplan_meier(pd.Series([1]), [True], by=pd.Series(["a"], index=[5]))
    with pytest.raises(ValueError, match="confidence is 95"):
        kaplan_meier([1], [True], confidence=95)
    with pytest.raises(TypeError, match="by is 'ab': give a column"):
        kaplan_meier([1, 2], [True, True], by="ab")
    with pytest.raises(TypeError, match="'by' holds ids of several types"):
        kaplan_meier([1, 2], [True, True], by=[1, "1"])
    with pytest.raises(TypeError, match="by is a table"):
        kaplan_meier([1, 2], [True, True], by=pd.DataFrame({"a": [1, 2]}))


def test_mean_lifetime_refuses_what_was_not_seen():
    curve = kaplan_meier([1, 2, 5], [True, False, False])
    assert mean_lifetime(curve, horizon=5) == pytest.approx(1 + 4 * 2 / 3)
    with pytest.raises(ValueError, match="horizon is 6: give one that is not beyond 5"):
        mean_lifetime(curve, horizon=6)
    with pytest.raises(ValueError, match="horizon is 0: give a number above 0"):
        mean_lifetime(curve, horizon=0)
    with pytest.raises(TypeError, match="horizon is '5': give a number above 0"):
        mean_lifetime(curve, horizon="5")
    assert mean_lifetime(kaplan_meier([1, 2], [True, True]), horizon=9) == 1.5


def test_a_curve_is_read_where_its_step_holds(subscriptions, watched):
    curve = kaplan_meier([1, 2, 5], [True, False, False])
    assert [survival_at(curve, t)["survival"] for t in (0, 0.9, 1, 4.9, 5)] == pytest.approx(
        [1, 1, 2 / 3, 2 / 3, 2 / 3]
    )
    both = kaplan_meier(watched["duration"], watched["observed"], by=subscriptions["plan"])
    table = survival_at(both, 12)
    assert list(table.columns) == ["survival", "std_error", "ci_low", "ci_high"]
    for plan in ("basic", "plus"):
        assert table.loc[plan].tolist() == both.loc[(plan, 12), table.columns].tolist()
    with pytest.raises(ValueError, match="time is 6: give one that is not beyond 5"):
        survival_at(curve, 6)
    with pytest.raises(ValueError, match="time is -1: give a number of 0 or more"):
        survival_at(curve, -1)
    with pytest.raises(TypeError, match="time is '5'"):
        survival_at(curve, "5")


def test_the_group_whose_curve_is_too_short_is_named():
    by = ["a", "a", "b", "b"]
    curve = kaplan_meier([2, 9, 1, 4], [True, False, True, False], by=by)
    with pytest.raises(ValueError, match="time is 6: .* not beyond 4, where the curve of 'b' ends"):
        survival_at(curve, 6)
    with pytest.raises(
        ValueError, match="horizon is 6: .* not beyond 4, where the curve of 'b' ends"
    ):
        mean_lifetime(curve, horizon=6)
    gone = kaplan_meier([2, 9, 1, 4], [True, False, True, True], by=by)  # nobody left: it is known
    assert survival_at(gone, 6)["survival"].to_dict() == {"a": 0.5, "b": 0}
    assert mean_lifetime(gone, horizon=6).to_dict() == {"a": 4, "b": 2.5}


# ---------------------------------------------------------------- ends at duration 0


def test_an_end_at_duration_0_counts():
    """The smallest case, as R, statsmodels and lifelines have it."""
    curve = kaplan_meier([0, 2, 5], [True, True, False])
    assert curve["survival"].tolist() == pytest.approx([2 / 3, 1 / 3, 1 / 3])
    assert curve.loc[0, ["at_risk", "events"]].tolist() == [3, 1]
    assert survival_at(curve, 0)["survival"] == pytest.approx(2 / 3)
    assert mean_lifetime(curve, horizon=5) == pytest.approx(2 * 2 / 3 + 3 / 3)


def test_durations_in_months_go_into_the_curve_whatever_they_are():
    started = pd.Series(pd.to_datetime(["2026-01-10", "2026-01-12", "2026-01-20"]))
    ended = pd.Series(pd.to_datetime(["2026-01-30", None, "2026-03-25"]))
    table = durations(started, ended, observed_until="2026-06-30")
    curve = kaplan_meier(table["duration"], table["observed"])
    assert curve.loc[[0, 2], "survival"].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_a_curve_that_is_none_is_refused():
    curve = kaplan_meier([1, 2, 5], [True, False, False])
    for read in (lambda c: survival_at(c, 1), lambda c: mean_lifetime(c, horizon=1)):
        with pytest.raises(ValueError, match="curve has no rows"):
            read(curve.iloc[:0])
        with pytest.raises(ValueError, match="do not rise from 0"):
            read(curve.iloc[::-1])
        with pytest.raises(ValueError, match="do not rise from 0"):
            read(curve.iloc[1:])
        with pytest.raises(TypeError, match="the index of curve is not a time"):
            read(curve.set_axis(list("abcd")))
        with pytest.raises(ValueError, match="survival is missing"):
            read(curve.assign(survival=np.nan))
        with pytest.raises(TypeError, match="curve is a list"):
            read([1, 0.5])


# ---------------------------------------------------------------- shifted beta-geometric

# Of 1,000 customers, those still there after 0, 1, …, 12 years: Fader & Hardie 2007, table 1.
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]


@pytest.mark.parametrize(
    ("survivors", "alpha", "beta"), [(HIGH_END, 0.668, 3.806), (REGULAR, 0.704, 1.182)]
)
def test_fader_and_hardie_2007(survivors, alpha, beta):
    """Fitted to the first seven years, held to the five that follow."""
    model = ShiftedBetaGeometric().fit_survivors(survivors[:8])
    assert round(model.alpha_, 3) == alpha
    assert round(model.beta_, 3) == beta
    assert model.n_customers_ == 1000
    ahead = 1000 * model.survival(range(8, 13))
    assert np.abs(ahead - survivors[8:]).max() < 17
    # A constant retention rate, fitted to the same, is far off.
    constant = 1000 * (survivors[7] / 1000) ** (np.arange(8, 13) / 7)
    assert np.abs(constant - survivors[8:]).max() > 80


@pytest.mark.parametrize("survivors", [HIGH_END, REGULAR])
def test_the_estimate_is_that_of_another_optimiser_over_the_recursion(survivors):
    from scipy.optimize import minimize

    seen = np.array(survivors[:8])

    def minus_log_likelihood(theta):
        alpha, beta = np.exp(theta)
        there, total = 1.0, 0.0
        for t in range(1, 8):
            stays = (beta + t - 1) / (alpha + beta + t - 1)
            total += (seen[t - 1] - seen[t]) * np.log(there * (1 - stays))
            there *= stays
        return -(total + seen[7] * np.log(there))

    other = minimize(
        minus_log_likelihood, [0.1, 0.1], method="Nelder-Mead", options={"xatol": 1e-9}
    )
    model = ShiftedBetaGeometric().fit_survivors(seen)
    assert [model.alpha_, model.beta_] == pytest.approx(np.exp(other.x), rel=1e-4)
    assert model.loglik_ == pytest.approx(-other.fun, abs=1e-6)


laws = st.fixed_dictionaries({"alpha": st.floats(0.2, 8), "beta": st.floats(0.2, 20)})


@given(laws, st.integers(1, 40))
@settings(deadline=None, max_examples=50)
def test_survival_is_an_integral_over_the_hidden_probabilities(law, t):
    from scipy import stats

    beta = stats.beta(law["alpha"], law["beta"])

    def staying(leaves):
        return (1 - leaves) ** t

    whole = beta.expect(staying)
    model = ShiftedBetaGeometric.with_parameters(**law)
    assert model.survival(t) == pytest.approx(whole, rel=1e-6, abs=1e-9)
    assert model.retention(t) == pytest.approx(model.survival(t) / model.survival(t - 1), rel=1e-9)


@given(laws)
@settings(deadline=None, max_examples=50)
def test_the_retention_rate_rises_with_age(law):
    rates = ShiftedBetaGeometric.with_parameters(**law).retention(np.arange(1, 50))
    assert (np.diff(rates) > 0).all()


@given(laws, st.lists(st.tuples(st.integers(1, 24), st.booleans()), min_size=1, max_size=30))
@settings(deadline=None, max_examples=50)
def test_the_likelihood_is_that_of_each_customer_and_its_gradient_that_of_differences(law, rows):
    time, left = (np.array(column) for column in zip(*rows, strict=True))
    model = ShiftedBetaGeometric.with_parameters(**law)
    there, before = model.survival(time), model.survival(time - 1)
    by_hand = np.log(np.where(left, before - there, there)).sum()
    assert model.log_likelihood(time, left) == pytest.approx(by_hand, rel=1e-6, abs=1e-6)
    cost = survival._sbg_cost(np.bincount(time[left], minlength=25), np.bincount(time[~left]))
    theta = np.log([model.alpha_, model.beta_])
    for k, one in enumerate(np.eye(2) * 1e-5):
        slope = (cost(theta + one)[0] - cost(theta - one)[0]) / 2e-5
        assert cost(theta)[1][k] == pytest.approx(slope, rel=1e-4, abs=1e-6)


def test_a_row_per_customer_and_a_table_of_survivors_give_the_same_fit():
    lost = -np.diff(REGULAR[:8])
    time = np.repeat([*range(1, 8), 7], [*lost, REGULAR[7]])
    left = np.repeat([True, False], [lost.sum(), REGULAR[7]])
    one = ShiftedBetaGeometric().fit(pd.Series(time), pd.Series(left))
    other = ShiftedBetaGeometric().fit_survivors(REGULAR[:8])
    assert one.parameters_ == pytest.approx(other.parameters_, rel=1e-9)
    assert one.loglik_ == pytest.approx(other.loglik_)
    assert one.log_likelihood(time, left) == pytest.approx(one.loglik_)


@pytest.mark.parametrize("seed", range(5))
def test_planted_parameters_are_recovered_from_customers_who_started_at_different_times(seed):
    from funnelkit._fitting import curvature

    rng, n, planted = np.random.default_rng(seed), 4000, np.array([0.9, 3.0])
    life = rng.geometric(rng.beta(*planted, n))
    watch = rng.integers(0, 25, n)
    time, left = np.minimum(life, watch), life <= watch
    model = ShiftedBetaGeometric().fit(time, left)
    theta = np.log([model.alpha_, model.beta_])
    cost = survival._sbg_cost(np.bincount(time[left], minlength=25), np.bincount(time[~left]))
    errors = np.sqrt(np.diag(np.linalg.inv(curvature(cost, theta) * n)))
    assert (np.abs(theta - np.log(planted)) < 3 * errors).all()
    assert (errors < 0.25).all(), "precise enough for this to mean something"


def test_a_year_of_subscriptions_foretells_the_second(subscriptions, watched):
    """Fitted to what was known after 12 months of age, held to the curve up to 24."""
    time, left = watched["duration"].clip(upper=12), watched["observed"]
    model = ShiftedBetaGeometric().fit(time, left & (watched["duration"] <= 12))
    row = survival_at(kaplan_meier(watched["duration"], watched["observed"]), 24)
    assert abs(model.survival(24) - row["survival"]) < 3 * row["std_error"]


@given(laws, st.integers(0, 20), st.floats(0.02, 1))
@settings(deadline=None, max_examples=60)
def test_the_discounted_lifetime_is_its_sum(law, age, discount):
    model = ShiftedBetaGeometric.with_parameters(**law)
    t = np.arange(4000)
    terms = model.survival(age + t) / model.survival(age) * (1 + discount) ** -t.astype(float)
    ours = model.expected_lifetime(age=age, discount=discount)
    assert ours == pytest.approx(terms.sum(), rel=1e-8)


def test_the_lifetime_without_discount_is_finite_only_for_alpha_above_one():
    model = ShiftedBetaGeometric.with_parameters(alpha=3, beta=4)
    assert model.expected_lifetime() == pytest.approx(model.survival(np.arange(20_000)).sum())
    assert model.expected_lifetime(age=2) == 4
    near = model.expected_lifetime(discount=1e-9)
    assert near == pytest.approx(model.expected_lifetime(), rel=1e-6)
    with pytest.raises(ValueError, match="alpha is 0.7, not above 1, so the mean lifetime is inf"):
        ShiftedBetaGeometric.with_parameters(alpha=0.7, beta=1.2).expected_lifetime()


def test_what_the_model_cannot_be_fitted_to():
    fit = ShiftedBetaGeometric().fit
    with pytest.raises(ValueError, match="none of the 2 customers was seen to leave"):
        fit([1, 2], [False, False])
    with pytest.raises(ValueError, match="an end was seen at duration 0 .* duration . 1"):
        fit([0, 2], [True, False])
    with pytest.raises(ValueError, match="duration is not a whole number"):
        fit([1.5, 2], [True, False])
    with pytest.raises(ValueError, match="different indexes"):
        fit(pd.Series([1, 2]), pd.Series([True, False], index=[1, 0]))
    alike = (1000 * 0.8 ** np.arange(8)).round()
    for survivors in (alike, [1000, 800]):
        with pytest.raises(ValueError, match="1,000 customers cannot identify the model"):
            ShiftedBetaGeometric().fit_survivors(survivors)
    for survivors, message in [
        (
            [1000, 900, 950],
            r"survivors rises in 1 of 3 rows \(first: row 2, 950\): give one cohort",
        ),
        ([1, 0.8, 0.6], "survivors is not a whole number"),
        ([1000], "survivors is not the table of a cohort"),
        ([0, 0], "survivors is not the table of a cohort"),
    ]:
        with pytest.raises(ValueError, match=message):
            ShiftedBetaGeometric().fit_survivors(survivors)


def test_the_model_says_what_it_lacks_and_takes_what_comes_in():
    model = ShiftedBetaGeometric()
    assert "not fitted" in repr(model)
    with pytest.raises(ValueError, match="no parameters yet"):
        model.survival(3)
    model = ShiftedBetaGeometric.with_parameters(alpha=1, beta=3)
    assert type(model.survival(2)) is float
    ages = pd.Series([0, 1], index=["a", "b"])
    assert model.survival(ages).to_dict() == pytest.approx({"a": 1.0, "b": 0.75})
    with pytest.raises(ValueError, match="age is 0 in 1 of 2 rows .*: the first period is 1"):
        model.retention(ages)
    with pytest.raises(ValueError, match="discount is above 1 .*give a fraction: 0.1 for 10 %"):
        model.expected_lifetime(discount=10)
    with pytest.raises(ValueError, match="alpha is 0: give a number above 0"):
        ShiftedBetaGeometric.with_parameters(alpha=0, beta=1)


def test_everything_public_is_documented():
    for name in set(survival.__all__) - {"METRICS"}:
        assert "Examples" in getattr(survival, name).__doc__, name
