"""The funnel in databases and in pieces, against `funnels`; other tools' exports, case by case."""

import json
import sqlite3

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funnelkit import databases, funnels

START = pd.Timestamp("2025-03-01")
STEPS = [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "a"], ["a", "a"], ["b", "a", "b", "c"]]
COUNTED = ["users", "step_rate", "overall_rate", "dropped", "ci_low", "ci_high"]


# ---------------------------------------------------------------- the query, on random logs


@st.composite
def questions(draw):
    """A small log full of ties and missing values, and a question about it."""
    n = draw(st.integers(1, 40))
    choose = st.lists
    log = pd.DataFrame(
        {
            "user_id": draw(choose(st.sampled_from(["u", "U", "u ", "ü"]), min_size=n, max_size=n)),
            "event": draw(choose(st.sampled_from(["a", "b", "c", "x"]), min_size=n, max_size=n)),
            "hours": draw(choose(st.integers(0, 12), min_size=n, max_size=n)),
            "channel": draw(
                choose(st.sampled_from(["mail", "Mail", "ads", None]), min_size=n, max_size=n)
            ),
            "plan": draw(choose(st.sampled_from([1.5, 2.0, None]), min_size=n, max_size=n)),
        }
    )
    log["timestamp"] = START + pd.to_timedelta(log.pop("hours"), unit="h")
    log["event"] = pd.Categorical(log["event"], categories=["a", "b", "c", "x"])
    window = draw(st.sampled_from([None, "0h", "3h", "7h"]))
    options = {
        "window": window,
        "entry": draw(st.sampled_from(["first", "any"])),
        "order": draw(st.sampled_from(["loose", "strict"])),
        "by": draw(st.sampled_from([None, None, "channel", ["plan", "channel"]])),
    }
    if window and draw(st.booleans()):
        options["observed_until"] = START + pd.Timedelta("8h")
    return log, draw(st.sampled_from(STEPS)), options


def plain(table):
    """The numbers of a funnel by group and step, whatever type the groups have."""
    index = table.index.to_frame(index=False).astype(object)
    keys = [tuple(None if pd.isna(v) else v for v in row) for row in index.to_numpy()]
    numbers = table[COUNTED].astype("float64").round(12)
    return dict(zip(keys, map(tuple, numbers.fillna(-1).to_numpy()), strict=True))


def counted_there(connection, log, steps, options):
    databases.load(connection, log, keep=["channel", "plan"], replace=True)
    try:
        return databases.funnel(connection, steps, **options)
    except ValueError as error:  # what a table cannot say: that a name was declared
        assert "no event in the table is called" in str(error)
        present = set(log["event"])
        assert not set(steps) <= present
        return None


@pytest.fixture(scope="module", params=["sqlite", "duckdb"])
def connection(request):
    there = sqlite3.connect(":memory:") if request.param == "sqlite" else duckdb.connect()
    yield there
    there.close()


@given(question=questions())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_query_counts_as_funnels_does(connection, question):
    log, steps, options = question
    there = counted_there(connection, log, steps, options)
    if there is not None:
        assert plain(there) == plain(funnels.funnel(log, steps, **options))


@pytest.mark.parametrize("name", ["it's", 'say "x"', "a\\' OR 1=1 --", "50 % :off", "a;b", "é\n"])
def test_a_name_with_a_quotation_mark_neither_breaks_nor_injects(connection, name):
    log = pd.DataFrame(
        {
            "user_id": [1, 1, 2],
            "event": ["visit", name, "visit"],
            "timestamp": pd.date_range("2025-03-01", periods=3),
            'by "it\'s"': ["p", "p", "q"],
        }
    )
    databases.load(connection, log, table=f"log of {name}", keep='by "it\'s"')
    table = databases.funnel(
        connection, ["visit", name], table=f"log of {name}", by='by "it\'s"', window="3D"
    )
    assert table["users"].tolist() == [1, 1, 1, 0]


def test_texts_are_compared_byte_by_byte(connection):
    log = pd.DataFrame(
        {
            "user_id": range(5),
            "event": ["visit", "visit", "Visit", "visit ", "vísit"],
            "timestamp": pd.date_range("2025-03-01", periods=5),
        }
    )
    databases.load(connection, log.iloc[1:], replace=True)
    assert databases.funnel(connection, ["visit"])["users"].tolist() == [1]


