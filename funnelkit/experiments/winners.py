"""What a significant result says about the size of the effect.

Input is checked as `funnelkit._inputs` says.
"""

from statistics import NormalDist

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["exaggeration"]

NORMAL = NormalDist()


def __dir__():
    return __all__


def exaggeration(effect, standard_error, *, confidence=0.95):
    r"""Power of a test, and by how much it exaggerates when it finds something.

    Parameters
    ----------
    effect : float
        The true difference that there might be; not 0, and *not* the one that was estimated.
    standard_error : float
        Of the estimate, in the same unit; above 0.
    confidence : float, default 0.95
        An estimate is significant if its interval of this confidence excludes 0.

    Returns
    -------
    Series
        `power`, the probability of a significant estimate; `wrong_sign`, the share of the
        significant estimates that have the other sign; `exaggeration`, the mean size of the
        significant estimates, whatever their sign, divided by the size of the effect.

    Notes
    -----
    For an estimate that is normal around :math:`d = ` effect / standard error with :math:`z` the
    quantile, the significant ones have the mean size

    .. math:: \frac{\varphi(z - d) + d\,\Phi(d - z) + \varphi(z + d) - d\,\Phi(-z - d)}
                   {\Phi(d - z) + \Phi(-z - d)}

    in standard errors (the means of the two cut-off ends of a normal distribution).

    References
    ----------
    A. Gelman & J. Carlin (2014), *Perspectives on Psychological Science* 9(6), 641–651, who
    simulate what is computed here: for effect 0.1 and standard error 3.28 a power of 0.05, the
    wrong sign in 0.46, an exaggeration of 77.

    Examples
    --------
    >>> exaggeration(0.01, 0.01).round(2).to_dict()
    {'power': 0.17, 'wrong_sign': 0.01, 'exaggeration': 2.49}
    """
    effect = _inputs.number("effect", effect)
    error = _inputs.number("standard_error", standard_error, above=0)
    if effect == 0:
        raise ValueError(
            "effect is 0, which cannot be exaggerated: give the effect that there might be"
        )
    z, d = _inputs.confidence_quantile(confidence), abs(effect) / error
    right, wrong = NORMAL.cdf(d - z), NORMAL.cdf(-z - d)
    size = NORMAL.pdf(z - d) + d * right + NORMAL.pdf(z + d) - d * wrong
    values = np.array([right + wrong, wrong / (right + wrong), size / (right + wrong) / d])
    names = ["power", "wrong_sign", "exaggeration"]
    return pd.Series(_inputs.computable("exaggeration", values), index=names)
