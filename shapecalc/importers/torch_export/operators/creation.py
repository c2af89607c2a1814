"""Tensors that operators create."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.dims import Dim, Expr, floor_div
from shapecalc.importers.torch_export.dtypes import dtype_of
from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.importers.graph import Value
    from shapecalc.importers.torch_export.operands import DType
    from shapecalc.importers.torch_export.steps import Steps


def filled(to: Steps, shape: Sequence[Dim], number: Any) -> Value:
    """Return a tensor whose elements are all one number, in the dtype that the file states."""
    dtype = to.meta.dtype if to.meta else "float32"
    value = {"float32": float, "int64": int, "bool": bool}[dtype](number)
    one = to.constant(value)
    return to.step("expand", one, size=tuple(shape)) if shape else one


@operator("full", "new_full")
def full(to: Steps, size: Any, fill_value: Any, **_: Any) -> Value:
    """A number everywhere."""
    return filled(to, size, fill_value)


@operator("zeros", "new_zeros", "empty", "new_empty")
def zeros(to: Steps, size: Any, **_: Any) -> Value:
    """Zeros, also in place of elements that are not set yet."""
    return filled(to, size, 0)


@operator("ones", "new_ones")
def ones(to: Steps, size: Any, **_: Any) -> Value:
    """Ones."""
    return filled(to, size, 1)


@operator("zeros_like", "empty_like", "zero")
def zeros_like(to: Steps, x: Value, **_: Any) -> Value:
    """Zeros in the shape of a tensor."""
    return filled(to, x.shape, 0)


@operator("ones_like")
def ones_like(to: Steps, x: Value, **_: Any) -> Value:
    """Ones in the shape of a tensor."""
    return filled(to, x.shape, 1)


@operator("full_like", "fill", raw=("fill_value", "value"))
def full_like(to: Steps, x: Value, fill_value: Any = None, value: Any = None, **_: Any) -> Value:
    """A number in the shape of a tensor."""
    operand = value if fill_value is None else fill_value
    number = to.number(operand)
    return to.expand(to.value(operand), x.shape) if number is None else filled(to, x.shape, number)


@operator("scalar_tensor", "tensor")
def scalar(to: Steps, s: Any, **_: Any) -> Value:
    """A number."""
    if isinstance(s, Expr):
        return size_as_value(to, s)
    return filled(to, (), s)


def size_as_value(to: Steps, size: Expr) -> Value:
    """Return a size as a tensor: the number of ones along an axis."""
    ones_ = to.step("expand", to.constant(1), size=(size,))
    return to.step("sum", ones_, dim=0)


@operator("arange", "arange.start", "arange.start_step")
def arange(to: Steps, end: Any, start: Any = 0, step: Any = 1, dtype: DType | None = None, **_: Any) -> Value:
    """Numbers at equal distances, as many as a symbol says: running sums of ones."""
    count = end - start
    if step != 1:
        count = floor_div(count + step - 1, step)
    ones_ = to.step("expand", to.constant(1), size=(count,))
    result = to.step("add", to.step("cumsum", ones_, dim=0), other=-1)
    result = result if step == 1 else to.step("multiply", result, other=step)
    if isinstance(start, Expr):
        raise Unreadable("numbers that start at a symbol")
    result = result if start == 0 else to.step("add", result, other=start)
    wanted = dtype_of(dtype.code) if dtype else "int64"
    return result if wanted == "int64" else to.step("cast", result, dtype=wanted)


@operator("copy", raw=("src",))
def copy(to: Steps, x: Value, src: Any, **_: Any) -> Value:
    """Another value in place of a tensor."""
    value = to.value(src)
    value = value if value.dtype == x.dtype else to.step("cast", value, dtype=x.dtype)
    return value if value.shape == x.shape else to.expand(value, x.shape)


@operator("rand", "randn", "rand_like", "randn_like", "bernoulli", "normal", "randint", "randperm", "multinomial")
def random(to: Steps, **_: Any) -> Value:
    """Random numbers, which a layer of an architecture does not give."""
    del to
    raise Unreadable("random numbers")
