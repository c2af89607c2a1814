"""Shapes that meet: broadcasting as NumPy does it, and what is said where sizes along an axis do not fit."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, greatest, least, pretty
from shapecalc.layers.base import Shape, show, undecided

MOST_NAMED = 8
"""Shapes or sizes that a message names one by one."""

Remedy = Callable[[int, int, tuple[Dim, ...]], str | None]
"""What mends it, from the rank, the axis and its sizes; None where that is not plain."""


class Clash(NamedTuple):
    """An axis along which inputs do not fit: its sizes, and what would have to be 0 for them to fit after all."""

    axis: int
    sizes: tuple[Dim, ...]
    unsettled: Expr | None


def broadcast(inputs: Sequence[Shape], *, matrices: bool = False) -> Shape:
    """Return the shape that all inputs stretch to, of their leading axes alone where they are stacks of matrices.

    Axes are matched from the last; an axis of 1, or one that an input has not, stretches.
    Raises `LayerError` SC315 where two sizes other than 1 meet, SC311 where that depends on a symbol.
    Source: NumPy, "Broadcasting", General broadcasting rules.

    >>> broadcast([(8, 1, 6, 1), (7, 1, 5)])                       # NumPy's own example
    (8, 7, 6, 5)
    """
    leaving: list[Dim] = []
    clashes = []
    for axis in range(-max(map(len, inputs)), -2 if matrices else 0):
        sizes = dict.fromkeys(x[axis] for x in inputs if -axis <= len(x))
        longer = tuple(size for size in sizes if size != 1)
        if len(longer) > 1:
            clashes.append(Clash(axis, longer, unsettled_of(longer, stretching=True)))
        leaving.append(longer[0] if longer else 1)
    if clashes and matrices:
        raise refusal("expects leading axes that broadcast", inputs, clashes)
    if clashes:
        raise refusal("expects shapes that broadcast", inputs, clashes, align_or_project)
    return tuple(leaving)


def unsettled_of(sizes: Sequence[Dim], *, stretching: bool = False) -> Expr | None:
    """Return what would have to be 0 for different sizes to fit together, None where they never do.

    With `stretching` it is also enough that one of them is 1.
    """
    one = next((size for size in sizes if isinstance(size, int)), sizes[0])
    unsettled = None
    for other in sizes:
        if other == one:
            continue
        zeros = [other - one, *((other - 1, one - 1) if stretching else ())]
        possible = [zero for zero in zeros if isinstance(zero, Expr) and _may_be_zero(zero)]
        if not possible:
            return None
        unsettled = possible[0] if unsettled is None else unsettled
    return unsettled


def _may_be_zero(dim: Expr) -> bool:
    low, high = least(dim), greatest(dim)
    return (low is None or low <= 0) and (high is None or high >= 0)


def refusal(
    expects: str, inputs: Sequence[Shape], clashes: Sequence[Clash], remedy: Remedy | None = None
) -> LayerError:
    """Return the error for the first axis that never fits, else for the first that depends on a symbol."""
    clash = next((clash for clash in clashes if clash.unsettled is None), clashes[0])
    rank = len(inputs[0])
    alike = all(len(x) == rank for x in inputs)
    # Counted from the front where that is the same axis of every input.
    axis = clash.axis % rank if alike else clash.axis
    message = f"{expects}, receives {listed(map(show, inputs))}"
    sizes = listed(map(pretty, clash.sizes))
    if clash.unsettled is not None:
        return undecided(f"{message}, where axis {axis} is {sizes}", clash.unsettled)
    mended = remedy(rank, axis, clash.sizes) if alike and remedy else None
    return LayerError("SC315", f"{message}: axis {axis} is {sizes}", help=mended)


def align(rank: int, axis: int, _sizes: tuple[Dim, ...]) -> str | None:
    """Return what mends maps of different heights or widths; of three axes nobody knows whether one is space."""
    return "a `stride`, `padding` or `center_crop` differs between them" if rank >= 4 and axis >= 2 else None


def align_or_project(rank: int, axis: int, sizes: tuple[Dim, ...]) -> str | None:
    """Return what mends maps of different sizes or channels, and rows of different features."""
    if axis != 1 or rank == 3:
        return align(rank, axis, sizes)
    widths = [size for size in sizes if isinstance(size, int)]
    if len(widths) < len(sizes):
        return None
    project = f"linear: {max(widths)}" if rank == 2 else f"conv: {{out_channels: {max(widths)}, kernel_size: 1}}"
    return f"project one with `{project}`"


def listed(names: Iterable[str]) -> str:
    """Join names, the last by "and"; of very many, the first few."""
    named = list(names)
    if len(named) > MOST_NAMED:
        named = [*named[: MOST_NAMED - 1], f"{len(named) - MOST_NAMED + 1} more"]
    *others, last = named
    return f"{', '.join(others)} and {last}" if others else last
