"""Tasks of exercise 26: incrementality and budgets."""

from functools import cache

import pandas as pd

import funnelkit
from funnelkit import incrementality
from funnelkit.exercises.kinds import Function, List, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

BEFORE, DURING = {"off": 240, "on": 400}, {"off": 210, "on": 420}


def hand_effect():
    """Return the relative difference-in-differences of the four means."""
    return DURING["off"] / BEFORE["off"] / (DURING["on"] / BEFORE["on"]) - 1


@cache
def history(*, until="2024-09-30"):
    """Return the regions before the first test, or all weeks."""
    regions = funnelkit.load("regions")
    return regions[regions["week"] < until] if until else regions


@cache
def detectable(treated=6, weeks=6, before=8, *, power=0.9, settle=0, until="2024-09-30"):
    """Return the lift that a test of these regions and weeks would probably show."""
    found = incrementality.detectable_lift(
        history(until=until),
        "enrolments",
        treated=treated,
        weeks=weeks,
        before=before,
        power=power,
        settle=settle,
        draws=100,
        seed=5,
    )
    return found["detectable_lift"].iloc[0]


@cache
def social_ads(*, settle=2, before=6, off=True, **options):
    """Return estimate and interval of the test of social ads."""
    regions = funnelkit.load("regions")
    tested = regions[regions["test"] == "social_ads"]
    found = incrementality.difference_in_differences(
        regions,
        "enrolments",
        treated=list(tested.loc[tested["off"] == off, "region"].unique()),
        start="2025-06-09",
        weeks=8,
        before=before,
        settle=settle,
        **options,
    )
    return found[["estimate", "ci_low", "ci_high"]].astype(float).to_dict()


def working(spend, decay):
    """Return the normalised adstock of each week."""
    found, carried = [], 0.0
    for amount in spend:
        carried = (1 - decay) * amount + decay * carried
        found.append(carried)
    return found


def one_week_only(spend, decay):
    """Return the adstock that forgets after one week."""
    earlier = [0.0, *spend[:-1]]
    return [(1 - decay) * (x + decay * y) for x, y in zip(spend, earlier, strict=True)]


CEILING, HALF, SPEND = 1200, 15_000, 25_000
REACHED = CEILING * SPEND / (SPEND + HALF)  # enrolments a week


def further(spend=SPEND):
    """Return what one further enrolment costs."""
    return (HALF + spend) ** 2 / (CEILING * HALF)


def curves():
    """Return the curves of the four channels, and what is spent now."""
    found = {
        "search": incrementality.HillCurve(400, 9000),
        "fairs": incrementality.HillCurve(900, 40_000),
        "mail": incrementality.HillCurve(150, 2000),
        "radio": incrementality.HillCurve(60, 20_000),
    }
    return found, pd.Series({"search": 12_000, "fairs": 30_000, "mail": 3000, "radio": 8000})


def plan(*, low=0.5, high=1.25, more=0):
    """Return the best budget within the range seen."""
    found, now = curves()
    options = {} if low is None else {"lowest": now * low}
    options |= {} if high is None else {"highest": now * high}
    return incrementality.allocate(found, now.sum() + more, **options)["spend"].to_dict()


def by_average():
    """Return the budget divided in proportion to the average returns."""
    found, now = curves()
    average = incrementality.returns(found, now)["average"]
    return (now.sum() * average / average.sum()).to_dict()


