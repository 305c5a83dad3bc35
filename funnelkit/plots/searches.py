"""Charts of a search for good settings: lines with a band, and the tries among them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.plots.style import (
    DASHES,
    INK,
    PALETTE,
    QUIET,
    SMALL,
    clean_axes,
    label_ends,
    need_table_of,
    not_too_many,
    numbers_of,
    scale_axis,
    set_title,
)

__all__ = ["band_chart"]


def __dir__():
    return __all__


def band_chart(
    tables,
    *,
    middle="mean",
    low="low",
    high="high",
    points=None,
    mark=None,
    marked="",
    ax=None,
    title=None,
    xlabel=None,
    ylabel=None,
):
    """Draw lines with a band around each: what is expected, and how sure that is.

    Parameters
    ----------
    tables : DataFrame or mapping of str to DataFrame
        By the name of the line: index of numbers in rising order, and the columns below. A table
        without the columns of the band is a plain line.
    middle, low, high : str
        The columns of the line and of the band's edges.
    points : Series, optional
        Single values along the index, drawn as dots: what was tried.
    mark : number, optional
        Where on the index to draw a dashed line from top to bottom.
    marked : str
        Words beside that line.
    ax : Axes, optional
        Where to draw; a figure of its own when not given.
    title : str, optional
        What the chart found.
    xlabel, ylabel : str, optional
        What the axes show, with units.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from funnelkit import optimise
    >>> curve = optimise.gaussian_process([0, 1], [0, 1], [0, 0.5, 1])
    >>> curve = curve.assign(low=curve["mean"] - curve["sd"], high=curve["mean"] + curve["sd"])
    >>> ax = band_chart({"surrogate": curve}, xlabel="discount", ylabel="profit")
    >>> [text.get_text() for text in ax.texts]
    ['surrogate']
    """
    _inputs.need_texts(title=title, xlabel=xlabel, ylabel=ylabel, marked=marked)
    _inputs.need_texts(middle=middle, low=low, high=high)
    tables = dict(tables) if isinstance(tables, Mapping) else {"": tables}
    if not tables:
        raise ValueError("tables is empty: give at least one")
    not_too_many(len(tables))
    lines = {name: _band(table, middle, low, high) for name, table in tables.items()}
    dots = None if points is None else _dots(points)
    if mark is not None:
        mark = _inputs.number("mark", mark, remedy="give a number of the index")
    ax = clean_axes(ax)
    ends = []
    for style, (name, (x, mid, edges)) in enumerate(lines.items()):
        colour = PALETTE[style]
        if edges is not None:
            ax.fill_between(x, *edges, color=colour, alpha=0.16, lw=0, zorder=2)
        ax.plot(x, mid, color=colour, lw=2.4, ls=DASHES[style], zorder=3)
        if str(name):
            ends.append((mid[-1], str(name), colour, x[-1]))
    if dots is not None:
        ax.plot(*dots, "o", color=INK, ms=8, mec="white", zorder=5, clip_on=False)
    ax.set_xlim(min(x[0] for x, *_ in lines.values()), max(x[-1] for x, *_ in lines.values()))
    if mark is not None:
        ax.axvline(mark, color=QUIET, ls=(0, (4, 2)), lw=1.4, zorder=1)
        where = {"xy": (mark, 0.02), "xycoords": ax.get_xaxis_transform()}
        ax.annotate(
            marked, **where, xytext=(6, 0), textcoords="offset points", size=SMALL, color=INK
        )
    first = next(iter(tables.values()))
    scale_axis(ax, "x", "{:,g}".format, xlabel or first.index.name or "index")
    scale_axis(ax, "y", "{:,g}".format, ylabel or middle)
    label_ends(ax, ends)
    return set_title(ax, title)


def _band(table, middle, low, high):
    """Return places, heights and the edges of the band, None if there are none."""
    need_table_of(table, [middle], "the values, one row per place")
    x = _inputs.finite("the index", table.index.to_numpy())
    _inputs.refuse(np.diff(x) <= 0, "the index does not rise", "sort the table by its index")
    mid = _inputs.finite(f"column {middle!r}", table[middle])
    given = [name for name in (low, high) if name in table.columns]
    if not given:
        return x, mid, None
    need_table_of(table, [low, high], "the values, one row per place")
    edges = [numbers_of(table, name, missing="refuse") for name in (low, high)]
    _inputs.refuse(edges[0] > edges[1], f"{low} is above {high}", "swap them", index=table.index)
    return x, mid, edges


def _dots(points):
    if not isinstance(points, pd.Series):
        raise TypeError(f"points is {_inputs.name_of_type(points)}: give a Series with its index")
    points = _inputs.as_series(points, "points")
    places = _inputs.finite("the index of points", points.index.to_numpy())
    return places, _inputs.finite("points", points)
