"""The library's tables: what is planted is found again, on the stored seed and on five others."""

import functools

import numpy as np
import pandas as pd
import pytest
import surprise

import funnelkit as fk
from funnelkit import recommenders
from funnelkit.simulate import MODEL, SEED
from funnelkit.world import library

SEEDS = [SEED, 21, 22, 23, 24, 25]
LAW = MODEL["library"]


@functools.cache
def tables(seed):
    return library.draw_library(seed, fk.load("customers"))


@pytest.fixture(params=SEEDS, ids=lambda seed: f"seed{seed}")
def seed(request):
    return request.param


def within(estimate, truth, error, what):
    z = (estimate - truth) / error
    assert abs(z) < 3, f"{what}: found {estimate:.4f}, planted {truth:.4f}, {z:.1f} standard errors"


def joined(seed, name):
    """Return a table with the tastes of its members and what its courses hide."""
    made = tables(seed)
    members = made["members"].set_index("customer_id")
    courses = made["course_truth"].set_index("course_id")
    table = made[name].join(members, on="customer_id")
    table = table.join(courses.rename(columns=lambda name: f"{name}_course"), on="course_id")
    return table.assign(
        is_main=table["main"] == table["topic_course"],
        is_second=table["second"] == table["topic_course"],
        is_other_level=table["level"] != table["level_course"],
    )


def planted_mean(table):
    stars = LAW["stars"]
    by_taste = sum(stars[name] * table[f"is_{name}"] for name in ("main", "second", "other_level"))
    by_style = stars["style"] * table["style"] * table["style_course"]
    return stars["mean"] + by_taste + by_style + table["mood"] + table["quality_course"]


def test_the_stored_tables_are_those_of_the_seed():
    for name in ("courses", "views", "ratings", "list_test"):
        pd.testing.assert_frame_equal(fk.load(name), tables(SEED)[name], check_dtype=False)


def test_stars_follow_taste_level_style_and_quality(seed):
    table = joined(seed, "ratings")
    expected = library.expected_stars(planted_mean(table), LAW["stars"]["noise_sd"])
    residual = table["rating"] - expected
    groups = {
        "main topic": table["is_main"],
        "second topic": table["is_second"],
        "other topics": ~table["is_main"] & ~table["is_second"],
        "other level": table["is_other_level"],
        "style that suits": table["style"] * table["style_course"] > 0.5,
        "good courses": table["quality_course"] > 0.3,
    }
    for what, rows in groups.items():
        found = residual[rows]
        within(found.mean(), 0.0, found.std() / len(found) ** 0.5, f"stars of {what}")


def test_the_first_look_goes_where_interest_and_fame_send_it(seed):
    made, law = tables(seed), LAW["choice"]
    first = joined(seed, "views").drop_duplicates("customer_id").set_index("customer_id")
    courses = made["course_truth"]
    old = courses["added"] == courses["added"].min()
    # Only members who began at the opening: then all courses were equally new.
    day = pd.Timestamp(LAW["opening"]["date"])
    members = made["members"].set_index("customer_id").loc[first.index]
    early = (first["first_viewed"] - day).dt.days < 3
    first, members, courses = first[early], members[early], courses[old]
    topic, level = courses["topic"].to_numpy(), courses["level"].to_numpy()
    main = members["main"].to_numpy()[:, None] == topic
    second = members["second"].to_numpy()[:, None] == topic
    weight = courses["popularity"].to_numpy() + law["main"] * main + law["second"] * second
    weight = weight + law["other_level"] * (members["level"].to_numpy()[:, None] != level)
    weight = weight + law["style"] * np.outer(members["style"], courses["style"])
    chance = np.exp(weight) / np.exp(weight).sum(axis=1, keepdims=True)
    known = courses["popularity"].to_numpy() > 1
    for what, wanted, seen in (
        ("main topic", main, first["is_main"]),
        ("second topic", second, first["is_second"]),
        ("a known course", np.broadcast_to(known, main.shape), first["popularity_course"] > 1),
    ):
        p = (chance * wanted).sum(axis=1)
        seen = seen[first["course_id"].isin(courses["course_id"])]
        error = (p * (1 - p)).sum() ** 0.5
        within(seen.sum(), p.sum(), error + 0.01 * len(p), what)


