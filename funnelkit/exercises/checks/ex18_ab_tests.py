"""Tasks of exercise 18: A/B tests."""

import hashlib

from funnelkit import experiments, load, metrics
from funnelkit.exercises.kinds import Function, List, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction


def rows(test):
    """Return the readers of a test, with whether they became leads."""
    tests = load("experiments")
    tests = tests[tests["test"] == test]
    return tests.assign(lead=tests["lead_at"].notna())


def counts(test, column):
    """Return converted and readers of A, then of B."""
    table = rows(test).groupby("variant")[column].agg(["sum", "size"])
    return [int(number) for number in table.to_numpy().ravel()]


def readers(**options):
    """Return how many readers both variants of the mail test need."""
    return 2 * experiments.sample_size(0.08, 0.10, **{"power": 0.9, **options})


def place(test, user):
    """Return where a user is between 0 and 1, for this test."""
    return _place(f"{test}/{user}")


def _place(text, digits=16):
    return int(hashlib.sha256(text.encode()).hexdigest()[:digits], 16) / 16**digits


def z(variance="pooled", column="lead"):
    """Return by how many standard errors B is above A."""
    found = experiments.two_proportion_test(*counts("booking_page", column), variance=variance)
    return found["z"]


def chi2(test="video_page", **options):
    """Return how far the split of a test is from half and half."""
    users = rows(test)["variant"].value_counts()
    return experiments.sample_ratio_test(users, **options)["chi2"]


def contingency(correction=False):
    """Return chi-squared of the readers and the plan, taken for two samples."""
    from scipy.stats import chi2_contingency

    users = rows("video_page")["variant"].value_counts()
    return chi2_contingency([users, [users.sum() / 2] * 2], correction=correction).statistic


def all_expected():
    """Return the same with all readers expected in each variant."""
    users = rows("video_page")["variant"].value_counts()
    return ((users - users.sum()) ** 2 / users.sum()).sum()


def opted():
    """Return the difference in opting out, with its interval."""
    x_a, n_a, x_b, n_b = counts("pop_up", "opted_out")
    return metrics.difference(x_b, n_b, x_a, n_a).tolist()


def opted_by_two_intervals():
    """Return the difference with the ends of two Wilson intervals subtracted."""
    x_a, n_a, x_b, n_b = counts("pop_up", "opted_out")
    (low_a, high_a), (low_b, high_b) = (
        metrics.wilson_interval(x, n) for x, n in ((x_a, n_a), (x_b, n_b))
    )
    return [x_b / n_b - x_a / n_a, low_b - high_a, high_b - low_a]


def opted_by_wald():
    """Return the difference with an interval of 1.96 standard errors."""
    x_a, n_a, x_b, n_b = counts("pop_up", "opted_out")
    a, b = x_a / n_a, x_b / n_b
    half = 1.959964 * (a * (1 - a) / n_a + b * (1 - b) / n_b) ** 0.5
    return [b - a, b - a - half, b - a + half]


def money(who="readers"):
    """Return the difference of the mean revenue, with its interval."""
    table = rows("booking_page")
    table = {
        "readers": table,
        "leads": table[table["lead"]],
        "customers": table[table["customer"]],
    }[who]
    arms = [table.loc[table["variant"] == name, "revenue"] for name in ("A", "B")]
    found = experiments.welch_test(*arms)
    return found[["difference", "ci_low", "ci_high"]].tolist()


def turned(values):
    """Return a difference with its interval, A less B."""
    difference, low, high = values
    return [-difference, -high, -low]


