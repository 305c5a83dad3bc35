"""Tasks of exercise 27: nurturing and uplift."""

from functools import cache

import numpy as np
import pandas as pd

import funnelkit
from funnelkit import uplift
from funnelkit.exercises.kinds import Function, List, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task


@cache
def contacts(*, consent=True, since="2026-01-01"):
    """Return the contacts who entered in 2026, those with consent."""
    table = funnelkit.load("campaigns")
    table = table[table["entered"] >= since] if since else table
    return table[table["consent"]] if consent else table


def opt_outs(*, mails=8, against=0, column="opted_out", **which):
    """Return what a number of mails does to opting out, against another number of mails."""
    table = contacts(**which)
    pair = table[table["mails"].isin([mails, against])]
    return _effect(pair["mails"] == mails, pair[column])


def opt_outs_of_the_series():
    """Return what the series does to opting out, in four mails or in eight."""
    table = contacts()
    return _effect(table["treated"], table["opted_out"])


def opt_outs_against_all_others():
    """Return what eight mails do to opting out, those drawn to get four counted as held out."""
    table = contacts()
    return _effect(table["mails"] == 8, table["opted_out"])


def _effect(treated, outcome):
    found = uplift.average_effect(treated, outcome)
    return found[["effect", "ci_low", "ci_high"]].astype(float).to_dict()


def weighted(drawn, bought, propensity):
    """Return the uplift by the transformed class, each person weighted."""
    total = hits = 0.0
    for t, y, e in zip(drawn, bought, propensity, strict=True):
        weight = 1 / e if t else 1 / (1 - e)
        total += weight
        hits += weight * (t == y)
    return 2 * hits / total - 1


def _by_weight(weight):
    """Return the function that gives every person another weight."""

    def by(drawn, bought, propensity):
        w = [weight(t, e) for t, e in zip(drawn, propensity, strict=True)]
        z = [t == y for t, y in zip(drawn, bought, strict=True)]
        return 2 * sum(np.multiply(w, z)) / sum(w) - 1

    return by


SEVEN = pd.DataFrame(
    {
        "score": [0.1, 0.9, 0.4, 0.7, 0.5, 0.8, 0.2],
        "drawn": [1, 1, 0, 0, 1, 1, 0],
        "bought": [0, 1, 1, 0, 1, 0, 1],
    }
)


def heights(*, rising=False, as_given=False, scaled=True, averaged=False):
    """Return the Qini curve of the seven people, after each of them."""
    table = SEVEN if as_given else SEVEN.sort_values("score", ascending=rising)
    t, y = table["drawn"].to_numpy(), table["bought"].to_numpy()
    n_1, n_0 = t.cumsum(), (1 - t).cumsum()
    y_1, y_0 = (y * t).cumsum(), (y * (1 - t)).cumsum()
    per = n_1 / np.maximum(n_0, 1) if scaled else 1.0
    if averaged:
        return (y_1 / np.maximum(n_1, 1) - y_0 / np.maximum(n_0, 1)).tolist()
    return (y_1 - y_0 * per).tolist()


def points(table, *, orders=-1):
    """Return the points of the colleague's rule."""
    return table["pricing_views"] + table["webinar"] + orders * table["orders"]


def coefficient(*, sign=1, orders=-1, measure=uplift.qini_coefficient, **which):
    """Return the Qini coefficient of the points."""
    table = contacts(**which)
    return measure(sign * points(table, orders=orders), table["treated"], table["enrolled"])


SEGMENTS = pd.DataFrame(
    {"without": [0.02, 0.15, 0.30], "with": [0.07, 0.22, 0.34]},
    index=["new", "readers", "regulars"],
)
MARGIN, VOUCHER, COST = 180, 50, 0.40


def gains(*, paid_by="with", cost=COST):
    """Return what the series adds per person of each segment."""
    raised = SEGMENTS["with"] - SEGMENTS["without"]
    paid = {"with": SEGMENTS["with"], "raised": raised, "without": SEGMENTS["without"], "none": 0}
    return (raised * MARGIN - paid[paid_by] * VOUCHER - cost).to_dict()


def rule_worth(
    *, against=True, share=0.62, voucher=1, mails=0.05, propensity=None, least=1, **which
):
    """Return by how much the rule beats mailing everybody, per contact."""
    table = contacts(**which)
    profit = share * table["order_value"] - voucher * table["voucher"] - mails * table["mails"]
    drawn = np.where(table["treated"], 0.8, 0.2) if propensity is None else propensity
    judged = table.assign(profit=profit, propensity=drawn)
    rules = pd.DataFrame({"rule": points(table) >= least, "other": against}, index=table.index)
    found = uplift.policy_value(judged, rules, compare_with="other").loc["rule"]
    return found[["difference", "difference_low", "difference_high"]].astype(float).to_dict()


