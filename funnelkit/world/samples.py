"""Sample exports, messy in the ways in which the tools' exports are: ``datasets/samples``.

Everybody in them is invented, and so are the firms. The shapes are those that the tools document;
the faults are planted: addresses in two spellings, a stage that was skipped, a footer, totals on
the first line of an order only, times before and after a change of the clocks.

``python -m funnelkit.world.samples`` writes them, ``--check`` compares them with a fresh run.
"""

import json
import sys

import numpy as np
import pandas as pd

from funnelkit.world.draws import Draws
from funnelkit.world.model import SEED
from funnelkit.world.written import write_or_compare_folder

__all__ = ["main", "samples"]

FIRST = ("Anna", "Ben", "Chloé", "David", "Eva", "François", "Greta", "Hans", "Iva", "Jörg")
LAST = ("Novák", "Müller", "Dubois", "Smith", "Svoboda", "Weiß", "García", "Jensen", "Rossi")
START = np.datetime64("2026-01-05T00:00:00")
DAY = 86_400


def samples(seed: int = SEED) -> dict[str, bytes]:
    """Return the content of every sample export, by file name.

    Parameters
    ----------
    seed : int
        The seed.

    Returns
    -------
    dict of bytes

    Examples
    --------
    >>> sorted(samples(1))[:2]
    ['ga4_events.jsonl', 'hubspot_contacts.csv']
    """
    return {
        "hubspot_contacts.csv": _hubspot_contacts(seed),
        "hubspot_deals.csv": _hubspot_deals(seed),
        "salesforce_opportunities.csv": _salesforce(seed),
        "ga4_events.jsonl": _ga4(seed),
        "shopify_orders.csv": _shopify(seed),
        "spreadsheet.csv": _spreadsheet(seed),
    }


def _arrivals(draws, ids, days):
    """Return moments spread over so many days, fewer on weekends, in order of time."""
    moments = START + (draws.uniform("arrival", ids) * days * DAY).astype("timedelta64[s]")
    weekend = (moments.astype("datetime64[D]").view("int64") + 3) % 7 >= 5
    back = np.where(weekend & draws.chance("weekday", ids, 0.6), 3 * DAY, 0)
    return np.sort(np.maximum(moments - back.astype("timedelta64[s]"), START))


def _after(draws, what, ids, moments, median_days, sigma):
    """Return later moments, lognormally later, in whole seconds."""
    days = draws.lognormal(what, ids, median_days, sigma)
    return moments + np.round(days * DAY).astype("timedelta64[s]")


def _written(moments, form, known):
    texts = pd.Series(moments).dt.strftime(form)
    return texts.where(np.asarray(known), "")


def _people(draws, ids):
    first = draws.choice("first", ids, FIRST, np.full(len(FIRST), 1 / len(FIRST)))
    last = draws.choice("last", ids, LAST, np.full(len(LAST), 1 / len(LAST)))
    plain = pd.Series(first).str.normalize("NFKD").str.encode("ascii", "ignore").str.decode("ascii")
    mail = plain.str.lower() + pd.Series(ids).astype(str) + "@example.org"
    return first, last, mail


def _csv(table, encoding="utf-8", sep=",", end="\n"):
    return table.to_csv(index=False, sep=sep, lineterminator=end).encode(encoding)


def _hubspot_contacts(seed):
    """Return contacts with a date for each stage; a few skip a stage or are there twice."""
    draws, ids = Draws(seed, "samples/contacts"), np.arange(420, dtype=np.uint64)
    created = _arrivals(draws, ids, 150)
    lead, opportunity = draws.chance("lead", ids, 0.55), draws.chance("opportunity", ids, 0.4)
    customer = draws.chance("customer", ids, 0.35)
    lead_at = _after(draws, "lead after", ids, created, 0.8, 1.0)
    opportunity_at = _after(draws, "opportunity after", ids, lead_at, 4, 0.8)
    customer_at = _after(draws, "customer after", ids, opportunity_at, 7, 0.6)
    end = START + np.timedelta64(150 * DAY, "s")
    lead &= lead_at < end
    opportunity &= lead & (opportunity_at < end)
    customer &= opportunity & (customer_at < end)
    skipped = customer & draws.chance("skipped", ids, 0.12)  # moved by hand
    first, last, mail = _people(draws, ids)
    mail = mail.where(~draws.chance("upper", ids, 0.05), mail.str.upper())
    stage = np.select(
        [customer, opportunity, lead], ["customer", "opportunity", "lead"], "subscriber"
    )
    form = "%Y-%m-%d %H:%M"
    table = pd.DataFrame(
        {
            "Record ID": 10_000_000_001 + ids.astype("int64") * 37,
            "First Name": first,
            "Last Name": last,
            "Email": mail,
            "Phone Number": "+49 30 " + pd.Series(5_550_000 + ids.astype("int64")).astype(str),
            "Postal Code": pd.Series(1_067 + ids.astype("int64") * 211).astype(str).str.zfill(5),
            "Lifecycle Stage": stage,
            "Original Source": draws.choice(
                "source", ids, ("ORGANIC_SEARCH", "PAID_SEARCH", "REFERRALS"), (0.5, 0.3, 0.2)
            ),
            "Create Date": _written(created, form, np.ones(len(ids), bool)),
            "Became a Lead Date": _written(lead_at, form, lead & ~skipped),
            "Became an Opportunity Date": _written(opportunity_at, form, opportunity),
            "Became a Customer Date": _written(customer_at, form, customer),
        }
    )
    twice = table[draws.chance("twice", ids, 0.02)]
    return _csv(pd.concat([table, twice]), "utf-8-sig")


