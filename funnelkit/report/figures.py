"""The figures of the report, as pictures inside the page, each with a text in its place."""

import base64
import io

import pandas as pd

from funnelkit import plots
from funnelkit.ingest import without_emails

__all__ = ["funnel_figure", "weeks_figure"]

SHOWN = 26  # weeks in a figure at most: half a year


def funnel_figure(found):
    """Return the funnel as a picture, and the text in its place."""
    rate = plots.percent(found.overall["rate"])
    names = _drawable(found.steps)
    title = f"{rate} get from {names[0]} to {names[-1]}"
    axes, picture = _canvas(1.0 + 0.95 * len(found.steps))
    table = found.funnel.set_axis(pd.Index(names, name="step"))
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


def _drawable(steps):
    """Return short names of the steps, or their numbers where the font lacks their characters."""
    from matplotlib import font_manager

    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    steps = [without_emails(step) for step in steps]
    if any(not font.get_char_index(ord(sign)) for step in steps for sign in step):
        return [f"step {number}" for number in range(1, len(steps) + 1)]
    return [step if len(step) <= 24 else step[:23] + "…" for step in steps]


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
