"""Valid calls of crm: every parameter has a value."""

import tempfile
from pathlib import Path

import pandas as pd

from funnelkit import crm

FOLDER = tempfile.TemporaryDirectory(prefix="funnelkit-crm-")
CONTACTS = pd.DataFrame(
    {
        "lead_id": ["C-1", "C-2"],
        "created_at": pd.to_datetime(["2026-03-01", "2026-03-02"]),
        "email": ["ann@example.org", "ben@example.org"],
        "last_name": ["Ames", "Boll"],
        "lifecycle": ["lead", "MQL"],
        "consent": [True, False],
    }
)
DEALS = pd.DataFrame(
    {
        "deal_id": ["D-1", "D-2"],
        "lead_id": ["C-1", "C-1"],
        "created_at": pd.to_datetime(["2026-03-01", "2026-03-02"]),
        "amount": [950.5, 80.0],
        "expected_close": pd.to_datetime(["2026-04-01", "2026-04-02"]),
    }
)
STAGES = pd.DataFrame(
    {
        "deal_id": ["D-1", "D-1", "D-2"],
        "stage": ["MQL", "SQL", "MQL"],
        "entered_at": pd.to_datetime(["2026-03-01", "2026-03-04", "2026-03-02"]),
    }
)
EXPORT = pd.DataFrame({"id": ["C-1"], "ok": ["Yes"], "worth": ["EUR 12.300,00"]})
WORDS = {"consent": {"Yes": True, "No": False}}
FILE = str(Path(FOLDER.name, "contacts.csv"))
LISTED = CONTACTS.assign(consent=["given", "none"])
crm.to_csv(LISTED, FILE, system="hubspot", kind="contacts")


def filled(**options):
    """Return a store in memory with two contacts and two deals."""
    store = crm.Store(**options)
    store.add_contacts(CONTACTS)
    store.add_deals(DEALS, STAGES)
    return store


def of_store(method):
    """Return a function that calls a method of a new store with the arguments it is given."""

    def call(**arguments):
        store = crm.Store() if method in ("add_contacts", "add_deals") else filled()
        if method == "add_deals":
            store.add_contacts(CONTACTS)
        result = getattr(store, method)(**arguments)
        state = [store.contacts(merged=True), store.deals(), store.history()]
        return [result, *(table.astype(str) for table in state)]

    call.__qualname__, call.__module__ = f"Store.{method}", "funnelkit.crm"
    return call


def make_store(**arguments):
    """Return what a new store has been told."""
    store = crm.Store(**arguments)
    return [store.name, store.owners, store.moves, store.open_deals]


def synced(**arguments):
    """Return what a sync of two new stores did."""
    return crm.sync(filled(name="sales"), filled(name="marketing"), **arguments)


synced.stands_for = crm.sync

METHODS = {name: of_store(name) for name in dir(crm.Store) if not name.startswith("_")}

CALLS = [
    (crm.moves_table, {"moves": crm.MOVES}),
    (crm.illegal_moves, {"stages": STAGES, "moves": crm.MOVES}),
    (crm.waits, {"retries": 8, "first": "1s", "cap": "60s"}),
    (crm.failure_schedule, {"requests": 10, "rate": 0.5, "seed": 1}),
    (crm.salesforce_id, {"short": "006Hp000014d4Rm"}),
    (crm.lifecycle_requests, {"current": "opportunity", "wanted": "lead"}),
    (
        crm.lifecycle_answer,
        {"current": "opportunity", "request": {"lifecyclestage": "lead"}},
    ),
    (crm.to_csv, {"table": LISTED, "path": FILE, "system": "hubspot", "kind": "contacts"}),
    (crm.from_csv, {"path": FILE, "system": "hubspot", "kind": "contacts"}),
    (
        crm.read_export,
        {
            "table": EXPORT,
            "columns": {"id": "lead_id", "ok": "consent", "worth": "amount"},
            "dates": "%d/%m/%Y",
            "decimal": ",",
            "words": WORDS,
        },
    ),
    (
        synced,
        {
            "failures": ["ok"],
            "batch": 100,
            "retries": 3,
        },
    ),
    (crm.differences, {"one": filled(name="sales"), "other": filled(name="marketing")}),
    (
        crm.stands,
        {
            "field": "phone",
            "one": ("0601", "2026-03-05", "sales"),
            "other": ("0602", "2026-03-07", "marketing"),
        },
    ),
    (
        make_store,
        {
            "url": "sqlite://",
            "name": "sales",
            "owners": {"phone": "sales"},
            "moves": crm.MOVES,
            "open_deals": 2,
        },
    ),
    (
        METHODS["add_contact"],
        {
            "contact": "C-9",
            "at": "2026-03-09",
            "consent": True,
            "email": "eve@example.org",
            "lifecycle": "lead",
            "key": "form:9",
        },
    ),
    (METHODS["add_contacts"], {"contacts": CONTACTS}),
    (METHODS["add_deals"], {"deals": DEALS, "stages": STAGES}),
    (
        METHODS["change"],
        {"contact": "C-1", "changes": {"phone": "0601"}, "at": "2026-03-09", "key": "form:9"},
    ),
    (METHODS["agree"], {"contact": "C-2", "at": "2026-03-09", "key": "form:9"}),
    (METHODS["withdraw"], {"contact": "C-1", "at": "2026-03-09", "key": "form:9"}),
    (METHODS["merge"], {"keep": "C-1", "drop": "C-2", "at": "2026-03-09", "key": "m:1"}),
    (
        METHODS["send_mail"],
        {"contact": "C-1", "mail": "welcome", "at": "2026-03-09", "key": "m:1"},
    ),
    (METHODS["may_mail"], {"contact": "C-1"}),
    (
        METHODS["open_deal"],
        {
            "deal": "D-9",
            "contact": "C-1",
            "at": "2026-03-09",
            "amount": 95.5,
            "expected_close": "2026-04-09",
        },
    ),
    (METHODS["move"], {"deal": "D-1", "stage": "call", "at": "2026-03-09"}),
    (METHODS["release"], {"at": "2026-03-09"}),
]

ANY_NAME = {"a name that is not there"}
ACCEPTED = {
    (crm.lifecycle_requests, "current"): {"nothing"},
    (crm.lifecycle_answer, "current"): {"nothing"},
    (crm.to_csv, "path"): ANY_NAME,
    (METHODS["add_contact"], "contact"): ANY_NAME,
    (METHODS["add_contact"], "email"): ANY_NAME,
    (METHODS["open_deal"], "deal"): ANY_NAME,
    (METHODS["send_mail"], "mail"): ANY_NAME,
    **{(METHODS[name], "key"): ANY_NAME for name in METHODS},
}
