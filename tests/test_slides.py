"""Slides: what a cell becomes, what the notes hold, and what marking leaves as it is."""

import copy
import doctest
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from funnelkit import workspace
from tools.notebook_model import Cell, normalised, parse, read, read_course
from tools.notebooks import linked
from tools.rules_form import check_form
from tools.site import notebook
from tools.slides import blocks, build, formulas, marks, outputs, page
from tools.slides.deck import MOST, TYPES, deck

ROOT = Path(__file__).resolve().parents[1]
COURSE = read_course(ROOT)
TABLE = """<table><thead><tr><th></th><th>users</th></tr><tr><th>step</th><th></th></tr></thead>
<tbody><tr><th>visit</th><td>11555</td></tr><tr><th>lead</th><td>NaN</td></tr></tbody></table>"""


def text(source, name="", **metadata):
    return {"cell_type": "markdown", "id": name, "metadata": metadata, "source": source}


def code(source, *shown, name="", **metadata):
    """Return a code cell; what it shows is printed text, a table or a picture."""
    made = []
    for one in shown:
        data = {"text/html": one, "text/plain": "x"} if "<table" in one else {"image/png": one}
        if "<table" in one or one == "AAAA":
            made.append({"output_type": "display_data", "metadata": {}, "data": data})
        else:
            made.append({"output_type": "stream", "name": "stdout", "text": one})
    cell = {"cell_type": "code", "id": name, "metadata": metadata, "source": source}
    return {**cell, "outputs": made, "execution_count": 1}


def lesson(*cells, number="99"):
    """Return a small lesson."""
    for at, cell in enumerate(cells):
        cell["id"] = cell["id"] or f"cell-{at}"
    info = {"funnelkit": {"title": "A small lesson", "minutes": [10, 20]}}
    node = {"cells": list(cells), "metadata": info, "nbformat": 4, "nbformat_minor": 5}
    raw = nbformat.v4.writes(nbformat.from_dict(node)) + "\n"
    return parse(raw, Path(f"notebooks/{number}_small.ipynb"))


def slides(*cells, types=None):
    return deck(lesson(*cells), types or {})


# ---------------------------------------------------------------------------------------------
# What a cell becomes
# ---------------------------------------------------------------------------------------------


def test_a_section_shows_its_bold_sentence_and_keeps_the_rest_for_the_notes():
    (one,) = slides(text("## Rates\n\nMuch is said. A **rate** is a share. And more is said."))
    assert (one.kind, one.title, one.body) == ("idea", "Rates", "A **rate** is a share.")
    assert one.new
    assert "And more is said." in one.notes[0][1]


def test_a_bold_sentence_that_points_back_takes_the_one_before_it_along():
    (one,) = slides(text("## Rates\n\nOne looks daily. This is **peeking**. It errs."))
    assert one.body == "One looks daily. This is **peeking**."


def test_a_prediction_is_one_slide_and_what_came_out_is_the_next():
    asked, came = slides(
        text("## Rates\n\n> 🔮 **Predict first.** Many came. How many of them stay?"),
        code("go()", TABLE),
        text("Hardly any. That was to be expected."),
    )
    assert (asked.kind, asked.body) == ("question", "Many came. How many of them stay?")
    assert "write a number" in asked.notes[0][1]
    assert "Hardly" not in page.page("$slides", lesson(text("x")), [asked], "x")
    assert (came.kind, came.title) == ("answer", "How many of them stay?")
    assert came.line.startswith("Hardly any.")
    assert ("They predicted.", "Many came. How many of them stay?") in came.notes


def test_an_answer_that_is_too_large_for_a_slide_is_given_in_words():
    large = TABLE.replace("</tbody>", "<tr><th>x</th><td>1</td></tr>" * 9 + "</tbody>")
    came = slides(
        text("> 🔮 **Predict first.** How many?"), code("go()", large), text("Eleven in all.")
    )[-1]
    assert (came.kind, came.body, came.shown) == ("answer", "Eleven in all.", "")


