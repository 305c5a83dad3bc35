"""The steps between the gate and the report: plain functions of tables, each the lesson's own.

Input is checked as `funnelkit._inputs` says.
"""

import pandas as pd

from funnelkit import _inputs, automation, crm, quality, recommenders, schemas, scoring, segments
from funnelkit.pipeline.sources import as_agreed, looked_up

__all__ = [
    "RULES",
    "SEGMENTS",
    "MOST",
    "automate",
    "begin_of_mails",
    "fill_store",
    "join_people",
    "learn_model",
    "recommend",
    "score_leads",
    "segment_customers",
]

# The rules of lesson 28, by which the automation acts on the stages of deals.
RULES = pd.DataFrame(
    {
        "rule": ["welcome", "nudge", "ring", "back"],
        "trigger": ["MQL", "proposal", "mail:questions", "lost"],
        "condition": ["", "", "", "list_price >= 300"],
        "wait": ["1h", "5D", "3D", "60D"],
        "action": ["mail", "mail", "task", "mail"],
        "name": ["welcome", "questions", "ring", "come back"],
        "stop": ["", "negotiation, lost", "negotiation, lost", "MQL"],
        "entry_key": ["user_id", "deal_id", "deal_id", "user_id"],
        "cap": [None, 1, None, 1],
        "per": [None, "7D", None, "30D"],
        "consent": [True, True, False, True],
    }
)

RFM = ["customer_id", "days_since_last", "purchases", "spent", "r", "f", "m", "rfm", "segment"]

# Names for customers by their scores, the first that fits; 5 is the best fifth.
SEGMENTS = (
    ("best", "r >= 4 and f >= 4"),
    ("once good, long away", "r <= 2 and f >= 4"),
    ("lately here", "r >= 4"),
    ("long away", "r <= 2"),
    ("in between", "r >= 0"),
)

MOST = 1_000_000  # calls in a week, more than anybody makes
WEEK = pd.Timedelta("7D")
HOLD = pd.Timedelta("48h")  # from the form until a lead is scored
WINDOW = pd.Timedelta("60D")  # within which a lead that enrols counts as bought
FEWEST = 100  # labelled leads, and a tenth of it of each outcome, to learn from

# What the model of lesson 14 looks at; the names are compared with those given here.
NUMBERS = ("visit_count", "pages", "downloads", "webinars")
NAMES = {"source": "seo", "company_size": "unknown", "device": "desktop", "offer": "none"}
FORM = ["lead_id", "entry", "created_at", "converted_at", "called", *NUMBERS, *NAMES, "message"]
SCORES = {
    "lead_id": "str",
    "scored_at": "datetime64[s]",
    "score": "float64",
    "reasons": "str",
    "call": "bool",
    "model_version": "str",
}


def join_people(leads, events, visitors):
    """Join records and browsers that belong to one person.

    Parameters
    ----------
    leads, events, visitors : DataFrame
        The tables of these names that passed the gate.

    Returns
    -------
    dict of DataFrame
        `people`, what `quality.clean_leads` makes of the leads; `records`, for each `lead_id` the
        `person`, the id under which the person is among the people; `log`, who did what when, with
        the person in `user_id` where the browser's person is known.

    Examples
    --------
    >>> from funnelkit import load
    >>> joined = join_people(load("leads"), load("events").head(9), load("visitors"))
    >>> len(joined["people"]), len(joined["records"])
    (6290, 6380)
    """
    leads = as_agreed(leads, "leads", schemas.schema_of("leads").names)
    events = as_agreed(events, "events", ["user_id", "event", "timestamp"])
    visitors = as_agreed(visitors, "visitors", ["user_id", "person_id"])
    again = visitors["user_id"].duplicated()
    remedy = "keep one row per browser"
    _inputs.refuse(again, "user_id of visitors occurs twice", remedy, index=visitors.index)
    if len(leads):
        people = quality.clean_leads(leads)
        records = leads.drop_duplicates().sort_values(["created_at", "lead_id"], ignore_index=True)
        who = quality.resolve_identities(records, quality.SAME_PERSON)
        person = records["lead_id"].groupby(who).transform("first")
        records = pd.DataFrame({"lead_id": records["lead_id"], "person": person})
    else:
        people = leads.assign(age_from="", income_corrected=False, records=0, tracking="")
        records = pd.DataFrame({"lead_id": leads["lead_id"], "person": leads["lead_id"]})
    person = looked_up(events["user_id"], visitors, "user_id", "person_id")
    log = events.assign(user_id=person.fillna(events["user_id"]).astype("str"))
    return {"people": people, "records": records, "log": log.reset_index(drop=True)}


