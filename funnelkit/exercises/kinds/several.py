"""Kinds of several values: list, mapping, table."""

import difflib
from dataclasses import KW_ONLY, dataclass

import numpy as np
import pandas as pd

from funnelkit.exercises.answers import (
    MAX_KEYS,
)
from funnelkit.exercises.kinds.values import Kind, Number, Text
from funnelkit.exercises.kinds.words import (
    Wrong,
    and_others,
    count,
    first_of,
    name_of,
    shown,
    so_many,
)

__all__ = ["List", "Mapping", "Table"]


@dataclass(frozen=True)
class List(Kind):
    """A list; a tuple, an array, an Index and a Series are as good.

    Parameters
    ----------
    of : Kind
        What each entry is.
    ordered : bool
        Whether the order counts. If not, a set is as good too.
    """

    of: Kind
    _: KW_ONLY
    ordered: bool = True

    @property
    def wanted(self):
        return "a list"

    def read(self, value, what):
        if isinstance(value, (set, frozenset)) and self.ordered:
            raise Wrong(
                f"{what} should be a list, and it is a set, which has no order.",
                "Write it with square brackets, in the order asked for.",
            )
        flat = isinstance(value, (pd.Series, pd.Index)) and not isinstance(value, pd.MultiIndex)
        if isinstance(value, (np.ndarray, pd.api.extensions.ExtensionArray)):
            flat = value.ndim == 1
        if isinstance(value, range) and len(value) > MAX_KEYS:
            raise Wrong(f"{what} has far too many entries.")
        if not flat and not isinstance(value, (list, tuple, set, frozenset, range)):
            self._refuse(value, what, "list")
        return [
            self.of.entry(entry, f"entry {number} of {what}")
            for number, entry in enumerate(value, 1)
        ]

    def difference(self, given, truth, what, *, within=0.0):
        if len(given) != len(truth):
            have = count(len(given), "entry")
            return Wrong(f"{what} has {have}; {so_many(len(truth))} expected.")
        if not self.ordered:
            return self._difference_free(given, truth, what, within)
        wrong = [
            difference
            for number, pair in enumerate(zip(given, truth, strict=True), 1)
            if (
                difference := self.of.entry_difference(
                    *pair, f"entry {number} of {what}", within=within
                )
            )
        ]
        return first_of(wrong, "entry")

    def _difference_free(self, given, truth, what, within):
        def sort(values):
            return sorted(values, key=lambda v: (v is None, 0 if v is None else self.of.key(v)))

        left, strange = sort(truth), []
        for entry in sort(given):
            for place, other in enumerate(left):
                if not self.of.entry_difference(entry, other, what, within=within):
                    del left[place]
                    break
            else:
                strange.append(entry)
        if not strange:
            return None
        named = f"{shown(strange[0])} does not belong in {what}"
        return Wrong(f"{named}{and_others(len(strange) - 1, 'entry')}.")

    def forms(self, truth):
        yield "a tuple", tuple(truth)
        yield "a NumPy array", np.array(truth, dtype=object if None in truth else None)
        yield "a Series with another index", pd.Series(truth, index=range(5, 5 + len(truth)))
        yield "an Index", pd.Index(truth)
        if truth and None not in truth:
            for name, _form in self.of.forms(truth[0]):
                yield (
                    f"each entry {name}",
                    [dict(self.of.forms(entry)).get(name, entry) for entry in truth],
                )
        if not self.ordered:
            yield "in another order", list(reversed(truth))
            if len(set(truth)) == len(truth):
                yield "a set", set(truth)


@dataclass(frozen=True)
class Mapping(Kind):
    """A mapping from names to values; a Series with the names as its index is as good.

    Parameters
    ----------
    of : Kind
        What each value is.
    """

    of: Kind

    @property
    def wanted(self):
        return "a mapping (dict)"

    def read(self, value, what):
        if not isinstance(value, (dict, pd.Series)):
            self._refuse(value, what, "mapping")
        if len(value) > MAX_KEYS:
            raise Wrong(f"{what} has {len(value):,} entries, far too many.")
        read = {}
        for name, entry in value.items():
            key = name_of(name)
            if key in read:
                raise Wrong(f"{what} has two entries for {shown(key)}.")
            read[key] = self.of.entry(entry, f"the entry of {what} for {shown(key)}")
        return read

    def difference(self, given, truth, what, *, within=0.0):
        lacking = [name for name in truth if name not in given]
        strange = [name for name in given if name not in truth]
        if lacking:
            slip = f" (it has one for {shown(strange[0])})" if strange else ""
            return Wrong(f"{what} has no entry for {shown(lacking[0])}{slip}.")
        if strange:
            return Wrong(f"{what} has an entry for {shown(strange[0])}, which is not asked for.")
        wrong = []
        for name in truth:
            entry = f"the entry of {what} for {shown(name)}"
            found = self.of.entry_difference(given[name], truth[name], entry, within=within)
            wrong += [found] if found else []
        return first_of(wrong, "entry")

    def forms(self, truth):
        yield "in another order", dict(reversed(truth.items()))
        yield "a Series", pd.Series(truth)
        if truth and None not in truth.values():
            for name, _form in self.of.forms(next(iter(truth.values()))):
                yield (
                    f"each entry {name}",
                    {
                        key: dict(self.of.forms(entry)).get(name, entry)
                        for key, entry in truth.items()
                    },
                )


