"""Tasks of exercise 14: scoring leads."""

import math

import numpy as np
import pandas as pd

from funnelkit import school, scoring
from funnelkit.exercises.kinds import Function, List, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

SPRING, APRIL = "2026-03-01", "2026-04-01"
MONTHS = ["2026-01", "2026-02", "2026-03", "2026-04"]


def spring(*, called=True):
    """Return the leads created since March 2026; all, or those that were called."""
    leads = school.form_leads()
    leads = leads[leads["created_at"] >= SPRING]
    return leads[leads["called"]] if called else leads


def scored_since(day):
    """Return the leads scored on a day or later, with or without a label."""
    leads = school.form_leads()
    return leads[leads["scored_at"] >= day]


def quick(leads):
    """Return which leads have enrolled within 60 days of scoring, the young counted as no."""
    return leads["converted_at"] - leads["scored_at"] <= pd.Timedelta("60D")


def labelled(first=APRIL):
    """Return the leads that have a label and were scored on a day or later."""
    leads = school.form_leads()
    leads = leads[leads["bought"].notna() & (leads["scored_at"] >= first)]
    return leads.astype({"bought": bool})


def weighted_share(power=-1, *, shares_of=None):
    """Return the share of buyers, called leads weighted by a power of the share called.

    The shares called are those of the same leads, or of a table of others.
    """
    leads = labelled()
    others = leads if shares_of is None else shares_of
    called = leads[leads["called"]]
    share = called["points"].map(others.groupby("points")["called"].mean())
    return np.average(called["bought"], weights=share**power)


def learnt_from():
    """Return the called leads whose label was known when 2026 began."""
    leads = school.scored_leads()
    known = leads["scored_at"] + pd.Timedelta("60D") <= school.LIVE
    return leads[known & leads["called"]].astype({"bought": bool})


def rate(downloads):
    """Return the share of buyers among the leads learnt from, with or without a download."""
    learn = learnt_from()
    return learn.loc[(learn["downloads"] >= 1) == downloads, "bought"].mean()


def log_odds(share):
    """Return the logarithm of the odds."""
    return math.log(share / (1 - share))


def probability(intercept, weights, lead):
    """Return the probability that a logistic regression gives to a lead."""
    z = intercept + sum(weights[name] * lead[name] for name in weights)
    return 1 / (1 + math.exp(-z))


def weighted_excess():
    """Return the excess in each month, each called lead counted with its weight."""
    leads = judged(told=False)
    month = leads["scored_at"].dt.strftime("%Y-%m")
    gap = (leads["with_opens"] - leads["bought"]) * leads["weight"]
    return (gap.groupby(month).sum() / leads["weight"].groupby(month).sum())[MONTHS].tolist()


def excess(score="with_opens", *, called=True):
    """Return by how much a score promises more than came, for each month of 2026."""
    leads = school.scored_leads()
    leads = leads[leads["bought"].notna() & (leads["called"] | (not called))]
    gap = leads[score] - leads["bought"].astype(float)
    return gap.groupby(leads["scored_at"].dt.strftime("%Y-%m")).mean()[MONTHS].tolist()


def judged(*, told=True):
    """Return the called leads of 2026 with a label, all or those that wrote a message."""
    leads = school.scored_leads()
    leads = leads[leads["bought"].notna() & leads["called"]].astype({"bought": bool})
    leads = leads[leads["scored_at"] >= school.LIVE]
    return leads[leads["message"].notna()] if told else leads


def auc(score="intent", *, weighted=True):
    """Return the AUC of a score among the judged leads that wrote something."""
    leads = judged()
    weights = leads["weight"] if weighted else None
    return scoring.auc(leads[score], leads["bought"], weights=weights)


def auc_of_taught():
    """Return the AUC of the intent of the leads that the readers learnt from."""
    learn = learnt_from()
    learn = learn[learn["message"].notna()]
    return scoring.auc(learn["intent"], learn["bought"], weights=learn["weight"])


def auc_of_gaps():
    """Return the AUC if leads without a message count as no intent at all."""
    leads = judged(told=False)
    return scoring.auc(leads["intent"].fillna(0), leads["bought"], weights=leads["weight"])


