r"""How long customers stay: durations, the Kaplan–Meier estimate, and a model that carries it on.

`durations` turns dates into how long each customer was watched and whether the end was seen;
`kaplan_meier` makes a survival curve of that; `survival_at` and `mean_lifetime` read it. Where a
curve has to be carried on beyond what has been seen, `ShiftedBetaGeometric` does so, by a model of
customers who differ in how easily they leave.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit._fitting import minimise
from funnelkit.contract import Example, Metric

__all__ = [
    "METRICS",
    "ShiftedBetaGeometric",
    "durations",
    "kaplan_meier",
    "mean_lifetime",
    "survival_at",
]


def __dir__():
    return __all__


INTERVALS = ["survival", "std_error", "ci_low", "ci_high"]

# ---------------------------------------------------------------- how long each was watched


def durations(started, ended, *, observed_until, unit="month"):
    """Return how long each customer was watched, and whether the end was seen.

    Parameters
    ----------
    started : Series of datetime
        When each contract began.
    ended : Series of datetime
        When it ended; missing while it runs.
    observed_until : str or Timestamp
        The last day that the data cover, to its end. What runs is watched until then; nothing may
        begin or end after it.
    unit : {"month", "week", "day"}
        Unit of the durations. Only complete units count: a contract of seven weeks that is
        measured in months has lasted one, and a cancellation within the first month has lasted 0.

    Returns
    -------
    DataFrame
        One row per contract, with the index of `started`: `duration`, a whole number of units,
        and `observed`, True if the end was seen. Where it was not, the duration is *censored*:
        the contract lasted at least that long.

    Raises
    ------
    ValueError
        If an end lies before its start, or a date after `observed_until`.

    Notes
    -----
    Months are calendar months: from 31 January, one month is complete on the last day of
    February.

    Examples
    --------
    >>> started = pd.Series(pd.to_datetime(["2026-01-10", "2026-01-31", "2026-06-01"]))
    >>> ended = pd.Series(pd.to_datetime(["2026-04-10", None, "2026-06-20"]))
    >>> durations(started, ended, observed_until="2026-06-30")
       duration  observed
    0         3      True
    1         5     False
    2         0      True
    """
    _inputs.one_of("unit", unit, ("month", "week", "day"))
    end = _inputs.end_of_data("observed_until", observed_until)
    index = _inputs.aligned(started=started, ended=ended)
    started = _inputs.times(started, "started")
    ended = _inputs.times(ended, "ended", missing="keep")
    _inputs.need_same_length("contracts", started=started, ended=ended)
    if index is not None:
        started, ended = started.set_axis(index), ended.set_axis(index)
    for name, dates in (("started", started), ("ended", ended)):
        remedy = "correct these rows, or say how far the data reach"
        _inputs.not_after(name, dates, end, remedy)
    _need_order(started, ended)
    # Times may come in any resolution; in microseconds all years that a calendar has fit.
    first, last = started.astype("datetime64[us]"), ended.astype("datetime64[us]")
    last = last.fillna(end.as_unit("us"))
    if unit == "month":
        length = _whole_months(first, last)
    else:
        length = (last - first) // pd.Timedelta({"week": "7D", "day": "1D"}[unit])
    return pd.DataFrame({"duration": length.astype("int64"), "observed": ended.notna()})


def _need_order(started, ended):
    """Refuse ends before their starts."""
    negative = (ended < started).to_numpy()
    if negative.any():
        first, last = (each.dt.strftime("%Y-%m-%d %H:%M") for each in (started, ended))
        spans = (first + " to " + last).to_numpy(object)
        remedy = "correct the dates, perhaps the two columns are exchanged"
        _inputs.refuse(negative, "ended is before started", remedy, spans, index=started.index)


def _whole_months(start, stop):
    """Return the complete calendar months from one day to another, row by row."""
    months = stop.dt.to_period("M").astype("int64") - start.dt.to_period("M").astype("int64")
    # From the 31st, a month is complete on the last day of a shorter one.
    due = np.minimum(start.dt.day, stop.dt.days_in_month)
    return months - (stop.dt.day < due).astype("int64")


# ---------------------------------------------------------------- the Kaplan–Meier estimate


def kaplan_meier(duration, observed, *, by=None, confidence=0.95):
    r"""Return a survival curve from durations, some of which are censored.

    At each time at which somebody left, it takes the share of those still watched who did not
    leave; these shares are multiplied. A censored customer counts among those watched until then
    and is not taken to have left. The estimate is right if being censored says nothing about
    leaving, as when it only comes from having started late.

    Parameters
    ----------
    duration : Series or array of numbers
        How long each customer was watched, in any unit; 0 or more. See `durations`.
    observed : Series or array of bool
        True if the customer was seen to leave at that time, False if censored.
    by : Series or array, optional
        A group for each customer: one curve per group. A missing value is a group of its own.
    confidence : float, default 0.95
        Confidence of the interval, at each time by itself.

    Returns
    -------
    DataFrame
        Index `time`: 0 and each duration that occurs, in order; with `by`, below an outer level
        with the group. Columns: `at_risk`, how many were watched just before; `events`, how many
        left then; `censored`, how many were last seen then; `survival`, the share still there
        after that time; `std_error`, Greenwood's; `ci_low`, `ci_high`. The first row is time 0;
        its survival is 1 unless some left at once. ``attrs["interval"]`` says which interval it
        is.

    Notes
    -----
    With :math:`d_i` leaving of :math:`n_i` at risk at time :math:`t_i`,

    .. math:: \hat S(t) = \prod_{t_i \le t} \left( 1 - \frac{d_i}{n_i} \right), \qquad
              \widehat{\mathrm{var}}\, \hat S(t) = \hat S(t)^2
              \sum_{t_i \le t} \frac{d_i}{n_i (n_i - d_i)}

    The second is Greenwood's formula. The interval is the *log-log* one ("exponential
    Greenwood"): symmetric on the scale of :math:`\log(-\log S)`, so it never leaves [0, 1]. It
    is :math:`\hat S^{\exp(\pm z s)}` with :math:`s = \sqrt{\sum d_i / (n_i (n_i - d_i))} / |\log
    \hat S|`. Customers who leave and customers who are censored at the same time are both at risk
    at that time; once nobody is left there is neither standard error nor interval.

    Before the first event the interval has no width, from 1 to 1. That is not certainty: of 20
    customers nobody has left yet, and up to about 3 in 20 might have (the rule of three: with
    :math:`n` watched and none leaving, the share that leaves may be as high as :math:`3 / n`).

    References
    ----------
    E. L. Kaplan and P. Meier (1958), "Nonparametric estimation from incomplete observations",
    *JASA* 53. The log-log interval is the one of `lifelines.KaplanMeierFitter`.

    Examples
    --------
    Four customers: left after 1 month, left after 2, still there after 2, still there after 5.

    >>> curve = kaplan_meier([1, 2, 2, 5], [True, True, False, False])
    >>> curve[["at_risk", "events", "censored", "survival"]]
          at_risk  events  censored  survival
    time
    0           4       0         0      1.00
    1           4       1         0      0.75
    2           3       1         1      0.50
    5           1       0         1      0.50
    """
    z = _inputs.confidence_quantile(confidence)
    time, left, group = _lifetimes(duration, observed, by)
    if group is None:
        curve = _curve(time, left, z)
    else:
        names = group.drop_duplicates().sort_values(kind="stable", na_position="last")
        curves = {}
        for name in names:
            mine = (group.isna() if pd.isna(name) else group == name).to_numpy(bool)
            curves[name] = _curve(time[mine], left[mine], z)
        outer = by.name if isinstance(by, pd.Series) and by.name is not None else "group"
        curve = pd.concat(curves, names=[outer])
    curve.attrs = {"confidence": float(confidence), "interval": "log-log (exponential Greenwood)"}
    return curve


def _lifetimes(duration, observed, by=None):
    """Check durations, ends and groups; return arrays, and the groups as a Series or None."""
    given = {"duration": duration, "observed": observed}
    if by is not None:
        given["by"] = by
    index = _inputs.aligned(**given)
    columns = {name: _inputs.as_series(values, name) for name, values in given.items()}
    _inputs.need_same_length("customers", **columns)
    if not len(columns["duration"]):
        raise ValueError("there are no customers: a survival curve needs at least one")
    for name, column in columns.items():
        _inputs.need_hashable(column, name)
    remedy = "give how long each was watched, as a number of months, weeks or days"
    time = _inputs.numbers("duration", columns["duration"], remedy=remedy)
    remedy = "a duration is 0 or more; check that no end lies before its start"
    _inputs.refuse(time < 0, "duration is negative", remedy, time, index=index)
    remedy = "a customer who never left is censored: give the time watched, and observed False"
    _inputs.refuse(np.isinf(time), "duration is infinite", remedy, index=index)
    left = _inputs.booleans(columns["observed"], "observed").to_numpy()
    if (time == np.floor(time)).all() and time.max() < 2**53:
        time = time.astype("int64")
    if by is None:
        return time, left, None
    groups = columns["by"]
    _inputs.ids(groups.dropna(), "by")
    return time, left, groups.reset_index(drop=True)


def _curve(time, left, z):
    """Return the Kaplan–Meier table of one group."""
    times, place = np.unique(np.append(0, time), return_inverse=True)
    gone_at, silent_at = place[1:][left], place[1:][~left]
    events, censored = (np.bincount(at, minlength=len(times)) for at in (gone_at, silent_at))
    at_risk = len(time) - np.append(0, np.cumsum(events + censored)[:-1])
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events))))
        factor = np.where(survival == 1, 1.0, np.exp(z * spread / np.abs(np.log(survival))))
        low, high = survival**factor, survival ** (1 / factor)
    gone = survival == 0
    return pd.DataFrame(
        {
            "at_risk": at_risk,
            "events": events,
            "censored": censored,
            "survival": survival,
            "std_error": np.where(gone, np.nan, survival * np.where(gone, 0, spread)),
            "ci_low": np.where(gone, np.nan, low),
            "ci_high": np.where(gone, np.nan, high),
        },
        index=pd.Index(times, name="time"),
    )


# ---------------------------------------------------------------- what is read off a curve


def survival_at(curve, time):
    """Read a survival curve at a time: the row that holds there.

    Parameters
    ----------
    curve : DataFrame
        What `kaplan_meier` returns, with or without groups.
    time : number
        When, in the unit of the durations; not beyond the last time of a curve, unless nobody is
        left there.

    Returns
    -------
    Series, or DataFrame with one row per group
        `survival`, `std_error`, `ci_low`, `ci_high`.

    Examples
    --------
    >>> curve = kaplan_meier([1, 2, 2, 5], [True, True, False, False])
    >>> float(survival_at(curve, 4)["survival"])
    0.5
    """
    time = _inputs.number("time", time, at_least=0)
    rows = []
    for of, steps in _steps(curve, INTERVALS):
        _need_seen(steps, of, "time", time)
        rows.append(steps.loc[steps.index <= time, INTERVALS].iloc[-1])
    return rows[0] if curve.index.nlevels == 1 else pd.DataFrame(rows).set_axis(_groups(curve))


def mean_lifetime(curve, *, horizon):
    r"""Return the mean time that a customer stays within a horizon: the area under the curve.

    Without a horizon the mean depends on the tail of the curve, which nobody has seen; with one
    it needs no assumption about the shape of the curve.

    Parameters
    ----------
    curve : DataFrame
        What `kaplan_meier` returns, with or without groups.
    horizon : number
        Length of time, in the unit of the durations; not beyond the last time of the curve,
        unless nobody is left there.

    Returns
    -------
    float, or Series of float with the groups in its index
        Mean time within the horizon, in the unit of the durations. Time beyond it is not
        counted, so this is never more than `horizon`, and less than the whole mean.

    Notes
    -----
    .. math:: \int_0^\tau \hat S(t)\, dt

    It is also called the restricted mean survival time.

    Examples
    --------
    >>> curve = kaplan_meier([1, 2, 2, 5], [True, True, False, False])
    >>> mean_lifetime(curve, horizon=4)
    2.75
    """
    horizon = _inputs.number("horizon", horizon, above=0)
    areas = []
    for of, steps in _steps(curve, ["survival"]):
        _need_seen(steps, of, "horizon", horizon)
        inside = steps.index[steps.index < horizon].to_numpy(float)
        heights = steps["survival"].to_numpy(float)[: len(inside)]
        areas.append(float((heights * np.diff(np.append(inside, horizon))).sum()))
    return areas[0] if curve.index.nlevels == 1 else pd.Series(areas, index=_groups(curve))


def _groups(curve):
    return curve.index.get_level_values(0).unique()


def _steps(curve, columns):
    """Return each curve of a table, checked, with the words "of 'its group'"."""
    _inputs.need_columns(curve, columns, "curve")
    _inputs.need_rows(curve, "curve", "kaplan_meier(...) makes one of durations")
    if curve.index.nlevels > 2:
        raise ValueError("curve has more than one level of groups: select one, with .loc")
    if curve.index.nlevels == 1:
        curves = [("", curve)]
    else:
        grouped = curve.groupby(level=0, dropna=False, sort=False)
        curves = [(f" of {name!r}", rows.droplevel(0)) for name, rows in grouped]
    for of, steps in curves:
        if not pd.api.types.is_numeric_dtype(steps.index) or steps.index.hasnans:
            raise TypeError("the index of curve is not a time in numbers: see kaplan_meier(...)")
        if not steps.index.is_monotonic_increasing or steps.index[0] != 0:
            raise ValueError(
                f"the times of the curve{of} do not rise from 0: give it whole and in order, as "
                "kaplan_meier(...) returns it"
            )
        for column in columns:
            if not pd.api.types.is_float_dtype(steps[column].dtype):
                _inputs.numbers(column, steps[column], missing="keep")
        _inputs.shares("survival", steps["survival"])
    return curves


def _need_seen(steps, of, name, time):
    """Refuse a time at which the curve has not been seen."""
    last = steps.index[-1]
    if time > last and steps["survival"].iloc[-1] > 0:
        raise ValueError(
            f"{name} is {time:g}: give one that is not beyond {last:g}, where the curve{of} ends"
        )


# ---------------------------------------------------------------- a model that carries it on


class ShiftedBetaGeometric:
    r"""Shifted beta-geometric model of contracts: customers who differ in how easily they leave.

    At the end of each period a customer leaves with a probability of their own, the same at every
    age; over customers these probabilities have a beta distribution. Nobody becomes more loyal
    with time; yet the retention rate of a cohort rises with its age, since those who leave easily
    leave first. So a survival curve can be carried on beyond the months that have been seen.

    Attributes
    ----------
    alpha_, beta_ : float
        Parameters of the beta distribution. The mean probability to leave in the first period is
        ``alpha_ / (alpha_ + beta_)``; where both are small, customers differ much.
    loglik_ : float
        Log-likelihood of the data to which it was fitted.
    n_customers_ : int
        To how many customers it was fitted.

    Notes
    -----
    With :math:`T` the period at whose end a customer leaves, :math:`t = 1, 2, \dots`, and the beta
    function :math:`B`,

    .. math:: P(T = t) = \frac{B(\alpha + 1, \beta + t - 1)}{B(\alpha, \beta)}, \qquad
              S(t) = P(T > t) = \frac{B(\alpha, \beta + t)}{B(\alpha, \beta)}

    Both need no beta function if they are computed step by step, from :math:`S(0) = 1`:

    .. math:: S(t) = r(t)\, S(t - 1), \qquad
              r(t) = \frac{\beta + t - 1}{\alpha + \beta + t - 1}, \qquad
              P(T = t) = S(t - 1) - S(t)

    :math:`r(t)` is the retention rate of period :math:`t`. The likelihood of a customer who was
    seen to leave is :math:`P(T = t)`, that of a customer who was still there at the age :math:`t`
    (censored) is :math:`S(t)`. If :math:`\alpha \le 1` the mean lifetime is infinite.

    References
    ----------
    P. S. Fader and B. G. S. Hardie (2007), "How to project customer retention", *Journal of
    Interactive Marketing* 21(1).

    Examples
    --------
    Of 1,000 "Regular" customers in that paper, so many were still there after 0, 1, … 7 years.
    From these the model projects the share after 12, which was 0.173:

    >>> regular = [1000, 631, 468, 382, 326, 289, 262, 241]
    >>> model = ShiftedBetaGeometric().fit_survivors(regular)
    >>> model
    ShiftedBetaGeometric(alpha=0.7041, beta=1.182)
    >>> print(f"{model.survival(12):.3f}")
    0.170
    """

    @classmethod
    def with_parameters(cls, *, alpha, beta):
        """Return a model whose parameters are known, without fitting.

        Parameters
        ----------
        alpha, beta : float
            The parameters, each above 0.

        Returns
        -------
        ShiftedBetaGeometric
        """
        model = cls()
        model.alpha_, model.beta_ = _inputs.positive(alpha=alpha, beta=beta)
        return model

    @property
    def parameters_(self):
        """The two parameters by name."""
        if not hasattr(self, "alpha_"):
            raise ValueError("this model has no parameters yet: call .fit(...) first")
        return {"alpha": self.alpha_, "beta": self.beta_}

    def fit(self, duration, observed):
        """Estimate the parameters by maximum likelihood, from one row per customer.

        Parameters
        ----------
        duration : Series or array of int
            Complete periods that each customer was watched, as `durations` returns them.
        observed : Series or array of bool
            True if the customer was seen to leave then, False if censored.

        Returns
        -------
        ShiftedBetaGeometric
            Itself.

        Raises
        ------
        ValueError
            If an end was seen at duration 0 (the model's first period is 1), or the data cannot
            identify the model: nobody left, too few ages, or customers who do not differ.
        """
        time, left = _periods(duration, observed)
        lost = np.bincount(time[left], minlength=time.max() + 1)
        return self._fit(lost, np.bincount(time[~left], minlength=time.max() + 1))

    def fit_survivors(self, survivors):
        """Estimate the parameters from a cohort's table of survivors.

        Parameters
        ----------
        survivors : sequence of int
            How many of the cohort were still there after 0, 1, 2, … periods; the first is its
            size, and they never rise.

        Returns
        -------
        ShiftedBetaGeometric
            Itself.
        """
        there = np.atleast_1d(_inputs.count("survivors", survivors))
        if there.ndim != 1 or there.size < 2 or there[0] == 0:
            raise ValueError(
                "survivors is not the table of a cohort: give how many were there after 0, 1, 2 … "
                "periods, the size of the cohort first"
            )
        rises = np.append(False, np.diff(there) > 0)
        remedy = "give one cohort, to which nobody is added later"
        _inputs.refuse(rises, "survivors rises", remedy, there, index=_inputs.index_of(survivors))
        silent = np.zeros(there.size)
        silent[-1] = there[-1]
        return self._fit(np.append(0, -np.diff(there)), silent)

    def _fit(self, lost, silent):
        """Fit to how many left, and how many were last seen, at each age."""
        n = int(lost.sum() + silent.sum())
        if not lost.any():
            raise ValueError(
                f"none of the {n:,} customers was seen to leave: nothing can be learnt of when "
                "they do; wait until some have"
            )
        cost = _sbg_cost(lost, silent)
        self.alpha_, self.beta_ = map(float, np.exp(minimise(cost, [0, 0], ("alpha", "beta"), n)))
        self.n_customers_ = n
        self.loglik_ = -float(cost(np.log([self.alpha_, self.beta_]))[0]) * n
        return self

    def log_likelihood(self, duration, observed):
        """Return the log-likelihood of customers, given as in `fit`.

        Parameters
        ----------
        duration : Series or array of int
            Complete periods that each customer was watched.
        observed : Series or array of bool
            True if the customer was seen to leave then.

        Returns
        -------
        float
        """
        time, left = _periods(duration, observed)
        lost, silent = (np.bincount(time[part], minlength=time.max() + 1) for part in (left, ~left))
        return -float(_sbg_cost(lost, silent)(np.log([*self.parameters_.values()]))[0]) * len(time)

    def survival(self, age):
        """Return the share of a cohort that is still there at an age, S(t).

        Parameters
        ----------
        age : int, sequence or Series of int
            Periods since the start, 0 or more.

        Returns
        -------
        float, array or Series of float

        Examples
        --------
        >>> model = ShiftedBetaGeometric.with_parameters(alpha=1, beta=3)
        >>> model.survival([0, 1, 2, 3]).round(3).tolist()
        [1.0, 0.75, 0.6, 0.5]
        """
        from scipy.special import betaln

        t, (alpha, beta) = _inputs.count("age", age), self.parameters_.values()
        share = np.exp(betaln(alpha, beta + t) - betaln(alpha, beta))
        return _inputs.dress(_inputs.index_of(age))(np.where(t == 0, 1.0, share))

    def retention(self, age):
        """Return the retention rate of a period, r(t): of those there before it, who stay.

        Parameters
        ----------
        age : int, sequence or Series of int
            The period, 1 or more.

        Returns
        -------
        float, array or Series of float

        Examples
        --------
        >>> model = ShiftedBetaGeometric.with_parameters(alpha=1, beta=3)
        >>> model.retention([1, 2, 3]).round(3).tolist()
        [0.75, 0.8, 0.833]
        """
        t, (alpha, beta) = _inputs.count("age", age), self.parameters_.values()
        index = _inputs.index_of(age)
        _inputs.refuse(t == 0, "age is 0", "the first period is 1", index=index)
        return _inputs.dress(index)((beta + t - 1) / (alpha + beta + t - 1))

    def expected_lifetime(self, *, age=0, discount=0.0):
        r"""Return how many periods a customer stays on average, without end.

        Parameters
        ----------
        age : int, default 0
            Complete periods that the customer has stayed already: it is what remains that counts.
        discount : float, default 0
            Discount rate of a period, a fraction: later periods then count less.

        Returns
        -------
        float
            Periods, the one that begins now included. Multiplied by a margin paid at the start
            of each period, it is the value of what remains, in money of today.

        Raises
        ------
        ValueError
            If it is infinite: alpha is not above 1, and nothing is discounted.

        Notes
        -----
        .. math:: \sum_{t=0}^\infty \frac{S(n + t)}{S(n)\,(1 + d)^t}
                  = {}_2F_1\!\left(1, \beta + n; \alpha + \beta + n; \frac{1}{1 + d}\right)

        References
        ----------
        P. S. Fader and B. G. S. Hardie (2010), "Customer-base valuation in a contractual
        setting", *Marketing Science* 29(1).

        Examples
        --------
        >>> model = ShiftedBetaGeometric.with_parameters(alpha=2, beta=3)
        >>> model.expected_lifetime(), round(model.expected_lifetime(discount=0.1), 3)
        (4.0, 2.682)
        """
        from scipy.special import hyp2f1

        age = _inputs.whole("age", age, at_least=0, at_most=1_000_000)
        rate = _inputs.amount("discount", discount)
        _inputs.need_fractions("discount", rate, such_as="0.1 for 10 %")
        alpha, beta = self.parameters_.values()
        if rate == 0:
            if alpha <= 1:
                raise ValueError(
                    f"alpha is {alpha:.4g}, not above 1, so the mean lifetime is infinite: "
                    "discount, or count up to a horizon, with survival(range(periods)).sum()"
                )
            return (alpha + beta + age - 1) / (alpha - 1)
        mean = hyp2f1(1, beta + age, alpha + beta + age, 1 / (1 + rate))
        return float(_inputs.computable("the expected lifetime", mean))

    def __repr__(self):
        if not hasattr(self, "alpha_"):
            return "ShiftedBetaGeometric(), not fitted"
        return f"ShiftedBetaGeometric(alpha={self.alpha_:.4g}, beta={self.beta_:.4g})"


def _periods(duration, observed):
    """Check durations for the model: whole periods, of which the first is 1."""
    time, left, _ = _lifetimes(duration, observed)
    index = _inputs.index_of(duration)
    remedy = "count complete periods, as durations(...) does"
    _inputs.refuse(
        time != np.floor(time), "duration is not a whole number", remedy, time, index=index
    )
    remedy = (
        "leaving within the first period is leaving at 1; where ends fall within periods, count "
        "the periods begun, duration + 1 for each end that was seen"
    )
    _inputs.refuse(left & (time == 0), "an end was seen at duration 0", remedy, index=index)
    _inputs.refuse(time > 1e6, "duration is above 1,000,000", "take a longer period", index=index)
    return time.astype("int64"), left


def _sbg_cost(lost, silent):
    """Return a function that gives minus the mean log-likelihood, and its gradient."""
    from scipy.special import betaln, psi

    n = lost.sum() + silent.sum()
    t, c = np.flatnonzero(lost), np.flatnonzero(silent)
    left, kept = lost[t] / n, silent[c] / n

    def cost(theta):
        a, b = np.exp(theta)
        value = left @ betaln(a + 1, b + t - 1) + kept @ betaln(a, b + c) - betaln(a, b)
        all_left, all_kept = psi(a + b + t), psi(a + b + c)
        by_a = left @ (psi(a + 1) - all_left) + kept @ (psi(a) - all_kept) - psi(a) + psi(a + b)
        by_b = (
            left @ (psi(b + t - 1) - all_left)
            + kept @ (psi(b + c) - all_kept)
            - psi(b)
            + psi(a + b)
        )
        return -value, -np.array([a * by_a, b * by_b])

    return cost


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="kaplan_meier",
        formula=r"\prod_{t_i \leq t} (1 - \frac{d_i}{n_i})",
        numerator="at each age, those who stay; multiplied",
        denominator="at each age, those watched; multiplied",
        unit="share of customers",
        window="from each customer's start to the age",
        function="funnelkit.cohorts.kaplan_meier",
        example=Example(
            {"duration": [1, 2, 2, 5], "observed": [True, True, False, False]},
            3 * 2,
            4 * 3,
            (2, "survival"),
        ),
    ),
)
