"""Tasks of exercise 23: recommendations."""

import numpy as np
import pandas as pd

import funnelkit
from funnelkit import recommenders
from funnelkit.exercises.kinds import Function, List, Mapping, Number, Text
from funnelkit.exercises.tasks import Mistake, Task, percent_for_fraction

CUT, MAIL, CUSTOMER, COURSE = "2026-03-01", "2026-05-01", "c234n2f42", "c032"
LEAST_RATED, LEAST_SEEN = 5, 3


def stars():
    """Return the ratings of six people for four courses."""
    rows = [[5, 2, 4, np.nan], [4, 1, 3, np.nan], [4, 2, 5, 3], [5, 3, 3, 2], [1, 5, 2, 1]]
    names = ["Nora", "Olaf", "Pia", "Quin", "Rosa", "Sven"]
    return pd.DataFrame([*rows, [3, 2, 3, 5]], index=names, columns=list("abcd"), dtype=float)


def estimated(*, k=2, centre=True, negative="drop", rated=True):
    """Return the estimate of Nora's rating of d."""
    table = stars()
    alike = recommenders.similarity(table)
    if not rated:  # of the two nearest of all, Olaf has not rated d
        k = 1
    options = {"k": k, "centre": centre, "negative": negative}
    return recommenders.neighbour_estimate(table, alike, "Nora", "d", **options)


def after_one_step(rating, mean, p, q, rate, penalty):
    """Return the estimate after one step of the factors."""
    return _stepped(rating, mean, p, q, rate, penalty)


def _stepped(rating, mean, p, q, rate, penalty, *, late=False, sign=1):
    p, q = np.array(p, dtype=float), np.array(q, dtype=float)
    error = sign * (rating - mean - p @ q)
    new_p = p + rate * (error * q - penalty * p)
    new_q = q + rate * (error * (new_p if late else p) - penalty * q)
    return float(mean + new_p @ new_q)


def without_a_past(*, user=True, item=True, of="rows", cut=CUT):
    """Return the share of later ratings whose customer or course has no earlier one."""
    past, later = recommenders.time_cut(funnelkit.load("ratings"), cut)
    new_user = ~later["customer_id"].isin(past["customer_id"])
    new_item = ~later["course_id"].isin(past["course_id"])
    unknown = new_user & user | new_item & item
    if of == "customers":
        return later.loc[unknown, "customer_id"].nunique() / later["customer_id"].nunique()
    return unknown.mean()


def described_alike(*, course=COURSE, leave_out=("and", "the"), n=3, itself=False):
    """Return the courses whose descriptions are most similar, with the cosine."""
    courses = funnelkit.load("courses").set_index("course_id")
    about = recommenders.tfidf(courses["description"], leave_out=list(leave_out))
    cosine = about @ about.loc[course]
    return (cosine if itself else cosine.drop(course)).nlargest(n).to_dict()


def words_counted(*, course=COURSE, n=3):
    """Return the cosine of the plain counts of words."""
    from sklearn.feature_extraction.text import CountVectorizer

    courses = funnelkit.load("courses").set_index("course_id")
    counts = CountVectorizer(stop_words=["and", "the"]).fit_transform(courses["description"])
    table = pd.DataFrame(counts.toarray(), index=courses.index)
    alike = recommenders.similarity(table.astype(float), measure="cosine", over="all")
    return alike[course].drop(course).nlargest(n).to_dict()


def list_of_beginners(*, taken_out=True, level="beginner", most=54, n=4, cut=MAIL):
    """Return the list for one customer: courses for beginners below a price, not yet taken."""
    ratings = funnelkit.load("ratings")
    past = ratings[ratings["rated_at"] < cut] if cut else ratings
    courses = funnelkit.load("courses")
    wanted = courses["price"] < most if most else courses["price"] > 0
    wanted &= (courses["level"] == level) if level else True
    taken = recommenders.taken_matrix(past)
    scores = recommenders.neighbour_scores(taken).loc[[CUSTOMER]]
    among = courses.loc[wanted & courses["course_id"].isin(scores.columns), "course_id"]
    seen = taken.loc[[CUSTOMER]] if taken_out else None
    return recommenders.top_n(scores, seen, n=n, among=among)["course_id"].tolist()


def popular_for_beginners():
    """Return the most rated of those courses that the customer has not taken."""
    ratings, courses = funnelkit.load("ratings"), funnelkit.load("courses")
    past = ratings[ratings["rated_at"] < MAIL]
    wanted = courses[(courses["level"] == "beginner") & (courses["price"] < 54)]["course_id"]
    count = recommenders.popularity(past)
    count = count[count.index.isin(wanted)]
    own = past.loc[past["customer_id"] == CUSTOMER, "course_id"]
    return count.drop(own, errors="ignore").nlargest(4).index.tolist()


