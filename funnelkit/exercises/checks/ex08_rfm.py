"""Tasks of exercise 08: RFM."""

from functools import cache

import numpy as np

import funnelkit
from funnelkit import segments
from funnelkit.exercises.kinds import Function, List, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

REAL_DAY = "1997-12-24"
CHOICE = ("2024-12-31", "2025-06-30")
JUDGED = ("2025-06-30", "2025-12-31")
SCORES = ("r", "f", "m")
LETTER = 2.0  # EUR


@cache
def scored(name, day, until, scored_at=None):
    """Return the customers of a table, scored on a day, and whether they ordered by `until`."""
    orders = funnelkit.load(name)
    table = segments.rfm_scores(orders, observed_until=scored_at or day)
    later = orders[(orders["date"] > day) & (orders["date"] <= until)]
    return table.assign(came_back=table.index.isin(later["customer_id"]))


def real(scored_at=None):
    """Return CDNOW's customers as of Christmas 1997."""
    return scored("cdnow", REAL_DAY, "1998-06-30", scored_at)


def share(table, column="r", score=5):
    """Return the share of the customers with a score who came back."""
    return table.loc[table[column] == score, "came_back"].mean()


def recency_scores(days):
    """Return scores of 1 to 5 for days since the last purchase; the fewest days are best."""
    return _scores(days, [-day for day in days])


