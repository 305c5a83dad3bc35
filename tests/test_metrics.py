"""Rates, intervals, the bootstrap and the metric contract.

Oracles: statsmodels for the intervals, exact binomial sums for their coverage, loops in plain
Python for the rates over time, numbers counted by hand for the contract.
"""

import importlib
import math
import statistics
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

import funnelkit
from funnelkit import contract, funnels, metrics

# ---------------------------------------------------------------- a rate and its interval

counts = st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
confidences = st.floats(0.5, 0.999)


@pytest.mark.parametrize(
    ("converted", "visitors", "low", "high"),
    [
        (200, 1000, 0.176377, 0.225919),
        (2, 20, 0.0279, 0.3010),
        (0, 20, 0, 0.1611),
    ],
)
def test_wilson_gives_the_published_intervals(converted, visitors, low, high):
    """Wilson 1927, as in the project's list of reference values."""
    places = 6 if visitors == 1000 else 4
    interval = metrics.wilson_interval(converted, visitors)
    assert [round(end, places) for end in interval] == [low, high]


def test_wald_fails_where_the_lesson_says_it_does():
    assert [round(100 * end, 1) for end in metrics.wald_interval(2, 20)] == [-3.1, 23.1]
    assert metrics.wald_interval(0, 20) == (0, 0)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("visitors", [1, 2, 20, 1000])
@pytest.mark.parametrize(
    ("function", "method"),
    [(metrics.wilson_interval, "wilson"), (metrics.wald_interval, "normal")],
)
def test_intervals_agree_with_statsmodels(function, method, visitors, confidence):
    converted = np.arange(visitors + 1)
    low, high = function(converted, visitors, confidence=confidence)
    theirs = proportion_confint(converted, visitors, 1 - confidence, method)
    # statsmodels cuts the Wald interval off at 0 and 1; ours shows that it goes beyond.
    cut = (lambda x: np.clip(x, 0, 1)) if method == "normal" else (lambda x: x)
    np.testing.assert_allclose([cut(low), cut(high)], theirs, atol=1e-12)


@given(counts, confidences)
def test_wilson_holds_the_rate_and_stays_within_zero_and_one(pair, confidence):
    low, high = metrics.wilson_interval(*pair, confidence=confidence)
    assert 0 <= low <= metrics.conversion_rate(*pair) <= high <= 1
    assert low < high


@given(st.integers(1, 10**7), confidences)
def test_wilson_ends_are_exact_at_none_and_all(visitors, confidence):
    assert metrics.wilson_interval(0, visitors, confidence=confidence)[0] == 0.0
    assert metrics.wilson_interval(visitors, visitors, confidence=confidence)[1] == 1.0


@given(counts, confidences)
def test_wilson_of_those_who_did_not_convert_is_the_mirror_image(pair, confidence):
    converted, visitors = pair
    low, high = metrics.wilson_interval(converted, visitors, confidence=confidence)
    low2, high2 = metrics.wilson_interval(visitors - converted, visitors, confidence=confidence)
    assert (low, high) == (pytest.approx(1 - high2, abs=1e-12), pytest.approx(1 - low2, abs=1e-12))


@given(counts)
def test_wilson_ends_are_where_the_score_test_just_rejects(pair):
    converted, visitors = pair
    z = statistics.NormalDist().inv_cdf(0.975)
    for end in metrics.wilson_interval(converted, visitors):
        if 0 < end < 1:
            score = abs(converted / visitors - end) / math.sqrt(end * (1 - end) / visitors)
            assert score == pytest.approx(z, rel=1e-5)


@given(counts)
def test_wilson_widens_with_confidence_and_narrows_with_visitors(pair):
    def width(converted, visitors, confidence=0.95):
        low, high = metrics.wilson_interval(converted, visitors, confidence=confidence)
        return high - low

    converted, visitors = pair
    assert width(*pair) < width(*pair, confidence=0.99)
    assert width(4 * converted, 4 * visitors) < width(*pair)


def test_wilson_covers_what_it_promises_and_wald_does_not():
    """Exact coverage: the chance that the interval of a binomial count holds the true rate."""

    def coverage(function, n, p):
        x = np.arange(n + 1)
        low, high = function(x, n)
        chance = np.array([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in x])
        return chance[(low <= p) & (p <= high)].sum()

    assert coverage(metrics.wilson_interval, 20, 0.1) == pytest.approx(0.957, abs=0.001)
    assert coverage(metrics.wald_interval, 20, 0.1) == pytest.approx(0.876, abs=0.001)
    rates = np.linspace(0.05, 0.95, 91)
    assert np.mean([coverage(metrics.wilson_interval, 50, p) for p in rates]) > 0.945
    assert np.mean([coverage(metrics.wald_interval, 50, p) for p in rates]) < 0.935


FUNCTIONS = [
    metrics.conversion_rate,
    lambda x, n: metrics.wilson_interval(x, n)[0],
    lambda x, n: metrics.wald_interval(x, n)[1],
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_comes_in_decides_what_comes_out(function):
    one = function(2, 20)
    assert type(one) is float
    assert type(function(np.int64(2), 20.0)) is float
    array = function(np.array([2, 0]), np.array([20, 20]))
    assert isinstance(array, np.ndarray) and array[0] == one
    np.testing.assert_array_equal(function([2, 0], 20), array)
    assert function([], []).shape == (0,)
    for dtype in ("int64", "Int64", "float64", "object"):
        series = pd.Series([2, 0], index=["a", "b"], dtype=dtype)
        result = function(series, 20)
        assert isinstance(result, pd.Series)
        assert list(result.index) == ["a", "b"] and result["a"] == one


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("converted", "visitors", "error", "words"),
    [
        (3, 2, ValueError, r"converted is greater than visitors \(3 of 2\): count users"),
        (0, 0, ValueError, "visitors is 0: a rate of nobody is not a number"),
        (-1, 2, ValueError, r"converted is negative \(-1\): a count is 0 or more"),
        (1, -2, ValueError, r"visitors is negative \(-2\)"),
        (0.2, 2, ValueError, r"converted is not a whole number \(0.2\): give counts, not rates"),
        (1, math.inf, ValueError, r"visitors is not a whole number \(inf\)"),
        (math.nan, 2, ValueError, "converted is missing: fill or leave it out"),
        (None, 2, TypeError, "converted is None: give numbers"),
        (1, pd.NA, ValueError, "visitors is missing"),
        ("1", 2, TypeError, r"converted holds text: remove .*, then pd.to_numeric\(...\)"),
        ({1}, 2, TypeError, r"converted is \{1\}: give numbers"),
        ([[1], [1, 2]], 2, TypeError, "converted is a list of lists: give one number per row"),
        (1, 10**400, ValueError, "visitors holds a number too large to compute with"),
        (True, 2, TypeError, r"converted is boolean: give the count, its .sum\(\)"),
        (pd.Series([True, False]), 2, TypeError, "converted is boolean"),
        (pd.DataFrame({"a": [1]}), 2, TypeError, "converted is a table: give one of its columns"),
        ([1, 5, 6], 4, ValueError, r"in 2 of 3 rows \(first: row 1, 5 of 4\)"),
        (
            pd.Series([1, 5], ["a", "b"]),
            4,
            ValueError,
            r"in 1 of 2 rows \(first: row 'b', 5 of 4\)",
        ),
        (pd.Series([1, 5], [7, 8]), 4, ValueError, r"first: row 8, 5 of 4"),
        (1, [3, 0, 0], ValueError, r"visitors is 0 in 2 of 3 rows \(first: row 1\)"),
        ([1, 2, 3], [4, 5], ValueError, "there are 3 of converted and 2 of visitors: give as many"),
        (pd.Series([1]), [4, 5, 6], ValueError, "there are 1 of converted and 3 of visitors"),
        (
            pd.Series([1], ["a"]),
            pd.Series([2], ["b"]),
            ValueError,
            "different indexes: take both from one table",
        ),
    ],
)
def test_what_is_not_a_count_is_refused(function, converted, visitors, error, words):
    with pytest.raises(error, match=words):
        function(converted, visitors)


