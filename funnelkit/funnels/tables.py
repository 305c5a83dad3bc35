"""What the lessons call, and the tables that it makes."""

from functools import partial

import numpy as np
import pandas as pd

from funnelkit import _inputs, metrics
from funnelkit.contract import Example, Metric
from funnelkit.funnels.chains import NEVER, NOT_A_TIME
from funnelkit.funnels.general import general_chains
from funnelkit.funnels.log import Log, Question, groups
from funnelkit.funnels.quick import quick_chains, quick_counts

__all__ = ["METRICS", "STEPS", "counts", "funnel", "reach", "time_to_convert"]

STEPS = ["visit", "lead", "opportunity", "customer"]
"""The events of the course's funnel, in order."""


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
    strict_order=False,
    strict_deduplication=False,
    strict_increase=False,
    user="user_id",
    event="event",
    time="timestamp",
):
    """Count the users who reach each step of a funnel.

    Parameters
    ----------
    events : DataFrame
        The log, one row per event, in any order. Times are naive UTC: datetimes of any
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
        ``"users"``: one chain per user. ``"totals"`` (with ``entry="first"`` only): a user enters
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
    observed_until : date or time, optional
        When observation ended; a date without a time means the end of that day. Entries whose
        window is not over by then are left out, since we cannot know yet how they end;
        ``attrs["left_out"]`` says how many. Needs `window`.
    strict_order, strict_deduplication, strict_increase : bool, default False
        The modes of that name of ClickHouse's ``windowFunnel``, counted as it counts them (see
        Notes). They need ``entry="any"`` and ``order="loose"``.
    user, event, time : str, optional
        Names of the three columns.

    Returns
    -------
    DataFrame
        One row per step, index ``step``; with `by`, its columns are the outer index levels.

        ======================  ==========================================================
        users                   how many reached the step (chains, with ``count="totals"``)
        step_rate               share of the previous step's users, from 0 to 1
        overall_rate            share of the first step's users, from 0 to 1
        dropped                 users of the previous step who did not reach this one
        ci_low, ci_high         95 % Wilson interval of `step_rate`; with ``count="totals"``
                                it allows for the chains of one user being alike
        median_time             median time since the previous step, of those who reached both
        ======================  ==========================================================

        Where there is no previous step or nobody in it, the values are missing. ``attrs`` name
        the conventions used.

    Raises
    ------
    ValueError
        If a step does not occur in the log: declare the column categorical, with all names,
        where an event may be absent. If options do not go together.

    See Also
    --------
    counts : The column ``users`` alone, as quickly as possible.
    reach : How far each user got, and when.
    time_to_convert : More of the distribution than its median.

    Notes
    -----
    Events are taken in order of user, time and step. Events at the same time may follow each
    other, in the order of the steps; a repeated name comes where it first occurs in `steps`,
    and events that are not steps come before those that are. The row order of the log does not
    matter.

    With ``order="any"`` the entry is still the event for step 1, and the time of step k is the
    time at which the last of steps 1 to k happened. With ``order="strict"``, or with `exclude`, a
    chain that is cut short keeps the steps it has reached, and with ``count="totals"`` its
    window goes on: the user enters anew when that is over.

    With ``count="totals"`` the chains of one user are not independent, so the interval is that of
    Wilson for as many independent chains as would make the rate R = y / x waver as much as it
    does [1]_: R (1 - R) / V of them, where V is the variance of a ratio of sums over users by the
    delta method [2]_, the sum over users of (y_i - R x_i)² divided by x². It is never narrower
    than for independent chains, and missing where all chains are of one user.

    *How other tools count.* ``entry="any"`` (with ``order="loose"`` and steps of different names)
    counts as ``windowFunnel`` of ClickHouse does, ``entry="first"`` as Mixpanel does by default.
    ``order="strict"`` is none of the modes of ClickHouse. How far users get in the funnel a, b, c
    under ``entry="any"``, by what they do, one event after the other (``a+b``: at the same time):

    ==============  =======  ==============  ============  ====================  ===============
    events          (loose)  order="strict"  strict_order  strict_deduplication  strict_increase
    ==============  =======  ==============  ============  ====================  ===============
    a b c                 3               3             3                     3                3
    a a b c               3               3             3                     3                3
    a b b c               3               2             3                     2                3
    a b a c               3               2             3                     3                3
    a x b c               3               1             1                     3                3
    a c b c               3               1             1                     3                3
    a x a b c             3               3             1                     3                3
    a+b c                 3               3             3                     3                1
    ==============  =======  ==============  ============  ====================  ===============

    ``windowFunnel`` goes through a user's events once, and notes for each step the latest event
    that reached it. ``strict_order`` ends this for good at the first event after the first entry
    that is not a step, or is a step before its turn; steps may come again. With
    ``strict_deduplication`` it ends when a step other than the first comes again.
    ``strict_increase`` wants each event later than the one noted for the step before (so a b b+c
    reaches step 2: the later b has taken the place of the earlier). The modes can be combined.
    The chain shown is the one noted when the user's highest step is first reached.

    References
    ----------
    .. [1] C. Franco, R. J. A. Little, T. A. Louis and E. V. Slud (2019), Comparative study of
       confidence intervals for proportions in complex sample surveys. *Journal of Survey
       Statistics and Methodology* 7(3), 334-364.
    .. [2] A. Deng, U. Knoblich and J. Lu (2018), Applying the delta method in metric analytics:
       a practical guide with novel ideas. *KDD '18*, 233-242.

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
        strict_order=strict_order,
        strict_deduplication=strict_deduplication,
        strict_increase=strict_increase,
        user=user,
        event=event,
        time=time,
    )
    table = _each_group(people, _steps_table, "step")
    interval = "wilson" if count == "users" else "wilson, clustered by user"
    table.attrs |= {"interval": interval, "confidence": 0.95}
    return table


def counts(
    events,
    steps,
    *,
    window=None,
    entry="first",
    order="loose",
    count="users",
    hold=None,
    exclude=None,
    observed_until=None,
    strict_order=False,
    strict_deduplication=False,
    strict_increase=False,
    user="user_id",
    event="event",
    time="timestamp",
):
    """Count the users who reach each step, and nothing else: the quick way.

    Parameters
    ----------
    events : DataFrame
        The log, one row per event, in any order.
    steps : list of str
        Names of events, first step first.
    window, entry, order, count, hold, exclude, observed_until : optional
        As in `funnel`. There is no breakdown: for `by`, take ``funnel(...)["users"]``.
    strict_order, strict_deduplication, strict_increase, user, event, time : optional
        As in `funnel`.

    Returns
    -------
    Series
        Number of users (chains, with ``count="totals"``) by step, the same as the column
        ``users`` of `funnel`.

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
    asked = Question(
        steps,
        window=window,
        entry=entry,
        order=order,
        count=count,
        hold=hold,
        exclude=exclude,
        observed_until=observed_until,
        strict_order=strict_order,
        strict_deduplication=strict_deduplication,
        strict_increase=strict_increase,
        user=user,
        event=event,
        time=time,
    )
    log = Log(events, asked)
    users = quick_counts(log) if asked.is_plain else None
    if users is None:
        level = general_chains(log).level
        users = [np.count_nonzero(level > k) for k in range(len(asked.labels))]
    result = pd.Series(users, index=pd.Index(asked.labels, name="step"), name="users")
    result.attrs = asked.conventions(log.left_out)
    return result


