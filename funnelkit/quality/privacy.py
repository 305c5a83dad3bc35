"""What a table gives away about people: pseudonyms and k-anonymity."""

import hashlib
import hmac
from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "generalise", "group_sizes", "k_anonymity", "pseudonyms"]


def pseudonyms(values, key, *, length=16):
    """Replace identifiers by codes that only the holder of a key can make again.

    The code is an HMAC, a keyed hash. A plain hash would not do: there are so few phone numbers
    and so few likely addresses that anybody can hash them all and look the code up. The same
    value with the same key gives the same code, so records can still be joined; with another key
    they cannot, so give a partner a key of its own.

    Parameters
    ----------
    values : Series of str
        What identifies a person. Spaces at the ends and capitals are made away with first.
    key : bytes
        The secret, at least 16 bytes, kept elsewhere than the data.
    length : int, default 16
        Hexadecimal digits of each code, 8 to 64.

    Returns
    -------
    Series of str
        The codes; missing stays missing.

    Raises
    ------
    TypeError
        If `values` is no Series of texts, or the key is no bytes. A number is no text: the same
        telephone as 601 and as 601.0 would get two codes.
    ValueError
        If the key is shorter than 16 bytes, or the length is not a whole number from 8 to 64.

    References
    ----------
    H. Krawczyk, M. Bellare and R. Canetti (1997), "HMAC: keyed-hashing for message
    authentication", RFC 2104.

    Examples
    --------
    >>> codes = pseudonyms(pd.Series(["Ann@x.org ", "ann@x.org"]), b"sixteen bytes or more")
    >>> codes[0] == codes[1]
    True
    """
    if not isinstance(values, pd.Series):
        raise TypeError(f"values is a {type(values).__name__}: give a column of a table")
    if pd.api.types.infer_dtype(values, skipna=True) not in ("string", "empty"):
        raise TypeError(f"values holds {values.dtype} values: turn them into texts first")
    if not isinstance(key, bytes):
        raise TypeError(
            f"key is a {type(key).__name__}: give bytes, such as secrets.token_bytes(32)"
        )
    if len(key) < 16:
        raise ValueError(
            f"key has {len(key)} bytes: a secret that cannot be guessed has 16 or more"
        )
    if not isinstance(length, (int, np.integer)) or not 8 <= length <= 64:
        raise ValueError(f"length is {length}: give 8 to 64 hexadecimal digits")

    def code(value):
        clean = str(value).strip().lower().encode()
        return hmac.new(key, clean, hashlib.sha256).hexdigest()[:length]

    return values.map(code, na_action="ignore").astype("str")


# ---------------------------------------------------------------- standing in a crowd


def group_sizes(table, columns, *, person=None):
    """In how large a crowd each row stands: how many share its combination of values.

    Parameters
    ----------
    table : DataFrame
        The table.
    columns : list of str
        The attributes by which people could be recognised (quasi-identifiers). A missing value
        is a value like any other: those of whom it is missing form a group.
    person : str, optional
        The column that names the person, where one may have several rows; then people are
        counted and not rows. Without it each row is a person.

    Returns
    -------
    Series of int
        For each row the size of its group; index of the table.

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If no column is given, one is not in the table, or a person is missing.

    Examples
    --------
    >>> people = pd.DataFrame({"born": [1980, 1980, 1991], "town": ["A", "A", "A"]})
    >>> group_sizes(people, ["born", "town"]).tolist()
    [2, 2, 1]
    """
    columns = [columns] if isinstance(columns, str) else list(columns)
    if not columns:
        raise ValueError("columns is empty: name the attributes by which people are recognised")
    _inputs.need_columns(table, [*columns, *([person] if person else [])], "table")
    group = table.groupby(columns, dropna=False, observed=True, sort=False).ngroup()
    if person is None:
        return group.groupby(group).transform("size").rename("group_size")
    _inputs.refuse(table[person].isna(), f"column {person!r} is missing", "say whose rows they are")
    return table[person].groupby(group).transform("nunique").rename("group_size")


