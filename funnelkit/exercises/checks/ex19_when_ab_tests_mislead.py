"""Tasks of exercise 19: when A/B tests mislead."""

import math

import numpy as np
import pandas as pd

from funnelkit import data, experiments
from funnelkit.exercises.kinds import Function, List, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction, upside_down

FOLLOWED = pd.Timedelta("14D")


def readers(test):
    """Return the readers of a test, with who became a lead and when opting out was known."""
    table = data.load("experiments").query("test == @test")
    return table.assign(
        lead=table["lead_at"].notna(),
        known_at=table["exposed_at"] + FOLLOWED,
        weekday=table["exposed_at"].dt.day_name(),
    )


# ---------------------------------------------------------------- 19.1


def reach(users, tuned_for, alpha=0.05, k=None):
    """Return how many standard errors the always-valid interval reaches."""
    k = k or -2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))
    s = k * users / tuned_for
    return math.sqrt((s + 1) / s * (math.log(s + 1) - 2 * math.log(alpha)))


def always_valid(difference, standard_error, users, tuned_for, k=None):
    """Return the two ends of the always-valid interval."""
    half = reach(users, tuned_for, k=k) * standard_error
    return [difference - half, difference + half]


def of_variance(difference, standard_error, users, tuned_for):
    """Return the interval without the root in the formula."""
    half = reach(users, tuned_for) ** 2 * standard_error
    return [difference - half, difference + half]


def plain_interval(difference, standard_error, users, tuned_for):
    """Return the interval that is right for one look."""
    return [difference - 1.959964 * standard_error, difference + 1.959964 * standard_error]


# ---------------------------------------------------------------- 19.2


PLAN = 2 * 3000


def stopped_after(end="always_low", *, tuned_for=PLAN, time="known_at"):
    """Return the users at the first look at which an end of the interval is above 0."""
    at = pd.date_range("2026-02-18", "2026-03-29")
    table = readers("pop_up")
    looks = experiments.look_table(table, "opted_out", at, tuned_for=tuned_for, time=time)
    return int(looks.loc[looks[end] > 0, "users"].iloc[0])


def days_until_stopped():
    """Return which look it was, counted from 1."""
    at = pd.date_range("2026-02-18", "2026-03-29")
    looks = experiments.look_table(readers("pop_up"), "opted_out", at, tuned_for=PLAN)
    return int((looks["always_low"] > 0).to_numpy().argmax()) + 1


# ---------------------------------------------------------------- 19.3


def weekday_p_values(method=None):
    """Return the p-value of each weekday, as it is or adjusted."""
    p = experiments.effect_by(readers("short_form"), "lead", "weekday")["p_value"]
    return (p if method is None else experiments.adjusted_p_values(p, method=method)).to_dict()


# ---------------------------------------------------------------- 19.4


def cuped_difference(x_a, y_a, x_b, y_b):
    """Return B less A, with what x predicts taken out."""
    x, y = np.array([*x_a, *x_b], float), np.array([*y_a, *y_b], float)
    theta = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    return _less(y_a, y_b) - theta * _less(x_a, x_b)


def with_slope(theta):
    """Return CUPED with another slope."""
    return lambda x_a, y_a, x_b, y_b: _less(y_a, y_b) - theta(x_a, y_a, x_b, y_b) * _less(x_a, x_b)


def slope_within(x_a, y_a, x_b, y_b):
    """Return θ from the deviations within each variant."""
    sides = [(np.array(x, float), np.array(y, float)) for x, y in ((x_a, y_a), (x_b, y_b))]
    top = sum(((x - x.mean()) * (y - y.mean())).sum() for x, y in sides)
    return top / sum(((x - x.mean()) ** 2).sum() for x, _ in sides)


def slope_upside_down(x_a, y_a, x_b, y_b):
    """Return the slope of x on y."""
    x, y = np.array([*x_a, *x_b], float), np.array([*y_a, *y_b], float)
    return ((x - x.mean()) * (y - y.mean())).sum() / ((y - y.mean()) ** 2).sum()


