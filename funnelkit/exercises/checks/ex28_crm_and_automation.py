"""Tasks of exercise 28: CRM and automation."""

import functools

import pandas as pd

import funnelkit
from funnelkit import automation, crm
from funnelkit.exercises.kinds import Boolean, Function, List, Mapping, Number, Text
from funnelkit.exercises.tasks import Mistake, Task

EVENTS = ["MQL", "SQL", "call", "proposal", "negotiation", "won", "lost"]
FIELDS = ["deal_id", "event", "timestamp", "user_id"]
WITH_SHORT_CUT = {**crm.MOVES, "call": ("proposal", "negotiation", "lost")}


# ---------------------------------------------------------------- 28.1


@functools.cache
def typed():
    """Return the history that a hurried team typed."""
    stages = funnelkit.load("stages")
    table = stages.sample(frac=0.97, random_state=281).sort_index()
    table.loc[table.index[::500], "stage"] = "Won"
    table.loc[table.index[7::400], "entered_at"] -= pd.Timedelta("90D")
    return table


def refused(moves=None):
    """Return how many rows a stage machine refuses, by reason."""
    rows = crm.illegal_moves(typed(), moves=WITH_SHORT_CUT if moves is None else moves)
    return rows["reason"].value_counts().to_dict()


def refused_deals():
    """Return how many deals have a row that is refused, by reason."""
    rows = crm.illegal_moves(typed(), moves=WITH_SHORT_CUT)
    return rows.groupby("reason")["deal_id"].nunique().to_dict()


def refused_sorted():
    """Return how many rows are refused once they are sorted by time."""
    rows = typed().sort_values(["deal_id", "entered_at"], kind="stable")
    return crm.illegal_moves(rows, moves=WITH_SHORT_CUT)["reason"].value_counts().to_dict()


# ---------------------------------------------------------------- 28.2


def may_send(day, withdrew, sent, cap, per):
    """Return whether a mail may be sent on a day."""
    agrees = withdrew is None or day < withdrew
    return agrees and sum(day - each < per for each in sent) < cap


# ---------------------------------------------------------------- 28.3


@functools.cache
def school():
    """Return the log of the deals since April, and the consents."""
    deals, stages = funnelkit.load("deals"), funnelkit.load("stages")
    leads = funnelkit.load("leads").drop_duplicates("lead_id")
    recent = deals.loc[deals["created_at"] >= "2026-04-01", ["deal_id", "lead_id"]]
    log = stages.merge(recent, on="deal_id").set_axis(FIELDS, axis="columns")
    back = log[log["event"] == "lost"].iloc[::8].assign(event="SQL")  # lost, and there again
    back["timestamp"] += pd.Timedelta("1D")
    log = pd.concat([log, back[back["timestamp"] < "2026-07-01"]], ignore_index=True)
    consents = leads[["lead_id", "created_at", "consent"]]
    consents = consents.set_axis(["user_id", "timestamp", "consent"], axis="columns")
    gone = consents[consents["consent"]].sample(frac=0.3, random_state=283).assign(consent=False)
    gone["timestamp"] += pd.Timedelta("3D")
    return log, consents, gone[gone["timestamp"] < "2026-07-01"]


def mails(outcome="done", *, withdrawn=True, **changes):
    """Return how many entries of each rule came to an outcome."""
    log, consents, gone = school()
    rules = pd.DataFrame({"rule": ["book", "again"], "trigger": ["SQL", "mail:book"]})
    rules = rules.assign(wait=["2D", "4D"], action="mail", name=["book", "again"])
    rules = rules.assign(stop="call, lost", entry_key="deal_id").assign(**changes)
    consents = pd.concat([consents, gone]) if withdrawn else consents
    ledger = automation.run(log, rules, consents=consents, observed_until="2026-07-10")
    return automation.outcome_table(ledger)[outcome].to_dict()


# ---------------------------------------------------------------- 28.4


