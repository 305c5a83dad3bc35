"""Every remedy that a message of the package names, followed, ends with the right result.

A table: a bad input, the function that refuses it, words of the message that name the remedy, the
remedy as code, and what has to come out. A remedy that made things worse, such as `.astype(bool)`
for a column of "Yes" and "No", would fail here.
"""

import datetime

import numpy as np
import pandas as pd
import pytest

from funnelkit import _inputs, quality, schemas, segments

UTC = "2026-06-30T22:30:00Z"


def table_of(**columns):
    return pd.DataFrame(columns)


def same(found, right):
    """Say whether two results are the same, missing values and types of columns apart."""
    if isinstance(right, pd.DataFrame):
        pd.testing.assert_frame_equal(found, right, check_dtype=False)
        return True
    if isinstance(found, pd.DataFrame):
        found = found.to_numpy()
    found, right = pd.Series(found).reset_index(drop=True), pd.Series(right)
    return len(found) == len(right) and all(
        (pd.isna(a) and pd.isna(b)) or a == b for a, b in zip(found, right, strict=True)
    )


# ---------------------------------------------------------------- the guards


def column_of(guard, **options):
    """Return a call of a guard of one column, as the functions of the package make it."""
    return lambda table: guard(table["x"], "x", **options)


def same_index(pair):
    _inputs.aligned(one=pair[0], other=pair[1])
    return pair[1].tolist()


def whole_or_part(pair):
    return _inputs.part_of(
        "leave the empty ones out", "count each once", converted=pair[0], visitors=pair[1]
    )[1]


DAYS = [pd.Timestamp("2026-04-03"), pd.Timestamp("2026-04-13")]
LATE = pd.Timestamp("2026-06-30 22:30")

WEEK = pd.Series([3.0, 5, 4, 6, 5, 7, 8], pd.date_range("2026-06-01", periods=7))


def on_calendar(series):
    return _inputs.on_calendar("visits", series).tolist()


def evenly_spaced(index):
    return [_inputs.need_evenly_spaced("visits", index).freqstr]


