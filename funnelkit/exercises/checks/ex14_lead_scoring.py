"""Tasks of exercise 14: lead scoring."""

from functools import cache

import pandas as pd

from funnelkit import scoring
from funnelkit.exercises.kinds import Function, List, Number, Text
from funnelkit.exercises.tasks import Mistake, Task, upside_down
from funnelkit.school import clean_leads

END, LIVE = pd.Timestamp("2026-06-30 23:59:59"), pd.Timestamp("2026-01-01")
COUNTS = ["visit_count", "pages", "downloads", "webinars"]
NAMES = ["source", "company_size", "device", "offer"]
MARGIN, COST, ROOM = 282, 90, 20


@cache
def leads():
    """Return the people who filled in the form and had not enrolled when they were scored."""
    table = clean_leads()
    table = table[table["entry"] == "form"]
    table = table.assign(scored_at=table["created_at"] + pd.Timedelta("48h"))
    early = table["converted_at"] < table["scored_at"]
    table = table[~early & (table["scored_at"] <= END)]
    window = dict(start=table["scored_at"], converted=table["converted_at"], window="60D")
    return table.assign(bought=scoring.outcome_within(**window, observed_until=END))


def spring():
    """Return the called leads created since March 2026."""
    return leads()[leads()["called"] & (leads()["created_at"] >= "2026-03-01")]


@cache
def parts():
    """Return the called leads to learn from and those to judge on."""
    called = leads()[leads()["called"] & leads()["bought"].notna()].astype({"bought": bool})
    learn = called[called["scored_at"] + pd.Timedelta("60D") <= LIVE]
    return learn, called[called["scored_at"] >= LIVE]


