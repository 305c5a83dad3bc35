"""The schemas of the course's tables: one entry per table, with the meaning of each column."""

from funnelkit.schemas.campaigns import CAMPAIGN_TABLES
from funnelkit.schemas.columns import SIMULATED, Column, Schema
from funnelkit.schemas.daily import CHANNELS, DAILY
from funnelkit.schemas.experiments import EXPERIMENT_TABLES
from funnelkit.schemas.industries import INDUSTRY_TABLES
from funnelkit.schemas.journeys import JOURNEY_TABLES
from funnelkit.schemas.library import LIBRARY_TABLES
from funnelkit.schemas.published import PUBLISHED
from funnelkit.schemas.regions import REGION_TABLES
from funnelkit.schemas.sales import SALES
from funnelkit.schemas.scaling import SCALING
from funnelkit.schemas.tuning import TUNING

__all__ = ["CHANNELS", "EVENTS", "PAGES", "REGIONS", "SCHEMAS"]

REGIONS = ("Alder", "Birch", "Cedar", "Elm", "Hazel", "Linden", "Maple", "Rowan")


EVENTS = ("visit", "page_view", "click", "lead", "opportunity", "customer")


PAGES = (
    "home",
    "blog",
    "lesson",
    "catalogue",
    "course",
    "pricing",
    "form",
    "form_error",
    "booking",
    "checkout",
)


