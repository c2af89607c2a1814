"""Matrix products: `linear` with a weight of the file, `matmul` of two values, einsum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.importers.graph import Value
from shapecalc.importers.onnx.node import operator
from shapecalc.importers.onnx.tensors import Weight
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from shapecalc.importers.onnx.node import OnnxNode


@operator("MatMul")
def matmul(node: OnnxNode) -> Value:
    """Return `linear` if the second input is a matrix of the file, with the bias that is added next; else `matmul`.

    Vectors get a second axis for `matmul`.
    """
    second = node.entry(1)
    if isinstance(second, (Weight, np.ndarray)) and len(second.shape) == 2 and node.rank() > 0:  # noqa: PLR2004
        weight = node.weight(1)
        if weight.dtype != "float32":
            raise Unreadable("`MatMul` of integers is not supported")
        bias = node.reader.added_bias(node.outputs[0], weight.shape[1])
        return linear(node, node.read(), weight.transposed(), bias)
    first, value = node.read(0), node.read(1)
    is_row, is_column = first.rank == 1, value.rank == 1
    if is_row:
        first = node.step("unsqueeze", first, dim=0)
    if is_column:
        value = node.step("unsqueeze", value, dim=1)
    result = node.step("matmul", first, value)
    if is_column:
        result = node.step("squeeze", result, dim=-1)
    return node.step("squeeze", result, dim=-1 if is_column else -2) if is_row else result


def linear(node: OnnxNode, value: Value, weight: Weight, bias: Weight | None) -> Value:
    """Return `linear` with a weight [out, in] and a bias, if there is one."""
    tensors = {"weight": weight.stored()}
    if bias is not None:
        tensors["bias"] = bias.stored()
    return node.step("linear", value, out_features=weight.shape[0], bias=bias is not None, tensors=tensors)


@operator("Gemm")
def gemm(
    node: OnnxNode,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,  # noqa: N803 - ONNX's name
    transB: int = 0,  # noqa: N803
) -> Value:
    """Return α·A·B + β·C: `linear` if B is a weight and C a bias, and α and β are 1."""
    first = node.permuted(node.read(), [1, 0]) if transA else node.read()
    second = node.entry(1)
    if isinstance(second, Value):
        value = node.step("matmul", first, second if not transB else node.permuted(second, [1, 0]))
    else:
        given = node.weight(1)
        weight = given if transB else given.transposed()
        third = node.entry(2) if node.has(2) else None
        is_bias = third is None or (not isinstance(third, Value) and tuple(third.shape) == (weight.shape[0],))
        if alpha == beta == 1 and is_bias:
            return linear(node, first, weight, None if third is None else node.weight(2, "bias"))
        value = linear(node, first, weight, None)
    value = node.step("multiply", value, other=alpha) if alpha != 1 else value
    if not node.has(2) or beta == 0:
        return value
    scaled = node.step("multiply", node.read(2), other=beta) if beta != 1 else node.read(2)
    return node.step("add", value, scaled)


@operator("Einsum")
def einsum(node: OnnxNode, *, equation: str) -> Value:
    """Return the layer of that name."""
    return node.step("einsum", *node.every(), equation=equation.replace(" ", ""))
