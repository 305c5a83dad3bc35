"""Tasks of exercise 15: using a score."""

from functools import cache

import numpy as np
import pandas as pd

from funnelkit import load, school
from funnelkit.exercises.kinds import Function, List, Mapping, Number, Text
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction, upside_down

MARGIN, COST, ROOM = 282, 90, 30
AGES = ("under 30", "30 to 44", "45 and older")


@cache
def judged():
    """Return the called leads of 2026 with a label, and their age bands."""
    leads = school.scored_leads()
    leads = leads[leads["bought"].notna() & leads["called"]].astype({"bought": bool})
    leads = leads[leads["scored_at"] >= school.LIVE]
    return leads.assign(band=pd.cut(leads["age"], [0, 29, 44, 120], labels=list(AGES)))


def share(which, of, *, weighted=True):
    """Return the share of some leads, a condition on all, that also meets another."""
    weights = judged()["weight"] if weighted else np.ones(len(judged()))
    return np.average(which[of], weights=weights[of])


def selected(limit=0.5, score="probability"):
    """Return which judged leads are at or above a threshold."""
    return judged()[score] >= limit


def recall(limit=0.5, score="probability", *, weighted=True):
    """Return the share of the buyers that are at or above a threshold."""
    return share(selected(limit, score), judged()["bought"], weighted=weighted)


def lift(score, bought, depth):
    """Return how much better the best-scored share of the leads buys than all of them."""
    order = sorted(range(len(score)), key=lambda i: -score[i])
    first = [bought[i] for i in order[: round(depth * len(score))]]
    return (sum(first) / len(first)) / (sum(bought) / len(bought))


def of_all(score, bought, depth):
    """Return cumulative gains instead of lift."""
    return lift(score, bought, depth) * round(depth * len(score)) / len(score)


def promised_less_came(score="with_opens", *, weighted=True):
    """Return, for each band of probability, the mean probability less the share that bought."""
    leads = judged()
    weights = leads["weight"] if weighted else pd.Series(1.0, leads.index)
    rows = pd.DataFrame({"w": weights, "gap": weights * (leads[score] - leads["bought"])})
    bands = pd.cut(leads[score], [0, 0.5, 1], labels=["low", "high"])
    sums = rows.groupby(bands, observed=True).sum()
    return (sums["gap"] / sums["w"]).to_dict()


def shares_selected(of_buyers=True, *, weighted=True, rate=False):
    """Return a share for each age band: of the buyers, or of all leads, those selected."""
    leads = judged()
    result = {}
    for band in AGES:
        of = (leads["band"] == band) & (leads["bought"] | (not of_buyers))
        which = leads["bought"] if rate else selected(20, "points")
        result[band] = share(which, of, weighted=weighted)
    return result


def precision_by_age():
    """Return, for each age band, the share of the selected leads that buys."""
    leads, listed = judged(), selected(20, "points")
    return {band: share(leads["bought"], (leads["band"] == band) & listed) for band in AGES}


def earned(limit=COST / MARGIN, *, promised=False, weighted=True):
    """Return the profit of calling the judged leads from a threshold on, EUR."""
    leads = judged()
    each = (leads["probability"] if promised else leads["bought"]) * MARGIN - COST
    weights = leads["weight"] if weighted else 1
    return float((each * weights * selected(limit)).sum())


def first_calls(when="first", *, since="created_at", tried=True, by="scored_at", until="04-01"):
    """Return the hours from a moment to a call, for the leads of January to March 2026."""
    calls = load("calls")
    calls = calls[calls["reached"]] if when == "reached" else calls
    moment = calls.groupby("lead_id")["called_at"].agg("max" if when == "last" else "min")
    leads = school.scored_leads()
    leads = leads[leads[by].between("2026-01-01", f"2026-{until}")] if by else leads
    leads = leads[leads["called"]] if when == "of those reached" else leads
    hours = (leads["lead_id"].map(moment) - leads[since]) / pd.Timedelta("1h")
    return hours.dropna() if tried else hours


def kept(limit=12, **choice):
    """Return the share of the leads whose call came within so many hours."""
    return (first_calls(**choice) <= limit).mean()


