"""Tasks of exercise 02: conversion rates."""

from functools import cache

import numpy as np
import pandas as pd

from funnelkit import funnels, metrics
from funnelkit.exercises.kinds import Function, List, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction, upside_down
from funnelkit.school import clean_log

CALL, ALL = ("visit", "lead", "opportunity"), tuple(funnels.STEPS)


@cache
def steps_only():
    """Return the events of the four steps, which are all that a loose order looks at."""
    log = clean_log()
    return log[log["event"].isin(funnels.STEPS)]


# ---------------------------------------------------------------- 2.1 and 2.3


@cache
def reach(steps, unit="person_id", window="30D"):
    """Return how far each user got, and the channel of the first visit."""
    return funnels.reach(steps_only(), list(steps), user=unit, by="channel", window=window)


def people(unit="person_id", window="30D"):
    """Return how far each user of `social_ads` got on the way to a call."""
    reached = reach(CALL, unit, window)
    return reached[reached["channel"] == "social_ads"]


def call_rate(unit="person_id", window="30D", step="opportunity"):
    """Return the share of the users of `social_ads` who reached a step."""
    return people(unit, window)[step].notna().mean()


def calls_per_lead():
    """Return the step rate from the lead to the call."""
    return people()["opportunity"].count() / people()["lead"].count()


def one_channel_first():
    """Return the rate in a log that was cut down to the channel beforehand."""
    log = steps_only()
    log = log[log["channel"] == "social_ads"]
    reached = funnels.reach(log, list(CALL), user="person_id", window="30D")
    return reached["opportunity"].notna().mean()


def other_rate(steps, *, window, channel=None, finished=False):
    """Return the share of visitors, of a channel or of all, who took the last of some steps."""
    reached = reach(steps, window=window)
    if channel:
        reached = reached[reached["channel"] == channel]
    if finished:
        end = clean_log()["timestamp"].max()
        reached = reached[reached["visit"] <= end - pd.Timedelta(window)]
    return reached[steps[-1]].notna().mean()


def enrol_rate(unit="person_id", window="45D"):
    """Return the share of visitors who enrolled."""
    return reach(ALL, unit, window)["customer"].notna().mean()


def calls_to_customers():
    """Return the step rate from the call to the enrolment."""
    reached = reach(ALL, window="45D")
    return reached["customer"].count() / reached["opportunity"].count()


@cache
def product_of_pairs():
    """Return the product of three rates, each with a window of its own."""
    pairs = zip(funnels.STEPS, funnels.STEPS[1:], strict=False)
    tables = [
        funnels.funnel(steps_only(), list(pair), user="person_id", window="45D") for pair in pairs
    ]
    return float(np.prod([table["step_rate"].iloc[1] for table in tables]))


# ---------------------------------------------------------------- 2.2, 2.4


def step_rates(counts):
    """Return the rate of each step of the one before."""
    return [after / before for before, after in zip(counts, counts[1:], strict=False)]


def enough(end=0.01):
    """Return the number of visitors, none of them a lead, at which Wilson's high end is below."""
    visitors = np.arange(1, 1001)
    _, high = metrics.wilson_interval(0 * visitors, visitors)
    return int(visitors[high < end].min())


# ---------------------------------------------------------------- 2.5, 2.6


@cache
def two():
    """Return leads and visitors of `partner` and `seo`, and their intervals."""
    reached = funnels.reach(steps_only(), ["visit", "lead"], user="person_id", by="channel")
    reached["converted"] = reached["lead"].notna()
    return metrics.rates(reached, by="channel").loc[["partner", "seo"]]


def between(first="partner", second="seo"):
    """Return the difference of two rates, and the ends of its interval."""
    x, n = two()["converted"], two()["n"]
    return metrics.difference(x[first], n[first], x[second], n[second]).tolist()


def of_ends(crossed):
    """Return the difference with differences of the ends of the two intervals."""
    low, high = two()["ci_low"], two()["ci_high"]
    if crossed:
        ends = [low["partner"] - high["seo"], high["partner"] - low["seo"]]
    else:
        ends = [low["partner"] - low["seo"], high["partner"] - high["seo"]]
    return [between()[0], *ends]


SESSIONS = {"Ann": (4, 5), "Ben": (0, 1), "Cat": (1, 1), "Dan": (2, 2), "Eve": (0, 3)}
DRAWS = [
    ["Ann", "Ann", "Ben", "Eve", "Dan"],
    ["Cat", "Ben", "Cat", "Cat", "Eve"],
    ["Dan", "Eve", "Ann", "Eve", "Eve"],
]


def shares(draws=DRAWS):
    """Return the share of sessions on a phone in each sample."""
    counts = [np.array([SESSIONS[name] for name in drawn]).sum(axis=0) for drawn in draws]
    return [float(phone / sessions) for phone, sessions in counts]


