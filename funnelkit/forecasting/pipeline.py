r"""The sales pipeline: what was known on a day, who wins and when, what the month will bring.

`snapshot` puts a pipeline back to a day, without what was written later. `stage_spells` and
`competing_risks` say how often, and when, a deal ends won or lost; `after_age` reads that off for
deals that have been open for a while. `weighted_pipeline`, `velocity` and `simulate_month` make
forecasts of it.

Throughout, `outcome` is ``"won"`` or ``"lost"``, and missing while a deal is open. Input is
checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = [
    "METRICS",
    "after_age",
    "competing_risks",
    "month_shock",
    "simulate_month",
    "snapshot",
    "stage_spells",
    "velocity",
    "weighted_pipeline",
]

ENDS = ("won", "lost")


def __dir__():
    return __all__


# ---------------------------------------------------------------- what was known on a day


def snapshot(deals, stages, close_dates, at):
    """Return the deals that were open at a moment, as they were known then.

    Nothing that was entered at that moment or later is used: not the stage, not the close date,
    not the discount, and not the outcome.

    Parameters
    ----------
    deals : DataFrame
        One row per deal: `deal_id`, `created_at`, `list_price` (EUR) and `discount` (a share of
        it), which is known once the deal has entered the stage ``"negotiation"``.
    stages : DataFrame
        One row per stage that a deal entered: `deal_id`, `stage`, `entered_at`. ``"won"`` and
        ``"lost"`` end a deal. Of stages entered in the same second the later row counts.
    close_dates : DataFrame
        One row per close date that was entered: `deal_id`, `edited_at`, `expected_close`.
    at : str or Timestamp
        The moment. A day without a time is its beginning: ``"2026-03-01"`` is what was known when
        February was over.

    Returns
    -------
    DataFrame
        One row per open deal, in the order of `deals`, with their index: `deal_id`; `stage`;
        `entered_at`, when it entered that stage; `age`, the days since then; `amount`, the price
        known then (EUR); `expected_close`; `moves`, how often that date had been moved. The close
        date is missing where none had been entered.

    Examples
    --------
    >>> deals = pd.DataFrame({"deal_id": ["a", "b"], "created_at": ["2026-01-05", "2026-01-20"],
    ...                       "list_price": [200.0, 100.0], "discount": [0.1, 0.0]})
    >>> stages = pd.DataFrame({"deal_id": ["a", "b", "a", "a"],
    ...                        "stage": ["MQL", "MQL", "negotiation", "won"],
    ...                        "entered_at": ["2026-01-05", "2026-01-20", "2026-01-30",
    ...                                       "2026-02-02"]})
    >>> dates = pd.DataFrame({"deal_id": ["a", "b"], "edited_at": ["2026-01-05", "2026-01-20"],
    ...                       "expected_close": ["2026-01-25", "2026-02-20"]})
    >>> snapshot(deals, stages, dates, "2026-02-01")[["deal_id", "stage", "age", "amount"]]
      deal_id        stage   age  amount
    0       a  negotiation   2.0   180.0
    1       b          MQL  12.0   100.0
    """
    at = _inputs.moment("at", at)
    table = _checked_deals(deals)
    entered = _checked_stages(stages, table)
    edited = _checked_dates(close_dates, table)
    entered = entered[entered["entered_at"] < at].sort_values("entered_at", kind="stable")
    now = entered.drop_duplicates("deal_id", keep="last").set_index("deal_id")
    bargained = entered.loc[entered["stage"] == "negotiation", "deal_id"]
    edited = edited[edited["edited_at"] < at].sort_values("edited_at", kind="stable")
    date = edited.drop_duplicates("deal_id", keep="last").set_index("deal_id")["expected_close"]
    opened = table["deal_id"].map(now["stage"])
    open_deals = table[opened.notna() & ~opened.isin(ENDS)]
    of = open_deals["deal_id"]
    discount = open_deals["discount"].where(of.isin(bargained), 0.0)
    since = now["entered_at"].reindex(of).set_axis(of.index)
    return pd.DataFrame(
        {
            "deal_id": of,
            "stage": opened.loc[of.index],
            "entered_at": since,
            "age": (at - since) / pd.Timedelta("1D"),
            "amount": (open_deals["list_price"] * (1 - discount)).round(2),
            "expected_close": date.reindex(of).set_axis(of.index),
            "moves": (of.map(edited["deal_id"].value_counts()).fillna(1) - 1).astype("int64"),
        }
    )


def _checked_deals(deals):
    """Return the deals, one row per id, with a price and a discount that is a share."""
    _inputs.need_columns(deals, ["deal_id", "created_at", "list_price", "discount"], "deals")
    _inputs.need_rows(deals, "deals", "give at least one deal")
    _unique_ids(deals["deal_id"])
    _inputs.times(deals["created_at"], "created_at")
    _inputs.amounts(list_price=deals["list_price"])
    _inputs.shares("discount", deals["discount"])
    return deals


def _unique_ids(ids):
    """Refuse an id that stands twice."""
    _inputs.ids(ids, "deal_id")
    remedy = "a table of deals has one row per deal: drop_duplicates, or give each its own id"
    _inputs.refuse(ids.duplicated(), "deal_id repeats an earlier row", remedy, ids, index=ids.index)


def _checked_stages(stages, deals=None):
    """Return the history of stages, with its times read, of deals that are known."""
    _inputs.need_columns(stages, ["deal_id", "stage", "entered_at"], "stages")
    _inputs.need_rows(stages, "stages", "give every deal its stages")
    ids = stages["deal_id"]
    if deals is None:
        _inputs.ids(ids, "deal_id")
    else:
        _need_known(ids, deals, "stages")
    _inputs.ids(stages["stage"], "stage")
    stages = stages.assign(entered_at=_inputs.times(stages["entered_at"], "entered_at"))
    ended = stages[stages["stage"].isin(ENDS)]
    plain = stages["stage"].astype("str").str.strip().str.lower()
    remedy = "write 'won' and 'lost' in small letters, without spaces"
    misspelt = plain.isin(ENDS) & ~stages["stage"].isin(ENDS)
    what = "an end of a deal is written in another way"
    _inputs.refuse(misspelt, what, remedy, stages["stage"], index=stages.index)
    remedy = "a deal ends once: keep the end that holds; a deal taken up again is a new deal"
    twice = ended["deal_id"].duplicated()
    what = "a deal is won or lost more than once"
    _inputs.refuse(twice, what, remedy, ended["deal_id"], index=ended.index)
    end = ended.set_index("deal_id")["entered_at"].reindex(ids)
    remedy = "correct the dates; a deal taken up again is a new deal"
    late = stages["entered_at"].to_numpy() > end.to_numpy()
    _inputs.refuse(late, "a stage is entered after the end", remedy, ids, index=ids.index)
    return stages


def _checked_dates(dates, deals):
    """Return the expected close dates, with their times read, of deals that are known."""
    _inputs.need_columns(dates, ["deal_id", "edited_at", "expected_close"], "close_dates")
    _need_known(dates["deal_id"], deals, "close_dates")
    return dates.assign(
        **{name: _inputs.times(dates[name], name) for name in ("edited_at", "expected_close")}
    )


def _need_known(ids, deals, what):
    """Refuse ids for which there is no deal."""
    _inputs.need_hashable(ids, "deal_id")
    unknown = ~ids.isin(deals["deal_id"])
    remedy = "give the table of all deals, and ids of one type in both"
    _inputs.refuse(unknown, f"a deal_id of {what} is not in deals", remedy, ids, index=ids.index)


# ---------------------------------------------------------------- won and lost compete


def stage_spells(stages, *, observed_until):
    """Return, for each stage that a deal entered, how long after it the deal ended, and how.

    Parameters
    ----------
    stages : DataFrame
        One row per stage that a deal entered: `deal_id`, `stage`, `entered_at`.
    observed_until : str or Timestamp
        The last moment of the data; a day without a time is seen to its end.

    Returns
    -------
    DataFrame
        One row per deal and stage, but for ``"won"`` and ``"lost"``: `deal_id`, `stage`,
        `entered_at`; `days` from entering the stage to the end of the deal, or to the end of the
        data; `outcome`, ``"won"`` or ``"lost"``, missing where the deal was still open.

    Examples
    --------
    >>> stages = pd.DataFrame({"deal_id": ["a", "b", "a"], "stage": ["MQL", "MQL", "won"],
    ...                        "entered_at": ["2026-06-01", "2026-06-10", "2026-06-11"]})
    >>> stage_spells(stages, observed_until="2026-06-29")[["deal_id", "days", "outcome"]].round(1)
      deal_id  days outcome
    0       a  10.0     won
    1       b  20.0     NaN
    """
    end = _inputs.end_of_data("observed_until", observed_until)
    table = _checked_stages(stages)
    remedy = "correct these rows, or say how far the data reach"
    _inputs.not_after("entered_at", table["entered_at"], end, remedy)
    over = table[table["stage"].isin(ENDS)].set_index("deal_id")
    spells = table.loc[~table["stage"].isin(ENDS), ["deal_id", "stage", "entered_at"]]
    ends = over.reindex(spells["deal_id"]).set_axis(spells.index)
    outcome = ends["stage"].astype("str")
    # Times may come in any resolution; in microseconds all years that a calendar has fit.
    last = ends["entered_at"].astype("datetime64[us]").fillna(end.as_unit("us"))
    days = (last - spells["entered_at"]) / pd.Timedelta("1D")
    return spells.assign(days=days, outcome=outcome)


def competing_risks(days, outcome):
    r"""Return the shares of deals won, lost and still open after each number of days.

    Won and lost compete: a lost deal can no longer be won. The estimate is that of Aalen and
    Johansen; a deal that is still open counts among those watched until the end of its days, and
    says nothing about later.

    Parameters
    ----------
    days : Series or array of numbers
        How long each deal was watched: to its end, or to the end of the data; 0 or more.
    outcome : Series or array of text
        ``"won"`` or ``"lost"``; missing where the deal was still open.

    Returns
    -------
    DataFrame
        Index `days`: 0 and each number of days that occurs, in order. Columns: `at_risk`, how many
        were open just before; `won` and `lost`, how many ended so on that day; `censored`, how
        many were last seen then; `share_won`, `share_lost` and `share_open`, the shares of all
        deals by then, which add up to 1.

    Notes
    -----
    With :math:`w_i` won and :math:`l_i` lost of :math:`n_i` deals open at :math:`t_i`,

    .. math:: S(t) = \prod_{t_i \le t} \left( 1 - \frac{w_i + l_i}{n_i} \right), \qquad
              F_{won}(t) = \sum_{t_i \le t} S(t_{i-1}) \frac{w_i}{n_i}

    One minus the Kaplan–Meier curve in which lost deals count as censored answers another
    question: how many would be won if no deal could be lost. It is larger.

    References
    ----------
    O. O. Aalen and S. Johansen (1978), "An empirical transition matrix for non-homogeneous Markov
    chains based on censored observations", *Scandinavian Journal of Statistics* 5.

    Examples
    --------
    Four deals: won after 10 days, lost after 20, open after 30, won after 40:

    >>> curve = competing_risks([10, 20, 30, 40], ["won", "lost", None, "won"])
    >>> curve[["at_risk", "share_won", "share_lost", "share_open"]]
          at_risk  share_won  share_lost  share_open
    days
    0           4       0.00        0.00        1.00
    10          4       0.25        0.00        0.75
    20          3       0.25        0.25        0.50
    30          2       0.25        0.25        0.50
    40          1       0.75        0.25        0.00
    """
    index = _inputs.aligned(days=days, outcome=outcome)
    time = _inputs.numbers("days", _inputs.as_series(days, "days"))
    ended = _inputs.as_series(outcome, "outcome")
    _inputs.need_same_length("deals", days=time, outcome=ended)
    _inputs.need_rows(ended, "days", "give at least one deal")
    _inputs.refuse(time < 0, "days is negative", "an end lies after the start", time, index=index)
    _inputs.refuse(np.isinf(time), "days is infinite", "give the days watched", index=index)
    _inputs.need_hashable(ended, "outcome")
    odd = ended.notna() & ~ended.isin(ENDS)
    remedy = "write 'won' or 'lost', and leave an open deal missing"
    _inputs.refuse(odd, "outcome is neither won nor lost", remedy, ended, index=index)
    if (time == np.floor(time)).all() and time.max() < 2**53:
        time = time.astype("int64")
    times, place = np.unique(np.append(0, time), return_inverse=True)
    place = place[1:]
    won, lost, open_ = (
        np.bincount(place[mask.to_numpy(bool)], minlength=len(times))
        for mask in (ended == "won", ended == "lost", ended.isna())
    )
    at_risk = len(time) - np.append(0, np.cumsum(won + lost + open_)[:-1])
    still = np.cumprod(1 - (won + lost) / at_risk)
    before = np.append(1.0, still[:-1])
    return pd.DataFrame(
        {
            "at_risk": at_risk,
            "won": won,
            "lost": lost,
            "censored": open_,
            "share_won": np.cumsum(before * won / at_risk),
            "share_lost": np.cumsum(before * lost / at_risk),
            "share_open": still,
        },
        index=pd.Index(times, name="days"),
    )


def after_age(curve, age, *, within=None):
    r"""Return what becomes of deals that are still open at an age.

    Parameters
    ----------
    curve : DataFrame
        What `competing_risks` returns.
    age : number
        How many days the deals have been open; somebody must be open then.
    within : number, optional
        How many days ahead to look; without it, to the end of the curve.

    Returns
    -------
    Series
        `won`, `lost` and `open`: shares of the deals open at that age, which add up to 1.

    Notes
    -----
    .. math:: P(\text{won by } t \mid \text{open at } a) =
              \frac{F_{won}(t) - F_{won}(a)}{S(a)}

    Examples
    --------
    >>> curve = competing_risks([10, 20, 30, 40], ["won", "lost", None, "won"])
    >>> after_age(curve, 15).to_dict()
    {'won': 0.6666666666666666, 'lost': 0.3333333333333333, 'open': 0.0}
    """
    columns = ["share_won", "share_lost", "share_open"]
    _inputs.need_columns(curve, columns, "curve")
    _inputs.need_rows(curve, "curve", "give what competing_risks returns")
    for column in columns:
        _inputs.finite(column, curve[column])
    age = _inputs.number("age", age, at_least=0)
    start = curve.loc[curve.index <= age, columns].iloc[-1]
    last = float(curve.index[-1])
    if start["share_open"] <= 0:
        raise ValueError(f"age is {age:g}: no deal was open for so long; give a smaller age")
    end = last if within is None else age + _inputs.number("within", within, above=0)
    if end > last and curve["share_open"].iloc[-1] > 0 or age > last:
        raise ValueError(
            f"the curve ends at {last:g} days, before {max(age, end):g}: nobody has been watched "
            "for so long; look less far ahead"
        )
    stop = curve.loc[curve.index <= end, columns].iloc[-1]
    shares = [
        (stop["share_won"] - start["share_won"]) / start["share_open"],
        (stop["share_lost"] - start["share_lost"]) / start["share_open"],
        stop["share_open"] / start["share_open"],
    ]
    return pd.Series(shares, index=["won", "lost", "open"], dtype=float)


# ---------------------------------------------------------------- forecasts


def weighted_pipeline(amount, probability):
    r"""Return the expected amount of open deals, and its spread if each is decided by itself.

    Parameters
    ----------
    amount : Series or array of numbers
        What each deal brings if it is won (EUR).
    probability : Series or array of fractions
        How likely each is won.

    Returns
    -------
    Series
        `expected` and `std` (EUR).

    Notes
    -----
    .. math:: \mathrm{E} = \sum_i p_i a_i, \qquad \mathrm{Var} = \sum_i p_i (1 - p_i) a_i^2

    The expected amount is a mean: with few deals it may be an amount that cannot come. The
    variance takes deals to be independent; where a month is good or bad for all of them, the true
    one is larger (`simulate_month`).

    Examples
    --------
    >>> weighted_pipeline([10_000, 5_000, 2_000], [0.2, 0.5, 0.8]).round(2).to_dict()
    {'expected': 6100.0, 'std': 4784.35}
    """
    a, p = _open_deals(amount, probability)
    spread = np.sqrt((p * (1 - p) * a**2).sum())
    values = _inputs.computable("the weighted pipeline", np.array([(p * a).sum(), spread]))
    return pd.Series(values, index=["expected", "std"])


def _open_deals(amount, probability):
    """Return amounts and probabilities of the same deals."""
    _inputs.aligned(amount=amount, probability=probability)
    (a,), _ = _inputs.amounts(amount=_inputs.as_series(amount, "amount"))
    p = _inputs.shares("probability", _inputs.as_series(probability, "probability"))
    _inputs.need_same_length("deals", amount=a, probability=p)
    return a, p


def velocity(opportunities, win_rate, value, cycle_days):
    r"""Return the sales velocity: what a pipeline brings per day.

    Parameters
    ----------
    opportunities : number or Series
        Open deals.
    win_rate : number or Series
        The share of them that will be won, as a fraction.
    value : number or Series
        The mean amount of a won deal (EUR).
    cycle_days : number or Series
        The mean time that a deal is open, won or lost (days), above 0.

    Returns
    -------
    float or Series
        EUR per day.

    Notes
    -----
    .. math:: V = \frac{n \cdot p \cdot v}{L}

    By Little's law deals leave a steady pipeline at the rate :math:`n / L` only if :math:`L` is
    the mean over *all* deals, lost ones included.

    Examples
    --------
    >>> velocity(150, 0.33, 250.0, 18.0)
    687.5
    """
    given = dict(opportunities=opportunities, win_rate=win_rate, value=value, cycle_days=cycle_days)
    (n, p, v, length), like_input = _inputs.amounts(**given)
    index = _inputs.aligned(**given)
    _inputs.need_fractions("win_rate", p, such_as="0.33 for 33 %", index=index)
    _inputs.refuse(length == 0, "cycle_days is 0", "give the mean days a deal is open", index=index)
    return like_input(_inputs.computable("the velocity", n * p * v / length, index=index))


def month_shock(actual, expected, variance):
    r"""Return how much months differ beyond chance: the sd of a factor that all deals share.

    Parameters
    ----------
    actual : Series or array of numbers
        What came in each past month, such as deals won.
    expected : Series or array of numbers
        What was forecast for it.
    variance : Series or array of numbers
        The variance of that forecast if each deal is decided by itself.

    Returns
    -------
    float
        The standard deviation of a month's factor around 1; 0 if months differ no more than
        independent deals do.

    Notes
    -----
    If a month's count has mean :math:`f e` with a factor :math:`f` of mean 1 and variance
    :math:`s^2`, its squared error is :math:`v + s^2 e^2` on average, so

    .. math:: \hat s^2 = \max\left(0, \frac{\sum (a - e)^2 - \sum v}{\sum e^2}\right)

    With a dozen months it is a rough estimate; 0 does not prove that there is no shock.

    Examples
    --------
    >>> round(month_shock([80, 40, 62, 58], [60, 60, 60, 60], [50, 50, 50, 50]), 3)
    0.205
    """
    given = dict(actual=actual, expected=expected, variance=variance)
    given = {name: _inputs.as_series(value, name) for name, value in given.items()}
    _inputs.need_same_length("months", **given)
    (a, e, v), _ = _inputs.amounts(**given)
    _inputs.need_rows(a, "actual", "give at least one month")
    if not e.any():
        raise ValueError("expected is 0 in every month: give forecasts of which some are above 0")
    excess = ((a - e) ** 2).sum() - v.sum()
    return float(np.sqrt(max(0.0, excess / (e**2).sum())))


def simulate_month(
    probability, amount, *, new_wins, new_amounts, shock=0.0, draws=10_000, seed=None
):
    r"""Simulate what a month brings: open deals, deals not yet made, and what they share.

    Parameters
    ----------
    probability : Series or array of fractions
        How likely each open deal is won within the month.
    amount : Series or array of numbers
        What each of them brings then (EUR).
    new_wins : number
        How many deals that are not yet made will be won within the month, on average.
    new_amounts : Series or array of numbers
        Amounts from which those of the new deals are drawn, such as the last won deals' (EUR).
    shock : number, default 0
        Standard deviation of the month's factor, from `month_shock`: it multiplies the chances of
        all open deals, up to 1, and the mean number of new ones alike.
    draws : int, default 10,000
        How many months to simulate.
    seed : int or Generator, optional
        Where the random numbers come from.

    Returns
    -------
    DataFrame
        One row per simulated month: `open_wins`, `new_wins`, `wins` and `amount` (EUR).

    Notes
    -----
    The factor is lognormal with mean 1, the number of new wins given the factor is Poisson. With
    ``shock=0`` every deal is decided by itself; then the interval is too narrow wherever a month
    is good or bad for all.

    Examples
    --------
    >>> months = simulate_month([0.2, 0.5, 0.8], [10_000, 5_000, 2_000], new_wins=0,
    ...                         new_amounts=[100.0], seed=1)
    >>> months["amount"].mean().round(-2).item(), (months["wins"] == 0).mean().round(2).item()
    (6100.0, 0.08)
    """
    a, p = _open_deals(amount, probability)
    mean = _inputs.number("new_wins", new_wins, at_least=0, at_most=1e6)
    (pool,), _ = _inputs.amounts(new_amounts=_inputs.as_series(new_amounts, "new_amounts"))
    spread = _inputs.number("shock", shock, at_least=0, at_most=2)
    draws = _inputs.whole("draws", draws, at_least=1, at_most=1_000_000)
    rng = _inputs.random_generator(seed)
    if not len(pool):
        raise ValueError("new_amounts has no rows: give the amounts of deals won before")
    sigma = np.sqrt(np.log1p(spread**2))
    factor = np.exp(sigma * rng.standard_normal(draws) - sigma**2 / 2)
    wins, money = np.zeros(draws, "int64"), np.zeros(draws)
    for price, chance in zip(a, p, strict=True):
        won = rng.random(draws) < factor * chance
        wins += won
        money += price * won
    new = rng.poisson(mean * factor)
    month = np.repeat(np.arange(draws), new)
    bought = rng.choice(np.sort(pool), size=len(month))
    money += np.bincount(month, weights=bought, minlength=draws)
    columns = {"open_wins": wins, "new_wins": new, "wins": wins + new, "amount": money.round(2)}
    return pd.DataFrame(columns)


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="sales_velocity",
        formula=r"V = \frac{n \cdot p \cdot v}{L}",
        numerator="open deals × win rate × mean amount won",
        denominator="mean days that a deal is open, won or lost",
        unit="EUR per day",
        window="a steady pipeline",
        function="funnelkit.forecasting.velocity",
        example=Example(
            {"opportunities": 150, "win_rate": 0.33, "value": 250.0, "cycle_days": 18.0},
            12_375,
            18,
        ),
    ),
)
