"""Tasks of exercise 09: predicting purchases."""

from functools import cache

import numpy as np
import pandas as pd

import funnelkit
from funnelkit import lifetime
from funnelkit.exercises.kinds import Function, Mapping, Number
from funnelkit.exercises.tasks import Mistake, Task

THEN = pd.Timestamp("2025-06-30")
MODEL = {"r": 0.791, "alpha": 9.275, "a": 1.123, "b": 3.143}  # as fitted to what was known then


def orders():
    """Return the school's orders of single courses."""
    return funnelkit.load("orders")


@cache
def summary(until=THEN, unit="7D"):
    """Return the summary of all customers known on a day."""
    past = orders()
    return lifetime.rfm_summary(past[past["date"] <= until], observed_until=until, unit=unit)


def model():
    """Return the model of the first cell."""
    return lifetime.BetaGeo.with_parameters(**MODEL)


@cache
def counted(after, until):
    """Return how many purchases each customer known then made after one day, up to another."""
    days = orders().drop_duplicates(["customer_id", "date"])
    inside = days[(days["date"] > after) & (days["date"] <= until)]
    return inside.groupby("customer_id").size().reindex(summary().index, fill_value=0)


def later():
    """Return how many purchases each customer made in the year after."""
    return counted(THEN, pd.Timestamp("2026-06-30"))


def last_year():
    """Return how many purchases each customer made in the 52 weeks before."""
    return counted(THEN - pd.Timedelta("364D"), THEN)


def mean_t_x(table=None, column=lambda t: t["t_x"]):
    """Return the mean age at the last purchase of those who came back."""
    table = summary() if table is None else table
    return column(table)[table["frequency"] > 0].mean()


def updated_rate(r, alpha, x, T):  # noqa: N803
    """Return the mean of the rate after seeing x purchases in T weeks."""
    return (r + x) / (alpha + T)


def alive(x, t_x, T):  # noqa: N803
    """Return the probability of being alive."""
    return 1 / (1 + odds(x, t_x, T)) if x else 1.0


def odds(x, t_x, T, *, less=1):  # noqa: N803
    """Return the odds of having left, by the formula for those who came back."""
    r, alpha, a, b = MODEL.values()
    return a / (b + x - less) * ((alpha + T) / (alpha + t_x)) ** (r + x)


def rate_for_ever():
    """Return the purchases of the year if nobody ever left, at each customer's own mean rate."""
    known = summary()
    return 52 * updated_rate(MODEL["r"], MODEL["alpha"], known["frequency"], known["T"]).sum()


def expected(horizon=52):
    """Return how many purchases the model expects of each customer."""
    return model().expected_purchases(horizon, summary())


def errors(measure, *, predicted=None, last=None):
    """Return a measure of the errors of the three forecasts."""
    forecasts = {
        "model": expected() if predicted is None else predicted,
        "last year": last_year() if last is None else last,
        "nothing": 0 * later(),
    }
    return {name: float(measure(later() - forecast)) for name, forecast in forecasts.items()}


