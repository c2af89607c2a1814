"""Tensors while a program is read, next to the values of the graph and NumPy's arrays of constants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.importers.graph import Stored, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.dims import Shape
    from shapecalc.importers.graph import Place
    from shapecalc.importers.torch_export.program import Operator


class FileTensor(NamedTuple):
    """A tensor of the file as it is there: a parameter, a buffer or a constant."""

    stored: Stored

    @property
    def shape(self) -> Shape:
        """Its shape."""
        return self.stored.shape


@dataclass(eq=False, slots=True)
class Computation:
    """An operator on parameters alone, which becomes steps when its result is read as a value."""

    operator: Operator
    arguments: Mapping[str, Any]
    place: Place
    values: list[Value] = field(default_factory=list)


class Derived(NamedTuple):
    """An output of a computation of parameters."""

    computation: Computation
    position: int
    shape: Shape

    @property
    def operator(self) -> str:
        """The name of the operator, `aten.t`."""
        return self.computation.operator.name

    def __getitem__(self, name: Any) -> Any:
        """Return an argument of the operator by name."""
        return self.computation.arguments.get(name)


class Complex(NamedTuple):
    """Complex numbers: their real and imaginary parts."""

    real: Value
    imaginary: Value

    @property
    def shape(self) -> Shape:
        """The shape of the parts."""
        return self.real.shape


class Empty(NamedTuple):
    """A tensor without elements, which only a concatenation can read."""

    shape: Shape


class DType(NamedTuple):
    """A dtype that is an argument of an operator: its code."""

    code: int


class MissingTensor:
    """The result of an operator that could not be read."""

    shape = ()


MISSING = MissingTensor()


def leaves(value: Any) -> Iterator[Any]:
    """Return the arguments that are not lists, of one or of a list."""
    if type(value) is list:
        for each in value:
            yield from leaves(each)
    else:
        yield value


def is_array(value: Any) -> bool:
    """Return whether a value is an array, without importing NumPy."""
    return hasattr(value, "__array_interface__")


def is_tensor(value: Any) -> bool:
    """Return whether an argument is a tensor of any kind."""
    return isinstance(value, (Value, FileTensor, Derived, Complex, Empty, MissingTensor)) or is_array(value)