def correlation(x_a, y_a, x_b, y_b):
    """Return the correlation of x and y."""
    return np.corrcoef([*x_a, *x_b], [*y_a, *y_b])[0, 1]


def _less(a, b):
    return float(np.mean(b) - np.mean(a))


# ---------------------------------------------------------------- 19.5


def by_session():
    """Return the standard error if every session were an observation."""
    sums = readers("new_home").groupby("variant")[["clicks", "sessions"]].sum()
    rate = sums["clicks"] / sums["sessions"]
    return math.sqrt((rate * (1 - rate) / sums["sessions"]).sum())


def by_reader():
    """Return the standard error by the delta method."""
    return experiments.ratio_metric(readers("new_home"), "clicks", "sessions")["standard_error"]


def mean_of_ratios():
    """Return the standard error of the mean of each reader's own ratio."""
    table = readers("new_home")
    ratio = (table["clicks"] / table["sessions"]).groupby(table["variant"])
    return math.sqrt((ratio.var() / ratio.size()).sum())


# ---------------------------------------------------------------- 19.6


def lifts():
    """Return the lift of each past test in its first and its second run."""
    past = data.load("past_tests").set_index("test")
    return pd.DataFrame(
        {
            name: past[f"{run}leads_b"]
            / past[f"{run}users_b"]
            / (past[f"{run}leads_a"] / past[f"{run}users_a"])
            - 1
            for name, run in (("first", ""), ("second", "rerun_"))
        }
    )


def fall(chosen):
    """Return by how much the chosen tests brought less in the second run."""
    table = chosen(lifts())
    return table["first"].mean() - table["second"].mean()


def fall_in_points():
    """Return the same in shares of leads, not in lifts."""
    past = data.load("past_tests").set_index("test")
    best = lifts().nlargest(6, "first").index
    gaps = [
        past[f"{run}leads_b"] / past[f"{run}users_b"]
        - past[f"{run}leads_a"] / past[f"{run}users_a"]
        for run in ("", "rerun_")
    ]
    return (gaps[0] - gaps[1])[best].mean()


