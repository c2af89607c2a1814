"""Comparisons, logic, and choices by conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.torch_export.operators.arithmetic import finite

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.importers.graph import Value
    from shapecalc.importers.torch_export.steps import Steps

COMPARISONS = {"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater",
               "ge": "greater_equal"}  # fmt: skip
MIRRORED = {"less": "greater", "less_equal": "greater_equal", "greater": "less", "greater_equal": "less_equal"}


def _comparison(type_: str) -> Callable[..., Value]:
    def function(to: Steps, x: Any, other: Any) -> Value:
        number = finite(to, other)
        if number is None and finite(to, x) is not None and len(getattr(x, "shape", [])) == 0:
            return to.step(MIRRORED.get(type_, type_), to.numeric(to.value(other)), other=finite(to, x))
        if number is None or tuple(getattr(other, "shape", [])) not in {(), (1,)}:
            return to.step(type_, to.numeric(to.value(x)), to.numeric(to.value(other)))
        value = to.numeric(to.value(x))
        return to.step(type_, value, other=int(number) if value.dtype == "int64" and number == int(number) else number)

    return function


for _name, _type in COMPARISONS.items():
    operator(_name, raw=("x", "other"))(_comparison(_type))


def _flags(to: Steps, x: Value) -> Value:
    return x if x.dtype == "bool" else to.step("cast", x, dtype="bool")


def _both(type_: str) -> Callable[..., Value]:
    def function(to: Steps, x: Value, other: Value) -> Value:
        return to.step(type_, _flags(to, x), _flags(to, other))

    return function


operator("logical_and", "bitwise_and", "__and__")(_both("logical_and"))
operator("logical_or", "bitwise_or", "__or__")(_both("logical_or"))
operator("logical_xor", "bitwise_xor", "__xor__")(_both("not_equal"))


@operator("logical_not", "bitwise_not")
def logical_not(to: Steps, x: Value) -> Value:
    """A negation."""
    return to.step("logical_not", _flags(to, x))


@operator("isnan")
def isnan(to: Steps, x: Value) -> Value:
    """Whether elements are not numbers: they are not equal to themselves."""
    return to.step("not_equal", x, x)


@operator("where", raw=("x", "other"))
def where(to: Steps, condition: Value, x: Any, other: Any) -> Value:
    """A choice between two tensors, or numbers."""
    left, right = finite(to, x), to.number(other)
    floats = to.meta is None or to.meta.dtype == "float32"
    fields: dict[str, Any] = {}
    reads = [_flags(to, condition)]
    for name, operand, number in (("x", x, left), ("y", other, right)):
        scalar = number is not None and not any(size != 1 for size in getattr(operand, "shape", ()))
        if scalar and number is not None and (to.meta is None or to.meta.dtype != "bool"):
            fields[name] = float(number) if floats else int(number)
        else:
            reads.append(to.value(operand))
    return to.step("where", *reads, **fields)


@operator("masked_fill", raw=("value",))
def masked_fill(to: Steps, x: Value, mask: Value, value: Any) -> Value:
    """A value where a mask is true."""
    number = to.number(value)
    if number is None:
        return to.step("where", mask, to.value(value), x)
    if x.dtype == "bool":
        return to.step("logical_or" if number else "logical_and", x, mask if number else logical_not(to, mask))
    shape = to.meta.shape if to.meta and to.meta.shape is not None else x.shape
    x = to.expand(x, shape) if x.shape != shape else x
    return to.step("masked_fill", x, mask, value=float(number) if x.dtype == "float32" else int(number))


def _over(type_: str) -> Callable[..., Value]:
    def function(to: Steps, x: Value, dim: Any = None, keepdim: bool = False) -> Value:
        dims = list(range(x.rank)) if dim is None else dim
        numbers = to.step("cast", _flags(to, x), dtype="int64")
        return to.step("cast", to.step(type_, numbers, dim=dims, keepdim=keepdim), dtype="bool")

    return function


operator("any")(_over("max"))
operator("all")(_over("min"))
