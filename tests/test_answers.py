"""Answers as text: what goes in comes out, and nothing else can do any harm."""

import collections
import datetime as dt
import enum
import json
import math
import struct
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funnelkit.exercises.answers import (
    MAX_BYTES,
    Absent,
    Called,
    Raised,
    TimedOut,
    Unsupported,
    collect,
    decode,
    decoding,
    encode,
)

few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def same(a, b):
    """Return whether two values are equal and of the same type, floats to the last bit."""
    if type(a) is not type(b) and not isinstance(a, pd.RangeIndex):
        return False
    if isinstance(a, float) and not isinstance(a, np.generic):
        return struct.pack("d", a) == struct.pack("d", b) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, (set, frozenset)):
        return a == b
    if isinstance(a, dict):
        return same(list(a), list(b)) and same(list(a.values()), list(b.values()))
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and (a.tobytes() == b.tobytes() or bool(a != a and b != b))
    if isinstance(a, np.ndarray):
        if a.dtype.kind in "OU":
            return a.shape == b.shape and same(a.ravel().tolist(), b.ravel().tolist())
        equal = a.shape == b.shape and a.dtype == b.dtype.newbyteorder("=")
        nan = a.dtype.kind in "fmM"
        return equal and np.array_equal(a, b, equal_nan=nan)
    if isinstance(a, pd.DataFrame):
        columns = all(same(a.iloc[:, k], b.iloc[:, k]) for k in range(a.shape[1]))
        return a.shape == b.shape and same(a.columns, b.columns) and columns
    if isinstance(a, pd.Series):
        pd.testing.assert_series_equal(a, b, check_exact=True, check_index_type="equiv")
        return True
    if isinstance(a, pd.Index):
        pd.testing.assert_index_equal(
            a, b, exact="equiv"
        )  # the rows' plain numbering becomes numbers
        return same(list(a.names), list(b.names))
    if isinstance(a, pd.api.extensions.ExtensionArray):
        pd.testing.assert_extension_array_equal(a, b, check_exact=True)
        return True
    return a is b or a == b


# ---------------------------------------------------------------- what goes in comes out

text = st.text(max_size=12)
times = st.datetimes(min_value=dt.datetime(1700, 1, 1), max_value=dt.datetime(2200, 1, 1))
spans = st.timedeltas(min_value=dt.timedelta(-9999), max_value=dt.timedelta(9999))
keys = st.one_of(text, st.integers(), st.dates(), st.tuples(text, st.integers()))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(2**2000), max_value=2**2000),
    st.floats(),
    text,
    st.just(...),
    st.just(pd.NaT),
    st.just(pd.NA),
    st.dates(),
    times,
    spans,
    times.map(pd.Timestamp),
    spans.map(pd.Timedelta),
    st.dates(min_value=dt.date(1900, 1, 1)).map(lambda day: pd.Period(day, "M")),
    st.tuples(st.integers(0, 9), st.floats(10, 20)).map(lambda ends: pd.Interval(*ends)),
    hnp.arrays(hnp.floating_dtypes() | hnp.integer_dtypes() | hnp.boolean_dtypes(), 1).map(
        lambda array: array.astype(array.dtype.newbyteorder("="))[0]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
        st.sets(keys, max_size=4),
        st.frozensets(keys, max_size=4),
    ),
    max_leaves=12,
)
dtypes = st.one_of(
    hnp.floating_dtypes(endianness="="),
    hnp.integer_dtypes(endianness="="),
    hnp.unsigned_integer_dtypes(endianness="="),
    hnp.boolean_dtypes(),
    hnp.datetime64_dtypes(endianness="="),
    hnp.timedelta64_dtypes(endianness="="),
).filter(lambda dtype: dtype.itemsize <= 8)


@few
@given(values)
def test_values_come_back(value):
    assert same(value, decode(encode(value)))


@few
@given(dtypes.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_side=0, max_dims=3))))
def test_arrays_come_back(array):
    assert same(array, decode(encode(array)))


@few
@given(st.lists(st.floats(width=64)), st.data())
def test_floats_come_back_to_the_last_bit_and_encoding_is_stable(numbers, data):
    written = encode(numbers)
    assert same(numbers, decode(written))
    assert encode(decode(written)) == written
    json.loads(written, parse_constant=pytest.fail)  # NaN and Infinity are no JSON
    assert written.isascii()


columns = st.sampled_from(["int64", "float32", "str", "string", "Int64", "boolean", "category"])


