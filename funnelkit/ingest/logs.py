"""The course's log, and a table of purchases, made of what somebody's tool exports."""

import pandas as pd

from funnelkit import _inputs, quality
from funnelkit.databases.ga4 import GA4_FIELDS, ga4_log, is_microseconds
from funnelkit.ingest.amounts import amounts
from funnelkit.ingest.columns import ROLES, find_column, need_mapping, need_read
from funnelkit.ingest.personal import EMAIL
from funnelkit.ingest.shapes import GA4, folded, recognise
from funnelkit.ingest.times import times

__all__ = ["finished_attrs", "local_times", "need_steps", "orders", "to_log"]

GRAIN = "one row per event, as far as the file says"
ORDER_STEPS = ("first order", "second order")


def to_log(table, steps=None, *, mapping=None, dates=None, zone=None, until=None):
    """Make the course's log of a table: who, what, when.

    Parameters
    ----------
    table : DataFrame
        What `read` returns.
    steps : list of str, optional
        The steps of the funnel, first step first. Of a recognised export with stages, all of its
        stages when not given.
    mapping : mapping of str to str, optional
        Columns by what they hold: ``user``, ``event`` and ``time``; or, where a row has a column
        of times for each step, the column of each step: ``{"signup": "Signed up at"}``.
    dates, zone : optional
        As in `times`.
    until : date or time, optional
        The last moment of the data, in the zone of the file; what is later is left out.

    Returns
    -------
    DataFrame
        The log: `user_id` (a number in place of whatever names the person, so that no address
        travels on), `event`, `timestamp` (naive UTC) and `local` (the time in whose days and
        weeks to count). Without exact repeats and rows that lack who, what or when. Of Google
        Analytics 4, it has the events of `databases.read_ga4`: there a repeat is a row that is
        the same in every field.
        ``attrs``: `steps`, `grain`, `source`, `zone`, `notes`, `faults` (what `quality.report`
        found at the door), `left_out`.

    Raises
    ------
    ValueError
        If a column cannot be found or read; if a step is not in the file; if all times are equal.

    Examples
    --------
    >>> table = pd.DataFrame({"visitor": ["a", "a", "b"], "action": ["visit", "signup", "visit"],
    ...                       "time": ["2026-03-02 09:00", "2026-03-03 10:00", "2026-03-02"]})
    >>> to_log(table, ["visit", "signup"])[["user_id", "event", "timestamp"]]
       user_id   event           timestamp
    0        0   visit 2026-03-02 09:00:00
    1        0  signup 2026-03-03 10:00:00
    2        1   visit 2026-03-02 00:00:00
    """
    need_read(table)
    mapping, steps = need_mapping(mapping), _steps(steps)
    shape = None if mapping else recognise(table)
    if shape is not None and shape.kind == "orders":
        made = _order_log(orders(table, dates=dates, zone=zone), steps)
    elif shape is not None and shape.kind == "stages" or set(mapping) - set(ROLES):
        made = _from_stages(table, steps, shape, mapping, dates, zone)
    else:
        made = _from_events(table, steps, shape, mapping, dates, zone)
    made.attrs["source"] = shape.name if shape else "a table of its own shape"
    made.attrs["warning"] = shape.warning if shape else ""
    made.attrs["notes"] = list(table.attrs.get("notes", [])) + made.attrs["notes"]
    return _finished(made, until)


def _steps(steps):
    if steps is None:
        return None
    if isinstance(steps, str) or not pd.api.types.is_list_like(steps) or isinstance(steps, set):
        raise TypeError(
            f"steps is {steps!r}: give the steps as a list, such as ['visit', 'signup']"
        )
    steps = list(steps)
    if not steps or not all(isinstance(step, str) and step for step in steps):
        raise ValueError("steps lacks a name: give each step as a text, first step first")
    if len(set(steps)) < 2 or len(set(steps)) < len(steps):
        raise ValueError("steps needs two or more, each named once: give them, first step first")
    return steps


# ---------------------------------------------------------------- three ways to a log


