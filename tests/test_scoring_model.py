"""The model of leads that goes to work: equal to scikit-learn's, kept as a file, with reasons."""

import json
import os
import pickle
import threading

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit import school, scoring
from funnelkit.scoring import files

MODEL = school.score_model()
LEADS = school.scored_leads()
SMALL = pd.DataFrame(
    {
        "lead_id": [f"L-{i}" for i in range(12)],
        "visits": [1, 2, None, 7, 3, 5, 2, 8, 1, 6, 4, 9],
        "source": ["ads", "seo", "seo", "ads", None, "seo"] * 2,
        "note": ["price please", "a job", None, "the price", "job offer", "price and date"] * 2,
    }
)
BOUGHT = pd.Series([False, False, False, True, False, True] * 2)


def small(**changes):
    given = {"numbers": ["visits"], "names": {"source": "seo"}, "text": None} | changes
    return scoring.LeadModel(**given)


def by_scikit_learn(model, leads):
    """Return what the fitted models of scikit-learn say, the one of the words first."""
    leads = leads.copy()
    if model.text is not None:
        told = leads[model.text].notna()
        leads["intent"] = np.nan
        if told.any():
            read = model.reader_.predict_proba(leads.loc[told, model.text])[:, 1]
            leads.loc[told, "intent"] = read
    return model.pipeline_.predict_proba(leads)[:, 1]


# ---------------------------------------------------------------- equal to scikit-learn's


def test_probabilities_are_those_of_scikit_learn():
    found = MODEL.probability(LEADS)
    np.testing.assert_allclose(found, by_scikit_learn(MODEL, LEADS), rtol=0, atol=1e-12)


def test_the_model_is_the_one_of_the_lessons():
    np.testing.assert_array_equal(MODEL.pipeline_[-1].coef_, school.lead_model()[-1].coef_)
    since = LEADS[LEADS["scored_at"] >= school.LIVE]  # of earlier ones some were learnt from
    np.testing.assert_allclose(MODEL.probability(since), since["probability"], rtol=0, atol=1e-12)


LEAD = st.fixed_dictionaries(
    {
        "visit_count": st.none() | st.integers(0, 10**6),
        "pages": st.none() | st.integers(0, 10**6),
        "downloads": st.integers(0, 50),
        "webinars": st.integers(0, 50),
        "source": st.sampled_from(["seo", "partner", "offline"]),
        "company_size": st.sampled_from([None, "1", "250+"]),
        "device": st.sampled_from(["desktop", "mobile"]),
        "offer": st.sampled_from(["none", "certificate"]),
        "message": st.none()
        | st.text(max_size=60)
        | st.lists(st.sampled_from(["price", "Course", "the", "job,", "QUOTE", "é"])).map(" ".join),
    }
)


@given(st.lists(LEAD, min_size=1, max_size=5))
@settings(max_examples=30, derandomize=True)
def test_any_leads_have_the_probabilities_of_scikit_learn(leads):
    kinds = {"visit_count": float, "pages": float, "company_size": "str"}
    table = pd.DataFrame(leads).astype(kinds)
    found = MODEL.probability(table)
    np.testing.assert_allclose(found, by_scikit_learn(MODEL, table), rtol=0, atol=1e-12)
    records = [lead | {"lead_id": str(place)} for place, lead in enumerate(leads)]
    told = [answer["score"] for answer in MODEL.answers(records)]
    np.testing.assert_allclose(told, found, rtol=0, atol=0.5001e-4)


@pytest.mark.parametrize(
    "changes",
    [{}, {"names": {}}, {"text": "note"}, {"names": {"source": "unknown"}}],
    ids=["numbers and names", "numbers alone", "with a text", "compared with not known"],
)
def test_other_columns_are_learnt_as_well(changes):
    many = pd.concat([SMALL] * 4, ignore_index=True)
    model = small(**changes).fit(many, pd.concat([BOUGHT] * 4, ignore_index=True))
    found = model.probability(SMALL)
    np.testing.assert_allclose(found, by_scikit_learn(model, SMALL), rtol=0, atol=1e-12)


