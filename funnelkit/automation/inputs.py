"""What the engine is given: log, contacts, consents, and the moment until which it runs."""

import pandas as pd

from funnelkit import _inputs
from funnelkit.automation.conditions import kind_of_column, kind_of_value

__all__ = [
    "event_names",
    "names_of_events",
    "need_same_kind",
    "need_within",
    "read_consents",
    "read_contacts",
    "read_end",
    "read_log",
]

YEARS = pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")


def event_names(log):
    """Return the column of events, all of them text."""
    events = _inputs.ids(log["event"], "event")
    if len(events) and kind_of_column(events) != "text":
        raise TypeError("column 'event' does not hold text: give the names of events")
    return events


def names_of_events(events):
    """Return a list of events' names."""
    names = _inputs.names("events", events)
    _inputs.need_texts(**{f"event {number}": name for number, name in enumerate(names)})
    if not names or None in names:
        raise ValueError("events has no names: give the events that the log can hold")
    return names


def read_log(log, rules, contacts):
    """Return what can start or stop a rule, in order, and all times and users of the log.

    Each is (time in nanoseconds, user, event, fields), with the fields that the rules use.
    """
    keys = dict.fromkeys(rule.entry_key for rule in rules)
    fields = dict.fromkeys([*keys, *(each.field for rule in rules for each in rule.condition)])
    known = list(log.columns) if isinstance(log, pd.DataFrame) else []
    extra = [] if contacts is None else [name for name in contacts if name not in known]
    own = [name for name in fields if name in keys or name not in extra]
    _inputs.need_columns(log, ["user_id", "event", "timestamp", *own], "log")
    _refuse_two_homes(rules, known, contacts)
    users = _inputs.ids(log["user_id"], "user_id")
    events = event_names(log)
    times = _moments(log["timestamp"], "timestamp")
    table = pd.DataFrame({"time": times, "user": users, "event": events})
    for name in own:
        _inputs.need_one_type(log[name], name)
        table[_label(name)] = log[name]
    needed = {name for rule in rules for name in (rule.trigger, *rule.stop)}
    _need_keys(log, events, rules)
    table = table[events.isin(needed)]
    columns = [_label(name) for name in own]
    for column in columns:
        if isinstance(table[column].dtype, pd.CategoricalDtype):
            table[column] = table[column].astype(object)
    table = table.sort_values(["time", "user", "event", *columns], kind="stable")
    if contacts is not None:
        further = contacts[[name for name in fields if name in extra]]
        table = table.join(further.rename(columns=_label), on="user")
    _need_kinds(rules, log, contacts)
    return _rows(table, list(fields)), times, users


def _label(name):
    """Return the label of a field in the engine's own table."""
    return f"field {name}"


def _rows(table, fields):
    """Return the rows as (time, user, event, fields); a missing field is None."""
    values = [
        table[_label(name)].astype(object).where(table[_label(name)].notna(), None)
        for name in fields
    ]
    heads = zip(table["time"], table["user"], table["event"], strict=True)
    rows = zip(*values, strict=True)
    return [
        (*head, dict(zip(fields, row, strict=True))) for head, row in zip(heads, rows, strict=True)
    ]


def _refuse_two_homes(rules, known, contacts):
    """Refuse a field of a condition that both log and contacts have."""
    for rule in rules:
        for clause in rule.condition:
            if contacts is not None and clause.field in known and clause.field in contacts:
                raise ValueError(
                    f"log and contacts both have a column {clause.field!r}, which the condition of "
                    f"rule {rule.rule!r} names: rename one of them"
                )


def _need_keys(log, events, rules):
    """Refuse an event that triggers a rule and has no entry key."""
    for rule in rules:
        if rule.entry_key in log:
            wrong = (events == rule.trigger) & log[rule.entry_key].isna()
            what = f"{rule.entry_key}, the entry key of rule {rule.rule!r}, is missing"
            remedy = "give each such event its key, or use another entry key"
            _inputs.refuse(wrong, what, remedy, index=log.index)


