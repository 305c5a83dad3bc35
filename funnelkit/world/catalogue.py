"""The library's short courses: topics, and the sentences from which descriptions are put together.

A description says what a course is about, in words of its own topic and a few of another, so that
texts of one topic resemble each other. What it does not say is how good the course is, and whether
it is taught by doing or by explaining.
"""

import numpy as np
import pandas as pd

from funnelkit.world.draws import Draws
from funnelkit.world.keys import DAY, as_moments, seconds_of
from funnelkit.world.model import LIBRARY

__all__ = ["TOPICS", "draw_courses"]

TOPICS = {
    "data": (
        "pivot tables", "clean data", "charts that convince", "survey data", "dashboards",
        "spreadsheets", "outliers", "data from several sources", "tables and filters",
    ),
    "python": (
        "functions and loops", "Python scripts", "notebooks", "reading files", "tests for code",
        "web scraping", "data frames", "automation of daily work", "errors and debugging",
    ),
    "statistics": (
        "averages and spread", "confidence intervals", "regression", "survey data", "sampling",
        "correlation", "hypothesis tests", "forecasts", "charts of distributions",
    ),
    "marketing": (
        "search engines", "newsletters", "landing pages", "social media", "campaign budgets",
        "keywords", "customer journeys", "texts that sell", "web analytics",
    ),
    "projects": (
        "project plans", "milestones", "risk lists", "agile teams", "estimates of effort",
        "stakeholders", "kick-off meetings", "budgets under pressure", "retrospectives",
    ),
    "accounts": (
        "double entry", "invoices", "VAT returns", "the balance sheet", "payroll",
        "cash flow", "annual accounts", "receipts and records", "cost accounting",
    ),
    "design": (
        "layouts", "colours and type", "responsive pages", "style sheets", "prototypes",
        "accessible pages", "images for the web", "landing pages", "usability tests",
    ),
    "english": (
        "e-mails in English", "presentations", "negotiations", "small talk", "job interviews",
        "telephone calls", "grammar for work", "meetings in English", "writing reports",
    ),
}  # fmt: skip

OPENINGS = (
    "This course is about {a} and {b}.",
    "You learn to work with {a} and {b}.",
    "From {a} to {b}: what you need at work.",
    "{title}, step by step.",
    "A practical course on {a} and {b}.",
)
MIDDLES = (
    "We also look at {c}.",
    "One lesson is on {c}, another on {d}.",
    "Exercises train {c} and {d}.",
    "At the end you can handle {c}.",
    "Along the way you meet {c} and {d}.",
)
LEVELS = {
    "beginner": "No earlier knowledge is needed.",
    "advanced": "For people who know the basics and want more.",
}


def draw_courses(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table ``courses``, and what it hides of each course."""
    draws, ids = Draws(seed, "courses"), np.arange(LIBRARY["courses"], dtype=np.uint64)
    topics = np.array(list(TOPICS))
    place = ids.astype(np.int64)
    main = topics[place % len(topics)]
    step = draws.choice("second", ids, np.arange(1, len(topics)), np.ones(len(topics) - 1))
    second = topics[(place + step) % len(topics)]
    level = draws.choice("level", ids, ("beginner", "advanced"), (0.6, 0.4))
    law = LIBRARY["popularity"]
    hidden = pd.DataFrame(
        {
            "topic": main,
            "second": second,
            "level": level,
            "popularity": law["sigma"] * draws.normal("popularity", ids),
            "quality": LIBRARY["stars"]["quality_sd"] * draws.normal("quality", ids),
            "style": draws.normal("style", ids),
            "added": _added(draws, ids),
        }
    )
    texts = [_described(draws, *course) for course in zip(ids, main, second, strict=True)]
    texts, price = np.array(texts, dtype=object), LIBRARY["price"]
    prices = 5 * np.round(draws.lognormal("price", ids, price["median"], price["sigma"]) / 5) - 1
    table = pd.DataFrame(
        {
            "course_id": [f"c{number + 1:03d}" for number in range(len(ids))],
            "title": texts[:, 0],
            "topic": main,
            "level": level,
            "price": np.clip(prices, 19, 199),
            "added": as_moments(hidden["added"]),
            "description": texts[:, 1],
        }
    )
    table["description"] = table["description"] + " " + table["level"].map(LEVELS)
    again = table.groupby("title").cumcount()
    table["title"] += again.map(lambda before: f" {before + 1}" if before else "")
    text = ("course_id", "title", "topic", "level", "description")
    return table.astype(dict.fromkeys(text, "str")), hidden.assign(course_id=table["course_id"])


def _added(draws, ids):
    """Return when each course was added: most at the opening, the others month by month."""
    law = LIBRARY["opening"]
    later = draws.chance("later", ids, law["added_later"])
    days = np.floor(law["over_days"] * draws.uniform("added", ids)).astype(np.int64)
    return seconds_of(law["date"]) + DAY * np.where(later, days, 0)


def _described(draws, number, main, second):
    """Return the title and the description of one course."""
    a, b, c = np.array(TOPICS[main])[draws.bits("own", number, np.arange(9)).argsort()[:3]]
    d = TOPICS[second][int(draws.bits("other", number) % np.uint64(9))]
    opening = OPENINGS[int(draws.bits("opening", number) % np.uint64(len(OPENINGS)))]
    middle = MIDDLES[int(draws.bits("middle", number) % np.uint64(len(MIDDLES)))]
    title = f"{a[0].upper()}{a[1:]} and {b}"
    return title, f"{opening.format(a=a, b=b, title=title)} {middle.format(c=c, d=d)}"