TASKS = [
    Task(
        "19.1",
        "An interval for all looks",
        name="always_valid",
        kind=Function(
            List(Number(decimals=6)),
            calls=[
                (0.04, 0.015, 3000, 4000),
                (0.02, 0.03, 500, 4000),
                (-1.5, 0.4, 9000, 6000),
                (0.0, 1.0, 1200, 1200),
            ],
        ),
        truth=always_valid,
        section="An interval for all looks",
        hints=[
            "First k and s; k depends on α alone, s on how far the test is.",
            "`np.log` is the natural logarithm; the interval reaches c standard errors each way.",
        ],
        mistakes=[
            Mistake(
                "plain-interval",
                plain_interval,
                "That is the plain interval, which is right for a single look.",
                "Put c, which depends on the users, in the place of 1.96.",
            ),
            Mistake(
                "without-root",
                of_variance,
                "The root is missing: you used the square of c.",
                "Take the root of the whole expression.",
            ),
            Mistake(
                "upside-down",
                lambda difference, error, users, tuned_for: always_valid(
                    difference, error, tuned_for, users
                ),
                "The two numbers of users have changed places.",
                "s is k times the users so far, divided by those for which it is tuned.",
            ),
            Mistake(
                "rounded-k",
                lambda *look: always_valid(*look, k=7.94),
                "You took 7.94 for k, which is rounded.",
                "Compute it from α, as the lesson's code does.",
            ),
            Mistake(
                "one-of-the-ends",
                lambda *look: always_valid(*look)[::-1],
                "The ends are in the wrong order.",
                "The lower end comes first.",
            ),
        ],
        after="At the users for which it is tuned it reaches 3.04 standard errors, always.",
    ),
    Task(
        "19.2",
        "Stopping for harm",
        name="stopped_after",
        kind=Number(unit="readers", decimals=0),
        truth=stopped_after,
        section="An interval for all looks",
        hints=[
            "`experiments.look_table` has one row per look; `tuned_for` counts both variants.",
            "The pop-up does harm where the *lower* end of the always-valid interval is above 0.",
        ],
        mistakes=[
            Mistake(
                "plain-interval",
                lambda: stopped_after("ci_low"),
                "You went by the plain interval; with daily looks it errs in three tests of ten.",
                "Take `always_low`.",
            ),
            Mistake(
                "tuned-for-one-variant",
                lambda: stopped_after(tuned_for=PLAN // 2),
                "You tuned it for fewer readers: for those of one variant, or for the lesson's "
                "test.",
                "The plan is 3,000 readers *per variant*; the interval counts both.",
            ),
            Mistake(
                "tuned-for-too-many",
                lambda: stopped_after(tuned_for=2 * PLAN),
                "You tuned it for twice as many readers as were planned.",
                "The plan is 3,000 readers per variant, so 6,000 in all.",
            ),
            Mistake(
                "known-too-early",
                lambda: stopped_after(time="exposed_at"),
                "You counted readers from their exposure on; then nobody knew who would opt out.",
                "Opting out is known 14 days later, in `known_at`.",
            ),
            Mistake(
                "looks-for-readers",
                days_until_stopped,
                "That is which look it was; the task asks for readers.",
                "Take the column `users` of that row.",
            ),
            Mistake(
                "the-last-look",
                lambda: len(readers("pop_up")),
                "These are all readers of the test.",
                "Take the *first* look at which the lower end is above 0.",
            ),
        ],
        after="Stopped then, more than a third of the readers would never have seen the pop-up.",
        equivalent={
            "without time='known_at'": "it is the default",
            "the bound of looks['always_low'] > 0 moved": "no end is exactly 0",
        },
    ),
    Task(
        "19.3",
        "Seven weekdays",
        name="holm",
        kind=Mapping(Number(decimals=4)),
        truth=lambda: weekday_p_values("holm"),
        section="Many questions",
        hints=[
            "`experiments.effect_by` with the weekday gives seven p-values.",
            "`experiments.adjusted_p_values` keeps the index of a Series; `.to_dict()` ends it.",
        ],
        mistakes=[
            Mistake(
                "not-adjusted",
                weekday_p_values,
                "These are the p-values as they came.",
                "Adjust the seven for one another.",
            ),
            Mistake(
                "false-discovery-rate",
                lambda: weekday_p_values("benjamini-hochberg"),
                "That is Benjamini–Hochberg, which keeps the share of false findings small.",
                'Use `method="holm"`, against any false finding.',
            ),
            Mistake(
                "bonferroni",
                lambda: weekday_p_values("bonferroni"),
                "You multiplied each by seven; that is Bonferroni.",
                "Holm multiplies the least by seven, the next by six, and so on.",
            ),
        ],
        after="One day remains; that the others differ from it is not shown.",
        equivalent={"without method='holm'": "it is the default"},
    ),
    Task(
        "19.4",
        "CUPED by hand",
        name="cuped_difference",
        kind=Function(
            Number(decimals=6),
            calls=[
                ([2, 4, 6, 8], [5, 6, 9, 10], [3, 5, 8, 12], [6, 9, 11, 16]),
                ([1, 0, 3, 2, 5], [2, 1, 5, 2, 7], [4, 1, 0], [9, 3, 2]),
                ([10, 20, 30], [3, 9, 4], [40, 10, 25, 15], [12, 4, 9, 3]),
            ],
        ),
        truth=cuped_difference,
        section="The same users, a narrower interval",
        hints=[
            "θ is made of all users: put the two lists of x together, and those of y.",
            "The difference of the adjusted means is the plain one less θ times that of x.",
        ],
        mistakes=[
            Mistake(
                "plain-difference",
                lambda x_a, y_a, x_b, y_b: _less(y_a, y_b),
                "That is the plain difference.",
                "Subtract what x predicts.",
            ),
            Mistake(
                "theta-within",
                with_slope(slope_within),
                "You took θ from within the variants; the task asks for θ from all users together.",
                "Take the deviations from the mean of all.",
            ),
            Mistake(
                "theta-upside-down",
                with_slope(slope_upside_down),
                "θ is divided by the wrong sum: it is the slope of x on y.",
                "Divide by the sum of the squared deviations of x.",
            ),
            Mistake(
                "correlation-for-theta",
                with_slope(correlation),
                "You used the correlation for θ.",
                "θ is a slope: by how much y is higher where x is higher by one.",
            ),
            Mistake(
                "a-less-b",
                lambda *lists: -cuped_difference(*lists),
                "That is A less B.",
                "Subtract A from B.",
            ),
            Mistake(
                "added-for-subtracted",
                with_slope(lambda *lists: -_slope(*lists)),
                "You added what x predicts.",
                "Subtract it.",
            ),
        ],
        after="`experiments.cuped` does this, and has the interval as well.",
        equivalent={
            "y - y.mean() without the second": "the deviations of x add up to 0, whatever is taken "
            "from y"
        },
    ),
    Task(
        "19.5",
        "How much too narrow",
        name="factor",
        kind=Number(unit="times", decimals=2),
        truth=lambda: by_reader() / by_session(),
        section="Sessions are not users",
        hints=[
            "By session: of each variant p(1 − p)/sessions; add the two and take the root.",
            "`experiments.ratio_metric` returns `standard_error`, by reader.",
        ],
        mistakes=[
            upside_down(),
            Mistake(
                "variances-for-errors",
                lambda: (by_reader() / by_session()) ** 2,
                "That is the ratio of the variances, the design effect.",
                "Divide the standard errors.",
            ),
            Mistake(
                "mean-of-ratios",
                lambda: mean_of_ratios() / by_session(),
                "You took the mean of each reader's own ratio, which counts a reader with one "
                "session as much as one with ten.",
                "Clicks per session is one sum divided by another.",
            ),
        ],
        after="An interval by session leaves out nearly a quarter of its width.",
    ),
    Task(
        "19.6",
        "The six best",
        name="exaggerated",
        kind=Number(unit="fraction", decimals=3),
        truth=lambda: fall(lambda table: table.nlargest(6, "first")),
        section="Winners are exaggerated",
        hints=[
            "The lift is the rate of B divided by the rate of A, less 1; of both runs.",
            "Choose by the first run, and compare the means of the same six tests.",
        ],
        mistakes=[
            Mistake(
                "all-tests",
                lambda: fall(lambda table: table),
                "That is over all 30 tests.",
                "Take the six with the highest lift in the first run.",
            ),
            Mistake(
                "best-of-each-run",
                lambda: (lifts().apply(lambda run: run.nlargest(6).mean()) * [1, -1]).sum(),
                "You took the six best of each run, which are not the same tests.",
                "Follow the six best of the first run into the second.",
            ),
            Mistake(
                "chosen-by-the-second",
                lambda: fall(lambda table: table.nlargest(6, "second")),
                "You chose the tests by their second run.",
                "Choose by what one knew at the time: the first run.",
            ),
            Mistake(
                "the-worst",
                lambda: fall(lambda table: table.nsmallest(6, "first")),
                "These are the six lowest.",
                "Take the six with the highest lift in the first run.",
            ),
            Mistake(
                "second-less-first",
                lambda: -fall(lambda table: table.nlargest(6, "first")),
                "The sign is wrong: you subtracted the first run from the second.",
                "First less second.",
            ),
            Mistake(
                "rates-for-lifts",
                fall_in_points,
                "That is in shares of readers; the task asks for lifts.",
                "Divide by the rate of A.",
            ),
            percent_for_fraction(),
        ],
        after="Nearly half of what the six promised was luck.",
    ),
]


def _slope(x_a, y_a, x_b, y_b):
    x, y = np.array([*x_a, *x_b], float), np.array([*y_a, *y_b], float)
    return ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
