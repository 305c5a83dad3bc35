"""Customer lifetime value from margins and retention.

Input is checked as `funnelkit._inputs` says; a discount rate is a fraction as well.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = [
    "METRICS",
    "clv",
    "clv_from_survival",
    "lorenz",
    "margin_multiple",
    "payback_with_churn",
    "periodic_rate",
    "value_curve",
]


def __dir__():
    return __all__


TEN_PERCENT = "0.1 for 10 %"

# ---------------------------------------------------------------- rates of a period


def periodic_rate(yearly, periods=12):
    r"""Return the discount rate of a month (or week …) that compounds to a yearly one.

    Parameters
    ----------
    yearly : float, array or Series of float
        The yearly rate, a fraction: 0.10 is 10 % a year.
    periods : int, default 12
        How many periods a year has.

    Returns
    -------
    float, array or Series of float
        The rate of one period, a fraction.

    Notes
    -----
    .. math:: (1 + d)^{1/n} - 1

    It is a little less than :math:`d / n`, since the months earn on each other.

    Examples
    --------
    >>> round(periodic_rate(0.10), 5)
    0.00797
    """
    periods = _inputs.whole("periods", periods, at_most=1_000_000)
    (yearly,), like_input = _inputs.amounts(yearly=yearly)
    _inputs.need_fractions("yearly", yearly, such_as=TEN_PERCENT)
    return like_input(np.expm1(np.log1p(yearly) / periods))


def margin_multiple(retention, discount, *, first="end"):
    r"""Return the number by which a period's margin is multiplied to give the lifetime value.

    For customers who all stay from each period to the next with the same chance, without end.

    Parameters
    ----------
    retention : float, array or Series of float
        Share of the customers who stay from one period to the next, in [0, 1].
    discount : float, array or Series of float
        Discount rate of a period, a fraction.
    first : {"end", "start"}
        When the first margin comes: at the end of period 1, from those who stayed
        (``"end"``), or at once, from everybody (``"start"``), which adds 1.

    Returns
    -------
    float, array or Series of float
        A number of margins.

    Raises
    ------
    ValueError
        If nobody ever leaves and nothing is discounted: the sum has no end.

    Notes
    -----
    .. math:: \sum_{t=1}^{\infty} \left(\frac{r}{1 + d}\right)^t = \frac{r}{1 + d - r}

    References
    ----------
    S. Gupta and D. R. Lehmann (2003), "Customers as assets", *Journal of Interactive Marketing*
    17(1).

    Examples
    --------
    The table of that paper, for a discount rate of 10 %:

    >>> [round(margin_multiple(r, 0.10), 2) for r in (0.6, 0.7, 0.8, 0.9)]
    [1.2, 1.75, 2.67, 4.5]
    >>> round(margin_multiple(0.8, 0.10, first="start"), 2)
    3.67
    """
    at_once = _first_age(first) == 0
    (stays, rate), like_input = _inputs.amounts(retention=retention, discount=discount)
    _need_rates(stays, rate, _inputs.aligned(retention=retention, discount=discount))
    _inputs.refuse(
        (stays == 1) & (rate == 0),
        "retention is 1 and discount is 0",
        "a margin that never ends is worth no finite sum; count a number of periods, with "
        "clv(..., periods=...), or discount",
    )
    return like_input(stays / (1 + rate - stays) + at_once)


def _need_rates(stays, rate, index):
    """Refuse percentages."""
    _inputs.need_fractions("retention", stays, index=index)
    _inputs.need_fractions("discount", rate, such_as=TEN_PERCENT, index=index)


def clv(margin, retention, *, discount=0.0, periods=None, first="end", acquisition_cost=0.0):
    r"""Return the customer lifetime value under a constant retention rate.

    Parameters
    ----------
    margin : float, array or Series of float
        Gross margin of a customer in a period, in EUR: what they pay less what delivering it
        costs. Negative where serving a customer costs more than they pay.
    retention : float, array or Series of float
        Share of the customers who stay from one period to the next, in [0, 1].
    discount : float, array or Series of float, default 0
        Discount rate of a period, a fraction; see `periodic_rate`.
    periods : int, optional
        How many margins are counted; without it, all that ever come.
    first : {"end", "start"}
        When the first margin comes: at the end of period 1, from those who stayed
        (``"end"``), or at once, from everybody (``"start"``).
    acquisition_cost : float, array or Series of float, default 0
        What winning the customer cost, in EUR; it is subtracted.

    Returns
    -------
    float, array or Series of float
        EUR per customer, in money of the day on which the customer was won.

    See Also
    --------
    margin_multiple : the same without end, for a margin of 1.
    clv_from_survival : where retention changes with the age of the customer, as it mostly does.

    Notes
    -----
    .. math:: \sum_{t=1}^{T} \frac{m\,r^t}{(1 + d)^t} - A \qquad \text{(first = "end")}

    and with :math:`t` from 0 to :math:`T - 1` for first = "start".

    Examples
    --------
    A margin of 600, of whom 0.8 stay each year: one year, five years, five years discounted at
    10 % a year, and without end:

    >>> clv(600, 0.8, periods=1)
    480.0
    >>> round(clv(600, 0.8, periods=5), 3), round(clv(600, 0.8, periods=5, discount=0.1), 3)
    (1613.568, 1274.458)
    >>> round(clv(600, 0.8, discount=0.1), 3)
    1600.0
    """
    begin = _first_age(first)
    given = dict(
        margin=margin, retention=retention, discount=discount, acquisition_cost=acquisition_cost
    )
    index = _inputs.aligned(**given)
    (margin, stays, rate, cost), like_input = _inputs.amounts(signed=("margin",), **given)
    _need_rates(stays, rate, index)
    if periods is None:
        multiple = np.asarray(margin_multiple(stays, rate, first=first))
    else:
        t = np.arange(begin, begin + _inputs.whole("periods", periods, at_most=10_000))
        multiple = ((stays / (1 + rate))[..., np.newaxis] ** t).sum(axis=-1)
    with np.errstate(over="ignore"):  # refused next
        value = margin * multiple - cost
    return like_input(_inputs.computable("the value", value, index=index))


def value_curve(survival, margin, *, discount=0.0, periods=None, first="start", beyond="refuse"):
    r"""Return the value of a customer by how long they are followed, from a survival curve.

    Parameters
    ----------
    survival : DataFrame, Series or sequence of float
        Share of the customers still there at each age, counted in periods: the table of
        `funnelkit.cohorts.kaplan_meier` for one group, a Series with the age in its index, or
        the shares at age 0, 1, 2 …; at age 0 it is 1, and it never rises.
    margin : float, or sequence of float
        Gross margin of a customer who is still there, in EUR per period; one number, or one for
        each period, in their order.
    discount : float, default 0
        Discount rate of a period, a fraction.
    periods : int, optional
        How many margins are counted, at most; as many as the curve covers when not given.
    first : {"start", "end"}
        When a period's margin comes: at its start, as subscriptions are paid, so that the first
        comes at age 0 from everybody; or at its end, from those who are still there.
    beyond : {"refuse", "leave", "stay"}
        What to do if the curve ends before the periods do and somebody is still there then:
        refuse; count as if all left at its end, which is a lower bound; or as if nobody ever
        left after it, an upper bound.

    Returns
    -------
    Series
        EUR per customer, in money of age 0: the sum of the first 1, 2, 3 … margins. The index,
        `period`, counts them.

    Raises
    ------
    ValueError
        If the curve does not begin at age 0 with 1, rises, or ends too early (see `beyond`).

    Notes
    -----
    .. math:: V_T = \sum_{t=0}^{T-1} \frac{S(t)\,m_t}{(1 + d)^t} \qquad \text{(first = "start")}

    and :math:`t = 1, \dots, T` for first = "end". Between the ages in its index the curve is a
    step that keeps the value before, as an estimated survival curve does.

    Examples
    --------
    Of a hundred subscribers, 80 pay a second month and 60 a third:

    >>> value_curve([1, 0.8, 0.6], 20)
    period
    1    20.0
    2    36.0
    3    48.0
    Name: value, dtype: float64
    """
    begin = _first_age(first)
    _inputs.one_of("beyond", beyond, ("refuse", "leave", "stay"))
    ages, shares = _curve(survival)
    covered = int(np.floor(ages[-1])) + 1 - begin
    if periods is None and covered < 1:
        raise ValueError(
            f"the curve ends at age {ages[-1]:g}, before the first margin at age {begin}: "
            "give a longer one"
        )
    if periods is None:
        periods = covered
    t = np.arange(begin, begin + _inputs.whole("periods", periods, at_most=10_000))
    there = shares[np.searchsorted(ages, t, side="right") - 1]
    if t[-1] > ages[-1] and shares[-1] > 0:
        if beyond == "refuse":
            raise ValueError(
                f"the curve ends at age {ages[-1]:g}, where {shares[-1]:.1%} are still there, and "
                f"{len(t)} periods need it up to age {t[-1]}: count at most {covered} periods, or "
                "say beyond='leave' for a lower and beyond='stay' for an upper bound"
            )
        there = np.where((t > ages[-1]) & (beyond == "leave"), 0.0, there)
    margin = _margins(margin, t)
    rate = _inputs.amount("discount", discount)
    _inputs.need_fractions("discount", rate, such_as=TEN_PERCENT)
    with np.errstate(all="ignore"):  # what overflows is refused
        value = _inputs.computable("the value", np.cumsum(there * margin / (1 + rate) ** t))
    curve = pd.Series(value, index=pd.RangeIndex(1, len(t) + 1, name="period"), name="value")
    curve.attrs.update(first=first, beyond=beyond)
    return curve


def clv_from_survival(
    survival,
    margin,
    *,
    discount=0.0,
    periods=None,
    first="start",
    beyond="refuse",
    acquisition_cost=0.0,
):
    """Return the customer lifetime value from a survival curve; retention may change with age.

    Parameters
    ----------
    survival, margin, discount, periods, first, beyond
        As for `value_curve`, whose last value it is.
    acquisition_cost : float, default 0
        What winning the customer cost, in EUR; it is subtracted.

    Returns
    -------
    float
        EUR per customer, in money of the day on which the customer was won, over the periods.

    Examples
    --------
    With the same chance to stay at every age it is what `clv` returns:

    >>> survival = [1, 0.8, 0.64, 0.512]
    >>> round(clv_from_survival(survival, 600, discount=0.1, first="end"), 3)
    984.523
    >>> round(clv(600, 0.8, discount=0.1, periods=3), 3)
    984.523
    """
    cost = _inputs.amount("acquisition_cost", acquisition_cost)
    curve = value_curve(
        survival, margin, discount=discount, periods=periods, first=first, beyond=beyond
    )
    return float(curve.iloc[-1]) - cost


def payback_with_churn(value, acquisition_cost):
    """Return in which period an average customer has paid back what winning them cost.

    Customers who left count as well: `value` holds what an average customer brings, and where it
    levels off below the cost, the cost never comes back.

    Parameters
    ----------
    value : Series
        Value by period, cumulative, as `value_curve` returns it, or the mean of what customers
        have brought by then; the periods, rising, in the index.
    acquisition_cost : float
        EUR per customer.

    Returns
    -------
    float
        The first period by whose margin the value reaches the cost; missing (NaN) if it does
        not within these periods.

    See Also
    --------
    funnelkit.metrics.payback_months : as if nobody ever left.

    Examples
    --------
    A month's margin of 20 seems to pay 48 back in 2.4 months; with those who leave it takes 3,
    and 100 are never paid back:

    >>> value = value_curve([1, 0.8, 0.6, 0.5], 20)
    >>> payback_with_churn(value, 48), payback_with_churn(value, 100)
    (3.0, nan)
    """
    if not isinstance(value, pd.Series):
        raise TypeError(
            f"value is {_inputs.name_of_type(value)}: give the Series of value_curve(...), with "
            "the periods in its index"
        )
    if value.empty:
        raise ValueError("value has no periods: there is nothing to pay the cost back with")
    if not pd.api.types.is_numeric_dtype(value.index):
        raise TypeError(
            f"the index of value holds {value.index.dtype}: the periods belong there, numbers"
        )
    if not (value.index.is_monotonic_increasing and value.index.is_unique):
        raise ValueError("the index of value does not rise: sort it by period, .sort_index()")
    (reached,), _ = _inputs.amounts(signed=("value",), value=value)
    cost = _inputs.amount("acquisition_cost", acquisition_cost)
    # Sums that should be equal may differ in their last bits.
    enough = np.flatnonzero(reached >= cost - 1e-9 * max(1.0, cost))
    return float(value.index[enough[0]]) if len(enough) else float("nan")


def lorenz(values):
    r"""Return the Lorenz curve: which share of the total the least valuable customers bring.

    Parameters
    ----------
    values : Series or sequence of float
        What each customer has brought, in EUR, one number per customer, zeros included. Some may
        be negative; then the curve first falls below 0.

    Returns
    -------
    DataFrame
        A row for nobody and one for each customer added, from the least valuable up:
        `customers` (share of the customers so far), `value` (share of the total they bring).
        If all brought the same, the two would be equal throughout.

    Notes
    -----
    With the values in rising order, :math:`v_{(1)} \le \dots \le v_{(n)}`,

    .. math:: L(k / n) = \frac{v_{(1)} + \dots + v_{(k)}}{v_{(1)} + \dots + v_{(n)}}

    Examples
    --------
    Of five customers the best brings more than the others together:

    >>> lorenz([10, 60, 0, 20, 10])
       customers  value
    0        0.0    0.0
    1        0.2    0.0
    2        0.4    0.1
    3        0.6    0.2
    4        0.8    0.4
    5        1.0    1.0
    """
    (brought,), _ = _inputs.amounts(signed=("values",), values=values)
    if brought.ndim != 1 or not brought.size:
        raise ValueError("give one value for each customer, and at least one customer")
    with np.errstate(over="ignore"):  # refused next
        total = _inputs.computable("the sum of the values", brought.sum())
    if total <= 0:
        raise ValueError(
            f"the values sum to {total:g}: shares of a total need one above 0; give the margin "
            "before the acquisition cost, perhaps"
        )
    n = len(brought)
    running = np.append(0.0, np.cumsum(np.sort(brought, kind="stable")))
    return pd.DataFrame({"customers": np.arange(n + 1) / n, "value": running / running[-1]})


def _margins(margin, t):
    """Check the margins: one, or one for each period, a Series in the order of the periods."""
    index = _inputs.index_of(margin)
    (margin,), _ = _inputs.amounts(signed=("margin",), margin=margin)
    if margin.ndim and margin.shape != t.shape:
        raise ValueError(
            f"there are {margin.size:,} margins and {len(t)} periods: give one number, or one for "
            "each period"
        )
    in_order = (pd.RangeIndex(len(t)), pd.RangeIndex(1, len(t) + 1))
    if index is not None and not any(index.equals(order) for order in in_order):
        raise ValueError(
            "the index of margin does not count the periods 1, 2, 3 …: sort it by period, and "
            "give margin.to_numpy() if it is in their order"
        )
    return margin


def _curve(survival):
    """Check a survival curve; return its ages and shares."""
    if isinstance(survival, pd.DataFrame):
        _inputs.need_columns(survival, ["survival"], "the table of kaplan_meier(...)")
        survival = survival["survival"]
    if isinstance(survival, pd.Series):
        if survival.index.nlevels > 1:
            raise ValueError("survival holds several curves: select one of them with .loc")
        if not pd.api.types.is_numeric_dtype(survival.index):
            raise TypeError(
                f"the index of survival holds {survival.index.dtype}: the age in periods belongs "
                "there, a number"
            )
        ages = survival.index.to_numpy(float, na_value=np.nan)
    else:
        ages = None
    (shares,), _ = _inputs.amounts(survival=survival)
    ages = np.arange(shares.size, dtype=float) if ages is None else ages
    if shares.ndim != 1 or not shares.size:
        raise ValueError("survival is empty: give the share still there at age 0, 1, 2 …")
    _inputs.need_fractions("survival", shares, index=_inputs.index_of(survival))
    remedy = "drop these rows, or give each its age"
    _inputs.refuse(np.isnan(ages), "an age in the index of survival is missing", remedy)
    if ages[0] != 0 or shares[0] != 1:
        raise ValueError(
            f"survival begins at age {ages[0]:g} with {shares[0]:g}: begin at age 0, where "
            "everybody is there, with 1; where some left within the first period and had paid for "
            "it, count their duration as 1"
        )
    if (np.diff(ages) <= 0).any():
        raise ValueError("the ages of survival do not rise: sort them with .sort_index()")
    _inputs.refuse(
        np.append(False, np.diff(shares) > 1e-12),
        "survival rises",
        "a customer who has left does not come back; give shares of all, not of the period before",
    )
    return ages, shares


def _first_age(first):
    """Return the age at which the first margin comes."""
    return 0 if _inputs.one_of("first", first, ("start", "end")) == "start" else 1


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="clv",
        formula=r"\sum_{t=1}^{T} \frac{m r^t}{(1 + d)^t} - A",
        numerator="expected margin, discounted, less winning cost",
        denominator="customers won",
        unit="EUR per customer, of the day of winning",
        window="T periods, or without end: say which",
        function="funnelkit.lifetime.clv",
        example=Example(
            {"margin": 600, "retention": 0.8, "periods": 2, "acquisition_cost": 64},
            80 * 600 + 64 * 600 - 100 * 64,
            100,
        ),
    ),
    Metric(
        name="clv_from_survival",
        formula=r"\sum_{t=0}^{T-1} \frac{S(t) m}{(1 + d)^t} - A",
        numerator="margin of those still there, by age, discounted",
        denominator="customers won",
        unit="EUR per customer, of the day of winning",
        window="T periods that the curve covers",
        function="funnelkit.lifetime.clv_from_survival",
        example=Example(
            {"survival": [1.0, 0.8, 0.6], "margin": 20},
            (100 + 80 + 60) * 20,
            100,
        ),
    ),
    Metric(
        name="margin_multiple",
        formula=r"\frac{r}{1 + d - r}",
        numerator="retention rate",
        denominator="one, plus discount rate, less retention rate",
        unit="margins of a period",
        window="without end; the first at the end of period 1",
        function="funnelkit.lifetime.margin_multiple",
        example=Example({"retention": 0.75, "discount": 0.25}, 0.75, 0.5),
    ),
    Metric(
        name="payback_with_churn",
        formula=r"\min\{k : V_k \geq A\}",
        numerator="periods until the value reaches the cost",
        denominator="an average customer, those who left included",
        unit="periods",
        window="as many as the value curve has",
        function="funnelkit.lifetime.payback_with_churn",
        example=Example(
            {
                "value": pd.Series([20.0, 36.0, 48.0], index=[1, 2, 3]),
                "acquisition_cost": 40,
            },
            3,
            1,
        ),
    ),
    Metric(
        name="lorenz_curve",
        formula=r"\frac{v_{(1)} + \cdots + v_{(k)}}{V}",
        numerator="what the k least valuable customers brought",
        denominator="what all customers brought",
        unit="share of the total",
        window="the same for each customer",
        function="funnelkit.lifetime.lorenz",
        example=Example({"values": [10, 60, 0, 20, 10]}, 40, 100, (4, "value")),
    ),
)
