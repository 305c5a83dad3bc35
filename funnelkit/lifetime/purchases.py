"""Predicting purchases and spending from a log of orders: BG/NBD and Gamma-Gamma."""

import math
from functools import partial

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = [
    "METRICS",
    "BetaGeo",
    "GammaGamma",
    "expected_purchases",
    "expected_spend",
    "predict_clv",
    "probability_alive",
    "rfm_summary",
]

# ---- predicting purchases


def rfm_summary(
    purchases,
    *,
    observed_until,
    unit="7D",
    customer="customer_id",
    date="date",
    amount="amount",
):
    """Summarise each customer's purchases by how recent, how many and how large they were.

    Time is counted from the customer's own first purchase. What was bought on one day counts as
    one purchase. The first purchase makes somebody a customer and is no repeat, so `frequency`
    begins at 0 and `mean_amount` leaves the first purchase out.

    Parameters
    ----------
    purchases : DataFrame
        One row a purchase.
    observed_until : str or Timestamp
        The last day on which purchases could be seen. It is not the day of the last purchase:
        that nobody bought since then is a part of the data.
    unit : str or Timedelta, default "7D"
        What times are measured in; with the default, weeks (days / 7, not rounded).
    customer, date, amount : str
        Names of the columns. ``amount=None`` leaves the money out.

    Returns
    -------
    DataFrame
        One row a customer, in order of the index: `frequency` (repeat purchases), `t_x` (age at
        the last purchase, in units; 0 without a repeat; high is good), `T` (age at
        `observed_until`, in units) and, in the unit of the amounts, `mean_amount` (mean of the
        repeat purchases; missing without one). ``attrs["unit"]`` repeats the unit.

    Raises
    ------
    TypeError
        If `purchases` is no DataFrame, dates are no dates, or amounts no numbers.
    ValueError
        If a column or a value is missing, the table has no rows, an amount is negative or
        infinite, a date lies after `observed_until`, one of these has a time zone, or `unit` is
        no duration.

    See Also
    --------
    BetaGeo, GammaGamma : the models that take this table.

    Notes
    -----
    Much software calls `t_x` "recency". In other software and in segmentation recency is the time
    *since* the last purchase, ``T - t_x``, and low is good.

    Examples
    --------
    >>> purchases = pd.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "ann", "ben"],
    ...         "date": pd.to_datetime(["2026-01-01", "2026-01-15", "2026-01-15", "2026-01-29"]),
    ...         "amount": [50.0, 20.0, 10.0, 80.0],
    ...     }
    ... )
    >>> rfm_summary(purchases, observed_until="2026-02-12")
                 frequency  t_x    T  mean_amount
    customer_id
    ann                  1  2.0  6.0         30.0
    ben                  0  0.0  2.0          NaN
    """
    money = [] if amount is None else [amount]
    _inputs.need_columns(purchases, [customer, date, *money], "purchases")
    if purchases.empty:
        raise ValueError("purchases has no rows: there is nobody to summarise")
    times = purchases[date]
    if not pd.api.types.is_datetime64_any_dtype(times):
        raise TypeError(
            f"column {date!r} holds {times.dtype}, not times: convert with pd.to_datetime"
        )
    if getattr(times.dt, "tz", None) is not None:
        raise ValueError(
            f"column {date!r} has a time zone: "
            "convert with .dt.tz_convert('UTC').dt.tz_localize(None)"
        )
    index = purchases.index
    _inputs.refuse(
        times.isna(),
        f"column {date!r} is missing",
        "a customer without a purchase has no age and no history: leave these rows out",
        index=index,
    )
    _inputs.refuse(
        purchases[customer].isna(),
        f"column {customer!r} is missing",
        "a purchase has to be somebody's: fill or leave out these rows",
        index=index,
    )
    end = pd.Timestamp(observed_until)
    if pd.isna(end):
        raise ValueError("observed_until is missing: give the last day that was observed")
    if end.tz is not None:
        raise ValueError(f"observed_until is {end}, with a time zone: give the day alone")
    end = end.normalize()
    late = times.dt.normalize() > end
    _inputs.refuse(
        late,
        f"column {date!r} lies after observed_until, {end:%Y-%m-%d},",
        "leave later purchases out, they belong to the time to be predicted; or mend the dates",
        index=index,
    )
    step = _inputs.duration("unit", unit)
    if step == pd.Timedelta(0):
        raise ValueError("unit is 0: give a duration such as '7D'")
    days = pd.DataFrame({customer: purchases[customer], date: times.dt.normalize()})
    if money:
        paid = _inputs.numbers(f"column {amount!r}", purchases[amount])
        _inputs.refuse(
            paid < 0,
            f"column {amount!r} is negative",
            "take what was paid back off its purchase, and leave out what was paid back in full",
            paid,
            index=index,
        )
        _inputs.refuse(
            np.isinf(paid), f"column {amount!r} is infinite", "leave it out", index=index
        )
        days["paid"] = paid
    merged = days.groupby([customer, date], observed=True, as_index=False).sum()
    of_customer = merged.groupby(customer, observed=True)
    first, last = of_customer[date].min(), of_customer[date].max()
    summary = pd.DataFrame(
        {
            "frequency": of_customer.size() - 1,
            "t_x": (last - first) / step,
            "T": (end - first) / step,
        }
    )
    if money:
        repeats = merged[merged[date] > merged[customer].map(first)]
        summary["mean_amount"] = repeats.groupby(customer, observed=True)["paid"].mean()
    summary.attrs["unit"] = str(unit)
    return summary


