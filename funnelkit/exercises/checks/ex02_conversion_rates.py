"""Tasks of exercise 02: conversion rates."""

from functools import cache

import pandas as pd

from funnelkit import metrics
from funnelkit.exercises.kinds import Function, List, Number, Text
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction, upside_down
from funnelkit.funnels import reach
from funnelkit.school import clean_log


@cache
def leads(window=None, observed_until=None):
    """Return one row per person who visited: channel, device, and whether they became a lead."""
    people = reach(
        clean_log(),
        ["visit", "lead"],
        user="person_id",
        by=["channel", "device"],
        window=window,
        observed_until=observed_until,
    )
    people = people[people["visit"].notna()]
    return people.assign(converted=people["lead"].notna())


def end():
    """Return the end of the log."""
    return clean_log()["timestamp"].max()


def partner_rate(window="7D", observed_until=None):
    """Return the share of the partner's visitors who became leads."""
    people = leads(window, observed_until)
    return people.loc[people["channel"] == "partner", "converted"].mean()


def partner_events():
    """Return lead events by visit events in sessions that came from the partner."""
    counts = clean_log().loc[clean_log()["channel"] == "partner", "event"].value_counts()
    return counts["lead"] / counts["visit"]


def of_two(channels=("content", "social")):
    """Return visitors, leads and rate of two small channels."""
    people = leads()
    return metrics.rates(people[people["channel"].isin(channels)], by="channel")


def step_rates(counts):
    """Return the rate of each step of the one before."""
    return [after / before for before, after in zip(counts, counts[1:], strict=False)]


def of_may(table):
    """Return the rate of May in a table by month."""
    return table["rate"][pd.Period("2026-05")]


def may(**options):
    """Return the cohort rate of May, from the visit to the enrolment."""
    return of_may(
        metrics.cohort_rate(clean_log(), "visit", "customer", freq="M", user="person_id", **options)
    )


@cache
def cells():
    """Return rates and visitors of two channels by device."""
    people = leads()
    people = people[people["channel"].isin(["social_ads", "seo"])]
    table = metrics.rates(people, by=["channel", "device"])
    return table["rate"].unstack("device"), table["n"].unstack("device")


def remixed(weights):
    """Return the rate of seo on the two devices, weighted."""
    rates, _ = cells()
    return float((rates.loc["seo"] * weights / weights.sum()).sum())


def partner_against_seo():
    """Return whether the partner's interval lies above the whole interval of seo."""
    table = metrics.rates(leads(), by="channel")
    return "yes" if table["ci_low"]["partner"] > table["ci_high"]["seo"] else "not yet"


