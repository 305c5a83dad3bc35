"""Tasks of exercise 24: judging recommendations."""

from functools import cache

import numpy as np
import pandas as pd

import funnelkit
from funnelkit import experiments, recommenders
from funnelkit.exercises.kinds import Function, List, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task

SHOWN, CATALOGUE = [1, 0, 3, 2, 3], [3, 3, 3, 2, 1, 1, 0]
START = "2026-04-06"
ITEMS = list("stuvwxyz")


def average_precision(hits, taken, k, *, divisor=min):
    """Return the average precision of the first k places."""
    hit = np.array(hits[:k])
    precision = hit.cumsum() / np.arange(1, len(hit) + 1)
    return float((precision * hit).sum() / divisor(k, taken))


def by_the_hits(hits, taken, k):
    """Return the average over the hits that there are."""
    return average_precision(hits, taken, k, divisor=lambda k, _: max(sum(hits[:k]), 1))


def at_all_places(hits, taken, k):
    """Return the mean precision of all places, hits or not."""
    hit = np.array(hits[:k])
    return float((hit.cumsum() / np.arange(1, len(hit) + 1)).sum() / min(k, taken))


@cache
def parts():
    """Return the ratings before the test of the two lists, and those from then on."""
    return recommenders.time_cut(funnelkit.load("ratings"), START)


@cache
def popular_judged(measure="average_precision", *, n=6, k=6, later=False, seen=True):
    """Return a mean over members, those without a list counted as 0 and dropped."""
    past, future = parts()
    taken = recommenders.rating_matrix(past).notna()  # as taken_matrix, and quicker
    known = pd.concat(parts()) if later else past
    scores = recommenders.popularity(known).reindex(taken.columns)
    lists = recommenders.top_n(scores, taken if seen else taken & False, n=n)
    judged = recommenders.judge(lists, future, k=k)
    served = judged[judged.index.isin(taken.index)]
    return {"zero": float(judged[measure].mean()), "drop": float(served[measure].mean())}


def swapped():
    """Return the two means under each other's name."""
    right = popular_judged()
    return {"zero": right["drop"], "drop": right["zero"]}


def lists():
    """Return the lists of four members, three places each."""
    shown = {"Ann": "uvw", "Bob": "uvx", "Cem": "uwv", "Dora": "vuy"}
    rows = [(who, n, c) for who, row in shown.items() for n, c in enumerate(row, start=1)]
    return pd.DataFrame(rows, columns=["customer_id", "rank", "course_id"])


def seen_first(*, k=2, items=ITEMS, only_shown=False):
    """Return coverage and Gini coefficient of the first k places."""
    places = recommenders.exposure(lists(), items, k=k)
    counted = places[places > 0] if only_shown else places
    return {"coverage": float((counted > 0).mean()), "Gini": recommenders.gini(counted)}


def gini_of_shown():
    """Return the coverage, and the Gini coefficient of the courses shown."""
    return {**seen_first(), "Gini": seen_first(only_shown=True)["Gini"]}


def last_places():
    """Return the courses that are left for the last three places of the mail."""
    table = {"score": [2.4, 2.0, 1.6, 1.1, 0.4, 0.1], "price": [29, 45, 39, 99, 119, 130]}
    return pd.DataFrame(table, index=list("ABCDEF"))


def extra_revenue(*, by="revenue", less=True, places=3):
    """Return what the better choice brings more, in EUR per 1,000 mails."""
    table = last_places()
    table["chance"] = 0.015 + 0.021 * table["score"]
    table["revenue"] = table["chance"] * table["price"]
    table["uncalibrated"] = table["score"] * table["price"]
    chosen, probable = (table.nlargest(places, each)["revenue"].sum() for each in (by, "chance"))
    return 1000 * (chosen - probable * less)


def enrolments(top="enrolments", bottom="impressions", control="rating", *, per=1000):
    """Return the difference of the two lists, with its interval."""
    trial = funnelkit.load("list_test")
    table = experiments.ratio_metric(trial, top, bottom, control=control)
    return (per * table[["difference", "ci_low", "ci_high"]]).tolist()


def every_course_a_case():
    """Return the difference, as if all courses shown were independent."""
    total = funnelkit.load("list_test").groupby("variant")[["enrolments", "impressions"]].sum()
    rate = total["enrolments"] / total["impressions"]
    error = 1.96 * (rate * (1 - rate) / total["impressions"]).sum() ** 0.5
    gap = rate["neighbours"] - rate["rating"]
    return [1000 * value for value in (gap, gap - error, gap + error)]


