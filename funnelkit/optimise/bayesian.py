"""Bayesian optimisation with ``bayesian-optimization``. Input as `funnelkit._inputs` says."""

import contextlib
import io
import warnings

import numpy as np

from funnelkit import _inputs
from funnelkit.optimise.searches import DECIMALS, Box, Tries, drawn

__all__ = ["bayesian_search", "recommend"]

SETTINGS_TO_JUDGE = 4000  # by the surrogate, for a recommendation


def __dir__():
    return __all__


def bayesian_search(
    objective,
    bounds,
    *,
    evaluations=25,
    initial=6,
    noise=0.0,
    acquisition="ucb",
    kappa=2.0,
    whole=(),
    seed=0,
    progress=False,
):
    """Try some settings at random, then those that a Gaussian process finds most promising.

    Parameters
    ----------
    objective : callable
        Takes the settings as keyword arguments and returns a number; larger is better. A try
        that raises an error or returns no finite number is written down as failed; the surrogate
        is told that it was as bad as the worst so far, and the search goes on.
    bounds : dict
        ``{name: (lowest, highest)}``, each in its own unit: they are scaled here.
    evaluations : int, default 25
        How many tries there are, the first ones included.
    initial : int, default 6
        How many of them are drawn at random before there is a surrogate.
    noise : float, default 0
        Standard deviation of the noise of one try, in the unit of the objective. Without noise no
        settings are tried twice, and the search ends early if there are no others; with noise
        trying again tells something.
    acquisition : {"ucb", "ei"}
        The upper confidence bound, or expected improvement on the best value seen. Under noise
        that best value is a lucky one, so ``"ucb"`` is the default.
    kappa : float, default 2
        How bold ``"ucb"`` is, in standard deviations.
    whole : list of str
        Settings that are whole numbers. The surrogate is told the rounded settings, those that
        were tried.
    seed : int
        Where the randomness comes from.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        One row per try, as `random_search` returns it. What to keep of it says `recommend`.

    Notes
    -----
    The package ``bayesian-optimization`` is used with three of its defaults replaced, since they
    decide what it finds. Settings are scaled to the unit cube, so that days and euros may have the
    same length scale. The kernel is an amplitude times a Matérn 5/2 with one length scale per
    setting, fitted between 0.05 and 20, from 0.5 on. And `noise` becomes the ``alpha`` of its
    Gaussian process, which counts in standardised units.

    References
    ----------
    J. Snoek, H. Larochelle & R. P. Adams (2012), "Practical Bayesian optimization of machine
    learning algorithms", *NeurIPS*.

    Examples
    --------
    >>> def peak(x, days):
    ...     return -(x - 0.3) ** 2 - (days / 1000 - 0.7) ** 2
    >>> tries = bayesian_search(peak, {"x": (0, 1), "days": (0, 1000)}, evaluations=12)
    >>> bool(tries["value"].max() > -0.01)
    True
    """
    box = Box(bounds, whole)
    tries = Tries(objective, box, evaluations, progress)
    initial = _inputs.whole("initial", initial, at_most=tries.evaluations)
    noise = _inputs.number("noise", noise, at_least=0)
    acquisition = _inputs.one_of("acquisition", acquisition, ("ucb", "ei"))
    kappa = _inputs.number("kappa", kappa, at_least=0)
    seed = _inputs.whole("seed", seed, at_least=0, at_most=2**32 - 1)
    rng, state = np.random.default_rng(seed), np.random.RandomState(seed)
    while tries.left:
        place, why = drawn(rng, len(box.names)), "random"
        if len(tries.rows) >= initial and _values(tries).notna().any():
            place, why = _suggested(tries, noise, acquisition, kappa, state), acquisition
        if noise == 0 and tries.tried(place):
            place, why = _untried(tries, rng), "random, not to repeat a try"
        if place is None:
            break
        tries.add(place, why)
    return tries.table()


def _values(tries):
    import pandas as pd

    return pd.Series([row["value"] for row in tries.rows], dtype=float)