TASKS = [
    Task(
        "27.1",
        "Eight mails",
        name="fatigue",
        kind=Mapping(Number(unit="fraction", decimals=4)),
        truth=opt_outs,
        section="What too many mails cost",
        hints=[
            "`uplift.recipients` keeps those with consent; then select `mails` of 8 and of 0.",
            "`uplift.average_effect(treated, outcome)` has all three numbers.",
        ],
        mistakes=[
            Mistake(
                "not-drawn",
                lambda: opt_outs(consent=False),
                "Contacts without consent are in your hold-out group, and nobody drew them.",
                "Keep those with consent first.",
            ),
            Mistake(
                "whole-series",
                opt_outs_of_the_series,
                "That is the series as a whole, in four mails or in eight.",
                "Leave out those who were drawn to get four.",
            ),
            Mistake(
                "against-four",
                lambda: opt_outs(against=4),
                "You compared eight mails with four.",
                "Compare with those who got none.",
            ),
            Mistake(
                "against-all-others",
                opt_outs_against_all_others,
                "Those who were drawn to get four mails are in your hold-out group.",
                "Keep only `mails` of 8 and of 0.",
            ),
            Mistake(
                "all-dates",
                lambda: opt_outs(since=None),
                "All contacts are in it, those of 2025 too.",
                "Take those who entered from 1 January 2026 on.",
            ),
            Mistake(
                "enrolled-for-opted-out",
                lambda: opt_outs(column="enrolled"),
                "That is the effect on enrolling.",
                "The outcome is `opted_out`.",
            ),
        ],
        after="Four mails cost about a quarter of that.",
    ),
    Task(
        "27.2",
        "A class transformation with weights",
        name="transformed",
        kind=Function(
            Number(unit="fraction", decimals=4),
            calls=[
                ([1, 1, 1, 0], [1, 0, 0, 0], [0.75, 0.75, 0.75, 0.75]),
                ([1, 0, 1, 0, 1], [1, 1, 1, 0, 0], [0.9, 0.9, 0.6, 0.6, 0.6]),
                ([1, 1, 0], [1, 1, 1], [0.8, 0.5, 0.8]),
                ([0, 1], [0, 1], [0.5, 0.9]),
            ],
        ),
        truth=weighted,
        section="Predicting uplift",
        hints=[
            "z is 1 where drawn and bought are the same; the weight is 1 / e or 1 / (1 - e).",
            "The weights of those with z = 1, divided by all weights; doubled, less 1.",
        ],
        mistakes=[
            Mistake(
                "unweighted",
                _by_weight(lambda t, e: 1.0),
                "Every person weighs the same; that is right only for groups drawn 50:50.",
                "Weight each by 1 divided by the probability of their own group.",
            ),
            Mistake(
                "one-weight-for-both",
                _by_weight(lambda t, e: 1 / e),
                "You gave those held out the weight of those drawn.",
                "The probability of being held out is 1 - e.",
            ),
            Mistake(
                "weights-upside-down",
                _by_weight(lambda t, e: e if t else 1 - e),
                "You multiplied by the probability; the rarer group has to weigh more.",
                "Weight by 1 divided by the probability.",
            ),
            Mistake(
                "not-doubled",
                lambda drawn, bought, propensity: (weighted(drawn, bought, propensity) + 1) / 2,
                "That is the weighted share of z = 1.",
                "Double it and subtract 1.",
            ),
        ],
        after="`uplift.ClassTransformation` does this for every combination of features.",
    ),
    Task(
        "27.3",
        "A Qini curve of seven people",
        name="curve",
        kind=List(Number(unit="buyers", decimals=3)),
        truth=heights,
        section="One curve for a ranking",
        hints=[
            "Sort the people first: the highest score comes first.",
            "Cumulative sums of four things: drawn, held out, and how many of either bought.",
        ],
        mistakes=[
            Mistake(
                "not-sorted",
                lambda: heights(as_given=True),
                "You took the people in the order of the table.",
                "Sort by score, the highest first.",
            ),
            Mistake(
                "rising",
                lambda: heights(rising=True),
                "You began with the lowest score.",
                "Sort with ascending=False.",
            ),
            Mistake(
                "not-scaled",
                lambda: heights(scaled=False),
                "You subtracted the buyers held out as they are, whatever the sizes of the groups.",
                "Multiply them by drawn divided by held out, up to there.",
            ),
            Mistake(
                "difference-of-rates",
                lambda: heights(averaged=True),
                "That is the difference of two rates.",
                "The Qini curve counts buyers: multiply by the number drawn so far.",
            ),
        ],
        equivalent={"without kind='stable'": "no two of the seven scores are equal"},
        after="`uplift.qini_curve` has the same heights, after a first 0.",
    ),
    Task(
        "27.4",
        "A colleague's points",
        name="qini",
        kind=Number(decimals=4),
        truth=coefficient,
        section="One curve for a ranking",
        hints=[
            "Points are a score: one number per contact.",
            "`uplift.qini_coefficient(score, treated, outcome)`, on those with consent.",
        ],
        mistakes=[
            Mistake(
                "not-drawn",
                lambda: coefficient(consent=False),
                "Contacts without consent are among those held out.",
                "Keep those with consent first.",
            ),
            Mistake(
                "all-dates",
                lambda: coefficient(since=None),
                "All contacts are in it, those of 2025 too, from whom the points were made.",
                "Take those who entered from 1 January 2026 on.",
            ),
            Mistake(
                "orders-added",
                lambda: coefficient(orders=1),
                "You added the orders, which makes a score of buyers.",
                "Orders are subtracted.",
            ),
            Mistake(
                "upside-down",
                lambda: coefficient(sign=-1),
                "The lowest points come first.",
                "Give the points as they are: the highest come first.",
            ),
            Mistake(
                "auuc-for-qini",
                lambda: coefficient(measure=uplift.auuc),
                "That is the AUUC.",
                "Use `uplift.qini_coefficient`.",
            ),
        ],
        equivalent={
            "people for recent": "these are the recent contacts with consent, kept once more",
        },
        after="Three columns and no model: that is what a model has to beat.",
    ),
    Task(
        "27.5",
        "Which segments gain?",
        name="gains",
        kind=Mapping(Number(unit="EUR", decimals=2)),
        truth=gains,
        section="Whom to send it to",
        hints=[
            "Everybody who buys with the series redeems the voucher.",
            "The rise times the margin, less the rate *with* the series times the voucher.",
        ],
        mistakes=[
            Mistake(
                "sure-buyers-forgotten",
                lambda: gains(paid_by="raised"),
                "You charged the voucher to the further buyers alone.",
                "All who buy with the series get it.",
            ),
            Mistake(
                "no-voucher",
                lambda: gains(paid_by="none"),
                "The voucher is missing.",
                "Subtract the rate with the series times the voucher.",
            ),
            Mistake(
                "voucher-by-rate-without",
                lambda: gains(paid_by="without"),
                "You charged the voucher only to those who would have bought anyway.",
                "All who buy with the series get it.",
            ),
            Mistake(
                "no-mails",
                lambda: gains(cost=0),
                "The cost of the mails is missing.",
                "Subtract EUR 0.40 per person.",
            ),
        ],
        after="The smallest rates gain; of regulars, many get a voucher and few are moved.",
    ),
    Task(
        "27.6",
        "What the points would earn",
        name="worth",
        kind=Mapping(Number(unit="EUR", decimals=2)),
        truth=rule_worth,
        section="Whom to send it to",
        hints=[
            "Four in five were drawn: the propensity is 0.8 for them and 0.2 for those held out.",
            "`uplift.policy_value` takes a table with one column per rule, True for the series.",
        ],
        mistakes=[
            Mistake(
                "not-drawn",
                lambda: rule_worth(consent=False),
                "Contacts without consent are in it, and nobody drew them.",
                "Keep those with consent first.",
            ),
            Mistake(
                "all-dates",
                lambda: rule_worth(since=None),
                "All contacts are in it, those of 2025 too, from whom the points were made.",
                "Take those who entered from 1 January 2026 on.",
            ),
            Mistake(
                "against-nobody",
                lambda: rule_worth(against=False),
                "You compared with mailing nobody.",
                "Compare with a column that is True for everybody.",
            ),
            Mistake(
                "one-propensity",
                lambda: rule_worth(propensity=0.8),
                "Those held out have the propensity of those drawn.",
                "It is 0.2 for those held out.",
            ),
            Mistake(
                "half-and-half",
                lambda: rule_worth(propensity=0.5),
                "You weighted as if half had been held out.",
                "Four in five were drawn.",
            ),
            Mistake(
                "no-voucher",
                lambda: rule_worth(voucher=0),
                "The vouchers are missing from the profit.",
                "Subtract the column `voucher`.",
            ),
            Mistake(
                "price-for-margin",
                lambda: rule_worth(share=1),
                "You counted the price as profit.",
                "The school keeps 62 % of it.",
            ),
            Mistake(
                "above-one",
                lambda: rule_worth(least=2),
                "You mailed those with more than one point.",
                "One point is enough: >= 1.",
            ),
        ],
        equivalent={
            "people for recent": "these are the recent contacts with consent, kept once more",
        },
        after="A rule of three columns is worth more than a mail to everybody.",
    ),
]
