"""How a notebook shows tables and charts once it has imported funnelkit."""

import base64
import subprocess
import sys

import nbformat
import pandas as pd
import pytest

from funnelkit import display
from tools import notebooks, overlaps


def aligned(table):
    """Return each row of the table as written, each cell with L if it is aligned left."""
    html = display.with_text_left(table).split("<table", 1)[1]
    rows = [row.split("</tr>")[0] for row in html.split("<tr")[1:]]
    return [
        ["L" if 'style="text-align: left;"' in cell.split(">")[0] else "." for cell in cells]
        for cells in (row.replace("<td", "<th").split("<th")[1:] for row in rows)
    ]


def test_text_is_aligned_left_with_its_heading_and_numbers_are_not():
    table = pd.DataFrame({"channel": ["seo", None], "users": [3, 4], "share": [0.5, 0.25]})
    assert aligned(table) == [[".", "L", ".", "."]] * 3


def test_labels_of_the_index_are_text_too():
    table = pd.DataFrame({"users": [3, 4]}, index=pd.Index(["seo", "ads"], name="channel"))
    assert aligned(table) == [["L", "."]] * 4


def test_a_label_that_spans_rows_moves_no_cell():
    index = pd.MultiIndex.from_tuples([("seo", 1), ("seo", 2), ("ads", 1)])
    table = pd.DataFrame({"what": ["a", "b", "c"], "n": [1, 2, 3]}, index=index)
    assert aligned(table)[1:] == [["L", ".", "L", "."], [".", "L", "."], ["L", ".", "L", "."]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.Categorical(["a", "b"]), "L"),
        (pd.Categorical([1, 2]), "."),
        (pd.to_datetime(["2026-01-01", "2026-01-02"]), "."),
        ([True, False], "."),
        ([["a"], ["b"]], "."),
        ([None, None], "."),
    ],
)
def test_only_text_is_text(values, expected):
    assert aligned(pd.DataFrame({"x": values}))[-1] == [".", expected]


def test_a_table_that_is_not_shown_whole_stays_as_pandas_writes_it():
    wide = pd.DataFrame({f"c{n}": ["a"] for n in range(30)})
    with pd.option_context("display.max_columns", 20):  # as in a notebook
        assert display.with_text_left(wide) == wide._repr_html_()
    with pd.option_context("display.notebook_repr_html", False):
        assert display.with_text_left(wide) is None
    assert "<tbody>" in display.with_text_left(pd.DataFrame({"a": ["<td>", "<tr>"]}))


def test_names_that_look_like_html_or_stand_twice_are_no_trouble():
    table = pd.DataFrame([["<td>", 1], ["</tr>", 2]], columns=["<b>", "<b>"])
    assert aligned(table) == [[".", "L", "."]] * 3
    assert aligned(pd.DataFrame({("a", "b"): ["x"], ("a", "c"): [1]}))[-1] == [".", "L", "."]


def test_outside_of_a_notebook_importing_funnelkit_sets_nothing_up():
    code = "import sys, funnelkit; print('IPython' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n"


def run(tmp_path, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return notebooks.executed(nbformat.v4.new_notebook(cells=cells), tmp_path).cells


@pytest.mark.parametrize("before", ["", "import matplotlib.pyplot as plt"])
def test_in_a_notebook_charts_have_twice_the_pixels_and_keep_their_size(tmp_path, before):
    cells = run(
        tmp_path,
        before + "\nimport funnelkit",
        "import matplotlib.pyplot as plt\nfigure = plt.figure(figsize=(3, 2), dpi=100)\n"
        "line = figure.subplots().plot([1, 2])\nplt.show()",
        "import pandas as pd\npd.DataFrame({'channel': ['seo']})",
    )
    (chart,) = cells[1].outputs
    size = chart.metadata["image/png"]
    assert size["width"] > 200
    png = base64.b64decode(chart.data["image/png"])
    assert int.from_bytes(png[16:20], "big") in (2 * size["width"], 2 * size["width"] + 1)
    (table,) = cells[2].outputs
    assert '<td style="text-align: left;">seo</td>' in table.data["text/html"]


def test_a_figure_whose_words_cover_one_another_is_told_of_where_notebooks_run(tmp_path):
    source = (
        "import matplotlib.pyplot as plt\nax = plt.figure().subplots()\n"
        "for word in {words}:\n    text = ax.text(0.5, {at}, word)\nplt.show()"
    )
    apart, over = run(
        tmp_path,
        source.format(words="['leads']", at=0.5),
        source.format(words="['leads', 'visits']", at=0.5),
    )
    assert [output.output_type for output in apart.outputs] == ["display_data"]
    (told,) = (output for output in over.outputs if output.output_type == "stream")
    assert told.name == "stderr"
    assert told.text == "In a figure of this cell 'leads' lies on 'visits': move one of them.\n"


def test_the_profile_of_the_tests_watches_figures_too(tmp_path):
    overlaps.watched_profile(tmp_path)
    startup = tmp_path / "profile_default" / "startup" / "00_figures.py"
    assert "overlaps.watch()" in startup.read_text(encoding="utf-8")
