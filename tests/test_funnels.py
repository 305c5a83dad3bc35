"""The funnel function against independent implementations, published cases and bad input."""

import datetime
import re
from itertools import combinations

import numpy as np
import oracles
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import funnelkit
from funnelkit import funnels, metrics
from funnelkit.funnels import chains as funnel_chains
from funnelkit.funnels import log as funnel_log
from funnelkit.funnels import quick as funnel_quick

START = pd.Timestamp("2025-03-01")
NAMES = ["a", "b", "c", "x"]


def log_of(**users):
    """Make a log from texts such as "a1 b2 c3": event names and seconds."""
    rows = [
        (user, word[0], START + pd.Timedelta(int(word[1:]), "s"))
        for user, words in users.items()
        for word in words.split()
    ]
    log = pd.DataFrame(rows, columns=["user_id", "event", "timestamp"])
    # Declared, so that a name may be absent from a log.
    log["event"] = pd.Categorical(log["event"], categories=NAMES)
    return log.astype({"timestamp": "datetime64[s]"})


def seconds(table):
    """Each user's times as seconds from the start, those not reached left out."""
    steps = table[table.attrs["steps"]]
    return {
        user: [int((time - START).total_seconds()) for time in row if pd.notna(time)]
        for user, row in zip(steps.index, steps.itertuples(index=False), strict=True)
    }


# ---------------------------------------------------------------- published cases


def test_the_streams_of_clickhouse():
    # ClickHouse, tests of the aggregate function windowFunnel (REFERENCE: any entry, inclusive).
    log = log_of(u1="a1 b2 c3", u2="a1 x2 b3 c4", u3="a1 a2 b3 b4 c5 c6", u4="c1 c2 b3 b4 a5 a6")
    table = funnels.reach(log, ["a", "b", "c"], window="86400s", entry="any")
    assert table["level"].to_dict() == {"u1": 3, "u2": 3, "u3": 3, "u4": 1}


def test_the_entry_rules_of_mixpanel_and_clickhouse():
    # Mixpanel, documentation of funnels: the window runs from a user's first entry.
    log = pd.DataFrame(
        {
            "user_id": 1,
            "event": ["A", "A", "B", "C"],
            "timestamp": pd.to_datetime(
                ["2025-03-01 13:00", "2025-03-01 13:30", "2025-03-01 13:45", "2025-03-01 14:15"]
            ),
        }
    )
    first = funnels.reach(log, ["A", "B", "C"], window="1h")
    best = funnels.reach(log, ["A", "B", "C"], window="1h", entry="any")
    assert first["level"].tolist() == [2]
    assert best["level"].tolist() == [3]


# ---------------------------------------------------------------- the rules, one by one


def test_the_window_is_inclusive():
    log = log_of(u="a0 b10", v="a0 b11")
    assert funnels.counts(log, ["a", "b"], window="10s").tolist() == [2, 1]


def test_events_at_the_same_time_may_follow_each_other():
    log = log_of(u="c5 b5 a5")
    assert funnels.counts(log, ["a", "b", "c"], window="0s").tolist() == [1, 1, 1]


def test_one_event_fills_one_step():
    log = log_of(u="a1", v="a1 a2", w="a1 a1")
    table = funnels.reach(log, ["a", "a"])
    assert list(table.columns) == ["level", "a", "a (2)"]
    assert table["level"].to_dict() == {"u": 1, "v": 2, "w": 2}


def test_the_best_chain_goes_furthest_then_ends_earliest_then_enters_latest():
    further = log_of(u="a0 a5 b6 a20 b21 c22")
    assert seconds(funnels.reach(further, ["a", "b", "c"], window="10s", entry="any")) == {
        "u": [20, 21, 22]
    }
    earlier_and_later = log_of(u="a1 a2 b3 b4 c5 c6")
    assert seconds(funnels.reach(earlier_and_later, ["a", "b", "c"], entry="any")) == {
        "u": [2, 3, 5]
    }
    # Level 1 is reached by entering: the earliest entry ends earliest.
    assert seconds(funnels.reach(log_of(u="a1 a2"), ["a", "b"], entry="any")) == {"u": [1]}


def test_strict_order_allows_nothing_between():
    log = log_of(u="a1 b2 c3", v="a1 x2 b3 c4", w="a1 a2 b3", z="x1 a1 b2")
    strict = funnels.reach(log, ["a", "b", "c"], order="strict")
    assert strict["level"].to_dict() == {"u": 3, "v": 1, "w": 1, "z": 2}
    best = funnels.reach(log, ["a", "b", "c"], order="strict", entry="any")
    assert best["level"].to_dict() == {"u": 3, "v": 1, "w": 2, "z": 2}


def test_any_order_takes_steps_as_they_come():
    log = log_of(u="c0 a5 b8", v="a5 c20 b8", w="b1", x="c1 a2", y="a1 b99")
    table = funnels.reach(log, ["a", "b", "c"], order="any", window="10s")
    assert table["level"].to_dict() == {"u": 3, "v": 2, "w": 0, "x": 1, "y": 1}
    assert seconds(table)["u"] == [5, 8, 8]  # when the last of the first k had happened


def test_totals_count_those_who_enter_anew():
    log = log_of(u="a0 b1 a2 a3 b4 a20 a31 b35", v="a0 a5")
    table = funnels.reach(log, ["a", "b"], count="totals", window="10s")
    assert table.index.tolist() == [("u", 1), ("u", 2), ("u", 3), ("u", 4), ("v", 1)]
    assert table["level"].tolist() == [2, 2, 1, 2, 1]
    assert funnels.counts(log, ["a", "b"], count="totals", window="10s").tolist() == [5, 3]
    # Without a window only converting ends a chain.
    assert funnels.counts(log, ["a", "b"], count="totals").tolist() == [4, 3]


def test_an_excluded_event_ends_the_chain_only_between_its_steps():
    log = log_of(u="a0 x1 b2 c3", v="a0 b1 x2 c3", w="x0 a1 b2 c3 x4")
    steps = ["a", "b", "c"]
    between = [
        funnels.reach(log, steps, exclude=[("x", i, j)]) for i, j in [(1, 2), (2, 3), (1, 3)]
    ]
    assert [table["level"].tolist() for table in between] == [[1, 3, 3], [3, 2, 3], [1, 2, 3]]
    # A step may be what is excluded: coming back to "a" ends the chain.
    assert funnels.counts(log_of(u="a0 a1 b2"), ["a", "b"], exclude=[("a", 1, 2)]).tolist() == [
        1,
        0,
    ]


