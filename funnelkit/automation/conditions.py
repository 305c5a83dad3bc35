"""Conditions of rules: comparisons of fields with values, joined by "and"."""

import ast
import math
import operator
from dataclasses import dataclass

import pandas as pd

__all__ = ["Clause", "contradicts", "kind_of_column", "kind_of_value", "meets", "read_condition"]

OPERATORS = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}
COMPARE = dict(OPERATORS.values())
KINDS = {
    "boolean": "True and False",
    "string": "text",
    "categorical": "text",
    "integer": "numbers",
    "floating": "numbers",
    "mixed-integer-float": "numbers",
    "integer-na": "numbers",
    "decimal": "numbers",
    "empty": "nothing",
}


@dataclass(frozen=True)
class Clause:
    """One comparison of a field with a value, such as ``points >= 2``."""

    field: str
    operator: str
    value: bool | float | str

    def holds(self, value):
        """Return whether a value of the field meets the comparison; a missing one never does."""
        if pd.isna(value):
            return False
        return bool(COMPARE[self.operator](value, self.value))


def read_condition(text, what):
    """Return the clauses of a condition written as text; none for an empty one."""
    if not text.strip():
        return ()
    advice = "write comparisons joined by 'and', such as \"points >= 2 and channel == 'seo'\""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError(f"{what} is {text!r}, which cannot be read: {advice}") from None
    joined = isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And)
    clauses = [_clause(node) for node in (tree.values if joined else [tree])]
    if None in clauses:
        raise ValueError(f"{what} is {text!r}, which is not a comparison of fields: {advice}")
    for clause in clauses:
        if kind_of_value(clause.value) != "numbers" and clause.operator not in ("==", "!="):
            raise ValueError(
                f"{what} compares {clause.field!r} with {clause.value!r} by {clause.operator}: "
                "use == or !=, only numbers have an order here"
            )
    return tuple(clauses)


def _clause(node):
    """Return a comparison as a clause, None for anything else."""
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1):
        return None
    sign = OPERATORS.get(type(node.ops[0]))
    value = _value(node.comparators[0])
    if sign is None or not isinstance(node.left, ast.Name) or value is None:
        return None
    return Clause(node.left.id, sign[0], value)


def _value(node):
    """Return a number, a text or a boolean as written, None for anything else."""
    minus = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if minus else node
    if not isinstance(inner, ast.Constant) or not isinstance(inner.value, bool | int | float | str):
        return None
    number = kind_of_value(inner.value) == "numbers"
    if (minus and not number) or (number and not math.isfinite(inner.value)):
        return None
    return -inner.value if minus else inner.value


def meets(clauses, fields):
    """Return whether the fields of an event and its contact meet all clauses."""
    return all(clause.holds(fields[clause.field]) for clause in clauses)


def contradicts(clauses):
    """Return the field for which no value can meet all clauses, or None."""
    for field in dict.fromkeys(clause.field for clause in clauses):
        if not _possible([clause for clause in clauses if clause.field == field]):
            return field
    return None


def _possible(clauses):
    """Return whether some value meets all clauses, which are about one field."""
    if len({kind_of_value(clause.value) for clause in clauses}) > 1:
        return False
    equal = [clause.value for clause in clauses if clause.operator == "=="]
    if equal:
        return all(clause.holds(equal[0]) for clause in clauses)
    unequal = {clause.value for clause in clauses if clause.operator == "!="}
    if kind_of_value(clauses[0].value) == "True and False":
        return len(unequal) < 2
    low = max((c.value for c in clauses if c.operator in (">", ">=")), default=-math.inf)
    high = min((c.value for c in clauses if c.operator in ("<", "<=")), default=math.inf)
    if low == high:  # one value is left, if the bounds include it
        return all(clause.holds(low) for clause in clauses)
    return low < high


def kind_of_value(value):
    """Say whether a value of a condition is a boolean, a text or a number."""
    if isinstance(value, bool):
        return "True and False"
    return "text" if isinstance(value, str) else "numbers"


def kind_of_column(column):
    """Say what a column holds, in the words of `kind_of_value`."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    kind = pd.api.types.infer_dtype(column.dropna(), skipna=True)
    return KINDS.get(kind, kind)
