"""Predicting what customers spend in a purchase: Gamma-Gamma.

It takes the summary that `funnelkit.lifetime.rfm_summary` makes. Input is checked as
`funnelkit._inputs` says.
"""

import warnings
from functools import partial

import numpy as np

from funnelkit import _inputs
from funnelkit._fitting import minimise
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "GammaGamma", "expected_spend"]


def __dir__():
    return __all__


# ---------------------------------------------------------------- what the model expects


def expected_spend(frequency, mean_amount, *, p, q, gamma):
    r"""Return what a customer spends in a purchase, under the Gamma-Gamma model.

    If `q` is above 1, it lies between the customer's own mean so far and the mean of all
    customers; the more purchases the former is made of, the nearer to it.

    Parameters
    ----------
    frequency : int, array or Series of int
        Purchases that the mean is made of, :math:`x`.
    mean_amount : float, array or Series of float
        Their mean amount, :math:`\bar z`; missing where there are none.
    p, q, gamma : float
        Parameters of the model; `gamma` is in the unit of the amounts.

    Returns
    -------
    float, array or Series of float
        Expected mean amount of a purchase, in the unit of the amounts.

    Raises
    ------
    ValueError
        If :math:`p x + q \le 1` for a customer: amounts with so heavy a tail have no mean. For
        customers without a purchase that is :math:`q \le 1`.

    Notes
    -----
    .. math:: \frac{p\,(\gamma + x \bar z)}{p x + q - 1}

    for :math:`p x + q > 1`. If :math:`q > 1`, it is a weighted average of :math:`\bar z` and the
    mean of all customers, :math:`p \gamma / (q - 1)`, with the weights :math:`p x` and
    :math:`q - 1`.

    References
    ----------
    P. S. Fader and B. G. S. Hardie (2013), "The Gamma-Gamma model of monetary value".

    Examples
    --------
    A customer who spent 100 once, and one who spent 100 on average of ten purchases, where the
    mean of all customers is 35:

    >>> [round(expected_spend(x, 100, p=6.25, q=3.74, gamma=15.44), 1) for x in (1, 10)]
    [80.3, 97.3]
    """
    index = _inputs.aligned(frequency=frequency, mean_amount=mean_amount)
    x, z = _spending(frequency, mean_amount)
    p, q, gamma = _inputs.positive(p=p, q=q, gamma=gamma)
    _inputs.refuse(
        p * x + q <= 1,
        f"p * frequency + q is not above 1 (p = {p:.4g}, q = {q:.4g}), so the mean is infinite",
        "leave these customers out; those who bought more often may still have a finite mean",
        x,
        index=index,
        unit="customers",
    )
    with np.errstate(all="ignore"):  # what overflows is refused
        spend = p * (gamma + x * z) / (p * x + q - 1)
    return _inputs.dress(index)(_inputs.computable("the expected spend", spend, index=index))


# ---------------------------------------------------------------- the model


