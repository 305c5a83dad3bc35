"""Tasks of exercise 22: Bayesian optimisation."""

import math

import numpy as np

from funnelkit import load, optimise
from funnelkit.exercises.kinds import Function, Number
from funnelkit.exercises.tasks import Mistake, Task

DISCOUNTS, PROFITS = [0.0, 0.12, 0.16, 0.4], [-300.0, 2300.0, 3700.0, 400.0]
PLACES = np.linspace(0, 0.4, 401)
KNOWN = {"length_scale": 0.1, "amplitude": 1500.0, "noise": 320.0}


def curve(at=PLACES, *, centred=True, **changed):
    """Return the surrogate of the four weeks, the mean of the weeks subtracted and added again."""
    centre = np.mean(PROFITS) if centred else 0.0
    values = np.array(PROFITS) - centre
    table = optimise.gaussian_process(DISCOUNTS, values, at, **(KNOWN | changed))
    return table.assign(mean=table["mean"] + centre)


def mean_at(place=0.25, **changed):
    """Return the surrogate's mean at one place."""
    return curve([place], **changed)["mean"].iloc[0]


def improvement(mean, sd, best):
    """Return the expected improvement at one place."""
    gain = mean - best
    if sd == 0:
        return max(gain, 0.0)
    z = gain / sd
    return gain * share_below(z) + sd * density(z)


def share_below(z):
    """Return the standard normal's share below z."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def density(z):
    """Return the standard normal's density at z."""
    return math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def chosen(best=None, **changed):
    """Return where the expected improvement is largest."""
    table = curve(**changed)
    if best is None:
        best = curve(DISCOUNTS, **changed)["mean"].max()
    ei = optimise.expected_improvement(table["mean"], table["sd"], best=best)
    return float(ei.idxmax())


def shortfall(keep, *, method="random", problem="campaign", tries=15, by="mean"):
    """Return what is lacking on average, by what is kept."""
    rows = load("tuning_runs")
    rows = rows[(rows["problem"] == problem) & (rows["method"] == method) & (rows["keep"] == keep)]
    if tries:
        rows = rows[rows["tries"] == tries]
    return rows["shortfall"].agg(by)


def saved(**changed):
    """Return by how much less is lacking if the surrogate chooses."""
    return shortfall("best_seen", **changed) - shortfall("surrogate", **changed)


def chance(tries, share):
    """Return the probability that random tries hit the best share at least once."""
    return 1 - (1 - share) ** tries


