"""Carry-over and saturation of several channels, fitted on spending that was varied at random.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.incrementality.curves import HillCurve, carry_over, hill_share
from funnelkit.incrementality.panel import panel_of

__all__ = ["ResponseModel"]


def __dir__():
    return __all__


class ResponseModel:
    r"""Response curves of several channels, from regions whose budgets were varied at random.

    Parameters
    ----------
    slope : float, default 1
        The slope of the Hill curves; it is not estimated.
    half_prior : pair of float, default (1, 3)
        What is believed of a channel's `half` beforehand: its middle, as a multiple of the usual
        spending, and the factor within which two thirds of channels lie.
    decay_prior : pair of float, default (0.5, 3)
        The same of the weekly `decay`: its middle, and the factor for its odds.

    Attributes
    ----------
    table_ : DataFrame
        One row per channel and parameter: `estimate`, `ci_low` and `ci_high`. The parameters are
        `elasticity`, by how many percent conversions rise if the channel's usual spending rises
        by one; `half`, in the unit of the spending, all regions together; `decay`; and what
        follows from the first two, `share`, the fraction of all conversions that would be lost
        without the channel.
    usual_ : Series
        Usual spending of each channel per week, all regions together.
    seen_ : DataFrame
        The range of each channel's spending in the weeks used, as a multiple of the usual of the
        region: `lowest`, `highest`.
    conversions_ : float
        Conversions per week in the weeks used, all regions together.
    confidence_ : float
        Confidence of the intervals.

    Notes
    -----
    With :math:`a` the normalised adstock of a channel's spending in region :math:`r` and week
    :math:`t`, as a multiple of the region's usual, and :math:`h` the Hill function,

    .. math:: \log y_{rt} = \alpha_r + \tau_t
              + \log\Bigl(1 + \sum_c s_c \Bigl(\frac{h_c(a_{crt})}{h_c(1)} - 1\Bigr)\Bigr)
              + \varepsilon_{rt}, \qquad s_c = e_c\, \frac{h_c(1)}{h_c'(1)}

    The :math:`\alpha_r` take up how large a region is, the :math:`\tau_t` season and trend: what
    is left compares regions *within* a week. The elasticities :math:`e_c` are what the data tell
    most surely; a share is a guess at the curve down to no spending at all, and its interval
    shows it. Least squares with the priors as further data; the intervals are clustered by
    region, with the quantiles of a t distribution for the elasticities, the logarithms of `half`
    and the log-odds of `decay`, and of draws for the shares. The model is right only if
    the spending was varied at random: if it follows demand, so does the elasticity.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> regions, weeks = [f"r{i}" for i in range(20)], pd.date_range("2025-01-06", periods=40,
    ...                                                             freq="7D")
    >>> index = pd.MultiIndex.from_product([regions, weeks], names=["region", "week"])
    >>> table = pd.DataFrame({"ads": rng.choice([50, 100, 200], len(index))}, index=index)
    >>> mean = 400 * (0.6 + 0.4 * hill_share(table["ads"] / 100, 1, 1) / 0.5)
    >>> table["sales"] = rng.poisson(mean)
    >>> model = ResponseModel().fit(table.reset_index(), "sales", ["ads"])
    >>> model.table_.loc[("ads", "elasticity")].round(2).tolist()
    [0.21, 0.19, 0.22]
    """

    def __init__(self, *, slope=1.0, half_prior=(1.0, 3.0), decay_prior=(0.5, 3.0)):
        self.slope = slope
        self.half_prior = half_prior
        self.decay_prior = decay_prior

    def fit(
        self,
        table,
        outcome,
        channels,
        *,
        usual=None,
        since=None,
        confidence=0.95,
        region="region",
        week="week",
    ):
        """Fit the curves.

        Parameters
        ----------
        table : DataFrame
            One row per region and week.
        outcome : str
            Column with the conversions; above 0 in every row.
        channels : list of str
            Columns with what was spent on each channel; 0 or more.
        usual : DataFrame, optional
            The usual spending per week: regions in the index, channels in the columns; above 0.
            When not given it is the mean of the weeks used, which chance moves from region to
            region where weeks are few, so that effects look smaller than they are.
        since : date, optional
            Use the conversions from this week on, in which budgets were varied; the spending of
            earlier weeks is used for what it carries over. All weeks when not given. Before the
            first week of the table the usual is taken to have been spent.
        confidence : float, default 0.95
            Confidence of the intervals.
        region, week : str
            The columns with the region's name and the first day of the week.

        Returns
        -------
        ResponseModel
            Itself.
        """
        from scipy.optimize import least_squares

        _inputs.confidence_quantile(confidence)
        self._check()
        names = _inputs.names("channels", channels)
        _inputs.need_columns(table, names)
        if not names or len(set(names)) < len(names):
            raise ValueError("channels is empty or names one twice: give each column once")
        panel = panel_of(table, outcome, region, week)
        rows = _rows_since(panel, since)
        y = panel.values[rows]
        remedy = "add up regions or weeks until each has some, since logarithms are compared"
        _inputs.refuse((y == 0).ravel(), f"{outcome} is 0", remedy, unit="regions and weeks")
        spend = [panel_of(table, name, region, week).values for name in names]
        levels, usual = _levels(spend, names, rows, usual, panel.regions)
        problem = _Problem(np.log(y), levels, rows, self._priors(), self.slope)
        found = least_squares(
            problem.residuals, problem.start(), problem.jacobian, method="lm", x_scale="jac"
        )
        self.theta_, self.covariance_ = found.x, problem.covariance(found.x)
        self.channels_, self.confidence_ = names, float(confidence)
        self.usual_ = pd.Series(usual.sum(axis=1), index=names, name="usual")
        within = levels[:, rows]
        self.seen_ = pd.DataFrame(
            {"lowest": within.min(axis=(1, 2)), "highest": within.max(axis=(1, 2))}, index=names
        )
        self.conversions_ = float(y.sum(axis=1).mean())
        self.table_ = self._parameters(len(panel.regions))
        return self

    def _check(self):
        _inputs.positive(slope=self.slope)
        for name, prior in (("half_prior", self.half_prior), ("decay_prior", self.decay_prior)):
            if not isinstance(prior, list | tuple) or len(prior) != 2:
                raise TypeError(f"{name} is {prior!r}: give its middle and a factor, as (1, 3)")
            _inputs.number(f"{name}'s middle", prior[0], above=0)
            _inputs.number(f"{name}'s factor", prior[1], above=1)
        if self.decay_prior[0] >= 1:
            raise ValueError(
                f"decay_prior's middle is {self.decay_prior[0]:g}: give a fraction below 1"
            )

    def _priors(self):
        """Return middle and spread of the priors of log half and of the log-odds of decay."""
        middle, factor = self.decay_prior
        half, within = self.half_prior
        return (np.log(half), np.log(within)), (np.log(middle / (1 - middle)), np.log(factor))

    def _parameters(self, regions):
        """Return the parameters with their intervals as a table."""
        from scipy.stats import t as student

        tails = [(1 - self.confidence_) / 2, (1 + self.confidence_) / 2]
        z = student.ppf(tails[1], regions - 1)
        spread = np.sqrt(np.diag(self.covariance_))
        ends = np.stack([self.theta_, self.theta_ - z * spread, self.theta_ + z * spread])
        n = len(self.channels_)
        scale = self.usual_.to_numpy()
        share = self._shares(np.concatenate([self.theta_[None, :], self._draws(2000, 0)]))
        blocks = {
            "elasticity": ends[:, :n],
            "share": np.stack([share[0], *np.quantile(share[1:], tails, axis=0)]),
            "half": np.exp(ends[:, n : 2 * n]) * scale,
            "decay": 1 / (1 + np.exp(-ends[:, 2 * n :])),
        }
        rows = {
            (name, parameter): block[:, number]
            for number, name in enumerate(self.channels_)
            for parameter, block in blocks.items()
        }
        table = pd.DataFrame(rows, index=["estimate", "ci_low", "ci_high"]).T
        return table.rename_axis(["channel", "parameter"])

    def curves(self):
        """Return the curve of each channel: conversions per week for a constant weekly spending.

        Returns
        -------
        dict of HillCurve
            By channel, all regions together, at the estimates. A channel whose share is
            estimated at 0 or below has no curve and is left out.
        """
        self._need_fit()
        return self._curves(self.theta_)

    def draw_curves(self, draws, *, seed=0):
        """Return curves drawn from what the fit leaves open: as likely as the data make them.

        Parameters
        ----------
        draws : int
            How many.
        seed : int or Generator, default 0
            Where chance comes from.

        Returns
        -------
        list of dict of HillCurve
        """
        self._need_fit()
        draws = _inputs.whole("draws", draws)
        rng = _inputs.random_generator(seed)
        return [self._curves(theta) for theta in self._draws(draws, rng)]

    def _draws(self, draws, seed):
        """Return parameters drawn from the normal distribution that the fit leaves."""
        normal = np.random.default_rng(seed).standard_normal((draws, len(self.theta_)))
        return self.theta_ + normal @ np.linalg.cholesky(self.covariance_).T

    def _shares(self, thetas):
        """Return the channels' shares of all conversions, one row per row of parameters."""
        n = len(self.channels_)
        return thetas[:, :n] * steepness(np.exp(thetas[:, n : 2 * n]), self.slope)

    def _need_fit(self):
        if not hasattr(self, "theta_"):
            raise ValueError("the model is not fitted: call .fit(...) first")

    def _curves(self, theta):
        n, curves = len(self.channels_), {}
        for number, name in enumerate(self.channels_):
            half = np.exp(theta[n + number])
            share = theta[number] * steepness(half, self.slope)
            if share > 0:
                most = self.conversions_ * share / hill_share(1.0, half, self.slope)
                usual = self.usual_[name]
                curves[name] = HillCurve(float(most), float(half * usual), self.slope)
        return curves


def _rows_since(panel, since):
    """Return which weeks of a panel are used."""
    if since is None:
        return slice(0, None)
    first = int(panel.weeks.searchsorted(_inputs.moment("since", since)))
    if first > len(panel.weeks) - 2:
        raise ValueError(
            f"since leaves {len(panel.weeks) - first} weeks: give a week before "
            f"{panel.weeks[-2]:%Y-%m-%d}"
        )
    return slice(first, None)


def _levels(spend, names, rows, usual, regions):
    """Return spending as a multiple of the usual, channels by weeks by regions, and the usual."""
    if usual is None:
        table = np.stack([each[rows].mean(axis=0) for each in spend])
    else:
        _inputs.need_columns(usual, names, "usual")
        for name in regions:
            _inputs.need_known(name, usual.index, "region in the index of usual")
        if not usual.index.is_unique:
            raise ValueError("the index of usual names a region twice: give one row for each")
        table = usual.loc[regions, names].to_numpy().T
        _inputs.refuse(
            _inputs.finite("usual", table) <= 0,
            "usual is not above 0",
            "leave out the channel or the region that has none",
            unit="regions and channels",
        )
    for name, each, level in zip(names, spend, table, strict=True):
        _need_variation(name, each[rows], level)
    return np.stack([each / level for each, level in zip(spend, table, strict=True)]), table


def _need_variation(name, spend, usual):
    """Refuse a channel whose spending does not differ between regions within the weeks."""
    if (usual == 0).any():
        raise ValueError(
            f"{name} was never spent in {int((usual == 0).sum()):,} regions: leave the channel "
            "or these regions out, nothing can be learnt of it there"
        )
    levels = spend / usual
    if np.ptp(levels - levels.mean(axis=1, keepdims=True)) < 1e-9:
        raise ValueError(
            f"{name} moves alike in all regions, so its effect cannot be told from the season: "
            "leave the channel out, or give weeks in which the regions differ"
        )


def steepness(half, slope):
    """Return the Hill function over its derivative, both at the usual spending, which is 1."""
    return (1 + half**slope) / (slope * half**slope)


LEAD = 26  # weeks before the first that is used; what they carry over into it is nothing by then


class _Problem:
    """Least squares of the response model, the priors as further residuals."""

    def __init__(self, log_y, levels, rows, priors, slope):
        lead = min(rows.start or 0, LEAD)
        self.levels = levels[:, (rows.start or 0) - lead :]
        self.log_y, self.lead, self.slope = log_y, lead, slope
        self.n = len(levels)
        centres, spreads = zip(*priors, strict=True)
        self.centre = np.repeat(centres, self.n)
        self.spread = np.repeat(spreads, self.n)
        self.sigma = _two_ways(log_y).std()

    def start(self):
        return np.concatenate([np.full(self.n, 0.25 / self.n), self.centre])

    def reached(self, c, log_half, odds):
        """Return what a channel adds per unit of its elasticity: weeks by regions."""
        half, decay = np.exp(log_half), 1 / (1 + np.exp(-odds))
        added = (1 - decay) * self.levels[c]
        added[0] += decay  # what the usual spending of earlier weeks left
        stock = carry_over(added, decay)[self.lead :]
        share = hill_share(stock, half, self.slope)
        more = share / hill_share(1.0, half, self.slope) - 1
        return more * steepness(half, self.slope)

    def parts(self, theta):
        """Return each channel's part, and what all of them make together."""
        log_half, odds = theta[self.n : 2 * self.n], theta[2 * self.n :]
        parts = [self.reached(c, log_half[c], odds[c]) for c in range(self.n)]
        total = 1.0 + np.tensordot(theta[: self.n], parts, axes=1)
        return parts, np.maximum(total, 1e-6)

    def rest(self, theta):
        """Return what neither channels, regions nor weeks explain, weeks by regions."""
        return _two_ways(self.log_y - np.log(self.parts(theta)[1]))

    def slopes(self, theta, step=1e-6):
        """Return the derivative of `rest` by each parameter."""
        parts, total = self.parts(theta)
        columns = [-_two_ways(part / total) for part in parts]
        for which in (1, 2):
            for c in range(self.n):
                moved = [theta[self.n + c], theta[2 * self.n + c]]
                moved[which - 1] += step
                bend = (self.reached(c, *moved) - parts[c]) / step
                columns.append(-_two_ways(theta[c] * bend / total))
        return np.stack(columns)

    def residuals(self, theta):
        believed = (theta[self.n :] - self.centre) / self.spread
        return np.concatenate([self.rest(theta).ravel() / self.sigma, believed])

    def jacobian(self, theta):
        slopes = self.slopes(theta).reshape(len(theta), -1).T / self.sigma
        believed = np.eye(len(theta))[self.n :] / self.spread[:, None]
        return np.vstack([slopes, believed])

    def covariance(self, theta):
        """Return the covariance of the parameters, clustered by region."""
        rest, slopes = self.rest(theta), self.slopes(theta)
        weeks, regions = rest.shape
        freedom = weeks * regions - weeks - regions + 1 - len(theta)
        variance = (rest**2).sum() / max(freedom, 1)
        prior = np.diag(np.concatenate([np.zeros(self.n), 1 / self.spread**2]))
        bend = np.einsum("pwr,qwr->pq", slopes, slopes) / variance + prior
        scores = np.einsum("pwr,wr->rp", slopes, rest) / variance
        meat = scores.T @ scores * regions / (regions - 1) + prior
        inverse = np.linalg.inv(bend)
        robust = inverse @ meat @ inverse
        return (robust + robust.T) / 2 + 1e-12 * np.eye(len(theta))


def _two_ways(values):
    """Take the means of weeks and of regions away."""
    return (
        values
        - values.mean(axis=0, keepdims=True)
        - values.mean(axis=1, keepdims=True)
        + values.mean()
    )
