"""The deals: the stages that each goes through, the price, the discount, the expected close.

A deal is made when a lead is handed to the advisers. Where the log and the books know more, the
deal agrees with them: `call` is entered when the advice call is booked, `won` when the lead
enrols, and a won deal's amount is that of the first order, or a year of the subscription.
"""

import numpy as np
import pandas as pd

from funnelkit import schemas
from funnelkit.world.draws import Draws
from funnelkit.world.keys import DAY, as_moments
from funnelkit.world.model import MODEL, PIPELINE, lead_span

__all__ = ["draw_close_dates", "draw_deals", "sold"]

NEVER = np.int64(2**40)  # later than any end


def sold(purchases, orders, subscriptions) -> pd.DataFrame:
    """Return what each customer bought at enrolment: ``product``, ``amount``, by key."""
    key = purchases.set_index("customer_id")["key"]
    first = orders[orders["date"] == orders.groupby("customer_id")["date"].transform("min")]
    course = first.groupby("customer_id")["amount"].sum().round(2)
    year = (12 * subscriptions.set_index("customer_id")["price"]).round(2)
    table = pd.concat(
        [course.to_frame("amount").assign(product="course"),
         year.to_frame("amount").assign(product="subscription")]
    )  # fmt: skip
    return table.set_index(key.reindex(table.index).to_numpy())


def draw_deals(seed: int, handed: pd.DataFrame, bought: pd.DataFrame):
    """Return the deals, their stages, and how they will end.

    Parameters
    ----------
    seed : int
        The world's seed.
    handed : pandas.DataFrame
        The leads that were handed to advisers, as `funnelkit.world.calls.draw_calls` returns them.
    bought : pandas.DataFrame
        What each customer bought, as `sold` returns it.

    Returns
    -------
    pandas.DataFrame
        The table ``deals``, its expected close dates still to come.
    pandas.DataFrame
        The table ``stages``.
    pandas.DataFrame
        One row per deal with all its moments, the future ones included (seconds since 1970).
    """
    _, last = lead_span()
    first = _first_deals(seed, handed)
    deals = pd.concat([first, _second_deals(seed, first)], ignore_index=True)
    deals = deals[deals["MQL"] <= last].reset_index(drop=True)
    draws = Draws(seed, "deals")
    with np.errstate(over="ignore"):
        deals["number"] = deals["key"].to_numpy() * np.uint64(2) + deals["round"].to_numpy("uint64")
    deals["deal_id"] = draws.code("deal", deals["number"].to_numpy(), "d")
    deals = deals.join(_prices(draws, deals, bought))
    deals = deals.sort_values(["MQL", "deal_id"], ignore_index=True)
    closed = deals[["won", "lost"]].min(axis=1).to_numpy()
    public = pd.DataFrame(
        {
            "deal_id": deals["deal_id"],
            "lead_id": deals["lead_id"],
            "created_at": as_moments(deals["MQL"]),
            "owner": deals["adviser"],
            "recycled": deals["round"] == 1,
            "product": deals["product"],
            "list_price": deals["list_price"],
            "objection": deals["objection"] & (deals["negotiation"] <= last),
            "discount": deals["discount"].where(deals["negotiation"] <= last, 0.0),
            "outcome": pd.Series(np.where(deals["won"] <= last, "won", "lost")).where(
                closed <= last
            ),
            "closed_at": pd.Series(as_moments(closed)).where(closed <= last),
        }
    )
    price = np.round(public["list_price"] * (1 - public["discount"]), 2)
    public.insert(9, "amount", price.where(deals["won"] > last, deals["paid"]))
    text = ["deal_id", "lead_id", "owner", "product", "outcome"]
    return public.astype(dict.fromkeys(text, "str")), _stages(deals, last), deals


