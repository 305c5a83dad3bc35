"""The engine: one loop on a heap, in simulated time, over a log and what the rules make of it."""

import heapq
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.automation import inputs
from funnelkit.automation.conditions import meets
from funnelkit.automation.problems import find_problems
from funnelkit.automation.rules import read_rules

__all__ = ["OUTCOMES", "Engine", "outcome_table", "run"]

OUTCOMES = ("done", "stopped", "no consent", "capped", "waiting")
CONSENT, EVENT, ACTION = range(3)  # what comes first at one moment


@dataclass
class Entry:
    """One entry of a contact into a rule, and what came of it."""

    rule: object
    user: object
    key: object
    number: int
    entered: int
    fields: dict
    outcome: str = "waiting"
    at: int | None = None


def run(log, rules, *, contacts=None, consents=None, observed_until=None):
    """Let a table of rules act on a log, in simulated time, and return the ledger.

    Parameters
    ----------
    log : DataFrame
        What happened: columns `user_id`, `event`, `timestamp`, and those that conditions and entry
        keys name. The order of its rows does not matter.
    rules : DataFrame
        One row per rule. `rule` is its name; `trigger` the event that starts it; `wait` how long
        it waits then; `action` is "mail", "task" (for an adviser) or "stage" (a move in the CRM);
        `name` says what is sent or done. May be left out, or empty: `entry_key`, the column whose
        values are entered one by one (``"user_id"``); `re_entry`, which is "once" (the default),
        "after_exit" (not while an earlier entry waits) or "always"; `condition` on the fields of
        the event or contact when it enters, such as ``points >= 2 and channel == 'seo'``; `stop`,
        the events that end the waiting, separated by commas; `cap` and `per`, at most so many of
        the action per contact in so long, by whatever rule; `consent`, whether it needs the
        contact's consent (True).
    contacts : DataFrame, optional
        One row per `user_id`, with fields for the conditions.
    consents : DataFrame, optional
        Who agreed to be written to, and who withdrew: `user_id`, `timestamp`, `consent`. Who has
        no row has not agreed. Needed if a rule needs consent.
    observed_until : date, optional
        When the run ends, by default with the last row of the log. What is due later is "waiting".

    Returns
    -------
    DataFrame
        The ledger: one row per entry, in the order in which they came. `key` identifies it,
        ``rule/user/key/number``, the same in every run; `entered`, when it came; `due`, when it is
        to act; `at`, when it was decided; `outcome`, which is "done", "stopped", "no consent",
        "capped" or "waiting".

    Raises
    ------
    ValueError
        If the rules have a problem that `check_rules` finds.

    Notes
    -----
    Consent and cap are looked at when the action is due, not when it is scheduled, consent first.
    A consent once withdrawn stays so, whatever comes later. An action that is held back is not
    tried again. The cap counts those of the last `per`, of which one exactly `per` ago is none.

    At one moment, consents come first, then events, then actions. Events of one moment are taken
    by contact, then by name, then by the fields that the rules use; an event first stops, then
    starts, rules in the order of the table. Actions due at one moment are taken by contact, then
    in the order of the table. The event that an action makes, such as ``mail:welcome``, is taken
    before the next action, and has the fields of the event that began it. A stop ends the entries
    of its contact that have the same entry key; without a value in that column, all of them.

    Examples
    --------
    >>> log = pd.DataFrame({"user_id": ["ann", "ben", "ben"]})
    >>> log["event"] = ["lead", "lead", "customer"]
    >>> log["timestamp"] = pd.to_datetime(["2026-03-02", "2026-03-03", "2026-03-04"])
    >>> rules = pd.DataFrame({"rule": ["nudge"], "trigger": ["lead"], "wait": ["2D"]})
    >>> rules = rules.assign(action="mail", name="offer", stop="customer", consent=False)
    >>> run(log, rules, observed_until="2026-03-31")[["key", "at", "outcome"]]
                     key         at  outcome
    0  nudge/ann/ann/1 2026-03-04     done
    1  nudge/ben/ben/1 2026-03-04  stopped
    """
    _inputs.need_columns(log, ["event"], "log")
    _inputs.need_rows(log, "log", "there is nothing to act on")
    engine = Engine(rules, inputs.event_names(log).unique().tolist(), contacts=contacts)
    engine.advance(log, consents=consents, observed_until=observed_until)
    return engine.ledger()


