"""Independent implementations that the tests compare funnelkit with.

They are written to be obviously right, not quick: the funnel in plain Python, one user and one
event at a time, as the docstring of `funnelkit.funnels.funnel` words it; the same by trying all
sequences of events that there are; ClickHouse's search, from its source code and by ClickHouse
itself; and the funnel as queries for DuckDB.
"""

from itertools import combinations, product

import pandas as pd

# ---------------------------------------------------------------- the funnel in plain Python


def funnel_chains(
    events,
    steps,
    *,
    window=None,
    entry="first",
    order="loose",
    count="users",
    by=None,
    hold=None,
    exclude=None,
    observed_until=None,
):
    """Return the chains that count, as (user, times of the steps, values of `by`), and left_out."""
    window = pd.Timedelta.max if window is None else pd.Timedelta(window)
    found, left_out = [], 0
    for user, rows in rows_by_user(events, steps, listed(by), listed(hold)).items():
        entries = [p for p, row in enumerate(rows) if row["event"] == steps[0]]
        chains = []
        for p in entries:
            if order == "loose":
                positions = loose_chain(rows, p, steps, window, exclude or [])
            elif order == "strict":
                positions = strict_chain(rows, p, steps, window)
            else:
                positions = [p]
            times = [rows[at]["time"] for at in positions]
            if order == "any":
                times = unordered_times(rows, p, steps, window)
            chains.append({"positions": positions, "times": times, "by": rows[p]["by"]})
        if entry == "first" and count == "users":
            chains = chains[:1]
        if count == "totals":
            chains = one_after_another(chains, len(steps), window)
        if observed_until is not None:
            end = end_of_day(observed_until)
            over = [c for c in chains if c["times"][0] + window <= end]
            left_out += len(chains) - len(over)
            chains = over
        if entry == "any":
            chains = sorted(chains, key=best_first)[:1]
        found += [(user, c["times"], c["by"]) for c in chains]
    return found, left_out


def end_of_day(moment):
    """The end of the day, if the moment is its beginning, as that of a date is."""
    moment = pd.Timestamp(moment)
    return (
        moment + pd.Timedelta("1D") - pd.Timedelta("1ns") if moment == moment.floor("D") else moment
    )


def listed(columns):
    if columns is None:
        return []
    return [columns] if isinstance(columns, str) else list(columns)


def rows_by_user(events, steps, by, hold):
    """Each user's events as dicts, in order of time, step, held values and `by` values."""

    def values(row, columns):  # missing values sort last, and equal each other
        return tuple((True, "") if pd.isna(row[c]) else (False, row[c]) for c in columns)

    users = {}
    for row in events.to_dict("records"):
        users.setdefault(row["user_id"], []).append(
            {
                "event": row["event"],
                "time": pd.Timestamp(row["timestamp"]),
                "step": steps.index(row["event"]) + 1 if row["event"] in steps else 0,
                "held": values(row, hold),
                "by": values(row, by),
            }
        )
    for rows in users.values():
        rows.sort(key=lambda row: (row["time"], row["step"], row["held"], row["by"]))
    return users


def best_first(chain):
    """Goes furthest, gets there earliest, enters latest."""
    return -len(chain["times"]), chain["times"][-1], -chain["positions"][0]


def loose_chain(rows, start, steps, window, exclude):
    """Positions of a chain's events, other events between them or not."""
    positions = [start]
    for p in range(start + 1, len(rows)):
        level = len(positions)
        if level == len(steps) or rows[p]["time"] - rows[start]["time"] > window:
            break
        if rows[p]["held"] != rows[start]["held"]:
            continue
        if rows[p]["event"] == steps[level]:
            positions.append(p)
        elif any(rows[p]["event"] == name and i <= level < j for name, i, j in exclude):
            break
    return positions


def strict_chain(rows, start, steps, window):
    """Positions of a chain's events, one right after the other (nothing to exclude, then)."""
    positions = [start]
    for p, step in enumerate(steps[1:], start + 1):
        if p == len(rows) or rows[p]["event"] != step or rows[p]["held"] != rows[start]["held"]:
            break
        if rows[p]["time"] - rows[start]["time"] > window:
            break
        positions.append(p)
    return positions


def unordered_times(rows, start, steps, window):
    """When the first k steps had all happened, by k: the best of all choices of events."""
    entered = rows[start]["time"]
    alike = [row for row in rows if row["held"] == rows[start]["held"]]
    times = [entered]
    for k in range(2, len(steps) + 1):
        choices = [[row["time"] for row in alike if row["event"] == step] for step in steps[1:k]]
        spans = [(min(entered, *chosen), max(entered, *chosen)) for chosen in product(*choices)]
        ends = [last for first, last in spans if last - first <= window]
        if not ends:
            break
        times.append(min(ends))
    return times


