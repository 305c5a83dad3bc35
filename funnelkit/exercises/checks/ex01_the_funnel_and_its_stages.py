"""Tasks of exercise 01: the funnel and its stages."""

from functools import cache

import pandas as pd

import funnelkit
from funnelkit.exercises.kinds import Call, Function, Mapping, Number, Table, Text
from funnelkit.exercises.tasks import Mistake, Task
from funnelkit.funnels import STEPS, funnel, reach
from funnelkit.school import clean_log

SHORT = ["visit", "lead", "customer"]


def steps_of(log):
    """Return the events of the four steps, which are all that a loose order looks at."""
    return log[log["event"].isin(STEPS)]


# ---------------------------------------------------------------- 1.1, 1.2


def in_april(log, event="page_view"):
    """Return the rows of April with an event."""
    return log[(log["event"] == event) & (log["timestamp"].dt.month == 4)]


def april(log):
    """Return all rows of April."""
    return log[log["timestamp"].dt.month == 4]


def short_funnel(log=None, **options):
    """Return the short funnel as a table of steps and users."""
    log = steps_of(clean_log() if log is None else log)
    return funnel(log, SHORT, **options)[["users"]].reset_index()


def with_the_call():
    """Return the funnel of four steps without the row of the call."""
    table = funnel(steps_of(clean_log()), STEPS, user="person_id")
    return table.loc[SHORT, ["users"]].reset_index()


def side_by_side():
    """Return how many people have each event at all, in whatever order."""
    people = clean_log().groupby("event")["person_id"].nunique()
    return people[SHORT].rename("users").rename_axis("step").reset_index()


# ---------------------------------------------------------------- 1.3


def took_step(log, first, second):
    """Return how many users have the event `second` at or after their first `first`."""
    return _later(log, first, second)["user_id"].nunique()


def _later(log, first, second):
    began = log[log["event"] == first].groupby("user_id")["timestamp"].min()
    return log[(log["event"] == second) & (log["timestamp"] >= log["user_id"].map(began))]


def in_any_order(log, first, second):
    """Return how many users have both events."""
    both = set(log.loc[log["event"] == first, "user_id"])
    return len(both & set(log.loc[log["event"] == second, "user_id"]))


def first_against_first(log, first, second):
    """Return how many users' first `second` is not before their first `first`."""
    times = log.groupby(["event", "user_id"])["timestamp"].min()
    empty = pd.Series(dtype="datetime64[us]")
    began, ended = (times.get(name, empty) for name in (first, second))
    ended = ended[ended.index.isin(began.index)]
    return int((ended >= began.reindex(ended.index)).sum())


def strictly_after(log, first, second):
    """Return how many users have the second event after the first, and not at the same time."""
    began = log[log["event"] == first].groupby("user_id")["timestamp"].min()
    late = log["timestamp"] > log["user_id"].map(began)
    return log.loc[(log["event"] == second) & late, "user_id"].nunique()


def from_the_last(log, first, second):
    """Return how many users have the second event at or after their last first one."""
    began = log[log["event"] == first].groupby("user_id")["timestamp"].max()
    late = log["timestamp"] >= log["user_id"].map(began)
    return log.loc[(log["event"] == second) & late, "user_id"].nunique()


def has_second(log, first, second):
    """Return how many users have the second event, whatever came before."""
    return log.loc[log["event"] == second, "user_id"].nunique()


def small_log(rows):
    """Return a log of (user, event, day of March) rows."""
    log = pd.DataFrame(rows, columns=["user_id", "event", "day"])
    log["timestamp"] = pd.Timestamp("2026-03-01") + pd.to_timedelta(log.pop("day") - 1, unit="D")
    return log


FOUR = [
    ("ann", "visit", 2),
    ("ann", "lead", 3),
    ("ann", "lead", 5),
    ("ann", "lead", 6),
    ("ann", "lead", 8),
    ("ben", "visit", 4),
    ("ben", "visit", 9),
    ("ben", "lead", 4),
    ("cat", "visit", 3),
    ("dan", "lead", 1),
    ("dan", "visit", 6),
    ("eva", "lead", 2),
    ("eva", "visit", 3),
    ("eva", "lead", 7),
    ("fay", "lead", 8),
    ("gus", "visit", 5),
    ("gus", "lead", 5),
]


