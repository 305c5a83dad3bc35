"""Tasks of exercise 05: retention."""

from functools import cache
from math import prod

from funnelkit import cohorts
from funnelkit.exercises.kinds import Function, List, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction, upside_down
from funnelkit.school import subscribers

REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]  # of 1,000, after 0, 1, … 7 years
ALPHA, BETA = 0.704077, 1.182043  # the fit to it, which the solution makes; a check does not


def there(day, *, a_day_longer=False):
    """Return whether each subscription was running at the end of a day, or with its last day."""
    subs = subscribers()
    ended = subs["ended"] < day if a_day_longer else subs["ended"] <= day
    return (subs["started"] <= day) & ~ended


def september(*, new=False, by_the_end=False, a_day_longer=False):
    """Return the rate of September 2024, with the new ones among the kept, or by the end."""
    start, end = (there(day, a_day_longer=a_day_longer) for day in ("2024-08-31", "2024-09-30"))
    kept = end if new else start & end
    return kept.sum() / (end if by_the_end else start).sum()


def survival(duration, observed):
    """Return the Kaplan–Meier estimate after each age at which somebody left."""
    curve = cohorts.kaplan_meier(duration, observed)
    return curve.loc[curve["events"] > 0, "survival"].tolist()


def censored_left(duration, observed):
    """Return the same as if the censored had left."""
    return survival(duration, [True] * len(duration))


def censored_dropped(duration, observed):
    """Return the same without the censored."""
    left = [months for months, seen in zip(duration, observed, strict=True) if seen]
    return survival(left, [True] * len(left))


def shares(duration, observed):
    """Return the share that stays at each age, not multiplied up."""
    curve = cohorts.kaplan_meier(duration, observed)
    curve = curve[curve["events"] > 0]
    return (1 - curve["events"] / curve["at_risk"]).tolist()


def of_seo(plan="plus"):
    """Return the subscriptions of the customers who came through seo, on one plan or on all."""
    subs = subscribers()
    return subs[(subs["channel"] == "seo") & (subs["plan"].eq(plan) if plan else True)]


def left_at(rows, share=1 / 3):
    """Return the first age at which at most this share of these subscribers is there."""
    curve = cohorts.kaplan_meier(rows["duration"], rows["observed"])
    return int(curve.index[curve["survival"] <= share][0])


def still_there(rows, age):
    """Return the survival curve of these subscribers at an age."""
    curve = cohorts.kaplan_meier(rows["duration"], rows["observed"])
    return cohorts.survival_at(curve, age)["survival"]


@cache
def old_enough():
    """Return the subscriptions that have been watched for nine months."""
    subs = subscribers()
    return subs[subs["started"] <= "2025-09-30"]


def kept_of(table, *, of=None, more_than=9):
    """Return the share still there after nine months, of these or of other subscriptions."""
    stays = ~table["observed"] | (table["duration"] > more_than)
    return stays.sum() / len(table if of is None else of)


def by_plan(horizon=18):
    """Return the mean months within a horizon, by plan."""
    subs = subscribers()
    curve = cohorts.kaplan_meier(subs["duration"], subs["observed"], by=subs["plan"])
    return cohorts.mean_lifetime(curve, horizon=horizon).to_dict()


def sums_of_survival(first, last):
    """Return the sum of the survival from one age to another, by plan."""
    sums = {}
    for plan, rows in subscribers().groupby("plan"):
        curve = cohorts.kaplan_meier(rows["duration"], rows["observed"])["survival"]
        sums[plan] = curve.reindex(range(last + 1), method="ffill").loc[first:].sum()
    return sums


def mean_of(column, *, within=None):
    """Return the mean duration by plan, of all or of those who were seen to leave."""
    subs = subscribers()
    rows = subs[subs["observed"]] if column == "left" else subs
    return rows["duration"].clip(upper=within).groupby(rows["plan"]).mean().to_dict()