def _suggested(tries, noise, acquisition, kappa, state):
    """Return the place in the cube that the acquisition function puts first."""
    from bayes_opt.acquisition import ExpectedImprovement, UpperConfidenceBound
    from bayes_opt.target_space import TargetSpace

    values = _values(tries)
    values = values.fillna(values.min())
    cube = {name: (0.0, 1.0) for name in tries.box.names}
    space = TargetSpace(None, cube, allow_duplicate_points=True)
    order = list(space.keys)  # the package's own order of the settings
    with contextlib.redirect_stdout(io.StringIO()):  # it announces every repeated try in red
        for row, value in zip(tries.rows, values, strict=True):
            space.register(dict(zip(tries.box.names, tries.box.place(row), strict=True)), value)
    rule = ExpectedImprovement(xi=0.0) if acquisition == "ei" else UpperConfidenceBound(kappa=kappa)
    model = _process(len(cube), _alpha(values, noise), state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a length scale at its bound is no news
        place = rule.suggest(model, space, n_random=2000, n_smart=1, random_state=state)
    place = np.array([place[order.index(name)] for name in tries.box.names])
    return np.round(place, DECIMALS)


def _alpha(values, noise):
    """Return the variance of the noise where the values have standard deviation 1."""
    spread = float(np.std(values))
    return max(1e-6, (noise / spread) ** 2) if spread > 0 else 1e-6


def _process(d, alpha, state):
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern

    shape = Matern(nu=2.5, length_scale=[0.5] * d, length_scale_bounds=(0.05, 20))
    return GaussianProcessRegressor(
        kernel=ConstantKernel(1.0, (1e-3, 1e3)) * shape,
        alpha=alpha,
        normalize_y=True,
        n_restarts_optimizer=0,
        random_state=state,
    )


def _untried(tries, rng):
    """Return a random place that was not tried, None where there seems to be none."""
    for place in drawn(rng, 1000, len(tries.box.names)):
        if not tries.tried(place):
            return place
    return None


def recommend(tries, bounds, *, noise=0.0, whole=(), seed=0):
    """Say which settings to keep: those with the highest mean of a surrogate of all tries.

    Parameters
    ----------
    tries : DataFrame
        What one of the searches returned, or any table with a column per setting and `value`;
        failed tries, whose value is missing, count as bad as the worst.
    bounds, noise, whole
        As for `bayesian_search`.
    seed : int
        Of the settings that are judged: all that were tried and 4,000 at random.

    Returns
    -------
    dict
        ``settings``; ``mean`` and ``sd``, what the surrogate expects of them and how sure it is,
        in the unit of the objective; ``luckiest``, the best value that was seen.

    Notes
    -----
    Under noise the best value seen is the best *luck*: the more tries, the further above what its
    settings are worth. The mean of the surrogate uses the neighbours of each try as well. It is
    still the largest of many means and so a little too high: measure again what you decide on.

    Examples
    --------
    >>> def peak(x):
    ...     return -(x - 0.3) ** 2
    >>> from funnelkit.optimise import random_search
    >>> tries = random_search(peak, {"x": (0, 1)}, evaluations=12)
    >>> round(recommend(tries, {"x": (0, 1)})["settings"]["x"], 2)
    0.3
    """
    box = Box(bounds, whole)
    _inputs.need_columns(tries, [*box.names, "value"], "tries")
    noise = _inputs.number("noise", noise, at_least=0)
    seed = _inputs.whole("seed", seed, at_least=0, at_most=2**32 - 1)
    value = _inputs.numbers("value", tries["value"], missing="keep")
    _inputs.refuse(np.isinf(value), "value is infinite", "leave it out", index=tries.index)
    seen = np.isfinite(value)
    if not seen.any():
        raise ValueError("no try has a value: there is nothing to recommend from")
    columns = [_inputs.finite(name, tries[name]) for name in box.names]
    places = box.places(np.column_stack(columns))
    outside = ((places < -1e-9) | (places > 1 + 1e-9)).any(axis=1)
    _inputs.refuse(outside, "tries lie outside the bounds", "give the bounds of the search")
    value = np.where(seen, value, value[seen].min())  # where it failed is no place to go
    others = drawn(np.random.default_rng(seed), SETTINGS_TO_JUDGE, len(box.names))
    judged = box.places(box.values(np.vstack([places, others])))
    model = _process(len(box.names), _alpha(value, noise), np.random.RandomState(seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(places, value)
        mean, sd = model.predict(judged, return_std=True)
    best = int(np.argmax(mean))
    return {
        "settings": box.settings(judged[best]),
        "mean": float(mean[best]),
        "sd": float(sd[best]),
        "luckiest": float(value.max()),
    }
