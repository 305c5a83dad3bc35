"""The tables of tests: what is planted is found again, on the stored seed and on five others."""

import functools

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit import data, experiments
from funnelkit.simulate import MODEL, SEED
from funnelkit.world import experiments as drawn
from funnelkit.world import run

SEEDS = [SEED, 21, 22, 23, 24, 25]
PLANTED, PAST = MODEL["experiments"], MODEL["past_tests"]


@functools.cache
def tables(seed):
    table = drawn.draw_experiments(seed)
    return table.assign(lead=table["lead_at"].notna()), *drawn.draw_past_tests(seed)


@pytest.fixture(params=SEEDS, ids=lambda seed: f"seed{seed}")
def seed(request):
    return request.param


def arms(seed, test):
    rows = tables(seed)[0].query("test == @test")
    return rows[rows["variant"] == "A"], rows[rows["variant"] == "B"]


def within(estimate, truth, error, what):
    z = (estimate - truth) / error
    assert abs(z) < 3, f"{what}: found {estimate:.4f}, planted {truth:.4f}, {z:.1f} standard errors"


def difference(a, b):
    """Return the difference of two means and its standard error."""
    a, b = a.astype(float), b.astype(float)
    return b.mean() - a.mean(), np.hypot(a.std() / len(a) ** 0.5, b.std() / len(b) ** 0.5)


def split(seed, test):
    a, b = arms(seed, test)
    return (len(b) - len(a)) / (len(a) + len(b)) ** 0.5


# ---------------------------------------------------------------- the tests, one by one


@pytest.mark.parametrize("test", PLANTED["tests"])
def test_leads_of_each_test_differ_as_planted(seed, test):
    law = PLANTED["tests"][test]
    a, b = arms(seed, test)
    day = (b["exposed_at"] - pd.Timestamp(law["starts"])).dt.days.to_numpy()
    counted = 1 - law["B"].get("bounces", 0.0)  # in B; in A all are
    planted = drawn.lead_rate("B", law, day).mean() / counted - PLANTED["lead"]
    found, error = difference(a["lead"], b["lead"])
    within(found, planted, error, f"leads of {test}")
    error = (PLANTED["lead"] * (1 - PLANTED["lead"]) / len(a)) ** 0.5
    within(a["lead"].mean(), PLANTED["lead"], error, f"leads of {test} in A")


def test_the_extra_leads_of_the_short_form_never_buy(seed):
    a, b = arms(seed, "short_form")
    for column in ("customer", "revenue"):
        found, error = difference(a[column], b[column])
        within(found, 0.0, error, f"{column} of the short form")
    share = PLANTED["customers_of_leads"]
    lead = b["lead"]
    planted = share * PLANTED["lead"] / PLANTED["tests"]["short_form"]["B"]["lead"]
    error = (planted * (1 - planted) / lead.sum()) ** 0.5
    within(b.loc[lead, "customer"].mean(), planted, error, "customers among the leads of B")


def test_nothing_differs_where_nothing_was_changed(seed):
    a, b = arms(seed, "aa_check")
    for column in ("customer", "revenue", "minutes", "minutes_before", "opted_out", "sessions"):
        found, error = difference(a[column], b[column])
        within(found, 0.0, error, f"{column} of A/A")


def test_users_are_split_in_halves_but_where_the_slow_page_loses_some(seed):
    for test, law in PLANTED["tests"].items():
        bounces = law["B"].get("bounces", 0.0)
        rows = sum(len(arm) for arm in arms(seed, test))
        within(split(seed, test), -bounces / (2 - bounces) * rows**0.5, 1.0, f"split of {test}")
    assert split(seed, "video_page") < -3.3  # p below 0.001


def test_the_slow_page_looks_better_though_it_does_nothing(seed):
    a, b = arms(seed, "video_page")
    kept = 1 - PLANTED["tests"]["video_page"]["B"]["bounces"]
    found, error = difference(a["lead"], b["lead"])
    within(found, PLANTED["lead"] / kept - PLANTED["lead"], error, "leads of the slow page")
    engaged, error = difference(np.log1p(a["minutes_before"]), np.log1p(b["minutes_before"]))
    assert engaged > 3 * error  # those who are missing read little


