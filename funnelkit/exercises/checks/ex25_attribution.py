"""Tasks of exercise 25: attribution."""

import functools

import numpy as np
import pandas as pd

import funnelkit
from funnelkit import attribution
from funnelkit.exercises.kinds import Function, List, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

PAID = ["brand_search", "content", "offline", "partner", "seo", "social", "social_ads"]


@functools.cache
def journeys(lookback=None):
    """Return the journeys of the panel."""
    return attribution.cut_journeys(funnelkit.load("journeys"), lookback=lookback)


def helped(lookback="14D", *, ended="converted", least=2):
    """Return the share of enrolments whose journey has several touches."""
    table = journeys(lookback)
    ends = table[(table["position"] == table["touches"]) & table[ended]]
    return (ends["touches"] >= least).mean()


def of_touches():
    """Return the share of touches, not of enrolments, in journeys of several."""
    table = journeys("14D")
    return (table.loc[table["converted"], "touches"] > 1).mean()


def of_all_journeys():
    """Return the share of all journeys that have several touches, whether they converted or not."""
    table = journeys("14D")
    return (table.loc[table["position"] == 1, "touches"] > 1).mean()


def decay_shares(days, half_life, *, base=2.0):
    """Return the share of each touch."""
    power = base ** (-np.array(days, float) / half_life)
    return (power / power.sum()).tolist()


def cycles():
    """Return journeys that go to and fro between two channels."""
    return pd.DataFrame(
        {
            "path": ["ads > mail > ads", "mail", "ads", "mail > ads", "seo > mail"],
            "conversions": [6, 2, 4, 1, 3],
            "nulls": [2, 6, 20, 5, 1],
        }
    )


def chain(column="conversions", *, order=1, nulls=True):
    """Return what the chain says of each channel."""
    paths = cycles() if nulls else cycles().assign(nulls=0)
    return attribution.markov_credit(paths, order=order)[column].to_dict()


def equal_parts():
    """Return each enrolment split equally over its distinct channels."""
    return attribution.shapley_credit(cycles())["conversions"].to_dict()


def sets():
    """Return journeys by the channels that they touched."""
    return pd.DataFrame(
        {
            "path": ["fair", "fair > mail", "mail", "fair > mail > web", "web"],
            "conversions": [4, 9, 1, 12, 10],
            "nulls": [76, 21, 19, 28, 70],
        }
    )


def rate_values(column="worth", *, worth="rate"):
    """Return the Shapley values of the rate."""
    return attribution.shapley_credit(sets(), worth=worth)[column].to_dict()


def flattered(rule="linear", *, sign=1, column="share", of="enrolments"):
    """Return the share by a rule less the share lost without each channel."""
    facts = funnelkit.truth()["facts"]["journeys"]
    lost = pd.DataFrame(facts["lost_without"]).T["enrolments"] / facts[of]
    credit = attribution.rule_credit(journeys(), rule)
    share = credit[column] / credit[column].sum()
    return (sign * (share - lost)).dropna().to_dict()


def flattered_of_the_lost():
    """Return the same with the losses divided by their sum."""
    facts = funnelkit.truth()["facts"]["journeys"]
    lost = pd.DataFrame(facts["lost_without"]).T["enrolments"]
    share = attribution.rule_credit(journeys(), "linear")["share"]
    return (share - lost / lost.sum()).dropna().to_dict()


def costs(rule="position", *, ends=0.3, all_touches=True, column="cost_per_conversion"):
    """Return what an enrolment costs by channel."""
    touches = funnelkit.load("journeys")
    if not all_touches:
        touches = touches[touches["converted_at"].notna()]
    credit = attribution.rule_credit(journeys(), rule, ends=ends)
    return attribution.channel_returns(credit, touches)[column].dropna().to_dict()


