"""Any network that is taken apart to single layers, and written by the importers, is the same network."""

from __future__ import annotations

from collections import Counter

from hypothesis import given

import shapecalc
from shapecalc.importers.writing import write
from shapecalc.shape_inference.engine import inspect
from tests.support.graph_strategies import Graph, graphs
from tests.support.imported_graphs import graph_of
from tests.support.volume import at_most


def terms(report):
    """Return each layer as a term of what it reads, down to the inputs, and the terms of the outputs.

    A tensor has the number of the layer and the name at which the network has it first.
    """
    slots = {entry.name: ("input", place) for place, entry in enumerate(report.inputs)}
    owners, found = {}, []
    for row in report.layers:
        tensors = tuple(owners.setdefault(row.step.tensor(name), len(owners)) for name in row.facts.tensors)
        read = tuple(slots[slot] for slot in row.step.inputs)
        costs = (row.params, row.buffers, row.macs, row.flops)
        term = hash((row.type, tuple(row.outputs.items()), costs, tensors, read))
        found.append(term)
        slots |= {row.step.slot(name): (term, name) for name in row.outputs} | {row.path: (term, "")}
    outputs = [slots[slot] for slot in report.architecture.output_slots.values()]
    return Counter(found), outputs


def test_terms_tell_networks_apart_that_read_other_layers():
    one, two = (
        inspect(
            shapecalc.loads(f"{{input: [N, 4], layers: [relu, tanh, {{subtract: , from: {read}}}]}}"), symbolic=True
        )
        for read in ("[relu_0, tanh_1]", "[tanh_1, relu_0]")
    )
    assert terms(one) != terms(two)


@at_most(500)
@given(graphs())
def test_the_text_that_is_written_is_the_same_network(graph: Graph):
    network = graph.load()
    written = write(graph_of(network))
    before, after = inspect(network, symbolic=True), inspect(shapecalc.loads(written.text), symbolic=True)
    assert terms(before) == terms(after), written.text


@at_most(200)
@given(graphs())
def test_each_value_and_tensor_is_at_the_path_that_is_returned(graph: Graph):
    imported = graph_of(graph.load())
    written = write(imported)
    report = inspect(shapecalc.loads(written.text), symbolic=True)
    shapes = {row.step.slot(name): shape for row in report.layers for name, shape in row.outputs.items()}
    shapes |= {row.path: row.output for row in report.layers}
    assert {
        written.slots[node.value(name).key]: shape for node in imported.nodes for name, shape in node.outputs.items()
    }.items() <= shapes.items()
    tensors = {row.step.tensor(name): shape for row in report.layers for name, shape in row.facts.tensors.items()}
    assert {path: stored.shape for path, stored in written.tensors.items()} == tensors
