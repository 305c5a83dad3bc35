"""Tasks of exercise 29: four industries."""

from functools import cache
from math import ceil, floor
from statistics import mean, median

import pandas as pd

import funnelkit
from funnelkit import experiments, levers
from funnelkit.exercises.kinds import Function, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

RATES = {"registration": 0.08, "demo": 0.35, "contract": 0.22}


def moved(*, points=0.02, share=None):
    """Return the overall rate after each step's own change."""
    table = levers.overall_slopes(RATES, points=points, share=share or 0.0)
    return table["after_share" if share else "after_points"].to_dict()


DAYS = [3, 4, 6, 7, 9, 12, 15, 21, 40, 83]
MONTHLY = 36


def under_way(days=None, month=30):
    """Return how many are open at once, of so many in a month."""
    return levers.open_at_once(MONTHLY, (mean(DAYS) if days is None else days) / month)


def buyers(visitors, rates, calls):
    """Return the customers of a week in which advisers hold so many calls."""
    lead, call, customer = rates
    return min(visitors * lead * call, calls) * customer


USERS = {"visit": 14_098, "quote": 1726, "appointment": 517, "advice": 517, "contract": 151}


@cache
def finance(*, calls=9, visitors=320, column="extra"):
    """Return what each lever of the finance adviser brings."""
    pilots = funnelkit.load("pilots")
    table = levers.attainable_lift(
        pd.Series(USERS),
        pilots[pilots["industry"] == "finance"],
        visitors=visitors,
        limits={"advice": calls},
        draws=100,
        seed=1,
    )
    return table[column].to_dict()


EXTRA = {"new landing page": 0.30, "hands-on guide": 0.38, "tailored demo": 0.77}
COST = {"new landing page": 300, "hands-on guide": 150, "tailored demo": 500}
PRICE, MARGIN = 900, 0.75


def profit(*, price=PRICE, margin=MARGIN, cost=1):
    """Return what each lever leaves in a week."""
    return {name: EXTRA[name] * price * margin - cost * COST[name] for name in EXTRA}


VISITORS, NOW, HOPED = 330, 0.12, 0.15


def weeks(*, groups=2, hoped=HOPED, power=0.9, whole=ceil):
    """Return how many weeks a test takes."""
    return whole(groups * experiments.sample_size(NOW, hoped, power=power) / VISITORS)


