"""What lesson 24 says of splits and lists holds on the stored seed and on five others."""

import functools

import numpy as np
import pytest

import funnelkit as fk
from funnelkit import recommenders
from funnelkit.simulate import SEED
from funnelkit.world import library


@functools.cache
def tables(seed):
    return library.draw_library(seed, fk.load("customers"))


@pytest.fixture(params=[SEED, 21, 22, 23, 24, 25], ids=lambda seed: f"seed{seed}")
def made(request):
    return tables(request.param)


def lists_of(past, n=10):
    """Return the lists by what is popular and by neighbours."""
    taken = recommenders.taken_matrix(past)
    scores = {
        "popular": recommenders.popularity(past),
        "neighbours": recommenders.neighbour_scores(taken),
    }
    return {name: recommenders.top_n(each, taken, n=n) for name, each in scores.items()}


def test_leave_last_out_recommends_what_did_not_exist_yet_and_a_cut_in_time_does_not(made):
    ratings, added = made["ratings"], made["courses"].set_index("course_id")["added"]
    train, last = recommenders.leave_last_out(ratings)
    lists = lists_of(train)["neighbours"]
    asked = lists["customer_id"].map(last.set_index("customer_id")["rated_at"])
    assert (lists["course_id"].map(added) > asked).sum() > 0
    past, _ = recommenders.time_cut(ratings, "2026-05-01")
    for lists in lists_of(past).values():
        assert (lists["course_id"].map(added) < np.datetime64("2026-05-01")).all()


def test_neighbours_show_most_of_the_catalogue_and_popular_lists_little_of_it(made):
    past, _ = recommenders.time_cut(made["ratings"], "2026-05-01")
    items, lists = made["courses"]["course_id"], lists_of(past)
    assert recommenders.coverage(lists["popular"], items) < 0.4
    assert recommenders.coverage(lists["neighbours"], items) > 0.75
    places = {name: recommenders.exposure(each, items) for name, each in lists.items()}
    assert recommenders.gini(places["neighbours"]) < recommenders.gini(places["popular"])
    # Which of the two has more hits is not planted, and differs between the seeds.


def test_members_without_a_past_are_the_whole_difference_between_zero_and_drop(made):
    past, future = recommenders.time_cut(made["ratings"], "2026-05-01")
    lists = lists_of(past)["popular"]
    zero = recommenders.judge(lists, future)["recall"]
    drop = recommenders.judge(lists, future, without_list="drop")["recall"]
    assert len(zero) - len(drop) == future.attrs["users_without_past"]
    assert zero.sum() == pytest.approx(drop.sum())