GUARDS = {
    "a series with a day left out": (
        WEEK.drop(WEEK.index[2]), on_calendar,
        r"lacks 1 dates .*first: 2026-06-03\): add them, visits.asfreq\('D'\), and fill",
        lambda v: v.asfreq("D").fillna(0), [3, 5, 0, 6, 5, 7, 8],
    ),
    "a series with a day twice, to be added": (
        pd.concat([WEEK, WEEK.iloc[[1]]]).sort_index(), on_calendar,
        r"visits.groupby\(level=0\).sum\(\)",
        lambda v: v.groupby(level=0).sum(), [3, 10, 4, 6, 5, 7, 8],
    ),
    "a series with a day twice, one of each": (
        pd.concat([WEEK, WEEK.iloc[[1]]]).sort_index(), on_calendar,
        r"visits\[~visits.index.duplicated\(\)\]",
        lambda v: v[~v.index.duplicated()], WEEK.tolist(),
    ),
    "a series with a missing number": (
        WEEK.where(WEEK != 4), on_calendar, "fill each with what is true, 0 where nothing",
        lambda v: v.fillna(0), [3, 5, 0, 6, 5, 7, 8],
    ),
    "a series backwards": (
        WEEK.iloc[::-1], on_calendar, r"sort it, visits.sort_index\(\)",
        lambda v: v.sort_index(), WEEK.tolist(),
    ),
    "a series with a time zone": (
        WEEK.tz_localize("UTC"), on_calendar, "make it naive",
        lambda v: v.set_axis(v.index.tz_convert("UTC").tz_localize(None)), WEEK.tolist(),
    ),
    "a list for a series": (
        [3, 5], on_calendar, "give a Series with one number per date",
        lambda v: pd.Series(v, WEEK.index[:2]), [3, 5],
    ),
    "a series of one day": (
        WEEK.iloc[:1], on_calendar, "give at least 2", lambda v: WEEK.iloc[:2], [3, 5],
    ),
    "an index of texts": (
        WEEK.index.strftime("%Y-%m-%d"), evenly_spaced, r"made by pd.to_datetime\(...\)",
        pd.to_datetime, ["D"],
    ),
    "an index of uneven times": (
        WEEK.index[[0, 1, 2]].append(WEEK.index[[3]] - pd.Timedelta("2h")), evenly_spaced,
        r"count per day, week or month, such as table.resample\('D'\).sum\(\)",
        lambda v: pd.Series(1, v).resample("D").sum().asfreq("D").index, ["D"],
    ),
    "an option written wrongly": (
        "loose_", lambda v: _inputs.one_of("order", v, ("loose", "strict")),
        "did you mean 'loose'", lambda v: "loose", ["loose"],
    ),
    "an option of no kind": (
        1, lambda v: _inputs.one_of("order", v, ("loose", "strict")),
        "give one of 'loose', 'strict'", lambda v: "strict", ["strict"],
    ),
    "a name that is not known": (
        "vist", lambda v: _inputs.need_known(v, ["visit", "lead"], "event"),
        "did you mean 'visit'", lambda v: "visit", [None],
    ),
    "a title that is a number": (
        2026, lambda v: [_inputs.need_texts(title=v) or v], "title is an int: give text",
        lambda v: str(v), ["2026"],
    ),
    "a word for a switch": (
        "no", lambda v: [_inputs.need_flags(step_rates=v) or v], "give True or False",
        lambda v: False, [False],
    ),
    "amounts beyond all numbers": (
        [1e308, 1e308], lambda v: _inputs.computable("the total", np.array([np.sum(v)])),
        "check their units", lambda v: [x / 1e306 for x in v], [200.0],
    ),
    "one value for two rows": (
        [1.0], lambda v: _inputs.dress(pd.Index([1, 2]))(np.array(v)),
        "give as many of one as of the other", lambda v: v * 2, [1.0, 1.0],
    ),
    "a day after the data end": (
        pd.Series(pd.to_datetime(["2026-06-30", "2026-07-02"])),
        lambda v: _inputs.not_after("ended", v, LATE, "leave these rows out") or v.dt.day.tolist(),
        "leave these rows out", lambda v: v[v <= LATE], [30],
    ),
    "the number 1 as text": (
        "1", lambda v: _inputs.need_known(v, [0, 1], "action"),
        "did you mean 1\\?", lambda v: 1, [None],
    ),
    "a number out of range": (
        -1, lambda v: _inputs.number("cost", v, at_least=0),
        "give a number of 0 or more", lambda v: 1, [1.0],
    ),
    "a fraction where a whole number is due": (
        2.0, lambda v: _inputs.whole("bins", v, at_least=2, at_most=9),
        "give a whole number of at least 2 and at most 9", int, [2],
    ),
    "text for a switch": (
        "no", lambda v: _inputs.switch("scale", v),
        "give True or False", lambda v: False, [False],
    ),
    "a seed below 0": (
        -1, lambda v: _inputs.random_generator(v).integers(10, size=3).tolist(),
        "give a whole number of at least 0", lambda v: 0,
        np.random.default_rng(0).integers(10, size=3).tolist(),
    ),
    "text for a function": (
        "mean",
        lambda v: [_inputs.need_callable("statistic", v)([1, 3])],
        "give a function",
        lambda v: np.mean,
        [2.0],
    ),
    "a confidence in percent": (
        95, lambda v: round(_inputs.confidence_quantile(v), 2),
        "a fraction between 0 and 1, such as 0.95", lambda v: v / 100, [1.96],
    ),
    "a duration without a unit": (
        "7", lambda v: _inputs.duration("window", v),
        "with its unit, such as '7D'", lambda v: v + "D", [pd.Timedelta(days=7)],
    ),
    "a duration of no unit": (
        "7 whatever", lambda v: _inputs.duration("window", v),
        "with its unit, such as '7D'", lambda v: "7D", [pd.Timedelta(days=7)],
    ),
    "a multiple of a period": (
        "7D", lambda v: _inputs.frequency("freq", v),
        "give 'D', 'W', 'M'", lambda v: "W", ["W-SUN"],
    ),
    "a date with the day first": (
        "12.03.2026", lambda v: _inputs.moment("observed_until", v),
        "year first", lambda v: "2026-03-12", [pd.Timestamp(2026, 3, 12)],
    ),
    "a date that cannot be": (
        "2026-02-30", lambda v: _inputs.moment("observed_until", v),
        "give a date such as '2026-06-30'", lambda v: "2026-02-28", [pd.Timestamp(2026, 2, 28)],
    ),
    "a missing date": (
        None, lambda v: _inputs.end_of_data("observed_until", v),
        "give a date such as '2026-06-30'", lambda v: "2026-06-30",
        [pd.Timestamp("2026-06-30 23:59:59.999999999")],
    ),
    "a moment with a zone, as text": (
        UTC, lambda v: _inputs.moment("observed_until", v),
        r"give pd.Timestamp\(...\).tz_convert\('UTC'\).tz_localize\(None\)",
        lambda v: pd.Timestamp(v).tz_convert("UTC").tz_localize(None), [LATE],
    ),
    "a moment with another zone": (
        pd.Timestamp(UTC).tz_convert("Europe/Berlin"),
        lambda v: _inputs.moment("observed_until", v),
        r"give pd.Timestamp\(...\).tz_convert\('UTC'\).tz_localize\(None\)",
        lambda v: pd.Timestamp(v).tz_convert("UTC").tz_localize(None), [LATE],
    ),
    "a dictionary for a table": (
        {"x": [1, 2]}, lambda v: _inputs.need_table(v)["x"].tolist(),
        "give a DataFrame", pd.DataFrame, [1, 2],
    ),
    "a column written wrongly": (
        table_of(Amount=[1]), lambda v: _inputs.need_columns(v, ["amount"])["amount"].tolist(),
        "did you mean 'Amount'", lambda v: v.rename(columns={"Amount": "amount"}), [1],
    ),
    "two columns of one name": (
        pd.concat([table_of(x=[1]), table_of(x=[2])], axis=1),
        lambda v: _inputs.need_columns(v, ["x"])["x"].tolist(),
        r"table.loc\[:, ~table.columns.duplicated\(\)\]",
        lambda table: table.loc[:, ~table.columns.duplicated()], [1],
    ),
    "a set of columns": (
        {"x", "y"}, lambda v: _inputs.names("columns", v),
        "the name of a column or a list of them", lambda v: ["x", "y"], ["x", "y"],
    ),
    "a set of values": (
        {1, 2}, lambda v: _inputs.as_series(v, "labels").tolist(),
        "has no order: give a list", lambda v: [1, 2], [1, 2],
    ),
    "a table for a column": (
        table_of(x=[1]), lambda v: _inputs.as_series(v, "labels").tolist(),
        "give one of its columns", lambda v: v["x"], [1],
    ),
    "lists in a column": (
        table_of(x=[["a", "b"], ["c"]]), column_of(_inputs.ids),
        r"table.explode\(...\) makes rows of them", lambda table: table.explode("x"),
        ["a", "b", "c"],
    ),
    "an id that is missing": (
        table_of(x=["a", None]), column_of(_inputs.ids),
        "drop these rows", lambda table: table.dropna(subset=["x"]), ["a"],
    ),
    "an id that is blank": (
        table_of(x=["a", " "]), column_of(_inputs.ids),
        "drop these rows", lambda table: table[table["x"].str.strip() != ""], ["a"],
    ),
    "ids of two types": (
        table_of(x=[8887, "8887", "12"]), column_of(_inputs.ids),
        r"table\['x'\].astype\(str\)", lambda table: table.assign(x=table["x"].astype(str)),
        ["8887", "8887", "12"],
    ),
    "a column of times with a zone": (
        table_of(x=pd.to_datetime([UTC]).tz_convert("Europe/Berlin")), column_of(_inputs.times),
        r"pd.to_datetime\(table\['x'\], utc=True\).dt.tz_localize\(None\)",
        lambda t: t.assign(x=pd.to_datetime(t["x"], utc=True).dt.tz_localize(None)), [LATE],
    ),
    "texts of times with a zone": (
        table_of(x=[UTC]), column_of(_inputs.times),
        r"pd.to_datetime\(table\['x'\], utc=True\).dt.tz_localize\(None\)",
        lambda t: t.assign(x=pd.to_datetime(t["x"], utc=True).dt.tz_localize(None)), [LATE],
    ),
    "texts of times in several zones": (
        table_of(x=["2026-03-01T10:00+01:00", "2026-07-01T10:00+02:00"]),
        column_of(_inputs.times),
        r"pd.to_datetime\(table\['x'\], utc=True\).dt.tz_localize\(None\)",
        lambda t: t.assign(x=pd.to_datetime(t["x"], utc=True).dt.tz_localize(None)),
        [pd.Timestamp("2026-03-01 09:00"), pd.Timestamp("2026-07-01 08:00")],
    ),
    "days and months in a column": (
        table_of(x=["03/04/2026", "13/04/2026"]), column_of(_inputs.times),
        r"pd.to_datetime\(..., format='%d/%m/%Y'\) for day, month, year",
        lambda t: t.assign(x=pd.to_datetime(t["x"], format="%d/%m/%Y")), DAYS,
    ),
    "seconds for times": (
        table_of(x=[1782858600]), column_of(_inputs.times),
        r"pd.to_datetime\(table\['x'\], unit='s'\)",
        lambda t: t.assign(x=pd.to_datetime(t["x"], unit="s")), [LATE],
    ),
    "a time that is missing": (
        table_of(x=[DAYS[0], pd.NaT]), column_of(_inputs.times),
        r"table.dropna\(subset=\['x'\]\)", lambda t: t.dropna(subset=["x"]), DAYS[:1],
    ),
    "words for true and false": (
        table_of(x=["Yes", "No", "false", "0", ""]), column_of(_inputs.booleans),
        "map each word, column.map.*and decide on every other word",
        lambda t: (
            t.assign(x=t["x"].map({"Yes": True, "No": False, "false": False, "0": False}))
            .dropna(subset=["x"])
        ),
        [True, False, False, False],
    ),
    "numbers for true and false": (
        table_of(x=[1, 0, 2]), column_of(_inputs.booleans),
        "say what makes it true, for instance column > 0", lambda t: t.assign(x=t["x"] > 0),
        [True, False, True],
    ),
    "true, false and a gap": (
        table_of(x=[True, None, False]), column_of(_inputs.booleans),
        "leave these rows out where it is not known", lambda t: t.dropna(subset=["x"]),
        [True, False],
    ),
    "a group that is missing": (
        table_of(x=["a", None]), column_of(_inputs.group_labels),
        "leave it out", lambda t: t.dropna(subset=["x"]), ["a"],
    ),
    "too few groups": (
        ["a"], lambda v: _inputs.group_labels(v, "labels", 2).tolist(),
        "give one per row", lambda v: ["a", "b"], ["a", "b"],
    ),
    "two Series in different order": (
        (pd.Series([1, 2], index=["a", "b"]), pd.Series([20, 10], index=["b", "a"])), same_index,
        r"other.reindex\(one.index\)", lambda pair: (pair[0], pair[1].reindex(pair[0].index)),
        [10, 20],
    ),
    "columns of different lengths": (
        ([1, 2], [1]), lambda v: _inputs.need_same_length(score=v[0], outcome=v[1]),
        "give one of each for all rows", lambda v: (v[0], [1, 0]), [None],
    ),
    "money as text": (
        table_of(x=["€12.300,00", "€7,50"]), lambda t: _inputs.numbers("x", t["x"]),
        r"remove currency signs and thousands separators, then pd.to_numeric",
        lambda t: t.assign(x=pd.to_numeric(
            t["x"].str.replace(r"[€.]", "", regex=True).str.replace(",", "."))),
        [12300.0, 7.5],
    ),
    "booleans for counts": (
        pd.Series([True, False, True]), lambda v: _inputs.numbers("converted", v),
        r"give the count, its .sum\(\)", lambda v: v.sum(), [2.0],
    ),
    "a number that is missing": (
        pd.Series([1.0, None]), lambda v: _inputs.numbers("amount", v),
        "fill or leave it out", lambda v: v.dropna(), [1.0],
    ),
    "a number that is infinite": (
        pd.Series([1.0, np.inf]), lambda v: _inputs.finite("amount", v),
        "leave it out", lambda v: v[np.isfinite(v)], [1.0],
    ),
    "a number too large": (
        [10**400, 1], lambda v: _inputs.numbers("amount", v),
        "too large to compute with: leave it out", lambda v: v[1:], [1.0],
    ),
    "lists of numbers": (
        [[1], [2, 3]], lambda v: _inputs.numbers("amount", v),
        "give one number per row", lambda v: [x for row in v for x in row], [1.0, 2.0, 3.0],
    ),
    "a share in percent": (
        80, lambda v: _inputs.shares("retention", v),
        "give a fraction: 0.8 for 80 %", lambda v: v / 100, [0.8],
    ),
    "a rate for a count": (
        0.2, lambda v: _inputs.count("converted", v),
        "give counts, not rates", lambda v: v * 100, [20.0],
    ),
    "a part greater than its whole": (
        ([3], [2]), whole_or_part, "count each once", lambda v: ([2], [2]), [2],
    ),
    "a whole of 0": (
        ([0, 1], [0, 2]), whole_or_part, "leave the empty ones out",
        lambda v: (v[0][1:], v[1][1:]), [2],
    ),
    "probabilities of both classes for a score": (
        np.array([[0.8, 0.2], [0.3, 0.7]]),
        lambda v: _inputs.scores("score", v),
        r"give one number per lead, such as model.predict_proba\(leads\)\[:, 1\]",
        lambda v: v[:, 1],
        [0.2, 0.7],
    ),
    "rows of weight 0": (
        pd.Series([2.0, 0.0]),
        lambda v: _inputs.weights_of(v, len(v)),
        "leave out the rows that stand for nothing",
        lambda v: v[v > 0],
        [2.0],
    ),
    "a list for one amount": (
        [60, 61], lambda v: _inputs.amount("cost", v), "give one number", lambda v: v[0], [60.0],
    ),
    "more amounts than of the other": (
        ([1, 2], [1, 2, 3]), lambda v: _inputs.amounts(cost=v[0], revenue=v[1])[0][0],
        "give as many of one as of the other", lambda v: (v[0], v[1][:2]), [1.0, 2.0],
    ),
}  # fmt: skip

