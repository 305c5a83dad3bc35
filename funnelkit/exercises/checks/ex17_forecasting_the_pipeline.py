"""Tasks of exercise 17: forecasting the pipeline."""

import math
from functools import cache

import funnelkit
from funnelkit import forecasting, school, survival
from funnelkit.exercises.kinds import Function, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

COST = 0.38


def deals():
    """Return the school's deals."""
    return funnelkit.load("deals")


def due(at="2026-01-15", *, date="then", price="then", days=7, late=False):
    """Return the amount of the open deals whose close date lies in the days from 15 January."""
    now = forecasting.snapshot(deals(), funnelkit.load("stages"), funnelkit.load("close_dates"), at)
    of = deals().set_index("deal_id").loc[now["deal_id"]]
    close = now["expected_close"] if date == "then" else of["expected_close"].set_axis(now.index)
    value = now["amount"] if price == "then" else of["amount"].set_axis(now.index)
    start = "2000-01-01" if late else "2026-01-15"
    return value[close.between(start, f"2026-01-{14 + days}")].sum()


@cache
def spells():
    """Return the days from each stage of each deal to its end."""
    return forecasting.stage_spells(funnelkit.load("stages"), observed_until=school.END)


def spring():
    """Return the deals made since April 2026, from their first stage on."""
    table = spells()
    return table[(table["stage"] == "MQL") & (table["entered_at"] >= "2026-04-01")]


def share_by(days=45, column="share_won"):
    """Return a share of the spring's deals by some days."""
    curve = forecasting.competing_risks(spring()["days"], spring()["outcome"])
    return curve.loc[:days, column].iloc[-1]


def without_rivals():
    """Return one minus Kaplan–Meier, lost deals taken as censored."""
    won = spring()["outcome"].eq("won").fillna(False)
    curve = survival.kaplan_meier(spring()["days"], won)
    return 1 - curve.loc[:45, "survival"].iloc[-1]


def won_of(closed=True):
    """Return won divided by closed, or by all."""
    outcome = spring()["outcome"]
    return (outcome == "won").sum() / (outcome.notna().sum() if closed else len(outcome))


@cache
def call_curve():
    """Return what became of the booked advice calls."""
    calls = spells()[spells()["stage"] == "call"]
    return forecasting.competing_risks(calls["days"], calls["outcome"])


def risen():
    """Return how much of all calls is won after ten days, not divided by those open then."""
    won = call_curve()["share_won"]
    return won.iloc[-1] - won.loc[:10].iloc[-1]


def spread(amounts, chances):
    """Return the standard deviation of what independent deals bring."""
    pairs = zip(amounts, chances, strict=True)
    return math.sqrt(sum(p * (1 - p) * a**2 for a, p in pairs))


def of_each(amounts, chances, term):
    """Return the sum of a term over the deals."""
    return sum(term(a, p) for a, p in zip(amounts, chances, strict=True))


def months(since="2026-01-01"):
    """Return the forecasts of the months from a day on, and what came."""
    return school.pipeline_months().loc[since:]


def loss(quantile=0.1, name="low", since="2026-01-01"):
    """Return the mean pinball loss of one of the forecast quantiles."""
    table = months(since)
    return forecasting.pinball_loss(table["came"], table[name], quantile)


def bargained(*, objection=False):
    """Return the closed deals that were negotiated, of those who objected or did not, or all."""
    stages, table = funnelkit.load("stages"), deals()
    inside = table["deal_id"].isin(stages.loc[stages["stage"] == "negotiation", "deal_id"])
    table = table[inside & table["outcome"].notna()]
    if objection is not None:
        table = table[table["objection"] == objection]
    return table.assign(won=table["outcome"] == "won", given=table["discount"] > 0)


def gain(*, objection=False, cost=COST, only_won=False, discount=True):
    """Return what a discount changes per negotiation, as a share of the list price."""
    table = bargained(objection=objection)
    kept = 1 - table["discount"] * discount - cost
    kept = kept[table["won"]] if only_won else table["won"] * kept
    mean = kept.groupby(table["given"]).mean()
    return mean[True] - mean[False]


