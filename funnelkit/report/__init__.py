"""The weekly report on anybody's log, as one page that needs nothing else and sends nothing away.

`weekly` counts what a log supports: the funnel, week by week, what changed since last week, and
alarms. `purchases` does the same for orders. `page` writes it as HTML: figures inside the page,
each with a text in its place, tables, and blanks for the decision; names are escaped, and no
e-mail address is printed; a `Section` adds to it. `save` writes the page to a file, and never over
another one.
"""

from funnelkit.report.changes import change, iso_week
from funnelkit.report.page import page, save
from funnelkit.report.pieces import Section
from funnelkit.report.weeks import Weekly, purchases, weekly

__all__ = ["Section", "Weekly", "change", "iso_week", "page", "purchases", "save", "weekly"]


def __dir__():
    return __all__
