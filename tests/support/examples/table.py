"""The form of an example: a layer on its inputs, and why it is there.

An axis is a symbol where the layer lets it be one, so that a row stands for its closed form and for a run at every
point. Axes are pairwise different at each point: what mixes two of them up cannot come out right by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.dims import symbol
from shapecalc.layers import layer_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.dims import Shape
    from shapecalc.layers import Layer

    Axes = tuple[str | int, ...]
    Numbers = np.ndarray[Any, np.dtype[Any]]

# N samples, C channels, D, H and W of space, L cells of a row or steps, F features: primes, different within a point.
POINTS = (
    {"N": 2, "C": 3, "D": 5, "H": 7, "W": 11, "L": 13, "F": 19},
    {"N": 5, "C": 7, "D": 11, "H": 13, "W": 17, "L": 23, "F": 29},
)

VECTOR, TABLE, TOKENS = ("F",), ("N", "F"), ("N", "L", "F")
ROW, MAP, BLOCK = ("N", "C", "L"), ("N", "C", "H", "W"), ("N", "C", "D", "H", "W")


@dataclass(frozen=True)
class Example:
    """A layer on one input or several, and why it is in the table."""

    type: str
    reason: str
    inputs: tuple[Axes, ...]
    fields: Mapping[str, Any]

    def layer(self) -> Layer:
        cls = layer_type(self.type)
        assert cls is not None
        return cls(**self.fields)

    def closed(self) -> tuple[Shape, ...]:
        """The inputs' shapes with their symbols free."""
        return tuple(tuple(symbol(dim) if isinstance(dim, str) else dim for dim in axes) for axes in self.inputs)

    def at(self, point: Mapping[str, int]) -> tuple[tuple[int, ...], ...]:
        """The inputs' shapes at a point."""
        return tuple(tuple(point[dim] if isinstance(dim, str) else dim for dim in axes) for axes in self.inputs)

    def values(self, point: Mapping[str, int], dtype: Any = np.float32) -> dict[str, Numbers]:
        """Numbers in those shapes: whole ones below its bound where the layer looks them up."""
        random = np.random.default_rng(11)
        layer, shapes = self.layer(), self.at(point)
        if layer.reads == "int64":
            return {f"x{place}": random.integers(0, layer.index_range, shape) for place, shape in enumerate(shapes)}
        return {f"x{place}": random.standard_normal(shape).astype(dtype) for place, shape in enumerate(shapes)}


def example(word: str, reason: str, x: Axes, *further: Axes, **fields: Any) -> Example:
    return Example(word, reason, (x, *further), fields)
