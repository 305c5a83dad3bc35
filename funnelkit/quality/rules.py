"""Rules that rows have to keep: a report, a schema check, a monitor.

Input is checked as `funnelkit._inputs` says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnelkit import _inputs, schemas
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "KINDS", "Rule", "check_schema", "duplicates", "monitor", "report"]

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
        if not isinstance(self.name, str):
            raise TypeError(f"name is {_inputs.name_of_type(self.name)}: name the fault in words")
        _inputs.one_of("kind", self.kind, KINDS)
        if not callable(self.fault):
            raise TypeError(
                f"the fault of rule {self.name!r} is {_inputs.name_of_type(self.fault)}: give a "
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
        """
        _inputs.need_table(table)
        answer = self._answer(table)
        if not pd.api.types.is_list_like(answer) or isinstance(answer, pd.DataFrame):
            raise TypeError(
                f"rule {self.name!r} answers with {_inputs.name_of_type(answer)}: return one True "
                "or False for each row"
            )
        if not isinstance(answer, pd.Series):
            answer = _inputs.as_series(answer, f"the answer of rule {self.name!r}")
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

    def _answer(self, table):
        """Ask the rule, and say in its name what it lacks where it fails."""
        try:
            return self.fault(table)
        except (KeyError, AttributeError) as error:
            lacks = error.args[0] if isinstance(error, KeyError) else error.name
            remedy = _inputs.close_to(lacks, table.columns)
            raise ValueError(
                f"rule {self.name!r} needs the column {lacks!r}, which the table does not have: "
                f"{remedy}"
            ) from error
        except (TypeError, ValueError) as error:
            types = ", ".join(f"{name} {kind}" for name, kind in table.dtypes.items())
            raise ValueError(
                f"rule {self.name!r} does not fit the types of the columns ({types}): convert "
                "first what it compares, for instance with pd.to_numeric or pd.to_datetime"
            ) from error


def _need_rules(rules):
    """Return the rules as a list, if they are rules and each has its own name."""
    if not isinstance(rules, Rule) and not pd.api.types.is_list_like(rules):
        raise TypeError(f"rules is {_inputs.name_of_type(rules)}: give a list of quality.Rule")
    rules = [rules] if isinstance(rules, Rule) else list(rules)
    names = set()
    for rule in rules:
        if not isinstance(rule, Rule):
            raise TypeError(
                f"rules holds {_inputs.name_of_type(rule)}: give each as a quality.Rule"
            )
        if rule.name in names:
            raise ValueError(f"two faults are called {rule.name!r}: give each rule its own name")
        names.add(rule.name)
    return rules


def report(table, rules=(), *, placeholders=None, examples=3):
    """Count the faults of a table: what is missing, repeated, impossible, inconsistent, stale.

    Parameters
    ----------
    table : DataFrame
        Any table.
    rules : iterable of Rule
        What else is a fault. Missing values, column by column, and rows that repeat an earlier
        row in every column are always counted.
    placeholders : mapping of str to value or list, optional
        What stands for "not known" in a column though it is a value, such as
        ``{"age": 0, "born": "1900-01-01", "phone": ["-", "unknown"]}``. Counted by themselves.
    examples : int, default 3
        How many rows to name for each fault.

    Returns
    -------
    DataFrame
        One row per fault, by name in the index `check`: `kind`, `rows` (at fault), `share` (of
        all rows), `examples` (labels of the first rows at fault). A column without a missing
        value has no row; a rule without a fault has one, with 0.

    Examples
    --------
    >>> leads = pd.DataFrame({"lead_id": ["a", "b", "b"], "age": [31, 310, 310]})
    >>> report(leads, [Rule("age over 110", "impossible", lambda t: t["age"] > 110)]).round(2)
                        kind  rows  share examples
    check
    exact repeat   duplicate     1   0.33        2
    age over 110  impossible     2   0.67     1, 2
    """
    _inputs.need_columns(table, _inputs.need_table(table).columns)
    _inputs.need_rows(table, why="there is nothing to report on")
    examples = _inputs.whole("examples", examples, at_least=0)
    for column in table.columns:
        _inputs.need_hashable(table[column], column)
    found = {}
    for column in table.columns:
        missing = table[column].isna()
        if missing.any():
            found[f"{column} missing"] = ("missing", missing)
    for column, values in _placeholders(table, placeholders).items():
        found[f"{column} placeholder"] = ("missing", table[column].isin(values))
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