@dataclass(frozen=True)
class Table(Kind):
    """A table. The order of its columns, further columns and the numbering of rows do not matter.

    Parameters
    ----------
    columns : dict
        The name of each column that is asked for, and the kind of its entries.
    key : str or tuple of str
        The columns that name a row. Rows may then come in any order, messages name the row, and
        the key may as well be in the index.
    ordered : bool, optional
        Whether the order of rows counts; by default it does where there is no `key`.
    """

    columns: dict[str, Kind]
    _: KW_ONLY
    key: str | tuple[str, ...] = ()
    ordered: bool | None = None
    wanted = "a table (DataFrame)"

    def __post_init__(self):
        keys = (self.key,) if isinstance(self.key, str) else tuple(self.key)
        unknown = [name for name in keys if name not in self.columns]
        if unknown:
            raise ValueError(f"the key {unknown[0]!r} is none of the columns")
        object.__setattr__(self, "keys", keys)
        if self.ordered is None:
            object.__setattr__(self, "ordered", not keys)

    def read(self, value, what):
        if isinstance(value, pd.Series):
            index = [name for name in value.index.names if name in self.columns]
            rest = [name for name in self.columns if name not in index]
            if index and len(rest) == 1:
                value = value.to_frame(value.name if value.name is not None else rest[0])
        if not isinstance(value, pd.DataFrame):
            self._refuse(value, what, "table")
        lacking = [name for name in self.columns if name not in value.columns]
        named = [level for level, name in enumerate(value.index.names) if name in lacking]
        if named:
            value = value.reset_index(level=named)
            lacking = [name for name in self.columns if name not in value.columns]
        if lacking:
            names = [name for name in value.columns if isinstance(name, str)]
            close = difflib.get_close_matches(lacking[0], names, n=1)
            if close:
                raise Wrong(
                    f"{what} has no column `{lacking[0]}`; it has `{close[0]}`.",
                    "Give the column the name that the task asks for.",
                )
            raise Wrong(
                f"{what} has no column `{lacking[0]}`.",
                "If it is in the index, `.reset_index()` makes it a column.",
            )
        read = {}
        for name, kind in self.columns.items():
            column = value[name]
            if isinstance(column, pd.DataFrame):
                raise Wrong(f"{what} has the column `{name}` twice.")
            read[name] = [
                kind.entry(entry, f"`{name}` in row {number} of {what}")
                for number, entry in enumerate(column, 1)
            ]
        return read

    def difference(self, given, truth, what, *, within=0.0):
        names = list(self.columns)
        have, need = len(given[names[0]]), len(truth[names[0]])
        if have != need:
            return Wrong(f"{what} has {count(have, 'row')}; {so_many(need)} expected.")
        if self.keys:
            return self._difference_keyed(given, truth, what, within)
        rows = [(number, number, f"in row {number + 1} of {what}") for number in range(need)]
        if self.ordered:
            return self._compare(given, truth, rows, within)
        left = list(range(need))
        strange = []
        for row in range(have):
            for place, other in enumerate(left):
                if not self._compare(given, truth, [(row, other, "")], within):
                    del left[place]
                    break
            else:
                strange.append(row)
        if not strange:
            return None
        return Wrong(
            f"row {strange[0] + 1} of {what} is not among the right ones"
            f"{and_others(len(strange) - 1, 'row')}."
        )

    def _difference_keyed(self, given, truth, what, within):
        def rows(table):
            columns = [[self.columns[k].key(v) for v in table[k]] for k in self.keys]
            return list(zip(*columns, strict=True))

        def named(table, row):
            names = [f"`{k}` is {shown(table[k][row])}" for k in self.keys]
            return " and ".join(names)

        have, need = rows(given), rows(truth)
        place = {key: row for row, key in enumerate(have)}
        if len(place) < len(have):
            twice = next(row for row, key in enumerate(have) if place[key] != row)
            return Wrong(f"{what} has two rows where {named(given, twice)}.")
        for row, key in enumerate(need):
            if key not in place:
                return Wrong(f"{what} has no row where {named(truth, row)}.")
        if self.ordered and have != need:
            return Wrong(f"the rows of {what} are not in the order asked for.", "Sort them.")
        pairs = [
            (place[key], row, f"in the row of {what} where {named(truth, row)}")
            for row, key in enumerate(need)
        ]
        return self._compare(given, truth, pairs, within)

    def _compare(self, given, truth, rows, within):
        wrong = []
        for name, kind in self.columns.items():
            for row, other, where in rows:
                found = kind.entry_difference(
                    given[name][row], truth[name][other], f"`{name}` {where}", within=within
                )
                wrong += [found] if found else []
        return first_of(wrong, "value")

    def forms(self, truth):
        table = pd.DataFrame(truth)
        yield "columns in another order", table[list(reversed(table.columns))]
        yield "with another column", table.assign(another=1)
        yield "with another index", table.set_axis(range(7, 7 + len(table)))
        for kind, name, types in (
            (Text, "text", ("category", "object")),
            (Number, "numbers", ("Float64", "object")),
        ):
            names = [column for column, of in self.columns.items() if isinstance(of, kind)]
            for dtype in types if names else ():
                yield f"{name} as {dtype}", table.astype(dict.fromkeys(names, dtype))
        if self.keys:
            yield "the key in the index", table.set_index(list(self.keys))
        if not self.ordered:
            yield "rows in another order", table.iloc[::-1]
