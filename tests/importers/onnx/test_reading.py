"""What the reader of ONNX does with constants, symbols, branches, weights in other files, and what it refuses."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import shapecalc
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.imported import import_file
from shapecalc.importers.onnx import read

MODELS = Path(__file__).parents[2] / "oracle/onnx_models"


def write(path, nodes, *, x=(2, 3), y=None, tensors=(), opset=20, domains=(), stated=()):
    """Write a model with the input `x` and the output `y`."""
    values = [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, y)]
    arrays = [numpy_helper.from_array(np.asarray(array), name) for name, array in dict(tensors).items()]
    known = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in stated]
    graph = helper.make_graph(nodes, "net", values, outputs, arrays, value_info=known)
    sets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=10), path)
    return str(path)


def refusal(path):
    with pytest.raises(shapecalc.ShapecalcError) as raised:
        import_file("onnx", path, LIMITS)
    return raised.value.diagnostics[0]


def steps(path):
    return [node.type for node in read(path, LIMITS).graph.nodes]


def test_a_matrix_product_and_the_vector_added_to_it_are_one_linear(tmp_path):
    tensors = {"fc.weight": np.ones((3, 5), np.float32), "fc.bias": np.ones(5, np.float32)}
    nodes = [helper.make_node("MatMul", ["x", "fc.weight"], ["m"]), helper.make_node("Add", ["fc.bias", "m"], ["y"])]
    reading = read(write(tmp_path / "m.onnx", nodes, tensors=tensors), LIMITS)
    (node,) = reading.graph.nodes
    assert (node.type, node.fields["out_features"], node.fields["bias"]) == ("linear", 5, True)
    assert node.tensors["weight"].shape == (5, 3)


def test_a_product_that_two_nodes_read_has_no_bias(tmp_path):
    tensors = {"w": np.ones((3, 5), np.float32), "b": np.ones(5, np.float32)}
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Add", ["m", "b"], ["a"]),
        helper.make_node("Mul", ["m", "a"], ["y"]),
    ]
    assert steps(write(tmp_path / "m.onnx", nodes, tensors=tensors)) == ["linear", "parameter", "add", "multiply"]


def test_a_matrix_that_is_transposed_in_the_file_and_in_the_layer_is_the_same_tensor(tmp_path):
    tensors = {"w": np.arange(12, dtype=np.float32).reshape(4, 3)}
    nodes = [helper.make_node("Transpose", ["w"], ["t"]), helper.make_node("MatMul", ["x", "t"], ["y"])]
    (node,) = read(write(tmp_path / "m.onnx", nodes, tensors=tensors), LIMITS).graph.nodes
    assert node.tensors["weight"].key == ("w", "")


def test_a_shape_that_is_computed_becomes_a_symbol(tmp_path):
    nodes = [
        helper.make_node("Shape", ["x"], ["s"], start=0, end=1),
        helper.make_node("Concat", ["s", "two"], ["t"], axis=0),
        helper.make_node("Reshape", ["x", "t"], ["y"]),
    ]
    path = write(tmp_path / "m.onnx", nodes, x=("batch", 3, 2), tensors={"two": np.array([2, -1], np.int64)})
    (node,) = read(path, LIMITS).graph.nodes
    assert [str(size) for size in node.value().shape] == ["N", "2", "3"]


def test_axes_of_one_name_are_one_symbol_and_axes_without_a_name_are_different(tmp_path):
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    path = write(tmp_path / "m.onnx", nodes, x=("batch_size", "seq", "seq", None))
    (value,) = read(path, LIMITS).graph.inputs.values()
    assert [str(size) for size in value.shape] == ["N", "T", "T", "W"]


@pytest.mark.parametrize(("flag", "type_"), [(True, "relu"), (False, "tanh")])
def test_the_branch_of_a_known_condition_is_read(tmp_path, flag, type_):
    branches = {}
    for key, op in (("then_branch", "Relu"), ("else_branch", "Tanh")):
        output = helper.make_tensor_value_info(key, TensorProto.FLOAT, None)
        branches[key] = helper.make_graph([helper.make_node(op, ["x"], [key])], key, [], [output])
    path = write(tmp_path / "m.onnx", [helper.make_node("If", ["c"], ["y"], **branches)], tensors={"c": np.array(flag)})
    assert steps(path) == [type_]


@pytest.mark.parametrize(
    ("node", "domains", "said"),
    [
        (helper.make_node("Loop", ["", "", "x"], ["y"], body=helper.make_graph([], "b", [], [])), (), "a loop"),
        (helper.make_node("NonZero", ["x"], ["y"]), (), "depends on the numbers"),
        (helper.make_node("FusedConv", ["x"], ["y"], domain="com.microsoft"), ("com.microsoft",), "com.microsoft"),
        (helper.make_node("QLinearConv", ["x"] * 8, ["y"]), (), "quantized"),
        (helper.make_node("Relu", ["x"], ["y"], alpha=1.0), (), "`alpha`"),
    ],
)
def test_operators_without_a_layer_are_refused_by_name(tmp_path, node, domains, said):
    found = refusal(write(tmp_path / "m.onnx", [node], domains=domains))
    assert found.code == "SC031"
    assert node.op_type in found.message
    assert said in found.message


def test_all_operators_without_a_layer_are_named_and_those_that_read_them_are_not(tmp_path):
    nodes = [
        helper.make_node("Tan", ["x"], ["a"]),
        helper.make_node("Sinh", ["x"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["y"]),
    ]
    assert list(read(write(tmp_path / "m.onnx", nodes), LIMITS).problems.places) == ["Tan", "Sinh"]


def test_an_operator_whose_shape_the_file_states_is_opaque(tmp_path):
    nodes = [helper.make_node("Tan", ["x"], ["a"]), helper.make_node("Relu", ["a"], ["y"])]
    assert steps(write(tmp_path / "m.onnx", nodes, stated=[("a", (2, 3))])) == ["opaque", "relu"]


def test_a_stated_shape_that_differs_from_ours_is_refused(tmp_path):
    path = write(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], y=(2, 4))
    assert "our rules give [2, 3] for `y`, the file states [2, 4]" in refusal(path).message


def external(tmp_path, location, offset="0"):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", offset)):
        tensor.external_data.add(key=key, value=value)
    path = write(tmp_path / "m.onnx", [helper.make_node("Mul", ["x", "w"], ["y"])])
    model = onnx.load(path, load_external_data=False)
    model.graph.initializer.append(tensor)
    Path(path).write_bytes(model.SerializeToString())
    return import_file("onnx", path, LIMITS)


@pytest.mark.parametrize("location", ["../w.bin", "/etc/passwd", "link.bin", "there/../../w.bin"])
def test_weights_outside_of_the_folder_are_not_opened(tmp_path, location):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "w.bin").write_bytes(bytes(12))
    (folder / "link.bin").symlink_to(tmp_path / "w.bin")
    with pytest.raises(shapecalc.ShapecalcError, match="outside of the model's folder"):
        external(folder, location).arrays()


def test_weights_beyond_the_end_of_their_file_are_refused(tmp_path):
    (tmp_path / "w.bin").write_bytes(bytes(12))
    with pytest.raises(shapecalc.ShapecalcError, match="not within"):
        external(tmp_path, "w.bin", "4").arrays()


def test_large_tensors_stay_in_the_file_until_they_are_read(tmp_path):
    weight = np.arange(700_000, dtype=np.float32).reshape(7, 100_000)
    path = write(tmp_path / "m.onnx", [helper.make_node("Gather", ["w", "i"], ["y"])], tensors={"w": weight})
    model = onnx.load(path)
    model.graph.input[0].name, model.graph.input[0].type.tensor_type.elem_type = "i", TensorProto.INT64
    onnx.save(model, path)
    imported = import_file("onnx", path, LIMITS)
    assert imported.reading.graph.nodes[0].tensors["weight"].shape == (7, 100_000)
    assert np.array_equal(next(iter(imported.arrays().values())), weight)


def test_the_source_names_the_producer_and_how_parameters_are_meant():
    source = read(str(MODELS / "cnn.dynamo.onnx"), LIMITS).graph.source
    assert "pytorch 2.13" in source
    assert "numbers in the file" in source


@pytest.mark.parametrize("exporter", ["dynamo", "script"])
def test_steps_have_the_paths_of_their_modules(exporter):
    nodes = read(str(MODELS / f"vit.{exporter}.onnx"), LIMITS).graph.nodes
    paths = {node.place.path for node in nodes}
    assert {"patches", "norm", "head"} <= paths
    assert any(path.startswith("block") for path in paths)
