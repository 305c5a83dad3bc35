"""What a schema is made of: columns with a type, a meaning and what they allow."""

from dataclasses import dataclass

from funnelkit import _inputs

__all__ = ["Column", "KINDS", "SIMULATED", "Schema", "allowed_values"]

SIMULATED = "simulated by `funnelkit.simulate`"

KINDS = {
    "text": "str",
    "whole": "int64",
    "number": "float64",
    "time": "datetime64[s]",
    "date": "datetime64[s]",
    "flag": "bool",
}


@dataclass(frozen=True)
class Column:
    """What one column holds.

    Parameters
    ----------
    name : str
        The column's name, the same in every table that has it.
    kind : {"text", "whole", "number", "time", "date", "flag"}
        How `load` types it: text, whole number, decimal number, moment (naive UTC), day, yes or no.
    meaning : str
        One sentence for the data dictionary.
    unit : str, optional
        The unit of measure, such as "EUR".
    allowed : tuple, optional
        The values that may occur; for numbers and times ``(lowest, highest)``.
    missing : str, optional
        What a missing value means. Without it no value may be missing.
    unique : bool, optional
        Whether each value occurs once.
    """

    name: str
    kind: str
    meaning: str
    unit: str = ""
    allowed: tuple = ()
    missing: str = ""
    unique: bool = False

    def __post_init__(self):
        _inputs.one_of("kind", self.kind, tuple(KINDS))


@dataclass(frozen=True)
class Schema:
    """What one table holds: the meaning of a row, its columns, and where it comes from."""

    file: str
    row: str
    origin: str
    columns: tuple[Column, ...]
    notes: str = ""

    @property
    def names(self) -> list[str]:
        """The column names, in order."""
        return [column.name for column in self.columns]


def allowed_values(column: Column) -> str:
    """Return what a column allows, in words."""
    if not column.allowed:
        return "any, each once" if column.unique else "any"
    if column.kind == "text":
        return ", ".join(column.allowed)
    low, high = column.allowed
    return f"{low} to {high}"