# ---------------------------------------------------------------- the agreed schema


def agreed(kind, **options):
    """Return a check of one column, x, which gives its values if they are as agreed."""
    column = schemas.Column("x", kind, "as agreed", **options)
    return lambda table: quality.check_schema(table, [column])["x"]


EXPORT = table_of(x=["Yes", "No", "false", "0", ""])
WORDS = {"Yes": True, "No": False, "false": False, "0": False}


def with_commas(table):
    plain = table["x"].str.replace(r"[€.]", "", regex=True).str.replace(",", ".")
    return table.assign(x=pd.to_numeric(plain))


SCHEMAS = {
    "consent in words, the gap left out": (
        EXPORT, agreed("flag"), "Map each value.*decide on every other one, leave gaps missing",
        lambda t: t.assign(x=t["x"].map(WORDS)).dropna().astype({"x": bool}),
        [True, False, False, False],
    ),
    "consent in words, where a gap is allowed": (
        EXPORT, agreed("flag", missing="not asked"), "leave gaps missing",
        lambda t: t.assign(x=t["x"].map(WORDS)), [True, False, False, False, None],
    ),
    "consent as numbers": (
        table_of(x=[1.0, 0.0, None]), agreed("flag", missing="not asked"),
        r"Map each value, .map\(\{1: True, 0: False\}\)",
        lambda t: t.assign(x=t["x"].map({1: True, 0: False})), [True, False, None],
    ),
    "consent as objects": (
        table_of(x=pd.Series([True, False], dtype=object)), agreed("flag"),
        r"Convert it with .astype\('bool'\)", lambda t: t.astype({"x": bool}), [True, False],
    ),
    "days and months": (
        table_of(x=["03/04/2026", "13/04/2026"]), agreed("date"),
        r"pd.to_datetime\(..., format='%d/%m/%Y'\) for day, month, year",
        lambda t: t.assign(x=pd.to_datetime(t["x"], format="%d/%m/%Y")), DAYS,
    ),
    "days as objects": (
        table_of(x=[datetime.date(2026, 4, 3), datetime.date(2026, 4, 13)]), agreed("date"),
        r"pd.to_datetime\(", lambda t: t.assign(x=pd.to_datetime(t["x"])), DAYS,
    ),
    "seconds": (
        table_of(x=[1782858600]), agreed("time"), r"pd.to_datetime\(..., unit='s'\)",
        lambda t: t.assign(x=pd.to_datetime(t["x"], unit="s")), [LATE],
    ),
    "times with a zone": (
        table_of(x=pd.to_datetime([UTC]).tz_convert("Europe/Berlin")), agreed("time"),
        r"Make it naive UTC, .dt.tz_convert\('UTC'\).dt.tz_localize\(None\)",
        lambda t: t.assign(x=t["x"].dt.tz_convert("UTC").dt.tz_localize(None)), [LATE],
    ),
    "money with currency and commas": (
        table_of(x=["€12.300,00", "€7,50"]), agreed("number"),
        "Remove currency signs and thousands separators, write the decimal sign as a point",
        with_commas, [12300.0, 7.5],
    ),
    "whole numbers where decimals are agreed": (
        table_of(x=[1, 2]), agreed("number"), r"Convert it with .astype\('float64'\)",
        lambda t: t.astype({"x": "float64"}), [1.0, 2.0],
    ),
    "decimals where whole numbers are agreed": (
        table_of(x=[1.0, 2.0]), agreed("whole"), r"Convert it with .astype\('int64'\)",
        lambda t: t.astype({"x": "int64"}), [1, 2],
    ),
    "halves where whole numbers are agreed": (
        table_of(x=[1.0, 2.5]), agreed("whole"), "not whole: ask what they count",
        lambda t: t.assign(x=[2, 5]), [2, 5],
    ),
    "numbers where text is agreed": (
        table_of(x=[1234]), agreed("text"), "dtype=str.*lost leading zeros",
        lambda t: table_of(x=["01234"]), ["01234"],
    ),
    "text as objects": (
        table_of(x=pd.Series(["a", None], dtype=object)), agreed("text", missing="not asked"),
        r"Convert it with .astype\('str'\)", lambda t: t.astype({"x": "str"}), ["a", None],
    ),
    "a gap where none may be": (
        table_of(x=[1.0, None]), agreed("number"), "leave these rows out",
        lambda t: t.dropna(), [1.0],
    ),
    "repeats": (
        table_of(x=["a", "b", "b"]), agreed("text", unique=True), "keep one of each",
        lambda t: t.drop_duplicates("x"), ["a", "b"],
    ),
    "values that cannot be": (
        table_of(x=[31.0, 310.0]), agreed("number", allowed=(14, 110)), "or leave them out",
        lambda t: t[t["x"].between(14, 110)], [31.0],
    ),
    "a column that was not agreed": (
        table_of(x=[1.0], y=[2.0]), agreed("number"), "Leave it out", lambda t: t[["x"]], [1.0],
    ),
    "a column that is called otherwise": (
        table_of(X=[1.0]), agreed("number"), "rename the one that holds it",
        lambda t: t.rename(columns={"X": "x"}), [1.0],
    ),
}  # fmt: skip