def test_what_the_probabilities_promise_comes():
    later = LEADS[(LEADS["scored_at"] >= school.LIVE) & LEADS["bought"].notna() & LEADS["called"]]
    promised = np.average(MODEL.probability(later), weights=later["weight"])
    came = np.average(later["bought"].astype(bool), weights=later["weight"])
    assert promised == pytest.approx(came, abs=0.03)


def test_the_order_and_the_index_of_the_leads_do_not_matter():
    table = LEADS.tail(40)
    turned = table.iloc[::-1][table.columns[::-1]]
    pd.testing.assert_frame_equal(MODEL.score(turned).loc[table.index], MODEL.score(table))


# ---------------------------------------------------------------- reasons


def test_the_reasons_add_up_to_the_distance_from_the_average_lead():
    leads = LEADS.tail(60)
    moved = MODEL.reasons(leads, n=9).groupby("lead_id")["log_odds"].sum()
    usual = MODEL.parameters_["intercept"] + sum(MODEL.parameters_["usual"].values())
    distance = scoring.log_odds(MODEL.probability(leads)) - usual
    found = moved[leads["lead_id"]].to_numpy()
    np.testing.assert_allclose(found, distance, atol=9 * 0.01)


def test_reasons_are_read_by_a_salesperson():
    model = small().fit(SMALL, BOUGHT)
    asked = pd.DataFrame({"lead_id": ["a", "b"], "visits": [9, None], "source": ["seo", None]})
    said = model.reasons(asked).groupby("lead_id")["reason"].apply(list)
    assert said["a"][0] == "visits 9 (on average 4.4) raises the score"
    assert {"visits not known lowers the score", "source not known lowers the score"} <= set(
        said["b"]
    )
    table = model.score(asked)
    assert table["reasons"].tolist() == ["; ".join(each) for each in said]


def test_reasons_never_repeat_what_somebody_wrote():
    assert LEADS["message"].notna().sum() > 2000
    said = " ".join(MODEL.score(LEADS)["reasons"].unique())
    assert "what the message says raises the score" in said and "no message" in said
    for words in LEADS["message"].dropna().unique()[:200]:
        assert words not in said


def test_there_are_as_many_reasons_as_asked_for_the_strongest_first():
    table = MODEL.reasons(LEADS.tail(30), n=2)
    assert table.groupby("lead_id").size().max() == 2
    strength = table["log_odds"].abs()
    assert (strength.groupby(table["lead_id"]).diff().dropna() <= 0).all()
    assert ((table["log_odds"] > 0) == (table["effect"] == "raises")).all()


def test_scores_of_records_and_of_a_table_are_the_same():
    leads = LEADS.tail(25)
    columns = ["lead_id", *MODEL.inputs_]
    records = leads[columns].astype(object).where(leads[columns].notna(), None).to_dict("records")
    answers, table = MODEL.answers(records), MODEL.score(leads)
    assert [answer["lead_id"] for answer in answers] == table["lead_id"].tolist()
    assert [answer["score"] for answer in answers] == table["score"].tolist()


def test_no_leads_get_an_empty_table():
    table = MODEL.score(LEADS.iloc[:0])
    assert list(table.columns) == ["lead_id", "score", "reasons"] and len(table) == 0
    assert len(MODEL.reasons(LEADS.iloc[:0])) == 0
    assert MODEL.answers([]) == []


# ---------------------------------------------------------------- the file


def test_a_model_read_from_its_file_scores_to_the_last_digit(tmp_path):
    path = MODEL.save(tmp_path / "model.json")
    model = scoring.load_model(path)
    assert (model.version, model.inputs_) == (MODEL.version, MODEL.inputs_)
    pd.testing.assert_series_equal(
        model.probability(LEADS), MODEL.probability(LEADS), check_exact=True
    )
    pd.testing.assert_frame_equal(model.score(LEADS), MODEL.score(LEADS))


