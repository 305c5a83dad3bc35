"""The schemas of the library of short courses: the courses, who saw and rated them, a trial."""

from funnelkit.schemas.columns import SIMULATED, Column, Schema

__all__ = ["LIBRARY_TABLES", "TOPICS"]

TOPICS = (
    "data",
    "python",
    "statistics",
    "marketing",
    "projects",
    "accounts",
    "design",
    "english",
)

_MEMBER = Column("customer_id", "text", "the customer, as in `customers`")
_COURSE = Column("course_id", "text", "the short course, as in `courses`")

LIBRARY_TABLES: dict[str, Schema] = {
    "courses": Schema(
        file="courses.csv",
        row="one short course of the school's library",
        origin=SIMULATED,
        notes=(
            "The library opened on 1 July 2025 with most of its courses; the others were added "
            "later. Customers buy these courses one by one on a learning platform with books of "
            "its own, so they are not in `orders`."
        ),
        columns=(
            Column("course_id", "text", "the number of the course", unique=True),
            Column("title", "text", "the title", unique=True),
            Column("topic", "text", "the topic under which it is listed", allowed=TOPICS),
            Column("level", "text", "for whom it is meant", allowed=("beginner", "advanced")),
            Column("price", "number", "the price", unit="EUR", allowed=(19, 199)),
            Column("added", "date", "the day on which it was added", unit="UTC day",
                   allowed=("2025-07-01", "2026-06-30")),
            Column("description", "text", "what the library's page says of it"),
        ),
    ),
    "views": Schema(
        file="views.csv.gz",
        row="one customer and one short course whose page the customer has looked at",
        origin=SIMULATED,
        columns=(
            _MEMBER,
            _COURSE,
            Column("first_viewed", "date", "the day of the first look", unit="UTC day",
                   allowed=("2025-07-01", "2026-06-30")),
            Column("views", "whole", "how often the customer looked, until 30 June 2026",
                   unit="views", allowed=(1, 100)),
        ),
    ),
    "ratings": Schema(
        file="ratings.csv.gz",
        row="one customer's rating of one short course",
        origin=SIMULATED,
        notes=(
            "Given after the last lesson of the course. A customer rates a course once. Customers "
            "who use the library and have rated nothing yet are in `views`."
        ),
        columns=(
            _MEMBER,
            _COURSE,
            Column("rating", "whole", "how the customer liked it, 5 best", unit="stars",
                   allowed=(1, 5)),
            Column("rated_at", "time", "when it was rated", unit="UTC, whole seconds",
                   allowed=("2025-07-01", "2026-06-30 23:59:59")),
        ),
    ),
    "list_test": Schema(
        file="list_test.csv.gz",
        row="one customer in the test of two lists of recommendations",
        origin=SIMULATED,
        notes=(
            "Twelve weekly mails from 6 April 2026 showed six short courses each, to all customers "
            "who used the library by then. `rating` put the courses with the highest predicted "
            "rating first (a matrix factorisation, whose RMSE is the lowest); `neighbours` those "
            "that customers of similar courses took. The variant was drawn by a hash of the id."
        ),
        columns=(
            Column("customer_id", "text", "the customer, as in `customers`", unique=True),
            Column("variant", "text", "whose list the customer was shown",
                   allowed=("rating", "neighbours")),
            Column("impressions", "whole", "courses shown in the mails that the customer opened",
                   unit="courses shown", allowed=(0, 72)),
            Column("clicks", "whole", "those of them that were clicked", unit="clicks",
                   allowed=(0, 72)),
            Column("enrolments", "whole", "courses bought after such a click, within 14 days",
                   unit="courses", allowed=(0, 72)),
            Column("revenue", "number", "what was paid for them", unit="EUR", allowed=(0, 10_000)),
        ),
    ),
}  # fmt: skip