def test_held_columns_keep_their_value():
    log = log_of(u="a0 b1 a2 b3", v="a0 b1").assign(session=["s1", "s2", "s3", "s3", None, None])
    first = funnels.reach(log, ["a", "b"], hold="session")
    best = funnels.reach(log, ["a", "b"], hold=["session"], entry="any")
    assert first["level"].to_dict() == {"u": 1, "v": 2}
    assert seconds(best) == {"u": [2, 3], "v": [0, 1]}


def test_entries_still_open_are_left_out():
    log = log_of(u="a0 b5", v="a15 b16", w="a0 a15", z="b1")
    open_ended = dict(window="10s", observed_until=START + pd.Timedelta("20s"))
    table = funnels.funnel(log, ["a", "b"], **open_ended)
    assert table["users"].tolist() == [2, 1]
    assert table.attrs["left_out"] == 1  # v; the second entry of w does not count anyhow
    best = funnels.reach(log, ["a", "b"], entry="any", **open_ended)
    assert best["level"].to_dict() == {"u": 2, "v": 0, "w": 1, "z": 0}
    assert best.attrs["left_out"] == 2
    totals = funnels.reach(log, ["a", "b"], count="totals", **open_ended)
    assert len(totals) == 2
    assert totals.attrs["left_out"] == 2


def test_a_last_day_is_observed_to_its_end():
    log = log_of(u="a0 b5", v="a0", w="a1")
    last_day = [
        "2025-03-02",
        pd.Timestamp("2025-03-02"),
        datetime.date(2025, 3, 2),
        np.datetime64("2025-03-02"),
    ]
    for end in last_day:
        table = funnels.funnel(log, ["a", "b"], window="1D", observed_until=end)
        assert table["users"].tolist() == [3, 1]
        assert table.attrs["left_out"] == 0
    # A time of the day is that moment: the windows of u and v are over then, not that of w.
    table = funnels.funnel(log, ["a", "b"], window="1D", observed_until="2025-03-02 00:00:00.5")
    assert table["users"].tolist() == [2, 1]
    day_before = funnels.counts(log, ["a", "b"], window="1D", observed_until="2025-03-01")
    assert day_before.tolist() == [0, 0]  # until midnight, not including it
    assert day_before.attrs["left_out"] == 3


def test_by_is_read_at_the_entry_and_missing_is_a_group():
    log = log_of(u="a0 b1", v="a0 b1", w="a0", z="b1")
    log["channel"] = ["mail", "ads", None, "ads", "ads", "tv"]
    table = funnels.funnel(log, ["a", "b"], by="channel")
    assert table.index.names == ["channel", "step"]
    assert table["users"].to_dict() == {
        ("ads", "a"): 1,
        ("ads", "b"): 0,
        ("mail", "a"): 1,
        ("mail", "b"): 1,
    } | {key: n for key, n in table["users"].items() if pd.isna(key[0])}
    assert table["users"].tolist() == [1, 0, 1, 1, 1, 1]
    assert pd.isna(table.index[-1][0])
    people = funnels.reach(log, ["a", "b"], by=["channel"])
    assert people.loc["u", "channel"] == "mail"
    assert people.loc[["v", "z"], "channel"].isna().all()


def test_by_several_columns_keeps_whole_numbers_whole():
    log = log_of(u="a0 b1", v="a0 b1", w="b1").assign(
        year=2025, paid=[True, True, False, True, True]
    )
    table = funnels.funnel(log, ["a", "b"], by=["year", "paid"])
    assert table.index.tolist() == [
        (2025, False, "a"),
        (2025, False, "b"),
        (2025, True, "a"),
        (2025, True, "b"),
    ]
    assert table["users"].tolist() == [1, 1, 1, 1]


# ---------------------------------------------------------------- the tables


def test_the_funnel_table_by_hand():
    log = log_of(u1="a0 b10 c20", u2="a0 b15", u3="a0", u4="a0 b20", u5="b1")
    table = funnels.funnel(log, ["a", "b", "c"])
    assert table.index.tolist() == ["a", "b", "c"]
    assert table.index.name == "step"
    assert list(table.columns) == [
        "users",
        "step_rate",
        "overall_rate",
        "dropped",
        "ci_low",
        "ci_high",
        "median_time",
    ]
    assert table["users"].tolist() == [4, 3, 1]
    assert table["step_rate"].tolist()[1:] == [3 / 4, 1 / 3]
    assert table["overall_rate"].tolist() == [1, 3 / 4, 1 / 4]
    assert table["dropped"].tolist()[1:] == [1, 2]
    assert table["median_time"].tolist()[1:] == [pd.Timedelta("15s"), pd.Timedelta("10s")]
    low, high = metrics.wilson_interval(np.array([3, 1]), np.array([4, 3]))
    assert table["ci_low"].tolist()[1:] == low.tolist()
    assert table["ci_high"].tolist()[1:] == high.tolist()
    first = table.loc["a", ["step_rate", "dropped", "ci_low", "ci_high", "median_time"]]
    assert first.isna().all()


def test_the_middle_of_two_whole_seconds():
    log = log_of(u="a0 b1", v="a0 b2")
    assert funnels.funnel(log, ["a", "b"])["median_time"].iloc[1] == pd.Timedelta("1.5s")


def clustered(chains_of, converted_of):
    """The second row of the funnel of users who have so many chains, and so many that convert."""
    rows = []
    for user, (n, y) in enumerate(zip(chains_of, converted_of, strict=True)):
        for k in range(n):
            rows += [(user, "a", 10 * k)] + [(user, "b", 10 * k + 1)] * (k < y)
    log = pd.DataFrame(rows, columns=["user_id", "event", "second"])
    log["event"] = pd.Categorical(log["event"], categories=["a", "b"])
    log["timestamp"] = START + pd.to_timedelta(log["second"], unit="s")
    table = funnels.funnel(log, ["a", "b"], window="5s", count="totals")
    assert table["users"].tolist() == [sum(chains_of), sum(converted_of)]
    return table.iloc[1]


def test_the_interval_of_totals_is_as_wide_as_resampling_users_says():
    orders = (
        funnelkit.load("cdnow").groupby(["customer_id", "date"], as_index=False)["amount"].sum()
    )
    log = orders.assign(event="p")
    names = dict(user="customer_id", time="date")
    options = dict(window="30D", count="totals", **names)
    table = funnels.funnel(log, ["p", "p"], **options)
    assert table["users"].tolist() == [5302, 1394]
    assert table.attrs["interval"] == "wilson, clustered by user"

    level = funnels.reach(log, ["p", "p"], **options)["level"]
    each = level.groupby(level=0).agg(x="size", y=lambda levels: (levels > 1).sum())
    assert len(each) == 2357
    rng = np.random.default_rng(3)
    drawn = rng.multinomial(len(each), np.full(len(each), 1 / len(each)), size=4000)
    low, high = np.quantile(drawn @ each["y"] / (drawn @ each["x"]), [0.025, 0.975])
    assert table["ci_low"].iloc[1] == pytest.approx(low, abs=0.002)
    assert table["ci_high"].iloc[1] == pytest.approx(high, abs=0.002)
    naive = metrics.wilson_interval(1394, 5302)
    assert high - low > 1.7 * (naive[1] - naive[0])


