"""The searches without a model, and what all searches share: the box, the tries, the failures.

A search asks the objective at settings within bounds and writes down what it tried. Settings are
handled on the *unit cube*: 0 is the lower bound of a setting, 1 its upper one. Input is checked as
`funnelkit._inputs` says.
"""

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = [
    "DECIMALS",
    "Box",
    "Tries",
    "drawn",
    "grid_search",
    "one_at_a_time",
    "random_search",
]

TAKEN = ("value", "why", "failure")  # columns of the table of tries
# Places that are drawn or computed are rounded: finer than anybody sets a campaign, and coarse
# enough that the last bits of a processor do not decide what is tried.
DECIMALS = 3


def __dir__():
    return __all__


def drawn(rng, *shape):
    """Draw places in the cube, rounded to a thousandth of the range.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the randomness comes from.
    *shape : int
        How many places, if several, and how many settings.

    Returns
    -------
    array

    Examples
    --------
    >>> drawn(np.random.default_rng(1), 2)
    array([0.512, 0.95 ])
    """
    return np.round(rng.uniform(size=shape), DECIMALS)


class Box:
    """The settings that may be tried, and the way between them and the unit cube.

    Parameters
    ----------
    bounds : dict
        ``{name: (lowest, highest)}``.
    whole : list of str
        Settings that are whole numbers.

    Examples
    --------
    >>> box = Box({"mails": (0, 7), "discount": (0, 0.4)}, whole=["mails"])
    >>> box.settings([0.4, 0.5])
    {'mails': 3, 'discount': 0.2}
    """

    def __init__(self, bounds, whole=()):
        if not isinstance(bounds, Mapping):
            raise TypeError(
                f"bounds is {_inputs.name_of_type(bounds)}: give a dictionary such as "
                "{'discount': (0, 0.4)}"
            )
        if not bounds:
            raise ValueError("bounds is empty: give at least one setting, with its bounds")
        self.names = list(bounds)
        self.whole = _inputs.names("whole", list(whole) if isinstance(whole, tuple) else whole)
        for name in self.names:
            if not isinstance(name, str) or not name.isidentifier():
                raise TypeError(f"bounds has the name {name!r}: settings are named like variables")
            if name in TAKEN:
                raise ValueError(f"bounds has the name {name!r}, a column of the tries: rename it")
        for name in self.whole:
            _inputs.need_known(name, self.names, "setting")
        pairs = [_pair(name, bounds[name], name in self.whole) for name in self.names]
        self.low, self.high = np.array(pairs).T

    def settings(self, place):
        """Return the settings at a place of the cube: whole numbers and decimals."""
        values = self.values(np.array([place], dtype=float))[0]
        return {
            name: int(value) if name in self.whole else float(f"{value:.9g}")
            for name, value in zip(self.names, values, strict=True)
        }

    def values(self, places):
        """Return the settings at many places of the cube, one row for each, as numbers."""
        width = self.high - self.low
        values = self.low + width * np.clip(places, 0.0, 1.0)
        return np.where([name in self.whole for name in self.names], np.floor(values + 0.5), values)

    def places(self, values):
        """Return where in the cube settings are, given as one row of numbers for each."""
        return (np.asarray(values, dtype=float) - self.low) / (self.high - self.low)

    def place(self, settings):
        """Return where in the cube one set of settings is, given by name."""
        return self.places([settings[name] for name in self.names])


def _pair(name, pair, whole):
    """Return the bounds of a setting as two floats, the lower one first."""
    advice = "give (lowest, highest)"
    if not isinstance(pair, (tuple, list, np.ndarray)) or len(pair) != 2:
        raise TypeError(f"the bounds of {name!r} are {pair!r}: {advice}")
    low, high = (_inputs.number(f"a bound of {name!r}", value) for value in pair)
    if low > high:
        raise ValueError(f"the bounds of {name!r} are reversed, {low:g} to {high:g}: {advice}")
    if low == high:
        raise ValueError(f"the bounds of {name!r} are equal, {low:g}: leave out what is fixed")
    if not np.isfinite(high - low):
        raise ValueError(f"the bounds of {name!r} are too far apart to compute with: {advice}")
    if whole and (low != int(low) or high != int(high)):
        raise ValueError(f"{name!r} is a whole number, and its bounds {low:g} to {high:g} are not")
    return low, high


