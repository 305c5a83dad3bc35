"""The one task of lesson 00, which shows how tasks work."""

import funnelkit
from funnelkit.exercises.kinds import Number
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

TASKS = [
    Task(
        "0.1",
        "How much of the log is page views",
        name="page_view_share",
        kind=Number(unit="fraction", decimals=2),
        truth=lambda: (funnelkit.load("events")["event"] == "page_view").mean(),
        section="Your first task",
        hints=["A comparison such as `events['event'] == 'visit'` has True or False in each row."],
        mistakes=[
            percent_for_fraction(),
            Mistake(
                "number-for-share",
                lambda: (funnelkit.load("events")["event"] == "page_view").sum(),
                "That is how many rows there are; the task asks for their share of all rows.",
                "Divide by the number of rows.",
                within=0.001,
            ),
        ],
        after="Most of what a tracker records is people reading.",
    ),
]
