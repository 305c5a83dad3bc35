"""The funnel's query in MariaDB, PostgreSQL and ClickHouse, against `funnels` on random logs.

One table holds many logs, told apart by the number of the log, and the query is broken down by it:
a few questions then ask about hundreds of logs.
"""

import csv

import numpy as np
import pandas as pd
import pytest
import sqlalchemy

from funnelkit import databases, funnels

LOGS = 25
STEPS = [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "a"], ["a", "a"]]
START = pd.Timestamp("2025-03-01")
QUESTIONS = [
    (steps, {"window": window, "entry": entry, "order": order})
    for steps in STEPS
    for window in [None, "0h", "3h"]
    for entry in ["first", "any"]
    for order in ["loose", "strict"]
]


def many_logs(seed=30):
    """Random logs full of ties; users of different logs have different ids."""
    rng = np.random.default_rng(seed)
    n = 40 * LOGS
    log = pd.DataFrame(
        {
            "log": rng.integers(0, LOGS, n),
            "user": rng.choice(["u", "U", "u ", "ü"], n),
            "event": rng.choice(["a", "b", "c", "x", "A", "a "], n),
            "timestamp": START + pd.to_timedelta(rng.integers(0, 12, n), unit="h"),
            "channel": rng.choice(np.array(["mail", "Mail", "ads", None], dtype=object), n),
        }
    )
    log["user_id"] = log["log"].astype(str) + log["user"]
    return log


LOG = many_logs()


def plain(table):
    return {tuple(None if pd.isna(v) else v for v in key): n for key, n in table["users"].items()}


@pytest.fixture(scope="module")
def loaded(server_url):
    engine = sqlalchemy.create_engine(server_url)
    with engine.connect() as connection:
        databases.load(connection, LOG, keep=["log", "channel"], replace=True)
        yield connection
        connection.rollback()
        left = sqlalchemy.MetaData()
        left.reflect(connection)
        left.drop_all(connection)
        connection.commit()
    engine.dispose()


@pytest.mark.parametrize(("steps", "options"), QUESTIONS)
def test_the_server_counts_as_funnels_does(loaded, steps, options):
    there = databases.funnel(loaded, steps, by="log", **options)
    assert plain(there) == plain(funnels.funnel(LOG, steps, by="log", **options))


@pytest.mark.parametrize("entry", ["first", "any"])
def test_missing_groups_and_young_entries(loaded, entry):
    options = {"window": "3h", "entry": entry, "observed_until": START + pd.Timedelta("8h")}
    by = ["log", "channel"]
    there = databases.funnel(loaded, ["a", "b", "c"], by=by, **options)
    assert plain(there) == plain(funnels.funnel(LOG, ["a", "b", "c"], by=by, **options))


def test_texts_are_compared_byte_by_byte(loaded):
    names = ["visit", "Visit", "visit ", "vísit"]
    log = pd.DataFrame({"user_id": range(4), "event": names, "timestamp": START})
    databases.load(loaded, log, table="names", replace=True)
    assert databases.funnel(loaded, ["visit"], table="names")["users"].tolist() == [1]


@pytest.mark.parametrize("name", ["it's", 'say "x"', "a\\' OR 1=1 --", "50 % :off", "a;b", "é"])
def test_a_name_with_a_quotation_mark_neither_breaks_nor_injects(loaded, name):
    log = pd.DataFrame(
        {"user_id": [1, 1, 2], "event": ["visit", name, "visit"], 'it\'s "by"': ["p", "p", "q"]}
    )
    log["timestamp"] = pd.date_range("2025-03-01", periods=3)
    databases.load(loaded, log, table="quoted", keep='it\'s "by"', replace=True)
    table = databases.funnel(loaded, ["visit", name], table="quoted", by='it\'s "by"')
    assert table["users"].tolist() == [1, 1, 1, 0]


def ask(connection, query):
    return connection.execute(sqlalchemy.text(query)).scalar()


def test_half_is_one_half_only_in_some_databases(loaded):
    expected = {"mysql": 0.5, "postgresql": 0}[loaded.dialect.name]
    assert float(ask(loaded, "SELECT 1 / 2")) == expected


def test_how_many_of_four_names_are_equal_depends_on_the_collation(loaded):
    log = pd.DataFrame({"user_id": range(4), "event": ["visit", "Visit", "visit ", "vísit"]})
    databases.load(loaded, log.assign(timestamp=START), table="names", replace=True)
    found = {"mysql": {"utf8mb4_general_ci": 4, "utf8mb4_bin": 2, "utf8mb4_nopad_bin": 1}}
    for collation, n in found.get(loaded.dialect.name, {'"C"': 1}).items():
        query = f"SELECT COUNT(*) FROM names WHERE event COLLATE {collation} = 'visit'"
        assert ask(loaded, query) == n


# ---------------------------------------------------------------- ClickHouse, in process


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory):
    chdb_session = pytest.importorskip("chdb.session")
    path = tmp_path_factory.mktemp("chdb") / "log.csv"
    rows = LOG.assign(time_us=LOG["timestamp"].astype("datetime64[us]").astype("int64"))
    # Quoted, or a blank at the end of a text would be cut off.
    rows = rows[["user_id", "event", "time_us", "log"]]
    rows.to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC)
    session = chdb_session.Session()
    session.query("CREATE DATABASE course")
    session.query(
        "CREATE TABLE course.events (user_id String, event String, time_us Int64, log Int64) "
        "ENGINE = Memory"
    )
    session.query(f"INSERT INTO course.events FROM INFILE '{path}' FORMAT CSVWithNames")
    session.query("USE course")
    yield session
    session.close()


@pytest.mark.parametrize(("steps", "options"), QUESTIONS)
def test_clickhouse_counts_as_funnels_does(clickhouse, steps, options):
    query = databases.funnel_query(steps, by="log", dialect="clickhouse", **options)
    lines = str(clickhouse.query(query, "CSV")).split()
    there = {}
    for line in lines:
        log, *users = map(int, line.split(","))
        there |= {(log, k): n for k, n in enumerate(users)}
    here = funnels.funnel(LOG, steps, by="log", **options)["users"]
    labels = {label: k for k, label in enumerate(here.index.get_level_values("step").unique())}
    assert there == {(log, labels[step]): n for (log, step), n in here.items()}