def one_after_another(chains, n_steps, window):
    """Those of a user who enters anew after converting, or when the window is over."""
    kept = []
    for chain in chains:
        if kept:
            last = kept[-1]
            if len(last["positions"]) == n_steps:
                free = chain["positions"][0] > last["positions"][-1]
            else:
                free = chain["times"][0] - last["times"][0] > window
            if not free:
                continue
        kept.append(chain)
    return kept


# ---------------------------------------------------------------- all sequences of events


def best_sequences(events, steps, *, window=None, entry="first"):
    """For each user with an entry: the highest level, earliest completion and its latest entry.

    No rule about which event to take: every increasing sequence of a user's events is tried.
    Loose order, one chain a user.
    """
    window = pd.Timedelta.max if window is None else pd.Timedelta(window)
    best = {}
    for user, rows in rows_by_user(events, steps, [], []).items():
        rows = [row for row in rows if row["step"]]
        first = next((p for p, row in enumerate(rows) if row["event"] == steps[0]), None)
        for level in range(1, len(steps) + 1):
            sequences = [
                positions
                for positions in combinations(range(len(rows)), level)
                if [rows[p]["event"] for p in positions] == list(steps[:level])
                and rows[positions[-1]]["time"] - rows[positions[0]]["time"] <= window
                and (entry == "any" or positions[0] == first)
            ]
            if sequences:
                ends = [(rows[s[-1]]["time"], -s[0], rows[s[0]]["time"]) for s in sequences]
                end, _, entered = min(ends)
                best[user] = (level, entered, end)
    return best


# ---------------------------------------------------------------- ClickHouse


def window_funnel(events, steps, *, window, modes=()):
    """Each user's level as ClickHouse's windowFunnel finds it; `second` has the times.

    After its source code (getEventLevelNonStrictOnce): one event at a time, with a memory of the
    latest event that reached each step and of the time of its chain's entry.
    """
    levels = {}
    for user, rows in events.groupby("user_id"):
        number = rows["event"].map(lambda name: steps.index(name) if name in steps else -1)
        stream = sorted(zip(rows["second"], number.astype(int), strict=True))
        levels[user] = _level(stream, len(steps), window, modes)
    return levels


def _level(stream, n_steps, window, modes):
    entry, latest = [None] * n_steps, [None] * n_steps  # of the chain at each step; there

    def level():
        return sum(moment is not None for moment in latest)

    for time, k in stream:
        if k == -1:
            if "strict_order" in modes and latest[0] is not None:
                return level()
        elif k == 0:
            entry[0] = latest[0] = time
        elif "strict_deduplication" in modes and latest[k] is not None:
            return level()
        elif latest[k - 1] is None:
            if "strict_order" in modes and latest[0] is not None:
                return level()
        elif time <= entry[k - 1] + window and (
            "strict_increase" not in modes or latest[k - 1] < time
        ):
            entry[k], latest[k] = entry[k - 1], time
            if k == n_steps - 1:
                return n_steps
    return level()


def clickhouse_levels(events, steps, *, window, modes=()):
    """Each user's level by ClickHouse itself; `second` has the times."""
    import chdb

    rows = ", ".join(
        f"('{user}', '{event}', {second})"
        for user, event, second in events[["user_id", "event", "second"]].itertuples(index=False)
    )
    conditions = ", ".join(f"event = '{step}'" for step in steps)
    parameters = ", ".join([str(window), *(f"'{mode}'" for mode in modes)])
    answer = chdb.query(
        f"select user_id, windowFunnel({parameters})(second, {conditions}) from "
        f"values('user_id String, event String, second UInt32', {rows}) group by user_id"
    )
    lines = [line.split(",") for line in str(answer).split()]
    return {user.strip('"'): int(level) for user, level in lines}


# ---------------------------------------------------------------- SQL


def duckdb_counts(events, steps, *, window, entry):
    """Users at each step by DuckDB: loose order, steps with different names, a window."""
    import duckdb

    connection = duckdb.connect()
    connection.register("log", events.rename(columns={"timestamp": "ts"}))
    seconds = f"interval ({pd.Timedelta(window).total_seconds()}) second"
    # Step k: the events of that name which a chain reaches, each with the entry of the chain.
    if entry == "first":
        parts = [
            f"select user_id, min(ts) as entry, min(ts) as ts from log where event = '{steps[0]}' "
            "group by user_id"
        ]
    else:
        parts = [f"select user_id, ts as entry, ts from log where event = '{steps[0]}'"]
    for k, step in enumerate(steps[1:], start=1):
        parts.append(
            f"select log.user_id, s{k}.entry, log.ts from log join s{k} "
            f"on log.user_id = s{k}.user_id and log.event = '{step}' "
            f"and log.ts between s{k}.ts and s{k}.entry + {seconds}"
        )
    tables = ", ".join(f"s{k} as ({part})" for k, part in enumerate(parts, start=1))
    sums = ", ".join(
        f"(select count(distinct user_id) from s{k})" for k in range(1, len(steps) + 1)
    )
    return list(connection.execute(f"with {tables} select {sums}").fetchone())
