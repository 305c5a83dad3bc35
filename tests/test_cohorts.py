"""Cohorts against published numbers, independent implementations, laws, and bad input."""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit import cohorts, metrics
from funnelkit.cohorts import (
    churn_rate,
    cohort_table,
    csat,
    durations,
    expected_lifetime,
    kaplan_meier,
    mean_lifetime,
    nps,
    nps_group,
    purchase_cohorts,
    retention_rate,
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


# ---------------------------------------------------------------- rates and expected lifetime


def test_retention_and_churn_add_up_to_one():
    kept, start = (
        pd.Series([170, 0, 5], index=list("abc")),
        pd.Series([200, 3, 5], index=list("abc")),
    )
    pd.testing.assert_series_equal(
        retention_rate(kept, start) + churn_rate(start - kept, start),
        pd.Series(1.0, index=kept.index),
    )
    assert retention_rate(170, 200) == 0.85
    assert list(retention_rate([170, 80], [200, 100])) == [0.85, 0.8]


@pytest.mark.parametrize(
    ("kept", "start", "message"),
    [
        (0, 0, "at_start is 0: a rate of nobody is not a number"),
        (230, 200, r"kept is greater than at_start \(230 of 200\): count only customers who were"),
        (-1, 10, "kept is negative"),
        (1.5, 10, "kept is not a whole number"),
        ([1, np.nan], [2, 2], "kept is missing in 1 of 2 rows"),
        ([1, 2, 3], [2, 2], "3 values of kept and 2 of at_start"),
        (pd.Series([1], index=["a"]), pd.Series([1], index=["b"]), "different indexes"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(kept, start, message):
    with pytest.raises(ValueError, match=message):
        retention_rate(kept, start)


def test_a_count_that_is_none_is_refused():
    with pytest.raises(TypeError, match="lost holds string values"):
        churn_rate("3", 10)
    with pytest.raises(TypeError, match="kept is boolean"):
        retention_rate(pd.Series([True]), pd.Series([1]))
    with pytest.raises(ValueError, match="lost is greater than at_start"):
        churn_rate(11, 10)


@given(st.floats(0, 0.99))
def test_expected_lifetime_is_the_sum_of_the_survival(rate):
    total = (rate ** np.arange(5000)).sum()
    assert expected_lifetime(rate) == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("rate", [1, 1.2, 80])
def test_a_retention_of_one_or_more_has_no_lifetime(rate):
    with pytest.raises(ValueError, match="retention is 1 or more.*such as 0.8 for 80 %"):
        expected_lifetime(rate)


def test_other_bad_retentions():
    with pytest.raises(
        ValueError, match=r"retention is below 0 in 1 of 2 rows \(first: row 'b', -0.1"
    ):
        expected_lifetime(pd.Series([0.5, -0.1], index=["a", "b"]))
    with pytest.raises(ValueError, match="retention is missing"):
        expected_lifetime(np.nan)
    with pytest.raises(TypeError, match="retention holds string"):
        expected_lifetime("0.8")


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
    assert durations(started, ended, observed_until="2026-01-31", unit="week")["duration"].tolist() == [2, 4]
    assert durations(started, ended, observed_until="2026-01-31", unit="day")["duration"].tolist() == [
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
        ("2026-03-01", "2026-02-01", ValueError, r"ended is before started in 1 of 1 .* negative"),
        ("2026-08-01", None, ValueError, r"started lies after until \(2026-06-30\) in 1 of 1 rows"),
        ("2026-03-01", "2026-07-01", ValueError, r"ended lies after until .* in the future"),
        (None, "2026-02-01", ValueError, "started is missing in 1 of 1 rows"),
    ],
)
def test_dates_that_cannot_be_are_refused(started, ended, error, message):
    dates = (pd.Series(pd.to_datetime([day])) for day in (started, ended))
    with pytest.raises(error, match=message):
        durations(*dates, observed_until="2026-06-30")


def test_other_bad_dates():
    day = pd.Series(pd.to_datetime(["2026-03-01"]))
    with pytest.raises(TypeError, match="started holds str, not times"):
        durations(pd.Series(["2026-03-01"]), day, observed_until="2026-06-30")
    with pytest.raises(ValueError, match="ended has a time zone"):
        durations(day, day.dt.tz_localize("UTC"), observed_until="2026-06-30")
    with pytest.raises(ValueError, match="different indexes"):
        durations(day, day.set_axis([7]), observed_until="2026-06-30")
    with pytest.raises(ValueError, match="no unit is called 'months': did you mean 'month'"):
        durations(day, day, observed_until="2026-06-30", unit="months")


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
    st.tuples(st.integers(1, 24), st.booleans()) | st.tuples(st.just(0), st.just(False)),
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
    assert curve["survival"].iloc[0] == 1
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


@given(st.lists(st.integers(1, 30), min_size=1, max_size=50))
@settings(deadline=None, max_examples=50)
def test_without_censoring_it_is_the_share_that_is_left(time):
    curve = kaplan_meier(time, [True] * len(time))
    for t, survival in curve["survival"].items():
        assert survival == pytest.approx(np.mean(np.array(time) > t), abs=1e-12)
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
        ([0, 1], [True, True], ValueError, "an end was seen at duration 0 in 1 of 2"),
        ([1, 2], [True], ValueError, "2 of duration, 1 of observed"),
        ([1, 2], [True, None], ValueError, "'observed' is missing in 1 of 2"),
        ([1, 2], [1, 0], TypeError, "'observed' holds integer values, not True and False"),
        (["a", "b"], [True, True], TypeError, "duration holds string values"),
    ],
)
def test_lifetimes_that_cannot_be_are_refused(time, left, error, message):
    with pytest.raises(error, match=message):
        kaplan_meier(time, left)


def test_series_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="duration and by are Series with different indexes"):
        kaplan_meier(pd.Series([1]), [True], by=pd.Series(["a"], index=[5]))
    with pytest.raises(ValueError, match="confidence is 95"):
        kaplan_meier([1], [True], confidence=95)


