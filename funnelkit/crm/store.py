"""A store of contacts and deals on any SQL database: a small CRM."""

import re

import pandas as pd
from sqlalchemy import create_engine, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from funnelkit import _inputs
from funnelkit.crm import inputs
from funnelkit.crm.contacts import Contacts
from funnelkit.crm.deals import Deals
from funnelkit.crm.registers import FIELDS, need_owners
from funnelkit.crm.stages import MOVES, closed_stages, need_moves
from funnelkit.crm.tables import make_tables, moments

__all__ = ["Store"]

SERVERS = ("sqlite", "mysql", "mariadb", "postgresql")


class Store(Contacts, Deals):
    """Contacts and deals, with the history of every deal, in a SQL database.

    Whatever is written is written in one transaction: all of it, or nothing. Each change of a
    contact is also put into the *outbox*, from which `sync` tells it to another store.

    Parameters
    ----------
    url : str, default "sqlite://"
        Which database, as SQLAlchemy has it; by default one in memory. ``"sqlite:///crm.db"`` is a
        file; ``"postgresql+psycopg://…"`` and ``"mysql+pymysql://…"`` are servers.
    name : str, default "crm"
        The name of this system; its tables begin with it.
    owners : dict, optional
        What belongs to one system, and which: a field of `crm.FIELDS`, "mail" (who sends mails)
        or "merge" (where contacts are merged). Two stores that are kept in step have the same.
    moves : dict, default `crm.MOVES`
        For each stage of a deal the stages that may come next.
    open_deals : int, optional
        How many open deals one contact may have; by default any number.

    Examples
    --------
    >>> store = Store()
    >>> store.add_contact("C-1", at="2026-03-01", consent=True, email="ann@example.org")
    True
    >>> store.open_deal("D-1", "C-1", at="2026-03-02", amount=950.50)
    >>> store.move("D-1", "SQL", at="2026-03-04")
    'MQL'
    >>> store.move("D-1", "won", at="2026-03-05")
    Traceback (most recent call last):
    ValueError: deal 'D-1' cannot go from 'SQL' to 'won': the legal next stages are call, lost
    >>> store.history()[["deal_id", "move_from", "stage", "entered_at"]]
      deal_id move_from stage entered_at
    0     D-1       NaN   MQL 2026-03-02
    1     D-1       MQL   SQL 2026-03-04
    """

    def __init__(self, url="sqlite://", *, name="crm", owners=None, moves=MOVES, open_deals=None):
        if not isinstance(name, str) or not re.fullmatch("[a-z][a-z0-9_]{0,19}", name):
            raise ValueError(
                f"name is {_inputs.short_form(name)}: give up to 20 small letters, such as 'sales'"
            )
        self.name, self.owners, self.moves = name, need_owners(owners), need_moves(moves)
        self.open_deals = None if open_deals is None else _inputs.whole("open_deals", open_deals)
        self.engine = create_engine(_read_url(url))
        self.tables = make_tables(name)
        self.tables.metadata.create_all(self.engine)

    def __repr__(self):
        return f"<Store {self.name!r} on {self.engine.dialect.name}>"

    def contacts(self, *, merged=False):
        """Return the contacts.

        Parameters
        ----------
        merged : bool, default False
            Whether those are listed, too, that went over into another one.

        Returns
        -------
        DataFrame
            One row per contact, by id: `lead_id`, `created_at`, the fields, `consent` ("none",
            "given" or "withdrawn"), and with `merged` whom it was `merged_into`.
        """
        merged = _inputs.switch("merged", merged)
        found = self._all(self.tables.contacts)
        registers = self._all(self.tables.fields)
        wide = registers.pivot(index="contact", columns="field", values="value")
        wide = wide.reindex(index=found["contact"], columns=[*FIELDS, "consent"]).reset_index()
        table = wide.rename(columns={"contact": "lead_id"}).rename_axis(columns=None)
        table.insert(1, "created_at", moments(found["created_at"]).to_numpy())
        table["merged_into"] = found["merged_into"].to_numpy(object)
        table = table.sort_values("lead_id", ignore_index=True)
        return (
            table
            if merged
            else table[table["merged_into"].isna()]
            .drop(columns="merged_into")
            .reset_index(drop=True)
        )

    def deals(self):
        """Return the deals.

        Returns
        -------
        DataFrame
            One row per deal, by id: `deal_id`, `lead_id`, `stage`, whether it is `open`, `amount`
            in EUR, `created_at`, `entered_at` (the stage it is in), `expected_close`.
        """
        found = self._all(self.tables.deals).sort_values("deal", ignore_index=True)
        return pd.DataFrame(
            {
                "deal_id": found["deal"],
                "lead_id": found["contact"],
                "stage": found["stage"],
                "open": ~found["stage"].isin(closed_stages(self.moves)),
                "amount": found["cents"].astype(float) / 100,
                "created_at": moments(found["created_at"]),
                "entered_at": moments(found["entered_at"]),
                "expected_close": moments(found["expected_close"]),
            }
        )

    def history(self):
        """Return the moves of all deals.

        Returns
        -------
        DataFrame
            One row per move, by deal and in order: `deal_id`, `move_from` (missing where the deal
            begins), `stage`, `entered_at`, and whether the move `reopens` the deal.
        """
        found = self._all(self.tables.history)
        found = found.sort_values(["deal", "number"], ignore_index=True)
        return pd.DataFrame(
            {
                "deal_id": found["deal"],
                "move_from": found["move_from"],
                "stage": found["stage"],
                "entered_at": moments(found["at"]),
                "reopens": found["move_from"].isin(closed_stages(self.moves)),
            }
        )

    def outbox(self):
        """Return what the other system is told.

        Returns
        -------
        DataFrame
            One row per event, in order: `key`, `kind` ("change", "merge" or "mail"), `lead_id`,
            `state` ("waiting", "done", "parked" after too many tries, "stopped" for a mail whose
            contact has withdrawn its consent), `tries`, and when it is `due`.
        """
        found = self._all(self.tables.outbox).sort_values("number", ignore_index=True)
        table = found[["key", "kind", "contact", "state", "tries"]]
        return table.rename(columns={"contact": "lead_id"}).assign(due=moments(found["due"]))

    def mails(self):
        """Return the ledger of mails of the system that sends them.

        Returns
        -------
        DataFrame
            One row per mail that was asked for: `key`, `lead_id`, `mail`, when it was `asked_at`,
            and the `outcome`: "sent" or "no consent".
        """
        found = self._all(self.tables.mails).sort_values(["at", "key"], ignore_index=True)
        table = found[["key", "contact", "mail", "outcome"]].rename(columns={"contact": "lead_id"})
        table.insert(3, "asked_at", moments(found["at"]))
        return table

    def release(self, *, at):
        """Let the events be told again that were parked after too many tries.

        Parameters
        ----------
        at : date
            When, UTC.

        Returns
        -------
        int
            How many there were.
        """
        table, at = self.tables.outbox, inputs.at_micros(at)
        again = update(table).where(table.c.state == "parked")
        with self.engine.begin() as connection:
            return connection.execute(again.values(state="waiting", tries=0, due=at)).rowcount

    def _all(self, table):
        """Return all rows of a table of the database."""
        with self.engine.connect() as connection:
            result = connection.execute(select(table))
            return pd.DataFrame(result.all(), columns=list(result.keys()))


def _read_url(url):
    """Return the address of a database; refuse one of another kind, or that is none."""
    advice = "give one such as 'sqlite:///crm.db' or 'postgresql+psycopg://user@host/name'"
    if not isinstance(url, str):
        raise TypeError(f"url is {_inputs.short_form(url)}: {advice}")
    try:
        read = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(f"url is {url!r}, not an address of a database: {advice}") from None
    _inputs.one_of("database in url", read.get_backend_name(), SERVERS)
    return read
