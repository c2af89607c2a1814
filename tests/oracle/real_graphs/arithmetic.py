"""Sums and products, and the layers that are written as several of them."""

from __future__ import annotations

import math
from typing import Any

import torch

from .values import Converter, Data, InexpressibleError, Learnt, constant_number, handles, real, shape_of


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
    return to.emit("linear", fields, a["input"], shape=shape, weights=[a["weight"], a["bias"]])


@handles("addmm")
def addmm(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a matrix product with a bias."""
    return linear(to, node, {"input": a["mat1"], "weight": a["mat2"], "bias": a["self"]})


@handles("add")
def add(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a sum."""
    first, second = a["self"], a["other"]
    if not isinstance(first, Data):
        first, second = second, first
    if a.get("alpha", 1) != 1:
        raise InexpressibleError("a sum with a factor")
    if isinstance(second, Data):
        return add_data(to, node, first, second)
    if isinstance(second, Learnt):
        if shape_of(node) != first.shape:
            raise InexpressibleError("data that a learnt tensor stretches")
        return to.add_learnt(first, second)
    return add_constant(node, first, second)


def add_data(to: Converter, node: torch.fx.Node, first: Data, second: Data) -> Data:
    """Return a sum of data; that of the two halves of a rotation is a rotary embedding."""
    kinds = {first.note[:1]: first, second.note[:1]: second}
    if ("cube",) in kinds and math.isclose(first.factor * second.factor, 0.044715):
        return Data(first.step, first.shape, note=("cubic", kinds["cube",].note[1]))
    if ("cosine",) in kinds and ("sine",) in kinds:
        return rotary(to, kinds["cosine",], kinds["sine",])
    return to.emit("add", {}, first, second, shape=shape_of(node))


def add_constant(node: torch.fx.Node, data: Data, constant: Any) -> Data:
    """Return a sum that is a part of a layer: an eps, a mask of attention, the 1 of GELU; or data plus zeros."""
    number, kind = constant_number(constant), data.note[:1]
    if kind == ("tanh of cubic",) and number == 1:
        return Data(data.step, data.shape, note=("gate of gelu", data.note[1]))
    if kind == ("mean of squares",) and number is not None:
        return Data(data.step, data.shape, note=(*data.note, number))
    if kind == ("product",) and hides(constant, causal=True):
        return Data(data.step, data.shape, factor=data.factor, note=(*data.note, "causal"))
    if shape_of(node) == data.shape and (number == 0 or (kind == ("product",) and hides(constant, causal=False))):
        return data
    raise InexpressibleError("a sum with a constant")


@handles("mul", "multiply")
def multiply(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a product."""
    first, second, shape = a["self"], a["other"], shape_of(node)
    if not isinstance(first, Data) or first.note[:1] == ("root",):
        first, second = second, first
    if isinstance(second, Data):
        return multiply_data(to, node, first, second)
    if shape == first.shape and isinstance(second, Learnt):
        return to.multiply_learnt(first, second)
    number = constant_number(second)
    if shape == first.shape and number is not None:
        return first if number == 1 else Data(first.step, shape, first.output, first.factor * number, first.note)
    if isinstance(second, torch.Tensor) and first.note[:1] == ("rotated",):
        return Data(first.step, shape, note=("sine", first.note[1], second, first.note[2]))
    if isinstance(second, torch.Tensor):
        return Data(first.step, shape, first.output, note=("cosine", first, second))
    raise InexpressibleError("a product with a tensor that stretches data")


def multiply_data(to: Converter, node: torch.fx.Node, first: Data, second: Data) -> Data:
    """Return a product of data; that of a value and its inverse root is an RMS norm."""
    shape = shape_of(node)
    if second.note[:1] == ("root",):
        _, source, dim, eps = second.note
        if source.key() != first.key():
            raise InexpressibleError("a root of another value")
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
    number = constant_number(a["other"])
    if number is None or not isinstance(a["self"], Data):
        raise InexpressibleError("divide")
    return multiply(to, node, {"self": a["self"], "other": 1 / number})


@handles("neg")
def negative(_: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Remember a negative: a part of a rotation."""
    return Data(real(a["self"]).step, shape_of(node), note=("negative", a["self"]))


@handles("pow", "square")
def power(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Remember a square: a part of an RMS norm if its mean is computed, else a product."""
    if a.get("exponent") == 3:
        return Data(real(a["self"]).step, shape_of(node), note=("cube", a["self"]))
    if a.get("exponent", 2) != 2:
        raise InexpressibleError("power")
    if all("mean" in str(user.target) for user in node.users):
        return Data(real(a["self"]).step, shape_of(node), note=("square", a["self"]))
    return to.emit("multiply", {}, a["self"], a["self"], shape=shape_of(node))


@handles("rsqrt")
def inverse_root(_: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Remember an inverse root: a part of an RMS norm."""
    note = a["self"].note
    if note[:1] != ("mean of squares",) or len(note) != 4:
        raise InexpressibleError("rsqrt")
    return Data(a["self"].step, shape_of(node), note=("root", *note[1:]))


@handles("matmul", "bmm")
def matmul(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a matrix product; scores, softmax and a product become attention."""
    first, second, shape = a["self"], a.get("other", a.get("mat2")), shape_of(node)
    if isinstance(second, Learnt) and len(second.shape) == 2:
        return linear(to, node, {"input": first, "weight": second, "bias": None})
    if not isinstance(first, Data) or not isinstance(second, Data):
        raise InexpressibleError("a matrix product with a constant or a learnt tensor")
    if first.note[:1] == ("weights",):
        product = first.note[1]
        query, key = product.note[1:3]
        order = [*range(len(key.shape) - 2), -1, -2]
        fields: dict[str, Any] = (
            {} if math.isclose(product.factor, query.shape[-1] ** -0.5) else {"scale": product.factor}
        )
        if "causal" in product.note:
            fields["is_causal"] = True
        return to.emit("scaled_dot_product_attention", fields, query, to.permute(key, order), second, shape=shape)
    factor = first.factor * second.factor
    first, second = (Data(side.step, side.shape, side.output, note=side.note) for side in (first, second))
    if is_scores(node):
        return Data(first.step, shape, factor=factor, note=("product", first, second))
    result = to.emit("matmul", {}, first, second, shape=shape)
    result.factor = factor
    return result


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
