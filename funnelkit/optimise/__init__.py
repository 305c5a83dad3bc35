"""Looking for good settings of something that is costly to try.

Each try of a mail plan takes a week, each try of a model's settings minutes. *Bayesian
optimisation* keeps a cheap *surrogate* of the unknown function, here a Gaussian process fitted to
the tries so far (`gaussian_process`, by hand in one dimension), and lets an *acquisition function*
say where to try next (`expected_improvement`, `upper_confidence_bound`). `bayesian_search` does
this with the package ``bayesian-optimization``, its inputs scaled and its kernel chosen;
`random_search`, `grid_search` and `one_at_a_time` are the rivals, and `recommend` says from the
tries of any of them which settings to keep.

Larger is better throughout: to minimise, let the objective return minus the cost. Input is checked
as `funnelkit._inputs` says.
"""

from funnelkit.optimise.acquisition import expected_improvement, upper_confidence_bound
from funnelkit.optimise.bayesian import bayesian_search, recommend
from funnelkit.optimise.searches import grid_search, one_at_a_time, random_search
from funnelkit.optimise.surrogate import gaussian_process, log_likelihood, matern, rbf

__all__ = [
    "METRICS",
    "bayesian_search",
    "expected_improvement",
    "gaussian_process",
    "grid_search",
    "log_likelihood",
    "matern",
    "one_at_a_time",
    "random_search",
    "rbf",
    "recommend",
    "upper_confidence_bound",
]


def __dir__():
    return __all__


# ---------------------------------------------------------------- what the metrics mean

METRICS = ()  # what is measured here is whatever the objective measures
