"""Milestones of project 31: the whole system, for another firm."""

import functools
import json

import pandas as pd

from funnelkit import automation, cohorts, metrics, report
from funnelkit.exercises.kinds import Function, List, Mapping, Number, Table, Text
from funnelkit.exercises.tasks import Mistake, Task
from funnelkit.simulate import heating_firm

END = "2026-06-28"
AFTER = pd.Timestamp(END) + pd.Timedelta("1D")
MATURE = AFTER - pd.Timedelta("60D")


@functools.cache
def firm():
    """Return the records of the firm."""
    return heating_firm()


# ---------------------------------------------------------------- 31.1


def received():
    """Return the enquiries that can have come by the last day."""
    rows = firm()["enquiries"]
    return rows[rows["received_at"] < AFTER]


def faulty(rows, *, repeats="first", channel=True, pages=True):
    """Return which rows the gate sets aside."""
    aside = rows.duplicated(keep=repeats) if repeats is not None else pd.Series(False, rows.index)
    aside = aside | rows["channel"].isna() if channel else aside
    return aside | (rows["pages"] < 0) if pages else aside


def stopped(limit=0.04, *, by="low", rows=None, twice=False, **rules):
    """Return the weeks of which more is set aside than a limit and chance explain."""
    rows = received() if rows is None else rows
    aside = faulty(rows, **rules).astype(int)
    if twice:
        parts = [rows.duplicated(), rows["channel"].isna(), rows["pages"] < 0]
        aside = sum(part.astype(int) for part in parts)
    table = aside.groupby(rows["received_at"].map(report.iso_week)).agg(["size", "sum"])
    table = table.set_axis(["rows", "aside"], axis="columns").rename_axis("week").reset_index()
    low, high = metrics.wilson_interval(table["aside"], table["rows"])
    ends = {"low": low, "high": high, "share": table["aside"] / table["rows"]}
    return table[ends[by] > limit]


def clean():
    """Return the enquiries that passed the gate."""
    rows = received()
    return rows[~faulty(rows)]


# ---------------------------------------------------------------- 31.2


def go_on(steps, manifest, inputs):
    """Return the first step that is not done, and all after it."""
    return _go_on(steps, manifest, inputs)


def _go_on(steps, manifest, inputs, *, gaps=False, any_inputs=False, from_next=False, new=False):
    """Return the steps to do, perhaps with a fault."""
    if manifest["inputs"] != inputs and not any_inputs:
        if new:
            return list(steps)
        raise ValueError("the inputs have changed: begin a new run")
    left = [step for step in steps if step not in manifest["steps"]]
    if gaps or not left:
        return left
    return list(steps[steps.index(left[0]) + from_next :])


def by_number(steps, manifest, inputs):
    """Take the number of steps done for their place."""
    _go_on(steps, manifest, inputs)
    return list(steps[len(manifest["steps"]) :])


def looks_at_tables(steps, manifest, inputs):
    """Compare only the names of the tables."""
    if manifest["inputs"].keys() != inputs.keys():
        raise ValueError("the inputs have changed")
    return _go_on(steps, manifest, inputs, any_inputs=True)


ALL = ["gate", "store", "scores", "report"]
SEEN = {"leads": "a1", "orders": "b1"}


# ---------------------------------------------------------------- 31.3


RULES = pd.DataFrame({"rule": ["questions", "review"], "trigger": ["offer", "order"]})
RULES = RULES.assign(wait=["7D", "30D"], action="mail", name=["questions", "review"])
RULES = RULES.assign(stop=["order", ""], entry_key="user_id", consent=True)


@functools.cache
def ledger(*, consents="all", passed=True, **changes):
    """Return the ledger of the two rules."""
    log, said = firm()["steps"], firm()["consents"]
    log = log[log["user_id"].isin(clean()["enquiry_id"])] if passed else log
    said = said if consents == "all" else said.drop_duplicates("user_id")
    return automation.run(log, RULES.assign(**changes), consents=said, observed_until=END)


