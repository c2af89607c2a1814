"""Operators that are layers."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .arithmetic import hides
from .records import Data, InexpressibleError, Learnt
from .values import Converter, common, constant_number, handles, shape_of

if TYPE_CHECKING:
    import torch


@handles("conv1d", "conv2d", "conv3d", "conv_transpose2d")
def convolution(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a convolution."""
    weight, rank = a["weight"], len(shape_of(node)) - 2
    transposed = "transpose" in node.name
    if isinstance(weight, Data):
        raise InexpressibleError("weights from data")
    kernel = tuple(weight.shape[2:])
    channels = shape_of(node)[1]
    fields: dict[str, Any] = {"out_channels": channels, "kernel_size": common(kernel)}
    for name, default in (("stride", 1), ("padding", 0), ("dilation", 1), ("output_padding", 0)):
        value = a.get(name, default)
        value = value if isinstance(value, (int, str)) else common(list(value) * (rank if len(value) == 1 else 1))
        if value != default:
            fields[name] = value
    if a["groups"] != 1:
        fields["groups"] = a["groups"]
    if a["bias"] is None:
        fields["bias"] = False
    if to.stated and not transposed:
        fields["in_channels"] = a["input"].shape[1]
    type_ = "conv_transpose" if transposed else "conv"
    if isinstance(weight, Learnt) and is_plain(weight):
        return to.emit(type_, fields, a["input"], shape=shape_of(node), weights=[weight, a["bias"]])
    if isinstance(weight, Learnt):
        more, held = computed_weight(to, weight, a["bias"])
        return to.emit(type_, fields | more, a["input"], shape=shape_of(node), weights=held)
    fixed = to.constant(weight)
    result = to.emit(type_, fields, a["input"], shape=shape_of(node), weights=[a["bias"]])
    result.step.tied["weight"] = (fixed.step, "")
    return result


def is_plain(weight: Learnt) -> bool:
    """Return whether a tensor is a parameter, or one whose axes of size 1 were removed and inserted again."""
    node = weight.node
    while node is not None and any(word in str(node.target) for word in ("squeeze", "view", "reshape")):
        node = node.args[0] if node.args[0].op != "placeholder" else None
    return node is None and weight.shape == weight.whole


def computed_weight(to: Converter, weight: Learnt, bias: Learnt | None) -> tuple[dict[str, Any], list[Any]]:
    """Return the fields of a weight that is computed from parameters, and these in the layer's order."""
    name, node = str(weight.node.target), weight.node
    if "weight_norm" in name:
        own = [Learnt(frozenset({each}), (), ()) for each in sorted(weight.names)]  # the lengths come first
        dim = node.args[2] if len(node.args) > 2 else 0
        return {"weight_norm": True, **({"weight_norm_dim": dim} if dim else {})}, [bias, *own]
    source = node.args[0]
    if "reshape_as" not in name or "batch_norm" not in str(source.target) or not source.args[5]:
        raise InexpressibleError(f"weights computed by {name}")
    (filters, factor), eps = (source.args[:2], source.args[7])
    own, fields = to.env[filters.args[0]], {"standardize": True, "eps": eps}
    if factor is None:
        return fields, [own, bias]
    product = factor.args[0]
    fan_in = math.prod(own.shape[1:])
    gamma = product.args[1] * math.sqrt(fan_in)
    fields |= {"gain": True} | ({} if math.isclose(gamma, 1, rel_tol=1e-6) else {"gamma": gamma})
    return fields, [own, bias, to.env[product.args[0]]]