TASKS = [
    Task(
        "25.1",
        "Enrolments with help",
        name="helped",
        kind=Number(unit="fraction", decimals=3),
        truth=helped,
        section="One table of touches",
        hints=[
            "`cut_journeys` takes `lookback=`; `touches` says how many touches a journey keeps.",
            "One row per enrolment: the last touch of each journey that converted.",
        ],
        mistakes=[
            Mistake(
                "no-window",
                lambda: helped(None),
                "Touches of any age count in it.",
                'Give `lookback="14D"` to `cut_journeys`.',
            ),
            Mistake(
                "touches-for-enrolments",
                of_touches,
                "That is a share of touches: long journeys count once for each touch.",
                "Keep one row per journey.",
            ),
            Mistake(
                "all-journeys",
                of_all_journeys,
                "Journeys without an enrolment are in it.",
                "Keep those that `converted`.",
            ),
            Mistake(
                "three-or-more",
                lambda: helped(least=3),
                "You counted journeys of three touches or more.",
                "Two touches are more than one.",
            ),
            percent_for_fraction(),
        ],
        after="For the others every rule agrees: a single touch gets all.",
        equivalent={
            "'position' for 'touches'": "at the last touch the position is the number of touches",
        },
    ),
    Task(
        "25.2",
        "Time decay, written yourself",
        name="decay_shares",
        kind=Function(
            List(Number(decimals=4)),
            calls=[
                ([14, 7, 0], 7),
                ([20, 4, 1], 7),
                ([30, 10], 5),
                ([6, 6], 3),
                ([12], 3),
            ],
        ),
        truth=decay_shares,
        section="Credit by rule",
        hints=[
            "Half as much for each half-life: two to the power of minus days over half-life.",
            "The shares of a journey sum to 1.",
        ],
        mistakes=[
            Mistake(
                "not-divided-by-the-sum",
                lambda days, half_life: (2.0 ** (-np.array(days) / half_life)).tolist(),
                "The shares do not sum to 1.",
                "Divide the powers by their sum.",
            ),
            Mistake(
                "e-for-two",
                lambda days, half_life: decay_shares(days, half_life, base=np.e),
                "You took powers of e: after a half-life that leaves 37 %, and not a half.",
                "Take powers of 2.",
            ),
            Mistake(
                "growing",
                lambda days, half_life: decay_shares(days, half_life, base=0.5),
                "The oldest touch gets most in it.",
                "The exponent is minus days over half-life.",
            ),
            Mistake(
                "linear",
                lambda days, half_life: [1 / len(days)] * len(days),
                "All touches get the same: that is the linear rule.",
                "Let the time before the enrolment count.",
            ),
        ],
        after="Only the distances between the touches matter, and not when the enrolment came.",
    ),
    Task(
        "25.3",
        "To and fro",
        name="credit",
        kind=Mapping(Number(unit="enrolments", decimals=2)),
        truth=chain,
        section="A chain, and what breaks without a link",
        hints=[
            "`attribution.markov_credit` solves the chain, cycles included.",
            "The column `conversions` has the enrolments in these shares.",
        ],
        mistakes=[
            Mistake(
                "removal-effects",
                lambda: chain("removal_effect"),
                "Those are the removal effects.",
                "Divide them by their sum, times the enrolments; or take the column.",
            ),
            Mistake(
                "removal-effects-times-enrolments",
                lambda: {name: 16 * effect for name, effect in chain("removal_effect").items()},
                "These sum to more than the 16 enrolments.",
                "Divide the removal effects by their sum first.",
            ),
            Mistake(
                "shares",
                lambda: chain("share"),
                "Those are shares of the credit.",
                "Multiply them by the enrolments.",
            ),
            Mistake(
                "order-2",
                lambda: chain(order=2),
                "That is a chain of order 2 or more.",
                "Leave `order` at 1.",
            ),
            Mistake(
                "converting-journeys-alone",
                lambda: chain(nulls=False),
                "The journeys that did not convert are missing in it.",
                "Keep the column `nulls`.",
            ),
            Mistake(
                "equal-parts",
                equal_parts,
                "That splits each enrolment equally over the channels of its journey.",
                "Use the removal effects of the chain.",
            ),
        ],
        after="`ads > mail > ads` is a cycle: a program that does not solve it gets this wrong.",
        equivalent={"without order=1": "1 is the default"},
    ),
    Task(
        "25.4",
        "Three channels, by rate",
        name="values",
        kind=Mapping(Number(unit="fraction", decimals=4)),
        truth=rate_values,
        section="What a channel adds to others",
        hints=[
            'The worth of a set is a rate: `shapley_credit(..., worth="rate")`.',
            "The column `worth` is in the unit of v; the values sum to the rate of all journeys.",
        ],
        mistakes=[
            Mistake(
                "enrolments-as-worth",
                lambda: rate_values(worth="conversions"),
                "There a set is worth its enrolments.",
                'Give `worth="rate"`.',
            ),
            Mistake(
                "enrolments-credited",
                lambda: rate_values("conversions"),
                "Those are enrolments.",
                "The task asks for the Shapley values of the rate.",
            ),
            Mistake(
                "shares",
                lambda: rate_values("share"),
                "Those are shares of the whole.",
                "Take the column `worth`.",
            ),
            Mistake(
                "shares-of-an-equal-split",
                lambda: rate_values("share", worth="conversions"),
                "Those are the shares by an equal split.",
                'Give `worth="rate"`, and take the column `worth`.',
            ),
        ],
        after="The fair is worth little by itself and adds little to the web, so it gets little.",
    ),
    Task(
        "25.5",
        "Who is flattered",
        name="flattered",
        kind=Mapping(Number(unit="fraction", decimals=3)),
        truth=flattered,
        section="What no credit knows",
        hints=[
            "`rule_credit` has a column `share`; losses are divided by the 1,306 enrolments.",
            "Subtracting one Series from another matches the channels; `.dropna()` drops direct.",
        ],
        mistakes=[
            Mistake(
                "wrong-sign",
                lambda: flattered(sign=-1),
                "The sign is wrong: the task asks for the share by the rule less the share lost.",
                "Subtract the share lost.",
            ),
            Mistake(
                "last-touch",
                lambda: flattered("last"),
                "That is last touch.",
                'Give `"linear"`.',
            ),
            Mistake(
                "time-decay",
                lambda: flattered("time_decay"),
                "That is time decay.",
                'Give `"linear"`.',
            ),
            Mistake(
                "losses-divided-by-their-sum",
                flattered_of_the_lost,
                "You divided the losses by their sum, as if they had to share out all enrolments.",
                "Divide each by the number of enrolments.",
            ),
            Mistake(
                "share-of-value",
                lambda: flattered(column="value"),
                "That is the share of the value credited.",
                "Take the share of the enrolments.",
            ),
        ],
        after="Linear flatters brand search by as much as the chain does.",
    ),
    Task(
        "25.6",
        "What an enrolment costs",
        name="costs",
        kind=Mapping(Number(unit="EUR", decimals=2)),
        truth=costs,
        section="What the mistake costs",
        hints=[
            '`rule_credit(journeys, "position", ends=...)`, then `channel_returns`.',
            "The cost is that of *all* touches; the column is `cost_per_conversion`.",
        ],
        mistakes=[
            Mistake(
                "forty-for-thirty",
                lambda: costs(ends=0.4),
                "The first and the last touch get 40 % each in it.",
                "Give `ends=0.3`.",
            ),
            Mistake(
                "touches-that-converted",
                lambda: costs(all_touches=False),
                "Only the touches right before an enrolment are paid for in it.",
                "Give `channel_returns` the table of all touches.",
            ),
            Mistake(
                "last-touch",
                lambda: costs("last"),
                "That is the cost by last touch.",
                'Give `"position"`.',
            ),
            Mistake(
                "roas",
                lambda: costs(column="roas"),
                "That is the ROAS.",
                "Take the cost divided by the enrolments.",
            ),
        ],
        after="By what is lost without it, an enrolment by brand search costs EUR 575.",
    ),
]