TASKS = [
    Task(
        "22.1",
        "Between the tries",
        name="expected_profit",
        kind=Number(unit="EUR", decimals=0),
        truth=mean_at,
        section="What is known between the tries: the Gaussian process",
        hints=[
            "The process has mean 0: subtract the mean of the four weeks first, add it at the end.",
            "`optimise.gaussian_process(x, y, [0.25], length_scale=…, amplitude=…, noise=…)`.",
        ],
        mistakes=[
            Mistake(
                "not-centred",
                lambda: mean_at(centred=False),
                "You left the mean of the weeks in, so that the surrogate expects 0 euros where "
                "nothing is known.",
                "Subtract the mean of the four weeks, and add it to the result.",
            ),
            Mistake(
                "mean-not-added",
                lambda: mean_at() - np.mean(PROFITS),
                "This is how far the profit is above the mean of the weeks.",
                "Add that mean again.",
            ),
            Mistake(
                "no-noise",
                lambda: mean_at(noise=0.0),
                "Your surrogate passes through every week, as if a week had no luck.",
                "Give the noise of a week.",
            ),
            Mistake(
                "another-kernel",
                lambda: mean_at(kernel="matern"),
                "That is the Matérn kernel.",
                "The task asks for the default, RBF.",
            ),
            Mistake(
                "no-length-scale",
                lambda: mean_at(length_scale=1.0),
                "The length scale is 1: longer than all discounts together.",
                "Give `length_scale=0.1`.",
            ),
        ],
        after="Nobody tried 0.25, and still there is something to say about it.",
    ),
    Task(
        "22.2",
        "Expected improvement",
        name="improvement",
        kind=Function(
            Number(decimals=6),
            calls=[(3.0, 2.0, 2.5), (1.0, 0.5, 2.0), (-4.0, 3.0, -4.0), (10.0, 4.0, 2.0)],
        ),
        truth=improvement,
        section="Where to try next: expected improvement",
        hints=[
            "First the gain, mean less best; then z, the gain divided by the standard deviation.",
            "`norm.cdf(z)` is the share below z, `norm.pdf(z)` the density at z.",
        ],
        mistakes=[
            Mistake(
                "best-less-mean",
                lambda mean, sd, best: improvement(best, sd, mean),
                "You subtracted the mean from the best: that is how to *minimise*.",
                "The gain is the mean less the best.",
            ),
            Mistake(
                "not-scaled",
                lambda mean, sd, best: (
                    improvement(mean, sd, best) + (1 - sd) * density((mean - best) / sd)
                ),
                "The density has lost its factor.",
                "Multiply it by the standard deviation.",
            ),
            Mistake(
                "only-the-mean",
                lambda mean, sd, best: max(mean - best, 0.0),
                "This is the gain of the mean, without what is unknown.",
                "Use the standard deviation too.",
            ),
            Mistake(
                "swapped",
                lambda mean, sd, best: (
                    (mean - best) * density((mean - best) / sd)
                    + sd * share_below((mean - best) / sd)
                ),
                "Share and density are swapped.",
                "The gain goes with the share, the standard deviation with the density.",
            ),
            Mistake(
                "probability",
                lambda mean, sd, best: share_below((mean - best) / sd),
                "That is the *probability* of an improvement, not its size.",
                "Multiply by the gain, and add what the spread contributes.",
            ),
        ],
        after="It is never negative: a try that falls short is not kept.",
    ),
    Task(
        "22.3",
        "The fifth week",
        name="next_discount",
        kind=Number(unit="fraction", decimals=3),
        truth=chosen,
        section="Where to try next: expected improvement",
        hints=[
            "The best so far is the highest *mean* of the surrogate at the four discounts tried.",
            '`optimise.expected_improvement(curve["mean"], curve["sd"], best=best).idxmax()`.',
        ],
        mistakes=[
            Mistake(
                "highest-mean",
                lambda: float(curve()["mean"].idxmax()),
                "There the mean is highest; or your best so far lacks the mean of the weeks.",
                "Take the largest expected improvement, with the mean added on both sides.",
            ),
            Mistake(
                "least-known",
                lambda: float(curve()["sd"].idxmax()),
                "There the least is known: that only explores.",
                "Take the largest expected improvement.",
            ),
            Mistake(
                "best-week",
                lambda: chosen(best=max(PROFITS)),
                "Your best so far is the best *week*, luck included.",
                "Take the highest mean of the surrogate at the four discounts.",
            ),
            Mistake(
                "best-anywhere",
                lambda: chosen(best=curve()["mean"].max()),
                "Your best so far is the highest mean at any place, also where nothing was tried.",
                "Take the highest mean at the four discounts that were tried.",
            ),
            Mistake(
                "not-centred",
                lambda: chosen(centred=False),
                "You left the mean of the weeks in, so that the surrogate expects 0 euros where "
                "nothing is known.",
                "Subtract the mean of the four weeks, and add it to the result.",
            ),
        ],
        after="A little to the side of the highest mean, towards what is less known.",
    ),
    Task(
        "22.4",
        "The luckiest week",
        name="saved",
        kind=Number(unit="EUR per week", decimals=0),
        truth=saved,
        section="Does it pay? Many runs, not one",
        hints=[
            "Pick the rows of one problem, one method and 15 tries; then a mean for each `keep`.",
            "Shortfall of the best seen less shortfall of the surrogate's choice.",
        ],
        mistakes=[
            Mistake(
                "other-way-round",
                lambda: -saved(),
                "The sign is wrong: you subtracted the best seen.",
                "Subtract what the surrogate's choice lacks from what the best seen lacks.",
            ),
            Mistake(
                "all-tries",
                lambda: saved(tries=None),
                "Rows with fewer or more than 15 tries are among yours.",
                "Keep those with `tries == 15`.",
            ),
            Mistake(
                "at-the-end",
                lambda: saved(tries=25),
                "That is after 25 tries.",
                "Keep the rows with `tries == 15`.",
            ),
            Mistake(
                "loud",
                lambda: saved(problem="campaign_loud"),
                "That is the campaign with four times the noise.",
                'Take the problem "campaign".',
            ),
            Mistake(
                "bayes",
                lambda: saved(method="bayes"),
                "Those are the Bayesian searches.",
                'Take the method "random".',
            ),
            Mistake(
                "median",
                lambda: saved(by="median"),
                "Those are medians.",
                "Take means: a bad run costs as much as it costs.",
            ),
        ],
        after="The same weeks, the same money, and a better choice among them.",
    ),
    Task(
        "22.5",
        "How far luck gets",
        name="chance",
        kind=Function(
            Number(decimals=6), calls=[(60, 0.05), (1, 0.2), (25, 0.05), (10, 0.5), (3, 0.01)]
        ),
        truth=chance,
        section="Does it pay? Many runs, not one",
        hints=[
            "How likely is it that one try misses? And that all of them miss?",
            "At least one hit is the opposite of all missing.",
        ],
        mistakes=[
            Mistake(
                "sum-of-shares",
                lambda tries, share: tries * share,
                "Adding up counts the cases twice in which two tries hit; it can exceed 1.",
                "Begin with the probability that all tries miss.",
            ),
            Mistake(
                "all-miss",
                lambda tries, share: (1 - share) ** tries,
                "That is the probability that *all* tries miss.",
                "Subtract it from 1.",
            ),
            Mistake(
                "all-hit",
                lambda tries, share: share**tries,
                "That is the probability that *all* tries hit.",
                "One hit is enough.",
            ),
            Mistake(
                "not-all-hit",
                lambda tries, share: 1 - share**tries,
                "That is the probability that at least one try *misses*.",
                "Begin with the probability that one try misses, 1 less the share.",
            ),
        ],
        after="It does not depend on the number of settings.",
    ),
]
