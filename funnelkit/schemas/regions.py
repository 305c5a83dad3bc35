"""The schema of the enrolments by region and week."""

from funnelkit.schemas.columns import SIMULATED, Column, Schema
from funnelkit.schemas.daily import CHANNELS
from funnelkit.schemas.journeys import TOUCH_REGIONS

__all__ = ["REGION_TABLES"]

PAID = tuple(name for name in CHANNELS if name != "direct")

REGION_TABLES: dict[str, Schema] = {
    "regions": Schema(
        file="regions.csv.gz",
        row="one region in one week",
        origin=SIMULATED,
        notes=(
            "All enrolments in the market in which the prospects of `journeys` live, who are a "
            "small panel of it; whatever brought them, tracked or not. Until September 2025 each "
            "region spent its usual budget, but for three tests, each in ten regions drawn at "
            "random: there the channel under test was switched off for eight weeks. From 6 October "
            "2025 each budget was multiplied, for each region and week anew, by a number drawn at "
            "random."
        ),
        columns=(
            Column("region", "text", "the region, as in `journeys`", allowed=TOUCH_REGIONS),
            Column("week", "date", "the Monday on which the week begins", unit="UTC day",
                   allowed=("2024-04-01", "2026-06-22")),
            Column("enrolments", "whole", "people who enrolled", unit="people",
                   allowed=(0, 5000)),
            Column("test", "text", "the channel that was under test in this week", allowed=PAID,
                   missing="no test in this week"),
            Column("off", "flag", "whether the channel under test was switched off here"),
            *(
                Column(f"spend_{name}", "number", f"money spent on {name.replace('_', ' ')}",
                       unit="EUR", allowed=(0, 10_000))
                for name in PAID
            ),
        ),
    ),
}  # fmt: skip
