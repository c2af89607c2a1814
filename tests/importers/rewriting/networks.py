"""Graphs that tests write by hand, and the proof that rewriting leaves what they compute as it is."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

import shapecalc
from shapecalc.importers.graph import ImportedGraph, Stored, Value
from shapecalc.importers.rewriting import rewrite
from shapecalc.importers.writing import write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Network:
    """A graph with arrays for its stored tensors; those that are not given are random numbers near 1."""

    def __init__(self, **arrays: Any) -> None:
        self.graph = ImportedGraph("a network", "a test")
        self.given = {name: np.asarray(array) for name, array in arrays.items()}
        self.shapes: dict[str, tuple[int, ...]] = {}

    def input(self, *shape: Any, name: str = "x", dtype: str = "float32") -> Value:
        return self.graph.input(name, shape, dtype)

    def step(self, type_: str, *reads: Value, weights: Mapping[str, str] | None = None, **fields: Any) -> Value:
        """Add a step; `weights` has the name in the file of each of its tensors."""
        if not weights:
            return self.graph.step(type_, *reads, **fields)
        shapes = self.shapes_of(type_, reads, fields)
        tensors = {key: self.stored(name, *shapes[key]) for key, name in weights.items()}
        return self.graph.step(type_, *reads, tensors=tensors, **fields)

    @staticmethod
    def shapes_of(type_: str, reads: tuple[Value, ...], fields: Mapping[str, Any]) -> Mapping[str, Any]:
        bare = ImportedGraph("", "")
        bare.step(type_, *reads, **fields)
        return bare.nodes[0].layer.tensors(*(read.shape for read in reads))

    def stored(self, name: str, *shape: int, trainable: bool = True) -> Stored:
        self.shapes[name] = shape
        return Stored(name, shape, trainable=trainable)

    def parameter(self, name: str, *shape: int) -> Value:
        return self.graph.tensor(self.stored(name, *shape))

    def constant(self, name: str, array: Any) -> Value:
        """Add a constant whose values come with the weights."""
        self.given[name] = np.asarray(array)
        dtype = {"f": "float32", "i": "int64", "b": "bool"}[self.given[name].dtype.kind]
        stored = self.stored(name, *self.given[name].shape, trainable=False)
        return self.graph.step("constant", shape=stored.shape, dtype=dtype, tensors={"": stored})

    def arrays(self, names: list[str]) -> dict[str, Any]:
        return {name: self.array(name) for name in names}

    def array(self, name: str) -> Any:
        if name in self.given:
            return np.asarray(self.given[name])
        random = np.random.default_rng(zlib.crc32(name.encode()))
        return 1 + 0.3 * random.standard_normal(self.shapes[name])

    def compute(self, **sizes: int) -> dict[str, Any]:
        """Return the outputs of the network that the graph is written as, in float64, for inputs that do not change."""
        written = write(self.graph)
        network = shapecalc.loads(written.text)
        weights = {}
        for path, stored in written.tensors.items():
            array = self.array(stored.name)
            weights[path] = stored.convert(array) if stored.convert else array
        inputs = {}
        for entry in network.inputs:
            shape = [sizes.get(str(size), size) for size in entry.shape]
            random = np.random.default_rng(zlib.crc32(entry.name.encode()))
            inputs[entry.name] = {
                "float32": lambda shape=shape, random=random: random.standard_normal(shape),
                "int64": lambda shape=shape, random=random: random.integers(0, 5, shape),
                "bool": lambda shape=shape, random=random: random.integers(0, 4, shape) > 0,
            }[entry.dtype]()
        return shapecalc.run(network, inputs, weights)

    def rewritten(self, *results: Value, tolerance: float = 1e-9, **sizes: int) -> list[str]:
        """Rewrite the graph with these outputs, prove that they are as before, and return the types of its steps."""
        for place, result in enumerate(results):
            self.graph.output(f"y{place}" if place else "y", result)
        before = self.compute(**sizes)
        rewrite(self.graph, self.arrays)
        after = self.compute(**sizes)
        for name, expected in before.items():
            np.testing.assert_allclose(after[name], expected, rtol=tolerance, atol=tolerance, err_msg=name)
        return [node.type for node in self.graph.nodes]

    def last(self) -> Any:
        """Return the layer of the last step."""
        return self.graph.nodes[-1].layer


def types_of(build: Callable[[Network], Value], tolerance: float = 1e-9) -> list[str]:
    """Return the types that the steps of a network have after rewriting."""
    network = Network()
    return network.rewritten(build(network), tolerance=tolerance)
