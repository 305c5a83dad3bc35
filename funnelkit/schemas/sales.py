"""The schemas of the sales team's work: shifts, calls, deals, stages, expected close dates."""

from funnelkit.schemas.columns import SIMULATED, Column, Schema

__all__ = ["ADVISERS", "SALES", "STAGES"]

ADVISERS = ("Amber", "Basil", "Clove", "Dill", "Elder")


STAGES = ("MQL", "SQL", "call", "proposal", "negotiation", "won", "lost")


SALES: dict[str, Schema] = {
    "shifts": Schema(
        file="shifts.csv.gz",
        row="one adviser in one week",
        origin=SIMULATED,
        notes="Short weeks are drawn at random, whatever the week's leads are worth.",
        columns=(
            Column(
                "week",
                "date",
                "the Monday of the week",
                unit="UTC day",
                allowed=("2024-12-30", "2026-06-29"),
            ),
            Column("adviser", "text", "the adviser", allowed=ADVISERS),
            Column("days", "whole", "days worked in that week", unit="days", allowed=(0, 6)),
        ),
    ),
    "calls": Schema(
        file="calls.csv.gz",
        row="one attempt of an adviser to reach a lead by telephone",
        origin=SIMULATED,
        notes=(
            "Every attempt up to the first conversation, or until the adviser gave up. The "
            "advisers work from 9:00 to 19:00, Monday to Saturday; leads with two points or more "
            "are tried first. A lead that `leads` calls `called` has one row that is `reached`."
        ),
        columns=(
            Column("lead_id", "text", "the lead, as in `leads`"),
            Column(
                "attempt",
                "whole",
                "which attempt it is for this lead: 1 is the first",
                unit="attempts",
                allowed=(1, 10),
            ),
            Column(
                "called_at",
                "time",
                "when the adviser rang",
                unit="UTC, whole seconds",
                allowed=("2025-01-01", "2026-06-30 23:59:59"),
            ),
            Column("adviser", "text", "who rang", allowed=ADVISERS),
            Column("reached", "flag", "whether the lead answered and they spoke"),
            Column(
                "minutes",
                "number",
                "how long they spoke",
                unit="minutes",
                allowed=(1, 300),
                missing="not reached",
            ),
        ),
    ),
    "deals": Schema(
        file="deals.csv.gz",
        row="one deal (opportunity) of the sales team, as the CRM exported it on 30 June 2026",
        origin=SIMULATED,
        notes=(
            "A deal is made when a lead is handed to an adviser. A lost lead may be taken up "
            "again later as a second deal. `objection`, `discount` and `amount` are written when "
            "the negotiation begins: until then a deal has its list price. What was known on an "
            "earlier day is in `stages` and `close_dates`. Customers who enrolled without a call "
            "have no deal."
        ),
        columns=(
            Column("deal_id", "text", "the CRM's number for the deal", unique=True),
            Column("lead_id", "text", "the lead whose deal it is, as in `leads`"),
            Column(
                "created_at",
                "time",
                "when the deal was made",
                unit="UTC, whole seconds",
                allowed=("2025-01-01", "2026-06-30 23:59:59"),
            ),
            Column("owner", "text", "the adviser whose deal it is", allowed=ADVISERS),
            Column("recycled", "flag", "whether it is the second deal of a lead lost before"),
            Column(
                "product",
                "text",
                "what is on offer: single courses or a subscription",
                allowed=("course", "subscription"),
            ),
            Column(
                "list_price",
                "number",
                "the price before any discount: of the first order, or of twelve months",
                unit="EUR",
                allowed=(0.01, 100_000),
            ),
            Column(
                "objection",
                "flag",
                "whether the lead called the price too high in the negotiation",
            ),
            Column(
                "discount",
                "number",
                "the discount offered in the negotiation, on a subscription as free first weeks",
                unit="share of the list price",
                allowed=(0, 0.5),
            ),
            Column(
                "amount",
                "number",
                "the price after the discount; of a won deal for courses that of the first order",
                unit="EUR",
                allowed=(0.01, 100_000),
            ),
            Column(
                "outcome", "text", "how it ended", allowed=("won", "lost"), missing="still open"
            ),
            Column(
                "closed_at",
                "time",
                "when it was won or lost",
                unit="UTC, whole seconds",
                allowed=("2025-01-01", "2026-06-30 23:59:59"),
                missing="still open",
            ),
            Column(
                "expected_close",
                "date",
                "the close date that the adviser expected in the end",
                unit="UTC day",
                allowed=("2025-01-01", "2027-06-30"),
            ),
        ),
    ),
    "stages": Schema(
        file="stages.csv.gz",
        row="one deal that enters one stage",
        origin=SIMULATED,
        notes=(
            "`MQL`: handed to an adviser. `SQL`: spoken with, or a call booked. `call`: the advice "
            "call is booked, in the log the event `opportunity`. `proposal`: an offer was sent. "
            "`negotiation`: price and dates are discussed. `won`: enrolled. `lost`: given up. "
            "Stages entered in the same second keep this order."
        ),
        columns=(
            Column("deal_id", "text", "the deal, as in `deals`"),
            Column("stage", "text", "the stage", allowed=STAGES),
            Column(
                "entered_at",
                "time",
                "when the deal entered it",
                unit="UTC, whole seconds",
                allowed=("2025-01-01", "2026-06-30 23:59:59"),
            ),
        ),
    ),
    "close_dates": Schema(
        file="close_dates.csv.gz",
        row="one expected close date that an adviser entered for a deal",
        origin=SIMULATED,
        notes="The first is entered when the deal is made; the later ones move it.",
        columns=(
            Column("deal_id", "text", "the deal, as in `deals`"),
            Column(
                "edited_at",
                "time",
                "when the date was entered",
                unit="UTC, whole seconds",
                allowed=("2025-01-01", "2026-06-30 23:59:59"),
            ),
            Column(
                "expected_close",
                "date",
                "the day on which the adviser then expected the deal to close",
                unit="UTC day",
                allowed=("2025-01-01", "2027-06-30"),
            ),
        ),
    ),
}