TASKS = [
    Task(
        "17.1",
        "What the CRM said was due",
        name="due",
        kind=Number(unit="EUR", decimals=2),
        truth=due,
        section="The pipeline as it was",
        hints=[
            "`forecasting.snapshot(deals, stages, close_dates, …)` has the close dates and the "
            "amounts as they were known.",
            "`between` includes both ends: from 15 to 21 January.",
        ],
        mistakes=[
            Mistake(
                "dates-of-today",
                lambda: due(date="today"),
                "You took the close dates as they stand today, after all later edits.",
                "Take `expected_close` of the snapshot.",
            ),
            Mistake(
                "amounts-of-today",
                lambda: due(price="today"),
                "You took the amounts as they stand today, with discounts that nobody had offered "
                "yet.",
                "Take `amount` of the snapshot.",
            ),
            Mistake(
                "overdue-too",
                lambda: due(late=True),
                "The deals whose close date had passed already are in it.",
                "Count close dates from 15 January on.",
            ),
        ],
        after="Most of it did not come: of what is due in a week the larger part is lost or moved.",
    ),
    Task(
        "17.2",
        "The spring's win rate",
        name="won_by_45",
        kind=Number(unit="fraction", decimals=3),
        truth=share_by,
        section="Won and lost compete",
        hints=[
            "`forecasting.stage_spells` gives days and outcome; take the rows of stage `MQL`.",
            "`curve.loc[:45, ...]` are the rows up to day 45; the last one holds there.",
        ],
        mistakes=[
            Mistake(
                "won-of-closed",
                won_of,
                "You divided the won deals by the closed ones; the open ones are forgotten.",
                "Use `forecasting.competing_risks`, which counts them as open.",
            ),
            Mistake(
                "won-of-all",
                lambda: won_of(closed=False),
                "You divided the won deals by all, so that the open ones count as lost.",
                "Use `forecasting.competing_risks`, which counts them as open.",
            ),
            Mistake(
                "lost-as-censored",
                without_rivals,
                "That is one minus Kaplan–Meier: lost deals count as if they could still be won.",
                "Won and lost compete: use `forecasting.competing_risks`.",
            ),
            Mistake(
                "share-lost",
                lambda: share_by(column="share_lost"),
                "That is the share lost.",
                "Read the column `share_won`.",
            ),
            Mistake(
                "whole-curve",
                lambda: share_by(days=None),
                "You read the end of the curve, after 45 days.",
                "Take the last row up to day 45.",
            ),
            percent_for_fraction(),
        ],
        after="The spring's list looks poor because many of its deals are still open.",
        equivalent={
            "the bound of spells['entered_at'] >= '2026-04-01' moved": "no deal came at midnight"
        },
    ),
    Task(
        "17.3",
        "A call that leads nowhere",
        name="still_won",
        kind=Number(unit="fraction", decimals=3),
        truth=lambda: forecasting.after_age(call_curve(), 10)["won"],
        section="Won and lost compete",
        hints=[
            "Only deals that are open after ten days are asked about: they are the denominator.",
            "`forecasting.after_age(curve, ...)` reads it off.",
        ],
        mistakes=[
            Mistake(
                "new-calls",
                lambda: call_curve()["share_won"].iloc[-1],
                "That is the win rate of a call just booked.",
                "Ten days later some are won and some lost; ask about those that are open.",
            ),
            Mistake(
                "not-divided",
                risen,
                "That is the share of *all* calls that are won after day 10.",
                "Divide it by the share that is open after ten days.",
            ),
            Mistake(
                "within-thirty-days",
                lambda: forecasting.after_age(call_curve(), 10, within=30)["won"],
                "You looked 30 days ahead only.",
                "Without `within` the curve is read to its end.",
            ),
            percent_for_fraction(),
        ],
        after="The winners sign early; what is left is worth less each week.",
    ),
    Task(
        "17.4",
        "How far off the sum may be",
        name="spread",
        kind=Function(
            Number(unit="EUR", decimals=4),
            calls=[
                ([100.0, 300.0], [0.5, 0.2]),
                ([250.0], [0.3]),
                ([80.0, 80.0, 500.0], [1.0, 0.1, 0.6]),
                ([], []),
            ],
        ),
        truth=spread,
        section="From deals to euros: the weighted pipeline",
        hints=["The variances of independent deals add up; the standard deviations do not."],
        mistakes=[
            Mistake(
                "variance",
                lambda a, p: of_each(a, p, lambda x, q: q * (1 - q) * x**2),
                "That is the variance.",
                "Take its square root.",
            ),
            Mistake(
                "sum-of-deviations",
                lambda a, p: of_each(a, p, lambda x, q: x * math.sqrt(q * (1 - q))),
                "You added the deals' standard deviations.",
                "Add the variances first, then take the root.",
            ),
            Mistake(
                "expected",
                lambda a, p: of_each(a, p, lambda x, q: x * q),
                "That is the expected amount.",
                "How far may the sum be from it?",
            ),
            Mistake(
                "without-complement",
                lambda a, p: math.sqrt(of_each(a, p, lambda x, q: q * x**2)),
                "A deal that is certain to be won has no spread, and yours has.",
                "The variance of a deal is p (1 − p) a².",
            ),
        ],
        after="`forecasting.weighted_pipeline` returns it as `std`.",
    ),
    Task(
        "17.5",
        "The lower ends, scored",
        name="low_loss",
        kind=Number(unit="EUR", decimals=2),
        truth=loss,
        section="Twelve months, scored",
        hints=[
            "What came above the forecast counts with the quantile, what came below with the rest."
        ],
        mistakes=[
            Mistake(
                "weights-swapped",
                lambda: loss(0.9),
                "The weights are swapped, or the quantile is not 0.1: what came above the lower "
                "end should count little.",
                "`low` is the quantile 0.1.",
            ),
            Mistake(
                "absolute-error",
                lambda: (months()["came"] - months()["low"]).abs().mean(),
                "That is the mean absolute error, which counts both sides alike.",
                "Weight what came above with 0.1 and what came below with 0.9.",
            ),
            Mistake(
                "all-months",
                lambda: loss(since="2025-07-01"),
                "You scored all twelve months.",
                "Take January to June 2026.",
            ),
            Mistake(
                "half",
                lambda: loss(0.5),
                "You weighted both sides with one half.",
                "`low` is the quantile 0.1.",
            ),
        ],
        after="In these six months no amount fell below its lower end.",
    ),
    Task(
        "17.6",
        "A discount for those who did not ask",
        name="gain",
        kind=Number(unit="share of the list price", decimals=3),
        truth=gain,
        section="Negotiation and closing: who gets a discount?",
        hints=[
            "A lost deal keeps 0, a won one 1 less the discount less the cost.",
            "Take the mean over *all* negotiations of a group, won and lost.",
        ],
        mistakes=[
            Mistake(
                "with-objection",
                lambda: gain(objection=True),
                "Those are the leads that did object.",
                "Take the deals whose `objection` is False.",
            ),
            Mistake(
                "everybody",
                lambda: gain(objection=None),
                "You took all negotiations; discounts go to the reluctant.",
                "Take the deals whose `objection` is False.",
            ),
            Mistake(
                "won-deals-only",
                lambda: gain(only_won=True),
                "You averaged over won deals: what the discount wins is not in it.",
                "Let lost deals count as 0.",
            ),
            Mistake(
                "win-rates",
                lambda: gain(cost=0, discount=False),
                "That is the difference of the win rates; what a won deal keeps is not in it.",
                "Multiply by 1 less the discount less the cost.",
            ),
            Mistake(
                "without-cost",
                lambda: gain(cost=0),
                "You left out what delivery costs.",
                "Delivery costs 0.38 of the list price.",
            ),
        ],
        after="Nine in ten of them buy anyway, and the discount is paid on all of these.",
        equivalent={"spells for stages": "both name the deals that entered the negotiation"},
    ),
]
