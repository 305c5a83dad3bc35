"""Lessons, and the tool that renders, links and checks them.

A small lesson that breaks no rule is built below. Each fault is planted in it and must be found;
then every rule is run on the real lessons.
"""

import base64
import copy
import csv
import json
import re
import tomllib
from pathlib import Path

import nbformat
import pytest

from funnelkit.app import install
from tools import notebook_model, notebook_text, rules_course, rules_form, rules_prose
from tools import notebooks as tool
from tools import rules as course_rules
from tools.exercise_rules import read_exercises

ROOT = Path(__file__).resolve().parent.parent


# The cells whose output may differ from run to run, each with the reason. Nothing else may
# carry the tag nbval-ignore-output.
IGNORED_OUTPUTS: dict[tuple[str, str], str] = {
    ("16_forecasting_tensorflow", "own-table"): "TensorFlow's digits depend on the processor",
}

COURSE = notebook_model.read_course(ROOT)
EXERCISES = read_exercises(COURSE)
LESSONS = [pytest.param(nb, id=nb.path.stem) for nb in COURSE.lessons]
EXTRAS = notebook_model.read_extras(ROOT)


# ---------------------------------------------------------------------------------------------
# The real lessons
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nb", LESSONS)
@pytest.mark.parametrize("rule", course_rules.RULES, ids=lambda rule: rule.__name__)
def test_lesson_keeps_the_rule(nb, rule):
    assert [str(problem) for problem in rule(nb, COURSE)] == []


@pytest.mark.parametrize("nb", EXTRAS, ids=lambda nb: nb.path.stem)
@pytest.mark.parametrize("rule", course_rules.SHARED_RULES, ids=lambda rule: rule.__name__)
def test_extra_keeps_the_rule(nb, rule):
    assert [str(problem) for problem in rule(nb, COURSE)] == []


def test_extras_are_named_after_a_lesson_and_what_they_need():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert sorted(extras["optional-dependencies"]) == sorted([*install.EXTRAS, install.SITE])
    folders = {path.name for path in (ROOT / "tests" / "extras").iterdir()}
    endings = {ending: extra for extra, several in install.EXTRAS.items() for ending in several}
    named = {endings[nb.path.stem.split("_")[-1]] for nb in EXTRAS}
    assert named | folders == set(install.EXTRAS)
    assert {nb.number for nb in EXTRAS} <= {nb.number for nb in COURSE.lessons}


def test_lessons_link_to_one_another_and_pages_to_what_exists():
    assert [str(problem) for problem in tool.course_problems(COURSE, EXERCISES)] == []


def test_only_the_listed_cells_have_outputs_that_may_differ():
    found = set().union(*(rules_form.ignored_outputs(nb) for nb in COURSE.lessons + EXTRAS), set())
    assert found == set(IGNORED_OUTPUTS)


def test_glossary_is_well_formed():
    with (ROOT / "datasets" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "term", "chinese", "meaning"]
    ids = [row["id"] for row in rows]
    forms = [form for row in rows for form in notebook_text.terms(row["term"])]
    assert len(set(ids)) == len(ids)
    assert sorted({form for form in forms if forms.count(form) > 1}) == []
    for row in rows:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row["id"]), row
        assert row["term"].strip() and row["chinese"].strip(), row
        assert re.fullmatch(r"\S.*\S\.", row["meaning"]), row
        assert len(row["meaning"].split()) <= 40, row


def test_references_are_well_formed():
    lines = (ROOT / "docs" / "references.md").read_text(encoding="utf-8").splitlines()
    items = [line for line in lines if line.startswith("- ")]
    assert len(COURSE.references) == len(items) > 40
    for key, entry in COURSE.references.items():
        year = re.search(r"\d{4}", key)[0]
        assert f"({year})" in entry and entry.endswith("."), key


# ---------------------------------------------------------------------------------------------
# A small lesson that breaks no rule
# ---------------------------------------------------------------------------------------------

INFO = {
    "title": "Conversion rates",
    "minutes": [45, 75],
    "teaches": ["conversion-rate"],
    "needs": ["funnel"],
    "core": ["conversion-rate"],
    "data": ["events"],
}

OPENING = """# 02 · Conversion rates

**The business question.** Of a thousand visitors, how many buy?

This takes 45–75 minutes. **You need** the funnel of lesson 01.

> 🎯 **Objectives.** After this lesson you can
> - **compute a rate** from two counts,
> - **state its denominator** in words,
> - **read an interval** aloud."""

FORMULA = """## The conversion rate

The **conversion rate** is the share of visitors who convert in the end.

$$\\hat p = \\frac{x}{n}$$

| Symbol | Meaning | Unit |
|---|---|---|
| $x$ | converted, $P(x \\mid n)$ | users |
| $n$ | visitors | users |

A small example by hand: 200 of 1,000 give $200 / 1000 = 0.2$."""

DATA = """import funnelkit
from funnelkit import metrics

events = funnelkit.load("events")
len(events)"""

