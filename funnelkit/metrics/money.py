"""Money in and out: returns, costs per customer, payback, and what moves a result most."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric
from funnelkit.metrics.resampling import one_number

__all__ = [
    "METRICS",
    "break_even_rate",
    "cac",
    "cost_per",
    "marginal_returns",
    "payback_months",
    "roas",
    "roi_on_margin",
    "roi_on_revenue",
    "sensitivity",
]

# ---------------------------------------------------------------- money


def roi_on_revenue(revenue, cost):
    r"""Return on investment, counted on revenue: the textbook's formula.

    It treats every euro that comes in as gained, although delivering what was sold costs money
    too. `roi_on_margin` counts what stays.

    Parameters
    ----------
    revenue : float, array or Series of float
        What customers paid, in EUR.
    cost : float, array or Series of float
        What was spent to win them, in EUR; above 0.

    Returns
    -------
    float, array or Series of float
        EUR gained for each EUR spent: 0 is break-even, 2 is 200 %, −1 is all lost.

    Raises
    ------
    TypeError
        If an amount is not a number.
    ValueError
        If an amount is missing, infinite or negative, the cost is 0, or two Series have
        different indexes.

    Notes
    -----
    .. math:: \mathrm{ROI} = \frac{R - C}{C}

    Examples
    --------
    >>> roi_on_revenue(30_000, 10_000)
    2.0
    """
    (revenue, cost), like_input = _inputs.amounts(revenue=revenue, cost=cost)
    _need_spending(cost)
    return like_input((revenue - cost) / cost)


def roi_on_margin(revenue, delivery, cost):
    r"""Return on investment, counted on gross margin: revenue less what delivering it cost.

    Parameters
    ----------
    revenue : float, array or Series of float
        What customers paid, in EUR.
    delivery : float, array or Series of float
        What delivering it cost, in EUR: teaching, goods, licences, payment fees.
    cost : float, array or Series of float
        What was spent to win the customers, in EUR; above 0.

    Returns
    -------
    float, array or Series of float
        EUR gained for each EUR spent: 0 is break-even, −1 is all lost, and below −1 is possible
        where delivery costs more than it brings.

    Raises
    ------
    TypeError
        If an amount is not a number.
    ValueError
        If an amount is missing, infinite or negative, the cost is 0, or Series have different
        indexes.

    Notes
    -----
    .. math:: \mathrm{ROI}_m = \frac{(R - D) - C}{C}

    Examples
    --------
    Of 30,000 earned, 11,400 went into the courses themselves:

    >>> roi_on_margin(30_000, 11_400, 10_000)
    0.86
    """
    (revenue, delivery, cost), like_input = _inputs.amounts(
        revenue=revenue, delivery=delivery, cost=cost
    )
    _need_spending(cost)
    return like_input((revenue - delivery - cost) / cost)


def roas(revenue, cost):
    r"""Return on advertising spend: revenue for each EUR of advertising.

    Parameters
    ----------
    revenue : float, array or Series of float
        What customers paid, in EUR.
    cost : float, array or Series of float
        What was spent on advertising, in EUR; above 0.

    Returns
    -------
    float, array or Series of float
        EUR of revenue for each EUR spent: always `roi_on_revenue` plus 1.

    Raises
    ------
    TypeError
        If an amount is not a number.
    ValueError
        If an amount is missing, infinite or negative, the cost is 0, or two Series have
        different indexes.

    Examples
    --------
    >>> roas(30_000, 10_000)
    3.0
    """
    (revenue, cost), like_input = _inputs.amounts(revenue=revenue, cost=cost)
    _need_spending(cost)
    return like_input(revenue / cost)


def cost_per(cost, reached):
    """Cost of each person who reached a stage: per visitor, per lead, per customer.

    Parameters
    ----------
    cost : float, array or Series of float
        What was spent, in EUR.
    reached : int, array or Series of int
        How many people it brought to the stage; at least 1.

    Returns
    -------
    float, array or Series of float
        EUR a person.

    Raises
    ------
    TypeError
        If a value is not a number.
    ValueError
        If an amount is missing, infinite or negative, a count is not whole, nobody reached the
        stage, or two Series have different indexes.

    Examples
    --------
    A thousand euros brought 400 visitors, of whom 40 became leads:

    >>> cost_per(1000, 400), cost_per(1000, 40)
    (2.5, 25.0)
    """
    (cost, reached), like_input = _inputs.amounts(cost=cost, reached=reached)
    _inputs.count("reached", reached)
    _inputs.refuse(
        reached == 0,
        "nobody reached the stage",
        "a cost per person of nobody is not a number; leave it out, and report the cost",
    )
    return like_input(cost / reached)


def cac(cost, customers, *, basis="blended"):
    """Return the customer acquisition cost over several channels: what winning a customer costs.

    Parameters
    ----------
    cost : Series of float, or mapping
        EUR spent in each channel; 0 for a channel that nobody pays for.
    customers : Series of int, or mapping
        Customers won in each channel, the same channels.
    basis : {"blended", "paid"}
        ``"blended"``: all cost over all customers. ``"paid"``: over the customers of the
        channels that cost money, which are fewer.

    Returns
    -------
    float
        EUR a customer.

    Raises
    ------
    TypeError
        If a value is not a number, or no channels are named.
    ValueError
        If the channels differ, a value is missing or negative, nothing was paid for although
        the basis is ``"paid"``, or there are no customers.

    See Also
    --------
    cost_per : channel by channel.

    Examples
    --------
    >>> cost, customers = {"ads": 3000, "direct": 0}, {"ads": 20, "direct": 10}
    >>> cac(cost, customers), cac(cost, customers, basis="paid")
    (100.0, 150.0)
    """
    if basis not in ("blended", "paid"):
        raise ValueError(f"basis is {basis!r}: give 'blended' or 'paid'")
    for name, values in (("cost", cost), ("customers", customers)):
        if not isinstance(values, (pd.Series, Mapping)):
            raise TypeError(
                f"{name} is a {type(values).__name__}: give a Series or dictionary by channel; "
                "for one channel, use cost_per(cost, customers)"
            )
    cost, customers = pd.Series(cost), pd.Series(customers)
    alone = sorted(set(map(str, cost.index.symmetric_difference(customers.index))))
    if alone:
        raise ValueError(
            f"only one of cost and customers has {', '.join(alone)}: give both for each channel, "
            "0 where there is none"
        )
    customers = customers.reindex(cost.index)
    (spent, won), _ = _inputs.amounts(cost=cost, customers=customers)
    _inputs.count("customers", customers)
    if basis == "paid":
        spent, won = spent[spent > 0], won[spent > 0]
        if not len(spent):
            raise ValueError("no channel costs anything: there is no paid acquisition cost")
    if won.sum() == 0:
        raise ValueError(
            "there are no customers: an acquisition cost of nobody is not a number; wait, or "
            "look at an earlier stage with cost_per"
        )
    return float(spent.sum() / won.sum())


def payback_months(acquisition_cost, monthly_margin):
    """Months until a customer has paid back what winning them cost.

    As if customers never left. Where some do, it takes longer, and the margin of those who stay
    has to pay for them as well.

    Parameters
    ----------
    acquisition_cost : float, array or Series of float
        EUR a customer.
    monthly_margin : float, array or Series of float
        Gross margin of a customer in a month, in EUR; above 0.

    Returns
    -------
    float, array or Series of float
        Months.

    Raises
    ------
    TypeError
        If an amount is not a number.
    ValueError
        If an amount is missing, infinite or negative, or the margin is 0, so that it is never
        paid back.

    Examples
    --------
    >>> payback_months(150, 25)
    6.0
    """
    (spent, margin), like_input = _inputs.amounts(
        acquisition_cost=acquisition_cost, monthly_margin=monthly_margin
    )
    _inputs.refuse(
        margin == 0,
        "monthly_margin is 0",
        "without a margin the cost is never paid back; leave it out",
    )
    return like_input(spent / margin)


def break_even_rate(cost_per_visitor, margin_per_customer):
    """Conversion rate at which the margin of the customers just pays for the visitors.

    Parameters
    ----------
    cost_per_visitor : float, array or Series of float
        EUR a visitor.
    margin_per_customer : float, array or Series of float
        Gross margin that a customer brings, in EUR, before the cost of winning them; above 0.

    Returns
    -------
    float, array or Series of float
        A fraction. Above 1 means that no rate is high enough: a visitor costs more than a
        customer brings.

    Raises
    ------
    TypeError
        If an amount is not a number.
    ValueError
        If an amount is missing, infinite or negative, or the margin is 0.

    Examples
    --------
    A visitor costs 3, a customer brings 150:

    >>> break_even_rate(3, 150)
    0.02
    """
    (spent, margin), like_input = _inputs.amounts(
        cost_per_visitor=cost_per_visitor, margin_per_customer=margin_per_customer
    )
    _inputs.refuse(
        margin == 0,
        "margin_per_customer is 0",
        "without a margin no rate breaks even; leave it out",
    )
    return like_input(spent / margin)


def marginal_returns(cost, returned):
    r"""Average and marginal return at rising levels of spending.

    The average says what all euros so far have brought, the marginal return what the last ones
    brought. Where a channel saturates the second is lower, and it alone says whether to spend
    more.

    Parameters
    ----------
    cost : Series of float, or array
        Levels of spending, in EUR for the same span of time, each higher than the one before.
    returned : Series of float, or array
        What came back at each level, in the same span: visitors, customers or EUR.

    Returns
    -------
    DataFrame
        One row a level: `cost`, `returned`; `average`, returned over cost; `marginal`, the
        rise in returned over the rise in cost since the level before, missing in the first row.

    Raises
    ------
    TypeError
        If a value is not a number.
    ValueError
        If there are fewer than two levels, a value is missing, infinite or negative, the first
        cost is 0, or the levels do not rise.

    Notes
    -----
    .. math:: \bar r_k = \frac{R_k}{C_k}, \qquad
              r_k = \frac{R_k - R_{k-1}}{C_k - C_{k-1}}

    It is a slope between two points, so it says something about the effect of money only where
    the levels were not chosen after demand; best by lot.

    Examples
    --------
    >>> marginal_returns([100, 200, 400], [50, 80, 100])
       cost  returned  average  marginal
    0   100        50     0.50       NaN
    1   200        80     0.40       0.3
    2   400       100     0.25       0.1
    """
    (spent, back), _ = _inputs.amounts(cost=cost, returned=returned)
    if spent.ndim != 1 or len(spent) < 2:
        raise ValueError("give at least two levels of spending: a slope needs two points")
    _need_spending(spent[0])
    fallen = np.flatnonzero(np.diff(spent) <= 0)
    if len(fallen):
        before, after = spent[fallen[0]], spent[fallen[0] + 1]
        raise ValueError(
            f"cost does not rise from {before:g} to {after:g}: sort the levels, and average "
            "those that are equal"
        )
    index = next((v.index for v in (cost, returned) if isinstance(v, pd.Series)), None)
    table = pd.DataFrame({"cost": cost, "returned": returned}, index=index)
    table["average"] = back / spent
    table["marginal"] = np.insert(np.diff(back) / np.diff(spent), 0, np.nan)
    return table


def sensitivity(result, base, changes):
    """How far a result moves when one input at a time goes to the ends of its attainable range.

    Parameters
    ----------
    result : callable
        Takes the inputs by name and returns a number, such as a profit.
    base : mapping of str to float
        The inputs as they are now.
    changes : mapping of str to (float, float)
        For each input that can be moved, how low and how high it can be brought: what is
        attainable, not the same percentage for all, since ten percent are easy for one input and
        out of reach for another.

    Returns
    -------
    DataFrame
        One row an input, the widest swing first: `low`, `high` (the input's range),
        `result_low`, `result_high` (the result there), `swing` (the distance of the two).
        ``attrs["base"]`` is the result of the inputs as they are.

    Raises
    ------
    TypeError
        If the result is not a number.
    ValueError
        If an input to be moved is not in the base, its range is upside down or does not hold
        the base's value, or a result is missing or infinite.

    Examples
    --------
    >>> def profit(visitors, rate, margin):
    ...     return visitors * rate * margin - 500
    >>> base = {"visitors": 1000, "rate": 0.02, "margin": 50}
    >>> sensitivity(profit, base, {"rate": (0.018, 0.03), "margin": (45, 52)})
              low   high  result_low  result_high  swing
    rate    0.018   0.03       400.0       1000.0  600.0
    margin 45.000  52.00       400.0        540.0  140.0
    """
    if not changes:
        raise ValueError("changes is empty: name the inputs that can be moved, and how far")
    rows = {}
    for name, ends in changes.items():
        _inputs.need_known(name, base, "input in base")
        low, high = ends
        if not low <= base[name] <= high:
            raise ValueError(
                f"the range of {name!r} is {low:g} to {high:g}, and it is now {base[name]:g}: "
                "give the lowest value first, and a range that holds the present one"
            )
        at_low, at_high = (one_number(result(**{**base, name: end})) for end in (low, high))
        rows[name] = [low, high, at_low, at_high, abs(at_high - at_low)]
    names = ["low", "high", "result_low", "result_high", "swing"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(float)
    _inputs.refuse(
        ~np.isfinite(table["swing"]),
        "the result is missing or infinite",
        "narrow the range",
        index=table.index,
    )
    table = table.sort_values("swing", ascending=False, kind="stable")
    table.attrs["base"] = one_number(result(**base))
    return table


def _need_spending(cost):
    _inputs.refuse(cost == 0, "cost is 0", "a return on nothing is not a number; leave it out")


# ---------------------------------------------------------------- what the metrics mean

_CAC = {"cost": {"ads": 3000, "direct": 0}, "customers": {"ads": 20, "direct": 10}}

METRICS = (
    Metric(
        name="roi_on_revenue",
        formula=r"\frac{R - C}{C}",
        numerator="revenue less what winning the customers cost",
        denominator="what winning the customers cost",
        unit="EUR gained per EUR spent",
        window="of the revenue, from each acquisition",
        function="funnelkit.metrics.roi_on_revenue",
        example=Example({"revenue": 30_000, "cost": 10_000}, 20_000, 10_000),
    ),
    Metric(
        name="roi_on_margin",
        formula=r"\frac{(R - D) - C}{C}",
        numerator="revenue less delivery less acquisition cost",
        denominator="what winning the customers cost",
        unit="EUR gained per EUR spent",
        window="of the revenue, from each acquisition",
        function="funnelkit.metrics.roi_on_margin",
        example=Example({"revenue": 30_000, "delivery": 11_400, "cost": 10_000}, 8_600, 10_000),
    ),
    Metric(
        name="roas",
        formula=r"\frac{R}{C}",
        numerator="revenue",
        denominator="what was spent on advertising",
        unit="EUR of revenue per EUR spent",
        window="of the revenue, from each acquisition",
        function="funnelkit.metrics.roas",
        example=Example({"revenue": 30_000, "cost": 10_000}, 30_000, 10_000),
    ),
    Metric(
        name="cost_per_lead",
        formula=r"\frac{C}{n_{\mathrm{lead}}}",
        numerator="what was spent in the channel",
        denominator="leads of the channel",
        unit="EUR per lead",
        window="that of the funnel, for cost and leads",
        function="funnelkit.metrics.cost_per",
        example=Example({"cost": 1000, "reached": 40}, 1000, 40),
    ),
    Metric(
        name="cac_blended",
        formula=r"\frac{\sum_c C_c}{\sum_c n_c}",
        numerator="what was spent in all channels",
        denominator="customers of all channels, paid for or not",
        unit="EUR per customer",
        window="the same period for cost and customers",
        function="funnelkit.metrics.cac",
        example=Example(_CAC, 3000, 30),
    ),
    Metric(
        name="cac_paid",
        formula=r"\frac{\sum_c C_c}{\sum_{c: C_c > 0} n_c}",
        numerator="what was spent in all channels",
        denominator="customers of the channels that cost money",
        unit="EUR per customer",
        window="the same period for cost and customers",
        function="funnelkit.metrics.cac",
        example=Example({**_CAC, "basis": "paid"}, 3000, 20),
    ),
    Metric(
        name="payback_period",
        formula=r"\frac{\mathrm{CAC}}{m}",
        numerator="acquisition cost of a customer",
        denominator="gross margin of a customer in a month",
        unit="months",
        window="none: as if nobody ever left",
        function="funnelkit.metrics.payback_months",
        example=Example({"acquisition_cost": 150, "monthly_margin": 25}, 150, 25),
    ),
    Metric(
        name="break_even_rate",
        formula=r"\frac{c}{M}",
        numerator="cost of a visitor",
        denominator="gross margin of a customer",
        unit="share of visitors",
        window="that of the margin",
        function="funnelkit.metrics.break_even_rate",
        example=Example({"cost_per_visitor": 3, "margin_per_customer": 150}, 3, 150),
    ),
    Metric(
        name="marginal_return",
        formula=r"\frac{R_k - R_{k-1}}{C_k - C_{k-1}}",
        numerator="what came back more than at the level before",
        denominator="what was spent more than at the level before",
        unit="unit of the return per EUR",
        window="the same span for each level",
        function="funnelkit.metrics.marginal_returns",
        example=Example(
            {"cost": [100, 200, 400], "returned": [50, 80, 100]}, 30, 100, (1, "marginal")
        ),
    ),
)
