"""Dates and times as programs write them: the order of day and month, and the time zone."""

import re

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.ingest.guards import refuse_values, text_column
from funnelkit.ingest.personal import shown

__all__ = ["date_order", "looks_like_times", "needs_no_question", "times"]

ORDERS = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}
_DATES = {
    "ymd": r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})",
    "two": r"(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y>\d{4}|\d{2})",
    "dmy": r"(?P<d>\d{1,2})\.?[ -](?P<m>[A-Za-zÀ-ž]{3,9})\.?[ ,-]+(?P<y>\d{4})",
    "mdy": r"(?P<m>[A-Za-zÀ-ž]{3,9})\.? (?P<d>\d{1,2}),? (?P<y>\d{4})",
    "packed": r"(?P<y>(?:19|20)\d{2})(?P<m>[01]\d)(?P<d>[0-3]\d)",
}
_CLOCK = (
    r"(?:[T ,]+(?:at )?(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<F>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|[A-Z]{2,5}|(?:UTC|GMT)?[+-]\d{2}:?\d{2})?)?"
)
_FORMS = {form: re.compile(date + _CLOCK) for form, date in _DATES.items()}
_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "mär": 3, "mrz": 3, "apr": 4, "may": 5, "mai": 5, "jun": 6}
_MONTHS |= {"jul": 7, "aug": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12}
_EPOCHS = {10: ("s", "seconds"), 13: ("ms", "milliseconds"), 16: ("us", "microseconds")}
_UTC = ("Z", "UTC", "GMT")


def times(column, *, dates=None, zone=None):
    """Turn a column of dates and times as programs write them into times, naive UTC.

    Parameters
    ----------
    column : Series of str
        A column of `read`: "2026-03-04 14:05", "03/04/2026", "4. Mar 2026", or seconds,
        milliseconds or microseconds since 1970. What is empty stays missing.
    dates : {"dmy", "mdy", "ymd"}, optional
        The order of day and month, one for the whole column. When not given, a value must
        decide it, by a number above 12.
    zone : str, optional
        The time zone in whose days and weeks to count, such as ``"Europe/Berlin"``. Times written
        without a zone are taken to be in it. Without it they stay as they are written.

    Returns
    -------
    Series of datetime64
        Naive UTC where the zone is known, with the index of the column. ``attrs["decided"]``
        says what was decided and which line decided it, ``attrs["zone"]`` the zone of the days.

    Raises
    ------
    ValueError
        If two orders fit (03/04/2026) or both occur; if times have several offsets, so that
        it is open in whose days to count; if some have a zone and others none; if a zone's name
        has several meanings (CST).

    Examples
    --------
    >>> times(pd.Series(["03/04/2026", "13/04/2026"])).dt.strftime("%d %B").tolist()
    ['03 April', '13 April']

    The clocks went back between these two, which are 25 hours apart:

    >>> both = pd.Series(["2025-10-25 23:30 +0200", "2025-10-26 23:30 +0100"])
    >>> times(both, zone="Europe/Berlin").diff()[1]
    Timedelta('1 days 01:00:00')
    """
    column, name = text_column(column)
    if dates is not None:
        _inputs.one_of("dates", dates, tuple(ORDERS))
    zone = _known_zone(zone)
    values = column.dropna().str.strip()
    counted = _since_1970(values, name)
    if counted is not None:
        moments, unit = counted
        decided, known = f"{unit} since 1970", "UTC"
    else:
        parts, decided = _parts(values, name, dates)
        moments, known = _moments(parts, values, name), _zone_of(parts, values, name, zone)
        if known is None and zone is not None:
            moments, said = _localised(moments, zone)
            decided += said
        elif known is not None:
            moments = moments - parts["offset"]
            decided += f"; zone as written, {known}"
        else:
            decided += "; no time zone in the file, taken as written"
    result = moments.astype("datetime64[us]").reindex(column.index).rename(name)
    result.attrs = {"decided": decided, "zone": zone or known}
    return result


def _known_zone(zone):
    if zone is None:
        return None
    _inputs.need_texts(zone=zone)
    try:
        pd.Timestamp("2026-01-01", tz=zone)
    except (KeyError, ValueError, OSError, TypeError):
        raise ValueError(
            f"zone is {zone!r}, which is not known: give one such as 'Europe/Berlin' or 'UTC'"
        ) from None
    return zone