def _need_kinds(rules, log, contacts):
    """Refuse a condition that compares a column with a value of another kind."""
    for rule in rules:
        for clause in rule.condition:
            column = (log if clause.field in log else contacts)[clause.field]
            kind, wanted = kind_of_column(column), kind_of_value(clause.value)
            if kind not in (wanted, "nothing"):
                raise ValueError(
                    f"the condition of rule {rule.rule!r} compares {clause.field!r} with "
                    f"{clause.value!r}, and that column holds {kind}: compare it with its like"
                )


def _moments(column, name):
    """Return times as whole nanoseconds."""
    column = _inputs.times(column, name)
    early, late = YEARS
    strange = (column < early) | (column > late)
    remedy = "times lie between 1900 and 2200"
    _inputs.refuse(strange, f"column {name!r} is out of range", remedy, column, index=column.index)
    return column.astype("datetime64[ns]").astype("int64")


def read_contacts(contacts):
    """Return the contacts' fields, by contact."""
    if contacts is None:
        return None
    _inputs.need_columns(contacts, ["user_id"], "contacts")
    users = _inputs.ids(contacts["user_id"], "user_id")
    remedy = "keep one row per contact"
    _inputs.refuse(
        users.duplicated(), "user_id repeats an earlier one", remedy, users, index=contacts.index
    )
    if not contacts.columns.is_unique:
        twice = contacts.columns[contacts.columns.duplicated()][0]
        _inputs.need_columns(contacts, [twice], "contacts")
    return contacts.set_index("user_id")


def read_consents(consents, rules, *, first):
    """Return who agreed or withdrew, and when, in nanoseconds."""
    if consents is None:
        needy = [rule.rule for rule in rules if rule.consent]
        if needy and first:
            raise ValueError(
                f"consents are missing, and rule {needy[0]!r} needs consent: give a table with "
                "user_id, timestamp and consent, or set the rule's consent to False if it may be "
                "sent without it"
            )
        return pd.DataFrame(columns=["timestamp", "user_id", "consent"], dtype=object)
    _inputs.need_columns(consents, ["user_id", "timestamp", "consent"], "consents")
    remedy = "silence is not consent: fill with False, or leave these rows out"
    return pd.DataFrame(
        {
            "timestamp": _moments(consents["timestamp"], "timestamp"),
            "user_id": _inputs.ids(consents["user_id"], "user_id"),
            "consent": _inputs.booleans(consents["consent"], "consent", missing=remedy),
        }
    )


def read_end(observed_until, times, clock):
    """Return until when to run, in nanoseconds."""
    if observed_until is None:
        if not len(times):
            raise ValueError("log has no rows, so it has no end: give observed_until")
        return int(times.max())
    end = _inputs.end_of_data("observed_until", observed_until)
    early, late = YEARS
    if not early <= end <= late:
        raise ValueError(f"observed_until is {end:%Y-%m-%d}: times lie between 1900 and 2200")
    if clock is not None and end.as_unit("ns").value < clock:
        raise ValueError(
            f"the clock would run backwards: the engine has run until {pd.Timestamp(clock)}, and "
            f"observed_until is {end}: give a later moment, or begin with a new engine"
        )
    return end.as_unit("ns").value


def need_within(what, times, clock, until):
    """Refuse rows before the engine's clock, or after the end of the run."""
    stamps = pd.to_datetime(times)
    if clock is not None:
        remedy = "give only rows after it, or run a new engine over all rows"
        said = f"the clock would run backwards: the engine has run until {pd.Timestamp(clock)}, "
        said += f"and the timestamp of {what} is not after it"
        _inputs.refuse(times <= clock, said, remedy, stamps, index=times.index)
    end = pd.Timestamp(until)
    remedy = "leave these rows out, or let the run end later"
    said = f"the timestamp of {what} lies after the end of the run, {end},"
    _inputs.refuse(times > until, said, remedy, stamps, index=times.index)


def need_same_kind(kind, contacts, users):
    """Refuse ids of one type in one table and of another in the next: they would never meet."""
    if contacts is not None:
        users = {**users, "contacts": contacts.index.to_series()}
    for what, column in users.items():
        found = kind_of_column(column)
        if found == "nothing":
            continue
        kind = kind or (what, found)
        if found != kind[1]:
            raise TypeError(
                f"user_id holds {kind[1]} in {kind[0]} and {found} in {what}: give both as text, "
                "for instance with table['user_id'].astype(str)"
            )
    return kind
