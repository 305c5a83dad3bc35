"""What is wrong with a table of rules, found before it runs: it is a graph of events."""

import re

import pandas as pd

from funnelkit import _inputs
from funnelkit.automation.conditions import contradicts
from funnelkit.automation.inputs import names_of_events
from funnelkit.automation.rules import read_rules

__all__ = ["check_rules", "find_problems"]


def check_rules(rules, events, *, fields=None):
    """Return what is wrong with a table of rules: no rows, if nothing is.

    Parameters
    ----------
    rules : DataFrame
        One row per rule, as `run` has them. A cell that cannot be read raises an error at once.
    events : list of str
        The events that a log can hold. Those that the rules make themselves are known besides.
    fields : list of str, optional
        The columns that a condition or an entry key may name; None: they are not checked here.

    Returns
    -------
    DataFrame
        One row per problem: the `rule`, the `problem`, and the `remedy`.

    Notes
    -----
    Each action makes an event of the name ``action:name``, such as ``mail:welcome``. An arrow runs
    from one rule to another that this event triggers. A circle of arrows never comes to rest,
    unless one of its rules lets each entry key in ``once``. A cap is no such end: it never bites
    where the waits are as long as its time. A rule can never fire if no way leads to it from the
    events of the log, if its condition contradicts itself, or if its cap is 0.

    Examples
    --------
    >>> rules = pd.DataFrame(
    ...     {
    ...         "rule": ["hello", "again"],
    ...         "trigger": ["laed", "mail:again"],
    ...         "wait": ["0h", "7D"],
    ...         "action": "mail",
    ...         "name": ["hello", "again"],
    ...     }
    ... )
    >>> check_rules(rules, ["visit", "lead"])[["rule", "problem"]]
        rule                                     problem
    0  hello                      unknown trigger 'laed'
    1  again  can never fire: only 'again' can start it
    """
    rows = find_problems(read_rules(rules), names_of_events(events), _fields(fields))
    return pd.DataFrame(rows, columns=["rule", "problem", "remedy"]).astype(str)


def _fields(fields):
    if fields is None:
        return None
    names = _inputs.names("fields", fields)
    _inputs.need_texts(**{f"field {number}": name for number, name in enumerate(names)})
    return names


def find_problems(rules, events, fields):
    """Return (rule, problem, remedy) for all that is wrong, in the order of the rules."""
    known = [*events, *(rule.event for rule in rules)]
    starts = _can_start(rules, events)
    rows = []
    for rule in rules:
        found = [
            *_unknown(rule, known, fields),
            *_never(rule, rules, known, starts),
            *_endless(rule, rules, starts),
        ]
        rows += [(rule.rule, *each) for each in found]
    return rows


def _unknown(rule, known, fields):
    """Yield names that nothing has."""
    for part, name in [("trigger", rule.trigger), *(("stop", each) for each in rule.stop)]:
        if name not in known:
            yield f"unknown {part} {name!r}", _remedy(part, name, known)
    if fields is not None:
        for name in dict.fromkeys([rule.entry_key, *(each.field for each in rule.condition)]):
            if name not in fields:
                yield f"unknown field {name!r}", _inputs.close_to(name, fields)


def _remedy(part, name, known):
    """Return what to do about an unknown event; several stops are often written as one."""
    pieces = [each.strip() for each in re.split(r"[;|/]|\band\b|\bor\b", name)]
    if part == "stop" and len(pieces) > 1:
        return f"separate several by commas: {', '.join(filter(None, pieces))!r}"
    return _inputs.close_to(name, known)


def _can_start(rules, events):
    """Return the orders of the rules that events of the log lead to, directly or through others."""
    seen, reached = set(events), set()
    while True:
        new = {r.order for r in rules if r.trigger in seen and _can_act(r)} - reached
        if not new:
            return reached
        reached |= new
        seen |= {rule.event for rule in rules if rule.order in new}


def _can_act(rule):
    return contradicts(rule.condition) is None and rule.cap != 0


def _never(rule, rules, known, starts):
    """Yield why a rule can never fire."""
    field = contradicts(rule.condition)
    if field is not None:
        remedy = "correct the comparisons, or make two rules of it"
        yield f"can never fire: no value of {field!r} meets its condition", remedy
    if rule.cap == 0:
        yield "can never fire: its cap is 0", "give a cap of at least 1, or drop the rule"
    if rule.order not in starts and _can_act(rule) and rule.trigger in known:
        by = " and ".join(repr(each.rule) for each in rules if each.event == rule.trigger)
        remedy = "let an event of the log trigger one of them"
        yield f"can never fire: only {by} can start it", remedy


def _endless(rule, rules, starts):
    """Yield the circle that begins with this rule, if it never ends; each circle is told once."""
    open_rules = [each for each in rules if each.re_entry != "once" and each.order in starts]
    path = _way_back(rule, open_rules) if rule in open_rules else None
    if path and rule.order == min(each.order for each in path):
        circle = " → ".join(each.rule for each in [*path, rule])
        what = "mails" if any(each.action == "mail" for each in path) else "acts"
        yield f"{what} for ever: {circle}", 'set the re_entry of one of them to "once"'


def _way_back(rule, rules):
    """Return the shortest circle of rules from a rule back to itself, or None."""
    paths, seen = [[rule]], {rule.order}
    while paths:
        path = paths.pop(0)
        for following in rules:
            if following.trigger != path[-1].event:
                continue
            if following is rule:
                return path
            if following.order not in seen:
                seen.add(following.order)
                paths.append([*path, following])
    return None
