"""What a customer is worth: from retention, and predicted from a history of purchases.

A customer's lifetime value is the margin still expected of them, each part of it counted with the
chance that they are still there and with what waiting for it costs. Margins are EUR of a period,
retention is the share that stays from one period to the next, the discount rate is per period too:
where margins are monthly, all three are.
"""

from funnelkit.lifetime.purchases import METRICS as _PURCHASES
from funnelkit.lifetime.purchases import (
    BetaGeo,
    GammaGamma,
    expected_purchases,
    expected_spend,
    predict_clv,
    probability_alive,
    rfm_summary,
)
from funnelkit.lifetime.value import METRICS as _VALUE
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

METRICS = (*_VALUE, *_PURCHASES)
