"""Rates, cohort tables and retention of a log: by counting, by ClickHouse, and bad input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit import cohorts
from funnelkit.cohorts import (
    churn_rate,
    cohort_table,
    expected_lifetime,
    purchase_cohorts,
    retention,
    retention_rate,
)


@pytest.fixture
def subscriptions():
    return fk.load("subscriptions")


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
        ([1, 2, 3], [2, 2], "there are 3 of kept and 2 of at_start"),
        (pd.Series([1], index=["a"]), pd.Series([1], index=["b"]), "different indexes"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(kept, start, message):
    with pytest.raises(ValueError, match=message):
        retention_rate(kept, start)


def test_a_count_that_is_none_is_refused():
    with pytest.raises(TypeError, match="lost holds text"):
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
    with pytest.raises(TypeError, match="retention holds text"):
        expected_lifetime("0.8")


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
        (
            lambda t: t.assign(started=t["started"].dt.strftime("%d.%m.%Y")),
            ValueError,
            "'started' is not a time as ISO 8601",
        ),
        (
            lambda t: t.assign(started=t["started"] + pd.Timedelta("2000D")),
            ValueError,
            "started lies after observed_until",
        ),
        (lambda t: pd.concat([t, t["ended"]], axis=1), ValueError, "2 columns called 'ended'"),
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
        (lambda t: pd.concat([t, t["date"]], axis=1), ValueError, "2 columns called 'date'"),
        (
            lambda t: t.assign(customer_id=[[1]] * len(t)),
            ValueError,
            "'customer_id' holds lists",
        ),
        (
            lambda t: t.assign(customer_id=pd.Series([1, "1"] * 4000, dtype=object)[: len(t)]),
            TypeError,
            "'customer_id' holds ids of several types",
        ),
    ],
)
def test_bad_logs(change, error, message):
    with pytest.raises(error, match=message):
        purchase_cohorts(change(fk.load("cdnow")), observed_until="1998-06-30")


def test_a_cohort_needs_a_known_period():
    for freq in ("D", "7D", "2W"):
        with pytest.raises(ValueError, match=f"freq is '{freq}': give one of 'M', 'Q', 'Y', 'W'"):
            purchase_cohorts(fk.load("cdnow"), observed_until="1998-06-30", freq=freq)
    with pytest.raises(TypeError, match="freq is None"):
        purchase_cohorts(fk.load("cdnow"), observed_until="1998-06-30", freq=None)


# ---------------------------------------------------------------- who came back to a log

logs = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"), st.sampled_from(["visit", "lead"]), st.integers(0, 24 * 40)
    ),
    min_size=1,
    max_size=60,
)


def log_of(rows):
    table = pd.DataFrame(rows, columns=["user_id", "event", "hour"])
    start = pd.Timestamp("2026-01-01")
    return table.assign(timestamp=start + pd.to_timedelta(table["hour"], unit="h"))


@given(logs, st.sampled_from(["D", "W"]), st.sampled_from([None, "visit"]))
@settings(deadline=None, max_examples=60)
def test_retention_by_counting(rows, freq, start):
    log, end = log_of(rows), pd.Timestamp("2026-02-11")
    if start not in (None, *log["event"]):
        return
    table = retention(log, observed_until=end, periods=5, freq=freq, start=start, back=None)
    users, returned = [0] * 6, [0] * 6
    for _, mine in log.groupby("user_id"):
        period = mine["timestamp"].dt.to_period(freq)
        begins = period[mine["event"] == start] if start else period
        if not len(begins):
            continue
        for age in range(6):
            later = begins.min() + age
            if later.end_time.floor("D") <= end:
                users[age] += 1
                returned[age] += later in set(period)
    assert table["users"].tolist() == users
    assert table["returned"].tolist() == returned
    some = table["users"] > 0
    assert (table["rate"] == table["returned"] / table["users"])[some].all()
    assert table.loc[~some, ["rate", "ci_low", "ci_high"]].isna().all(axis=None)


@pytest.mark.parametrize("back", [None, "lead"])
def test_retention_is_what_clickhouse_counts(back):
    chdb = pytest.importorskip("chdb", reason="ClickHouse is in the extra for benchmarks")
    rng = np.random.default_rng(7)
    n = 4000
    log = pd.DataFrame(
        {
            "user_id": rng.integers(0, 400, n),
            "event": rng.choice(["visit", "lead"], n),
            "timestamp": pd.Timestamp("2026-03-01")
            + pd.to_timedelta(rng.integers(0, 86400 * 30, n), unit="s"),
        }
    )
    rows = ", ".join(
        f"({u}, '{e}', toDateTime('{t:%Y-%m-%d %H:%M:%S}', 'UTC'))"
        for u, e, t in zip(log["user_id"], log["event"], log["timestamp"], strict=True)
    )
    source = f"values('user_id Int64, event String, ts DateTime(''UTC'')', {rows})"
    returns = "1" if back is None else f"event = '{back}'"
    days = ", ".join(f"toDate(ts) = first + {k} and {returns}" for k in range(6))
    sums = ", ".join(f"sum(r[{k}])" for k in range(2, 8))
    query = (
        f"with log as (select * from {source}), "
        "starts as (select user_id, min(toDate(ts)) as first from log group by user_id) "
        f"select {sums} from (select retention(toDate(ts) = first, {days}) as r "
        "from log join starts using user_id group by user_id)"
    )
    theirs = [int(number) for number in str(chdb.query(query, "CSV")).split(",")]
    # Everybody is watched for long enough, so that nobody is left out here either.
    ours = retention(log, observed_until="2026-05-31", periods=5, back=back)
    assert ours["returned"].tolist() == theirs
    assert (ours["users"] == log["user_id"].nunique()).all()


def test_users_who_have_not_been_watched_for_so_long_are_left_out():
    log = log_of([("a", "visit", 0), ("b", "visit", 48), ("b", "visit", 72)])
    table = retention(log, observed_until="2026-01-04", periods=4)
    assert table["users"].tolist() == [2, 2, 1, 1, 0]
    assert table["returned"].tolist() == [2, 1, 0, 0, 0]
    at_noon = retention(log, observed_until="2026-01-04 12:00", periods=4)
    assert at_noon["users"].tolist() == [2, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"observed_until": None}, ValueError, "observed_until is missing"),
        ({"observed_until": "2026-01-01"}, ValueError, "timestamp lies after observed_until"),
        ({"freq": "7D"}, ValueError, "freq is '7D'"),
        ({"periods": 0}, ValueError, "periods is 0"),
        ({"periods": True}, TypeError, "periods is True"),
        ({"start": "visits"}, ValueError, "no event is called 'visits': did you mean 'visit'"),
        ({"user": "users"}, ValueError, "no column in events is called 'users'"),
    ],
)
def test_what_retention_refuses(options, error, message):
    log = log_of([("a", "visit", 0), ("b", "visit", 48)])
    with pytest.raises(error, match=message):
        retention(log, **{"observed_until": "2026-01-31", **options})


def test_everything_public_is_documented():
    for name in set(cohorts.__all__) - {"METRICS"}:
        assert "Examples" in getattr(cohorts, name).__doc__, name
