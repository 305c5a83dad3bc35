"""The tables that lessons share: the school's own records, cleaned and joined as lessons do it.

A lesson shows the steps once and calls the function from then on. The functions keep what they
made, so that the second call costs nothing, and return a copy, so that nobody changes it for
others.
"""

from functools import cache

import pandas as pd

from funnelkit import forecasting, quality, scoring, survival
from funnelkit.data import data_folder, load
from funnelkit.scoring.model import lead_pipeline

__all__ = [
    "CARD",
    "END",
    "LIVE",
    "YEAR",
    "books",
    "clean_leads",
    "clean_log",
    "form_leads",
    "heating_firm",
    "lead_model",
    "open_deals",
    "pipeline_history",
    "pipeline_months",
    "score_model",
    "scored_leads",
    "subscribers",
    "year_margin",
]

END = "2026-06-30"
"""The last day of the data; they cover it to its end."""

YEAR = ("2024-07-01", "2025-06-30")
"""First and last day of the year whose customers the books are about; each was watched a year."""

LIVE = "2026-01-01"
"""The day on which a score of leads might have gone to work: it is judged on the leads since."""

CARD = {"visit_count >= 3": 10, "downloads >= 1": 10, "webinars >= 1": 10}
"""The card by which the advisers choose whom to call."""

BOT_EVENTS = 100  # more events than this in half a year are no person's


def __dir__():
    return __all__


def clean_log():
    """Return the log as lesson 01 leaves it: no repeats, no bots, browsers joined to people.

    Returns
    -------
    DataFrame
        `events` with one more column, `person_id`: the person of the browser where that is known,
        else the browser's own id.

    Examples
    --------
    >>> log = clean_log()
    >>> log["user_id"].nunique(), log["person_id"].nunique()
    (11741, 11555)
    """
    return _clean_log().copy(deep=False)


@cache
def _clean_log():
    log = load("events").drop_duplicates()
    log = log[log.groupby("user_id")["event"].transform("size") <= BOT_EVENTS]
    person = log["user_id"].map(load("visitors").set_index("user_id")["person_id"])
    return log.assign(person_id=person.fillna(log["user_id"]))


def clean_leads():
    """Return the leads as the lesson on lead data leaves them: one row per person, faults fixed.

    Returns
    -------
    DataFrame
        What `funnelkit.quality.clean_leads` makes of the table `leads`.

    Examples
    --------
    >>> clean_leads()["lead_id"].is_unique
    True
    """
    return _clean_leads().copy(deep=False)


@cache
def _clean_leads():
    return quality.clean_leads(load("leads"))


def form_leads():
    """Return the leads that filled in the form, labelled, with what decides about their calls.

    Returns
    -------
    DataFrame
        One row per lead that had not enrolled by `scored_at`, 48 hours after the form was sent:
        what `clean_leads` has; `bought`, whether the lead enrolled within the 60 days after
        `scored_at`, missing where these are not over; `points` by `CARD`; `weight`, for labelled
        leads that were called, how many leads each stands for: 1 divided by the share called
        among the labelled leads with as many points, before or since `LIVE`.

    Examples
    --------
    >>> leads = form_leads()
    >>> len(leads), leads["bought"].isna().sum().item()
    (3887, 520)
    >>> since = leads[leads["scored_at"] >= LIVE]
    >>> since.groupby("points")["weight"].mean().round(2).tolist()
    [4.51, 1.37, 1.08, 1.02]
    """
    return _form_leads().copy(deep=False)


@cache
def _form_leads():
    table = clean_leads()
    table = table[table["entry"] == "form"]
    table = table.assign(scored_at=table["created_at"] + pd.Timedelta("48h"))
    late = table["scored_at"] >= pd.Timestamp(END) + pd.Timedelta("1D")
    table = table[~late & ~(table["converted_at"] < table["scored_at"])]
    dates = dict(start=table["scored_at"], converted=table["converted_at"], window="60D")
    table = table.assign(
        bought=scoring.outcome_within(**dates, observed_until=END),
        points=scoring.points_card(table, CARD)["score"],
    )
    labelled = table[table["bought"].notna()]
    alike = [labelled["points"], labelled["scored_at"] >= LIVE]
    share = labelled.groupby(alike)["called"].transform("mean")
    return table.assign(weight=(1 / share).where(table["called"]))


