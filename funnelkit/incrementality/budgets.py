"""A budget under a limit: where the next euro brings most, and how sure that is.

Input is checked as `funnelkit._inputs` says.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric
from funnelkit.incrementality.curves import ExponentialCurve, HillCurve

__all__ = ["METRICS", "allocate", "budget_advice", "returns"]


def __dir__():
    return __all__


def returns(curves, spend):
    """Return what each channel brings at its spending: in all, per euro, and by the next euro.

    Parameters
    ----------
    curves : dict of HillCurve or ExponentialCurve
        By channel, such as `ResponseModel.curves` returns.
    spend : Series or dict
        What is spent on each of these channels, above 0.

    Returns
    -------
    DataFrame
        By channel: `spend`, `response`, `average` (response / spend), `marginal` (response of
        the next euro), and `cost_per_further`, its inverse: what one more conversion costs.

    Examples
    --------
    >>> returns({"ads": HillCurve(90_000, 100)}, {"ads": 200})
         spend  response  average  marginal  cost_per_further
    ads  200.0   60000.0    300.0     100.0              0.01
    """
    curves = _curves(curves)
    spend = _by_channel("spend", spend, curves)
    _inputs.refuse(
        spend == 0, "spend is 0", "leave the channel out: nothing spent has no return per euro",
        index=pd.Index(curves),
    )  # fmt: skip
    marginal = [curve.marginal_return(x) for curve, x in zip(curves.values(), spend, strict=True)]
    response = [curve.response(x) for curve, x in zip(curves.values(), spend, strict=True)]
    table = pd.DataFrame({"spend": spend, "response": response}, index=list(curves))
    table["average"] = table["response"] / table["spend"]
    table["marginal"] = marginal
    return table.assign(cost_per_further=1 / table["marginal"])


def allocate(curves, limit, *, lowest=None, highest=None, method="marginal"):
    r"""Share a budget out among channels so that they bring most together.

    Parameters
    ----------
    curves : dict of HillCurve or ExponentialCurve
        By channel.
    limit : float
        What may be spent on all of them together.
    lowest, highest : Series or dict, optional
        The least and the most for each channel; 0 and no bound when not given. Take the range
        of spending that was seen: outside it a curve is a guess.
    method : {"marginal", "scipy"}, default "marginal"
        "marginal": the rule of equal marginal returns, for curves that only flatten. "scipy":
        `scipy.optimize.minimize` (SLSQP) from many beginnings, for S-shaped curves too.

    Returns
    -------
    DataFrame
        By channel: `spend`, `response`, `marginal`. What is left where all are at their highest
        is not spent.

    Notes
    -----
    At the best spending inside the bounds all marginal returns are equal, to :math:`\mu`; a
    channel at its lowest has less, one at its highest more. "marginal" finds :math:`\mu` by
    bisection. Where a curve is S-shaped, equal marginal returns may be the *worst* spending, so
    the rule is refused.

    Examples
    --------
    >>> curves = {"x": ExponentialCurve(100, 50), "y": ExponentialCurve(60, 20)}
    >>> allocate(curves, 100).round(3)
        spend  response  marginal
    x  65.636    73.091     0.538
    y  34.364    49.237     0.538
    """
    curves = _curves(curves)
    limit = _inputs.number("limit", limit, above=0)
    low, high = _bounds(curves, limit, lowest, highest)
    if _inputs.one_of("method", method, ("marginal", "scipy")) == "marginal":
        bent = [name for name, curve in curves.items() if curve.s_shaped]
        if bent:
            raise ValueError(
                f"the curve of {bent[0]!r} is S-shaped, for which equal marginal returns may be "
                "the worst choice: use method='scipy'"
            )
        spend = _equal_marginal(curves, limit, low, high)
    else:
        spend = _by_scipy(curves, limit, low, high)
    table = pd.DataFrame({"spend": spend}, index=list(curves))
    pairs = list(zip(curves.values(), spend, strict=True))
    table["response"] = [curve.response(x) for curve, x in pairs]
    table["marginal"] = [curve.marginal_return(x) for curve, x in pairs]
    return table


def _equal_marginal(curves, limit, low, high):
    """Return the spending at which the next euro brings the same everywhere, within bounds."""
    if high.sum() <= limit:
        return high

    def spending(wanted):
        """Return each channel's spending at which its marginal return is what is wanted."""
        inside = [curve.spend_at(np.exp(wanted)) for curve in curves.values()]
        return np.clip(inside, low, high)

    least, most = -690.0, 690.0  # logarithms: of the marginal return that all have in common
    for _ in range(80):
        wanted = (least + most) / 2
        least, most = (wanted, most) if spending(wanted).sum() > limit else (least, wanted)
    return spending(most)