def draft():
    """Return a table of rules, some of which have a problem."""
    names = ["hello", "seats", "guide", "tip", "more", "fair", "thanks"]
    triggers = ["MQL", "SQL", "mail:seats", "mail:guide", "mail:tip", "won", "mail:welcome"]
    rules = pd.DataFrame({"rule": names, "trigger": triggers})
    rules["condition"] = ["", "chanel == 'seo'", "", "", "", "", ""]
    rules["re_entry"] = ["once", "once", "always", "once", "always", "once", "once"]
    rules["stop"] = ["lost", "", "", "", "", "reopened", ""]
    return rules.assign(wait="1D", action="mail", name=names)


def faulty(fields=FIELDS):
    """Return the names of the rules that have a problem."""
    return automation.check_rules(draft(), EVENTS, fields=fields)["rule"].unique().tolist()


# ---------------------------------------------------------------- 28.5


def carry_out(requests):
    """Return what is done about requests, each a key and a mail."""
    seen, done = {}, []
    for key, mail in requests:
        if key not in seen:
            done.append(mail)
        elif seen[key] != mail:
            done.append("refused")
        seen.setdefault(key, mail)
    return done


def last_wins(requests):
    """Compare with the latest mail of a key instead of the first."""
    seen, done = {}, []
    for key, mail in requests:
        if key not in seen:
            done.append(mail)
        elif seen[key] != mail:
            done.append("refused")
        seen[key] = mail
    return done


def once_per_mail(requests):
    """Tell mails apart by their text instead of their key."""
    return list(dict.fromkeys(mail for _, mail in requests))


def never_refused(requests):
    """Leave out every key that was seen, whatever it says."""
    first = {}
    for key, mail in requests:
        first.setdefault(key, mail)
    return list(first.values())


def next_to_each_other(requests):
    """Leave a request out only if it repeats the one right before it."""
    pairs = [tuple(each) for each in requests]
    before = [None, *pairs[:-1]]
    return [mail for (key, mail), last in zip(pairs, before, strict=True) if (key, mail) != last]


# ---------------------------------------------------------------- 28.6


def contacts():
    """Return contacts, their stage now, and the one wanted."""
    names = ["Ann", "Ben", "Cem", "Dan", "Eve", "Fay", "Gil"]
    now = ["lead", "customer", "SQL", "opportunity", "MQL", "customer", "lead"]
    wanted = ["customer", "SQL", "SQL", "MQL", "opportunity", "customer", "MQL"]
    return pd.DataFrame({"contact": names, "now": now, "wanted": wanted})


def requests():
    """Return how many requests each contact needs."""
    rows = contacts().itertuples()
    return {row.contact: len(crm.lifecycle_requests(row.now, row.wanted)) for row in rows}


def steps_between():
    """Return how many stages lie between the two."""
    order = ["lead", "MQL", "SQL", "opportunity", "customer"]
    rows = contacts().itertuples()
    return {row.contact: abs(order.index(row.now) - order.index(row.wanted)) for row in rows}


