"""Tasks of exercise 11: lead data."""

from functools import cache

import pandas as pd

import funnelkit
from funnelkit import quality, school
from funnelkit.exercises.kinds import Boolean, Call, Function, List, Number, Text
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

NAN = float("nan")


@cache
def leads():
    """Return the export as it came."""
    return funnelkit.load("leads")


@cache
def people():
    """Return the leads as the lesson cleans them."""
    return school.clean_leads()


def untracked(table, entry="form"):
    """Return the share of a table's leads from an entry that have no number of visits."""
    return float(table.loc[table["entry"] == entry, "visit_count"].isna().mean())


def contradicts(age, birth_year, year):
    """Return whether an age cannot be that of a birth year."""
    off = year - birth_year - age
    return bool(not pd.isna(off) and off not in (0, 1))


def contacts():
    """Return the changes of consent of task 11.3, days read as they are written."""
    days = ["05/01/2026", "28/01/2026", "03/02/2026", "02/03/2026", "10/01/2026", "07/02/2026"]
    days += ["31/01/2026", "04/02/2026", "01/05/2026", "30/04/2026", "12/03/2026"]
    days += ["05/02/2026", "20/03/2026"]
    words = ["Yes", "Yes", "No", "Y", "No", "", "No", "Yes", "opt-out", "Yes", "No"]
    words += ["No", "Yes"]
    table = pd.DataFrame({"contact": list("ABBCCDEEFFGHH"), "text": days, "consent": words})
    return table.assign(changed=pd.to_datetime(table["text"], format="%d/%m/%Y"))


def may_write(by="changed", keep="last", words=("Yes", "Y")):
    """Return the contacts of whom the row kept, in this order of rows, says one of the words."""
    table = contacts()
    if by:
        table = table.sort_values(["contact", by])
    kept = table.drop_duplicates("contact", keep=keep)
    return kept.loc[kept["consent"].isin(words), "contact"].tolist()


def ever_yes():
    """Return the contacts that have agreed at any time."""
    table = contacts()
    return sorted(set(table.loc[table["consent"].isin(["Yes", "Y"]), "contact"]))


def records():
    """Return the records of task 11.4."""
    email = ["ann@x", "a.b@y", "n/a", "a.b@y", "n/a", "tom@z", "kim@w", "tom@z", "a.k@v"]
    phone = ["601", "601", "601", "733", "733", "733", "-", "-", "733"]
    born = [1980, 1980, 2004, 1980, 1980, 1991, 1991, 1991, 1981]
    names = [f"r{number}" for number in range(1, 10)]
    return pd.DataFrame({"email": email, "phone": phone, "born": born}, index=names)


def same_as_r1(keys=(("email",), ("phone", "born")), **options):
    """Return the records of the person of r1."""
    person = quality.resolve_identities(records(), [list(key) for key in keys], **options)
    return person.index[person == person["r1"]].tolist()


def smallest_crowd(pairs):
    """Return the k of a list of pairs, one per person."""
    return min(pairs.count(pair) for pair in pairs)


@cache
def crowds(k=6):
    """Return how recognisable people are in each version."""
    table = people()
    decade, region = table["birth_year"] // 10 * 10, table["postcode"].str[:1]
    year, postcode, gender = table["birth_year"], table["postcode"], table["gender"]
    versions = {
        "exact": [year, postcode, gender],
        "year and region": [year, region],
        "decade and postcode": [decade, postcode],
        "decade, region and gender": [decade, region, gender],
        "decade and gender": [decade, gender],
        "decade, region and entry": [decade, region, table["entry"]],
        "decade, region and device": [decade, region, table["device"]],
        "decade": [decade],
    }
    tables = {name: pd.concat(columns, axis=1) for name, columns in versions.items()}
    return quality.compare_k_anonymity(tables, k=k)


def to_hand_on(limit=0.01, k=6):
    """Return the most detailed version that leaves at most the limit in small crowds."""
    allowed = crowds(k)[crowds(k)["share_below"] <= limit]
    return allowed["combinations"].idxmax()