def _first_deals(seed: int, handed: pd.DataFrame) -> pd.DataFrame:
    """Return the first deal of each lead, with the second in which it enters each stage."""
    draws = Draws(seed, "deals")
    ids, created = handed["key"].to_numpy(), handed["created"].to_numpy()
    law = PIPELINE["lost"]
    spoken, wins = handed["called"].to_numpy(), (handed["enrols_at"] >= 0).to_numpy()
    reached = np.where(handed["called_now"], handed["reached_at"], NEVER)
    booked = np.where(handed["books_at"] >= 0, np.maximum(handed["books_at"], created), NEVER)
    enrols = np.where(wins, np.maximum(handed["enrols_at"], created), NEVER)
    booked = np.minimum(booked, enrols)
    # Leads that book long after the first conversation were lost, and came back as a second deal.
    late = booked - created > DAY * PIPELINE["recycled"]["booked_later_than_days"]
    late &= wins & (reached - created < DAY * 10)
    first_booked = np.where(late, NEVER, booked)
    talked = np.minimum(reached, first_booked)
    held = first_booked < NEVER
    ends = np.where(
        held,
        first_booked
        + DAY * draws.lognormal("lost after booking", ids, **law["days_after_booking"]),
        talked + DAY * draws.lognormal("lost after talk", ids, **law["days_after_first_talk"]),
    )
    ends = np.where(late, talked + DAY * (3 + 12 * draws.uniform("lost for now", ids)), ends)
    given_up = handed["tried_at"] + DAY * PIPELINE["in_vain"]["given_up_after_days"]
    ends = np.where(spoken, ends, given_up)
    won_now = wins & ~late
    ends = np.where(won_now, enrols, np.minimum(np.floor(ends), NEVER)).astype(np.int64)
    share = law["last_stage_once_booked"]
    stage = draws.choice("last stage", ids, list(share), list(share.values()))
    deal = handed.assign(round=0, MQL=created, SQL=talked, call=first_booked, wins=won_now)
    deal["later_booked"] = np.where(late, booked, NEVER)
    deal["later_enrols"] = np.where(late, enrols, NEVER)
    proposes = held & (won_now | (stage != "call"))
    bargains = held & (won_now | (stage == "negotiation"))
    return _between(draws, deal, ends, proposes, bargains)


def _between(draws, deal, ends, proposes, bargains) -> pd.DataFrame:
    """Return deals with the moments of proposal and negotiation, between booking and end."""
    ids, booked = deal["key"].to_numpy(), deal["call"].to_numpy()
    k = deal["round"].to_numpy("uint64")
    part = 0.15 + 0.35 * draws.uniform("proposal", ids, k)
    proposal = np.floor(booked + (ends - booked) * part).astype(np.int64)
    part = 0.2 + 0.5 * draws.uniform("negotiation", ids, k)
    bargain = np.floor(proposal + (ends - proposal) * part).astype(np.int64)
    return deal.assign(
        proposal=np.where(proposes, proposal, NEVER),
        negotiation=np.where(bargains, bargain, NEVER),
        won=np.where(deal["wins"], ends, NEVER),
        lost=np.where(deal["wins"], NEVER, ends),
    )


def _second_deals(seed: int, first: pd.DataFrame) -> pd.DataFrame:
    """Return the deals of leads that were lost and taken up again."""
    draws = Draws(seed, "deals")
    law = PIPELINE["recycled"]
    ids = first["key"].to_numpy()
    back = (first["later_booked"] < NEVER).to_numpy()
    again = draws.chance("again", ids, law["share_of_lost"]) & (first["lost"] < NEVER).to_numpy()
    wait = DAY * draws.lognormal("again after", ids, **law["after_days"])
    room = first["later_booked"] - first["lost"]
    wait = np.where(back, room * (0.3 + 0.6 * draws.uniform("back", ids)), wait)
    made = np.minimum(np.floor(first["lost"] + wait), NEVER).astype(np.int64)
    talks = draws.chance("talks again", ids, law["talks"]) & (first["SQL"] < NEVER).to_numpy()
    spoken = np.floor(made + DAY * (0.1 + 3 * draws.uniform("talk", ids))).astype(np.int64)
    spoken = np.where(back, np.minimum(spoken, first["later_booked"]), spoken)
    lost = DAY * draws.lognormal("lost again", ids, **law["days_to_lost"])
    lost = np.floor(np.where(talks, spoken, made) + lost).astype(np.int64)
    ends = np.where(back, first["later_enrols"], lost)
    deal = first.assign(
        round=1,
        MQL=made,
        SQL=np.where(talks | back, spoken, NEVER),
        call=first["later_booked"],
        wins=back,
    )
    second = _between(draws, deal, ends, back, back)
    return second[back | again]


def _prices(draws: Draws, deals: pd.DataFrame, bought: pd.DataFrame) -> pd.DataFrame:
    """Return product, list price, objection, discount, and what was paid by those who enrolled."""
    ids = deals["number"].to_numpy()
    paid = bought["amount"].reindex(deals["key"]).to_numpy()
    product = draws.choice("product", ids, ["subscription", "course"], [0.39, 0.61])
    known = bought["product"].reindex(deals["key"]).to_numpy()
    wins = (deals["wins"].to_numpy()) & ~pd.isna(paid)
    product = np.where(wins, known, product)
    plus = draws.chance("plus", ids, MODEL["subscriptions"]["plus"])
    monthly = MODEL["subscriptions"]["price"]
    year = 12 * np.where(plus, monthly["plus"], monthly["basic"])
    money = MODEL["orders"]["gamma_gamma"]
    course = money["gamma"] / draws.gamma("level", ids, money["q"])
    course = np.maximum(np.round(course * draws.gamma("amount", ids, money["p"]), 2), 5.0)
    objects, given = _objection_and_discount(draws, deals)
    sizes = PIPELINE["discount"]["sizes"]
    size = draws.choice("size", ids, [float(s) for s in sizes], list(sizes.values()))
    discount = np.where(given, size, 0.0)
    # A discount on a subscription is a free beginning: its monthly price stays that of the plan.
    full = np.where(product == "course", course, year)
    full = np.where(wins, np.where(product == "course", paid / (1 - discount), paid), full)
    full = np.round(full, 2)
    year_paid = np.round(full * (1 - discount), 2)
    return pd.DataFrame(
        {
            "product": product,
            "list_price": full,
            "objection": objects,
            "discount": discount,
            "paid": np.where(product == "course", paid, year_paid),
        },
        index=deals.index,
    )