def _deals(draws, ids, days):
    """Return when deals are created and close, whether they are won, lost or open, and amounts."""
    created = _arrivals(draws, ids, days)
    closed = _after(draws, "close", ids, created, 24, 0.6)
    over = closed < START + np.timedelta64(days * DAY, "s")
    won = over & draws.chance("won", ids, 0.36)
    amount = np.round(draws.lognormal("amount", ids, 1_400, 0.6), 2)
    return created, closed, over, won, amount


def _hubspot_deals(seed):
    """Return deals; a close date in the future is a plan."""
    draws, ids = Draws(seed, "samples/deals"), np.arange(260, dtype=np.uint64)
    created, closed, over, won, amount = _deals(draws, ids, 150)
    open_stage = draws.choice("stage", ids, ("Appointment Scheduled", "Contract Sent"), (0.7, 0.3))
    everyone = np.ones(len(ids), bool)
    return _csv(
        pd.DataFrame(
            {
                "Record ID": 20_000_000_003 + ids.astype("int64") * 41,
                "Deal Name": [f"Course package {i:03d}" for i in ids],
                "Deal Stage": np.select([won, over], ["Closed Won", "Closed Lost"], open_stage),
                "Close Date": _written(closed, "%Y-%m-%d %H:%M", everyone),
                "Create Date": _written(created, "%Y-%m-%d %H:%M", everyone),
                "Amount": pd.Series(amount).map("{:.2f}".format),
                "Deal owner": draws.choice("owner", ids, ("A. Berg", "C. Dahl"), (0.6, 0.4)),
            }
        )
    )


def _salesforce(seed):
    """Return a report of opportunities: American dates, a currency, lines below the table."""
    draws, ids = Draws(seed, "samples/opportunities"), np.arange(240, dtype=np.uint64)
    created, closed, over, won, amount = _deals(draws, ids, 150)
    stage = np.select([won, over], ["Closed Won", "Closed Lost"], "Proposal/Price Quote")
    everyone = np.ones(len(ids), bool)
    _, last, _ = _people(draws, ids)
    table = pd.DataFrame(
        {
            "Opportunity ID": [f"006A{7_000 + 13 * int(i):08d}AAQ" for i in ids],
            "Opportunity Name": [f"{name} GmbH - training" for name in last],
            "Account Name": [f"{name} GmbH" for name in last],
            "Stage": stage,
            "Amount": pd.Series(amount).map("EUR {:,.2f}".format),
            "Created Date": _written(created, "%m/%d/%Y", everyone),
            "Close Date": _written(closed, "%m/%d/%Y", everyone),
            "Lead Source": draws.choice("source", ids, ("Web", "Partner", "Fair"), (0.6, 0.3, 0.1)),
        }
    )
    below = (
        '\n"Opportunities by stage"\n"Confidential Information - Do Not Distribute"\n'
        '"Generated by: C. Dahl, 6/4/2026 9:12 AM"\n'
    )
    return _csv(table, "cp1252") + below.encode("cp1252")


