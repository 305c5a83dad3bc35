"""Lumen Academy: the world behind the simulated tables.

The school, its visitors and its customers do not exist. They follow the model below, whose true
parameters are in ``MODEL`` and, with what came of them, in ``datasets/truth.json``. So a lesson
can compare what it finds in the data with what was planted there.

Every random number is *looked up*, not drawn in turn: it is a hash of the seed, the name of the
table, the name of the draw and the id of the person (see `Draws`). So a new table, or the same
world run again without one of its channels, leaves every other draw as it was, and the difference
between two runs is what the channel did and nothing else.

``python -m funnelkit.simulate`` writes the tables, ``--check`` compares them with a fresh run.
"""

import io
import json

import numpy as np
import pandas as pd

from funnelkit import data, schemas
from funnelkit.world.calls import draw_calls, draw_shifts
from funnelkit.world.customers import (
    draw_customers,
    draw_orders,
    draw_subscriptions,
    draw_surveys,
    true_opinion,
)
from funnelkit.world.daily import draw_daily
from funnelkit.world.deals import draw_close_dates, draw_deals, sold
from funnelkit.world.draws import Draws
from funnelkit.world.experiments import draw_experiments, draw_past_tests
from funnelkit.world.industries import draw_firms, draw_industries, draw_pilots
from funnelkit.world.journeys import draw_journeys, enrolments_without
from funnelkit.world.keys import seconds_of
from funnelkit.world.leads import draw_leads
from funnelkit.world.library import draw_library
from funnelkit.world.log import (
    draw_events,
    draw_people,
    draw_sessions,
    draw_spend,
    draw_visitors,
    finish_events,
    finish_people,
    finish_spend,
)
from funnelkit.world.model import CHANNELS, MODEL, SEED, last_second
from funnelkit.world.nurturing import draw_campaigns
from funnelkit.world.regions import draw_regions
from funnelkit.world.written import write_or_compare

__all__ = ["files", "main", "truth", "world"]


