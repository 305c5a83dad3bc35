"""Tasks of exercise 12: from table to features."""

from functools import cache

import pandas as pd

import funnelkit
from funnelkit import ranking, school
from funnelkit.exercises.kinds import Function, List, Number, Text
from funnelkit.exercises.tasks import Mistake, Task

EDGES = [8_000, 15_000, 30_000, 60_000]
SPLIT, LESSONS_SPLIT = "2025-07-01", "2025-11-01"


@cache
def leads():
    """Return the export as it came."""
    return funnelkit.load("leads")


@cache
def people():
    """Return the leads as the lesson cleans them."""
    return school.clean_leads()


def no_band(table):
    """Return for each row whether its income is in no band."""
    return pd.cut(table["income"], EDGES).isna()


def over_the_edge(table):
    """Return how many rows have an income and no band."""
    return int((no_band(table) & table["income"].notna()).sum())


def before(table, moment=SPLIT):
    """Return the incomes of those who came before a moment."""
    return table.loc[table["created_at"] < moment, "income"]


def since(moment=SPLIT):
    """Return the incomes of the people who came later."""
    return people().loc[people()["created_at"] >= moment, "income"]


def scaled(incomes, income=50_000):
    """Return an income on the scale that these incomes give."""
    return float((income - incomes.mean()) / incomes.std())


def auc_by_pairs(yes, no, tie=0.5):
    """Return the share of pairs in order."""
    pairs = [(one, other) for one in yes for other in no]
    return sum(1 if one > other else tie if one == other else 0 for one, other in pairs) / len(
        pairs
    )


@cache
def judged():
    """Return the table of task 12.5, and which of its rows are of the months."""
    table = people()
    enrolled = table["converted_at"] - table["created_at"] <= pd.Timedelta("60D")
    table = table.assign(enrolled=enrolled, score=table["visit_count"].fillna(0))
    return table, table["created_at"].between("2026-01-01", "2026-05-01")


def auc_among(choose, outcome="enrolled"):
    """Return the AUC of the score among the rows chosen."""
    table, months = judged()
    rows = table[choose(table, months)]
    return ranking.auc(rows["score"], rows[outcome])