@pytest.mark.parametrize(
    ("confidence", "error"),
    [
        (95, ValueError),
        (0, ValueError),
        (1, ValueError),
        (1 - 1e-16, ValueError),
        (math.nan, ValueError),
        ("95", TypeError),
    ],
)
def test_confidence_is_a_fraction(confidence, error):
    for function in (metrics.wilson_interval, metrics.wald_interval):
        with pytest.raises(error, match=r"confidence is '?\w+'?: give a fraction.* such as 0.95"):
            function(2, 20, confidence=confidence)


# ---------------------------------------------------------------- a difference of two rates

# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10.
NEWCOMBE = {
    (56, 70, 48, 80): (0.0524, 0.3339),
    (9, 10, 3, 10): (0.1705, 0.8090),
    (6, 7, 2, 7): (0.0582, 0.8062),
    (5, 56, 0, 29): (-0.0381, 0.1926),
    (0, 10, 0, 20): (-0.1611, 0.2775),
    (0, 10, 0, 10): (-0.2775, 0.2775),
    (10, 10, 0, 20): (0.6791, 1.0000),
    (10, 10, 0, 10): (0.6075, 1.0000),
}


@pytest.mark.parametrize("pair", NEWCOMBE)
def test_a_difference_has_the_interval_that_newcombe_published(pair):
    x1, n1, x2, n2 = pair
    result = metrics.difference(*pair)
    assert list(result.index) == ["difference", "ci_low", "ci_high"]
    assert result["difference"] == pytest.approx(x1 / n1 - x2 / n2)
    assert (round(result["ci_low"], 4), round(result["ci_high"], 4)) == NEWCOMBE[pair]


@given(counts, counts, confidences)
def test_a_difference_agrees_with_statsmodels(first, second, confidence):
    result = metrics.difference(*first, *second, confidence=confidence)
    theirs = confint_proportions_2indep(*first, *second, method="newcomb", alpha=1 - confidence)
    assert (result["ci_low"], result["ci_high"]) == pytest.approx(theirs, abs=1e-9)


@given(counts, counts)
def test_a_difference_the_other_way_round_is_the_mirror_image(first, second):
    one, two = metrics.difference(*first, *second), metrics.difference(*second, *first)
    assert one.tolist() == pytest.approx([-two["difference"], -two["ci_high"], -two["ci_low"]])
    assert -1 <= one["ci_low"] <= one["difference"] <= one["ci_high"] <= 1


def test_an_interval_of_a_difference_covers_what_it_promises():
    """Exact: over all pairs of binomial counts of 30 and 40 people."""

    def chances(n, p):
        return np.array([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])

    x1, x2 = np.meshgrid(np.arange(31), np.arange(41), indexing="ij")
    table = metrics.difference(x1.ravel(), 30, x2.ravel(), 40)
    covered = []
    for p1, p2 in [(0.1, 0.1), (0.2, 0.4), (0.5, 0.5), (0.05, 0.3), (0.9, 0.6)]:
        chance = np.outer(chances(30, p1), chances(40, p2)).ravel()
        inside = (table["ci_low"] <= p1 - p2) & (p1 - p2 <= table["ci_high"])
        covered.append(chance[inside].sum())
    assert min(covered) > 0.93 and 0.945 < np.mean(covered) < 0.965


def test_two_intervals_may_overlap_where_the_difference_is_clear():
    low_of_first, high_of_second = (
        metrics.wilson_interval(60, 400)[0],
        metrics.wilson_interval(40, 400)[1],
    )
    assert low_of_first < high_of_second
    assert metrics.difference(60, 400, 40, 400)["ci_low"] > 0


def test_differences_of_several_pairs_are_a_table():
    names = ["mail", "ads"]
    columns = [pd.Series(values, names) for values in ([56, 9], [70, 10], [48, 3], [80, 10])]
    table = metrics.difference(*columns)
    assert list(table.columns) == ["difference", "ci_low", "ci_high"]
    assert list(table.index) == names
    for name, *pair in zip(names, *columns, strict=True):
        pd.testing.assert_series_equal(
            table.loc[name], metrics.difference(*pair), check_names=False, check_exact=True
        )
    against_one = metrics.difference(columns[0], columns[1], 48, 80)
    assert against_one.loc["mail"].tolist() == table.loc["mail"].tolist()
    assert list(metrics.difference([56, 9], [70, 10], 48, 80).index) == [0, 1]


@pytest.mark.parametrize(
    ("pair", "error", "words"),
    [
        (
            (71, 70, 48, 80),
            ValueError,
            r"converted_1 is greater than n_1 \(71 of 70\): count users",
        ),
        ((56, 70, 0, 0), ValueError, "n_2 is 0: a rate of nobody is not a number"),
        ((0.8, 70, 48, 80), ValueError, "converted_1 is not a whole number"),
        ((56, 70, True, 80), TypeError, "converted_2 is boolean"),
        ((56, 70, None, 80), TypeError, "converted_2 is None: give numbers"),
        (([1, 2], [3, 4, 5], 1, 2), ValueError, "2 of converted_1 and 3 of n_1"),
        ((np.ones((2, 2)), 2, 1, 2), TypeError, "the counts are tables: give one column of each"),
        (
            (pd.Series([1], ["a"]), 2, pd.Series([1], ["b"]), 2),
            ValueError,
            "converted_1 and converted_2 have different indexes",
        ),
    ],
)
def test_a_difference_of_what_are_not_counts_is_refused(pair, error, words):
    with pytest.raises(error, match=words):
        metrics.difference(*pair)


# ---------------------------------------------------------------- rates by group

USERS = pd.DataFrame(
    {
        "channel": ["search", "search", "mail", None, "mail", "search"],
        "device": ["mobile", "desktop", "mobile", "mobile", "mobile", "mobile"],
        "converted": [True, False, True, True, False, False],
    }
)


def test_rates_by_group_sum_to_the_total():
    by_channel = metrics.rates(USERS, by="channel")
    assert list(by_channel.columns) == ["n", "converted", "rate", "ci_low", "ci_high"]
    assert list(by_channel.index[:2]) == ["mail", "search"] and pd.isna(by_channel.index[2])
    assert list(by_channel["n"]) == [2, 3, 1]
    assert list(by_channel["converted"]) == [1, 1, 1]
    total = metrics.rates(USERS)
    assert list(total.index) == ["all"]
    assert total[["n", "converted"]].loc["all"].tolist() == [6, 3]
    low, high = metrics.wilson_interval(1, 3)
    assert by_channel.loc["search", ["rate", "ci_low", "ci_high"]].tolist() == [1 / 3, low, high]


def test_rates_by_two_columns_and_categories_in_their_order():
    both = metrics.rates(USERS, by=["channel", "device"])
    assert both.loc[("search", "mobile"), "n"] == 2
    assert both["n"].sum() == 6
    ordered = USERS.assign(
        device=pd.Categorical(USERS["device"], ["tablet", "mobile", "desktop"], ordered=True)
    )
    assert list(metrics.rates(ordered, by="device").index) == ["mobile", "desktop"]


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.booleans()), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
@settings(max_examples=40, deadline=None)
def test_rates_do_not_depend_on_the_order_of_rows(users, random):
    table = pd.DataFrame(users, columns=["group", "converted"])
    random.shuffle(users)
    shuffled = pd.DataFrame(users, columns=["group", "converted"])
    result = metrics.rates(table, by="group")
    pd.testing.assert_frame_equal(result, metrics.rates(shuffled, by="group"))
    assert result["n"].sum() == len(users)
    assert result["converted"].sum() == sum(converted for _, converted in users)


def test_rates_take_nullable_booleans_and_another_name():
    table = USERS.rename(columns={"converted": "bought"}).astype({"bought": "boolean"})
    assert metrics.rates(table, "bought").loc["all", "rate"] == 0.5


