"""Random numbers that are looked up by name: the dice of the simulated world.

A generator that draws in turn changes all that follows when one thing more is drawn. Here each
number is a hash of the seed, the table, the draw and the person, so that a new table, or a world
without one of its channels, leaves every other number as it was.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

__all__ = ["Draws"]


def _mix(x: np.ndarray) -> np.ndarray:
    """Scramble 64-bit integers: the finaliser of SplitMix64, a public-domain generator."""
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


class Draws:
    """Random numbers that are looked up by name instead of drawn in turn.

    Parameters
    ----------
    seed : int
        The world's seed.
    table : str
        The table for which the numbers are, part of their name.

    Notes
    -----
    A number is the hash of (seed, table, what, id, k). The hash is SplitMix64's finaliser
    (Steele, Lea & Flood 2014), applied after each part is mixed in. Only whole-number arithmetic
    is used, so the numbers are the same on every machine.

    Examples
    --------
    >>> ids = np.array([7, 8, 9], dtype=np.uint64)
    >>> draws = Draws(1, "orders")
    >>> bool((draws.uniform("amount", ids)[1:] == draws.uniform("amount", ids[1:])).all())
    True
    """

    def __init__(self, seed: int, table: str):
        self._prefix = f"{seed}/{table}/"

    def bits(self, what: str, ids, k=0) -> np.ndarray:
        """Return one 64-bit whole number for each id (and each ``k``)."""
        name = hashlib.blake2b((self._prefix + what).encode(), digest_size=8).digest()
        ids = np.asarray(ids, dtype=np.uint64)
        k = np.asarray(k, dtype=np.uint64)
        with np.errstate(over="ignore"):
            x = _mix(ids + np.uint64(int.from_bytes(name, "little")))
            return _mix(x + (k + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))

    def uniform(self, what: str, ids, k=0) -> np.ndarray:
        """Return one number strictly between 0 and 1 for each id."""
        return ((self.bits(what, ids, k) >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53

    def chance(self, what: str, ids, p, k=0) -> np.ndarray:
        """Return True with probability ``p`` for each id."""
        return self.uniform(what, ids, k) < p

    def choice(self, what: str, ids, options, share, k=0) -> np.ndarray:
        """Return one of the options for each id, each as often as its share."""
        edges = np.cumsum(np.asarray(share, dtype=float))
        place = np.searchsorted(edges / edges[-1], self.uniform(what, ids, k), side="right")
        return np.asarray(options)[place]

    def normal(self, what: str, ids, k=0) -> np.ndarray:
        """Return a standard normal number for each id."""
        from scipy.special import ndtri

        return ndtri(self.uniform(what, ids, k))

    def lognormal(self, what: str, ids, median, sigma, k=0) -> np.ndarray:
        """Return a lognormal number for each id."""
        return median * np.exp(sigma * self.normal(what, ids, k))

    def exponential(self, what: str, ids, k=0) -> np.ndarray:
        """Return an exponential number with mean 1 for each id."""
        return -np.log(self.uniform(what, ids, k))

    def gamma(self, what: str, ids, shape, k=0) -> np.ndarray:
        """Return a gamma number with the given shape and scale 1 for each id."""
        from scipy.special import gammaincinv

        return gammaincinv(shape, self.uniform(what, ids, k))

    def beta(self, what: str, ids, a, b, k=0) -> np.ndarray:
        """Return a beta number for each id."""
        from scipy.special import betaincinv

        return betaincinv(a, b, self.uniform(what, ids, k))

    def poisson(self, what: str, ids, mean, k=0) -> np.ndarray:
        """Return a Poisson count for each id."""
        from scipy.stats import poisson

        return poisson.ppf(self.uniform(what, ids, k), mean).astype(np.int64)

    def binomial(self, what: str, ids, n, p, k=0) -> np.ndarray:
        """Return a binomial count of ``n`` trials for each id."""
        from scipy.stats import binom

        return binom.ppf(self.uniform(what, ids, k), n, p).astype(np.int64)

    def geometric(self, what: str, ids, mean, k=0) -> np.ndarray:
        """Return a count 0, 1, 2, … that falls off geometrically, with the given mean."""
        ratio = np.asarray(mean) / (1 + np.asarray(mean))
        return np.floor(np.log(self.uniform(what, ids, k)) / np.log(ratio)).astype(np.int64)

    def code(self, what: str, ids, letter: str) -> np.ndarray:
        """Return a readable code for each id: a letter and eight characters (40 bits)."""
        alphabet = np.array(list("0123456789abcdefghjkmnpqrstvwxyz"))
        bits = self.bits(what, ids)
        places = [(bits >> np.uint64(5 * i)) & np.uint64(31) for i in range(8)]
        characters = alphabet[np.stack(places, axis=-1)]
        codes = (letter + pd.Series(characters.view("<U8").ravel())).to_numpy(dtype=object)
        if len(set(codes)) != len(codes):
            raise ValueError(f"two {what} codes are equal: choose another seed")
        return codes
