"""Broadcasting of shapes as in NumPy, and the errors for sizes that do not fit."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, condition, pretty, show
from shapecalc.layers.constraints import Constraints, undecided

MOST_NAMED = 8
"""The greatest number of shapes or sizes that a message lists."""

Remedy = Callable[[int, int, tuple[Dim, ...]], str | None]
"""A function from the rank, the axis and its sizes to a fix, or to None if it is not clear."""


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
    # What never fits is said before what depends on a symbol.
    for clash in sorted(clashes, key=lambda clash: _never(clash.sizes), reverse=True):
        # Counted from the front where that is the same axis of every input.
        axis = clash.axis % rank if alike else clash.axis
        sizes = listed(map(pretty, clash.sizes))
        ones = [size for size in clash.sizes if isinstance(size, Expr) and _may_be_one(size)]
        if _never(clash.sizes) and stretching and ones:
            raise undecided(f"expects {expects}, receives {shown}, where axis {axis} is {sizes}", ones[0])
        if _never(clash.sizes):
            fix = remedy(rank, axis, clash.sizes) if alike and remedy else None
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


def _may_be_one(size: Expr) -> bool:
    return condition(size - 1, Relation.ZERO) is not False


def _length(dim: Dim) -> int:
    """Return the length of a dim as text, in terms; 0 for an integer."""
    return len(dim.terms) if isinstance(dim, Expr) else 0


def align(rank: int, axis: int, _sizes: tuple[Dim, ...]) -> str | None:
    """Return a fix for maps of different heights or widths; with three axes it is unknown whether one is spatial."""
    return "a `stride`, `padding` or `center_crop` differs between them" if rank >= 4 and axis >= 2 else None


def align_or_project(rank: int, axis: int, sizes: tuple[Dim, ...]) -> str | None:
    """Return a fix for maps of different sizes or channels, and for rows of different features."""
    if axis != 1 or rank == 3:
        return align(rank, axis, sizes)
    widths = [size for size in sizes if isinstance(size, int)]
    if len(widths) < len(sizes):
        return None
    project = f"linear: {max(widths)}" if rank == 2 else f"conv: {{out_channels: {max(widths)}, kernel_size: 1}}"
    return f"project one with `{project}`"


def listed(names: Iterable[str]) -> str:
    """Join names, the last by "and"; of more than `MOST_NAMED`, the first few."""
    named = list(names)
    if len(named) > MOST_NAMED:
        named = [*named[: MOST_NAMED - 1], f"{len(named) - MOST_NAMED + 1} more"]
    *others, last = named
    return f"{', '.join(others)} and {last}" if others else last