@st.composite
def tables(draw):
    rows = draw(st.integers(0, 6))

    def column(dtype):
        if dtype in ("str", "string", "category"):
            entries = draw(st.lists(text | st.none(), min_size=rows, max_size=rows))
        elif dtype in ("Int64", "boolean"):
            some = st.booleans() if dtype == "boolean" else st.integers(-(2**62), 2**62)
            entries = draw(st.lists(some | st.just(pd.NA), min_size=rows, max_size=rows))
        else:
            some = st.integers(-9, 9) if dtype == "int64" else st.floats(width=32)
            entries = draw(st.lists(some, min_size=rows, max_size=rows))
        return pd.Series(entries, dtype=dtype)

    table = pd.DataFrame({k: column(draw(columns)) for k in draw(st.lists(text, unique=True))})
    if table.shape[1]:
        table = table.set_index(pd.Index(draw(st.permutations(range(len(table))))))
        table.index.name = draw(st.none() | text)
    return table


@few
@given(tables())
def test_tables_come_back(table):
    assert same(table, decode(encode(table)))


FURTHER = {
    "an empty table": pd.DataFrame(),
    "rows without columns": pd.DataFrame(index=[1, 2, 3]),
    "columns of the same name": pd.DataFrame([[1, 2.5]], columns=["a", "a"]),
    "columns with numbers for names": pd.DataFrame([[1, 2.5]], columns=[0, 7]),
    "times": pd.DataFrame({"t": pd.to_datetime(["2026-01-31 10:00", None])}),
    "times to the second": pd.Series(np.array(["2026-01-31", "NaT"], dtype="M8[s]")),
    "durations": pd.Series(pd.to_timedelta(["3D", None])),
    "entries of many types": pd.Series([1, "a", None, [2], pd.Timestamp("2026-01-31")]),
    "a pivot's columns": pd.DataFrame(
        [[1, 2]], columns=pd.CategoricalIndex(["lead", "visit"], name="event")
    ),
    "bands": pd.cut(pd.Series([1, 5, 40, None]), [0, 10, 50]),
    "months": pd.period_range("2026-01", periods=3, freq="M"),
    "weeks": pd.Series(pd.period_range("2026-01", periods=3, freq="W")),
    "intervals": pd.interval_range(0, 3),
    "an index of two levels": pd.MultiIndex.from_tuples([("A", 1), ("B", 2)], names=["x", None]),
    "a table with two levels of rows": pd.DataFrame(
        {"n": [1, 2]}, index=pd.MultiIndex.from_product([["A"], ["x", "y"]], names=["p", "q"])
    ),
    "what unique() returns": pd.Series(["a", "b", None]).unique(),
    "an array of pandas": pd.Series([1, 2]).array,
    "categories": pd.Categorical(["b", "a", None], categories=["b", "a"], ordered=True),
    "a NumPy text": np.str_("visit"),
    "an array of text": np.array([["a", "bcd"], ["", "ä"]]),
    "an array of objects": np.array([1, "a", None, (2,)], dtype=object),
    "an array without dimensions": np.array(3.5),
    "a range": range(3, 10**12, 7),
    "a NumPy time": np.datetime64("2026-01"),
    "no NumPy time": np.datetime64("NaT", "s"),
    "minus zero": -0.0,
    "a smallest float": 5e-324,
}


@pytest.mark.parametrize("value", FURTHER.values(), ids=FURTHER)
def test_further_values_come_back(value):
    assert same(value, decode(encode(value)))


def test_numpy_numbers_of_the_other_byte_order_are_taken():
    assert decode(encode(np.array([1, 2], dtype=">i4"))).tolist() == [1, 2]


def test_nothing_missing_is_taken_for_another():
    missing = [None, float("nan"), pd.NaT, pd.NA, np.datetime64("NaT", "s")]
    assert len({encode(value) for value in missing}) == len(missing)
    kinds = [1, 1.0, True, "1", np.int64(1), np.float64(1), np.True_, [1], (1,), {1}]
    assert len({encode(value) for value in kinds}) == len(kinds)


def test_a_set_is_written_the_same_in_every_process():
    assert encode({"lead", "visit", "customer"}) == '{"set":["customer","lead","visit"]}'


# ---------------------------------------------------------------- what is refused


def endless():
    inside = []
    inside.append(inside)
    return inside


def doubled():
    value = [0] * 10
    for _ in range(18):
        value = [value, value]
    return value


def keyed():
    inside = {}
    inside["me"] = inside
    return inside


