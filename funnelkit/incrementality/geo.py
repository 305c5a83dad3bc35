"""A channel switched off in some regions: what changed there, less what changed elsewhere.

Input is checked as `funnelkit._inputs` says.
"""

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric
from funnelkit.incrementality.panel import chosen_regions, panel_of, windows_of

__all__ = [
    "METRICS",
    "SCALES",
    "detectable_lift",
    "difference_in_differences",
    "permutation_test",
    "placebo_in_time",
    "weekly_gaps",
]

SCALES = ("relative", "absolute")


def __dir__():
    return __all__


# ---------------------------------------------------------------- one comparison


def difference_in_differences(
    table,
    outcome,
    *,
    treated,
    start,
    weeks=None,
    before=None,
    settle=0,
    scale="relative",
    confidence=0.95,
    region="region",
    week="week",
):
    r"""Difference-in-differences of a geo test, with an interval clustered by region.

    Parameters
    ----------
    table : DataFrame
        One row per region and week, none left out.
    outcome : str
        Column with what is counted: conversions, revenue; 0 or more.
    treated : list
        The regions in which something was changed; at least two, and at least two others.
    start : date
        The week in which the test begins.
    weeks : int, optional
        How many weeks it takes; to the end of the table when not given.
    before : int, optional
        How many weeks before `start` it is compared with; all when not given.
    settle : int, default 0
        The first weeks of the test to leave out, in which earlier advertising still works on.
    scale : {"relative", "absolute"}, default "relative"
        "relative": without the change both groups would have grown by the same *percentage*;
        "absolute": by the same *number* per region and week.
    confidence : float, default 0.95
        Confidence of the interval.
    region, week : str
        The columns with the region's name and the first day of the week.

    Returns
    -------
    Series
        `estimate` (a fraction of what there would have been, or a number per region and week),
        `ci_low`, `ci_high`, `standard_error` (of the logarithm of 1 + estimate for "relative"),
        `p_value`, and how many regions were `treated` and `control`.

    Notes
    -----
    With :math:`Y` the totals of treated (T) and control regions (C), per week, before and after,

    .. math:: \text{relative: } \frac{Y_{T1} / Y_{T0}}{Y_{C1} / Y_{C0}} - 1, \qquad
              \text{absolute: } \frac{Y_{T1} - Y_{T0}}{n_T} - \frac{Y_{C1} - Y_{C0}}{n_C}

    The weeks of a region are not independent, so each region counts as *one* observation, its
    change (Bertrand, Duflo & Mullainathan 2004), and the two groups of changes are compared as in
    Welch's test. For "relative" region :math:`i` contributes
    :math:`y_{i1} / Y_1 - y_{i0} / Y_0` to the logarithm of its group's ratio.

    Examples
    --------
    >>> weeks = pd.to_datetime(["2026-01-05", "2026-01-12"])
    >>> rows = {"A": (45, 52), "B": (55, 68), "C": (30, 35), "D": (50, 55)}
    >>> table = pd.DataFrame(rows, index=weeks).rename_axis("week").reset_index()
    >>> table = table.melt("week", var_name="region", value_name="sales")
    >>> lift = difference_in_differences(table, "sales", treated=["A", "B"], start="2026-01-12")
    >>> lift[["estimate", "ci_low", "ci_high"]].round(3).tolist()
    [0.067, -0.12, 0.293]
    """
    panel, chosen, windows = _test(
        table, outcome, treated, start, weeks, before, settle, region, week
    )
    _inputs.one_of("scale", scale, SCALES)
    pre, post = _means(panel, windows)
    return _compared(pre, post, chosen, scale, _confidence(confidence))


def _test(table, outcome, treated, start, weeks, before, settle, region, week):
    """Return the panel, which regions are treated, and the windows."""
    panel = panel_of(table, outcome, region, week)
    chosen = chosen_regions(panel, treated)
    return panel, chosen, windows_of(panel, start, weeks, before, settle)


def _means(panel, windows):
    """Return each region's mean per week before and during the test."""
    return panel.values[windows.before].mean(axis=0), panel.values[windows.during].mean(axis=0)


def _confidence(confidence):
    _inputs.confidence_quantile(confidence)
    return confidence