QUIZ = """## Quiz

1. What is divided by what?

<details><summary>Answer</summary>

Those who convert by all who could have converted, since events would count some people twice.
</details>

2. Which rate is larger?

<details><summary>Answer</summary>

The step rate is larger, because the overall rate divides by all visitors and not by fewer.
</details>

3. What is missing from a bare rate?

<details><summary>Answer</summary>

Its window is missing, because without one the late conversions are cut off for recent users.
</details>"""


def markdown(name, source, **metadata):
    return {"cell_type": "markdown", "id": name, "metadata": metadata, "source": source}


def code(name, source, *outputs, **metadata):
    cell = {"cell_type": "code", "id": name, "metadata": metadata, "source": source}
    return {**cell, "execution_count": None, "outputs": list(outputs)}


def printed(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data):
    data = {key.replace("_", "/"): value for key, value in data.items()}
    return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": None}


def small_lesson():
    return {
        "info": copy.deepcopy(INFO),
        "cells": [
            markdown(
                "navigation-top", "[Contents](00.ipynb)", funnelkit={"role": "navigation-top"}
            ),
            markdown("opening", OPENING),
            code("data", DATA, shown(text_plain="1000")),
            markdown("formula", FORMULA, funnelkit={"core": "conversion-rate"}, given=dict(GIVEN)),
            code("three-lines", "rate = 200 / 1000\nrate", shown(text_plain="0.2")),
            code("package", "assert metrics.conversion_rate(200, 1000) == rate"),
            markdown("guess", "> 🔮 **Predict first.** Will the rate in the data be higher?"),
            code("on-data", 'print(f"{0.1764:.1%} of 2,345")', printed("17.6 % of 2,345\n")),
            markdown("reading", "In the data it is 17.6 % of 2,345 visitors, or about 2,000."),
            markdown("trap", "> ⚠️ **Trap.** A rate of events counts the same person many times."),
            markdown(
                "recap",
                "## Recap\n\n- **Compute a rate**: divide.\n- **State its denominator**: say it.\n"
                "- **Read an interval**: aloud.",
            ),
            markdown("quiz", QUIZ),
            markdown("memo", "## 🧭 Decision memo\n\nTo the head of marketing: keep the page."),
            markdown(
                "reading-list",
                "## Further reading\n\n- **Wilson 1927** *Probable inference, the law of"
                " succession, and statistical inference*: the interval.",
            ),
            markdown(
                "navigation-bottom", "[Contents](00.ipynb)", funnelkit={"role": "navigation-bottom"}
            ),
        ],
    }


GIVEN = {"200": "the round example", "1,000": "the round example", "0.2": "200 of 1,000"}