def test_the_file_is_the_same_each_time_and_can_be_read_by_people(tmp_path):
    one, other = MODEL.save(tmp_path / "one.json"), tmp_path / "other.json"
    scoring.load_model(one).save(str(other))
    assert one.read_bytes() == other.read_bytes()
    content = json.loads(one.read_text("utf-8"))
    assert content["parameters"]["names"]["source"]["reference"] == "seo"
    assert content["parameters"]["numbers"]["pages"]["median"] == 8


def test_the_file_holds_no_text_of_a_lead_and_no_id(tmp_path):
    text = MODEL.save(tmp_path / "model.json").read_text("utf-8")
    assert not any(lead in text for lead in LEADS["lead_id"])
    assert not any(message in text for message in LEADS["message"].dropna().unique())


def rewritten(path, change):
    """Change what the file says, and give it the checksum that then fits."""
    content = json.loads(path.read_text("utf-8"))
    del content["checksum"]
    change(content)
    content["checksum"] = files.checksum(content)
    path.write_text(json.dumps(content), "utf-8")


def another_form(content):
    content["form"] = 2


def another_kind(content):
    content["kind"] = "recipe"


def no_numbers(content):
    del content["parameters"]["numbers"]


def text_for_a_weight(content):
    content["parameters"]["numbers"]["pages"]["weight"] = "much"


def no_scale(content):
    content["parameters"]["numbers"]["pages"]["scale"] = 0


def a_flag_for_a_weight(content):
    content["parameters"]["names"]["source"]["weights"]["seo"] = True


def an_input_too_many(content):
    content["parameters"]["usual"]["age"] = 0.1


def an_odd_version(content):
    content["version"] = "1\nX-Header: 2"


def words_without_weights(content):
    content["parameters"]["text"]["words"]["price"] = [1.0]


def a_number_without_an_end(content):
    content["parameters"]["intercept"] = 10**400


def texts_of_no_column(content):
    content["parameters"]["text"]["column"] = 5