def test_the_interval_of_totals_at_its_ends():
    # One chain per user: Wilson's interval of so many users.
    row = clustered([1] * 50, [1] * 20 + [0] * 30)
    assert row[["ci_low", "ci_high"]].tolist() == pytest.approx(metrics.wilson_interval(20, 50))
    # All chains of a user end alike: Wilson's interval of so many users, too.
    row = clustered([4] * 50, [4] * 20 + [0] * 30)
    assert row[["ci_low", "ci_high"]].tolist() == pytest.approx(metrics.wilson_interval(20, 50))
    # Users who are alike to the last chain do not make an interval narrower than Wilson's.
    row = clustered([2] * 50, [1] * 50)
    assert row[["ci_low", "ci_high"]].tolist() == pytest.approx(metrics.wilson_interval(50, 100))
    # Nobody converts, or everybody: no variance is seen, so that users count, and not chains.
    row = clustered([3] * 20, [0] * 20)
    assert row[["ci_low", "ci_high"]].tolist() == pytest.approx(metrics.wilson_interval(0, 20))
    row = clustered([3] * 20, [3] * 20)
    assert row[["ci_low", "ci_high"]].tolist() == pytest.approx(metrics.wilson_interval(20, 20))
    # One user says nothing about others.
    assert clustered([9], [4])[["ci_low", "ci_high"]].isna().all()


def test_steps_that_nobody_reaches():
    table = funnels.funnel(log_of(u="a0"), ["a", "b", "c"])
    assert table["users"].tolist() == [1, 0, 0]
    assert table["step_rate"].tolist()[1] == 0
    assert np.isnan(table["step_rate"].tolist()[2])  # nobody could
    assert table["overall_rate"].tolist() == [1, 0, 0]
    nobody = funnels.funnel(log_of(u="b0"), ["a", "b"])
    assert nobody["users"].tolist() == [0, 0]
    assert nobody["overall_rate"].isna().all()
    assert funnels.funnel(log_of(u="b0").assign(g=1), ["a", "b"], by="g").empty


def test_a_single_step():
    assert funnels.funnel(log_of(u="a0", v="b1"), ["a"])["users"].tolist() == [1]
    assert funnels.counts(log_of(u="a0", v="b1"), ["a"], entry="any").tolist() == [1]


def test_the_result_names_its_conventions():
    log = log_of(u="a0 b1").assign(g=1)
    table = funnels.funnel(
        log, ["a", "b"], window="1D", entry="any", by="g", hold="g", exclude=[("x", 1, 2)]
    )
    assert table.attrs == {
        "steps": ["a", "b"],
        "window": pd.Timedelta("1D"),
        "entry": "any",
        "order": "loose",
        "count": "users",
        "by": ["g"],
        "hold": ["g"],
        "exclude": [("x", 1, 2)],
        "observed_until": None,
        "strict_order": False,
        "strict_deduplication": False,
        "strict_increase": False,
        "left_out": 0,
        "interval": "wilson",
        "confidence": 0.95,
    }
    assert funnels.counts(log, ["a"]).attrs["entry"] == "first"


def test_time_to_convert():
    log = log_of(u="a0 b10 c30", v="a0 b20", w="a0")
    table = funnels.time_to_convert(log, ["a", "b", "c"], quantiles=(0, 0.5, 0.975))
    assert table.index.tolist() == ["a → b", "b → c", "a → c"]
    assert list(table.columns) == ["users", "q0", "q50", "q97.5"]
    assert table["users"].tolist() == [2, 1, 1]
    assert table["q50"].tolist() == [pd.Timedelta(s, "s") for s in (15, 20, 30)]
    assert table["q0"].iloc[0] == pd.Timedelta("10s")
    short = funnels.time_to_convert(log.assign(g=["p"] * 3 + ["q"] * 3), ["a", "b"], by="g")
    assert short.index.tolist() == [("p", "a → b"), ("q", "a → b")]
    assert short["users"].tolist() == [1, 1]


# ---------------------------------------------------------------- what a log may look like


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_any_resolution(unit):
    log = log_of(u="a0 b10 c20", v="a0 b11").astype({"timestamp": f"datetime64[{unit}]"})
    for entry in ("first", "any"):
        table = funnels.reach(log, ["a", "b", "c"], window="10s", entry=entry)
        assert table["level"].to_dict() == {"u": 2, "v": 1}
        assert table["a"].dtype == f"datetime64[{unit}]"
        assert table["b"].loc["u"] == START + pd.Timedelta("10s")
    assert funnels.funnel(log, ["a", "b"])["median_time"].iloc[1] == pd.Timedelta("10.5s")


def test_a_window_finer_than_the_clock():
    log = log_of(u="a0 b1", v="a0 b2")
    assert funnels.counts(log, ["a", "b"], window="1.5s").tolist() == [2, 1]


def test_times_before_1970():
    log = log_of(u="a0 b1", v="b0")
    log["timestamp"] -= pd.Timedelta("30000D")
    for options in ({}, {"entry": "any"}, {"order": "strict"}):
        assert funnels.counts(log, ["a", "b"], window="1D", **options).tolist() == [1, 1]


@pytest.mark.parametrize(
    "ids",
    [
        [1, 1, 2],
        [-7, -7, 4],
        [2**62, 2**62, 3],
        np.array([200, 200, 3], dtype="uint8"),
        ["u", "u", "v"],
        pd.Categorical(["u", "u", "v"], categories=["w", "v", "u"]),
        pd.array([1, 1, 2], dtype="Int64"),
        [1.5, 1.5, 2.5],
    ],
    ids=["int", "negative", "sparse", "uint8", "text", "categorical", "Int64", "float"],
)
def test_user_ids_of_any_kind(ids):
    log = log_of(u="a0 b1", v="a0").assign(user_id=ids)
    for options in ({}, {"entry": "any"}, {"order": "strict"}):
        assert funnels.counts(log, ["a", "b"], **options).tolist() == [2, 1]
        table = funnels.reach(log, ["a", "b"], **options)
        assert table["level"].to_dict() == {ids[0]: 2, ids[2]: 1}
        assert table.index.name == "user_id"


@pytest.mark.parametrize("dtype", ["int8", "uint64", "int64"])
def test_user_ids_at_the_ends_of_their_type(dtype):
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    for ids in ([low, low, low + 3], [high, high, high - 3], [low, low, high]):
        log = log_of(u="a0 b1", v="a0").assign(user_id=np.array(ids, dtype=dtype))
        for entry in ("first", "any"):
            assert funnels.counts(log, ["a", "b"], entry=entry).tolist() == [2, 1]
            table = funnels.reach(log, ["a", "b"], entry=entry)
            assert table["level"].to_dict() == {ids[0]: 2, ids[2]: 1}


