"""The rules engine: what it does by hand, against a plain second one, and what it refuses."""

import random
from collections import Counter

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funnelkit import automation

START = pd.Timestamp("2026-03-02")
EVENTS = ["visit", "lead", "customer"]


def log_of(*rows, **columns):
    """Make a log of (user, event, hours since the start)."""
    users, events, hours = zip(*rows, strict=True)
    times = [START + pd.Timedelta(hours=hour) for hour in hours]
    return pd.DataFrame({"user_id": users, "event": events, "timestamp": times, **columns})


def rules_of(*rows):
    """Make a table of rules; what is not given is a mail to leads, at once, without consent."""
    usual = {"trigger": "lead", "wait": "0h", "action": "mail", "consent": False}
    named = [{"rule": f"r{k}", "name": f"m{k}", **usual, **row} for k, row in enumerate(rows)]
    return pd.DataFrame(named)


def run(log, *rows, until=240, **options):
    """Run rules over a log, to so many hours after the start."""
    end = START + pd.Timedelta(hours=until, seconds=1)
    return automation.run(log, rules_of(*rows), observed_until=end, **options)


def said(ledger):
    """Return what came of each entry and when, in hours since the start."""
    hours = (ledger["at"] - START) / pd.Timedelta("1h")
    return list(zip(ledger["outcome"], hours.fillna(-1), strict=True))


def consents_of(*rows):
    users, hours, given_ = zip(*rows, strict=True)
    times = [START + pd.Timedelta(hours=hour) for hour in hours]
    return pd.DataFrame({"user_id": users, "timestamp": times, "consent": given_})


# ---------------------------------------------------------------- by hand


def test_a_rule_waits_and_then_acts():
    ledger = run(log_of(("ann", "lead", 3)), {"wait": "48h"})
    assert said(ledger) == [("done", 51)]
    assert ledger.loc[0, ["key", "rule", "action", "name"]].tolist() == [
        "r0/ann/ann/1",
        "r0",
        "mail",
        "m0",
    ]


def test_a_stop_ends_the_waiting_even_at_the_very_moment():
    log = log_of(("ann", "lead", 0), ("ann", "customer", 24), ("ben", "lead", 0))
    ledger = run(log, {"wait": "24h", "stop": "customer"})
    assert said(ledger) == [("stopped", 24), ("done", 24)]


def test_any_of_several_events_may_stop():
    log = log_of(
        ("ann", "lead", 0), ("ann", "visit", 3), ("ben", "lead", 0), ("ben", "customer", 4)
    )
    ledger = run(log, {"wait": "24h", "stop": "customer, visit"})
    assert said(ledger) == [("stopped", 3), ("stopped", 4)]
    assert problems({"stop": "customer, vist"}) == ["unknown stop 'vist'"]


def test_what_is_not_due_when_the_run_ends_waits():
    assert said(run(log_of(("ann", "lead", 0)), {"wait": "48h"}, until=47)) == [("waiting", -1)]


def test_by_default_the_run_ends_with_the_log():
    ledger = automation.run(log_of(("ann", "lead", 0)), rules_of({}, {"wait": "1h"}))
    assert ledger["outcome"].tolist() == ["done", "waiting"]


@pytest.mark.parametrize(
    ("policy", "entered"), [("once", [0]), ("after_exit", [0, 30]), ("always", [0, 6, 30])]
)
def test_re_entry_policies(policy, entered):
    log = log_of(("ann", "lead", 0), ("ann", "lead", 6), ("ann", "lead", 30))
    ledger = run(log, {"wait": "24h", "re_entry": policy})
    assert ((ledger["entered"] - START) / pd.Timedelta("1h")).tolist() == entered
    assert ledger["key"].tolist() == [f"r0/ann/ann/{k + 1}" for k in range(len(entered))]