COUNTS = ["visit_count", "pages", "downloads", "webinars", "intent"]
NAMES = {"source": "seo", "company_size": "unknown", "device": "desktop", "offer": "none"}


def scored_leads():
    """Return the leads of `form_leads` with the scores that the lesson on scoring makes.

    Returns
    -------
    DataFrame
        With `intent`, the probability of enrolling by the words of the message alone (missing
        without a message); `probability`, by the logistic regression of counts, names and intent;
        `with_opens`, the same with the opened mails, whose count drifted. All have learnt from the
        called leads whose label was known on `LIVE`; the intent of a lead learnt from comes from
        readers that had not seen it.

    Examples
    --------
    >>> scored_leads()[["probability", "with_opens"]].mean().round(2).tolist()
    [0.36, 0.4]
    """
    return _scored_leads().copy(deep=False)


@cache
def _scored_leads():
    leads = _form_leads()
    leads = leads.assign(intent=_intent(leads))
    opens = [*COUNTS, "email_opens"]
    with_opens = _fitted(opens, leads).predict_proba(leads)[:, 1]
    probability = _fitted(COUNTS, leads).predict_proba(leads)[:, 1]
    return leads.assign(probability=probability, with_opens=with_opens)


@cache
def lead_model():
    """Return the model behind `scored_leads`: features, then a logistic regression.

    Returns
    -------
    Pipeline
        Fitted. The names are compared with ``seo``, an unknown company size, ``desktop`` and no
        offer.

    Examples
    --------
    >>> lead_model()[-1].coef_.shape
    (1, 23)
    """
    return _fitted(COUNTS, _scored_leads())


def _learnt_from(leads):
    """Return the called leads whose label was known on `LIVE`."""
    known = leads["scored_at"] + pd.Timedelta("60D") <= LIVE
    return leads[known & leads["called"]].astype({"bought": bool})


def _intent(leads):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline

    reader = make_pipeline(TfidfVectorizer(min_df=3), LogisticRegression())
    told = leads.loc[leads["message"].notna(), "message"]
    learn = _learnt_from(leads[leads["message"].notna()])
    taught = learn["message"], learn["bought"]
    intent = pd.Series(reader.fit(*taught).predict_proba(told)[:, 1], told.index)
    unseen = cross_val_predict(reader, *taught, cv=5, method="predict_proba")[:, 1]
    intent.loc[learn.index] = unseen
    return intent


def _fitted(counts, leads):
    learn = _learnt_from(leads)
    return lead_pipeline(counts, NAMES).fit(learn, learn["bought"])


@cache
def score_model():
    """Return the model of `scored_leads` as it goes to work: with the words of the message.

    Returns
    -------
    LeadModel
        Fitted to the same leads as `lead_model`, with the same weights; its version is `LIVE`. It
        is for leads that filled in the form, 48 hours after they did.

    Examples
    --------
    >>> leads = form_leads().tail(2)
    >>> score_model().score(leads)["score"].tolist()
    [0.4813, 0.4821]
    """
    learn = _learnt_from(_form_leads())
    numbers = [column for column in COUNTS if column != "intent"]
    model = scoring.LeadModel(numbers, NAMES, text="message", version=LIVE)
    return model.fit(learn, learn["bought"])


def books():
    """Return the year's books: what each channel cost, and what its customers brought in a year.

    Returns
    -------
    DataFrame
        One row per channel: `customers` who were won within `YEAR`; `cost`, what was spent in the
        channel in that time (EUR); `revenue` and `delivery` of those customers in the 365 days
        after they were won (EUR). Subscriptions cost the same share of their price as courses do.

    Examples
    --------
    >>> round(books().loc["seo", ["customers", "cost"]]).astype(int).tolist()
    [300, 22128]
    """
    return _books().copy(deep=False)


