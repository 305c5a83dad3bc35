"""The funnel's query in Spark, against `funnels` on random logs.

One table holds many logs, told apart by the number of the log, and the query is broken down by it:
a few questions then ask about hundreds of logs.
"""

import duckdb
import numpy as np
import pandas as pd
import pytest

from funnelkit import databases, funnels

LOGS = 400
START = pd.Timestamp("2025-03-01")
QUESTIONS = [
    (steps, {"window": window, "entry": entry, "order": order})
    for steps, window, order in [
        (["a", "b", "c"], None, "loose"),
        (["a", "b", "c"], "0h", "loose"),
        (["a", "b", "c"], "3h", "loose"),
        (["a", "b", "a"], "3h", "loose"),
        (["a", "a"], "3h", "loose"),
        (["a", "b", "c"], "3h", "strict"),
        (["a", "b", "a"], "0h", "strict"),
    ]
    for entry in ["first", "any"]
]


def many_logs(seed=31):
    """Random logs full of ties; users of different logs have different ids."""
    rng = np.random.default_rng(seed)
    n = 40 * LOGS
    log = pd.DataFrame(
        {
            "log": rng.integers(0, LOGS, n),
            "user": rng.choice(["u", "U", "u ", "ü"], n),
            "event": rng.choice(
                ["a", "b", "c", "x", "A", "a "], n, p=[0.3, 0.3, 0.2, 0.1, 0.05, 0.05]
            ),
            "timestamp": START + pd.to_timedelta(rng.integers(0, 12, n), unit="h"),
            "channel": rng.choice(np.array(["mail", "Mail", "ads", None], dtype=object), n),
        }
    )
    log["user_id"] = log["log"].astype(str) + log["user"]
    return log


LOG = many_logs()


@pytest.fixture(scope="session")
def view(spark, tmp_path_factory):
    """A function that shows Spark a log under a name, by way of a Parquet file."""

    def show(log, name):
        path = tmp_path_factory.mktemp("logs") / f"{name}.parquet"
        log = log.assign(time_us=log["timestamp"].astype("datetime64[us]").astype("int64"))
        with duckdb.connect() as connection:
            connection.register("log", log.drop(columns="timestamp"))
            connection.execute(f"COPY log TO '{path}' (FORMAT parquet)")
        spark.read.parquet(str(path)).createOrReplaceTempView(name)

    return show


def in_spark(spark, log, steps, *, by=None, **options):
    """Count in Spark; return the users by group and step."""
    query = databases.funnel_query(steps, by=by, dialect="spark", **options)
    labels = funnels.counts(log, steps).index
    found = {}
    for row in spark.sql(query).collect():
        (*group,) = row[: len(row) - len(steps)]
        users = row[len(group) :]
        found |= {(*group, step): n for step, n in zip(labels, users, strict=True)}
    return found


def in_pandas(log, steps, *, by=None, **options):
    """Count in memory; return the users by group and step.

    From each user's level, since a table of 400 groups with all rates takes seconds to make.
    """
    reached = funnels.reach(log, steps, by=by, **options)
    reached = reached[reached["level"] > 0]
    labels = funnels.counts(log, steps).index
    found = {}
    groups = reached.groupby(by, dropna=False)["level"] if by else [((), reached["level"])]
    for key, levels in groups:
        key = tuple(None if pd.isna(k) else k for k in (key if isinstance(key, tuple) else (key,)))
        found |= {(*key, step): (levels >= k).sum() for k, step in enumerate(labels, start=1)}
    return found


@pytest.fixture(scope="session")
def loaded(spark, view):
    view(LOG, "events")
    return spark


def test_the_logs_are_many_and_full_of_ties():
    assert LOG["log"].nunique() == LOGS
    assert LOG.duplicated(["user_id", "timestamp"]).mean() > 0.3


@pytest.mark.parametrize(("steps", "options"), QUESTIONS)
def test_spark_counts_as_funnels_does(loaded, steps, options):
    there = in_spark(loaded, LOG, steps, by="log", **options)
    assert len(there) > 0.95 * LOGS * len(steps)
    assert there == in_pandas(LOG, steps, by="log", **options)


@pytest.mark.parametrize("entry", ["first", "any"])
def test_missing_groups_and_young_entries(loaded, entry):
    options = {"window": "3h", "entry": entry, "observed_until": START + pd.Timedelta("8h")}
    options["by"] = ["log", "channel"]
    there = in_spark(loaded, LOG, ["a", "b", "c"], **options)
    assert any(channel is None for _, channel, _ in there)
    assert there == in_pandas(LOG, ["a", "b", "c"], **options)


@pytest.mark.parametrize("entry", ["first", "any"])
def test_a_whole_log_without_groups(loaded, entry):
    options = {"window": "3h", "entry": entry}
    assert in_spark(loaded, LOG, ["a", "b", "c"], **options) == in_pandas(
        LOG, ["a", "b", "c"], **options
    )


def test_the_number_of_partitions_does_not_change_a_count(loaded):
    query = databases.funnel_query(["a", "b", "c"], window="3h", by="log", dialect="spark")
    whole = sorted(map(tuple, loaded.sql(query).collect()))
    loaded.table("events").repartition(7).createOrReplaceTempView("scattered")
    query = query.replace("`events`", "`scattered`")
    assert sorted(map(tuple, loaded.sql(query).collect())) == whole


def test_texts_are_compared_byte_by_byte(spark, view):
    names = ["visit", "Visit", "visit ", "vísit"]
    log = pd.DataFrame({"user_id": range(4), "event": names, "timestamp": START})
    view(log, "names")
    assert in_spark(spark, log, ["visit"], table="names") == {("visit",): 1}


@pytest.mark.parametrize("name", ["it's", 'say "x"', "a\\' OR 1=1 --", "50 % :off", "a;b", "é"])
def test_a_name_with_a_quotation_mark_neither_breaks_nor_injects(spark, view, name):
    log = pd.DataFrame({"user_id": [1, 1, 2], "event": ["visit", name, "visit"]})
    log["it's `by`"], log["timestamp"] = ["p", "p", "q"], pd.date_range("2025-03-01", periods=3)
    view(log, "quoted")
    there = in_spark(spark, log, ["visit", name], table="quoted", by="it's `by`")
    assert list(there.values()) in ([1, 1, 1, 0], [1, 0, 1, 1])
    assert there == in_pandas(log, ["visit", name], by="it's `by`")


def test_half_is_one_half(spark):
    assert spark.sql("SELECT 1 / 2").collect()[0][0] == 0.5


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_missing_number_is_a_value_without_arrow_and_null_with_it(spark):
    log = pd.DataFrame({"amount": [950.0, np.nan]})
    found = {}
    for arrow in ["true", "false"]:
        spark.conf.set("spark.sql.execution.arrow.pyspark.enabled", arrow)
        spark.createDataFrame(log).createOrReplaceTempView("amounts")
        found[arrow] = spark.sql("SELECT COUNT(amount) FROM amounts").collect()[0][0]
    assert found == {"true": 1, "false": 2}
