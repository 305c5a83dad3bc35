"""Satisfaction scores: their intervals, their groups, and bad input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit import metrics, surveys
from funnelkit.surveys import csat, nps, nps_group

# ---------------------------------------------------------------- satisfaction


def test_csat_is_a_rate_with_its_wilson_interval():
    points = fk.load("surveys")["csat"]
    row = csat(points).loc["all"]
    low, high = metrics.wilson_interval(int((points >= 4).sum()), int(points.notna().sum()))
    assert (row["csat"], row["ci_low"], row["ci_high"]) == (
        row["satisfied"] / row["answered"],
        low,
        high,
    )
    assert row["asked"] == len(points)
    top = csat(points, satisfied=5).loc["all"]
    assert top["satisfied"] == (points == 5).sum()
    for level in (1, 6, "4"):
        with pytest.raises((TypeError, ValueError), match=f"satisfied is {level!r}: give a whole"):
            csat(points, satisfied=level)


answers = st.lists(st.none() | st.integers(0, 10), min_size=1).filter(
    lambda points: any(p is not None for p in points)
)


@given(answers)
@settings(deadline=None)
def test_nps_lies_between_its_ends_and_turns_with_the_answers(points):
    points = pd.Series(points, dtype="float64")
    row = nps(points).loc["all"]
    assert -100 <= row["ci_low"] <= row["nps"] + 1e-9
    assert row["nps"] - 1e-9 <= row["ci_high"] <= 100
    assert row["promoters"] + row["passives"] + row["detractors"] == row["answered"]
    # Promoters for detractors: the score turns round, and so does its interval.
    turned = points.where(points.isna(), np.select([points >= 9, points >= 7], [0, 7], 10))
    other = nps(turned).loc["all"]
    assert other["nps"] == pytest.approx(-row["nps"])
    assert (other["ci_low"], other["ci_high"]) == pytest.approx((-row["ci_high"], -row["ci_low"]))


@pytest.mark.parametrize("shares", [(0.3, 0.4, 0.3), (0.6, 0.3, 0.1), (0.85, 0.1, 0.05)])
@pytest.mark.parametrize("n", [10, 30, 100])
def test_nps_interval_covers_as_often_as_it_says(shares, n):
    # Exactly, over all possible samples, each a group of its own.
    from scipy.stats import multinomial

    up, down = np.array([(i, j) for i in range(n + 1) for j in range(n + 1 - i)]).T
    counts = np.column_stack([up, n - up - down, down])
    points = pd.Series(np.repeat(np.tile([9, 7, 0], len(up)), counts.ravel()))
    table = nps(points, by=pd.Series(np.repeat(np.arange(len(up)), n)))
    truth = 100 * (shares[0] - shares[2])
    held = (table["ci_low"] <= truth) & (truth <= table["ci_high"])
    covered = (multinomial.pmf(counts, n, shares) * held).sum()
    assert 0.94 < covered < 0.975


def test_the_nps_interval_agrees_with_the_bootstrap():
    wave = fk.load("surveys").dropna(subset="nps")
    wave = wave[wave["sent"] == pd.Timestamp("2026-06-01")]

    def score(table):
        return 100 * ((table["nps"] >= 9).mean() - (table["nps"] <= 6).mean())

    resampled = metrics.bootstrap(wave, score, user="customer_id", seed=1)
    row = nps(wave["nps"]).loc["all"]
    assert row["nps"] == pytest.approx(resampled.estimate)
    assert row["ci_low"] == pytest.approx(resampled.low, abs=3)
    assert row["ci_high"] == pytest.approx(resampled.high, abs=3)


def test_groups_and_those_who_do_not_answer():
    points = pd.Series([10, 9, 7, 0, None, None])
    by = pd.Series(["a", "a", "b", "b", "b", None]).rename("plan")
    table = nps(points.iloc[:5], by=by.iloc[:5])
    assert table.index.name == "plan"
    assert table["nps"].to_dict() == {"a": 100, "b": -50}
    assert table["response_rate"].round(3).to_dict() == {"a": 1, "b": 0.667}
    with pytest.raises(ValueError, match="nobody answered in the group nan"):
        nps(points, by=by)
    with pytest.raises(ValueError, match="nobody answered in the group 'all'"):
        csat(pd.Series([None, None], dtype="float64"))
    assert (
        nps_group(points).tolist()
        == ["promoter"] * 2 + ["passive", "detractor"] + ["no answer"] * 2
    )


@pytest.mark.parametrize(
    ("function", "points", "error", "message"),
    [
        (
            csat,
            [5, 0],
            ValueError,
            r"csat answer is out of range in 1 of 2 rows \(first: row 1, 0\)",
        ),
        (csat, [6], ValueError, "whole numbers from 1 to 5"),
        (nps, [11], ValueError, "whole numbers from 0 to 10; no answer is missing, not 0"),
        (nps, [7.5], ValueError, "nps answer is out of range"),
        (nps, ["9"], TypeError, "points holds text: give the answers as numbers from 0 to 10"),
        (csat, [True], TypeError, "points is boolean: give the answers as numbers from 1 to 5"),
        (csat, [[5], [4]], ValueError, "'points' holds lists"),
        (nps, [], ValueError, "nobody was asked"),
        (nps_group, [-1], ValueError, "out of range"),
    ],
)
def test_answers_that_cannot_be_are_refused(function, points, error, message):
    with pytest.raises(error, match=message):
        function(pd.Series(points))


def test_a_table_or_a_reordered_column_is_not_a_column_of_answers():
    points = pd.Series([5, 4, 2], index=list("abc"))
    for what in (pd.DataFrame({"a": [5]}), None, 5, "5", {5}):
        with pytest.raises(TypeError, match="points (is|holds)"):
            csat(what)
    with pytest.raises(ValueError, match="points and by have different indexes"):
        csat(points, by=pd.Series(list("xyz"), index=list("cba")))
    with pytest.raises(TypeError, match="by is 'plan'"):
        csat(points, by="plan")
    with pytest.raises(TypeError, match="'by' holds ids of several types"):
        csat(points, by=[1, "1", 2])


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "int64[pyarrow]", "float64"])
def test_answers_of_any_type(dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    points = pd.Series([5, 4, None, 2], dtype=dtype)
    assert csat(points).loc["all", ["asked", "satisfied"]].tolist() == [4, 2]


def test_everything_public_is_documented():
    for name in set(surveys.__all__) - {"METRICS"}:
        assert "Examples" in getattr(surveys, name).__doc__, name
