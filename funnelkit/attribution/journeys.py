"""From touches to journeys, and from journeys to counted paths."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnelkit import _inputs

__all__ = ["CodedPaths", "coded_paths", "count_paths", "cut_journeys"]

ARROW = " > "


def cut_journeys(
    touches,
    *,
    lookback=None,
    observed_until=None,
    channels=None,
    user="user_id",
    channel="channel",
    time="timestamp",
    converted_at="converted_at",
    value="value",
):
    """Cut each user's touches into journeys, one for each conversion and one for what is left.

    Parameters
    ----------
    touches : DataFrame
        One row per touch.
    lookback : duration, optional
        A journey keeps the touches that lie at most this long before its end: before the
        conversion or, without one, before its last touch.
    observed_until : date, optional
        The last moment of the data. With it, journeys are left out that began less than `lookback`
        before: they are too young to be called null, and those of them that converted are left out
        as well, since otherwise the young would seem to convert more often than they do.
    channels : list of str, optional
        The channels that there are; a touch with any other is refused.
    user, channel, time : str
        The columns of `touches` that say whose touch it was, through which channel, and when.
    converted_at : str
        The column with the time of the conversion that followed the touch before any other touch,
        missing if there was none.
    value : str or None, default "value"
        The column with the value of that conversion; None if there is none.

    Returns
    -------
    DataFrame
        One row per touch, by user and time: the number of the `journey`, `user_id`, `timestamp`,
        `channel`, the `position` of the touch (1, 2, …) among the `touches` of the journey, and of
        the journey whether it `converted`, `converted_at` and its `value` (0 without a conversion).
        ``attrs`` says how many journeys were `left_out` as too young, and how many touches were
        `too_old` for the look-back window.

    Notes
    -----
    A touch after a conversion belongs to the next journey. Of touches at one time the one with the
    conversion is the last; otherwise they are in the order of their channels' names.

    Examples
    --------
    >>> touches = pd.DataFrame(
    ...     {
    ...         "user_id": ["u", "u", "u", "v"],
    ...         "timestamp": pd.to_datetime(["2026-03-01", "2026-03-05"] + 2 * ["2026-03-09"]),
    ...         "channel": ["ads", "mail", "mail", "ads"],
    ...         "converted_at": pd.to_datetime([None, "2026-03-05", None, None]),
    ...     }
    ... )
    >>> journeys = cut_journeys(touches, value=None)
    >>> journeys[["journey", "user_id", "channel", "position", "touches", "converted"]]
       journey user_id channel  position  touches  converted
    0        0       u     ads         1        2       True
    1        0       u    mail         2        2       True
    2        1       u    mail         1        1      False
    3        2       v     ads         1        1      False
    """
    table = _checked(touches, channels, user, channel, time, converted_at, value)
    order = ["user_id", "timestamp", "converted", "channel"]
    table = table.sort_values(order, kind="stable", ignore_index=True)
    after = table["converted"].to_numpy()
    new = np.append(True, (table["user_id"].to_numpy()[1:] != table["user_id"].to_numpy()[:-1]))
    new[1:] |= after[:-1]
    table["journey"] = np.cumsum(new) - 1
    last = np.append(new[1:], True)
    _need_in_order(table, last)
    size = np.diff(np.flatnonzero(np.append(new, True)))
    for name in ("converted", "converted_at", "value"):
        if name in table:
            table[name] = table.loc[last, name].repeat(size).to_numpy()
    ends = table["timestamp"][last].repeat(size).to_numpy()
    table, too_old, left_out = _within(table, ends, lookback, observed_until)
    of_journey = table.groupby("journey")["journey"]
    table["position"] = of_journey.cumcount().to_numpy() + 1
    table["touches"] = of_journey.transform("size").to_numpy()
    table["journey"] = np.cumsum(table["position"].to_numpy() == 1) - 1
    columns = ["journey", "user_id", "timestamp", "channel", "position", "touches", "converted"]
    columns += [name for name in ("converted_at", "value") if name in table]
    table = table[columns].reset_index(drop=True)
    table.attrs.update(left_out=left_out, too_old=too_old)
    return table


def _checked(touches, channels, user, channel, time, converted_at, value):
    """Return the touches under the names of the course, or say what is wrong with them."""
    columns = [user, channel, time, converted_at] + ([] if value is None else [value])
    _inputs.need_rows(_inputs.need_columns(touches, columns, "touches"), "touches", "no journey")
    index = touches.index
    table = pd.DataFrame(
        {
            "user_id": _inputs.ids(touches[user], user).to_numpy(),
            "timestamp": _inputs.times(touches[time], time).to_numpy(),
            "channel": _channel_names(touches[channel], channel, channels).to_numpy(),
            "converted_at": _inputs.times(
                touches[converted_at], converted_at, missing="keep"
            ).to_numpy(),
        }
    )
    table["converted"] = table["converted_at"].notna()
    early = (table["converted_at"] < table["timestamp"]).to_numpy()
    what = f"{converted_at} lies before {time}, so the conversion came before the touch"
    remedy = "put it on the last touch before it, and leave out conversions without any touch"
    _inputs.refuse(
        early, what, remedy, table["converted_at"].to_numpy("datetime64[s]"), index=index
    )
    if value is not None:
        worth = _inputs.numbers(value, touches[value], missing="keep")
        known = ~np.isnan(worth)
        converted = table["converted"].to_numpy()
        remedy = "fill it in, or give value=None to do without"
        _inputs.refuse(
            converted & ~known, f"{value} of a conversion is missing", remedy, index=index
        )
        remedy = f"fill in {converted_at}, or drop the value"
        stray = ~converted & known & (worth != 0)
        _inputs.refuse(stray, f"{value} stands where nobody converted", remedy, worth, index=index)
        (worth,), _ = _inputs.amounts(**{value: pd.Series(np.where(known, worth, 0), index=index)})
        table["value"] = worth
    return table


def _channel_names(column, name, known):
    """Return a column of channels as text, each of them known."""
    column = _inputs.ids(column, name)
    texts = pd.Series(column.unique())
    odd = ~texts.map(lambda each: isinstance(each, str)).to_numpy(bool)
    if odd.any():
        raise TypeError(
            f"column {name!r} holds {_inputs.name_of_type(texts[odd].iloc[0])}: give the names of "
            f"the channels as text, table[{name!r}].astype(str)"
        )
    arrows = texts[texts.str.contains(">", regex=False).to_numpy(bool)]
    if len(arrows):
        raise ValueError(
            f"the channel {arrows.iloc[0]!r} has a '>' in its name, which separates the channels "
            f"of a path: rename it, table[{name!r}].str.replace('>', '-')"
        )
    if known is not None:
        known = _inputs.names("channels", known)
        for each in known:
            _inputs.need_texts(channels=each)
        for each in texts:
            _inputs.need_known(each, known, "channel")
    return column


def _need_in_order(table, last):
    """Refuse a conversion after the user's next touch: it belongs to that one."""
    follows = (table["user_id"].to_numpy()[1:] == table["user_id"].to_numpy()[:-1]) & last[:-1]
    late = follows & (table["converted_at"].to_numpy()[:-1] > table["timestamp"].to_numpy()[1:])
    what = "a conversion lies after the user's next touch"
    remedy = "put it on the last touch before it"
    _inputs.refuse(np.append(late, False), what, remedy, table["user_id"].astype(str).to_numpy())