def test_a_figure_fills_its_slide_and_has_its_words():
    nb = lesson(code("draw()", "a line", "AAAA", funnelkit={"alt": "It rises. Axes: none."}))
    (one,) = deck(nb, {})
    assert one.kind == "figure"
    assert one.shown.startswith('<img class="figure" alt="It rises. Axes: none." src="data:')
    assert "a line" not in one.shown


def test_code_is_shown_where_it_explains_a_core_formula_and_nowhere_else():
    core = text("## Mean\n\nThe **mean** is\n\n$$m = s / n$$", funnelkit={"core": "mean"})
    made = slides(core, code("s / n", "0.2\n"), code("mean(s, n)", "0.2\n"), text("Alike, both."))
    assert [slide.kind for slide in made] == ["formula", "code", "output"]
    assert "s" in made[1].shown and "0.2" in made[1].shown
    assert "mean" not in made[2].shown


def test_symbols_stand_below_their_formula():
    symbols = "| Symbol | Meaning |\n|---|---|\n| $n$ | people |"
    made = slides(text(f"## Mean\n\nThe **mean** is\n\n$$m = s / n$$\n\n{symbols}\n\nBy hand: 2."))
    assert [slide.kind for slide in made] == ["idea", "formula"]
    assert symbols in made[1].body
    assert made[1].notes == [("", "By hand: 2.")]


def test_a_trap_has_its_text_in_the_notes_with_what_to_ask():
    (one,) = slides(text("> ⚠️ **Trap: two clocks.** " + "They differ by much, as here. " * 20))
    assert one.title == "⚠️ Trap: two clocks"
    assert blocks.word_count(one.body) <= 60
    assert [label for label, _ in one.notes] == ["Ask.", "The trap."]
    assert one.notes[1][1].count("They differ") == 20


def test_each_question_of_the_quiz_is_a_slide_and_its_answer_a_note():
    question = (
        "**{}. How many?**\n\n- (a) one\n- (b) two\n\n"
        "<details><summary>Answer</summary>\n\n(b): two.\n\n</details>\n\n<br>\n\n"
    )
    made = slides(text("## Quiz\n\n" + question.format(1) + question.format(2)))
    assert [slide.title for slide in made] == ["Quiz · 1 of 2", "Quiz · 2 of 2"]
    assert made[0].body == "**How many?**\n\n- (a) one\n- (b) two"
    assert ("Answer.", "(b): two.") in made[1].notes
    assert "Answer" not in made[1].body


def test_the_memo_says_whom_it_is_for_and_what_would_change_it():
    long = "We spend less. " * 40 + "What would change our mind: a better month."
    (one,) = slides(text(f"## 🧭 Decision memo\n\n> 🧭 **To the head of sales.** {long}"))
    assert one.body.startswith("**To the head of sales.** We spend less.")
    assert one.body.endswith("\n\nWhat would change our mind: a better month.")
    assert blocks.word_count(one.body) < 80


def test_a_heading_without_a_bold_word_goes_with_the_output_below_it():
    (one,) = slides(text("## The data\n\nThe log of lesson 01."), code("load()", TABLE))
    assert (one.kind, one.title, one.line, one.new) == (
        "output",
        "The data",
        "The log of lesson 01.",
        True,
    )


def test_navigation_the_reading_list_and_code_that_shows_nothing_are_left_out():
    role = {"role": "navigation-top"}
    nb = lesson(
        text("[Contents](x.ipynb)", funnelkit=role),
        code("import pandas"),
        text("## Further reading\n\n- **Wilson 1927** is short."),
    )
    assert deck(nb, {}) == []
    assert list(marks.rule_types(nb).values()) == ["skip", "skip"]


# ---------------------------------------------------------------------------------------------
# Outputs and formulas
# ---------------------------------------------------------------------------------------------


def printed(*shown):
    cell = code("x", *shown)
    return outputs.printed(Cell(1, "x", "code", "x", {}, nbformat.from_dict(cell["outputs"])))


