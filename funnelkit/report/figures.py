"""The figures of the report, as pictures inside the page, each with a text in its place."""

import base64
import io

import pandas as pd

from funnelkit import plots

__all__ = ["funnel_figure", "weeks_figure"]

SHOWN = 26  # weeks in a figure at most: half a year


def funnel_figure(found):
    """Return the funnel as a picture, and the text in its place."""
    rate = plots.percent(found.overall["rate"])
    title = f"{rate} get from {_short(found.steps[0])} to {_short(found.steps[-1])}"
    axes, picture = _canvas(1.0 + 0.95 * len(found.steps))
    table = found.funnel.rename(index=_short)
    plots.funnel_chart(table, ax=axes, title=title)
    users = ", ".join(f"{step} {n:,}" for step, n in found.funnel["users"].items())
    return picture(), f"{title}. Bar chart, one bar per step; users at each step: {users}."


def weeks_figure(found):
    """Return the conversion rate week by week as a picture, and the text in its place."""
    rated = found.weeks[found.weeks["rate"].notna()].tail(SHOWN)
    low, high = rated["rate"].min(), rated["rate"].max()
    title = f"Weekly rates lie between {plots.percent(low)} and {plots.percent(high)}"
    table = rated.set_index(pd.PeriodIndex(rated["monday"], freq="W", name="period"))
    axes, picture = _canvas(3.6)
    plots.rate_over_time({"": table}, ax=axes, title=title, ylabel="conversion rate")
    first, last = rated.index[0], rated.index[-1]
    text = (
        f"{title}. Line chart of the share of each week's entries that converted, {first} to "
        f"{last}, with 95 % intervals as a band; first {plots.percent(rated['rate'].iloc[0])}, "
        f"last {plots.percent(rated['rate'].iloc[-1])}."
    )
    return picture(), text


def _short(name):
    return name if len(name) <= 24 else name[:23] + "…"


def _canvas(height):
    """Return an axes, and a function that returns its figure as the address of a picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, height), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()

    def picture():
        buffer = io.BytesIO()
        canvas.print_figure(buffer, format="png", dpi=200, metadata={"Software": None})
        return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()

    return axes, picture
