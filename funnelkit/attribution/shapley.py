"""Credit by the Shapley value: what a channel adds, averaged over all orders of joining."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.attribution.journeys import coded_paths
from funnelkit.contract import Example, Metric

__all__ = ["EXACT_UP_TO", "METRICS", "WORTHS", "shapley_credit", "shapley_values"]

WORTHS = ("conversions", "rate")
EXACT_UP_TO = 12  # channels: 4,096 sets of them


def shapley_credit(paths, *, worth="conversions", samples=2000, seed=None):
    r"""Credit channels by their Shapley values.

    Parameters
    ----------
    paths : DataFrame
        One row per path, as for `markov_credit`; the order of the channels and their repeats do
        not matter here.
    worth : {"conversions", "rate"}
        What a set S of channels is worth, v(S), looking only at journeys all of whose channels are
        in S: how many converted; or what share of them did (0 if there are none).
    samples : int, default 2000
        Beyond 12 channels: how many orders of joining are drawn at random.
    seed : int or numpy.random.Generator, optional
        Where they come from.

    Returns
    -------
    DataFrame
        By channel: the Shapley value `worth`, in the unit of v; its `share` of v of all channels;
        `conversions` and `value` in these shares; and the standard error `se` of the conversions
        (0 where the value is exact). ``attrs`` says which v it was (`worth`) and how many orders
        were drawn (`samples`, 0 if exact).

    Notes
    -----
    With :math:`n` channels, channel :math:`c` adds :math:`v(S \cup c) - v(S)` to a set :math:`S`,
    and

    .. math:: \phi_c = \sum_{S \not\ni c} \frac{|S|! \, (n - |S| - 1)!}{n!}
              \left( v(S \cup c) - v(S) \right)

    These sum to v of all channels. With v = conversions, the Shapley value *is* the equal split of
    each conversion over the distinct channels of its journey. With v = rate it is not, journeys
    without a conversion count, and a channel may come out negative.

    References
    ----------
    L. S. Shapley (1953), "A value for n-person games". K. Zhao, S. H. Mahboobi and S. R. Bagheri
    (2018), "Shapley value methods for attribution modeling in online advertising",
    arXiv:1804.05327.

    Examples
    --------
    >>> paths = pd.DataFrame(
    ...     {"path": ["ads", "ads > mail", "mail"], "conversions": [1, 2, 0], "nulls": [9, 2, 6]}
    ... )
    >>> shapley_credit(paths)["conversions"].to_dict()
    {'ads': 2.0, 'mail': 1.0}
    >>> shapley_credit(paths, worth="rate")["conversions"].round(2).to_dict()
    {'ads': 2.5, 'mail': 0.5}
    """
    _inputs.one_of("worth", worth, WORTHS)
    samples = _inputs.whole("samples", samples, at_least=2, at_most=10**7)
    rng = _inputs.random_generator(seed)
    coded = coded_paths(paths)
    sets, conversions, journeys = _sets(coded)
    n = len(coded.channels)
    if n <= EXACT_UP_TO:
        values, errors, samples = _exact(sets, conversions, journeys, worth), np.zeros(n), 0
    else:
        values, errors = _sampled(sets, conversions, journeys, worth, samples, rng)
    total = conversions.sum() if worth == "conversions" else conversions.sum() / journeys.sum()
    credit = pd.DataFrame(
        {
            "worth": values,
            "share": values / total,
            "conversions": values / total * conversions.sum(),
            "se": errors / total * conversions.sum(),
        },
        index=pd.Index(coded.channels, name="channel"),
    )
    if coded.value is not None:
        credit.insert(3, "value", credit["share"] * coded.value)
    credit.attrs.update(worth=worth, samples=samples)
    return credit


def shapley_values(worth):
    """Return the Shapley values of a game whose worths are all given.

    Parameters
    ----------
    worth : dict
        What each set of players is worth: the worth by the players, as a tuple, or as the name
        itself for one player alone. Every set has to be there, but the empty one, which is 0.
        At most 12 players.

    Returns
    -------
    Series
        The Shapley value of each player; their sum is the worth of all together.

    Examples
    --------
    >>> worth = {"A": 6, "B": 12, "C": 42, ("A", "B"): 12, ("A", "C"): 42, ("B", "C"): 42}
    >>> shapley_values({**worth, ("A", "B", "C"): 42}).round(6).to_dict()
    {'A': 2.0, 'B': 5.0, 'C': 35.0}
    """
    if not isinstance(worth, Mapping) or not worth:
        raise TypeError(
            f"worth is {_inputs.name_of_type(worth)}: give a dict such as "
            "{'A': 6, 'B': 12, ('A', 'B'): 12}"
        )
    given = {}
    for players, value in worth.items():
        group = frozenset(
            [players] if isinstance(players, str) else _inputs.names("worth", players)
        )
        if group in given:
            raise ValueError(f"worth has {_listed(group)} twice: the order of players is no matter")
        given[group] = _inputs.number(f"worth of {_listed(group)}", value)
    if given.pop(frozenset(), 0.0) != 0:
        raise ValueError("worth of the empty set is not 0: subtract it from all worths")
    players = sorted(set().union(*given), key=str)
    if not 1 <= len(players) <= EXACT_UP_TO:
        raise ValueError(f"worth has {len(players)} players: give 1 to {EXACT_UP_TO}")
    v = np.zeros(1 << len(players))
    for number in range(1, len(v)):
        group = frozenset(p for bit, p in enumerate(players) if number >> bit & 1)
        if group not in given:
            raise ValueError(
                f"worth lacks {_listed(group)}: give the worth of every set of players"
            )
        v[number] = given[group]
    return pd.Series(_values(v, len(players)), index=players, name="shapley_value")


def _listed(group):
    """Return a set of players as text."""
    return "{" + ", ".join(sorted(map(str, group))) + "}"


def _sets(coded):
    """Return the distinct sets of channels (one row of booleans each) and their journeys."""
    members = np.zeros((len(coded.starts), len(coded.channels)), bool)
    members[coded.path, coded.codes] = True
    packed = np.packbits(members, axis=1)
    key = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    conversions = np.bincount(which, coded.conversions, len(first))
    return members[first], conversions, conversions + np.bincount(which, coded.nulls, len(first))


def _worth(conversions, journeys, worth):
    """Return v, given the conversions and the journeys within each set."""
    if worth == "conversions":
        return conversions
    return np.divide(conversions, journeys, out=np.zeros(conversions.shape), where=journeys > 0)


def _exact(sets, conversions, journeys, worth):
    """Return the Shapley values from v of all sets; set number b has the channels of b's bits."""
    n = sets.shape[1]
    number = sets @ (1 << np.arange(n))
    inside = [np.bincount(number, counts, 1 << n) for counts in (conversions, journeys)]
    everything = np.arange(1 << n)
    for bit in range(n):  # add to each set what lies in it without this channel
        has = (everything >> bit & 1).astype(bool)
        for counts in inside:
            counts[has] += counts[~has]
    return _values(_worth(*inside, worth), n)


