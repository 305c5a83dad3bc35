"""A log too large to be read value by value: counted by a database, as far as the funnel needs it.

DuckDB reads the file in parallel and in bounded memory; out of it come whole numbers only.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.ingest.columns import find_column, need_mapping
from funnelkit.ingest.files import decode, find_separator
from funnelkit.ingest.logs import finished_attrs, local_times, need_steps
from funnelkit.ingest.personal import shown
from funnelkit.ingest.times import needs_no_question

__all__ = ["is_plain", "read_large_log"]

HEAD = 2**20  # bytes by which a file's form is recognised; every row is then held to it
MEMORY = "700MB"


def _head(path):
    """Return the first rows of a file as text, or None if it is not plain UTF-8."""
    with Path(path).open("rb") as file:
        raw = file.read(HEAD)
    raw = raw[: raw.rfind(b"\n") + 1]
    try:
        text, notes = decode(raw, Path(path).name)
    except ValueError:
        return None
    plain = not notes or "utf-8" in notes[0][1][:5]
    return text if plain and raw[:2] != b"\x1f\x8b" and text[:1] not in "{" else None


def _sample(path):
    """Return the sign between the columns and the first rows, or None if the form is not plain."""
    if set(str(path)) & set("*?["):  # which DuckDB would take for a pattern
        return None
    text = _head(path)
    if not text or text.lower().startswith(("sep=", '"sep=')):
        return None
    try:
        sign = find_separator(text, Path(path).name, [])
    except ValueError:
        return None
    lines = text.splitlines()[:2001]
    heading, *rows = [line.split(sign) for line in lines]
    even = {len(row) for row in rows} == {len(heading)}
    if '"' in lines[0] or not even or len(set(heading)) < len(heading):
        return None
    return sign, pd.DataFrame(rows, columns=heading).replace("", pd.NA)


def is_plain(path, *, mapping=None):
    """Say whether a file is a plain log: UTF-8, names in the first line, ISO times without zone.

    Parameters
    ----------
    path : str or Path
        The file.
    mapping : mapping of str to str, optional
        As in `to_log`; with roles only.

    Returns
    -------
    bool
    """
    mapping = need_mapping(mapping)
    if set(mapping) - {"user", "event", "time"}:
        return False
    sampled = _sample(path)
    if sampled is None:
        return False
    try:
        columns = [find_column(sampled[1], r, mapping=mapping) for r in ("user", "event", "time")]
    except ValueError:
        return False
    return needs_no_question(sampled[1][columns[2]].str.strip('" ').dropna())


def read_large_log(path, steps, *, mapping=None, zone=None, until=None):
    """Read the events of a funnel from a plain log of any size, as `to_log` would make it.

    Parameters
    ----------
    path : str or Path
        A file of which `is_plain` is true.
    steps : list of str
        The steps, first step first. Other events are counted and not kept.
    mapping, zone, until : optional
        As in `to_log`.

    Returns
    -------
    DataFrame
        As `to_log` returns it, with the events of the steps only. `user_id` is a hash of 63 bits:
        of ten million users the chance that any two have the same is one in 180,000.
    """
    import duckdb

    mapping = need_mapping(mapping)
    sign, sample = _sample(path)
    columns = [find_column(sample, role, mapping=mapping) for role in ("user", "event", "time")]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as base:
        base.execute(f"SET memory_limit = '{MEMORY}'")
        base.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
        base.execute("SET temp_directory = ?", [folder])
        try:
            _fill(base, path, sign, columns, steps)
        except duckdb.Error as error:
            what = str(error).partition("\n")[0]
            raise ValueError(
                f"{Path(path).name} cannot be read to its end ({what}): correct the line, or "
                "export the file again"
            ) from None
        return _made(base, columns, steps, zone, until)


_FILL = """
CREATE TABLE log AS
SELECT (hash(CASE WHEN contains(u, '@') THEN lower(trim(u)) ELSE trim(u) END) >> 1)::BIGINT AS who,
       list_position($steps, trim(e))::UTINYINT AS step,
       epoch_us(try_cast(t AS TIMESTAMP)) AS moment,
       u IS NULL OR e IS NULL OR t IS NULL AS gap, u IS NULL AS no_user, e IS NULL AS no_event,
       t IS NULL AS no_time, CASE WHEN t IS NOT NULL AND try_cast(t AS TIMESTAMP) IS NULL THEN t END
       AS unread
FROM (SELECT {columns} FROM read_csv($path, delim=$sign, header=true, all_varchar=true, quote='"',
      escape='"', nullstr='', parallel=true))
"""


def _fill(base, path, sign, columns, steps):
    names = ", ".join(
        'nullif(trim("' + column.replace('"', '""') + f"\"), '') AS {short}"
        for column, short in zip(columns, "uet", strict=True)
    )
    given = {"steps": list(steps), "path": str(path), "sign": sign}
    base.execute(_FILL.format(columns=names), given)


def _made(base, columns, steps, zone, until):
    """Make the log of what the database holds, after what is wrong with it."""
    counted = base.execute(
        "SELECT count(*), count_if(no_user), count_if(no_event), count_if(no_time), count_if(gap),"
        " count(unread), min(unread), count(DISTINCT step) FROM log"
    ).fetchone()
    rows, *missing, gaps, unread, first, reached = counted
    if unread:
        raise ValueError(
            f"column {columns[2]!r} is not a date or time in {unread:,} of {rows:,} rows (one of "
            f"them: {shown(first)}): correct it, or map another column"
        )
    if reached < len(set(steps)):
        names = base.execute("SELECT DISTINCT step FROM log WHERE step > 0").fetchnumpy()["step"]
        seen = pd.Series([steps[int(i) - 1] for i in names], dtype="str")
        need_steps(steps, seen, columns[1])
    kept = base.execute("SELECT DISTINCT who, step, moment FROM log WHERE step > 0 AND NOT gap")
    kept = kept.fetchnumpy()
    n = base.execute("SELECT count(*) FROM log WHERE step > 0 AND NOT gap").fetchone()[0]
    log = pd.DataFrame(
        {"user_id": kept.pop("who"), "step": kept.pop("step"), "moment": kept.pop("moment")}
    )
    log["event"] = pd.Categorical.from_codes(log.pop("step").astype("int8") - 1, list(steps))
    log["timestamp"] = log.pop("moment").to_numpy().view("datetime64[us]")
    said = "year, month, day; no time zone in the file, taken as written"
    if zone is not None:
        clock = log["timestamp"].dt.tz_localize(
            zone, ambiguous=np.ones(len(log), bool), nonexistent="shift_forward"
        )
        log["timestamp"] = clock.dt.tz_convert("UTC").dt.tz_localize(None)
        said = f"year, month, day; taken as times of {zone}"
    log["local"] = local_times(log["timestamp"], zone)
    repeats = n - len(log)
    left = {"rows without who, what or when": gaps, "exact repeats": repeats}
    if until is not None:
        late = log["local"] > _inputs.end_of_data("until", until)
        left["events after the end of the data"] = int(late.sum())
        log = log[~late].reset_index(drop=True)
    faults = {f"{c} missing": ("missing", x) for c, x in zip(columns, missing, strict=True) if x}
    faults["exact repeat"] = ("duplicate", repeats)
    notes = [
        ("size", f"{rows:,} rows, read by DuckDB; events that are no step were left out"),
        (f"who: {columns[0]!r}", "kept as numbers; none is printed"),
        (f"when: {columns[2]!r}", said),
    ]
    log.attrs = finished_attrs(steps, zone, notes, faults, left, rows)
    return log
