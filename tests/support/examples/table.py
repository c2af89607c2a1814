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
    dtypes: tuple[str, ...] = ()
    """The dtypes of the inputs; the first that the layer reads, or float32 of any, where this says nothing."""
    below: int | None = None
    """The bound of integers that no table of the layer has, by default 2."""
    positive: bool = False
    """Whether floats are from 0.1 to 2.1: a function of positive numbers."""

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
        bound = self.layer().index_range or self.below or 2
        arrays = {}
        for place, (shape, kind) in enumerate(zip(self.at(point), self.dtypes_read, strict=True)):
            if kind == "float32":
                drawn = random.uniform(0.1, 2.1, shape) if self.positive else random.standard_normal(shape)
                arrays[f"x{place}"] = drawn.astype(dtype)
            else:
                arrays[f"x{place}"] = random.integers(0, 2 if kind == "bool" else bound, shape).astype(kind)
        return arrays

    @property
    def gives_floats(self) -> bool:
        """Whether one of its outputs has floats, so that there is a gradient."""
        layer = self.layer()
        return any(
            layer.output_dtype(name, self.dtypes_read) == "float32" for name in layer.outputs(*self.at(POINTS[0]))
        )

    @property
    def dtypes_read(self) -> tuple[str, ...]:
        """The dtype of each input."""
        layer, told = self.layer(), dict(enumerate(self.dtypes))
        first = [layer.dtypes_read(place, len(self.inputs)).partition("|")[0] for place in range(len(self.inputs))]
        return tuple(told.get(place, "float32" if kind == "any" else kind) for place, kind in enumerate(first))


def example(word: str, reason: str, x: Axes, *further: Axes, **fields: Any) -> Example:
    """The example of a layer on floats, or what else it reads; for more, `Example` itself."""
    return Example(word, reason, (x, *further), fields)
