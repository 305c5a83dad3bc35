"""The schema of the touches of prospects with the school's channels."""

from funnelkit.schemas.columns import SIMULATED, Column, Schema
from funnelkit.schemas.daily import CHANNELS

__all__ = ["JOURNEY_TABLES", "TOUCH_REGIONS"]

TOUCH_REGIONS = tuple(f"r{number:02d}" for number in range(1, 21))

JOURNEY_TABLES: dict[str, Schema] = {
    "journeys": Schema(
        file="journeys.csv.gz",
        row="one touch of one prospect with one of the school's channels",
        origin=SIMULATED,
        notes=(
            "What an advertising tool recorded of a panel of prospects who agreed to it, online "
            "and offline, from the day on which each came into the market. The tool has ids and "
            "regions of its own: they are not those of the log. Prospects who did not enrol are in "
            "the table too. A prospect may enrol more than once; touches after an enrolment lead "
            "to the next."
        ),
        columns=(
            Column("user_id", "text", "the tool's id of a prospect"),
            Column("timestamp", "time", "when the touch happened", unit="UTC, whole seconds",
                   allowed=("2025-12-29", "2026-06-28 23:59:59")),
            Column("channel", "text", "the channel of the touch", allowed=CHANNELS),
            Column("region", "text", "where the prospect lives", allowed=TOUCH_REGIONS),
            Column("cost", "number", "what the touch cost", unit="EUR", allowed=(0, 100)),
            Column("converted_at", "time", "when the prospect enrolled after this touch, before "
                   "any other", unit="UTC, whole seconds",
                   allowed=("2025-12-29", "2026-06-28 23:59:59"),
                   missing="no enrolment followed before the next touch"),
            Column("value", "number", "what the enrolment brought", unit="EUR",
                   allowed=(0, 20_000), missing="no enrolment followed before the next touch"),
        ),
    ),
}  # fmt: skip
