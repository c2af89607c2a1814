"""DeepLabv3, SSD300 and PointNet of the zoo against PyTorch: tensors, figures at open sizes, and values of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapecalc
from shapecalc.execution.run import parameter_shapes
from tests.oracle.test_zoo_numbers import tensor_of, unit

TOLD: dict[str, Any] = json.loads((Path(__file__).parent / "torch_zoo.json").read_text(encoding="utf-8"))
NAMES = ("deeplabv3_resnet50", "ssd300_vgg16", "pointnet")
NAMED = ("ssd300_vgg16", "pointnet")
"""Those whose tensors have PyTorch's names; of the other one the names of the backbone are ours."""
PUBLISHED = {"ssd300_vgg16": 35_641_826, "pointnet": 3_471_473}
"""torchvision's `num_params`; "3.5M" in table 6 of the paper on PointNet, which has 440M multiply-accumulates there."""


def sizes_of(name: str, shape: list[int]) -> dict[str, int]:
    symbols = ("N", "", "P") if name == "pointnet" else ("N", "", "H", "W")
    return {symbol: size for symbol, size in zip(symbols, shape, strict=True) if symbol}


@pytest.mark.parametrize("name", NAMES)
def test_tensors_and_figures_are_those_of_pytorch_at_any_size(name: str) -> None:
    network, told = shapecalc.load(name), TOLD[name]
    for given, outputs, macs in told["figures"]:
        report = shapecalc.inspect(network, **sizes_of(name, given))
        assert [list(shape) for shape in report.outputs.values()] == outputs
        assert (report.totals.params, report.totals.macs) == (told["params"], macs)
    assert told["params"] == PUBLISHED.get(name, told["params"])
    ours = parameter_shapes(shapecalc.inspect(network))
    if name in NAMED:
        assert {path: list(shape) for path, shape in ours.items()} == dict(told["tensors"])
    else:
        last = [(path.rpartition(".")[2], list(shape)) for path, shape in ours.items()]
        assert last == [(path.rpartition(".")[2], shape) for path, shape in told["tensors"]]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name != "pointnet")) for name in NAMES]
)
def test_a_run_gives_the_numbers_of_pytorch(name: str) -> None:
    network, told = shapecalc.load(name), TOLD[name]
    report = shapecalc.inspect(network, **sizes_of(name, told["input"]))
    places = {path: number for number, (path, _) in enumerate(told["tensors"])}
    shapes = parameter_shapes(report)
    params = {
        path: tensor_of(
            "weight" if path.endswith("weight") else path.rpartition(".")[2],
            places[path] if name in NAMED else number,
            tuple(shape),
        )
        for number, (path, shape) in enumerate(shapes.items())
    }
    given = unit(len(shapes), tuple(told["input"])).astype(np.float32)
    for output, values in zip(shapecalc.run(network, given, params).values(), told["values"], strict=True):
        theirs = np.asarray(values)
        np.testing.assert_allclose(output.ravel()[:: told["step"]], theirs, atol=2e-5 * abs(theirs).max())