def by_formula():
    """Return 1/(1 − r) with the first month's retention rate, by plan."""
    subs = subscribers()
    curve = cohorts.kaplan_meier(subs["duration"], subs["observed"], by=subs["plan"])
    first = cohorts.survival_at(curve, 1)["survival"]
    return cohorts.expected_lifetime(first).to_dict()


def kept(year):
    """Return the model's retention rate of a year, of the customers in REGULAR."""
    return (BETA + year - 1) / (ALPHA + BETA + year - 1)


def share(year):
    """Return the model's share still there after a year."""
    return prod(map(kept, range(1, year + 1)))


TASKS = [
    Task(
        "5.1",
        "Who stayed in September",
        name="september_retention",
        kind=Number(unit="fraction", decimals=4),
        truth=september,
        section="How many stay",
        hints=[
            "Who was there on 31 August? Who *of these* was still there on 30 September?",
            "Keep the rows that had started by 31 August and had not ended by then. Of these, "
            '`~(ended <= "2024-09-30")` are still there a month later.',
        ],
        mistakes=[
            Mistake(
                "new-ones-counted",
                lambda: september(new=True),
                "You divided the subscribers at the end of September by those at its start. Among "
                "the former are people who joined in September: they were not there to be kept.",
                "Count only those who were there on both days.",
            ),
            Mistake(
                "divided-by-the-end",
                lambda: september(by_the_end=True),
                "You divided by the subscribers at the end of September. The rate asks what became "
                "of those at its start.",
                "Divide by the subscribers of 31 August.",
            ),
            Mistake(
                "churn-for-retention",
                lambda: 1 - september(),
                "That is the churn rate: the share who left.",
                "The task asks for the share who stayed.",
            ),
            Mistake(
                "a-day-longer",
                lambda: september(a_day_longer=True),
                "You took those whose `ended` is the last day of a month for still there. It is "
                "the first day that is not paid any more.",
                "Whoever has `ended` on or before a day is not there at the end of it.",
            ),
            percent_for_fraction(),
            upside_down(),
        ],
        after="A number of a month, of customers of all ages: it moves when their mixture does.",
    ),
    Task(
        "5.2",
        "Nine months later",
        name="kept_9",
        kind=Number(unit="fraction", decimals=3),
        truth=lambda: kept_of(old_enough()),
        section="Follow a cohort",
        hints=[
            "Which subscriptions have been watched for 9 months? Only these have an answer.",
            "Of those that began by 30 September 2025: which run on, or lasted more than 9 months?",
        ],
        mistakes=[
            Mistake(
                "unseen-as-gone",
                lambda: kept_of(old_enough(), of=subscribers()),
                "You divided by all subscriptions. Those that began since October 2025 have not "
                "had 9 months: a blank is not a zero.",
                "Divide by those that started on or before 30 September 2025.",
            ),
            Mistake(
                "everybody-running",
                lambda: kept_of(subscribers()),
                "Above and below the line are subscriptions that began since October 2025. That "
                "these are running does not mean that they will have lasted 9 months.",
                "Keep only those that started on or before 30 September 2025.",
            ),
            Mistake(
                "running-today",
                lambda: (~old_enough()["observed"]).mean(),
                "That is the share of them still running *today*. Some that were there after 9 "
                "months have ended since.",
                "Count also those that ended after more than 9 months.",
            ),
            Mistake(
                "curve-for-share",
                lambda: still_there(subscribers(), 9),
                "That is the survival curve at 9 months, which uses the younger ones as well: a "
                "good answer, but the task asks for the plain share.",
                "Count those that started on or before 30 September 2025.",
            ),
            Mistake(
                "running-at-nine-left-out",
                lambda: (old_enough()["duration"] > 9).mean(),
                "You left out those who have been watched for exactly 9 months and run on.",
                "Count whoever lasted more than 9 months *or* runs on.",
            ),
            Mistake(
                "ended-at-nine",
                lambda: kept_of(old_enough(), more_than=8),
                "You counted those that ended after exactly 9 months. After 9 months these are not "
                "there any more.",
                "Count those that lasted *more* than 9 months, or run on.",
            ),
            percent_for_fraction(),
        ],
        after="The survival curve says nearly the same, and uses the younger ones as well.",
    ),
    Task(
        "5.3",
        "Kaplan–Meier in a few lines",
        name="survival",
        kind=Function(
            List(Number(decimals=6)),
            calls=[
                ([1, 2, 2, 5], [True, True, False, False]),
                ([1, 1, 2, 3, 5, 8, 2, 4, 6, 9], [True] * 6 + [False] * 4),
                ([4, 4, 7, 1], [True, False, True, False]),
            ],
        ),
        truth=survival,
        section="The survival curve",
        hints=[
            "At each age at which somebody left: who was watched until then or longer?",
            "`1 - leave / at_risk` is the share that stays at one age. The curve is the product "
            "of these shares so far.",
        ],
        mistakes=[
            Mistake(
                "censored-left",
                censored_left,
                "You took the censored to have left when they were last seen. They are still "
                "there.",
                "Count as leaving only those with `observed` True; all others count at risk.",
            ),
            Mistake(
                "censored-dropped",
                censored_dropped,
                "You left out the censored altogether. Until they were last seen they were at "
                "risk like everybody else.",
                "Count among those at risk everyone with a duration of at least that age.",
            ),
            Mistake(
                "not-multiplied",
                shares,
                "These are the shares that stay at each age, each by itself.",
                "Multiply each by all those before it.",
            ),
            Mistake(
                "gone-for-there",
                lambda duration, observed: [1 - share for share in survival(duration, observed)],
                "These are the shares that are gone. The curve says who is still there.",
                "Return one minus each.",
            ),
        ],
        after="It is the whole estimator. The rest of `cohorts.kaplan_meier` is its interval.",
    ),
    Task(
        "5.4",
        "When two thirds are gone",
        name="third_left",
        kind=Number(unit="months", whole=True),
        truth=lambda: left_at(of_seo()),
        section="The survival curve",
        hints=[
            "Make the survival curve of `seo` and `plus` alone. Where does it pass one third?",
            '`curve.index[curve["survival"] <= 1 / 3]` are the ages at which at most a third is '
            "there.",
        ],
        mistakes=[
            Mistake(
                "both-plans",
                lambda: left_at(of_seo(None)),
                "That is the age for `basic`, or for both plans of the channel together.",
                "Keep the subscribers of `plus`.",
            ),
            Mistake(
                "all-channels",
                lambda: left_at(subscribers()[subscribers()["plan"] == "plus"]),
                "That is the age for the subscribers of all channels on that plan.",
                "Keep those who came through `seo`.",
            ),
            Mistake(
                "everybody",
                lambda: left_at(subscribers()),
                "That is the age for all subscribers together.",
                "Make the curve of those who came through `seo` and chose `plus`.",
            ),
            Mistake(
                "thirds-exchanged",
                lambda: left_at(of_seo(), 2 / 3),
                "At that age one third is gone, and two thirds are there.",
                "Take the first age at which one third or less is *there*.",
            ),
            Mistake(
                "quantile-of-all-durations",
                lambda: of_seo()["duration"].quantile(2 / 3, interpolation="lower"),
                "You took a share of all durations, as if those who are still there had left "
                "on the last day of the data.",
                "Read it off the survival curve.",
            ),
            Mistake(
                "last-age-above",
                lambda: left_at(of_seo()) - 1,
                "At that age the curve is still above one third.",
                "Take the first age at which it is at or below one third.",
            ),
        ],
        after="Such an age needs no horizon, as long as the curve does come down so far.",
        equivalent={
            "the bound of curve['survival'] <= 1 / 3 moved": "the curve is nowhere exactly 1/3",
        },
    ),
    Task(
        "5.5",
        "How long they stay",
        name="months_within_18",
        kind=Mapping(Number(unit="months", decimals=2)),
        truth=by_plan,
        section="How long does a customer stay?",
        hints=[
            "It is the area below each plan's survival curve, up to 18 months.",
            "`cohorts.mean_lifetime(curves, horizon=18)` takes curves made with `by=`.",
        ],
        mistakes=[
            Mistake(
                "another-horizon",
                lambda: by_plan(24),
                "That is the mean within 24 months. A mean lifetime belongs to its horizon.",
                "Count up to 18 months.",
            ),
            Mistake(
                "from-month-1",
                lambda: sums_of_survival(1, 18),
                "You left out the first month, in which everybody is there.",
                "Add the shares up from age 0 to age 17: 18 months.",
            ),
            Mistake(
                "a-month-too-many",
                lambda: sums_of_survival(0, 18),
                "You added up 19 months: the first is that of age 0.",
                "Add the shares up from age 0 to age 17.",
            ),
            Mistake(
                "durations-cut-off",
                lambda: mean_of("all", within=18),
                "You took the mean of the durations, each cut off at 18, as if those who are "
                "still there had left on the last day of the data.",
                "Take the area below each plan's survival curve.",
            ),
            Mistake(
                "mean-of-all-durations",
                lambda: mean_of("all"),
                "You took the mean of all durations, as if those who are still there had left "
                "on the last day of the data.",
                "Take the area below each plan's survival curve.",
            ),
            Mistake(
                "mean-of-the-ended",
                lambda: mean_of("left"),
                "You took the mean of those who were seen to leave. Those who stay long are "
                "mostly not among them yet.",
                "Take the area below each plan's survival curve.",
            ),
            Mistake(
                "one-rate",
                by_formula,
                "That is 1/(1 − r) with the rate of the first month, which holds only if all "
                "customers are alike.",
                "Take the area below each plan's survival curve.",
            ),
        ],
        after="Each mean has its horizon beside it: beyond 18 months nothing is counted here.",
    ),
    Task(
        "5.6",
        "Carry it on",
        name="after_10",
        kind=Number(unit="fraction", decimals=3),
        truth=lambda: share(10),
        section="Beyond what has been seen",
        hints=[
            "`cohorts.ShiftedBetaGeometric()` makes a model; which of its methods takes a table "
            "of survivors?",
            "After `.fit_survivors(regular)` the model has `.survival(age)` and `.retention(age)`.",
        ],
        mistakes=[
            Mistake(
                "rate-of-the-year",
                lambda: kept(10),
                "That is the retention rate of the tenth year: of those still there before it, "
                "who stay. The task asks for the share of all who started.",
                "Ask the model for its survival.",
            ),
            Mistake(
                "one-rate",
                lambda: (REGULAR[7] / REGULAR[0]) ** (10 / 7),
                "You carried the curve on with one rate for all years. Those who are left after "
                "seven years leave more rarely than that.",
                "Fit the model, and ask it for the share at age 10.",
            ),
            Mistake(
                "first-rate-for-all",
                lambda: (REGULAR[1] / REGULAR[0]) ** 10,
                "You took the rate of the first year for all ten.",
                "Fit the model, and ask it for the share at age 10.",
            ),
            Mistake(
                "counted-from-one",
                lambda: share(11),
                "That is the share after 11 years.",
                "Ask for age 10; age 0 is the start.",
            ),
            Mistake(
                "years-from-the-last",
                lambda: share(17),
                "That is the share ten years after the table ends.",
                "Count the 10 years from the customers' start.",
            ),
            Mistake(
                "customers-for-share",
                lambda: 1000 * share(10),
                "You gave {value}: that is how many of 1,000, not the share.",
                "Divide by 1,000.",
            ),
        ],
        after="194 of these 1,000 were there after ten years; the model, shown seven, says 191.",
    ),
]
