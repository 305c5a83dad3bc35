"""Google Analytics 4: what a row of its export says, and the log made of such rows.

`read_ga4` takes whole files by it, and `ingest.to_log` the tables that `ingest.read` makes of one.
"""

import re

import pandas as pd

__all__ = ["GA4_FIELDS", "ga4_fields", "ga4_log", "is_microseconds"]

GA4_FIELDS = ["user_id", "event", "microseconds", "session_id", "event_date", "intraday", "again"]
"""What `ga4_log` is given: the last two are whether the file is intraday, and the row a repeat."""


def is_microseconds(value):
    """Tell whether a value is a time as GA4 exports it: whole microseconds since 1970."""
    return re.fullmatch(r"\d+", str(value)) is not None


def ga4_fields(line, place):
    """Take what the log needs from one row of GA4's export: the first five of `GA4_FIELDS`."""
    for field in ("event_date", "event_timestamp", "event_name"):
        if not isinstance(line.get(field), str | int) or isinstance(line[field], bool):
            raise ValueError(
                f"{place} has no {field}: give rows as BigQuery exports the tables events_..."
            )
    if not is_microseconds(line["event_timestamp"]):
        raise ValueError(
            f"{place} has event_timestamp {line['event_timestamp']!r}: give whole microseconds "
            "since 1970, as the export has them"
        )
    if not re.fullmatch(r"\d{8}", str(line["event_date"])):
        raise ValueError(
            f"{place} has event_date {line['event_date']!r}: give the day as YYYYMMDD, as the "
            "export has it"
        )
    user = line.get("user_pseudo_id") or None
    session = None
    for parameter in line.get("event_params") or []:
        if parameter.get("key") == "ga_session_id":
            value = parameter.get("value") or {}
            session = value.get("int_value") or value.get("string_value")
    whole = f"{user}/{session}" if user and session else None
    return user, str(line["event_name"]), line["event_timestamp"], whole, str(line["event_date"])


def ga4_log(rows, names):
    """Make the log of rows with `GA4_FIELDS`: what is there once, and somebody's."""
    once = rows[~rows["again"].astype(bool)]
    intraday = once["intraday"].astype(bool)
    doubled = intraday & once["event_date"].isin(set(once.loc[~intraday, "event_date"]))
    nobody = once["user_id"].isna() & ~doubled
    log = once[~doubled & ~nobody].reset_index(drop=True)
    log["timestamp"] = pd.to_datetime(log["microseconds"].astype("int64"), unit="us")
    log["event_date"] = pd.to_datetime(log["event_date"], format="%Y%m%d")
    log["event"] = log["event"].map(lambda name: names.get(name, name))
    log = log[["user_id", "event", "timestamp", "session_id", "event_date"]]
    log.attrs = {
        "duplicates": len(rows) - len(once),
        "intraday": int(doubled.sum()),
        "without_user": int(nobody.sum()),
    }
    return log
