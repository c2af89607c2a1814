"""The nodes of an ONNX model in their order → steps of a graph."""

from __future__ import annotations

import inspect
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import AttributeProto

from shapecalc.dims import Expr
from shapecalc.importers.graph import ImportedGraph, Stored, Value
from shapecalc.importers.imported import ImportReading
from shapecalc.importers.onnx import families, refusals
from shapecalc.importers.onnx.checks import check_node
from shapecalc.importers.onnx.node import OPERATORS, OnnxNode
from shapecalc.importers.onnx.parameters import roles_of
from shapecalc.importers.onnx.places import place_of
from shapecalc.importers.onnx.shape_computations import NotFoldedError, fold
from shapecalc.importers.onnx.stated_shapes import StatedShapes
from shapecalc.importers.onnx.symbols import Symbols
from shapecalc.importers.onnx.tensors import Weight, dtype_of, plain, weight_in_file, weight_of
from shapecalc.importers.unreadable import Problems, Unreadable, refuse_container
from shapecalc.parser.names import is_name, likely_step_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shapecalc.importers.onnx.model import OnnxModel
    from shapecalc.importers.onnx.node import Entry
    from shapecalc.importers.onnx.tensors import Array

assert families.__name__  # its modules register the operators

MOST_LISTED = 64
"""The most numbers of a constant that are listed in the text."""
MOST_KNOWN = 1 << 20
"""The most elements of a tensor that is computed with while reading."""
DEEPEST = 50
"""The greatest depth of graphs in nodes, such as the branches of `If`."""
DOMAINS = ("", "ai.onnx", "ai.onnx.preview")


MISFITS = (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError)
"""What Python raises for an attribute that is not a list, an axis that is not there, a word that is not known."""


class Missing:
    """A value that an operator which cannot be read would compute."""


MISSING = Missing()


def read_model(model: OnnxModel, *, partial: bool = False) -> ImportReading:
    """Return the graph of a model, and the operators that cannot be read."""
    reader = GraphReader(model)
    reader.read(model.proto.graph)
    del partial
    return ImportReading(reader.graph, reader.problems, reader.arrays)


