"""What each customer is expected to be worth: purchases and spend put together."""

import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric
from funnelkit.lifetime.purchases import BetaGeo
from funnelkit.lifetime.spending import GammaGamma

__all__ = ["METRICS", "predict_clv"]


def __dir__():
    return __all__


def predict_clv(summary, purchases, spend, *, horizon, discount=0.0, margin=1.0):
    r"""Return what each customer is expected to be worth in the time ahead.

    Parameters
    ----------
    summary : DataFrame
        What `rfm_summary` returns.
    purchases : BetaGeo
        A fitted model of purchases.
    spend : GammaGamma
        A fitted model of spend.
    horizon : int
        How many units of time are counted.
    discount : float, default 0
        Discount rate of one unit of time, a fraction; see `periodic_rate`.
    margin : float, default 1
        Share of the amounts that is left when delivery is paid, a fraction.

    Returns
    -------
    DataFrame
        One row per customer: `probability_alive`; `purchases` (expected in the horizon); `spend`
        (expected in a purchase); `clv` (expected margin of the horizon, in money of today).

    Notes
    -----
    With :math:`E_k` the purchases expected in the first :math:`k` units, what is bought in a unit
    being paid at its end, and :math:`m` the margin of a purchase,

    .. math:: \sum_{k=1}^{n} \frac{(E_k - E_{k-1})\, m}{(1 + d)^k}

    Examples
    --------
    >>> customers = pd.DataFrame(
    ...     {"frequency": [2, 0], "t_x": [30.43, 0], "T": [38.86, 38.86], "mean_amount": [50, None]}
    ... )
    >>> bought = BetaGeo.with_parameters(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> spent = GammaGamma.with_parameters(p=6.25, q=3.74, gamma=15.44)
    >>> predict_clv(customers, bought, spent, horizon=39, discount=0.002).round(2)
       probability_alive  purchases  spend    clv
    0               0.73       1.23  47.34  55.91
    1               1.00       0.20  35.22   6.61
    """
    horizon = _inputs.whole("horizon", horizon, at_most=10_000)
    for name, model, kind in (("purchases", purchases, BetaGeo), ("spend", spend, GammaGamma)):
        if not isinstance(model, kind):
            raise TypeError(f"{name} is a {type(model).__name__}: give a fitted {kind.__name__}")
    margin = _inputs.amount("margin", margin)
    _inputs.need_fractions("margin", margin)
    counted = purchases.discounted_purchases(horizon, summary, discount=discount)
    table = pd.DataFrame(
        {
            "probability_alive": purchases.probability_alive(summary),
            "purchases": purchases.expected_purchases(float(horizon), summary),
            "spend": spend.expected_spend(summary),
        }
    )
    return table.assign(clv=counted * table["spend"] * margin)


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="mae",
        formula=r"\frac{\sum_i |\hat y_i - y_i|}{n}",
        numerator="sum of the absolute errors",
        denominator="customers",
        unit="purchases per customer",
        window="the test period",
        function="sklearn.metrics.mean_absolute_error",
        example=Example({"y_true": [0, 0, 1, 6], "y_pred": [0, 0, 1, 2]}, 4, 4),
    ),
    Metric(
        name="rmse",
        formula=r"\sqrt{\frac{\sum_i (\hat y_i - y_i)^2}{n}}",
        numerator="root of the sum of the squared errors",
        denominator="root of the number of customers",
        unit="purchases per customer",
        window="the test period",
        function="sklearn.metrics.root_mean_squared_error",
        example=Example({"y_true": [0, 0, 1, 6], "y_pred": [0, 0, 1, 2]}, 4, 2),
    ),
)
