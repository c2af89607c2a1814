"""The shapes and counts of one layer for given input shapes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from shapecalc.diagnostics import LayerError
from shapecalc.dims import DimLimitError, evaluate, product
from shapecalc.layers.constraints import Constraints
from shapecalc.layers.saved import Storage
from shapecalc.layers.sizes import require_sizes, with_sizes
from shapecalc.shape_inference.overflow import refuse_enormous, refuse_unreachable
from shapecalc.shape_inference.rows import Facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.diagnostics.limits import Limits
    from shapecalc.dims import Condition, Shape
    from shapecalc.layers import Layer
    from shapecalc.shape_inference.rows import Count


class EmptySampleError(Exception):
    """An axis is empty for one sample, so the symbol of the batch is also the size of something else."""


def derive_facts(layer: Layer, shapes: tuple[Shape, ...], costs_at: Mapping[str, int], limits: Limits) -> Facts:
    """Return the facts of a layer, with its conditions on symbols.

    Costs are those at the sizes `costs_at`. Raises `LayerError` for mistakes in the layer or its input shapes, SC311
    for an expression beyond the limits of `dims`, SC309, SC319, SC321 or SC322 for sizes or counts beyond those of all
    frameworks.
    """
    required: list[Condition] = []
    try:
        facts = _facts(layer, shapes, costs_at, Constraints(required))
    except DimLimitError as error:
        help_text = "give symbols numbers: `--set NAME=…`, or `sizes:` in the file"
        raise LayerError("SC311", f"has no closed form within bounds: {error}", help=help_text) from None
    refuse_enormous(facts, limits)
    if not required:
        return facts
    conditions = tuple(dict.fromkeys(required))
    refuse_unreachable(conditions)
    return facts._replace(conditions=conditions)


def _facts(layer: Layer, shapes: tuple[Shape, ...], costs_at: Mapping[str, int], constraints: Constraints) -> Facts:
    least, most = layer.takes
    if not least <= len(shapes) <= most:
        wanted = f"{least}" if least == most else f"{least} {'or' if most == least + 1 else 'to'} {most}"
        raise LayerError("SC313", expects=f"{wanted} input{'s' if most > 1 else ''}", receives=len(shapes))
    if layer.size_fields:
        require_sizes(layer, constraints)
    outputs = layer.outputs(*shapes, constraints=constraints)
    parameters = layer.parameters(*shapes)
    buffers = layer.buffers(*shapes)
    # `costs_at` is substituted before any product is computed: numbers multiply faster than expressions.
    inputs = [bind(shape, costs_at) for shape in shapes] if costs_at else shapes
    results = [bind(shape, costs_at) if costs_at else shape for shape in outputs.values()]
    if costs_at and any(type(dim) is int and dim < 1 for shape in results for dim in shape):
        raise EmptySampleError
    if costs_at and layer.size_fields:
        try:
            layer = with_sizes(layer, costs_at)
        except LayerError:
            raise EmptySampleError from None
    macs = layer.macs(*inputs, results[0])
    facts = Facts(
        outputs,
        parameters,
        buffers,
        sum(map(product, parameters.values())) if parameters else 0,
        sum(map(product, buffers.values())) if buffers else 0,
        macs,
        _flops(macs, layer.operations(*inputs, results[0])),
        sum(map(product, results)),
    )
    if not layer.counts_known:
        return facts._replace(params=None, buffer_count=None, macs=None, flops=None)
    if layer.is_tensor:
        activations = 0 if layer.storage is Storage.STORED else facts.activations
        facts = facts._replace(constants=layer.constants(*shapes), activations=activations)
    if layer.sparse:
        facts = facts._replace(active=MappingProxyType(layer.active_parameters(*shapes)))
    parts = layer.macs_parts(*inputs, results[0])
    if not parts:
        return facts
    return facts._replace(parts=MappingProxyType(parts), useful=layer.useful_macs(*inputs, results[0]))


def _flops(macs: Count, operations: Count) -> Count:
    return None if macs is None or operations is None else 2 * macs + operations


def bind(shape: Shape, sizes: Mapping[str, int]) -> Shape:
    """Return a shape with sizes substituted for symbols."""
    return tuple(dim if type(dim) is int else evaluate(dim, sizes) for dim in shape)
