"""Valid calls of recommenders: every parameter has a value."""

import pandas as pd
from surprise import SVD, BaselineOnly

from funnelkit import recommenders

RATINGS = pd.DataFrame(
    {
        "customer_id": ["ann", "ann", "ann", "bob", "bob", "cat", "cat", "cat", "dan"],
        "course_id": ["x", "y", "z", "x", "z", "w", "y", "z", "w"],
        "rating": [5, 3, 4, 3, 1, 4, 2, 5, 3],
        "rated_at": pd.to_datetime([f"2026-0{month}-11" for month in (1, 2, 3, 1, 4, 2, 5, 6, 3)]),
    }
)
MATRIX = recommenders.rating_matrix(RATINGS)
TAKEN = recommenders.taken_matrix(RATINGS)
USERS, ITEMS = recommenders.similarity(MATRIX), recommenders.similarity(MATRIX, of="items")
ABOUT = pd.Series({"w": "small talk", "x": "charts and data", "y": "data", "z": "charts"})
FEATURES = recommenders.tfidf(ABOUT)
SCORES = recommenders.neighbour_scores(TAKEN)
LISTS = recommenders.top_n(SCORES, TAKEN, n=2)
LATER = pd.DataFrame(
    {"customer_id": ["ann", "bob", "bob"], "course_id": ["w", "w", "y"], "worth": [1.0, 2.0, 1.0]}
)
LOG = RATINGS[["customer_id", "course_id", "rated_at"]]
TRAIN, TEST = recommenders.leave_last_out(LOG)
MODEL = BaselineOnly(verbose=False).fit(recommenders.surprise_trainset(RATINGS))
FACTORS = SVD(n_epochs=2, random_state=1).fit(recommenders.surprise_trainset(RATINGS))
NAMES = {"user": "customer_id", "item": "course_id"}
TIMED = {**NAMES, "time": "rated_at"}
RATED = {"ratings": RATINGS, "scale": (1, 5), **NAMES, "rating": "rating"}
NEAR = {"matrix": MATRIX, "similarities": USERS, "k": 2, "of": "users", "negative": "drop"}
ONE = {**NEAR, "user": "ann", "item": "w"}
STATE = {
    "mean": 3.5,
    "user_bias": 0.1,
    "item_bias": -0.1,
    "user_factors": [0.1, -0.1],
    "item_factors": [0.2, 0.1],
}
SHOWN = {"recommended": ["x", "a", "y", "b"], "relevant": ["a", "b", "c"], "k": 3}
ITEM_LIST = ["w", "x", "y", "z"]

CALLS = [
    (recommenders.rating_matrix, RATED),
    (recommenders.taken_matrix, {"table": RATINGS, **NAMES}),
    (
        recommenders.similarity,
        {"matrix": MATRIX, "of": "items", "measure": "cosine", "over": "common", "at_least": 2},
    ),
    (recommenders.nearest, ONE),
    (recommenders.neighbour_estimate, {**ONE, "centre": True}),
    (recommenders.neighbour_estimates, {**NEAR, "centre": False}),
    (recommenders.neighbour_scores, {"taken": TAKEN, "k": 2}),
    (recommenders.tfidf, {"texts": ABOUT, "leave_out": ["and", "small"]}),
    (recommenders.content_scores, {"matrix": MATRIX, "features": FEATURES}),
    (recommenders.content_scores, {"matrix": TAKEN, "features": FEATURES}),
    (recommenders.popularity, {"table": RATINGS, **NAMES}),
    (
        recommenders.damped_means,
        {"ratings": RATINGS, "prior": 2.0, "item": "course_id", "rating": "rating"},
    ),
    (
        recommenders.top_n,
        {"scores": SCORES, "seen": TAKEN, "n": 2, "among": ["w", "x", "y"], **NAMES},
    ),
    (
        recommenders.top_n,
        {"scores": pd.Series({"w": 2.0, "x": 1.0}), "seen": MATRIX, "n": 1, "among": ["w", "x"]},
    ),
    (
        recommenders.reasons,
        {
            "lists": LISTS.drop(columns="score"),
            "liked": MATRIX >= 4,
            "similarities": ITEMS,
            **NAMES,
        },
    ),
    (recommenders.svd_estimate, STATE),
    (recommenders.svd_step, {"rating": 5, **STATE, "rate": 0.01, "penalty": 0.02}),
    (recommenders.surprise_trainset, RATED),
    (
        recommenders.surprise_estimates,
        {"model": MODEL, "pairs": RATINGS[["customer_id", "course_id"]], **NAMES},
    ),
    (recommenders.svd_estimates, {"model": FACTORS}),
    (recommenders.rmse, {"estimate": pd.Series([3.9, 4.1, 3.0]), "rating": pd.Series([5, 4, 3])}),
    (recommenders.precision_at, SHOWN),
    (recommenders.recall_at, SHOWN),
    (recommenders.average_precision_at, {**SHOWN, "divisor": "k"}),
    (recommenders.dcg, {"gains": [3, 2, 3, 0], "k": 3, "form": "exponential"}),
    (recommenders.ndcg, {"gains": [3, 2, 3, 0], "ideal": [3, 3, 3, 2], "k": 3, "form": "linear"}),
    (
        recommenders.judge,
        {
            "lists": LISTS,
            "test": LATER,
            "k": 2,
            "divisor": "k",
            "gain": "worth",
            "form": "linear",
            "ideal": "list",
            "without_list": "drop",
            **NAMES,
        },
    ),
    (recommenders.exposure, {"lists": LISTS, "items": ITEM_LIST, "k": 1, **NAMES}),
    (recommenders.coverage, {"lists": LISTS, "items": ITEM_LIST, "k": 1, **NAMES}),
    (recommenders.gini, {"exposures": pd.Series([3, 2, 0])}),
    (recommenders.diversity, {"lists": LISTS, "similarities": ITEMS, "k": 2, **NAMES}),
    (
        recommenders.mean_popularity,
        {"lists": LISTS, "popular": recommenders.popularity(RATINGS), "k": 2, **NAMES},
    ),
    (recommenders.leave_last_out, {"ratings": LOG, **TIMED}),
    (recommenders.time_cut, {"ratings": LOG, "at": "2026-03-01", **TIMED}),
    (recommenders.rows_from_the_future, {"train": TRAIN, "test": TEST, **TIMED}),
]

# What looks odd and is right all the same.
ACCEPTED = {
    (recommenders.top_n, "user"): {"a name that is not there"},  # what to call the new columns
    (recommenders.top_n, "item"): {"a name that is not there"},
}
