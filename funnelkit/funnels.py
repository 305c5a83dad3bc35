"""Funnels: how many people go from step to step, and how long they take.

From a log with one row an event (who, what, when) the functions here find for each user the
*chain* of events that goes through the steps in order. An event that fills the first step is an
*entry*; from it, the chain takes for each further step the first later event that fits.

`funnel` counts the chains step by step, `reach` shows them user by user, `time_to_convert` tells
how long they take, and `counts` is the quick way to the numbers alone.

How the module is laid out: first these four functions; then the tables they make; then `_read`,
which checks the input; then the search for the chains, by a quick road for the usual question
(`_plain_chains`) and a general one for all others (`_general_chains`).
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass, fields
from functools import partial
from numbers import Number

import numpy as np
import pandas as pd

from funnelkit import metrics
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "STEPS", "counts", "funnel", "reach", "time_to_convert"]

STEPS = ["visit", "lead", "opportunity", "customer"]
"""The events of the course's funnel, in order."""

NEVER = np.iinfo(np.int64).max
"""The time of what has not happened: later than any other."""

NOT_A_TIME = np.iinfo(np.int64).min
"""What pandas stores for a missing time (NaT)."""

_BITS = 63
"""How many bits a whole number has for us (the 64th is its sign)."""


# ---------------------------------------------------------------- what the lessons call


def funnel(
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
    user="user_id",
    event="event",
    time="timestamp",
):
    """Count the users who reach each step of a funnel.

    Parameters
    ----------
    events : DataFrame
        The log, one row an event, in any order. Times are naive UTC: datetimes of any
        resolution, or text in ISO 8601.
    steps : list of str
        Names of events, first step first. A name may come again: it then needs a further event,
        since one event fills one step.
    window : duration, optional
        The longest time from entry to last step, itself included, as anything that
        `pd.Timedelta` reads *with its unit*: ``"7D"``, ``"12h"``. Without it there is no limit.
    entry : {"first", "any"}, default "first"
        Which chain of a user counts. ``"first"``: the one from the user's first entry.
        ``"any"``: the best from any entry, that is the one that goes furthest; of those, the one
        that gets there earliest; of those, the one with the latest entry.
    order : {"loose", "strict", "any"}, default "loose"
        ``"loose"``: other events may come between. ``"strict"``: no other event of that user
        comes between, whatever its name. ``"any"``: step k is reached when steps 1 to k have all
        happened, in whatever order, within `window` of the first of them.
    count : {"users", "totals"}, default "users"
        ``"users"``: one chain a user. ``"totals"`` (with ``entry="first"`` only): a user enters
        anew after converting, or once the window of the last entry is over.
    by : str or list of str, optional
        Columns to break the funnel down by, read at the entry event, so that the groups sum to
        the total. A missing value is a group of its own.
    hold : str or list of str, optional
        Columns that keep one value along a chain, such as ``"session_id"``: only events with the
        entry's value can continue it. A missing value counts as a value.
    exclude : list of (str, int, int), optional
        ``("refund", 2, 3)`` ends a chain in which a refund occurs between its events for steps 2
        and 3. Steps count from 1. (With `hold`, a refund with the same held values.)
    observed_until : time, optional
        When observation ended. Entries whose window is not over by then are left out, since we
        cannot know yet how they end; ``attrs["left_out"]`` says how many. Needs `window`.
    user, event, time : str, optional
        Names of the three columns.

    Returns
    -------
    DataFrame
        One row a step, index ``step``; with `by`, its columns are the outer index levels.

        ======================  ==========================================================
        users                   how many reached the step (chains, with ``count="totals"``)
        step_rate               share of the previous step's users, from 0 to 1
        overall_rate            share of the first step's users, from 0 to 1
        dropped                 users of the previous step who did not reach this one
        ci_low, ci_high         95 % Wilson interval of `step_rate`
        median_time             median time since the previous step, of those who reached both
        ======================  ==========================================================

        Where there is no previous step or nobody in it, the values are missing. ``attrs`` name
        the conventions used.

    Raises
    ------
    TypeError
        If the log is not a DataFrame, the steps are not a list, or the window has no unit.
    ValueError
        If a column is missing; the log is empty; a time is missing, unreadable or has a time
        zone; a user id is missing; a step does not occur in the log; the window is negative;
        `observed_until` comes without `window`; or options do not go together.

    See Also
    --------
    counts : The column ``users`` alone, as quickly as possible.
    reach : How far each user got, and when.
    time_to_convert : More of the distribution than its median.

    Notes
    -----
    Events are taken in order of user, time and step. Events at the same time may follow each
    other, in the order of the steps; a repeated name stands where it first occurs in `steps`,
    and events that are no step come before those that are. The row order of the log is of no
    consequence.

    With ``order="any"`` the entry is still the event for step 1, and the time of step k is the
    time at which the last of steps 1 to k happened. With ``order="strict"``, or with `exclude`, a
    chain that is cut short keeps the steps it has reached, and with ``count="totals"`` its
    window goes on: the user enters anew when that is over.

    References
    ----------
    ``entry="any"`` counts as ``windowFunnel`` of ClickHouse does, ``entry="first"`` as Mixpanel
    does by default.

    Examples
    --------
    Ann looks twice and books, Bob looks and leaves his address, Cy only looks:

    >>> import pandas as pd
    >>> from funnelkit import funnels
    >>> log = pd.DataFrame(
    ...     [("ann", "visit", "2025-03-01 09:00"), ("ann", "lead", "2025-03-01 09:10"),
    ...      ("ann", "visit", "2025-03-03 17:00"), ("ann", "customer", "2025-03-05 08:00"),
    ...      ("bob", "visit", "2025-03-02 11:00"), ("bob", "lead", "2025-03-02 11:30"),
    ...      ("cy", "visit", "2025-03-02 12:00")],
    ...     columns=["user_id", "event", "timestamp"])
    >>> table = funnels.funnel(log, ["visit", "lead", "customer"], window="7D")
    >>> table[["users", "step_rate", "dropped", "median_time"]]  # doctest: +NORMALIZE_WHITESPACE
              users  step_rate  dropped     median_time
    step
    visit         3        NaN     <NA>             NaT
    lead          2   0.666667        1 0 days 00:20:00
    customer      1   0.500000        1 3 days 22:50:00
    >>> table.attrs["entry"], table.attrs["window"]
    ('first', Timedelta('7 days 00:00:00'))
    """
    people = reach(
        events,
        steps,
        window=window,
        entry=entry,
        order=order,
        count=count,
        by=by,
        hold=hold,
        exclude=exclude,
        observed_until=observed_until,
        user=user,
        event=event,
        time=time,
    )
    table = _each_group(people, _steps_table, "step")
    table.attrs |= {"interval": "wilson", "confidence": 0.95}
    return table