def test_a_missing_number_is_loaded_as_null_and_not_as_nan(connection):
    log = pd.DataFrame(
        {
            "user_id": [1, 2],
            "event": "visit",
            "timestamp": START,
            "amount": [1.0, np.nan],
            "paid": [True, False],
        }
    )
    databases.load(connection, log, keep=["amount", "paid"], replace=True)
    rows = connection.execute("SELECT COUNT(amount), COUNT(*) FROM events").fetchall()
    assert rows == [(1, 2)]


def test_half_is_one_half_only_in_some_databases():
    assert sqlite3.connect(":memory:").execute("SELECT 1 / 2").fetchone() == (0,)
    assert duckdb.connect().execute("SELECT 1 / 2").fetchone() == (0.5,)


def test_seconds_between_times_become_days_without_a_word():
    import sqlglot

    asked = "SELECT DATE_DIFF('second', a, b)"
    assert "DATEDIFF(b, a)" in sqlglot.transpile(asked, read="duckdb", write="mysql")[0]


def test_sqlite_has_no_word_for_what_is_refused():
    import sqlglot

    with pytest.raises(sqlglot.errors.UnsupportedError):
        sqlglot.transpile(
            "SELECT LAST_VALUE(a IGNORE NULLS) OVER (ORDER BY b)",
            read="duckdb",
            write="mysql",
            unsupported_level=sqlglot.ErrorLevel.RAISE,
        )


@pytest.mark.parametrize("dialect", databases.DIALECTS)
def test_the_query_is_written_for_every_database(dialect):
    query = databases.funnel_query(
        ["a", "b"], by="c", window="1D", observed_until="2025-03-31", dialect=dialect
    )
    assert "ROW_NUMBER" in query
    assert ("`c`" in query) == (dialect in ("mysql", "mariadb", "spark"))
    assert "NULLS" not in query  # MySQL has no such words


def test_times_are_whole_microseconds(connection):
    log = pd.DataFrame(
        {"user_id": [1], "event": ["visit"], "timestamp": ["2024-12-31 23:00:00.123456"]}
    )
    databases.load(connection, log, replace=True)
    stored = connection.execute("SELECT time_us FROM events").fetchall()
    assert stored == [(1735686000123456,)]
    log["timestamp"] = pd.Timestamp("2024-12-31 23:00:00.123456789")
    with pytest.raises(ValueError, match="finer than a microsecond in 1 of 1 rows"):
        databases.load(connection, log, replace=True)


def test_a_table_is_not_overwritten_unasked(connection):
    log = pd.DataFrame({"user_id": [1], "event": ["visit"], "timestamp": [START]})
    databases.load(connection, log, replace=True)
    with pytest.raises(ValueError, match="replace=True"):
        databases.load(connection, log)


def test_a_table_whose_name_differs_in_capital_letters_is_there_already(connection):
    log = pd.DataFrame({"user_id": [1], "event": ["visit"], "timestamp": [START]})
    databases.load(connection, log, replace=True)
    with pytest.raises(ValueError, match="'EVENTS'.*replace=True"):
        databases.load(connection, log, table="EVENTS")


@pytest.mark.parametrize(
    ("column", "options"),
    [
        ("row_id", {"user": "row_id"}),  # would be numbered anew
        ("time_us", {"user": "time_us"}),  # would count times as users
        ("time_us", {"event": "time_us"}),
        ("Event", {"keep": "Event"}),
        ("user_id", {"event": "user_id"}),
    ],
)
def test_two_columns_of_one_name_are_refused(connection, column, options):
    log = pd.DataFrame({"user_id": [5], "event": ["visit"], "timestamp": [START]})
    with pytest.raises(ValueError, match=f"column '{column}' has a name that the table has"):
        databases.load(connection, log.assign(**{column: 5}), replace=True, **options)


def test_what_is_not_in_the_database_is_named(connection):
    log = pd.DataFrame({"user_id": [1], "event": ["visit"], "timestamp": [START]})
    databases.load(connection, log, replace=True)
    with pytest.raises(ValueError, match="did you mean 'visit'"):
        databases.funnel(connection, ["Visit"])
    with pytest.raises(ValueError, match="no table 'nothing'"):
        databases.funnel(connection, ["visit"], table="nothing")
    with pytest.raises(ValueError, match="no column in table 'events' is called 'chanel'"):
        databases.funnel(connection, ["visit"], by="chanel")
    with pytest.raises(TypeError, match=r"sqlite3\.connect"):
        databases.funnel("log.db", ["visit"])


# ---------------------------------------------------------------- in pieces


