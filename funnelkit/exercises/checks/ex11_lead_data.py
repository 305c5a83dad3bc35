"""Tasks of exercise 11: lead data, quality and features."""

from functools import cache

import pandas as pd

import funnelkit
from funnelkit import quality, school
from funnelkit.exercises.kinds import Boolean, Call, Function, Number, Text
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

NAN = float("nan")
LATE_COLUMNS = ["converted_at", "portal_logins", "owner", "called"]


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


def shared_phones(table):
    """Return how many phones occur in more than one row."""
    return int((table["phone_key"].value_counts() > 1).sum())


def on_shared_phones():
    """Return how many people have a phone that somebody else has as well."""
    counts = people()["phone_key"].value_counts()
    return int(counts[counts > 1].sum())


def before(table, moment="2025-07-01"):
    """Return the incomes of those who came before a moment."""
    return table.loc[table["created_at"] < moment, "income"]


@cache
def screen():
    """Return the leakage screen of the people who came before November 2025."""
    early = people()[people()["created_at"] < "2025-11-01"]
    enrolled = early["converted_at"] - early["created_at"] <= pd.Timedelta("60D")
    return quality.leakage_screen(early.drop(columns=["lead_id", "converted"]), enrolled)


def best_honest():
    """Return the most telling column that is known 48 hours after the record was made."""
    return next(name for name in screen().index if name not in LATE_COLUMNS)


@cache
def crowds():
    """Return how recognisable people are in each version."""
    table = people()
    decade, region = table["birth_year"] // 10 * 10, table["postcode"].str[:1]
    year, postcode, gender = table["birth_year"], table["postcode"], table["gender"]
    versions = {
        "exact": [year, postcode, gender],
        "year and region": [year, region],
        "decade and postcode": [decade, postcode],
        "decade, region and gender": [decade, region, gender],
        "decade and region": [decade, region],
        "decade": [decade],
    }
    tables = {name: pd.concat(columns, axis=1) for name, columns in versions.items()}
    return quality.compare_k_anonymity(tables, k=5)