TASKS = [
    Task(
        "14.1",
        "A fair label",
        name="spring_rate",
        kind=Number(unit="fraction", decimals=3),
        truth=lambda: spring()["bought"].mean(),
        section="Did they buy? A label takes time",
        hints=[
            "`scoring.outcome_within` gives no label (NA) to leads that are too young.",
            "The mean of a column leaves out what is missing; a count of rows does not.",
        ],
        mistakes=[
            Mistake(
                "young-counted-as-no",
                lambda: quick(spring()).mean(),
                "Leads too young for a label are in the denominator; those of them that have not "
                "bought yet count as if they never would.",
                "Leave out those whose 60 days are not over, or use `scoring.outcome_within`.",
            ),
            Mistake(
                "gaps-filled-with-no",
                lambda: spring()["bought"].fillna(False).mean(),
                "You filled the missing labels with False: leads too young for a label are in "
                "the denominator, as if they had not bought.",
                "Leave out those whose label is missing.",
            ),
            Mistake(
                "young-buyers-kept",
                lambda: (
                    spring()["bought"].fillna(spring()["converted"].where(spring()["converted"]))
                ).mean(),
                "You kept those young leads who have bought already, and left out the others of "
                "their age.",
                "A young lead has no label, whatever it has done so far.",
            ),
            Mistake(
                "so-far-for-window",
                lambda: spring()["converted"].mean(),
                "You counted who has enrolled so far; the leads of June have had no time.",
                "Give each lead the same 60 days.",
            ),
            Mistake(
                "so-far-among-the-labelled",
                lambda: spring().dropna(subset="bought")["converted"].mean(),
                "You left out the young, and counted purchases after the 60 days as well.",
                "Take the mean of the labels.",
            ),
            Mistake(
                "uncalled-counted",
                lambda: spring(called=False)["bought"].mean(),
                "The leads that nobody called are among them.",
                "Take those with `called` only.",
            ),
            percent_for_fraction(),
        ],
        after="Hardly any different from the months before: nothing is wrong with the spring.",
        equivalent={
            "the bound of leads['created_at'] >= '2026-03-01' moved": "no lead came at midnight"
        },
    ),
    Task(
        "14.2",
        "What all leads would do",
        name="share_of_all",
        kind=Number(unit="fraction", decimals=3),
        truth=weighted_share,
        section="Whom nobody called",
        hints=[
            "Which share of the leads with as many points was called? "
            '`groupby("points")["called"].transform("mean")` puts it beside each lead.',
            "`np.average(values, weights=...)` takes weights; give one for each called lead.",
        ],
        mistakes=[
            Mistake(
                "without-weights",
                lambda: labelled().query("called")["bought"].mean(),
                "That is the share among the called leads, and calls went by the points.",
                "Weight each called lead by 1 divided by the share called in its group.",
            ),
            Mistake(
                "shares-of-both-years",
                lambda: weighted_share(shares_of=labelled(first="2025-01-01")),
                "You took the shares called over the leads of both years; in April the advisers "
                "called other shares of each group.",
                "Take the shares called among the leads of `later`.",
            ),
            Mistake(
                "shares-of-the-year",
                lambda: weighted_share(shares_of=labelled(first=school.LIVE)),
                "You took the shares called over all leads of 2026; in April the advisers called "
                "other shares of each group.",
                "Take the shares called among the leads of `later`.",
            ),
            Mistake(
                "young-in-the-shares",
                lambda: weighted_share(shares_of=scored_since(APRIL)),
                "You took the shares called over all leads since April, those too young for a "
                "label among them.",
                "Take the shares called among the leads of `later`, which all have a label.",
            ),
            Mistake(
                "share-for-weight",
                lambda: weighted_share(1),
                "You weighted by the share called itself, so that leads that were rarely called "
                "count least.",
                "The weight is 1 divided by that share.",
            ),
            Mistake(
                "uncalled-as-no",
                lambda: labelled()["bought"].mean(),
                "The leads that nobody called are in it; hardly any of them bought because nobody "
                "called.",
                "Take the called leads, each with its weight.",
            ),
            Mistake(
                "all-months",
                lambda: _weighted_in_all_months(),
                "You took the leads of earlier months as well.",
                "Take those of `later`, scored on 1 April 2026 or later.",
            ),
            percent_for_fraction(),
        ],
        after="Lower than among the called: the card is not worthless.",
    ),
    Task(
        "14.3",
        "A weight by division",
        name="weight",
        kind=Number(unit="log-odds", decimals=2),
        truth=lambda: log_odds(rate(True)) - log_odds(rate(False)),
        section="Points that are learnt: logistic regression",
        hints=[
            "Odds are buyers divided by those that did not buy, in each of the two groups.",
            "The weight is a difference of two logarithms.",
        ],
        mistakes=[
            Mistake(
                "upside-down",
                lambda: log_odds(rate(False)) - log_odds(rate(True)),
                "The sign is wrong: you compared the leads without a download with those that "
                "have one.",
                "Subtract the log-odds of the reference, the leads without a download.",
            ),
            Mistake(
                "rates-for-odds",
                lambda: math.log(rate(True) / rate(False)),
                "That is the logarithm of the ratio of the two *rates*, or the difference of the "
                "two *odds*, which here come to the same.",
                "Take the odds, buyers divided by those that did not buy, then the difference of "
                "their logarithms.",
            ),
            Mistake(
                "difference-of-rates",
                lambda: rate(True) - rate(False),
                "That is the difference of the two rates; a logistic regression adds log-odds.",
                "Turn each rate into log-odds first.",
            ),
            Mistake(
                "ratio-for-logarithm",
                lambda: math.exp(log_odds(rate(True)) - log_odds(rate(False))),
                "That is by how much the odds are multiplied; the weight is its logarithm.",
                "Take the logarithm.",
            ),
            Mistake(
                "intercept",
                lambda: log_odds(rate(False)),
                "That is the intercept: the log-odds of leads without a download.",
                "By how much do those with a download differ?",
            ),
        ],
        after="With more features beside it the weight would be another one.",
    ),
    Task(
        "14.4",
        "From weights to a probability",
        name="probability",
        kind=Function(
            Number(decimals=6),
            calls=[
                (-1.4, {"webinars": 0.4, "partner": 0.5}, {"webinars": 2, "partner": 1}),
                (0.3, {"webinars": 0.4}, {"webinars": 0}),
                (-0.5, {"pages": 0.1, "mobile": -0.3}, {"pages": 12, "mobile": 1}),
                (0, {"webinars": -0.8}, {"webinars": 3}),
                (-1, {"pages": 0.2, "partner": 0.6}, {"partner": 1, "pages": 4}),
            ],
        ),
        truth=probability,
        section="Points that are learnt: logistic regression",
        hints=[
            "First the log-odds: the intercept and, for each feature, weight times value.",
            "From log-odds $z$ back to a probability leads 1/(1 + e to the power of minus z).",
        ],
        mistakes=[
            Mistake(
                "no-intercept",
                lambda intercept, weights, lead: probability(0, weights, lead),
                "The intercept is missing.",
                "Add it to the sum.",
            ),
            Mistake(
                "log-odds-for-probability",
                lambda intercept, weights, lead: log_odds(probability(intercept, weights, lead)),
                "These are the log-odds.",
                "Turn them into a probability.",
            ),
            Mistake(
                "odds-for-probability",
                lambda *lead: probability(*lead) / (1 - probability(*lead)),
                "These are the odds.",
                "The probability is the odds divided by 1 plus the odds.",
            ),
            Mistake(
                "wrong-sign",
                lambda *lead: 1 - probability(*lead),
                "That is the probability that the lead does *not* buy.",
                "Look at the sign in the exponent.",
            ),
            Mistake(
                "paired-by-place",
                lambda intercept, weights, lead: probability(
                    intercept, weights, dict(zip(weights, lead.values(), strict=True))
                ),
                "You paired weights and values by their place; a lead may name its features in "
                "another order.",
                "Take the value by its name: `lead[name]`.",
            ),
            Mistake(
                "weights-without-values",
                lambda intercept, weights, lead: probability(
                    intercept, weights, dict.fromkeys(lead, 1)
                ),
                "You added the weights and forgot the values of the lead.",
                "Multiply each weight by the lead's value of that feature.",
            ),
        ],
        after="That is all that `predict_proba` does, once the weights are known.",
    ),
    Task(
        "14.5",
        "Promised and came",
        name="excess",
        kind=List(Number(unit="fraction", decimals=3)),
        truth=excess,
        section="When the world moves: drift",
        hints=[
            "Two means per month: of `with_opens`, and of `bought`.",
            "Label and score must be of the same leads: those that were called.",
        ],
        mistakes=[
            Mistake(
                "the-other-score",
                lambda: excess("probability"),
                "You took the score without the opened mails.",
                "Use the column `with_opens`.",
            ),
            Mistake(
                "came-less-promised",
                lambda: [-gap for gap in excess()],
                "You subtracted what was promised from what came.",
                "Promised less came.",
            ),
            Mistake(
                "with-weights",
                weighted_excess,
                "You weighted the leads, so that they represent all; the task asks for the called "
                "leads as they are.",
                "Take plain means.",
            ),
            Mistake(
                "uncalled-counted",
                lambda: excess(called=False),
                "The leads that nobody called are among them; the score is about called leads.",
                "Take those with `called` only.",
            ),
            percent_for_fraction(),
        ],
        after="Too much in every month: this is not chance, it is drift.",
    ),
    Task(
        "14.6",
        "What the words alone know",
        name="text_auc",
        kind=Number(decimals=3),
        truth=auc,
        section="What they write",
        hints=[
            "Which leads have an `intent`, a label and a `weight`? Judge on those of 2026.",
            "`scoring.auc(score, outcome, weights=...)`.",
        ],
        mistakes=[
            Mistake(
                "without-weights",
                lambda: auc(weighted=False),
                "That is the AUC among the called leads; the task asks for all leads that wrote.",
                'Give `weights=` the column "weight".',
            ),
            Mistake(
                "earlier-leads",
                auc_of_taught,
                "You judged on the leads of 2025, from which the reader has learnt the words.",
                "Take the leads scored on 1 January 2026 or later.",
            ),
            Mistake(
                "silence-as-no-intent",
                auc_of_gaps,
                "The leads without a message are in it, with an intent of 0.",
                "Take those that wrote something.",
            ),
            Mistake(
                "the-whole-score",
                lambda: auc("probability"),
                "That is the AUC of the whole score.",
                "Use the column `intent`.",
            ),
        ],
        after="The words alone order these leads better than the card orders all.",
        equivalent={
            "the bound of scored['scored_at'] >= '2026-01-01' moved": "none was scored at midnight"
        },
    ),
]


def _weighted_in_all_months():
    leads = school.form_leads()
    leads = leads[leads["bought"].notna()].astype({"bought": bool})
    share = leads.groupby("points")["called"].transform("mean")
    return np.average(leads.loc[leads["called"], "bought"], weights=1 / share[leads["called"]])
