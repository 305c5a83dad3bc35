"""Tasks of exercise 30: databases and scale."""

import functools

import pandas as pd

import funnelkit
from funnelkit import funnels, school
from funnelkit.exercises.kinds import Function, List, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task

NEAR = ["visit", "page_view", "click"]


def of_log(event="click", device="mobile", *, count="people"):
    """Return how many people, browsers or events there are of an event on a device."""
    log = school.clean_log()
    rows = log[log["event"] == event] if event else log
    rows = rows[rows["device"] == device] if device else rows
    return {"people": rows["person_id"].nunique(), "events": len(rows)}[count]


@functools.cache
def reaching(entry="any", window="1D", step="click"):
    """Return how many people reach a step, by order."""
    asked = {"entry": entry, "window": window, "user": "person_id"}
    return {
        order: int(funnels.counts(school.clean_log(), NEAR, order=order, **asked)[step])
        for order in ("loose", "strict")
    }


def lead_entries(days, events, window):
    """Return for each lead in time the day of the latest visit before it."""
    return _lead_entries(days, events, window)


def _lead_entries(
    days, events, window, *, pick=-1, late=0, reset=False, every=False, strict=False, earliest=False
):
    visits, found = [], []
    for day, event in zip(days, events, strict=True):
        in_time = [visit for visit in visits if every or day - visit <= window - late]
        if event == "visit":
            visits.append(day)
        elif event == "lead" and visits and (in_time if earliest else visits[pick] in in_time):
            found.append(in_time[0] if earliest else visits[pick])
        if (reset and event == "lead") or (strict and event != "visit"):
            visits = []
    return found


def messy():
    """Return names and ids as several programs wrote them."""
    return pd.DataFrame(
        {
            "user_id": ["u1", "U1", "u2", "u3", "u4", "u4", "u5", "U5", "u6", "U6", "u1"],
            "event": ["visit", "visit", "Visit", "visit ", "VISIT", "visit", "visits"]
            + 4 * ["visit"],
        }
    )


def people_of(*, event=False, user=False, count="people"):
    """Return how many people visited, with the case of letters regarded or not."""
    rows = messy()
    name = rows["event"].str.lower() if event else rows["event"]
    who = rows["user_id"].str.lower() if user else rows["user_id"]
    found = who[name == "visit"]
    return found.nunique() if count == "people" else len(found)


def both_collations():
    """Return the number of people by each collation."""
    return {"binary": people_of(), "nocase": people_of(event=True, user=True)}


def export():
    """Return rows of a web-analytics export."""
    return pd.DataFrame(
        {
            "user_pseudo_id": ["1.1", "1.1", "2.2", "2.2", None, None, "3.3", "1.1", "4.4"],
            "ga_session_id": ["100", "100", "100", "200", None, "200", "200", "300", None],
        }
    )


def sessions(*, missing="out", of=("user_pseudo_id", "ga_session_id")):
    """Return how many different sessions there are."""
    rows = export()[list(of)]
    rows = rows.dropna() if missing == "out" else rows
    return len(rows.drop_duplicates())


def fits(memory=4096, *, sizes=(1_000_000, 10_000_000), program="funnels", origin=False):
    """Return how many million events fill the memory, along the line through two sizes."""
    table = funnelkit.load("scaling")
    held = table[table["program"] == program].set_index("events")["memory"]
    low, high = sizes
    if origin:
        return memory * high / held[high] / 1e6
    slope = (held[high] - held[low]) / (high - low)
    return (high + (memory - held[high]) / slope) / 1e6