class GammaGamma:
    r"""Gamma-Gamma model of what customers spend in a purchase.

    The amounts of a customer have a gamma distribution with shape `p` around a mean of their own;
    over customers the means have an inverse-gamma distribution, and they do not depend on how
    often the customer buys.

    Attributes
    ----------
    p_, q_ : float
        Shapes of the two distributions.
    gamma_ : float
        Scale of the second, in the unit of the amounts. The mean of all customers is
        ``p_ * gamma_ / (q_ - 1)``, if ``q_ > 1``; else it is infinite.
    loglik_ : float
        Log-likelihood of the data to which it was fitted, in the data's own unit of money.
    n_customers_ : int
        To how many customers it was fitted: those with at least one repeat purchase.
    correlation_ : float
        Pearson's correlation of frequency and mean amount over these customers.

    Notes
    -----
    The likelihood of a customer with the mean :math:`\bar z` of :math:`x` purchases is

    .. math:: \frac{\Gamma(p x + q)}{\Gamma(p x)\,\Gamma(q)}
              \frac{\gamma^q\, \bar z^{\,p x - 1}\, x^{p x}}{(\gamma + x \bar z)^{p x + q}}

    References
    ----------
    P. S. Fader and B. G. S. Hardie (2013), "The Gamma-Gamma model of monetary value".

    Examples
    --------
    >>> import pandas as pd
    >>> model = GammaGamma.with_parameters(p=6.25, q=3.74, gamma=15.44)
    >>> customers = pd.DataFrame({"frequency": [10, 0], "mean_amount": [100, None]})
    >>> model.expected_spend(customers).round(2).tolist()
    [97.28, 35.22]
    """

    @classmethod
    def with_parameters(cls, *, p, q, gamma):
        """Return a model whose parameters are known, without fitting.

        Parameters
        ----------
        p, q, gamma : float
            The parameters, each above 0.

        Returns
        -------
        GammaGamma
        """
        model = cls()
        model.p_, model.q_, model.gamma_ = _inputs.positive(p=p, q=q, gamma=gamma)
        return model

    @property
    def parameters_(self):
        """The three parameters by name, as `expected_spend` takes them."""
        if not hasattr(self, "p_"):
            raise ValueError("this model has no parameters yet: call .fit(summary) first")
        return {"p": self.p_, "q": self.q_, "gamma": self.gamma_}

    def fit(self, summary):
        """Estimate the parameters by maximum likelihood, from customers who bought again.

        Parameters
        ----------
        summary : DataFrame
            What `rfm_summary` returns; `frequency` and `mean_amount` are used.

        Returns
        -------
        GammaGamma
            Itself.

        Raises
        ------
        ValueError
            If the data cannot identify the model: too few bought again, or all alike.

        Warns
        -----
        UserWarning
            If frequency and mean amount are correlated by 0.15 or more, beyond chance (p < 0.05):
            the model takes them to be independent. And if `q_` is not above 1, so that the mean of
            all customers is infinite.
        """
        _inputs.need_columns(summary, ["frequency", "mean_amount"], "summary")
        x, z = _spending(summary["frequency"], summary["mean_amount"])
        x, z = x[x > 0], z[x > 0]
        if x.size < 3:
            raise ValueError(
                f"{x.size} customers bought again, and three parameters are to be learnt: "
                "collect more"
            )
        spread = x.std() > 0 and z.std() > 0
        self.correlation_ = float(np.corrcoef(x, z)[0, 1]) if spread else 0.0
        _warn_if_correlated(self.correlation_, x.size)
        unit = float(z.mean())
        cost = _gamma_gamma_cost(x, z / unit)
        theta = minimise(cost, np.log([2.0, 3.0, 1.0]), ("p", "q", "gamma"), x.size)
        p, q, gamma = np.exp(theta)
        self.p_, self.q_, self.gamma_ = map(float, (p, q, gamma * unit))
        _warn_if_infinite(self.p_, self.q_)
        self.n_customers_ = x.size
        self.loglik_ = self.log_likelihood(summary)
        return self

    def log_likelihood(self, summary):
        """Return the log-likelihood of a table of customers, in its own unit of money.

        Parameters
        ----------
        summary : DataFrame
            What `rfm_summary` returns; customers without a repeat purchase say nothing.

        Returns
        -------
        float
        """
        _inputs.need_columns(summary, ["frequency", "mean_amount"], "summary")
        x, z = _spending(summary["frequency"], summary["mean_amount"])
        x, z = x[x > 0], z[x > 0]
        if not x.size:
            raise ValueError("nobody bought again: no customer here says anything of the model")
        theta = np.log(list(self.parameters_.values()))
        return -float(_gamma_gamma_cost(x, z)(theta)[0]) * x.size

    def expected_spend(self, summary):
        """Return what each customer is expected to spend in a purchase.

        Parameters
        ----------
        summary : DataFrame
            What `rfm_summary` returns.

        Returns
        -------
        Series
            With the index of the table, in the unit of the amounts; see `expected_spend`, the
            function.
        """
        _inputs.need_columns(summary, ["frequency", "mean_amount"], "summary")
        columns = (summary[name] for name in ("frequency", "mean_amount"))
        return expected_spend(*columns, **self.parameters_).rename("spend")

    def __repr__(self):
        if not hasattr(self, "p_"):
            return "GammaGamma(), not fitted"
        return "GammaGamma(" + ", ".join(f"{k}={v:.4g}" for k, v in self.parameters_.items()) + ")"