def three_ways(*, cut=MAIL, rated=LEAST_RATED, seen=LEAST_SEEN, pages=False, apart=False):
    """Return how many customers get which list."""
    ratings, views = funnelkit.load("ratings"), funnelkit.load("views")
    everybody = pd.Index(views["customer_id"].unique())
    if cut:
        ratings, views = ratings[ratings["rated_at"] < cut], views[views["first_viewed"] < cut]
    stars = ratings["customer_id"].value_counts().reindex(everybody, fill_value=0)
    looks = views.groupby("customer_id")["views"].sum() if pages else views["customer_id"]
    looks = looks if pages else looks.value_counts()
    looks = looks.reindex(everybody, fill_value=0)
    by_rating, by_views = stars >= rated, looks >= seen
    if not apart:
        by_views &= ~by_rating
    left = ~by_rating & ~by_views
    return {"ratings": by_rating.sum(), "views": by_views.sum(), "popular": left.sum()}


TASKS = [
    Task(
        "23.1",
        "The neighbours who count",
        name="estimated",
        kind=Number(unit="stars", decimals=3),
        truth=estimated,
        section="Neighbours",
        hints=[
            "Who has rated d? Of these, whose ratings go up and down with Nora's?",
            "`recommenders.similarity(stars)`, then `recommenders.neighbour_estimate(..., k=2)`.",
        ],
        mistakes=[
            Mistake(
                "nearest-of-all",
                lambda: estimated(rated=False),
                "Only one neighbour is in it: of the two nearest, Olaf has not rated d.",
                "Take the two nearest of those who rated it.",
            ),
            Mistake(
                "not-centred",
                lambda: estimated(centre=False),
                "You averaged the ratings as they are; Nora gives more stars than others.",
                "Average the deviations from each one's own mean, and add Nora's mean.",
            ),
            Mistake(
                "all-neighbours",
                lambda: estimated(k=40),
                "All similar users are in it.",
                "Take the two nearest who rated d.",
            ),
            Mistake(
                "negative-kept",
                lambda: estimated(k=40, negative="keep"),
                "All who rated d are in it, Rosa with her negative similarity too.",
                "Take the two nearest who rated d.",
            ),
        ],
        after="Olaf is more similar than both, and has nothing to say about d.",
    ),
    Task(
        "23.2",
        "One step",
        name="after_one_step",
        kind=Function(
            Number(decimals=6),
            calls=[
                (5, 3.5, [0.1, -0.1], [0.2, 0.1], 0.1, 0.5),
                (1, 3.0, [0.5, 0.4], [0.3, -0.6], 0.05, 0.02),
                (4, 3.2, [1.0], [1.0], 0.2, 0.1),
                (3, 3.0, [0.2, 0.2, 0.2], [0.1, 0.5, -0.4], 0.1, 1.0),
                (5, 4.8, [1.0], [0.6], 0.1, 0.02),
            ],
        ),
        truth=after_one_step,
        section="Hidden traits",
        hints=[
            "The error first; then `p` and `q`, both from the values before the step.",
            "`p + rate * (error * q - penalty * p)`, and the same for `q`.",
        ],
        mistakes=[
            Mistake(
                "q-from-the-new-p",
                lambda r, m, p, q, rate, lam: _stepped(r, m, p, q, rate, lam, late=True),
                "`q` is updated with the new `p`.",
                "Compute both from the values before the step.",
            ),
            Mistake(
                "no-penalty",
                lambda r, m, p, q, rate, lam: _stepped(r, m, p, q, rate, 0.0),
                "The penalty is missing.",
                "Subtract `penalty` times the factor itself.",
            ),
            Mistake(
                "wrong-sign",
                lambda r, m, p, q, rate, lam: _stepped(r, m, p, q, rate, lam, sign=-1),
                "The step goes the wrong way: the error is the rating less the estimate.",
                "Turn the difference round.",
            ),
            Mistake(
                "before-the-step",
                lambda r, m, p, q, rate, lam: _stepped(r, m, p, q, 0.0, lam),
                "That is the estimate before the step.",
                "Estimate again with the new `p` and `q`.",
            ),
        ],
        after="`SVD` takes such a step, and one of the biases, for every rating in every round.",
    ),
    Task(
        "23.3",
        "The share without a past",
        name="unknown_share",
        kind=Number(unit="fraction", decimals=3),
        truth=without_a_past,
        section="What the library passes over",
        hints=[
            "Two reasons to be unknown, and either is enough: the customer, the course.",
            "`recommenders.time_cut(ratings, ...)` gives both parts; `isin` says who was there.",
        ],
        mistakes=[
            Mistake(
                "customers-only",
                lambda: without_a_past(item=False),
                "Only new customers are in it; new courses are unknown as well.",
                "Combine the two conditions with `|`.",
            ),
            Mistake(
                "courses-only",
                lambda: without_a_past(user=False),
                "Only new courses are in it; new customers are unknown as well.",
                "Combine the two conditions with `|`.",
            ),
            Mistake(
                "customers-for-ratings",
                lambda: without_a_past(of="customers"),
                "That is a share of customers; the task asks for a share of ratings.",
                "Take the mean over the rows.",
            ),
            Mistake(
                "known-for-unknown",
                lambda: 1 - without_a_past(),
                "That is the share that is known.",
                "Subtract it from 1.",
            ),
            Mistake(
                "cut-in-may",
                lambda: without_a_past(cut=MAIL),
                "That is the cut of the lesson, in May.",
                "Cut on 1 March.",
            ),
            percent_for_fraction(),
        ],
        after="An earlier cut leaves less past, and more that is unknown.",
    ),
    Task(
        "23.4",
        "Described alike",
        name="similar",
        kind=Mapping(Number(decimals=3)),
        truth=described_alike,
        section="When there are no ratings",
        hints=[
            "`recommenders.tfidf(texts, leave_out=[...])` wants the texts by course.",
            "`recommenders.similarity(..., measure='cosine', over='all')`; then `nlargest(3)`.",
        ],
        mistakes=[
            Mistake(
                "itself",
                lambda: described_alike(itself=True),
                "The course itself is among them.",
                "Drop it first.",
            ),
            Mistake(
                "no-word-left-out",
                lambda: described_alike(leave_out=()),
                "`and` and `the` count in it.",
                'Give `leave_out=["and", "the"]`.',
            ),
            Mistake(
                "words-counted",
                words_counted,
                "That looks like the cosine of plain counts: rare words weigh no more than others.",
                "Use `recommenders.tfidf`.",
            ),
        ],
        after="All three are in its topic, which the words do not name.",
        equivalent={"without over='all'": "no weight is missing, so all words are common"},
    ),
    Task(
        "23.5",
        "A list with conditions",
        name="beginners",
        kind=List(Text()),
        truth=list_of_beginners,
        section="A list with rules and reasons",
        hints=[
            "What was taken before May decides both the scores and what is left out.",
            "`recommenders.top_n(scores, taken, n=4, among=...)`, and the rows of the customer.",
        ],
        mistakes=[
            Mistake(
                "taken-shown-again",
                lambda: list_of_beginners(taken_out=False),
                "It holds courses that the customer has taken.",
                "Give `top_n` what was taken.",
            ),
            Mistake(
                "all-levels",
                lambda: list_of_beginners(level=None),
                "Courses for the advanced are in it.",
                'Keep those whose `level` is "beginner".',
            ),
            Mistake(
                "any-price",
                lambda: list_of_beginners(most=None),
                "Courses of EUR 54 or more are in it.",
                "Keep those below EUR 54, not at it: with `<`.",
            ),
            Mistake(
                "the-future-used",
                lambda: list_of_beginners(cut=None),
                "Ratings from May on are in it, which nobody had on 1 May.",
                "Cut the ratings on 1 May first.",
            ),
            Mistake(
                "what-is-popular",
                popular_for_beginners,
                "These are the most popular of them, the same for everybody.",
                "Use `recommenders.neighbour_scores`.",
            ),
        ],
        after="Conditions belong into the list, not after it: filtered later, it would be short.",
        equivalent={
            "the bound of ratings['rated_at'] < '2026-05-01' moved": "none at that second",
        },
    ),
    Task(
        "23.6",
        "Which list for whom",
        name="ways",
        kind=Mapping(Number(unit="customers", decimals=0)),
        truth=three_ways,
        section="When there are no ratings",
        hints=[
            "Count ratings and viewed courses of each customer, both before May, 0 where none.",
            "`everybody.isin(counts.index[counts >= 5])` says who has enough.",
        ],
        mistakes=[
            Mistake(
                "the-future-used",
                lambda: three_ways(cut=None),
                "Everything is counted, to the end of June; the mail goes out on 1 May.",
                "Keep what was before May, and all customers.",
            ),
            Mistake(
                "counted-twice",
                lambda: three_ways(apart=True),
                "Some get two lists: those with enough ratings have mostly looked enough, too.",
                "By views are only those who do not have enough ratings.",
            ),
            Mistake(
                "pages-for-courses",
                lambda: three_ways(pages=True),
                "You added up how often they looked; the task asks for different courses.",
                "Count the rows of `views`, each of which is one course.",
            ),
            Mistake(
                "more-than-five",
                lambda: three_ways(rated=LEAST_RATED + 1),
                "Those with exactly five ratings have enough.",
                "Use `>=`.",
            ),
            Mistake(
                "more-than-three",
                lambda: three_ways(seen=LEAST_SEEN + 1),
                "Those who looked at exactly three courses have enough.",
                "Use `>=`.",
            ),
        ],
        after="One in fourteen gets what is popular: that list deserves some thought as well.",
        equivalent={
            "before_may for ratings": "its ratings are those before May",
            "the bound of ratings['rated_at'] < '2026-05-01' moved": "none at that second",
        },
    ),
]
