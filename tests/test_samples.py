"""The sample exports: made by the generator, small, and read as lesson 32 reads them."""

import re

import pandas as pd
import pytest

from funnelkit import data, ingest, report
from funnelkit.app import cli
from funnelkit.world import samples

FOLDER = data.data_folder() / "samples"
NAMES = sorted(samples.samples())


def test_a_fresh_run_makes_the_same_samples(capsys):
    assert samples.main(["--check"]) == 0, capsys.readouterr().out
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted([*NAMES, "checksums.json"])


def test_samples_are_small_and_their_checksums_are_kept(monkeypatch, tmp_path):
    assert all((FOLDER / name).stat().st_size <= 100_000 for name in NAMES)
    assert data.verify_checksums() == []
    monkeypatch.setattr(data, "data_folder", lambda: tmp_path)
    assert "datasets/samples is not there" in data.verify_checksums()[-1]


def test_addresses_in_the_samples_are_nobodys():
    for name in NAMES:
        for address in re.findall(rb"@[\w.]+", (FOLDER / name).read_bytes()):
            assert address.lower() == b"@example.org"


def test_contacts_have_stages_skipped_and_repeats():
    table = ingest.read(FOLDER / "hubspot_contacts.csv")
    assert ingest.recognise(table).name == "HubSpot contacts"
    assert table["Postal Code"].str.len().eq(5).all()
    log = ingest.to_log(table)
    assert log.attrs["steps"] == ["contact", "lead", "opportunity", "customer"]
    faults = log.attrs["faults"]["rows"]
    assert faults["opportunity without lead"] > 0 and faults["exact repeat"] > 0
    assert "customer missing" not in faults.index


def test_open_deals_have_planned_dates_that_are_not_counted():
    table = ingest.read(FOLDER / "hubspot_deals.csv")
    log = ingest.to_log(table)
    won = (log["event"] == "won").sum()
    assert won == (table["Deal Stage"] == "Closed Won").sum()
    plans = ingest.times(table["Close Date"]).max()
    assert plans > log["timestamp"].max()


def test_opportunities_are_american_and_have_lines_below():
    table = ingest.read(FOLDER / "salesforce_opportunities.csv")
    assert len(table) == 240 and "cp1252" in dict(table.attrs["notes"])["encoding"]
    assert "line" in dict(table.attrs["notes"])["footer"]
    read = ingest.times(table["Created Date"])
    assert read.attrs["decided"].startswith("month, day, year: line ")
    assert ingest.amounts(table["Amount"]).attrs["currency"] == "EUR"


def test_events_without_consent_are_counted_and_in_no_funnel():
    log = ingest.to_log(
        ingest.read(FOLDER / "ga4_events.jsonl"), ["session_start", "sign_up", "purchase"]
    )
    assert log.attrs["faults"].loc["user_pseudo_id missing", "rows"] > 0
    assert log.attrs["left_out"]["rows without who, what or when"] > 0
    assert log.attrs["zone"] == "UTC"


def test_a_shops_totals_are_counted_once():
    table = ingest.read(FOLDER / "shopify_orders.csv")
    with pytest.raises(ValueError, match="more than one time zone"):
        ingest.orders(table)
    bought = ingest.orders(table, zone="Europe/Berlin")
    assert len(bought) == table["Name"].nunique() == 330
    assert bought["gross"].sum() == pytest.approx(table["Total"].dropna().astype(float).sum())
    assert bought["gross"].sum() == pytest.approx(table["Lineitem price"].astype(float).sum())
    assert bought["net"].sum() < bought["gross"].sum()


def test_a_spreadsheet_has_its_separator_its_decimal_comma_and_its_sum():
    table = ingest.read(FOLDER / "spreadsheet.csv")
    assert list(table.columns) == ["Kunde", "Schritt", "Datum", "Betrag"]
    assert "Summe" not in table["Kunde"].tolist()
    amounts = ingest.amounts(table["Betrag"])
    below = (FOLDER / "spreadsheet.csv").read_text(encoding="utf-8-sig").splitlines()[-1]
    total = ingest.amounts(pd.Series([below.rpartition(";")[2]]))[0]
    assert amounts.sum() == pytest.approx(total)


REPORTS = {
    "hubspot_contacts.csv": ["--window", "30d"],
    "hubspot_deals.csv": ["--window", "60d"],
    "salesforce_opportunities.csv": ["--window", "60d"],
    "ga4_events.jsonl": ["--steps", "session_start,sign_up,purchase", "--window", "7d"],
    "shopify_orders.csv": ["--zone", "Europe/Berlin", "--window", "60d"],
    "spreadsheet.csv": ["--steps", "Anfrage,Angebot,Auftrag", "--map", "user=Kunde"]
    + ["--map", "event=Schritt", "--map", "time=Datum", "--map", "amount=Betrag"],
}


@pytest.mark.parametrize("name", NAMES)
def test_each_sample_becomes_a_report_without_an_address(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", str(FOLDER / name), *REPORTS[name]]) == 0, capsys.readouterr().err
    (page,) = tmp_path.iterdir()
    text = page.read_text(encoding="utf-8")
    assert "example.org" not in text and "Grain: " in text and "alt=" in text


def test_the_orders_of_a_sheet_with_a_row_per_step_are_those_with_an_amount():
    table = ingest.read(FOLDER / "spreadsheet.csv")
    mapping = {"user": "Kunde", "time": "Datum", "amount": "Betrag"}
    bought = ingest.orders(table, mapping=mapping)
    assert len(bought) == table["Betrag"].notna().sum()
    assert report.purchases(bought).loc["customers", "value"] == len(bought)