def to_hand_on(limit=0.01):
    """Return the most detailed version that leaves at most the limit in small crowds."""
    allowed = crowds()[crowds()["share_below"] <= limit]
    return allowed["combinations"].idxmax()


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
                "You counted rows of the export, in which some people stand twice.",
                "Use `people`.",
            ),
        ],
        after="They were on the site, and enrol about as often as those whose visits we know.",
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
                "turned-round",
                lambda age, birth_year, year: bool(year - birth_year - age in (0, 1)),
                "You return True where age and birth year agree.",
                "True stands for a contradiction.",
            ),
        ],
        after="This is the second of the school's rules; it found the old list.",
    ),
    Task(
        "11.3",
        "Phones that people share",
        name="shared_phones",
        kind=Number(whole=True, unit="phones"),
        truth=lambda: shared_phones(people()),
        section="One person, two records",
        hints=[
            "In `people` each row is one person, so a phone that occurs in two rows has two.",
            "`value_counts` leaves missing phones out.",
        ],
        mistakes=[
            Mistake(
                "raw-rows",
                lambda: shared_phones(leads()),
                "You counted in the export, where a repeated row shares the phone with itself.",
                "Use `people`.",
            ),
            Mistake(
                "records-for-people",
                lambda: shared_phones(leads().drop_duplicates()),
                "You counted records: a person with two addresses shares the phone with nobody.",
                "Use `people`.",
            ),
            Mistake(
                "people-for-phones",
                on_shared_phones,
                "That is how many *people* share a phone with somebody; the task asks for phones.",
                "Count the phones that occur more than once.",
            ),
            Mistake(
                "rows-after-the-first",
                lambda: int(people()["phone_key"].dropna().duplicated().sum()),
                "`duplicated` marks every row after the first: three people on one count twice.",
                "Count the phones that occur more than once.",
            ),
            Mistake(
                "missing-are-repeats",
                lambda: int(people()["phone_key"].duplicated().sum()),
                "To `duplicated` all missing phones are repeats of one.",
                "Leave the missing out, and count each shared phone once.",
            ),
            Mistake(
                "missing-as-one-phone",
                lambda: shared_phones(people().fillna({"phone_key": "none"})),
                "One of your phones is the missing one: people without a number share nothing.",
                "Leave the missing out.",
            ),
        ],
        after="So many wrong joins would have followed if the phone alone were the key.",
    ),
    Task(
        "11.4",
        "What a gap is filled with",
        name="fill",
        kind=Number(unit="EUR", decimals=0),
        truth=lambda: before(people()).median(),
        section="What is learnt, is learnt on the training part",
        hints=[
            "Whatever is used on later people has to be learnt on the earlier ones.",
            "Which of mean and median is not moved by a few very high incomes?",
        ],
        mistakes=[
            Mistake(
                "learnt-on-all",
                lambda: people()["income"].median(),
                "You learnt the fill on all people, those of the test among them: on 1 July 2025 "
                "nobody knew them.",
                "Take the people who came before that day.",
            ),
            Mistake(
                "learnt-on-the-test",
                lambda: people().loc[people()["created_at"] >= "2025-07-01", "income"].median(),
                "You learnt the fill on the people on whom the model is to be judged.",
                "Take the people who came before that day.",
            ),
            Mistake(
                "mean-for-median",
                lambda: before(people()).mean(),
                "That is the mean, which the few highest incomes pull up; most people earn less.",
                "Take the median.",
            ),
            Mistake(
                "mean-of-all",
                lambda: people()["income"].mean(),
                "That is the mean of everybody: pulled up by the highest incomes, and learnt on "
                "the test as well.",
                "Take the median of the people who came before 1 July 2025.",
            ),
            Mistake(
                "raw-rows",
                lambda: before(leads()).median(),
                "In the export some incomes are in crowns, and some people stand twice.",
                "Use `people`.",
            ),
            Mistake(
                "zeros-first",
                lambda: before(people()).fillna(0).median(),
                "You filled the gaps with 0 first and took the median of that.",
                "Leave the gaps as they are; `median` passes over them.",
            ),
        ],
        after="A pipeline does this by itself, if it is fitted on the training part only.",
    ),
    Task(
        "11.5",
        "The best column that may be used",
        name="best_column",
        kind=Text(),
        truth=best_honest,
        section="A column that knows the answer",
        hints=[
            "Go down the table, and ask of each column when it is filled, and by whom.",
            "A lead has an owner from the day on which an adviser calls.",
        ],
        mistakes=[
            Mistake(
                "most-telling",
                lambda: screen().index[0],
                "A lead with a time of enrolment has enrolled: that is the outcome itself.",
                "Which columns are filled within 48 hours?",
            ),
            Mistake(
                "leaking-column",
                lambda: "portal_logins",
                "Log-ins are counted on the day of the export, and only those who enrolled log in.",
                "Which columns are filled within 48 hours?",
            ),
            Mistake(
                "filled-by-the-call",
                lambda: "owner",
                "It is below the limit of the screen and leaks all the same: a lead gets an owner "
                "when an adviser calls.",
                "A flag is a question, and no flag is no clearance: when is the column filled?",
            ),
            Mistake(
                "the-call-itself",
                lambda: "called",
                "The call comes later than the 48 hours, and the score is to decide about it.",
                "Go on to the next column.",
            ),
            Mistake(
                "device-too-far-down",
                lambda: "device",
                "The device may be used, but a column further up tells more and may be used too.",
                "Take the first column that you need not strike out.",
            ),
            Mistake(
                "visits-too-far-down",
                lambda: "visit_count",
                "Visits may be used, and come to mind first; here a column further up tells more.",
                "Take the first column that you need not strike out.",
            ),
        ],
        after="How a lead came in tells most, and it is known in the first second.",
    ),
    Task(
        "11.6",
        "What to hand on",
        name="version",
        kind=Text(
            choices=(
                "exact",
                "year and region",
                "decade and postcode",
                "decade, region and gender",
                "decade and region",
                "decade",
            )
        ),
        truth=to_hand_on,
        section="Standing in a crowd",
        hints=[
            "`quality.compare_k_anonymity(versions, k=5)` has a row for each version.",
            "First strike out what has too large a `share_below`; then take, of what is left, the "
            "version with the most `combinations`.",
        ],
        mistakes=[
            Mistake(
                "names-taken-out",
                lambda: "exact",
                "Without names and addresses most people can still be picked out by year, "
                "postcode and gender.",
                "Look at `share_below`.",
            ),
            Mistake(
                "most-detail",
                lambda: "decade and postcode",
                "It keeps much detail, and far more than 1 % are in a crowd of less than 5.",
                "Strike out what has too large a `share_below` first.",
            ),
            Mistake(
                "nearly",
                lambda: "year and region",
                "More than 1 % of the people are in a crowd of less than 5 there.",
                "Compare `share_below` with 0.01.",
            ),
            Mistake(
                "percent-misread",
                lambda: "decade, region and gender",
                "Its `share_below` is a fraction, and above 0.01: more than 1 %.",
                "Compare `share_below` with 0.01.",
            ),
            Mistake(
                "coarsest",
                lambda: "decade",
                "It hides people, and also the region, which could have been kept.",
                "Of the versions that are allowed, take the one with the most combinations.",
            ),
        ],
        after="The few who are left in small crowds are left out, and the rest may go.",
    ),
]