def _within(table, ends, lookback, observed_until):
    """Return the touches within the look-back window, and what was left out."""
    if lookback is None:
        if observed_until is not None:
            raise ValueError(
                "observed_until needs lookback: how long after its last touch a journey may "
                "still convert; give one such as lookback='30D'"
            )
        return table, 0, 0
    lookback = _inputs.duration("lookback", lookback, at_least=pd.Timedelta("1s"))
    end = table["converted_at"].fillna(pd.Series(ends, index=table.index))
    near = (end - table["timestamp"]) <= lookback
    young = np.zeros(len(table), bool)
    began = table.groupby("journey")["timestamp"].transform("min")
    if observed_until is not None:
        until = _inputs.end_of_data("observed_until", observed_until)
        remedy = "give the end of the data, or leave out what came after it"
        _inputs.not_after("timestamp", table["timestamp"], until, remedy)
        young = (began + lookback > until).to_numpy()
    kept = near.to_numpy() & ~young
    if not kept.any():
        raise ValueError(
            f"no touch is left: all {len(table):,} are older than lookback or in journeys that "
            "are too young; give a shorter or longer lookback"
        )
    return table[kept], int((~near).sum()), int(table["journey"][young].nunique())


def count_paths(journeys):
    """Count journeys with the same channels in the same order.

    Parameters
    ----------
    journeys : DataFrame
        What `cut_journeys` returned.

    Returns
    -------
    DataFrame
        One row per path, the most frequent first: the `path` as text, such as "ads > mail", and
        how many journeys along it ended in `conversions` and `nulls`, with the sum of their
        `value` if the journeys have one.

    Examples
    --------
    >>> journeys = pd.DataFrame(
    ...     {
    ...         "journey": [0, 0, 1, 2, 2],
    ...         "channel": ["ads", "mail", "ads", "ads", "mail"],
    ...         "position": [1, 2, 1, 1, 2],
    ...         "converted": [True, True, False, False, False],
    ...     }
    ... )
    >>> count_paths(journeys)
             path  conversions  nulls
    0  ads > mail            1      1
    1         ads            0      1
    """
    columns = ["journey", "channel", "position", "converted"]
    _inputs.need_columns(journeys, columns, "journeys")
    _inputs.need_rows(journeys, "journeys", "there is nothing to count")
    names = _channel_names(journeys["channel"], "channel", None)
    number = pd.factorize(_inputs.ids(journeys["journey"], "journey"), sort=True)[0]
    place = _inputs.count("position", journeys["position"]).astype(int)
    converted = _inputs.booleans(journeys["converted"], "converted").to_numpy()
    value = None
    if "value" in journeys:
        (value,), _ = _inputs.amounts(value=journeys["value"])
    order = np.lexsort((place, number))
    codes, channels = pd.factorize(names.to_numpy()[order])
    number, converted = number[order], converted[order]
    ends = np.append(number[1:] != number[:-1], True)
    path = _path_of_each(codes, number, len(channels))[ends]
    converts = converted[ends]
    texts, which = _texts(path, codes, number, np.asarray(channels, object))
    counts = {
        "path": texts,
        "conversions": np.bincount(which, converts, len(texts)).astype(int),
        "nulls": np.bincount(which, ~converts, len(texts)).astype(int),
    }
    if value is not None:
        counts["value"] = np.bincount(which, value[order][ends] * converts, len(texts))
    table = pd.DataFrame(counts)
    sizes = table["conversions"] + table["nulls"]
    return table.iloc[np.lexsort((table["path"], -sizes))].reset_index(drop=True)


