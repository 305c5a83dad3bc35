"""The table of journeys: what is planted is found again, on the stored seed and on five others."""

import functools
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit import attribution
from funnelkit.schemas import SCHEMAS
from funnelkit.simulate import MODEL, SEED
from funnelkit.world import journeys, run

SEEDS = [SEED, 21, 22, 23, 24, 25]
PLANTED = MODEL["journeys"]
NUMBER = {name: number for number, name in enumerate(journeys.TOUCH_CHANNELS)}


@functools.cache
def touches(seed, without=()):
    return journeys.run_journeys(seed, journeys.spend_levels(seed, without=without))


@functools.cache
def truth(seed):
    return journeys.enrolments_without(seed, ("social_ads", "brand_search"))


@pytest.fixture(params=SEEDS, ids=lambda seed: f"seed{seed}")
def seed(request):
    return request.param


def lost(seed, channel):
    return truth(seed)["lost_without"][channel]["enrolments"] / truth(seed)["enrolments"]


def test_brand_search_harvests_and_social_ads_open(seed):
    table = journeys.draw_journeys(seed)
    enrolments = table[table["converted_at"].notna()]
    last = enrolments["channel"].value_counts(normalize=True)
    assert last["brand_search"] > 0.28 and lost(seed, "brand_search") < 0.03
    assert last["social_ads"] < 0.17 and lost(seed, "social_ads") > 0.33


def test_a_chain_flatters_brand_search_and_shortchanges_social_ads(seed):
    paths = attribution.count_paths(attribution.cut_journeys(journeys.draw_journeys(seed)))
    share = attribution.markov_credit(paths)["share"]
    assert share["brand_search"] - lost(seed, "brand_search") > 0.15
    assert share["social_ads"] - lost(seed, "social_ads") < -0.10


def test_what_a_channel_did_not_carry_happens_directly_as_often_as_planted(seed):
    """The touches of brand search, looked up in the world without it."""
    seen = touches(seed)
    brand = seen[seen["channel"] == NUMBER["brand_search"]]
    other = touches(seed, ("brand_search",)).set_index(["prospect", "at"])["channel"]
    direct = other[~other.index.duplicated()].reindex(
        pd.MultiIndex.from_frame(brand[["prospect", "at"]])
    )
    assert (direct.dropna() == NUMBER["direct"]).all()
    share, planted = direct.notna().mean(), PLANTED["channels"]["brand_search"]["anyway"]
    assert abs(share - planted) < 3 * (planted * (1 - planted) / len(brand)) ** 0.5


@pytest.mark.parametrize("channel", ["social_ads", "content", "offline"])
def test_touches_saturate_as_planted(seed, channel):
    """Touches at each share of presence, beside those at full presence that are planted."""
    seen = touches(seed)
    reached = journeys.presence(channel, journeys.spend_levels(seed)[channel])
    law, people = PLANTED["channels"][channel], PLANTED["people"]
    shares = np.array(PLANTED["regions"]) / sum(PLANTED["regions"])
    first = pd.Timestamp(PLANTED["from"]).value // 10**9
    week = (seen["at"] - first) // (7 * 86_400) + PLANTED["warm_up"]
    inside = (seen["channel"] == NUMBER[channel]) & (week >= PLANTED["warm_up"])
    found = pd.crosstab(seen["region"][inside], week[inside]).to_numpy()
    mean = law["possible"] / (1 + law["possible"])
    possible = law["possible"] * (1 - mean ** PLANTED["most_of_an_opener"])
    weeks = PLANTED["weeks"] + PLANTED["warm_up"]
    expected = people * shares[:, None] / weeks * possible * reached[:, PLANTED["warm_up"] :]
    high = reached[:, PLANTED["warm_up"] :] > np.median(reached)
    for part in (high, ~high):
        error = 1.3 * expected[part].sum() ** 0.5  # repeats make the counts more than Poisson
        assert abs(found[part].sum() - expected[part].sum()) < 3 * error