def mails(since="2026-06-01", *, outcome="done", times=1, **options):
    """Return how many mails of each rule were sent in June."""
    rows = ledger(**options)
    rows = rows[rows["at"] >= since]
    rows = rows if outcome is None else rows[rows["outcome"] == outcome]
    found = rows["rule"].value_counts().to_dict()
    first = rows.sort_values("at", kind="stable").head(50)["rule"].value_counts()
    return {rule: int(n + (times - 1) * first.get(rule, 0)) for rule, n in found.items()}


# ---------------------------------------------------------------- 31.4


def dated(rows):
    """Return enquiries with when each was visited and ordered."""
    log = firm()["steps"]
    first = log.pivot_table(index="user_id", columns="event", values="timestamp", aggfunc="min")
    return rows.merge(first, left_on="enquiry_id", right_index=True)


def ordered(rows, window="60D"):
    """Return whether each enquiry became an order in time."""
    limit = pd.Timedelta(window) if window else AFTER - pd.Timestamp("2000-01-01")
    return rows["order"] <= rows["received_at"] + limit


@functools.cache
def call_list(
    *, window="60D", mature=True, open_only=True, groups=("channel", "downloads"), raw=False,
    latest=False, first=None, calls=12,
):  # fmt: skip
    """Return the enquiries of the last week to be called first."""
    rows = dated(received() if raw else clean())
    past = rows[rows["received_at"] <= MATURE] if mature else rows
    rate = ordered(past, window).groupby([past[name] for name in groups]).mean()
    new = rows[rows["received_at"] >= AFTER - pd.Timedelta("7D")]
    new = new[new["visit"].isna()] if open_only else new
    new = new.merge(rate.rename("score").reset_index(), on=list(groups))
    new = new.sort_values("received_at", ascending=not latest, kind="stable")
    new = new.sort_values("score", ascending=first == "low", kind="stable")
    return new[["enquiry_id", "score"]].head(calls)


# ---------------------------------------------------------------- 31.5


def refused(value):
    """Refuse what JSON does not know: NaN and Infinity."""
    raise ValueError(value)


def status(body):
    """Return the status with which the service answers a request."""
    return _status(body)


def _status(
    body, *, true=False, negative=False, part=False, more=False, nan=False, lists=False, limit=200,
    late=False, float_out=False, few=False, endless=False,
):  # fmt: skip
    """Return the status of an answer, with one of the faults that services have."""
    if len(body) > limit and not late:
        return 413
    try:
        lead = json.loads(body, parse_constant=None if nan else refused)
    except ValueError:
        return 400
    if len(body) > limit:
        return 413
    if not isinstance(lead, dict):
        return 200 if lists else 422
    if lead.keys() - {"pages", "downloads"} and not more:
        return 422
    if {"pages", "downloads"} - lead.keys() and not few:
        return 422
    for value in lead.values():
        if isinstance(value, bool) and not true:
            return 422
        if not isinstance(value, (int, float)) or (isinstance(value, float) and float_out):
            return 422
        if value in (float("inf"), float("-inf")):
            if not endless:
                return 422
        elif (value % 1 and not part) or (value < 0 and not negative):
            return 422
    return 200


LONG = '{"pages": 3, "downloads": 1' + " " * 180 + "}"
BODIES = [
    '{"pages": 3, "downloads": 1}',
    '{"pages": 3.0, "downloads": 0}',
    '{"pages": 2.5, "downloads": 1}',
    '{"pages": -1, "downloads": 0}',
    '{"pages": true, "downloads": 0}',
    '{"pages": "3", "downloads": 0}',
    '{"pages": null, "downloads": 0}',
    '{"pages": NaN, "downloads": 0}',
    '{"pages": 1e400, "downloads": 0}',
    '{"pages": 3}',
    '{"pages": 3, "downloads": 1, "visits": 2}',
    "[3, 1]",
    "7",
    '{"pages": 3, "downloads"',
    "",
    LONG,
    LONG[:-1],
    LONG[:27] + " " * 172 + "}",
    LONG[:27] + " " * 173 + "}",
    '{"pages": 0, "downloads": 0}',
]


