"""Tasks of exercise 01: the funnel and its stages."""

import pandas as pd

import funnelkit
from funnelkit.exercises.kinds import Call, Function, Number, Table, Text
from funnelkit.exercises.tasks import Mistake, Task
from funnelkit.funnels import STEPS, funnel
from funnelkit.school import clean_log

SHORT = ["visit", "lead", "customer"]


def april(log):
    """Return the visits of April."""
    return log[(log["event"] == "visit") & (log["timestamp"].dt.strftime("%Y-%m") == "2026-04")]


def short_funnel(log=None, **options):
    """Return the short funnel as a table of steps and users."""
    log = clean_log() if log is None else log
    return funnel(log, SHORT, **options)[["users"]].reset_index()


def side_by_side():
    """Return how many people have each event at all, in whatever order."""
    people = clean_log().groupby("event")["person_id"].nunique()
    return people[SHORT].rename("users").rename_axis("step").reset_index()


def count_people(log, event):
    """Return how many different users have the event."""
    return log.loc[log["event"] == event, "user_id"].nunique()


def small_log(rows):
    """Return a log of (user, event) pairs."""
    return pd.DataFrame(rows, columns=["user_id", "event"])


THREE = [("ann", "visit"), ("ben", "visit"), ("ben", "visit"), ("cat", "visit"), ("ann", "lead")]


def changed_browser():
    """Return how many people booked in a browser in which they had not left their e-mail."""
    log = clean_log()
    lead, booked = (log[log["event"] == event] for event in ("lead", "opportunity"))
    known = booked[booked["person_id"].isin(lead["person_id"])]
    return known.loc[~known["user_id"].isin(lead["user_id"]), "person_id"].nunique()


def lost_after_lead():
    """Return how many people are lost on the way to each step after the lead."""
    people = funnel(clean_log(), STEPS, user="person_id")
    return people.loc[["opportunity", "customer"], "dropped"].astype(float)


def two_browsers(log):
    """Return how many people of the log have two browsers."""
    return int((log.groupby("person_id")["user_id"].nunique() == 2).sum())