def _placeholders(table, placeholders):
    """Return for each column named the values that stand for a missing one, as a list."""
    placeholders = {} if placeholders is None else placeholders
    if not isinstance(placeholders, Mapping):
        raise TypeError(
            f"placeholders is {_inputs.name_of_type(placeholders)}: give the values of each "
            "column, such as {'age': 0, 'phone': ['-', 'unknown']}"
        )
    _inputs.need_columns(table, placeholders)
    given = {}
    for column, values in placeholders.items():
        values = list(values) if pd.api.types.is_list_like(values) else [values]
        if table[column].dtype.kind == "M":
            values = [_inputs.moment(f"the placeholder of {column!r}", value) for value in values]
        given[column] = values
    return given


def check_schema(table, columns, *, name="table"):
    """Refuse a table that is not what was agreed, and say everything that is wrong, at once.

    `funnelkit.load` stops at the first fault; anyone who has to ask for a better export wants
    the whole list.

    Parameters
    ----------
    table : DataFrame
        The table as it came.
    columns : sequence of schemas.Column, or str
        What was agreed, column by column; or the name of one of the course's tables.
    name : str, default "table"
        What messages call the table.

    Returns
    -------
    DataFrame
        The same table.

    Raises
    ------
    ValueError
        If anything is wrong: columns missing or not agreed, types, missing values, values
        outside what is allowed, repeats. One line per fault, each with what to do.

    Examples
    --------
    >>> agreed = [
    ...     schemas.Column("lead_id", "text", "the lead's number", unique=True),
    ...     schemas.Column("age", "number", "age in years", allowed=(16, 110), missing="not asked"),
    ...     schemas.Column("consent", "flag", "whether the lead agreed to be written to"),
    ... ]
    >>> arrived = pd.DataFrame({"lead_id": ["a", "b", "c"], "age": [31.0, 310.0, None]})
    >>> check_schema(arrived.assign(consent=["Yes", "No", ""]), agreed, name="leads")
    Traceback (most recent call last):
    ValueError: leads: 2 faults
    - column 'age': 1 of 3 rows hold a value outside 16 to 110 (first: 310.0). Correct these rows, or leave them out.
    - column 'consent': the type is str, not bool. Map each value, .map({'Yes': True, 'No': False}), decide on every other one, leave gaps missing.
    """  # noqa: E501
    if isinstance(columns, str):
        columns = schemas.schema_of(columns).columns
    if not isinstance(name, str):
        raise TypeError(f"name is {_inputs.name_of_type(name)}: give what to call the table")
    _inputs.need_table(table, name)
    if not pd.api.types.is_list_like(columns):
        raise TypeError(
            f"columns is {_inputs.name_of_type(columns)}: give a list of schemas.Column, or the "
            "name of a table"
        )
    columns = list(columns)
    for column in columns:
        if not isinstance(column, schemas.Column):
            raise TypeError(
                f"columns holds {column!r}: give each as a schemas.Column, which says its "
                "type and range"
            )
    agreed = [column.name for column in columns]
    faults = [
        f"column {column!r} was agreed and is missing. Ask for it, or rename the one that holds it."
        for column in agreed
        if column not in table.columns
    ]
    faults += [
        f"column {column!r} was not agreed. Leave it out, or agree on what it means."
        for column in table.columns.unique()
        if column not in agreed
    ]
    for column in columns:
        if column.name in table.columns:
            faults += _faults_of_column(table, column)
    if faults:
        raise ValueError(
            f"{name}: {len(faults)} fault{'s' * (len(faults) > 1)}\n- " + "\n- ".join(faults)
        )
    return table