# ---------------------------------------------------------------- 1.4


@cache
def _single():
    return funnelkit.load("events").drop_duplicates()


def bot_pages(log=None, *, month=5, event="page_view", of="bots"):
    """Return how many rows bots sent, of a month and of an event or of all."""
    log = _single() if log is None else log
    sent = log.groupby("user_id")["event"].transform("size") > 100
    sent = ~sent if of == "people" else sent
    if event is not None:
        sent &= log["event"] == event
    if month is not None:
        sent &= log["timestamp"].dt.month == month
    return log[sent]


# ---------------------------------------------------------------- 1.5, 1.6


@cache
def spring():
    """Return the cleaned log of the second quarter."""
    log = clean_log()
    return log[log["timestamp"] >= "2026-04-01"]


def lost(level=3, log=None, *, most=4, ids="person_id"):
    """Return how many people took so many steps, and no single browser of theirs did."""
    log = steps_of(spring() if log is None else log)
    by_people, by_browser = reach(log, STEPS, user="person_id"), reach(log, STEPS)
    people = by_people.index[by_people["level"].between(level, most)]
    browsers = by_browser.index[by_browser["level"].between(level, most)]
    seen = log.loc[log["user_id"].isin(browsers), ids]
    return int((~people.isin(seen)).sum())


def no_lead_in_browser():
    """Return how many leads booked in a browser that has no lead, earlier or later."""
    log = spring()
    lead, booked = (log[log["event"] == event] for event in ("lead", "opportunity"))
    known = booked[booked["person_id"].isin(lead["person_id"])]
    return known.loc[~known["user_id"].isin(lead["user_id"]), "person_id"].nunique()


def two_browsers():
    """Return how many people of the quarter have two browsers."""
    return int((spring().groupby("person_id")["user_id"].nunique() == 2).sum())


OWNERS = {"marketing": "lead", "both": "opportunity", "sales": "customer"}


def losses(log=None, *, user="person_id", column="dropped", owners=None):
    """Return what each owner lost."""
    table = funnel(steps_of(spring() if log is None else log), STEPS, user=user)[column]
    return {owner: int(table[step]) for owner, step in (owners or OWNERS).items()}


def losses_at_start():
    """Return the losses shifted by one row, as if they belonged to the step before."""
    shifted = losses()
    return {"marketing": shifted["both"], "both": shifted["sales"], "sales": 0}