# ---------------------------------------------------------------- quality and segments

OLD = ("old", "impossible")
ORDERS = table_of(
    customer_id=["ann", "ann", "ben"],
    date=["2026-06-01", "2026-06-20", "2026-03-01"],
    amount=[80.0, -30.0, 300.0],
)


def spent(orders):
    table = segments.rfm_scores(orders, observed_until="2026-06-30")
    return table["spent"].tolist()


def net_of_refunds(orders):
    """Subtract each refund from the order before it, as the message says."""
    return orders.assign(amount=[50.0, 0.0, 300.0]).iloc[[0, 2]]


def planned(plan):
    leads = table_of(
        segment=["a", "a", "b", "b"], offer=[0, 1, 0, 1], converted=[False, True, True, False]
    )
    return [segments.plan_value(leads, plan)]


FUNCTIONS = {
    "a rule that compares text with numbers": (
        table_of(age=["31", "310"]),
        lambda t: quality.Rule(*OLD, lambda t: t["age"] > 110).rows(t),
        "convert first what it compares, for instance with pd.to_numeric",
        lambda t: t.assign(age=pd.to_numeric(t["age"])), [False, True],
    ),
    "a rule with a column that is not there": (
        table_of(age=[31, 310]), lambda t: quality.Rule(*OLD, lambda t: t.years > 110).rows(t),
        "needs the column 'years'.*there are age", lambda t: t.rename(columns={"age": "years"}),
        [False, True],
    ),
    "a fault named twice": (
        ["old", "old"],
        lambda names: quality.report(
            table_of(age=[310]),
            [quality.Rule(name, OLD[1], lambda t: t["age"] > 110) for name in names],
        )["rows"],
        "give each rule its own name", lambda names: ["old", "older"], [0, 1, 1],
    ),
    "a placeholder that joins strangers": (
        dict(max_records=2),
        lambda options: quality.resolve_identities(
            table_of(mail=["test@test.com"] * 3 + ["a@x"] * 2), [["mail"]], **options
        ),
        "add it to placeholders",
        lambda o: {**o, "placeholders": [*quality.PLACEHOLDERS, "test@test.com"]}, [0, 1, 2, 3, 3],
    ),
    "a decision without a time": (
        table_of(decided=[DAYS[0], pd.NaT], paid_at=[DAYS[1], DAYS[1]]),
        lambda t: quality.known_too_late(t, "paid_at", decided="decided")["too_late"],
        "leave these rows out", lambda t: t.dropna(subset=["decided"]), [1],
    ),
    "outcomes that are not known yet": (
        table_of(score=[3, 2, 2, 1, 9], outcome=[True, True, False, False, None]),
        lambda t: [quality.auc_either_way(t["score"], t["outcome"])],
        "leave these rows out, or wait for the outcome", lambda t: t.dropna(), [0.875],
    ),
    "telephone numbers as numbers": (
        pd.Series([601123456]),
        lambda v: quality.pseudonyms(v, b"sixteen bytes or more"),
        "turn them into texts first", lambda v: v.astype(str),
        quality.pseudonyms(pd.Series(["601123456"]), b"sixteen bytes or more").tolist(),
    ),
    "refunds among the orders": (
        ORDERS, spent, "subtract a refund from the order that it belongs to", net_of_refunds,
        [50.0, 300.0],
    ),
    "an action named as text": (
        "1", planned, "did you mean 1", int, [0.5],
    ),
    "a segment without an action": (
        {"a": 1}, planned, "give it an action", lambda plan: {**plan, "b": 0}, [1.0],
    ),
    "the logarithm of 0": (
        pd.Series([-np.inf, 0.0, 1.0]),
        lambda v: segments.k_means(v.to_frame("x"), 2).predict(v.to_frame("x")),
        "Look at these rows", lambda v: v[np.isfinite(v)], [0, 1],
    ),
    "names of columns of two types": (
        pd.DataFrame({"x": [0.0, 9.0], 1: [0.0, 9.0]}),
        lambda t: segments.k_means(t, 2).predict(t), r"features.rename\(columns=str\)",
        lambda features: features.rename(columns=str), [0, 1],
    ),
    "more clusters than cases": (
        3, lambda k: segments.k_means(table_of(x=[1.0, 2.0]), k).predict(table_of(x=[1.0, 2.0])),
        "give fewer clusters", lambda k: 2, [0, 1],
    ),
    "the name of a table in a list": (
        ["events"], lambda name: [schemas.schema_of(name).file],
        "give the name of a table as text, such as 'events'", lambda name: name[0],
        ["events.csv.gz"],
    ),
}  # fmt: skip

