"""The mail series: contacts of four kinds, a hold-out group, and what each contact does.

What a contact would do with the series and without it is settled by the same draws, so that the
series changes what it is planted to change and nothing else.
"""

import numpy as np
import pandas as pd

from funnelkit.world.draws import Draws
from funnelkit.world.keys import CONTACTS, WEEK, as_moments, seconds_of
from funnelkit.world.model import NURTURING

__all__ = ["draw_campaigns"]

KINDS = ("persuadable", "sure", "sleeping dog", "lost")
LETTERS = {"persuadable": "p", "sure": "s", "sleeping dog": "d", "lost": "l"}


def draw_campaigns(seed: int) -> tuple[pd.DataFrame, dict]:
    """Return the table ``campaigns``, in the order of entering, and what it hides."""
    draws, law = Draws(seed, "campaigns"), NURTURING
    ids = CONTACTS + np.arange(law["contacts"], dtype=np.uint64)
    known = _known(draws, ids)
    consent = draws.chance("consent", ids, law["consent"])
    kind = _kind(draws, ids, known, consent)
    treated = consent & ~draws.chance("held out", ids, law["holdout"])
    many = draws.chance("many", ids, law["many"])
    mails = treated * np.where(many, law["mails"]["many"], law["mails"]["few"])
    enrolled = (kind == "sure") | (kind == np.where(treated, "persuadable", "sleeping dog"))
    paid = draws.lognormal("order", ids, law["order"]["median"], law["order"]["sigma"])
    opened = np.array([law["opens"][each] for each in KINDS])[_place(kind)]
    leaves = np.array([law["opted_out"][str(each)] for each in range(0, 9, 4)])[mails // 4]
    week = draws.bits("week", ids) % np.uint64(law["weeks"])
    entered = seconds_of(law["from"]) + WEEK * week.astype(np.int64)
    table = pd.DataFrame(
        {
            "contact_id": draws.code("contact", ids, "n"),
            "entered": as_moments(entered),
            "consent": consent,
            "treated": treated,
            "mails": mails,
            **known,
            "opens": draws.binomial("opens", ids, np.maximum(mails, 1), opened) * treated,
            "enrolled": enrolled,
            "order_value": np.where(enrolled, np.round(paid, 2), 0.0),
            "voucher": np.where(enrolled & treated, law["voucher"], 0.0),
            "opted_out": draws.chance("opted out", ids, leaves),
            "kind": kind,
        }
    ).astype({"contact_id": "str"})
    table = table.sort_values(["entered", "contact_id"], ignore_index=True)
    return table.drop(columns="kind"), _kinds(table)


def _kinds(table: pd.DataFrame) -> dict:
    """Return each contact's kind, as a letter per row, and what the series does on average."""
    shares = table.loc[table["consent"], "kind"].value_counts(normalize=True)
    return {
        "letters": {letter: name for name, letter in LETTERS.items()},
        "kinds_in_the_order_of_the_table": "".join(table["kind"].map(LETTERS)),
        "shares_of_those_with_consent": {each: round(float(shares[each]), 4) for each in KINDS},
        "average_effect": round(float(shares["persuadable"] - shares["sleeping dog"]), 4),
    }


def _known(draws: Draws, ids: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is known of each contact before the series begins."""
    law = NURTURING
    visits = np.minimum(
        draws.geometric("visits", ids, law["visits"]["mean"]), law["visits"]["at_most"]
    )
    newsletters = draws.poisson("newsletters", ids, law["newsletters"]["mean"])
    orders = draws.geometric("orders", ids, law["orders"]["mean"])
    pricing = draws.binomial("pricing", ids, np.maximum(visits, 1), law["pricing"])
    return {
        "visits": visits,
        "pricing_views": np.minimum(pricing, visits),
        "webinar": draws.chance("webinar", ids, law["webinar"]),
        "newsletters": np.minimum(newsletters, law["newsletters"]["at_most"]),
        "orders": np.minimum(orders, law["orders"]["at_most"]),
    }


def _kind(draws: Draws, ids: np.ndarray, known: dict, consent: np.ndarray) -> np.ndarray:
    """Return each contact's kind, drawn with the planted log-odds against "lost"."""
    odds = []
    for kind in KINDS[:-1]:
        law = NURTURING["kinds"][kind]
        logit = law["base"] + np.where(consent, 0.0, NURTURING["no_consent"])
        for name, weight in law.items():
            logit = logit + (weight * known[name] if name != "base" else 0.0)
        odds.append(np.exp(logit))
    edges = np.cumsum([*odds, np.ones(len(ids))], axis=0)
    place = (draws.uniform("kind", ids) * edges[-1] > edges[:-1]).sum(axis=0)
    return np.array(KINDS)[place]


def _place(kind: np.ndarray) -> np.ndarray:
    """Return the place of each kind in KINDS."""
    return pd.Index(KINDS).get_indexer(kind)