class Engine:
    """The engine that `run` runs, for a log that comes in batches.

    What waits at the end of a batch goes on waiting in the next one, so that several batches give
    the same ledger as all of the log at once. The clock only runs forwards.

    Parameters
    ----------
    rules : DataFrame
        As in `run`.
    events : list of str
        The events that the log can hold.
    contacts : DataFrame, optional
        As in `run`.

    Examples
    --------
    >>> rules = pd.DataFrame({"rule": ["call"], "trigger": ["lead"], "wait": ["2D"]})
    >>> rules = rules.assign(action="task", name="ring", consent=False)
    >>> engine = Engine(rules, ["lead"])
    >>> week = pd.DataFrame({"user_id": ["ann"], "event": ["lead"], "timestamp": ["2026-03-08"]})
    >>> engine.advance(week, observed_until="2026-03-08").ledger()["outcome"].tolist()
    ['waiting']
    >>> engine.advance(week.iloc[:0], observed_until="2026-03-15").ledger()["outcome"].tolist()
    ['done']
    """

    def __init__(self, rules, events, *, contacts=None):
        self._rules = read_rules(rules)
        names = inputs.names_of_events(events)
        problems = find_problems(self._rules, names, None)
        if problems:
            rule, problem, remedy = problems[0]
            raise ValueError(
                f"rule {rule!r} has a problem, the first of {len(problems)}, {problem}: {remedy}; "
                "automation.check_rules lists them all"
            )
        self._contacts = inputs.read_contacts(contacts)
        self._clock = None  # until when the engine has run, in nanoseconds
        self._heap = []
        self._entries = []
        self._agreed, self._withdrawn = set(), set()
        self._open = defaultdict(list)  # by rule and contact: the entries that wait
        self._entered = Counter()  # by rule, contact and key
        self._acted = defaultdict(list)  # by contact and action: when
        self._sequence = 0
        self._user_kind = None

    def advance(self, log, *, consents=None, observed_until=None):
        """Run over the next rows of the log, up to a moment; return the engine itself.

        Parameters
        ----------
        log : DataFrame
            The rows since the last call; it may have none.
        consents : DataFrame, optional
            The consents given and withdrawn since the last call.
        observed_until : date, optional
            Until when, by default the last row of the log.
        """
        events, times, users = inputs.read_log(log, self._rules, self._contacts)
        given = inputs.read_consents(consents, self._rules, first=self._clock is None)
        until = inputs.read_end(observed_until, times, self._clock)
        inputs.need_within("log", times, self._clock, until)
        inputs.need_within("consents", given["timestamp"], self._clock, until)
        kinds = {"log": users, "consents": given["user_id"]}
        self._user_kind = inputs.need_same_kind(self._user_kind, self._contacts, kinds)
        for time, user, agreed in given.itertuples(index=False, name=None):
            self._push(time, CONSENT, user, 0, agreed)
        for time, user, event, fields in events:
            self._push(time, EVENT, user, 0, (event, fields))
        while self._heap and self._heap[0][0] <= until:
            time, phase, user, _, _, what = heapq.heappop(self._heap)
            if phase == CONSENT:
                (self._agreed if what else self._withdrawn).add(user)
            elif phase == EVENT:
                self._happen(time, user, *what)
            elif what.outcome == "waiting":
                self._act(time, what)
        self._clock = until
        return self

    def _push(self, time, phase, user, order, what):
        """Put something on the heap; the sequence keeps what comes at once in order."""
        self._sequence += 1
        heapq.heappush(self._heap, (time, phase, user, order, self._sequence, what))

    def _happen(self, time, user, event, fields):
        """Let an event stop what waits for it, then start what it triggers."""
        for rule in self._rules:
            if event in rule.stop:
                self._stop(time, rule, user, fields.get(rule.entry_key))
        for rule in self._rules:
            if rule.trigger == event and meets(rule.condition, fields):
                self._enter(time, rule, user, fields)

    def _stop(self, time, rule, user, key):
        waiting = self._open[rule.order, user]
        stopped = [entry for entry in waiting if key is None or entry.key == key]
        for entry in stopped:
            self._settle(entry, "stopped", time)

    def _enter(self, time, rule, user, fields):
        key = fields[rule.entry_key]
        before = self._entered[rule.order, user, key]
        waiting = any(entry.key == key for entry in self._open[rule.order, user])
        if (rule.re_entry == "once" and before) or (rule.re_entry == "after_exit" and waiting):
            return
        self._entered[rule.order, user, key] = before + 1
        entry = Entry(rule, user, key, before + 1, time, fields)
        self._entries.append(entry)
        self._open[rule.order, user].append(entry)
        self._push(time + rule.wait, ACTION, user, rule.order, entry)

    def _act(self, time, entry):
        """Do what is due, if consent and cap allow it now; the event that this makes comes next."""
        rule, user = entry.rule, entry.user
        agrees = user in self._agreed and user not in self._withdrawn
        times = self._acted[user, rule.action]
        if rule.consent and not agrees:
            self._settle(entry, "no consent", time)
        elif rule.cap and len(times) - bisect_right(times, time - rule.per) >= rule.cap:
            self._settle(entry, "capped", time)
        else:
            self._settle(entry, "done", time)
            times.append(time)
            self._push(time, EVENT, user, 0, (rule.event, entry.fields))

    def _settle(self, entry, outcome, time):
        entry.outcome, entry.at = outcome, time
        self._open[entry.rule.order, entry.user].remove(entry)

    def ledger(self):
        """Return the ledger, as `run` does: one row per entry so far."""
        rows = self._entries
        moments = {
            "entered": [entry.entered for entry in rows],
            "due": [entry.entered + entry.rule.wait for entry in rows],
            "at": [pd.NaT.value if entry.at is None else entry.at for entry in rows],
        }
        texts = {
            "key": [f"{e.rule.rule}/{e.user}/{e.key}/{e.number}" for e in rows],
            "rule": [entry.rule.rule for entry in rows],
            "user_id": [entry.user for entry in rows],
            "action": [entry.rule.action for entry in rows],
            "name": [entry.rule.name for entry in rows],
        }
        table = pd.DataFrame(texts)
        for name, values in moments.items():
            table[name] = np.array(values, dtype="int64").astype("datetime64[ns]")
        return table.assign(outcome=[entry.outcome for entry in rows])


