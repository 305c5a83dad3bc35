"""How good the data are: faults found and counted, records joined, people kept unrecognisable.

A `Rule` says what a fault is. `report` counts the faults of a table, `check_schema` refuses a
table that is not what was agreed, `monitor` watches the share of faults week by week and raises
an alarm. `resolve_identities` finds the records of one person, `leakage_screen` finds columns
that know the outcome too well, and `k_anonymity` says in how large a crowd each person stands.
`clean_leads` does to the school's leads what lesson 07 decides, step by step.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnelkit import data, scoring
from funnelkit.metrics import _need_columns, _need_one_of, _refuse

KINDS = ("missing", "duplicate", "impossible", "inconsistent", "stale")

# ---------------------------------------------------------------- rules and the report


@dataclass(frozen=True)
class Rule:
    """What counts as a fault.

    Parameters
    ----------
    name : str
        A few words that name the fault.
    kind : {"missing", "duplicate", "impossible", "inconsistent", "stale"}
        Missing: no value. Duplicate: a row that repeats another. Impossible: no true value can
        be this. Inconsistent: two columns contradict each other. Stale: once true, now old.
    fault : callable
        Takes the table and returns a boolean for each row: True where it is at fault. A missing
        answer (from comparing with a missing value) counts as not at fault.

    Raises
    ------
    ValueError
        If the kind is none of these.
    TypeError
        If `fault` is no function.

    Examples
    --------
    >>> adults = Rule("age over 110", "impossible", lambda t: t["age"] > 110)
    >>> adults.rows(pd.DataFrame({"age": [31.0, 310.0, None]})).tolist()
    [False, True, False]
    """

    name: str
    kind: str
    fault: Callable

    def __post_init__(self):
        _need_one_of(self.kind, KINDS, "kind of fault")
        if not callable(self.fault):
            raise TypeError(
                f"the fault of rule {self.name!r} is a {type(self.fault).__name__}: give a "
                "function of the table, such as lambda t: t['age'] > 110"
            )

    def rows(self, table):
        """Return for each row of the table whether it is at fault.

        Parameters
        ----------
        table : DataFrame
            The table.

        Returns
        -------
        Series of bool
            With the index of the table.

        Raises
        ------
        ValueError
            If the rule names a column that the table lacks, or answers for other rows.
        TypeError
            If the rule answers with one value for all rows, or with something else than True and
            False.
        """
        try:
            answer = self.fault(table)
        except KeyError as error:
            raise ValueError(
                f"rule {self.name!r} needs the column {error}, and the table has none of that "
                f"name; it has {', '.join(map(str, table.columns))}"
            ) from None
        if not pd.api.types.is_list_like(answer) or isinstance(answer, pd.DataFrame):
            raise TypeError(
                f"rule {self.name!r} answers with a {type(answer).__name__}: return one True or "
                "False for each row"
            )
        if not isinstance(answer, pd.Series):
            answer = pd.Series(answer)
            if len(answer) == len(table):
                answer.index = table.index
        if not answer.index.equals(table.index):
            raise ValueError(
                f"rule {self.name!r} answers for {len(answer):,} rows of {len(table):,}: return "
                "one answer for each row, in the order of the table"
            )
        if pd.api.types.infer_dtype(answer, skipna=True) not in ("boolean", "empty"):
            raise TypeError(
                f"rule {self.name!r} answers with {answer.dtype} values: return True or False "
                "for each row"
            )
        return answer.astype("boolean").fillna(False).astype(bool)


def _need_rules(rules):
    """Return the rules as a list, if they are rules and each has its own name."""
    rules = [rules] if isinstance(rules, Rule) else list(rules)
    names = set()
    for rule in rules:
        if not isinstance(rule, Rule):
            raise TypeError(f"rules holds a {type(rule).__name__}: give each as a quality.Rule")
        if rule.name in names:
            raise ValueError(f"two faults are called {rule.name!r}: give each rule its own name")
        names.add(rule.name)
    return rules


def report(table, rules=(), *, examples=3):
    """Count the faults of a table: what is missing, repeated, impossible, inconsistent, stale.

    Parameters
    ----------
    table : DataFrame
        Any table.
    rules : iterable of Rule
        What else is a fault. Missing values, column by column, and rows that repeat an earlier
        row in every column are always counted.
    examples : int, default 3
        How many rows to name for each fault.

    Returns
    -------
    DataFrame
        One row a fault, by name in the index `check`: `kind`, `rows` (at fault), `share` (of all
        rows), `examples` (labels of the first rows at fault). A column without a missing value
        has no row; a rule without a fault has one, with 0.

    Raises
    ------
    TypeError
        If `table` is no DataFrame, a rule is no `Rule`, or does not answer with True and False.
    ValueError
        If the table has no rows, two rules have one name, or a rule names a missing column.

    Examples
    --------
    >>> leads = pd.DataFrame({"lead_id": ["a", "b", "b"], "age": [31, 310, 310]})
    >>> report(leads, [Rule("age over 110", "impossible", lambda t: t["age"] > 110)]).round(2)
                        kind  rows  share examples
    check
    exact repeat   duplicate     1   0.33        2
    age over 110  impossible     2   0.67     1, 2
    """
    _need_columns(table, [], "table")
    if table.empty:
        raise ValueError("the table has no rows: there is nothing to report on")
    found = {}
    for column in table.columns:
        missing = table[column].isna()
        if missing.any():
            found[f"{column} missing"] = ("missing", missing)
    found["exact repeat"] = ("duplicate", table.duplicated())
    for rule in _need_rules(rules):
        if rule.name in found:
            raise ValueError(f"two faults are called {rule.name!r}: give each rule its own name")
        found[rule.name] = (rule.kind, rule.rows(table))
    rows = [
        [kind, int(wrong.sum()), wrong.mean(), ", ".join(map(str, table.index[wrong][:examples]))]
        for kind, wrong in found.values()
    ]
    names = ["kind", "rows", "share", "examples"]
    return pd.DataFrame(rows, pd.Index(list(found), name="check"), names)


def check_schema(table, columns, *, name="table"):
    """Refuse a table that is not what was agreed, and say everything that is wrong, at once.

    `funnelkit.load` stops at the first fault; who has to ask for a better export wants the
    whole list.

    Parameters
    ----------
    table : DataFrame
        The table as it came.
    columns : sequence of data.Column, or str
        What was agreed, column by column; or the name of one of the course's tables.
    name : str, default "table"
        What messages call the table.

    Returns
    -------
    DataFrame
        The same table.

    Raises
    ------
    TypeError
        If `table` is no DataFrame, or `columns` holds something else than `data.Column`.
    ValueError
        If anything is wrong: columns missing or not agreed, types, missing values, values
        outside what is allowed, repeats. One line a fault.

    Examples
    --------
    >>> agreed = [
    ...     data.Column("lead_id", "text", "the lead's number", unique=True),
    ...     data.Column("age", "number", "age in years", allowed=(16, 110), missing="not asked"),
    ... ]
    >>> arrived = pd.DataFrame({"lead_id": ["a", "b", "b"], "age": [31.0, 310.0, None]})
    >>> check_schema(arrived, agreed, name="leads")
    Traceback (most recent call last):
    ValueError: leads: 2 faults
    - column 'lead_id': 1 of 3 rows repeat an earlier value (first: b), and each may occur once. Leave the repeats out.
    - column 'age': 1 of 3 rows hold a value outside 16 to 110 (first: 310.0). Mend these rows, or leave them out.
    """  # noqa: E501
    if isinstance(columns, str):
        columns = data._schema(columns).columns
    _need_columns(table, [], name)
    for column in columns:
        if not isinstance(column, data.Column):
            raise TypeError(
                f"columns holds {column!r}: give each as a data.Column, which says type and range"
            )
    agreed = [column.name for column in columns]
    faults = [
        f"column {column!r} was agreed and is missing. Ask for it, or rename the one that holds it."
        for column in agreed
        if column not in table.columns
    ]
    faults += [
        f"column {column!r} was not agreed. Leave it out, or agree on what it means."
        for column in table.columns
        if column not in agreed
    ]
    for column in columns:
        if column.name in table.columns:
            try:
                data._check_column(table[column.name], column, f"column {column.name!r}")
            except ValueError as error:
                faults.append(str(error))
    if faults:
        raise ValueError(
            f"{name}: {len(faults)} fault{'s' * (len(faults) > 1)}\n- " + "\n- ".join(faults)
        )
    return table


def duplicates(table, key):
    """List the values of a key that occur more than once, and whether their rows agree.

    Parameters
    ----------
    table : DataFrame
        The table.
    key : str or list of str
        The column, or columns, of which each value should occur once.

    Returns
    -------
    DataFrame
        One row a repeated value, which stands in the index: `rows` (how many), `identical`
        (whether they agree in every column) and `differs_in` (the columns in which they do not).
        Rows that agree can be dropped safely; of rows that differ one may be the newer.

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If no column is given, one is not in the table, or a key is missing.

    Examples
    --------
    >>> leads = pd.DataFrame({"lead_id": list("abbcc"), "age": [31, 25, 25, 40, 41]})
    >>> duplicates(leads, "lead_id")
             rows  identical differs_in
    lead_id
    b           2       True
    c           2      False        age
    """
    keys = [key] if isinstance(key, str) else list(key)
    if not keys:
        raise ValueError("key is empty: name the columns of which each value should occur once")
    _need_columns(table, keys, "table")
    for column in keys:
        _refuse(table[column].isna(), f"column {column!r} is missing", "a key must have a value")
    repeated = table[table.duplicated(keys, keep=False)]
    groups = repeated.groupby(keys, sort=False)
    differ = groups.nunique(dropna=False).gt(1)
    result = pd.DataFrame({"rows": groups.size()})
    result["identical"] = ~differ.any(axis=1).reindex(result.index)
    names = [
        ", ".join(differ.columns[row]) for row in differ.reindex(result.index).to_numpy(dtype=bool)
    ]
    result["differs_in"] = pd.Series(names, index=result.index, dtype="str")
    return result


# ---------------------------------------------------------------- one person, several records


def resolve_identities(table, keys):
    """Give each record the number of its person: records that share a key belong together.

    Two records belong to the same person if they agree in *all* columns of one key. What is
    joined to the same record is joined: if a and b share a phone, and b and c an e-mail, then
    a, b and c are one person (the connected components of the graph of matches).

    Parameters
    ----------
    table : DataFrame
        One row a record.
    keys : list of list of str
        The keys, each a list of columns that must agree together, such as
        ``[["email_key"], ["phone_key", "birth_year"]]``. A record with a missing value in a
        key is not matched by that key: two unknowns are not the same.

    Returns
    -------
    Series of int
        The number of the person, from 0, in order of first appearance; index of the table.

    Raises
    ------
    TypeError
        If `table` is no DataFrame, or `keys` is no list of lists.
    ValueError
        If no key is given, or a column is not in the table.

    Notes
    -----
    A wrong join is worse than a missed one: two people become one, and chains of joins carry
    the error on. So a key should be hard to share by chance. A phone is not: households have one.

    Examples
    --------
    >>> records = pd.DataFrame({
    ...     "email": ["a@x", "b@x", "a@x", "c@y"],
    ...     "phone": ["1", "1", None, "1"],
    ...     "born": [1980, 1980, 1980, 2004],
    ... })
    >>> resolve_identities(records, [["email"], ["phone", "born"]]).tolist()
    [0, 0, 0, 1]
    """
    if isinstance(keys, str) or any(isinstance(key, str) for key in keys):
        raise TypeError(
            'keys is a list of lists of columns, such as [["email"], ["phone", "born"]]'
        )
    keys = [list(key) for key in keys]
    if not keys or not all(keys):
        raise ValueError("keys is empty: name at least one column that identifies a person")
    for key in keys:
        _need_columns(table, key, "table")
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = [], []
    for key in keys:
        known = np.flatnonzero(table[key].notna().all(axis=1))
        group = table.iloc[known].groupby(key, sort=False).ngroup().to_numpy()
        order = np.argsort(group, kind="stable")
        same = np.flatnonzero(np.diff(group[order]) == 0)
        one.append(known[order[same]])  # each record is tied to the next of its group
        other.append(known[order[same + 1]])
    one, other = np.concatenate(one), np.concatenate(other)
    n = len(table)
    graph = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    return pd.Series(pd.factorize(label)[0], index=table.index, name="person")


def pseudonyms(values, key, *, length=16):
    """Replace identifiers by codes that only the holder of a key can make again.

    The code is an HMAC, a keyed hash. A plain hash would not do: there are so few phone numbers
    and so few likely addresses that anybody can hash them all and look the code up. The same
    value with the same key gives the same code, so records can still be joined; with another key
    they cannot, so give a partner a key of its own.

    Parameters
    ----------
    values : Series of str
        What identifies a person. Spaces at the ends and capitals are made away with first.
    key : bytes
        The secret, at least 16 bytes, kept elsewhere than the data.
    length : int, default 16
        Hexadecimal digits of each code, 8 to 64.

    Returns
    -------
    Series of str
        The codes; missing stays missing.

    Raises
    ------
    TypeError
        If `values` is no Series of texts, or the key is no bytes. A number is no text: the same
        telephone as 601 and as 601.0 would get two codes.
    ValueError
        If the key is shorter than 16 bytes, or the length is not a whole number from 8 to 64.

    References
    ----------
    H. Krawczyk, M. Bellare and R. Canetti (1997), "HMAC: keyed-hashing for message
    authentication", RFC 2104.

    Examples
    --------
    >>> codes = pseudonyms(pd.Series(["Ann@x.org ", "ann@x.org"]), b"sixteen bytes or more")
    >>> codes[0] == codes[1]
    True
    """
    if not isinstance(values, pd.Series):
        raise TypeError(f"values is a {type(values).__name__}: give a column of a table")
    if pd.api.types.infer_dtype(values, skipna=True) not in ("string", "empty"):
        raise TypeError(f"values holds {values.dtype} values: turn them into texts first")
    if not isinstance(key, bytes):
        raise TypeError(
            f"key is a {type(key).__name__}: give bytes, such as secrets.token_bytes(32)"
        )
    if len(key) < 16:
        raise ValueError(
            f"key has {len(key)} bytes: a secret that cannot be guessed has 16 or more"
        )
    if not isinstance(length, (int, np.integer)) or not 8 <= length <= 64:
        raise ValueError(f"length is {length}: give 8 to 64 hexadecimal digits")

    def code(value):
        clean = str(value).strip().lower().encode()
        return hmac.new(key, clean, hashlib.sha256).hexdigest()[:length]

    return values.map(code, na_action="ignore").astype("str")


# ---------------------------------------------------------------- watching, week by week


def monitor(table, rules, *, time, learn_until, freq="W", sigmas=3.0):
    r"""Follow the share of rows at fault period by period, and raise an alarm.

    The limits are learnt on an earlier span, in which things were as they should be: a p-chart.
    Periods of that span that lie outside their own limits are set aside and the limits are
    learnt again, until none does, so that an old accident does not widen them.

    Parameters
    ----------
    table : DataFrame
        One row a record.
    rules : iterable of Rule
        What to count.
    time : str
        The column with the time of a record.
    learn_until : str or Timestamp
        The first moment that no longer belongs to the span from which the limits are learnt.
    freq : str, default "W"
        Length of a period, as `Series.dt.to_period` takes it: "D", "W" (Monday to Sunday), "M".
    sigmas : float, default 3
        How many standard deviations the limits lie from the centre.

    Returns
    -------
    DataFrame
        One row a rule and period (index `check`, `period`; periods without a row are left out):
        `rows`, `at_fault`, `share`, `low` and `high` (the limits), `learnt` (whether the period
        was used for them) and `alarm` (the share lies outside).

    Raises
    ------
    TypeError
        If `table` is no DataFrame, a rule is no `Rule`, or the column holds no times.
    ValueError
        If a time is missing, no rule is given or two have one name, `sigmas` is not positive, or
        fewer than 8 periods lie before `learn_until`.

    Notes
    -----
    With :math:`x_t` of :math:`n_t` rows at fault in period t, the centre is
    :math:`c = (\sum x_t + 1/2) / (\sum n_t + 1)` over the learnt periods; the half keeps it above
    0 for faults never seen. The limits are :math:`c \pm 3\,s\sqrt{c(1-c)/n_t}`, cut off at 0 and
    1, where s is the standard deviation of the learnt periods' z-scores, and at least 1: real
    shares vary more than coins do. If faults were many and normal, a period would raise a false
    alarm in one of 370 cases; where few are expected, more often. A period that touches
    `learn_until` is not learnt from.

    Examples
    --------
    >>> days = pd.date_range("2026-01-01", periods=400, freq="6h")
    >>> leads = pd.DataFrame({"created_at": days, "age": 30.0})
    >>> leads.loc[388:391, "age"] = 300.0
    >>> old = Rule("age over 110", "impossible", lambda t: t["age"] > 110)
    >>> weeks = monitor(leads, [old], time="created_at", learn_until="2026-03-30")
    >>> weeks.loc[weeks["alarm"], ["rows", "at_fault"]]
                                        rows  at_fault
    check        period
    age over 110 2026-04-06/2026-04-12    20         4
    """
    rules = _need_rules(rules)
    if not rules:
        raise ValueError("rules is empty: say what to watch")
    if not sigmas > 0:
        raise ValueError(f"sigmas is {sigmas!r}: give a positive number, such as 3")
    _need_columns(table, [time], "table")
    if not pd.api.types.is_datetime64_any_dtype(table[time]):
        raise TypeError(f"column {time!r} holds {table[time].dtype}, not times: pd.to_datetime")
    _refuse(table[time].isna(), f"column {time!r} is missing", "leave these rows out")
    period = table[time].dt.to_period(freq).rename("period")
    parts = {}
    for rule in rules:
        counts = rule.rows(table).groupby(period).agg(["size", "sum"])
        counts = counts.set_axis(["rows", "at_fault"], axis=1).astype("int64")
        parts[rule.name] = _with_limits(counts, pd.Timestamp(learn_until), sigmas)
    return pd.concat(parts, names=["check"])


def _with_limits(counts, learn_until, sigmas):
    """Add share, limits, and what they were learnt from and what breaks them."""
    n, x = counts["rows"], counts["at_fault"]
    learnt = pd.Series(counts.index.end_time < learn_until, index=counts.index)
    if learnt.sum() < 8:
        raise ValueError(
            f"{learnt.sum()} whole periods lie before learn_until, {learn_until:%Y-%m-%d}: "
            "limits need at least 8; choose a later day, or shorter periods"
        )
    share = x / n
    while True:
        centre = (x[learnt].sum() + 0.5) / (n[learnt].sum() + 1)
        deviation = np.sqrt(centre * (1 - centre) / n)
        spread = max(1.0, ((share - centre) / deviation)[learnt].std())
        low = (centre - sigmas * spread * deviation).clip(lower=0.0)
        high = (centre + sigmas * spread * deviation).clip(upper=1.0)
        outside = (share < low) | (share > high)
        if not (outside & learnt).any() or (learnt & ~outside).sum() < 8:
            break
        learnt &= ~outside
    return counts.assign(share=share, low=low, high=high, learnt=learnt, alarm=outside)


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
    share = scoring.auc(values, outcome)
    return max(share, 1 - share)


def _yes_or_no(outcome):
    """Return the outcome as booleans, if it says yes or no for each row."""
    outcome = pd.Series(outcome)
    _refuse(outcome.isna(), "outcome is missing", "leave these rows out, or wait for the outcome")
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
    _need_columns(features, [], "features")
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
    _need_columns(table, columns, "table")
    if isinstance(decided, str):
        _need_columns(table, [decided], "table")
        decided = table[decided]
    decided = pd.Series(decided)
    if not decided.index.equals(table.index):
        raise ValueError("decided and table have different indexes: give one time for each row")
    for name, times in {**table[columns], "decided": decided}.items():
        if not pd.api.types.is_datetime64_any_dtype(times):
            raise TypeError(f"{name!r} holds {times.dtype}, not times: use pd.to_datetime")
    _refuse(decided.isna(), "the time of the decision is missing", "leave these rows out")
    known = table[columns].notna().sum()
    late = table[columns].gt(decided, axis=0).sum()
    result = pd.DataFrame({"known": known, "too_late": late, "share": late / known})
    return result.rename_axis("column")


# ---------------------------------------------------------------- standing in a crowd


def group_sizes(table, columns, *, person=None):
    """In how large a crowd each row stands: how many share its combination of values.

    Parameters
    ----------
    table : DataFrame
        The table.
    columns : list of str
        The attributes by which people could be recognised (quasi-identifiers). A missing value
        is a value like any other: those of whom it is missing form a group.
    person : str, optional
        The column that names the person, where one may have several rows; then people are
        counted and not rows. Without it each row is a person.

    Returns
    -------
    Series of int
        For each row the size of its group; index of the table.

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If no column is given, one is not in the table, or a person is missing.

    Examples
    --------
    >>> people = pd.DataFrame({"born": [1980, 1980, 1991], "town": ["A", "A", "A"]})
    >>> group_sizes(people, ["born", "town"]).tolist()
    [2, 2, 1]
    """
    columns = [columns] if isinstance(columns, str) else list(columns)
    if not columns:
        raise ValueError("columns is empty: name the attributes by which people are recognised")
    _need_columns(table, [*columns, *([person] if person else [])], "table")
    group = table.groupby(columns, dropna=False, observed=True, sort=False).ngroup()
    if person is None:
        return group.groupby(group).transform("size").rename("group_size")
    _refuse(table[person].isna(), f"column {person!r} is missing", "say whose rows they are")
    return table[person].groupby(group).transform("nunique").rename("group_size")


def k_anonymity(table, columns, *, person=None):
    """Return the k of a table: every combination of the columns is shared by at least k people.

    Parameters
    ----------
    table, columns, person
        As in `group_sizes`.

    Returns
    -------
    int
        The size of the smallest group. 1: somebody stands alone.

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If the table has no rows, no column is given, or one is not in the table.

    Notes
    -----
    It guards against being picked out by these columns. It does not hide what all of a group
    have in common, nor help against who knows a further column.

    References
    ----------
    L. Sweeney (2002), "k-anonymity: a model for protecting privacy", *International Journal of
    Uncertainty, Fuzziness and Knowledge-Based Systems* 10(5).

    Examples
    --------
    >>> people = pd.DataFrame({"born": [1980, 1980, 1991], "town": ["A", "A", "A"]})
    >>> k_anonymity(people, ["born", "town"]), k_anonymity(people, ["town"])
    (1, 3)
    """
    sizes = group_sizes(table, columns, person=person)
    if sizes.empty:
        raise ValueError("the table has no rows: nobody is there to be recognised")
    return int(sizes.min())


def generalise(versions, *, k=5, person=None):
    """Compare versions of a table, from exact to coarse, by how recognisable people are.

    Parameters
    ----------
    versions : dict of str to DataFrame
        Each version by name: a table that holds the attributes by which people could be
        recognised and nothing else (but for `person`).
    k : int, default 5
        The size of group that is asked for.
    person : str, optional
        The column that names the person, where one may have several rows. A person whose rows
        stand in several groups counts with the smallest of them.

    Returns
    -------
    DataFrame
        One row a version: `combinations`, `k` (smallest group), `alone` (people without a
        second like them), `below` (people in groups smaller than the `k` asked for) and
        `share_below`. What is left below can be suppressed: left out of what is handed on.

    Raises
    ------
    TypeError
        If a version is no DataFrame.
    ValueError
        If none is given, `k` is not a whole number of at least 2, or a version has no rows.

    Examples
    --------
    >>> exact = pd.DataFrame({"born": [1980, 1983, 1991], "town": ["A", "A", "B"]})
    >>> coarse = pd.DataFrame({"born": exact["born"] // 20 * 20})
    >>> generalise({"year and town": exact, "20 years": coarse}, k=3)
                   combinations  k  alone  below  share_below
    version
    year and town             3  1      3      3          1.0
    20 years                  1  3      0      0          0.0
    """
    if not isinstance(versions, Mapping) or not versions:
        raise ValueError("versions is empty: give at least one table by name")
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 2:
        raise ValueError(f"k is {k!r}: give a whole number of at least 2, such as 5")
    rows = {}
    for name, table in versions.items():
        _need_columns(table, [person] if person else [], "version")
        columns = [column for column in table.columns if column != person]
        smallest = k_anonymity(table, columns, person=person)
        sizes = group_sizes(table, columns, person=person)
        if person:
            sizes = sizes.groupby(table[person].to_numpy()).min()
        below = int((sizes < k).sum())
        combinations = len(table[columns].drop_duplicates())
        rows[name] = [combinations, smallest, int((sizes == 1).sum()), below, below / len(sizes)]
    names = ["combinations", "k", "alone", "below", "share_below"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("version")


# ---------------------------------------------------------------- the school's leads

AGES = (14, 110)  # years; what an age can be
CROWNS = {"entry": "list", "from": "2025-03-01", "until": "2025-06-01", "to_the_euro": 25.0}
SAME_PERSON = (("email_key",), ("phone_key", "birth_year", "postcode", "device"))


def _years_off(leads):
    """Years by which the age is too low for the year of birth; 0 or 1 is as it should be."""
    return leads["created_at"].dt.year - leads["birth_year"] - leads["age"]


def _impossible_age(leads):
    low, high = AGES
    return leads["age"].notna() & ~leads["age"].between(low, high)


def _stale_age(leads):
    off = _years_off(leads)
    return ~_impossible_age(leads) & off.notna() & ~off.isin([0, 1])


def _in_crowns(leads):
    sent = leads["created_at"].ge(CROWNS["from"]) & leads["created_at"].lt(CROWNS["until"])
    return sent & leads["entry"].eq(CROWNS["entry"]) & leads["income"].notna()


LEAD_RULES = (
    Rule("age impossible", "impossible", _impossible_age),
    Rule("age not that of the birth year", "stale", _stale_age),
    Rule("income in crowns", "inconsistent", _in_crowns),
)


def clean_leads(leads):
    """Return the school's leads as lesson 07 leaves them: one row a person, mended, flagged.

    In this order: rows that repeat another are dropped; ages that are impossible, missing or
    contradict the year of birth are taken from that year; incomes of the lists of March to May
    2025, which came in Czech crowns, are turned into euros; records of one person
    (`SAME_PERSON`) become one. Nothing else is filled: what is missing stays missing, for a
    model's pipeline to fill by what it has learnt on its training part.

    Parameters
    ----------
    leads : DataFrame
        The table ``leads``, or some of its rows.

    Returns
    -------
    DataFrame
        The columns of the table, one row a person, in order of `created_at`, and four more:
        `age_from` ("typed", "birth year", or missing like the age), `income_mended` (was in
        crowns), `records` (how many the person had) and `tracking` ("tracked", "refused", or
        "no visit": why `visit_count` is missing). Of several records the first is kept, since
        what a lead did is counted from its start; `called`, `converted`, `converted_at` and
        `portal_logins` are those of all of them, `consent` is that of the last. An age from the
        year of birth may be a year too high.

    Raises
    ------
    TypeError
        If `leads` is no DataFrame.
    ValueError
        If a column of the table is missing, or the leads have been cleaned already: crowns
        would be divided twice.

    Examples
    --------
    >>> from funnelkit import load
    >>> people = clean_leads(load("leads"))
    >>> bool(people["lead_id"].is_unique), report(people, LEAD_RULES[:2])["rows"].iloc[-2:].sum()
    (True, np.int64(0))
    """
    _need_columns(leads, [column.name for column in data.SCHEMAS["leads"].columns], "leads")
    if "income_mended" in leads:
        raise ValueError("leads have the column 'income_mended': they are cleaned already")
    steps = (_drop_repeats, _mend_ages, _crowns_to_euros, _one_row_a_person, _say_why_untracked)
    for step in steps:
        leads = step(leads)
    return leads


def _drop_repeats(leads):
    return leads.drop_duplicates()


def _mend_ages(leads):
    """Take the age from the year of birth where none was typed, or none that can be true."""
    wrong = leads["age"].isna() | _impossible_age(leads) | _stale_age(leads)
    age = leads["age"].mask(wrong, leads["created_at"].dt.year - leads["birth_year"])
    source = pd.Series(np.where(wrong, "birth year", "typed"), leads.index, dtype="str")
    return leads.assign(age=age, age_from=source.where(age.notna()))


def _crowns_to_euros(leads):
    wrong = _in_crowns(leads)
    euros = leads["income"] / CROWNS["to_the_euro"]
    return leads.assign(income=leads["income"].mask(wrong, euros), income_mended=wrong)


def _one_row_a_person(leads):
    """Keep the first record of each person, with the outcome of all."""
    leads = leads.sort_values(["created_at", "lead_id"], ignore_index=True)
    person = resolve_identities(leads, SAME_PERSON)
    of_all = leads.groupby(person).agg(
        called=("called", "any"),
        converted=("converted", "any"),
        converted_at=("converted_at", "min"),
        portal_logins=("portal_logins", "max"),
        consent=("consent", "last"),
        records=("lead_id", "size"),
    )
    first = leads[~person.duplicated()].reset_index(drop=True)
    return first.assign(**of_all.reset_index(drop=True))


def _say_why_untracked(leads):
    seen, on_site = leads["visit_count"].notna(), leads["entry"].eq("form")
    why = np.select([seen, on_site], ["tracked", "refused"], "no visit")
    return leads.assign(tracking=pd.Series(why, leads.index, dtype="str"))