def world(seed: int = SEED, *, without: tuple[str, ...] = ()) -> dict[str, pd.DataFrame]:
    """Run the world once and return its tables.

    Parameters
    ----------
    seed : int
        The seed. The shipped tables use ``SEED``.
    without : tuple of str, optional
        Channels to run the world without. Their visitors stay away, but for the share who would
        have come anyway, directly; nothing else changes.

    Returns
    -------
    dict of pandas.DataFrame
        The simulated tables by name, as `funnelkit.schemas.SCHEMAS` describes them, and under
        ``"people"`` what no company ever sees: one row per person who visited since the log began,
        with the truth about them. Likewise ``"opinions"``: one row for each row of ``surveys``,
        with what the customer thinks, whether they answered or not; ``"lead_truth"``, a dict:
        what the table ``leads`` hides; ``"pipeline"``: one row per deal, with how it will end; and
        ``"past_truth"`` and ``"campaign_truth"``, dicts: the true rates and lifts of the past
        tests, and the kinds of the contacts.

    Raises
    ------
    ValueError
        If ``without`` names a channel that there is not.

    Examples
    --------
    >>> {"events", "customers", "leads"} <= set(world(1))
    True
    """
    unknown = set(without) - (set(CHANNELS) - {"direct"})
    if unknown:
        raise ValueError(
            f"without={tuple(without)}: there is no paid channel {sorted(unknown)}. Choose from "
            f"{[c for c in CHANNELS if c != 'direct']}."
        )
    days = pd.date_range(MODEL["span"]["history"], MODEL["span"]["end"])
    spend = draw_spend(seed, days)
    people = draw_people(seed, days, spend, without)
    log_start = seconds_of(MODEL["span"]["log"])
    logged = people[(people["first_visit"] >= log_start) & ~people["refused"]]
    sessions = draw_sessions(seed, logged, without)
    events = draw_events(seed, sessions)
    visitors = draw_visitors(seed, events, sessions, logged)
    customers, purchases = draw_customers(seed, people, days, without)
    orders = draw_orders(seed, purchases[purchases["product"] == "course"])
    subscriptions = draw_subscriptions(seed, purchases[purchases["product"] == "subscription"])
    surveys, opinions = draw_surveys(
        seed, purchases[purchases["product"] == "subscription"], subscriptions
    )
    forms = events[events["event"] == "lead"]
    sent = forms.groupby(forms["browser"] // np.uint64(2))["seconds"].min()
    leads, lead_truth, crm = draw_leads(seed, people, purchases, sent, without=without)
    calls = events[events["event"] == "opportunity"]
    booked = calls.groupby(calls["browser"] // np.uint64(2))["seconds"].min()
    shifts, handed = draw_shifts(seed, crm, booked)
    calls, handed = draw_calls(seed, handed)
    deals, stages, pipeline = draw_deals(seed, handed, sold(purchases, orders, subscriptions))
    close_dates, deals = draw_close_dates(seed, deals)
    shown = finish_spend(spend[~spend["channel"].isin(without)], people)
    books = {"customers": customers, "orders": orders, "subscriptions": subscriptions}
    past_tests, past_truth = draw_past_tests(seed)
    campaigns, campaign_truth = draw_campaigns(seed)
    return {
        "events": finish_events(events),
        "visitors": visitors,
        "spend": shown,
        "daily": draw_daily(seed, days, people, sent, shown, books),
        "customers": customers,
        "orders": orders,
        "subscriptions": subscriptions,
        "surveys": surveys,
        "opinions": opinions,
        "leads": leads,
        "lead_truth": lead_truth,
        "shifts": shifts,
        "calls": calls,
        "deals": deals,
        "stages": stages,
        "close_dates": close_dates,
        "pipeline": pipeline,
        "experiments": draw_experiments(seed),
        "past_tests": past_tests,
        "past_truth": past_truth,
        "journeys": draw_journeys(seed, without),
        **draw_library(seed, customers),
        "regions": draw_regions(seed, without),
        "campaigns": campaigns,
        "campaign_truth": campaign_truth,
        "industries": draw_industries(seed),
        "firms": draw_firms(),
        "pilots": draw_pilots(seed),
        "people": finish_people(seed, people[people["first_visit"] >= log_start], events),
    }


def truth(tables: dict[str, pd.DataFrame], seed: int = SEED) -> dict:
    """Return what was planted, and what came of it in one run of the world.

    Parameters
    ----------
    tables : dict of pandas.DataFrame
        What `world` returned.
    seed : int
        The seed it was given.

    Returns
    -------
    dict
        ``model``: the parameters; ``facts``: counts that no table shows directly; ``leads``: the
        lead_ids of each hidden segment, each intent and each planted fault.
    """
    people, events = tables["people"], tables["events"]
    outage = MODEL["tracking"]["outage"]
    bots = Draws(seed, "bots").code(
        "user", np.arange(MODEL["tracking"]["bots"], dtype=np.uint64), "u"
    )
    deals, fate = tables["deals"], tables["pipeline"]
    facts = {
        "people_who_visited_since_the_log_began": len(people),
        "of_them_refused_tracking": int(people["refused"].sum()),
        "of_them_in_the_log": int((people["user_ids"] > 0).sum()),
        "of_them_in_the_log_under_two_ids": int((people["user_ids"] == 2).sum()),
        "exact_duplicate_rows": int(events.duplicated().sum()),
        "rows_out_of_order": int((events["timestamp"].diff() < pd.Timedelta(0)).sum()),
        "outage_day": outage,
        "bot_user_ids": sorted(bots.tolist()),
        "leads_since_the_log_began": int(people["lead_at"].le(_last_moment()).sum()),
        "customers_since_the_log_began": int(people["customer_at"].le(_last_moment()).sum()),
        "surveys": {
            "all": true_opinion(tables["opinions"]),
            **{
                f"{sent:%Y-%m-%d}": true_opinion(wave)
                for sent, wave in tables["opinions"].groupby("sent")
            },
        },
        "pipeline": {
            "adviser_weeks_that_are_short": int((tables["shifts"]["days"] < 5).sum()),
            "open_deals": int(deals["outcome"].isna().sum()),
            "of_them_will_be_won": int((fate["wins"] & (fate["won"] > last_second())).sum()),
        },
        "past_tests": tables["past_truth"],
        "journeys": enrolments_without(seed),
        "library": {
            "members": len(tables["members"]),
            "of_them_cold": int(tables["members"]["cold"].sum()),
        },
        "campaigns": tables["campaign_truth"],
    }
    return {"seed": seed, "model": MODEL, "facts": facts, "leads": tables["lead_truth"]}


def _last_moment() -> pd.Timestamp:
    """Return the last second of the world as a timestamp."""
    return pd.Timestamp(last_second(), unit="s")


def files(seed: int = SEED) -> dict[str, bytes]:
    """Return the content of every file that the generator makes, by file name.

    Parameters
    ----------
    seed : int
        The seed.

    Returns
    -------
    dict of bytes
        Decompressed content: the tables as CSV, ``truth.json``, ``README.md`` and
        ``checksums.json`` (which covers the tables that are not simulated, too).
    """
    tables = world(seed)
    made = {
        schemas.SCHEMAS[name].file: _csv(schemas.check_table(table, name), name)
        for name, table in tables.items()
        if name in schemas.SCHEMAS
    }
    folder = data.data_folder()
    sums = {
        schema.file: data.checksum(made.get(schema.file) or data.read_content(folder / schema.file))
        for schema in schemas.SCHEMAS.values()
    }
    made["truth.json"] = _json(truth(tables, seed))
    made["checksums.json"] = _json(sums)
    made["README.md"] = data.dictionary().encode()
    return made


def _csv(table: pd.DataFrame, name: str) -> bytes:
    """Return a table as CSV text: whole seconds, days, cents."""
    days = [c.name for c in schemas.SCHEMAS[name].columns if c.kind == "date"]
    table = table.assign(**{day: table[day].dt.strftime("%Y-%m-%d") for day in days})
    buffer = io.StringIO()
    table.to_csv(buffer, index=False, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%S")
    return buffer.getvalue().encode()


def _json(value) -> bytes:
    """Return a value as indented JSON text."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def main(arguments: list[str] | None = None) -> int:
    """Write the generated files, or compare them with a fresh run."""
    different, check = write_or_compare(
        data.data_folder(),
        files,
        arguments,
        command="funnelkit.simulate",
        what="Write the simulated tables, their dictionary and their truth.",
    )
    if not different:
        print("datasets/: every generated file is as a fresh run makes it")
    elif check:
        print("Run `python -m funnelkit.simulate` to write them anew.")
    return int(check and bool(different))
