"""Tasks of exercise 03: definitions, time and breakdowns."""

from functools import cache

import pandas as pd

from funnelkit import funnels, metrics
from funnelkit.exercises.kinds import Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction, upside_down
from funnelkit.school import clean_log

SMALL = ["visit", "click", "form", "lead"]


def end():
    """Return the end of the log."""
    return clean_log()["timestamp"].max()


@cache
def steps_only():
    """Return the events of the four steps, which are all that is looked at but for paths."""
    log = clean_log()
    return log[log["event"].isin(funnels.STEPS)]


# ---------------------------------------------------------------- 3.1 to 3.3: definitions, time


@cache
def customers(unit="person_id", window="21D", entry="any", order="loose"):
    """Return how many users went through all steps."""
    table = funnels.funnel(
        steps_only(), funnels.STEPS, user=unit, window=window, entry=entry, order=order
    )
    return int(table.loc["customer", "users"])


def of_june(table):
    """Return the rate of June in a table by month."""
    return table["rate"][pd.Period("2026-06")]


@cache
def june(unit="person_id", event="opportunity"):
    """Return the cohort rate of June, from the visit to another event."""
    options = {"window": "14D", "freq": "M", "observed_until": end()}
    return of_june(metrics.cohort_rate(steps_only(), "visit", event, user=unit, **options))


def june_with_lead():
    """Return the rate of June with the lead as a step between."""
    steps = ["visit", "lead", "opportunity"]
    reached = funnels.reach(
        steps_only(), steps, user="person_id", window="14D", observed_until=end()
    )
    return reached.loc[reached["visit"].dt.month == 6, "opportunity"].notna().mean()


def june_only():
    """Return the rate in a log that was cut down to June beforehand."""
    log = steps_only()
    log = log[log["timestamp"] >= "2026-06-01"]
    steps = ["visit", "opportunity"]
    reached = funnels.reach(log, steps, user="person_id", window="14D", observed_until=end())
    return reached.loc[reached["visit"].notna(), "opportunity"].notna().mean()


@cache
def first_call():
    """Return when each visitor came first and booked a call, however much later."""
    return funnels.reach(steps_only(), ["visit", "opportunity"], user="person_id")


def june_unfinished(window):
    """Return the rate of June with everybody below the line, their time over or not."""
    came = first_call()[first_call()["visit"].dt.month == 6]
    return (came["opportunity"] - came["visit"] <= pd.Timedelta(window)).mean()


def june_by_period():
    """Return the period rate of June."""
    return of_june(
        metrics.period_rate(steps_only(), "visit", "opportunity", freq="M", user="person_id")
    )


@cache
def calls(unit="person_id", window="45D", watched=True):
    """Return how far each user got, with the time of each step."""
    until = end() if watched else None
    return funnels.reach(
        steps_only(), funnels.STEPS, user=unit, window=window, observed_until=until
    )


def days_to_call(start="lead", how="median", stop="opportunity", **options):
    """Return the time to the call, in days."""
    reached = calls(**options)
    took = (reached[stop] - reached[start]).dropna()
    return getattr(took, how)() / pd.Timedelta("1D")


def from_the_lead_only():
    """Return the time to the call of those who are followed from the lead, in days."""
    options = {"user": "person_id", "window": "45D", "observed_until": end()}
    reached = funnels.reach(steps_only(), ["lead", "opportunity"], **options)
    return (reached["opportunity"] - reached["lead"]).median() / pd.Timedelta("1D")


# ---------------------------------------------------------------- 3.4 and 3.6: paths


@cache
def paths():
    """Return the log with pages as events, and what follows in the session."""
    log = clean_log().sort_values(["person_id", "timestamp"])
    log["event"] = log["event"].where(log["event"] != "page_view", log["page"])
    return log.assign(next=log.groupby("session_id")["event"].shift(-1))


def ends_there(device="mobile"):
    """Return the share of the views of a course page after which the session ends."""
    seen = paths()[paths()["event"] == "course"]
    if device:
        seen = seen[seen["device"] == device]
    return seen["next"].isna().mean()


