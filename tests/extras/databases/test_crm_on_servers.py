"""The CRM on MariaDB and PostgreSQL comes to the same as on SQLite."""

import pandas as pd
import pytest

from funnelkit import crm, load

OWNERS = {"phone": "sales", "mail": "marketing", "merge": "sales"}
DAY = "2026-03-01"


def url_of(engine):
    return engine.url.render_as_string(hide_password=False)


def tell_a_story(sales, marketing):
    """Let the two stores live through everything that they do, with failures."""
    for number, name in enumerate(["visit", "Visit", "vísit", "vis it"]):
        sales.add_contact(name, at=DAY, consent=True, last_name="Zoë 陈 🙂", phone=f"060{number}")
    crm.sync(sales, marketing, failures=["receiver crashes", "lost answer"], batch=3)
    marketing.change("Visit", {"email": "later@example.org"}, at="2026-03-03")
    sales.change("Visit", {"email": "earlier@example.org"}, at="2026-03-02")
    marketing.withdraw("vísit", at="2026-03-02")
    sales.open_deal("D-1", "visit", at="2026-03-02", amount=950.5, expected_close="2026-04-01")
    sales.open_deal("D-2", "vísit", at="2026-03-02 10:30:00.000001")
    sales.move("D-2", "SQL", at="2026-03-03")
    sales.merge("visit", "vísit", at="2026-03-04")
    sales.send_mail("Visit", "welcome", at="2026-03-04")
    sales.send_mail("visit", "welcome", at="2026-03-04")
    crm.sync(sales, marketing, failures=["late", "duplicate", "sender crashes"], batch=2)
    return [
        table.astype(str)
        for store in (sales, marketing)
        for table in (
            store.contacts(merged=True),
            store.deals(),
            store.history(),
            store.outbox().drop(columns="due"),
            store.mails(),
        )
    ]


def test_the_same_story_ends_the_same_as_on_sqlite(engine):
    here = [crm.Store(name=name, owners=OWNERS) for name in ("sales", "marketing")]
    there = [crm.Store(url_of(engine), name=s.name, owners=OWNERS) for s in here]
    assert crm.differences(*there).empty
    for one, other in zip(tell_a_story(*here), tell_a_story(*there), strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert crm.differences(*there).empty
    for store in there:
        store.engine.dispose()


def test_what_is_refused_leaves_nothing_behind(engine):
    store = crm.Store(url_of(engine), open_deals=1)
    store.add_contact("C-1", at=DAY, consent=True)
    store.open_deal("D-1", "C-1", at=DAY)
    with pytest.raises(ValueError, match="2 open deals"):
        store.open_deal("D-2", "C-1", at=DAY)
    with pytest.raises(ValueError, match="was added before, as .* with other values"):
        store.add_contact("C-1", at=DAY, consent=False)
    assert len(store.deals()) == len(store.history()) == 1
    assert store.contacts()["consent"].tolist() == ["given"]
    store.engine.dispose()


def test_the_schools_deals_come_out_as_they_do_on_sqlite(engine):
    deals, stages = load("deals").head(600), load("stages")
    stages = stages[stages["deal_id"].isin(deals["deal_id"])]
    leads = load("leads").drop_duplicates("lead_id")
    leads = leads[leads["lead_id"].isin(deals["lead_id"])]
    tables = []
    for url in ("sqlite://", url_of(engine)):
        store = crm.Store(url)
        store.add_contacts(leads[["lead_id", "created_at", "source", "consent"]])
        store.add_deals(deals, stages)
        tables.append((store.contacts(), store.deals(), store.history()))
        store.engine.dispose()
    for one, other in zip(*tables, strict=True):
        pd.testing.assert_frame_equal(one, other)
