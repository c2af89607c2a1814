"""Operators that move, cut, join and reduce."""

from __future__ import annotations

import math
from typing import Any

import torch

from .models import BATCH
from .values import Converter, Data, InexpressibleError, Learnt, common, handles, shape_of


@handles("alias", "contiguous", "clone", "detach", "to", "type_as", "lift_fresh_copy", "float", "_to_copy")
def same(_: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Return a value unchanged."""
    data = a["self"] if "self" in a else a["input"]
    dtype = node.meta["val"].dtype
    if dtype.is_floating_point != node.args[0].meta["val"].dtype.is_floating_point:
        raise InexpressibleError("integers as numbers")
    return data


@handles("_assert_tensor_metadata", "_assert_async", "sym_size")
def nothing(*_: Any) -> None:
    """Leave an assertion out."""


@handles("flatten")
def flatten(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a flatten."""
    data, rank = a["self"], len(a["self"].shape)
    start, end = a["start_dim"] % rank, a["end_dim"] % rank
    if data.note[:1] == ("rotated",) and (start, end) == (rank - 2, rank - 1):
        return Data(data.step, shape_of(node), note=data.note)
    if start == end:
        return data
    fields = {} if start == 1 else {"start_dim": start}
    if end != rank - 1:
        fields["end_dim"] = end
    return to.emit("flatten", fields or None, data, shape=shape_of(node))


@handles("view", "reshape", "reshape_as", "unflatten", "_unsafe_view", "view_as")
def reshape(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a reshape."""
    return to.reshape(a["self"], shape_of(node))


@handles("permute", "transpose", "t", "swapaxes", "numpy_T")
def permute(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a permutation of the axes."""
    data = a["self"]
    order = list(range(len(data.shape)))
    if "dims" in a:
        order = list(a["dims"])
    else:
        first, second = a.get("dim0", a.get("axis0", 0)), a.get("dim1", a.get("axis1", 1))
        order[first], order[second] = order[second], order[first]
    assert len(order) == len(shape_of(node))
    return to.permute(data, order)


@handles("unsqueeze")
def unsqueeze(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert the insertion of an axis."""
    return to.emit("unsqueeze", a["dim"], a["self"], shape=shape_of(node))


@handles("squeeze")
def squeeze(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert the removal of axes of size 1."""
    data = a["self"]
    dims = a.get("dim", [axis for axis, size in enumerate(data.shape) if size == 1])
    dims = [dims] if isinstance(dims, int) else list(dims)
    dims = [dim for dim in dims if data.shape[dim] == 1]
    return to.emit("squeeze", common(dims), data, shape=shape_of(node)) if dims else data


@handles("cat", "concat", "concatenate")
def cat(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a concatenation: of data, of trainable tokens and data, or of the halves of a rotation."""
    parts, shape = list(a["tensors"]), shape_of(node)
    dim = a["dim"] % len(shape)
    first, last = parts[0], parts[-1]
    if isinstance(first, Data) and first.note[:1] == ("negative",):
        _, source, _, start, _ = first.note[1].note if first.note[1].note[:1] == ("part",) else (None,) * 5
        if len(parts) == 2 and last.note[:1] == ("part",) and last.note[1].key() == source.key() and start:
            return Data(first.step, shape, note=("rotated", source, False))
    if isinstance(last, Data) and all(isinstance(part, Learnt) for part in parts[:-1]) and parts[:-1]:
        if dim != 1 or len(shape) != 3 or any(part.rows for part in parts[:-1]):
            raise InexpressibleError("learnt tokens on another axis")
        data = last
        for part in reversed(parts[:-1]):
            for index in range(part.shape[1]):
                size = data.shape[1] + 1
                held = [part] if index == 0 else []
                data = to.emit("class_token", None, data, shape=(shape[0], size, shape[2]), weights=held)
        return data
    if not all(isinstance(part, Data) for part in parts):
        raise InexpressibleError("a concatenation with a constant or a learnt tensor")
    return to.emit("concat", {} if dim == 1 else {"dim": dim}, *parts, shape=shape)


@handles("stack")
def stack(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a stack: a concatenation along a new axis."""
    shape = shape_of(node)
    dim = a["dim"] % len(shape)
    first = a["tensors"][0]
    if first.note[:1] == ("negative",):
        (kind, source, start), (other, again, zero) = first.note[1].note[:3], a["tensors"][1].note[:3]
        if kind == other == "every second" and source.key() == again.key() and (start, zero) == (1, 0):
            return Data(first.step, shape, note=("rotated", source, True))
    size = [*shape[:dim], 1, *shape[dim + 1 :]]
    wide = [to.emit("unsqueeze", dim, part, shape=size) for part in a["tensors"]]
    return to.emit("concat", {} if dim == 1 else {"dim": dim}, *wide, shape=shape)


@handles("split", "split_with_sizes", "chunk", "tensor_split")
def split(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> list[Data]:
    """Convert a split into parts."""
    data, dim = a["self"], a["dim"] % len(a["self"].shape)
    shapes = [tuple(value.shape) for value in node.meta["val"]]
    if len(shapes) == 1:
        return [data]
    sizes = [shape[dim] for shape in shapes]
    fields: dict[str, Any] = {"chunks": len(sizes)} if "chunks" in a and len(set(sizes)) == 1 else {"split_size": sizes}
    if dim != 1:
        fields["dim"] = dim
    if dim == 0:
        raise InexpressibleError("a split of the batch")
    type_ = "chunk" if "chunks" in fields else "split"
    step = to.emit(type_, fields, data, shape=shapes[0]).step
    starts = [sum(sizes[:index]) for index in range(len(sizes))]
    return [
        Data(step, shape, str(index), note=("part", data, dim, starts[index], sizes[index]))
        for index, shape in enumerate(shapes)
    ]


@handles("slice")
def slice_(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a slice: a part of a split, or every k-th position by a list."""
    data = a["self"]
    dim = a["dim"] % len(data.shape)
    indices = range(data.shape[dim])[slice(a["start"], a["end"], a["step"])]
    if len(indices) == data.shape[dim]:
        return data
    if a["step"] != 1:
        result = to.pick(data, dim, list(indices))
        result.note = ("every second", data, indices[0])
        return result
    result = to.part(data, dim, indices[0], len(indices))
    assert result.shape == shape_of(node), (result.shape, shape_of(node))
    return result


@handles("select")
def select(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert the selection of one position of an axis."""
    dim = a["dim"] % len(a["self"].shape)
    if dim == 0 and a["self"].shape[0] % BATCH == 0:
        raise InexpressibleError("a sample of the batch")
    return to.emit("select", {"dim": dim, "index": a["index"]}, a["self"], shape=shape_of(node))


@handles("unbind")
def unbind(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> list[Data]:
    """Convert an unbinding: the selection of each position of an axis."""
    dim = a["dim"] % len(a["self"].shape)
    shapes = [tuple(value.shape) for value in node.meta["val"]]
    return [
        to.emit("select", {"dim": dim, "index": index}, a["self"], shape=shape) for index, shape in enumerate(shapes)
    ]


@handles("index", "index_select")
def index(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert an index by one constant list."""
    chosen = [None] * a["dim"] + [a["index"]] if "dim" in a else a["indices"]
    dims = [dim for dim, indices in enumerate(chosen) if indices is not None]
    if len(dims) != 1 or not isinstance(chosen[dims[0]], torch.Tensor) or chosen[dims[0]].dim() != 1:
        raise InexpressibleError("an index by data")
    assert shape_of(node)
    return to.pick(a["self"], dims[0], [int(place) for place in chosen[dims[0]]])


@handles("roll")
def roll(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a roll: the parts of an axis in the other order."""
    data = a["self"]
    for shift, dim in zip(a["shifts"], a["dims"], strict=True):
        size = data.shape[dim]
        cut = -shift % size
        if cut:
            head, tail = to.part(data, dim, 0, cut), to.part(data, dim, cut, size - cut)
            dim %= len(data.shape)  # noqa: PLW2901
            data = to.emit("concat", {} if dim == 1 else {"dim": dim}, tail, head, shape=shape_of(node))
    return data


@handles("expand", "expand_as", "broadcast_to", "repeat")
def expand(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert an expansion: nothing if arithmetic reads it, else copies along an axis."""
    data, shape = a["self"], shape_of(node)
    users = {str(user.target).partition(".")[2].partition(".")[0] for user in node.users}
    if data.shape == shape or ("repeat" not in node.name and users <= {"mul", "add", "mul_", "add_"}):
        return data
    if len(shape) != len(data.shape):
        raise InexpressibleError("an expansion by an axis")
    for dim, (old, new) in enumerate(zip(data.shape, shape, strict=True)):
        if old != new:
            if new % BATCH == 0 and dim == 0:
                raise InexpressibleError("an expansion of the batch")
            wide = [*data.shape[:dim], new, *data.shape[dim + 1 :]]
            data = to.emit("concat", {} if dim == 1 else {"dim": dim}, *[data] * (new // old), shape=wide)
    return data


@handles("pad", "constant_pad_nd")
def pad(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a padding; one of −∞ waits for the pool that reads it."""
    data, pads = a["self"], list(a["pad"])
    mode, value = a.get("mode", "constant"), a.get("value") or 0.0
    for axis in range(len(pads) // 2):
        before, after = pads[2 * axis : 2 * axis + 2]
        if before < 0 or after < 0:
            start, size = max(0, -before), data.shape[-1 - axis]
            data = to.part(data, -1 - axis, start, size - start - max(0, -after))
    pads = [max(0, size) for size in pads]
    if not any(pads):
        return data
    if value == -math.inf:
        return Data(data.step, shape_of(node), note=("padded by −∞", data, pads))
    fields: Any = {"padding": pads}
    if mode != "constant":
        fields["mode"] = mode
    elif value:
        fields["value"] = value
    return to.emit("pad", fields if len(fields) > 1 else pads, data, shape=shape_of(node))


@handles("upsample_nearest2d", "upsample_bilinear2d", "upsample_nearest1d", "upsample_linear1d", "upsample_nearest3d")
def upsample(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert an upsampling."""
    fields: dict[str, Any] = {}
    if a.get("scale_factors"):
        fields["scale_factor"] = common(
            [int(factor) if factor == int(factor) else factor for factor in a["scale_factors"]]
        )
    else:
        fields["size"] = common(list(a["output_size"]))
    name = str(node.target)
    if "nearest" not in name:
        fields["mode"] = "bilinear" if "bilinear" in name else "linear"
        if a["align_corners"]:
            fields["align_corners"] = True
    return to.emit("upsample", fields, a.get("input", a.get("self")), shape=shape_of(node))


@handles("pixel_shuffle", "pixel_unshuffle", "channel_shuffle")
def shuffle(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a shuffle."""
    name = node.target._schema.name.removeprefix("aten::")
    factor = a.get("upscale_factor", a.get("downscale_factor", a.get("groups")))
    return to.emit(name, factor, a["self"], shape=shape_of(node))


@handles("mean", "sum", "amax")
def reduce(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a reduction of axes, one after another; the mean over all positions of a map is a global pool."""
    data, keep = a["self"], a["keepdim"]
    rank = len(data.shape)
    dims = sorted(dim % rank for dim in ([a["dim"]] if isinstance(a["dim"], int) else a["dim"]))
    name = node.target._schema.name.removeprefix("aten::")
    if data.note[:1] == ("square",):
        if name != "mean" or len(dims) != 1 or not keep:
            raise InexpressibleError("square")
        return Data(data.step, shape_of(node), note=("mean of squares", data.note[1], dims[0]))
    if name == "mean" and dims == list(range(2, rank)) and rank > 3:
        return to.emit("global_avg_pool", None if keep else {"keepdim": False}, data, shape=shape_of(node))
    type_ = "max" if name == "amax" else name
    for dim in reversed(dims):
        shape = [*data.shape[:dim], *([1] if keep else []), *data.shape[dim + 1 :]]
        data = to.emit(type_, {"dim": dim, "keepdim": True} if keep else dim, data, shape=shape)
    return data


@handles("max")
def maximum(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> tuple[Data, None]:
    """Convert the maximum of an axis."""
    data = a["self"]
    fields: Any = a["dim"] % len(data.shape)
    if a["keepdim"]:
        fields = {"dim": fields, "keepdim": True}
    return to.emit("max", fields, data, shape=node.meta["val"][0].shape), None