TASKS = [
    Task(
        "30.1",
        "Clicks on phones, in SQL",
        name="people",
        kind=Number(unit="people"),
        truth=of_log,
        section="The log in a database",
        hints=[
            "`COUNT(DISTINCT person_id)` counts each person once.",
            "`WHERE event = '...' AND device = '...'`; texts need single quotation marks.",
        ],
        mistakes=[
            Mistake(
                "events-for-people",
                lambda: of_log(count="events"),
                "Those are clicks: somebody who clicked twice is in it twice.",
                "Count each `person_id` once, with `DISTINCT`.",
            ),
            Mistake(
                "all-devices",
                lambda: of_log(device=None),
                "Computers are in it as well.",
                "Add the device to `WHERE`.",
            ),
            Mistake(
                "all-events",
                lambda: of_log(event=None),
                "Those are all people on phones, whatever they did.",
                "Add the event to `WHERE`.",
            ),
            Mistake(
                "computers",
                lambda: of_log(device="desktop"),
                "Those are people at computers.",
                "Take the device `mobile`.",
            ),
        ],
        after="The database counted; only one number came back to Python.",
    ),
    Task(
        "30.2",
        "Two orders, one day",
        name="clicks",
        kind=Mapping(Number(unit="people")),
        truth=reaching,
        section="Loose and strict order",
        hints=[
            "`databases.funnel` takes `order=`, `entry=`, `window=` and `user=`.",
            'The number at the click is `table.loc["click", "users"]`.',
        ],
        mistakes=[
            Mistake(
                "first-visit",
                lambda: reaching("first"),
                "Only the first visit counts in it.",
                'Give `entry="any"`.',
            ),
            Mistake(
                "no-window",
                lambda: reaching(window=None),
                "There is no window in it, or one that is too long.",
                'Give `window="1D"`.',
            ),
            Mistake(
                "thirty-days",
                lambda: reaching(window="30D"),
                "The window of the lesson is in it, 30 days.",
                'Give `window="1D"`.',
            ),
            Mistake(
                "pages-for-clicks",
                lambda: reaching(step="page_view"),
                "Those are the people at the second step.",
                "Take the third step, the click.",
            ),
        ],
        after="From any visit strict order finds more clicks than from the first one alone.",
    ),
    Task(
        "30.3",
        "The running maximum, written yourself",
        name="lead_entries",
        kind=Function(
            List(Number()),
            calls=[
                ([0, 6, 8, 12], ["visit", "visit", "lead", "customer"], 7),
                ([0, 7], ["visit", "lead"], 7),
                ([0, 8], ["visit", "lead"], 7),
                ([0, 1, 3, 5, 9], ["lead", "visit", "lead", "visit", "lead"], 4),
                ([0, 2, 4], ["visit", "lead", "lead"], 3),
                ([0, 5, 6], ["visit", "lead", "lead"], 6),
                ([3, 3], ["lead", "visit"], 5),
                ([3, 3], ["visit", "lead"], 5),
                ([0, 2, 3, 4], ["visit", "visit", "page_view", "lead"], 7),
            ],
        ),
        truth=lead_entries,
        section="The funnel as one query",
        hints=[
            "Go through the events in order, and keep the day of the latest visit so far.",
            "At a lead, compare the day with that visit; the end of the window counts.",
        ],
        mistakes=[
            Mistake(
                "first-visit",
                functools.partial(_lead_entries, pick=0),
                "You take the first visit: the latest one leaves the most time.",
                "Keep the latest visit before each lead.",
            ),
            Mistake(
                "first-visit-in-the-window",
                functools.partial(_lead_entries, earliest=True),
                "You take the earliest visit that is in time: the running maximum is the latest.",
                "Keep the latest visit before each lead.",
            ),
            Mistake(
                "only-the-event-before",
                functools.partial(_lead_entries, strict=True),
                "That is strict order: other events between visit and lead end the chain.",
                "Keep the latest visit until the next one comes.",
            ),
            Mistake(
                "window-without-its-end",
                functools.partial(_lead_entries, late=0.5),
                "A lead exactly at the end of the window is missing.",
                "The window is inclusive: `<=`.",
            ),
            Mistake(
                "no-window",
                functools.partial(_lead_entries, every=True),
                "Leads after the end of the window are in it.",
                "Compare the time since the visit with the window.",
            ),
            Mistake(
                "a-visit-used-once",
                functools.partial(_lead_entries, reset=True),
                "A second lead after the same visit is missing.",
                "The running maximum stays when a lead has used it.",
            ),
        ],
        after="In SQL this is `MAX(...) OVER (... ROWS BETWEEN UNBOUNDED PRECEDING ...)`.",
    ),
    Task(
        "30.4",
        "Two collations",
        name="visitors",
        kind=Mapping(Number(unit="people")),
        truth=both_collations,
        section="Where two databases count differently",
        hints=[
            "`COLLATE NOCASE` comes after the column: `event COLLATE NOCASE = 'visit'`.",
            "Ids are texts too: `COUNT(DISTINCT user_id COLLATE NOCASE)`.",
        ],
        mistakes=[
            Mistake(
                "names-alone",
                lambda: {"binary": people_of(), "nocase": people_of(event=True)},
                "For `nocase` you changed the names of the events and not the ids.",
                "`u1` and `U1` are one person then: collate both columns.",
            ),
            Mistake(
                "ids-alone",
                lambda: {"binary": people_of(), "nocase": people_of(user=True)},
                "For `nocase` you changed the ids and not the names of the events.",
                "`Visit` is `visit` then: collate both columns.",
            ),
            Mistake(
                "rows-for-people",
                lambda: {
                    "binary": people_of(count="rows"),
                    "nocase": people_of(event=True, user=True, count="rows"),
                },
                "Those are rows.",
                "Count each person once, with `DISTINCT`.",
            ),
        ],
        after="The two go different ways: more names are equal, and more people are the same.",
    ),
    Task(
        "30.5",
        "How many sessions",
        name="sessions",
        kind=Number(unit="sessions"),
        truth=sessions,
        section="An export of web analytics",
        hints=[
            "A session is the pair of person and session id.",
            "Where one of the two is missing there is no session: `.dropna()` leaves them out.",
        ],
        mistakes=[
            Mistake(
                "session-ids-alone",
                lambda: sessions(of=["ga_session_id"]),
                "Two people whose sessions began in the same second are one session in it.",
                "Count pairs of `user_pseudo_id` and `ga_session_id`.",
            ),
            Mistake(
                "people-for-sessions",
                lambda: sessions(of=["user_pseudo_id"]),
                "Those are people.",
                "Count pairs of `user_pseudo_id` and `ga_session_id`.",
            ),
            Mistake(
                "missing-as-sessions",
                lambda: sessions(missing="kept"),
                "Rows without an id of person or session count as sessions in it.",
                "Leave them out first.",
            ),
            Mistake(
                "rows-for-sessions",
                lambda: len(export()),
                "Those are events.",
                "Count different pairs.",
            ),
        ],
        after="How many rows belong to nobody is a number to state beside it.",
    ),
    Task(
        "30.6",
        "When memory is full",
        name="million_events",
        kind=Number(unit="million events", decimals=1),
        truth=fits,
        section="A log larger than memory",
        hints=[
            "The slope is the difference of memory divided by the difference of events.",
            "From the last size on: (4,096 less the memory there) divided by the slope.",
        ],
        mistakes=[
            Mistake(
                "through-the-origin",
                lambda: fits(origin=True),
                "You divided by the memory per event: what Python itself takes is in it.",
                "Take the line through the two sizes.",
            ),
            Mistake(
                "two-smallest-sizes",
                lambda: fits(sizes=(100_000, 1_000_000)),
                "That is the line through the two smallest sizes.",
                "Take 1 and 10 million events.",
            ),
            Mistake(
                "duckdb",
                lambda: fits(program="DuckDB"),
                "That is DuckDB.",
                "Take the rows of `funnels`.",
            ),
            Mistake(
                "further-events",
                lambda: fits() - 10,
                "Those come on top of the 10 million events.",
                "Add them.",
            ),
        ],
        after="Extrapolated, and the log is not alone in memory: move at half of it.",
    ),
]
