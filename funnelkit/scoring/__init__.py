"""Which lead to call first: points cards, and what a score is worth.

A *score* puts leads in order: higher is better. A *probability* also says how likely each is to
buy. This module makes labels out of dates (`outcome_within`), adds up points (`points_card`),
shows how a logistic regression learns (`logistic_by_steps`), judges scores against what happened
(`threshold_table`, `gains_table`, `calibration_table`, `errors_by_group`), turns them into a
decision (`profit_threshold`, `profit_curve`, `capacity_threshold`), explains them (`reason_codes`)
and says when leads buy (`hazard_table`). Models to use come from scikit-learn; `LeadModel` takes
one of them to work, with reasons for each score and as a file, which `load_model` reads.

Throughout, an outcome is boolean: the lead bought, or did not. A lead that a score puts at or
above a threshold is *selected*: the sales team is told to call it. Input is checked as
`funnelkit._inputs` says.
"""

from funnelkit.ranking import METRICS as _RANKING
from funnelkit.ranking import auc, average_precision, gains_table, threshold_table
from funnelkit.scoring.calibration import METRICS as _CALIBRATION
from funnelkit.scoring.calibration import brier_score, calibration_table
from funnelkit.scoring.decisions import METRICS as _DECISIONS
from funnelkit.scoring.decisions import (
    capacity_threshold,
    errors_by_group,
    hazard_table,
    profit_curve,
    profit_threshold,
)
from funnelkit.scoring.labels import outcome_within
from funnelkit.scoring.model import LeadModel, load_model
from funnelkit.scoring.points import (
    from_log_odds,
    log_odds,
    logistic_by_steps,
    points_card,
    reason_codes,
)

__all__ = [
    "LeadModel",
    "METRICS",
    "auc",
    "average_precision",
    "brier_score",
    "calibration_table",
    "capacity_threshold",
    "errors_by_group",
    "from_log_odds",
    "gains_table",
    "hazard_table",
    "load_model",
    "log_odds",
    "logistic_by_steps",
    "outcome_within",
    "points_card",
    "profit_curve",
    "profit_threshold",
    "reason_codes",
    "threshold_table",
]


def __dir__():
    return __all__


METRICS = (*_RANKING, *_CALIBRATION, *_DECISIONS)