def test_members_have_twelve_ratings_and_the_cold_at_most_three(seed):
    made = tables(seed)
    members = made["members"].set_index("customer_id")
    n = made["ratings"]["customer_id"].value_counts().reindex(members.index, fill_value=0)
    assert (n == members["rates"]).all()
    assert n[~members["cold"]].min() >= LAW["members"]["at_least"]
    assert n[members["cold"]].max() <= 3 and (n == 0).any()
    law = LAW["members"]["cold"]
    new = members["joined"] >= pd.Timestamp(law["joined_from"]).timestamp()
    assert members.loc[new, "cold"].all()
    old = members.loc[~new, "cold"]
    within(old.mean(), law["others"], (law["others"] / len(old)) ** 0.5, "cold among the old")
    more = n[~members["cold"]] - LAW["members"]["at_least"]
    within(more.mean(), LAW["members"]["more_ratings"], more.std() / len(more) ** 0.5, "ratings")


def test_what_is_rated_was_looked_at_before_and_was_on_offer(seed):
    made = tables(seed)
    assert not made["views"].duplicated(["customer_id", "course_id"]).any()
    assert not made["ratings"].duplicated(["customer_id", "course_id"]).any()
    both = made["ratings"].merge(made["views"], on=["customer_id", "course_id"], how="left")
    assert (both["rated_at"] > both["first_viewed"]).all()
    seen = made["views"].merge(made["courses"], on="course_id")
    assert (seen["first_viewed"] >= seen["added"]).all()
    acquired = fk.load("customers").set_index("customer_id")["acquired"]
    assert (seen["first_viewed"] >= seen["customer_id"].map(acquired)).all()


def test_few_courses_have_most_of_the_views(seed):
    n = recommenders.popularity(tables(seed)["views"]).sort_values(ascending=False)
    assert 0.2 < n.head(12).sum() / n.sum() < 0.4
    assert recommenders.gini(n) > 0.3


def test_the_two_lists_are_clicked_and_bought_from_as_planted(seed):
    law, made = LAW["list_test"], tables(seed)
    for variant, rows in made["list_test"].groupby("variant"):
        rate = law["clicks"][variant]
        # The rate of each member differs, so the error is that of a ratio over members.
        off = rows["clicks"] - rate * rows["impressions"]
        more = 1 + (rows["impressions"] - 1).clip(lower=0) * law["within_member"]
        error = (rows["impressions"] * rate * (1 - rate) * more).sum() ** 0.5
        within(off.sum(), 0.0, error, f"clicks on {variant}")
    test = made["list_test"]
    clicks, bought = test["clicks"].sum(), test["enrolments"].sum()
    error = (law["enrols"] * (1 - law["enrols"]) / clicks) ** 0.5
    within(bought / clicks, law["enrols"], error, "enrolments per click")
    shown = law["mails"] * law["opened"] * law["places"]
    gap = law["clicks"]["neighbours"] - law["clicks"]["rating"]
    planted = shown * gap * law["enrols"] * made["courses"]["price"].mean()
    by = test.groupby("variant")["revenue"]
    error = ((by.std() ** 2) / by.size()).sum() ** 0.5
    within(by.mean()["neighbours"] - by.mean()["rating"], planted, error, "revenue per member")


def test_on_the_stored_seed_the_list_by_rating_earns_less():
    by = fk.load("list_test").groupby("variant")["revenue"]
    error = ((by.std() ** 2) / by.size()).sum() ** 0.5
    assert by.mean()["neighbours"] - by.mean()["rating"] > 2 * error


def test_the_lower_rmse_has_the_worse_lists(seed):
    """Offline too: the model whose estimates are nearest is not the one whose lists are taken."""
    train, test = recommenders.time_cut(tables(seed)["ratings"], "2026-05-01")
    matrix = recommenders.rating_matrix(train)
    test = test[test["customer_id"].isin(matrix.index)]
    model = surprise.SVD(n_factors=10, n_epochs=40, reg_all=0.1, random_state=0)
    model.fit(recommenders.surprise_trainset(train))
    asked = recommenders.surprise_estimates(model, test)
    mean = recommenders.damped_means(train)
    flat = test["course_id"].map(mean).fillna(train["rating"].mean())
    assert recommenders.rmse(asked["estimate"], test["rating"]) < recommenders.rmse(
        flat, test["rating"]
    )
    scores = recommenders.svd_estimates(model)
    lists = {
        "rating": recommenders.top_n(scores, matrix),
        "neighbours": recommenders.top_n(
            recommenders.neighbour_scores(matrix.notna()), matrix.notna()
        ),
    }
    judged = {name: recommenders.judge(each, test) for name, each in lists.items()}
    gap = judged["neighbours"]["recall"] - judged["rating"]["recall"]
    assert gap.mean() > 2 * gap.std() / len(gap) ** 0.5