# ---------------------------------------------------------------- 31.6


def share(converted):
    """Return a rate with Wilson's interval."""
    found = metrics.wilson_interval(int(converted.sum()), len(converted))
    return [converted.mean(), *found]


@functools.cache
def conversion(*, window="60D", mature=True, raw=False):
    """Return the share of enquiries that become orders."""
    rows = dated(received() if raw else clean())
    rows = rows[rows["received_at"] <= MATURE] if mature else rows
    return share(ordered(rows, window))


@functools.cache
def retention(*, naive=False, at=12):
    """Return the share of contracts that are kept for a year."""
    contracts = firm()["contracts"]
    if naive:
        return share(contracts["ended"].isna())
    watched = cohorts.durations(contracts["started"], contracts["ended"], observed_until=END)
    curve = cohorts.kaplan_meier(watched["duration"], watched["observed"])
    return cohorts.survival_at(curve, at)[["survival", "ci_low", "ci_high"]].tolist()


@functools.cache
def roi(*, on="margin", buyers=False):
    """Return the return on marketing, with an interval by enquiry."""
    orders = firm()["orders"]
    rows = clean().merge(orders, on="enquiry_id", how="inner" if buyers else "left")
    gain = rows["amount"] - rows["cost"] if on == "margin" else rows["amount"]
    table = rows[["enquiry_id"]].assign(gain=gain.fillna(0))
    spent = firm()["spend"]["spend"].sum()

    def returned(some):
        return (some["gain"].sum() - spent) / spent

    drawn = metrics.bootstrap(table, returned, user="enquiry_id", n_resamples=400, seed=31)
    return [drawn.estimate, drawn.low, drawn.high]


def recommend(*, silent=False):
    """Return the net promoter score."""
    points = firm()["surveys"]["points"]
    return cohorts.nps(points.fillna(0) if silent else points).loc[
        "all", ["nps", "ci_low", "ci_high"]
    ].tolist()  # fmt: skip


@functools.cache
def same_day(*, mature=True, turned=False, separate=False):
    """Return what an answer on the same day adds to the rate of orders."""
    rows = dated(clean())
    rows = rows[rows["received_at"] <= MATURE] if mature else rows
    won = ordered(rows).groupby(rows["answer"]).agg(["sum", "count"])
    arms = ["usual", "same day"] if turned else ["same day", "usual"]
    found = metrics.difference(*won.loc[arms[0]], *won.loc[arms[1]])
    if separate:
        one, other = (metrics.wilson_interval(*won.loc[arm]) for arm in arms)
        return [found["difference"], one[0] - other[1], one[1] - other[0]]
    return found.tolist()


def memo(**changes):
    """Return the numbers of the memo, one of them in another way."""
    rows = {
        "conversion": conversion,
        "retention": retention,
        "ROI": roi,
        "NPS": recommend,
        "same day": same_day,
    }
    found = {name: changes[name]() if name in changes else how() for name, how in rows.items()}
    table = pd.DataFrame.from_dict(found, orient="index", columns=["value", "low", "high"])
    return table.rename_axis("measure").reset_index()


