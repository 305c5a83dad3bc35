"""Databases and scale: the funnel as one query, in pieces, and from other tools' exports.

`load` writes a log to a database, `funnel` counts the funnel there, and `funnel_query` is the query
that it runs, in the SQL of each database. `funnel_file` counts a file that is larger than memory,
one part of the users at a time. `read_ga4` and `read_mixpanel` turn the exports of these tools into
the course's log.

How the package is laid out: `query` writes the query, `engines` knows how to speak to each
database, `tables` loads and counts, `files` reads in pieces, `exports` reads other tools' forms, of
which `ga4` has Google Analytics 4's, for `ingest` too.
Input is checked as `funnelkit._inputs` says.
"""

from funnelkit.databases.exports import read_ga4, read_mixpanel
from funnelkit.databases.files import funnel_file
from funnelkit.databases.query import DIALECTS, funnel_query
from funnelkit.databases.tables import funnel, load

__all__ = [
    "DIALECTS",
    "funnel",
    "funnel_file",
    "funnel_query",
    "load",
    "read_ga4",
    "read_mixpanel",
]


def __dir__():
    return __all__