def counts(events, steps, **options):
    """Count the users who reach each step, and nothing else: the quick way.

    Parameters
    ----------
    events : DataFrame
        The log, one row an event, in any order.
    steps : list of str
        Names of events, first step first.
    **options
        As in `funnel`, but for `by`.

    Returns
    -------
    Series
        Number of users (chains, with ``count="totals"``) by step, the same as the column
        ``users`` of `funnel`.

    Raises
    ------
    TypeError, ValueError
        As `funnel` does; and if `by` is given.

    Examples
    --------
    >>> import pandas as pd
    >>> from funnelkit import funnels
    >>> log = pd.DataFrame({"user_id": [1, 1, 2], "event": ["visit", "lead", "visit"],
    ...                     "timestamp": pd.date_range("2025-03-01", periods=3)})
    >>> funnels.counts(log, ["visit", "lead"])
    step
    visit    2
    lead     1
    Name: users, dtype: int64
    """
    if options.get("by") is not None:
        raise ValueError("counts() has no breakdown; for by=, use funnel(...)['users']")
    log = _read(events, steps, options)
    users = _plain_counts(log) if log.asked.is_plain else None
    if users is None:
        level = _general_chains(log).level
        users = [np.count_nonzero(level > k) for k in range(len(log.asked.labels))]
    result = pd.Series(users, index=pd.Index(log.asked.labels, name="step"), name="users")
    result.attrs = log.asked.conventions(log.left_out)
    return result


def reach(events, steps, **options):
    """Show how far each user got, and when.

    Parameters
    ----------
    events : DataFrame
        The log, one row an event, in any order.
    steps : list of str
        Names of events, first step first.
    **options
        As in `funnel`.

    Returns
    -------
    DataFrame
        One row for every user in the log, sorted, index ``user_id``; with ``count="totals"`` one
        row a chain, index ``user_id`` and ``chain`` (1, 2, ...).

        ==================  ==================================================================
        level               how many steps were reached; 0 for a user without an entry, or whose
                            entry is left out because of `observed_until`
        one column a step   when it was reached, or NaT; a repeated name has " (2)", " (3)" added
        columns of `by`     their values at the entry; missing at level 0
        ==================  ==================================================================

    Raises
    ------
    TypeError, ValueError
        As `funnel` does.

    Examples
    --------
    >>> import pandas as pd
    >>> from funnelkit import funnels
    >>> log = pd.DataFrame({"user_id": [1, 1, 2, 3], "event": ["visit", "lead", "visit", "lead"],
    ...                     "timestamp": pd.date_range("2025-03-01", periods=4)})
    >>> funnels.reach(log, ["visit", "lead"])  # doctest: +NORMALIZE_WHITESPACE
             level      visit       lead
    user_id
    1            2 2025-03-01 2025-03-02
    2            1 2025-03-03        NaT
    3            0        NaT        NaT
    """
    log = _read(events, steps, options)
    chains = _plain_chains(log) if log.asked.is_plain else None
    if chains is None:
        chains = _general_chains(log)

    times = [np.where(at == NEVER, NOT_A_TIME, at) for at in chains.times]
    times = [at.view(f"datetime64[{log.unit}]") for at in times]
    table = pd.DataFrame(
        {"level": chains.level} | dict(zip(log.asked.labels, times, strict=True)),
        index=chains.users.rename(log.asked.user),
    )
    if log.asked.by:
        values = log.events[log.asked.by].iloc[chains.entry_row]
        for column in log.asked.by:
            table[column] = _may_be_missing(values[column]).array

    if log.asked.count == "totals":
        table["chain"] = table.groupby(level=0).cumcount() + 1
        table = table.set_index("chain", append=True)
    else:
        table = table.reindex(chains.everyone.rename(log.asked.user))
        table["level"] = table["level"].fillna(0).astype("int64")
    table.attrs = log.asked.conventions(log.left_out)
    return table