EVERY = {**GUARDS, **SCHEMAS, **FUNCTIONS}


@pytest.mark.parametrize("case", EVERY)
def test_following_the_remedy_gives_the_right_result(case):
    given, function, words, remedy, right = EVERY[case]
    with pytest.raises((ValueError, TypeError), match=words):
        function(given)
    found = function(remedy(given))
    found = found if pd.api.types.is_list_like(found) else [found]
    assert same(np.ravel(found), right), f"{found!r} is not {right!r}"


def test_the_old_remedy_would_have_forged_consent():
    """REFERENCE: "Convert it with .astype('bool')" was the advice, and the table then passed."""
    forged = EXPORT.astype({"x": bool})
    assert forged["x"].tolist() == [True, True, True, True, False]
    with pytest.raises(ValueError) as refusal:
        agreed("flag")(EXPORT)
    assert "astype" not in str(refusal.value)


def test_each_guard_with_a_remedy_is_in_the_table():
    """A guard that is added has to be followed here as well."""
    import inspect

    said = {
        name
        for name in _inputs.__all__
        if callable(getattr(_inputs, name))
        and any(word in inspect.getsource(getattr(_inputs, name)) for word in ("raise ", "refuse("))
    } - {"refuse"}
    followed = inspect.getsource(inspect.getmodule(test_each_guard_with_a_remedy_is_in_the_table))
    by_others = {"need_one_type", "need_hashable", "need_rows", "need_fractions"}
    missing = {name for name in said - by_others if f"_inputs.{name}" not in followed}
    assert missing == set()
