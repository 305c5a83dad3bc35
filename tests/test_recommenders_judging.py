"""Judging recommendations: each convention by its name, held to published and independent values.

What `ranx` gives was computed with ranx 0.3.21 and stands here as numbers; scikit-learn is asked.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from funnelkit import recommenders

LIST, RELEVANT = ["x", "a", "y", "b"], ["a", "b"]
LISTS = pd.DataFrame({"customer_id": "Ann", "rank": [1, 2, 3, 4], "course_id": LIST})
LATER = pd.DataFrame({"customer_id": "Ann", "course_id": RELEVANT})


@pytest.mark.parametrize(
    ("divisor", "at_3", "at_4"),
    [("all", 0.25, 0.5), ("min", 0.25, 0.5), ("k", 0.5 / 3, 0.25), ("hits", 0.5, 0.5)],
)
def test_average_precision_under_each_convention(divisor, at_3, at_4):
    for k, expected in ((3, at_3), (4, at_4)):
        found = recommenders.average_precision_at(LIST, RELEVANT, k=k, divisor=divisor)
        assert found == pytest.approx(expected)
        judged = recommenders.judge(LISTS, LATER, k=k, divisor=divisor)
        assert judged.loc["Ann", "average_precision"] == pytest.approx(expected)


@pytest.mark.parametrize(("k", "ranx"), [(3, 0.386853), (4, 0.650921)])
def test_ndcg_is_that_of_ranx(k, ranx):
    found = recommenders.ndcg([0, 1, 0, 1], ideal=[1, 1], k=k)
    assert found == pytest.approx(ranx, abs=5e-7)
    assert recommenders.judge(LISTS, LATER, k=k).loc["Ann", "ndcg"] == pytest.approx(found)


def test_dcg_and_ndcg_of_the_published_example():
    """Wikipedia, "Discounted cumulative gain"."""
    gains = [3, 2, 3, 0, 1, 2]
    assert recommenders.dcg(gains) == pytest.approx(6.861, abs=5e-4)
    catalogue = recommenders.ndcg(gains, ideal=[3, 3, 3, 2, 2, 2, 1, 0])
    assert catalogue == pytest.approx(0.785, abs=5e-4)
    own = recommenders.ndcg(gains)
    assert own == pytest.approx(0.961, abs=5e-4)
    assert own == pytest.approx(ndcg_score([gains], [[6, 5, 4, 3, 2, 1]]))


def test_linear_and_exponential_gains():
    gains = [1, 3, 2, 0]
    assert recommenders.ndcg(gains) == pytest.approx(0.817494, abs=5e-7)
    exponential = recommenders.ndcg(gains, form="exponential")
    assert exponential == pytest.approx(0.736364, abs=5e-7)  # ranx: ndcg_burges


def test_the_smaller_rmse_may_put_the_wrong_item_first():
    truth, a, b = [5, 4, 3, 2], [3.9, 4.1, 3.1, 2.1], [4, 3, 2, 1]
    assert recommenders.rmse(a, truth) == pytest.approx(0.5568, abs=5e-5)
    assert recommenders.rmse(b, truth) == 1.0
    assert np.argmax(a) != 0 and np.argmax(b) == 0
    assert recommenders.ndcg([4, 5, 3, 2], ideal=truth) < recommenders.ndcg(truth) == 1


def test_precision_counts_empty_places_and_recall_all_that_is_relevant():
    assert recommenders.precision_at(["a"], RELEVANT, k=10) == 0.1
    assert recommenders.recall_at(["a", "b"], list("abcdef"), k=2) == pytest.approx(2 / 6)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_all_users_at_once_are_judged_as_one_by_one(data):
    items = list("abcdefgh")
    k = data.draw(st.integers(1, 6))
    form = data.draw(st.sampled_from(["linear", "exponential"]))
    shown = {u: data.draw(st.permutations(items))[: data.draw(st.integers(1, 8))] for u in "PQR"}
    later = {
        u: data.draw(st.dictionaries(st.sampled_from(items), st.integers(1, 4), min_size=1))
        for u in "PQR"
    }
    lists = pd.DataFrame(
        [(u, n + 1, i) for u, row in shown.items() for n, i in enumerate(row)],
        columns=["customer_id", "rank", "course_id"],
    ).sample(frac=1, random_state=1)
    test = pd.DataFrame(
        [(u, i, g) for u, row in later.items() for i, g in row.items()],
        columns=["customer_id", "course_id", "worth"],
    )
    judged = recommenders.judge(lists, test, k=k, gain="worth", form=form)
    for u in "PQR":
        row, relevant = shown[u], list(later[u])
        gains = [later[u].get(i, 0) for i in row] + [0] * 8
        assert judged.loc[u, "precision"] == recommenders.precision_at(row, relevant, k=k)
        assert judged.loc[u, "recall"] == recommenders.recall_at(row, relevant, k=k)
        assert judged.loc[u, "average_precision"] == pytest.approx(
            recommenders.average_precision_at(row, relevant, k=k)
        )
        ideal = list(later[u].values())
        assert judged.loc[u, "ndcg"] == pytest.approx(
            recommenders.ndcg(gains, ideal=ideal, k=k, form=form)
        )


def test_the_ideal_of_the_list_forgets_what_was_not_shown():
    own = recommenders.judge(LISTS, LATER, k=3, ideal="list").loc["Ann", "ndcg"]
    assert own == pytest.approx(1 / np.log2(3))
    assert own > recommenders.judge(LISTS, LATER, k=3).loc["Ann", "ndcg"]


def test_users_without_a_list_are_zero_or_dropped_and_counted():
    later = pd.concat([LATER, pd.DataFrame({"customer_id": ["Bob"], "course_id": ["a"]})])
    lists = pd.concat([LISTS, LISTS.assign(customer_id="Cat")])
    zero = recommenders.judge(lists, later, k=4)
    dropped = recommenders.judge(lists, later, k=4, without_list="drop")
    assert zero["recall"].tolist() == [1.0, 0.0] and dropped["recall"].tolist() == [1.0]
    for judged in (zero, dropped):
        assert judged.attrs["users_without_list"] == 1
        assert judged.attrs["users_without_test"] == 1
    assert zero.attrs["divisor"] == "min" and zero.attrs["ideal"] == "catalogue"


def test_what_is_worth_nothing_is_not_relevant():
    later = LATER.assign(worth=[1.0, 0.0])
    judged = recommenders.judge(LISTS, later, k=4, gain="worth")
    assert judged.loc["Ann", ["hits", "relevant"]].tolist() == [1, 1]


def test_exposure_covers_all_items_and_not_those_shown():
    lists = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", "b", "c", "c"],
            "rank": [1, 2, 1, 2, 1, 2],
            "course_id": ["u", "v", "u", "v", "u", "w"],
        }
    )
    items = ["u", "v", "w", "x", "y"]
    counts = recommenders.exposure(lists, items)
    assert counts.tolist() == [3, 2, 1, 0, 0]
    assert recommenders.coverage(lists, items) == 0.6
    assert recommenders.gini(counts) == pytest.approx(0.5333, abs=5e-5)
    assert recommenders.gini(counts[counts > 0]) == pytest.approx(0.2222, abs=5e-5)
    assert recommenders.exposure(lists, items, k=1).tolist() == [3, 0, 0, 0, 0]
    with pytest.raises(ValueError, match="no item of the catalogue is called 'w'"):
        recommenders.coverage(lists, ["u", "v"])


def test_gini_of_equal_shares_is_zero():
    assert recommenders.gini([4, 4, 4]) == 0
    assert recommenders.gini([0, 0, 0, 9]) == pytest.approx(0.75)


def test_diversity_and_popularity_of_a_list_by_hand():
    alike = pd.DataFrame([[1, 0.2, 0.6], [0.2, 1, 0.4], [0.6, 0.4, 1]], list("xyz"), list("xyz"))
    lists = pd.DataFrame({"customer_id": "Ann", "rank": [1, 2, 3], "course_id": list("xyz")})
    found = recommenders.diversity(lists, alike)
    assert found["Ann"] == pytest.approx(1 - (0.2 + 0.6 + 0.4) / 3)
    assert recommenders.diversity(lists, alike, k=2)["Ann"] == pytest.approx(0.8)
    popular = pd.Series({"x": 30, "y": 10, "z": 5})
    assert recommenders.mean_popularity(lists, popular)["Ann"] == 15


# ---------------------------------------------------------------- past and future


ROWS = pd.DataFrame(
    {
        "customer_id": list("aaabbc"),
        "course_id": list("xyzxyx"),
        "rated_at": pd.to_datetime(
            ["2026-01-01", "2026-03-01", "2026-02-01", "2026-01-15", "2026-05-01", "2026-04-01"]
        ),
    }
)


def test_leaving_the_last_out_leaks_and_a_cut_in_time_does_not():
    train, test = recommenders.leave_last_out(ROWS)
    assert test["course_id"].tolist() == ["y", "y"]
    assert test.attrs["users_left_out"] == 1
    assert len(train) + len(test) == len(ROWS)
    # Of the four training rows c's, of April, is later than a's last, of March.
    assert recommenders.rows_from_the_future(train, test).tolist() == [0.25, 0.0]
    train, test = recommenders.time_cut(ROWS, "2026-03-01")
    assert train["rated_at"].max() < pd.Timestamp("2026-03-01") <= test["rated_at"].min()
    assert (recommenders.rows_from_the_future(train, test) == 0).all()
    assert test.attrs == {"users_without_past": 1, "items_without_past": 1}


def test_the_order_of_the_rows_does_not_matter():
    shuffled = ROWS.sample(frac=1, random_state=0)
    for split in (recommenders.leave_last_out, lambda t: recommenders.time_cut(t, "2026-03-01")):
        one, other = split(ROWS), split(shuffled)
        assert all(a.sort_index().equals(b.sort_index()) for a, b in zip(one, other, strict=True))


def test_of_two_rows_at_one_time_the_later_item_is_the_last():
    tied = ROWS.assign(rated_at=pd.Timestamp("2026-01-01"))
    assert recommenders.leave_last_out(tied)[1]["course_id"].tolist() == ["z", "y"]


@pytest.mark.parametrize(("at", "words"), [("2025-01-01", "0 of 6"), ("2027-01-01", "6 of 6")])
def test_a_cut_outside_the_data_is_refused(at, words):
    with pytest.raises(ValueError, match=f"{words} rows are before it: choose a moment between"):
        recommenders.time_cut(ROWS, at)


# ---------------------------------------------------------------- bad input


def test_lists_for_other_users_are_refused():
    with pytest.raises(ValueError, match="no customer_id of lists is in test"):
        recommenders.judge(LISTS.assign(customer_id="Zoe"), LATER)


def test_a_place_filled_twice_is_refused():
    with pytest.raises(ValueError, match="a rank of one customer_id comes twice"):
        recommenders.judge(LISTS.assign(rank=1), LATER)
    with pytest.raises(ValueError, match="an item of one customer_id comes twice"):
        recommenders.judge(LISTS.assign(course_id="x"), LATER)


def test_something_taken_twice_is_refused_and_the_remedy_works():
    twice = pd.concat([LATER, LATER])
    with pytest.raises(ValueError, match="comes again"):
        recommenders.judge(LISTS, twice)
    once = twice.drop_duplicates(["customer_id", "course_id"])
    assert recommenders.judge(LISTS, once, k=4)["recall"].tolist() == [1.0]


def test_a_user_who_took_nothing_cannot_be_judged():
    for function in (recommenders.precision_at, recommenders.recall_at):
        with pytest.raises(ValueError, match="took nothing"):
            function(LIST, [])
    with pytest.raises(ValueError, match="took nothing"):
        recommenders.ndcg([0, 0])


def test_an_ideal_that_is_worse_than_the_list_is_refused():
    with pytest.raises(ValueError, match="those of the list included"):
        recommenders.ndcg([3, 2], ideal=[1])
