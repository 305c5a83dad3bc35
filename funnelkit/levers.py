"""Which step of a funnel to fix: what a lever brings, for what it costs, within capacity.

`overall_slopes` says what a change of each rate would do to the overall rate, whatever it costs
and however hard it is. `flow` sends visitors through steps of which some have a limit, such as the
calls that advisers can hold. `attainable_lift` puts the two together with pilots: what each lever
was seen to bring, per euro, with an interval. `open_at_once` says how many are on their way.

Input is checked as `funnelkit._inputs` says.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "attainable_lift", "flow", "open_at_once", "overall_slopes"]


def __dir__():
    return __all__


# ---------------------------------------------------------------- rates and limits


def overall_slopes(rates, *, points=0.01, share=0.10):
    r"""Return what a change of each step rate does to the overall rate.

    Parameters
    ----------
    rates : Series or dict of float
        The rate of each step, a fraction of those at the step before.
    points : float, default 0.01
        A change by as many points for each step: 0.01 is one percentage point.
    share : float, default 0.10
        A change by the same share of each rate: 0.10 is ten percent more.

    Returns
    -------
    DataFrame
        By step: `rate`; `slope`, the change of the overall rate per change of this rate;
        `after_points` and `after_share`, the overall rate after either change of this step alone.
        A rate ends at 1. In ``attrs``: ``"overall"``, the overall rate now.

    Notes
    -----
    The overall rate is the product of the step rates, so its slope in one of them is

    .. math:: \frac{\partial R}{\partial r_i} = \prod_{j \neq i} r_j = \frac{R}{r_i}

    which is greatest where the rate is lowest, while the same share of each rate changes the
    product by that share, whichever it is. Neither says what is attainable: `attainable_lift`.

    Examples
    --------
    >>> overall_slopes({"lead": 0.2, "call": 0.5, "customer": 0.25}).round(5)
              rate  slope  after_points  after_share
    step
    lead      0.20  0.125       0.02625       0.0275
    call      0.50  0.050       0.02550       0.0275
    customer  0.25  0.100       0.02600       0.0275
    """
    rates = _rates(rates)
    points = _inputs.number("points", points, at_least=0, at_most=1)
    share = _inputs.number("share", share, at_least=0)
    rate = rates.to_numpy()
    slope = np.array([np.delete(rate, place).prod() for place in range(len(rate))])
    table = pd.DataFrame({"rate": rate, "slope": slope}, index=rates.index)
    table["after_points"] = slope * np.minimum(rate + points, 1)
    table["after_share"] = slope * np.minimum(rate * (1 + share), 1)
    table.attrs["overall"] = float(rate.prod())
    return table


def flow(visitors, rates, *, limits=None):
    """Send visitors through the steps of a funnel, some of which let only so many through.

    Parameters
    ----------
    visitors : float
        How many come in the period, such as a week.
    rates : Series or dict of float
        The rate of each step, in order: the share of those at the step before who want to take
        it.
    limits : Series or dict of float, optional
        For the steps that have one: how many it lets through in the same period, such as the
        calls that advisers can hold.

    Returns
    -------
    DataFrame
        By step: `rate`, `wanted` (how many want to take it), `reached` (how many do) and
        `turned_away`. The last `reached` are the customers.

    Notes
    -----
    These are expected numbers of a period like many others. Whoever is turned away is lost: in a
    real queue some wait, and those who waited buy less often.

    Examples
    --------
    >>> rates = {"lead": 0.2, "call": 0.5, "customer": 0.25}
    >>> flow(1000, rates, limits={"call": 80})
              rate  wanted  reached  turned_away
    step
    lead      0.20   200.0    200.0          0.0
    call      0.50   100.0     80.0         20.0
    customer  0.25    20.0     20.0          0.0
    """
    visitors = _inputs.number("visitors", visitors, at_least=0)
    rates = _rates(rates)
    limits = _limits(limits, rates.index)
    table = pd.DataFrame({"rate": rates, "wanted": 0.0, "reached": 0.0})
    here = visitors
    for step, rate in rates.items():
        wanted = here * rate
        here = min(wanted, limits.get(step, np.inf))
        table.loc[step, ["wanted", "reached"]] = wanted, here
    return table.assign(turned_away=table["wanted"] - table["reached"])


def open_at_once(arriving, duration):
    """Return how many are under way at the same time: Little's law.

    Parameters
    ----------
    arriving : float
        How many begin in a unit of time, such as opportunities in a month.
    duration : float
        How long one takes on average, in the same unit of time: the *mean*, not the median.

    Returns
    -------
    float
        The number that is open at a moment, on average.

    References
    ----------
    J. D. C. Little (1961), "A proof for the queuing formula: L = λW", *Operations Research* 9(3).

    Examples
    --------
    Thirty opportunities a month, each open for three months:

    >>> open_at_once(30, 3)
    90.0
    """
    arriving = _inputs.number("arriving", arriving, at_least=0)
    duration = _inputs.number("duration", duration, at_least=0)
    return float(_inputs.computable("the product", arriving * duration))


# ---------------------------------------------------------------- what was seen to be possible

ARMS = ("n_without", "converted_without", "n_with", "converted_with")


def attainable_lift(
    users, pilots, *, visitors, limits=None, draws=2000, confidence=0.95, seed=None
):
    r"""Return what each lever that was tried would bring, and how much of it a euro buys.

    Parameters
    ----------
    users : Series of int
        How many users reached each step, in order, the visitors first: the column `users` of
        `funnelkit.funnels.funnel`.
    pilots : DataFrame
        One row per lever: `lever`, its name; `step`, the step that it works on; `cost`, in EUR
        for the period. Of a lever on a rate the four counts of a pilot in which chance decided who
        met it: `n_without`, `converted_without`, `n_with`, `converted_with`. Of a lever on a limit
        `adds`, how many more the step lets through.
    visitors : float
        How many come in the period, such as a week.
    limits : Series or dict of float, optional
        For the steps that have one: how many it lets through in the period. Whoever comes to such
        a step wants to take it, so that those who want to are counted at the step before, such as
        bookings before calls.
    draws : int, default 2000
        How many draws make the intervals.
    confidence : float, default 0.95
        Confidence of the intervals.
    seed : int or numpy.random.Generator, optional
        Where the draws come from.

    Returns
    -------
    DataFrame
        One row per lever, the most per euro first: `step`; `extra`, further customers in the
        period, with `extra_low` and `extra_high`; `cost`; `per_1000`, further customers per
        EUR 1,000, with `per_1000_low` and `per_1000_high`; `behind`, by how much the first row has
        more of these, with `behind_low` and `behind_high`. In ``attrs``: ``"customers"``, those of
        the period as it is.

    Notes
    -----
    A lever on a rate moves it by the difference that its pilot saw, from the rate that the funnel
    has; then `flow` says how many become customers, one lever at a time. In each draw all rates
    are drawn anew, each from the values that its counts leave plausible, a beta distribution with
    the parameters *converted* + ½ and *n* − *converted* + ½ (Jeffreys); for many users this is the
    bootstrap. The wait in a queue, after which people buy less often, is not in it: past a full
    queue levers bring even less than this, and a higher limit brings more.

    Examples
    --------
    >>> users = pd.Series({"visit": 9000, "lead": 1800, "booking": 900, "call": 640, "sale": 160})
    >>> pilots = pd.DataFrame({
    ...     "lever": ["form", "training", "adviser"],
    ...     "step": ["lead", "sale", "call"],
    ...     "n_without": [4000, 900, None], "converted_without": [800, 225, None],
    ...     "n_with": [4000, 900, None], "converted_with": [1000, 270, None],
    ...     "adds": [None, None, 20], "cost": [100, 400, 1000],
    ... })
    >>> table = attainable_lift(users, pilots, visitors=1000, limits={"call": 80}, seed=1)
    >>> table[["extra", "cost", "per_1000"]].round(2)
              extra    cost  per_1000
    lever
    training    4.0   400.0      10.0
    adviser     5.0  1000.0       5.0
    form        0.0   100.0       0.0
    """
    counts = _counts(users)
    steps = counts.index[1:]
    pilots = _pilots(pilots, steps)
    limits = _limits(limits, steps)
    visitors = _inputs.number("visitors", visitors, at_least=0)
    _need_steps_for(pilots, limits)
    draws = _inputs.whole("draws", draws, at_least=100)
    _inputs.confidence_quantile(confidence)  # says what is wrong
    rng = _inputs.random_generator(seed)
    ends = (1 - confidence) / 2, (1 + confidence) / 2

    def customers(rates, limits):
        here = visitors
        for step in steps:
            here = np.minimum(here * rates[step], limits.get(step, np.inf))
        return here

    def extra(rate_of):
        """Return the further customers of each lever, with rates as `rate_of` gives them."""
        now = {
            step: 1.0 if step in limits else rate_of(counts[step], counts.iloc[place])
            for place, step in enumerate(steps)
        }
        found = {}
        for lever, row in pilots.iterrows():
            step, rates, room = row["step"], now, limits
            if step in limits:
                room = limits | {step: limits[step] + row["adds"]}
            else:
                seen = rate_of(row["converted_with"], row["n_with"]) - rate_of(
                    row["converted_without"], row["n_without"]
                )
                rates = now | {step: np.clip(now[step] + seen, 0, 1)}
            found[lever] = customers(rates, room) - customers(now, limits)
        return found, customers(now, limits)

    estimate, today = extra(lambda converted, n: converted / n)
    drawn, _ = extra(lambda x, n: rng.beta(x + 0.5, n - x + 0.5, draws))
    drawn = pd.DataFrame(drawn, index=range(draws)).astype(float)
    cost = pilots["cost"]
    table = pd.DataFrame({"step": pilots["step"], "extra": pd.Series(estimate, dtype=float)})
    _add_ends(table, "extra", drawn, ends)
    table["cost"] = cost
    table["per_1000"] = 1000 * table["extra"] / cost
    per_1000 = 1000 * drawn / cost
    _add_ends(table, "per_1000", per_1000, ends)
    table = table.sort_values("per_1000", ascending=False, kind="stable")
    best = table.index[0]
    table["behind"] = table.loc[best, "per_1000"] - table["per_1000"]
    _add_ends(table, "behind", per_1000.rsub(per_1000[best], axis=0), ends)
    table.attrs["customers"] = float(today)
    return table.rename_axis("lever")


def _add_ends(table, name, drawn, ends):
    """Add the two ends of the interval of a column."""
    table[[f"{name}_low", f"{name}_high"]] = drawn.quantile(ends).T.reindex(table.index).to_numpy()


# ---------------------------------------------------------------- what may come in


def _by_step(name, value):
    """Return numbers by step as a Series."""
    if not isinstance(value, Mapping | pd.Series):
        raise TypeError(f"{name} is {_inputs.name_of_type(value)}: give a number for each step")
    if not len(value):
        raise ValueError(f"{name} is empty: give a number for each step")
    series = pd.Series(value)
    if not series.index.is_unique:
        raise ValueError(f"{name} names a step twice: give each step a name of its own")
    return series


def _rates(value):
    """Return the rates of the steps, as fractions."""
    series = _by_step("rates", value)
    rates = _inputs.shares("rates", series)
    return pd.Series(rates, index=series.index).rename_axis("step")


def _limits(value, steps):
    """Return the limits by step as a dictionary."""
    if value is None or (isinstance(value, Mapping | pd.Series) and not len(value)):
        return {}
    series = _by_step("limits", value)
    for step in series.index:
        _inputs.need_known(step, steps, "step with a rate")
    (limits,), _ = _inputs.amounts(limits=series)
    return dict(zip(series.index, limits.astype(float), strict=True))


def _counts(users):
    """Return how many reached each step, none of them more than came to the step before."""
    series = _by_step("users", users)
    if len(series) < 2:
        raise ValueError("users has 1 step: give the visitors, and at least one step after them")
    counts = _inputs.count("users", series)
    index = series.index[1:]
    remedy = "give the steps in order, the visitors first"
    before, after = counts[:-1], counts[1:]
    _inputs.refuse(
        after > before, "users rises from one step to the next", remedy, index=index, unit="steps"
    )
    _inputs.refuse(before == 0, "nobody reached the step before", "leave these steps out",
                   index=index, unit="steps")  # fmt: skip
    return pd.Series(counts, index=series.index)


def _pilots(pilots, steps):
    """Return the pilots by lever, with counts and amounts that can be."""
    columns = ["lever", "step", *ARMS, "adds", "cost"]
    _inputs.need_columns(pilots, columns, "pilots")
    _inputs.need_rows(pilots, "pilots", "there is no lever to rank")
    levers = _inputs.ids(pilots["lever"], "lever")
    _inputs.refuse(levers.duplicated(), "a lever is named twice", "give each a name of its own",
                   index=pilots.index)  # fmt: skip
    for step in _inputs.ids(pilots["step"], "step"):
        _inputs.need_known(step, steps, "step after the visitors")
    cost = _inputs.finite("cost", pilots["cost"])
    remedy = "what costs nothing needs no ranking: leave the lever out"
    _inputs.refuse(cost <= 0, "cost is not above 0", remedy, cost, index=pilots.index)
    table = pilots[columns].assign(cost=cost).set_index("lever")
    for name in (*ARMS, "adds"):
        table[name] = _inputs.numbers(name, pilots[name], missing="keep")
    return table


def _need_steps_for(pilots, limits):
    """Refuse a lever without what it would do: counts for a rate, a number for a limit."""
    on_limit = pilots["step"].isin(list(limits))
    counted = pilots.loc[~on_limit, list(ARMS)]
    _inputs.refuse(
        counted.isna().any(axis=1), "a lever on a rate lacks counts of its pilot",
        "give all four, or name the step in limits if the lever adds room", index=counted.index,
        unit="levers",
    )  # fmt: skip
    for arm in ("without", "with"):
        _inputs.part_of(
            "leave the lever out: nobody was in that group", "take both from the same group",
            **{f"converted_{arm}": counted[f"converted_{arm}"], f"n_{arm}": counted[f"n_{arm}"]},
        )  # fmt: skip
    adds = pilots.loc[on_limit, "adds"]
    remedy = "give adds: how many more the step lets through"
    _inputs.refuse(adds.isna(), "a lever on a limit does not say how much", remedy,
                   index=adds.index, unit="levers")  # fmt: skip
    _inputs.amounts(adds=adds)


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="overall_slope",
        formula=r"\partial R / \partial r_i = R / r_i",
        numerator="the overall rate",
        denominator="the rate of the step",
        unit="points of the overall rate per point",
        window="that of the rates",
        function="funnelkit.levers.overall_slopes",
        example=Example(
            {"rates": {"lead": 0.2, "call": 0.5, "customer": 0.25}}, 25, 200, ("lead", "slope")
        ),
    ),
    Metric(
        name="open_at_once",
        formula=r"L = \lambda W",
        numerator="those who begin, times how long each takes",
        denominator="one unit of time",
        unit="opportunities",
        window="a time in which nothing changes",
        function="funnelkit.levers.open_at_once",
        example=Example({"arriving": 30, "duration": 3}, 90, 1),
    ),
)