class Tries:
    """Calls an objective, writes down what came, and goes on when it fails.

    Parameters
    ----------
    objective : callable
        Takes the settings as keyword arguments and returns a number.
    box : Box
        The settings.
    evaluations : int
        How many tries there may be.
    progress : bool
        Show a progress bar on standard error.

    Examples
    --------
    >>> def root(x):
    ...     return x ** 0.5
    >>> tries = Tries(root, Box({"x": (0, 1)}), 1)
    >>> tries.add([0.25], "first")
    >>> tries.table()["value"].tolist()
    [0.5]
    """

    def __init__(self, objective, box, evaluations, progress=False):
        self.objective = _inputs.need_callable("objective", objective)
        self.box, self.rows = box, []
        self.evaluations = _inputs.whole("evaluations", evaluations, at_most=10_000)
        self.progress, self.bar = _inputs.switch("progress", progress), None

    @property
    def left(self):
        """How many tries are left."""
        return self.evaluations - len(self.rows)

    def add(self, place, why):
        """Try the settings at a place of the cube."""
        settings = self.box.settings(place)
        value, failure = self._value(settings)
        self.rows.append({**settings, "value": value, "why": why, "failure": failure})
        if self.progress:
            self._show()

    def _value(self, settings):
        """Return what the objective says of settings, or why it says nothing."""
        try:
            value = self.objective(**settings)
        except (
            Exception
        ) as error:  # whatever the objective may raise: the week is lost, not the run
            return np.nan, f"{type(error).__name__}: {error}"
        if isinstance(value, (bool, np.bool_)) or np.ndim(value) or not np.isreal(value):
            return np.nan, f"no number but {_inputs.name_of_type(value)}"
        try:
            value = float(value)
        except (TypeError, ValueError, OverflowError):
            return np.nan, f"no number but {_inputs.name_of_type(value)}"
        return (value, "") if np.isfinite(value) else (np.nan, f"the value is {value}")

    def _show(self):
        from tqdm import tqdm

        if self.bar is None:
            self.bar = tqdm(total=self.evaluations, unit="try")
        self.bar.update()

    def tried(self, place):
        """Return whether these settings were tried before."""
        settings = self.box.settings(place)
        return any(all(row[name] == settings[name] for name in settings) for row in self.rows)

    def table(self):
        """Return the tries, and say if some failed."""
        if self.bar is not None:
            self.bar.close()
        index = pd.RangeIndex(1, len(self.rows) + 1, name="try")
        table = pd.DataFrame(self.rows, index=index)
        failed = table["value"].isna()
        if failed.any():
            first = failed.idxmax()
            said = f"(first: try {first}, {table.loc[first, 'failure']})"
            if failed.all():
                raise ValueError(
                    f"the objective failed in all {len(table)} tries {said}: call it once by hand, "
                    f"with the settings {', '.join(self.box.names)} as keyword arguments"
                )
            warnings.warn(
                f"the objective failed in {failed.sum()} of {len(table)} tries {said}; the search "
                "went on without them",
                stacklevel=3,
            )
        return table


def random_search(objective, bounds, *, evaluations=25, whole=(), seed=0, progress=False):
    """Try settings drawn at random: the baseline that every cleverer search has to beat.

    Parameters
    ----------
    objective : callable
        Takes the settings as keyword arguments and returns a number; larger is better. A try
        that raises an error or returns no finite number is written down as failed, and the search
        goes on.
    bounds : dict
        ``{name: (lowest, highest)}``, each in its own unit.
    evaluations : int, default 25
        How many tries there are.
    whole : list of str
        Settings that are whole numbers.
    seed : int or numpy.random.Generator
        Where the randomness comes from.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        One row per try, in order: the settings (rounded to a thousandth of their range), `value`
        (missing where the try failed), `why` these settings were tried, and `failure`, empty or
        what went wrong.

    Notes
    -----
    Sixty tries find one of the best 5 % of all settings with a probability of
    :math:`1 - 0.95^{60} = 0.954`, whatever the number of settings.

    Examples
    --------
    >>> def peak(x):
    ...     return -(x - 0.3) ** 2
    >>> tries = random_search(peak, {"x": (0, 1)}, evaluations=20)
    >>> float(tries["value"].max().round(2))
    -0.0
    """
    box = Box(bounds, whole)
    rng = _inputs.random_generator(seed)
    tries = Tries(objective, box, evaluations, progress)
    while tries.left:
        tries.add(drawn(rng, len(box.names)), "random")
    return tries.table()


