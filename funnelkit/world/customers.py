"""The books: customers, orders, subscriptions, and what the customers say when asked."""

import numpy as np
import pandas as pd

from funnelkit import schemas
from funnelkit.world.draws import Draws
from funnelkit.world.keys import DAY, WALK_INS, WEEK, add_months, as_moments, seconds_of
from funnelkit.world.model import MODEL, REGION_SHARE, last_second

__all__ = ["draw_customers", "draw_orders", "draw_subscriptions", "draw_surveys", "true_opinion"]


def draw_customers(seed: int, people, days, without) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the school's book of customers, and the same with their keys."""
    draws = Draws(seed, "customers")
    came = people[(people["customer_at"] >= 0) & (people["customer_at"] <= last_second())]
    online = pd.DataFrame(
        {
            "key": came["key"],
            "acquired": came["customer_at"] // DAY,
            "channel": came["channel"],
            "origin": came["origin"],
            "region": came["region"],
            "logged": (came["first_visit"] >= seconds_of(MODEL["span"]["log"])) & ~came["refused"],
        }
    )
    day = days.to_numpy().astype("datetime64[D]").astype(np.int64)
    count = draws.poisson("walk-ins", day, MODEL["walk_ins"]["per_day"])
    of_day = [np.uint64(d) * np.uint64(100) + np.arange(c, dtype=np.uint64)
              for d, c in zip(day, count, strict=True)]  # fmt: skip
    key = np.concatenate(of_day) + WALK_INS
    by_contract = draws.chance("partner", key, MODEL["walk_ins"]["partner"])
    walk_ins = pd.DataFrame(
        {
            "key": key,
            "acquired": np.repeat(day, count),
            "channel": np.where(by_contract, "partner", "offline"),
            "origin": np.where(by_contract, "partner", "offline"),
            "region": draws.choice("region", key, schemas.REGIONS, REGION_SHARE),
            "logged": False,
        }
    )
    walk_ins = walk_ins[~walk_ins["channel"].isin(without)]
    table = pd.concat([online, walk_ins], ignore_index=True)
    table = table.sort_values(["acquired", "key"], ignore_index=True)
    ids = table["key"].to_numpy()
    sells = table["acquired"] * DAY >= seconds_of(MODEL["products"]["subscriptions_from"])
    subscribes = draws.chance("product", ids, MODEL["products"]["subscription"]) & sells
    table["product"] = np.where(subscribes, "subscription", "course")
    table["customer_id"] = draws.code("customer", ids, "c")
    user = Draws(seed, "browsers").code("user", ids * np.uint64(2), "u")
    table["user_id"] = np.where(table["logged"], user, None)
    public = pd.DataFrame(
        {
            "customer_id": table["customer_id"],
            "user_id": table["user_id"],
            "acquired": as_moments(table["acquired"] * DAY),
            "channel": table["channel"],
            "region": table["region"],
            "product": table["product"],
        }
    )
    return public.astype({"customer_id": "str", "user_id": "str"}), table


def draw_orders(seed: int, customers: pd.DataFrame) -> pd.DataFrame:
    """Return the orders of single courses: BG/NBD in time, Gamma-Gamma in money."""
    draws = Draws(seed, "orders")
    law, money = MODEL["orders"]["bgnbd"], MODEL["orders"]["gamma_gamma"]
    ids = customers["key"].to_numpy()
    rate = draws.gamma("rate", ids, law["r"]) / law["alpha_weeks"]  # purchases a week
    leaves = draws.beta("leaves", ids, law["a"], law["b"])  # after each repeat purchase
    level = money["gamma"] / draws.gamma("level", ids, money["q"])  # 1 / nu of Gamma-Gamma
    power = MODEL["orders"]["partner_spend_power"]
    typical = law["r"] / law["alpha_weeks"]
    keen = np.maximum(rate / typical, 0.05) ** power
    level = np.where(customers["origin"] == "partner", level * keen, level)
    start = customers["acquired"].to_numpy() * float(DAY)
    end = last_second()
    alive, at, k = np.full(len(ids), True), start.copy(), 0
    parts = []
    while alive.any():
        amount = level[alive] * draws.gamma("amount", ids[alive], money["p"], k)
        parts.append(
            pd.DataFrame(
                {
                    "key": ids[alive],
                    "k": k,
                    "customer_id": customers["customer_id"].to_numpy()[alive],
                    "day": np.floor(at[alive] / DAY).astype(np.int64),
                    "amount": np.maximum(np.round(amount, 2), 1.0),
                }
            )
        )
        if k > 0:
            alive &= ~draws.chance("left", ids, leaves, k)
        k += 1
        at = at + draws.exponential("wait", ids, k) / rate * WEEK
        alive &= at <= end
    orders = pd.concat(parts, ignore_index=True)
    with np.errstate(over="ignore"):
        key = orders["key"].to_numpy() * np.uint64(4096) + orders["k"].to_numpy(np.uint64)
    orders["order_key"] = key
    # A few orders are paid in two parts on the same day.
    split = draws.chance("split", key, MODEL["orders"]["split_same_day"])
    part = np.where(split, np.round(orders["amount"] * 0.3, 2), 0.0)
    second = orders[split].assign(amount=part[split], part=1)
    orders = orders.assign(amount=np.round(orders["amount"] - part, 2), part=0)
    orders = pd.concat([orders, second], ignore_index=True)
    with np.errstate(over="ignore"):
        key = orders["order_key"].to_numpy() * np.uint64(2) + orders["part"].to_numpy(np.uint64)
    share = MODEL["orders"]["cost_share"]
    cost = orders["amount"] * (share["mean"] + share["sd"] * draws.normal("cost", key))
    orders = orders.assign(
        order_id=draws.code("order", key, "o"),
        date=as_moments(orders["day"] * DAY),
        cost=np.round(np.maximum(cost, 0), 2),
    ).sort_values(["day", "key", "k", "part"], ignore_index=True)
    return orders[["order_id", "customer_id", "date", "amount", "cost"]].astype(
        {"order_id": "str", "customer_id": "str"}
    )


