"""Rules as data: a table with one row per rule, read and checked cell by cell."""

from dataclasses import dataclass

import pandas as pd

from funnelkit import _inputs
from funnelkit.automation.conditions import Clause, read_condition

__all__ = ["ACTIONS", "RE_ENTRY", "Rule", "read_rules"]

ACTIONS = ("mail", "task", "stage")
RE_ENTRY = ("once", "after_exit", "always")
NEEDED = ("rule", "trigger", "wait", "action", "name")
DEFAULTS = {
    "entry_key": "user_id",
    "re_entry": "once",
    "condition": "",
    "stop": "",
    "cap": None,
    "per": None,
    "consent": True,
}
LONGEST = pd.Timedelta("3650D")


@dataclass(frozen=True)
class Rule:
    """One rule, ready to run; `order` is its row in the table, times are in nanoseconds."""

    order: int
    rule: str
    trigger: str
    entry_key: str
    re_entry: str
    condition: tuple[Clause, ...]
    wait: int
    action: str
    name: str
    stop: tuple[str, ...]
    cap: int | None
    per: int | None
    consent: bool

    @property
    def event(self):
        """The event that the action makes, which may trigger or stop other rules."""
        return f"{self.action}:{self.name}"


def read_rules(table):
    """Return the rules of a table, or say which cell of it cannot be read."""
    if isinstance(table, pd.DataFrame):
        for column in table.columns:
            _inputs.need_known(column, [*NEEDED, *DEFAULTS], "column of a table of rules")
    known = [name for name in DEFAULTS if isinstance(table, pd.DataFrame) and name in table]
    _inputs.need_columns(table, [*NEEDED, *known], "rules")
    _inputs.need_rows(table, "rules", "there is nothing to run")
    names = _inputs.ids(table["rule"], "rule")
    index = table.index
    _inputs.refuse(
        names.duplicated(), "column 'rule' repeats a name", "rename one", names, index=index
    )
    for column in table.columns:
        _inputs.need_hashable(table[column], column)
    cells = table.astype(object).where(table.notna(), None).to_dict("records")
    return [_read(order, {**DEFAULTS, **_given(row)}) for order, row in enumerate(cells)]


def _given(row):
    """Return the cells that are filled in; an empty one has its default."""
    needs = (*NEEDED, "consent")
    return {name: value for name, value in row.items() if value is not None or name in needs}


def _read(order, row):
    """Return one rule."""
    rule = row["rule"]
    for name in ("rule", "trigger", "name", "entry_key", "condition", "stop"):
        if not isinstance(row[name], str):
            what = "is missing" if row[name] is None else f"is {row[name]!r}"
            raise TypeError(f"{name} of rule {rule!r} {what}: give text")
    for name in ("trigger", "name", "entry_key"):
        if not row[name].strip():
            raise ValueError(f"{name} of rule {rule!r} is blank: {_needed(name)}")
    if row["consent"] is None:
        raise ValueError(
            f"consent of rule {rule!r} is missing: give True, or False for a message that may be "
            "sent without it"
        )
    _inputs.one_of(f"re_entry of rule {rule!r}", row["re_entry"], RE_ENTRY)
    _inputs.one_of(f"action of rule {rule!r}", row["action"], ACTIONS)
    cap, per = _cap(rule, row["cap"], row["per"])
    return Rule(
        order,
        rule,
        row["trigger"],
        row["entry_key"],
        row["re_entry"],
        read_condition(row["condition"], f"the condition of rule {rule!r}"),
        _length(f"wait of rule {rule!r}", row["wait"]),
        row["action"],
        row["name"],
        tuple(filter(None, map(str.strip, row["stop"].split(",")))),
        cap,
        per,
        _inputs.switch(f"consent of rule {rule!r}", row["consent"]),
    )


def _needed(name):
    return {
        "trigger": "give the event that starts it",
        "name": "say what is sent or done",
        "entry_key": "give the column that tells entries apart, such as 'user_id'",
    }[name]


def _length(name, value):
    length = _inputs.duration(name, value)
    if length > LONGEST:
        raise ValueError(f"{name} is {value!r}, more than ten years: give a shorter one")
    return length.as_unit("ns").value


def _cap(rule, cap, per):
    """Return how many actions are allowed in which time, in nanoseconds; None for no cap."""
    if (cap is None) != (per is None):
        lacking, given = ("cap", "per") if cap is None else ("per", "cap")
        raise ValueError(
            f"rule {rule!r} has {given} without {lacking}: give both, such as cap 2 and per '7D', "
            "or none"
        )
    if cap is None:
        return None, None
    if isinstance(cap, float) and cap.is_integer():
        cap = int(cap)  # a column with empty cells holds floats
    cap = _inputs.whole(f"cap of rule {rule!r}", cap, at_least=0)
    per = _length(f"per of rule {rule!r}", per)
    if not per:
        raise ValueError(f"per of rule {rule!r} is 0: give a length of time, such as '7D'")
    return cap, per
