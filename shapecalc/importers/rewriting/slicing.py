"""Parts of an axis: the slices and selections that together are a split, a chunk or an unbinding."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.importers.rewriting.rewriter import Rewriter, Rules

if TYPE_CHECKING:
    from shapecalc.importers.graph import ImportedStep, Value

RULES = Rules()


class AxisPart(NamedTuple):
    """Elements `start` to before `start + length` of an axis of a value, every `stride`-th of them."""

    source: Value
    axis: int
    start: int
    length: int
    stride: int = 1


def part_of(value: Value) -> AxisPart | None:
    """Return what part of another value one is, by a slice, a split or a chunk; None unless its size is known."""
    node = value.node
    if isinstance(node, str) or node.type not in ("slice", "split", "chunk"):
        return None
    source = node.reads[0]
    axis = node.layer.dim % source.rank  # type: ignore[attr-defined]
    size, length = source.shape[axis], value.shape[axis]
    if not isinstance(size, int) or not isinstance(length, int):
        return None
    if node.type == "slice":
        start = node.layer.start or 0  # type: ignore[attr-defined]
        if not isinstance(start, int):
            return None
        return AxisPart(source, axis, start % size if start < 0 else start, length, node.layer.step)  # type: ignore[attr-defined]
    start = 0
    for name in node.outputs:
        if node.value(name).key == value.key:
            return AxisPart(source, axis, start, length)
        each = node.outputs[name][axis]
        assert isinstance(each, int)
        start += each
    return None


@RULES.on("select")
def unbinding(at: Rewriter, node: ImportedStep) -> list[tuple[Value, Value]] | None:
    """Selections of all indices of an axis are its unbinding."""
    x = node.reads[0]
    axis = node.layer.dim % x.rank  # type: ignore[attr-defined]
    count, users = x.shape[axis], list(at.users[x.key].values())
    if not isinstance(count, int) or count < 2 or len(users) < count or not _are_ahead(at, node, x, users):  # noqa: PLR2004
        return None
    chosen: list[tuple[Value, int]] = []
    for user in users:
        if user.type != "select" or user.layer.dim % x.rank != axis:  # type: ignore[attr-defined]
            return None
        chosen.append((user.value(), user.layer.index % count))  # type: ignore[attr-defined]
    if {index for _, index in chosen} != set(range(count)):
        return None
    first = at.step("unbind", x, replaces=users, dim=axis)
    outputs = list(at.graph.nodes[-1].outputs)
    return [(value, first.other(outputs[index])) for value, index in chosen]


@RULES.on("slice")
def splitting(at: Rewriter, node: ImportedStep) -> list[tuple[Value, Value]] | None:
    """Slices that are all parts of an axis in order are its split, or its chunks if they are of one size."""
    x = node.reads[0]
    axis = node.layer.dim % x.rank  # type: ignore[attr-defined]
    users = list(at.users[x.key].values())
    if len(users) < 2 or not _are_ahead(at, node, x, users):  # noqa: PLR2004 - two parts
        return None
    parts: dict[int, list[tuple[Value, int]]] = {}
    for user in users:
        part = part_of(user.value())
        if user.type != "slice" or part is None or part.axis != axis or part.stride != 1:
            return None
        parts.setdefault(part.start, []).append((user.value(), part.length))
    sizes, end = [], 0
    for start in sorted(parts):
        lengths = {length for _, length in parts[start]}
        if start != end or len(lengths) > 1:
            return None
        sizes.append(lengths.pop())
        end += sizes[-1]
    if end != x.shape[axis] or len(sizes) < 2:  # noqa: PLR2004
        return None
    dim = axis if axis == 1 else axis - x.rank if axis == x.rank - 1 else axis
    if len(set(sizes)) == 1:
        first = at.step("chunk", x, replaces=users, chunks=len(sizes), dim=dim)
    else:
        first = at.step("split", x, replaces=users, split_size=sizes, dim=dim)
    outputs = list(at.graph.nodes[-1].outputs)
    by_start = dict(zip(sorted(parts), outputs, strict=True))
    return [(value, first.other(by_start[start])) for start, values in parts.items() for value, _ in values]


def _are_ahead(at: Rewriter, node: ImportedStep, x: Value, users: list[ImportedStep]) -> bool:
    """Return whether a value is read by no step before this one, so that all can read what this one becomes."""
    return not at.is_output(x) and not any(user is not node and at.is_passed(user) for user in users)


@RULES.on("reshape", "flatten", "permute", "unsqueeze", "squeeze", "expand", "select", "slice")
def repeated(at: Rewriter, node: ImportedStep) -> Value | None:
    """A move that another step has made before is not made again."""
    for user in at.users[node.reads[0].key].values():
        earlier = user is not node and at.is_passed(user)
        if earlier and user.type == node.type and user.layer == node.layer and not at.is_output(node.value()):
            return user.value()
    return None
