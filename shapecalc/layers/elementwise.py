"""The base classes of functions of each element separately, which keep the shape of their input."""

from dataclasses import dataclass
from typing import ClassVar

from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.base import Layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.intervals import RealInterval
from shapecalc.layers.saved import Saved, Storage, saved_input, saved_output

INTEGERS_TOO = "float32|int64"
"""The dtypes that functions read which give integers for integers."""


@dataclass(frozen=True, slots=True)
class Elementwise(Layer):
    """A function of each element separately, with `cost` scalar operations per element.

    A function without fields inherits the dataclass and needs no decorator.
    """

    cost: ClassVar[int]
    codomain: ClassVar[RealInterval]
    """The range, if it depends on no field."""
    keeps_axes = True
    is_activation = True
    reads_output: ClassVar[bool] = False
    """Whether its gradient is computed from its output, not from its input."""

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        return x

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return `cost` operations per element."""
        return self.cost * product(x)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the output, or the input."""
        return (saved_output(y) if self.reads_output else saved_input((x,)),)

    @property
    def value_range(self) -> RealInterval | None:
        """The values that it takes for all real numbers."""
        return self.codomain

    @property
    def storage(self) -> Storage:
        """The output has the input's memory layout."""
        return Storage.LIKE


class Function(Elementwise):
    """Base class of functions of each element that are no activation."""

    __slots__ = ()
    is_activation = False
    value_range = Layer.value_range
    reads_nothing: ClassVar[bool] = False
    """Whether its gradient is computed without its input and output."""

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the output, the input, or nothing."""
        return () if self.reads_nothing else super().saved(x, y)