def _compared(pre, post, chosen, scale, confidence):
    """Return the estimate with its interval, from each region's means before and after."""
    from scipy.stats import t as student

    changes, errors, freedom = [], [], []
    for group in (chosen, ~chosen):
        change, parts = _changes(pre[group], post[group], scale)
        n = len(parts)
        changes.append(change)
        errors.append(n / (n - 1) * (parts**2).sum())
        freedom.append(n - 1)
    total = sum(errors)
    error = np.sqrt(total)
    middle = changes[0] - changes[1]
    if total > 0:
        df = total**2 / sum(e**2 / f for e, f in zip(errors, freedom, strict=True))
        half = student.ppf((1 + confidence) / 2, df) * error
        p = 2 * student.sf(abs(middle) / error, df)
    else:
        half, p = 0.0, float(middle == 0)
    ends = np.array([middle, middle - half, middle + half])
    estimate, low, high = np.expm1(ends) if scale == "relative" else ends
    return pd.Series(
        {
            "estimate": estimate,
            "ci_low": low,
            "ci_high": high,
            "standard_error": error,
            "p_value": p,
            "treated": int(chosen.sum()),
            "control": int((~chosen).sum()),
        },
        dtype=object,
    ).infer_objects()


def _changes(pre, post, scale):
    """Return a group's change, and what each region contributes to its error."""
    if scale == "absolute":
        change = post - pre
        return change.mean(), (change - change.mean()) / len(change)
    _need_something(pre, "before the test")
    _need_something(post, "in the test")
    return np.log(post.sum() / pre.sum()), post / post.sum() - pre / pre.sum()


def _need_something(values, when):
    if values.sum() == 0:
        raise ValueError(
            f"the outcome of a group is 0 in all weeks {when}: a percentage of nothing is not "
            "defined; use scale='absolute', or a longer time"
        )


# ---------------------------------------------------------------- by assigning again


def permutation_test(
    table,
    outcome,
    *,
    treated,
    start,
    weeks=None,
    before=None,
    settle=0,
    scale="relative",
    confidence=0.95,
    assignments=2000,
    seed=0,
    region="region",
    week="week",
):
    """Test a geo test by assigning its regions again: p-value and interval without a formula.

    Parameters
    ----------
    table, outcome, treated, start, weeks, before, settle, scale, region, week
        As in `difference_in_differences`.
    confidence : float, default 0.95
        Confidence of the interval.
    assignments : int, default 2000
        How many assignments to draw; all of them if there are no more than that.
    seed : int or Generator, default 0
        Where chance comes from.

    Returns
    -------
    Series
        `estimate`; `ci_low` and `ci_high`, the smallest and largest effect that would not be
        rejected; the two-sided `p_value`; `smallest_p` that these regions could have given; and
        the number of `assignments`.

    Raises
    ------
    ValueError
        If there are too few assignments for an interval of this confidence.

    Notes
    -----
    It is right if the regions were assigned at random, as many as here. An effect is tested by
    taking it away from the treated regions and assigning all again. If as many regions are
    treated as not, each assignment and its mirror image are equally far from 0.

    Examples
    --------
    >>> weeks = pd.to_datetime(["2026-01-05", "2026-01-12"])
    >>> rows = {"A": (45, 52), "B": (55, 68), "C": (30, 31), "D": (50, 52), "E": (40, 42)}
    >>> table = pd.DataFrame(rows, index=weeks).rename_axis("week").reset_index()
    >>> table = table.melt("week", var_name="region", value_name="sales")
    >>> options = dict(treated=["A", "B"], start="2026-01-12", confidence=0.8)
    >>> permutation_test(table, "sales", **options).round(3).to_dict()
    {'estimate': 0.152, 'ci_low': 0.098, 'ci_high': 0.21, 'p_value': 0.1, 'smallest_p': 0.1, \
'assignments': 10.0}
    """
    panel, chosen, windows = _test(
        table, outcome, treated, start, weeks, before, settle, region, week
    )
    _inputs.one_of("scale", scale, SCALES)
    alpha = 1 - _confidence(confidence)
    pre, post = _means(panel, windows)
    groups = _assignments(chosen, _inputs.whole("assignments", assignments), seed)
    smallest = _smallest_p(chosen, len(groups))
    if smallest > alpha:
        raise ValueError(
            f"{len(groups):,} assignments can give no p-value below {smallest:.3g}, so no interval "
            f"of confidence {confidence:g}: take more regions or more assignments, or a confidence "
            f"of {1 - smallest:.3g} or less"
        )
    middle = _gaps(pre, post, chosen[None, :], scale)[0]

    def p_value(effect):
        """Return the p-value of an effect, a logarithm if the scale is relative."""
        without = post / np.exp(effect) if scale == "relative" else post - effect
        gaps = np.abs(_gaps(pre, np.where(chosen, without, post), groups, scale))
        return (gaps >= gaps[0] * (1 - 1e-9) - 1e-12).mean()

    p, furthest = p_value(0.0), 100.0 if scale == "relative" else 1e12
    ends = [middle, *(_edge(p_value, middle, side, alpha, furthest) for side in (-1, 1))]
    estimate, low, high = np.expm1(ends) if scale == "relative" else ends
    return pd.Series(
        {
            "estimate": estimate,
            "ci_low": low,
            "ci_high": high,
            "p_value": p,
            "smallest_p": smallest,
            "assignments": float(len(groups)),
        }
    )