def of_size(rows, seed=1):
    rng = np.random.default_rng(seed)
    times = START + pd.to_timedelta(rng.integers(0, 30 * 24 * 3600, rows), unit="s")
    return pd.DataFrame(
        {
            "user_id": [f"0{u}" for u in rng.integers(0, rows // 8, rows)],
            "event": rng.choice(
                ["visit", "lead", "customer", "other"], rows, p=[0.5, 0.3, 0.1, 0.1]
            ),
            "timestamp": times,
            "channel": rng.choice(["mail", "ads", None], rows),
        }
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    log = of_size(20_000)
    folder = tmp_path_factory.mktemp("log")
    log.to_csv(folder / "log.csv", index=False)
    with duckdb.connect() as connection:
        connection.register("log", log)
        connection.execute(f"COPY log TO '{folder / 'log.parquet'}' (FORMAT parquet)")
    return log, folder


@pytest.mark.parametrize("name", ["log.csv", "log.parquet"])
@pytest.mark.parametrize("parts", [1, 7])
@pytest.mark.parametrize(
    "options",
    [
        {"window": "7D"},
        {"entry": "any", "window": "3D", "by": "channel", "observed_until": "2025-03-28"},
        {"order": "strict", "by": ["channel"]},
    ],
)
def test_a_file_in_pieces_counts_as_the_whole(files, name, parts, options):
    log, folder = files
    steps = ["visit", "lead", "customer"]
    table = databases.funnel_file(folder / name, steps, parts=parts, **options)
    assert plain(table) == plain(funnels.funnel(log, steps, **options))


def test_no_more_than_a_part_is_in_memory(files):
    log, folder = files
    table = databases.funnel_file(folder / "log.parquet", ["visit", "lead"], parts=10)
    asked_for = log["event"].isin(["visit", "lead"]).sum()
    assert table.attrs["largest_part"] < 1.2 * asked_for / 10


def test_a_rare_step_may_be_absent_from_a_part(tmp_path):
    log = of_size(800)
    log.loc[0, "event"] = "refund"
    log.to_csv(tmp_path / "log.csv", index=False)
    table = databases.funnel_file(tmp_path / "log.csv", ["visit", "refund"], parts=20)
    assert plain(table) == plain(funnels.funnel(log, ["visit", "refund"]))


def test_cutting_a_file_by_rows_would_cut_chains():
    # What the docstring says, shown: halves by time lose a conversion that a part by user keeps.
    log = pd.DataFrame(
        {
            "user_id": ["u", "u"],
            "event": pd.Categorical(["visit", "lead"]),
            "timestamp": pd.to_datetime(["2025-03-01", "2025-03-20"]),
        }
    )
    halves = [funnels.counts(part, ["visit", "lead"]) for part in (log.iloc[:1], log.iloc[1:])]
    assert sum(halves).tolist() == [1, 0]
    assert funnels.counts(log, ["visit", "lead"]).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("user_id,event\n1,visit\n", "no column in the file is called 'timestamp'"),
        ("user_id,event,timestamp\n1,Visit,2025-03-01\n", "did you mean 'Visit'"),
        ("user_id,event,timestamp\n", "the file has no events"),
        ("user_id,event,timestamp\n,visit,2025-03-01\n", "column 'user_id' is missing"),
        ("user_id,event,timestamp\n1,visit,1.3.2025\n", "not a time as ISO 8601"),
    ],
)
def test_a_file_that_is_not_a_log_is_refused(tmp_path, content, message):
    path = tmp_path / "log.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        databases.funnel_file(path, ["visit"])


# ---------------------------------------------------------------- GA4


def ga4(
    event="page_view", user="7.8", time="1735686000123456", day="20250101", session="173", **more
):
    parameters = [{"key": "page_title", "value": {"string_value": "Home"}}]
    if session:
        parameters.append({"key": "ga_session_id", "value": {"int_value": session}})
    return {
        "event_date": day,
        "event_timestamp": time,
        "event_name": event,
        "event_params": parameters,
        "user_pseudo_id": user,
        **more,
    }


def written(path, lines):
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    return path


def test_ga4_counts_microseconds_in_utc_and_days_in_the_property_s_zone(tmp_path):
    path = written(tmp_path / "events_20250101.json", [ga4()])
    row = databases.read_ga4(path, names={"page_view": "visit"}).iloc[0]
    assert row["timestamp"] == pd.Timestamp("2024-12-31 23:00:00.123456")
    assert row["event_date"] == pd.Timestamp("2025-01-01")
    assert row["event"] == "visit"


def test_a_session_is_the_pair_of_user_and_session_id(tmp_path):
    lines = [
        ga4(user="1.1"),
        ga4(user="2.2"),
        ga4(user="1.1", session=None, time="1735686000999999"),
    ]
    log = databases.read_ga4(written(tmp_path / "events_20250101.json", lines))
    assert log["session_id"].nunique() == 2
    assert log["session_id"].isna().sum() == 1


def test_rows_without_consent_are_nobody_s(tmp_path):
    lines = [ga4(user=None, session=None), ga4(user="", event="purchase"), ga4(user="1.1")]
    log = databases.read_ga4(written(tmp_path / "events_20250101.json", lines))
    assert log["user_id"].tolist() == ["1.1"]
    assert log.attrs["without_user"] == 2


def test_intraday_rows_count_only_until_the_day_s_file_is_there(tmp_path):
    daily = written(tmp_path / "events_20250101.json", [ga4(), ga4(event="purchase")])
    same_day = written(tmp_path / "events_intraday_20250101.json", [ga4(batch_page_id=None)])
    next_day = [ga4(day="20250102", time="1735772400000000")]
    next_day = written(tmp_path / "events_intraday_20250102.json", next_day)
    log = databases.read_ga4([same_day, daily, next_day])
    assert log["event"].tolist() == ["page_view", "purchase", "page_view"]
    assert log.attrs["intraday"] == 1


def test_only_rows_equal_in_every_field_are_duplicates(tmp_path):
    lines = [ga4(batch_event_index="1"), ga4(batch_event_index="2"), ga4(batch_event_index="2")]
    log = databases.read_ga4(written(tmp_path / "events_20250101.json", lines))
    assert len(log) == 2
    assert log.attrs["duplicates"] == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1 of events.json is not a JSON object"),
        ("[1]", "not a JSON object"),
        (json.dumps({"event_name": "x"}), "has no event_date"),
        (json.dumps(ga4(time="2025-01-01")), "whole microseconds"),
        (json.dumps(ga4(day="2025-01-01")), "YYYYMMDD"),
    ],
)
def test_what_is_not_ga4_s_form_is_refused(tmp_path, line, message):
    path = tmp_path / "events.json"
    path.write_text(line)
    with pytest.raises(ValueError, match=message):
        databases.read_ga4(path)


