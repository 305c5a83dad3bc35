"""Predicting purchases from a table of orders: the summary by customer, and BG/NBD.

`rfm_summary` turns orders into one row per customer; `BetaGeo` learns from that how often customers
buy and when they stop. Input is checked as `funnelkit._inputs` says.
"""

import math
from functools import partial

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit._fitting import minimise
from funnelkit.contract import Example, Metric

__all__ = [
    "METRICS",
    "BetaGeo",
    "expected_purchases",
    "probability_alive",
    "rfm_summary",
]


def __dir__():
    return __all__


# ---------------------------------------------------------------- the summary by customer


def rfm_summary(
    orders,
    *,
    observed_until,
    unit="7D",
    customer="customer_id",
    date="date",
    amount="amount",
):
    """Summarise each customer's purchases by how recent, how many and how large they were.

    Time is counted from the customer's own first purchase. What was bought on one day counts as
    one purchase. The first purchase makes somebody a customer and is not a repeat, so `frequency`
    begins at 0 and `mean_amount` leaves the first purchase out.

    Parameters
    ----------
    orders : DataFrame
        One row per purchase.
    observed_until : str or Timestamp
        The last day on which purchases could be seen, to its end. It is not the day of the last
        purchase: that nobody bought since then is a part of the data.
    unit : str or Timedelta, default "7D"
        What times are measured in; with the default, weeks (days / 7, not rounded).
    customer, date, amount : str
        Names of the columns. ``amount=None`` leaves the money out.

    Returns
    -------
    DataFrame
        One row per customer, in order of the index: `frequency` (repeat purchases), `t_x` (age at
        the last purchase, in units; 0 without a repeat; high is good), `T` (age at
        `observed_until`, in units) and, in the unit of the amounts, `mean_amount` (mean of the
        repeat purchases; missing without one). ``attrs["unit"]`` repeats the unit.

    See Also
    --------
    BetaGeo, GammaGamma : the models that take this table.

    Notes
    -----
    Much software calls `t_x` "recency". In other software and in segmentation recency is the time
    *since* the last purchase, ``T - t_x``, and low is good.

    Examples
    --------
    >>> orders = pd.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "ann", "ben"],
    ...         "date": pd.to_datetime(["2026-01-01", "2026-01-15", "2026-01-15", "2026-01-29"]),
    ...         "amount": [50.0, 20.0, 10.0, 80.0],
    ...     }
    ... )
    >>> rfm_summary(orders, observed_until="2026-02-12")
                 frequency  t_x    T  mean_amount
    customer_id
    ann                  1  2.0  6.0         30.0
    ben                  0  0.0  2.0          NaN
    """
    money = [] if amount is None else [amount]
    _inputs.need_columns(orders, [customer, date, *money], "orders")
    _inputs.need_rows(orders, "orders", "there is nobody to summarise")
    length = _inputs.duration("unit", unit, at_least=pd.Timedelta("1ns"))
    end = _inputs.end_of_data("observed_until", observed_until)
    who, times = _inputs.ids(orders[customer], customer), _inputs.times(orders[date], date)
    remedy = (
        "leave later purchases out, they belong to the time to be predicted; or correct the dates"
    )
    _inputs.not_after(f"column {date!r}", times, end, remedy)
    days = pd.DataFrame({customer: who, date: times.dt.normalize()})
    if money:
        days["paid"] = _paid(orders[amount], amount)
    merged = days.groupby([customer, date], observed=True, as_index=False).sum()
    of_customer = merged.groupby(customer, observed=True)
    first, last = of_customer[date].min(), of_customer[date].max()
    summary = pd.DataFrame(
        {
            "frequency": of_customer.size() - 1,
            "t_x": (last - first) / length,
            "T": (end.normalize() - first) / length,
        }
    )
    if money:
        repeats = merged[merged[date] > merged[customer].map(first)]
        summary["mean_amount"] = repeats.groupby(customer, observed=True)["paid"].mean()
    summary.attrs["unit"] = str(unit)
    return summary


def _paid(column, name):
    """Return the amounts, none of them negative."""
    paid = _inputs.finite(f"column {name!r}", column)
    remedy = "take what was paid back off its purchase, and leave out what was paid back in full"
    _inputs.refuse(paid < 0, f"column {name!r} is negative", remedy, paid, index=column.index)
    return paid


