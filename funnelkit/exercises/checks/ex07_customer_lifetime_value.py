"""Tasks of exercise 07: customer lifetime value."""

import math
from functools import cache

import numpy as np

import funnelkit
from funnelkit import cohorts, lifetime, school
from funnelkit.exercises.kinds import Function, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

LARGE = ["seo", "partner", "social_ads", "offline"]
LICENCE = {"margin": 300, "retention": 0.75}
MONTH = lifetime.periodic_rate(0.10)


COST = 140  # what the task supposes that a customer of seo cost


@cache
def subscribers():
    """Return the subscriptions with their monthly margin."""
    books, subs = school.books(), school.subscribers()
    return subs.assign(
        margin=(1 - books["delivery"].sum() / books["revenue"].sum()) * subs["price"]
    )


@cache
def survival(plan=None, channel=None):
    """Return the survival curve of the subscribers of a plan or all, and their mean margin."""
    subs = subscribers()
    subs = subs[subs["plan"].eq(plan) | (plan is None)]
    subs = subs[subs["channel"].eq(channel) | (channel is None)]
    return cohorts.kaplan_meier(subs["duration"], subs["observed"]), subs["margin"].mean()


def value(plan=None, channel=None, *, margin=None, **options):
    """Return the value curve of these subscribers; a margin may be that of others."""
    curve, own = survival(plan, channel)
    options = {"discount": MONTH, "periods": 24, "beyond": "stay"} | options
    return lifetime.value_curve(curve, own if margin is None else margin, **options)


def paid_back(*of, **options):
    """Return after how many payments these subscribers have brought what they cost."""
    return lifetime.payback_with_churn(value(*of, **options), COST)


def worth(*, plan="basic", pooled=False, **options):
    """Return what a subscriber brings in 24 payments, by channel."""
    return {name: value(plan, None if pooled else name, **options).iloc[-1] for name in LARGE}


def worth_by_formula():
    """Return the same as if the first month's retention held for ever."""
    worths = {}
    for name in LARGE:
        curve, margin = survival("basic", name)
        rate = curve.loc[1, "survival"]
        worths[name] = margin * lifetime.margin_multiple(rate, MONTH, first="start")
    return worths


def plus(**options):
    """Return the value of a plus subscriber in 18 months."""
    return value("plus", **({"periods": 18} | options)).iloc[-1]


def months_if_nobody_leaves():
    """Return lesson 04's payback of a basic subscriber."""
    return COST / survival("basic")[1]


@cache
def first_year():
    """Return the margin of each customer of lesson 04's year in the first 12 months."""
    customers = funnelkit.load("customers")
    new = customers[customers["acquired"].between(*school.YEAR)]
    orders = funnelkit.load("orders").merge(new[["customer_id", "acquired"]])
    bought = cohorts.durations(orders["acquired"], orders["date"], observed_until=school.END)
    orders = orders[bought["duration"] < 12]
    courses = (orders["amount"] - orders["cost"]).groupby(orders["customer_id"]).sum()
    subs = subscribers()
    paid = (subs["duration"] + ~subs["observed"]).clip(upper=12) * subs["margin"]
    plans = paid.groupby(subs["customer_id"]).sum()
    return courses.add(plans, fill_value=0.0).loc[new["customer_id"]]


def best_tenth():
    """Return the share of the margin that the best tenth of the customers bring."""
    curve = lifetime.lorenz(first_year())
    return 1 - np.interp(0.9, curve["customers"], curve["value"])


