"""The schemas of the real tables, which others have published."""

from funnelkit.schemas.columns import Column, Schema

__all__ = ["PUBLISHED"]

PUBLISHED: dict[str, Schema] = {
    "cdnow": Schema(
        file="cdnow.csv.gz",
        row="one purchase at the online music shop CDNOW, a real company, in 1997 and 1998",
        origin="published by Bruce Hardie and Peter Fader; see SOURCES.md",
        notes=(
            "A tenth of the 23,570 people whose first purchase was in the first quarter of 1997, "
            "all rows as published, in the published order, 21 exact repeats among them."
        ),
        columns=(
            Column("master_id", "text", "the customer's number in the full data set"),
            Column("customer_id", "text", "the customer's number in this sample"),
            Column("date", "date", "the day of the purchase", allowed=("1997-01-01", "1998-06-30")),
            Column("quantity", "whole", "CDs bought", unit="CDs", allowed=(1, 100)),
            Column("amount", "number", "what was paid", unit="USD", allowed=(0, 1000)),
        ),
    ),
    "open_bandit": Schema(
        file="open_bandit.csv.gz",
        row="one item shown on the web shop ZOZOTOWN, a real company, in November 2019",
        origin="published by ZOZO, Inc. as part of the Open Bandit Dataset; see SOURCES.md",
        notes=(
            "The small version of the data: 10,000 rows for each of three campaigns and each of "
            "two policies, in the published order. The page had three places; every row is one "
            "item in one of them. The policy `random` chose every item with the same probability, "
            "`thompson` by Thompson sampling; both ran in the same week, on different visitors."
        ),
        columns=(
            Column(
                "campaign",
                "text",
                "whose clothes were shown: 80 items in `all`, 34 in `men`, 46 in `women`",
                allowed=("all", "men", "women"),
            ),
            Column(
                "policy",
                "text",
                "how the item was chosen",
                allowed=("random", "thompson"),
            ),
            Column(
                "timestamp",
                "time",
                "when it was shown",
                unit="UTC, whole seconds",
                allowed=("2019-11-24", "2019-11-30 23:59:59"),
            ),
            Column("item", "whole", "the item's number in its campaign", allowed=(0, 79)),
            Column("position", "whole", "the place on the page", allowed=(1, 3)),
            Column("click", "flag", "whether the visitor clicked on it"),
            Column(
                "propensity",
                "number",
                "the probability with which the policy chose this item for this place; that of "
                "`thompson` was counted in simulated draws",
                unit="fraction",
                allowed=(0, 1),
            ),
        ),
    ),
}
