"""Two stores kept in step, whatever fails: any schedule ends with both equal, nothing twice.

`CRM_SCHEDULES=2000` in the environment tries so many schedules.
"""

import os
import sys
from collections import defaultdict

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funnelkit import crm
from funnelkit.crm import events

SCHEDULES = int(os.environ.get("CRM_SCHEDULES", "150"))
OWNERS = {"phone": "sales", "source": "marketing", "mail": "marketing", "merge": "sales"}
DAY = pd.Timestamp("2026-03-01")


def pair(**options):
    return tuple(crm.Store(name=name, owners=OWNERS, **options) for name in ("sales", "marketing"))


def emptied(stores):
    """Return two stores after all their rows are deleted, which is quicker than making new ones."""
    for store in stores:
        with store.engine.begin() as connection:
            for table in store.tables.metadata.sorted_tables:
                connection.execute(table.delete())
    return stores


# ---------------------------------------------------------------- any schedule

FAILS = st.lists(st.sampled_from(("ok", *crm.FAILURES)), max_size=25)
CONTACT = st.integers(0, 3).map("C-{}".format)
TEXT = st.sampled_from([None, "a", "b", 'Zoë, "x"'])
ACTS = st.one_of(
    st.tuples(st.just("change"), st.booleans(), CONTACT, st.sampled_from(crm.FIELDS[:4]), TEXT),
    st.tuples(st.sampled_from(["agree", "withdraw"]), st.booleans(), CONTACT),
    st.tuples(st.just("mail"), st.booleans(), CONTACT, st.sampled_from(["welcome", "offer"])),
    st.tuples(st.just("merge"), CONTACT, CONTACT),
    st.tuples(st.just("sync"), FAILS),
)
# How far the clock of marketing is ahead of that of sales, in seconds.
AHEAD = st.integers(-3, 3)


STORES = pair()


class Told:
    """What the two stores were told, kept in the plainest way."""

    def __init__(self):
        self.withdrawn, self.mails, self.person = (
            set(),
            set(),
            {f"C-{n}": f"C-{n}" for n in range(4)},
        )
        self.values = defaultdict(set)

    def root(self, contact):
        while self.person[contact] != contact:
            contact = self.person[contact]
        return contact


def act(stores, told, deed, number, ahead):
    """Let one thing happen in one of the stores; what it refuses has not happened."""
    kind, *rest = deed
    if kind == "sync":
        crm.sync(*stores, failures=rest[0], batch=3, retries=2)
        return
    at = DAY + pd.Timedelta(seconds=number)
    try:
        if kind == "merge":
            if stores[0].merge(*rest, at=at):
                told.person[rest[1]] = rest[0]
            return
        store = stores[rest[0]]
        at += pd.Timedelta(seconds=ahead + 10) if rest[0] else pd.Timedelta(0)
        contact = rest[1]
        if kind == "change":
            if store.change(contact, {rest[2]: rest[3]}, at=at):
                told.values[rest[2]].add(rest[3])
        elif kind == "mail":
            key = f"{rest[2]}:{contact}"
            if store.send_mail(contact, rest[2], at=at, key=key):
                told.mails.add(key)
        elif getattr(store, kind)(contact, at=at) and kind == "withdraw":
            told.withdrawn.add(contact)
    except ValueError as refused:
        expected = ("belongs to", "was merged into", "withdrew", "two contacts")
        assert any(words in str(refused) for words in expected), refused


def finish(stores):
    """Let the network be well, and the parked events be told again, until nothing waits."""
    for _ in range(2):
        for store in stores:
            store.release(at="2026-04-01")
        crm.sync(*stores)
    for store in stores:
        assert set(store.outbox()["state"]) <= {"done", "stopped"}


