"""The tables against their dictionary, their checksums and their generator."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit import data, schemas, school, simulate
from funnelkit.world import run

SIMULATED = [name for name, schema in schemas.SCHEMAS.items() if schema.origin == schemas.SIMULATED]


@pytest.mark.parametrize("name", fk.tables())
def test_each_table_loads_and_keeps_to_its_dictionary(name):
    table = fk.load(name)
    assert list(table.columns) == list(fk.describe(name).index)
    assert len(table) > 0


def test_loading_works_from_any_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(fk.load("cdnow")) == 6919


def test_a_loaded_table_is_the_callers_own():
    first = fk.load("orders")
    first.loc[0, "amount"] = -1.0
    first["amount"] += 1
    assert fk.load("orders")["amount"].min() > 0


def test_the_dictionary_page_is_made_from_the_schemas():
    assert (data.data_folder() / "README.md").read_text(encoding="utf-8") == data.dictionary()


def test_describe_says_what_a_row_is():
    assert fk.describe("orders").attrs["row"] == "one order of single courses"


def test_every_data_file_is_in_the_schemas_or_named_here():
    others = {"README.md", "SOURCES.md", "truth.json", "checksums.json"}
    others |= {"LICENSE_open_bandit.txt"}  # which has to go where those data go
    others |= {"samples"}  # exports to practise on, which tests/test_samples.py knows
    others |= {"heating"}  # the project's firm, which tests/test_heating.py knows
    files = {path.name for path in data.data_folder().iterdir()}
    assert files == {schema.file for schema in schemas.SCHEMAS.values()} | others


def test_sources_name_every_table_that_is_not_simulated():
    text = (data.data_folder() / "SOURCES.md").read_text(encoding="utf-8")
    for schema in schemas.SCHEMAS.values():
        assert schema.file in text
    assert "no explicit licence" in text


@pytest.mark.parametrize("switch", [None, "X86_V4"])
def test_a_fresh_run_makes_the_same_files(switch):
    environment = dict(os.environ)
    if switch:
        environment["NPY_DISABLE_CPU_FEATURES"] = switch
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "funnelkit.simulate", "--check"],
        env=environment,
        capture_output=True,
        text=True,
        cwd=data.data_folder().parent,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "every generated file is as a fresh run makes it" in run.stdout


def test_check_names_the_file_that_differs(monkeypatch, capsys):
    files = {"truth.json": b"{}\n"}
    monkeypatch.setattr(run, "files", lambda: files)
    assert simulate.main(["--check"]) == 1
    assert "datasets/truth.json: differs from a fresh run" in capsys.readouterr().out


# ---------------------------------------------------------------- relations between tables


def test_ids_match_where_tables_overlap():
    events, visitors = fk.load("events"), fk.load("visitors")
    customers = fk.load("customers")
    assert set(events["user_id"]) == set(visitors["user_id"])
    orders, subscriptions = fk.load("orders"), fk.load("subscriptions")
    by_product = customers.groupby("product")["customer_id"].agg(set)
    assert set(orders["customer_id"]) == by_product["course"]
    assert set(subscriptions["customer_id"]) == by_product["subscription"]
    # All but those who came on the day of the outage only.
    known = customers["user_id"].dropna()
    assert known.isin(visitors["user_id"]).mean() > 0.97


def test_first_order_is_on_the_day_of_enrolment():
    customers, orders = fk.load("customers"), fk.load("orders")
    first = orders.groupby("customer_id")["date"].min()
    courses = customers[customers["product"] == "course"].set_index("customer_id")
    assert (first == courses["acquired"].reindex(first.index)).all()


def test_customers_in_the_log_are_in_the_books_on_the_same_day():
    events, customers = fk.load("events"), fk.load("customers")
    visitors = fk.load("visitors")
    enrolled = events[events["event"] == "customer"].drop_duplicates("user_id")
    person = visitors.set_index("user_id")["person_id"]
    in_log = enrolled.assign(person=enrolled["user_id"].map(person)).dropna(subset="person")
    books = customers.dropna(subset="user_id")
    books = books.assign(person=books["user_id"].map(person)).dropna(subset="person")
    both = in_log.merge(books, on="person")
    assert len(both) > 250
    assert (both["timestamp"].dt.floor("D") == both["acquired"]).all()


def test_visitors_agree_with_the_log():
    events, visitors = fk.load("events"), fk.load("visitors")
    first = events.groupby("user_id")["timestamp"].min()
    assert (visitors.set_index("user_id")["first_seen"] == first.reindex(visitors["user_id"])).all()


def test_subscriptions_last_whole_months():
    subscriptions = fk.load("subscriptions").dropna(subset="ended")
    start, end = subscriptions["started"], subscriptions["ended"]
    months = (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month
    whole = [s + pd.DateOffset(months=int(m)) for s, m in zip(start, months, strict=True)]
    assert (months >= 1).all()
    assert (pd.Series(whole, index=end.index) == end).all()


def test_surveys_go_to_subscribers_and_an_answer_is_whole():
    surveys = fk.load("surveys")
    assert set(surveys["customer_id"]) <= set(fk.load("subscriptions")["customer_id"])
    answers = surveys[["answered", "csat", "nps"]].notna()
    assert (answers.all(axis="columns") | ~answers.any(axis="columns")).all()
    points = surveys[["csat", "nps"]].dropna()
    assert (points == points.round()).all(axis=None)


# ---------------------------------------------------------------- the daily figures agree


def test_the_calendar_of_the_daily_figures_has_no_gap():
    dates = fk.load("daily")["date"]
    assert (dates.diff().dropna() == pd.Timedelta("1D")).all()
    assert dates.iloc[0] == pd.Timestamp("2023-07-01") and len(dates) == 1096


def test_daily_leads_are_the_clean_leads_of_the_form_day_by_day():
    forms = school.form_leads()["created_at"]
    late = school.clean_leads().query("entry == 'form'")["created_at"]
    assert len(late) > len(forms)  # those scored need 48 hours more
    daily = fk.load("daily").set_index("date")["leads"]["2025":]
    found = late.groupby(late.dt.floor("D")).size().reindex(daily.index, fill_value=0)
    assert (daily == found).all()


def test_daily_visits_hold_the_sessions_of_the_clean_log():
    log, daily = school.clean_log(), fk.load("daily").set_index("date")
    sessions = log.groupby("session_id")["timestamp"].min()
    per_day = sessions.groupby(sessions.dt.floor("D")).size()
    assert len(per_day) == 180  # the tracker was down on one day of 181
    assert (per_day <= daily["visits"].reindex(per_day.index)).all()
    # 12 % refuse the tracker; second browsers that were never recognised count once more.
    people, came = log["person_id"].nunique(), daily["first_visits"]["2026-01-01":].sum()
    assert 0.88 < people / came < 0.95
    leads = log[log["event"] == "lead"]["person_id"].nunique()
    assert 0.84 < leads / daily["leads"]["2026-01-01":].sum() < 0.90


def test_daily_revenue_is_the_money_of_orders_and_subscriptions():
    daily, subscriptions = fk.load("daily"), fk.load("subscriptions")
    last = subscriptions["ended"].fillna(pd.Timestamp("2026-07-01")) - pd.Timedelta("1D")
    start = subscriptions["started"]
    months = (last.dt.year - start.dt.year) * 12 + last.dt.month - start.dt.month
    months -= (last.dt.day < start.dt.day) & ~last.dt.is_month_end
    paid = subscriptions["price"] @ (months + 1)
    assert daily["revenue"].sum() == pytest.approx(fk.load("orders")["amount"].sum() + paid)


def test_daily_spend_is_the_table_spend():
    daily, spend = fk.load("daily").set_index("date"), fk.load("spend")
    for channel, rows in spend.groupby("channel"):
        assert daily[f"spend_{channel}"].tolist() == rows["spend"].tolist()


# ---------------------------------------------------------------- deals and calls agree


def test_deals_agree_with_the_leads():
    leads = fk.load("leads").drop_duplicates().set_index("lead_id")
    deals, calls = fk.load("deals"), fk.load("calls")
    assert set(deals["lead_id"]) <= set(leads.index)
    won = deals[deals["outcome"] == "won"].set_index("lead_id")
    enrolled = leads[leads["called"] & leads["converted"]]
    assert won.index.is_unique and set(won.index) == set(enrolled.index)
    assert (won["closed_at"] == enrolled["converted_at"].reindex(won.index)).all()
    first = deals[~deals["recycled"]].set_index("lead_id")
    assert (first["created_at"] == leads["created_at"].reindex(first.index)).all()
    owner = leads["owner"].reindex(deals["lead_id"]).to_numpy()
    assert ((owner == deals["owner"]) | pd.isna(owner)).all()
    reached = calls[calls["reached"]]
    assert set(reached["lead_id"]) == set(leads.index[leads["called"]])
    assert (reached["adviser"].to_numpy() == leads.loc[reached["lead_id"], "owner"]).all()


def test_each_lead_is_called_until_reached():
    calls = fk.load("calls").sort_values(["lead_id", "attempt"])
    by_lead = calls.groupby("lead_id")
    assert (by_lead.cumcount() + 1 == calls["attempt"]).all()
    assert (by_lead["called_at"].diff().dropna() > pd.Timedelta(0)).all()
    assert (by_lead["adviser"].nunique() == 1).all()
    assert calls["reached"].groupby(calls["lead_id"]).sum().max() == 1
    last = calls["lead_id"].duplicated(keep="last")
    assert not calls.loc[last, "reached"].any()
    assert (calls["minutes"].notna() == calls["reached"]).all()
    leads = fk.load("leads").drop_duplicates().set_index("lead_id")
    assert (calls["called_at"].to_numpy() >= leads.loc[calls["lead_id"], "created_at"]).all()


def test_stages_are_entered_in_order_and_agree_with_the_deals():
    deals, stages = fk.load("deals").set_index("deal_id"), fk.load("stages")
    assert not stages.duplicated(["deal_id", "stage"]).any()
    entered = stages.pivot(index="deal_id", columns="stage", values="entered_at")
    assert (entered["MQL"] == deals["created_at"].reindex(entered.index)).all()
    steps = ["MQL", "SQL", "call", "proposal", "negotiation"]
    for before, after in zip(steps, steps[1:], strict=False):
        later = entered[entered[after].notna()]
        assert (later[before] <= later[after]).all(), after
    for end in ("won", "lost"):
        rows = entered[entered[end].notna()]
        assert (rows[end] >= rows[steps].max(axis="columns")).all()
        assert (rows[end] == deals.loc[rows.index, "closed_at"]).all()
        assert set(rows.index) == set(deals.index[deals["outcome"] == end])
    assert not (entered["won"].notna() & entered["lost"].notna()).any()
    early = deals.loc[entered.index[entered["negotiation"].isna()]]
    assert (early["discount"] == 0).all() and not early["objection"].any()


def test_a_recycled_deal_follows_a_lost_one():
    deals = fk.load("deals")
    first, second = (
        deals[deals["recycled"] == flag].set_index("lead_id") for flag in (False, True)
    )
    before = first.loc[second.index]
    assert (before["outcome"] == "lost").all()
    assert (before["closed_at"] <= second["created_at"]).all()


def test_a_booked_call_is_the_opportunity_of_the_log():
    leads = fk.load("leads").drop_duplicates().dropna(subset="user_id")
    deals = fk.load("deals").merge(leads[["lead_id", "user_id"]])
    known = deals[["deal_id", "user_id", "created_at"]]
    calls = fk.load("stages").query("stage == 'call'").merge(known)
    events = fk.load("events").query("event == 'opportunity'")
    logged = events.groupby("user_id")["timestamp"].agg(set)
    both = calls[calls["user_id"].isin(logged.index)]
    found = pd.Series(
        [at in logged[user] for user, at in zip(both["user_id"], both["entered_at"], strict=True)]
    )
    # Who telephoned before they sent the form has booked by the time the deal is made.
    at_once = (both["entered_at"] == both["created_at"]).to_numpy()
    assert len(both) > 400 and at_once.mean() < 0.1
    assert found[~at_once].mean() > 0.98


def test_a_won_deal_is_worth_what_the_books_say():
    leads = fk.load("leads").drop_duplicates().dropna(subset="user_id")
    customers = fk.load("customers").dropna(subset="user_id")
    deals = fk.load("deals").merge(leads[["lead_id", "user_id"]])
    won = deals[deals["outcome"] == "won"].merge(customers, on="user_id", suffixes=("", "_books"))
    assert len(won) > 250
    assert (won["closed_at"].dt.floor("D") == won["acquired"]).all()
    assert (won["product"] == won["product_books"]).all()
    orders = fk.load("orders")
    first = orders[orders["date"] == orders.groupby("customer_id")["date"].transform("min")]
    paid = first.groupby("customer_id")["amount"].sum()
    courses = won[won["product"] == "course"]
    assert np.allclose(courses["amount"], paid.loc[courses["customer_id"]])
    assert np.allclose(
        courses["list_price"] * (1 - courses["discount"]), courses["amount"], atol=0.01
    )
    year = 12 * fk.load("subscriptions").set_index("customer_id")["price"]
    plans = won[won["product"] == "subscription"]
    assert np.allclose(plans["list_price"], year.loc[plans["customer_id"]])


def test_close_dates_are_moved_only_while_a_deal_is_open():
    deals, dates = fk.load("deals").set_index("deal_id"), fk.load("close_dates")
    first = dates.drop_duplicates("deal_id").set_index("deal_id")
    assert (first["edited_at"] == deals["created_at"].reindex(first.index)).all()
    closed = dates["deal_id"].map(deals["closed_at"])
    assert (closed.isna() | (dates["edited_at"] <= closed)).all()
    last = dates.drop_duplicates("deal_id", keep="last").set_index("deal_id")["expected_close"]
    assert (last == deals["expected_close"].reindex(last.index)).all()
    moved = dates.groupby("deal_id")["expected_close"].diff().dropna()
    assert (moved > pd.Timedelta(0)).all()


def test_every_adviser_has_a_shift_in_every_week():
    shifts = fk.load("shifts")
    weeks = pd.date_range("2024-12-30", "2026-06-29", freq="7D")
    assert len(shifts) == 5 * len(weeks)
    assert not shifts.duplicated(["week", "adviser"]).any()
    assert (shifts["week"].dt.day_of_week == 0).all()


# ---------------------------------------------------------------- CDNOW, as published


def test_cdnow_is_the_published_sample():
    cdnow = fk.load("cdnow")
    assert cdnow["customer_id"].nunique() == 2357
    assert cdnow.duplicated().sum() == 21
    days = cdnow.drop_duplicates(["customer_id", "date"])
    in_calibration = days[days["date"] <= "1997-09-30"]
    assert len(in_calibration) - 2357 == 2457  # repeat purchases, Fader, Hardie & Lee 2005
    assert len(days) - len(in_calibration) == 1882  # repeat purchases in the 39 weeks after


def test_cdnow_second_purchasers_raw_and_merged():
    cdnow = fk.load("cdnow")
    assert (cdnow.groupby("customer_id").size() >= 2).sum() == 1152
    days = cdnow.drop_duplicates(["customer_id", "date"])
    assert (days.groupby("customer_id").size() >= 2).sum() == 1139


# ---------------------------------------------------------------- Open Bandit, as published


def test_open_bandit_is_the_small_version_that_was_published():
    log = fk.load("open_bandit")
    clicks = log.groupby(["campaign", "policy"])["click"].agg(["size", "sum"])
    assert (clicks["size"] == 10_000).all()
    assert clicks["sum"].tolist() == [38, 42, 46, 69, 46, 46]
    assert log.groupby("campaign")["item"].nunique().to_dict() == {
        "all": 80,
        "men": 34,
        "women": 46,
    }


def test_open_bandit_s_random_policy_gave_every_item_the_same_chance():
    log = fk.load("open_bandit").query("policy == 'random'")
    items = log["campaign"].map({"all": 80, "men": 34, "women": 46})
    assert np.allclose(log["propensity"] * items, 1, atol=1e-12)


# ---------------------------------------------------------------- bad input


def test_an_unknown_table_gets_the_nearest_name():
    with pytest.raises(ValueError, match="no table is called 'event': did you mean 'events'"):
        fk.load("event")
    for name in (["events"], None, fk.load("glossary")):
        with pytest.raises(TypeError, match="give the name of a table as text, such as 'events'"):
            fk.describe(name)


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    shutil.copytree(data.data_folder(), tmp_path, dirs_exist_ok=True)
    (tmp_path / "glossary.csv").write_bytes(b"id,term\n")
    (tmp_path / "spend.csv.gz").unlink()
    monkeypatch.setattr(data, "data_folder", lambda: tmp_path)
    with pytest.raises(ValueError, match=r"glossary.csv is not the file that the course ships"):
        fk.load("glossary")
    with pytest.raises(FileNotFoundError, match=r"datasets/spend.csv.gz, and there is no such"):
        fk.load("spend")
    problems = data.verify_checksums()
    assert len(problems) == 2
    assert any("spend.csv.gz is not there" in problem for problem in problems)


def test_damage_to_what_is_not_a_table_is_named_once(tmp_path, monkeypatch):
    """As by a stick that was pulled out: checksums, and the truth that lessons ask for."""
    shutil.copytree(data.data_folder(), tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(data, "data_folder", lambda: tmp_path)
    names = ["checksums.json", "heating/checksums.json", "samples/checksums.json"]
    for name in ["truth.json", *names]:
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:100])
    told = [problem.partition(" (")[0] for problem in data.verify_checksums()]
    assert told == [f"datasets/{name} is damaged" for name in names]
    for ask in (data.truth, lambda: data.load("pilots")):
        with pytest.raises(ValueError, match=r"\.json is damaged .* clone the course again\."):
            ask()
    (tmp_path / "truth.json").unlink()
    with pytest.raises(ValueError, match=r"datasets/truth\.json is not there\. Download"):
        data.truth()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="spend"), r"should have the columns .*'spend'"),
        (lambda t: t.assign(spend=-1.0), r"'spend': 7672 of 7672 rows .* outside 0 to 1000"),
        (lambda t: t.assign(channel="tv"), r"'channel': 7672 of 7672 rows .* \(first: tv\)"),
        (lambda t: t.assign(spend=np.nan), r"'spend': 7672 of 7672 rows are missing"),
        (lambda t: t.assign(clicks=t["clicks"].astype(float)), r"float64, not int64"),
    ],
)
def test_a_broken_table_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        schemas.check_table(change(fk.load("spend")), "spend")


def test_a_repeated_key_is_refused():
    customers = fk.load("customers")
    customers.loc[1, "customer_id"] = customers.loc[0, "customer_id"]
    with pytest.raises(ValueError, match="'customer_id': 1 of .* rows repeat an earlier value"):
        schemas.check_table(customers, "customers")


def test_without_its_checkout_the_package_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "__file__", str(tmp_path / "site" / "funnelkit" / "data.py"))
    with pytest.raises(FileNotFoundError, match="python start.py lab"):
        data.data_folder()


def test_importing_funnelkit_loads_nothing_heavy():
    code = (
        "import sys, funnelkit; print([m for m in ('scipy', 'sklearn', 'matplotlib', "
        "'statsmodels', 'surprise', 'IPython', 'seaborn') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(("version", "told"), [("2.2.2", True), ("3.0.0", False), ("x", False)])
def test_pandas_below_3_is_one_sentence(monkeypatch, version, told):
    import importlib.metadata

    import funnelkit

    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    if not told:
        assert funnelkit.load is data.load
        return
    for name in ("load", "funnels", "check"):
        with pytest.raises(
            ImportError, match=r"needs pandas 3 or newer, and this is pandas 2\.2\.2"
        ):
            funnelkit.__getattr__(name)
