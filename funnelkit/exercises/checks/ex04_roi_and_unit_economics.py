"""Tasks of exercise 04: ROI and unit economics."""

from functools import cache

import funnelkit
from funnelkit import funnels, metrics
from funnelkit.exercises.kinds import Function, List, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task, upside_down
from funnelkit.school import END, books, clean_log, year_margin

SITE = ["seo", "brand_search", "social_ads", "social", "content"]
OFF_SITE = ["partner", "offline"]


# ---------------------------------------------------------------- 4.1, 4.2


def off_site(*, margin=True, channels=OFF_SITE):
    """Return the return of some channels together, on margin or on revenue."""
    row = books().loc[list(channels)].sum()
    delivery = row["delivery"] if margin else 0
    return metrics.roi_on_margin(row["revenue"], delivery, row["cost"])


def without_partner(*, keep=False):
    """Return the books, without the partner unless it is kept."""
    return books() if keep else books().drop(index="partner")


def cac(basis="paid", *, keep=False):
    """Return the acquisition cost over all channels."""
    table = without_partner(keep=keep)
    return metrics.cac(table["cost"], table["customers"], basis=basis)


def mean_of_cacs():
    """Return the mean of the channels' acquisition costs."""
    table = without_partner()
    table = table[table["cost"] > 0]
    return metrics.cost_per(table["cost"], table["customers"]).mean()


# ---------------------------------------------------------------- 4.3 to 4.6


@cache
def reached():
    """Return how many people of each channel reached each step within 60 days."""
    table = funnels.reach(
        clean_log(),
        funnels.STEPS,
        user="person_id",
        by="channel",
        window="60D",
        observed_until=END,
    )
    return table.groupby("channel", observed=True)[funnels.STEPS].count().loc[SITE]


def highest_price(worth=None, *, step="customer", of="visit", channel="social_ads"):
    """Return the highest price of a visit at the two ends of the rate's interval."""
    row = reached().loc[channel]
    ends = metrics.wilson_interval(row[step], row[of])
    return [end * (year_margin() if worth is None else worth) for end in ends]


def by_wald():
    """Return the same by Wald's interval."""
    row = reached().loc["social_ads"]
    return [end * year_margin() for end in metrics.wald_interval(row["customer"], row["visit"])]


def price_of_a_visit():
    """Return what a visit cost in the first months of 2026, by channel."""
    spend = funnelkit.load("spend")
    bought = spend[spend["date"].between("2026-01-01", "2026-05-01")]
    bought = bought.groupby("channel")[["spend", "clicks"]].sum()
    return (bought["spend"] / bought["clicks"])[SITE]


def marginal(cost, returned):
    """Return what each further euro brought, level by level."""
    steps = zip(cost, cost[1:], returned, returned[1:], strict=False)
    return [(after - before) / (higher - lower) for lower, higher, before, after in steps]


@cache
def levels():
    """Return what a week cost and brought on average, by pulse and channel."""
    spend = funnelkit.load("spend")
    spend["week"] = spend["date"].dt.to_period("W").astype(str)
    by_week = spend.groupby(["channel", "week"])
    weekly = by_week[["spend", "clicks"]].sum().assign(pulse=by_week["pulse"].first())
    weekly = weekly[by_week.size() == 7]
    return weekly.groupby(["pulse", "channel"])[["spend", "clicks"]].mean()


def next_euro(*, average=False, step="customer", net=False, worth=None):
    """Return how much margin a further euro brings back, by channel."""
    one, two = (levels().loc[pulse].loc[SITE] for pulse in (1.0, 2.0))
    rise = two if average else two - one
    rate = reached()[step] / reached()["visit"]
    worth = year_margin() if worth is None else worth
    return (rise["clicks"] / rise["spend"] * rate * worth - net).to_dict()


def revenue_of_a_customer():
    """Return what a customer paid in the first year, EUR."""
    return float(books()["revenue"].sum() / books()["customers"].sum())


ATTAINABLE = {"visit_price": 2.2, "lead_rate": 0.145, "closing_rate": 0.5}


def profit(visit_price, lead_rate, booking_rate, closing_rate, margin):
    """Return the profit of a thousand visits, EUR."""
    return 1000 * (lead_rate * booking_rate * closing_rate * margin - visit_price)


