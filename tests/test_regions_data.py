"""What is planted in the table of the regions is found, on the stored seed and on five others."""

import functools

import numpy as np
import pandas as pd
import pytest

import funnelkit
from funnelkit import incrementality
from funnelkit.simulate import MODEL, SEED
from funnelkit.world import journeys, regions

SEEDS = [SEED, 21, 22, 23, 24, 25]
PLANTED, LAWS = MODEL["geo"], MODEL["journeys"]["channels"]
CHANNELS = list(PLANTED["lost_without"])
PULSES = "2025-10-06"


@functools.cache
def drawn(seed):
    return regions.draw_regions(seed)


@functools.cache
def fitted(seed):
    table = drawn(seed)
    spend = [f"spend_{name}" for name in CHANNELS]
    usual = table[table["week"] < "2024-09-30"].groupby("region")[spend].mean()
    return incrementality.ResponseModel().fit(table, "enrolments", spend, usual=usual, since=PULSES)


@pytest.fixture(params=SEEDS, ids=lambda seed: f"seed{seed}")
def seed(request):
    return request.param


def geo_test(table, channel, **options):
    tested = table[table["test"] == channel]
    return incrementality.difference_in_differences(
        table,
        "enrolments",
        treated=list(tested.loc[tested["off"], "region"].unique()),
        start=tested["week"].min(),
        weeks=8,
        before=10,
        **options,
    )


# What is left of each channel three weeks after it was switched off is small, and computed.
@pytest.mark.parametrize("channel", list(PLANTED["tests"]))
def test_a_geo_test_finds_what_is_lost_without_the_channel(seed, channel):
    got = geo_test(drawn(seed), channel, settle=3)
    left = journeys.presence(channel, np.r_[np.ones(20), np.zeros(8)][None, :])[0, -5:].mean()
    law = LAWS[channel]
    left = left * (1 + law["half"] ** law["slope"])
    planted = np.log1p(-PLANTED["lost_without"][channel] * (1 - left))
    assert abs(np.log1p(got["estimate"]) - planted) < 3 * got["standard_error"]


def test_ten_regions_are_off_in_each_test_and_the_spending_says_so(seed):
    table = drawn(seed)
    for channel, law in PLANTED["tests"].items():
        tested = table[table["test"] == channel]
        assert tested["week"].nunique() == law["weeks"]
        off = tested[tested["off"]]
        assert off["region"].nunique() == 10 and len(off) == 80
        assert (off[f"spend_{channel}"] == 0).all()
        assert (tested.loc[~tested["off"], f"spend_{channel}"] > 0).all()


def test_before_and_after_alone_would_praise_or_blame_the_season(seed):
    table = drawn(seed)
    tested = table[(table["test"] == "brand_search") & table["off"]]
    rows = table[table["region"].isin(tested["region"].unique())]
    rows = rows.groupby("week")["enrolments"].sum()
    before = rows["2024-07-22":"2024-09-29"].mean()
    assert rows["2024-09-30":"2024-11-24"].mean() > 1.02 * before


def test_the_placebos_hold_nothing(seed):
    table = drawn(seed)
    tested = table[(table["test"] == "brand_search") & table["off"]]
    got = incrementality.placebo_in_time(
        table,
        "enrolments",
        treated=list(tested["region"].unique()),
        start="2024-09-30",
        weeks=6,
        before=6,
    )
    assert len(got) == 3
    assert (np.log1p(got["estimate"]).abs() < 3 * got["standard_error"]).all()


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_pulses_find_what_a_percent_more_of_the_channel_brings(seed, channel):
    """The elasticity at the usual spending; the share is a guess at the curve down to nothing."""
    rows, law = fitted(seed).table_.loc[f"spend_{channel}"], LAWS[channel]
    power = law["half"] ** law["slope"]
    planted = PLANTED["lost_without"][channel] * law["slope"] * power / (1 + power)
    row = rows.loc["elasticity"]
    error = (row["ci_high"] - row["ci_low"]) / 2 / 2.093
    assert abs(row["estimate"] - planted) < 3 * error


def test_the_pulses_find_carry_over_and_saturation_of_the_largest_channel(seed):
    rows, law = fitted(seed).table_.loc["spend_social_ads"], LAWS["social_ads"]
    usual = fitted(seed).usual_["spend_social_ads"]

    def log_odds(x):
        return np.log(x / (1 - x))

    for name, scale, planted in (
        ("half", np.log, law["half"] * usual),
        ("decay", log_odds, law["carry"]),
    ):
        low, high = scale(rows.loc[name, "ci_low"]), scale(rows.loc[name, "ci_high"])
        error = (high - low) / 2 / 2.093
        assert abs(scale(rows.loc[name, "estimate"]) - scale(planted)) < 3 * error, name


def test_what_is_planted_agrees_with_the_journeys():
    """Enrolments lost when the journeys are run again without the channel, as truth.json says."""
    facts = funnelkit.truth()["facts"]["journeys"]
    for channel, planted in PLANTED["lost_without"].items():
        lost = facts["lost_without"][channel]["enrolments"] / facts["enrolments"]
        error = np.sqrt(planted * (1 - planted) / facts["enrolments"])
        assert abs(lost - planted) < 3 * error, channel


def test_the_table_spends_what_the_journeys_spend():
    levels = journeys.spend_levels(SEED)
    table = funnelkit.load("regions")
    size = np.array(MODEL["journeys"]["regions"])
    size = size / size.mean()
    late = table[table["week"] >= PULSES]
    for channel, level in levels.items():
        spent = late.pivot(index="region", columns="week", values=f"spend_{channel}").to_numpy()
        planned = PLANTED["usual"][channel] * size[:, None] * level
        assert np.allclose(spent, planned, atol=0.006)


def test_the_world_without_a_channel_is_the_same_but_for_it():
    with_it, without = drawn(SEED), regions.draw_regions(SEED, without=("content",))
    assert (without["spend_content"] == 0).all()
    assert (without["enrolments"] <= with_it["enrolments"]).all()
    same = [c for c in with_it if c not in ("enrolments", "spend_content")]
    pd.testing.assert_frame_equal(with_it[same], without[same])
