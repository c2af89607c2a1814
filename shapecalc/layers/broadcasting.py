"""Broadcasting of shapes as in NumPy, and the errors for sizes that do not fit."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, ceil_div, condition, floor_div, pretty, show
from shapecalc.layers.constraints import Constraints, undecided
from shapecalc.layers.ranks import per_channel

MOST_NAMED = 8
"""The greatest number of shapes or sizes that a message lists."""

Remedy = Callable[[Sequence[Shape], int, tuple[Dim, ...]], str | None]
"""A function from the inputs, the axis and its sizes to a fix, or to None if it is not clear."""

MOST_STRIDE = 64
"""The greatest stride that is tried between two axes of symbols."""


class Clash(NamedTuple):
    """An axis along which the inputs have different sizes."""

    axis: int
    sizes: tuple[Dim, ...]


def broadcast(inputs: Sequence[Shape], constraints: Constraints, *, matrices: bool = False) -> Shape:
    """Return the shape that all inputs broadcast to; of stacks of `matrices`, only that of the leading axes.

    Axes are matched from the last; an axis of size 1, or one that an input does not have, stretches. A size that
    depends on a symbol is not assumed to be 1: it must equal the others, see `settle`.
    Raises `LayerError` SC315 if two sizes other than 1 differ.
    Source: NumPy, "Broadcasting", General broadcasting rules.

    >>> broadcast([(8, 1, 6, 1), (7, 1, 5)], Constraints([]))      # NumPy's own example
    (8, 7, 6, 5)
    """
    output: dict[int, Dim] = {}
    clashes = []
    for axis in range(-max(map(len, inputs)), -2 if matrices else 0):
        sizes = dict.fromkeys(x[axis] for x in inputs if -axis <= len(x))
        longer = tuple(size for size in sizes if size != 1)
        if len(longer) > 1:
            clashes.append(Clash(axis, longer))
        output[axis] = longer[0] if longer else 1
    if clashes and matrices:
        output |= settle("leading axes that broadcast", inputs, clashes, constraints, stretching=True)
    elif clashes:
        output |= settle("shapes that broadcast", inputs, clashes, constraints, align_or_project, stretching=True)
    return tuple(output.values())


def settle(
    expects: str,
    inputs: Sequence[Shape],
    clashes: Sequence[Clash],
    constraints: Constraints,
    remedy: Remedy | None = None,
    *,
    stretching: bool = False,
) -> dict[int, Dim]:
    """Return the size that each axis has where all of its sizes are equal, which is required of symbols.

    Raises `LayerError` SC315 for the first axis whose sizes never are; SC311 where sizes meet that are never equal but,
    with `stretching`, fit where one of them is 1: that has no closed form.
    """
    rank = len(inputs[0])
    alike = all(len(x) == rank for x in inputs)
    shown = listed(map(show, inputs))
    met: dict[int, Dim] = {}

    def certainty(clash: Clash) -> int:
        """Return 0 for what is an error at every size, 1 for what a symbol of size 1 resolves, 2 for the others."""
        return 2 if not _never(clash.sizes) else int(stretching and any(map(_may_be_one, clash.sizes)))

    for clash in sorted(clashes, key=certainty):
        # Counted from the front where that is the same axis of every input.
        axis = clash.axis % rank if alike else clash.axis
        sizes = listed(map(pretty, clash.sizes))
        fix = per_channel(tuple(inputs))
        if alike:
            fix = remedy(inputs, axis, clash.sizes) if remedy else None
        if certainty(clash) == 1:
            one = next(size for size in clash.sizes if _may_be_one(size))
            raise undecided(f"expects {expects}, receives {shown}, where axis {axis} is {sizes}", one, fix=fix)
        if certainty(clash) == 0:
            raise LayerError("SC315", expects=expects, receives=f"{shown}: axis {axis} is {sizes}", help=fix)
        met[clash.axis] = one = min(clash.sizes, key=_length)
        error = LayerError("SC315", expects=expects, receives=f"{shown}, where axis {axis} is {sizes}")
        for other in clash.sizes:
            constraints.require(other - one, Relation.ZERO, error)
    return met


def _never(sizes: Sequence[Dim]) -> bool:
    """Return whether two of the sizes differ for all values of their symbols."""
    one = min(sizes, key=_length)
    return any(condition(other - one, Relation.ZERO) is False for other in sizes)


def _may_be_one(size: Dim) -> bool:
    return isinstance(size, Expr) and condition(size - 1, Relation.ZERO) is not False


def _length(dim: Dim) -> int:
    """Return the length of a dim as text, in terms; 0 for an integer."""
    return len(dim.terms) if isinstance(dim, Expr) else 0


def align(inputs: Sequence[Shape], axis: int, _sizes: tuple[Dim, ...]) -> str | None:
    """Return a fix for maps of different heights or widths; with three axes it is unknown whether one is spatial."""
    if len(inputs[0]) < 4 or axis < 2:
        return None
    differs = "a `stride`, `padding` or `center_crop` differs between them"
    reduced = _reduced(inputs)
    factor = _factor(reduced) if reduced is not None else None
    if reduced is None or factor is None:
        return differs
    return f"put `upsample: {factor}` after {show(reduced.by)}; or {differs}"


def align_or_project(inputs: Sequence[Shape], axis: int, sizes: tuple[Dim, ...]) -> str | None:
    """Return a fix for maps of different sizes or channels, and for rows of different features.

    If one map is the other with a stride, a projection with that stride gives both its size and its channels.
    """
    rank = len(inputs[0])
    reduced = _reduced(inputs)
    if reduced is not None and isinstance(reduced.by[1], int):
        project = f"`conv: {{out_channels: {reduced.by[1]}, kernel_size: {reduced.kernel}, stride: {reduced.stride}}}`"
        text = f"project {show(reduced.of)} with {project}"
        if rank == 3:
            return f"if axis 1 has the channels, {text}" if axis == 1 else None
        factor = _factor(reduced) if reduced.of[1] == reduced.by[1] else None
        return text if factor is None else f"{text}, or put `upsample: {factor}` after {show(reduced.by)}"
    if axis != 1 or rank == 3:
        return align(inputs, axis, sizes)
    widths = [size for size in sizes if isinstance(size, int)]
    if len(widths) < len(sizes):
        return None
    project = f"linear: {max(widths)}" if rank == 2 else f"conv: {{out_channels: {max(widths)}, kernel_size: 1}}"
    return f"project one with `{project}`"


class Reduced(NamedTuple):
    """Two maps, `by` of the spatial size of `of` at a stride: one for all axes, or a list."""

    of: Shape
    by: Shape
    kernel: int | list[int]
    stride: int | list[int]


def _reduced(inputs: Sequence[Shape]) -> Reduced | None:
    """Return the two shapes that all inputs have if one is the other at a stride; None if not.

    A window of 1 at stride s takes ⌈n/s⌉ positions, one of s takes ⌊n/s⌋. A map of one cell stretches as it is.
    """
    shapes = tuple(dict.fromkeys(inputs))
    if len(shapes) != 2 or len(shapes[0]) < 3 or shapes[0][0] != shapes[1][0]:
        return None
    for of, by in (shapes, shapes[::-1]):
        if set(by[2:]) == {1}:
            continue  # it stretches
        for divide in (ceil_div, floor_div):
            axes = tuple(zip(of[2:], by[2:], strict=True))
            strides = [stride for long, short in axes if (stride := _stride(long, short, divide)) is not None]
            # One stride for all axes is more likely than another one for each.
            common = max(strides, default=1)
            alike = all(divide(long, common) == short for long, short in axes)
            if common > 1 and (alike or len(strides) == len(axes)):
                every: int | list[int] = common if alike else strides
                return Reduced(of, by, 1 if divide is ceil_div else every, every)
    return None


def _stride(long: Dim, short: Dim, divide: Callable[[Dim, int], Dim]) -> int | None:
    """Return the least s that divides one length into the other, None if there is none."""
    if isinstance(long, int) and isinstance(short, int):
        near = long // short if short > 0 else 0
        strides = range(max(near, 1), near + 2)
    else:
        strides = range(1, MOST_STRIDE + 1)
    return next((stride for stride in strides if divide(long, stride) == short), None)


def _factor(reduced: Reduced) -> int | None:
    """Return the one factor by which `upsample` gives the larger size, None if there is none."""
    factor = reduced.stride
    if not isinstance(factor, int):
        return None
    return factor if all(y * factor == x for x, y in zip(reduced.of[2:], reduced.by[2:], strict=True)) else None


def listed(names: Iterable[str]) -> str:
    """Join names, the last by "and"; of more than `MOST_NAMED`, the first few."""
    named = list(names)
    if len(named) > MOST_NAMED:
        named = [*named[: MOST_NAMED - 1], f"{len(named) - MOST_NAMED + 1} more"]
    *others, last = named
    return f"{', '.join(others)} and {last}" if others else last
