"""Experiments beside tea-tasting, in an environment of its own: it needs pyarrow.

Both read the same table of users; the numbers must be the same. What later lessons add to
`funnelkit.experiments` (variance reduction, ratio metrics) is compared in trials of this file too.
"""

import json
import subprocess
import sys

from harness import ROOT, expect, needs, once, trial

PACKAGES = ["tea-tasting<2", "pandas>=3", "scipy", "statsmodels"]


@once
def interpreter():
    """Return a Python that has tea-tasting and what funnelkit needs."""
    import tempfile
    from pathlib import Path

    keep = tempfile.TemporaryDirectory(prefix="funnelkit-tea-", ignore_cleanup_errors=True)
    interpreter.keep = keep  # until this program ends
    python = Path(keep.name) / "bin" / "python"
    needs("Linux or macOS", sys.platform != "win32")
    for arguments in (
        ["venv", "--quiet", "--python", sys.executable, keep.name],
        ["pip", "install", "--quiet", "--python", str(python), *PACKAGES],
    ):
        done = subprocess.run(["uv", *arguments], capture_output=True, text=True)
        needs(f"an index of packages ({done.stderr.strip()[-200:]})", done.returncode == 0)
    return python


def compare(tmp, code):
    """Run code with tea-tasting that prints {what: [ours, theirs]}; expect them to be equal."""
    script = tmp / "compare.py"
    script.write_text(TABLE + code, encoding="utf-8")
    done = subprocess.run(
        [str(interpreter()), "-W", "ignore", str(script)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )
    expect(done.returncode == 0, done.stdout, done.stderr)
    pairs = json.loads(done.stdout.splitlines()[-1])
    expect(pairs, "nothing was compared")
    for what, (ours, theirs) in pairs.items():
        equal = abs(ours - theirs) <= 1e-6 * max(abs(ours), abs(theirs)) + 1e-12
        expect(equal, f"{what}: funnelkit {ours}, tea-tasting {theirs}")


TABLE = """
import json
import tea_tasting as tt
import funnelkit
from funnelkit import experiments

table = funnelkit.load("experiments")
table = table[table["test"] == "pop_up"].assign(lead=table["lead_at"].notna())
numbers = table.assign(lead=table["lead"].astype(int), b=(table["variant"] == "B").astype(int))
numbers = numbers[["b", "lead", "revenue", "minutes", "minutes_before", "sessions", "clicks"]]


def theirs(**metrics):
    return tt.Experiment(metrics, variant="b").analyze(numbers)
"""


@trial
def means_and_lifts_as_tea_tasting_has_them(tmp):
    compare(
        tmp,
        """
pairs = {}
for name in ("revenue", "minutes"):
    row = experiments.readout(table, name).table.iloc[0]
    found = theirs(m=tt.Mean(name))["m"]
    for ours, name_of_theirs in (
        ("control", "control"), ("mean", "treatment"), ("difference", "effect_size"),
        ("ci_low", "effect_size_ci_lower"), ("ci_high", "effect_size_ci_upper"),
        ("p_value", "pvalue"), ("lift", "rel_effect_size"),
        ("lift_low", "rel_effect_size_ci_lower"), ("lift_high", "rel_effect_size_ci_upper"),
    ):
        pairs[f"{name}, {ours}"] = [float(row[ours]), float(getattr(found, name_of_theirs))]
print(json.dumps(pairs))
""",
    )


@trial
def proportions_as_tea_tasting_has_them(tmp):
    compare(
        tmp,
        """
x = table.groupby("variant")["lead"].agg(["sum", "size"]).to_numpy().ravel().tolist()
pairs = {}
for variance, equal in (("pooled", True), ("unpooled", False)):
    ours = experiments.two_proportion_test(*x, variance=variance)
    found = theirs(m=tt.Proportion("lead", correction=False, equal_var=equal))["m"]
    pairs[f"difference, {variance}"] = [ours["difference"], float(found.effect_size)]
    pairs[f"p-value, {variance}"] = [ours["p_value"], float(found.pvalue)]
print(json.dumps(pairs))
""",
    )


@trial
def splits_as_tea_tasting_tests_them(tmp):
    compare(
        tmp,
        """
pairs = {}
for correction in (False, True):
    users = table["variant"].value_counts()
    ours = experiments.sample_ratio_test(users, correction=correction)
    check = tt.SampleRatio(method="norm", correction=correction)
    pairs[f"correction {correction}"] = [ours["p_value"], float(theirs(m=check)["m"].pvalue)]
print(json.dumps(pairs))
""",
    )


@trial
def cuped_and_ratios_as_tea_tasting_has_them(tmp):
    compare(
        tmp,
        """
pairs = {}
for name, ours, metric in (
    ("cuped", experiments.cuped(table, "minutes", "minutes_before").loc["cuped"],
     tt.Mean("minutes", "minutes_before")),
    ("ratio", experiments.ratio_metric(table, "clicks", "sessions"),
     tt.RatioOfMeans("clicks", "sessions")),
):
    found = theirs(m=metric)["m"]
    for mine, name_of_theirs in (
        ("control", "control"), ("other", "treatment"), ("difference", "effect_size"),
        ("ci_low", "effect_size_ci_lower"), ("ci_high", "effect_size_ci_upper"),
        ("p_value", "pvalue"),
    ):
        pairs[f"{name}, {mine}"] = [float(ours[mine]), float(getattr(found, name_of_theirs))]
print(json.dumps(pairs))
""",
    )
