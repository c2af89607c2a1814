"""Axes of an input as fields name them: one, several or all, counted from either end; spatial axes."""

from typing import Any

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Shape, show


def spatial_rank(x: Shape, *, most: int = 3) -> int:
    """Return the number of spatial axes of `[N, C, *spatial]`; raise `LayerError` SC305 for none or too many."""
    rank = len(x) - 2
    if not 1 <= rank <= most:
        raise LayerError(
            "SC305",
            expects=f"[N, C, *spatial] with 1 to {most} spatial axes",
            receives=show(x),
            label=f"receives rank {len(x)}",
        )
    return rank


def per_axis(value: Any, rank: int, field: str) -> tuple[Any, ...]:
    """Return one value per spatial axis; raise `LayerError` SC204 if a list has another length.

    >>> per_axis(3, 2, "kernel_size"), per_axis((3, 5), 2, "kernel_size")
    ((3, 3), (3, 5))
    """
    if not isinstance(value, tuple):
        return (value,) * rank
    if len(value) != rank:
        axes = "1 axis" if rank == 1 else f"{rank} axes"
        raise LayerError(
            "SC204", expects=f"one entry per spatial axis ({axes})", receives=len(value), preposition="in", field=field
        )
    return value


def axis_index(dim: int, rank: int, field: str, x: Shape, index: tuple[int, ...] = ()) -> int:
    """Return `dim` counted from the front; raise `LayerError` SC310 if the input has no such axis."""
    if not -rank <= dim < rank:
        raise LayerError(
            "SC310",
            expects=f"an axis from {-rank} to {rank - 1}",
            receives=f"{dim} for {show(x)}",
            preposition="as",
            field=field,
            index=index,
        )
    return dim % rank


def axis_indices(dim: int | tuple[int, ...] | None, field: str, x: Shape) -> tuple[int, ...]:
    """Return one axis, several or, for None, all of an input, counted from the front.

    Raises `LayerError` SC310 if the input has no such axis, SC205 for one that is named twice.
    """
    if dim is None:
        return tuple(range(len(x)))
    axes: list[int] = []
    for entry, each in enumerate(dim if isinstance(dim, tuple) else (dim,)):
        index = (entry,) if isinstance(dim, tuple) else ()
        axis = axis_index(each, len(x), field, x, index)
        if axis in axes:
            expects, receives = f"each axis of {show(x)} at most once", f"axis {axis} again"
            raise LayerError("SC205", expects=expects, receives=receives, preposition="in", field=field, index=index)
        axes.append(axis)
    return tuple(axes)