def _path_of_each(codes, number, n):
    """Return a number for each touch that says along which path the journey came to it."""
    starts = np.flatnonzero(np.append(True, number[1:] != number[:-1]))
    lengths = np.diff(np.append(starts, len(codes)))
    path, known = np.zeros(len(codes), np.int64), 0
    here, before = starts, np.full(len(starts), -1)
    while len(here):
        pair = (np.where(before >= 0, path[before], -1) + 1) * n + codes[here]
        found, labels = pd.factorize(pair)
        path[here] = known + found
        known += len(labels)
        longer = lengths > here - starts + 1
        starts, lengths = starts[longer], lengths[longer]
        before, here = here[longer], here[longer] + 1
    return path


def _texts(path, codes, number, channels):
    """Return the distinct paths as text, and which of them each journey took."""
    which, labels = pd.factorize(path)
    starts = np.flatnonzero(np.append(True, number[1:] != number[:-1]))
    ends = np.append(starts[1:], len(codes))
    one = np.zeros(len(labels), int)
    one[which[::-1]] = np.arange(len(which))[::-1]  # the first journey along each path
    texts = [ARROW.join(channels[codes[starts[i] : ends[i]]]) for i in one]
    return texts, which


@dataclass(frozen=True)
class CodedPaths:
    """Paths as numbers: the channels of all paths in one row, and where each path begins.

    Attributes
    ----------
    channels : list of str
        The names, sorted; the codes are places in this list.
    codes : array of int
        The channels of the first path, then those of the second, and so on.
    path : array of int
        To which path each of them belongs.
    starts : array of int
        Where each path begins in `codes`.
    conversions, nulls : arrays of float
        Journeys along each path.
    value : float or None
        The value of all conversions, if it is known.
    """

    channels: list
    codes: np.ndarray
    path: np.ndarray
    starts: np.ndarray
    conversions: np.ndarray
    nulls: np.ndarray
    value: float | None


def coded_paths(paths):
    """Return a table of paths as numbers, or say what is wrong with it."""
    _inputs.need_columns(paths, ["path", "conversions", "nulls"], "paths")
    _inputs.need_rows(paths, "paths", "there is no journey in it")
    (conversions, nulls), _ = _inputs.counts(conversions=paths["conversions"], nulls=paths["nulls"])
    worth = None
    if "value" in paths:
        (value,), _ = _inputs.amounts(value=paths["value"])
        worth = float(value.sum())
    if not conversions.sum() > 0:
        raise ValueError(
            "no journey of paths converted, so there is nothing to share out: give paths with "
            "conversions, and count those without under nulls"
        )
    _inputs.need_one_type(paths["path"], "path")
    texts = paths["path"].to_numpy(object)
    remedy = "a journey has one touch or more: drop these rows"
    _inputs.refuse(paths["path"].isna(), "path is empty", remedy, index=paths.index)
    which, texts = pd.factorize(texts)  # equal paths are counted together
    if not isinstance(texts[0], str):
        raise TypeError(
            f"path is {_inputs.name_of_type(texts[0])}: give text such as 'ads > mail', for "
            "instance from count_paths(journeys)"
        )
    blank = np.array([not text.strip() for text in texts])
    _inputs.refuse(blank[which], "path is empty", remedy, index=paths.index)
    parts = [text.split(">") for text in texts]
    lengths = np.fromiter(map(len, parts), np.int64, len(parts))
    flat = np.array([part for path in parts for part in path], dtype=object)
    codes, names = pd.factorize(flat)
    channels, again = np.unique([name.strip() for name in names], return_inverse=True)
    codes = again[codes]
    starts = np.append(0, np.cumsum(lengths)[:-1])
    path = np.repeat(np.arange(len(parts)), lengths)
    empty = (np.bincount(path, channels[codes] == "", len(parts)) > 0)[which]
    what = "path has a step without a channel"
    remedy = "write the channels with one '>' between two of them, such as 'ads > mail'"
    _inputs.refuse(empty, what, remedy, texts[which], index=paths.index)
    conversions, nulls = (np.bincount(which, n, len(parts)) for n in (conversions, nulls))
    return CodedPaths(channels.tolist(), codes, path, starts, conversions, nulls, worth)