@pytest.mark.parametrize("kind", ["str", "object", "category"])
def test_event_names_of_any_kind(kind):
    log = log_of(u="a0 b1 x2", v="a0")
    log["event"] = log["event"].astype("str").astype(kind)
    log.loc[2, "event"] = None
    assert funnels.counts(log, ["a", "b"]).tolist() == [2, 1]
    assert funnels.counts(log, ["a", "b"], order="strict").tolist() == [2, 1]


def test_times_as_text_and_other_column_names():
    log = pd.DataFrame(
        {
            "who": [1, 1, 2],
            "what": ["a", "b", "a"],
            "when": ["2025-03-01", "2025-03-01T09:00:00.5", "2025-03-02 10:00"],
        }
    )
    table = funnels.funnel(log, ["a", "b"], user="who", event="what", time="when")
    assert table["users"].tolist() == [2, 1]
    assert table["median_time"].iloc[1] == pd.Timedelta("9h 0.5s")
    people = funnels.reach(log, ["a", "b"], user="who", event="what", time="when")
    assert people.index.name == "who"


def test_the_log_is_not_changed():
    log = log_of(u="b1 a0", v="a0").sample(frac=1, random_state=1)
    before = log.copy(deep=True)
    for entry in ("first", "any"):
        for hold in (None, "event"):
            funnels.funnel(log, ["a", "b"], entry=entry, by="event", hold=hold)
    pd.testing.assert_frame_equal(log, before)


def test_times_too_fine_for_64_bits_take_the_other_road():
    # Nanoseconds over a century times a thousand users: the packed numbers would not fit.
    rng = np.random.default_rng(5)
    n = 2000
    log = pd.DataFrame(
        {
            "user_id": rng.integers(0, 1000, n) * 10**15,
            "event": rng.choice(["a", "b", "c"], n),
            "timestamp": rng.integers(0, 3 * 10**18, n).astype("datetime64[ns]"),
        }
    )
    for entry in ("first", "any"):
        expected, _ = oracles.funnel_chains(log, list("abc"), window="9000D", entry=entry)
        levels = [len(times) for _, times, _ in expected]
        got = funnels.counts(log, list("abc"), window="9000D", entry=entry)
        assert got.tolist() == [sum(level > k for level in levels) for k in range(3)]


# ---------------------------------------------------------------- against other implementations


@st.composite
def logs(draw):
    """Small logs with many ties, and properties that may be missing."""
    n = draw(st.integers(1, 14))
    length = draw(st.sampled_from([3, 8, 30]))
    unit = draw(st.sampled_from(["s", "us"]))

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    return pd.DataFrame(
        {
            "user_id": column(st.sampled_from(["u", "v", "w"])),
            "event": pd.Categorical(column(st.sampled_from(NAMES)), categories=NAMES),
            "timestamp": pd.Series(
                [START + pd.Timedelta(s, "s") for s in column(st.integers(0, length))]
            ).astype(f"datetime64[{unit}]"),
            "h": column(st.sampled_from(["p", "q", None])),
            "g": column(st.sampled_from(["k", "l", None])),
        }
    )


def crowded_log(seed):
    """A log of a dozen users with five events each, on average, and many ties."""
    rng = np.random.default_rng(seed)
    n, length = 60, rng.choice([4, 10, 30])
    return pd.DataFrame(
        {
            "user_id": rng.choice(list("klmnopqrstuv"), n),
            "event": pd.Categorical(rng.choice(NAMES, n, p=[0.35, 0.3, 0.2, 0.15]), NAMES),
            "timestamp": START + pd.to_timedelta(rng.integers(0, length, n), unit="s"),
            "h": rng.choice(np.array(["p", "q", None]), n, p=[0.6, 0.2, 0.2]),
            "g": rng.choice(np.array(["k", "l", None]), n),
        }
    )


durations = st.integers(0, 12).map(lambda s: f"{s}s")
different_steps = st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)
any_steps = st.lists(st.sampled_from("abc"), min_size=1, max_size=4)


@st.composite
def questions(draw):
    """Steps and options that go together."""
    order = draw(st.sampled_from(["loose", "loose", "strict", "any"]))
    steps = draw(different_steps if order == "any" else any_steps)
    options = {
        "order": order,
        "entry": draw(st.sampled_from(["first", "any"])),
        "window": draw(st.none() | durations),
        "by": draw(st.sampled_from([None, "g", ["g", "h"]])),
        "hold": draw(st.sampled_from([None, None, "h", ["h", "g"]])),
    }
    if options["window"] is not None and draw(st.booleans()):
        later = pd.Timedelta(draw(st.integers(0, 10)), "s")
        options["observed_until"] = START + pd.Timedelta(options["window"]) + later
    if options["entry"] == "first" and order != "any":
        options["count"] = draw(st.sampled_from(["users", "totals"]))
    if len(steps) > 1 and order != "any" and draw(st.booleans()):
        i = draw(st.integers(1, len(steps) - 1))
        j = draw(st.integers(i + 1, len(steps)))
        options["exclude"] = [(draw(st.sampled_from(NAMES)), i, j)]
    return steps, options


def chains(table):
    """The chains in a table from `reach`, in the form of the oracle."""
    steps, by = table.attrs["steps"], table.attrs["by"]
    found = []
    for key, row in zip(table.index, table.to_dict("records"), strict=True):
        times = [row[step] for step in steps if pd.notna(row[step])]
        assert len(times) == row["level"]
        if times:
            user = key[0] if isinstance(key, tuple) else key
            values = tuple((True, "") if pd.isna(row[c]) else (False, row[c]) for c in by)
            found.append((user, times, values))
    return sorted(found)


