"""Recommendations: neighbours, content, lists, factors, held to published and independent values.

`surprise` and scikit-learn are independent implementations. What `implicit` and `ranx` give was
computed with implicit 0.7.3 and ranx 0.3.21 and stands here as numbers.
"""

import numpy as np
import pandas as pd
import pytest
import surprise
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from funnelkit import recommenders

# Jannach, Zanker, Felfernig & Friedrich 2010, *Recommender Systems: An Introduction*, table 2.1.
TABLE = pd.DataFrame(
    [[5, 3, 4, 4, np.nan], [3, 1, 2, 3, 3], [4, 3, 4, 3, 5], [3, 3, 1, 5, 4], [1, 5, 5, 2, 1]],
    index=["Alice", "U1", "U2", "U3", "U4"],
    columns=[f"item{n}" for n in range(1, 6)],
    dtype=float,
)
USERS = recommenders.similarity(TABLE)


def as_rows(matrix):
    rows = matrix.rename_axis("customer_id").rename_axis("course_id", axis=1).stack().dropna()
    return rows.rename("rating").reset_index()


def world(seed, users=30, items=15, share=0.4):
    rng = np.random.default_rng(seed)
    stars = rng.integers(1, 6, (users, items)).astype(float)
    stars[rng.random((users, items)) > share] = np.nan
    stars[np.arange(users), rng.integers(0, items, users)] = 3.0
    stars[rng.integers(0, users, items), np.arange(items)] = 4.0
    index = [f"u{n:02d}" for n in range(users)]
    return pd.DataFrame(stars, index=index, columns=[f"i{n:02d}" for n in range(items)])


def fitted(matrix, algorithm, name="pearson", user_based=True, k=40):
    options = {"name": name, "user_based": user_based}
    model = algorithm(k=k, sim_options=options, verbose=False)
    return model.fit(recommenders.surprise_trainset(as_rows(matrix)))


# ---------------------------------------------------------------- neighbours


def test_pearson_of_alice_is_that_of_the_book():
    assert USERS.loc["Alice", ["U1", "U2", "U3", "U4"]].round(4).tolist() == [
        0.8528, 0.7071, 0.0, -0.7921,
    ]  # fmt: skip


def test_two_neighbours_estimate_alices_rating_as_surprise_does():
    ours = recommenders.neighbour_estimate(TABLE, USERS, "Alice", "item5", k=2)
    assert ours == pytest.approx(4.87198, abs=5e-6)
    theirs = fitted(TABLE, surprise.KNNWithMeans, k=2).predict("Alice", "item5").est
    assert ours == pytest.approx(theirs, abs=1e-9)
    basic = recommenders.neighbour_estimate(TABLE, USERS, "Alice", "item5", k=2, centre=False)
    assert basic == pytest.approx(3.90660, abs=5e-6)
    theirs = fitted(TABLE, surprise.KNNBasic, k=2).predict("Alice", "item5").est
    assert basic == pytest.approx(theirs, abs=1e-9)


def test_negative_neighbours_are_dropped_or_kept_by_name():
    asked = (TABLE, USERS, "Alice", "item5")
    kept = recommenders.neighbour_estimate(*asked, negative="keep")
    assert kept == pytest.approx(5.18452, abs=5e-6)
    assert recommenders.neighbour_estimate(*asked, k=40) == pytest.approx(4.87198, abs=5e-6)
    surprises = fitted(TABLE, surprise.KNNWithMeans, k=40).predict("Alice", "item5").est
    assert surprises == pytest.approx(4.87198, abs=5e-6)


def test_cosine_over_what_is_common_and_over_everything():
    two = pd.DataFrame({"x": [5.0, 1.0], "y": [np.nan, 5.0]}, index=["a", "b"])
    common = recommenders.similarity(two, measure="cosine")
    everything = recommenders.similarity(two, measure="cosine", over="all")
    assert common.loc["a", "b"] == 1.0
    assert everything.loc["a", "b"] == pytest.approx(0.196116, abs=5e-7)  # as implicit has it