def _gaps(pre, post, groups, scale):
    """Return the difference-in-differences of each assignment, a logarithm if relative."""
    totals = [groups @ pre, groups @ post, ~groups @ pre, ~groups @ post]
    if scale == "absolute":
        n = groups.sum(axis=1)
        return (totals[1] - totals[0]) / n - (totals[3] - totals[2]) / (groups.shape[1] - n)
    for total, when in zip(totals, ("before the test", "in the test") * 2, strict=True):
        _need_something(np.array([total.min()]), when)
    return np.log(totals[1] / totals[0]) - np.log(totals[3] / totals[2])


ALL = 20_000  # assignments that are listed and drawn from without repeating one


def _assignments(chosen, at_most, seed):
    """Return assignments as rows of booleans, the one that was made first."""
    n, k = len(chosen), int(chosen.sum())
    rng = _inputs.random_generator(seed)
    if comb(n, k) <= max(ALL, at_most):
        places = np.array(list(combinations(range(n), k)))
    else:
        places = rng.random((at_most, n)).argsort(axis=1)[:, :k]
    groups = np.zeros((len(places), n), bool)
    np.put_along_axis(groups, places, True, axis=1)
    groups = groups[(groups != chosen).any(axis=1)]
    if len(groups) >= at_most:
        groups = groups[rng.permutation(len(groups))[: at_most - 1]]
    return np.vstack([chosen, groups])


def _smallest_p(chosen, assignments):
    """Return the smallest two-sided p-value; equal groups can be swapped and give the same gap."""
    n, k = len(chosen), int(chosen.sum())
    return max((2 if 2 * k == n else 1) / comb(n, k), 1 / assignments)


def _edge(p_value, middle, side, alpha, furthest):
    """Return the effect furthest from the estimate, on one side, that is not rejected."""
    inside, step = middle, max(abs(middle), 1e-3)
    while p_value(middle + side * step) > alpha:
        inside, step = middle + side * step, 2 * step
        if step > furthest:
            return side * np.inf
    outside = middle + side * step
    for _ in range(60):
        centre = (inside + outside) / 2
        inside, outside = (centre, outside) if p_value(centre) > alpha else (inside, centre)
    return inside


# ---------------------------------------------------------------- before it is believed


