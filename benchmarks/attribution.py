"""How fast and how exactly funnelkit solves Markov chains of journeys, beside other packages.

    python start.py bench attribution --peers PYTHON

Every program gets the same 100,000 journeys of ten channels, one per row as text, with cycles and
repeats, and computes the removal effect of each channel: `marketing_attribution_models` and `mta`
for a chain of order 1, `ChannelAttribution` and funnelkit for orders 1 to 3. What is compared is
the share of each channel in the sum of the removal effects. What is right is worked out here, by
numpy, from dense matrices of all states, without funnelkit. It prints a table and writes it into
`benchmarks/README.md`.

Each program runs in a process of its own; they take turns, run by run. The first run of each is not
timed. Reading the text of the paths belongs to the time, since all of them must.

The peers want packages of their own choice, so they need an environment of their own, outside of
this folder; its Python is named in the call:

    uv venv peers-env
    uv pip install --python peers-env/bin/python marketing-attribution-models mta ChannelAttribution
    uv pip install --python peers-env/bin/python matplotlib
    python start.py bench attribution --peers peers-env/bin/python

ChannelAttribution is compiled as it is installed, which takes a C++ compiler. Without `--peers`
funnelkit runs alone.
"""

import argparse
import itertools
import json
import os
import platform
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

import turns

JOURNEYS, CHANNELS = 100_000, "abcdefghij"

# ---------------------------------------------------------------- the programs
#
# Each takes the table of paths and an order, and returns its version and a function that gives the
# removal effect of each channel.


def with_funnelkit(paths, order):
    import funnelkit
    from funnelkit import attribution

    def run():
        return attribution.markov_credit(paths, order=order)["removal_effect"].to_dict()

    return funnelkit.__version__, run


def with_mam(paths, order):
    import importlib.metadata

    import mam

    given = paths.assign(converted=paths["conversions"] > 0, n=1)

    def run():
        columns = dict(channels_colname="path", journey_with_conv_colname="converted")
        model = mam.MAM(given, "grouped_journey", **columns, occurrences_colname="n")
        chain = mam.models.MarkovModel(transition_to_same_state=True)
        chain._compute_markov(model.unified_df)  # the credits per journey are not asked for
        return chain.removal_effect_df["removal_effect"].to_dict()

    return importlib.metadata.version("marketing_attribution_models"), run


def with_channel_attribution(paths, order):
    import importlib.metadata

    import ChannelAttribution

    def run():
        found = ChannelAttribution.markov_model(
            paths,
            "path",
            "conversions",
            var_null="nulls",
            order=order,
            out_more=True,
            verbose=False,
            flg_pro=False,
        )
        effects = found["removal_effects"]
        return dict(zip(effects["channel_name"], effects.iloc[:, 1], strict=True))

    return importlib.metadata.version("ChannelAttribution"), run


def with_mta(paths, order):
    import mta

    names = {"conversions": "total_conversions", "nulls": "total_null"}
    given = paths.rename(columns=names)

    def run():
        model = mta.MTA(given, allow_loops=True, add_timepoints=False)
        return dict(model.markov(normalize=False).attribution["markov"])

    return mta.__version__, run


PROGRAMS = {
    "funnelkit": (with_funnelkit, [1, 2, 3]),
    "marketing-attribution-models": (with_mam, [1]),
    "ChannelAttribution": (with_channel_attribution, [1, 2, 3]),
    "mta": (with_mta, [1]),
}

# ---------------------------------------------------------------- the journeys, and what is right


