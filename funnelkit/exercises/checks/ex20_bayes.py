"""Tasks of exercise 20: Bayes, what the data say."""

import numpy as np

from funnelkit import bayes, load
from funnelkit.exercises.kinds import Function, List, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

NAMES = ("leads_a", "users_a", "leads_b", "users_b")
NEW = (480, 5210, 561, 5190)  # the test that is not in the table
PAGE = (14, 90)


def past(prefix=""):
    """Return the counts of the thirty tests, or of their re-runs."""
    table = load("past_tests")
    return [table[prefix + name] for name in NAMES]


def page(columns=(0, 1), prefix=""):
    """Return the posterior mean of the new page, with the prior of the earlier ones."""
    counts = past(prefix)
    prior = bayes.fit_prior(*(counts[each] for each in columns))
    return bayes.posterior(*PAGE, prior=prior)["mean"]


def one(test, prefix=""):
    """Return the four counts of a test."""
    table = load("past_tests").set_index("test")
    return [int(table.loc[test, prefix + name]) for name in NAMES]


def turned(counts):
    """Return the counts with A and B exchanged."""
    return [*counts[2:], *counts[:2]]


def better(counts=None, confidence=0.9):
    """Return the probability that B is better, and the lift with its interval."""
    found = bayes.lift_posterior(*(counts or one("t27")), confidence=confidence)
    return found[["prob_better", "lift", "ci_low", "ci_high"]].tolist()


def loss(which="if_b", counts=None):
    """Return what choosing a variant of t05 loses, in leads per 100,000 users."""
    return 100_000 * bayes.expected_loss(*(counts or one("t05")))[which]


def shrunk(estimate, error, mu, tau):
    """Return the estimate drawn towards the mean of the true effects."""
    weight = tau**2 / (tau**2 + error**2)
    return weight * estimate + (1 - weight) * mu


def log_lifts(leads_a, users_a, leads_b, users_b):
    """Return log-lifts and their standard errors."""
    rate_a, rate_b = leads_a / users_a, leads_b / users_b
    error = np.sqrt((1 - rate_a) / leads_a + (1 - rate_b) / leads_b)
    return np.log(rate_b / rate_a), error


def promise(rows="all", prior=None, as_lift=True, confidence=0.95):
    """Return what may be promised of the new test: shrunk lift, and its interval."""
    estimates, errors = log_lifts(*past())
    if rows == "winners":
        keep = estimates / errors > 1.96
        estimates, errors = estimates[keep], errors[keep]
    if prior == "plain":
        prior = estimates.mean(), estimates.std()
    if prior is None:
        prior = bayes.fit_normal_prior(estimates, errors)
    found = bayes.shrink(*log_lifts(*NEW), prior=prior, confidence=confidence)
    found = found[["shrunk", "ci_low", "ci_high"]]
    return (np.expm1(found) if as_lift else found).tolist()


def by_itself():
    """Return the lift of the new test by itself, with its interval."""
    return bayes.lift_posterior(*NEW)[["lift", "ci_low", "ci_high"]].tolist()


def declared(which=None, threshold=0.95, rate=0.08):
    """Return the share of tests of equal pages that declare a winner, by number of looks."""
    same, shares = np.full(500, rate), []
    for looks in (1, 5):
        found = bayes.peeking(same, same, 4000, looks=looks, threshold=threshold, seed=6)
        says = found["declared"]
        shares.append(float((says == which if which else says.notna()).mean()))
    return shares


def _prior_and_weight():
    """Return alpha, and alpha plus beta, of the prior of the pages A."""
    counts = past()
    prior = bayes.fit_prior(counts[0], counts[1])
    return prior["alpha"], prior.sum()


