"""Segments: scores, clusters, their stability, and the worth of a plan.

Held to scikit-learn where it has the same (silhouette, adjusted Rand index, k-means on Iris), to
plain Python that counts pairs and ranks one by one, and to properties that hold for any data.
"""

import subprocess
import sys
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.metrics import adjusted_rand_score, silhouette_samples
from sklearn.tree import DecisionTreeClassifier

import funnelkit
from funnelkit import metrics, quality, segments

# ---------------------------------------------------------------- RFM scores


def orders_of(*rows):
    table = pd.DataFrame(rows, columns=["customer_id", "date", "amount"])
    return table.assign(date=pd.to_datetime(table["date"]), amount=table["amount"].astype(float))


ORDERS = orders_of(
    ("ann", "2026-01-05", 80),
    ("ann", "2026-06-20", 120),
    ("ben", "2026-03-01", 300),
    ("cat", "2026-06-20", 40),
)


def one_by_one(values, bins):
    """The score as the docstring words it: the place of the middle of the equals."""
    scores = []
    for value in values:
        worse = sum(other < value for other in values)
        equal = sum(other == value for other in values)
        place = (worse + equal / 2) / len(values)
        scores.append(1 + sum(place >= edge / bins for edge in range(1, bins)))
    return scores


def orders_with_gaps(days, purchases=None, spent=None):
    """Customers 0, 1, 2 … with given days since the last purchase, number and sum of purchases."""
    rows = []
    for customer, gap in enumerate(days):
        count = 1 if purchases is None else purchases[customer]
        total = 100 if spent is None else spent[customer]
        last = pd.Timestamp("2026-06-30") - pd.Timedelta(days=int(gap))
        for back in range(count):
            rows.append((f"c{customer:04}", last - pd.Timedelta(days=back), total / count))
    return orders_of(*rows)


def test_three_customers_by_hand():
    table = segments.rfm_scores(ORDERS, observed_until="2026-06-30", bins=3)
    assert list(table.loc["ann"]) == [10, 2, 200, 3, 3, 2, "332"]
    assert list(table.loc["ben"]) == [121, 1, 300, 1, 2, 3, "123"]
    assert table.attrs["observed_until"] == "2026-06-30"


def test_few_days_are_a_high_score():
    table = segments.rfm_scores(orders_with_gaps(range(10)), observed_until="2026-06-30")
    assert table["r"].tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


def test_without_ties_scores_are_quintiles():
    rng = np.random.default_rng(3)
    values = pd.Series(rng.permutation(np.arange(200.0)) ** 2 + 1)
    scored = segments.rfm_scores(
        orders_with_gaps(np.zeros(200), spent=values), observed_until="2026-06-30"
    )
    expected = pd.qcut(values, 5, labels=False) + 1
    assert scored["m"].tolist() == expected.tolist()
    assert scored["r"].unique().tolist() == [3], "all bought on one day: nobody is better"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=60), st.integers(2, 9))
def test_scores_are_those_counted_one_by_one(days, bins):
    table = segments.rfm_scores(orders_with_gaps(days), observed_until="2026-06-30", bins=bins)
    assert table["r"].tolist() == one_by_one([-day for day in days], bins)
    assert table["r"].between(1, bins).all()
    assert table.groupby("days_since_last")["r"].nunique().eq(1).all(), "ties share a score"
    assert table.sort_values("days_since_last", kind="stable")["r"].is_monotonic_decreasing


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=2, max_size=40), st.sampled_from([5, 3]))
def test_scores_do_not_change_with_the_unit_or_the_scale(spent, bins):
    plain = orders_with_gaps(np.zeros(len(spent)), spent=spent)
    options = dict(observed_until="2026-06-30", bins=bins)
    scores = segments.rfm_scores(plain, **options)["m"]
    for increasing in (lambda x: 25 * x, np.sqrt, np.log1p, lambda x: x**3):
        changed = plain.assign(amount=increasing(plain["amount"]))
        assert segments.rfm_scores(changed, **options)["m"].equals(scores)


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(random):
    table = funnelkit.load("orders").head(300)
    rows = list(range(len(table)))
    random.shuffle(rows)
    one = segments.rfm_scores(table, observed_until="2026-06-30")
    two = segments.rfm_scores(table.iloc[rows], observed_until="2026-06-30")
    pd.testing.assert_frame_equal(one, two)


