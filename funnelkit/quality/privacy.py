"""What a table gives away about people: pseudonyms and k-anonymity.

Input is checked as `funnelkit._inputs` says.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping

import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = ["METRICS", "compare_k_anonymity", "group_sizes", "k_anonymity", "pseudonyms"]


def pseudonyms(values, key, *, length=16):
    """Replace identifiers by codes that only the holder of a key can make again.

    The code is an HMAC, a keyed hash. A plain hash would not do: there are so few phone numbers
    and so few likely addresses that anybody can hash them all and look the code up. The same
    value with the same key gives the same code, so records can still be joined; with another key
    they cannot, so give a partner a key of its own.

    Parameters
    ----------
    values : Series of str
        What identifies a person. Values are stripped of surrounding spaces, lower-cased and
        composed (Unicode NFC) first, so that one name written in two ways gets one code. A
        telephone number has to be brought into one form before: ``+420 601 123 456`` and
        ``601123456`` get two codes.
    key : bytes
        The secret, at least 16 bytes, kept elsewhere than the data.
    length : int, default 16
        Hexadecimal digits of each code, 8 to 64.

    Returns
    -------
    Series of str
        The codes; what is missing or blank stays missing.

    Raises
    ------
    TypeError
        If the values are numbers: the same telephone as 601 and as 601.0 would get two codes.

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
        raise TypeError(f"values is {_inputs.name_of_type(values)}: give a column of a table")
    if pd.api.types.infer_dtype(values, skipna=True) not in ("string", "empty"):
        raise TypeError(f"values holds {values.dtype} values: turn them into texts first")
    if not isinstance(key, bytes):
        raise TypeError(
            f"key is {_inputs.name_of_type(key)}: give bytes, such as secrets.token_bytes(32)"
        )
    if len(key) < 16:
        raise ValueError(
            f"key has {len(key)} bytes: a secret that cannot be guessed has 16 or more"
        )
    length = _inputs.whole("length", length, at_least=8, at_most=64)
    known = values.mask(_inputs.blank(values)).map(_one_form, na_action="ignore")
    _inputs.refuse(
        known.map(_is_broken, na_action="ignore").fillna(False).to_numpy(bool),
        "values holds half a character, a text cut in two or read in a wrong encoding",
        "read the file again in its encoding, pd.read_csv(..., encoding='utf-16')",
        index=values.index,
    )

    def code(value):
        return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:length]

    return known.map(code, na_action="ignore").astype("str")


def _one_form(value):
    return unicodedata.normalize("NFC", str(value).strip().lower())


def _is_broken(value):
    """Say whether a text holds half of a surrogate pair, which no encoding can write."""
    return any("\ud800" <= sign <= "\udfff" for sign in value)


# ---------------------------------------------------------------- how large the crowd is


def group_sizes(table, columns, *, person=None):
    """Count how many share the combination of values of each row: how large its crowd is.

    Parameters
    ----------
    table : DataFrame
        The table.
    columns : list of str
        The attributes by which people could be recognised (quasi-identifiers). A missing value
        is a value like any other: people whose value is missing form a group.
    person : str, optional
        The column that names the person, where one may have several rows; then people are
        counted and not rows. Without it each row is a person.

    Returns
    -------
    Series of int
        For each row the size of its group; index of the table.

    Examples
    --------
    >>> people = pd.DataFrame({"born": [1980, 1980, 1991], "town": ["A", "A", "A"]})
    >>> group_sizes(people, ["born", "town"]).tolist()
    [2, 2, 1]
    """
    columns = _inputs.names("columns", columns)
    if not columns:
        raise ValueError("columns is empty: name the attributes by which people are recognised")
    _inputs.need_columns(table, columns if person is None else [*columns, person])
    columns = list(dict.fromkeys(columns))
    for column in columns:
        _inputs.need_one_type(table[column], column)
    group = table.groupby(columns, dropna=False, observed=True, sort=False).ngroup()
    if person is None:
        return group.groupby(group).transform("size").rename("group_size")
    who = _inputs.ids(table[person], person)
    return who.groupby(group).transform("nunique").rename("group_size")


def k_anonymity(table, columns, *, person=None):
    """Return the k of a table: every combination of the columns is shared by at least k people.

    Parameters
    ----------
    table, columns, person
        As in `group_sizes`.

    Returns
    -------
    int
        The size of the smallest group. 1: somebody is alone in theirs.

    Notes
    -----
    It guards against being picked out by these columns. It does not hide what all of a group
    have in common, nor does it help against anyone who knows a further column.

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
    _inputs.need_rows(table, why="nobody is there to be recognised")
    return int(sizes.min())


def compare_k_anonymity(versions, *, k=5, person=None):
    """Compare versions of a table, from exact to coarse, by how recognisable people are.

    Parameters
    ----------
    versions : dict of str to DataFrame
        Each version by name: a table that holds the attributes by which people could be
        recognised and nothing else (but for `person`).
    k : int, default 5
        The size of group that is required.
    person : str, optional
        The column that names the person, where one may have several rows. A person whose rows
        are in several groups counts with the smallest of them.

    Returns
    -------
    DataFrame
        One row per version: `combinations`, `k` (smallest group), `alone` (people without a
        second like them), `below` (people in groups smaller than the `k` required) and
        `share_below`. What is left below can be suppressed: left out of what is handed on.

    Examples
    --------
    >>> exact = pd.DataFrame({"born": [1980, 1983, 1991], "town": ["A", "A", "B"]})
    >>> coarse = pd.DataFrame({"born": exact["born"] // 20 * 20})
    >>> compare_k_anonymity({"year and town": exact, "20 years": coarse}, k=3)
                   combinations  k  alone  below  share_below
    version
    year and town             3  1      3      3          1.0
    20 years                  1  3      0      0          0.0
    """
    if not isinstance(versions, Mapping):
        raise TypeError(
            f"versions is {_inputs.name_of_type(versions)}: give tables by name, such as "
            "{'exact': table}"
        )
    if not versions:
        raise ValueError("versions is empty: give at least one table by name")
    k = _inputs.whole("k", k, at_least=2)
    rows = {}
    for name, table in versions.items():
        _inputs.need_columns(table, _inputs.need_table(table, f"version {name!r}").columns)
        columns = [column for column in table.columns if column != person]
        smallest = k_anonymity(table, columns, person=person)
        sizes = group_sizes(table, columns, person=person)
        if person is not None:
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
        function="funnelkit.quality.compare_k_anonymity",
        example=Example({"versions": {"exact": _PEOPLE}, "k": 2}, 3, 5, ("exact", "share_below")),
    ),
)
