"""Dimensions: plain integers, or exact integer expressions over symbols, which are positive integers.

>>> H = symbol("H")
>>> for window, stride, padding in [(7, 2, 3), (3, 2, 1), (3, 2, 1), (3, 2, 1), (3, 2, 1)]:   # ResNet-50
...     H = floor_div(H + 2 * padding - window, stride) + 1
>>> str(H), pretty(H), evaluate(H, {"H": 224})
('(H + 31)//32', '⌊(H + 31)/32⌋', 7)
"""

from __future__ import annotations

from shapecalc.dims.bounds import greatest, least
from shapecalc.dims.conditions import Condition, Relation, condition
from shapecalc.dims.evaluation import evaluate
from shapecalc.dims.expression import (
    Dim,
    Expr,
    ceil_div,
    exact_quotient,
    floor_div,
    free_symbols,
    grouped,
    latex,
    pretty,
    product,
    symbol,
)
from shapecalc.dims.parsing import DimSyntaxError, parse
from shapecalc.dims.shapes import Shape, as_json, show
from shapecalc.dims.sizes import Sizes
from shapecalc.dims.terms import DimLimitError
from shapecalc.dims.valid_sizes import Effort, valid_sizes

__all__ = [
    "Condition",
    "Dim",
    "DimLimitError",
    "DimSyntaxError",
    "Effort",
    "Expr",
    "Relation",
    "Shape",
    "Sizes",
    "as_json",
    "ceil_div",
    "condition",
    "evaluate",
    "exact_quotient",
    "floor_div",
    "free_symbols",
    "greatest",
    "grouped",
    "latex",
    "least",
    "parse",
    "pretty",
    "product",
    "show",
    "symbol",
    "valid_sizes",
]