# ---------------------------------------------------------------- Mixpanel


def mixpanel(event="Signup", time=1618716477000, user="u1", insert="29fc", **more):
    properties = {"time": time, "distinct_id": user, **more}
    if insert:
        properties["$insert_id"] = insert
    return {"event": event, "properties": properties}


def test_mixpanel_counts_seconds_or_milliseconds(tmp_path):
    lines = [mixpanel(), mixpanel(time=1618716477)]
    log = databases.read_mixpanel(written(tmp_path / "m.json", lines))
    assert log["timestamp"].tolist() == [pd.Timestamp("2021-04-18 03:27:57")]
    assert log.attrs["duplicates"] == 1


def test_mixpanel_duplicates_have_four_things_in_common(tmp_path):
    lines = [mixpanel(city="Berlin"), mixpanel(city="Bonn"), mixpanel(insert="other")]
    lines += [mixpanel(insert=None), mixpanel(insert=None), mixpanel(user="")]
    log = databases.read_mixpanel(written(tmp_path / "m.json", lines), names={"Signup": "lead"})
    assert log["event"].tolist() == ["lead"] * 4
    assert log.attrs == {"duplicates": 1, "without_user": 1}


def test_an_old_project_s_export_runs_by_its_own_clock(tmp_path):
    noon = int(pd.Timestamp("2021-07-01 12:00").timestamp())
    path = written(tmp_path / "m.json", [mixpanel(time=noon)])
    log = databases.read_mixpanel(path, project_timezone="Europe/Berlin")
    assert log["timestamp"].tolist() == [pd.Timestamp("2021-07-01 10:00")]
    twice = int(pd.Timestamp("2021-10-31 02:30").timestamp())
    path = written(tmp_path / "m.json", [mixpanel(time=twice)])
    with pytest.raises(ValueError, match="twice or not at all in 1 of 1 events"):
        databases.read_mixpanel(path, project_timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"event": "Signup"}, "no event and properties"),
        (mixpanel(time="2021-04-18"), "seconds or milliseconds"),
        (mixpanel(time=True), "seconds or milliseconds"),
        ({"event": "x", "properties": {"time": 1}}, "no distinct_id"),
    ],
)
def test_what_is_not_mixpanel_s_form_is_refused(tmp_path, line, message):
    with pytest.raises(ValueError, match=message):
        databases.read_mixpanel(written(tmp_path / "m.json", [line]))