class GraphReader:
    """A graph while it is read: what each name is, how often it is read, and what has become a step already."""

    def __init__(self, model: OnnxModel) -> None:
        self.path = Path(model.path)
        self.folder = self.path.parent
        self.spans = model.spans
        self.is_converted = model.is_converted
        self.graph = ImportedGraph(model.name, model.source)
        self.opset = model.opset
        self.problems = Problems()
        self.symbols = Symbols()
        self.values: dict[str, Entry | Missing] = {}
        self.roles = roles_of(model.proto.graph)
        self.users: Counter[str] = Counter()
        self.readers: dict[str, Any] = {}
        self.done: set[int] = set()
        self.aliases: dict[str, str] = {}
        self.steps: dict[tuple[str, str], Value] = {}
        self.weights: dict[str, Weight] = {}
        self.computed: dict[str, Array] = {}
        self.shapes = StatedShapes()

    def read(self, proto: Any) -> None:
        """Read the graph of the file: tensors, inputs, nodes, outputs."""
        self._tensors(proto)
        for value in proto.input:
            if value.name not in self.values:
                self.values[value.name] = MISSING
                try:
                    self.values[value.name] = self._input(value)
                except Unreadable as error:
                    self.problems.add("input", error)
        if not self.graph.inputs and not self.problems:
            self.problems.add("input", Unreadable("the network has no input"))
        self._nodes(proto, 0)
        for value in proto.output:
            self._output(value.name)
        self._drop_unread()

    def _tensors(self, proto: Any) -> None:
        for tensor in proto.initializer:
            try:
                trainable = tensor.name not in self.roles.buffers
                span = self.spans.get(tensor.name)
                if span is None:
                    weight = weight_of(tensor, self.folder, trainable=trainable)
                else:
                    weight = weight_in_file(tensor, self.path, span, trainable=trainable)
                self.weights[tensor.name] = weight
                is_number = not weight.shape and self.roles.is_number(tensor.name)
                self.values[tensor.name] = weight.array() if is_number else weight
            except Unreadable as error:
                self.values[tensor.name] = MISSING
                self.problems.add("initializer", error)
        for tensor in proto.sparse_initializer:
            self.values[tensor.values.name] = MISSING
            self.problems.add("sparse_initializer", Unreadable("sparse tensors are not supported"))

    def _input(self, value: Any) -> Value:
        """Return an input of the network, which must be a tensor whose number of axes is known."""
        if not value.type.HasField("tensor_type"):
            kind = value.type.WhichOneof("value")
            raise Unreadable(f"the input `{value.name}` is no tensor but {kind or 'of an unknown type'}")
        if not value.type.tensor_type.HasField("shape"):
            raise Unreadable(f"the input `{value.name}` has no shape: not even its number of axes is known")
        dims = value.type.tensor_type.shape.dim
        if not dims:
            raise Unreadable(f"the input `{value.name}` is a number without axes, which no input here is")
        if any(dim.HasField("dim_value") and not dim.dim_value for dim in dims):
            raise Unreadable(f"the input `{value.name}` has an axis of size 0")
        dtype = dtype_of(value.type.tensor_type.elem_type)
        return self.graph.input(self._name(value.name), self.symbols.shape(value), dtype)

    def _name(self, name: str) -> str:
        likely = name if is_name(name) else (likely_step_name(name) or "input")
        near = "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in likely)[:60] or "input"
        near = near if is_name(near) else f"input_{len(self.graph.inputs)}"
        return near if near not in self.graph.inputs else f"{near}_{len(self.graph.inputs)}"

    def _nodes(self, proto: Any, depth: int) -> None:
        """Read the nodes of the graph, or of a branch in it."""
        self.shapes.add((*proto.value_info, *proto.output))
        for node in proto.node:
            for name in node.input:
                self.users[name] += 1
                self.readers[name] = node
        for value in proto.output:
            self.users[value.name] += 1
        for node in proto.node:
            if id(node) not in self.done:
                self._node(node, depth)

    def _node(self, node: Any, depth: int) -> None:
        entries = [self.values.get(name, MISSING) if name else None for name in node.input]
        twice = [name for name in node.output if name and name in self.values] if not depth else []
        for name in node.output:
            self.values.setdefault(name, MISSING)
        if twice:
            self.values[twice[0]] = MISSING
            self.problems.add(node.op_type, Unreadable(f"it computes `{twice[0]}`, which is known before"))
            return
        if any(entry is MISSING for entry in entries):
            unknown = [name for name in node.input if name and name not in self.values]
            if unknown:
                error = Unreadable(f"it reads `{unknown[0]}`, which no node before it computes")
                self.problems.add(node.op_type, error)
            return
        operator = node.op_type if node.domain in DOMAINS else f"{node.domain}.{node.op_type}"
        try:
            results = self._results(node, operator, entries, depth)
            for name, result in zip(node.output, results, strict=False):
                if name and result is not None:
                    self.set(name, result)
        except Unreadable as error:
            self.problems.add(operator, error, place_of(node).said)
            self._opaque(node, operator, entries)

    def _opaque(self, node: Any, operator: str, entries: list[Any]) -> None:
        """Let the outputs of an operator that cannot be read be opaque, if the file states their shapes."""
        names = [name for name in node.output if name]
        stated = [self.shapes.of(name, self.symbols.names) for name in names]
        outputs = [each for each in stated if each is not None]
        for name in names:
            self.values[name] = MISSING
        reads = [entry for entry in entries if isinstance(entry, Value)]
        if len(outputs) < len(names) or not reads:
            return
        self.graph.place = place_of(node)
        try:
            values = self.graph.opaque(operator, reads, outputs)
        except Unreadable:
            return
        self.values |= dict(zip(names, values, strict=True))

    def _results(self, node: Any, operator: str, entries: list[Any], depth: int) -> Sequence[Entry | None]:
        check_node(node, self.opset)
        attributes = {each.name: _attribute(each) for each in node.attribute}
        if operator == "If":
            return self._branch(entries, attributes, depth)
        if operator == "ConstantOfShape":
            self.graph.place = place_of(node)  # its shape may depend on symbols
        try:
            return fold(self, operator, entries, attributes, node.output)
        except NotFoldedError:
            pass
        except MISFITS as error:
            raise Unreadable(f"`{operator}` has an attribute or an input that it cannot have: {error}") from None
        function = OPERATORS.get(operator)
        if function is None:
            raise Unreadable(refusals.reason(operator))
        given = accepted(function)
        unknown = [name for name in attributes if name not in given]
        if unknown:
            raise Unreadable(f"`{operator}` has the attribute `{unknown[0]}`, which is not known")
        self.graph.place = place_of(node)
        made = OnnxNode(self, operator, node.input, entries, node.output)
        try:
            results = function(made, **attributes)
        except MISFITS as error:
            raise Unreadable(f"`{operator}` has an attribute or an input that it cannot have: {error}") from None
        return results if isinstance(results, (list, tuple)) else (results,)

    def _branch(self, entries: list[Any], attributes: Mapping[str, Any], depth: int) -> list[Any]:
        """Return the outputs of the branch that a condition chooses, which must be known while reading."""
        condition = self.known(entries[0])
        if condition is None or any(isinstance(each, Expr) for each in condition.ravel()):
            raise Unreadable("the condition of `If` is computed: which branch runs is not known before")
        if depth >= DEEPEST:
            raise Unreadable(f"graphs are nested more than {DEEPEST} deep")
        chosen = attributes["then_branch" if bool(condition.ravel()[0]) else "else_branch"]
        self._tensors(chosen)
        self._nodes(chosen, depth + 1)
        results = [self.values.get(value.name, MISSING) for value in chosen.output]
        if any(result is MISSING for result in results):
            raise Unreadable("the branch that runs has operators that cannot be read")
        return results

    def set(self, name: str, result: Entry) -> None:
        """Set what a name is, and compare its shape with the one that the file states."""
        name = self.aliases.get(name, name)
        self.values[name] = result
        if self.shapes.agrees(name, tuple(result.shape)) and isinstance(result, Value):
            self.graph.stated[result.key] = result.shape

    def value(self, entry: Entry, name: str) -> Value:
        """Return an entry as a value; a tensor of the file or known numbers become a step, once for each name."""
        if isinstance(entry, Value):
            return entry
        if isinstance(entry, Weight):
            stored = entry.stored()
            if stored.key not in self.steps:
                self.steps[stored.key] = self._stored(stored)
            return self.steps[stored.key]
        if not name:
            return self._constant(entry, f"constant:{len(self.graph.nodes)}")
        key = (name, "known")
        if key not in self.steps:
            self.steps[key] = self._constant(entry, name)
        return self.steps[key]

    def _stored(self, stored: Stored) -> Value:
        if 0 in stored.shape:
            raise Unreadable(f"the tensor `{stored.name}` has an axis of size 0")
        if self.roles.is_constant(stored.name):
            constant = stored._replace(trainable=False)
            return self.graph.step("constant", shape=stored.shape, dtype=stored.dtype, tensors={"": constant})
        if stored.trainable and stored.dtype == "float32":
            return self.graph.step("parameter", shape=stored.shape, tensors={"": stored})
        return self.graph.step("buffer", shape=stored.shape, dtype=stored.dtype, tensors={"": stored})

    def _constant(self, array: Array, name: str) -> Value:
        array = self.numbers(array)
        if 0 in array.shape:
            raise Unreadable(f"`{name}` has an axis of size 0")
        dtype = {"b": "bool", "i": "int64"}.get(array.dtype.kind, "float32")
        if array.size <= MOST_LISTED and not (dtype == "float32" and np.isnan(array).any()):
            return self.graph.step("constant", values=_listed(array), dtype=dtype)
        self.computed[name] = array
        stored = Stored(name, array.shape, dtype, trainable=False)
        return self.graph.step("constant", shape=array.shape, dtype=dtype, tensors={"": stored})

    def numbers(self, array: Array) -> Array:
        """Return known numbers that do not depend on symbols, in one of our dtypes."""
        if array.dtype.kind == "O":
            if any(isinstance(each, Expr) for each in array.ravel()):
                raise Unreadable("a number that depends on the size of an input is computed with")
            array = array.astype(np.int64)
        return plain(array)

    def added_bias(self, name: str, size: int) -> Weight | None:
        """Return the vector of the file that the only reader of a value adds to it, and take that node as read."""
        node = self.readers.get(name)
        if self.users[name] != 1 or node is None or node.op_type != "Add" or len(node.input) != 2 or not node.output:  # noqa: PLR2004
            return None
        bias = self.values.get(node.input[1] if node.input[0] == name else node.input[0])
        if not isinstance(bias, Weight) or bias.shape != (size,) or bias.dtype != "float32":
            return None
        self.done.add(id(node))
        self.aliases[name] = node.output[0]
        return bias

    def known(self, entry: Entry | None) -> Array | None:
        """Return the numbers of an entry if they are known, or are a tensor of the file that is not too large."""
        if isinstance(entry, np.ndarray):
            return entry
        if isinstance(entry, Weight) and int(np.prod(entry.shape, dtype=object)) <= MOST_KNOWN:
            return plain(entry.array())
        return None

    def _output(self, name: str) -> None:
        entry = self.values.get(name, MISSING)
        if isinstance(entry, Missing):
            if not self.problems:
                self.problems.add("output", Unreadable(f"no node computes the output `{name}`"))
            return
        try:
            value = self.value(entry, name)
            if isinstance(value.node, str):  # an output is a step
                value = self.graph.step("identity", value)
        except Unreadable as error:
            self.problems.add("output", error)
            return
        near = name if is_name(name) else "".join(each if each.isalnum() or each == "_" else "_" for each in name)[:60]
        near = near if is_name(near) and near not in self.graph.outputs else f"output_{len(self.graph.outputs)}"
        self.graph.output(near, value)

    def _drop_unread(self) -> None:
        """Drop the steps that no output depends on, such as those of which only the shape is used."""
        needed = {id(value.node) for value in self.graph.outputs.values()}
        if not needed:
            return
        for node in reversed(self.graph.nodes):
            if id(node) in needed:
                needed.update(id(value.node) for value in node.reads)
        self.graph.nodes = [node for node in self.graph.nodes if id(node) in needed]

    def arrays(self, names: list[str]) -> dict[str, Array]:
        """Return tensors of the file, and constants that were computed while reading, by name."""
        try:
            return {name: self.computed[name] if name in self.computed else self._array(name) for name in names}
        except Unreadable as error:
            refuse_container(str(self.path), f"is broken: {error.message}")

    def _array(self, name: str) -> Array:
        weight = self.weights.get(name)
        if weight is not None:
            return weight.load()
        entry = self.values[name]
        assert not isinstance(entry, (Value, Missing))
        return entry.load() if isinstance(entry, Weight) else self.numbers(entry)