def _by_scipy(curves, limit, low, high):
    """Return the best spending that SLSQP finds from many beginnings."""
    from scipy.optimize import minimize

    if high.sum() <= limit:
        return high
    n, room, scale = len(curves), high - low, limit
    rng = np.random.default_rng(0)
    shares = np.vstack([np.full(n, 1 / n), np.eye(n), rng.dirichlet(np.ones(n), 4 * n)])
    best, most = None, -np.inf
    most_possible = max(c.response(float(limit)) for c in curves.values())

    def lost(parts):
        return (
            -sum(
                c.response(float(max(x, 0) * scale))
                for c, x in zip(curves.values(), parts, strict=True)
            )
            / most_possible
        )

    total = {"type": "ineq", "fun": lambda parts: limit / scale - parts.sum()}
    bounds = list(zip(low / scale, high / scale, strict=True))
    for share in shares:
        start = np.minimum(low + share * (limit - low.sum()), low + room) / scale
        found = minimize(
            lost, start, method="SLSQP", bounds=bounds, constraints=total,
            options={"ftol": 1e-13, "maxiter": 300},
        )  # fmt: skip
        parts = np.clip(found.x, low / scale, high / scale)
        if parts.sum() <= limit / scale * (1 + 1e-6) and -lost(parts) > most:
            best, most = parts, -lost(parts)
    return best * scale


# ---------------------------------------------------------------- with what is not known


def budget_advice(drawn, spend, limit, *, lowest=None, highest=None, confidence=0.95):
    """Return what a better split would bring, over curves that are all as likely.

    Parameters
    ----------
    drawn : list of dict of HillCurve or ExponentialCurve
        Such as `ResponseModel.draw_curves` returns. A channel that a draw lacks brings nothing
        in it.
    spend : Series or dict
        What is spent now, by channel.
    limit : float
        What may be spent together.
    lowest, highest : Series or dict, optional
        The least and the most for each channel, as in `allocate`.
    confidence : float, default 0.95
        Confidence of the intervals.

    Returns
    -------
    DataFrame
        By channel: `now`; `advice`, the mean over the draws of the best spending, which keeps to
        limit and bounds; `low` and `high`, between which the best spending lies in so many of the
        draws. In ``attrs``: ``"gain"``, a dict with the gain in conversions of the advice over
        what is spent now, `estimate` (mean over the draws), `ci_low`, `ci_high`, and `better`, the
        share of draws in which the advice brings more.

    Examples
    --------
    >>> drawn = [{"x": HillCurve(100 + d, 50), "y": HillCurve(60 - d, 20)} for d in range(-9, 10)]
    >>> advice = budget_advice(drawn, {"x": 30, "y": 70}, 100)
    >>> advice.round(0)
        now  advice   low  high
    x  30.0    64.0  60.0  68.0
    y  70.0    36.0  32.0  40.0
    """
    if not isinstance(drawn, list | tuple) or not drawn:
        raise TypeError(
            "drawn is not a list of curves: give what ResponseModel.draw_curves returns"
        )
    now = _spending("spend", spend)
    limit = _inputs.number("limit", limit, above=0)
    _inputs.confidence_quantile(confidence)
    best = []
    for curves in drawn:
        if not isinstance(curves, Mapping):
            raise TypeError(
                f"drawn holds {_inputs.name_of_type(curves)}: give a dict of curves for each draw"
            )
        curves = _curves({name: curves.get(name, NOTHING) for name in now.index})
        best.append(_equal_or_scipy(curves, limit, lowest, highest))
    best = pd.DataFrame(best, columns=now.index)
    advice = best.mean()
    gains = np.array([_total(curves, advice) - _total(curves, now) for curves in drawn])
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    table = pd.DataFrame({"now": now, "advice": advice})
    table["low"], table["high"] = (best.quantile(tail) for tail in tails)
    low, high = np.quantile(gains, tails)
    table.attrs["gain"] = {
        "estimate": float(gains.mean()),
        "ci_low": float(low),
        "ci_high": float(high),
        "better": float((gains > 0).mean()),
    }
    return table


