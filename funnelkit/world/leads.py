"""The leads of Lumen Academy: who they are, what they did and wrote, what the CRM made of it.

Which people become leads, and which of those book a call and enrol, was settled before
(`funnelkit.world.log`). What is added here is drawn *given* that outcome, so that the two agree:
a candidate for a lead's traits is drawn, and kept with the probability that the model below gives
to what is known to have become of the lead; else the next candidate is drawn. So among the leads
of one channel the log-odds of enrolling, once called, are the sum of the planted effects and a
constant.

Then the CRM goes wrong in the ways in which CRMs do: rows twice, people twice, ages that cannot
be, an old list imported as if it were new, incomes in another currency, and a column that is
filled only after the outcome.
"""

import numpy as np
import pandas as pd

from funnelkit import schemas
from funnelkit.world.draws import Draws
from funnelkit.world.keys import CARDS, DAY, LISTS, STALE, WALK_INS, seconds_of
from funnelkit.world.model import (
    AREAS,
    COMPANY_SHARE,
    COMPANY_SIZES,
    IMPOSSIBLE_AGES,
    LEADS,
    MODEL,
    OFFERS,
    OWNERS,
    lead_span,
)
from funnelkit.world.phrases import EXTRAS, SENTENCES, SLOTS

__all__ = ["draw_leads", "form_times", "log_odds"]


def draw_leads(seed: int, people, customers, sent, *, without=()):
    """Return the CRM's table of leads, and what it does not say.

    Parameters
    ----------
    seed : int
        The world's seed.
    people : pandas.DataFrame
        The people of the world who visited, as `funnelkit.simulate` holds them (seconds since
        1970, -1 for never).
    customers : pandas.DataFrame
        The book of customers with its keys.
    sent : pandas.Series
        When the log saw a person's first form, by the person's key (seconds since 1970).
    without : tuple of str, optional
        Channels that the world is run without.

    Returns
    -------
    pandas.DataFrame
        The table ``leads``.
    dict
        The truth: the lead_ids of each segment and each intent, and the planted faults.
    pandas.DataFrame
        The leads as the world knows them, one row per record, with their keys and their future.
    """
    crm = pd.concat(
        [_from_the_web(seed, people, sent), _from_cards_and_lists(seed, customers, without)],
        ignore_index=True,
    )
    crm = pd.concat([crm, _stale_import(seed, without)], ignore_index=True)
    crm = crm.join(_traits(seed, crm).drop(columns=["source", "entry"]))
    crm = crm.join(_what_was_recorded(seed, crm))
    crm = pd.concat([crm.assign(second=False), _second_records(seed, crm)], ignore_index=True)
    crm = _identity(seed, crm)
    crm, faults = _faults(seed, crm)
    crm = crm.sort_values(["created", "lead_id"], ignore_index=True)
    hidden = {
        "segments": _ids_by(crm, "segment"),
        "intents": _ids_by(crm[crm["message"].notna()], "intent"),
        "leak": LEADS["leak"]["column"],
        **faults,
    }
    twice = Draws(seed, "leads").chance(
        "twice", crm["record"].to_numpy(), LEADS["faults"]["exact_duplicates"]
    )
    hidden["exact_duplicates"] = crm.loc[twice, "lead_id"].tolist()
    return _finish(crm.loc[crm.index.repeat(1 + twice)].reset_index(drop=True)), hidden, crm


def _from_the_web(seed, people, sent) -> pd.DataFrame:
    """Return the leads who filled in the form on the site."""
    first, last = lead_span()
    came = people[people["lead_at"].between(first, last)]
    table = came[["key", "channel", "device", "region", "refused", "lead_again_at"]].copy()
    table = table.rename(columns={"channel": "source"})
    table["created"] = form_times(came, sent)
    table["entry"] = "form"
    table["enrols_at"] = came["customer_at"]
    table["books_at"] = came["opportunity_at"]
    logged = (came["first_visit"] >= seconds_of(MODEL["span"]["log"])) & ~came["refused"]
    user = Draws(seed, "browsers").code("user", came["key"].to_numpy() * np.uint64(2), "u")
    table["user_id"] = pd.Series(user, index=came.index).where(logged)
    return table