TASKS = [
    Task(
        "2.1",
        "A rate with all four parts",
        name="partner_rate",
        kind=Number(unit="fraction", decimals=4),
        truth=lambda: partner_rate("7D", end()),
        section="Semantics lab: four truths from one log",
        hints=[
            "`funnels.reach` takes `by=`, `window=` and `observed_until=` like `funnels.funnel`.",
            "People whose seven days are not over have no time in the column `visit`: leave them "
            "out of the denominator.",
        ],
        mistakes=[
            percent_for_fraction(),
            upside_down(),
            Mistake(
                "window-forgotten",
                lambda: partner_rate(None),
                "You counted leads at any time; the task gives each person seven days.",
                'Use `window="7D"`.',
            ),
            Mistake(
                "unfinished-windows",
                lambda: partner_rate("7D"),
                "The people of the last days are in the denominator, although their seven days "
                "are not over.",
                "Use `observed_until=`.",
            ),
            Mistake(
                "events-for-users",
                partner_events,
                "You divided events by events: visits of the same person count several times.",
                'Count people: `user="person_id"`.',
            ),
        ],
        after="Numerator, denominator, unit and window: anybody can compute it again.",
    ),
    Task(
        "2.2",
        "Two channels together",
        name="together",
        kind=Number(unit="fraction", decimals=4),
        truth=lambda: of_two()["converted"].sum() / of_two()["n"].sum(),
        section="A rate is a fraction with a label",
        hints=["How many people came through the two channels together? How many became leads?"],
        mistakes=[
            percent_for_fraction(),
            upside_down(),
            Mistake(
                "rates-averaged",
                lambda: of_two()["rate"].mean(),
                "You averaged the two rates, as if both channels had the same number of visitors.",
                "Add up numerators and denominators first, then divide.",
            ),
            Mistake(
                "rates-added",
                lambda: of_two()["rate"].sum(),
                "You added the two rates; their denominators are different people.",
                "Add up numerators and denominators first, then divide.",
            ),
        ],
        after="A pooled rate is a weighted average, and the weights are the visitors.",
    ),
    Task(
        "2.3",
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
        "2.4",
        "How good was May",
        name="may_rate",
        kind=Number(unit="fraction", decimals=4),
        truth=lambda: may(window="30D", observed_until=end()),
        section="Why recent months look bad",
        hints=[
            "Follow the people who *first came* in May, each for the same number of days.",
            '`metrics.cohort_rate` with `freq="M"` has a row for each month.',
        ],
        mistakes=[
            percent_for_fraction(),
            Mistake(
                "so-far",
                lambda: may(window="365D"),
                "You counted every enrolment so far, so people of January had six months and "
                "people of May had one or two.",
                'Give everybody `window="30D"`.',
            ),
            Mistake(
                "period-for-cohort",
                lambda: of_may(
                    metrics.period_rate(
                        clean_log(), "visit", "customer", freq="M", user="person_id"
                    )
                ),
                "You divided the enrolments of May by the new visitors of May: most of the former "
                "had come earlier.",
                "Use `metrics.cohort_rate`.",
            ),
        ],
        after="Not a bad month at all, in spite of the crowd.",
    ),
    Task(
        "2.5",
        "Like with like",
        name="seo_remixed",
        kind=Number(unit="fraction", decimals=4),
        truth=lambda: remixed(cells()[1].loc["social_ads"]),
        section="Simpson's paradox",
        hints=[
            "You need two rows: the rates of `seo` by device, and the mix of `social_ads`.",
            "Shares of one channel times rates of the other, added up.",
        ],
        mistakes=[
            percent_for_fraction(),
            Mistake(
                "own-mix",
                lambda: remixed(cells()[1].loc["seo"]),
                "That is the rate of `seo` with its own mix of devices.",
                "Take the shares from `social_ads`.",
            ),
            Mistake(
                "half-and-half",
                lambda: float(cells()[0].loc["seo"].mean()),
                "You gave both devices the same weight.",
                "The weights are the shares of `social_ads` on the two devices.",
            ),
            Mistake(
                "wrong-rates",
                lambda: (
                    float(cells()[0].loc["social_ads"] @ cells()[1].loc["seo"])
                    / float(cells()[1].loc["seo"].sum())
                ),
                "It is the other way round: you gave `social_ads` the mix of `seo`.",
                "Take the rates from `seo` and the shares from `social_ads`.",
            ),
        ],
        after="With the visitors of `social_ads`, `seo` would look worse and not better.",
    ),
    Task(
        "2.6",
        "The partner's request",
        name="decision",
        kind=Text(choices=("yes", "no", "not yet")),
        truth=partner_against_seo,
        section="How sure are we?",
        hints=["Which rates of the two channels are compatible with what was counted?"],
        mistakes=[
            Mistake(
                "dots-for-intervals",
                lambda: "yes",
                "You compared the two rates as if they were known. The interval of `partner` "
                "reaches below the rate of `seo`.",
                "Look at `ci_low` and `ci_high`.",
            ),
            Mistake(
                "no-evidence-for-no-difference",
                lambda: "no",
                "That would say that `partner` is not better, and the counts do not show that "
                "either: its interval reaches far above `seo`, too.",
                "Say what the evidence allows, and no more.",
            ),
        ],
        after="And what would decide it: more visitors, or a look at enrolments and cost.",
    ),
]