@pytest.mark.parametrize(
    ("table", "options", "error", "words"),
    [
        ([True], {}, TypeError, "table is a list: give a DataFrame"),
        (USERS, {"by": "chanel"}, ValueError, "'chanel': did you mean 'channel'?"),
        (
            USERS,
            {"converted": "xyz"},
            ValueError,
            "no column in table is called 'xyz': there are channel, device, converted",
        ),
        (USERS.iloc[:0], {}, ValueError, "no rows"),
        (
            USERS.astype({"converted": int}),
            {},
            TypeError,
            "converted holds whole numbers, not True and False: .* for instance column > 0",
        ),
        (
            USERS.assign(converted=[True, None, None, False, True, True]),
            {},
            ValueError,
            r"converted is missing in 2 of 6 rows \(first: row 1\): leave these rows out where",
        ),
        (USERS.assign(converted=None), {}, TypeError, "not True and False"),
        (USERS, {"confidence": 95}, ValueError, "confidence is 95"),
        (USERS, {"by": {"channel"}}, TypeError, "by is {'channel'}: give the name of a column"),
        (
            USERS.assign(channel=[["search"]] * 6),
            {"by": "channel"},
            ValueError,
            "column 'channel' holds lists in 6 of 6 rows",
        ),
        *[
            (
                pd.concat([USERS, USERS[[twice]]], axis=1),
                {"by": "channel"},
                ValueError,
                f"table has 2 columns called '{twice}': rename or drop all but one",
            )
            for twice in ("channel", "converted")
        ],
    ],
)
def test_rates_refuse_what_is_not_a_table_of_users(table, options, error, words):
    with pytest.raises(error, match=words):
        metrics.rates(table, **options)


# ---------------------------------------------------------------- rates over time


def simulated_log(seed, users=60):
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        start = datetime(2026, 3, 2) + timedelta(hours=int(rng.integers(0, 24 * 28)))
        for _ in range(rng.integers(1, 4)):
            event = ["visit", "page_view", "customer"][rng.integers(3)]
            rows.append((f"u{user}", event, start))
            start += timedelta(hours=int(rng.integers(0, 24 * 6)))
    log = pd.DataFrame(rows, columns=["user_id", "event", "timestamp"])
    log["timestamp"] = log["timestamp"].astype("datetime64[s]")
    return log.sample(frac=1, random_state=seed)


def week_of(time):
    return time.to_period("W")


@pytest.mark.parametrize("seed", range(5))
def test_period_rate_counts_as_a_loop_does(seed):
    log = simulated_log(seed)
    entered, converted = {}, {}
    for user, rows in log.groupby("user_id"):
        visits = rows.loc[rows["event"] == "visit", "timestamp"]
        if len(visits):
            entered.setdefault(week_of(visits.min()), set()).add(user)
        for time in rows.loc[rows["event"] == "customer", "timestamp"]:
            converted.setdefault(week_of(time), set()).add(user)
    table = metrics.period_rate(log, "visit", "customer")
    for week, row in table.iterrows():
        assert row["users"] == len(entered.get(week, ()))
        assert row["converted"] == len(converted.get(week, ()))
    assert table["users"].sum() == sum(map(len, entered.values()))
    assert table["converted"].sum() == sum(map(len, converted.values()))
    assert (table.index[1:].asi8 - table.index[:-1].asi8 == 1).all(), "no week is left out"
    expected = table["converted"] / table["users"].where(table["users"] > 0)
    pd.testing.assert_series_equal(table["rate"], expected, check_names=False)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("until", [None, "2026-03-25 12:00"])
def test_cohort_rate_counts_as_a_loop_and_as_the_funnel_does(seed, until):
    log, window = simulated_log(seed), pd.Timedelta("4D")
    expected, left_out = {}, 0
    for _, rows in log.groupby("user_id"):
        visits = rows.loc[rows["event"] == "visit", "timestamp"]
        if not len(visits):
            continue
        entry = visits.min()
        if until is not None and entry + window > pd.Timestamp(until):
            left_out += 1
            continue
        ends = rows.loc[rows["event"] == "customer", "timestamp"]
        cell = expected.setdefault(week_of(entry), [0, 0])
        cell[0] += 1
        cell[1] += bool(((ends >= entry) & (ends <= entry + window)).any())
    table = metrics.cohort_rate(log, "visit", "customer", window=window, observed_until=until)
    assert table.attrs["left_out"] == left_out
    assert {w: row[["users", "converted"]].tolist() for w, row in table.iterrows()} == expected
    assert list(table.index) == sorted(expected)

    reached = funnels.reach(log, ["visit", "customer"], window=window, observed_until=until)
    reached = reached[reached["level"] > 0]
    users = reached.assign(
        converted=reached["level"] == 2, period=reached["visit"].dt.to_period("W")
    )
    same = metrics.rates(users, by="period").rename(columns={"n": "users"})
    pd.testing.assert_frame_equal(table, same, check_freq=False)


def test_a_window_includes_its_end():
    log = metrics.example_events()
    rate = metrics.cohort_rate(log, "visit", "customer", window="7D")["rate"]
    less = metrics.cohort_rate(log, "visit", "customer", window="6D 23:59:59")["rate"]
    assert rate.iloc[0] == 1 / 5 and less.iloc[0] == 0  # Ann bought after exactly seven days


@pytest.mark.parametrize(
    "columns",
    [
        {"user_id": "category", "event": "category"},
        {"user_id": "object", "event": "object"},
        {"timestamp": "datetime64[ns]"},
        {"event": "string"},
    ],
)
def test_rates_over_time_do_not_depend_on_how_columns_are_stored(columns):
    log = metrics.example_events()
    for table in (log.astype(columns), log.assign(user_id=pd.factorize(log["user_id"])[0])):
        same = metrics.period_rate(table, "visit", "customer")
        pd.testing.assert_frame_equal(same, metrics.period_rate(log, "visit", "customer"))
        one, two = (metrics.cohort_rate(t, "visit", "customer", window="7D") for t in (table, log))
        pd.testing.assert_frame_equal(one, two)


def test_a_jump_in_traffic_lowers_the_period_rate_and_not_the_cohort_rate():
    """One in ten converts, ten days later; in the third week traffic is five times as high."""
    rows = []
    for week, visitors in enumerate([100, 100, 500, 500]):
        entry = pd.Timestamp("2026-03-02") + pd.Timedelta(week, unit="W")
        for n in range(visitors):
            rows.append((f"w{week}-{n}", "visit", entry))
            if n % 10 == 0:
                rows.append((f"w{week}-{n}", "customer", entry + pd.Timedelta("10D")))
    log = pd.DataFrame(rows, columns=["user_id", "event", "timestamp"])
    period = metrics.period_rate(log, "visit", "customer")["rate"].head(4)
    cohort = metrics.cohort_rate(log, "visit", "customer", window="14D")["rate"]
    assert period.round(3).tolist() == [0, 0.1, 0.02, 0.1]
    assert cohort.tolist() == [0.1] * 4


LOG = metrics.example_events()


@pytest.mark.parametrize(
    ("log", "start", "end", "error", "words"),
    [
        (LOG, "visit", "visit", ValueError, "start and end are both 'visit'"),
        (LOG, "visits", "customer", ValueError, "called 'visits': did you mean 'visit'?"),
        (LOG, "visit", "costumer", ValueError, "did you mean 'customer'?"),
        (LOG.drop(columns="event"), "visit", "customer", ValueError, "called 'event'"),
        (
            LOG.assign(timestamp=LOG["timestamp"].dt.strftime("%d/%m/%Y %H:%M")),
            "visit",
            "customer",
            ValueError,
            r"is not a time as ISO 8601 writes it in 19 of 19 rows \(first: row 0, '02/03/2026 09",
        ),
        (
            LOG.assign(timestamp=range(19)),
            "visit",
            "customer",
            TypeError,
            "'timestamp' holds numbers, not times: say what they count",
        ),
        (
            LOG.assign(user_id=[8887, "8887"] * 9 + [8887]),
            "visit",
            "customer",
            TypeError,
            "'user_id' holds ids of several types, such as 8887 and '8887'",
        ),
        (
            pd.concat([LOG, LOG[["user_id"]]], axis=1),
            "visit",
            "customer",
            ValueError,
            "events has 2 columns called 'user_id'",
        ),
        (
            LOG.assign(event=[["visit"]] * 19),
            "visit",
            "customer",
            ValueError,
            "column 'event' holds lists",
        ),
        (
            LOG.assign(timestamp=LOG["timestamp"].dt.tz_localize("UTC")),
            "visit",
            "customer",
            ValueError,
            "'timestamp' has a time zone",
        ),
        (
            LOG.assign(user_id=LOG["user_id"].where(LOG["user_id"] != "dan")),
            "visit",
            "customer",
            ValueError,
            r"'user_id' is missing in 1 of 19 rows \(first: row 9\)",
        ),
        (
            LOG.assign(timestamp=LOG["timestamp"].where(LOG.index > 1)),
            "visit",
            "customer",
            ValueError,
            "'timestamp' is missing in 2 of 19 rows",
        ),
    ],
)
def test_rates_over_time_refuse_a_broken_log(log, start, end, error, words):
    with pytest.raises(error, match=words):
        metrics.period_rate(log, start, end)
    with pytest.raises(error, match=words):
        metrics.cohort_rate(log, start, end, window="7D")


