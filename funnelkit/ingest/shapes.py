"""The exports of well-known tools: how they are recognised, and what a row of theirs is."""

import re
from dataclasses import dataclass, field

from funnelkit import _inputs

__all__ = ["GA4", "SHAPES", "Shape", "folded", "recognise"]

GA4 = "Google Analytics 4 events"


@dataclass(frozen=True)
class Shape:
    """The export of a tool.

    Parameters
    ----------
    name : str
        The tool and what it exports.
    needs : tuple of str
        The columns by which it is recognised.
    kind : {"events", "stages", "orders"}
        What its rows become: events as they are, one event per stage reached, or orders.
    grain : str
        What a row is.
    user : str
        The column that says whose row it is.
    stages : dict of str to str
        For stages: the column with the time at which each was reached, first stage first.
    won : tuple of str
        For deals: the column with the stage, in which the last stage counts only where it is
        "Closed Won". Until then a close date is a plan.
    time, event : str
        For events: the columns that say when and what.
    warning : str
        What is easily misread in it.
    """

    name: str
    needs: tuple
    kind: str
    grain: str
    user: str
    stages: dict = field(default_factory=dict)
    won: tuple = ()
    time: str = ""
    event: str = ""
    warning: str = ""


_WON = ("closedwon", "closedwonsalespipeline", "won", "gewonnen")
_PLAN = "the close date of an open deal is a plan and no event, so it is not counted"

SHAPES = (
    Shape(
        "HubSpot contacts",
        ("Record ID", "Lifecycle Stage", "Create Date"),
        "stages",
        "one row per contact; a person with two addresses is two contacts",
        "Record ID",
        {
            "contact": "Create Date",
            "lead": "Became a Lead Date",
            "MQL": "Became a Marketing Qualified Lead Date",
            "opportunity": "Became an Opportunity Date",
            "customer": "Became a Customer Date",
        },
        warning="a contact moved by hand may skip a stage, and has no date for it",
    ),
    Shape(
        "HubSpot deals",
        ("Record ID", "Deal Name", "Deal Stage", "Create Date", "Close Date"),
        "stages",
        "one row per deal; a contact may have several",
        "Record ID",
        {"created": "Create Date", "won": "Close Date"},
        ("Deal Stage", *_WON),
        warning=_PLAN,
    ),
    Shape(
        "Salesforce opportunities",
        ("Opportunity Name", "Stage", "Created Date", "Close Date"),
        "stages",
        "one row per opportunity; an account may have several",
        "Opportunity ID",
        {"created": "Created Date", "won": "Close Date"},
        ("Stage", *_WON),
        warning=_PLAN,
    ),
    Shape(
        GA4,
        ("event_name", "event_timestamp", "user_pseudo_id"),
        "events",
        "one row per event; a user is a browser, not a person",
        "user_pseudo_id",
        time="event_timestamp",
        event="event_name",
        warning="events without consent have no user, and are in no funnel",
    ),
    Shape(
        "Shopify orders",
        ("Name", "Email", "Financial Status", "Created at", "Total", "Lineitem quantity"),
        "orders",
        "one row per line item; an order has its total on its first line only",
        "Email",
        {"first order": "Created at", "second order": "Created at"},
        time="Created at",
        warning="visits that did not end in an order are not in it, so it has no conversion rate",
    ),
)


def folded(name):
    """Return a name without case, spaces and signs."""
    return re.sub(r"[\W_]+", "", str(name).lower())


def recognise(table):
    """Recognise the export of a tool by the names of its columns.

    Parameters
    ----------
    table : DataFrame
        What `read` returns.

    Returns
    -------
    Shape or None
        None for a table that is of no known shape.

    Examples
    --------
    >>> import pandas as pd
    >>> names = ["event_name", "event_timestamp", "user_pseudo_id"]
    >>> recognise(pd.DataFrame(columns=names)).name
    'Google Analytics 4 events'
    """
    _inputs.need_columns(table, _inputs.need_table(table).columns)
    there = {folded(name) for name in table.columns}
    fits = [shape for shape in SHAPES if {folded(name) for name in shape.needs} <= there]
    return max(fits, key=lambda shape: len(shape.needs), default=None)