def make_paths(seed=25):
    """Return the journeys: some channels open, others close, and converting depends on both."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    n = len(CHANNELS)
    lengths = np.minimum(rng.geometric(0.35, JOURNEYS), 15)
    openers, closers = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n))
    first, later = (rng.choice(n, lengths.sum(), p=each) for each in (openers, closers))
    starts = np.append(0, np.cumsum(lengths)[:-1])
    codes = later.copy()
    codes[starts] = first[starts]
    repeats = (rng.random(len(codes)) < 0.2) & ~np.isin(np.arange(len(codes)), starts)
    codes[repeats] = codes[np.flatnonzero(repeats) - 1]
    chance = 0.03 + 0.10 * rng.random(n)
    last = codes[starts + lengths - 1]
    won = rng.random(JOURNEYS) < chance[last] + chance[codes[starts]]
    names = np.array(list(CHANNELS))[codes]
    texts = [" > ".join(names[s : s + k]) for s, k in zip(starts, lengths, strict=True)]
    return pd.DataFrame(
        {"path": texts, "conversions": won.astype(int), "nulls": (~won).astype(int)}
    )


def exact(paths, order):
    """Return the removal effects by dense matrices, written without funnelkit."""
    import numpy as np

    moves, place = {}, {}
    for text, won in zip(paths["path"], paths["conversions"], strict=True):
        path = text.split(" > ")
        states = ["start", *(tuple(path[max(0, i + 1 - order) : i + 1]) for i in range(len(path)))]
        for here, there in itertools.pairwise([*states, "won" if won else "null"]):
            moves[here, there] = moves.get((here, there), 0) + 1
    for here, _ in moves:
        place.setdefault(here, len(place))
    counts, wins = np.zeros((len(place), len(place))), np.zeros(len(place))
    out = np.zeros(len(place))
    for (here, there), n in moves.items():
        out[place[here]] += n
        if there == "won":
            wins[place[here]] += n
        elif there != "null":
            counts[place[here], place[there]] += n
    chances, wins = counts / out[:, None], wins / out

    def converts(removed):
        kept = np.array([s == "start" or s[-1] != removed for s in place])
        system = np.eye(kept.sum()) - chances[np.ix_(kept, kept)]
        return np.linalg.solve(system, wins[kept])[0]  # "start" is the first state

    whole = converts(None)
    return {channel: 1 - converts(channel) / whole for channel in CHANNELS}


# ---------------------------------------------------------------- measuring


def serve(program, order, path):
    """In a process of its own: read the journeys, then compute at each line that comes in."""
    import pandas as pd

    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what programs print is not an answer
    version, run = PROGRAMS[program][0](pd.read_csv(path), int(order))
    run()
    print(json.dumps(version), file=answers, flush=True)
    for _ in sys.stdin:
        start, busy = time.perf_counter(), time.process_time()
        found = run()
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
        found = {name: float(effect) for name, effect in found.items()}
        print(json.dumps([seconds, busy, found]), file=answers, flush=True)


def measure(paths, pythons, rounds):
    """Let the programs take turns; return the runs of each, and the versions."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paths.csv"
        paths.to_csv(path, index=False)
        commands = {
            (program, order): [
                pythons[program],
                __file__,
                "--serve",
                program,
                str(order),
                str(path),
            ]
            for program in pythons
            for order in PROGRAMS[program][1]
        }
        runs, versions = turns.take_turns(commands, rounds)
    return runs, {program: version for (program, _), version in versions.items()}


def shares(effects):
    """Return removal effects as shares of their sum."""
    total = sum(effects.values())
    return {name: effect / total for name, effect in effects.items()}


def report(runs, versions, right, rounds):
    """Write the table as text."""
    packages = ", ".join(f"{program} {version}" for program, version in versions.items())
    lines = [
        f"Markov chains of {JOURNEYS:,} journeys of {len(CHANNELS)} channels; median of {rounds} "
        "warm runs, taking turns.",
        "cpu: seconds of processor time. Ratio: that of funnelkit at the same order is 1.",
        "Error: the channel's share that is farthest from the exact one, in per cent of it.",
        f"{os.cpu_count()} CPUs ({platform.machine()}, {platform.system()}), "
        f"load {os.getloadavg()[0]:.0f} when it ended, Python {platform.python_version()}",
        packages,
        "",
        f"  {'program':<30}{'order':>5}{'seconds':>10}{'cpu':>8}{'ratio':>8}{'error':>9}",
    ]
    seconds = {each: statistics.median(s for s, _, _ in found) for each, found in runs.items()}
    busy = {each: statistics.median(b for _, b, _ in found) for each, found in runs.items()}
    for (program, order), found in runs.items():
        true, said = shares(right[order]), shares(found[-1][2])
        error = max(abs(said.get(name, 0) / true[name] - 1) for name in true)
        written = "none" if error < 1e-6 else f"{100 * error:.1f} %"
        ratio = busy[program, order] / busy["funnelkit", order]
        times = f"{seconds[program, order]:>10.3f}{busy[program, order]:>8.3f}"
        lines.append(f"  {program:<30}{order:>5}{times}{ratio:>8.1f}{written:>9}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", metavar="PYTHON", help="a Python that has the other packages")
    parser.add_argument("--rounds", type=int, default=7, help="timed runs of each (default 7)")
    parser.add_argument("--print-only", action="store_true", help="leave README.md as it is")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(*options.serve)
    pythons = {"funnelkit": sys.executable}
    if options.peers:
        pythons |= dict.fromkeys(list(PROGRAMS)[1:], options.peers)
    paths = make_paths()
    right = {order: exact(paths, order) for order in (1, 2, 3)}
    runs, versions = measure(paths, pythons, options.rounds)
    for order, true in right.items():
        found = runs["funnelkit", order][-1][2]
        if max(abs(found[name] - true[name]) for name in true) > 1e-9:
            raise AssertionError(f"order {order}: funnelkit finds {found}, exact is {true}")
    text = report(runs, versions, right, options.rounds)
    print(text)
    if not options.print_only:
        turns.put_into_readme("attribution", text)


if __name__ == "__main__":
    main()
