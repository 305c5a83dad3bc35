"""One person, several records: matching by keys. Input is checked as `funnelkit._inputs` says."""

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["PLACEHOLDERS", "resolve_identities"]

PLACEHOLDERS = (
    "-",
    "--",
    "?",
    "n/a",
    "na",
    "n.a.",
    "none",
    "null",
    "nan",
    "nil",
    "undefined",
    "unknown",
    "anonymous",
    "no email",
    "unknown@unknown.com",
    "noemail@noemail.com",
    "none@none.com",
)
"""Texts by which forms and exports say that they do not know, in lower case."""


def resolve_identities(table, keys, *, placeholders=PLACEHOLDERS, max_records=None):
    """Give each record the number of its person: records that share a key belong together.

    Two records belong to the same person if they agree in *all* columns of one key. What is
    joined to the same record is joined: if a and b share a phone, and b and c an e-mail, then
    a, b and c are one person (the connected components of the graph of matches).

    Parameters
    ----------
    table : DataFrame
        One row per record.
    keys : list of list of str
        The keys, each a list of columns that must agree together, such as
        ``[["email_key"], ["phone_key", "birth_year"]]``. A record with a missing value in a
        key is not matched by that key: two unknowns are not the same. A blank text is missing.
    placeholders : list of str, default `PLACEHOLDERS`
        Texts that count as missing as well, whatever their capitals and surrounding spaces. Add
        what your forms write into a field that nobody filled in, such as "test@test.com".
    max_records : int, optional
        Refuse a key with a value that more records than this share, since it is probably a
        placeholder that is not on the list. No limit if not given.

    Returns
    -------
    Series of int
        The number of the person, from 0, in order of first appearance; index of the table.

    Notes
    -----
    A wrong join is worse than a missed one: two people become one, and chains of joins carry
    the error on. So a key should be hard to share by chance. A phone is not: households have one.

    Examples
    --------
    >>> records = pd.DataFrame({
    ...     "email": ["a@x", "b@x", "a@x", "c@y", "n/a", "N/A"],
    ...     "phone": ["1", "1", None, "1", "2", ""],
    ...     "born": [1980, 1980, 1980, 2004, 1990, 1990],
    ... })
    >>> resolve_identities(records, [["email"], ["phone", "born"]]).tolist()
    [0, 0, 0, 1, 2, 3]
    """
    keys = _need_keys(table, keys)
    unknown = _need_texts(placeholders)
    if max_records is not None:
        max_records = _inputs.whole("max_records", max_records, at_least=1)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    columns = {column for key in keys for column in key}
    is_known = {column: _known(table[column], column, unknown) for column in columns}
    one, other = [], []
    for key in keys:
        known = np.flatnonzero(np.logical_and.reduce([is_known[column] for column in key]))
        groups = table.iloc[known].groupby(key, sort=False, observed=True)
        group = groups.ngroup().to_numpy()
        _need_small_groups(groups, key, max_records)
        order = np.argsort(group, kind="stable")
        same = np.flatnonzero(np.diff(group[order]) == 0)
        one.append(known[order[same]])  # each record is tied to the next of its group
        other.append(known[order[same + 1]])
    one, other = np.concatenate(one), np.concatenate(other)
    n = len(table)
    graph = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    return pd.Series(pd.factorize(label)[0], index=table.index, name="person")


def _need_keys(table, keys):
    """Return the keys as lists of columns that the table has."""
    advice = 'give a list of lists of columns, such as [["email"], ["phone", "born"]]'
    if not isinstance(keys, list | tuple):
        raise TypeError(f"keys is {_inputs.name_of_type(keys)}: {advice}")
    for key in keys:
        if not isinstance(key, list | tuple):
            raise TypeError(f"keys holds {_inputs.name_of_type(key)}: {advice}")
    if not keys or not all(keys):
        raise ValueError("keys is empty: name at least one column that identifies a person")
    _inputs.need_columns(table, [column for key in keys for column in key])
    return [list(dict.fromkeys(key)) for key in keys]


def _need_texts(placeholders):
    """Return the placeholders as they are compared, if they are texts."""
    placeholders = [] if placeholders is None else _inputs.names("placeholders", placeholders)
    for each in placeholders:
        if not isinstance(each, str):
            raise TypeError(
                f"placeholders holds {_inputs.name_of_type(each)}: give texts, and make other "
                "values missing first, with .mask(...)"
            )
    return {each.strip().casefold() for each in placeholders}


def _known(column, name, placeholders):
    """Return for each value of a key whether it says anything."""
    _inputs.need_one_type(column, name)
    no_key = [
        value
        for value in column.dropna().unique()
        if isinstance(value, str) and value.strip().casefold() in placeholders
    ]
    unknown = column.isna() | _inputs.blank(column) | column.isin(no_key)
    return ~unknown.to_numpy(bool)


def _need_small_groups(groups, key, max_records):
    sizes = groups.size()
    if max_records is None or sizes.empty or sizes.max() <= max_records:
        return
    raise ValueError(
        f"key {key} has the value {sizes.idxmax()!r} in {sizes.max():,} records, more than "
        f"max_records, {max_records:,}: if it stands for an unknown value, add it to placeholders"
    )