@pytest.mark.parametrize(
    ("window", "error", "words"),
    [
        (7, TypeError, "window is 7, without a unit: give a number with its unit, such as '7D'"),
        ("7", TypeError, "window is '7', without a unit"),
        ("-1D", ValueError, "window is '-1D': it runs forward in time"),
        ("soon", ValueError, "window is 'soon', not a length of time"),
        (None, ValueError, "window is missing: give a number with its unit"),
    ],
)
def test_a_window_is_a_duration_with_its_unit(window, error, words):
    with pytest.raises(error, match=words):
        metrics.cohort_rate(LOG, "visit", "customer", window=window)


def test_a_window_that_is_over_for_nobody_is_refused():
    with pytest.raises(ValueError, match="no user's window of 60 days is over by .*2026-04-01"):
        metrics.cohort_rate(LOG, "visit", "customer", window="60D", observed_until="2026-04-01")


def test_times_written_as_iso_8601_are_times():
    written = LOG.astype({"timestamp": str})
    for function in (metrics.period_rate, metrics.cohort_rate):
        options = {} if function is metrics.period_rate else {"window": "7D"}
        expected = function(LOG, "visit", "customer", **options)
        pd.testing.assert_frame_equal(function(written, "visit", "customer", **options), expected)


def test_times_kept_by_arrow_are_times():
    pytest.importorskip("pyarrow")
    for kind in ("timestamp[us][pyarrow]", "timestamp[ns][pyarrow]"):
        stored = LOG.astype({"timestamp": kind})
        expected = metrics.cohort_rate(LOG, "visit", "customer", window="7D")
        table = metrics.cohort_rate(stored, "visit", "customer", window="7D")
        pd.testing.assert_frame_equal(table, expected)


@pytest.mark.parametrize("freq", ["7D", "2W", "14D", "3M", "week", "h", None, 7])
def test_a_period_is_one_day_week_month_quarter_or_year(freq):
    """With "7D", pandas would begin a period on every day, and keep every seventh."""
    with pytest.raises((ValueError, TypeError), match="freq is .*: give 'D', 'W', 'M', 'Q' or 'Y'"):
        metrics.period_rate(LOG, "visit", "customer", freq=freq)
    with pytest.raises((ValueError, TypeError), match="freq is .*: give 'D', 'W', 'M', 'Q' or 'Y'"):
        metrics.cohort_rate(LOG, "visit", "customer", window="7D", freq=freq)


@pytest.mark.parametrize("freq", ["D", "W", "W-WED", "M", "Q", "Y"])
def test_no_user_is_lost_whatever_the_period(freq):
    table = metrics.period_rate(LOG, "visit", "customer", freq=freq)
    assert (table["users"].sum(), table["converted"].sum()) == (7, 3)
    assert metrics.cohort_rate(LOG, "visit", "customer", window="7D", freq=freq)["users"].sum() == 7


@pytest.mark.parametrize(
    ("end", "left_out"),
    [
        # Five entered from 2 March 09:00 to 7 March 08:00; the last two on the 9th and the 10th.
        ("2026-03-14", 2),
        ("2026-03-14 08:00", 2),
        ("2026-03-14 07:59:59", 3),
        ("2026-03-13", 3),
        ("2026-03-16", 1),
        (pd.Timestamp("2026-03-17"), 0),
        (pd.Timestamp("2026-03-17 19:00"), 1),
        (pd.Period("2026-03", "M"), 0),
    ],
)
def test_a_user_counts_once_the_whole_window_was_watched(end, left_out):
    table = metrics.cohort_rate(LOG, "visit", "customer", window="7D", observed_until=end)
    assert table.attrs["left_out"] == left_out
    assert table["users"].sum() == 7 - left_out


@pytest.mark.parametrize(
    ("end", "error", "words"),
    [
        ("12/03/2026", ValueError, "observed_until is '12/03/2026', not written as ISO 8601"),
        ("12.03.2026", ValueError, "not written as ISO 8601"),
        (2026, TypeError, "observed_until is 2026, not a date"),
        (pd.NaT, ValueError, "observed_until is missing"),
        (pd.Timestamp("2026-03-17", tz="UTC"), ValueError, "with a time zone"),
        ("9999-01-01", ValueError, "not a day that can be"),
    ],
)
def test_the_end_of_a_log_is_a_date(end, error, words):
    with pytest.raises(error, match=words):
        metrics.cohort_rate(LOG, "visit", "customer", window="7D", observed_until=end)


# ---------------------------------------------------------------- bootstrap by user


def rate_of(table):
    return table["converted"].mean()


def flags(n, converted):
    return pd.DataFrame({"user_id": np.arange(n), "converted": np.arange(n) < converted})


def test_bootstrap_of_a_rate_agrees_with_theory():
    n, x = 500, 100
    result = metrics.bootstrap(flags(n, x), rate_of, n_resamples=2000, seed=7)
    assert result.estimate == 0.2
    assert result.standard_error == pytest.approx(math.sqrt(0.2 * 0.8 / n), rel=0.05)
    low, high = metrics.wilson_interval(x, n)
    assert result.low == pytest.approx(low, abs=0.005)
    assert result.high == pytest.approx(high, abs=0.005)
    assert result.replicates.mean() == pytest.approx(0.2, abs=0.002)
    assert result.users == n and len(result.replicates) == 2000 and result.method == "percentile"


def test_bootstrap_of_clustered_rows_is_wider_than_of_single_rows():
    """Twelve rows a user, all alike: 1,200 rows hold what 100 users know."""
    users = flags(100, 30)
    rows = users.loc[np.repeat(np.arange(100), 12)].reset_index(drop=True)
    by_user = metrics.bootstrap(rows, rate_of, n_resamples=400, seed=1)
    by_row = metrics.bootstrap(
        rows.assign(row=range(len(rows))), rate_of, user="row", n_resamples=400, seed=1
    )
    assert by_user.standard_error == pytest.approx(math.sqrt(0.3 * 0.7 / 100), rel=0.1)
    assert by_user.standard_error / by_row.standard_error == pytest.approx(math.sqrt(12), rel=0.15)


def test_bootstrap_covers_the_truth_where_rows_of_a_user_are_alike():
    """Rough, since simulated: 95 % promised; an interval that takes rows for users has far less."""
    rng, truth, users = np.random.default_rng(5), 0.3, 80
    inside = naive = 0
    for seed in range(60):
        rows_of_user = rng.integers(1, 9, users)
        converts = rng.random(users) < truth
        table = pd.DataFrame(
            {
                "user_id": np.repeat(np.arange(users), rows_of_user),
                "converted": np.repeat(converts, rows_of_user),
            }
        )
        result = metrics.bootstrap(table, rate_of, n_resamples=100, seed=seed)
        inside += result.low <= truth <= result.high
        low, high = metrics.wilson_interval(table["converted"].sum(), len(table))
        naive += low <= truth <= high
    assert 0.85 <= inside / 60 <= 1
    assert naive / 60 < 0.75


def test_all_rows_of_a_user_come_along_and_a_user_drawn_twice_is_two():
    table = pd.DataFrame(
        {
            "before": list("abcdef"),
            "user_id": ["x", "y", "x", "z", "y", "x"],
            "amount": [1, 10, 2, 100, 20, 4],
        }
    )
    seen = []

    def look(sample):
        seen.append(sample)
        return len(sample)

    metrics.bootstrap(table, look, n_resamples=50, seed=3)
    pd.testing.assert_frame_equal(seen[0], table)
    for sample in seen[1:]:
        assert list(sample.columns) == list(table.columns)
        assert list(sample.index) == list(range(len(sample)))
        parts = sample.groupby("user_id")["amount"].agg(list)
        assert len(parts) == 3
        assert all(part in ([1, 2, 4], [10, 20], [100]) for part in parts)
    assert any(sample["amount"].value_counts().max() > 1 for sample in seen[1:])


