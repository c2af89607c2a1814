"""A tensor of Keras as a value of ours, whose axes may be in another order, and steps that change the order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.dims import Dim, Shape
    from shapecalc.importers.graph import ImportedGraph, Value

MAP_RANKS = (3, 4, 5)
"""Batch, channels, and one to three spatial axes."""


class KerasValue(NamedTuple):
    """A value, and for each of its axes which axis of Keras it is; `masked` if Keras knows positions to leave out.

    >>> from shapecalc.importers.graph import Value
    >>> image = KerasValue(Value("x", "", (1, 3, 32, 48), "float32"), channels_first(4))
    >>> image.shape, image.at(-1)
    ((1, 32, 48, 3), 1)
    """

    value: Value
    order: tuple[int, ...]
    masked: bool = False

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.order)

    @property
    def shape(self) -> Shape:
        """The shape in Keras."""
        return tuple(self.value.shape[self.order.index(axis)] for axis in range(self.rank))

    @property
    def in_order(self) -> bool:
        """Whether the axes are in the order of Keras."""
        return self.order == tuple(range(self.rank))

    def at(self, axis: int) -> int:
        """Return our axis of an axis of Keras, which is in range."""
        return self.order.index(axis % self.rank)

    def size(self, axis: int) -> Dim:
        """Return the size of an axis of Keras."""
        return self.value.shape[self.at(axis)]


def in_order(value: Value, *, masked: bool = False) -> KerasValue:
    """Return a value whose axes are in the order of Keras."""
    return KerasValue(value, tuple(range(value.rank)), masked)


def channels_first(rank: int, axis: int = -1) -> tuple[int, ...]:
    """Return the order with an axis of Keras after the batch.

    >>> channels_first(4), channels_first(4, 2)
    ((0, 3, 1, 2), (0, 2, 1, 3))
    """
    at = axis % rank
    return (0, at, *(other for other in range(1, rank) if other != at)) if at else tuple(range(rank))


@dataclass(slots=True)
class Orders:
    """Steps that permute axes: each value is permuted once, and back to a value that is there already."""

    graph: ImportedGraph
    made: dict[tuple[tuple[int | str, str], tuple[int, ...]], Value] = field(default_factory=dict)

    def arranged(self, tensor: KerasValue, order: Sequence[int]) -> KerasValue:
        """Return a tensor with its axes in an order."""
        order = tuple(order)
        if tensor.order == order:
            return tensor
        key = tensor.value.key
        permuted = self.made.get((key, order))
        if permuted is None:
            dims = tuple(tensor.order.index(axis) for axis in order)
            permuted = self.graph.step("permute", tensor.value, dims=dims)
            self.made[key, order] = permuted
            self.made[permuted.key, tensor.order] = tensor.value
        return tensor._replace(value=permuted, order=order)

    def in_order(self, tensor: KerasValue) -> KerasValue:
        """Return a tensor with the axes in the order of Keras."""
        return self.arranged(tensor, range(tensor.rank))
