"""Attribution against worked examples, independent implementations and identities."""

import itertools
import math
import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit import attribution

WORKED = pd.DataFrame(
    {
        "path": ["google", "mailing", "google > mailing"],
        "conversions": [2, 1, 1],
        "nulls": [1, 0, 0],
    }
)
CYCLES = pd.DataFrame(
    {"path": ["A>B>A", "B", "A", "B>A"], "conversions": [2, 0, 1, 1], "nulls": [0, 2, 3, 1]}
)


def touches(*rows):
    """Return touches of (user, day, channel, days until the conversion or None)."""
    start = pd.Timestamp("2026-03-01")
    table = pd.DataFrame(rows, columns=["user_id", "day", "channel", "converts"])
    table["timestamp"] = start + pd.to_timedelta(table["day"], unit="D")
    wait = pd.to_timedelta(table["converts"].astype(float), unit="D")
    table["converted_at"] = table["timestamp"] + wait
    table["value"] = np.where(table["converted_at"].notna(), 100.0, np.nan)
    return table.drop(columns=["day", "converts"])


def paths_of(log):
    """Return the paths table of a list of (channels, converted)."""
    counts = {}
    for path, converted in log:
        counts.setdefault(" > ".join(path), [0, 0])[0 if converted else 1] += 1
    table = pd.DataFrame.from_dict(counts, orient="index", columns=["conversions", "nulls"])
    return table.rename_axis("path").reset_index()


def random_log(seed, channels="ABCD", journeys=60, longest=6):
    rng = np.random.default_rng(seed)
    log = [
        (tuple(rng.choice(list(channels), rng.integers(1, longest + 1))), bool(rng.random() < 0.3))
        for _ in range(journeys)
    ]
    return [*log, (("A",), True)]


# ---------------------------------------------------------------- Markov


def test_the_worked_example_of_two_channels():
    credit = attribution.markov_credit(WORKED)
    assert np.isclose(credit.attrs["p_conversion"], 0.8, atol=1e-12)
    assert np.allclose(credit["removal_effect"], [0.75, 0.5], atol=1e-12)
    assert np.allclose(credit["conversions"], [2.4, 1.6], atol=1e-12)


@pytest.mark.parametrize(
    ("order", "removal", "credit"),
    [(1, [1, 0.4], [20 / 7, 8 / 7]), (2, [1, 0.75], [16 / 7, 12 / 7])],
)
def test_cycles_are_solved_exactly(order, removal, credit):
    found = attribution.markov_credit(CYCLES, order=order)
    assert np.isclose(found.attrs["p_conversion"], 0.4, atol=1e-12)
    assert np.allclose(found["removal_effect"], removal, atol=1e-12)
    assert np.allclose(found["conversions"], credit, atol=1e-12)


def exact_chain(log, order):
    """An independent chain in fractions: Gaussian elimination over dictionaries of states."""
    moves, total = {}, Fraction(len(log))
    for path, converted in log:
        states = [("start",), *(path[max(0, i + 1 - order) : i + 1] for i in range(len(path)))]
        for here, there in itertools.pairwise([*states, converted]):
            moves.setdefault(here, {}).setdefault(there, 0)
            moves[here][there] += 1
    assert total == sum(moves["start",].values())

    def rate(removed):
        states = [s for s in moves if s[-1] != removed or s == ("start",)]
        rows = {}
        for s in states:
            out = sum(moves[s].values())
            row = {t: Fraction(-n, out) for t, n in moves[s].items() if t in states}
            row[s] = row.get(s, 0) + 1
            rows[s] = (row, Fraction(moves[s].get(True, 0), out))
        for s in states[::-1]:
            row, right = rows.pop(s)
            row, right = {t: v / row[s] for t, v in row.items()}, right / row[s]
            for t, (other, r) in rows.items():
                factor = other.pop(s, 0)
                for u, v in row.items():
                    if u != s and factor:
                        other[u] = other.get(u, 0) - factor * v
                rows[t] = (other, r - factor * right)
        return right  # the first state, "start", is eliminated last

    whole = rate(None)
    channels = sorted({channel for path, _ in log for channel in path})
    return whole, [1 - rate(channel) / whole for channel in channels]


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_removal_effects_are_those_of_an_elimination_in_fractions(order, seed):
    log = random_log(seed, journeys=25)
    whole, removal = exact_chain(log, order)
    found = attribution.markov_credit(paths_of(log), order=order)
    assert np.isclose(found.attrs["p_conversion"], float(whole), rtol=1e-10)
    assert np.allclose(found["removal_effect"], [float(each) for each in removal], atol=1e-10)


