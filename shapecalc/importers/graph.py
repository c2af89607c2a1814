"""A network while it is imported: steps of our layer types, whose shapes our own rules give.

A reader calls `ImportedGraph.step` for each operator of a file, with the values that it reads. Nothing here knows a
format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import show
from shapecalc.importers.unreadable import Unreadable
from shapecalc.layers import layer_type
from shapecalc.layers.base import fields_of
from shapecalc.layers.constraints import Constraints
from shapecalc.layers.fields import Several

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from shapecalc.dims import Shape
    from shapecalc.layers import Layer

    Array = NDArray[np.generic]


class Stored(NamedTuple):
    """A tensor of the file: its name there, and its shape as our layer has it.

    `convert` makes ours of the file's, such as a transposed matrix; `how` distinguishes conversions of one tensor. Two
    uses are of the same tensor if `name` and `how` are equal.

    >>> Stored("fc.weight", (10, 4)).key
    ('fc.weight', '')
    """

    name: str
    shape: Shape
    dtype: str = "float32"
    trainable: bool = True
    how: str = ""
    convert: Callable[[Array], Array] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What is equal for two uses of the same tensor."""
        return self.name, self.how


class Place(NamedTuple):
    """Where an operator is in the file: the path of its module, and its name or source line for messages.

    `kind` is the class of the module, `torch.nn.modules.conv.Conv2d`; `scopes` has the path and the class of each
    module around it, outermost first.

    >>> Place("layer1.0.conv1", "resnet.py:92").said
    'layer1.0.conv1, resnet.py:92'
    """

    path: str = ""
    line: str = ""
    kind: str = ""
    scopes: tuple[tuple[str, str], ...] = ()

    @property
    def said(self) -> str:
        """The place in words, empty if nothing is known of it."""
        return ", ".join(part for part in (self.path, self.line) if part)


NOWHERE = Place()
LARGEST = 2**31 - 1
"""The greatest size of an axis."""