def test_once_means_once_for_each_entry_key():
    log = log_of(*[("ann", "lead", k) for k in range(3)], order=["o1", "o2", "o1"])
    ledger = run(log, {"entry_key": "order"})
    assert ledger["key"].tolist() == ["r0/ann/o1/1", "r0/ann/o2/1"]


def test_a_stop_ends_the_entry_of_its_own_key_and_without_a_key_all():
    rows = [("ann", "lead", 0), ("ann", "lead", 0), ("ann", "customer", 1)]
    rule = {"entry_key": "order", "wait": "24h", "stop": "customer"}
    ledger = run(log_of(*rows, order=["o1", "o2", "o2"]), rule)
    assert ledger["outcome"].tolist() == ["done", "stopped"]
    ledger = run(log_of(*rows, order=["o1", "o2", None]), rule)
    assert ledger["outcome"].tolist() == ["stopped", "stopped"]


def test_seven_days_without_a_visit_is_a_rule_that_its_own_trigger_stops():
    log = log_of(("ann", "visit", 0), ("ann", "visit", 100), ("ann", "visit", 300))
    rule = {"trigger": "visit", "stop": "visit", "wait": "7D", "re_entry": "always"}
    assert said(run(log, rule, until=400)) == [("stopped", 100), ("done", 268), ("waiting", -1)]


def test_consent_is_looked_at_when_sending_and_not_when_scheduling():
    log = log_of(("ann", "lead", 2), ("ben", "lead", 2), ("cem", "lead", 2))
    consents = consents_of(("ann", 0, True), ("ann", 20, False), ("ben", 20, True))
    ledger = run(log, {"wait": "24h", "consent": True}, consents=consents)
    assert ledger["outcome"].tolist() == ["no consent", "done", "no consent"]


def test_a_withdrawn_consent_wins_against_any_later_one():
    consents = consents_of(("ann", 0, True), ("ann", 1, False), ("ann", 2, True))
    ledger = run(log_of(("ann", "lead", 3)), {"consent": True}, consents=consents)
    assert ledger["outcome"].tolist() == ["no consent"]
    at_once = consents_of(("ann", 0, False), ("ann", 0, True))
    ledger = run(log_of(("ann", "lead", 3)), {"consent": True}, consents=at_once)
    assert ledger["outcome"].tolist() == ["no consent"]


def test_the_cap_counts_the_mails_of_all_rules_when_sending():
    log = log_of(("ann", "lead", 0), ("ann", "visit", 10), ("ann", "visit", 24))
    rows = [{}, {"trigger": "visit", "re_entry": "always", "cap": 1, "per": "1D"}]
    assert said(run(log, *rows)) == [("done", 0), ("capped", 10), ("done", 24)]


def test_a_task_is_no_mail_for_the_cap():
    log = log_of(("ann", "lead", 0))
    ledger = run(log, {"action": "task"}, {"cap": 1, "per": "1D"})
    assert ledger["outcome"].tolist() == ["done", "done"]


def test_what_is_held_back_is_not_tried_again():
    """One bad address must not make the others be mailed again, nor a cap reschedule for ever."""
    log = log_of(("bad", "lead", 0), ("ann", "lead", 0))
    consents = consents_of(("bad", 0, False), ("ann", 0, True))
    ledger = run(log, {"consent": True}, consents=consents, until=10_000)
    assert ledger["outcome"].tolist() == ["done", "no consent"]


def test_an_action_triggers_and_stops_other_rules():
    log = log_of(("ann", "lead", 0))
    rows = [
        {"wait": "1h"},
        {"trigger": "mail:m0", "wait": "2h", "action": "task"},
        {"wait": "5h", "stop": "task:m1"},
    ]
    assert said(run(log, *rows)) == [("done", 1), ("stopped", 3), ("done", 3)]


