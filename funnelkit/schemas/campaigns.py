"""The schema of the mail series with a hold-out group."""

from funnelkit.schemas.columns import SIMULATED, Column, Schema

__all__ = ["CAMPAIGN_TABLES"]

CAMPAIGN_TABLES: dict[str, Schema] = {
    "campaigns": Schema(
        file="campaigns.csv.gz",
        row="one contact of the mailing list in the trial of the mail series, the earliest first",
        origin=SIMULATED,
        notes=(
            "Each Monday contacts who had not enrolled in the last months entered the trial. Of "
            "those with consent, four in five were drawn at random to get a series of mails that "
            "ends with a voucher, and of these half got it in four mails and half in eight; one in "
            "five was held out. Whoever has not consented was not drawn and got nothing. Every "
            "contact was followed for 60 days. The mailing tool has ids of its own."
        ),
        columns=(
            Column("contact_id", "text", "the mailing tool's id of the contact", unique=True),
            Column("entered", "date", "the Monday on which the contact entered the trial",
                   unit="UTC day", allowed=("2025-07-07", "2026-04-27")),
            Column("consent", "flag", "whether the contact has agreed to mails with offers"),
            Column("treated", "flag", "whether the contact was drawn to get the series"),
            Column("mails", "whole", "how many mails of the series the contact was drawn to get",
                   unit="mails", allowed=(0, 8)),
            Column("visits", "whole", "visits to the site in the 90 days before `entered`",
                   unit="visits", allowed=(0, 12)),
            Column("pricing_views", "whole", "those of the visits that saw the prices",
                   unit="visits", allowed=(0, 12)),
            Column("webinar", "flag", "whether the contact attended a webinar before `entered`"),
            Column("newsletters", "whole",
                   "newsletters that the contact was sent in the 90 days before `entered`",
                   unit="mails", allowed=(0, 12)),
            Column("orders", "whole", "orders before `entered`", unit="orders", allowed=(0, 4)),
            Column("opens", "whole", "mails of the series that were opened", unit="mails",
                   allowed=(0, 8)),
            Column("enrolled", "flag", "whether the contact enrolled within 60 days of `entered`"),
            Column("order_value", "number",
                   "the price of that enrolment, before the voucher; 0 without one", unit="EUR",
                   allowed=(0, 10_000)),
            Column("voucher", "number", "what the voucher took off that price", unit="EUR",
                   allowed=(0, 80)),
            Column("opted_out", "flag",
                   "whether the contact unsubscribed from all mails within 60 days of `entered`"),
        ),
    ),
}  # fmt: skip