def test_what_comes_later_is_not_looked_at():
    cdnow = funnelkit.load("cdnow")
    known = segments.rfm_scores(cdnow[cdnow["date"] <= "1997-09-30"], observed_until="1997-09-30")
    pd.testing.assert_frame_equal(segments.rfm_scores(cdnow, observed_until="1997-09-30"), known)
    assert len(known) == 2357
    assert (known["days_since_last"] >= 0).all()


def test_rows_of_one_day_are_one_purchase():
    twice = pd.concat([ORDERS, ORDERS.head(1)])
    table = segments.rfm_scores(twice, observed_until="2026-06-30")
    assert table.loc["ann", ["purchases", "spent"]].tolist() == [2, 280]
    at_noon = ORDERS.assign(date=ORDERS["date"] + pd.Timedelta("12h"))
    again = segments.rfm_scores(at_noon, observed_until="2026-06-20 08:00")
    assert "cat" not in again.index, "she bought at noon, after this moment"
    on_the_day = segments.rfm_scores(at_noon, observed_until="2026-06-20")
    assert on_the_day.loc["cat", "days_since_last"] == 0, "a day is seen to its end"


def test_cdnow_s_repeat_purchases_are_the_published_ones():
    table = segments.rfm_scores(funnelkit.load("cdnow"), observed_until="1997-09-30")
    assert (table["purchases"] - 1).sum() == 2457, "Fader, Hardie & Lee 2005, calibration period"


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        (lambda t: t.drop(columns="date"), {}, ValueError, "no column in orders is called 'date'"),
        (lambda t: t.assign(date="May"), {}, ValueError, "not a time as ISO 8601 .*pd.to_da"),
        (lambda t: t.assign(amount="5"), {}, TypeError, "column 'amount' holds text: remove"),
        (lambda t: t.assign(amount=[1, None, 1, 1]), {}, ValueError, "missing in 1 of 4 rows"),
        (lambda t: t.assign(amount=-1), {}, ValueError, "refund"),
        (lambda t: t.assign(amount=np.inf), {}, ValueError, "'amount' is infinite in 4 of 4"),
        (lambda t: t.assign(amount=True), {}, TypeError, "column 'amount' is boolean"),
        (lambda t: t.assign(date=t["date"].dt.tz_localize("UTC")), {}, ValueError, "time zone"),
        (lambda t: t.assign(date=["03/04/2026"] * 4), {}, ValueError, "day, month, year"),
        (lambda t: t.assign(customer_id=[8887, "8887", 1, 2]), {}, TypeError, "several types"),
        (lambda t: t.assign(customer_id=["ann", " ", "b", "c"]), {}, ValueError, "is blank in 1"),
        (lambda t: pd.concat([t, t["date"]], axis=1), {}, ValueError, "2 columns called 'date'"),
        (lambda t: t, {"observed_until": None}, ValueError, "observed_until is missing"),
        (lambda t: t, {"observed_until": "12/03/2026"}, ValueError, "ISO 8601"),
        (lambda t: t, {"observed_until": "2026-06-30T00:00Z"}, ValueError, "time zone"),
        (
            lambda t: t,
            {"observed_until": "2025-12-31"},
            ValueError,
            "nobody had bought by 2025-12-31",
        ),
        (lambda t: t, {"bins": 10}, ValueError, "bins is 10"),
        (lambda t: t, {"bins": True}, TypeError, "bins is True"),
        (lambda t: t.to_dict(), {}, TypeError, "orders is a dict"),
    ],
)
def test_orders_that_cannot_be_scored_are_refused(change, options, error, words):
    with pytest.raises(error, match=words):
        segments.rfm_scores(change(ORDERS), **{"observed_until": "2026-06-30", **options})


