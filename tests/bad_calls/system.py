"""Valid calls of the whole system (`funnelkit.pipeline`): every parameter has a value."""

import tempfile
from pathlib import Path

import pandas as pd

from funnelkit import load, pipeline, report, scoring
from funnelkit.contract import example_events

END = "2026-06-30"
DEALS = load("deals").tail(12).drop(columns=["owner", "recycled", "product", "discount"])
LEADS = load("leads").query("lead_id in @DEALS.lead_id").drop_duplicates()
PEOPLE = LEADS[["lead_id", "created_at", "consent", "source", "income"]]
STAGES = load("stages").query("deal_id in @DEALS.deal_id")
FORMS = load("leads").query("entry == 'form'").drop_duplicates().tail(40)
EVENTS = load("events").head(60)
VISITORS = load("visitors").head(60)
RATINGS = load("ratings").head(300)
COURSES = load("courses")
CUSTOMERS = load("customers").head(20)
ORDERS = load("orders").head(80)
RULES = pipeline.RULES.head(2).drop(columns=["cap", "per"])
MODEL = scoring.LeadModel(["downloads"], {"source": "seo"}, version="1").fit(
    FORMS, (FORMS["webinars"] > 0).to_numpy()
)
FOLDER = Path(tempfile.mkdtemp())
URL = f"sqlite:///{(FOLDER / 'crm.db').as_posix()}"
PARTS = {
    "customers": CUSTOMERS,
    "orders": ORDERS,
    "subscriptions": load("subscriptions").head(40),
    "spend": load("spend").head(40),
    "surveys": load("surveys").head(40),
}
MEASURES = pd.DataFrame(
    {
        "value": [0.5, float("nan")],
        "ci_low": [0.4, float("nan")],
        "ci_high": [0.6, float("nan")],
        "of": ["of 30 users", "–"],
        "cannot": ["–", "there are no answers"],
    },
    pd.Index(["conversion", "satisfaction"], name="measure"),
)
FOUND = report.weekly(example_events(), ["visit", "lead", "customer"], window="7D")
EMPTY = {name: load(name).head(0) for name in pipeline.TABLES}
pipeline.run(FOLDER / "run", EMPTY, until="automation")
ALL = {
    name: pipeline.read(FOLDER / "run", name)
    for name in (
        *("segments", "scores", "recommendations", "ledger", "mails", "tasks", "gate", "known"),
    )
}
pipeline.fill_store(URL, LEADS, DEALS, STAGES, at=END)

CALLS = [
    (pipeline.ingest, {"tables": EMPTY, "observed_until": END}),
    (
        pipeline.quality_gate,
        {"tables": pipeline.ingest(EMPTY, observed_until=END), "limit": 0.02, "noise": 0.25},
    ),
    (pipeline.join_people, {"leads": LEADS, "events": EVENTS, "visitors": VISITORS}),
    (
        pipeline.fill_store,
        {"url": "sqlite://", "people": PEOPLE, "deals": DEALS, "stages": STAGES, "at": END},
    ),
    (pipeline.segment_customers, {"orders": ORDERS, "observed_until": END}),
    (pipeline.learn_model, {"people": FORMS, "observed_until": END}),
    (
        pipeline.score_leads,
        {"people": FORMS, "model": MODEL, "observed_until": END, "capacity": 3},
    ),
    (
        pipeline.recommend,
        {"ratings": RATINGS, "courses": COURSES, "customers": CUSTOMERS, "n": 3},
    ),
    (
        pipeline.automate,
        {
            "url": URL,
            "people": PEOPLE,
            "deals": DEALS,
            "stages": STAGES,
            "rules": RULES,
            "observed_until": END,
            "since": "2026-06-20",
        },
    ),
    (pipeline.four_measures, {"tables": PARTS, "found": FOUND, "observed_until": END}),
    (
        pipeline.make_page,
        {
            "tables": ALL,
            "measures": MEASURES,
            "found": FOUND,
            "made": END,
            "capacity": 36,
            "name": "the school",
        },
    ),
    (pipeline.read, {"folder": str(FOLDER / "run"), "name": "segments"}),
    (
        pipeline.run,
        {
            "folder": FOLDER / "run",  # a path: another name would be a run as well
            "tables": EMPTY,
            "observed_until": END,
            "since": None,
            "capacity": 36,
            "limit": 0.02,
            "noise": 0.25,
            "window": "14D",
            "rules": pipeline.RULES,
            "store": None,
            "name": "the school",
            "until": "automation",
            "watch": len,
        },
    ),
]

ACCEPTED = {
    (pipeline.ingest, "tables"): ("nothing",),  # the school's
    (pipeline.learn_model, "people"): ("nothing but columns",),
    (pipeline.score_leads, "model"): ("nothing",),
    (pipeline.four_measures, "found"): ("nothing",),
    (pipeline.make_page, "name"): ("a name that is not there",),
}