def measure(name, how, message, next_step, id):
    """Return the mistake of getting one measure in a wrong way."""
    return Mistake(id, lambda: memo(**{name: how}), message, next_step)


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
        truth=stopped,
        section="The quality gate",
        hints=[
            "`duplicated()` marks repeats of an earlier row; join conditions by `|`.",
            "Group by `received['received_at'].map(report.iso_week)`, then `agg`; then Wilson.",
        ],
        mistakes=[
            Mistake(
                "every-copy",
                lambda: stopped(repeats=False),
                "Both copies of a repeated row are set aside: nobody is left of them.",
                "Keep the first: `duplicated()` as it comes.",
            ),
            Mistake(
                "future-rows",
                lambda: stopped(rows=firm()["enquiries"]),
                "Rows with a time after the last day are in it.",
                "Use `received`.",
            ),
            Mistake(
                "repeats-kept",
                lambda: stopped(repeats=None),
                "Repeated rows pass your gate.",
                "Set them aside as well.",
            ),
            Mistake(
                "channel-not-asked",
                lambda: stopped(channel=False),
                "Rows without a channel pass your gate.",
                "Set them aside as well: `isna()`.",
            ),
            Mistake(
                "pages-not-asked",
                lambda: stopped(pages=False),
                "Rows with fewer than 0 pages pass your gate.",
                "Set them aside as well.",
            ),
            Mistake(
                "share-for-its-end",
                lambda: stopped(by="share"),
                "Weeks are in it whose share is above 4 % while chance may explain it.",
                "Compare the lower end of the interval with the limit.",
            ),
            Mistake(
                "upper-end",
                lambda: stopped(by="high"),
                "You compare the upper end of the interval, or none.",
                "`metrics.wilson_interval` returns the lower end first.",
            ),
            Mistake(
                "faults-for-rows",
                lambda: stopped(twice=True),
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
            calls=[
                (ALL, {"inputs": SEEN, "steps": ["gate", "store"]}, SEEN),
                (ALL, {"inputs": SEEN, "steps": []}, SEEN),
                (ALL, {"inputs": SEEN, "steps": ALL}, SEEN),
                (ALL, {"inputs": SEEN, "steps": ["gate", "scores"]}, SEEN),
                (ALL, {"inputs": SEEN, "steps": ["store", "scores", "report"]}, SEEN),
                (ALL, {"inputs": SEEN, "steps": ["gate"]}, {"leads": "a2", "orders": "b1"}),
                (ALL, {"inputs": SEEN, "steps": ["gate"]}, {"leads": "a1"}),
                (ALL, {"inputs": SEEN, "steps": ALL}, {**SEEN, "surveys": "c1"}),
                (["gate"], {"inputs": {}, "steps": []}, {}),
            ],
        ),
        truth=go_on,
        section="Killed, and resumed",
        hints=[
            "Compare the two dictionaries of fingerprints with `!=`, and `raise ValueError(...)`.",
            "Go through the steps in order, and stop at the first that is not done.",
        ],
        mistakes=[
            Mistake(
                "only-the-missing",
                functools.partial(_go_on, gaps=True),
                "A step after one that is not done is left out: what it was given has gone.",
                "From the first missing step on, all steps run.",
            ),
            Mistake(
                "counted",
                by_number,
                "You go by how many steps are done; which ones they are counts.",
                "Look each step up in `manifest['steps']`.",
            ),
            Mistake(
                "one-too-late",
                functools.partial(_go_on, from_next=True),
                "The first step that is not done is left out itself.",
                "Begin with it.",
            ),
            Mistake(
                "any-inputs",
                functools.partial(_go_on, any_inputs=True),
                "Other inputs than the run began with are not refused.",
                "Raise a ValueError if the fingerprints differ.",
            ),
            Mistake(
                "names-alone",
                looks_at_tables,
                "You compare the names of the tables; their fingerprints may differ.",
                "Compare the whole dictionaries.",
            ),
            Mistake(
                "begins-anew",
                functools.partial(_go_on, new=True),
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
        truth=mails,
        section="Killed, and resumed",
        hints=[
            "Send the first 50 mails, then all of them, each time with `key=row.key`.",
            '`store.mails()["mail"].value_counts()` counts what was sent.',
        ],
        mistakes=[
            Mistake(
                "sent-twice",
                lambda: mails(times=2),
                "The first 50 mails are in it twice.",
                "Give `send_mail` the `key` of the ledger.",
            ),
            Mistake(
                "all-entries",
                lambda: mails(outcome=None),
                "Those are entries of the ledger, also those held back.",
                "Only `done` was sent.",
            ),
            Mistake(
                "all-months",
                lambda: mails("2025-01-01"),
                "Those are the mails of the whole year.",
                "Take those since 1 June 2026.",
            ),
            Mistake(
                "no-stop",
                lambda: mails(stop=""),
                "People who have ordered are asked whether they have questions.",
                "Give the first rule the stop `order`.",
            ),
            Mistake(
                "withdrawals-forgotten",
                lambda: mails(consents="first"),
                "Only the first word of each person about consent is in it.",
                "Give the whole table `consents`.",
            ),
            Mistake(
                "consent-not-asked",
                lambda: mails(consent=False),
                "People who did not agree got mails.",
                "Give both rules `consent` True.",
            ),
            Mistake(
                "not-through-the-gate",
                lambda: mails(passed=False),
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
            "without key=row.key": "the store then makes a key of mail and person, and each gets a mail once",
        },
    ),
    Task(
        "31.4",
        "Whom to call on Monday",
        name="call_list",
        kind=Table({"enquiry_id": Text(), "score": Number(unit="fraction", decimals=3)}),
        truth=call_list,
        section="Looked at by people",
        hints=[
            "Two tables: `past`, to learn a rate for each pair of channel and downloads; `new`.",
            "Merge the rates onto `new`; sort by time first, then by score with `kind='stable'`.",
        ],
        mistakes=[
            Mistake(
                "immature",
                lambda: call_list(mature=False),
                "Enquiries whose 60 days are not over count as not ordered.",
                "Learn from `received_at <= MATURE`.",
            ),
            Mistake(
                "ever-ordered",
                lambda: call_list(window=None),
                "Orders after more than 60 days count.",
                "Compare `order` with `received_at` plus 60 days.",
            ),
            Mistake(
                "visited-already",
                lambda: call_list(open_only=False),
                "Somebody is on the list who has been visited.",
                "Keep those whose `visit` is missing.",
            ),
            Mistake(
                "channel-alone",
                lambda: call_list(groups=("channel",)),
                "Those are rates by channel alone.",
                "Group by `channel` and `downloads`.",
            ),
            Mistake(
                "latest-first",
                lambda: call_list(latest=True),
                "Among equal scores the latest comes first.",
                "Put the earliest first: they have waited longest.",
            ),
            Mistake(
                "worst-first",
                lambda: call_list(first="low"),
                "The lowest scores come first.",
                "Sort with `ascending=False`.",
            ),
            Mistake(
                "too-many",
                lambda: call_list(calls=100),
                "Those are more than 12.",
                "There is time for 12 calls.",
            ),
        ],
        after="A list that fits the week, and each score can be explained in a sentence.",
        equivalent={
            "the bound of past['order'] <= past['received_at'] + pd.Timedelta('60D') moved": "no order at that second",
            "without on=['channel', 'downloads']": "these are the columns that both have",
            "without kind='stable'": "the list is the same with the default sort",
            "the bound of dates['received_at'] <= MATURE moved": "none at that second",
            "the bound of dates['received_at'] >= AFTER - pd.Timedelta('7D') moved": "none at that second",
        },
    ),
    Task(
        "31.5",
        "The answers of a service",
        name="status",
        kind=Function(Number(whole=True), calls=[(body,) for body in BODIES]),
        truth=status,
        section="A service that scores",
        hints=[
            "Length first, then `json.loads` in `try`, then type, fields, values.",
            "`True` is an `int` to Python: ask `isinstance(value, bool)` first.",
        ],
        mistakes=[
            Mistake(
                "true-for-one",
                functools.partial(_status, true=True),
                "`true` passes for a number.",
                "Refuse `bool` before you ask for `int`.",
            ),
            Mistake(
                "nan-passes",
                functools.partial(_status, nan=True),
                "`NaN` is not JSON, though Python reads it.",
                "Give `json.loads` the function `refused` as `parse_constant`.",
            ),
            Mistake(
                "infinity-passes",
                functools.partial(_status, endless=True),
                "Python reads `1e400` as infinity, which is not a whole number.",
                "Refuse infinity: `float('inf') % 1` is not 0.",
            ),
            Mistake(
                "unknown-field",
                functools.partial(_status, more=True),
                "An unknown field passes: perhaps a typo.",
                "The fields are exactly `pages` and `downloads`.",
            ),
            Mistake(
                "missing-field",
                functools.partial(_status, few=True),
                "A missing field passes.",
                "The fields are exactly `pages` and `downloads`.",
            ),
            Mistake(
                "negative",
                functools.partial(_status, negative=True),
                "Fewer than 0 pages pass.",
                "Refuse values below 0.",
            ),
            Mistake(
                "half-a-page",
                functools.partial(_status, part=True),
                "Half a page passes.",
                "`value % 1` is 0 for whole numbers.",
            ),
            Mistake(
                "whole-float-refused",
                functools.partial(_status, float_out=True),
                "`3.0` is a whole number, and is refused.",
                "Ask `value % 1`, not the type.",
            ),
            Mistake(
                "size-last",
                functools.partial(_status, late=True),
                "A body that is too long is read before it is refused.",
                "Look at the length first.",
            ),
            Mistake(
                "not-an-object",
                functools.partial(_status, lists=True),
                "A list or a number passes for an enquiry.",
                "Only a `dict` has fields.",
            ),
            Mistake(
                "limit-too-low",
                functools.partial(_status, limit=199),
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
        truth=memo,
        section="Does it work? Four measures",
        hints=[
            "Each function gives value and both ends: put five lists into one DataFrame.",
            "`cohorts.durations`, then `kaplan_meier`, then `survival_at(curve, 12)`.",
        ],
        mistakes=[
            measure(
                "conversion",
                lambda: conversion(mature=False),
                "Enquiries whose 60 days are not over are in the conversion.",
                "Keep `received_at <= MATURE`.",
                "immature",
            ),
            measure(
                "conversion",
                lambda: conversion(window=None),
                "Orders after more than 60 days are in the conversion.",
                "Compare with `received_at` plus 60 days.",
                "ever-ordered",
            ),
            measure(
                "retention",
                lambda: retention(naive=True),
                "Your retention is the share of contracts still running, old and new together.",
                "Read the survival curve at 12 months.",
                "still-running",
            ),
            measure(
                "ROI",
                lambda: roi(on="revenue"),
                "Your ROI counts revenue as gain.",
                "Take `amount` less `cost`.",
                "roi-on-revenue",
            ),
            measure(
                "ROI",
                lambda: roi(buyers=True),
                "Only buyers are drawn anew: that how many buy is chance is not in the interval.",
                "Draw all enquiries, with a gain of 0 for those who did not order.",
                "buyers-alone",
            ),
            measure(
                "NPS",
                lambda: recommend(silent=True),
                "Whoever did not answer counts as a detractor.",
                "Leave missing points missing.",
                "silence-counted",
            ),
            measure(
                "same day",
                lambda: same_day(mature=False),
                "Enquiries whose 60 days are not over are in the trial.",
                "Keep `received_at <= MATURE`.",
                "immature-trial",
            ),
            measure(
                "same day",
                lambda: same_day(turned=True),
                "That is the usual answer less the answer on the same day.",
                "Give the counts of `same day` first.",
                "turned-round",
            ),
            measure(
                "same day",
                lambda: same_day(separate=True),
                "The ends of two intervals are no interval of the difference.",
                "Use `metrics.difference`.",
                "two-intervals",
            ),
        ],
        after="Only the last row compares groups drawn at random: it alone speaks of an effect.",
        equivalent={
            "the bound of past['order'] <= past['received_at'] + pd.Timedelta('60D') moved": "no order at that second",
            "without on='enquiry_id'": "the orders repeat the channel, which is the same in both",
            "the bound of dates['received_at'] <= MATURE moved": "none at that second",
            "dates for clean": "the same enquiries, with dates",
            "without fillna": "a sum leaves missing values out",
            "'enquiry' for 'received_at'": "an enquiry is received when it is made",
        },
    ),
]
