"""A file of one's own at the door: what it holds, what has to be asked, and the log made of it.

Exports differ in everything: separator, encoding, the sign before the decimals, the order of day
and month, the names of the columns. `read` takes a file as it comes and keeps every value as
text; `inspect` says of each column what it looks like and what cannot be known from it; `times`
and `amounts` turn one column into times and numbers. What may mean two things is asked, with the
option that answers, and never guessed: 03/04/2026 is 3 April for one sender and 4 March for
another. `to_log` makes the course's log of a table, and `orders` a table of purchases, of the
exports of HubSpot, Salesforce, Google Analytics and Shopify, or by a mapping of columns.
"""

from funnelkit.ingest.amounts import amounts
from funnelkit.ingest.columns import find_column, inspect
from funnelkit.ingest.files import read, sample, sample_names
from funnelkit.ingest.logs import orders, to_log
from funnelkit.ingest.personal import personal_columns, without_emails
from funnelkit.ingest.shapes import SHAPES, recognise
from funnelkit.ingest.times import times

__all__ = [
    "SHAPES",
    "amounts",
    "find_column",
    "inspect",
    "orders",
    "personal_columns",
    "read",
    "recognise",
    "sample",
    "sample_names",
    "times",
    "to_log",
    "without_emails",
]


def __dir__():
    return __all__