NOTHING = HillCurve(1e-9, 1.0)  # a channel that brings nothing


def _equal_or_scipy(curves, limit, lowest, highest):
    method = "scipy" if any(curve.s_shaped for curve in curves.values()) else "marginal"
    return allocate(curves, limit, lowest=lowest, highest=highest, method=method)["spend"]


def _total(curves, spend):
    """Return what channels bring together; one without a curve brings nothing."""
    return sum(curves[name].response(float(x)) for name, x in spend.items() if name in curves)


# ---------------------------------------------------------------- what comes in


def _curves(curves):
    if not isinstance(curves, Mapping) or not curves:
        raise TypeError(
            "curves is not a dict of curves: give one per channel, such as "
            "{'seo': incrementality.HillCurve(ceiling=100, half=50)}"
        )
    for name, curve in curves.items():
        if not isinstance(curve, HillCurve | ExponentialCurve):
            raise TypeError(
                f"the curve of {name!r} is {_inputs.name_of_type(curve)}: give a HillCurve or an "
                "ExponentialCurve"
            )
    return dict(curves)


def _spending(name, value):
    """Return an amount per channel as a Series."""
    if not isinstance(value, Mapping | pd.Series):
        raise TypeError(f"{name} is {_inputs.name_of_type(value)}: give an amount per channel")
    series = pd.Series(value)
    if not series.index.is_unique:
        raise ValueError(f"{name} names a channel twice: give one amount for each")
    (amounts,), _ = _inputs.amounts(**{name: series})
    return pd.Series(amounts, index=series.index)


def _by_channel(name, value, curves):
    """Return an amount per channel, in the order of the curves."""
    series = _spending(name, value)
    for channel in curves:
        _inputs.need_known(channel, series.index, f"channel in {name}")
    return series[list(curves)].to_numpy()


def _bounds(curves, limit, lowest, highest):
    n = len(curves)
    low = np.zeros(n) if lowest is None else _by_channel("lowest", lowest, curves)
    high = np.full(n, limit) if highest is None else _by_channel("highest", highest, curves)
    remedy = "give a range for every channel"
    _inputs.refuse(low > high, "lowest is above highest", remedy, low, high, index=pd.Index(curves))
    if low.sum() > limit:
        raise ValueError(
            f"lowest makes {low.sum():g} in all and limit is {limit:g}: raise the limit, or lower "
            "what is spent at least"
        )
    return low, np.minimum(high, limit)


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="cost_per_further_conversion",
        formula=r"1 / r'(x)",
        numerator="the next euro",
        denominator="conversions that it brings",
        unit="EUR per conversion",
        window="a week at constant spending",
        function="funnelkit.incrementality.returns",
        example=Example(
            {"curves": {"ads": HillCurve(90_000, 100)}, "spend": {"ads": 200}},
            1,
            100,
            ("ads", "cost_per_further"),
        ),
    ),
)