SCHEMAS: dict[str, Schema] = {
    "events": Schema(
        file="events.csv.gz",
        row="one thing one browser did on the school's site, as the tracker received it",
        origin=SIMULATED,
        notes=(
            "The raw log, with what raw logs have: rows sent twice, rows that arrived late and so "
            "are out of order, bots, a day on which the tracker was down, and no rows of "
            "people who refused tracking. It begins on 1 January 2026, when the tracker was "
            "installed, and holds people whose first visit was on or after that day."
        ),
        columns=(
            Column("user_id", "text", "the tracker's id for a browser: one person may have two"),
            Column(
                "event",
                "text",
                "what happened; `visit` opens a session, `lead`, `opportunity` and `customer` "
                "are the later steps of the funnel",
                allowed=EVENTS,
            ),
            Column(
                "timestamp",
                "time",
                "when it happened",
                unit="UTC, whole seconds",
                allowed=("2026-01-01", "2026-06-30 23:59:59"),
            ),
            Column("session_id", "text", "the id of the session in which it happened"),
            Column(
                "channel",
                "text",
                "where the session came from; `email` is the school's own mail to its leads",
                allowed=(*CHANNELS, "email"),
            ),
            Column("device", "text", "the device used", allowed=("mobile", "desktop")),
            Column("page", "text", "the page on which it happened", allowed=PAGES),
        ),
    ),
    "visitors": Schema(
        file="visitors.csv.gz",
        row="one user_id of the log, with what is known about it",
        origin=SIMULATED,
        columns=(
            Column("user_id", "text", "the tracker's id for a browser", unique=True),
            Column(
                "person_id",
                "text",
                "the person behind it, known once an e-mail address was left",
                missing="never recognised: no e-mail address was left under this id",
            ),
            Column(
                "first_seen",
                "time",
                "the first event in the log",
                unit="UTC, whole seconds",
                allowed=("2026-01-01", "2026-06-30 23:59:59"),
            ),
            Column(
                "channel",
                "text",
                "the channel of the first session in the log",
                allowed=(*CHANNELS, "email"),
            ),
            Column(
                "device", "text", "the device of the first session", allowed=("mobile", "desktop")
            ),
            Column("region", "text", "the region the visitor comes from", allowed=REGIONS),
        ),
    ),
    "spend": Schema(
        file="spend.csv.gz",
        row="one channel on one day, over three years",
        origin=SIMULATED,
        notes=(
            "`direct` has no row: nobody is paid for it. Each week each channel's budget is "
            "multiplied by a `pulse` drawn at random, not set by demand, so that what more money "
            "brings can be told from what a good week brings."
        ),
        columns=(
            Column("date", "date", "the day", unit="UTC day", allowed=("2023-07-01", "2026-06-30")),
            Column(
                "channel",
                "text",
                "the channel",
                allowed=tuple(c for c in CHANNELS if c != "direct"),
            ),
            Column(
                "pulse", "number", "the week's budget multiplier, drawn at random", allowed=(0, 3)
            ),
            Column("spend", "number", "money spent that day", unit="EUR", allowed=(0, 1000)),
            Column(
                "clicks",
                "whole",
                "first visits that the channel's own report claims; it counts people who refused "
                "the school's tracker as well",
                unit="visits",
                allowed=(0, 1000),
            ),
        ),
    ),
    "daily": DAILY,
    "customers": Schema(
        file="customers.csv.gz",
        row="one customer of the last three years, from the school's books",
        origin=SIMULATED,
        columns=(
            Column("customer_id", "text", "the school's number for the customer", unique=True),
            Column(
                "user_id",
                "text",
                "the tracker's id of the first visit",
                missing=(
                    "the person refused tracking, or came before the tracker was installed, or "
                    "enrolled without a visit (at a fair, or through a partner's contract)"
                ),
            ),
            Column(
                "acquired",
                "date",
                "the day of enrolment",
                unit="UTC day",
                allowed=("2023-07-01", "2026-06-30"),
            ),
            Column("channel", "text", "the channel of the first contact", allowed=CHANNELS),
            Column("region", "text", "the region the customer lives in", allowed=REGIONS),
            Column(
                "product",
                "text",
                "how the customer buys: single courses (table `orders`) or a subscription "
                "(table `subscriptions`)",
                allowed=("course", "subscription"),
            ),
        ),
    ),
    "orders": Schema(
        file="orders.csv.gz",
        row="one order of single courses",
        origin=SIMULATED,
        notes="The first order of each customer is on the day of enrolment.",
        columns=(
            Column("order_id", "text", "the order's number", unique=True),
            Column("customer_id", "text", "the customer who ordered"),
            Column(
                "date",
                "date",
                "the day of the order",
                unit="UTC day",
                allowed=("2023-07-01", "2026-06-30"),
            ),
            Column(
                "amount", "number", "what the customer paid", unit="EUR", allowed=(0.01, 100_000)
            ),
            Column(
                "cost",
                "number",
                "what delivering the order cost the school (teaching, licences, payment fees)",
                unit="EUR",
                allowed=(0, 100_000),
            ),
        ),
    ),
    "subscriptions": Schema(
        file="subscriptions.csv.gz",
        row="one subscription",
        origin=SIMULATED,
        columns=(
            Column("subscription_id", "text", "the subscription's number", unique=True),
            Column("customer_id", "text", "the customer who subscribed", unique=True),
            Column("plan", "text", "the plan", allowed=("basic", "plus")),
            Column("price", "number", "the monthly price", unit="EUR a month", allowed=(1, 100)),
            Column(
                "started",
                "date",
                "the first day",
                unit="UTC day",
                allowed=("2024-01-01", "2026-06-30"),
            ),
            Column(
                "ended",
                "date",
                "the day from which it is no longer paid; always a whole number of months after "
                "`started`",
                unit="UTC day",
                allowed=("2024-01-01", "2026-06-30"),
                missing="still running on 30 June 2026",
            ),
        ),
    ),
    "surveys": Schema(
        file="surveys.csv.gz",
        row="one satisfaction survey sent to one subscriber",
        origin=SIMULATED,
        notes=(
            "Sent four times a year, on the first of March, June, September and December, to "
            "everybody whose subscription then was at least 14 days old and running. Most do not "
            "answer."
        ),
        columns=(
            Column("survey_id", "text", "the number of the survey sent", unique=True),
            Column("customer_id", "text", "the subscriber who was asked"),
            Column(
                "sent",
                "date",
                "the day on which it was sent",
                unit="UTC day",
                allowed=("2024-03-01", "2026-06-30"),
            ),
            Column(
                "answered",
                "date",
                "the day of the answer",
                unit="UTC day",
                allowed=("2024-03-01", "2026-06-30"),
                missing="no answer",
            ),
            Column(
                "csat",
                "number",
                "how satisfied are you with the school? 1 very dissatisfied, 2 dissatisfied, "
                "3 neither, 4 satisfied, 5 very satisfied",
                unit="points, whole",
                allowed=(1, 5),
                missing="no answer",
            ),
            Column(
                "nps",
                "number",
                "how likely are you to recommend the school to a friend? 0 not at all, "
                "10 extremely",
                unit="points, whole",
                allowed=(0, 10),
                missing="no answer",
            ),
        ),
    ),
    "leads": Schema(
        file="leads.csv.gz",
        row="one lead as the CRM exported it on 30 June 2026",
        origin=SIMULATED,
        notes=(
            "Leads made since January 2025. The table has what such exports have: rows that stand "
            "twice, people who appear under two addresses, values that are missing for a reason, "
            "impossible or out of date. The counts of what a lead did are as they were known 48 "
            "hours after `created_at`; the CRM counts visits itself and need not agree with the "
            "log."
        ),
        columns=(
            Column("lead_id", "text", "the CRM's number for the record"),
            Column(
                "user_id",
                "text",
                "the tracker's id of the first visit",
                missing=(
                    "the person refused tracking, came before the tracker was installed, or "
                    "never came to the site"
                ),
            ),
            Column(
                "created_at",
                "time",
                "when the record was made",
                unit="UTC, whole seconds",
                allowed=("2025-01-01", "2026-06-30 23:59:59"),
            ),
            Column(
                "entry",
                "text",
                "how the lead came into the CRM: the form on the site, a card left at a fair, a "
                "partner's list",
                allowed=("form", "card", "list"),
            ),
            Column("source", "text", "the channel of the first contact", allowed=CHANNELS),
            Column("owner", "text", "the adviser who has the lead", missing="nobody has it"),
            Column(
                "birth_year",
                "number",
                "the year of birth",
                unit="year",
                allowed=(1900, 2015),
                missing="not said",
            ),
            Column(
                "age", "number", "the age as typed or imported", unit="years", missing="not said"
            ),
            Column(
                "gender",
                "text",
                "the gender",
                allowed=("female", "male", "other"),
                missing="not said",
            ),
            Column(
                "postcode",
                "text",
                "the postcode; its first digit is the region",
                missing="not said",
            ),
            Column(
                "income",
                "number",
                "the income as typed or imported",
                unit="EUR a year",
                allowed=(0, 10_000_000),
                missing="not said",
            ),
            Column(
                "company_size",
                "text",
                "how many work where the lead works",
                allowed=("1", "2-9", "10-49", "50-249", "250+"),
                missing="not said, or no work",
            ),
            Column(
                "device",
                "text",
                "the device of the first visit",
                allowed=("mobile", "desktop"),
                missing="never on the site",
            ),
            Column("email_key", "text", "a keyed hash of the e-mail address"),
            Column(
                "phone_key",
                "text",
                "a keyed hash of the telephone number",
                missing="no number left",
            ),
            Column("consent", "flag", "whether the lead agreed to be written to"),
            Column(
                "visit_count",
                "number",
                "visits to the site",
                unit="visits",
                allowed=(0, 50),
                missing="refused tracking, or never on the site",
            ),
            Column(
                "pages",
                "number",
                "pages seen",
                unit="pages",
                allowed=(0, 200),
                missing="refused tracking, or never on the site",
            ),
            Column("downloads", "whole", "brochures downloaded", unit="downloads", allowed=(0, 20)),
            Column("webinars", "whole", "webinars attended", unit="webinars", allowed=(0, 20)),
            Column(
                "email_opens",
                "number",
                "openings of the school's mails",
                unit="openings",
                allowed=(0, 50),
                missing="no consent, so no mail was sent",
            ),
            Column(
                "offer",
                "text",
                "what the confirmation of the registration offered, drawn at random: nothing, "
                "payment in instalments, a certificate",
                allowed=("none", "instalments", "certificate"),
            ),
            Column("message", "text", "what the lead wrote in the form", missing="wrote nothing"),
            Column("called", "flag", "whether an adviser has spoken with the lead"),
            Column(
                "called_by_lot",
                "flag",
                "whether the lead was drawn at random to be called, whatever its points",
            ),
            Column(
                "portal_logins",
                "whole",
                "log-ins to the students' portal, counted on the day of the export",
                unit="log-ins",
                allowed=(0, 200),
            ),
            Column("converted", "flag", "whether the lead has enrolled by the day of the export"),
            Column(
                "converted_at",
                "time",
                "when the lead enrolled",
                unit="UTC, whole seconds",
                allowed=("2025-01-01", "2026-06-30 23:59:59"),
                missing="has not enrolled",
            ),
        ),
    ),
    **SALES,
    **EXPERIMENT_TABLES,
    **LIBRARY_TABLES,
    **TUNING,
    **JOURNEY_TABLES,
    **REGION_TABLES,
    **CAMPAIGN_TABLES,
    **INDUSTRY_TABLES,
    **SCALING,
    **PUBLISHED,
    "glossary": Schema(
        file="glossary.csv",
        row="one term of the course",
        origin="written for this course",
        columns=(
            Column("id", "text", "the name by which lessons refer to the term", unique=True),
            Column("term", "text", "the term in English"),
            Column("chinese", "text", "the term in Chinese"),
            Column("meaning", "text", "what it means, in a sentence"),
        ),
    ),
}