# ---------------------------------------------------------------- what the model expects


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
    index = _inputs.aligned(frequency=frequency, t_x=t_x, T=T)
    x, t_x, age = _history(frequency, t_x, T)
    r, alpha, a, b = _inputs.positive(r=r, alpha=alpha, a=a, b=b)
    alive = _inputs.computable("the probability", _alive(x, t_x, age, r, alpha, a, b), index=index)
    return _inputs.dress(index)(alive)


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
    index = _inputs.aligned(horizon=horizon, frequency=frequency, t_x=t_x, T=T)
    x, t_x, age = _history(frequency, t_x, T)
    r, alpha, a, b = _inputs.positive(r=r, alpha=alpha, a=a, b=b)
    (ahead,), _ = _inputs.amounts(horizon=horizon)
    try:
        x, t_x, age, ahead = np.broadcast_arrays(x, t_x, age, ahead)
    except ValueError:
        raise ValueError(
            f"there are {ahead.size:,} horizons and {x.size:,} customers: give one horizon, or "
            "one for each"
        ) from None
    with np.errstate(all="ignore"):  # what overflows is refused
        number = _alive(x, t_x, age, r, alpha, a, b) * _purchases_if_alive(
            ahead, r + x, alpha + age, a, b + x
        )
    number = np.where(number < -1e-9, np.nan, number)  # parameters beyond what can be computed
    number = _inputs.computable("the number of purchases", number, index=index)
    return _inputs.dress(index)(np.maximum(number, 0.0))


# ---------------------------------------------------------------- the model


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

    A history is impossible, and refused, if `frequency` is not a whole number from 0 up, or if
    `t_x` is negative, above `T`, 0 with repeat purchases or not 0 without.

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
        ValueError
            If the data cannot identify the model: nobody bought again, nobody's silence is long
            enough to tell leaving from waiting, or there are too few customers.
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
        theta = minimise(cost, np.log([0.5, 0.5, 0.8, 2.5]), names, x.size)
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

    def discounted_purchases(self, horizon, summary, *, discount=0.0):
        r"""Return the purchases expected in the time ahead, later ones counting less.

        Parameters
        ----------
        horizon : int
            How many units of time are counted.
        summary : DataFrame
            What `rfm_summary` returns.
        discount : float, default 0
            Discount rate of one unit of time, a fraction; see `periodic_rate`.

        Returns
        -------
        Series
            With the index of the table. Multiplied by the margin of a purchase, it is a value in
            money of today.

        Notes
        -----
        With :math:`E_k` the purchases expected in the first :math:`k` units, what is bought in a
        unit being paid at its end,

        .. math:: \sum_{k=1}^{n} \frac{E_k - E_{k-1}}{(1 + d)^k}
        """
        horizon = _inputs.whole("horizon", horizon, at_most=10_000)
        rate = _inputs.amount("discount", discount)
        _inputs.need_fractions("discount", rate, such_as="0.1 for 10 %")
        k = np.arange(horizon + 1, dtype=float)
        rows, _, back = _distinct(*_columns_of(summary), inverse=True)
        history = (column[:, np.newaxis] for column in rows)
        so_far = expected_purchases(k, *history, **self.parameters_)
        worth = np.diff(so_far, axis=1) @ (1 + rate) ** -k[1:]
        return pd.Series(worth[back], index=summary.index, name="purchases")

    def __repr__(self):
        if not hasattr(self, "r_"):
            return "BetaGeo(), not fitted"
        return "BetaGeo(" + ", ".join(f"{k}={v:.4g}" for k, v in self.parameters_.items()) + ")"


# ---------------------------------------------------------------- checks of what comes in


def _columns_of(summary):
    """Return frequency, t_x and T of a summary as arrays, checked."""
    _inputs.need_columns(summary, ["frequency", "t_x", "T"], "summary")
    _inputs.need_rows(summary, "summary", "there is nobody to learn from")
    return _history(*(summary[name] for name in ("frequency", "t_x", "T")))


def _history(frequency, t_x, age):
    """Check histories of purchases; return them as arrays."""
    index = _inputs.aligned(frequency=frequency, t_x=t_x, T=age)
    (x, last, age), _ = _inputs.amounts(frequency=frequency, t_x=t_x, T=age)
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
        "the first purchase is not a repeat: then t_x is 0",
        last,
    )
    return x, last, age


# ---------------------------------------------------------------- the model's formulas


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
)
