"""Tasks of exercise 06: satisfaction."""

from functools import cache

import pandas as pd

from funnelkit import data, surveys, survival
from funnelkit.exercises.kinds import Function, List, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction
from funnelkit.school import END, subscribers

CALLED = [10] * 3 + [9] * 2 + [8] * 6 + [7] * 5 + [6] * 5 + [5] * 4 + [3] * 3 + [1] * 2
SPLIT = "2025-06-01"
DAYS = 60


@cache
def september():
    """Return the survey of September 2024, missing points where there was no answer."""
    table = data.load("surveys")
    return table[table["sent"] == pd.Timestamp("2024-09-01")]


def satisfied(*, least=4, of=None):
    """Return the share of September's answers from so many points, of the answers or the asked."""
    points = september()["csat"].dropna()
    return (points >= least).sum() / (of or len(points))


def score(points, *, of=None, promoter=9, detractor=6):
    """Return promoters less detractors, in points, of the answers or of so many."""
    given = [point for point in points if not pd.isna(point)]
    up, down = (point >= promoter for point in given), (point <= detractor for point in given)
    return 100 * (sum(up) - sum(down)) / (of or len(given))


def response():
    """Return the share of those asked in September who answered."""
    return september()["nps"].notna().mean()


def mixture(silent, *, rate=None):
    """Return the score of all who were asked in September, if the silent have this score."""
    rate = response() if rate is None else rate
    return rate * score(september()["nps"]) + (1 - rate) * silent


@cache
def asked():
    """Return all surveys, with the day on which the subscription began and ended."""
    return data.load("surveys").merge(subscribers()[["customer_id", "started", "ended"]])


def change(*, most=DAYS, waves=False):
    """Return the score of the later surveys less that of the earlier, at one age."""
    table = asked()
    table = table[(table["sent"] - table["started"]).dt.days <= most]
    late = table["sent"] >= SPLIT
    if not waves:
        return score(table.loc[late, "nps"]) - score(table.loc[~late, "nps"])
    each = table.groupby("sent")["nps"].apply(score)
    return each[each.index >= SPLIT].mean() - each[each.index < SPLIT].mean()


def there(*, group="detractor", after=14, age=60):
    """Return the share of a group still there so many days after the landmark."""
    table = asked().sort_values("sent", kind="stable")
    table = table.drop_duplicates("customer_id")
    table = table[surveys.nps_group(table["nps"]) == group] if group else table
    start = table["sent"] + pd.Timedelta(days=after)
    start = start[~(table["ended"] <= start)]
    ended = table["ended"][start.index]
    watched = survival.durations(start, ended, observed_until=END, unit="day")
    curve = survival.kaplan_meier(watched["duration"], watched["observed"])
    return survival.survival_at(curve, age)["survival"]