def _faults_of_column(table, column):
    """Return what is wrong with a column that was agreed, as a list of no or one sentence."""
    try:
        _inputs.need_columns(table, [column.name])
        _inputs.need_hashable(table[column.name], column.name)
        schemas.check_column(table[column.name], column, f"column {column.name!r}")
    except ValueError as error:
        return [str(error)]
    return []


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
        One row per repeated value, which is in the index: `rows` (how many), `identical`
        (whether they agree in every column) and `differs_in` (the columns in which they do not).
        Rows that agree can be dropped safely; of rows that differ one may be the newer.

    Examples
    --------
    >>> leads = pd.DataFrame({"lead_id": list("abbcc"), "age": [31, 25, 25, 40, 41]})
    >>> duplicates(leads, "lead_id")
             rows  identical differs_in
    lead_id
    b           2       True
    c           2      False        age
    """
    keys = _inputs.names("key", key)
    if not keys:
        raise ValueError("key is empty: name the columns of which each value should occur once")
    _inputs.need_columns(table, [*keys, *_inputs.need_table(table).columns])
    for column in table.columns:
        _inputs.need_hashable(table[column], column)
    for column in keys:
        _inputs.ids(table[column], column)
    repeated = table[table.duplicated(keys, keep=False)]
    groups = repeated.groupby(keys, sort=False, observed=True)
    differ = groups.nunique(dropna=False).gt(1)
    result = pd.DataFrame({"rows": groups.size()})
    result["identical"] = ~differ.any(axis=1).reindex(result.index)
    columns = differ.columns.astype(str)
    names = [", ".join(columns[row]) for row in differ.reindex(result.index).to_numpy(dtype=bool)]
    result["differs_in"] = pd.Series(names, index=result.index, dtype="str")
    return result


# ---------------------------------------------------------------- watching, week by week


def monitor(table, rules, *, time, learn_until, freq="W", sigmas=3.0):
    r"""Follow the share of rows at fault period by period, and raise an alarm.

    The limits are learnt on an earlier span, in which things were as they should be: a p-chart.
    Periods of that span that lie outside their own limits are set aside and the limits are
    learnt again, until none does, so that an old accident does not widen them.

    Parameters
    ----------
    table : DataFrame
        One row per record.
    rules : iterable of Rule
        What to count.
    time : str
        The column with the time of a record.
    learn_until : str or Timestamp
        The first moment that no longer belongs to the span from which the limits are learnt.
    freq : {"D", "W", "M", "Q", "Y"}, default "W"
        Length of a period: one day, week (Monday to Sunday), month, quarter or year.
    sigmas : float, default 3
        How many standard deviations the limits lie from the centre.

    Returns
    -------
    DataFrame
        One row per rule and period (index `check`, `period`; periods without a row are left out):
        `rows`, `at_fault`, `share`, `low` and `high` (the limits), `learnt` (whether the period
        was used for them) and `alarm` (the share lies outside).

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
    sigmas = _inputs.number("sigmas", sigmas, above=0)
    learn_until = _inputs.moment("learn_until", learn_until)
    freq = _inputs.frequency("freq", freq)
    _inputs.need_columns(table, [time])
    period = _inputs.times(table[time], time).dt.to_period(freq).rename("period")
    parts = {}
    for rule in rules:
        counts = rule.rows(table).groupby(period).agg(["size", "sum"])
        counts = counts.set_axis(["rows", "at_fault"], axis=1).astype("int64")
        parts[rule.name] = _with_limits(counts, learn_until, sigmas)
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


# ---------------------------------------------------------------- what the metrics mean

_PEOPLE = pd.DataFrame({"born": [1980, 1980, 1991, 1992, None], "town": list("AAABB")})

METRICS = (
    Metric(
        name="fault_share",
        formula=r"\frac{x}{n}",
        numerator="rows at fault by the rule named",
        denominator="all rows of the table",
        unit="share of rows",
        window="the export, or the week in a monitor",
        function="funnelkit.quality.report",
        example=Example({"table": _PEOPLE}, 1, 5, ("born missing", "share")),
    ),
)
