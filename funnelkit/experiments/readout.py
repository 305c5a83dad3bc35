"""The readout of a test as one call: counts, split, differences, lifts, guardrails, a sentence.

Input is checked as `funnelkit._inputs` says.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.experiments.arms import need_users_once
from funnelkit.experiments.comparing import (
    lift,
    lift_of_means,
    sample_ratio_test,
    two_proportion_test,
    welch_from_sums,
)
from funnelkit.experiments.design import planned_shares
from funnelkit.metrics import difference

__all__ = ["Readout", "readout"]

MISMATCH = 0.001  # below this p-value the split of the users is not chance


def __dir__():
    return __all__


@dataclass(frozen=True)
class Readout:
    """What came of a test.

    Attributes
    ----------
    users : DataFrame
        One row per variant, the control first: `users`, `share`, `planned`.
    ratio : Series
        `chi2` and `p_value` of the sample-ratio test.
    table : DataFrame
        One row per metric and variant other than the control: `role` ("metric" or "guardrail"),
        `kind` ("rate" or "mean"),
        `control` and `mean` (rate or mean of the control and of the variant), `difference`,
        `ci_low`, `ci_high`, `p_value`, `lift`, `lift_low`, `lift_high`. The index names the metric
        and the variant; ``attrs`` has the confidence and the method of the lift's interval.
    sentence : str
        What it says, in words.
    """

    users: pd.DataFrame
    ratio: pd.Series
    table: pd.DataFrame
    sentence: str

    def __str__(self):
        return self.sentence


def readout(
    table,
    metric,
    *,
    guardrails=None,
    better="higher",
    control="A",
    shares=None,
    lift_method="log",
    confidence=0.95,
    variant="variant",
    user="user_id",
    exposed=None,
    converted=None,
):
    """Read a test out: who was in it, what differed, by how much, and what it harmed.

    Parameters
    ----------
    table : DataFrame
        One row per user.
    metric : str
        The column that decides, named before the test began. A boolean column is a rate, numbers
        are a mean per user.
    guardrails : mapping of str to {"higher", "lower"}, optional
        Columns that must not get worse, and which direction is the better one:
        ``{"opted_out": "lower"}``.
    better : {"higher", "lower"}, default "higher"
        Which direction of the metric is the better one.
    control : str, default "A"
        The variant that the others are compared with.
    shares : mapping, optional
        The planned share of each variant; equal shares by default.
    lift_method : {"log", "linear"}, default "log"
        How the interval of the relative lift is made (`lift_of_means`).
    confidence : float, default 0.95
        Confidence of all intervals.
    variant, user : str
        Names of the columns. With ``user=None`` no ids are looked at.
    exposed, converted : str, optional
        Columns with the times of the exposure and of the conversion (missing: none). Given both,
        a conversion before the exposure is refused.

    Returns
    -------
    Readout

    Notes
    -----
    The difference of two rates has Newcombe's interval and the p-value of the pooled z test; that
    of two means has both from Welch's test. The sentence goes by the interval of the difference.
    The lift has an interval of its own. If the split of the users is not the planned one (p below
    0.001), the sentence says that and nothing else.

    One metric decides. Each further metric, variant or look at the data is one more chance of a
    false finding; nothing is corrected for that here.

    Examples
    --------
    >>> users = pd.DataFrame({
    ...     "user_id": range(2000),
    ...     "variant": ["A"] * 1000 + ["B"] * 1000,
    ...     "lead": [True] * 200 + [False] * 800 + [True] * 250 + [False] * 750,
    ... })
    >>> print(readout(users, "lead"))
    lead is better in B: 25.0 % against 20.0 % in A, a difference of +5.0 points (95 % interval
    +1.3 to +8.6; p = 0.0074), a lift of +25.0 % (+6.1 % to +47.3 %, log).
    """
    roles = _roles(metric, better, guardrails)
    _inputs.one_of("lift_method", lift_method, ("log", "linear"))
    _inputs.confidence_quantile(confidence)
    _inputs.need_columns(table, [variant, *([user] if user else []), *roles], "table")
    _inputs.need_rows(table, "table", "there is nobody to compare")
    codes, names = _variants(table[variant], variant, control, shares)
    if user is not None:
        need_users_once(table[user], user, codes, variant)
    if exposed is not None or converted is not None:
        _need_exposure_first(table, exposed, converted)
    users = np.bincount(codes, minlength=len(names))
    plan = planned_shares(dict.fromkeys(names, 1 / len(names)) if shares is None else shares)
    ratio = sample_ratio_test(dict(zip(names, users.tolist(), strict=True)), shares=plan)
    rows = {}
    for name in roles:
        for other, row in _compare(table[name], name, codes, users, lift_method, confidence):
            rows[name, names[other]] = {"role": roles[name][0], **row}
    results = pd.DataFrame.from_dict(rows, orient="index")
    results.index = pd.MultiIndex.from_tuples(list(rows), names=["metric", "variant"])
    results.attrs.update(confidence=float(confidence), lift=lift_method)
    counts = pd.DataFrame(
        {
            "users": users,
            "share": users / users.sum(),
            "planned": [plan[name] for name in names],
        },
        index=pd.Index(names, name="variant"),
    )
    return Readout(counts, ratio, results, _sentence(counts, ratio, results, roles))


# ---------------------------------------------------------------- what came in


def _roles(metric, better, guardrails):
    """Return for each column its role, the better direction, and nothing twice."""
    _inputs.one_of("better", better, ("higher", "lower"))
    if not isinstance(metric, str):
        raise TypeError(f"metric is {_inputs.name_of_type(metric)}: give the name of one column")
    guardrails = {} if guardrails is None else guardrails
    if not isinstance(guardrails, dict):
        raise TypeError(
            f"guardrails is {_inputs.name_of_type(guardrails)}: say which direction is better, "
            "such as {'opted_out': 'lower'}"
        )
    if metric in guardrails:
        raise ValueError(f"{metric!r} is the metric and a guardrail: name it once")
    roles = {metric: ("metric", better)}
    for name, direction in guardrails.items():
        _inputs.one_of(f"guardrails[{name!r}]", direction, ("higher", "lower"))
        roles[name] = ("guardrail", direction)
    return roles


def _variants(column, name, control, shares):
    """Return the variant of each row as a number, the control being 0, and their names."""
    _inputs.need_hashable(column, name)
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, found = column.cat.codes.to_numpy(), list(column.cat.categories)
    else:
        codes, found = pd.factorize(column, sort=False)
        found = list(found)
    remedy = "who has no variant was not in the test; leave these rows out"
    _inputs.refuse(codes < 0, f"column {name!r} is missing", remedy, index=column.index)
    expected = list(dict.fromkeys([*found, *([] if shares is None else planned_shares(shares))]))
    sizes = np.bincount(codes, minlength=len(expected))
    empty = [str(each) for each, size in zip(expected, sizes, strict=True) if not size]
    if empty or len(expected) < 2:
        which = f"nobody with {' or '.join(empty)}" if empty else f"only {expected[0]!r}"
        raise ValueError(
            f"column {name!r} has {which}: an arm is empty, and there is nothing to compare; give "
            "the users of all variants, or leave out of shares and categories what was not in the "
            "test"
        )
    _inputs.need_known(control, expected, f"variant in column {name!r}")
    _inputs.refuse(sizes < 2, "a variant has one user", "give at least two of each", unit="arms")
    names = [control, *sorted((each for each in expected if each != control), key=str)]
    place = np.array([names.index(each) for each in expected])
    return place[codes], names


def _need_exposure_first(table, exposed, converted):
    """Refuse conversions before the exposure."""
    if exposed is None or converted is None:
        raise ValueError("of exposed and converted one is given: give both columns, or neither")
    _inputs.need_columns(table, [exposed, converted], "table")
    seen = _inputs.times(table[exposed], exposed)
    did = _inputs.times(table[converted], converted, missing="keep")
    remedy = (
        "the variant cannot have caused it; leave these users out of every arm, and see that "
        "the exposure is logged at the assignment"
    )
    early = (did < seen).to_numpy()
    if early.any() and _are_dates(did) and not _are_dates(seen):
        raise ValueError(
            f"column {converted!r} holds dates, which lie before times of the same day: give the "
            f"exposure as dates too, table[{exposed!r}] = table[{exposed!r}].dt.normalize()"
        )
    _inputs.refuse(early, f"{converted} lies before {exposed}", remedy, index=table.index)


def _are_dates(times):
    known = times.dropna()
    return (known == known.dt.normalize()).all()


# ---------------------------------------------------------------- what differs


def _compare(column, name, codes, users, method, confidence):
    """Yield for each variant but the control the row of a metric."""
    _inputs.need_hashable(column, name)
    plain = column.dtype == bool  # the quick way, with nothing to look for
    rate = plain or pd.api.types.infer_dtype(column, skipna=True) == "boolean"
    centre = 0.0
    if rate:
        values = (column if plain else _inputs.booleans(column, name)).to_numpy()
        totals = squares = np.bincount(codes[values], minlength=len(users))
    else:
        values = _numbers(column, name)
        centre = float(values.mean())  # taken away, so that squares of large numbers lose nothing
        values = values - centre
        totals = np.bincount(codes, weights=values)
        squares = np.bincount(codes, weights=np.square(values, out=values))
    for other in range(1, len(users)):
        arms = [(int(users[i]), float(totals[i]), float(squares[i])) for i in (0, other)]
        try:
            row = (
                _rates(arms, method, confidence)
                if rate
                else _means(arms, centre, method, confidence)
            )
        except ValueError as error:
            raise ValueError(f"column {name!r}: {error}") from None
        yield other, row


def _numbers(column, name):
    """Return the numbers of a metric, none of them missing."""
    if column.dtype.kind == "M":
        raise TypeError(f"column {name!r} holds times: for a rate give table[{name!r}].notna()")
    remedy = "a user who did nothing has 0; fill that in, and leave out who was not measured"
    _inputs.refuse(column.isna(), f"column {name!r} is missing", remedy, index=column.index)
    return _inputs.finite(name, column)


def _rates(arms, method, confidence):
    """Return the comparison of two rates."""
    (na, xa, _), (nb, xb, _) = arms
    xa, xb = int(xa), int(xb)
    test = two_proportion_test(xa, na, xb, nb)
    between = difference(xb, nb, xa, na, confidence=confidence)
    relative = lift(xa, na, xb, nb, method=method, confidence=confidence) if xa and xb else None
    return _row("rate", xa / na, xb / nb, between, test["p_value"], relative)


def _means(arms, centre, method, confidence):
    """Return the comparison of two means, of values from which `centre` was taken."""
    (na, sa, qa), (nb, sb, qb) = arms
    if np.isclose(qa + qb, 0, atol=1e-18 * max(1.0, centre**2) * (na + nb)):
        raise ValueError(
            f"the metric has no variance: it is {centre:g} for every user of A and B: there is "
            "nothing to test; choose another metric"
        )
    test = welch_from_sums(na, sa, qa, nb, sb, qb, confidence=confidence)
    ma, mb = test["mean_a"] + centre, test["mean_b"] + centre
    relative = None
    if min(ma, mb) > 1e-12 * max(ma, mb):  # else 0, but for rounding
        ea, eb = (np.sqrt(max(q - s * s / n, 0) / (n - 1) / n) for n, s, q in arms)
        shares = np.square([ea / ma, eb / mb])  # Welch's degrees of freedom, of the relative errors
        df = shares.sum() ** 2 / (shares**2 / [na - 1, nb - 1]).sum()
        relative = lift_of_means(ma, ea, mb, eb, method=method, confidence=confidence, df=df)
    return _row("mean", ma, mb, test, test["p_value"], relative)


def _row(kind, mean_a, mean_b, between, p_value, relative):
    """Return a row of the table of results; a lift over 0 is missing."""
    if relative is None:
        relative = dict.fromkeys(("lift", "ci_low", "ci_high"), np.nan)
    return {
        "kind": kind,
        "control": mean_a,
        "mean": mean_b,
        "difference": between["difference"],
        "ci_low": between["ci_low"],
        "ci_high": between["ci_high"],
        "p_value": p_value,
        "lift": relative["lift"],
        "lift_low": relative["ci_low"],
        "lift_high": relative["ci_high"],
    }


# ---------------------------------------------------------------- in words


def _sentence(counts, ratio, results, roles):
    """Say what came of the test."""
    if ratio["p_value"] < MISMATCH:
        split = ", ".join(f"{name} {n:,}" for name, n in counts["users"].items())
        plan = ", ".join(f"{name} {100 * share:.3g} %" for name, share in counts["planned"].items())
        return (
            f"Not to be read: the users are split {split} where {plan} was planned "
            f"(p = {ratio['p_value']:.1g}). Find out who is missing first."
        )
    return " ".join(
        _words(name, variant, row, roles[name][1], counts.index[0], results.attrs)
        for (name, variant), row in results.iterrows()
    )


def _words(name, variant, row, better, control, settings):
    """Say what one metric did in one variant."""
    low, high = row["ci_low"], row["ci_high"]
    if better == "lower":
        low, high = -high, -low
    verdict = "better" if low > 0 else "worse" if high < 0 else None
    guards = "Guardrail " if row["role"] == "guardrail" else ""
    found = f"is {verdict} in {variant}" if verdict else f"shows no clear difference in {variant}"
    of_variant, of_control = _size(row["mean"], row), _size(row["control"], row)
    between = (
        f"a difference of {_change(row['difference'], row)} "
        f"({100 * settings['confidence']:.4g} % interval {_change(row['ci_low'], row, unit=False)}"
        f" to {_change(row['ci_high'], row, unit=False)}; {_p(row['p_value'])})"
    )
    if np.isfinite(row["lift"]):
        between += f", {_lift_words(row, settings['lift'])}"
    return f"{guards}{name} {found}: {of_variant} against {of_control} in {control}, {between}."


def _size(value, row):
    return f"{100 * value:.1f} %" if row["kind"] == "rate" else f"{value:,.2f}"


def _change(value, row, *, unit=True):
    if row["kind"] == "rate":
        return f"{100 * value:+.1f}{' points' if unit else ''}"
    return f"{value:+,.2f}"


def _p(value):
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}"


def _lift_words(row, method):
    ends = " to ".join(f"{100 * row[end]:+.1f} %" for end in ("lift_low", "lift_high"))
    return f"a lift of {100 * row['lift']:+.1f} % ({ends}, {method})"
