"""Other tools' exports, one event per line of JSON, as the course's log."""

import gzip
import json
from pathlib import Path

import pandas as pd

from funnelkit import _inputs
from funnelkit.databases.ga4 import GA4_FIELDS, ga4_fields, ga4_log

__all__ = ["read_ga4", "read_mixpanel"]


def read_ga4(paths, *, names=None):
    """Read Google Analytics 4 events, as BigQuery exports them, as a log.

    Parameters
    ----------
    paths : path or list of paths
        Files of one event per line of JSON, ``.gz`` or not. A file of the day that is not over
        has ``intraday`` in its name, as its table has.
    names : dict, optional
        What to call the events, such as ``{"page_view": "visit"}``. All others keep their names.

    Returns
    -------
    DataFrame
        ``user_id``, ``event``, ``timestamp`` (naive UTC, to the microsecond), ``session_id``,
        ``event_date`` (the day in the property's own time zone). ``attrs`` count what was left
        out: ``duplicates``, ``intraday`` (rows of a day that a daily file has too) and
        ``without_user``.

    Notes
    -----
    ``user_id`` is GA4's ``user_pseudo_id``: one browser or one installed app. Without consent it
    is missing, and so is the session. Such rows belong to nobody: as one user called "nan" they
    would convert together, so they are left out and counted.

    ``ga_session_id`` is the second at which a session began, and two people may begin in the same
    one: a session is the pair of user and ``ga_session_id``.

    A duplicate is a row that is the same in every field, ``batch_event_index`` included.

    References
    ----------
    Google, *BigQuery Export schema*, https://support.google.com/analytics/answer/7029846.

    Examples
    --------
    >>> import tempfile
    >>> line = ('{"event_date": "20250101", "event_timestamp": "1735686000123456", '
    ...         '"event_name": "page_view", "user_pseudo_id": "7.8", "event_params": '
    ...         '[{"key": "ga_session_id", "value": {"int_value": "1735686000"}}]}')
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "events_20250101.json"
    ...     size = path.write_text(line)
    ...     log = read_ga4(path, names={"page_view": "visit"})
    >>> log.iloc[0].to_dict()  # doctest: +NORMALIZE_WHITESPACE
    {'user_id': '7.8', 'event': 'visit',
     'timestamp': Timestamp('2024-12-31 23:00:00.123456'),
     'session_id': '7.8/1735686000', 'event_date': Timestamp('2025-01-01 00:00:00')}
    """
    files, names = _files(paths), _names(names)
    rows, seen = [], set()
    for path in files:
        intraday = "intraday" in path.name
        for place, line in _lines(path):
            # A row may well be in both files of its day: that is no repeat.
            key = (intraday, json.dumps(line, sort_keys=True))
            rows.append((*ga4_fields(line, place), intraday, key in seen))
            seen.add(key)
    return ga4_log(pd.DataFrame(rows, columns=GA4_FIELDS), names)