@dataclass(eq=False, slots=True)
class ImportedStep:
    """One step: its type, the fields that are given, the values that it reads, and the file's tensors that it has."""

    type: str
    fields: dict[str, Any]
    reads: tuple[Value, ...]
    layer: Layer
    place: Place = NOWHERE
    tensors: dict[str, Stored] = field(default_factory=dict)
    """Its parameters, buffers and constants by our names of them."""
    outputs: dict[str, Shape] = field(default_factory=dict)
    """The shape of each output by name, the first one first."""
    comment: str = ""
    """What is written behind the step: the pattern that was recognised."""

    def takes_one(self, field: str) -> bool:
        """Return whether the first entry of a list represents the list, such as one size for all axes."""
        kind = fields_of(type(self.layer))[field].kind
        if not isinstance(kind, Several) or not kind.single:
            return False
        if field == "normalized_shape" and len(self.fields[field]) > 1:
            return False  # one size is that of the last axis alone
        try:
            layer = type(self.layer)(**{**self.fields, field: self.fields[field][0]})
            return self.outputs == layer.outputs(*(read.shape for read in self.reads), constraints=Constraints([]))
        except LayerError:
            return False

    def value(self, output: str = "") -> Value:
        """Return an output, by default the first."""
        name = output or next(iter(self.outputs))
        arriving = tuple(read.dtype for read in self.reads)
        first = name == next(iter(self.outputs))
        return Value(self, "" if first else name, self.outputs[name], self.layer.output_dtype(name, arriving))


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor that steps read: an output of a node, or an input of the network, whose name `node` is then."""

    node: ImportedStep | str
    output: str
    shape: Shape
    dtype: str

    @property
    def key(self) -> tuple[int | str, str]:
        """What is equal for two values that are the same tensor."""
        return self.node if isinstance(self.node, str) else id(self.node), self.output

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def other(self, output: str) -> Value:
        """Return another output of the same node."""
        assert isinstance(self.node, ImportedStep)
        return self.node.value(output)


@dataclass(slots=True)
class ImportedGraph:
    """The steps in an order in which they can be computed, the inputs and the outputs.

    `sizes` and `where` are the usual values of symbols and the conditions on them, as the architecture file has them.
    """

    name: str
    source: str
    inputs: dict[str, Value] = field(default_factory=dict)
    nodes: list[ImportedStep] = field(default_factory=list)
    outputs: dict[str, Value] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    where: list[str] = field(default_factory=list)
    place: Place = NOWHERE
    """That of the operator which is being read: the steps that it becomes have it."""
    stated: dict[tuple[int | str, str], Shape] = field(default_factory=dict)
    """The shapes that the file states, by `Value.key`: witnesses, to be compared with ours."""
    params_as: str = "pytorch"
    """The convention by which the tool that wrote the file counts parameters, one of `PARAMS_AS`."""
    axes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """The inputs and outputs, by name, whose axes are in another order than in the file: its axis of each of ours."""
    _tensors: dict[tuple[str, str], ImportedStep] = field(default_factory=dict)
    """The steps that are tensors, by `Stored.key`."""

    def input(self, name: str, shape: Shape, dtype: str = "float32") -> Value:
        """Add an input of the network; raise `Unreadable` if an input cannot have one of the sizes."""
        if not all(not isinstance(size, int) or 1 <= size <= LARGEST for size in shape):
            raise Unreadable(f"an input `{name[:80]}` with a size that is not from 1 to {LARGEST}")
        value = Value(name, "", tuple(shape), dtype)
        self.inputs[name] = value
        return value

    def step(
        self, type_: str, *reads: Value, tensors: Mapping[str, Stored] | None = None, comment: str = "", **fields: Any
    ) -> Value:
        """Add a step and return its first output; the fields are those of our layer, lists or tuples for several.

        A field may be None if its default is. Raises `Unreadable` if our rule refuses the inputs or the fields.
        """
        fields = {name: _frozen(value) for name, value in fields.items() if value is not None}
        cls = layer_type(type_)
        assert cls is not None, type_
        try:
            layer = cls(**fields)
            shapes = [read.shape for read in reads]
            outputs = layer.outputs(*shapes, constraints=Constraints([]))
            layer.output_dtype(next(iter(outputs)), tuple(read.dtype for read in reads))
            expected = layer.tensors(*shapes)
        except LayerError as error:
            raise Unreadable(f"`{type_}`: {error.message}", self.place.said) from None
        for name, tensor in (tensors or {}).items():
            if expected.get(name) != tensor.shape:
                wanted = show(expected[name]) if name in expected else "no such tensor"
                message = f"`{type_}` has {wanted} as `{name}`, the file {show(tensor.shape)} of `{tensor.name}`"
                raise Unreadable(message, self.place.said)
        node = ImportedStep(type_, fields, reads, layer, self.place, dict(tensors or {}), outputs, comment)
        self.nodes.append(node)
        return node.value()

    def opaque(self, operator: str, reads: Sequence[Value], outputs: Sequence[tuple[Shape, str]]) -> list[Value]:
        """Add an operator that has no layer, by the shapes and dtypes of its outputs that the file states."""
        return [self.step("opaque", *reads, operator=operator, shape=shape, dtype=dtype) for shape, dtype in outputs]

    def tensor(self, stored: Stored) -> Value:
        """Add a tensor of the file as a step, a `parameter`, or a `buffer` if it is not trained."""
        if stored.key not in self._tensors:
            type_ = "parameter" if stored.trainable else "buffer"
            dtype = None if stored.trainable else stored.dtype
            self.step(type_, shape=stored.shape, dtype=dtype, tensors={"": stored})
            self._tensors[stored.key] = self.nodes[-1]
        return self._tensors[stored.key].value()

    def drop_unread_opaque(self) -> None:
        """Remove the outputs of operators without a layer that nothing reads, if another output stays."""
        read = {value.key for node in self.nodes for value in node.reads}
        read |= {value.key for value in self.outputs.values()}
        groups: dict[tuple[object, ...], list[ImportedStep]] = {}
        for node in self.nodes:
            if node.type == "opaque":
                reads = tuple(value.key for value in node.reads)
                groups.setdefault((node.fields["operator"], node.place, reads), []).append(node)
        dropped: set[int] = set()
        for outputs in groups.values():
            unread = [node for node in outputs if node.value().key not in read]
            dropped |= {id(node) for node in unread[len(unread) == len(outputs) :]}
        if dropped:
            self.nodes[:] = [node for node in self.nodes if id(node) not in dropped]

    def output(self, name: str, value: Value) -> None:
        """Name a value as an output of the network."""
        self.outputs[name] = value


def _frozen(value: Any) -> Any:
    """Return a field's value with tuples in place of lists, as layers have them."""
    return tuple(_frozen(entry) for entry in value) if isinstance(value, (list, tuple)) else value
