"""Tasks of exercise 04: ROI and unit economics."""

from functools import cache

import pandas as pd

import funnelkit
from funnelkit import funnels, metrics
from funnelkit.exercises.kinds import Function, List, Number, Text
from funnelkit.exercises.tasks import Mistake, Task, upside_down
from funnelkit.school import books, clean_log, year_margin

SITE = ["seo", "brand_search", "social_ads", "social", "content"]


def seo_roi(*, margin=True):
    """Return the return of seo, on margin or on revenue."""
    row = books().loc["seo"]
    delivery = row["delivery"] if margin else 0
    return metrics.roi_on_margin(row["revenue"], delivery, row["cost"])


def each_cac():
    """Return the acquisition cost of each channel that costs money."""
    paid = books()[books()["cost"] > 0]
    return metrics.cost_per(paid["cost"], paid["customers"])


@cache
def reached():
    """Return how many people of each channel reached each step within 60 days."""
    table = funnels.reach(
        clean_log(),
        funnels.STEPS,
        user="person_id",
        by="channel",
        window="60D",
        observed_until=clean_log()["timestamp"].max(),
    )
    return table.groupby("channel", observed=True)[funnels.STEPS].count()


def of_ads(step):
    """Return the share of the visitors of social_ads who reached a step."""
    return reached().loc["social_ads", step] / reached().loc["social_ads", "visit"]


@cache
def returns():
    """Return, by channel, average and marginal visits per EUR, and the margin of a visit."""
    spend = funnelkit.load("spend")
    spend["week"] = spend["date"].dt.to_period("W").astype(str)
    weekly = spend.groupby(["channel", "week"]).agg(
        pulse=("pulse", "first"),
        spend=("spend", "sum"),
        visits=("clicks", "sum"),
        days=("date", "size"),
    )
    weekly = weekly[weekly["days"] == 7]
    levels = weekly.groupby(["channel", "pulse"])[["spend", "visits"]].mean()
    one, two = levels.xs(1.0, level="pulse"), levels.xs(2.0, level="pulse")
    total = weekly.groupby("channel")[["spend", "visits"]].sum()
    table = pd.DataFrame(
        {
            "average": total["visits"] / total["spend"],
            "marginal": (two["visits"] - one["visits"]) / (two["spend"] - one["spend"]),
            "margin": reached()["customer"] / reached()["visit"] * year_margin(),
        }
    )
    return table.loc[SITE]


def marginal(cost, returned):
    """Return what each further euro brought, level by level."""
    steps = zip(cost, cost[1:], returned, returned[1:], strict=False)
    return [(after - before) / (dear - cheap) for cheap, dear, before, after in steps]


