"""The stage machine and the store: what is legal, what is kept, what is refused."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit
from funnelkit import crm

DAY = "2026-03-01"


@pytest.fixture
def store():
    """A store with two contacts, of whom the first has agreed to mails."""
    store = crm.Store()
    store.add_contact("C-1", at=DAY, consent=True, email="ann@example.org", phone="0601")
    store.add_contact("C-2", at="2026-03-02", consent=False, email="ann@work.example", source="seo")
    return store


# ---------------------------------------------------------------- stages


def test_the_moves_of_the_sales_team_are_legal_and_no_others():
    stages = funnelkit.load("stages")
    assert crm.illegal_moves(stages).empty
    # The moves that happen there are those of the table, without the reopening.
    ordered = stages.sort_values(["deal_id", "entered_at"], kind="stable")
    before = ordered.groupby("deal_id")["stage"].shift()
    happened = set(zip(before.fillna("-"), ordered["stage"], strict=True))
    legal = crm.moves_table()
    legal = legal[~legal["reopens"]]
    assert happened == set(zip(legal["move_from"].fillna("-"), legal["move_to"], strict=True))


def test_a_stage_left_out_or_entered_too_early_is_found():
    stages = pd.DataFrame({"deal_id": ["a", "a", "b", "b", "c", "d"]}).assign(
        stage=["MQL", "call", "MQL", "SQL", "SQL", "demo"],
        entered_at=pd.to_datetime(["2026-03-01", "2026-03-02", "2026-03-05"] + ["2026-03-04"] * 3),
    )
    wrong = crm.illegal_moves(stages)
    assert wrong["reason"].to_dict() == {
        1: "illegal move",
        3: "clock runs backwards",
        4: "illegal move",
        5: "unknown stage",
    }


@settings(max_examples=20)
@given(st.lists(st.sampled_from(list(crm.MOVES)), max_size=12))
def test_store_and_table_agree_on_what_is_legal(stages):
    store = crm.Store()
    store.add_contact("C-1", at=DAY, consent=True)
    store.open_deal("D-1", "C-1", at=DAY)
    went = ["MQL"]
    for stage in stages:
        rows = pd.DataFrame({"deal_id": "D-1", "stage": [*went, stage], "entered_at": DAY})
        legal = crm.illegal_moves(rows).empty
        try:
            store.move("D-1", stage, at=DAY)
            went.append(stage)
            assert legal
        except ValueError:
            assert not legal
    assert store.history()["stage"].tolist() == went


def test_an_illegal_move_is_refused_with_the_legal_ones(store):
    store.open_deal("D-1", "C-1", at="2026-03-02")
    with pytest.raises(ValueError, match="cannot go from 'MQL' to 'won': .* are SQL, lost"):
        store.move("D-1", "won", at="2026-03-03")
    with pytest.raises(ValueError, match="no stage is called 'Won': did you mean 'won'"):
        store.move("D-1", "Won", at="2026-03-03")
    assert len(store.history()) == 1


def test_a_lost_deal_is_opened_again_and_a_won_one_is_not(store):
    store.open_deal("D-1", "C-1", at="2026-03-02")
    store.move("D-1", "lost", at="2026-03-03")
    assert store.deals()["open"].tolist() == [False]
    assert store.move("D-1", "MQL", at="2026-06-03") == "lost"
    assert store.history()["reopens"].tolist() == [False, False, True]
    for stage in ("SQL", "call", "proposal", "negotiation", "won"):
        store.move("D-1", stage, at="2026-06-04")
    with pytest.raises(ValueError, match="from 'won' to 'MQL': the legal next stages are none"):
        store.move("D-1", "MQL", at="2026-06-05")


def test_dates_that_cannot_be_are_refused(store):
    store.open_deal("D-1", "C-1", at="2026-03-02")
    with pytest.raises(ValueError, match="before it was created on 2026-03-02"):
        store.move("D-1", "SQL", at="2026-03-01")
    store.move("D-1", "SQL", at="2026-03-05")
    with pytest.raises(ValueError, match="the clock runs backwards: deal 'D-1' entered 'SQL'"):
        store.move("D-1", "call", at="2026-03-04")
    with pytest.raises(ValueError, match="before the contact was created on 2026-03-01"):
        store.open_deal("D-2", "C-1", at="2026-02-27")
    store.change("C-1", {"phone": "0602"}, at="2026-03-05")
    with pytest.raises(ValueError, match="the clock runs backwards: contact 'C-1'"):
        store.change("C-1", {"phone": "0603"}, at="2026-03-04")


def test_several_deals_of_a_contact_unless_one_is_allowed(store):
    for deal in ("D-1", "D-2"):
        store.open_deal(deal, "C-1", at="2026-03-02", amount=10.5)
    assert store.deals()["amount"].tolist() == [10.5, 10.5]
    strict = crm.Store(open_deals=1)
    strict.add_contact("C-1", at=DAY, consent=True)
    strict.open_deal("D-1", "C-1", at="2026-03-02")
    message = "'C-1' would have 2 open deals, 'D-1', 'D-2', where 1 is allowed: close one first"
    with pytest.raises(ValueError, match=message):
        strict.open_deal("D-2", "C-1", at="2026-03-02")
    assert len(strict.deals()) == 1
    strict.move("D-1", "lost", at="2026-03-03")
    strict.open_deal("D-2", "C-1", at="2026-03-04")
    with pytest.raises(ValueError, match="would have 2 open deals"):
        strict.move("D-1", "MQL", at="2026-03-05")
    strict.add_contact("C-2", at=DAY, consent=True)
    strict.open_deal("D-3", "C-2", at="2026-03-04")
    with pytest.raises(ValueError, match="'C-1' would have 2 open deals, 'D-2', 'D-3'"):
        strict.merge("C-1", "C-2", at="2026-03-05")
    assert len(strict.contacts()) == 2


# ---------------------------------------------------------------- the school's deals


def test_the_schools_deals_go_in_and_come_out_as_they_were():
    deals, stages = funnelkit.load("deals"), funnelkit.load("stages")
    leads = funnelkit.load("leads").drop_duplicates("lead_id")
    store = crm.Store()
    columns = ["lead_id", "created_at", "source", "consent"]
    assert store.add_contacts(leads[columns]) == len(leads)
    assert store.add_contacts(leads[columns]) == 0  # the same file once more
    assert store.add_deals(deals, stages) == len(deals)
    kept = store.deals().set_index("deal_id").loc[deals["deal_id"]]
    assert (kept["amount"].to_numpy() == deals["amount"].to_numpy()).all()
    assert (~kept["open"].to_numpy() == deals["outcome"].notna().to_numpy()).all()
    assert (kept["created_at"].to_numpy() == deals["created_at"].to_numpy()).all()
    history = store.history()
    assert len(history) == len(stages)
    assert history["stage"].value_counts().to_dict() == stages["stage"].value_counts().to_dict()
    consents = store.contacts()["consent"].value_counts()
    assert consents["given"] == leads["consent"].sum()
    with pytest.raises(ValueError, match="is there already, the first of 3,330"):
        store.add_deals(deals, stages)


def test_deals_with_an_illegal_history_are_refused_and_none_is_added(store):
    deals = pd.DataFrame({"deal_id": ["D-1"], "lead_id": ["C-1"], "created_at": ["2026-03-02"]})
    stages = pd.DataFrame({"deal_id": ["D-1"] * 2, "stage": ["MQL", "won"]})
    stages["entered_at"] = pd.to_datetime(["2026-03-02", "2026-03-03"])
    with pytest.raises(ValueError, match="1 rows that are not legal .*row 1, deal 'D-1' from"):
        store.add_deals(deals, stages)
    early = stages.iloc[:1].assign(entered_at=pd.Timestamp("2026-03-01"))
    with pytest.raises(ValueError, match="before it was created"):
        store.add_deals(deals, early)
    with pytest.raises(ValueError, match="no row in stages"):
        store.add_deals(deals, stages.iloc[:0])
    with pytest.raises(ValueError, match="there is no contact 'C-7'"):
        store.add_deals(deals.assign(lead_id="C-7"), stages.iloc[:1])
    assert store.deals().empty


# ---------------------------------------------------------------- contacts


def test_a_consent_that_is_missing_is_refused_and_is_not_a_yes(store):
    with pytest.raises(ValueError, match="consent of contact 'C-3' is missing.*so False"):
        store.add_contact("C-3", at=DAY, consent=None)
    table = pd.DataFrame({"lead_id": ["a", "b"], "created_at": DAY, "consent": [True, None]})
    with pytest.raises(ValueError, match="consent is missing in 1 of 2 rows.*not agreed, so False"):
        store.add_contacts(table)
    store.add_contacts(table.assign(consent=[True, False]))
    assert [store.may_mail(contact) for contact in ("a", "b")] == [True, False]


def test_a_consent_out_of_a_table_is_taken(store):
    agreed = pd.Series([True, False])
    for contact, consent in zip(("C-3", "C-4"), agreed.to_numpy(), strict=True):
        store.add_contact(contact, at=DAY, consent=consent)
        assert store.may_mail(contact) == consent


def test_keys_that_are_there_twice_are_refused(store):
    table = pd.DataFrame({"lead_id": ["a", "a"], "created_at": DAY, "consent": True})
    with pytest.raises(ValueError, match=r"duplicate lead_id in 1 of 2 rows .*'a'"):
        store.add_contacts(table)
    with pytest.raises(ValueError, match=r"added before, as 'crm/add:C-1'.* use change\(\)"):
        store.add_contact("C-1", at="2026-03-09", consent=False)
    with pytest.raises(ValueError, match=r"added before, as 'crm/add:C-1'.* leave it out"):
        store.add_contacts(table.tail(1).assign(lead_id="C-1", phone="0601"))
    with pytest.raises(ValueError, match="contact 'C-1' is there already"):
        store.add_contact("C-1", at="2026-03-09", consent=False, key="form:9")
    store.open_deal("D-1", "C-1", at="2026-03-02")
    with pytest.raises(ValueError, match="deal 'D-1' is there already"):
        store.open_deal("D-1", "C-2", at="2026-03-02")


def test_an_unknown_field_is_refused(store):
    table = pd.DataFrame({"lead_id": ["a"], "created_at": DAY, "consent": True, "fone": "0601"})
    with pytest.raises(ValueError, match="field of a contact is called 'fone': did you mean 'phon"):
        store.add_contacts(table)
    with pytest.raises(ValueError, match="field of a contact is called 'e-mail'"):
        store.change("C-1", {"e-mail": "x"}, at="2026-03-09")
    with pytest.raises(ValueError, match=r"use agree\(\) or withdraw\(\)"):
        store.change("C-1", {"consent": "given"}, at="2026-03-09")


def test_keys_differ_in_capitals_accents_and_spaces_inside(store):
    names = ["visit", "Visit", "vísit", "vis it"]
    table = pd.DataFrame({"lead_id": names, "created_at": DAY, "consent": True})
    assert store.add_contacts(table) == 4
    assert set(names) < set(store.contacts()["lead_id"])
    with pytest.raises(ValueError, match="without spaces around it"):
        store.add_contact("visit ", at=DAY, consent=True)


def test_merging_two_contacts_keeps_deals_history_later_values_and_a_withdrawal(store):
    store.open_deal("D-1", "C-1", at="2026-03-02")
    store.open_deal("D-2", "C-2", at="2026-03-03")
    store.move("D-2", "SQL", at="2026-03-04")
    store.withdraw("C-2", at="2026-03-04")
    before = store.history()
    assert store.merge("C-1", "C-2", at="2026-03-05")
    assert not store.merge("C-1", "C-2", at="2026-03-06")  # the same event once more
    assert store.deals()["lead_id"].tolist() == ["C-1", "C-1"]
    pd.testing.assert_frame_equal(store.history(), before)
    person = store.contacts()
    columns = ["lead_id", "email", "phone", "source", "consent"]
    kept = ["C-1", "ann@work.example", "0601", "seo", "withdrawn"]
    assert person[columns].to_numpy().tolist() == [kept]
    assert store.contacts(merged=True)["merged_into"].tolist()[1] == "C-1"
    for call in (
        lambda: store.change("C-2", {"phone": "1"}, at="2026-03-07"),
        lambda: store.open_deal("D-9", "C-2", at="2026-03-07"),
    ):
        with pytest.raises(ValueError, match="'C-2' was merged into 'C-1': name that one"):
            call()
    assert not store.may_mail("C-2")


def test_a_chain_of_merges_ends_at_the_last(store):
    store.add_contact("C-3", at=DAY, consent=True, phone="0603")
    store.open_deal("D-2", "C-2", at="2026-03-03")
    store.merge("C-1", "C-2", at="2026-03-05")
    store.merge("C-3", "C-1", at="2026-03-06")
    assert store.contacts()["lead_id"].tolist() == ["C-3"]
    assert store.contacts(merged=True)["merged_into"].tolist()[:2] == ["C-3", "C-3"]
    assert store.deals()["lead_id"].tolist() == ["C-3"]


def test_a_store_in_a_file_is_there_again(tmp_path):
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    crm.Store(url).add_contact("C-1", at=DAY, consent=True)
    assert crm.Store(url).contacts()["lead_id"].tolist() == ["C-1"]


def test_an_address_that_is_none_and_an_odd_name_are_refused():
    with pytest.raises(ValueError, match="not an address of a database"):
        crm.Store("crm.db")
    with pytest.raises(ValueError, match="give one of 'sqlite', 'mysql'"):
        crm.Store("oracle://somewhere")
    with pytest.raises(ValueError, match="up to 20 small letters"):
        crm.Store(name="Robert'); DROP TABLE")
