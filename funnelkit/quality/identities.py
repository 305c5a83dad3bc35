"""One person, several records."""

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["resolve_identities"]

# ---------------------------------------------------------------- one person, several records


def resolve_identities(table, keys):
    """Give each record the number of its person: records that share a key belong together.

    Two records belong to the same person if they agree in *all* columns of one key. What is
    joined to the same record is joined: if a and b share a phone, and b and c an e-mail, then
    a, b and c are one person (the connected components of the graph of matches).

    Parameters
    ----------
    table : DataFrame
        One row a record.
    keys : list of list of str
        The keys, each a list of columns that must agree together, such as
        ``[["email_key"], ["phone_key", "birth_year"]]``. A record with a missing value in a
        key is not matched by that key: two unknowns are not the same.

    Returns
    -------
    Series of int
        The number of the person, from 0, in order of first appearance; index of the table.

    Raises
    ------
    TypeError
        If `table` is no DataFrame, or `keys` is no list of lists.
    ValueError
        If no key is given, or a column is not in the table.

    Notes
    -----
    A wrong join is worse than a missed one: two people become one, and chains of joins carry
    the error on. So a key should be hard to share by chance. A phone is not: households have one.

    Examples
    --------
    >>> records = pd.DataFrame({
    ...     "email": ["a@x", "b@x", "a@x", "c@y"],
    ...     "phone": ["1", "1", None, "1"],
    ...     "born": [1980, 1980, 1980, 2004],
    ... })
    >>> resolve_identities(records, [["email"], ["phone", "born"]]).tolist()
    [0, 0, 0, 1]
    """
    if isinstance(keys, str) or any(isinstance(key, str) for key in keys):
        raise TypeError(
            'keys is a list of lists of columns, such as [["email"], ["phone", "born"]]'
        )
    keys = [list(key) for key in keys]
    if not keys or not all(keys):
        raise ValueError("keys is empty: name at least one column that identifies a person")
    for key in keys:
        _inputs.need_columns(table, key, "table")
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = [], []
    for key in keys:
        known = np.flatnonzero(table[key].notna().all(axis=1))
        group = table.iloc[known].groupby(key, sort=False).ngroup().to_numpy()
        order = np.argsort(group, kind="stable")
        same = np.flatnonzero(np.diff(group[order]) == 0)
        one.append(known[order[same]])  # each record is tied to the next of its group
        other.append(known[order[same + 1]])
    one, other = np.concatenate(one), np.concatenate(other)
    n = len(table)
    graph = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    return pd.Series(pd.factorize(label)[0], index=table.index, name="person")