def form_times(came: pd.DataFrame, sent: pd.Series) -> pd.Series:
    """Return when each lead sent the form: as the log saw it, else as it was."""
    seen = came["key"].map(sent)
    # Where the log saw nothing, or only a later form, it does not know.
    seen = seen.where((seen - came["lead_at"]).abs() < DAY)
    return seen.fillna(came["lead_at"]).astype("int64")


def _from_cards_and_lists(seed, customers, without) -> pd.DataFrame:
    """Return the leads who left a card at a fair or were on a partner's list."""
    draws = Draws(seed, "leads")
    first, last = lead_span()
    days = np.arange(first // DAY, last // DAY + 1)
    weekday = (days + 3) % 7  # 1 January 1970 was a Thursday
    parts = []
    for entry, source, on, mean, first_key in (
        ("card", "offline", weekday >= 5, LEADS["arrivals"]["cards_a_weekend_day"], CARDS),
        ("list", "partner", weekday == 0, LEADS["arrivals"]["list_a_monday"], LISTS),
    ):
        count = draws.poisson(f"{entry}s", days[on], mean)
        day = np.repeat(days[on], count)
        place = np.concatenate([np.arange(c) for c in count]) if len(count) else count
        key = first_key + (day * 1000 + place).astype(np.uint64)
        parts.append(
            pd.DataFrame({"key": key, "day": day, "entry": entry, "source": source})
            .assign(enrols_at=-1)
            .astype({"key": "uint64"})
        )
    # Of those who enrolled without a visit, some had left a card before.
    walked_in = customers[customers["key"] >= WALK_INS]
    ids = walked_in["key"].to_numpy()
    had = draws.chance("had a card", ids, LEADS["arrivals"]["walk_in_left_a_card"])
    before = np.floor(draws.lognormal("card before", ids, 20.0, 0.6)).astype(np.int64)
    day = walked_in["acquired"].to_numpy() - before
    at_fair = (walked_in["channel"] == "offline").to_numpy()
    # Back to the Saturday of that week, or to its Monday.
    weekday = (day + 3) % 7
    day = np.where(at_fair, day - (weekday - 5) % 7, day - weekday)
    enrolled = pd.DataFrame(
        {
            "key": ids,
            "day": day,
            "entry": np.where(at_fair, "card", "list"),
            "source": walked_in["channel"].to_numpy(),
            "enrols_at": walked_in["acquired"].to_numpy() * DAY + DAY // 2,
        }
    )
    parts.append(enrolled[had & (day >= first // DAY)])
    table = pd.concat(parts, ignore_index=True)
    table = table[~table["source"].isin(without)].reset_index(drop=True)
    ids = table["key"].to_numpy()
    clock = 9 * 3600 + np.floor(8 * 3600 * draws.uniform("card clock", ids)).astype(np.int64)
    table["created"] = table["day"] * DAY + np.where(table["entry"] == "list", 6 * 3600, clock)
    share = np.ones(len(schemas.REGIONS))
    table["region"] = draws.choice("card region", ids, schemas.REGIONS, share)
    table["device"], table["user_id"], table["refused"] = None, None, False
    table["books_at"] = np.where(table["enrols_at"] >= 0, table["enrols_at"] - DAY, -1)
    table["lead_again_at"] = -1
    return table.drop(columns="day")


def _stale_import(seed, without) -> pd.DataFrame:
    """Return the rows of an old list that was imported as if it were new."""
    law = LEADS["faults"]["stale_import"]
    draws = Draws(seed, "leads")
    key = STALE + np.arange(law["rows"], dtype=np.uint64)
    table = pd.DataFrame(
        {
            "key": key,
            "entry": "list",
            "source": "partner",
            "enrols_at": -1,
            "created": seconds_of(law["at"]),
            "region": draws.choice(
                "card region", key, schemas.REGIONS, np.ones(len(schemas.REGIONS))
            ),
            "device": None,
            "user_id": None,
            "refused": False,
            "books_at": -1,
            "lead_again_at": -1,
        }
    )
    return table[~table["source"].isin(without)]


def _candidates(draws: Draws, crm: pd.DataFrame, k) -> pd.DataFrame:
    """Return the k-th candidate for the traits of each lead, and what the model says of it."""
    ids = crm["key"].to_numpy()
    law, behaviour = LEADS["segments"], LEADS["behaviour"]
    table = pd.DataFrame(index=crm.index)
    names = list(law)
    table["segment"] = draws.choice("segment", ids, names, [law[n]["share"] for n in names], k)
    of = {
        trait: table["segment"].map({n: law[n][trait] for n in names}).to_numpy()
        for trait in ("age", "age_sd", "income", "log_sd", "effect")
    }
    age = of["age"] + of["age_sd"] * draws.normal("age", ids, k)
    table["years"] = np.maximum(age, 16 + 2 * draws.uniform("youngest", ids, k))
    income = np.exp(np.log(of["income"]) + of["log_sd"] * draws.normal("income", ids, k))
    table["true_income"] = np.round(income, -2)
    on_site = (crm["entry"] == "form").to_numpy()
    visits = 1 + draws.geometric("visits", ids, behaviour["more_visits"], k)
    table["visits"] = np.where(on_site, np.minimum(visits, 14), 0)
    mean = behaviour["downloads"] + behaviour["downloads_per_visit"] * table["visits"].to_numpy()
    downloads = draws.poisson("downloads", ids, np.where(on_site, mean, 0.2), k)
    table["downloads"] = np.minimum(downloads, 5)
    webinar = draws.chance("webinar", ids, behaviour["webinar"], k)
    table["webinars"] = webinar * (1 + draws.poisson("webinars", ids, 0.4, k))
    table["consent"] = draws.chance("consent", ids, crm["entry"].map(LEADS["consent"]), k)
    opens = np.minimum(draws.poisson("opens", ids, behaviour["own_opens"], k), 3)
    table["own_opens"] = np.where(table["consent"], opens, 0)
    table["offer"] = draws.choice("offer", ids, OFFERS, [1, 1, 1], k)
    wrote = on_site & draws.chance("wrote", ids, LEADS["message"]["share"], k)
    intents = LEADS["message"]["intents"]
    intent = draws.choice("intent", ids, list(intents), list(intents.values()), k)
    table["intent"] = np.where(wrote, intent, "none")
    size = draws.choice("company", ids, COMPANY_SIZES, COMPANY_SHARE, k)
    gone = LEADS["missing"]["company_size"]
    unsaid = np.where(table["segment"] == "students", gone["students"], gone["other"])
    table["company"] = np.where(draws.chance("no company", ids, unsaid, k), "none", size)
    table["source"], table["entry"] = crm["source"], crm["entry"]
    table["log_odds"] = log_odds(table)

    seen = _recorded(draws, ids, table["visits"], table["years"], "seen visits", k)
    table["seen_visits"] = np.where(on_site, np.maximum(seen, 1), 0)
    points = 1 * (table["seen_visits"] >= 3) + (table["downloads"] >= 1) + (table["webinars"] >= 1)
    table["by_lot"] = draws.chance("by lot", ids, LEADS["calls"]["by_lot"], k)
    shares = {who: np.array(law) for who, law in LEADS["calls"]["share_by_points"].items()}
    share = np.where(on_site, shares["form"][points], shares["other"][points])
    worth = draws.chance("worth a call", ids, share, k)
    table["called"] = table["by_lot"] | worth
    return table


def log_odds(table: pd.DataFrame) -> pd.Series:
    """Return the planted log-odds of enrolling once called, for true traits.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns source, entry, segment, offer, visits, downloads, webinars, own_opens, intent,
        company.

    Returns
    -------
    pandas.Series
        The log-odds.
    """
    effects, segments = LEADS["effects"], LEADS["segments"]
    offer = {(s, o): v for s, law in segments.items() for o, v in law["offer"].items()}
    pairs = zip(table["segment"], table["offer"], strict=True)
    return (
        table["source"].map(effects["source"])
        + effects["card_or_list"] * (table["entry"] != "form")
        + effects["four_visits_or_more"] * (table["visits"] >= 4)
        + effects["webinar"] * (table["webinars"] >= 1)
        + effects["each_download_with_a_webinar"]
        * np.minimum(table["downloads"], 3)
        * (table["webinars"] >= 1)
        + effects["each_own_open"] * table["own_opens"]
        + table["intent"].map(effects["intent"])
        + table["company"].map(effects["company_size"])
        + table["segment"].map({s: law["effect"] for s, law in segments.items()})
        + np.array([offer[pair] for pair in pairs])
    )


def _recorded(draws, ids, number, years, what, k=0):
    """Return what was recorded of a count: of older people about half."""
    law = LEADS["behaviour"]
    half = np.floor(np.asarray(number) * law["recorded_share"] + draws.uniform(what, ids, k))
    old = np.asarray(years) >= law["under_recorded_from_age"]
    return np.where(old, half, number).astype(np.int64)


def _traits(seed: int, crm: pd.DataFrame) -> pd.DataFrame:
    """Return the traits of each lead, drawn given what became of the lead."""
    draws = Draws(seed, "leads")
    enrols = (crm["enrols_at"] >= 0).to_numpy()
    books = (crm["books_at"] >= 0).to_numpy()
    kept, left, k = [], crm, 0
    while len(left):
        # The fewer are left, the more candidates are drawn for each at a time.
        tries = max(1, 4000 // len(left))
        rows = left.loc[left.index.repeat(tries)]
        number = k + np.tile(np.arange(tries), len(left))
        at = rows.index.to_numpy()
        table = _candidates(draws, rows.reset_index(drop=True), number)
        chance = 1 / (1 + np.exp(-table["log_odds"].to_numpy()))
        called = table["called"].to_numpy()
        # Of cards and lists nobody wrote down whether a call was booked.
        rate = LEADS["calls"]["books_if_not_enrolling"] * (rows["entry"] == "form").to_numpy()
        weight = np.select(
            [enrols[at] & books[at], enrols[at], books[at]],
            [called * chance, ~called * chance, called * (1 - chance)],
            np.where(called, (1 - chance) * (1 - rate), 1.0),
        )
        taken = draws.uniform("taken", rows["key"].to_numpy(), number) < weight
        first = table.set_axis(at)[taken]
        kept.append(first[~first.index.duplicated()])
        left, k = left.drop(kept[-1].index), k + tries
    return pd.concat(kept).sort_index()


def _what_was_recorded(seed: int, crm: pd.DataFrame) -> pd.DataFrame:
    """Return the columns as the CRM holds them for each person, before it goes wrong."""
    draws = Draws(seed, "leads")
    ids = crm["key"].to_numpy()
    gone, behaviour = LEADS["missing"], LEADS["behaviour"]
    form, card = (crm["entry"] == entry for entry in ("form", "card"))
    table = pd.DataFrame(index=crm.index)
    created = pd.to_datetime(crm["created"], unit="s")
    year = created.dt.year + (created.dt.day_of_year - 1) / 366
    born = np.floor(year - crm["years"])
    table["age"] = np.floor(crm["years"]).where(~draws.chance("age unsaid", ids, gone["age"]))
    known = ~draws.chance("birth unsaid", ids, gone["birth_year"])
    table["birth_year"] = born.where(known)
    gender = draws.choice("gender", ids, ["female", "male", "other"], [0.52, 0.46, 0.02])
    said = ~draws.chance("gender unsaid", ids, gone["gender"])
    table["gender"] = pd.Series(gender, index=crm.index).where(said)
    region = crm["region"].map({name: i + 1 for i, name in enumerate(schemas.REGIONS)})
    area = np.floor(AREAS * draws.uniform("area", ids) ** 1.6).astype(int)
    code = region.astype(str) + pd.Series(area + 10, index=crm.index).astype(str) + "00"
    table["postcode"] = code.where(~draws.chance("postcode unsaid", ids, gone["postcode"]))
    law = gone["income"]
    lean = law["level"] + law["per_log_income"] * np.log(crm["true_income"] / law["around"])
    unsaid = np.where(card, law["card"], 1 / (1 + np.exp(-lean)))
    table["income"] = crm["true_income"].where(~draws.chance("income unsaid", ids, unsaid))
    company = crm["company"]
    table["company_size"] = company.where(company != "none")

    seen = form & ~crm["refused"].astype(bool)
    table["visit_count"] = crm["seen_visits"].where(seen).astype(float)
    pages = crm["seen_visits"] + draws.poisson(
        "pages", ids, behaviour["pages_per_visit"] * crm["seen_visits"]
    )
    table["pages"] = pages.where(seen).astype(float)
    own = _recorded(draws, ids, crm["own_opens"], crm["years"], "seen opens")
    machine = behaviour["machine_opens"]
    late = (crm["created"] >= seconds_of(machine["from"])).to_numpy(copy=True)
    late &= draws.chance("machine", ids, machine["share"])
    opens = own + late * draws.poisson("machine opens", ids, machine["mean"])
    table["email_opens"] = pd.Series(opens, index=crm.index).where(crm["consent"]).astype(float)

    _, last = lead_span()
    law = LEADS["calls"]["after_days"]
    wait = DAY * draws.lognormal("call after", ids, law["median"], law["sigma"])
    books = crm["books_at"].between(0, last)
    table["called_now"] = crm["called"] & ((crm["created"] + wait <= last) | books)
    table["converted"] = crm["enrols_at"].between(0, last)
    leak = LEADS["leak"]
    months = (last - crm["enrols_at"]) / (30 * DAY)
    logins = draws.poisson("logins", ids, leak["mean_after_a_month"] * np.clip(months, 0.01, 1))
    guest = draws.chance("guest", ids, leak["guests"]) * draws.poisson("guest", ids, 1.5)
    table["portal_logins"] = np.where(table["converted"], logins, guest)
    table["message"] = _messages(draws, crm)
    owner = draws.choice("owner", ids, OWNERS, np.ones(len(OWNERS)))
    table["owner"] = pd.Series(owner, index=crm.index).where(table["called_now"])
    return table


def _messages(draws: Draws, crm: pd.DataFrame) -> pd.Series:
    """Return what each lead wrote, or nothing."""
    wrote = crm[crm["intent"] != "none"]
    ids = wrote["key"].to_numpy()
    filled = {
        (slot, part): draws.choice(f"{slot} {part}", ids, words, np.ones(len(words)))
        for slot, words in SLOTS.items()
        for part in ("first", "second")
    }
    first = draws.uniform("sentence", ids)
    more = draws.choice("extra", ids, EXTRAS, np.ones(len(EXTRAS)))
    adds, before = draws.chance("adds", ids, 0.65), draws.chance("before", ids, 0.3)
    texts = []
    for i, intent in enumerate(wrote["intent"]):
        sentences = SENTENCES[intent]
        text = sentences[int(first[i] * len(sentences))].format(
            **{slot: filled[slot, "first"][i] for slot in SLOTS}
        )
        if adds[i]:
            extra = more[i].format(**{slot: filled[slot, "second"][i] for slot in SLOTS})
            text = f"{extra} {text}" if before[i] else f"{text} {extra}"
        texts.append(text)
    return pd.Series(texts, index=wrote.index, dtype=object).reindex(crm.index)


def _second_records(seed: int, crm: pd.DataFrame) -> pd.DataFrame:
    """Return a second record for each person who came back under another address."""
    draws = Draws(seed, "leads")
    _, last = lead_span()
    again = crm["lead_again_at"].between(0, last) & crm[["birth_year", "postcode"]].notna().all(
        axis=1
    )
    ids = crm["key"].to_numpy()
    share = LEADS["faults"]["comes_back_under_another_address"]
    back = crm[again & draws.chance("other address", ids, share)]
    ids = back["key"].to_numpy()
    created = back["lead_again_at"]
    years = (created - back["created"]) / (365.25 * DAY)
    second = back.assign(
        created=created, second=True, converted=False, enrols_at=-1, called_now=False, owner=None,
        by_lot=False, portal_logins=0, user_id=None, message=None, intent="none",
        age=np.floor(back["years"] + years).where(back["age"].notna()),
        visit_count=(1.0 + draws.poisson("back visits", ids, 1.2)),
        downloads=draws.poisson("back downloads", ids, 0.4),
        webinars=0,
        email_opens=draws.poisson("back opens", ids, 0.8).astype(float),
    )  # fmt: skip
    second["email_opens"] = second["email_opens"].where(second["consent"])
    second["visit_count"] = second["visit_count"].where(back["visit_count"].notna())
    second["pages"] = 2 * second["visit_count"]
    return second


def _identity(seed: int, crm: pd.DataFrame) -> pd.DataFrame:
    """Return the table with a number for each record and the keys of addresses and telephones."""
    draws = Draws(seed, "leads")
    second = crm["second"].to_numpy(bool)
    ids = crm["key"].to_numpy()
    record = ids * np.uint64(2) + second.astype(np.uint64)
    phone = draws.code("phone", np.unique(ids), "h")
    phone = crm["key"].map(dict(zip(np.unique(ids), phone, strict=True)))
    # Some live together: they have a telephone and a postcode in common.
    law = LEADS["faults"]["households"]
    shares = draws.chance("household", ids, law["share"])
    shares &= ((crm["entry"] == "form") & crm["postcode"].notna()).to_numpy()
    region = crm["region"].map({name: i for i, name in enumerate(schemas.REGIONS)}).to_numpy()
    homes = law["homes_a_region"]
    home = (region * homes + draws.bits("home", ids) % np.uint64(homes)).astype(np.uint64)
    every = np.arange(len(schemas.REGIONS) * homes, dtype=np.uint64)
    shared = draws.code("home phone", every, "h")[home.astype(int)]
    area = 10 + np.floor(AREAS * draws.uniform("home area", home)).astype(int)
    code = crm["postcode"].str[:1] + pd.Series(area, index=crm.index).astype(str) + "00"
    has = ~draws.chance("no phone", ids, crm["entry"].map(LEADS["missing"]["phone"]))
    has |= shares | crm["key"].isin(crm.loc[second, "key"]).to_numpy()
    return crm.assign(
        record=record,
        lead_id=draws.code("lead", record, "l"),
        email_key=draws.code("email", record, "e"),
        phone_key=phone.mask(shares, shared).where(has),
        postcode=crm["postcode"].mask(shares, code),
        household=shares,
    )


def _faults(seed: int, crm: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
    """Return the table with its planted faults, and where they are."""
    draws = Draws(seed, "leads")
    law = LEADS["faults"]
    record = crm["record"].to_numpy()
    stale = crm["key"].between(STALE, WALK_INS - np.uint64(1)) & (crm["entry"] == "list")
    crm["years"] = np.where(stale, np.maximum(crm["years"], 24), crm["years"])
    year = pd.to_datetime(crm["created"], unit="s").dt.year
    crm["birth_year"] = np.where(stale, year - np.floor(crm["years"]), crm["birth_year"])
    crm["age"] = np.where(stale, law["stale_import"]["ages_of"] - crm["birth_year"], crm["age"])
    crm["visit_count"] = crm["visit_count"].where(~stale)

    impossible = draws.chance("impossible", record, law["impossible_ages"])
    impossible = impossible & (crm["age"].notna() & crm["birth_year"].notna() & ~stale).to_numpy()
    wrong = draws.choice("wrong age", record, IMPOSSIBLE_AGES, np.ones(len(IMPOSSIBLE_AGES)))
    crm["age"] = np.where(impossible, wrong, crm["age"])

    first, last = seconds_of(law["crowns"]["from"]), seconds_of(law["crowns"]["to"]) + DAY - 1
    crowns = (crm["entry"] == "list") & crm["created"].between(first, last)
    crowns &= crm["income"].notna()
    factor = np.where(crowns, law["crowns"]["to_the_euro"], 1.0)
    crm["income"] = crm["income"] * factor
    second = crm[crm["second"]]
    original = crm[~crm["second"]].set_index("key")["lead_id"]
    households = crm[crm["household"] & ~crm["second"]]
    faults = {
        "same_person": [
            [original[key], other]
            for key, other in zip(second["key"], second["lead_id"], strict=True)
        ],
        "households": [
            sorted(group)
            for _, group in households.groupby("phone_key")["lead_id"]
            if len(group) > 1
        ],
        "impossible_ages": crm.loc[impossible, "lead_id"].tolist(),
        "stale_import": crm.loc[stale, "lead_id"].tolist(),
        "crowns": crm.loc[crowns, "lead_id"].tolist(),
    }
    return crm, faults


def _ids_by(crm: pd.DataFrame, column: str) -> dict[str, list[str]]:
    """Return the lead_ids of each value of a hidden column."""
    return {name: group.tolist() for name, group in crm.groupby(column)["lead_id"]}


def _finish(crm: pd.DataFrame) -> pd.DataFrame:
    """Return the table as the CRM exports it."""
    enrolled = np.maximum(crm["enrols_at"], crm["created"]).where(crm["converted"], -1)
    moments = pd.Series(np.asarray(enrolled, dtype="int64").astype("datetime64[s]"))
    table = pd.DataFrame(
        {
            "lead_id": crm["lead_id"],
            "user_id": crm["user_id"],
            "created_at": crm["created"].to_numpy("int64").astype("datetime64[s]"),
            "entry": crm["entry"],
            "source": crm["source"],
            "owner": crm["owner"],
            "birth_year": crm["birth_year"].astype(float),
            "age": crm["age"].astype(float),
            "gender": crm["gender"],
            "postcode": crm["postcode"],
            "income": crm["income"].astype(float),
            "company_size": crm["company_size"],
            "device": crm["device"],
            "email_key": crm["email_key"],
            "phone_key": crm["phone_key"],
            "consent": crm["consent"].astype(bool),
            "visit_count": crm["visit_count"],
            "pages": crm["pages"],
            "downloads": crm["downloads"].astype("int64"),
            "webinars": crm["webinars"].astype("int64"),
            "email_opens": crm["email_opens"],
            "offer": crm["offer"],
            "message": crm["message"],
            "called": crm["called_now"].astype(bool),
            "called_by_lot": (crm["called_now"] & crm["by_lot"]).astype(bool),
            "portal_logins": crm["portal_logins"].astype("int64"),
            "converted": crm["converted"].astype(bool),
            "converted_at": moments.where(crm["converted"].to_numpy()),
        }
    )
    text = ["lead_id", "user_id", "entry", "source", "owner", "gender", "postcode", "company_size",
            "device", "email_key", "phone_key", "offer", "message"]  # fmt: skip
    return table.astype(dict.fromkeys(text, "str"))