def _from_events(table, steps, shape, mapping, dates, zone):
    """Make the log of a table with one row per event."""
    named = {"user": shape.user, "event": shape.event, "time": shape.time} if shape else mapping
    columns = {role: find_column(table, role, mapping=named) for role in ("time", "event", "user")}
    events = table[columns["event"]].str.strip()
    if events.str.contains("@", regex=False).fillna(False).mean() > 0.5:
        raise ValueError(
            f"column {columns['event']!r} holds e-mail addresses, which are personal data and no "
            "events: map another column, mapping={'event': ...} (--map event=COLUMN)"
        )
    need_steps(steps, events, columns["event"], _guessed_encoding(table))
    when = times(table[columns["time"]], dates=dates, zone=zone)
    log = pd.DataFrame({"user": table[columns["user"]], "event": events, "timestamp": when})
    faults = quality.report(
        log.set_axis(list(columns[r] for r in ("user", "event", "time")), axis=1)
    )
    notes = [(f"who: {columns['user']!r}", _said_of_people(log["user"]))]
    notes += [(f"what: {columns['event']!r}", f"{events.nunique():,} different events")]
    notes += _other_case(events, steps)
    notes += [(f"when: {columns['time']!r}", when.attrs["decided"])]
    attrs = {"steps": steps, "grain": shape.grain if shape else GRAIN, "zone": when.attrs["zone"]}
    if (
        shape is not None
        and shape.name == GA4
        and table[columns["time"]].map(is_microseconds, na_action="ignore").fillna(True).all()
    ):
        log, attrs["by_reader"] = _as_ga4_reads(log, table, columns["time"])
        notes += _other_days(log, zone)
    log.attrs = {**attrs, "notes": notes, "faults": faults}
    return log


def _as_ga4_reads(log, table, time):
    """Leave out of GA4's rows what its reader leaves out; return what that was as well."""
    whole = log.dropna(subset=["event", "timestamp"])
    day = _column(table, "event_date")
    rows = pd.DataFrame(index=whole.index, columns=GA4_FIELDS, dtype=object)
    rows["user_id"], rows["event"] = whole["user"], whole["event"]
    rows["microseconds"], rows["intraday"] = table.loc[whole.index, time], False
    if day is not None and table[day].str.fullmatch(r"\d{8}").fillna(False).all():
        rows["event_date"] = table.loc[whole.index, day]
    # Nested values count: two rows of one moment may differ in nothing else.
    repeats = table.attrs.get("repeats")
    again = table.duplicated() if repeats is None else table.index.isin(repeats)
    rows["again"] = pd.Series(again, index=table.index)
    made = ga4_log(rows, {}).rename(columns={"user_id": "user"})
    left_out = {
        "rows without who, what or when": len(log) - len(whole) + made.attrs["without_user"],
        "exact repeats": made.attrs["duplicates"],
    }
    return made, left_out


def _other_days(log, zone):
    """Say how often GA4's day, which is the property's, is another one than that of the zone."""
    days = local_times(log["timestamp"], zone).dt.normalize()
    other = int((log["event_date"].notna() & (log["event_date"] != days)).sum())
    said = (
        f"event_date is another day than {zone or 'UTC'} has in {other:,} of {len(log):,} rows: "
        "the property counts days in a zone of its own; give it, zone='Europe/Berlin' "
        "(--zone Europe/Berlin)"
    )
    return [("days", said)] * (other > 0)


def _guessed_encoding(table):
    """Return what to add where a name is not found in a file whose encoding was guessed."""
    guessed = any("if names look wrong" in why for _, why in table.attrs.get("notes", []))
    return "; if letters look wrong here, say --encoding, such as cp1250" if guessed else ""


def _other_case(events, steps):
    """Say which events differ from a step in nothing but case; they are not counted."""
    known = {step.casefold() for step in steps}
    there = events.dropna().value_counts()
    near = there[[each not in steps and each.casefold() in known for each in there.index]]
    listed = ", ".join(f"{name!r} ({n:,})" for name, n in near.head(12).items())
    return [("not counted", f"events that differ from a step only in case: {listed}")] * bool(
        listed
    )