TASKS = [
    Task(
        "29.1",
        "Two points more",
        name="after",
        kind=Mapping(Number(unit="fraction", decimals=5)),
        truth=moved,
        section="One point, or ten percent?",
        hints=[
            "The overall rate is the product of the three.",
            "Raise one rate by 0.02, keep the other two, and multiply.",
        ],
        mistakes=[
            Mistake(
                "two-percent-more",
                lambda: moved(share=0.02),
                "You raised each rate by two percent of itself.",
                "Add 0.02 to the rate.",
            ),
            Mistake(
                "one-point",
                lambda: moved(points=0.01),
                "That is one point more.",
                "Two percentage points are 0.02.",
            ),
            Mistake(
                "slopes",
                lambda: levers.overall_slopes(RATES)["slope"].to_dict(),
                "These are the slopes.",
                "The task asks for the overall rate after the change.",
            ),
            Mistake(
                "gain-only",
                lambda: {name: rate - moved(points=0.0)[name] for name, rate in moved().items()},
                "That is by how much the overall rate rises.",
                "Give the overall rate after the change.",
            ),
            percent_for_fraction(),
        ],
        after="Two points are worth most at the lowest rate. That says nothing about their price.",
    ),
    Task(
        "29.2",
        "How many are open?",
        name="open_deals",
        kind=Number(unit="deals", decimals=1),
        truth=under_way,
        section="How many are under way",
        hints=[
            "Little's law needs both in one unit of time.",
            "The law is about the mean duration.",
        ],
        mistakes=[
            Mistake(
                "median-for-mean",
                lambda: under_way(median(DAYS)),
                "You took the median duration; the few long ones hold many places.",
                "Take the mean.",
            ),
            Mistake(
                "days-for-months",
                lambda: under_way(month=1),
                "You multiplied deals per month with days.",
                "Divide the days by 30.",
            ),
            Mistake(
                "weeks-for-months",
                lambda: under_way(month=7),
                "You multiplied deals per month with weeks.",
                "Divide the days by 30.",
            ),
            Mistake(
                "arrivals-only",
                lambda: MONTHLY,
                "That is how many begin in a month.",
                "Multiply it by the mean duration in months.",
            ),
        ],
        after="With the median it would have been 12.6: the two slow deals hold most places.",
    ),
    Task(
        "29.3",
        "A week with a limit",
        name="customers",
        kind=Function(
            Number(unit="customers per week", decimals=2),
            calls=[
                (1000, [0.2, 0.5, 0.25], 80),
                (1000, [0.2, 0.5, 0.25], 120),
                (500, [0.3, 0.4, 0.1], 60),
                (800, [0.9, 0.9, 0.8], 300),
                (750, [0.13, 0.37, 0.21], 90),
                (0, [0.2, 0.5, 0.25], 80),
            ],
        ),
        truth=buyers,
        section="What can be attained, per euro, past a limit",
        hints=[
            "How many want a call? How many get one? How many of *those* buy?",
            "`min(a, b)` is the smaller of two numbers.",
        ],
        mistakes=[
            Mistake(
                "no-limit",
                lambda visitors, rates, calls: visitors * rates[0] * rates[1] * rates[2],
                "The advisers hold more calls than they can.",
                "Take the smaller of the calls wanted and the calls they can hold.",
            ),
            Mistake(
                "limit-on-customers",
                lambda visitors, rates, calls: min(
                    visitors * rates[0] * rates[1] * rates[2], calls
                ),
                "You limited the customers; the limit is on calls.",
                "Apply it before the closing rate.",
            ),
            Mistake(
                "limit-on-leads",
                lambda visitors, rates, calls: (
                    min(visitors * rates[0], calls) * rates[1] * rates[2]
                ),
                "You limited the leads; the limit is on calls.",
                "Apply it after the second rate.",
            ),
            Mistake(
                "always-full",
                lambda visitors, rates, calls: calls * rates[2],
                "You filled all calls, even where fewer people want one.",
                "Take the smaller of the two.",
            ),
        ],
        after="`levers.flow(visitors, rates, limits=…)` does the same for any steps.",
    ),
    Task(
        "29.4",
        "An adviser leaves",
        name="extra",
        kind=Mapping(Number(unit="contracts per week", decimals=2)),
        truth=finance,
        section="All four firms",
        hints=[
            "`levers.attainable_lift(users, mine, visitors=…, limits=…)` has a column `extra`.",
            "Take the rows of finance first. The limit is on the step `advice`.",
        ],
        mistakes=[
            Mistake(
                "calendar-as-it-was",
                lambda: finance(calls=24),
                "In your answer the calendar is never full, as with 24 conversations a week.",
                "Set the limit of `advice` to 9.",
            ),
            Mistake(
                "all-visitors",
                lambda: finance(visitors=14_098),
                "You sent the visitors of the whole year through one week.",
                "There are 320 visitors a week.",
            ),
            Mistake(
                "per-1000",
                lambda: finance(column="per_1000"),
                "These are contracts per EUR 1,000.",
                "The task asks for contracts per week: `extra`.",
            ),
        ],
        after="With 24 conversations a week the adviser brought nothing; now only the adviser and "
        "the checklist bring anything.",
    ),
    Task(
        "29.5",
        "What is left of it",
        name="left",
        kind=Mapping(Number(unit="EUR per week", decimals=2)),
        truth=profit,
        section="All four firms",
        hints=[
            "A further customer brings price times margin.",
            "Then subtract what the lever costs in a week.",
        ],
        mistakes=[
            Mistake(
                "revenue-for-margin",
                lambda: profit(margin=1),
                "You counted the whole price; a part of it goes into the service.",
                "Multiply by the margin, 0.75.",
            ),
            Mistake(
                "cost-forgotten",
                lambda: profit(cost=0),
                "That is what the customers bring.",
                "Subtract the cost of the lever.",
            ),
            Mistake(
                "per-euro",
                lambda: {name: EXTRA[name] * PRICE * MARGIN / COST[name] for name in EXTRA},
                "That is margin per euro.",
                "The task asks for EUR a week: margin less cost.",
                kind=Mapping(Number(decimals=2)),
            ),
        ],
        after="Most customers do not leave most: the cheapest lever does, and one loses money.",
    ),
    Task(
        "29.6",
        "Can we test it?",
        name="weeks",
        kind=Number(unit="weeks", whole=True),
        truth=weeks,
        section="200 visitors a week",
        hints=[
            "`experiments.sample_size(…)` returns the visitors of *one* variant.",
            "Round up: the last week has to be a whole one.",
        ],
        mistakes=[
            Mistake(
                "one-variant",
                lambda: weeks(groups=1),
                "That is enough for one of the two variants.",
                "Two variants share the visitors.",
            ),
            Mistake(
                "three-percent-more",
                lambda: weeks(hoped=NOW * 1.03),
                "You tested for a rise by three percent of the rate.",
                "The rate is to rise from 0.12 to 0.15.",
            ),
            Mistake(
                "power-forgotten",
                lambda: weeks(power=0.8),
                "That is with a power of 0.8, the default.",
                "Set power=0.9.",
            ),
            Mistake(
                "rounded-down",
                lambda: weeks(whole=floor),
                "After so many weeks a part of the visitors is still missing.",
                "Round up.",
            ),
            Mistake(
                "rounded-too-early",
                lambda: 2 * weeks(groups=1),
                "You rounded the weeks of one variant up, and then doubled them.",
                "Add the visitors of both variants, divide, and round up once.",
            ),
        ],
        after="Only the step with most events can be tested at all; 17 weeks are a long time.",
    ),
]
