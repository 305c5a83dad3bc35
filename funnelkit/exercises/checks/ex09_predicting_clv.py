"""Tasks of exercise 09: predicting CLV."""

from functools import cache

import pandas as pd

import funnelkit
from funnelkit import lifetime, metrics
from funnelkit.exercises.kinds import Boolean, Function, Number, Text
from funnelkit.exercises.tasks import Mistake, Task

THEN = pd.Timestamp("2025-06-30")


def orders():
    """Return the school's orders of single courses."""
    return funnelkit.load("orders")


@cache
def summary(until=THEN, unit="7D"):
    """Return the summary of all customers known on a day."""
    past = orders()
    return lifetime.rfm_summary(past[past["date"] <= until], observed_until=until, unit=unit)


@cache
def model(until=THEN):
    """Return the model fitted to what was known on a day."""
    return lifetime.BetaGeo().fit(summary(until))


def later():
    """Return how many purchases each customer known then made in the year after."""
    days = orders().drop_duplicates(["customer_id", "date"])
    counts = days[days["date"] > THEN].groupby("customer_id").size()
    return counts.reindex(summary().index, fill_value=0)


def mean_t_x(table=None, column=lambda t: t["t_x"]):
    """Return the mean age at the last purchase of those who came back."""
    table = summary() if table is None else table
    return column(table)[table["frequency"] > 0].mean()


def updated_rate(r, alpha, x, T):  # noqa: N803
    """Return the mean of the rate after seeing x purchases in T weeks."""
    return (r + x) / (alpha + T)


def three():
    """Return three customers of the same age."""
    return pd.DataFrame(
        {"frequency": [14, 2, 5], "t_x": [70.0, 70.0, 30.0], "T": [90.0, 90.0, 90.0]},
        index=["Ada", "Ben", "Cleo"],
    )


def rate_for_ever():
    """Return the purchases of the year if nobody ever left, at each customer's own mean rate."""
    known, fitted = summary(), model()
    return 52 * updated_rate(fitted.r_, fitted.alpha_, known["frequency"], known["T"]).sum()


@cache
def idle_difference():
    """Return by how much fewer calls are wasted on the list by value, with its interval."""
    known, past = summary().copy(), orders()
    before, after = past[past["date"] <= THEN], past[past["date"] > THEN]
    spend = lifetime.GammaGamma().fit(known)
    known["value"] = lifetime.predict_clv(known, model(), spend, horizon=52)["clv"]
    known["spent"] = before.groupby("customer_id")["amount"].sum()
    known["idle"] = ~known.index.isin(after["customer_id"])
    lists = known[["value", "spent"]].rank(ascending=False, method="first") <= len(known) // 10
    known[["value", "spent"]] = lists

    def fewer(table):
        return table.loc[table["spent"], "idle"].mean() - table.loc[table["value"], "idle"].mean()

    return metrics.bootstrap(known, fewer, user="customer_id", n_resamples=300, seed=6)