def probability_alive(frequency, t_x, T, *, r, alpha, a, b):  # noqa: N803
    r"""Return the probability that a customer is still active, under the BG/NBD model.

    Parameters
    ----------
    frequency : int, array or Series of int
        Repeat purchases, :math:`x`.
    t_x, T : float, array or Series of float
        Age at the last purchase and age today, in units of time.
    r, alpha, a, b : float
        Parameters of the model; `alpha` is in units of time.

    Returns
    -------
    float, array or Series of float
        A probability. It is 1 without a repeat purchase, since in this model one can leave only
        right after one.

    Raises
    ------
    TypeError
        If a value is not a number.
    ValueError
        If a history is impossible (see `BetaGeo`) or a parameter is not above 0.

    Notes
    -----
    .. math:: \left[1 + \delta_{x > 0} \frac{a}{b + x - 1}
              \left(\frac{\alpha + T}{\alpha + t_x}\right)^{r + x}\right]^{-1}

    References
    ----------
    P. S. Fader, B. G. S. Hardie and K. L. Lee (2005), "'Counting your customers' the easy way",
    *Marketing Science* 24(2), and their note on computing it.

    Examples
    --------
    Two customers who last bought at the age of 20 weeks, seen at 39. To one who buys as often as
    the second, nineteen silent weeks are very long:

    >>> cdnow = dict(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> [round(probability_alive(x, 20, 39, **cdnow), 2) for x in (1, 8)]
    [0.6, 0.09]
    """
    x, t_x, age, like_input = _history(frequency, t_x, T)
    r, alpha, a, b = _inputs.positive(r=r, alpha=alpha, a=a, b=b)
    return like_input(_alive(x, t_x, age, r, alpha, a, b))


