"""Models: their layers in an order in which they can be computed, models in models, inputs and outputs."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.dims import Expr, show
from shapecalc.importers.graph import Place
from shapecalc.importers.keras import layers as _layers  # noqa: F401 - it registers the layers
from shapecalc.importers.keras.calls import LayerCall, Session, flat, read_layer
from shapecalc.importers.keras.configuration import BrokenModelError, LayerConfig, known_shape, layers_of
from shapecalc.importers.keras.history import Constant, KerasNode, Output, nodes_of, outputs_in, structure
from shapecalc.importers.keras.inputs import letters, network_inputs
from shapecalc.importers.keras.values import KerasValue, in_order
from shapecalc.importers.keras.weights import snake_case
from shapecalc.importers.unreadable import Problems, Unreadable
from shapecalc.parser.names import is_name, likely_step_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.dims import Shape
    from shapecalc.importers.graph import ImportedGraph

MOST_NESTED_MODELS = 24
MOST_OUTPUTS = 64
STORES = {"Model": "functional", "GroupQueryAttention": "grouped_query_attention"}
"""Classes whose name in the file of weights is that of another one."""


class _Missing:
    """What represents the result of a layer that could not be read."""


MISSING = _Missing()


class NestedScope(NamedTuple):
    """Where a model is: its path among our steps, and that of its variables; the models around it."""

    path: str = ""
    store: str = ""
    scopes: tuple[tuple[str, str], ...] = ()

    def inside(self, layer: LayerConfig, store: str) -> NestedScope:
        """Return the scope of a layer of the model, by its name, and that of its variables."""
        path = f"{self.path}.{layer.name}" if self.path else layer.name
        return NestedScope(path, f"{self.store}/layers/{store}" if self.store else f"layers/{store}", self.scopes)


def read_network(session: Session, model: LayerConfig, problems: Problems) -> dict[str, str]:
    """Read the model of a file; return the axes of its inputs and outputs whose order is not that of Keras, by name."""
    session.count(_calls(model, 0))
    session.calls = 0
    inputs, graph = network_inputs(session, model), session.graph
    moved = {_said("input", name): letters(each) for name, each in inputs.items() if not each.in_order}
    graph.axes = {name: each.order for name, each in inputs.items() if not each.in_order}
    reader = _ModelReader(session, problems)
    session.read_model = reader.inside
    outputs = flat(reader.model(model, list(inputs.values()), NestedScope(), 0))
    if not outputs:
        raise BrokenModelError(f"has a model `{model.name}` without outputs")
    if not graph.nodes and not problems:
        outputs = [outputs[0]._replace(value=graph.step("identity", outputs[0].value)), *outputs[1:]]
    for name, each in zip(_output_names(model, outputs, set(inputs)), outputs, strict=True):
        if isinstance(each, KerasValue):
            graph.output(name, each.value)
            if not each.in_order:
                moved[_said("output", name)], graph.axes[name] = letters(each), each.order
    if not problems:
        _leave_out_unread(graph)
    return moved


def _calls(model: LayerConfig, depth: int) -> int:
    """Return the number of calls of layers in a model and in those inside of it, each as often as it is called."""
    if depth > MOST_NESTED_MODELS:
        raise BrokenModelError(f"has models in models more than {MOST_NESTED_MODELS} deep")
    total = 0
    for layer in layers_of(model):
        nodes = layer.around.get("inbound_nodes")
        uses = len(nodes) if isinstance(nodes, list) and model.kind != "Sequential" else 1
        total += uses * (_calls(layer, depth + 1) if layer.is_model else 1)
    return total


def _said(what: str, name: str) -> str:
    """Return an input or an output in words: by its name, if it is one of several."""
    return what if name == what else f"{what} `{name}`"


def _leave_out_unread(graph: ImportedGraph) -> None:
    """Leave out steps that no output depends on and that have no tensors, such as masks that Keras has as steps."""
    read = {id(value.node) for value in graph.outputs.values()}
    nodes = []
    for node in reversed(graph.nodes):
        if id(node) in read or node.tensors:
            nodes.append(node)
            read |= {id(value.node) for value in node.reads}
    graph.nodes[:] = reversed(nodes)


def _output_names(model: LayerConfig, outputs: list[Any], taken: set[str]) -> Iterator[str]:
    named: list[str] = []
    if model.kind != "Sequential":
        named = [each.layer for each in outputs_in(structure(model.settings.get("output_layers"), model.name))]
    for index, _ in enumerate(outputs):
        wanted = (likely_step_name(named[index]) or "") if index < len(named) else ""
        wanted = wanted if is_name(wanted) else f"output_{index}"
        while wanted in taken:
            wanted += "_"
        taken.add(wanted)
        yield wanted


class _ModelReader(NamedTuple):
    session: Session
    problems: Problems

    def model(self, model: LayerConfig, inputs: list[Any], scope: NestedScope, depth: int) -> Any:
        """Return what a model returns for inputs, in the lists of the file."""
        if depth > MOST_NESTED_MODELS:
            raise BrokenModelError(f"has models in models more than {MOST_NESTED_MODELS} deep")
        self.session.count()
        if model.kind == "Sequential":
            return self.sequential(model, inputs, scope, depth)
        return _Functional(self, model, scope, depth).result(inputs)

    def sequential(self, model: LayerConfig, inputs: list[Any], scope: NestedScope, depth: int) -> Any:
        """Return what the last layer returns."""
        layers = [layer for layer in layers_of(model) if layer.kind != "InputLayer"]
        if len({layer.name for layer in layers}) != len(layers):
            raise BrokenModelError(f"has two layers of one name in the model `{model.name}`")
        value: Any = inputs[0] if len(inputs) == 1 else inputs
        for layer, store in zip(layers, _stores(layers), strict=True):
            if value is MISSING:
                return MISSING
            stated = layer.around.get("build_config")
            shape = known_shape(stated.get("input_shape")) if isinstance(stated, dict) else None
            value = self.call(layer, (value,), {}, scope.inside(layer, store), depth, ((value, shape),))
        return value

    def inside(self, call: LayerCall, model: LayerConfig, x: KerasValue) -> Any:
        """Return what the model in a layer, such as `TimeDistributed`, returns; as deep as it can be."""
        scope = NestedScope(call.path, f"{call.store}/layer", call.scopes)
        return self.model(model, [x], scope, MOST_NESTED_MODELS)

    def call(
        self,
        layer: LayerConfig,
        values: tuple[Any, ...],
        keywords: dict[str, Any],
        scope: NestedScope,
        depth: int,
        stated: tuple[tuple[Any, tuple[int | None, ...] | None], ...],
    ) -> Any:
        """Return what a layer returns, `MISSING` if it cannot be read, which is a problem then."""
        try:
            for value, shape in stated:
                if isinstance(value, KerasValue) and shape is not None:
                    self.compare(value, shape, scope.path)
            if layer.is_model:
                kind = (scope.path, layer.qualified)
                given = flat(values)
                _refuse_keywords(layer, keywords, scope.path)
                return self.model(layer, given, scope._replace(scopes=(*scope.scopes, kind)), depth + 1)
            call = LayerCall(self.session, layer, scope.path, scope.store, values, keywords, scope.scopes)
            return read_layer(call)
        except Unreadable as error:
            self.problems.add(layer.kind, error, scope.path)
            return MISSING

    def compare(self, value: KerasValue, shape: tuple[int | None, ...], path: str) -> None:
        """Compare a shape that the file states with ours; raises `Unreadable` if they differ."""
        ours = value.shape
        fits = len(ours) == len(shape) and all(
            theirs is None or theirs == size or (isinstance(size, Expr) and axis == 0)
            for axis, (theirs, size) in enumerate(zip(shape, ours, strict=True))
        )
        if not fits:
            raise Unreadable(f"its input has the shape {show(ours)} here, and {list(shape)} in the file", path)
        if not isinstance(value.value.node, str):
            self.session.graph.stated[value.value.key] = value.value.shape


def _refuse_keywords(model: LayerConfig, keywords: dict[str, Any], path: str) -> None:
    """Raise `Unreadable` if a model is called with more than its inputs; masks are those of Keras's own."""
    keywords.pop("mask", None)
    if keywords.pop("training", None) or keywords:
        raise Unreadable(f"the model `{model.name}` is called with more than its inputs", path)


