"""Many worlds side by side in which a policy shows variants, and what it lost: regret."""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.bandits.policies import ABTest, EpsilonGreedy, Known, Thompson
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "play", "regret_difference", "regret_table"]

POLICIES = (Thompson, EpsilonGreedy, ABTest)


def play(
    rates,
    policy,
    *,
    users,
    worlds=200,
    batch=1,
    delay=0,
    pending="wait",
    half_life=None,
    every=None,
    seed=0,
):
    """Let a policy choose variants for users, in many worlds that differ by chance alone.

    Parameters
    ----------
    rates : Series or DataFrame
        The true conversion rate of each variant. Where the world changes: a table with one column
        per variant, whose index says from which user on each row holds; the first is 0.
    policy : Thompson, EpsilonGreedy or ABTest
        Who chooses.
    users : int
        Users in each world; a multiple of `batch`.
    worlds : int, default 200
        How often the same is played.
    batch : int, default 1
        How many users are served before the policy looks at the outcomes again, as in a mail tool.
    delay : int or Series of int, default 0
        How many further users come before an outcome is known; one number, or one per variant.
    pending : {"wait", "no"}
        What counts while an outcome is not known: nothing ("wait"), or a user who has not
        converted ("no"), until the conversion comes.
    half_life : int, optional
        After so many users an outcome counts half in what the policy knows; None: it keeps
        everything. Not for an `ABTest`, which counts what it planned to.
    every : int, optional
        After how many users to keep the counts, a multiple of `batch`; by default at the end only.
    seed : int or Generator, default 0
        Where chance comes from.

    Returns
    -------
    DataFrame
        One row per world, checkpoint and variant: `world`, `users` (served so far), `variant`,
        `shown`, `converted` (also those not known yet), and `regret`: the conversions lost so far
        by showing this variant instead of the best of its time, in expectation.

    Examples
    --------
    >>> rates = pd.Series({"A": 0.20, "B": 0.25})
    >>> played = play(rates, Thompson(), users=2000, worlds=2, batch=100, seed=1)
    >>> played[["world", "users", "variant", "shown", "regret"]]
       world  users variant  shown  regret
    0      0   2000       A    139    6.95
    1      0   2000       B   1861    0.00
    2      1   2000       A    118    5.90
    3      1   2000       B   1882    0.00
    """
    begins, table, variants = _worlds_rates(rates)
    if not isinstance(policy, POLICIES):
        raise TypeError(
            f"policy is {_inputs.name_of_type(policy)}: give bandits.Thompson(), "
            "bandits.EpsilonGreedy() or bandits.ABTest()"
        )
    batch, users = _inputs.whole("batch", batch), _inputs.whole("users", users)
    worlds = _inputs.whole("worlds", worlds)
    every = users if every is None else _inputs.whole("every", every, at_most=users)
    for name, number in (("users", users), ("every", every)):
        _need_multiple(name, number, batch)
    for begin in begins:
        _need_multiple("the index of rates", int(begin), batch)
    lags = _lags(delay, variants, batch)
    _inputs.one_of("pending", pending, ("wait", "no"))
    fade = _fading(half_life, policy, batch)
    rng = _inputs.random_generator(seed)
    _need_room(worlds, len(variants), batch, users // every)

    known = Known(*np.zeros((2, worlds, len(variants))))
    shown, converted, regret = np.zeros((3, worlds, len(variants)))
    open_batches, kept = [], []
    for first in range(0, users, batch):
        rate = table[np.searchsorted(begins, first, side="right") - 1]
        chosen = policy.choose(known, batch, rng)
        bought = rng.binomial(chosen, rate)
        shown += chosen
        converted += bought
        regret += chosen * (rate.max() - rate)
        open_batches.append((chosen, bought))
        if fade < 1:
            known.shown, known.converted = known.shown * fade, known.converted * fade
        _learn(known, open_batches, lags, pending)
        if (first + batch) % every == 0 or first + batch == users:
            kept.append((first + batch, shown.copy(), converted.copy(), regret.copy()))
    return _long(kept, worlds, variants)


def _learn(known, open_batches, lags, pending):
    """Add to what is known the outcomes that have just come in; forget the batches that are done.

    The last batch of the list is 0 batches old; variant k's outcomes are known at the age lags[k].
    """
    if not any(lags):
        chosen, bought = open_batches.pop()
        known.shown += chosen
        known.converted += bought
        known.users += int(chosen[0].sum())
        return
    for k, lag in enumerate(lags):
        if pending == "no":
            known.shown[:, k] += open_batches[-1][0][:, k]
        if len(open_batches) > lag:
            chosen, bought = open_batches[-1 - lag]
            known.converted[:, k] += bought[:, k]
            if pending == "wait":
                known.shown[:, k] += chosen[:, k]
    if len(open_batches) > max(lags):
        known.users += int(open_batches[0][0][0].sum())
        del open_batches[0]


def _long(kept, worlds, variants):
    """Return the checkpoints as a table: one row per world, checkpoint and variant."""
    numbers = [np.stack([each[i] for each in kept], axis=1).ravel() for i in (1, 2, 3)]
    return pd.DataFrame(
        {
            "world": np.repeat(np.arange(worlds), len(kept) * len(variants)),
            "users": np.tile(np.repeat([each[0] for each in kept], len(variants)), worlds),
            "variant": np.tile(variants.to_numpy(), worlds * len(kept)),
            "shown": numbers[0].astype(int),
            "converted": numbers[1].astype(int),
            "regret": numbers[2],
        }
    )


# ---------------------------------------------------------------- what comes in


def _worlds_rates(rates):
    """Return from which users on the rates hold, the rates by period, and the variants' names."""
    if isinstance(rates, pd.Series):
        rates = rates.to_frame().T.set_axis([0])
    if not isinstance(rates, pd.DataFrame):
        raise TypeError(
            f"rates is {_inputs.name_of_type(rates)}: give a Series with one rate per variant, "
            'such as pd.Series({"A": 0.20, "B": 0.25})'
        )
    _inputs.need_rows(rates, "rates", "there is no world")
    if rates.shape[1] < 2:
        raise ValueError("rates has one variant: give at least two, there is nothing to choose")
    if not rates.columns.is_unique:
        raise ValueError("rates has two variants of one name: rename one of them")
    begins = _inputs.count("the index of rates", pd.Series(rates.index))
    if begins[0] != 0 or (np.diff(begins) <= 0).any():
        raise ValueError(
            f"the index of rates is {begins.astype(int).tolist()}: give the numbers of the users "
            "from whom on each row holds, beginning with 0 and rising"
        )
    columns = [_inputs.shares(f"rate of {name!r}", rates[name]) for name in rates.columns]
    return begins, np.column_stack(columns), rates.columns


def _need_multiple(name, number, batch):
    if number % batch:
        raise ValueError(
            f"{name} is {number:,}, which is not a multiple of the batch of {batch:,}: "
            f"give {max(number // batch, 1) * batch:,} or {(number // batch + 1) * batch:,}"
        )


def _lags(delay, variants, batch):
    """Return after how many batches the outcomes of each variant are known."""
    if isinstance(delay, pd.Series):
        _inputs.count("delay", delay)
        missing = [name for name in variants if name not in delay.index]
        if missing or not delay.index.is_unique:
            raise ValueError(
                f"delay has no one value for {(missing or ['each variant'])[0]!r}: give a Series "
                f"with the index {list(variants)}"
            )
        users = [int(delay[name]) for name in variants]
    else:
        users = [_inputs.whole("delay", delay, at_least=0)] * len(variants)
    return [-(-each // batch) for each in users]


def _fading(half_life, policy, batch):
    """Return what remains of an outcome's weight after one batch."""
    if half_life is None:
        return 1.0
    if isinstance(policy, ABTest):
        raise ValueError(
            "half_life is given for an ABTest, which forgets nothing of its test: leave it out"
        )
    return 0.5 ** (batch / _inputs.whole("half_life", half_life))


def _need_room(worlds, variants, batch, checkpoints):
    """Refuse what would need gigabytes."""
    numbers = worlds * variants * max(batch, checkpoints)
    if numbers > 2e8:
        raise ValueError(
            f"{worlds:,} worlds, {variants:,} variants and batches of {batch:,} users with "
            f"{checkpoints:,} checkpoints make {numbers:,} numbers at once: give fewer worlds, a "
            "smaller batch, or a larger `every`"
        )


# ---------------------------------------------------------------- regret


def regret_table(played, *, confidence=0.95):
    r"""Return the mean regret over the worlds at each checkpoint, with its interval.

    Parameters
    ----------
    played : DataFrame
        What `play` returned: columns `world`, `users`, `regret`.
    confidence : float, default 0.95
        Confidence of the interval for the mean.

    Returns
    -------
    DataFrame
        One row per checkpoint, by `users`: `worlds`, the mean `regret` in conversions, its
        interval `ci_low` and `ci_high`, and the worlds themselves: between `p10` and `p90` are
        eight of ten.

    Notes
    -----
    With rates :math:`\theta_k`, the best of them :math:`\theta^*`, and :math:`a_t` the variant
    that user :math:`t` was shown, the regret of a world after :math:`T` users is

    .. math:: R_T = \sum_{t=1}^{T} (\theta^* - \theta_{a_t})

    It is that of the rates and not of the conversions that chance made of them. The interval is
    of the mean: the mean plus or minus so many standard errors. It has no width in one world.

    Examples
    --------
    >>> rates = pd.Series({"A": 0.20, "B": 0.25})
    >>> played = play(rates, ABTest(users=1000), users=4000, batch=1000, worlds=500, seed=1)
    >>> regret_table(played).loc[4000, ["regret", "ci_low", "ci_high"]].round(1).tolist()
    [28.6, 26.6, 30.6]
    """
    totals = _totals(played, "played")
    z = _inputs.confidence_quantile(confidence)
    by_users = totals.groupby("users")
    table = by_users.agg(worlds="size", regret="mean")
    half = z * (by_users.std().fillna(0) / np.sqrt(table["worlds"]))
    return table.assign(
        ci_low=table["regret"] - half,
        ci_high=table["regret"] + half,
        p10=by_users.quantile(0.1),
        p90=by_users.quantile(0.9),
    )


def regret_difference(one, other, *, confidence=0.95):
    """Return by how much the mean regret of one policy is above that of another, at the end.

    Parameters
    ----------
    one, other : DataFrame
        What `play` returned, in worlds of the same size. The worlds of one are not those of the
        other, so that they are compared as two samples and not in pairs.
    confidence : float, default 0.95
        Confidence of the interval.

    Returns
    -------
    Series
        `difference`, in conversions: positive where `one` loses more; `ci_low`, `ci_high`.

    Examples
    --------
    >>> rates = pd.Series({"A": 0.20, "B": 0.25})
    >>> test = play(rates, ABTest(users=2000), users=4000, batch=1000, worlds=100, seed=1)
    >>> bandit = play(rates, Thompson(), users=4000, batch=1000, worlds=100, seed=2)
    >>> regret_difference(test, bandit).round(1).to_dict()
    {'difference': 15.6, 'ci_low': 12.7, 'ci_high': 18.4}
    """
    z = _inputs.confidence_quantile(confidence)
    ends = []
    for name, played in (("one", one), ("other", other)):
        totals = _totals(played, name)
        last = totals.index.get_level_values("users").max()
        ends.append((last, totals.xs(last, level="users")))
    if ends[0][0] != ends[1][0]:
        raise ValueError(
            f"one ends after {ends[0][0]:,} users and other after {ends[1][0]:,}: play both with "
            "as many users"
        )
    a, b = (end for _, end in ends)
    gap = a.mean() - b.mean()
    half = z * np.sqrt(sum(np.nan_to_num(each.var()) / len(each) for each in (a, b)))
    return pd.Series({"difference": gap, "ci_low": gap - half, "ci_high": gap + half})


def _totals(played, what):
    """Return the regret of each world at each checkpoint."""
    _inputs.need_rows(_inputs.need_columns(played, ["world", "users", "regret"], what), what)
    users = _inputs.count("users", played["users"])
    world = _inputs.ids(played["world"], "world")
    regret = _inputs.finite("regret", played["regret"])
    table = pd.DataFrame({"world": world.to_numpy(), "users": users.astype(int), "regret": regret})
    return table.groupby(["world", "users"])["regret"].sum()


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="regret",
        formula=r"\sum_t (\theta^* - \theta_{a_t})",
        numerator="conversions lost by not showing the best variant",
        denominator="worlds",
        unit="expected conversions",
        window="the users served so far",
        function="funnelkit.bandits.regret_table",
        example=Example(
            {
                "played": pd.DataFrame(
                    {
                        "world": [0, 0, 1, 1],
                        "users": [100] * 4,
                        "regret": [2.0, 0.0, 1.0, 0.0],
                    }
                )
            },
            3.0,
            2,
            (100, "regret"),
        ),
    ),
)
