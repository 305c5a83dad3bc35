"""Tasks of exercise 21: bandits."""

import numpy as np
import pandas as pd

import funnelkit
from funnelkit import bandits
from funnelkit.exercises.kinds import Function, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

VISITORS, SIZE, WRONG = 40_000, 6000, 0.08
RATES = np.array([0.10, 0.12, 0.13])


def regret(*, test=SIZE, wrong=WRONG, after=VISITORS - SIZE):
    """Return the expected regret of a test of three forms that errs towards the second best."""
    gaps = RATES.max() - RATES
    return test * gaps.mean() + wrong * after * gaps[1]


def lines():
    """Return the subject lines: mails sent, clicks, and how many have had no time yet."""
    table = {"sent": [1200, 1200, 600], "clicked": [96, 88, 50], "waiting": [0, 250, 30]}
    return pd.DataFrame(table, index=["A", "B", "C"])


def next_shares(*, waiting=True):
    """Return the shares of the next batch, those that wait left out or counted as no."""
    table = lines()
    due = table["sent"] - table["waiting"] * waiting
    return bandits.thompson_shares(due, table["clicked"]).to_dict()


def ratio_of_rates():
    """Return each line's rate as a share of the sum of the rates."""
    table = lines()
    rate = table["clicked"] / (table["sent"] - table["waiting"])
    return (rate / rate.sum()).to_dict()


def weeks():
    """Return what a bandit showed in two weeks, and who signed up."""
    return pd.DataFrame(
        {
            "week": [1, 1, 2, 2],
            "form": ["A", "B", "A", "B"],
            "shown": [1500, 1500, 400, 4600],
            "signed_up": [300, 345, 44, 598],
        }
    )


def within(*, weighted=True, sign=1):
    """Return the mean over the weeks of B's rate less A's."""
    table = weeks().set_index(["week", "form"])
    rate = (table["signed_up"] / table["shown"]).unstack()
    visitors = table["shown"].groupby("week").sum()
    weights = visitors if weighted else None
    return sign * np.average(rate["B"] - rate["A"], weights=weights)


def pooled():
    """Return the difference of the two rates over both weeks."""
    total = weeks().groupby("form")[["shown", "signed_up"]].sum()
    rate = total["signed_up"] / total["shown"]
    return rate["B"] - rate["A"]


def clipped_ips(clicks, propensities, chances, largest):
    """Return the inverse propensity estimate with clipped weights."""
    weights = np.minimum(np.array(chances) / np.array(propensities), largest)
    return float((weights * np.array(clicks)).sum() / len(clicks))


def logged(campaign="men", policy="thompson", *, place=1):
    """Return rows of the Open Bandit log; None takes all."""
    log = funnelkit.load("open_bandit")
    wanted = log["policy"] == policy
    wanted &= (log["campaign"] == campaign) if campaign else True
    wanted &= (log["position"] == place) if place else True
    return log[wanted]


def clicks_per_thousand(campaign="men", policy="thompson", *, place=1, row="snips"):
    """Return the click rate that the same chance for each item would have brought."""
    log = logged(campaign, policy, place=place)
    items = log["item"].unique()
    table = bandits.off_policy_value(log, pd.Series(1 / len(items), index=items))
    return 1000 * table.loc[row, "estimate"]


def effective(clip=20, *, of=bandits.effective_sample_size):
    """Return the effective sample size of the Thompson log of each campaign."""
    found = {}
    for campaign in ("all", "men", "women"):
        log = logged(campaign, place=None)
        items = log["item"].unique()
        chance = pd.Series(1 / len(items), index=items)
        found[campaign] = of(bandits.importance_weights(log, chance, clip=clip))
    return found


