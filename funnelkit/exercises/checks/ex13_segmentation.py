"""Tasks of exercise 13: segmentation."""

from functools import cache

import numpy as np
import pandas as pd

from funnelkit import metrics, segments
from funnelkit.exercises.kinds import Function, List, Number, Text
from funnelkit.exercises.tasks import Mistake, Task
from funnelkit.school import clean_leads, year_margin

CARD = 15_000  # EUR a year
FIRST, SECOND = list("aaaabbbcc"), list("xxxyyyyyz")


@cache
def leads():
    """Return the cleaned leads with outcome, logarithm of the income, times and card."""
    people = clean_leads()
    took = people["converted_at"] - people["created_at"]
    card = np.where(people["income"] <= CARD, "low", "high")
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


def scaled_income(table, *, log=True, ddof=0):
    """Return the standard score of EUR 60,000, by the mean and spread of a table."""
    income = table["log_income"] if log else table["income"]
    return ((np.log(60_000) if log else 60_000) - income.mean()) / income.std(ddof=ddof)


def log_of_the_mean():
    """Return the score with the logarithm of the mean income for the mean of the logarithms."""
    table = known("earlier")
    return (np.log(60_000) - np.log(table["income"].mean())) / table["log_income"].std(ddof=0)


def new_centres(values, centres):
    """Return the mean of the values that are nearest to each centre."""
    return _moved(values, centres, lambda value, centre: abs(value - centre), np.mean)


def to_the_end(values, centres):
    """Return the centres after as many steps as change them."""
    while (moved := new_centres(values, centres)) != centres:
        centres = moved
    return centres


def _moved(values, centres, distance, middle):
    nearest = [
        min(range(len(centres)), key=lambda j, v=value: distance(v, centres[j])) for value in values
    ]
    return [
        float(middle([v for v, place in zip(values, nearest, strict=True) if place == j]))
        for j in range(len(centres))
    ]


def silhouette(*, itself=False, nearest=True, centre=False):
    """Return the silhouette of the lead of 31 years."""
    own = [19, 23, 34] + ([31] if itself else [])
    others = [[44, 46, 50], [61, 64]]
    a = 31 - np.mean([19, 23, 31, 34]) if centre else np.mean([abs(31 - age) for age in own])
    far = [np.mean([abs(31 - age) for age in ages]) for ages in others]
    b = min(far) if nearest else np.mean([abs(31 - age) for ages in others for age in ages])
    return (b - a) / max(a, b)


def pairs(*groupings):
    """Return how many pairs of leads are together in all of these groupings."""
    n = len(groupings[0])
    return sum(all(g[i] == g[j] for g in groupings) for j in range(n) for i in range(j))


def agreement():
    """Return the adjusted Rand index of the two analysts' groupings."""
    one, other, both = pairs(FIRST), pairs(SECOND), pairs(FIRST, SECOND)
    chance = one * other / pairs([0] * len(FIRST))
    return (both - chance) / ((one + other) / 2 - chance)


def rand_index():
    """Return the share of pairs on which the analysts agree, nothing taken away for chance."""
    one, other, both = pairs(FIRST), pairs(SECOND), pairs(FIRST, SECOND)
    every = pairs([0] * len(FIRST))
    return (both + every - (one + other - both)) / every


def segment(age, income):
    """Return the segment of a lead by the card of task 13.6."""
    return "incomplete" if np.isnan(age) or np.isnan(income) else by_card(age, income)


def by_card(age, income, cut=24_000):
    """Return the segment, a missing value falling through the rules."""
    if income <= cut:
        return "starter" if age <= 33 else "returner"
    return "climber" if age <= 45 else "senior"


def strictly(age, income):
    """Return the segment with < for <= in each rule."""
    return segment(age + 0.5, income + 0.5)


@cache
def criteria():
    """Return the criteria of the course providers, as the exercise prints them."""
    table = {
        "silhouette": [np.nan, 0.41, 0.44, 0.46, 0.40],
        "silhouette_reference": [np.nan, 0.39, 0.38, 0.41, 0.38],
        "gap": [0.31, 0.37, 0.52, 0.49, 0.45],
        "gap_se": [0.01, 0.02, 0.025, 0.04, 0.02],
    }
    return pd.DataFrame(table, index=pd.RangeIndex(1, 6, name="k"))


def rise(at="gap", start=1, over="peak"):
    """Return by how many standard errors the gap rises from a start to the best number."""
    table = criteria()
    best = table[at].idxmax()
    risen = table.loc[best, "gap"] - (table.loc[start, "gap"] if start else 0)
    return risen / {"peak": table.loc[best, "gap_se"], "start": table.loc[1, "gap_se"], "": 1}[over]


