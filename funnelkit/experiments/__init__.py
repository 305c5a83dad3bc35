"""Experiments: how many users a test needs, who gets which variant, and what came of it."""

from funnelkit.experiments.design import assign

__all__ = ["assign"]


def __dir__():
    return __all__
