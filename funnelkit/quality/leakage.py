"""Columns that know the outcome: leakage."""

import numpy as np
import pandas as pd

from funnelkit import _inputs, ranking
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "known_too_late", "leakage_screen", "separation"]

# ---------------------------------------------------------------- leakage


def separation(values, outcome):
    """How well one number tells those who converted from those who did not.

    Of all pairs of one who converted and one who did not, the share in which the number is
    larger for the one who converted (a tie counts half); turned round if it is below 1/2, since
    a number that is always smaller tells as much. Also called AUC. 0.5: it tells nothing; 1: it
    tells all.

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

    Raises
    ------
    TypeError
        If the outcome is not of True and False (or 1 and 0).
    ValueError
        If there are not as many outcomes as values, or one is missing.

    Examples
    --------
    Two who converted, two who did not; three pairs in order and one tie, so 3.5 of 4:

    >>> separation([3, 2, 2, 1], [True, True, False, False])
    0.875
    """
    values, outcome = np.asarray(values, dtype=float), _yes_or_no(outcome).to_numpy()
    if len(values) != len(outcome):
        raise ValueError(f"there are {len(values):,} values and {len(outcome):,} outcomes")
    known = ~np.isnan(values)
    values, outcome = values[known], outcome[known]
    if outcome.all() or not outcome.any():
        return float("nan")
    share = ranking.auc(values, outcome)
    return max(share, 1 - share)


def _yes_or_no(outcome):
    """Return the outcome as booleans, if it says yes or no for each row."""
    outcome = pd.Series(outcome)
    _inputs.refuse(
        outcome.isna(), "outcome is missing", "leave these rows out, or wait for the outcome"
    )
    if not outcome.isin([True, False]).all():
        raise TypeError(f"outcome holds {outcome.dtype} values: give True or False for each row")
    return outcome.astype(bool)


def leakage_screen(features, outcome, *, suspicious=0.95):
    """Look for features that know the outcome too well to have been known beforehand.

    Parameters
    ----------
    features : DataFrame
        The features, one row a case. Numbers and booleans are taken as they are, times in their
        order; a text is replaced by the rate of its value among the *other* half of the rows
        (odd rows are judged by even ones and the other way round).
    outcome : Series of bool
        Whether each case converted; index of `features`.
    suspicious : float, default 0.95
        From which separation on a feature is flagged.

    Returns
    -------
    DataFrame
        One row a feature, most telling first: `by_value` and `by_missing` (`separation` of the
        values, and of whether there is one), `suspicious`. A flag is a question, not a verdict:
        ask when the column is filled, and by whom.

    Raises
    ------
    TypeError
        If `features` is no DataFrame, or the outcome is not of True and False (or 1 and 0).
    ValueError
        If the outcome has another index, a missing or only one value, or `suspicious` does not
        lie above 0.5 and up to 1.

    Examples
    --------
    >>> cases = pd.DataFrame({"visits": [1, 4, 2, 5, 1, 3], "invoice": [None] * 3 + ["x"] * 3})
    >>> leakage_screen(cases, pd.Series([False, False, False, True, True, True])).round(2)
             by_value  by_missing  suspicious
    feature
    invoice       NaN         1.0        True
    visits       0.61         0.5       False
    """
    _inputs.need_columns(features, [], "features")
    outcome = pd.Series(outcome)
    if not outcome.index.equals(features.index):
        raise ValueError("outcome and features have different indexes: take both from one table")
    if not 0.5 < suspicious <= 1:
        raise ValueError(f"suspicious is {suspicious}: give a separation above 0.5, up to 1")
    outcome = _yes_or_no(outcome)
    if outcome.nunique() < 2:
        raise ValueError(
            f"outcome is {outcome.iloc[0]} in all rows: there is nothing to tell apart"
        )
    rows = {}
    for name in features.columns:
        column = features[name]
        rows[name] = [
            separation(_as_numbers(column, outcome), outcome),
            separation(column.isna(), outcome),
        ]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["by_value", "by_missing"])
    table.index.name = "feature"
    most = table.max(axis=1)
    table["suspicious"] = most >= suspicious
    return table.loc[most.sort_values(ascending=False, kind="stable").index]


def _as_numbers(column, outcome):
    """Return a feature as floats: times in their order, texts by the rate of their value."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.rank()
    if pd.api.types.is_numeric_dtype(column):
        return column.astype("Float64").to_numpy(float, na_value=np.nan)
    odd = np.arange(len(column)) % 2 == 1
    numbers = pd.Series(np.nan, index=column.index)
    for half in (odd, ~odd):
        rate = outcome[~half].groupby(column[~half], observed=True).mean()
        # A value that the other half does not have tells nothing: it gets the common rate.
        numbers[half] = column[half].map(rate).astype(float).fillna(outcome[~half].mean())
    return numbers.where(column.notna())


def known_too_late(table, columns, *, decided):
    """Count how many values were only known after the decision that they are to help.

    Parameters
    ----------
    table : DataFrame
        One row a case.
    columns : str or list of str
        Columns with the time at which something became known.
    decided : str or Series of times
        The column with the time of the decision, or these times.

    Returns
    -------
    DataFrame
        One row a column: `known` (rows that have a time), `too_late` (of these, after the
        decision) and `share`.

    Raises
    ------
    TypeError
        If `table` is no DataFrame, or a column or `decided` holds no times.
    ValueError
        If a column is not in the table, `decided` has another index, or a decision has no time.

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
    columns = [columns] if isinstance(columns, str) else list(columns)
    _inputs.need_columns(table, columns, "table")
    if isinstance(decided, str):
        _inputs.need_columns(table, [decided], "table")
        decided = table[decided]
    decided = pd.Series(decided)
    if not decided.index.equals(table.index):
        raise ValueError("decided and table have different indexes: give one time for each row")
    for name, times in {**table[columns], "decided": decided}.items():
        if not pd.api.types.is_datetime64_any_dtype(times):
            raise TypeError(f"{name!r} holds {times.dtype}, not times: use pd.to_datetime")
    _inputs.refuse(decided.isna(), "the time of the decision is missing", "leave these rows out")
    known = table[columns].notna().sum()
    late = table[columns].gt(decided, axis=0).sum()
    result = pd.DataFrame({"known": known, "too_late": late, "share": late / known})
    return result.rename_axis("column")


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="separation",
        formula=r"\frac{n_{>} + n_{=}/2}{n_1 n_0}",
        numerator="pairs put in order, ties by half",
        denominator="pairs of one who converted and one not",
        unit="share of pairs, 0.5 to 1",
        window="that of the outcome",
        function="funnelkit.quality.separation",
        example=Example({"values": [3, 2, 2, 1], "outcome": [True, True, False, False]}, 3.5, 4),
    ),
)
