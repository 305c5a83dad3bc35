"""Two stores kept in step over a network that fails, in simulated time."""

import json

import numpy as np
import pandas as pd
from sqlalchemy import bindparam, func, select, update

from funnelkit import _inputs
from funnelkit.crm import events
from funnelkit.crm.schedule import FAILURES, waits
from funnelkit.crm.store import Store
from funnelkit.crm.tables import chunks, moments

__all__ = ["differences", "sync"]

LATE = 3  # after so many further requests a late one arrives


class Crash(Exception):
    """A system that stops between two of its writes."""


def sync(one, other, *, failures=(), batch=500, retries=8):
    """Tell two stores what is in each other's outbox, whatever the network does.

    Parameters
    ----------
    one, other : Store
        The two systems: their names differ, and they agree on who owns what.
    failures : list of str, default ()
        What becomes of each request, in order: "ok" or one of `crm.FAILURES`; afterwards all is
        well. `failure_schedule` draws one.
    batch : int, default 500
        How many events one request tells.
    retries : int, default 8
        How often an event is tried again, after `waits`; then it is parked.

    Returns
    -------
    DataFrame
        One row per request, in order: when it was sent (`at`), the `sender`, how many `events` it
        told, what became of it (`outcome`), and how many were new to the receiver (`applied`);
        those of a late one when it arrives.

    Notes
    -----
    Messages are delivered at least once, for a sender cannot tell a lost request from a lost
    answer. What is told twice counts once because of three things. The key of an event comes from
    the event, so that all its messages have the same. The receiver stores the key in the
    transaction that stores what the event changes. And a try is noted *before* the request is
    sent, with the time of the next one: a sender that crashes tries again, and forgets nothing.

    Time is simulated: the clock jumps to when the next event is due.

    Examples
    --------
    >>> sales, marketing = Store(name="sales"), Store(name="marketing")
    >>> sales.add_contact("C-1", at="2026-03-01", consent=True)
    True
    >>> sync(sales, marketing, failures=["lost request", "lost answer"])
                       at sender  events       outcome  applied
    0 2026-03-01 00:00:00  sales       1  lost request        0
    1 2026-03-01 00:00:01  sales       1   lost answer        1
    2 2026-03-01 00:00:03  sales       1            ok        0
    >>> len(differences(sales, marketing))
    0
    """
    _need_pair(one, other)
    outcomes = iter(_read_failures(failures))
    batch = _inputs.whole("batch", batch)
    pauses = [round(wait.total_seconds() * 1e6) for wait in waits(retries=retries)]
    now, log, late = None, [], []
    while (next_one := _next_sender(one, other)) is not None:
        due, sender = next_one
        receiver = other if sender is one else one
        now = due if now is None else max(now, due)
        for row in late:
            row["wait"] -= 1
            if row["wait"] == 0:
                log[row["row"]]["applied"] = _receive(row["receiver"], row["events"])
        told = _take(sender, now, batch, pauses)
        if not told:
            continue
        outcome = next(outcomes, "ok")
        log.append({"at": now, "sender": sender.name, "events": len(told), "outcome": outcome})
        log[-1]["applied"] = _request(sender, receiver, told, outcome)
        if outcome == "late":
            late.append({"wait": LATE, "receiver": receiver, "events": told, "row": len(log) - 1})
    for row in late:
        if row["wait"] > 0:
            log[row["row"]]["applied"] = _receive(row["receiver"], row["events"])
    table = pd.DataFrame(log, columns=["at", "sender", "events", "outcome", "applied"])
    return table.assign(at=moments(table["at"]))


def differences(one, other):
    """Return in what two stores differ.

    Parameters
    ----------
    one, other : Store
        The two systems.

    Returns
    -------
    DataFrame
        One row per contact and field that differ: `lead_id`, `field`, and the value in each of the
        two, missing where it has none. No rows: they are in step.

    Examples
    --------
    >>> sales, marketing = Store(name="sales"), Store(name="marketing")
    >>> sales.add_contact("C-1", at="2026-03-01", consent=True)
    True
    >>> differences(sales, marketing)[["lead_id", "field", "sales", "marketing"]]
      lead_id       field                sales marketing
    0     C-1     consent                given      None
    1     C-1  created_at  2026-03-01T00:00:00      None
    """
    _need_pair(one, other)
    columns = [_all_values(each) for each in (one, other)]
    rows = [
        (*place, *(values.get(place) for values in columns))
        for place in sorted(set(columns[0]) | set(columns[1]))
        if columns[0].get(place) != columns[1].get(place)
    ]
    return pd.DataFrame(rows, columns=["lead_id", "field", one.name, other.name], dtype=object)


def _all_values(store):
    """Return every value of every contact, by its id and the field, as text."""
    table = store.contacts(merged=True)
    table["created_at"] = (
        table["created_at"].dt.strftime("%Y-%m-%dT%H:%M:%S").where(table["merged_into"].isna())
    )
    long = table.melt(id_vars="lead_id", var_name="field").dropna(subset="value")
    return dict(zip(zip(long["lead_id"], long["field"], strict=True), long["value"], strict=True))