def test_bootstrap_of_a_table_indexed_by_user():
    plain = flags(50, 10)
    indexed = plain.set_index("user_id")
    one = metrics.bootstrap(plain, rate_of, n_resamples=20, seed=1)
    two = metrics.bootstrap(indexed, rate_of, n_resamples=20, seed=1)
    np.testing.assert_array_equal(one.replicates, two.replicates)
    unique = metrics.bootstrap(indexed, lambda t: t.index.nunique(), n_resamples=5, seed=1)
    assert set(unique.replicates) == {50}


def test_bootstrap_depends_on_the_seed_and_on_nothing_else():
    users = flags(40, 10)
    result = metrics.bootstrap(users, rate_of, n_resamples=30, seed=1)
    np.random.seed(0)
    again = metrics.bootstrap(users.sample(frac=1, random_state=2), rate_of, n_resamples=30, seed=1)
    np.testing.assert_array_equal(result.replicates, again.replicates)
    assert result == again
    other = metrics.bootstrap(users, rate_of, n_resamples=30, seed=2)
    assert (result.replicates != other.replicates).any()
    generator = metrics.bootstrap(users, rate_of, n_resamples=30, seed=np.random.default_rng(1))
    np.testing.assert_array_equal(result.replicates, generator.replicates)


def test_bootstrap_gives_the_same_numbers_on_every_machine():
    result = metrics.bootstrap(flags(40, 10), rate_of, n_resamples=6, seed=1)
    assert (result.replicates * 40).round().astype(int).tolist() == [8, 8, 11, 9, 7, 11]


def test_bootstrap_result_reads_well_and_cannot_be_changed():
    result = metrics.bootstrap(flags(900, 300), rate_of, n_resamples=50, seed=1)
    assert repr(result).startswith("Bootstrap(estimate=0.3333, low=0.3")
    assert "0x" not in repr(result) and len(repr(result)) < 130
    with pytest.raises(AttributeError):
        result.low = 0
    with pytest.raises(ValueError):
        result.replicates[0] = 0


