"""What is planted in the four firms is found, on the stored seed and on five others."""

import functools

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import funnelkit
from funnelkit.simulate import MODEL, SEED, run_industry
from funnelkit.world import industries

PLAN = MODEL["industries"]
FIRMS = PLAN["firms"]
SEEDS = [SEED, 21, 22, 23, 24, 25]
QUEUED = [name for name, firm in FIRMS.items() if firm["advisers"]]
END = pd.Timestamp(PLAN["from"]) + pd.Timedelta(weeks=PLAN["weeks"])


@pytest.fixture(params=SEEDS, ids=lambda seed: f"seed{seed}")
def seed(request):
    return request.param


@functools.cache
def drawn(name, seed=SEED):
    return run_industry(name, seed=seed)


def times(name, seed):
    """Return the time of each step, one row per visitor."""
    log = drawn(name, seed)
    return log.pivot(index="user_id", columns="event", values="timestamp")[FIRMS[name]["steps"]]


def days(earlier, later):
    return (later - earlier) / pd.Timedelta("1D")


def weeks_waited(name, seed):
    """Return about how many weeks each call came later than it would have without a line."""
    when = times(name, seed)
    booking, call = FIRMS[name]["steps"][2:4]
    when = when[when[call].notna()]
    usual = pd.Timedelta(days=FIRMS[name]["delay_days"][call]["median"])
    start = pd.Timestamp(PLAN["from"])
    waited = (when[call] - start).dt.days // 7 - (when[booking] + usual - start).dt.days // 7
    return when, waited.clip(lower=0)


def within_three_errors(took, chance):
    error = np.sqrt((chance * (1 - chance)).sum())
    return abs(took.sum() - chance.sum()) < 3 * error


@pytest.mark.parametrize("name", FIRMS)
def test_the_rates_are_the_planted_ones(name, seed):
    """Whoever had little time left can have taken the step only as often as its delay allows."""
    firm, when = FIRMS[name], times(name, seed)
    for before, event in zip(firm["steps"][:-1], firm["steps"][1:], strict=True):
        if event not in firm["rates"] or before in [f["steps"][3] for f in FIRMS.values()]:
            continue  # after a wait the closing rate is another: see below
        there = when[when[before].notna()]
        law = firm["delay_days"][event]
        left = np.log(days(there[before], END) / law["median"]) / law["sigma"]
        chance = firm["rates"][event] * stats.norm.cdf(left)
        assert within_three_errors(there[event].notna(), chance), event


@pytest.mark.parametrize("name", QUEUED)
def test_closing_falls_with_the_wait_as_planted(name, seed):
    firm = FIRMS[name]
    when, waited = weeks_waited(name, seed)
    last = firm["steps"][-1]
    law = firm["delay_days"][last]
    left = np.log(days(when[firm["steps"][3]], END) / law["median"]) / law["sigma"]
    chance = firm["rates"][last] * firm["advisers"]["kept_per_week"] ** waited
    assert within_three_errors(when[last].notna(), chance * stats.norm.cdf(left))


def test_in_the_full_queue_the_loss_per_week_is_found(seed):
    firm = FIRMS["education"]
    when, waited = weeks_waited("education", seed)
    early = when["call"] < END - pd.Timedelta("45D")
    won, waited = when.loc[early, "enrolment"].notna(), waited[early]

    def log_likelihood(both):
        chance = np.clip(both[0] * both[1] ** waited, 1e-9, 1 - 1e-9)
        return -np.where(won, np.log(chance), np.log(1 - chance)).sum()

    found = optimize.minimize(log_likelihood, [0.3, 0.8], method="Nelder-Mead").x
    chance = found[0] * found[1] ** waited
    weight = chance / (1 - chance)
    slopes = np.array([np.full(len(waited), 1 / found[0]), waited / found[1]])
    error = np.sqrt(np.linalg.inv((slopes * weight.to_numpy()) @ slopes.T)[1, 1])
    assert abs(found[1] - firm["advisers"]["kept_per_week"]) < 3 * error


@pytest.mark.parametrize("name", FIRMS)
def test_the_delays_and_values_are_the_planted_ones(name, seed):
    firm, when = FIRMS[name], times(name, seed)
    for before, event in zip(firm["steps"][:-1], firm["steps"][1:], strict=True):
        law = firm["delay_days"][event]
        if name == "education" and event == "call":
            continue  # the line makes it longer
        late = pd.Timedelta(days=law["median"] * np.exp(3 * law["sigma"]))
        there = when[(when[before] < END - late) & when[event].notna()]
        took = np.log(days(there[before], there[event]).clip(lower=1e-5))
        if len(there) >= 20:
            error = law["sigma"] / np.sqrt(len(there))
            early = np.median(took) if event in ("advice", "demo") else took.mean()
            assert abs(early - np.log(law["median"])) < 3 * 1.26 * error + 0.01, event
    paid = np.log(drawn(name, seed)["value"].dropna())
    error = firm["value"]["sigma"] / np.sqrt(len(paid))
    assert abs(paid.mean() - np.log(firm["value"]["median"])) < 3 * error