@cache
def now():
    """Return the inputs of seo as they are."""
    row = reached().loc["seo"]
    return {
        "visit_price": price_of_a_visit()["seo"],
        "lead_rate": row["lead"] / row["visit"],
        "booking_rate": row["opportunity"] / row["lead"],
        "closing_rate": row["customer"] / row["opportunity"],
        "margin": year_margin(),
    }


def moved(values=None):
    """Return the profit with one lever at a time at its attainable value."""
    values = ATTAINABLE if values is None else values
    return {name: profit(**now() | {name: value}) for name, value in values.items()}


def gains(values=None):
    """Return what each lever alone adds to the profit, EUR."""
    return {name: value - profit(**now()) for name, value in moved(values).items()}


def one_after_the_other():
    """Return what each lever adds on top of the ones before."""
    state, added = dict(now()), {}
    for name, value in ATTAINABLE.items():
        before = profit(**state)
        state[name] = value
        added[name] = profit(**state) - before
    return added


def ten_percent_more():
    """Return what ten percent more of each would add."""
    better = {"visit_price": 0.9, "lead_rate": 1.1, "closing_rate": 1.1}
    return gains({name: now()[name] * factor for name, factor in better.items()})


TASKS = [
    Task(
        "4.1",
        "What the channels off the site returned",
        name="off_site_roi",
        kind=Number(unit="EUR per EUR", decimals=3),
        truth=off_site,
        section="What came back",
        hints=[
            "Add up the two rows first, then compute one return.",
            "What is left of the revenue when delivery is paid? Take the cost from that.",
        ],
        mistakes=[
            Mistake(
                "revenue-for-margin",
                lambda: off_site(margin=False),
                "That is the return on revenue: delivery has not been paid yet.",
                "Subtract `delivery` as well.",
            ),
            Mistake(
                "cost-not-subtracted",
                lambda: off_site() + 1,
                "You divided the margin by the cost: the cost itself has to be taken off first.",
                "A channel that just pays for itself has a return of 0.",
            ),
            Mistake(
                "roas-for-roi",
                lambda: off_site(margin=False) + 1,
                "That is revenue divided by cost, the ROAS: neither delivery nor the cost itself "
                "has been taken off.",
                "Subtract `delivery` and `cost` from the revenue first.",
            ),
            Mistake(
                "rates-averaged",
                lambda: sum(off_site(channels=[each]) for each in OFF_SITE) / 2,
                "You averaged the two returns, as if as much had been spent in both channels.",
                "Add up the two rows, then divide once.",
            ),
            Mistake(
                "percent-for-number",
                lambda: 100 * off_site(),
                "You gave {value}, which looks like a percentage: the task asks for EUR per EUR.",
                "Divide by 100.",
            ),
        ],
        equivalent={"mean for sum": "means of the same two rows have the ratio of their sums"},
        after="It is high partly because the sales team's work is not in these costs.",
    ),
    Task(
        "4.2",
        "If the partner stops",
        name="paid_cac",
        kind=Number(unit="EUR", decimals=2),
        truth=cac,
        section="What a customer costs",
        hints=[
            "First leave out the row `partner`, in cost and in customers.",
            "Whose customers belong below the line, if only paid channels count?",
        ],
        mistakes=[
            Mistake(
                "blended-for-paid",
                lambda: cac("blended"),
                "That is the blended cost: the customers of `direct`, for whom nobody paid, are "
                "in the denominator.",
                "Count the customers of channels with a `cost` above 0.",
            ),
            Mistake(
                "partner-kept",
                lambda: cac(keep=True),
                "The partner is still in, with its cost and its customers.",
                "Leave its row out.",
            ),
            Mistake(
                "costs-averaged",
                mean_of_cacs,
                "You averaged the channels' costs per customer, as if each had won as many.",
                "Add up costs and customers first, then divide.",
            ),
            upside_down(),
        ],
        after="Without the cheapest channel a paid customer costs a fifth more.",
    ),
    Task(
        "4.3",
        "What a visit may cost",
        name="highest_price",
        kind=List(Number(unit="EUR", decimals=2)),
        truth=highest_price,
        section="Break-even",
        hints=[
            "At break-even, the rate is cost divided by margin. Solve that for the cost.",
            "`metrics.wilson_interval(converted, visitors)` gives the two ends of a rate.",
        ],
        mistakes=[
            Mistake(
                "lead-for-customer",
                lambda: highest_price(step="lead"),
                "You took the share who become leads; a lead brings no margin yet.",
                "Take the share who enrol.",
            ),
            Mistake(
                "of-leads",
                lambda: highest_price(of="lead"),
                "You divided by the leads: that is the highest price of a lead.",
                "Divide by those who came.",
            ),
            Mistake(
                "rate-for-price",
                lambda: highest_price(1),
                "These are shares of the visitors; the task asks for EUR.",
                "What does a customer bring? A visit is worth that share of it.",
            ),
            Mistake(
                "revenue-for-margin",
                lambda: highest_price(revenue_of_a_customer()),
                "You took the revenue of a customer: delivery has not been paid yet.",
                "Take the margin, `M`.",
            ),
            Mistake(
                "wald-for-wilson",
                by_wald,
                "These come from Wald's interval, the rate plus and minus 1.96 standard errors.",
                "Use `metrics.wilson_interval`.",
            ),
            Mistake(
                "higher-first",
                lambda: highest_price()[::-1],
                "The two are right, in the other order.",
                "Give the lower one first.",
            ),
        ],
        after="A visit cost EUR 3.10, which is below both ends.",
    ),
    Task(
        "4.4",
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
                "These are average returns: all that came back divided by all that was spent.",
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
            Mistake(
                "upside-down",
                lambda cost, returned: [1 / value for value in marginal(cost, returned)],
                "This is what one more visit cost, not what one more euro brought.",
                "Divide the rise in `returned` by the rise in `cost`.",
            ),
        ],
        after="Where it falls from level to level, the channel saturates.",
    ),
    Task(
        "4.5",
        "The next hundred euros",
        name="next_euro",
        kind=Mapping(Number(unit="EUR per EUR", decimals=2)),
        truth=next_euro,
        section="The last euro",
        hints=[
            "How many more visits, for how many more euros? And what is a visit worth?",
            "A visit is worth the share who enrol times `M`.",
        ],
        mistakes=[
            Mistake(
                "average-for-marginal",
                lambda: next_euro(average=True),
                "You divided all visits of a week with pulse 2 by all that was spent: that is the "
                "average euro.",
                "Take the rise from pulse 1 to pulse 2, in visits and in euros.",
            ),
            Mistake(
                "net-for-gross",
                lambda: next_euro(net=True),
                "You took the euro itself off; the task asks what it brings back, so that 1 is "
                "break-even.",
                "Do not subtract 1.",
            ),
            Mistake(
                "lead-for-customer",
                lambda: next_euro(step="lead"),
                "You valued visits by the share who become leads; a lead brings no margin yet.",
                "Take the share who enrol.",
            ),
            Mistake(
                "visits-for-euros",
                lambda: next_euro(worth=1),
                "You left out what a customer brings: these are enrolments per euro.",
                "Multiply by `M`.",
            ),
            Mistake(
                "revenue-for-margin",
                lambda: next_euro(worth=revenue_of_a_customer()),
                "You took the revenue of a customer: delivery has not been paid yet.",
                "Take the margin, `M`.",
            ),
        ],
        after="Only seo is well above 1, and each of these numbers has an interval.",
    ),
    Task(
        "4.6",
        "The levers of seo",
        name="gains",
        kind=Mapping(Number(unit="EUR", decimals=0)),
        truth=gains,
        section="Which lever?",
        hints=[
            "`now | {'lead_rate': 0.145}` is a copy of `now` with one input replaced.",
            "`profit(**now)` is the profit as it is; subtract it from the profit with one lever "
            "moved.",
        ],
        mistakes=[
            Mistake(
                "profit-for-gain",
                moved,
                "These are the profits with each lever moved; the task asks what each adds.",
                "Subtract the profit as it is now.",
            ),
            Mistake(
                "one-after-the-other",
                one_after_the_other,
                "You moved the levers on top of each other: each alone starts from `now`.",
                "Put the others back before you move the next.",
            ),
            Mistake(
                "ten-percent-each",
                ten_percent_more,
                "You moved each by ten percent; what is attainable differs from lever to lever.",
                "Use the values in `attainable`.",
            ),
        ],
        after="Closing is the longest lever of seo; for social_ads it was the form.",
    ),
]