@handles("batch_norm")
def batch_norm(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a batch norm."""
    fields = {} if a["eps"] == 1e-5 else {"eps": a["eps"]}
    if a["weight"] is None:
        fields["affine"] = False
    if to.stated:
        fields["num_features"] = shape_of(node)[1]
    result = to.emit("batch_norm", fields, a["input"], shape=shape_of(node), weights=[a["weight"], a["bias"]])
    result.step.statistics = (a["running_mean"], a["running_var"])
    return result


@handles("layer_norm", "rms_norm")
def layer_norm(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a norm of the last axes."""
    root = "rms_norm" in str(node.target)
    fields: dict[str, Any] = {}
    if to.stated or len(a["normalized_shape"]) > 1:
        fields["normalized_shape"] = (
            common(a["normalized_shape"]) if len(a["normalized_shape"]) == 1 else list(a["normalized_shape"])
        )
    if a["eps"] is not None and a["eps"] != 1e-5:
        fields["eps"] = a["eps"]
    if a["weight"] is None:
        fields["elementwise_affine"] = False
    elif not root and a["bias"] is None:
        fields["bias"] = False
    type_ = "rms_norm" if root else "layer_norm"
    return to.emit(type_, fields, a["input"], shape=shape_of(node), weights=[a["weight"], a.get("bias")])


@handles("group_norm", "instance_norm")
def group_norm(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a norm of groups of channels, or of single channels."""
    groups = "group_norm" in str(node.target)
    fields: dict[str, Any] = {"num_groups": a["num_groups"]} if groups else {}
    if a["eps"] != 1e-5:
        fields["eps"] = a["eps"]
    if a.get("running_mean") is not None:
        raise InexpressibleError("an instance norm with statistics")
    if a["weight"] is not None and a["bias"] is None:
        fields["bias"] = False
    if groups == (a["weight"] is None):
        fields["affine"] = not groups
    type_ = "group_norm" if groups else "instance_norm"
    return to.emit(type_, fields, a["input"], shape=shape_of(node), weights=[a["weight"], a["bias"]])


@handles("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d")
def pool(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a pool; padding of −∞ before it becomes its own."""
    data, kind = a["self"], "max_pool" if "max_pool" in str(node.target) else "avg_pool"
    kernel = common(list(a["kernel_size"]))
    fields: dict[str, Any] = {"kernel_size": kernel}
    if a["stride"] and common(list(a["stride"])) != kernel:
        fields["stride"] = common(list(a["stride"]))
    if common(list(a["padding"])):
        fields["padding"] = common(list(a["padding"]))
    if kind == "max_pool" and common(list(a["dilation"])) != 1:
        fields["dilation"] = common(list(a["dilation"]))
    if a["ceil_mode"]:
        fields["ceil_mode"] = True
    if a.get("count_include_pad") is False:
        fields["count_include_pad"] = False
    if a.get("divisor_override"):
        fields["divisor_override"] = a["divisor_override"]
    if kind == "max_pool" and data.note[:1] == ("padded by −∞",):
        pads = data.note[2]
        fields["padding"] = [list(pads[axis : axis + 2]) for axis in range(len(pads) - 2, -1, -2)]
        data = data.note[1]
    return to.emit(kind, fields if len(fields) > 1 else kernel, data, shape=shape_of(node))


@handles("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool2d")
def adaptive_pool(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Any:
    """Convert a pool of a given output size."""
    type_ = "adaptive_max_pool" if "max_pool" in str(node.target) else "adaptive_avg_pool"
    shape = node.meta["val"][0].shape if isinstance(node.meta["val"], (tuple, list)) else shape_of(node)
    result = to.emit(type_, common(list(a["output_size"])), a["self"], shape=shape)
    return (result, None) if isinstance(node.meta["val"], (tuple, list)) else result


WORDS = (
    *("relu", "hardswish", "hardsigmoid", "silu", "sigmoid", "tanh", "mish", "exp", "log", "sqrt", "abs", "erf"),
    *("sin", "cos", "sign", "reciprocal", "floor"),
)
"""Operators that the format has by the same name."""


@handles(*WORDS)
def activation(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert an activation without fields."""
    name = node.target._schema.name.removeprefix("aten::").removesuffix("_")
    if name == "tanh" and a["self"].note[:1] == ("cubic",) and math.isclose(a["self"].factor, math.sqrt(2 / math.pi)):
        kept = replace(a["self"])
        return Data(
            kept.step,
            shape_of(node),
            note=("tanh of cubic", kept.note[1]),
            plain=lambda: to.emit("tanh", None, kept, shape=shape_of(node)),
        )
    return to.emit(name, None, a["self"], shape=shape_of(node))


@handles("gelu", "leaky_relu", "elu", "softplus", "hardtanh", "celu", "selu")
def activation_of_fields(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert an activation with fields."""
    data, shape = a["self"], shape_of(node)
    name = node.target._schema.name.removeprefix("aten::").removesuffix("_")
    if name == "gelu":
        return to.emit(name, None if a["approximate"] == "none" else {"approximate": "tanh"}, data, shape=shape)
    if name == "leaky_relu":
        return to.emit(name, a["negative_slope"], data, shape=shape)
    if name == "hardtanh" and (a["min_val"], a["max_val"]) == (0, 6):
        return to.emit("relu6", None, data, shape=shape)
    if name == "hardtanh":
        return to.emit(name, {"min_val": a["min_val"], "max_val": a["max_val"]}, data, shape=shape)
    if name == "elu" and (a["scale"], a["input_scale"]) == (1, 1):
        return to.emit(name, a["alpha"], data, shape=shape)
    if name == "softplus":
        return to.emit(name, {"beta": a["beta"], "threshold": a["threshold"]}, data, shape=shape)
    raise InexpressibleError(name)


@handles("softmax", "log_softmax")
def softmax(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a softmax; that of a scaled product is a part of attention."""
    data, name = a["self"], node.target._schema.name.removeprefix("aten::")
    if data.note[:1] == ("product",) and name == "softmax":
        kept = replace(data)
        return Data(
            data.step,
            data.shape,
            note=("weights", data),
            plain=lambda: to.emit(name, a["dim"], kept, shape=shape_of(node)),
        )
    return to.emit(name, a["dim"], data, shape=shape_of(node))


@handles("glu")
def glu(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a gated linear unit: half of the channels times the sigmoid of the other half."""
    shape = shape_of(node)
    step = to.emit("chunk", {"chunks": 2, "dim": a["dim"]}, a["self"], shape=shape).step
    gate = to.emit("sigmoid", None, Data(step, shape, "1"), shape=shape)
    return to.emit("multiply", {}, Data(step, shape, "0"), gate, shape=shape)


@handles("dropout", "feature_dropout", "feature_alpha_dropout")
def dropout(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a dropout, unless it drops nothing."""
    data = a["input"] if "input" in a else a["self"]
    if a["p"] == 0 or data.note[:1] in {("weights",), ("product",)}:
        return data
    return to.emit("dropout", a["p"], data, shape=shape_of(node))


@handles("embedding")
def embedding(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a table of vectors."""
    rows, features = a["weight"].shape
    fields = {"num_embeddings": rows, "embedding_dim": features}
    return to.emit("embedding", fields, a["indices"], shape=shape_of(node), weights=[a["weight"]])


@handles("lstm")
def lstm(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> tuple[Data, ...]:
    """Convert an LSTM that starts from zeros."""
    if any(constant_number(state) != 0 for state in a["hx"]):
        raise InexpressibleError("initial states")  # of constants that are not zeros
    fields = {
        "num_layers": a["num_layers"],
        "bidirectional": a["bidirectional"],
        "batch_first": a["batch_first"],
        "bias": a["has_biases"],
    }
    defaults = {"num_layers": 1, "bidirectional": False, "batch_first": False, "bias": True}
    changed = {name: value for name, value in fields.items() if value != defaults[name]}
    fields = {"hidden_size": a["params"][1].shape[1], **changed}
    shapes = [tuple(value.shape) for value in node.meta["val"]]
    result = to.emit("lstm", fields, a["input"], shape=shapes[0], weights=a["params"])
    return result, Data(result.step, shapes[1], "h_n"), Data(result.step, shapes[2], "c_n")


@handles("scaled_dot_product_attention")
def attention(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert attention; a constant mask is causal or hides nothing."""
    query, key, value = (to.value(a[name]) for name in ("query", "key", "value"))
    fields: dict[str, Any] = {}
    if a["is_causal"] or hides(a["attn_mask"], causal=True):
        fields["is_causal"] = True
    mask = None if fields or hides(a["attn_mask"], causal=False) else a["attn_mask"]
    usual = query.shape[-1] ** -0.5
    scale = (usual if a["scale"] is None else a["scale"]) * query.factor * key.factor
    if not math.isclose(scale, usual, rel_tol=1e-6):
        fields["scale"] = scale
    query, key = (replace(side, factor=1.0) for side in (query, key))
    if a["enable_gqa"] or key.shape[1] != query.shape[1]:
        fields["enable_gqa"] = True
    attended = (query, key, value) if mask is None else (query, key, value, to.value(mask))
    return to.emit("scaled_dot_product_attention", fields, *attended, shape=shape_of(node))
