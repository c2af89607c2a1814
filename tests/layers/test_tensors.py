"""Tensors as steps: what they count, what a file may write of them, and what reads what."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.layers.tensors import BufferStep, ConstantStep, ParameterStep
from tests.support.layers import refused_fields
from tests.support.rows import for_each


def inspected(layers: str, inputs: str = "input: [N, 5, 8]") -> Any:
    return shapecalc.inspect(shapecalc.loads(f"{inputs}\nlayers:\n{layers}"))


def test_a_parameter_counts_as_trained_a_buffer_apart_and_a_constant_as_neither() -> None:
    report = inspected(
        "  - {parameter: {shape: [1, 5, 8]}, name: p}\n"
        "  - {buffer: {shape: [3, 7]}, name: b}\n"
        "  - {constant: {shape: [11]}, name: c}\n"
        "  - {constant: {values: [1, 2]}, name: v}\n"
    )
    counts = {row.path: (row.params, row.buffers) for row in report.layers}
    assert counts == {"p": (40, 0), "b": (0, 21), "c": (0, 0), "v": (0, 0)}
    assert (report.totals.params, report.totals.buffers) == (40, 21)


def test_a_stored_tensor_is_no_activation_and_a_constant_is() -> None:
    """Elements of all outputs but those that count as params or buffers: 11 + 2 at 4 bytes."""
    report = inspected(
        "  - {parameter: [1, 5, 8]}\n  - {buffer: [3, 7]}\n  - {constant: {shape: [11]}}\n  - {constant: [1, 2]}\n"
    )
    assert report.totals.activation_bytes == 4 * 13


def test_the_flow_passes_by_a_tensor() -> None:
    """The first step after it reads the input, one behind another step reads that."""
    network = shapecalc.loads(
        "input: [N, 8]\nlayers:\n"
        "  - {parameter: [4], name: p}\n"
        "  - {linear: 6, name: first}\n"
        "  - {constant: 2, name: c}\n"
        "  - {linear: 3, name: second}\n"
    )
    assert [step.inputs for step in network.layers] == [(), ("input",), (), ("first",)]
    assert dict(network.outputs) == {"output": "second"}


def test_a_first_tensor_leaves_a_file_of_several_inputs_without_a_default() -> None:
    text = "inputs: {a: [N, 3], b: [N, 3]}\nlayers:\n  - {parameter: [3]}\n  - {linear: 3}\n"
    with pytest.raises(ShapecalcError, match="the first step expects `from:`"):
        shapecalc.loads(text)


def test_a_branch_that_ends_with_a_tensor_gives_it() -> None:
    report = inspected("  - add:\n      tokens: []\n      positions:\n        - parameter: [1, 5, 8]\n    name: sum\n")
    parameter, added = report.layers
    assert added.step.inputs == ("input", parameter.path)


def test_a_block_has_its_own_parameter_in_each_run() -> None:
    text = """
input: [N, 8]
blocks:
  scaled:
    inputs: [x]
    layers:
      - {parameter: [8], name: gamma}
      - {multiply: , from: [x, gamma]}
layers:
  - {scaled: , repeat: 3, name: body}