@settings(
    max_examples=SCHEDULES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(deeds=st.lists(ACTS, max_size=25), ahead=AHEAD, last=FAILS)
def test_any_schedule_of_failures_ends_with_both_sides_equal(deeds, ahead, last):
    stores, told = emptied(STORES), Told()
    for contact in told.person:
        stores[0].add_contact(contact, at=DAY, consent=contact != "C-3")
    crm.sync(*stores)
    for number, deed in enumerate(deeds, start=1):
        act(stores, told, deed, number, ahead)
    crm.sync(*stores, failures=last, batch=2, retries=2)
    finish(stores)
    # Both are equal.
    assert crm.differences(*stores).empty
    sales, marketing = stores
    assert (registers(sales)) == registers(marketing)
    # Nothing is lost: what was told once is there, or something that was told as well.
    kept = sales.contacts().set_index("lead_id")
    for field, values in told.values.items():
        assert set(kept[field].dropna()) <= values
        if values - {None} == values:  # nobody has cleared it
            assert kept[field].notna().any()
    # A withdrawn consent has won, for the whole person.
    everyone = sales.contacts(merged=True)["lead_id"]
    assert set(everyone) == set(told.person)
    gone = {told.root(contact) for contact in told.withdrawn}
    assert set(kept.index[kept["consent"] == "withdrawn"]) == gone
    # Nothing twice, and nothing lost: every mail that was asked for is in the ledger once, unless
    # it was stopped for a withdrawn consent.
    mails = marketing.mails()
    assert mails["key"].is_unique and sales.mails().empty
    outbox = sales.outbox()
    stopped = outbox[outbox["state"] == "stopped"]
    assert {told.root(contact) for contact in stopped["lead_id"]} <= gone
    listed = set(mails["key"]) | {key.removeprefix("sales/") for key in stopped["key"]}
    assert listed == told.mails


def registers(store):
    """Return every register of a store: value, time and writer, by contact and field."""
    table = store._all(store.tables.fields)
    return {(row.contact, row.field): (row.value, row.at, row.by) for row in table.itertuples()}


# ---------------------------------------------------------------- each failure by itself


def one_change(failure, **options):
    """Return two stores, and the log, after one change told with one failure."""
    stores = pair()
    stores[0].add_contact("C-1", at=DAY, consent=True)
    crm.sync(*stores)
    stores[0].change("C-1", {"phone": "0601"}, at=DAY, key="form:7")
    stores[0].send_mail("C-1", "welcome", at=DAY)
    return stores, crm.sync(*stores, failures=[failure], **options)


@pytest.mark.parametrize(
    ("failure", "requests", "applied"),
    [
        ("ok", 1, [2]),
        ("lost request", 2, [0, 2]),
        ("lost answer", 2, [2, 0]),
        ("duplicate", 1, [2]),
        ("late", 2, [0, 2]),
        ("receiver crashes", 2, [0, 2]),
        ("sender crashes", 2, [2, 0]),
    ],
)
def test_each_failure_costs_a_second_request_at_most_and_nothing_is_twice(
    failure, requests, applied
):
    stores, log = one_change(failure)
    assert len(log) == requests and log["applied"].tolist() == applied
    assert crm.differences(*stores).empty
    assert stores[1].mails()["outcome"].tolist() == ["sent"]


def test_the_second_try_comes_a_second_after_the_first_and_the_next_after_two():
    stores, log = one_change("lost request")
    assert log["at"].diff().dt.total_seconds().tolist()[1:] == [1]
    stores = pair()
    stores[0].add_contact("C-1", at=DAY, consent=True)
    log = crm.sync(*stores, failures=["lost request"] * 8)
    waited = log["at"].diff().dt.total_seconds().tolist()[1:]
    assert waited == [1, 2, 4, 8, 16, 32, 60, 60]
    assert (log["at"].iloc[-1] - log["at"].iloc[0]).total_seconds() == 183


def test_waits_double_up_to_the_cap():
    assert crm.waits().sum() == pd.Timedelta("183s")
    assert crm.waits(retries=3, first="2s", cap="5s").dt.total_seconds().tolist() == [2, 4, 5]


def test_what_was_tried_too_often_is_parked_and_kept_and_told_again_when_released():
    stores = pair()
    stores[0].add_contact("C-1", at=DAY, consent=True)
    log = crm.sync(*stores, failures=["lost request"] * 50, retries=2)
    assert len(log) == 3
    assert stores[0].outbox()["state"].tolist() == ["parked"]
    assert not crm.differences(*stores).empty
    assert stores[0].release(at="2026-03-02") == 1
    crm.sync(*stores)
    assert crm.differences(*stores).empty


def test_a_crash_between_the_writes_of_a_local_change_leaves_nothing(monkeypatch):
    stores = pair()
    stores[0].add_contact("C-1", at=DAY, consent=True)

    def crash(*arguments):
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="power cut"):
        patch.setattr(events, "enqueue", crash)
        stores[0].change("C-1", {"phone": "0601"}, at=DAY, key="form:7")
    assert stores[0].contacts()["phone"].isna().all()
    # The same event, told again after the crash, is new.
    assert stores[0].change("C-1", {"phone": "0601"}, at=DAY, key="form:7")
    assert len(stores[0].outbox()) == 2