def _objection_and_discount(draws: Draws, deals: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return who objects to the price and who gets a discount, given how the deal ends."""
    law = PIPELINE["discount"]
    effect = law["log_odds"]
    weight = []
    for objects in (0, 1):
        gets = law["given_if_objects"] if objects else law["given_otherwise"]
        for given in (0, 1):
            log_odds = effect["base"] + objects * effect["objects"] + given * effect["discount"]
            chance = 1 / (1 + np.exp(-log_odds))
            prior = (law["objects"] if objects else 1 - law["objects"]) * (
                gets if given else 1 - gets
            )
            weight.append(prior * np.where(deals["wins"], chance, 1 - chance))
    edges = np.cumsum(np.stack(weight, axis=1), axis=1)
    place = draws.uniform("objection and discount", deals["number"].to_numpy()) * edges[:, -1]
    cell = (edges < place[:, None]).sum(axis=1)
    at_table = (deals["negotiation"] < NEVER).to_numpy()
    return (cell >= 2) & at_table, (cell % 2 == 1) & at_table


def _stages(deals: pd.DataFrame, last: int) -> pd.DataFrame:
    """Return one row per stage that a deal has entered by the end."""
    names = list(schemas.STAGES)
    long = deals.melt("deal_id", names, "stage", "second")
    long = long[long["second"] <= last]
    long["order"] = long["stage"].map({name: i for i, name in enumerate(names)})
    long = long.sort_values(["second", "deal_id", "order"], ignore_index=True)
    table = long[["deal_id", "stage"]].assign(entered_at=as_moments(long["second"]))
    return table.astype({"deal_id": "str", "stage": "str"})


def draw_close_dates(seed: int, deals: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every expected close date that was entered, and the deals with the last one.

    Parameters
    ----------
    seed : int
        The world's seed.
    deals : pandas.DataFrame
        As `draw_deals` returns them.

    Returns
    -------
    pandas.DataFrame
        The table ``close_dates``.
    pandas.DataFrame
        The table ``deals``, with ``expected_close``.
    """
    draws = Draws(seed, "close_dates")
    law = PIPELINE["expected_close"]
    _, last = lead_span()
    # The eight characters of a deal's code are its key here.
    ids = np.array(
        [int.from_bytes(code.encode()[1:], "big") for code in deals["deal_id"]], "uint64"
    )
    created = deals["created_at"].to_numpy().astype("datetime64[s]").astype(np.int64)
    ends = deals["closed_at"].to_numpy().astype("datetime64[s]")
    ends = np.where(np.isnat(ends), last, ends.astype(np.int64))
    due = created // DAY + np.ceil(draws.lognormal("days", ids, **law["days"])).astype(np.int64)
    month = due.astype("datetime64[D]").astype("datetime64[M]")
    month_end = (month + 1).astype("datetime64[D]").astype(np.int64) - 1
    due = np.where(draws.chance("month end", ids, law["at_the_end_of_the_month"]), month_end, due)
    by = law["moved_by_days"]
    at, moving, parts, k = created, np.full(len(ids), True), [], 0
    while moving.any():
        parts.append(pd.DataFrame({"row": np.flatnonzero(moving), "at": at[moving],
                                   "due": due[moving]}))  # fmt: skip
        k += 1
        # On the last day, in office hours, the date is moved, or left to pass.
        clock = 9 * 3600 + np.floor(9 * 3600 * draws.uniform("clock", ids, k)).astype(np.int64)
        at = due * DAY + clock
        moving &= (at < ends) & draws.chance("moved", ids, law["moved_when_due"], k)
        step = draws.choice("by", ids, [int(d) for d in by], list(by.values()), k)
        due = due + step
    dates = pd.concat(parts, ignore_index=True).sort_values(["at", "row"], ignore_index=True)
    expected = dates.groupby("row")["due"].last()
    deals = deals.assign(expected_close=as_moments(expected.to_numpy() * DAY))
    table = pd.DataFrame(
        {
            "deal_id": deals["deal_id"].to_numpy()[dates["row"]],
            "edited_at": as_moments(dates["at"]),
            "expected_close": as_moments(dates["due"] * DAY),
        }
    )
    return table.astype({"deal_id": "str"}), deals
