"""Funnelkit: the helper package of the course *Building a high-conversion sales funnel*.

Lessons begin with ``import funnelkit``. Each module holds one subject and is
written to be read: ``??fk.funnels.funnel`` in a notebook shows how a number came about.

========== =====================================================================
module     holds
========== =====================================================================
data       loading the course's tables, and their dictionary
simulate   the generator of all simulated tables, with its true parameters
funnels    users per step, how far each got and when
cohorts    retention, churn, cohort tables, survival curves, satisfaction
lifetime   customer lifetime value, and its prediction from purchases
metrics    rates, intervals, the bootstrap, the metric contract
quality    faults in the data, identities, leakage, k-anonymity
segments   RFM scores, clusters and their stability, profiles, the worth of a plan
scoring    points cards, lift and gains, calibration, whom a call pays for, when
plots      one function a chart
checking   the exercises: tasks, known mistakes, ``check``, ``hint``, ``progress``
cli        the command ``funnelkit``
========== =====================================================================
"""

from importlib import import_module

__version__ = "0.1.0"
_MODULES = (
    "checking",
    "cohorts",
    "data",
    "funnels",
    "lifetime",
    "metrics",
    "plots",
    "quality",
    "scoring",
    "segments",
    "simulate",
)
_NAMES = {
    **dict.fromkeys(("describe", "load", "tables", "truth"), "data"),
    **dict.fromkeys(("check", "hint", "progress"), "checking"),
}
__all__ = [*_MODULES, *_NAMES]


def __getattr__(name: str):
    """Import a module of the package when it is first asked for.

    So importing is quick, and `funnelkit doctor` can still speak where pandas is missing.
    """
    if name in _MODULES:
        return import_module(f"funnelkit.{name}")
    if name in _NAMES:
        return getattr(import_module(f"funnelkit.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'funnelkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