def test_a_late_message_does_not_bring_back_an_old_value():
    stores = pair()
    stores[0].add_contact("C-1", at=DAY, consent=True)
    crm.sync(*stores)
    stores[0].change("C-1", {"phone": "old"}, at="2026-03-02")
    stores[0].change("C-1", {"phone": "new"}, at="2026-03-03")
    log = crm.sync(*stores, failures=["late"], batch=1)
    assert log["applied"].sum() == 2
    assert stores[1].contacts()["phone"].tolist() == ["new"]


# ---------------------------------------------------------------- keys


def test_an_event_that_is_told_twice_counts_once():
    store = crm.Store()
    assert store.add_contact("C-1", at=DAY, consent=True, key="form:1")
    assert not store.add_contact("C-1", at=DAY, consent=True, key="form:1")
    assert store.change("C-1", {"phone": "0601"}, at="2026-03-02", key="form:7")
    assert store.change("C-1", {"phone": "0602"}, at="2026-03-03", key="form:8")
    assert not store.change("C-1", {"phone": "0601"}, at="2026-03-02", key="form:7")
    assert store.contacts()["phone"].tolist() == ["0602"]
    assert len(store.outbox()) == 3


def test_the_same_key_with_another_body_is_refused_and_changes_nothing():
    store = crm.Store()
    store.add_contact("C-1", at=DAY, consent=True)
    store.change("C-1", {"phone": "0601"}, at="2026-03-02", key="form:7")
    with pytest.raises(ValueError, match="key 'crm/form:7' was used before.* a key of its own"):
        store.change("C-1", {"phone": "0602"}, at="2026-03-02", key="form:7")
    assert store.contacts()["phone"].tolist() == ["0601"]


def test_a_mail_with_its_key_is_asked_for_once_whenever():
    store = crm.Store()
    store.add_contact("C-1", at=DAY, consent=True)
    assert store.send_mail("C-1", "welcome", at="2026-03-02")
    assert not store.send_mail("C-1", "welcome", at="2026-03-09")
    assert len(store.mails()) == 1


# ---------------------------------------------------------------- whose value stands


def test_the_later_of_two_changes_stands_in_both_stores():
    stores = pair()
    stores[0].add_contact("C-1", at=DAY, consent=True)
    crm.sync(*stores)
    stores[0].change("C-1", {"email": "old@example.org"}, at="2026-03-02")
    stores[1].change("C-1", {"email": "new@example.org"}, at="2026-03-03")
    crm.sync(*stores)
    for store in stores:
        assert store.contacts()["email"].tolist() == ["new@example.org"]


def test_whoever_has_seen_a_value_and_changes_it_wins_though_its_clock_is_behind():
    stores = pair()
    stores[0].add_contact("C-1", at=DAY, consent=True)
    crm.sync(*stores)
    stores[1].change("C-1", {"email": "typo@example.org"}, at="2026-03-05")  # a clock ahead
    crm.sync(*stores)
    stores[0].change("C-1", {"email": "right@example.org"}, at="2026-03-02")
    crm.sync(*stores)
    for store in stores:
        assert store.contacts()["email"].tolist() == ["right@example.org"]


def test_a_field_is_changed_by_its_owner_alone():
    stores = pair()
    stores[0].add_contact("C-1", at=DAY, consent=True)
    crm.sync(*stores)
    with pytest.raises(ValueError, match="phone belongs to 'sales', and this is 'marketing'"):
        stores[1].change("C-1", {"phone": "0601"}, at=DAY)
    with pytest.raises(ValueError, match="merge belongs to 'sales'.*done there"):
        stores[1].merge("C-1", "C-2", at=DAY)
    with pytest.raises(ValueError, match="source belongs to 'marketing'"):
        stores[0].add_contact("C-2", at=DAY, consent=True, source="seo")


