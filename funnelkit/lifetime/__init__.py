"""What a customer is worth: from retention, and predicted from a history of purchases.

A customer's lifetime value is the margin still expected of them, each part of it counted with the
chance that they are still there and with what waiting for it costs. Margins are EUR per period,
retention is the share that stays from one period to the next, the discount rate is per period too:
where margins are monthly, all three are.
"""

from funnelkit.lifetime import prediction, purchases, spending, value
from funnelkit.lifetime.prediction import predict_clv
from funnelkit.lifetime.purchases import (
    BetaGeo,
    expected_purchases,
    probability_alive,
    rfm_summary,
)
from funnelkit.lifetime.spending import GammaGamma, expected_spend
from funnelkit.lifetime.value import (
    clv,
    clv_from_survival,
    lorenz,
    margin_multiple,
    payback_with_churn,
    periodic_rate,
    value_curve,
)

__all__ = [
    "BetaGeo",
    "GammaGamma",
    "METRICS",
    "clv",
    "clv_from_survival",
    "expected_purchases",
    "expected_spend",
    "lorenz",
    "margin_multiple",
    "payback_with_churn",
    "periodic_rate",
    "predict_clv",
    "probability_alive",
    "rfm_summary",
    "value_curve",
]

METRICS = (*value.METRICS, *purchases.METRICS, *spending.METRICS, *prediction.METRICS)


def __dir__():
    return __all__
