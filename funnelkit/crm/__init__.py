"""CRM: contacts and deals in a store, kept in step with another, and exchanged as files.

A `Store` keeps contacts and deals in a SQL database: deals move from stage to stage as `MOVES`
allows (`moves_table`, `illegal_moves`), and every move is kept in a history. `sync` keeps two
stores in step over a network that fails in every way of `FAILURES` (`failure_schedule`, `waits`);
`differences` says whether it did.

`read_export` reads the export of another CRM without guessing; `to_csv` and `from_csv` write and
read the files that HubSpot and Salesforce import. `salesforce_id`, `lifecycle_requests` and
`lifecycle_answer` are rules of theirs.

Input is checked as `funnelkit._inputs` says.
"""

from funnelkit.crm.exchange import from_csv, to_csv
from funnelkit.crm.exports import read_export
from funnelkit.crm.registers import CONSENT, FIELDS, LIFECYCLE, stands
from funnelkit.crm.schedule import FAILURES, failure_schedule, waits
from funnelkit.crm.stages import MOVES, illegal_moves, moves_table
from funnelkit.crm.store import Store
from funnelkit.crm.sync import differences, sync
from funnelkit.crm.vendors import lifecycle_answer, lifecycle_requests, salesforce_id

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
    "from_csv",
    "illegal_moves",
    "lifecycle_answer",
    "lifecycle_requests",
    "moves_table",
    "read_export",
    "salesforce_id",
    "stands",
    "sync",
    "to_csv",
    "waits",
]


def __dir__():
    return __all__


METRICS = ()
