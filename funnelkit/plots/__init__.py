"""One function per chart: each takes a table, draws it on an axes and returns the axes.

The style is the same throughout: type that can be read from the back of a room; colours that
colour-blind readers can tell apart (Okabe and Ito's), each doubled by a shape, a dash or a label;
steps in the order of the funnel; numbers written where the eye looks for them, as
"1,234 (11.2 %)". Titles come from the caller, who knows what the chart found, and are never read
as formulas, nor are names that come from data. Nothing is set globally: figures made elsewhere
keep their own style.

What seaborn does well is drawn with it: heat maps, histograms, empirical distributions. Intervals
are drawn as the table has them.
"""

from funnelkit.plots.customers import (
    cohort_heatmap,
    lorenz_chart,
    survival_chart,
    value_curve_chart,
)
from funnelkit.plots.funnels import (
    compare_chart,
    funnel_chart,
    small_multiples,
    time_to_convert_curve,
)
from funnelkit.plots.leads import calibration_chart, k_chart, score_curves, segment_chart
from funnelkit.plots.rates import control_chart, interval_chart, rate_chart, rate_over_time
from funnelkit.plots.searches import band_chart
from funnelkit.plots.style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PALETTE,
    PURPLE,
    SKY,
    VERMILION,
    count,
    percent,
)
from funnelkit.plots.values import (
    distribution_chart,
    histogram_of_replicates,
    line_chart,
    tornado_chart,
)

__all__ = [
    "BLACK",
    "BLUE",
    "GREEN",
    "ORANGE",
    "PALETTE",
    "PURPLE",
    "SKY",
    "VERMILION",
    "band_chart",
    "calibration_chart",
    "cohort_heatmap",
    "compare_chart",
    "control_chart",
    "count",
    "distribution_chart",
    "funnel_chart",
    "histogram_of_replicates",
    "interval_chart",
    "k_chart",
    "line_chart",
    "lorenz_chart",
    "percent",
    "rate_chart",
    "rate_over_time",
    "score_curves",
    "segment_chart",
    "small_multiples",
    "survival_chart",
    "time_to_convert_curve",
    "tornado_chart",
    "value_curve_chart",
]


def __dir__():
    return __all__
