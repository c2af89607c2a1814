"""What the functions of operators make steps with: values of operands, tensors of layers, usual moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.dims import show
from shapecalc.importers.graph import Stored, Value
from shapecalc.importers.torch_export.operands import MISSING, Complex, Derived, Empty, FileTensor, is_array
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.dims import Shape
    from shapecalc.importers.graph import Array, ImportedGraph
    from shapecalc.importers.torch_export.archive import Archive
    from shapecalc.importers.torch_export.program import Meta

MOST_LISTED = 64
"""The elements of a constant that are written into the text."""


class Steps:
    """The steps of a graph while it is made, with the tensors and the constants that already have steps."""

    def __init__(self, archive: Archive, graph: ImportedGraph) -> None:
        self.archive = archive
        self.graph = graph
        self.tensors: dict[tuple[str, str], Value] = {}
        self.constants: dict[Any, Value] = {}
        self.computed: dict[str, Array] = {}
        self.places: dict[str, tuple[str, str]] = {}
        """The folder and the name in the archive of each tensor of the file, by the name that it has in the graph."""
        self.loaded: dict[str, Array] = {}
        self.owned: dict[tuple[str, str], Shape] = {}
        """The tensors that steps have, each with the shape that they have it in."""
        self.meta: Meta | None = None
        """What the file states of the first output of the operator that is being read."""
        self.read_outputs: list[bool] = []
        self.contiguous = False
        """Whether the first tensor that the operator reads has its elements in their order in memory."""
        self.step = graph.step
        self.elements = 0

    def of_computation(self, derived: Derived) -> Value:
        """Return what an operator on parameters gives, as a value."""
        raise NotImplementedError

    def value(self, operand: Any) -> Value:
        """Return an operand as a value of the graph: of a tensor of the file, or of a constant, a step is made."""
        if isinstance(operand, Value):
            return operand
        if isinstance(operand, FileTensor):
            return self.tensor(operand.stored)
        if isinstance(operand, Derived):
            return self.of_computation(operand)
        if isinstance(operand, (Complex, Empty)):
            raise Unreadable("complex numbers" if isinstance(operand, Complex) else "a tensor without elements")
        if operand is MISSING or operand is None:
            raise Unreadable("a tensor that is missing")
        return self.constant(operand)

    def tensor(self, stored: Stored) -> Value:
        """Return the step of a tensor of the file."""
        if stored.key not in self.tensors:
            owned = self.own(stored)
            type_ = "parameter" if stored.trainable else "buffer"
            fields = {} if stored.trainable else {"dtype": stored.dtype}
            self.tensors[stored.key] = self.step(type_, shape=stored.shape, tensors={"": stored}, **fields)
            if owned:  # the layer that has it shares that of a step before it
                self.graph.nodes.insert(0, self.graph.nodes.pop())
        return self.tensors[stored.key]

    def constant(self, operand: Any, *, listed: int = MOST_LISTED) -> Value:
        """Return the step of a number or an array, whose elements are in the text if there are few."""
        import numpy as np  # noqa: PLC0415 - only values need it

        array = np.asarray(operand, np.float32 if isinstance(operand, float) else None)
        dtype = {"f": "float32", "i": "int64", "u": "int64", "b": "bool"}.get(array.dtype.kind)
        if dtype is None or 0 in array.shape:
            raise Unreadable("a constant of complex numbers" if dtype is None else "a constant without elements")
        array = array.astype(dtype)
        key = (array.shape, dtype, array.tobytes(), array.size <= listed)
        if key in self.constants:
            return self.constants[key]
        if array.size <= listed and not np.isnan(array).any():
            made = self.step("constant", values=array.tolist(), dtype=dtype)
        else:
            name = self.unused_name(f"constant_{len(self.computed)}")
            self.computed[name] = array.copy()
            stored = Stored(name, array.shape, dtype, trainable=False)
            made = self.step("constant", shape=array.shape, dtype=dtype, tensors={"": stored})
        self.constants[key] = made
        return made

    def unused_name(self, name: str) -> str:
        """Return a name that no tensor of the file and no constant has, this one if it is free."""
        while name in self.places or name in self.computed:
            name += "_"
        return name

    def weight(self, operand: Any) -> Stored:
        """Return a tensor that a layer has: a parameter, or one of the file or of constants whose step it shares."""
        if isinstance(operand, FileTensor):
            if not operand.stored.trainable:
                self.tensor(operand.stored)
            self.own(operand.stored)
            return operand.stored
        if is_array(operand):
            made = self.constant(operand, listed=0)
            assert not isinstance(made.node, str)
            return made.node.tensors[""]
        raise Unreadable("a weight that is computed")

    def own(self, stored: Stored) -> bool:
        """Return whether a step already has a tensor; raise `Unreadable` if it has it in another shape."""
        before = self.owned.get(stored.key)
        if before is not None and before != stored.shape:
            raise Unreadable(f"`{stored.name}` as {show(stored.shape)} next to {show(before)}")
        self.owned[stored.key] = stored.shape
        return before is not None

    def statistic(self, operand: Any) -> Stored:
        """Return a buffer that a layer has itself, as running statistics."""
        return operand.stored if isinstance(operand, FileTensor) else self.weight(operand)

    def array(self, operand: Any) -> Any:
        """Return an operand with its elements if it is a constant, else as it is."""
        if isinstance(operand, FileTensor) and not operand.stored.trainable:
            if operand.stored.name not in self.loaded:
                self.loaded[operand.stored.name] = self.archive.array(self.places[operand.stored.name])
            return self.loaded[operand.stored.name]
        return operand

    def number(self, operand: Any) -> float | None:
        """Return the number that an operand is, or that all elements of a constant are; None if there is none."""
        if isinstance(operand, (bool, int, float)):
            return operand
        operand = self.array(operand)
        if is_array(operand) and operand.size and operand.dtype.kind != "c" and (operand == operand.flat[0]).all():
            outcome: float = operand.flat[0].item()
            return outcome
        return None

    def is_read(self, position: int) -> bool:
        """Return whether an output of the operator that is being read is read by others."""
        return self.read_outputs[position] if position < len(self.read_outputs) else True

    def charge(self, shape: Shape, most: int, most_of_all: int) -> None:
        """Add the elements of a constant that will be computed; raise `Unreadable` if there are too many."""
        count = 1
        for size in shape:
            count *= int(size)  # type: ignore[arg-type]
        self.elements += count
        if count > most or self.elements > most_of_all:
            raise Unreadable(f"a constant of {count} elements that would have to be computed")

    def reshape(self, x: Value, shape: Sequence[Any]) -> Value:
        """Return a value in another shape."""
        shape = tuple(shape)
        return x if x.shape == shape else self.step("reshape", x, shape=shape)

    def expand(self, x: Value, shape: Sequence[Any]) -> Value:
        """Return a value that is repeated up to a shape, −1 where an axis stays as it is."""
        old = (None,) * (len(shape) - x.rank) + x.shape
        sizes = [-1 if size in (before, -1) else size for before, size in zip(old, shape, strict=True)]
        return x if len(shape) == x.rank and set(sizes) <= {-1} else self.step("expand", x, size=sizes)

    def numeric(self, x: Value) -> Value:
        """Return a value as numbers if it is flags."""
        return self.step("cast", x, dtype="int64") if x.dtype == "bool" else x

    def floating(self, x: Value) -> Value:
        """Return a value as float32."""
        return x if x.dtype == "float32" else self.step("cast", x, dtype="float32")
