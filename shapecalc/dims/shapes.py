"""Shapes: tuples of dims."""

from shapecalc.dims.expression import Dim, pretty

Shape = tuple[Dim, ...]


def show(shape: Shape) -> str:
    """Return a shape as people read it.

    >>> show((32, 6, 28, 28))
    '[32, 6, 28, 28]'
    """
    return f"[{', '.join(pretty(dim) for dim in shape)}]"
