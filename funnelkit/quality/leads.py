"""The school's leads: the rules that find their faults, and the steps that clean them.

Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs, schemas
from funnelkit.quality.identities import resolve_identities
from funnelkit.quality.rules import Rule

__all__ = ["AGES", "CROWNS", "LEAD_RULES", "SAME_PERSON", "clean_leads"]

AGES = (14, 110)  # years; what an age can be


CROWNS = {"entry": "list", "from": "2025-03-01", "until": "2025-06-01", "to_the_euro": 25.0}


SAME_PERSON = (("email_key",), ("phone_key", "birth_year", "postcode", "device"))


def _years_off(leads):
    """Years by which the age is too low for the year of birth; 0 or 1 is as it should be."""
    return leads["created_at"].dt.year - leads["birth_year"] - leads["age"]


def _impossible_age(leads):
    low, high = AGES
    return leads["age"].notna() & ~leads["age"].between(low, high)


def _stale_age(leads):
    off = _years_off(leads)
    return ~_impossible_age(leads) & off.notna() & ~off.isin([0, 1])


def _in_crowns(leads):
    sent = leads["created_at"].ge(CROWNS["from"]) & leads["created_at"].lt(CROWNS["until"])
    return sent & leads["entry"].eq(CROWNS["entry"]) & leads["income"].notna()


LEAD_RULES = (
    Rule("age impossible", "impossible", _impossible_age),
    Rule("age not that of the birth year", "stale", _stale_age),
    Rule("income in crowns", "inconsistent", _in_crowns),
)


def clean_leads(leads):
    """Return the school's leads as lesson 11 leaves them: one row per person, faults corrected.

    In this order: rows that repeat another are dropped; ages that are impossible, missing or
    contradict the year of birth are taken from that year; incomes of the lists of March to May
    2025, which came in Czech crowns, are turned into euros; records of one person
    (`SAME_PERSON`) become one. Nothing else is filled: what is missing stays missing, for a
    model's pipeline to fill by what it has learnt on its training part.

    Parameters
    ----------
    leads : DataFrame
        The table ``leads``, or some of its rows.

    Returns
    -------
    DataFrame
        The columns of the table, one row per person, in order of `created_at`, and four more:
        `age_from` ("typed", "birth year", or missing like the age), `income_corrected` (was in
        crowns), `records` (how many the person had) and `tracking` ("tracked", "refused", or
        "no visit": why `visit_count` is missing). Of several records the first is kept, since
        what a lead did is counted from its start; `called`, `converted`, `converted_at` and
        `portal_logins` are those of all of them, `consent` is that of the last. An age from the
        year of birth may be a year too high.

    Raises
    ------
    ValueError
        If the leads have been cleaned already: crowns would be divided twice.

    Examples
    --------
    >>> from funnelkit import load
    >>> from funnelkit.quality import report
    >>> people = clean_leads(load("leads"))
    >>> bool(people["lead_id"].is_unique), report(people, LEAD_RULES[:2])["rows"].iloc[-2:].sum()
    (True, np.int64(0))
    """
    columns = schemas.schema_of("leads").columns
    _inputs.need_columns(leads, [column.name for column in columns], "leads")
    if "income_corrected" in leads:
        raise ValueError(
            "leads have the column 'income_corrected', so they are cleaned already: use them as "
            "they are"
        )
    leads = leads.assign(**{column.name: _typed(leads, column) for column in columns})
    steps = (
        _drop_repeats,
        _correct_ages,
        _crowns_to_euros,
        _one_row_per_person,
        _say_why_untracked,
    )
    for step in steps:
        leads = step(leads)
    return leads


def _typed(leads, column):
    """Return a column in the type that the steps compute with; refuse what is of another."""
    values, name = leads[column.name], column.name
    if column.kind in ("time", "date"):
        return _inputs.times(values, name, missing="keep" if column.missing else "refuse")
    if column.kind == "flag":
        return _inputs.booleans(values, name)
    if column.kind == "text":
        _inputs.need_hashable(values, name)
        return values
    numbers = _inputs.numbers(name, values, missing="keep")
    remedy = "leave these rows out"
    _inputs.refuse(np.isinf(numbers), f"{name} is infinite", remedy, index=leads.index)
    return values if isinstance(values.dtype, np.dtype) else numbers


def _drop_repeats(leads):
    return leads.drop_duplicates()


def _correct_ages(leads):
    """Take the age from the year of birth where none was typed, or none that can be true."""
    wrong = leads["age"].isna() | _impossible_age(leads) | _stale_age(leads)
    age = leads["age"].mask(wrong, leads["created_at"].dt.year - leads["birth_year"])
    source = pd.Series(np.where(wrong, "birth year", "typed"), leads.index, dtype="str")
    return leads.assign(age=age, age_from=source.where(age.notna()))


def _crowns_to_euros(leads):
    wrong = _in_crowns(leads)
    euros = leads["income"] / CROWNS["to_the_euro"]
    return leads.assign(income=leads["income"].mask(wrong, euros), income_corrected=wrong)


def _one_row_per_person(leads):
    """Keep the first record of each person, with the outcome of all."""
    leads = leads.sort_values(["created_at", "lead_id"], ignore_index=True)
    person = resolve_identities(leads, SAME_PERSON)
    of_all = leads.groupby(person).agg(
        called=("called", "any"),
        converted=("converted", "any"),
        converted_at=("converted_at", "min"),
        portal_logins=("portal_logins", "max"),
        consent=("consent", "last"),
        records=("lead_id", "size"),
    )
    first = leads[~person.duplicated()].reset_index(drop=True)
    return first.assign(**of_all.reset_index(drop=True))


def _say_why_untracked(leads):
    seen, on_site = leads["visit_count"].notna(), leads["entry"].eq("form")
    why = np.select([seen, on_site], ["tracked", "refused"], "no visit")
    return leads.assign(tracking=pd.Series(why, leads.index, dtype="str"))