def kept_by_attempt():
    """Return the share of attempts, not of leads, that came within 12 hours."""
    leads = school.scored_leads()
    leads = leads[leads["scored_at"].between("2026-01-01", "2026-04-01")]
    rows = load("calls").merge(leads[["lead_id", "created_at"]], on="lead_id")
    return ((rows["called_at"] - rows["created_at"]) <= pd.Timedelta("12h")).mean()


def waiting(month, *, consent=True):
    """Return the leads of a month that nobody has called and that have not enrolled."""
    leads = school.scored_leads()
    leads = leads[~leads["called"] & ~leads["converted"]]
    leads = leads[(leads["scored_at"] >= "2026-05-01")]
    leads = leads[leads["scored_at"].dt.strftime("%B") == month]
    return leads[leads["consent"]] if consent else leads


def best(n=ROOM, least=COST / MARGIN, *, consent=True, cut_first=False, score="probability"):
    """Return, for each month, the ids of the at most n waiting leads with the highest scores."""
    lists = {}
    for month in ("May", "June"):
        leads = waiting(month, consent=consent and not cut_first)
        leads = leads[leads["probability"] >= least]
        leads = leads.sort_values(score, ascending=False, kind="stable").head(n)
        lists[month] = leads.loc[leads["consent"] | (not consent), "lead_id"].tolist()
    return lists


