"""Tasks of exercise 05: retention and cohorts."""

from functools import cache

import pandas as pd

import funnelkit
from funnelkit import cohorts
from funnelkit.exercises.kinds import Function, List, Number, Text
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction, upside_down
from funnelkit.school import subscribers

CHANNELS = ["offline", "partner", "seo", "social_ads"]


def there(day):
    """Return whether each subscription was running at the end of a day."""
    subs = subscribers()
    return (subs["started"] <= day) & ~(subs["ended"] <= day)


def may(*, new=False, by_the_end=False):
    """Return the retention rate of May 2026, with the new ones among the kept, or by the end."""
    start, end = there("2026-04-30"), there("2026-05-31")
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


def of_partner():
    """Return the subscriptions of the partner's customers."""
    subs = subscribers()
    return subs[subs["channel"] == "partner"]


def half_left(rows):
    """Return the first age at which at most half of these subscribers are there."""
    curve = cohorts.kaplan_meier(rows["duration"], rows["observed"])
    return int(curve.index[curve["survival"] <= 0.5][0])


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


def september():
    """Return the answers of the survey of September 2024, missing where there was none."""
    surveys = funnelkit.load("surveys")
    return surveys.loc[surveys["sent"] == pd.Timestamp("2024-09-01"), "nps"]


def score(points, *, of=None):
    """Return promoters less detractors, in points, of these or of so many."""
    return 100 * ((points >= 9).sum() - (points <= 6).sum()) / (of or len(points))


def lifetimes():
    """Return the mean months within a year, by large channel."""
    subs = subscribers()
    subs = subs[subs["channel"].isin(CHANNELS)]
    curve = cohorts.kaplan_meier(subs["duration"], subs["observed"], by=subs["channel"])
    return cohorts.mean_lifetime(curve, horizon=12)


def leavers():
    """Return how many were seen to leave, by large channel."""
    subs = subscribers()
    return subs[subs["channel"].isin(CHANNELS)].groupby("channel")["observed"].sum()


TASKS = [
    Task(
        "5.1",
        "Who stayed in May",
        name="may_retention",
        kind=Number(unit="fraction", decimals=3),
        truth=may,
        section="How many stay",
        hints=[
            "Who was there on 30 April? Who *of these* was still there on 31 May?",
            "`subscribed(day)` gives True and False for each subscription; `&` joins two of them.",
        ],
        mistakes=[
            Mistake(
                "new-ones-counted",
                lambda: may(new=True),
                "You divided the subscribers at the end of May by those at its start. Among the "
                "former are people who joined in May: they were not there to be kept.",
                "Count only those who were there on both days.",
            ),
            Mistake(
                "divided-by-the-end",
                lambda: may(by_the_end=True),
                "You divided by the subscribers at the end of May. The rate asks what became of "
                "those at its start.",
                "Divide by the subscribers of 30 April.",
            ),
            Mistake(
                "churn-for-retention",
                lambda: 1 - may(),
                "That is the churn rate: the share who left.",
                "The task asks for the share who stayed.",
            ),
            percent_for_fraction(),
            upside_down(),
        ],
        after="A number of a month, of customers of all ages: it moves when their mixture does.",
    ),
    Task(
        "5.2",
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
        "5.3",
        "When half are gone",
        name="half_gone",
        kind=Number(unit="months", whole=True),
        truth=lambda: half_left(of_partner()),
        section="The survival curve",
        hints=[
            "Make the survival curve of `partner` alone. Where does it pass one half?",
            '`curve.index[curve["survival"] <= 0.5]` are the ages at which half or more are gone.',
        ],
        mistakes=[
            Mistake(
                "median-of-all-durations",
                lambda: of_partner()["duration"].median(),
                "You took the median of all durations, as if those who are still there had left "
                "on the last day of the data.",
                "Read it off the survival curve.",
            ),
            Mistake(
                "median-of-the-ended",
                lambda: of_partner().query("observed")["duration"].median(),
                "You took the median of those who were seen to leave. Those who stay long are "
                "mostly not among them yet.",
                "Read it off the survival curve, to which everybody belongs.",
            ),
            Mistake(
                "all-channels",
                lambda: half_left(subscribers()),
                "That is the age at which half of the subscribers of all channels are gone.",
                "Make the curve of those who came through `partner`.",
            ),
            Mistake(
                "last-age-above-half",
                lambda: half_left(of_partner()) - 1,
                "At that age the curve is still above one half.",
                "Take the first age at which it is at or below one half.",
            ),
        ],
        after="A median lifetime needs no horizon, as long as the curve does pass one half.",
    ),
    Task(
        "5.4",
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
        "5.5",
        "What September said",
        name="september_nps",
        kind=Number(unit="points", decimals=1),
        truth=lambda: score(september().dropna()),
        section="The net promoter score",
        hints=[
            "9 and 10 are promoters, 0 to 6 detractors. Of whom is the percentage taken?",
            "Leave out those who did not answer before you count anything.",
        ],
        mistakes=[
            Mistake(
                "divided-by-the-asked",
                lambda: score(september().dropna(), of=len(september())),
                "You divided by all who were asked. The score is of those who answered.",
                "Divide by the number of answers.",
            ),
            Mistake(
                "silence-as-zero",
                lambda: score(september().fillna(0)),
                "You took no answer for an answer of 0, and the silent became detractors.",
                "Drop the missing points first.",
            ),
            Mistake(
                "mean-of-points",
                lambda: september().mean(),
                "That is the mean of the points. The score counts heads: promoters less "
                "detractors.",
                "Take the percentage of 9 and 10 less that of 0 to 6.",
            ),
            Mistake(
                "detractors-forgotten",
                lambda: 100 * (september().dropna() >= 9).mean(),
                "That is the percentage of promoters alone.",
                "Take away the percentage of detractors, who said 0 to 6.",
            ),
            Mistake(
                "six-is-passive",
                lambda: (
                    100
                    * (
                        (september().dropna() >= 9).mean()
                        - (september() < 6).sum() / september().count()
                    )
                ),
                "You took those who said 6 for passives. Only 7 and 8 are passive.",
                "Count 0 to 6 as detractors, 6 included.",
            ),
            Mistake(
                "fraction-for-points",
                lambda: score(september().dropna()) / 100,
                "You gave {value}, a difference of fractions: the score is in points from −100 to "
                "100.",
                "Multiply by 100.",
            ),
        ],
        after="Its interval, −10 to 31, holds zero; and the silent are not in it at all.",
    ),
    Task(
        "5.6",
        "Whom to call first",
        name="call_first",
        kind=Text(choices=CHANNELS),
        truth=lambda: lifetimes().idxmin(),
        section="How long does a customer stay?",
        hints=[
            "The question is about *a* subscriber of the channel, not about all of them together.",
            "`cohorts.mean_lifetime(curve, horizon=12)` takes a curve with groups.",
        ],
        mistakes=[
            Mistake(
                "count-for-rate",
                lambda: leavers().idxmax(),
                "Most who left came through it, since most subscribers did, and those who were "
                "seen to leave are not everybody. A call is spent on one person at a time.",
                "Compare the mean lifetimes within 12 months, from the survival curves.",
            ),
            Mistake(
                "longest-for-shortest",
                lambda: lifetimes().idxmax(),
                "There subscribers stay longest: it has the most to teach, and the least to gain.",
                "Look for the shortest mean lifetime.",
            ),
        ],
        after="Whether a call keeps anybody, a test with a group left in peace will tell.",
    ),
]