"""
    network = shapecalc.loads(text)
    report = shapecalc.inspect(network)
    assert sorted(report.trained) == [f"body.{run}.gamma" for run in range(3)]
    assert report.totals.params == 24
    assert shapecalc.verify(network).ok
    assert shapecalc.verify(network, backward=True).ok


@for_each(
    "layer,shape,dtype",
    [
        (ParameterStep(shape=(1, 7)), (1, 7), "float32"),
        (ParameterStep(shape=()), (), "float32"),
        (BufferStep(shape=(3,), dtype="int64"), (3,), "int64"),
        (ConstantStep(values=0.5), (), "float32"),
        (ConstantStep(values=((1, 2, 3), (4, 5, 6)), dtype="int64"), (2, 3), "int64"),
        (ConstantStep(values=(True, False), dtype="bool"), (2,), "bool"),
        (ConstantStep(values=(float("inf"), -1)), (2,), "float32"),
        (ConstantStep(shape=(3, 2)), (3, 2), "float32"),
    ],
)
def test_a_tensor_has_the_axes_and_the_dtype_that_are_written(layer: Any, shape: Any, dtype: str) -> None:
    assert layer.output_shape() == shape
    assert layer.output_dtype("output", ()) == dtype


@for_each(
    "fields,code,index",
    [
        ({}, "SC205", ()),
        ({"values": 1, "shape": (2,)}, "SC205", ()),
        ({"values": ((1, 2), (3,))}, "SC204", (1,)),
        ({"values": (1, (2, 3))}, "SC204", (1,)),
        ({"values": ((1, 2), 3)}, "SC204", (1,)),
        ({"values": ()}, "SC204", ()),
        ({"values": tuple(range(513))}, "SC204", ()),
        ({"values": (1, "two")}, "SC202", (1,)),
        ({"values": (1, None)}, "SC202", (1,)),
        ({"values": (True,)}, "SC202", (0,)),
        ({"values": (1.5,), "dtype": "int64"}, "SC202", (0,)),
        ({"values": (1,), "dtype": "bool"}, "SC202", (0,)),
        ({"values": 2**63, "dtype": "int64"}, "SC201", ()),
        ({"values": 1e39}, "SC201", ()),
        ({"values": float("nan")}, "SC201", ()),
        ({"values": 1, "dtype": "float16"}, "SC203", ()),
        ({"shape": (0,)}, "SC201", (0,)),
    ],
)
def test_what_is_no_constant_is_refused_at_its_entry(fields: Any, code: str, index: Any) -> None:
    error = refused_fields("constant", **fields)
    assert (error.code, error.index) == (code, index)


def test_infinities_stand_in_lists_as_alone() -> None:
    network = shapecalc.loads("input: [N]\nlayers:\n  - {constant: [[.inf, 1], [-.inf, 2]]}\n")
    assert network.layers[0].layer.values == ((float("inf"), 1), (float("-inf"), 2))  # type: ignore[attr-defined]


def test_flags_and_indices_reach_only_what_reads_them() -> None:
    layers = "  - {constant: {values: [0, 2], dtype: int64}, name: ids}\n  - {%s, from: ids}\n"
    row = inspected(layers % "embedding: {num_embeddings: 3, embedding_dim: 4}").layers[-1]
    assert row.output == (2, 4)
    with pytest.raises(ShapecalcError, match="expects float32, receives int64"):
        inspected(layers % "linear: 3")
    with pytest.raises(ShapecalcError, match="expects int64, receives float32"):
        inspected(layers.replace(", dtype: int64", "") % "embedding: {num_embeddings: 3, embedding_dim: 4}")


@for_each("word", ["relu", "linear: 3", "conv: {out_channels: 3, kernel_size: 1}", "softmax: -1", "flatten", "sum: 0"])
def test_a_number_without_axes_is_refused_where_axes_are_needed(word: str) -> None:
    layers = f"  - {{constant: 1, name: one}}\n  - {{{word + (': ' if ':' not in word else '')}, from: one}}\n"
    if word == "relu":
        assert inspected(layers).layers[-1].output == ()
        return
    with pytest.raises(ShapecalcError):
        inspected(layers)


def test_the_memory_of_a_run_has_constants_and_counts_stored_tensors_once() -> None:
    report = inspected(
        "  - {parameter: [1, 5, 8], name: p}\n  - {constant: {shape: [3], dtype: int64}, name: c}\n"
        "  - {buffer: {shape: [7], dtype: int64}, name: b}\n"
        "  - {add: , from: [input, p]}\n"
    )
    memory = shapecalc.memory(report.architecture, N=1)
    sizes = {slot: each.size for slot, each in memory.allocations.items()}
    assert (sizes["p"], sizes["c"], sizes["b"]) == (0, 24, 0)
    assert (memory.parameter_bytes, memory.buffer_bytes) == (160, 56)


def test_the_gradient_of_a_parameter_is_one_of_the_weights() -> None:
    """Adam holds two numbers for each; its gradient lives from the step that reads it to the update, and once."""
    text = "input: [4, 3]\nlayers:\n  - {parameter: [1, 3], name: p}\n  - {add: , from: [input, p]}\n  - {linear: 2}\n"
    cost = shapecalc.train_cost(shapecalc.loads(text), optimizer="adam")
    assert (cost.step.static.weights, cost.step.static.state, cost.step.static.gradients) == (44, 88, 44)
    events = {(event.event.phase, event.path): event for event in cost.step.events}
    assert events["backward", "linear_2"].weight_gradients == 4 * 8
    assert events["backward", "add_1"].weight_gradients == 4 * 11
    assert events["backward", "p"].weight_gradients == 4 * 11
    assert events["backward", "p"].value_gradients == 0
