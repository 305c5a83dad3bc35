"""The page of a run: the weekly report, and what the system adds to it.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs, automation, plots, report
from funnelkit.pipeline.sources import need_parts
from funnelkit.pipeline.steps import MOST

__all__ = ["make_page"]

PARTS = ("segments", "scores", "recommendations", "ledger", "mails", "tasks", "gate", "known")


def make_page(tables, measures, found, *, made, capacity=36, name="the school"):
    """Write the page of a run.

    Parameters
    ----------
    tables : dict of DataFrame
        The tables of the run up to the automation.
    measures : DataFrame
        What `four_measures` returns.
    found : report.Weekly
        The weekly counts.
    made : date
        The day of the report.
    capacity : int
        How many leads can be called in a week.
    name : str
        What to call the company.

    Returns
    -------
    str
        One page of HTML that needs nothing else.
    """
    made = _inputs.end_of_data("made", made)
    capacity = _inputs.whole("capacity", capacity, at_least=0, at_most=MOST)
    need_parts(tables, PARTS, "each step")
    measures = _measured(measures)
    sections = [
        _segments(tables["segments"]),
        _scores(tables["scores"], capacity),
        _recommendations(tables["recommendations"]),
        _automation(tables["ledger"], tables["mails"], tables["tasks"]),
        _set_aside(tables["gate"], tables["known"]),
    ]
    return report.page(found, name=name, made=made, first=[_four(measures)], more=sections)


def _measured(measures):
    """Return the four measures if they can be written."""
    _inputs.need_columns(measures, ["value", "ci_low", "ci_high", "of", "cannot"], "measures")
    read = {name: _inputs.ids(measures[name], name) for name in ("of", "cannot")}
    for name in ("value", "ci_low", "ci_high"):
        values = _inputs.numbers(name, measures[name], missing="keep")
        _inputs.refuse(np.isinf(values), f"{name} is infinite", "leave it missing")
        read[name] = values
    return pd.DataFrame(read, index=measures.index)


def _four(measures):
    """Write the four measures, each with its interval or with the reason why it is not said."""
    rows, missing = {}, []
    for what, row in measures.iterrows():
        if pd.isna(row["value"]):
            rows[what] = ["–", "–", "cannot be said"]
            missing.append(f"The {what} cannot be said from these data: {row['cannot']}.")
            continue
        interval = f"{plots.percent(row['ci_low']).removesuffix(' %')} to "
        interval += plots.percent(row["ci_high"])
        rows[what] = [plots.percent(row["value"]), interval, row["of"]]
    table = _shown(rows, ["Value", "95 % interval", "What it is"], "Measure")
    return report.Section(
        "The four measures",
        missing,
        [("What the whole system is judged by", table)],
    )


def _shown(rows, columns, index):
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis(index)


def _segments(segments):
    if not len(segments):
        return report.Section("Customers by segment", ["Nobody has bought yet."])
    groups = segments.groupby("segment")
    size = groups.size().sort_values(ascending=False, kind="stable")
    rows = {
        segment: [
            f"{n:,}",
            plots.percent(n / len(segments)),
            f"{groups['days_since_last'].median()[segment]:,.0f}",
            f"{groups['purchases'].median()[segment]:,.0f}",
            f"{groups['spent'].median()[segment]:,.0f}",
        ]
        for segment, n in size.items()
    }
    columns = ["Customers", "Share", "Days since", "Purchases", "EUR spent"]
    said = (
        "By how lately and how often they bought, each compared with all others. A segment is a "
        "description; what an offer changes in it, only a test says."
    )
    table = _shown(rows, columns, "Segment")
    return report.Section("Customers by segment", [said], [("Medians of each segment", table)])


def _scores(scores, capacity):
    title = "Leads to call"
    if not len(scores):
        said = "No lead is scored: too few labelled leads to learn from, or no new ones this week."
        return report.Section(title, [said])
    called = scores[scores["call"]]
    said = [
        f"{len(scores):,} leads could be scored this week, and {capacity:,} can be called: "
        f"{len(called):,} are on the list, with scores from {plots.percent(called['score'].min())} "
        f"to {plots.percent(called['score'].max())}."
        if len(called)
        else f"{len(scores):,} leads could be scored this week, and none can be called.",
        f"If the scores are right, {called['score'].sum():.0f} of these enrol within 60 days if "
        f"called. Model: version {scores['model_version'].iloc[0]}. The whole list is in the table "
        "of scores; a reason says what moved the score, and not why somebody buys.",
    ]
    rows = {
        row.lead_id: [plots.percent(row.score), row.reasons] for row in called.head(10).itertuples()
    }
    table = _shown(rows, ["Score", "What moved it"], "Lead")
    return report.Section(title, said, [("The first ten", table)] * bool(len(called)))


def _recommendations(lists):
    if not len(lists):
        return report.Section("Courses to show", ["Nobody has taken a course yet."])
    cold = lists.loc[lists["because"] == "taken by many", "customer_id"].nunique()
    first = lists[lists["rank"] == 1]
    top = first["title"].value_counts(sort=False).sort_index()
    top = top.sort_values(ascending=False, kind="stable").head(5)
    said = (
        f"{lists['customer_id'].nunique():,} customers have a list, of "
        f"{lists['course_id'].nunique():,} different courses; {cold:,} of them have taken nothing "
        "that says what they like, and get what many take."
    )
    rows = {title: [f"{n:,}"] for title, n in top.items()}
    table = _shown(rows, ["Lists that begin with it"], "Course")
    return report.Section("Courses to show", [said], [("The most frequent first places", table)])


def _automation(ledger, mails, tasks):
    title = "What the automation did"
    if not len(ledger):
        return report.Section(title, ["There were no deals for its rules to act on."])
    counts = automation.outcome_table(ledger)
    rule = ledger.set_index("key")["rule"]
    sent = mails[mails["outcome"] == "sent"]
    of_week = (
        sent["key"]
        .map(rule)
        .value_counts()
        .add(tasks["key"].map(rule).value_counts(), fill_value=0)
    )
    rows = {
        name: [f"{of_week.get(name, 0):,.0f}", *(f"{n:,}" for n in row)]
        for name, row in counts.iterrows()
    }
    columns = ["This run", "Entries", "Done", "Stopped", "No consent", "Capped", "Waiting"]
    said = (
        f"{len(sent):,} mails were sent in this run, each once, and {len(tasks):,} tasks handed to "
        "advisers. The other columns count all entries so far."
    )
    return report.Section(title, [said], [("Entries by rule", _shown(rows, columns, "Rule"))])


def _set_aside(gate, known):
    title = "Rows set aside"
    later = known["later"].sum()
    said = [
        f"{gate['rows'].sum():,} of {known['rows'].sum() - later:,} rows did not pass the gate. "
        "They are in the table of rows set aside, with the reason; nothing was thrown away."
    ]
    if later:
        said.append(f"{later:,} rows are later than the end of the data and were not looked at.")
    rows = [
        [
            f"{name}: {reason}",
            f"{row['rows']:,.0f}",
            plots.percent(row["share"]),
            plots.percent(row["of_week"]),
            f"{row['first_row']:,.0f}",
        ]
        for (name, reason), row in gate.iterrows()
    ]
    columns = ["Table and reason", "Rows", "Share", "Of the last week", "First row"]
    table = pd.DataFrame(rows, columns=columns).set_index("Table and reason")
    return report.Section(title, said, [("By table and reason", table)] * bool(len(rows)))