TASKS = [
    Task(
        "15.1",
        "Whom the list finds",
        name="found",
        kind=Number(unit="fraction", decimals=3),
        truth=recall,
        section="Precision and recall",
        hints=[
            "Of whom is recall a share? Keep those leads only.",
            "`np.average(values, weights=...)` of a boolean column is a weighted share.",
        ],
        mistakes=[
            Mistake(
                "without-weights",
                lambda: recall(weighted=False),
                "That is recall among the leads that were called; buyers that the card kept from "
                "being called are missing.",
                "Count each lead with its `weight`.",
            ),
            Mistake(
                "precision-for-recall",
                lambda: share(judged()["bought"], selected()),
                "That is precision: of the selected leads, the share that buys.",
                "Recall has the buyers in its denominator.",
            ),
            Mistake(
                "share-selected",
                lambda: share(selected(), judged()["bought"] | True),
                "That is the share of all leads that is selected.",
                "Count among the buyers only.",
            ),
            Mistake(
                "false-positive-rate",
                lambda: share(selected(), ~judged()["bought"]),
                "That is the false-positive rate: the share of those that do *not* buy.",
                "Count among the buyers.",
            ),
            Mistake(
                "accuracy-for-recall",
                lambda: share(selected() == judged()["bought"], judged()["bought"] | True),
                "That is accuracy, the share of leads for which the list is right. Naming nobody "
                "has a good one too.",
                "Look at those who bought, and count how many of them are selected.",
            ),
            percent_for_fraction(),
        ],
        after="More than half of the buyers would not have been called. So much for one half.",
        equivalent={
            "the bound of buyers['probability'] >= 0.5 moved": "no lead has exactly 0.5",
        },
    ),
    Task(
        "15.2",
        "Lift",
        name="lift",
        kind=Function(
            Number(decimals=6),
            calls=[
                ([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], [1, 0, 1, 1, 0, 0, 0, 1, 0, 0], 0.5),
                ([1, 2, 3, 4, 5], [0, 0, 0, 1, 1], 0.4),
                ([0.2, 0.9, 0.4, 0.1], [0, 1, 1, 1], 0.25),
                ([3, 1, 2, 4], [1, 0, 0, 1], 1),
            ],
        ),
        truth=lift,
        section="What a list is worth: lift and gains",
        hints=[
            "Which leads are the best-scored ones? The lists are in no order.",
            "A Series helps: `pd.Series(bought).iloc[np.argsort(score)[::-1]]` has the best first.",
        ],
        mistakes=[
            Mistake(
                "gains-for-lift",
                of_all,
                "These are gains: buyers found divided by all buyers.",
                "Lift compares two rates: of the best-scored leads, and of all.",
            ),
            Mistake(
                "rate-for-lift",
                lambda score, bought, depth: lift(score, bought, depth) * sum(bought) / len(bought),
                "This is the rate of the best-scored leads; it is not yet compared with anything.",
                "Divide by the rate of all leads.",
            ),
            Mistake(
                "worst-first",
                lambda score, bought, depth: lift([-s for s in score], bought, depth),
                "You took the leads with the *lowest* scores.",
                "Sort so that the highest comes first.",
            ),
            Mistake(
                "order-as-given",
                lambda score, bought, depth: lift(range(len(score), 0, -1), bought, depth),
                "You took the first leads of the list; they are in no order.",
                "Sort by score before you cut.",
            ),
            upside_down(),
        ],
        after="At depth 1 it is 1, whatever the score.",
        equivalent={
            "without kind='stable'": "no two scores are equal",
        },
    ),
    Task(
        "15.3",
        "Promised and came",
        name="gaps",
        kind=Mapping(Number(unit="fraction", decimals=3)),
        truth=promised_less_came,
        section="Is 40 percent forty percent? Calibration",
        hints=[
            "`pd.cut(judge[...], [0, 0.5, 1], labels=[...])` makes the two bands.",
            "A weighted mean is the sum of weight times value, divided by the sum of the weights.",
        ],
        mistakes=[
            Mistake(
                "without-weights",
                lambda: promised_less_came(weighted=False),
                "That holds for the leads that were called; the task asks for all.",
                "Count each lead with its `weight`.",
            ),
            Mistake(
                "the-other-score",
                lambda: promised_less_came("probability"),
                "You took the score without the opened mails.",
                "Use the column `with_opens`, for the bands too.",
            ),
            Mistake(
                "came-less-promised",
                lambda: {band: -gap for band, gap in promised_less_came().items()},
                "You subtracted what was promised from what came.",
                "Promised less came.",
            ),
            percent_for_fraction(),
        ],
        after="Too much in both bands: this score puts leads in order, and must not count money.",
        equivalent={
            "mean for sum": "the ratio of two means of the same rows is that of their sums",
            "without observed=True": "both bands occur",
        },
    ),
    Task(
        "15.4",
        "Earned, not expected",
        name="profit",
        kind=Number(unit="EUR", decimals=0),
        truth=earned,
        section="The threshold",
        hints=[
            "From which probability on does a call bring as much as it costs?",
            "Each call costs EUR 90, and brings EUR 282 if the lead *bought*; then the weights.",
        ],
        mistakes=[
            Mistake(
                "expected-for-earned",
                lambda: earned(promised=True),
                "That is what the probabilities promise.",
                "Take what the leads did: the column `bought`.",
            ),
            Mistake(
                "one-half",
                lambda: earned(0.5),
                "You called from one half on; that would be right for a margin of twice the cost.",
                "The threshold is cost / margin.",
            ),
            Mistake(
                "everybody",
                lambda: earned(0),
                "You called every lead.",
                "Call those at or above cost / margin.",
            ),
            Mistake(
                "cost-of-the-lesson",
                lambda: earned(60 / MARGIN),
                "You took the lesson's EUR 60 for the threshold; here a call costs EUR 90.",
                "Use the cost that the task gives.",
            ),
            Mistake(
                "without-weights",
                lambda: earned(weighted=False),
                "That is the profit of the leads that were called; the task asks for all.",
                "Count each lead with its `weight`.",
            ),
        ],
        after="Here more was earned than expected; in another half-year it may be less.",
        equivalent={
            "weighted for judge": "the same leads with one more column",
            "the bound of judge['probability'] >= 90 / 282 moved": "no lead is just there",
        },
    ),
    Task(
        "15.5",
        "Whom the card misses",
        name="by_age",
        kind=Mapping(Number(unit="fraction", decimals=2)),
        truth=shares_selected,
        section="Whom does it miss?",
        hints=[
            "Fairness as in the lesson: of those that *would buy*, which share is selected?",
            "`scoring.errors_by_group(selected, outcome, group, weights=...)` has it as `recall`.",
        ],
        mistakes=[
            Mistake(
                "without-weights",
                lambda: shares_selected(weighted=False),
                "That is recall among called leads; buyers that the card kept from being called "
                "are missing.",
                "Count each lead with its `weight`.",
            ),
            Mistake(
                "share-selected",
                lambda: shares_selected(of_buyers=False),
                "That is the share of *all* leads in a band that is selected.",
                "Count among those that bought.",
            ),
            Mistake(
                "precision-for-recall",
                precision_by_age,
                "That is precision: of the selected leads of a band, the share that buys.",
                "Recall has the buyers of the band in its denominator.",
            ),
            Mistake(
                "rate-for-recall",
                lambda: shares_selected(of_buyers=False, rate=True),
                "These are the rates at which the bands buy.",
                "Of those that buy, which share is selected?",
            ),
            percent_for_fraction(),
        ],
        after="Whether age may be used to repair that is a question for whoever knows the law.",
    ),
    Task(
        "15.6",
        "The first call in time",
        name="in_time",
        kind=Number(unit="fraction", decimals=3),
        truth=kept,
        section="From lead to opportunity",
        hints=[
            'The first attempt of each lead: `calls.groupby("lead_id")["called_at"].min()`.',
            "Join it to the leads; those without a call drop out. Then count from `created_at`.",
        ],
        mistakes=[
            Mistake(
                "attempts-for-leads",
                kept_by_attempt,
                "You counted attempts; a lead that is hard to reach counts several times.",
                "Take the first attempt of each lead.",
            ),
            Mistake(
                "conversation-for-attempt",
                lambda: kept(when="reached"),
                "You took the call that was answered; the agreement is about the first attempt.",
                "Take the first row of each lead, reached or not.",
            ),
            Mistake(
                "last-for-first",
                lambda: kept(when="last"),
                "You took the last attempt of each lead, or only the answered one.",
                "Take the first.",
            ),
            Mistake(
                "from-the-score",
                lambda: kept(since="scored_at"),
                "You counted from the score, which is made 48 hours after the form.",
                "Count from `created_at`.",
            ),
            Mistake(
                "never-tried-counted",
                lambda: kept(tried=False),
                "The leads that nobody tried are in the denominator.",
                "Take those with a row in `calls`.",
            ),
            Mistake(
                "all-months",
                lambda: kept(by=None),
                "You took the leads of all months.",
                "Take those scored in January to March 2026.",
            ),
            Mistake(
                "created-for-scored",
                lambda: kept(by="created_at"),
                "You took the leads *created* in January to March.",
                "Select by `scored_at`.",
            ),
            Mistake(
                "last-day-left-out",
                lambda: kept(until="03-31"),
                "You left out 31 March: what happened on that day is later than its midnight.",
                "Take everything before 1 April.",
            ),
            Mistake(
                "of-those-reached",
                lambda: kept(when="of those reached"),
                "You left out the leads that were tried in vain.",
                "Take all that have a row in `calls`.",
            ),
            Mistake(
                "the-hours-of-the-lesson",
                lambda: kept(24),
                "That is for the lesson's 24 hours.",
                "Here the agreement says 12 hours.",
            ),
            percent_for_fraction(),
        ],
        after="Measured by the clock, nights and Sundays included; an agreement has to say which.",
        equivalent={
            "the bound of tried['first'] - tried['created_at'] <= pd.Timedelta('12h') moved": (
                "no call came just twelve hours later"
            ),
        },
    ),
    Task(
        "15.7",
        "The lists of two months",
        name="to_call",
        kind=Mapping(List(Text(), ordered=False)),
        truth=best,
        section="The list for Monday",
        hints=[
            "Three limits hold at once: consent, what pays, and how many can be called.",
            "For each month keep those that agreed and are at or above cost / margin, sort, and "
            "take at most thirty.",
        ],
        mistakes=[
            Mistake(
                "consent-forgotten",
                lambda: best(consent=False),
                "On your lists are leads that have not agreed.",
                "Keep those with `consent` only.",
            ),
            Mistake(
                "consent-last",
                lambda: best(cut_first=True),
                "You took the best thirty and then left out those without consent, so that calls "
                "of May stay unused.",
                "Leave them out first.",
            ),
            Mistake(
                "capacity-only",
                lambda: best(least=0),
                "You filled both lists. For the last of June a call costs more than it brings.",
                "Leave out the leads below cost / margin.",
            ),
            Mistake(
                "no-capacity",
                lambda: best(1000),
                "You named all for whom a call pays; in May there is no time for that many.",
                "Take at most thirty for each month, the most likely first.",
            ),
            Mistake(
                "one-half",
                lambda: best(least=0.5),
                "You took those from one half on; a call pays for others too.",
                "The threshold is cost / margin.",
            ),
            Mistake(
                "points-for-probability",
                lambda: best(score="points"),
                "You sorted by points.",
                "Sort by `probability`.",
            ),
        ],
        after="In May the capacity sets the limit, in June what a call costs.",
        equivalent={
            "the bound of waiting['probability'] >= 90 / 282 moved": "no lead is just there",
        },
    ),
]