def time_to_convert(events, steps, *, quantiles=(0.1, 0.25, 0.5, 0.75, 0.9), **options):
    """Tell how long users take from each step to the next, and from the first to the last.

    Only users who made the transition count. The slow ones among recent entries have not made
    it yet, so that recent times look shorter than they will be: compare groups with a `window`
    and `observed_until`.

    Parameters
    ----------
    events : DataFrame
        The log, one row an event, in any order.
    steps : list of str
        Names of events, first step first; two at least.
    quantiles : sequence of float, optional
        Which quantiles, each from 0 to 1.
    **options
        As in `funnel`.

    Returns
    -------
    DataFrame
        One row a transition (``"visit → lead"``), and with three steps or more a last one for
        the whole funnel (``"visit → customer"``); index ``transition``, with `by` inside its
        columns. ``users`` is how many made it (chains, with ``count="totals"``); ``q10``,
        ``q25``, ... are the quantiles of the time they took.

    Raises
    ------
    TypeError, ValueError
        As `funnel` does; ValueError also for fewer than two steps, and for a quantile that is
        not between 0 and 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from funnelkit import funnels
    >>> log = pd.DataFrame({"user_id": [1, 1, 2, 2], "event": ["visit", "lead"] * 2,
    ...                     "timestamp": pd.to_datetime(["2025-03-01", "2025-03-02",
    ...                                                  "2025-03-01", "2025-03-05"])})
    >>> funnels.time_to_convert(
    ...     log, ["visit", "lead"], quantiles=[0.5])  # doctest: +NORMALIZE_WHITESPACE
                  users             q50
    transition
    visit → lead      2 2 days 12:00:00
    """
    quantiles = [float(q) for q in np.atleast_1d(quantiles)]
    for q in quantiles:
        if not 0 <= q <= 1:
            raise ValueError(f"quantiles are between 0 and 1, not {q:g}; write 0.5 for the median")
    people = reach(events, steps, **options)
    if len(people.attrs["steps"]) < 2:
        raise ValueError("a time to convert needs two steps at least")
    return _each_group(people, partial(_times_table, quantiles=quantiles), "transition")


# ---------------------------------------------------------------- from chains to tables


def _steps_table(people, labels):
    """Make the funnel of one group of people: one row a step."""
    users = pd.Series([(people["level"] >= k).sum() for k in range(1, len(labels) + 1)], labels)
    before = users.shift()  # of the previous step; the first has none
    table = pd.DataFrame(
        {
            "users": users,
            "step_rate": users / before,
            "overall_rate": users / users.iloc[0],
            "dropped": (before - users).astype("Int64"),
            "ci_low": np.nan,
            "ci_high": np.nan,
        }
    )
    known = before > 0
    low, high = metrics.wilson_interval(users[known], before[known])
    table.loc[known, "ci_low"], table.loc[known, "ci_high"] = low, high
    taken = [_taken(people, a, b).median() for a, b in zip(labels, labels[1:], strict=False)]
    table["median_time"] = pd.array([pd.NaT, *taken], dtype="timedelta64[ns]")
    return table


def _times_table(people, labels, quantiles):
    """Make the table of the times that one group of people took: one row a transition."""
    pairs = list(zip(labels, labels[1:], strict=False))
    if len(labels) > 2:
        pairs.append((labels[0], labels[-1]))
    taken = [_taken(people, earlier, later) for earlier, later in pairs]
    table = pd.DataFrame({"users": [times.count() for times in taken]})
    for q in quantiles:
        ends = [times.quantile(q) for times in taken]
        table[f"q{100 * q:g}"] = pd.array(ends, dtype="timedelta64[ns]")
    return table.set_axis([f"{earlier} → {later}" for earlier, later in pairs])


def _taken(people, earlier, later):
    """Return the time from one step to another, finely enough for the middle of two values."""
    return (people[later] - people[earlier]).dt.as_unit("ns")