def _listed(array: Array) -> Any:
    if array.ndim:
        return tuple(_listed(row) for row in array)
    return float(str(array)) if array.dtype.kind == "f" else array.item()


@cache
def accepted(function: Any) -> frozenset[str]:
    """Return the attributes that the function of an operator reads: its keyword parameters."""
    parameters = inspect.signature(function).parameters.values()
    return frozenset(each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY)


_READ: dict[int, Callable[[Any], Any]] = {
    AttributeProto.FLOAT: lambda each: float(str(np.float32(each.f))),
    AttributeProto.INT: lambda each: int(each.i),
    AttributeProto.STRING: lambda each: each.s.decode("utf-8", "replace"),
    AttributeProto.TENSOR: lambda each: each.t,
    AttributeProto.GRAPH: lambda each: each.g,
    AttributeProto.FLOATS: lambda each: [float(str(np.float32(number))) for number in each.floats],
    AttributeProto.INTS: lambda each: [int(number) for number in each.ints],
    AttributeProto.STRINGS: lambda each: [text.decode("utf-8", "replace") for text in each.strings],
}


def _attribute(attribute: Any) -> Any:
    if attribute.ref_attr_name:
        raise Unreadable(f"the attribute `{attribute.name}` refers to one of a function")
    read = _READ.get(attribute.type)
    if read is None:
        raise Unreadable(f"the attribute `{attribute.name}` is of a kind that is not supported")
    return read(attribute)