TASKS = [
    Task(
        "4.1",
        "What seo returned",
        name="seo_roi",
        kind=Number(unit="EUR per EUR", decimals=3),
        truth=seo_roi,
        section="What came back",
        hints=["What is left of the revenue when delivery is paid? Take the cost from that."],
        mistakes=[
            Mistake(
                "revenue-for-margin",
                lambda: seo_roi(margin=False),
                "That is the return on revenue: delivery has not been paid yet.",
                "Subtract `delivery` as well.",
            ),
            Mistake(
                "cost-not-subtracted",
                lambda: seo_roi() + 1,
                "You divided the margin by the cost: the cost itself has to be taken off first.",
                "A channel that just pays for itself has a return of 0.",
            ),
            Mistake(
                "roas-for-roi",
                lambda: seo_roi(margin=False) + 1,
                "That is revenue divided by cost, the ROAS: neither delivery nor the cost itself "
                "has been taken off.",
                "Subtract `delivery` and `cost` from the revenue first.",
            ),
            Mistake(
                "percent-for-number",
                lambda: 100 * seo_roi(),
                "You gave {value}, which looks like a percentage: the task asks for EUR per EUR.",
                "Divide by 100.",
            ),
        ],
        after="Each euro came back and brought more than two others, within a year.",
    ),
    Task(
        "4.2",
        "What a paid customer costs",
        name="paid_cac",
        kind=Number(unit="EUR", decimals=2),
        truth=lambda: metrics.cac(books()["cost"], books()["customers"], basis="paid"),
        section="What a customer costs",
        hints=["Whose customers belong below the line, if only paid channels count?"],
        mistakes=[
            Mistake(
                "blended-for-paid",
                lambda: metrics.cac(books()["cost"], books()["customers"]),
                "That is the blended cost: the customers of `direct`, for whom nobody paid, are "
                "in the denominator.",
                "Count the customers of channels with a `cost` above 0.",
            ),
            Mistake(
                "costs-averaged",
                lambda: each_cac().mean(),
                "You averaged the channels' costs per customer, as if each had won as many.",
                "Add up costs and customers first, then divide.",
            ),
            upside_down(),
        ],
        after="This is the number to plan a budget with, and the next customer costs rather more.",
    ),
    Task(
        "4.3",
        "The last euros, level by level",
        name="marginal",
        kind=Function(
            List(Number(decimals=6)),
            calls=[
                ([100, 200, 400], [50, 80, 100]),
                ([10, 20], [5, 4]),
                ([1, 3, 4, 8], [2, 6, 7, 9]),
            ],
        ),
        truth=marginal,
        section="The last euro",
        hints=[
            "How much more was spent than at the level before? How much more came back?",
            "With two lists, `zip(cost, cost[1:])` gives each level with the next one.",
        ],
        mistakes=[
            Mistake(
                "average-for-marginal",
                lambda cost, returned: [
                    back / spent for spent, back in zip(cost, returned, strict=True)
                ][1:],
                "These are average returns: all that came back by all that was spent.",
                "Divide the rise in `returned` by the rise in `cost`.",
            ),
            Mistake(
                "rise-not-divided",
                lambda cost, returned: [
                    b - a for a, b in zip(returned, returned[1:], strict=False)
                ],
                "This is what came back more; the question is how much of it per euro.",
                "Divide by the rise in `cost`.",
            ),
            upside_down(),
        ],
        after="Where it falls from level to level, the channel saturates.",
    ),
    Task(
        "4.4",
        "The highest price of a visit",
        name="highest_price",
        kind=Number(unit="EUR", decimals=2),
        truth=lambda: of_ads("customer") * year_margin(),
        section="Break-even",
        hints=["At break-even, the rate is cost divided by margin. Solve that for the cost."],
        mistakes=[
            Mistake(
                "lead-for-customer",
                lambda: of_ads("lead") * year_margin(),
                "You took the share who become leads; a lead brings no margin yet.",
                "Take the share who enrol.",
            ),
            Mistake(
                "rate-for-price",
                lambda: of_ads("customer"),
                "That is the share of the visitors who enrol; the task asks for EUR.",
                "What does a customer bring? A visit is worth that share of it.",
            ),
            Mistake(
                "price-for-rate",
                lambda: year_margin() / of_ads("customer"),
                "That is more than a customer brings: the ratio is turned round.",
                "Only a few visitors in a hundred bring the margin.",
            ),
            Mistake(
                "revenue-for-margin",
                lambda: of_ads("customer") * books()["revenue"].sum() / books()["customers"].sum(),
                "You took the revenue of a customer: delivery has not been paid yet.",
                "Take the margin, `M`.",
            ),
        ],
        after="At about EUR 3.10, what it paid, the channel is on the right side, on average.",
    ),
    Task(
        "4.5",
        "The next hundred euros",
        name="next_channel",
        kind=Text(choices=SITE),
        truth=lambda: (returns()["marginal"] * returns()["margin"]).idxmax(),
        section="The last euro",
        hints=[
            "Which column speaks of the *next* euro?",
            "A visit is not worth the same in each channel.",
        ],
        mistakes=[
            Mistake(
                "average-for-marginal",
                lambda: (returns()["average"] * returns()["margin"]).idxmax(),
                "It has the best *average* return. The next euro is not the average euro, and "
                "there it brings far less.",
                "Compare what the last euros brought.",
            ),
            Mistake(
                "cheapest-visits",
                lambda: returns()["average"].idxmax(),
                "It has the most visits for a euro, so far. But few of them enrol, and the next "
                "euro brings fewer.",
                "Compare what the last euros brought, in EUR of margin.",
            ),
        ],
        after="And at the next level of spending, ask again.",
    ),
]