def test_the_pop_up_drives_readers_away(seed):
    a, b = arms(seed, "pop_up")
    planted = PLANTED["tests"]["pop_up"]["B"]["opted_out"] - PLANTED["opted_out"]
    found, error = difference(a["opted_out"], b["opted_out"])
    within(found, planted, error, "opted out because of the pop-up")


def test_the_novelty_fades_from_week_to_week(seed):
    law = PLANTED["tests"]["new_home"]
    a, b = arms(seed, "new_home")
    starts = pd.Timestamp(law["starts"])
    for first, last in ((0, 1), (2, 5)):
        part = [
            arm[((arm["exposed_at"] - starts).dt.days // 7).between(first, last)] for arm in (a, b)
        ]
        days = (part[1]["exposed_at"] - starts).dt.days.to_numpy()
        planted = drawn.lead_rate("B", law, days).mean() - PLANTED["lead"]
        found, error = difference(part[0]["lead"], part[1]["lead"])
        within(found, planted, error, f"weeks {first + 1} to {last + 1} of the new home page")


def test_the_reading_list_lengthens_reading(seed):
    a, b = arms(seed, "reading_list")
    found, error = difference(np.log(a["minutes"].clip(lower=0.5)), np.log(b["minutes"].clip(0.5)))
    within(found, np.log(PLANTED["tests"]["reading_list"]["B"]["minutes"]), error, "reading list")


# ---------------------------------------------------------------- what all tests share


def test_minutes_before_and_after_are_correlated_as_planted(seed):
    table = tables(seed)[0]
    law = PLANTED["minutes"]
    planted = np.expm1(law["kept"] * law["sigma"] ** 2) / np.expm1(law["sigma"] ** 2)
    assert planted == pytest.approx(law["correlation"], abs=0.005)
    rows = table[~table["test"].isin(["video_page", "reading_list"])]
    # A reader is in several tests: the readers are the sample, not the rows.
    one = rows.drop_duplicates("user_id")
    parts = [part for _, part in one.groupby(np.arange(len(one)) % 40)]
    spread = np.std([part["minutes_before"].corr(part["minutes"]) for part in parts])
    found = one["minutes_before"].corr(one["minutes"])
    within(found, planted, spread / len(parts) ** 0.5, "correlation of minutes")


def test_clicks_of_one_user_hang_together(seed):
    rows = tables(seed)[0].query("test != 'video_page'").drop_duplicates("user_id")
    law = PLANTED["clicks"]
    m, x = rows["sessions"].to_numpy(float), rows["clicks"].to_numpy(float)
    planted = law["rate"] * (1 - law["rate"])
    # The number of pairs of sessions of one user in which both have a click, over all such pairs.
    pairs, both = m * (m - 1), x * (x - 1)
    ratio = both.sum() / pairs.sum()
    error = np.sqrt(((both - ratio * pairs) ** 2).sum()) / pairs.sum()
    within(ratio, law["rate"] ** 2 + law["within_user"] * planted, error, "pairs of clicks")
    rate = x.sum() / m.sum()
    error = np.sqrt(((x - rate * m) ** 2).sum()) / m.sum()
    within(rate, law["rate"], error, "clicks a session")


def test_fewer_become_leads_at_weekends(seed):
    table = tables(seed)[0]
    weekend = table["exposed_at"].dt.day_of_week >= 5
    here, error = difference(table.loc[~weekend, "lead"], table.loc[weekend, "lead"])
    mean = table.loc[~weekend, "lead"].mean()
    within(here, (PLANTED["weekend"] - 1) * mean, error * 1.1, "leads at weekends")


def test_the_variant_is_the_hash_of_user_and_test():
    table = fk.load("experiments")
    for test, rows in table.groupby("test"):
        assert (experiments.assign(rows["user_id"], salt=test) == rows["variant"]).all()


def test_arms_of_two_tests_have_nothing_to_do_with_each_other(seed):
    table = tables(seed)[0]
    wide = table[table["test"].isin(["short_form", "aa_check"])].pivot(
        index="user_id", columns="test", values="variant"
    )
    both = wide.dropna()
    same = (both["short_form"] == both["aa_check"]).mean()
    within(same, 0.5, 0.5 / len(both) ** 0.5, "same arm in two tests")


def test_times_and_money_of_the_tests_agree():
    table = fk.load("experiments")
    wait = (table["lead_at"] - table["exposed_at"]).dropna()
    assert wait.between(pd.Timedelta("20s"), pd.Timedelta("14D"), inclusive="left").all()
    assert not table.duplicated(["test", "user_id"]).any()
    assert (table["customer"] == (table["revenue"] > 0)).all()
    assert table.loc[table["customer"], "lead_at"].notna().all()
    assert (table["clicks"] <= table["sessions"]).all()
    for _test, rows in table.groupby("test"):
        first = rows["exposed_at"].min().normalize()
        assert first.day_of_week == 0
        assert rows["exposed_at"].max() < first + pd.Timedelta("42D")
        assert rows["exposed_at"].dt.normalize().nunique() == 42  # six whole weeks


# ---------------------------------------------------------------- past tests


def test_past_lifts_are_as_planted(seed):
    _, table, true = tables(seed)
    lifts = np.array([true[test]["lift"] for test in table["test"]])
    law = PAST["lift"]
    within(lifts.mean(), law["mean"], law["sd"] / len(lifts) ** 0.5, "mean of the true lifts")
    within(lifts.std(ddof=1), law["sd"], law["sd"] / (2 * len(lifts)) ** 0.5, "their spread")
    for run_, what in (("", "the test"), ("rerun_", "the re-run")):
        a = table[f"{run_}leads_a"] / table[f"{run_}users_a"]
        b = table[f"{run_}leads_b"] / table[f"{run_}users_b"]
        variance = a * (1 - a) / table[f"{run_}users_a"] + b * (1 - b) / table[f"{run_}users_b"]
        rate = np.array([true[test]["rate"] for test in table["test"]])
        z = (b - a - rate * lifts) / variance**0.5
        within(z.mean(), 0.0, 1 / len(z) ** 0.5, f"differences of {what}")
        within((z**2).mean(), 1.0, (2 / len(z)) ** 0.5, f"spread of the differences of {what}")


def test_winners_of_the_shipped_past_tests_are_cursed():
    table, true = fk.load("past_tests"), fk.truth()["facts"]["past_tests"]
    a, b = (table[f"leads_{arm}"] / table[f"users_{arm}"] for arm in "ab")
    error = np.sqrt(a * (1 - a) / table["users_a"] + b * (1 - b) / table["users_b"])
    winners = (b - a) / error > 1.96
    lifts = table["test"].map(lambda test: true[test]["lift"])
    again = (table["rerun_leads_b"] / table["rerun_users_b"]) / (
        table["rerun_leads_a"] / table["rerun_users_a"]
    ) - 1
    assert 5 <= winners.sum() <= 8
    assert (b / a - 1)[winners].mean() > lifts[winners].mean() + 0.04
    assert abs(again[winners].mean() - lifts[winners].mean()) < 0.03


# ---------------------------------------------------------------- the other tables


def test_tests_leave_the_older_tables_as_they_were():
    # Checksums of the tables as they were before there were tests.
    before = {
        "events": "54ba9795d4cb596e",
        "visitors": "9e088623b015e028",
        "spend": "16df3e924a81709f",
        "customers": "1a19a6cf53eea432",
        "orders": "2389642dba9622dc",
        "subscriptions": "3a18fe77071d4acb",
        "surveys": "1425d6b7e999c557",
        "leads": "8ca6913476606aea",
    }
    folder = data.data_folder()
    for name, begins in before.items():
        content = data.read_content(folder / fk.schemas.SCHEMAS[name].file)
        assert data.checksum(content).startswith(begins), name


def test_tests_alone_are_as_with_all_the_rest():
    law = PLANTED["tests"]["booking_page"]
    drawn_alone = drawn.draw_test(SEED, "booking_page", law)
    kept = fk.load("experiments").query("test == 'booking_page'")
    assert run._csv(drawn_alone, "experiments") == run._csv(kept, "experiments")