def test_mean_lifetime_refuses_what_was_not_seen():
    curve = kaplan_meier([1, 2, 5], [True, False, False])
    assert mean_lifetime(curve, horizon=5) == pytest.approx(1 + 4 * 2 / 3)
    with pytest.raises(ValueError, match="until is 6: give one above 0 and not beyond 5"):
        mean_lifetime(curve, horizon=6)
    with pytest.raises(ValueError, match="until is 0"):
        mean_lifetime(curve, horizon=0)
    with pytest.raises(TypeError, match="until is '5'"):
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
    with pytest.raises(ValueError, match="time is 6: give one of 0 or more and not beyond 5"):
        survival_at(curve, 6)
    with pytest.raises(ValueError, match="time is -1"):
        survival_at(curve, -1)
    with pytest.raises(TypeError, match="time is '5'"):
        survival_at(curve, "5")


def test_the_group_whose_curve_is_too_short_is_named():
    by = ["a", "a", "b", "b"]
    curve = kaplan_meier([2, 9, 1, 4], [True, False, True, False], by=by)
    with pytest.raises(ValueError, match="time is 6: .* not beyond 4, where the curve of 'b' ends"):
        survival_at(curve, 6)
    with pytest.raises(
        ValueError, match="until is 6: .* not beyond 4, where the curve of 'b' ends"
    ):
        mean_lifetime(curve, horizon=6)
    gone = kaplan_meier([2, 9, 1, 4], [True, False, True, True], by=by)  # nobody left: it is known
    assert survival_at(gone, 6)["survival"].to_dict() == {"a": 0.5, "b": 0}
    assert mean_lifetime(gone, horizon=6).to_dict() == {"a": 4, "b": 2.5}


# ---------------------------------------------------------------- cohort tables

contracts = st.lists(
    st.tuples(st.integers(0, 540), st.none() | st.integers(0, 540)), min_size=1, max_size=40
)


def contract_table(rows):
    start = pd.Timestamp("2025-01-01") + pd.to_timedelta([s for s, _ in rows], unit="D")
    gap = pd.to_timedelta([np.nan if e is None else e for _, e in rows], unit="D")
    end = start + gap
    until = pd.Timestamp("2026-06-30")
    return pd.DataFrame({"started": start, "ended": end.where(end <= until)})