def reach(
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
    strict_order=False,
    strict_deduplication=False,
    strict_increase=False,
    user="user_id",
    event="event",
    time="timestamp",
):
    """Show how far each user got, and when.

    Parameters
    ----------
    events : DataFrame
        The log, one row per event, in any order.
    steps : list of str
        Names of events, first step first.
    window, entry, order, count, by, hold, exclude, observed_until : optional
        As in `funnel`.
    strict_order, strict_deduplication, strict_increase, user, event, time : optional
        As in `funnel`.

    Returns
    -------
    DataFrame
        One row for every user in the log, sorted, index ``user_id``; with ``count="totals"`` one
        row per chain, index ``user_id`` and ``chain`` (1, 2, ...).

        ===================  =================================================================
        level                how many steps were reached; 0 for a user without an entry, or whose
                             entry is left out because of `observed_until`
        one column per step  when it was reached, or NaT; a repeated name has " (2)", " (3)" added
        columns of `by`      their values at the entry; missing at level 0
        ===================  =================================================================

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
    asked = Question(
        steps,
        window=window,
        entry=entry,
        order=order,
        count=count,
        by=by,
        hold=hold,
        exclude=exclude,
        observed_until=observed_until,
        strict_order=strict_order,
        strict_deduplication=strict_deduplication,
        strict_increase=strict_increase,
        user=user,
        event=event,
        time=time,
    )
    log = Log(events, asked)
    chains = quick_chains(log) if asked.is_plain else None
    if chains is None:
        chains = general_chains(log)

    times = [np.where(at == NEVER, NOT_A_TIME, at) for at in chains.times]
    times = [at.view(f"datetime64[{log.unit}]") for at in times]
    table = pd.DataFrame(
        {"level": chains.level} | dict(zip(asked.labels, times, strict=True)),
        index=chains.users.rename(asked.user),
    )
    if asked.by:
        values = log.events[asked.by].iloc[chains.entry_row]
        for column in asked.by:
            table[column] = _may_be_missing(values[column]).array

    if asked.count == "totals":
        nth = table.groupby(level=0).cumcount() + 1
        table.index = pd.MultiIndex.from_arrays([table.index, nth], names=[asked.user, "chain"])
    else:
        table = table.reindex(chains.everyone.rename(asked.user))
        table["level"] = table["level"].fillna(0).astype("int64")
    table.attrs = asked.conventions(log.left_out)
    return table


def time_to_convert(
    events,
    steps,
    *,
    quantiles=(0.1, 0.25, 0.5, 0.75, 0.9),
    window=None,
    entry="first",
    order="loose",
    count="users",
    by=None,
    hold=None,
    exclude=None,
    observed_until=None,
    strict_order=False,
    strict_deduplication=False,
    strict_increase=False,
    user="user_id",
    event="event",
    time="timestamp",
):
    """Tell how long users take from each step to the next, and from the first to the last.

    Only users who made the transition count. The slow ones among recent entries have not made
    it yet, so that recent times look shorter than they will be: compare groups with a `window`
    and `observed_until`.

    Parameters
    ----------
    events : DataFrame
        The log, one row per event, in any order.
    steps : list of str
        Names of events, first step first; at least two.
    quantiles : sequence of float, optional
        Which quantiles, each from 0 to 1.
    window, entry, order, count, by, hold, exclude, observed_until : optional
        As in `funnel`.
    strict_order, strict_deduplication, strict_increase, user, event, time : optional
        As in `funnel`.

    Returns
    -------
    DataFrame
        One row per transition (``"visit → lead"``), and with three steps or more a last one for
        the whole funnel (``"visit → customer"``); index ``transition``, with `by` inside its
        columns. ``users`` is how many made it (chains, with ``count="totals"``); ``q10``,
        ``q25``, ... are the quantiles of the time they took.

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
    quantiles = np.atleast_1d(_inputs.shares("quantiles", quantiles))
    if quantiles.ndim > 1:
        raise TypeError("quantiles is a list of lists: give fractions, such as [0.25, 0.5]")
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
        strict_order=strict_order,
        strict_deduplication=strict_deduplication,
        strict_increase=strict_increase,
        user=user,
        event=event,
        time=time,
    )
    if len(people.attrs["steps"]) < 2:
        raise ValueError(
            "steps has one step, and a time to convert is from one to another: give two"
        )
    return _each_group(people, partial(_times_table, quantiles=quantiles), "transition")


