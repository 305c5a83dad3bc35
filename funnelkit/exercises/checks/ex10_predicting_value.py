"""Tasks of exercise 10: predicting value."""

import math
from functools import cache

import numpy as np
import pandas as pd

import funnelkit
from funnelkit import lifetime
from funnelkit.exercises.kinds import Function, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task

THEN = pd.Timestamp("2025-06-30")
YEAR = pd.Timedelta("364D")
# Both as fitted to what was known then.
BUYS = {"r": 0.791, "alpha": 9.275, "a": 1.123, "b": 3.143}
SPENDS = {"p": 6.294, "q": 3.649, "gamma": 68.6}


@cache
def orders():
    """Return the school's orders of single courses."""
    return funnelkit.load("orders")


@cache
def summary(until=THEN):
    """Return the summary of all customers known on a day."""
    past = orders()
    return lifetime.rfm_summary(past[past["date"] <= until], observed_until=until)


@cache
def known(then=THEN):
    """Return the customers with all columns of the exercise."""
    table, paid = summary(then).copy(), orders()
    before, after = paid[paid["date"] <= then], paid[paid["date"] > then]
    table["channel"] = funnelkit.load("customers").set_index("customer_id")["channel"]
    table["spent"] = before.groupby("customer_id")["amount"].sum()
    purchases = lifetime.expected_purchases(
        52, table["frequency"], table["t_x"], table["T"], **BUYS
    )
    table["purchases"] = purchases
    spend = lifetime.expected_spend(table["frequency"], table["mean_amount"], **SPENDS)
    table["value"] = purchases * spend
    margin = (after["amount"] - after["cost"]).groupby(after["customer_id"]).sum()
    table["brought"] = margin.reindex(table.index, fill_value=0.0)
    return table


def amount(x, z, p, q, gamma):
    """Return the amount that Gamma-Gamma expects."""
    return p * (gamma + x * z) / (p * x + q - 1)


def fewest(p, q):
    """Return the smallest number of repeat purchases with p x + q above 1."""
    return next(x for x in range(1_000) if p * x + q > 1)


def correlations(column="mean_amount", table=None):
    """Return the correlation of frequency and another column by channel."""
    table = known() if table is None else table
    return {
        channel: float(group["frequency"].corr(group[column]))
        for channel, group in table.groupby("channel")
    }


def all_alike():
    """Return the correlation over all channels, as that of each."""
    one = float(known()["frequency"].corr(known()["mean_amount"]))
    return dict.fromkeys(correlations(), one)


@cache
def cases(then):
    """Return the features on a day, and the purchases of the 52 weeks after it."""
    features = summary(then)[["frequency", "t_x", "T"]]
    days = orders().drop_duplicates(["customer_id", "date"])
    inside = days[(days["date"] > then) & (days["date"] <= then + YEAR)]
    later = inside.groupby("customer_id").size().reindex(features.index, fill_value=0)
    return features, later


def errors(*, trained=THEN - YEAR, judged=THEN):
    """Return the errors of ridge regression trained on one day's cases, on those of another."""
    from sklearn.linear_model import Ridge

    (past, y), (today, actual) = cases(trained), cases(judged)
    return actual - Ridge().fit(past, y).predict(today)


def random_split():
    """Return the RMSE of ridge regression where customers are cut at random."""
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict

    today, actual = cases(THEN)
    folds = KFold(4, shuffle=True, random_state=0)
    return root_mean_square(actual - cross_val_predict(Ridge(), today, actual, cv=folds))


def root_mean_square(values):
    """Return the root of the mean of the squares."""
    return float(np.sqrt((values**2).mean()))


