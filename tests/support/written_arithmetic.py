"""The value of written arithmetic, `0·1 + 1·1`, computed by Python's own grammar: nothing of the package is used."""

from __future__ import annotations

import ast
import math
import re
from fractions import Fraction
from typing import Any

OPERATORS = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
FUNCTIONS = {"max": max, "min": min, "abs": abs, "round": round} | {
    name: getattr(math, name)
    for name in ("exp", "expm1", "log", "log1p", "tanh", "erf", "sqrt", "sin", "cos", "floor", "ceil")
}


def evaluated(node: Any) -> Any:
    if isinstance(node, ast.Expression):
        return evaluated(node.body)
    if isinstance(node, ast.Constant):
        return Fraction(str(node.value))
    if isinstance(node, ast.Name):
        return {"inf": math.inf}[node.id]
    if isinstance(node, ast.UnaryOp):
        return -evaluated(node.operand)
    if isinstance(node, ast.Call):
        return FUNCTIONS[node.func.id](*map(evaluated, node.args))  # type: ignore[attr-defined]
    return OPERATORS[type(node.op)](evaluated(node.left), evaluated(node.right))


def value_of(text: str) -> Any:
    """The value of an expression: a fraction, or a float if a function has no exact result."""
    text = text.replace("−", "-").replace("·", "*").replace("^", "**").replace("∞", "inf")
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    text = re.sub(r"√\(", "sqrt(", text)
    text = re.sub(r"√([0-9.e+-]+)", r"sqrt(\1)", text)
    return evaluated(ast.parse(text, mode="eval"))
