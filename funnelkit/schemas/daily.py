"""The schema of the daily figures, and the names of the channels."""

from funnelkit.schemas.columns import SIMULATED, Column, Schema

__all__ = ["CHANNELS", "DAILY"]

CHANNELS = (
    "social_ads",
    "seo",
    "brand_search",
    "content",
    "social",
    "partner",
    "offline",
    "direct",
)


DAILY = Schema(
    file="daily.csv.gz",
    row="one day of three years",
    origin=SIMULATED,
    notes=(
        "The days of three years without a gap, counted by the school itself: people who "
        "refuse the tracker are in it, bots and repeated rows are not, and the day on which "
        "the tracker was down is whole. So the log shows fewer: of `first_visits`, `leads` and "
        "`bookings` the people who did not refuse, and of `visits` the sessions of those of "
        "them who first came since January 2026. `first_visits` less the clicks in `spend` are "
        "those who came directly; `enrolments` are the rows of `customers`; `revenue` is the "
        "money of `orders` and of `subscriptions`, whose price is paid on the first day and "
        "again each month. `leads` are people who sent the form, each counted once; cards and "
        "lists are not among them. The records begin on 1 July 2023: who came before is not "
        "in them, so leads, bookings, enrolments and revenue start low and take some weeks, "
        "revenue longer, to reach their level."
    ),
    columns=(
        Column(
            "date",
            "date",
            "the day",
            unit="UTC day",
            allowed=("2023-07-01", "2026-06-30"),
            unique=True,
        ),
        Column("holiday", "text", "the public holiday", missing="no public holiday"),
        Column("visits", "whole", "visits to the site", unit="visits", allowed=(0, 10_000)),
        Column(
            "first_visits",
            "whole",
            "visits by people who had not been on the site before",
            unit="visits",
            allowed=(0, 10_000),
        ),
        Column(
            "leads",
            "whole",
            "people who sent the form for the first time",
            unit="people",
            allowed=(0, 1000),
        ),
        Column(
            "bookings",
            "whole",
            "people who booked an advice call",
            unit="people",
            allowed=(0, 1000),
        ),
        Column("enrolments", "whole", "new customers", unit="people", allowed=(0, 1000)),
        Column("revenue", "number", "money received", unit="EUR", allowed=(0, 100_000)),
        *(
            Column(
                f"spend_{channel}",
                "number",
                f"money spent on {channel.replace('_', ' ')}, planned a week at a time",
                unit="EUR",
                allowed=(0, 1000),
            )
            for channel in CHANNELS
            if channel != "direct"
        ),
    ),
)
