"""A node of an ONNX graph with its inputs, as the functions of operators read it, and the registry of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from shapecalc.dims import Expr, least
from shapecalc.importers.graph import Value
from shapecalc.importers.onnx.tensors import Weight, plain
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shapecalc.dims import Dim, Shape
    from shapecalc.importers.graph import Stored
    from shapecalc.importers.onnx.session import ReadingSession
    from shapecalc.importers.onnx.tensors import Array

Entry: TypeAlias = "Value | Weight | Array"
"""What a name of the file is: a value of the network, a tensor of the file, or numbers that are known while reading."""
Operator: TypeAlias = "Callable[..., Entry | Sequence[Entry | None]]"

MOST_NUMBERS = 1 << 22
"""The most numbers that an operator makes while reading, such as those of a mask."""

OPERATORS: dict[str, Operator] = {}
"""The function of each operator: it makes steps, and returns the first output, or all in order."""


def operator(*names: str) -> Callable[[Operator], Operator]:
    """Register a function as that of operators; its keyword parameters are their attributes with the defaults."""

    def register(function: Operator) -> Operator:
        for name in names:
            OPERATORS[name] = function
        return function

    return register


class NotConstantError(Unreadable):
    """Raised if an input of an operator must be numbers of the file, and is computed; `input` is its name."""

    def __init__(self, operator_: str, what: str, input_: str) -> None:
        message = f"`{operator_}` reads `{input_}`, which is computed, as its {what}: expects numbers of the file"
        super().__init__(message)
        self.input = input_


class OnnxNode:
    """A node: its operator and version, and what its inputs are, None for one that is left out."""

    def __init__(
        self,
        reader: ReadingSession,
        op: str,
        names: Sequence[str],
        entries: Sequence[Entry | None],
        outputs: Sequence[str],
    ) -> None:
        self.reader = reader
        self.graph = reader.graph
        self.op = op
        self.version: int = reader.opset
        self.names = names
        self.entries = entries
        self.outputs = outputs

    def has(self, place: int) -> bool:
        """Return whether the node has the input."""
        return place < len(self.entries) and self.entries[place] is not None

    def entry(self, place: int = 0) -> Entry:
        """Return what an input is."""
        entry = self.entries[place] if place < len(self.entries) else None
        if entry is None:
            raise Unreadable(f"`{self.op}` has no input {place}, which it requires")
        return entry

    def shape(self, place: int = 0) -> Shape:
        """Return the shape of an input."""
        return tuple(self.entry(place).shape)

    def rank(self, place: int = 0) -> int:
        """Return the number of axes of an input."""
        return len(self.shape(place))

    def dtype(self, place: int = 0) -> str:
        """Return our dtype of an input."""
        entry = self.entry(place)
        if isinstance(entry, np.ndarray):
            return {"b": "bool", "i": "int64", "O": "int64"}.get(entry.dtype.kind, "float32")
        return entry.dtype

    def axis(self, axis: int, place: int = 0) -> int:
        """Return an axis of an input, counted from 0."""
        rank = self.rank(place)
        if not -rank <= axis < max(rank, 1):
            raise Unreadable(f"`{self.op}` has the axis {axis} of an input with {rank} axes")
        return axis % max(rank, 1)

    def read(self, place: int = 0) -> Value:
        """Return an input as a value: a tensor of the file becomes a step."""
        return self.reader.value(self.entry(place), self.names[place])

    def every(self) -> list[Value]:
        """Return all inputs as values."""
        return [self.read(place) for place in range(len(self.entries)) if self.has(place)]

    def weight(self, place: int, what: str = "weight") -> Weight:
        """Return an input that must be a tensor of the file."""
        entry = self.entry(place)
        if isinstance(entry, Value):
            raise NotConstantError(self.op, what, self.names[place])
        if isinstance(entry, Weight):
            return entry
        name, array = self.names[place], self.reader.numbers(entry)
        return Weight(name, array.shape, self.dtype(place), lambda: array)

    def known(self, place: int, what: str = "size") -> Array:
        """Return an input that must be numbers, integers or expressions over symbols."""
        array: Array | None = self.reader.known(self.entry(place))
        if array is None:
            raise NotConstantError(self.op, what, self.names[place])
        return array

    def dims(self, place: int, what: str = "size") -> list[Dim]:
        """Return an input of integers or expressions over symbols as a list."""
        return [each if isinstance(each, Expr) else int(each) for each in self.known(place, what).ravel().tolist()]

    def integers(self, place: int, what: str = "size") -> list[int]:
        """Return an input of integers, such as axes, as a list."""
        dims = self.dims(place, what)
        if not all(isinstance(dim, int) for dim in dims):
            raise Unreadable(f"`{self.op}` has a {what} that depends on symbols")
        return [dim for dim in dims if isinstance(dim, int)]

    def number(self, place: int, what: str = "number") -> Any:
        """Return an input of one number as Python's."""
        array = self.known(place, what)
        if array.size != 1:
            raise Unreadable(f"`{self.op}` has {array.size} numbers as its {what}, expects one")
        return python_number(array.ravel()[0])

    def step(self, type_: str, *reads: Value, tensors: Mapping[str, Stored] | None = None, **fields: Any) -> Value:
        """Add a step; by default it reads the first input."""
        return self.graph.step(type_, *(reads or (self.read(),)), tensors=tensors, **fields)

    def chain(self, first: Value, *steps: Any) -> Value:
        """Add steps that read one another, each a type or a pair of type and fields, and return the last."""
        for step in steps:
            type_, fields = step if isinstance(step, tuple) else (step, {})
            first = self.graph.step(type_, first, **fields)
        return first

    def numbers(self, array: Any) -> Value:
        """Return numbers that the operator gives as a step."""
        return self.reader.value(plain(array), "")

    def cast(self, value: Value, dtype: str) -> Value:
        """Return a value in another dtype."""
        return value if value.dtype == dtype else self.graph.step("cast", value, dtype=dtype)

    def permuted(self, value: Value, dims: Sequence[int]) -> Value:
        """Return a value with permuted axes."""
        return value if list(dims) == list(range(value.rank)) else self.graph.step("permute", value, dims=list(dims))

    def reshaped(self, value: Value, shape: Sequence[Dim]) -> Value:
        """Return a value with another shape."""
        return value if tuple(shape) == value.shape else self.graph.step("reshape", value, shape=list(shape))

    def bounded(self, count: int) -> None:
        """Raise `Unreadable` if an operator would need more numbers while reading than are allowed."""
        if count > MOST_NUMBERS:
            raise Unreadable(f"`{self.op}` needs {count:,} numbers while reading, at most {MOST_NUMBERS:,} are made")

    def ints(self, shape: Sequence[Dim], what: str = "shape") -> list[int]:
        """Return sizes that must not depend on symbols."""
        if any(isinstance(dim, Expr) for dim in shape):
            raise Unreadable(f"`{self.op}` is read only if its {what} does not depend on symbols")
        return [dim for dim in shape if isinstance(dim, int)]


def python_number(value: Any) -> Any:
    """Return a number of NumPy as Python's, a float by its shortest digits.

    >>> python_number(np.float32(0.1)), python_number(np.int64(3))
    (0.1, 3)
    """
    if isinstance(value, np.floating):
        return float(str(value))
    return value.item() if isinstance(value, np.generic) else value


def refuse_empty(op: str, shape: Sequence[Dim]) -> None:
    """Raise `Unreadable` for an axis of size 0, which our format does not have."""
    if any(isinstance(dim, int) and dim == 0 for dim in shape):
        raise Unreadable(f"`{op}` has an axis of size 0")


def is_at_least(dim: Dim, bound: int) -> bool:
    """Return whether a dim is at least a bound at every size."""
    low = least(dim)
    return low is not None and low >= bound