def k_anonymity(table, columns, *, person=None):
    """Return the k of a table: every combination of the columns is shared by at least k people.

    Parameters
    ----------
    table, columns, person
        As in `group_sizes`.

    Returns
    -------
    int
        The size of the smallest group. 1: somebody stands alone.

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If the table has no rows, no column is given, or one is not in the table.

    Notes
    -----
    It guards against being picked out by these columns. It does not hide what all of a group
    have in common, nor help against who knows a further column.

    References
    ----------
    L. Sweeney (2002), "k-anonymity: a model for protecting privacy", *International Journal of
    Uncertainty, Fuzziness and Knowledge-Based Systems* 10(5).

    Examples
    --------
    >>> people = pd.DataFrame({"born": [1980, 1980, 1991], "town": ["A", "A", "A"]})
    >>> k_anonymity(people, ["born", "town"]), k_anonymity(people, ["town"])
    (1, 3)
    """
    sizes = group_sizes(table, columns, person=person)
    if sizes.empty:
        raise ValueError("the table has no rows: nobody is there to be recognised")
    return int(sizes.min())


def generalise(versions, *, k=5, person=None):
    """Compare versions of a table, from exact to coarse, by how recognisable people are.

    Parameters
    ----------
    versions : dict of str to DataFrame
        Each version by name: a table that holds the attributes by which people could be
        recognised and nothing else (but for `person`).
    k : int, default 5
        The size of group that is asked for.
    person : str, optional
        The column that names the person, where one may have several rows. A person whose rows
        stand in several groups counts with the smallest of them.

    Returns
    -------
    DataFrame
        One row a version: `combinations`, `k` (smallest group), `alone` (people without a
        second like them), `below` (people in groups smaller than the `k` asked for) and
        `share_below`. What is left below can be suppressed: left out of what is handed on.

    Raises
    ------
    TypeError
        If a version is no DataFrame.
    ValueError
        If none is given, `k` is not a whole number of at least 2, or a version has no rows.

    Examples
    --------
    >>> exact = pd.DataFrame({"born": [1980, 1983, 1991], "town": ["A", "A", "B"]})
    >>> coarse = pd.DataFrame({"born": exact["born"] // 20 * 20})
    >>> generalise({"year and town": exact, "20 years": coarse}, k=3)
                   combinations  k  alone  below  share_below
    version
    year and town             3  1      3      3          1.0
    20 years                  1  3      0      0          0.0
    """
    if not isinstance(versions, Mapping) or not versions:
        raise ValueError("versions is empty: give at least one table by name")
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 2:
        raise ValueError(f"k is {k!r}: give a whole number of at least 2, such as 5")
    rows = {}
    for name, table in versions.items():
        _inputs.need_columns(table, [person] if person else [], "version")
        columns = [column for column in table.columns if column != person]
        smallest = k_anonymity(table, columns, person=person)
        sizes = group_sizes(table, columns, person=person)
        if person:
            sizes = sizes.groupby(table[person].to_numpy()).min()
        below = int((sizes < k).sum())
        combinations = len(table[columns].drop_duplicates())
        rows[name] = [combinations, smallest, int((sizes == 1).sum()), below, below / len(sizes)]
    names = ["combinations", "k", "alone", "below", "share_below"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("version")


# ---------------------------------------------------------------- what the metrics mean

_PEOPLE = pd.DataFrame({"born": [1980, 1980, 1991, 1992, None], "town": list("AAABB")})

METRICS = (
    Metric(
        name="recognisable_share",
        formula=r"\frac{x_{<k}}{n}",
        numerator="people in groups smaller than k",
        denominator="all people in the table",
        unit="share of people",
        window="the table as it is handed on",
        function="funnelkit.quality.generalise",
        example=Example({"versions": {"exact": _PEOPLE}, "k": 2}, 3, 5, ("exact", "share_below")),
    ),
)