def outcome_table(ledger):
    """Count what came of the entries of each rule.

    Parameters
    ----------
    ledger : DataFrame
        What `run` returned: columns `rule` and `outcome`.

    Returns
    -------
    DataFrame
        One row per rule, in the order in which they first acted: `entries`, and how many of them
        are "done", "stopped", "no consent", "capped", "waiting".

    Examples
    --------
    >>> ledger = pd.DataFrame({"rule": ["a", "a", "b"], "outcome": ["done", "capped", "done"]})
    >>> outcome_table(ledger)
          entries  done  stopped  no consent  capped  waiting
    rule
    a           2     1        0           0       1        0
    b           1     1        0           0       0        0
    """
    _inputs.need_columns(ledger, ["rule", "outcome"], "ledger")
    rule = _inputs.ids(ledger["rule"], "rule")
    outcome = _inputs.ids(ledger["outcome"], "outcome")
    remedy = f"give a ledger as run returns it, with {', '.join(OUTCOMES)}"
    strange = ~outcome.isin(OUTCOMES)
    _inputs.refuse(strange, "column 'outcome' is not known", remedy, outcome, index=ledger.index)
    table = pd.crosstab(rule.to_numpy(), outcome.to_numpy())
    table = table.reindex(index=pd.Index(rule.unique(), name="rule"), columns=list(OUTCOMES))
    table = table.fillna(0).astype(int).rename_axis(columns=None)
    table.insert(0, "entries", table.sum(axis=1))
    return table