# ---------------------------------------------------------------- from chains to tables


def _steps_table(people, labels):
    """Make the funnel of one group of people: one row per step."""
    users = pd.Series([(people["level"] >= k).sum() for k in range(1, len(labels) + 1)], labels)
    before = users.shift()  # of the previous step; the first has none
    table = pd.DataFrame(
        {
            "users": users,
            "step_rate": users / before,
            "overall_rate": users / users.iloc[0],
            "dropped": (before - users).astype("Int64"),
        }
    )
    if people.index.nlevels == 1:
        known = before > 0
        low, high = metrics.wilson_interval(users[known], before[known])
    else:
        low, high = _clustered_interval(people, users)
    table["ci_low"], table["ci_high"] = low, high  # missing where there is none
    taken = [_taken(people, a, b).median() for a, b in zip(labels, labels[1:], strict=False)]
    table["median_time"] = pd.array([pd.NaT, *taken], dtype="timedelta64[ns]")
    return table


def _clustered_interval(people, users):
    """Return the interval of each step's rate among chains of which a user may have several.

    `users` is how many chains reached each step. Sources: the references of `funnel`.
    """
    user, n = people.index.get_level_values(0), {}
    for k, (here, before) in enumerate(zip(users.index[1:], users.index, strict=False), start=1):
        each = pd.DataFrame({"x": people["level"] >= k, "y": people["level"] > k})
        each = each.groupby(user).sum().query("x > 0")  # chains of each user, before and here
        if len(each) > 1:
            n[here] = _independent_chains(each["x"], each["y"], users[here] / users[before])
    n = pd.Series(n, dtype=float)
    rate = (users / users.shift())[n.index]
    # Wilson's interval, as in `metrics.wilson_interval`, for a number that need not be whole.
    z = _inputs.confidence_quantile(0.95)
    middle = (rate * n + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(rate * (1 - rate) * n + z**2 / 4) / (n + z**2)
    return (middle - half).where(rate > 0, 0.0), (middle + half).where(rate < 1, 1.0)


def _independent_chains(x, y, rate):
    """Tell how many independent chains would make the rate of y to x waver as much as it does."""
    if rate in (0, 1):  # then no variance is seen: be cautious, take a user's chains for one
        return len(x)
    variance = ((y - rate * x) ** 2).sum() / x.sum() ** 2  # of a ratio of sums over users
    return min(x.sum(), rate * (1 - rate) / variance) if variance > 0 else x.sum()


def _times_table(people, labels, quantiles):
    """Make the table of the times that one group of people took: one row per transition."""
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
        group, keys = groups(people, by)
        tables = [make(part, labels) for _, part in people.groupby(group)]
        table = pd.concat(tables) if tables else make(people, labels).iloc[:0]
        outer = keys.iloc[np.repeat(np.arange(len(keys)), len(table) // max(len(keys), 1))]
        table.index = pd.MultiIndex.from_frame(outer.assign(**{name: table.index}))
    table.attrs = attrs
    return table


def _may_be_missing(values):
    """Give whole numbers and truth values a type that has a place for missing ones."""
    nullable = {"i": "Int64", "u": "UInt64", "b": "boolean"}
    return values.astype(nullable.get(values.dtype.kind, values.dtype))


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