def people_on_phones():
    """Return the share of people who ever used a phone in each sample."""
    return [float(np.mean([SESSIONS[name][0] > 0 for name in drawn])) for drawn in DRAWS]


def of_all_twelve():
    """Return the phone sessions of each sample, divided by the sessions of the five people."""
    sessions = sum(count for _, count in SESSIONS.values())
    return [sum(SESSIONS[name][0] for name in drawn) / sessions for drawn in DRAWS]


def means_of_shares():
    """Return the mean of the people's own shares in each sample."""
    return [
        float(np.mean([SESSIONS[name][0] / SESSIONS[name][1] for name in drawn])) for drawn in DRAWS
    ]


TASKS = [
    Task(
        "2.1",
        "A rate with all four parts",
        name="call_rate",
        kind=Number(unit="fraction", decimals=4),
        truth=call_rate,
        section="A rate is a fraction with a label",
        hints=[
            "`funnels.reach` takes `by=` and `window=`; it has one row per person, and `by` is "
            "read at the first visit.",
            "Keep the rows of one channel, and ask in how many of them the last step has a time.",
        ],
        mistakes=[
            percent_for_fraction(),
            upside_down(),
            Mistake(
                "window-forgotten",
                lambda: call_rate(window=None),
                "You counted calls at any time; the task gives each person 30 days.",
                'Use `window="30D"`.',
            ),
            Mistake(
                "one-channel-first",
                one_channel_first,
                "You cut the log down to `social_ads` first. That loses what these people did when "
                "they came back through other channels.",
                'Follow everybody in the whole log, with `by="channel"`, and select at the end.',
            ),
            Mistake(
                "browsers-for-people",
                lambda: call_rate(unit="user_id"),
                "You counted browsers: somebody who booked in a second one is lost.",
                'Count people: `user="person_id"`.',
            ),
            Mistake(
                "calls-per-lead",
                calls_per_lead,
                "That is the share of the *leads* who booked a call.",
                "Put all who came through the channel below the line.",
            ),
            Mistake(
                "leads-for-calls",
                lambda: call_rate(step="lead"),
                "That is the share who became leads.",
                "Go one step further, to `opportunity`.",
            ),
            Mistake(
                "all-channels",
                lambda: other_rate(CALL, window="30D"),
                "That is the rate of everybody, whatever channel they came through.",
                "Keep the rows of `social_ads`.",
            ),
            Mistake(
                "step-left-out",
                lambda: other_rate(("visit", "opportunity"), window="30D", channel="social_ads"),
                "You left out the lead: some book first and leave their address afterwards.",
                "Give all three steps, in this order.",
            ),
            Mistake(
                "finished-windows-only",
                lambda: other_rate(CALL, window="30D", channel="social_ads", finished=True),
                "You left out people whose 30 days were not over. That may be wise (lesson 03); "
                "the task asks for all who came.",
                "Leave `observed_until` out.",
            ),
        ],
        after="Numerator, denominator, unit and window: anybody can compute it again.",
    ),
    Task(
        "2.2",
        "Step rates of any funnel",
        name="step_rates",
        kind=Function(
            List(Number(decimals=6)),
            calls=[([1000, 200, 50],), ([400, 100],), ([80, 40, 10, 5],)],
        ),
        truth=step_rates,
        section="Step rate and overall rate",
        hints=["Each rate has the count of the step before in its denominator."],
        mistakes=[
            Mistake(
                "overall-for-step",
                lambda counts: [count / counts[0] for count in counts[1:]],
                "These are overall rates: the first step's people are in every denominator.",
                "Divide by the step before.",
            ),
            upside_down(),
            percent_for_fraction(),
            Mistake(
                "first-step-too",
                lambda counts: [1.0, *step_rates(counts)],
                "It has a rate for the first step as well, which has no step before.",
                "Begin with the second step.",
            ),
            Mistake(
                "lost-for-kept",
                lambda counts: [1 - rate for rate in step_rates(counts)],
                "These are the shares that are lost; a step rate is the share that goes on.",
                "Take the people who reached the step.",
            ),
        ],
        after="Multiplied, they give the overall rate, since these steps are nested.",
    ),
    Task(
        "2.3",
        "One clock for all steps",
        name="enrol_rate",
        kind=Number(unit="fraction", decimals=4),
        truth=enrol_rate,
        section="Step rate and overall rate",
        hints=["One call of `funnels.funnel`, with all four steps and one window, has it."],
        mistakes=[
            percent_for_fraction(),
            upside_down(),
            Mistake(
                "product-of-pairs",
                product_of_pairs,
                "You multiplied three rates, each with 45 days of its own and other people below "
                "the line.",
                "Let one window run from the first visit: one funnel of all four steps.",
            ),
            Mistake(
                "window-forgotten",
                lambda: enrol_rate(window=None),
                "You counted enrolments at any time; the task gives each person 45 days.",
                'Use `window="45D"`.',
            ),
            Mistake(
                "browsers-for-people",
                lambda: enrol_rate(unit="user_id"),
                "You counted browsers: somebody who went on in a second one is lost.",
                'Count people: `user="person_id"`.',
            ),
            Mistake(
                "step-for-overall",
                calls_to_customers,
                "That is the share of those with a call who enrolled.",
                "Put all visitors below the line.",
            ),
            Mistake(
                "steps-left-out",
                lambda: other_rate(("visit", "customer"), window="45D"),
                "You left out the steps between: some enrol without a call.",
                "Give all four steps.",
            ),
            Mistake(
                "finished-windows-only",
                lambda: other_rate(ALL, window="45D", finished=True),
                "You left out people whose 45 days were not over. That may be wise (lesson 03); "
                "the task asks for all who came.",
                "Leave `observed_until` out.",
            ),
        ],
        after="Nested steps, the same entrants, one window: here the step rates multiply.",
    ),
    Task(
        "2.4",
        "How many are enough",
        name="enough",
        kind=Number(unit="visitors", whole=True),
        truth=enough,
        section="Wilson's interval",
        hints=[
            "`metrics.wilson_interval` takes both arrays: 0 of 1, 0 of 2, 0 of 3 and so on.",
            "Look for the first number of visitors whose high end is below 0.01.",
        ],
        mistakes=[
            Mistake(
                "wald",
                lambda: 1,
                "That is what Wald's interval says: certain after one visitor.",
                "Use `metrics.wilson_interval`.",
            ),
            Mistake(
                "percent-for-fraction",
                lambda: 1000,
                "At the end of the array the high end has long been below 1 %.",
                "Take the *first* number of visitors, and compare with 0.01.",
            ),
            Mistake(
                "one-too-few",
                lambda: enough() - 1,
                "With so many visitors the high end is still a hair above 1 %.",
                "Take the first number for which it is below.",
            ),
        ],
        after="Nearly four hundred visitors, to say so little: rates near zero need many people.",
        equivalent={
            "the bound of high < 0.01 moved": "no end is exactly 0.01",
        },
    ),
    Task(
        "2.5",
        "The partner's request",
        name="between",
        kind=List(Number(unit="fraction", decimals=4)),
        truth=between,
        section="Comparing two rates",
        hints=[
            "`metrics.difference` takes four numbers: converted and visitors of the first group, "
            "then of the second.",
        ],
        mistakes=[
            percent_for_fraction(),
            Mistake(
                "the-other-way-round",
                lambda: between("seo", "partner"),
                "That is `seo` less `partner`.",
                "Give the partner's counts first.",
            ),
            Mistake(
                "ends-subtracted",
                lambda: of_ends(crossed=False),
                "You subtracted low from low and high from high: that is not an interval of the "
                "difference.",
                "Use `metrics.difference`.",
            ),
            Mistake(
                "ends-crossed",
                lambda: of_ends(crossed=True),
                "You subtracted the ends of the two intervals crosswise, as if both rates were at "
                "their worst at once: that is too wide.",
                "Use `metrics.difference`.",
            ),
        ],
        after="The interval holds 0: whose visitors are better, these counts leave open.",
    ),
    Task(
        "2.6",
        "The bootstrap by hand",
        name="again",
        kind=List(Number(unit="fraction", decimals=4)),
        truth=shares,
        section="An interval for anything: the bootstrap",
        hints=[
            "`five.loc[drawn]` has a row for each name, as often as it was drawn.",
            "Phone sessions of all who were drawn, divided by all their sessions.",
        ],
        mistakes=[
            percent_for_fraction(),
            Mistake(
                "drawn-once-only",
                lambda: shares([list(dict.fromkeys(drawn)) for drawn in DRAWS]),
                "Somebody who is drawn twice or three times is counted once.",
                "Take the rows by `five.loc[drawn]`, which repeats them.",
            ),
            Mistake(
                "mean-of-shares",
                means_of_shares,
                "You averaged the people's own shares, as if all had the same number of sessions.",
                "Add up both columns first, then divide.",
            ),
            Mistake(
                "people-for-sessions",
                people_on_phones,
                "You counted people with a phone; the task asks for sessions.",
                "Add up `phone` and `sessions`, then divide.",
            ),
            Mistake(
                "undrawn-denominator",
                of_all_twelve,
                "You divided by the sessions of the five people, not of those who were drawn.",
                "Add up `sessions` over the same rows.",
            ),
            Mistake(
                "without-drawing",
                lambda: shares([list(SESSIONS)] * 3),
                "That is three times the share of the five people themselves.",
                "Compute it for the people in each sample.",
            ),
        ],
        after="Three of the thousands of replicates that make the interval.",
    ),
]
