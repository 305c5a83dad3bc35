"""Credit by rule: each conversion is shared over the touches of its own journey."""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "RULES", "channel_returns", "rule_credit"]

RULES = ("first", "last", "linear", "time_decay", "position")


def rule_credit(journeys, rule, *, half_life="7D", ends=0.4):
    r"""Share each conversion over the touches of its journey by a rule, and add up by channel.

    Parameters
    ----------
    journeys : DataFrame
        What `cut_journeys` returned.
    rule : {"first", "last", "linear", "time_decay", "position"}
        All to the first touch; all to the last; the same to each; half as much for each
        `half_life` further from the conversion; `ends` to the first and to the last touch and the
        rest to those between in equal parts.
    half_life : duration, default "7D"
        For "time_decay".
    ends : float, default 0.4
        For "position": the share of the first touch and of the last, at most 0.5. Without touches
        between, each of the two has one half; a single touch has all.

    Returns
    -------
    DataFrame
        By channel: `conversions`, their `share` and, if the journeys have one, the `value`.
        Channels that only journeys without a conversion met have 0.

    Notes
    -----
    The weights of a journey sum to 1. For "time_decay", with :math:`d_i` the time from touch
    :math:`i` to the conversion and :math:`h` the half-life,

    .. math:: w_i = \frac{2^{-d_i / h}}{\sum_j 2^{-d_j / h}}

    so how long the conversion came after the last touch makes no difference.

    Examples
    --------
    >>> journeys = pd.DataFrame(
    ...     {
    ...         "journey": [0, 0, 0],
    ...         "timestamp": pd.to_datetime(["2026-03-01", "2026-03-08", "2026-03-15"]),
    ...         "channel": ["ads", "seo", "mail"],
    ...         "position": [1, 2, 3],
    ...         "converted": [True, True, True],
    ...     }
    ... )
    >>> rule_credit(journeys, "time_decay")["conversions"].round(4).to_dict()
    {'ads': 0.1429, 'mail': 0.5714, 'seo': 0.2857}
    """
    _inputs.one_of("rule", rule, RULES)
    half_life = _inputs.duration("half_life", half_life, at_least=pd.Timedelta("1s"))
    remedy = "give the share of one end, from 0 to 0.5"
    ends = _inputs.number("ends", ends, at_least=0, at_most=0.5, remedy=remedy)
    table = _checked(journeys, rule == "time_decay")
    weights = _weights(table, rule, half_life, ends) * table["converted"].to_numpy()
    credit = pd.DataFrame({"channel": table["channel"], "conversions": weights})
    if "value" in table:
        credit["value"] = weights * table["value"].to_numpy()
    credit = credit.groupby("channel").sum()
    total = credit["conversions"].sum()
    credit.insert(1, "share", credit["conversions"] / total if total else np.nan)
    return credit


def _checked(journeys, timed):
    """Return the columns that the rules need, one row per touch, in order."""
    columns = ["journey", "channel", "position", "converted"] + ["timestamp"] * timed
    _inputs.need_columns(journeys, columns, "journeys")
    _inputs.need_rows(journeys, "journeys", "there is nothing to share out")
    table = pd.DataFrame(
        {
            "journey": _inputs.ids(journeys["journey"], "journey"),
            "channel": _inputs.ids(journeys["channel"], "channel"),
            "position": _inputs.count("position", journeys["position"]),
            "converted": _inputs.booleans(journeys["converted"], "converted"),
        },
        index=journeys.index,
    )
    if timed:
        table["timestamp"] = _inputs.times(journeys["timestamp"], "timestamp")
    if "value" in journeys:
        (table["value"],), _ = _inputs.amounts(value=journeys["value"])
    return table.sort_values(["journey", "position"], kind="stable", ignore_index=True)