REFUSED = {
    "a long text": ("x" * 2_000_000, "str", "too large"),
    "a long table": (pd.DataFrame({"a": range(1_000_000)}), "DataFrame", "too large"),
    "a long list": (list(range(700_000)), "list", "too large"),
    "a wide text": (np.array(["x" * 100_000] + [""] * 5_000), "ndarray", "too large"),
    "one list many times": (doubled(), "list", "too large"),
    "escapes": ("ä" * 300_000, "str", "too large"),
    "many keys": (dict.fromkeys(range(20_000)), "dict", "more than 10,000 entries"),
    "many columns": (pd.DataFrame([range(2_000)]), "DataFrame", "more than 1,000 columns"),
    "a list in itself": (endless(), "list", "contains itself"),
    "a dict in itself": (keyed(), "dict", "contains itself"),
    "a huge number": (10**4000, "int", "thousands of digits"),
    "half a character": ("\ud83d", "str", "not valid Unicode"),
    "a time with a zone": (pd.Timestamp("2026-01-31", tz="UTC"), "Timestamp", "no time zone"),
    "a Python time with a zone": (dt.datetime.now(dt.UTC), "datetime", "no time zone"),
    "a column with a zone": (
        pd.DataFrame({"t": pd.to_datetime(["2026-01-31"], utc=True)}),
        "DataFrame",
        "no time zone",
    ),
    "headings in two rows": (
        pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])),
        "DataFrame",
        "several levels",
    ),
    "a sparse column": (pd.Series([0, 1], dtype="Sparse[int]"), "Series", "Sparse"),
    "a record": (np.zeros(1, dtype=[("a", int)]), "ndarray", "values of the type"),
    "a complex number": (1j, "complex", ""),
    "bytes": (b"1", "bytes", ""),
    "a function": (print, "function", ""),
    "a function of one's own": (lambda: 1, "function", ""),
    "a forgotten pair of brackets": (pd.Series([1]).nunique, "method", ""),
    "another": ("x".upper, "method", ""),
    "a generator": ((x for x in [1]), "generator", ""),
    "a type": (int, "type", ""),
    "a group": (pd.DataFrame({"a": [1]}).groupby("a"), "DataFrameGroupBy", ""),
    "an answer that pretends": (Called([1]), "Called", ""),
}


@pytest.mark.parametrize("value, kind, why", REFUSED.values(), ids=REFUSED)
def test_what_is_not_taken_says_why(value, kind, why):
    start = time.process_time()
    written = encode(value)
    assert time.process_time() - start < 2
    assert len(written) < 300
    refused = decode(written)
    assert isinstance(refused, Unsupported)
    assert refused.type == kind
    assert why in refused.why


def test_the_limit_itself_is_accepted():
    assert decode(encode("x" * (MAX_BYTES - 2))) == "x" * (MAX_BYTES - 2)
    assert isinstance(decode(encode("x" * (MAX_BYTES - 1))), Unsupported)


# ---------------------------------------------------------------- liars


class Liar:
    """Claims to be a number and equal to everything; falls over when looked at."""

    __class__ = int

    def __eq__(self, other):
        return True

    def __len__(self):
        return -1

    def __getattr__(self, name):
        raise RuntimeError("no")

    def __repr__(self):
        raise SystemExit

    __hash__ = __str__ = __repr__


class LyingList(list):
    def __len__(self):
        return 10**9

    def __iter__(self):
        return iter([1, 2, 3])

    def __eq__(self, other):
        return True


class LyingText(str):
    def __str__(self):
        raise SystemExit

    __eq__ = LyingList.__eq__
    __hash__ = None


class LyingFloat(float):
    __eq__ = LyingList.__eq__

    def __float__(self):
        return 0.2

    __repr__ = LyingText.__str__


class LyingInt(int):
    __int__ = LyingText.__str__
    __index__ = __int__


class LyingDict(dict):
    def items(self):
        raise SystemExit


class LyingMeta(type):
    def __instancecheck__(cls, other):
        return True

    __name__ = property(lambda cls: 1 / 0)


class Bare(metaclass=LyingMeta):
    @property
    def __class__(self):
        raise SystemExit


class LyingArray(np.ndarray):
    def tolist(self):
        return [0.2]


class LyingTable(pd.DataFrame):
    @property
    def shape(self):
        raise ValueError("no")


class Colour(enum.IntEnum):
    RED = 3


Point = collections.namedtuple("Point", "x y")


