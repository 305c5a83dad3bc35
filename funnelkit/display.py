"""How a notebook shows tables and charts once it has imported funnelkit.

Charts are drawn with twice the pixels, since on today's screens they would be soft otherwise, and
the text in a table is aligned left, so that names begin below one another. Both concern what is
shown and nothing else: no figure's style and no table changes.
"""

import re
import sys

__all__ = ["prepare", "with_text_left"]

_ROW = re.compile(r"<tr.*?</tr>", re.DOTALL)
_CELL = re.compile(r"<(t[hd])(?=[ >])")
_LEFT = ' style="text-align: left;"'


def __dir__():
    return __all__


def prepare():
    """Set up the notebook in whose kernel this runs; elsewhere do nothing."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if not hasattr(shell, "kernel"):
        return
    # By name, so that neither pandas nor matplotlib is imported for it.
    html = shell.display_formatter.formatters["text/html"]
    html.for_type_by_name("pandas", "DataFrame", with_text_left)
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline:  # pyplot is there already
        inline.set_matplotlib_formats("retina")
    elif "figure_formats" not in shell.config.InlineBackend:  # what the user has set counts
        shell.config.InlineBackend.figure_formats = {"retina"}


def with_text_left(table):
    """Return a table as pandas writes it for a notebook, with its text aligned left.

    Parameters
    ----------
    table : pandas.DataFrame

    Returns
    -------
    str or None
        None where pandas is set not to write HTML. A table with more columns than are shown is
        left as it is.

    Examples
    --------
    >>> import pandas as pd
    >>> html = with_text_left(pd.DataFrame({"channel": ["seo"], "users": [3]}))
    >>> '<td style="text-align: left;">seo</td>' in html, "<td>3</td>" in html
    (True, True)
    """
    import pandas as pd

    html = table._repr_html_()
    shown = pd.get_option("display.max_columns")
    if not html or (shown and table.shape[1] > shown) or "<tbody>" not in html:
        return html
    index = [_is_text(table.index.get_level_values(n)) for n in range(table.index.nlevels)]
    columns = [_is_text(table.iloc[:, n]) for n in range(table.shape[1])]
    head, body = html.split("<tbody>", 1)
    if table.columns.nlevels == 1:
        # The row of column names; below it may be one with the names of the index.
        head = _ROW.sub(lambda row: _aligned(row[0], [*index, *columns]), head)
    return f"{head}<tbody>" + _ROW.sub(lambda row: _aligned(row[0], [*index, *columns]), body)


def _aligned(row, left):
    """Return a table's row with the cells of text aligned left.

    Where an outer label spans several rows, the rows below begin with a later level: cells are
    counted from the right.
    """
    number = len(left) - len(_CELL.findall(row))
    if number < 0:
        return row
    parts, at = [], 0
    for cell in _CELL.finditer(row):
        parts.append(row[at : cell.end()] + (_LEFT if left[number] else ""))
        at, number = cell.end(), number + 1
    return "".join(parts) + row[at:]


def _is_text(values):
    """Return whether a column or a level of the index holds text."""
    import pandas as pd

    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind == "categorical":
        categories = getattr(values, "categories", None)
        kind = pd.api.types.infer_dtype(values.cat.categories if categories is None else categories)
    return kind == "string"
