"""Recommendations: what to show each user next, why, and how good the lists are.

`rating_matrix` and `taken_matrix` turn rows into users by items. Scores come from neighbours
(`similarity`, `nearest`, `neighbour_estimates`, `neighbour_scores`), from descriptions (`tfidf`,
`content_scores`), from what is popular (`popularity`, `damped_means`), or from `surprise`
(`surprise_trainset`, `surprise_estimates`, `svd_estimates`; `svd_step` shows what SVD does).
`top_n` makes lists of scores, `reasons` says why.

`leave_last_out` and `time_cut` keep rows back; `judge` measures the lists by them, with every
convention named; `coverage`, `exposure`, `gini`, `diversity` and `mean_popularity` say what the
lists show. Input is checked as `funnelkit._inputs` says.
"""

from funnelkit.recommenders.content import content_scores, tfidf
from funnelkit.recommenders.factors import (
    surprise_estimates,
    surprise_trainset,
    svd_estimate,
    svd_estimates,
    svd_step,
)
from funnelkit.recommenders.judging import METRICS as _JUDGING
from funnelkit.recommenders.judging import (
    coverage,
    diversity,
    exposure,
    gini,
    judge,
    mean_popularity,
)
from funnelkit.recommenders.lists import damped_means, popularity, reasons, top_n
from funnelkit.recommenders.matrices import rating_matrix, similarity, taken_matrix
from funnelkit.recommenders.measures import METRICS as _MEASURES
from funnelkit.recommenders.measures import (
    average_precision_at,
    dcg,
    ndcg,
    precision_at,
    recall_at,
    rmse,
)
from funnelkit.recommenders.neighbours import (
    nearest,
    neighbour_estimate,
    neighbour_estimates,
    neighbour_scores,
)
from funnelkit.recommenders.splits import leave_last_out, rows_from_the_future, time_cut

__all__ = [
    "METRICS",
    "average_precision_at",
    "content_scores",
    "coverage",
    "damped_means",
    "dcg",
    "diversity",
    "exposure",
    "gini",
    "judge",
    "leave_last_out",
    "mean_popularity",
    "ndcg",
    "nearest",
    "neighbour_estimate",
    "neighbour_estimates",
    "neighbour_scores",
    "popularity",
    "precision_at",
    "rating_matrix",
    "reasons",
    "recall_at",
    "rmse",
    "rows_from_the_future",
    "similarity",
    "surprise_estimates",
    "surprise_trainset",
    "svd_estimate",
    "svd_estimates",
    "svd_step",
    "taken_matrix",
    "tfidf",
    "time_cut",
    "top_n",
]


def __dir__():
    return __all__


METRICS = (*_MEASURES, *_JUDGING)