# ---------------------------------------------------------------- clusters

IRIS = pd.DataFrame(load_iris().data, columns=["sepal_l", "sepal_w", "petal_l", "petal_w"])


def clouds(n=300, distance=8.0, seed=1, spread=(1.0, 1.0)):
    """Four clouds at the corners of a square; their labels."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 4
    corner = np.c_[label % 2, label // 2] * distance
    points = (corner + rng.normal(size=(n, 2))) * np.array(spread)
    return pd.DataFrame(points, columns=["x", "y"]), label


def test_k_means_on_iris():
    """REFERENCE: scikit-learn's own: inertia 78.851, silhouette 0.553, sizes 62, 50, 38."""
    model = segments.k_means(IRIS, 3, scale=False)
    labels = model.predict(IRIS)
    assert model["kmeans"].inertia_ == pytest.approx(78.851, abs=5e-4)
    assert segments.silhouette(IRIS, labels)["silhouette"].mean() == pytest.approx(0.553, abs=5e-4)
    assert sorted(np.bincount(labels)) == [38, 50, 62]
    table = segments.choose_k(IRIS, [3], scale=False, n_resamples=1)
    assert table.loc[3, "inertia"] == pytest.approx(78.851, abs=5e-4)
    assert table.loc[3, "silhouette"] == pytest.approx(0.553, abs=5e-4)


def test_clusters_are_numbered_by_their_centres_whatever_the_seed():
    features, truth = clouds()
    models = [segments.k_means(features, 4, seed=seed) for seed in range(5)]
    for model in models:
        centres = model["kmeans"].cluster_centers_
        assert list(np.lexsort(centres.T[::-1].round(9))) == [0, 1, 2, 3]
        assert (model["kmeans"].labels_ == model.predict(features)).all()
        assert (model.predict(features) == models[0].predict(features)).all()
        assert adjusted_rand_score(truth, model.predict(features)) == 1


def test_scaling_is_learnt_where_the_clusters_are():
    features, _ = clouds(spread=(1, 1000))
    model = segments.k_means(features, 4)
    scaled = (features - features.mean()) / features.std(ddof=0)
    same = KMeans(4, n_init=10, random_state=0).fit(scaled)
    assert model["kmeans"].inertia_ == pytest.approx(same.inertia_)
    assert adjusted_rand_score(same.labels_, model.predict(features)) == 1
    alone = model.predict(features.head(2)).tolist()
    assert alone == model.predict(features)[:2].tolist(), "scaled by what was learnt"


def test_without_scaling_the_large_numbers_decide():
    features, truth = clouds(spread=(1, 1000))
    unscaled = segments.k_means(features, 4, scale=False).predict(features)
    assert adjusted_rand_score(truth, unscaled) < 0.6
    assert adjusted_rand_score(truth, segments.k_means(features, 4).predict(features)) == 1


def test_clustering_does_not_change_what_it_is_given():
    features, _ = clouds()
    before = features.copy()
    segments.choose_k(features, [2], n_resamples=1)
    pd.testing.assert_frame_equal(features, before)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=4, max_size=40),
    st.integers(2, 5),
    st.integers(0, 99),
)
def test_silhouettes_are_scikit_learn_s(points, k, seed):
    features = pd.DataFrame(points, columns=["x", "y"]).astype(float)
    labels = np.random.default_rng(seed).integers(0, k, len(points))
    if not 2 <= len(set(labels)) < len(points):
        return
    found = segments.silhouette(features, labels)
    np.testing.assert_allclose(
        found["silhouette"], silhouette_samples(features, labels), atol=1e-12
    )
    assert found["silhouette"].between(-1, 1).all()


def test_silhouettes_of_more_than_one_piece():
    features, labels = clouds(n=2300)
    features.index = range(5, 2305)
    found = segments.silhouette(features, labels)
    np.testing.assert_allclose(found["silhouette"], silhouette_samples(features, labels))
    assert found.index.equals(features.index)


