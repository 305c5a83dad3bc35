"""Columns that know the outcome: leakage. Input is checked as `funnelkit._inputs` says."""

import numpy as np
import pandas as pd

from funnelkit import _inputs, ranking
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "auc_either_way", "known_too_late", "leakage_screen"]


def auc_either_way(values, outcome):
    """How well one number tells converted cases from the others, whichever way it points.

    The area under the ROC curve, `funnelkit.ranking.auc`: of all pairs of a converted case and
    another, the share in which the number is larger for the converted one (a tie counts half).
    It is turned round, 1 - AUC, where it is below 1/2, since a number that is always smaller
    tells as much. 0.5: it tells nothing; 1: it tells all.

    Parameters
    ----------
    values : Series or array of numbers
        The number for each row.
    outcome : Series or array of bool
        Whether each converted.

    Returns
    -------
    float
        From 0.5 to 1; missing if one of the two groups is empty. Rows without a value are left
        out.

    Examples
    --------
    Two converted and two did not; three pairs are in order and one is a tie, so 3.5 of 4:

    >>> auc_either_way([3, 2, 2, 1], [True, True, False, False])
    0.875
    """
    _inputs.aligned(values=values, outcome=outcome)
    values = np.atleast_1d(_inputs.numbers("values", values, missing="keep"))
    outcome = _yes_or_no(outcome).to_numpy()
    _inputs.need_same_length(values=values, outcome=outcome)
    return _auc_either_way(values, outcome)


def _auc_either_way(values, outcome):
    known = ~np.isnan(values)
    # The order is all that counts, and ranks are finite where values are not.
    values, outcome = pd.Series(values[known]).rank().to_numpy(), outcome[known]
    if outcome.all() or not outcome.any():
        return float("nan")
    share = ranking.auc(values, outcome)
    return max(share, 1 - share)


def _yes_or_no(outcome):
    """Return the outcome as booleans, if it says yes or no for each row."""
    remedy = "leave these rows out, or wait for the outcome"
    return _inputs.booleans(outcome, "outcome", missing=remedy)


def leakage_screen(features, outcome, *, suspicious=0.95):
    """Look for features that know the outcome too well to have been known beforehand.

    Parameters
    ----------
    features : DataFrame
        The features, one row per case. Numbers and booleans are taken as they are, times and
        durations in their order; a text is replaced by the rate of its value among the *other*
        half of the rows, the halves being dealt by a fixed hash of the row's position.
    outcome : Series of bool
        Whether each case converted; index of `features`.
    suspicious : float, default 0.95
        From which AUC on a feature is flagged.

    Returns
    -------
    DataFrame
        One row per feature, most telling first: `auc` and `auc_of_gaps` (`auc_either_way` of the
        values, and of whether there is one), `suspicious`. A flag is a question, not a verdict:
        ask when the column is filled, and by whom.

    Examples
    --------
    >>> cases = pd.DataFrame({"visits": [1, 4, 2, 5, 1, 3], "invoice": [None] * 3 + ["x"] * 3})
    >>> leakage_screen(cases, pd.Series([False, False, False, True, True, True])).round(2)
              auc  auc_of_gaps  suspicious
    feature
    invoice   NaN          1.0        True
    visits   0.61          0.5       False
    """
    _inputs.need_columns(features, _inputs.need_table(features, "features").columns, "features")
    _inputs.aligned(outcome=outcome, features=features)
    outcome = _yes_or_no(outcome)
    _inputs.need_same_length(outcome=outcome, features=features)
    suspicious = _inputs.number(
        "suspicious", suspicious, above=0.5, at_most=1, remedy="give an AUC above 0.5, up to 1"
    )
    if outcome.nunique() < 2:
        raise ValueError(
            "outcome has no row or the same value in all rows: give cases that converted and "
            "cases that did not"
        )
    yes, rows = outcome.to_numpy(), {}
    for name in features.columns:
        column = features[name].reset_index(drop=True)
        gaps = column.isna().to_numpy(float)
        rows[name] = [
            _auc_either_way(_as_numbers(column, name, yes), yes),
            _auc_either_way(gaps, yes),
        ]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["auc", "auc_of_gaps"])
    table.index.name = "feature"
    most = table.max(axis=1)
    table["suspicious"] = most >= suspicious
    return table.loc[most.sort_values(ascending=False, kind="stable").index]