def _since_1970(values, name):
    """Return the moments that whole numbers count, or None if they are not such numbers."""
    whole = values.str.replace(r"(?<=^\d{5})[.,]\d+$", "", regex=True)  # a day and its hours
    if not whole.str.fullmatch(r"\d+").all():
        return None
    digits = whole.str.len().unique()
    if len(digits) == 1 and digits[0] in _EPOCHS:
        unit, words = _EPOCHS[digits[0]]
        moments = pd.to_datetime(values.astype("int64"), unit=unit)
        return moments, words
    if len(digits) == 1 and digits[0] == 5:
        raise ValueError(
            f"column {name!r} holds numbers such as {shown(values.iloc[0])}, which a spreadsheet "
            "counts days by: give the column a date format there, and save it again"
        )
    return None


# ---------------------------------------------------------------- the parts of a date


def _parts(values, name, dates):
    """Split texts into year, month, day, clock and offset; return what was decided as well."""
    found = {form: values.str.fullmatch(pattern) for form, pattern in _FORMS.items()}
    found = {form: fits for form, fits in found.items() if fits.any()}
    unread = ~np.logical_or.reduce([*found.values(), np.zeros(len(values), bool)])
    remedy = "correct it, or map another column; a form that is safe is 2026-03-04 14:05"
    refuse_values(unread, values, name, "is not a date or time", remedy)
    order, why = None, None
    if "two" in found:
        order, why = date_order(values[found["two"]], name, dates)
    tables = []
    for form, fits in found.items():
        table = values[fits].str.extract(_FORMS[form])
        if form == "two":
            table = table.set_axis([*order, *table.columns[3:]], axis=1)
        tables.append(table)
    parts = pd.concat(tables).reindex(values.index)
    parts["m"] = _month_numbers(parts["m"], values, name)
    parts["y"] = parts["y"].where(parts["y"].str.len() == 4, "20" + parts["y"])
    decided = (
        f"{ORDERS[order]}: {why}" if order else ORDERS["ymd"] if "ymd" in found else "as named"
    )
    if order and "ymd" in found:
        decided += f"; {found['ymd'].sum():,} rows have the year first"
    return parts, decided


def date_order(values, name, dates=None):
    """Return the order of day and month of dates such as 03/04/2026, and what decides it."""
    numbers = values.str.extract(_FORMS["two"])[["a", "b", "y"]]
    short = (numbers["y"].str.len() == 2).all()
    numbers = numbers.astype(int)
    if short and (dates == "ymd" or dates is None):  # 26-03-04
        year_first = numbers["b"].between(1, 12).all() and numbers["y"].between(1, 31).all()
        if dates == "ymd" and year_first:
            return "ymd", "as told"
        if dates is None and year_first and numbers["y"].nunique() > numbers["a"].nunique():
            raise ValueError(
                f"column {name!r} holds dates such as {shown(values.iloc[0])} (line "
                f"{values.index[0]}), in which the year may be the first or the last number: say "
                "dates='ymd', dates='dmy' or dates='mdy' (--dates ymd)"
            )
    signs = values.str.extract(r"^\d+([-/.])")[0].to_numpy()
    late = {"dmy": numbers["a"] > 12, "mdy": numbers["b"] > 12}
    first = {order: values.index[over.to_numpy()][:1] for order, over in late.items()}
    if len(first["dmy"]) and len(first["mdy"]):
        (one,), (two,) = first["dmy"], first["mdy"]
        raise ValueError(
            f"column {name!r} has two orders of day and month: line {one} is {shown(values[one])} "
            f"and line {two} is {shown(values[two])}; two programs wrote it, or a spreadsheet has "
            "turned some of them: export it again, with the year first"
        )
    fits = next((order for order, lines in first.items() if len(lines)), None)
    if dates is None and fits is None:
        raise ValueError(
            f"column {name!r} holds dates such as {shown(values.iloc[0])} "
            f"(line {values.index[0]}), in which day and month may be either, and no row "
            "decides: say dates='dmy' or dates='mdy' (--dates dmy or --dates mdy)"
        )
    if fits is None:
        if dates == "ymd":
            raise ValueError(
                f"column {name!r} does not begin with the year (line {values.index[0]}, "
                f"{shown(values.iloc[0])}): say dates='dmy' or dates='mdy'"
            )
        return dates, "as told"
    line = first[fits][0]
    here = late[fits].to_numpy()
    open_ = ~np.isin(signs, signs[here])  # 03.04.2026 beside 03/25/2026
    if dates is not None and dates != fits:
        remedy = f"it is {fits!r}, so leave the option out"
        if open_.any():
            remedy = "two programs wrote the column, so export it again, with the year first"
        raise ValueError(
            f"column {name!r} is not in the order {dates!r} (line {line}, {shown(values[line])}): "
            f"{remedy}"
        )
    if dates is None and open_.any():
        other = values.index[open_][0]
        raise ValueError(
            f"column {name!r} holds dates written in two ways: line {line} is "
            f"{shown(values[line])}, {ORDERS[fits]}, and line {other} is {shown(values[other])}, "
            f"in which day and month may be either: export it again, with the year first, or say "
            f"dates={fits!r} if all are in that order (--dates {fits})"
        )
    return fits, f"line {line} is {shown(values[line])}"