def fill_store(url, people, deals, stages, *, at):
    """Bring the store up to date: new contacts, changed consents, new deals, new moves.

    What is there already is left as it is, so that doing it twice is doing it once. Each kind is
    written in one transaction; a run that is killed in between goes on where it was.

    Parameters
    ----------
    url : str
        The database, as in `crm.Store`.
    people, deals, stages : DataFrame
        People as `join_people` makes them, with deals that name them, and the deals' stages.
    at : date
        The moment of the run: consents given or withdrawn since the last one are noted at it.

    Returns
    -------
    dict of DataFrame
        `contacts`, `crm_deals`, `moves`: what the store has now.

    Examples
    --------
    >>> from funnelkit import load
    >>> deals = load("deals").head(3)
    >>> people = load("leads").query("lead_id in @deals.lead_id")
    >>> stages = load("stages").query("deal_id in @deals.deal_id")
    >>> filled = fill_store("sqlite://", people, deals, stages, at="2026-06-30")
    >>> filled["contacts"]["consent"].tolist()
    ['given', 'none', 'given']
    """
    at = _inputs.end_of_data("at", at)
    people = as_agreed(
        people, "leads", ["lead_id", "created_at", "consent", "source"], what="people"
    )
    deals = as_agreed(
        deals, "deals", ["deal_id", "lead_id", "created_at", "amount", "expected_close"]
    )
    stages = as_agreed(stages, "stages", ["deal_id", "stage", "entered_at"])
    store = crm.Store(url)
    known = store.contacts(merged=True).set_index("lead_id")["consent"]
    new = people[~people["lead_id"].isin(known.index)]
    if len(new):
        store.add_contacts(new.reset_index(drop=True))
    for lead, consent in zip(people["lead_id"], people["consent"], strict=True):
        if known.get(lead) == "given" and not consent:
            store.withdraw(lead, at=at, key=f"withdraw:{lead}")
        if known.get(lead) == "none" and consent:
            store.agree(lead, at=at, key=f"agree:{lead}")
    _add_deals(store, deals, stages)
    return {"contacts": store.contacts(), "crm_deals": store.deals(), "moves": store.history()}


def _add_deals(store, deals, stages):
    """Add the deals that are new, and the moves that are new of the others."""
    there = store.history().groupby("deal_id").size()
    new = ~deals["deal_id"].isin(there.index)
    if new.any():
        of_new = stages["deal_id"].isin(deals.loc[new, "deal_id"])
        store.add_deals(deals[new].reset_index(drop=True), stages[of_new].reset_index(drop=True))
    further = stages.groupby("deal_id").cumcount() >= stages["deal_id"].map(there).fillna(1 << 30)
    for row in stages[further].itertuples():
        store.move(row.deal_id, row.stage, at=row.entered_at)


def segment_customers(orders, *, observed_until):
    """Name each customer's segment by how lately, how often and for how much they bought.

    Parameters
    ----------
    orders : DataFrame
        One row per order: `customer_id`, `date`, `amount`.
    observed_until : date
        The day at whose end the customers are scored.

    Returns
    -------
    DataFrame
        What `segments.rfm_scores` returns, and `segment`, by `SEGMENTS`.

    Examples
    --------
    >>> from funnelkit import load
    >>> table = segment_customers(load("orders"), observed_until="2026-06-30")
    >>> table["segment"].value_counts()["best"]
    np.int64(406)
    """
    end = _inputs.end_of_data("observed_until", observed_until)
    orders = as_agreed(orders, "orders", ["customer_id", "date", "amount"])
    if not len(orders):
        return pd.DataFrame(columns=RFM)
    table = segments.rfm_scores(orders, observed_until=end).reset_index()
    table["segment"] = ""
    for name, rule in SEGMENTS:
        table.loc[(table["segment"] == "") & table.eval(rule), "segment"] = name
    return table


