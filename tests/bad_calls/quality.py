"""Valid calls of quality, segments, schemas and data: every parameter has a value."""

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from funnelkit import data, quality, schemas, segments

LEADS = pd.DataFrame(
    {
        "lead_id": list("abbcde"),
        "age": [31.0, 310.0, 310.0, None, 25.0, 44.0],
        "created_at": pd.to_datetime(["2026-03-01"] * 3 + ["2026-03-02"] * 3),
        "paid_at": pd.to_datetime(["2026-03-09", None, None, "2026-03-01", None, None]),
        "town": list("xyyxyx"),
    }
)
OLD = quality.Rule("age over 110", "impossible", lambda t: t["age"] > 110)
DAILY = pd.DataFrame(
    {"created_at": pd.date_range("2026-01-01", periods=100, freq="D"), "age": [30.0, 40.0] * 50}
)
AGREED = [
    schemas.Column("lead_id", "text", "number"),
    schemas.Column("age", "number", "age", allowed=(14, 400), missing="not asked"),
]
RECORDS = pd.DataFrame({"email": ["a@x", "b@x", "a@x"], "phone": ["1", "1", None]})
FEATURES = pd.DataFrame({"visits": [1, 4, 2, 5, 1, 3], "source": list("ababab")})
OUTCOME = pd.Series([False, False, False, True, True, True])

ORDERS = pd.DataFrame(
    {
        "customer_id": ["ann", "ann", "ben", "cat"],
        "date": pd.to_datetime(["2026-01-05", "2026-06-20", "2026-03-01", "2026-06-20"]),
        "amount": [80.0, 120.0, 300.0, 40.0],
    }
)
POINTS = pd.DataFrame({"x": np.r_[0:6, 20:26] * 1.0, "y": np.r_[0:6, 9:15] * 1.0})
LABELS = pd.Series(["low"] * 6 + ["high"] * 6)
TREE = DecisionTreeClassifier(max_depth=1).fit(POINTS, LABELS)
OFFERED = pd.DataFrame(
    {
        "segment": ["young"] * 4 + ["old"] * 4,
        "offer": ["none", "none", "gift", "gift"] * 2,
        "converted": [False, False, True, True, True, False, False, False],
    }
)


def rows_of_rule(table):
    """Return the rows at fault by one rule."""
    return OLD.rows(table)


def clusters(features, k, scale, n_init, seed):
    """Return what the fitted model says of its own cases."""
    model = segments.k_means(features, k, scale=scale, n_init=n_init, seed=seed)
    return model["kmeans"].labels_


clusters.stands_for = segments.k_means


CALLS = [
    (rows_of_rule, {"table": LEADS}),
    (
        quality.report,
        {"table": LEADS, "rules": [OLD], "placeholders": {"town": ["-"]}, "examples": 2},
    ),
    (
        quality.check_schema,
        {"table": LEADS[["lead_id", "age"]], "columns": AGREED, "name": "leads"},
    ),
    (quality.duplicates, {"table": LEADS, "key": "lead_id"}),
    (
        quality.monitor,
        {
            "table": DAILY,
            "rules": [OLD],
            "time": "created_at",
            "learn_until": "2026-03-30",
            "freq": "W",
            "sigmas": 3.0,
        },
    ),
    (
        quality.resolve_identities,
        {"table": RECORDS, "keys": [["email"]], "placeholders": ["n/a"], "max_records": 5},
    ),
    (quality.auc_either_way, {"values": FEATURES["visits"], "outcome": OUTCOME}),
    (quality.leakage_screen, {"features": FEATURES, "outcome": OUTCOME, "suspicious": 0.95}),
    (
        quality.known_too_late,
        {"table": LEADS, "columns": "paid_at", "decided": "created_at"},
    ),
    (
        quality.pseudonyms,
        {"values": RECORDS["email"], "key": b"sixteen bytes or more", "length": 16},
    ),
    (quality.group_sizes, {"table": LEADS, "columns": ["town"], "person": "lead_id"}),
    (quality.k_anonymity, {"table": LEADS, "columns": ["town"], "person": "lead_id"}),
    (
        quality.compare_k_anonymity,
        {"versions": {"exact": LEADS[["town", "lead_id"]]}, "k": 2, "person": "lead_id"},
    ),
    (quality.clean_leads, {"leads": data.load("leads").head(40)}),
    (
        segments.rfm_scores,
        {
            "orders": ORDERS,
            "observed_until": "2026-06-30",
            "bins": 3,
            "customer": "customer_id",
            "date": "date",
            "amount": "amount",
        },
    ),
    (clusters, {"features": POINTS, "k": 2, "scale": True, "n_init": 2, "seed": 0}),
    (segments.silhouette, {"features": POINTS, "labels": LABELS}),
    (segments.adjusted_rand_index, {"one": LABELS, "other": LABELS}),
    (
        segments.stability,
        {"features": POINTS, "k": 2, "n_resamples": 2, "scale": True, "n_init": 2, "seed": 0},
    ),
    (
        segments.choose_k,
        {
            "features": POINTS,
            "ks": [1, 2],
            "n_resamples": 1,
            "n_references": 2,
            "scale": True,
            "seed": 0,
        },
    ),
    (segments.profile, {"table": POINTS, "labels": LABELS, "columns": ["x"]}),
    (
        segments.rules,
        {"tree": TREE, "features": POINTS, "labels": LABELS, "write": {"x": "{:.1f}".format}},
    ),
    (
        segments.plan_value,
        {
            "table": OFFERED,
            "plan": {"young": "gift", "old": "none"},
            "segment": "segment",
            "action": "offer",
            "outcome": "converted",
        },
    ),
    (schemas.check_table, {"table": data.load("glossary"), "name": "glossary"}),
    (data.describe, {"name": "events"}),
]

ANY_VALUE = ("an infinite number", "times as numbers", "numbers as text")

# A rule judges whatever it is given, a feature may be text, and a name for messages any text.
ACCEPTED = {
    (rows_of_rule, "table"): ANY_VALUE,
    (quality.report, "table"): ANY_VALUE,
    (quality.monitor, "table"): ("an infinite number",),
    (quality.check_schema, "name"): ("a name that is not there",),
    (quality.leakage_screen, "features"): ("numbers as text",),
}
