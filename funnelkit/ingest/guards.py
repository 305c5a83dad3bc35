"""What is refused of one column of text, in the words of the house, with the line of the file."""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.ingest.personal import shown

__all__ = ["refuse_values", "text_column"]


def refuse_values(wrong, values, name, what, remedy):
    """Refuse values, with how many, the line of the first of them, and the remedy."""
    wrong = np.asarray(wrong, bool)
    if wrong.any():
        first = int(wrong.argmax())
        raise ValueError(
            f"column {name!r} {what} in {wrong.sum():,} of {len(values):,} rows (first: line "
            f"{values.index[first]}, {shown(values.iloc[first])}): {remedy}"
        )


def text_column(column):
    """Return a column of text and its name; refuse what is not one."""
    if not isinstance(column, pd.Series):
        raise TypeError(f"column is {_inputs.name_of_type(column)}: give a column of a table")
    name = "column" if column.name is None else column.name
    _inputs.need_hashable(column, name)
    if pd.api.types.infer_dtype(column, skipna=True) not in ("string", "empty"):
        raise TypeError(
            f"column {name!r} holds {column.dtype} values, not text: read the file with "
            "ingest.read, which keeps each value as it is written"
        )
    if not column.notna().any():
        raise ValueError(f"column {name!r} is empty in all rows: choose another")
    return column.astype("str"), name
