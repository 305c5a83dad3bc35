"""Which columns hold personal data, and how a text is shown without an e-mail address."""

import re

import pandas as pd

from funnelkit import _inputs

__all__ = ["EMAIL", "personal_columns", "shown", "without_emails"]

EMAIL = re.compile(r"[^\s@<>,;:\"'()\[\]]+@[^\s@<>,;:\"'()\[\]]+")
_PHONE = re.compile(r"\+?[\d ()/.-]{8,}")
_NAMES = re.compile(
    r"e-?mail|phone|mobile|telefon|first ?name|last ?name|full ?name|vorname|nachname|street|"
    r"address|adresse|birth|geburt|\bip\b",
    re.IGNORECASE,
)


def without_emails(text):
    """Return a text in which each e-mail address is replaced by the words "(e-mail)".

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str

    Examples
    --------
    >>> without_emails("mylog of ann@x.org, 2026")
    'mylog of (e-mail), 2026'
    """
    _inputs.need_texts(text=text)
    if text is None:
        raise TypeError("text is None: give text")
    return EMAIL.sub("(e-mail)", text)


def shown(value):
    """Return a value as a message may show it: short, quoted, without an e-mail address."""
    text = without_emails(str(value))
    return repr(text if len(text) <= 40 else text[:39] + "…")


def personal_columns(table):
    """Name the columns that look as if they hold personal data, and why.

    Parameters
    ----------
    table : DataFrame
        What `read` returns.

    Returns
    -------
    Series of str
        The reason by column, such as "e-mail addresses"; empty if there is none.

    Examples
    --------
    >>> people = pd.DataFrame({"who": ["ann@x.org", "bob@x.org"], "plan": ["a", "b"]})
    >>> personal_columns(people).to_dict()
    {'who': 'e-mail addresses'}
    """
    _inputs.need_columns(table, _inputs.need_table(table).columns)
    found = {}
    for name in table.columns:
        _inputs.need_hashable(table[name], name)
        values = table[name].dropna().astype(str)
        if values.str.contains("@", regex=False).any() and values.map(_is_email).any():
            found[name] = "e-mail addresses"
        elif _NAMES.search(str(name)):
            found[name] = "its name says so"
        elif len(values) and values.map(_is_phone).mean() > 0.5:
            found[name] = "telephone numbers"
    return pd.Series(found, dtype=str, name="why").rename_axis("column")


def _is_email(value):
    return EMAIL.search(value) is not None


def _is_phone(value):
    return value.startswith(("+", "00")) and _PHONE.fullmatch(value) is not None