def by_pairs(one, other):
    """The adjusted Rand index from its pairs, one by one."""
    pairs = list(combinations(range(len(one)), 2))
    in_one = [one[i] == one[j] for i, j in pairs]
    in_other = [other[i] == other[j] for i, j in pairs]
    both = sum(a and b for a, b in zip(in_one, in_other, strict=True))
    chance = sum(in_one) * sum(in_other) / len(pairs)
    most = (sum(in_one) + sum(in_other)) / 2
    return (both - chance) / (most - chance) if most != chance else 1.0


GROUPINGS = st.integers(2, 30).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 4), min_size=n, max_size=n)] * 2)
)


@settings(deadline=None)
@given(GROUPINGS)
def test_the_adjusted_rand_index_is_scikit_learn_s_and_counted_by_pairs(groupings):
    one, other = groupings
    found = segments.adjusted_rand_index(one, other)
    assert found == pytest.approx(adjusted_rand_score(one, other), abs=1e-12)
    assert found == pytest.approx(by_pairs(one, other), abs=1e-12)
    assert found == segments.adjusted_rand_index(other, one)
    renamed = [f"group {4 - label}" for label in one]
    assert segments.adjusted_rand_index(renamed, other) == pytest.approx(found, abs=1e-15)
    assert segments.adjusted_rand_index(one, one) == 1


def test_random_groupings_agree_no_more_than_chance():
    rng = np.random.default_rng(5)
    found = [segments.adjusted_rand_index(*rng.integers(0, 4, (2, 500))) for _ in range(200)]
    assert abs(np.mean(found)) < 0.002


def test_clear_clouds_are_stable_and_one_cloud_is_not():
    features, _ = clouds(n=400)
    assert segments.stability(features, 4, n_resamples=3).min() == 1
    rng = np.random.default_rng(2)
    one_cloud = pd.DataFrame(rng.normal(size=(400, 2)), columns=["x", "y"])
    assert segments.stability(one_cloud, 5, n_resamples=5).mean() < 0.75
    again = segments.stability(one_cloud, 5, n_resamples=2, seed=7)
    assert (again == segments.stability(one_cloud, 5, n_resamples=2, seed=7)).all()


def test_the_criteria_find_four_clouds():
    features, _ = clouds(n=400)
    table = segments.choose_k(features, range(1, 7), n_resamples=3)
    assert table["silhouette"].idxmax() == 4
    assert table.loc[4, "stability"] == 1
    assert table["inertia"].is_monotonic_decreasing
    fall = 1 - table.loc[4, "inertia"] / table.loc[3, "inertia"]
    assert table.loc[4, "fall"] == pytest.approx(fall)
    assert table.loc[1].isna().tolist() == [False, True, True, True]
    assert pd.isna(segments.choose_k(features, [4], n_resamples=1).loc[4, "fall"])


def test_gap_statistics_of_one_cloud_and_of_three_are_those_computed_step_by_step():
    """An oracle with scikit-learn alone; the box is that of the scaled features."""
    rng = np.random.default_rng(0)
    centre = np.repeat([[0, 0], [8, 0], [0, 8]], 60, axis=0)
    three = pd.DataFrame(centre + rng.normal(size=(180, 2)), columns=["x", "y"])
    table = segments.choose_k(three, range(1, 6), n_resamples=2, n_references=10)
    assert table["gap"].idxmax() == 3
    scaled = ((three - three.mean()) / three.std(ddof=0)).to_numpy()
    low, high = scaled.min(axis=0), scaled.max(axis=0)
    clouds = [low + rng.random(scaled.shape) * (high - low) for _ in range(10)]
    for k in (1, 3, 5):
        logs = [np.log(KMeans(k, n_init=5, random_state=1).fit(cloud).inertia_) for cloud in clouds]
        log_inertia = np.log(KMeans(k, n_init=5, random_state=1).fit(scaled).inertia_)
        gap = np.mean(logs) - log_inertia
        assert table.loc[k, "gap"] == pytest.approx(gap, abs=5 * table.loc[k, "gap_se"])
        assert 0 < table.loc[k, "gap_se"] < 0.1
    assert (table.loc[3, "silhouette"] - table.loc[3, "silhouette_reference"]) > 0.2
    again = segments.choose_k(three, range(1, 6), n_resamples=2, n_references=10)
    pd.testing.assert_frame_equal(again, table)