class _Functional:
    """A functional model: its calls of layers, each after those that it reads."""

    def __init__(self, reader: _ModelReader, model: LayerConfig, scope: NestedScope, depth: int) -> None:
        self.reader, self.model, self.scope, self.depth = reader, model, scope, depth
        layers = layers_of(model)
        reader.session.count(len(layers))
        self.layers = {layer.name: layer for layer in layers}
        if len(self.layers) != len(layers):
            raise BrokenModelError(f"has two layers of one name in the model `{model.name}`")
        self.scopes = {
            layer.name: scope.inside(layer, store) for layer, store in zip(layers, _stores(layers), strict=True)
        }
        self.nodes: dict[tuple[str, int], KerasNode] = {}
        for layer in layers:
            for call, node in enumerate(nodes_of(layer.around, layer.name)):
                self.nodes[layer.name, call] = node
        self.results: dict[tuple[str, int], list[Any]] = {}
        self.stated: dict[tuple[str, int], dict[int, Output]] = {}
        if reader.session.partial:
            for output in (output for node in self.nodes.values() for output in node.reads()):
                self.stated.setdefault(output.unit, {})[output.place] = output

    def result(self, inputs: list[Any]) -> Any:
        """Return the outputs for inputs."""
        names = outputs_in(structure(self.model.settings.get("input_layers"), self.model.name))
        if len(names) != len(inputs):
            raise BrokenModelError(f"has a model `{self.model.name}` of {len(names)} inputs, called with {len(inputs)}")
        for name, value in zip(names, inputs, strict=True):
            self.results[name.unit] = [value]
        for unit in self.in_order():
            self.results[unit] = self.read(unit)
        return self.resolved(structure(self.model.settings.get("output_layers"), self.model.name))

    def in_order(self) -> Iterator[tuple[str, int]]:
        """Return the calls in an order in which they can be computed: that of the file, if it is one."""
        place = {name: index for index, name in enumerate(self.layers)}
        waits: dict[tuple[str, int], int] = {}
        readers: dict[tuple[str, int], list[tuple[str, int]]] = {}
        ready: list[tuple[int, int, str]] = []
        for unit, node in self.nodes.items():
            if unit in self.results:
                continue
            reads = {output.unit for output in node.reads()} - self.results.keys()
            waits[unit] = len(reads)
            for read in reads:
                if read not in self.nodes:
                    raise BrokenModelError(f"has a layer `{unit[0]}` that reads `{read[0]}`, which is not there")
                readers.setdefault(read, []).append(unit)
            if not reads:
                heappush(ready, (place[unit[0]], unit[1], unit[0]))
        left = len(waits)
        while ready:
            _, call, name = heappop(ready)
            left -= 1
            yield name, call
            for reader in readers.get((name, call), ()):
                waits[reader] -= 1
                if not waits[reader]:
                    heappush(ready, (place[reader[0]], reader[1], reader[0]))
        if left:
            raise BrokenModelError(f"has layers that read each other in a cycle in the model `{self.model.name}`")

    def read(self, unit: tuple[str, int]) -> list[Any]:
        """Return what a call returns."""
        node, layer = self.nodes[unit], self.layers[unit[0]]
        values = tuple(self.resolved(value) for value in node.values)
        keywords = {key: self.resolved(value) for key, value in node.keywords.items()}
        if MISSING in flat((values, list(keywords.values()))):
            return [MISSING]
        stated = tuple((self.resolved(output), output.shape) for output in outputs_in(list(node.values)))
        result = flat(self.reader.call(layer, values, keywords, self.scopes[unit[0]], self.depth, stated))
        return self.opaque(unit, flat((values, list(keywords.values())))) or result if MISSING in result else result

    def opaque(self, unit: tuple[str, int], read: list[Any]) -> list[Any]:
        """Return what a layer returns that cannot be read, by the shapes that the layers after it state."""
        stated, graph = self.stated.get(unit, {}), self.reader.session.graph
        reads = [self.reader.session.orders.in_order(each) for each in read if isinstance(each, KerasValue)]
        count = max(stated, default=-1) + 1
        stated_shapes = [self._shape(stated.get(place), reads) for place in range(min(count, MOST_OUTPUTS))]
        shapes = [each for each in stated_shapes if each is not None]
        if len(shapes) != count:
            return []
        known = [each for each in shapes if each]
        outputs = [(shape, "float32" if dtype.startswith(("float", "bfloat")) else "int64") for shape, dtype in known]
        graph.place = Place(self.scopes[unit[0]].path)
        values = graph.opaque(self.layers[unit[0]].kind, [each.value for each in reads], outputs)
        return [in_order(value) for value in values]

    def _shape(self, output: Output | None, reads: list[KerasValue]) -> tuple[Shape, str] | None:
        """Return a stated shape and dtype, with the batch of what the layer reads; None if another size is open."""
        if output is None or not output.shape or None in output.shape[1:] or not reads or not reads[0].rank:
            return None
        first = reads[0].size(0) if output.shape[0] is None else output.shape[0]
        return (first, *(size for size in output.shape[1:] if size is not None)), output.dtype

    def resolved(self, value: Any) -> Any:
        """Return arguments with tensors in place of the outputs that they name."""
        if isinstance(value, Output):
            results = self.results.get(value.unit)
            if results is None or (value.place >= len(results) and results != [MISSING]):
                raise BrokenModelError(f"names an output of `{value.layer}` that is not there")
            return MISSING if results == [MISSING] else results[value.place]
        if isinstance(value, (list, tuple)) and not isinstance(value, Constant):
            return [self.resolved(entry) for entry in value]
        if isinstance(value, dict):
            return {key: self.resolved(entry) for key, entry in value.items()}
        return value


def _stores(layers: list[LayerConfig]) -> list[str]:
    """Return the name of each layer in the file of weights: its class, and a number from the second of a class on."""
    counts: dict[str, int] = {}
    names = []
    for layer in layers:
        name = STORES.get(layer.kind) or snake_case(layer.kind)
        number = 0
        if not layer.is_operation:
            number = counts.get(name, 0)
            counts[name] = number + 1
        names.append(f"{name}_{number}" if number else name)
    return names