@pytest.mark.parametrize("name", FIRMS)
def test_the_visits_follow_the_season(name, seed):
    firm, log = FIRMS[name], drawn(name, seed)
    monday = pd.date_range(PLAN["from"], periods=PLAN["weeks"], freq="7D")
    factor = np.array(firm["month"])[(monday + pd.Timedelta("3D")).month - 1]
    visits = log.loc[log["event"] == firm["steps"][0], "timestamp"]
    got = np.bincount((visits - monday[0]).dt.days // 7, minlength=len(monday))
    expected = firm["visits"] * factor
    assert stats.chi2.sf(((got - expected) ** 2 / expected).sum(), len(monday)) > 1e-4


@pytest.mark.parametrize("name", QUEUED)
def test_no_week_holds_more_calls_than_the_advisers_can(name, seed):
    firm, log = FIRMS[name], drawn(name, seed)
    calls = log.loc[log["event"] == firm["steps"][3], "timestamp"]
    per_week = ((calls - pd.Timestamp(PLAN["from"])).dt.days // 7).value_counts()
    room = firm["advisers"]["calls_per_week"]
    assert per_week.max() <= room
    if name == "education":
        assert (per_week.sort_index().iloc[3:] == room).all()
    else:
        assert per_week.mean() < 0.6 * room


def test_past_a_full_queue_more_leads_bring_fewer_customers(seed):
    def enrolments(**changed):
        return (run_industry("education", seed=seed, **changed)["event"] == "enrolment").sum()

    now = (drawn("education", seed)["event"] == "enrolment").sum()
    assert enrolments(rates={"trial_lesson": 0.30}) < now
    assert enrolments(rates={"booking": 0.52}) < now
    assert enrolments(calls_per_week=30) > 1.5 * now
    assert enrolments(rates={"enrolment": 0.39}) > 1.2 * now


def test_where_advisers_have_time_one_more_brings_nothing(seed):
    now = (drawn("finance", seed)["event"] == "contract").sum()
    more = (run_industry("finance", calls_per_week=36, seed=seed)["event"] == "contract").sum()
    assert abs(more - now) <= 1


def test_two_runs_differ_by_what_was_changed_and_by_nothing_else():
    as_it_was, more = drawn("education"), run_industry("education", calls_per_week=30)
    early = ["visit", "trial_lesson", "booking"]
    pd.testing.assert_frame_equal(
        as_it_was[as_it_was["event"].isin(early)].reset_index(drop=True),
        more[more["event"].isin(early)].reset_index(drop=True),
    )
    fewer = run_industry("education", visits=200)
    assert set(fewer.loc[fewer["event"] == "visit", "user_id"]) < set(as_it_was["user_id"])


def test_the_pilots_are_the_planted_ones(seed):
    table = industries.draw_pilots(seed).set_index(["industry", "lever"])
    for industry, firm in FIRMS.items():
        for lever, law in firm["levers"].items():
            row = table.loc[(industry, lever)]
            assert row["cost"] == law["cost"] and row["step"] == law["step"]
            if "n" not in law:
                assert row["adds"] == law["adds"]
                continue
            for arm in ("without", "with"):
                n, rate = row[f"n_{arm}"], law[arm]
                error = np.sqrt(n * rate * (1 - rate))
                assert n == law["n"]
                assert abs(row[f"converted_{arm}"] - n * rate) < 3 * error, (lever, arm)


def test_the_stored_tables_are_small_and_say_that_they_are_illustrative():
    folder = funnelkit.data.data_folder()
    size = sum((folder / f"{name}").stat().st_size for name in
               ("industries.csv.gz", "firms.csv", "pilots.csv"))  # fmt: skip
    assert size < 1_000_000
    for name in ("industries", "firms", "pilots"):
        assert "llustrative, not benchmarks" in funnelkit.schemas.SCHEMAS[name].notes
    assert funnelkit.truth()["model"]["industries"]["note"] == "illustrative, not benchmarks"
    firms = funnelkit.load("firms").set_index("industry")
    assert firms["margin"].to_dict() == {name: firm["margin"] for name, firm in FIRMS.items()}


@pytest.mark.parametrize(
    "options, error, message",
    [
        (dict(name="retails"), ValueError, "did you mean 'retail'"),
        (dict(name="retail", calls_per_week=9), ValueError, "retail sells without calls"),
        (dict(rates={"trial_leson": 0.3}), ValueError, "did you mean 'trial_lesson'"),
        (dict(rates={"booking": 45}), ValueError, "give a fraction: 0.8 for 80 %"),
        (dict(rates=[0.3]), TypeError, "give a dictionary by event"),
        (dict(visits=-1), ValueError, "visits is -1"),
        (dict(calls_per_week=0), ValueError, "calls_per_week is 0"),
    ],
)
def test_a_firm_that_cannot_be_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        run_industry(**({"name": "education"} | options))
