"""Layers that merge several inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.keras.calls import LayerCall, layer
from shapecalc.importers.keras.values import KerasValue, in_order
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from shapecalc.importers.keras.settings import Ints

VECTORS = 2
SEQUENCES = 3


def aligned(call: LayerCall, tensors: list[KerasValue]) -> list[KerasValue]:
    """Return tensors with their axes in one order: that of the first, or that of Keras if their ranks differ."""
    if len({each.rank for each in tensors}) == 1:
        return [call.arranged(each, tensors[0].order) for each in tensors]
    return [call.ordered(each) for each in tensors]


def merged(call: LayerCall, type_: str, tensors: list[KerasValue]) -> KerasValue:
    """Return an elementwise layer of several tensors."""
    if len(tensors) == 1:
        return tensors[0]
    tensors = aligned(call, [call.floats(each) for each in tensors])
    longest = max(tensors, key=lambda each: each.rank)
    return longest._replace(
        value=call.step(type_, *(each.value for each in tensors)), masked=any(each.masked for each in tensors)
    )


@layer("Add")
def _add(call: LayerCall) -> KerasValue:
    return merged(call, "add", call.tensors())


@layer("Multiply")
def _multiply(call: LayerCall) -> KerasValue:
    return merged(call, "multiply", call.tensors())


@layer("CustomScaleLayer")
def _scaled_sum(call: LayerCall, *, scale: float) -> KerasValue:
    """Return the layer of Inception-ResNet in `keras.applications`, the first input plus the second one scaled."""
    first, second = call.tensors(2)
    return merged(call, "add", [first, call.each("multiply", second, other=scale)])


@layer("Subtract")
def _subtract(call: LayerCall) -> KerasValue:
    return merged(call, "subtract", call.tensors(2))


@layer("Average")
def _average(call: LayerCall) -> KerasValue:
    tensors = call.tensors()
    return call.each("divide", merged(call, "add", tensors), other=len(tensors))


@layer("Maximum")
def _maximum(call: LayerCall) -> KerasValue:
    return merged(call, "maximum", call.tensors())


@layer("Minimum")
def _minimum(call: LayerCall) -> KerasValue:
    return merged(call, "minimum", call.tensors())


@layer("Concatenate")
def _concatenate(call: LayerCall, *, axis: int = -1) -> KerasValue:
    return concatenated(call, call.tensors(), axis)


def concatenated(call: LayerCall, tensors: list[KerasValue], axis: Any) -> KerasValue:
    """Return tensors joined along an axis of Keras."""
    if len({each.rank for each in tensors}) > 1 or len({each.value.dtype for each in tensors}) > 1:
        tensors = [call.floats(each) for each in tensors]
    tensors = aligned(call, tensors)
    at = tensors[0].at(call.axis(tensors[0], axis))
    if len(tensors) == 1:
        return tensors[0]
    return tensors[0]._replace(value=call.step("concat", *(each.value for each in tensors), dim=at))


@layer("Dot")
def _dot(call: LayerCall, *, axes: Ints, normalize: bool = False) -> KerasValue:
    """Return products along one axis of each of two inputs, of vectors or of sequences."""
    first, second = (call.ordered(call.floats(each)) for each in call.tensors(2))
    pair = [axes, axes] if isinstance(axes, int) else axes
    if len(pair) != 2:  # noqa: PLR2004 - one for each
        raise Unreadable(f"`{call.name}` has {len(pair)} axes")
    if first.rank not in (VECTORS, SEQUENCES) or second.rank not in (VECTORS, SEQUENCES):
        raise Unreadable(f"`{call.name}` reads tensors of rank {first.rank} and {second.rank}")
    at = (call.axis(first, pair[0]), call.axis(second, pair[1]))
    if 0 in at:
        raise Unreadable(f"`{call.name}` sums over the axis of the batch")
    values = [first.value, second.value]
    if normalize:
        values = [call.step("normalize", value, dim=axis) for value, axis in zip(values, at, strict=True)]
    letters = ["b" + names[: each.rank - 1] for each, names in ((first, "ij"), (second, "kl"))]
    letters = [text[:axis] + "s" + text[axis + 1 :] for text, axis in zip(letters, at, strict=True)]
    left = "".join(letter for text in letters for letter in text if letter not in "bs")
    value = call.step("einsum", *values, equation=f"{letters[0]},{letters[1]}->b{left}")
    return in_order(value if left else call.step("unsqueeze", value, dim=1))
