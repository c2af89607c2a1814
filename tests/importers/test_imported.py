"""A file of another tool as an architecture: its text, its weights, and the shapes that it states."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import shapecalc
from shapecalc.diagnostics import ShapecalcError
from shapecalc.importers.graph import ImportedGraph, Stored
from shapecalc.importers.imported import Examples, ImportReading, imported
from shapecalc.importers.unreadable import Problems, Unreadable

FIXTURE = Path(__file__).parent.parent / "oracle" / "torch_exports" / "residual.pt2"


def reading(**more):
    graph = ImportedGraph("net", "a test")
    turned = Stored("w", (3, 2), how="transposed", convert=np.transpose)
    y = graph.step("linear", graph.input("x", (1, 2)), out_features=3, bias=False, tensors={"weight": turned})
    graph.stated[y.key] = (1, 3)
    graph.output("y", y)
    return ImportReading(graph, arrays=lambda names: {name: np.arange(6.0).reshape(2, 3) for name in names}, **more)


def test_arrays_are_converted_to_those_of_our_layers():
    found = imported(reading(), "net.bin")
    ((path, array),) = found.arrays().items()
    assert (path, array.tolist()) == ("linear_0.weight", [[0, 3], [1, 4], [2, 5]])


def test_stated_shapes_are_those_of_the_paths():
    ((slot, shape),) = imported(reading(), "net.bin").stated.items()
    assert shape == (1, 3)
    assert slot == shapecalc.loads(imported(reading(), "net.bin").text).layers[0].path


def test_problems_are_an_error_unless_a_part_is_enough():
    problems = Problems()
    problems.add("aten.foo", Unreadable("it has no layer"))
    with pytest.raises(ShapecalcError, match="SC031"):
        imported(reading(problems=problems), "net.bin")
    assert imported(reading(problems=problems), "net.bin", partial=True).text


def test_every_function_reads_the_file_itself():
    report = shapecalc.inspect(FIXTURE)
    assert shapecalc.memory(FIXTURE).report.totals == report.totals
    assert not [row for row in shapecalc.diff(FIXTURE, FIXTURE).rows if row.old is None or row.new is None]
    proof = shapecalc.verify(FIXTURE)
    assert proof.ok
    assert proof.stated == len(report.layers)


def test_a_shape_that_the_file_states_otherwise_fails_the_proof():
    loaded = shapecalc.load(FIXTURE)
    wrong = {**loaded.origin.stated, "fc": (1, 8)}
    proof = shapecalc.verify(replace(loaded, origin=replace(loaded.origin, stated=wrong)))
    assert not proof.ok
    assert proof.trials[0].rows[-1].failure == "the file states [1, 8]"


def test_a_run_takes_the_weights_of_the_file():
    x = np.ones((1, 3, 33, 29), np.float32)
    (with_weights,) = shapecalc.run(FIXTURE, x).values()
    (given,) = shapecalc.run(FIXTURE, x, shapecalc.load(FIXTURE).origin.arrays()).values()
    (random,) = shapecalc.run(shapecalc.loads(shapecalc.load(FIXTURE).file.text), x).values()
    assert np.array_equal(with_weights, given)
    assert not np.allclose(with_weights, random)


@pytest.mark.parametrize(("shift", "ok"), [(0.0, True), (0.5, False)])
def test_outputs_of_a_module_in_memory_are_compared(shift, ok):
    found = imported(reading(), "net.bin")
    found.reading.examples = Examples((np.array([[1.0, 2.0]], np.float32),), (np.array([[6, 9, 12.0]]) + shift,))
    proof = shapecalc.verify(replace(shapecalc.loads(found.text), origin=found))
    assert proof.ok is ok
    assert proof.outputs[0].difference == pytest.approx(shift)
    assert ("DISAGREES" in str(proof)) is not ok


def test_a_design_is_compared_with_its_export_at_the_sizes_of_the_export():
    design = shapecalc.loads(shapecalc.load(FIXTURE).file.text.replace("[1, 3, 33, 29]", "[N, 3, H, W]"))
    assert not [row for row in shapecalc.diff(design, FIXTURE).rows if row.changes]


@pytest.mark.parametrize(("scale", "apart", "ok"), [(1e-3, 1e-3, False), (1e-3, 5e-7, True), (100.0, 5e-3, True)])
def test_small_outputs_are_compared_by_their_own_size(scale, apart, ok):
    found = imported(reading(), "net.bin")
    expected = scale * np.array([[6, 9, 12.0]]) / 12
    found.reading.examples = Examples((scale * np.array([[1.0, 2.0]], np.float32) / 12,), (expected + apart,))
    assert shapecalc.verify(replace(shapecalc.loads(found.text), origin=found)).ok is ok


def test_outputs_that_cannot_be_assigned_are_not_taken_for_equal():
    found = imported(reading(), "net.bin")
    found.reading.examples = Examples((np.ones((1, 2), np.float32),), ())
    proof = shapecalc.verify(replace(shapecalc.loads(found.text), origin=found))
    assert not proof.ok
    assert "outputs differ from the module's own: `all outputs`" in str(proof).replace("\n", " ")


def with_member(path, name, change, to):
    """Write an archive again, with what `change` makes of a JSON member whose name ends so."""
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(to, "w") as written:
        for entry in archive.namelist():
            content = archive.read(entry)
            if entry.endswith(name):
                document = json.loads(content)
                change(document)
                content = json.dumps(document).encode()
            written.writestr(entry, content)


def program_with_another_shape(to):
    def change(document):
        values = document["graph_module"]["graph"]["tensor_values"]
        values["conv2d"]["sizes"][-1]["as_int"] += 1

    with_member(FIXTURE, "model.json", change, to)


def model_with_another_shape(to):
    import onnx

    model = onnx.load(FIXTURE.parent.parent / "onnx_models" / "cnn.dynamo.onnx")
    computed = {name for node in model.graph.node for name in node.output}
    stated = next(value for value in model.graph.value_info if value.name in computed)
    stated.type.tensor_type.shape.dim[-1].dim_value += 1
    onnx.save(model, to)


def archive_with_another_shape(to):
    def change(document):
        dense = next(layer for layer in document["config"]["layers"] if layer["class_name"] == "Dense")
        dense["build_config"]["input_shape"][-1] += 1

    with_member(FIXTURE.parent.parent / "keras_imports" / "lenet.keras", "config.json", change, to)


@pytest.mark.parametrize(
    ("ending", "write_file"),
    [("pt2", program_with_another_shape), ("onnx", model_with_another_shape), ("keras", archive_with_another_shape)],
)
def test_a_file_that_states_another_shape_than_our_rules_give_is_not_imported(tmp_path, ending, write_file):
    path = tmp_path / f"net.{ending}"
    write_file(path)
    with pytest.raises(ShapecalcError) as refused:
        shapecalc.load(path)
    assert {diagnostic.code for diagnostic in refused.value.diagnostics} == {"SC031"}
