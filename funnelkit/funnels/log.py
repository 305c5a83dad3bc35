"""The question and the log, checked: what the searches for chains work on."""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.funnels.chains import NEVER, NOT_A_TIME, common_tick

__all__ = ["Log", "Question", "from_low", "groups", "number"]

MODES = ("strict_order", "strict_deduplication", "strict_increase")
IN_RESULT = ("level", "chain", "step", "transition")
"""Names in the tables that are made, which no column of `by` may have."""


# ---------------------------------------------------------------- the question


@dataclass
class Question:
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
    strict_order: bool = False
    strict_deduplication: bool = False
    strict_increase: bool = False
    user: str = "user_id"
    event: str = "event"
    time: str = "timestamp"

    def __post_init__(self):
        self.steps = _steps(self.steps)
        self.labels = _unique_labels(self.steps)
        _inputs.one_of("entry", self.entry, ("first", "any"))
        _inputs.one_of("order", self.order, ("loose", "strict", "any"))
        _inputs.one_of("count", self.count, ("users", "totals"))
        self.by, self.hold = _column_names("by", self.by), _column_names("hold", self.hold)
        self.exclude = _exclusions(self.exclude, len(self.steps))
        if self.window is not None:
            self.window = _inputs.duration("window", self.window)
        if self.observed_until is not None:
            if self.window is None:
                raise ValueError(
                    "observed_until is given without a window: no entry is ever over then, so "
                    "add one, such as window='30D'"
                )
            self.observed_until = _inputs.end_of_data("observed_until", self.observed_until)
        self._check_that_options_go_together()
        for column in self.by:
            if column in (self.user, *IN_RESULT, *self.labels):
                raise ValueError(f"by is {column!r}, a name in the result too: rename the column")

    def _check_that_options_go_together(self):
        if self.count == "totals" and self.entry == "any":
            raise ValueError(
                "count='totals' follows a user's entries one after the other: use it with "
                "entry='first', or count='users' for the best chain of each user"
            )
        if self.order == "any":
            remedy = "use order='loose'"
            if self.count == "totals":
                raise ValueError(f"count='totals' needs an order, to end a chain: {remedy}")
            if self.exclude:
                raise ValueError(f"exclude needs an order, to say what is between: {remedy}")
            if len(set(self.steps)) < len(self.steps):
                raise ValueError(f"order='any' needs steps with different names: {remedy}")
        for mode in MODES:
            if not isinstance(getattr(self, mode), bool | np.bool_):
                raise TypeError(f"{mode} is {getattr(self, mode)!r}: give True or False")
        if self.modes:
            self._check_modes()

    def _check_modes(self):
        name = self.modes[0]
        windowed = f"{name} is a mode of ClickHouse's windowFunnel, which"
        if self.entry != "any":
            raise ValueError(f"{windowed} looks at every entry: add entry='any'")
        if self.order != "loose":
            raise ValueError(f"{windowed} has an order of its own: leave order={self.order!r} out")
        for option in ("hold", "exclude"):
            if getattr(self, option):
                raise ValueError(f"{windowed} has no {option}: leave one of the two out")
        if len(set(self.steps)) < len(self.steps):
            raise ValueError(
                f"{windowed} lets one event fill all steps of its name: give steps with "
                f"different names, or leave {name} out"
            )

    @property
    def modes(self):
        """Names of the modes of ClickHouse's windowFunnel that are asked for."""
        return [mode for mode in MODES if getattr(self, mode)]

    @property
    def is_plain(self):
        """Whether the quick road leads to the answer."""
        return (
            self.order == "loose"
            and self.count == "users"
            and not (self.hold or self.exclude or self.modes)
            and len(set(self.steps)) == len(self.steps)
        )

    def conventions(self, left_out):
        """Make the attrs of the result."""
        names = ("window", "entry", "order", "count", "by", "hold", "exclude", "observed_until")
        named = {name: getattr(self, name) for name in (*names, *MODES)}
        return {"steps": self.labels} | named | {"left_out": left_out}