def test_a_table_has_one_line_of_heads_and_a_dash_where_a_value_is_missing():
    shown = printed(TABLE)
    assert re.findall(r"<th[^>]*>(\w+)</th>", shown) == ["step", "users", "visit", "lead"]
    assert "<td" in shown and "NaN" not in shown and ">–</td>" in shown


def test_a_table_that_the_last_row_cannot_read_is_not_shown():
    row = "<tr><th>x</th><td>1</td></tr>"
    assert printed(TABLE.replace("</tbody>", row * 6 + "</tbody>"))
    assert printed(TABLE.replace("</tbody>", row * 7 + "</tbody>")) == ""
    assert printed("word " * 400) == ""
    wide = TABLE.replace("11555", "a_name_without_any_blank" * 5)
    assert printed(wide) == ""


@pytest.mark.parametrize("module", [blocks, formulas])
def test_examples_in_docstrings_are_right(module):
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0


def test_text_of_an_output_is_not_taken_for_html():
    assert "a &lt; b &amp; c" in printed("a < b & c\n")


@pytest.mark.parametrize("path", [nb.path for nb in COURSE.lessons], ids=lambda path: path.stem)
def test_formulas_in_the_notes_are_plain_text(path):
    for cell in read(path).markdown:
        for formula in formulas.FORMULA.findall(cell.source):
            said = formulas.spoken(formula)
            assert said and not re.search(r"\\|\$|frac|sqrt|text\{", said), said


def test_parts_of_a_formula_that_are_too_wide_together_stand_below_each_other():
    short = formulas.laid_out(r"a = b, \qquad c = d")
    long = formulas.laid_out(r"a = " + r"b + c + d + e + f + g + h " * 2 + r", \qquad c = d")
    assert "aligned" not in short and "aligned" in long
    condition = formulas.lines(r"f(x) = " + "x + y + z + " * 6 + r"1 \quad \text{if } x > 0")
    assert len(condition) == 1


# ---------------------------------------------------------------------------------------------
# Marks
# ---------------------------------------------------------------------------------------------


def test_marking_is_the_same_each_time_and_keeps_what_is_set_by_hand():
    nb = lesson(text("## Rates\n\nA **rate** is a share."), code("go()", "1\n"), text("One."))
    once = parse(marks.marked(nb), nb.path)
    assert marks.stored_types(once) == {"cell-0": "slide", "cell-1": "subslide", "cell-2": "notes"}
    assert marks.marked(once) == once.raw
    assert list(marks.problems(once)) == []
    by_hand = parse(marks.set_by_hand(once, "cell-1", "skip"), nb.path)
    assert marks.by_hand(by_hand) == {"cell-1": "skip"}
    assert marks.marked(by_hand) == by_hand.raw
    assert [slide.cell for slide in deck(by_hand, marks.types_of(by_hand))] == ["cell-0"]
    back = parse(marks.set_by_hand(by_hand, "cell-1", "rules"), nb.path)
    assert marks.marked(back) == once.raw


def test_check_names_what_is_missing_stale_or_unknown_and_what_to_do():
    nb = lesson(text("## Rates\n\nA **rate** is a share."), code("go()", "1\n"))
    (missing,) = marks.problems(nb)
    assert "2 cells" in str(missing) and "tools.slides mark" in str(missing)
    node = copy.deepcopy(parse(marks.marked(nb), nb.path).node)
    node.cells[1].metadata["slideshow"]["slide_type"] = "skip"  # as somebody does in JupyterLab
    (stale,) = marks.problems(parse(nbformat.v4.writes(node), nb.path))
    assert "tools.slides set 99 cell-1 skip` keeps it" in str(stale)
    node.cells[1].metadata["slideshow"]["slide_type"] = "-"
    (unknown,) = marks.problems(parse(nbformat.v4.writes(node), nb.path))
    assert "'-'" in str(unknown)
    with pytest.raises(ValueError, match="'big' is not one of slide, subslide"):
        marks.set_by_hand(nb, "cell-1", "big")
    with pytest.raises(ValueError, match="no cell with the id 'other'"):
        marks.set_by_hand(nb, "other", "skip")


