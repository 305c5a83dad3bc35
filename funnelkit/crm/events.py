"""What happens to a store, as events: remembered by their keys, told to the other system, applied.

An event has a key, which comes from what happened ("form:7") and not from the message that tells
it, so that a message sent twice is one event. The key is stored in the transaction that stores what
the event changes: after a crash both are there, or neither.
"""

import hashlib
import json

from sqlalchemy import bindparam, case, func, insert, select, update

from funnelkit.crm.registers import stronger
from funnelkit.crm.tables import chunks

__all__ = [
    "REUSED",
    "apply",
    "digest_of",
    "enqueue",
    "find_root",
    "find_roots",
    "known_registers",
    "new_ones",
]

REUSED = (
    "the key {key!r} was used before, for an event that says something else: give each event a key "
    "of its own, and repeat an event as it was"
)


def digest_of(*body):
    """Return a short text that differs if anything in an event's body differs."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def new_ones(connection, tables, bodies, *, said=REUSED):
    """Return those keys that are new, and remember them; a known key has to have the same body.

    Parameters
    ----------
    bodies : dict of str
        For each key the digest of its body.
    said : str
        What to say of a known key with another body.
    """
    seen, known = tables.seen.c, {}
    for keys in chunks(bodies):
        known.update(
            connection.execute(select(seen.key, seen.digest).where(seen.key.in_(keys))).all()
        )
    for key, digest in known.items():
        if bodies[key] != digest:
            raise ValueError(said.format(key=key))
    new = [key for key in bodies if key not in known]
    if new:
        rows = [{"key": key, "digest": bodies[key]} for key in new]
        connection.execute(insert(tables.seen), rows)
    return new


def enqueue(connection, tables, events, at):
    """Put events into the outbox, in their order; they are due at once."""
    if events:
        rows = [
            {
                "key": event["key"],
                "kind": event["kind"],
                "contact": event["contact"],
                "body": json.dumps(event["body"], sort_keys=True),
                "state": "waiting",
                "tries": 0,
                "due": at,
            }
            for event in events
        ]
        connection.execute(insert(tables.outbox), rows)


def apply(connection, tables, events):
    """Let events change what is stored, in their order."""
    run = []
    for event in events:
        if event["kind"] == "change":
            run.append(event)
            continue
        _apply_changes(connection, tables, run)
        run = []
        {"merge": _apply_merge, "mail": _apply_mail}[event["kind"]](connection, tables, event)
    _apply_changes(connection, tables, run)


# ---------------------------------------------------------------- contacts and their fields


def find_roots(connection, tables, contacts):
    """Return for each contact that is there the one it was merged into, or itself."""
    table, roots = tables.contacts.c, {}
    for some in chunks(dict.fromkeys(contacts)):
        query = select(table.contact, table.merged_into).where(table.contact.in_(some))
        roots.update((each, into or each) for each, into in connection.execute(query))
    return roots


def find_root(connection, tables, contact):
    """Return the contact that one was merged into, or itself."""
    return find_roots(connection, tables, [contact]).get(contact, contact)


def known_registers(connection, tables, contacts):
    """Return the registers of contacts: a dictionary by contact and field."""
    table, found = tables.fields.c, {}
    for some in chunks(contacts):
        columns = (table.contact, table.field, table.value, table.at, table.by)
        for contact, field, *register in connection.execute(
            select(*columns).where(table.contact.in_(some))
        ):
            found[contact, field] = tuple(register)
    return found


def _apply_changes(connection, tables, events):
    """Let changes of fields stand where they win against what is there."""
    if not events:
        return
    roots = find_roots(connection, tables, [event["contact"] for event in events])
    created = {}
    for event in events:
        root, at = roots.get(event["contact"], event["contact"]), event["body"]["created_at"]
        earlier = [each for each in (created.get(root), at) if each is not None]
        created[root] = min(earlier, default=None)
    _note_contacts(connection, tables, created)
    known = known_registers(connection, tables, created)
    wins = {}
    for event in events:
        root = roots.get(event["contact"], event["contact"])
        for field, register in event["body"]["fields"].items():
            place, register = (root, field), tuple(register)
            current = wins.get(place, known.get(place))
            if current is None or stronger(field, current, register) != current:
                wins[place] = register
    _store_registers(connection, tables, wins, known)


def _note_contacts(connection, tables, created):
    """Note contacts that are new, and the earliest time at which each was created."""
    table = tables.contacts
    there = find_roots(connection, tables, created)
    new = [
        {"contact": contact, "created_at": at}
        for contact, at in created.items()
        if contact not in there
    ]
    if new:
        connection.execute(insert(table), new)
    old = [
        {"which": contact, "at": at}
        for contact, at in created.items()
        if contact in there and at is not None
    ]
    if old:
        earlier = case(
            (
                func.coalesce(table.c.created_at, bindparam("at")) < bindparam("at"),
                table.c.created_at,
            ),
            else_=bindparam("at"),
        )
        by_contact = update(table).where(table.c.contact == bindparam("which"))
        connection.execute(by_contact.values(created_at=earlier), old)


def _store_registers(connection, tables, wins, known):
    """Write registers: those that are there already are changed, the others added."""
    table = tables.fields
    rows = [
        {"which": contact, "what": field, "value": value, "at": at, "by": by}
        for (contact, field), (value, at, by) in wins.items()
    ]
    old = [row for row in rows if (row["which"], row["what"]) in known]
    new = [
        {"contact": row["which"], "field": row["what"]} | {k: row[k] for k in ("value", "at", "by")}
        for row in rows
        if (row["which"], row["what"]) not in known
    ]
    if new:
        connection.execute(insert(table), new)
    if old:
        place = (table.c.contact == bindparam("which")) & (table.c.field == bindparam("what"))
        changed = {column: bindparam(f"new_{column}") for column in ("value", "at", "by")}
        connection.execute(
            update(table).where(place).values(**changed),
            [
                {"which": row["which"], "what": row["what"]}
                | {f"new_{column}": row[column] for column in changed}
                for row in old
            ],
        )


# ---------------------------------------------------------------- merging and mails


def _apply_merge(connection, tables, event):
    """Let one contact go over into another: fields, deals, and those merged into it before."""
    keep, body = event["contact"], event["body"]
    _note_contacts(connection, tables, {keep: body["created_at"], body["drop"]: body["dropped_at"]})
    keep = find_root(connection, tables, keep)
    drop = find_root(connection, tables, body["drop"])
    if keep == drop:
        return
    contacts, fields, deals = tables.contacts, tables.fields, tables.deals
    known = known_registers(connection, tables, [keep, drop])
    wins = {}
    for (contact, field), register in known.items():
        if contact == drop:
            current = known.get((keep, field))
            if current is None or stronger(field, current, register) != current:
                wins[keep, field] = register
    _store_registers(connection, tables, wins, known)
    connection.execute(fields.delete().where(fields.c.contact == drop))
    gone = (contacts.c.contact == drop) | (contacts.c.merged_into == drop)
    connection.execute(update(contacts).where(gone).values(merged_into=keep))
    connection.execute(update(deals).where(deals.c.contact == drop).values(contact=keep))
    connection.execute(
        update(tables.mails).where(tables.mails.c.contact == drop).values(contact=keep)
    )
    created = select(contacts.c.created_at).where(contacts.c.contact.in_([keep, drop]))
    earliest = min((at for (at,) in connection.execute(created) if at is not None), default=None)
    connection.execute(
        update(contacts).where(contacts.c.contact == keep).values(created_at=earliest)
    )


def _apply_mail(connection, tables, event):
    """Send a mail, unless consent is missing now; whatever comes of it, the ledger has it once."""
    mails, body = tables.mails, event["body"]
    if connection.execute(select(mails.c.key).where(mails.c.key == body["key"])).first():
        return
    root = find_root(connection, tables, event["contact"])
    consent = known_registers(connection, tables, [root]).get((root, "consent"))
    outcome = "sent" if consent is not None and consent[0] == "given" else "no consent"
    row = {"key": body["key"], "contact": root, "mail": body["mail"], "at": body["at"]}
    connection.execute(insert(mails), [row | {"outcome": outcome}])
