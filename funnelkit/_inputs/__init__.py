"""The guards at the doors of the package: what comes in is checked here, and nowhere else.

Every public function of a subject hands its arguments to a function of this module, which returns
them in the one form that the subject computes with, or raises an error in one pattern: *what is
wrong, where (how many rows, the first of them): what to do*. Following the remedy gives a right
result; a test follows them all.

The rules that hold everywhere, so that no docstring has to repeat them:

- Numbers are finite and not missing; counts are whole and not negative; a boolean is not a number.
- Fractions are fractions: 0.8 for 80 %.
- Two Series given together have the same index, in the same order.
- Times are naive UTC. A date given as text is written as ISO 8601 has it: ``"2026-06-30"``.
- The last day of the data, `observed_until`, is seen to its end.
- A duration has a unit: ``"7D"``. A period is one day, week, month, quarter or year.
- A table has one column of each name, and a column of ids holds ids of one type.
"""

from funnelkit._inputs.columns import (
    as_series,
    blank,
    booleans,
    group_labels,
    ids,
    names,
    need_columns,
    need_hashable,
    need_one_type,
    need_rows,
    need_table,
    not_after,
    outcomes,
    times,
)
from funnelkit._inputs.quantities import (
    aligned,
    amount,
    amounts,
    computable,
    count,
    counts,
    dress,
    finite,
    index_of,
    need_fractions,
    need_same_length,
    numbers,
    part_of,
    scored,
    scores,
    shares,
    weights_of,
)
from funnelkit._inputs.series import need_evenly_spaced, on_calendar
from funnelkit._inputs.values import (
    FREQUENCIES,
    LAST_MOMENT,
    NO_TIME,
    confidence_quantile,
    duration,
    end_of_data,
    frequency,
    moment,
    need_callable,
    need_flags,
    need_texts,
    number,
    positive,
    random_generator,
    switch,
    whole,
)
from funnelkit._inputs.words import close_to, name_of_type, need_known, one_of, refuse, short_form

__all__ = [
    "FREQUENCIES",
    "LAST_MOMENT",
    "NO_TIME",
    "aligned",
    "amount",
    "amounts",
    "as_series",
    "blank",
    "booleans",
    "close_to",
    "computable",
    "confidence_quantile",
    "count",
    "counts",
    "dress",
    "duration",
    "end_of_data",
    "finite",
    "frequency",
    "group_labels",
    "ids",
    "index_of",
    "moment",
    "name_of_type",
    "names",
    "need_callable",
    "need_columns",
    "need_flags",
    "need_evenly_spaced",
    "need_fractions",
    "need_hashable",
    "need_known",
    "need_one_type",
    "need_rows",
    "need_same_length",
    "need_table",
    "need_texts",
    "not_after",
    "number",
    "numbers",
    "on_calendar",
    "one_of",
    "outcomes",
    "part_of",
    "positive",
    "random_generator",
    "refuse",
    "scored",
    "scores",
    "shares",
    "short_form",
    "switch",
    "times",
    "weights_of",
    "whole",
]