def test_a_condition_reads_log_and_contacts_and_a_missing_value_meets_none():
    users = ["ann", "ben", "cem", "dan"]
    log = log_of(*[(user, "lead", 0) for user in users], points=[3, 1, None, 3])
    contacts = pd.DataFrame({"user_id": ["ann", "ben", "cem"], "channel": "seo"})
    rule = {"condition": "points != 1 and channel == 'seo'"}
    assert run(log, rule, contacts=contacts)["user_id"].tolist() == ["ann"]


def test_actions_due_at_one_moment_come_by_contact_and_then_by_the_order_of_the_table():
    log = log_of(("ben", "lead", 0), ("ann", "lead", 0))
    rows = [{"cap": 1, "per": "1D"}, {"cap": 1, "per": "1D"}]
    ledger = run(log, *rows)
    assert ledger["user_id"].tolist() == ["ann", "ann", "ben", "ben"]
    assert ledger["outcome"].tolist() == ["done", "capped"] * 2
    other = automation.run(log, rules_of(*rows).iloc[::-1])
    assert other.loc[other["outcome"] == "done", "rule"].tolist() == ["r1", "r1"]


def test_the_event_of_an_action_comes_before_the_next_action():
    rows = [{}, {"stop": "mail:m0"}]
    assert run(log_of(("ann", "lead", 0)), *rows)["outcome"].tolist() == ["done", "stopped"]


def test_outcomes_are_counted():
    log = log_of(("ann", "lead", 0), ("ben", "lead", 0), ("ben", "customer", 1))
    table = automation.outcome_table(run(log, {"wait": "2h", "stop": "customer"}, {}))
    assert table.loc["r0"].tolist() == [2, 1, 1, 0, 0, 0]
    assert table.loc["r1"].tolist() == [2, 2, 0, 0, 0, 0]
    assert len(automation.outcome_table(run(log, {}).iloc[:0])) == 0


# ---------------------------------------------------------------- a plain second engine


def plain(log, rules, consents, until):
    """Return the outcomes by key, hour by hour and contact by contact, without a heap."""
    found = {}
    for user in sorted(set(log["user_id"])):
        mine = log[log["user_id"] == user]
        for row in one_contact(mine, rules.to_dict("records"), consents, user, until):
            found[row["key"]] = (row["outcome"], row["at"], row["entered"])
    return found


def hour_of(stamp):
    return round((stamp - START) / pd.Timedelta("1h"))


def one_contact(log, rules, consents, user, until):
    entries = []
    rows = sorted(
        ((hour_of(r.timestamp), r.event, r.order, r.points) for r in log.itertuples()),
    )
    agreed = sorted(
        (hour_of(r.timestamp), r.consent) for r in consents.itertuples() if r.user_id == user
    )

    def happen(hour, event, order, points):
        for rule in rules:
            if event in rule["stop"].split(","):
                for entry in entries:
                    same = rule["entry_key"] == "user_id" or entry["order"] == order
                    if entry["rule"] is rule and entry["outcome"] == "waiting" and same:
                        entry.update(outcome="stopped", at=hour)
        for rule in rules:
            if rule["trigger"] != event or (rule["condition"] and not points >= 2):
                continue
            key = user if rule["entry_key"] == "user_id" else order
            earlier = [e for e in entries if e["rule"] is rule and e["entry_key"] == key]
            if rule["re_entry"] == "once" and earlier:
                continue
            waiting = any(e["outcome"] == "waiting" for e in earlier)
            if rule["re_entry"] == "after_exit" and waiting:
                continue
            entries.append(
                {
                    "rule": rule,
                    "entry_key": key,
                    "order": order,
                    "points": points,
                    "key": f"{rule['rule']}/{user}/{key}/{len(earlier) + 1}",
                    "entered": hour,
                    "due": hour + round(pd.Timedelta(rule["wait"]) / pd.Timedelta("1h")),
                    "outcome": "waiting",
                    "at": None,
                }
            )

    for hour in range(until + 1):
        for time, event, order, points in rows:
            if time == hour:
                happen(hour, event, order, points)
        while True:
            due = [e for e in entries if e["outcome"] == "waiting" and e["due"] == hour]
            if not due:
                break
            entry = min(due, key=lambda e: rules.index(e["rule"]))
            rule = entry["rule"]
            known = [given_ for time, given_ in agreed if time <= hour]
            if rule["consent"] and not (any(known) and all(known)):
                outcome = "no consent"
            elif (
                pd.notna(rule["cap"])
                and sum(
                    e["outcome"] == "done"
                    and e["rule"]["action"] == rule["action"]
                    and hour - e["at"] < pd.Timedelta(rule["per"]) / pd.Timedelta("1h")
                    for e in entries
                )
                >= rule["cap"]
            ):
                outcome = "capped"
            else:
                outcome = "done"
            entry.update(outcome=outcome, at=hour)
            if outcome == "done":
                event = f"{rule['action']}:{rule['name']}"
                happen(hour, event, entry["order"], entry["points"])
    return entries


