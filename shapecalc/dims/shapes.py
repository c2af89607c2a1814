"""Shapes: tuples of dims."""

from typing import overload

from shapecalc.dims.expression import Dim, pretty

Shape = tuple[Dim, ...]


def show(shape: Shape) -> str:
    """Return a shape as text, its dims in typographic form.

    >>> show((32, 6, 28, 28))
    '[32, 6, 28, 28]'
    """
    return f"[{', '.join(pretty(dim) for dim in shape)}]"


@overload
def as_json(dim: Dim) -> int | str: ...
@overload
def as_json(dim: Dim | None) -> int | str | None: ...
def as_json(dim: Dim | None) -> int | str | None:
    """Return a dim or a count as a JSON value: an int, else the expression as a string; None stays None.

    >>> from shapecalc.dims import symbol
    >>> [as_json(dim) for dim in (32, 2 * symbol("N"), None)]
    [32, '2*N', None]
    """
    return dim if dim is None or isinstance(dim, int) else str(dim)
