"""The zoo's FCN against torchvision's: figures at sizes that the file leaves open, and the numbers of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapecalc
from shapecalc.dims import evaluate, show
from tests.oracle.test_zoo_numbers import tensor_of, unit

NAME = "fcn_resnet50"
FCN: dict[str, Any] = json.loads((Path(__file__).parent / "torchvision_fcn.json").read_text(encoding="utf-8"))


def test_figures_are_torchvisions_at_any_size() -> None:
    net = shapecalc.load(NAME)
    general = shapecalc.inspect(net, symbolic=True)
    assert show(general.outputs["output"]) == "[N, 21, H, W]"
    for height, width, output, macs in FCN["figures"]:
        report = shapecalc.inspect(net, N=1, H=height, W=width)
        assert (list(report.outputs["output"]), report.totals.macs) == (output, macs)
        assert general.totals.macs is not None
        assert evaluate(general.totals.macs, {"H": height, "W": width}) == macs
        assert report.totals.params == FCN["params"]


@pytest.mark.volume
def test_a_run_gives_torchvisions_numbers() -> None:
    net = shapecalc.load(NAME)
    batch, _, height, width = FCN["input"]
    report = shapecalc.inspect(net, N=batch, H=height, W=width)
    shapes = {
        f"{row.path}.{name}": tuple(map(int, shape))  # type: ignore[arg-type]
        for row in report.layers
        for name, shape in {**row.facts.parameters, **row.facts.buffers}.items()
    }
    ours = [(path.rpartition(".")[2], list(shape)) for path, shape in shapes.items()]
    assert ours == [(path.rpartition(".")[2], shape) for path, shape in FCN["tensors"]]
    named = enumerate(shapes.items())
    params = {path: tensor_of(path.rpartition(".")[2], number, shape) for number, (path, shape) in named}
    picture = unit(len(shapes), tuple(FCN["input"])).astype(np.float32)
    (scores,) = shapecalc.run(net, {"input": picture}, params=params).values()
    theirs = np.asarray(FCN["values"])
    np.testing.assert_allclose(scores.ravel()[::97], theirs, atol=2e-5 * abs(theirs).max())