def test_a_rectangle_without_groups_shows_no_gap_though_silhouette_and_stability_choose():
    """Uniform in a rectangle: silhouette and stability are best with four, which means nothing."""
    rng = np.random.default_rng(3)
    cloud = pd.DataFrame(rng.uniform(size=(1500, 2)) * [45, 2], columns=["age", "log_income"])
    table = segments.choose_k(cloud, range(1, 6), n_resamples=4, n_references=8)
    assert table["silhouette"].idxmax() == 4 and table.loc[4, "stability"] > 0.85
    assert abs(table.loc[4, "silhouette"] - table.loc[4, "silhouette_reference"]) < 0.02
    assert (table["gap"].abs() < 0.05).all()


def test_the_gap_of_the_leads_is_largest_at_four():
    """REFERENCE: computed by independent code: 0.67, 0.64, 0.71, 0.80, 0.77, 0.68, se 0.01."""
    people = quality.clean_leads(funnelkit.load("leads"))
    people = people.assign(log_income=np.log(people["income"]))
    early = people[people["created_at"] < "2025-11-01"][["age", "log_income"]].dropna()
    table = segments.choose_k(early, range(1, 7), n_resamples=1, n_references=10)
    reference = [0.67, 0.64, 0.71, 0.80, 0.77, 0.68]
    np.testing.assert_allclose(table["gap"], reference, atol=0.03)
    assert table["gap_se"].max() < 0.025


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: segments.k_means(IRIS.to_numpy(), 3), TypeError, "features is a.? ndarray"),
        (lambda: segments.k_means(IRIS.assign(kind="a"), 3), TypeError, "'kind' holds text"),
        (lambda: segments.k_means(IRIS.assign(new=True), 3), TypeError, "'new' is boolean"),
        (
            lambda: segments.k_means(IRIS.assign(x=[np.nan] + [1] * 149), 3),
            ValueError,
            r"column 'x' is missing in 1 of 150 rows \(first: row 0\): fill them or leave out",
        ),
        (lambda: segments.k_means(IRIS.assign(x=-np.inf), 3), ValueError, "the logarithm of 0"),
        (lambda: segments.k_means(IRIS[[]], 3), ValueError, "no columns"),
        (lambda: segments.k_means(IRIS.head(2), 3), ValueError, "2 different cases"),
        (lambda: segments.k_means(pd.concat([IRIS.head(1)] * 9), 2), ValueError, "1 different"),
        (lambda: segments.k_means(IRIS, 0), ValueError, "k is 0"),
        (lambda: segments.k_means(IRIS, 2.5), TypeError, "k is 2.5"),
        (lambda: segments.stability(IRIS, 3, n_resamples=0), ValueError, "n_resamples is 0"),
        (lambda: segments.stability(IRIS, 2.5), TypeError, "k is 2.5"),
        (lambda: segments.stability(IRIS, True), TypeError, "k is True"),
        (lambda: segments.stability(IRIS.head(5), 3), ValueError, "5 different .* for 3 clusters"),
        (lambda: segments.stability(IRIS, 3, n_resamples=True), TypeError, "n_resamples is True"),
        (lambda: segments.k_means(IRIS, 3, n_init=0), ValueError, "n_init is 0"),
        (lambda: segments.k_means(IRIS, 3, scale="no"), TypeError, "scale is 'no': give True or"),
        (lambda: segments.k_means(IRIS, 3, seed=-1), ValueError, "seed is -1"),
        (
            lambda: segments.k_means(IRIS.assign(**{"x": 1}).rename(columns={"x": 1}), 3),
            TypeError,
            "names of columns of several types",
        ),
        (lambda: segments.choose_k(IRIS, []), ValueError, "ks is empty"),
        (lambda: segments.choose_k(IRIS, 3), TypeError, "ks is an int: give a range"),
        (lambda: segments.choose_k(IRIS, [2.5]), TypeError, "each of ks is 2.5"),
        (lambda: segments.choose_k(IRIS, [2], n_references=1), ValueError, "no standard error"),
        (
            lambda: segments.silhouette(IRIS, pd.Series([0, 1] * 75, index=range(149, -1, -1))),
            ValueError,
            "features and labels have different indexes",
        ),
        (lambda: segments.silhouette(IRIS, [0] * 150), ValueError, "two clusters or more"),
        (lambda: segments.silhouette(IRIS, [0, 1]), ValueError, "2 of labels and 150 cases"),
        (
            lambda: segments.adjusted_rand_index([0, None], [0, 1]),
            ValueError,
            "one is missing in 1 of 2",
        ),
        (lambda: segments.adjusted_rand_index([0, 1], [0]), ValueError, "1 of other and 2 cases"),
        (lambda: segments.adjusted_rand_index([0], [0]), ValueError, "the index is about pairs"),
        (
            lambda: segments.adjusted_rand_index(
                pd.Series([0, 1]), pd.Series([0, 1], index=[1, 0])
            ),
            ValueError,
            "different indexes",
        ),
    ],
)
def test_what_cannot_be_clustered_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