def _from_stages(table, steps, shape, mapping, dates, zone):
    """Make the log of a table in which a row has a column of times for each step."""
    stages = _stages_of(table, shape, mapping)
    if shape is None and steps and not set(steps) & set(stages):
        raise ValueError(
            f"mapping names {', '.join(map(repr, stages))}, which is neither a step nor one of "
            f"{', '.join(ROLES)}: correct it, such as mapping={{'user': ...}} (--map user=COLUMN)"
        )
    steps = steps or list(stages)
    for step in steps:
        if step not in stages:
            raise ValueError(
                f"step {step!r} has no column of times: {_inputs.close_to(step, stages)}; or name "
                f"it, mapping={{{step!r}: ...}} (--map {step!r}=COLUMN)"
            )
    user = _column(table, shape.user) if shape else None
    if user is None and "user" in mapping:
        user = find_column(table, "user", mapping=mapping)
    who = table[user] if user else pd.Series(table.index.astype(str), index=table.index)
    notes = [("who", f"column {user!r}" if user else "each row, since no column says who")]
    when = pd.DataFrame(index=table.index)
    for step in steps:
        when[step] = moments = times(table[stages[step]], dates=dates, zone=zone)
        notes.append((f"{step}: column {stages[step]!r}", moments.attrs["decided"]))
        zone_of_days = moments.attrs["zone"]
    if shape is not None and shape.won and steps[-1] == "won":
        stage = _column(table, shape.won[0])
        won = table[stage].map(folded, na_action="ignore").isin(shape.won[1:])
        notes.append((f"won: {stage!r}", f"Closed Won in {won.sum():,} of {len(won):,} rows"))
        when["won"] = when["won"].where(won)
    faults = quality.report(when.assign(who=who), _stage_rules(steps))
    # That a later stage is missing is no fault: not everybody reaches it.
    faults = faults.drop([f"{step} missing" for step in steps[1:]], errors="ignore")
    log = when.assign(user=who).melt("user", steps, "event", "timestamp")
    log = log.dropna(subset="timestamp").reset_index(drop=True)
    attrs = {"steps": steps, "grain": shape.grain if shape else "one row per person, as mapped"}
    log.attrs = {**attrs, "zone": zone_of_days, "notes": notes, "faults": faults}
    return log


def _stages_of(table, shape, mapping):
    if shape is not None:
        found = {step: _column(table, name) for step, name in shape.stages.items()}
        return {step: name for step, name in found.items() if name is not None}
    stages = {step: name for step, name in mapping.items() if step not in ROLES}
    for name in stages.values():
        _inputs.need_known(name, list(table.columns), "column in the file")
    return stages


def _stage_rules(steps):
    """Return the rules that stages have to keep: in order, none skipped."""
    rules = []
    for earlier, later in zip(steps, steps[1:], strict=False):
        skipped = _Skipped(earlier, later)
        rules.append(quality.Rule(f"{later} without {earlier}", "inconsistent", skipped))
        rules.append(quality.Rule(f"{later} before {earlier}", "inconsistent", skipped.before))
    return rules


class _Skipped:
    """Two steps of a row: whether the later has a time and the earlier none, or one too late."""

    def __init__(self, earlier, later):
        self.earlier, self.later = earlier, later

    def __call__(self, table):
        return table[self.later].notna() & table[self.earlier].isna()

    def before(self, table):
        return table[self.later] < table[self.earlier]


def _order_log(bought, steps):
    """Make the log of orders: the first and the second of each customer, and so on."""
    known = bought.sort_values(["timestamp", "order"], kind="stable")
    nth = known.groupby("user_id").cumcount()
    known = known.assign(event=nth.map(dict(enumerate(ORDER_STEPS))), user=known["user_id"])
    log = known.dropna(subset="event")[["user", "event", "timestamp"]].reset_index(drop=True)
    steps = steps or list(ORDER_STEPS)
    need_steps(steps, log["event"], "orders")
    log.attrs = {**bought.attrs, "steps": steps}
    return log


