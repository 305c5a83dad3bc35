"""Credit by Markov chain: what would be lost if a channel led nowhere. Solved, not simulated."""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.attribution.journeys import coded_paths
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "markov_credit", "transitions"]

DENSE = 300  # states; with more of them nearly all transitions are zeros, and they are left out


def markov_credit(paths, *, order=1):
    r"""Credit channels by their removal effects in a Markov chain of the journeys.

    Parameters
    ----------
    paths : DataFrame
        One row per path, as from `count_paths`: `path` as text, such as "ads > mail", the numbers
        of `conversions` and `nulls` (journeys without), and optionally the `value` of the former.
    order : int, default 1
        How many of the latest touches decide what comes next: 1, 2 or 3.

    Returns
    -------
    DataFrame
        By channel: the `removal_effect`, its `share` of the sum of them all, and `conversions` and
        `value` in these shares. ``attrs`` has the chain's `p_conversion`, the `order` and the
        number of `states`.

    Notes
    -----
    States are the latest `order` channels; a journey moves from state to state with the frequency
    seen, repeats and cycles included, until it converts or ends ("null"). With :math:`Q` the
    probabilities from state to state, :math:`r` those of converting next and :math:`s` those of
    starting in each state,

    .. math:: P = s^\top (I - Q)^{-1} r

    which is the observed conversion rate, whatever the order. Removing channel :math:`c` sends
    every journey that comes to it to null: its states are struck out, and
    :math:`R_c = 1 - P_{-c} / P`. Removal effects sum to more than 1 as soon as journeys have
    several channels, so they are shares only after dividing by their sum.

    References
    ----------
    E. Anderl, I. Becker, F. von Wangenheim and J. H. Schumann (2016), "Mapping the customer
    journey", *International Journal of Research in Marketing* 33(3), 457–474.

    Examples
    --------
    >>> paths = pd.DataFrame(
    ...     {
    ...         "path": ["google", "mailing", "google > mailing"],
    ...         "conversions": [2, 1, 1],
    ...         "nulls": [1, 0, 0],
    ...     }
    ... )
    >>> markov_credit(paths).round(2)
             removal_effect  share  conversions
    channel
    google             0.75    0.6          2.4
    mailing            0.50    0.4          1.6
    """
    coded = coded_paths(paths)
    chain = _chain(coded, _inputs.whole("order", order, at_least=1, at_most=3))
    whole = _converts(chain, np.ones(len(chain["last"]), bool))
    effects = np.array(
        [1 - _converts(chain, chain["last"] != code) / whole for code in range(len(coded.channels))]
    )
    effects = np.clip(effects, 0.0, 1.0)  # rounding
    shares = effects / effects.sum()
    credit = pd.DataFrame(
        {
            "removal_effect": effects,
            "share": shares,
            "conversions": shares * coded.conversions.sum(),
        },
        index=pd.Index(coded.channels, name="channel"),
    )
    if coded.value is not None:
        credit["value"] = shares * coded.value
    credit.attrs.update(p_conversion=float(whole), order=order, states=len(chain["last"]))
    return credit


def transitions(paths, *, order=1):
    """Return the transition probabilities of the Markov chain of the journeys.

    Parameters
    ----------
    paths, order
        As for `markov_credit`.

    Returns
    -------
    DataFrame
        One row per transition that was seen: `origin` ("(start)" or a state), `target` (a state,
        "(conversion)" or "(null)"), how many `journeys` made it, counted each time, and its
        `probability` given the origin.

    Examples
    --------
    >>> paths = pd.DataFrame({"path": ["ads", "ads > mail"], "conversions": [0, 2]})
    >>> paths["nulls"] = [1, 1]
    >>> transitions(paths)
        origin        target  journeys  probability
    0  (start)           ads         4     1.000000
    1      ads          mail         3     0.750000
    2      ads        (null)         1     0.250000
    3     mail  (conversion)         2     0.666667
    4     mail        (null)         1     0.333333
    """
    coded = coded_paths(paths)
    chain = _chain(coded, _inputs.whole("order", order, at_least=1, at_most=3))
    names = [" > ".join(coded.channels[digit] for digit in state) for state in chain["states"]]
    names = np.array([*names, "(conversion)", "(null)", "(start)"], dtype=object)
    n = len(chain["states"])
    begins, every = chain["start"], np.arange(n)
    origin = np.concatenate([np.full(n, n + 2), chain["from"], every, every])
    target = np.concatenate([every, chain["to"], np.full(n, n), np.full(n, n + 1)])
    counts = np.concatenate([begins, chain["moves"], chain["wins"], chain["nulls"]])
    table = pd.DataFrame({"origin": names[origin], "target": names[target], "journeys": counts})
    place = np.where(origin == n + 2, -1, origin)
    table = table.iloc[np.lexsort((target, place))]
    table = table[table["journeys"] > 0].reset_index(drop=True)
    table["journeys"] = table["journeys"].astype(int)
    table["probability"] = table["journeys"] / table.groupby("origin")["journeys"].transform("sum")
    return table