def read_mixpanel(paths, *, names=None, project_timezone=None):
    """Read events in Mixpanel's form, as it imports and exports them, as a log.

    Parameters
    ----------
    paths : path or list of paths
        Files of one event per line of JSON, ``.gz`` or not:
        ``{"event": ..., "properties": {"time": ..., "distinct_id": ..., "$insert_id": ...}}``.
    names : dict, optional
        What to call the events. All others keep their names.
    project_timezone : str, optional
        The project's time zone, such as ``"Europe/Berlin"``, where the export counts its seconds
        by the project's clock, as those of older projects do. Without it times are UTC.

    Returns
    -------
    DataFrame
        ``user_id``, ``event``, ``timestamp`` (naive UTC). ``attrs`` count what was left out:
        ``duplicates`` and ``without_user`` (an empty ``distinct_id``).

    Notes
    -----
    ``time`` counts seconds or milliseconds since 1970; from 100 thousand million on it is
    milliseconds (as seconds that would be the year 5138).

    Rows with the same event, user, time and ``$insert_id`` are one event, of which the last
    counts; an export has them all. Rows without ``$insert_id`` are never duplicates of another.

    A local clock shows one hour twice in autumn. Which one a time is in is not in the export;
    such times are refused, with how many there are.

    References
    ----------
    Mixpanel, *Event Deduplication*, https://docs.mixpanel.com/reference/event-deduplication.md.

    Examples
    --------
    >>> import tempfile
    >>> line = ('{"event": "Signup", "properties": {"time": 1618716477000, '
    ...         '"distinct_id": "u1", "$insert_id": "29fc"}}')
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "events.json"
    ...     size = path.write_text(line)
    ...     log = read_mixpanel(path)
    >>> log.iloc[0].to_dict()
    {'user_id': 'u1', 'event': 'Signup', 'timestamp': Timestamp('2021-04-18 03:27:57')}
    """
    files, names = _files(paths), _names(names)
    rows = [_of_mixpanel(line, place) for path in files for place, line in _lines(path)]
    table = pd.DataFrame(rows, columns=["user_id", "event", "milliseconds", "insert_id"])
    same = ["event", "user_id", "milliseconds", "insert_id"]
    double = table.duplicated(same, keep="last") & table["insert_id"].notna()
    nobody = (table["user_id"] == "") & ~double
    log = table[~double & ~nobody].reset_index(drop=True)
    log["timestamp"] = pd.to_datetime(log["milliseconds"].astype("int64"), unit="ms")
    if project_timezone is not None:
        log["timestamp"] = _to_utc(log["timestamp"], project_timezone)
    log["event"] = log["event"].map(lambda name: names.get(name, name))
    log = log[["user_id", "event", "timestamp"]]
    log.attrs = {"duplicates": int(double.sum()), "without_user": int(nobody.sum())}
    return log


def _of_mixpanel(line, place):
    """Take what the log needs from one event in Mixpanel's form."""
    properties = line.get("properties")
    if not isinstance(line.get("event"), str) or not isinstance(properties, dict):
        raise ValueError(f"{place} has no event and properties: give lines in Mixpanel's form")
    time = properties.get("time")
    if isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time < 1e14:
        raise ValueError(
            f"{place} has time {time!r}: give seconds or milliseconds since 1970, as a number"
        )
    if "distinct_id" not in properties:
        raise ValueError(f"{place} has no distinct_id: add it, empty where nobody is known")
    user = properties["distinct_id"]
    milliseconds = int(time) if time >= 1e11 else round(1000 * time)
    user = "" if user is None else str(user)
    return user, line["event"], milliseconds, properties.get("$insert_id")


def _to_utc(times, zone):
    """Turn times on a local clock into naive UTC."""
    _inputs.need_texts(project_timezone=zone)
    try:
        local = times.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"project_timezone is {zone!r}, which is not known: give a name such as 'Europe/Berlin'"
        ) from None
    unclear = local.isna().to_numpy()
    remedy = "drop these lines from the file, or export in UTC"
    what = f"time lies in an hour that the clock of {zone} shows twice or not at all"
    _inputs.refuse(unclear, what, remedy, times.to_numpy(), unit="events")
    return local.dt.tz_convert("UTC").dt.tz_localize(None)


# ---------------------------------------------------------------- what both need


def _files(paths):
    """Return the paths as a list, all of them files."""
    paths = [paths] if isinstance(paths, str | Path) else paths
    if not isinstance(paths, list | tuple) or not all(isinstance(p, str | Path) for p in paths):
        raise TypeError(f"paths is {_inputs.name_of_type(paths)}: give a path or a list of them")
    if not paths:
        raise ValueError("paths is empty: give at least one file")
    paths = [Path(path) for path in paths]
    for path in paths:
        if not path.is_file():
            raise ValueError(f"there is no file {str(path)!r}: give the path of an export")
    return paths


def _names(names):
    if names is None:
        return {}
    if not isinstance(names, dict) or not all(isinstance(v, str) for v in names.values()):
        raise TypeError("names is not a dictionary of texts: give {'page_view': 'visit'}")
    return names


def _lines(path):
    """Yield where each line of a file stands, and the JSON object in it."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            place = f"line {number} of {path.name}"
            try:
                found = json.loads(line)
            except json.JSONDecodeError:
                found = None
            if not isinstance(found, dict):
                raise ValueError(
                    f"{place} is not a JSON object: give one event per line, as the tool exports it"
                )
            yield place, found
