"""Reads the arithmetic that derivations show, so that tests hold its value and not its letters against the rule."""

from __future__ import annotations

import ast
import math
import operator
import re
from fractions import Fraction

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: Fraction,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
FUNCTIONS = {"floor": math.floor, "ceil": math.ceil, "min": min, "max": max}
WRITTEN = {"⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "·": "*", "−": "-", "^": "**"}


def value_of(text: str) -> Fraction | int:
    """Evaluate `⌊(224 + 2·0 − 3)/2⌋ + 1` exactly."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", text).replace(" mod ", " % ")
    return evaluated(ast.parse("".join(WRITTEN.get(sign, sign) for sign in plain), mode="eval").body)


def evaluated(node: ast.expr) -> Fraction | int:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -evaluated(operand)
        case ast.BinOp(left=left, op=sign, right=right):
            return OPERATORS[type(sign)](evaluated(left), evaluated(right))
        case ast.Call(func=ast.Name(id=name), args=values):
            return FUNCTIONS[name](*map(evaluated, values))
    raise AssertionError(ast.dump(node))


def with_numbers(formula: str, numbers: dict[str, int]) -> str:
    """Put numbers in for the letters of a formula, `2p` and `d(f − 1)` read as products."""
    # `(n − 1)s`, `2p`, `d(f − 1)`: a product without its sign
    signed = re.sub(r"(?<=[\d)])(?=[a-z])|(?<=\b[dk])(?=\()", "·", formula)
    return re.sub(r"[A-Za-z]\w*[₀₁]?", lambda name: str(numbers[name[0]]) if name[0] in numbers else name[0], signed)
