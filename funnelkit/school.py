"""The tables that lessons share: the school's own records, cleaned and joined as lessons do it.

A lesson shows the steps once and calls the function from then on. The functions keep what they
made, so that the second call costs nothing, and return a copy, so that nobody changes it for
others.
"""

from functools import cache

import pandas as pd

from funnelkit import quality, survival
from funnelkit.data import load

__all__ = ["END", "YEAR", "books", "clean_leads", "clean_log", "subscribers", "year_margin"]

END = "2026-06-30"
"""The last day of the data; they cover it to its end."""

YEAR = ("2024-07-01", "2025-06-30")
"""First and last day of the year whose customers the books are about; each was watched a year."""

BOT_EVENTS = 100  # more events than this in half a year are no person's


def __dir__():
    return __all__


def clean_log():
    """Return the log as lesson 01 leaves it: no repeats, no bots, browsers joined to people.

    Returns
    -------
    DataFrame
        `events` with one more column, `person_id`: the person of the browser where that is known,
        else the browser's own id.

    Examples
    --------
    >>> log = clean_log()
    >>> log["user_id"].nunique(), log["person_id"].nunique()
    (11741, 11555)
    """
    return _clean_log().copy(deep=False)


@cache
def _clean_log():
    log = load("events").drop_duplicates()
    log = log[log.groupby("user_id")["event"].transform("size") <= BOT_EVENTS]
    person = log["user_id"].map(load("visitors").set_index("user_id")["person_id"])
    return log.assign(person_id=person.fillna(log["user_id"]))


def clean_leads():
    """Return the leads as the lesson on lead data leaves them: one row per person, faults fixed.

    Returns
    -------
    DataFrame
        What `funnelkit.quality.clean_leads` makes of the table `leads`.

    Examples
    --------
    >>> clean_leads()["lead_id"].is_unique
    True
    """
    return _clean_leads().copy(deep=False)


@cache
def _clean_leads():
    return quality.clean_leads(load("leads"))


def books():
    """Return the year's books: what each channel cost, and what its customers brought in a year.

    Returns
    -------
    DataFrame
        One row per channel: `customers` who were won within `YEAR`; `cost`, what was spent in the
        channel in that time (EUR); `revenue` and `delivery` of those customers in the 365 days
        after they were won (EUR). Subscriptions cost the same share of their price as courses do.

    Examples
    --------
    >>> round(books().loc["seo", ["customers", "cost"]]).astype(int).tolist()
    [300, 22128]
    """
    return _books().copy(deep=False)


@cache
def _books():
    customers, spend = load("customers"), load("spend")
    new = customers[customers["acquired"].between(*YEAR)]
    spent = spend[spend["date"].between(*YEAR)]
    table = pd.DataFrame(
        {
            "customers": new.groupby("channel").size(),
            "cost": spent.groupby("channel")["spend"].sum(),
        }
    ).fillna(0.0)
    orders = load("orders").merge(new[["customer_id", "acquired", "channel"]])
    orders = orders[orders["date"] < orders["acquired"] + pd.Timedelta("365D")]
    cost_share = orders["cost"].sum() / orders["amount"].sum()
    subscriptions = load("subscriptions").merge(new[["customer_id", "channel"]])
    last = subscriptions["ended"].fillna(pd.Timestamp(END) + pd.Timedelta("1D"))
    months = ((last - subscriptions["started"]) / pd.Timedelta("30.4D")).round().clip(upper=12)
    subscriptions["amount"] = subscriptions["price"] * months
    subscriptions["cost"] = cost_share * subscriptions["amount"]
    sold = pd.concat([orders, subscriptions]).groupby("channel")[["amount", "cost"]].sum()
    return table.assign(revenue=sold["amount"], delivery=sold["cost"])


def year_margin():
    """Return the margin that a customer of `books` brought in the first year, on average (EUR).

    Returns
    -------
    float

    Examples
    --------
    >>> round(year_margin(), 1)
    282.0
    """
    table = books()
    return float((table["revenue"] - table["delivery"]).sum() / table["customers"].sum())


def subscribers():
    """Return the subscriptions with their channel, how long each was watched, and if it ended.

    Returns
    -------
    DataFrame
        `subscriptions` with `channel`, and `duration` (whole months until the end or until `END`)
        and `observed` (whether the end was seen), as `funnelkit.survival.durations` makes them.

    Examples
    --------
    >>> subscribers()[["duration", "observed"]].dtypes.astype(str).tolist()
    ['int64', 'bool']
    """
    return _subscribers().copy(deep=False)


@cache
def _subscribers():
    customers = load("customers")
    table = load("subscriptions").merge(customers[["customer_id", "channel"]])
    watched = survival.durations(table["started"], table["ended"], observed_until=END)
    return pd.concat([table, watched], axis="columns")
