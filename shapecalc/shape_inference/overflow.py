"""Limits of all frameworks: the rank of a shape, the length of an axis, and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, LayerError
from shapecalc.dims import Expr, Relation, evaluate, free_symbols, least, pretty
from shapecalc.layers.fields import LARGEST_DIM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.dims import Condition
    from shapecalc.shape_inference.rows import Count, Facts

LARGEST_COUNT = 2**63 - 1


def too_many_axes(architecture: Architecture) -> Iterator[Diagnostic]:
    """Yield an SC321 error for each input with more axes than an array may have."""
    limits = architecture.limits
    for entry in architecture.inputs:
        rank = len(entry.shape)
        if rank > limits.rank:
            message = f"`{entry.name}` has {rank} axes, expects at most {limits.rank}"
            yield Diagnostic(code="SC321", message=message, span=entry.span, help=limits.raising("rank", rank))


def refuse_enormous(facts: Facts, limits: Limits) -> None:
    """Raise `LayerError` for too many axes of an output (SC321), too long ones (SC309), or too high counts (SC322)."""
    for shape in facts.outputs.values():
        if len(shape) > limits.rank:
            message = f"gives {len(shape)} axes, more than {limits.rank}"
            raise LayerError("SC321", message, help=limits.raising("rank", len(shape)))
        for dim in shape:
            if type(dim) is int and dim > LARGEST_DIM:
                raise LayerError("SC309", f"gives an axis of {dim}, more than {LARGEST_DIM} (2^31 - 1)")
            if isinstance(dim, Expr) and max(dim.terms.values()) > LARGEST_DIM and (least(dim) or 0) > LARGEST_DIM:
                message = f"gives an axis of {pretty(dim)}, at any size more than {LARGEST_DIM} (2^31 - 1)"
                raise LayerError("SC309", message)
    refuse_counts({"parameters": facts.params, "numbers": facts.activations, "FLOPs": facts.flops})


def refuse_counts(counts: Mapping[str, Count]) -> None:
    """Raise `LayerError` SC322 for a count beyond 2^63 - 1; the keys of `counts` are what is counted."""
    for word, count in counts.items():
        if type(count) is int and count > LARGEST_COUNT:
            raise LayerError("SC322", f"has {count} {word}, more than {LARGEST_COUNT} (2^63 - 1)")


def refuse_unreachable(conditions: Iterable[Condition]) -> None:
    """Raise `LayerError` SC319 for a lower bound that the longest axes do not reach.

    A chain of strides multiplies such bounds.
    """
    for condition in conditions:
        expr = condition.expr
        if condition.relation is not Relation.NONNEGATIVE or min(expr.terms.values()) < 0:
            continue
        most = evaluate(expr, dict.fromkeys(free_symbols(expr), LARGEST_DIM))
        if isinstance(most, int) and most < 0:
            message = f"needs {condition.pretty}, and no axis is longer than {LARGEST_DIM} (2^31 - 1)"
            raise LayerError("SC319", message)
