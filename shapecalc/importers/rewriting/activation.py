"""Activation functions that are written as their formulas."""

from __future__ import annotations

from math import pi, sqrt
from typing import TYPE_CHECKING

from shapecalc.importers.rewriting.patterns import (
    X,
    anything,
    difference,
    either,
    named,
    negated,
    plus,
    product,
    quotient,
    same,
    step,
    times,
)
from shapecalc.importers.rewriting.rewriter import Rewriter, Rules

if TYPE_CHECKING:
    from typing import Any

    from shapecalc.importers.graph import ImportedStep, Value
    from shapecalc.importers.rewriting.patterns import Match, Pattern

RULES = Rules()


def _sixth(value: Any, _: ImportedStep, match: Match) -> Match | None:
    return match if value is None or same(value, 1 / 6) else None


_RELU6_OF_THREE_MORE = either(
    step("relu6", plus(X, 3)),
    step("clamp", plus(X, 3), min=0, max=6),
    step("hardtanh", plus(X, 3), min_val=0, max_val=6),
)
_CUBIC = product(0.044715, X, X, X)
_INSIDE_TANH = either(
    product(sqrt(2 / pi), step("add", X, _CUBIC)),
    product(sqrt(2 / pi), X, plus(product(0.044715, X, X), 1)),
    step("add", times(X, sqrt(2 / pi)), product(0.044715 * sqrt(2 / pi), X, X, X)),
)
_EXPONENTIALS = step("exp", difference(X, step("max", X, dim=named("dim"), keepdim=True)))

FORMULAS: dict[str, tuple[tuple[str, Pattern, dict[str, Any]], ...]] = {
    "gelu": (
        ("GELU", product(0.5, X, plus(step("erf", times(X, sqrt(0.5))), 1)), {}),
        ("GELU by tanh", product(0.5, X, plus(step("tanh", _INSIDE_TANH), 1)), {"approximate": "tanh"}),
    ),
    "silu": (
        ("SiLU", product(1, X, step("sigmoid", X)), {}),
        ("SiLU", quotient(X, plus(step("exp", negated(X)), 1)), {}),
    ),
    "quick_gelu": (("quick GELU", product(1, X, step("sigmoid", times(X, 1.702))), {}),),
    "mish": (("Mish", product(1, X, step("tanh", step("softplus", X))), {}),),
    "hardswish": (
        ("hardswish", product(1, X, step("hardsigmoid", X, alpha=_sixth)), {}),
        ("hardswish", product(1 / 6, X, _RELU6_OF_THREE_MORE), {}),
    ),
    "hardsigmoid": (("hardsigmoid", product(1 / 6, _RELU6_OF_THREE_MORE), {}),),
    "softplus": (
        ("softplus", step("log", plus(step("exp", X), 1)), {}),
        ("softplus", step("log1p", step("exp", X)), {}),
    ),
    "logsigmoid": (("log-sigmoid", step("log", step("sigmoid", X)), {}),),
    "softsign": (("softsign", quotient(X, plus(step("abs", X), 1)), {}),),
}
"""The formulas of each activation: what to call it, the pattern, and the fields."""


@RULES.on("multiply", "divide", "log", "log1p")
def activation(at: Rewriter, node: ImportedStep) -> Value | None:
    """A formula of one input and numbers becomes the activation that it defines."""
    for type_, formulas in FORMULAS.items():
        for what, pattern, fields in formulas:
            match = at.matched(pattern, node.value())
            if match is not None:
                return at.step(type_, match["x"], replaces=match.nodes, what=what, **fields)
    return None


_SUM = named("dim")
SOFTMAX = either(
    quotient(anything("e"), step("sum", anything("e"), dim=_SUM, keepdim=True)),
)
LOG_SOFTMAX = either(
    step("log", step("softmax", X, dim=named("dim"))),
    difference(X, step("logsumexp", X, dim=named("dim"), keepdim=True)),
)


@RULES.on("divide", "multiply")
def softmax(at: Rewriter, node: ImportedStep) -> Value | None:
    """Exponentials divided by their sum are a softmax; a maximum that is subtracted before changes nothing."""
    match = at.matched(SOFTMAX, node.value())
    if match is None:
        return None
    for exponentials in (_EXPONENTIALS, step("exp", X)):
        for entire in exponentials(match["e"], match):
            if at.is_closed(entire.nodes, node.value()):
                return at.step(
                    "softmax", entire["x"], replaces=entire.nodes, what="softmax", dim=_one(entire.facts["dim"])
                )
    return None


@RULES.on("log", "subtract", "add")
def log_softmax(at: Rewriter, node: ImportedStep) -> Value | None:
    """The logarithm of a softmax, and x less the logarithm of the sum of its exponentials."""
    match = at.matched(LOG_SOFTMAX, node.value())
    if match is None:
        return None
    dim = _one(match.facts["dim"])
    return at.step("log_softmax", match["x"], replaces=match.nodes, what="log-softmax", dim=dim)


def _one(dim: Any) -> Any:
    return dim[0] if isinstance(dim, tuple) and len(dim) == 1 else dim


@RULES.on("multiply")
def gated_linear_unit(at: Rewriter, node: ImportedStep) -> Value | None:
    """The first half of an axis times the sigmoid of the second."""
    match = at.matched(product(1, anything("a"), step("sigmoid", anything("b"))), node.value())
    if match is None or match["a"].node is not match["b"].node or (match["a"].output, match["b"].output) != ("", "1"):
        return None
    halves = match["a"].node
    if isinstance(halves, str) or len(halves.outputs) != 2 or match["a"].shape != match["b"].shape:  # noqa: PLR2004
        return None
    nodes = (*match.nodes, halves)
    if halves.type not in ("chunk", "split") or not at.is_closed(nodes, node.value()):
        return None
    return at.step("glu", halves.reads[0], replaces=nodes, what="GLU", dim=halves.layer.dim)  # type: ignore[attr-defined]