def test_liars_are_taken_for_what_they_are():
    assert decode(encode(Liar())) == Unsupported("Liar")
    assert decode(encode(Bare())) == Unsupported("Bare")
    assert decode(encode(LyingTable({"a": [1]}))).why == "it cannot be read"
    plain = [
        (LyingList([7]), [7]),
        (LyingText("visit"), "visit"),
        (LyingFloat(0.7), 0.7),
        (LyingInt(7), 7),
        (LyingDict(a=1), {"a": 1}),
        (Colour.RED, 3),
        (Point(1, 2), (1, 2)),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (collections.OrderedDict(a=1), {"a": 1}),
    ]
    for value, expected in plain:
        assert same(decode(encode(value)), expected)
    array = np.array([1.0, 2.0]).view(LyingArray)
    assert same(decode(encode(array)), np.array([1.0, 2.0]))
    assert decode(encode([Liar(), 1])) == [Unsupported("Liar"), 1]


# ---------------------------------------------------------------- text from a stranger

NOT_ANSWERS = [
    "",
    "not JSON",
    "[1, 2",
    "NaN",
    "[Infinity]",
    "1e999",
    '{"a": 1, "b": 2}',
    "{}",
    '{"pickle": "gASV"}',
    '{"float": "1.5"}',
    '{"float": NaN}',
    '{"dict": [[[1], 2]]}',
    '{"dict": [["a", 1], ["a", 2]]}',
    '{"dict": [["a"]]}',
    '{"set": [[1]]}',
    '{"date": "yesterday"}',
    '{"date": 7}',
    '{"Timestamp": [1.5, "s"]}',
    '{"Timestamp": [1, "Y"]}',
    '{"Period": [1, "import os"]}',
    '{"scalar": ["object", {"pickle": 1}]}',
    '{"scalar": ["int8", 300]}',
    '{"scalar": ["O", 1]}',
    '{"scalar": ["int64", "7"]}',
    '{"array": {"dtype": "int64", "shape": [1000000000], "values": [1]}}',
    '{"array": {"dtype": "int64", "shape": [-1], "values": [1]}}',
    '{"array": {"dtype": "V8", "shape": [1], "values": [1]}}',
    '{"array": {"dtype": "int64", "shape": [1], "values": 1}}',
    '{"array": {"dtype": "int64", "shape": [1], "values": [1], "x": 1}}',
    '{"Series": {"name": null, "index": 1, "values": {"dtype": "int64", "values": [1]}}}',
    '{"DataFrame": {"columns": {"Index": {"name": null, "dtype": "str", "values": []}}, '
    '"index": {"Index": {"name": null, "dtype": "int64", "values": []}}, "values": [1]}}',
    '{"unsupported": [1, 2]}',
    '{"called": {"results": 3, "empty": false}}',
    '{"range": [0, 1, 0]}',
    "9" * 5000,
    "[" * 100_000,
    "[" * 50 + "]" * 50,
    "[" + "1," * 600_000 + "1]",
    json.dumps({"set": list(range(20_000))}),
    json.dumps(
        {"array": {"dtype": "text", "shape": [5001], "values": ["x" * 99999] + [""] * 5000}}
    ),
]


@pytest.mark.parametrize("written", NOT_ANSWERS, ids=lambda written: written[:40])
def test_what_encode_does_not_write_is_refused(written):
    start = time.process_time()
    with pytest.raises(ValueError, match="not an encoded answer"):
        decode(written)
    assert time.process_time() - start < 2


def test_only_text_is_decoded():
    for value in (None, b"1", 7, ["1"]):
        with pytest.raises(ValueError, match="no text"):
            decode(value)


nodes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-9, 9) | st.text(max_size=3),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(sorted(decoding._FORMS)), inner, min_size=1, max_size=1),
        st.dictionaries(
            st.sampled_from(["dtype", "values", "name", "index", "columns", "shape", "results"]),
            inner | st.sampled_from(["int64", "str", "category", "interval", "period[M]"]),
        ),
    ),
    max_leaves=10,
)


@settings(few, max_examples=200)
@given(nodes)
def test_any_json_is_read_or_refused(node):
    try:
        value = decode(json.dumps(node, allow_nan=False))
    except ValueError as refusal:
        assert str(refusal).startswith("not an encoded answer")
    else:
        decode(encode(value))


# ---------------------------------------------------------------- collect


def call(function, *calls, seconds=None):
    """Return the results of calling a function, each with a tuple of arguments."""
    texts = [encode((arguments, {})) for arguments in calls or [()]]
    answer = decode(collect({"f": function}, "f", texts, seconds=seconds))
    assert isinstance(answer, Called)
    return answer.results