def ends_per_session():
    """Return the ends on a course page on phones, divided by sessions that saw one."""
    seen = paths()[(paths()["event"] == "course") & (paths()["device"] == "mobile")]
    return seen["next"].isna().sum() / seen["session_id"].nunique()


def ends_of_all_events():
    """Return the share of all events on a course page, clicks included, that end a session."""
    there = paths()[(paths()["page"] == "course") & (paths()["device"] == "mobile")]
    return there["next"].isna().mean()


def course_of_ends():
    """Return the share of course pages among the ends of sessions on phones."""
    last = paths()[paths()["next"].isna() & (paths()["device"] == "mobile")]
    return (last["event"] == "course").mean()


@cache
def two_leaks():
    """Return how many people got to each small step, by device."""
    table = funnels.funnel(paths(), SMALL, user="person_id", by="device")
    return table["users"].unstack("step")[SMALL].astype(float)


def more_leads(send="mobile"):
    """Return how many more leads there are if the form is seen as often as on computers."""
    people = two_leaks()
    seen = people["form"] / people["click"]
    more = people.loc["mobile", "click"] * (seen["desktop"] - seen["mobile"])
    if not send:
        return float(more)
    return float(more * people.loc[send, "lead"] / people.loc[send, "form"])


def leads_per_click():
    """Return the additional views of the form times the leads per click."""
    people = two_leaks().loc["mobile"]
    return float(more_leads(send=None) * people["lead"] / people["click"])


def both_leaks():
    """Return how many more leads there are if phones did as well as computers after the click."""
    people = two_leaks()
    sent = people["lead"] / people["click"]
    return float(people.loc["mobile", "click"] * (sent["desktop"] - sent["mobile"]))


def second_leak():
    """Return how many more leads there are if the form is sent as often as on computers."""
    people = two_leaks()
    sent = people["lead"] / people["form"]
    return float(people.loc["mobile", "form"] * (sent["desktop"] - sent["mobile"]))


# ---------------------------------------------------------------- 3.5: like with like


@cache
def cells():
    """Return rates and visitors of two channels by device."""
    reached = funnels.reach(
        steps_only(), ["visit", "lead"], user="person_id", by=["channel", "device"]
    )
    reached["converted"] = reached["lead"].notna()
    reached = reached[reached["channel"].isin(["social_ads", "seo"])]
    table = metrics.rates(reached, by=["channel", "device"])
    return table["rate"].unstack("device"), table["n"].unstack("device")


def remixed(channel="seo", mix="social_ads"):
    """Return the rate of a channel with the mix of devices of another."""
    rates, visitors = cells()
    weights = visitors.loc[mix]
    return float((rates.loc[channel] * weights / weights.sum()).sum())


def shares_of_devices():
    """Return the rate of `seo` weighted by the share of `social_ads` in each device's visitors."""
    rates, visitors = cells()
    return float((rates.loc["seo"] * (visitors / visitors.sum()).loc["social_ads"]).sum())