def grid_search(objective, bounds, *, evaluations=25, whole=(), seed=0, progress=False):
    """Try the points of a grid, in random order, as many as the budget allows.

    Parameters
    ----------
    objective, bounds, evaluations, whole, seed, progress
        As for `random_search`; the seed shuffles the grid.

    Returns
    -------
    DataFrame
        As `random_search` returns it.

    Notes
    -----
    The grid has the most points per setting, the same number for each, that the budget can pay:
    25 tries of three settings pay two per setting, in the middle of each half. What is left of the
    budget goes to points of the next finer grid.

    Examples
    --------
    >>> def level(x, y):
    ...     return 0
    >>> grid_search(level, {"x": (0, 1), "y": (0, 1)}, evaluations=4)[["x", "y"]].max().tolist()
    [0.75, 0.75]
    """
    box = Box(bounds, whole)
    rng = _inputs.random_generator(seed)
    tries = Tries(objective, box, evaluations, progress)
    d = len(box.names)
    points = max(1, int(np.floor(tries.evaluations ** (1 / d) + 1e-9)))
    while tries.left:
        middles = (np.arange(points) + 0.5) / points
        grid = np.stack(np.meshgrid(*[middles] * d, indexing="ij"), axis=-1).reshape(-1, d)
        for place in rng.permutation(grid)[: tries.left]:
            tries.add(place, f"grid of {points} per setting")
        points += 1
    return tries.table()


def one_at_a_time(objective, bounds, *, start, evaluations=25, whole=(), seed=0, progress=False):
    """Move one setting at a time, keep its best value, go on to the next setting.

    Parameters
    ----------
    objective, bounds, evaluations, whole, seed, progress
        As for `random_search`; the seed decides the order of the settings.
    start : dict
        The settings of today, tried first.

    Returns
    -------
    DataFrame
        As `random_search` returns it.

    Notes
    -----
    The budget is split evenly over the settings; each tries evenly spaced values with the others
    held at the best so far. Where settings interact, it stops at a place that no single step
    improves.

    Examples
    --------
    >>> def ridge(x, y):
    ...     return -(x - y) ** 2 - 0.1 * (x + y - 2) ** 2
    >>> bounds = {"x": (0, 1), "y": (0, 1)}
    >>> tries = one_at_a_time(ridge, bounds, start={"x": 0, "y": 0}, evaluations=23)
    >>> float(tries["value"].max().round(2))  # at x = y = 1 it is 0
    -0.22
    """
    box = Box(bounds, whole)
    rng = _inputs.random_generator(seed)
    tries = Tries(objective, box, evaluations, progress)
    best = np.clip(box.place(_start(start, box)), 0.0, 1.0)
    tries.add(best, "start")
    best_value = tries.rows[0]["value"]
    order = rng.permutation(len(box.names))
    budgets = [len(part) for part in np.array_split(np.arange(tries.left), len(order))]
    for axis, budget in zip(order, budgets, strict=True):
        kept = best
        for value in (np.arange(budget) + 0.5) / max(budget, 1):
            place = kept.copy()
            place[axis] = value
            tries.add(place, f"only {box.names[axis]} moved")
            seen = tries.rows[-1]["value"]
            if np.isfinite(seen) and not seen <= best_value:
                best, best_value = place, seen
    return tries.table()


def _start(start, box):
    if not isinstance(start, Mapping):
        raise TypeError(f"start is {_inputs.name_of_type(start)}: give a dictionary of settings")
    for name in start:
        _inputs.need_known(name, box.names, "setting")
    missing = [name for name in box.names if name not in start]
    if missing:
        raise ValueError(f"start lacks {missing[0]!r}: give a value for each setting")
    inside = {}
    for name, low, high in zip(box.names, box.low, box.high, strict=True):
        inside[name] = _inputs.number(f"start of {name!r}", start[name], at_least=low, at_most=high)
    return inside