def _scores(days, values):
    n = len(days)
    below = [sum(other < value for other in values) for value in values]
    equal = [values.count(value) for value in values]
    return [1 + 5 * (2 * b + e) // (2 * n) for b, e in zip(below, equal, strict=True)]


def by_place(days):
    """Return scores that tell equal customers apart by their place in the list."""
    order = sorted(range(len(days)), key=lambda place: -days[place])
    return [1 + 5 * order.index(place) // len(days) for place in range(len(days))]


def lowest_of_the_equals(days):
    """Return scores that give equal customers the lowest place among them."""
    return [1 + 5 * sum(other > day for other in days) // len(days) for day in days]


def bands(days):
    """Return scores by five bands of equal width."""
    low, high = min(days), max(days)
    width = (high - low) / 5 or 1
    return [5 - min(4, int((day - low) / width)) for day in days]


def best_of_each(period=CHOICE, score=5, until=None):
    """Return, for each score, the share of its customers with a 5 who ordered in a period."""
    table = scored("orders", period[0], until or period[1])
    return {column: share(table, column, score) for column in SCORES}


def lead_of_days(period=JUDGED, until=None, *, best=True, at_least=12):
    """Return how much more of the list by days came back than of the list by the sum."""
    table = scored("orders", period[0], until or period[1]).reset_index()
    by_sum = table[list(SCORES)].sum(axis=1) >= at_least
    order = table.sort_values(["days_since_last", "customer_id"], ascending=[best, True])
    by_days = order.head(int(by_sum.sum()))
    return by_days["came_back"].mean() - table["came_back"][by_sum].mean()


@cache
def trial():
    """Return the made-up draw of the exercise: who got a letter, and the margin that followed."""
    table = segments.rfm_scores(funnelkit.load("orders"), observed_until="2025-12-31")[["r"]]
    rng = np.random.default_rng(8)
    letter = rng.random(len(table)) < 0.5
    buys = rng.random(len(table)) < table["r"].to_numpy() / 10 + 0.08 * letter
    return table.assign(letter=letter, margin=np.where(buys, 90.0, 0.0))


def means(only=1):
    """Return the mean margin of those with a letter and of those without."""
    table = trial()
    table = table[table["r"] == only] if only else table
    by_letter = table.groupby("letter")["margin"].mean()
    return by_letter[True], by_letter[False]


def added(only=1, cost=LETTER):
    """Return what the letter added, minus what it cost."""
    with_letter, without = means(only)
    return with_letter - without - cost


TASKS = [
    Task(
        "8.1",
        "Scores for days",
        name="recency_scores",
        kind=Function(
            List(Number(whole=True)),
            calls=[
                ([3, 40, 11, 700, 95],),
                ([30, 30, 30, 400, 800],),
                ([7, 7, 7, 7, 7],),
                ([1, 2, 2, 9, 9, 9, 50, 60, 60, 300],),
            ],
        ),
        truth=recency_scores,
        section="Three scores",
        hints=[
            "Worse than a customer are those with *more* days. Count them, and the equal ones.",
            "The score is `1 + 5 * (b + e / 2) // n`, as a whole number; `e` counts the customer.",
        ],
        mistakes=[
            Mistake(
                "recency-the-wrong-way-round",
                lambda days: _scores(days, list(days)),
                "The customer who has been away longest gets the best score.",
                "Worse are those with more days.",
            ),
            Mistake(
                "ties-told-apart",
                by_place,
                "Customers with the same number of days get different scores, by their place in "
                "the list.",
                "Give equal customers the score of the middle of them.",
            ),
            Mistake(
                "lowest-of-the-equals",
                lowest_of_the_equals,
                "Equal customers share a score, but that of the lowest place among them.",
                "Give them the score of the middle of them: add half of the number of equals.",
            ),
            Mistake(
                "bands-of-equal-width",
                bands,
                "You cut the *days* into five equal parts. One customer with many days pushes "
                "nearly all others into the best score.",
                "Count how many customers are worse, not how many days they are away.",
            ),
        ],
        after="Equal customers, equal scores, whatever order the table is in.",
    ),
    Task(
        "8.2",
        "Those who bought lately",
        name="best_fifth",
        kind=Number(unit="fraction", decimals=3),
        truth=lambda: share(real()),
        section="What the scores are worth",
        hints=[
            "`segments.rfm_scores(cdnow, observed_until=...)` gives each customer an `r`.",
            "Who came back? `scored.index.isin(...)` with the customers of the later orders.",
        ],
        mistakes=[
            Mistake(
                "recency-the-wrong-way-round",
                lambda: share(real(), score=1),
                "That is the share of those with an `r` of 1, who have been away longest.",
                "A high score is a good one: few days since the last purchase are a 5.",
            ),
            Mistake(
                "scored-with-the-future",
                lambda: share(real("1998-06-30")),
                "You scored the customers with the purchases that you want to foresee.",
                "Score as of 24 December 1997.",
            ),
            Mistake(
                "the-day-of-the-lesson",
                lambda: share(scored("cdnow", "1997-09-30", "1998-06-30")),
                "You scored, and began to count, on 30 September, the day of the lesson.",
                "Here both are 24 December 1997.",
            ),
            Mistake(
                "everybody",
                lambda: real()["came_back"].mean(),
                "That is the share of all customers who came back.",
                "Keep those with an `r` of 5.",
            ),
            Mistake(
                "frequency-for-recency",
                lambda: share(real(), "f"),
                "That is the share of those who bought most often, by `f`.",
                "Take the recency score, `r`.",
            ),
            percent_for_fraction(),
        ],
        after="Among those with the lowest score it is about one in sixteen.",
    ),
    Task(
        "8.3",
        "Choose on an earlier period",
        name="best_of_each",
        kind=Mapping(Number(unit="fraction", decimals=3)),
        truth=best_of_each,
        section="What the scores are worth",
        hints=[
            "Score as of 31 December 2024; the orders that count lie after it, up to 30 June 2025.",
            "For each column `c` of `['r', 'f', 'm']` take the customers whose score is 5.",
        ],
        mistakes=[
            Mistake(
                "no-end",
                lambda: best_of_each(until="2026-06-30"),
                "You counted orders up to the end of the table, which is a year and a half.",
                "Count those up to 30 June 2025.",
            ),
            Mistake(
                "the-period-of-the-lesson",
                lambda: best_of_each(("2025-12-31", "2026-06-30")),
                "These are the shares of the lesson, as of 31 December 2025.",
                "Score a year earlier, and count the half-year after that.",
            ),
            Mistake(
                "lowest-for-best",
                lambda: best_of_each(score=1),
                "These are the shares of the customers with a 1.",
                "The best score is 5.",
            ),
            percent_for_fraction(),
        ],
        after="By this period one would choose recency. It has not seen the next one.",
        equivalent={
            "the bound of orders['date'] <= '2025-06-30' moved": "nobody with a 5 ordered on the "
            "last day of the half-year and on no other"
        },
    ),
    Task(
        "8.4",
        "Judge on the next",
        name="lead_of_days",
        kind=Number(unit="fraction", decimals=3),
        truth=lead_of_days,
        section="Against one best column",
        hints=[
            "The list by the sum: `r + f + m >= 12`. Count its customers.",
            "The list by days: sort by `days_since_last` and `customer_id`, and take as many.",
        ],
        mistakes=[
            Mistake(
                "days-the-wrong-way-round",
                lambda: lead_of_days(best=False),
                "Your list by days holds the customers who have been away longest.",
                "Sort so that the fewest days come first.",
            ),
            Mistake(
                "sum-minus-days",
                lambda: -lead_of_days(),
                "The sign is turned round: that is the list by the sum minus the list by days.",
                "Subtract the share of the list by the sum.",
            ),
            Mistake(
                "the-period-of-the-lesson",
                lambda: lead_of_days(("2025-12-31", "2026-06-30")),
                "That is the difference of the lesson, as of 31 December 2025.",
                "Score as of 30 June 2025, and count the half-year after it.",
            ),
            Mistake(
                "no-end",
                lambda: lead_of_days(until="2026-06-30"),
                "You counted orders up to the end of the table, which is a whole year.",
                "Count those up to 31 December 2025.",
            ),
            percent_for_fraction(),
        ],
        after="Chosen on one half-year, confirmed on the next.",
        equivalent={
            "the bound of orders['date'] <= '2025-12-31' moved": "of the old customers nobody "
            "ordered on the last day of the half-year and on no other"
        },
    ),
    Task(
        "8.5",
        "What the letter added",
        name="net_eur",
        kind=Number(unit="EUR per customer", decimals=2),
        truth=added,
        section="From scores to actions",
        hints=[
            "The draw made the halves alike, so the difference of their mean margins is the "
            "letter's doing.",
        ],
        mistakes=[
            Mistake(
                "what-they-bring",
                lambda: means()[0] - LETTER,
                "That is what customers with a letter brought, minus its cost. Part of it would "
                "have come without a letter.",
                "Subtract the mean margin of those without a letter.",
            ),
            Mistake(
                "no-cost",
                lambda: added(cost=0.0),
                "That is what the letter added; each letter cost EUR 2.",
                "Subtract the cost of a letter.",
            ),
            Mistake(
                "all-groups",
                lambda: added(only=None),
                "That is the mean over all recency scores.",
                "Keep the customers with an `r` of 1.",
            ),
        ],
        after="Those long away bring least, and on average the letter paid there. Is it more than "
        "chance? That takes an interval.",
    ),
]