def _chain(coded, order):
    """Count the moves of the journeys between states: the latest `order` channels."""
    weights = coded.conversions + coded.nulls
    base = len(coded.channels) + 1
    state = np.zeros(len(coded.codes), np.int64)
    place = np.arange(len(coded.codes)) - coded.starts[coded.path]
    for back in range(order):
        earlier = np.zeros(len(state), np.int64)
        earlier[back:] = coded.codes[: max(len(state) - back, 0)] + 1
        state += np.where(place >= back, earlier, 0) * base**back
    met = weights[coded.path] > 0
    found, which = np.unique(state[met], return_inverse=True)
    number = np.zeros(len(state), np.int64)
    number[met] = which
    n, path, used = len(found), coded.path, weights > 0
    goes_on = np.append(path[1:] == path[:-1], False) & met
    moves = number[goes_on] * n + number[np.flatnonzero(goes_on) + 1]
    pairs, which = np.unique(moves, return_inverse=True)
    ends = np.append(coded.starts[1:], len(state)) - 1
    counted = {
        "start": np.bincount(number[coded.starts][used], weights[used], n),
        "from": pairs // n,
        "to": pairs % n,
        "moves": np.bincount(which, weights[path[goes_on]], len(pairs)),
        "wins": np.bincount(number[ends][used], coded.conversions[used], n),
        "nulls": np.bincount(number[ends][used], coded.nulls[used], n),
    }
    digits = (found[:, None] // base ** np.arange(order - 1, -1, -1)) % base
    counted["states"] = [[int(d) - 1 for d in row if d] for row in digits]
    counted["last"] = found % base - 1
    return counted


def _converts(chain, kept):
    """Return the probability of a conversion if only some states lead on, the others to null."""
    n = len(kept)
    out = np.bincount(chain["from"], chain["moves"], n) + chain["wins"] + chain["nulls"]
    place = np.cumsum(kept) - 1
    both = kept[chain["from"]] & kept[chain["to"]]
    if not kept.any():
        return 0.0
    rows, columns = place[chain["from"][both]], place[chain["to"][both]]
    chances = (chain["moves"] / out[chain["from"]])[both]
    wins = (chain["wins"] / out)[kept]
    starts = (chain["start"] / chain["start"].sum())[kept]
    return float(starts @ _solve(rows, columns, chances, wins))


def _solve(rows, columns, chances, wins):
    """Return x = Q x + r: the probability of converting from each state."""
    n = len(wins)
    if n <= DENSE:
        system = np.eye(n)
        np.subtract.at(system, (rows, columns), chances)
        return np.linalg.solve(system, wins)
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    moves = sparse.csc_matrix((chances, (rows, columns)), shape=(n, n))
    return spsolve(sparse.identity(n, format="csc") - moves, wins)


# ---------------------------------------------------------------- what the metrics mean

_PATHS = pd.DataFrame(
    {
        "path": ["google", "mailing", "google > mailing"],
        "conversions": [2, 1, 1],
        "nulls": [1, 0, 0],
    }
)

METRICS = (
    Metric(
        name="removal_effect",
        formula=r"1 - P_{-c} / P",
        numerator="P(conversion) lost with channel c as null",
        denominator="P(conversion) of the chain",
        unit="fraction",
        window="the look-back window of the journeys",
        function="funnelkit.attribution.markov_credit",
        example=Example({"paths": _PATHS}, 3, 4, ("google", "removal_effect")),
    ),
)
