"""Fully connected layers and embeddings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shapecalc.importers.keras.calls import FLOAT, LayerCall, layer
from shapecalc.importers.keras.layers.activation import activated
from shapecalc.importers.keras.layers.convolution import bias
from shapecalc.importers.keras.settings import is_int
from shapecalc.importers.keras.values import KerasValue, in_order
from shapecalc.importers.keras.weights import transposed
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from shapecalc.dims import Shape

_EQUATION = re.compile(r"(\.{3})?([a-zA-Z]*),([a-zA-Z]*)->(\.{3})?([a-zA-Z]*)")


@layer("Dense")
def _dense(
    call: LayerCall, *, units: int, activation: Any = None, use_bias: bool = True, quantization_mode: str | None = None
) -> KerasValue:
    if quantization_mode is not None:
        raise Unreadable(f"`{call.name}` is quantized, {quantization_mode[:40]}")
    x = call.with_last_axis(call.floats(call.x))
    inside = call.known(x.size(-1), "features")
    tensors = {
        "weight": call.stored("weight", (units, inside), ("vars/0", (inside, units)), make=transposed),
        **bias(call, units, 1, use_bias=use_bias),
    }
    value = call.step("linear", x.value, tensors=tensors, out_features=units, bias=use_bias)
    return activated(call, x._replace(value=value), activation)


@layer("EinsumDense")
def _einsum_dense(
    call: LayerCall, *, equation: str, output_shape: Any, activation: Any = None, bias_axes: str | None = None
) -> KerasValue:
    """Return a product by `einsum`, and the sum with a bias that has the sizes of `bias_axes`, else 1."""
    x = call.ordered(call.floats(call.x))
    match = _EQUATION.fullmatch(equation.replace(" ", ""))
    if match is None or match[1] != match[4]:
        raise Unreadable(f"`{call.name}` has an equation that is not read")
    reads, weights, gives = match[2], match[3], match[5]
    free = [letter for letter in "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA" if letter not in equation]
    more = x.rank - len(reads)
    if more < 0 or more > len(free) or (more and not match[1]):
        raise Unreadable(f"`{call.name}` reads a tensor of rank {x.rank}, and its equation {len(reads)} axes")
    first = "".join(free[:more])
    reads, gives = first + reads, first + gives
    own = more if match[1] else 1  # axes that `output_shape` leaves out
    shape = [output_shape] if is_int(output_shape) or output_shape is None else output_shape
    if not isinstance(shape, list) or len(shape) != len(gives) - own:
        raise Unreadable(f"`{call.name}` has an `output_shape` that does not fit its equation")
    sizes = dict(zip(reads, x.value.shape, strict=True))
    for letter, size in zip(gives[own:], shape, strict=True):
        if is_int(size):
            sizes.setdefault(letter, size)
    kernel = _sizes(call, weights, sizes)
    weight = call.session.graph.tensor(call.stored("kernel", kernel, ("vars/0", kernel)))
    value = call.step("einsum", x.value, weight, equation=f"{reads},{weights}->{gives}")
    if bias_axes:
        at = [gives.index(letter) if letter in gives else -1 for letter in bias_axes]
        if min(at) <= 0:
            raise Unreadable(f"`{call.name}` has `bias_axes` that its output does not have")
        shape_of_bias = tuple(
            call.known(sizes[letter], "features") if index in at else 1 for index, letter in enumerate(gives)
        )[min(at) :]
        stored = call.stored("bias", shape_of_bias, ("vars/1", shape_of_bias))
        value = call.step("add", value, call.session.graph.tensor(stored))
    return activated(call, in_order(value), activation)


def _sizes(call: LayerCall, letters: str, sizes: dict[str, Any]) -> Shape:
    if any(letter not in sizes for letter in letters) or len(set(letters)) != len(letters) or not letters:
        raise Unreadable(f"`{call.name}` has an equation whose sizes are not all known")
    return tuple(call.known(sizes[letter], "features") for letter in letters)


@layer("Embedding")
def _embedding(
    call: LayerCall,
    *,
    input_dim: int,
    output_dim: int,
    mask_zero: bool = False,
    weights: None = None,
    quantization_mode: str | None = None,
) -> KerasValue:
    del weights
    if quantization_mode is not None:
        raise Unreadable(f"`{call.name}` is quantized, {quantization_mode[:40]}")
    x = call.ordered(call.integers(call.x))
    stored = call.stored("weight", (input_dim, output_dim), ("vars/0", (input_dim, output_dim)))
    fields = {"num_embeddings": input_dim, "embedding_dim": output_dim}
    return in_order(call.step("embedding", x.value, tensors={"weight": stored}, **fields), masked=mask_zero)


@layer("ReversibleEmbedding")
def _reversible(
    call: LayerCall,
    *,
    input_dim: int,
    output_dim: int,
    tie_weights: bool = True,
    mask_zero: bool = False,
    reverse_dtype: Any = None,
    logit_soft_cap: float | None = None,
) -> KerasValue:
    """Return the rows of indices, or with `reverse` the products with all rows."""
    del reverse_dtype
    if not call.take("reverse", default=False):
        embedded: KerasValue = _embedding(call, input_dim=input_dim, output_dim=output_dim, mask_zero=mask_zero)
        return embedded
    if not tie_weights:
        raise Unreadable(f"`{call.name}` has weights of its own for the way back")
    x = call.with_last_axis(call.floats(call.x))
    stored = call.stored("weight", (input_dim, output_dim), ("vars/0", (input_dim, output_dim)))
    x = x._replace(value=call.step("linear", x.value, tensors={"weight": stored}, out_features=input_dim, bias=False))
    if logit_soft_cap is None:
        return x
    return call.each("multiply", call.each("tanh", call.each("divide", x, other=logit_soft_cap)), other=logit_soft_cap)


@layer("CategoryEncoding")
def _category(call: LayerCall, *, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False,
              ) -> KerasValue:  # fmt: skip
    x = call.ordered(call.integers(call.x))
    if output_mode not in ("one_hot", "multi_hot") or num_tokens is None or sparse:
        raise Unreadable(f"`{call.name}` with `output_mode` {output_mode[:40]} is not read")
    value = call.step("one_hot", x.value, num_classes=num_tokens)
    if output_mode == "multi_hot" and x.rank > 1:
        value = call.step("max", value, dim=-2)
    elif output_mode == "one_hot" and x.rank > 1 and x.value.shape[-1] == 1:
        value = call.step("squeeze", value, dim=-2)
    return in_order(value)


@layer("Masking")
def _masking(call: LayerCall, *, mask_value: float = 0.0) -> KerasValue:
    """Return the layer: steps whose features all equal the value are set to 0, and masked after it."""
    x = call.ordered(call.floats(call.x))
    other = call.step("cast", call.step("not_equal", x.value, other=float(mask_value)), dtype=FLOAT)
    value = call.step("multiply", x.value, call.step("max", other, dim=-1, keepdim=True))
    return in_order(value, masked=True)
