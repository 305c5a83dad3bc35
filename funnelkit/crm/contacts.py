"""Contacts: added, changed, asked for their consent, merged, written to."""

import numpy as np
import pandas as pd
from sqlalchemy import select, update

from funnelkit import _inputs
from funnelkit.crm import events, inputs
from funnelkit.crm.registers import FIELDS, written_at
from funnelkit.crm.tables import micros, moments

__all__ = ["Contacts"]

ADDED = (
    "a contact was added before, as {key!r}, and with other values: leave it out and use change() "
    "for its fields, agree() or withdraw() for its consent; a new contact needs another id"
)


class Contacts:
    """What a `Store` does with contacts."""

    def add_contact(
        self,
        contact,
        *,
        at,
        consent,
        email=None,
        first_name=None,
        last_name=None,
        phone=None,
        source=None,
        lifecycle=None,
        key=None,
    ):
        """Add a contact; return False if this very event was known already.

        Parameters
        ----------
        contact : str
            Its id.
        at : date
            When it came, UTC.
        consent : bool
            Whether it has agreed to mails. A contact that was not asked has not.
        email, first_name, last_name, phone, source : str, optional
            What is known of it.
        lifecycle : str, optional
            How far it has come: one of `crm.LIFECYCLE`.
        key : str, optional
            Which event this is, for instance the number of the form; by default made of the id.

        Returns
        -------
        bool
            True if it was added.
        """
        contact = inputs.name("contact", contact)
        if not isinstance(consent, bool | np.bool_):
            what = "missing" if consent is None else _inputs.short_form(consent)
            error = ValueError if consent is None else TypeError
            raise error(f"consent of contact {contact!r} is {what}: {inputs.NOT_ASKED}")
        values = (email, first_name, last_name, phone, source, lifecycle)
        given = {f: v for f, v in zip(FIELDS, values, strict=True) if v is not None}
        fields = inputs.fields_of(given) if given else {}
        said = ADDED if key is None else events.REUSED
        key = f"add:{contact}" if key is None else inputs.name("key", key)
        state = "given" if consent else "none"
        return self._add([(contact, inputs.at_micros(at), state, fields, key)], said) == 1

    def add_contacts(self, contacts):
        """Add many contacts at once.

        Parameters
        ----------
        contacts : DataFrame
            One row per contact: `lead_id`, `created_at`, `consent` (True and False, or the words
            of `crm.CONSENT`) and any of `crm.FIELDS`; other columns are refused.

        Returns
        -------
        int
            How many were added; those that had been added by the same row before are not.
        """
        needed = ["lead_id", "created_at", "consent"]
        _inputs.need_columns(contacts, needed, "contacts")
        for column in contacts.columns:
            _inputs.need_known(column, [*needed, *FIELDS], "field of a contact")
        _inputs.need_columns(contacts, contacts.columns, "contacts")
        ids = _inputs.ids(contacts["lead_id"], "lead_id")
        inputs.need_once(ids, "lead_id")
        created = micros(_inputs.times(contacts["created_at"], "created_at"))
        consent = inputs.consents(contacts["consent"])
        columns = {f: inputs.texts(contacts[f], f) for f in FIELDS if f in contacts.columns}
        rows = []
        for i, (contact, at, agreed) in enumerate(zip(ids, created, consent, strict=True)):
            contact = inputs.name("lead_id", contact)
            fields = {f: values[i] for f, values in columns.items() if values[i] is not None}
            rows.append((contact, at, agreed, fields, f"add:{contact}"))
        return self._add(rows, ADDED)

    def _add(self, rows, said):
        """Add contacts in one transaction: (contact, time, consent, fields, key) of each."""
        bodies, made = {}, {}
        for contact, at, consent, fields, key in rows:
            self._need_own(fields)
            key = f"{self.name}/{key}"
            registers = {f: [value, at, self.name] for f, value in fields.items()}
            registers["consent"] = [consent, at, self.name]
            bodies[key] = events.digest_of("add", contact, at, consent, fields)
            body = {"created_at": at, "fields": registers}
            made[key] = {"key": key, "kind": "change", "contact": contact, "body": body}
        with self.engine.begin() as connection:
            new = [made[key] for key in events.new_ones(connection, self.tables, bodies, said=said)]
            there = events.find_roots(connection, self.tables, [each["contact"] for each in new])
            if there:
                raise ValueError(
                    f"contact {next(iter(there))!r} is there already, as "
                    f"{'is one' if len(there) == 1 else f'are {len(there):,}'} of {len(rows):,}: "
                    "change it with change(), or give the new one another id"
                )
            events.apply(connection, self.tables, new)
            events.enqueue(connection, self.tables, new, self._due(new))
        return len(new)

    def change(self, contact, changes, *, at, key=None):
        """Change fields of a contact; return False if this very event was known already.

        Parameters
        ----------
        contact : str
            Its id.
        changes : dict
            New values by field, such as ``{"phone": "0601"}``; None clears one.
        at : date
            When it was changed, UTC: not before this store's last change of the contact.
        key : str, optional
            Which event this is; by default made of all that is said about it.

        Returns
        -------
        bool
            True if the event is new.

        Raises
        ------
        ValueError
            If a field belongs to another system; if the key was used for another event.
        """
        fields = inputs.fields_of(changes)
        self._need_own(fields)
        return self._change(contact, fields, at, key)

    def agree(self, contact, *, at, key=None):
        """Note that a contact has agreed to mails; refused once it has withdrawn its consent.

        Parameters
        ----------
        contact, at, key
            As in `change`.

        Returns
        -------
        bool
            True if the event is new.
        """
        return self._change(contact, {"consent": "given"}, at, key)

    def withdraw(self, contact, *, at, key=None):
        """Note that a contact has withdrawn its consent: it wins against whatever comes later.

        Parameters
        ----------
        contact, at, key
            As in `change`.

        Returns
        -------
        bool
            True if the event is new.
        """
        return self._change(contact, {"consent": "withdrawn"}, at, key)

    def _change(self, contact, fields, at, key):
        contact, at = inputs.name("contact", contact), inputs.at_micros(at)
        digest = events.digest_of("change", contact, at, fields)
        own = f"change:{digest[:16]}" if key is None else inputs.name("key", key)
        key = f"{self.name}/{own}"
        with self.engine.begin() as connection:
            if not events.new_ones(connection, self.tables, {key: digest}):
                return False
            created = self._need_contact(connection, contact, at)
            known = events.known_registers(connection, self.tables, [contact])
            consent = known.get((contact, "consent"))
            if fields.get("consent") == "given" and consent and consent[0] == "withdrawn":
                raise ValueError(
                    f"contact {contact!r} withdrew its consent on {moments([consent[1]])[0]}: no "
                    "later agreement undoes that, so leave it as it is"
                )
            registers = {
                field: [value, written_at(at, known.get((contact, field))), self.name]
                for field, value in fields.items()
            }
            body = {"created_at": created, "fields": registers}
            self._happen(connection, {"key": key, "kind": "change", "body": body}, contact, at)
        return True

    def merge(self, keep, drop, *, at, key=None):
        """Let one contact go over into another, which is the same person.

        Deals and their history go over; of each field the later value stays; a consent that either
        has withdrawn is withdrawn.

        Parameters
        ----------
        keep, drop : str
            The contact that stays, and the one that goes over into it.
        at : date
            When they were merged, UTC.
        key : str, optional
            Which event this is; by default made of the two ids.

        Returns
        -------
        bool
            True if the event is new.
        """
        keep, drop = inputs.name("keep", keep), inputs.name("drop", drop)
        if keep == drop:
            raise ValueError(f"keep and drop are both {keep!r}: give two contacts")
        self._need_own(["merge"])
        at, digest = inputs.at_micros(at), events.digest_of("merge", keep, drop)
        own = f"merge:{digest[:16]}" if key is None else inputs.name("key", key)
        key = f"{self.name}/{own}"
        with self.engine.begin() as connection:
            if not events.new_ones(connection, self.tables, {key: digest}):
                return False
            created = [self._need_contact(connection, each, at) for each in (keep, drop)]
            self._need_room(connection, [keep, drop], together=True)
            body = {"drop": drop, "created_at": created[0], "dropped_at": created[1]}
            self._happen(connection, {"key": key, "kind": "merge", "body": body}, keep, at)
        return True

    def send_mail(self, contact, mail, *, at, key=None):
        """Ask for a mail to a contact; the system that sends mails does it once.

        Where another system sends them (`owners`), it is told by `sync`. Consent is looked at when
        the mail is sent, there: if it is missing then, the mail is not sent.

        Parameters
        ----------
        contact : str
            Its id.
        mail : str
            The name of the mail.
        at : date
            When it was asked for, UTC.
        key : str, optional
            Which event this is; by default the mail and the contact, so that each gets it once.

        Returns
        -------
        bool
            True if the event is new.
        """
        contact, mail = inputs.name("contact", contact), inputs.name("mail", mail)
        at, digest = inputs.at_micros(at), events.digest_of("mail", contact, mail)
        own = f"mail:{digest[:16]}" if key is None else inputs.name("key", key)
        with self.engine.begin() as connection:
            if not events.new_ones(connection, self.tables, {f"{self.name}/{own}": digest}):
                return False
            self._need_contact(connection, contact, at)
            event = {"key": f"{self.name}/{own}", "kind": "mail"}
            event["body"] = {"key": own, "mail": mail, "at": at}
            self._happen(connection, event, contact, at)
        return True

    def may_mail(self, contact):
        """Return whether mails to a contact are allowed: it has agreed, and not withdrawn.

        Parameters
        ----------
        contact : str
            Its id.

        Returns
        -------
        bool
            True if it may be written to.
        """
        contact = inputs.name("contact", contact)
        with self.engine.connect() as connection:
            root = events.find_roots(connection, self.tables, [contact]).get(contact)
            if root is None:
                raise ValueError(_no_contact(contact))
            found = events.known_registers(connection, self.tables, [root])
        return found.get((root, "consent"), ("none",))[0] == "given"

    # ------------------------------------------------------------ what they share

    def _happen(self, connection, event, contact, at):
        """Apply an event here, and put it into the outbox; a mail is sent by one of the two."""
        event = {**event, "contact": contact}
        here = event["kind"] != "mail" or self.owners.get("mail", self.name) == self.name
        if here:
            events.apply(connection, self.tables, [event])
        if event["kind"] != "mail" or not here:
            events.enqueue(connection, self.tables, [event], at)
        table = self.tables.contacts
        clock = update(table).where(table.c.contact == contact).values(changed_at=at)
        connection.execute(clock)

    def _need_contact(self, connection, contact, at):
        """Refuse a contact that is not there, or merged, or was changed later; when it came."""
        table = self.tables.contacts
        found = connection.execute(select(table).where(table.c.contact == contact)).first()
        if found is None:
            raise ValueError(_no_contact(contact))
        if found.merged_into is not None:
            raise ValueError(
                f"contact {contact!r} was merged into {found.merged_into!r}: name that one"
            )
        last = max(x for x in (found.created_at, found.changed_at, at - 1) if x is not None)
        if at < last:
            before, now = moments([last, at])
            raise ValueError(
                f"the clock runs backwards: contact {contact!r} was changed on {before}, and at is "
                f"{now}: give a later time, or set the clock right"
            )
        return found.created_at

    def _need_own(self, what):
        """Refuse what belongs to another system."""
        for each in what:
            owner = self.owners.get(each, self.name)
            if owner != self.name:
                does = "done" if each == "merge" else "changed"
                raise ValueError(
                    f"{each} belongs to {owner!r}, and this is {self.name!r}: it is {does} there, "
                    "and comes here by sync()"
                )

    @staticmethod
    def _due(made):
        """Return when new contacts are told to the other system: when the last of them came."""
        times = [each["body"]["created_at"] for each in made]
        return max(times, default=pd.NaT)


def _no_contact(contact):
    return f"there is no contact {contact!r}: add it first, with add_contact()"
