"""The library of short courses: who looks at which course, who rates it, and two lists on trial.

What a member looks at and how a member rates are two things. Looking follows how well known a
course is and what the member is interested in; the stars follow the same interest, and how good the
course is, which nobody knows before. So the courses with the highest expected rating are not those
that members would take.
"""

import numpy as np
import pandas as pd

from funnelkit.experiments import assign
from funnelkit.world.catalogue import TOPICS, draw_courses
from funnelkit.world.draws import Draws
from funnelkit.world.keys import DAY, as_moments, seconds_of
from funnelkit.world.model import LIBRARY, last_second

__all__ = ["draw_library", "draw_list_test", "draw_members", "expected_stars"]


def draw_library(seed: int, customers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables ``courses``, ``views``, ``ratings``, ``list_test``, and what they hide.

    Parameters
    ----------
    seed : int
        The world's seed.
    customers : pandas.DataFrame
        The table ``customers``.

    Returns
    -------
    dict of pandas.DataFrame
        Besides the tables ``"members"`` and ``"course_truth"``: the tastes of each member, and how
        well known, how good and of which style each course is.
    """
    courses, hidden = draw_courses(seed)
    members = draw_members(seed, customers)
    draws = Draws(seed, "library")
    visits = _visits(draws, members, hidden)
    ratings = visits[visits["rated"]]
    stars = _stars(draws, ratings, members, hidden)
    who, what = members["customer_id"].to_numpy(), hidden["course_id"].to_numpy()

    def named(table, **columns):
        """Return rows with the ids of the member and the course, and further columns."""
        ids = {"customer_id": who[table["member"]], "course_id": what[table["course"]]}
        return pd.DataFrame({**ids, **columns}).astype({"customer_id": "str", "course_id": "str"})

    again = draws.geometric("again", visits["pair"], LIBRARY["views"]["again"])
    views = named(visits, first_viewed=as_moments(visits["at"] // DAY * DAY), views=1 + again)
    rated = named(ratings, rating=stars, rated_at=as_moments(ratings["rated_at"]))
    return {
        "courses": courses,
        "views": views.sort_values(["customer_id", "first_viewed", "course_id"], ignore_index=True),
        "ratings": rated.sort_values(["customer_id", "rated_at", "course_id"], ignore_index=True),
        "list_test": draw_list_test(seed, members, courses),
        "members": members,
        "course_truth": hidden,
    }


def draw_members(seed: int, customers: pd.DataFrame) -> pd.DataFrame:
    """Return the customers who use the library, and what they like."""
    draws, law = Draws(seed, "members"), LIBRARY["members"]
    keys = np.array([int.from_bytes(i[1:].encode(), "big") for i in customers["customer_id"]])
    keys = keys.astype(np.uint64)
    joined = np.maximum(
        customers["acquired"].to_numpy().astype("datetime64[s]").astype(np.int64),
        seconds_of(LIBRARY["opening"]["date"]),
    )
    table = pd.DataFrame({"customer_id": customers["customer_id"].to_numpy(), "key": keys})
    table["joined"] = joined
    chosen = draws.chance("member", keys, law["share"]) & (joined < last_second() - 5 * DAY)
    table = table[chosen].reset_index(drop=True)
    keys = table["key"].to_numpy()
    new = table["joined"].to_numpy() >= seconds_of(law["cold"]["joined_from"])
    cold = new | draws.chance("cold", keys, law["cold"]["others"])
    topics, interest = np.array(list(TOPICS)), list(law["interest"].values())
    main = draws.choice("main", keys, np.arange(len(topics)), interest)
    step = draws.choice("second", keys, np.arange(1, len(topics)), np.ones(len(topics) - 1))
    few = draws.choice("few", keys, np.arange(4), np.ones(4))
    more = draws.geometric("ratings", keys, law["more_ratings"])
    return table.assign(
        cold=cold,
        main=topics[main],
        second=topics[(main + step) % len(topics)],
        level=draws.choice("level", keys, ("beginner", "advanced"), (0.6, 0.4)),
        style=draws.normal("style", keys),
        mood=LIBRARY["stars"]["member_sd"] * draws.normal("mood", keys),
        rates=np.where(cold, few, np.minimum(law["at_least"] + more, law["at_most"])),
    )


def _fit(members, hidden):
    """Return how well each course suits each member: interest, level and style, as arrays."""
    topic = hidden["topic"].to_numpy()
    main = members["main"].to_numpy()[:, None] == topic
    second = members["second"].to_numpy()[:, None] == topic
    level = members["level"].to_numpy()[:, None] != hidden["level"].to_numpy()
    style = np.outer(members["style"], hidden["style"])
    return main, second, level, style


def _visits(draws, members, hidden):
    """Return one row per member and course looked at: when, and whether and when it is rated."""
    law, end = LIBRARY["choice"], last_second()
    main, second, level, style = _fit(members, hidden)
    weight = hidden["popularity"].to_numpy() + law["main"] * main + law["second"] * second
    weight = weight + law["other_level"] * level + law["style"] * style
    keys, rates = members["key"].to_numpy(), members["rates"].to_numpy()
    pair = keys[:, None] * np.uint64(1009) + np.arange(len(hidden), dtype=np.uint64)
    weight = weight - np.log(draws.exponential("choice", pair))  # the highest is a choice by weight
    extra = draws.geometric("views", keys, LIBRARY["views"]["not_rated"])
    looks = np.minimum(rates + 1 + extra, LIBRARY["views"]["at_most"])
    joined, added = members["joined"].to_numpy(), hidden["added"].to_numpy()
    # When each member looks: as many moments as there are looks, in order of time.
    place = np.arange(looks.max())
    moment = draws.uniform("moment", keys[:, None], place)
    moment = np.sort(np.where(place < looks[:, None], moment, 2.0), axis=1)
    day = (joined[:, None] + moment * (end - 4 * DAY - joined[:, None])) // DAY
    clock = (7 + 16 * draws.uniform("clock", keys[:, None], place)) * 3600
    at = np.maximum(day * DAY + np.floor(clock), joined[:, None] + 60).astype(np.int64)
    at = np.sort(at, axis=1)
    who, left = np.arange(len(members)), np.ones(weight.shape, bool)
    chosen = np.zeros(at.shape, np.int64)
    for look in place:
        age = (at[:, [look]] - added) / DAY
        new = law["new"] * np.exp(-np.clip(age, 0, None) / law["new_days"])
        here = np.where(left & (age >= 0), weight + new * (added > added.min()), -np.inf)
        chosen[:, look] = here.argmax(axis=1)
        left[who, chosen[:, look]] = False
    order = draws.uniform("rated", keys[:, None], place)
    order = np.where(place < looks[:, None], order, 2.0).argsort(axis=1).argsort(axis=1)
    row, look = np.nonzero(place < looks[:, None])
    table = pd.DataFrame({"member": row, "course": chosen[row, look], "at": at[row, look]})
    table["pair"] = pair[table["member"], table["course"]]
    days = draws.lognormal("finished", table["pair"], **LIBRARY["finished_days"])
    wait = np.minimum(days * DAY, 0.95 * (end - table["at"]))
    table["rated_at"] = table["at"] + np.floor(wait).astype(np.int64)
    return table.assign(rated=(order < rates[:, None])[row, look])


def _stars(draws, ratings, members, hidden):
    """Return the stars that each rating gives: whole, from 1 to 5."""
    main, second, level, style = _fit(members, hidden)
    law, at = LIBRARY["stars"], (ratings["member"].to_numpy(), ratings["course"].to_numpy())
    mean = law["mean"] + law["main"] * main + law["second"] * second
    mean = (mean + law["other_level"] * level + law["style"] * style)[at]
    mean = mean + members["mood"].to_numpy()[at[0]] + hidden["quality"].to_numpy()[at[1]]
    noise = law["noise_sd"] * draws.normal("noise", ratings["pair"])
    return np.clip(np.round(mean + noise), 1, 5).astype(np.int64)


def expected_stars(mean, spread):
    """Return the mean of stars that are a normal number, rounded and kept from 1 to 5."""
    from scipy.special import ndtr

    edges = np.array([1.5, 2.5, 3.5, 4.5])
    return 1 + sum(1 - ndtr((edge - np.asarray(mean)) / spread) for edge in edges)


def draw_list_test(seed: int, members: pd.DataFrame, courses: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``list_test``: what each member did with the lists in the weekly mails."""
    law = LIBRARY["list_test"]
    draws = Draws(seed, f"list_test/{law['stream']}")
    table = members[members["joined"] < seconds_of(law["starts"])].reset_index(drop=True)
    keys = table["key"].to_numpy()
    in_b = np.asarray(assign(table["customer_id"], salt="list_test")) == "B"
    mails = draws.binomial("mails", keys, law["mails"], law["opened"])
    shown = law["places"] * mails
    weight = 1 / law["within_member"] - 1  # of Beta(a, b): the correlation is 1 / (a + b + 1)
    rate = np.where(in_b, law["clicks"]["neighbours"], law["clicks"]["rating"])
    rate = draws.beta("click rate", keys, weight * rate, weight * (1 - rate))
    clicks = draws.binomial("clicks", keys, shown, rate)
    enrolled = draws.binomial("enrolments", keys, clicks, law["enrols"])
    price, places = courses["price"].to_numpy(), np.arange(max(enrolled.max(), 1))
    paid = draws.choice("price", keys[:, None], price, np.ones(len(price)), k=places)
    revenue = np.where(places < enrolled[:, None], paid, 0.0).sum(axis=1)
    return pd.DataFrame(
        {
            "customer_id": table["customer_id"],
            "variant": np.where(in_b, "neighbours", "rating"),
            "impressions": shown,
            "clicks": clicks,
            "enrolments": enrolled,
            "revenue": np.round(revenue, 2),
        }
    ).astype({"customer_id": "str", "variant": "str"})