# ---------------------------------------------------------------- one request


def _request(sender, receiver, told, outcome):
    """Let one request happen as it is to; return how many events were new to the receiver."""
    if outcome in ("lost request", "late"):
        return 0
    if outcome == "receiver crashes":
        return _receive(receiver, told, crash=True)
    applied = _receive(receiver, told)
    if outcome == "duplicate":
        applied += _receive(receiver, told)
    if outcome != "lost answer":
        _note_done(sender, told, crash=outcome == "sender crashes")
    return applied


def _next_sender(one, other):
    """Return when the next event is due, and whose it is; None if nothing waits."""
    found = []
    for number, store in enumerate((one, other)):
        table = store.tables.outbox.c
        with store.engine.connect() as connection:
            due = connection.execute(
                select(func.min(table.due)).where(table.state == "waiting")
            ).scalar()
        if due is not None:
            found.append((due, number, store))
    if not found:
        return None
    due, _, store = min(found, key=lambda each: each[:2])
    return due, store


def _take(sender, now, batch, pauses):
    """Return the events that are due, after noting that they are tried and when the next try is.

    Events that were tried often enough are parked instead; mails that may not be sent any more are
    stopped.
    """
    table = sender.tables.outbox
    with sender.engine.begin() as connection:
        waiting = (table.c.state == "waiting") & (table.c.due <= now)
        rows = connection.execute(
            select(table).where(waiting).order_by(table.c.number).limit(batch)
        ).all()
        worn = [row.number for row in rows if row.tries > len(pauses)]
        stopped = _withdrawn(connection, sender, [r for r in rows if r.kind == "mail"])
        out = {*worn, *stopped}
        rows = [row for row in rows if row.number not in out]
        if out:
            states = [{"which": n, "new": "parked" if n in worn else "stopped"} for n in out]
            by_number = update(table).where(table.c.number == bindparam("which"))
            connection.execute(by_number.values(state=bindparam("new")), states)
        if rows:
            tries = [
                {"which": row.number, "dues": now + (pauses[min(row.tries, len(pauses) - 1)])}
                for row in rows
            ]
            by_number = update(table).where(table.c.number == bindparam("which"))
            connection.execute(
                by_number.values(due=bindparam("dues"), tries=table.c.tries + 1), tries
            )
    return [
        {"key": row.key, "kind": row.kind, "contact": row.contact, "body": row.body} for row in rows
    ]


def _withdrawn(connection, sender, mails):
    """Return the numbers of those mails whose contact has withdrawn its consent meanwhile."""
    if not mails:
        return []
    roots = events.find_roots(connection, sender.tables, [row.contact for row in mails])
    known = events.known_registers(connection, sender.tables, set(roots.values()))
    consent = {root: value for (root, field), (value, *_) in known.items() if field == "consent"}
    return [row.number for row in mails if consent.get(roots.get(row.contact)) == "withdrawn"]


def _receive(receiver, told, *, crash=False):
    """Carry out the events that are new, all in one transaction; return how many."""
    digests = {event["key"]: events.digest_of(event["body"]) for event in told}
    try:
        with receiver.engine.begin() as connection:
            new = set(events.new_ones(connection, receiver.tables, digests))
            fresh = [
                {**event, "body": json.loads(event["body"])}
                for event in told
                if event["key"] in new
            ]
            if crash:
                events.apply(connection, receiver.tables, fresh[: len(fresh) // 2])
                raise Crash
            events.apply(connection, receiver.tables, fresh)
    except Crash:  # the database takes back what was not finished
        return 0
    return len(new)


def _note_done(sender, told, *, crash=False):
    """Note that events have arrived; a crash in the middle takes the note back."""
    table = sender.tables.outbox
    keys = [event["key"] for event in told]
    try:
        with sender.engine.begin() as connection:
            for some in chunks(keys):
                connection.execute(update(table).where(table.c.key.in_(some)).values(state="done"))
                if crash:
                    raise Crash
    except Crash:
        pass


# ---------------------------------------------------------------- what comes in


def _need_pair(one, other):
    """Refuse what are not two systems that agree on who owns what."""
    for name, store in (("one", one), ("other", other)):
        if not isinstance(store, Store):
            raise TypeError(f"{name} is {_inputs.name_of_type(store)}: give a crm.Store")
    if one.name == other.name:
        raise ValueError(
            f"both stores are called {one.name!r}: give them two names, Store(name='sales') and "
            "Store(name='marketing')"
        )
    if one.owners != other.owners:
        raise ValueError(
            f"{one.name!r} and {other.name!r} do not agree on who owns what ({one.owners} and "
            f"{other.owners}): make both with the same owners"
        )


def _read_failures(failures):
    """Return what becomes of each request as a list of words that are known."""
    if not isinstance(failures, list | tuple | np.ndarray | pd.Series):
        raise TypeError(
            f"failures is {_inputs.short_form(failures)}: give a list such as ['ok', 'late']"
        )
    for outcome in failures:
        _inputs.one_of("failure", outcome, ("ok", *FAILURES))
    return [str(each) for each in failures]