def learn_model(people, *, observed_until):
    """Learn a model of leads from those that were called and whose 60 days are over by then.

    Parameters
    ----------
    people : DataFrame
        As `join_people` makes them.
    observed_until : date
        The moment of the run, which becomes the model's version.

    Returns
    -------
    scoring.LeadModel or None
        Fitted; None where fewer than 100 leads are labelled, or fewer than 10 of either outcome.
    """
    end = _inputs.end_of_data("observed_until", observed_until)
    forms = _forms(people, end)
    dates = dict(start=forms["scored_at"], converted=forms["converted_at"], window=WINDOW)
    bought = scoring.outcome_within(**dates, observed_until=end)
    learn = forms[forms["called"] & bought.notna()]
    bought = bought[learn.index].astype(bool)
    if len(learn) < FEWEST or min(bought.sum(), (~bought).sum()) < FEWEST // 10:
        return None
    numbers = [column for column in NUMBERS if learn[column].notna().any()]
    names = {}
    for column, usual in NAMES.items():
        there = learn[column].fillna("unknown")
        names[column] = usual if (there == usual).any() else there.mode()[0]
    wrote = learn["message"].notna()
    told = min((wrote & bought).sum(), (wrote & ~bought).sum()) >= FEWEST // 10
    text = "message" if told else None
    model = scoring.LeadModel(numbers, names, text=text, version=f"{end:%Y-%m-%d}")
    return model.fit(learn, bought)


def score_leads(people, model, *, observed_until, capacity=36):
    """Score the leads of the last week, and say whom to call first.

    Parameters
    ----------
    people : DataFrame
        As `join_people` makes them.
    model : scoring.LeadModel or None
        What `learn_model` returns.
    observed_until : date
        The moment of the run.
    capacity : int, default 36
        How many leads the advisers can call in a week.

    Returns
    -------
    DataFrame
        One row per lead that sent the form, could be scored within the last week (48 hours after
        the form) and has not enrolled, the best first: `lead_id`, `scored_at`, `score` (the
        probability that it enrols within 60 days), `reasons`, `call` (among the best `capacity`;
        ties in the order of the ids), `model_version`. No rows without a model.
    """
    end = _inputs.end_of_data("observed_until", observed_until)
    capacity = _inputs.whole("capacity", capacity, at_least=0, at_most=MOST)
    if model is not None and not isinstance(model, scoring.LeadModel):
        raise TypeError(
            f"model is {_inputs.name_of_type(model)}: give what pipeline.learn_model returns, or "
            "what scoring.load_model reads"
        )
    forms = _forms(people, end)
    new = forms[(forms["scored_at"] > end - WEEK) & forms["converted_at"].isna()]
    if model is None or not len(new):
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in SCORES.items()})
    table = model.score(new).merge(new[["lead_id", "scored_at"]], on="lead_id")
    table = table.sort_values(["score", "lead_id"], ascending=[False, True], ignore_index=True)
    table["call"] = table.index < capacity
    table["model_version"] = model.version
    return table[list(SCORES)]


def _forms(people, end):
    """Return the leads that sent the form and had not enrolled when they could be scored."""
    people = as_agreed(people, "leads", FORM, what="people")
    forms = people[people["entry"] == "form"]
    forms = forms.assign(scored_at=forms["created_at"] + HOLD)
    return forms[~(forms["scored_at"] > end) & ~(forms["converted_at"] < forms["scored_at"])]


def recommend(ratings, courses, customers, *, n=3):
    """List for each customer the courses to show next, each with a reason.

    Neighbours by what was taken, as the test of lesson 24 decided; who has taken nothing yet gets
    the courses that most have taken.

    Parameters
    ----------
    ratings, courses, customers : DataFrame
        The tables of these names: what was taken, what there is, and for whom.
    n : int, default 3
        How many courses.

    Returns
    -------
    DataFrame
        One row per customer and place: `customer_id`, `rank`, `course_id`, `title`, `because`
        (the title of a course that the customer has taken, or "taken by many").
    """
    n = _inputs.whole("n", n)
    columns = ["customer_id", "rank", "course_id", "title", "because"]
    ratings = as_agreed(ratings, "ratings", ["customer_id", "course_id"])
    courses = as_agreed(courses, "courses", ["course_id", "title"]).drop_duplicates("course_id")
    customers = as_agreed(customers, "customers", ["customer_id"])
    if not len(ratings) or not len(customers):
        return pd.DataFrame(columns=columns)
    ratings = ratings.drop_duplicates()
    taken = recommenders.taken_matrix(ratings)
    lists = recommenders.top_n(recommenders.neighbour_scores(taken), taken, n=n)
    alike = recommenders.similarity(taken, of="items", measure="cosine", over="all")
    lists = recommenders.reasons(lists, taken, alike)
    title = courses.set_index("course_id")["title"]
    lists["because"] = lists["because"].map(title)
    cold = customers.loc[
        ~customers["customer_id"].isin(taken.index), "customer_id"
    ].drop_duplicates()
    if len(cold):
        many = (
            recommenders.popularity(ratings).sort_values(ascending=False, kind="stable").index[:n]
        )
        every = pd.MultiIndex.from_product([cold, many], names=["customer_id", "course_id"])
        first = every.to_frame(index=False)
        first["rank"] = first.groupby("customer_id").cumcount() + 1
        lists = pd.concat([lists, first.assign(because="taken by many")], ignore_index=True)
    lists["title"] = lists["course_id"].map(title)
    lists["because"] = lists["because"].fillna("taken by many").astype("str")
    return lists[columns].sort_values(["customer_id", "rank"], ignore_index=True)


