"""The weekly report: its numbers against those of the lessons, and the page."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from funnelkit import funnels, ingest, metrics, report
from funnelkit.app import cli
from funnelkit.ingest import large
from funnelkit.report import changes

STEPS = ["visit", "signup", "purchase"]


def log(weeks=16, users=60, rate=0.5, start="2026-01-05", seed=7):
    """Return a log in which so many users enter each week, and this share of them buys."""
    rng = np.random.default_rng(seed)
    entered = pd.Timestamp(start) + pd.to_timedelta(
        np.repeat(np.arange(weeks), users) * 7 + rng.uniform(0, 7, weeks * users), unit="D"
    )
    ids = np.arange(weeks * users)
    buys = rng.random(len(ids)) < np.broadcast_to(np.repeat(rate, users), len(ids)) \
        if np.ndim(rate) else rng.random(len(ids)) < rate  # fmt: skip
    rows = [pd.DataFrame({"user_id": ids, "event": "visit", "timestamp": entered})]
    for hours, name in ((5, "signup"), (30, "purchase")):
        later = pd.DataFrame(
            {"user_id": ids, "event": name, "timestamp": entered + pd.Timedelta(hours=hours)}
        )
        rows.append(later[buys | (name == "signup")])
    table = pd.concat(rows, ignore_index=True)
    table["timestamp"] = table["timestamp"].astype("datetime64[s]")
    return table


# ---------------------------------------------------------------- numbers


def test_weeks_are_named_by_their_iso_year():
    assert report.iso_week("2024-12-30") == "2025-W01"
    assert report.iso_week("2027-01-03") == "2026-W53"


def test_a_change_is_given_in_points_and_relative_and_not_from_nothing():
    assert report.change(0.20, 0.25).round(6).tolist() == [0.05, 0.25]
    risen = report.change(0, 3)
    assert risen["difference"] == 3 and np.isnan(risen["relative"])
    table = changes.count_changes(pd.Series({"a": 0}), pd.Series({"a": 3}))
    assert table["relative"].isna().all() and table["ci_low"].isna().all()


def test_the_interval_of_a_ratio_of_counts_is_that_of_a_conditional_rate():
    table = changes.count_changes(pd.Series({"a": 100}), pd.Series({"a": 130}))
    low, high = proportion_confint(130, 230, method="wilson")
    assert table.loc["a", "ci_low"] == pytest.approx(low / (1 - low) - 1)
    assert table.loc["a", "ci_high"] == pytest.approx(high / (1 - high) - 1)


def test_the_rate_of_a_week_is_the_cohort_rate_of_lesson_3():
    events = log()
    found = report.weekly(events, ["visit", "purchase"], window="7D")
    expected = metrics.cohort_rate(events, "visit", "purchase", window="7D")
    rated = found.weeks[found.weeks["rate"].notna()]
    assert len(rated) == 15
    assert rated["rate"].tolist() == expected["rate"].iloc[:15].tolist()
    assert rated["ci_high"].tolist() == expected["ci_high"].iloc[:15].tolist()


def test_the_funnel_is_that_of_lesson_3_with_the_entries_whose_window_is_over():
    events = log()
    found = report.weekly(events, STEPS, window="7D", observed_until="2026-04-19")
    expected = funnels.funnel(events, STEPS, window="7D", observed_until="2026-04-19")
    pd.testing.assert_frame_equal(found.funnel, expected)
    assert found.overall["converted"] == expected["users"].iloc[-1]


def test_an_unfinished_week_is_marked_and_compared_with_none():
    found = report.weekly(log(), STEPS, window="7D", observed_until="2026-04-22")
    assert found.weeks["state"].iloc[-1] == "unfinished week"
    assert found.changes.attrs == {"before": "2026-W15", "now": "2026-W16"}
    assert found.rate.attrs["now"] == "2026-W15"  # the windows of week 16 are not over
    begun = report.weekly(log(start="2026-01-07"), STEPS, window="7D")
    assert begun.weeks["state"].iloc[0] == "the data begin in it"


def test_a_week_that_ends_with_the_data_is_whole():
    found = report.weekly(log(), STEPS, window="7D", observed_until="2026-04-26")
    assert (
        found.weeks.index[-1] == "2026-W17" and found.weeks["state"].iloc[-1] != "unfinished week"
    )


def test_a_fall_of_the_rate_and_a_day_without_events_raise_alarms_and_nothing_else_does():
    quiet = report.weekly(log(users=140), STEPS, window="7D")
    assert len(quiet.alarms) == 0
    fallen = log(users=140, rate=[0.5] * 13 + [0.2] * 3)
    fallen = fallen[fallen["timestamp"].dt.normalize() != pd.Timestamp("2026-02-18")]
    alarms = report.weekly(fallen, STEPS, window="7D").alarms
    assert alarms["when"].tolist() == ["2026-W15", "2026-W16", "2026-02-18"]
    assert "below the limits" in alarms["what"].iloc[0]


def test_a_short_log_gets_the_parts_that_it_supports():
    events = log(weeks=1, users=20)
    found = report.weekly(events, STEPS, window="30D")
    assert found.funnel is None and found.changes is None and found.rate is None
    assert set(found.absent) == {"funnel", "changes", "rate", "alarms"}
    text = report.page(found)
    assert "Left out: no entry is 30 days old" in text and "<img" not in text


def test_orders_have_intervals_where_something_is_estimated():
    bought = pd.DataFrame({"order": range(40), "user_id": [*range(35), *range(5)], "gross": 10.0})
    bought = bought.assign(refunded=0.0, net=10.0)
    table = report.purchases(bought)
    share = table.loc["share of customers with two orders or more"]
    low, high = proportion_confint(5, 35, method="wilson")
    assert share.tolist() == pytest.approx([5 / 35, low, high])
    assert np.isnan(table.loc["gross", "ci_low"])


# ---------------------------------------------------------------- the page


class Reader(HTMLParser):
    """Collects what a browser would load or run, and which tags are open."""

    def __init__(self):
        super().__init__()
        self.tags, self.loads, self.alts, self.open = [], [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.loads += [attrs[each] for each in ("src", "href", "srcset") if each in attrs]
        if tag == "img":
            self.alts.append(attrs.get("alt", ""))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read_page(text):
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


def test_a_page_needs_nothing_and_loads_nothing():
    text = report.page(report.weekly(log(), STEPS, window="7D"), made="2026-04-27")
    read = read_page(text)
    assert read.loads and all(each.startswith("data:image/png;base64,") for each in read.loads)
    assert not {"script", "link", "iframe", "object", "style src"} & set(read.tags)
    assert "default-src 'none'" in text and "@import" not in text and "://" not in text
    assert len(text) < 600_000


def test_each_figure_has_a_text_in_its_place():
    read = read_page(report.page(report.weekly(log(), STEPS, window="7D")))
    assert len(read.alts) == 2 and all(len(alt) >= 60 for alt in read.alts)


def test_the_page_has_its_parts():
    text = report.page(report.weekly(log(), STEPS, window="7D", observed_until="2026-04-22"))
    assert "95\u00a0% interval" in text and not re.search(r"\d %", text.partition("<body>")[2])
    text = text.replace("\u00a0", " ")  # a number and its sign stay on one line
    for part in (
        "What changed since last week",
        "unfinished week",
        "Grain: ",
        "What this cannot say",
        "What would change our mind",
        "nothing was sent anywhere",
        "95 % interval",
        "2026-W16",
    ):
        assert part in text


def test_names_are_escaped_and_addresses_are_not_printed():
    evil = "<img src=x onerror=alert(1)>"
    events = log().replace({"event": {"signup": evil, "purchase": "bought by ann@x.org"}})
    found = report.weekly(events, ["visit", evil, "bought by ann@x.org"], window="7D")
    text = report.page(found, name="list of bob@x.org.csv", personal=["Email of eve@x.org"])
    assert evil not in text and "&lt;img src=x" in text
    assert not re.search(r"(ann|bob|eve)@", text) and "(e-mail)" in text
    read_page(text)


@pytest.mark.filterwarnings("error")
def test_names_that_the_font_of_figures_lacks_are_numbered_there_and_written_in_the_table():
    events = log().replace({"event": {"visit": "访客", "purchase": "成交客户"}})
    text = report.page(report.weekly(events, ["访客", "成交客户"], window="7D"))
    assert "get from step 1 to step 2" in text and "成交客户" in text


@pytest.mark.filterwarnings("error")
def test_a_log_in_which_nobody_or_everybody_converts_has_its_page():
    events = log()
    events.loc[len(events)] = [10**6, "never", pd.Timestamp("2026-01-09")]
    for steps, rate in ((["visit", "never"], 0.0), (["visit", "signup"], 1.0)):
        found = report.weekly(events, steps, window="7D")
        assert found.overall["rate"] == rate
        assert found.rate["difference"] == 0 and "0 points" in report.page(found)


def test_the_same_log_makes_the_same_page():
    pages = {report.page(report.weekly(log(), STEPS), made="2026-05-01") for _ in range(2)}
    assert len(pages) == 1


def test_a_page_is_never_written_over_a_file_untold(tmp_path):
    path = report.save("new", tmp_path / "mine.html")
    with pytest.raises(ValueError, match="is there already and was left as it is"):
        report.save("newer", path)
    assert path.read_text() == "new"
    report.save("newer", path, overwrite=True)
    assert path.read_text() == "newer"
    with pytest.raises(ValueError, match="let it end in .html"):
        report.save("new", tmp_path / "mylog.csv")


# ---------------------------------------------------------------- the command


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    events = log(weeks=6, users=30)
    events["user_id"] = "u" + events["user_id"].astype(str) + "@x.org"
    events.to_csv("mylog.csv", index=False)
    return tmp_path


def run(*arguments):
    return cli.main(["report", *arguments])


def test_the_command_writes_one_page_and_prints_no_address(place, capsys):
    assert run("mylog.csv", "--steps", "visit,signup,purchase", "--window", "14d") == 0
    text = (place / "mylog-report.html").read_text(encoding="utf-8")
    said = capsys.readouterr()
    assert "@x.org" not in text + said.out + said.err
    assert "Personal data are in the file (user_id)" in text
    assert sorted(path.name for path in place.iterdir()) == ["mylog-report.html", "mylog.csv"]


def test_the_command_leaves_files_as_they_are(place, capsys):
    before = (place / "mylog.csv").read_bytes()
    (place / "mylog-report.html").write_text("mine")
    steps = ("--steps", "visit,purchase")
    assert run("mylog.csv", *steps) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert (place / "mylog-report.html").read_text() == "mine"
    assert run("mylog.csv", *steps, "--to", "mylog.csv", "--overwrite") == 1
    assert (place / "mylog.csv").read_bytes() == before
    assert run("mylog.csv", *steps, "--overwrite") == 0


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (b"words without any sign\nand more\n", [], "is not a table"),
        (b"user_id,event,n\na,visit,1\n", [], "no column says when"),
        (b"user_id,event,time\na,visit,2026-03-02\nb,buy,2026-03-03\n",
         ["--steps", "visit,purchase"], "step 'purchase' is not in column 'event'"),
        (b"user_id,event,time\na,visit,2026-03-02\nb,buy,2026-03-02\n",
         ["--steps", "visit,buy"], "all 2 times are 2026-03-02"),
        (b"user_id,event,time\na,visit,2026-03-02 10:00 +0100\nb,buy,2026-04-02 10:00 +0200\n",
         ["--steps", "visit,buy"], "more than one time zone"),
        (b"user_id,event,time\na,visit,03/04/2026\nb,buy,05/06/2026\n",
         ["--steps", "visit,buy"], "--dates dmy or --dates mdy"),
        (b"user_id,event,time\na,c@x.org,2026-03-02\nb,d@x.org,2026-03-03\n",
         ["--steps", "c@x.org,d@x.org"], "holds e-mail addresses, which are personal data"),
        (b"a,b\n1,2\n", ["--map", "time"], "--map is 'time'"),
        (b"user_id,event,time\na,visit,2026-03-02\nb,buy,2026-03-03\n",
         ["--steps", "visit,buy", "--window", "14"], "without a unit"),
    ],
)  # fmt: skip
def test_bad_input_gets_its_message(place, capsys, content, arguments, message):
    (place / "other.csv").write_bytes(content)
    assert run("other.csv", *arguments) == 1
    said = capsys.readouterr().err
    assert message in said and "@" not in said and "Traceback" not in said
    assert not (place / "other-report.html").exists()


def test_events_that_have_not_happened_yet_are_left_out_and_said(place):
    with open("mylog.csv", "a") as file:
        file.write("u9@x.org,visit,2962-03-04 10:00:00\n")
    assert run("mylog.csv", "--steps", "visit,purchase") == 0
    text = (place / "mylog-report.html").read_text(encoding="utf-8")
    assert "1 events after the end of the data" in text and "2962" not in text


def test_columns_can_be_mapped_on_the_command_line(place):
    table = ingest.read("mylog.csv").set_axis(["Who is it", "Did", "Then"], axis=1)
    table.to_csv("named.csv", index=False)
    pairs = ["user=Who is it", "event=Did", "time=Then"]
    options = [each for pair in pairs for each in ("--map", pair)]
    assert run("named.csv", *options, "--steps", "visit,purchase", "--to", "out.html") == 0
    assert (place / "out.html").is_file()


def test_amounts_of_an_offer_and_of_its_order_are_not_added(place):
    rows = ["user,event,time,amount", *(f"u{i},visit,2026-03-{i + 1:02},500" for i in range(20))]
    rows += [f"u{i},order,2026-03-{i + 2:02},500" for i in range(10)]
    (place / "sheet.csv").write_text("\n".join(rows) + "\n")
    assert run("sheet.csv", "--steps", "visit,order", "--map", "amount=amount") == 0
    text = (place / "sheet-report.html").read_text(encoding="utf-8")
    assert "5,000.00" in text and "15,000.00" not in text
    assert "rows of “order” that have an amount" in text
    assert "amounts in 20 rows of other events" in text


@pytest.mark.parametrize("name", ["pages", "pages.html"])
def test_a_folder_for_the_page_gets_the_name_that_works(place, capsys, name):
    (place / name).mkdir()
    steps = ("--steps", "visit,purchase")
    assert run("mylog.csv", *steps, "--to", name, "--overwrite") == 1
    told = capsys.readouterr().err.rpartition("--to ")[2].strip()
    assert run("mylog.csv", *steps, "--to", told) == 0
    assert (place / told).is_file()


def test_a_window_of_centuries_is_refused(place, capsys):
    assert run("mylog.csv", "--steps", "visit,purchase", "--window", "99999d") == 1
    assert "give at most 3,650" in capsys.readouterr().err


def test_a_large_file_with_lines_below_its_table_is_read_as_a_small_one(place, monkeypatch):
    from funnelkit.app import report as verb

    with open("mylog.csv", "a") as file:
        file.write("Total,,519\nMade by a tool\n")
    steps = ("--steps", "visit,purchase")
    assert run("mylog.csv", *steps, "--to", "small.html") == 0
    monkeypatch.setattr(verb, "LARGE", 1)
    monkeypatch.setattr(large, "HEAD", 2_000)  # what is below the table is far from its head
    assert large.is_plain("mylog.csv")
    assert run("mylog.csv", *steps, "--to", "large.html") == 0
    assert (place / "large.html").read_text() == (place / "small.html").read_text()
