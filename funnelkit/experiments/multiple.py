"""Many metrics, many variants, many tests: p-values that allow for it.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np

from funnelkit import _inputs

__all__ = ["adjusted_p_values", "false_positive_risk"]


def __dir__():
    return __all__


def adjusted_p_values(p_values, *, method="holm"):
    r"""p-values raised so far that the *usual* limit may be used, however many there are.

    Parameters
    ----------
    p_values : list, array or Series of float
        One per question asked, those without a finding included; from 0 to 1.
    method : {"holm", "benjamini-hochberg", "bonferroni"}
        What is to be kept at the limit: the probability of *any* false finding ("holm";
        "bonferroni" does the same less well), or the expected *share* of false ones among the
        findings ("benjamini-hochberg").

    Returns
    -------
    array or Series
        In the order of what came in. Those at or below 0.05 are the findings at 5 %.

    Notes
    -----
    With the p-values in ascending order, :math:`p_{(1)} \le \dots \le p_{(m)}`, Holm's is the
    greatest of :math:`(m - j + 1)\,p_{(j)}` for :math:`j \le i`, Benjamini and Hochberg's the
    least of :math:`m\,p_{(j)}/j` for :math:`j \ge i`; neither above 1. The first asks nothing of
    how the questions hang together, the second that they be independent or positively related.

    References
    ----------
    S. Holm (1979), *Scandinavian Journal of Statistics* 6(2), 65–70. Y. Benjamini & Y. Hochberg
    (1995), *Journal of the Royal Statistical Society B* 57(1), 289–300.

    Examples
    --------
    >>> adjusted_p_values([0.01, 0.04, 0.03, 0.005]).round(3).tolist()
    [0.03, 0.06, 0.06, 0.02]
    >>> adjusted_p_values([0.01, 0.04, 0.03, 0.005], method="benjamini-hochberg").round(3).tolist()
    [0.02, 0.04, 0.04, 0.02]
    """
    p, m = _p_values(p_values), len(p_values)
    _inputs.one_of("method", method, ["holm", "benjamini-hochberg", "bonferroni"])
    order, rank = np.argsort(p, kind="stable"), np.arange(1, m + 1)
    if method == "bonferroni":
        raised = m * p[order]
    elif method == "holm":
        raised = np.maximum.accumulate((m - rank + 1) * p[order])
    else:
        raised = np.minimum.accumulate((m / rank * p[order])[::-1])[::-1]
    result = np.empty(m)
    result[order] = np.minimum(raised, 1)
    return _inputs.dress(_inputs.index_of(p_values))(result)


def _p_values(value):
    """Return p-values as an array of one dimension."""
    p = _inputs.finite("p_values", _inputs.as_series(value, "p_values"))
    _inputs.need_rows(p, "p_values", "give one p-value per question asked")
    remedy = "a p-value lies from 0 to 1: give what the tests returned, not z values or percents"
    outside = (p < 0) | (p > 1)
    _inputs.refuse(outside, "p_values is outside 0 to 1", remedy, p, index=_inputs.index_of(value))
    return p


def false_positive_risk(share_good, *, power=0.8, alpha=0.05, findings="all"):
    r"""Share of the significant results behind which there is nothing.

    Parameters
    ----------
    share_good : number, array or Series
        Of all ideas tested, the fraction that really has an effect.
    power : float, default 0.8
        Probability that a test finds an effect that is there.
    alpha : float, default 0.05
        Probability that a two-sided test finds one that is not.
    findings : {"all", "positive"}
        All significant results, or those in favour of the new variant. Effects that are there
        are taken to be positive, and to be found with the right sign.

    Returns
    -------
    float, array or Series
        :math:`\alpha(1 - g) / (\alpha(1 - g) + \text{power}\; g)` with :math:`g` = `share_good`;
        for positive findings with half of :math:`\alpha`.

    Examples
    --------
    >>> print(f"{false_positive_risk(0.1):.0%}")
    36%
    """
    good = _inputs.shares("share_good", share_good)
    index = _inputs.index_of(share_good)
    power = _inputs.number("power", power, above=0, at_most=1)
    alpha = _inputs.number("alpha", alpha, above=0, at_most=1)
    _inputs.one_of("findings", findings, ["all", "positive"])
    false = (alpha if findings == "all" else alpha / 2) * (1 - good)
    return _inputs.dress(index)(false / (false + power * good))