TASKS = [
    Task(
        "9.1",
        "The age at the last purchase",
        name="mean_t_x",
        kind=Number(unit="weeks", decimals=2),
        truth=mean_t_x,
        section="The data",
        hints=[
            "`lifetime.rfm_summary(before, observed_until=then)` has a row for each customer.",
            "Whoever never came back has a `frequency` of 0: leave them out.",
        ],
        mistakes=[
            Mistake(
                "since-for-age",
                lambda: mean_t_x(column=lambda t: t["T"] - t["t_x"]),
                "That is the time *since* the last purchase. `t_x` is the age *at* it.",
                "Take the column `t_x` as it is.",
            ),
            Mistake(
                "all-for-repeat-buyers",
                lambda: summary()["t_x"].mean(),
                "You took in those who never came back, each with a 0.",
                "Keep the customers whose `frequency` is above 0.",
            ),
            Mistake(
                "days-for-weeks",
                lambda: 7 * mean_t_x(),
                "You gave {value}, which looks like days: the task asks for weeks.",
                "Divide by 7.",
            ),
            Mistake(
                "age-for-age-at-last",
                lambda: mean_t_x(column=lambda t: t["T"]),
                "That is `T`, how long the customers have been known.",
                "Take `t_x`.",
            ),
            Mistake(
                "future-seen",
                lambda: mean_t_x(summary(pd.Timestamp("2026-06-30"))),
                "You used orders that came after 30 June 2025, which nobody knew then.",
                "Give `before` and `then`, not all of the orders.",
            ),
        ],
        after="High is good here: these customers came back long after they had begun.",
    ),
    Task(
        "9.2",
        "One update",
        name="updated_rate",
        kind=Function(
            Number(decimals=6), calls=[(2, 10, 5, 10), (0.8, 9, 0, 26), (0.8, 9, 12, 52)]
        ),
        truth=updated_rate,
        section="Two distributions and one update",
        hints=["The update is done by adding. What is added to `r`, and what to `alpha`?"],
        mistakes=[
            Mistake(
                "data-alone",
                lambda r, alpha, x, T: x / T,
                "That is the customer's own rate so far; what was believed before is forgotten.",
                "Add `x` to `r` and `T` to `alpha`, then divide.",
            ),
            Mistake(
                "prior-alone",
                lambda r, alpha, x, T: r / alpha,
                "That is the mean over all customers; what this one did is forgotten.",
                "Add `x` to `r` and `T` to `alpha`, then divide.",
            ),
            Mistake(
                "half-and-half",
                lambda r, alpha, x, T: (r / alpha + x / T) / 2,
                "You gave belief and data the same weight, however long the customer was watched.",
                "Add above and below the line first, then divide.",
            ),
            Mistake(
                "upside-down",
                lambda r, alpha, x, T: (alpha + T) / (r + x),
                "That is weeks a purchase; the task asks for purchases a week.",
                "Turn the ratio round.",
            ),
        ],
        after="The longer somebody is watched, the less the others count.",
    ),
    Task(
        "9.3",
        "Who is most surely still there",
        name="most_alive",
        kind=Text(choices=("Ada", "Ben", "Cleo")),
        truth=lambda: model().probability_alive(three()).idxmax(),
        section="Who is still there, and what will they buy?",
        hints=[
            "How long has each been silent, and how many purchases would have come in that time?",
            "`model.probability_alive(three)` computes it.",
        ],
        mistakes=[
            Mistake(
                "frequent-for-alive",
                lambda: "Ada",
                "Ada bought most, once in five weeks. For her, twenty silent weeks are four "
                "purchases that did not come.",
                "Compare the silence with the customer's own pace.",
            ),
            Mistake(
                "early-for-alive",
                lambda: "Cleo",
                "Cleo bought five times in 30 weeks and then not once in 60.",
                "Compare the silence with the customer's own pace.",
            ),
        ],
        after="Somebody who comes rarely may be silent for long, and still be there.",
    ),
    Task(
        "9.4",
        "The purchases of the next year",
        name="expected_total",
        kind=Number(unit="purchases", decimals=0),
        truth=lambda: model().expected_purchases(52, summary()).sum(),
        section="Who is still there, and what will they buy?",
        hints=[
            "Fit to what was known on that day, and to nothing else.",
            "`model.expected_purchases(52, summary)` has a number for each customer.",
        ],
        mistakes=[
            Mistake(
                "future-seen",
                lambda: model(pd.Timestamp("2026-06-30")).expected_purchases(52, summary()).sum(),
                "The model was fitted to all orders, also to those of the year to be predicted.",
                "Fit it to the summary of `before`.",
            ),
            Mistake(
                "nobody-leaves",
                rate_for_ever,
                "You let everybody buy on at their own rate for the whole year: nobody is gone, "
                "and nobody leaves.",
                "Use `expected_purchases` with the summary.",
            ),
            Mistake(
                "alive-twice",
                lambda: (
                    model().probability_alive(summary()) * model().expected_purchases(52, summary())
                ).sum(),
                "You multiplied by the probability of being alive; it is in the expected purchases "
                "already.",
                "Add up the expected purchases as they are.",
            ),
            Mistake(
                "outcome-for-prediction",
                lambda: later().sum(),
                "That is what came. On 30 June 2025 nobody could know it.",
                "Ask the model.",
            ),
            Mistake(
                "all-as-new",
                lambda: len(summary()) * model().expected_purchases(52),
                "You took each for a new customer; their past is forgotten.",
                "Give the summary as the second argument.",
            ),
            Mistake(
                "same-as-before",
                lambda: summary()["frequency"].sum(),
                "That is how many repeat purchases they have made so far.",
                "Ask the model for the next 52 weeks.",
            ),
        ],
        after="Compare it with what came, in the first cell: near, and with nobody's future seen.",
    ),
    Task(
        "9.5",
        "The constant that MAE likes",
        name="best_constant",
        kind=Number(unit="purchases", decimals=2),
        truth=lambda: later().median(),
        section="Open the drawer",
        hints=["Which number has at most half of the customers above it, and at most half below?"],
        mistakes=[
            Mistake(
                "mean-for-median",
                lambda: later().mean(),
                "That is the mean, which makes the RMSE smallest.",
                "Ask which number makes the sum of the *absolute* errors smallest.",
            ),
            Mistake(
                "buyers-only",
                lambda: later()[later() > 0].median(),
                "You left out the customers who bought nothing; they belong to the prediction.",
                "Take `later` as it is.",
            ),
        ],
        after="By MAE the best constant promises no business at all. Budgets need means.",
    ),
    Task(
        "9.6",
        "Fewer calls in vain",
        name="surely_fewer",
        kind=Boolean(),
        truth=lambda: bool(idle_difference().low > 0),
        section="Whom to call",
        hints=["Which differences does the interval still allow? Is 0 among them?"],
        mistakes=[
            Mistake(
                "interval-misread",
                lambda: False,
                "An interval of a difference speaks against chance when 0 lies outside of it.",
                "Look at the lower end.",
            ),
        ],
        after="That more margin comes is likely; that fewer calls are in vain is as good as sure.",
    ),
]
