"""Somebody's file at the door: what is read, what is asked, and what is never guessed."""

import datetime as dt
import gzip
import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit import databases, funnels, ingest
from funnelkit.ingest import large


def column(*values, name="sent"):
    return pd.Series(values, name=name, dtype="str")


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a file and reads it as it comes."""

    def write(content, name="mylog.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return ingest.read(path, **options)

    return write


# ---------------------------------------------------------------- dates


def test_dates_that_fit_both_orders_are_asked():
    with pytest.raises(ValueError, match=r"day and month may be either.*--dates dmy or --dates"):
        ingest.times(column("03/04/2025", "05/06/2025"))


def test_the_row_that_decides_the_order_is_named():
    read = ingest.times(column("03/04/2025", "16/04/2025"))
    assert read.tolist() == [pd.Timestamp("2025-04-03"), pd.Timestamp("2025-04-16")]
    assert "line 1 is '16/04/2025'" in read.attrs["decided"]
    american = ingest.times(column("03/04/2025", "05/16/2025 2:05 PM"))
    assert american.tolist() == [pd.Timestamp("2025-03-04"), pd.Timestamp("2025-05-16 14:05")]


def test_one_column_has_one_order():
    with pytest.raises(ValueError, match="two orders of day and month: line 0 .* and line 1"):
        ingest.times(column("16/04/2025", "05/16/2025"))


def test_an_order_that_a_row_contradicts_is_refused():
    with pytest.raises(ValueError, match=r"not in the order 'mdy' \(line 0, '16/04/2025'\)"):
        ingest.times(column("16/04/2025"), dates="mdy")
    told = ingest.times(column("03/04/2025"), dates="mdy")
    assert told[0] == pd.Timestamp("2025-03-04")


@given(st.lists(st.dates(dt.date(2001, 1, 1), dt.date(2030, 12, 31)), min_size=1, max_size=20))
def test_any_dates_come_back_when_their_order_is_told(days):
    for code, form in (("dmy", "%d/%m/%Y"), ("mdy", "%m.%d.%Y")):
        written = column(*[day.strftime(form) for day in days])
        try:
            read = ingest.times(written, dates=code)
        except ValueError as error:
            pytest.fail(str(error))
        assert read.dt.date.tolist() == days


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-04 14:05", "2026-03-04 14:05"),
        ("2026-03-04T14:05:06.5Z", "2026-03-04 14:05:06.5"),
        ("2026/3/4", "2026-03-04"),
        ("4. März 2026", "2026-03-04"),
        ("Mar 4, 2026 12:05 AM", "2026-03-04 00:05"),
        ("20260304", "2026-03-04"),
        ("1735686000", "2024-12-31 23:00"),
        ("1735686000123456", "2024-12-31 23:00:00.123456"),
        ("31.12.25 23:59", "2025-12-31 23:59"),
        ("2026-03-04 14:05:00 +0100", "2026-03-04 13:05"),
    ],
)
def test_a_time_is_read_as_programs_write_it(text, moment):
    assert ingest.times(column(text))[0] == pd.Timestamp(moment)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("soon", "is not a date or time in 1 of 1 rows"),
        ("31/02/2026", "is not a day or time that can be"),
        ("46000", "a spreadsheet counts days by"),
        ("2026-03-04 10:00 CST", "a zone by a name with several meanings"),
        ("4 Xyz 2026", "names a month that is not known"),
    ],
)
def test_what_is_no_time_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        ingest.times(column(text))


CLOCKS_BACK = ("2025-10-25 23:30 +0200", "2025-10-26 23:30 +0100")


def test_a_day_on_which_the_clocks_go_back_has_25_hours():
    read = ingest.times(column(*CLOCKS_BACK), zone="Europe/Berlin")
    assert read[1] - read[0] == pd.Timedelta("25h")
    unwritten = column("2025-10-25 23:30", "2025-10-26 23:30")
    assert ingest.times(unwritten, zone="Europe/Berlin").diff()[1] == pd.Timedelta("25h")


def test_more_than_one_time_zone_is_asked():
    with pytest.raises(ValueError, match=r"more than one time zone \(\+0200 in 1 rows"):
        ingest.times(column(*CLOCKS_BACK))
    with pytest.raises(ValueError, match="more than one time zone: 1 of 2 have none"):
        ingest.times(column("2025-10-25 23:30 +0200", "2025-10-26 23:30"))


def test_an_hour_that_comes_twice_is_counted_and_said():
    read = ingest.times(column("2025-10-26 02:30"), zone="Europe/Berlin")
    assert "1 in an hour that a clock change leaves open" in read.attrs["decided"]


# ---------------------------------------------------------------- numbers


def test_one_separator_before_three_digits_is_asked():
    with pytest.raises(ValueError, match=r"'1.234' \(line 0\), which is 1234 or 1.234"):
        ingest.amounts(column("1.234"))
    assert ingest.amounts(column("1.234"), decimal=",")[0] == 1234
    assert ingest.amounts(column("1.234"), decimal=".")[0] == 1.234


def test_a_point_read_as_german_is_refused_and_not_made_a_hundred_times_larger():
    with pytest.raises(ValueError, match="does not fit a decimal comma"):
        ingest.amounts(column("12.50"), decimal=",")


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1.234,56"], [1234.56]),
        (["1,234", "0.5"], [1234, 0.5]),
        (["1,234,567"], [1234567]),
        (["-12", " 1 234,50 €"], [-12, 1234.5]),
        (["EUR 1,250.00", "€5"], [1250, 5]),
        (["1'234.50"], [1234.5]),
        (["0,125"], [0.125]),
    ],
)
def test_numbers_are_read_as_people_write_them(texts, numbers):
    assert ingest.amounts(column(*texts)).tolist() == numbers


def test_two_signs_or_two_currencies_in_a_column_are_refused():
    with pytest.raises(ValueError, match="decimal point in line 0 .* decimal comma in line 1"):
        ingest.amounts(column("1,234.50", "1.234,50"))
    with pytest.raises(ValueError, match=r"several currencies \(EUR, USD\)"):
        ingest.amounts(column("EUR 5", "USD 6"))


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20))
def test_cents_written_as_german_or_english_come_back(cents):
    english = [f"{each / 100:,.2f}" for each in cents]
    german = [each.translate(str.maketrans(",.", ".,")) for each in english]
    for texts in (english, german):
        assert ingest.amounts(column(*texts)).tolist() == [each / 100 for each in cents]


# ---------------------------------------------------------------- the file


def test_byte_order_mark_semicolon_and_decimal_comma(file):
    table = file("\ufeffEmail;Betrag\na@x.org;1.234,56\n".encode())
    assert list(table.columns) == ["Email", "Betrag"]
    assert ingest.amounts(table["Betrag"]).tolist() == [1234.56]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252"])
def test_encodings_are_found(file, encoding):
    table = file("Name\tPLZ\nMüller\t01067\n".encode(encoding))
    assert table.loc[2].tolist() == ["Müller", "01067"]


def test_a_separator_in_the_first_line_is_taken(file):
    table = file("sep=;\nName;Betrag\nA,B;1,5\n")
    assert table.loc[3].tolist() == ["A,B", "1,5"]
    assert "the first line says so" in dict(table.attrs["notes"])["separator"]


def test_two_separators_that_fit_are_asked(file):
    with pytest.raises(ValueError, match=r"comma \(2 columns\) or semicolon \(2 columns\)"):
        file("a,b;c\nd,e;f\n")
    assert file("a,b;c\nd,e;f\n", separator=";").loc[2].tolist() == ["d,e", "f"]


def test_only_empty_is_missing_and_codes_stay_text(file):
    table = file("id,zip,phone,plan\n007,01067,+49 30 1234567,NA\n8,70173,,None\n")
    assert table["plan"].tolist() == ["NA", "None"]
    assert table["phone"].isna().tolist() == [False, True]
    assert ingest.inspect(table)["kind"].tolist() == ["text"] * 4
    assert table["id"].tolist() == ["007", "8"]


def test_report_lines_above_and_below_the_table_are_left_out_and_said(file):
    text = (
        "Opportunities by month\n\nName,Stage,Amount\nA,Won,5\nB,Lost,7\nTotal,,12\n\n"
        '"Copyright (c) 2026, all rights reserved."\n'
    )
    table = file(text)
    assert table.index.tolist() == [4, 5]
    said = dict(table.attrs["notes"])
    assert said["heading"].startswith("line 3") and said["footer"].startswith("line 6 to 8")


def test_a_row_may_run_over_several_lines_and_keeps_its_line(file):
    table = file('a,b\n"x\ny",1\nz,2\n')
    assert table.index.tolist() == [2, 4]


def test_packed_files_and_json_lines_are_read(file):
    assert file(gzip.compress(b"a,b\n1,2\n"), "mylog.csv.gz").shape == (1, 2)
    table = file('{"event_name": "visit", "n": 1, "geo": {"city": "A"}}\n{"event_name": null}\n')
    assert list(table.columns) == ["event_name", "n"]
    assert "geo" in dict(table.attrs["notes"])["left out"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04abc", r"is not a table but a workbook \(.xlsx\)"),
        (b"%PDF-1.7", "is not a table but a PDF"),
        (b"<!DOCTYPE html><html>", "is a web page, not a table"),
        (b"only words\nin lines\n", "is not a table: no comma"),
        (b"\x00\x01\x02\x00\x03\x04\x05", "holds bytes that no text has"),
        (b"a,b\n", "names of columns and no rows"),
        (b"2026-03-04,visit,5\n2026-03-05,visit,5\n", "begins with a row of values"),
        (b"a,b\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2,3,4\n1,2\n", r"first: line 8, 4\)"),
        (b'a,b\n1,2\n"1,2\n', "cannot be read"),
        (b'{"a": 1}\n{"a": \n', "line 2 is not JSON"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(file, content, message):
    with pytest.raises(ValueError, match=message):
        file(content)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match="there is no file mylog.csv"):
        ingest.read(tmp_path / "mylog.csv")
    with pytest.raises(ValueError, match="is a folder"):
        ingest.read(tmp_path)


# ---------------------------------------------------------------- columns and people


def test_two_columns_that_fit_and_none_that_fits_are_asked():
    table = pd.DataFrame({"Date": ["2026-03-04"], "Time": ["10:00"], "x": ["1"]})
    with pytest.raises(ValueError, match=r"when may be in column 'Date' or 'Time'.*--map time="):
        ingest.find_column(table, "time")
    with pytest.raises(ValueError, match=r"no column says who \(there are 'Date', 'Time', 'x'\)"):
        ingest.find_column(table, "user")
    assert ingest.find_column(table, "time", mapping={"time": "Date"}) == "Date"


def test_columns_with_personal_data_are_named():
    table = pd.DataFrame(
        {"who": ["ann@x.org", None], "First Name": ["Ann", "Bob"], "n": ["+49 30 123456", "0049"]}
    )
    found = ingest.personal_columns(table)
    assert found["who"] == "e-mail addresses" and "First Name" in found.index


def test_no_message_shows_an_address():
    with pytest.raises(ValueError) as error:
        ingest.times(column("ann@x.org"))
    assert "@" not in str(error.value)


# ---------------------------------------------------------------- the log


def log_of(rows, **options):
    table = pd.DataFrame(rows, columns=["user_id", "event", "timestamp"], dtype="str")
    return ingest.to_log(table, **options)


ROWS = [
    ("Ann@x.org", "visit", "2026-03-02 09:00"),
    ("ann@x.org", "signup", "2026-03-03 10:00"),
    ("ann@x.org", "signup", "2026-03-03 10:00"),
    (None, "visit", "2026-03-03 10:00"),
]


def test_a_log_has_numbers_for_people_and_says_what_was_left_out():
    log = log_of(ROWS, steps=["visit", "signup"])
    assert log["user_id"].tolist() == [0, 0]
    assert log.attrs["left_out"] == {"rows without who, what or when": 1, "exact repeats": 1}
    assert log.attrs["faults"].loc["user_id missing", "rows"] == 1
    assert "@" not in log.to_csv() and "@" not in str(log.attrs["notes"])


def test_steps_are_asked_and_a_step_that_is_missing_is_named():
    with pytest.raises(
        ValueError, match=r"--steps A,B,C\); column 'event' has visit \(2\), signup"
    ):
        log_of(ROWS)
    with pytest.raises(ValueError, match="'purchase' is not in column 'event': there are"):
        log_of(ROWS, steps=["visit", "purchase"])


def test_times_that_are_all_equal_are_refused():
    rows = [("a", "visit", "2026-03-02"), ("b", "signup", "2026-03-02")]
    with pytest.raises(ValueError, match="all 2 times are 2026-03-02 .* when the file was made"):
        log_of(rows, steps=["visit", "signup"])


def test_a_log_without_a_time_is_refused():
    table = pd.DataFrame({"user_id": ["a"], "event": ["visit"], "n": ["1"]})
    with pytest.raises(ValueError, match="no column says when"):
        ingest.to_log(table, ["visit", "signup"])


def test_columns_of_steps_are_mapped():
    table = pd.DataFrame(
        {"Kunde": ["a", "b"], "in": ["2026-03-02", "2026-03-03"], "out": ["2026-03-05", None]}
    )
    log = ingest.to_log(table, mapping={"user": "Kunde", "signup": "in", "purchase": "out"})
    assert log["event"].value_counts().to_dict() == {"signup": 2, "purchase": 1}
    assert log.attrs["steps"] == ["signup", "purchase"]


def test_weeks_are_counted_by_the_clock_of_the_zone():
    rows = [("a", "visit", "2026-03-01 23:30"), ("b", "signup", "2026-03-03 10:00")]
    log = log_of(rows, steps=["visit", "signup"], zone="UTC")
    assert log["local"][0] == log["timestamp"][0]
    rows = [("a", "visit", "2026-03-01T23:30Z"), ("b", "signup", "2026-03-03T10:00Z")]
    log = log_of(rows, steps=["visit", "signup"], zone="Europe/Berlin")
    assert log["local"][0] == pd.Timestamp("2026-03-02 00:30")


SHOP = pd.DataFrame(
    {
        "Name": ["#1001"] * 3 + ["#1002"] + ["#1003"] * 2,
        "Email": ["a@x.org"] * 3 + ["b@x.org"] + ["A@x.org"] * 2,
        "Financial Status": ["paid", None, None, "paid", "refunded", None],
        "Created at": ["2026-03-02 09:00"] * 3 + ["2026-03-03 12:00"] + ["2026-03-09 08:00"] * 2,
        "Total": ["50.00", None, None, "20.00", "30.00", None],
        "Refunded Amount": ["0.00", None, None, "0.00", "30.00", None],
        "Lineitem quantity": ["1"] * 6,
    }
)


def test_a_total_on_the_first_line_of_an_order_is_counted_once():
    bought = ingest.orders(SHOP)
    assert len(bought) == 3
    assert bought["gross"].sum() == 100 and bought["net"].sum() == 70
    assert (
        SHOP["Total"].ffill().astype(float).sum() == 260 - 30 + 0
    )  # what filling down makes of it
    log = ingest.to_log(SHOP)
    assert log["event"].tolist() == ["first order", "first order", "second order"]
    assert "line item" in log.attrs["grain"]


DEALS = pd.DataFrame(
    {
        "Opportunity ID": ["1", "2", "3"],
        "Opportunity Name": ["A", "B", "C"],
        "Stage": ["Closed Won", "Proposal", "Closed Lost"],
        "Created Date": ["3/2/2026", "3/3/2026", "3/16/2026"],
        "Close Date": ["3/20/2026", "12/31/2026", "3/25/2026"],
    }
)


def test_the_close_date_of_an_open_deal_is_no_sale():
    log = ingest.to_log(DEALS)
    assert log["event"].value_counts().to_dict() == {"created": 3, "won": 1}
    assert "plan" in log.attrs["warning"] and "account" in log.attrs["grain"]


def test_stages_that_are_skipped_or_out_of_order_are_faults():
    table = pd.DataFrame(
        {
            "Record ID": ["1", "2"],
            "Lifecycle Stage": ["customer"] * 2,
            "Create Date": ["2026-03-02 10:00", "2026-03-02 11:00"],
            "Became a Lead Date": [None, "2026-03-05 10:00"],
            "Became a Customer Date": ["2026-03-04 10:00", "2026-03-04 10:00"],
        }
    )
    faults = ingest.to_log(table).attrs["faults"]["rows"]
    assert faults["customer without lead"] == 1 and faults["customer before lead"] == 1


# ---------------------------------------------------------------- a log of any size


@pytest.fixture
def plain(tmp_path):
    rows = ["user_id,event,timestamp"]
    for i in range(300):
        rows.append(f"u{i % 90}@x.org,{('visit', 'click', 'signup')[i % 3]},2026-03-0{1 + i % 9}")
    rows += ["U1@X.org,visit,2026-03-20 10:00:00", ",visit,2026-03-20", rows[1], "u2@x.org,visit,"]
    path = tmp_path / "plain.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_large_log_is_that_of_the_small_road(plain):
    assert large.is_plain(plain)
    steps = ["visit", "signup"]
    quick = large.read_large_log(plain, steps, zone="Europe/Berlin", until="2026-03-20")
    small = ingest.to_log(ingest.read(plain), steps, zone="Europe/Berlin", until="2026-03-20")
    assert quick.attrs["left_out"]["rows without who, what or when"] == 2
    for options in ({}, {"window": "3D"}):
        one = funnels.funnel(quick, steps, **options)
        pd.testing.assert_frame_equal(one, funnels.funnel(small, steps, **options))
    assert quick["local"].max() == small["local"].max() == pd.Timestamp("2026-03-20 10:00")


def test_a_large_log_refuses_what_the_small_road_refuses(plain):
    with pytest.raises(ValueError, match="step 'buy' is not in column 'event'"):
        large.read_large_log(plain, ["visit", "buy"])
    plain.write_text(plain.read_text() + "u3@x.org,visit,soon\n")
    with pytest.raises(ValueError, match=r"not a date or time in 1 of 305 rows .*'soon'"):
        large.read_large_log(plain, ["visit", "signup"])


@pytest.mark.parametrize(
    "content",
    [
        b"user_id,event,timestamp\na,visit,03/04/2026\n",
        b"user_id,event,timestamp\na,visit,2026-03-04T10:00Z\n",
        b"sep=;\nuser_id;event;timestamp\na;visit;2026-03-04\n",
        "user_id,event,timestamp\na,visit,2026-03-04\n".encode("utf-16"),
        b"who is it,event,timestamp\na,visit,2026-03-04\n",
    ],
)
def test_a_file_that_needs_a_question_takes_the_small_road(tmp_path, content):
    path = tmp_path / "mylog.csv"
    path.write_bytes(content)
    assert not large.is_plain(path)


# ---------------------------------------------------------------- files of other people's making


def test_joined_files_with_two_separators_are_refused_and_not_cut_as_a_footer(file):
    joined = "a,b,c\n" + "1,2,3\n" * 9 + "4;5;6\n" * 5
    with pytest.raises(ValueError, match="two separators: line 11 is parted by semicolon"):
        file(joined, separator=",")
    with pytest.raises(ValueError, match="21 lines from line 32 do not have the 3 fields"):
        file("a,b,c\n" + "1,2,3\n" * 30 + "words\n" * 21)


def test_a_line_of_a_report_with_two_cells_is_not_taken_for_the_heading(file):
    table = file("My report,,\nPeriod,May,\nuser,event,time\na,visit,2026-03-02\n")
    assert list(table.columns) == ["user", "event", "time"] and table.index.tolist() == [4]
    assert list(file("a,b,\n1,2,\n3,4,5\n").columns) == ["a", "b", "column 3"]


def test_cells_of_blanks_are_empty_and_not_a_user(file):
    table = file("user,event\n  ,visit\nb,visit\n")
    assert table["user"].isna().tolist() == [True, False]
    assert file('{"user": " "}\n{"user": "b"}\n')["user"].isna().tolist() == [True, False]


def test_columns_with_one_name_are_kept_and_asked(file):
    table = file("time,time,time (2),event\n1,2,3,a\n")
    assert len(set(table.columns)) == 4
    with pytest.raises(ValueError, match=r"'time' or 'time \(2\)'"):
        ingest.find_column(table, "time")


def test_a_list_of_json_objects_is_read_and_other_json_is_refused(file):
    assert file('[{"event": "visit"},\n {"event": "buy"}]')["event"].tolist() == ["visit", "buy"]
    with pytest.raises(ValueError, match="line 2 is not a JSON object"):
        file('{"a": 1}\n[1, 2]\n')
    with pytest.raises(ValueError, match="line 2 is not JSON"):
        file('[{"a": 1},\n{"a": ]')


def test_dates_with_points_beside_dates_with_strokes_are_asked():
    with pytest.raises(ValueError, match=r"in two ways.*line 1 is '03\.04\.2026'.*dates mdy"):
        ingest.times(column("03/25/2026", "03.04.2026"))
    told = ingest.times(column("03/25/2026", "03.04.2026"), dates="mdy")
    assert told.dt.day.tolist() == [25, 4]
    with pytest.raises(ValueError, match="two programs wrote the column"):
        ingest.times(column("03/25/2026", "03.04.2026"), dates="dmy")


def test_a_year_of_two_digits_in_front_is_asked():
    days = column("26-03-04", "26-03-05", "26-04-06")
    with pytest.raises(ValueError, match="the year may be the first or the last number.*ymd"):
        ingest.times(days)
    told = ingest.times(days, dates="ymd").dt.strftime("%Y-%m-%d")
    assert told.tolist() == ["2026-03-04", "2026-03-05", "2026-04-06"]
    assert ingest.times(column("13.01.26", "02.02.26")).dt.day.tolist() == [13, 2]


def test_rows_with_the_year_first_among_others_are_said():
    decided = ingest.times(column("2026-03-04", "13/03/2026")).attrs["decided"]
    assert "1 rows have the year first" in decided


def test_days_and_hours_as_a_spreadsheet_counts_them_are_named():
    with pytest.raises(ValueError, match="which a spreadsheet counts days by"):
        ingest.times(column("46055.70406", "46056,5", "46057"))


def test_events_that_differ_from_a_step_only_in_case_are_said(file):
    table = file("user,event,time\na,visit,2026-03-02\na,buy,2026-03-03\nb,Visit,2026-03-04\n")
    log = ingest.to_log(table, ["visit", "buy"])
    assert "'Visit' (1)" in dict(log.attrs["notes"])["not counted"]


def test_a_mapping_that_names_neither_role_nor_step_is_refused(file):
    table = file("who,event,time\na,visit,2026-03-02\na,buy,2026-03-03\n")
    with pytest.raises(ValueError, match="mapping names 'usr', which is neither a step nor one of"):
        ingest.to_log(table, ["visit", "buy"], mapping={"usr": "who"})


def test_a_guessed_encoding_is_mentioned_where_a_step_is_not_found(file):
    table = file("user,event,time\na,návštěva,2026-03-02\na,nákup,2026-03-03\n".encode("cp1250"))
    with pytest.raises(ValueError, match="say --encoding"):
        ingest.to_log(table, ["návštěva", "nákup"])


def test_a_purchase_that_was_exported_twice_is_counted_once(file):
    text = "user,time,amount\na,2026-03-02,10.50\n"
    bought = ingest.orders(file(text + "a,2026-03-02,10.50\na,2026-03-04,10.50\n"))
    assert bought["gross"].tolist() == [10.5, 10.5]
    assert "1 left out" in dict(bought.attrs["notes"])["exact repeats"]


def test_what_is_late_is_no_repeat_in_a_large_log(tmp_path):
    path = tmp_path / "late.csv"
    lines = ["user,event,time", "a,visit,2026-03-02", "a,buy,2026-03-03", "b,visit,2026-03-09"]
    path.write_text("\n".join([*lines, "  ,visit,2026-03-02", ""]))
    steps = ["visit", "buy"]
    log = large.read_large_log(path, steps, until="2026-03-05")
    assert log.attrs["faults"].loc["exact repeat", "rows"] == 0
    small = ingest.to_log(ingest.read(path), steps, until="2026-03-05")
    assert log.attrs["left_out"] == small.attrs["left_out"]


def test_a_separator_at_the_end_of_the_heading_or_of_the_rows_is_no_column(file):
    for text in ("user,event,\na,visit\nb,buy\n", "user,event\na,visit,\nb,buy,\n"):
        table = file(text, separator=",")
        assert table.to_dict("list") == {"user": ["a", "b"], "event": ["visit", "buy"]}


def test_rows_with_one_field_more_than_the_heading_are_named(file):
    text = "user,event,amount\n" + "a,buy,1,50\n" * 5
    with pytest.raises(ValueError, match="line 1 has 3 fields, and the rows below it have 4"):
        file(text)


# ---------------------------------------------------------------- GA4, as databases.read_ga4 has it


def ga4_row(event="page_view", user="7.8", time="1735686000123456", day="20250101", **more):
    session = [{"key": "ga_session_id", "value": {"int_value": "1735685990"}}]
    row = {"event_date": day, "event_timestamp": time, "event_name": event}
    return row | {"user_pseudo_id": user, "event_params": session} | more


GA4_ROWS = [
    ga4_row(),
    ga4_row(),  # a repeat in every field
    ga4_row(batch_event_index="2"),  # the same moment, and another event
    ga4_row(event_params=[]),  # differs in what is nested only
    ga4_row("purchase", time="1735686060000000"),
    ga4_row("purchase", user=None),
    ga4_row("purchase", user="", time="1735686060000000"),
    ga4_row("purchase", user="9.1", time="1735689600000000"),
]


@pytest.fixture
def ga4_file(tmp_path):
    path = tmp_path / "events_20250101.json"
    path.write_text("\n".join(map(json.dumps, GA4_ROWS)), encoding="utf-8")
    return path


def test_both_readers_of_ga4_find_the_same_events(ga4_file):
    log = ingest.to_log(ingest.read(ga4_file), ["page_view", "purchase"])
    there = databases.read_ga4(ga4_file)
    columns = ["event", "timestamp"]
    pd.testing.assert_frame_equal(log[columns], there[columns])
    assert log["user_id"].tolist() == pd.factorize(there["user_id"])[0].tolist()
    assert log.attrs["left_out"] == {
        "rows without who, what or when": there.attrs["without_user"],
        "exact repeats": there.attrs["duplicates"],
    }
    assert len(log) == 5 and there.attrs["duplicates"] == 1


def test_ga4_as_a_sheet_is_read_by_the_same_rule(tmp_path):
    flat = [{k: v for k, v in row.items() if k != "event_params"} for row in GA4_ROWS]
    pd.DataFrame(flat).to_csv(tmp_path / "ga4.csv", index=False)
    log = ingest.to_log(ingest.read(tmp_path / "ga4.csv"), ["page_view", "purchase"])
    # The row that differed in what was nested is a repeat here, since a sheet does not have it.
    assert len(log) == 4 and log.attrs["left_out"]["exact repeats"] == 2


def test_the_day_of_the_property_tells_that_it_has_a_zone_of_its_own(ga4_file):
    table = ingest.read(ga4_file)
    told = ingest.to_log(table, ["page_view", "purchase"])
    assert "is another day than UTC has in 4 of 5 rows" in dict(told.attrs["notes"])["days"]
    right = ingest.to_log(table, ["page_view", "purchase"], zone="Europe/Berlin")
    assert "days" not in dict(right.attrs["notes"])
    assert right["local"].dt.normalize().eq("2025-01-01").all()
    assert right["timestamp"].tolist() == told["timestamp"].tolist()


def test_ga4_with_converted_times_is_still_read(tmp_path):
    rows = {"event_name": ["visit", "buy"], "user_pseudo_id": ["7.8", "7.8"]}
    rows["event_timestamp"] = ["2025-01-01 10:00:00", "2025-01-01 11:00:00"]
    pd.DataFrame(rows).to_csv(tmp_path / "ga4.csv", index=False)
    log = ingest.to_log(ingest.read(tmp_path / "ga4.csv"), ["visit", "buy"])
    assert log["timestamp"].dt.hour.tolist() == [10, 11]
