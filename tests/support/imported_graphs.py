"""Graphs for tests of the importers: those of architecture files, with all blocks unfolded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.importers.graph import ImportedGraph, Place, Stored, Value
from shapecalc.layers.base import fields_of
from shapecalc.shape_inference.engine import inspect

if TYPE_CHECKING:
    from shapecalc.architecture import Architecture


def graph_of(architecture: Architecture) -> ImportedGraph:
    """Return the layers of an architecture as an importer would have read them, one by one, with their paths."""
    graph = ImportedGraph(architecture.name, architecture.cites)
    values: dict[str, Value] = {}
    for entry in architecture.inputs:
        values[entry.name] = graph.input(entry.name, entry.shape, entry.dtype)
    graph.sizes = dict(architecture.sizes)
    graph.where = [condition.text for condition in architecture.where]
    for row in inspect(architecture, symbolic=True).layers:
        step = row.step
        fields = {name: getattr(step.layer, name) for name in fields_of(type(step.layer))}
        given = {name: value for name, value in fields.items() if value != fields_of(type(step.layer))[name].default}
        tensors = {}
        for name, shape in row.facts.tensors.items():
            how = "transposed" if step.transposes(name) else ""
            tensors[name] = Stored(step.tensor(name), shape, how=how, trainable=name in row.facts.parameters)
        graph.place = Place(path=step.path)
        value = graph.step(step.layer.type, *(values[slot] for slot in step.inputs), tensors=tensors, **given)
        for output in row.facts.outputs:
            found = value.node.value(output)
            values[step.slot(found.output) if found.output else step.path] = found
    for name, slot in architecture.output_slots.items():
        graph.output(name, values[slot])
    return graph
