"""The metric contract: what each metric of the course counts, over whom, in which unit and window.

A subject writes down its own metrics, in `METRICS` at the end of its module; here they are
gathered, in the order of the subjects. Each has an example worked by hand, to which a test holds
the function.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

import funnelkit
from funnelkit import _inputs

__all__ = ["EXAMPLE_EVENTS", "Example", "Metric", "contract", "example_events", "gathered"]


def __dir__():
    return __all__


@dataclass(frozen=True)
class Example:
    """A metric worked by hand.

    Attributes
    ----------
    arguments : mapping
        What the metric's function is called with. ``"events"`` stands for `example_events()`.
    numerator, denominator : number, or a tuple of numbers
        For a rate, the two counts. For a median, the sorted values and how many they are.
    where : tuple
        Row and column of the function's result in which the metric stands, of a Series its
        label alone; empty when the result is the metric.
    """

    arguments: Mapping
    numerator: float | tuple
    denominator: float
    where: tuple = ()


@dataclass(frozen=True)
class Metric:
    """What a metric means: what is counted, over whom, in which unit and window.

    Attributes
    ----------
    name : str
        Its name in the contract.
    formula : str
        LaTeX, without the dollar signs.
    numerator, denominator : str
        What is counted (or, for a median, ranked), and over whom.
    unit : str
        Unit of the result.
    window : str
        The time within which things must happen to count.
    function : str
        Dotted name of the function that computes it.
    example : Example
        Worked by hand; a test holds the function to it.
    """

    name: str
    formula: str
    numerator: str
    denominator: str
    unit: str
    window: str
    function: str
    example: Example = field(repr=False)

    def compute(self):
        """Run the function on the metric's example and return the result.

        Returns
        -------
        float
            In the unit of the metric; durations in days.

        Examples
        --------
        >>> gathered()["conversion_rate"].compute()
        0.2
        """
        module, _, name = self.function.rpartition(".")
        function = getattr(importlib.import_module(module), name)
        arguments = dict(self.example.arguments)
        if "events" in arguments:
            arguments["events"] = example_events()
        result = function(**arguments)
        if self.example.where:
            result = result.loc[self.example.where]
        return result / pd.Timedelta("1D") if self.unit == "days" else float(result)


EXAMPLE_EVENTS = (
    # Seven people, one calendar week and a half; the first week is 2 to 8 March.
    ("ann", "visit", "2026-03-02 09:00"),
    ("ann", "lead", "2026-03-03 09:00"),
    ("ann", "opportunity", "2026-03-05 09:00"),
    ("ann", "customer", "2026-03-09 09:00"),
    ("ben", "visit", "2026-03-03 12:00"),
    ("ben", "lead", "2026-03-04 12:00"),
    ("ben", "opportunity", "2026-03-10 12:00"),
    ("cat", "visit", "2026-03-04 10:00"),
    ("cat", "lead", "2026-03-04 10:30"),
    ("dan", "visit", "2026-03-05 18:00"),
    ("gus", "visit", "2026-03-07 08:00"),
    ("gus", "lead", "2026-03-08 08:00"),
    ("gus", "opportunity", "2026-03-09 08:00"),
    ("gus", "customer", "2026-03-18 08:00"),
    ("eve", "visit", "2026-03-09 15:00"),
    ("eve", "lead", "2026-03-09 16:00"),
    ("eve", "opportunity", "2026-03-11 15:00"),
    ("eve", "customer", "2026-03-13 15:00"),
    ("fay", "visit", "2026-03-10 20:00"),
)


def example_events():
    """Return the small log of seven people on which the contract's examples are worked.

    Returns
    -------
    DataFrame
        Columns `user_id`, `event`, `timestamp`.

    Examples
    --------
    >>> example_events().head(4)
      user_id        event           timestamp
    0     ann        visit 2026-03-02 09:00:00
    1     ann         lead 2026-03-03 09:00:00
    2     ann  opportunity 2026-03-05 09:00:00
    3     ann     customer 2026-03-09 09:00:00
    """
    events = pd.DataFrame(EXAMPLE_EVENTS, columns=["user_id", "event", "timestamp"])
    return events.assign(timestamp=events["timestamp"].astype("datetime64[s]"))


def gathered():
    """Return the metrics of all subjects by their names: each subject keeps its own `METRICS`.

    Returns
    -------
    dict of str to Metric

    Examples
    --------
    >>> gathered()["conversion_rate"].unit
    'share of visitors'
    """
    subjects = [getattr(funnelkit, name) for name in funnelkit.SUBJECTS]
    return {metric.name: metric for subject in subjects for metric in subject.METRICS}


def contract(*names):
    """Return the metric contract as a table, to be read.

    Parameters
    ----------
    *names : str
        Which metrics; all of them when none is named.

    Returns
    -------
    DataFrame
        One row per metric, in the order asked for: `formula` (typeset by a notebook),
        `numerator`, `denominator`, `unit`, `window`, `computed_by`.

    Examples
    --------
    >>> contract("step_rate", "overall_rate")["denominator"]
    metric
    step_rate           users who reached the step before
    overall_rate         users who reached the first step
    Name: denominator, dtype: str
    """
    known = gathered()
    for name in names:
        _inputs.need_known(name, known, "metric in the contract")
    rows = []
    for metric in [known[name] for name in names or known]:
        where = metric.example.where
        column = where[1] if len(where) == 2 else ""
        computed_by = metric.function.removeprefix("funnelkit.")
        rows.append(
            {
                "metric": metric.name,
                "formula": f"${metric.formula}$",
                "numerator": metric.numerator,
                "denominator": metric.denominator,
                "unit": metric.unit,
                "window": metric.window,
                "computed_by": computed_by + (f" → {column}" if column else ""),
            }
        )
    return pd.DataFrame(rows).set_index("metric")