def test_removal_effects_are_those_of_many_walks():
    table = attribution.transitions(CYCLES, order=1)
    rng, n = np.random.default_rng(1), 40_000
    for removed, effect in (("A", 1.0), ("B", 0.4)):
        here, won = np.full(n, "(start)", object), 0
        while len(here):
            there = np.empty(len(here), object)
            for origin, rows in table.groupby("origin"):
                at = here == origin
                p = rows["probability"].to_numpy()
                there[at] = rng.choice(rows["target"].to_numpy(), at.sum(), p=p / p.sum())
            won += (there == "(conversion)").sum()
            here = there[~np.isin(there, ["(conversion)", "(null)", removed])]
        p = 0.4 * (1 - effect)
        assert abs(won / n - p) < 4 * (p * (1 - p) / n) ** 0.5 + 1e-12


journey_logs = st.lists(
    st.tuples(st.lists(st.sampled_from("ABC"), min_size=1, max_size=5), st.booleans()),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(log=journey_logs, order=st.integers(1, 3))
def test_the_chain_converts_at_the_observed_rate_for_every_order(log, order):
    paths = paths_of([*log, (["A"], True)])
    credit = attribution.markov_credit(paths, order=order)
    rate = paths["conversions"].sum() / (paths["conversions"] + paths["nulls"]).sum()
    assert np.isclose(credit.attrs["p_conversion"], rate, rtol=1e-9)
    assert np.isclose(credit["conversions"].sum(), paths["conversions"].sum(), rtol=1e-9)


def test_a_single_journey_of_one_touch_has_a_chain_of_every_order():
    paths = pd.DataFrame({"path": ["A"], "conversions": [1], "nulls": [1]})
    for order in (1, 2, 3):
        credit = attribution.markov_credit(paths, order=order)
        assert credit.attrs["p_conversion"] == 0.5
        assert credit["conversions"].to_dict() == {"A": 1.0}


def test_many_states_are_solved_as_few_are(monkeypatch):
    paths = paths_of(random_log(3, channels="ABCDEFGH", journeys=400))
    sparse = attribution.markov_credit(paths, order=3)
    assert sparse.attrs["states"] > 300
    monkeypatch.setattr("funnelkit.attribution.markov.DENSE", 10_000)
    dense = attribution.markov_credit(paths, order=3)
    pd.testing.assert_frame_equal(sparse, dense)


def test_removal_effects_sum_to_more_than_one_where_journeys_are_long():
    credit = attribution.markov_credit(paths_of([(("A", "B", "C"), True)]))
    assert credit["removal_effect"].sum() == 3.0
    assert np.allclose(credit["share"], 1 / 3)


def test_without_the_journeys_that_did_not_convert_it_is_another_model():
    paths = pd.DataFrame(
        {"path": ["A", "A > B", "B", "B > A"], "conversions": [1, 3, 1, 1], "nulls": [9, 0, 2, 5]}
    )
    kept = attribution.markov_credit(paths)
    dropped = attribution.markov_credit(paths.assign(nulls=0))
    assert dropped.attrs["p_conversion"] == pytest.approx(1.0)
    assert not np.allclose(kept["conversions"], dropped["conversions"])


def test_transitions_sum_to_one_and_name_longer_states():
    table = attribution.transitions(CYCLES, order=2)
    assert np.allclose(table.groupby("origin")["probability"].sum(), 1.0)
    assert {"A", "B", "A > B", "B > A"} <= set(table["origin"])


def test_paths_that_nobody_took_change_nothing():
    more = pd.concat([CYCLES, pd.DataFrame({"path": ["C > A"], "conversions": [0], "nulls": [0]})])
    credit = attribution.markov_credit(more, order=2)
    assert np.allclose(credit["conversions"], [16 / 7, 12 / 7, 0.0])


# ---------------------------------------------------------------- Shapley


def test_the_game_of_the_sage_documentation():
    worth = {"A": 6, "B": 12, "C": 42, "AB": 12, "AC": 42, "BC": 42, "ABC": 42}
    found = attribution.shapley_values({tuple(name): value for name, value in worth.items()})
    assert np.allclose(found, [2, 5, 35], atol=1e-12)


def by_all_orders(log, worth):
    """An independent Shapley value: every order of joining, one after the other."""
    channels = sorted({channel for path, _ in log for channel in path})

    def v(group):
        inside = [converted for path, converted in log if set(path) <= set(group)]
        return sum(inside) if worth == "conversions" else (np.mean(inside) if inside else 0.0)

    adds = dict.fromkeys(channels, 0.0)
    for order in itertools.permutations(channels):
        for k, channel in enumerate(order):
            adds[channel] += v(order[: k + 1]) - v(order[:k])
    return [adds[channel] / math.factorial(len(channels)) for channel in channels]


@pytest.mark.parametrize("worth", ["conversions", "rate"])
@pytest.mark.parametrize("seed", range(4))
def test_shapley_values_are_those_over_all_orders(worth, seed):
    log = random_log(seed)
    found = attribution.shapley_credit(paths_of(log), worth=worth)
    assert np.allclose(found["worth"], by_all_orders(log, worth), atol=1e-12)
    assert np.isclose(found["conversions"].sum(), sum(converted for _, converted in log))
    assert (found["se"] == 0).all()


@settings(max_examples=60, deadline=None)
@given(log=journey_logs)
def test_with_conversions_as_worth_it_is_an_equal_split(log):
    log = [*log, (["A"], True)]
    split = dict.fromkeys({channel for path, _ in log for channel in path}, 0.0)
    for path, converted in log:
        for channel in set(path):
            split[channel] += converted / len(set(path))
    found = attribution.shapley_credit(paths_of(log))["conversions"]
    assert np.allclose(found.sort_index(), pd.Series(split).sort_index())


def test_with_the_rate_as_worth_it_is_not():
    paths = pd.DataFrame(
        {"path": ["ads", "ads > mail", "mail"], "conversions": [1, 2, 0], "nulls": [9, 2, 6]}
    )
    rate = attribution.shapley_credit(paths, worth="rate")
    # v(ads) .1, v(mail) 0, v(both) .15: ads adds .1 or .15, mail .05 or 0.
    assert np.allclose(rate["worth"], [0.125, 0.025])
    assert not np.allclose(rate["conversions"], attribution.shapley_credit(paths)["conversions"])


def test_a_channel_can_come_out_negative_by_rate():
    paths = pd.DataFrame({"path": ["A", "A > B"], "conversions": [5, 1], "nulls": [5, 99]})
    assert attribution.shapley_credit(paths, worth="rate").loc["B", "worth"] < 0


def test_beyond_twelve_channels_the_error_is_honest():
    log = random_log(5, channels="ABCDEFGHIJKLMNOP", journeys=300)
    paths = paths_of(log)
    errors = []
    split = pd.Series(0.0, index=sorted("ABCDEFGHIJKLMNOP"))
    for path, converted in log:
        split[list(set(path))] += converted / len(set(path))
    for seed in range(5):
        found = attribution.shapley_credit(paths, samples=400, seed=seed)
        errors.append((found["conversions"] - split) / found["se"])
        assert found.attrs["samples"] == 400
    z = np.concatenate(errors)
    assert np.abs(z).max() < 4.5
    assert 0.8 < z.std() < 1.2


def test_sampled_and_exact_agree_by_rate(monkeypatch):
    paths = paths_of(random_log(6, journeys=200))
    exact = attribution.shapley_credit(paths, worth="rate")
    monkeypatch.setattr("funnelkit.attribution.shapley.EXACT_UP_TO", 3)
    sampled = attribution.shapley_credit(paths, worth="rate", samples=4000, seed=1)
    assert ((exact["conversions"] - sampled["conversions"]).abs() < 4 * sampled["se"]).all()


@pytest.mark.parametrize(
    ("worth", "message"),
    [
        ({"A": 1, "B": 2}, "lacks {A, B}"),
        ({"A": 1, ("A",): 2}, "twice"),
        ({"A": 1, (): 1}, "empty set"),
        ({tuple("ABCDEFGHIJKLM"): 1}, "13 players"),
    ],
)
def test_a_game_that_is_not_whole_is_refused(worth, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        attribution.shapley_values(worth)


# ---------------------------------------------------------------- rules


def credit(rows, rule, **options):
    table = attribution.cut_journeys(touches(*rows))
    return attribution.rule_credit(table, rule, **options)["conversions"]


@pytest.mark.parametrize("day_of_conversion", [14, 21])
def test_half_life_of_a_week_with_touches_a_week_apart(day_of_conversion):
    rows = [("u", 0, "a", None), ("u", 7, "b", None), ("u", 14, "c", day_of_conversion - 14)]
    assert np.allclose(credit(rows, "time_decay", half_life="7D"), [1 / 7, 2 / 7, 4 / 7])


def test_touches_at_one_time_share_alike_by_time_decay():
    rows = [("u", 0, "a", None), ("u", 0, "b", 1)]
    assert np.allclose(credit(rows, "time_decay"), [0.5, 0.5])


def test_touches_years_before_the_conversion_do_not_break_time_decay():
    rows = [("u", 0, "a", None), ("u", 20_000, "b", 10_000)]
    assert np.allclose(credit(rows, "time_decay", half_life="1D"), [0, 1])


@pytest.mark.parametrize(
    ("channels", "shares"),
    [("a", [1]), ("ab", [0.5, 0.5]), ("abc", [0.4, 0.2, 0.4]), ("abcd", [0.4, 0.1, 0.1, 0.4])],
)
def test_position_shares_all_of_the_credit(channels, shares):
    n = len(channels)
    rows = [("u", k, c, 0 if k == n - 1 else None) for k, c in enumerate(channels)]
    assert np.allclose(credit(rows, "position"), shares)


@pytest.mark.parametrize("rule", attribution.RULES)
def test_each_rule_gives_away_what_there_is(rule):
    table = attribution.cut_journeys(fk.load("journeys"))
    found = attribution.rule_credit(table, rule)
    assert np.isclose(found["conversions"].sum(), fk.load("journeys")["converted_at"].count())
    assert np.isclose(found["value"].sum(), fk.load("journeys")["value"].sum())


def test_first_last_and_linear_on_one_journey():
    rows = [("u", 0, "a", None), ("u", 1, "b", None), ("u", 2, "a", None), ("u", 3, "c", 0)]
    assert credit(rows, "first").tolist() == [1, 0, 0]
    assert credit(rows, "last").tolist() == [0, 0, 1]
    assert credit(rows, "linear").tolist() == [0.5, 0.25, 0.25]


# ---------------------------------------------------------------- cutting journeys


def test_a_journey_is_cut_at_each_conversion():
    rows = [("u", 0, "a", None), ("u", 1, "b", 0), ("u", 2, "c", None), ("u", 3, "a", 1)]
    rows += [("u", 9, "b", None), ("v", 0, "c", None)]
    table = attribution.cut_journeys(touches(*rows))
    assert table["journey"].tolist() == [0, 0, 1, 1, 2, 3]
    assert table["converted"].tolist() == [True, True, True, True, False, False]
    assert table["position"].tolist() == [1, 2, 1, 2, 1, 1]
    paths = attribution.count_paths(table)
    found = paths.set_index("path")[["conversions", "nulls"]].to_dict("index")
    assert found == {
        "a > b": {"conversions": 1, "nulls": 0},
        "c > a": {"conversions": 1, "nulls": 0},
        "b": {"conversions": 0, "nulls": 1},
        "c": {"conversions": 0, "nulls": 1},
    }


def test_the_order_of_the_rows_does_not_matter():
    table = fk.load("journeys").head(3000)
    shuffled = table.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        attribution.cut_journeys(table), attribution.cut_journeys(shuffled)
    )


def test_of_touches_at_one_time_the_one_that_converted_is_the_last():
    rows = [("u", 0, "a", 1), ("u", 0, "b", None)]
    table = attribution.cut_journeys(touches(*rows))
    assert table["channel"].tolist() == ["b", "a"]
    assert table["journey"].tolist() == [0, 0]


def test_the_look_back_window_is_inclusive_and_counts_from_the_end_of_the_journey():
    rows = [("u", 0, "a", None), ("u", 3, "b", None), ("u", 6, "c", 4)]  # converts on day 10
    table = attribution.cut_journeys(touches(*rows), lookback="7D")
    assert table["channel"].tolist() == ["b", "c"]
    assert table["position"].tolist() == [1, 2] and table["touches"].tolist() == [2, 2]
    assert table.attrs["too_old"] == 1
    null = [("u", 0, "a", None), ("u", 8, "b", None)]
    assert attribution.cut_journeys(touches(*null), lookback="7D")["channel"].tolist() == ["b"]


def test_journeys_too_young_to_be_null_are_left_out_whatever_came_of_them():
    rows = [("u", 0, "a", None), ("u", 8, "a", 0), ("v", 5, "b", None), ("w", 9, "c", 0)]
    table = attribution.cut_journeys(
        touches(*rows), lookback="7D", observed_until="2026-03-10 12:00"
    )
    assert table["user_id"].unique().tolist() == ["u"]
    assert table.attrs["left_out"] == 2


def test_leaving_out_the_young_does_not_raise_the_rate_where_it_is_the_same_all_the_time():
    rng = np.random.default_rng(1)
    days = rng.uniform(0, 100, 4000)
    wait = np.where(rng.random(4000) < 0.3, rng.uniform(0, 10, 4000), np.nan)
    wait[days + wait > 100] = np.nan  # not seen yet
    table = touches(
        *((f"u{i}", day, "a", w) for i, (day, w) in enumerate(zip(days, wait, strict=True)))
    )
    end = table["timestamp"].min().normalize() + pd.Timedelta("100D")
    kept = attribution.cut_journeys(table, lookback="10D", observed_until=end)
    assert kept.attrs["left_out"] > 300
    assert abs(kept["converted"].mean() - 0.3) < 3 * (0.21 / len(kept)) ** 0.5


def test_a_look_back_window_shorter_than_the_wait_leaves_a_conversion_without_touches():
    rows = [("u", 0, "a", 5), ("v", 0, "b", 1)]
    table = attribution.cut_journeys(touches(*rows), lookback="2D")
    assert table["user_id"].tolist() == ["v"] and table["journey"].tolist() == [0]


def test_paths_are_counted_as_a_plain_groupby_counts_them():
    table = attribution.cut_journeys(fk.load("journeys"))
    joined = table.groupby("journey").agg(
        path=("channel", " > ".join), won=("converted", "first"), value=("value", "first")
    )
    plain = joined.groupby("path").agg(
        conversions=("won", "sum"), n=("won", "size"), value=("value", "sum")
    )
    found = attribution.count_paths(table).set_index("path").sort_index()
    assert (found["conversions"] == plain["conversions"]).all()
    assert (found["nulls"] == plain["n"] - plain["conversions"]).all()
    assert np.allclose(found["value"], plain["value"])


# ---------------------------------------------------------------- returns


def test_returns_count_the_cost_of_journeys_that_did_not_convert():
    table = touches(("u", 0, "a", 0), ("v", 0, "a", None)).assign(cost=[10.0, 30.0])
    found = attribution.rule_credit(attribution.cut_journeys(table), "last")
    returns = attribution.channel_returns(found, table)
    assert returns.loc["a", ["cost", "roas", "cost_per_conversion"]].tolist() == [40, 2.5, 40]


# ---------------------------------------------------------------- bad input

GOOD = touches(("u", 0, "ads", None), ("u", 1, "seo", 0), ("v", 0, "ads", None))


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (
            {"converted_at": pd.to_datetime([None, "2026-02-01", None])},
            {},
            "converted_at lies before timestamp, so the conversion came before the touch in 1 of 3",
        ),
        ({"channel": ["ads", "se0", "ads"]}, {"channels": ["ads", "seo"]}, "did you mean 'seo'?"),
        ({"channel": ["ads", None, "ads"]}, {}, "column 'channel' is missing in 1 of 3 rows"),
        ({"channel": ["ads", "a>b", "ads"]}, {}, "has a '>' in its name"),
        ({"channel": [1, 2, 3]}, {}, "give the names of the channels as text"),
        ({"value": [None, None, None]}, {}, "value of a conversion is missing in 1 of 3 rows"),
        ({"value": [5.0, 100.0, None]}, {}, "value stands where nobody converted in 1 of 3"),
        ({"value": [None, -100.0, None]}, {}, "value is negative in 1 of 3"),
        ({}, {"observed_until": "2026-06-30"}, "observed_until needs lookback"),
        (
            {},
            {"observed_until": "2026-03-01", "lookback": "7D"},
            "timestamp lies after observed_until",
        ),
    ],
)
def test_bad_touches_are_refused(change, options, message):
    error = TypeError if "as text" in message else ValueError
    with pytest.raises(error, match=re.escape(message)):
        attribution.cut_journeys(GOOD.assign(**change), **options)