def _steps(steps):
    """Check the names of the steps."""
    advice = "give a list of event names, first step first"
    if isinstance(steps, Set | Mapping):
        raise TypeError(f"steps is {_inputs.name_of_type(steps)}, which has no order: {advice}")
    if isinstance(steps, str | pd.DataFrame) or not pd.api.types.is_list_like(steps):
        raise TypeError(f"steps is {steps!r}: {advice}")
    steps = list(steps)
    if not steps:
        raise ValueError(f"steps is empty: {advice}")
    for k, step in enumerate(steps, start=1):
        if not pd.api.types.is_scalar(step):
            raise TypeError(f"step {k} is {_inputs.name_of_type(step)}: {advice}")
        if pd.isna(step):
            raise ValueError(f"step {k} is missing: {advice}")
    return steps


def _unique_labels(steps):
    """Add " (2)", " (3)" to a name that comes again."""
    seen, labels = Counter(), []
    for step in steps:
        seen[step] += 1
        labels.append(step if seen[step] == 1 else f"{step} ({seen[step]})")
    if len(set(labels)) < len(labels) or "level" in labels:
        raise ValueError(
            f"the steps {steps} make two columns of the same name (one is called 'level'): "
            "rename one event"
        )
    return labels


def _column_names(option, value):
    """Check an option that names columns, each of them once."""
    columns = _inputs.names(option, value)
    for k, column in enumerate(columns):
        if pd.api.types.is_hashable(column) and column in columns[:k]:
            raise ValueError(f"{option} names {column!r} twice: name each column once")
    return columns


def _exclusions(exclude, n_steps):
    """Check `exclude`: a list of (event, i, j) with 1 <= i < j <= number of steps."""
    form = "give a list of (event, i, j), such as [('refund', 1, 2)]"
    if exclude is None:
        return []
    if isinstance(exclude, str | Mapping) or not pd.api.types.is_list_like(exclude):
        raise TypeError(f"exclude is {exclude!r}: {form}")
    exclude = list(exclude)
    for item in exclude:
        if not isinstance(item, tuple | list) or len(item) != 3:
            raise TypeError(f"exclude has {item!r} in it: {form}")
        name, i, j = item
        if not pd.api.types.is_scalar(name) or pd.isna(name):
            raise TypeError(f"exclude has {name!r} for an event in it: {form}")
        for step in (i, j):
            if isinstance(step, bool | np.bool_) or not isinstance(step, Integral):
                raise TypeError(f"exclude has {step!r} for a step in it: {form}, counted from 1")
        if not 1 <= i < j <= n_steps:
            raise ValueError(
                f"exclude is {item!r}: steps count from 1 to {n_steps}, so give two of them, the "
                "earlier one first"
            )
    return [tuple(item) for item in exclude]


# ---------------------------------------------------------------- the log