def _spending(frequency, mean_amount):
    """Check numbers of purchases and their mean amounts; return arrays, 0 where there is none."""
    index = _inputs.aligned(frequency=frequency, mean_amount=mean_amount)
    (x,), _ = _inputs.amounts(frequency=frequency)
    given = np.nan if mean_amount is None else mean_amount
    z = _inputs.numbers("mean_amount", given, missing="keep")
    try:
        x, z = np.broadcast_arrays(x, z)
    except ValueError:
        raise ValueError(
            f"there are {x.size:,} of frequency and {z.size:,} of mean_amount: give as many of "
            "one as of the other"
        ) from None
    missing, z = np.isnan(z), np.nan_to_num(z, posinf=np.inf, neginf=-np.inf)
    refuse = partial(_inputs.refuse, index=index, unit="customers")
    refuse(x != np.floor(x), "frequency is not a whole number", "count repeat purchases", x)
    refuse(
        (x > 0) & missing,
        "frequency is above 0 and mean_amount is missing",
        "give the mean of the repeat purchases",
        x,
    )
    refuse(
        (x > 0) & (z <= 0),
        "mean_amount is 0 or negative",
        "the model is of positive amounts; leave gifts out before making the summary, and take "
        "what was paid back off its purchase",
        z,
    )
    refuse(np.isinf(z), "mean_amount is infinite", "leave it out", z)
    refuse(
        (x == 0) & (z != 0),
        "frequency is 0 and there is a mean_amount",
        "the first purchase is left out of the mean: then mean_amount is missing",
        z,
    )
    return x, z


def _gamma_gamma_cost(x, z):
    """Return a function that gives minus the mean log-likelihood, and its gradient."""
    from scipy.special import gammaln, psi

    total, log_z, log_x = x * z, np.log(z), np.log(x)

    def cost(theta):
        p, q, gamma = np.exp(theta)
        px, log_sum = p * x, np.log(gamma + total)
        value = (
            gammaln(px + q)
            - gammaln(px)
            - gammaln(q)
            + q * np.log(gamma)
            + (px - 1) * log_z
            + px * log_x
            - (px + q) * log_sum
        )
        by_p = x * (psi(px + q) - psi(px) + log_z + log_x - log_sum)
        by_q = psi(px + q) - psi(q) + np.log(gamma) - log_sum
        by_gamma = q / gamma - (px + q) / (gamma + total)
        gradient = np.array([p * by_p.mean(), q * by_q.mean(), gamma * by_gamma.mean()])
        return -value.mean(), -gradient

    return cost


def _warn_if_correlated(correlation, n):
    """Warn where frequency and mean amount hang together more than the model allows."""
    beyond_chance = n > 3 and abs(np.arctanh(np.clip(correlation, -0.999999, 0.999999))) > (
        1.96 / np.sqrt(n - 3)
    )
    if abs(correlation) >= 0.15 and beyond_chance:
        more = "more" if correlation > 0 else "less"
        warnings.warn(
            f"frequency and mean amount are correlated ({correlation:.2f} over {n:,} customers): "
            f"those who buy more often spend {more} in a purchase, and Gamma-Gamma takes the two "
            "to be independent. Look for the group that does this. Of its customers who came back, "
            "the own mean counts most; for those who did not, take what people like them paid in "
            "their first purchase, since no fit of those who came back tells it.",
            UserWarning,
            stacklevel=3,
        )


def _warn_if_infinite(p, q):
    """Warn where the mean of all customers does not exist."""
    if q <= 1:
        warnings.warn(
            f"q is {q:.3g}, not above 1: so fitted, the mean of all customers is infinite, and so "
            f"is that of customers with fewer than {(1 - q) / p:.3g} purchases. A few huge amounts "
            "may do this: look at the largest, and fit again without those that are of another "
            "kind.",
            UserWarning,
            stacklevel=3,
        )


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="expected_spend",
        formula=r"\frac{p (\gamma + x \bar z)}{p x + q - 1}",
        numerator="spent so far, and the model's prior amount",
        denominator="purchases so far, and the model's prior weight",
        unit="EUR per purchase, by Gamma-Gamma",
        window="repeat purchases so far",
        function="funnelkit.lifetime.expected_spend",
        example=Example({"frequency": 2, "mean_amount": 40, "p": 6, "q": 4, "gamma": 15}, 570, 15),
    ),
)
