"""Funnelkit: the helper package of the course *Building a high-conversion sales funnel*.

Lessons begin with ``import funnelkit``. Each module holds one subject and is
written to be read: ``??fk.funnels.funnel`` in a notebook shows how a number came about.

========== =====================================================================
module     holds
========== =====================================================================
data       loading the course's tables, and their dictionary
simulate   the generator of all simulated tables, with its true parameters
funnels    users per step, how far each got and when
metrics    rates, intervals, the bootstrap, the metric contract
plots      one function a chart
cli        the command ``funnelkit``
========== =====================================================================
"""

from importlib import import_module

from funnelkit import data
from funnelkit.data import describe, load, tables, truth

__version__ = "0.1.0"
__all__ = ["data", "describe", "funnels", "load", "metrics", "plots", "simulate", "tables", "truth"]

_ON_FIRST_USE = {"funnels", "metrics", "plots", "simulate"}


def __getattr__(name: str):
    """Import a module of the package when it is first asked for, so that importing stays quick."""
    if name in _ON_FIRST_USE:
        return import_module(f"funnelkit.{name}")
    raise AttributeError(f"module 'funnelkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | _ON_FIRST_USE)
