"""How good a forecast was: the pinball loss, coverage."""

import numpy as np

from funnelkit import _inputs

__all__ = ["coverage", "pinball_loss"]


def pinball_loss(actual, forecast, quantile):
    error = np.asarray(actual, float) - np.asarray(forecast, float)
    return float(np.where(error >= 0, quantile * error, (quantile - 1) * error).mean())


def coverage(actual, low, high):
    return float(((low <= actual) & (actual <= high)).mean())