# ---------------------------------------------------------------- what the segments are

PEOPLE = pd.DataFrame(
    {
        "age": [21, 25, 29, 50, 61, 70],
        "income": [9000.0, 30000, np.nan, 10000, 60000, 80000],
        "bought": [True, False, False, True, True, False],
        "name": list("abcdef"),
    }
)
SEGMENT = ["young", "young", "young", "old", "old", "old"]


def test_a_profile_has_sizes_medians_and_shares():
    table = segments.profile(PEOPLE, SEGMENT)
    assert list(table.columns) == ["size", "share", "age", "income", "bought"]
    assert table.loc["young"].tolist() == pytest.approx([3, 0.5, 25, 19500, 1 / 3])
    assert table.loc["old"].tolist() == pytest.approx([3, 0.5, 61, 60000, 2 / 3])
    shuffled = PEOPLE.set_axis(list("fedcba"))
    pd.testing.assert_frame_equal(segments.profile(shuffled, SEGMENT), table)
    assert list(segments.profile(PEOPLE, SEGMENT, ["age"])) == ["size", "share", "age"]
    assert list(segments.profile(PEOPLE, SEGMENT, "age")) == ["size", "share", "age"]
    nullable = segments.profile(PEOPLE.convert_dtypes(), SEGMENT)
    pd.testing.assert_frame_equal(nullable, table)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: segments.profile(PEOPLE, SEGMENT, ["aeg"]), ValueError, "did you mean 'age'"),
        (lambda: segments.profile(PEOPLE, SEGMENT, ["name"]), TypeError, "'name' holds text"),
        (
            lambda: segments.profile(PEOPLE, pd.Series(SEGMENT, index=range(5, -1, -1))),
            ValueError,
            "table and labels have different indexes",
        ),
        (lambda: segments.profile(PEOPLE, SEGMENT[:2]), ValueError, "2 of labels and 6 cases"),
    ],
)
def test_profiles_that_cannot_be_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def grown(depth, columns=("age", "income")):
    known = PEOPLE.fillna({"income": 20000})[list(columns)]
    label = ["poor", "young", "young", "poor", "rich", "rich"]
    return DecisionTreeClassifier(max_depth=depth, random_state=0).fit(known, label), known, label


def test_rules_say_in_words_what_the_tree_does():
    tree, known, label = grown(2, ["income"])
    table = segments.rules(tree, known, label, write={"income": "EUR {:,.0f}".format})
    assert table["rule"].tolist() == [
        "income ≤ EUR 15,000",
        "EUR 15,000 < income ≤ EUR 45,000",
        "income > EUR 45,000",
    ]
    assert table["segment"].tolist() == ["poor", "young", "rich"]
    assert table["size"].tolist() == [2, 2, 2] and table["right"].tolist() == [1, 1, 1]
    assert table.attrs["accuracy"] == 1