def test_the_nearest_are_those_who_rated_the_item():
    """The nearest of all has not rated it and does not count."""
    matrix = pd.DataFrame(
        {
            "x": [5, 5, 4, 1.0],
            "y": [1, 1, 2, 5.0],
            "z": [4, 4, 4, 3.0],
            "w": [np.nan, np.nan, 2, 5],
        },
        index=["Ann", "twin", "friend", "foe"],
    )
    near = recommenders.nearest(matrix, recommenders.similarity(matrix), "Ann", "w", k=1)
    assert near.index.tolist() == ["friend"]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("of", ["users", "items"])
@pytest.mark.parametrize("measure", ["pearson", "cosine"])
def test_similarities_equal_those_of_surprise(seed, of, measure):
    matrix = world(seed)
    ours = recommenders.similarity(matrix, of=of, measure=measure)
    model = fitted(matrix, surprise.KNNBasic, measure, of == "users")
    train = model.trainset
    inner = train.to_inner_uid if of == "users" else train.to_inner_iid
    place = [inner(label) for label in ours.index]
    theirs = model.sim[np.ix_(place, place)]
    off = ~np.eye(len(place), dtype=bool)
    assert np.allclose(ours.to_numpy()[off], theirs[off], atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("of", ["users", "items"])
def test_estimates_equal_those_of_surprise(seed, of):
    """With all neighbours, since equal similarities are ordered otherwise there."""
    matrix = world(seed)
    alike = recommenders.similarity(matrix, of=of)
    ours = recommenders.neighbour_estimates(matrix, alike, of=of, k=1000)
    model = fitted(matrix, surprise.KNNWithMeans, user_based=of == "users", k=1000)
    for user in matrix.index:
        for item in matrix.columns[matrix.loc[user].isna()]:
            theirs = model.predict(user, item, clip=False).est
            assert ours.loc[user, item] == pytest.approx(theirs, abs=1e-9)


@given(st.integers(0, 10_000), st.integers(1, 6), st.sampled_from(["users", "items"]))
@settings(max_examples=25, deadline=None)
def test_all_estimates_at_once_are_those_made_one_by_one(seed, k, of):
    matrix = world(seed, users=8, items=6)
    alike = recommenders.similarity(matrix, of=of)
    for centre in (True, False):
        for negative in ("drop", "keep"):
            options = {"k": k, "of": of, "centre": centre, "negative": negative}
            at_once = recommenders.neighbour_estimates(matrix, alike, **options)
            if negative == "keep":
                continue  # of similarities of 0 any may be among the k: they weigh nothing
            for user in matrix.index:
                for item in matrix.columns:
                    one = recommenders.neighbour_estimate(matrix, alike, user, item, **options)
                    assert at_once.loc[user, item] == pytest.approx(one, nan_ok=True)


def test_scores_of_item_neighbours_by_hand():
    taken = pd.DataFrame(
        {"x": [1, 1, 0], "y": [1, 1, 1], "z": [0, 1, 0]}, index=["Ann", "Bob", "Cat"]
    ).astype(bool)
    scores = recommenders.neighbour_scores(taken)
    assert scores.loc["Ann", "z"] == pytest.approx(1 / 2**0.5 + 1 / 3**0.5)
    nearest = recommenders.neighbour_scores(taken, k=1)
    assert nearest.loc["Ann", "z"] == pytest.approx(1 / 2**0.5)


def test_who_took_what_is_asked_for_where_ratings_are_given():
    with pytest.raises(ValueError, match="neither True nor False"):
        recommenders.neighbour_scores(TABLE)


# ---------------------------------------------------------------- content


TEXTS = pd.Series(
    {
        "a": "Charts and data: charts that convince",
        "b": "Data frames in Python, step by step",
        "c": "Small talk at work, and e-mails",
    }
)


@pytest.mark.parametrize("leave_out", [[], ["and", "that", "in"]])
def test_tfidf_equals_that_of_scikit_learn(leave_out):
    ours = recommenders.tfidf(TEXTS, leave_out=leave_out)
    made = TfidfVectorizer(stop_words=leave_out or None)
    theirs = made.fit_transform(TEXTS).toarray()
    assert ours.columns.tolist() == made.get_feature_names_out().tolist()
    assert np.allclose(ours, theirs)


def test_content_scores_are_cosines_with_the_profile():
    matrix = pd.DataFrame({"a": [5.0, 3.0], "b": [2.0, 3.0]}, index=["Ann", "Bob"])
    about = recommenders.tfidf(TEXTS)
    profile = 1.5 * about.loc["a"] - 1.5 * about.loc["b"]
    theirs = cosine_similarity([profile], about)[0]
    ours = recommenders.content_scores(matrix, about)
    assert np.allclose(ours.loc["Ann"], theirs)
    assert ours.loc["Bob"].isna().all()  # all the same: nothing is liked more


def test_a_new_item_is_scored_by_its_description():
    taken = pd.DataFrame({"a": [True], "c": [False]}, index=["Ann"])
    scores = recommenders.content_scores(taken, recommenders.tfidf(TEXTS)).loc["Ann"]
    assert scores["b"] > 0
    assert scores["a"] == pytest.approx(1.0)


# ---------------------------------------------------------------- lists


def test_lists_follow_their_rules():
    scores = pd.DataFrame(
        {"x": [3.0, 1.0, 1.0], "y": [3.0, 2.0, np.nan], "z": [5.0, 3.0, 2.0]},
        index=["Ann", "Bob", "Cat"],
    )
    seen = pd.DataFrame({"z": [True, True, False]}, index=["Ann", "Bob", "Cat"])
    lists = recommenders.top_n(scores, seen, n=2)
    by_user = lists.groupby("customer_id")["course_id"].agg(list)
    assert by_user.to_dict() == {"Ann": ["x", "y"], "Bob": ["y", "x"], "Cat": ["z", "x"]}
    assert recommenders.top_n(scores, seen, n=3).attrs["short"] == 3
    assert recommenders.top_n(scores, seen, n=2, among=["x"])["course_id"].unique().tolist() == [
        "x"
    ]


def test_ratings_say_what_was_seen_as_well_as_booleans_do():
    scores = pd.DataFrame(1.0, index=TABLE.index, columns=TABLE.columns)
    by_rating = recommenders.top_n(scores, TABLE)
    assert by_rating.to_dict("list") == recommenders.top_n(scores, TABLE.notna()).to_dict("list")
    assert by_rating["course_id"].tolist() == ["item5"]
    assert by_rating.attrs["short"] == len(TABLE)


def test_what_is_popular_is_counted_by_user_and_listed_for_all():
    seen = pd.DataFrame({"customer_id": list("aabc"), "course_id": list("xxxy")})
    popular = recommenders.popularity(seen)
    assert popular.to_dict() == {"x": 2, "y": 1}
    lists = recommenders.top_n(popular, recommenders.taken_matrix(seen), n=1)
    assert lists["course_id"].tolist() == ["y", "y", "x"]


def test_damped_means_by_hand():
    rows = pd.DataFrame({"course_id": list("xyy"), "rating": [5, 3, 4]})
    assert recommenders.damped_means(rows, prior=2).to_dict() == pytest.approx(
        {"x": (5 + 2 * 4) / 3, "y": (7 + 2 * 4) / 4}
    )


def test_a_reason_is_the_liked_item_that_is_most_similar():
    alike = recommenders.similarity(TABLE, of="items")
    scores = recommenders.neighbour_estimates(TABLE, USERS)
    lists = recommenders.reasons(recommenders.top_n(scores, TABLE), TABLE >= 4, alike)
    liked = [item for item in ("item1", "item3", "item4") if alike.loc["item5", item] > 0]
    best = max(liked, key=lambda item: alike.loc["item5", item])
    assert lists["because"].tolist() == [best]
    nothing = recommenders.reasons(recommenders.top_n(scores, TABLE), TABLE > 5, alike)
    assert nothing["because"].isna().all()


def test_lists_for_two_thousand_users_and_two_hundred_items_come_in_one_piece():
    scores = pd.DataFrame(np.random.default_rng(0).normal(size=(2000, 200)))
    lists = recommenders.top_n(scores.rename(index=str).rename(columns=str), n=10)
    best = scores.rank(axis=1, ascending=False).to_numpy()
    place = lists["course_id"].astype(int).to_numpy()
    assert (best[np.repeat(np.arange(2000), 10), place] == lists["rank"]).all()


# ---------------------------------------------------------------- factors


START = {
    "user_bias": 0.0,
    "item_bias": 0.0,
    "user_factors": [0.1, -0.1],
    "item_factors": [0.2, 0.1],
}


def test_a_step_of_svd_by_hand():
    step = recommenders.svd_step(5, mean=3.5, **START, rate=0.005, penalty=0.02)
    assert 5 - recommenders.svd_estimate(mean=3.5, **START) == pytest.approx(1.49)
    assert step["user_bias"] == step["item_bias"] == pytest.approx(0.00745)
    assert step["user_factors"] == pytest.approx([0.10148, -0.099245])
    assert step["item_factors"] == pytest.approx([0.200725, 0.099245])
    assert recommenders.svd_estimate(mean=3.5, **step) == pytest.approx(3.525420, abs=5e-7)


def test_the_items_factors_are_not_moved_by_the_users_new_ones():
    step = recommenders.svd_step(5, mean=3.5, **START)
    mistake = 0.2 + 0.005 * (1.49 * step["user_factors"][0] - 0.02 * 0.2)
    assert mistake == pytest.approx(0.200736, abs=5e-7)
    assert step["item_factors"][0] != pytest.approx(mistake, abs=1e-6)


def test_steps_over_a_table_are_those_of_surprise():
    """One epoch over the book's table, from the factors that surprise set out from."""
    rows = as_rows(TABLE)
    train = recommenders.surprise_trainset(rows)
    options = {"n_factors": 2, "random_state": 3, "lr_all": 0.01, "reg_all": 0.05}
    theirs = surprise.SVD(n_epochs=1, **options).fit(train)
    untaught = surprise.SVD(n_epochs=0, **options).fit(train)
    p, q = untaught.pu.copy(), untaught.qi.copy()
    bu, bi = np.zeros(train.n_users), np.zeros(train.n_items)
    for user, item, rating in train.all_ratings():
        step = recommenders.svd_step(
            rating,
            mean=train.global_mean,
            user_bias=bu[user],
            item_bias=bi[item],
            user_factors=p[user],
            item_factors=q[item],
            rate=0.01,
            penalty=0.05,
        )
        bu[user], bi[item] = step["user_bias"], step["item_bias"]
        p[user], q[item] = step["user_factors"], step["item_factors"]
    assert np.allclose(bu, theirs.bu) and np.allclose(p, theirs.pu) and np.allclose(q, theirs.qi)


def test_all_estimates_of_svd_are_its_predictions():
    matrix = world(0)
    model = surprise.SVD(random_state=1).fit(recommenders.surprise_trainset(as_rows(matrix)))
    table = recommenders.svd_estimates(model)
    assert table.index.equals(matrix.index) and table.columns.equals(matrix.columns)
    for user in matrix.index[:5]:
        for item in matrix.columns:
            theirs = model.predict(user, item, clip=False).est
            assert table.loc[user, item] == pytest.approx(theirs)
    with pytest.raises(TypeError, match="has no factors"):
        recommenders.svd_estimates(fitted(matrix, surprise.KNNBasic))


def test_the_bridge_says_what_surprise_passes_over():
    model = fitted(TABLE, surprise.KNNBasic)
    asked = pd.DataFrame({"customer_id": ["Alice", "Bob"], "course_id": ["item5", "item5"]})
    table = recommenders.surprise_estimates(model, asked)
    assert table["unknown"].tolist() == [False, True]
    assert table["impossible"].tolist() == [False, True]
    mean = as_rows(TABLE)["rating"].mean()
    assert table["estimate"].tolist() == pytest.approx([3.90660, mean], abs=5e-6)
    assert table.attrs == {"impossible": 0.5, "unknown": 0.5}


def test_ids_of_another_type_are_refused_when_none_is_known():
    rows = as_rows(TABLE).assign(customer_id=lambda t: t["customer_id"].factorize()[0])
    model = surprise.BaselineOnly(verbose=False).fit(recommenders.surprise_trainset(rows))
    asked = rows[["customer_id", "course_id"]].astype({"customer_id": str})
    with pytest.raises(ValueError, match="ids of the type that it was fitted on"):
        recommenders.surprise_estimates(model, asked)
    back = asked.astype({"customer_id": int})
    assert not recommenders.surprise_estimates(model, back)["unknown"].any()


def test_surprise_still_accepts_a_mistyped_option_in_silence():
    """If this fails, surprise has become stricter, and lesson 23 has to say so."""
    model = surprise.KNNBasic(sim_options={"user_basd": False}, verbose=False)
    model.fit(recommenders.surprise_trainset(as_rows(TABLE)))
    assert len(model.sim) == len(TABLE)


# ---------------------------------------------------------------- bad input


def test_an_item_rated_twice_is_refused_and_the_remedy_works():
    rows = as_rows(TABLE)
    twice = pd.concat([rows, rows.iloc[[3]].assign(rating=1.0)], ignore_index=True)
    for function in (recommenders.rating_matrix, recommenders.surprise_trainset):
        with pytest.raises(ValueError, match="customer_id and course_id is rated again in 1 of 25"):
            function(twice)
    latest = twice.drop_duplicates(["customer_id", "course_id"], keep="last")
    assert recommenders.rating_matrix(latest).loc["Alice", "item4"] == 1.0


def test_a_rating_off_the_scale_is_refused_and_the_remedy_works():
    rows = as_rows(TABLE).assign(rating=lambda t: 2 * t["rating"])
    with pytest.raises(ValueError, match="rating is outside the scale 1 to 5 in"):
        recommenders.rating_matrix(rows)
    assert recommenders.rating_matrix(rows, scale=(1, 10)).max().max() == 10


def test_a_user_without_ratings_is_told_what_to_do():
    matrix = TABLE.copy()
    matrix.loc["Zoe"] = np.nan
    alike = recommenders.similarity(matrix)
    with pytest.raises(ValueError, match="'Zoe' has no ratings.*popular"):
        recommenders.nearest(matrix, alike, "Zoe", "item1")
    assert recommenders.neighbour_estimates(matrix, alike).loc["Zoe"].isna().all()
    popular = matrix.notna().sum()
    lists = recommenders.top_n(popular, matrix, n=1)
    assert lists.loc[lists["customer_id"] == "Zoe", "course_id"].tolist() == ["item1"]


def test_users_of_whom_it_is_not_known_what_they_saw_are_named():
    scores = pd.DataFrame({"x": [1.0, 2.0]}, index=["Ann", "Bob"])
    seen = pd.DataFrame({"x": [True]}, index=["Ann"])
    with pytest.raises(ValueError, match="seen lacks 1 of the users of scores.*'Bob'"):
        recommenders.top_n(scores, seen)
    known = seen.reindex(scores.index, fill_value=False)
    assert recommenders.top_n(scores, known)["customer_id"].tolist() == ["Bob"]
