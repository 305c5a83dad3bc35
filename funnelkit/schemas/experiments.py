"""The schemas of the tables of tests: the current ones user by user, the past ones as counts."""

from funnelkit.schemas.columns import SIMULATED, Column, Schema

__all__ = ["EXPERIMENT_TABLES", "TESTS"]

TESTS = (
    "aa_check",
    "booking_page",
    "short_form",
    "video_page",
    "pop_up",
    "new_home",
    "reading_list",
)


def _arm(name: str, meaning: str, run: str) -> Column:
    """Return the column of a count in one arm of a past test."""
    return Column(name, "whole", f"{meaning} {run}", unit="users", allowed=(1, 100_000))


EXPERIMENT_TABLES: dict[str, Schema] = {
    "experiments": Schema(
        file="experiments.csv.gz",
        row="one reader of the free lessons in one test",
        origin=SIMULATED,
        notes=(
            "The school tests pages of its free lessons with a testing tool, which has ids of its "
            "own: they are not those of the log. A reader gets a variant by a hash of the id and "
            "the name of the test, and may be in several tests. Each test ran for six whole weeks "
            "and is over; every reader was followed for 60 days."
        ),
        columns=(
            Column("test", "text", "the name of the test, also the salt of its hash",
                   allowed=TESTS),
            Column("user_id", "text", "the testing tool's id of a reader, the same in all tests"),
            Column("variant", "text", "A is the page as it was, B the changed one",
                   allowed=("A", "B")),
            Column("exposed_at", "time", "when the reader first saw the page under test",
                   unit="UTC, whole seconds", allowed=("2025-08-04", "2026-06-30 23:59:59")),
            Column("minutes_before", "number",
                   "minutes spent on free lessons in the 28 days before `exposed_at`",
                   unit="minutes", allowed=(0, 5000)),
            Column("minutes", "number", "the same in the 14 days from `exposed_at`",
                   unit="minutes", allowed=(0, 5000)),
            Column("sessions", "whole", "sessions in the 14 days from `exposed_at`",
                   unit="sessions", allowed=(1, 100)),
            Column("clicks", "whole", "those of the sessions with a click on “book a call”",
                   unit="sessions", allowed=(0, 100)),
            Column("lead_at", "time", "when the reader left an e-mail address",
                   unit="UTC, whole seconds", allowed=("2025-08-04", "2026-06-30 23:59:59"),
                   missing="did not do so within 14 days of `exposed_at`"),
            Column("customer", "flag", "whether the reader enrolled within 60 days of "
                   "`exposed_at`"),
            Column("revenue", "number", "what the reader paid within 60 days of `exposed_at`",
                   unit="EUR", allowed=(0, 10_000)),
            Column("opted_out", "flag", "whether the reader asked within 14 days not to be shown "
                   "or sent anything further"),
        ),
    ),
    "past_tests": Schema(
        file="past_tests.csv",
        row="one test of an earlier year, with the counts of its two arms, and those of its re-run",
        origin=SIMULATED,
        notes=(
            "Each of these tests was run again later, with four times as many users, whatever had "
            "come of it. The true lifts are in `truth.json`."
        ),
        columns=(
            Column("test", "text", "the number of the test", unique=True),
            Column("ended", "date", "the last day of the test",
                   allowed=("2023-07-01", "2025-08-03")),
            Column("place", "text", "what was changed", allowed=("page", "form", "mail")),
            *(
                _arm(f"{run}{what}_{arm}", f"{words} in arm {arm.upper()}", of)
                for run, of in (("", "of the test"), ("rerun_", "of its re-run"))
                for arm in "ab"
                for what, words in (("users", "users"), ("leads", "users who became leads"))
            ),
        ),
    ),
}  # fmt: skip