def placebo_in_time(
    table,
    outcome,
    *,
    treated,
    start,
    weeks,
    before,
    settle=0,
    scale="relative",
    confidence=0.95,
    region="region",
    week="week",
):
    """Pretend that the test had begun earlier, when there was none: each estimate should be near 0.

    Parameters
    ----------
    table, outcome, treated, start, settle, scale, confidence, region, week
        As in `difference_in_differences`; the table's weeks before `start` should hold no other
        test.
    weeks, before : int
        How long each pretended test takes, and how many weeks it is compared with. The pretended
        tests follow each other without an overlap, the last ending where the true one begins.

    Returns
    -------
    DataFrame
        By pretended `start`, what `difference_in_differences` returns.

    Examples
    --------
    >>> weeks = pd.date_range("2026-01-05", periods=8, freq="7D")
    >>> rows = {"A": range(50, 58), "B": range(40, 48), "C": range(30, 38), "D": range(60, 68)}
    >>> table = pd.DataFrame(rows, index=weeks).rename_axis("week").reset_index()
    >>> table = table.melt("week", var_name="region", value_name="sales")
    >>> options = dict(treated=["A", "B"], start=weeks[6], weeks=2, before=2)
    >>> placebo_in_time(table, "sales", **options)["estimate"].round(3).tolist()
    [0.0, 0.0]
    """
    panel, chosen, _ = _test(table, outcome, treated, start, None, before, 0, region, week)
    _inputs.one_of("scale", scale, SCALES)
    weeks, before = _inputs.whole("weeks", weeks), _inputs.whole("before", before)
    first = panel.weeks.get_loc(_inputs.moment("start", start))
    places = range(first - weeks, before - 1, -weeks)
    if not len(places):
        raise ValueError(
            f"before is {before} and weeks is {weeks}, and {first} weeks lie before start, "
            f"which is no room for a pretended test: give {first} or fewer for the two together"
        )
    rows = {}
    for place in sorted(places):
        windows = windows_of(panel, panel.weeks[place], weeks, before, settle)
        pre, post = _means(panel, windows)
        rows[panel.weeks[place]] = _compared(pre, post, chosen, scale, _confidence(confidence))
    return pd.DataFrame(rows).T.infer_objects().rename_axis("start")


def weekly_gaps(
    table,
    outcome,
    *,
    treated,
    start,
    weeks=None,
    before=None,
    scale="relative",
    confidence=0.95,
    region="region",
    week="week",
):
    """Return the gap between treated and other regions week by week, to look at parallel trends.

    Parameters
    ----------
    table, outcome, treated, start, weeks, before, scale, confidence, region, week
        As in `difference_in_differences`.

    Returns
    -------
    DataFrame
        One row per week: `estimate`, the gap relative to that of the weeks before the test,
        `ci_low`, `ci_high`, clustered by region, and `in_test`. Before the test the gap should
        wander about 0 without a slope.

    Examples
    --------
    >>> weeks = pd.date_range("2026-01-05", periods=4, freq="7D")
    >>> rows = {"A": [50, 50, 55, 60], "B": [40, 40, 44, 48], "C": [30] * 4, "D": [60] * 4}
    >>> table = pd.DataFrame(rows, index=weeks).rename_axis("week").reset_index()
    >>> table = table.melt("week", var_name="region", value_name="sales")
    >>> gaps = weekly_gaps(table, "sales", treated=["A", "B"], start="2026-01-19")
    >>> gaps["estimate"].round(2).tolist()
    [0.0, 0.0, 0.1, 0.2]
    """
    panel, chosen, windows = _test(table, outcome, treated, start, weeks, before, 0, region, week)
    _inputs.one_of("scale", scale, SCALES)
    pre, _ = _means(panel, windows)
    rows = {}
    for place in [*range(windows.before.start, windows.before.stop), *_places(windows.during)]:
        row = _compared(pre, panel.values[place], chosen, scale, _confidence(confidence))
        rows[panel.weeks[place]] = row[["estimate", "ci_low", "ci_high"]]
    gaps = pd.DataFrame(rows).T.astype(float).rename_axis("week")
    return gaps.assign(in_test=gaps.index >= panel.weeks[windows.during.start])


def _places(window):
    return range(window.start, window.stop)


