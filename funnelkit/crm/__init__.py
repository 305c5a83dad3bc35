"""CRM: contacts and deals in a store, kept in step with another, and exchanged as files.

A `Store` keeps contacts and deals in a SQL database: deals move from stage to stage as `MOVES`
allows (`moves_table`, `illegal_moves`), and every move is kept in a history. `sync` keeps two
stores in step over a network that fails in every way of `FAILURES` (`failure_schedule`, `waits`);
`differences` says whether it did.

Input is checked as `funnelkit._inputs` says.
"""

from funnelkit.crm.registers import CONSENT, FIELDS, LIFECYCLE, stands
from funnelkit.crm.schedule import FAILURES, failure_schedule, waits
from funnelkit.crm.stages import MOVES, illegal_moves, moves_table
from funnelkit.crm.store import Store
from funnelkit.crm.sync import differences, sync

__all__ = [
    "CONSENT",
    "FAILURES",
    "FIELDS",
    "LIFECYCLE",
    "METRICS",
    "MOVES",
    "Store",
    "differences",
    "failure_schedule",
    "illegal_moves",
    "moves_table",
    "stands",
    "sync",
    "waits",
]


def __dir__():
    return __all__


METRICS = ()