@cache
def _books():
    customers, spend = load("customers"), load("spend")
    new = customers[customers["acquired"].between(*YEAR)]
    spent = spend[spend["date"].between(*YEAR)]
    table = pd.DataFrame(
        {
            "customers": new.groupby("channel").size(),
            "cost": spent.groupby("channel")["spend"].sum(),
        }
    ).fillna(0.0)
    orders = load("orders").merge(new[["customer_id", "acquired", "channel"]])
    orders = orders[orders["date"] < orders["acquired"] + pd.Timedelta("365D")]
    cost_share = orders["cost"].sum() / orders["amount"].sum()
    subscriptions = load("subscriptions").merge(new[["customer_id", "channel"]])
    last = subscriptions["ended"].fillna(pd.Timestamp(END) + pd.Timedelta("1D"))
    months = ((last - subscriptions["started"]) / pd.Timedelta("30.4D")).round().clip(upper=12)
    subscriptions["amount"] = subscriptions["price"] * months
    subscriptions["cost"] = cost_share * subscriptions["amount"]
    sold = pd.concat([orders, subscriptions]).groupby("channel")[["amount", "cost"]].sum()
    return table.assign(revenue=sold["amount"], delivery=sold["cost"])


def year_margin():
    """Return the margin that a customer of `books` brought in the first year, on average (EUR).

    Returns
    -------
    float

    Examples
    --------
    >>> round(year_margin(), 1)
    282.0
    """
    table = books()
    return float((table["revenue"] - table["delivery"]).sum() / table["customers"].sum())


def subscribers():
    """Return the subscriptions with their channel, how long each was watched, and if it ended.

    Returns
    -------
    DataFrame
        `subscriptions` with `channel`, and `duration` (whole months until the end or until `END`)
        and `observed` (whether the end was seen), as `funnelkit.survival.durations` makes them.

    Examples
    --------
    >>> subscribers()[["duration", "observed"]].dtypes.astype(str).tolist()
    ['int64', 'bool']
    """
    return _subscribers().copy(deep=False)


@cache
def _subscribers():
    customers = load("customers")
    table = load("subscriptions").merge(customers[["customer_id", "channel"]])
    watched = survival.durations(table["started"], table["ended"], observed_until=END)
    return pd.concat([table, watched], axis="columns")


# ---------------------------------------------------------------- the pipeline, month by month

AGES = {"< 7": 7, "7–20": 21, "21 +": float("inf")}  # days in the stage: names, upper ends


def open_deals(at):
    """Return the deals that were open at a moment, as known then, with a band of age.

    Parameters
    ----------
    at : str or Timestamp
        The moment; a day without a time is its beginning.

    Returns
    -------
    DataFrame
        What `funnelkit.forecasting.snapshot` makes of the school's deals, with `at`, and `band`:
        under 7, 7 to 20, or 21 and more days in the present stage.

    Examples
    --------
    >>> len(open_deals("2026-03-01"))
    133
    """
    now = forecasting.snapshot(load("deals"), load("stages"), load("close_dates"), at)
    bands = pd.cut(now["age"], [0, *AGES.values()], right=False, labels=list(AGES))
    return now.assign(at=pd.Timestamp(at), band=bands)


def pipeline_history():
    """Return the open deals of every second Monday, and whether they were won within 30 days.

    Returns
    -------
    DataFrame
        The rows of `open_deals` from 13 January 2025 to 1 June 2026, with `won`.

    Examples
    --------
    >>> pipeline_history()["won"].mean().round(2).item()
    0.26
    """
    return _pipeline_history().copy(deep=False)


@cache
def _pipeline_history():
    days = pd.date_range("2025-01-13", "2026-06-01", freq="14D")
    table = pd.concat([open_deals(day) for day in days], ignore_index=True)
    closed = table["deal_id"].map(_won()["closed_at"])
    return table.assign(won=closed < table["at"] + pd.Timedelta("30D"))


def _won():
    deals = load("deals")
    return deals[deals["outcome"] == "won"].set_index("deal_id")