def expected_purchases(horizon, frequency=0, t_x=0.0, T=0.0, *, r, alpha, a, b):  # noqa: N803
    r"""Return how many purchases a customer will make in the time ahead, under BG/NBD.

    Parameters
    ----------
    horizon : float, array or Series of float
        Length of the time ahead, in units of time.
    frequency : int, array or Series of int, default 0
        Repeat purchases so far, :math:`x`.
    t_x, T : float, array or Series of float, default 0
        Age at the last purchase and age today. With the defaults the customer is new, and it is
        repeat purchases since the first one that are expected.
    r, alpha, a, b : float
        Parameters of the model; `alpha` is in units of time.

    Returns
    -------
    float, array or Series of float
        Expected number of purchases in the next `horizon` units.

    Raises
    ------
    TypeError
        If a value is not a number.
    ValueError
        If a history is impossible (see `BetaGeo`), the horizon is negative, or a parameter is not
        above 0.

    Notes
    -----
    The probability of being alive times what a live customer is expected to buy. With
    :math:`r' = r + x`, :math:`\alpha' = \alpha + T`, :math:`b' = b + x` and
    :math:`z = t / (\alpha' + t)`, the latter is

    .. math:: \frac{a + b' - 1}{a - 1}
              \left[1 - (1 - z)^{r'} {}_2F_1(r', b'; a + b' - 1; z)\right]

    It is computed after Euler's transformation of :math:`{}_2F_1`, which keeps its arguments
    small. At :math:`a = 1` and :math:`a + b' = 1`, where the formula is 0/0, the limit is taken.

    References
    ----------
    P. S. Fader, B. G. S. Hardie and K. L. Lee (2005), "'Counting your customers' the easy way",
    *Marketing Science* 24(2), equation 10.

    Examples
    --------
    A customer of CDNOW with 2 repeat purchases, the last at 30.43 weeks, seen at 38.86 weeks, in
    the next 39 weeks:

    >>> cdnow = dict(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> round(expected_purchases(39, 2, 30.43, 38.86, **cdnow), 3)
    1.226
    """
    x, t_x, age, like_history = _history(frequency, t_x, T)
    r, alpha, a, b = _inputs.positive(r=r, alpha=alpha, a=a, b=b)
    (ahead,), like_horizon = _inputs.amounts(horizon=horizon)
    try:
        x, t_x, age, ahead = np.broadcast_arrays(x, t_x, age, ahead)
    except ValueError:
        raise ValueError(
            f"there are {ahead.size:,} horizons and {x.size:,} customers: give one horizon, or "
            "one for each"
        ) from None
    series = isinstance(horizon, pd.Series) and not isinstance(frequency, pd.Series)
    number = _alive(x, t_x, age, r, alpha, a, b) * _purchases_if_alive(
        ahead, r + x, alpha + age, a, b + x
    )
    return (like_horizon if series else like_history)(number)