def test_what_is_set_by_hand_is_shown_even_if_it_is_large():
    large = TABLE.replace("</tbody>", "<tr><th>x</th><td>1</td></tr>" * 9 + "</tbody>")
    nb = lesson(text("## Rates\n\nA **rate** is a share."), code("go()", large))
    assert len(deck(nb, marks.types_of(nb))) == 1
    set_ = parse(marks.set_by_hand(nb, "cell-1", "subslide"), nb.path)
    assert len(deck(set_, marks.types_of(set_), by_hand=marks.by_hand(set_))) == 2


def test_a_fragment_comes_on_the_slide_before_it_at_a_click():
    nb = lesson(text("## Rates\n\nA **rate** is a share."), code("go()", "a line\n"))
    nb = parse(marks.set_by_hand(nb, "cell-1", "fragment"), nb.path)
    (one,) = made = deck(nb, marks.types_of(nb), by_hand=marks.by_hand(nb))
    assert [part.cell for part in one.more] == ["cell-1"]
    shown = page.page("$slides", nb, made, "x")
    assert re.search(r'<div class="fragment">\s*<pre[^>]*>a line</pre></div>', shown)


@pytest.fixture(scope="module")
def marked_course():
    """Return the lessons as they are and as they are after marking."""
    return [(nb, parse(marks.marked(nb), nb.path)) for nb in COURSE.lessons]


def test_marking_changes_the_type_of_cells_and_nothing_else(marked_course):
    for nb, after in marked_course:
        node = copy.deepcopy(after.node)
        plain = copy.deepcopy(nb.node)
        for cell in [*node.cells, *plain.cells]:
            cell.metadata.pop("slideshow", None)
        assert node == plain, nb.path.name
        words = [len(cell.source.split()) for cell in nb.markdown]
        assert [len(cell.source.split()) for cell in after.markdown] == words
        assert {cell.id for cell in after.cells if cell.role}.isdisjoint(marks.stored_types(after))


def test_a_marked_lesson_is_normalised_and_its_navigation_up_to_date(marked_course):
    for nb, after in marked_course:
        assert list(check_form(after, COURSE)) == list(check_form(nb, COURSE)), nb.path.name
        up_to_date = linked(nb, COURSE) == normalised(nb.node)
        assert (linked(after, COURSE) == normalised(after.node)) == up_to_date, nb.path.name


def test_a_learners_copy_and_the_site_do_not_notice_marks(marked_course):
    for nb, after in marked_course:
        before, now = nb.raw.encode(), after.raw.encode()
        assert workspace.fingerprint(now) == workspace.fingerprint(before)
        options = {"pages": set(), "references": COURSE.references, "home": None}
        shown = notebook.page(json.loads(after.raw), f"notebooks/{nb.path.name}", **options)
        plain = notebook.page(json.loads(nb.raw), f"notebooks/{nb.path.name}", **options)
        for cell in [*shown["cells"], *plain["cells"]]:
            cell["metadata"].pop("slideshow", None)
        assert shown == plain


def test_each_lesson_has_20_to_35_slides_and_answers_right_after_its_questions(marked_course):
    for nb, after in marked_course:
        made = build.slides_of(after, ROOT)
        assert 20 <= len(made) <= MOST, (nb.path.name, len(made))
        kinds = [slide.kind for slide in made]
        for at, kind in enumerate(kinds):
            if kind == "question":
                assert kinds[at + 1] in ("answer", "figure"), (nb.path.name, at)
        for slide in made:
            if slide.kind in ("question", "trap", "quiz", "memo"):
                assert slide.notes, (nb.path.name, slide.title)
        assert set(marks.stored_types(after).values()) <= set(TYPES)


def test_slides_begin_where_the_marks_say_so(marked_course):
    for nb, after in marked_course:
        first = {}
        for slide in build.slides_of(after, ROOT):
            first.setdefault(slide.cell, "slide" if slide.new else "subslide")
        first.pop("exercise", None)
        types = marks.stored_types(after)
        said = {name: kind for name, kind in types.items() if kind in ("slide", "subslide")}
        assert first == said, nb.path.name