def list_by(rule, part=20):
    """Return the customers whom a rule puts first."""
    return known().nlargest(len(known()) // part, rule)


def shares(measure, part=20):
    """Return a measure of the list by value and of the list by what was spent."""
    return {rule: float(measure(list_by(rule, part))) for rule in ("value", "spent")}


def of_all(chosen):
    """Return the share of all customers' margin that a list brought."""
    return chosen["brought"].sum() / known()["brought"].sum()


def alive(chosen):
    """Return the probability of being alive of each customer of a list."""
    return lifetime.probability_alive(chosen["frequency"], chosen["t_x"], chosen["T"], **BUYS)


TASKS = [
    Task(
        "10.1",
        "What a purchase is worth",
        name="amount",
        kind=Function(
            Number(decimals=2),
            calls=[
                (2, 22.345, 6.25, 3.74, 15.44),
                (0, 0, 6.25, 3.74, 15.44),
                (12, 150, 6.294, 3.649, 68.6),
                (1, 40, 2, 1.5, 30),
            ],
        ),
        truth=amount,
        section="What is a purchase worth?",
        hints=[
            "There are two forms of the formula in the lesson; the first needs no weight.",
            "Above the line is what was spent and what the model adds, times `p`.",
        ],
        mistakes=[
            Mistake(
                "own-mean-alone",
                lambda x, z, p, q, gamma: z,
                "That is the customer's own mean; what others spend is forgotten.",
                "After few purchases the mean of all counts as well.",
            ),
            Mistake(
                "mean-of-all-alone",
                lambda x, z, p, q, gamma: p * gamma / (q - 1),
                "That is the mean of all customers; what this one spent is forgotten.",
                "Draw the customer's own mean towards it, by the weight `w`.",
            ),
            Mistake(
                "half-and-half",
                lambda x, z, p, q, gamma: (z + p * gamma / (q - 1)) / 2,
                "You gave both means the same weight, however many purchases there were.",
                "The weight of the customer's own mean is `p * x / (p * x + q - 1)`.",
            ),
            Mistake(
                "weights-swapped",
                lambda x, z, p, q, gamma: (
                    ((q - 1) * z + p * x * p * gamma / (q - 1)) / (p * x + q - 1)
                ),
                "The weights are swapped: with many purchases yours forgets the customer.",
                "`w` belongs to the customer's own mean.",
            ),
            Mistake(
                "without-minus-one",
                lambda x, z, p, q, gamma: p * (gamma + x * z) / (p * x + q),
                "Below the line it is `p * x + q - 1`.",
                "Subtract 1 below the line.",
            ),
            Mistake(
                "mean-for-sum",
                lambda x, z, p, q, gamma: p * (gamma + z) / (p * x + q - 1),
                "You added the mean amount where all that was spent, `x * z`, belongs.",
                "Multiply `z` by `x` above the line.",
            ),
        ],
        after="The more purchases, the more the customer's own mean counts.",
    ),
    Task(
        "10.2",
        "When there is a mean",
        name="fewest",
        kind=Function(
            Number(whole=True),
            calls=[(6.25, 3.74), (0.35, 0.25), (0.5, 0.5), (2, 0.875), (0.25, 0.125), (0.5, 2.5)],
        ),
        truth=fewest,
        section="What is a purchase worth?",
        hints=[
            "What must be above 1 so that a customer's expected amount exists?",
            "Try 0, 1, 2 … purchases until it is *above* 1; equal to 1 is not enough.",
        ],
        mistakes=[
            Mistake(
                "boundary",
                lambda p, q: max(math.ceil((1 - q) / p), 0),
                "Where `p * x + q` is exactly 1 your function calls it enough: there the formula "
                "divides by 0.",
                "It must be *above* 1.",
            ),
            Mistake(
                "rounded-down",
                lambda p, q: max(math.floor((1 - q) / p), 0),
                "You rounded down: so many purchases are just not enough.",
                "Go on until `p * x + q` is above 1.",
            ),
            Mistake(
                "one-for-nobody",
                lambda p, q: max(math.floor((1 - q) / p) + 1, 1),
                "With `q` above 1 the mean of all customers exists, so no purchase is needed.",
                "Begin at 0.",
            ),
            Mistake(
                "below-zero",
                lambda p, q: math.floor((1 - q) / p) + 1,
                "With a large `q` your function returns a negative number of purchases.",
                "Nobody has made fewer than 0.",
            ),
            Mistake(
                "q-forgotten",
                lambda p, q: math.floor(1 / p) + 1,
                "Your function does not look at `q`.",
                "The condition is on `p * x + q`.",
            ),
        ],
        after="A `q` not above 1 says that a few huge amounts carry the mean: look at them first.",
    ),
    Task(
        "10.3",
        "Where the assumption fails",
        name="correlations",
        kind=Mapping(Number(decimals=4)),
        truth=correlations,
        section="A group that breaks the assumption",
        hints=[
            'For two columns of a table it is `table["frequency"].corr(table["mean_amount"])`.',
            'A loop over `known.groupby("channel")` gives each channel and its rows.',
        ],
        mistakes=[
            Mistake(
                "all-channels-together",
                all_alike,
                "That is the correlation over all channels together, the same for each.",
                "Compute it for each channel's rows alone.",
            ),
            Mistake(
                "blanks-as-zero",
                lambda: correlations(table=known().fillna({"mean_amount": 0.0})),
                "You counted customers who never came back, as if they had spent 0 on average.",
                "A missing mean amount is not 0: leave these customers out.",
            ),
            Mistake(
                "total-for-mean",
                lambda: correlations("spent", known()[known()["frequency"] > 0]),
                "You took what they spent in total, which rises with each purchase by itself.",
                "Take `mean_amount`.",
            ),
            Mistake(
                "future-seen",
                lambda: correlations(table=known(pd.Timestamp("2026-06-30"))),
                "You used orders that came after `then`.",
                "Take `known` as the first cell makes it.",
            ),
        ],
        after="Largest is not yet beyond chance: a small channel's correlation wanders widely.",
    ),
    Task(
        "10.4",
        "Judged forward in time",
        name="forward_rmse",
        kind=Number(unit="purchases", decimals=3),
        truth=lambda: root_mean_square(errors()),
        section="Forward in time",
        hints=[
            "Which outcome was known on the day `then`, and could be learnt from?",
            "`Ridge().fit(past, y)` learns; `.predict(today)` is asked about the year to come.",
        ],
        mistakes=[
            Mistake(
                "on-those-seen",
                lambda: root_mean_square(errors(trained=THEN, judged=THEN)),
                "You trained on `actual`, which nobody knew on that day.",
                "Train on `past` and `y`.",
            ),
            Mistake(
                "judged-on-the-past",
                lambda: root_mean_square(errors(judged=THEN - YEAR)),
                "That is the error on the cases from which it learnt.",
                "Predict from `today`, and compare with `actual`.",
            ),
            Mistake(
                "random-split",
                random_split,
                "You cut the customers at random within the year to be predicted: the model "
                "learnt from the other customers' future.",
                "Train on `past` and `y`, which were known.",
                within=0.005,
            ),
            Mistake(
                "mae-for-rmse",
                lambda: float(errors().abs().mean()),
                "That is the mean absolute error.",
                "Square the errors, take the mean, then the root.",
            ),
            Mistake(
                "no-root",
                lambda: float((errors() ** 2).mean()),
                "That is the mean squared error, in purchases squared.",
                "Take the root.",
            ),
            Mistake(
                "spread-for-error",
                lambda: float(errors().std(ddof=0)),
                "That is the standard deviation of the errors: it forgives a forecast that is too "
                "high for everybody.",
                "Square the errors themselves.",
            ),
        ],
        after="Alone it says little: put a simple rule such as `0 * actual` beside it.",
    ),
    Task(
        "10.5",
        "A shorter list",
        name="shares",
        kind=Mapping(Number(unit="fraction", decimals=3)),
        truth=lambda: shares(of_all),
        section="Whom to call",
        hints=[
            "`known.nlargest(n, column)` gives the n rows with the largest values of a column.",
            "The list's sum of `brought`, divided by that of all customers.",
        ],
        mistakes=[
            Mistake(
                "percent-for-fraction",
                lambda: shares(lambda chosen: 100 * of_all(chosen)),
                "You gave percentages; the task asks for fractions, between 0 and 1.",
                "Divide by 100.",
                within=0.01,
            ),
            Mistake(
                "tenth-for-twentieth",
                lambda: shares(of_all, part=10),
                "Your lists are a tenth of the customers.",
                "Take `len(known) // 20` of them.",
            ),
            Mistake(
                "expected-for-brought",
                lambda: shares(lambda chosen: chosen["value"].sum() / known()["value"].sum()),
                "That is the share of what was *expected*; a list is judged by what came.",
                "Take `brought`.",
            ),
            Mistake(
                "customers-for-money",
                lambda: shares(lambda chosen: (chosen["brought"] > 0).mean()),
                "That is the share of the list's customers who brought anything.",
                "Take the sum of `brought`, divided by that of all customers.",
            ),
            Mistake(
                "mean-for-sum",
                lambda: shares(lambda chosen: chosen["brought"].mean()),
                "Those are EUR per customer, not shares.",
                "Divide the list's sum by the sum of all customers.",
            ),
        ],
        after="Whether one list is better needs the interval of the difference.",
    ),
    Task(
        "10.6",
        "Calls to people who have left",
        name="gone",
        kind=Number(unit="customers", decimals=1),
        truth=lambda: (1 - alive(list_by("spent"))).sum(),
        section="Whom to call",
        hints=[
            "`buys.probability_alive(table)` has a probability for each customer of a table.",
            "The expected number of those who have left is the sum of 1 minus that.",
        ],
        mistakes=[
            Mistake(
                "alive-for-gone",
                lambda: alive(list_by("spent")).sum(),
                "That is how many are expected to be still there.",
                "Take 1 minus each probability.",
            ),
            Mistake(
                "other-list",
                lambda: (1 - alive(list_by("value"))).sum(),
                "That is for the list by expected value.",
                "Take the customers who have spent most.",
            ),
            Mistake(
                "counted-below-half",
                lambda: float((alive(list_by("spent")) < 0.5).sum()),
                "You counted the customers who have more probably left than not.",
                "Add up the probabilities instead: they say how sure each case is.",
            ),
            Mistake(
                "tenth-for-twentieth",
                lambda: (1 - alive(list_by("spent", 10))).sum(),
                "Your list is a tenth of the customers.",
                "Take `len(known) // 20` of them.",
            ),
            Mistake(
                "share-for-number",
                lambda: (1 - alive(list_by("spent"))).mean(),
                "That is a share of the list; the task asks for a number of customers.",
                "Take the sum.",
            ),
            Mistake(
                "everybody",
                lambda: (1 - alive(known())).sum(),
                "That is for all customers.",
                "Take the first `len(known) // 20` by `spent`.",
            ),
        ],
        after="Those are the calls that the usual list would give away.",
    ),
]