TASKS = [
    Task(
        "26.1",
        "Four means",
        name="effect",
        kind=Number(unit="fraction", decimals=4),
        truth=hand_effect,
        section="Difference-in-differences",
        hints=[
            "By which factor did the control regions change?",
            "Without the test the treated would have come to 240 times that factor.",
        ],
        mistakes=[
            Mistake(
                "absolute-for-relative",
                lambda: (210 - 240) - (420 - 400),
                "That is the effect if both would have grown by the same number.",
                "Divide the ratio of the treated by that of the controls, and subtract 1.",
            ),
            Mistake(
                "before-and-after",
                lambda: 210 / 240 - 1,
                "That is the change of the treated alone, the season included.",
                "Divide by the ratio of the control regions.",
            ),
            Mistake(
                "points-for-percent",
                lambda: 210 / 240 - 420 / 400,
                "You subtracted the two growth rates; relative effects divide.",
                "Divide the two ratios, and subtract 1.",
            ),
            Mistake(
                "groups-swapped",
                lambda: 1 / (1 + hand_effect()) - 1,
                "The groups are swapped.",
                "The ratio of the treated regions goes into the numerator.",
            ),
            percent_for_fraction(),
        ],
        after="Before-and-after would have missed a quarter of it.",
    ),
    Task(
        "26.2",
        "Can we afford a shorter test?",
        name="smallest",
        kind=Number(unit="fraction", decimals=4),
        truth=detectable,
        section="Before the test: what could it show?",
        hints=[
            "Only weeks in which nothing was tested: those before 30 September 2024.",
            "`incrementality.detectable_lift(...)` has the options `power`, `draws` and `seed`.",
        ],
        mistakes=[
            Mistake(
                "default-power",
                lambda: detectable(power=0.8),
                "That is the lift found in four tests of five.",
                "Ask for a power of 0.9.",
            ),
            Mistake(
                "tested-weeks-in-it",
                lambda: detectable(until=None),
                "Weeks of the tests and of the varied budgets are in your history.",
                "Take the weeks before 30 September 2024.",
            ),
            Mistake(
                "weeks-swapped",
                lambda: detectable(weeks=8, before=6),
                "Eight weeks are those before the test; the test itself takes six.",
                "Set weeks=6 and before=8.",
            ),
            percent_for_fraction(),
        ],
        after="At the lesson's power, 0.8, it would find 7 %, and ten regions in eight weeks 6 %.",
    ),
    Task(
        "26.3",
        "Social ads switched off",
        name="loss",
        kind=Mapping(Number(unit="fraction", decimals=4)),
        truth=social_ads,
        section="Difference-in-differences",
        hints=[
            "The treated regions are those with `off` in the rows of this test.",
            "Six options: `treated`, `start`, `weeks`, `before`, `settle`; the scale stays.",
        ],
        mistakes=[
            Mistake(
                "first-weeks-kept",
                lambda: social_ads(settle=0),
                "The first two weeks are in it, in which earlier ads still work.",
                "Set settle=2.",
            ),
            Mistake(
                "groups-swapped",
                lambda: social_ads(off=False),
                "You treated the regions in which the ads stayed on.",
                "Take the regions with `off`.",
            ),
            Mistake(
                "absolute-for-relative",
                lambda: social_ads(scale="absolute"),
                "That is a number of enrolments per region and week.",
                "Leave the scale relative.",
            ),
            Mistake(
                "all-weeks-before",
                lambda: social_ads(before=None),
                "All weeks before the test are in it, and with them two other tests.",
                "Set before=6.",
            ),
        ],
        after="Last touch credits social ads with a third of that.",
    ),
    Task(
        "26.4",
        "What works in each week",
        name="working",
        kind=Function(
            List(Number(unit="EUR", decimals=4)),
            calls=[
                ([100, 0, 0, 50], 0.5),
                ([80, 80, 80, 80], 0.25),
                ([10, 0, 0, 0, 0, 5], 0.8),
                ([7, 3, 9], 0.0),
            ],
        ),
        truth=working,
        section="Adstock and saturation",
        hints=[
            "Each week: this week's amount, plus the decay times what worked last week.",
            "Normalised: multiply what is added each week by one minus the decay.",
        ],
        mistakes=[
            Mistake(
                "not-normalised",
                lambda spend, decay: [x / (1 - decay) for x in working(spend, decay)],
                "That is the adstock without the normalisation.",
                "Multiply by 1 - decay.",
            ),
            Mistake(
                "forgets-after-a-week",
                one_week_only,
                "What is left reaches only one week on; it carries over again and again.",
                "Multiply the decay with last week's *result*, not with last week's amount.",
            ),
            Mistake(
                "decay-upside-down",
                lambda spend, decay: working(spend, 1 - decay),
                "You carried over 1 - decay instead of decay.",
                "The decay is the part that is still there a week later.",
            ),
            Mistake(
                "spending-itself",
                lambda spend, decay: list(spend),
                "That is the spending, without anything carried over.",
                "Add the decay times what worked last week.",
            ),
        ],
        after="`incrementality.geometric_adstock(spend, decay, normalise=True)` does the same.",
    ),
    Task(
        "26.5",
        "One more enrolment",
        name="cost",
        kind=Number(unit="EUR", decimals=2),
        truth=further,
        section="Where the next euro brings most",
        hints=[
            "What does the *next* euro bring? A `HillCurve` has `marginal_return`.",
            "If a euro brings 0.01 enrolments, one enrolment costs EUR 100.",
        ],
        mistakes=[
            Mistake(
                "average-for-marginal",
                lambda: (HALF + SPEND) / CEILING,
                "That is the average cost of all enrolments of the channel.",
                "Divide 1 by the marginal return.",
            ),
            Mistake(
                "a-whole-enrolment",
                lambda: HALF * (REACHED + 1) / (CEILING - REACHED - 1) - SPEND,
                "That is what a whole enrolment costs, while the return falls on the way to it.",
                "Divide 1 by the marginal return at EUR 25,000.",
            ),
            Mistake(
                "return-for-cost",
                lambda: 1 / further(),
                "That is what the next euro brings.",
                "Divide 1 by it.",
                kind=Number(decimals=4),
            ),
            Mistake(
                "at-the-half",
                lambda: further(HALF),
                "That is the cost at a spending of EUR 15,000.",
                "Take EUR 25,000.",
            ),
        ],
        after="On average an enrolment costs EUR 33 there: the next one costs nearly three times "
        "as much.",
    ),
    Task(
        "26.6",
        "A budget within what was tried",
        name="budget",
        kind=Mapping(Number(unit="EUR", decimals=0)),
        truth=plan,
        section="Where the next euro brings most",
        hints=[
            "`incrementality.allocate(curves, limit)` has the options `lowest` and `highest`.",
            "The limit is what is spent now, `now.sum()`.",
        ],
        mistakes=[
            Mistake(
                "outside-what-was-tried",
                lambda: plan(low=None, high=None),
                "Two channels leave the range in which their curves are known.",
                "Set lowest and highest.",
            ),
            Mistake(
                "no-highest",
                lambda: plan(high=None),
                "A channel gets more than was ever tried.",
                "Set highest to one and a quarter of what is spent now.",
            ),
            Mistake(
                "no-lowest",
                lambda: plan(low=None),
                "A channel gets less than was ever tried.",
                "Set lowest to half of what is spent now.",
            ),
            Mistake(
                "by-the-average",
                by_average,
                "You divided the budget in proportion to the average returns.",
                "What counts is the next euro: use `incrementality.allocate`.",
            ),
        ],
        after="Mail may not get more and radio not less; the next euro brings the same in the "
        "other two.",
    ),
]