TASKS = [
    Task(
        "21.1",
        "What a test will cost",
        name="expected_regret",
        kind=Number(unit="sign-ups", decimals=1),
        truth=regret,
        section="What learning costs: regret",
        hints=[
            "During the test: how many sign-ups does each form lose per visitor, against the best?",
            "After the test: 34,000 visitors, and with probability 0.08 each of them loses 0.01.",
        ],
        mistakes=[
            Mistake(
                "the-test-alone",
                lambda: regret(wrong=0),
                "That is what the test itself loses; now and then it commits to the wrong form.",
                "Add the visitors after the test, times the probability of that.",
            ),
            Mistake(
                "all-visitors-after-the-test",
                lambda: regret(after=VISITORS),
                "The 6,000 visitors of the test are counted twice: after it come 34,000.",
                "Take 34,000 visitors for the time after the test.",
            ),
            Mistake(
                "each-form-to-everybody",
                lambda: regret() + SIZE * (RATES.max() - RATES).mean() * 2,
                "You let each form have all the visitors of the test; each has a third of them.",
                "Each form is shown to 2,000.",
            ),
            Mistake(
                "always-wrong",
                lambda: regret(wrong=1),
                "You let the test commit to the second best for certain.",
                "It does so with probability 0.08.",
            ),
        ],
        after="Most of it is the test itself: a smaller one would be wrong more often.",
    ),
    Task(
        "21.2",
        "The next batch",
        name="next_batch",
        kind=Mapping(Number(unit="fraction", decimals=3)),
        truth=next_shares,
        section="Let uncertainty choose: Thompson sampling",
        hints=[
            "A mail that has had no time yet is neither a click nor a failure.",
            "`bandits.thompson_shares(shown, converted)` takes two columns.",
        ],
        mistakes=[
            Mistake(
                "waiting-counted-as-no",
                lambda: next_shares(waiting=False),
                "The mails that wait for their three days count as failures in it.",
                "Subtract `waiting` from `sent`.",
            ),
            Mistake(
                "in-proportion-to-the-rates",
                ratio_of_rates,
                "You divided the batch in proportion to the rates; Thompson sampling divides it "
                "by the probability to be the best.",
                "Use `bandits.thompson_shares`.",
            ),
            Mistake(
                "winner-takes-all",
                lambda: {"A": 0, "B": 1, "C": 0},
                "You gave the whole batch to the line that looks best so far.",
                "How probable is it that another one is better?",
            ),
        ],
        after="If the waiting mails counted as failures, B would get a tenth instead of over half.",
    ),
    Task(
        "21.3",
        "Within the weeks",
        name="gain",
        kind=Number(unit="fraction", decimals=4),
        truth=within,
        section="What a bandit's averages say",
        hints=[
            "Two differences, one per week; only then an average.",
            "`np.average(values, weights=...)`: how many visitors had each week?",
        ],
        mistakes=[
            Mistake(
                "pooled",
                pooled,
                "That compares the rates over both weeks, in which the shares changed.",
                "Take the difference in each week first.",
            ),
            Mistake(
                "weeks-alike",
                lambda: within(weighted=False),
                "You gave both weeks the same weight.",
                "Weight each week by its visitors, 3,000 and 5,000.",
            ),
            Mistake(
                "wrong-sign",
                lambda: within(sign=-1),
                "The sign is wrong: the task asks for B less A.",
                "Subtract A's rate from B's.",
            ),
            percent_for_fraction(),
        ],
        after="B is ahead in both weeks; over both together it looks behind.",
        equivalent={
            "without values=['shown', 'signed_up']": "there are no other columns",
            "mean for sum": "half of each week's visitors are the same weights",
        },
    ),
    Task(
        "21.4",
        "Clipped weights",
        name="clipped_ips",
        kind=Function(
            Number(decimals=6),
            calls=[
                ([1, 0, 0, 1, 1, 0], [0.5, 0.5, 0.2, 0.2, 0.1, 0.5], [1 / 3] * 6, 2),
                ([1, 0, 0, 1, 1, 0], [0.5, 0.5, 0.2, 0.2, 0.1, 0.5], [1 / 3] * 6, 100),
                ([0, 1, 1], [0.25, 0.5, 0.01], [0.1, 0.6, 0.3], 10),
                ([0, 0], [0.5, 0.5], [0.5, 0.5], 5),
            ],
        ),
        truth=clipped_ips,
        section="What would another rule have brought?",
        hints=[
            "A weight is the chance under the new rule divided by the propensity.",
            "`np.minimum(weights, largest)` cuts the large ones down.",
        ],
        mistakes=[
            Mistake(
                "not-clipped",
                lambda c, p, new, largest: clipped_ips(c, p, new, np.inf),
                "The weights are not clipped.",
                "No weight may be above `largest`.",
            ),
            Mistake(
                "self-normalised",
                lambda c, p, new, largest: (
                    clipped_ips(c, p, new, largest) / clipped_ips([1] * len(c), p, new, largest)
                ),
                "You divided by the sum of the weights; that is the self-normalised estimate.",
                "Divide by the number of rows.",
            ),
            Mistake(
                "weights-upside-down",
                lambda c, p, new, largest: clipped_ips(c, new, p, largest),
                "The weights are upside down.",
                "Divide the new chance by the propensity.",
            ),
            Mistake(
                "sum-for-mean",
                lambda c, p, new, largest: len(c) * clipped_ips(c, p, new, largest),
                "That is the sum over the rows.",
                "Divide it by the number of rows.",
            ),
            Mistake(
                "clicks-unweighted",
                lambda c, p, new, largest: sum(c) / len(c),
                "That is the click rate of the log itself.",
                "Weight each click.",
            ),
        ],
        after="`bandits.off_policy_value` does the same, and says what the weights are worth.",
    ),
    Task(
        "21.5",
        "The first place, the same chance for all",
        name="first_place",
        kind=Number(unit="clicks per 1,000 views", decimals=2),
        truth=clicks_per_thousand,
        section="The data: Open Bandit",
        hints=[
            "Three conditions: the campaign, the rule that ran, the place.",
            "The same chance for each of the 34 items is a Series of 1/34, by item.",
        ],
        mistakes=[
            Mistake(
                "ips-for-snips",
                lambda: clicks_per_thousand(row="ips"),
                "That is the IPS estimate.",
                'Take the row "snips".',
            ),
            Mistake(
                "all-places",
                lambda: clicks_per_thousand(place=None),
                "All three places are in it.",
                "Take the rows with `position` 1.",
            ),
            Mistake(
                "what-came",
                lambda: clicks_per_thousand(policy="random"),
                "That is what the random log brought; the task asks for the estimate from the "
                "other log.",
                "Take the rows of the rule `thompson`.",
            ),
            Mistake(
                "unweighted",
                lambda: 1000 * logged()["click"].mean(),
                "That is the click rate of Thompson sampling itself.",
                "Weight the rows for the new rule.",
            ),
            Mistake(
                "rate-for-clicks",
                lambda: clicks_per_thousand() / 1000,
                "You gave {value}, which looks like the rate.",
                "Multiply it by 1,000.",
            ),
        ],
        after="The random log has 3.05 there: another number, and an interval that holds it.",
    ),
    Task(
        "21.6",
        "What the clipped logs are worth",
        name="worth",
        kind=Mapping(Number(unit="rows", decimals=1)),
        truth=effective,
        section="The row that breaks it",
        hints=[
            "`bandits.importance_weights` takes `clip=`; the policy depends on the campaign.",
            "`bandits.effective_sample_size(weights)` for each of the three.",
        ],
        mistakes=[
            Mistake(
                "not-clipped",
                lambda: effective(None),
                "The weights are not clipped: one row of the women's log still rules it.",
                "Give `clip=20`.",
            ),
            Mistake(
                "rows-counted",
                lambda: effective(of=len),
                "These are the rows of the logs.",
                "How many rows of equal weight would know as much?",
            ),
            Mistake(
                "sum-of-weights",
                lambda: effective(of=np.sum),
                "That is the sum of the weights.",
                "Square it, and divide by the sum of the squared weights.",
            ),
        ],
        after="Clipping makes the women's log as good as the others, for a tamer question.",
    ),
]