TASKS = [
    Task(
        "20.1",
        "A new page",
        name="mean",
        kind=Number(unit="fraction", decimals=5),
        truth=page,
        section="A belief about a rate",
        hints=[
            "`bayes.fit_prior` takes leads and users of many pages, and returns the prior.",
            "`bayes.posterior(converted, visitors, prior=...)` has the mean in its result.",
        ],
        mistakes=[
            Mistake(
                "rate-of-the-data",
                lambda: PAGE[0] / PAGE[1],
                "That is the rate of the 90 visitors alone.",
                "Add the prior's visitors to them.",
            ),
            Mistake(
                "flat-prior",
                lambda: bayes.posterior(*PAGE)["mean"],
                "You took the flat prior.",
                "Take the one that the thirty pages A give.",
            ),
            Mistake(
                "mean-of-the-prior",
                lambda: float(np.divide(*_prior_and_weight())),
                "That is the mean of the prior, before the new page's visitors.",
                "Add the 14 and the 90.",
            ),
            Mistake(
                "pages-b",
                lambda: page((2, 3)),
                "You fitted the prior to the pages B.",
                "Take the pages A, as they were before anybody changed them.",
            ),
            Mistake(
                "re-runs",
                lambda: page(prefix="rerun_"),
                "You fitted the prior to the re-runs.",
                "Take the first runs, `leads_a` and `users_a`.",
            ),
            percent_for_fraction(),
        ],
        after="Ninety visitors weigh a little less than the prior, so it is about half way.",
    ),
    Task(
        "20.2",
        "Is B better, and by how much?",
        name="b_better",
        kind=List(Number(unit="fraction", decimals=4)),
        truth=better,
        section="Is B better?",
        hints=[
            "`bayes.lift_posterior` has all four in its result.",
            "It takes leads and users of A, then of B.",
        ],
        mistakes=[
            Mistake(
                "a-for-b",
                lambda: better(turned(one("t27"))),
                "You exchanged A and B.",
                "Give the counts of A first.",
            ),
            Mistake(
                "re-run",
                lambda: better(one("t27", "rerun_")),
                "That is the re-run of t27.",
                "Take the first run.",
            ),
            Mistake(
                "other-confidence",
                lambda: better(confidence=0.95),
                "That is the interval of 95 %.",
                "The task asks for 90 %.",
            ),
        ],
        after="Probable, and no promise: the lower end is below zero.",
    ),
    Task(
        "20.3",
        "What it costs to be wrong",
        name="lost",
        kind=Number(unit="leads per 100,000 users", decimals=1),
        truth=loss,
        section="What do we lose if we are wrong?",
        hints=[
            "`bayes.expected_loss` gives the loss of each choice, as a share of the users.",
            "`if_b` is what is lost if B is chosen.",
        ],
        mistakes=[
            Mistake(
                "if-a",
                lambda: loss("if_a"),
                "That is what keeping A loses.",
                "The task asks for the loss of choosing B.",
            ),
            Mistake(
                "per-user",
                lambda: loss() / 100_000,
                "That is the loss per user.",
                "Multiply it by 100,000.",
            ),
            Mistake(
                "re-run",
                lambda: loss(counts=one("t05", "rerun_")),
                "That is the re-run of t05.",
                "Take the first run.",
            ),
            Mistake(
                "difference-of-the-rates",
                lambda: loss("if_a") - loss("if_b"),
                "That is by how much B is ahead on average.",
                "The loss is the average of what is lost where A is better, and 0 elsewhere.",
            ),
        ],
        after="The probability that A is better is not small; what is lost then is.",
    ),
    Task(
        "20.4",
        "Shrinkage by hand",
        name="shrunk",
        kind=Function(
            Number(decimals=6),
            calls=[
                (0.30, 0.10, 0.02, 0.05),
                (-0.10, 0.02, 0.02, 0.08),
                (0.05, 0.20, -0.01, 0.10),
            ],
        ),
        truth=shrunk,
        section="A prior from thirty tests",
        hints=[
            "The weight of the estimate is `tau**2 / (tau**2 + error**2)`.",
            "What the estimate does not weigh, the mean of the prior does.",
        ],
        mistakes=[
            Mistake(
                "weights-exchanged",
                lambda e, s, mu, tau: shrunk(mu, s, e, tau),
                "The more error, the more your estimate counts.",
                "Its weight is tau² divided by the sum of both squares.",
            ),
            Mistake(
                "not-squared",
                lambda e, s, mu, tau: (tau * e + s * mu) / (tau + s),
                "You added standard deviations.",
                "It is variances that add: square both.",
            ),
            Mistake(
                "towards-zero",
                lambda e, s, mu, tau: shrunk(e, s, 0, tau),
                "You drew the estimate towards 0.",
                "Draw it towards the mean of the true effects.",
            ),
        ],
        after="The same rule as for rates: each side counts by what it knows.",
    ),
    Task(
        "20.5",
        "What may be promised",
        name="promised",
        kind=List(Number(unit="fraction", decimals=3)),
        truth=promise,
        section="A prior from thirty tests",
        hints=[
            "Fit the prior to the log-lifts of all thirty tests; then `bayes.shrink` the new one.",
            "`np.expm1` turns a log-lift back into a lift.",
        ],
        mistakes=[
            Mistake(
                "by-itself",
                by_itself,
                "That is the new test by itself, with a flat prior.",
                "Shrink it by the prior of the thirty.",
            ),
            Mistake(
                "prior-of-winners",
                lambda: promise("winners", prior="plain"),
                "Your prior knows the winners only.",
                "All tests were run; take all of them.",
            ),
            Mistake(
                "prior-with-chance-in-it",
                lambda: promise(prior="plain"),
                "Mean and standard deviation of the *estimates* hold chance as well.",
                "`bayes.fit_normal_prior` takes the errors out.",
            ),
            Mistake(
                "log-lifts",
                lambda: promise(as_lift=False),
                "These are log-lifts.",
                "Turn them into lifts by `np.expm1`.",
            ),
            percent_for_fraction(),
        ],
        after="Promise this, and the re-run will disappoint as often as it pleases.",
    ),
    Task(
        "20.6",
        "Five looks",
        name="declared",
        kind=List(Number(unit="fraction", decimals=3)),
        truth=declared,
        section="What Bayes does not cure",
        hints=[
            "`bayes.peeking` takes the true rates of A and of B, one per test, and the visitors.",
            "A test without a winner has a missing value in `declared`: `.notna().mean()`.",
        ],
        mistakes=[
            Mistake(
                "only-b",
                lambda: declared("B"),
                "You counted the tests that declare B.",
                "Declaring A would be wrong as well: count both.",
            ),
            Mistake(
                "other-threshold",
                lambda: declared(threshold=0.9),
                "You stopped at 0.9.",
                "The task asks for 0.95.",
            ),
            percent_for_fraction(),
        ],
        after="Nothing was there to be found, and the looks alone found it.",
    ),
]
