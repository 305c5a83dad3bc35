"""How fast funnelkit makes everybody's list of recommendations, beside `implicit`.

    python start.py bench recommenders --implicit PYTHON

Both get the same 100,000 ratings in memory, one per row with the ids of user and item as text, and
make a list of ten items that are new to the user for every user, by the neighbours of lesson 23:
two items are alike if the same users rated them (the cosine of the columns), each item counts its
20 nearest, and a score is a sum of similarities to what the user has rated. There are three
shapes: the 2,000 users and 200 items that a school like the course's has, 1,000 by 1,700, about
that of the well-known ratings of films, and 10,000 by 2,000, which hardly anybody fills: funnelkit
keeps the whole table of users by items, and implicit only what is there.

Timed are *rating to list*, all of it from the rows on, and *list*, the ten best for every user
when all has been learnt: with funnelkit `top_n` of scores that are there, with implicit
`recommend`, which works out the scores as well. Seconds are of processor time, in one thread each,
so that what else the machine does disturbs them little. The first call of each is not timed.

With 20 neighbours the two do not make the same lists: with funnelkit each item counts the ratings
of *its own* 20 nearest, with implicit each rated item speaks for *its* 20 nearest. So that they
compute the same otherwise is tested with all neighbours, where that makes no difference: nothing is
written unless the scores of all lists are then the same to the ninth digit.

implicit needs an environment of its own, outside of this folder; its Python is named in the call:

    uv venv implicit-env
    uv pip install --python implicit-env/bin/python implicit pandas
    python start.py bench recommenders --implicit implicit-env/bin/python

Without `--implicit` funnelkit runs alone. The table goes into `benchmarks/README.md`.
"""

import argparse
import os
import sys
import time

import turns

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"

RATINGS, NEAREST, PLACES = 100_000, 20, 10
SHAPES = [(2_000, 200), (1_000, 1_700), (10_000, 2_000)]
NUMBERS = ["places with a score", "sum of the scores", "sum of score by rank"]


def make_ratings(users, items):
    """Return ratings: some users rate more, some items are popular, and each user has a taste."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(23)
    busy, popular = rng.lognormal(0, 0.8, users), rng.lognormal(0, 1.0, items)
    taste, subject = rng.integers(0, 8, users), rng.integers(0, 8, items)
    weight = busy[:, None] * popular * np.where(taste[:, None] == subject, 6.0, 1.0)
    keys = rng.exponential(size=weight.shape) / weight  # the smallest: drawn without replacement
    chosen = np.argpartition(keys, RATINGS, axis=None)[:RATINGS]
    user, item = np.unravel_index(rng.permutation(chosen), weight.shape)
    names = [np.array([f"{kind}{n:05d}" for n in range(count)]) for kind, count in (
        ("u", users), ("c", items))]  # fmt: skip
    stars = rng.integers(1, 6, RATINGS)
    return pd.DataFrame(
        {"customer_id": names[0][user], "course_id": names[1][item], "rating": stars}
    )


def summary(scores):
    """Return the numbers that are compared, of an array of lists by places."""
    import numpy as np

    scores = np.nan_to_num(scores)
    rank = np.arange(1, scores.shape[1] + 1)
    return [(scores > 1e-12).sum(), scores.sum(), (scores * rank).sum()]


# ---------------------------------------------------------------- the programs
#
# Each takes the ratings, how many neighbours count, and what is timed; it returns its version and a
# function that makes the lists.


def with_funnelkit(ratings, nearest, part):
    import funnelkit
    from funnelkit import recommenders

    def learn():
        taken = recommenders.taken_matrix(ratings)
        return recommenders.neighbour_scores(taken, k=nearest), taken

    def shown(scores, taken):
        lists = recommenders.top_n(scores, taken, n=PLACES)
        return summary(lists.pivot(index="customer_id", columns="rank", values="score").to_numpy())

    if part == "list":
        known = learn()
        return funnelkit.__version__, lambda: shown(*known)
    return funnelkit.__version__, lambda: shown(*learn())


def with_implicit(ratings, nearest, part):
    import implicit
    import numpy as np
    import pandas as pd
    from implicit.nearest_neighbours import CosineRecommender
    from scipy.sparse import csr_matrix

    def learn():
        user, users = pd.factorize(ratings["customer_id"], sort=True)
        item, items = pd.factorize(ratings["course_id"], sort=True)
        ones = np.ones(len(ratings))
        taken = csr_matrix((ones, (user, item)), shape=(len(users), len(items)))
        model = CosineRecommender(K=nearest + 1, num_threads=1)  # it counts the item itself
        model.fit(taken, show_progress=False)
        return model, taken

    def shown(model, taken):
        _, scores = model.recommend(np.arange(taken.shape[0]), taken, N=PLACES)
        return summary(np.where(scores > 0, scores, 0.0))

    if part == "list":
        known = learn()
        return implicit.__version__, lambda: shown(*known)
    return implicit.__version__, lambda: shown(*learn())


PROGRAMS = {"funnelkit": with_funnelkit, "implicit": with_implicit}
PARTS = {"all": "rating to list", "list": "list"}

# ---------------------------------------------------------------- measuring


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--implicit", metavar="PYTHON", help="a Python that has it")
    parser.add_argument("--rounds", type=int, default=9, help="timed calls of each (default 9)")
    parser.add_argument("--print-only", action="store_true", help="leave README.md as it is")
    parser.add_argument("--serve", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        program, part, *numbers = options.serve
        users, items, nearest = map(int, numbers)

        def prepare():
            return PROGRAMS[program](make_ratings(users, items), nearest, part)

        return turns.serve(prepare, clock=time.process_time)
    pythons = {"funnelkit": sys.executable}
    if options.implicit:
        pythons["implicit"] = options.implicit

    def asked(users, items, nearest, part, rounds):
        what = [part, str(users), str(items), str(nearest)]
        commands = {
            program: [python, __file__, "--serve", program, *what]
            for program, python in pythons.items()
        }
        return turns.measure(commands, rounds)

    parts = []
    for users, items in SHAPES:
        _, found, _ = asked(users, items, items, "all", 1)
        turns.need_same_numbers(NUMBERS, found, within=1e-9)
        parts += ["", f"{users:,} users, {items:,} items"]
        for part, words in PARTS.items():
            seconds, _, versions = asked(users, items, NEAREST, part, options.rounds)
            parts.append(f"  {words}")
            parts += turns.lines_of(seconds)
    text = "\n".join(
        [
            f"{RATINGS:,} ratings, everybody's {PLACES} best by {NEAREST} neighbours. Median of "
            f"{options.rounds} warm calls, taking turns.",
            "Seconds of processor time in one thread. Ratio: how many times as long as funnelkit.",
            *turns.machine(versions),
            *parts,
        ]
    )
    print(text)
    if not options.print_only:
        turns.put_into_readme("recommenders", text)


if __name__ == "__main__":
    main()