TASKS = [
    Task(
        "18.1",
        "A plan",
        name="readers",
        kind=Number(unit="readers", whole=True),
        truth=readers,
        section="How many users?",
        hints=[
            "`experiments.sample_size` gives the users of *one* variant.",
            "Its option `power` is 0.8 unless you say otherwise.",
        ],
        mistakes=[
            Mistake(
                "one-variant",
                lambda: readers() // 2,
                "That is enough for one variant.",
                "Both together need twice as many.",
            ),
            Mistake(
                "usual-power",
                lambda: readers(power=0.8),
                "With so many readers the test finds the rise in 80 of 100 cases.",
                "The task asks for a power of 0.9.",
            ),
            Mistake(
                "one-variant-and-usual-power",
                lambda: readers(power=0.8) // 2,
                "That is one variant, for a power of 0.8.",
                "The task asks for both variants, and for 0.9.",
            ),
            Mistake(
                "baseline-convention",
                lambda: readers(method="baseline"),
                "You took the variance of A's rate alone, as some calculators do.",
                'The task asks for the pooled convention, `method="pooled"`.',
            ),
            Mistake(
                "unpooled-convention",
                lambda: readers(method="unpooled"),
                "You took the unpooled convention.",
                'The task asks for the pooled one, `method="pooled"`.',
            ),
            Mistake(
                "arcsine-convention",
                lambda: readers(method="arcsine"),
                "You took the arcsine convention.",
                'The task asks for the pooled one, `method="pooled"`.',
            ),
            Mistake(
                "ten-percent-more",
                lambda: 2 * experiments.sample_size(0.08, 0.18, power=0.9),
                "You planned for a rise *by* ten points.",
                "The rate that is worth having is 0.10.",
            ),
        ],
        after="Small effects on small rates need many readers.",
    ),
    Task(
        "18.2",
        "Who sees what",
        name="place",
        kind=Function(
            Number(decimals=12),
            calls=[
                ("short_form", "rhcvjnhx8"),
                ("booking_page", "rhcvjnhx8"),
                ("mail", "r1xn8zc9b"),
                ("a new test", "42"),
            ],
        ),
        truth=place,
        section="Who sees what",
        hints=[
            'The text is `f"{test}/{user}"`; `.encode()` turns it into bytes for `hashlib.sha256`.',
            "`int(digits, 16)` reads hexadecimal digits as a whole number.",
        ],
        mistakes=[
            Mistake(
                "no-salt",
                lambda test, user: _place(user),
                "You hashed the id alone, so every test has the same people in B.",
                "Put the name of the test before it, and a stroke between them.",
            ),
            Mistake(
                "other-order",
                lambda test, user: _place(f"{user}/{test}"),
                "You put the id first: as random, but not the places that the school uses.",
                "The test comes first.",
            ),
            Mistake(
                "without-the-stroke",
                lambda test, user: _place(f"{test}{user}"),
                "There is no stroke between the test and the id.",
                "Hash `test/user`.",
            ),
            Mistake(
                "not-divided",
                lambda test, user: _place(f"{test}/{user}") * 2**64,
                "That is the whole number itself.",
                "Divide it by 2 to the power of 64.",
            ),
        ],
        after="No list of who saw what is needed: it can be computed again at any time.",
    ),
    Task(
        "18.3",
        "More than chance?",
        name="z",
        kind=Number(unit="standard errors", decimals=3),
        truth=z,
        section="Is it more than chance?",
        hints=[
            "Four counts are needed: leads and readers, of A and of B.",
            "The pooled rate is all leads divided by all readers; the lesson has the formula.",
        ],
        mistakes=[
            Mistake(
                "a-less-b",
                lambda: -z(),
                "The sign is wrong: you took A less B.",
                "A difference is B less A.",
            ),
            Mistake(
                "unpooled",
                lambda: z("unpooled"),
                "You took the variance of each rate by itself.",
                "Under the null hypothesis there is one rate: pool them.",
            ),
            Mistake(
                "customers-for-leads",
                lambda: z(column="customer"),
                "You counted customers.",
                "The task asks for leads.",
            ),
            Mistake(
                "p-for-z",
                lambda: experiments.two_proportion_test(*counts("booking_page", "lead"))["p_value"],
                "That is the p-value.",
                "The task asks for the number of standard errors.",
            ),
        ],
        after="Far from 0: chance alone rarely does that.",
    ),
    Task(
        "18.4",
        "May this test be read?",
        name="chi2",
        kind=Number(decimals=2),
        truth=chi2,
        section="Before reading: is the machine honest?",
        hints=[
            "`value_counts()` of `variant` counts the readers of each; expected are halves.",
            "Both variants have their term: the difference squared, divided by the expected count.",
        ],
        mistakes=[
            Mistake(
                "corrected",
                lambda: chi2(correction=True),
                "You corrected for continuity.",
                "Leave `correction` as it is.",
            ),
            Mistake(
                "one-variant",
                lambda: chi2() / 2,
                "That is the term of one variant.",
                "Add the other's.",
            ),
            Mistake(
                "plan-as-a-sample",
                contingency,
                "You tested two samples against each other, but the plan is no sample.",
                "Compare the counts with those that were planned, as in the lesson's formula.",
            ),
            Mistake(
                "plan-as-a-sample-corrected",
                lambda: contingency(correction=True),
                "You tested the plan as if it were a second sample, and corrected for continuity.",
                "Compare the counts with those that were planned, as in the lesson's formula.",
            ),
            Mistake(
                "all-for-expected",
                all_expected,
                "You expected all readers in each variant.",
                "Half of them were planned for each.",
            ),
            Mistake(
                "another-test",
                lambda: chi2("short_form"),
                "That is the split of `short_form`.",
                'Take the rows whose test is "video_page".',
            ),
        ],
        after="Far beyond chance: somebody is missing, and the rest is not to be read.",
    ),
    Task(
        "18.5",
        "The price of the pop-up",
        name="opted",
        kind=List(Number(unit="fraction", decimals=4)),
        truth=opted,
        section="What must not get worse",
        hints=[
            "`metrics.difference` takes the first group's counts, then the second's.",
            "It gives the first rate less the second: B comes first.",
        ],
        mistakes=[
            Mistake(
                "a-less-b",
                lambda: turned(opted()),
                "You took A less B.",
                "Give the counts of B first.",
            ),
            Mistake(
                "two-intervals",
                opted_by_two_intervals,
                "You subtracted the ends of the two rates' intervals, which is too wide.",
                "A difference has an interval of its own: `metrics.difference`.",
            ),
            Mistake(
                "wald",
                opted_by_wald,
                "Your interval is the difference and 1.96 standard errors to either side.",
                "The task asks for Newcombe's, which `metrics.difference` gives.",
            ),
            Mistake(
                "lift-for-difference",
                lambda: experiments.lift(*counts("pop_up", "opted_out")).tolist(),
                "That is the relative lift.",
                "The task asks for the difference of the two shares.",
            ),
            percent_for_fraction(),
        ],
        after="A guardrail broken: the interval is all on the wrong side of 0.",
    ),
    Task(
        "18.6",
        "What may be said about money?",
        name="money",
        kind=List(Number(unit="EUR", decimals=2)),
        truth=money,
        section="Local win, global loss",
        hints=[
            "Readers who bought nothing have a revenue of 0, and they count.",
            "`experiments.welch_test` takes one column per arm, A first.",
        ],
        mistakes=[
            Mistake(
                "a-less-b",
                lambda: turned(money()),
                "You took A less B.",
                "Give A first: `welch_test` returns the second less the first.",
            ),
            Mistake(
                "per-customer",
                lambda: money("customers"),
                "That is revenue per *customer*: who is a customer depends on the variant.",
                "Take all readers; those who bought nothing have 0.",
            ),
            Mistake(
                "per-lead",
                lambda: money("leads"),
                "That is revenue per *lead*: who is a lead depends on the variant.",
                "Take all readers; those who bought nothing have 0.",
            ),
        ],
        after="The interval holds 0, and a good deal on both sides: no bonus yet, and no blame.",
    ),
]