@given(contracts)
@settings(deadline=None, max_examples=60)
def test_contract_cohorts_by_counting(rows):
    table = contract_table(rows)
    until = pd.Timestamp("2026-06-30")
    triangle = cohort_table(table, observed_until=until)
    assert (triangle[0] == 1).all()
    for cohort, row in triangle.iterrows():
        mine = table[table["started"].dt.to_period("M") == cohort]
        assert triangle.attrs["customers"][str(cohort)] == len(mine)
        for age, share in row.items():
            last_day = min(cohort.end_time.floor("D"), until)
            if age > 0 and last_day + pd.DateOffset(months=age) > until:
                assert np.isnan(share)
                continue
            there = [
                age == 0 or pd.isna(end) or end >= start + pd.DateOffset(months=age + 1)
                for start, end in zip(mine["started"], mine["ended"], strict=True)
            ]
            assert share == pytest.approx(np.mean(there))
        known = row.dropna().to_numpy(float)
        assert (np.diff(known) <= 1e-12).all()


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 545)), min_size=1, max_size=60),
    st.sampled_from(["M", "Q", "W"]),
)
@settings(deadline=None, max_examples=60)
def test_purchase_cohorts_by_counting(rows, freq):
    until = pd.Timestamp("2026-06-30")
    log = pd.DataFrame(rows, columns=["customer_id", "day"])
    log["date"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(log["day"], unit="D")
    table = purchase_cohorts(log, observed_until=until, freq=freq)
    assert (table[0] == 1).all()
    assert table.stack().dropna().between(0, 1).all()
    periods = log.groupby("customer_id")["date"].agg(lambda d: set(d.dt.to_period(freq)))
    for cohort, row in table.iterrows():
        mine = [each for each in periods if min(each) == cohort]
        assert table.attrs["customers"][str(cohort)] == len(mine)
        for age, share in row.items():
            if age > 0 and (cohort + age).end_time.floor("D") > until:
                assert np.isnan(share)
            else:
                assert share == pytest.approx(np.mean([cohort + age in each for each in mine]))


def test_cdnow_is_three_monthly_cohorts():
    log = fk.load("cdnow")
    table = purchase_cohorts(log, observed_until="1998-06-30")
    assert list(table.index.astype(str)) == ["1997-01", "1997-02", "1997-03"]
    assert sum(table.attrs["customers"].values()) == 2357
    assert table.notna().sum(axis="columns").tolist() == [18, 17, 16]
    # The published number of repeat purchases bounds what the table counts: days, not months.
    bought = (table.mul(list(table.attrs["customers"].values()), axis=0)).loc[:, 1:].sum().sum()
    assert 0 < bought < 2457 + 1882


def test_an_unfinished_period_is_left_blank():
    log = pd.DataFrame(
        {"customer_id": ["a", "a"], "date": pd.to_datetime(["2026-01-02", "2026-02-03"])}
    )
    assert np.isnan(
        purchase_cohorts(log, observed_until="2026-02-27").reindex(columns=[0, 1]).loc["2026-01", 1]
    )
    assert purchase_cohorts(log, observed_until="2026-02-28").loc["2026-01", 1] == 1


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda t: t.iloc[:0], ValueError, "the table has no rows: there are no customers"),
        (lambda t: t.drop(columns="ended"), ValueError, "no column in the table is called 'ended'"),
        (lambda t: t.assign(started=t["started"].astype(str)), TypeError, "not times"),
        (lambda t: t.assign(started=t["started"] + pd.Timedelta("2000D")), ValueError, "future"),
        (lambda t: t.to_dict(), TypeError, "the table is a dict"),
    ],
)
def test_bad_contract_tables(subscriptions, change, error, message):
    with pytest.raises(error, match=message):
        cohort_table(change(subscriptions), observed_until="2026-06-30")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda t: t.iloc[:0], ValueError, "there are no customers"),
        (lambda t: t.assign(customer_id=None), ValueError, "'customer_id' is missing in 6,919"),
        (lambda t: t.assign(date=pd.NaT), ValueError, "'date' is missing"),
        (lambda t: t.assign(date=t["date"] + pd.Timedelta("9D")), ValueError, "date lies after"),
        (lambda t: t.rename(columns={"date": "day"}), ValueError, "called 'date'"),
    ],
)
def test_bad_logs(change, error, message):
    with pytest.raises(error, match=message):
        purchase_cohorts(change(fk.load("cdnow")), observed_until="1998-06-30")


def test_a_cohort_needs_a_known_period():
    with pytest.raises(ValueError, match="no freq is called 'D'"):
        purchase_cohorts(fk.load("cdnow"), observed_until="1998-06-30", freq="D")


# ---------------------------------------------------------------- satisfaction


def test_csat_is_a_rate_with_its_wilson_interval():
    points = fk.load("surveys")["csat"]
    row = csat(points).loc["all"]
    low, high = metrics.wilson_interval(int((points >= 4).sum()), int(points.notna().sum()))
    assert (row["csat"], row["ci_low"], row["ci_high"]) == (
        row["satisfied"] / row["answered"],
        low,
        high,
    )
    assert row["asked"] == len(points)
    top = csat(points, satisfied=5).loc["all"]
    assert top["satisfied"] == (points == 5).sum()
    for level in (1, 6, "4"):
        with pytest.raises(ValueError, match=f"satisfied is {level!r}: give the lowest answer"):
            csat(points, satisfied=level)


