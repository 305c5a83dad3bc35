"""Tasks of exercise 13: segmentation."""

from functools import cache

import numpy as np
import pandas as pd

import funnelkit
from funnelkit import metrics, segments
from funnelkit.exercises.kinds import Function, List, Mapping, Number, Text
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction
from funnelkit.school import clean_leads, year_margin

AS_OF = "1997-12-31"
OFFERS = ("none", "instalments", "certificate")


@cache
def customers(observed_until=AS_OF):
    """Return CDNOW's customers, scored on a day, with whether they bought after 1997."""
    cdnow = funnelkit.load("cdnow")
    table = segments.rfm_scores(cdnow, observed_until=observed_until)
    later = cdnow.loc[cdnow["date"] > AS_OF, "customer_id"]
    return table.assign(came_back=table.index.isin(later))


def back_after(day):
    """Return the share of the best recency score, as of a day, who bought after that day."""
    cdnow = funnelkit.load("cdnow")
    table = customers(day)
    return table.index[table["r"] == 5].isin(cdnow.loc[cdnow["date"] > day, "customer_id"]).mean()


def came_back(score=5, column="r"):
    """Return the share of the customers with a score who came back."""
    table = customers()
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
    """Return scores that place equal customers where the worst of them would stand."""
    return [1 + 5 * sum(other > day for other in days) // len(days) for day in days]


def bands(days):
    """Return scores by five bands of equal width."""
    low, high = min(days), max(days)
    width = (high - low) / 5 or 1
    return [5 - min(4, int((day - low) / width)) for day in days]


@cache
def leads():
    """Return the cleaned leads with outcome, logarithm of the income, time and card."""
    people = clean_leads()
    took = people["converted_at"] - people["created_at"]
    card = np.where(people["income"] <= 28_000, "low", "high")
    return people.assign(
        enrolled=took <= pd.Timedelta("60D"),
        log_income=np.log(people["income"]),
        card=pd.Series(card, people.index).where(people["income"].notna(), "unknown"),
        earlier=people["created_at"] < "2025-11-01",
        later=people["created_at"].between("2026-01-01", "2026-05-01"),
    )


def known(when=None):
    """Return the leads of a time whose age and income are known."""
    people = leads()[leads()[["age", "income"]].notna().all(axis=1)]
    return people[people[when]] if when else people


def scaled_income(table, *, log=True):
    """Return the standard score of EUR 60,000, by the mean and spread of a table."""
    income = table["log_income"] if log else table["income"]
    return ((np.log(60_000) if log else 60_000) - income.mean()) / income.std(ddof=0)


@cache
def criteria(scale=True, log=True):
    """Return inertia and silhouette of 2 to 8 clusters of the later leads."""
    columns = ["age", "log_income" if log else "income"]
    return segments.choose_k(known("later")[columns], range(2, 9), n_resamples=1, scale=scale)


@cache
def plan():
    """Return the best offer of each line of the card, on the earlier leads."""
    people = leads()[leads()["earlier"]]
    rates = metrics.rates(people, "enrolled", by=["card", "offer"])["rate"].unstack()
    return rates.idxmax(axis=1).to_dict(), rates.idxmin(axis=1).to_dict()


def gain(when="later", against="certificate", called=False, outcome="enrolled"):
    """Return what the plan brings more than one offer for all, as a share of the leads."""
    people = leads()[leads()[when]]
    people = people[people["called"]] if called else people
    options = dict(segment="card", outcome=outcome)
    own = segments.plan_value(people, plan()[0], **options)
    return own - (segments.plan_value(people, against, **options) if against else 0)


TASKS = [
    Task(
        "13.1",
        "Those who bought lately",
        name="best_fifth",
        kind=Number(unit="fraction", decimals=3),
        truth=came_back,
        section="What the scores are worth",
        hints=[
            "`segments.rfm_scores(cdnow, observed_until=...)` gives each customer an `r`.",
            "Who came back? `scored.index.isin(...)` with the customers of the later orders.",
        ],
        mistakes=[
            Mistake(
                "recency-the-wrong-way-round",
                lambda: came_back(1),
                "That is the share of those with an `r` of 1, who have been away longest.",
                "A high score is a good one: few days since the last purchase are a 5.",
            ),
            Mistake(
                "scored-with-the-future",
                lambda: customers("1998-06-30").query("r == 5")["came_back"].mean(),
                "You scored the customers with the purchases that you want to foresee.",
                "Score as of 31 December 1997.",
            ),
            Mistake(
                "the-day-of-the-lesson",
                lambda: back_after("1997-09-30"),
                "You scored, and began to count, on 30 September, the day of the lesson.",
                "Here both are 31 December 1997.",
            ),
            Mistake(
                "everybody",
                lambda: customers()["came_back"].mean(),
                "That is the share of all customers who came back.",
                "Keep those with an `r` of 5.",
            ),
            Mistake(
                "frequency-for-recency",
                lambda: came_back(5, "f"),
                "That is the share of those who bought most often, by `f`.",
                "Take the recency score, `r`.",
            ),
            percent_for_fraction(),
        ],
        after="And of the worst fifth about one in sixteen. On these customers recency sorts.",
    ),
    Task(
        "13.2",
        "Scores for days",
        name="recency_scores",
        kind=Function(
            List(Number(whole=True)),
            calls=[
                ([3, 40, 11, 700, 95],),
                ([30, 30, 30, 400, 800],),
                ([7, 7, 7, 7],),
                ([1, 2, 2, 9, 9, 9, 50, 60, 60, 300],),
            ],
        ),
        truth=recency_scores,
        section="Customers: three scores",
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
                "Give them the score of the middle of them: count half of the equal ones, too.",
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
        "13.3",
        "A standard score",
        name="z_income",
        kind=Number(decimals=3),
        truth=lambda: scaled_income(known("earlier")),
        section="Scaling",
        hints=["Mean and standard deviation are learnt. From which leads?"],
        mistakes=[
            Mistake(
                "scaler-fitted-on-all",
                lambda: scaled_income(known()),
                "You learnt mean and standard deviation from all leads, those of 2026 included: "
                "they were not there yet when the clusters were made.",
                "Learn them from `earlier`.",
            ),
            Mistake(
                "scaler-fitted-on-the-later",
                lambda: scaled_income(known("later")),
                "You scaled the later leads by themselves, with numbers that the clusters have "
                "never seen.",
                "Learn mean and standard deviation from `earlier`.",
            ),
            Mistake(
                "no-logarithm",
                lambda: scaled_income(known("earlier"), log=False),
                "You scaled the income as it is; the clusters were made on its logarithm.",
                "Take `np.log` of the income, then scale.",
            ),
        ],
        after="The same lead gets the same score next month, whoever comes then.",
    ),
    Task(
        "13.4",
        "How many clusters",
        name="best_k",
        kind=Number(unit="clusters", whole=True),
        truth=lambda: int(criteria()["silhouette"].idxmax()),
        section="How many? Inertia and silhouette",
        hints=["`segments.choose_k(later[columns], range(2, 9), n_resamples=1)`: which column?"],
        mistakes=[
            Mistake(
                "inertia-alone",
                lambda: int(criteria()["inertia"].idxmin()),
                "That has the lowest inertia, and the inertia falls with every further cluster.",
                "Take the number with the highest silhouette.",
            ),
            Mistake(
                "not-scaled",
                lambda: int(criteria(False, log=False)["silhouette"].idxmax()),
                "That is best for age and income as they are, where age plays no part.",
                "Cluster on `age` and `log_income`, scaled.",
            ),
            Mistake(
                "no-logarithm",
                lambda: int(criteria(log=False)["silhouette"].idxmax()),
                "That is best for the income without its logarithm, scaled.",
                "Cluster on `age` and `log_income`.",
            ),
        ],
        after="Other leads, the same number: a good sign.",
    ),
    Task(
        "13.5",
        "An offer for each line of the card",
        name="plan",
        kind=Mapping(Text(choices=OFFERS)),
        truth=lambda: plan()[0],
        section="What a segment is worth",
        hints=[
            '`metrics.rates(..., "enrolled", by=["card", "offer"])` has a rate for each pair.',
            "`.unstack()` makes a table of it, and `.idxmax(axis=1)` takes the best of each row.",
        ],
        mistakes=[
            Mistake(
                "one-offer-for-all",
                lambda: dict.fromkeys(plan()[0], "certificate"),
                "That is the best single offer, for everybody. Is it the best in each line?",
                "Compare the offers within each line of the card.",
            ),
            Mistake(
                "worst-for-best",
                lambda: plan()[1],
                "These are the offers after which the fewest enrol.",
                "Take the highest rate of each line.",
            ),
        ],
        after="Three lines, two actions.",
    ),
    Task(
        "13.6",
        "What the card brings",
        name="gain_eur",
        kind=Number(unit="EUR per lead", decimals=2),
        truth=lambda: gain() * year_margin(),
        section="What a segment is worth",
        hints=[
            "`segments.plan_value(table, plan, segment=..., outcome=...)`, twice.",
            "On which leads may a plan be judged?",
        ],
        mistakes=[
            Mistake(
                "judged-where-it-was-learnt",
                lambda: gain("earlier") * year_margin(),
                "You valued the plan on the leads from which it was made.",
                "Value it on those of January to April 2026.",
            ),
            Mistake(
                "against-nothing",
                lambda: gain(against="none") * year_margin(),
                "That is the gain over no offer at all; the question is what the card adds to the "
                "certificate for everybody.",
                'Subtract the value of `"certificate"`.',
            ),
            Mistake(
                "value-for-gain",
                lambda: gain(against=None) * year_margin(),
                "That is what the plan brings in all, not what it brings *more*.",
                'Subtract the value of `"certificate"`.',
            ),
            Mistake(
                "no-window",
                lambda: gain(outcome="converted") * year_margin(),
                "You counted whoever has enrolled by the day of the export; the leads of January "
                "had much longer for it than those of April.",
                'Take the outcome `"enrolled"`, within 60 days.',
            ),
            Mistake(
                "called-only",
                lambda: gain(called=True) * year_margin(),
                "You kept the leads who were called. The mail goes to all of them.",
                "Value the plan on all later leads.",
            ),
            Mistake(
                "points-for-euros",
                lambda: 100 * gain(),
                "That looks like percentage points of conversion; the task asks for EUR per lead.",
                "Multiply the difference, as a fraction, by `M`.",
            ),
            Mistake(
                "fraction-for-euros",
                gain,
                "That is a difference of two rates; the task asks for EUR per lead.",
                "Multiply it by `M`.",
            ),
        ],
        after="A card with one question does as well as the one with two, for this decision.",
    ),
]