def begin_of_mails(since, end):
    """Return the moment since which mails are sent; refuse one after the end."""
    since = _inputs.moment("since", since)
    if since > end:
        raise ValueError(
            f"since is {since}, after the end of the data, {end:%Y-%m-%d}: no mail could be due; "
            "give an earlier day"
        )
    return since


def automate(url, people, deals, stages, *, rules=RULES, observed_until, since=None):
    """Let the rules act on the deals' stages, and send the mails that are due.

    Parameters
    ----------
    url : str
        The store that `fill_store` filled. It keeps the ledger of mails: a mail whose key is there
        has been sent, and is not sent again, however often this runs.
    people, deals, stages : DataFrame
        As in `fill_store`; `deals` with `list_price`.
    rules : DataFrame
        As in `automation.run`, on the events that `stages` has.
    observed_until : date
        The moment of the run.
    since : date, optional
        Mails due before it were the business of earlier runs; a week before the end when not
        given.

    Returns
    -------
    dict of DataFrame
        `ledger`, what `automation.run` returns; `mails`, those due since, as the store has them:
        `key`, `lead_id`, `mail`, `asked_at`, `outcome`; `tasks`, those due since for advisers.
    """
    end = _inputs.end_of_data("observed_until", observed_until)
    since = end - WEEK if since is None else begin_of_mails(since, end)
    people = as_agreed(people, "leads", ["lead_id", "created_at", "consent"], what="people")
    deals = as_agreed(deals, "deals", ["deal_id", "lead_id", "list_price"])
    stages = as_agreed(stages, "stages", ["deal_id", "stage", "entered_at"])
    log = stages.merge(deals[["deal_id", "lead_id", "list_price"]], on="deal_id")
    log = log.rename(columns={"stage": "event", "entered_at": "timestamp", "lead_id": "user_id"})
    ledger_columns = ["key", "rule", "user_id", "action", "name", "entered", "due", "at", "outcome"]
    ledger = pd.DataFrame(columns=ledger_columns)
    if len(log):
        consents = people.set_axis(["user_id", "timestamp", "consent"], axis="columns")
        events = list(crm.MOVES)
        engine = automation.Engine(rules, events)
        ledger = engine.advance(log, consents=consents, observed_until=end).ledger()
    done = ledger[(ledger["outcome"] == "done") & (ledger["at"] > since)]
    store = crm.Store(url)
    mails = done[done["action"] == "mail"].sort_values(["at", "key"], kind="stable")
    strange = ~mails["user_id"].isin(store.contacts(merged=True)["lead_id"])
    if strange.any():
        raise ValueError(
            f"the store has no contact for {strange.sum():,} of {len(mails):,} mails (first: "
            f"{mails.loc[strange, 'user_id'].iloc[0]!r}): give the store that pipeline.fill_store "
            "filled; if that is gone, begin a new run in another folder"
        )
    for row in mails.itertuples():
        store.send_mail(row.user_id, row.name, at=row.at, key=row.key)
    sent = store.mails()
    sent = sent[sent["key"].isin(mails["key"])].reset_index(drop=True)
    tasks = done.loc[done["action"] == "task", ["key", "user_id", "name", "at"]]
    tasks = tasks.rename(columns={"user_id": "lead_id", "name": "task"}).reset_index(drop=True)
    return {"ledger": ledger, "mails": sent, "tasks": tasks}
