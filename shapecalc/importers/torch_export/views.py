"""Operators that give a view of a tensor, and what a write to a view makes of the tensor."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.importers.graph import Value
    from shapecalc.importers.torch_export.steps import Steps

PARTS = frozenset({"slice", "select", "narrow", "split", "split_with_sizes", "chunk", "unbind", "tensor_split"})
ORDERS = frozenset({"permute", "transpose", "t", "swapaxes", "movedim"})
CASTS = frozenset({"to", "type_as", "float", "double", "half", "int", "long", "bool"})
"""Those that copy a tensor unless it has the dtype already."""
DROPOUTS = frozenset({"dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"})
"""Those that return their input itself in evaluation."""
SAME = frozenset({"alias", "detach", "contiguous", "expand", "expand_as"}) | CASTS | DROPOUTS
SHAPES = frozenset({"view", "reshape", "unsqueeze", "squeeze", "flatten", "unflatten", "view_as", "reshape_as"})
IF_CONTIGUOUS = frozenset({"reshape", "flatten", "reshape_as"})
"""Those that may copy a tensor that is not contiguous."""
OTHERS = frozenset(
    {"as_strided", "diagonal", "view_as_real", "view_as_complex", "real", "imag", "unfold", "numpy_T", "mT"}
)
"""Views through which a write is not followed."""
ENDLESS = 1 << 62
"""An index from which on a slice ends with its axis."""
VIEWS = PARTS | ORDERS | SAME | SHAPES | OTHERS


def order_of(name: str, arguments: Mapping[str, Any], rank: int) -> list[int]:
    """Return the order of the axes that a permutation gives.

    >>> order_of("transpose", {"dim0": 1, "dim1": -1}, 3)
    [0, 2, 1]
    """
    if name == "permute":
        return [dim % rank for dim in arguments["dims"]]
    order = list(range(rank))
    if name == "movedim":
        sources, targets = (
            [dim % rank for dim in (value if isinstance(value, list) else [value])]
            for value in (arguments["source"], arguments["destination"])
        )
        rest = iter(axis for axis in order if axis not in sources)
        places = dict(zip(targets, sources, strict=True))
        return [places[axis] if axis in places else next(rest) for axis in order]
    first = arguments.get("dim0", arguments.get("axis0", 0))
    second = arguments.get("dim1", arguments.get("axis1", 1))
    if rank > 1:
        order[first], order[second] = order[second], order[first]
    return order


def written_back(to: Steps, name: str, arguments: Mapping[str, Any], position: int, base: Value, part: Value) -> Value:
    """Return what a tensor is after a view of it, output `position` of an operator, has got another value."""
    if name in ORDERS:
        order = order_of(name, arguments, base.rank)
        return to.step("permute", part, dims=sorted(range(len(order)), key=order.__getitem__))
    if name not in PARTS:
        return part if part.shape == base.shape else to.reshape(part, base.shape)
    dim, start, end = _bounds(name, arguments, position, base)
    if name in {"select", "unbind"}:
        part = to.step("unsqueeze", part, dim=dim)
    size = base.shape[dim]
    pieces = [part]
    if start != 0:
        pieces.insert(0, to.step("slice", base, dim=dim, start=0, end=start))
    if end != size:
        pieces.append(to.step("slice", base, dim=dim, start=end))
    return pieces[0] if len(pieces) == 1 else to.step("concat", *pieces, dim=dim)


def _bounds(name: str, arguments: Mapping[str, Any], position: int, base: Value) -> tuple[int, Any, Any]:
    dim = arguments.get("dim", 0) % base.rank
    size = base.shape[dim]
    if name in {"select", "unbind"}:
        index = arguments.get("index", position)
        if not isinstance(index, int) or (index < 0 and not isinstance(size, int)):
            raise Unreadable("a write to a place that is not constant")
        index = index % size if isinstance(size, int) else index
        return dim, index, index + 1
    if name == "slice":
        if arguments.get("step", 1) != 1:
            raise Unreadable("a write to every second entry of an axis")
        start, end = slice_bounds(size, arguments.get("start"), arguments.get("end"))
        return dim, start, end
    if name == "narrow":
        return dim, arguments["start"], arguments["start"] + arguments["length"]
    sizes = part_sizes(name, arguments, size)
    starts = [0, *accumulate(sizes)]
    return dim, starts[position], starts[position + 1]


def slice_bounds(size: Any, start: Any, end: Any) -> tuple[Any, Any]:
    """Return the first index of a slice and that after the last one, where Python's slices end at most.

    >>> slice_bounds(10, -3, 1 << 63), slice_bounds(10, None, -1), slice_bounds(10, 12, 20)
    ((7, 10), (0, 9), (10, 10))
    """
    outcome = []
    for value, default in ((start, 0), (end, size)):
        if value is None:
            outcome.append(default)
        elif isinstance(value, int) and value >= ENDLESS:
            outcome.append(size)
        elif isinstance(size, int) and isinstance(value, int):
            outcome.append(max(value + size, 0) if value < 0 else min(value, size))
        elif isinstance(value, int) and value < 0:
            outcome.append(size + value)
        else:
            outcome.append(value)
    return outcome[0], outcome[1]


def part_sizes(name: str, arguments: Mapping[str, Any], size: Any) -> list[Any]:
    """Return the sizes of the parts of a split.

    >>> part_sizes("chunk", {"chunks": 4}, 10), part_sizes("split", {"split_size": 4}, 10)
    ([3, 3, 3, 1], [4, 4, 2])
    >>> part_sizes("tensor_split", {"sections": 3}, 10), part_sizes("tensor_split", {"indices": [2, 5]}, 10)
    ([4, 3, 3], [2, 3, 5])
    """
    given = arguments.get("split_size", arguments.get("split_sizes"))
    if isinstance(given, list):
        return given
    if not isinstance(size, int):
        raise Unreadable("a split of an axis whose size is not constant")
    if name == "tensor_split":
        if "indices" in arguments:
            ends = [0, *(min(index % (size + 1), size) for index in arguments["indices"]), size]
            return [after - before for before, after in pairwise(ends)]
        count = arguments["sections"]
        return [size // count + (part < size % count) for part in range(count)]
    each = -(-size // arguments["chunks"]) if name == "chunk" else given
    return [min(each, size - start) for start in range(0, size, each)]