def fitted_odds(seed):
    """Return a logistic regression on what a prospect has met by each touch."""
    import statsmodels.api as sm

    seen = touches(seed)
    rows = pd.DataFrame({"const": 1.0}, index=seen.index)
    for name in journeys.TOUCH_CHANNELS[:-1]:
        met = (seen["channel"] == NUMBER[name]).groupby(seen["prospect"]).cummax()
        rows[name] = met.astype(float)
    openers = [NUMBER[name] for name, law in PLANTED["channels"].items() if "possible" in law]
    opening = seen["channel"].isin(openers)
    enrolled = seen["enrolled"] >= 0
    before = enrolled.groupby(seen["prospect"]).cumsum() - enrolled
    own = seen["source"] == len(NUMBER)
    rows = rows.assign(opening=opening, customer=before > 0, own=own).astype(float)
    fit = sm.Logit(enrolled.astype(float), rows).fit(disp=0)
    return fit.params, fit.bse


def test_the_odds_of_enrolling_are_as_planted():
    """Each within three standard errors over six seeds, which are added up."""
    fits = [fitted_odds(seed) for seed in SEEDS]
    planted = {name: law["persuades"] for name, law in PLANTED["channels"].items()}
    planted |= {name: PLANTED["enrols"][name] for name in ("opening", "customer", "own")}
    planted |= {"const": PLANTED["enrols"]["base"]}
    for name in set(planted) - {"direct"}:
        found = np.mean([params[name] for params, _ in fits])
        error = np.sqrt(np.mean([bse[name] ** 2 for _, bse in fits]) / len(fits))
        assert abs(found - planted[name]) < 3 * error, name


def test_spend_levels_were_drawn_at_random(seed):
    levels = journeys.spend_levels(seed)
    table = pd.DataFrame({name: level.ravel() for name, level in levels.items()})
    correlation = table.corr().to_numpy()[~np.eye(len(levels), dtype=bool)]
    assert np.abs(correlation).max() < 4 / len(table) ** 0.5
    assert (table.mean() - np.mean(PLANTED["pulses"])).abs().max() < 0.1


def test_without_a_channel_everybody_else_is_as_before():
    """Prospects whom brand search never asked for are the same to the last touch."""
    with_it, without = (journeys.draw_journeys(SEED, gone) for gone in ((), ("partner",)))
    met = with_it.loc[with_it["channel"] == "partner", "user_id"]
    same = with_it[~with_it["user_id"].isin(met)]
    other = without[without["user_id"].isin(same["user_id"])]
    pd.testing.assert_frame_equal(same.reset_index(drop=True), other.reset_index(drop=True))
    assert "partner" not in set(without["channel"])


def test_more_people_leave_those_of_the_table_as_they_were():
    more = journeys.run_journeys(
        SEED, journeys.spend_levels(SEED), people=PLANTED["people"] + 3_000
    )
    kept = more[more["prospect"] < PLANTED["people"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, touches(SEED))


def test_the_shipped_table_holds_what_it_says():
    table = fk.load("journeys")
    assert set(table["channel"]) == set(journeys.TOUCH_CHANNELS)
    assert set(table["region"]) == set(journeys.TOUCH_REGIONS)
    assert (table.groupby("user_id")["region"].nunique() == 1).all()
    order = table.groupby("user_id")["timestamp"]
    assert order.apply(lambda times: times.is_monotonic_increasing).all()
    after = order.shift(-1)
    assert (table["converted_at"] >= table["timestamp"])[table["converted_at"].notna()].all()
    assert (table["converted_at"] <= after)[table["converted_at"].notna() & after.notna()].all()
    assert (table["value"].notna() == table["converted_at"].notna()).all()
    assert fk.truth()["facts"]["journeys"]["enrolments"] == table["value"].count()
    assert table.groupby("user_id")["value"].count().max() > 1  # some enrol more than once


def test_drawn_alone_the_table_is_that_of_the_world():
    assert run._csv(journeys.draw_journeys(SEED), "journeys") == run._csv(
        fk.load("journeys"), "journeys"
    )
    assert SCHEMAS["journeys"].file == "journeys.csv.gz"


def test_the_exercise_gives_the_losses_of_the_shipped_world():
    """A submission is graded without the truth, so the exercise has to state it."""
    path = Path(__file__).parents[1] / "exercises" / "25_attribution.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    (given,) = (cell.source for cell in cells if cell.id == "given-25-5")
    names = {"pd": pd}
    exec(given.replace("print(", "str("), names)
    facts = fk.truth()["facts"]["journeys"]
    assert names["enrolments"] == facts["enrolments"]
    assert names["lost"].to_dict() == {
        channel: each["enrolments"] for channel, each in facts["lost_without"].items()
    }