def _month_numbers(months, values, name):
    words = months.str.fullmatch(r"\D+").fillna(False).astype(bool)
    named = months.str.lower().str[:3].map(_MONTHS)
    remedy = "write the month as a number, year first"
    refuse_values(words & named.isna(), values, name, "names a month that is not known", remedy)
    return months.mask(words, named.astype("str")).str.replace(r"\.0$", "", regex=True)


def _moments(parts, values, name):
    """Return the times as they are written, without their zone."""
    texts = parts["y"] + "-" + parts["m"].str.zfill(2) + "-" + parts["d"].str.zfill(2)
    days = pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce")
    hour = pd.to_numeric(parts["H"]).fillna(0)
    half = parts["half"].str.lower().str[0]
    wrong = days.isna() | (hour > 23) | (half.notna() & ((hour > 12) | (hour == 0)))
    minute, second = pd.to_numeric(parts["M"]).fillna(0), pd.to_numeric(parts["S"]).fillna(0)
    wrong |= (minute > 59) | (second > 59)
    refuse_values(wrong, values, name, "is not a day or time that can be", "correct the value")
    hour = hour % 12 + 12 * (half == "p").fillna(False) if half.notna().any() else hour
    micro = pd.to_numeric(parts["F"].str.ljust(6, "0").str[:6]).fillna(0)
    seconds = (hour * 60 + minute) * 60 + second
    length = (seconds.astype("int64") * 1_000_000 + micro.astype("int64")).astype("timedelta64[us]")
    return days.astype("datetime64[us]") + length


# ---------------------------------------------------------------- the zone


def _zone_of(parts, values, name, zone):
    """Return the zone that is written, None if there is none; add each row's offset to parts."""
    written = parts["zone"].str.replace(r"^(UTC|GMT)(?=[+-])", "", regex=True)
    has = written.notna()
    if not has.any():
        return None
    if not has.all():
        line = values.index[(~has).to_numpy()][0]
        raise ValueError(
            f"column {name!r} has times of more than one time zone: {int((~has).sum()):,} of "
            f"{len(values):,} have none (first: line {line}, {shown(values[line])}); export all "
            "of them with their offset from UTC"
        )
    named = written.str.fullmatch("[A-Z]+") & ~written.isin(_UTC)
    remedy = "export times with their offset, such as +0100"
    refuse_values(named, values, name, "has a zone by a name with several meanings", remedy)
    offset = written.mask(written.isin(_UTC), "+0000").str.replace(":", "", regex=False)
    sign = offset.str[0].map({"+": 1, "-": -1})
    minutes = sign * (offset.str[1:3].astype(int) * 60 + offset.str[3:5].astype(int))
    parts["offset"] = minutes.astype("int64").to_numpy() * np.timedelta64(60, "s")
    different = offset.value_counts()
    if len(different) > 1 and zone is None:
        words = ", ".join(f"{each} in {n:,} rows" for each, n in different.items())
        raise ValueError(
            f"column {name!r} has times of more than one time zone ({words}): each moment is "
            "clear, but not in whose days and weeks to count; say zone='Europe/Berlin', for "
            "instance, or zone='UTC' (--zone Europe/Berlin)"
        )
    only = different.index[0]
    if len(different) > 1:
        return "each with its offset from UTC"
    return "UTC" if only == "+0000" else f"UTC{only[:3]}:{only[3:]}"


def _localised(moments, zone):
    """Take times as those of a zone; return them in UTC, and what the clock changes left open."""
    clock = moments.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    open_ = int(clock.isna().sum())
    if open_:
        clock = moments.dt.tz_localize(
            zone, ambiguous=np.ones(len(moments), bool), nonexistent="shift_forward"
        )
    said = f"; taken as times of {zone}"
    said += f", {open_:,} in an hour that a clock change leaves open" if open_ else ""
    return clock.dt.tz_convert("UTC").dt.tz_localize(None), said


def looks_like_times(values):
    """Say whether all texts are dates or times in one of the known forms."""
    if not len(values):
        return False
    fits = np.zeros(len(values), bool)
    for form, pattern in _FORMS.items():
        if form != "packed":
            fits |= values.str.fullmatch(pattern).to_numpy(bool)
    return bool(fits.all())


def needs_no_question(values):
    """Say whether all texts are times with the year first and without a zone."""
    found = values.str.extract(_FORMS["ymd"])
    fits = values.str.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?").all()
    return bool(len(values) and fits and found["zone"].isna().all())