@pytest.mark.parametrize(
    ("table", "statistic", "options", "error", "words"),
    [
        ([1, 2], rate_of, {}, TypeError, "table is a list"),
        (flags(9, 3), rate_of, {"user": "userid"}, ValueError, "did you mean 'user_id'?"),
        (flags(9, 3).iloc[:0], rate_of, {}, ValueError, "nobody to resample"),
        (
            flags(9, 3).astype({"user_id": "Int64"}).replace({"user_id": {4: pd.NA}}),
            rate_of,
            {},
            ValueError,
            r"'user_id' is missing in 1 of 9 rows \(first: row 4\)",
        ),
        (flags(9, 3), lambda t: t, {}, TypeError, "returned a DataFrame: let it return one number"),
        (
            flags(9, 3),
            lambda t: pd.Timedelta("2D"),
            {},
            TypeError,
            r"a duration: divide it by pd.Timedelta\('1D'\)",
        ),
        (flags(9, 3), lambda t: math.nan, {}, ValueError, "of the table is nan"),
        (
            flags(9, 1),
            lambda t: t["converted"].sum() / t["converted"].sum(),
            {"seed": 1, "n_resamples": 50},
            ValueError,
            "missing or infinite in .* of 50 resamples",
        ),
        (flags(9, 3), rate_of, {"n_resamples": 1}, ValueError, "n_resamples is 1"),
        (flags(9, 3), rate_of, {"n_resamples": 2.5}, TypeError, "n_resamples is 2.5"),
        (flags(9, 3), rate_of, {"n_resamples": True}, TypeError, "n_resamples is True"),
        *[
            (flags(9, 3), rate_of, {"seed": seed}, error, f"seed is {seed!r}: give a whole number")
            for seed, error in [("a", TypeError), (1.5, TypeError), (True, TypeError)]
        ],
        (flags(9, 3), rate_of, {"seed": -1}, ValueError, "seed is -1: give a whole number"),
        (flags(9, 3), "mean", {}, TypeError, "statistic is 'mean': give a function of a table"),
        (
            pd.concat([flags(9, 3), flags(9, 3)], axis=1),
            rate_of,
            {},
            ValueError,
            "table has 2 columns called 'user_id'",
        ),
        (
            flags(4, 1).assign(user_id=[8887, "8887", 1, 2]),
            rate_of,
            {},
            TypeError,
            "'user_id' holds ids of several types",
        ),
        (flags(9, 3), lambda t: 10**400, {}, ValueError, "the statistic is too large a number"),
        (flags(9, 3), rate_of, {"confidence": 95}, ValueError, "confidence is 95"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_bootstrap_refuses_what_it_cannot_use(table, statistic, options, error, words):
    with pytest.raises(error, match=words):
        metrics.bootstrap(table, statistic, **options)


@pytest.mark.parametrize(
    "statistic",
    [
        lambda table: (table["user_id"] < 1100).mean(),
        lambda table: table["group"].nunique(),
    ],
)
def test_a_statistic_that_a_resample_cannot_repeat_is_refused(statistic):
    """Ids are numbered anew; of 400 distinct values a resample has about 253."""
    users = flags(400, 100).assign(user_id=range(1000, 1400), group=range(400))
    with pytest.raises(ValueError, match="is outside of all 200 resamples .* distinct"):
        metrics.bootstrap(users, statistic, n_resamples=200, seed=1)


def test_a_statistic_that_never_changes_is_not_refused_for_its_rounding():
    result = metrics.bootstrap(flags(9, 3), lambda table: 0.1 + 0.2, n_resamples=100)
    assert (result.low, result.high, result.noise) == (0.1 + 0.2, 0.1 + 0.2, (0, 0))


def test_bootstrap_draws_two_thousand_times_unless_told_otherwise():
    assert len(metrics.bootstrap(flags(9, 3), rate_of, seed=1).replicates) == 2000


def replicates_of(values, confidence=0.95):
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return metrics.Bootstrap(0.0, low, high, np.asarray(values), confidence)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_noise_of_an_interval_is_how_far_its_ends_wander_from_seed_to_seed(confidence):
    rng = np.random.default_rng(0)
    runs = [replicates_of(rng.normal(size=2000), confidence) for _ in range(400)]
    ends = np.array([(run.low, run.high) for run in runs])
    noise = np.array([run.noise for run in runs]).mean(axis=0)
    assert noise == pytest.approx(ends.std(axis=0), rel=0.1)
    # In theory sqrt(p (1 - p) / B) divided by the density at the quantile.
    z, tail = statistics.NormalDist().inv_cdf((1 + confidence) / 2), (1 - confidence) / 2
    density = statistics.NormalDist().pdf(z)
    assert noise == pytest.approx(math.sqrt(tail * (1 - tail) / 2000) / density, rel=0.1)


def test_the_noise_of_an_interval_agrees_with_maritz_and_jarrett():
    """Another estimator of the same: a weighted sum over all replicates."""
    from scipy.stats.mstats import mjci

    values = np.random.default_rng(3).gamma(2, size=5000)
    theirs = mjci(values, [0.025, 0.975])
    assert replicates_of(values).noise == pytest.approx(theirs, rel=0.15)


def test_four_times_as_many_resamples_halve_the_noise():
    values = statistics.NormalDist().inv_cdf
    few, many = (
        replicates_of([values((i + 0.5) / n) for i in range(n)]).noise for n in (1000, 4000)
    )
    assert few == pytest.approx(2 * np.array(many), rel=0.03)


def test_the_noise_is_missing_where_the_resamples_are_too_few_to_tell():
    assert np.isnan(replicates_of(range(38)).noise).all()
    assert not np.isnan(replicates_of(range(40)).noise).any()
    assert np.isnan(replicates_of(range(190), 0.99).noise).all()


def test_a_bootstrap_is_silent_where_nobody_watches(capsys, monkeypatch):
    """A stored notebook must not depend on how fast the machine was."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    bars = watched_bars(monkeypatch)
    metrics.bootstrap(flags(9, 3), rate_of, n_resamples=50)
    assert [bar["shown"] for bar in bars] == [False]
    assert capsys.readouterr() == ("", "")


def test_a_bootstrap_shows_its_progress_in_jupyterlab_once_it_takes_five_seconds(
    capsys, monkeypatch
):
    monkeypatch.setenv("JPY_SESSION_NAME", "02.ipynb")
    bars = watched_bars(monkeypatch)
    metrics.bootstrap(flags(9, 3), rate_of, n_resamples=50)
    assert bars == [{"shown": True, "total": 50, "delay": 5, "leave": False}]
    assert capsys.readouterr() == ("", "")


def test_a_bootstrap_shows_its_progress_in_a_terminal(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    bars = watched_bars(monkeypatch)
    metrics.bootstrap(flags(9, 3), rate_of, n_resamples=50)
    assert [bar["shown"] for bar in bars] == [True]


def watched_bars(monkeypatch):
    """Keep the bars that are made, so that a test can look at them."""
    import tqdm

    bars = []

    class Watched(tqdm.tqdm):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            of_bar = {name: getattr(self, name, None) for name in ("total", "delay", "leave")}
            bars.append({"shown": not self.disable, **of_bar})

    monkeypatch.setattr(tqdm, "tqdm", Watched)
    return bars


# ---------------------------------------------------------------- money

money = st.floats(0.01, 1e9)


def test_the_article_s_return_and_what_is_left_of_it():
    assert metrics.roi_on_revenue(30_000, 10_000) == 2
    assert metrics.roas(30_000, 10_000) == 3
    assert metrics.roi_on_margin(30_000, 0.38 * 30_000, 10_000) == pytest.approx(0.86)


@given(money, money, st.floats(0, 1))
def test_returns_hang_together(revenue, cost, share):
    on_revenue = metrics.roi_on_revenue(revenue, cost)
    on_margin = metrics.roi_on_margin(revenue, share * revenue, cost)
    assert metrics.roas(revenue, cost) == pytest.approx(on_revenue + 1)
    assert on_margin <= on_revenue + 1e-9 * abs(on_revenue) + 1e-9
    assert on_margin == pytest.approx((1 - share) * revenue / cost - 1)
    assert metrics.roi_on_margin(revenue, 0, cost) == pytest.approx(on_revenue)


@given(money, money, st.integers(1, 10**6))
def test_break_even_is_where_the_return_is_zero(cost_per_visitor, margin, visitors):
    rate = metrics.break_even_rate(cost_per_visitor, margin)
    earned, spent = rate * visitors * margin, cost_per_visitor * visitors
    assert metrics.roi_on_revenue(earned, spent) == pytest.approx(0, abs=1e-9)
    assert metrics.payback_months(cost_per_visitor / rate, margin) == pytest.approx(1)


@given(st.lists(st.tuples(money, st.integers(1, 1000), st.booleans()), min_size=1, max_size=8))
def test_blended_cost_never_exceeds_paid_cost(channels):
    cost = {n: spent if paid else 0 for n, (spent, _, paid) in enumerate(channels)}
    customers = {n: won for n, (_, won, _) in enumerate(channels)}
    blended = metrics.cac(cost, customers)
    assert blended == pytest.approx(sum(cost.values()) / sum(customers.values()))
    if any(cost.values()):
        paid = metrics.cac(cost, customers, basis="paid")
        assert blended <= paid * (1 + 1e-12)
        each = [metrics.cost_per(cost[n], customers[n]) for n in cost if cost[n]]
        assert min(each) * (1 - 1e-9) <= paid <= max(each) * (1 + 1e-9)


def test_channels_may_come_in_any_order():
    cost = pd.Series({"ads": 3000.0, "direct": 0.0})
    assert metrics.cac(cost, pd.Series({"direct": 10, "ads": 20})) == 100


@given(st.lists(st.tuples(money, st.floats(0, 1e9)), min_size=2, max_size=8))
def test_marginal_returns_add_up_to_all_that_came_back(levels):
    steps, returned = zip(*levels, strict=True)
    cost = np.cumsum(steps)
    table = metrics.marginal_returns(cost, list(returned))
    risen = (table["marginal"] * table["cost"].diff()).iloc[1:].sum()
    assert risen == pytest.approx(returned[-1] - returned[0], rel=1e-6, abs=1e-3)
    assert np.isnan(table["marginal"].iloc[0])
    assert (table["average"] * table["cost"]).to_numpy() == pytest.approx(np.array(returned))


def test_a_channel_that_saturates_has_a_marginal_return_below_its_average():
    cost = np.array([50, 100, 150, 200.0])
    table = metrics.marginal_returns(cost, 1000 * cost / (cost + 80))
    assert (table["marginal"].iloc[1:] < table["average"].iloc[1:]).all()
    assert table["marginal"].iloc[1:].is_monotonic_decreasing


def profit(visitors, rate, margin, cost=500):
    return visitors * rate * margin - cost


BASE = {"visitors": 1000, "rate": 0.02, "margin": 50}


def test_sensitivity_moves_one_input_at_a_time():
    changes = {"margin": (45, 52), "rate": (0.018, 0.03), "visitors": (1000, 1000)}
    table = metrics.sensitivity(profit, BASE, changes)
    assert list(table.index) == ["rate", "margin", "visitors"]
    assert table.attrs["base"] == profit(**BASE)
    for name, row in table.iterrows():
        assert row["result_low"] == profit(**BASE | {name: changes[name][0]})
        assert row["result_high"] == profit(**BASE | {name: changes[name][1]})
        assert row["swing"] == abs(row["result_high"] - row["result_low"])
    assert table.loc["visitors", "swing"] == 0


def test_sensitivity_to_a_cost_falls():
    table = metrics.sensitivity(profit, BASE | {"cost": 500}, {"cost": (400, 700)})
    assert table.loc["cost", "result_low"] > table.loc["cost", "result_high"]
    assert table.loc["cost", "swing"] == 300


def test_sensitivity_hands_the_inputs_on_as_they_are():
    table = metrics.sensitivity(lambda n: len(range(n)), {"n": 5}, {"n": (4, 6)})
    assert table.loc["n", ["result_low", "result_high"]].tolist() == [4, 6]


SERIES = pd.Series([1.0, 2.0], index=["ads", "seo"])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: metrics.roi_on_revenue(1, 0), ValueError, "cost is 0: a return on nothing"),
        (lambda: metrics.roi_on_revenue(1, -5), ValueError, r"cost is negative \(-5\)"),
        (lambda: metrics.roi_on_margin(1, -2, 5), ValueError, "delivery is negative"),
        (lambda: metrics.roas("1", 5), TypeError, "revenue holds text: remove currency signs"),
        (lambda: metrics.roas(np.nan, 5), ValueError, "revenue is missing"),
        (lambda: metrics.roas(np.inf, 5), ValueError, "revenue is infinite"),
        (
            lambda: metrics.roi_on_revenue(1e308, 1e-308),
            ValueError,
            r"the result is too large a number \(1e\+308 of 1e-308\): give both .* same unit",
        ),
        (
            lambda: metrics.roas(SERIES, SERIES.replace(2.0, 1e-309) * 1.0),
            ValueError,
            r"the result is too large a number in 1 of 2 rows \(first: row 'seo', 2 of 1e-309\)",
        ),
        (
            lambda: metrics.roi_on_margin(0, 1.7e308, 1.7e308),
            ValueError,
            "the result is too large a number",
        ),
        (lambda: metrics.payback_months(1e300, 1e-300), ValueError, "too large a number"),
        (lambda: metrics.break_even_rate(1e300, 1e-300), ValueError, "too large a number"),
        (lambda: metrics.cost_per(SERIES, SERIES - 1), ValueError, "nobody .* row 'ads'"),
        (lambda: metrics.roas([1, 2], [1, 2, 3]), ValueError, "2 of revenue and 3 of cost"),
        (lambda: metrics.roas(SERIES, SERIES[::-1]), ValueError, "different indexes"),
        (lambda: metrics.roas(SERIES, -SERIES), ValueError, "in 2 of 2 rows .*row 'ads', -1"),
        (lambda: metrics.cost_per(100, 0), ValueError, "nobody reached the stage"),
        (lambda: metrics.cost_per(100, 1.5), ValueError, "reached is not a whole number"),
        (lambda: metrics.cac({"a": 1}, {"a": 0}), ValueError, "there are no customers"),
        (lambda: metrics.cac({"a": 1}, {"b": 1}), ValueError, "only one .* has a, b"),
        (lambda: metrics.cac({"a": -1}, {"a": 1}), ValueError, "cost is negative"),
        (lambda: metrics.cac(100, 2), TypeError, "cost is an int: .*cost_per"),
        (lambda: metrics.cac({"a": 0}, {"a": 1}, basis="paid"), ValueError, "no channel costs"),
        (
            lambda: metrics.cac(pd.Series([1, 2], ["a", "a"]), pd.Series([1, 2], ["a", "a"])),
            ValueError,
            r"a channel of cost is there twice .*'a'\): sum them",
        ),
        (lambda: metrics.cac({"a": 1, "b": 1}, {"a": True, "b": False}), TypeError, "is boolean"),
        (
            lambda: metrics.cac({"a": 1}, {"a": 1}, basis="all"),
            ValueError,
            "basis is 'all': give one of 'blended'",
        ),
        (lambda: metrics.payback_months(100, 0), ValueError, "never paid back"),
        (lambda: metrics.break_even_rate(1, 0), ValueError, "no rate breaks even"),
        (lambda: metrics.marginal_returns([1], [1]), ValueError, "at least two levels"),
        (
            lambda: metrics.marginal_returns([1, 2, 3], [5]),
            ValueError,
            "there are 3 of cost and 1 of returned: give one of each for all levels",
        ),
        (lambda: metrics.marginal_returns(3, [1, 2]), TypeError, "cost is 3: give a column"),
        (lambda: metrics.marginal_returns({1, 3}, [1, 2]), TypeError, "cost is a set"),
        (
            lambda: metrics.marginal_returns(SERIES, SERIES[::-1]),
            ValueError,
            "cost and returned have different indexes",
        ),
        (lambda: metrics.marginal_returns([1, 3, 2], [1, 2, 3]), ValueError, "from 3 to 2"),
        (lambda: metrics.marginal_returns([0, 3], [1, 2]), ValueError, "cost is 0"),
        (
            lambda: metrics.sensitivity(profit, BASE, {"rat": (0, 1)}),
            ValueError,
            "no input in base is called 'rat': did you mean 'rate'",
        ),
        (
            lambda: metrics.sensitivity(profit, BASE, {"rate": (0.03, 0.04)}),
            ValueError,
            "the range of 'rate' is 0.03 to 0.04, and it is now 0.02",
        ),
        (lambda: metrics.sensitivity(profit, BASE, {}), ValueError, "changes is empty"),
        (
            lambda: metrics.sensitivity(lambda **_: "5", BASE, {"rate": (0, 1)}),
            TypeError,
            "result returned a str: let it return one number",
        ),
        *[
            (
                lambda ends=ends: metrics.sensitivity(profit, BASE, {"rate": ends}),
                TypeError,
                r"the range of 'rate' is .*: give two numbers, \{'rate': \(low, high\)\}",
            )
            for ends in [(0.01,), (0.01, 0.02, 0.03), "-10%", 0.03, {0.01, 0.03}, None]
        ],
        (
            lambda: metrics.sensitivity(profit, BASE, {"rate": ("0.01", 0.03)}),
            TypeError,
            "an end of 'rate' is '0.01': give two numbers",
        ),
        (
            lambda: metrics.sensitivity(profit, BASE, {"rate": (0.01, np.inf)}),
            ValueError,
            "an end of 'rate' is inf: give two numbers",
        ),
        (
            lambda: metrics.sensitivity(profit, BASE, [("rate", (0, 1))]),
            TypeError,
            "changes is a list: give a dictionary by input",
        ),
        (
            lambda: metrics.sensitivity(500, BASE, {"rate": (0, 1)}),
            TypeError,
            "result is 500: give a function of the inputs",
        ),
        (
            lambda: metrics.sensitivity(profit, BASE | {"margin": "50"}, {"rate": (0, 1)}),
            TypeError,
            "'margin' in base is '50': give a number",
        ),
        (
            lambda: metrics.sensitivity(profit, {"rate": 0.02}, {"rate": (0, 1)}),
            TypeError,
            "result cannot be called with rate .*missing a required argument: 'visitors'",
        ),
        (
            lambda: metrics.sensitivity(profit, BASE | {"fee": 1}, {"rate": (0, 1)}),
            TypeError,
            "result cannot be called with visitors, rate, margin, fee .*'fee'.*: name the inputs",
        ),
        (
            lambda: metrics.sensitivity(
                lambda rate: 1 / rate if rate else np.inf, {"rate": 1}, {"rate": (0, 1)}
            ),
            ValueError,
            "missing or infinite in 1 of 1 inputs .*'rate'",
        ),
    ],
)
def test_money_that_cannot_be_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


# ---------------------------------------------------------------- the metric contract

TIMES = {}
for _user, _event, _time in contract.EXAMPLE_EVENTS:
    TIMES.setdefault(_user, {})[_event] = datetime.fromisoformat(_time)


def who(event):
    return {user for user, times in TIMES.items() if event in times}


def days(user, start, end):
    return (TIMES[user][end] - TIMES[user][start]).total_seconds() / 86400


def week_number(time):
    return time.isocalendar().week


# The ten leads of the contract, best score first: who of them bought.
BOUGHT = [True, False, True, True, False, False, False, True, False, False]

# Each metric's numerator and denominator, counted from the example without funnelkit.
BY_HAND = {
    "conversion_rate": lambda: (200, 1000),
    # Seven tenths of 80 would be 56, and only 48 converted.
    "rate_difference": lambda: (56 * 80 - 48 * 70, 70 * 80),
    "step_rate": lambda: (len(who("opportunity")), len(who("lead"))),
    "overall_rate": lambda: (len(who("customer")), len(who("visit"))),
    "period_rate": lambda: (
        sum(week_number(TIMES[user]["customer"]) == 11 for user in who("customer")),
        sum(week_number(TIMES[user]["visit"]) == 11 for user in who("visit")),
    ),
    "cohort_rate": lambda: (
        sum(
            week_number(TIMES[user]["visit"]) == 10 and days(user, "visit", "customer") <= 7
            for user in who("customer")
        ),
        sum(week_number(TIMES[user]["visit"]) == 10 for user in who("visit")),
    ),
    "time_to_convert": lambda: (
        tuple(sorted(days(user, "visit", "customer") for user in who("customer"))),
        len(who("customer")),
    ),
    "dwell_time": lambda: (
        tuple(sorted(days(user, "opportunity", "customer") for user in who("customer"))),
        len(who("customer")),
    ),
    "roi_on_revenue": lambda: (30_000 - 10_000, 10_000),
    "roi_on_margin": lambda: (30_000 - 11_400 - 10_000, 10_000),
    "roas": lambda: (30_000, 10_000),
    "cost_per_lead": lambda: (1000, 40),
    "cac_blended": lambda: (3000 + 0, 20 + 10),
    "cac_paid": lambda: (3000, 20),
    "payback_period": lambda: (150, 25),
    "break_even_rate": lambda: (3, 150),
    "marginal_return": lambda: (80 - 50, 200 - 100),
    "retention_rate": lambda: (200 - 30, 200),
    "churn": lambda: (200 - 170, 200),
    "expected_lifetime": lambda: (1, 1 - 0.75),
    "kaplan_meier": lambda: ((4 - 1) * (3 - 1), 4 * 3),
    "csat": lambda: (sum(points >= 4 for points in (5, 4, 4, 2)), 4),
    "nps": lambda: (100 * (len([10, 9, 9]) - len([3])), 5),
    "fault_share": lambda: (1, 5),
    "auc_either_way": lambda: (
        sum(1.0 if a > b else 0.5 if a == b else 0.0 for a in (3, 2) for b in (2, 1)),
        2 * 2,
    ),
    "recognisable_share": lambda: (
        sum(
            [(1980, "A"), (1980, "A"), (1991, "A"), (1992, "B"), (None, "B")].count(one) < 2
            for one in [(1980, "A"), (1980, "A"), (1991, "A"), (1992, "B"), (None, "B")]
        ),
        5,
    ),
    # The first of 0, 2, 10, 12: 2 from its own, 10 and 12 from the others.
    "silhouette": lambda: ((10 + 12) // 2 - 2, (10 + 12) // 2),
    # Of 6 pairs 1 is together in both, 2 in the one and 1 in the other; all multiplied by 6.
    "adjusted_rand_index": lambda: (6 * 1 - 2 * 1, 6 * (2 + 1) // 2 - 2 * 1),
    # The young all convert with the gift; of the old without it, one of two, standing for four.
    "plan_value": lambda: (4 * 2 // 2 + 4 * 1 // 2, 4 + 4),
    "precision": lambda: (sum(BOUGHT[:5]), len(BOUGHT[:5])),
    "recall": lambda: (sum(BOUGHT[:5]), sum(BOUGHT)),
    "lift": lambda: (sum(BOUGHT[:5]) / 5, sum(BOUGHT) / 10),
    "cumulative_gains": lambda: (sum(BOUGHT[:5]), sum(BOUGHT)),
    "brier_score": lambda: (0.25**2 + 0.25**2, 2),
    "hazard": lambda: (1, 2),
    # 250 of 1,000 against 200 of 1,000.
    "relative_lift": lambda: (250 * 1000 - 200 * 1000, 200 * 1000),
    # Of a hundred customers 80 stay the first year and 64 the second.
    "clv": lambda: ((80 + 64) * 600 - 100 * 64, 100),
    "clv_from_survival": lambda: (100 * 20 + 80 * 20 + 60 * 20, 100),
    "margin_multiple": lambda: (0.75, 1 + 0.25 - 0.75),
    "payback_with_churn": lambda: (3, 1),  # 20, then 20 + 16, then 20 + 16 + 12 are 48
    "lorenz_curve": lambda: (0 + 10 + 10 + 20, 0 + 10 + 10 + 20 + 60),
    # With r = 1, alpha = 1, a = 2, b = 1 and one repeat purchase at age 1: the weight of "has
    # left" is a / b times ((1 + T) / (1 + 1)) squared.
    "probability_alive": lambda: (1, 1 + 2 * (4 / 2) ** 2),
    # An active one leaves with a Beta(2, 2) probability; the integral by partial fractions.
    "expected_purchases": lambda: (6 * (1 / 2 - (1 - math.log(2))), 1 + 2 * (2 / 2) ** 2),
    "expected_spend": lambda: (6 * (15 + 40 + 40), 6 * 2 + 4 - 1),
    "mae": lambda: (abs(2 - 6), 4),
    "rmse": lambda: (math.sqrt((2 - 6) ** 2), math.sqrt(4)),
    # The history 10, 12, 8, 12 changes by 2 and by 0 over two dates.
    "mase": lambda: ((abs(10 - 12) + abs(20 - 16)) / 2, (abs(8 - 10) + abs(12 - 12)) / 2),
    "pinball_loss": lambda: (0.9 * (12 - 10) + 0.1 * (14 - 12), 2),
    "coverage": lambda: ((8 <= 10 <= 12) + (21 <= 20 <= 25), 2),
    "sales_velocity": lambda: (150 * 0.33 * 250, 18),
    "regret": lambda: (2 + 1, 2),
    # The first click stands for one row, the second, of an action half as likely, for two.
    "off_policy_value": lambda: (0.5 / 0.5 + 0.5 / 0.25, 4),
    "effective_sample_size": lambda: ((1 + 1 + 2) ** 2, 1 + 1 + 4),
    # Linear: half of the journey of two touches and a third of that of three, of two conversions.
    "attributed_share": lambda: (3 + 2, 6 * 2),
    # Without google only the one journey by mailing alone converts: 0.2 instead of 0.8.
    "removal_effect": lambda: (4 - 1, 4),
    # Ads joins an empty set or that of mailing; journeys within: 1 of ads alone, 3 of both.
    "shapley_value": lambda: ((1 - 0) + (3 - 0), 2),
    # Shown x a y b, of which a and b are relevant, and c, which is not shown.
    "precision_at_k": lambda: (2, 4),
    "recall_at_k": lambda: (2, 3),
    "average_precision_at_k": lambda: (1 / 2 + 2 / 4, 3),
    "ndcg": lambda: (1 / math.log2(4), 1 / math.log2(2)),
    # u in three lists, v in two, w in one; x and y in none.
    "catalogue_coverage": lambda: (3, 5),
    # 112.5 would have come (100 * 90 / 80), 120 came.
    "geo_lift": lambda: (120 - 112.5, 112.5),
    "cost_per_further_conversion": lambda: (1, 90_000 * 100 / 300**2),
    "average_effect": lambda: (90 * 100 - 8 * 900, 900 * 100),
    # Areas under 0 1 1 -1 -2 -2 -1 -5/3 -2, its straight line and the best: -20/3, -8 and 3.
    "qini_coefficient": lambda: (4, 33),
}

# Metrics that are kinds of one term of the glossary.
KINDS = {
    "roi-on-revenue": "roi",
    "roi-on-margin": "roi",
    "rate-difference": "conversion-rate",
    "cac-blended": "cac",
    "cac-paid": "cac",
    "fault-share": "data-quality",
    "attributed-share": "attribution",
    "auc-either-way": "data-leakage",
    "recognisable-share": "k-anonymity",
    "plan-value": "conversion-rate",
    "relative-lift": "ab-test",
    "coverage": "prediction-interval",
    "clv-from-survival": "clv",
    "payback-with-churn": "payback-period",
    "expected-purchases": "bg-nbd",
    "expected-spend": "gamma-gamma",
    "off-policy-value": "off-policy-evaluation",
    "geo-lift": "incrementality",
    "cost-per-further-conversion": "marginal-return",
}


def test_every_metric_of_the_contract_is_counted_by_hand_here():
    assert set(BY_HAND) == set(contract.gathered())


@pytest.mark.parametrize("name", contract.gathered())
def test_the_contract_and_its_function_agree(name):
    metric = contract.gathered()[name]
    assert metric.name == name
    numerator, denominator = BY_HAND[name]()
    assert (metric.example.numerator, metric.example.denominator) == (numerator, denominator)
    if isinstance(numerator, tuple):
        assert len(numerator) == denominator
        by_hand = statistics.median(numerator)
    else:
        by_hand = numerator / denominator
    assert metric.compute() == pytest.approx(by_hand, rel=1e-12)


def test_no_two_subjects_have_a_metric_of_the_same_name():
    subjects = [importlib.import_module(f"funnelkit.{name}") for name in funnelkit.SUBJECTS]
    names = [metric.name for subject in subjects for metric in subject.METRICS]
    assert len(names) == len(set(names))
    assert names == list(contract.gathered()), "in the order of the subjects"


@pytest.mark.parametrize("subject", funnelkit.SUBJECTS)
def test_a_metric_is_computed_by_a_public_function_of_its_subject(subject):
    """Or of a module that the subject takes its entries from, or of scikit-learn."""
    for metric in importlib.import_module(f"funnelkit.{subject}").METRICS:
        where, _, name = metric.function.rpartition(".")
        module = importlib.import_module(where)
        assert callable(getattr(module, name))
        if where.startswith("sklearn."):
            continue
        assert name in dir(module) and name[0] != "_", f"{metric.name}: {metric.function}"
        assert metric in module.METRICS, f"{metric.name} is not among the metrics of {where}"


def test_the_contract_can_be_asked_for_in_any_order():
    names = ["step_rate", "conversion_rate", "churn"]
    assert list(metrics.contract(*names).index) == names


def test_the_contract_is_a_table_to_be_read():
    table = metrics.contract()
    assert list(table.index) == list(contract.gathered())
    assert list(table.columns) == [
        "formula",
        "numerator",
        "denominator",
        "unit",
        "window",
        "computed_by",
    ]
    assert (table.map(len) > 0).all(axis=None)
    assert (table.map(len) <= 50).all(axis=None), "pandas shows 50 characters of a cell"
    assert list(metrics.contract("step_rate").index) == ["step_rate"]
    with pytest.raises(ValueError, match="'step_rat': did you mean 'step_rate'?"):
        metrics.contract("step_rat")


def test_the_contract_s_metrics_are_terms_of_the_glossary():
    glossary = pd.read_csv(Path(__file__).parents[1] / "datasets" / "glossary.csv")
    names = {name.replace("_", "-") for name in contract.gathered()}
    terms = {KINDS.get(name, name) for name in names}
    assert terms <= set(glossary["id"])


@pytest.mark.parametrize("formula", metrics.contract()["formula"])
def test_the_contract_s_formulas_can_be_typeset(formula):
    from matplotlib.mathtext import MathTextParser

    MathTextParser("path").parse(formula)


def test_the_rates_of_a_funnel_multiply_to_the_overall_rate():
    """The contract's second formula of the overall rate."""
    table = funnels.funnel(LOG, ["visit", "lead", "opportunity", "customer"], window="30D")
    assert table["step_rate"].iloc[1:].prod() == pytest.approx(table["overall_rate"].iloc[-1])