USERS = ["ann", "ben"]


def world_of(seed):
    """Make a log, rules that trigger one another, and consents; many things at one moment."""
    rng = random.Random(seed)
    hour = lambda: START + pd.Timedelta(hours=rng.randrange(21))  # noqa: E731
    log = pd.DataFrame(
        [
            {
                "user_id": rng.choice(USERS),
                "event": rng.choice(EVENTS),
                "timestamp": hour(),
                "order": rng.choice(["o1", "o2"]),
                "points": rng.randrange(4),
            }
            for _ in range(rng.randint(1, 16))
        ]
    )
    consents = [
        {"user_id": rng.choice(USERS), "timestamp": hour(), "consent": rng.random() < 0.8}
        for _ in range(rng.randint(1, 3))
    ]
    return log, rules_at_random(rng), pd.DataFrame(consents), rng.randint(20, 30)


def rules_at_random(rng):
    """Make up to five rules; now and then one that cannot run."""
    actions = [rng.choice(["mail", "mail", "task"]) for _ in range(rng.randint(1, 5))]
    made = [f"{action}:m{i}" for i, action in enumerate(actions)]
    rules = []
    for i, action in enumerate(actions):
        capped = rng.random() < 0.5
        rules.append(
            {
                "rule": f"r{i}",
                "trigger": rng.choice(EVENTS + (made if rng.random() < 0.2 else made[:i])),
                "entry_key": rng.choice(["user_id", "order"]),
                "re_entry": rng.choice(automation.RE_ENTRY),
                "condition": rng.choice(["", "points >= 2"]),
                "wait": f"{rng.choice([0, 0, 1, 2, 5, 15])}h",
                "action": action,
                "name": f"m{i}",
                "stop": ",".join(rng.sample([*EVENTS, *made], rng.randrange(3))),
                "cap": rng.randint(1, 2) if capped else None,
                "per": f"{rng.randint(1, 6)}h" if capped else None,
                "consent": rng.random() < 0.4,
            }
        )
    return pd.DataFrame(rules)


def ended_at(until):
    """One second after the hour: a date without a time would mean the end of the day."""
    return START + pd.Timedelta(hours=until, seconds=1)


def found_by(ledger):
    hours = {
        name: ((ledger[name] - START) / pd.Timedelta("1h")).round() for name in ("at", "entered")
    }
    at = [None if pd.isna(hour) else int(hour) for hour in hours["at"]]
    entered = hours["entered"].astype(int)
    rows = zip(ledger["key"], ledger["outcome"], at, entered, strict=True)
    return {key: (outcome, hour, came) for key, outcome, hour, came in rows}


slow = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


SEEDS = st.integers(0, 10**9)


