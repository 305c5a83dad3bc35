"""The quality gate: rows that fail are set aside with the reason; too many stop the run.

Input is checked as `funnelkit._inputs` says.
"""

import pandas as pd

from funnelkit import _inputs, crm, metrics, quality, schemas
from funnelkit.pipeline.sources import ID, TABLES, TIME, looked_up, need_parts

__all__ = ["NOISE", "quality_gate"]

ROBOT = 100  # more events of one browser than this in half a year are no person's
WEEK = pd.Timedelta("7D")
NOISE = ("sent twice", "a robot's")  # what every tracker has; it is set aside and counted

# Which column of which table has to be found in another.
REFERENCES = (
    ("deals", "lead_id", "leads"),
    ("stages", "deal_id", "deals"),
    ("orders", "customer_id", "customers"),
    ("subscriptions", "customer_id", "customers"),
    ("surveys", "customer_id", "customers"),
    ("ratings", "customer_id", "customers"),
    ("ratings", "course_id", "courses"),
)


def quality_gate(tables, *, limit=0.02, noise=0.25):
    """Set aside the rows that break what was agreed, and stop if they are too many.

    Parameters
    ----------
    tables : dict of DataFrame
        What `ingest` returns.
    limit : float, default 0.02
        The share of a table's rows that one reason may set aside: of all its rows, and of those
        of the last week. A share that chance may have moved there (the 95 % interval holds the
        limit) does not stop the run.
    noise : float, default 0.25
        The same for `NOISE`, rows sent twice and those of robots, which every tracker has.

    Returns
    -------
    dict of DataFrame
        The tables without these rows. `set_aside` has one row per row set aside: `table`, `row`
        (its number in the table as it came), `reason` (the first that was found). `gate` has one
        row per table and reason: `rows`, `share`, `of_week` (the share of the last week's rows),
        `first_row`.

    Raises
    ------
    ValueError
        If a reason sets aside more than the limit: which, how many rows, the first of them.

    Notes
    -----
    A row fails if a value cannot be read, is missing or is outside what `funnelkit.describe`
    allows; if its id is used by an earlier row; if it names a customer, lead, deal or course that
    is not there; and a deal, if its stages are not in an order that `crm.MOVES` allows. Nothing is
    corrected here, and nothing is thrown away.

    Examples
    --------
    >>> from funnelkit.pipeline import ingest
    >>> passed = quality_gate(ingest(observed_until="2026-06-30"))
    >>> passed["gate"].reset_index()[["table", "reason", "rows"]]
        table      reason  rows
    0  events  sent twice  1250
    1  events   a robot's  2883
    2   leads  sent twice    50
    """
    limit, noise = (
        _inputs.number(name, value, at_least=0, at_most=1)
        for name, value in (("limit", limit), ("noise", noise))
    )
    need_parts(tables, [*TABLES, "unreadable"], "pipeline.ingest")
    given = {name: tables[name] for name in TABLES}
    for name, table in given.items():
        _inputs.need_columns(table, schemas.schema_of(name).names, name)
        remedy = "give the tables as pipeline.ingest returns them"
        again = table.index.duplicated()
        _inputs.refuse(again, f"the index of {name} has a row's number twice", remedy)
    reasons = {name: pd.Series(None, table.index, object) for name, table in given.items()}
    for name, table in given.items():
        for row, column in _of(tables["unreadable"], name):
            reasons[name][row] = f"{column} cannot be read"
        for rule in _rules(name):
            open_ = reasons[name].isna()
            reasons[name][open_ & rule.rows(table)] = rule.name
    _add_references(given, reasons)
    aside = _listed(given, reasons)
    counted = _counted(given, reasons)
    _stop(counted, given, limit, noise)
    kept = {name: _whole(table[reasons[name].isna()], name) for name, table in given.items()}
    return {**kept, "set_aside": aside, "gate": counted}


def _whole(table, name):
    """Give a table the types that its schema names, now that nothing is missing in it."""
    kinds = {column.name: column.kind for column in schemas.schema_of(name).columns}
    return table.astype(
        {each: schemas.KINDS[kind] for each, kind in kinds.items() if kind in ("whole", "flag")}
    )


def _of(unreadable, name):
    return unreadable.loc[unreadable["table"] == name, ["row", "column"]].itertuples(index=False)


def _rules(name):
    """Return the rules for the rows of a table: what its schema says, and what logs have."""
    rules = []
    if name in ("events", "leads"):
        rules.append(quality.Rule("sent twice", "duplicate", lambda t: t.duplicated()))
    if name == "events":
        rules.append(quality.Rule("a robot's", "impossible", _robots))
    for column in schemas.schema_of(name).columns:
        if not column.missing:
            rules.append(_Missing(column.name).rule())
        if column.allowed and column.kind not in ("time", "date"):
            rules.append(_Outside(column).rule())
    if name in ID:
        rules.append(quality.Rule(f"{ID[name]} used before", "duplicate", _Again(ID[name])))
    return rules