def quick(examples):
    """Run that many examples, the same ones each time."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@quick(250)
@given(questions(), st.integers(0, 2**32 - 1), st.sampled_from([63, 20, 0]))
def test_every_option_against_plain_python(question, seed, bits):
    log = crowded_log(seed)
    steps, options = question
    expected, left_out = oracles.funnel_chains(log, steps, **options)
    with pytest.MonkeyPatch.context() as patch:
        # With 20 bits times must be divided to fit, with none all sorting is by lexsort.
        patch.setattr(funnel_chains, "BITS", bits)
        table = funnels.reach(log, steps, **options)
        by = options.pop("by")
        counted = funnels.counts(log, steps, **options)
    assert chains(table) == sorted(expected)
    assert table.attrs["left_out"] == counted.attrs["left_out"] == left_out
    assert counted.tolist() == [sum(len(t) > k for _, t, _ in expected) for k in range(len(steps))]
    if options.get("count") != "totals":
        assert table.index.tolist() == sorted(log["user_id"].unique())
    if by is None:
        assert funnels.funnel(log, steps, **options)["users"].tolist() == counted.tolist()


@quick(40)
@given(logs(), different_steps, st.none() | durations, st.sampled_from(["first", "any"]))
def test_all_roads_lead_to_the_same_chains(log, steps, window, entry):
    options = dict(window=window, entry=entry, by="g")
    quick_road = funnels.reach(log, steps, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(funnel_quick, "PIECE", 3)
        in_pieces = funnels.reach(log, steps, **options)
        counted = funnels.counts(log, steps, window=window, entry=entry)
    pd.testing.assert_frame_equal(quick_road, in_pieces)
    assert counted.tolist() == [(quick_road["level"] > k).sum() for k in range(len(steps))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(funnel_log.Question, "is_plain", False)
        packed = funnels.reach(log, steps, **options)
        patch.setattr(funnel_chains, "BITS", 0)
        unpacked = funnels.reach(log, steps, **options)
    pd.testing.assert_frame_equal(quick_road, packed)
    pd.testing.assert_frame_equal(quick_road, unpacked)


@quick(60)
@given(logs(), any_steps, st.none() | durations, st.sampled_from(["first", "any"]))
def test_no_other_sequence_of_events_is_better(log, steps, window, entry):
    table = funnels.reach(log, steps, window=window, entry=entry)
    found = {user: (len(times), times[0], times[-1]) for user, times, _ in chains(table)}
    assert found == oracles.best_sequences(log, steps, window=window, entry=entry)


@pytest.mark.parametrize("entry", ["first", "any"])
@pytest.mark.parametrize("steps", [list("ab"), list("abc"), list("cabx")], ids="".join)
@pytest.mark.parametrize("window", ["60s", "150s", "1h"])
def test_against_sql(entry, steps, window):
    rng = np.random.default_rng(7)
    n = 5000
    log = pd.DataFrame(
        {
            "user_id": [f"u{i}" for i in rng.integers(0, 700, n)],
            "event": rng.choice(NAMES, n, p=[0.4, 0.3, 0.2, 0.1]),
            "timestamp": START + pd.to_timedelta(rng.integers(0, 1000, n), unit="s"),
        }
    )
    counted = funnels.counts(log, steps, window=window, entry=entry)
    assert counted.tolist() == oracles.duckdb_counts(log, steps, window=window, entry=entry)
    assert counted.iloc[-1] > 0


# ---------------------------------------------------------------- as ClickHouse counts

MODES = ("strict_order", "strict_deduplication", "strict_increase")
modes_on = st.lists(st.sampled_from(MODES), unique=True)


def mode_log(seed):
    """A log of a dozen users with few or many events, and ties; times as whole numbers, too."""
    rng = np.random.default_rng(seed)
    n, length = rng.integers(1, 90), rng.choice([4, 10, 30])
    log = pd.DataFrame(
        {
            "user_id": rng.choice(list("klmnopqrstuv"), n),
            "event": pd.Categorical(rng.choice(NAMES, n, p=[0.3, 0.3, 0.3, 0.1]), NAMES),
            "second": rng.integers(0, length, n),
        }
    )
    return log.assign(timestamp=START + pd.to_timedelta(log["second"], unit="s"))


@quick(200)
@given(modes_on, different_steps, durations, st.integers(0, 2**32 - 1))
def test_the_modes_of_clickhouse_in_plain_python(modes, steps, window, seed):
    log = mode_log(seed)
    expected = oracles.window_funnel(log, steps, window=pd.Timedelta(window).seconds, modes=modes)
    options = {"window": window, "entry": "any"} | dict.fromkeys(modes, True)
    table = funnels.reach(log, steps, **options)
    assert table["level"].to_dict() == expected
    counted = funnels.counts(log, steps, **options)
    assert counted.tolist() == [(table["level"] > k).sum() for k in range(len(steps))]
    assert funnels.funnel(log, steps, **options)["users"].tolist() == counted.tolist()
    for _, times, _ in chains(table):
        assert times == sorted(times)
        assert times[-1] - times[0] <= pd.Timedelta(window)
        if "strict_increase" in modes:
            assert len(set(times)) == len(times)


@pytest.mark.parametrize("modes", [m for k in range(4) for m in combinations(MODES, k)], ids=str)
def test_the_modes_of_clickhouse_in_clickhouse(modes):
    pytest.importorskip("chdb", reason="`make bench` installs ClickHouse, the tests do not need it")
    for seed in range(20):
        log, steps = mode_log(seed), [list("abc"), list("cab"), list("ab"), ["b"]][seed % 4]
        window = [0, 3, 12][seed % 3]
        options = {"window": f"{window}s", "entry": "any"} | dict.fromkeys(modes, True)
        table = funnels.reach(log, steps, **options)
        expected = oracles.clickhouse_levels(log, steps, window=window, modes=modes)
        assert table["level"].to_dict() == expected


def test_the_table_of_modes_in_the_docstring():
    lines = funnels.funnel.__doc__.split("events          (loose)")[1].splitlines()
    rows = [re.split(r"  +", line.strip()) for line in lines if re.match(r" *a[ +].*\d$", line)]
    assert len(rows) == 8
    options = [{}, {"order": "strict"}, *({mode: True} for mode in MODES)]
    for events, *levels in rows:
        moments = [(name, k) for k, names in enumerate(events.split()) for name in names.split("+")]
        log = log_of(u=" ".join(f"{name}{k}" for name, k in moments))
        found = [
            funnels.reach(log, list("abc"), entry="any", **o)["level"].iloc[0] for o in options
        ]
        assert found == [int(level) for level in levels], events


def test_the_modes_with_ties_late_entries_and_groups():
    log = log_of(u="a0 b1 b2 c2 c3", v="x0 a1 a9 b9", w="b0 c0").assign(g=list("kkkkkxlmnoo"))
    options = dict(entry="any", strict_increase=True, window="5s", by="g")
    table = funnels.reach(log, ["a", "b", "c"], **options)
    assert seconds(table) == {"u": [0, 2, 3], "v": [1], "w": []}  # c2 follows the later b2
    assert table["g"].tolist()[:2] == ["k", "l"]
    watched = funnels.reach(
        log, ["a", "b", "c"], observed_until=START + pd.Timedelta("7s"), **options
    )
    assert watched.attrs["left_out"] == 1
    assert seconds(watched) == {"u": [0, 2, 3], "v": [1], "w": []}


# ---------------------------------------------------------------- properties


@quick(40)
@given(logs(), questions(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(log, question, random):
    steps, options = question
    order = list(range(len(log)))
    random.shuffle(order)
    shuffled = log.iloc[order]
    pd.testing.assert_frame_equal(
        funnels.reach(log, steps, **options), funnels.reach(shuffled, steps, **options)
    )


@quick(40)
@given(logs(), questions())
def test_users_never_rise_and_groups_sum_to_the_total(log, question):
    steps, options = question
    options["by"] = options["by"] or "g"
    table = funnels.funnel(log, steps, **options)
    total = funnels.funnel(log, steps, **options | {"by": None})
    assert (total["users"].diff().iloc[1:] <= 0).all()
    assert (total["users"].iloc[:-1].to_numpy() - total["dropped"].iloc[1:] >= 0).all()
    by_step = table.groupby(level="step")["users"].sum().reindex(total.index, fill_value=0)
    assert by_step.tolist() == total["users"].tolist()
    rates = total["step_rate"].dropna()
    assert rates.between(0, 1).all()
    inside = (total["ci_low"] <= total["step_rate"]) & (total["step_rate"] <= total["ci_high"])
    missing = total["ci_low"].isna() & total["ci_high"].isna()  # all chains of one user
    assert (inside | missing)[rates.index].all()


@quick(40)
@given(
    logs(),
    different_steps,
    st.integers(0, 30),
    st.integers(0, 30),
    st.sampled_from(["first", "any"]),
    st.sampled_from([None, "h"]),
)
def test_a_longer_window_never_loses_users(log, steps, window, more, entry, hold):
    options = dict(entry=entry, hold=hold)
    short = funnels.counts(log, steps, window=f"{window}s", **options)
    long = funnels.counts(log, steps, window=f"{window + more}s", **options)
    without = funnels.counts(log, steps, **options)
    assert (short <= long).all()
    assert (long <= without).all()


@quick(40)
@given(logs(), different_steps, st.none() | durations, st.sampled_from(["first", "any"]), st.data())
def test_duplicate_rows_never_add_any(log, steps, window, entry, data):
    copies = data.draw(st.lists(st.integers(0, len(log) - 1), max_size=5))
    longer = pd.concat([log, log.iloc[copies]], ignore_index=True)
    options = dict(window=window, entry=entry)
    once = funnels.counts(log, steps, **options)
    assert once.tolist() == funnels.counts(longer, steps, **options).tolist()


@quick(40)
@given(logs(), different_steps, st.none() | durations)
def test_any_entry_is_never_below_the_first_nor_any_order_below_both(log, steps, window):
    first = funnels.counts(log, steps, window=window)
    best = funnels.counts(log, steps, window=window, entry="any")
    unordered = funnels.counts(log, steps, window=window, entry="any", order="any")
    strict = funnels.counts(log, steps, window=window, entry="any", order="strict")
    assert (first <= best).all()
    assert (strict <= best).all()
    assert (best <= unordered).all()
    if window is None:
        assert first.tolist() == best.tolist()


@quick(40)
@given(logs(), different_steps, st.none() | durations, st.sampled_from(["first", "any"]))
def test_times_lie_in_order_and_within_the_window(log, steps, window, entry):
    table = funnels.reach(log, steps, window=window, entry=entry)
    assume((table["level"] > 0).any())
    for _, times, _ in chains(table):
        assert times == sorted(times)
        assert window is None or times[-1] - times[0] <= pd.Timedelta(window)


# ---------------------------------------------------------------- bad input

GOOD = log_of(u="a0 b1", v="a0")
GOOD_STEPS_TABLE = pd.DataFrame({"a": ["a"], "b": ["b"]})
AB = ["a", "b"]


def until(end):
    return {"window": "1D", "observed_until": end}


def mode(**options):
    return {"entry": "any", "strict_increase": True} | options


def refuses(kind, message, log, steps, **options):
    """Each function refuses with that message."""
    for function in (funnels.funnel, funnels.reach, funnels.counts, funnels.time_to_convert):
        with pytest.raises(kind, match=re.escape(message)):
            function(log, steps, **options)


def test_missing_column():
    message = "no column in the log is called 'timestamp': did you mean 'timestmp'?"
    refuses(ValueError, message, GOOD.rename(columns={"timestamp": "timestmp"}), AB)
    refuses(ValueError, "no column in the log is called 'sesion'", GOOD, AB, hold="sesion")


def test_missing_by_column():
    with pytest.raises(ValueError, match="is called 'chanel': did you mean 'channel'"):
        funnels.funnel(GOOD.assign(channel="x"), AB, by="chanel")


def test_empty_log():
    refuses(ValueError, "the log has no rows", GOOD.iloc[:0], AB)


def test_unreadable_times():
    log = GOOD.assign(timestamp=["2025-03-01", "yesterday", "soon"])
    message = "is not a time as ISO 8601 writes it in 2 of 3 rows (first: row 1, 'yesterday')"
    refuses(ValueError, message, log, AB)


def test_missing_times():
    log = GOOD.copy()
    log.loc[1, "timestamp"] = pd.NaT
    refuses(
        ValueError, "'timestamp' is missing in 1 of 3 rows (first: row 1): drop these rows", log, AB
    )
    text = GOOD.assign(timestamp=["2025-03-01", None, "2025-03-01"])
    refuses(
        ValueError,
        "'timestamp' is missing in 1 of 3 rows (first: row 1): drop these rows",
        text,
        AB,
    )


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (pd.date_range("2025-03-01", periods=3, tz="Asia/Shanghai"), "has a time zone (Asia/Sh"),
        (["2025-03-01T00:00Z"] * 3, "has a time zone: make it naive UTC, pd.to_datetime("),
        (["2025-03-01T00:00Z", "2025-03-01T00:00+08:00", "2025-03-01"], "in several time zones"),
        (
            pd.Series([START, START.tz_localize("UTC"), START], dtype=object),
            "in several time zones",
        ),
    ],
    ids=["dtype", "text", "mixed text", "mixed objects"],
)
def test_time_zones(times, message):
    log = GOOD.assign(timestamp=times)
    refuses(ValueError, message, log, AB)
    # The remedy that the message names works.
    utc = pd.to_datetime(log["timestamp"], utc=True, format="ISO8601").dt.tz_localize(None)
    assert funnels.counts(log.assign(timestamp=utc), AB).iloc[0] == 2


def test_numbers_for_times():
    refuses(TypeError, "'timestamp' holds numbers, not times", GOOD.assign(timestamp=[1, 2, 3]), AB)


def test_missing_user_ids():
    log = GOOD.assign(user_id=["u", None, None])
    refuses(ValueError, "'user_id' is missing in 2 of 3 rows (first: row 1): drop", log, AB)


def test_unknown_step():
    log = GOOD.assign(event=["visit", "lead", "visit"])
    message = "no event in column 'event' is called 'Visits': did you mean 'visit'? Where an"
    refuses(ValueError, message, log, ["Visits", "lead"])
    refuses(
        ValueError,
        "is called 'refund': there are visit, lead",
        log,
        ["visit", "lead"],
        exclude=[("refund", 1, 2)],
    )
    refuses(
        ValueError,
        "is called 'zzz': there are lead, visit",
        log.astype({"event": "category"}),
        ["visit", "zzz"],
    )


@pytest.mark.parametrize(
    ("steps", "kind", "message"),
    [
        ("ab", TypeError, "steps is 'ab': give a list of event names, first step"),
        ([], ValueError, "steps is empty: give a list"),
        (["a", None], ValueError, "step 2 is missing: give a list"),
        ({"a", "b"}, TypeError, "steps is a set, which has no order: give a list"),
        ({"a": 1, "b": 2}, TypeError, "steps is a dict, which has no order: give a list"),
        ([["a"], ["b"]], TypeError, "step 1 is a list: give a list of event names"),
        (np.array([["a", "b"]]), TypeError, "step 1 is a"),
        (GOOD_STEPS_TABLE, TypeError, "give a list of event names"),
        (["level", "a"], ValueError, "rename one event"),
        (["a", "a", "a (2)"], ValueError, "make two columns of the same name"),
    ],
)
def test_bad_steps(steps, kind, message):
    refuses(kind, message, GOOD, steps)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"window": "-1D"}, ValueError, "window is '-1D': it runs forward in time"),
        ({"window": 7}, TypeError, "window is 7, without a unit: give a number with its unit"),
        ({"window": "7"}, TypeError, "window is '7', without a unit"),
        ({"window": "soon"}, ValueError, "window is 'soon', not a length of time"),
        ({"window": pd.NaT}, ValueError, "window is missing"),
        ({"window": True}, TypeError, "window is True, without a unit"),
        ({"window": ["7D"]}, ValueError, "not a length of time"),
        ({"observed_until": "2025-03-02"}, ValueError, "is given without a window"),
        (until("later"), ValueError, "observed_until is 'later', not written as ISO 8601 has it"),
        (until("12/03/2026"), ValueError, "'12/03/2026', not written as ISO 8601 has it"),
        (until("12.03.2026"), ValueError, "'12.03.2026', not written as ISO 8601 has it"),
        (until("2025-03-02T00:00Z"), ValueError, "with a time zone"),
        (until(START.tz_localize("UTC")), ValueError, "with a time zone"),
        (until(2025), TypeError, "observed_until is 2025, not a date"),
        (until(True), TypeError, "observed_until is True, not a date"),
        (until(pd.NaT), ValueError, "observed_until is missing"),
        (until(pd.Series(["2025-03-02"])), TypeError, "not a date"),
        (until("9999-01-01"), ValueError, "'9999-01-01', not a day that can be"),
        ({"entry": "last"}, ValueError, "entry is 'last': give one of 'first', 'any'"),
        ({"entry": np.array(["first"])}, TypeError, "entry is array(['first'"),
        ({"order": "exact"}, ValueError, "order is 'exact': give one of 'loose', 'strict', 'any'"),
        ({"order": ["loose"]}, TypeError, "order is ['loose']: give one of"),
        ({"count": "events"}, ValueError, "count is 'events': give one of 'users', 'totals'"),
        ({"count": "totals", "entry": "any"}, ValueError, "use it with entry='first'"),
        ({"count": "totals", "order": "any"}, ValueError, "count='totals' needs an order"),
        ({"order": "any", "exclude": [("x", 1, 2)]}, ValueError, "exclude needs an order"),
        ({"exclude": ("x", 1, 2)}, TypeError, "exclude has 'x' in it: give a list of (event, i"),
        ({"exclude": "x"}, TypeError, "exclude is 'x': give a list of (event, i, j)"),
        ({"exclude": {"x": (1, 2)}}, TypeError, "give a list of (event, i, j)"),
        ({"exclude": 3}, TypeError, "exclude is 3: give a list of (event, i, j)"),
        ({"exclude": [("x", 2, 1)]}, ValueError, "steps count from 1 to 2, so give two of them"),
        ({"exclude": [("x", 0, 1)]}, ValueError, "steps count from 1 to 2, so give two of them"),
        ({"exclude": [("x", True, 2)]}, TypeError, "exclude has True for a step in it"),
        ({"exclude": [("x", 1.0, 2.0)]}, TypeError, "exclude has 1.0 for a step in it"),
        ({"exclude": [(["x"], 1, 2)]}, TypeError, "exclude has ['x'] for an event in it"),
        ({"exclude": [(None, 1, 2)]}, TypeError, "exclude has None for an event in it"),
        ({"hold": 3}, TypeError, "hold is 3: give the name of a column or a list of them"),
        ({"hold": {"event"}}, TypeError, "hold is {'event'}: give the name of a column or a list"),
        ({"hold": ["event", "event"]}, ValueError, "hold names 'event' twice"),
        ({"user": None}, TypeError, "None is not the name of a column"),
        ({"time": ["timestamp"]}, TypeError, "['timestamp'] is not the name of a column"),
        ({"strict_order": 1}, TypeError, "strict_order is 1: give True or False"),
        ({"strict_order": True}, ValueError, "looks at every entry: add entry='any'"),
        (mode(order="strict"), ValueError, "has an order of its own: leave order='strict' out"),
        (mode(order="any"), ValueError, "has an order of its own: leave order='any' out"),
        (mode(hold="event"), ValueError, "has no hold: leave one of the two out"),
        (mode(exclude=[("x", 1, 2)]), ValueError, "has no exclude: leave one of the two out"),
    ],
)
def test_bad_options(options, kind, message):
    refuses(kind, message, GOOD, AB, **options)


def test_options_that_only_some_functions_have():
    with pytest.raises(ValueError, match="order='any' needs steps with different names"):
        funnels.reach(GOOD, ["a", "b", "a"], order="any")
    with pytest.raises(ValueError, match="by is 'level', a name in the result too"):
        funnels.funnel(GOOD.assign(level=1), AB, by="level")
    with pytest.raises(ValueError, match="strict_order is a mode .* different names"):
        funnels.reach(GOOD, ["a", "b", "a"], entry="any", strict_order=True)
    with pytest.raises(ValueError, match="by names 'event' twice"):
        funnels.funnel(GOOD, AB, by=["event", "event"])
    with pytest.raises(ValueError, match="steps has one step"):
        funnels.time_to_convert(GOOD, ["a"])
    with pytest.raises(ValueError, match="quantiles is above 1 .*50.*give a fraction"):
        funnels.time_to_convert(GOOD, AB, quantiles=[50])
    with pytest.raises(TypeError, match="quantiles is a list of lists: give"):
        funnels.time_to_convert(GOOD, AB, quantiles=[[0.5], [0.9]])
    with pytest.raises(TypeError, match="quantiles is None: give numbers"):
        funnels.time_to_convert(GOOD, AB, quantiles=None)
    with pytest.raises(TypeError, match="unexpected keyword argument 'by'"):
        funnels.counts(GOOD.assign(g=1), AB, by="g")
    with pytest.raises(TypeError, match="the log is a list: give a DataFrame"):
        funnels.counts([("u", "a")], AB)


# ---------------------------------------------------------------- what exports look like


def twice(column):
    """The good log with one column twice, as after a merge."""
    return pd.concat([GOOD.assign(g=1), GOOD.assign(g=1)[[column]]], axis=1)


def of_objects(*values):
    return pd.Series(list(values), dtype=object)


TWO_TYPES = "ids of several types, such as 8887 and '8887': make them one"
FAR_TIMES = ["2025-03-01", "2025-03-01", "9999-12-31"]


@pytest.mark.parametrize(
    ("log", "steps", "options", "expected"),
    [
        # two columns of one name
        (twice("user_id"), AB, {}, "the log has 2 columns called 'user_id': rename or drop"),
        (twice("event"), AB, {}, "the log has 2 columns called 'event': rename or drop"),
        (twice("timestamp"), AB, {}, "the log has 2 columns called 'timestamp': rename or drop"),
        (twice("g"), AB, {"by": "g"}, "the log has 2 columns called 'g': rename or drop"),
        (twice("g"), AB, {"hold": "g"}, "the log has 2 columns called 'g': rename or drop"),
        (twice("g"), AB, {}, [2, 1]),
        # lists inside of a column
        (GOOD.assign(user_id=[["u"]] * 3), AB, {}, "column 'user_id' holds lists in 3 of 3 rows"),
        (GOOD.assign(event=[["a"]] * 3), AB, {}, "column 'event' holds lists in 3 of 3 rows"),
        (GOOD.assign(g=[["a"]] * 3), AB, {"by": "g"}, "column 'g' holds lists in 3 of 3 rows"),
        (GOOD.assign(g=[["a"]] * 3), AB, {"hold": "g"}, "column 'g' holds lists in 3 of 3 rows"),
        (GOOD.assign(g=[["a"]] * 3), AB, {}, [2, 1]),
        # ids of two types
        (GOOD.assign(user_id=of_objects(8887, "8887", 1)), AB, {}, TWO_TYPES),
        (GOOD.assign(user_id=of_objects(8887, "8887", 1).astype("category")), AB, {}, TWO_TYPES),
        (GOOD.assign(user_id=of_objects(8887, "8887", 1).astype(str)), AB, {}, [2, 1]),
        (
            GOOD.assign(user_id=pd.array([1, 1, None], dtype="Int64")),
            AB,
            {},
            "'user_id' is missing",
        ),
        (GOOD.assign(g=of_objects(1, 1, "1")), AB, {"by": "g"}, [1, 1, 1, 0]),
        (GOOD.assign(g=of_objects(1, 1, "1")), AB, {"hold": "g"}, [2, 1]),
        # times
        (GOOD.assign(timestamp=FAR_TIMES), AB, {}, "to 9999-12-31T00:00:00.000000, more than 292"),
        (GOOD.assign(timestamp=["01/03/2025"] * 3), AB, {}, "not a time as ISO 8601 writes it"),
        (GOOD.assign(timestamp=[True] * 3), AB, {}, "'timestamp' holds numbers, not times"),
        (GOOD.assign(timestamp=[datetime.date(2025, 3, 1)] * 3), AB, {}, [2, 1]),
        (GOOD.assign(timestamp=np.full(3, "0001-03-01", "M8[s]")), AB, {"window": "1D"}, [2, 1]),
        (GOOD, AB, {"window": datetime.timedelta(1), "observed_until": "2026-01-01"}, [2, 1]),
        # steps and columns with names of the results
        (GOOD.assign(event=["chain", "b", "chain"]), ["chain", "b"], {"count": "totals"}, [2, 1]),
        (GOOD.assign(event=["step", "users", "step"]), ["step", "users"], {}, [2, 1]),
        (GOOD.assign(level=1), AB, {"by": "level"}, "a name in the result too: rename"),
        (GOOD.assign(users=1), AB, {"by": "users"}, [2, 1]),
        (GOOD.rename(columns={"event": 0}), AB, {"event": 0, "by": [0]}, [2, 1]),
        # steps
        (GOOD.assign(event=[1, 2, 1]), [1, 2], {}, [2, 1]),
        (
            GOOD.assign(event=[1, 2, 1]),
            ["1", "2"],
            {},
            "is called '1': give 1 as an int64, as the log has it",
        ),
        (GOOD, pd.Index(AB), {}, [2, 1]),
        (GOOD, frozenset(AB), {}, "steps is a frozenset, which has no order"),
        (GOOD, {"a": 1}.keys(), {}, "steps is a dict_keys, which has no order"),
        (GOOD, None, {}, "steps is None: give a list of event names"),
        # no log
        (None, AB, {}, "the log is a NoneType: give a DataFrame"),
        (GOOD.to_dict("list"), AB, {}, "the log is a dict: give a DataFrame"),
        (GOOD.set_index("user_id"), AB, {}, "no column in the log is called 'user_id'"),
    ],
)
def test_the_right_numbers_or_a_sentence(log, steps, options, expected):
    functions = [funnels.funnel, funnels.reach, funnels.counts, funnels.time_to_convert]
    if "by" in options:
        functions.remove(funnels.counts)
    for function in functions:
        if isinstance(expected, str):
            with pytest.raises((ValueError, TypeError), match=re.escape(expected)):
                function(log, steps, **options)
            continue
        result = function(log, steps, **options)
        if function is funnels.reach:
            reached = [(result["level"] >= k).sum() for k in (1, 2)]
            assert reached == [sum(expected[::2]), sum(expected[1::2])]
        elif function is funnels.time_to_convert:
            assert result["users"].tolist() == expected[1::2]
        else:
            assert (result if function is funnels.counts else result["users"]).tolist() == expected


@pytest.mark.parametrize("kind", ["timestamp[us]", "timestamp[ns]", "date32"])
def test_arrow_columns(kind):
    pytest.importorskip("pyarrow", reason="the course works without pyarrow")
    log = log_of(u="a0 b0", v="a0").astype({"timestamp": f"{kind}[pyarrow]"})
    log = log.astype({"user_id": "string[pyarrow]", "event": "string[pyarrow]"})
    for options in ({}, {"entry": "any"}, {"order": "strict"}):
        assert funnels.counts(log, ["a", "b"], **options).tolist() == [2, 1]
        assert funnels.funnel(log, ["a", "b"], by="event", **options)["users"].tolist() == [2, 1]
