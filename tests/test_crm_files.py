"""Import and export: the shapes of HubSpot and Salesforce, and awkward tables."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit import crm
from funnelkit.crm import vendors

# The export of lesson 11, as many CRMs make it: a row is a deal.
EXPORT = pd.DataFrame(
    {
        "contact": ["C-101", "C-101", "C-102", "C-103"],
        "stage": ["Customer", "Opportunity", "SQL", "MQL"],
        "phone": ["601123456", "601123456", "6,02E+08", "603777888"],
        "consent": ["Yes", "Yes", "No", ""],
        "amount": ["EUR 12.300,00", "EUR 950,50", "", "EUR 80,00"],
        "closing": ["03/04/2026", "13/04/2026", "", "01/05/2026"],
        "created": ["2026-03-01T09:30:00Z", "2026-03-02T23:30:00Z"] * 2,
    }
)
COLUMNS = {
    "contact": "lead_id",
    "stage": "stage",
    "phone": "phone",
    "consent": "consent",
    "amount": "amount",
    "closing": "expected_close",
    "created": "created_at",
}
WORDS = {
    "consent": {"Yes": True, "No": False, "": False},
    "stage": {"Customer": "won", "Opportunity": "call"},
    "phone": {"6,02E+08": None},
}
HOW = {"dates": "%d/%m/%Y", "decimal": ",", "words": WORDS}


def read(**changes):
    return crm.read_export(EXPORT, COLUMNS, **{**HOW, **changes})


def test_the_awkward_export_is_read_as_it_was_meant():
    table = read()
    assert table["consent"].tolist() == [True, True, False, False]
    assert table["amount"].tolist()[:2] == [12300.0, 950.5] and table["amount"].isna()[2]
    assert table["expected_close"].dt.month.tolist()[:2] == [4, 4]
    assert table["created_at"][1] == pd.Timestamp("2026-03-02 23:30:00")
    assert table["phone"].isna().tolist() == [False, False, True, False]


@pytest.mark.parametrize("system", vendors.SYSTEMS)
def test_the_awkward_export_makes_the_round_trip_through_a_store_and_a_file(system, tmp_path):
    table = read().assign(deal_id=["D-1", "D-2", "D-3", "D-4"], last_name="Ames")
    table["expected_close"] = table["expected_close"].fillna(pd.Timestamp("2026-06-30"))
    store = crm.Store()
    people = table.drop_duplicates("lead_id")
    store.add_contacts(people[["lead_id", "created_at", "consent", "phone", "last_name"]])
    store.add_deals(table)
    for kind, kept in (("contacts", store.contacts()), ("deals", store.deals())):
        path = tmp_path / f"{system}_{kind}.csv"
        crm.to_csv(kept, path, system=system, kind=kind)
        again = crm.from_csv(path, system=system, kind=kind)
        expected = kept[[column for column in kept.columns if column in again.columns]]
        assert set(kept.columns) - set(again.columns) <= {"open", "entered_at"}
        pd.testing.assert_frame_equal(again[expected.columns], expected, check_dtype=False)
    # What was read goes into another store, and is the same there.
    other = crm.Store(name="other")
    contacts = crm.from_csv(tmp_path / f"{system}_contacts.csv", system=system, kind="contacts")
    other.add_contacts(contacts)
    pd.testing.assert_frame_equal(other.contacts(), store.contacts())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"words": {**WORDS, "consent": {"Yes": True, "No": False}}}, "consent is missing in 1 of"),
        ({"words": {**WORDS, "consent": {"Yes": True, "": False}}}, "consent holds"),
        ({"words": {**WORDS, "phone": {}}}, "phone is written like a quantity in 1 of 4"),
        ({"dates": "%m/%d/%Y"}, "expected_close cannot be read in 1 of 4 rows .*13/04/2026"),
        ({"decimal": "."}, "amount cannot be read in 3 of 4 rows .*EUR 12.300,00"),
        ({"dates": "ISO"}, "say where day and month stand"),
    ],
)
def test_what_is_not_clear_in_an_export_is_refused(changes, message):
    with pytest.raises((ValueError, TypeError), match=message):
        read(**changes)


def test_an_unknown_field_of_an_export_is_refused_until_it_is_named_or_left_out():
    columns = {theirs: ours for theirs, ours in COLUMNS.items() if theirs != "closing"}
    with pytest.raises(ValueError, match="unknown field 'closing'.*{'closing': None}"):
        crm.read_export(EXPORT, columns, **HOW)
    assert "expected_close" not in crm.read_export(EXPORT, {**columns, "closing": None}, **HOW)
    with pytest.raises(ValueError, match="give one of .*did you mean 'expected_close'"):
        crm.read_export(EXPORT, {**columns, "closing": "expected_closing"}, **HOW)


@pytest.mark.parametrize(
    ("text", "decimal", "amount"),
    [
        ("1.234.567,89", ",", 1234567.89),
        ("1234,5", ",", 1234.5),
        ("€ 12,300.00", ".", 12300.0),
        ("80 EUR", ".", 80.0),
        ("0,05", ",", 0.05),
    ],
)
def test_amounts_are_read_by_their_decimal_sign(text, decimal, amount):
    table = crm.read_export(pd.DataFrame({"a": [text]}), {"a": "amount"}, decimal=decimal)
    assert table["amount"].tolist() == [amount]


@pytest.mark.parametrize("text", ["1,234.50", "12.30,00", "-5,00", "USD 5", "1.2345"])
def test_an_amount_of_another_shape_is_not_guessed(text):
    with pytest.raises(ValueError, match="amount cannot be read"):
        crm.read_export(pd.DataFrame({"a": [text]}), {"a": "amount"}, decimal=",")


# ---------------------------------------------------------------- the files

CONTACT = {"lead_id": ["C-1"], "email": ["ann@example.org"], "consent": ["given"]}


def contacts(**changes):
    return pd.DataFrame({**CONTACT, **changes})


TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1)


@settings(max_examples=50)
@given(names=st.lists(st.one_of(st.none(), TEXT), min_size=1, max_size=4))
def test_any_text_makes_the_round_trip(names, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "contacts.csv"
    table = pd.DataFrame({"lead_id": [f"C-{n}" for n in range(len(names))], "last_name": "x"})
    table["first_name"], table["consent"] = pd.Series(names, dtype=object), "none"
    crm.to_csv(table, path, system="salesforce", kind="contacts")
    again = crm.from_csv(path, system="salesforce", kind="contacts")["first_name"]
    assert [None if pd.isna(each) else each for each in again] == names


def test_a_file_has_the_headers_and_words_of_the_system_that_imports_it(tmp_path):
    table = contacts(last_name=["Ames"], lifecycle=["MQL"])
    written = crm.to_csv(table, tmp_path / "a.csv", system="hubspot", kind="contacts")
    assert written.columns.tolist() == [
        "Lead ID",
        "Email",
        "Last Name",
        "Lifecycle Stage",
        "Mail Consent",
    ]
    assert written["Lifecycle Stage"].tolist() == ["marketingqualifiedlead"]
    deal = pd.DataFrame({"deal_id": ["D-1"], "stage": ["won"], "amount": [950.5]})
    deal["expected_close"] = pd.to_datetime(["2026-04-03"])
    written = crm.to_csv(deal, tmp_path / "b.csv", system="salesforce", kind="deals")
    assert written.loc[0].to_dict() == {
        "Name": "D-1",
        "StageName": "Closed Won",
        "Amount": "950.50",
        "CloseDate": "2026-04-03",
    }
    written = crm.to_csv(deal, tmp_path / "c.csv", system="hubspot", kind="deals")
    assert {"Deal Name", "Pipeline", "Deal Stage"} < set(written.columns)
    assert (tmp_path / "b.csv").read_bytes().startswith(b'"Name"')  # no byte-order mark


def test_every_stage_and_lifecycle_word_of_ours_has_one_of_theirs():
    for words in vendors.WORDS.values():
        assert len(set(words.values())) == len(words)
    assert set(vendors.WORDS["hubspot", "lifecycle"]) == set(crm.LIFECYCLE)
    assert set(vendors.WORDS["salesforce", "stage"]) == set(crm.MOVES)


def test_rows_that_a_system_would_refuse_are_refused_before(tmp_path):
    path = tmp_path / "a.csv"
    nameless = contacts(email=[None], phone=["0601"])
    with pytest.raises(ValueError, match="hubspot needs First Name or Last Name or Email"):
        crm.to_csv(nameless, path, system="hubspot", kind="contacts")
    with pytest.raises(ValueError, match="salesforce needs LastName, which is missing in 1 of 1"):
        crm.to_csv(contacts(), path, system="salesforce", kind="contacts")
    deal = pd.DataFrame({"deal_id": ["D-1"], "stage": ["won"]})
    with pytest.raises(ValueError, match="salesforce needs CloseDate"):
        crm.to_csv(deal, path, system="salesforce", kind="deals")
    twice = pd.DataFrame({"lead_id": ["a", "b"], "email": ["ann@x.org", "Ann@x.org"]})
    with pytest.raises(ValueError, match="duplicate email in 1 of 2 rows .*'Ann@x.org'"):
        crm.to_csv(twice, path, system="hubspot", kind="contacts")
    with pytest.raises(ValueError, match="duplicate lead_id"):
        crm.to_csv(twice.assign(lead_id="a"), path, system="hubspot", kind="contacts")
    with pytest.raises(ValueError, match="no field of contacts is called 'age'"):
        crm.to_csv(contacts(age=[30]), path, system="hubspot", kind="contacts")
    assert not path.exists()


def test_a_file_that_is_too_large_for_an_import_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr("funnelkit.crm.exchange.LIMITS", {"hubspot": (2, 10_000)})
    crm.to_csv(contacts(), tmp_path / "a.csv", system="hubspot", kind="contacts")
    two = pd.DataFrame({"lead_id": ["a", "b"], "email": ["a@x.org", "b@x.org"]})
    with pytest.raises(ValueError, match="imports fewer than 2 .*write several files"):
        crm.to_csv(two, tmp_path / "b.csv", system="hubspot", kind="contacts")
    assert vendors.LIMITS["hubspot"] == (250_000, 150_000_000)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("Lead ID,Email\nC-1,J\xf6rg@x.org\n".encode("latin-1"), r"not UTF-8 \(first: line 2\)"),
        (b"Lead ID,E-Mail\nC-1,a@x.org\n", "no field of contacts in hubspot is called 'E-Mail'"),
        (b"Lead ID,Email\nC-1,a@x.org\nC-1,b@x.org\n", "duplicate lead_id in 1 of 2 rows"),
        (b"Lead ID,Mail Consent\nC-1,\n", "consent is missing in 1 of 1 rows"),
        (b"Lead ID,Mail Consent\nC-1,Yes\n", "consent is 'Yes': give one of 'none', 'given'"),
        (b"Lead ID,Added At\nC-1,01/03/2026\n", "created_at is not a time .*year first"),
        (b"Lead ID,Email\nC-1,a@x.org,b\n", "3 fields in row 2 and 2 headers"),
        (b"", "is empty"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused(data, message, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message):
        crm.from_csv(path, system="hubspot", kind="contacts")


def test_a_byte_order_mark_is_not_part_of_the_first_header(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfLead ID,Email\nC-1,a@x.org\n")
    assert crm.from_csv(path, system="hubspot", kind="contacts").columns[0] == "lead_id"


# ---------------------------------------------------------------- rules of theirs


def test_a_salesforce_id_gets_its_three_characters():
    assert crm.salesforce_id("006Hp000014d4Rm") == "006Hp000014d4RmIAI"
    assert crm.salesforce_id("006Hp000014d4RmIAI") == "006Hp000014d4RmIAI"
    # Two ids that differ in a capital alone differ without their capitals, too.
    one, other = crm.salesforce_id("006Hp000014d4Rm"), crm.salesforce_id("006Hp000014d4rm")
    assert one.lower() != other.lower()
    with pytest.raises(ValueError, match="do not fit its capitals, which would be AAA"):
        crm.salesforce_id("006hp000014d4rmIAI")


@pytest.mark.parametrize("current", [None, *crm.LIFECYCLE])
@pytest.mark.parametrize("wanted", crm.LIFECYCLE)
def test_hubspots_lifecycle_comes_to_where_it_is_wanted_in_one_request_or_two(current, wanted):
    stage = current
    requests = crm.lifecycle_requests(current, wanted)
    for request in requests:
        status, stage = crm.lifecycle_answer(stage, request)
        assert status == 204
    assert stage == wanted
    assert len(requests) <= 2


def test_hubspot_answers_that_it_went_back_and_did_not():
    assert crm.lifecycle_answer("opportunity", {"lifecyclestage": "lead"}) == (204, "opportunity")
    assert crm.lifecycle_requests("opportunity", "lead") == [
        {"lifecyclestage": ""},
        {"lifecyclestage": "lead"},
    ]