# ---------------------------------------------------------------- orders


def orders(table, *, mapping=None, dates=None, zone=None, decimal=None):
    """Make a table of purchases: one row per order, whatever the rows of the file are.

    Parameters
    ----------
    table : DataFrame
        What `read` returns. Of a shop's export with a row per line item, in which the total is on
        the first line of an order only, that total is counted once.
    mapping : mapping of str to str, optional
        Columns by what they hold: ``user``, ``time`` and ``amount``, one row per order.
    dates, zone, decimal : optional
        As in `times` and `amounts`.

    Returns
    -------
    DataFrame
        One row per order: `order` (a number), `user_id` (a number in place of the address),
        `timestamp` (naive UTC), `gross`, `refunded` and `net` of it. Orders without a customer
        are left out; ``attrs["left_out"]`` says how many. So are, without a known shape, rows
        that repeat another in all columns.

    Examples
    --------
    >>> lines = pd.DataFrame({
    ...     "Name": ["#1", "#1", "#2"], "Email": ["a@x.org", None, "b@x.org"],
    ...     "Financial Status": ["paid", None, "paid"], "Lineitem quantity": ["1", "2", "1"],
    ...     "Created at": ["2026-03-02 09:00", None, "2026-03-03 12:00"],
    ...     "Total": ["50.00", None, "20.00"]})
    >>> orders(lines)["gross"].tolist()
    [50.0, 20.0]
    """
    need_read(table)
    mapping = need_mapping(mapping)
    shape = None if mapping else recognise(table)
    if shape is not None and shape.kind == "orders":
        made, notes, grain = _shop_orders(table, dates, zone, decimal), [], shape.grain
        notes.append(("orders", f"{len(made):,} of {len(table):,} line items"))
    else:
        columns = {r: find_column(table, r, mapping=mapping) for r in ("user", "time", "amount")}
        # A row that occurs twice was exported twice: two orders differ, in a number or a time.
        again = table.duplicated()
        table = table[~again]
        gross = amounts(table[columns["amount"]], decimal=decimal)
        when = times(table[columns["time"]], dates=dates, zone=zone)
        made = pd.DataFrame({"user": table[columns["user"]], "timestamp": when, "gross": gross})
        made["refunded"], notes = 0.0, [(f"how much: {gross.name!r}", gross.attrs["decided"])]
        notes += [("exact repeats", f"{again.sum():,} left out")] * bool(again.any())
        made.attrs = {"zone": when.attrs["zone"], "decided": when.attrs["decided"]}
        grain = "one row per order, as far as the file says"
    notes.append(("when", made.attrs["decided"]))
    zone_of_days, faults = made.attrs["zone"], quality.report(made.rename(columns={"user": "who"}))
    made["order"] = range(len(made))
    whole = made.dropna(subset=["user", "timestamp", "gross"])
    who = _people(whole["user"])
    result = whole.assign(user_id=who, net=whole["gross"] - whole["refunded"].fillna(0.0))
    result = result[["order", "user_id", "timestamp", "gross", "refunded", "net"]]
    result = result.reset_index(drop=True)
    attrs = {"grain": grain, "zone": zone_of_days, "notes": notes, "faults": faults}
    result.attrs = {**attrs, "left_out": len(made) - len(whole)}
    return result


def _shop_orders(table, dates, zone, decimal):
    """Make one row per order of one row per line item: the first value of each."""
    name, total = _column(table, "Name"), _column(table, "Total")
    gross = amounts(table[total], decimal=decimal)
    several = gross.groupby(table[name]).nunique()
    if (several > 1).any():
        raise ValueError(
            f"{int((several > 1).sum()):,} orders have different totals on their lines: export "
            "the orders again, as the shop makes them"
        )
    when = times(table[_column(table, "Created at")], dates=dates, zone=zone)
    refund = _column(table, "Refunded Amount")
    back = (
        amounts(table[refund], decimal=decimal) if refund and table[refund].notna().any() else 0.0
    )
    lines = pd.DataFrame({"user": table[_column(table, "Email")], "timestamp": when})
    lines = lines.assign(gross=gross, refunded=back)
    first = lines.groupby(table[name].rename("name"), sort=False).first()
    first = first.assign(refunded=first["refunded"].fillna(0.0)).reset_index(drop=True)
    first.attrs = when.attrs
    return first


