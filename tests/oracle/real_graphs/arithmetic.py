"""Sums and products, and the layers that are written as several of them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch

from .parts import turned_by
from .records import Data, InexpressibleError, Learnt
from .values import Converter, constant_number, handles, shape_of


@handles("linear")
def linear(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a fully connected layer."""
    shape = shape_of(node)
    fields: Any = {"out_features": shape[-1]}
    if to.stated:
        fields["in_features"] = a["input"].shape[-1]
    if a["bias"] is None:
        fields["bias"] = False
    fields = fields if len(fields) > 1 else shape[-1]
    weight, bias = a["weight"], a["bias"]
    held = isinstance(weight, Learnt) and weight.node is None
    held &= bias is None or (isinstance(bias, Learnt) and bias.node is None)
    if not held and isinstance(weight, Learnt) and weight.node and "weight_norm" in str(weight.node.target):
        own = [Learnt(frozenset({each}), (), ()) for each in sorted(weight.names)]
        fields = {**(fields if isinstance(fields, dict) else {"out_features": fields}), "weight_norm": True}
        return to.emit("linear", fields, a["input"], shape=shape, weights=[bias, *own])
    if not held:
        turned = to.permute(to.value(weight), [1, 0])
        product = to.emit("matmul", {}, a["input"], turned, shape=shape)
        return product if bias is None else to.emit("add", {}, product, bias, shape=shape)
    return to.emit("linear", fields, a["input"], shape=shape, weights=[weight, bias])


