"""Operators that move, cut, join and reduce."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch

from .models import BATCH
from .records import Data, InexpressibleError, Learnt
from .values import Converter, common, handles, shape_of


@handles("alias", "contiguous", "clone", "detach", "to", "type_as", "lift_fresh_copy", "float", "_to_copy")
def same(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Return a value unchanged."""
    data = a["self"] if "self" in a else a["input"]
    dtype = node.meta["val"].dtype
    if kind_of(dtype) != kind_of(node.args[0].meta["val"].dtype):
        return to.emit("cast", kind_of(dtype), data, shape=shape_of(node))
    return data


def kind_of(dtype: torch.dtype) -> str:
    """Return a dtype as the format has it."""
    return "float32" if dtype.is_floating_point else "bool" if dtype == torch.bool else "int64"


@handles("_assert_tensor_metadata", "_assert_async", "sym_size")
def nothing(*_: Any) -> None:
    """Leave an assertion out."""


@handles("flatten")
def flatten(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a flatten."""
    data, rank = a["self"], len(a["self"].shape)
    start, end = a["start_dim"] % rank, a["end_dim"] % rank
    if data.note[:1] == ("rotated",) and (start, end) == (rank - 2, rank - 1):
        kept = replace(data)
        return Data(
            data.step,
            shape_of(node),
            note=data.note,
            plain=lambda: to.emit("flatten", {"start_dim": start, "end_dim": end}, kept, shape=shape_of(node)),
        )
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
    parts, shape = [part for part in a["tensors"] if 0 not in part.shape], shape_of(node)
    if len(parts) == 1:
        return parts[0]
    dim = a["dim"] % len(shape)
    first, last = parts[0], parts[-1]
    if isinstance(first, Data) and first.note[:1] == ("negative",):
        _, source, _, start, _ = first.note[1].note if first.note[1].note[:1] == ("part",) else (None,) * 5
        if len(parts) == 2 and last.note[:1] == ("part",) and last.note[1].key() == source.key() and start:
            kept = [replace(part) for part in parts]
            return Data(
                first.step,
                shape,
                note=("rotated", source, False),
                plain=lambda: to.emit("concat", {"dim": dim}, *kept, shape=shape),
            )
    tokens = dim == 1 and len(shape) == 3 and isinstance(last, Data)
    if tokens and all(isinstance(part, Learnt) and part.is_view() and part.shape[1] == 1 for part in parts[:-1]):
        data = last
        for part in reversed(parts[:-1]):
            data = to.emit("class_token", None, data, shape=(shape[0], data.shape[1] + 1, shape[2]), weights=[part])
        return data
    parts = [to.along_batch(to.value(part), shape[0]) if dim else to.value(part) for part in parts]
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
            kept = [replace(part) for part in a["tensors"]]
            return Data(
                first.step,
                shape,
                note=("rotated", source, True),
                plain=lambda: to.emit("stack", {"dim": dim}, *kept, shape=shape),
            )
    return to.emit("stack", {"dim": dim}, *map(to.value, a["tensors"]), shape=shape)


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
    if dim == 0 and data.shape[0] % BATCH == 0:
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
    if not indices:
        return Empty(shape_of(node))
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
    data, shape = to.value(a["self"]), shape_of(node)
    tensors = [chosen[dim] for dim in dims]
    if any(not isinstance(each, torch.Tensor) for each in tensors) or dims != list(range(dims[0], dims[-1] + 1)):
        if len(dims) == 1 and isinstance(tensors[0], Data):
            return to.emit("take", {"dim": dims[0]}, data, tensors[0], shape=shape)
        if dims == [0, 1] and is_each_sample(tensors[0]) and isinstance(tensors[1], Data):
            return of_each_sample(to, data, tensors[1], shape)
        raise InexpressibleError("an index by data")
    # Indices of several axes are those of one axis in which they are joined.
    sizes = [data.shape[dim] for dim in dims]
    if any(size % BATCH == 0 for size in sizes):
        raise InexpressibleError("an index of the batch")
    flat = torch.zeros_like(torch.broadcast_tensors(*tensors)[0])
    for size, each in zip(sizes, tensors, strict=True):
        flat = flat * size + each % size
    first = dims[0]
    joined = (*data.shape[:first], math.prod(sizes), *data.shape[first + len(dims) :])
    picked = to.pick(to.reshape(data, joined), first, flat.ravel().tolist())
    return to.reshape(picked, shape)


def is_each_sample(index: Any) -> bool:
    """Return whether an index names the samples of the batch in order."""
    return isinstance(index, torch.Tensor) and index.tolist() == list(range(BATCH))


def of_each_sample(to: Converter, data: Data, index: Data, shape: tuple[int, ...]) -> Data:
    """Return one position of axis 1 for each sample, `data[range(N), index]`."""
    rest = [1] * (len(shape) - 1)
    chosen = to.emit("reshape", [0, 1, *rest], index, shape=(BATCH, 1, *rest))
    wide = to.emit("expand", [-1, 1, *shape[1:]], chosen, shape=(BATCH, 1, *shape[1:]))
    found = to.emit("gather", {"dim": 1}, data, wide, shape=(BATCH, 1, *shape[1:]))
    return to.emit("squeeze", 1, found, shape=shape)


@handles("roll")
def roll(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a roll: the parts of an axis in the other order."""
    return to.emit("roll", {"shifts": list(a["shifts"]), "dims": list(a["dims"])}, a["self"], shape=shape_of(node))


class Empty(Data):
    """A part without elements."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__("", shape)


@handles("einsum")
def einsum(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a sum by an equation."""
    return to.emit(
        "einsum",
        {"equation": f"'{a['equation'].replace(' ', '')}'"},
        *map(to.value, a["tensors"]),
        shape=shape_of(node),
    )


@handles("unfold")
def sliding_window(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert the windows of an axis."""
    fields = {"size": a["size"], "step": a["step"], "dim": a["dimension"]}
    return to.emit("sliding_window", fields, a["self"], shape=shape_of(node))


@handles("tile")
def tile(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert repetitions of the whole."""
    return tiled(to, to.value(a["self"]), list(a["dims"]), shape_of(node))


@handles("expand", "expand_as", "broadcast_to", "repeat")
def expand(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert an expansion: nothing if arithmetic reads it, else copies along an axis."""
    data, shape = a["self"], shape_of(node)
    users = {str(user.target).partition(".")[2].partition(".")[0] for user in node.users}
    if data.shape == shape or ("repeat" not in node.name and users <= {"mul", "add", "mul_", "add_"}):
        return data
    if 0 in shape:
        return Empty(shape)
    if "repeat" in node.name:
        return tiled(to, data, list(a["repeats"]), shape)
    return expanded(to, data, shape)


def expanded(to: Converter, data: Data, shape: tuple[int, ...]) -> Data:
    """Return data whose axes of size 1 are stretched: `N` times along the batch."""
    old = (0,) * (len(shape) - len(data.shape)) + data.shape
    if any(new > BATCH and new % BATCH == 0 and new != size for size, new in zip(old, shape, strict=True)):
        raise InexpressibleError("an expansion to a multiple of the batch")
    sizes = [-1 if new == size else "N" if new == BATCH else new for size, new in zip(old, shape, strict=True)]
    return data if sizes == [-1] * len(shape) else to.emit("expand", sizes, data, shape=shape)


def tiled(to: Converter, data: Data, repeats: list[int], shape: tuple[int, ...]) -> Data:
    """Return data that is repeated as a whole; an axis of size 1 that becomes the batch is expanded."""
    wide = (1,) * (len(repeats) - len(data.shape)) + data.shape
    if any(count % BATCH == 0 and size != 1 for count, size in zip(repeats, wide, strict=True)):
        raise InexpressibleError("samples that are repeated")
    samples = tuple(BATCH if count == BATCH else size for count, size in zip(repeats, wide, strict=True))
    data = expanded(to, data, samples)
    rest = [1 if count == BATCH else count for count in repeats]
    return data if set(rest) == {1} else to.emit("tile", rest, data, shape=shape)


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


@handles("new_empty", "empty_like", "new_zeros", "new_ones", "zeros_like", "ones_like", "full_like", "new_full")
def made(_: Converter, node: torch.fx.Node, a: dict[str, Any]) -> torch.Tensor:
    """Return a constant in the shape of a node."""
    name = str(node.target)
    value = a["fill_value"] if "full" in name else int("ones" in name)
    return torch.full(shape_of(node), value, dtype=node.meta["val"].dtype)


@handles("repeat_interleave")
def repeat_interleave(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert entries that are repeated next to each other."""
    fields = {"repeats": a["repeats"], "dim": a["dim"] % len(a["self"].shape)}
    return to.emit("repeat_interleave", fields, a["self"], shape=shape_of(node))