# ---------------------------------------------------------------- common to all


def _column(table, wanted):
    """Return the column of that name, written in whatever case, or None."""
    return next((name for name in table.columns if folded(name) == folded(wanted)), None)


def need_steps(steps, events, column, hint=""):
    """Refuse steps that are not given, or not among the events."""
    there = events.dropna().value_counts()
    listed = ", ".join(f"{name} ({n:,})" for name, n in there.head(12).items())
    if steps is None:
        raise ValueError(
            "steps is not given: name the events of the funnel, first step first "
            f"(--steps A,B,C); column {column!r} has {EMAIL.sub('(e-mail)', listed)}"
        )
    for step in steps:
        if step not in there.index:
            near = _inputs.close_to(step, there.index)
            raise ValueError(
                f"step {step!r} is not in column {column!r}: {EMAIL.sub('(e-mail)', near)}{hint}"
            )


def _said_of_people(who):
    people = who.dropna().str.strip()
    if people.str.contains("@", regex=False).any():
        n = people.nunique() - people.str.lower().nunique()
        return f"e-mail addresses, {n:,} of them joined where only case differs; none is printed"
    return f"{people.nunique():,} different"


def _people(who):
    """Return a number for each person; addresses count as one whatever their case."""
    who = who.astype("str").str.strip()
    who = who.where(~who.str.contains("@", regex=False), who.str.lower())
    return pd.factorize(who)[0]


def _finished(log, until):
    """Leave out what cannot be counted, and say how much of it there was."""
    attrs, n = log.attrs, len(log)
    whole = log.dropna(subset=["user", "event", "timestamp"])
    people = whole.assign(user_id=_people(whole["user"]))[["user_id", "event", "timestamp"]]
    attrs["left_out"] = attrs.pop("by_reader", None)
    once = people if attrs["left_out"] else people.drop_duplicates()
    if attrs["left_out"] is None:
        attrs["left_out"] = {"rows without who, what or when": n - len(whole)}
        attrs["left_out"]["exact repeats"] = len(whole) - len(once)
    once = once.reset_index(drop=True)
    once["local"] = local_times(once["timestamp"], attrs["zone"])
    if until is not None:
        late = once["local"] > _inputs.end_of_data("until", until)
        attrs["left_out"]["events after the end of the data"] = int(late.sum())
        once = once[~late].reset_index(drop=True)
    if not len(once):
        said = "; ".join(f"{n:,} {what}" for what, n in attrs["left_out"].items() if n)
        raise ValueError(f"no row is left ({said}): map other columns, or give a later until")
    if once["timestamp"].nunique() == 1 and len(once) > 1:
        raise ValueError(
            f"all {len(once):,} times are {once['timestamp'][0]}: that is when the file was made, "
            "not when things happened; map another column, mapping={'time': ...} "
            "(--map time=COLUMN)"
        )
    once.attrs = attrs
    return once


def local_times(moments, zone):
    """Return times in naive UTC as the clock of a zone showed them; as they are without one."""
    if zone in (None, "UTC"):
        return moments
    return moments.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)


def finished_attrs(steps, zone, notes, faults, left_out, rows):
    """Return what `to_log` says of a log, for one that was counted elsewhere."""
    table = [[kind, n, n / max(rows, 1), ""] for kind, n in faults.values()]
    names = ["kind", "rows", "share", "examples"]
    return {
        "steps": list(steps),
        "grain": GRAIN,
        "zone": zone,
        "source": "a table of its own shape",
        "warning": "",
        "notes": notes,
        "faults": pd.DataFrame(table, pd.Index(list(faults), name="check"), names),
        "left_out": left_out,
    }
