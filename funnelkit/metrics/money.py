"""Money in and out: returns, costs per customer, payback, and what moves a result most.

Input is checked as `funnelkit._inputs` says.
"""

import inspect
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


def __dir__():
    return __all__


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

    Notes
    -----
    .. math:: \mathrm{ROI} = \frac{R - C}{C}

    Examples
    --------
    >>> roi_on_revenue(30_000, 10_000)
    2.0
    """
    index = _inputs.aligned(revenue=revenue, cost=cost)
    (revenue, cost), like_input = _inputs.amounts(revenue=revenue, cost=cost)
    _need_spending(cost, index)
    return like_input(_ratio(revenue - cost, cost, index))


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

    Notes
    -----
    .. math:: \mathrm{ROI}_m = \frac{(R - D) - C}{C}

    Examples
    --------
    Of 30,000 earned, 11,400 went into the courses themselves:

    >>> roi_on_margin(30_000, 11_400, 10_000)
    0.86
    """
    given = {"revenue": revenue, "delivery": delivery, "cost": cost}
    index = _inputs.aligned(**given)
    (revenue, delivery, cost), like_input = _inputs.amounts(**given)
    _need_spending(cost, index)
    with np.errstate(over="ignore"):  # of what is too large, `_ratio` speaks
        gained = revenue - delivery - cost
    return like_input(_ratio(gained, cost, index))


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

    Examples
    --------
    >>> roas(30_000, 10_000)
    3.0
    """
    index = _inputs.aligned(revenue=revenue, cost=cost)
    (revenue, cost), like_input = _inputs.amounts(revenue=revenue, cost=cost)
    _need_spending(cost, index)
    return like_input(_ratio(revenue, cost, index))


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
        EUR per person.

    Examples
    --------
    A thousand euros brought 400 visitors, of whom 40 became leads:

    >>> cost_per(1000, 400), cost_per(1000, 40)
    (2.5, 25.0)
    """
    index = _inputs.aligned(cost=cost, reached=reached)
    _inputs.count("reached", reached)
    (cost, reached), like_input = _inputs.amounts(cost=cost, reached=reached)
    _inputs.refuse(
        reached == 0,
        "nobody reached the stage",
        "a cost per person of nobody is not a number; leave it out, and report the cost",
        index=index,
    )
    return like_input(_ratio(cost, reached, index))


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
        EUR per customer.

    See Also
    --------
    cost_per : channel by channel.

    Examples
    --------
    >>> cost, customers = {"ads": 3000, "direct": 0}, {"ads": 20, "direct": 10}
    >>> cac(cost, customers), cac(cost, customers, basis="paid")
    (100.0, 150.0)
    """
    _inputs.one_of("basis", basis, ("blended", "paid"))
    cost, customers = _by_channel("cost", cost), _by_channel("customers", customers)
    alone = sorted(map(str, set(cost.index) ^ set(customers.index)))
    if alone:
        raise ValueError(
            f"only one of cost and customers has {', '.join(alone)}: give both for each channel, "
            "0 where there is none"
        )
    customers = customers.reindex(cost.index)
    _inputs.count("customers", customers)
    (spent, won), _ = _inputs.amounts(cost=cost, customers=customers)
    if basis == "paid":
        spent, won = spent[spent > 0], won[spent > 0]
        if not len(spent):
            raise ValueError("no channel costs anything: use basis='blended', or leave it out")
    if won.sum() == 0:
        raise ValueError(
            "there are no customers: an acquisition cost of nobody is not a number; wait, or "
            "look at an earlier stage with cost_per"
        )
    return float(_ratio(spent.sum(), won.sum()))


def _by_channel(name, values):
    """Return what was given for each channel as a Series with the channels in its index."""
    if not isinstance(values, pd.Series | Mapping):
        raise TypeError(
            f"{name} is {_inputs.name_of_type(values)}: give a Series or dictionary by channel; "
            "for one channel, use cost_per(cost, customers)"
        )
    values = pd.Series(values, dtype=object if isinstance(values, Mapping) else None)
    channels = values.index.to_series()
    _inputs.refuse(channels.isna(), f"a channel of {name} is missing", "give it a name")
    remedy = "sum them, .groupby(level=0).sum()"
    _inputs.refuse(channels.duplicated(), f"a channel of {name} is there twice", remedy, channels)
    return values


def payback_months(acquisition_cost, monthly_margin):
    """Months until a customer has paid back what winning them cost.

    As if customers never left. Where some do, it takes longer, and the margin of those who stay
    has to pay for them as well.

    Parameters
    ----------
    acquisition_cost : float, array or Series of float
        EUR per customer.
    monthly_margin : float, array or Series of float
        Gross margin of a customer in a month, in EUR; above 0.

    Returns
    -------
    float, array or Series of float
        Months.

    Examples
    --------
    >>> payback_months(150, 25)
    6.0
    """
    given = {"acquisition_cost": acquisition_cost, "monthly_margin": monthly_margin}
    index = _inputs.aligned(**given)
    (spent, margin), like_input = _inputs.amounts(**given)
    remedy = "without a margin the cost is never paid back; leave it out"
    _inputs.refuse(margin == 0, "monthly_margin is 0", remedy, index=index)
    return like_input(_ratio(spent, margin, index))


def break_even_rate(cost_per_visitor, margin_per_customer):
    """Conversion rate at which the margin of the customers just pays for the visitors.

    Parameters
    ----------
    cost_per_visitor : float, array or Series of float
        EUR per visitor.
    margin_per_customer : float, array or Series of float
        Gross margin that a customer brings, in EUR, before the cost of winning them; above 0.

    Returns
    -------
    float, array or Series of float
        A fraction. Above 1 means that no rate is high enough: a visitor costs more than a
        customer brings.

    Examples
    --------
    A visitor costs 3, a customer brings 150:

    >>> break_even_rate(3, 150)
    0.02
    """
    given = {"cost_per_visitor": cost_per_visitor, "margin_per_customer": margin_per_customer}
    index = _inputs.aligned(**given)
    (spent, margin), like_input = _inputs.amounts(**given)
    remedy = "without a margin no rate breaks even; leave it out"
    _inputs.refuse(margin == 0, "margin_per_customer is 0", remedy, index=index)
    return like_input(_ratio(spent, margin, index))


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
        One row per level: `cost`, `returned`; `average`, returned / cost; `marginal`, the
        rise in returned / the rise in cost since the level before, missing in the first row.

    Notes
    -----
    .. math:: \bar r_k = \frac{R_k}{C_k}, \qquad
              r_k = \frac{R_k - R_{k-1}}{C_k - C_{k-1}}

    It is a slope between two points, so it says something about the effect of money only where
    the levels were not chosen after demand; best at random.

    Examples
    --------
    >>> marginal_returns([100, 200, 400], [50, 80, 100])
       cost  returned  average  marginal
    0   100        50     0.50       NaN
    1   200        80     0.40       0.3
    2   400       100     0.25       0.1
    """
    index = _inputs.aligned(cost=cost, returned=returned)
    cost, returned = _inputs.as_series(cost, "cost"), _inputs.as_series(returned, "returned")
    _inputs.need_same_length("levels", cost=cost, returned=returned)
    table = pd.DataFrame({"cost": cost.to_numpy(), "returned": returned.to_numpy()}, index=index)
    (spent, back), _ = _inputs.amounts(cost=table["cost"], returned=table["returned"])
    if len(spent) < 2:
        raise ValueError("give at least two levels of spending: a slope needs two points")
    _need_spending(spent[0])
    fallen = np.flatnonzero(np.diff(spent) <= 0)
    if len(fallen):
        before, after = spent[fallen[0]], spent[fallen[0] + 1]
        raise ValueError(
            f"cost does not rise from {before:g} to {after:g}: sort the levels, and average "
            "those that are equal"
        )
    average, marginal = _ratio(back, spent, index), _ratio(np.diff(back), np.diff(spent))
    return table.assign(average=average, marginal=np.insert(marginal, 0, np.nan))


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
        One row per input, the widest swing first: `low`, `high` (the input's range),
        `result_low`, `result_high` (the result there), `swing` (the distance of the two).
        ``attrs["base"]`` is the result of the inputs as they are.

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
    _inputs.need_callable("result", result, "a function of the inputs that returns a number")
    for name, value in _by_input("base", base, "with the numbers that they have").items():
        _inputs.number(f"{name!r} in base", value)
    changes = _by_input("changes", changes, "that can be moved, and how far")
    _need_parameters(result, base)

    def computed(**moved):
        return one_number(result(**{**base, **moved}), "result")

    rows = {}
    for name, ends in changes.items():
        _inputs.need_known(name, base, "input in base")
        _need_range_around(name, ends, base[name])
        low, high = ends
        at_low, at_high = (computed(**{name: end}) for end in (low, high))
        rows[name] = [low, high, at_low, at_high, abs(at_high - at_low)]
    names = ["low", "high", "result_low", "result_high", "swing"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(float)
    wrong = ~np.isfinite(table["swing"])
    what = "the result is missing or infinite"
    _inputs.refuse(wrong, what, "narrow the range", index=table.index, unit="inputs")
    table = table.sort_values("swing", ascending=False, kind="stable")
    table.attrs["base"] = computed()
    return table


def _by_input(name, given, which):
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} is {_inputs.name_of_type(given)}: give a dictionary by input")
    if not given:
        raise ValueError(f"{name} is empty: name the inputs {which}")
    return given


def _need_parameters(result, base):
    """Refuse inputs that the function does not take, or that it misses."""
    try:
        inspect.signature(result).bind(**base)
    except TypeError as error:
        raise TypeError(
            f"result cannot be called with {', '.join(map(str, base))} ({error}): name the "
            "inputs in base as its parameters are named"
        ) from None
    except ValueError:  # written in C, without a signature
        return


def _need_range_around(name, ends, present):
    """Refuse what are not two ends, the lower one first, with the present value between them."""
    example = f"give two numbers, {{{name!r}: (low, high)}}"
    if not pd.api.types.is_list_like(ends, allow_sets=False) or len(ends) != 2:
        raise TypeError(f"the range of {name!r} is {ends!r}: {example}")
    low, high = (_inputs.number(f"an end of {name!r}", end, remedy=example) for end in ends)
    if not low <= present <= high:
        raise ValueError(
            f"the range of {name!r} is {low:g} to {high:g}, and it is now {present:g}: "
            "give the lowest value first, and a range that holds the present one"
        )


def _ratio(above, below, index=None):
    """Divide, and refuse a quotient that no float can hold."""
    with np.errstate(over="ignore"):
        quotient = above / below
    remedy = "give both amounts in the same unit, and leave out what is too small to be spent"
    what = "the result is too large a number"
    _inputs.refuse(~np.isfinite(quotient), what, remedy, above, below, index=index)
    return quotient


def _need_spending(cost, index=None):
    remedy = "a return on nothing is not a number; leave it out"
    _inputs.refuse(cost == 0, "cost is 0", remedy, index=index)


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
