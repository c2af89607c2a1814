"""Arithmetic of two inputs or more, comparisons, selections and conversions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.dims import Expr
from shapecalc.importers.graph import Value
from shapecalc.importers.onnx.node import operator, python_number
from shapecalc.importers.onnx.tensors import Weight, dtype_of
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from shapecalc.importers.onnx.node import OnnxNode

MERGES = {
    "Add": "add",
    "And": "logical_and",
    "Div": "divide",
    "Equal": "equal",
    "Greater": "greater",
    "GreaterOrEqual": "greater_equal",
    "Less": "less",
    "LessOrEqual": "less_equal",
    "Max": "maximum",
    "Min": "minimum",
    "Mul": "multiply",
    "Or": "logical_or",
    "Pow": "power",
    "Sub": "subtract",
    "Sum": "add",
}
"""Operators that are one layer of two inputs, or several."""
MIRRORED = {
    "Greater": "less",
    "GreaterOrEqual": "less_equal",
    "Less": "greater",
    "LessOrEqual": "greater_equal",
}
"""The comparisons with the inputs exchanged."""
REVERSIBLE = {"Div", "Pow", "Sub"}


def number_of(node: OnnxNode, place: int) -> Any:
    """Return an input that is one known number, which broadcasts as one without axes would; None if it is not."""
    entry, other = node.entry(place), node.entry(1 - place)
    if isinstance(entry, Value):
        return None
    is_one = len(entry.shape) <= len(other.shape) and all(size == 1 for size in entry.shape)
    if not is_one or (isinstance(entry, Weight) and entry.shape):
        return None
    array = node.reader.known(entry)
    number = None if array is None else python_number(array.ravel()[0])
    if isinstance(number, Expr):
        raise Unreadable(f"`{node.op}` computes with the size {number} of an input")
    is_finite = isinstance(number, bool) or number is None or np.isfinite(number)
    return number if is_finite and not isinstance(number, bool) else None


def binary(node: OnnxNode) -> Value:
    """Return the layer of two inputs, of which one may be a number."""
    type_ = MERGES[node.op]
    for place in (1, 0):
        number = number_of(node, place) if node.op not in ("And", "Or") else None
        if number is None or isinstance(node.entry(1 - place), np.ndarray):
            continue
        if place == 1 or node.op not in REVERSIBLE:
            word = type_ if place == 1 else MIRRORED.get(node.op, type_)
            return node.step(word, node.read(1 - place), other=number)
        return node.step(type_, node.read(1), other=number, reverse=True)
    return node.step(type_, node.read(0), node.read(1))


@operator("Add", "And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Mul", "Or", "Sub")
def merge(node: OnnxNode) -> Value:
    """Return the layer of two inputs that broadcast, or of an input and a number."""
    return binary(node)


@operator("Max", "Min", "Sum")
def several(node: OnnxNode) -> Value:
    """Return the layer of any number of inputs; a single one is the output."""
    count = len(node.entries)
    if count == 1:
        return node.read()
    return binary(node) if count == 2 else node.step(MERGES[node.op], *node.every())  # noqa: PLR2004


@operator("Mean")
def mean_of_inputs(node: OnnxNode) -> Value:
    """Return the sum of the inputs divided by their number."""
    if len(node.entries) == 1:
        return node.read()
    return node.step("divide", node.step("add", *node.every()), other=len(node.entries))


@operator("Div")
def quotient(node: OnnxNode) -> Value:
    """Return `divide`, of integers without the fraction, which `cast` cuts off."""
    result = binary(node)
    return node.cast(result, "int64") if node.dtype() == "int64" else result


@operator("Mod")
def remainder(node: OnnxNode, *, fmod: int = 0) -> Value:
    """Return x − ⌊x/y⌋ · y; with `fmod` the quotient without its fraction is taken instead of its floor."""
    exact = node.step("divide", node.read(0), node.read(1))
    whole = node.cast(node.cast(exact, "int64"), node.dtype()) if fmod else node.chain(exact, "floor")
    times = node.step("multiply", node.cast(whole, node.dtype()), node.read(1))
    return node.step("subtract", node.read(0), times)


@operator("Pow")
def power(node: OnnxNode) -> Value:
    """Return a power, of which the dtype is that of the base."""
    number = number_of(node, 1)
    if number == 2 and node.dtype() == "float32":  # noqa: PLR2004
        return node.step("power", other=2)
    base, exponent = node.dtype(0), node.dtype(1)
    if base == exponent or number is not None:
        return node.cast(binary(node), base)
    return node.cast(node.step("power", *(node.cast(node.read(place), "float32") for place in (0, 1))), base)


@operator("Xor")
def exclusive_or(node: OnnxNode) -> Value:
    """Return whether flags differ."""
    return node.step("not_equal", node.read(0), node.read(1))


@operator("Where")
def where(node: OnnxNode) -> Value:
    """Return a selection by a condition, of which one alternative may be a number."""
    numbers = [_alternative(node, place) for place in (1, 2)]
    if numbers[0] is not None and numbers[1] is None:
        return node.step("where", node.read(0), node.read(2), x=numbers[0])
    if numbers[1] is not None and numbers[0] is None:
        return node.step("where", node.read(0), node.read(1), y=numbers[1])
    return node.step("where", *node.every())


def _alternative(node: OnnxNode, place: int) -> Any:
    entry = node.entry(place)
    if not isinstance(entry, np.ndarray) or entry.size != 1 or entry.dtype.kind != "f":
        return None
    other = node.entry(3 - place)
    fits = entry.ndim <= max(len(other.shape), node.rank(0))
    return python_number(entry.ravel()[0]) if fits else None


@operator("Cast")
def cast(node: OnnxNode, *, to: int, saturate: int = 1, round_mode: str = "up") -> Value:
    """Return `cast`; one between dtypes that are one of ours is the input."""
    del saturate, round_mode
    return node.cast(node.read(), dtype_of(to))


@operator("CastLike")
def cast_like(node: OnnxNode, *, saturate: int = 1, round_mode: str = "up") -> Value:
    """Return `cast` to the dtype of the second input."""
    del saturate, round_mode
    return node.cast(node.read(), node.dtype(1))


@operator("IsNaN")
def is_nan(node: OnnxNode) -> Value:
    """Return whether an element is not equal to itself."""
    return node.step("not_equal", node.read(), node.read())


@operator("IsInf")
def is_inf(node: OnnxNode, *, detect_negative: int = 1, detect_positive: int = 1) -> Value:
    """Return whether an element is above or below all finite numbers."""
    if detect_negative and detect_positive:
        return node.chain(node.step("abs"), ("equal", {"other": float("inf")}))
    return node.step("equal", other=float("inf") if detect_positive else float("-inf"))


@operator("Range")
def range_(node: OnnxNode) -> Value:
    """Return as many numbers as symbols say: start + delta · (0, 1, 2, …), the counts as sums of ones."""
    bounds = [node.dims(place) for place in range(3)]
    if any(len(each) != 1 for each in bounds):
        raise Unreadable("`Range` has bounds that are no single numbers")
    (start,), (limit,), (delta,) = bounds
    if not isinstance(delta, int) or delta < 1:
        raise Unreadable("`Range` of symbols goes up by an integer")
    count = (limit - start + (delta - 1)) // delta
    one = node.numbers(np.ones(1, np.int64))
    places = node.chain(one, ("expand", {"size": [count]}), ("cumsum", {"dim": 0}))
    if not isinstance(start, int):
        raise Unreadable("`Range` starts at a size of an input")
    if delta != 1:
        places = node.chain(places, ("multiply", {"other": delta}))
    moved = start - delta
    return node.chain(places, ("add", {"other": moved})) if moved else places
