"""Automation: a table of rules, checked before it runs, and the engine that acts on a log by it.

A rule says which event starts it (*trigger*), for whom it starts again (*entry key*, *re-entry*),
on which *condition*, how long it *waits*, what it does (*action*), which event *stops* it while it
waits, and which *cap* and *consent* hold when it acts. `check_rules` finds what is wrong with a
table of rules; `run` lets it act on a log in simulated time; `Engine` does so batch by batch. What
comes of it is a *ledger*, one row per entry, which `outcome_table` counts.

Input is checked as `funnelkit._inputs` says.
"""

from funnelkit.automation.engine import Engine, outcome_table, run
from funnelkit.automation.problems import check_rules
from funnelkit.automation.rules import ACTIONS, RE_ENTRY

__all__ = ["ACTIONS", "Engine", "METRICS", "RE_ENTRY", "check_rules", "outcome_table", "run"]


def __dir__():
    return __all__


METRICS = ()