def _weights(table, rule, half_life, ends):
    """Return the weight of each touch in its journey."""
    of_journey = table.groupby("journey")["journey"]
    place = of_journey.cumcount().to_numpy() + 1
    size = of_journey.transform("size").to_numpy()
    if rule == "first":
        return (place == 1).astype(float)
    if rule == "last":
        return (place == size).astype(float)
    if rule == "linear":
        return 1 / size
    if rule == "position":
        between = (1 - 2 * ends) / np.maximum(size - 2, 1)
        weights = np.where((place == 1) | (place == size), ends, between)
        return np.where(size > 2, weights, 1 / size)
    latest = table.groupby("journey")["timestamp"].transform("max")
    weights = 2.0 ** -((latest - table["timestamp"]) / half_life).to_numpy()
    journey = np.cumsum(place == 1) - 1
    return weights / np.bincount(journey, weights)[journey]


def channel_returns(credit, touches, *, channel="channel", cost="cost"):
    """Set the credit of each channel beside what all of its touches cost.

    Parameters
    ----------
    credit : DataFrame
        By channel, with `conversions` and `value`: what `rule_credit`, `markov_credit` or
        `shapley_credit` returned.
    touches : DataFrame
        One row per touch: of all journeys, those without a conversion included.
    channel, cost : str
        The columns of `touches`; the cost in EUR, 0 or more.

    Returns
    -------
    DataFrame
        By channel: `conversions`, `value`, `cost`, `roas` (value divided by cost) and
        `cost_per_conversion`; missing where a channel costs nothing, or has no credit.

    Examples
    --------
    >>> credit = pd.DataFrame(
    ...     {"conversions": [2.0, 1.0], "value": [600.0, 300.0]}, index=["ads", "direct"]
    ... )
    >>> touches = pd.DataFrame({"channel": ["ads", "ads", "direct"], "cost": [50.0, 150.0, 0.0]})
    >>> channel_returns(credit, touches)
            conversions  value   cost  roas  cost_per_conversion
    ads             2.0  600.0  200.0   3.0                100.0
    direct          1.0  300.0    0.0   NaN                  NaN
    """
    _inputs.need_rows(_inputs.need_columns(credit, ["conversions", "value"], "credit"), "credit")
    _inputs.need_rows(_inputs.need_columns(touches, [channel, cost], "touches"), "touches")
    if not credit.index.is_unique:
        raise ValueError("credit has two rows for one channel: add them up by groupby().sum()")
    conversions, value = (_inputs.finite(name, credit[name]) for name in ("conversions", "value"))
    names = _inputs.ids(touches[channel], channel)
    for name in names.unique():
        _inputs.need_known(name, credit.index, "channel with credit")
    (paid,), _ = _inputs.amounts(**{cost: touches[cost]})
    spent = pd.Series(paid).groupby(names.to_numpy()).sum().reindex(credit.index, fill_value=0.0)
    table = pd.DataFrame({"conversions": conversions, "value": value}, index=credit.index)
    table["cost"] = spent
    costs = table["cost"].where(table["cost"] > 0)
    table["roas"] = table["value"] / costs
    table["cost_per_conversion"] = costs / table["conversions"].where(table["conversions"] > 0)
    return table


# ---------------------------------------------------------------- what the metrics mean

_JOURNEYS = pd.DataFrame(
    {
        "journey": [0, 0, 1, 1, 1, 2],
        "channel": ["ads", "mail", "ads", "seo", "mail", "ads"],
        "position": [1, 2, 1, 2, 3, 1],
        "converted": [True, True, True, True, True, False],
    }
)

METRICS = (
    Metric(
        name="attributed_share",
        formula=r"\frac{1}{C} \sum_j \sum_{i \in c} w_{ij}",
        numerator="conversions, each shared by the rule",
        denominator="conversions of all channels",
        unit="fraction",
        window="the look-back window of the journeys",
        function="funnelkit.attribution.rule_credit",
        example=Example({"journeys": _JOURNEYS, "rule": "linear"}, 5, 12, ("ads", "share")),
    ),
)