def test_the_worlds_drawn_have_every_outcome_and_few_that_cannot_run():
    outcomes, refused = Counter(), 0
    for seed in range(120):
        log, rules, consents, until = world_of(seed)
        if len(automation.check_rules(rules, EVENTS)):
            refused += 1
            continue
        engine = automation.Engine(rules, EVENTS)
        engine.advance(log, consents=consents, observed_until=ended_at(until))
        outcomes.update(engine.ledger()["outcome"])
    assert (
        min(outcomes[name] for name in ["done", "stopped", "no consent", "capped", "waiting"]) > 10
    )
    assert 0 < refused < 40


@slow
@given(SEEDS)
def test_a_plain_second_engine_gives_the_same_ledger(seed):
    log, rules, consents, until = world_of(seed)
    if len(automation.check_rules(rules, EVENTS)):
        with pytest.raises(ValueError, match="has a problem"):
            automation.Engine(rules, EVENTS)
        return
    engine = automation.Engine(rules, EVENTS)
    ledger = engine.advance(log, consents=consents, observed_until=ended_at(until)).ledger()
    assert found_by(ledger) == plain(log, rules, consents, until)
    assert ledger["key"].is_unique
    assert ledger["entered"].is_monotonic_increasing


@slow
@given(SEEDS, st.integers(0, 19))
def test_no_order_of_rows_and_no_cut_into_batches_changes_the_ledger(seed, hour):
    log, rules, consents, until = world_of(seed)
    if len(automation.check_rules(rules, EVENTS)):
        return
    whole = automation.Engine(rules, EVENTS)
    whole.advance(log, consents=consents, observed_until=ended_at(until))
    shuffled = log.sample(frac=1, random_state=seed % 1000)
    parts = automation.Engine(rules, EVENTS)
    cut = ended_at(hour)
    early, soon = shuffled["timestamp"] <= cut, consents["timestamp"] <= cut
    parts.advance(shuffled[early], consents=consents[soon], observed_until=cut)
    parts.advance(shuffled[~early], consents=consents[~soon], observed_until=ended_at(until))
    pd.testing.assert_frame_equal(whole.ledger(), parts.ledger())


# ---------------------------------------------------------------- rules checked before they run


def problems(*rows, events=EVENTS, **options):
    return automation.check_rules(rules_of(*rows), events, **options)["problem"].tolist()


def test_rules_without_a_fault_have_no_problems():
    rows = [{}, {"trigger": "mail:m0", "stop": "customer"}]
    assert problems(*rows, fields=["user_id"]) == []


def test_an_unknown_trigger_or_stop_is_named_with_what_was_meant():
    table = automation.check_rules(rules_of({"trigger": "laed", "stop": "custumer"}), EVENTS)
    assert table["problem"].tolist() == ["unknown trigger 'laed'", "unknown stop 'custumer'"]
    assert table["remedy"].tolist() == ["did you mean 'lead'?", "did you mean 'customer'?"]


def test_several_stops_written_as_one_are_told_apart():
    for stop in ("customer; visit", "customer or visit"):
        (remedy,) = automation.check_rules(rules_of({"stop": stop}), EVENTS)["remedy"]
        assert remedy == "separate several by commas: 'customer, visit'"
        assert problems({"stop": "customer, visit"}) == []


def test_a_circle_is_told_whatever_its_caps_and_waits():
    rows = [{"trigger": "lead"}, {"trigger": "mail:m0", "re_entry": "always", "name": "m0"}]
    circle = "mails for ever: r1 → r1"
    for wait in ("1D", "7D"):
        assert circle in problems(*({**row, "wait": wait, "cap": 1, "per": "7D"} for row in rows))


def test_an_unknown_field_is_named():
    rows = [{"condition": "pionts >= 2", "entry_key": "order"}]
    assert problems(*rows, fields=["user_id", "points"]) == [
        "unknown field 'order'",
        "unknown field 'pionts'",
    ]