TASKS = [
    Task(
        "1.1",
        "Count the people who visited in April",
        name="april_visitors",
        kind=Number(unit="people", whole=True),
        truth=lambda: april(clean_log())["person_id"].nunique(),
        section="Who is who?",
        hints=[
            "First keep the rows that are visits of April: two conditions, joined by `&`.",
            "What is counted, rows, browsers or people? One column of `clean` holds each.",
        ],
        mistakes=[
            Mistake(
                "events-for-users",
                lambda: len(april(clean_log())),
                "You counted visits, and one person makes several of them.",
                "Count each person once.",
            ),
            Mistake(
                "browsers-for-people",
                lambda: april(clean_log())["user_id"].nunique(),
                "You counted browsers (`user_id`), and some people have two.",
                "Use the column that stands for people.",
            ),
            Mistake(
                "uncleaned-log",
                lambda: april(funnelkit.load("events"))["user_id"].nunique(),
                "You counted in `events`, where robots and second browsers are still in.",
                "Use `clean`.",
            ),
            Mistake(
                "all-events",
                lambda: clean_log()[clean_log()["timestamp"].dt.month == 4]["event"].size,
                "You counted all rows of April, whatever happened in them.",
                "Keep the visits only, then count people.",
            ),
        ],
        after="April alone saw about one in six of the half-year's visitors.",
    ),
    Task(
        "1.2",
        "A funnel without the call",
        name="short_funnel",
        kind=Table({"step": Text(), "users": Number(whole=True)}, key="step"),
        truth=lambda: short_funnel(user="person_id"),
        section="Counting the funnel",
        hints=[
            "`funnels.funnel` takes any list of steps; leave one out.",
            "Its last argument in the section *Who is who?* says what stands for a user.",
        ],
        mistakes=[
            Mistake(
                "browsers-for-people",
                lambda: short_funnel(),
                "You counted browsers: people who go on in another browser are lost.",
                "Tell `funnels.funnel` with `user=` which column stands for a user.",
            ),
            Mistake(
                "counts-side-by-side",
                side_by_side,
                "You counted who has each event at all. In a funnel each step's people come from "
                "the step before, in order.",
                "Use `funnels.funnel`.",
            ),
            Mistake(
                "uncleaned-log",
                lambda: short_funnel(funnelkit.load("events")),
                "You used `events`, where robots are still in and browsers are not stitched.",
                "Use `clean`.",
            ),
        ],
        after="Compared with the full funnel, these are the people who enrolled without a call, "
        "too.",
    ),
    Task(
        "1.3",
        "Write the count yourself",
        name="count_people",
        kind=Function(
            Number(whole=True),
            calls=[
                Call(small_log(THREE), "visit", says="for a log in which Ben visits twice"),
                Call(small_log(THREE), "lead", says="for the leads of that log"),
                Call(small_log(THREE), "customer", says="for an event that is not in the log"),
            ],
        ),
        truth=count_people,
        section="The log",
        hints=["Two steps: keep the rows with that event, then count the different users."],
        mistakes=[
            Mistake(
                "events-for-users",
                lambda log, event: int((log["event"] == event).sum()),
                "It counts rows: who visits twice is counted twice.",
                "Count the different values of `user_id`.",
            ),
            Mistake(
                "all-users",
                lambda log, event: log["user_id"].nunique(),
                "It counts all users of the log, whatever they did.",
                "First keep the rows whose `event` is the one asked for.",
            ),
        ],
        after="Everything else in the lesson is built on this one line.",
    ),
    Task(
        "1.4",
        "Who changed the browser on the way",
        name="changed_browser",
        kind=Number(unit="people", whole=True),
        truth=changed_browser,
        section="Who is who?",
        hints=[
            "Make two tables, the leads and the bookings, and look at the `user_id` of each.",
            "Of the bookings keep those by people who are leads; then those whose browser is "
            "not among the leads' browsers.",
        ],
        mistakes=[
            Mistake(
                "two-browsers",
                lambda: two_browsers(clean_log()),
                "You counted everybody with two browsers, also those who booked in their first or "
                "never booked.",
                "Keep only the bookings, and ask for each in which browser it was made.",
            ),
            Mistake(
                "not-leads-too",
                lambda: (
                    clean_log()
                    .loc[clean_log()["event"] == "opportunity"]
                    .pipe(
                        lambda rows: rows[
                            ~rows["user_id"].isin(
                                clean_log().loc[clean_log()["event"] == "lead", "user_id"]
                            )
                        ]
                    )["user_id"]
                    .nunique()
                ),
                "You counted bookings in any browser that never was a lead, also those of people "
                "who never left an e-mail at all.",
                "Keep only people who are among the leads.",
            ),
        ],
        after="These are the people whom the dashboard that counts browsers loses.",
    ),
    Task(
        "1.5",
        "Where to look first",
        name="next_meeting",
        kind=Text(choices=("lead", "opportunity", "customer")),
        truth=lambda: (
            funnel(clean_log(), STEPS[1:], user="person_id")["dropped"].astype(float).idxmax()
        ),
        section="Which process owns which step?",
        hints=[
            "Compare the numbers of people lost on the way *to* each step, among those who are "
            "leads already."
        ],
        mistakes=[
            Mistake(
                "largest-loss-of-all",
                lambda: "lead",
                "On the way to `lead` most people are lost, but they were never leads: the "
                "meeting is about people whom the school knows by name.",
                "Leave out the first step, and compare the other two.",
            ),
            Mistake(
                "lowest-rate",
                lambda: "customer",
                "The rate is lowest there, but of fewer people: the meeting is about how many "
                "were lost.",
                "Compare `dropped`, not `step_rate`.",
            ),
        ],
        after="It is the step that marketing and sales share.",
    ),
]