def _values(v, n):
    """Return the Shapley values; place b of v is the set of the channels of b's bits."""
    everything = np.arange(1 << n)
    size = sum((everything >> bit) & 1 for bit in range(n))
    weight = np.ones(n)  # of a set of this size: |S|! (n - |S| - 1)! / n!
    weight[0] = 1 / n
    for k in range(1, n):
        weight[k] = weight[k - 1] * k / (n - k)
    values = np.empty(n)
    for bit in range(n):
        without = everything[(everything >> bit & 1) == 0]
        values[bit] = weight[size[without]] @ (v[without | 1 << bit] - v[without])
    return values


def _sampled(sets, conversions, journeys, worth, samples, rng):
    """Return the mean of what each channel adds in random orders, and its standard error."""
    n = sets.shape[1]
    total, squares = np.zeros(n), np.zeros(n)
    for _ in range(samples):
        order = rng.permutation(n)
        place = np.empty(n, np.int64)
        place[order] = np.arange(n)
        complete = np.where(sets, place, -1).max(axis=1)  # when all channels of a set have joined
        inside = [np.cumsum(np.bincount(complete, c, n)) for c in (conversions, journeys)]
        adds = np.diff(_worth(*inside, worth), prepend=0.0)[place]
        total += adds
        squares += adds**2
    mean = total / samples
    spread = np.maximum(squares / samples - mean**2, 0) * samples / (samples - 1)
    return mean, np.sqrt(spread / samples)


# ---------------------------------------------------------------- what the metrics mean

_PATHS = pd.DataFrame(
    {"path": ["ads", "ads > mail", "mail"], "conversions": [1, 2, 0], "nulls": [9, 2, 6]}
)

METRICS = (
    Metric(
        name="shapley_value",
        formula=r"\frac{1}{n!} \sum_\pi \Delta_\pi v(c)",
        numerator="what c adds, summed over all orders",
        denominator="orders in which n channels may join",
        unit="that of v",
        window="the look-back window of the journeys",
        function="funnelkit.attribution.shapley_credit",
        example=Example({"paths": _PATHS}, 4, 2, ("ads", "worth")),
    ),
)