@pytest.mark.parametrize("policy", ["after_exit", "always"])
def test_a_loop_that_mails_for_ever_is_found(policy):
    rows = [
        {"re_entry": "once"},
        {"trigger": "mail:m0", "re_entry": policy, "wait": "7D"},
        {"trigger": "mail:m1", "re_entry": policy, "wait": "7D", "name": "m0"},
    ]
    assert problems(*rows) == ["mails for ever: r1 → r2 → r1"]
    rows[2]["re_entry"] = "once"
    assert problems(*rows) == []


def test_a_cap_does_not_end_a_loop():
    rows = [{}, {"trigger": "mail:m0", "name": "m0", "re_entry": "always", "cap": 1, "per": "7D"}]
    assert problems(*rows) == ["mails for ever: r1 → r1"]


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        ("points > 5 and points < 3", "points"),
        ("points > 3 and points < 3", "points"),
        ("points >= 3 and points <= 3 and points != 3", "points"),
        ("points == 3 and points >= 4", "points"),
        ("channel == 'seo' and channel == 'mail'", "channel"),
        ("channel == 'seo' and channel != 'seo'", "channel"),
        ("new == True and new == False", "new"),
        ("new != True and new != False", "new"),
        ("points == 'seo' and points > 3", "points"),
    ],
)
def test_a_condition_that_contradicts_itself_can_never_fire(condition, field):
    assert problems({"condition": condition}) == [
        f"can never fire: no value of {field!r} meets its condition"
    ]


@pytest.mark.parametrize(
    "condition",
    [
        "points >= 3 and points <= 3",
        "points > 2 and points != 3",
        "channel != 'seo' and channel != 'mail'",
        "points > -2.5 and new == True",
    ],
)
def test_a_condition_that_can_be_met_is_let_through(condition):
    assert problems({"condition": condition}) == []


def test_a_rule_that_only_rules_without_a_beginning_start_can_never_fire():
    rows = [{"trigger": "mail:m1"}, {"trigger": "mail:m0"}, {"cap": 0, "per": "1D"}]
    assert problems(*rows) == [
        "can never fire: only 'r1' can start it",
        "can never fire: only 'r0' can start it",
        "can never fire: its cap is 0",
    ]


def test_rules_with_a_problem_do_not_run():
    with pytest.raises(
        ValueError, match="'r0' has a problem, the first of 1, unknown trigger 'laed'"
    ):
        run(log_of(("ann", "lead", 0)), {"trigger": "laed"})