def rates(when="earlier", *, consent=True, outcome="enrolled"):
    """Return the share that enrolled for each line of the card and each offer."""
    people = leads()[leads()[when]]
    people = people[people["consent"]] if consent else people
    return metrics.rates(people, outcome, by=["card", "offer"])["rate"].unstack()


def plan(when="earlier", **choice):
    """Return the best offer of each line of the card, on the leads of a time who agreed."""
    return rates(when, **choice).idxmax(axis=1).to_dict()


def gain(
    when="later", against="certificate", *, learnt="earlier", consent=True, outcome="enrolled"
):
    """Return what the plan brings more than one offer for all, as a share of the leads."""
    people = leads()[leads()[when]]
    people = people[people["consent"]] if consent else people
    options = dict(segment="card", outcome=outcome)
    own = segments.plan_value(people, plan(learnt, consent=consent), **options)
    return own - (segments.plan_value(people, against, **options) if against else 0)


TASKS = [
    Task(
        "13.1",
        "A standard score",
        name="z_income",
        kind=Number(decimals=3),
        truth=lambda: scaled_income(known("earlier")),
        section="Scaling",
        hints=["Mean and standard deviation are learnt. From which leads?"],
        mistakes=[
            Mistake(
                "scaler-fitted-on-all",
                lambda: scaled_income(leads()),
                "You learnt mean and standard deviation from all leads, those of 2026 included: "
                "they were not there yet when the clusters were made.",
                "Learn them from `earlier`.",
            ),
            Mistake(
                "scaler-fitted-on-all-complete",
                lambda: scaled_income(known()),
                "You learnt mean and standard deviation from the leads of all times whose age and "
                "income are known, those of 2026 included.",
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
            Mistake(
                "log-of-the-mean",
                log_of_the_mean,
                "You took the logarithm of the mean income; it is larger than the mean of the "
                "logarithms.",
                "Take the mean of `log_income`.",
            ),
        ],
        after="The same lead gets the same score next month, whoever comes then.",
        equivalent={
            "without ddof=0": "with 2,431 leads, dividing by one fewer changes the fifth digit"
        },
    ),
    Task(
        "13.2",
        "One step of k-means",
        name="new_centres",
        kind=Function(
            List(Number(decimals=3)),
            calls=[
                ([20, 22, 30, 44, 48, 52], [20, 22]),
                ([1, 2, 3, 10, 30, 31], [3, 10, 31]),
                ([5, 6, 9, 40], [40, 5]),
            ],
        ),
        truth=new_centres,
        section="k-means",
        hints=[
            "For each value find the place of the nearest centre: the smallest `abs(value - c)`.",
            "Then take, for each centre, the mean of the values that are nearest to it.",
        ],
        mistakes=[
            Mistake(
                "median-for-mean",
                lambda values, centres: _moved(
                    values, centres, lambda value, centre: abs(value - centre), np.median
                ),
                "The centres move to the median of their values.",
                "k-means moves them to the mean.",
            ),
            Mistake(
                "to-the-end",
                to_the_end,
                "You went on until nothing moved; the task asks for one step.",
                "Return the centres after they have moved once.",
            ),
            Mistake(
                "not-moved",
                lambda values, centres: [float(centre) for centre in centres],
                "The centres are where they were.",
                "Return the mean of the values nearest to each.",
            ),
        ],
        after="Repeat it until nothing moves, and that is k-means.",
    ),
    Task(
        "13.3",
        "The silhouette of one lead",
        name="s",
        kind=Number(decimals=3),
        truth=silhouette,
        section="How many? The silhouette",
        hints=["`a` is over the three others of the own cluster; `b` over *one* other cluster."],
        mistakes=[
            Mistake(
                "itself-included",
                lambda: silhouette(itself=True),
                "You took the lead's distance of 0 to itself into the mean.",
                "`a` is the mean distance to the *others* of its cluster.",
            ),
            Mistake(
                "distance-to-the-centre",
                lambda: silhouette(centre=True),
                "You took the lead's distance to the centre of its cluster.",
                "`a` is the mean of its distances to the others of its cluster.",
            ),
            Mistake(
                "all-others",
                lambda: silhouette(nearest=False),
                "You took `b` over all leads of other clusters.",
                "Take the nearest of the other clusters only.",
            ),
            Mistake(
                "sign-turned-round",
                lambda: -silhouette(),
                "The sign is turned round: a lead well inside its cluster is near 1.",
                "Subtract `a` from `b`.",
            ),
        ],
        after="Nearer to its own cluster, and not by far.",
    ),
    Task(
        "13.4",
        "Do two groupings agree?",
        name="agreement",
        kind=Number(decimals=3),
        truth=agreement,
        section="Would other leads have given the same clusters?",
        hints=[
            "Count pairs: together in the first, in the second, and in both.",
            "`segments.adjusted_rand_index` takes the two lists.",
        ],
        mistakes=[
            Mistake(
                "not-adjusted",
                rand_index,
                "That is the share of pairs on which the two agree; much of it is chance.",
                "Take away what chance gives, above and below the line.",
            ),
            Mistake(
                "chance-left-in",
                lambda: 2 * pairs(FIRST, SECOND) / (pairs(FIRST) + pairs(SECOND)),
                "You divided the pairs together in both by the mean of the two, with chance left "
                "in.",
                "Subtract what chance gives, above and below the line.",
            ),
            Mistake(
                "leads-for-pairs",
                lambda: 7 / 9,
                "You counted the leads whose groups can be matched.",
                "The index counts pairs of leads.",
            ),
        ],
        after="Some agreement, and far from one and the same grouping.",
    ),
    Task(
        "13.5",
        "How many clusters",
        name="rise",
        kind=Number(unit="standard errors", decimals=1),
        truth=rise,
        section="How many? The silhouette",
        hints=["Which criterion has been compared with clouds without groups? Where is its peak?"],
        mistakes=[
            Mistake(
                "at-the-silhouette",
                lambda: rise("silhouette"),
                "You took the number of clusters with the highest silhouette. Its reference is "
                "highest there as well.",
                "Take the number with the largest gap.",
            ),
            Mistake(
                "from-nothing",
                lambda: rise(start=None),
                "You divided the gap itself. With one cluster it is above zero already.",
                "Subtract the gap with one cluster.",
            ),
            Mistake(
                "from-two",
                lambda: rise(start=2),
                "You compared with two clusters.",
                "Compare with one, that is, with no groups.",
            ),
            Mistake(
                "standard-error-of-the-start",
                lambda: rise(over="start"),
                "You divided by the standard error with one cluster.",
                "Divide by the standard error at the peak.",
            ),
            Mistake(
                "not-divided",
                lambda: rise(over=""),
                "That is the rise itself.",
                "Divide it by the standard error at the peak.",
            ),
        ],
        after="The silhouette would have said another number, and its reference as well.",
    ),
    Task(
        "13.6",
        "A card as a rule",
        name="segment",
        kind=Function(
            Text(),
            calls=[
                (30, 24_000.0),
                (33, 18_000.0),
                (34, 24_000.0),
                (45, 24_500.0),
                (46, 60_000.0),
                (33, 50_000.0),
                (46, 9_000.0),
                (40, float("nan")),
                (float("nan"), 30_000.0),
                (float("nan"), 12_000.0),
            ],
        ),
        truth=segment,
        section="What a segment is",
        hints=[
            "First the missing ones: `np.isnan(value)` says whether a number is missing.",
            "Then the income decides which of two questions about the age is asked.",
        ],
        mistakes=[
            Mistake(
                "missing-falls-through",
                by_card,
                "A lead whose age or income is missing gets a segment all the same: a comparison "
                "with NaN is false, so the lead falls to the other side of the question.",
                "Ask first whether a value is missing.",
            ),
            Mistake(
                "bounds-strict",
                strictly,
                "A lead that is exactly at an end of a rule is on the wrong side.",
                "The card says ≤, so the end itself belongs to the lower side.",
            ),
            Mistake(
                "age-and-income-swapped",
                lambda age, income: segment(income, age),
                "You take the income for the age.",
                "The first argument is the age, the second the income.",
            ),
        ],
        after="Four lines and a fifth for those who did not say: every lead gets a segment.",
    ),
    Task(
        "13.7",
        "What a card brings",
        name="gain_eur",
        kind=Number(unit="EUR per lead", decimals=2),
        truth=lambda: gain() * year_margin(),
        section="What a plan is worth",
        hints=[
            'The plan: `metrics.rates(..., by=["card", "offer"])`, `.unstack()`, then '
            "`.idxmax(axis=1)`. On which leads is it chosen, and who may get the mail?",
            "Its worth: `segments.plan_value(table, plan, segment=..., outcome=...)`, twice.",
        ],
        mistakes=[
            Mistake(
                "judged-where-it-was-learnt",
                lambda: gain("earlier") * year_margin(),
                "You valued the plan on the leads from which it was made.",
                "Value it on those of January to April 2026.",
            ),
            Mistake(
                "chosen-where-judged",
                lambda: gain(learnt="later") * year_margin(),
                "You chose the plan on other leads: on those that judge it, where it looks better "
                "than it is, or also on leads who gave no consent.",
                "Choose it on the leads created before November 2025 who gave their consent.",
            ),
            Mistake(
                "consent-forgotten",
                lambda: gain(consent=False) * year_margin(),
                "You kept leads who did not agree to be written to: no mail may go to them.",
                'Keep those with `["consent"]`.',
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
        after="Is it more than chance, and than what the offer costs? That is the next question.",
        equivalent={
            "the bound of people['created_at'] < '2025-11-01' moved": "no lead came in the first "
            "second of November"
        },
    ),
]