TASKS = [
    Task(
        "1.1",
        "Count the people who read in April",
        name="april_readers",
        kind=Number(unit="people", whole=True),
        truth=lambda: in_april(clean_log())["person_id"].nunique(),
        section="The log",
        hints=[
            "First keep the rows that are page views of April: two conditions, joined by `&`.",
            "What is counted, rows, browsers or people? One column of `clean` holds each.",
        ],
        mistakes=[
            Mistake(
                "events-for-users",
                lambda: len(in_april(clean_log())),
                "You counted page views, and one person makes several of them.",
                "Count each person once.",
            ),
            Mistake(
                "browsers-for-people",
                lambda: in_april(clean_log())["user_id"].nunique(),
                "You counted browsers (`user_id`), and some people have two.",
                "Use the column that holds people.",
            ),
            Mistake(
                "uncleaned-log",
                lambda: in_april(funnelkit.load("events"))["user_id"].nunique(),
                "You counted in the log where bots and second browsers are still in.",
                "Use `clean`.",
            ),
            Mistake(
                "any-event",
                lambda: april(clean_log())["person_id"].nunique(),
                "You counted everybody who came in April, including those who read no page.",
                "Keep the page views only, then count people.",
            ),
            Mistake(
                "sessions-for-people",
                lambda: in_april(clean_log())["session_id"].nunique(),
                "You counted sessions, and one person may have several.",
                "Use the column that holds people.",
            ),
            Mistake(
                "last-day-lost",
                lambda: (
                    in_april(clean_log()).query("timestamp <= '2026-04-30'")["person_id"].nunique()
                ),
                "You left out 30 April: what happened on that day is later than its midnight.",
                "Compare the month, or take everything before 1 May.",
            ),
            Mistake(
                "all-months",
                lambda: clean_log().query("event == 'page_view'")["person_id"].nunique(),
                "You counted the readers of the whole half-year.",
                "Add the condition on the month.",
            ),
        ],
        after="A quarter of April's visitors left before they had read anything.",
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
            "Its last argument in the section *Who is who?* says which column holds a user.",
        ],
        mistakes=[
            Mistake(
                "browsers-for-people",
                lambda: short_funnel(),
                "You counted browsers: people who go on in another browser are lost.",
                "Tell `funnels.funnel` with `user=` which column holds people.",
            ),
            Mistake(
                "counts-side-by-side",
                side_by_side,
                "You counted who has each event at all. In a funnel each step's people come from "
                "the step before, in order.",
                "Use `funnels.funnel`.",
            ),
            Mistake(
                "row-left-out",
                with_the_call,
                "You took the funnel of four steps and left a row out: its customers still had to "
                "book a call.",
                "Leave the step out before counting.",
            ),
            Mistake(
                "uncleaned-log",
                lambda: short_funnel(funnelkit.load("events")),
                "You used `events`, where bots are still in and browsers are not stitched.",
                "Use `clean`.",
            ),
        ],
        after="The customers now include those who enrolled without a call.",
    ),
    Task(
        "1.3",
        "Write the step yourself",
        name="took_step",
        kind=Function(
            Number(whole=True),
            calls=[
                Call(small_log(FOUR), "visit", "lead", says="for a log of seven people"),
                Call(small_log(FOUR), "lead", "visit", says="for the same log the other way round"),
                Call(small_log(FOUR), "visit", "customer", says="for an event that nobody has"),
            ],
        ),
        truth=took_step,
        section="Counting the funnel",
        hints=[
            "Three steps: each user's first time of the first event; the rows of the second event "
            "at or after it; the different users of these rows.",
            "`log['user_id'].map(times)` writes beside each row the time of its user.",
        ],
        mistakes=[
            Mistake(
                "events-for-users",
                lambda log, first, second: len(_later(log, first, second)),
                "It counts rows: a user with the second event twice is counted twice.",
                "Count the different values of `user_id`.",
            ),
            Mistake(
                "any-order",
                in_any_order,
                "It counts everybody who has both events, even if the second came first only.",
                "Compare the times.",
            ),
            Mistake(
                "first-against-first",
                first_against_first,
                "It compares the first of both. Somebody who had the second event early, and had "
                "it again later, did take the step.",
                "Compare every row of the second event with its user's beginning.",
            ),
            Mistake(
                "strictly-after",
                strictly_after,
                "It leaves out users who had both events at the same moment.",
                "At or after: use `>=`.",
            ),
            Mistake(
                "from-the-last",
                from_the_last,
                "It starts from each user's last event of the first name.",
                "Start from the first: take the minimum of the times.",
            ),
            Mistake(
                "without-the-first",
                has_second,
                "It counts everybody who has the second event, whatever came before.",
                "First find when each user had the first event.",
            ),
        ],
        after="Chained once per step, this is the whole funnel.",
    ),
    Task(
        "1.4",
        "What bots do to pages",
        name="bot_pages",
        kind=Number(unit="page views", whole=True),
        truth=lambda: len(bot_pages()),
        section="What is in the log that should not be?",
        hints=[
            "Mark each row with True or False: did a user with more than 100 events send it?",
            "Three conditions on the rows of `single`, joined by `&`: bot, month, event.",
        ],
        mistakes=[
            Mistake(
                "all-rows",
                lambda: len(bot_pages(event=None)),
                "You counted all rows that bots sent in May, whatever happened in them.",
                "Keep the rows whose event is `page_view`.",
            ),
            Mistake(
                "all-months",
                lambda: len(bot_pages(month=None)),
                "You counted the bots' page views of the whole half-year.",
                "Keep the rows of May.",
            ),
            Mistake(
                "users-for-events",
                lambda: bot_pages()["user_id"].nunique(),
                "You counted the bots; the task asks for the pages that they opened.",
                "Count rows.",
            ),
            Mistake(
                "with-repeats",
                lambda: len(bot_pages(funnelkit.load("events"))),
                "You counted in `events`, where repeats are still in.",
                "Use `single`.",
            ),
            Mistake(
                "people-for-bots",
                lambda: len(bot_pages(of="people")),
                "You counted the page views of everybody but the bots.",
                "A bot has more than 100 events.",
            ),
            Mistake(
                "bots-and-people",
                lambda: len(_single().query("event == 'page_view' and timestamp.dt.month == 5")),
                "You counted all page views of May, by bots and by people.",
                "Add the condition that the user has more than 100 events.",
            ),
        ],
        equivalent={
            "the bound of single.groupby('user_id')['event'].transform('size') > 100 moved": (
                "no user has 100 events exactly"
            ),
            "'user_id' for 'event'": "the size of a group is the same in every column",
            "'session_id' for 'event'": "the size of a group is the same in every column",
            "'channel' for 'event'": "the size of a group is the same in every column",
            "'session_id' for 'user_id'": "a bot does all in one session",
        },
        after="Five bots sent about one in eight of the month's page views.",
    ),
    Task(
        "1.5",
        "Whom the dashboard loses",
        name="lost_at_the_call",
        kind=Number(unit="people", whole=True),
        truth=lost,
        section="Who is who?",
        hints=[
            "A level of 3 or more means: got as far as the call. Take the index of such rows in "
            "both tables.",
            "Find the people of those browsers in `spring`, and count who of the first list is "
            "not among them.",
        ],
        mistakes=[
            Mistake(
                "no-lead-in-the-browser",
                no_lead_in_browser,
                "You counted those who booked in a browser without any lead. Some left their "
                "address there afterwards: the dashboard loses these as well, since the order is "
                "wrong.",
                "Use the levels, which know the order.",
            ),
            Mistake(
                "two-browsers",
                two_browsers,
                "You counted everybody with two browsers, including those who booked in their "
                "first or never booked.",
                "Keep only those who got as far as the call.",
            ),
            Mistake(
                "exactly-three",
                lambda: lost(3, most=3),
                "You kept those who stopped at the call, and left out those who went on to enrol.",
                "Take a level of 3 or more.",
            ),
            Mistake(
                "two-kinds-of-ids",
                lambda: lost(3, ids="user_id"),
                "You compared ids of people with ids of browsers: whoever is recognised has "
                "another id in each table.",
                "Look up in `spring` which people the browsers belong to.",
            ),
            Mistake(
                "another-step",
                lambda: lost(4),
                "You counted those whom the dashboard loses at the enrolment.",
                "The call is the third step: a level of 3 or more.",
            ),
            Mistake(
                "whole-half-year",
                lambda: lost(3, clean_log()),
                "You counted in the log of the whole half-year.",
                "Use `spring` and the two tables made of it.",
            ),
        ],
        equivalent={"clean for spring": "the browsers are those of the quarter in either table"},
        after="In one quarter so many people looked like leads that sales had let go.",
    ),
    Task(
        "1.6",
        "Whose loss is it?",
        name="lost",
        kind=Mapping(Number(unit="people", whole=True)),
        truth=losses,
        section="Who owns which step?",
        hints=[
            "Count the funnel of `spring` with `user='person_id'`; its column `dropped` has the "
            "three numbers.",
            "The row `lead` says how many visitors did not become leads: which process answers "
            "for that?",
        ],
        mistakes=[
            Mistake(
                "browsers-for-people",
                lambda: losses(user="user_id"),
                "You counted browsers: those who go on in another browser seem lost.",
                "Count with `user='person_id'`.",
            ),
            Mistake(
                "one-row-too-late",
                losses_at_start,
                "Each loss is one owner too early. `dropped` in the row `lead` is the visitors who "
                "did not become leads.",
                "Begin with the row `lead` for marketing.",
            ),
            Mistake(
                "whole-half-year",
                lambda: losses(clean_log()),
                "You counted in the log of the whole half-year.",
                "Use `spring`.",
            ),
            Mistake(
                "reached-for-lost",
                lambda: losses(column="users"),
                "You gave how many reached each step, not how many were lost on the way to it.",
                "Take the column `dropped`.",
            ),
            Mistake(
                "owners-mixed-up",
                lambda: losses(
                    owners={"marketing": "lead", "both": "customer", "sales": "opportunity"}
                ),
                "The step from lead to the call has four processes of two departments; the last "
                "one belongs to sales.",
                "Give the row `opportunity` to both.",
            ),
        ],
        after="After the first form, the step that two departments share loses most people.",
    ),
]
