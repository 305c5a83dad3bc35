"""Deals: opened, moved from stage to stage, closed, opened again."""

from collections import defaultdict

from sqlalchemy import insert, select, update

from funnelkit import _inputs
from funnelkit.crm import events, inputs
from funnelkit.crm.stages import closed_stages, first_stage, illegal_moves
from funnelkit.crm.tables import chunks, micros, moments

__all__ = ["Deals"]


class Deals:
    """What a `Store` does with deals."""

    def open_deal(self, deal, contact, *, at, amount=None, expected_close=None):
        """Open a deal of a contact, in the first stage.

        Parameters
        ----------
        deal, contact : str
            Their ids.
        at : date
            When it was made, UTC.
        amount : float, optional
            What it is worth, in EUR.
        expected_close : date, optional
            When it may be won or lost.

        Raises
        ------
        ValueError
            If the contact has as many open deals as `open_deals` allows.
        """
        deal, contact = inputs.name("deal", deal), inputs.name("contact", contact)
        at = inputs.at_micros(at)
        worth = None if amount is None else inputs.cents(amount)
        closing = expected_close
        if closing is not None:
            closing = micros(_inputs.moment("expected_close", closing))
        first = first_stage(self.moves)
        row = {"deal": deal, "contact": contact, "stage": first, "cents": worth, "moves": 1}
        row |= {"created_at": at, "entered_at": at, "expected_close": closing}
        with self.engine.begin() as connection:
            self._need_deal_of(connection, contact, at)
            if self._find(connection, [deal]):
                raise ValueError(f"deal {deal!r} is there already: give the new one another id")
            connection.execute(insert(self.tables.deals), [row])
            entry = {"deal": deal, "number": 1, "move_from": None, "stage": first, "at": at}
            connection.execute(insert(self.tables.history), [entry])
            self._need_room(connection, [contact])

    def move(self, deal, stage, *, at):
        """Move a deal to a stage; from a closed one back to the first, it is opened again.

        Parameters
        ----------
        deal : str
            Its id.
        stage : str
            Where it goes: one that `moves` allows after the one it is in.
        at : date
            When it went there, UTC.

        Returns
        -------
        str
            The stage it came from.

        Raises
        ------
        ValueError
            If the move is not legal; if it is before the deal was made, or before its last move.
        """
        deal, at = inputs.name("deal", deal), inputs.at_micros(at)
        _inputs.need_known(stage, self.moves, "stage")
        with self.engine.begin() as connection:
            found = self._find(connection, [deal])
            if not found:
                raise ValueError(f"there is no deal {deal!r}: open it first, with open_deal()")
            now = found[0]
            if stage not in self.moves[now.stage]:
                ways = ", ".join(self.moves[now.stage]) or "none"
                raise ValueError(
                    f"deal {deal!r} cannot go from {now.stage!r} to {stage!r}: the legal next "
                    f"stages are {ways}"
                )
            self._need_order(now, stage, at)
            table = self.tables.deals
            changed = {"stage": stage, "entered_at": at, "moves": now.moves + 1}
            connection.execute(update(table).where(table.c.deal == deal).values(**changed))
            entry = {"deal": deal, "number": now.moves + 1, "move_from": now.stage}
            connection.execute(insert(self.tables.history), [entry | {"stage": stage, "at": at}])
            self._need_room(connection, [now.contact])
        return now.stage

    def add_deals(self, deals, stages=None):
        """Add many deals at once, with the history of their stages or without.

        Parameters
        ----------
        deals : DataFrame
            One row per deal: `deal_id`, `lead_id`, `created_at`, and `amount` and `expected_close`
            if they are known; other columns are left out.
        stages : DataFrame, optional
            One row per deal that enters a stage: `deal_id`, `stage`, `entered_at`, the rows of a
            deal in the order in which they happened. Without it `deals` has the `stage` that each
            deal is in, and its history begins there, when the deal was made.

        Returns
        -------
        int
            How many deals were added.

        Raises
        ------
        ValueError
            If any of the moves is not legal (`illegal_moves` lists them), or before its deal.
        """
        rows, entries = self._read(deals, stages)
        with self.engine.begin() as connection:
            there = self._find(connection, list(rows))
            if there:
                raise ValueError(
                    f"deal {there[0].deal!r} is there already, the first of {len(there):,}: leave "
                    "out those that store.deals() has"
                )
            contacts = [row["contact"] for row in rows.values()]
            roots = events.find_roots(connection, self.tables, contacts)
            lost = [contact for contact in contacts if contact not in roots]
            if lost:
                raise ValueError(
                    f"there is no contact {lost[0]!r}, nor are there any of {len(lost):,} deals: "
                    "add them first, with add_contacts()"
                )
            for row in rows.values():
                row["contact"] = roots[row["contact"]]
            connection.execute(insert(self.tables.deals), list(rows.values()))
            connection.execute(insert(self.tables.history), entries)
            self._need_room(connection, roots.values())
        return len(rows)

    def _read(self, deals, stages):
        """Return the rows of deals, by their ids, and of their history."""
        _inputs.need_columns(deals, ["deal_id", "lead_id", "created_at"], "deals")
        _inputs.need_rows(deals, "deals", "there is nothing to add")
        if stages is None:
            _inputs.need_columns(deals, ["stage"], "deals, without stages,")
            for stage in _inputs.ids(deals["stage"], "stage").unique():
                _inputs.need_known(stage, self.moves, "stage")
            wrong = ()
        else:
            wrong = illegal_moves(stages, moves=self.moves)
        if len(wrong):
            first = wrong.iloc[0]
            raise ValueError(
                f"stages has {len(wrong):,} rows that are not legal (first: row {wrong.index[0]}, "
                f"deal {first['deal_id']!r} from {first['move_from']!r} to {first['stage']!r}, "
                f"{first['reason']}): crm.illegal_moves(stages) lists them"
            )
        ids = _inputs.ids(deals["deal_id"], "deal_id")
        inputs.need_once(ids, "deal_id")
        contacts = _inputs.ids(deals["lead_id"], "lead_id")
        created = micros(_inputs.times(deals["created_at"], "created_at"))
        amounts, closing = [None] * len(ids), [None] * len(ids)
        if "amount" in deals.columns:
            _inputs.need_columns(deals, ["amount"], "deals")
            known = _inputs.numbers("amount", deals["amount"], missing="keep")
            amounts = [None if each != each else inputs.cents(float(each)) for each in known]
        if "expected_close" in deals.columns:
            _inputs.need_columns(deals, ["expected_close"], "deals")
            days = _inputs.times(deals["expected_close"], "expected_close", missing="keep")
            closing = micros(days)
        rows = {}
        for deal, contact, at, worth, day in zip(
            ids, contacts, created, amounts, closing, strict=True
        ):
            contact = inputs.name("lead_id", contact)
            row = {"deal": inputs.name("deal_id", deal), "contact": contact, "cents": worth}
            rows[deal] = row | {"created_at": at, "expected_close": day, "moves": 0}
        if stages is None:
            stages = deals[["deal_id", "stage"]].assign(entered_at=deals["created_at"])
        return rows, self._play(rows, stages)

    def _play(self, rows, stages):
        """Return the rows of the history, and let each deal be where it ends."""
        entries = []
        times = micros(_inputs.times(stages["entered_at"], "entered_at"))
        for deal, stage, at in zip(stages["deal_id"], stages["stage"], times, strict=True):
            row = rows.get(deal)
            if row is None:
                raise ValueError(f"stages has a deal {deal!r} that deals does not have: add it")
            if at < row["created_at"]:
                raise ValueError(_before_creation(deal, stage, at, row["created_at"]))
            row["moves"] += 1
            entry = {"deal": deal, "number": row["moves"], "move_from": row.get("stage")}
            entries.append(entry | {"stage": stage, "at": at})
            row |= {"stage": stage, "entered_at": at}
        bare = [deal for deal, row in rows.items() if not row["moves"]]
        if bare:
            raise ValueError(
                f"deal {bare[0]!r} has no row in stages, as {len(bare):,} of {len(rows):,}: add "
                f"the row in which it enters {first_stage(self.moves)!r}"
            )
        return entries

    # ------------------------------------------------------------ what they share

    def _find(self, connection, deals):
        table, found = self.tables.deals, []
        for some in chunks(deals):
            found += connection.execute(select(table).where(table.c.deal.in_(some))).all()
        return found

    def _need_deal_of(self, connection, contact, at):
        """Refuse a deal of a contact that is not there, or came later."""
        table = self.tables.contacts
        found = connection.execute(select(table).where(table.c.contact == contact)).first()
        if found is None:
            raise ValueError(f"there is no contact {contact!r}: add it first, with add_contact()")
        if found.merged_into is not None:
            raise ValueError(
                f"contact {contact!r} was merged into {found.merged_into!r}: name that one"
            )
        if found.created_at is not None and at < found.created_at:
            created, opened = moments([found.created_at, at])
            raise ValueError(
                f"a deal of contact {contact!r} would be opened on {opened}, before the contact "
                f"was created on {created}: one of the two dates is wrong"
            )

    def _need_order(self, now, stage, at):
        """Refuse a move before the deal was made, or before its last move."""
        if at < now.created_at:
            raise ValueError(_before_creation(now.deal, stage, at, now.created_at))
        if at < now.entered_at:
            last, wanted = moments([now.entered_at, at])
            raise ValueError(
                f"the clock runs backwards: deal {now.deal!r} entered {now.stage!r} on {last}, and "
                f"would enter {stage!r} on {wanted}: give a later time, or set the clock right"
            )

    def _need_room(self, connection, contacts, *, together=False):
        """Refuse more open deals of a contact than are allowed, or of all `together`."""
        if self.open_deals is None:
            return
        table, count = self.tables.deals, defaultdict(list)
        closed = closed_stages(self.moves)
        contacts = list(dict.fromkeys(contacts))
        for some in chunks(contacts):
            query = select(table.c.deal, table.c.contact).where(
                table.c.contact.in_(some), table.c.stage.not_in(closed)
            )
            for deal, contact in connection.execute(query):
                count[contacts[0] if together else contact].append(deal)
        for contact, deals in count.items():
            if len(deals) > self.open_deals:
                raise ValueError(
                    f"contact {contact!r} would have {len(deals)} open deals, "
                    f"{', '.join(map(repr, sorted(deals)))}, where {self.open_deals} is allowed: "
                    "close one first"
                )


def _before_creation(deal, stage, at, created):
    entered, made = moments([at, created])
    return (
        f"deal {deal!r} would enter {stage!r} on {entered}, before it was created on {made}: one "
        "of the two dates is wrong"
    )
