"""The schemas: what every column of the course's tables means, as data.

One entry per table (``SCHEMAS``). `funnelkit.load` checks each table against it,
`funnelkit.describe` shows it, and ``datasets/README.md`` is made from it, so that the three
cannot disagree.
"""

from funnelkit.schemas.checks import check_column, check_table, schema_of
from funnelkit.schemas.columns import KINDS, SIMULATED, Column, Schema, allowed_values
from funnelkit.schemas.sales import ADVISERS, STAGES
from funnelkit.schemas.tables import CHANNELS, EVENTS, PAGES, REGIONS, SCHEMAS

__all__ = [
    "ADVISERS",
    "CHANNELS",
    "Column",
    "EVENTS",
    "KINDS",
    "PAGES",
    "REGIONS",
    "SCHEMAS",
    "SIMULATED",
    "STAGES",
    "Schema",
    "allowed_values",
    "check_column",
    "check_table",
    "schema_of",
]


def __dir__():
    return __all__
