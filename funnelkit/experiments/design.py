"""Before the test: who gets which variant.

Input is checked as `funnelkit._inputs` says.
"""

import hashlib

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["assign"]


def __dir__():
    return __all__


def assign(ids, *, salt, shares=None):
    r"""Give each user a variant by a hash of the user's id and the name of the test.

    The same user gets the same variant at every visit, without a list of who has which. With
    another salt the lots are drawn anew, so that the arms of two tests have nothing to do with
    each other.

    Parameters
    ----------
    ids : list, array or Series
        The ids of the users. A number and the text of it are the same user.
    salt : str
        The name of the test; each test has its own.
    shares : mapping, optional
        The planned share of each variant, fractions that sum to 1, in a fixed order. By default
        ``{"A": 0.5, "B": 0.5}``.

    Returns
    -------
    array or Series of str
        The variant of each user; a Series, with its index, when a Series came in.

    Notes
    -----
    The first eight bytes of SHA-256 of ``salt/id``, read as a whole number and divided by
    :math:`2^{64}`, are as good as a number drawn at random between 0 and 1. The variant is the one
    in whose part of that range it falls.

    Examples
    --------
    >>> assign(["r1", "r2", "r3", "r4", "r5", "r6"], salt="short_form")
    array(['A', 'B', 'B', 'B', 'A', 'A'], dtype=object)
    """
    shares = planned_shares(shares)
    if not isinstance(salt, str) or not salt.strip():
        raise TypeError(f"salt is {salt!r}: give the name of the test as text")
    column = _inputs.ids(_inputs.as_series(ids, "ids"), "ids")
    place = [_place(f"{salt}/{each}") for each in column.tolist()]
    edges = np.cumsum(list(shares.values()))[:-1]
    variant = np.array(list(shares), dtype=object)[np.searchsorted(edges, place, side="right")]
    return pd.Series(variant, index=ids.index) if isinstance(ids, pd.Series) else variant


def _place(text):
    """Return a number from 0 to 1, as good as drawn at random, that belongs to a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2.0**64


def planned_shares(shares):
    """Return the planned share of each variant, checked; without a plan, halves for A and B."""
    if shares is None:
        return {"A": 0.5, "B": 0.5}
    values = _inputs.shares("shares", list(dict(shares).values()))
    remedy = "give fractions that sum to 1, such as {'A': 0.9, 'B': 0.1}"
    if len(values) < 2:
        raise ValueError(f"shares has {len(values)} variants: {remedy}")
    if abs(values.sum() - 1) > 1e-6:
        raise ValueError(f"shares sum to {values.sum():g}: {remedy}")
    return dict(zip(shares, values.tolist(), strict=True))