TASKS = [
    Task(
        "6.1",
        "Satisfied in September",
        name="september_csat",
        kind=Number(unit="fraction", decimals=3),
        truth=satisfied,
        section="Satisfied customers",
        hints=[
            "Which points count as satisfied? And of whom is the share taken?",
            "Drop the missing answers first; then `(points >= 4).mean()` is the share.",
        ],
        mistakes=[
            Mistake(
                "divided-by-the-asked",
                lambda: satisfied(of=len(september())),
                "You divided by all who were asked. The score is of those who answered.",
                "Drop the missing answers before you count.",
            ),
            Mistake(
                "only-fives",
                lambda: satisfied(least=5),
                "You counted only those who gave 5 points. 4 points are satisfied as well.",
                "Count 4 and 5.",
            ),
            Mistake(
                "threes-too",
                lambda: satisfied(least=3),
                "You counted those who gave 3 points, who are neither satisfied nor dissatisfied.",
                "Count 4 and 5.",
            ),
            Mistake(
                "mean-of-points",
                lambda: september()["csat"].mean(),
                "That is the mean of the points. The score counts people.",
                "Take the share of the answers with 4 or 5 points.",
            ),
            percent_for_fraction(),
        ],
        after="A share of 53 people: its interval runs from 0.56 to 0.80.",
    ),
    Task(
        "6.2",
        "A score by hand",
        name="nps_of",
        kind=Function(
            Number(unit="points", decimals=6),
            calls=[
                ([10, 9, 7, 3, None],),
                ([10, 10, 9, 9, 9, 8, 7, 7, 6, 2],),
                ([None, 6, 6, 8, 9, None, 0],),
                ([9, 7, 8, None],),
            ],
        ),
        truth=score,
        section="The net promoter score",
        hints=[
            "Leave out `None` first. Then count 9 and 10, and 0 to 6.",
            "Promoters less detractors, divided by the number of answers, times 100.",
        ],
        mistakes=[
            Mistake(
                "divided-by-the-asked",
                lambda points: score(points, of=len(points)),
                "You divided by all who were asked. The score is of those who answered.",
                "Divide by the number of answers.",
            ),
            Mistake(
                "silence-as-zero",
                lambda points: score([point or 0 for point in points]),
                "You took no answer for an answer of 0, and the silent became detractors.",
                "Leave out `None` before you count.",
            ),
            Mistake(
                "zero-as-silence",
                lambda points: score([point or None for point in points]),
                "You left out an answer of 0 as if nobody had answered: 0 counts as false in "
                "Python.",
                "Ask `is not None`.",
            ),
            Mistake(
                "six-is-passive",
                lambda points: score(points, detractor=5),
                "You took those who said 6 for passives. Only 7 and 8 are passive.",
                "Count 0 to 6 as detractors, 6 included.",
            ),
            Mistake(
                "nine-is-passive",
                lambda points: score(points, promoter=10),
                "You took those who said 9 for passives. 9 and 10 are promoters.",
                "Count 9 and 10 as promoters.",
            ),
            Mistake(
                "detractors-forgotten",
                lambda points: score(points, detractor=-1),
                "That is the percentage of promoters alone.",
                "Take away the percentage of detractors.",
            ),
            Mistake(
                "fraction-for-points",
                lambda points: score(points) / 100,
                "These are differences of fractions: the score is in points from −100 to 100.",
                "Multiply by 100.",
            ),
        ],
        after="That is the whole score; what it lacks is its interval and its response rate.",
    ),
    Task(
        "6.3",
        "The worst and the best",
        name="bounds",
        kind=List(Number(unit="points", decimals=1)),
        truth=lambda: [mixture(-100), mixture(100)],
        section="Those who did not answer",
        hints=[
            "What would the score of the silent be if all of them were detractors?",
            "The score of all is the response rate times the score of the answers, plus the share "
            "of the silent times theirs: −100 at worst, 100 at best.",
        ],
        mistakes=[
            Mistake(
                "the-interval",
                lambda: list(surveys.nps(september()["nps"]).loc["all", ["ci_low", "ci_high"]]),
                "That is the interval of the score of those who answered. It says nothing of the "
                "silent.",
                "Let all the silent be detractors, then let all be promoters.",
            ),
            Mistake(
                "shares-exchanged",
                lambda: [mixture(end, rate=1 - response()) for end in (-100, 100)],
                "You gave the answers the weight of the silent, and the silent that of the "
                "answers.",
                "The response rate belongs to the answers.",
            ),
            Mistake(
                "answers-not-weighed",
                lambda: [
                    score(september()["nps"]) + sign * 100 * (1 - response()) for sign in (-1, 1)
                ],
                "You gave the score of the answers the weight of all.",
                "Multiply it by the response rate.",
            ),
            Mistake(
                "silent-are-passive",
                lambda: [mixture(0), mixture(100)],
                "At worst the silent are not passives but detractors.",
                "Give the silent a score of −100 for the lowest.",
            ),
            Mistake(
                "highest-first",
                lambda: [mixture(100), mixture(-100)],
                "You gave the highest first.",
                "Put the lowest first.",
            ),
        ],
        after="So wide is what the answers alone can say of all; the interval does not show it.",
    ),
    Task(
        "6.4",
        "Thirty calls",
        name="september_all",
        kind=Number(unit="points", decimals=1),
        truth=lambda: mixture(score(CALLED)),
        section="Ask at random",
        hints=[
            "For whom does the score of the thirty stand? How many are these?",
            "Response rate times the score of the answers, plus one minus the response rate times "
            "the score of the thirty.",
        ],
        mistakes=[
            Mistake(
                "thrown-together",
                lambda: score([*september()["nps"], *CALLED]),
                "You threw answers and calls together. The thirty stand for all the silent, who "
                "are many more.",
                "Give each score the share of those for whom it stands.",
            ),
            Mistake(
                "calls-alone",
                lambda: score(CALLED),
                "That is the score of the silent alone.",
                "Add the answers, with their share.",
            ),
            Mistake(
                "answers-alone",
                lambda: score(september()["nps"]),
                "That is the score of those who answered by themselves.",
                "Add the silent, for whom the thirty stand, with their share.",
            ),
            Mistake(
                "plain-mean",
                lambda: mixture(score(CALLED), rate=0.5),
                "You took the mean of the two scores, as if half had answered.",
                "Give each score the share of those for whom it stands.",
            ),
            Mistake(
                "shares-exchanged",
                lambda: mixture(score(CALLED), rate=1 - response()),
                "You gave the answers the weight of the silent, and the silent that of the "
                "answers.",
                "The response rate belongs to the answers.",
            ),
        ],
        after="Thirty calls turn a score above zero into one below; its standard error is 9.",
    ),
    Task(
        "6.5",
        "At the same age",
        name="change",
        kind=Number(unit="points", decimals=1),
        truth=change,
        section="Did they come to like us better?",
        hints=[
            "First keep the surveys of young subscribers, `days` at most 60. Then two scores.",
            'The scores of the rows with `sent >= "2025-06-01"` and with `sent < "2025-06-01"`; '
            "`cohorts.nps` gives each.",
        ],
        mistakes=[
            Mistake(
                "all-ages",
                lambda: change(most=10_000),
                "That is the change over all ages, which moves with who is asked.",
                "Keep the surveys with `days` at most 60 first.",
            ),
            Mistake(
                "mean-of-waves",
                lambda: change(waves=True),
                "You took the mean of the waves' scores, in which a wave of a few answers counts "
                "as much as one of many.",
                "Take all answers of each half together.",
            ),
            Mistake(
                "turned-round",
                lambda: -change(),
                "You took the later score from the earlier.",
                "Take the score before June 2025 from the score since then.",
            ),
        ],
        after="With people resampled it runs from −6 to 40: from so few answers one cannot tell.",
        equivalent={
            "'answered' for 'sent'": "answers come within 14 days, so in the half of their survey",
        },
    ),
    Task(
        "6.6",
        "From the landmark",
        name="detractors_there",
        kind=Number(unit="fraction", decimals=3),
        truth=there,
        section="Does it say who leaves?",
        hints=[
            "Keep the detractors whose subscription had not ended by the landmark. From which day "
            "does their clock run?",
            "`cohorts.durations(landmark, ended, observed_until=…, unit=…)`, then "
            "`cohorts.kaplan_meier`, then `cohorts.survival_at`.",
        ],
        mistakes=[
            Mistake(
                "clock-from-sending",
                lambda: there(after=0),
                "You started the clock when the survey was sent. On that day nobody was known to "
                "be a detractor.",
                "Keep those still there at the landmark, and start the clock on that day.",
            ),
            Mistake(
                "everybody",
                lambda: there(group=None),
                "That is the share of all who were asked.",
                "Keep the detractors.",
            ),
            Mistake(
                "promoters",
                lambda: there(group="promoter"),
                "Those are the promoters.",
                "Keep the detractors.",
            ),
            Mistake(
                "silent",
                lambda: there(group="no answer"),
                "Those are the silent.",
                "Keep the detractors.",
            ),
            Mistake(
                "ninety-days",
                lambda: there(age=90),
                "That is the share 90 days after the landmark.",
                "Read the curve at 60 days.",
            ),
            percent_for_fraction(),
        ],
        after="It is of those there at the landmark: the earliest leavers are not in it.",
        equivalent={
            "the bound of first['ended'] <= first['landmark'] moved": (
                "no detractor's subscription ended on the very day of the landmark"
            ),
        },
    ),
]
