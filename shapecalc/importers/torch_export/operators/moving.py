"""Operators that move elements: shapes, orders of axes, parts, joins, repetitions, padding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.dims import Dim, Expr, product
from shapecalc.importers.torch_export.dtypes import dtype_of
from shapecalc.importers.torch_export.operands import Empty
from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.torch_export.program import is_contiguous
from shapecalc.importers.torch_export.views import order_of, part_sizes, slice_bounds
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.importers.graph import Value
    from shapecalc.importers.torch_export.operands import DType
    from shapecalc.importers.torch_export.steps import Steps


@operator("alias", "contiguous", "clone", "detach", "lift_fresh_copy", "lift_fresh", "to.device", "_conj", "conj",
          "resolve_conj", "view_copy", "alias_copy")  # fmt: skip
def same(to: Steps, x: Value, **_: Any) -> Value:
    """A tensor as it is."""
    del to
    return x


@operator("to", "_to_copy", "type_as", "float", "int", "long", "bool")
def cast(to: Steps, x: Value, dtype: DType | None = None, other: Value | None = None, **_: Any) -> Value:
    """A tensor in another dtype; all floating-point numbers are float32 here."""
    if other is not None:
        wanted = other.dtype
    elif dtype is not None:
        wanted = dtype_of(dtype.code)
    else:
        wanted = to.meta.dtype if to.meta else x.dtype
    if wanted == "complex64":
        raise Unreadable("complex numbers")
    return x if wanted == x.dtype else to.step("cast", x, dtype=wanted)


@operator("flatten")
def flatten(to: Steps, x: Value, start_dim: int = 0, end_dim: int = -1) -> Value:
    """Axes that become one."""
    if x.rank == 0:
        return to.step("reshape", x, shape=(1,))
    if start_dim % x.rank == end_dim % x.rank:
        return x
    return to.step("flatten", x, start_dim=start_dim, end_dim=end_dim)


@operator("view", "reshape", "_unsafe_view", "reshape_copy")
def reshape(to: Steps, x: Value, size: Any = None, shape: Any = None, dtype: Any = None) -> Value:
    """Another shape; the sizes are those of the file, −1 where it says so."""
    wanted = shape if size is None else size
    if wanted is None or dtype is not None:
        raise Unreadable("a view in another dtype")
    given = tuple(wanted)
    if -1 in given and to.meta is not None and to.meta.shape is not None:
        given = _without_minus_one(given, to.meta.shape)
    return to.reshape(x, given)


def _without_minus_one(given: tuple[Dim, ...], stated: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """Return a shape with the size that the file states in place of −1, if that is an integer."""
    return tuple(
        size if isinstance(each, int) and each == -1 and isinstance(size, int) else each
        for each, size in zip(given, stated, strict=True)
    )


@operator("view_as", "reshape_as")
def reshape_as(to: Steps, x: Value, other: Value) -> Value:
    """The shape of another tensor."""
    return to.reshape(x, other.shape)


@operator("as_strided")
def as_strided(to: Steps, x: Value, size: Sequence[Dim], stride: Sequence[Dim], storage_offset: Any = None) -> Value:
    """Elements at places in memory; only those of a whole tensor in their order, as another shape."""
    if storage_offset or not to.contiguous or not is_contiguous(tuple(size), tuple(stride)):
        raise Unreadable("places in memory that are not those of a whole tensor in order")
    return to.reshape(x, size)


@operator("unflatten")
def unflatten(to: Steps, x: Value, dim: int, sizes: Sequence[Dim]) -> Value:
    """An axis that becomes several."""
    dim %= x.rank
    known = product(size for size in sizes if size != -1)
    sizes = [x.shape[dim] // known if isinstance(size, int) and size == -1 else size for size in sizes]
    return to.reshape(x, (*x.shape[:dim], *sizes, *x.shape[dim + 1 :]))


@operator("permute", "transpose", "t", "swapaxes", "movedim", "permute_copy")
def permute(to: Steps, x: Value, **arguments: Any) -> Value:
    """Another order of the axes."""
    name = "permute" if "dims" in arguments else "movedim" if "source" in arguments else "transpose"
    order = order_of(name, arguments, x.rank)
    return x if order == sorted(order) else to.step("permute", x, dims=order)


@operator("numpy_T")
def reverse_axes(to: Steps, x: Value) -> Value:
    """The axes in reverse order."""
    return to.step("permute", x, dims=list(range(x.rank))[::-1]) if x.rank > 1 else x


@operator("mT", "matrix_H", "adjoint")
def turned(to: Steps, x: Value) -> Value:
    """The last two axes in the other order."""
    return to.step("permute", x, dims=[*range(x.rank - 2), x.rank - 1, x.rank - 2])


@operator("unsqueeze", "unsqueeze_copy")
def unsqueeze(to: Steps, x: Value, dim: int) -> Value:
    """A new axis of size 1."""
    return to.step("unsqueeze", x, dim=dim)


@operator("squeeze", "squeeze_copy")
def squeeze(to: Steps, x: Value, dim: Any = None) -> Value:
    """Axes of size 1 that are removed; others stay."""
    dims = list(range(x.rank)) if dim is None else dim if isinstance(dim, list) else [dim]
    dims = [each % max(x.rank, 1) for each in dims if x.shape[each] == 1]
    return to.step("squeeze", x, dim=dims[0] if len(dims) == 1 else dims) if dims else x


@operator("cat", "concat", "concatenate", raw=("tensors",))
def cat(to: Steps, tensors: Sequence[Any], dim: int = 0) -> Value:
    """Tensors one after the other along an axis; those without elements are left out."""
    values: list[Value] = [to.value(each) for each in tensors if 0 not in each.shape]
    if len({each.dtype for each in values}) > 1:
        values = list(map(to.floating, values))
    return values[0] if len(values) == 1 else to.step("concat", *values, dim=dim % values[0].rank)


@operator("stack")
def stack(to: Steps, tensors: Sequence[Value], dim: int = 0) -> Value:
    """Tensors along a new axis."""
    return to.step("stack", *tensors, dim=dim)


def _parts(to: Steps, x: Value, dim: int, sizes: Sequence[Dim]) -> list[Value]:
    if len(sizes) == 1:
        return [x]
    first = to.step("split", x, split_size=tuple(sizes), dim=dim % x.rank)
    return [first, *(first.other(str(index)) for index in range(1, len(sizes)))]


@operator("split", "split_with_sizes", "split_copy", "split_with_sizes_copy")
def split(to: Steps, x: Value, split_size: Any = None, dim: int = 0, split_sizes: Any = None) -> list[Value]:
    """Parts of given sizes."""
    given = split_size if split_sizes is None else split_sizes
    return _parts(to, x, dim, part_sizes("split", {"split_size": given}, x.shape[dim]))


@operator("chunk")
def chunk(to: Steps, x: Value, chunks: int, dim: int = 0) -> list[Value]:
    """Parts of a given number."""
    size = x.shape[dim]
    if isinstance(size, int) and (chunks == 1 or -(-size // (-(-size // chunks))) != chunks):
        return _parts(to, x, dim, part_sizes("chunk", {"chunks": chunks}, size))
    first = to.step("chunk", x, chunks=chunks, dim=dim % x.rank)
    return [first, *(first.other(str(index)) for index in range(1, chunks))]


@operator("tensor_split")
def tensor_split(to: Steps, x: Value, dim: int = 0, **arguments: Any) -> list[Value]:
    """Parts between given indices, or of a given number."""
    return _parts(to, x, dim, part_sizes("tensor_split", arguments, x.shape[dim]))


@operator("slice", "slice_copy")
def slice_(to: Steps, x: Value, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    """A range of an axis."""
    size = x.shape[dim]
    first, last = slice_bounds(size, start, end)
    if isinstance(first, int) and isinstance(last, int) and first >= last:
        return Empty((*x.shape[: dim % x.rank], 0, *x.shape[dim % x.rank + 1 :]))
    if first == 0 and last == size and step == 1:
        return x
    ends = None if last == size else last
    return to.step("slice", x, dim=dim % x.rank, start=None if first == 0 else first, end=ends, step=step)


@operator("narrow")
def narrow(to: Steps, x: Value, dim: int, start: int, length: int) -> Any:
    """A range of an axis by its length."""
    return slice_(to, x, dim, start, start + length)


@operator("select", "select_copy")
def select(to: Steps, x: Value, dim: int, index: Any) -> Value:
    """One position of an axis."""
    if isinstance(index, Expr):
        return to.step("squeeze", to.step("slice", x, dim=dim % x.rank, start=index, end=index + 1), dim=dim % x.rank)
    return to.step("select", x, dim=dim % x.rank, index=index)


@operator("unbind", "unbind_copy")
def unbind(to: Steps, x: Value, dim: int = 0) -> list[Value]:
    """Each position of an axis."""
    first = to.step("unbind", x, dim=dim % x.rank)
    assert not isinstance(first.node, str)
    return [first, *(first.other(name) for name in list(first.node.outputs)[1:])]


@operator("expand", "broadcast_to", "expand_copy")
def expand(to: Steps, x: Value, size: Sequence[Dim], implicit: bool = False) -> Value:
    """Copies along axes of size 1."""
    del implicit
    return to.expand(x, size)


@operator("expand_as")
def expand_as(to: Steps, x: Value, other: Value) -> Value:
    """Copies up to the shape of another tensor."""
    return to.expand(x, other.shape)


@operator("repeat", "tile")
def tile(to: Steps, x: Value, repeats: Any = None, dims: Any = None) -> Value:
    """Copies of the whole along axes; an axis of size 1 is stretched as often as a symbol says."""
    counts = list(dims if repeats is None else repeats)
    counts = [1] * (x.rank - len(counts)) + counts
    old = (1,) * (len(counts) - x.rank) + x.shape
    if any(isinstance(count, Expr) for count in counts):
        wide = [
            count if isinstance(count, Expr) and size == 1 else size for size, count in zip(old, counts, strict=True)
        ]
        if any(isinstance(count, Expr) and size != 1 for size, count in zip(old, counts, strict=True)):
            raise Unreadable("a repetition as often as a symbol says")
        x = to.expand(x, wide)
        counts = [1 if isinstance(count, Expr) else count for count in counts]
    else:
        x = to.reshape(x, old)
    return x if set(counts) == {1} else to.step("tile", x, dims=counts)


@operator("repeat_interleave")
def repeat_interleave(to: Steps, x: Value, repeats: Any, dim: int | None = None, **_: Any) -> Value:
    """Copies of each position."""
    if not isinstance(repeats, int):
        raise Unreadable("repetitions that differ between positions")
    if dim is None:
        x, dim = to.step("reshape", x, shape=(-1,)), 0
    return to.step("repeat_interleave", x, repeats=repeats, dim=dim % x.rank)


@operator("roll")
def roll(to: Steps, x: Value, shifts: Any, dims: Any = ()) -> Value:
    """Positions that move along axes."""
    return to.step("roll", x, shifts=shifts, dims=dims)


@operator("flip")
def flip(to: Steps, x: Value, dims: Any) -> Value:
    """Axes in reverse order of positions."""
    return to.step("flip", x, dims=dims)


@operator("pad", "constant_pad_nd")
def pad(to: Steps, x: Value, pad: Sequence[Dim], mode: str = "constant", value: float | None = None) -> Value:
    """Padding of the last axes; where it is negative, positions are cut off."""
    sizes: list[Any] = []
    for axis in range(len(pad) // 2):
        before, after = pad[2 * axis : 2 * axis + 2]
        cut = [-each if isinstance(each, int) and each < 0 else 0 for each in (before, after)]
        if any(cut):
            size = x.shape[-1 - axis]
            x = to.step("slice", x, dim=x.rank - 1 - axis, start=cut[0] or None, end=size - cut[1] if cut[1] else None)
        sizes += [0 if isinstance(each, int) and each < 0 else each for each in (before, after)]
    if all(isinstance(each, int) and each == 0 for each in sizes):
        return x
    dtype = x.dtype
    fields: dict[str, Any] = {"mode": mode} if mode != "constant" else {"value": float(value or 0)}
    result = to.step("pad", to.floating(x), padding=sizes, **fields)
    return result if dtype == "float32" else to.step("cast", result, dtype=dtype)


@operator("reflection_pad1d", "reflection_pad2d", "reflection_pad3d")
def reflection_pad(to: Steps, x: Value, padding: Sequence[Dim]) -> Value:
    """Padding by reflection."""
    return pad(to, x, padding, "reflect")


@operator("replication_pad1d", "replication_pad2d", "replication_pad3d")
def replication_pad(to: Steps, x: Value, padding: Sequence[Dim]) -> Value:
    """Padding by the elements at the ends."""
    return pad(to, x, padding, "replicate")


@operator("meshgrid")
def meshgrid(to: Steps, tensors: Sequence[Value], indexing: str = "ij") -> list[Value]:
    """The coordinates of a grid: each vector along an axis of its own."""
    sizes = [each.shape[0] for each in tensors]
    shape = tuple(sizes if indexing == "ij" else [*sizes[1::-1], *sizes[2:]])
    outcome = []
    for index, each in enumerate(tensors):
        axis = index if indexing == "ij" or index > 1 else 1 - index
        wide = to.step("reshape", each, shape=tuple(sizes[index] if at == axis else 1 for at in range(len(shape))))
        outcome.append(to.expand(wide, shape))
    return outcome


def _triangle(type_: str) -> Any:
    def function(to: Steps, x: Value, diagonal: int = 0) -> Value:
        return to.step(type_, x, diagonal=diagonal)

    return function


operator("tril")(_triangle("tril"))
operator("triu")(_triangle("triu"))


@operator("unfold")
def sliding_window(to: Steps, x: Value, dimension: int, size: int, step: int) -> Value:
    """Windows of an axis, as a new last axis."""
    return to.step("sliding_window", x, size=size, step=step, dim=dimension)


@operator("diff")
def diff(to: Steps, x: Value, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Value:
    """The differences of neighbours along an axis."""
    parts = [each for each in (prepend, x, append) if each is not None]
    x = cat(to, parts, dim % x.rank)
    for _ in range(n):
        later, earlier = slice_(to, x, dim, 1), slice_(to, x, dim, None, -1)
        x = to.step("subtract", later, earlier) if x.dtype != "bool" else to.step("not_equal", later, earlier)
    return x
