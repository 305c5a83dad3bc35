"""Numbers as people write them: 1.234,56 and 1,234.56, and which of the two a column is."""

import re

import pandas as pd

from funnelkit import _inputs
from funnelkit.ingest.guards import refuse_values, text_column
from funnelkit.ingest.personal import shown

__all__ = ["amounts", "decimal_sign", "looks_numeric"]

_MONEY = re.compile(r"[€$£¥]|\b(?:EUR|USD|GBP|CHF|CZK|JPY|PLN|SEK)\b|Kč", re.IGNORECASE)
_BARE = re.compile(r"[+-]?\d[\d.,']*")
_WORDS = {".": "point", ",": "comma"}


def amounts(column, *, decimal=None):
    """Turn a column of numbers as people write them into numbers.

    Parameters
    ----------
    column : Series of str
        A column of `read`: "1.234,56", "EUR 1,250.00", "12". What is empty stays missing.
    decimal : {".", ","}, optional
        The sign before the decimals. When not given, a value must decide it: one with both
        signs, with one of them several times, or with other than three digits behind it.

    Returns
    -------
    Series of float
        With the index of the column. ``attrs["decided"]`` says which sign, and which line said so.

    Raises
    ------
    ValueError
        If both signs fit: "1.234" is 1234 or 1.234. If a value does not fit the sign: read as
        German, "12.50" would silently be 1250. If there are several currencies.

    Examples
    --------
    >>> amounts(pd.Series(["1.234,56", "12", None])).tolist()
    [1234.56, 12.0, nan]
    """
    column, name = text_column(column)
    if decimal is not None:
        _inputs.one_of("decimal", decimal, (".", ","))
    values = column.dropna().str.strip()
    money = values.str.extract(f"({_MONEY.pattern})", flags=re.IGNORECASE)[0]
    kinds = sorted(set(money.dropna().str.upper().replace({"€": "EUR", "£": "GBP", "KČ": "CZK"})))
    if len(kinds) > 1:
        raise ValueError(
            f"column {name!r} has amounts in several currencies ({', '.join(kinds)}): export it "
            "in one of them"
        )
    bare = values.str.replace(_MONEY, "", regex=True).str.replace(
        r"[\s\u00a0\u202f]", "", regex=True
    )
    bare = bare.str.replace("−", "-", regex=False)
    refuse_values(
        ~bare.str.fullmatch(_BARE), values, name, "is not a number", "correct it, or empty it"
    )
    sign, why = (decimal, "as told") if decimal else decimal_sign(bare, name)
    other = "," if sign == "." else "."
    grouped = rf"[+-]?(?:\d+|\d{{1,3}}(?:[{other}']\d{{3}})+)(?:[{sign}]\d*)?"
    what = f"does not fit a decimal {_WORDS[sign]}"
    remedy = "give the other sign as decimal, or correct the value"
    refuse_values(~bare.str.fullmatch(grouped), values, name, what, remedy)
    plain = bare.str.replace(f"[{other}']", "", regex=True).str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(plain).astype(float).reindex(column.index)
    numbers.attrs = {"decided": f"decimal {_WORDS[sign]}: {why}", "currency": (kinds or [None])[0]}
    return numbers.rename(name)


def decimal_sign(bare, name):
    """Return the sign before the decimals, and which value decides it."""
    marked = bare[bare.str.contains("[.,]")]
    if not len(marked):
        return ".", "no value has either sign"
    sign = pd.Series([_says(each) for each in marked], marked.index, dtype=object)
    said = sign.dropna()
    if said.nunique() > 1:
        first = {each: said.index[said == each][0] for each in (".", ",")}
        raise ValueError(
            f"column {name!r} has a decimal point in line {first['.']} "
            f"({shown(marked[first['.']])}) and a decimal comma in line {first[',']} "
            f"({shown(marked[first[',']])}): two programs wrote it; part it, and read each alone"
        )
    if not len(said):
        value = marked.iloc[0]
        raise ValueError(
            f"column {name!r} holds {shown(value)} (line {marked.index[0]}), which is "
            f"{re.sub('[.,]', '', value)} or {value.replace(',', '.')}, and no other value "
            "decides: say decimal=',' or decimal='.' (--decimal , or --decimal .)"
        )
    return said.iloc[0], f"line {said.index[0]} has {shown(marked[said.index[0]])}"


def _says(value):
    """Return the decimal sign that one value gives away, or None."""
    signs = [each for each in value if each in ".,"]
    if len(set(signs)) == 2:
        return signs[-1]
    if len(signs) > 1:
        return "," if signs[0] == "." else "."
    before, after = re.split("[.,]", value.lstrip("+-"))
    ambiguous = len(after) == 3 and 1 <= len(before) <= 3 and before[0] != "0"
    return None if ambiguous and "'" not in value else signs[0]


def looks_numeric(values):
    """Say whether all texts are numbers as people write them."""
    bare = values.str.replace(_MONEY, "", regex=True).str.replace(r"\s", "", regex=True)
    return bool(len(values)) and bool(bare.str.fullmatch(_BARE).all())
