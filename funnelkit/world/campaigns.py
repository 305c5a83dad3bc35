"""A week's campaign on the simulator: what its settings earn, and what one week shows of it.

Nothing here is a table of the world: the school asks the simulator what a week would bring at
settings of its choice, as a company would try them in the market. The parameters are
``MODEL["campaign"]``, and so in ``datasets/truth.json``.
"""

import numpy as np

from funnelkit import _inputs
from funnelkit.world.model import MODEL

__all__ = ["CAMPAIGN_BOUNDS", "campaign_profit", "try_campaign"]

CAMPAIGN_BOUNDS = {"mails": (0, 7), "discount": (0.0, 0.4), "social": (0.0, 1.0)}


def campaign_profit(mails, discount, social):
    r"""Return what a week's campaign earns on average: the truth that no company sees.

    Parameters
    ----------
    mails : number or array
        Mails to each lead in the week, 0 to 7.
    discount : number or array
        The discount offered, as a fraction of the price, 0 to 0.4.
    social : number or array
        Share of the advertising budget that goes to social ads, the rest to search, 0 to 1.

    Returns
    -------
    float or array
        Contribution in EUR: margin of the customers won, less the fixed cost of the week.

    Notes
    -----
    Each channel brings leads with diminishing returns to its share of the budget. A lead of
    channel :math:`c` buys with log-odds

    .. math:: b_c + g_c (1 - e^{-d / h}) - q \, (m - m_0 - x d)^2

    at :math:`m` mails and discount :math:`d`: mails without an offer annoy, and a good offer bears
    more of them. That is the interaction. Each customer pays the price less the discount.

    Examples
    --------
    >>> round(campaign_profit(4, 0.2, 0.75))
    3920
    """
    m = _inputs.finite("mails", mails)
    d = _inputs.finite("discount", discount)
    s = _inputs.finite("social", social)
    for name, values in (("mails", m), ("discount", d), ("social", s)):
        low, high = CAMPAIGN_BOUNDS[name]
        outside = (values < low) | (values > high)
        _inputs.refuse(outside, f"{name} is outside {low} to {high}", "stay within", values)
    model = MODEL["campaign"]
    fit = model["tired"] * (m - model["mails"] - model["mails_per_discount"] * d) ** 2
    customers = 0.0
    for channel, share in (("social_ads", s), ("search", 1 - s)):
        ads = model["channels"][channel]
        leads = ads["leads"] * share * (1 + ads["half"]) / (share + ads["half"])
        wish = ads["base"] + ads["gain"] * (1 - np.exp(-d / model["discount_scale"])) - fit
        customers = customers + leads / (1 + np.exp(-wish))
    earned = customers * model["price"] * (model["margin"] - d) - model["fixed_cost"]
    return earned if np.ndim(earned) else float(earned)


def try_campaign(mails, discount, social, *, rng=None):
    """Try settings for a week and return what it earned: the average, and a week's luck.

    Parameters
    ----------
    mails, discount, social : number or array
        As for `campaign_profit`.
    rng : numpy.random.Generator or int, optional
        Where the week's luck comes from. The same seed gives the same luck.

    Returns
    -------
    float or array
        EUR, in whole euros. The luck is normal with a standard deviation of ``noise``, about a
        quarter of that of `campaign_profit` over all settings.

    Examples
    --------
    >>> try_campaign(4, 0.2, 0.75, rng=1)
    4031.0
    """
    earned = campaign_profit(mails, discount, social)
    luck = _inputs.random_generator(rng).normal(0.0, MODEL["campaign"]["noise"], np.shape(earned))
    result = np.round(earned + luck)
    return result if np.ndim(result) else float(result)