def test_a_missing_variable_and_one_whose_name_is_close():
    namespace = {"n_lead": 1, "json": json, "_n_leads": 2, "sum": 3}
    assert decode(collect(namespace, "n_leads")) == Absent("n_lead")
    assert decode(collect(namespace, "jsons")) == Absent()
    assert decode(collect(namespace, "rate")) == Absent()
    assert decode(collect(namespace, "n_lead")) == 1


def test_a_function_is_called_only_where_one_is_asked_for():
    assert decode(collect({"f": lambda: 1}, "f")) == Unsupported("function")
    assert decode(collect({"f": 3}, "f", [encode(((), {}))])) == 3
    assert decode(collect({"f": ...}, "f", [encode(((), {}))])) is ...


def test_calls_take_names_and_get_arguments_of_their_own():
    def spoil(table, *, factor):
        table["a"] = table["a"] * factor
        return table["a"].sum()

    text = encode(((pd.DataFrame({"a": [1, 2]}),), {"factor": 2}))
    assert decode(collect({"f": spoil}, "f", [text, text])).results == [6, 6]


def test_errors_in_a_function_are_told_with_the_line():
    def fails(a):
        b = a["x"]
        return b

    (result,) = call(fails, (3,))
    assert result == Raised("TypeError", "'int' object is not subscriptable", 'b = a["x"]')

    def leaves():
        sys.exit("bye")

    assert call(leaves)[0].error == "SystemExit"

    def recurses():
        return recurses()

    assert call(recurses)[0].error == "RecursionError"

    class Mute(Exception):
        __str__ = LyingText.__str__

    def mute():
        raise Mute

    assert call(mute)[0] == Raised("Mute", "", "raise Mute")
    assert call(lambda: 1, (1, 2))[0].error == "TypeError"


def test_later_calls_are_made_after_an_error():
    assert call(lambda x: 1 / x, (0,), (2,))[1] == 0.5


def test_what_a_function_prints_and_warns_is_not_shown(capfd):
    def loud():
        print("loud")
        sys.stderr.write("a warning")
        return math.inf

    assert call(loud) == [math.inf]
    assert capfd.readouterr() == ("", "")
    print("heard again")
    assert capfd.readouterr().out == "heard again\n"


def endless_loop():
    while True:
        pass


def printing_loop():
    while True:
        print("again")


def loop_in_the_result():
    class Slow(dict):
        pass

    class Endless(pd.DataFrame):
        @property
        def shape(self):
            while True:
                pass

    return Endless({"a": [1]})


@pytest.mark.parametrize("function", [endless_loop, printing_loop, loop_in_the_result])
def test_endless_loops_are_ended(function, capfd):
    before = threading.active_count()
    start = time.perf_counter()
    results = call(lambda n: function() if n else 1, (0,), (1,), (0,), seconds=0.3)
    assert results == [1, TimedOut(0.3)]
    assert time.perf_counter() - start < 5
    assert threading.active_count() == before
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_ended_is_left_behind():
    done = threading.Event()
    assert call(lambda: done.wait(10), seconds=0.1) == [TimedOut(0.1, stopped=False)]
    done.set()


def test_a_loop_that_catches_everything_does_not_hold_up_the_check():
    done = []

    def stubborn_loop():
        while not done:
            try:
                while not done:
                    pass
            except:  # noqa: E722
                pass

    start = time.perf_counter()
    (result,) = call(stubborn_loop, seconds=0.1)
    assert isinstance(result, TimedOut)  # stopped or not, as luck will have it
    assert time.perf_counter() - start < 5
    done.append(True)


def test_functions_that_are_still_empty():
    def blank(a): ...

    def told(a):
        """Return something."""
        ...

    def passed(a):
        pass

    def printed(a):
        print(a)

    def given(a):
        return 5

    empty = {f: decode(collect({"f": f}, "f", [])).empty for f in (blank, told, passed)}
    assert all(empty.values())
    for function in (printed, given, print, lambda a: a, Point):
        assert not decode(collect({"f": function}, "f", [])).empty


def test_a_function_may_not_return_too_much():
    (result,) = call(lambda: "x" * 2_000_000)
    assert "too large" in result.why
    texts = [encode(((), {}))] * 3
    answer = decode(collect({"f": lambda: "x" * 500_000}, "f", texts))
    assert answer == Unsupported("function", "what it returns is too large")