PAIRS = [(1980, "71100"), (1980, "71100"), (1991, "71100"), (1991, "71100"), (1991, "41900")]
EACH_TWICE = [(1980, "71100"), (1991, "71100")] * 2
CROSSED = [(1980, "71100"), (1980, "41900"), (1991, "71100"), (1991, "41900"), (1980, "71100")]
THREES = [("f", "7")] * 4 + [("m", "7")] * 3 + [("f", "4")] * 8


TASKS = [
    Task(
        "11.1",
        "Missing is not zero",
        name="refused_share",
        kind=Number(unit="fraction", decimals=4),
        truth=lambda: untracked(people()),
        section="What is wrong with it?",
        hints=[
            "Leads that came by the form were on the site; if `visit_count` is missing, tracking "
            "was refused.",
            "Take the rows of `people` with that `entry` first, then the share of gaps in them.",
        ],
        mistakes=[
            percent_for_fraction(),
            Mistake(
                "wrong-denominator",
                lambda: float((people()["tracking"] == "refused").mean()),
                "You divided by all people, cards and lists included; they had no visit that "
                "could have been tracked.",
                "The denominator is the people who came by the form.",
            ),
            Mistake(
                "all-gaps",
                lambda: float(people()["visit_count"].isna().mean()),
                "You counted every gap: most of them belong to people who were never on the site.",
                "Look only at those who came by the form.",
            ),
            Mistake(
                "share-of-the-gaps",
                lambda: (
                    float((people()["tracking"] == "refused").sum())
                    / float(people()["visit_count"].isna().sum())
                ),
                "That is how many of the *gaps* are refusals; the task asks how many of those who "
                "came by the form refused.",
                "The denominator is the people who came by the form.",
            ),
            Mistake(
                "tracked-for-refused",
                lambda: 1 - untracked(people()),
                "That is the share of those who let themselves be tracked.",
                "Count the rows in which `visit_count` is missing.",
            ),
            Mistake(
                "raw-rows",
                lambda: untracked(leads()),
                "You counted rows of the export, in which some people are twice.",
                "Use `people`.",
            ),
        ],
        after="They were on the site, and are not like people who never came.",
    ),
    Task(
        "11.2",
        "A rule for ages",
        name="contradicts",
        kind=Function(
            Boolean(),
            calls=[
                (30, 1995, 2025),
                (29, 1995, 2025),
                (24, 1995, 2025),
                (28, 1995, 2025),
                (31, 1995, 2025),
                (33, 1995, 2025),
                Call(NAN, 1995, 2025, says="for a missing age"),
                Call(40, NAN, 2025, says="for a missing birth year"),
            ],
        ),
        truth=contradicts,
        section="What cannot be, and what contradicts itself",
        hints=[
            "Before the birthday the age is one less than the year minus the birth year.",
            "`pd.isna` tells whether a difference is missing; a comparison with it is never true.",
        ],
        mistakes=[
            Mistake(
                "birthday-forgotten",
                lambda age, birth_year, year: bool(
                    not pd.isna(year - birth_year - age) and year - birth_year != age
                ),
                "Anyone whose birthday is still to come is one year younger, and you call that a "
                "contradiction.",
                "Allow a difference of 0 or 1.",
            ),
            Mistake(
                "missing-is-a-fault",
                lambda age, birth_year, year: bool(year - birth_year - age not in (0, 1)),
                "A missing age or birth year contradicts nothing: missing is a fault of its own, "
                "counted elsewhere.",
                "Return False if the difference is missing.",
            ),
            Mistake(
                "one-side-only",
                lambda age, birth_year, year: bool(year - birth_year - age > 1),
                "You find ages that are too low and not those that are too high.",
                "Whatever differs from 0 and from 1 is a contradiction.",
            ),
            Mistake(
                "one-year-either-way",
                lambda age, birth_year, year: bool(abs(year - birth_year - age) > 1),
                "You let an age be one year too high as well; nobody is older than the year minus "
                "the birth year.",
                "Allow a difference of 0 or 1, and not of −1.",
            ),
            Mistake(
                "older-for-younger",
                lambda age, birth_year, year: bool(
                    not pd.isna(year - birth_year - age) and age - year + birth_year not in (0, 1)
                ),
                "You let an age be one year too high, and not one year too low.",
                "Before the birthday one is a year *younger* than the year minus the birth year.",
            ),
            Mistake(
                "turned-round",
                lambda age, birth_year, year: bool(year - birth_year - age in (0, 1)),
                "You return True where age and birth year agree.",
                "True means that there is a contradiction.",
            ),
        ],
        after="This is the second of the school's rules; it found the old list.",
    ),
    Task(
        "11.3",
        "Whom one may write to",
        name="may_write",
        kind=List(Text(), ordered=False),
        truth=may_write,
        section="At the door",
        hints=[
            "Turn the days into times with `pd.to_datetime(..., format=...)`, then sort.",
            "After sorting, `drop_duplicates(..., keep=...)` leaves one row per contact; then "
            "keep the rows whose word is one of the two.",
        ],
        mistakes=[
            Mistake(
                "not-empty-is-true",
                lambda: may_write(words=("Yes", "Y", "No", "opt-out")),
                "You took every word for a yes; so does `.astype(bool)`, as no text but the "
                "empty one is false.",
                "Map each word: only two of them are a yes.",
            ),
            Mistake(
                "ever-yes",
                ever_yes,
                "You list all contacts that have agreed at some time, including those that have "
                "withdrawn it.",
                "Take the latest row of each contact.",
            ),
            Mistake(
                "days-as-text",
                lambda: may_write(by="text"),
                "You sorted the days as texts, so that 28/01 comes after 03/02.",
                'Read them with `pd.to_datetime(..., format="%d/%m/%Y")` first.',
            ),
            Mistake(
                "order-of-the-rows",
                lambda: may_write(by=""),
                "You took the last row of each contact as the table has them; C and F are not in "
                "order of time.",
                "Sort by the day first.",
            ),
            Mistake(
                "first-word",
                lambda: may_write(keep="first"),
                "You took the *first* row of each contact; what counts is the latest.",
                "Keep the last row after sorting by the day.",
            ),
            Mistake(
                "one-word-forgotten",
                lambda: may_write(words=("Yes",)),
                "You left out those who said `Y`: the house counts it as a yes.",
                "Map both words.",
            ),
        ],
        after="Everybody else gets no mail, including those who never answered.",
        equivalent={"without kind='stable'": "no contact has two rows of the same day"},
    ),
    Task(
        "11.4",
        "One person, several records",
        name="same_person",
        kind=List(Text(), ordered=False),
        truth=same_as_r1,
        section="One person, two records",
        hints=[
            "`quality.resolve_identities` takes a list of keys, and each key is a list of columns.",
            "It gives a number per record; the records of one person have the number of `r1`.",
        ],
        mistakes=[
            Mistake(
                "phone-alone",
                lambda: same_as_r1(keys=[["email"], ["phone"]]),
                "You tied records by the phone alone: households share one.",
                "The phone ties only together with the year of birth.",
            ),
            Mistake(
                "placeholders-as-values",
                lambda: same_as_r1(placeholders=[]),
                "You tied strangers who have the same placeholder.",
                "Leave `placeholders` as it is, or make these values missing first.",
            ),
            Mistake(
                "ties-not-followed",
                lambda: ["r1", "r2"],
                "Those are the records with the phone and the year of `r1` itself.",
                "Another e-mail may tie further records to these: follow the ties.",
            ),
            Mistake(
                "one-step-too-few",
                lambda: ["r1", "r2", "r4"],
                "You followed the ties for two steps; the last record leads to one more.",
                "Go on until nothing is added, or let `quality.resolve_identities` do it.",
            ),
            Mistake(
                "all-columns-together",
                lambda: ["r1"],
                "You asked for e-mail, phone *and* year at once; nobody has all three alike.",
                "Two keys, one after the other: either of them ties.",
            ),
            Mistake(
                "itself-left-out",
                change=lambda right: [name for name in right if name != "r1"],
                message="`r1` itself is missing from your list.",
                next="Add it.",
            ),
        ],
        after="Four records of one person, and `r1` and `r5` have nothing in common.",
        equivalent={
            "'r2' for 'r1'": "r2 is the same person, so it has the same number",
            "'r4' for 'r1'": "r4 is the same person, so it has the same number",
        },
    ),
    Task(
        "11.5",
        "The smallest crowd",
        name="smallest_crowd",
        kind=Function(
            Number(whole=True, unit="people"),
            calls=[(PAIRS,), (EACH_TWICE,), (THREES,), (CROSSED,)],
        ),
        truth=smallest_crowd,
        section="Lost in a crowd",
        hints=[
            "Count how many people have each pair.",
            "`pd.Series(pairs).value_counts()` counts them; which of the counts is k?",
        ],
        mistakes=[
            Mistake(
                "largest-crowd",
                lambda pairs: max(pairs.count(pair) for pair in pairs),
                "That is the *largest* group: it protects those who are in it and nobody else.",
                "Take the smallest.",
            ),
            Mistake(
                "number-of-groups",
                lambda pairs: len(set(pairs)),
                "That is how many different pairs there are, and not how many people share one.",
                "Count the people of each pair.",
            ),
            Mistake(
                "people-in-all",
                lambda pairs: len(pairs),
                "That is how many people there are.",
                "Count the people of each pair, and take the smallest count.",
            ),
            Mistake(
                "first-of-the-pair",
                lambda pairs: min([a for a, _ in pairs].count(a) for a, _ in pairs),
                "You grouped by the first of the two alone; an outsider knows both.",
                "Count equal pairs.",
            ),
            Mistake(
                "each-by-itself",
                lambda pairs: min(
                    column.count(value) for column in zip(*pairs, strict=True) for value in column
                ),
                "You looked at each of the two by itself; whoever knows both finds smaller groups.",
                "Count equal pairs.",
            ),
        ],
        after="One person who is alone is enough for k to be 1.",
    ),
    Task(
        "11.6",
        "What to hand on",
        name="left_out",
        kind=Number(whole=True, unit="people"),
        truth=lambda: int(crowds().loc[to_hand_on(), "below"]),
        section="Lost in a crowd",
        hints=[
            "`quality.compare_k_anonymity(versions, k=6)` has a row for each version.",
            "First strike out what has too large a `share_below`; then take, of what is left, the "
            "version with the most `combinations`. Its `below` is asked for.",
        ],
        mistakes=[
            Mistake(
                "alone-for-below",
                lambda: int(crowds().loc[to_hand_on(), "alone"]),
                "These are the people who are *alone*; all who are in a crowd of less than 6 are "
                "left out.",
                "Take the column `below`.",
            ),
            Mistake(
                "another-crowd",
                lambda: int(crowds(k=5).loc[to_hand_on(k=5), "below"]),
                "You asked for a crowd of 5, as the lesson does; this house asks for 6.",
                "Give `k=6`.",
            ),
            Mistake(
                "just-over-the-limit",
                lambda: int(crowds().loc["decade, region and device", "below"]),
                "That version has the most combinations and just breaks the rule: its "
                "`share_below` is above 0.01.",
                "Strike it out, and take the next.",
            ),
            Mistake(
                "fewest-left-out",
                lambda: int(crowds().loc["decade", "below"]),
                "You chose the version that leaves out the fewest, which also tells the least.",
                "Of the versions that are allowed, take the one with the most combinations.",
            ),
            Mistake(
                "rule-broken",
                lambda: int(crowds().loc["exact", "below"]),
                "Without names most people can still be picked out by year, postcode and gender: "
                "far more than 1 % are in a small crowd.",
                "Compare `share_below` with 0.01.",
            ),
            Mistake(
                "rule-nearly-kept",
                lambda: int(crowds().loc["decade, region and gender", "below"]),
                "More than 1 % of the people are in a crowd of less than 6 there: `share_below` "
                "is a fraction.",
                "Compare `share_below` with 0.01.",
            ),
            Mistake(
                "combinations-for-people",
                lambda: int(crowds().loc[to_hand_on(), "combinations"]),
                "That is how many combinations there are, and not how many people are left out.",
                "Take the column `below`.",
            ),
        ],
        after="Whether the table may go at all is a question of purpose and lawful basis.",
        equivalent={
            "the bound of crowds['share_below'] <= 0.01 moved": "no version lies at exactly 1 %",
        },
    ),
]
