"""The numbers of project 31, and the ways to get them wrong: what its tasks are made of."""

import functools
import json

import pandas as pd

from funnelkit import automation, cohorts, metrics, school

__all__ = [
    "BODIES",
    "CALLS",
    "answered",
    "by_number",
    "call_list",
    "clean",
    "conversion",
    "dated",
    "faulty",
    "firm",
    "go_on",
    "going_on",
    "ledger",
    "looks_at_tables",
    "mails",
    "memo",
    "ordered",
    "received",
    "recommend",
    "refused",
    "retention",
    "roi",
    "same_day",
    "share",
    "status",
    "stopped",
]

END = "2026-06-28"
AFTER = pd.Timestamp(END) + pd.Timedelta("1D")
MATURE = AFTER - pd.Timedelta("60D")


@functools.cache
def firm():
    """Return the records of the firm."""
    return school.heating_firm()


# ---------------------------------------------------------------- 31.1


def received():
    """Return the enquiries that can have come by the last day."""
    rows = firm()["enquiries"]
    return rows[rows["received_at"] < AFTER]


def iso_week(day):
    """Return the name of a day's week, as `report.iso_week` does."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


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
    table = aside.groupby(rows["received_at"].map(iso_week)).agg(["size", "sum"])
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
    return going_on(steps, manifest, inputs)


def going_on(steps, manifest, inputs, *, gaps=False, any_inputs=False, from_next=False, new=False):
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
    going_on(steps, manifest, inputs)
    return list(steps[len(manifest["steps"]) :])


def looks_at_tables(steps, manifest, inputs):
    """Compare only the names of the tables."""
    if manifest["inputs"].keys() != inputs.keys():
        raise ValueError("the inputs have changed")
    return going_on(steps, manifest, inputs, any_inputs=True)


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
    return answered(body)


def answered(
    body, *, true=False, negative=False, part=False, more=False, nan=False, lists=False, limit=200,
    late=False, float_out=False, few=False, endless=False, one_field=False,
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
    for value in [lead.get("pages", 0)] if one_field else lead.values():
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


# ---------------------------------------------------------------- the calls to try

ALL = ["gate", "store", "scores", "report"]
SEEN = {"leads": "a1", "orders": "b1"}
CALLS = [
    (ALL, {"inputs": SEEN, "steps": ["gate", "store"]}, SEEN),
    (ALL, {"inputs": SEEN, "steps": []}, SEEN),
    (ALL, {"inputs": SEEN, "steps": ALL}, SEEN),
    (ALL, {"inputs": SEEN, "steps": ["gate", "scores"]}, SEEN),
    (ALL, {"inputs": SEEN, "steps": ["store", "scores", "report"]}, SEEN),
    (ALL, {"inputs": SEEN, "steps": ["gate"]}, {"leads": "a2", "orders": "b1"}),
    (ALL, {"inputs": SEEN, "steps": ["gate"]}, {"leads": "a1"}),
    (ALL, {"inputs": SEEN, "steps": ALL}, {**SEEN, "surveys": "c1"}),
    (ALL, {"inputs": SEEN, "steps": ["gate"]}, {"leads": "b1", "orders": "a1"}),
    (ALL, {"inputs": SEEN, "steps": []}, {"leads": "a2", "orders": "b1"}),
    (["gate"], {"inputs": {}, "steps": []}, {}),
]

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
    '{"downloads": 1, "pages": 3}',
    '{"pages": 0, "downloads": -1}',
    '{"pages": 3, "downloads": true}',
    '{"pages": 3, "downloads": 0.5}',
    '{"pages": 3, "downloads": "1"}',
    '{"pages": 3, "downloads": null}',
    '{"pages": 3, "downloads": 1e400}',
    '{"pages": 3, "downloads": Infinity}',
    '{"pages": 3, "downloads": -Infinity}',
    '{"pages": 3, "note": "' + "é" * 120 + '"}',
    "null",
    '"{}"',
]