def trees(columns):
    """Return a pipeline of boosted trees on these counts and the names."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    unknown = SimpleImputer(strategy="constant", fill_value="unknown")
    spelt = make_pipeline(unknown, OneHotEncoder(handle_unknown="ignore", sparse_output=False))
    features = make_column_transformer(("passthrough", columns), (spelt, NAMES))
    size = dict(max_iter=80, learning_rate=0.06, max_leaf_nodes=6, random_state=0)
    return make_pipeline(features, HistGradientBoostingClassifier(**size))


@cache
def predicted(columns=tuple(COUNTS), taught="learn", asked="judge"):
    """Return the probabilities that trees give to some leads, having learnt from some."""
    learn, judge = parts()
    tables = {"learn": learn, "judge": judge, "all": pd.concat([learn, judge]), "fresh": fresh()}
    model = trees(list(columns)).fit(tables[taught], tables[taught]["bought"])
    return pd.Series(model.predict_proba(tables[asked])[:, 1], tables[asked].index)


def trees_auc(columns=tuple(COUNTS), taught="learn", asked="judge"):
    """Return the AUC of these probabilities."""
    outcome = dict(zip(["learn", "judge"], parts(), strict=True))[asked]["bought"]
    return scoring.auc(predicted(columns, taught, asked), outcome)


def selected(limit=0.5):
    """Return which later leads are at or above a probability, and which bought."""
    return predicted() >= limit, parts()[1]["bought"]


@cache
def fresh():
    """Return the leads of the last three weeks who are not called and have not enrolled."""
    late = leads()["scored_at"] > END - pd.Timedelta("21D")
    return leads()[late & ~leads()["called"] & ~leads()["converted"]]


def best(n, least=0.0):
    """Return the lead_ids of the at most n fresh leads with the highest probabilities."""
    p = predicted(asked="fresh").sort_values(ascending=False, kind="stable")
    return fresh().loc[p[p >= least].index[:n], "lead_id"].tolist()


def most_points(n):
    """Return the lead_ids of the n fresh leads with the most points."""
    card = {"visit_count >= 3": 10, "downloads >= 1": 10, "webinars >= 1": 10}
    points = scoring.points_card(fresh(), card)["score"]
    order = points.sort_values(ascending=False, kind="stable").index
    return fresh().loc[order[:n], "lead_id"].tolist()


def lift(score, bought, depth):
    """Return how much better the best-scored share of the leads buys than all of them."""
    order = sorted(range(len(score)), key=lambda i: -score[i])
    first = [bought[i] for i in order[: round(depth * len(score))]]
    return (sum(first) / len(first)) / (sum(bought) / len(bought))


def of_all(score, bought, depth):
    """Return cumulative gains instead of lift."""
    return lift(score, bought, depth) * round(depth * len(score)) / len(score)


TASKS = [
    Task(
        "14.1",
        "A fair label",
        name="spring_rate",
        kind=Number(unit="fraction", decimals=3),
        truth=lambda: spring()["bought"].mean(),
        section="Did they buy? A label takes time",
        hints=[
            "`scoring.outcome_within` gives no label (NA) to leads that are too young.",
            "The mean of a column leaves out what is missing; a count of rows does not.",
        ],
        mistakes=[
            Mistake(
                "young-counted-as-no",
                lambda: spring()["bought"].eq(True).sum() / len(spring()),
                "Leads too young for a label are in the denominator, as if they had not bought.",
                "Leave out those whose label is missing.",
            ),
            Mistake(
                "young-buyers-kept",
                lambda: (
                    spring()["bought"].fillna(spring()["converted"].where(spring()["converted"]))
                ).mean(),
                "You kept those young leads who have bought already, and left out the others of "
                "their age.",
                "A young lead has no label, whatever it has done so far.",
            ),
            Mistake(
                "so-far-for-window",
                lambda: spring()["converted"].mean(),
                "You counted who has enrolled so far; the leads of June have had no time.",
                "Give each lead the same 60 days.",
            ),
            Mistake(
                "uncalled-counted",
                lambda: leads().loc[leads()["created_at"] >= "2026-03-01", "bought"].mean(),
                "The leads that nobody called are among them.",
                "Take those with `called` only.",
            ),
        ],
        after="Hardly any different from the months before: nothing is wrong with the spring.",
    ),
    Task(
        "14.2",
        "Whom the list finds",
        name="found",
        kind=Number(unit="fraction", decimals=3),
        truth=lambda: (selected()[0] & selected()[1]).sum() / selected()[1].sum(),
        section="The card the team uses",
        hints=["Of whom is recall a share? Write down both counts."],
        mistakes=[
            Mistake(
                "accuracy-for-recall",
                lambda: (selected()[0] == selected()[1]).mean(),
                "That is accuracy, the share of leads for which the list is right. Whoever names "
                "nobody has a good one too.",
                "Look at those who bought, and count how many of them are selected.",
            ),
            Mistake(
                "precision-for-recall",
                lambda: selected()[1][selected()[0]].mean(),
                "That is precision: of the selected leads, the share that buys.",
                "Recall has the buyers in its denominator.",
            ),
            Mistake(
                "share-selected",
                lambda: selected()[0].mean(),
                "That is the share of all leads that is selected.",
                "Count among the buyers only.",
            ),
        ],
        after="More than half of the buyers would not have been called. So much for one half.",
    ),
    Task(
        "14.3",
        "Lift",
        name="lift",
        kind=Function(
            Number(decimals=6),
            calls=[
                ([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], [1, 0, 1, 1, 0, 0, 0, 1, 0, 0], 0.5),
                ([1, 2, 3, 4, 5], [0, 0, 0, 1, 1], 0.4),
                ([0.2, 0.9, 0.4, 0.1], [0, 1, 1, 1], 0.25),
                ([3, 1, 2, 4], [1, 0, 0, 1], 1),
            ],
        ),
        truth=lift,
        section="What a list is worth: lift and gains",
        hints=[
            "Which leads are the best-scored ones? The lists are in no order.",
            "A Series helps: `pd.Series(bought).iloc[np.argsort(score)[::-1]]` has the best first.",
        ],
        mistakes=[
            Mistake(
                "gains-for-lift",
                of_all,
                "These are gains: buyers found by all buyers.",
                "Lift compares two rates: of the best-scored leads, and of all.",
            ),
            Mistake(
                "rate-for-lift",
                lambda score, bought, depth: lift(score, bought, depth) * sum(bought) / len(bought),
                "This is the rate of the best-scored leads; it is not yet compared with anything.",
                "Divide by the rate of all leads.",
            ),
            Mistake(
                "worst-first",
                lambda score, bought, depth: lift([-s for s in score], bought, depth),
                "You took the leads with the *lowest* scores.",
                "Sort so that the highest comes first.",
            ),
            Mistake(
                "order-as-given",
                lambda score, bought, depth: lift(range(len(score), 0, -1), bought, depth),
                "You took the first leads of the list; they are in no order.",
                "Sort by score before you cut.",
            ),
            upside_down(),
        ],
        after="At depth 1 it is 1, whatever the score.",
    ),
    Task(
        "14.4",
        "An AUC to believe",
        name="honest_auc",
        kind=Number(tolerance=0.011),
        truth=trees_auc,
        section="Trees that correct each other: gradient boosting",
        hints=[
            "When was each of the columns written?",
            "Fit on one of the two tables, predict the other.",
        ],
        mistakes=[
            Mistake(
                "leak",
                lambda: trees_auc((*COUNTS, "portal_logins")),
                "Far too good: `portal_logins` was written after the lead had bought.",
                "Leave that column out.",
            ),
            Mistake(
                "judged-on-what-it-learnt",
                lambda: trees_auc(asked="learn"),
                "You judged the model on the leads it has learnt from, some of which it knows by "
                "heart.",
                "Predict `judge`.",
            ),
            Mistake(
                "fitted-on-all",
                lambda: trees_auc(taught="all"),
                "The model has seen the leads on which it is judged.",
                "Fit on `learn` only.",
            ),
        ],
        after="Lower than all the wrong ones: that is what makes it worth something.",
    ),
    Task(
        "14.5",
        "How many calls pay",
        name="calls",
        kind=Number(whole=True, unit="leads"),
        truth=lambda: int(selected(COST / MARGIN)[0].sum()),
        section="Whom to call",
        hints=["From which probability on does a call bring as much as it costs?"],
        mistakes=[
            Mistake(
                "one-half",
                lambda: int(selected(0.5)[0].sum()),
                "You called from one half on; that would be right for a margin of twice the cost.",
                "The threshold is cost / margin.",
            ),
            Mistake(
                "cost-of-the-lesson",
                lambda: int(selected(60 / MARGIN)[0].sum()),
                "You took the EUR 60 of the lesson; here a call costs EUR 90.",
                "Use the cost that the task gives.",
            ),
            Mistake(
                "margin-less-cost",
                lambda: int(selected(COST / (MARGIN - COST))[0].sum()),
                "You subtracted the cost from the margin first; then it counts twice.",
                "At the threshold, probability times margin equals the cost.",
            ),
            Mistake(
                "uncalled-for-called",
                lambda: int((~selected(COST / MARGIN)[0]).sum()),
                "These are the leads for whom a call does *not* pay.",
                "Count those at or above the threshold.",
            ),
        ],
        after="A more expensive call makes the list shorter, and that is all that it changes.",
    ),
    Task(
        "14.6",
        "Next week's list",
        name="to_call",
        kind=List(Text(), ordered=False),
        truth=lambda: best(ROOM, COST / MARGIN),
        section="The list for Monday",
        hints=[
            "Two limits hold at once: how many can be called, and for whom it pays.",
            "Keep those at or above cost / margin, sort them, and take at most twenty.",
        ],
        mistakes=[
            Mistake(
                "capacity-only",
                lambda: best(ROOM),
                "You filled the list. For the last of them a call costs more than it brings.",
                "Leave out the leads below cost / margin.",
            ),
            Mistake(
                "one-half",
                lambda: best(ROOM, 0.5),
                "You took those from one half on; a call pays for others too.",
                "The threshold is cost / margin.",
            ),
            Mistake(
                "points-for-probability",
                lambda: most_points(len(best(ROOM, COST / MARGIN))),
                "You sorted by points.",
                "Sort by `probability`.",
            ),
        ],
        after="An adviser can begin with it on Monday.",
    ),
]