def draw_subscriptions(seed: int, customers: pd.DataFrame) -> pd.DataFrame:
    """Return the subscriptions: each customer has their own monthly chance to leave."""
    draws = Draws(seed, "subscriptions")
    law = MODEL["subscriptions"]
    ids = customers["key"].to_numpy()
    plan, churn = _plan_and_churn(seed, customers)
    months = 1 + np.floor(
        np.log(draws.uniform("months", ids)) / np.log1p(-churn)
    ).clip(0, 600).astype(np.int64)  # fmt: skip
    start = pd.to_datetime(as_moments(customers["acquired"].to_numpy() * DAY))
    ended = add_months(start, months)
    ended = ended.where(ended <= pd.Timestamp(MODEL["span"]["end"]))
    return pd.DataFrame(
        {
            "subscription_id": draws.code("subscription", ids, "a"),
            "customer_id": customers["customer_id"].to_numpy(),
            "plan": plan,
            "price": pd.Series(plan).map(law["price"]).to_numpy(float),
            "started": start,
            "ended": ended,
        }
    ).astype({"subscription_id": "str", "customer_id": "str", "plan": "str"})


def _plan_and_churn(seed: int, customers: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return each subscriber's plan and own chance to leave after each month."""
    draws = Draws(seed, "subscriptions")
    law = MODEL["subscriptions"]
    ids = customers["key"].to_numpy()
    plan = np.where(draws.chance("plan", ids, law["plus"]), "plus", "basic")
    b = pd.Series(plan).map(law["churn_b"]).to_numpy(float)
    b = b * customers["origin"].map(law["churn_b_factor"]).fillna(1.0).to_numpy(float)
    return plan, np.clip(draws.beta("churn", ids, law["churn_a"], b), 1e-9, 1 - 1e-12)


def draw_surveys(seed: int, customers, subscriptions) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the quarterly survey of subscribers, and what each of those asked thinks."""
    from scipy.special import betainc, ndtri

    draws = Draws(seed, "surveys")
    law = MODEL["surveys"]
    feel = law["satisfaction"]
    _, churn = _plan_and_churn(seed, customers)
    place = np.clip(betainc(feel["churn_a"], feel["churn_b"], churn), 1e-12, 1 - 1e-12)
    ids = customers["key"].to_numpy()
    taste = np.sqrt(1 - feel["churn_weight"] ** 2) * draws.normal("taste", ids)
    satisfaction = taste - feel["churn_weight"] * ndtri(place)
    waves = pd.date_range(
        law["first"], MODEL["span"]["end"], freq=pd.DateOffset(months=law["every_months"])
    )
    started, ended = subscriptions["started"].to_numpy(), subscriptions["ended"].to_numpy()
    parts = []
    for number, sent in enumerate(waves.to_numpy()):
        asked = started <= sent - np.timedelta64(law["after_days"], "D")
        asked &= np.isnat(ended) | (ended > sent)
        parts.append(
            pd.DataFrame(
                {
                    "key": ids[asked],
                    "customer_id": customers["customer_id"].to_numpy()[asked],
                    "sent": sent,
                    "wave": number,
                    "churn": churn[asked],
                    "satisfaction": satisfaction[asked],
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    ids, k = table["key"].to_numpy(), table["wave"].to_numpy(np.uint64)
    mood = table["satisfaction"] + feel["mood_sd"] * draws.normal("mood", ids, k)
    cuts = [law["csat_at_least"][level] for level in ("2", "3", "4", "5")]
    csat = 1 + np.searchsorted(cuts, mood, side="right")
    ask = law["nps"]
    nps = ask["mean"] + ask["slope"] * mood + ask["sd"] * draws.normal("nps", ids, k)
    nps = np.clip(np.round(nps), 0, 10).to_numpy().astype(np.int64)
    chance = pd.Series(csat.astype(str)).map(law["answers"]).to_numpy()
    answered = draws.chance("answers", ids, chance, k)
    late = law["answer_delay_days"]
    delay = np.floor(draws.lognormal("delay", ids, late["median"], late["sigma"], k))
    delay = np.minimum(delay, late["within"]).astype(np.int64).astype("timedelta64[D]")
    table["survey_id"] = draws.code("survey", draws.bits("id", ids, k), "s")
    public = pd.DataFrame(
        {
            "survey_id": table["survey_id"],
            "customer_id": table["customer_id"],
            "sent": table["sent"].astype("datetime64[s]"),
            "answered": (table["sent"] + delay).where(answered).astype("datetime64[s]"),
            "csat": pd.Series(csat, dtype="float64").where(answered),
            "nps": pd.Series(nps, dtype="float64").where(answered),
        }
    ).astype({"survey_id": "str", "customer_id": "str"})
    hidden = table.drop(columns="wave").assign(csat=csat, nps=nps, answered=answered)
    return public, hidden


def true_opinion(asked: pd.DataFrame) -> dict:
    """Return what all who were asked think, and what those who answered say."""

    def said(rows):
        return {
            "customers": len(rows),
            "csat": round(float((rows["csat"] >= 4).mean()), 4),
            "mean_csat": round(float(rows["csat"].mean()), 4),
            "nps": round(float(100 * ((rows["nps"] >= 9).mean() - (rows["nps"] <= 6).mean())), 2),
        }

    return {"asked": said(asked), "answered": said(asked[asked["answered"]])}