@handles("addmm")
def addmm(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a matrix product with a bias."""
    weight = turned(a["mat2"])
    if weight is not None and isinstance(a["mat1"], Data):
        return linear(to, node, {"input": a["mat1"], "weight": weight, "bias": a["self"]})
    product = to.emit("matmul", {}, to.value(a["mat1"]), to.value(a["mat2"]), shape=shape_of(node))
    return to.emit("add", {}, product, to.value(a["self"]), shape=shape_of(node))


def turned(value: Any) -> Learnt | None:
    """Return the parameter of which a tensor is the transpose; None if it is not one."""
    if not isinstance(value, Learnt) or len(value.shape) != 2:
        return None
    if value.node is None:
        return Learnt(value.names, value.shape[::-1], value.whole, turned=True)
    name = str(value.node.target)
    source = value.given[0][0]
    is_turned = any(word in name for word in (".t.", "transpose", "permute", "numpy_T"))
    return source if is_turned and source.node is None else None


@handles("add")
def add(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a sum."""
    first, second = a["self"], a["other"]
    if not isinstance(first, Data):
        first, second = second, first
    if a.get("alpha", 1) != 1:
        second = multiply(to, node.args[1], {"self": second, "other": a["alpha"]})
    if isinstance(second, Data):
        return add_data(to, node, first, second)
    if isinstance(second, Learnt):
        if shape_of(node) != first.shape or not second.is_view():
            return to.emit("add", {}, first, to.value(second), shape=shape_of(node))
        return to.add_learnt(first, second)
    return add_constant(to, node, first, second)


def add_data(to: Converter, node: torch.fx.Node, first: Data, second: Data) -> Data:
    """Return a sum of data; that of the two halves of a rotation is a rotary embedding."""
    if first.note[:1] == ("product",) and first.note[3:] == () and first.plain is not None:
        kept = replace(first)
        return replace(
            first,
            factor=1.0,
            note=(*first.note, second, first.factor),
            plain=lambda: to.emit("add", {}, kept, second, shape=shape_of(node)),
        )
    kinds = {first.note[:1]: first, second.note[:1]: second}
    if ("cube",) in kinds and math.isclose(first.factor * second.factor, 0.044715):
        kept = replace(first), replace(second)
        return Data(
            first.step,
            first.shape,
            note=("cubic", kinds["cube",].note[1]),
            plain=lambda: to.emit("add", {}, *kept, shape=shape_of(node)),
        )
    if ("cosine",) in kinds and ("sine",) in kinds:
        try:
            return rotary(to, kinds["cosine",], kinds["sine",])
        except (InexpressibleError, ArithmeticError, IndexError):
            pass
    return to.emit("add", {}, first, second, shape=shape_of(node))


def add_constant(to: Converter, node: torch.fx.Node, data: Data, constant: Any) -> Data:
    """Return a sum that is a part of a layer: an eps, a mask of attention, the 1 of GELU; or data plus zeros."""
    number, kind, kept = constant_number(constant), data.note[:1], replace(data)

    def plain() -> Data:
        if number is not None:
            return to.emit("add", number_of(number, node), kept, shape=shape_of(node))
        return to.emit("add", {}, kept, to.constant(constant), shape=shape_of(node))

    if kind == ("tanh of cubic",) and number == 1:
        return Data(data.step, data.shape, note=("gate of gelu", data.note[1]), plain=plain)
    if kind == ("mean of squares",) and number is not None:
        return Data(data.step, data.shape, note=(*data.note, number), plain=plain)
    if kind == ("product",) and hides(constant, causal=True):
        return replace(data, factor=1.0, note=(*data.note, "causal", data.factor), plain=plain)
    if kind == ("product",) and isinstance(constant, torch.Tensor) and not hides(constant, causal=False):
        return replace(data, factor=1.0, note=(*data.note, constant, data.factor), plain=plain)
    if shape_of(node) == data.shape and (number == 0 or (kind == ("product",) and hides(constant, causal=False))):
        return data
    return plain()


def number_of(number: float, node: torch.fx.Node) -> float:
    """Return a number as the data of a node has it: an integer beside integers."""
    return number if node.meta["val"].dtype.is_floating_point else int(number)


@handles("mul", "multiply")
def multiply(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a product."""
    first, second, shape = a["self"], a["other"], shape_of(node)
    if not isinstance(first, Data) or first.note[:1] == ("root",):
        first, second = second, first
    if isinstance(second, Data) or first.note[:1] == ("complex numbers",):
        return multiply_data(to, node, first, second)
    if shape == first.shape and isinstance(second, Learnt) and second.is_view():
        return to.multiply_learnt(first, second)
    number = constant_number(second)
    if shape == first.shape and number is not None:
        whole = not node.meta["val"].dtype.is_floating_point
        return to.emit("multiply", int(number), first, shape=shape) if whole else times(first, number)
    kept = replace(first)

    def plain() -> Data:
        return to.emit("multiply", {}, kept, to.value(second), shape=shape)

    if isinstance(second, torch.Tensor) and shape == first.shape and first.note[:1] == ("rotated",):
        return Data(first.step, shape, note=("sine", first.note[1], second, first.note[2]), plain=plain)
    if isinstance(second, torch.Tensor) and shape == first.shape:
        return Data(first.step, shape, first.output, note=("cosine", kept, second), plain=plain)
    return plain()


def times(data: Data, number: float) -> Data:
    """Return data that a number still multiplies."""
    return data if number == 1 else replace(data, factor=data.factor * number)


def multiply_data(to: Converter, node: torch.fx.Node, first: Data, second: Any) -> Data:
    """Return a product of data; that of a value and its inverse root is an RMS norm."""
    shape = shape_of(node)
    if first.note[:1] == ("complex numbers",):
        return turned_by(to, first, second)
    if node.meta["val"].dtype == torch.bool:
        return to.emit("logical_and", {}, first, second, shape=shape)
    if second.note[:1] == ("root",):
        _, source, dim, eps = second.note
        if source.key() != first.key() or source.factor != first.factor:
            return to.emit("multiply", {}, first, second, shape=shape)
        order = [*(axis for axis in range(len(shape)) if axis != dim), dim]
        moved = to.permute(first, order)
        norm = to.emit("rms_norm", {"eps": eps, "elementwise_affine": False}, moved, shape=moved.shape)
        result = to.permute(norm, sorted(range(len(order)), key=order.__getitem__))
        return Data(result.step, shape, note=("rms", norm.step, dim))
    half = first.factor == 0.5
    if second.note[:1] == ("gate of gelu",) and half and second.note[1].key() == first.key():
        return to.emit("gelu", {"approximate": "tanh"}, second.note[1], shape=shape)
    return to.emit("multiply", {}, first, second, shape=shape)


def rotary(to: Converter, cosine: Data, sine: Data) -> Data:
    """Return a rotary embedding: x cos + rotated x sin, whose angles must be those of a base."""
    _, source, angles = cosine.note
    _, rotated, _, interleaved = sine.note
    if source.key() != rotated.key():
        raise InexpressibleError("a rotation of another value")
    features = source.shape[-1]
    padded = (1,) * (len(source.shape) - angles.dim()) + tuple(angles.shape)
    axes = [axis for axis, size in enumerate(padded[:-1]) if size > 1 and axis]
    if len(axes) != 1 or padded[axes[0]] != source.shape[axes[0]]:
        raise InexpressibleError("a rotation along several axes")
    order = [axis for axis in range(len(padded)) if axis not in {axes[0], len(padded) - 1}] + [axes[0], len(padded) - 1]
    back = sorted(range(len(order)), key=order.__getitem__)
    table = angles.reshape(-1, features).double()[: source.shape[axes[0]]]
    pair = 2 if interleaved else 1
    base = round(float(torch.arccos(table[1, pair])) ** (-features / 2), 0)
    exponents = torch.arange(0, features, 2, dtype=torch.float64) / features
    expected = torch.outer(torch.arange(table.shape[0], dtype=torch.float64), base**-exponents).cos()
    expected = expected.repeat_interleave(2, 1) if interleaved else torch.cat([expected, expected], 1)
    if not torch.allclose(expected, table, atol=1e-3):
        raise InexpressibleError("a rotation by given angles")
    fields: dict[str, Any] = {} if base == 10_000 else {"base": int(base)}
    if interleaved:
        fields["interleaved"] = True
    moved = to.permute(source, order)
    return to.permute(to.emit("rotary_embedding", fields or None, moved, shape=moved.shape), back)


@handles("addcmul")
def addcmul(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a learnt factor and a learnt addend."""
    addend, factor, data = a["self"], a["tensor1"], a["tensor2"]
    if not (isinstance(addend, Learnt) and isinstance(factor, Learnt) and isinstance(data, Data) and a["value"] == 1):
        raise InexpressibleError("addcmul")
    assert shape_of(node) == data.shape
    return to.add_learnt(to.multiply_learnt(data, factor), addend)


@handles("div", "true_divide")
def divide(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a quotient by a number."""
    number, rounding = constant_number(a["other"]), a.get("rounding_mode")
    if number is not None and isinstance(a["self"], Data) and rounding is None:
        return multiply(to, node, {"self": a["self"], "other": 1 / number})
    if rounding is not None:
        raise InexpressibleError("divide with rounding")
    return binary(to, "divide", node, a["self"], a["other"])


def binary(to: Converter, type_: str, node: torch.fx.Node, first: Any, second: Any) -> Data:
    """Return an operation on two tensors, or on one and a number."""
    shape = shape_of(node)
    left, right = constant_number(first), constant_number(second)
    if right is not None and first.shape == shape:
        return to.emit(type_, number_of(right, node), to.value(first), shape=shape)
    if left is not None and second.shape == shape:
        return to.emit(type_, {"other": number_of(left, node), "reverse": True}, to.value(second), shape=shape)
    return to.emit(type_, {}, to.value(first), to.value(second), shape=shape)


@handles("sub", "subtract")
def subtract(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a difference; that with a number is a sum."""
    second = a["other"]
    if a.get("alpha", 1) != 1:
        second = multiply(to, node.args[1], {"self": second, "other": a["alpha"]})
    number = constant_number(second)
    if number is not None and isinstance(a["self"], Data) and a["self"].shape == shape_of(node):
        return add_constant(to, node, a["self"], -number)
    return binary(to, "subtract", node, a["self"], second)


@handles("rsub")
def subtract_from(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a difference whose operands are in the other order."""
    return binary(to, "subtract", node, a["other"], a["self"])


@handles("maximum", "minimum")
def extreme(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert the greater or the smaller of two."""
    return binary(to, node.target._schema.name.removeprefix("aten::"), node, a["self"], a["other"])


@handles("neg")
def negative(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Remember a negative: a part of a rotation."""
    kept = replace(a["self"])
    return Data(
        to.real(kept).step,
        shape_of(node),
        note=("negative", a["self"]),
        plain=lambda: to.emit("negative", None, kept, shape=shape_of(node)),
    )


@handles("pow", "square")
def power(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Remember a square: a part of an RMS norm if its mean is computed."""
    exponent, shape = a.get("exponent", 2), shape_of(node)
    if not isinstance(exponent, (int, float)) or not isinstance(a["self"], Data):
        return binary(to, "power", node, a["self"], exponent)
    kept = replace(a["self"])

    def plain() -> Data:
        return to.emit(*(("square", None) if exponent == 2 else ("power", exponent)), kept, shape=shape)

    if exponent == 3:
        return Data(to.real(a["self"]).step, shape, note=("cube", a["self"]), plain=plain)
    if exponent == 2 and all("mean" in str(user.target) for user in node.users):
        return Data(to.real(a["self"]).step, shape, note=("square", a["self"]), plain=plain)
    return plain()


@handles("rsqrt")
def inverse_root(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Remember an inverse root: a part of an RMS norm."""
    note, kept = a["self"].note, replace(a["self"])

    def plain() -> Data:
        return to.emit("rsqrt", None, kept, shape=shape_of(node))

    if note[:1] != ("mean of squares",) or len(note) != 4:
        return plain()
    return Data(a["self"].step, shape_of(node), note=("root", *note[1:]), plain=plain)


@handles("matmul", "bmm")
def matmul(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a matrix product; scores, softmax and a product become attention."""
    first, second, shape = a["self"], a.get("other", a.get("mat2")), shape_of(node)
    weight = turned(second)
    if weight is not None and isinstance(first, Data):
        return linear(to, node, {"input": first, "weight": weight, "bias": None})
    first, second = to.value(first), to.value(second)
    if min(len(first.shape), len(second.shape)) < 2:
        raise InexpressibleError("a product with a vector")
    if first.note[:1] == ("weights",):
        product = first.note[1]
        query, key, mask, factor = (*product.note[1:], None, product.factor)[:4]
        order = [*range(len(key.shape) - 2), -1, -2]
        fields: dict[str, Any] = {} if math.isclose(factor, query.shape[-1] ** -0.5) else {"scale": factor}
        if isinstance(mask, str):
            fields["is_causal"] = True
        bias = [] if mask is None or isinstance(mask, str) else [to.value(mask)]
        attended = (query, to.permute(key, order), second, *bias)
        return to.emit("scaled_dot_product_attention", fields, *attended, shape=shape)
    factor = first.factor * second.factor
    first, second = (to.real(replace(side, factor=1.0)) for side in (first, second))
    kept = replace(first), replace(second)
    if is_scores(node):
        return Data(
            first.step,
            shape,
            factor=factor,
            note=("product", first, second),
            plain=lambda: to.emit("matmul", {}, *kept, shape=shape),
        )
    result = to.emit("matmul", {}, first, second, shape=shape)
    result.factor = factor
    return result


@handles("baddbmm")
def matmul_and_add(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a matrix product with an addend, each with a factor."""
    if a["beta"] == 0:
        return replace(matmul(to, node, {"self": a["batch1"], "mat2": a["batch2"]}), factor=a["alpha"])
    product = to.emit("matmul", {}, to.value(a["batch1"]), to.value(a["batch2"]), shape=shape_of(node))
    product.factor = a["alpha"]
    addend = to.value(a["self"])
    return to.emit("add", {}, product, replace(addend, factor=addend.factor * a["beta"]), shape=shape_of(node))


def is_scores(node: torch.fx.Node) -> bool:
    """Return whether a matrix product reads the softmax of a node, with nothing between but numbers and masks."""
    between = {"mul", "div", "add", "to", "dropout", "softmax", "type_as"}
    passed = False
    while len(node.users) == 1:
        user = next(iter(node.users))
        name = str(user.target).partition(".")[2].partition(".")[0].removesuffix("_")
        if name in {"matmul", "bmm"}:
            return passed and user.args[0] is node
        if name not in between:
            return False
        passed |= name == "softmax"
        node = user
    return False


def hides(mask: Any, *, causal: bool) -> bool:
    """Return whether a mask hides exactly the later keys (`causal`), or nothing."""
    if not isinstance(mask, torch.Tensor) or isinstance(mask, torch._subclasses.FakeTensor):
        return False
    hidden = ~mask if mask.dtype == torch.bool else mask < -1e4
    if mask.dtype != torch.bool and bool(((mask != 0) & ~hidden).any()):
        return False
    rows, keys = hidden.shape[-2:]
    later = torch.ones(rows, keys, dtype=torch.bool).triu(1) if causal else torch.zeros(rows, keys, dtype=torch.bool)
    return bool((hidden == later).all())
