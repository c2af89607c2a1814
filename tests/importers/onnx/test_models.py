"""Networks that PyTorch's two exporters wrote, compared with what ONNX Runtime computes of the same files."""

from pathlib import Path

import numpy as np
import pytest

import shapecalc
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.files.load import load
from shapecalc.importers.imported import import_file

FOLDER = Path(__file__).parents[2] / "oracle/onnx_models"
FILES = sorted(FOLDER.glob("*.onnx"))


@pytest.fixture(scope="module")
def outputs():
    with np.load(FOLDER / "outputs.npz") as arrays:
        return dict(arrays)


def run(path, x):
    imported = import_file("onnx", str(path), LIMITS)
    return list(shapecalc.run(load(path), {"input": x}, imported.arrays()).values())


def expected_of(path, outputs):
    name = "cnn.dynamo" if path.stem == "external" else path.stem
    return outputs[f"{name}.x"], [outputs[key] for key in sorted(outputs) if key[:-1] == f"{name}." and key[-1] != "x"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_network_computes_what_onnxruntime_does(path, outputs):
    x, expected = expected_of(path, outputs)
    ours = run(path, x)
    assert [each.shape for each in ours] == [each.shape for each in expected]
    for each, theirs in zip(ours, expected, strict=True):
        np.testing.assert_allclose(each, theirs, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_predicted_shapes_are_those_of_the_outputs(path, outputs):
    x, expected = expected_of(path, outputs)
    network = load(path)
    sizes = dict(zip("NT" if "decoder" in path.stem else "N", x.shape, strict=False))
    report = shapecalc.inspect(network, **{name: size for name, size in sizes.items() if name in network.symbols})
    assert [tuple(each) for each in report.outputs.values()] == [each.shape for each in expected]