def detectable_lift(
    table,
    outcome,
    *,
    treated,
    weeks,
    before,
    settle=0,
    power=0.8,
    confidence=0.95,
    draws=500,
    seed=0,
    region="region",
    week="week",
):
    r"""Power of a geo test before it: the smallest lift that such a test would probably show.

    Regions are drawn at random and pretend to be treated, in weeks in which nothing was changed.
    How far the estimates then lie from 0 is what chance alone does.

    Parameters
    ----------
    table, outcome, settle, region, week
        As in `difference_in_differences`; a history in which nothing was tested.
    treated : int or list of int
        How many regions would be treated.
    weeks, before : int
        How long the test would take, and how many weeks it would be compared with.
    power : float, default 0.8
        The probability with which the lift is to be found.
    confidence : float, default 0.95
        Of the interval that is to exclude 0.
    draws : int, default 500
        How many pretended tests, each in weeks and regions drawn at random.
    seed : int or Generator, default 0
        Where chance comes from.

    Returns
    -------
    DataFrame
        By number of `treated` regions: `standard_error` of the estimate, the `detectable_lift`
        (upwards, a fraction), and the `smallest_p` that assigning these regions again could give.

    Notes
    -----
    With :math:`s` the spread of the estimates, logarithms of 1 + lift, around 0, and the
    quantiles of the t distribution with as many degrees of freedom as regions less two,

    .. math:: \exp\bigl((t_{1 - \alpha/2} + t_{\text{power}})\, s\bigr) - 1

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> weeks = pd.date_range("2025-01-06", periods=52, freq="7D")
    >>> table = pd.DataFrame(rng.poisson(100, (52, 8)), index=weeks).rename_axis("week")
    >>> table = table.reset_index().melt("week", var_name="region", value_name="sales")
    >>> options = dict(weeks=6, before=6, seed=1)
    >>> table = detectable_lift(table, "sales", treated=[2, 4], **options)
    >>> table["detectable_lift"].round(3).to_dict()
    {2: 0.175, 4: 0.141}
    """
    from scipy.stats import t as student

    panel = panel_of(table, outcome, region, week)
    rng = _inputs.random_generator(seed)
    confidence = _confidence(confidence)
    power = _inputs.number("power", power, above=0, remedy="give a fraction such as 0.8")
    if power >= 1:
        raise ValueError(f"power is {power:g}: give a fraction such as 0.8")
    weeks, before = _inputs.whole("weeks", weeks), _inputs.whole("before", before)
    draws = _inputs.whole("draws", draws, at_least=20)
    settle = _inputs.whole("settle", settle, at_least=0, at_most=weeks - 1)
    n, room = len(panel.regions), len(panel.weeks) - weeks - before
    if room < 0:
        raise ValueError(
            f"weeks and before make {weeks + before}, and the table has {len(panel.weeks)} weeks: "
            "give fewer, or a longer history"
        )
    rows = {}
    for k in treated if np.ndim(treated) and not isinstance(treated, str) else [treated]:
        k = _inputs.whole("treated", k, at_least=2, at_most=max(n - 2, 2))
        starts = before + rng.integers(room + 1, size=draws)
        gaps = []
        for start in starts:
            group = np.zeros(n, bool)
            group[rng.permutation(n)[:k]] = True
            pre = panel.values[start - before : start].mean(axis=0)
            post = panel.values[start + settle : start + weeks].mean(axis=0)
            gaps.append(_gaps(pre, post, group[None, :], "relative")[0])
        spread = np.sqrt(np.mean(np.square(gaps)))
        quantiles = student.ppf([(1 + confidence) / 2, power], n - 2)
        every = comb(n, k)
        rows[k] = {
            "standard_error": spread,
            "detectable_lift": np.expm1(quantiles.sum() * spread),
            "smallest_p": (2 if 2 * k == n else 1) / every,
        }
    return pd.DataFrame(rows).T.rename_axis("treated")


# ---------------------------------------------------------------- what the metrics mean

EXAMPLE = pd.DataFrame(
    {
        "region": ["A", "A", "B", "B", "C", "C", "D", "D"],
        "week": pd.to_datetime(["2026-01-05", "2026-01-12"] * 4),
        "sales": [45, 52, 55, 68, 30, 35, 50, 55],
    }
)

METRICS = (
    Metric(
        name="geo_lift",
        formula=r"\frac{Y_{T1} / Y_{T0}}{Y_{C1} / Y_{C0}} - 1",
        numerator="conversions above what there would have been",
        denominator="conversions that there would have been",
        unit="fraction",
        window="the weeks of the test, against those before",
        function="funnelkit.incrementality.difference_in_differences",
        example=Example(
            {
                "table": EXAMPLE,
                "outcome": "sales",
                "treated": ["A", "B"],
                "start": "2026-01-12",
            },
            7.5,
            112.5,
            ("estimate",),
        ),
    ),
)
