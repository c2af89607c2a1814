"""Names of steps and blocks in the text of an imported network."""

from __future__ import annotations

import shapecalc
from shapecalc.importers.graph import ImportedGraph, Place, Stored
from shapecalc.importers.layout import lay_out
from shapecalc.importers.writing import write


def linear(graph, value, name, path=""):
    graph.place = Place(path)
    return graph.step("linear", value, out_features=4, bias=False, tensors={"weight": Stored(f"{name}.weight", (4, 4))})


def test_a_step_with_tensors_has_the_name_of_the_file():
    graph = ImportedGraph("net", "a test")
    graph.output("y", linear(graph, graph.input("x", (1, 4)), "encoder.0.fc"))
    assert list(lay_out(graph).tensors) == ["encoder.0.fc.weight"]


def test_a_name_that_no_step_can_have_is_made_one():
    graph = ImportedGraph("net", "a test")
    graph.output("y", linear(graph, graph.input("x", (1, 4)), "onnx::MatMul_12"))
    (path,) = lay_out(graph).tensors
    assert path == "onnx_MatMul_12.weight"
    assert shapecalc.loads(write(graph).text).layers[0].path == "onnx_MatMul_12"


def test_a_default_name_of_one_step_is_not_taken_from_another():
    graph = ImportedGraph("net", "a test")
    value = graph.step("relu", linear(graph, graph.input("x", (1, 4)), "relu_1"))
    graph.output("y", graph.step("add", value, graph.step("tanh", value)))
    text = write(graph).text
    assert "name: relu_1}" in text
    assert "name: relu_1_}" in text
    assert len(shapecalc.loads(text).layers) == 4


def test_a_shared_tensor_belongs_to_the_first_step():
    graph = ImportedGraph("net", "a test")
    first = linear(graph, graph.input("x", (1, 4)), "wte")
    graph.output("y", linear(graph, first, "wte", path="lm_head"))
    text = write(graph).text
    assert "{linear: {out_features: 4, bias: false}, name: lm_head, share: wte}" in text
    assert shapecalc.inspect(shapecalc.loads(text)).totals.params == 16


def test_a_block_is_not_named_as_a_layer_type():
    graph = ImportedGraph("net", "a test")
    value = graph.input("x", (1, 4))
    for layer in range(4):
        value = linear(graph, value, f"linear.{layer}.a", f"linear.{layer}.a")
        value = linear(graph, value, f"linear.{layer}.b", f"linear.{layer}.b")
        value = linear(graph, value, f"linear.{layer}.c", f"linear.{layer}.c")
    graph.output("y", value)
    assert "  linear_block:\n" in write(graph).text


def test_slots_are_the_paths_of_the_layers_that_are_read_again():
    graph = ImportedGraph("net", "a test")
    value = graph.input("x", (1, 4))
    values = []
    for layer in range(4):
        value = linear(graph, value, f"h.{layer}.a", f"h.{layer}.a")
        value = linear(graph, value, f"h.{layer}.b", f"h.{layer}.b")
        values.append(value)
    graph.output("y", value)
    written = write(graph)
    assert [written.slots[value.key] for value in values] == ["h.0.b", "h.1.b", "h.2.b", "h.3.b"]
    assert [step.path for step in shapecalc.loads(written.text).layers][1::2] == ["h.0.b", "h.1.b", "h.2.b", "h.3.b"]


def test_a_tensor_that_a_layer_has_and_another_step_reads_is_a_step_that_the_layer_shares():
    graph = ImportedGraph("net", "a test")
    value = linear(graph, graph.input("x", (1, 4)), "fc")
    graph.output("y", graph.step("add", value, graph.tensor(Stored("fc.weight", (4, 4)))))
    text = write(graph).text
    assert "{parameter: [4, 4], name: fc.weight}" in text
    assert "share: {weight: fc.weight}" in text
    network = shapecalc.loads(text)
    assert shapecalc.inspect(network).totals.params == 16
    assert shapecalc.verify(network).ok