LACKS = "lacks what a model of leads needs"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (another_form, "is a model of form 2, and this release of the course reads form 1"),
        (another_kind, "is not a model of leads"),
        (no_numbers, LACKS),
        (text_for_a_weight, LACKS),
        (no_scale, LACKS),
        (a_flag_for_a_weight, LACKS),
        (an_input_too_many, LACKS),
        (an_odd_version, LACKS),
        (words_without_weights, LACKS),
        (a_number_without_an_end, LACKS),
        (texts_of_no_column, LACKS),
    ],
)
def test_a_file_that_says_something_else_is_refused(tmp_path, change, said):
    path = MODEL.save(tmp_path / "model.json")
    rewritten(path, change)
    with pytest.raises(ValueError, match=said) as caught:
        scoring.load_model(path)
    assert str(caught.value).startswith("model.json ") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read as JSON"),
        (b"\x80\x04\x95", "cannot be read as JSON"),
        (pickle.dumps({"a": 1}), "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
        (b"[]", "is not a model of leads"),
        (b'{"kind": 3}', "is not a model of leads"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, content, said):
    (tmp_path / "model.json").write_bytes(content)
    with pytest.raises(ValueError, match=said):
        scoring.load_model(tmp_path / "model.json")


def test_a_file_changed_or_cut_anywhere_is_refused(tmp_path):
    whole = MODEL.save(tmp_path / "model.json").read_bytes()
    path = tmp_path / "damaged.json"
    for place in range(0, len(whole) - 2, len(whole) // 40):
        path.write_bytes(whole[:place])
        with pytest.raises(ValueError, match="damaged.json "):
            scoring.load_model(path)
    refused, digits = 0, [i for i in range(len(whole)) if whole[i : i + 1] == b"7"]
    for place in digits[:: len(digits) // 20]:
        path.write_bytes(whole[:place] + b"8" + whole[place + 1 :])
        try:
            # The last of seventeen digits may be another and the number the same.
            assert scoring.load_model(path).parameters_ == MODEL.parameters_
        except ValueError as error:
            refused += "its checksum differs" in str(error)
    assert refused >= 15


def test_a_folder_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        scoring.load_model(tmp_path)
    with pytest.raises(ValueError, match="there is no file nothing.json"):
        scoring.load_model(tmp_path / "nothing.json")
    with pytest.raises(ValueError, match="cannot be read"):
        scoring.load_model(tmp_path / ("x" * 300))


def test_a_place_where_no_file_can_be_saved_is_named(tmp_path):
    with pytest.raises(ValueError, match="is a folder: name the file in it"):
        MODEL.save(tmp_path)
    with pytest.raises(ValueError, match="cannot be written"):
        MODEL.save(tmp_path / ("x" * 300))
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot be written"):
        MODEL.save(tmp_path / "file" / "model.json")
    assert MODEL.save(tmp_path / "new" / "lead_model.json").is_file()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "model.json")
    with pytest.raises(ValueError, match="is not a file"):
        scoring.load_model(tmp_path / "model.json")


def test_whoever_reads_while_a_model_is_replaced_finds_one_or_the_other(tmp_path):
    path = MODEL.save(tmp_path / "model.json")
    other = scoring.LeadModel.from_parameters("b", MODEL.parameters_)
    over = threading.Event()

    def replace():
        for _ in range(60):
            other.save(path)
            MODEL.save(path)
        over.set()

    writer = threading.Thread(target=replace)
    writer.start()
    found = set()
    while not over.is_set():
        found.add(scoring.load_model(path).version)
    writer.join()
    assert found <= {"2026-01-01", "b"}
    assert [each.name for each in tmp_path.iterdir()] == ["model.json"]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"numbers": []}, "numbers is empty"),
        ({"names": ["source"]}, "give a mapping of columns"),
        ({"numbers": ["source"]}, "named twice"),
        ({"names": {"lead_id": "a"}}, "named twice"),
        ({"version": ""}, "at most 40 letters"),
        ({"version": "a b"}, "at most 40 letters"),
    ],
)
def test_columns_that_cannot_be_are_refused(arguments, said):
    with pytest.raises((TypeError, ValueError), match=said):
        small(**arguments)


@pytest.mark.parametrize(
    ("changes", "outcome", "arguments", "said"),
    [
        ({}, [True] * 12, {}, "all of 12 leads bought"),
        ({}, [False] * 12, {}, "none of 12 leads bought"),
        ({"visits": None}, None, {}, "column 'visits' is missing in all rows"),
        ({}, None, {"names": {"source": "SEO"}}, "did you mean 'seo'"),
        ({}, None, {"text": "note"}, "texts of 4 leads that bought and of 6 that did not"),
        ({"source": 3}, None, {}, "does not hold text"),
        ({"visits": "many"}, None, {}, "holds text"),
    ],
)
def test_leads_from_which_nothing_can_be_learnt_are_refused(changes, outcome, arguments, said):
    bought = BOUGHT if outcome is None else pd.Series(outcome)
    with pytest.raises((TypeError, ValueError), match=said):
        small(**arguments).fit(SMALL.assign(**changes), bought)


def test_a_name_that_was_not_learnt_is_refused_with_its_row():
    with pytest.raises(ValueError, match=r"names that the model does not know, in 1 of 2 leads"):
        MODEL.score(LEADS.tail(2).assign(source=["seo", "radio"]))
    with pytest.raises(ValueError, match="no column in leads is called 'pages'"):
        MODEL.score(LEADS.drop(columns="pages"))
    with pytest.raises(ValueError, match="a lead has no 'lead_id'"):
        MODEL.answers([{}])


def test_a_model_that_has_not_learnt_says_so(tmp_path):
    for use in (small().score, small().save):
        with pytest.raises(ValueError, match="has not learnt yet"):
            use(SMALL if use.__name__ == "score" else tmp_path / "x.json")