def _as_numbers(column, name, outcome):
    """Return a feature as floats: times in their order, texts by the rate of their value."""
    _inputs.need_hashable(column, name)
    column = column.infer_objects()
    if column.dtype.kind in "mM":
        return column.rank().to_numpy(float)
    if pd.api.types.is_numeric_dtype(column):
        return column.astype("Float64").to_numpy(float, na_value=np.nan)
    _inputs.need_one_type(column, name)
    half, outcome = _half(len(column)), pd.Series(outcome)
    # A value that the other half does not have tells nothing: all such get the common rate.
    numbers = pd.Series(outcome.mean(), index=column.index)
    for part in (half, ~half):
        rate = outcome[~part].groupby(column[~part], observed=True).mean()
        known = column[part].map(rate).astype(float).dropna()
        numbers[known.index] = known
    return numbers.where(column.notna()).to_numpy(float)


def _half(n):
    """Deal n rows into two halves by a hash of their position: no order of rows follows it.

    Odd against even would: in matched pairs, yes and no alternate. The hash is the finaliser of
    SplitMix64 (Steele, Lea and Flood 2014); its products wrap around at 64 bits.
    """
    x = np.arange(1, n + 1, dtype="uint64") * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (x >> np.uint64(63)).astype(bool)


def known_too_late(table, columns, *, decided):
    """Count the values that were only known after the decision that they are meant to help.

    Parameters
    ----------
    table : DataFrame
        One row per case.
    columns : str or list of str
        Columns with the time at which something became known.
    decided : str or Series of times
        The column with the time of the decision, or these times.

    Returns
    -------
    DataFrame
        One row per column: `known` (rows that have a time), `too_late` (of these, after the
        decision) and `share`.

    Examples
    --------
    >>> leads = pd.DataFrame({
    ...     "created_at": pd.to_datetime(["2026-03-01", "2026-03-02"]),
    ...     "paid_at": pd.to_datetime(["2026-03-09", None]),
    ... })
    >>> known_too_late(leads, ["paid_at"], decided="created_at")
             known  too_late  share
    column
    paid_at      1         1    1.0
    """
    columns = _inputs.names("columns", columns)
    if not columns:
        raise ValueError("columns is empty: name columns with the time of something")
    _inputs.need_columns(table, columns)
    columns = list(dict.fromkeys(columns))
    decided = _decisions(table, decided)
    told = pd.DataFrame(
        {name: _inputs.times(table[name], name, missing="keep") for name in columns}
    )
    known, late = told.notna().sum(), told.gt(decided, axis=0).sum()
    result = pd.DataFrame({"known": known, "too_late": late, "share": late / known})
    return result.rename_axis("column")


def _decisions(table, decided):
    """Return the time of each decision, from a column of the table or as given."""
    if isinstance(decided, str):
        _inputs.need_columns(table, [decided])
        decided, name = table[decided], decided
    else:
        name = "decided"
        _inputs.aligned(decided=decided, table=table)
        decided = _inputs.as_series(decided, name)
        _inputs.need_same_length(decided=decided, table=table)
        decided = decided.set_axis(table.index)
    remedy = "leave these rows out"
    _inputs.refuse(decided.isna(), "the time of the decision is missing", remedy, index=table.index)
    return _inputs.times(decided, name)


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="auc_either_way",
        formula=r"\frac{n_{>} + n_{=}/2}{n_1 n_0}",
        numerator="pairs put in order, ties counted half",
        denominator="pairs of a converted case and another",
        unit="share of pairs, 0.5 to 1",
        window="that of the outcome",
        function="funnelkit.quality.auc_either_way",
        example=Example({"values": [3, 2, 2, 1], "outcome": [True, True, False, False]}, 3.5, 4),
    ),
)