def test_rules_are_held_against_other_cases():
    tree, known, _ = grown(2, ["income"])
    others = pd.DataFrame({"income": [5000.0, 6000.0, 20000.0]})
    table = segments.rules(tree, others, ["poor", "young", "young"])
    assert table["size"].tolist() == [2, 1, 0]
    assert table["right"].tolist()[:2] == [0.5, 1] and pd.isna(table["right"].iloc[2])
    assert table.attrs["accuracy"] == pytest.approx(2 / 3)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), st.integers(1, 4))
def test_each_case_fits_the_rule_of_its_leaf_and_no_other(seed, depth):
    features, label = clouds(n=80, distance=2, seed=seed)
    tree = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(features, label)
    table = segments.rules(tree, features, label, write=dict.fromkeys(features, repr))
    assert table["size"].sum() == len(features)
    conditions = table["rule"].str.replace("≤", "<=").str.replace(" and ", ") and (")
    fits = [features.eval(f"({condition})").sum() for condition in conditions]
    assert fits == table["size"].tolist()
    right = (table["size"] * table["right"]).sum() / len(features)
    assert right == pytest.approx(tree.score(features, label)) == table.attrs["accuracy"]


def test_rules_of_what_is_no_tree_are_refused():
    tree, known, label = grown(2)
    with pytest.raises(TypeError, match="tree is a DecisionTreeClassifier: give a .* fitted on"):
        segments.rules(DecisionTreeClassifier(), known, label)
    with pytest.raises(TypeError, match="tree is a str"):
        segments.rules("age > 3", known, label)
    with pytest.raises(ValueError, match="no feature of the tree is called 'aeg': did you mean"):
        segments.rules(tree, known, label, write={"aeg": str})
    with pytest.raises(TypeError, match=r"write\['age'\] is a str: give a function"):
        segments.rules(tree, known, label, write={"age": "{:.0f}"})
    with pytest.raises(ValueError, match="features and labels have different indexes"):
        segments.rules(tree, known, pd.Series(label, index=known.index[::-1]))
    with pytest.raises(ValueError, match="grown on age, income: give these columns, in order"):
        segments.rules(tree, known[["income", "age"]], label)
    stump = DecisionTreeClassifier(max_depth=1).fit(known, ["all"] * 6)
    assert segments.rules(stump, known, ["all"] * 6)["rule"].tolist() == ["everybody"]


# ---------------------------------------------------------------- what they are worth

LEADS = pd.DataFrame(
    {
        "segment": ["young"] * 4 + ["old"] * 4,
        "offer": ["none", "none", "gift", "gift"] * 2,
        "converted": [False, False, True, True, True, False, False, False],
    }
)


def test_a_plan_is_worth_what_its_own_cases_show():
    assert segments.plan_value(LEADS, "none") == 0.25
    assert segments.plan_value(LEADS, "gift") == 0.5
    plan = {"young": "gift", "old": "none"}
    assert segments.plan_value(LEADS, plan) == 0.75
    assert segments.plan_value(LEADS, pd.Series(plan)) == 0.75
    in_euro = LEADS.assign(converted=LEADS["converted"] * 282.0)
    assert segments.plan_value(in_euro, plan) == pytest.approx(0.75 * 282)