def test_a_conversion_after_the_next_touch_is_refused():
    table = touches(("u", 0, "ads", 5), ("u", 1, "seo", None))
    with pytest.raises(ValueError, match="a conversion lies after the user's next touch"):
        attribution.cut_journeys(table)


def test_no_touches_at_all_are_refused():
    with pytest.raises(ValueError, match="touches has no rows"):
        attribution.cut_journeys(GOOD.head(0))


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ({"path": ["A", ""], "conversions": [1, 1], "nulls": [0, 0]}, "path is empty in 1 of 2"),
        (
            {"path": ["A > > B"], "conversions": [1], "nulls": [0]},
            "path has a step without a channel",
        ),
        ({"path": ["A"], "conversions": [0], "nulls": [5]}, "no journey of paths converted"),
        ({"path": ["A"], "conversions": [-1], "nulls": [5]}, "conversions is negative"),
        ({"path": [], "conversions": [], "nulls": []}, "paths has no rows"),
    ],
)
@pytest.mark.parametrize("function", [attribution.markov_credit, attribution.shapley_credit])
def test_bad_paths_are_refused(function, paths, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        function(pd.DataFrame(paths))


def test_a_negative_cost_and_an_unknown_channel_are_refused():
    found = attribution.rule_credit(attribution.cut_journeys(GOOD), "last")
    with pytest.raises(ValueError, match="cost is negative in 1 of 3 rows"):
        attribution.channel_returns(found, GOOD.assign(cost=[1.0, -2.0, 0.0]))
    with pytest.raises(ValueError, match="no channel with credit is called 'mail'"):
        attribution.channel_returns(
            found, GOOD.assign(cost=[1.0, 2.0, 0.0], channel=["ads", "mail", "ads"])
        )


@pytest.mark.parametrize("order", [0, 4])
def test_orders_are_one_to_three(order):
    with pytest.raises(ValueError, match="at most 3"):
        attribution.markov_credit(WORKED, order=order)
