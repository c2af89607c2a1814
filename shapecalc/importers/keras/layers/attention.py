"""Attention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.importers.keras.calls import FLAG, LayerCall, Result, flat, layer
from shapecalc.importers.keras.settings import is_int
from shapecalc.importers.keras.values import KerasValue, in_order
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from shapecalc.importers.graph import Array, Stored, Value

SEQUENCE = 3


class Heads(NamedTuple):
    """The heads of a layer: of queries, and of keys and values; features of a head of keys, and of values."""

    queries: int
    groups: int
    key: int
    value: int
    bias: bool
    grouped: bool = False


class Projection(NamedTuple):
    """One projection: the part of the layer, and the shapes of its kernel and bias in the file."""

    part: str
    reads: tuple[int, ...]
    gives: tuple[int, ...]

    @property
    def inside(self) -> int:
        """The number of features that it reads, in one axis."""
        return _product(self.reads)

    @property
    def outside(self) -> int:
        """The number of features that it gives, in one axis."""
        return _product(self.gives)


def _product(sizes: tuple[int, ...]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


@layer("MultiHeadAttention")
def _multi_head(
    call: LayerCall,
    *,
    num_heads: int,
    key_dim: int,
    value_dim: int | None = None,
    dropout: float = 0.0,
    use_bias: bool = True,
    output_shape: Any = None,
    attention_axes: Any = None,
    sliding_window: int | None = None,
    use_gate: bool = False,
    query_shape: Any = None,
    key_shape: Any = None,
    value_shape: Any = None,
) -> Result:
    del query_shape, key_shape, value_shape
    if attention_axes not in (None, [1]) or use_gate or sliding_window is not None:
        raise Unreadable(f"`{call.name}` has a gate, a window, or attention over several axes")
    heads = Heads(num_heads, num_heads, key_dim, key_dim if value_dim is None else value_dim, use_bias)
    return _attention(call, heads, output_shape, dropout)


@layer("GroupQueryAttention", "GroupedQueryAttention")
def _grouped(
    call: LayerCall,
    *,
    head_dim: int,
    num_query_heads: int,
    num_key_value_heads: int,
    dropout: float = 0.0,
    use_bias: bool = True,
    sliding_window: int | None = None,
    use_gate: bool = False,
) -> Result:
    if use_gate or sliding_window is not None:
        raise Unreadable(f"`{call.name}` has a gate or a window")
    return _attention(
        call, Heads(num_query_heads, num_key_value_heads, head_dim, head_dim, use_bias, grouped=True), None, dropout
    )


def _attention(call: LayerCall, heads: Heads, output_shape: Any, dropout: float) -> Result:
    query, key, value = _inputs(call)
    mask = _mask(call)
    causal, scores = call.take("use_causal_mask", default=False), call.take("return_attention_scores", default=False)
    if not isinstance(causal, bool) or not isinstance(scores, bool) or min(heads[:4]) < 1:
        raise Unreadable(f"`{call.name}` has arguments that are no flags, or sizes below 1")
    sizes = [call.known(each.size(-1), "features") for each in (query, key, value)]
    out = sizes[0] if output_shape is None else output_shape[0] if _is_one(output_shape) else output_shape
    if not is_int(out):
        raise Unreadable(f"`{call.name}` has an `output_shape` of several axes")
    mark = "_" if heads.grouped else ""
    projections = (
        Projection(f"{mark}query_dense", (sizes[0],), (heads.queries, heads.key)),
        Projection(f"{mark}key_dense", (sizes[1],), (heads.groups, heads.key)),
        Projection(f"{mark}value_dense", (sizes[2],), (heads.groups, heads.value)),
        Projection(f"{mark}output_dense", (heads.queries, heads.value), (out,)),
    )
    by_parts = heads.key != heads.value or out != sizes[0] or scores
    if call.session.by_parts.setdefault(call.path, by_parts) != by_parts:
        raise Unreadable(f"`{call.name}` is called with and without its scores: two layers here, that share no tensors")
    if by_parts:
        return _by_parts(call, (query, key, value), heads, projections, mask, causal=causal, scores=scores)
    inputs = [query.value]
    if key.value.key != query.value.key or value.value.key != query.value.key:
        inputs += [key.value] if key.value.key == value.value.key else [key.value, value.value]
    fields: dict[str, Any] = {
        "num_heads": heads.queries,
        "head_dim": None if heads.queries * heads.key == sizes[0] else heads.key,
        "num_kv_heads": None if heads.groups == heads.queries else heads.groups,
        "bias": heads.bias,
        "is_causal": causal,
        "batch_first": True,
        "dropout": dropout,
        "attn_mask": mask is not None,
    }
    inputs += [] if mask is None else [mask]
    tensors = _tensors(
        call, projections, packed=len({*sizes, heads.queries * heads.key, heads.groups * heads.key}) == 1
    )
    tensors = tensors if heads.bias else {name: each for name, each in tensors.items() if "bias" not in name}
    return in_order(call.step("multihead_attention", *inputs, tensors=tensors, **fields), masked=query.masked)


def _is_one(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1


def _inputs(call: LayerCall) -> tuple[KerasValue, KerasValue, KerasValue]:
    """Return query, key and value; Keras has the key last, by default the value."""
    tensors = [*flat(call.values), *(call.take(name) for name in ("query", "value", "key") if name in call.keywords)]
    if len(tensors) not in (2, 3) or any(not isinstance(each, KerasValue) for each in tensors):
        raise Unreadable(f"`{call.name}` is not called with a query and a value, and perhaps a key")
    ordered = [call.ordered(call.floats(each)) for each in tensors]
    if any(each.rank != SEQUENCE for each in ordered):
        raise Unreadable(f"`{call.name}` reads [N, length, features], and receives a tensor of another rank")
    if any(each.masked for each in ordered):
        call.note(f"`{call.path}` reads padding here, which is masked in Keras")
    query, value = ordered[:2]
    return query, ordered[2] if len(ordered) > 2 else value, value  # noqa: PLR2004 - a key


def _mask(call: LayerCall) -> Value | None:
    """Return the mask [N, 1, L, S], of flags that are true where a key is read."""
    mask = call.take("attention_mask")
    if any(call.take(name) is not None for name in ("query_mask", "value_mask", "key_mask")):
        raise Unreadable(f"`{call.name}` is called with a mask of positions")
    if mask is None:
        return None
    if not isinstance(mask, KerasValue):
        raise Unreadable(f"`{call.name}` is called with a mask that is no tensor")
    value = call.ordered(mask).value
    value = value if value.dtype == FLAG else call.step("cast", value, dtype=FLAG)
    return call.step("unsqueeze", value, dim=1) if value.rank == SEQUENCE else value


def _tensors(call: LayerCall, projections: tuple[Projection, ...], *, packed: bool) -> dict[str, Stored]:
    """Return the tensors of our layer: of three projections one or three matrices, and one bias."""
    *three, out = projections

    def joined(*arrays: Array) -> Array:
        import numpy as np  # noqa: PLC0415 - only values need it

        return np.concatenate([array.reshape(-1) for array in arrays])

    def rows(*arrays: Array) -> Array:
        import numpy as np  # noqa: PLC0415 - as above

        return np.concatenate([array.reshape(array.shape[0], -1).T for array in arrays])

    kernels = [(f"{each.part}/vars/0", (*each.reads, *each.gives)) for each in three]
    biases = [(f"{each.part}/vars/1", each.gives) for each in three]
    total = sum(each.outside for each in three)
    tensors = {"in_proj_bias": call.stored("in_proj_bias", (total,), *biases, make=joined)}
    if packed:
        tensors["in_proj_weight"] = call.stored("in_proj_weight", (total, three[0].inside), *kernels, make=rows)
    else:
        for each, variable in zip(three, kernels, strict=True):
            key = each.part.lstrip("_")[0] + "_proj_weight"
            tensors[key] = call.stored(key, (each.outside, each.inside), variable, make=rows)
    tensors.update({f"out_proj.{key}": each for key, each in _linear(call, out, "out_proj", bias=True).items()})
    return tensors


def _linear(call: LayerCall, each: Projection, name: str, *, bias: bool) -> dict[str, Stored]:
    shape = (each.outside, each.inside)

    def matrix(array: Array) -> Array:
        return array.reshape(shape[::-1]).T

    variable = (f"{each.part}/vars/0", (*each.reads, *each.gives))
    tensors = {"weight": call.stored(f"{name}.weight", shape, variable, make=matrix)}
    if bias:
        tensors["bias"] = call.stored(
            f"{name}.bias", shape[:1], (f"{each.part}/vars/1", each.gives), make=lambda array: array.reshape(-1)
        )
    return tensors


def _by_parts(
    call: LayerCall,
    inputs: tuple[KerasValue, KerasValue, KerasValue],
    heads: Heads,
    projections: tuple[Projection, ...],
    mask: Value | None,
    *,
    causal: bool,
    scores: bool,
) -> Result:
    """Return the layer as projections, products and a softmax: sizes differ, or the scores are returned."""
    if heads.groups != heads.queries or (scores and causal):
        raise Unreadable(f"`{call.name}` returns the scores of groups, or of a causal mask")
    split = []
    for x, each in zip(inputs, projections[:3], strict=True):
        tensors = _linear(call, each, each.part.strip("_").removesuffix("_dense"), bias=heads.bias)
        value = call.step("linear", x.value, tensors=tensors, out_features=each.outside, bias=heads.bias)
        value = call.step("reshape", value, shape=(0, 0, heads.queries, each.gives[1]))
        split.append(call.step("permute", value, dims=(0, 2, 1, 3)))
    query, key, value = split
    weights: Value | None = None
    if scores:
        product = call.step("matmul", query, key, transpose_b=True)
        weights = call.step("multiply", product, other=heads.key**-0.5)
        if mask is not None:
            weights = call.step("masked_fill", weights, call.step("logical_not", mask), value=-1e9)
        weights = call.step("softmax", weights, dim=-1)
        value = call.step("matmul", weights, value)
    else:
        masks = [] if mask is None else [mask]
        value = call.step("scaled_dot_product_attention", query, key, value, *masks, is_causal=causal)
    value = call.step("flatten", call.step("permute", value, dims=(0, 2, 1, 3)), start_dim=2)
    tensors = _linear(call, projections[3], "attention_output", bias=heads.bias)
    fields = {"out_features": projections[3].outside, "bias": heads.bias}
    result = in_order(call.step("linear", value, tensors=tensors, **fields), masked=inputs[0].masked)
    return [result, in_order(weights)] if weights is not None else result


@layer("Attention")
def _dot_product(call: LayerCall, *, use_scale: bool = False, score_mode: str = "dot", dropout: float = 0.0) -> Result:
    """Return the layer with scores q · k, which a trainable number multiplies with `use_scale`."""
    del dropout
    query, key, value = _inputs(call)
    if score_mode != "dot" or flat(call.take("mask")):
        raise Unreadable(f"`{call.name}` has another score than the product, or a mask")
    causal = call.take("use_causal_mask", default=False)
    scores = call.take("return_attention_scores", default=False)
    if use_scale or scores or causal is not False:
        product = call.step("matmul", query.value, key.value, transpose_b=True)
        if causal is not False:
            raise Unreadable(f"`{call.name}` has a causal mask")
        if use_scale:
            scale = call.session.graph.tensor(call.stored("scale", (), ("vars/0", ())))
            product = call.step("multiply", product, scale)
        weights = call.step("softmax", product, dim=-1)
        result = in_order(call.step("matmul", weights, value.value))
        return [result, in_order(weights)] if scores else result
    return in_order(
        call.step("scaled_dot_product_attention", query.value, key.value, value.value, scale=1.0), masked=query.masked
    )


@layer("AdditiveAttention")
def _additive(call: LayerCall, *, use_scale: bool = True, dropout: float = 0.0) -> KerasValue:
    """Return the layer with scores Σ scale · tanh(q + k) (Bahdanau)."""
    del dropout
    query, key, value = _inputs(call)
    if flat(call.take("mask")) or call.take("use_causal_mask", default=False):
        raise Unreadable(f"`{call.name}` is called with a mask")
    queries, keys = call.step("unsqueeze", query.value, dim=2), call.step("unsqueeze", key.value, dim=1)
    together = call.step("tanh", call.step("add", queries, keys))
    if use_scale:
        size = call.known(query.size(-1), "features")
        scale = call.session.graph.tensor(call.stored("scale", (size,), ("vars/0", (size,))))
        together = call.step("multiply", together, scale)
    weights = call.step("softmax", call.step("sum", together, dim=-1), dim=-1)
    return in_order(call.step("matmul", weights, value.value), masked=query.masked)