TASKS = [
    Task(
        "28.1",
        "Typed by hand",
        name="refused",
        kind=Mapping(Number(unit="rows", whole=True)),
        truth=refused,
        section="A deal is in one stage",
        hints=[
            "`crm.illegal_moves` takes `moves=`, a dictionary like `crm.MOVES`.",
            '`{**crm.MOVES, "call": (...)}` is a copy with another entry for call.',
        ],
        mistakes=[
            Mistake(
                "moves-unchanged",
                lambda: refused(crm.MOVES),
                "There call may not go straight to negotiation.",
                "Give `illegal_moves` the moves with that one added.",
            ),
            Mistake(
                "move-replaced",
                lambda: refused({**crm.MOVES, "call": ("negotiation",)}),
                "There call may go to negotiation only.",
                "Add the move to those that are legal already.",
            ),
            Mistake(
                "lost-forgotten",
                lambda: refused({**crm.MOVES, "call": ("proposal", "negotiation")}),
                "There a deal may no longer be lost after a call.",
                "Add the move to those that are legal already.",
            ),
            Mistake(
                "sorted-by-time",
                refused_sorted,
                "There the rows were sorted by time, which hides a clock that runs backwards.",
                "Leave the rows in their order.",
            ),
            Mistake(
                "deals-for-rows",
                refused_deals,
                "Those are deals, and a deal may have several rows that are refused.",
                "Count the rows.",
            ),
        ],
        after="The unknown stage is `Won` with a capital: to a machine another word.",
    ),
    Task(
        "28.2",
        "The brakes, written yourself",
        name="may_send",
        kind=Function(
            Boolean(),
            calls=[
                (10, None, [], 1, 7),
                (10, 10, [], 1, 7),
                (10, 11, [], 1, 7),
                (10, 4, [], 1, 7),
                (10, None, [3], 1, 7),
                (10, None, [4], 1, 7),
                (10, None, [4, 9], 2, 7),
                (10, None, [9], 2, 7),
                (10, None, [1, 2, 9], 2, 7),
                (10, 12, [8, 9], 2, 2),
                (10, 9, [8], 2, 2),
            ],
        ),
        truth=may_send,
        section="Rules as data",
        hints=[
            "Two questions joined by `and`: is there consent on `day`, and is there room?",
            "A mail counts if fewer than `per` days have passed since: `day - each < per`.",
        ],
        mistakes=[
            Mistake(
                "one-too-many",
                lambda day, withdrew, sent, cap, per: may_send(day, withdrew, sent, cap + 1, per),
                "It lets one mail more through than the cap.",
                "Before sending there must be fewer than `cap` mails.",
            ),
            Mistake(
                "window-with-its-end",
                lambda day, withdrew, sent, cap, per: may_send(day, withdrew, sent, cap, per + 1),
                "It counts a mail exactly `per` days ago.",
                "Count those fewer than `per` days ago.",
            ),
            Mistake(
                "all-mails-ever",
                lambda day, withdrew, sent, cap, per: may_send(day, withdrew, sent, cap, 10**6),
                "It counts all mails ever sent.",
                "Count those of the last `per` days.",
            ),
            Mistake(
                "day-of-withdrawal",
                lambda day, withdrew, sent, cap, per: may_send(
                    day, None if withdrew == day else withdrew, sent, cap, per
                ),
                "It still sends on the day of the withdrawal.",
                "Send only before that day.",
            ),
            Mistake(
                "consent-ignored",
                lambda day, withdrew, sent, cap, per: may_send(day, None, sent, cap, per),
                "It sends to people who have withdrawn.",
                "Compare `day` with `withdrew`.",
            ),
        ],
        after="The engine asks the same two questions, consent first.",
    ),
    Task(
        "28.3",
        "Two rules and their run",
        name="mails",
        kind=Mapping(Number(unit="mails", whole=True)),
        truth=mails,
        section="Rules as data",
        hints=[
            "The trigger of `again` is the event that the first mail makes: `mail:book`.",
            'Several stops are separated by commas; the entry key is `deal_id`; sent is "done".',
        ],
        mistakes=[
            Mistake(
                "all-entries",
                lambda: mails("entries"),
                "Those are all entries, with those stopped or held back.",
                "Count those that are done.",
            ),
            Mistake(
                "no-stop",
                lambda: mails(stop=""),
                "Deals that had been called or lost are mailed in it.",
                'Give both rules the stop `"call, lost"`.',
            ),
            Mistake(
                "one-stop",
                lambda: mails(stop="call"),
                "Only a call stops the mails in it, and a lost deal does not.",
                'Give both rules the stop `"call, lost"`.',
            ),
            Mistake(
                "second-without-stop",
                lambda: mails(stop=["call, lost", ""]),
                "The second rule has no stop in it.",
                "Give `again` the same stops as `book`.",
            ),
            Mistake(
                "contacts-for-deals",
                lambda: mails(entry_key="user_id"),
                "Each contact starts the rules once in it, and not each deal.",
                "Set `entry_key` to `deal_id`.",
            ),
            Mistake(
                "again-and-again",
                lambda: mails(re_entry="always"),
                "A deal that comes back after it was lost starts the rules again in it.",
                'Each deal starts them once: leave `re_entry` out, or set it to "once".',
            ),
            Mistake(
                "without-consent",
                lambda: mails(consent=False),
                "People without consent are mailed in it.",
                "Both rules need consent.",
            ),
            Mistake(
                "withdrawals-forgotten",
                lambda: mails(withdrawn=False),
                "The withdrawals are missing in it.",
                "Give `run` the whole table `consents`.",
            ),
            Mistake(
                "same-wait",
                lambda: mails(wait="2D"),
                "The second mail comes two days after the first in it.",
                "`again` waits four days, and its trigger is the first mail, not `SQL`.",
            ),
        ],
        after="Most deals have been called or lost before a mail is due.",
    ),
    Task(
        "28.4",
        "Before it runs",
        name="faulty",
        kind=List(Text(exact=True)),
        truth=faulty,
        section="Rules as data",
        hints=[
            "`automation.check_rules` takes the rules, the events of the log, and `fields=`.",
            "A rule may have several problems; name it once: `.unique().tolist()`.",
        ],
        mistakes=[
            Mistake(
                "fields-not-checked",
                lambda: faulty(None),
                "A condition that names an unknown field is not found in it.",
                "Give `check_rules` the columns of the log as `fields=`.",
            ),
            Mistake(
                "always-for-endless",
                lambda: ["seats", "guide", "more", "fair", "thanks"],
                'Re-entry "always" is not a problem by itself: it takes a circle.',
                "Let `check_rules` look for circles.",
            ),
            Mistake(
                "triggers-only",
                lambda: ["thanks"],
                "That is the rule with an unknown trigger; stops and conditions can be wrong too.",
                "Take all problems of `check_rules`.",
            ),
        ],
        after="A stop that never comes is the worst of them: the rule works, and goes on mailing.",
    ),
    Task(
        "28.5",
        "Twice is once, written yourself",
        name="carry_out",
        kind=Function(
            List(Text(exact=True)),
            calls=[
                ([("a/1", "hello"), ("a/1", "hello"), ("b/1", "hello")],),
                ([("a/1", "hello"), ("b/1", "hello"), ("a/1", "hello")],),
                ([("a/1", "hello"), ("a/1", "offer"), ("a/1", "hello")],),
                ([("a/1", "hello"), ("a/1", "offer"), ("a/1", "offer"), ("a/2", "offer")],),
                ([],),
            ],
        ),
        truth=carry_out,
        section="Twice is once",
        hints=[
            "Keep a dictionary from each key seen to its first mail.",
            "Three cases: a new key, the same mail again, another mail.",
        ],
        mistakes=[
            Mistake(
                "all-carried-out",
                lambda requests: [mail for _, mail in requests],
                "It carries out every request, repeated ones too.",
                "Remember the keys that were seen.",
            ),
            Mistake(
                "mail-for-key",
                once_per_mail,
                "It tells requests apart by the mail, so a second person gets none.",
                "Tell them apart by the key.",
            ),
            Mistake(
                "only-neighbours",
                next_to_each_other,
                "It notices a repetition only right after the first.",
                "Keep all keys that were seen.",
            ),
            Mistake(
                "never-refused",
                never_refused,
                "It says nothing when a key comes back with another mail.",
                'Add the text "refused" then.',
            ),
            Mistake(
                "last-for-first",
                last_wins,
                "It compares with the latest mail of a key.",
                "Compare with the first.",
            ),
        ],
        after="A store that takes payments does the same, with amounts for mails.",
    ),
    Task(
        "28.6",
        "Yes, and nothing done",
        name="requests",
        kind=Mapping(Number(unit="requests", whole=True)),
        truth=requests,
        section="In and out",
        hints=[
            "Forwards one request is enough; backwards the stage is cleared first.",
            "`crm.lifecycle_requests(now, wanted)` lists the requests of one contact.",
        ],
        mistakes=[
            Mistake(
                "one-each",
                lambda: dict.fromkeys(contacts()["contact"], 1),
                "One request each: those that go backwards are answered, and nothing changes.",
                "Clear the stage first where it goes backwards.",
            ),
            Mistake(
                "one-each-that-differs",
                lambda: {name: min(n, 1) for name, n in requests().items()},
                "One request for each stage that differs: going backwards takes another.",
                "Clear the stage first where it goes backwards.",
            ),
            Mistake(
                "cleared-always",
                lambda: {name: 2 * min(n, 1) for name, n in requests().items()},
                "Forwards the stage need not be cleared.",
                "Clear it only where it goes backwards.",
            ),
            Mistake(
                "steps-between",
                steps_between,
                "Those are the stages between the two.",
                "HubSpot takes any later stage in one request.",
            ),
        ],
        after="Read the stage again after the last request: an answer is not a result.",
    ),
]