def parsed(lesson, name="02_conversion_rates", root=ROOT):
    """Return the lesson as if it had been rendered and read from disk."""
    count = 0
    for cell in lesson["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            cell.setdefault("count", count)
            cell["execution_count"] = cell.pop("count")
            for output in cell["outputs"]:
                if output["output_type"] == "execute_result":
                    output["execution_count"] = cell["execution_count"]
    node = nbformat.from_dict(
        {
            "cells": lesson["cells"],
            "metadata": {"funnelkit": lesson["info"]},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    node.metadata.update(notebook_model.normalised(node).metadata)
    return notebook_model.parse(notebook_model.written(node), root / "notebooks" / f"{name}.ipynb")


def course_of(*lessons, root=ROOT):
    glossary = {
        "funnel": "funnel",
        "conversion-rate": "conversion rate",
        "clv": "customer lifetime value (CLV)",
    }
    return notebook_model.Course(
        root, list(lessons), glossary, COURSE.references, {"events", "spend"}
    )


def first_lesson():
    info = {**INFO, "teaches": ["funnel"], "needs": [], "core": [], "data": []}
    lesson = {"info": info, "cells": [markdown("opening", "# 01 · The funnel")]}
    return parsed(lesson, "01_the_funnel")


def found(lesson, name="02_conversion_rates", ruff=False):
    nb = parsed(lesson, name)
    course = course_of(first_lesson(), nb)
    left_out = (
        {rules_course.check_links} if ruff else {rules_course.check_links, rules_form.check_ruff}
    )
    own = [rule for rule in course_rules.RULES if rule not in left_out]
    return [str(problem) for rule in own for problem in rule(nb, course)]


def cell_of(lesson, name):
    return next(cell for cell in lesson["cells"] if cell["id"] == name)


def test_the_small_lesson_breaks_no_rule():
    assert found(small_lesson(), ruff=True) == []


# ---------------------------------------------------------------------------------------------
# Faults, planted one by one
# ---------------------------------------------------------------------------------------------


def edit(name, old, new):
    """Replace a text in a cell's source."""

    def plant(lesson):
        cell = cell_of(lesson, name)
        assert old in cell["source"], (name, old)
        cell["source"] = cell["source"].replace(old, new, 1)

    return plant


def append(name, text):
    def plant(lesson):
        cell_of(lesson, name)["source"] += text

    return plant


def output(name, *outputs):
    def plant(lesson):
        cell_of(lesson, name)["outputs"] = list(outputs)

    return plant


def meta(name, **metadata):
    def plant(lesson):
        cell_of(lesson, name)["metadata"].update(metadata)

    return plant


def info(**values):
    def plant(lesson):
        lesson["info"].update(values)

    return plant


def remove(name):
    def plant(lesson):
        lesson["cells"].remove(cell_of(lesson, name))

    return plant


def put(at, *cells):
    """Insert cells before the one named."""

    def plant(lesson):
        index = lesson["cells"].index(cell_of(lesson, at))
        lesson["cells"][index:index] = cells

    return plant


def count(name, number):
    def plant(lesson):
        cell_of(lesson, name)["count"] = number

    return plant


def drop_key(key):
    def plant(lesson):
        del lesson["info"][key]

    return plant


PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
FIGURE = {"output_type": "display_data", "data": {"image/png": PNG}, "metadata": {}}
MERMAID = "```mermaid\ngraph LR\n  a --> b\n```"

FAULTS = {
    # form and execution
    "junk metadata": (meta("data", collapsed=True), "metadata not of the course: collapsed"),
    "unsorted form": (append("memo", "\n\n"), "not normalised"),
    "an empty cell": (put("memo", markdown("empty", "")), "the cell is empty"),
    "a raw cell": (
        put("memo", {"cell_type": "raw", "id": "raw", "metadata": {}, "source": "x"}),
        "a raw cell",
    ),
    "two ids alike": (
        put("memo", markdown("trap", "Once more.")),
        "(trap): the cell is not normal",
    ),
    "stream in pieces": (
        output("on-data", printed("17.6 % of "), printed("2,345\n")),
        "cell 8 (on-data): the cell is not normalised",
    ),
    "too large": (append("on-data", "\n# " + "x" * 600_000), "bytes, the limit is 600,000"),
    "not executed": (count("three-lines", None), "execution count None, not 2"),
    "out of order": (count("three-lines", 7), "execution count 7, not 2"),
    "nothing printed": (output("on-data"), "the cell prints, and no output is stored"),
    "no value shown": (output("three-lines"), "the cell prints, and no output is stored"),
    "an error": (
        output(
            "three-lines",
            {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []},
        ),
        "the stored output is an error, KeyError",
    ),
    "a warning": (
        output("on-data", printed("17.6 2,345\n"), printed("a warning\n", "stderr")),
        "the stored output holds stderr, 'a warning'",
    ),
    # outputs
    "an address": (
        output("three-lines", shown(text_plain="<Axes at 0x7f3a2b4c5d60>")),
        "a memory address",
    ),
    "a long float": (
        output("three-lines", shown(text_plain="0.17637712")),
        "a number with more than six decimals",
    ),
    "a NumPy scalar": (
        output("three-lines", shown(text_plain="np.float64(0.2)")),
        "the repr of a NumPy scalar",
    ),
    "a machine's path": (output("on-data", printed("17.6 2345 /home/ada/x\n")), "path of one"),
    "this checkout's path": (output("on-data", printed(f"17.6 2345 {ROOT}/x\n")), "path of one"),
    "terminal colours": (output("on-data", printed("\x1b[1m17.6 2345\n")), "terminal colour codes"),
    "a Styler": (
        output("three-lines", shown(text_plain="0.2", text_html='<style type="text/css">')),
        "the output is a Styler",
    ),
    "a script": (
        output("three-lines", shown(text_plain="0.2", text_html="<script>1</script>")),
        "the output holds a script",
    ),
    "an SVG": (
        output("three-lines", {**FIGURE, "data": {"image/svg+xml": "<svg/>"}}),
        "the output is of type image/svg+xml",
    ),
    # code
    "unused import": (edit("data", "events =", "import os\n\nevents ="), "ruff: F401"),
    "unformatted": (edit("package", "(200, 1000)", "(200,1000)"), "(package): ruff would format"),
    "broken code": (append("package", "\nif"), "ruff"),
    "reading a file": (append("package", '\npd.read_csv("x")'), "reads a file: 'read_csv'"),
    "a download": (append("package", '\nget("https://x.org")'), "goes to the network"),
    "an install": (append("package", "\n%pip install x"), "installs something"),
    "an install by shell": (append("package", "\n!pip install x"), "installs something"),
    "a path": (append("package", '\nx = "../datasets"'), "holds a path"),
    "a file's name": (append("package", '\nx = "events.csv.gz"'), "names a data file"),
    "a semicolon": (append("package", "\nx = 1;"), "line 2 ends with a semicolon"),
    "a semicolon before a comment": (append("package", "\nx = 1;  # so"), "ends with a semicolon"),
    "a sort that leaves ties open": (
        append("package", '\nx = log.sort_values("event")'),
        "sort_values() leaves rows that tie",
    ),
    "an argsort that leaves ties open": (
        append("package", "\nx = np.argsort(log.event)"),
        "argsort() leaves rows that tie",
    ),
    "global randomness": (append("package", "\nnp.random.rand()"), "global generator"),
    "an nbval comment": (append("package", "\n# NBVAL_SKIP"), "changes how the cell is tested"),
    "a machine fact": (append("on-data", "\nprint(np.__version__)"), "tell of the machine"),
    "a timing": (append("on-data", "\nstart = time.perf_counter()"), "tell of the machine"),
    "an unknown tag": (meta("data", tags=["hide-input"]), "unknown tag 'hide-input'"),
    "an unknown cell key": (meta("data", funnelkit={"part": 1}), "unknown key 'part'"),
    "typed title": (
        append("package", '\nax.set_title("20 % convert")'),
        "the number 20 in a figure",
    ),
    "typed label": (append("package", '\nplot(label="30 days")'), "the number 30 in a figure"),
    "typed in an f-string": (
        append("package", '\nax.set_title(f"{x} of 30 or {90}")'),
        "the number 90 in a figure",
    ),
    "figure without words": (
        put("on-data", code("figure", "ax = plots.bars(table)", FIGURE)),
        "the figure is not followed by words",
    ),
    # prose
    "a stray sign": (append("memo", " 🚀"), "the sign '🚀' is not one of the course's"),
    "a tick in prose": (append("memo", " ✓"), "the sign '✓' is not one of the course's"),
    "a sign printed": (output("on-data", printed("17.6 2345 ⭐\n")), "holds the sign '⭐'"),
    "a bare quote": (append("memo", "\n\n> So it goes."), "a block quote opens without sign"),
    "a quote without bold": (append("memo", "\n\n> ⚠️ Trap."), "a block quote opens without sign"),
    "a sign without quote": (append("memo", "\n\n⚠️ **Trap.** No."), "a sign opens a paragraph"),
    "diagram without words": (append("memo", f"\n\n{MERMAID}"), "Mermaid diagram is not followed"),
    "money in dollars": (append("memo", " It costs $30,000 a year and $9 more."), "'year' between"),
    "a lone dollar": (append("memo", " It costs $30."), "a dollar sign without its partner"),
    "an escaped dollar": (append("memo", r" It costs \$30."), "an escaped dollar sign"),
    "money in euro signs": (append("memo", " It costs €30."), "the money sign €"),
    "currency behind": (append("memo", " It costs 30 EUR."), "the currency stands after"),
    "a bar in a table": (edit("formula", r"\mid", "|"), "a bar in the maths of a table"),
    "words in maths": (append("memo", " $rate = x / n$"), "the word 'rate' between"),
    "a wrong number": (edit("reading", "17.6", "17.9"), "the number 17.9 is not in the output"),
    "a wrong count": (edit("reading", "2,345", "2,346"), "the number 2,346 is not in the output"),
    "a round number, not about": (edit("reading", "about ", ""), "the number 2,000 is not"),
    "a wrong date": (append("reading", " On 2026-03-01."), "the number 2026-03-01 is not in"),
    "a wrong number in maths": (append("reading", " $x = 0.31$"), "the number 0.31 is not in"),
    "given without reason": (meta("formula", given={**GIVEN, "200": ""}), "has no reason for 200"),
    "given and not said": (meta("memo", given={"77": "the old price"}), "the cell does not say"),
    "given as a list": (meta("memo", given=["77"]), "`given` is not a mapping"),
    # metadata and the parts of a lesson
    "no minutes": (drop_key("minutes"), "the metadata has no 'minutes'"),
    "an unknown key": (info(level="hard"), "unknown key 'level'"),
    "one minute number": (info(minutes=[45]), "the metadata's minutes are [45]"),
    "minutes reversed": (info(minutes=[75, 45]), "the metadata's minutes are [75, 45]"),
    "an empty title": (info(title=" "), "the metadata's title is empty"),
    "an unknown concept": (info(teaches=["conversion-rate", "x"]), "'x', which is not an id"),
    "an unknown table": (info(data=["events", "sales"]), "'sales', which is not a table"),
    "a name twice": (info(needs=["funnel", "funnel"]), "names 'funnel' twice"),
    "needs as text": (info(needs="funnel"), "needs is not a list"),
    "four core": (info(core=["a", "b", "c", "d"]), "more than three core formulas"),
    "core not taught": (info(core=["conversion-rate", "clv"]), "'clv' is core and not taught"),
    "no title": (edit("opening", "# 02", "02"), "does not open with its title"),
    "another title": (info(title="Rates of interest"), "does not end with the metadata's title"),
    "two titles": (append("memo", "\n\n# Another"), "a second title, 'Another'"),
    "other minutes": (edit("opening", "45–75", "45-75"), "does not say 45–75 minutes"),
    "no question": (edit("opening", "business question", "start"), "asks no business question"),
    "no needs": (
        edit("opening", "**You need**", "It needs"),
        "does not say what the learner needs",
    ),
    "no objectives": (edit("opening", "🎯 ", ""), "the opening has no objectives"),
    "two objectives": (edit("opening", "> - **read an interval** aloud.", ""), "2 objectives"),
    "a plain objective": (
        edit("opening", "**read an interval**", "read"),
        "'read aloud.' does not",
    ),
    "no prediction": (remove("guess"), "never asks to predict first"),
    "prediction without code": (
        put("on-data", markdown("aside", "First some more words.")),
        "the prediction is not followed by code",
    ),
    "prediction spelled out": (
        edit("on-data", "of 2,345", "of 2,345, lower than by hand"),
        "'lower than b' gives the answer to the prediction away",
    ),
    "no core section": (meta("formula", funnelkit={}), "no section for the core 'conversion-rate'"),
    "a core section too many": (
        meta("memo", funnelkit={"core": "clv"}),
        "'clv', which is not core",
    ),
    "a core section without heading": (
        edit("formula", "## The conversion rate", ""),
        "a core section opens without a heading",
    ),
    "core: no formula": (edit("formula", "$$\\hat p = \\frac{x}{n}$$", ""), "lacks a formula"),
    "core: no words": (
        edit(
            "formula",
            "The **conversion rate** is the share of visitors who convert in the end.",
            "",
        ),
        "lacks words before the formula",
    ),
    "core: no symbols": (edit("formula", "| Unit |", "| In |"), "lacks a table | Symbol"),
    "core: no example": (edit("formula", "by hand", "in words"), 'lacks a small example "by hand"'),
    "core: no few lines": (remove("three-lines"), "lacks the same in a few lines of code"),
    "core: no assertion": (edit("package", "assert ", ""), "lacks a code cell that asserts"),
    "core: not the package": (edit("package", "metrics.", ""), "lacks a code cell that asserts"),
    "core: no data": (remove("on-data"), "lacks a code cell with the data"),
    "core: no trap": (remove("trap"), "lacks a trap"),
    "the box by another name": (
        append("memo", "\n\n## What the article says"),
        "the box is titled",
    ),
    "no recap": (remove("recap"), "no section `## Recap`"),
    "recap out of step": (edit("recap", "Compute a rate", "Divide"), "missing 'compute a rate'"),
    "recap too short": (edit("recap", "- **Read an interval**: aloud.", ""), "missing 'read an"),
    "no quiz": (remove("quiz"), "no section `## Quiz`"),
    "two answers": (edit("quiz", "<details>", "<div>"), "the quiz has 2 answers"),
    "no summary": (edit("quiz", "<summary>Answer</summary>", ""), "an answer has no <summary>"),
    "an answer without reasons": (
        edit("quiz", ", since events would count some people twice", ""),
        "gives no reasons",
    ),
    "answer not drawn": (
        edit("quiz", "</summary>\n\nThose", "</summary>\n**Those**"),
        "no empty line after </summary>",
    ),
    "no memo": (remove("memo"), "no decision memo"),
    "memo too early": (
        lambda lesson: lesson["cells"].insert(2, lesson["cells"].pop(-3)),
        "the lesson ends 🧭 decision memo, Recap",
    ),
    "no further reading": (remove("reading-list"), "no section `## Further reading`"),
    "an unlisted work": (edit("reading-list", "Wilson 1927", "Smith 1927"), "'**Smith 1927**"),
    "a misquoted work": (edit("reading-list", "Probable", "Sure"), "Wilson 1927 is not called"),
    "an empty reading list": (edit("reading-list", "- **", "**"), "no further reading"),
    # the lesson among the others
    "taught before": (
        info(teaches=["conversion-rate", "funnel"], needs=[]),
        "'funnel' is taught in lesson 01 already",
    ),
    "needed too early": (info(needs=["clv"]), "needs 'clv', which no lesson before it teaches"),
    "needed and taught": (info(needs=["conversion-rate"]), "which it teaches"),
    "bold too early": (append("memo", " The **CLV** decides."), "the term 'clv' is bold"),
    "bold too early, in the plural": (
        append("memo", " All **customer lifetime values** decide."),
        "the term 'customer lifetime values' is bold",
    ),
    "taught and not said": (
        info(teaches=["conversion-rate", "clv"]),
        "teaches 'clv' and never says 'customer lifetime value (CLV)'",
    ),
    "a table too early": (append("data", '\nfunnelkit.load("spend")'), "'spend' is loaded before"),
    "a table not shown": (info(data=["events", "spend"]), "'spend', which the lesson never shows"),
}


@pytest.mark.parametrize(("plant", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_planted_fault_is_found(plant, message):
    lesson = small_lesson()
    plant(lesson)
    problems = found(lesson, ruff="ruff" in message)
    assert any(message in problem for problem in problems), problems


HONEST = {
    "a rounded number": edit("reading", "17.6 %", "18 %"),
    "a fraction for a percentage": edit("reading", "17.6 %", "0.176"),
    "a range in percent": edit("reading", "17.6 %", "17.6–17.6 %"),
    "a number in code": append("reading", " See `window=31`."),
    "a number of a lesson": append("reading", " See lessons 3 and 4, and the 5th step."),
    "a numbered list": append("reading", "\n\n1. Divide.\n2. Print."),
    "a number with its reason": lambda lesson: (
        append("reading", " A year has 52 weeks.")(lesson),
        meta("reading", given={"52": "the calendar"})(lesson),
    ),
    "a computed title": append("package", '\nax.set_title(f"{rate:.0%} convert")'),
    "maths": append("reading", r" The interval is $\hat p \pm z_{0.975}\,\text{error}$."),
    "a sign printed": output("on-data", printed("17.6 2345 ✓\n")),
    "a diagram with words": append("memo", f"\n\n{MERMAID}\n\nFrom the first to the second stage."),
    "words below the diagram's cell": put(
        "memo",
        markdown("diagram", MERMAID),
        markdown("words", "From the first stage on to the second."),
    ),
    "a figure with words": put(
        "memo",
        code("figure", "ax = plots.bars(table)", FIGURE),
        markdown("words", "The bars fall from step to step."),
    ),
    "a shell command": put(
        "memo",
        code("shell", "!funnelkit doctor", printed("all well\n"), tags=["nbval-ignore-output"]),
    ),
    "a stable sort": append("package", '\nx = log.sort_values("event", kind="stable")'),
    "a sort by two columns": append("package", '\nx = log.sort_values(["event", "user_id"])'),
    "a semicolon in a text": append("package", '\nx = "a;"'),
    "a file of its own": append(
        "package", '\nholder = tempfile.TemporaryDirectory()\nx = Path(holder.name) / "log.csv"'
    ),
}


@pytest.mark.parametrize("plant", HONEST.values(), ids=HONEST.keys())
def test_honest_text_is_left_alone(plant):
    lesson = small_lesson()
    plant(lesson)
    assert found(lesson) == []


def test_a_problem_names_notebook_cell_fault_and_remedy():
    lesson = small_lesson()
    append("reading", " Or 99.")(lesson)
    assert found(lesson) == [
        "notebooks/02_conversion_rates.ipynb, cell 9 (reading): the number 99 is not in the output "
        "of the cell above. Print it there, correct it, or say where it is from in the cell's "
        'metadata: "given": {"99": "reason"}.'
    ]


def test_lesson_00_is_exempt_from_what_needs_analysis():
    lesson = small_lesson()
    for name in ("guess", "quiz", "memo", "reading-list"):
        remove(name)(lesson)
    edit("opening", "**The business question.** ", "")(lesson)
    edit("opening", "**You need** the funnel of lesson 01.", "")(lesson)
    lesson["info"].update(core=[], needs=[])
    del cell_of(lesson, "formula")["metadata"]["funnelkit"]
    assert found(lesson, "00_start_here") == []
    remove("recap")(lesson)
    assert any("no section `## Recap`" in problem for problem in found(lesson, "00_start_here"))


def test_a_notebook_needs_its_two_digits():
    assert any("NN_slug" in problem for problem in found(small_lesson(), "rates"))


def test_span_of_time_is_read_in_days_and_hours():
    known = rules_prose.output_numbers("median   3 days 04:12:00")
    for text in ("3.2 days", "76 hours"):
        assert rules_prose.occurs(rules_prose.numbers(text)[0], known)


def test_table_in_html_is_read_without_its_tags():
    page = "<table><style>td {width: 77px}</style><tr><td>1,234</td><td>a &lt; b</td></tr></table>"
    nb = parsed({"info": {}, "cells": [code("table", "table", shown(text_html=page))]})
    assert nb.code[0].text.split() == ["1,234", "a", "<", "b"]


# ---------------------------------------------------------------------------------------------
# Links
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("01_the_funnel.ipynb", ""),
        ("01_the_funnel.ipynb#Who-is-counted?", ""),
        ("#Simpson's-paradox", ""),
        ("../exercises/02_rates.ipynb", ""),
        ("03_roi.ipynb", "there is no such file"),
        ("01_the_funnel.ipynb#who-is-counted", "there is no such heading"),
        ("#Nothing", "there is no such heading"),
        ("../README.md", "leads out of notebooks/ and exercises/"),
        ("https://example.org/x", "is not in docs/references.md"),
    ],
)
def test_links_of_a_lesson(tmp_path, link, fault):
    for folder in ("notebooks", "exercises"):
        (tmp_path / folder).mkdir()
    (tmp_path / "README.md").write_text("# Funnelkit\n")
    other = parsed({"info": {}, "cells": [markdown("a", "# One\n\n## Who is counted?")]})
    (tmp_path / "notebooks" / "01_the_funnel.ipynb").write_text(other.raw, encoding="utf-8")
    (tmp_path / "exercises" / "02_rates.ipynb").write_text(other.raw, encoding="utf-8")
    cells = [markdown("a", "## Simpson's paradox"), markdown("b", f"See [there]({link}).")]
    nb = parsed({"info": {}, "cells": cells}, root=tmp_path)
    problems = [str(p) for p in rules_course.check_links(nb, course_of(nb, root=tmp_path))]
    assert len(problems) == bool(fault)
    assert all(fault in problem for problem in problems)


def test_links_of_the_pages(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "trainers.md").write_text("# For trainers\n\n## What you'll need\n")
    links = "docs/trainers.md docs/trainers.md#what-youll-need docs/none.md docs/trainers.md#no"
    page = "# Funnelkit\n\n" + " ".join(f"[x]({link})" for link in links.split())
    (tmp_path / "README.md").write_text(page + "\n\n`[code](is-left-alone.md)` [top](#funnelkit)\n")
    problems = [str(problem) for problem in rules_course.check_pages(tmp_path)]
    assert problems == [
        "README.md: the link docs/none.md: there is no such file. Correct the link.",
        "README.md: the link docs/trainers.md#no: there is no such heading. Correct the link.",
    ]


def test_what_is_between_two_blocks_of_code_is_not_taken_for_code():
    page = "# A\n\n```\nx\n```\n\n## Between\n\n```\ny\n```\n"
    assert rules_course.github_anchors(page) == {"a", "between"}


def test_a_finished_course_says_every_word_of_the_glossary():
    lessons = [parsed({"info": {}, "cells": []}, f"{n:02d}_x") for n in range(33)]
    unfinished = list(rules_course.check_complete(course_of(*lessons[:32])))
    finished = [str(p) for p in rules_course.check_complete(course_of(*lessons))]
    assert unfinished == []
    assert len(finished) == 3 and all("no lesson says" in problem for problem in finished)


# ---------------------------------------------------------------------------------------------
# navigation
# ---------------------------------------------------------------------------------------------


@pytest.fixture
def small_course(tmp_path):
    """Three lessons and an exercise in a folder of their own."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "exercises").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "datasets").mkdir()
    (tmp_path / "README.md").write_text(
        "# Funnelkit\n\n<!-- course-map:start --><!-- course-map:end -->\n\nThe end.\n"
    )
    (tmp_path / "docs" / "references.md").write_text("# References\n")
    (tmp_path / "datasets" / "glossary.csv").write_text(
        "id,term,chinese,meaning\nfunnel,funnel,漏斗,Steps.\nstep,step,步骤,One.\n"
    )
    contents = "# 00 · Start\n\n<!-- contents:start --><!-- contents:end -->"
    for name, title, teaches, source in [
        ("00_start", "Start", [], contents),
        ("01_funnel", "The funnel", ["step", "funnel"], "# 01 · The funnel"),
        ("02_rates", "Rates", [], "# 02 · Rates"),
    ]:
        core = teaches[1:]
        entry = {"title": title, "minutes": [20, 30], "teaches": teaches, "core": core}
        nb = parsed({"info": entry, "cells": [markdown("a", source)]}, name, tmp_path)
        nb.path.write_text(nb.raw, encoding="utf-8")
    (tmp_path / "exercises" / "solutions").mkdir()
    for folder in ("exercises", "exercises/solutions"):
        (tmp_path / folder / "01_funnel.ipynb").write_text("{}")
    return tmp_path


def test_navigation_links_what_exists_and_is_stable(small_course, capsys):
    assert len(tool.course_problems(notebook_model.read_course(small_course), [])) == 4
    assert tool.navigation(notebook_model.read_course(small_course), []) == 0
    assert "3 lessons, 0 exercises, 4 files changed" in capsys.readouterr().out
    course = notebook_model.read_course(small_course)
    first, middle, last = (nb.cells for nb in course.lessons)
    assert first[0].source == "[01 The funnel →](01_funnel.ipynb)".replace(
        "[01", "[Contents](00_start.ipynb) · [01"
    )
    assert middle[0].source == (
        "[← 00 Start](00_start.ipynb) · [Contents](00_start.ipynb) · [02 Rates →](02_rates.ipynb)"
        " · [📝 Exercise](../exercises/01_funnel.ipynb)"
    )
    assert (
        last[-1].source == "---\n\n[← 01 The funnel](01_funnel.ipynb) · [Contents](00_start.ipynb)"
    )
    assert [cell.role for cell in last] == ["navigation-top", "", "navigation-bottom"]
    table = "| 01 | [The funnel](notebooks/01_funnel.ipynb) | funnel, step | 20–30 |"
    readme = (small_course / "README.md").read_text(encoding="utf-8")
    assert table in readme and readme.endswith("The end.\n")
    assert table.replace("notebooks/", "") in first[1].source
    assert tool.course_problems(course, []) == []
    assert all(list(rules_course.check_links(nb, course)) == [] for nb in course.lessons)
    assert tool.navigation(course, []) == 0
    assert "3 lessons, 0 exercises, 0 files changed" in capsys.readouterr().out


def test_the_table_of_tracks_names_lessons_and_hours(small_course):
    for path in sorted((small_course / "notebooks").glob("0[01]*")):
        text = path.read_text(encoding="utf-8").replace('"title":', '"tracks": ["sales"], "title":')
        path.write_text(text, encoding="utf-8")
    rows = tool.track_table(notebook_model.read_course(small_course)).splitlines()
    assert "| *sales* | sales operations | 00, 01 | 1–1 |" in rows
    assert "| *marketer* | a marketer, who builds no models | none yet | 0–0 |" in rows


def test_navigation_follows_a_new_title(small_course):
    tool.navigation(notebook_model.read_course(small_course), [])
    path = small_course / "notebooks" / "01_funnel.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace('"The funnel"', '"Stages"'), "utf-8")
    problems = [str(p) for p in tool.course_problems(notebook_model.read_course(small_course), [])]
    assert len(problems) == 3  # lessons 00 and 02, and the README
    assert all("python -m tools.notebooks navigation" in problem for problem in problems)


def test_navigation_asks_for_its_markers_and_writes_nothing(small_course, capsys):
    (small_course / "README.md").write_text("# Funnelkit\n")
    before = {p: p.read_bytes() for p in (small_course / "notebooks").iterdir()}
    assert tool.navigation(notebook_model.read_course(small_course), []) == 1
    assert "<!-- course-map:start -->" in capsys.readouterr().out
    assert {p: p.read_bytes() for p in (small_course / "notebooks").iterdir()} == before


# ---------------------------------------------------------------------------------------------
# render and the command
# ---------------------------------------------------------------------------------------------

PLOT = """import os
import matplotlib.pyplot as plt

print("two ", end="", flush=True)
print("parts", os.path.basename(os.getcwd()), os.path.exists(os.environ["FUNNELKIT_STATE"]))
fig, ax = plt.subplots()
ax = ax.set_title("a line")"""


def write_notebook(path, *sources):
    """Write a notebook as an untidy program might: no ids, odd metadata, no final newline."""
    cells = [
        {"cell_type": "markdown", "metadata": {"editable": True}, "source": ["# Title\n", "words"]},
        *(
            {
                "cell_type": "code",
                "metadata": {"scrolled": True, "collapsed": False, "tags": []},
                "source": source,
                "outputs": [],
                "execution_count": 9,
            }
            for source in sources
        ),
    ]
    metadata = {"language_info": {"name": "python", "version": "3.1"}, "kernelspec": {"name": "x"}}
    node = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(node), encoding="utf-8")


def test_a_kernel_has_one_thread_unless_the_user_says_otherwise(monkeypatch, tmp_path):
    folder = str(tmp_path)  # it writes there: a folder in the checkout would be linted
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert tool.kernel_environment(folder)["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert tool.kernel_environment(folder)["OMP_NUM_THREADS"] == "4"


def test_render_is_repeatable_and_a_small_edit_is_a_small_diff(tmp_path, capsys):
    path = tmp_path / "01_plot.ipynb"
    write_notebook(path, PLOT, "1 + 1")
    assert tool.render([path]) == 0
    assert re.search(r"01_plot\.ipynb: \d+\.\d s", capsys.readouterr().out)
    first = path.read_text(encoding="utf-8")
    nb = notebook_model.read(path)
    assert (
        list(rules_form.check_form(nb, COURSE)) == list(rules_form.check_executed(nb, COURSE)) == []
    )
    assert nb.code[0].outputs[0].text == f"two parts {tmp_path.name} False\n"
    assert nb.code[0].draws and nb.code[1].text == "2"
    assert b"Software" not in base64.b64decode(nb.code[0].outputs[-1].data["image/png"])
    assert first.endswith("}\n") and '"timestamp' not in first and "iopub" not in first

    path.write_text(first.replace('"1 + 1"', '"1 + 2"'), encoding="utf-8")
    assert tool.render([path]) == 0
    second = path.read_text(encoding="utf-8")
    changed = [
        (old, new)
        for old, new in zip(first.splitlines(), second.splitlines(), strict=True)
        if old != new
    ]
    assert [new.strip() for _, new in changed] == ['"3"', '"1 + 2"']


def test_render_leaves_a_failing_notebook_as_it_was(tmp_path, capsys):
    path = tmp_path / "01_fails.ipynb"
    write_notebook(path, "x = 1", "x / 0")
    before = path.read_bytes()
    assert tool.render([path]) == 1
    said = capsys.readouterr().out
    assert re.search(r"cell 3 \([0-9a-f]{8}\) failed: ZeroDivisionError: division by zero", said)
    assert "left as it was" in said
    assert path.read_bytes() == before


def test_ids_are_kept_or_made_from_the_content(tmp_path):
    path = tmp_path / "01_ids.ipynb"
    write_notebook(path, "x = 1", "x = 1")
    nodes = [notebook_model.normalised(notebook_model.read(path).node) for _ in range(2)]
    ids = [cell.id for cell in nodes[0].cells]
    assert ids == [cell.id for cell in nodes[1].cells]
    assert len(set(ids)) == 3
    nodes[0].cells[1].source = "x = 2"
    assert [cell.id for cell in notebook_model.normalised(nodes[0]).cells] == ids


def test_chosen_paths(small_course):
    folder = small_course / "notebooks"
    solution = small_course / "exercises" / "solutions" / "01_funnel.ipynb"
    assert tool.chosen_paths([], small_course) == [*sorted(folder.iterdir()), solution]
    assert tool.chosen_paths(["1"], small_course) == [folder / "01_funnel.ipynb", solution]
    path = folder / "02_rates.ipynb"
    assert tool.chosen_paths(["02", str(solution)], small_course) == [path, solution]
    with pytest.raises(ValueError, match="'07' is neither a lesson's number nor a notebook's path"):
        tool.chosen_paths(["07"], small_course)


def test_check_prints_problems_and_guidance(small_course, capsys):
    course = notebook_model.read_course(small_course)
    assert tool.check(course, [], [nb.path for nb in course.lessons]) == 1
    said = capsys.readouterr().out
    assert "01_funnel.ipynb: guidance: 1 cells (30 to 50 read best)" in said
    assert (
        "notebooks/01_funnel.ipynb, cell 1 (a): the opening does not say what the learner needs"
        in said
    )
    assert re.search(r"3 lessons and 0 exercises checked, \d+ problems", said)


def test_the_command_explains_itself(capsys):
    with pytest.raises(SystemExit) as end:
        tool.main(["--help"])
    assert end.value.code == 0 and "navigation" in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        tool.main(["render", "77"])
    assert end.value.code == 2 and "'77' is neither" in capsys.readouterr().err