answers = st.lists(st.none() | st.integers(0, 10), min_size=1).filter(
    lambda points: any(p is not None for p in points)
)


@given(answers)
@settings(deadline=None)
def test_nps_lies_between_its_ends_and_turns_with_the_answers(points):
    points = pd.Series(points, dtype="float64")
    row = nps(points).loc["all"]
    assert -100 <= row["ci_low"] <= row["nps"] + 1e-9
    assert row["nps"] - 1e-9 <= row["ci_high"] <= 100
    assert row["promoters"] + row["passives"] + row["detractors"] == row["answered"]
    # Promoters for detractors: the score turns round, and so does its interval.
    turned = points.where(points.isna(), np.select([points >= 9, points >= 7], [0, 7], 10))
    other = nps(turned).loc["all"]
    assert other["nps"] == pytest.approx(-row["nps"])
    assert (other["ci_low"], other["ci_high"]) == pytest.approx((-row["ci_high"], -row["ci_low"]))


@pytest.mark.parametrize("shares", [(0.3, 0.4, 0.3), (0.6, 0.3, 0.1), (0.85, 0.1, 0.05)])
@pytest.mark.parametrize("n", [10, 30, 100])
def test_nps_interval_covers_as_often_as_it_says(shares, n):
    # Exactly, over all possible samples, each a group of its own.
    from scipy.stats import multinomial

    up, down = np.array([(i, j) for i in range(n + 1) for j in range(n + 1 - i)]).T
    counts = np.column_stack([up, n - up - down, down])
    points = pd.Series(np.repeat(np.tile([9, 7, 0], len(up)), counts.ravel()))
    table = nps(points, by=pd.Series(np.repeat(np.arange(len(up)), n)))
    truth = 100 * (shares[0] - shares[2])
    held = (table["ci_low"] <= truth) & (truth <= table["ci_high"])
    covered = (multinomial.pmf(counts, n, shares) * held).sum()
    assert 0.94 < covered < 0.975


def test_the_nps_interval_agrees_with_the_bootstrap():
    wave = fk.load("surveys").dropna(subset="nps")
    wave = wave[wave["sent"] == pd.Timestamp("2026-06-01")]

    def score(table):
        return 100 * ((table["nps"] >= 9).mean() - (table["nps"] <= 6).mean())

    resampled = metrics.bootstrap(wave, score, user="customer_id", seed=1)
    row = nps(wave["nps"]).loc["all"]
    assert row["nps"] == pytest.approx(resampled.estimate)
    assert row["ci_low"] == pytest.approx(resampled.low, abs=3)
    assert row["ci_high"] == pytest.approx(resampled.high, abs=3)


def test_groups_and_those_who_do_not_answer():
    points = pd.Series([10, 9, 7, 0, None, None])
    by = pd.Series(["a", "a", "b", "b", "b", None]).rename("plan")
    table = nps(points.iloc[:5], by=by.iloc[:5])
    assert table.index.name == "plan"
    assert table["nps"].to_dict() == {"a": 100, "b": -50}
    assert table["response_rate"].round(3).to_dict() == {"a": 1, "b": 0.667}
    with pytest.raises(ValueError, match="nobody answered in the group nan"):
        nps(points, by=by)
    with pytest.raises(ValueError, match="nobody answered in the group 'all'"):
        csat(pd.Series([None, None], dtype="float64"))
    assert (
        nps_group(points).tolist()
        == ["promoter"] * 2 + ["passive", "detractor"] + ["no answer"] * 2
    )


@pytest.mark.parametrize(
    ("function", "points", "error", "message"),
    [
        (
            csat,
            [5, 0],
            ValueError,
            r"csat answer is out of range in 1 of 2 rows \(first: row 1, 0\)",
        ),
        (csat, [6], ValueError, "whole numbers from 1 to 5"),
        (nps, [11], ValueError, "whole numbers from 0 to 10; no answer is missing, not 0"),
        (nps, [7.5], ValueError, "nps answer is out of range"),
        (nps, ["9"], TypeError, "nps answers hold string values"),
        (nps, [], ValueError, "nobody was asked"),
        (nps_group, [-1], ValueError, "out of range"),
    ],
)
def test_answers_that_cannot_be_are_refused(function, points, error, message):
    with pytest.raises(error, match=message):
        function(pd.Series(points))


def test_everything_public_is_documented():
    for name in cohorts.__all__:
        assert "Examples" in getattr(cohorts, name).__doc__, name