# ---------------------------------------------------------------- what is refused, and how


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"wait": "2"}, "wait of rule 'r0' is '2', without a unit"),
        ({"wait": "-2D"}, "wait of rule 'r0' is '-2D': it runs forward in time"),
        ({"wait": "9999D"}, "more than ten years"),
        ({"wait": None}, "wait of rule 'r0' is missing"),
        ({"action": "fax"}, "action of rule 'r0' is 'fax': give one of 'mail', 'task', 'stage'"),
        ({"re_entry": "twice"}, "re_entry of rule 'r0' is 'twice': give one of 'once'"),
        ({"consent": "yes"}, "consent of rule 'r0' is 'yes': give True or False"),
        ({"consent": None}, "consent of rule 'r0' is missing"),
        ({"cap": 2}, "rule 'r0' has cap without per"),
        ({"per": "7D"}, "rule 'r0' has per without cap"),
        ({"cap": 2.5, "per": "7D"}, "cap of rule 'r0' is 2.5"),
        ({"cap": 2, "per": "0D"}, "per of rule 'r0' is 0: give a length of time"),
        ({"condition": "points => 2"}, "cannot be read: write comparisons joined by 'and'"),
        ({"condition": "points"}, "not a comparison of fields"),
        ({"condition": "points >= 2 or new == True"}, "not a comparison of fields"),
        ({"condition": "__import__('os')"}, "not a comparison of fields"),
        ({"condition": "channel > 'seo'"}, "only numbers have an order"),
        ({"trigger": " "}, "trigger of rule 'r0' is blank"),
        ({"conditon": "points >= 2"}, "did you mean 'condition'?"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(row, message):
    with pytest.raises((ValueError, TypeError), match=message.replace("?", r"\?")):
        problems(row)


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(ValueError, match="column 'rule' repeats a name in 1 of 2 rows"):
        problems({"rule": "a"}, {"rule": "a"})


LEAD = log_of(("ann", "lead", 0), points=[3])


def test_consents_are_asked_for_where_a_rule_needs_them():
    with pytest.raises(ValueError, match="consents are missing, and rule 'r0' needs consent"):
        run(LEAD, {"consent": True})
    unsaid = pd.DataFrame({"user_id": ["ann"], "timestamp": [START], "consent": [None]})
    with pytest.raises(TypeError, match="consent holds nothing"):
        run(LEAD, {"consent": True}, consents=unsaid)
    half = pd.concat([unsaid, unsaid.assign(consent=True)])
    with pytest.raises(ValueError, match="silence is not consent"):
        run(LEAD, {"consent": True}, consents=half)


def test_a_contact_with_two_rows_is_refused():
    contacts = pd.DataFrame({"user_id": ["ann", "ann"], "channel": ["seo", "mail"]})
    with pytest.raises(ValueError, match="user_id repeats an earlier one in 1 of 2 rows"):
        run(LEAD, {}, contacts=contacts)


def test_a_field_that_is_not_there_is_refused_with_what_was_meant():
    with pytest.raises(ValueError, match="no column in log is called 'pionts': did you mean 'po"):
        run(LEAD, {"condition": "pionts > 2"})


def test_a_field_in_two_tables_is_refused():
    contacts = pd.DataFrame({"user_id": ["ann"], "points": [1]})
    with pytest.raises(ValueError, match="log and contacts both have a column 'points'"):
        run(LEAD, {"condition": "points > 2"}, contacts=contacts)


def test_a_comparison_with_another_kind_is_refused():
    with pytest.raises(ValueError, match="compares 'points' with 'two', and that column holds num"):
        run(LEAD, {"condition": "points == 'two'"})


def test_an_event_without_its_entry_key_is_refused():
    with pytest.raises(ValueError, match="order, the entry key of rule 'r0', is missing in 1 of 1"):
        run(LEAD.assign(order=None), {"entry_key": "order"})


def test_an_entry_key_is_a_column_of_the_log():
    contacts = pd.DataFrame({"user_id": ["ann"], "firm": ["f1"]})
    with pytest.raises(ValueError, match="no column in log is called 'firm'"):
        run(LEAD, {"entry_key": "firm"}, contacts=contacts)


def test_ids_of_two_types_are_refused_since_they_would_never_meet():
    consents = pd.DataFrame({"user_id": [1], "timestamp": [START], "consent": [True]})
    with pytest.raises(TypeError, match="user_id holds text in log and numbers in consents"):
        run(LEAD, {"consent": True}, consents=consents)


def test_rows_after_the_end_of_the_run_are_refused():
    with pytest.raises(ValueError, match="timestamp of log lies after the end of the run"):
        run(log_of(("ann", "lead", 50)), {}, until=40)


def test_the_clock_does_not_run_backwards():
    engine = automation.Engine(rules_of({}), EVENTS)
    engine.advance(LEAD, observed_until="2026-03-08")
    with pytest.raises(ValueError, match="the clock would run backwards.*in 1 of 1 rows"):
        engine.advance(log_of(("ben", "lead", 24)), observed_until="2026-03-15")
    with pytest.raises(ValueError, match="the clock would run backwards.*give a later moment"):
        engine.advance(LEAD.iloc[:0], observed_until="2026-03-05")
    with pytest.raises(ValueError, match="log has no rows, so it has no end"):
        engine.advance(LEAD.iloc[:0])
    assert engine.ledger()["outcome"].tolist() == ["done"], "and nothing has changed"
