"""Milestones of project 31: the whole system, for another firm."""

import functools

from funnelkit.exercises import ex31_ways as ways
from funnelkit.exercises.kinds import Function, List, Mapping, Number, Table, Text
from funnelkit.exercises.tasks import Mistake, Task

IN_TIME = "the bound of past['order'] <= past['received_at'] + pd.Timedelta('60D') moved"
LAST_WEEK = "the bound of dates['received_at'] >= AFTER - pd.Timedelta('7D') moved"


def measure(name, how, message, next_step, id):
    """Return the mistake of getting one measure in a wrong way."""
    return Mistake(id, lambda: ways.memo(**{name: how}), message, next_step)


TASKS = [
    Task(
        "31.1",
        "The gate",
        name="stopped",
        kind=Table(
            {
                "week": Text(),
                "rows": Number(unit="rows", whole=True),
                "aside": Number(unit="rows", whole=True),
            },
            key="week",
        ),
        truth=ways.stopped,
        section="The quality gate",
        hints=[
            "`duplicated()` marks repeats of an earlier row; join conditions by `|`.",
            "Group by `received['received_at'].map(report.iso_week)`, then `agg`; then Wilson.",
        ],
        mistakes=[
            Mistake(
                "every-copy",
                lambda: ways.stopped(repeats=False),
                "Both copies of a repeated row are set aside: nobody is left of them.",
                "Keep the first: `duplicated()` as it comes.",
            ),
            Mistake(
                "future-rows",
                lambda: ways.stopped(rows=ways.firm()["enquiries"]),
                "Rows with a time after the last day are in it.",
                "Use `received`.",
            ),
            Mistake(
                "repeats-kept",
                lambda: ways.stopped(repeats=None),
                "Repeated rows pass your gate.",
                "Set them aside as well.",
            ),
            Mistake(
                "channel-not-asked",
                lambda: ways.stopped(channel=False),
                "Rows without a channel pass your gate.",
                "Set them aside as well: `isna()`.",
            ),
            Mistake(
                "pages-not-asked",
                lambda: ways.stopped(pages=False),
                "Rows with fewer than 0 pages pass your gate.",
                "Set them aside as well.",
            ),
            Mistake(
                "share-for-its-end",
                lambda: ways.stopped(by="share"),
                "Weeks are in it whose share is above 4 % while chance may explain it.",
                "Compare the lower end of the interval with the limit.",
            ),
            Mistake(
                "upper-end",
                lambda: ways.stopped(by="high"),
                "You compare the upper end of the interval, or none.",
                "`metrics.wilson_interval` returns the lower end first.",
            ),
            Mistake(
                "faults-for-rows",
                lambda: ways.stopped(twice=True),
                "A row with two faults counts twice.",
                "Join the conditions by `|`, and count rows.",
            ),
        ],
        after="One week is far over the limit; the others are near it, where chance decides.",
        equivalent={
            "the bound of low > 0.04 moved": "no interval begins exactly there",
        },
    ),
    Task(
        "31.2",
        "Where to go on",
        name="go_on",
        kind=Function(
            List(Text()),
            calls=ways.CALLS,
        ),
        truth=ways.go_on,
        section="Killed, and resumed",
        hints=[
            "Compare the two dictionaries of fingerprints with `!=`, and `raise ValueError(...)`.",
            "Go through the steps in order, and stop at the first that is not done.",
        ],
        mistakes=[
            Mistake(
                "only-the-missing",
                functools.partial(ways.going_on, gaps=True),
                "A step after one that is not done is left out: what it was given has gone.",
                "From the first missing step on, all steps run.",
            ),
            Mistake(
                "counted",
                ways.by_number,
                "You go by how many steps are done; which ones they are counts.",
                "Look each step up in `manifest['steps']`.",
            ),
            Mistake(
                "one-too-late",
                functools.partial(ways.going_on, from_next=True),
                "The first step that is not done is left out itself.",
                "Begin with it.",
            ),
            Mistake(
                "any-inputs",
                functools.partial(ways.going_on, any_inputs=True),
                "Other inputs than the run began with are not refused.",
                "Raise a ValueError if the fingerprints differ.",
            ),
            Mistake(
                "names-alone",
                ways.looks_at_tables,
                "You compare the names of the tables; their fingerprints may differ.",
                "Compare the whole dictionaries.",
            ),
            Mistake(
                "begins-anew",
                functools.partial(ways.going_on, new=True),
                "With other inputs the run begins anew over the old one's results.",
                "Raise a ValueError, and let somebody decide.",
            ),
        ],
        after="Ten lines stand between a killed run and a report half from old data.",
    ),
    Task(
        "31.3",
        "Each mail once",
        name="mails",
        kind=Mapping(Number(unit="mails", whole=True)),
        truth=ways.mails,
        section="Killed, and resumed",
        hints=[
            "Send the first 50 mails, then all of them, each time with `key=row.key`.",
            '`store.mails()["mail"].value_counts()` counts what was sent.',
        ],
        mistakes=[
            Mistake(
                "sent-twice",
                lambda: ways.mails(times=2),
                "The first 50 mails are in it twice.",
                "Give `send_mail` the `key` of the ledger.",
            ),
            Mistake(
                "all-entries",
                lambda: ways.mails(outcome=None),
                "Those are entries of the ledger, also those held back.",
                "Only `done` was sent.",
            ),
            Mistake(
                "all-months",
                lambda: ways.mails("2025-01-01"),
                "Those are the mails of the whole year.",
                "Take those since 1 June 2026.",
            ),
            Mistake(
                "no-stop",
                lambda: ways.mails(stop=""),
                "People who have ordered are asked whether they have questions.",
                "Give the first rule the stop `order`.",
            ),
            Mistake(
                "withdrawals-forgotten",
                lambda: ways.mails(consents="first"),
                "Only the first word of each person about consent is in it.",
                "Give the whole table `consents`.",
            ),
            Mistake(
                "consent-not-asked",
                lambda: ways.mails(consent=False),
                "People who did not agree got mails.",
                "Give both rules `consent` True.",
            ),
            Mistake(
                "not-through-the-gate",
                lambda: ways.mails(passed=False),
                "Enquiries that the gate set aside got mails.",
                "Use `log`.",
            ),
        ],
        after="As many as if the run had never been killed.",
        equivalent={
            "without entry_key='user_id'": "the engine's own choice as well",
            "without consent=True": "the engine's own choice as well",
            "without observed_until=END": "the log ends on that day",
            "without kind='stable'": "the order of equal times changes no count",
            "the bound of ledger['at'] >= '2026-06-01' moved": "no mail at that second",
            "without key=row.key": "the store's own key is the mail and the person",
        },
    ),
    Task(
        "31.4",
        "Whom to call on Monday",
        name="call_list",
        kind=Table({"enquiry_id": Text(), "score": Number(unit="fraction", decimals=3)}),
        truth=ways.call_list,
        section="Looked at by people",
        hints=[
            "Two tables: `past`, to learn a rate for each pair of channel and downloads; `new`.",
            "Merge the rates onto `new`; sort by time first, then by score with `kind='stable'`.",
        ],
        mistakes=[
            Mistake(
                "immature",
                lambda: ways.call_list(mature=False),
                "Enquiries whose 60 days are not over count as not ordered.",
                "Learn from `received_at <= MATURE`.",
            ),
            Mistake(
                "ever-ordered",
                lambda: ways.call_list(window=None),
                "Orders after more than 60 days count.",
                "Compare `order` with `received_at` plus 60 days.",
            ),
            Mistake(
                "visited-already",
                lambda: ways.call_list(open_only=False),
                "Somebody is on the list who has been visited.",
                "Keep those whose `visit` is missing.",
            ),
            Mistake(
                "channel-alone",
                lambda: ways.call_list(groups=("channel",)),
                "Those are rates by channel alone.",
                "Group by `channel` and `downloads`.",
            ),
            Mistake(
                "latest-first",
                lambda: ways.call_list(latest=True),
                "Among equal scores the latest comes first.",
                "Put the earliest first: they have waited longest.",
            ),
            Mistake(
                "worst-first",
                lambda: ways.call_list(first="low"),
                "The lowest scores come first.",
                "Sort with `ascending=False`.",
            ),
            Mistake(
                "too-many",
                lambda: ways.call_list(calls=100),
                "Those are more than 12.",
                "There is time for 12 calls.",
            ),
        ],
        after="A list that fits the week, and each score can be explained in a sentence.",
        equivalent={
            IN_TIME: "no order at that second",
            "without on=['channel', 'downloads']": "these are the columns that both have",
            "without kind='stable'": "the list is the same with the default sort",
            "the bound of dates['received_at'] <= MATURE moved": "none at that second",
            LAST_WEEK: "none at that second",
        },
    ),
    Task(
        "31.5",
        "The answers of a service",
        name="status",
        kind=Function(Number(whole=True), calls=[(body,) for body in ways.BODIES]),
        truth=ways.status,
        section="A service that scores",
        hints=[
            "Length first, then `json.loads` in `try`, then type, fields, values.",
            "`True` is an `int` to Python: ask `isinstance(value, bool)` first.",
        ],
        mistakes=[
            Mistake(
                "true-for-one",
                functools.partial(ways.answered, true=True),
                "`true` passes for a number.",
                "Refuse `bool` before you ask for `int`.",
            ),
            Mistake(
                "nan-passes",
                functools.partial(ways.answered, nan=True),
                "`NaN` is not JSON, though Python reads it.",
                "Give `json.loads` the function `refused` as `parse_constant`.",
            ),
            Mistake(
                "one-field-alone",
                functools.partial(ways.answered, one_field=True),
                "A wrong value of `downloads` passes.",
                "Look at the values of both fields.",
            ),
            Mistake(
                "infinity-passes",
                functools.partial(ways.answered, endless=True),
                "Python reads `1e400` as infinity, which is not a whole number.",
                "Refuse infinity: `float('inf') % 1` is not 0.",
            ),
            Mistake(
                "unknown-field",
                functools.partial(ways.answered, more=True),
                "An unknown field passes: perhaps a typo.",
                "The fields are exactly `pages` and `downloads`.",
            ),
            Mistake(
                "missing-field",
                functools.partial(ways.answered, few=True),
                "A missing field passes.",
                "The fields are exactly `pages` and `downloads`.",
            ),
            Mistake(
                "negative",
                functools.partial(ways.answered, negative=True),
                "Fewer than 0 pages pass.",
                "Refuse values below 0.",
            ),
            Mistake(
                "half-a-page",
                functools.partial(ways.answered, part=True),
                "Half a page passes.",
                "`value % 1` is 0 for whole numbers.",
            ),
            Mistake(
                "whole-float-refused",
                functools.partial(ways.answered, float_out=True),
                "`3.0` is a whole number, and is refused.",
                "Ask `value % 1`, not the type.",
            ),
            Mistake(
                "size-last",
                functools.partial(ways.answered, late=True),
                "A body that is too long is read before it is refused.",
                "Look at the length first.",
            ),
            Mistake(
                "not-an-object",
                functools.partial(ways.answered, lists=True),
                "A list or a number passes for an enquiry.",
                "Only a `dict` has fields.",
            ),
            Mistake(
                "limit-too-low",
                functools.partial(ways.answered, limit=199),
                "A body of exactly 200 characters is allowed.",
                "Refuse more than 200: `>`.",
            ),
        ],
        after="Each refusal has a number of its own, so that the sender knows what to do.",
    ),
    Task(
        "31.6",
        "The numbers of the memo",
        name="measures",
        kind=Table(
            {
                "measure": Text(),
                "value": Number(decimals=3),
                "low": Number(decimals=3),
                "high": Number(decimals=3),
            },
            key="measure",
        ),
        truth=ways.memo,
        section="Does it work? Four measures",
        hints=[
            "Each function gives value and both ends: put five lists into one DataFrame.",
            "`cohorts.durations`, then `kaplan_meier`, then `survival_at(curve, 12)`.",
        ],
        mistakes=[
            measure(
                "conversion",
                lambda: ways.conversion(mature=False),
                "Enquiries whose 60 days are not over are in the conversion.",
                "Keep `received_at <= MATURE`.",
                "immature",
            ),
            measure(
                "conversion",
                lambda: ways.conversion(window=None),
                "Orders after more than 60 days are in the conversion.",
                "Compare with `received_at` plus 60 days.",
                "ever-ordered",
            ),
            measure(
                "retention",
                lambda: ways.retention(naive=True),
                "Your retention is the share of contracts still running, old and new together.",
                "Read the survival curve at 12 months.",
                "still-running",
            ),
            measure(
                "ROI",
                lambda: ways.roi(on="revenue"),
                "Your ROI counts revenue as gain.",
                "Take `amount` less `cost`.",
                "roi-on-revenue",
            ),
            measure(
                "ROI",
                lambda: ways.roi(buyers=True),
                "Only buyers are drawn anew: that how many buy is chance is not in the interval.",
                "Draw all enquiries, with a gain of 0 for those who did not order.",
                "buyers-alone",
            ),
            measure(
                "NPS",
                lambda: ways.recommend(silent=True),
                "Whoever did not answer counts as a detractor.",
                "Leave missing points missing.",
                "silence-counted",
            ),
            measure(
                "same day",
                lambda: ways.same_day(mature=False),
                "Enquiries whose 60 days are not over are in the trial.",
                "Keep `received_at <= MATURE`.",
                "immature-trial",
            ),
            measure(
                "same day",
                lambda: ways.same_day(turned=True),
                "That is the usual answer less the answer on the same day.",
                "Give the counts of `same day` first.",
                "turned-round",
            ),
            measure(
                "same day",
                lambda: ways.same_day(separate=True),
                "The ends of two intervals are no interval of the difference.",
                "Use `metrics.difference`.",
                "two-intervals",
            ),
        ],
        after="Only the last row compares groups drawn at random: it alone speaks of an effect.",
        equivalent={
            IN_TIME: "no order at that second",
            "without on='enquiry_id'": "the orders repeat the channel, which is the same in both",
            "the bound of dates['received_at'] <= MATURE moved": "none at that second",
            "dates for clean": "the same enquiries, with dates",
            "without fillna": "a sum leaves missing values out",
        },
    ),
]