MARKED = any(marks.stored_types(nb) for nb in COURSE.lessons)


@pytest.mark.skipif(not MARKED, reason="no lesson is marked: run `python -m tools.slides mark`")
def test_the_marks_of_every_lesson_are_there_and_up_to_date():
    assert [str(problem) for nb in COURSE.lessons for problem in marks.problems(nb)] == []


# ---------------------------------------------------------------------------------------------
# The pages
# ---------------------------------------------------------------------------------------------


class Links(HTMLParser):
    """Reads what a page loads and where it leads."""

    def __init__(self):
        super().__init__()
        self.loads, self.leads, self.open = [], [], 0

    def handle_starttag(self, tag, attributes):
        options = dict(attributes)
        self.open += tag == "section"
        if tag == "a":
            self.leads.append(options["href"])
        elif source := options.get("src") or (tag == "link" and options["href"]):
            self.loads.append(source)

    def handle_endtag(self, tag):
        self.open -= tag == "section"


def test_pages_load_only_what_is_copied_beside_them(tmp_path):
    chosen = build.lessons(ROOT, ["00", "2"])
    counts = build.write_all(ROOT, tmp_path, chosen, site="https://example.org/course/")
    for nb, count in zip(chosen, counts, strict=True):
        found = Links()
        shown = (tmp_path / f"{nb.path.stem}.html").read_text(encoding="utf-8")
        found.feed(shown)
        assert found.open == 0
        assert all(re.match(r"data:|lib/", one) for one in found.loads)
        # Mermaid is large, and only some lessons have a diagram.
        assert ("lib/mermaid.min.js" in found.loads) == ('class="mermaid"' in shown)
        assert set(found.leads) == {f"https://example.org/course/notebooks/{nb.path.stem}.html"}
        assert len(found.leads) == count == shown.count("data-cell=")
        assert not re.search(r"\$(?:title|slides|mermaid)", shown)
    listed = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="(\d\d)_', listed) == ["00", "02"]
    assert f"{counts[0]} slides" in listed


def test_slides_link_to_the_site_if_there_is_one_and_else_to_the_notebook(tmp_path, monkeypatch):
    nb = COURSE.lessons[2]
    monkeypatch.setattr(build, "SITE", tmp_path / "site")
    monkeypatch.setattr(build, "read_home", lambda root: None)
    assert build.link_to(nb, ROOT / "build" / "slides", "") == f"../../notebooks/{nb.path.name}"
    (tmp_path / "site" / "notebooks").mkdir(parents=True)
    there = build.link_to(nb, tmp_path / "slides", "")
    assert there == f"../site/notebooks/{nb.path.stem}.html"
    assert build.link_to(nb, tmp_path, "../pages/") == f"../pages/notebooks/{nb.path.stem}.html"


def test_formulas_in_a_page_are_left_to_mathjax_and_are_no_tags():
    nb = lesson(text("## Order\n\nThe **order** is\n\n$$a < b > c$$\n\nfor $a<b$."))
    shown = page.page("$slides", nb, deck(nb, {}), "x")
    assert "a &lt; b &gt; c" in shown
    assert "for a<b" not in shown and "for a&lt;b" in shown  # in the notes


def test_the_commands_mark_check_and_set_work_on_a_copy(tmp_path, monkeypatch, capsys):
    (tmp_path / "notebooks").mkdir()
    copied = shutil.copy(COURSE.lessons[2].path, tmp_path / "notebooks")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    assert build.main(["mark", "02"]) == 0
    assert build.main(["check"]) == 0
    assert build.main(["set", "02", "load", "skip"]) == 0
    assert marks.by_hand(read(Path(copied))) == {"load": "skip"}
    assert build.main(["check", "2"]) == 0
    text = Path(copied).read_text(encoding="utf-8")
    Path(copied).write_text(text.replace('"subslide"', '"skip"'), encoding="utf-8")
    assert build.main(["check"]) == 1
    assert "tools.slides mark" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        build.main(["03"])
    with pytest.raises(SystemExit):
        build.main(["show"])
