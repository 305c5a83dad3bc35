"""The schemas of the four firms in four industries."""

from funnelkit.schemas.columns import SIMULATED, Column, Schema

__all__ = ["INDUSTRY_TABLES"]

NAMES = ("retail", "finance", "education", "technology")
INDUSTRY = Column("industry", "text", "the firm, by its industry", allowed=NAMES)
EVENTS = (
    "visit", "basket", "checkout", "order", "quote", "appointment", "advice", "contract",
    "trial_lesson", "booking", "call", "enrolment", "sign_up", "demo_request", "demo", "licence",
)  # fmt: skip
RATED = "a lever on a limit, not on a rate: no pilot was needed"

INDUSTRY_TABLES: dict[str, Schema] = {
    "industries": Schema(
        file="industries.csv.gz",
        row="one step that one visitor of one of the four firms took",
        origin=SIMULATED,
        notes=(
            "Illustrative, not benchmarks: the four firms are invented, and no industry was "
            "measured for them. Each took its steps in the order of its own funnel; a visitor "
            "has one row per step, at the first time. All four records begin on 30 June 2025, with "
            "nobody in line. In three firms advisers speak with everybody before they buy: "
            "`advice` (finance), `call` (education) and `demo` (technology) are the conversations "
            "held, at most so many in a week as `firms` says; those who booked wait in line, and "
            "some give up."
        ),
        columns=(
            INDUSTRY,
            Column("user_id", "text", "the visitor"),
            Column("event", "text", "the step", allowed=EVENTS),
            Column("timestamp", "time", "when it was taken", unit="UTC, whole seconds",
                   allowed=("2025-06-30", "2026-06-28 23:59:59")),
            Column("value", "number", "what the customer pays, at the last step", unit="EUR",
                   allowed=(0, 1_000_000), missing="not the last step"),
        ),
    ),
    "firms": Schema(
        file="firms.csv",
        row="one of the four firms of `industries`",
        origin=SIMULATED,
        notes="Illustrative, not benchmarks.",
        columns=(
            INDUSTRY,
            Column("calls_per_week", "number", "conversations that all advisers together can hold",
                   unit="conversations per week", allowed=(1, 1000),
                   missing="the firm sells without advisers"),
            Column("margin", "number", "the part of what a customer pays that is margin",
                   unit="fraction", allowed=(0, 1)),
        ),
    ),
    "pilots": Schema(
        file="pilots.csv",
        row="one lever that one of the four firms could pull",
        origin=SIMULATED,
        notes=(
            "Illustrative, not benchmarks. Before the year of `industries` each lever on a rate "
            "was tried: of those at the step before, chance decided who met the lever."
        ),
        columns=(
            INDUSTRY,
            Column("lever", "text", "what the firm could do"),
            Column("step", "text", "the step on which it works", allowed=EVENTS),
            *(
                Column(f"{what}_{arm}", "number", f"{meaning} the lever", unit="people",
                       allowed=(0, 100_000), missing=RATED)
                for arm in ("without", "with")
                for what, meaning in (
                    ("n", f"people in the pilot who were to go on {arm}"),
                    ("converted", f"those of them who took the step, {arm}"),
                )
            ),
            Column("adds", "number", "how many more conversations it makes room for",
                   unit="conversations per week", allowed=(1, 1000),
                   missing="a lever on a rate, not on a limit"),
            Column("cost", "number", "what the lever costs", unit="EUR per week",
                   allowed=(0, 100_000)),
        ),
    ),
}  # fmt: skip
