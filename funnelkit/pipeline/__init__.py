"""The whole system: from the tables to the report, in eight steps that can be killed anywhere.

`run` does the steps one after the other, in a folder: `ingest` takes the tables as they were known
at a moment; `quality_gate` sets aside the rows that break what was agreed, and stops the run if
they are too many; `join_people` makes people of records and browsers; `fill_store` brings the CRM
up to date; `segment_customers`, `learn_model` and `score_leads`, `recommend` say whom to treat how;
`automate` lets rules act, and sends each mail once; `four_measures` and `make_page` report. Each is
a plain function of tables. `read` reads a table of a run.

Input is checked as `funnelkit._inputs` says.
"""

from funnelkit.pipeline.gate import NOISE, quality_gate
from funnelkit.pipeline.measures import four_measures
from funnelkit.pipeline.runner import STEPS as _STEPS
from funnelkit.pipeline.runner import read, run
from funnelkit.pipeline.sources import TABLES, ingest
from funnelkit.pipeline.steps import (
    RULES,
    SEGMENTS,
    automate,
    fill_store,
    join_people,
    learn_model,
    recommend,
    score_leads,
    segment_customers,
)
from funnelkit.pipeline.summary import make_page

__all__ = [
    "NOISE",
    "RULES",
    "SEGMENTS",
    "STEPS",
    "TABLES",
    "automate",
    "fill_store",
    "four_measures",
    "ingest",
    "join_people",
    "learn_model",
    "make_page",
    "quality_gate",
    "read",
    "recommend",
    "run",
    "score_leads",
    "segment_customers",
]

STEPS = tuple(_STEPS)


def __dir__():
    return __all__