TASKS = [
    Task(
        "24.1",
        "Average precision",
        name="average_precision",
        kind=Function(
            Number(decimals=6),
            calls=[
                ([0, 1, 0, 1], 2, 4),
                ([0, 1, 0, 1], 2, 3),
                ([1, 0, 1, 0, 0, 1], 5, 4),
                ([1, 1], 7, 10),
                ([0, 0, 0], 3, 3),
            ],
        ),
        truth=average_precision,
        section="Average precision",
        hints=[
            "Cut the list after k places; `hit.cumsum() / np.arange(1, len(hit) + 1)` is the "
            "precision at each place.",
            "Only hits count in the sum, and it is divided by the lesser of k and `taken`.",
        ],
        mistakes=[
            Mistake(
                "divided-by-hits",
                by_the_hits,
                "You divided by the hits that there are, so one hit in the first place is perfect.",
                "Divide by the lesser of `k` and `taken`.",
            ),
            Mistake(
                "divided-by-k",
                lambda hits, taken, k: average_precision(hits, taken, k, divisor=lambda k, _: k),
                "You divided by k: a member who took two courses could never reach 1 at k = 10.",
                "Divide by the lesser of `k` and `taken`.",
            ),
            Mistake(
                "divided-by-taken",
                lambda hits, taken, k: average_precision(hits, taken, k, divisor=lambda _, n: n),
                "You divided by all that was taken, of which a short list cannot hold everything.",
                "Divide by the lesser of `k` and `taken`.",
            ),
            Mistake(
                "misses-count",
                at_all_places,
                "You added up the precision at every place; only places with a hit count.",
                "Multiply the precisions by the hits before you add them up.",
            ),
            Mistake(
                "not-cut-at-k",
                lambda hits, taken, k: (
                    average_precision(hits, taken, len(hits))
                    * min(len(hits), taken)
                    / min(k, taken)
                ),
                "Hits after place k are counted as well.",
                "Cut the list first: `hits[:k]`.",
            ),
        ],
        after="`recommenders.average_precision_at` does the same with the items themselves.",
    ),
    Task(
        "24.2",
        "nDCG of the first four",
        name="ndcg_4",
        kind=Number(unit="fraction", decimals=3),
        truth=lambda: recommenders.ndcg(SHOWN, ideal=CATALOGUE, k=4),
        section="nDCG: when hits are not worth the same",
        hints=[
            "The ideal list is the best four of the whole catalogue, the best first.",
            "Place j is divided by log2(j + 1): the first by 1, the third by 2.",
        ],
        mistakes=[
            Mistake(
                "own-ideal",
                lambda: recommenders.ndcg(SHOWN, k=4),
                "You divided by the best order of the list itself; what it left out is forgotten.",
                "Take the ideal from `catalogue`.",
            ),
            Mistake(
                "all-places",
                lambda: recommenders.ndcg(SHOWN, ideal=CATALOGUE),
                "All five places are in it.",
                "Only the first four count, in the list and in the ideal.",
            ),
            Mistake(
                "exponential-gains",
                lambda: recommenders.ndcg(SHOWN, ideal=CATALOGUE, k=4, form="exponential"),
                "You took 2 to the power of the gain, less 1; the gains count as they are.",
                "Leave out `form`.",
            ),
            Mistake(
                "not-discounted",
                lambda: sum(SHOWN[:4]) / sum(CATALOGUE[:4]),
                "The places are not discounted.",
                "Divide the gain of place j by log2(j + 1).",
            ),
            Mistake(
                "divided-by-the-place",
                lambda: (
                    sum(gain / n for n, gain in enumerate(SHOWN[:4], start=1))
                    / sum(gain / n for n, gain in enumerate(CATALOGUE[:4], start=1))
                ),
                "You divided each gain by the number of its place.",
                "Divide the gain of place j by log2(j + 1).",
            ),
            Mistake(
                "dcg-alone",
                lambda: recommenders.dcg(SHOWN, k=4),
                "That is the DCG of the list.",
                "Divide it by that of the ideal list.",
            ),
        ],
        after="The list's own best order would have made it look better.",
    ),
    Task(
        "24.3",
        "The popular list before the test",
        name="popular_map",
        kind=Mapping(Number(unit="fraction", decimals=4)),
        truth=popular_judged,
        section="Keep the future out of the training",
        hints=[
            '`recommenders.time_cut(ratings, "2026-04-06")`; popularity comes from the first part.',
            "`recommenders.top_n(scores, taken, n=6)` with the `taken_matrix` of the past; then "
            "`recommenders.judge(lists, future, k=6, without_list=...)`.",
        ],
        mistakes=[
            Mistake(
                "swapped",
                swapped,
                "The two numbers are under each other's name.",
                "Members without a list, counted as 0, make the mean smaller.",
            ),
            Mistake(
                "k-is-ten",
                lambda: popular_judged(k=10),
                "It looks like ten places: with k = 10 the sum of precisions is divided by more.",
                "Give `k=6` to `judge`.",
            ),
            Mistake(
                "popular-with-the-future",
                lambda: popular_judged(later=True),
                "Popularity was counted over all ratings, those of the test included.",
                "Count it on the ratings before 6 April.",
            ),
            Mistake(
                "taken-recommended-again",
                lambda: popular_judged(seen=False),
                "The lists hold courses that the members had taken already.",
                "Give the `taken_matrix` of the past to `top_n`.",
            ),
            Mistake(
                "recall-for-map",
                lambda: popular_judged("recall"),
                "That is the recall.",
                "Take the column `average_precision`.",
            ),
            Mistake(
                "precision-for-map",
                lambda: popular_judged("precision"),
                "That is the precision.",
                "Take the column `average_precision`.",
            ),
        ],
        after="One list, one test; the gap is 172 members who were new, and a convention.",
        equivalent={"without n=6": "of lists of ten, `judge` looks at the first six places"},
    ),
    Task(
        "24.4",
        "Without scrolling",
        name="first_two",
        kind=Mapping(Number(unit="fraction", decimals=3)),
        truth=seen_first,
        section="What the lists show",
        hints=[
            "`recommenders.exposure(lists, items, k=2)` counts the first two places.",
            "Both are over all eight courses, those never shown included.",
        ],
        mistakes=[
            Mistake(
                "all-places",
                lambda: seen_first(k=None),
                "All three places are counted.",
                "Give `k=2`.",
            ),
            Mistake(
                "gini-of-shown",
                gini_of_shown,
                "The Gini coefficient is over the courses shown; those never shown are left out, "
                "so it looks fairer than it is.",
                "Take all eight, with a count of 0 for the others.",
            ),
            Mistake(
                "shown-only",
                lambda: seen_first(items=list("uvw")),
                "You took the courses shown for the catalogue.",
                "The catalogue has eight courses.",
            ),
        ],
        after="With three places to look at, the lists show two courses more.",
    ),
    Task(
        "24.5",
        "Three places",
        name="extra_revenue",
        kind=Number(unit="EUR per 1,000 mails", decimals=1),
        truth=extra_revenue,
        section="What a place is worth",
        hints=[
            "First the chance of each course, then chance times price.",
            "Two choices of three: by chance, and by expected revenue. What does each bring?",
        ],
        mistakes=[
            Mistake(
                "the-whole-revenue",
                lambda: extra_revenue(less=False),
                "That is all that the better three bring.",
                "Subtract what the three most probable courses bring.",
            ),
            Mistake(
                "by-price",
                lambda: extra_revenue(by="price"),
                "You chose the three most expensive courses.",
                "Choose by chance times price.",
            ),
            Mistake(
                "score-for-chance",
                lambda: extra_revenue(by="uncalibrated"),
                "You chose by score times price; a score is no chance.",
                "Turn the scores into chances first, by the line.",
            ),
            Mistake(
                "per-mail",
                lambda: extra_revenue() / 1000,
                "You gave {value}, which looks like EUR per mail.",
                "Multiply it by 1,000.",
            ),
            Mistake(
                "wrong-sign",
                lambda: -extra_revenue(),
                "The sign is wrong.",
                "Subtract the three most probable from the three that bring most.",
            ),
        ],
        after="Fewer enrolments, more revenue: say which of them the mail is for.",
    ),
    Task(
        "24.6",
        "Enrolments per 1,000 courses shown",
        name="more_enrolments",
        # A normal quantile instead of Student's moves the ends by 0.001.
        kind=List(Number(unit="enrolments per 1,000 courses shown", tolerance=0.01)),
        truth=enrolments,
        section="What the article says, and what to do instead",
        hints=[
            "A ratio of two sums, of users who were drawn: `experiments.ratio_metric`.",
            'The control is `"rating"`; the lesson did the same for clicks.',
        ],
        mistakes=[
            Mistake(
                "wrong-sign",
                lambda: enrolments(control="neighbours"),
                "That is the list by stars less the neighbours.",
                'Give `control="rating"`.',
            ),
            Mistake(
                "every-course-a-case",
                every_course_a_case,
                "The interval counts every course shown as a case of its own; the members were "
                "drawn, and what one member does is not independent.",
                "Use `experiments.ratio_metric`, one row per member.",
            ),
            Mistake(
                "clicks-for-enrolments",
                lambda: enrolments("clicks"),
                "These are clicks.",
                "Take the column `enrolments`.",
            ),
            Mistake(
                "per-click",
                lambda: enrolments(bottom="clicks"),
                "You divided by the clicks; those who click are not drawn at random.",
                "Divide by the courses shown, `impressions`.",
            ),
            Mistake(
                "not-per-thousand",
                lambda: enrolments(per=1),
                "You gave enrolments per course shown.",
                "Multiply all three by 1,000.",
            ),
        ],
        after="Per click no difference is shown: the neighbours' list is clicked more often.",
    ),
]