class Log:
    """The columns of a log as arrays, checked, and the question in the log's terms.

    Times are whole numbers, counted in `unit`; events have the codes of their names.
    """

    def __init__(self, events, asked):
        columns = (asked.user, asked.event, asked.time, *asked.by, *asked.hold)
        _inputs.need_columns(events, columns, "the log")
        _inputs.need_rows(events, "the log")
        for column in (*asked.by, *asked.hold):
            _inputs.need_hashable(events[column], column)
        self.events, self.asked, self.left_out = events, asked, 0
        self.user = _users(events[asked.user])

        times = _inputs.times(events[asked.time], asked.time).to_numpy()
        self.unit = np.datetime_data(times.dtype)[0]
        self.time = times.view(np.int64)
        self.start = int(self.time.min())
        self.span = int(self.time.max()) - self.start
        _need_possible_span(times, self.span, asked.time)

        tick = pd.Timedelta(1, self.unit).value  # in nanoseconds, as the two below
        self.window, self.cutoff = NEVER, NEVER  # entries later than the cutoff are left out
        if asked.window is not None:
            self.window = asked.window.as_unit("ns").value // tick
        if asked.observed_until is not None:
            until = asked.observed_until.as_unit("ns").value
            self.cutoff = max((until - asked.window.as_unit("ns").value) // tick, NOT_A_TIME)

        excluded = [name for name, _, _ in asked.exclude]
        self.name, code = _name_codes(events[asked.event], excluded + asked.steps)
        self.steps = [code[name] for name in asked.steps]
        self.exclude = [(code[name], i, j) for name, i, j in asked.exclude]

    @cached_property
    def tick(self):
        """The greatest length of time of which all times, from the first, are multiples."""
        return common_tick(self.time - self.start)


def _users(column):
    """Return the ids as an array."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        _inputs.ids(column.cat.categories.to_series(), column.name)
    column = _inputs.ids(column, column.name)
    return column.to_numpy() if isinstance(column.dtype, np.dtype) else column.array


def _need_possible_span(times, span, name):
    """Refuse times so far apart that a difference of them cannot be stored."""
    if span * pd.Timedelta(1, np.datetime_data(times.dtype)[0]).value > NEVER:
        raise ValueError(
            f"column {name!r} runs from {times.min()} to {times.max()}, more than 292 years: "
            "correct or drop times that only stand for 'unknown'"
        )


def _name_codes(column, wanted):
    """Find the code of each row's event name, and the codes of the wanted names."""
    wanted = list(dict.fromkeys(wanted))
    if isinstance(column.dtype, pd.CategoricalDtype):
        # A category that was declared is known, even where no row has it.
        names = list(column.cat.categories)
        rows = column.cat.codes.to_numpy()
        unknown = [name for name in wanted if name not in names]
    else:
        _inputs.need_hashable(column, column.name)
        rows = pd.Index(wanted).get_indexer(column)  # -1 for all other names
        occurs = np.bincount(rows + 1, minlength=len(wanted) + 1)[1:]
        unknown = [name for name, n in zip(wanted, occurs, strict=True) if n == 0]
        names = list(column.dropna().unique()) if unknown else wanted
    if unknown:
        step, same = unknown[0], [name for name in names if str(name) == str(unknown[0])]
        remedy = _inputs.close_to(step, names)
        if same:
            remedy = f"give {same[0]} as {_inputs.name_of_type(same[0])}, as the log has it"
        stop = "" if remedy.endswith("?") else "."
        raise ValueError(
            f"no event in column {column.name!r} is called {step!r}: {remedy}{stop} "
            "Where an event may be absent, make the column categorical with all its names"
        )
    return rows, {name: names.index(name) for name in wanted}


# ---------------------------------------------------------------- numbers for users and groups


def number(values, *, cheaply=False):
    """Return the number of the user of each row, the lowest of the numbers, and all users in order.

    Whole numbers without large gaps are their own numbers. For any other ids a table of them is
    made; with `cheaply` it is not, and the users are None.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu" and len(values):
        low, high = int(values.min()), int(values.max())
        # A table of them all is then no larger than the log.
        if high - low < 2 * len(values) + 1000 and high <= NEVER:
            return values, low, pd.RangeIndex(low, high + 1)
    if cheaply:
        return values, 0, None
    codes, users = pd.factorize(values, sort=True)
    return codes, 0, pd.Index(users)


def from_low(values, low):
    """Let numbers count from 0 instead of from `low`."""
    if values.dtype.kind == "u":
        return (values - values.dtype.type(low)).astype(np.int64)
    values = values.astype(np.int64, copy=False)
    return values - low if low else values


def groups(rows, columns):
    """Give each row the number of its group, from 0, in order; and make a table of the groups."""
    if not columns:
        return np.zeros(len(rows), dtype=np.int64), pd.DataFrame(index=[0])
    group = rows.groupby(columns, sort=True, dropna=False, observed=True).ngroup().to_numpy()
    _, first_row = np.unique(group, return_index=True)
    return group, rows[columns].iloc[first_row]