@pytest.mark.parametrize("first", [0, 1])
def test_a_withdrawn_consent_wins_against_any_later_time(first):
    stores = pair()
    stores[0].add_contact("C-1", at=DAY, consent=False)
    crm.sync(*stores)
    stores[first].withdraw("C-1", at="2026-03-02")
    stores[1 - first].agree("C-1", at="2027-03-02")  # it has not heard of it
    crm.sync(*stores)
    for store in stores:
        assert store.contacts()["consent"].tolist() == ["withdrawn"]
        assert not store.may_mail("C-1")
        with pytest.raises(ValueError, match="withdrew its consent on 2026-03-02"):
            store.agree("C-1", at="2027-06-01")


def test_consent_is_looked_at_when_a_mail_is_sent_and_not_when_it_is_asked_for():
    stores = pair()
    for contact in ("C-1", "C-2", "C-3"):
        stores[0].add_contact(contact, at=DAY, consent=contact != "C-3")
    crm.sync(*stores)
    for contact in ("C-1", "C-2", "C-3"):
        stores[0].send_mail(contact, "welcome", at="2026-03-02")
    stores[0].withdraw("C-1", at="2026-03-02")  # before it went out
    stores[1].withdraw("C-2", at="2026-03-02")  # where the mails are sent
    crm.sync(*stores)
    assert stores[0].outbox().query("kind == 'mail'")["state"].tolist() == [
        "stopped",
        "done",
        "done",
    ]
    assert stores[1].mails()["outcome"].tolist() == ["no consent", "no consent"]


def test_a_merge_goes_over_with_what_comes_for_the_old_contact_later():
    stores = pair()
    for contact in ("C-1", "C-2"):
        stores[0].add_contact(contact, at=DAY, consent=True)
    crm.sync(*stores)
    stores[1].change("C-2", {"email": "two@example.org"}, at="2026-03-02")
    stores[1].withdraw("C-2", at="2026-03-02")
    stores[0].merge("C-1", "C-2", at="2026-03-03")
    crm.sync(*stores, failures=["late", "lost answer"])
    assert crm.differences(*stores).empty
    kept = stores[0].contacts()
    assert kept[["lead_id", "email", "consent"]].to_numpy().tolist() == [
        ["C-1", "two@example.org", "withdrawn"]
    ]


# ---------------------------------------------------------------- what is refused


def test_stores_that_cannot_be_kept_in_step_are_refused():
    one, other = crm.Store(name="sales"), crm.Store(name="sales")
    with pytest.raises(ValueError, match="both stores are called 'sales'"):
        crm.sync(one, other)
    other = crm.Store(name="marketing", owners={"phone": "marketing"})
    with pytest.raises(ValueError, match="do not agree on who owns what"):
        crm.sync(one, other)
    with pytest.raises(ValueError, match="did you mean 'late'"):
        crm.sync(one, crm.Store(name="marketing"), failures=["latte"])
    with pytest.raises(ValueError, match="consent cannot belong to one system"):
        crm.Store(owners={"consent": "sales"})


def test_a_receiver_refuses_a_message_whose_key_it_knows_with_another_body():
    stores, _ = one_change("ok")
    forged = {"key": "sales/form:7", "kind": "change", "contact": "C-1"}
    forged["body"] = '{"created_at": null, "fields": {}}'
    with pytest.raises(ValueError, match="key 'sales/form:7' was used before"):
        sys.modules[crm.sync.__module__]._receive(stores[1], [forged])


def test_a_schedule_of_failures_has_its_rate_and_all_kinds():
    drawn = pd.Series(crm.failure_schedule(20_000, rate=0.05, seed=4))
    failed = drawn[drawn != "ok"]
    assert abs(len(failed) / 20_000 - 0.05) < 3 * (0.05 * 0.95 / 20_000) ** 0.5
    assert set(failed) == set(crm.FAILURES)