def _each_group(people, make, name):
    """Make a table of each group of those who entered, and put them below each other."""
    labels, by, attrs = people.attrs["steps"], people.attrs["by"], dict(people.attrs)
    people = people[people["level"] > 0]
    if not by:
        table = make(people, labels).rename_axis(name)
    else:
        group, keys = _groups(people, by)
        tables = [make(part, labels) for _, part in people.groupby(group)]
        table = pd.concat(tables) if tables else make(people, labels).iloc[:0]
        outer = keys.iloc[np.repeat(np.arange(len(keys)), len(table) // max(len(keys), 1))]
        table.index = pd.MultiIndex.from_frame(outer.assign(**{name: table.index}))
    table.attrs = attrs
    return table


def _groups(rows, columns):
    """Give each row the number of its group, from 0, in order; and make a table of the groups."""
    if not columns:
        return np.zeros(len(rows), dtype=np.int64), pd.DataFrame(index=[0])
    group = rows.groupby(columns, sort=True, dropna=False, observed=True).ngroup().to_numpy()
    _, first_row = np.unique(group, return_index=True)
    return group, rows[columns].iloc[first_row]


def _may_be_missing(values):
    """Give whole numbers and truth values a type that has a place for missing ones."""
    nullable = {"i": "Int64", "u": "UInt64", "b": "boolean"}
    return values.astype(nullable.get(values.dtype.kind, values.dtype))


# ---------------------------------------------------------------- reading and checking


@dataclass
class _Question:
    """What is asked: the steps and the options of `funnel`, checked."""

    steps: list
    window: pd.Timedelta | None = None
    entry: str = "first"
    order: str = "loose"
    count: str = "users"
    by: list | None = None
    hold: list | None = None
    exclude: list | None = None
    observed_until: pd.Timestamp | None = None
    user: str = "user_id"
    event: str = "event"
    time: str = "timestamp"

    def __post_init__(self):
        if isinstance(self.steps, str) or not pd.api.types.is_list_like(self.steps):
            raise TypeError(f"steps must be a list of event names; got {self.steps!r}")
        self.steps = list(self.steps)
        if not self.steps or pd.isna(self.steps).any():
            raise ValueError(f"steps must name one event at least, and none missing: {self.steps}")
        self.labels = _unique_labels(self.steps)
        _one_of("entry", self.entry, ("first", "any"))
        _one_of("order", self.order, ("loose", "strict", "any"))
        _one_of("count", self.count, ("users", "totals"))
        self.by, self.hold = _columns("by", self.by), _columns("hold", self.hold)
        self.exclude = _exclusions(self.exclude, len(self.steps))
        self.window = _window(self.window)
        self.observed_until = _until(self.observed_until, self.window)

        if self.count == "totals" and self.entry == "any":
            raise ValueError(
                "count='totals' follows a user's entries one after the other, so it needs "
                "entry='first'; for the best chain of each user use count='users'"
            )
        if self.order == "any":
            remedy = "use order='loose'"
            if self.count == "totals":
                raise ValueError(f"count='totals' needs an order, to end a chain; {remedy}")
            if self.exclude:
                raise ValueError(f"exclude needs an order, to say what is between; {remedy}")
            if len(set(self.steps)) < len(self.steps):
                raise ValueError(f"order='any' needs steps with different names; {remedy}")
        for column in self.by:
            if column in (self.user, "level", "chain", "step", "transition", *self.labels):
                raise ValueError(f"by={column!r} is a name in the result too; rename the column")

    @property
    def is_plain(self):
        """Whether the quick road leads to the answer."""
        return (
            self.order == "loose"
            and self.count == "users"
            and not self.hold
            and not self.exclude
            and len(set(self.steps)) == len(self.steps)
        )

    def conventions(self, left_out):
        """Make the attrs of the result."""
        names = ("window", "entry", "order", "count", "by", "hold", "exclude", "observed_until")
        named = {name: getattr(self, name) for name in names}
        return {"steps": self.labels} | named | {"left_out": left_out}


class _Log:
    """The columns of a log as arrays, checked, and the question in the log's terms.

    Times are whole numbers, counted in `unit`; events have the codes of their names.
    """

    def __init__(self, events, asked):
        if not isinstance(events, pd.DataFrame):
            raise TypeError(f"events must be a DataFrame, one row an event; got {type(events)}")
        for column in (asked.user, asked.event, asked.time, *asked.by, *asked.hold):
            if column not in events.columns:
                raise ValueError(
                    f"the log has no column {column!r}{_nearest(column, events.columns)}; "
                    f"its columns are {', '.join(map(str, events.columns))}"
                )
        if events.empty:
            raise ValueError("the log is empty: it has columns but no rows")
        self.events, self.asked = events, asked

        users = events[asked.user]
        if users.hasnans:
            raise ValueError(
                f"{users.isna().sum()} of {len(users)} rows have no {asked.user!r}; drop them, "
                f"events.dropna(subset=[{asked.user!r}]), or give unknown users an id"
            )
        self.user = users.to_numpy() if isinstance(users.dtype, np.dtype) else users.array

        times = _times(events[asked.time])
        self.unit = np.datetime_data(times.dtype)[0]
        self.time = times.view(np.int64)
        tick = pd.Timedelta(1, self.unit)
        self.window, self.cutoff = NEVER, NEVER  # entries later than the cutoff are left out
        if asked.window is not None:
            self.window = asked.window // tick
        if asked.observed_until is not None:
            self.cutoff = (asked.observed_until - asked.window - pd.Timestamp(0)) // tick
        self.left_out = 0

        excluded = [name for name, _, _ in asked.exclude]
        self.name, code = _name_codes(events[asked.event], excluded + asked.steps)
        self.steps = [code[name] for name in asked.steps]
        self.exclude = [(code[name], i, j) for name, i, j in asked.exclude]


def _read(events, steps, options):
    """Check the log and the options; return them as a `_Log`."""
    known = [option.name for option in fields(_Question)]
    for option in options:
        if option not in known:
            raise TypeError(f"there is no option {option!r}{_nearest(option, known)}")
    return _Log(events, _Question(steps, **options))


def _nearest(name, names):
    """Suggest the known name that looks most like `name`."""
    lower = {str(known).lower(): known for known in names}
    close = difflib.get_close_matches(str(name).lower(), lower, n=1)
    return f" (did you mean {lower[close[0]]!r}?)" if close else ""


def _one_of(option, value, allowed):
    if value not in allowed:
        raise ValueError(f"{option}={value!r} is not one of {', '.join(map(repr, allowed))}")


def _columns(option, value):
    """Turn None, a name or a list of names into a list."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if not pd.api.types.is_list_like(value):
        raise TypeError(f"{option} is a column name or a list of them; got {value!r}")
    return list(value)


def _exclusions(exclude, n_steps):
    """Check `exclude`: a list of (event, i, j) with 1 <= i < j <= number of steps."""
    form = "exclude is a list of (event, i, j), such as [('refund', 1, 2)]"
    if exclude is None:
        return []
    if isinstance(exclude, str) or not pd.api.types.is_list_like(exclude):
        raise TypeError(f"{form}; got {exclude!r}")
    for item in exclude:
        if not isinstance(item, (tuple, list)) or len(item) != 3:
            raise TypeError(f"{form}; got {item!r} in it")
        _, i, j = item
        if i not in range(1, n_steps) or j not in range(i + 1, n_steps + 1):
            raise ValueError(
                f"exclude={item!r}: steps count from 1 to {n_steps}, the first before the second"
            )
    return [tuple(item) for item in exclude]


def _unique_labels(steps):
    """Add " (2)", " (3)" to a name that comes again."""
    seen, labels = Counter(), []
    for step in steps:
        seen[step] += 1
        labels.append(step if seen[step] == 1 else f"{step} ({seen[step]})")
    if len(set(labels)) < len(labels) or "level" in labels:
        raise ValueError(f"the steps {steps} make columns of the same name; rename one event")
    return labels


def _times(column):
    """Return the times as an array of naive datetimes, none missing."""
    name, n = column.name, len(column)
    zone = (
        f"turn column {name!r} into naive UTC: "
        f"pd.to_datetime(events[{name!r}], utc=True).dt.tz_localize(None)"
    )
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        raise ValueError(f"the times in {name!r} have a time zone ({column.dt.tz}); {zone}")
    if pd.api.types.is_numeric_dtype(column.dtype):
        raise ValueError(
            f"column {name!r} holds numbers, not times; say what they count, for instance "
            f"pd.to_datetime(events[{name!r}], unit='s')"
        )
    parsed = column
    if column.dtype.kind != "M":
        try:
            parsed = pd.to_datetime(column, format="ISO8601", errors="coerce")
        except ValueError:  # the one thing that errors="coerce" does not turn into NaT
            raise ValueError(f"the times in {name!r} are in several time zones; {zone}") from None
        if isinstance(parsed.dtype, pd.DatetimeTZDtype):
            raise ValueError(f"the times in {name!r} have a time zone; {zone}")
        unreadable = column[parsed.isna() & column.notna()]
        if len(unreadable):
            first = unreadable.iloc[0]
            if getattr(first, "tzinfo", None) is not None:
                raise ValueError(f"the times in {name!r} are in several time zones; {zone}")
            raise ValueError(
                f"{len(unreadable)} of {n} values in {name!r} cannot be read as ISO 8601 times, "
                f"the first being {first!r}; mend them, or see pd.to_datetime(..., format=...)"
            )
    times = parsed.to_numpy()
    if times.view(np.int64).min() == NOT_A_TIME:
        missing = int(np.isnat(times).sum())
        raise ValueError(
            f"{missing} of {n} rows have no {name!r}; drop them, events.dropna(subset=[{name!r}])"
        )
    return times


def _window(window):
    """Return the window as a Timedelta, or None."""
    if window is None:
        return None
    advice = "write a number with its unit, such as '7D' or '12h'"
    if isinstance(window, Number) or (isinstance(window, str) and window.strip().isdigit()):
        raise TypeError(f"window={window!r} has no unit; {advice}")
    try:
        length = pd.Timedelta(window)
    except (TypeError, ValueError):
        raise ValueError(f"window={window!r} is not a length of time; {advice}") from None
    if length is pd.NaT:
        raise ValueError(f"window={window!r} is missing; {advice}, or None for no limit")
    if length < pd.Timedelta(0):
        raise ValueError(f"window={window!r} is negative; it runs forward from the entry")
    return length


def _until(observed_until, window):
    """Return the end of observation as a Timestamp, or None."""
    if observed_until is None:
        return None
    if window is None:
        raise ValueError(
            "observed_until needs a window: without one no entry is ever over; "
            "add one, such as window='30D'"
        )
    try:
        until = pd.Timestamp(observed_until)
    except (TypeError, ValueError):
        until = pd.NaT
    if until is pd.NaT:
        raise ValueError(f"observed_until={observed_until!r} is not a time; write '2025-06-30'")
    if until.tz is not None:
        raise ValueError(
            f"observed_until={observed_until!r} has a time zone; times here are naive UTC: "
            "use .tz_convert('UTC').tz_localize(None)"
        )
    return until


def _name_codes(column, wanted):
    """Find the code of each row's event name, and the codes of the wanted names."""
    wanted = list(dict.fromkeys(wanted))
    if isinstance(column.dtype, pd.CategoricalDtype):
        # A category that was declared is known, even where no row has it.
        names = list(column.cat.categories)
        rows = column.cat.codes.to_numpy()
        unknown = [name for name in wanted if name not in names]
    else:
        rows = pd.Index(wanted).get_indexer(column)  # -1 for all other names
        occurs = np.bincount(rows + 1, minlength=len(wanted) + 1)[1:]
        unknown = [name for name, n in zip(wanted, occurs, strict=True) if n == 0]
        names = list(column.dropna().unique()) if unknown else wanted
    if unknown:
        raise ValueError(
            f"no event {unknown[0]!r} in column {column.name!r}{_nearest(unknown[0], names)}; its "
            f"names are {', '.join(map(str, names[:20]))}{', ...' if len(names) > 20 else ''}. "
            "Where an event may be absent, make the column categorical with all its names"
        )
    return rows, {name: names.index(name) for name in wanted}


def _number(values):
    """Give each user a number, from 0; return that of each row, and the users in that order."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu" and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < 2 * len(values) + 1000:  # a table of them all is no larger than the log
            if low or values.dtype != np.int64:
                values = (values - values.dtype.type(low)).astype(np.int64)
            return values, pd.RangeIndex(low, high + 1)
    codes, users = pd.factorize(values, sort=True)
    return codes, pd.Index(users)


# ---------------------------------------------------------------- finding the chains
#
# Everything from here on works on whole columns at a time. A user is a number from 0; a time is
# a whole number, NEVER where there is none.


@dataclass
class _Chains:
    """The chains that count, one a user (or several, with count="totals")."""

    everyone: pd.Index  # all users in the log
    users: pd.Index  # whose chain it is, one by one
    entry_row: np.ndarray  # the row of the log that holds the entry
    times: list  # for each step an array: when each chain reached it

    @property
    def level(self):
        """How many steps each chain reached."""
        return sum((at != NEVER).astype(np.int64) for at in self.times)


# The quick road: loose order, one chain a user, nothing held or excluded, steps all different.
# It needs no sorted log. From given entries, the time of the next step is the earliest of that
# step's events that is late enough: one pass over them (`_walk`). Under entry="first" we know
# the entries at once; under entry="any" we look for the best ones first (`_climb`).


def _plain_rows(log):
    """Find the rows of each step; entries that come too late are left out."""
    rows = [np.flatnonzero(log.name == code) for code in log.steps]
    if log.cutoff != NEVER:
        entries, rows[0] = rows[0], rows[0][log.time[rows[0]] <= log.cutoff]
        left_out = len(entries) - len(rows[0])
        if log.asked.entry == "first":  # here only a user's first entry is one
            left_out = len(pd.unique(log.user[entries])) - len(pd.unique(log.user[rows[0]]))
        log.left_out = left_out
    return rows


def _plain_counts(log):
    """Count the users at each step, or return None if 64 bits do not suffice."""
    rows = _plain_rows(log)
    time = [log.time[r] for r in rows]
    user, users = _number(log.user[np.concatenate(rows)])
    user = np.split(user, np.cumsum([len(r) for r in rows])[:-1])
    n_users = len(users)
    if log.asked.entry == "first":
        entry = _earliest(user[0], time[0], n_users)
        return [np.count_nonzero(at != NEVER) for at in _walk(user, time, entry, log.window)]
    climb = _climb(user, time, n_users, log.window)
    if climb is None:
        return None
    entered = np.zeros(n_users, dtype=bool)
    entered[user[0]] = True
    return [np.count_nonzero(entered)] + [len(who) for who, _ in climb]


def _plain_chains(log):
    """Find the chain of each user, or return None if 64 bits do not suffice."""
    rows = _plain_rows(log)
    code, users = _number(log.user)
    user, time = [code[r] for r in rows], [log.time[r] for r in rows]
    entry = _earliest(user[0], time[0], len(users))
    if log.asked.entry == "any":
        climb = _climb(user, time, len(users), log.window)
        if climb is None:
            return None
        for who, since in climb:  # a higher step outdoes a lower one
            entry[who] = since
    times = list(_walk(user, time, entry, log.window))

    # The row of the entry. Of several at one time it is the one whose `by` comes first, or last
    # when the latest entry is asked for; when a place is assigned twice, the last one stays.
    at = np.flatnonzero(time[0] == entry[user[0]])
    if log.asked.by:
        group, _ = _groups(log.events.iloc[rows[0][at]], log.asked.by)
        at = at[np.argsort(group if log.asked.entry == "any" else -group, kind="stable")]
    entry_row = np.zeros(len(users), dtype=np.int64)
    entry_row[user[0][at]] = rows[0][at]
    entered = np.flatnonzero(entry != NEVER)
    return _Chains(
        users[np.bincount(code, minlength=len(users)) > 0],
        users[entered],
        entry_row[entered],
        [at[entered] for at in times],
    )


def _earliest(user, time, n_users):
    """Find the earliest time of each user."""
    earliest = np.full(n_users, NEVER)
    np.minimum.at(earliest, user, time)
    return earliest


def _walk(user, time, entry, window):
    """Go from given entries through the steps; yield when each user reached each step."""
    reached = entry
    yield reached
    for u, t in zip(user[1:], time[1:], strict=True):
        fits = np.flatnonzero((t >= reached[u]) & (t - entry[u] <= window))
        reached = _earliest(u[fits], t[fits], len(entry))
        yield reached


def _climb(user, time, n_users, window):
    """Find, step by step from the second, who gets there under entry="any", and from where.

    Returns a list of pairs of arrays, one pair a step: the users, and of the chains that bring
    them there first the latest entry. None if the line below is too long for 64 bits.
    """
    # We lay the users end to end on one long line of time, further apart than the window, so
    # that an event is one number, sorting is quick, and no chain can run into the next user.
    happened = [t for t in time if len(t)]
    if not happened:
        return [(np.empty(0, dtype=np.int64),) * 2 for _ in time[1:]]
    start = int(min(t.min() for t in happened))
    span = int(max(t.max() for t in happened)) - start
    window, tick = min(window, span), 1
    if n_users * (span + window + 1) >= 2**_BITS:
        tick = max(int(np.gcd.reduce([np.gcd.reduce(t - start) for t in happened])), 1)
    gap = (span + window) // tick + 1
    if n_users * gap >= 2**_BITS:
        return None

    def place(u, t):
        """Place events on the line, in order."""
        line = u * gap
        line += (t - start) // tick if tick > 1 else t - start
        line.sort()
        return line

    # For each event of a step we look up the latest event of the step before it: that one's
    # chain has the latest entry, so if any chain can still go on to here, this one can.
    # Only users who ever do the second step can pass it; the entries of all others can go.
    candidate = np.zeros(n_users, dtype=bool)
    if len(time) > 1:
        candidate[user[1]] = True
    keep = np.flatnonzero(candidate[user[0]])
    line = place(user[0][keep], time[0][keep])
    entry = line
    steps = []
    for u, t in zip(user[1:], time[1:], strict=True):
        keep = np.flatnonzero(candidate[u])
        here = place(u[keep], t[keep])
        before = np.searchsorted(line, here, side="right")  # how many come before
        since = np.append(-gap, entry)[before]  # before all others stands nobody, out of reach
        fits = np.flatnonzero(here - since <= window // tick)
        line, entry = here[fits], since[fits]
        who = line // gap
        first = _first_of_each(who)  # each user's first event there
        who = who[first]
        steps.append((who, (entry[first] - who * gap) * tick + start))
        candidate = np.zeros(n_users, dtype=bool)
        candidate[who] = True
    return steps


# The general road: every option. The log is sorted once; then the chains of all entries are
# found together, one step at a time, and those that count are picked out.


class _Line:
    """The log in order of user, time and step, and where to find what in it.

    Positions count from 0; the last one, `nowhere`, stands for an event that there is none of.
    A block is what a chain stays in: the events of one user with the same held values.
    """

    def __init__(self, log):
        user, self.users = _number(log.user)
        self.start = int(log.time.min())
        time = log.time - self.start
        # 0 for other events; then what is excluded; then the steps, in order.
        codes = [code for code, _, _ in log.exclude if code not in log.steps] + log.steps
        codes = list(dict.fromkeys(codes))
        rank = np.zeros(max(log.name.max(), *codes) + 2, dtype=np.int64)  # the last is for -1
        rank[codes] = np.arange(1, len(codes) + 1)
        self.step = [int(rank[code]) for code in log.steps]
        self.exclude = [(int(rank[code]), i, j) for code, i, j in log.exclude]
        rank = rank[log.name]
        held, _ = _groups(log.events, log.asked.hold)
        by, _ = _groups(log.events, log.asked.by)

        tick = max(int(np.gcd.reduce(time)), 1)
        self.row = _order([user, time // tick, rank, held, by])
        self.nowhere = n = len(user)
        self.user = np.append(user[self.row], -1)
        self.time = np.append(time[self.row], NEVER)
        self.rank = np.append(rank[self.row], -1)
        block = pd.factorize(user * (held.max() + 1) + held)[0] if log.asked.hold else user
        self.block = np.append(block[self.row], -1)
        # Blocks end to end, as users in `_climb`: one number says which block, and where in it.
        self._place = self.block * n + np.arange(n + 1)
        self._found = {}

    def _find(self, rank):
        """Positions of all events of that rank, block by block, and their places."""
        if rank not in self._found:
            at = np.flatnonzero(self.rank == rank)
            at = at[np.argsort(self._place[at], kind="stable")]
            self._found[rank] = np.append(at, self.nowhere), self._place[at]
        return self._found[rank]

    def following(self, rank, position):
        """Position of the next such event in the same block."""
        at, place = self._find(rank)
        found = at[np.searchsorted(place, self._place[position], side="right")]
        return np.where(self.block[found] == self.block[position], found, self.nowhere)

    def preceding(self, rank, position):
        """Position of the last such event before, in the same block."""
        at, place = self._find(rank)
        found = at[np.searchsorted(place, self._place[position], side="left") - 1]
        return np.where(self.block[found] == self.block[position], found, self.nowhere)


def _order(columns):
    """Order of the rows by several columns of whole numbers from 0, the first one foremost."""
    bits = [int(column.max()).bit_length() for column in columns]
    if sum(bits) > _BITS:
        return np.lexsort(columns[::-1])
    packed = np.zeros(len(columns[0]), dtype=np.int64)
    for column, n in zip(columns, bits, strict=True):
        packed = packed << n | column
    return np.argsort(packed)


def _general_chains(log):
    """Find the chains that count, whatever the options."""
    line = _Line(log)
    entries = np.flatnonzero(line.rank == line.step[0])
    if log.asked.count == "users":
        if log.asked.entry == "first":
            entries = entries[_first_of_each(line.user[entries])]
        entries = entries[_in_time(entries, line, log)]

    if log.asked.order == "any":
        times = _unordered(line, entries, log.window)
    else:
        positions = (_loose if log.asked.order == "loose" else _strict)(line, entries, log.window)
        times = [line.time[at] for at in positions]

    if log.asked.entry == "any":
        keep = _best(line.user[entries], entries, times)
    elif log.asked.count == "totals":
        keep = _one_after_another(line, entries, positions[-1], log.window)
        keep = keep[_in_time(entries[keep], line, log)]
    else:
        keep = np.arange(len(entries))
    return _Chains(
        line.users[np.bincount(line.user[:-1], minlength=len(line.users)) > 0],
        line.users[line.user[entries[keep]]],
        line.row[entries[keep]],
        [np.where(at == NEVER, NEVER, at + line.start)[keep] for at in times],
    )


def _first_of_each(user):
    """Find where the next user begins, in an array sorted by user."""
    return np.flatnonzero(np.diff(user, prepend=-1))


def _in_time(entries, line, log):
    """Tell which entries' windows are over when observation ends; note how many are not."""
    if log.cutoff == NEVER:
        return np.ones(len(entries), dtype=bool)
    over = line.time[entries] <= log.cutoff - line.start
    log.left_out = int((~over).sum())
    return over


def _loose(line, entries, window):
    """Take for each step the next event of its name; return the positions, step by step."""
    positions = [entries]
    for k, rank in enumerate(line.step[1:], start=1):  # k steps are reached
        here = positions[-1]
        there = line.following(rank, here)
        ended = line.time[there] - line.time[entries] > window
        for excluded, i, j in line.exclude:
            if i <= k < j:
                ended |= line.following(excluded, here) < there
        positions.append(np.where(ended, line.nowhere, there))
    return positions


def _strict(line, entries, window):
    """Take for each step the user's very next event, if it has the name; return the positions."""
    positions = [entries]
    for rank in line.step[1:]:
        here = positions[-1]
        there = np.minimum(here + 1, line.nowhere)
        ended = line.time[there] - line.time[entries] > window
        ended |= (line.rank[there] != rank) | (line.block[there] != line.block[here])
        positions.append(np.where(ended, line.nowhere, there))
    return positions


def _unordered(line, entries, window):
    """Take the steps in whatever order; return when the last of the first k happened, by k.

    A chain consists of the entry and, for each further step, either the last such event before
    it or the first one after. Whichever event is the first of them, those before it are no
    use: so we try each event before the entry as the first.
    """
    entered = line.time[entries]
    before, after = [], []
    for rank in line.step[1:]:
        at = line.preceding(rank, entries)
        before.append(np.where(at == line.nowhere, -1, line.time[at]))
        after.append(line.time[line.following(rank, entries)])
    times = [entered]
    for k in range(1, len(line.step)):
        reached = np.full(len(entries), NEVER)
        for first in [entered, *before[:k]]:
            last = entered
            for b, a in zip(before[:k], after[:k], strict=True):
                last = np.maximum(last, np.where((first <= b) & (first >= 0), entered, a))
            fits = (first >= 0) & (last - first <= window)
            reached = np.where(fits, np.minimum(reached, last), reached)
        times.append(reached)
    return times


def _best(user, entries, times):
    """Pick each user's best chain: it goes furthest, gets there first, enters last."""
    level = sum((at != NEVER).astype(np.int64) for at in times)
    end = np.max([np.where(at == NEVER, -1, at) for at in times], axis=0)
    order = np.lexsort([-entries, end, -level, user])
    return order[_first_of_each(user[order])]


def _one_after_another(line, entries, last, window):
    """Pick the chains of users who enter anew after converting or when the window is over."""
    user, time = line.user[entries], line.time[entries]
    converted = last != line.nowhere
    window = min(window, int(line.time[:-1].max()))
    # A user is free to enter after this position, and after this time.
    free_position = np.full(len(line.users), -1)
    free_time = np.full(len(line.users), -1)
    keep = []
    # All users' first entries, then all users' second ones, ...
    nth = pd.Series(user).groupby(user).cumcount().to_numpy()
    ends = np.cumsum(np.bincount(nth))
    for turn in np.split(np.argsort(nth, kind="stable"), ends[:-1]):
        who = user[turn]
        turn = turn[(entries[turn] > free_position[who]) & (time[turn] > free_time[who])]
        who, done = user[turn], converted[turn]
        free_position[who] = np.where(done, last[turn], -1)
        free_time[who] = np.where(done, -1, time[turn] + window)
        keep.append(turn)
    return np.sort(np.concatenate(keep))


# ---------------------------------------------------------------- what the metrics mean

_FUNNEL = {"events": "events", "steps": list(STEPS), "window": "30D"}

METRICS = (
    Metric(
        name="step_rate",
        formula=r"p_k = \frac{n_k}{n_{k-1}}",
        numerator="users who reached step k, in order",
        denominator="users who reached the step before",
        unit="share of users of the step before",
        window="from the entry, the same for all steps",
        function="funnelkit.funnels.funnel",
        example=Example(_FUNNEL, 4, 5, ("opportunity", "step_rate")),
    ),
    Metric(
        name="overall_rate",
        formula=r"\frac{n_k}{n_1} = p_2 \cdots p_k",
        numerator="users who reached step k, in order",
        denominator="users who reached the first step",
        unit="share of users who entered",
        window="from the entry, the same for all steps",
        function="funnelkit.funnels.funnel",
        example=Example(_FUNNEL, 3, 7, ("customer", "overall_rate")),
    ),
    Metric(
        name="time_to_convert",
        formula=r"\mathrm{median}(t_k - t_1)",
        numerator="time from the entry to step k",
        denominator="users who reached step k",
        unit="days",
        window="from the entry, the same for all steps",
        function="funnelkit.funnels.time_to_convert",
        example=Example(_FUNNEL, (4, 7, 11), 3, ("visit → customer", "q50")),
    ),
    Metric(
        name="dwell_time",
        formula=r"\mathrm{median}(t_k - t_{k-1})",
        numerator="time since the step before",
        denominator="users who reached step k",
        unit="days",
        window="from the entry, the same for all steps",
        function="funnelkit.funnels.funnel",
        example=Example(_FUNNEL, (2, 4, 9), 3, ("customer", "median_time")),
    ),
)