def test_a_plan_for_everybody_is_the_mean_within_the_sizes_of_the_segments():
    rng = np.random.default_rng(4)
    n = 6000
    leads = pd.DataFrame(
        {
            "segment": rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
            "offer": rng.choice(["none", "gift"], n),
        }
    )
    chance = {("a", "none"): 0.1, ("a", "gift"): 0.2, ("b", "none"): 0.3, ("b", "gift"): 0.1}
    chance |= {("c", "none"): 0.5, ("c", "gift"): 0.9}
    rate = np.array([chance[key] for key in zip(leads["segment"], leads["offer"], strict=True)])
    leads["converted"] = rng.random(n) < rate
    plan = {"a": "gift", "b": "none", "c": "gift"}
    truth = 0.6 * 0.2 + 0.3 * 0.3 + 0.1 * 0.9
    result = metrics.bootstrap(
        leads.assign(user_id=range(n)), lambda t: segments.plan_value(t, plan), seed=1
    )
    assert abs(result.estimate - truth) < 3 * result.standard_error
    rates = metrics.rates(leads, by=["segment", "offer"])["rate"].unstack()
    weights = leads["segment"].value_counts(normalize=True)
    assert segments.plan_value(leads, "gift") == pytest.approx((rates["gift"] * weights).sum())


@pytest.mark.parametrize(
    ("table", "plan", "error", "words"),
    [
        (LEADS, "gfit", ValueError, "no action in column 'offer' is called 'gfit': did you mean"),
        (LEADS, {"young": "gift"}, ValueError, "the plan says nothing about segment 'old'"),
        (LEADS, ["gift", "none"], TypeError, "plan is a list"),
        (LEADS.iloc[2:], "none", ValueError, "nobody in segment 'young' got 'none'"),
        (LEADS.assign(converted="yes"), "none", TypeError, "not True and False"),
        (LEADS.assign(converted=np.inf), "none", ValueError, "'converted' is infinite in 8 of 8"),
        (LEADS.iloc[:0], "none", ValueError, "no rows"),
        (LEADS.assign(offer=[0, 1] * 4), "1", ValueError, "is called '1': did you mean 1"),
        (LEADS.assign(segment=None), "none", ValueError, "column 'segment' is missing in 8 of 8"),
        (LEADS.drop(columns="offer"), "none", ValueError, "no column in table is called 'offer'"),
    ],
)
def test_plans_that_cannot_be_valued_are_refused(table, plan, error, words):
    with pytest.raises(error, match=words):
        segments.plan_value(table, plan)


def test_the_segments_planted_among_the_leads_are_found_and_so_are_their_offers():
    people = quality.clean_leads(funnelkit.load("leads"))
    truth = funnelkit.truth()["leads"]["segments"]
    kind = {lead_id: name for name, ids in truth.items() for lead_id in ids}
    people = people.assign(log_income=np.log(people["income"]), kind=people["lead_id"].map(kind))
    people["enrolled"] = people["converted_at"] - people["created_at"] <= pd.Timedelta("60D")
    complete = people[people[["age", "income"]].notna().all(axis=1)]
    columns = ["age", "log_income"]
    early = complete["created_at"] < "2025-11-01"
    model = segments.k_means(complete.loc[early, columns], 4)
    late = complete[complete["created_at"] >= "2026-01-01"]
    assert 0.68 < segments.adjusted_rand_index(model.predict(late[columns]), late["kind"]) < 0.82
    unscaled = segments.k_means(complete.loc[early, ["age", "income"]], 3, scale=False)
    alone = segments.k_means(complete.loc[early, ["income"]], 3, scale=False)
    assert segments.adjusted_rand_index(unscaled["kmeans"].labels_, alone["kmeans"].labels_) > 0.99
    rates = metrics.rates(people, "enrolled", by=["kind", "offer"])["rate"].unstack()
    assert rates.loc["students"].idxmax() == "instalments"
    assert rates.loc["young_professionals"].idxmax() == "certificate"
    suits = dict.fromkeys(["students", "returners"], "instalments")
    suits |= dict.fromkeys(["young_professionals", "managers"], "certificate")
    own = segments.plan_value(people, suits, segment="kind", outcome="enrolled")
    for offer in ("none", "instalments", "certificate"):
        assert own > segments.plan_value(people, offer, segment="kind", outcome="enrolled") + 0.02


def test_the_module_loads_no_heavy_package_before_it_needs_one():
    code = (
        "import sys, funnelkit.segments;"
        "print({'scipy', 'sklearn', 'matplotlib', 'statsmodels'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
