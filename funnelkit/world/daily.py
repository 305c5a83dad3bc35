"""The daily figures: what the other tables hold, by day, and the visits of those who return.

First visits, leads and bookings are counted from the people of the world, enrolments and revenue
from the books, so they agree with `spend`, `leads`, `customers`, `orders` and `subscriptions`. Only
the visits of those who come back are drawn here: from the same season, trend and shocks.
"""

import numpy as np
import pandas as pd

from funnelkit.world.draws import Draws
from funnelkit.world.keys import DAY, add_months, as_moments, seconds_of
from funnelkit.world.leads import form_times
from funnelkit.world.log import how_busy
from funnelkit.world.model import CHANNELS, MODEL

__all__ = ["draw_daily", "holiday_names"]


def draw_daily(seed: int, days: pd.DatetimeIndex, people, sent, spend, books) -> pd.DataFrame:
    """Return the table ``daily``: one row per day.

    Parameters
    ----------
    seed : int
        The world's seed.
    days : pandas.DatetimeIndex
        The days of the world.
    people : pandas.DataFrame
        The people who visited, as the world holds them (seconds since 1970, -1 for never).
    sent : pandas.Series
        When the log saw a person's first form, by the person's key (seconds since 1970).
    spend : pandas.DataFrame
        The table ``spend``.
    books : dict of pandas.DataFrame
        The tables ``customers``, ``orders`` and ``subscriptions``.

    Returns
    -------
    pandas.DataFrame
        The table ``daily``.
    """
    first_day = seconds_of(MODEL["span"]["history"]) // DAY

    def per_day(seconds) -> np.ndarray:
        """Return how many of these moments fall on each day."""
        place = np.asarray(seconds)[np.asarray(seconds) >= 0] // DAY - first_day
        return np.bincount(place[place < len(days)], minlength=len(days))

    forms = people[people["lead_at"] >= 0]
    first_visits = per_day(people["first_visit"])
    cost = spend.pivot(index="date", columns="channel", values="spend").reindex(days)
    paid = [name for name in CHANNELS if name != "direct"]
    holiday = holiday_names(days)
    table = pd.DataFrame(
        {
            "date": as_moments(days.to_numpy().astype("datetime64[s]").astype("int64")),
            "holiday": holiday.to_numpy(),
            "visits": first_visits + _returns(seed, days, holiday.notna().to_numpy()),
            "first_visits": first_visits,
            "leads": per_day(form_times(forms, sent)),
            "bookings": per_day(people["opportunity_at"]),
            "enrolments": books["customers"].groupby("acquired").size().reindex(days, fill_value=0),
            "revenue": _revenue(days, books["orders"], books["subscriptions"]),
        }
    )
    for name in paid:
        table[f"spend_{name}"] = cost[name].to_numpy() if name in cost else 0.0
    return table.reset_index(drop=True).astype({"holiday": "str", "enrolments": "int64"})


def holiday_names(days: pd.DatetimeIndex) -> pd.Series:
    """Return the name of the public holiday on each day, missing on other days."""
    named = {pd.Timestamp(day): name for name, on in MODEL["holidays"].items() for day in on}
    return pd.Series([named.get(day) for day in days], index=days, dtype="object")


def _returns(seed: int, days: pd.DatetimeIndex, holiday: np.ndarray) -> np.ndarray:
    """Return the visits of each day that are not a person's first."""
    law = MODEL["returns"]
    season, trend, noise = how_busy(seed, days)
    day = days.to_numpy().astype("datetime64[D]").astype(np.int64)
    mean = law["visits"] * season * trend * np.exp(noise)
    mean = mean * np.where(holiday, law["on_holidays"], 1.0)
    return Draws(seed, "daily").poisson("returns", day, mean)


def _revenue(days: pd.DatetimeIndex, orders, subscriptions) -> np.ndarray:
    """Return the money that came in each day: orders, and each month of each subscription."""
    start = pd.DatetimeIndex(subscriptions["started"])
    ended = subscriptions["ended"].fillna(days[-1] + pd.Timedelta("1D"))
    paid = [orders.set_index("date")["amount"]]
    for month in range(12 * (days[-1].year - days[0].year + 1)):
        due = add_months(start, np.full(len(start), month))
        price = subscriptions["price"].where((due < ended.to_numpy()) & (due <= days[-1]))
        paid.append(pd.Series(price.to_numpy(), index=due).dropna())
    by_day = pd.concat(paid).groupby(level=0).sum()
    return by_day.reindex(days, fill_value=0.0).round(2).to_numpy()
