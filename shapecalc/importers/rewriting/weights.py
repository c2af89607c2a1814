"""Tensors of the file as weights of layers: vectors along an axis, and matrices with their axes swapped."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.dims import Shape
    from shapecalc.importers.graph import Array, Stored, Value
    from shapecalc.importers.rewriting.rewriter import Rewriter

TRANSPOSED = "transposed"
VIEWS = ("reshape", "unsqueeze", "squeeze", "flatten")


def trained(at: Rewriter, value: Value) -> Stored | None:
    """Return the trained tensor that a value is, also in another shape; None if other steps have the tensor too.

    Its elements are those of the value in the same order.
    """
    while not isinstance(value.node, str) and value.node.type in VIEWS and len(value.node.reads) == 1:
        value = value.node.reads[0]
    node = value.node
    if isinstance(node, str) or node.type != "parameter" or not at.has_one_owner(node.tensors[""]):
        return None
    return node.tensors[""] if len(at.users.get(value.key, ())) == 1 and not at.is_output(value) else None


def along_axes(stored: Stored, seen: Shape, to: Value, axes: Sequence[int]) -> Stored | None:
    """Return a tensor in the shape of some axes of a value; `seen` is the shape in which it broadcasts.

    None if it is not as long along them, or has elements along others.
    """
    if len(seen) > to.rank:
        return None
    padded = (1,) * (to.rank - len(seen)) + tuple(seen)
    shape = tuple(to.shape[axis] for axis in axes)
    if tuple(padded[axis] for axis in axes) != shape:
        return None
    if any(padded[axis] != 1 for axis in range(to.rank) if axis not in axes):
        return None
    return reshaped(stored, shape)


def reshaped(stored: Stored, shape: Shape) -> Stored:
    """Return a tensor with its elements in another shape.

    >>> from shapecalc.importers.graph import Stored
    >>> reshaped(Stored("gamma", (1, 8, 1, 1)), (8,)).shape
    (8,)
    """
    if stored.shape == shape:
        return stored
    return _converted(stored, shape, stored.how, lambda array: array.reshape(shape))


def transposed(stored: Stored) -> Stored:
    """Return a matrix with its axes swapped.

    >>> from shapecalc.importers.graph import Stored
    >>> transposed(Stored("weight", (3, 5)))[1:5]
    ((5, 3), 'float32', True, 'transposed')
    >>> transposed(transposed(Stored("weight", (3, 5)))).how
    ''
    """
    words = stored.how.split(" ") if stored.how else []
    words = words[:-1] if words[-1:] == [TRANSPOSED] else [*words, TRANSPOSED]
    return _converted(stored, stored.shape[::-1], " ".join(words), lambda array: array.T)


def _converted(stored: Stored, shape: Shape, how: str, then: Callable[[Array], Any]) -> Stored:
    first = stored.convert
    both: Callable[[Array], Any] = then if first is None else lambda array: then(first(array))
    return stored._replace(shape=shape, how=how, convert=both)


def count(shape: Shape) -> int | None:
    """Return the number of elements, None if a size is a symbol."""
    return prod(size for size in shape if isinstance(size, int)) if all(isinstance(s, int) for s in shape) else None