TASKS = [
    Task(
        "12.1",
        "Over the edge",
        name="lost",
        kind=Number(whole=True, unit="people"),
        truth=lambda: over_the_edge(people()),
        section="A table prepared in a few lines",
        hints=[
            "`band` is missing for two reasons: the income lies beyond the edges, or was not said.",
            "Count the rows in which `band` is missing and `income` is not.",
        ],
        mistakes=[
            Mistake(
                "all-gaps",
                lambda: int(no_band(people()).sum()),
                "You counted all people without a band, including those who never said their "
                "income.",
                "Leave out the people whose income is missing.",
            ),
            Mistake(
                "not-said",
                lambda: int(people()["income"].isna().sum()),
                "That is how many did not say their income.",
                "Count those who did, and have no band.",
            ),
            Mistake(
                "in-a-band",
                lambda: int((~no_band(people())).sum()),
                "That is how many *are* in a band.",
                "Count those who said their income and are in none.",
            ),
            Mistake(
                "above-only",
                lambda: int((people()["income"] > EDGES[-1]).sum()),
                "You counted those above the last edge; the first edge loses people as well.",
                "Count every income that is in no band.",
            ),
            Mistake(
                "raw-rows",
                lambda: over_the_edge(leads()),
                "You counted rows of the export, where some incomes are in crowns and some people "
                "are twice.",
                "Use `people`.",
            ),
        ],
        after="They would all be reported as if they had not said their income.",
    ),
    Task(
        "12.2",
        "What a gap is filled with",
        name="fill",
        kind=Number(unit="EUR", decimals=0),
        truth=lambda: before(people()).median(),
        section="Fill and flag",
        hints=[
            "Whatever is used on later people has to be learnt on the earlier ones.",
            "Which of mean and median is not moved by a few very high incomes?",
        ],
        mistakes=[
            Mistake(
                "learnt-on-all",
                lambda: people()["income"].median(),
                "You learnt the fill on all people, those of the test among them: on 1 July 2025 "
                "nobody knew them.",
                "Take the people who came before that day.",
            ),
            Mistake(
                "learnt-on-the-test",
                lambda: since().median(),
                "You learnt the fill on the people on whom the model is to be judged.",
                "Take the people who came before that day.",
            ),
            Mistake(
                "day-of-the-lesson",
                lambda: before(people(), LESSONS_SPLIT).median(),
                "That is the median of the lesson, of people who came before November 2025; here "
                "the model learns on those before 1 July 2025.",
                "Take the day of this task.",
            ),
            Mistake(
                "mean-for-median",
                lambda: before(people()).mean(),
                "That is the mean, which the few highest incomes pull up; most people earn less.",
                "Take the median.",
            ),
            Mistake(
                "mean-of-all",
                lambda: people()["income"].mean(),
                "That is the mean of everybody: pulled up by the highest incomes, and learnt on "
                "the test as well.",
                "Take the median of the people who came before 1 July 2025.",
            ),
            Mistake(
                "raw-rows",
                lambda: before(leads()).median(),
                "In the export some incomes are in crowns, and some people are twice.",
                "Use `people`.",
            ),
            Mistake(
                "zeros-first",
                lambda: before(people()).fillna(0).median(),
                "You filled the gaps with 0 first and took the median of that.",
                "Leave the gaps as they are; `median` passes over them.",
            ),
        ],
        after="A pipeline does this by itself, if it is fitted on the training part only.",
        equivalent={
            "the bound of people['created_at'] < '2025-07-01' moved": "nobody came at that moment",
        },
    ),
    Task(
        "12.3",
        "On the model's scale",
        name="scaled",
        kind=Number(unit="standard deviations", decimals=2),
        truth=lambda: scaled(before(people())),
        section="Scale",
        hints=[
            "Two numbers are learnt on the early people: `.mean()` and `.std()` of their incomes.",
            "From 50,000 subtract the first, then divide by the second.",
        ],
        mistakes=[
            Mistake(
                "learnt-on-all",
                lambda: scaled(people()["income"]),
                "You learnt the scale on all people, those of the test among them.",
                "Take the people who came before 1 July 2025.",
            ),
            Mistake(
                "raw-rows",
                lambda: scaled(before(leads())),
                "You learnt the scale on the export, where some incomes are in crowns: that makes "
                "mean and standard deviation far too large.",
                "Use `people`.",
            ),
            Mistake(
                "gaps-filled-first",
                lambda: scaled(before(people()).fillna(before(people()).median())),
                "You filled the gaps before you learnt the scale: that many equal incomes make "
                "the spread smaller than it is.",
                "Learn from the people who said their income.",
            ),
            Mistake(
                "mean-not-subtracted",
                lambda: 50_000 / before(people()).std(),
                "You divided by the standard deviation and did not subtract the mean first.",
                "Subtract, then divide.",
            ),
            Mistake(
                "median-for-mean",
                lambda: (50_000 - before(people()).median()) / before(people()).std(),
                "You subtracted the median; the scale takes the mean.",
                "Subtract the mean.",
            ),
            Mistake(
                "not-divided",
                lambda: 50_000 - before(people()).mean(),
                "That is the distance from the mean in euros.",
                "Divide it by the standard deviation.",
            ),
            Mistake(
                "turned-round",
                change=lambda right: -right,
                message="The sign is wrong: an income above the mean is above 0.",
                next="Subtract the mean from 50,000, and not the other way round.",
            ),
        ],
        after="After scaling, an income and a number of visits can be compared.",
        equivalent={
            "the bound of people['created_at'] < '2025-07-01' moved": "nobody came at that moment",
        },
    ),
    Task(
        "12.4",
        "Pairs in order",
        name="auc_by_pairs",
        kind=Function(
            Number(unit="share of pairs", decimals=4),
            calls=[
                ([3, 2], [2, 1]),
                ([1, 2, 5], [4]),
                ([1, 1], [2, 3, 1]),
                ([0.2], [0.2, 0.2]),
                ([7, 8], [1, 2, 3]),
            ],
        ),
        truth=auc_by_pairs,
        section="Judging an order",
        hints=[
            "Two loops, one in the other, make all pairs.",
            "Add 1, one half or 0 for each pair, and divide by the number of pairs.",
        ],
        mistakes=[
            Mistake(
                "ties-not-counted",
                lambda yes, no: auc_by_pairs(yes, no, tie=0),
                "You give nothing for a tie; it counts one half.",
                "Add 0.5 where both scores are equal.",
            ),
            Mistake(
                "ties-counted-in-full",
                lambda yes, no: auc_by_pairs(yes, no, tie=1),
                "You count a tie as if it were in order; it counts one half.",
                "Add 0.5 where both scores are equal.",
            ),
            Mistake(
                "not-divided",
                lambda yes, no: auc_by_pairs(yes, no) * len(yes) * len(no),
                "That is how many pairs are in order, and not which share of them.",
                "Divide by the number of pairs.",
            ),
            Mistake(
                "wrong-way-round",
                lambda yes, no: auc_by_pairs(no, yes),
                "You count the pairs in which the one who did *not* enrol has the larger score.",
                "Compare the other way round.",
            ),
            Mistake(
                "turned-round-below-half",
                lambda yes, no: max(auc_by_pairs(yes, no), 1 - auc_by_pairs(yes, no)),
                "You turn the AUC round below one half; a score that puts the wrong people first "
                "would look good.",
                "Return it as it is.",
            ),
            Mistake(
                "divided-by-people",
                lambda yes, no: auc_by_pairs(yes, no) * len(yes) * len(no) / (len(yes) + len(no)),
                "You divided by the number of people.",
                "Divide by the number of pairs, the product of the two lengths.",
            ),
        ],
        after="It is the area under the ROC curve, whose picture comes in lesson 14.",
    ),
    Task(
        "12.5",
        "An AUC for the question",
        name="honest_auc",
        kind=Number(unit="share of pairs", decimals=3),
        truth=lambda: auc_among(lambda table, months: months & table["called"]),
        section="Judging an order",
        hints=[
            "The outcome of a call is seen only where there was one.",
            "Take the rows of `judged` that are of these months and `called`.",
        ],
        mistakes=[
            Mistake(
                "everybody",
                lambda: auc_among(lambda table, months: months),
                "That is the AUC that was reported: it rewards the score for knowing who gets "
                "called.",
                "Take called people only.",
            ),
            Mistake(
                "all-months",
                lambda: auc_among(lambda table, months: table["called"]),
                "You took the called people of all months; some of them have not had their 60 "
                "days.",
                "Take those of January to April 2026.",
            ),
            Mistake(
                "not-called",
                lambda: auc_among(lambda table, months: months & ~table["called"]),
                "You took the people who were *not* called.",
                "Take those who were.",
            ),
            Mistake(
                "enrolled-at-any-time",
                lambda: auc_among(lambda table, months: months & table["called"], "converted"),
                "Your outcome is an enrolment at any time; the school asks for 60 days.",
                "Take the column `enrolled`.",
            ),
            Mistake(
                "drawn-at-random-only",
                lambda: auc_among(lambda table, months: months & table["called_by_lot"]),
                "You took only the few who were drawn at random to be called. That is a fair "
                "sample of all leads, and a small one; the task asks for all called people.",
                "Take the column `called`.",
            ),
        ],
        after="A score may know well who gets called, and little about what a call brings.",
    ),
    Task(
        "12.6",
        "Known too late",
        name="leaking",
        kind=List(Text(), ordered=False),
        truth=lambda: ["first_visit", "owner_since", "contract_drawn"],
        section="A column that knows the answer",
        hints=[
            "`quality.known_too_late` counts, for each column, the values that are later than the "
            "decision.",
            "Its column `too_late` has to be above 0 for a column to be struck out.",
        ],
        mistakes=[
            Mistake(
                "only-if-always",
                lambda: ["owner_since", "contract_drawn"],
                "You struck out the columns that are always too late; one that is too late for a "
                "single lead gives that lead away.",
                "Take all columns with a value that came too late.",
            ),
            Mistake(
                "same-moment-too-late",
                lambda: ["first_visit", "owner_since", "contract_drawn", "brochure_sent"],
                "You struck out a column that was filled at the very moment of scoring; that is "
                "early enough.",
                "Ask for later, not for later or equal.",
            ),
            Mistake(
                "the-usable-ones",
                lambda: ["brochure_sent", "mail_opened"],
                "These are the columns that may be used.",
                "Name the others.",
            ),
            Mistake(
                "gaps-for-late",
                lambda: ["owner_since", "mail_opened", "contract_drawn"],
                "These are the columns with gaps; a gap is no sign of being late.",
                "Compare each time with `scored_at`.",
            ),
            Mistake(
                "all-of-them",
                lambda: [
                    "first_visit",
                    "brochure_sent",
                    "owner_since",
                    "mail_opened",
                    "contract_drawn",
                ],
                "You struck out every column; two were filled in time for all three leads.",
                "Take the columns whose `too_late` is above 0.",
            ),
        ],
        after="When a field is filled matters more than what it is called.",
    ),
]
