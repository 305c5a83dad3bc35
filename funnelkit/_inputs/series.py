"""A series on a calendar: one number per day, week, month or quarter, none left out."""

import numpy as np
import pandas as pd

from funnelkit._inputs.quantities import finite
from funnelkit._inputs.values import TO_NAIVE_UTC
from funnelkit._inputs.words import kind_in_words, name_of_type, refuse

__all__ = ["need_evenly_spaced", "on_calendar"]


def on_calendar(name, value, *, at_least=2):
    """Return a Series of finite floats whose dates are in order, unique and without a gap.

    The index of the result has a frequency, so that it can be continued.
    """
    if not isinstance(value, pd.Series):
        raise TypeError(
            f"{name} is {name_of_type(value)}: give a Series with one number per date, such as "
            "table.set_index('date')['visits']"
        )
    index = need_evenly_spaced(name, value.index)
    gaps = value.isna().to_numpy(bool)
    remedy = "fill each with what is true, 0 where nothing happened and an estimate where nobody "
    refuse(gaps, f"{name} is missing", f"{remedy}counted", index=index)
    values = finite(name, value)
    if len(values) < at_least:
        raise ValueError(f"{name} has {len(values):,} rows: give at least {at_least}")
    return pd.Series(values, index=index, name=value.name)


def need_evenly_spaced(name, index, *, sums=True):
    """Return an index of dates with its frequency, or say where the calendar is broken.

    Without `sums`, two rows of one date are not to be added up, as in a plan.
    """
    if not isinstance(index, pd.DatetimeIndex):
        kind = kind_in_words(pd.api.types.infer_dtype(index, skipna=True))
        raise TypeError(
            f"the index of {name} holds {kind}, not dates: set it, such as "
            "table.set_index('date'), with dates made by pd.to_datetime(...)"
        )
    if index.tz is not None:
        zone = TO_NAIVE_UTC.format(of=f"{name}.index").replace(".dt.", ".")
        raise ValueError(f"the index of {name} has a time zone ({index.tz}): make it naive, {zone}")
    refuse(index.isna(), f"the date of {name} is missing", "leave these rows out")
    keep = f"keep one of each, {name}[~{name}.index.duplicated()]"
    remedy = f"add them up, {name}.groupby(level=0).sum(), or {keep}" if sums else keep
    refuse(index.duplicated(), f"the date of {name} repeats an earlier one", remedy, index=index)
    if not index.is_monotonic_increasing:
        raise ValueError(f"{name} is not in order of time: sort it, {name}.sort_index()")
    if len(index) < 2:
        raise ValueError(f"{name} has {len(index)} rows: give at least 2, so that its step is seen")
    return pd.DatetimeIndex(index, freq=_frequency(name, index))


def _frequency(name, index):
    """Return the frequency of dates, or say which of them are lacking."""
    step = pd.Series(index).diff().dropna()
    if step.nunique() == 1:
        return _offset(step.iloc[0])
    months = set(np.diff(index.year * 12 + index.month))
    if len(months) == 1 and months != {0}:
        if index.is_month_start.all():
            return pd.offsets.MonthBegin(int(months.pop()))
        if index.is_month_end.all():
            return pd.offsets.MonthEnd(int(months.pop()))
    usual = step.mode().iloc[0]
    lacking = pd.date_range(index[0], index[-1], freq=usual).difference(index)
    if not len(lacking):
        late = step[step != usual].index[0]
        raise ValueError(
            f"the dates of {name} are not evenly spaced (first: after {index[late - 1]:%Y-%m-%d}): "
            "count per day, week or month, such as table.resample('D').sum()"
        )
    filled = f"{name}.asfreq('{_offset(usual).freqstr}')"
    raise ValueError(
        f"{name} lacks {len(lacking):,} dates between its first and its last (first: "
        f"{lacking[0]:%Y-%m-%d}): add them, {filled}, and fill each with what is true, 0 where "
        "nothing happened and an estimate where nobody counted"
    )


def _offset(step):
    days = step / pd.Timedelta("1D")
    whole = days == int(days)
    return pd.offsets.Day(int(days)) if whole else pd.tseries.frequencies.to_offset(step)