def _ga4(seed):
    """Return events, one JSON object per line; some without a user, since consent was refused."""
    draws, ids = Draws(seed, "samples/ga4"), np.arange(200, dtype=np.uint64)
    first = _arrivals(draws, ids, 42)
    signup, purchase = draws.chance("signup", ids, 0.3), draws.chance("purchase", ids, 0.25)
    signup_at = _after(draws, "signup after", ids, first, 0.05, 1.5)
    purchase_at = _after(draws, "purchase after", ids, signup_at, 2, 1)
    refused = draws.chance("refused", ids, 0.08)
    rows = []
    for i in ids:
        person = (
            None if refused[i] else f"{1_000_000_007 + 7_919 * int(i)}.{1_767_600_000 + int(i)}"
        )
        happened = [("session_start", first[i]), ("page_view", first[i])]
        happened += [("sign_up", signup_at[i])] if signup[i] else []
        happened += [("purchase", purchase_at[i])] if signup[i] and purchase[i] else []
        rows += [(moment, name, person, int(i)) for name, moment in happened]
    lines = []
    for moment, name, person, i in sorted(rows, key=lambda row: (row[0], row[3])):
        session = {"key": "ga_session_id", "value": {"int_value": 1_767_600_000 + i}}
        row = {
            "event_date": pd.Timestamp(moment).strftime("%Y%m%d"),
            "event_timestamp": str(int(moment.astype("datetime64[us]").view("int64")) + i),
            "event_name": name,
            "event_params": [session] if person else [],
            "user_pseudo_id": person,
        }
        lines.append(json.dumps(row))
    return ("\n".join(lines) + "\n").encode()


def _shopify(seed):
    """Return orders, one row per line item, with the total on the first of each order."""
    draws, ids = Draws(seed, "samples/orders"), np.arange(330, dtype=np.uint64)
    made = _arrivals(draws, ids, 120)
    customer = (draws.uniform("customer", ids) ** 1.7 * 210).astype("uint64")
    _, _, mail = _people(draws, customer)
    refunded, rows = draws.chance("refunded", ids, 0.06), []
    local = pd.DatetimeIndex(made).tz_localize("UTC").tz_convert("Europe/Berlin")
    prices = (19, 29, 49, 89)
    for i in ids:
        items = 1 + int(draws.choice("items", ids, (0, 1, 2), (0.6, 0.3, 0.1))[i])
        bought = [int(draws.choice(f"price {k}", ids, prices, (0.4, 0.3, 0.2, 0.1))[i])
                  for k in range(items)]  # fmt: skip
        for k, price in enumerate(bought):
            whole = k == 0
            rows.append(
                {
                    "Name": f"#{1001 + int(i)}",
                    "Email": mail[i],
                    "Financial Status": ("refunded" if refunded[i] else "paid") if whole else "",
                    "Currency": "EUR" if whole else "",
                    "Total": f"{sum(bought):.2f}" if whole else "",
                    "Created at": local[i].strftime("%Y-%m-%d %H:%M:%S %z"),
                    "Lineitem quantity": "1",
                    "Lineitem name": f"Course book {price}",
                    "Lineitem price": f"{price:.2f}",
                    "Refunded Amount": f"{sum(bought) * refunded[i]:.2f}" if whole else "",
                }
            )
    return _csv(pd.DataFrame(rows))


def _spreadsheet(seed):
    """Return a list kept by hand in a German spreadsheet: decimal comma, a sum below."""
    draws, ids = Draws(seed, "samples/spreadsheet"), np.arange(170, dtype=np.uint64)
    asked = _arrivals(draws, ids, 110)
    offered, bought = draws.chance("offer", ids, 0.6), draws.chance("order", ids, 0.4)
    amount = np.round(draws.lognormal("amount", ids, 900, 0.5), 2)
    offer_at = _after(draws, "offer after", ids, asked, 2, 0.6)
    order_at = _after(draws, "order after", ids, offer_at, 5, 0.6)
    rows, total = [], 0.0
    for i in ids:
        steps = [("Anfrage", asked[i], "")]
        steps += [("Angebot", offer_at[i], "")] if offered[i] else []
        if offered[i] and bought[i]:
            total += float(amount[i])
            steps.append(("Auftrag", order_at[i], _german(amount[i])))
        rows += [(f"K{int(i):04d}", *step) for step in steps]
    table = pd.DataFrame(rows, columns=["Kunde", "Schritt", "Datum", "Betrag"])
    table = table.sort_values(["Datum", "Kunde"], kind="stable")
    table["Datum"] = table["Datum"].dt.strftime("%d.%m.%Y")
    below = f"Summe;;;{_german(round(total, 2))}\r\n"
    return b"\xef\xbb\xbfsep=;\r\n" + _csv(table, sep=";", end="\r\n") + below.encode()


def _german(amount):
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def main(arguments: list[str] | None = None) -> int:
    """Write the sample exports and their checksums, or compare them with a fresh run."""
    return write_or_compare_folder(
        "samples",
        samples,
        arguments,
        command="funnelkit.world.samples",
        what="Write the sample exports.",
    )


if __name__ == "__main__":
    sys.exit(main())