def pipeline_months():
    """Return the forecasts of twelve months, each made on its first day, and what came.

    Returns
    -------
    DataFrame
        One row per month from July 2025 to June 2026, by its first day. `low`, `middle`, `high`:
        the quantiles 0.1, 0.5 and 0.9 of the amount won (EUR), simulated from the chances by
        stage and age in `pipeline_history` as far as known then, and from deals made and won
        within a month as often as in the last three. `weighted`: the weighted pipeline alone;
        `due`: the amount of all open deals whose close date lies in the month; `last_month` and
        `three_months`: what was won in the last month, and on average in the last three; `came`:
        what was won. `wins_expected`, `wins_variance` and `wins` are the number of deals won,
        with the variance that it has if each deal is decided by itself.

    Examples
    --------
    >>> pipeline_months()[["wins", "wins_expected"]].round().astype(int).head(2)
                wins  wins_expected
    2025-07-01    45             50
    2025-08-01    61             51
    """
    return _pipeline_months().copy(deep=False)


@cache
def _pipeline_months():
    firsts = pd.date_range("2025-07-01", "2026-06-01", freq="MS")
    return pd.DataFrame([_forecast(at) for at in firsts], index=firsts)


def _forecast(at):
    """Return the forecast of one month, made at its beginning, and what came."""
    now, history, won = open_deals(at), _pipeline_history(), _won()
    until = at + pd.DateOffset(months=1)
    known = history[history["at"] + pd.Timedelta("30D") <= at]
    rates = known.groupby(["stage", "band"], observed=False)["won"].mean().fillna(0)
    chance = rates.reindex(pd.MultiIndex.from_frame(now[["stage", "band"]])).to_numpy()
    past = won[won["closed_at"] < at]
    last = {k: past[past["closed_at"] >= at - pd.DateOffset(months=k)] for k in (1, 3)}
    made, closed = (last[3][name].dt.to_period("M") for name in ("created_at", "closed_at"))
    new = (made == closed).sum() / 3
    money = forecasting.simulate_month(
        chance, now["amount"], new_wins=new, new_amounts=past["amount"], seed=1
    )["amount"]
    due = now["expected_close"].between(at, until, inclusive="left")
    came = won[won["closed_at"].between(at, until, inclusive="left")]
    return {
        **dict(zip(["low", "middle", "high"], money.quantile([0.1, 0.5, 0.9]), strict=True)),
        "weighted": forecasting.weighted_pipeline(now["amount"], chance)["expected"],
        "due": now.loc[due, "amount"].sum(),
        "last_month": last[1]["amount"].sum(),
        "three_months": last[3]["amount"].sum() / 3,
        "came": came["amount"].sum(),
        "wins_expected": chance.sum() + new,
        "wins_variance": (chance * (1 - chance)).sum() + new,
        "wins": len(came),
    }


# ---------------------------------------------------------------- another firm, for the project


def heating_firm():
    """Return the records of Tern Heating, the invented firm of the project in lesson 31.

    Returns
    -------
    dict of DataFrame
        ``enquiries``: one row per enquiry as it came from the form, faults included: `channel`,
        `pages` seen, brochures as `downloads` (0 or 1), and since January 2026 which `answer` it
        got, drawn at random. ``steps``: one row per step of an enquiry (`enquiry`, `visit`,
        `offer`, `order`). ``consents``: one row for each time somebody gave or withdrew consent to
        mails. ``orders``: one row per order, with `amount` and what delivering it cost (EUR).
        ``spend``: one row per week and channel (EUR). ``contracts``: one row per service contract
        of the last two years. ``surveys``: one row per customer asked how likely they are to
        recommend the firm, 0 to 10. The data reach to the end of 28 June 2026.

    Examples
    --------
    >>> firm = heating_firm()
    >>> len(firm["enquiries"]), len(firm["orders"])
    (2173, 601)
    """
    return {name: table.copy(deep=False) for name, table in _heating_firm().items()}


@cache
def _heating_firm():
    times = {
        "enquiries": ["received_at"],
        "steps": ["timestamp"],
        "consents": ["timestamp"],
        "orders": ["ordered_at"],
        "spend": ["week"],
        "contracts": ["started", "ended"],
        "surveys": [],
    }
    folder = data_folder() / "heating"
    return {
        name: pd.read_csv(folder / f"{name}.csv", parse_dates=columns)
        for name, columns in times.items()
    }