def expected_spend(frequency, mean_amount, *, p, q, gamma):
    r"""Return what a customer spends in a purchase, under the Gamma-Gamma model.

    It lies between the customer's own mean so far and the mean of all customers, the nearer to
    the former the more purchases it is made of.

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
    TypeError
        If a value is not a number.
    ValueError
        If there are purchases and no mean, or the other way round, a mean is 0 or negative, a
        parameter is not above 0, or there is somebody without a purchase and `q` is not above 1,
        so that the mean of all customers is infinite.

    Notes
    -----
    .. math:: \frac{p\,(\gamma + x \bar z)}{p x + q - 1}

    which is a weighted average of :math:`\bar z` and the mean of all customers,
    :math:`p \gamma / (q - 1)`, with the weights :math:`p x` and :math:`q - 1`.

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
    x, z, like_input = _spending(frequency, mean_amount)
    p, q, gamma = _inputs.positive(p=p, q=q, gamma=gamma)
    _inputs.refuse(
        (x == 0) & (q <= 1),
        f"q is {q:.4g}, not above 1, and there are no purchases",
        "the mean of all customers is infinite; leave these customers out",
    )
    return like_input(p * (gamma + x * z) / (p * x + q - 1))


class BetaGeo:
    r"""BG/NBD model of repeat purchases where nobody says when they leave.

    Each customer buys at random, at a rate of their own, as long as they are active, and becomes
    inactive for good after any repeat purchase with a probability of their own. Over customers
    the rates have a gamma distribution and the probabilities a beta distribution, independent of
    each other.

    Attributes
    ----------
    r_, alpha_ : float
        Shape and rate of the gamma distribution: the mean rate is ``r_ / alpha_`` purchases per
        unit of time. `alpha_` is in units of time.
    a_, b_ : float
        Of the beta distribution: the mean probability to leave is ``a_ / (a_ + b_)``.
    loglik_ : float
        Log-likelihood of the data to which it was fitted, in the data's own unit of time.
    n_customers_ : int
        To how many customers it was fitted.

    Notes
    -----
    With :math:`x` repeat purchases, the last at the age :math:`t_x`, and the age :math:`T`, the
    likelihood of a customer is

    .. math:: \frac{B(a, b + x)}{B(a, b)} \frac{\Gamma(r + x)\,\alpha^r}{\Gamma(r)}
              \left[\frac{1}{(\alpha + T)^{r + x}} + \delta_{x > 0} \frac{a}{b + x - 1}
              \frac{1}{(\alpha + t_x)^{r + x}}\right]

    The first term in brackets is that of a customer who is still active, the second that of one
    who left after the last purchase. It is maximised over the logarithms of the parameters, with
    the exact gradient; customers with the same history are counted and computed once.

    A history is impossible, and refused, if `frequency` is no whole number from 0 up, if `t_x` is
    negative, above `T`, 0 with repeat purchases or not 0 without.

    References
    ----------
    P. S. Fader, B. G. S. Hardie and K. L. Lee (2005), "'Counting your customers' the easy way: an
    alternative to the Pareto/NBD model", *Marketing Science* 24(2), 275-284.

    Examples
    --------
    >>> model = BetaGeo.with_parameters(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> customers = pd.DataFrame({"frequency": [2, 0], "t_x": [30.43, 0], "T": [38.86, 38.86]})
    >>> model.expected_purchases(39, customers).round(3).tolist()
    [1.226, 0.195]
    """

    @classmethod
    def with_parameters(cls, *, r, alpha, a, b):
        """Return a model whose parameters are known, without fitting.

        Parameters
        ----------
        r, alpha, a, b : float
            The parameters, each above 0.

        Returns
        -------
        BetaGeo

        Raises
        ------
        TypeError
            If a parameter is not a number.
        ValueError
            If a parameter is not above 0.
        """
        model = cls()
        model.r_, model.alpha_, model.a_, model.b_ = _inputs.positive(r=r, alpha=alpha, a=a, b=b)
        return model

    @property
    def parameters_(self):
        """The four parameters by name, as the functions of this module take them."""
        if not hasattr(self, "r_"):
            raise ValueError("this model has no parameters yet: call .fit(summary) first")
        return {"r": self.r_, "alpha": self.alpha_, "a": self.a_, "b": self.b_}

    def fit(self, summary):
        """Estimate the parameters by maximum likelihood.

        Parameters
        ----------
        summary : DataFrame
            What `rfm_summary` returns; `frequency`, `t_x` and `T` are used.

        Returns
        -------
        BetaGeo
            Itself.

        Raises
        ------
        TypeError
            If `summary` is no DataFrame or a column holds no numbers.
        ValueError
            If a column is missing, a history is impossible, or the data cannot identify the
            model: nobody bought again, nobody's silence is long enough to tell leaving from
            waiting, or there are too few customers.
        """
        x, t_x, age = _columns_of(summary)
        if not x.any():
            raise ValueError(
                f"none of the {x.size:,} customers bought again: without repeat purchases nothing "
                "can be learnt of how often they buy, or when they leave"
            )
        unit = float(age.mean())  # so that no parameter is far from 1
        rows, counts = _distinct(x, t_x / unit, age / unit)
        cost = _bg_nbd_cost(*rows, counts)
        names = ("r", "alpha", "a", "b")
        theta = _minimise(cost, np.log([0.5, 0.5, 0.8, 2.5]), names, x.size)
        r, alpha, a, b = np.exp(theta)
        self.r_, self.alpha_, self.a_, self.b_ = map(float, (r, alpha * unit, a, b))
        self.n_customers_ = x.size
        self.loglik_ = self.log_likelihood(summary)
        return self

    def log_likelihood(self, summary):
        """Return the log-likelihood of a table of customers, in its own unit of time.

        Parameters
        ----------
        summary : DataFrame
            What `rfm_summary` returns.

        Returns
        -------
        float
        """
        rows, counts = _distinct(*_columns_of(summary))
        theta = np.log(list(self.parameters_.values()))
        return -float(_bg_nbd_cost(*rows, counts)(theta)[0]) * int(counts.sum())

    def probability_alive(self, summary):
        """Return the probability that each customer is still active.

        Parameters
        ----------
        summary : DataFrame
            What `rfm_summary` returns.

        Returns
        -------
        Series
            With the index of the table; see `probability_alive`, the function.
        """
        _inputs.need_columns(summary, ["frequency", "t_x", "T"], "summary")
        history = (summary[name] for name in ("frequency", "t_x", "T"))
        return probability_alive(*history, **self.parameters_).rename("probability_alive")

    def expected_purchases(self, horizon, summary=None):
        """Return how many purchases are expected in the time ahead.

        Parameters
        ----------
        horizon : float, array or Series of float
            Length of the time ahead, in units of time.
        summary : DataFrame, optional
            What `rfm_summary` returns; the answer is then for each of these customers. Without it
            the answer is for a new customer, counting repeat purchases.

        Returns
        -------
        float, array or Series of float
            See `expected_purchases`, the function.
        """
        if summary is None:
            return expected_purchases(horizon, **self.parameters_)
        _inputs.need_columns(summary, ["frequency", "t_x", "T"], "summary")
        history = (summary[name] for name in ("frequency", "t_x", "T"))
        number = expected_purchases(horizon, *history, **self.parameters_)
        return number.rename("purchases")

    def __repr__(self):
        if not hasattr(self, "r_"):
            return "BetaGeo(), not fitted"
        return "BetaGeo(" + ", ".join(f"{k}={v:.4g}" for k, v in self.parameters_.items()) + ")"


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
        ``p_ * gamma_ / (q_ - 1)``, if ``q_ > 1``.
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

        Raises
        ------
        TypeError
            If a parameter is not a number.
        ValueError
            If a parameter is not above 0.
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
        TypeError
            If `summary` is no DataFrame or a column holds no numbers.
        ValueError
            If a column is missing, nobody bought again, a mean is missing, 0 or negative, or the
            data cannot identify the model.

        Warns
        -----
        UserWarning
            If frequency and mean amount are correlated by 0.15 or more, beyond chance (p < 0.05):
            the model takes them to be independent.
        """
        _inputs.need_columns(summary, ["frequency", "mean_amount"], "summary")
        x, z, _ = _spending(summary["frequency"], summary["mean_amount"])
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
        theta = _minimise(cost, np.log([2.0, 3.0, 1.0]), ("p", "q", "gamma"), x.size)
        p, q, gamma = np.exp(theta)
        self.p_, self.q_, self.gamma_ = map(float, (p, q, gamma * unit))
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
        x, z, _ = _spending(summary["frequency"], summary["mean_amount"])
        x, z = x[x > 0], z[x > 0]
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
        One row a customer: `probability_alive`; `purchases` (expected in the horizon); `spend`
        (expected in a purchase); `clv` (expected margin of the horizon, in money of today).

    Raises
    ------
    TypeError
        If `summary` is no DataFrame, a column holds no numbers, a model is not of its class, or
        `discount` or `margin` is not one number.
    ValueError
        If a column is missing, a history is impossible, a model is not fitted, `horizon` is no
        whole number above 0, `discount` or `margin` is negative, or `margin` is above 1.

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
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or horizon < 1:
        raise ValueError(f"horizon is {horizon!r}: give a whole number of units of time above 0")
    for name, model, kind in (("purchases", purchases, BetaGeo), ("spend", spend, GammaGamma)):
        if not isinstance(model, kind):
            raise TypeError(f"{name} is a {type(model).__name__}: give a fitted {kind.__name__}")
    (discount, margin), _ = _inputs.amounts(discount=discount, margin=margin)
    if discount.ndim:
        raise TypeError("discount and margin hold several values: give one number for each")
    _inputs.need_fractions("margin", margin)
    table = pd.DataFrame(
        {
            "probability_alive": purchases.probability_alive(summary),
            "purchases": purchases.expected_purchases(float(horizon), summary),
            "spend": spend.expected_spend(summary),
        }
    )
    x, t_x, age = _columns_of(summary)
    k = np.arange(horizon + 1, dtype=float)
    rows, _, back = _distinct(x, t_x, age, inverse=True)
    history = (column[:, np.newaxis] for column in rows)
    so_far = expected_purchases(k, *history, **purchases.parameters_)
    worth = np.diff(so_far, axis=1) @ (1 + discount) ** -k[1:]
    return table.assign(clv=worth[back] * table["spend"] * margin)


def _columns_of(summary):
    """Return frequency, t_x and T of a summary as arrays, checked."""
    _inputs.need_columns(summary, ["frequency", "t_x", "T"], "summary")
    if summary.empty:
        raise ValueError("summary has no rows: there is nobody to learn from")
    x, t_x, age, _ = _history(*(summary[name] for name in ("frequency", "t_x", "T")))
    return x, t_x, age


def _history(frequency, t_x, age):
    """Check histories of purchases; return them as arrays, and how to dress the result."""
    (x, last, age), like_input = _inputs.amounts(frequency=frequency, t_x=t_x, T=age)
    index = next((v.index for v in (frequency, t_x, age) if isinstance(v, pd.Series)), None)
    refuse = partial(_inputs.refuse, index=index, unit="customers")
    refuse(x != np.floor(x), "frequency is not a whole number", "count repeat purchases", x)
    refuse(
        last > age,
        "t_x is above T",
        "the last purchase cannot come after the end of the observation; measure both from the "
        "first purchase, and t_x is the age at the last purchase, not the time since it",
        last,
        age,
    )
    refuse(
        (x > 0) & (last == 0),
        "frequency is above 0 and t_x is 0",
        "a repeat purchase has an age; take both from rfm_summary, which merges a day's purchases",
        x,
    )
    refuse(
        (x == 0) & (last > 0),
        "frequency is 0 and t_x is above 0",
        "the first purchase is no repeat: then t_x is 0",
        last,
    )
    return x, last, age, like_input


def _spending(frequency, mean_amount):
    """Check numbers of purchases and their mean amounts; return arrays, 0 where there is none."""
    index = next((v.index for v in (frequency, mean_amount) if isinstance(v, pd.Series)), None)
    (x,), like_input = _inputs.amounts(frequency=frequency)
    given = np.asarray(mean_amount)
    missing = pd.isna(given)
    filled = np.where(missing, 0, given)
    signed = _inputs.numbers("mean_amount", filled)
    try:
        x, z, missing = np.broadcast_arrays(x, signed, missing)
    except ValueError:
        raise ValueError(
            f"there are {x.size:,} values of frequency and {signed.size:,} of mean_amount: give as "
            "many of the one as of the other"
        ) from None
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
    refuse(np.isinf(z), "mean_amount is infinite", "leave it out")
    refuse(
        (x == 0) & (z != 0),
        "frequency is 0 and there is a mean_amount",
        "the first purchase is left out of the mean: then mean_amount is missing",
        z,
    )
    return x, z, _inputs.dress(index) if index is not None else like_input


def _distinct(*columns, inverse=False):
    """Return the rows that differ, and how often each occurs."""
    order = np.lexsort(columns)
    columns = [column[order] for column in columns]
    new = np.append(True, np.any([np.diff(column) != 0 for column in columns], axis=0))
    counts = np.diff(np.append(np.flatnonzero(new), len(order)))
    rows = [column[new] for column in columns]
    if not inverse:
        return rows, counts
    back = np.empty(len(order), dtype=int)
    back[order] = np.cumsum(new) - 1
    return rows, counts, back


def _odds_of_having_left(x, t_x, age, r, alpha, a, b):
    """Return the logarithm of the odds; minus infinity without a repeat purchase."""
    again = np.maximum(x, 1)
    odds = np.log(a / (b + again - 1)) + (r + x) * (np.log(alpha + age) - np.log(alpha + t_x))
    return np.where(x > 0, odds, -np.inf)


def _alive(x, t_x, age, r, alpha, a, b):
    """Return the probability of being alive."""
    from scipy.special import expit

    return expit(-_odds_of_having_left(x, t_x, age, r, alpha, a, b))


def _purchases_if_alive(t, r, alpha, a, b):
    """Return the purchases expected of a live customer; the parameters are updated already."""
    from scipy.special import hyp2f1

    def formula(a):
        c = a + b - 1
        log_rest = -np.log1p(t / alpha)  # log(1 - z)
        series = hyp2f1(c - r, a - 1, c, t / (alpha + t))
        return c / (a - 1) * (1 - np.exp((a - 1) * log_rest) * series)

    # Where the formula is 0/0, the mean of its values just to both sides.
    near = 1e-5
    at_limit = (abs(a - 1) < near) | (np.abs(a + b - 1) < near)
    result = formula(np.where(at_limit, a + 2 * near, a))
    if at_limit.any():
        other = formula(np.where(at_limit, a - 2 * near, a))
        result = np.where(at_limit, (result + other) / 2, result)
    return np.where(t == 0, 0.0, result)


def _bg_nbd_cost(x, t_x, age, counts):
    """Return a function that gives minus the mean log-likelihood, and its gradient."""
    from scipy.special import expit, gammaln, psi

    weights = counts / counts.sum()
    kinds, kind = np.unique(x, return_inverse=True)  # gamma functions need x alone
    weight_of_kind = np.bincount(kind, weights)
    again = x > 0
    x1, last1, age1, weights1 = x[again], t_x[again], age[again], weights[again]

    def cost(theta):
        r, alpha, a, b = np.exp(theta)
        log_age = np.log(alpha + age)
        waited = log_age[again] - np.log(alpha + last1)
        odds = np.log(a) - np.log(b + x1 - 1) + (r + x1) * waited
        left = weights1 * expit(odds)
        per_kind = (
            gammaln(b + kinds)
            - gammaln(b)
            + gammaln(a + b)
            - gammaln(a + b + kinds)
            + gammaln(r + kinds)
            - gammaln(r)
            + r * np.log(alpha)
        )
        value = (
            weight_of_kind @ per_kind
            - weights @ ((r + x) * log_age)
            + weights1 @ np.logaddexp(0, odds)
        )
        both = psi(a + b) - psi(a + b + kinds)
        by_r = (
            weight_of_kind @ (psi(r + kinds) - psi(r))
            + np.log(alpha)
            - weights @ log_age
            + left @ waited
        )
        by_alpha = (
            r / alpha
            - weights @ ((r + x) / (alpha + age))
            + left @ ((r + x1) * (1 / (alpha + age1) - 1 / (alpha + last1)))
        )
        by_a = weight_of_kind @ both + left.sum() / a
        by_b = weight_of_kind @ (psi(b + kinds) - psi(b) + both) - left @ (1 / (b + x1 - 1))
        gradient = np.array([r * by_r, alpha * by_alpha, a * by_a, b * by_b])
        return -value, -gradient

    return cost


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


def _minimise(cost, start, names, n):
    """Minimise a mean cost over log-parameters; refuse a minimum that the data do not pin down."""
    from scipy.optimize import minimize

    with np.errstate(all="ignore"):  # where a parameter runs away, as is seen below
        found = minimize(
            cost,
            start,
            jac=True,
            hess=lambda theta: _curvature(cost, theta),
            method="trust-exact",
            options={
                "gtol": 1e-9,
                "initial_trust_radius": 0.5,
                "max_trust_radius": 2.0,
                "maxiter": 60,
            },
        )
        curvature = _curvature(cost, found.x)
    # How far each parameter is from 1, and the uncertainty (standard error) along the direction
    # in which the cost rises least, both in logarithms: here, factors of 10,000 and of 150.
    runs = np.abs(found.x) > np.log(1e4)
    finite = np.isfinite(curvature).all()
    pinned = finite and np.linalg.eigvalsh(curvature)[0] * n > 1 / np.log(150) ** 2
    if runs.any() or not pinned or np.abs(found.jac).max() > 1e-5:
        running = [
            f"{name} {'grows' if value > 0 else 'shrinks'} without end"
            for name, value in zip(names, found.x, strict=True)
            if abs(value) > np.log(100)
        ]
        why = " and ".join(running) or "quite different parameters fit as well"
        raise ValueError(
            f"the data of {n:,} customers cannot identify the model: {why}. Take more customers "
            "or a longer time; if nobody ever seems to leave, or all are alike, a simpler model "
            "will do"
        )
    return found.x


def _curvature(cost, theta, step=1e-4):
    """Return the matrix of second derivatives, from differences of the gradient."""
    rows = [
        (cost(theta + step * one)[1] - cost(theta - step * one)[1]) / (2 * step)
        for one in np.eye(len(theta))
    ]
    return (np.array(rows) + np.transpose(rows)) / 2


def _warn_if_correlated(correlation, n):
    """Warn where frequency and mean amount hang together more than the model allows."""
    import warnings

    beyond_chance = n > 3 and abs(np.arctanh(np.clip(correlation, -0.999999, 0.999999))) > (
        1.96 / np.sqrt(n - 3)
    )
    if abs(correlation) >= 0.15 and beyond_chance:
        more = "more" if correlation > 0 else "less"
        warnings.warn(
            f"frequency and mean amount are correlated ({correlation:.2f} over {n:,} customers): "
            f"those who buy more often spend {more} in a purchase, and Gamma-Gamma takes the two "
            "to be independent. Look for the group that does this, and fit it by itself, or take "
            "its spend from the group's own frequent customers.",
            UserWarning,
            stacklevel=3,
        )


# ---------------------------------------------------------------- what the metrics mean

_AGAIN = {"frequency": 1, "r": 1, "alpha": 1, "a": 2, "b": 1}

METRICS = (
    Metric(
        name="probability_alive",
        formula=r"\frac{1}{1 + \mathrm{odds\ of\ having\ left}}",
        numerator="weight of 'still active' (1)",
        denominator="weights of 'still active' and 'has left'",
        unit="probability, by the BG/NBD model",
        window="on the day up to which purchases are known",
        function="funnelkit.lifetime.probability_alive",
        example=Example({**_AGAIN, "t_x": 1, "T": 3}, 1, 9),
    ),
    Metric(
        name="expected_purchases",
        formula=r"E[X(t) \mid x, t_x, T]",
        numerator="purchases expected of an active customer",
        denominator="weights of 'still active' and 'has left'",
        unit="purchases per customer, by BG/NBD",
        window="the horizon, from that day on",
        function="funnelkit.lifetime.expected_purchases",
        # The integral over p of (1 - 1 / (1 + p)**2) * 6 * (1 - p), from 0 to 1.
        example=Example(
            {**_AGAIN, "t_x": 1, "T": 1, "horizon": 2}, 6 * (0.5 - (1 - math.log(2))), 3
        ),
    ),
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