TASKS = [
    Task(
        "7.1",
        "What a licence is worth",
        name="licence",
        kind=Number(unit="EUR", decimals=2),
        truth=lambda: lifetime.clv(**LICENCE, discount=0.08, periods=4, acquisition_cost=200),
        section="The article's formula, set right",
        hints=[
            "Four margins, each of those who are still there. Which share is that in year 3?",
            "Year t brings 300 · 0.75^t / 1.08^t. Add the four up, then take the cost off.",
        ],
        mistakes=[
            Mistake(
                "article",
                lambda: 300 * 0.75,
                "That is the article's formula: one year of four, and the cost not taken off.",
                "Add up years 1 to 4, each discounted, then subtract the EUR 200.",
            ),
            Mistake(
                "one-period",
                lambda: 300 * 0.75 - 200,
                "That is the article's formula, less the cost: one year of four.",
                "Add up years 1 to 4.",
            ),
            Mistake(
                "retention-not-compounded",
                lambda: sum(300 * 0.75 / 1.08**t for t in range(1, 5)) - 200,
                "You let 0.75 of all customers pay in each year. In year 2 only 0.75 of 0.75 are "
                "left.",
                "Raise the retention rate to the power of the year.",
            ),
            Mistake(
                "without-end",
                lambda: lifetime.clv(**LICENCE, discount=0.08, acquisition_cost=200),
                "That is the value without end, by the margin multiple.",
                "Count years 1 to 4 only.",
            ),
            Mistake(
                "not-discounted",
                lambda: lifetime.clv(**LICENCE, periods=4, acquisition_cost=200),
                "You added the margins up as if money of year 4 were worth as much as money today.",
                "Divide the margin of year t by 1.08 to the power of t.",
            ),
            Mistake(
                "cost-not-subtracted",
                lambda: lifetime.clv(**LICENCE, discount=0.08, periods=4),
                "That is the value before the cost of winning the customer.",
                "The task asks for what is left: subtract the EUR 200.",
            ),
            Mistake(
                "first-at-once",
                lambda: lifetime.clv(
                    **LICENCE, discount=0.08, periods=4, first="start", acquisition_cost=200
                ),
                "You counted the first margin at once and from everybody. It comes at the end of "
                "the first year, from those who stayed.",
                "Let t run from 1 to 4.",
            ),
        ],
        after="The article's formula would have said 225, before any cost.",
    ),
    Task(
        "7.2",
        "The margin multiple",
        name="multiple",
        kind=Function(
            Number(decimals=6), calls=[(0.8, 0.10), (0.6, 0.10), (0.95, 0.008), (0.0, 0.10)]
        ),
        truth=lambda retention, discount: retention / (1 + discount - retention),
        section="The margin multiple",
        hints=["The formula has the retention rate above the line, and three terms below it."],
        mistakes=[
            Mistake(
                "expected-lifetime",
                lambda retention, discount: 1 / (1 - retention),
                "That is the expected lifetime of lesson 05: a number of periods, not discounted, "
                "with the first one counted for everybody.",
            ),
            Mistake(
                "first-at-once",
                lambda retention, discount: 1 + retention / (1 + discount - retention),
                "That is the multiple if the first margin comes at once: it is larger by 1.",
                "The task lets it come at the end of period 1.",
            ),
            Mistake(
                "retention-forgotten",
                lambda retention, discount: 1 / (1 + discount - retention),
                "The first margin is counted as if everybody were still there at the end of "
                "period 1.",
                "Above the line is the retention rate, not 1.",
            ),
            Mistake(
                "not-discounted",
                lambda retention, discount: retention / (1 - retention),
                "The discount rate is not in it.",
                "Below the line is 1 + discount − retention.",
            ),
        ],
        after="Multiply the margin of one period by it, and ask whether retention is constant.",
    ),
    Task(
        "7.3",
        "Eighteen payments",
        name="plus_value",
        kind=Number(unit="EUR", decimals=2),
        truth=plus,
        section="The value off the curve",
        hints=[
            "Each of the 18 payments comes from the share that is still there at its age: 0, 1, "
            "2, … 17.",
            "`lifetime.clv_from_survival` takes the table `curve` as it is. Which discount rate "
            "belongs to monthly payments?",
        ],
        mistakes=[
            Mistake(
                "constant-retention",
                lambda: lifetime.clv(
                    survival("plus")[1],
                    survival("plus")[0].loc[1, "survival"],
                    discount=MONTH,
                    periods=18,
                    first="start",
                ),
                "You let the retention rate of the first month hold for ever. Those who are left "
                "stay longer.",
                "Take the share still there from the curve, age by age.",
            ),
            Mistake(
                "yearly-rate",
                lambda: plus(discount=0.10),
                "You discounted each month with the rate of a whole year.",
                "Use `month`, the rate that compounds to 10 % in a year.",
            ),
            Mistake(
                "not-discounted",
                lambda: plus(discount=0),
                "You added the payments up as if the last were worth as much today as the first.",
                "Divide the payment at age t by 1 + `month`, to the power of t.",
            ),
            Mistake(
                "first-payment-lost",
                lambda: plus(first="end"),
                "You let the first payment come after a month. A subscription is paid in advance, "
                "so all pay at age 0.",
                "Let the age run from 0 to 17.",
            ),
            Mistake(
                "nobody-leaves",
                lambda: lifetime.clv(
                    survival("plus")[1], 1, discount=MONTH, periods=18, first="start"
                ),
                "That is 18 payments from everybody, as if nobody left.",
                "Multiply each by the share still there.",
            ),
            Mistake(
                "whole-curve",
                lambda: value("plus", periods=None, beyond="refuse").iloc[-1],
                "You counted all the payments that the curve covers.",
                "Count the first 18: `periods=18`.",
            ),
            Mistake(
                "one-period-more",
                lambda: value("plus", periods=19).iloc[-1],
                "You counted 19 payments.",
                "The first is at age 0, so the 18th is at age 17.",
            ),
        ],
        after="More than half of those who began have left by then, and are counted in.",
    ),
    Task(
        "7.4",
        "When it is paid back",
        name="payback",
        kind=Number(unit="payments", whole=True),
        truth=lambda: paid_back("basic", "seo"),
        section="Paid back, with those who leave",
        hints=[
            "What has an average subscriber brought after 1, 2, 3 … payments? Make the value "
            "curve first.",
            "Where does the value curve reach the cost? `lifetime.payback_with_churn` looks it up.",
        ],
        mistakes=[
            Mistake(
                "nobody-leaves",
                months_if_nobody_leaves,
                "You divided the cost by the margin of a month, as if nobody left.",
                "Look where the value curve reaches the cost.",
            ),
            Mistake(
                "nobody-leaves-rounded-up",
                lambda: math.ceil(months_if_nobody_leaves()),
                "That is how many payments it takes if nobody leaves.",
                "Look where the value curve reaches the cost.",
            ),
            Mistake(
                "all-channels",
                lambda: paid_back("basic"),
                "That is for the basic subscribers of all channels.",
                "Make the curve of those who came through `seo`.",
            ),
            Mistake(
                "mean-price",
                lambda: paid_back(None, "seo"),
                "That is for both plans together, at their mean margin.",
                "Keep the subscribers of `basic`, and their margin.",
            ),
            Mistake(
                "not-discounted-or-both-plans",
                lambda: paid_back("basic", "seo", discount=0),
                "One too few. Perhaps the payments are not discounted, or the subscribers of both "
                "plans are in the curve, or you gave the age in months at that payment, where the "
                "first is at age 0.",
                "Take basic subscribers of `seo`, discount with `month`, and count the payments.",
            ),
        ],
        after="Where the curve is flat, a slightly higher cost takes many months longer.",
    ),
    Task(
        "7.5",
        "The best tenth",
        name="best_tenth",
        kind=Number(unit="fraction", decimals=2),
        truth=best_tenth,
        section="What the average hides",
        hints=[
            "The Lorenz curve begins with the least valuable. What do the first 90 % bring, and "
            "what is left?",
            "`np.interp(0.9, curve['customers'], curve['value'])` reads the curve at 0.9.",
        ],
        mistakes=[
            Mistake(
                "rest-for-best",
                lambda: 1 - best_tenth(),
                "That is what the other nine tenths bring.",
                "Take it from 1.",
            ),
            Mistake(
                "worst-tenth",
                lambda: np.interp(0.1, *lifetime.lorenz(first_year()).T.to_numpy()),
                "That is what the *least* valuable tenth bring: the curve begins with them.",
                "Read it at 0.9, and take what is left.",
            ),
            Mistake(
                "best-fifth",
                lambda: 1 - np.interp(0.8, *lifetime.lorenz(first_year()).T.to_numpy()),
                "That is what the best *fifth* bring.",
                "Read the curve at 0.9.",
            ),
            percent_for_fraction(),
        ],
        after="A tenth of the customers, and a good part of the money: a mean describes few.",
    ),
    Task(
        "7.6",
        "What a basic subscriber may cost",
        name="worth",
        kind=Mapping(Number(unit="EUR", decimals=2)),
        truth=worth,
        section="The value off the curve",
        hints=[
            "Leaving differs between channels, so make a survival curve for each.",
            "`lifetime.value_curve(stay, margin, discount=month, periods=24).iloc[-1]` for the "
            "basic subscribers of each channel.",
        ],
        mistakes=[
            Mistake(
                "one-curve-for-all",
                lambda: worth(pooled=True),
                "You took one curve for all channels. Leaving differs between them.",
                "Make a curve for the basic subscribers of each channel.",
            ),
            Mistake(
                "both-plans",
                lambda: worth(plan=None),
                "Subscribers of both plans are in it.",
                "Keep the subscribers of `basic`.",
            ),
            Mistake(
                "constant-retention",
                worth_by_formula,
                "You let the retention rate of the first month hold for ever. Those who are left "
                "stay longer.",
                "Take the share still there from each channel's curve.",
            ),
            Mistake(
                "not-discounted",
                lambda: worth(discount=0),
                "You added the payments up as if the last were worth as much today as the first.",
                "Discount with `month`.",
            ),
            Mistake(
                "twelve-payments",
                lambda: worth(periods=12),
                "You counted 12 payments.",
                "Count 24.",
            ),
            Mistake(
                "nobody-leaves",
                lambda: dict.fromkeys(LARGE, 24 * survival("basic")[1]),
                "That is 24 payments from everybody, as if nobody left.",
                "Multiply each by the share still there.",
            ),
        ],
        after="Only through `social_ads` does a customer cost more than that, EUR 165.",
    ),
]