TASKS = [
    Task(
        "3.1",
        "One of five definitions",
        name="came_back",
        kind=Number(unit="people", whole=True),
        truth=customers,
        section="Semantics lab: five truths from one log",
        hints=['The clock may start at any visit: that is `entry="any"` of `funnels.funnel`.'],
        mistakes=[
            Mistake(
                "first-visit-only",
                lambda: customers(entry="first"),
                "You let the clock start at the first visit only: whoever came back later and went "
                "through quickly is missing.",
                'Use `entry="any"`.',
            ),
            Mistake(
                "window-forgotten",
                lambda: customers(window=None),
                "You gave people all the time there was; the task gives them 21 days.",
                'Use `window="21D"`.',
            ),
            Mistake(
                "any-order",
                lambda: customers(order="any"),
                "You counted people who did the four steps in whatever order.",
                'Leave `order` as it is, at `"loose"`.',
            ),
            Mistake(
                "browsers-for-people",
                lambda: customers(unit="user_id"),
                "You counted browsers: somebody who went on in a second one is lost.",
                'Count people: `user="person_id"`.',
            ),
        ],
        after="Another definition gives another number, and each is true.",
    ),
    Task(
        "3.2",
        "How good was June",
        name="june_rate",
        kind=Number(unit="fraction", decimals=4),
        truth=june,
        section="The same time for everybody",
        hints=[
            "Follow the people who *first came* in June, each for the same number of days.",
            '`metrics.cohort_rate` with `freq="M"` has one row per month.',
        ],
        mistakes=[
            percent_for_fraction(),
            Mistake(
                "unfinished-windows",
                lambda: june_unfinished("14D"),
                "The people of the last two weeks of June are below the line, although their 14 "
                "days are not over.",
                "Use `observed_until=end`.",
            ),
            Mistake(
                "so-far",
                lambda: june_unfinished("365D"),
                "You counted every call so far: people of 1 June had a month, people of 30 June "
                "had hours.",
                'Use `window="14D"` and `observed_until=end`.',
            ),
            Mistake(
                "period-for-cohort",
                june_by_period,
                "You divided the calls of June by the new visitors of June: many who called had "
                "come earlier.",
                "Use `metrics.cohort_rate`.",
            ),
            Mistake(
                "one-month-first",
                june_only,
                "You cut the log down to June first: people who had come before seem to come for "
                "the first time.",
                "Follow everybody in the whole log, and select June at the end.",
            ),
            Mistake(
                "lead-in-between",
                june_with_lead,
                "You asked for a lead between the visit and the call; some book first.",
                "Ask for the visit and the call only.",
            ),
            Mistake(
                "enrolled-for-booked",
                lambda: june(event="customer"),
                "That is the share who enrolled.",
                "The call is the event `opportunity`.",
            ),
            Mistake(
                "browsers-for-people",
                lambda: june(unit="user_id"),
                "You counted browsers.",
                'Count people: `user="person_id"`.',
            ),
        ],
        after="Two weeks for each of them, and no more guessing about those who came last.",
    ),
    Task(
        "3.3",
        "From the address to the call",
        name="days_to_call",
        kind=Number(unit="days", decimals=2),
        truth=days_to_call,
        section="How long does it take?",
        hints=[
            "`funnels.time_to_convert` has one row per transition; `q50` is the median.",
            'Divide a duration by `pd.Timedelta("1D")` to get days.',
        ],
        mistakes=[
            Mistake(
                "mean-for-median",
                lambda: days_to_call(how="mean"),
                "That is the mean, which a few slow people pull up.",
                "Take the median.",
            ),
            Mistake(
                "unfinished-windows",
                lambda: days_to_call(watched=False),
                "The people of the last 45 days are in it, of whom only the quick have booked yet.",
                "Use `observed_until=end`.",
            ),
            Mistake(
                "window-forgotten",
                lambda: days_to_call(window=None, watched=False),
                "You gave people all the time there was; the task gives them 45 days.",
                'Use `window="45D"` and `observed_until=end`.',
            ),
            Mistake(
                "from-the-visit",
                lambda: days_to_call(start="visit"),
                "That is the time from the visit to the call.",
                "Take the time from the lead.",
            ),
            Mistake(
                "from-the-lead-only",
                from_the_lead_only,
                "You started the clock at the lead: the 45 days begin at the first visit.",
                "Give all four steps, and take the row from the lead to the call.",
            ),
            Mistake(
                "to-the-enrolment",
                lambda: days_to_call(start="opportunity", stop="customer"),
                "That is the time from the call to the enrolment.",
                "Take the row from the lead to the call.",
            ),
            Mistake(
                "browsers-for-people",
                lambda: days_to_call(unit="user_id"),
                "You followed browsers: a call that was booked in a second one is lost.",
                'Follow people: `user="person_id"`.',
            ),
        ],
        after="Of those who book a call, half do so within a week; of the others it says nothing.",
    ),
    Task(
        "3.4",
        "The end of the path",
        name="ends_there",
        kind=Number(unit="fraction", decimals=4),
        truth=ends_there,
        section="Where do they stop?",
        hints=[
            "Below the line are all views of `course` on phones; above it those without `next`."
        ],
        mistakes=[
            percent_for_fraction(),
            upside_down(),
            Mistake(
                "all-devices",
                lambda: ends_there(None),
                "You counted phones and computers together.",
                "Keep the rows of the device `mobile`.",
            ),
            Mistake(
                "went-on",
                lambda: 1 - ends_there(),
                "That is the share that went on.",
                "Count the rows in which `next` is missing.",
            ),
            Mistake(
                "sessions-for-views",
                ends_per_session,
                "You divided by sessions, and a session may view the page several times.",
                "Put all views of `course` on phones below the line.",
            ),
            Mistake(
                "clicks-too",
                ends_of_all_events,
                "You took everything that happened on that page, clicks included.",
                "Keep the rows in which `event` is `course`.",
            ),
            Mistake(
                "ends-below-the-line",
                course_of_ends,
                "You divided by all ends of sessions on phones: how often an end is a `course` "
                "page, not how often a `course` page is the end.",
                "Put all views of `course` on phones below the line.",
            ),
        ],
        after="Most pages end about a third of the sessions that reach them; a click should not.",
    ),
    Task(
        "3.5",
        "Like with like",
        name="seo_remixed",
        kind=Number(unit="fraction", decimals=4),
        truth=remixed,
        section="Simpson's paradox",
        hints=[
            "You need two rows: the rates of `seo` by device, and the mix of `social_ads`.",
            "Shares of one channel times rates of the other, added up.",
        ],
        mistakes=[
            percent_for_fraction(),
            Mistake(
                "own-mix",
                lambda: remixed(mix="seo"),
                "That is the rate of `seo` with its own mix of devices.",
                "Take the shares from `social_ads`.",
            ),
            Mistake(
                "weights-of-devices",
                shares_of_devices,
                "Your weights are the share of `social_ads` among each device's visitors, and do "
                "not add up to 1.",
                "Divide by all visitors of `social_ads`.",
            ),
            Mistake(
                "half-and-half",
                lambda: float(cells()[0].loc["seo"].mean()),
                "You gave both devices the same weight.",
                "The weights are the shares of `social_ads` on the two devices.",
            ),
            Mistake(
                "wrong-rates",
                lambda: remixed("social_ads", "seo"),
                "It is the other way round: you gave `social_ads` the mix of `seo`.",
                "Take the rates from `seo` and the shares from `social_ads`.",
            ),
        ],
        after="With the devices of `social_ads`, `seo` would look worse and not better.",
    ),
    Task(
        "3.6",
        "Which leak first",
        name="more_leads",
        kind=Number(unit="leads", decimals=1),
        truth=more_leads,
        section="Where do they stop?",
        hints=[
            "First: how many more people would see the form, if 96 % instead of 88 % of those who "
            "clicked did?",
            "Then: how many of these would send it, at the rate of today on phones?",
        ],
        mistakes=[
            Mistake(
                "people-for-leads",
                lambda: more_leads(send=None),
                "So many more people would *see* the form; not all of them would send it.",
                "Multiply by the share of those who see the form on a phone and send it.",
            ),
            Mistake(
                "other-device",
                lambda: more_leads(send="desktop"),
                "You let the new people send the form as often as on computers: that is both leaks "
                "at once.",
                "Take the rate of today on phones for the second step.",
            ),
            Mistake(
                "second-leak",
                second_leak,
                "That is the second leak, which the lesson valued.",
                "Raise the share of clicks that lead to the form.",
            ),
            Mistake(
                "both-leaks",
                both_leaks,
                "That values both leaks at once.",
                "Raise the share of clicks that lead to the form, and leave the rest as it is.",
            ),
            Mistake(
                "leads-per-click",
                leads_per_click,
                "You took leads per click; these people have seen the form already.",
                "Take the share of those who *see* the form on a phone and send it.",
            ),
            Mistake(
                "all-leads",
                lambda: two_leaks().loc["mobile", "lead"] + more_leads(),
                "That is how many leads there would be; the task asks how many *more*.",
                "Subtract the leads that there are.",
            ),
        ],
        after="Compare it with what the second leak costs, and you know where to begin.",
    ),
]
