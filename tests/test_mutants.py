"""Mutants: each kind of wrong way is made, and one that passes is found."""

import json
import os
import types

import numpy as np
import pandas as pd
import pytest

from funnelkit.exercises.kinds import Function, Number, Text
from funnelkit.exercises.tasks import Task
from tools import mutants
from tools.exercise_rules import read_exercises
from tools.notebook_model import read_course

LEADS = pd.DataFrame(
    {
        "person": list("aabcd"),
        "channel": ["seo", "seo", "ads", "ads", "seo"],
        "device": ["phone", "phone", "computer", "phone", "computer"],
        "spend": [1.0, 1.0, 2.0, 4.0, 8.0],
        "margin": [9.0, 9.0, 7.0, 6.0, 3.0],
    }
)
NAMES = {"leads": LEADS.drop_duplicates(), "raw": LEADS}


def cell(code, check="1.1"):
    return f"### BEGIN SOLUTION\n{code}\n### END SOLUTION\n\ncheck({check!r})"


def made(code, names=NAMES):
    return {mutant.what for mutant in mutants.mutants(cell(code), names)}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("n = len(leads[leads[\"spend\"] > 2])", "without the filter leads['spend'] > 2"),
        ("n = len(leads[leads[\"spend\"] > 2])", "the bound of leads['spend'] > 2 moved"),
        ("n = leads.loc[leads[\"spend\"] > 2, \"margin\"].sum()",
         "without the filter leads['spend'] > 2"),
        ("n = leads[(leads[\"spend\"] > 2) & leads[\"margin\"].notna()]",
         "filtered by leads['spend'] > 2 alone"),
        ("n = f(leads, discount=0.1)", "without discount=0.1"),
        ("n = f(leads, **options)", "without **options"),
        ("n = leads[\"margin\"].mean()", "median for mean"),
        ("n = leads[\"margin\"].mean()", "'spend' for 'margin'"),
        ("n = leads[\"margin\"].mean()", "raw for leads"),
        ("n = (leads[\"channel\"] == \"seo\").sum()", "'ads' for 'seo'"),
        ("n = leads.groupby(\"channel\")[\"margin\"].mean()", "all rows for each group"),
        ("n = leads.drop_duplicates()", "without drop_duplicates"),
        ("n = part / whole", "part / whole upside down"),
        ("n = revenue - cost", "revenue - cost without the second"),
        ("n = margin / (1 + d) ** t", "(1 + d) ** t without the power"),
    ],
)  # fmt: skip
def test_each_kind_of_wrong_way_is_made(code, expected):
    assert expected in made(code)


def test_a_mutant_changes_one_thing_and_only_in_the_solution():
    source = 'rows = leads[leads["spend"] > 1]\n' + cell("n = len(rows) - 1")
    for mutant in mutants.mutants(source, NAMES):
        assert "rows = leads[leads['spend'] > 1]" in mutant.source
        assert "n = len(rows) - 1" not in mutant.source


def verdict(task, code, names):
    """Try the mutants of one task in the state that `names` is."""
    return mutants._try_task(task, types.SimpleNamespace(source=cell(code, task.id)), dict(names))


fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")


@fork
def test_a_task_that_tells_right_from_wrong_has_no_survivor():
    task = Task(
        "1.1", "Margin", name="n", kind=Number(decimals=2), section="Margins", truth=lambda: 12
    )
    code = 'n = leads.loc[leads["channel"] == "seo", "margin"].sum()'
    found = verdict(task, code, {**NAMES, "check": lambda task: None})
    assert found.survivors == []
    assert found.refused == found.tried >= 5


@fork
def test_a_wrong_way_that_passes_is_found_and_may_be_named_as_equivalent():
    # Who asks only for the better channel cannot tell the sum from the mean.
    arguments = dict(name="n", kind=Text(), section="Margins", truth=lambda: "ads")
    code = 'n = leads.groupby("channel")["margin"].sum().idxmax()'
    names = {**NAMES, "check": lambda task: None}
    found = verdict(Task("1.1", "Better", **arguments), code, names)
    assert found.survivors == ["mean for sum"]
    named = Task("1.1", "Better", **arguments, equivalent={"mean for sum": "ads lead in both"})
    found = verdict(named, code, names)
    assert found.equivalent == {"mean for sum": "ads lead in both"}
    assert found.survivors == []


@fork
def test_an_equivalent_that_no_longer_occurs_is_reported():
    task = Task("1.1", "Rows", name="n", kind=Number(whole=True), section="Margins",
                truth=lambda: 4, equivalent={"median for mean": "no longer there"})  # fmt: skip
    found = verdict(task, "n = len(leads)", {**NAMES, "check": lambda task: None})
    assert found.survivors == ["median for mean (named as equivalent, and there is none)"]


@fork
def test_a_function_is_mutated_and_called_and_an_endless_one_is_stopped(monkeypatch):
    monkeypatch.setattr(mutants, "SECONDS", 1)
    kind = Function(Number(), calls=[(200, 1000), (0, 10)])
    task = Task("1.1", "A rate", name="rate", kind=kind, section="Rates",
                truth=lambda part, whole: part / whole)  # fmt: skip
    source = (
        "def rate(part, whole):\n    ### BEGIN SOLUTION\n    while whole < 0:\n        pass\n"
        "    return part / whole\n    ### END SOLUTION\n\n\ncheck('1.1')"
    )
    names = {"check": lambda task: None}
    found = mutants._try_task(task, types.SimpleNamespace(source=source), names)
    assert {"part / whole upside down", "part / whole not divided"} <= {
        mutant.what for mutant in mutants.mutants(source, names)
    }
    assert "part / whole upside down" not in found.survivors


@fork
def test_a_mutant_leaves_the_state_as_it_was():
    names = {**NAMES, "check": lambda task: None, "total": np.arange(3)}
    task = Task("1.1", "Sum", name="n", kind=Number(), section="Margins", truth=lambda: 3)
    verdict(task, "total[0] = 0\nn = total.sum()", names)
    assert "n" not in names and names["total"].tolist() == [0, 1, 2]


def test_no_wrong_way_passed_when_the_mutants_were_last_tried_on_what_there_is_now():
    exercises = read_exercises(read_course(mutants.ROOT))
    assert mutants.stale(exercises, mutants.stored()) == []


def test_a_table_that_is_out_of_date_says_so():
    exercises = read_exercises(read_course(mutants.ROOT))
    table = mutants.stored()
    stem, other, *_ = table
    table[stem]["of"] = "other"
    table[other]["tasks"]["9.9"] = {"survivors": ["mean for sum"]}
    table["99_gone"] = {}
    found = mutants.stale(exercises, table)
    assert found[0].startswith("99_gone: there is no such exercise: run")
    assert found[1].startswith(f"{stem}: the mutants were not tried since it changed: run")
    assert found[2:] == ["9.9: a wrong way passes: mean for sum"]


def test_the_sums_of_the_table_are_told():
    tasks = {"1.1": {"mutants": 9, "equivalent": {"a": "b"}, "survivors": ["c"]}}
    assert mutants.summary({"01_x": {"tasks": tasks}}) == (
        "9 mutants of 1 tasks, as last tried: 7 refused, 1 the same as the solution (with the "
        "reason), 1 pass."
    )


def test_the_table_is_stored_with_a_hash(tmp_path):
    path = tmp_path / "mutants.json"
    assert mutants.stored(path) == {}
    path.write_text(json.dumps({"01_x": {"of": "abc"}}))
    assert mutants.stored(path)["01_x"]["of"] == "abc"