def root_mean_square(errors):
    """Return the root of the mean of the squares."""
    return np.sqrt((errors**2).mean())


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
            "Customers who never came back have a `frequency` of 0: leave them out.",
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
                "median-for-mean",
                lambda: summary()["t_x"][summary()["frequency"] > 0].median(),
                "That is the median; the task asks for the mean.",
                "Use `.mean()`.",
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
            Number(decimals=6), calls=[(0.8, 9, 12, 52), (0.8, 9, 0, 26), (2, 10, 5, 10)]
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
                "That is weeks per purchase; the task asks for purchases per week.",
                "Turn the ratio round.",
            ),
        ],
        after="The longer somebody is watched, the less the others count.",
    ),
    Task(
        "9.3",
        "The probability of being alive",
        name="alive",
        kind=Function(
            Number(decimals=4),
            calls=[(14, 70, 90), (2, 70, 90), (5, 30, 90), (1, 12.5, 40), (0, 0, 40)],
        ),
        truth=alive,
        section="Who is still there, and what will they buy?",
        hints=[
            "First the odds that the customer has left, then the probability from them.",
            "Without a repeat purchase there was no occasion to leave: look at `x == 0` first.",
        ],
        mistakes=[
            Mistake(
                "none-without-repeat",
                lambda x, t_x, T: 1 / (1 + odds(x, t_x, T)),
                "It is right for customers who came back, and not for those without a repeat "
                "purchase.",
                "At `x == 0` nobody has had occasion to leave in this model: return that.",
            ),
            Mistake(
                "left-for-alive",
                lambda x, t_x, T: 1 - alive(x, t_x, T),
                "That is the probability that the customer has *left*.",
                "Take 1 minus it.",
            ),
            Mistake(
                "odds-for-probability",
                lambda x, t_x, T: odds(x, t_x, T) if x else 0.0,
                "Those are the odds of having left, not a probability.",
                "Divide 1 by 1 plus the odds.",
            ),
            Mistake(
                "sister-for-model",
                lambda x, t_x, T: 1 / (1 + odds(x, t_x, T, less=0)) if x else 1.0,
                "You divided `a` by `b + x`, as if there were an occasion to leave after the "
                "first purchase.",
                "It is `b + x - 1`: the first purchase does not count.",
            ),
            Mistake(
                "upside-down",
                lambda x, t_x, T: 1 / (1 + odds(x, T, t_x)) if x else 1.0,
                "The power is upside down: a long silence makes your customers more alive.",
                "`alpha + T` belongs above the line, `alpha + t_x` below.",
            ),
            Mistake(
                "silence-for-age",
                lambda x, t_x, T: 1 / (1 + odds(x, T - t_x, T)) if x else 1.0,
                "You used the time since the last purchase in the place of the age at it.",
                "`t_x` is given as it is needed.",
            ),
        ],
        after="Somebody who comes rarely may be silent for long, and still be there: it is Ben.",
    ),
    Task(
        "9.4",
        "The purchases of the next year",
        name="expected_total",
        kind=Number(unit="purchases", decimals=0),
        truth=lambda: expected().sum(),
        section="Who is still there, and what will they buy?",
        hints=[
            "The summary of `before`, in weeks, is what the model takes.",
            "`model.expected_purchases(52, summary)` has a number for each customer.",
        ],
        mistakes=[
            Mistake(
                "future-seen",
                lambda: model().expected_purchases(52, summary(pd.Timestamp("2026-06-30"))).sum(),
                "You summarised all orders, including those of the year to be predicted.",
                "Make the summary of `before`, observed until `then`.",
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
                lambda: (model().probability_alive(summary()) * expected()).sum(),
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
            Mistake(
                "same-as-last-year",
                lambda: last_year().sum(),
                "That is what they bought in the year before.",
                "Ask the model for the next 52 weeks.",
            ),
            Mistake(
                "repeat-buyers-for-all",
                lambda: expected()[summary()["frequency"] > 0].sum(),
                "You left out the customers who never came back: the model expects some of them "
                "to.",
                "Give the summary of all customers.",
            ),
            Mistake(
                "horizon-in-days",
                lambda: expected(364).sum(),
                "Your horizon is in days; the model counts in weeks.",
                "A year is 52 weeks.",
            ),
        ],
        after="Compare it with `later.sum()`: near, and with nobody's future seen.",
    ),
    Task(
        "9.5",
        "Judged by what came",
        name="rmse",
        kind=Mapping(Number(unit="purchases", decimals=3)),
        truth=lambda: errors(root_mean_square),
        section="Which error?",
        hints=[
            "The error of each customer is `later` minus the forecast. In which order come "
            "square, mean and root?",
            "The forecast of the model needs the summary of `before`; that of nothing is 0 for "
            "everybody.",
        ],
        mistakes=[
            Mistake(
                "mae-for-rmse",
                lambda: errors(lambda e: e.abs().mean()),
                "Those are mean absolute errors.",
                "Square each error, take the mean, then the root.",
            ),
            Mistake(
                "no-root",
                lambda: errors(lambda e: (e**2).mean()),
                "Those are mean squared errors, in purchases squared.",
                "Take the root of each.",
            ),
            Mistake(
                "error-of-the-total",
                lambda: errors(lambda e: abs(e.mean())),
                "You took the mean of the errors: what is too high for one customer makes up for "
                "what is too low for another.",
                "Square each customer's error before you take the mean.",
            ),
            Mistake(
                "all-so-far-for-last-year",
                lambda: errors(root_mean_square, last=summary()["frequency"]),
                'For "last year" you took all repeat purchases so far.',
                "Take `last_year`.",
            ),
            Mistake(
                "as-new",
                lambda: errors(root_mean_square, predicted=model().expected_purchases(52)),
                'For "model" you took each for a new customer.',
                "Give the summary as the second argument of `expected_purchases`.",
            ),
            Mistake(
                "spread-for-error",
                lambda: errors(lambda e: e.std(ddof=0)),
                "You took the standard deviation of the errors, which forgives a forecast that is "
                "too high, or too low, for everybody.",
                "Square the errors themselves, not their distance from their mean.",
            ),
        ],
        after="The model is ahead; to call that more than chance, draw the customers again.",
        equivalent={"0 * later without the second": "the number 0 is taken for everybody"},
    ),
    Task(
        "9.6",
        "The constant that MAE likes",
        name="best_constant",
        kind=Number(unit="purchases", decimals=1),
        truth=lambda: later()[last_year() >= 5].median(),
        section="Which error?",
        hints=["Which number has at most half of the customers above it, and at most half below?"],
        mistakes=[
            Mistake(
                "mean-for-median",
                lambda: later()[last_year() >= 5].mean(),
                "That is the mean, which makes the RMSE smallest.",
                "Ask which number makes the sum of the *absolute* errors smallest.",
                within=0.01,
            ),
            Mistake(
                "all-customers",
                lambda: later().median(),
                "That is the median of all customers, and what the busy ones do most often.",
                "Keep those with at least 5 purchases in `last_year`, and take the middle of them.",
            ),
            Mistake(
                "buyers-only",
                lambda: later()[(last_year() >= 5) & (later() > 0)].median(),
                "You left out the customers who bought nothing later, or one of those with 5: they "
                "belong to the prediction.",
                "Keep all with `last_year >= 5`, and take `later` as it is.",
            ),
            Mistake(
                "before-for-later",
                lambda: last_year()[last_year() >= 5].median(),
                "That is what they bought in the year before.",
                "The errors are those on `later`.",
            ),
        ],
        after="Even the busiest: half of them buy two or fewer. Budgets need means.",
    ),
]