def _robots(events):
    """Find browsers with more events than a person has; a row sent twice counts once."""
    once = events[~events.duplicated()]
    return events["user_id"].map(once["user_id"].value_counts()) > ROBOT


class _Missing:
    """A column without a value."""

    def __init__(self, column):
        self.column = column

    def __call__(self, table):
        return table[self.column].isna()

    def rule(self):
        return quality.Rule(f"{self.column} missing", "missing", self)


class _Outside:
    """A value that is not among those allowed."""

    def __init__(self, column):
        self.column = column

    def __call__(self, table):
        values, allowed = table[self.column.name], self.column.allowed
        inside = values.isin(allowed) if self.column.kind == "text" else values.between(*allowed)
        return values.notna() & ~inside

    def rule(self):
        return quality.Rule(f"{self.column.name} not allowed", "impossible", self)


class _Again:
    """An id that an earlier row has; a row sent twice does not count."""

    def __init__(self, column):
        self.column = column

    def __call__(self, table):
        once = table[~table.duplicated()]
        return once[self.column].duplicated().reindex(table.index, fill_value=False)


def _add_references(given, reasons):
    """Set aside rows that name what is not there, in an order in which none is forgotten."""
    for name, column, other in REFERENCES:
        there = given[other].loc[reasons[other].isna(), ID[other]]
        lost = ~given[name][column].isin(there)
        reasons[name][lost & reasons[name].isna()] = f"no {ID[other]} like that"
        if name == "deals":
            _add_histories(given, reasons)


def _add_histories(given, reasons):
    """Set aside deals whose stages a stage machine would have refused."""
    deals, open_ = given["deals"], reasons["deals"].isna()
    stages = given["stages"][reasons["stages"].isna()]
    stages = stages[stages["deal_id"].isin(deals.loc[open_, "deal_id"])]
    wrong = deals["deal_id"].isin(crm.illegal_moves(stages)["deal_id"])
    created = looked_up(stages["deal_id"], deals[open_], "deal_id", "created_at")
    early = stages["entered_at"] < created
    wrong |= deals["deal_id"].isin(stages.loc[early, "deal_id"])
    wrong |= ~deals["deal_id"].isin(stages["deal_id"])
    reasons["deals"][open_ & wrong] = "stages not in a legal order"


def _listed(given, reasons):
    """Return one row per row set aside."""
    parts = [
        pd.DataFrame({"table": name, "row": why.index, "reason": why.to_numpy()})
        for name, why in ((name, reasons[name].dropna()) for name in given)
    ]
    return pd.concat(parts, ignore_index=True).astype({"reason": "str", "table": "str"})


def _counted(given, reasons):
    """Count rows by table and reason, among all rows and among those of the last week."""
    rows = []
    for name, table in given.items():
        times = table[TIME[name]]
        # A row without a time may be as new as any.
        new = times.isna() | (times > times.max() - WEEK)
        for reason, where in reasons[name].dropna().groupby(reasons[name], sort=False):
            of_week = int(new[where.index].sum())
            rows.append([name, reason, len(where), len(where) / len(table), of_week, new.sum()])
            rows[-1] += [where.index[0]]
    columns = ["table", "reason", "rows", "share", "rows_of_week", "week", "first_row"]
    counted = pd.DataFrame(rows, columns=columns).astype({"table": "str", "reason": "str"})
    counted["of_week"] = counted["rows_of_week"] / counted["week"].where(counted["week"] > 0)
    columns = ["rows", "share", "rows_of_week", "week", "of_week", "first_row"]
    return counted.set_index(["table", "reason"])[columns]


def _stop(counted, given, limit, noise):
    """Raise if a reason sets aside more than it may, beyond what chance explains."""
    for (name, reason), row in counted.iterrows():
        most = noise if reason in NOISE else limit
        for rows, of, which in (
            (row["rows"], len(given[name]), "rows"),
            (row["rows_of_week"], row["week"], "rows of the last week"),
        ):
            if of and metrics.wilson_interval(int(rows), int(of))[0] > most:
                raise ValueError(
                    f"the gate stops the run: table {name!r}, {reason} in {int(rows):,} of "
                    f"{int(of):,} {which} ({rows / of:.1%}, at most {most:.0%} are let go; first: "
                    f"row {int(row['first_row'])}): ask for a new export; if the data are right, "
                    f"raise {'noise' if reason in NOISE else 'limit'}"
                )
